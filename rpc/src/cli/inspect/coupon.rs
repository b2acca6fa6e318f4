//! `tessera inspect coupon`: what a coupon is, or was at an instant or after an event, and how it came to that.

use std::path::Path;

use tessera_engine::{JournalId, history, node, rebuild::Until, recovery};
use tessera_proto::v1::{self, inspect_coupon_request, journal_service_client::JournalServiceClient};

use super::{Place, feed};
use crate::{
    cli::{
        Error, block_on, now_ms, operation,
        output::{self, Output},
    },
    client,
    convert::{change, inspect, journal},
    desk::refuse,
    limits::RESPONSE_BYTES_MAX,
    seals::Seals,
};

/// Events of one page of a history.
const PAGE_SIZE: usize = 200;

/// Which coupon, and when.
#[derive(clap::Args)]
pub struct Args {
    /// Its id.
    coupon_id: String,
    /// As it was at the last frame of this instant, in ms.
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..))]
    at_ms: Option<i64>,
    /// As it was after this event of its partition.
    #[arg(long, conflicts_with = "at_ms", value_parser = clap::value_parser!(u64).range(1..))]
    at_lsn: Option<u64>,
    /// At most so many events of its history, newest first.
    #[arg(long, default_value_t = 50)]
    events: usize,
    #[command(flatten)]
    place: Place,
}

/// A coupon, and the newest events of its history.
struct Found {
    coupon: v1::InspectCouponResponse,
    events: Vec<v1::Change>,
}

/// Shows it.
pub fn run(args: &Args, output: Output) -> Result<(), Error> {
    let until = match (args.at_ms, args.at_lsn) {
        (Some(at_ms), _) => Some(inspect_coupon_request::Until::AtMs(at_ms)),
        (None, Some(at_lsn)) => Some(inspect_coupon_request::Until::AtLsn(at_lsn)),
        (None, None) => None,
    };
    let request = v1::InspectCouponRequest { coupon_id: args.coupon_id.clone(), until };
    let found = match &args.place.data_dir {
        Some(dir) => rebuild(dir, &request, args.events)?,
        None => block_on(ask(&args.place.endpoint, request, args.events))?,
    };
    match output {
        Output::Json => print_json(&found),
        Output::Table => print(&found),
    }
}

async fn ask(endpoint: &str, request: v1::InspectCouponRequest, most: usize) -> Result<Found, Error> {
    let mut client = JournalServiceClient::new(client::connect(endpoint).await?).max_decoding_message_size(RESPONSE_BYTES_MAX);
    let coupon_id = request.coupon_id.clone();
    let coupon = client.inspect_coupon(request).await.map_err(operation::refused)?.into_inner();
    let (mut events, mut page_token): (Vec<v1::Change>, _) = (Vec::new(), coupon.history_token.clone());
    while events.len() < most && !page_token.is_empty() {
        let page_size = (most - events.len()).min(PAGE_SIZE) as u32;
        let request = v1::GetCouponHistoryRequest { coupon_id: coupon_id.clone(), page_size, page_token };
        let page = client.get_coupon_history(request).await.map_err(operation::refused)?.into_inner();
        events.extend(page.changes);
        page_token = page.next_page_token;
    }
    Ok(Found { coupon, events })
}

/// The same of a directory that no server holds.
fn rebuild(dir: &Path, request: &v1::InspectCouponRequest, most: usize) -> Result<Found, Error> {
    let (mut desk, now_ms) = (super::open(dir)?, now_ms());
    let partitions = desk.partitions();
    let asked = journal::inspect(Seals::new(desk.keys(), partitions), request, now_ms);
    let (place, until): (_, Until) = asked.map_err(|rejection| operation::refused(refuse(&rejection)))?;
    let facts =
        desk.coupon(place.partition, place.number, until, now_ms).map_err(recovery::Error::from).map_err(node::Error::from)?;
    let facts = facts.map_err(|rejection| operation::refused(refuse(&rejection)))?;
    let walked = history::of_coupon(&mut desk.history(), JournalId(place.partition), place.number, facts.view.last, most);
    let seals = Seals::new(desk.keys(), partitions);
    let events = walked.map_err(feed::failed)?.0.iter().map(|fact| change::of(seals, place.partition, fact)).collect();
    Ok(Found { coupon: inspect::coupon(seals, place.partition, &facts), events })
}

