//! Codes and ids: what opens, sealed again, is the text as people may type it; a damaged one opens to nothing.

use crate::bend::{Random, bent, noise, one_in};
use crate::{Check, Outcome};
use tessera_domain::code::{CODE_SYMBOLS, CodeKeys, Opened, SERIAL_MAX};
use tessera_domain::crockford::decode_typed;
use tessera_domain::sealed_id::{ID_PARTITION_MAX, IdKeys, IdType};

pub(crate) fn prepare() -> Check {
    let secret: [u8; 32] = core::array::from_fn(|at| at as u8 + 1);
    let (keys, ids) = (CodeKeys::new(1, [(1, &secret)]).expect("a key"), IdKeys::new(&secret).expect("a key"));
    Box::new(move |case| {
        let mut random = Random(case);
        match one_in(&mut random, 3) {
            true => check_id(&ids, &mut random),
            false => check_code(&keys, &mut random),
        }
    })
}

/// Text of any kind, from a sealed one.
fn typed(random: &mut Random, sealed: &str) -> String {
    match random.below(4) {
        0 => sealed.to_owned(),
        1 => sealed.to_lowercase().replace('0', "o").replace('1', "i"),
        2 => {
            let length = random.below(40);
            String::from_utf8_lossy(&noise(random, length)).into_owned()
        }
        _ => String::from_utf8_lossy(&bent(random, &[sealed.as_bytes().to_vec()])).into_owned(),
    }
}

fn check_code(keys: &CodeKeys, random: &mut Random) -> Outcome {
    let given = Opened { version: 1, partition: random.next_u64() as u8, serial: random.next_u64() & SERIAL_MAX };
    let sealed = keys.seal(given.version, given.partition, given.serial);
    let text = typed(random, sealed.as_str());
    let is_the_same = decode_typed::<CODE_SYMBOLS>(&text).is_some_and(|symbols| decode_typed(sealed.as_str()) == Some(symbols));
    let opened = keys.open(&text);
    assert_eq!(opened.is_ok(), is_the_same, "a code opens when its symbols are those that were sealed: {text:?}");
    match opened {
        Ok(opened) => {
            assert_eq!(opened, given);
            Outcome::Accepted
        }
        Err(_) => Outcome::Refused,
    }
}

fn check_id(keys: &IdKeys, random: &mut Random) -> Outcome {
    let (partition, number) = (random.next_u64() as u16 % (ID_PARTITION_MAX + 1), random.next_u64() >> 24);
    let sealed = keys.seal(IdType::Coupon, partition, number);
    let text = typed(random, sealed.as_str());
    match keys.open(IdType::Coupon, &text) {
        Ok(opened) => {
            assert_eq!(
                keys.seal(IdType::Coupon, opened.0, opened.1).as_str(),
                sealed.as_str(),
                "only what was sealed opens: {text:?}"
            );
            assert_eq!(opened, (partition, number));
            Outcome::Accepted
        }
        Err(_) => Outcome::Refused,
    }
}
