//! A file of rows: CSV with a head that names some of the columns there are, in any order.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::Error;

/// Rows that are read one by one.
pub struct Table<const N: usize> {
    path: PathBuf,
    reader: Reader<File>,
    /// Where each of the columns stands.
    places: [Option<usize>; N],
    columns: usize,
    /// How many rows there are.
    pub count: u64,
}

impl<const N: usize> Table<N> {
    /// The rows of a file that may have these columns, and has the first.
    ///
    /// # Errors
    /// When the file is not read, or its head is none.
    pub fn open(path: &Path, names: [&str; N]) -> Result<Self, Error> {
        let file = |source| Error::File { path: path.to_owned(), source };
        let open = || reader().from_path(path).map_err(|error| file(error.into()));
        let mut counted = open()?;
        let mut count = 0;
        let mut record = ByteRecord::new();
        while counted.read_byte_record(&mut record).map_err(|error| file(error.into()))? {
            count += 1;
        }
        let mut reader = open()?;
        let head = reader.byte_headers().map_err(|error| file(error.into()))?;
        let columns = head.len();
        let places = places(head, names).map_err(|said| file(io::Error::new(io::ErrorKind::InvalidData, said)))?;
        Ok(Self { path: path.to_owned(), reader, places, columns, count })
    }

    /// The next row.
    ///
    /// # Errors
    /// When the file is not read.
    pub fn next(&mut self) -> Result<Option<ByteRecord>, Error> {
        let mut record = ByteRecord::new();
        let is_one = self.reader.read_byte_record(&mut record);
        let is_one = is_one.map_err(|error| Error::File { path: self.path.clone(), source: error.into() })?;
        Ok(is_one.then_some(record))
    }

    /// What a row says in each of the columns; nothing where it has none.
    pub fn fields<'a>(&self, record: &'a ByteRecord) -> [&'a [u8]; N] {
        self.places.map(|place| place.and_then(|at| record.get(at)).unwrap_or_default())
    }

    /// Whether a row has as many columns as the head.
    pub fn is_whole(&self, record: &ByteRecord) -> bool {
        record.len() == self.columns
    }
}

fn reader() -> ReaderBuilder {
    let mut builder = ReaderBuilder::new();
    builder.flexible(true);
    builder
}

/// Where each column stands, or what is wrong with the head.
fn places<const N: usize>(head: &ByteRecord, names: [&str; N]) -> Result<[Option<usize>; N], String> {
    let mut places = [None; N];
    for (at, name) in head.iter().enumerate() {
        let column = names.iter().position(|column| column.as_bytes() == name);
        match column.and_then(|column| places.get_mut(column)) {
            Some(place @ None) => *place = Some(at),
            _ => return Err(format!("column {:?} is not one of {names:?}, once each", String::from_utf8_lossy(name))),
        }
    }
    match places.first() {
        Some(Some(_)) => Ok(places),
        _ => Err(format!("the first line names no column {}; there are {names:?}", names.first().unwrap_or(&""))),
    }
}

/// A number; nothing said is 0.
pub fn number(text: &[u8]) -> Option<i64> {
    match text {
        [] => Some(0),
        text => std::str::from_utf8(text).ok()?.parse().ok(),
    }
}
