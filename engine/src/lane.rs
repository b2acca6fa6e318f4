//! A lane: the letters of one actor, and its alarm clock.
//!
//! Letters have their own queue, served first and never full: what may be on it is bounded by the
//! protocols (leases repeat themselves, lines are bounded by their outboxes). However many reasons there
//! are to wake an actor, at most one wake-up is in its mailbox: the one permitted `do_send`.

use crate::letter::Letter;
use actix::Recipient;
use crossbeam::queue::SegQueue;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tells an actor to take a turn.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub(crate) struct Wake;

/// The letters of one actor.
#[derive(Default)]
pub(crate) struct Lane {
    letters: SegQueue<Letter>,
    is_awake: AtomicBool,
    actor: OnceLock<Recipient<Wake>>,
}

impl Lane {
    /// From now on wake-ups go there.
    pub(crate) fn lead_to(&self, actor: Recipient<Wake>) {
        assert!(self.actor.set(actor).is_ok(), "a lane leads to one actor");
        self.wake();
    }

    pub(crate) fn post(&self, letter: Letter) {
        self.letters.push(letter);
        self.wake();
    }

    /// Wakes the actor, if no wake-up is on its way.
    pub(crate) fn wake(&self) {
        if let Some(actor) = self.actor.get()
            && !self.is_awake.swap(true, Ordering::AcqRel)
        {
            actor.do_send(Wake);
        }
    }

    /// Called first thing when a wake-up arrives: what is posted from here on wakes again.
    pub(crate) fn has_woken(&self) {
        self.is_awake.store(false, Ordering::Release);
    }

    /// Takes the letters that are here now.
    pub(crate) fn take(&self) -> Vec<Letter> {
        let here = self.letters.len();
        std::iter::from_fn(|| self.letters.pop()).take(here).collect()
    }
}
