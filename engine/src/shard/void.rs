//! Void templates in a turn: each partition records which of its terms are void before anything of it is decided with that catalog.
//!
//! The catalog's owner answers a void when every shard has said that it decides so, and a shard says it with the frames in which its
//! partitions have recorded it: from that answer on a coupon of the template is void everywhere. A partition that comes up later
//! hears of it before its first command. Without room in the log the word waits, and the answer with it.

use super::{Scene, Shard};
use crate::ledger::Ledger;
use crate::letter::Letter;
use crate::planted::{self, Planted};
use crate::turn::Turn;
use tessera_domain::Partition;
use tessera_domain::catalog::Catalog;
use tessera_domain::event::Event;

impl Shard {
    /// Lets every partition hear what it has not heard of yet, and tells the catalog's owner when all have.
    pub(super) fn hear(&mut self, scene: &Scene, turn: &mut Turn) {
        if !self.must_hear {
            return;
        }
        let (catalog, mut have_heard) = (self.catalog.clone(), true);
        let is_late = |heard: usize| heard < catalog.void().len() && !planted::is(Planted::VoidUnheard);
        for partition in 0..self.settings.partitions {
            let Some(heard) = self.owned[usize::from(partition)].as_ref().map(|owned| owned.heard_voids) else { continue };
            match scene.has_log_room {
                _ if !is_late(heard) => {}
                false => have_heard = false,
                true => {
                    let owned = self.enter(partition, scene);
                    catalog.void()[heard..].iter().for_each(|&template| record(&mut owned.ledger, &catalog, template, turn));
                    owned.heard_voids = catalog.void().len();
                }
            }
        }
        if have_heard {
            self.must_hear = false;
            if std::mem::take(&mut self.is_awaited) {
                turn.send(Letter::Installed { shard: self.number, lsn: catalog.lsn() });
            }
        }
    }
}

/// Records of a partition which of its terms are of this void template.
pub(super) fn record(ledger: &mut Ledger<Partition>, catalog: &Catalog, template: u32, turn: &mut Turn) {
    let template = catalog.get(template).expect("a void template is in its catalog");
    for terms in ledger.state().unheard(template) {
        ledger.record(&Event::TermsVoided(terms), &mut turn.sealed);
    }
}
