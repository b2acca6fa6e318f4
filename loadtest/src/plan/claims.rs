//! A flash sale: every user asks for one of the templates on sale, in scrambled order, and a few ask once more than they may.

use super::Plan;
use crate::{
    dice::Shuffle,
    ids::{Ids, Noun},
    wire::{answer::Kind, write},
};

/// Size of a sale.
#[derive(Clone, Copy, Debug)]
pub struct Sale {
    /// Templates on sale; stock and users are shared out among them evenly.
    pub templates: u32,
    /// Pieces for sale.
    pub stock: u64,
    /// Users who ask.
    pub users: u64,
    /// How many pieces one user may have; each user asks so often.
    pub per_user: u32,
    /// Of 1,000 users, how many ask once more.
    pub greedy_per_mille: u64,
}

/// The claims of one sale.
#[derive(Clone, Copy, Debug)]
pub struct Claims {
    sale: Sale,
    ids: Ids,
    order: Shuffle,
}

impl Sale {
    /// Users who ask once more than they may.
    pub fn greedy_users(&self) -> u64 {
        self.users * self.greedy_per_mille / 1000
    }

    /// Claims in all.
    pub fn claims(&self) -> u64 {
        self.users * u64::from(self.per_user) + self.greedy_users()
    }

    /// Pieces of one template.
    pub fn stock_of(&self, template: u32) -> u64 {
        self.share(self.stock, template)
    }

    /// Users who ask for one template.
    pub fn users_of(&self, template: u32) -> u64 {
        self.share(self.users, template)
    }

    fn share(&self, all: u64, template: u32) -> u64 {
        let templates = u64::from(self.templates);
        all / templates + u64::from(u64::from(template) < all % templates)
    }
}

impl Claims {
    /// A sale among the ids of one run; `seed` chooses the order.
    pub fn new(sale: Sale, ids: Ids, seed: u64) -> Self {
        Self { sale, ids, order: Shuffle::new(sale.claims().max(1), seed) }
    }

    /// The sale.
    pub fn sale(&self) -> &Sale {
        &self.sale
    }

    /// The id of template number `template`.
    pub fn template_id(&self, template: u32) -> String {
        self.ids.text(Noun::Template, template.into())
    }

    /// Number of the template that a user asks for.
    #[inline]
    pub fn template_of(&self, user: u64) -> u32 {
        (user % u64::from(self.sale.templates)) as u32
    }

    /// The id of user number `user`.
    pub fn user_id(&self, user: u64) -> String {
        self.ids.text(Noun::User, user)
    }

    /// Number of the user who makes claim `operation`.
    #[inline]
    pub fn user(&self, operation: u64) -> u64 {
        self.order.at(operation) % self.sale.users
    }
}

impl Plan for Claims {
    fn kind(&self) -> Kind {
        Kind::Claim
    }

    fn operations(&self) -> u64 {
        self.sale.claims()
    }

    fn write_request(&self, operation: u64, out: &mut Vec<u8>) {
        let request_id = self.ids.id(Noun::Request, operation);
        let user = self.user(operation);
        let (user_id, template_id) = (self.ids.id(Noun::User, user), self.ids.id(Noun::Template, self.template_of(user).into()));
        write::claim(&request_id, &user_id, &template_id, out);
    }

    fn operation_of(&self, request_id: &[u8]) -> Option<u64> {
        self.ids.number(Noun::Request, request_id)
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use tessera_proto::v1::ClaimRequest;

    use super::*;

    #[test]
    fn every_user_asks_as_often_as_allowed_and_greedy_ones_once_more() {
        let sale = Sale { templates: 1, stock: 1, users: 100, per_user: 2, greedy_per_mille: 100 };
        let plan = Claims::new(sale, Ids::of_run(1), 3);
        let mut asked = vec![0; 100];
        (0..plan.operations()).for_each(|operation| asked[plan.user(operation) as usize] += 1);
        assert_eq!((asked.iter().filter(|&&n| n == 2).count(), asked.iter().filter(|&&n| n == 3).count()), (90, 10));
    }

    #[test]
    fn a_request_names_its_operation() {
        let plan = Claims::new(Sale { templates: 2, stock: 1, users: 9, per_user: 1, greedy_per_mille: 0 }, Ids::of_run(1), 3);
        let mut bytes = Vec::new();
        plan.write_request(7, &mut bytes);
        let request = ClaimRequest::decode(bytes.as_slice()).unwrap();
        assert_eq!(plan.operation_of(request.request_id.as_bytes()), Some(7));
        assert_eq!(request.user_id, plan.user_id(plan.user(7)));
        assert_eq!(request.template_id, plan.template_id(plan.template_of(plan.user(7))));
    }

    #[test]
    fn stock_and_users_are_shared_out_whole() {
        let sale = Sale { templates: 7, stock: 100, users: 31, per_user: 1, greedy_per_mille: 0 };
        let plan = Claims::new(sale, Ids::of_run(1), 3);
        assert_eq!((0..7).map(|template| sale.stock_of(template)).sum::<u64>(), 100);
        for template in 0..7 {
            let users = (0..31).filter(|&user| plan.template_of(user) == template).count() as u64;
            assert_eq!(sale.users_of(template), users, "template {template}");
        }
    }
}
