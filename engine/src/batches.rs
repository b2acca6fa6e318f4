//! Making a batch of cards: run by run, spread evenly over the partitions, a few runs at once, so that no till waits long.
//!
//! What was made stands in the partitions, so whoever begins asks them first and goes on from there, after a crash as after a
//! cancellation. A run is named by how many cards were made before it: asked for twice, it is made once.

use crate::letter::{Answer, Outlet, Request, Sink};
use crate::router::Router;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use tessera_domain::command::{Command, CompleteBatch, MakeCards};
use tessera_domain::{Id, RUN_CARDS_MAX, Reason, Rejection, Reply};

/// Runs that are asked for at once, each of another partition.
const RUNS_IN_FLIGHT_MAX: usize = 4;

/// Before a run is asked for again that was refused for want of room.
const REFUSED_PAUSE: Duration = Duration::from_millis(20);

/// What is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The batch.
    pub batch: Id,
    /// The template of its cards.
    pub template: Id,
    /// The template's version, as the batch's home has it.
    pub version: u32,
    /// How many cards.
    pub count: u64,
}

/// Why a batch is not complete.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A partition refuses.
    #[error("partition {partition}: {rejection}")]
    Refused {
        /// Which.
        partition: u16,
        /// Why.
        rejection: Rejection,
    },
    /// Nobody answers any more.
    #[error("the node is stopping; asked again, the batch goes on where it was")]
    Stopping,
}

/// How many cards of a batch this partition makes.
pub fn share(count: u64, partitions: u16, partition: u16) -> u64 {
    let (each, rest) = (count / u64::from(partitions), count % u64::from(partitions));
    each + u64::from(u64::from(partition) < rest)
}

/// Makes what is left of a batch and says at its home that it is complete. `go_on` is told how many partitions are done and how many
/// cards are made, and answers whether to go on; `false` is given if it did not.
///
/// # Errors
/// See [`Error`].
pub(crate) fn make(router: &Router, order: &Order, go_on: &mut dyn FnMut(u32, u64) -> bool) -> Result<bool, Error> {
    let partitions = router.partitions();
    let mut made = made(router, order)?;
    let wanted = |partition: usize| share(order.count, partitions, partition as u16);
    loop {
        let done = (0..made.len()).filter(|&partition| made[partition] == wanted(partition)).count();
        if !go_on(done as u32, made.iter().sum()) {
            return Ok(false);
        }
        let mut left: Vec<usize> = (0..made.len()).filter(|&partition| made[partition] < wanted(partition)).collect();
        if left.is_empty() {
            break;
        }
        // Those that are behind go first, so that all have begun, and know the terms, before any is done.
        left.sort_by_key(|&partition| made[partition]);
        left.truncate(RUNS_IN_FLIGHT_MAX);
        let runs = left.iter().map(|&partition| (partition as u16, run(order, wanted(partition), made[partition])));
        for (partition, answer) in ask(router, runs)? {
            match answer {
                Ok(Reply::Share(share)) => made[usize::from(partition)] = share.made,
                Ok(reply) => panic!("a run of cards was answered with {reply:?}"),
                Err(rejection) if rejection.reason == Reason::Draining => return Err(Error::Stopping),
                Err(rejection) if is_for_want_of_room(rejection.reason) => std::thread::sleep(REFUSED_PAUSE),
                Err(rejection) => return Err(Error::Refused { partition, rejection }),
            }
        }
    }
    let home = router.home_of_batch(&order.batch);
    let complete = Command::CompleteBatch(CompleteBatch { batch: order.batch.clone(), made: made.iter().sum() });
    loop {
        match ask(router, [(home, complete.clone())])?.remove(0) {
            (_, Ok(_)) => return Ok(true),
            (_, Err(rejection)) if is_for_want_of_room(rejection.reason) => std::thread::sleep(REFUSED_PAUSE),
            (partition, Err(rejection)) => return Err(Error::Refused { partition, rejection }),
        }
    }
}

/// What every partition has made of a batch, by partition.
fn made(router: &Router, order: &Order) -> Result<Vec<u64>, Error> {
    let questions = (0..router.partitions()).map(|partition| (partition, Command::GetShare(order.batch.clone())));
    let mut shares = ask(router, questions)?;
    shares.sort_by_key(|&(partition, _)| partition);
    let made_of = |(partition, answer)| match answer {
        Ok(Reply::Share(share)) => Ok(share.made),
        Ok(reply) => panic!("a question for a share was answered with {reply:?}"),
        Err(rejection) => Err(Error::Refused { partition, rejection }),
    };
    shares.into_iter().map(made_of).collect()
}

fn run(order: &Order, share: u64, made: u64) -> Command {
    let Order { batch, template, version, .. } = order.clone();
    let count = (share - made).min(RUN_CARDS_MAX.into()) as u32;
    Command::MakeCards(MakeCards { batch, template, version, share, made, count })
}

fn is_for_want_of_room(reason: Reason) -> bool {
    matches!(reason, Reason::Overloaded | Reason::LogFull | Reason::RequestStoreFull)
}

/// Asks partitions and waits for all answers.
pub(crate) fn ask(router: &Router, commands: impl IntoIterator<Item = (u16, Command)>) -> Result<Vec<(u16, Answer)>, Error> {
    let (sink, answers) = Waiting::open();
    let mut bundle = router.bundle();
    bundle.extend(commands.into_iter().map(|(partition, command)| Request { partition, tag: partition.into(), command }));
    let asked = bundle.len();
    router.submit(bundle, &sink);
    // From here on only the engine holds it: if it stops under the question, the answers end.
    drop(sink);
    let mut heard = Vec::with_capacity(asked);
    while heard.len() < asked {
        let more: Vec<(u64, Answer)> = answers.recv().map_err(|_| Error::Stopping)?;
        heard.extend(more.into_iter().map(|(tag, answer)| (tag as u16, answer)));
    }
    Ok(heard)
}

/// A thread that waits for answers.
struct Waiting(Sender<Vec<(u64, Answer)>>);

impl Waiting {
    fn open() -> (Sink, Receiver<Vec<(u64, Answer)>>) {
        let (sender, receiver) = channel();
        (Arc::new(Waiting(sender)), receiver)
    }
}

impl Outlet for Waiting {
    fn deliver(&self, answers: Vec<(u64, Answer)>) {
        // Whoever has given up asks again later.
        let _ = self.0.send(answers);
    }
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn shares_are_even_and_make_up_the_batch() {
        for (count, partitions) in [(1, 16), (16, 16), (1_000_000, 16), (999_999, 256), (5, 4)] {
            let shares: Vec<u64> = (0..partitions).map(|partition| share(count, partitions, partition)).collect();
            assert_eq!(shares.iter().sum::<u64>(), count);
            assert!(shares[0] - shares[shares.len() - 1] <= 1, "{shares:?}");
        }
    }
}
