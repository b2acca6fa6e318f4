//! What the log did for the operations: its groups, syncs and bytes.

use super::{
    Shown,
    bars::{Bars, Group},
};
use crate::{compare::figure::syncs_per_thousand, server::figures::Figures};

/// The server's figures, drawn.
pub struct Disk<'a> {
    bars: Bars,
    shown: &'a [Shown<'a>],
}

impl Disk<'_> {
    /// As a figure.
    pub fn html(&self) -> String {
        self.bars.html(self.shown)
    }
}

/// Groups, syncs and bytes of every file.
pub fn groups<'a>(shown: &'a [Shown<'a>]) -> Disk<'a> {
    let told = |of: fn(&Figures) -> f64| -> Vec<_> {
        // What an older file lacks is 0, and no server wrote nothing.
        shown.iter().map(|one| one.run.server.as_ref().map(of).filter(|&value| value > 0.0)).collect()
    };
    let each_sync = shown.iter().map(|one| syncs_per_thousand(one.run)).collect();
    let groups = vec![
        Group {
            unit: "a group",
            rows: vec![
                ("operations accepted", told(|server| server.accepted_per_group)),
                ("frames", told(|server| server.frames_per_group)),
            ],
        },
        Group {
            unit: "in all",
            rows: vec![("syncs", told(|server| server.syncs as f64)), ("groups", told(|server| server.groups as f64))],
        },
        Group { unit: "a thousand operations", rows: vec![("syncs", each_sync)] },
        Group {
            unit: "bytes an accepted operation",
            rows: vec![
                ("frames of the log", told(|server| server.log_bytes_per_accepted)),
                ("written to the disk", told(|server| server.disk_bytes_per_accepted)),
            ],
        },
    ];
    let silent = shown.iter().filter(|one| one.run.server.is_none());
    let gaps =
        silent.map(|one| format!("{} has no figures of the server: it was killed, or does not tell them.", one.label)).collect();
    let said = "What one sync makes durable, and what is written for it. Bars of one unit have one scale.";
    Disk { bars: Bars { id: "groups", title: "Groups, syncs and bytes", said, groups, gaps }, shown }
}
