//! Converts JSON that cannot be read as it is: to one record per line, or one object of columns per file.
//!
//! The whole text is in memory, since parts of a record may be anywhere around it. The output is cut out of the text,
//! so numbers keep their digits. A conversion that would leave something out stops.

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

/// An input that was read, and its conversion.
pub(crate) struct Convertible {
    text: Vec<u8>,
    conversion: Conversion,
    key: String,
    /// Whether the user gives that name.
    names_key: bool,
    vector: String,
}

/// Why a conversion stopped.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// The output would be incomplete or different from the input: the line, and what is there.
    Here { line: u64, what: String },
    /// An I/O error while writing.
    Writing(io::Error),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Writing(error)
    }
}

impl Convertible {
    /// Reads `input`; `None` if there is nothing to convert.
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

    /// What the conversion writes.
    pub(crate) fn written(&self) -> Written {
        self.conversion.written()
    }

    /// Passes each record to `put`, on one line without a line end, or each object of columns.
    pub(crate) fn write(&self, put: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<(), Stopped> {
        let json = Json::new(&self.text);
        let mut records = Records::new(json, (&self.key, self.names_key), &self.vector, put);
        records.write(&self.conversion).map_err(|end| match end {
            End::Trouble(Trouble { at, what }) => Stopped::Here { line: json.line(at), what },
            End::Writing(error) => Stopped::Writing(error),
        })
    }
}
