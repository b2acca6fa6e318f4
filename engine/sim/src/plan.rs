//! What a world is made of: its size, what clients ask for, and how often things go wrong.

/// How heavy each kind of request weighs in the mix.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mix {
    pub(crate) claims: u32,
    pub(crate) cards: u32,
    pub(crate) redeems: u32,
    pub(crate) refunds: u32,
    pub(crate) raises: u32,
    pub(crate) reads: u32,
    /// Templates changed and stopped.
    pub(crate) catalog: u32,
    /// Value set aside, under the orders of tills.
    pub(crate) holds: u32,
    /// Holds captured and released.
    pub(crate) ends: u32,
    /// Coupons and accounts frozen and unfrozen, coupons made void.
    pub(crate) operators: u32,
    /// Orders of several cards and coupons, and what becomes of them.
    pub(crate) orders: u32,
    /// Coupons offered, accepted and taken back.
    pub(crate) gifts: u32,
    /// Templates made void, of those that are there for it.
    pub(crate) voids: u32,
    /// Cards made by runs, looked for and activated.
    pub(crate) batches: u32,
    /// Cards of another house taken over, and used by their codes.
    pub(crate) imports: u32,
}

/// How often, in a thousand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chances {
    /// Of a step, that the machine or the process stops within its next few writes.
    pub(crate) crash: u32,
    /// Of a recovery, that it crashes too.
    pub(crate) nested: u32,
    /// Of a letter between partitions, that it is lost, or comes twice.
    pub(crate) letter: u32,
    /// Of a request, that it comes late or twice.
    pub(crate) request: u32,
    /// Of a reply, that it is lost.
    pub(crate) reply: u32,
    /// Of a step, that every line is probed.
    pub(crate) probe: u32,
    /// Of a step, that the log's room ends for a while.
    pub(crate) full: u32,
    /// Of a step, that the disk itself takes little more, until room is made.
    pub(crate) capacity: u32,
    /// Of a doom, that it is an error of the disk, or no space, and not a crash.
    pub(crate) error: u32,
    /// Of a step, that the disk lies about one of its next writes or syncs.
    pub(crate) lie: u32,
    /// Of a step, that the disk stands still for a while.
    pub(crate) stall: u32,
    /// Of a life, that its reads and writes are short.
    pub(crate) short: u32,
    /// Of a snapshot, that the disk does not read.
    pub(crate) blind: u32,
    /// Of a restart, that it comes a day late: what was remembered may be forgotten.
    pub(crate) day: u32,
    /// Of a restart, that the clock was set back, as far as a node takes it.
    pub(crate) back: u32,
    /// Of a step, that the system's clock jumps, stands or is corrected.
    pub(crate) jump: u32,
    /// Of a step, that time leaps over the deadlines of holds and the ends of validities.
    pub(crate) leap: u32,
    /// Of a step, that a hold or a coupon is used in the millisecond of its end, or beside it.
    pub(crate) brink: u32,
}

/// A scenario.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What it is called on the command line.
    pub name: &'static str,
    /// Partitions, a power of two.
    pub partitions: u16,
    /// Shards, at most one a partition.
    pub shards: u16,
    /// Steps before the world comes to rest.
    pub steps: u32,
    /// Templates with a stock.
    pub(crate) sales: u32,
    /// Most pieces of a stock at its creation.
    pub(crate) stock_max: i64,
    /// Whether there are templates with a limit of days and with a budget; such a world begins right before a midnight.
    pub(crate) limits: bool,
    /// Users who claim.
    pub(crate) users: i64,
    /// Requests that one client sends at once, at most.
    pub(crate) batch_max: usize,
    /// Operations that wait for their answer at once.
    pub(crate) open_max: usize,
    /// Of a thousand uses of cards, so many are of the first one.
    pub(crate) hot: u32,
    pub(crate) mix: Mix,
    pub(crate) chances: Chances,
    /// Directories looked at for each crash, besides the one that the world goes on with.
    pub(crate) side_images: u32,
    /// Of those, directories in which a bit is flipped.
    pub(crate) flips: u32,
    /// Bytes of a segment of the log.
    pub(crate) segment_bytes: u64,
    /// Weights of commits and of snapshots among the steps: few commits make large groups.
    pub(crate) commits: u32,
    pub(crate) snapshots: u32,
}

const SALE: Mix = Mix {
    claims: 80,
    cards: 0,
    redeems: 0,
    refunds: 0,
    raises: 3,
    reads: 5,
    catalog: 0,
    holds: 0,
    ends: 0,
    operators: 0,
    orders: 0,
    gifts: 0,
    voids: 0,
    batches: 0,
    imports: 0,
};
const TILL: Mix = Mix { cards: 15, claims: 15, redeems: 40, refunds: 15, raises: 1, reads: 15, catalog: 2, ..SALE };
const TILLS: Mix = Mix { claims: 2, cards: 20, redeems: 20, refunds: 20, reads: 20, holds: 40, ends: 40, operators: 8, ..TILL };

