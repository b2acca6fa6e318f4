//! Cards and coupons of other houses: rows to import, and what became of them.

use tessera_proto::{v1, wire};

use super::{currency, optional, write_position};
use crate::{
    domain::{Id, Rejection, command::ImportCard, reply::Imported},
    seals::{Place, Seals},
};

/// A row to import: its name in the stream, the card's partition and the command. The code's text ends here.
pub fn import(seals: Seals<'_>, row: &v1::ImportCard) -> Result<(Id, u16, ImportCard), Rejection> {
    let row_id = Id::new("row_id", &row.row_id)?;
    let batch = Id::new("batch_id", &row.batch_id)?;
    let template = Id::new("template_id", &row.template_id)?;
    let code = Id::new("legacy_code", &row.legacy_code)?;
    let currency = if row.currency.is_empty() { None } else { Some(currency("currency", &row.currency)?) };
    let reference = optional("external_reference", &row.external_reference)?;
    let (partition, code) = seals.legacy(&code);
    let (balance, until_ms) = (row.balance_minor, row.use_until_ms);
    Ok((row_id, partition, ImportCard { code, batch, template, reference, balance, currency, until_ms }))
}

/// Writes `ImportedCard`.
pub fn write_imported(seals: Seals<'_>, imported: &Imported, out: &mut Vec<u8>) {
    let Imported { written, coupon } = imported;
    let place = Place { partition: written.partition, number: *coupon };
    wire::string(1, seals.sealed_coupon(place).as_bytes(), out);
    write_position(2, *written, out);
    wire::number(3, u64::from(written.replayed), out);
}
