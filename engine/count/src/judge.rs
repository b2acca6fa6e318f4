//! Figures that were counted against those that are stored: what became dearer than is let pass, and what may be stored lower.
//!
//! Both are lines of three words, set apart by tabs: an operation, what was counted of it, how much for one; or `with`, and what it was
//! counted with. Instructions do not vary, so a figure may rise by [`RISE_MAX`] in sum, over however many changes, and then somebody
//! decides: the change goes, or the figure is recorded anew, in the same commit and with a reason.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// How far a figure may rise above the stored one, as a part of it.
pub const RISE_MAX: f64 = 0.05;

/// How far it falls before the stored one is too high to hold anything.
pub const FALL_MAX: f64 = 0.05;

/// What begins a line that is no figure.
const WITH: &str = "with";

/// Figures of one kind of machine are not compared with those of another.
const MACHINE: &str = "machine";

/// What was counted, for one operation, and with what.
#[derive(Debug, Default)]
pub struct Figures {
    with: BTreeMap<String, String>,
    each: BTreeMap<(String, String), f64>,
}

/// A line that says neither.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAFigure(String);

/// What a figure is, held against the stored one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Within what passes.
    Alike,
    /// Dearer than passes.
    Dearer,
    /// So much cheaper that the stored figure would let a loss pass.
    Cheaper,
    /// Nothing is stored of it.
    New,
    /// Stored, and not counted any more.
    Gone,
}

/// All verdicts, to be printed.
pub struct Judgement {
    lines: Vec<(String, Verdict)>,
    remarks: Vec<String>,
    is_comparable: bool,
}

impl Figures {
    /// Reads lines; those that are empty or begin with `#` say nothing.
    ///
    /// # Errors
    /// The first line that is no figure, or the second one of the same.
    pub fn parse(text: &str) -> Result<Figures, NotAFigure> {
        let mut figures = Figures::default();
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            figures.add(line).ok_or_else(|| NotAFigure(line.to_owned()))?;
        }
        Ok(figures)
    }

    fn add(&mut self, line: &str) -> Option<()> {
        let mut words = line.splitn(3, '\t').map(|word| word.trim().to_owned());
        let (first, second, third) = (words.next()?, words.next()?, words.next()?);
        let is_new = match first.as_str() {
            WITH => self.with.insert(second, third).is_none(),
            _ => self.each.insert((first, second), third.parse().ok().filter(|each: &f64| each.is_finite())?).is_none(),
        };
        is_new.then_some(())
    }
}

impl Judgement {
    /// Holds what was counted against what is stored.
    pub fn of(stored: &Figures, counted: &Figures) -> Judgement {
        let names = stored.each.keys().chain(counted.each.keys().filter(|name| !stored.each.contains_key(*name)));
        let lines = names.map(|name| line(name, stored.each.get(name), counted.each.get(name))).collect();
        let remark = |(what, before): (&String, &String)| {
            let now = counted.with.get(what).map_or("nothing known", String::as_str);
            (now != before).then(|| format!("{what}: stored with {before}, counted with {now}"))
        };
        let remarks = stored.with.iter().filter_map(remark).collect();
        Judgement { lines, remarks, is_comparable: stored.with.get(MACHINE) == counted.with.get(MACHINE) }
    }

    /// Whether the gate lets it pass.
    pub fn passes(&self) -> bool {
        self.is_comparable && self.lines.iter().all(|(_, verdict)| matches!(verdict, Verdict::Alike | Verdict::Cheaper))
    }
}

fn line((operation, what): &(String, String), stored: Option<&f64>, counted: Option<&f64>) -> (String, Verdict) {
    let verdict = verdict(stored, counted);
    let figure = |figure: Option<&f64>| figure.map_or("-".to_owned(), |each| format!("{each:.3}"));
    let mut line = format!("{operation:<16} {what:<12} {:>12} {:>12}", figure(stored), figure(counted));
    if let (Some(stored), Some(counted)) = (stored, counted)
        && *stored > 0.0
    {
        write!(line, " {:>+7.1} %", (counted / stored - 1.0) * 100.0).expect("a text grows as needed");
    }
    (line, verdict)
}

