//! CardService: gift cards from their sale to their loss, and batches of them.

use std::sync::Arc;

use tessera_engine::{JournalId, history};
use tessera_proto::v1::{self, card_service_server::CardService};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, async_trait, codegen::BoxStream};

use super::{
    journal::{belongs, blocking, of_history},
    mismatched,
};
use crate::{
    convert::{card, ledger, position},
    desk::{Desk, refuse},
    domain::{
        Id, RUN_CARDS_MAX, Rejection, Reply,
        command::{Command, Instrument, ListCards},
        reply::{BatchView, CardPage, ShareView},
    },
    seals::{Place, Seals},
};

/// Messages of a download that wait for its reader.
const MESSAGES_WAITING_MAX: usize = 4;

/// The service.
#[derive(Clone)]
pub struct Cards(pub Arc<Desk>);

/// What was asked for, or the status of its refusal.
fn checked<T>(asked: Result<T, Rejection>) -> Result<T, Status> {
    asked.map_err(|rejection| refuse(&rejection))
}

impl Cards {
    /// Finds the card of a code of another house, since its id is part of the reply.
    async fn find(&self, partition: u16, instrument: &mut Instrument) -> Result<(), Status> {
        let Instrument::Legacy { code } = *instrument else { return Ok(()) };
        match self.0.ask(Ok((partition, Command::FindCard(code)))).await? {
            (_, Reply::Revealed { coupon, key_version }) => *instrument = Instrument::Bearer { coupon, key_version },
            (_, reply) => mismatched("a question for a card", &reply),
        }
        Ok(())
    }
}

fn id_of(seals: Seals<'_>, partition: u16, instrument: &Instrument) -> String {
    seals.coupon_id(Place { partition, number: instrument.coupon() })
}

#[async_trait]
impl CardService for Cards {
    async fn activate_card(
        &self,
        request: Request<v1::ActivateCardRequest>,
    ) -> Result<Response<v1::ActivateCardResponse>, Status> {
        let seals = self.0.seals()?;
        let (partition, mut activate) = checked(card::activate(seals, request.get_ref()))?;
        self.find(partition, &mut activate.instrument).await?;
        let coupon_id = id_of(seals, partition, &activate.instrument);
        match self.0.ask(Ok((partition, activate))).await? {
            (_, Reply::Activated(activated)) => Ok(Response::new(card::activated(coupon_id, &activated))),
            (_, reply) => mismatched("an activation", &reply),
        }
    }

    async fn reload_card(&self, request: Request<v1::ReloadCardRequest>) -> Result<Response<v1::ReloadCardResponse>, Status> {
        let (seals, request) = (self.0.seals()?, request.into_inner());
        let (partition, mut reload) = checked(card::reload(seals, &request))?;
        self.find(partition, &mut reload.instrument).await?;
        let coupon_id = id_of(seals, partition, &reload.instrument);
        match self.0.ask(Ok((partition, reload))).await? {
            (_, Reply::Loaded(loaded)) => Ok(Response::new(card::reloaded(coupon_id, request.amount, &loaded))),
            (_, reply) => mismatched("a reload", &reply),
        }
    }

    async fn adjust_card(&self, request: Request<v1::AdjustCardRequest>) -> Result<Response<v1::AdjustCardResponse>, Status> {
        let seals = self.0.seals()?;
        let (partition, adjust) = checked(card::adjust(seals, request.get_ref()))?;
        let coupon_id = id_of(seals, partition, &adjust.instrument);
        match self.0.ask(Ok((partition, adjust))).await? {
            (_, Reply::Loaded(loaded)) => Ok(Response::new(card::adjusted(coupon_id, &loaded))),
            (_, reply) => mismatched("an adjustment", &reply),
        }
    }

    async fn replace_card(&self, request: Request<v1::ReplaceCardRequest>) -> Result<Response<v1::ReplaceCardResponse>, Status> {
        let seals = self.0.seals()?;
        let (partition, replace) = checked(card::replace(seals, request.get_ref()))?;
        let coupon_id = id_of(seals, partition, &replace.instrument);
        match self.0.ask(Ok((partition, replace))).await? {
            (_, Reply::Replaced(replaced)) => Ok(Response::new(card::replaced(seals, coupon_id, &replaced))),
            (_, reply) => mismatched("a replacement", &reply),
        }
    }

