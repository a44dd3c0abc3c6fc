//! Random tables with what they say, and the same with stray quotes.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use proptest::prelude::*;

/// What a table says under one key; without a vector it is no record and has to be rejected.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Said {
    pub(crate) key: String,
    pub(crate) vector: Vec<f32>,
    /// Without empty cells.
    pub(crate) metadata: BTreeMap<String, String>,
}

impl Said {
    /// The same without some characters.
    fn without(&self, left_out: fn(char) -> bool) -> Self {
        let without = |text: &str| text.replace(left_out, "");
        let metadata = self.metadata.iter().map(|(name, value)| (name.clone(), without(value)));
        let metadata = metadata.filter(|(_, value)| !value.is_empty()).collect();
        Self { key: without(&self.key), vector: self.vector.clone(), metadata }
    }

    /// The numbers of the records that anything of it comes from: each word and each vector tells.
    fn sources(&self) -> BTreeSet<usize> {
        let texts = self.metadata.values().chain([&self.key]);
        let words = texts.flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()));
        let numbered =
            words.filter_map(|word| word.strip_prefix(['k', 't']).and_then(|word| word.parse().ok()));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and not negative")]
        let of_numbers = self.vector.iter().map(|number| number.trunc() as usize);
        numbered.chain(of_numbers).collect()
    }
}

/// A table and what it says, with the lines of each record.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) text: String,
    pub(crate) said: Vec<(RangeInclusive<u64>, Said)>,
}

/// How one record is written.
#[derive(Clone, Debug)]
struct Written {
    /// For each text its pieces.
    texts: Vec<Vec<u8>>,
    vector: u8,
    quoted: u8,
    /// Whether the last cell is missing.
    is_ragged: bool,
}

fn written() -> impl Strategy<Value = Written> {
    let text = || prop::collection::vec(0_u8..12, 0..6);
    let vector = prop_oneof![8 => 0_u8..5, 1 => 5_u8..10];
    let is_ragged = prop::bool::weighted(0.05);
    (prop::collection::vec(text(), 2), vector, any::<u8>(), is_ragged)
        .prop_map(|(texts, vector, quoted, is_ragged)| Written { texts, vector, quoted, is_ragged })
}

/// Any proper table: columns in any order, cells with whatever has to be quoted, vectors as people write them.
pub(crate) fn table() -> impl Strategy<Value = Table> {
    let columns = Just(vec!["key", "vector", "one", "two"]).prop_shuffle();
    let few = Just(vec!["key", "vector", "one"]).prop_shuffle();
    let columns = prop_oneof![1 => columns, 2 => few];
    let newline = prop_oneof![Just("\n"), Just("\r\n")];
    let delimiter = prop_oneof![Just(','), Just('\t'), Just(';')];
    (columns, newline, delimiter, prop::collection::vec(written(), 1..8)).prop_map(
        |(columns, newline, delimiter, records)| {
            let mut text = columns.join(&delimiter.to_string()) + newline;
            let mut said = Vec::new();
            for (number, written) in (1..).zip(&records) {
                let first = lines(&text) + 1;
                let (row, says) = record(number, written, &columns, delimiter);
                text += &row;
                text += newline;
                said.push((first..=lines(&text), says));
            }
            Table { text, said }
        },
    )
}

fn lines(text: &str) -> u64 {
    text.matches('\n').count() as u64
}

