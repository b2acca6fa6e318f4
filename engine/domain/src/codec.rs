//! Events as bytes: `kind u8, version u8, length u32 LE, body`. The only room that names bincode.
//!
//! The body is bincode 2 with little-endian variable-length integers, at most [`BODY_BYTES_MAX`].
//! A released (kind, version) is never edited; golden bytes of each are
//! kept in `fixtures/` and decoded by the tests for ever. What does not decode exactly, to its last
//! byte, is refused: a journal is either understood or not read.

use crate::event::*;
use bincode::config::{Configuration, standard};
use bincode::enc::write::Writer;
use bincode::error::EncodeError;
pub(crate) use bincode::{BorrowDecode, Encode};

/// Bytes before a body.
pub const HEADER_BYTES: usize = 6;

/// Most bytes of a body: texts and lists are bounded far below by their own limits, and a frame holds several.
pub const BODY_BYTES_MAX: usize = 128 * 1024;

const CONFIG: Configuration = standard();

/// Why bytes are not an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAnEvent {
    /// Fewer bytes than the header or its length say.
    Short,
    /// A kind and version that this build does not know.
    Unknown {
        /// The kind.
        kind: u8,
        /// The version.
        version: u8,
    },
    /// The body does not decode, or not to its end.
    Malformed {
        /// The kind.
        kind: u8,
        /// The version.
        version: u8,
    },
}

impl std::fmt::Display for NotAnEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NotAnEvent::Short => write!(f, "an event is cut short"),
            NotAnEvent::Unknown { kind, version } => {
                write!(f, "event kind {kind} version {version} is unknown to this build: use a newer one")
            }
            NotAnEvent::Malformed { kind, version } => write!(f, "an event of kind {kind} version {version} does not decode"),
        }
    }
}

impl std::error::Error for NotAnEvent {}

