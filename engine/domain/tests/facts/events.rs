//! One sample of every event kind, with a different number in every field.

use tessera_domain::event::*;

pub const REQUEST: Request<'static> = Request { id: "request-1", fingerprint: 0x0123_4567_89ab_cdef };

const BODY: TermsBody<'static> = TermsBody {
    template: 7,
    version: 3,
    template_id: "summer-夏",
    kind: 1,
    first: 8_000,
    second: 5_000,
    currency: *b"CNY",
    rounding: 3,
    issue_from_ms: 1_700_000_000_000,
    issue_until_ms: 1_800_000_000_000,
    validity: 2,
    validity_first_ms: 3_600_000,
    validity_second_ms: 86_400_000,
    per_user_limit: 300,
    limited: true,
    refund: 1,
};

const CARD: TermsBody<'static> = TermsBody {
    template: 0,
    version: 1,
    template_id: "card",
    kind: 3,
    first: 10_000,
    second: 0,
    currency: *b"USD",
    rounding: 0,
    issue_from_ms: 0,
    issue_until_ms: 0,
    validity: 1,
    validity_first_ms: 0,
    validity_second_ms: 0,
    per_user_limit: 0,
    limited: false,
    refund: 0,
};

/// Name of the kind and its samples.
pub fn samples() -> Vec<(&'static str, Vec<Event<'static>>)> {
    let lease = Lease { template: 7, partition: 300, count: 1_000_000 };
    vec![
        (
            "TermsAdoptedV1",
            vec![
                Event::TermsAdoptedV1(TermsAdoptedV1 { terms: 5, body: BODY }),
                Event::TermsAdoptedV1(TermsAdoptedV1 { terms: 0, body: CARD }),
            ],
        ),
        (
            "TermsAdopted",
            vec![
                Event::TermsAdopted(TermsAdopted { terms: 5, body: BODY, rules: &[128, 1, 0, 255] }),
                Event::TermsAdopted(TermsAdopted { terms: 0, body: CARD, rules: &[] }),
            ],
        ),
        ("ClaimedV1", claimed_v1()),
        ("Claimed", claimed()),
        ("RedeemedV1", vec![Event::RedeemedV1(REDEEMED)]),
        ("Redeemed", vec![Event::Redeemed(REDEEMED)]),
        (
            "Refused",
            vec![
                Event::Refused(Refused { operation: 3, subject: 70_000, request: REQUEST, reason: 53, value: 600 }),
                Event::Refused(Refused { operation: 4, subject: u128::MAX, request: REQUEST, reason: 80, value: -1 }),
            ],
        ),
        (
            "RefundedV1",
            vec![Event::RefundedV1(RefundedV1 {
                redemption: 100_000,
                coupon: 70_000,
                previous: 100_001,
                request: REQUEST,
                amount: 2_000,
                restored: 1_999,
                reopened_until_ms: 1_702_592_000_000,
            })],
        ),
        ("Refunded", refunded()),
        ("RequestsForgotten", vec![Event::RequestsForgotten(RequestsForgotten { before: 1_024 })]),
        (
            "Joined",
            vec![
                Event::Joined(Joined { operation: 3, subject: 70_000, request: REQUEST, redemption: 100_000 }),
                Event::Joined(Joined { operation: 3, subject: 0, request: REQUEST, redemption: 1 }),
            ],
        ),
        ("Held", held()),
        ("Captured", captured()),
        ("HoldEnded", vec![hold_ended(RELEASED, Some(REQUEST)), hold_ended(EXPIRED, None)]),
        ("CouponBlocked", vec![Event::CouponBlocked(COUPON_BLOCKED)]),
        ("UserBlocked", vec![Event::UserBlocked(USER_BLOCKED)]),
        ("Expired", vec![Event::Expired(Expired { coupon: 70_000, previous: 100_003, amount: 600 })]),
        ("Voided", vec![Event::Voided(VOIDED)]),
        ("Forgotten", vec![Event::Forgotten(Forgotten { store: HOLDS, before: 1_024 })]),
        ("StockOpened", vec![Event::StockOpened(StockOpened { template: 7, total: 1_000_000_000_000 })]),
        ("StockSet", vec![Event::StockSet(StockSet { template: 7, from: 250, to: 251, request: REQUEST })]),
        ("LeaseGranted", vec![Event::LeaseGranted(lease)]),
        ("LeaseReclaimed", vec![Event::LeaseReclaimed(lease)]),
        ("LeaseReceived", vec![Event::LeaseReceived(Lease { partition: 0, ..lease })]),
        ("LeaseReturned", vec![Event::LeaseReturned(Lease { partition: 0, ..lease })]),
        ("PartHeld", vec![Event::PartHeld(PART_HELD)]),
        ("PartRedeemed", vec![Event::PartRedeemed(PART_REDEEMED)]),
        ("PartCaptured", vec![Event::PartCaptured(PART_CAPTURED)]),
        ("PartReleased", vec![Event::PartReleased(PartReleased { hold: 100_005, coupon: 70_001, previous: 100_006 })]),
        ("PartRefunded", vec![Event::PartRefunded(PART_REFUNDED)]),
        ("CheckedOut", vec![Event::CheckedOut(CHECKED_OUT)]),
        ("CheckoutReleased", vec![Event::CheckoutReleased(CheckoutReleased { checkout: 100_009, request: REQUEST })]),
        ("CheckoutRefunded", vec![Event::CheckoutRefunded(CHECKOUT_REFUNDED)]),
        ("SagaOpened", vec![Event::SagaOpened(SAGA_OPENED)]),
        ("SagaAnswered", vec![Event::SagaAnswered(SagaAnswered { saga: 100_020, from: 300, tender: TENDER })]),
        ("LineSent", vec![Event::LineSent(LineSent { to: 15, number: 65_536, message: &[1, 1, 0, 255] })]),
        ("LineReceived", vec![Event::LineReceived(LineReceived { from: 15, number: 4_294_967_296 })]),
        ("LineAcknowledged", vec![Event::LineAcknowledged(LineAcknowledged { to: 15, through: 65_535 })]),
        (
            "SagaCheckedOut",
            vec![Event::SagaCheckedOut(SagaCheckedOut {
                saga: 100_021,
                parts: 2,
                payable: 1_604,
                deadline_ms: 1_700_000_900_003,
                said: 8_888,
                tender: TENDER,
            })],
        ),
        (
            "SagaRefused",
            vec![Event::SagaRefused(SagaRefused { saga: 100_022, reason: 64, value: 1_700_000_030_000, said: 7_777 })],
        ),
        ("SagaEnded", vec![Event::SagaEnded(SagaEnded { saga: 100_023, how: LET_GO })]),
        ("CapturedApart", vec![Event::CapturedApart(CAPTURED_APART)]),
        ("RefundedApartV1", vec![Event::RefundedApartV1(REFUNDED_APART_V1)]),
        ("RefundedApart", vec![Event::RefundedApart(RefundedApart { lost: 5, ..REFUNDED_APART_V1.today() })]),
        ("BatchOpened", vec![Event::BatchOpened(BatchOpened { batch: "moon-月", terms: 5, count: 1_000_000, request: REQUEST })]),
        ("CardsMade", vec![Event::CardsMade(CARDS_MADE)]),
        ("BatchCompleted", vec![Event::BatchCompleted(BatchMarked { batch: "moon-月", request: REQUEST })]),
        ("BatchTaken", vec![Event::BatchTaken(BatchMarked { batch: "moon-月", request: REQUEST })]),
        ("Activated", vec![Event::Activated(ACTIVATED)]),
        ("Reloaded", vec![Event::Reloaded(RELOADED)]),
        ("Adjusted", vec![adjusted(-2_000), adjusted(1_000_000_000_000_000)]),
        ("Replaced", vec![Event::Replaced(REPLACED)]),
        ("GiftOffered", vec![Event::GiftOffered(GIFT_OFFERED)]),
        ("GiftEnded", vec![gift_ended(GIFT_CANCELLED, Some(REQUEST)), gift_ended(GIFT_EXPIRED, None)]),
        ("GiftAccepted", vec![Event::GiftAccepted(GIFT_ACCEPTED)]),
        ("GiftReceived", vec![Event::GiftReceived(GIFT_RECEIVED)]),
        ("GiftArrived", vec![Event::GiftArrived(GiftArrived { gift: 99_600, coupon: 80_000 })]),
        (
            "PoolOpened",
            vec![
                Event::PoolOpened(PoolOpened { template: 7, day: Some(19_675), total: 1_000 }),
                Event::PoolOpened(PoolOpened { template: 8, day: None, total: 1_000_000_000_000_000 }),
            ],
        ),
        ("BudgetSet", vec![Event::BudgetSet(BudgetSet { template: 7, from: 250, to: 251, request: REQUEST })]),
        (
            "PoolLeased",
            vec![
                Event::PoolLeased(PoolLeased { template: 7, day: Some(-1), step: 1, partition: 300, count: 1_000_000 }),
                Event::PoolLeased(PoolLeased { template: 8, day: None, step: 4, partition: 0, count: 9 }),
            ],
        ),
        ("Restocked", vec![Event::Restocked(Restocked { coupon: 1 << 40, template: 7, pieces: 1, cover: 2_000 })]),
        ("DayDropped", vec![Event::DayDropped(DayDropped { template: 7, day: 19_675 })]),
        ("PartReacquired", vec![Event::PartReacquired(PART_CAPTURED)]),
        ("Pledged", vec![Event::Pledged(Pledged { home: 300, saga: 100_024, parts: 3 })]),
        ("PledgeEnded", vec![Event::PledgeEnded(PledgeEnded { home: 300, saga: 100_025, how: CLOSED })]),
        ("TermsVoided", [false, true].map(|revoke_holds| Event::TermsVoided(TermsVoided { terms: 300, revoke_holds })).to_vec()),
        ("VoidedWithTemplate", vec![Event::VoidedWithTemplate(VOIDED_WITH_TEMPLATE)]),
        (
            "TemplateCreatedV1",
            vec![Event::TemplateCreatedV1(template_v1(CARD, None)), Event::TemplateCreatedV1(template_v1(BODY, Some(0)))],
        ),
        ("TemplateCreated", vec![Event::TemplateCreated(template(CARD, 0)), Event::TemplateCreated(template(BODY, 250))]),
        ("TemplateUpdatedV1", vec![Event::TemplateUpdatedV1(template_v1(BODY, Some(1_000)))]),
        ("TemplateUpdated", vec![Event::TemplateUpdated(template(BODY, 1_000))]),
        ("TemplateStopped", vec![Event::TemplateStopped(TemplateStopped { template: 7, request: REQUEST })]),
        (
            "TemplateVoided",
            vec![Event::TemplateVoided(TemplateVoided { template: 7, revoke_holds: true, reason: "recall", request: REQUEST })],
        ),
        ("TemplateResumed", vec![Event::TemplateResumed(TemplateResumed { template: 7, request: REQUEST })]),
        ("CardImported", vec![Event::CardImported(CARD_IMPORTED)]),
    ]
}

