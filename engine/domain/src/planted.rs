//! Faults of a partition's state and decisions, planted on purpose: a harness that finds none of them proves nothing.

tessera_planted::faults! {
    /// Requests are remembered for seconds.
    RequestsForgottenEarly,
    /// Another question under a known request is given the first one's answer.
    FingerprintIgnored,
    /// A remembered refusal counts for nothing when it is asked again.
    RefusalForgotten,
    /// A hold lives at its deadline, too.
    DeadlineInclusive,
    /// A coupon may be used at the end of its window, too.
    WindowEndInclusive,
    /// A hold that ends gives its value back twice.
    ReleasedTwice,
    /// A frozen coupon is used like any other.
    FreezeIgnored,
    /// A used coupon is used again.
    UsedAgain,
    /// A charge may be larger than the balance.
    BalanceIgnored,
    /// An order that has redeemed redeems again.
    OrderForgotten,
    /// More is refunded than was captured.
    RefundUnbounded,
    /// A refund keeps a fen.
    RefundKeepsFen,
    /// A discount in percent has no cap.
    CapIgnored,
    /// An image has no remembered requests.
    RequestsLeftOutOfImage,
    /// A user gets as many on a day as they like.
    DayLimitIgnored,
    /// A coupon may be used at any merchant.
    ScopeIgnored,
    /// An image has no counts of days.
    DaysLeftOutOfImage,
    /// Neither image nor digest cover the blocks of a coupon.
    BlocksUncovered,
    /// Units that come back give a fen too much of a share that does not split evenly.
    ShareRoundedUp,
    /// A refund of an order pays out before its cards are full again.
    OutsideFirst,
    /// An order uses its coupons in whatever state they are.
    OrderUnchecked,
    /// An image has no orders.
    CheckoutsLeftOutOfImage,
    /// An order is decided as if every card of another partition that it asked for had been held.
    DeclineIgnored,
    /// Cards of other partitions stay held for an order that was refused.
    LetGoForgotten,
    /// A card of another partition is charged all that was held of it.
    PledgeChargedWhole,
    /// Cards of other partitions stay held past the deadline of their order.
    SagaDeadlineIgnored,
    /// An image has no pledges.
    PledgesLeftOutOfImage,
    /// A coupon that was given stays what it was, too.
    GiftKeepsCopy,
    /// A gift is open for ever.
    GiftNeverExpires,
    /// A coupon that is offered is used like any other.
    GiftingIgnored,
    /// A run of cards that is asked for again is made again.
    RunMadeAgain,
    /// A card is activated however often it is sold.
    ActivatedAgain,
    /// A batch is complete however few of its cards were made.
    CompletedShort,
    /// The codes of a batch are taken again and again.
    TakenAgain,
    /// An image has neither batches nor what was made of them.
    BatchesLeftOutOfImage,
    /// A void template's coupons are used like any other, and nothing of their value becomes void.
    VoidIgnored,
    /// A void template is issued on.
    VoidIssued,
    /// A resumed template stays stopped.
    ResumeIgnored,
    /// A frozen card is reloaded.
    FrozenReloaded,
    /// The card that stands for a frozen one that was lost is free.
    StandInFree,
    /// Neither image nor digest cover what was loaded onto a card beside its face value.
    LoadsUncovered,
    /// A code of another house gets a card with each row.
    RowImportedAgain,
    /// A one-use coupon of another house has as much in it as its row says.
    RowUnchecked,
    /// An image has no codes of other houses.
    CodesLeftOutOfImage,
    /// Home grants what it has granted already.
    GrantNotDeducted,
    /// A repeated grant counts as a piece more.
    GrantCountsAgain,
    /// Home does not take back what was returned.
    ReclaimForgotten,
    /// A recalled lessee says that it returns its pieces, and keeps them.
    ReturnOnlySaid,
    /// Home says "sold out" when nothing is free, without asking who has pieces left.
    SoldOutUnproven,
    /// A lessee refuses for ever once it heard "sold out", whatever home says later.
    FlagNeverEnds,
    /// A lessee sells today from what it has left of yesterday.
    DaySoldAfterMidnight,
    /// A repeated grant out of a budget counts once more.
    BudgetGrantedTwice,
    /// A stock or a budget is raised whatever total its caller saw.
    RaisedBlindly,
    /// What a coupon took comes back twice.
    RestockedTwice,
    /// What ended unused before a message met it does not come back.
    ReturnForgotten,
    /// An image has neither days nor budgets.
    PoolsLeftOutOfImage,
}
