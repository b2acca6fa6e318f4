//! Redemptions of one merchant: found among those of all, whoever redeemed how, and where the page before ended.

use tessera_proto::v1::{self, card_service_client::CardServiceClient};

use crate::house::{House, Owned, capture, card, channel, fresh, hold, redeem, refund, yuan};

/// The pages of a merchant's redemptions.
async fn pages(house: &mut House, request: v1::ListRedemptionsByTimeRequest) -> Vec<Vec<v1::Redemption>> {
    let (mut pages, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = v1::ListRedemptionsByTimeRequest { page_token, ..request.clone() };
        let page = house.redemptions.list_redemptions_by_time(request).await.expect("a page").into_inner();
        pages.push(page.redemptions);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return pages;
        }
    }
}

/// A card's redemption of an order of its own, as a checkout of one part.
async fn check_out(house: &mut House, owned: &Owned, merchant: &str) -> v1::Checkout {
    let lines = vec![v1::OrderLine {
        goods_id: "tea".into(),
        category_ids: Vec::new(),
        merchant_id: merchant.to_owned(),
        quantity: 1,
        unit_price_minor: 70,
    }];
    let request = v1::RedeemOrderRequest {
        request_id: fresh("order"),
        instruments: owned.by_code().into_iter().collect(),
        merchant_id: merchant.to_owned(),
        order_id: fresh("order"),
        order: Some(v1::Order { currency: "CNY".into(), lines, shipping_minor: 0 }),
        channel: String::new(),
    };
    house.checkouts.redeem_order(request).await.expect("an order is redeemed").into_inner().checkout.expect("it is shown")
}

#[tokio::test]
async fn a_merchants_redemptions_are_told_from_those_of_others_however_they_were_made() {
    let (mut house, merchant) = (House::open().await, fresh("merchant"));
    let first = house.coupon(card()).await;
    let at = |request: v1::RedeemRequest| v1::RedeemRequest { merchant_id: merchant.clone(), ..request };
    let mut expected = Vec::new();
    for minor in [10, 20, 30] {
        let request = at(redeem(first.by_code(), yuan(minor)));
        let made = house.redemptions.redeem(request.clone()).await.unwrap().into_inner();
        expected.push((made.redemption_id, request.order_id, minor));
        house.redeemed(&first, 5).await;
    }
    let held = v1::HoldRequest { merchant_id: merchant.clone(), ..hold(first.by_code(), yuan(40)) };
    let hold_id = house.redemptions.hold(held.clone()).await.unwrap().into_inner().hold_id;
    let captured = house.redemptions.capture(capture(&hold_id)).await.unwrap().into_inner();
    expected.push((captured.redemption_id, held.order_id, 40));
    house.redemptions.refund(refund(&expected[1].0)).await.unwrap();
    let second = house.coupon(card()).await;
    let whole = check_out(&mut house, &second, &merchant).await;
    expected.reverse();

    let ask = |page_size| v1::ListRedemptionsByTimeRequest { merchant_id: merchant.clone(), page_size, ..Default::default() };
    let found = pages(&mut house, ask(0)).await.concat();
    let (parts, alone): (Vec<_>, Vec<_>) = found.iter().partition(|one| !one.checkout_id.is_empty());
    let told =
        |one: &&v1::Redemption| (one.redemption_id.clone(), one.order_id.clone(), one.amounts.as_ref().unwrap().applied_minor);
    assert_eq!(alone.iter().map(told).collect::<Vec<_>>(), expected);
    assert_eq!(alone.iter().map(|one| one.refunded_minor).collect::<Vec<_>>(), [0, 0, 20, 0]);
    let [part] = parts[..] else { panic!("the order has one part") };
    assert_eq!((&part.checkout_id, &part.coupon_id), (&whole.checkout_id, &second.claimed.coupon_id));
    assert!(found.iter().all(|one| one.merchant_id == merchant), "others are left out");
    let cut = pages(&mut house, ask(2)).await;
    assert!(cut.iter().all(|page| page.len() <= 2) && cut.concat() == found, "however long the pages");
    let own = v1::ListRedemptionsByTimeRequest { user_id: first.user.clone(), ..ask(0) };
    assert_eq!(pages(&mut house, own).await.concat().len(), 4, "beside a user");

    let of_order = v1::ListRedemptionsRequest { merchant_id: merchant.clone(), order_id: part.order_id.clone() };
    let listed = house.redemptions.list_redemptions(of_order).await.unwrap().into_inner().redemptions;
    let ids: Vec<_> = listed.iter().map(|one| (&one.redemption_id, &one.checkout_id)).collect();
    assert_eq!(ids, [(&part.redemption_id, &whole.checkout_id)], "an order's part names its checkout");

    let asked = v1::GetCardLedgerRequest { coupon_id: part.coupon_id.clone(), ..Default::default() };
    let ledger = CardServiceClient::new(channel().await).get_card_ledger(asked).await.unwrap().into_inner().entries;
    let told = |entry: &v1::LedgerEntry| (entry.amount_minor, entry.balance_after_minor, entry.order_id.clone());
    assert_eq!(ledger.iter().map(told).collect::<Vec<_>>(), [(-70, 430, part.order_id.clone()), (500, 500, String::new())]);
}
