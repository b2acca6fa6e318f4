//! What commands share that work off a file over one stream: rows out, outcomes in, a bounded number at a time, so that neither side
//! holds a file in memory.

mod table;
mod tally;

use tokio::sync::mpsc;
use tonic::Streaming;

pub use table::{Table, number};
pub use tally::{Tally, conclude, show};

use super::{Error, operation::refused};

/// Rows of one message.
pub const MESSAGE_ROWS: usize = 256;

/// Rows that wait for their outcome.
pub const UNDER_WAY_MAX: usize = 4_096;

/// What is worked off.
pub trait Job {
    /// Some rows, as the server takes them.
    type Request;
    /// What became of some.
    type Response;

    /// The next rows, as many as may be under way beside those that are; `None` if none may for now, or there are no more.
    fn message(&mut self) -> Result<Option<Self::Request>, Error>;
    /// What became of rows that are under way.
    fn take(&mut self, response: Self::Response) -> Result<(), Error>;
    /// Whether every row has its outcome.
    fn has_ended(&self) -> bool;
}

/// Works a job off, and shows how far it is.
///
/// # Errors
/// When a file is not read or written, or the stream ends before its rows are answered.
pub async fn drive<J: Job>(
    job: &mut J,
    feed: mpsc::Sender<J::Request>,
    mut answers: Streaming<J::Response>,
    show: &mut impl FnMut(&J),
) -> Result<(), Error> {
    let mut feed = Some(feed);
    let mut message = job.message()?;
    loop {
        if message.is_none() && job.has_ended() {
            // The server ends the stream when its rows have ended.
            feed = None;
        }
        tokio::select! {
            place = reserve(feed.as_ref()), if message.is_some() => {
                // Why it was closed is said by the answers.
                if let (Some(place), Some(rows)) = (place, message.take()) {
                    place.send(rows);
                }
            },
            answer = answers.message() => match answer.map_err(refused)? {
                Some(answer) => job.take(answer)?,
                None if feed.is_none() => return Ok(()),
                None => return Err(Error::Operation("the server ended the stream; run it again".to_owned())),
            },
        }
        if message.is_none() {
            message = job.message()?;
        }
        show(job);
    }
}

/// A place for one more message; `None` if nobody takes any.
async fn reserve<T>(feed: Option<&mpsc::Sender<T>>) -> Option<mpsc::Permit<'_, T>> {
    feed?.reserve().await.ok()
}
