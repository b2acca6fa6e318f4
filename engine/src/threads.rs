//! The threads of a node: one for each actor, and the ticker that wakes them when only time passes.

use crate::actor::{CatalogActor, ShardActor};
use crate::offices::{Addresses, Offices};
use actix::{Actor, Arbiter, System};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

/// Between two wake-ups that only time causes.
const TICK: Duration = Duration::from_millis(10);

/// Puts each actor on a thread of its own.
pub(crate) fn start_actors(shards: Vec<ShardActor>, catalog: CatalogActor) -> (System, Addresses, JoinHandle<()>) {
    let (tell, told) = mpsc::channel();
    let run = move || {
        let runner = System::new();
        let addresses = runner.block_on(async move {
            let shards = shards.into_iter().map(|shard| ShardActor::start_in_arbiter(&arbiter(), move |_| shard)).collect();
            (shards, CatalogActor::start_in_arbiter(&arbiter(), move |_| catalog))
        });
        tell.send((System::current(), addresses)).expect("the opening thread waits for the addresses");
        runner.run().expect("the actors' system ends when it is told to");
    };
    let thread = std::thread::Builder::new()
        .name("tessera-actors".into())
        .spawn(run)
        .expect("a machine that starts a server has a thread for it");
    let (system, addresses) = told.recv().expect("the actors have started");
    (system, addresses, thread)
}

fn arbiter() -> actix::ArbiterHandle {
    let runtime = || tokio::runtime::Builder::new_current_thread().build().expect("a thread has room for its runtime");
    Arbiter::with_tokio_rt(runtime).handle()
}

pub(crate) fn start_ticker(offices: Arc<Offices>, is_stopping: Arc<AtomicBool>) -> JoinHandle<()> {
    let run = move || {
        while !is_stopping.load(Ordering::Acquire) {
            std::thread::sleep(TICK);
            offices.wake_all();
        }
    };
    std::thread::Builder::new()
        .name("tessera-ticker".into())
        .spawn(run)
        .expect("a machine that starts a server has a thread for it")
}
