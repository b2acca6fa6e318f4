//! Bending: a sample and a seed become bytes that are nearly right.
//!
//! The generator is the simulator's, so that a seed means the same everywhere and for ever.

pub(crate) use tessera_wal::storage::sim::Random;

/// Numbers at which readers go wrong.
const EDGES: [u64; 12] = [0, 1, 2, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff, 1 << 32, i64::MAX as u64, u64::MAX];

/// The most changes to one sample.
const CHANGES_MAX: usize = 5;

/// Whether a chance of one in `of` came.
pub(crate) fn one_in(random: &mut Random, of: usize) -> bool {
    random.below(of) == 0
}

/// So many random bytes.
pub(crate) fn noise(random: &mut Random, length: usize) -> Vec<u8> {
    (0..length).map(|_| random.next_u64() as u8).collect()
}

/// One of the samples, changed at a few places; now and then noise or the sample as it is.
pub(crate) fn bent(random: &mut Random, samples: &[Vec<u8>]) -> Vec<u8> {
    if one_in(random, 32) {
        let length = random.below(300);
        return noise(random, length);
    }
    let mut bytes = samples[random.below(samples.len())].clone();
    for _ in 0..random.below(CHANGES_MAX + 1) {
        change(random, &mut bytes, samples);
    }
    bytes
}

/// As [`bent`], but of the same length as the sample.
pub(crate) fn bent_in_place(random: &mut Random, sample: &[u8]) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    for _ in 0..=random.below(CHANGES_MAX) {
        let at = random.below(bytes.len());
        change_at(random, &mut bytes, at);
    }
    bytes
}

fn change(random: &mut Random, bytes: &mut Vec<u8>, samples: &[Vec<u8>]) {
    if bytes.is_empty() {
        bytes.push(0);
    }
    let at = random.below(bytes.len());
    match random.below(8) {
        0 => bytes.truncate(at),
        1 => {
            let length = random.below(64);
            let noise = noise(random, length);
            bytes.splice(at..at, noise);
        }
        2 => {
            let end = at + random.below(bytes.len() - at);
            bytes.drain(at..end);
        }
        3 => {
            let other = &samples[random.below(samples.len())];
            let from = random.below(other.len().max(1)).min(other.len());
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        _ => change_at(random, bytes, at),
    }
}

/// A change that keeps the length: a bit, a byte, a number, a range from elsewhere or of zeroes.
fn change_at(random: &mut Random, bytes: &mut [u8], at: usize) {
    let room = bytes.len() - at;
    match random.below(5) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.next_u64() as u8,
        2 => {
            let (edge, width) = (EDGES[random.below(EDGES.len())].to_le_bytes(), [1, 2, 4, 8][random.below(4)].min(room));
            bytes[at..at + width].copy_from_slice(&edge[..width]);
        }
        3 => {
            let length = random.below(room.min(64)) + 1;
            let from = random.below(bytes.len() - length + 1);
            bytes.copy_within(from..from + length, at);
        }
        _ => {
            let length = random.below(room.min(64)) + 1;
            bytes[at..at + length].fill(0);
        }
    }
}
