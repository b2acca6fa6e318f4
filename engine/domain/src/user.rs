//! Users as a partition knows them: their hash, the newest coupon of their wallet, what they claimed.
//!
//! A wallet is a chain through the coupons, newest first, so it costs one number a coupon. Most users claim of one template; how
//! many they got of the first is kept with the user, the rest beside. The text of a user's name is in the journal only.

mod day_count;

use crate::block::Blocks;
use crate::compact::Number;
use crate::container::{Entities, Filling, Index, Keyed, KeyedEntity, Meeting, Table, spread};
use crate::digest::{Entity, EntityKind, contribution};
use crate::image::{Chunks, Fields, Restore};
use crate::keyed::UserKey;
use crate::planted::{self, Planted};
pub(crate) use day_count::DayCount;

/// A user with a coupon here, or with a frozen account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct User {
    key: [u64; 2],
    /// How many the user got of the template that was counted first, 0 = none yet; to the digest and to images a [`ClaimCount`]
    /// like the others.
    claimed: u32,
    template: u32,
    /// The newest coupon's number + 1; 0 = none yet.
    newest: Number,
    /// Why none of the user's coupons may be used for now; read by each of them, not copied.
    pub(crate) blocks: Blocks,
}

const _: () = assert!(size_of::<User>() == 32);

impl User {
    fn new(key: UserKey) -> User {
        let halves = [key.0 as u64, (key.0 >> 64) as u64];
        User { key: halves, claimed: 0, template: 0, newest: Number::default(), blocks: Blocks::default() }
    }

    /// The hash of the user's name.
    #[inline]
    pub(crate) fn key(&self) -> UserKey {
        UserKey(u128::from(self.key[1]) << 64 | u128::from(self.key[0]))
    }

    /// The newest coupon's number + 1; 0 = none yet.
    pub(crate) fn newest(&self) -> u64 {
        self.newest.get()
    }

    /// What is counted with the user of this number.
    fn count(&self, user: u64) -> Option<ClaimCount> {
        (self.claimed != 0).then_some(ClaimCount { user: user as u32, template: self.template, claimed: self.claimed })
    }
}

impl Entity for User {
    const KIND: EntityKind = EntityKind::User;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, self.key[0]);
        visit(2, self.key[1]);
        visit(3, self.newest.get());
        visit(4, u64::from(self.blocks.number()));
    }
}

