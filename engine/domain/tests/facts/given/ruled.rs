//! Rules of a template as words of a story.

use super::story::{id, number, value_of};
use tessera_domain::Id;
use tessera_domain::calendar::Zone;
use tessera_domain::hours::{Hours, Span};
use tessera_domain::rules::{Basis, Class, Layer, Rules, Stacking};
use tessera_domain::scope::{Choice, Names, Scope};

/// `goods=a,-b` lets a in and keeps b out, alike `categories=` and `merchants=`; `issue-channels=`, `use-channels=`; `zone=`;
/// `issue-hours=0b1010101:540-1320;…`, `use-hours=`; `day=N` for one user; `by=MERCHANT`; `layer=`, `priority=`, `initial`;
/// `stack=always`, `stack=GROUP`, `group-max=`, `order-max=`; `transferable`; `day-stock=`, `budget=`, `restock`.
pub fn rules(options: &[&str]) -> Rules {
    let names = |name| Names::new(listed(options, name).map(id).collect());
    Rules {
        issuer: value_of(options, "by=").map(id),
        scope: Scope {
            goods: choice(options, "goods="),
            categories: choice(options, "categories="),
            merchants: choice(options, "merchants="),
        },
        issue_channels: names("issue-channels="),
        use_channels: names("use-channels="),
        zone: value_of(options, "zone=").map_or(Zone::default(), |name| Zone::named(name).expect("a zone")),
        issue_hours: hours(options, "issue-hours="),
        use_hours: hours(options, "use-hours="),
        user_day_limit: value_of(options, "day=").map_or(0, number),
        layer: match value_of(options, "layer=") {
            Some("item") => Layer::Item,
            Some("shipping") => Layer::Shipping,
            _ => Layer::Order,
        },
        priority: value_of(options, "priority=").map_or(0, number),
        basis: if options.contains(&"initial") { Basis::Initial } else { Basis::Remaining },
        stacking: stacking(options),
        transferable: options.contains(&"transferable"),
        day_stock: value_of(options, "day-stock=").map_or(0, number),
        budget: value_of(options, "budget=").map_or(0, number),
        restock: options.contains(&"restock"),
    }
}

fn stacking(options: &[&str]) -> Stacking {
    let (class, group): (Class, Option<Id>) = match value_of(options, "stack=") {
        None => (Class::Never, None),
        Some("always") => (Class::Always, None),
        Some("") => (Class::Grouped, None),
        Some(group) => (Class::Grouped, Some(id(group))),
    };
    let most = |name| value_of(options, name).map_or(0, number);
    Stacking { class, group, max_per_group: most("group-max="), max_per_order: most("order-max=") }
}

fn listed<'a>(options: &[&'a str], name: &str) -> impl Iterator<Item = &'a str> {
    value_of(options, name).unwrap_or("").split(',').filter(|name| !name.is_empty())
}

fn choice(options: &[&str], name: &str) -> Choice {
    let (exclude, include): (Vec<&str>, Vec<&str>) = listed(options, name).partition(|name| name.starts_with('-'));
    let names = |list: Vec<&str>| Names::new(list.into_iter().map(|name| id(name.trim_start_matches('-'))).collect());
    Choice { include: names(include), exclude: names(exclude) }
}

fn hours(options: &[&str], name: &str) -> Hours {
    let span = |text: &str| {
        let (weekdays, minutes) = text.split_once(':').expect("WEEKDAYS:FROM-UNTIL");
        let (from, until) = minutes.split_once('-').expect("FROM-UNTIL");
        let weekdays = u8::from_str_radix(weekdays.trim_start_matches("0b"), 2).expect("bits");
        Span { weekdays, from_minute: number(from), until_minute: number(until) }
    };
    Hours(value_of(options, name).unwrap_or("").split(';').filter(|text| !text.is_empty()).map(span).collect())
}
