//! How results are shown: a table for people, JSON for programs.

use std::io::{self, Write};

use clap::ValueEnum;
use comfy_table::{Table, presets::NOTHING};
use prost_reflect::{DynamicMessage, SerializeOptions};
use serde::Serialize;
use serde_json::Value;

use super::Error;
use crate::client;

/// The form of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Table,
    /// For programs. Numbers are numbers, digests are hexadecimal texts. Only `call` and `status` print the contract's own JSON, in which
    /// numbers of 64 bits are texts.
    Json,
}

/// Writes a line to standard output. Who closed it has seen enough.
pub fn print_line(line: impl std::fmt::Display) -> Result<(), Error> {
    print_to_reader(line).map(drop)
}

/// As [`print_line`]; says whether there is still somebody who reads.
pub fn print_to_reader(line: impl std::fmt::Display) -> Result<bool, Error> {
    match writeln!(io::stdout(), "{line}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Output(error)),
        written => Ok(written.is_ok()),
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

/// A message of the contract as a value, in the names of the schema: numbers as numbers, digests as everywhere.
pub fn value_of(name: &str, message: &impl prost::Message, with_defaults: bool) -> Value {
    let options = SerializeOptions::new().use_proto_field_name(true);
    let options = options.stringify_64_bit_integers(false).skip_default_fields(!with_defaults);
    let message = client::dynamic(name, message);
    let mut value =
        message.serialize_with_options(serde_json::value::Serializer, &options).expect("a message of the contract is JSON");
    write_digests(&mut value);
    value
}

fn write_digests(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(write_digests),
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match field.as_u64().filter(|_| name.ends_with("digest")) {
                    Some(digest) => *field = format!("{digest:016x}").into(),
                    None => write_digests(field),
                }
            }
        }
        _ => {}
    }
}

/// Prints a value as JSON.
pub fn print_json(value: &impl Serialize) -> Result<(), Error> {
    print_line(serde_json::to_string_pretty(value).expect("a result is JSON"))
}
