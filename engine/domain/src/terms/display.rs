//! What people see of a template: a name, and texts that mean nothing to the engine.

use crate::codec;
use crate::digest;
use crate::event::DisplayBody;
use crate::id::ID_BYTES_MAX;
use crate::rejection::Rejection;
use crate::terms::within;

/// Longest display name, in bytes.
pub const DISPLAY_NAME_BYTES_MAX: usize = 256;

/// Most display fields.
pub const DISPLAY_FIELDS_MAX: usize = 32;

/// Most bytes of all display fields, names and texts.
pub const DISPLAY_BYTES_MAX: usize = 4 * 1024;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Display {
    name: Box<str>,
    fields: Box<[Field]>,
    /// All of it as the journal has it.
    bytes: Box<[u8]>,
}

/// A picture, a description, words of another language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is, in the caller's words; each once.
    pub name: Box<str>,
    /// What it says.
    pub text: Box<str>,
}

impl<T: Into<Box<str>>> From<T> for Display {
    /// A name alone.
    fn from(name: T) -> Display {
        Display::new(name, Vec::new())
    }
}

impl Display {
    /// A name, and fields in the caller's order.
    pub fn new(name: impl Into<Box<str>>, fields: Vec<Field>) -> Display {
        let (name, fields) = (name.into(), fields.into_boxed_slice());
        let body = DisplayBody { name: &name, fields: fields.iter().map(|field| (&*field.name, &*field.text)).collect() };
        Display { bytes: codec::encode_display(&body).into(), name, fields }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The fields in the caller's order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Refuses what is too long, and fields of one name, naming the field.
    pub(super) fn check(&self) -> Result<(), Rejection> {
        within("display_name", self.name.len() as i64, 0, DISPLAY_NAME_BYTES_MAX as i64)?;
        within("display_fields", self.fields.len() as i64, 0, DISPLAY_FIELDS_MAX as i64)?;
        let bytes: usize = self.fields.iter().map(|field| field.name.len() + field.text.len()).sum();
        within("display_fields", bytes as i64, 0, DISPLAY_BYTES_MAX as i64)?;
        self.fields.iter().enumerate().try_for_each(|(place, field)| {
            within("display_fields.name", field.name.len() as i64, 1, ID_BYTES_MAX as i64)?;
            match self.fields[..place].iter().any(|other| other.name == field.name) {
                true => Err(Rejection::invalid("display_fields.name", place as i64)),
                false => Ok(()),
            }
        })
    }

    /// For the journal.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the fields are to a digest; 0 where there are none.
    pub(crate) fn digest_of_fields(&self) -> u64 {
        if self.fields.is_empty() { 0 } else { digest::text(&self.bytes) }
    }

    /// From the journal; `None` for bytes that this version would not write.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Display> {
        let DisplayBody { name, fields } = codec::decode_display(bytes)?;
        let fields = fields.into_iter().map(|(name, text)| Field { name: name.into(), text: text.into() });
        let display = Display::new(name, fields.collect());
        (*display.bytes == *bytes).then_some(display)
    }
}