const ORDERS: Mix = Mix { orders: 90, gifts: 30, holds: 10, ends: 10, redeems: 5, ..TILLS };

/// Nothing but lost letters, lost replies and late requests.
const CALM: Chances = Chances {
    crash: 0,
    nested: 0,
    letter: 60,
    request: 30,
    reply: 60,
    probe: 0,
    full: 1,
    capacity: 0,
    error: 0,
    lie: 0,
    stall: 0,
    short: 0,
    blind: 0,
    day: 0,
    back: 0,
    jump: 0,
    leap: 0,
    brink: 0,
};
const ROUGH: Chances = Chances { crash: 4, nested: 300, error: 250, stall: 1, short: 100, blind: 20, ..CALM };

const LEASE: Plan = Plan {
    name: "lease-2-2",
    partitions: 2,
    shards: 2,
    steps: 1_500,
    sales: 2,
    stock_max: 300,
    limits: false,
    users: 3_000,
    batch_max: 32,
    open_max: 400,
    hot: 0,
    mix: SALE,
    chances: ROUGH,
    side_images: 1,
    flips: 1,
    segment_bytes: 64 * 1024,
    commits: 18,
    snapshots: 2,
};

const MIXED: Plan =
    Plan { name: "mixed-4-2", partitions: 4, shards: 2, steps: 2_000, stock_max: 100, users: 60, mix: TILL, ..LEASE };

const LINES: Plan = Plan {
    name: "lines-4-2",
    batch_max: 8,
    mix: Mix { claims: 10, cards: 20, redeems: 20, refunds: 5, raises: 0, reads: 10, catalog: 1, ..TILL },
    chances: Chances { crash: 8, letter: 200, probe: 25, full: 4, ..ROUGH },
    ..MIXED
};

const TILLS_PLAN: Plan =
    Plan { name: "tills-4-2", mix: TILLS, users: 12, chances: Chances { leap: 3, brink: 4, ..ROUGH }, ..MIXED };

/// Friends: what they give goes from partition to partition while letters are lost and machines stop.
const GIFTS_PLAN: Plan = Plan {
    name: "gifts-4-2",
    batch_max: 8,
    users: 20,
    mix: Mix { gifts: 220, cards: 25, holds: 6, ends: 6, operators: 3, ..TILLS },
    chances: Chances { crash: 8, letter: 200, leap: 12, probe: 4, ..ROUGH },
    ..MIXED
};

/// Templates become void while their cards are held, given, on orders and refunded.
const VOIDS_PLAN: Plan = Plan {
    name: "voids-4-2",
    users: 20,
    mix: Mix { voids: 2, cards: 60, orders: 20, gifts: 40, holds: 30, ends: 25, ..TILLS },
    chances: Chances { crash: 8, letter: 120, leap: 3, ..ROUGH },
    ..TILLS_PLAN
};

/// Cards are made in batches, activated and spent while machines stop.
const BATCHES_PLAN: Plan = Plan {
    name: "batches-4-2",
    users: 20,
    mix: Mix { batches: 120, cards: 5, orders: 10, ..TILLS },
    chances: Chances { crash: 10, leap: 2, ..ROUGH },
    ..TILLS_PLAN
};

/// Many who want what is given out by the day, or out of a budget, while days pass and coupons end unused.
const LIMITS_PLAN: Plan = Plan {
    name: "limits-4-2",
    limits: true,
    sales: 1,
    users: 200,
    mix: Mix { claims: 80, redeems: 8, refunds: 3, raises: 12, reads: 5, operators: 10, ..SALE },
    chances: Chances { crash: 6, day: 500, leap: 3, ..ROUGH },
    ..MIXED
};

/// The same with orders: what ends unused is met by the messages of others' orders, in the millisecond of its end.
const LIMITED_ORDERS_PLAN: Plan = Plan {
    name: "limits-orders-4-2",
    mix: Mix { cards: 20, orders: 60, ..LIMITS_PLAN.mix },
    chances: Chances { brink: 60, ..LIMITS_PLAN.chances },
    ..LIMITS_PLAN
};

/// One partition and small segments: what is damaged is a large part of what there is.
const ROT: Plan = Plan {
    name: "rot-1-1",
    partitions: 1,
    shards: 1,
    steps: 500,
    sales: 1,
    stock_max: 20,
    users: 10,
    batch_max: 4,
    chances: Chances { crash: 20, nested: 100, stall: 0, ..ROUGH },
    side_images: 0,
    flips: 240,
    segment_bytes: 32 * 1024,
    snapshots: 6,
    ..MIXED
};

/// The machine of a journey ([`crate::journey`]); who asks it what, and what goes wrong, is said there.
pub(crate) const JOURNEY: Plan =
    Plan { name: "journey", partitions: 16, shards: 4, mix: ORDERS, chances: CALM, segment_bytes: 1024 * 1024, ..LEASE };

