//! Whether two runs can be compared: the same scenario, told to do the same, under a load of the same shape.

use crate::{error::Error, report::Saved};

/// Finds what two runs do not have in common.
///
/// # Errors
/// When there is something: the first of it, with both its values.
pub fn check(one: &Saved, other: &Saved) -> Result<(), Error> {
    let (left, right) = (shape(one), shape(other));
    if let Some(((what, was), (_, is))) = left.iter().zip(&right).find(|(was, is)| was != is) {
        return Err(differ(what, (one, was), (other, is)));
    }
    let (left, right) = (&one.run.asked, &other.run.asked);
    // An older file may have been told the same.
    if left.is_empty() || right.is_empty() {
        return Ok(());
    }
    let unset = "unset".to_owned();
    let Some(option) = left.keys().chain(right.keys()).find(|&option| left.get(option) != right.get(option)) else {
        return Ok(());
    };
    let (was, is) = (left.get(option).unwrap_or(&unset), right.get(option).unwrap_or(&unset));
    Err(differ(&format!("--{}", option.replace('_', "-")), (one, was), (other, is)))
}

fn differ(what: &str, one: (&Saved, &str), other: (&Saved, &str)) -> Error {
    let side = |(saved, value): (&Saved, &str)| (saved.path.clone(), value.to_owned());
    Error::Incomparable { what: what.to_owned(), one: side(one), other: side(other) }
}

/// What shaped a run, what matters most first.
fn shape(saved: &Saved) -> [(&'static str, String); 7] {
    let (run, shape) = (&saved.run, &saved.run.shape);
    [
        ("scenario", run.scenario.clone()),
        ("mode", format!("{:?}", shape.mode).to_lowercase()),
        ("connections", shape.connections.to_string()),
        ("in_flight", shape.in_flight.to_string()),
        ("batch", shape.batch.to_string()),
        ("rate", shape.rate.map_or("closed loop".to_owned(), |rate| rate.to_string())),
        ("threads", shape.threads.to_string()),
    ]
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
