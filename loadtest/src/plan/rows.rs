//! A trace of claims, row by row, under the request ids of its rows.

use super::Plan;
use crate::wire::{answer::Kind, write};

/// One row: who claimed what. Texts are the ids on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Number of the row in its source: the request id.
    pub source_row: u64,
    /// The user's number in the trace.
    pub user: u64,
    /// Place of the coupon among the templates.
    pub template: u32,
}

/// Claims of a trace.
#[derive(Clone, Debug)]
pub struct Rows {
    rows: Vec<Row>,
    templates: Vec<String>,
    user_prefix: String,
}

impl Rows {
    /// `rows` in rising order of their numbers; `templates` are the ids that rows refer to by place.
    pub fn new(rows: Vec<Row>, templates: Vec<String>, user_prefix: String) -> Self {
        assert!(rows.is_sorted_by(|a, b| a.source_row < b.source_row), "request ids must differ");
        Self { rows, templates, user_prefix }
    }

    /// The row of claim `operation`.
    pub fn row(&self, operation: u64) -> &Row {
        &self.rows[operation as usize]
    }

    /// The rows.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The templates' ids.
    pub fn templates(&self) -> &[String] {
        &self.templates
    }

    /// A user's id on the wire.
    pub fn user_id(&self, user: u64) -> String {
        format!("{}{user}", self.user_prefix)
    }
}

impl Plan for Rows {
    fn kind(&self) -> Kind {
        Kind::Claim
    }

    fn operations(&self) -> u64 {
        self.rows.len() as u64
    }

    fn write_request(&self, operation: u64, out: &mut Vec<u8>) {
        let row = self.row(operation);
        let template = self.templates[row.template as usize].as_bytes();
        write::claim(row.source_row.to_string().as_bytes(), self.user_id(row.user).as_bytes(), template, out);
    }

    fn operation_of(&self, request_id: &[u8]) -> Option<u64> {
        let number = std::str::from_utf8(request_id).ok()?.parse().ok()?;
        let place = self.rows.binary_search_by_key(&number, |row| row.source_row).ok()?;
        Some(place as u64)
    }
}