    async fn get_card_balance(
        &self,
        request: Request<v1::GetCardBalanceRequest>,
    ) -> Result<Response<v1::GetCardBalanceResponse>, Status> {
        match self.0.ask(card::balance(self.0.seals()?, request.get_ref())).await? {
            (_, Reply::Coupon(view)) => checked(card::held(&view)).map(Response::new),
            (_, reply) => mismatched("a question for a balance", &reply),
        }
    }

    async fn get_card_ledger(
        &self,
        request: Request<v1::GetCardLedgerRequest>,
    ) -> Result<Response<v1::GetCardLedgerResponse>, Status> {
        let page = checked(ledger::asked(self.0.seals()?, request.get_ref()))?;
        let start = match self.0.ask(Ok((page.card.partition, Command::StartLedger(page.instrument())))).await? {
            (_, Reply::Ledger(start)) => start,
            (_, reply) => mismatched("a question for a ledger", &reply),
        };
        let (newest, balance) = page.from.unwrap_or((start.last, start.balance));
        let mut session = self.0.maintenance()?.history();
        let journal = JournalId(page.card.partition);
        let read = move || history::of_coupon(&mut session, journal, page.card.number, newest, page.page_size);
        let (facts, next) = blocking(read).await?.map_err(of_history)?;
        belongs(&facts, next, page.card.number)?;
        let (entries, balance) = ledger::entries(page.card, &facts, balance);
        Ok(Response::new(v1::GetCardLedgerResponse {
            entries,
            currency: start.currency.as_str().to_owned(),
            next_page_token: self.0.seals()?.ledger_token(page.card, next.map(|lsn| (lsn, balance))),
        }))
    }

    async fn get_batch(&self, request: Request<v1::GetBatchRequest>) -> Result<Response<v1::GetBatchResponse>, Status> {
        let batch = checked(Id::new("batch_id", request.into_inner().batch_id))?;
        let home = self.0.seals()?.home_of_batch(&batch);
        let view = match self.0.ask(Ok((home, Command::GetBatch(batch.clone())))).await? {
            (_, Reply::Batch(view)) => view,
            (_, reply) => mismatched("a question for a batch", &reply),
        };
        let shares = self.0.ask_all(Ok(Command::GetShare(batch.clone()))).await?;
        let made = shares.iter().map(|(_, reply)| match reply {
            Reply::Share(ShareView { made, .. }) => made,
            reply => mismatched("a question for a share", reply),
        });
        Ok(Response::new(v1::GetBatchResponse { batch: Some(card::batch(&batch, &view, made.sum())) }))
    }

    async fn download_batch(
        &self,
        request: Request<v1::DownloadBatchRequest>,
    ) -> Result<Response<BoxStream<v1::DownloadBatchResponse>>, Status> {
        let (home, take) = checked(card::take(self.0.seals()?, request.into_inner()))?;
        let batch = take.batch.clone();
        let view = match self.0.ask(Ok((home, take))).await? {
            (_, Reply::Batch(view)) => view,
            (_, reply) => mismatched("the taking of a batch", &reply),
        };
        let ((tell, told), desk) = (mpsc::channel(MESSAGES_WAITING_MAX), self.0.clone());
        tokio::spawn(async move {
            if let Err(status) = tell_codes(&desk, &batch, &view, &tell).await {
                // Nobody hears it when the reader has gone.
                let _ = tell.send(Err(status)).await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(told))))
    }
}

/// Tells the codes of every card of a batch, page by page, until the reader goes.
async fn tell_codes(
    desk: &Desk,
    batch: &Id,
    view: &BatchView,
    tell: &mpsc::Sender<Result<v1::DownloadBatchResponse, Status>>,
) -> Result<(), Status> {
    let (face_value, written) = (card::face_value(view), view.written.expect("I3: a taking is a write"));
    for partition in 0..desk.router()?.partitions() {
        let mut from = None;
        loop {
            let list = Command::ListCards(ListCards { batch: batch.clone(), page_size: RUN_CARDS_MAX, from });
            let CardPage { cards, next } = match desk.ask(Ok((partition, list))).await? {
                (_, Reply::Cards(page)) => page,
                (_, reply) => mismatched("a question for cards", &reply),
            };
            let seals = desk.seals()?;
            let message = v1::DownloadBatchResponse {
                cards: cards.into_iter().map(|card| card::card(seals, partition, card)).collect(),
                face_value: Some(face_value.clone()),
                position: Some(position(written)),
                replayed: written.replayed,
            };
            if !message.cards.is_empty() && tell.send(Ok(message)).await.is_err() {
                return Ok(());
            }
            from = next;
            if from.is_none() {
                break;
            }
        }
    }
    Ok(())
}
