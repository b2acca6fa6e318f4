//! I9: only legal transitions. A coupon is used, held, frozen, made void and expired only in a state that allows it.
//!
//! The rules stand here a second time, plainly; [`crate::history`] asks them at each event.

use crate::clients::Ask;
use crate::history::{Card, History};
use crate::violation::{Checked, holds};
use tessera_domain::Reply;
use tessera_domain::command::{Command, Hold, Instrument, Redeem};
use tessera_engine::letter::Answer;

/// A use by a code of another house is of the one card or coupon of that code.
pub(crate) fn check_code(history: &History, ask: &Ask, answer: &Answer) -> Checked {
    let Ask::Partition(partition, command) = ask else { return Ok(()) };
    let (code, used) = match (command, answer) {
        (Command::Redeem(Redeem { instrument: Instrument::Legacy { code }, .. }), Ok(Reply::Redeemed(redeemed))) => {
            (*code, redeemed.quote.coupon)
        }
        (Command::Hold(Hold { instrument: Instrument::Legacy { code }, .. }), Ok(Reply::Held(held))) => (*code, held.coupon),
        _ => return Ok(()),
    };
    let of_code = history.partitions[usize::from(*partition)].coupon_of(code);
    holds(of_code == Some(used), "I9", || format!("coupon {used} was used by the code of {of_code:?}"))
}

/// A new use: a redemption, a hold, or a hold that is acquired again.
pub(crate) fn check_use(what: &str, lsn: u64, card: &Card, is_account_frozen: bool, now_ms: i64) -> Checked {
    let (now, is_card) = (card.now(), card.is_stored_value);
    let rules = [
        (now.given == 0, "given"),
        (!card.is_unactivated, "not activated"),
        (card.gift.is_none(), "offered"),
        (!card.is_void && !card.is_doomed, "void"),
        (!card.is_frozen && !is_account_frozen, "frozen"),
        (is_card || now.captured == 0, "used"),
        (is_card || now.held == 0, "held"),
        (now_ms >= card.from_ms, "not valid yet"),
        (card.until_ms == 0 || now_ms < card.until_ms, "over"),
    ];
    rules
        .iter()
        .try_for_each(|&(is_legal, state)| holds(is_legal, "I9", || format!("{what} at lsn {lsn} of a card that is {state}")))
}

/// Only what has a balance and is neither void nor over is loaded.
pub(crate) fn check_load(lsn: u64, card: &Card, now_ms: i64) -> Checked {
    let is_over = card.until_ms != 0 && now_ms >= card.until_ms;
    let is_legal = card.is_stored_value && !card.is_unactivated && !card.is_void && !card.is_doomed && !is_over;
    holds(is_legal, "I9", || format!("a card is loaded at lsn {lsn} that is void, over or none"))
}

/// A card in use is replaced once, while it is neither void nor over.
pub(crate) fn check_replace(lsn: u64, card: &Card, now_ms: i64) -> Checked {
    check_load(lsn, card, now_ms)?;
    check_void(lsn, card)
}

/// A coupon is made void once.
pub(crate) fn check_void(lsn: u64, card: &Card) -> Checked {
    let may = !card.is_void && card.gift.is_none() && card.now().given == 0;
    holds(may, "I9", || format!("a card is made void at lsn {lsn}, and was before, or is another's: {card:?}"))
}