impl Restore for User {
    fn restore(_number: u64, fields: &Fields) -> Option<User> {
        let (newest, blocks) = (Number::new(fields.get(3))?, Blocks::from_number(fields.narrow(4)?)?);
        Some(User { newest, blocks, ..User::new(UserKey(fields.wide(1))) })
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

impl Restore for ClaimCount {
    fn restore(key: u64, fields: &Fields) -> Option<ClaimCount> {
        Some(ClaimCount { claimed: fields.narrow(1)?, ..ClaimCount::at_default(key) })
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
    by_key: Index,
    /// The numbers of frozen accounts; derived. It is asked with each use of a coupon, and small, where users are many.
    frozen: Table<u32>,
    /// What the counts that are kept with users add to the digest.
    counted_digest: u64,
    /// The counts that are not.
    counts: Keyed<ClaimCount>,
    /// What is counted by day.
    days: Keyed<DayCount>,
}

impl Users {
    /// The number of a user, if they are known here.
    pub(crate) fn find(&self, key: UserKey) -> Option<u32> {
        let number = self.by_key.find(hash(key), 0, |number| self.users.get(number).is_some_and(|user| user.key() == key));
        number.map(|number| number as u32)
    }

    /// The user of this number.
    pub(crate) fn get(&self, number: u32) -> Option<&User> {
        self.users.get(u64::from(number))
    }

    /// How many of a template the user got.
    pub(crate) fn claimed(&self, user: u32, template: u32) -> u32 {
        match self.get(user) {
            Some(user) if user.template == template && user.claimed != 0 => user.claimed,
            _ => self.counts.get(count_key(user, template)).claimed,
        }
    }

    /// How many of a template the user got on this local day.
    pub(crate) fn claimed_on(&self, user: u32, template: u32, day: i32) -> u32 {
        self.days.get(count_key(user, template)).on(day)
    }

    /// The user got one more of a template on this local day.
    pub(crate) fn count_on(&mut self, user: u32, template: u32, day: i32) {
        self.days.change(count_key(user, template), |count| count.add(day));
    }

    /// Puts `coupon` in front of the user's wallet and counts it; gives the user and what was in front.
    pub(crate) fn receive(&mut self, key: UserKey, template: u32, coupon: u64) -> (u32, u64) {
        let number = self.admit(key);
        let (is_counted_here, older) = self.users.change(u64::from(number), |user| {
            let is_counted_here = user.claimed == 0 || user.template == template;
            if is_counted_here {
                (user.template, user.claimed) = (template, user.claimed + 1);
            }
            (is_counted_here, std::mem::replace(&mut user.newest, Number::of(coupon + 1)).get())
        });
        match is_counted_here {
            true => self.count_with_user(number),
            false => self.counts.change(count_key(number, template), |count| count.claimed += 1),
        }
        (number, older)
    }

    /// The count that is kept with a user has become one more.
    fn count_with_user(&mut self, number: u32) {
        let after = self.get(number).and_then(|user| user.count(number.into())).expect("a user was just counted");
        let before = ClaimCount { claimed: after.claimed - 1, ..after };
        let [after, before] = [after, before].map(|count| contribution(count.key(), &count));
        self.counted_digest = self.counted_digest.wrapping_add(after).wrapping_sub(before);
    }

    /// The number of a user, who is known from now on.
    pub(crate) fn admit(&mut self, key: UserKey) -> u32 {
        self.find(key).unwrap_or_else(|| self.add(key))
    }

    /// Puts `coupon` in front of the wallet of a known user without counting it as claimed; gives what was in front.
    pub(crate) fn receive_uncounted(&mut self, number: u32, coupon: u64) -> u64 {
        self.users.change(u64::from(number), |user| std::mem::replace(&mut user.newest, Number::of(coupon + 1)).get())
    }

    /// The blocks of the account of this number.
    pub(crate) fn blocks(&self, number: u32) -> Blocks {
        let frozen = self.frozen.find(spread(number.into()), |&frozen| frozen == number);
        frozen.and_then(|number| self.get(number)).map_or(Blocks::default(), |user| user.blocks)
    }

    /// Sets the blocks of an account, also of a user who has no coupons here; gives what they were.
    pub(crate) fn block(&mut self, key: UserKey, blocks: Blocks) -> Blocks {
        let number = self.admit(key);
        let before = self.users.change(u64::from(number), |user| std::mem::replace(&mut user.blocks, blocks));
        self.note_frozen(number, blocks);
        before
    }

    fn note_frozen(&mut self, number: u32, blocks: Blocks) {
        let hash = |number: &u32| spread(u64::from(*number));
        self.frozen.remove(hash(&number), |&frozen| frozen == number);
        if blocks.is_frozen() {
            self.frozen.insert(hash(&number), number, hash);
        }
    }

    fn add(&mut self, key: UserKey) -> u32 {
        let number = u32::try_from(self.users.push(User::new(key))).expect("a partition has fewer than 2^32 users");
        self.index(key, number);
        number
    }

    fn index(&mut self, key: UserKey, number: u32) {
        let users = &self.users;
        self.by_key.insert(hash(key), number.into(), 0, |number| hash(users.get(number).expect("an indexed user is here").key()));
    }

    pub(crate) fn save<E>(&self, out: &mut Chunks<'_, E>) -> Result<(), E> {
        out.numbered(&self.users)?;
        // A user's counts lie together in the order of keys, those of the first user first.
        let beside = self.counts.sorted();
        let mut beside = beside.iter().map(|count| **count).peekable();
        for (number, user) in (0..).zip(self.users.iter()) {
            let mut own = user.count(number);
            while let Some(count) = beside.next_if(|count| u64::from(count.user) == number) {
                if let Some(own) = own.take_if(|own| own.template < count.template) {
                    out.keyed_one(&own)?;
                }
                out.keyed_one(&count)?;
            }
            own.map_or(Ok(()), |own| out.keyed_one(&own))?;
        }
        out.end()?;
        if planted::is(Planted::DaysLeftOutOfImage) {
            return Ok(());
        }
        out.keyed(&self.days)
    }

    pub(crate) fn restore(&mut self, number: u64, fields: &Fields) -> Option<()> {
        u32::try_from(number).ok()?;
        self.users.put_back(number, User::restore(number, fields)?)
    }

    /// What follows from the users of an image. The number of one whose key another has, if there is one.
    pub(crate) fn derive(&mut self) -> Result<(), u64> {
        let hashed = (0..).zip(self.users.iter().map(|user| hash(user.key())));
        let filling = Filling::of(0, self.users.len(), hashed);
        let key = |number| self.users.get(number).expect("an indexed user is here").key();
        let meet = |earlier, later| if key(earlier) == key(later) { Meeting::Conflict } else { Meeting::Strangers };
        self.by_key = filling.finish(meet)?;
        for number in 0..self.users.len() as u32 {
            let blocks = self.get(number).expect("users do not leave").blocks;
            if blocks.is_frozen() {
                self.note_frozen(number, blocks);
            }
        }
        Ok(())
    }

    pub(crate) fn restore_count(&mut self, key: u64, fields: &Fields) -> Option<()> {
        let count = ClaimCount::restore(key, fields).filter(|count| count.claimed != 0)?;
        let user = *self.get(count.user)?;
        if user.claimed != 0 {
            return if user.template == count.template { None } else { self.counts.put_back(count) };
        }
        self.users.change(count.user.into(), |user| (user.template, user.claimed) = (count.template, count.claimed));
        self.counted_digest = self.counted_digest.wrapping_add(contribution(key, &count));
        Some(())
    }

    pub(crate) fn restore_day_count(&mut self, key: u64, fields: &Fields) -> Option<()> {
        let count = DayCount::restore(key, fields)?;
        self.get((key >> 32) as u32)?;
        self.days.put_back(count)
    }

    pub(crate) fn len(&self) -> u64 {
        self.users.len()
    }

    pub(crate) fn digest(&self) -> u64 {
        let counts = self.counted_digest.wrapping_add(self.counts.digest()).wrapping_add(self.days.digest());
        self.users.digest().wrapping_add(counts)
    }

    /// Bytes of memory that they hold.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let indexes = self.by_key.memory_bytes() + self.frozen.memory_bytes();
        self.users.memory_bytes() + indexes + self.counts.memory_bytes() + self.days.memory_bytes()
    }
}

/// The upper half: the lower bits chose the partition and are alike here.
fn hash(key: UserKey) -> u64 {
    (key.0 >> 64) as u64
}
