//! Facts about void 作废.

use crate::given::story::story;

#[test]
fn a_void_coupon_is_of_no_more_use() {
    story(
        "template gift card 1000 t1
         template cash off 0 100 t2
         claim alice gift r1
         claim alice cash r2
         redeem alice 0 shop/1 300 r3
         void known 0 v1 => void 700 revoked 0 #6
         void alice 1 v2 => void 1 revoked 0 #7
         view alice 0 => coupon 0 of gift v1 VOID 0.. available 0 captured 300 voided 700
         view alice 1 => coupon 1 of cash v1 VOID 0.. available 0 captured 0 voided 1
         wallet alice 10 void => [1 VOID, 0 VOID] no more
         redeem alice 0 shop/2 100 r4 => COUPON_VOID
         hold alice 1 shop/2 100 r5 => COUPON_VOID
         validate alice 1 100 => COUPON_VOID
         void known 0 v1 => void 700 revoked 0 #6 replayed
         void known 0 v3 => COUPON_VOID",
    );
}

#[test]
fn a_held_coupon_is_made_void_only_with_its_holds_revoked() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         hold alice 0 shop/1 100 h1
         hold alice 0 shop/2 200 h2
         void known 0 v1 => COUPON_HELD
         void known 0 v2 revoke => void 1000 revoked 2 #6
         view alice 0 => coupon 0 of gift v1 VOID 0.. available 0 captured 0 voided 1000
         capture #3 c1 => HOLD_RELEASED
         capture #3 c2 reacquire => COUPON_VOID",
    );
}

#[test]
fn a_hold_that_is_due_does_not_keep_a_void_away() {
    story(
        "template gift card 1000 t
         claim alice gift r1
         hold alice 0 shop/1 100 h1 ttl=5000
         at 6000
         void known 0 v1 => void 1000 revoked 0 #5
         capture #3 c1 => HOLD_EXPIRED 6000",
    );
}

#[test]
fn what_is_final_is_not_made_void() {
    story(
        "template cash off 0 100 t use=0..9000
         claim alice cash r1
         claim alice cash r2
         claim alice cash r3
         redeem alice 0 shop/1 100 r4
         void known 0 v => COUPON_USED
         hold alice 2 shop/1 100 h
         at 9000
         void known 1 v => COUPON_EXPIRED 9000
         void known 2 v => COUPON_HELD
         void known 2 v2 revoke => void 1 revoked 1 #11
         view alice 2 => coupon 2 of cash v1 VOID 0..9000 available 0 captured 0 voided 1
         void known 7 v => CODE_NOT_ACCEPTED",
    );
}

#[test]
fn the_stock_of_a_void_coupon_does_not_return() {
    let world = story(
        "template cash off 0 100 t stock=2
         lease cash 2
         claim alice cash r1
         void known 0 v => void 1 revoked 0 #4",
    );
    let lease = world.partition.stock().lessee(tessera_domain::Pool::stock(0));
    assert_eq!((lease.issued, lease.restocked), (1, 0));
}

#[test]
fn a_refund_to_a_void_card_gives_a_linked_new_one() {
    let mut world = story(
        "template gift card 1000 t
         claim alice gift r1
         redeem alice 0 shop/1 300 r2
         freeze known 0 risk f
         void known 0 v
         key 4
         at 5000
         refund #3 r3 amount=100 => gave back 100 of #3 to coupon 0, VOID until 0 with 0 at 5000 on coupon 1 5000..2592005000 key 4 #6
         refund #3 r3 amount=100 => gave back 100 of #3 to coupon 0, VOID until 0 with 0 at 5000 on coupon 1 5000..2592005000 key 4 #6 replayed
         view alice 0 => coupon 0 of gift v1 VOID 0.. available 0 captured 200 voided 700 blocks 1
         view alice 1 => coupon 1 of gift v1 ACTIVE 5000..2592005000 available 100 captured 0 blocks 1
         wallet alice 10 => [1 ACTIVE, 0 VOID] no more
         redeem alice 1 shop/2 100 r4 => COUPON_FROZEN
         unfreeze known 1 risk f
         redeem code:4 1 shop/2 100 r5 => took 100 of 100 by coupon 1, leaves 0 at 5000 #9
         refund #3 r6 => gave back 200 of #3 to coupon 0, VOID until 0 with 0 at 5000 on coupon 2 5000..2592005000 key 4 #10
         view alice 0 => coupon 0 of gift v1 VOID 0.. available 0 captured 0 voided 700 blocks 1",
    );
    let (_, _, totals) = world.partition.value_totals().next().unwrap();
    assert_eq!((totals.loaded, totals.available, totals.captured, totals.voided), (1_000, 200, 100, 700));
    world.tell(
        "unfreeze known 2 risk f
         redeem alice 2 shop/3 200 r7
         void known 2 v2 => void 0 revoked 0 #13
         refund #12 r8 => gave back 200 of #12 to coupon 2, VOID until 2592005000 with 0 at 5000 on coupon 3 5000..2592005000 key 4 #14
         view alice 2 => coupon 2 of gift v1 VOID 5000..2592005000 available 0 captured 0",
    );
}

#[test]
fn a_replacement_is_valid_for_30_days_and_not_counted_as_claimed() {
    let end = 5_000 + 2_592_000_000i64;
    story(&format!(
        "template gift card 1000 t limit=2 use=0..9000
         claim alice gift r1
         redeem alice 0 shop/1 1000 r2
         void known 0 v
         at 5000
         refund #3 r3 => gave back 1000 of #3 to coupon 0, VOID until 9000 with 0 at 5000 on coupon 1 5000..2592005000 key 1 #5
         claim alice gift r4 => coupon 2 of gift v1 0..9000 key 1 #6
         at {}
         validate alice 1 1 => takes 1 of 1 by coupon 1, leaves 999
         at {end}
         validate alice 1 1 => COUPON_EXPIRED 2592005000",
        end - 1
    ));
}
