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
    /// Of a reply, that it is lost.
    pub(crate) reply: u32,
    /// Of a step, that every line is probed.
    pub(crate) probe: u32,
    /// Of a step, that the log's room ends for a while.
    pub(crate) full: u32,
    /// Of a step, that the disk itself takes little more, until room is made.
    pub(crate) capacity: u32,
    /// Of a doom, that it is an error of the disk and not a crash.
    pub(crate) eio: u32,
    /// Of a restart, that it comes a day late: what was remembered may be forgotten.
    pub(crate) day: u32,
    /// Of a restart, that the clock was set back, as far as a node takes it.
    pub(crate) back: u32,
    /// Of a step, that time leaps over the deadlines of holds and the ends of validities.
    pub(crate) leap: u32,
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
    /// Users who claim.
    pub(crate) users: i64,
    pub(crate) mix: Mix,
    pub(crate) chances: Chances,
    /// Directories looked at for each crash, besides the one that the world goes on with.
    pub(crate) side_images: u32,
}

const SALE: Mix =
    Mix { claims: 80, cards: 0, redeems: 0, refunds: 0, raises: 3, reads: 5, catalog: 0, holds: 0, ends: 0, operators: 0 };
const TILL: Mix = Mix { cards: 15, claims: 15, redeems: 40, refunds: 15, raises: 1, reads: 15, catalog: 2, ..SALE };
const TILLS: Mix = Mix { claims: 2, cards: 20, redeems: 20, refunds: 20, reads: 20, holds: 40, ends: 40, operators: 8, ..TILL };
const ROUGH: Chances =
    Chances { crash: 4, nested: 300, letter: 60, reply: 60, probe: 0, full: 1, capacity: 0, eio: 150, day: 0, back: 0, leap: 0 };

const LEASE: Plan = Plan {
    name: "lease-2-2",
    partitions: 2,
    shards: 2,
    steps: 1_500,
    sales: 2,
    stock_max: 300,
    users: 3_000,
    mix: SALE,
    chances: ROUGH,
    side_images: 2,
};

const MIXED: Plan =
    Plan { name: "mixed-4-2", partitions: 4, shards: 2, steps: 2_000, stock_max: 100, users: 60, mix: TILL, ..LEASE };

const LINES: Plan = Plan {
    name: "lines-4-2",
    mix: Mix { claims: 10, cards: 20, redeems: 20, refunds: 5, raises: 0, reads: 10, catalog: 1, ..TILL },
    chances: Chances { crash: 8, letter: 200, probe: 25, ..ROUGH },
    ..MIXED
};

const TILLS_PLAN: Plan = Plan { name: "tills-4-2", mix: TILLS, users: 12, chances: Chances { leap: 3, ..ROUGH }, ..MIXED };

/// Every scenario, by name.
pub const PLANS: &[Plan] = &[
    Plan { name: "lease-1-1", partitions: 1, shards: 1, ..LEASE },
    LEASE,
    Plan { name: "lease-16-16", partitions: 16, shards: 16, ..LEASE },
    Plan { name: "lease-16-1", partitions: 16, shards: 1, ..LEASE },
    MIXED,
    TILLS_PLAN,
    Plan { name: "tills-1-1", partitions: 1, shards: 1, ..TILLS_PLAN },
    Plan { name: "tills-days-4-2", chances: Chances { day: 300, leap: 3, ..ROUGH }, ..TILLS_PLAN },
    Plan { name: "mixed-1-1", partitions: 1, shards: 1, ..MIXED },
    LINES,
    Plan { name: "days-4-2", chances: Chances { day: 300, ..ROUGH }, ..MIXED },
    Plan { name: "clock-4-2", chances: Chances { back: 600, letter: 0, ..ROUGH }, ..MIXED },
    Plan { name: "full-4-2", chances: Chances { capacity: 15, ..ROUGH }, ..MIXED },
    Plan { name: "calm-16-2", partitions: 16, shards: 2, steps: 20_000, chances: Chances { crash: 0, ..ROUGH }, ..MIXED },
];

impl Plan {
    /// The scenario of this name.
    pub fn named(name: &str) -> Option<&'static Plan> {
        PLANS.iter().find(|plan| plan.name == name)
    }
}
