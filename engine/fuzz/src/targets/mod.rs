//! The targets, a file each.

pub(crate) mod code;
pub(crate) mod content;
pub(crate) mod event;
pub(crate) mod frame;
pub(crate) mod image;
pub(crate) mod request;
pub(crate) mod segment;

use std::path::PathBuf;

/// A folder of golden files, by its path from the top of the workspace.
fn golden(folder: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(folder)
}

/// The golden journals of the domain: time, digest and payload of each frame.
fn golden_journal(name: &str) -> Vec<(i64, u64, Vec<u8>)> {
    let line = |line: &str| {
        let mut words = line.split(' ');
        let mut word = || words.next().expect("three words a frame");
        let time_ms = word().parse().expect("a time");
        let digest = u64::from_str_radix(word(), 16).expect("a digest");
        (time_ms, digest, unhex(word()))
    };
    let path = golden("engine/domain/fixtures").join(name);
    std::fs::read_to_string(path).expect("a golden journal").lines().map(line).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
}