fn print_json(found: &Found) -> Result<(), Error> {
    let mut json = output::value_of("InspectCouponResponse", &found.coupon, true);
    json["events"] = found.events.iter().map(|event| output::value_of("Change", event, false)).collect();
    output::print_json(&json)
}

fn print(found: &Found) -> Result<(), Error> {
    let coupon = found.coupon.coupon.clone().unwrap_or_default();
    let position = found.coupon.position.unwrap_or_default();
    let until = if coupon.use_until_ms > 0 { format!("{} ms", coupon.use_until_ms) } else { "ever".to_owned() };
    let name = |name: &str, prefix: &str| name.trim_start_matches(prefix).to_owned();
    let blocks = |blocks: Vec<v1::Block>| match blocks.iter().map(|block| name(block.as_str_name(), "BLOCK_")).collect::<Vec<_>>()
    {
        none if none.is_empty() => "none".to_owned(),
        some => some.join(", "),
    };
    let mut facts = vec![
        ("coupon", coupon.coupon_id.clone()),
        ("template", format!("{}, version {}", coupon.template_id, coupon.template_version)),
        ("status", name(coupon.status().as_str_name(), "COUPON_STATUS_")),
        ("usable", format!("from {} ms until {until}", coupon.use_from_ms)),
        ("blocks", blocks(coupon.blocks().collect())),
        ("account blocks", blocks(coupon.account_blocks().collect())),
        ("live holds", coupon.live_holds.to_string()),
        ("stands so", format!("at {} ms, partition {} at lsn {}", found.coupon.at_ms, position.partition, position.lsn)),
    ];
    if let Some(balance) = &coupon.balance {
        let accounts = [
            ("loaded", balance.loaded_minor),
            ("available", balance.available_minor),
            ("held", balance.held_minor),
            ("captured", balance.captured_minor),
            ("expired", balance.expired_minor),
            ("voided", balance.voided_minor),
        ];
        facts.extend(accounts.map(|(name, minor)| (name, format!("{minor} {}", balance.currency))));
    }
    output::print_facts(&facts)?;
    print_holds(&found.coupon.holds)?;
    print_redemptions(&found.coupon.redemptions)?;
    if found.coupon.truncated {
        output::print_line("there are more holds or redemptions than are shown")?;
    }
    output::print_line("")?;
    found.events.iter().try_for_each(|event| output::print_line(feed::line(event)))
}

fn print_holds(holds: &[v1::InspectedHold]) -> Result<(), Error> {
    let row = |hold: &v1::InspectedHold| {
        let numbers = [hold.amount_minor, hold.applied_minor, hold.held_minor, hold.deadline_ms, hold.ended_ms];
        let named = [hold.hold_id.clone(), hold.state().as_str_name().trim_start_matches("HOLD_STATE_").to_owned()];
        named.into_iter().chain(numbers.map(|number| number.to_string())).chain([hold.redemption_id.clone()]).collect()
    };
    output::print_line("")?;
    let head = ["hold", "state", "amount", "applied", "held", "deadline, ms", "ended, ms", "redemption"];
    output::print_table(&head, holds.iter().map(row))
}

fn print_redemptions(redemptions: &[v1::InspectedRedemption]) -> Result<(), Error> {
    let row = |redemption: &v1::InspectedRedemption| {
        let numbers = [redemption.amount_minor, redemption.applied_minor, redemption.refunded_minor, redemption.at_ms];
        [redemption.redemption_id.clone()].into_iter().chain(numbers.map(|number| number.to_string())).collect()
    };
    output::print_line("")?;
    output::print_table(&["redemption", "amount", "applied", "refunded", "at, ms"], redemptions.iter().map(row))
}
