//! How results are shown: a table for people, JSON for programs.

use std::io::{self, Write};

use clap::ValueEnum;
use comfy_table::{Table, presets::NOTHING};
use prost_reflect::{DynamicMessage, SerializeOptions};
use serde::Serialize;

use super::Error;

/// The form of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// Writes a line to standard output. Who closed it has seen enough.
pub fn print_line(line: impl std::fmt::Display) -> Result<(), Error> {
    match writeln!(io::stdout(), "{line}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Output(error)),
        _ => Ok(()),
    }
}

/// Prints rows under a head.
pub fn print_table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Result<(), Error> {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_header(head).add_rows(rows);
    print_line(table.trim_fmt())
}

/// Prints names and values.
pub fn print_facts(facts: &[(&str, String)]) -> Result<(), Error> {
    let mut table = Table::new();
    table.load_preset(NOTHING).add_rows(facts.iter().map(|(name, value)| [*name, value.as_str()]));
    print_line(table.trim_fmt())
}

/// A message as JSON, in the names of the schema; fields at their default are left out.
pub fn json_of(message: &DynamicMessage) -> String {
    let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(true);
    let mut json = serde_json::Serializer::pretty(Vec::new());
    message.serialize_with_options(&mut json, &options).expect("a message of the contract is JSON");
    String::from_utf8(json.into_inner()).expect("JSON is UTF-8")
}

/// Prints a value as JSON.
pub fn print_json(value: &impl Serialize) -> Result<(), Error> {
    print_line(serde_json::to_string_pretty(value).expect("a result is JSON"))
}
