//! Commands: what people ask of a partition or of the catalog, already checked for form.
//!
//! Codes and ids are opened at the edge, so a command names coupons and redemptions by number, and
//! users by the key of their hash beside their text (the text goes to the journal).

mod batch;
mod card;
mod checkout;
mod gift;
mod hold;
mod keys;
mod legacy;
mod operator;
mod query;

use crate::catalog::TemplateFilter;
use crate::id::Id;
use crate::keyed::{LegacyKey, UserKey};
use crate::money::Currency;
pub use crate::request::Operation;
use crate::terms::{TemplateSpec, Window};
pub use batch::{CompleteBatch, ListCards, MakeCards, OpenBatch, TakeBatch};
pub(crate) use card::text;
pub use card::{ActivateCard, AdjustCard, ReloadCard, ReplaceCard, Sale};
pub use checkout::{Apart, CaptureOrder, Checkout, RefundOrder, ReleaseOrder, Units};
pub use gift::{AcceptGift, CancelGift, GetGift, OfferGift};
pub use hold::{Capture, Hold, Release};
pub use keys::Keys;
pub use legacy::ImportCard;
pub use operator::{BlockCoupon, BlockUser, VoidCoupon};
pub use query::{
    GOODS_MAX, Goods, ListClaimable, ListRedemptions, ListRedemptionsByTime, PAGE_SIZE_MAX, RedemptionCursor, TEMPLATE_LOOKS_MAX,
};

/// A user, by text and by key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// As the caller wrote it.
    pub id: Id,
    /// Its keyed hash.
    pub key: UserKey,
}

/// How a caller names a coupon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instrument {
    /// By its code, opened: who shows it may use it.
    Bearer {
        /// The coupon's number.
        coupon: u64,
        /// The key version the code was sealed under.
        key_version: u8,
    },
    /// By owner and coupon id, from an app that knows its user.
    Owned {
        /// The owner.
        user: UserKey,
        /// The coupon's number.
        coupon: u64,
    },
    /// By its id alone, from an operator.
    Known {
        /// The coupon's number.
        coupon: u64,
    },
    /// By a code of another house, until it is looked up ([`Command::legacy`]).
    Legacy {
        /// The code.
        code: LegacyKey,
    },
}

/// The number of what a code of another house leads to before it is looked up: no coupon has it.
const NO_COUPON: u64 = u64::MAX;

impl Instrument {
    /// The coupon's number; that of none before a code of another house is looked up.
    pub fn coupon(&self) -> u64 {
        match *self {
            Instrument::Legacy { .. } => NO_COUPON,
            Instrument::Bearer { coupon, .. } | Instrument::Owned { coupon, .. } | Instrument::Known { coupon } => coupon,
        }
    }
}

/// Claim by a user, or issue by an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// `Operation::Claim` or `Operation::Issue`.
    pub operation: Operation,
    /// Who gets it.
    pub user: User,
    /// Of which template.
    pub template: Id,
    /// Idempotency key.
    pub request_id: Id,
    /// Through which channel, if it is said. Apart, because most do not say it and commands are moved.
    pub channel: Option<Box<Id>>,
    /// When it may be used, where the issue says it.
    pub use_window: Option<Box<Window>>,
}

/// Redeem; without `request_id` the same question is a validation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redeem {
    /// What is used.
    pub instrument: Instrument,
    /// At which merchant.
    pub merchant: Id,
    /// For which order.
    pub order: Id,
    /// Order amount, or what to charge; minor units.
    pub amount: i64,
    /// Its currency.
    pub currency: Currency,
    /// Through which channel, if it is said. Apart, because most do not say it and commands are moved.
    pub channel: Option<Box<Id>>,
    /// Idempotency key.
    pub request_id: Id,
}

/// What would a redemption give? Changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validate {
    /// What would be used.
    pub instrument: Instrument,
    /// At which merchant.
    pub merchant: Id,
    /// Through which channel, if it is said. Apart, because most do not say it and commands are moved.
    pub channel: Option<Box<Id>>,
    /// Order amount, or what would be charged; minor units.
    pub amount: i64,
    /// Its currency.
    pub currency: Currency,
}

/// Refund of a redemption, as a whole or in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Lsn of the redemption's event.
    pub redemption: u64,
    /// What of the discount or the charge is given back, in minor units; `None` = all that is left.
    pub amount: Option<i64>,
    /// Idempotency key.
    pub request_id: Id,
}

