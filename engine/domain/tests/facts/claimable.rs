//! Facts about the templates that can be claimed: a listing shows exactly those whose claim would not be refused.

use crate::given::story::{command, story};
use crate::given::{Answer, World};
use proptest::prelude::*;
use tessera_domain::reply::ClaimablePage;
use tessera_domain::{Context, Decision, Reason, Reply};

#[test]
fn what_is_on_offer_now_and_here_is_listed() {
    story(
        "template any off 0 1 t1
         template soon off 0 1 t2 issue=2000..
         template past off 0 1 t3 issue=0..1000
         template gone off 0 1 t4
         template app off 0 1 t5 issue-channels=app
         template told off 0 1 t6 at-issue
         template used off 0 1 t7 use=0..1000
         template night off 0 1 t8 issue-hours=0b1111111:0-60
         stop gone t9
         claimable 9 by=alice => [any] no more
         claimable 9 by=alice channel=app => [any, app] no more
         claimable 9 => [any] no more
         at 2000
         claimable 9 => [any, soon] no more
         at 57600000
         claimable 9 => [any, soon, night] no more",
    );
}

#[test]
fn what_is_left_for_a_user_is_told_and_what_is_exhausted_is_shown_on_request() {
    story(
        "template two off 0 1 t1 limit=2
         template daily off 0 1 t2 limit=9 day=1
         template free off 0 1 t3
         claimable 9 by=alice => [two left 2, daily left 9 today 1, free] no more
         claim alice two r1
         claim alice daily r2
         claimable 9 by=alice => [two left 1, free] no more
         claimable 9 by=alice exhausted => [two left 1, daily left 8 today 0 USER_DAY_LIMIT_REACHED, free] no more
         claimable 9 by=bob => [two left 2, daily left 9 today 1, free] no more
         claimable 9 => [two, daily, free] no more
         claim alice two r3
         claimable 9 by=alice exhausted => [two left 0 USER_LIMIT_REACHED, daily left 8 today 0 USER_DAY_LIMIT_REACHED, free] no more
         later 86400000
         claimable 9 by=alice => [daily left 8 today 1, free] no more",
    );
}

#[test]
fn what_is_believed_of_a_stock_is_told() {
    story(
        "template some off 0 1 t1 stock=2
         claimable 9 => [some not known] no more
         lease some 1
         claimable 9 => [some here] no more
         claim alice some r1
         sold out some 2
         claimable 9 => [] no more
         claimable 9 by=bob exhausted => [some sold out SOLD_OUT] no more",
    );
}

#[test]
fn goods_ask_for_the_templates_whose_scope_they_meet() {
    story(
        "template all off 0 1 t1
         template tea off 0 1 t2 goods=tea
         template drinks off 0 1 t3 categories=drinks
         template stall off 0 1 t4 merchants=stall
         template but off 0 1 t5 categories=drinks goods=-tea
         claimable 9 => [all, tea, drinks, stall, but] no more
         claimable 9 goods=tea:drinks:shop => [all, tea, drinks] no more
         claimable 9 goods=cola:drinks:shop => [all, drinks, but] no more
         claimable 9 goods=tea:drinks:shop goods=::stall => [all, tea, drinks, stall] no more
         claimable 9 goods=::shop => [all] no more",
    );
}

#[test]
fn the_past_is_passed_over_a_block_at_a_time() {
    let mut world = story("");
    for number in 0..10_000 {
        world.line(&format!("template p{number} off 0 1 t issue=0..1000"));
    }
    world.tell(
        "template now off 0 1 t
         claimable 9 => [now] no more
         claimable 9 from=9999 => [now] no more
         claimable 9 from=10001 => [] no more",
    );
    // One that is reopened is found in its block.
    world.tell(
        "template p70 off 0 1 t2 version=1 issue=0..
         claimable 9 => [p70, now] no more
         stop p70 t3
         claimable 9 => [now] no more",
    );
}

#[test]
fn a_page_takes_a_bounded_number_of_looks_and_says_where_the_next_begins() {
    let mut world = story("");
    for number in 0..4_100 {
        world.line(&format!("template c{number} off 0 1 t goods=g{number}"));
    }
    world.tell(
        "claimable 9 goods=g4099::shop from=0 => [] next 1366
         claimable 9 goods=g4099::shop from=1366 => [] next 2732
         claimable 9 goods=g4099::shop from=2732 => [] next 4098
         claimable 9 goods=g4099::shop from=4098 => [c4099] no more",
    );
}

