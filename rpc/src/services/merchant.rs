//! Redemptions of one merchant: a walk through those of some time, whose merchants are read in the journal.
//!
//! Memory knows merchants only within keyed hashes of their orders, and nothing that a till does pays for this question ([decision
//! 31](../../../docs/decisions/0031-codes-of-other-houses.md)). The shards are asked for pages of redemptions as for any list; what each says of its
//! merchant is read beside them, on threads for that, of a bounded number of redemptions a page.

use tessera_engine::{
    History, JournalId,
    history::{self, Error},
};
use tessera_proto::v1;
use tonic::Status;

use super::{
    journal::{blocking, of_history},
    redemption::Redemptions,
};
use crate::{
    convert::{by_time, ledger::sale},
    domain::{
        Id,
        command::PAGE_SIZE_MAX,
        event::{Captured, Event, PartCaptured},
    },
};

/// Walks that read the journal at once.
pub const WALKS_MAX: usize = 2;

/// Pages of redemptions that one walk looks at, of [`PAGE_SIZE_MAX`] each.
const PAGES_MAX: usize = 10;

impl Redemptions {
    /// A page of this merchant's redemptions. Where history was trimmed it ends; only a page that would be empty is refused for that.
    pub(super) async fn walk(
        &self,
        mut asked: by_time::Asked,
        merchant: &Id,
    ) -> Result<v1::ListRedemptionsByTimeResponse, Status> {
        let _permit = self.walks.acquire().await.expect("the semaphore is never closed");
        let wanted = std::mem::replace(&mut asked.list.page_size, PAGE_SIZE_MAX) as usize;
        let mut listed = v1::ListRedemptionsByTimeResponse::default();
        for _ in 0..PAGES_MAX {
            let page = self.page(&asked).await?;
            let (session, merchant) = (self.desk.maintenance()?.history(), merchant.clone());
            let room = wanted - listed.redemptions.len();
            let (found, end) = blocking(move || pick(session, page.redemptions, &merchant, room)).await?;
            listed.redemptions.extend(found);
            let is_full = listed.redemptions.len() == wanted;
            match (end, listed.redemptions.last()) {
                (Err(error), None) => return Err(of_history(error)),
                (end, Some(last)) if is_full || end.is_err() => {
                    listed.next_page_token = self.desk.seals()?.redemptions_token(Some(by_time::below(last)));
                    break;
                }
                _ => listed.next_page_token = page.next_page_token,
            }
            asked.list.below = self.desk.seals()?.open_redemptions_token(&listed.next_page_token).expect("a token of ours");
            if asked.list.below.is_none() {
                break;
            }
        }
        Ok(listed)
    }
}

/// Those of a merchant, with merchant and order, up to `room` of them; and why no more were looked at, if something failed.
fn pick(
    mut session: History,
    redemptions: Vec<v1::Redemption>,
    merchant: &Id,
    room: usize,
) -> (Vec<v1::Redemption>, Result<(), Error>) {
    let mut found = Vec::new();
    for mut redemption in redemptions {
        let v1::Position { partition, lsn } = redemption.position.unwrap_or_default();
        match sale_of(&mut session, JournalId(partition as u16), lsn) {
            Ok([at, order]) if at == merchant.as_str() => {
                (redemption.merchant_id, redemption.order_id) = (at, order);
                found.push(redemption);
            }
            Ok(_) => {}
            Err(error) => return (found, Err(error)),
        }
        if found.len() == room {
            break;
        }
    }
    (found, Ok(()))
}

/// At which merchant and for which order a redemption was made: as its event says, or that of the hold that it captured.
fn sale_of(session: &mut History, journal: JournalId, lsn: u64) -> Result<[String; 2], Error> {
    let read =
        |session: &mut History, lsn| history::at(session, journal, lsn).map(|fact| fact.expect("I11: what is listed is durable"));
    let mut fact = read(session, lsn)?;
    if let Event::Captured(Captured { hold, .. })
    | Event::PartCaptured(PartCaptured { hold, .. })
    | Event::PartReacquired(PartCaptured { hold, .. }) = fact.event()
    {
        fact = read(session, hold)?;
    }
    Ok(sale(&fact.event()).map(str::to_owned))
}
