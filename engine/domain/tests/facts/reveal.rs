//! Facts about reveal: under which key version the owner's code is sealed.

use crate::given::story::story;

#[test]
fn the_owner_learns_the_key_version_that_the_coupon_was_issued_under() {
    story(
        "template cash off 10000 2000 t
         key 2
         claim alice cash r1
         key 3
         claim alice cash r2
         reveal alice 0 => coupon 0 key 2
         reveal alice 1 => coupon 1 key 3",
    );
}

#[test]
fn nobody_else_learns_whether_the_coupon_exists() {
    story(
        "template cash off 10000 2000 t
         claim alice cash r1
         claim bob cash r2
         reveal bob 0 => CODE_NOT_ACCEPTED
         reveal nobody 0 => CODE_NOT_ACCEPTED
         reveal alice 9 => CODE_NOT_ACCEPTED
         view bob 0 => CODE_NOT_ACCEPTED
         view code:2 0 => CODE_NOT_ACCEPTED
         view alice 9 => CODE_NOT_ACCEPTED",
    );
}

#[test]
fn a_used_and_an_expired_coupon_still_have_their_code() {
    story(
        "template cash off 10000 2000 t use=0..2000
         claim alice cash r1
         claim alice cash r2
         redeem alice 0 shop/1 10000 r3
         at 2000
         reveal alice 0 => coupon 0 key 1
         reveal alice 1 => coupon 1 key 1",
    );
}
