//! What a page of claimable templates costs the shard that is asked, by what the catalog holds.
//!
//! `cargo run --release -p tessera-domain --example pages -- [TEMPLATES]` makes catalogs of as many templates, past but for the newest
//! hundredth, all on offer, and all on offer for goods of their own; asks each for all pages; and prints how many there are, and how long
//! the middle one took, the longest, and all of them.

use std::time::{Duration, Instant};
use tessera_domain::catalog::{CatalogState, Limits};
use tessera_domain::command::{CatalogCommand, Command, Goods, ListClaimable, WriteTemplate};
use tessera_domain::keyed::IdHashKey;
use tessera_domain::lease::LesseeDesk;
use tessera_domain::money::{Currency, Rounding};
use tessera_domain::rules::{KeptRules, Rules};
use tessera_domain::scope::{Choice, Names, Scope};
use tessera_domain::{Context, Decision, Id, Kind, Partition, RefundPolicy, Reply, TemplateSpec, Validity, Window};

/// Templates if not said.
const TEMPLATES_DEFAULT: u32 = 100_000;

/// Now.
const NOW_MS: i64 = 1_000;

fn id(text: impl AsRef<str>) -> Id {
    Id::new("example", text).expect("a short name")
}

/// A template with this end of its issue window, 0 = none, for goods of its own or for all.
fn spec(number: u32, until_ms: i64, is_by_goods: bool) -> TemplateSpec {
    let include = if is_by_goods { vec![id(format!("g{number}"))] } else { Vec::new() };
    let goods = Choice { include: Names::new(include), ..Choice::default() };
    TemplateSpec {
        display: "".into(),
        kind: Kind::CashVoucher { amount: 5 },
        currency: Currency::parse("CNY").expect("a currency"),
        rounding: Rounding::HalfUp,
        issue: Window { from_ms: 0, until_ms },
        validity: Validity::Fixed(Window::default()),
        per_user_limit: 1,
        stock: None,
        refund: RefundPolicy::Full,
        rules: KeptRules::new(Rules { scope: Scope { goods, ..Scope::default() }, ..Rules::default() }),
    }
}

fn catalog(key: IdHashKey, specs: impl Iterator<Item = TemplateSpec>) -> CatalogState {
    let mut catalog = CatalogState::new(key);
    for (number, spec) in specs.enumerate() {
        let (template, request_id) = (id(format!("t{number}")), id("r"));
        let write = WriteTemplate { template, expected_version: None, spec, request_id, validate_only: false };
        let command = CatalogCommand::Write(write);
        let Decision::Happen(events) = catalog.decide(&Limits::default(), &command) else { panic!("a template is created") };
        events.iter().for_each(|event| catalog.apply(NOW_MS, event).expect("what was decided applies"));
    }
    catalog
}

fn ask(catalog: &CatalogState, key: IdHashKey, goods: &[Goods]) -> Vec<Duration> {
    let partition = Partition::new(0, key);
    let lessee = LesseeDesk::start(partition.stock(), NOW_MS);
    let context = Context { catalog: catalog.catalog(), lessee: &lessee, now_ms: NOW_MS, key_version: 1, requests_max: 1 };
    let (mut times, mut next) = (Vec::new(), Some(0));
    while let Some(from) = next {
        let user = Some(key.user("alice"));
        let list = ListClaimable { user, channel: None, goods: goods.to_vec(), with_exhausted: false, page_size: 200, from };
        let command = Command::ListClaimable(Box::new(list));
        let began = Instant::now();
        let Decision::Answer(Reply::Claimable(page)) = partition.decide(&context, &command) else { panic!("a page") };
        times.push(began.elapsed());
        next = page.next;
    }
    times
}

fn main() {
    let templates = std::env::args().nth(1).map_or(TEMPLATES_DEFAULT, |word| word.parse().expect("a number"));
    let key = IdHashKey::new([7; 16]);
    let past = |number| if number < templates - templates / 100 { NOW_MS } else { 0 };
    let goods = vec![Goods { goods: Some(id("g0")), categories: vec![id("c0"); 4], merchant: id("m") }; 16];
    let tried = [
        ("past but for a hundredth", catalog(key, (0..templates).map(|number| spec(number, past(number), false))), &[][..]),
        ("all on offer", catalog(key, (0..templates).map(|number| spec(number, 0, false))), &[][..]),
        ("for goods of their own, asked for 16", catalog(key, (0..templates).map(|number| spec(number, 0, true))), &goods[..]),
    ];
    for (what, catalog, goods) in &tried {
        let mut times = ask(catalog, key, goods);
        times.sort_unstable();
        let (middle, longest, all) = (times[times.len() / 2], times[times.len() - 1], times.iter().sum::<Duration>());
        println!("{templates} {what}: {} pages, {middle:?} the middle one, {longest:?} the longest, {all:?} all", times.len());
    }
}
