//! Blocks 冻结: why a coupon or an account may not be used for now. A set of reasons; freezing adds one, unfreezing takes one away.

/// Who says that something may not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Block {
    /// Risk control.
    Risk = 1,
    /// A merchant.
    Merchant = 2,
    /// An operator.
    Operator = 4,
}

impl Block {
    /// Every one.
    pub const ALL: [Block; 3] = [Block::Risk, Block::Merchant, Block::Operator];
}

/// A set of blocks, as the journal holds it: the sum of their numbers. Empty: not frozen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Blocks(u8);

impl Blocks {
    /// From the journal; `None` if a bit is not known.
    pub fn from_number(number: u8) -> Option<Blocks> {
        (number < 8).then_some(Blocks(number))
    }

    /// For the journal.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Whether anything is frozen.
    pub fn is_frozen(self) -> bool {
        self.0 != 0
    }

    /// Whether this block is set.
    pub fn has(self, block: Block) -> bool {
        self.0 & block as u8 != 0
    }

    /// The set with this block.
    pub fn with(self, block: Block) -> Blocks {
        Blocks(self.0 | block as u8)
    }

    /// The set without this block.
    pub fn without(self, block: Block) -> Blocks {
        Blocks(self.0 & !(block as u8))
    }

    /// Whether one event can lead from here to `after`: freezing adds at most one block, unfreezing takes at most one.
    pub(crate) fn may_become(self, after: Blocks, freezes: bool) -> bool {
        let (less, more) = if freezes { (self, after) } else { (after, self) };
        less.0 & !more.0 == 0 && (less.0 ^ more.0).count_ones() <= 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_a_set_and_each_is_taken_away_by_itself() {
        let both = Blocks::default().with(Block::Risk).with(Block::Operator).with(Block::Risk);
        assert_eq!(both.number(), 5);
        assert!(both.has(Block::Risk) && both.has(Block::Operator) && !both.has(Block::Merchant));
        assert!(both.without(Block::Risk).is_frozen() && !both.without(Block::Risk).without(Block::Operator).is_frozen());
        assert_eq!((Blocks::from_number(7).map(Blocks::number), Blocks::from_number(8)), (Some(7), None));
    }

    #[test]
    fn one_event_adds_or_takes_at_most_one_block() {
        let set = |number| Blocks::from_number(number).unwrap();
        for (from, to, freezes, may) in [
            (0, 1, true, true),
            (1, 1, true, true),
            (1, 0, true, false),
            (1, 6, true, false),
            (5, 1, false, true),
            (7, 1, false, false),
        ] {
            assert_eq!(set(from).may_become(set(to), freezes), may, "{from} to {to}");
        }
    }
}
