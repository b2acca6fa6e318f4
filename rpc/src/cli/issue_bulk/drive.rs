//! Rows that are asked, and what became of them. Rows of one request id wait for each other.

use std::collections::BTreeMap;

use tessera_proto::v1::{self, claim_service_client::ClaimServiceClient, issue_outcome::Outcome};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

use super::{Counts, Error, Outcomes, Rows, rows::Row};
use crate::cli::{
    bulk::{self, Job, MESSAGE_ROWS, UNDER_WAY_MAX},
    operation::refused,
};

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
        let counts = Counts { rows: rows.count(), ..Counts::default() };
        Self { rows, outcomes, under_way: BTreeMap::new(), held_back: None, has_ended: false, counts }
    }

    /// Issues what is left, and shows how far it is.
    ///
    /// # Errors
    /// When a file is not read or written, or the stream ends before its rows are answered.
    pub async fn run(mut self, mut client: ClaimServiceClient<Channel>, show: &mut impl FnMut(&Counts)) -> Result<Counts, Error> {
        let (feed, messages) = mpsc::channel(1);
        let answers = client.issue_stream(ReceiverStream::new(messages)).await.map_err(refused)?.into_inner();
        bulk::drive(&mut self, feed, answers, &mut |drive| show(&drive.counts)).await?;
        Ok(self.counts)
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
}

impl Job for Drive {
    type Request = v1::IssueStreamRequest;
    type Response = v1::IssueStreamResponse;

    fn message(&mut self) -> Result<Option<v1::IssueStreamRequest>, Error> {
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
        Ok((!issues.is_empty()).then_some(v1::IssueStreamRequest { issues }))
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

    fn has_ended(&self) -> bool {
        self.under_way.is_empty() && self.has_ended
    }
}
