//! What a partition holds in memory: an estimate, by what its containers have room for.
//!
//! Of each container the capacity counts, not what is in it: entities stand in chunks of 4,096, so
//! chunks × 4,096 × the size of one; an index is the sum of its sub-tables' buckets, a table that of its
//! allocations, control bytes included; deadlines are 8 bytes for 1,024 entities. Terms count by the
//! size of one, without their texts, which the catalog shares. What the allocator rounds up or keeps for later is not in it, so a
//! process holds more: compare these numbers with each other before comparing them with its own.

use super::Partition;

impl Partition {
    /// Bytes of memory of each part of the state, by the part's name. Costs a look at each chunk, and at each small table of 1,024 entries; indexes keep count.
    pub fn memory_bytes(&self) -> [(&'static str, u64); 15] {
        let [coupons, coupon_deadlines] = self.coupons.memory_bytes();
        let [holds, hold_orders, hold_deadlines] = self.holds.memory_bytes();
        let [gifts, gift_deadlines] = self.gifts.memory_bytes();
        let [redemptions, redemption_orders] = self.redemptions.memory_bytes();
        [
            ("terms", self.terms.memory_bytes()),
            ("users", self.users.memory_bytes()),
            ("coupons", coupons),
            ("holds", holds),
            ("gifts", gifts),
            ("redemptions and refunds", redemptions),
            ("checkouts", self.checkouts.memory_bytes()),
            ("sagas and pledges", self.sagas.memory_bytes() + self.pledges.memory_bytes()),
            ("orders", hold_orders + redemption_orders),
            ("requests", self.requests.memory_bytes()),
            ("stock and leases", self.stock.memory_bytes()),
            ("lines", self.lines.memory_bytes()),
            ("batches", self.batches.memory_bytes()),
            ("legacy cards", self.legacy.memory_bytes()),
            ("deadlines", coupon_deadlines + hold_deadlines + gift_deadlines),
        ]
    }
}
