//! How many of one template a user got on the local day of the last one, where a template limits that.

use super::count_key;
use crate::container::KeyedEntity;
use crate::digest::{Entity, EntityKind};
use crate::image::{Fields, Restore};

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DayCount {
    user: u32,
    template: u32,
    day: i32,
    claimed: u32,
}

impl DayCount {
    /// How many on this day, or on a later one: a template that is moved to a zone farther west has the day before once more, and
    /// what was given on the later day counts for it.
    pub(super) fn on(&self, day: i32) -> u32 {
        if self.day >= day { self.claimed } else { 0 }
    }

    /// One more on this day.
    pub(super) fn add(&mut self, day: i32) {
        (self.claimed, self.day) = (self.on(day) + 1, self.day.max(day));
    }
}

impl Entity for DayCount {
    const KIND: EntityKind = EntityKind::DayCount;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, u64::from(self.claimed));
        visit(2, u64::from(self.day as u32));
    }
}

impl Restore for DayCount {
    fn restore(key: u64, fields: &Fields) -> Option<DayCount> {
        let day: u32 = fields.narrow(2)?;
        let count = DayCount { claimed: fields.narrow(1)?, day: day as i32, ..DayCount::at_default(key) };
        (count.claimed != 0).then_some(count)
    }
}

impl KeyedEntity for DayCount {
    fn key(&self) -> u64 {
        count_key(self.user, self.template)
    }
    fn at_default(key: u64) -> DayCount {
        DayCount { user: (key >> 32) as u32, template: key as u32, day: 0, claimed: 0 }
    }
}
