//! Freezes, unfreezes and voids: commands of operators, who name a coupon by its id alone.

use tessera_proto::v1;

use super::{malformed, request_id};
use crate::{
    domain::{
        Block, Blocks, Rejection,
        command::{BlockCoupon, BlockUser, Command, Instrument, Operation, VoidCoupon},
    },
    seals::Seals,
};

/// The command of a freeze, and the partition that decides it.
pub fn freeze_coupon(seals: Seals<'_>, request: v1::FreezeCouponRequest) -> Result<(u16, Command), Rejection> {
    let request_id = request_id(request.request_id)?;
    let coupon = named(request.coupon_id)?;
    let (operation, block, revoke_holds) = (Operation::FreezeCoupon, block(request.block)?, request.revoke_holds);
    let (partition, instrument) = open(seals, &coupon)?;
    Ok((partition, Command::BlockCoupon(BlockCoupon { operation, instrument, block, revoke_holds, request_id })))
}

/// The command of an unfreeze, and the partition that decides it.
pub fn unfreeze_coupon(seals: Seals<'_>, request: v1::UnfreezeCouponRequest) -> Result<(u16, Command), Rejection> {
    let request_id = request_id(request.request_id)?;
    let coupon = named(request.coupon_id)?;
    let (operation, block) = (Operation::UnfreezeCoupon, block(request.block)?);
    let (partition, instrument) = open(seals, &coupon)?;
    Ok((partition, Command::BlockCoupon(BlockCoupon { operation, instrument, block, revoke_holds: false, request_id })))
}

/// The command of an account's freeze, and the partition of its user.
pub fn freeze_user(seals: Seals<'_>, request: v1::FreezeUserRequest) -> Result<(u16, Command), Rejection> {
    let request_id = request_id(request.request_id)?;
    let (partition, user) = seals.user(request.user_id)?;
    let (operation, block, revoke_holds) = (Operation::FreezeUser, block(request.block)?, request.revoke_holds);
    Ok((partition, Command::BlockUser(BlockUser { operation, user, block, revoke_holds, request_id })))
}

/// The command of an account's unfreeze, and the partition of its user.
pub fn unfreeze_user(seals: Seals<'_>, request: v1::UnfreezeUserRequest) -> Result<(u16, Command), Rejection> {
    let request_id = request_id(request.request_id)?;
    let (partition, user) = seals.user(request.user_id)?;
    let (operation, block) = (Operation::UnfreezeUser, block(request.block)?);
    Ok((partition, Command::BlockUser(BlockUser { operation, user, block, revoke_holds: false, request_id })))
}

/// The command of a void, and the partition that decides it.
pub fn void_coupon(seals: Seals<'_>, request: v1::VoidCouponRequest) -> Result<(u16, Command), Rejection> {
    let request_id = request_id(request.request_id)?;
    let (partition, instrument) = open(seals, &named(request.coupon_id)?)?;
    Ok((partition, Command::VoidCoupon(VoidCoupon { instrument, revoke_holds: request.revoke_holds, request_id })))
}

fn named(coupon_id: String) -> Result<String, Rejection> {
    if coupon_id.is_empty() { Err(malformed("coupon_id")) } else { Ok(coupon_id) }
}

fn open(seals: Seals<'_>, coupon_id: &str) -> Result<(u16, Instrument), Rejection> {
    let coupon = seals.open_coupon_id(coupon_id)?;
    Ok((coupon.partition, Instrument::Known { coupon: coupon.number }))
}

fn block(block: i32) -> Result<Block, Rejection> {
    match v1::Block::try_from(block) {
        Ok(v1::Block::Risk) => Ok(Block::Risk),
        Ok(v1::Block::Merchant) => Ok(Block::Merchant),
        Ok(v1::Block::Operator) => Ok(Block::Operator),
        Ok(v1::Block::Unspecified) | Err(_) => Err(malformed("block")),
    }
}

/// Blocks as the wire lists them, by number.
pub fn blocks(blocks: Blocks) -> Vec<i32> {
    let set = Block::ALL.into_iter().filter(|&block| blocks.has(block));
    set.map(|block| block_of(block).into()).collect()
}

fn block_of(block: Block) -> v1::Block {
    match block {
        Block::Risk => v1::Block::Risk,
        Block::Merchant => v1::Block::Merchant,
        Block::Operator => v1::Block::Operator,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::Reason,
        seals::{Place, tests::seals},
    };

    fn freeze(coupon_id: String, block: i32) -> Result<(u16, Command), Rejection> {
        freeze_coupon(seals(4), v1::FreezeCouponRequest { request_id: "r1".into(), coupon_id, block, revoke_holds: true })
    }

    fn coupon_id() -> String {
        seals(4).coupon_id(Place { partition: 3, number: 41 })
    }

    #[test]
    fn a_freeze_goes_to_the_partition_of_its_coupon() {
        let (partition, command) = freeze(coupon_id(), v1::Block::Merchant.into()).unwrap();
        let Command::BlockCoupon(frozen) = command else { panic!("a freeze becomes one") };
        assert_eq!((partition, frozen.instrument, frozen.block), (3, Instrument::Known { coupon: 41 }, Block::Merchant));
        assert!(frozen.operation == Operation::FreezeCoupon && frozen.revoke_holds);
    }

    #[test]
    fn an_account_is_frozen_in_its_users_partition() {
        let request = v1::UnfreezeUserRequest { request_id: "r1".into(), user_id: "u1".into(), block: v1::Block::Risk.into() };
        let (partition, command) = unfreeze_user(seals(4), request).unwrap();
        let (home, user) = seals(4).user("u1").unwrap();
        let Command::BlockUser(unfrozen) = command else { panic!("an unfreeze becomes one") };
        assert_eq!((partition, unfrozen.user, unfrozen.operation), (home, user, Operation::UnfreezeUser));
    }

    #[test]
    fn a_freeze_says_why() {
        for unknown in [0, 4, -1] {
            assert_eq!(freeze(coupon_id(), unknown), Err(Rejection::invalid("block", 0)));
        }
    }

    #[test]
    fn a_coupon_must_be_named_by_an_id_of_ours() {
        assert_eq!(freeze(String::new(), 1), Err(Rejection::invalid("coupon_id", 0)));
        assert_eq!(freeze("0".repeat(26), 1), Err(Reason::CodeNotAccepted.into()));
    }

    #[test]
    fn blocks_keep_their_names_both_ways() {
        for one in Block::ALL {
            assert_eq!(block(block_of(one).into()), Ok(one));
        }
        let two = Blocks::default().with(Block::Operator).with(Block::Risk);
        assert_eq!(blocks(two), [i32::from(v1::Block::Risk), i32::from(v1::Block::Operator)]);
    }
}
