//! What a scenario was told to do, by option: two runs that were told different things are not compared by accident.

use std::collections::BTreeMap;

use crate::options::{Common, Scenario, Till};

impl Scenario {
    /// The options that decide what is done, and their values. How the load is made is in the report's shape.
    pub fn asked(&self) -> BTreeMap<String, String> {
        let own = match self {
            Self::FlashSale { templates, stock, users, per_user, greedy, .. } => {
                // Files of versions that knew one template alone are of the same scenario.
                let several = (*templates > 1).then(|| ("templates", templates.to_string()));
                let sale = [
                    ("stock", stock.to_string()),
                    ("users", users.to_string()),
                    ("per_user", per_user.to_string()),
                    ("greedy", greedy.to_string()),
                ];
                sale.into_iter().chain(several).collect()
            }
            Self::Pos { till, .. } | Self::Holds { till, .. } => of_till(till).into(),
            Self::Bulk { rows, till, .. } => of_till(till).into_iter().chain([("rows", rows.to_string())]).collect(),
            Self::Gift { coupons, gifts, .. } => vec![("coupons", coupons.to_string()), ("gifts", gifts.to_string())],
            Self::Mixed { cards, operations, hold_ttl, hot_users, .. } => vec![
                ("cards", cards.to_string()),
                ("operations", operations.to_string()),
                ("hold_ttl", hold_ttl.as_secs_f64().to_string()),
                ("hot_users", hot_users.to_string()),
            ],
            Self::Checkout { users, orders, hold_ttl, apart, .. } => vec![
                ("users", users.to_string()),
                ("orders", orders.to_string()),
                ("hold_ttl", hold_ttl.as_secs_f64().to_string()),
                ("apart", apart.to_string()),
            ],
            Self::Kills { total, .. } => vec![("total", total.to_string())],
            Self::Eio { deep, .. } => vec![("deep", deep.to_string())],
            Self::Overload { lasting, .. } => vec![("lasting", lasting.as_secs_f64().to_string())],
            Self::O2o { directory, .. } => {
                let name = directory.file_name().unwrap_or(directory.as_os_str());
                vec![("trace", name.to_string_lossy().into_owned())]
            }
            Self::Echo { operations, messages, .. } => {
                vec![("operations", operations.to_string()), ("messages", format!("{messages:?}").to_lowercase())]
            }
            Self::Full { .. } | Self::EchoServer { .. } | Self::Compare(_) | Self::Report(_) => Vec::new(),
        };
        let common = self.common().map(disturbances).unwrap_or_default();
        own.into_iter().chain(common).map(|(option, value)| (option.to_owned(), value)).collect()
    }
}

fn of_till(&Till { cards, operations, skew, by, .. }: &Till) -> [(&'static str, String); 4] {
    [
        ("cards", cards.to_string()),
        ("operations", operations.to_string()),
        ("skew", format!("{skew:?}").to_lowercase()),
        ("by", format!("{by:?}").to_lowercase()),
    ]
}

/// What else the server or the plan goes through, of what the command line names.
fn disturbances(common: &Common) -> Vec<(&'static str, String)> {
    let seconds = |lasting: Option<std::time::Duration>| lasting.map(|lasting| lasting.as_secs_f64().to_string());
    let all = [
        ("retries", common.retries.map(|percent| percent.to_string())),
        ("snapshot_every", seconds(common.snapshot_every)),
        ("kill_every", seconds(common.kill_every)),
        ("fill_every", seconds(common.fill_every)),
    ];
    all.into_iter().filter_map(|(option, value)| value.map(|value| (option, value))).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::options::Options;

    #[track_caller]
    fn check(line: &str, expected: &[(&str, &str)]) {
        let options = Options::try_parse_from(line.split_whitespace()).unwrap();
        let asked = options.scenario.asked();
        assert_eq!(asked.iter().map(|(option, value)| (option.as_str(), value.as_str())).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_scenario_is_told_by_its_own_options() {
        check(
            "loadtest flash-sale --stock 7 --users 9 --in-flight 3",
            &[("greedy", "1"), ("per_user", "1"), ("stock", "7"), ("users", "9")],
        );
        check(
            "loadtest flash-sale --stock 7 --users 9 --templates 2",
            &[("greedy", "1"), ("per_user", "1"), ("stock", "7"), ("templates", "2"), ("users", "9")],
        );
        check("loadtest echo --operations 5", &[("messages", "claims"), ("operations", "5")]);
    }

    #[test]
    fn what_disturbs_it_is_told_too() {
        check(
            "loadtest o2o /some/where/june --retries 2.5 --snapshot-every 0.5",
            &[("retries", "2.5"), ("snapshot_every", "0.5"), ("trace", "june")],
        );
    }
}
