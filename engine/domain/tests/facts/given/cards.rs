//! The lines of a story that are about gift cards and their batches.

use super::key;
use super::story::{channel, currency, id, instrument, money, number, value_of};
use tessera_domain::command::*;

/// `batch ID TEMPLATE COUNT`, `make ID TEMPLATE vVERSION MADE+COUNT/SHARE`, `complete ID MADE`, `take ID REQUEST`, `activate WHO CARD
/// REQUEST`, `import CODE BATCH TEMPLATE`, `find CODE`, `reload WHO CARD AMOUNT REQUEST`, `adjust WHO CARD AMOUNT REASON REQUEST`, `replace WHO CARD REQUEST`, and the questions.
pub fn command(words: &[&str]) -> Option<Command> {
    Some(match *words {
        ["batch", batch] => Command::GetBatch(id(batch)),
        ["batch", batch, template, count] => {
            Command::OpenBatch(OpenBatch { batch: id(batch), template: id(template), count: number(count) })
        }
        ["make", batch, template, version, run] => {
            let (run, share) = run.split_once('/').expect("MADE+COUNT/SHARE");
            let (made, count) = run.split_once('+').expect("MADE+COUNT/SHARE");
            Command::MakeCards(MakeCards {
                batch: id(batch),
                template: id(template),
                version: number(version.trim_start_matches('v')),
                share: number(share),
                made: number(made),
                count: number(count),
            })
        }
        ["complete", batch, made] => Command::CompleteBatch(CompleteBatch { batch: id(batch), made: number(made) }),
        ["take", batch, request] => Command::TakeBatch(TakeBatch { batch: id(batch), request_id: id(request) }),
        ["share", batch] => Command::GetShare(id(batch)),
        ["cards", batch, page_size, ref rest @ ..] => Command::ListCards(ListCards {
            batch: id(batch),
            page_size: number(page_size),
            from: value_of(rest, "from=").map(number),
        }),
        ["activate", who, card, request, ref rest @ ..] => Command::ActivateCard(ActivateCard {
            instrument: instrument(who, card),
            sale: sale(rest),
            channel: channel(rest),
            request_id: id(request),
        }),
        ["reload", who, card, amount, request, ref rest @ ..] => {
            let (amount, currency) = money(amount);
            let (instrument, sale) = (instrument(who, card), sale(rest));
            Command::ReloadCard(ReloadCard { instrument, sale, amount, currency, request_id: id(request) })
        }
        ["adjust", who, card, amount, reason, request] => {
            let (amount, currency) = money(amount);
            let (instrument, reason) = (instrument(who, card), Box::new(id(reason)));
            Command::AdjustCard(AdjustCard { instrument, amount, currency, reason, request_id: id(request) })
        }
        ["replace", who, card, request, ref rest @ ..] => Command::ReplaceCard(ReplaceCard {
            instrument: instrument(who, card),
            revoke_holds: rest.contains(&"revoke"),
            request_id: id(request),
        }),
        ["import", code, batch, template, ref rest @ ..] => Command::ImportCard(Box::new(ImportCard {
            code: key().legacy(code),
            batch: id(batch),
            template: id(template),
            reference: value_of(rest, "ref=").map(id),
            balance: value_of(rest, "balance=").map(number),
            currency: value_of(rest, "in=").map(currency),
            until_ms: value_of(rest, "until=").map_or(0, number),
        })),
        ["find", code] => Command::FindCard(key().legacy(code)),
        ["ledger", who, card] => Command::StartLedger(instrument(who, card)),
        _ => return None,
    })
}

/// `by=MERCHANT/ORDER`
fn sale(words: &[&str]) -> Box<Sale> {
    let said = value_of(words, "by=").map(|sale| sale.split_once('/').expect("by=MERCHANT/ORDER"));
    Box::new(Sale { merchant: said.map(|(merchant, _)| id(merchant)), order: said.map(|(_, order)| id(order)) })
}
