//! Rows: the fields of one entity as a mask and the values that are not at their default.

use crate::digest::{Entity, FIELDS_MAX};

/// The fields of one entity; what is absent is 0.
pub(crate) struct Fields([u64; FIELDS_MAX]);

impl Fields {
    /// The value of a field.
    pub(crate) fn get(&self, field: u16) -> u64 {
        self.0[usize::from(field) - 1]
    }

    /// Fields `low` and `low + 1` as one number.
    pub(crate) fn wide(&self, low: u16) -> u128 {
        u128::from(self.get(low + 1)) << 64 | u128::from(self.get(low))
    }

    /// A field that counts from 1 because 0 is its default, as the number that it stands for.
    pub(crate) fn one_based<N: TryFrom<u64>>(&self, field: u16) -> Option<N> {
        N::try_from(self.get(field).checked_sub(1)?).ok()
    }

    /// A field that fits a smaller number.
    pub(crate) fn narrow<N: TryFrom<u64>>(&self, field: u16) -> Option<N> {
        N::try_from(self.get(field)).ok()
    }

    /// A field that is yes or no.
    pub(crate) fn flag(&self, field: u16) -> Option<bool> {
        match self.get(field) {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

/// Most bytes of a row: its mask and every field, each as long as a number can be, and room to write one as two words.
const ROW_BYTES_MAX: usize = (FIELDS_MAX + 1) * NUMBER_BYTES_MAX + size_of::<u64>();

/// Most bytes of a number.
const NUMBER_BYTES_MAX: usize = 10;

/// Appends the row of an entity.
pub(super) fn put_row(entity: &impl Entity, out: &mut Vec<u8>) {
    let (mut mask, mut values, mut count) = (0u64, [0u64; FIELDS_MAX], 0);
    entity.fields(&mut |field, value| {
        if value != 0 {
            let bit = 1u64 << (field - 1);
            assert!(bit > mask && usize::from(field) <= FIELDS_MAX, "fields are shown once each, in order");
            mask |= bit;
            values[count] = value;
            count += 1;
        }
    });
    let mut row = [0; ROW_BYTES_MAX];
    let mut length = write_number(mask, &mut row, 0);
    for &value in &values[..count] {
        length = write_number(value, &mut row, length);
    }
    out.extend_from_slice(&row[..length]);
}

/// Takes a row off the front of `bytes`.
pub(super) fn take_row(bytes: &mut &[u8]) -> Option<Fields> {
    let mut mask = take_number(bytes)?;
    if mask >> FIELDS_MAX != 0 {
        return None;
    }
    let mut fields = Fields([0; FIELDS_MAX]);
    while mask != 0 {
        let value = take_number(bytes)?;
        if value == 0 {
            return None;
        }
        fields.0[mask.trailing_zeros() as usize] = value;
        mask &= mask - 1;
    }
    Some(fields)
}

/// Appends a number, seven bits a byte, lowest first.
pub(super) fn put_number(number: u64, out: &mut Vec<u8>) {
    let mut bytes = [0; NUMBER_BYTES_MAX + size_of::<u64>()];
    let length = write_number(number, &mut bytes, 0);
    out.extend_from_slice(&bytes[..length]);
}

/// Writes a number from `at` on, all of its bytes at once, and says where it ends; what is behind its end is overwritten too.
#[inline]
fn write_number(number: u64, out: &mut [u8], at: usize) -> usize {
    let length = (64 - (number | 1).leading_zeros()).div_ceil(7) as usize;
    let going_on = CONTINUATION >> (8 * (9 - length.clamp(2, 9)));
    let low = spread_sevens(number) | if length > 1 { going_on } else { 0 };
    out[at..at + 8].copy_from_slice(&low.to_le_bytes());
    // What is left above the 56 bits of the first eight bytes.
    let ninth = (number >> 56) as u8;
    out[at + 8] = ninth | if length == 10 { 0x80 } else { 0 };
    out[at + 9] = ninth >> 7;
    at + length
}

/// The bit of each byte that says that another one follows.
const CONTINUATION: u64 = 0x8080_8080_8080_8080;

/// The lowest 56 bits, seven in each byte.
#[inline]
fn spread_sevens(number: u64) -> u64 {
    let fours = (number & 0x0fff_ffff) | (number & 0x00ff_ffff_f000_0000) << 4;
    let twos = (fours & 0x0000_3fff_0000_3fff) | (fours & 0x0fff_c000_0fff_c000) << 2;
    (twos & 0x007f_007f_007f_007f) | (twos & 0x3f80_3f80_3f80_3f80) << 1
}

/// The reverse of [`spread_sevens`].
#[inline]
fn gather_sevens(bytes: u64) -> u64 {
    let twos = (bytes & 0x007f_007f_007f_007f) | (bytes & 0x7f00_7f00_7f00_7f00) >> 1;
    let fours = (twos & 0x0000_3fff_0000_3fff) | (twos & 0x3fff_0000_3fff_0000) >> 2;
    (fours & 0x0fff_ffff) | (fours & 0x0fff_ffff_0000_0000) >> 4
}

/// Takes a number off the front of `bytes`; only its shortest form is one.
#[inline]
pub(super) fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    match bytes.split_first_chunk() {
        Some((first, rest)) => take_number_at_once(u64::from_le_bytes(*first), rest, bytes),
        None => take_number_by_bytes(bytes),
    }
}

/// Of the first eight bytes together, and what comes behind them.
#[inline]
fn take_number_at_once<'a>(first: u64, rest: &'a [u8], bytes: &mut &'a [u8]) -> Option<u64> {
    let ends = !first & CONTINUATION;
    if ends != 0 {
        // All bits up to the one that says that nothing follows.
        let own = first & (ends ^ (ends - 1));
        let length = ends.trailing_zeros() as usize / 8 + 1;
        *bytes = &bytes[length..];
        let last = own >> (8 * (length - 1));
        return (last != 0 || length == 1).then(|| gather_sevens(own));
    }
    let low = gather_sevens(first & !CONTINUATION);
    let Some((&[ninth, tenth], _)) = rest.split_first_chunk() else {
        let (&ninth, behind) = rest.split_first()?;
        *bytes = behind;
        return (ninth != 0 && ninth & 0x80 == 0).then_some(low | u64::from(ninth) << 56);
    };
    // Hashes are nine or ten bytes long, as often the one as the other, so no branch hangs on it.
    let goes_on = ninth >> 7;
    let is_whole = (goes_on == 0) & (ninth != 0) | (goes_on == 1) & (tenth == 1);
    *bytes = &rest[1 + usize::from(goes_on)..];
    is_whole.then_some(low | u64::from(ninth & 0x7f) << 56 | u64::from(goes_on) << 63)
}

/// Where fewer than eight bytes are left.
fn take_number_by_bytes(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for (index, &byte) in bytes.iter().enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            *bytes = &bytes[index + 1..];
            return (byte != 0 || index == 0).then_some(number);
        }
    }
    None
}

