//! Rows out, outcomes in: a bounded number of rows is under way, so that neither side holds a file in memory.

use std::collections::BTreeMap;

use tessera_proto::v1::{self, claim_service_client::ClaimServiceClient, issue_outcome::Outcome};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

use super::{Counts, Error, Outcomes, Rows, rows::Row};
use crate::cli::operation::refused;

/// Rows of one message.
const MESSAGE_ROWS: usize = 256;

/// Rows that wait for their outcome.
const UNDER_WAY_MAX: usize = 4_096;

/// One run.
pub struct Drive {
    rows: Rows,
    outcomes: Outcomes,
    under_way: BTreeMap<String, Row>,
    /// A row whose request id is under way: outcomes are told apart by it, so it waits.
    held_back: Option<Row>,
    has_ended: bool,
    counts: Counts,
}

impl Drive {
    /// Of these rows, but for those that have their coupon.
    pub fn new(rows: Rows, outcomes: Outcomes) -> Self {
        let counts = Counts { rows: rows.count, ..Counts::default() };
        Self { rows, outcomes, under_way: BTreeMap::new(), held_back: None, has_ended: false, counts }
    }

    /// Issues what is left, and shows how far it is.
    ///
    /// # Errors
    /// When a file is not read or written, or the stream ends before its rows are answered.
    pub async fn run(mut self, mut client: ClaimServiceClient<Channel>, show: &mut impl FnMut(&Counts)) -> Result<Counts, Error> {
        let (feed, messages) = mpsc::channel(1);
        let mut answers = client.issue_stream(ReceiverStream::new(messages)).await.map_err(refused)?.into_inner();
        let mut feed = Some(feed);
        let mut message = self.message()?;
        loop {
            if message.is_empty() && self.under_way.is_empty() && self.has_ended {
                // The server ends the stream when its rows have ended.
                feed = None;
            }
            tokio::select! {
                place = reserve(feed.as_ref()), if !message.is_empty() => match place {
                    Some(place) => place.send(v1::IssueStreamRequest { issues: std::mem::take(&mut message) }),
                    // Why it was closed is said by the answers.
                    None => message.clear(),
                },
                answer = answers.message() => match answer.map_err(refused)? {
                    Some(answer) => self.take(answer)?,
                    None if feed.is_none() => return Ok(self.counts),
                    None => return Err(Error::Operation("the server ended the stream; run it again".to_owned())),
                },
            }
            if message.is_empty() {
                message = self.message()?;
            }
            show(&self.counts);
        }
    }

    /// The next rows, as many as may be under way beside those that are.
    fn message(&mut self) -> Result<Vec<v1::IssueRequest>, Error> {
        let mut issues = Vec::new();
        while issues.len() < MESSAGE_ROWS && self.under_way.len() < UNDER_WAY_MAX {
            let Some(row) = self.next()? else { break };
            if self.under_way.contains_key(&row.request.request_id) {
                self.held_back = Some(row);
                break;
            }
            issues.push(row.request.clone());
            self.under_way.insert(row.request.request_id.clone(), row);
        }
        self.outcomes.flush()?;
        Ok(issues)
    }

    /// The next row that is to be asked.
    fn next(&mut self) -> Result<Option<Row>, Error> {
        if let Some(row) = self.held_back.take() {
            return Ok(Some(row));
        }
        while let Some(row) = self.rows.next()? {
            if self.outcomes.has(&row)? {
                self.counts.issued_before += 1;
            } else if let Some(column) = row.malformed {
                self.counts.refused += 1;
                self.outcomes.note_malformed(&row, column)?;
            } else {
                return Ok(Some(row));
            }
        }
        self.has_ended = true;
        Ok(None)
    }

    fn take(&mut self, answer: v1::IssueStreamResponse) -> Result<(), Error> {
        for v1::IssueOutcome { request_id, outcome } in answer.outcomes {
            let (Some(row), Some(outcome)) = (self.under_way.remove(&request_id), outcome) else {
                return Err(Error::Operation(format!("the server answered {request_id:?}, which is not under way")));
            };
            self.outcomes.note(&row, &outcome)?;
            match outcome {
                Outcome::Accepted(issued) => {
                    self.counts.issued += 1;
                    self.counts.replayed += u64::from(issued.replayed);
                }
                Outcome::Refused(_) => self.counts.refused += 1,
            }
        }
        self.outcomes.flush()
    }
}

/// A place for one more message; `None` if nobody takes any.
async fn reserve(feed: Option<&mpsc::Sender<v1::IssueStreamRequest>>) -> Option<mpsc::Permit<'_, v1::IssueStreamRequest>> {
    feed?.reserve().await.ok()
}
