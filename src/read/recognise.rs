//! What an input holds, told from its first bytes and its name. Pure: no file is opened here.

use std::fmt;
use std::str::FromStr;

use super::elements::Shape;
use super::foreign::{self, Told};
use super::mark::mark_length;
use super::named::Named;
use super::shape::{self, Holder};
use super::sizes::Sizes;
use super::table::{self, Dialect, Tables};
use super::unfit::Unfit;
use super::value::{skip_blanks, value_end};
use crate::encoding;

/// A format that the command line can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An array of records, an object around one, or objects one after another over any number of lines.
    Json,
    /// One JSON value a line.
    Jsonl,
    /// Rows of cells under a header, split by commas or semicolons.
    Csv,
    /// Rows of cells under a header, split by tabs.
    Tsv,
}

impl Format {
    /// All formats, as a user may be shown them.
    pub const ALL: [Self; 4] = [Self::Json, Self::Jsonl, Self::Csv, Self::Tsv];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
        }
    }

    /// What the help says of it.
    pub fn help(self) -> &'static str {
        match self {
            Self::Json => "An array, an object that contains one, or concatenated objects",
            Self::Jsonl => "One JSON object per line",
            Self::Csv => "Comma-separated values with a header",
            Self::Tsv => "Tab-separated values with a header",
        }
    }

    /// The format that a file's name promises.
    fn of_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
        match name.rsplit_once('.')?.1 {
            "ndjson" => Some(Self::Jsonl),
            ending => ending.parse().ok(),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A word that names no [`Format`].
#[derive(Debug, thiserror::Error)]
#[error("unknown format '{0}': expected json, jsonl, csv or tsv")]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(word: &str) -> Result<Self, UnknownFormat> {
        let format = Self::ALL.into_iter().find(|format| format.to_string() == word);
        format.ok_or_else(|| UnknownFormat(word.to_owned()))
    }
}

/// What a user says about the form of the inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// The format; recognised, input by input, when it is not given.
    pub format: Option<Format>,
    /// How tables are written.
    pub tables: Tables,
    /// The fields that are named as the key: by them a record is told from an object around records.
    pub key: Vec<String>,
    /// The same of the vector.
    pub vector: Vec<String>,
}

/// Whether a file in a directory is input, by its name.
pub(crate) fn is_input_name(name: &str) -> bool {
    !name.starts_with('.') && Format::of_name(name).is_some()
}

/// How an input is cut into records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One record a line.
    Lines,
    /// Records in a JSON structure.
    Elements(Shape),
    /// Rows under a header.
    Rows {
        /// The byte between cells.
        delimiter: u8,
    },
}

/// Decides how an input is cut that begins with `head`, or asks for more of it with none.
///
/// With `whole` there is no more, and the decision is made. The content counts before the `name`; a format that is
/// named counts before both.
pub(crate) fn recognise(
    head: &[u8],
    whole: bool,
    name: Option<&str>,
    Form { format, tables, key, vector }: &Form,
) -> Result<Option<Layout>, Unfit> {
    if foreign::foreign(head, whole)? == Told::NotYet {
        return Ok(None);
    }
    if let Some(foreign) = encoding::foreign_beginning(head) {
        return Err(Unfit::NotUtf8(foreign));
    }
    let marked = head.get(mark_length(head)..).unwrap_or_default();
    let text = marked.get(skip_blanks(marked, 0)..).unwrap_or_default();
    let Some(first) = text.first() else {
        return Ok(whole.then_some(Layout::Lines));
    };
    let format = *format;
    let json = |bare| json(text, whole, Named { key, vector }, bare);
    let promised = format.or_else(|| name.and_then(Format::of_name));
    match (format, first) {
        (Some(Format::Jsonl), _) => Ok(Some(Layout::Lines)),
        (Some(Format::Json), _) => json(|_, _| Some(VALUES)),
        (Some(Format::Csv | Format::Tsv), _) => delimited(marked, whole, promised, tables),
        (None, b'{' | b'[') => json(lines_or_values),
        (None, _) => match promised {
            Some(Format::Jsonl) => Ok(Some(Layout::Lines)),
            Some(Format::Json) => Ok(Some(VALUES)),
            _ => delimited(marked, whole, promised, tables),
        },
    }
}

const VALUES: Layout = Layout::Elements(Shape::Values);

/// Decides between a structure that holds records and records without one, which `bare` tells apart further.
fn json(
    text: &[u8],
    whole: bool,
    named: Named<'_>,
    bare: fn(&[u8], bool) -> Option<Layout>,
) -> Result<Option<Layout>, Unfit> {
    Ok(match shape::holder(text, whole, named)? {
        Holder::Shape(shape) => Some(Layout::Elements(shape)),
        Holder::Unknown if !whole => None,
        Holder::Unknown | Holder::Missing => bare(text, whole),
    })
}

/// Decides by the first line between one record a line and records over several lines or several on one.
fn lines_or_values(text: &[u8], whole: bool) -> Option<Layout> {
    let (line, behind) = match memchr::memchr(b'\n', text) {
        Some(newline) => (text.get(..newline)?, text.get(newline..)),
        None => (text, None),
    };
    let first_end = value_end(line, 0);
    match first_end.and_then(|end| line.get(skip_blanks(line, end))) {
        // A complete value and another on the same line.
        Some(b'{' | b'[') => return Some(VALUES),
        _ if behind.is_none() && !whole => return None,
        // A complete value, perhaps with rubbish behind it: that is the matter of its own record.
        _ if first_end.is_some() => return Some(Layout::Lines),
        _ => {}
    }
    // A line that begins like the first one begins a record of its own: then the first is torn, not laid out.
    let behind = behind.unwrap_or_default();
    match behind.get(skip_newlines(behind)) {
        Some(byte) if Some(byte) != text.first() => Some(VALUES),
        None if !whole => None,
        _ => Some(Layout::Lines),
    }
}

fn skip_newlines(text: &[u8]) -> usize {
    text.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
}

/// Decides which byte splits the cells of delimited text.
fn delimited(
    text: &[u8],
    whole: bool,
    promised: Option<Format>,
    tables: &Tables,
) -> Result<Option<Layout>, Unfit> {
    let named = tables.delimiter.or_else(|| table::named_delimiter(text).map(|(delimiter, _)| delimiter));
    let of_format = (promised == Some(Format::Tsv)).then_some(b'\t');
    if let Some(delimiter) = named.or(of_format) {
        return Ok(Some(Layout::Rows { delimiter }));
    }
    let mut splits = Vec::new();
    for delimiter in [b',', b'\t', b';'] {
        match table::split(text, whole, Sizes::USUAL.block, &Dialect::new(tables, delimiter)) {
            Some(split) => splits.push((delimiter, split)),
            None if !whole => return Ok(None),
            None => {}
        }
    }
    let best = splits.iter().filter(|(_, split)| split.columns > 1).max_by_key(|(delimiter, split)| {
        (split.fit, promised.is_some() && *delimiter == b',', split.columns)
    });
    let delimiter = match best {
        Some((delimiter, _)) if promised.is_some() || !text.contains(&0) => *delimiter,
        _ if promised.is_some() => b',',
        _ => return Err(Unfit::Unrecognised),
    };
    Ok(Some(Layout::Rows { delimiter }))
}

#[cfg(test)]
mod tests;