#[test]
fn a_question_beyond_its_limits_is_refused_by_its_field() {
    let mut world = World::new();
    let many = "goods=g::m ".repeat(17);
    world.tell(&format!(
        "claimable 0 => INVALID_ARGUMENT page_size 1
         claimable 201 => INVALID_ARGUMENT page_size 200
         claimable 9 {many} => INVALID_ARGUMENT goods 16
         claimable 9 {} => [] no more",
        &many[11..]
    ));
}

/// What one template says, by chance.
fn template() -> impl Strategy<Value = String> {
    let words = [
        ["", "issue=0..1500", "issue=1500..", "issue=0..900"].as_slice(),
        ["", "limit=1", "limit=2", "day=1"].as_slice(),
        ["", "goods=g1", "categories=c1,-c2", "merchants=m1"].as_slice(),
        ["", "issue-channels=app", "at-issue", "stock=1"].as_slice(),
    ];
    words.map(proptest::sample::select).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn exactly_what_a_claim_would_give_is_listed(
        templates in proptest::collection::vec((template(), 0..8u8), 1..90),
        claimed in proptest::collection::vec(0..90usize, 60),
        page_size in 1..9u32,
        (goods, channel) in (0..3usize, 0..2usize),
    ) {
        let mut world = World::new();
        for (number, (words, stopped)) in templates.iter().enumerate() {
            world.line(&format!("template t{number} off 0 1 r {words}"));
            if *stopped == 0 {
                world.line(&format!("stop t{number} r"));
            }
        }
        for (request, number) in claimed.into_iter().enumerate() {
            world.line(&format!("claim alice t{} c{request} channel=app", number % templates.len()));
        }
        let channel = ["", "channel=app"][channel];
        let goods = ["", "goods=g1:c2:m2", "goods=g2:c1:m1"][goods];
        for now_ms in [1_000, 1_500, 86_400_000] {
            world.now_ms = now_ms;
            let expected: Vec<String> = (0..templates.len())
                .filter(|number| templates[*number].0.split(' ').all(|word| meets(word, goods)))
                .filter(|number| would_be_claimed(&world, &format!("claim alice t{number} new {channel}")))
                .map(|number| format!("t{number}"))
                .collect();
            let (mut listed, mut from) = (Vec::new(), 0);
            loop {
                let page = page(&mut world, &format!("claimable {page_size} by=alice from={from} {goods} {channel}"));
                listed.extend(page.templates.iter().map(|one| one.template.terms.template_id.to_string()));
                let Some(next) = page.next else { break };
                prop_assert!(next > from, "a page gets on");
                from = next;
            }
            prop_assert_eq!(listed, expected);
        }
    }
}

fn page(world: &mut World, line: &str) -> ClaimablePage {
    match world.line(line) {
        Some(Answer::Told(Reply::Claimable(page))) => page,
        other => panic!("{line}: {other:?}"),
    }
}

/// Whether a template of these words is for these goods, said over again and by hand.
fn meets(word: &str, goods: &str) -> bool {
    match goods {
        "goods=g1:c2:m2" => !matches!(word, "categories=c1,-c2" | "merchants=m1"),
        "goods=g2:c1:m1" => word != "goods=g1",
        _ => true,
    }
}

/// Decides a claim and leaves it at that. One that would wait for a piece of the stock is not refused.
fn would_be_claimed(world: &World, line: &str) -> bool {
    let command = command(&line.split_whitespace().collect::<Vec<_>>());
    let context = Context {
        catalog: world.catalog.catalog(),
        lessee: &world.desk,
        now_ms: world.now_ms,
        key_version: 1,
        requests_max: world.requests_max,
    };
    match world.partition.decide(&context, &command) {
        Decision::Happen(_) | Decision::Park(_) => true,
        Decision::Refuse(refusal) => {
            assert_ne!(refusal.reason, Reason::RequestStoreFull, "there is room");
            false
        }
        other => panic!("a new claim comes to {other:?}"),
    }
}
