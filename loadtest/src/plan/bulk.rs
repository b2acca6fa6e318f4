//! The rows of a file that coupons are issued by: most to a user each; some name nobody, a name that is too long, or a template that
//! does not exist; some users are named twice.
//!
//! What must become of each row follows from its number alone.

use tessera_proto::v1::Reason;

use super::Plan;
use crate::{
    check::stock::{Claimed, Terms},
    ids::{Ids, Noun},
    wire::{answer::Kind, write},
};

/// The sorts of rows come again after so many.
const ROUND: u64 = 100;

/// Users of the file are not those with cards: their numbers begin here.
const USERS_FROM: u64 = 1 << 32;

/// One byte more than a name may have.
const LONG_NAME: [u8; 65] = [b'x'; 65];

/// Of a template with a limit of one for each user.
const ONCE: u32 = 0;

/// Of a template without a limit.
const OFTEN: u32 = 1;

/// Of a template that is never created.
const UNKNOWN: u32 = 2;

/// What sort of row it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A coupon without a limit for a user.
    Plain,
    /// A coupon of which each user gets one.
    Limited,
    /// The same again, or its twin: one of the two is accepted, whichever comes first.
    LimitedTwice,
    /// Another coupon for the user of the row before.
    Another,
    /// No user.
    Nobody,
    /// A user whose name is too long.
    LongName,
    /// A template that does not exist.
    NoTemplate,
}

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct File {
    rows: u64,
    ids: Ids,
    terms: [Terms; 3],
}

impl File {
    /// A file of so many rows.
    pub fn new(rows: u64, ids: Ids) -> Self {
        let limit = |per_user_limit| Terms { stock: None, per_user_limit };
        Self { rows, ids, terms: [limit(1), limit(0), limit(0)] }
    }

    /// What sort row `row` is.
    pub fn sort(&self, row: u64) -> Sort {
        match row % ROUND {
            0..20 => Sort::Limited,
            20 if row + 1 == self.rows => Sort::Limited,
            20 | 21 => Sort::LimitedTwice,
            61 => Sort::Another,
            97 => Sort::Nobody,
            98 => Sort::LongName,
            99 => Sort::NoTemplate,
            _ => Sort::Plain,
        }
    }

    /// The reason of the answer that a row must get, 0 = accepted; `None` for either of two rows of which one is accepted.
    pub fn reason_of(&self, row: u64) -> Option<i32> {
        match self.sort(row) {
            Sort::Plain | Sort::Limited | Sort::Another => Some(0),
            Sort::LimitedTwice => None,
            Sort::Nobody | Sort::LongName => Some(Reason::InvalidArgument.into()),
            Sort::NoTemplate => Some(Reason::TemplateNotFound.into()),
        }
    }

    /// The reason that one of two rows for the same coupon gets.
    pub fn reason_of_second() -> i32 {
        Reason::UserLimitReached.into()
    }

    /// How many rows must be accepted.
    pub fn accepted(&self) -> u64 {
        let accepted = (0..self.rows).filter(|&row| self.reason_of(row) == Some(0)).count() as u64;
        accepted + self.pairs()
    }

    /// Pairs of rows for the same coupon.
    pub fn pairs(&self) -> u64 {
        (0..self.rows).filter(|&row| self.sort(row) == Sort::LimitedTwice).count() as u64 / 2
    }

    /// The templates that exist: id, and most that one user may have.
    pub fn templates(&self) -> [(String, u32); 2] {
        [ONCE, OFTEN].map(|template| (self.template_id(template), self.terms[template as usize].per_user_limit))
    }

    /// The users that have a name, in order.
    pub fn users(&self) -> Vec<u64> {
        let named = |&row: &u64| !matches!(self.sort(row), Sort::Nobody | Sort::LongName);
        let mut users: Vec<u64> = (0..self.rows).filter(named).map(|row| self.user(row)).collect();
        users.dedup();
        users
    }

    /// A user's id.
    pub fn user_id(&self, user: u64) -> String {
        self.ids.text(Noun::User, user)
    }

    fn template_id(&self, template: u32) -> String {
        // The first one is that of the cards.
        self.ids.text(Noun::Template, u64::from(template) + 1)
    }
}

impl Claimed for File {
    fn user(&self, row: u64) -> u64 {
        let is_second = matches!(row % ROUND, 21 | 61);
        USERS_FROM + row - u64::from(is_second)
    }

    fn template(&self, row: u64) -> u32 {
        match self.sort(row) {
            Sort::Limited | Sort::LimitedTwice => ONCE,
            Sort::NoTemplate => UNKNOWN,
            _ => OFTEN,
        }
    }

    fn terms(&self) -> &[Terms] {
        &self.terms
    }
}

impl Plan for File {
    fn kind(&self) -> Kind {
        Kind::Issue
    }

    fn operations(&self) -> u64 {
        self.rows
    }

    fn write_request(&self, row: u64, out: &mut Vec<u8>) {
        let user = self.user_id(self.user(row));
        let user: &[u8] = match self.sort(row) {
            Sort::Nobody => &[],
            Sort::LongName => &LONG_NAME,
            _ => user.as_bytes(),
        };
        let template = self.template_id(self.template(row));
        write::claim(&self.ids.id(Noun::Request, row), user, template.as_bytes(), out);
    }

    fn operation_of(&self, request_id: &[u8]) -> Option<u64> {
        self.ids.number(Noun::Request, request_id).filter(|&row| row < self.rows)
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use tessera_proto::v1::IssueRequest;

    use super::*;

    fn asked(file: &File, row: u64) -> IssueRequest {
        let mut bytes = Vec::new();
        file.write_request(row, &mut bytes);
        IssueRequest::decode(bytes.as_slice()).unwrap()
    }

    #[test]
    fn a_hundred_rows_have_each_sort_and_as_many_that_are_accepted() {
        let file = File::new(200, Ids::of_run(1));
        assert_eq!((file.pairs(), file.accepted()), (2, 2 * (100 - 3 - 1)));
        assert_eq!(file.users().len(), 2 * (100 - 2 - 2));
        let [first, twin, next] = [20, 21, 22].map(|row| asked(&file, row));
        assert_eq!((&first.user_id, &first.template_id), (&twin.user_id, &twin.template_id));
        assert!(first.request_id != twin.request_id && next.user_id != twin.user_id);
        assert_eq!(asked(&file, 160).user_id, asked(&file, 161).user_id);
        assert_eq!((asked(&file, 97).user_id.len(), asked(&file, 98).user_id.len()), (0, 65));
        let templates = file.templates().map(|(id, _)| id);
        assert!(!templates.contains(&asked(&file, 99).template_id) && templates.contains(&asked(&file, 98).template_id));
    }

    #[test]
    fn a_row_without_its_twin_is_one_like_others() {
        let file = File::new(21, Ids::of_run(1));
        assert_eq!((file.pairs(), file.accepted(), file.reason_of(20)), (0, 21, Some(0)));
    }
}
