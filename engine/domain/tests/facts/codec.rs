//! Facts about bytes that are not an event: each is refused by its kind of wrong, none panics.

use crate::events::samples;
use crate::given::{PARTITION, encoded, key};
use proptest::prelude::*;
use tessera_domain::codec::{self, BODY_BYTES_MAX, HEADER_BYTES, KINDS, NotAnEvent, decode};
use tessera_domain::event::{Event, LineSent};
use tessera_domain::{Divergence, Partition, catalog::CatalogState};

fn all() -> Vec<Vec<u8>> {
    samples().iter().flat_map(|(_, events)| events.iter().map(|event| encoded(&[*event]))).collect()
}

#[test]
fn an_event_cut_at_any_byte_is_short() {
    for bytes in all() {
        for length in 0..bytes.len() {
            assert_eq!(decode(&bytes[..length]), Err(NotAnEvent::Short), "{length} bytes of {bytes:02x?}");
        }
    }
}

#[test]
fn a_body_cut_at_any_byte_is_malformed_when_its_length_says_so() {
    for bytes in all() {
        for length in 0..bytes.len() - HEADER_BYTES {
            let mut cut = bytes[..HEADER_BYTES + length].to_vec();
            cut[2..HEADER_BYTES].copy_from_slice(&(length as u32).to_le_bytes());
            assert_eq!(decode(&cut), Err(NotAnEvent::Malformed { kind: bytes[0], version: bytes[1] }), "{cut:02x?}");
        }
    }
}

#[test]
fn a_body_with_bytes_to_spare_is_malformed() {
    for mut bytes in all() {
        bytes.push(0);
        let length = (bytes.len() - HEADER_BYTES) as u32;
        bytes[2..HEADER_BYTES].copy_from_slice(&length.to_le_bytes());
        assert_eq!(decode(&bytes), Err(NotAnEvent::Malformed { kind: bytes[0], version: bytes[1] }));
    }
}

#[test]
fn bytes_behind_an_event_are_left_to_the_next() {
    for bytes in all() {
        let mut longer = bytes.clone();
        longer.push(0xff);
        assert_eq!(decode(&longer).expect("whole").1, bytes.len());
        let read: Vec<_> = codec::events(&longer).collect();
        assert!(matches!(read[..], [Ok(_), Err(NotAnEvent::Short)]), "a payload is read up to what is wrong, and no further");
    }
}

#[test]
fn every_other_kind_and_version_is_unknown() {
    for kind in 0..=255 {
        for version in 0..=255 {
            let known = KINDS.iter().any(|&(_, k, v)| (k, v) == (kind, version));
            let bytes = [kind, version, 0, 0, 0, 0];
            let expected = if known { NotAnEvent::Malformed { kind, version } } else { NotAnEvent::Unknown { kind, version } };
            assert_eq!(decode(&bytes), Err(expected));
        }
    }
}

#[test]
fn numbers_of_kinds_are_used_once() {
    let mut numbers: Vec<_> = KINDS.iter().map(|&(_, kind, version)| (kind, version)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), KINDS.len());
}

#[test]
fn a_body_is_written_up_to_its_limit_and_its_length_has_four_bytes() {
    // A destination and a number of one byte, a length of five.
    let message = vec![7; BODY_BYTES_MAX - 7];
    let event = Event::LineSent(LineSent { to: 1, number: 1, message: &message });
    let bytes = encoded(&[event]);
    assert_eq!(bytes[..HEADER_BYTES], [32, 1, 0, 0, 2, 0]);
    assert_eq!(decode(&bytes), Ok((event, HEADER_BYTES + BODY_BYTES_MAX)));
}

#[test]
#[should_panic(expected = "a body is bounded: 131073 bytes")]
fn a_body_beyond_its_limit_stops_the_process() {
    let message = vec![7; BODY_BYTES_MAX - 6];
    encoded(&[Event::LineSent(LineSent { to: 1, number: 1, message: &message })]);
}

#[test]
fn a_text_that_is_not_utf8_is_malformed() {
    let mut bytes = all()[4].clone();
    let at = bytes.windows(5).position(|window| window == b"alice").expect("the claim names alice");
    bytes[at] = 0xff;
    assert_eq!(decode(&bytes), Err(NotAnEvent::Malformed { kind: 2, version: 1 }));
}

/// A header that fits, of a known kind, around a body of any bytes.
fn headed() -> impl Strategy<Value = Vec<u8>> {
    (prop::sample::select(KINDS), prop::collection::vec(any::<u8>(), 0..120)).prop_map(|((_, kind, version), body)| {
        let mut bytes = vec![kind, version, body.len() as u8, 0, 0, 0];
        bytes.extend(body);
        bytes
    })
}

/// A sample with some bytes changed.
fn bent() -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6);
    (prop::sample::select(all()), changes).prop_map(|(mut bytes, changes)| {
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_decode_or_are_refused_and_what_decodes_means_the_same_when_written_again(
        bytes in prop_oneof![prop::collection::vec(any::<u8>(), 0..200), headed(), bent()]
    ) {
        if let Ok((event, used)) = decode(&bytes) {
            prop_assert!(used <= bytes.len());
            let again = encoded(&[event]);
            prop_assert_eq!(decode(&again), Ok((event, again.len())));
        }
    }

    #[test]
    fn a_journal_of_bytes_that_are_no_event_is_refused_and_changes_nothing(
        bytes in prop_oneof![prop::collection::vec(any::<u8>(), 1..200), headed(), bent()]
    ) {
        let Err(why) = decode(&bytes) else { return Ok(()) };
        let mut partition = Partition::new(PARTITION, key());
        let before = partition.digest();
        prop_assert_eq!(partition.replay(&bytes, 0, before), Err(Divergence::NotAnEvent { lsn: 1, why }));
        prop_assert_eq!((partition.lsn(), partition.digest()), (0, before));
        prop_assert_eq!(CatalogState::new(key()).replay(&bytes, 0, 0), Err(Divergence::NotAnEvent { lsn: 1, why }));
    }
}