/// Ties each event to its final kind and version, in both directions.
macro_rules! kinds {
    ($($variant:ident = $kind:literal . $version:literal;)*) => {
        /// Appends the event to `out`.
        pub fn encode(event: &Event<'_>, out: &mut Vec<u8>) {
            match event { $(Event::$variant(body) => encode_body($kind, $version, body, out),)* }
        }

        /// Reads the event at the start of `bytes`; gives it and how many bytes it took.
        pub fn decode(bytes: &[u8]) -> Result<(Event<'_>, usize), NotAnEvent> {
            let (&[kind, version, a, b, c, d], rest) = bytes.split_first_chunk().ok_or(NotAnEvent::Short)?;
            let length = u32::from_le_bytes([a, b, c, d]) as usize;
            let body = rest.get(..length).ok_or(NotAnEvent::Short)?;
            let event = match (kind, version) {
                $(($kind, $version) => decode_body(body).map(Event::$variant),)*
                _ => return Err(NotAnEvent::Unknown { kind, version }),
            };
            Ok((event.ok_or(NotAnEvent::Malformed { kind, version })?, HEADER_BYTES + length))
        }

        /// The name of an event.
        pub fn name_of(event: &Event<'_>) -> &'static str {
            match event { $(Event::$variant(_) => stringify!($variant),)* }
        }

        /// Name, kind and version of every event that this build reads; it writes all but those whose name ends in an older version.
        pub const KINDS: &[(&str, u8, u8)] = &[$((stringify!($variant), $kind, $version)),*];
    };
}

kinds! {
    TermsAdoptedV1 = 1 . 1;
    TermsAdopted = 1 . 2;
    ClaimedV1 = 2 . 1;
    Claimed = 2 . 2;
    RedeemedV1 = 3 . 1;
    Redeemed = 3 . 2;
    Refused = 4 . 1;
    RefundedV1 = 5 . 1;
    Refunded = 5 . 2;
    RequestsForgotten = 6 . 1;
    Joined = 7 . 1;
    Held = 8 . 1;
    Captured = 9 . 1;
    HoldEnded = 10 . 1;
    CouponBlocked = 11 . 1;
    UserBlocked = 12 . 1;
    Expired = 13 . 1;
    Voided = 14 . 1;
    Forgotten = 15 . 1;
    StockOpened = 16 . 1;
    StockSet = 17 . 1;
    LeaseGranted = 18 . 1;
    LeaseReclaimed = 19 . 1;
    LeaseReceived = 20 . 1;
    LeaseReturned = 21 . 1;
    PartHeld = 22 . 1;
    PartRedeemed = 23 . 1;
    PartCaptured = 24 . 1;
    PartReleased = 25 . 1;
    PartRefunded = 26 . 1;
    CheckedOut = 27 . 1;
    CheckoutReleased = 28 . 1;
    CheckoutRefunded = 29 . 1;
    SagaOpened = 30 . 1;
    SagaAnswered = 31 . 1;
    LineSent = 32 . 1;
    LineReceived = 33 . 1;
    LineAcknowledged = 34 . 1;
    SagaCheckedOut = 35 . 1;
    SagaRefused = 36 . 1;
    SagaEnded = 37 . 1;
    CapturedApart = 38 . 1;
    RefundedApartV1 = 39 . 1;
    RefundedApart = 39 . 2;
    BatchOpened = 40 . 1;
    CardsMade = 41 . 1;
    BatchCompleted = 42 . 1;
    BatchTaken = 43 . 1;
    Activated = 44 . 1;
    Reloaded = 45 . 1;
    Adjusted = 46 . 1;
    Replaced = 47 . 1;
    GiftOffered = 48 . 1;
    GiftEnded = 49 . 1;
    GiftAccepted = 50 . 1;
    GiftReceived = 51 . 1;
    GiftArrived = 52 . 1;
    PoolOpened = 53 . 1;
    BudgetSet = 54 . 1;
    PoolLeased = 55 . 1;
    Restocked = 56 . 1;
    DayDropped = 57 . 1;
    PartReacquired = 58 . 1;
    Pledged = 59 . 1;
    PledgeEnded = 60 . 1;
    TermsVoided = 61 . 1;
    VoidedWithTemplate = 62 . 1;
    TemplateCreatedV1 = 64 . 1;
    TemplateCreated = 64 . 2;
    TemplateUpdatedV1 = 65 . 1;
    TemplateUpdated = 65 . 2;
    TemplateStopped = 66 . 1;
    TemplateVoided = 67 . 1;
    TemplateResumed = 68 . 1;
    CardImported = 70 . 1;
}

/// Kind and version of what stands inside of an event as bytes of its own.
const RULES: (u8, u8) = (128, 1);

/// Rules that say something which the first version had no words for.
const RULES_V2: (u8, u8) = (128, 2);

/// Rules that say something which the second version had no words for.
const RULES_V3: (u8, u8) = (128, 3);

/// See [`RULES`].
const DISPLAY: (u8, u8) = (129, 1);

/// See [`RULES`].
const ORDER: (u8, u8) = (130, 1);

/// See [`RULES`].
const RETURNS: (u8, u8) = (131, 1);

/// What stands in an image as bytes of its own.
const CHECKOUT: (u8, u8) = (132, 1);

/// See [`CHECKOUT`].
const SAGA: (u8, u8) = (133, 1);

/// See [`RULES`].
const TENDER: (u8, u8) = (134, 1);

/// The bytes of a template's rules.
pub(crate) fn encode_rules(rules: &RulesBody<'_>) -> Vec<u8> {
    encoded_part(RULES, rules)
}

/// The rules that these bytes are, if they are all of it.
pub(crate) fn decode_rules(bytes: &[u8]) -> Option<RulesBody<'_>> {
    decoded_part(RULES, bytes)
}

/// The same in the second version.
pub(crate) fn encode_rules_v2(rules: &RulesBodyV2<'_>) -> Vec<u8> {
    encoded_part(RULES_V2, rules)
}

/// The same in the second version.
pub(crate) fn decode_rules_v2(bytes: &[u8]) -> Option<RulesBodyV2<'_>> {
    decoded_part(RULES_V2, bytes)
}

/// The same in the third version.
pub(crate) fn encode_rules_v3(rules: &RulesBodyV3<'_>) -> Vec<u8> {
    encoded_part(RULES_V3, rules)
}

/// The same in the third version.
pub(crate) fn decode_rules_v3(bytes: &[u8]) -> Option<RulesBodyV3<'_>> {
    decoded_part(RULES_V3, bytes)
}

/// The bytes of what people see of a template beside its name.
pub(crate) fn encode_display(display: &DisplayBody<'_>) -> Vec<u8> {
    encoded_part(DISPLAY, display)
}

/// What people see that these bytes are, if they are all of it.
pub(crate) fn decode_display(bytes: &[u8]) -> Option<DisplayBody<'_>> {
    decoded_part(DISPLAY, bytes)
}

