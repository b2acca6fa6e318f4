//! A rejection of the domain as a refusal on the wire: the same number, a sentence, and advice on when to come back.

use tessera_proto::v1;

use crate::domain::{Reason, Rejection};

/// The refusal that says what `rejection` says.
pub fn of(rejection: &Rejection) -> v1::Refusal {
    let reason = i32::from(rejection.reason as u16);
    v1::Refusal {
        reason,
        message: sentence(rejection),
        field: rejection.field.to_owned(),
        value: rejection.value,
        retry_may_differ: rejection.reason.retry_may_differ(),
        retry_after_ms: retry_after_ms(rejection.reason),
    }
}

fn sentence(rejection: &Rejection) -> String {
    let sentence = rejection.reason.sentence();
    match (rejection.field, rejection.value) {
        ("", _) => sentence.to_owned(),
        (field, 0) => format!("{field}: {sentence}"),
        (field, limit) => format!("{field}: {sentence} ({limit})"),
    }
}

/// When to ask again, in ms, where time alone helps; 0 elsewhere.
fn retry_after_ms(reason: Reason) -> i64 {
    match reason {
        Reason::NotOwner => 100,
        Reason::Overloaded => 50,
        Reason::StockBusy => 200,
        Reason::Draining | Reason::LogFull | Reason::Recovering => 1_000,
        Reason::RequestStoreFull => 60_000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status;

    #[test]
    fn every_reason_has_its_number_and_name_on_the_wire() {
        for &reason in Reason::ALL {
            let on_the_wire = of(&reason.into()).reason();
            assert_eq!(status::name(on_the_wire), reason.wire_name());
        }
    }

    #[test]
    fn the_wire_has_no_reason_that_the_domain_does_not_know() {
        let known = (1..=99).filter(|&number| v1::Reason::try_from(number).is_ok()).count();
        assert_eq!(known, Reason::ALL.len());
    }

    #[test]
    fn a_refused_field_is_named_with_its_limit() {
        let refusal = of(&Rejection::invalid("user_id", 64));
        assert_eq!(refusal.message, "user_id: a field is missing, malformed or beyond its limit (64)");
        assert_eq!((refusal.field.as_str(), refusal.value, refusal.retry_may_differ), ("user_id", 64, false));
    }

    #[test]
    fn overload_says_when_to_come_back() {
        let refusal = of(&Reason::Overloaded.into());
        assert!(refusal.retry_may_differ && refusal.retry_after_ms > 0);
    }
}
