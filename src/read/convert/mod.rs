//! JSON that is not read as it is, written so that it is: one record a line, or one object of columns a file.
//!
//! All of the text is at hand, since what belongs to a record may stand anywhere around it. What is written is cut out of
//! it, so numbers keep their digits. What would be left out ends the conversion.

mod json;
mod records;
mod trouble;

use std::io;

use self::json::Json;
use self::records::Records;
use self::trouble::{End, Trouble};
use super::conversion::{Conversion, Written};
use super::error::ReadError;
use super::open_input::OpenInput;
use super::recognise::Form;
use super::sizes::Sizes;
use crate::record::Input;

/// An input that has been read, and what becomes of it.
pub(crate) struct Convertible {
    text: Vec<u8>,
    conversion: Conversion,
    key: String,
    /// Whether the user gives that name.
    names_key: bool,
    vector: String,
}

/// Why nothing more is written.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// What is written would not be all that the input holds, or something else: the line, and what is there.
    Here { line: u64, what: String },
    /// It cannot be written.
    Writing(io::Error),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Writing(error)
    }
}

impl Convertible {
    /// Reads `input`; none if there is nothing to convert.
    pub(crate) fn read(input: Input, form: &Form) -> Result<Option<Self>, ReadError> {
        let mut reading = OpenInput::open(input, 0, Sizes::USUAL)?;
        let Some(conversion) = reading.conversion(form)? else { return Ok(None) };
        let name = |given: &[String], usual: &str| {
            let given = given.first().map(|name| name.trim()).filter(|name| !name.contains('*'));
            given.unwrap_or(usual).to_owned()
        };
        let (key, vector) = (name(&form.key, "key"), name(&form.vector, "vector"));
        let names_key = !form.key.is_empty();
        Ok(Some(Self { text: reading.rest()?, conversion, key, names_key, vector }))
    }

    /// What is to be written.
    pub(crate) fn written(&self) -> Written {
        self.conversion.written()
    }

    /// Hands each record to `put`, on one line without its end, or each object of columns.
    pub(crate) fn write(&self, put: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<(), Stopped> {
        let json = Json::new(&self.text);
        let mut records = Records::new(json, (&self.key, self.names_key), &self.vector, put);
        records.write(&self.conversion).map_err(|end| match end {
            End::Trouble(Trouble { at, what }) => Stopped::Here { line: json.line(at), what },
            End::Writing(error) => Stopped::Writing(error),
        })
    }
}