/// The bytes of an order with its shares.
pub(crate) fn encode_order(order: &OrderBody<'_>) -> Vec<u8> {
    encoded_part(ORDER, order)
}

/// The order that these bytes are, if they are all of it.
pub fn decode_order(bytes: &[u8]) -> Option<OrderBody<'_>> {
    decoded_part(ORDER, bytes)
}

/// The bytes of units that came back.
pub(crate) fn encode_returns(returns: &ReturnsBody) -> Vec<u8> {
    encoded_part(RETURNS, returns)
}

/// The units that these bytes are, if they are all of it.
pub fn decode_returns(bytes: &[u8]) -> Option<ReturnsBody> {
    decoded_part(RETURNS, bytes)
}

/// The bytes of a checkout in an image.
pub(crate) fn encode_checkout(checkout: &CheckoutBody<'_>) -> Vec<u8> {
    encoded_part(CHECKOUT, checkout)
}

/// The checkout that these bytes are, if they are all of it.
pub(crate) fn decode_checkout(bytes: &[u8]) -> Option<CheckoutBody<'_>> {
    decoded_part(CHECKOUT, bytes)
}

/// The bytes of a saga in an image.
pub(crate) fn encode_saga(saga: &SagaBody) -> Vec<u8> {
    encoded_part(SAGA, saga)
}

/// The saga that these bytes are, if they are all of it.
pub(crate) fn decode_saga(bytes: &[u8]) -> Option<SagaBody> {
    decoded_part(SAGA, bytes)
}

/// The bytes of a saga's instruments.
pub(crate) fn encode_tender(tender: &TenderBody) -> Vec<u8> {
    encoded_part(TENDER, tender)
}

/// The instruments that these bytes are, if they are all of it.
pub fn decode_tender(bytes: &[u8]) -> Option<TenderBody> {
    decoded_part(TENDER, bytes)
}

fn encoded_part((kind, version): (u8, u8), body: &impl Encode) -> Vec<u8> {
    let mut out = Vec::new();
    encode_body(kind, version, body, &mut out);
    out
}

fn decoded_part<'a, T: BorrowDecode<'a, ()>>((kind, version): (u8, u8), bytes: &'a [u8]) -> Option<T> {
    let (&[is_kind, is_version, a, b, c, d], body) = bytes.split_first_chunk()?;
    let is_it = (is_kind, is_version) == (kind, version) && u32::from_le_bytes([a, b, c, d]) as usize == body.len();
    is_it.then(|| decode_body(body)).flatten()
}

/// The bytes of a line's message: kind, version, body to the end.
pub(crate) fn encode_message(kind: [u8; 2], body: &impl Encode) -> Box<[u8]> {
    let mut out = kind.to_vec();
    bincode::encode_into_writer(body, Append(&mut out), CONFIG).expect("encoding into memory does not fail");
    out.into()
}

/// The body of a line's message, if it is all that follows its kind and version.
pub(crate) fn decode_message<'a, T: BorrowDecode<'a, ()>>(body: &'a [u8]) -> Option<T> {
    decode_body(body)
}

/// The bytes of one event.
pub(crate) fn encoded(event: &Event<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    encode(event, &mut out);
    out
}

#[inline]
fn encode_body(kind: u8, version: u8, body: &impl Encode, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[kind, version, 0, 0, 0, 0]);
    bincode::encode_into_writer(body, Append(out), CONFIG).expect("encoding into memory does not fail");
    let length = out.len() - start - HEADER_BYTES;
    assert!(length <= BODY_BYTES_MAX, "a body is bounded: {length} bytes");
    out[start + 2..start + HEADER_BYTES].copy_from_slice(&(length as u32).to_le_bytes());
}

fn decode_body<'a, T: BorrowDecode<'a, ()>>(body: &'a [u8]) -> Option<T> {
    let (event, used) = bincode::borrow_decode_from_slice(body, CONFIG).ok()?;
    (used == body.len()).then_some(event)
}

/// Iterates the events of a frame's payload.
pub fn events(mut payload: &[u8]) -> impl Iterator<Item = Result<Event<'_>, NotAnEvent>> {
    std::iter::from_fn(move || {
        if payload.is_empty() {
            return None;
        }
        match decode(payload) {
            Ok((event, used)) => {
                payload = &payload[used..];
                Some(Ok(event))
            }
            Err(error) => {
                payload = &[];
                Some(Err(error))
            }
        }
    })
}

struct Append<'a>(&'a mut Vec<u8>);

impl Writer for Append<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}
