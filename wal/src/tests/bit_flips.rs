//! Every single flipped bit of a small log is harmless, refused, or (only in an unsealed tail) cuts what no later group proves durable.
//! None is silent (I12; fault matrix 5).

use super::small_log::*;

fn flip_every_bit(log: &SmallLog) -> Tally {
    let mut tally = Tally::default();
    for name in log.names() {
        for bit in 0..log.storage.bytes(&name).len() * 8 {
            log.storage.flip_bit(&name, bit);
            log.judge(&name, || format!("bit {bit}"), &mut tally);
            log.storage.flip_bit(&name, bit);
        }
    }
    tally
}

/// Three segments, `log.id` and `log.bounds`.
const BITS: u64 = (3 * SEGMENT_BYTES + 2 * 4096) * 8;

fn check(end: End) {
    let tally = flip_every_bit(&SmallLog::ending(end));
    tally.report(&format!("flipped bits, {end:?}"));
    // No flip makes a torn write out of a group, so nothing is cut.
    assert_eq!((tally.cases(), tally.exact, tally.cut), (BITS, UNEXAMINED_BYTES * 8, 0));
}

#[test]
fn no_flipped_bit_of_a_sealed_log_is_silent() {
    check(End::Sealed);
}

#[test]
fn no_flipped_bit_of_an_unsealed_log_is_silent() {
    check(End::Unsealed);
}

#[test]
fn no_flipped_bit_of_a_torn_log_is_silent() {
    check(End::Torn);
}

#[test]
fn opening_refuses_what_verification_refuses() {
    for end in [End::Sealed, End::Unsealed, End::Torn] {
        let log = SmallLog::ending(end);
        for name in log.names() {
            for bit in (5..log.storage.bytes(&name).len() * 8).step_by(997) {
                log.storage.flip_bit(&name, bit);
                log.opens_as_it_verifies(&format!("{end:?}, {name} bit {bit}"));
                log.storage.flip_bit(&name, bit);
            }
        }
    }
}
