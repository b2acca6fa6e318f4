//! One seed is one story.

use tessera_sim::{Order, PLANS, Plan, run};

#[test]
fn the_same_seed_tells_the_same_story() {
    for plan in PLANS.iter().filter(|plan| plan.steps < 10_000) {
        let [once, again] = [(); 2].map(|()| run(Order::of(plan, 7)).unwrap());
        assert_eq!(once, again, "{}", plan.name);
    }
}

#[test]
fn another_seed_tells_another_story() {
    let plan = Plan::named("lease-2-2").unwrap();
    let [one, other] = [1, 2].map(|seed| run(Order::of(plan, seed)).unwrap().trace_hash);
    assert_ne!(one, other);
}
