//! I4, I5: one effect for each key, and the same reply each time it is asked for.

use crate::clients::{Op, as_first};
use crate::violation::{Checked, broken, holds};
use std::collections::BTreeMap;
use tessera_domain::{Reason, Reply};
use tessera_engine::letter::Answer;

/// The answers that bind, by operation.
#[derive(Default)]
pub(crate) struct Promises(BTreeMap<usize, Answer>);

impl Promises {
    /// Takes an answer that leaves the node. Whether it binds for the first time.
    pub(crate) fn hear(&mut self, number: usize, op: &Op, answer: &Answer) -> Checked<bool> {
        known_is_accepted(number, answer)?;
        let Some(first) = self.0.get(&number) else {
            let binds = op.ask.is_bound_by(answer);
            if binds {
                self.0.insert(number, as_first(answer));
            }
            return Ok(binds);
        };
        if answer.as_ref().is_err_and(|refusal| refusal.reason == Reason::Overloaded) {
            return Ok(false);
        }
        holds(as_first(answer) == *first, "I5", || format!("operation {number} was answered {first:?}, and then {answer:?}"))?;
        let is_again = answer.as_ref().ok().and_then(Reply::written).is_none_or(|written| written.replayed);
        holds(is_again, "I5", || format!("operation {number} says twice that it happened just now"))?;
        Ok(false)
    }
}

/// Another question under a request id that is taken: refused, naming the event that took it; nothing is executed.
pub(crate) fn unmask(original: usize, effect: Option<(u16, u64)>, answer: &Answer) -> Checked {
    let Err(refusal) = answer else {
        return Err(broken("I5", format!("operation {original} had its request id taken, with {answer:?}")));
    };
    let names_first = effect.is_some_and(|(_, lsn)| refusal.value == lsn as i64);
    let is_refused = refusal.reason == Reason::RequestIdReused && names_first || refusal.reason == Reason::Overloaded;
    holds(is_refused, "I5", || format!("the request id of operation {original} was used again, and heard {refusal}"))
}

/// Clients name only what they were told of, so the engine must know it.
fn known_is_accepted(number: usize, answer: &Answer) -> Checked {
    match answer {
        Err(refusal) => match refusal.reason {
            Reason::CodeNotAccepted
            | Reason::RedemptionNotFound
            | Reason::TemplateNotFound
            | Reason::BatchNotFound
            | Reason::NotOwner => {
                Err(broken("I3", format!("operation {number} names what was acknowledged, and hears {refusal}")))
            }
            Reason::RequestIdReused => Err(broken("I5", format!("operation {number} hears {refusal}"))),
            _ => Ok(()),
        },
        Ok(_) => Ok(()),
    }
}
