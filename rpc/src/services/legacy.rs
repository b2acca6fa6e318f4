//! Cards and coupons of other houses: their import, row by row, as bulk work.

use prost::Message as _;
use tessera_proto::{v1, wire::Malformed};

use super::mismatched;
use crate::{
    convert::{legacy, write_accepted, write_refused},
    domain::{Id, Reply, command::Command},
    seals::Seals,
    stream::{Asked, Item},
};

/// A row within a stream.
pub enum OneImport {}

impl Item for OneImport {
    type Kept = Id;
    const PATH: &'static str = "/tessera.v1.CardService/ImportStream";
    const FIELD: &'static str = "cards";
    const IS_BULK: bool = true;

    fn read<'a>(seals: Seals<'_>, row: &'a [u8]) -> Result<Asked<'a, Id>, Malformed> {
        let row = v1::ImportCard::decode(row).map_err(|_| Malformed("a card"))?;
        let import = legacy::import(seals, &row);
        let admitted = import.map(|(row_id, home, import)| (row_id, home, Command::ImportCard(Box::new(import))));
        Ok(Asked { request_id: row.row_id.into(), admitted })
    }

    fn accepted(seals: Seals<'_>, row_id: &Id, reply: &Reply, out: &mut Vec<u8>) {
        let Reply::Imported(imported) = reply else { mismatched("an import", reply) };
        write_accepted(row_id.as_str(), out, |out| legacy::write_imported(seals, imported, out));
    }

    fn refused(row_id: &str, refusal: v1::Refusal, out: &mut Vec<u8>) {
        write_refused(row_id, &refusal, out);
    }
}
