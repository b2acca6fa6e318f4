//! What happened, in order: folded into one number for comparison, printed if somebody wants to read it.

/// The story of one run.
pub(crate) struct Trace {
    hash: u64,
    prints: bool,
    /// The world's time, for the reader.
    pub(crate) now_ms: i64,
}

impl Trace {
    pub(crate) fn new(prints: bool) -> Trace {
        Trace { hash: 0xcbf2_9ce4_8422_2325, prints, now_ms: 0 }
    }

    /// One thing that happened, with its numbers.
    pub(crate) fn note(&mut self, what: &str, numbers: &[(&str, u64)]) {
        what.bytes().for_each(|byte| self.fold(u64::from(byte)));
        numbers.iter().for_each(|&(_, number)| self.fold(number));
        if self.prints {
            let told: Vec<String> = numbers.iter().map(|(name, number)| format!("{name} {number}")).collect();
            println!("{:>10.3} s  {what:<16} {}", self.now_ms as f64 / 1000.0, told.join(", "));
        }
    }

    /// One thing that is told in words.
    pub(crate) fn tell(&mut self, what: &str, words: impl FnOnce() -> String) {
        self.note(what, &[]);
        if self.prints {
            println!("{:>29}{}", "", words());
        }
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    fn fold(&mut self, word: u64) {
        self.hash = (self.hash ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    }
}
