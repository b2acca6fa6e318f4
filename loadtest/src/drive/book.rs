//! A lane's records: blocks of 256 operations that the lane took from the run, found by index.

use crate::record::Record;

/// Operations a lane takes at once.
pub const BLOCK_OPERATIONS: u64 = 256;

type Block = Box<[Record; BLOCK_OPERATIONS as usize]>;

/// The records of one lane among those of the whole run.
#[derive(Debug)]
pub struct Book {
    blocks: Vec<Option<Block>>,
    owned: Vec<u32>,
}

impl Book {
    /// An empty book for a run of `operations`.
    pub fn new(operations: u64) -> Self {
        let mut blocks = Vec::new();
        blocks.resize_with(operations.div_ceil(BLOCK_OPERATIONS) as usize, || None);
        Self { blocks, owned: Vec::new() }
    }

    /// Opens the block that begins with `operation`.
    pub fn open(&mut self, operation: u64) {
        let block = (operation / BLOCK_OPERATIONS) as usize;
        self.blocks[block] = Some(Box::new([Record::UNSENT; BLOCK_OPERATIONS as usize]));
        self.owned.push(block as u32);
    }

    /// The record of an operation of this lane.
    #[inline]
    pub fn get_mut(&mut self, operation: u64) -> Option<&mut Record> {
        let block = self.blocks.get_mut((operation / BLOCK_OPERATIONS) as usize)?.as_mut()?;
        block.get_mut((operation % BLOCK_OPERATIONS) as usize)
    }

    /// An answered operation of this lane, chosen by `dice`; `None` if that choice falls on one that is not.
    pub fn answered(&self, dice: u64) -> Option<u64> {
        let owned = self.owned.len() as u64;
        let block = *self.owned.get((dice >> 32).checked_rem(owned)? as usize)?;
        let offset = dice % BLOCK_OPERATIONS;
        let record = self.blocks.get(block as usize)?.as_ref()?.get(offset as usize)?;
        record.is_answered().then_some(u64::from(block) * BLOCK_OPERATIONS + offset)
    }

    /// Operations that were sent and not answered.
    pub fn unanswered(&self) -> Vec<u64> {
        let mut found = Vec::new();
        for &block in &self.owned {
            let records = self.blocks[block as usize].iter().flat_map(|block| block.iter());
            let first = u64::from(block) * BLOCK_OPERATIONS;
            found.extend((first..).zip(records).filter(|(_, r)| r.is_sent() && !r.is_answered()).map(|(operation, _)| operation));
        }
        found
    }

    /// Moves the records to their places among `all`.
    pub fn hand_in(mut self, all: &mut [Record]) {
        for block in self.owned {
            let first = block as usize * BLOCK_OPERATIONS as usize;
            let Some(records) = self.blocks[block as usize].take() else { continue };
            for (place, record) in all[first..].iter_mut().zip(records.iter()) {
                *place = *record;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_opened_blocks_have_records() {
        let mut book = Book::new(600);
        book.open(256);
        assert!(book.get_mut(255).is_none() && book.get_mut(256).is_some() && book.get_mut(512).is_none());
    }

    #[test]
    fn what_was_sent_and_not_answered_is_found() {
        let mut book = Book::new(600);
        book.open(512);
        for operation in [512, 515] {
            book.get_mut(operation).unwrap().send(5);
        }
        book.get_mut(512).unwrap().answered_ns = 9;
        assert_eq!(book.unanswered(), [515]);
    }

    #[test]
    fn records_are_handed_in_at_their_numbers() {
        let mut book = Book::new(300);
        book.open(256);
        book.get_mut(299).unwrap().send(5);
        let mut all = vec![Record::UNSENT; 300];
        book.hand_in(&mut all);
        assert_eq!(all.iter().position(Record::is_sent), Some(299));
    }
}
