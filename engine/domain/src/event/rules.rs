//! What templates say beside their numbers, as events carry it: bytes with a kind and a version of their own, which few templates have.

use crate::codec::{BorrowDecode, Encode};

/// The rules of one template version, in primitives. Lists are sorted; an empty text or list says nothing.
#[derive(Clone, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct RulesBody<'a> {
    /// The merchant who issues it.
    pub issuer: &'a str,
    /// Goods: let in, kept out.
    pub goods: [Vec<&'a str>; 2],
    /// Categories: let in, kept out.
    pub categories: [Vec<&'a str>; 2],
    /// Merchants: let in, kept out.
    pub merchants: [Vec<&'a str>; 2],
    /// Channels of issue and of use.
    pub channels: [Vec<&'a str>; 2],
    /// Name of the time zone.
    pub zone: &'a str,
    /// Hours of issue and of use: bits of weekdays, from Monday; first minute; first minute after.
    pub hours: [Vec<(u8, u16, u16)>; 2],
    /// Most for one user on one local day; 0 = no limit.
    pub user_day_limit: u32,
    /// 0 order, 1 item, 2 shipping.
    pub layer: u8,
    /// The lower first.
    pub priority: u32,
    /// 0 what remains, 1 what was at first.
    pub basis: u8,
    /// 0 never, 1 one group, 2 always.
    pub class: u8,
    /// The group.
    pub group: &'a str,
    /// Most of the group; 0 = one.
    pub max_per_group: u32,
    /// Most of the template; 0 = no limit of its own.
    pub max_per_order: u32,
}

/// The rules of one template version that say something which [`RulesBody`] has no words for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct RulesBodyV2<'a> {
    /// All that the first version says.
    pub first: RulesBody<'a>,
    /// Whether its coupons may be given to somebody else.
    pub transferable: bool,
}

/// The rules of one template version that say something which [`RulesBodyV2`] has no words for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct RulesBodyV3<'a> {
    /// All that the first version says.
    pub first: RulesBody<'a>,
    /// Whether its coupons may be given to somebody else.
    pub transferable: bool,
    /// Most pieces for all users on one local day; 0 = no limit.
    pub day_stock: u64,
    /// Budget at creation, minor units; 0 = none.
    pub budget: u64,
    /// Whether a coupon that ends unused gives back what it took of stock and budget.
    pub restock: bool,
}

/// What people see of a template, in primitives.
#[derive(Clone, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct DisplayBody<'a> {
    /// Its name.
    pub name: &'a str,
    /// Name and text of each field, in the caller's order.
    pub fields: Vec<(&'a str, &'a str)>,
}
