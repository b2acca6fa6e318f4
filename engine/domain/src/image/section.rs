//! Sections: the rows of one chunk, taken off one after the other, whether a state is made of them or only its digest is found.

use super::NotAnImage;
use super::row::{Fields, take_bytes, take_number, take_row};

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

    pub(super) fn keyed(&mut self, mut take: impl FnMut(u64, &Fields) -> Option<()>) -> Result<(), NotAnImage> {
        while !self.rows.is_empty() {
            let key = self.take_key()?;
            let fields = self.take_fields()?;
            take(key, &fields).ok_or(self.refused(key))?;
        }
        Ok(())
    }

    pub(super) fn blobs(&mut self, mut take: impl FnMut(u64, &'a [u8]) -> Option<()>) -> Result<(), NotAnImage> {
        while !self.rows.is_empty() {
            let key = self.take_key()?;
            let bytes = take_bytes(&mut self.rows).ok_or(self.malformed())?;
            take(key, bytes).ok_or(self.refused(key))?;
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
