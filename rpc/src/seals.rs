//! What turns numbers of the engine into names for callers and back: codes, ids, page tokens, and who lives where.
//!
//! Opening happens at the edge, so a guessed code or a foreign id is refused here and never reaches a shard. Relies on the keys
//! of the data directory.

use tessera_engine::{Router, keys::NodeKeys};

use crate::domain::{
    Id, Reason, Rejection,
    code::Code,
    command::{Operation, User},
    sealed_id::{ID_PARTITION_MAX, IdType, SealedId},
};

/// Stands for the catalog in page tokens, where a partition would.
const CATALOG: u16 = ID_PARTITION_MAX;

/// Begins every minted template id.
const MINTED_PREFIX: &str = "t_";

/// The keys of one data directory, and its number of partitions.
#[derive(Clone, Copy)]
pub struct Seals<'a> {
    keys: &'a NodeKeys,
    partitions: u16,
}

/// Something that lives in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The partition.
    pub partition: u16,
    /// Its number there.
    pub number: u64,
}

/// A code, opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// The coupon.
    pub place: Place,
    /// The version of the key that the code was sealed with.
    pub key_version: u8,
}

impl<'a> Seals<'a> {
    /// Those of the router's directory.
    pub fn of(router: &'a Router) -> Self {
        Self::new(router.keys(), router.partitions())
    }

    /// Those of a directory with these keys and so many partitions.
    pub fn new(keys: &'a NodeKeys, partitions: u16) -> Self {
        Self { keys, partitions }
    }

    /// The user of this text, and the partition it lives in.
    pub fn user(&self, text: impl AsRef<str>) -> Result<(u16, User), Rejection> {
        Id::new("user_id", text).map(|id| self.user_of(id))
    }

    /// The user of this id, and the partition it lives in.
    pub fn user_of(&self, id: Id) -> (u16, User) {
        let key = self.keys.hash.user(id.as_str());
        (key.partition(self.partitions), User { id, key })
    }

    /// The home of a template's stock.
    pub fn home_of(&self, template: &Id) -> u16 {
        self.keys.hash.home_of(template.as_str(), self.partitions)
    }

    /// A template id for a request that names none: the same for every retry of it.
    pub fn mint_template_id(&self, request_id: &Id) -> Id {
        let hash = self.keys.hash.request(Operation::CreateTemplate as u8, 0, request_id.as_str());
        Id::new("template_id", format!("{MINTED_PREFIX}{hash:032x}")).expect("a minted id is short")
    }

    /// The code of a coupon; empty if its key version was withdrawn, since then no code of it is accepted.
    pub fn code(&self, coupon: Place, key_version: u8) -> String {
        self.sealed_code(coupon, key_version).map_or_else(String::new, |code| code.as_str().to_owned())
    }

    /// The code of a coupon; `None` if its key version was withdrawn.
    pub fn sealed_code(&self, coupon: Place, key_version: u8) -> Option<Code> {
        let partition = u8::try_from(coupon.partition).expect("codes carry partitions below 256");
        self.keys.codes.holds(key_version).then(|| self.keys.codes.seal(key_version, partition, coupon.number))
    }

    /// Opens a code; whatever is wrong with it, the answer is one.
    pub fn open_code(&self, text: &str) -> Result<Bearer, Rejection> {
        let opened = self.keys.codes.open(text).map_err(|_| Reason::CodeNotAccepted)?;
        let place = Place { partition: u16::from(opened.partition), number: opened.serial };
        self.held(place).map(|place| Bearer { place, key_version: opened.version })
    }

    /// The id of a coupon.
    pub fn coupon_id(&self, coupon: Place) -> String {
        self.sealed_coupon(coupon).as_str().to_owned()
    }

    /// The id of a coupon, as its symbols.
    pub fn sealed_coupon(&self, coupon: Place) -> SealedId {
        self.keys.ids.seal(IdType::Coupon, coupon.partition, coupon.number)
    }

    /// Opens a coupon id; whatever is wrong with it, the answer is that to a code.
    pub fn open_coupon_id(&self, text: &str) -> Result<Place, Rejection> {
        self.open(IdType::Coupon, text).and_then(|place| self.held(place))
    }

    /// The id of a redemption.
    pub fn redemption_id(&self, redemption: Place) -> String {
        self.sealed_redemption(redemption).as_str().to_owned()
    }

    /// The id of a redemption, as its symbols.
    pub fn sealed_redemption(&self, redemption: Place) -> SealedId {
        self.keys.ids.seal(IdType::Redemption, redemption.partition, redemption.number)
    }

    /// Opens a redemption id.
    pub fn open_redemption_id(&self, text: &str) -> Result<Place, Rejection> {
        let opened = self.open(IdType::Redemption, text).and_then(|place| self.held(place));
        opened.map_err(|_| Reason::RedemptionNotFound.into())
    }

    /// The id of a hold.
    pub fn hold_id(&self, hold: Place) -> String {
        self.sealed_hold(hold).as_str().to_owned()
    }

    /// The id of a hold, as its symbols.
    pub fn sealed_hold(&self, hold: Place) -> SealedId {
        self.keys.ids.seal(IdType::Hold, hold.partition, hold.number)
    }

    /// Opens a hold id.
    pub fn open_hold_id(&self, text: &str) -> Result<Place, Rejection> {
        let opened = self.open(IdType::Hold, text).and_then(|place| self.held(place));
        opened.map_err(|_| Reason::HoldNotFound.into())
    }

    /// The token of a gift.
    pub fn gift_token(&self, gift: Place) -> String {
        self.keys.ids.seal(IdType::Gift, gift.partition, gift.number).as_str().to_owned()
    }

