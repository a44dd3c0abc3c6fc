//! Keys in a file of their own, one per row.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use super::bytes::Bytes;
use super::key_array::KeyArray;
use super::npy;
use super::source::Trouble;
use crate::encoding::{self, Encoding, Stray};
use crate::read::decode::{Decoded, encoding_of};
use crate::read::decompress::{Compression, Trailing, wants_dictionary, wants_too_much};
use crate::read::foreign::foreign;
use crate::read::unfit::Unfit;
use crate::record::{KeyFlaw, Unit};

/// Keys one after another.
pub(crate) struct Keys(Kind);

enum Kind {
    Lines(Lines),
    Array(KeyArray),
}

/// Maximum length of a line; the rest of a longer one is not held in memory.
const LINE_BYTES: u64 = 64 << 10;

/// How much of a file is looked at to see what it is.
const BEGINNING: u64 = 4 << 10;

/// The cure for a damaged file.
const AGAIN: &str = "create or download it again";

/// Why a file does not give keys.
#[derive(Debug)]
pub(crate) enum KeyTrouble {
    Io(io::Error),
    /// It is damaged, as this shows.
    Damaged(String),
    /// It contains something else: what, and how to get keys from it.
    NoKeys {
        what: String,
        cure: String,
    },
}

impl From<io::Error> for KeyTrouble {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Trouble> for KeyTrouble {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Io(error) => Self::Io(error),
            Trouble::Torn => {
                Self::NoKeys { what: "less than its header says".to_owned(), cure: AGAIN.to_owned() }
            }
            Trouble::Damaged(what) => Self::Damaged(what),
            Trouble::Bounds(bounds) => Self::Damaged(format!("it {bounds}")),
            Trouble::Unclear(what, cure) => Self::NoKeys { what, cure: cure.into_owned() },
            Trouble::Unsupported(what, cure) => Self::NoKeys { what: what.to_owned(), cure: cure.to_owned() },
        }
    }
}

impl KeyTrouble {
    /// What the file contains, and the cure.
    pub(crate) fn told(self) -> Result<(String, String), io::Error> {
        match self {
            Self::Io(error) => Err(error),
            Self::Damaged(cause) => Ok((format!("damaged data: {cause}"), AGAIN.to_owned())),
            Self::NoKeys { what, cure } => Ok((what, cure)),
        }
    }

    /// The trouble of compressed text, unless the system reports an error.
    fn of_packed(compression: Option<Compression>, error: io::Error) -> Self {
        let Some(compression) = compression.filter(|_| error.raw_os_error().is_none()) else {
            return Self::Io(error);
        };
        let name = compression.name();
        if let Some(trailing) = Trailing::of(&error) {
            let Trailing { at, tail, .. } = trailing;
            return Self::NoKeys {
                what: format!("{name} data that ends at byte {at}, followed by {}", tail.words()),
                cure: trailing.cure("FILE", "put the keys of both parts into one"),
            };
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Damaged(format!("its {name} data ends too early")),
            _ if wants_too_much(&error) => Self::NoKeys {
                what: format!("{name} data that takes more than 128 MiB of memory to decompress"),
                cure: "decompress it first".to_owned(),
            },
            _ if wants_dictionary(&error) => Self::NoKeys {
                what: "zstd data that was compressed with a dictionary".to_owned(),
                cure: "decompress it with that dictionary first: zstd -d -D DICTIONARY FILE -o NEW-FILE"
                    .to_owned(),
            },
            _ => Self::Damaged(error.to_string()),
        }
    }
}

impl Keys {
    pub(super) fn of_array(array: KeyArray) -> Self {
        Self(Kind::Array(array))
    }

