//! The plain model and its replay, over stories of one card and one one-use coupon.

use std::collections::HashMap;

use tessera_proto::v1::{CouponStatus, Reason};

use super::{
    account::Account,
    replay::{self, Seen},
    times::{Tick, Times},
    *,
};
use crate::{
    ids::Ids,
    plan::{
        Plan as _,
        mix::{Ask, Replacement, Told},
    },
    wire::answer::Accepted,
};

const CARD: u32 = 0;
const COUPON: u32 = 3;

/// A coupon of an account that is dealt at instant 1,000; card 6 can be used until 2,000.
struct Tale {
    deck: Deck,
    dealt: Vec<Record>,
    steps: Vec<(Ask, Option<Told>, Record)>,
}

impl Tale {
    fn new() -> Self {
        let deck = Deck::new(8, 1_000, Ids::of_run(1));
        for coupon in 0..8_u32 {
            let until = if deck.terms_of(coupon).valid_ms > 0 { 2_000 } else { 0 };
            let id = format!("C{coupon}");
            let reply = Accepted { coupon_id: id.as_bytes(), use_from_ms: 1_000, use_until_ms: until, ..Default::default() };
            deck.accepted(coupon.into(), &reply);
        }
        let dealt = vec![Record { sent_ns: 1, answered_ns: 2, sends: 1, ..Record::UNSENT }; 8];
        Self { deck, dealt, steps: Vec::new() }
    }

    /// Each step is sent after the one before was answered.
    fn step(mut self, ask: Ask, answer: Result<Told, (Reason, i64)>) -> Self {
        let place = self.steps.len() as u64 + 1;
        let record = Record { sent_ns: place * 10, answered_ns: place * 10 + 5, lsn: place, sends: 1, ..Record::UNSENT };
        let (told, record) = match answer {
            Ok(told) => (Some(told), record),
            Err((reason, value)) => (None, Record { reason: i32::from(reason) as u16, amount: value, ..record }),
        };
        self.steps.push((ask, told, record));
        self
    }

    /// The last step was under way from the first one's end to that of one that is not told here.
    fn overlapping(mut self) -> Self {
        if let Some((_, _, record)) = self.steps.last_mut() {
            (record.sent_ns, record.answered_ns) = (3, u64::MAX);
        }
        self
    }

    fn replay(&self, ticks: &[Tick]) -> (Option<Account>, Vec<String>) {
        let (mut findings, user) = (Findings::default(), user_of(self.steps[0].0.coupon));
        let played = Played { measured: crate::drive::Measured::empty(0, None).unwrap(), acts: Vec::new() };
        let story = Story { deck: &self.deck, dealt: &self.dealt, played: &played, ticks };
        let told = (0_u64..).zip(&self.steps).map(|(operation, (ask, told, record))| Seen {
            operation,
            ask,
            told: told.as_ref(),
            record,
            joins: None,
        });
        let own = told.clone().filter_map(|seen| {
            let Record { partition, sent_ns, answered_ns, .. } = *seen.record;
            Some(Tick { partition, sent_ns, answered_ns, at_ms: seen.told?.at_ms, is_past: seen.tells_of_past() })
        });
        let times = Times::of(own.chain(ticks.iter().copied()));
        let account = replay::account(&story, &times, user, &told.collect::<Vec<_>>(), &mut findings);
        (account, findings.listed.iter().map(ToString::to_string).collect())
    }

    #[track_caller]
    fn check(&self, expected: &[&str]) {
        let (_, found) = self.replay(&[]);
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.contains(expected), "{expected:?} is not in {found:?}");
        }
    }
}

fn ask(verb: Verb, coupon: u32, amount: i64) -> Ask {
    Ask { amount: Some(amount), ..Ask::new(verb, coupon, 7) }
}

fn about(verb: Verb, coupon: u32, first: u64) -> Ask {
    Ask { first, ..Ask::new(verb, coupon, 7) }
}

