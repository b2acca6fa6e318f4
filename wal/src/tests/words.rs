//! What an operator reads: numbers as they are written elsewhere, and advice that differs from kind to kind.

use crate::*;
use std::collections::BTreeSet;

#[test]
fn what_is_shown_says_what_it_is() {
    assert_eq!(LogUuid([0xA5; 16]).to_string(), "a5".repeat(16));
    assert_eq!(format!("{:?}", Chain([0x0B; 32])), "Chain(0b0b0b0b0b0b…)");
    let handover = Handover { frames: vec![0; 7], frame_count: 2, passengers: vec![()] };
    assert_eq!(format!("{handover:?}"), "Handover(2 frames, 7 bytes, 1 passengers)");
    assert!(format!("{:?}", Options::default()).starts_with("Options { segment_bytes: 67108864, "));
}

#[test]
fn every_kind_of_error_has_an_advice_of_its_own() {
    use ErrorKind::*;
    let kinds = [Corruption, Locked, Foreign, Format, Missing, Exists, DiskFull, Io, Replay, Trimmed, Usage];
    let advices: BTreeSet<&str> = kinds.iter().map(|kind| kind.advice()).collect();
    assert!(advices.len() == kinds.len() && !advices.contains(""), "{advices:?}");
}