fn record(number: usize, written: &Written, columns: &[&str], delimiter: char) -> (String, Said) {
    let mut said = Said { key: format!("k{number}"), ..Said::default() };
    let mut texts = written.texts.iter();
    let mut cells = Vec::new();
    for (index, column) in columns.iter().enumerate() {
        let (cell, is_vector) = match *column {
            "key" => (said.key.clone(), false),
            "vector" => {
                #[expect(clippy::cast_precision_loss, reason = "small")]
                let numbers = [0.125, 0.25, 0.5].map(|part: f32| number as f32 + part);
                let (spelled, is_good) = spelled(numbers, written.vector);
                said.vector = if is_good { numbers.to_vec() } else { Vec::new() };
                (spelled, true)
            }
            _ => {
                let pieces = texts.next().map_or(&[][..], Vec::as_slice);
                let text: String = pieces.iter().map(|piece| piece_of(*piece, number, delimiter)).collect();
                if !text.is_empty() {
                    said.metadata.insert((*column).to_owned(), text.clone());
                }
                (text, false)
            }
        };
        let must = cell.contains([delimiter, '\n']) || cell.starts_with('"') || cell.ends_with('"');
        let may = !is_vector && written.quoted >> (index % 8) & 1 == 1;
        cells.push(if must || may { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell });
    }
    if written.is_ragged {
        cells.pop();
        said.vector.clear();
    }
    (cells.join(&delimiter.to_string()), said)
}

/// A vector's cell, and whether it can be stored.
fn spelled(numbers: [f32; 3], how: u8) -> (String, bool) {
    let [a, b, c] = numbers;
    let cell = match how {
        0 => format!("[{a:?}, {b:?}, {c:?}]"),
        1 => format!("[{a:?} {b:?} {c:?}]"),
        2 => format!("[{a:?} {b:?}\n {c:?}]"),
        3 => format!("{a:?} {b:?} {c:?}"),
        4 => format!("[{a:?}\n {b:?}\n {c:?}]"),
        5 => String::new(),
        6 => "null".to_owned(),
        7 => "7".to_owned(),
        8 => "1 2".to_owned(),
        _ => "[]".to_owned(),
    };
    (cell, how < 5)
}

fn piece_of(piece: u8, number: usize, delimiter: char) -> String {
    match piece {
        0 | 1 => delimiter.to_string(),
        2 | 3 => "\n".to_owned(),
        4 => "\"".to_owned(),
        5 => " ".to_owned(),
        6 => format!("{delimiter} "),
        7 => format!("\n{delimiter}"),
        _ => format!("t{number}"),
    }
}

/// A change to a quote somewhere in a text: one more, or one less.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stray {
    place: prop::sample::Index,
    is_more: bool,
}

pub(crate) fn stray() -> impl Strategy<Value = Stray> {
    (any::<prop::sample::Index>(), any::<bool>()).prop_map(|(place, is_more)| Stray { place, is_more })
}

impl Stray {
    pub(crate) fn put_into(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        let at = self.at(text);
        if self.takes_from(text) {
            bytes.remove(at);
        } else {
            bytes.insert(at, b'"');
        }
        String::from_utf8(bytes).unwrap()
    }

    fn takes_from(&self, text: &str) -> bool {
        !self.is_more && text.contains('"')
    }

    /// Where in a text it is.
    pub(crate) fn at(&self, text: &str) -> usize {
        if self.takes_from(text) {
            let quotes: Vec<usize> = text.match_indices('"').map(|(at, _)| at).collect();
            *self.place.get(&quotes)
        } else {
            self.place.index(text.len() + 1)
        }
    }
}

/// Holds what was stored, and the lines that were rejected, against what the table says.
///
/// Nothing is stored that mixes records, and each record is stored as it is but for what is `left_out`, or covered.
pub(crate) fn judge(
    table: &Table,
    stored: &[Said],
    rejected: &[RangeInclusive<u64>],
    left_out: fn(char) -> bool,
) -> Result<(), TestCaseError> {
    let mut exact = BTreeSet::new();
    for one in stored {
        let sources = one.sources();
        prop_assert!(sources.len() == 1, "mixed: {one:?}");
        let number = sources.into_iter().next().unwrap_or_default();
        let (_, said) = &table.said[number - 1];
        if one.without(left_out) == said.without(left_out) {
            exact.insert(number);
        }
    }
    for (number, (lines, said)) in (1..).zip(&table.said) {
        let is_covered =
            rejected.iter().any(|other| other.start() <= lines.end() && lines.start() <= other.end());
        let is_record = !said.vector.is_empty();
        prop_assert!(
            !is_record || exact.contains(&number) || is_covered,
            "lost or changed without a reject: {said:?}"
        );
    }
    Ok(())
}
