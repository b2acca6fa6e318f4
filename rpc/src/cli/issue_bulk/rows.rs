//! The rows of a file: each a request to issue, or a reason why it is none. A row that is malformed does not stop the others.

use csv::ByteRecord;
use tessera_proto::v1;

use super::{Args, Error};
use crate::cli::bulk::{Table, number};

/// The columns of a file, in any order.
const COLUMNS: [&str; 4] = ["user_id", "key", "use_from_ms", "use_until_ms"];

/// What a row says.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Counted from 1, the head aside.
    pub number: u64,
    /// What is asked; of a malformed row as far as it can be read.
    pub request: v1::IssueRequest,
    /// The column that cannot be read.
    pub malformed: Option<&'static str>,
}

/// Rows that are read one by one.
pub struct Rows {
    table: Table<{ COLUMNS.len() }>,
    template_id: String,
    operation: String,
    channel: String,
    read: u64,
}

impl Rows {
    /// Those of the file that these arguments name.
    ///
    /// # Errors
    /// When the file is not read, or its head is none.
    pub fn open(args: &Args) -> Result<Self, Error> {
        let table = Table::open(&args.file, COLUMNS)?;
        let (template_id, operation, channel) = (args.template.clone(), args.operation.clone(), args.channel.clone());
        Ok(Self { table, template_id, operation, channel, read: 0 })
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
        let Some(record) = self.table.next()? else { return Ok(None) };
        self.read += 1;
        Ok(Some(self.row(&record)))
    }

    fn row(&self, record: &ByteRecord) -> Row {
        let [user, key, from, until] = self.table.fields(record);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (user_id, key_or_user) = (text(user), text(if key.is_empty() { user } else { key }));
        let window = (!from.is_empty() || !until.is_empty()).then(|| (number(from), number(until)));
        let is_utf8 = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok();
        let malformed = match window {
            _ if !self.table.is_whole(record) => Some("row"),
            _ if !is_utf8(user) => Some("user_id"),
            _ if !is_utf8(key) => Some("key"),
            Some((None, _)) => Some("use_from_ms"),
            Some((_, None)) => Some("use_until_ms"),
            _ => None,
        };
        let use_window = window.map(|(from, until)| v1::UseWindow { from_ms: from.unwrap_or(0), until_ms: until.unwrap_or(0) });
        let request = v1::IssueRequest {
            request_id: format!("{}/{key_or_user}", self.operation),
            user_id,
            template_id: self.template_id.clone(),
            channel: self.channel.clone(),
            use_window,
        };
        Row { number: self.read, request, malformed }
    }
}
