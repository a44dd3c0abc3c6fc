//! The look at every input before anything is sent: what cannot be loaded is known by its head.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::aligned::Aligned;
use super::error::ReadError;
use super::expand::{Candidate, Expanded, patterns_of};
use super::fingerprint::{SAMPLE, SAMPLES, sample_offsets, short};
use super::open_input::OpenInput;
use super::reader::Reader;
use super::recognise::Form;
use super::sizes::Sizes;
use super::table;
use super::value::value_end;
use super::window::Arrival;
use crate::encoding::Encoding;
use crate::export::Export;
use crate::record::{Block, Input, Position, Raw, Unit};

/// What the look at the inputs has shown.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    /// What can be loaded, in its order.
    pub inputs: Vec<Input>,
    /// What cannot be loaded, and why not.
    pub bad: Vec<(Input, ReadError)>,
    /// What some of them were taken for, in words, and how many are alike.
    pub taken: Vec<Taken>,
    /// Files in directories that are plainly something else.
    pub other: Vec<PathBuf>,
    /// Directories and pipes inside the directories that were named.
    pub deeper: Vec<PathBuf>,
}

/// Inputs that were recognised as the same.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// What they were taken for.
    pub what: String,
    /// The inputs.
    pub inputs: Vec<PathBuf>,
}

impl Chosen {
    /// Notes what an input was taken for.
    fn take(&mut self, what: String, path: &Path) {
        match self.taken.iter_mut().find(|taken| taken.what == what) {
            Some(taken) => taken.inputs.push(path.to_owned()),
            None => self.taken.push(Taken { what, inputs: vec![path.to_owned()] }),
        }
    }
}

/// So many records are looked at for the form of the others: the first ones may have failed.
const FORM_SHOWN_BY: usize = 16;

/// What the look at a file has shown.
enum Judged {
    /// It is input, perhaps of a kind that is worth a word.
    Input(Option<String>),
    SomethingElse,
}

/// Looks at the head of every file: whether it can be opened and decompressed, what format it has, and its header.
///
/// Pipes and standard input are not looked at, since what is read of them is gone.
pub(crate) fn choose(expanded: Expanded, form: &Form) -> Chosen {
    let Expanded { candidates, passed_over, directories, bad, .. } = expanded;
    let mut chosen = Chosen { deeper: passed_over, bad, ..Chosen::default() };
    let mut others = BTreeSet::new();
    for (number, Candidate { input, is_promised }) in candidates.into_iter().enumerate() {
        let judged = match &input {
            Input::File(path) => judge(path, is_promised, form),
            Input::Stdin | Input::Inline(_) => Ok(Judged::Input(None)),
        };
        match (judged, input) {
            (Ok(Judged::SomethingElse), Input::File(path)) => {
                others.insert(number);
                chosen.other.push(path);
            }
            (Ok(judged), input) => {
                if let (Judged::Input(Some(what)), Input::File(path)) = (judged, &input) {
                    chosen.take(what, path);
                }
                chosen.inputs.push(input);
            }
            (Err(error), input) => chosen.bad.push((input, error)),
        }
    }
    for (directory, mut files) in directories {
        let number = files.len();
        if files.all(|file| others.contains(&file)) {
            let input = Input::File(directory.clone());
            let deeper = chosen.deeper.iter().filter(|path| path.parent() == Some(&directory));
            let patterns = patterns_of(&directory, deeper.cloned().collect());
            chosen.bad.push((input, ReadError::EmptyDirectory { directory, others: number, patterns }));
        }
    }
    chosen
}

