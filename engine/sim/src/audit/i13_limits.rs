//! I13: queues and files stay under their limits, whatever comes and however slow the disk is.

use crate::violation::{Checked, holds};

/// What a node has in its hands at one instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Commands that wait at the fullest shard.
    pub(crate) queued_commands: usize,
    pub(crate) queued_commands_max: usize,
    /// Turns on their way to the disk, of the actor with most.
    pub(crate) undurable_turns: usize,
    pub(crate) undurable_turns_max: usize,
    /// Images on the disk, with what is left of unfinished ones.
    pub(crate) images: usize,
    pub(crate) images_max: usize,
    /// Spare segments.
    pub(crate) spares: usize,
    pub(crate) spares_max: usize,
}

pub(crate) fn check(load: &Load) -> Checked {
    let bounds = [
        ("commands wait at a shard", load.queued_commands, load.queued_commands_max),
        ("turns of an actor are not durable", load.undurable_turns, load.undurable_turns_max),
        ("files of images are there", load.images, load.images_max),
        ("spare segments are there", load.spares, load.spares_max),
    ];
    bounds
        .iter()
        .try_for_each(|(what, found, most)| holds(found <= most, "I13", || format!("{found} {what}, at most {most} may")))
}
