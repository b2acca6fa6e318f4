//! Every other length of every file of a small log, and every file lost: the same state, or refused. None is silent (I12; fault matrix 5,
//! 6).

use super::small_log::*;

/// Bytes by which files grow.
const MORE: [usize; 4] = [1, 4095, 4096, 20480];

/// Every length a file could be cut to, and a few that it could grow to.
fn cut_everywhere(log: &SmallLog) -> Tally {
    let mut tally = Tally::default();
    for name in log.names() {
        let whole = log.storage.bytes(&name);
        let longer = MORE.map(|more| [&whole[..], &vec![0; more]].concat());
        let shorter = (0..whole.len()).map(|length| whole[..length].to_vec());
        for other in shorter.chain(longer) {
            log.storage.set_bytes(&name, &other);
            log.judge(&name, || format!("{} bytes", other.len()), &mut tally);
            if other.len() % 512 < 2 {
                log.opens_as_it_verifies(&format!("{name} of {} bytes", other.len()));
            }
        }
        log.storage.lose(&name);
        log.judge(&name, || "lost".to_owned(), &mut tally);
        log.opens_as_it_verifies(&format!("{name} lost"));
        log.storage.set_bytes(&name, &whole);
    }
    tally
}

fn check(end: End) {
    let tally = cut_everywhere(&SmallLog::ending(end));
    tally.report(&format!("other lengths, {end:?}"));
    // A closed segment ends where its successor says; what is missing or added behind that is as good as not.
    let closed_segments_grown = 2 * MORE.len() as u64;
    assert_eq!((tally.exact, tally.cut), (UNEXAMINED_BYTES + closed_segments_grown, 0));
}

/// Of the last segment, as a bit each: what holds the seal in a sealed log.
const SEAL_SECTOR: u32 = 1 << 3;

/// Every set of sectors of a segment that reads as zeroes. Without its seal a sealed group is like one that never had any.
fn zero_sectors(log: &SmallLog, end: End) -> Tally {
    let mut tally = Tally::default();
    for name in log.names().into_iter().filter(|name| name.starts_with("segment-")) {
        let (whole, is_last) = (log.storage.bytes(&name), name == log.last_segment);
        for set in 1..1_u32 << (whole.len() / 4096) {
            let mut zeroed = whole.clone();
            let sectors = zeroed.chunks_mut(4096).enumerate().filter(|(at, _)| set >> at & 1 == 1);
            sectors.for_each(|(_, sector)| sector.fill(0));
            log.storage.set_bytes(&name, &zeroed);
            let unproven = end == End::Unsealed || (end == End::Sealed && set & SEAL_SECTOR != 0);
            log.judge_where(is_last && unproven, || format!("{name} without sectors {set:b}"), &mut tally);
            log.opens_as_it_verifies(&format!("{name} without sectors {set:b}"));
        }
        log.storage.set_bytes(&name, &whole);
    }
    tally
}

#[test]
fn zeroed_sectors_cut_only_a_group_that_nothing_proves_durable() {
    // Behind the ends of the closed segments are one sector and three: 1 and 7 sets of them. Of the last segment's sectors behind its
    // header two hold the group (of a torn one nothing that counts), and two a seal or nothing: 3 sets.
    let group_sets = 3;
    for (end, exact, cut) in
        [(End::Sealed, 1 + 7 + 3, 2 * group_sets), (End::Unsealed, 1 + 7 + 3, 4 * group_sets), (End::Torn, 1 + 7 + 15, 0)]
    {
        let tally = zero_sectors(&SmallLog::ending(end), end);
        tally.report(&format!("zeroed sectors, {end:?}"));
        assert_eq!((tally.cases(), tally.exact, tally.cut), (3 * 31, exact, cut), "{end:?}");
    }
}

#[test]
fn no_other_length_of_a_sealed_log_is_silent() {
    check(End::Sealed);
}

#[test]
fn no_other_length_of_an_unsealed_log_is_silent() {
    check(End::Unsealed);
}

#[test]
fn no_other_length_of_a_torn_log_is_silent() {
    check(End::Torn);
}
