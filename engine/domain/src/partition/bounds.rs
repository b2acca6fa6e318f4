//! Which numbers of events are kept: entities have fewer bytes for times and amounts than events have.
//!
//! What is decided stays far within ([`AMOUNT_MAX`](crate::money::AMOUNT_MAX), [`TIME_MS_MAX`](crate::terms::TIME_MS_MAX)), so a
//! number beyond is one that no build of ours wrote: the journal is refused, before anything is made of it.

use crate::compact::{Amount, Lsn, Ms};
use crate::event::{self, Event};

/// Whether an event at this lsn and instant has only numbers that are kept.
pub(super) fn are_kept(lsn: u64, time_ms: i64, event: &Event<'_>) -> bool {
    let (times, amounts) = match *event {
        // What is loaded is what the terms say.
        Event::ClaimedV1(event::ClaimedV1 { use_from_ms, use_until_ms, .. })
        | Event::Claimed(event::Claimed { use_from_ms, use_until_ms, .. }) => ([use_from_ms, use_until_ms], [0, 0, 0]),
        Event::RedeemedV1(event::Redeemed { amount, applied, captured, .. })
        | Event::Redeemed(event::Redeemed { amount, applied, captured, .. }) => ([0, 0], [amount, applied, captured]),
        Event::RefundedV1(event::RefundedV1 { amount, restored, reopened_until_ms, .. }) => {
            ([reopened_until_ms, 0], [amount, restored, 0])
        }
        Event::Refunded(event::Refunded { amount, restored, use_from_ms, use_until_ms, reopened_until_ms, .. }) => {
            // A card is reopened or replaced, not both.
            ([use_from_ms | reopened_until_ms, use_until_ms], [amount, restored, 0])
        }
        Event::Held(event::Held { amount, applied, held, deadline_ms, .. }) => ([deadline_ms, 0], [amount, applied, held]),
        Event::Captured(event::Captured { amount, applied, captured, .. })
        | Event::PartCaptured(event::PartCaptured { amount, applied, captured, .. })
        | Event::PartReacquired(event::PartCaptured { amount, applied, captured, .. })
        | Event::PartRedeemed(event::PartRedeemed { amount, applied, captured, .. }) => ([0, 0], [amount, applied, captured]),
        Event::PartHeld(event::PartHeld { amount, applied, held, deadline_ms, .. }) => {
            ([deadline_ms, 0], [amount, applied, held])
        }
        Event::PartRefunded(event::PartRefunded { amount, restored, use_from_ms, use_until_ms, reopened_until_ms, .. }) => {
            ([use_from_ms | reopened_until_ms, use_until_ms], [amount, restored, 0])
        }
        Event::CheckedOut(event::CheckedOut { amount, payable, deadline_ms, .. }) => ([deadline_ms, 0], [amount, payable, 0]),
        Event::CheckoutRefunded(event::CheckoutRefunded { outside, .. }) => ([0, 0], [outside, 0, 0]),
        Event::SagaOpened(event::SagaOpened { amount, wanted, deadline_ms, ttl_ms, .. }) => {
            ([deadline_ms, ttl_ms], [amount, wanted, 0])
        }
        Event::SagaCheckedOut(event::SagaCheckedOut { payable, deadline_ms, .. }) => ([deadline_ms, 0], [payable, 0, 0]),
        Event::CapturedApart(event::CapturedApart { amount, payable, .. }) => ([0, 0], [amount, payable, 0]),
        Event::RefundedApartV1(event::RefundedApartV1 { outside, apart, .. })
        | Event::RefundedApart(event::RefundedApart { outside, apart, .. }) => ([0, 0], [outside, apart, 0]),
        Event::GiftOffered(event::GiftOffered { deadline_ms, .. }) => ([deadline_ms, 0], [0, 0, 0]),
        Event::GiftAccepted(event::GiftAccepted { amount, .. }) => ([0, 0], [amount, 0, 0]),
        Event::GiftReceived(event::GiftReceived { amount, use_from_ms, use_until_ms, .. }) => {
            ([use_from_ms, use_until_ms], [amount, 0, 0])
        }
        Event::Activated(event::Activated { use_from_ms, use_until_ms, loaded, .. }) => {
            ([use_from_ms, use_until_ms], [loaded, 0, 0])
        }
        Event::CardImported(event::CardImported { asked, asked_until_ms, loaded, use_from_ms, use_until_ms, .. }) => {
            ([use_from_ms | asked_until_ms, use_until_ms], [asked, loaded, 0])
        }
        Event::Reloaded(event::Reloaded { amount, .. }) => ([0, 0], [amount, 0, 0]),
        Event::VoidedWithTemplate(event::VoidedWithTemplate { amount, revoked_value, .. }) => {
            ([0, 0], [amount, revoked_value, 0])
        }
        Event::Adjusted(event::Adjusted { amount, .. }) => ([0, 0], [amount.checked_abs().unwrap_or(-1), 0, 0]),
        Event::Replaced(event::Replaced { use_from_ms, use_until_ms, amount, revoked_value, .. }) => {
            ([use_from_ms, use_until_ms], [amount, revoked_value, 0])
        }
        _ => ([0, 0], [0, 0, 0]),
    };
    // None is negative, and together they are below a power of two, exactly if each is.
    let (times, amounts) = (time_ms | times[0] | times[1], amounts[0] | amounts[1] | amounts[2]);
    Lsn::new(lsn).is_some() && Ms::new_signed(times).is_some() && Amount::new_signed(amounts).is_some()
}
