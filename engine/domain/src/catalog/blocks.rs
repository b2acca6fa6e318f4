//! Until when anything of a block of templates may be issued: what lets a search for what can be claimed now pass over the past.
//!
//! Most templates of an old catalog are stopped or past their issue window, and lie together, since numbers rise with creation. One
//! number a block is kept beside the templates; it is derived from them.

use crate::terms::Template;
use std::sync::Arc;

/// Templates of one block.
pub(crate) const BLOCK: usize = 64;

/// Nothing of a block is ever issued again.
const NEVER_MS: i64 = i64::MIN;

/// Of each block the first instant from which on nothing of it is issued.
#[derive(Clone, Default)]
pub(super) struct Blocks(Vec<i64>);

impl Blocks {
    /// The template of this number has changed, or is the next.
    pub(super) fn note(&mut self, templates: &[Arc<Template>], number: usize) {
        let block = number / BLOCK;
        let of_block = templates.iter().skip(block * BLOCK).take(BLOCK);
        let end_ms = of_block.map(|template| end_of(template)).max().unwrap_or(NEVER_MS);
        match self.0.get_mut(block) {
            Some(known) => *known = end_ms,
            None => self.0.push(end_ms),
        }
    }

    /// Whether something of the block that holds this number may be issued at `now` or later.
    pub(super) fn may_issue(&self, number: usize, now_ms: i64) -> bool {
        self.0.get(number / BLOCK).is_some_and(|&end_ms| now_ms < end_ms)
    }
}

/// The first instant from which on a template is not issued.
fn end_of(template: &Template) -> i64 {
    match template.terms.issue.until_ms {
        _ if template.stopped => NEVER_MS,
        0 => i64::MAX,
        until_ms => until_ms,
    }
}
