//! One operation of a client: what is asked, and each time it was sent.

use tessera_domain::Id;
use tessera_domain::command::{AcceptGift, CancelGift, Capture, CatalogCommand, Claim, Command, Hold, Redeem, Refund, Release};
use tessera_domain::reply::{CATALOG_PARTITION, Written};
use tessera_domain::{Reason, Reply};
use tessera_engine::letter::Answer;

/// What is asked, and of whom.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    Partition(u16, Command),
    Catalog(CatalogCommand),
}

/// An operation: one request id, sent as often as needed.
pub(crate) struct Op {
    pub(crate) ask: Ask,
    /// The operation whose request id it uses for another question.
    pub(crate) imposter_of: Option<usize>,
    /// The final answer, when its client has it.
    pub(crate) answer: Option<Answer>,
    /// When its client loses patience.
    pub(crate) retry_ms: i64,
}

/// One sending of an operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    pub(crate) op: usize,
    pub(crate) floor: Floor,
}

/// What had been acknowledged to anybody when an attempt was sent: its answer must know of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Floor {
    /// The highest lsn of its partition.
    pub(crate) lsn: u64,
    /// The highest total of its template's stock.
    pub(crate) raised: u64,
    /// The same of its budget.
    pub(crate) budget: u64,
    /// The highest version of its template.
    pub(crate) version: u32,
    /// What its template was last, that is whether it was stopped, by number, and the lsn of the write that made it so.
    pub(crate) switched: Option<Switched>,
}

/// See [`Floor::switched`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Switched {
    pub(crate) lsn: u64,
    pub(crate) template: u32,
    pub(crate) is_stopped: bool,
}

impl Ask {
    /// The journal that its effect goes to.
    pub(crate) fn journal(&self) -> u16 {
        match self {
            Ask::Partition(partition, _) => *partition,
            Ask::Catalog(_) => CATALOG_PARTITION,
        }
    }

    /// The template that it is about.
    pub(crate) fn template(&self) -> Option<&Id> {
        match self {
            Ask::Partition(_, Command::Claim(claim)) => Some(&claim.template),
            Ask::Partition(_, Command::RaiseStock(raise) | Command::RaiseBudget(raise)) => Some(&raise.template),
            Ask::Partition(_, Command::GetStock(template)) => Some(template),
            Ask::Catalog(CatalogCommand::Write(write)) => Some(&write.template),
            Ask::Catalog(CatalogCommand::Stop { template, .. } | CatalogCommand::Resume { template, .. }) => Some(template),
            Ask::Catalog(CatalogCommand::Void(void)) => Some(&void.template),
            _ => None,
        }
    }

    /// A charge of a little more.
    pub(crate) fn dearer(&self) -> Option<Ask> {
        match self {
            Ask::Partition(partition, Command::Redeem(redeem)) => {
                let redeem = Redeem { amount: redeem.amount + 1, ..redeem.clone() };
                Some(Ask::Partition(*partition, Command::Redeem(redeem)))
            }
            _ => None,
        }
    }

    /// The same charge or hold for the same order, or the same end of a gift, under another request id.
    pub(crate) fn twin(&self, op: usize) -> Option<Ask> {
        let Ask::Partition(partition, command) = self else { return None };
        let request_id = request_id(op);
        let command = match command {
            Command::Redeem(redeem) => Command::Redeem(Redeem { request_id, ..redeem.clone() }),
            Command::Hold(hold) => Command::Hold(Hold { request_id, ..hold.clone() }),
            Command::Capture(capture) => Command::Capture(Capture { request_id, ..capture.clone() }),
            Command::Release(release) => Command::Release(Release { request_id, ..release.clone() }),
            Command::CancelGift(cancel) => Command::CancelGift(CancelGift { request_id, ..cancel.clone() }),
            Command::AcceptGift(accept) => Command::AcceptGift(AcceptGift { request_id, ..accept.clone() }),
            _ => return None,
        };
        Some(Ask::Partition(*partition, command))
    }

