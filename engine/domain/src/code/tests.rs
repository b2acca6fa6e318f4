//! What codes promise, one fact each: fixed bytes, exact round trips, and every kind of wrong code refused for its own reason.

use super::seal::Fault;
use super::*;
use crate::crockford;
use proptest::prelude::*;

fn secret(seed: u8) -> [u8; KEY_PAIR_BYTES] {
    core::array::from_fn(|at| seed.wrapping_mul(31).wrapping_add(at as u8))
}

fn keys() -> CodeKeys {
    CodeKeys::new(1, [(0, &secret(10)), (1, &secret(11)), (7, &secret(17))]).unwrap()
}

/// Replaces the check symbol by the right one, as a guesser who knows the layout does.
fn with_right_check(mut symbols: [u8; CODE_SYMBOLS]) -> String {
    symbols[15] = check::check_symbol(symbols[..15].try_into().unwrap());
    String::from_utf8(crockford::encode(symbols).to_vec()).unwrap()
}

fn symbols_in(code: Code) -> [u8; CODE_SYMBOLS] {
    crockford::decode_typed(code.as_str()).unwrap()
}

/// A fixed sequence of well-mixed numbers (SplitMix64), so that a failure is the same each time.
fn sequence(seed: u64) -> impl Iterator<Item = u64> {
    (1_u64..).map(move |step| {
        let mixed = seed.wrapping_add(step.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    })
}

/// These bytes are printed on cards: a change of any of them is a broken card, never a new expectation.
#[test]
fn codes_of_fixed_keys_are_fixed() {
    let golden = [
        ((0, 0, 0), "2CMZYZMDQT0RGJQ2"),
        ((0, 0, 1), "2P4SEXJZPGK787DX"),
        ((1, 0, 0), "6NW0P6PC8CCB1XFH"),
        ((1, 15, 123_456_789), "55ZYBTBKY49SYNKC"),
        ((7, 255, SERIAL_MAX), "ZMDQAM5M0GBYATPN"),
    ];
    for ((version, partition, serial), code) in golden {
        assert_eq!(keys().seal(version, partition, serial).as_str(), code);
    }
}

#[test]
fn every_single_wrong_symbol_is_refused_by_the_check_symbol() {
    let keys = keys();
    for serial in [0, 1, 77_777, SERIAL_MAX] {
        let good = symbols_in(keys.seal(1, serial as u8, serial));
        for (at, wrong) in (0..CODE_SYMBOLS).flat_map(|at| (1..32).map(move |wrong| (at, wrong))) {
            let mut symbols = good;
            symbols[at] ^= wrong;
            let text = String::from_utf8(crockford::encode(symbols).to_vec()).unwrap();
            assert_eq!(keys.open_or_fault(&text), Err(Fault::Check), "symbol {at}, serial {serial}");
        }
    }
}

#[test]
fn every_single_wrong_bit_under_a_right_check_is_refused_by_the_tag() {
    let keys = keys();
    for serial in [0, 1, 77_777, SERIAL_MAX] {
        let good = crockford::bits_of(&symbols_in(keys.seal(1, serial as u8, serial)));
        for bit in crockford::SYMBOL_BITS..77 {
            let text = with_right_check(crockford::symbols_of(good ^ (1 << bit)));
            assert_eq!(keys.open_or_fault(&text), Err(Fault::Tag), "bit {bit}, serial {serial}");
        }
    }
}

#[test]
fn a_changed_code_opens_to_nothing_near_it() {
    let keys = keys();
    let good = crockford::bits_of(&symbols_in(keys.seal(1, 200, 77_777)));
    for bit in crockford::SYMBOL_BITS..77 {
        let changed = with_right_check(crockford::symbols_of(good ^ (1 << bit)));
        let contents = seal::contents_of(&keys, &changed);
        let near = contents.partition == 200 && contents.serial < 1 << 30;
        assert!(!near, "bit {bit}: {contents:?}");
    }
}

#[test]
fn a_hundred_thousand_well_formed_guesses_are_refused() {
    let keys = keys();
    let mut numbers = sequence(2);
    for _ in 0..100_000 {
        let bits = u128::from(numbers.next().unwrap()) << 64 | u128::from(numbers.next().unwrap());
        let version = [0, 1, 7][(bits >> 100) as usize % 3];
        let guess = with_right_check(crockford::symbols_of(bits & ((1 << 77) - 1) | version << 77));
        assert_eq!(keys.open_or_fault(&guess), Err(Fault::Tag));
    }
}

#[test]
fn a_version_that_is_not_held_is_refused() {
    let elsewhere = CodeKeys::new(2, [(2, &secret(12))]).unwrap();
    let code = elsewhere.seal(2, 3, 4);
    assert_eq!(keys().open_or_fault(code.as_str()), Err(Fault::Version));
    assert_eq!(keys().open(code.as_str()), Err(NotACode));
}

#[test]
fn another_secret_under_the_same_version_is_refused() {
    let elsewhere = CodeKeys::new(1, [(1, &secret(99))]).unwrap();
    assert_eq!(keys().open_or_fault(elsewhere.seal(1, 3, 4).as_str()), Err(Fault::Tag));
}

#[test]
fn a_version_opens_after_another_became_current() {
    let code = CodeKeys::new(0, [(0, &secret(10))]).unwrap().seal(0, 9, 10);
    assert_eq!(keys().current(), 1);
    assert_eq!(keys().open(code.as_str()), Ok(Opened { version: 0, partition: 9, serial: 10 }));
}

#[test]
fn the_same_secret_under_two_versions_gives_unrelated_codes() {
    let both = CodeKeys::new(0, [(0, &secret(10)), (1, &secret(10))]).unwrap();
    let [zero, one] = [0, 1].map(|version| crockford::bits_of(&symbols_in(both.seal(version, 9, 10))) >> 5);
    let sealed_bits = (1 << 72) - 1;
    assert!(((zero ^ one) & sealed_bits).count_ones() > 12);
    let relabelled = with_right_check(crockford::symbols_of((zero | 1 << 72) << 5));
    assert_eq!(both.open_or_fault(&relabelled), Err(Fault::Tag));
}

#[test]
fn texts_that_are_not_sixteen_symbols_are_refused() {
    let good = keys().seal(1, 2, 3);
    let text = good.as_str();
    for malformed in ["", "-", &text[..15], &format!("{text}0"), &text.replace(&text[3..4], "U"), "礼品卡"] {
        assert_eq!(keys().open_or_fault(malformed), Err(Fault::Symbols), "{malformed:?}");
    }
}

#[test]
fn the_grouped_form_is_four_times_four_and_opens() {
    let code = keys().seal(1, 2, 3);
    let text = code.as_str();
    let grouped = format!("{}-{}-{}-{}", &text[..4], &text[4..8], &text[8..12], &text[12..]);
    assert_eq!(code.grouped().as_str(), grouped);
    assert_eq!(keys().open(&grouped), keys().open(text));
}

#[test]
fn debug_never_shows_a_code() {
    assert_eq!(format!("{:?}", keys().seal(1, 2, 3)), "Code(…)");
}

#[test]
#[should_panic(expected = "does not fit a code")]
fn a_serial_above_34_bits_is_not_sealed() {
    keys().seal(1, 0, SERIAL_MAX + 1);
}

#[test]
#[should_panic(expected = "a version that is held")]
fn a_version_that_is_not_held_is_not_sealed() {
    keys().seal(2, 0, 0);
}

proptest! {
    #[test]
    fn what_was_sealed_opens(version in prop::sample::select(vec![0_u8, 1, 7]), partition: u8, serial in 0..=SERIAL_MAX) {
        let code = keys().seal(version, partition, serial);
        prop_assert_eq!(keys().open(code.as_str()), Ok(Opened { version, partition, serial }));
    }

    #[test]
    fn a_code_opens_as_people_type_it(partition: u8, serial in 0..=SERIAL_MAX, gaps in 0_usize..16) {
        let code = keys().seal(1, partition, serial);
        let typed = code.as_str().to_lowercase().replace('0', "o").replace('1', "l");
        let typed = format!("{} - {}", &typed[..gaps], &typed[gaps..]);
        prop_assert_eq!(keys().open(&typed), Ok(Opened { version: 1, partition, serial }));
    }
}
