//! Identifiers that callers choose: users, merchants, orders, templates, request ids.
//!
//! An [`Id`] is text of 1 to [`ID_BYTES_MAX`] bytes. The limit is checked once, here, so that no
//! later room has to think about an empty or an endless name. The text lies in the id itself: a request passes from the thread
//! that read it to the one that decides it without an allocation that one makes and the other frees.

use crate::rejection::Rejection;
use arrayvec::ArrayString;
use std::fmt;

/// Longest identifier on the wire and in the journal, in bytes of UTF-8.
pub const ID_BYTES_MAX: usize = 64;

/// A caller's identifier: 1 to 64 bytes of UTF-8 without control characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(ArrayString<ID_BYTES_MAX>);

impl Id {
    /// Checks `text`, refusing with INVALID_ARGUMENT that names `field` and the limit.
    #[inline]
    pub fn new(field: &'static str, text: impl AsRef<str>) -> Result<Id, Rejection> {
        let text = text.as_ref();
        match ArrayString::from(text) {
            Ok(id) if !text.is_empty() && !has_control_characters(text) => Ok(Id(id)),
            _ => Err(Rejection::invalid(field, ID_BYTES_MAX as i64)),
        }
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Id {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

/// All bytes are looked at, eight at a time and without a branch; the last look sees some of them again.
fn has_control_characters(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes.last_chunk() {
        Some(&last) => bytes.as_chunks().0.iter().fold(controls_in(last), |found, &eight| found | controls_in(eight)) != 0,
        None => bytes.iter().any(u8::is_ascii_control),
    }
}

/// Not 0 if one of eight bytes is below 0x20 or 0x7f: then what is subtracted borrows from its highest bit, which it had not set.
fn controls_in(eight: [u8; 8]) -> u64 {
    const EACH: u64 = u64::MAX / 0xff;
    let bytes = u64::from_le_bytes(eight);
    let (low, delete) = (bytes.wrapping_sub(0x20 * EACH) & !bytes, bytes ^ (0x7f * EACH));
    (low | delete.wrapping_sub(EACH) & !delete) & (0x80 * EACH)
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_1_to_64_bytes_without_control_characters() {
        for good in ["a", "用户-1", &"x".repeat(64)] {
            assert_eq!(Id::new("user_id", good).unwrap().as_str(), good);
        }
        for bad in ["", "a\nb", &"x".repeat(65)] {
            let refusal = Id::new("user_id", bad).unwrap_err();
            assert_eq!((refusal.field, refusal.value), ("user_id", 64));
        }
    }

    #[test]
    fn every_control_character_is_found_wherever_it_stands() {
        for (length, character) in (1..=64).flat_map(|length| ('\0'..'\u{100}').map(move |character| (length, character))) {
            let is_control = character.is_ascii_control();
            for at in (0..length).filter(|at| at + character.len_utf8() <= length) {
                let text = format!("{}{character}{}", "x".repeat(at), "~".repeat(length - at - character.len_utf8()));
                assert_eq!(Id::new("user_id", &text).is_err(), is_control, "{text:?}");
            }
        }
    }
}
