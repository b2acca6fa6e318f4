//! The rows of a file: each a request to issue, or a reason why it is none. A row that is malformed does not stop the others.

use std::{fs::File, io, path::PathBuf};

use csv::{ByteRecord, Reader, ReaderBuilder};
use tessera_proto::v1;

use super::{Args, Error};

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
    path: PathBuf,
    reader: Reader<File>,
    /// Where each of [`COLUMNS`] stands.
    places: [Option<usize>; COLUMNS.len()],
    columns: usize,
    template_id: String,
    operation: String,
    channel: String,
    read: u64,
    /// How many there are.
    pub count: u64,
}

impl Rows {
    /// Those of the file that these arguments name.
    ///
    /// # Errors
    /// When the file is not read, or its head is none.
    pub fn open(args: &Args) -> Result<Self, Error> {
        let file = |source| Error::File { path: args.file.clone(), source };
        let open = || reader().from_path(&args.file).map_err(|error| file(error.into()));
        let mut counted = open()?;
        let mut count = 0;
        let mut record = ByteRecord::new();
        while counted.read_byte_record(&mut record).map_err(|error| file(error.into()))? {
            count += 1;
        }
        let mut reader = open()?;
        let head = reader.byte_headers().map_err(|error| file(error.into()))?;
        let columns = head.len();
        let places = places(head).map_err(|said| file(io::Error::new(io::ErrorKind::InvalidData, said)))?;
        let (template_id, operation, channel) = (args.template.clone(), args.operation.clone(), args.channel.clone());
        Ok(Self { path: args.file.clone(), reader, places, columns, template_id, operation, channel, read: 0, count })
    }

    /// The next one.
    ///
    /// # Errors
    /// When the file is not read.
    pub fn next(&mut self) -> Result<Option<Row>, Error> {
        let mut record = ByteRecord::new();
        let is_one = self.reader.read_byte_record(&mut record);
        if !is_one.map_err(|error| Error::File { path: self.path.clone(), source: error.into() })? {
            return Ok(None);
        }
        self.read += 1;
        Ok(Some(self.row(&record)))
    }

    fn row(&self, record: &ByteRecord) -> Row {
        let [user, key, from, until] = self.places.map(|place| place.and_then(|at| record.get(at)).unwrap_or_default());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (user_id, key_or_user) = (text(user), text(if key.is_empty() { user } else { key }));
        let window = (!from.is_empty() || !until.is_empty()).then(|| (instant(from), instant(until)));
        let is_utf8 = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok();
        let malformed = match window {
            _ if record.len() != self.columns => Some("row"),
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

fn reader() -> ReaderBuilder {
    let mut builder = ReaderBuilder::new();
    builder.flexible(true);
    builder
}

/// Where each column stands, or what is wrong with the head.
fn places(head: &ByteRecord) -> Result<[Option<usize>; COLUMNS.len()], String> {
    let mut places = [None; COLUMNS.len()];
    for (at, name) in head.iter().enumerate() {
        let column = COLUMNS.iter().position(|column| column.as_bytes() == name);
        match column.and_then(|column| places.get_mut(column)) {
            Some(place @ None) => *place = Some(at),
            _ => return Err(format!("column {:?} is not one of {COLUMNS:?}, once each", String::from_utf8_lossy(name))),
        }
    }
    match places[0] {
        Some(_) => Ok(places),
        None => Err(format!("the first line names no column user_id; there are {COLUMNS:?}")),
    }
}

/// An instant in ms; nothing said is 0.
fn instant(text: &[u8]) -> Option<i64> {
    match text {
        [] => Some(0),
        text => std::str::from_utf8(text).ok()?.parse().ok(),
    }
}