fn paid(at_ms: i64, amount: i64, balance_after: i64) -> Told {
    Told { at_ms, amount, applied: amount, balance_after: Some(balance_after), ..Told::default() }
}

fn hold(at_ms: i64, amount: i64) -> (Ask, Result<Told, (Reason, i64)>) {
    let ask = Ask { ttl_ms: 500, ..ask(Verb::Hold, CARD, amount) };
    let told = Told { until_ms: at_ms + 500, balance_after: None, ..paid(at_ms, amount, 0) };
    (ask, Ok(told))
}

fn held() -> Tale {
    let (ask, told) = hold(1_000, 100);
    Tale::new().step(ask, told)
}

#[test]
fn a_hold_and_its_capture_are_right() {
    held().step(about(Verb::Capture, CARD, 0), Ok(paid(1_499, 100, 999_900))).check(&[]);
}

#[test]
fn a_capture_refused_before_the_deadline_is_found() {
    let refused = Err((Reason::HoldExpired, 1_500));
    let later = ask(Verb::Redeem, CARD, 1);
    let tale = held().step(about(Verb::Capture, CARD, 0), refused).step(Ask { order: 8, ..later }, Ok(paid(1_499, 1, 999_899)));
    tale.check(&["Capture of coupon 0 was refused with HOLD_EXPIRED(1500), accepted follows"]);
}

#[test]
fn a_capture_refused_about_the_deadline_is_right() {
    let refused = Err((Reason::HoldExpired, 1_500));
    let later = Ask { order: 8, ..ask(Verb::Redeem, CARD, 1) };
    held().step(about(Verb::Capture, CARD, 0), refused).step(later, Ok(paid(1_500, 1, 999_999))).check(&[]);
}

#[test]
fn a_capture_at_its_deadline_is_found() {
    let tale = held().step(about(Verb::Capture, CARD, 0), Ok(paid(1_500, 100, 999_900)));
    tale.check(&["Capture of coupon 0 was accepted, HOLD_EXPIRED follows"]);
}

#[test]
fn a_late_capture_that_insists_takes_the_value_anew() {
    let insisting = Ask { insists: true, ..about(Verb::Capture, CARD, 0) };
    held().step(insisting, Ok(Told { is_late: true, ..paid(1_600, 100, 999_900) })).check(&[]);
}

#[test]
fn value_that_does_not_come_back_is_found() {
    let released = Told { at_ms: 1_100, ..Told::default() };
    let tale = held().step(about(Verb::Release, CARD, 0), Ok(released));
    tale.step(Ask { order: 8, ..ask(Verb::Redeem, CARD, 1) }, Ok(paid(1_200, 1, 999_899))).check(&["the model says"]);
}

#[test]
fn a_second_release_tells_of_the_first_one_s_instant() {
    let released = || Ok(Told { at_ms: 1_100, ..Told::default() });
    let tale = held().step(about(Verb::Release, CARD, 0), released());
    let tale = tale.step(Ask { order: 8, ..ask(Verb::Redeem, CARD, 1) }, Ok(paid(1_200, 1, 999_999)));
    tale.step(about(Verb::Release, CARD, 0), released()).check(&[]);
}

#[test]
fn a_release_that_says_expired_too_early_is_found() {
    let expired = Told { at_ms: 1_100, is_late: true, ..Told::default() };
    let tale = held().step(about(Verb::Release, CARD, 0), Ok(expired));
    let later = Ask { order: 8, ..ask(Verb::Redeem, CARD, 1) };
    tale.step(later, Ok(paid(1_200, 1, 999_899))).check(&["is_late: true"]);
}

#[test]
fn a_refusal_may_have_met_any_state_that_it_overlaps() {
    let (first, told) = hold(1_000, 999_000);
    let refused = Err((Reason::InsufficientBalance, 1_000));
    let other = Ask { order: 8, ..ask(Verb::Redeem, CARD, 2_000) };
    Tale::new().step(first, told.clone()).step(other, refused).overlapping().check(&[]);
    let wrong = Err((Reason::InsufficientBalance, 1_001));
    let tale = Tale::new().step(first, told).step(other, wrong).overlapping();
    tale.check(&["INSUFFICIENT_BALANCE(1001), accepted or INSUFFICIENT_BALANCE(1000) follows"]);
}

