//! The plain model: a coupon as semantics say it, with its holds and redemptions by the operations that made them.
//!
//! `available + held + captured + expired + voided = loaded` holds by construction: each step moves value between two of them.
//! What time brings is looked at when somebody asks (`standing`) and moved when something happens (`settle`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::plan::mix::terms::Terms;

/// How long a hold lives when nobody says, in ms.
pub const HOLD_TTL_DEFAULT_MS: i64 = 15 * 60_000;

/// How long a card that had expired is open again after a refund, in ms.
pub const REOPENED_MS: i64 = 30 * 86_400_000;

/// A promise of value.
#[derive(Clone, Debug)]
pub struct Hold {
    /// The order.
    pub order: u64,
    /// Its amount, in minor units.
    pub amount: i64,
    /// The discount or charge that it fixes, in minor units.
    pub applied: i64,
    /// What it took from the coupon: minor units, or its one use.
    pub held: i64,
    /// First instant at which it is no longer live, in ms.
    pub deadline_ms: i64,
    /// How it ended.
    pub end: Option<End>,
    /// The operation that made a redemption of it.
    pub redemption: Option<u64>,
}

/// How a hold ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was captured while it lived.
    Captured,
    /// It was released, replaced or revoked.
    Released,
    /// Its deadline passed.
    Expired,
}

/// A redemption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redemption {
    /// The order's amount, in minor units.
    pub amount: i64,
    /// What was applied to it, in minor units.
    pub applied: i64,
    /// What was given back, in minor units.
    pub refunded: i64,
    /// When, in ms.
    pub at_ms: i64,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Coupon {
    pub(super) terms: Terms,
    pub(super) from_ms: i64,
    pub(super) until_ms: i64,
    pub(super) loaded: i64,
    pub(super) available: i64,
    pub(super) captured: i64,
    pub(super) expired: i64,
    pub(super) voided: i64,
    pub(super) is_void: bool,
    pub(super) blocks: u32,
    pub(super) holds: BTreeMap<u64, Hold>,
    pub(super) live: BTreeSet<u64>,
    pub(super) redemptions: BTreeMap<u64, Redemption>,
    pub(super) orders: HashMap<u64, u64>,
}

/// A coupon at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What can be spent.
    pub available: i64,
    /// What live holds promise.
    pub held: i64,
    /// How many they are.
    pub live_holds: u32,
    /// What expired unspent.
    pub expired: i64,
}

impl Hold {
    /// Whether its value is still promised.
    pub fn is_live(&self, now_ms: i64) -> bool {
        self.end.is_none() && now_ms < self.deadline_ms
    }
}

impl Redemption {
    /// What was not given back.
    pub fn left(&self) -> i64 {
        self.applied - self.refunded
    }
}

impl Coupon {
    /// As it was dealt.
    pub fn new(terms: Terms, from_ms: i64, until_ms: i64) -> Self {
        Self {
            terms,
            from_ms,
            until_ms,
            loaded: terms.loaded(),
            available: terms.loaded(),
            captured: 0,
            expired: 0,
            voided: 0,
            is_void: false,
            blocks: 0,
            holds: BTreeMap::new(),
            live: BTreeSet::new(),
            redemptions: BTreeMap::new(),
            orders: HashMap::new(),
        }
    }

    /// A card with `amount` on it, in place of a void one.
    pub fn standing_in(&self, amount: i64, at_ms: i64) -> Self {
        let new = Self::new(self.terms, at_ms, at_ms + REOPENED_MS);
        Self { loaded: amount, available: amount, blocks: self.blocks, ..new }
    }

    /// Whether its use window is past.
    pub fn is_over(&self, now_ms: i64) -> bool {
        self.until_ms != 0 && now_ms >= self.until_ms
    }

    /// Whether its one use is gone.
    pub fn is_used(&self) -> bool {
        !self.terms.is_card() && self.captured > 0
    }

    /// How it stands at an instant, as if one of its holds were not.
    pub fn standing(&self, now_ms: i64, without: Option<u64>) -> Standing {
        let mut standing = Standing { available: self.available, held: 0, live_holds: 0, expired: self.expired };
        for (operation, hold) in self.live_holds() {
            if hold.is_live(now_ms) && without != Some(operation) {
                standing.held += hold.held;
                standing.live_holds += 1;
            } else {
                standing.available += hold.held;
            }
        }
        if self.is_over(now_ms) {
            standing.expired += std::mem::take(&mut standing.available);
        }
        standing
    }

    /// The live hold of an order.
    pub fn live_hold_of(&self, order: u64, now_ms: i64) -> Option<u64> {
        let own = self.live_holds().find(|(_, hold)| hold.order == order && hold.is_live(now_ms));
        own.map(|(operation, _)| operation)
    }

    /// What an order has redeemed.
    pub fn redemption_of(&self, order: u64) -> Option<(u64, &Redemption)> {
        let operation = *self.orders.get(&order)?;
        Some((operation, self.redemptions.get(&operation)?))
    }

    /// Instants after `after_ms`, up to `until_ms`, at which time alone changes how it stands.
    pub fn turns(&self, after_ms: i64, until_ms: i64) -> impl Iterator<Item = i64> {
        let deadlines = self.live_holds().map(|(_, hold)| hold.deadline_ms);
        let turns = deadlines.chain([self.from_ms, self.until_ms]);
        turns.filter(move |&turn_ms| after_ms < turn_ms && turn_ms <= until_ms)
    }

    /// Moves what time has brought by `now_ms`.
    pub fn settle(&mut self, now_ms: i64) {
        let due: Vec<_> = self.live_holds().filter(|(_, hold)| !hold.is_live(now_ms)).map(|(operation, _)| operation).collect();
        due.into_iter().for_each(|operation| self.end(operation, End::Expired));
        if self.is_over(now_ms) {
            self.expired += std::mem::take(&mut self.available);
        }
    }

    /// Ends a live hold: its value is available again.
    pub fn end(&mut self, operation: u64, end: End) {
        if let Some(hold) = self.holds.get_mut(&operation)
            && self.live.remove(&operation)
        {
            hold.end = Some(end);
            self.available += hold.held;
        }
    }

    /// Ends every live hold.
    pub fn revoke_all(&mut self) {
        let live = self.live.clone();
        live.into_iter().for_each(|operation| self.end(operation, End::Released));
    }

    /// Sets value aside.
    pub fn hold(&mut self, operation: u64, hold: Hold) {
        self.available -= hold.held;
        self.live.insert(operation);
        self.holds.insert(operation, hold);
    }

    /// Takes available value for an order.
    pub fn capture(&mut self, operation: u64, order: u64, redemption: Redemption) {
        let taken = if self.terms.is_card() { redemption.applied } else { 1 };
        self.available -= taken;
        self.captured += taken;
        self.redemptions.insert(operation, redemption);
        self.orders.insert(order, operation);
    }

    fn live_holds(&self) -> impl Iterator<Item = (u64, &Hold)> {
        self.live.iter().filter_map(|operation| Some((*operation, self.holds.get(operation)?)))
    }
}