const REDEEMED: Redeemed<'static> = Redeemed {
    coupon: 70_000,
    previous: 99_000,
    merchant: "shop",
    order: "order-1",
    request: REQUEST,
    amount: 10_000,
    applied: 2_000,
    captured: 1,
};

const COUPON_BLOCKED: CouponBlocked<'static> = CouponBlocked {
    coupon: 70_000,
    previous: 100_002,
    operation: 12,
    blocks: 5,
    revoked_holds: 4_096,
    revoked_value: 12_345,
    request: REQUEST,
};

const USER_BLOCKED: UserBlocked<'static> =
    UserBlocked { user: "alice", operation: 15, blocks: 2, revoked_holds: 3, revoked_value: 400, request: REQUEST };

const VOIDED: Voided<'static> =
    Voided { coupon: 70_000, previous: 100_004, amount: 700, revoked_holds: 2, revoked_value: 100, request: REQUEST };

const VOIDED_WITH_TEMPLATE: VoidedWithTemplate =
    VoidedWithTemplate { coupon: 70_000, previous: 100_004, amount: 700, revoked_holds: 2, revoked_value: 100 };

const PART_HELD: PartHeld<'static> = PartHeld {
    coupon: 70_001,
    previous: 100_002,
    merchant: "shop",
    order: "order-9",
    amount: 1_600,
    applied: 300,
    held: 1,
    deadline_ms: 1_700_000_900_000,
    replaces: 100_001,
};

