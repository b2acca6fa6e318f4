//! The rows of a file: each a card or coupon to import, or a reason why it is none. A row that is malformed does not stop the others.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use csv::ByteRecord;
use tessera_proto::v1;

use super::{Args, Error};
use crate::cli::bulk::{Table, number};

/// The columns of a file, in any order.
const COLUMNS: [&str; 5] = ["code", "balance_minor", "currency", "use_until_ms", "external_reference"];

/// What a row says.
pub struct Row {
    /// The line of the file that it begins in.
    pub line: u64,
    /// What is asked; of a row that is none as far as it can be read.
    pub card: v1::ImportCard,
    /// Why it is not asked.
    pub fault: Option<Fault>,
}

/// Why a row is not asked.
pub enum Fault {
    /// This column cannot be read.
    Malformed(&'static str),
    /// An earlier line has its code.
    Twin(u64),
}

/// Rows that are read one by one.
pub struct Rows {
    table: Table<{ COLUMNS.len() }>,
    template_id: String,
    batch_id: String,
    /// The line of each code, by two hashes: 128 bits tell codes of one file apart.
    seen: HashMap<[u64; 2], u64>,
}

impl Rows {
    /// Those of the file that these arguments name.
    ///
    /// # Errors
    /// When the file is not read, or its head is none.
    pub fn open(args: &Args) -> Result<Self, Error> {
        let table = Table::open(&args.file, COLUMNS)?;
        Ok(Self { table, template_id: args.template.clone(), batch_id: args.batch.clone(), seen: HashMap::new() })
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.table.count
    }

    /// The next one.
    ///
    /// # Errors
    /// When the file is not read.
    pub fn next(&mut self) -> Result<Option<Row>, Error> {
        Ok(self.table.next()?.map(|record| self.row(&record)))
    }

    fn row(&mut self, record: &ByteRecord) -> Row {
        let line = record.position().map_or(0, csv::Position::line);
        let [code, balance, currency, until, reference] = self.table.fields(record);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let is_utf8 = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok();
        let balance_minor = (!balance.is_empty()).then(|| number(balance));
        let malformed = match (balance_minor, number(until)) {
            _ if !self.table.is_whole(record) => Some("row"),
            _ if code.is_empty() || !is_utf8(code) => Some("code"),
            (Some(None), _) => Some("balance_minor"),
            (_, None) => Some("use_until_ms"),
            _ if !is_utf8(currency) => Some("currency"),
            _ if !is_utf8(reference) => Some("external_reference"),
            _ => None,
        };
        let fault = malformed.map(Fault::Malformed).or_else(|| self.see(code, line).map(Fault::Twin));
        let card = v1::ImportCard {
            row_id: line.to_string(),
            batch_id: self.batch_id.clone(),
            template_id: self.template_id.clone(),
            legacy_code: text(code),
            balance_minor: balance_minor.flatten(),
            currency: text(currency),
            use_until_ms: number(until).unwrap_or(0),
            external_reference: text(reference),
        };
        Row { line, card, fault }
    }

    /// Notes a code; the line that has it already, if one has.
    fn see(&mut self, code: &[u8], line: u64) -> Option<u64> {
        let hash = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            (salt, code).hash(&mut hasher);
            hasher.finish()
        };
        let first = *self.seen.entry([0, 1].map(hash)).or_insert(line);
        (first != line).then_some(first)
    }
}
