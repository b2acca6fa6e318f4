//! The disk: how it begins, and what a crash leaves of it.

use crate::dice::Dice;
use crate::plan::Plan;
use std::sync::Arc;
use tessera_wal::storage::sim::SimStorage;
use tessera_wal::storage::{SECTOR_BYTES, Storage};
use tessera_wal::{Fatal, GroupKind, Item, LogUuid, Options};

/// Small groups, so that a crash meets handovers before, in and after one.
const GROUP_BYTES_MAX: usize = 16 * 1024;

/// The limits of the log. Segments are small, so that runs turn over many.
pub(crate) fn options(plan: &Plan) -> Options {
    // A process that has to end is a life that ends: whoever got the error sees to it.
    let abort = Arc::new(|_: &Fatal| {});
    let segment_bytes = plan.segment_bytes;
    Options { segment_bytes, group_bytes_max: GROUP_BYTES_MAX, archive: false, abort, ..Options::default() }
}

/// An empty log.
pub(crate) fn new_directory(seed: u64) -> SimStorage {
    let storage = SimStorage::new();
    let mut uuid = [7; 16];
    uuid[..8].copy_from_slice(&seed.to_le_bytes());
    tessera_wal::create(&storage, LogUuid(uuid), b"sim").expect("an empty simulated disk takes a log");
    storage
}

/// One of the directories that may be found after a crash: of the process alone, or of the machine with any part of what was
/// not synced.
pub(crate) fn after_crash(storage: &SimStorage, dice: &mut Dice) -> SimStorage {
    match dice.below(6) {
        0 => storage.kill(),
        1 => storage.crash(&mut |_| 0),
        2 => storage.crash(&mut |states| states - 1),
        3 => storage.crash(&mut |states| if dice.chance(900) { states - 1 } else { dice.below(states) }),
        _ => storage.crash(&mut |states| dice.below(states)),
    }
}

/// A bit of some file of a directory, and a name for it. Spares hold nothing, so they are left alone.
pub(crate) fn flip_a_bit(storage: &SimStorage, dice: &mut Dice) -> Option<(String, usize)> {
    let names: Vec<String> = storage.list().ok()?.into_iter().filter(|name| !name.starts_with("spare-")).collect();
    let file = dice.pick(&names)?.clone();
    let bits = storage.bytes(&file).len() * 8;
    if bits == 0 {
        return None;
    }
    // What is written stands in front: most flips go there.
    let bound = if dice.chance(700) { bits.div_ceil(8) } else { bits };
    let bit = dice.below(bound);
    storage.flip_bit(&file, bit);
    Some((file, bit))
}

/// Planted: zeroes from the last group of frames on, if the last segment has one.
pub(crate) fn lose_last_group(storage: &SimStorage) {
    let mut last = None;
    let inspected = tessera_wal::inspect(&storage.kill(), &mut |item| match item {
        Item::Group { file, offset, header } if header.kind == GroupKind::Data => last = Some((file, offset)),
        _ => {}
    });
    let (Ok(Some(_)), Some((file, offset))) = (inspected, last) else { return };
    let mut bytes = storage.bytes(&file);
    let begins_in_sector = (offset as usize) / SECTOR_BYTES * SECTOR_BYTES;
    bytes[begins_in_sector..].fill(0);
    storage.set_bytes(&file, &bytes);
}
