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
    put_number(mask, out);
    for &value in &values[..count] {
        put_number(value, out);
    }
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
pub(super) fn put_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Takes a number off the front of `bytes`; only its shortest form is one.
pub(super) fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for (index, &byte) in bytes.iter().enumerate().take(10) {
        let bits = u64::from(byte & 0x7f);
        if index == 9 && bits > 1 {
            return None;
        }
        number |= bits << (7 * index);
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

    #[test]
    fn a_number_has_one_form() {
        for (bytes, number) in [
            (&[0x00][..], Some(0)),
            (&[0x7f], Some(127)),
            (&[0x80, 0x01], Some(128)),
            (&[0x80, 0x00], None),
            (&[0xff; 10], None),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], Some(u64::MAX)),
            (&[0x80], None),
            (&[], None),
        ] {
            assert_eq!(take_number(&mut &*bytes), number, "{bytes:x?}");
        }
    }
}
