//! Sections: the rows of one chunk, taken off one after the other, or decoded a few ahead of being taken.

use super::NotAnImage;
use super::row::{Fields, take_bytes, take_number, take_row};

/// Rows that are decoded together. A row's fields are 192 bytes, so these stay in the nearest cache.
const ROWS_AHEAD: usize = 32;

/// The rows of one chunk.
pub(super) struct Section<'a> {
    pub(super) number: u16,
    rows: &'a [u8],
}

impl<'a> Section<'a> {
    pub(super) fn open(chunk: &'a [u8]) -> Result<Section<'a>, NotAnImage> {
        let (number, rows) = chunk.split_first_chunk().ok_or(NotAnImage::Malformed(0))?;
        Ok(Section { number: u16::from_le_bytes(*number), rows })
    }

    pub(super) fn numbered(&mut self, mut take: impl FnMut(u64, &Fields) -> Option<()>) -> Result<(), NotAnImage> {
        let mut number = self.take_key()?;
        while !self.rows.is_empty() {
            let fields = self.take_fields()?;
            take(number, &fields).ok_or(self.refused(number))?;
            number = number.checked_add(1).ok_or(self.malformed())?;
        }
        Ok(())
    }

    /// As [`Section::numbered`]; `touch` sees some rows before the first of them is taken.
    pub(super) fn numbered_ahead<S>(
        &mut self,
        state: &mut S,
        touch: impl Fn(&S, &Fields) -> u64,
        take: impl Fn(&mut S, u64, &Fields) -> Option<()>,
    ) -> Result<(), NotAnImage> {
        let mut number = self.take_key()?;
        let next = |section: &mut Self| {
            let fields = section.take_fields()?;
            let own = number;
            number = number.checked_add(1).ok_or(section.malformed())?;
            Ok((own, fields))
        };
        self.ahead(state, next, |state, _, fields| touch(state, fields), take)
    }

    pub(super) fn keyed(&mut self, mut take: impl FnMut(u64, &Fields) -> Option<()>) -> Result<(), NotAnImage> {
        while !self.rows.is_empty() {
            let key = self.take_key()?;
            let fields = self.take_fields()?;
            take(key, &fields).ok_or(self.refused(key))?;
        }
        Ok(())
    }

    /// As [`Section::keyed`]; `touch` sees some keys before the first of them is taken.
    pub(super) fn keyed_ahead<S>(
        &mut self,
        state: &mut S,
        touch: impl Fn(&S, u64) -> u64,
        take: impl Fn(&mut S, u64, &Fields) -> Option<()>,
    ) -> Result<(), NotAnImage> {
        let next = |section: &mut Self| Ok((section.take_key()?, section.take_fields()?));
        self.ahead(state, next, |state, key, _| touch(state, key), take)
    }

    pub(super) fn blobs(&mut self, mut take: impl FnMut(u64, &'a [u8]) -> Option<()>) -> Result<(), NotAnImage> {
        while !self.rows.is_empty() {
            let key = self.take_key()?;
            let bytes = take_bytes(&mut self.rows).ok_or(self.malformed())?;
            take(key, bytes).ok_or(self.refused(key))?;
        }
        Ok(())
    }

    /// Decodes some rows, touches all of them, takes them, and goes on. What does not decode is said after what stands before it.
    fn ahead<S>(
        &mut self,
        state: &mut S,
        mut next: impl FnMut(&mut Self) -> Result<(u64, Fields), NotAnImage>,
        touch: impl Fn(&S, u64, &Fields) -> u64,
        take: impl Fn(&mut S, u64, &Fields) -> Option<()>,
    ) -> Result<(), NotAnImage> {
        let mut ahead = Vec::with_capacity(ROWS_AHEAD);
        while !self.rows.is_empty() {
            let mut decoded = Ok(());
            while decoded.is_ok() && ahead.len() < ROWS_AHEAD && !self.rows.is_empty() {
                decoded = next(self).map(|row| ahead.push(row));
            }
            std::hint::black_box(ahead.iter().fold(0, |all, (key, fields)| all ^ touch(state, *key, fields)));
            for (key, fields) in ahead.drain(..) {
                take(state, key, &fields).ok_or(self.refused(key))?;
            }
            decoded?;
        }
        Ok(())
    }

    fn take_key(&mut self) -> Result<u64, NotAnImage> {
        take_number(&mut self.rows).ok_or(self.malformed())
    }

    fn take_fields(&mut self) -> Result<Fields, NotAnImage> {
        take_row(&mut self.rows).ok_or(self.malformed())
    }

    fn malformed(&self) -> NotAnImage {
        NotAnImage::Malformed(self.number)
    }

    fn refused(&self, key: u64) -> NotAnImage {
        NotAnImage::Row { section: self.number, key }
    }
}
