//! Gift cards by the million: how fast they are made, what each takes, and that no code with one symbol changed is accepted.
//!
//! `cargo run --release -p tessera-domain --example cards -- 1000000 20000`: so many cards, and so many codes whose symbols are all changed,
//! one at a time.

use std::collections::HashSet;
use std::time::Instant;
use tessera_domain::code::{CODE_SYMBOLS, CodeKeys};
use tessera_domain::event::{CardsMade, Event, Request, TermsAdopted, TermsBody};
use tessera_domain::keyed::IdHashKey;
use tessera_domain::{Partition, RUN_CARDS_MAX, codec};

/// The alphabet of codes.
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const PARTITIONS: u16 = 16;

fn main() {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse().expect("a number"));
    let (cards, sample): (u64, usize) = (numbers.next().unwrap_or(1_000_000), numbers.next().unwrap_or(20_000) as usize);
    let mut partitions: Vec<Partition> = (0..PARTITIONS).map(|id| Partition::new(id, IdHashKey::new([7; 16]))).collect();
    let before = memory(&partitions);
    let (bytes, took) = make(&mut partitions, cards);
    let longest = took.iter().max().expect("there is a run");
    let sum: std::time::Duration = took.iter().sum();
    let each = |bytes: u64| bytes as f64 / cards as f64;
    println!("{cards} cards in {} runs, applied in {sum:.1?}: {:.0} a second", took.len(), cards as f64 / sum.as_secs_f64());
    println!("the longest run took {longest:.1?}");
    println!("{:.2} bytes of journal and {:.1} of memory a card", each(bytes), each(memory(&partitions) - before));

    let secret: [u8; 32] = std::array::from_fn(|at| at as u8);
    let keys = CodeKeys::new(1, [(1, &secret)]).expect("a key set");
    let begin = Instant::now();
    let places = partitions.iter().flat_map(|partition| (0..partition.counts()[0]).map(|number| (partition.id() as u8, number)));
    let codes: Vec<_> = places.map(|(partition, number)| keys.seal(1, partition, number)).collect();
    let took = begin.elapsed();
    println!("{} codes in {took:.1?}: {:.0} a second", codes.len(), codes.len() as f64 / took.as_secs_f64());
    let distinct: HashSet<&[u8]> = codes.iter().map(|code| code.as_bytes()).collect();
    assert_eq!(distinct.len() as u64, cards, "all codes are distinct");

    let begin = Instant::now();
    let chosen = codes.iter().step_by((codes.len() / sample).max(1)).take(sample);
    let (mut changed, mut accepted) = (0u64, 0u64);
    for code in chosen {
        let mut text = *code.as_bytes().first_chunk::<CODE_SYMBOLS>().expect("sixteen symbols");
        for at in 0..CODE_SYMBOLS {
            let right = text[at];
            for &symbol in SYMBOLS.iter().filter(|&&symbol| symbol != right) {
                text[at] = symbol;
                changed += 1;
                accepted += u64::from(keys.open(std::str::from_utf8(&text).expect("ASCII")).is_ok());
            }
            text[at] = right;
        }
    }
    println!("{changed} codes with one symbol changed in {:.1?}: {accepted} accepted", begin.elapsed());
    assert_eq!(accepted, 0, "no single wrong symbol is accepted");
}

/// Makes the cards, an even share in each partition; bytes of their events, and how long each run took.
fn make(partitions: &mut [Partition], cards: u64) -> (u64, Vec<std::time::Duration>) {
    let (mut bytes, mut took, mut encoded) = (0, Vec::new(), Vec::new());
    for (at, partition) in (0u64..).zip(partitions) {
        partition.apply(1, &Event::TermsAdopted(TermsAdopted { terms: 0, body: CARD, rules: &[] })).expect("terms of ours");
        let share = cards / u64::from(PARTITIONS) + u64::from(at < cards % u64::from(PARTITIONS));
        let mut made = 0;
        while made < share {
            let count = (share - made).min(RUN_CARDS_MAX.into()) as u32;
            let request = Request { id: "batch", fingerprint: made };
            let (batch, terms, first, key_version) = ("batch", 0, made, 1);
            let event = Event::CardsMade(CardsMade { batch, terms, share, made, first, count, key_version, request });
            encoded.clear();
            codec::encode(&event, &mut encoded);
            bytes += encoded.len() as u64;
            let begin = Instant::now();
            partition.apply(1, &event).expect("a run of ours");
            took.push(begin.elapsed());
            made += u64::from(count);
        }
    }
    (bytes, took)
}

fn memory(partitions: &[Partition]) -> u64 {
    partitions.iter().flat_map(Partition::memory_bytes).map(|(_, bytes)| bytes).sum()
}

const CARD: TermsBody<'static> = TermsBody {
    template: 0,
    version: 1,
    template_id: "card",
    kind: 3,
    first: 10_000,
    second: 0,
    currency: *b"CNY",
    rounding: 0,
    issue_from_ms: 0,
    issue_until_ms: 0,
    validity: 2,
    validity_first_ms: 0,
    validity_second_ms: 365 * 86_400_000,
    per_user_limit: 0,
    limited: false,
    refund: 0,
};