#[test]
fn frozen_takes_no_hold_and_a_live_one_is_captured_all_the_same() {
    let freeze = Ask { block: 2, ..Ask::new(Verb::Freeze, CARD, 7) };
    let frozen = || Ok(Told { at_ms: 1_100, blocks: 0b100, ..Told::default() });
    held().step(freeze, frozen()).step(about(Verb::Capture, CARD, 0), Ok(paid(1_200, 100, 999_900))).check(&[]);
    let other = Ask { order: 8, ..hold(1_200, 5).0 };
    held().step(freeze, frozen()).step(other, hold(1_200, 5).1).check(&["Hold of coupon 0 was accepted, COUPON_FROZEN follows"]);
}

#[test]
fn an_account_s_freeze_holds_for_each_of_its_coupons() {
    let freeze = Ask { block: 3, insists: true, ..Ask::new(Verb::FreezeUser, CARD, 7) };
    let frozen = Told { at_ms: 1_100, blocks: 0b1000, revoked: 1, ..Told::default() };
    let other = ask(Verb::Redeem, CARD + 1, 5_000);
    let tale = held().step(freeze, Ok(frozen)).step(other, Err((Reason::CouponFrozen, 0)));
    tale.step(about(Verb::Capture, CARD, 0), Err((Reason::HoldReleased, 0))).check(&[]);
}

#[test]
fn a_void_takes_what_is_there_and_a_refund_moves_to_another_card() {
    let redeem = ask(Verb::Redeem, CARD, 100);
    let void = Told { at_ms: 1_200, total: 999_900, ..Told::default() };
    let replacement = Some(Replacement { id: "N".into(), until_ms: 1_300 + coupon::REOPENED_MS });
    let status = CouponStatus::Void.into();
    let refunded = Told { at_ms: 1_300, amount: 30, balance_after: Some(0), status, replacement, ..Told::default() };
    let tale = Tale::new().step(redeem, Ok(paid(1_100, 100, 999_900))).step(Ask::new(Verb::Void, CARD, 7), Ok(void));
    let refund = Ask { amount: Some(30), ..about(Verb::Refund, CARD, 0) };
    let tale = tale.step(refund, Ok(refunded)).step(hold(1_400, 5).0, Err((Reason::OrderAlreadyRedeemed, 0)));
    let (account, found) = tale.replay(&[]);
    assert_eq!(found, Vec::<String>::new());
    let account = account.unwrap();
    let (card, new) = (account.coupon(CARD).unwrap(), &account.replacements[0].1);
    assert_eq!((card.loaded, card.captured, card.voided, new.loaded, new.available), (999_970, 70, 999_900, 30, 30));
}

#[test]
fn a_refund_above_what_is_left_is_found() {
    let refunded = |amount, total: i64| Told {
        at_ms: 1_200,
        amount,
        balance_after: Some(999_900 + total),
        status: CouponStatus::Active.into(),
        ..Told::default()
    };
    let refund = |amount| Ask { amount: Some(amount), ..about(Verb::Refund, CARD, 0) };
    let tale = Tale::new().step(ask(Verb::Redeem, CARD, 100), Ok(paid(1_100, 100, 999_900)));
    let tale = tale.step(refund(60), Ok(refunded(60, 60))).step(refund(41), Ok(refunded(41, 101)));
    tale.check(&["Refund of coupon 0 was accepted, REFUND_EXCEEDS_CAPTURE follows"]);
}

