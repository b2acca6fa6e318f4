//! What terms allow: when, through which channel and at which merchant a coupon is issued and used. Those without rules allow all of it.

use super::{Kind, Terms};
use crate::id::Id;
use crate::rejection::{Reason, Rejection};
use crate::terms::rules::Layer;

impl Terms {
    /// Whether a coupon may be issued at this hour and through this channel.
    pub(crate) fn check_issue(&self, channel: Option<&Id>, now_ms: i64) -> Result<(), Rejection> {
        match self.rules.get() {
            Some(rules) if !rules.issue_hours.contain(rules.zone, now_ms) => Err(Reason::OutsideHours.into()),
            Some(rules) if !rules.issue_channels.allow(channel) => Err(Reason::ChannelNotAllowed.into()),
            _ => Ok(()),
        }
    }

    /// The local day that an issue is counted on, and the most of one user on it, where days are counted.
    pub(crate) fn day_limit(&self, now_ms: i64) -> Option<(i32, u32)> {
        let rules = self.rules.get().filter(|rules| rules.user_day_limit != 0)?;
        Some((rules.zone.local(now_ms).day, rules.user_day_limit))
    }

    /// Whether a coupon may be used at this hour.
    pub(crate) fn check_hours(&self, now_ms: i64) -> Result<(), Rejection> {
        match self.rules.get() {
            Some(rules) if !rules.use_hours.contain(rules.zone, now_ms) => Err(Reason::OutsideHours.into()),
            _ => Ok(()),
        }
    }

    /// Whether a coupon may be used at this hour and through this channel.
    #[inline]
    pub(crate) fn check_place(&self, channel: Option<&Id>, now_ms: i64) -> Result<(), Rejection> {
        self.check_hours(now_ms)?;
        match self.rules.get() {
            Some(rules) if !rules.use_channels.allow(channel) => Err(Reason::ChannelNotAllowed.into()),
            _ => Ok(()),
        }
    }

    /// Whether anything of this merchant may be in their scope.
    pub(crate) fn lets_in(&self, merchant: &Id) -> bool {
        self.rules.get().is_none_or(|rules| rules.scope.lets_in(merchant))
    }

    /// Whether what they do is only told by an order's lines, or by what its shipping costs.
    pub fn needs_lines(&self) -> bool {
        let by_pieces = matches!(self.kind, Kind::QuantityOff { .. } | Kind::Exchange { .. });
        by_pieces || self.rules.get().is_some_and(|rules| rules.scope.is_by_goods() || rules.layer == Layer::Shipping)
    }
}
