//! Checks every input before anything is sent: the head of an input shows whether it can be loaded.

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

/// The result of checking the inputs.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    /// The inputs that can be loaded, in order.
    pub inputs: Vec<Input>,
    /// The inputs that cannot be loaded, and why.
    pub bad: Vec<(Input, ReadError)>,
    /// What some of them were recognised as, grouped.
    pub taken: Vec<Taken>,
    /// Files in directories that are clearly not inputs.
    pub other: Vec<PathBuf>,
    /// Directories and pipes inside the named directories.
    pub deeper: Vec<PathBuf>,
}

/// Inputs that were recognised as the same.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// What they were recognised as.
    pub what: String,
    /// The inputs.
    pub inputs: Vec<PathBuf>,
}

impl Chosen {
    /// Notes what an input was recognised as.
    fn take(&mut self, what: String, path: &Path) {
        match self.taken.iter_mut().find(|taken| taken.what == what) {
            Some(taken) => taken.inputs.push(path.to_owned()),
            None => self.taken.push(Taken { what, inputs: vec![path.to_owned()] }),
        }
    }
}

/// How many records may show the form of the input; the first ones may be failures.
const FORM_SHOWN_BY: usize = 16;

/// The result of checking one file.
enum Judged {
    /// An input, with a description if it is worth a note.
    Input(Option<String>),
    SomethingElse,
}

/// Checks the head of every file: whether it can be opened and decompressed, its format, and its header.
///
/// Pipes and standard input are not checked, since they can be read only once.
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

/// Whether the file is an input. One that is not promised is so only if its content shows it.
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
    // An input that is broken before its first record cannot be loaded at all.
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

/// What an input was recognised as by its first records, if that is worth a note.
pub(super) fn told(reader: &Reader, first: &Block, form: &Form) -> Option<String> {
    reader.told().or_else(|| export(first, form))
}

/// The form of the first records, if it is that of a provider or of another store.
fn export(block: &Block, form: &Form) -> Option<String> {
    block.records.iter().take(FORM_SHOWN_BY).find_map(|record| match &record.raw {
        Raw::Json(text) => Export::of(text)?.told(&form.key, &form.vector, &form.metadata),
        Raw::Row { .. } | Raw::Columns { .. } | Raw::Broken { .. } => None,
    })
}

/// The kind of a file that cannot be read as a stream.
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

/// Whether the error shows a file that was never meant to be an input: nothing in the current text looks like a record,
/// whatever the error is.
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
        // A pointer or a page takes the place of data, unless the file's name is that of a page.
        ReadError::WithoutRecords { in_place_of_data, .. } => !in_place_of_data || is_page_name(path),
        _ => false,
    }
}

fn is_page_name(path: &Path) -> bool {
    ends_in(path, &["html", "htm", "xhtml", "xml", "svg"])
}

/// Whether the name is that of a document for people, which may show examples of records.
fn is_prose_name(path: &Path) -> bool {
    is_page_name(path) || ends_in(path, &["md", "markdown", "rst", "adoc"])
}

fn ends_in(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().unwrap_or_default();
    endings.iter().any(|other| ending.eq_ignore_ascii_case(other))
}

/// Whether a line of the text contains what looks like a vector: a cell, or an array in a JSON object.
fn mentions_vectors(text: &[u8], form: &Form) -> bool {
    let mut lines = text.split(|byte| matches!(byte, b'\n' | b'\r'));
    lines.any(|line| is_json_with_vector(line) || table::mentions_vector(line, &form.tables))
}

/// Whether the text is a JSON object with an array of several numbers.
fn is_json_with_vector(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let is_object = || value_end(text, 0) == Some(text.len()) && is_json(text);
    text.starts_with(b"{") && memchr::memchr_iter(b'[', text).any(|at| is_vector(text, at + 1)) && is_object()
}

/// Whether a list of several numbers begins at `start` and ends with a closing bracket.
fn is_vector(text: &[u8], start: usize) -> bool {
    let rest = text.get(start..).unwrap_or_default();
    let end = rest.iter().position(|byte| matches!(byte, b'[' | b']' | b'"'));
    let list = end.filter(|end| rest.get(*end) == Some(&b']')).and_then(|end| rest.get(..end));
    let is_number =
        |item: &[u8]| std::str::from_utf8(item.trim_ascii()).is_ok_and(|item| item.parse::<f64>().is_ok());
    list.is_some_and(|list| list.contains(&b',') && list.split(|byte| *byte == b',').all(is_number))
}

/// Whether a record looks like one, in a file that is not promised to contain any.
fn is_like_record(raw: &Raw, shows_vector: impl Fn(&[u8]) -> bool) -> bool {
    match raw {
        Raw::Row { cells, .. } => cells.iter().any(shows_vector),
        Raw::Columns { .. } => true,
        Raw::Json(text) | Raw::Broken { text, .. } => shows_vector(text),
    }
}

/// Whether these are records, in a file whose name does not promise any: prose may have commas, too.
fn holds_records(block: &Block) -> bool {
    let is_alike = |raw: &Raw| match raw {
        Raw::Row { columns, cells } => columns.0.len() > 1 && cells.len() == columns.0.len(),
        Raw::Columns { .. } => true,
        Raw::Json(text) => is_json(text),
        Raw::Broken { .. } => false,
    };
    let mut looked_at = block.records.iter().enumerate();
    // For JSON the first record decides; later ones may be broken.
    looked_at.all(|(at, record)| (at > 0 && matches!(record.raw, Raw::Json(_))) || is_alike(&record.raw))
}

/// Whether the text begins and ends like an object or an array of numbers.
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

/// A hash of parts of the input's text before `place`, evenly spread, including its start and the end at `place`.
/// `None` if that much text cannot be read, or only once, or if the input is not text. It begins with the `encoding` of
/// the text, if the user named one.
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

/// Whether the input's text before `place` still has this [`beginning`].
pub(crate) fn begins_as(input: &Input, place: Position, known: &str) -> bool {
    let name = known.split_once(OF_ENCODING).map(|(name, _)| name);
    let encoding = name.map_or(Ok(None), Encoding::named);
    encoding.is_ok_and(|encoding| beginning(input, place, encoding).as_deref() == Some(known))
}