#[test]
fn what_is_held_beyond_the_end_is_captured_and_the_rest_expires() {
    let hold = Ask { amount: Some(100), ttl_ms: 0, ..Ask::new(Verb::Hold, 6, 7) };
    let told = Told { until_ms: 1_900 + coupon::HOLD_TTL_DEFAULT_MS, ..paid(1_900, 100, 999_900) };
    let part = Ask { amount: Some(40), ..about(Verb::Capture, 6, 0) };
    let tale = Tale::new().step(hold, Ok(told)).step(part, Ok(paid(2_100, 40, 0)));
    let (account, found) = tale.replay(&[]);
    assert_eq!(found, Vec::<String>::new());
    let card = account.unwrap().coupon(6).unwrap().clone();
    assert_eq!((card.available, card.captured, card.expired), (0, 40, 999_960));
}

#[test]
fn a_one_use_coupon_is_held_by_one_order_and_its_discount_never_grows() {
    // 20 % off, at most 3,000.
    let seven = |verb, amount| Ask { coupon: 1, ..ask(verb, 1, amount) };
    let told = Told { amount: 5_000, applied: 1_000, payable: 4_000, at_ms: 1_100, ..Told::default() };
    let hold = Told { until_ms: 1_100 + coupon::HOLD_TTL_DEFAULT_MS, ..told.clone() };
    let captured = Told { amount: 9_000, payable: 8_000, at_ms: 1_200, ..told };
    let tale = Tale::new().step(seven(Verb::Hold, 5_000), Ok(hold));
    let tale = tale.step(Ask { order: 8, ..seven(Verb::Redeem, 5_000) }, Err((Reason::CouponHeld, 0)));
    let capture = Ask { amount: Some(9_000), ..about(Verb::Capture, 1, 0) };
    tale.step(capture, Ok(captured)).step(Ask::new(Verb::Void, 1, 7), Err((Reason::CouponUsed, 0))).check(&[]);
}

#[test]
fn below_the_threshold_nothing_is_used() {
    let order = ask(Verb::Redeem, COUPON, 9_000);
    Tale::new().step(order, Err((Reason::BelowThreshold, 1_000))).check(&[]);
    Tale::new().step(order, Err((Reason::BelowThreshold, 999))).check(&["BELOW_THRESHOLD(999), BELOW_THRESHOLD(1000) follows"]);
}

#[test]
fn a_coupon_as_it_stands_is_shown_and_anything_else_is_found() {
    let tale = held();
    let account = tale.replay(&[]).0.unwrap();
    let balance = tessera_proto::v1::StoredBalance {
        currency: "CNY".into(),
        loaded_minor: 1_000_000,
        available_minor: 999_900,
        held_minor: 100,
        ..Default::default()
    };
    let shown = tessera_proto::v1::Coupon {
        coupon_id: "C0".into(),
        status: CouponStatus::Active.into(),
        balance: Some(balance),
        live_holds: 1,
        ..Default::default()
    };
    let other = tessera_proto::v1::Coupon { coupon_id: "C1".into(), status: CouponStatus::Active.into(), ..Default::default() };
    let look = |from_ms, to_ms| {
        let mut findings = Findings::default();
        let wallet = [shown.clone(), other.clone()];
        view::check(&tale.deck, 0, &account, &wallet, view::Reading { from_ms, to_ms }, &mut findings);
        findings.listed.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(look(1_400, 1_600), Vec::<String>::new());
    let after = look(1_500, 1_600);
    let expected = "live_holds is 1, 0 follows, available is 999900, 1000000 follows, held is 100, 0 follows";
    assert!(after.len() == 1 && after[0].contains(expected), "{after:?}");
}

#[test]
fn the_lowest_operation_of_a_redemption_made_it() {
    let redeem = ask(Verb::Redeem, CARD, 5);
    let told = |id: &str| Some(Told { id: id.into(), ..Told::default() });
    let acts = ["A", "B", "A"].map(|id| crate::plan::mix::Act { ask: redeem, told: told(id) });
    let tale = Tale::new();
    let played = Played { measured: crate::drive::Measured::empty(0, None).unwrap(), acts: acts.into() };
    let story = Story { deck: &tale.deck, dealt: &tale.dealt, played: &played, ticks: &[] };
    assert_eq!(joins(&story), HashMap::from([(2, 0)]));
}
