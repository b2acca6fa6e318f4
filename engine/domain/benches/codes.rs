//! Codes and ids sealed and opened: `cargo bench -p tessera-domain --bench codes`. At most 150 ns each is what the edge counts on.

use criterion::Criterion;
use std::hint::black_box;
use tessera_domain::code::CodeKeys;
use tessera_domain::sealed_id::{IdKeys, IdType};

fn codes(criterion: &mut Criterion) {
    let secret = std::array::from_fn(|at| at as u8);
    let keys = CodeKeys::new(1, [(1, &secret)]).expect("a secret of two halves");
    let mut serials = 0..;
    let mut next = || serials.next().expect("serials do not run out");
    criterion.bench_function("code/seal", |bencher| bencher.iter(|| keys.seal(1, 3, next())));
    let code = keys.seal(1, 3, 41);
    assert_eq!(keys.open(code.as_str()).map(|opened| opened.serial), Ok(41), "a code leads back");
    criterion.bench_function("code/open", |bencher| bencher.iter(|| keys.open(black_box(code.as_str()))));
    let guess = "0".repeat(16);
    criterion.bench_function("code/refuse", |bencher| bencher.iter(|| keys.open(black_box(&guess)).is_err()));
}

fn ids(criterion: &mut Criterion) {
    let keys = IdKeys::new(&std::array::from_fn(|at| at as u8)).expect("a secret of two halves");
    let mut numbers = 0..;
    let mut next = || numbers.next().expect("numbers do not run out");
    criterion.bench_function("id/seal", |bencher| bencher.iter(|| keys.seal(IdType::Coupon, 3, next())));
    let id = keys.seal(IdType::Coupon, 3, 41);
    assert_eq!(keys.open(IdType::Coupon, id.as_str()), Ok((3, 41)), "an id leads back");
    criterion.bench_function("id/open", |bencher| bencher.iter(|| keys.open(IdType::Coupon, black_box(id.as_str()))));
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    codes(&mut criterion);
    ids(&mut criterion);
    criterion.final_summary();
}