/// Which coupons of a wallet are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusFilter {
    /// All.
    Any,
    /// Those that are active, frozen or not.
    Open,
    /// Those with this life at this instant, and not frozen.
    Only(crate::coupon::Life),
    /// Those that would be active, were they not blocked.
    Frozen,
}

/// A page of a user's coupons, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListCoupons {
    /// Whose.
    pub user: UserKey,
    /// Which.
    pub status: StatusFilter,
    /// Only those whose window ends before this instant, in ms; 0 = whenever it ends.
    pub ends_before_ms: i64,
    /// 1 to [`PAGE_SIZE_MAX`].
    pub page_size: u32,
    /// Where the page before ended: the next coupon's number.
    pub from: Option<u64>,
}

/// Raise a stock, or a budget, from `current` to `target`, if it still is `current`: in pieces, or in minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaiseStock {
    /// Of which template.
    pub template: Id,
    /// The total that the caller saw.
    pub current: u64,
    /// The total that they want; not below `current`.
    pub target: u64,
    /// Idempotency key.
    pub request_id: Id,
    /// Only say what would happen.
    pub validate_only: bool,
}

/// What is asked of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// See [`Claim`].
    Claim(Claim),
    /// See [`Validate`].
    Validate(Validate),
    /// See [`Redeem`].
    Redeem(Redeem),
    /// See [`Refund`].
    Refund(Refund),
    /// One coupon, seen by its owner.
    GetCoupon(Instrument),
    /// See [`ListCoupons`].
    ListCoupons(ListCoupons),
    /// The code of a coupon, for its owner.
    RevealCode(Instrument),
    /// See [`RaiseStock`]; goes to the template's home.
    RaiseStock(RaiseStock),
    /// The same of the template's budget.
    RaiseBudget(RaiseStock),
    /// The stock of a template; goes to its home.
    GetStock(Id),
    /// See [`Hold`].
    Hold(Hold),
    /// See [`Capture`].
    Capture(Capture),
    /// See [`Release`].
    Release(Release),
    /// See [`BlockCoupon`].
    BlockCoupon(BlockCoupon),
    /// See [`BlockUser`]; goes to the user's partition.
    BlockUser(BlockUser),
    /// See [`VoidCoupon`].
    VoidCoupon(VoidCoupon),
    /// See [`ListRedemptions`].
    ListRedemptions(ListRedemptions),
    /// See [`Checkout`]. Apart, because it is large and commands are moved.
    Checkout(Box<Checkout>),
    /// See [`CaptureOrder`]; apart, as all that follow.
    CaptureOrder(Box<CaptureOrder>),
    /// See [`ReleaseOrder`].
    ReleaseOrder(Box<ReleaseOrder>),
    /// See [`RefundOrder`].
    RefundOrder(Box<RefundOrder>),
    /// See [`ListRedemptionsByTime`].
    ListRedemptionsByTime(ListRedemptionsByTime),
    /// See [`ListClaimable`]. Apart, because few ask it and commands are moved.
    ListClaimable(Box<ListClaimable>),
    /// See [`OfferGift`].
    OfferGift(OfferGift),
    /// See [`CancelGift`].
    CancelGift(CancelGift),
    /// See [`AcceptGift`].
    AcceptGift(AcceptGift),
    /// See [`GetGift`].
    GetGift(GetGift),
    /// See [`OpenBatch`]; goes to the batch's home.
    OpenBatch(OpenBatch),
    /// See [`MakeCards`].
    MakeCards(MakeCards),
    /// See [`CompleteBatch`]; goes to the batch's home.
    CompleteBatch(CompleteBatch),
    /// See [`TakeBatch`]; goes to the batch's home.
    TakeBatch(TakeBatch),
    /// How a batch stands; goes to its home.
    GetBatch(Id),
    /// What a partition has made of a batch.
    GetShare(Id),
    /// See [`ListCards`].
    ListCards(ListCards),
    /// See [`ActivateCard`].
    ActivateCard(ActivateCard),
    /// See [`ReloadCard`].
    ReloadCard(ReloadCard),
    /// See [`AdjustCard`].
    AdjustCard(AdjustCard),
    /// See [`ReplaceCard`].
    ReplaceCard(ReplaceCard),
    /// Where the ledger of a card begins.
    StartLedger(Instrument),
    /// How far the void of a template has come here; without one, which are not through.
    GetVoids(Option<u32>),
    /// See [`ImportCard`]. Apart, because it is large and commands are moved.
    ImportCard(Box<ImportCard>),
    /// The card of a code of another house; goes to the code's partition.
    FindCard(LegacyKey),
}

