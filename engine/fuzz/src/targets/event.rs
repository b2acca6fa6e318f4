//! Events: what decodes means the same when it is written again, and a second time is written the same.

use super::{golden, golden_journal, unhex};
use crate::bend::{Random, bent, one_in};
use crate::{Check, Outcome};
use tessera_domain::codec::{self, BODY_BYTES_MAX, HEADER_BYTES};

pub(crate) fn prepare() -> Check {
    let mut samples: Vec<Vec<u8>> = ["v1", "v2"].into_iter().flat_map(samples_of).collect();
    samples.extend(golden_journal("v2/partition.journal").into_iter().map(|(_, _, payload)| payload));
    Box::new(move |case| {
        let mut random = Random(case);
        let mut bytes = bent(&mut random, &samples);
        if bytes.len() >= HEADER_BYTES && !one_in(&mut random, 3) {
            let length = (bytes.len() - HEADER_BYTES) as u32;
            bytes[2..HEADER_BYTES].copy_from_slice(&length.to_le_bytes());
        }
        check(&bytes)
    })
}

fn samples_of(version: &str) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(golden("engine/domain/fixtures").join(version)).expect("the fixtures");
    let paths =
        entries.map(|entry| entry.expect("a file").path()).filter(|path| path.extension().is_some_and(|end| end == "hex"));
    let mut paths: Vec<_> = paths.collect();
    paths.sort();
    let texts = paths.into_iter().map(|path| std::fs::read_to_string(path).expect("a fixture"));
    texts.flat_map(|text| text.lines().map(unhex).collect::<Vec<_>>()).collect()
}

fn check(bytes: &[u8]) -> Outcome {
    let (mut accepted, mut used_in_all) = (false, 0);
    for event in codec::events(bytes) {
        let Ok(event) = event else { break };
        let mut again = Vec::new();
        codec::encode(&event, &mut again);
        assert!(again.len() <= HEADER_BYTES + BODY_BYTES_MAX);
        assert_eq!(codec::decode(&again), Ok((event, again.len())), "an event means the same when it is written again");
        let (_, used) = codec::decode(&bytes[used_in_all..]).expect("it was decoded before");
        assert!(again.len() <= used, "the shortest form is written");
        used_in_all += used;
        accepted = true;
    }
    assert!(used_in_all <= bytes.len());
    if accepted { Outcome::Accepted } else { Outcome::Refused }
}
