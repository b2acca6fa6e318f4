//! Whether two runs can be compared: the same scenario, told to do the same, under a load of the same shape.

use std::collections::BTreeMap;

use crate::{error::Error, report::Saved};

/// What two runs do not have in common, the first of it.
///
/// # Errors
/// When there is something, named with both its values.
pub fn check(one: &Saved, other: &Saved) -> Result<(), Error> {
    let (left, right) = (traits(one), traits(other));
    for (what, was) in &left {
        // What an older file does not say may be the same.
        match right.get(what) {
            Some(is) if is != was => return Err(differ(what, (one, was), (other, is))),
            None if !other.run.asked.is_empty() => return Err(differ(what, (one, was), (other, "unset"))),
            _ => {}
        }
    }
    match right.iter().find(|(what, _)| !left.contains_key(*what)) {
        Some((what, is)) if !one.run.asked.is_empty() => Err(differ(what, (one, "unset"), (other, is))),
        _ => Ok(()),
    }
}

fn differ(what: &str, one: (&Saved, &str), other: (&Saved, &str)) -> Error {
    let side = |(saved, value): (&Saved, &str)| (saved.path.clone(), value.to_owned());
    Error::Incomparable { what: what.to_owned(), one: side(one), other: side(other) }
}

fn traits(saved: &Saved) -> BTreeMap<String, String> {
    let (run, shape) = (&saved.run, &saved.run.shape);
    let rate = shape.rate.map_or("closed loop".to_owned(), |rate| rate.to_string());
    let own = [
        ("scenario", run.scenario.clone()),
        ("mode", format!("{:?}", shape.mode).to_lowercase()),
        ("connections", shape.connections.to_string()),
        ("in_flight", shape.in_flight.to_string()),
        ("batch", shape.batch.to_string()),
        ("rate", rate),
        ("threads", shape.threads.to_string()),
    ];
    let own = own.into_iter().map(|(what, value)| (what.to_owned(), value));
    own.chain(run.asked.iter().map(|(option, value)| (format!("--{}", option.replace('_', "-")), value.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::saved::tests::OLD;

    fn saved(asked: &[(&str, &str)], change: (&str, &str)) -> Saved {
        let mut run: crate::report::saved::Run = serde_json::from_str(&OLD.replace(change.0, change.1)).unwrap();
        run.asked = asked.iter().map(|&(option, value)| (option.to_owned(), value.to_owned())).collect();
        Saved { path: "run.json".into(), run }
    }

    #[track_caller]
    fn check_differs(one: &Saved, other: &Saved, expected: &str) {
        for (one, other) in [(one, other), (other, one)] {
            match check(one, other) {
                Err(Error::Incomparable { what, .. }) => assert_eq!(what, expected),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn runs_of_one_kind_are_compared_whatever_their_seed() {
        let one = saved(&[("stock", "5")], ("", ""));
        check(&one, &saved(&[("stock", "5")], ("\"seed\": 1", "\"seed\": 9"))).unwrap();
    }

    #[test]
    fn what_runs_do_not_share_is_named() {
        let one = saved(&[("stock", "5")], ("", ""));
        check_differs(&one, &saved(&[("stock", "5")], ("flash-sale", "pos")), "scenario");
        check_differs(&one, &saved(&[("stock", "5")], ("8192", "64")), "in_flight");
        check_differs(&one, &saved(&[("stock", "5")], ("null", "700")), "rate");
        check_differs(&one, &saved(&[("stock", "6")], ("", "")), "--stock");
        check_differs(&one, &saved(&[("stock", "5"), ("snapshot_every", "1")], ("", "")), "--snapshot-every");
    }

    #[test]
    fn an_older_file_may_have_been_told_the_same() {
        let (old, new) = (saved(&[], ("", "")), saved(&[("stock", "5")], ("", "")));
        check(&old, &new).unwrap();
        check(&new, &old).unwrap();
    }
}
