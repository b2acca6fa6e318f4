//! By which keys an event's texts are known: as they were hashed for the command, or hashed now, as in every replay. I6.

use super::Partition;
use crate::command::Keys;
use crate::keyed::{OrderKey, UserKey};
use crate::request::Operation;

impl Partition {
    pub(super) fn user_key(&self, user: &str) -> UserKey {
        self.known(|keys| keys.user, || self.key.user(user))
    }

    pub(super) fn request_key(&self, operation: Operation, subject: u128, id: &str) -> u128 {
        self.known(|keys| keys.request, || self.key.request(operation as u8, subject, id))
    }

    pub(super) fn order_key(&self, merchant: &str, order: &str, coupon: u64) -> OrderKey {
        self.known(|keys| keys.order, || self.key.order(merchant, order, coupon))
    }

    /// What a command has no key for is hashed as well: [`Keys`] has the default there.
    fn known<T: Default + PartialEq + std::fmt::Debug>(&self, known: impl Fn(&Keys) -> T, hash: impl Fn() -> T) -> T {
        let known = self.keys.as_ref().map(known).filter(|known| *known != T::default());
        let Some(known) = known else { return hash() };
        debug_assert_eq!(known, hash(), "I6: an event is applied by the keys that a replay finds");
        known
    }
}
