//! What `ossvec convert` makes of JSON that is not read as it is, and how messages say so. Pure data.

use super::named::Named;
use crate::shown::quoted;

/// The names of members that lead to a value, from the outermost on.
pub(crate) type Path = Vec<String>;

/// Where the records of JSON stand that put-vectors does not read as it is.
///
/// All but rows and values are of each object of the file: those that follow one another, and those in arrays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Conversion {
    /// They are the elements of the arrays that these paths lead to.
    Arrays(Vec<Path>),
    /// They are the elements of the arrays in that array.
    Lists(Path),
    /// They are the rows in that array.
    Rows(Path, RowForm),
    /// They are rows that follow one another.
    Values(RowForm),
    /// Their names are the keys, in the objects that these paths lead to.
    Dictionaries(Vec<Path>, Held),
    /// They are rows of columns, in each of the objects that these paths lead to.
    Columns(Vec<Path>),
    /// They are what the columns of that object list for each question.
    Answers(Path),
    /// The same of each object in the array that a path leads to.
    Inside(Path, Box<Self>),
}

/// What stands under the name in a dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// The record.
    Records,
    /// Its vector.
    Vectors,
}

/// What the elements of an array are that is a record, as the first one shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RowForm {
    /// One is the vector.
    Cells(Vec<Cell>),
    /// The first is the key, the second the rest of the record.
    Pair,
    /// The first is the key, or the last, and the others are the numbers.
    Flat {
        /// Whether it is the last.
        key_is_last: bool,
    },
}

/// What one of them is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Key,
    Vector,
    Metadata,
    /// Anything else, which is stored under its number.
    Other,
}

/// What is written.
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
    /// What becomes of the input.
    pub(crate) fn written(&self) -> Written {
        match self {
            Self::Columns(_) => Written::Files,
            Self::Answers(_) => Written::Columns,
            Self::Inside(_, inner) => inner.written(),
            _ => Written::Lines,
        }
    }

    /// The cure that names the command for it, with the names that the user gives.
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

/// The name of a member as it is, of which the text has the spelling.
pub(super) fn name(spelled: &[u8]) -> String {
    let quoted = [b"\"", spelled, b"\""].concat();
    serde_json::from_slice(&quoted).unwrap_or_else(|_| String::from_utf8_lossy(spelled).into_owned())
}

/// A path in words, behind what stands there; nothing of no path.
pub(super) fn place(path: &[String]) -> String {
    if path.is_empty() { String::new() } else { format!(" in {}", dotted(path)) }
}

/// A path in words.
pub(super) fn dotted(path: &[String]) -> String {
    path.iter().map(|name| plain(name.as_bytes()).unwrap_or("…")).collect::<Vec<_>>().join(".")
}

/// Paths in words.
pub(super) fn listed(paths: &[Path]) -> String {
    paths.iter().map(|path| dotted(path)).collect::<Vec<_>>().join(", ")
}

/// A name that can stand in a message as it is.
pub(super) fn plain(name: &[u8]) -> Option<&str> {
    let name = std::str::from_utf8(name).ok()?;
    (name.len() <= 60 && name.chars().all(is_plain)).then_some(name)
}

fn is_plain(character: char) -> bool {
    character.is_alphanumeric() || "_-@:/ ".contains(character)
}