/// Every scenario, by name.
pub const PLANS: &[Plan] = &[
    Plan { name: "lease-1-1", partitions: 1, shards: 1, ..LEASE },
    LEASE,
    Plan { name: "lease-16-16", partitions: 16, shards: 16, ..LEASE },
    Plan { name: "lease-16-1", partitions: 16, shards: 1, ..LEASE },
    // A flash sale: everybody at once, more than inboxes hold, on a disk that stalls.
    Plan {
        name: "flash-8-2",
        partitions: 8,
        shards: 2,
        sales: 1,
        users: 100_000,
        batch_max: 120,
        chances: Chances { stall: 8, crash: 2, ..ROUGH },
        ..LEASE
    },
    // One card that everybody charges.
    Plan {
        name: "hot-card-2-1",
        partitions: 2,
        shards: 1,
        hot: 950,
        users: 3,
        mix: Mix { claims: 0, cards: 1, redeems: 50, refunds: 45, raises: 0, ..TILLS },
        chances: Chances { brink: 2, ..ROUGH },
        ..MIXED
    },
    // Clients who hardly hear anything.
    Plan { name: "retries-4-2", chances: Chances { reply: 600, request: 400, ..ROUGH }, ..MIXED },
    MIXED,
    TILLS_PLAN,
    Plan { name: "orders-4-2", mix: ORDERS, ..TILLS_PLAN },
    Plan { name: "orders-1-1", mix: ORDERS, partitions: 1, shards: 1, ..TILLS_PLAN },
    Plan { name: "tills-1-1", partitions: 1, shards: 1, ..TILLS_PLAN },
    Plan { name: "tills-days-4-2", chances: Chances { day: 300, leap: 3, brink: 4, ..ROUGH }, ..TILLS_PLAN },
    Plan { name: "mixed-1-1", partitions: 1, shards: 1, ..MIXED },
    LINES,
    GIFTS_PLAN,
    LIMITS_PLAN,
    Plan { name: "limits-16-2", partitions: 16, ..LIMITS_PLAN },
    Plan { name: "limits-1-1", partitions: 1, shards: 1, ..LIMITS_PLAN },
    LIMITED_ORDERS_PLAN,
    // Cards of another house: the same few codes again and again.
    Plan { name: "imports-4-2", mix: Mix { imports: 60, ..TILLS }, ..TILLS_PLAN },
    // Everybody is in one partition: its lines lead to itself.
    Plan { name: "gifts-1-1", partitions: 1, shards: 1, ..GIFTS_PLAN },
    VOIDS_PLAN,
    BATCHES_PLAN,
    Plan { name: "voids-1-1", partitions: 1, shards: 1, ..VOIDS_PLAN },
    Plan { name: "days-4-2", chances: Chances { day: 300, ..ROUGH }, ..MIXED },
    // Images and trims under load.
    Plan { name: "images-4-2", snapshots: 25, chances: Chances { crash: 6, blind: 100, ..ROUGH }, ..TILLS_PLAN },
    // Hardly up, down again.
    Plan { name: "restarts-4-2", steps: 700, chances: Chances { crash: 40, nested: 600, ..ROUGH }, side_images: 6, ..MIXED },
    // Groups of many sectors, torn.
    Plan {
        name: "torn-4-2",
        users: 300,
        batch_max: 120,
        open_max: 4_000,
        commits: 3,
        mix: Mix { claims: 0, cards: 90, redeems: 60, refunds: 0, raises: 0, ..TILL },
        chances: Chances { crash: 6, nested: 200, stall: 0, reply: 10, ..ROUGH },
        side_images: 6,
        flips: 4,
        ..MIXED
    },
    Plan { name: "clock-4-2", chances: Chances { back: 600, letter: 0, jump: 5, ..ROUGH }, ..TILLS_PLAN },
    Plan { name: "full-4-2", chances: Chances { capacity: 15, error: 500, ..ROUGH }, ..MIXED },
    Plan { name: "stall-4-2", chances: Chances { stall: 20, ..ROUGH }, batch_max: 64, ..MIXED },
    Plan { name: "liar-4-2", chances: Chances { lie: 10, error: 0, ..ROUGH }, steps: 600, side_images: 3, ..MIXED },
    Plan { name: "liar-1-1", chances: Chances { lie: 20, error: 0, stall: 0, ..ROUGH }, side_images: 3, flips: 3, ..ROT },
    ROT,
    Plan { name: "rot-tills-2-1", partitions: 2, mix: TILLS, flips: 40, segment_bytes: 64 * 1024, ..ROT },
    Plan { name: "calm-16-2", partitions: 16, shards: 2, steps: 20_000, chances: CALM, ..MIXED },
];

impl Plan {
    /// The scenario of this name.
    pub fn named(name: &str) -> Option<&'static Plan> {
        PLANS.iter().find(|plan| plan.name == name)
    }
}
