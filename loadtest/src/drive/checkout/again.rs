//! After the run: every answer that must be remembered is asked for again.

use std::sync::{Arc, atomic::AtomicU64};

use tokio::task::JoinSet;

use super::{Shopped, post::Post};
use crate::{
    check::{retries::is_remembered_by_tills, sort_retries},
    clock::Clock,
    drive::{Load, Source, tally::Tally, watch},
    error::Error,
    link::Link,
    record::Retry,
};

/// Asks again, and adds what was answered to the retries, sorted for the checker.
pub async fn ask_again(shopped: &mut Shopped, link: &Link, load: &Load, clock: Clock, tally: Arc<Tally>) -> Result<(), Error> {
    let all = (0_u64..).zip(shopped.measured.records.iter().zip(&shopped.acts));
    let remembered = all.filter(|(_, (record, _))| is_remembered_by_tills(record));
    let asks: Arc<Vec<_>> = Arc::new(remembered.map(|(operation, (_, act))| (operation, act.ask.clone())).collect());
    let source = Arc::new(Source { next: AtomicU64::new(0), end: asks.len() as u64 });
    let channels: Vec<_> = (0..load.connections).map(|_| link.channel()).collect();
    let mut tasks = JoinSet::new();
    for channel in channels.iter().cycle().take(load.in_flight) {
        let (asks, source, tally) = (asks.clone(), source.clone(), tally.clone());
        let mut post = Post::new(channel.clone(), link.clone(), clock, *load);
        tasks.spawn(async move {
            let mut retries = Vec::new();
            while let Some(taken) = source.take(1) {
                let Some((operation, ask)) = asks.get(taken.start as usize) else { break };
                let (record, _) = post.send(ask).await?;
                tally.add(1, u64::from(record.is_accepted()));
                retries.push(Retry { operation: *operation, record });
            }
            Ok(retries)
        });
    }
    let asked = watch::until_done(&tally, asks.len() as u64, tasks).await?;
    shopped.measured.retries.extend(asked.into_iter().flatten());
    sort_retries(&mut shopped.measured.retries);
    Ok(())
}
