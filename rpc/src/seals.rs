//! What turns numbers of the engine into names for callers and back: codes, ids, page tokens, and who lives where.
//!
//! Opening happens at the edge, so a guessed code or a foreign id is refused here and never reaches a shard. Relies on the keys
//! of the data directory.

use tessera_engine::{Router, keys::NodeKeys};

use crate::domain::{
    Id, Reason, Rejection,
    code::Code,
    command::{Operation, RedemptionCursor, User},
    keyed::LegacyKey,
    money::AMOUNT_MAX,
    sealed_id::{ID_NUMBER_MAX, ID_PARTITION_MAX, ID_SYMBOLS, IdType, SealedId},
};

/// Stands for the catalog in page tokens, where a partition would.
const CATALOG: u16 = ID_PARTITION_MAX;

/// Stands for no partition in the half of a token that is a time.
const TIMES: u16 = ID_PARTITION_MAX - 1;

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

    /// The home of a batch of cards.
    pub fn home_of_batch(&self, batch: &Id) -> u16 {
        self.keys.hash.home_of_batch(batch.as_str(), self.partitions)
    }

    /// A code of another house, and the partition of its card if it has one.
    pub fn legacy(&self, code: &Id) -> (u16, LegacyKey) {
        let key = self.keys.hash.legacy(code.as_str());
        (key.partition(self.partitions), key)
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

    /// The id of a checkout.
    pub fn checkout_id(&self, checkout: Place) -> String {
        self.keys.ids.seal(IdType::Checkout, checkout.partition, checkout.number).as_str().to_owned()
    }

    /// Opens a checkout id; one that is none is not found, for this reason.
    pub fn open_checkout_id(&self, text: &str, unknown: Reason) -> Result<Place, Rejection> {
        let opened = self.open(IdType::Checkout, text).and_then(|place| self.held(place));
        opened.map_err(|_| unknown.into())
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

    /// The token of the page of a card's ledger that begins at this lsn, with this on the card; empty after the first event. The balance
    /// stands in it as it is: who changes it is told other balances, and nothing else.
    pub fn ledger_token(&self, card: Place, next: Option<(u64, i64)>) -> String {
        next.map_or_else(String::new, |(lsn, balance)| self.token(card.partition, Some(lsn)) + &balance.to_string())
    }

    /// Where the page of this token begins, and with what on the card; `None` = with the newest event.
    pub fn open_ledger_token(&self, card: Place, token: &str) -> Result<Option<(u64, i64)>, Rejection> {
        if token.is_empty() {
            return Ok(None);
        }
        let (page, balance) = token.split_at_checked(ID_SYMBOLS).ok_or(bad_token())?;
        let lsn = self.open_token(card.partition, page)?.ok_or(bad_token())?;
        let balance = balance.parse().ok().filter(|balance| (0..=AMOUNT_MAX).contains(balance)).ok_or(bad_token())?;
        Ok(Some((lsn, balance)))
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

    /// The token of the page of redemptions that lies below this one; empty after the last. It is two: who it is, and when it was.
    pub fn redemptions_token(&self, below: Option<RedemptionCursor>) -> String {
        below.map_or_else(String::new, |RedemptionCursor { at_ms, partition, lsn }| {
            let at_ms = at_ms.cast_unsigned().min(ID_NUMBER_MAX);
            self.token(partition, Some(lsn)) + &self.token(TIMES, Some(at_ms))
        })
    }

    /// Below which redemption the page of this token lies; `None` = it is the first.
    pub fn open_redemptions_token(&self, token: &str) -> Result<Option<RedemptionCursor>, Rejection> {
        if token.is_empty() {
            return Ok(None);
        }
        let (place, time) = token.split_at_checked(ID_SYMBOLS).ok_or_else(bad_token)?;
        let Place { partition, number: lsn } = self.open(IdType::Page, place).map_err(|_| bad_token())?;
        let at_ms = self.open_token(TIMES, time)?.ok_or_else(bad_token)?;
        Ok(Some(RedemptionCursor { at_ms: at_ms.cast_signed(), partition, lsn }))
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
    fn a_token_of_redemptions_is_a_place_and_a_time() {
        let (seals, below) = (seals(4), RedemptionCursor { at_ms: 253_402_300_800_000, partition: 3, lsn: 41 });
        let token = seals.redemptions_token(Some(below));
        assert_eq!(seals.open_redemptions_token(&token), Ok(Some(below)));
        assert_eq!((seals.redemptions_token(None).as_str(), seals.open_redemptions_token("")), ("", Ok(None)));
        let swapped = format!("{}{}", &token[ID_SYMBOLS..], &token[..ID_SYMBOLS]);
        for bad in ["1", "元", &token[..ID_SYMBOLS], &token[1..], &swapped, &seals.wallet_token(3, Some(9))] {
            assert_eq!(seals.open_redemptions_token(bad), Err(bad_token()), "{bad}");
        }
    }

    #[test]
    fn a_ledgers_token_carries_what_is_on_the_card() {
        let (seals, token) = (seals(4), seals(4).ledger_token(COUPON, Some((9, 1_700))));
        assert_eq!(seals.open_ledger_token(COUPON, &token), Ok(Some((9, 1_700))));
        assert_eq!(seals.open_ledger_token(COUPON, ""), Ok(None));
        for bad in
            ["x", &token[1..], &token[..26], &format!("{token}x"), &format!("{}-1", &token[..26]), "元".repeat(30).as_str()]
        {
            assert_eq!(seals.open_ledger_token(COUPON, bad), Err(bad_token()), "{bad}");
        }
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
