//! The hot operations as a program that does the same work each time: what the gate counts instructions and allocations of.
//!
//! A clock on a shared machine says little about a change of a few hundredths; instructions say it exactly. So everything here is
//! fixed: the keys, the names, the hours, the order. Two programs run it: `tessera-count`, with the server's allocator, below callgrind,
//! which counts what [`counted`] encloses; and `allocations`, whose allocator counts itself. A third, `judge`, holds both against the
//! figures that are stored. It knows nothing of what the figures should be, and measures nothing itself.

pub mod judge;
mod sealing;
mod shop;
mod turns;
mod wires;

/// Takes the name of an operation, how many there are, and the work that does them: to be called once.
pub type Measure<'a> = dyn FnMut(&str, u64, &mut dyn FnMut()) + 'a;

/// Does every operation once, in an order that is always the same: what is not counted prepares or checks it.
pub fn run(measure: &mut Measure<'_>) {
    turns::run(measure);
    sealing::run(measure);
    wires::run(measure);
}

/// What callgrind collects. It finds this function and the next by their names, which `.ci/instructions` says.
#[inline(never)]
pub fn counted(work: &mut dyn FnMut()) {
    work();
}

/// Where callgrind writes down what it has collected, and begins anew.
#[inline(never)]
pub fn noted(name: &str) {
    std::hint::black_box(name);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_operation_has_a_name_of_its_own_and_is_done_many_times() {
        let mut names = BTreeSet::new();
        run(&mut |name, operations, work| {
            work();
            assert!(operations >= 64 && names.insert(name.to_owned()), "{name}: {operations}");
            assert!(!name.contains(char::is_whitespace), "a name is one word of a table: {name}");
        });
        assert_eq!(names.len(), 14, "{names:?}");
    }
}