    /// Opens a gift's token; whatever is wrong with it, the answer is that to a code.
    pub fn open_gift_token(&self, text: &str) -> Result<Place, Rejection> {
        self.open(IdType::Gift, text).and_then(|place| self.held(place))
    }

    /// The token of the page that begins at this coupon of a wallet; empty after the last.
    pub fn wallet_token(&self, partition: u16, next: Option<u64>) -> String {
        self.token(partition, next)
    }

    /// Where the page of this token begins; `None` = with the first.
    pub fn open_wallet_token(&self, partition: u16, token: &str) -> Result<Option<u64>, Rejection> {
        self.open_token(partition, token)
    }

    /// The token of the page of a coupon's history that begins at this lsn; empty after the first event.
    pub fn history_token(&self, coupon: Place, next: Option<u64>) -> String {
        self.token(coupon.partition, next)
    }

    /// Where the page of this token begins; `None` = with the newest event.
    pub fn open_history_token(&self, coupon: Place, token: &str) -> Result<Option<u64>, Rejection> {
        self.open_token(coupon.partition, token)
    }

    /// The token of the page that begins at this template; empty after the last.
    pub fn catalog_token(&self, next: Option<u32>) -> String {
        self.token(CATALOG, next.map(u64::from))
    }

    /// Where the page of this token begins; 0 = with the first.
    pub fn open_catalog_token(&self, token: &str) -> Result<u32, Rejection> {
        let next = self.open_token(CATALOG, token)?.unwrap_or(0);
        u32::try_from(next).map_err(|_| bad_token())
    }

    fn token(&self, partition: u16, next: Option<u64>) -> String {
        next.map_or_else(String::new, |next| self.keys.ids.seal(IdType::Page, partition, next).as_str().to_owned())
    }

    fn open_token(&self, partition: u16, token: &str) -> Result<Option<u64>, Rejection> {
        if token.is_empty() {
            return Ok(None);
        }
        let place = self.open(IdType::Page, token).map_err(|_| bad_token())?;
        if place.partition == partition { Ok(Some(place.number)) } else { Err(bad_token()) }
    }

    fn open(&self, id_type: IdType, text: &str) -> Result<Place, Rejection> {
        let (partition, number) = self.keys.ids.open(id_type, text).map_err(|_| Reason::CodeNotAccepted)?;
        Ok(Place { partition, number })
    }

    /// A sealed partition that this directory does not have comes from keys shared with another one.
    fn held(&self, place: Place) -> Result<Place, Rejection> {
        if place.partition < self.partitions { Ok(place) } else { Err(Reason::CodeNotAccepted.into()) }
    }
}

fn bad_token() -> Rejection {
    Rejection::invalid("page_token", 0)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::domain::{code::CodeKeys, keyed::IdHashKey, sealed_id::IdKeys};

    static KEYS: LazyLock<NodeKeys> = LazyLock::new(|| {
        let secret = std::array::from_fn(|at| at as u8);
        NodeKeys {
            hash: IdHashKey::new([7; 16]),
            ids: IdKeys::new(&secret).unwrap(),
            codes: CodeKeys::new(1, [(1, &secret)]).unwrap(),
        }
    });

    /// Seals of fixed keys over this many partitions.
    pub(crate) fn seals(partitions: u16) -> Seals<'static> {
        Seals { keys: &KEYS, partitions }
    }

    const COUPON: Place = Place { partition: 3, number: 41 };

    #[test]
    fn a_code_leads_back_to_its_coupon() {
        let seals = seals(4);
        let code = seals.code(COUPON, 1);
        assert_eq!(seals.open_code(&code), Ok(Bearer { place: COUPON, key_version: 1 }));
    }

    #[test]
    fn a_withdrawn_key_gives_no_code() {
        assert_eq!(seals(4).code(COUPON, 2), "");
    }

    #[test]
    fn malformed_unknown_and_foreign_codes_get_one_answer() {
        let seals = seals(4);
        let foreign = super::tests::seals(256).code(Place { partition: 200, number: 1 }, 1);
        for code in ["", "abc", "0000000000000000", foreign.as_str()] {
            assert_eq!(seals.open_code(code), Err(Reason::CodeNotAccepted.into()), "{code:?}");
        }
    }

    #[test]
    fn an_id_of_another_kind_is_not_a_coupon() {
        let seals = seals(4);
        let id = seals.redemption_id(COUPON);
        assert_eq!(seals.open_coupon_id(&id), Err(Reason::CodeNotAccepted.into()));
        assert_eq!(seals.open_redemption_id(&id), Ok(COUPON));
        assert_eq!(seals.open_hold_id(&id), Err(Reason::HoldNotFound.into()));
        assert_eq!(seals.open_hold_id(&seals.hold_id(COUPON)), Ok(COUPON));
    }

    #[test]
    fn a_page_token_is_good_for_its_list_only() {
        let seals = seals(4);
        let token = seals.wallet_token(3, Some(9));
        assert_eq!(seals.open_wallet_token(3, &token), Ok(Some(9)));
        assert_eq!(seals.open_wallet_token(2, &token), Err(bad_token()));
        assert_eq!(seals.open_catalog_token(&token), Err(bad_token()));
    }

    #[test]
    fn after_the_last_page_the_token_is_empty() {
        assert_eq!(seals(4).wallet_token(3, None), "");
    }

    #[test]
    fn a_minted_template_id_is_the_same_for_every_retry() {
        let mint = |request: &str| seals(4).mint_template_id(&Id::new("request_id", request).unwrap());
        assert_eq!(mint("r1"), mint("r1"));
        assert_ne!(mint("r1"), mint("r2"));
    }
}