    /// Opens a file of lines or a NumPy array, and returns how many keys it has.
    ///
    /// Lines are in the encoding of their byte-order mark, or in the one that the user names.
    pub(crate) fn open(path: &Path, named: Option<Encoding>) -> Result<(Self, u64), KeyTrouble> {
        let mut lines = Lines::open(File::open(path)?, named)?;
        let beginning = lines.beginning.as_slice();
        if beginning.starts_with(npy::MAGIC) && lines.compression.is_none() {
            let mut array = KeyArray::open(Bytes::plain(lines.file.try_clone()?), None)?;
            npy::check_length(&mut lines.file, array.bytes())?;
            array.check()?;
            let rows = array.rows();
            return Ok((Self(Kind::Array(array)), rows));
        }
        if let Some(what) = not_text(beginning) {
            let cure = if beginning.starts_with(b"PK") {
                "save its array of keys by itself: numpy.save('ids.npy', numpy.load('FILE')['ids'])"
            } else if beginning.starts_with(npy::MAGIC) {
                "decompress it first"
            } else {
                "write the keys as text, one per line"
            };
            return Err(KeyTrouble::NoKeys { what, cure: cure.to_owned() });
        }
        let mut rows = 0;
        while lines.key()?.is_some() {
            rows += 1;
        }
        lines.rewind()?;
        Ok((Self(Kind::Lines(lines)), rows))
    }

    /// The start of its text; empty for an array.
    pub(crate) fn beginning(&self) -> &[u8] {
        match &self.0 {
            Kind::Lines(lines) => &lines.beginning,
            Kind::Array(_) => &[],
        }
    }

    /// The name of the array in an archive.
    pub(crate) fn array_name(&self) -> Option<&str> {
        match &self.0 {
            Kind::Lines(_) => None,
            Kind::Array(array) => array.name(),
        }
    }

    /// The unit of its places.
    pub(crate) fn unit(&self) -> Unit {
        match self.0 {
            Kind::Lines(_) => Unit::Line,
            Kind::Array(_) => Unit::Row,
        }
    }

    /// Moves from the first key to that of a row.
    pub(crate) fn go_to(&mut self, row: u64) -> Result<(), KeyTrouble> {
        match &mut self.0 {
            Kind::Array(array) => array.go_to(row),
            Kind::Lines(lines) => {
                lines.rewind()?;
                for _ in 0..row {
                    lines.key()?;
                }
            }
        }
        Ok(())
    }

    /// The next keys as JSON, or what is wrong with those that cannot be stored.
    pub(crate) fn next(&mut self, count: usize) -> Result<Vec<Result<String, KeyFlaw>>, KeyTrouble> {
        match &mut self.0 {
            Kind::Array(array) => Ok(array.next(count)?.into_iter().map(Ok).collect()),
            Kind::Lines(lines) => (0..count)
                .map(|_| {
                    let key = lines.key()?.unwrap_or_else(|| Ok(String::new()));
                    Ok(key.map(|key| serde_json::Value::from(key).to_string()))
                })
                .collect(),
        }
    }
}

/// Describes, with its article, a file that begins with something other than text.
fn not_text(beginning: &[u8]) -> Option<String> {
    if beginning.starts_with(npy::MAGIC) {
        return Some("a compressed NumPy array".to_owned());
    }
    match foreign(beginning, true) {
        Err(Unfit::Unsupported { format, .. }) => Some(format.to_owned()),
        Err(Unfit::WithoutRecords { what, .. }) => Some(what.to_owned()),
        Err(Unfit::Unmarked(encoding)) => Some(format!("{} text", encoding.name())),
        _ => beginning.contains(&0).then(|| "binary data".to_owned()),
    }
}

/// Text line by line, compressed or not.
struct Lines {
    file: File,
    compression: Option<Compression>,
    encoding: Option<Encoding>,
    beginning: Vec<u8>,
    text: BufReader<Box<dyn Read + Send>>,
    /// The number of the last line read, from 1.
    number: u64,
}

impl Lines {
    fn open(mut file: File, named: Option<Encoding>) -> Result<Self, KeyTrouble> {
        let mut head = Vec::new();
        file.by_ref().take(BEGINNING).read_to_end(&mut head)?;
        let compression = Compression::of(&head);
        let text = text(&file, compression, None);
        let text = text.map_err(|error| KeyTrouble::of_packed(compression, error))?;
        let mut lines = Self { file, compression, encoding: None, beginning: head, text, number: 0 };
        if compression.is_some() {
            lines.look()?;
        }
        lines.encoding = match encoding_of(&lines.beginning, named) {
            Ok(encoding) => encoding,
            Err(Unfit::AlreadyUtf8(_)) => {
                let what = "text that is UTF-8 already".to_owned();
                return Err(KeyTrouble::NoKeys { what, cure: "load it without --encoding".to_owned() });
            }
            // Other formats have their own messages.
            Err(_) => None,
        };
        if lines.encoding.is_some() {
            lines.rewind()?;
            lines.look()?;
        }
        lines.rewind()?;
        Ok(lines)
    }