const PART_REDEEMED: PartRedeemed<'static> = PartRedeemed {
    coupon: 70_002,
    previous: 100_003,
    merchant: "shop",
    order: "order-10",
    amount: 1_601,
    applied: 301,
    captured: 2,
};

const PART_CAPTURED: PartCaptured =
    PartCaptured { hold: 100_004, coupon: 70_003, previous: 100_005, amount: 1_602, applied: 302, captured: 3 };

const PART_REFUNDED: PartRefunded = PartRefunded {
    redemption: 100_007,
    coupon: 70_004,
    previous: 100_008,
    amount: 303,
    restored: 4,
    reopened_until_ms: 1_702_592_000_001,
    replacement: 70_006,
    use_from_ms: 1_700_000_000_001,
    use_until_ms: 1_702_592_000_002,
    key_version: 2,
};

const CHECKED_OUT: CheckedOut<'static> = CheckedOut {
    operation: 19,
    hold: 100_009,
    merchant: "shop",
    order: "order-11",
    request: REQUEST,
    parts: 3,
    amount: 1_603,
    payable: 304,
    deadline_ms: 1_700_000_900_001,
    body: &[130, 1, 2, 0, 0, 0, 5, 6],
};

const CHECKOUT_REFUNDED: CheckoutRefunded<'static> =
    CheckoutRefunded { checkout: 100_010, request: REQUEST, parts: 2, outside: 305, body: &[131, 1, 2, 0, 0, 0, 7, 8] };

