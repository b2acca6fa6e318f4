//! A journey: the history of a supermarket's households, relived by the whole engine in simulated time and reconciled month by month.
//!
//! ```text
//! data ─▶ slips: what the engine is asked ─▶ drive: steps in time order ─▶ shop: the machine and its clock
//!   │       └─▶ what was set aside                                           │
//!   └─▶ expected sums ──────────────▶ month ◀──── books ◀──── journals ◀─────┘
//! ```
//!
//! Campaigns are issued to their households when they begin, and expire there. Each basket is an order of lines with its discounts as
//! coupons, and the household's purse, a card, pays what is left. At each month's end the machine loses power; what is compared with the
//! expected sums is read back from the journals after the recovery, and held against the living state and the accounts of the
//! partitions. What each column of the data becomes is decided in `docs/decisions/0030`.

mod books;
mod column;
mod data;
mod drive;
mod machine;
mod matching;
mod month;
mod plan;
mod promotion;
mod slip;
mod standing;

use crate::planted::{Planted, Switch};
use crate::violation::Violation;
pub use column::{Column, Sums};
pub use matching::Tally;
pub use month::{Month, Report};
pub use slip::Aside;
use std::path::{Path, PathBuf};
use tessera_domain::Rejection;

/// Why a journey ends early.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file is not what it should be.
    #[error("{path}: {what}")]
    Data {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The engine refused something that it has to take.
    #[error("{what}: refused with {refusal:?}")]
    Refused {
        /// What was asked.
        what: String,
        /// The refusal.
        refusal: Rejection,
    },
    /// A promise of the engine is broken.
    #[error("{0}")]
    Broken(Violation),
    /// A month's sums are not those that were expected.
    #[error("{0}")]
    Differs(Box<Month>),
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Error {
        Error::Broken(violation)
    }
}

/// Relives the data of `directory`. The seed decides which orders are held first, and what each crash leaves; `planted` is a fault to be
/// found.
///
/// # Errors
/// Data that cannot be read, an order that is refused, a broken promise, or the first month that does not reconcile to the cent.
pub fn run(directory: &Path, seed: u64, planted: Option<Planted>) -> Result<Report, Error> {
    let _planted = Switch::on(planted);
    let data = data::Data::read(directory)?;
    drive::Drive::new(&data, seed, planted)?.through()
}
