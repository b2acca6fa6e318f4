//! What is counted, and that nothing is lost between threads.

use std::{sync::Arc, thread, time::Instant};

use tonic::Code;

use super::*;
use crate::domain::Reason;

fn read(meter: &Meter, name: &str) -> MethodReading {
    meter.read().into_iter().find(|method| method.name == name).unwrap()
}

#[test]
fn every_method_of_the_contract_is_counted_by_its_name() {
    let meter = Meter::new();
    for name in ["Claim", "ClaimStream", "Redeem", "GetStatus", OTHER] {
        assert_eq!(meter.names[meter.named(name).0], name);
    }
    assert!(meter.by_path["/tessera.v1.ClaimService/ClaimStream"].is_stream);
    assert!(!meter.by_path["/tessera.v1.ClaimService/Claim"].is_stream);
}

#[test]
fn counts_of_many_threads_add_up() {
    let meter = Arc::new(Meter::new());
    let claim = meter.named("Claim");
    thread::scope(|scope| {
        for _ in 0..2 * SHEETS {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    meter.begin(claim, 1);
                    meter.end(claim, Outcome::Accepted.index(), 1);
                    meter.time(claim, Duration::from_micros(60), 1);
                }
            });
        }
    });
    let read = read(&meter, "Claim");
    assert_eq!((read.ended("accepted"), read.times.count(), read.in_flight), (16_000, 16_000, 0));
}

#[test]
fn a_stream_counts_its_items_and_what_it_left_unanswered() {
    let meter = Arc::new(Meter::new());
    let mut tally = Tally::open(meter.clone(), meter.named("ClaimStream"));
    let (first, second) = (Instant::now(), Instant::now() + Duration::from_micros(1));
    tally.begin(5);
    for (outcome, began) in [(Outcome::Accepted, first), (Outcome::Accepted, first), (Outcome::Refused(Reason::SoldOut), second)]
    {
        tally.end(outcome, began, second);
    }
    tally.settle(second);
    let open = read(&meter, "ClaimStream");
    assert_eq!((open.ended("accepted"), open.ended("refused"), open.times.count()), (2, 1, 3));
    assert_eq!((open.in_flight, open.streams_open), (2, 1));
    drop(tally);
    let closed = read(&meter, "ClaimStream");
    assert!(closed.outcomes.contains(&(Outcome::Failed(Code::Cancelled), 2)), "{closed:?}");
    assert!(meter.under_way().is_nothing());
}
