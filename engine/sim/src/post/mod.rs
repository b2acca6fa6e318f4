//! Letters on their way: late, twice, out of order, lost; and a few that outlive the node.
//!
//! Lease messages and lines may meet anything, because they repeat themselves. The catalog's letters never leave the process,
//! so they come late at worst.

mod spoiler;

use crate::dice::Dice;
use crate::planted::Planted;
use crate::totals::Totals;
use spoiler::Spoiler;
use std::collections::BTreeMap;
use tessera_engine::letter::Letter;

/// Most letters travel so long, in ms.
const TRAVEL_MS_MAX: i64 = 12;

/// A few travel so long.
const DETOUR_MS_MAX: i64 = 900;

/// The letters under way.
#[derive(Default)]
pub(crate) struct Post {
    /// By actor, time of arrival and number.
    letters: BTreeMap<(u16, i64, u64), Letter>,
    posted: u64,
    spoiler: Spoiler,
    /// What goes wrong, in a thousand; 0 is a quiet post.
    pub(crate) trouble: u32,
}

impl Post {
    /// A post with so much trouble, to so many shards and the catalog's owner after them.
    pub(crate) fn new(trouble: u32, shards: u16, planted: Option<Planted>) -> Post {
        Post { spoiler: Spoiler::new(planted, shards), trouble, ..Post::default() }
    }

    /// Takes a letter for `actor`.
    pub(crate) fn send(&mut self, actor: u16, letter: Letter, now_ms: i64, dice: &mut Dice, totals: &mut Totals) {
        let (letter, forged) = self.spoiler.spoil(actor, letter, now_ms);
        forged.into_iter().for_each(|(actor, due_ms, letter)| self.put(actor, due_ms, letter));
        let Some(letter) = letter else { return };
        let Some(second) = copy(&letter) else { return self.put(actor, now_ms, letter) };
        if dice.chance(self.trouble) {
            totals.lost_letters += 1;
            return;
        }
        let due_ms = now_ms + self.travel_ms(dice);
        self.put(actor, due_ms, letter);
        if dice.chance(self.trouble) {
            let again_ms = now_ms + self.travel_ms(dice);
            self.put(actor, again_ms, second);
        }
    }

    /// What has arrived for `actor`.
    pub(crate) fn take(&mut self, actor: u16, now_ms: i64, totals: &mut Totals) -> Vec<Letter> {
        let due: Vec<_> = self.letters.range((actor, i64::MIN, 0)..=(actor, now_ms, u64::MAX)).map(|(&key, _)| key).collect();
        totals.letters += due.len() as u64;
        due.iter().filter_map(|key| self.letters.remove(key)).collect()
    }

    /// A crash of the node: what only this process knew dies; of the rest some is still under way elsewhere.
    pub(crate) fn crash(&mut self, dice: &mut Dice) {
        let trouble = self.trouble;
        self.letters.retain(|_, letter| trouble > 0 && copy(letter).is_some() && dice.chance(300));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }

    fn put(&mut self, actor: u16, due_ms: i64, letter: Letter) {
        self.posted += 1;
        self.letters.insert((actor, due_ms, self.posted), letter);
    }

    fn travel_ms(&self, dice: &mut Dice) -> i64 {
        match self.trouble {
            0 => 0,
            trouble if dice.chance(trouble / 2) => dice.between(0, DETOUR_MS_MAX),
            _ => dice.between(0, TRAVEL_MS_MAX),
        }
    }
}

/// Who reads a letter: a shard, or the catalog's owner as the one after the last.
pub(crate) fn reader_of(letter: &Letter, shards: u16) -> u16 {
    match letter {
        Letter::Lease { to, .. } | Letter::Line { to, .. } | Letter::LineAck { to, .. } => to % shards,
        Letter::Catalog { shard, .. } => *shard,
        Letter::Installed { .. } => shards,
        Letter::Partition(_) => unreachable!("partitions are adopted before a life begins"),
    }
}

/// A second copy of a letter that may come twice.
fn copy(letter: &Letter) -> Option<Letter> {
    Some(match *letter {
        Letter::Lease { from, to, message } => Letter::Lease { from, to, message },
        Letter::Line { from, to, number, ref message } => Letter::Line { from, to, number, message: message.clone() },
        Letter::LineAck { from, to, through } => Letter::LineAck { from, to, through },
        Letter::Catalog { .. } | Letter::Installed { .. } | Letter::Partition(_) => return None,
    })
}
