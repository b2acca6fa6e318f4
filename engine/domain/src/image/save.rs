//! Saving: each store shows its entities, here they become chunks.

use super::row::{put_number, put_row};
use super::{CHUNK_BYTES, CHUNK_BYTES_MAX};
use crate::container::{Entities, Keyed, KeyedEntity};
use crate::digest::{Entity, EntityKind};
use std::borrow::Borrow;

/// Gathers rows into chunks and passes them on.
pub(crate) struct Chunks<'a, E> {
    chunk: Vec<u8>,
    pass_on: &'a mut dyn FnMut(&[u8]) -> Result<(), E>,
}

impl<'a, E> Chunks<'a, E> {
    pub(crate) fn new(pass_on: &'a mut dyn FnMut(&[u8]) -> Result<(), E>) -> Chunks<'a, E> {
        Chunks { chunk: Vec::with_capacity(CHUNK_BYTES_MAX), pass_on }
    }

    /// A single entity under key 0.
    pub(crate) fn one<T: Entity>(&mut self, entity: &T) -> Result<(), E> {
        self.begin(T::KIND);
        put_number(0, &mut self.chunk);
        put_row(entity, &mut self.chunk);
        self.end()
    }

    /// Numbered entities, from the oldest.
    pub(crate) fn numbered<T: Entity + Clone>(&mut self, entities: &Entities<T>) -> Result<(), E> {
        self.rows::<T>(entities.first(), entities.iter())
    }

    /// Entities numbered from `first` without gaps.
    pub(crate) fn rows<T: Entity>(&mut self, first: u64, entities: impl Iterator<Item = impl Borrow<T>>) -> Result<(), E> {
        for (number, entity) in (first..).zip(entities) {
            if self.chunk.is_empty() {
                self.begin(T::KIND);
                put_number(number, &mut self.chunk);
            }
            put_row(entity.borrow(), &mut self.chunk);
            self.end_if_full()?;
        }
        self.end()
    }

    /// Keyed entities, by rising key.
    pub(crate) fn keyed<T: KeyedEntity>(&mut self, entities: &Keyed<T>) -> Result<(), E> {
        entities.sorted().into_iter().try_for_each(|entity| self.keyed_one(entity))?;
        self.end()
    }

    /// One more keyed entity of a section, its key above the one before.
    pub(crate) fn keyed_one<T: KeyedEntity>(&mut self, entity: &T) -> Result<(), E> {
        if self.chunk.is_empty() {
            self.begin(T::KIND);
        }
        put_number(entity.key(), &mut self.chunk);
        put_row(entity, &mut self.chunk);
        self.end_if_full()
    }

    /// Bytes that are decoded by somebody else, each under a key.
    pub(crate) fn blob(&mut self, kind: EntityKind, key: u64, bytes: &[u8]) -> Result<(), E> {
        if self.chunk.is_empty() {
            self.begin(kind);
        }
        put_number(key, &mut self.chunk);
        put_number(bytes.len() as u64, &mut self.chunk);
        self.chunk.extend_from_slice(bytes);
        self.end_if_full()
    }

    /// Closes what is open: the next row belongs to another section.
    pub(crate) fn end(&mut self) -> Result<(), E> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        assert!(self.chunk.len() <= CHUNK_BYTES_MAX, "a chunk is bounded: {} bytes", self.chunk.len());
        let passed = (self.pass_on)(&self.chunk);
        self.chunk.clear();
        passed
    }

    fn begin(&mut self, kind: EntityKind) {
        assert!(self.chunk.is_empty(), "a chunk is of one section");
        self.chunk.extend_from_slice(&(kind as u16).to_le_bytes());
    }

    fn end_if_full(&mut self) -> Result<(), E> {
        if self.chunk.len() >= CHUNK_BYTES { self.end() } else { Ok(()) }
    }
}
