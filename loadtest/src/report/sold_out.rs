//! How a sale ended, as its clients saw it.
//!
//! A client cannot see a partition run dry, but it sees the partition's last sale: from then on, under demand that reaches every
//! partition all the time, it is dry. With few pieces for each partition, or few claims in flight, the figure says little: then
//! a partition is idle rather than dry.

use foldhash::{HashMap, HashMapExt as _};
use serde::Serialize;
use tessera_proto::v1::Reason;

use crate::record::Record;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SoldOut {
    /// From the last accepted answer of the partition that sold its last piece first, until the first SOLD_OUT answer of any.
    pub dry_to_sold_out_us: f64,
    /// The longest that a claim waited which was answered SOLD_OUT before or together with the last accepted one: queues, parking
    /// for stock, and the verdict.
    pub longest_wait_us: f64,
    /// From the first SOLD_OUT answer until the last accepted one; 0 if none came after. Those claims were in flight.
    pub last_accepted_after_us: f64,
    /// From the first send of the run until the first SOLD_OUT answer.
    pub sold_out_after_seconds: f64,
}

impl SoldOut {
    /// From the records of one sale; `None` if it was not sold out.
    pub fn of(records: &[Record]) -> Option<Self> {
        let sold_out = || records.iter().filter(|record| record.refusal() == Some(Reason::SoldOut.into()));
        let first_said_ns = sold_out().map(|record| record.answered_ns).min()?;
        let mut last_sales = HashMap::<u32, u64>::new();
        for sale in records.iter().filter(|record| record.is_accepted()) {
            let last_ns = last_sales.entry(sale.partition).or_default();
            *last_ns = (*last_ns).max(sale.answered_ns);
        }
        let first_dry_ns = last_sales.values().copied().min().unwrap_or(first_said_ns);
        let last_sale_ns = last_sales.values().copied().max().unwrap_or(first_said_ns);
        let around_the_end = sold_out().filter(|record| record.answered_ns <= last_sale_ns.max(first_said_ns));
        let longest_wait_ns = around_the_end.map(|record| record.answered_ns.saturating_sub(record.sent_ns)).max()?;
        let begin_ns = records.iter().filter(|record| record.is_sent()).map(|record| record.sent_ns).min()?;
        Some(Self {
            dry_to_sold_out_us: us(first_said_ns.saturating_sub(first_dry_ns)),
            longest_wait_us: us(longest_wait_ns),
            last_accepted_after_us: us(last_sale_ns.saturating_sub(first_said_ns)),
            sold_out_after_seconds: first_said_ns.saturating_sub(begin_ns) as f64 / 1e9,
        })
    }
}

fn us(ns: u64) -> f64 {
    ns as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(sent_us: u64, answered_us: u64, partition: u32, reason: u16) -> Record {
        let (sent_ns, answered_ns) = (sent_us * 1_000, answered_us * 1_000);
        Record { sent_ns, answered_ns, partition, reason, sends: 1, ..Record::UNSENT }
    }

    #[test]
    fn dry_begins_with_the_last_sale_of_the_first_partition_to_end() {
        let sales = [record(1, 10, 0, 0), record(1, 40, 0, 0), record(1, 30, 1, 0), record(2, 60, 0, 0)];
        let refusals = [record(20, 50, 0, 70), record(21, 70, 0, 70)];
        let ended = SoldOut::of(&[sales.as_slice(), refusals.as_slice()].concat());
        let expected = SoldOut {
            dry_to_sold_out_us: 20.0,
            longest_wait_us: 30.0,
            last_accepted_after_us: 10.0,
            sold_out_after_seconds: 49e-6,
        };
        assert_eq!(ended, Some(expected));
    }

    #[test]
    fn a_sale_that_is_not_sold_out_has_no_end() {
        assert_eq!(SoldOut::of(&[record(1, 10, 0, 0), record(1, 10, 0, 60)]), None);
    }
}
