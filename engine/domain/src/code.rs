//! The bearer code of a gift card or printed coupon: sixteen symbols that carry their partition and cannot be guessed.
//!
//! Nobody stores codes. A coupon keeps its key version, partition and serial; its code is computed from them and from keys,
//! equal each time. A code that was not sealed here is refused from its sixteen symbols alone, before any shard is asked.
//!
//! # Bytes (final)
//!
//! Sixteen symbols of Crockford base32, five bits each, most significant first:
//!
//! ```text
//! bit  79    77 76                  47 46                                  5 4     0
//!      version  tag, hidden            body                                  check
//!      3        30                     42 = partition 8 ‖ serial 34, hidden  5
//! ```
//!
//! ```text
//! t     = first 30 bits of AES-128(tag key,    "codT" 0 0 version partition serial₈)
//! body  = (partition ‖ serial) ⊕
//!         first 42 bits of AES-128(stream key, "codS" 0 0 version 0         t₈)
//! tag   = t ⊕ first 30 bits of AES-128(tag key, "codV" 0 0 version 0 body₈)
//! check = the symbol that makes Σ symbolᵢ·α^(15−i) zero in GF(32), over all sixteen
//! ```
//!
//! A block is 16 bytes: the four ASCII letters, single bytes as written, then a big-endian `u64` (`serial₈`, `t₈`, `body₈`). "First"
//! bits are the most significant ones of the result read as a big-endian number. `prf`, `check`, `keys` and `seal` each own one
//! of these parts; the argument for the construction, and the limits that must stand beside it, are in
//! `docs/decisions/0002-codes.md`.

mod check;
mod keys;
pub(crate) mod prf;
mod seal;

#[cfg(test)]
mod tests;

use arrayvec::ArrayString;
use core::fmt;

pub use keys::{BadKeySet, CodeKeys, KEY_VERSIONS};
pub use prf::KEY_PAIR_BYTES;
pub use seal::{NotACode, Opened, SERIAL_MAX};

/// Symbols of a code, the check symbol included.
pub const CODE_SYMBOLS: usize = 16;

const GROUP_SYMBOLS: usize = 4;
const GROUPED_BYTES: usize = CODE_SYMBOLS + CODE_SYMBOLS / GROUP_SYMBOLS - 1;

/// A bearer code as sixteen upper-case ASCII symbols. Who knows it may spend it, so it neither prints itself nor hashes:
/// [`Code::as_str`] and [`Code::grouped`] are called where a reply is written, and nowhere else.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code([u8; CODE_SYMBOLS]);

impl Code {
    /// The sixteen symbols without separators: what programs exchange.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).expect("symbols are ASCII")
    }

    /// The sixteen symbols as the ASCII that they are.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// `XXXX-XXXX-XXXX-XXXX`: what people are shown.
    pub fn grouped(&self) -> ArrayString<GROUPED_BYTES> {
        let mut grouped = ArrayString::new();
        for (at, &symbol) in self.0.iter().enumerate() {
            if at > 0 && at % GROUP_SYMBOLS == 0 {
                grouped.push('-');
            }
            grouped.push(char::from(symbol));
        }
        grouped
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}
