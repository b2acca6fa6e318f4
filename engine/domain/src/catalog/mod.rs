//! The catalog: every template, with its own journal; shards read it as an immutable snapshot.
//!
//! [`Catalog`] is what shards hold: cheap to share, looked up by id without a lock. [`CatalogState`] is
//! the owner's side: `apply`, remembered requests and digest in `state`, commands in `decide`, listings in `filter`.

mod blocks;
mod decide;
mod filter;
mod state;

pub(crate) use blocks::BLOCK;
pub use filter::{Issuer, KindName, TemplateFilter};
pub use state::CatalogState;

use crate::container::Table;
use crate::id::Id;
use crate::keyed::IdHashKey;
use crate::terms::Template;
use blocks::Blocks;
use std::sync::Arc;

/// Most templates of one catalog.
pub const TEMPLATES_MAX: usize = 1_000_000;

/// Most writes that one catalog ever takes: each is kept, so that its replay answers as it did.
pub const TEMPLATE_WRITES_MAX: u64 = 10_000_000;

/// Most requests that one catalog remembers at once.
pub const CATALOG_REQUESTS_MAX: u64 = 1 << 20;

const _: () = assert!(TEMPLATES_MAX as u64 <= TEMPLATE_WRITES_MAX);

/// How much a catalog takes; by default the named limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Templates.
    pub templates_max: usize,
    /// Writes ever.
    pub writes_max: u64,
    /// Requests remembered at once.
    pub requests_max: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { templates_max: TEMPLATES_MAX, writes_max: TEMPLATE_WRITES_MAX, requests_max: CATALOG_REQUESTS_MAX }
    }
}

/// All templates at one catalog lsn.
#[derive(Clone)]
pub struct Catalog {
    key: IdHashKey,
    lsn: u64,
    templates: Vec<Arc<Template>>,
    by_id: Table<u32>,
    blocks: Blocks,
    /// Those that are void, in the order in which they became so; derived.
    void: Vec<u32>,
}

impl Catalog {
    /// An empty catalog.
    pub fn new(key: IdHashKey) -> Catalog {
        Catalog { key, lsn: 0, templates: Vec::new(), by_id: Table::default(), blocks: Blocks::default(), void: Vec::new() }
    }

    /// The catalog journal's lsn that it stands at.
    pub fn lsn(&self) -> u64 {
        self.lsn
    }

    /// The template of this id.
    pub fn find(&self, id: &Id) -> Option<&Arc<Template>> {
        let number = self.by_id.find(self.hash(id), |&number| self.templates[number as usize].terms.template_id == *id)?;
        self.templates.get(number as usize)
    }

    /// The template of this number.
    pub fn get(&self, number: u32) -> Option<&Arc<Template>> {
        self.templates.get(number as usize)
    }

    /// The templates that are void, in the order in which they became so.
    pub fn void(&self) -> &[u32] {
        &self.void
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u32 {
        self.templates.len() as u32
    }

    /// Whether anything of the block that holds this number may be issued at `now` or later.
    pub(crate) fn block_may_issue(&self, number: u32, now_ms: i64) -> bool {
        self.blocks.may_issue(number as usize, now_ms)
    }

    fn put(&mut self, template: Arc<Template>) {
        let number = template.terms.template as usize;
        if template.void.is_some() {
            self.void.push(template.terms.template);
        }
        match self.templates.get_mut(number) {
            Some(known) => *known = template,
            None => self.add(template),
        }
        self.blocks.note(&self.templates, number);
    }

    fn add(&mut self, template: Arc<Template>) {
        let number = self.len();
        let hash = self.hash(&template.terms.template_id);
        self.templates.push(template);
        let (key, templates) = (self.key, &self.templates);
        self.by_id.insert(hash, number, |&number| key.template(templates[number as usize].terms.template_id.as_str()));
    }

    fn hash(&self, id: &Id) -> u64 {
        self.key.template(id.as_str())
    }
}
