//! Scenarios: from the command line to a report.
//!
//! Each one prepares templates over the API, measures one plan, then has the answers given again, compares what the server
//! shows, and runs the checker over everything that this client was told.

pub mod again;
pub mod bulk;
pub mod cards;
pub mod checkout;
pub mod echo;
pub mod eio;
pub mod flash_sale;
pub mod full;
pub mod gift;
pub mod holds;
pub mod kills;
pub mod mixed;
pub mod o2o;
pub mod overload;
pub mod pos;
pub mod small;
pub mod stage;
pub mod sum;
pub mod templates;
pub mod tills;
pub mod trace;

use hdrhistogram::Histogram;

use crate::{
    error::Error,
    options::{Common, Scenario},
    report::Report,
};

/// A finished run.
#[derive(Debug)]
pub struct Finished {
    /// Its figures.
    pub report: Report,
    /// Its latencies in full.
    pub latency_ns: Histogram<u64>,
}

/// Runs a scenario to its end.
pub async fn run(scenario: Scenario) -> Result<(Finished, Common), Error> {
    let asked = scenario.asked();
    let (mut finished, common) = play(scenario).await?;
    finished.report.asked = asked;
    Ok((finished, common))
}

async fn play(scenario: Scenario) -> Result<(Finished, Common), Error> {
    match scenario {
        Scenario::FlashSale { templates, stock, users, per_user, greedy, wallets, common } => {
            let sale = flash_sale::sale(templates, stock, users, per_user, greedy)?;
            Ok((flash_sale::run(sale, wallets, &common).await?, common))
        }
        Scenario::Pos { till, common } => Ok((pos::run(till, &common).await?, common)),
        Scenario::Holds { till, common } => Ok((holds::run(till, &common).await?, common)),
        Scenario::Bulk { rows, till, common } => Ok((bulk::run(rows, till, &common).await?, common)),
        Scenario::Gift { coupons, gifts, common } => Ok((gift::run(gift::Circle { coupons, gifts }, &common).await?, common)),
        Scenario::Mixed { cards, operations, hold_ttl, hot_users, common } => {
            let counter = mixed::Counter::new(cards, operations, hold_ttl, hot_users)?;
            Ok((mixed::run(counter, &common).await?, common))
        }
        Scenario::Checkout { users, orders, hold_ttl, apart, common } => {
            Ok((checkout::run(checkout::Shop::new(users, orders, hold_ttl, apart)?, &common).await?, common))
        }
        Scenario::Kills { total, common } => Ok((kills::run(total, &common).await?, common)),
        Scenario::Eio { deep, common } => Ok((eio::run(eio::sites(deep), &common).await?, common)),
        Scenario::Full { common } => Ok((full::run(&common).await?, common)),
        Scenario::Overload { lasting, common } => Ok((overload::run(lasting, &common).await?, common)),
        Scenario::O2o { directory, common } => Ok((o2o::run(&directory, &common).await?, common)),
        Scenario::Echo { operations, messages, common } => Ok((echo::run(operations, messages, &common).await?, common)),
        Scenario::EchoServer { .. } => Err(Error::Usage("the echo server runs by itself")),
        Scenario::Compare(_) | Scenario::Report(_) => Err(Error::Usage("what is done with files is no scenario")),
    }
}
