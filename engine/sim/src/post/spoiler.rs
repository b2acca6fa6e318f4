//! Planted faults of the post: letters that nobody wrote, letters that nobody gets.

use super::TRAVEL_MS_MAX;
use crate::planted::Planted;
use std::collections::{BTreeMap, BTreeSet};
use tessera_domain::Pool;
use tessera_domain::lease::Message;
use tessera_engine::letter::Letter;

/// How long a swallowed catalog stays away, and a flag outlives its time, in ms.
const FAR_MS: i64 = 30_000;

/// A letter to be brought to an actor at a time.
pub(super) type Forged = (u16, i64, Letter);

/// Whoever spoils letters, or nobody.
#[derive(Default)]
pub(super) struct Spoiler {
    planted: Option<Planted>,
    /// The catalog's owner.
    owner: u16,
    /// Line messages that were sent once.
    seen: BTreeSet<(u16, u16, u64)>,
    /// The total that a pool's last grant named.
    totals: BTreeMap<Pool, u64>,
}

impl Spoiler {
    pub(super) fn new(planted: Option<Planted>, owner: u16) -> Spoiler {
        Spoiler { planted, owner, ..Spoiler::default() }
    }

    /// What becomes of a letter for `actor`: itself, if it is still sent, and what is forged beside it.
    pub(super) fn spoil(&mut self, actor: u16, letter: Letter, now_ms: i64) -> (Option<Letter>, Vec<Forged>) {
        let Some(planted) = self.planted else { return (Some(letter), Vec::new()) };
        match letter {
            Letter::Lease { from, to, message } => {
                let (message, forged) = self.spoil_lease(planted, message, now_ms);
                let write = |message| Letter::Lease { from, to, message };
                let forged = forged.map(|(due_ms, message)| (actor, due_ms, write(message)));
                (message.map(write), forged.into_iter().collect())
            }
            Letter::Line { from, to, number, .. } if planted == Planted::OutboxNotResent => {
                (self.seen.insert((from, to, number)).then_some(letter), Vec::new())
            }
            Letter::Catalog { shard, ref catalog } if planted == Planted::InstalledEarly => {
                let installed = Letter::Installed { shard, lsn: catalog.lsn() };
                (None, vec![(self.owner, now_ms, installed), (actor, now_ms + FAR_MS, letter)])
            }
            letter => (Some(letter), Vec::new()),
        }
    }

    fn spoil_lease(&mut self, planted: Planted, message: Message, now_ms: i64) -> (Option<Message>, Option<(i64, Message)>) {
        match (planted, message) {
            (Planted::GrantTwice, Message::Grant { pool, granted, total }) => {
                let again = Message::Grant { pool, granted: granted + 1, total };
                (Some(message), Some((now_ms + TRAVEL_MS_MAX, again)))
            }
            (Planted::SoldOutTooEarly, Message::Grant { pool, total, .. }) => {
                self.totals.insert(pool, total);
                (Some(message), None)
            }
            (Planted::SoldOutTooEarly, Message::Recall { pool }) => {
                let total = self.totals.get(&pool).copied().unwrap_or(0);
                (Some(message), Some((now_ms, Message::SoldOut { pool, total, need: 1, asked_ms: now_ms })))
            }
            (Planted::FlagOutlivesRaise, Message::Open { .. }) => (None, None),
            (Planted::FlagOutlivesRaise, Message::SoldOut { pool, total, need, asked_ms }) => {
                (Some(Message::SoldOut { pool, total, need, asked_ms: asked_ms + FAR_MS }), None)
            }
            (_, message) => (Some(message), None),
        }
    }
}
