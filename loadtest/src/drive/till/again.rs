//! After the run: every answer of the mix that must be remembered is asked for again.

use std::sync::{Arc, atomic::AtomicU64};

use tokio::task::JoinSet;

use super::{Played, post::Post, roads};
use crate::{
    check::{retries::is_remembered_by_tills, sort_retries},
    clock::Clock,
    drive::{Load, Source, tally::Tally, watch},
    error::Error,
    link::Link,
    plan::mix::{Deck, Told, Verb},
    record::Retry,
};

/// Asks again, and adds what was answered to the retries, sorted for the checker.
pub async fn ask_again(
    deck: Arc<Deck>,
    played: &mut Played,
    link: &Link,
    load: &Load,
    clock: Clock,
    tally: Arc<Tally>,
) -> Result<(), Error> {
    let load = Load { rate: None, retry_every: 0, ..*load };
    let mut tasks = JoinSet::new();
    let mut requests = Vec::new();
    for (operation, (record, act)) in (0_u64..).zip(played.measured.records.iter().zip(&played.acts)) {
        if act.ask.verb != Verb::Validate && is_remembered_by_tills(record) {
            let first: Option<&Told> = played.acts.get(act.ask.first as usize).and_then(|first| first.told.as_ref());
            let id = first.filter(|_| act.ask.has_first()).map_or("", |told| &told.id);
            requests.push((operation, deck.request(operation, &act.ask, id)));
        }
    }
    let requests = Arc::new(requests);
    let source = Arc::new(Source { next: AtomicU64::new(0), end: requests.len() as u64 });
    for road in roads(link, &load) {
        let (requests, source, tally) = (requests.clone(), source.clone(), tally.clone());
        let mut post = Post::new(road, link.clone(), clock, load);
        tasks.spawn(async move {
            let mut retries = Vec::new();
            while let Some(taken) = source.take(1) {
                let Some((operation, request)) = requests.get(taken.start as usize) else { break };
                let (record, _) = post.send(request).await?;
                tally.add(1, u64::from(record.is_accepted()));
                retries.push(Retry { operation: *operation, record });
            }
            Ok(retries)
        });
    }
    let asked = watch::until_done(&tally, requests.len() as u64, tasks).await?;
    played.measured.retries.extend(asked.into_iter().flatten());
    sort_retries(&mut played.measured.retries);
    Ok(())
}