fn verdict(stored: Option<&f64>, counted: Option<&f64>) -> Verdict {
    match (stored, counted) {
        (Some(stored), Some(counted)) if *counted > stored * (1.0 + RISE_MAX) => Verdict::Dearer,
        (Some(stored), Some(counted)) if *counted < stored * (1.0 - FALL_MAX) => Verdict::Cheaper,
        (Some(_), Some(_)) => Verdict::Alike,
        (None, _) => Verdict::New,
        (_, None) => Verdict::Gone,
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{:<16} {:<12} {:>12} {:>12}", "operation", "for one", "stored", "counted")?;
        for (line, verdict) in &self.lines {
            let word = match verdict {
                Verdict::Alike => "",
                Verdict::Dearer => "  DEARER than passes",
                Verdict::Cheaper => "  cheaper: store the lower figure with --record",
                Verdict::New => "  NEW: store it with --record",
                Verdict::Gone => "  GONE: no longer counted",
            };
            writeln!(out, "{line}{word}")?;
        }
        for remark in &self.remarks {
            writeln!(out, "not alike: {remark}")?;
        }
        match self.is_comparable {
            true => Ok(()),
            false => writeln!(out, "figures of another kind of machine say nothing here: record those of this one"),
        }
    }
}

impl fmt::Display for NotAFigure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "no figure, or one that was given before: {:?}", self.0)
    }
}

impl std::error::Error for NotAFigure {}

#[cfg(test)]
mod tests {
    use super::*;

    const STORED: &str = "# words\nwith\tmachine\tx86_64\nwith\trustc\t1.95.0\n\nclaim\tinstructions\t1000\nclaim\tbytes\t0.0\n";

    #[track_caller]
    fn check(counted: &str, passes: bool, said: &str) {
        let parse = |text: &str| Figures::parse(text).unwrap();
        let judgement = Judgement::of(&parse(STORED), &parse(counted));
        let told = judgement.to_string();
        assert_eq!(judgement.passes(), passes, "{told}");
        assert!(told.contains(said), "{told}");
    }

    fn counted(instructions: &str, bytes: &str) -> String {
        format!("with\tmachine\tx86_64\nwith\trustc\t1.95.0\nclaim\tinstructions\t{instructions}\nclaim\tbytes\t{bytes}\n")
    }

    #[test]
    fn a_figure_that_rises_by_a_twentieth_passes_and_one_that_rises_by_more_does_not() {
        check(&counted("1050", "0"), true, "+5.0 %");
        check(&counted("1051", "0"), false, "DEARER");
        check(&counted("2000", "0"), false, "+100.0 %  DEARER");
    }

    #[test]
    fn what_cost_nothing_may_not_begin_to_cost() {
        check(&counted("1000", "0.1"), false, "DEARER");
    }

    #[test]
    fn a_figure_that_fell_passes_and_is_asked_for() {
        check(&counted("950", "0"), true, "-5.0 %\n");
        check(&counted("949", "0"), true, "cheaper: store the lower figure");
    }

    #[test]
    fn what_is_new_or_gone_does_not_pass_unsaid() {
        check(&(counted("1000", "0") + "redeem\tinstructions\t5\n"), false, "NEW");
        check("with\tmachine\tx86_64\nclaim\tinstructions\t1000\n", false, "GONE");
    }

    #[test]
    fn another_compiler_is_remarked_and_another_machine_refused() {
        check(&counted("1000", "0").replace("1.95.0", "1.96.0"), true, "rustc: stored with 1.95.0, counted with 1.96.0");
        check(&counted("1000", "0").replace("x86_64", "aarch64"), false, "another kind of machine");
    }

    #[test]
    fn what_is_no_figure_is_not_read() {
        for text in ["claim\tinstructions", "claim\tinstructions\tmany", "claim\tinstructions\tNaN", "a\tb\t1\na\tb\t1"] {
            assert!(Figures::parse(text).is_err(), "{text:?}");
        }
    }
}
