//! What became of each row, appended as it is known; and what earlier runs have written there.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, BufReader, BufWriter, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    time::Duration,
};

use csv::{ReaderBuilder, StringRecord, Writer, WriterBuilder};
use tessera_proto::v1::{self, issue_outcome::Outcome};

use super::{Error, rows::Row};

/// The columns.
const HEAD: [&str; 7] = ["row", "user_id", "request_id", "outcome", "coupon_id", "reason", "detail"];

/// Of a row whose coupon was issued.
const ISSUED: &str = "issued";

/// Of a row that was refused; it is asked again by the next run.
const REFUSED: &str = "refused";

/// How long what is asked again is certainly the same: requests are remembered for a day.
const REMEMBERED: Duration = Duration::from_secs(23 * 3_600);

/// See the module.
pub struct Outcomes {
    path: PathBuf,
    writer: Writer<BufWriter<File>>,
    /// Of each row that was issued, what it asked, as a hash.
    issued: HashMap<u64, u64>,
}

impl Outcomes {
    /// Opens the file, or makes one. A last line that was torn is cut.
    ///
    /// # Errors
    /// When it is not read or written, is no file of outcomes, or is so old that what was under way may be forgotten, unless that is
    /// taken.
    pub fn open(path: &Path, may_be_old: bool) -> Result<Self, Error> {
        let fail = |source| Error::File { path: path.to_owned(), source };
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = options.map_err(fail)?;
        let length = cut(&mut file).map_err(fail)?;
        let age = file.metadata().and_then(|metadata| metadata.modified()).map_err(fail)?.elapsed().unwrap_or_default();
        if length > 0 && age > REMEMBERED && !may_be_old {
            let hours = age.as_secs() / 3_600;
            return Err(Error::Bulk(format!(
                "{} was written {hours} hours ago: rows that were under way then, at most 4,096, may be issued twice; say --after-a-day",
                path.display()
            )));
        }
        let issued = if length > 0 { read(&mut file).map_err(fail)? } else { HashMap::new() };
        file.seek(SeekFrom::End(0)).map_err(fail)?;
        let mut outcomes = Self { path: path.to_owned(), writer: WriterBuilder::new().from_writer(BufWriter::new(file)), issued };
        if length == 0 {
            outcomes.write(&HEAD.map(str::to_owned))?;
            outcomes.flush()?;
        }
        Ok(outcomes)
    }

    /// Whether an earlier run has issued this row.
    ///
    /// # Errors
    /// When what it issued then was another row.
    pub fn has(&self, row: &Row) -> Result<bool, Error> {
        match self.issued.get(&row.number) {
            None => Ok(false),
            Some(&asked) if asked == hash(&row.request.user_id, &row.request.request_id) => Ok(true),
            Some(_) => Err(Error::Bulk(format!(
                "row {} is not the one whose outcome is in {}: it is of another file or operation",
                row.number,
                self.path.display()
            ))),
        }
    }

    /// What the server said to a row.
    pub fn note(&mut self, row: &Row, outcome: &Outcome) -> Result<(), Error> {
        match outcome {
            Outcome::Accepted(issued) => {
                let replayed = if issued.replayed { "replayed" } else { "" };
                self.line(row, [ISSUED, &issued.coupon_id, "", replayed])
            }
            Outcome::Refused(refusal) => {
                let reason = refusal.reason().as_str_name().trim_start_matches("REASON_");
                self.line(row, [REFUSED, "", reason, &detail(refusal)])
            }
        }
    }

    /// A row that was not asked, since this column of it is malformed.
    pub fn note_malformed(&mut self, row: &Row, column: &str) -> Result<(), Error> {
        self.line(row, [REFUSED, "", "INVALID_ARGUMENT", column])
    }

    /// Leaves nothing in memory.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.writer.flush().map_err(|source| Error::File { path: self.path.clone(), source })
    }

    fn line(&mut self, row: &Row, said: [&str; 4]) -> Result<(), Error> {
        let [outcome, coupon, reason, detail] = said;
        let number = row.number.to_string();
        let (user, request) = (one_line(&row.request.user_id), one_line(&row.request.request_id));
        self.write(&[&number, &user, &request, outcome, coupon, reason, detail])
    }

    fn write(&mut self, line: &[impl AsRef<[u8]>]) -> Result<(), Error> {
        self.writer.write_record(line).map_err(|error| Error::File { path: self.path.clone(), source: error.into() })
    }
}

/// Lines are told apart by where they end, so none goes over two.
fn one_line(text: &str) -> String {
    text.replace(|letter: char| letter.is_ascii_control(), "?")
}

/// The field and the number of a refusal, as far as it has them.
fn detail(refusal: &v1::Refusal) -> String {
    let value = if refusal.value == 0 { String::new() } else { refusal.value.to_string() };
    [refusal.field.as_str(), &value].into_iter().filter(|said| !said.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Cuts the file behind its last whole line; how long it is then.
fn cut(file: &mut File) -> io::Result<u64> {
    let (mut length, mut reader, mut block) = (0, BufReader::new(&mut *file), vec![0; 1 << 16]);
    let mut read = 0;
    loop {
        let bytes = match reader.read(&mut block)? {
            0 => break,
            bytes => bytes,
        };
        if let Some(end) = block.iter().take(bytes).rposition(|&byte| byte == b'\n') {
            length = read + end as u64 + 1;
        }
        read += bytes as u64;
    }
    if length < read {
        file.set_len(length)?;
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(length)
}

/// What earlier runs have issued.
fn read(file: &mut File) -> io::Result<HashMap<u64, u64>> {
    let mut reader = ReaderBuilder::new().from_reader(BufReader::new(file));
    if reader.headers()? != &StringRecord::from(HEAD.to_vec()) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "this is no file of outcomes"));
    }
    let mut issued = HashMap::new();
    for record in reader.records() {
        let record = record?;
        let [row, user, request, outcome] = [0, 1, 2, 3].map(|at| record.get(at).unwrap_or_default());
        if outcome == ISSUED {
            let row = row.parse().map_err(|_| io::Error::new(io::ErrorKind::InvalidData, format!("{row:?} is no row")))?;
            issued.insert(row, hash(user, request));
        }
    }
    Ok(issued)
}

fn hash(user: &str, request: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (user, request).hash(&mut hasher);
    hasher.finish()
}
