//! How `ossvec convert` converts JSON that cannot be read as it is, and how messages describe that. Pure data.

use super::named::Named;
use crate::shown::quoted;

/// The names of members that lead to a value, from the outermost on.
pub(crate) type Path = Vec<String>;

/// Where the records are in JSON that put-vectors cannot read as it is.
///
/// All variants but rows and values apply to each object of the file, whether in a sequence or in an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Conversion {
    /// The elements of the arrays at these paths.
    Arrays(Vec<Path>),
    /// The elements of the arrays within that array.
    Lists(Path),
    /// The rows in that array.
    Rows(Path, RowForm),
    /// Rows that follow one another.
    Values(RowForm),
    /// The members of the objects at these paths; their names are the keys.
    Dictionaries(Vec<Path>, Held),
    /// The rows of the columns in each of the objects at these paths.
    Columns(Vec<Path>),
    /// The elements of the lists, one per question, in the columns of that object.
    Answers(Path),
    /// The same for each object in the array at that path.
    Inside(Path, Box<Self>),
}

/// The values of a dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// The record.
    Records,
    /// Its vector.
    Vectors,
}

/// The elements of an array that is a record, as in the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RowForm {
    /// One of them is the vector.
    Cells(Vec<Cell>),
    /// The key, then the rest of the record.
    Pair,
    /// The key first or last, and the numbers of the vector.
    Flat {
        /// Whether the key is last.
        key_is_last: bool,
    },
}

/// An element of such an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Key,
    Vector,
    Metadata,
    /// Anything else, which is stored under its index.
    Other,
}

/// What a conversion writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// A file of JSON Lines.
    Lines,
    /// A directory with a file for each object of columns.
    Files,
    /// A file with one object of columns.
    Columns,
}

impl Conversion {
    /// What the conversion writes.
    pub(crate) fn written(&self) -> Written {
        match self {
            Self::Columns(_) => Written::Files,
            Self::Answers(_) => Written::Columns,
            Self::Inside(_, inner) => inner.written(),
            _ => Written::Lines,
        }
    }

    /// The cure: the command for the conversion, with the names that the user gave.
    pub(super) fn cure(&self, named: Named<'_>) -> String {
        match self.written() {
            Written::Lines => format!("convert it to JSON Lines: {}", command("OUTPUT", named)),
            Written::Columns => command("OUTPUT", named),
            Written::Files => {
                format!(
                    "write each to a file of its own: {}; then load DIRECTORY",
                    command("DIRECTORY", named)
                )
            }
        }
    }
}

fn command(output: &str, named: Named<'_>) -> String {
    let options = [("--key", named.key), ("--vector", named.vector)];
    let given =
        options.iter().filter_map(|(option, names)| Some(format!(" {option} {}", quoted(names.first()?))));
    format!("ossvec convert INPUT {output}{}", given.collect::<String>())
}

/// A member's name, decoded from its spelling in the text.
pub(super) fn name(spelled: &[u8]) -> String {
    let quoted = [b"\"", spelled, b"\""].concat();
    serde_json::from_slice(&quoted).unwrap_or_else(|_| String::from_utf8_lossy(spelled).into_owned())
}

/// The location clause of a message, such as ` in data.items`; empty for no path.
pub(super) fn place(path: &[String]) -> String {
    if path.is_empty() { String::new() } else { format!(" in {}", dotted(path)) }
}

/// A path as messages give it.
pub(super) fn dotted(path: &[String]) -> String {
    path.iter().map(|name| plain(name.as_bytes()).unwrap_or("…")).collect::<Vec<_>>().join(".")
}

/// Paths as messages give them.
pub(super) fn listed(paths: &[Path]) -> String {
    paths.iter().map(|path| dotted(path)).collect::<Vec<_>>().join(", ")
}

/// The name, if it can appear in a message as it is.
pub(super) fn plain(name: &[u8]) -> Option<&str> {
    let name = std::str::from_utf8(name).ok()?;
    (name.len() <= 60 && name.chars().all(is_plain)).then_some(name)
}

fn is_plain(character: char) -> bool {
    character.is_alphanumeric() || "_-@:/ ".contains(character)
}