    /// Reads the start of the text.
    fn look(&mut self) -> Result<(), KeyTrouble> {
        self.beginning.clear();
        let read = self.text.by_ref().take(BEGINNING).read_to_end(&mut self.beginning);
        read.map(drop).map_err(|error| KeyTrouble::of_packed(self.compression, error))
    }

    fn rewind(&mut self) -> Result<(), KeyTrouble> {
        let text = text(&self.file, self.compression, self.encoding);
        self.text = text.map_err(|error| KeyTrouble::of_packed(self.compression, error))?;
        self.number = 0;
        Ok(())
    }

    /// The key on the next line; `None` at the end of the text.
    fn key(&mut self) -> Result<Option<Result<String, KeyFlaw>>, KeyTrouble> {
        let mut line = Vec::new();
        let read = self.text.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line);
        if read.map_err(|error| KeyTrouble::of_packed(self.compression, error))? == 0 {
            return Ok(None);
        }
        self.number += 1;
        if line.len() as u64 == LINE_BYTES && !line.ends_with(b"\n") {
            let rest = self.pass_line();
            let rest = rest.map_err(|error| KeyTrouble::of_packed(self.compression, error))?;
            return Ok(Some(Err(KeyFlaw::Length(characters(&line) + rest))));
        }
        let line = String::from_utf8(line).map_err(|error| self.not_text(error.as_bytes()))?;
        let text = line.strip_suffix('\n').unwrap_or(&line);
        let text = text.strip_suffix('\r').unwrap_or(text);
        // A byte-order mark belongs at the start of a text; elsewhere it would be an invisible character in a key.
        let text = text.strip_prefix(MARK).filter(|_| self.number == 1).unwrap_or(text);
        Ok(Some(if text.starts_with(MARK) { Err(KeyFlaw::Mark) } else { Ok(text.to_owned()) }))
    }

    /// Skips the rest of a line and returns how many characters it has.
    fn pass_line(&mut self) -> io::Result<usize> {
        let mut count = 0;
        loop {
            let text = self.text.fill_buf()?;
            let end = memchr::memchr(b'\n', text);
            let line = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
            count += characters(line);
            let passed = end.map_or(text.len(), |end| end + 1);
            self.text.consume(passed);
            if end.is_some() || passed == 0 {
                return Ok(count);
            }
        }
    }

    /// The trouble of a line that is not UTF-8, or not in the encoding that it was decoded from.
    fn not_text(&self, line: &[u8]) -> KeyTrouble {
        let number = self.number;
        let (encoding, cure) = match (self.encoding, encoding::foreign(line).map(|found| found.stray)) {
            (Some(encoding), _) => {
                (encoding.name(), "set its encoding with --encoding, or fix the line".into())
            }
            (None, Some(Stray::Byte { likely: Some(name), .. })) => {
                ("UTF-8", format!("if it is {name}, read it with --encoding {}", name.to_ascii_lowercase()))
            }
            (None, _) => (
                "UTF-8",
                "set its encoding with --encoding, such as gb18030, or convert it: \
                 iconv -f ENCODING -t UTF-8 FILE > NEW-FILE"
                    .to_owned(),
            ),
        };
        KeyTrouble::NoKeys { what: format!("text that is not {encoding}, on line {number}"), cure }
    }
}

const MARK: char = '\u{feff}';

/// The number of characters in a piece of UTF-8.
fn characters(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

/// The text of a file from its beginning.
fn text(
    file: &File,
    compression: Option<Compression>,
    encoding: Option<Encoding>,
) -> io::Result<BufReader<Box<dyn Read + Send>>> {
    let mut file = file.try_clone()?;
    file.rewind()?;
    let text = match compression {
        Some(compression) => compression.decompress(BufReader::new(file))?,
        None => Box::new(file),
    };
    Ok(BufReader::new(match encoding {
        Some(encoding) => Box::new(Decoded::new(text, encoding)),
        None => text,
    }))
}
