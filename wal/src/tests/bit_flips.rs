//! Every single flipped bit of a small log is harmless, refused, or (only in an unsealed tail) cuts what nobody was promised.
//! None is silent (I12; fault matrix 5).

use super::scribe::*;
use crate::storage::Storage;
use crate::storage::sim::SimStorage;
use crate::*;

#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    exact: u64,
    cut: u64,
    refused: u64,
    silent: Vec<String>,
}

/// Two segments: header, group and closing group; header, group and perhaps a seal.
fn small_log(sealed: bool) -> SimStorage {
    let storage = new_log();
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(20480)).unwrap();
    commit_each(&mut writer, &mut scribe, &[b"first", b"second", &[1; 4200]]);
    assert_eq!(writer.stats().segments, 1);
    if sealed {
        writer.seal().unwrap();
    }
    drop(writer);
    let spares: Vec<String> = storage.list().unwrap().into_iter().filter(|name| name.starts_with("spare")).collect();
    spares.iter().for_each(|name| storage.lose(name));
    storage
}

fn flip_every_bit(storage: &SimStorage, every: usize) -> Tally {
    let whole = verify(storage, &mut |_| {}).unwrap();
    assert!(whole.problem.is_none());
    let mut tally = Tally::default();
    for name in storage.list().unwrap() {
        for bit in (0..storage.bytes(&name).len() * 8).step_by(every) {
            storage.flip_bit(&name, bit);
            match verify(storage, &mut |_| {}) {
                Err(_) => tally.refused += 1,
                Ok(Report { problem: Some(_), .. }) => tally.refused += 1,
                Ok(report) if report.journals == whole.journals => tally.exact += 1,
                Ok(report) if report.tail.as_ref().is_some_and(|tail| tail.cut.is_some() && !tail.sealed) => tally.cut += 1,
                Ok(_) => tally.silent.push(format!("{name} bit {bit}")),
            }
            storage.flip_bit(&name, bit);
        }
    }
    tally
}

#[test]
fn no_flipped_bit_of_a_sealed_log_is_silent() {
    let tally = flip_every_bit(&small_log(true), 1);
    assert_eq!((tally.cut, tally.silent), (0, vec![]));
    // Harmless are only bits behind the first segment's end, where its closing group and zeroes stand.
    assert!(tally.refused > 200_000 && tally.exact > 0, "{} refused, {} exact", tally.refused, tally.exact);
}

#[test]
fn no_flipped_bit_of_an_unsealed_log_is_silent() {
    let tally = flip_every_bit(&small_log(false), 3);
    assert!(tally.silent.is_empty(), "{:?}", tally.silent);
    assert!(tally.refused > 60_000, "{} refused", tally.refused);
}

#[test]
fn opening_refuses_what_verification_refuses() {
    let storage = small_log(true);
    let frames = frames_of(&storage, &options(20480)).unwrap();
    for name in storage.list().unwrap() {
        for bit in (5..storage.bytes(&name).len() * 8).step_by(997) {
            storage.flip_bit(&name, bit);
            let verified = verify(&storage, &mut |_| {}).is_ok_and(|report| report.problem.is_none());
            let opened = frames_of(&storage, &options(20480));
            assert_eq!(opened.is_ok(), verified, "{name} bit {bit}");
            assert!(opened.is_err() || opened.is_ok_and(|opened| opened == frames));
            storage.flip_bit(&name, bit);
        }
    }
}