/// Whether the file is input. One that is nobody's promise is so only if its content shows it.
fn judge(path: &Path, is_promised: bool, form: &Form) -> Result<Judged, ReadError> {
    let input = || Input::File(path.to_owned());
    let metadata = fs::metadata(path).map_err(|cause| match fs::read_link(path) {
        Ok(target) if cause.kind() == io::ErrorKind::NotFound => {
            ReadError::DanglingLink { input: input(), target }
        }
        _ => ReadError::Open { input: input(), cause },
    })?;
    if !metadata.is_file() {
        let wrong = |kind| ReadError::Open { input: input(), cause: io::Error::other(kind) };
        return match not_a_stream(metadata.file_type()) {
            Some(kind) => Err(wrong(format!("it is {kind}, not a file"))),
            None => Ok(Judged::Input(None)),
        };
    }
    let mut reading = Aligned::open(input(), 0, Sizes::USUAL, form)?;
    match reading.start(form, None) {
        Err(error) if !is_promised && is_something_else(&error, &reading, form) => {
            return Ok(Judged::SomethingElse);
        }
        started => started?,
    }
    // What breaks before its first record cannot be loaded at all.
    let first = reading.next_block()?;
    let is_input = |block: Block| {
        let shows_vector = |text: &[u8]| !is_prose_name(path) && mentions_vectors(text, form);
        holds_records(&block) || block.records.iter().any(|record| is_like_record(&record.raw, shows_vector))
    };
    let told =
        first.as_ref().map_or_else(|| reading.reader.told(), |block| told(&reading.reader, block, form));
    let is_one = is_promised || first.is_none_or(is_input);
    Ok(if is_one { Judged::Input(told) } else { Judged::SomethingElse })
}

/// What an input was taken for, where that is worth a word, by its first records.
pub(super) fn told(reader: &Reader, first: &Block, form: &Form) -> Option<String> {
    reader.told().or_else(|| export(first, form))
}

/// What the first records are, if they are in the form of a provider or of another store.
fn export(block: &Block, form: &Form) -> Option<String> {
    block.records.iter().take(FORM_SHOWN_BY).find_map(|record| match &record.raw {
        Raw::Json(text) => Export::of(text)?.told(&form.key, &form.vector, &form.metadata),
        Raw::Row { .. } | Raw::Columns { .. } | Raw::Broken { .. } => None,
    })
}

/// What a path leads to that is neither a file nor can be read from beginning to end as one.
#[cfg(unix)]
fn not_a_stream(kind: fs::FileType) -> Option<&'static str> {
    use std::os::unix::fs::FileTypeExt;
    let kinds = [
        (kind.is_dir(), "a directory"),
        (kind.is_socket(), "a socket"),
        (kind.is_block_device(), "a block device"),
    ];
    kinds.into_iter().find_map(|(is_it, name)| is_it.then_some(name))
}

#[cfg(not(unix))]
fn not_a_stream(kind: fs::FileType) -> Option<&'static str> {
    kind.is_dir().then_some("a directory")
}

/// Whether the error is what a file meets that was never meant to be input: nothing in the text at hand reads as a
/// record, whatever is wrong with the rest.
fn is_something_else(error: &ReadError, reading: &Aligned, form: &Form) -> bool {
    let Input::File(path) = reading.reader.input() else { return false };
    match error {
        ReadError::Unrecognised { .. }
        | ReadError::AlreadyUtf8 { .. }
        | ReadError::NoHeader { .. }
        | ReadError::HeaderQuote { .. }
        | ReadError::NoTable { .. }
        | ReadError::DuplicateColumn { .. }
        | ReadError::LineEnds { .. } => is_prose_name(path) || !mentions_vectors(reading.reader.text(), form),
        ReadError::Binary { .. } => true,
        // A pointer or a page stands where data should be, unless its name says that it is one.
        ReadError::WithoutRecords { in_place_of_data, .. } => !in_place_of_data || is_page_name(path),
        _ => false,
    }
}

fn is_page_name(path: &Path) -> bool {
    ends_in(path, &["html", "htm", "xhtml", "xml", "svg"])
}

/// Whether the name is that of a text for people, which may show what a record looks like.
fn is_prose_name(path: &Path) -> bool {
    is_page_name(path) || ends_in(path, &["md", "markdown", "rst", "adoc"])
}

fn ends_in(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().unwrap_or_default();
    endings.iter().any(|other| ending.eq_ignore_ascii_case(other))
}

/// Whether a line of the text holds what reads as a vector: a cell, or an array in a JSON object.
fn mentions_vectors(text: &[u8], form: &Form) -> bool {
    let mut lines = text.split(|byte| matches!(byte, b'\n' | b'\r'));
    lines.any(|line| is_json_with_vector(line) || table::mentions_vector(line, &form.tables))
}

