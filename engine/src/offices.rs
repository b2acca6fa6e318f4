//! The post offices: the lane of every actor, and where a letter goes.

use crate::actor::{CatalogActor, ShardActor};
use crate::lane::Lane;
use crate::letter::{Letter, PostOffice};
use std::sync::Arc;

/// Where the actors are.
pub(crate) type Addresses = (Vec<actix::Addr<ShardActor>>, actix::Addr<CatalogActor>);

/// The lanes of all actors: where letters go.
pub(crate) struct Offices {
    pub(crate) shards: Vec<Arc<Lane>>,
    pub(crate) catalog: Arc<Lane>,
}

impl Offices {
    pub(crate) fn new(shards: u16) -> Offices {
        Offices { shards: (0..shards).map(|_| Arc::default()).collect(), catalog: Arc::default() }
    }

    pub(crate) fn lead_to(&self, (shards, catalog): &Addresses) {
        for (lane, shard) in self.shards.iter().zip(shards) {
            lane.lead_to(shard.clone().recipient());
        }
        self.catalog.lead_to(catalog.clone().recipient());
    }

    pub(crate) fn wake_all(&self) {
        for lane in self.shards.iter().chain([&self.catalog]) {
            lane.wake();
        }
    }

    fn lane(&self, partition: u16) -> &Lane {
        &self.shards[usize::from(partition) % self.shards.len()]
    }
}

impl PostOffice for Offices {
    fn post(&self, letter: Letter) {
        let lane = match &letter {
            Letter::Lease { to, .. } | Letter::Line { to, .. } | Letter::LineAck { to, .. } => self.lane(*to),
            Letter::Catalog { shard, .. } => &self.shards[usize::from(*shard)],
            Letter::Partition(ledger) => self.lane(ledger.state().id()),
            Letter::Installed { .. } => &self.catalog,
        };
        lane.post(letter);
    }
}
