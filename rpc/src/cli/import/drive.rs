//! Rows that are asked, and what became of them.

use std::collections::BTreeMap;

use tessera_proto::v1::{self, card_service_client::CardServiceClient, import_card_outcome::Outcome};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

use super::{Counts, Error, Report, Rows, rows::Row};
use crate::cli::{
    bulk::{self, Job, MESSAGE_ROWS, UNDER_WAY_MAX},
    operation::refused,
};

/// One run.
pub struct Drive {
    rows: Rows,
    report: Report,
    under_way: BTreeMap<String, Row>,
    has_ended: bool,
    counts: Counts,
}

impl Drive {
    /// Of these rows.
    pub fn new(rows: Rows, report: Report) -> Self {
        let counts = Counts { rows: rows.count(), ..Counts::default() };
        Self { rows, report, under_way: BTreeMap::new(), has_ended: false, counts }
    }

    /// Imports what is left, and shows how far it is.
    ///
    /// # Errors
    /// When a file is not read or written, or the stream ends before its rows are answered.
    pub async fn run(mut self, mut client: CardServiceClient<Channel>, show: &mut impl FnMut(&Counts)) -> Result<Counts, Error> {
        let (feed, messages) = mpsc::channel(1);
        let answers = client.import_stream(ReceiverStream::new(messages)).await.map_err(refused)?.into_inner();
        bulk::drive(&mut self, feed, answers, &mut |drive| show(&drive.counts)).await?;
        Ok(self.counts)
    }

    /// The next row that is to be asked.
    fn next(&mut self) -> Result<Option<Row>, Error> {
        while let Some(row) = self.rows.next()? {
            match &row.fault {
                None => return Ok(Some(row)),
                Some(fault) => {
                    self.counts.refused += 1;
                    self.report.note_fault(&row, fault)?;
                }
            }
        }
        self.has_ended = true;
        Ok(None)
    }
}

impl Job for Drive {
    type Request = v1::ImportStreamRequest;
    type Response = v1::ImportStreamResponse;

    fn message(&mut self) -> Result<Option<v1::ImportStreamRequest>, Error> {
        let mut cards = Vec::new();
        while cards.len() < MESSAGE_ROWS && self.under_way.len() < UNDER_WAY_MAX {
            let Some(row) = self.next()? else { break };
            cards.push(row.card.clone());
            self.under_way.insert(row.card.row_id.clone(), row);
        }
        self.report.flush()?;
        Ok((!cards.is_empty()).then_some(v1::ImportStreamRequest { cards }))
    }

    fn take(&mut self, answer: v1::ImportStreamResponse) -> Result<(), Error> {
        for v1::ImportCardOutcome { row_id, outcome } in answer.outcomes {
            let (Some(row), Some(outcome)) = (self.under_way.remove(&row_id), outcome) else {
                return Err(Error::Operation(format!("the server answered {row_id:?}, which is not under way")));
            };
            match outcome {
                Outcome::Accepted(card) if card.replayed => self.counts.imported_before += 1,
                Outcome::Accepted(_) => self.counts.imported += 1,
                Outcome::Refused(refusal) => {
                    self.counts.refused += 1;
                    self.report.note(&row, &refusal)?;
                }
            }
        }
        self.report.flush()
    }

    fn has_ended(&self) -> bool {
        self.under_way.is_empty() && self.has_ended
    }
}
