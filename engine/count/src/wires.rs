//! A redemption on the wire, in place: its request read field by field, its outcome written.
//!
//! The edge reads and writes with the same functions of `proto`; what it does with the fields is not counted here.

use crate::Measure;
use prost::Message as _;
use std::hint::black_box;
use tessera_proto::v1;
use tessera_proto::wire::{self, Fields, Malformed};

/// Messages that are counted.
const MESSAGES: u64 = 4_096;

/// Most bytes of an outcome here.
const OUTCOME_BYTES: usize = 160;

const COUPON_ID: &str = "4S8RFMBNT5TH7Y2TWSPNWMR0FE";
const REDEMPTION_ID: &str = "7THG5WXABEW9MBSANM9M2DSQMV";

pub fn run(measure: &mut Measure<'_>) {
    let requests: Vec<Vec<u8>> = (0..MESSAGES).map(|number| request(number).encode_to_vec()).collect();
    let mut minor_total = 0;
    measure("request-read", MESSAGES, &mut || {
        for request in &requests {
            let read = Asked::read(request).expect("what was encoded is read");
            minor_total += black_box(&read).minor;
        }
    });
    let expected: u64 = (0..MESSAGES).map(|number| number + 100).sum();
    assert_eq!(minor_total as u64, expected, "every request was read");

    let mut out = Vec::with_capacity(MESSAGES as usize * OUTCOME_BYTES);
    measure("outcome-written", MESSAGES, &mut || {
        for number in 0..MESSAGES {
            wire::message(wire::ITEMS, &mut out, |out| write_outcome(black_box(number), out));
        }
    });
    let outcomes = v1::RedeemStreamResponse::decode(&out[..]).expect("what was written is a message").outcomes;
    assert_eq!(outcomes.len() as u64, MESSAGES, "every outcome was written");
}

fn request(number: u64) -> v1::RedeemRequest {
    let code = v1::instrument::Instrument::Code("7KQ24MXN90TRABCD".into());
    v1::RedeemRequest {
        request_id: format!("redeem-{number:08}"),
        instrument: Some(v1::Instrument { instrument: Some(code) }),
        merchant_id: "merchant-01".into(),
        order_id: format!("order-{number:08}"),
        amount: Some(v1::Money { minor: number as i64 + 100, currency: "CNY".into() }),
        channel: String::new(),
    }
}

/// The fields of a `RedeemRequest`, borrowed.
#[derive(Default)]
struct Asked<'a> {
    texts: [&'a str; 5],
    minor: i64,
}

impl<'a> Asked<'a> {
    fn read(message: &'a [u8]) -> Result<Asked<'a>, Malformed> {
        let (mut asked, mut fields) = (Asked::default(), Fields::of(message));
        while let Some(field) = fields.read()? {
            match field.number {
                1 => asked.texts[0] = field.value.text()?,
                2 => asked.read_instrument(field.value.bytes()?)?,
                3 => asked.texts[1] = field.value.text()?,
                4 => asked.texts[2] = field.value.text()?,
                5 => asked.read_amount(field.value.bytes()?)?,
                _ => {}
            }
        }
        Ok(asked)
    }

    fn read_instrument(&mut self, message: &'a [u8]) -> Result<(), Malformed> {
        let mut fields = Fields::of(message);
        while let Some(field) = fields.read()? {
            self.texts[3] = field.value.text()?;
        }
        Ok(())
    }

    fn read_amount(&mut self, message: &'a [u8]) -> Result<(), Malformed> {
        let mut fields = Fields::of(message);
        while let Some(field) = fields.read()? {
            match field.number {
                1 => self.minor = field.value.int64()?,
                _ => self.texts[4] = field.value.text()?,
            }
        }
        Ok(())
    }
}

/// A `RedeemOutcome` that was accepted.
fn write_outcome(number: u64, out: &mut Vec<u8>) {
    wire::string(1, b"redeem-00000000", out);
    wire::message(2, out, |out| {
        wire::string(1, REDEMPTION_ID.as_bytes(), out);
        wire::string(2, COUPON_ID.as_bytes(), out);
        wire::message(3, out, |out| {
            wire::string(1, b"CNY", out);
            wire::number(2, number + 100, out);
            wire::number(3, number + 100, out);
            wire::some_number(5, 1_000_000, out);
        });
        wire::number(4, 1_700_000_000_000, out);
        wire::message(5, out, |out| {
            wire::number(1, 3, out);
            wire::number(2, number, out);
        });
    });
}
