//! The fake server's custody: freezes of coupons and accounts, their ends, and voids.

use std::collections::BTreeSet;

use tessera_proto::v1::*;

use super::{
    books::{Books, refusal},
    tills::{Decided, Reply, State, no},
};

impl Books {
    fn not_final(&self, place: usize, now_ms: i64) -> Decided<()> {
        let coupon = &self.coupons[place];
        match () {
            () if coupon.is_void => no(Reason::CouponVoid, 0),
            () if coupon.is_used() => no(Reason::CouponUsed, 0),
            () if coupon.is_over(now_ms) && self.held(place).1 == 0 => no(Reason::CouponExpired, coupon.until_ms),
            () => Ok(()),
        }
    }

    fn revoke(&mut self, place: usize, now_ms: i64) -> u32 {
        let (held, count) = self.held(place);
        for hold in self.holds.iter_mut().filter(|hold| hold.coupon == place && hold.state == State::Live) {
            hold.state = State::Released;
        }
        self.coupons[place].available += held;
        self.settle(place, now_ms);
        count
    }

    fn by_id(&self, coupon_id: &str) -> Decided<usize> {
        self.coupons.iter().position(|coupon| coupon.id == coupon_id).ok_or(refusal(Reason::CodeNotAccepted, 0))
    }

    pub fn freeze_coupon(&mut self, asked: &FreezeCouponRequest) -> Decided<FreezeCouponResponse> {
        let now_ms = self.now_ms();
        let reply = self.once("freeze", asked.coupon_id.clone(), &asked.request_id, |books| {
            let place = books.by_id(&asked.coupon_id)?;
            books.settle(place, now_ms);
            books.not_final(place, now_ms)?;
            books.coupons[place].blocks.insert(asked.block);
            let revoked_holds = if asked.revoke_holds { books.revoke(place, now_ms) } else { 0 };
            let blocks = books.coupons[place].blocks.iter().copied().collect();
            let (coupon_id, position) = (asked.coupon_id.clone(), Some(books.position_of(place)));
            let reply = FreezeCouponResponse { coupon_id, blocks, revoked_holds, at_ms: now_ms, position, replayed: false };
            Ok(Reply::Freeze(reply))
        })?;
        if let Reply::Freeze(reply) = reply { Ok(reply) } else { panic!("of another operation") }
    }

    pub fn unfreeze_coupon(&mut self, asked: &UnfreezeCouponRequest) -> Decided<UnfreezeCouponResponse> {
        let now_ms = self.now_ms();
        let reply = self.once("unfreeze", asked.coupon_id.clone(), &asked.request_id, |books| {
            let place = books.by_id(&asked.coupon_id)?;
            books.settle(place, now_ms);
            books.not_final(place, now_ms)?;
            books.coupons[place].blocks.remove(&asked.block);
            let blocks = books.coupons[place].blocks.iter().copied().collect();
            let (coupon_id, position) = (asked.coupon_id.clone(), Some(books.position_of(place)));
            Ok(Reply::Unfreeze(UnfreezeCouponResponse { coupon_id, blocks, at_ms: now_ms, position, replayed: false }))
        })?;
        if let Reply::Unfreeze(reply) = reply { Ok(reply) } else { panic!("of another operation") }
    }

    pub fn freeze_user(&mut self, asked: &FreezeUserRequest) -> Decided<FreezeUserResponse> {
        let now_ms = self.now_ms();
        let reply = self.once("freeze user", asked.user_id.clone(), &asked.request_id, |books| {
            let own: Vec<_> = (0..books.coupons.len()).filter(|&place| books.coupons[place].user == asked.user_id).collect();
            own.iter().for_each(|&place| books.settle(place, now_ms));
            let blocks: &mut BTreeSet<_> = books.blocks.entry(asked.user_id.clone()).or_default();
            blocks.insert(asked.block);
            let blocks = blocks.iter().copied().collect();
            let revoked_holds = if asked.revoke_holds { own.iter().map(|&place| books.revoke(place, now_ms)).sum() } else { 0 };
            let position = Some(books.position(&asked.user_id));
            Ok(Reply::FreezeUser(FreezeUserResponse { blocks, revoked_holds, at_ms: now_ms, position, replayed: false }))
        })?;
        if let Reply::FreezeUser(reply) = reply { Ok(reply) } else { panic!("of another operation") }
    }

    pub fn unfreeze_user(&mut self, asked: &UnfreezeUserRequest) -> Decided<UnfreezeUserResponse> {
        let now_ms = self.now_ms();
        let reply = self.once("unfreeze user", asked.user_id.clone(), &asked.request_id, |books| {
            let blocks: &mut BTreeSet<_> = books.blocks.entry(asked.user_id.clone()).or_default();
            blocks.remove(&asked.block);
            let blocks = blocks.iter().copied().collect();
            let position = Some(books.position(&asked.user_id));
            Ok(Reply::UnfreezeUser(UnfreezeUserResponse { blocks, at_ms: now_ms, position, replayed: false }))
        })?;
        if let Reply::UnfreezeUser(reply) = reply { Ok(reply) } else { panic!("of another operation") }
    }

    pub fn void_coupon(&mut self, asked: &VoidCouponRequest) -> Decided<VoidCouponResponse> {
        let now_ms = self.now_ms();
        let reply = self.once("void", asked.coupon_id.clone(), &asked.request_id, |books| {
            let place = books.by_id(&asked.coupon_id)?;
            books.settle(place, now_ms);
            books.not_final(place, now_ms)?;
            let (held, count) = books.held(place);
            if count > 0 && !asked.revoke_holds {
                return no(Reason::CouponHeld, 0);
            }
            let voided_minor = books.coupons[place].available + held;
            for hold in books.holds.iter_mut().filter(|hold| hold.coupon == place && hold.state == State::Live) {
                hold.state = State::Released;
            }
            let coupon = &mut books.coupons[place];
            (coupon.available, coupon.voided, coupon.is_void) = (0, voided_minor, true);
            let (coupon_id, position) = (asked.coupon_id.clone(), Some(books.position_of(place)));
            let (revoked_holds, at_ms) = (count, now_ms);
            Ok(Reply::Void(VoidCouponResponse { coupon_id, voided_minor, revoked_holds, at_ms, position, replayed: false }))
        })?;
        if let Reply::Void(reply) = reply { Ok(reply) } else { panic!("of another operation") }
    }
}
