//! Why which rows were refused, as CSV: by line and reference, since codes are secrets.

use std::{
    fs::File,
    io::BufWriter,
    path::{Path, PathBuf},
};

use csv::{Writer, WriterBuilder};
use tessera_proto::v1;

use super::{
    Error,
    rows::{Fault, Row},
};

/// The columns.
const HEAD: [&str; 4] = ["line", "external_reference", "reason", "detail"];

/// The report of one run.
pub struct Report {
    path: PathBuf,
    writer: Writer<BufWriter<File>>,
}

impl Report {
    /// Begins a report in the place of any before it.
    ///
    /// # Errors
    /// When it is not written.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let file = File::create(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
        let mut report = Self { path: path.to_owned(), writer: WriterBuilder::new().from_writer(BufWriter::new(file)) };
        report.write(&HEAD)?;
        report.flush()?;
        Ok(report)
    }

    /// A row that was not asked.
    pub fn note_fault(&mut self, row: &Row, fault: &Fault) -> Result<(), Error> {
        match fault {
            Fault::Malformed(column) => self.line(row, "MALFORMED", column),
            Fault::Twin(line) => self.line(row, "DUPLICATE_IN_FILE", &format!("line {line} has this code")),
        }
    }

    /// A row that the server refused.
    pub fn note(&mut self, row: &Row, refusal: &v1::Refusal) -> Result<(), Error> {
        let reason = refusal.reason().as_str_name().trim_start_matches("REASON_");
        let value = if refusal.value == 0 { String::new() } else { refusal.value.to_string() };
        let said = [refusal.field.as_str(), &value].into_iter().filter(|said| !said.is_empty()).collect::<Vec<_>>();
        self.line(row, reason, &said.join(" "))
    }

    /// Leaves nothing in memory.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.writer.flush().map_err(|source| Error::File { path: self.path.clone(), source })
    }

    fn line(&mut self, row: &Row, reason: &str, detail: &str) -> Result<(), Error> {
        self.write(&[&row.line.to_string(), row.card.external_reference.as_str(), reason, detail])
    }

    fn write(&mut self, line: &[&str; 4]) -> Result<(), Error> {
        self.writer.write_record(line).map_err(|error| Error::File { path: self.path.clone(), source: error.into() })
    }
}
