//! A coupon as its claim dealt it, to be named later.

use crate::wire::answer::Accepted;

/// What the reply to a claim said.
#[derive(Clone, Debug)]
pub struct Dealt {
    /// The coupon's id.
    pub coupon_id: String,
    /// Its code.
    pub code: String,
    /// First usable instant, in ms.
    pub from_ms: i64,
    /// First instant no longer usable, in ms; 0 = without end.
    pub until_ms: i64,
}

impl Dealt {
    /// Of an accepted claim.
    pub fn of(reply: &Accepted<'_>) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            coupon_id: text(reply.coupon_id),
            code: text(reply.code),
            from_ms: reply.use_from_ms,
            until_ms: reply.use_until_ms,
        }
    }
}
