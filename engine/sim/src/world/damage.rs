//! Damage: bits that flip in what a crash left, and what becomes of a directory whose disk lied. I12.

use super::World;
use crate::audit::Verdict;
use crate::machine::{after_crash, flip_a_bit};
use crate::violation::Checked;

impl World<'_> {
    /// Directories that the crash might have left, each with a flipped bit.
    pub(super) fn flip_aside(&mut self) -> Checked {
        if self.plan.flips == 0 {
            return Ok(());
        }
        let left = after_crash(&self.storage, &mut self.dice);
        for _ in 0..self.plan.flips {
            let image = left.kill();
            image.set_capacity_bytes(None);
            let Some((file, bit)) = flip_a_bit(&image, &mut self.dice) else { continue };
            self.totals.flips += 1;
            let (recovered, damage) = (self.try_to_recover(&image), format!("bit {bit} of {file}"));
            let verdict = self.auditor.damaged(&recovered, &self.under_way, &file, &damage)?;
            match verdict {
                Verdict::Exact => self.totals.flips_exact += 1,
                Verdict::Cut => self.totals.flips_cut += 1,
                Verdict::Refused => self.totals.flips_refused += 1,
            }
        }
        Ok(())
    }

    /// The disk has lied about a write or a sync: whatever it holds now is opened whole or refused, and this world is over.
    pub(super) fn judge_lie(&mut self) -> Checked {
        self.is_over = true;
        for _ in 0..=self.plan.side_images {
            let image = after_crash(&self.storage, &mut self.dice);
            self.totals.images += 1;
            let recovered = self.try_to_recover(&image);
            let verdict = self.auditor.damaged(&recovered, &self.under_way, "", "a lie of the disk")?;
            self.trace.tell("lie", || format!("{verdict:?}"));
            match verdict {
                Verdict::Exact => self.totals.lies_exact += 1,
                Verdict::Cut => self.totals.lies_cut += 1,
                Verdict::Refused => self.totals.lies_refused += 1,
            }
        }
        Ok(())
    }
}