/// Whether the text is a JSON object in which an array holds several numbers.
fn is_json_with_vector(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let is_object = || value_end(text, 0) == Some(text.len()) && is_json(text);
    text.starts_with(b"{") && memchr::memchr_iter(b'[', text).any(|at| is_vector(text, at + 1)) && is_object()
}

/// Whether several numbers stand at `start`, up to a closing bracket.
fn is_vector(text: &[u8], start: usize) -> bool {
    let rest = text.get(start..).unwrap_or_default();
    let end = rest.iter().position(|byte| matches!(byte, b'[' | b']' | b'"'));
    let list = end.filter(|end| rest.get(*end) == Some(&b']')).and_then(|end| rest.get(..end));
    let is_number =
        |item: &[u8]| std::str::from_utf8(item.trim_ascii()).is_ok_and(|item| item.parse::<f64>().is_ok());
    list.is_some_and(|list| list.contains(&b',') && list.split(|byte| *byte == b',').all(is_number))
}

/// Whether a record, of a file of which nobody says that it holds any, is like one.
fn is_like_record(raw: &Raw, shows_vector: impl Fn(&[u8]) -> bool) -> bool {
    match raw {
        Raw::Row { cells, .. } => cells.iter().any(shows_vector),
        Raw::Columns { .. } => true,
        Raw::Json(text) | Raw::Broken { text, .. } => shows_vector(text),
    }
}

/// Whether these look like records, of a file whose name does not say so: prose may have commas, too.
fn holds_records(block: &Block) -> bool {
    let is_alike = |raw: &Raw| match raw {
        Raw::Row { columns, cells } => columns.0.len() > 1 && cells.len() == columns.0.len(),
        Raw::Columns { .. } => true,
        Raw::Json(text) => is_json(text),
        Raw::Broken { .. } => false,
    };
    let mut looked_at = block.records.iter().enumerate();
    // Of JSON the first one shows it; those that follow may be no good.
    looked_at.all(|(at, record)| (at > 0 && matches!(record.raw, Raw::Json(_))) || is_alike(&record.raw))
}

/// Whether the text begins and ends as an object or an array of numbers does.
fn is_json(text: &[u8]) -> bool {
    let mut bytes = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    let (first, second, last) = (bytes.next(), bytes.next(), bytes.next_back());
    matches!(
        (first, second, last.or(second)),
        (Some(b'{'), Some(b'"' | b'}'), Some(b'}'))
            | (Some(b'['), Some(b'[' | b'{' | b'-' | b'0'..=b'9' | b']'), Some(b']'))
    )
}

/// What separates the name of the encoding from the hash.
const OF_ENCODING: char = ':';

/// A hash of parts of the input's text before `place`, evenly spread, its start and the place itself among them; nothing
/// if that much cannot be read, or not again, or if it is no text. It begins with the `encoding` that the text was read in,
/// if it was named.
pub(crate) fn beginning(input: &Input, place: Position, encoding: Option<Encoding>) -> Option<String> {
    let Input::File(path) = input else { return None };
    if place.unit == Unit::Row || !fs::metadata(path).is_ok_and(|file| file.is_file()) {
        return None;
    }
    let mut hash = Sha256::new().chain_update(place.offset.to_le_bytes());
    let mut reading = OpenInput::open(input.clone(), 0, Sizes::USUAL).ok()?;
    reading.decode(encoding).ok()?;
    let mut window = reading.window;
    for offset in sample_offsets(place.offset, *SAMPLES.end()) {
        let length = usize::try_from(SAMPLE.min(place.offset - offset)).ok()?;
        match window.go_to(Position { offset, ..Position::default() }).ok()? {
            Arrival::There => hash.update(window.text().get(..length)?),
            Arrival::EndsBefore(_) => return None,
        }
    }
    let hash = short(hash);
    Some(encoding.map_or_else(|| hash.clone(), |encoding| format!("{encoding}{OF_ENCODING}{hash}")))
}

/// Whether the input's text before `place` still is that of this [`beginning`].
pub(crate) fn begins_as(input: &Input, place: Position, known: &str) -> bool {
    let name = known.split_once(OF_ENCODING).map(|(name, _)| name);
    let encoding = name.map_or(Ok(None), Encoding::named);
    encoding.is_ok_and(|encoding| beginning(input, place, encoding).as_deref() == Some(known))
}
