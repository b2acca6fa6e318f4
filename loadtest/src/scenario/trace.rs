//! Reads a trace of coupon claims: claims, terms and expected counts as CSV, plain or compressed with zstd.

use std::{
    collections::HashMap,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use serde::{Deserialize, de::DeserializeOwned};
use tessera_proto::v1::{AmountOff, PercentOff, template_spec::Kind};

use crate::{error::Error, plan::rows::Row};

/// Minor units of one unit of the terms' thresholds: fen of a yuan.
const MINOR: i64 = 100;

/// A trace.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Claims in the order of their source rows; they refer to coupons by place.
    pub rows: Vec<Row>,
    /// The coupons.
    pub coupons: Vec<Coupon>,
}

/// One coupon of the trace.
#[derive(Clone, Debug)]
pub struct Coupon {
    /// Its number in the trace.
    pub number: String,
    /// What it is worth.
    pub kind: Kind,
    /// How many claims must be accepted: the distinct users who claimed it.
    pub expected: u64,
}

#[derive(Deserialize)]
struct Claim {
    src_row: u64,
    #[serde(rename = "User_id")]
    user: u64,
    #[serde(rename = "Coupon_id")]
    coupon: String,
}

#[derive(Deserialize)]
struct Term {
    coupon_id: String,
    discount_rate: String,
}

#[derive(Deserialize)]
struct Expected {
    #[serde(rename = "Coupon_id")]
    coupon: String,
    distinct_users: u64,
}

impl Trace {
    /// Reads the three files of `directory`.
    pub fn read(directory: &Path) -> Result<Self, Error> {
        let (claims_path, claims) = table::<Claim>(directory, "claims_")?;
        let (terms_path, terms) = table::<Term>(directory, "coupon_terms")?;
        let (_, expected) = table::<Expected>(directory, "expected_per_coupon")?;
        let expected: HashMap<_, _> = expected.into_iter().map(|line| (line.coupon, line.distinct_users)).collect();
        let coupon = |term: Term| match kind_of(&term.discount_rate) {
            Some(kind) => {
                Ok(Coupon { kind, expected: expected.get(&term.coupon_id).copied().unwrap_or(0), number: term.coupon_id })
            }
            None => Err(Error::Trace { path: terms_path.clone(), what: format!("unknown terms {:?}", term.discount_rate) }),
        };
        let coupons = terms.into_iter().map(coupon).collect::<Result<Vec<_>, _>>()?;
        let places: HashMap<_, _> = coupons.iter().zip(0..).map(|(coupon, place)| (coupon.number.as_str(), place)).collect();
        let row = |claim: Claim| match places.get(claim.coupon.as_str()) {
            Some(&template) => Ok(Row { source_row: claim.src_row, user: claim.user, template }),
            None => Err(Error::Trace { path: claims_path.clone(), what: format!("coupon {} has no terms", claim.coupon) }),
        };
        let mut rows = claims.into_iter().map(row).collect::<Result<Vec<_>, _>>()?;
        rows.sort_unstable_by_key(|row| row.source_row);
        Ok(Self { rows, coupons })
    }
}

/// All lines of the one file whose name begins with `prefix`.
fn table<T: DeserializeOwned>(directory: &Path, prefix: &str) -> Result<(PathBuf, Vec<T>), Error> {
    let path = find(directory, prefix)?;
    let file = File::open(&path).map_err(Error::file(&path))?;
    let reader: Box<dyn Read> = match path.extension().is_some_and(|extension| extension == "zst") {
        true => Box::new(zstd::Decoder::new(file).map_err(Error::file(&path))?),
        false => Box::new(file),
    };
    let lines = csv::Reader::from_reader(reader).into_deserialize().collect::<Result<_, _>>();
    let lines = lines.map_err(|error| Error::Trace { path: path.clone(), what: error.to_string() })?;
    Ok((path, lines))
}

fn find(directory: &Path, prefix: &str) -> Result<PathBuf, Error> {
    let entries = std::fs::read_dir(directory).map_err(Error::file(directory))?;
    let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let found = paths.find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)));
    found.ok_or_else(|| Error::Trace { path: directory.to_owned(), what: format!("no file {prefix}*.csv[.zst]") })
}

/// "20:1" takes 1 off from 20 on; "0.9" pays 90 %.
fn kind_of(terms: &str) -> Option<Kind> {
    match terms.split_once(':') {
        Some((threshold, amount)) => Some(Kind::AmountOff(AmountOff {
            threshold_minor: threshold.parse::<i64>().ok()?.checked_mul(MINOR)?,
            amount_minor: amount.parse::<i64>().ok()?.checked_mul(MINOR)?,
        })),
        None => Some(Kind::PercentOff(PercentOff { pay_basis_points: basis_points(terms)?, cap_minor: None })),
    }
}

/// Of "0.95": 9,500, exactly.
fn basis_points(rate: &str) -> Option<u32> {
    let fraction = rate.strip_prefix("0.").filter(|digits| (1..=4).contains(&digits.len()))?;
    format!("{fraction:0<4}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_in_fen() {
        assert_eq!(kind_of("20:1"), Some(Kind::AmountOff(AmountOff { threshold_minor: 2_000, amount_minor: 100 })));
    }

    #[test]
    fn rates_are_what_is_paid() {
        let pays = |terms| match kind_of(terms) {
            Some(Kind::PercentOff(percent)) => Some(percent.pay_basis_points),
            _ => None,
        };
        assert_eq!(["0.9", "0.95", "0.1234"].map(pays), [Some(9_000), Some(9_500), Some(1_234)]);
        assert_eq!(["1.5", "0.", "x", "0.12345"].map(pays), [None; 4]);
    }

    #[test]
    fn a_compressed_trace_reads_as_the_plain_one() {
        let fixture = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/o2o"));
        let directory = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(fixture).unwrap().map(Result::unwrap) {
            let packed = zstd::encode_all(File::open(entry.path()).unwrap(), 3).unwrap();
            let name = format!("{}.zst", entry.file_name().to_string_lossy());
            std::fs::write(directory.path().join(name), packed).unwrap();
        }
        let (plain, packed) = (Trace::read(fixture).unwrap(), Trace::read(directory.path()).unwrap());
        assert_eq!((plain.rows.len(), plain.coupons.len()), (60, 7));
        assert_eq!(plain.rows, packed.rows);
    }
}