const TENDER: &[u8] = &[134, 1, 1, 0, 0, 0, 0];

const SAGA_OPENED: SagaOpened<'static> = SagaOpened {
    operation: 17,
    merchant: "shop",
    order: "order-12",
    request: REQUEST,
    parts: 2,
    amount: 1_605,
    wanted: 306,
    deadline_ms: 1_700_000_030_001,
    ttl_ms: 900_002,
    tender: TENDER,
    body: &[130, 1, 2, 0, 0, 0, 5, 6],
};

const CAPTURED_APART: CapturedApart<'static> = CapturedApart {
    hold: 100_026,
    request: REQUEST,
    parts: 2,
    amount: 1_606,
    payable: 307,
    tender: TENDER,
    body: &[130, 1, 2, 0, 0, 0, 5, 6],
};

const REFUNDED_APART_V1: RefundedApartV1<'static> = RefundedApartV1 {
    checkout: 100_027,
    request: REQUEST,
    parts: 2,
    outside: 308,
    apart: 309,
    body: &[131, 1, 2, 0, 0, 0, 7, 8],
};

const GIFT_OFFERED: GiftOffered<'static> =
    GiftOffered { coupon: 70_000, previous: 99_500, deadline_ms: 1_700_086_400_000, request: REQUEST };

const GIFT_ACCEPTED: GiftAccepted<'static> =
    GiftAccepted { gift: 99_600, coupon: 70_000, previous: 99_601, user: "bob", to: 300, amount: 700, request: REQUEST };

const GIFT_RECEIVED: GiftReceived<'static> = GiftReceived {
    coupon: 80_000,
    terms: 5,
    user: "bob",
    from: 15,
    gift: 99_600,
    amount: 700,
    use_from_ms: 1_700_000_000_000,
    use_until_ms: 1_702_592_000_000,
    key_version: 2,
};

fn gift_ended(how: u8, request: Option<Request<'static>>) -> Event<'static> {
    Event::GiftEnded(GiftEnded { gift: 99_600, coupon: 70_000, previous: 99_602, how, request })
}

const CARDS_MADE: CardsMade<'static> = CardsMade {
    batch: "moon-月",
    terms: 5,
    share: 62_500,
    made: 61_440,
    first: 70_000,
    count: 1_024,
    key_version: 2,
    request: REQUEST,
};

const CARD_IMPORTED: CardImported<'static> = CardImported {
    coupon: 70_000,
    terms: 5,
    code: 0x0123_4567_89ab_cdef_0011_2233_4455_6677,
    reference: "POS-7/月",
    asked: 4_321,
    asked_until_ms: 1_800_000_000_000,
    loaded: 4_322,
    use_from_ms: 1_700_000_000_000,
    use_until_ms: 1_800_000_000_001,
    key_version: 2,
    request: REQUEST,
};

const ACTIVATED: Activated<'static> = Activated {
    coupon: 70_000,
    previous: 99_000,
    merchant: "shop",
    order: "order-3",
    channel: "till",
    loaded: 10_000,
    use_from_ms: 1_700_000_000_000,
    use_until_ms: 1_700_086_400_000,
    request: REQUEST,
};

const RELOADED: Reloaded<'static> =
    Reloaded { coupon: 70_000, previous: 100_005, merchant: "shop", order: "order-4", amount: 5_000, request: REQUEST };

