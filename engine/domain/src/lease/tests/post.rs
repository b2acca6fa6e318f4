//! Every message the small world ever sent, and the fingerprints by which states are told apart.
//!
//! A set only grows and is copied with each state, so it is shared until it changes and carries its
//! own fingerprint: hashing a state does not walk through its messages.

use crate::lease::{Message, To};
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// Sender, receiver, message.
pub(super) type Sent = (u16, To, Message);

#[derive(Clone, Debug, Default)]
pub(super) struct Post {
    sent: Rc<Vec<Sent>>,
    print: u64,
}

impl Post {
    pub(super) fn send(&mut self, sent: Sent) {
        if !self.sent.contains(&sent) {
            self.print = self.print.wrapping_add(print_of(&sent));
            Rc::make_mut(&mut self.sent).push(sent);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Sent> {
        self.sent.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }
}

impl Hash for Post {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u64(self.print);
    }
}

/// 64 bits that tell values apart: among a million states two are confused with probability 10⁻⁷.
pub(super) fn print_of(value: &impl Hash) -> u64 {
    let mut print = Print(0x243f_6a88_85a3_08d3);
    value.hash(&mut print);
    print.finish()
}

struct Print(u64);

impl Print {
    fn fold(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word ^ 0x1319_8a2e_0370_7344) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (product as u64).rotate_left(29) ^ (product >> 64) as u64;
    }
}

impl Hasher for Print {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.fold(u64::from(*byte)));
    }
    fn write_u16(&mut self, word: u16) {
        self.fold(u64::from(word));
    }
    fn write_u32(&mut self, word: u32) {
        self.fold(u64::from(word));
    }
    fn write_u64(&mut self, word: u64) {
        self.fold(word);
    }
    fn write_usize(&mut self, word: usize) {
        self.fold(word as u64);
    }
    fn write_i64(&mut self, word: i64) {
        self.fold(word as u64);
    }
    fn write_isize(&mut self, word: isize) {
        self.fold(word as u64);
    }
}
