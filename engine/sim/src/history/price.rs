//! What a coupon does to an amount, written from the semantics: percent off with a cap, amount off from a threshold, or a charge.

use tessera_domain::event::TermsBody;

/// Basis points of a whole.
const WHOLE: i64 = 10_000;

/// The terms that the plain model needs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Price {
    /// Pay so many basis points, rounded half up, at most so much off; 0 = no cap.
    Percent { pay: i64, cap: i64 },
    /// So much off from a threshold on.
    Amount { threshold: i64, off: i64 },
    /// So much off any amount.
    Cash { off: i64 },
    /// A card of this face value.
    Card { face_value: i64 },
}

impl Price {
    pub(crate) fn of(body: &TermsBody<'_>) -> Price {
        match body.kind {
            1 => Price::Percent { pay: body.first, cap: body.second },
            2 => Price::Amount { threshold: body.first, off: body.second },
            5 => Price::Cash { off: body.first },
            _ => Price::Card { face_value: body.first },
        }
    }

    /// What is applied to an amount; none where the coupon does not apply.
    pub(crate) fn applied(self, amount: i64) -> Option<i64> {
        match self {
            Price::Percent { pay, cap } => {
                let off = (amount * (WHOLE - pay) + WHOLE / 2) / WHOLE;
                Some(if cap == 0 { off } else { off.min(cap) }).filter(|&off| off > 0)
            }
            Price::Amount { threshold, off } => (amount >= threshold).then_some(off.min(amount)),
            Price::Cash { off } => Some(off.min(amount)),
            Price::Card { .. } => Some(amount),
        }
    }
}
