//! Scope 作用范围: which lines of an order a coupon is about.

use crate::id::Id;
use crate::rejection::Rejection;

/// Names that are looked up: sorted, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(Box<[Id]>);

/// What is let in and what is kept out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Only these; none named = all.
    pub include: Names,
    /// Not these, whatever lets them in.
    pub exclude: Names,
}

/// Goods, categories and merchants.
///
/// A line is in the scope if its merchant is let in, if its goods or one of its categories is (where neither list names any, all
/// are), and if nothing of it is kept out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// By goods.
    pub goods: Choice,
    /// By category.
    pub categories: Choice,
    /// By merchant.
    pub merchants: Choice,
}

impl Names {
    /// Sorted, and without repetitions.
    pub fn new(mut names: Vec<Id>) -> Names {
        names.sort_unstable();
        names.dedup();
        Names(names.into())
    }

    /// From texts in their order, as they are kept; `None` if one is no id, or out of its order.
    pub(super) fn of_texts(texts: &[&str]) -> Option<Names> {
        let names: Result<Vec<Id>, Rejection> = texts.iter().map(|text| Id::new("names", text)).collect();
        let names = names.ok()?;
        names.is_sorted_by(|one, next| one < next).then(|| Names(names.into()))
    }

    /// In their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Id> {
        self.0.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is one of them.
    pub fn contain(&self, name: &Id) -> bool {
        self.0.binary_search(name).is_ok()
    }

    /// Whether this is one of them, or they are none: then nothing is restricted.
    pub fn allow(&self, name: Option<&Id>) -> bool {
        self.is_empty() || name.is_some_and(|name| self.contain(name))
    }
}

impl Choice {
    fn is_empty(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }
}

impl Scope {
    /// Whether it names nothing: then every line is in it.
    pub fn is_everything(&self) -> bool {
        !self.is_by_goods() && self.merchants.is_empty()
    }

    /// Whether it can only be told by the goods of an order, or their categories.
    pub fn is_by_goods(&self) -> bool {
        !self.goods.is_empty() || !self.categories.is_empty()
    }

    /// Whether it names what is let in by goods or category.
    pub fn names_goods(&self) -> bool {
        !self.goods.include.is_empty() || !self.categories.include.is_empty()
    }

    /// Whether anything of this merchant may be in it.
    pub fn lets_in(&self, merchant: &Id) -> bool {
        self.merchants.include.allow(Some(merchant)) && !self.merchants.exclude.contain(merchant)
    }

    /// Whether a line of these goods, of these categories and of this merchant is in it.
    pub fn covers(&self, goods: Option<&Id>, categories: &[Id], merchant: &Id) -> bool {
        let is_kept_out = goods.is_some_and(|goods| self.goods.exclude.contain(goods))
            || categories.iter().any(|category| self.categories.exclude.contain(category));
        let is_let_in = !self.names_goods()
            || goods.is_some_and(|goods| self.goods.include.contain(goods))
            || categories.iter().any(|category| self.categories.include.contain(category));
        !is_kept_out && is_let_in && self.lets_in(merchant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Id {
        Id::new("test", text).unwrap()
    }

    fn names(texts: &[&str]) -> Names {
        Names::new(texts.iter().map(|text| id(text)).collect())
    }

    fn covers(scope: &Scope, goods: &str, categories: &[&str], merchant: &str) -> bool {
        let categories: Vec<Id> = categories.iter().map(|category| id(category)).collect();
        scope.covers((!goods.is_empty()).then(|| id(goods)).as_ref(), &categories, &id(merchant))
    }

    #[test]
    fn names_are_sorted_and_once() {
        assert_eq!(names(&["b", "a", "b"]), names(&["a", "b"]));
        assert_eq!(Names::of_texts(&["a", "b"]), Some(names(&["a", "b"])));
        assert_eq!([&["b", "a"][..], &["a", "a"], &["a", ""]].map(Names::of_texts), [None, None, None]);
        assert!(names(&["a"]).contain(&id("a")) && !names(&["a"]).contain(&id("b")));
        assert!(names(&[]).allow(None) && !names(&["a"]).allow(None));
    }

    #[test]
    fn an_empty_scope_covers_everything() {
        assert!(covers(&Scope::default(), "", &[], "m") && covers(&Scope::default(), "g", &["c"], "m"));
        assert!(!Scope::default().is_by_goods() && Scope::default().is_everything());
    }

    #[test]
    fn goods_or_one_of_their_categories_let_a_line_in() {
        let goods = Choice { include: names(&["g1", "g2"]), ..Choice::default() };
        let categories = Choice { include: names(&["c1"]), ..Choice::default() };
        let scope = Scope { goods, categories, ..Scope::default() };
        assert!(covers(&scope, "g1", &[], "m") && covers(&scope, "g9", &["c0", "c1"], "m") && covers(&scope, "", &["c1"], "m"));
        assert!(!covers(&scope, "g9", &["c9"], "m") && !covers(&scope, "", &[], "m"));
        assert!(scope.is_by_goods() && scope.names_goods());
    }

    #[test]
    fn merchants_are_asked_beside_goods() {
        let merchants = Choice { include: names(&["m1"]), ..Choice::default() };
        let scope = Scope { merchants, ..Scope::default() };
        assert!(covers(&scope, "g", &[], "m1") && !covers(&scope, "g", &[], "m2") && !scope.is_by_goods());
        assert!(!scope.is_everything());
    }

    #[test]
    fn what_is_kept_out_is_out_whatever_lets_it_in() {
        let choice = |include: &[&str], exclude: &[&str]| Choice { include: names(include), exclude: names(exclude) };
        let by_goods = Scope { goods: choice(&["g1"], &["g1"]), ..Scope::default() };
        let by_category = Scope { goods: choice(&["g1"], &[]), categories: choice(&[], &["c1"]), ..Scope::default() };
        let by_merchant = Scope { merchants: choice(&["m1"], &["m1"]), ..Scope::default() };
        assert!(!covers(&by_goods, "g1", &[], "m1"));
        assert!(!covers(&by_category, "g1", &["c1"], "m1") && covers(&by_category, "g1", &["c2"], "m1"));
        assert!(!covers(&by_merchant, "g1", &[], "m1"));
    }
}
