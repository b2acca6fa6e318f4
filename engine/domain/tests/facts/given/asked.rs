//! Questions for lists as words of a story.

use super::key;
use super::story::{currency, id, number, value_of, window};
use tessera_domain::Window;
use tessera_domain::catalog::{Issuer, KindName, TemplateFilter};
use tessera_domain::command::{Goods, ListClaimable, ListRedemptionsByTime, RedemptionCursor};

/// `stopped` or `running`, `kind=`, `currency=`, `by=MERCHANT` or `of-platform`, `open-at=`, `prefix=`.
pub fn filter(words: &[&str]) -> TemplateFilter {
    let issuer = match value_of(words, "by=") {
        Some(merchant) => Some(Issuer::Merchant(id(merchant))),
        None => words.contains(&"of-platform").then_some(Issuer::Platform),
    };
    TemplateFilter {
        stopped: if words.contains(&"stopped") { Some(true) } else { words.contains(&"running").then_some(false) },
        void: words.contains(&"void").then_some(true),
        kind: value_of(words, "kind=").map(kind),
        currency: value_of(words, "currency=").map(currency),
        issuer,
        open_at_ms: value_of(words, "open-at=").map(number),
        id_prefix: value_of(words, "prefix=").map(id),
    }
}

fn kind(word: &str) -> KindName {
    let names = [
        ("percent", KindName::PercentOff),
        ("off", KindName::AmountOff),
        ("card", KindName::StoredValue),
        ("pieces", KindName::QuantityOff),
        ("cash", KindName::CashVoucher),
        ("exchange", KindName::Exchange),
    ];
    names.into_iter().find(|(name, _)| *name == word).expect("a kind").1
}

/// `by=USER`, `in=FROM..UNTIL`, `below=MS/#LSN` of this partition.
pub fn redemptions(page_size: u32, words: &[&str]) -> ListRedemptionsByTime {
    let Window { from_ms, until_ms } = value_of(words, "in=").map_or(Window::default(), window);
    let cursor = |text: &str| {
        let (at_ms, lsn) = text.split_once("/#").expect("MS/#LSN");
        RedemptionCursor { at_ms: number(at_ms), partition: super::PARTITION, lsn: number(lsn) }
    };
    let (user, below) = (value_of(words, "by=").map(|user| key().user(user)), value_of(words, "below=").map(cursor));
    ListRedemptionsByTime { user, from_ms, until_ms, page_size, below }
}

/// `by=USER`, `channel=`, `goods=GOODS:CATEGORY:MERCHANT` as often as wanted, `from=`, `exhausted`.
pub fn claimable(page_size: u32, words: &[&str]) -> ListClaimable {
    ListClaimable {
        user: value_of(words, "by=").map(|user| key().user(user)),
        channel: value_of(words, "channel=").map(id),
        goods: words.iter().filter_map(|word| word.strip_prefix("goods=")).map(goods).collect(),
        with_exhausted: words.contains(&"exhausted"),
        page_size,
        from: value_of(words, "from=").map_or(0, number),
    }
}

fn goods(text: &str) -> Goods {
    let [goods, category, merchant] = text.split(':').collect::<Vec<_>>()[..] else { panic!("GOODS:CATEGORY:MERCHANT") };
    let some = |text: &str| (!text.is_empty()).then(|| id(text));
    Goods { goods: some(goods), categories: some(category).into_iter().collect(), merchant: id(merchant) }
}