    /// Planted: the same write under another request id.
    pub(crate) fn renamed(&self, tag: u64) -> Ask {
        let mut ask = self.clone();
        if let Ask::Partition(_, Command::Claim(Claim { request_id, .. }) | Command::Refund(Refund { request_id, .. })) = &mut ask
        {
            *request_id = id(format!("again{tag}"));
        }
        ask
    }

    pub(crate) fn is_write(&self) -> bool {
        match self {
            Ask::Catalog(command) => {
                use CatalogCommand::*;
                matches!(command, Write(_) | Stop { .. } | Resume { .. } | Void(_))
            }
            Ask::Partition(_, command) => match command {
                Command::Validate(_) | Command::GetCoupon(_) | Command::ListCoupons(_) | Command::RevealCode(_) => false,
                Command::GetStock(_) | Command::ListRedemptions(_) | Command::GetGift(_) => false,
                Command::ListRedemptionsByTime(_) | Command::ListClaimable(_) => false,
                Command::Claim(_)
                | Command::Redeem(_)
                | Command::Refund(_)
                | Command::RaiseStock(_)
                | Command::RaiseBudget(_) => true,
                Command::Hold(_) | Command::Capture(_) | Command::Release(_) => true,
                Command::OfferGift(_) | Command::CancelGift(_) | Command::AcceptGift(_) => true,
                Command::BlockCoupon(_) | Command::BlockUser(_) | Command::VoidCoupon(_) => true,
                Command::Checkout(_) | Command::CaptureOrder(_) | Command::ReleaseOrder(_) | Command::RefundOrder(_) => true,
                Command::GetBatch(_) | Command::GetShare(_) | Command::ListCards(_) | Command::StartLedger(_) => false,
                Command::GetVoids(_) | Command::FindCard(_) => false,
                Command::ImportCard(_) => true,
                Command::OpenBatch(_) | Command::MakeCards(_) | Command::CompleteBatch(_) | Command::TakeBatch(_) => true,
                Command::ActivateCard(_) | Command::ReloadCard(_) | Command::AdjustCard(_) | Command::ReplaceCard(_) => true,
            },
        }
    }

    /// Whether this refusal of it is remembered, so that a retry must hear it again.
    fn remembers(&self, reason: Reason) -> bool {
        use Reason::*;
        let Ask::Partition(_, command) = self else { return false };
        let of_use = matches!(
            reason,
            CouponGiven
                | CouponVoid
                | CouponUsed
                | CouponFrozen
                | CouponNotActivated
                | CouponActivated
                | CouponGifting
                | CouponHeld
                | UseNotStarted
                | CouponExpired
                | CurrencyMismatch
                | BelowThreshold
                | NoEffect
                | InsufficientBalance
                | OrderAlreadyRedeemed
        );
        let of_hold = matches!(reason, HoldCaptured | HoldReleased | HoldExpired | AmountAboveHold | PartOfCheckout);
        let of_refund = matches!(reason, CouponGifting | AlreadyRefunded | RefundExceedsCapture);
        let apart = matches!(reason, InstrumentsApart | CheckoutTimedOut | PartOfCheckout | HoldReleased | HoldExpired);
        let of_order = of_use || apart || matches!(reason, OutOfScope | NotCombinable | TooManyHolds);
        match command {
            Command::Redeem(_) => of_use,
            Command::Hold(_) => of_use || reason == TooManyHolds,
            Command::Capture(_) => of_use || of_hold,
            Command::Release(_) => of_hold,
            Command::BlockCoupon(_) | Command::VoidCoupon(_) => of_use,
            Command::Refund(_) => of_refund || matches!(reason, RefundNotAllowed | PartOfCheckout),
            Command::Checkout(_) => of_order,
            // More units than are held is a form that the order refuses.
            Command::CaptureOrder(capture) => of_hold && reason != AmountAboveHold || capture.reacquire && of_use,
            Command::ReleaseOrder(_) => of_hold && reason != AmountAboveHold,
            Command::RefundOrder(_) => of_refund,
            Command::OfferGift(_) => of_use || reason == NotTransferable,
            Command::CancelGift(_) | Command::AcceptGift(_) => of_use || matches!(reason, GiftEnded | GiftToOneself),
            Command::ActivateCard(_) => of_use || reason == TemplateStopped,
            Command::ReplaceCard(_) => of_use || matches!(reason, NotACard | PartOfCheckout),
            Command::ReloadCard(_) | Command::AdjustCard(_) => of_use || matches!(reason, NotACard | BalanceLimitReached),
            _ => false,
        }
    }

