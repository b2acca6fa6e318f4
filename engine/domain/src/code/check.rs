//! The check symbol: what a till notices about a mistyped code before any key is used.
//!
//! Symbols are elements of GF(32) = GF(2)\[x\] / (x⁵ + x² + 1), and α = x generates its 31 non-zero elements. The symbols
//! s₀…s₁₅ of a code satisfy Σ sᵢ·α^(15−i) = 0; s₁₅, whose weight is 1, is chosen so. What follows:
//!
//! - **one wrong symbol** at i changes the sum by d·α^(15−i) with d ≠ 0, a product of non-zero elements: always noticed;
//! - **two symbols exchanged**, adjacent or not, change it by (sᵢ − sⱼ)·(α^(15−i) − α^(15−j)): the 16 weights are distinct
//!   because 16 ≤ 31, so the exchange of two different symbols is always noticed;
//! - **a doubled symbol misread alike** (aa for bb) changes it by (a − b)·(α^(15−i) + α^(15−j)), in characteristic 2 the same
//!   product: always noticed;
//! - anything else passes with probability 1/32, and is left to the tag.
//!
//! It holds no secret: everybody can compute it, and nothing about the seal rests on it.

/// Symbols before the check symbol.
pub(super) const CHECKED_SYMBOLS: usize = 15;

const SYMBOLS: usize = CHECKED_SYMBOLS + 1;

/// x⁵ + x² + 1.
const POLYNOMIAL: u8 = 0b10_0101;

/// Each symbol times the weight of each place: looked up, since sixteen multiplications in a row would cost more than AES.
const WEIGHTED: [[u8; 32]; SYMBOLS] = weighted();

/// The symbol that makes the weighted sum zero.
pub(super) fn check_symbol(symbols: &[u8; CHECKED_SYMBOLS]) -> u8 {
    weighted_sum(symbols)
}

/// Whether the weighted sum of a whole code, check symbol last, is zero.
pub(super) fn is_consistent(symbols: &[u8; SYMBOLS]) -> bool {
    weighted_sum(symbols) == 0
}

fn weighted_sum<const N: usize>(symbols: &[u8; N]) -> u8 {
    symbols.iter().zip(&WEIGHTED).fold(0, |sum, (&symbol, weighted)| sum ^ weighted[usize::from(symbol)])
}

const fn weighted() -> [[u8; 32]; SYMBOLS] {
    let mut table = [[0; 32]; SYMBOLS];
    let mut symbol = 0;
    while symbol < 32 {
        let mut product = symbol;
        let mut at = SYMBOLS;
        while at > 0 {
            at -= 1;
            table[at][symbol as usize] = product;
            product = times_alpha(product);
        }
        symbol += 1;
    }
    table
}

const fn times_alpha(element: u8) -> u8 {
    (element << 1) ^ ((element >> 4) * POLYNOMIAL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn alpha_generates_all_31_nonzero_elements() {
        let mut powers: Vec<u8> = core::iter::successors(Some(1), |&power| Some(times_alpha(power))).take(31).collect();
        assert_eq!(times_alpha(powers[30]), 1);
        powers.sort_unstable();
        assert_eq!(powers, (1..32).collect::<Vec<u8>>());
    }

    fn checked(symbols: [u8; CHECKED_SYMBOLS]) -> [u8; 16] {
        let mut all = [0; 16];
        all[..CHECKED_SYMBOLS].copy_from_slice(&symbols);
        all[CHECKED_SYMBOLS] = check_symbol(&symbols);
        all
    }

    proptest! {
        #[test]
        fn a_checked_code_is_consistent(symbols in prop::array::uniform15(0_u8..32)) {
            prop_assert!(is_consistent(&checked(symbols)));
        }

        #[test]
        fn every_exchange_of_two_different_symbols_is_noticed(symbols in prop::array::uniform15(0_u8..32)) {
            let good = checked(symbols);
            for (i, j) in (0..16).flat_map(|i| (0..i).map(move |j| (i, j))) {
                let mut swapped = good;
                swapped.swap(i, j);
                prop_assert_eq!(is_consistent(&swapped), good[i] == good[j]);
            }
        }

        #[test]
        fn every_double_misread_alike_is_noticed(symbols in prop::array::uniform15(0_u8..32), at in 0_usize..14, wrong in 0_u8..32) {
            let mut doubled = symbols;
            doubled[at + 1] = doubled[at];
            let mut misread = checked(doubled);
            misread[at] = wrong;
            misread[at + 1] = wrong;
            prop_assert_eq!(is_consistent(&misread), wrong == doubled[at]);
        }
    }
}
