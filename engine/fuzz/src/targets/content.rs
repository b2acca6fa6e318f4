//! What chunks of an image hold: bent, they are refused or lead to another digest. What has the recorded digest is saved to the same chunks.

use super::golden_journal;
use crate::bend::{Random, bent, one_in};
use crate::{Check, Outcome};
use std::convert::Infallible;
use tessera_domain::Partition;
use tessera_domain::catalog::CatalogState;
use tessera_domain::image::{CatalogLoader, PartitionCheck, PartitionLoader};
use tessera_domain::keyed::IdHashKey;

/// The golden journals were written by this partition.
const PARTITION: u16 = 3;

struct Sample {
    chunks: Vec<Vec<u8>>,
    digest: u64,
    is_catalog: bool,
}

fn key() -> IdHashKey {
    IdHashKey::new(*b"tessera's facts!")
}

pub(crate) fn prepare() -> Check {
    let samples = samples();
    let chunks: Vec<Vec<u8>> = samples.iter().flat_map(|sample| sample.chunks.clone()).collect();
    Box::new(move |case| {
        let mut random = Random(case);
        let sample = &samples[random.below(samples.len())];
        let mut bent_chunks = sample.chunks.clone();
        if !one_in(&mut random, 16) {
            let at = random.below(bent_chunks.len());
            let own = std::slice::from_ref(&sample.chunks[at]);
            let samples = if one_in(&mut random, 4) { &chunks } else { own };
            bent_chunks[at] = bent(&mut random, samples);
        }
        check(sample, &bent_chunks)
    })
}

/// The state of a partition at each third of the golden journals, and the catalog at the end.
fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for version in ["v1", "v2"] {
        let (mut partition, frames) = (Partition::new(PARTITION, key()), golden_journal(&format!("{version}/partition.journal")));
        for (at, (time_ms, digest, payload)) in frames.iter().enumerate() {
            partition.replay(payload, *time_ms, *digest).expect("a golden journal replays");
            if (at + 1) % (frames.len() / 3) == 0 {
                samples.push(Sample { chunks: saved(&partition), digest: *digest, is_catalog: false });
            }
        }
        let mut catalog = CatalogState::new(key());
        for (time_ms, digest, payload) in golden_journal(&format!("{version}/catalog.journal")) {
            catalog.replay(&payload, time_ms, digest).expect("a golden journal replays");
        }
        samples.push(Sample { chunks: saved_catalog(&catalog), digest: catalog.digest(), is_catalog: true });
    }
    samples
}

fn saved(partition: &Partition) -> Vec<Vec<u8>> {
    let mut chunks = Vec::new();
    let Ok(()) = partition.save::<Infallible>(&mut |chunk| {
        chunks.push(chunk.to_vec());
        Ok(())
    });
    chunks
}

fn saved_catalog(catalog: &CatalogState) -> Vec<Vec<u8>> {
    let mut chunks = Vec::new();
    let Ok(()) = catalog.save::<Infallible>(&mut |chunk| {
        chunks.push(chunk.to_vec());
        Ok(())
    });
    chunks
}

fn check(sample: &Sample, chunks: &[Vec<u8>]) -> Outcome {
    let again = match sample.is_catalog {
        true => {
            let mut loader = CatalogLoader::new(key());
            let taken = chunks.iter().all(|chunk| loader.take(chunk).is_ok());
            taken.then(|| loader.finish(sample.digest).ok()).flatten().map(|catalog| saved_catalog(&catalog))
        }
        false => {
            let mut loader = PartitionLoader::new(PARTITION, key());
            let taken = chunks.iter().all(|chunk| loader.take(chunk).is_ok());
            let loaded = taken.then(|| loader.finish(sample.digest).ok()).flatten();
            let mut check = PartitionCheck::new(PARTITION, key());
            let is_whole = chunks.iter().all(|chunk| check.take(chunk).is_ok()) && check.finish(sample.digest).is_ok();
            assert!(!is_whole || loaded.is_some(), "what is found whole can be loaded");
            loaded.map(|partition| saved(&partition))
        }
    };
    let Some(again) = again else { return Outcome::Refused };
    assert!(again == sample.chunks, "a state of the recorded digest is the recorded state");
    Outcome::Accepted
}