impl Command {
    /// Lets `find` put the cards there that it names by codes of another house, before anything else looks at the command:
    /// [`Partition::find_legacy`](crate::Partition::find_legacy).
    #[inline]
    pub fn find_legacy(&mut self, find: impl Fn(&mut Instrument)) {
        let instruments = match self {
            Command::Validate(validate) => std::slice::from_mut(&mut validate.instrument),
            Command::Redeem(redeem) => std::slice::from_mut(&mut redeem.instrument),
            Command::Hold(hold) => std::slice::from_mut(&mut hold.instrument),
            Command::GetCoupon(instrument) => std::slice::from_mut(instrument),
            Command::ActivateCard(activate) => std::slice::from_mut(&mut activate.instrument),
            Command::ReloadCard(reload) => std::slice::from_mut(&mut reload.instrument),
            Command::AdjustCard(adjust) => std::slice::from_mut(&mut adjust.instrument),
            Command::ReplaceCard(replace) => std::slice::from_mut(&mut replace.instrument),
            Command::BlockCoupon(block) => std::slice::from_mut(&mut block.instrument),
            Command::VoidCoupon(void) => std::slice::from_mut(&mut void.instrument),
            Command::Checkout(checkout) => &mut checkout.instruments[..],
            _ => return,
        };
        instruments.iter_mut().filter(|instrument| matches!(instrument, Instrument::Legacy { .. })).for_each(find);
    }
}

/// A command that is remembered under its request id.
pub trait Write: Into<Command> {
    /// Its idempotency key.
    fn request_id(&self) -> &Id;
}

macro_rules! writes {
    ($($write:ident),*) => {
        $(
            impl From<$write> for Command {
                fn from(write: $write) -> Command {
                    Command::$write(write)
                }
            }
            impl Write for $write {
                fn request_id(&self) -> &Id {
                    &self.request_id
                }
            }
        )*
    };
}
writes!(
    Claim,
    Redeem,
    Refund,
    Hold,
    Capture,
    Release,
    OfferGift,
    CancelGift,
    AcceptGift,
    TakeBatch,
    ActivateCard,
    ReloadCard,
    AdjustCard,
    ReplaceCard
);

/// Create, or update if a version is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteTemplate {
    /// The template's id.
    pub template: Id,
    /// `None` creates version 1; `Some(v)` makes version v + 1 of one whose version is v.
    pub expected_version: Option<u32>,
    /// What it says.
    pub spec: TemplateSpec,
    /// Idempotency key.
    pub request_id: Id,
    /// Only say what would happen.
    pub validate_only: bool,
}

/// Makes a template void, for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoidTemplate {
    /// Which.
    pub template: Id,
    /// The version that the caller knows.
    pub expected_version: u32,
    /// Why, for people.
    pub reason: Id,
    /// Whether live holds are taken away; else they may be captured until they end.
    pub revoke_holds: bool,
    /// Idempotency key.
    pub request_id: Id,
    /// Only say what would happen.
    pub validate_only: bool,
}

/// What is asked of the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogCommand {
    /// See [`WriteTemplate`].
    Write(WriteTemplate),
    /// Nothing more is issued of it.
    Stop {
        /// Which.
        template: Id,
        /// Idempotency key.
        request_id: Id,
        /// Only say what would happen.
        validate_only: bool,
    },
    /// It issues again.
    Resume {
        /// Which.
        template: Id,
        /// Idempotency key.
        request_id: Id,
        /// Only say what would happen.
        validate_only: bool,
    },
    /// See [`VoidTemplate`].
    Void(VoidTemplate),
    /// One template.
    Get(Id),
    /// A page of templates in the order of their creation.
    List {
        /// 1 to [`PAGE_SIZE_MAX`].
        page_size: u32,
        /// The first number of the page.
        from: u32,
        /// Which.
        filter: TemplateFilter,
    },
}