const REPLACED: Replaced<'static> = Replaced {
    coupon: 70_000,
    previous: 100_007,
    replacement: 70_003,
    use_from_ms: 1_700_000_000_000,
    use_until_ms: 1_700_086_400_000,
    key_version: 3,
    amount: 13_000,
    revoked_holds: 2,
    revoked_value: 700,
    request: REQUEST,
};

fn adjusted(amount: i64) -> Event<'static> {
    Event::Adjusted(Adjusted { coupon: 70_000, previous: 100_006, reason: "goodwill", amount, request: REQUEST })
}

fn refunded() -> Vec<Event<'static>> {
    let part = Refunded {
        redemption: 100_000,
        coupon: 70_000,
        previous: 100_001,
        request: REQUEST,
        amount: 2_000,
        restored: 1_999,
        reopened_until_ms: 1_702_592_000_000,
        replacement: 0,
        use_from_ms: 0,
        use_until_ms: 0,
        key_version: 0,
    };
    let replaced = Refunded {
        restored: 0,
        reopened_until_ms: 0,
        replacement: 70_002,
        use_from_ms: 1_700_000_000_000,
        use_until_ms: 1_702_592_000_000,
        key_version: 3,
        ..part
    };
    vec![Event::Refunded(part), Event::Refunded(replaced)]
}

fn held() -> Vec<Event<'static>> {
    let first = Held {
        coupon: 70_000,
        previous: 99_000,
        merchant: "shop",
        order: "order-2",
        request: REQUEST,
        amount: 10_000,
        applied: 2_000,
        held: 1,
        deadline_ms: 1_700_000_900_000,
        replaces: 0,
    };
    vec![Event::Held(first), Event::Held(Held { replaces: 98_000, ..first })]
}

fn captured() -> Vec<Event<'static>> {
    let captured = Captured {
        hold: 99_500,
        coupon: 70_000,
        previous: 99_501,
        request: REQUEST,
        amount: 9_000,
        applied: 1_800,
        captured: 1,
        reacquired: false,
    };
    vec![Event::Captured(captured), Event::Captured(Captured { reacquired: true, ..captured })]
}

fn hold_ended(how: u8, request: Option<Request<'static>>) -> Event<'static> {
    Event::HoldEnded(HoldEnded { hold: 99_500, coupon: 70_000, previous: 99_502, how, request })
}

fn claimed_v1() -> Vec<Event<'static>> {
    let claimed = ClaimedV1 {
        coupon: 70_000,
        terms: 5,
        user: "alice",
        operation: 1,
        request: REQUEST,
        use_from_ms: 1_700_000_000_000,
        use_until_ms: 1_700_086_400_000,
        key_version: 2,
        loaded: 10_000,
    };
    let least = ClaimedV1 {
        coupon: 0,
        terms: 0,
        user: "u",
        operation: 2,
        use_from_ms: 0,
        use_until_ms: 0,
        key_version: 0,
        loaded: 1,
        ..claimed
    };
    vec![Event::ClaimedV1(claimed), Event::ClaimedV1(least)]
}

fn claimed() -> Vec<Event<'static>> {
    let claimed = Claimed {
        coupon: 70_000,
        terms: 5,
        user: "alice",
        operation: 1,
        request: REQUEST,
        use_from_ms: 1_700_000_000_000,
        use_until_ms: 1_700_086_400_000,
        key_version: 2,
        loaded: 10_000,
        day: Some(19_675),
    };
    let least = Claimed {
        coupon: 0,
        terms: 0,
        user: "u",
        operation: 2,
        use_from_ms: 0,
        use_until_ms: 0,
        key_version: 0,
        loaded: 1,
        day: None,
        ..claimed
    };
    vec![Event::Claimed(claimed), Event::Claimed(least)]
}

fn template_v1(body: TermsBody<'static>, stock: Option<u64>) -> TemplateWrittenV1<'static> {
    TemplateWrittenV1 { body, display_name: "夏日 8 折", stock, request: REQUEST }
}

/// Shown as `x`, without rules: what those are as bytes has facts of its own.
fn template(body: TermsBody<'static>, stock: u64) -> TemplateWritten<'static> {
    TemplateWritten { body, rules: &[], display: &[129, 1, 3, 0, 0, 0, 1, b'x', 0], stock, request: REQUEST }
}