    /// Whether it is a step of making a batch: it is answered with how far the batch is by then, which only rises.
    pub(crate) fn is_of_making(&self) -> bool {
        let Ask::Partition(_, command) = self else { return false };
        matches!(command, Command::OpenBatch(_) | Command::MakeCards(_) | Command::CompleteBatch(_))
    }

    /// Whether this answer binds: every later one must be the same.
    pub(crate) fn is_bound_by(&self, answer: &Answer) -> bool {
        match answer {
            Ok(_) if self.is_of_making() => false,
            Ok(reply) => reply.written().is_some(),
            Err(refusal) => self.remembers(refusal.reason),
        }
    }
}

/// Whether the client tries again.
pub(crate) fn is_transient(answer: &Answer) -> bool {
    let again = |reason| matches!(reason, Reason::Overloaded | Reason::LogFull | Reason::StockBusy | Reason::Draining);
    answer.as_ref().is_err_and(|refusal| again(refusal.reason))
}

/// The answer as if it were the first.
pub(crate) fn as_first(answer: &Answer) -> Answer {
    let mut answer = answer.clone();
    let written: Option<&mut Written> = match &mut answer {
        Ok(Reply::Claimed(claimed)) => Some(&mut claimed.written),
        Ok(Reply::Redeemed(redeemed)) => Some(&mut redeemed.written),
        Ok(Reply::Refunded(refunded)) => Some(&mut refunded.written),
        Ok(Reply::Held(held)) => Some(&mut held.written),
        Ok(Reply::Released(released)) => Some(&mut released.written),
        Ok(Reply::Blocked(blocked)) => Some(&mut blocked.written),
        Ok(Reply::Voided(voided)) => Some(&mut voided.written),
        Ok(Reply::CheckedOut(checkout)) => Some(&mut checkout.written),
        Ok(Reply::CheckoutReleased(released)) => Some(&mut released.written),
        Ok(Reply::CheckoutRefunded(refund)) => {
            refund.parts.iter_mut().for_each(|part| part.written.replayed = false);
            Some(&mut refund.written)
        }
        Ok(Reply::GiftOffered(offered)) => Some(&mut offered.written),
        Ok(Reply::GiftCancelled(cancelled)) => Some(&mut cancelled.written),
        Ok(Reply::GiftAccepted(accepted)) => Some(&mut accepted.written),
        Ok(Reply::Loaded(loaded)) => Some(&mut loaded.written),
        Ok(Reply::Activated(activated)) => Some(&mut activated.written),
        Ok(Reply::Replaced(replaced)) => Some(&mut replaced.written),
        Ok(Reply::Imported(imported)) => Some(&mut imported.written),
        Ok(Reply::StockRaised { written, .. } | Reply::Template { written, .. }) => written.as_mut(),
        Ok(Reply::Batch(batch)) => batch.written.as_mut(),
        _ => None,
    };
    if let Some(written) = written {
        written.replayed = false;
    }
    answer
}

/// The number of an operation in its request id.
pub(crate) fn request_id(op: usize) -> Id {
    id(format!("r{op}"))
}

/// The operation of a request id.
pub(crate) fn op_of(request_id: &str) -> Option<usize> {
    request_id.strip_prefix('r')?.parse().ok()
}

pub(crate) fn id(text: String) -> Id {
    Id::new("id", text).expect("the world's names are short")
}