/// Takes `length` bytes and their length before them off the front of `bytes`.
pub(super) fn take_bytes<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(take_number(bytes)?).ok()?;
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::EntityKind;
    use proptest::prelude::*;

    struct Row([u64; FIELDS_MAX]);
    impl Entity for Row {
        const KIND: EntityKind = EntityKind::Coupon;
        fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
            (1..).zip(self.0).for_each(|(field, value)| visit(field, value));
        }
    }

    proptest! {
        #[test]
        fn every_row_comes_back_and_no_cut_row_does(values: [u64; FIELDS_MAX], mask: u32) {
            let mut row = Row(values);
            row.0.iter_mut().enumerate().filter(|(index, _)| mask >> index & 1 == 0).for_each(|(_, value)| *value = 0);
            let mut bytes = Vec::new();
            put_row(&row, &mut bytes);
            let mut rest = bytes.as_slice();
            prop_assert_eq!(take_row(&mut rest).map(|fields| fields.0), Some(row.0));
            prop_assert!(rest.is_empty());
            for length in 0..bytes.len() {
                prop_assert!(take_row(&mut &bytes[..length]).is_none());
            }
        }
    }

    /// What the format says, byte by byte.
    fn plainly(mut number: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    }

    #[test]
    fn a_number_of_every_length_is_written_as_the_format_says_and_read_from_any_place() {
        let ends =
            (0..64).flat_map(|bit| [(1u64 << bit) - 1, 1 << bit, (1 << bit) | 1, u64::MAX >> bit, 0x5555_5555_5555_5555 >> bit]);
        for number in ends {
            let mut bytes = Vec::new();
            put_number(number, &mut bytes);
            assert_eq!(bytes, plainly(number), "{number:x}");
            let length = bytes.len();
            for (behind, filler) in (0..12).flat_map(|behind| [(behind, 0), (behind, 0xff)]) {
                bytes.resize(length, 0);
                bytes.resize(length + behind, filler);
                let mut rest = bytes.as_slice();
                assert_eq!(take_number(&mut rest), Some(number), "{number:x} before {behind} bytes");
                assert_eq!(rest.len(), behind);
            }
        }
    }

    #[test]
    fn a_number_has_one_form() {
        for (bytes, number) in [
            (&[0x00][..], Some(0)),
            (&[0x7f], Some(127)),
            (&[0x80, 0x01], Some(128)),
            (&[0x80, 0x00], None),
            (&[0xff; 10], None),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], Some(u64::MAX)),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], None),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80, 0x00], None),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00], None),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x01], None),
            (&[0x80, 0x00, 0, 0, 0, 0, 0, 0, 0], None),
            (&[0xff; 9], None),
            (&[0xff; 8], None),
            (&[0x80], None),
            (&[], None),
        ] {
            assert_eq!(take_number(&mut &*bytes), number, "{bytes:x?}");
        }
    }
}
