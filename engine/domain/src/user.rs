//! Users as a partition knows them: their hash, the newest coupon of their wallet, what they claimed.
//!
//! A wallet is a chain through the coupons, newest first, so it costs one number a coupon. The text
//! of a user's name is in the journal only.

use crate::block::Blocks;
use crate::container::{Entities, Keyed, KeyedEntity, Table};
use crate::digest::{Entity, EntityKind};
use crate::keyed::UserKey;

/// A user with a coupon here, or with a frozen account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) key: UserKey,
    /// The newest coupon's number + 1; 0 = none yet.
    pub(crate) newest: u64,
    /// Why none of the user's coupons may be used for now; read by each of them, not copied.
    pub(crate) blocks: Blocks,
}

impl Entity for User {
    const KIND: EntityKind = EntityKind::User;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, self.key.0 as u64);
        visit(2, (self.key.0 >> 64) as u64);
        visit(3, self.newest);
        visit(4, u64::from(self.blocks.number()));
    }
}

/// How many of one template a user got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClaimCount {
    user: u32,
    template: u32,
    pub(crate) claimed: u32,
}

impl Entity for ClaimCount {
    const KIND: EntityKind = EntityKind::ClaimCount;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, u64::from(self.claimed));
    }
}

impl KeyedEntity for ClaimCount {
    fn key(&self) -> u64 {
        count_key(self.user, self.template)
    }
    fn at_default(key: u64) -> ClaimCount {
        ClaimCount { user: (key >> 32) as u32, template: key as u32, claimed: 0 }
    }
}

fn count_key(user: u32, template: u32) -> u64 {
    u64::from(user) << 32 | u64::from(template)
}

/// All users of one partition.
#[derive(Default)]
pub(crate) struct Users {
    users: Entities<User>,
    by_key: Table<u32>,
    counts: Keyed<ClaimCount>,
}

impl Users {
    /// The number of a user, if they are known here.
    pub(crate) fn find(&self, key: UserKey) -> Option<u32> {
        self.by_key.find(hash(key), |&number| self.users.get(u64::from(number)).is_some_and(|user| user.key == key))
    }

    /// The user of this number.
    pub(crate) fn get(&self, number: u32) -> Option<&User> {
        self.users.get(u64::from(number))
    }

    /// How many of a template the user got.
    pub(crate) fn claimed(&self, user: u32, template: u32) -> u32 {
        self.counts.get(count_key(user, template)).claimed
    }

    /// Puts `coupon` in front of the user's wallet and counts it; gives the user and what was in front.
    pub(crate) fn receive(&mut self, key: UserKey, template: u32, coupon: u64) -> (u32, u64) {
        let number = self.find(key).unwrap_or_else(|| self.add(key));
        self.counts.change(count_key(number, template), |count| count.claimed += 1);
        (number, self.receive_uncounted(number, coupon))
    }

    /// Puts `coupon` in front of the wallet of a known user without counting it as claimed; gives what was in front.
    pub(crate) fn receive_uncounted(&mut self, number: u32, coupon: u64) -> u64 {
        self.users.change(u64::from(number), |user| std::mem::replace(&mut user.newest, coupon + 1))
    }

    /// Sets the blocks of an account, also of a user who has no coupons here; gives what they were.
    pub(crate) fn block(&mut self, key: UserKey, blocks: Blocks) -> Blocks {
        let number = self.find(key).unwrap_or_else(|| self.add(key));
        self.users.change(u64::from(number), |user| std::mem::replace(&mut user.blocks, blocks))
    }

    fn add(&mut self, key: UserKey) -> u32 {
        let number = u32::try_from(self.users.push(User { key, newest: 0, blocks: Blocks::default() }))
            .expect("a partition has fewer than 2^32 users");
        let users = &self.users;
        self.by_key.insert(hash(key), number, |&number| hash(users.get(u64::from(number)).expect("an indexed user is here").key));
        number
    }

    pub(crate) fn len(&self) -> u64 {
        self.users.len()
    }

    pub(crate) fn digest(&self) -> u64 {
        self.users.digest().wrapping_add(self.counts.digest())
    }
}

/// The upper half: the lower bits chose the partition and are alike here.
fn hash(key: UserKey) -> u64 {
    (key.0 >> 64) as u64
}
