//! NPZ: a ZIP archive of NumPy arrays, one of which holds the vectors and another may hold the keys.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use zip::{CompressionMethod, ZipArchive};

use super::bytes::{Bytes, Said};
use super::flat::FlatFile;
use super::key_array::KeyArray;
use super::npy::{Header, Type};
use super::source::Trouble;
use super::wanted::Wanted;
use crate::read::bounds::Bounds;

const PACKED: Trouble = Trouble::Unsupported(
    "a NumPy NPZ archive in another compression than deflate",
    "write it with numpy.savez or numpy.savez_compressed",
);
const ENCRYPTED: Trouble =
    Trouble::Unsupported("an encrypted NumPy NPZ archive", "write it again without encryption");

/// What messages call it.
const WHAT: &str = "NPZ archive";

/// An array in an archive.
struct Member {
    name: String,
    said: Said,
}

impl Member {
    fn bytes(&self, file: &File) -> Result<Bytes, Trouble> {
        Ok(Bytes::member(file.try_clone()?, self.said))
    }

    /// Turns the trouble of the archive into that of this array.
    fn named(&self, trouble: Trouble) -> Trouble {
        match trouble {
            Trouble::Unsupported(what, cure) => {
                Trouble::Unclear(format!("{}.npy, which is {what}", self.name), cure.into())
            }
            other => other.in_array(&self.name),
        }
    }

    /// Whether it may hold the vectors: a table of numbers.
    fn is_table(&self, file: &File) -> Result<bool, Trouble> {
        match Header::read(&mut self.bytes(file)?) {
            Ok(header) => Ok(header.shape.len() == 2 && matches!(header.kind, Type::Number(..))),
            // If an array cannot be read, do not take another one for the vectors.
            Err(trouble @ (Trouble::Torn | Trouble::Bounds(_) | Trouble::Damaged(_) | Trouble::Io(_))) => {
                Err(trouble.in_array(&self.name))
            }
            Err(Trouble::Unsupported(..) | Trouble::Unclear(..)) => Ok(false),
        }
    }

    /// Checks that the array takes all of its member.
    fn check_length(&self, wanted: u64) -> Result<(), Trouble> {
        if self.said.bytes == wanted {
            return Ok(());
        }
        let what =
            format!("{} has {} bytes in the archive, but {wanted} as an array", self.name, self.said.bytes);
        Err(Trouble::Damaged(what))
    }
}

/// The vectors, and the keys if there is an array of them.
pub(super) fn open(file: &File, wanted: &Wanted) -> Result<(FlatFile, Option<KeyArray>), Trouble> {
    let members = members(file)?;
    let named = wanted.vector_arrays(|name| members.iter().any(|member| member.name == name));
    let vectors: Vec<&Member> = match named.as_slice() {
        [] => tables(file, members.iter())?,
        [name] => members.iter().filter(|member| member.name == *name).collect(),
        // An array of labels may also have the name of a vector field.
        named => tables(file, members.iter().filter(|member| named.contains(&member.name)))?,
    };
    let [member] = vectors.as_slice() else {
        let candidates = if vectors.is_empty() { members.iter().collect() } else { vectors };
        let names: Vec<_> = candidates.iter().map(|member| member.name.as_str()).collect();
        return Err(Trouble::Unclear(
            format!("the arrays {}, and it is not clear which one holds the vectors", names.join(", ")),
            "choose it with --vector".into(),
        ));
    };
    let mut bytes = member.bytes(file)?;
    let header = Header::read(&mut bytes).map_err(|trouble| member.named(trouble))?;
    let layout = header.vectors().map_err(|trouble| member.named(trouble))?;
    member.check_length(header.bytes())?;
    let keys = keys(file, &members, wanted)?;
    if let Some(keys) = keys.as_ref().filter(|keys| keys.rows() != layout.rows) {
        let what = format!("{} keys and {} vectors", keys.rows(), layout.rows);
        return Err(Trouble::Unclear(what, "write as many keys as vectors, in the same order".into()));
    }
    let is_read = |name: &str| {
        name == member.name
            || keys.as_ref().is_some_and(|keys| keys.name() == Some(name))
            || wanted.leaves_out(name)
    };
    let others: Vec<_> =
        members.iter().map(|other| other.name.as_str()).filter(|name| !is_read(name)).collect();
    Ok((FlatFile::new(bytes, layout, wanted.vector_name()).beside(&others), keys))
}

/// The arrays that may hold the vectors.
fn tables<'a>(file: &File, members: impl Iterator<Item = &'a Member>) -> Result<Vec<&'a Member>, Trouble> {
    let mut tables = Vec::new();
    for member in members {
        if member.is_table(file)? {
            tables.push(member);
        }
    }
    Ok(tables)
}

/// The array of keys, if the archive has one.
fn keys(file: &File, members: &[Member], wanted: &Wanted) -> Result<Option<KeyArray>, Trouble> {
    let names = wanted.key_arrays(|name| members.iter().any(|member| member.name == name));
    let name = match names.as_slice() {
        [] => return Ok(None),
        [name] => name,
        names => {
            let what =
                format!("the arrays {}, and it is not clear which one holds the keys", names.join(", "));
            return Err(Trouble::Unclear(what, "choose it with --key".into()));
        }
    };
    let Some(member) = members.iter().find(|member| member.name == *name) else { return Ok(None) };
    let mut keys = KeyArray::open(member.bytes(file)?, Some(name))?;
    member.check_length(keys.bytes())?;
    keys.check()?;
    Ok(Some(keys))
}

/// The arrays of an archive.
fn members(file: &File) -> Result<Vec<Member>, Trouble> {
    if file.metadata()?.len() == 0 {
        return Err(Trouble::Torn);
    }
    let damaged = |error: zip::result::ZipError| Trouble::Damaged(error.to_string());
    let mut archive = ZipArchive::new(file.try_clone()?).map_err(damaged)?;
    if archive.offset() > 0 {
        return Err(Trouble::Bounds(Bounds::Before { what: WHAT, at: archive.offset() }));
    }
    let directory = Directory::read(file, archive.central_directory_start())?;
    directory.check_end(file)?;
    if let Some(name) = directory.name_twice {
        let what = format!("two members named {name}");
        return Err(Trouble::Unclear(what, "write it again with each array once".into()));
    }
    let mut members = Vec::new();
    for number in 0..archive.len() {
        let entry = archive.by_index_raw(number).map_err(damaged)?;
        let name = entry.name().map_err(damaged)?.into_owned();
        let Some(name) = name.strip_suffix(".npy") else { continue };
        if entry.encrypted() {
            return Err(ENCRYPTED);
        }
        let is_deflated = match entry.compression() {
            CompressionMethod::Stored => false,
            method if method == CompressionMethod::DEFLATE => true,
            _ => return Err(PACKED),
        };
        let start = entry.data_start().ok_or_else(|| Trouble::Damaged("it has no data".to_owned()))?;
        let (length, bytes, checksum) = (entry.compressed_size(), entry.size(), entry.crc32());
        let said = Said { start, length, is_deflated, bytes, checksum };
        members.push(Member { name: name.to_owned(), said });
    }
    Ok(members)
}

/// The signature of an entry in an archive's directory, and the entry's size without the texts at its end.
const ENTRY: &[u8] = b"PK\x01\x02";
const ENTRY_BYTES: usize = 46;

/// The same of what follows the directory: a record and where it is, both only in large archives, and the end.
const LARGE_END: &[u8] = b"PK\x06\x06";
const LARGE_END_BYTES: usize = 12;
const LOCATOR: &[u8] = b"PK\x06\x07";
const LOCATOR_BYTES: usize = 20;
const END: &[u8] = b"PK\x05\x06";
const END_BYTES: usize = 22;

/// The directory of an archive.
struct Directory {
    /// A name that two members have: who looks a member up by its name sees only the last of them.
    name_twice: Option<String>,
    end: u64,
}

impl Directory {
    /// That which starts at `start`.
    fn read(file: &File, start: u64) -> Result<Self, Trouble> {
        let mut file = file.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = BufReader::new(file);
        let mut names = HashSet::new();
        let mut directory = Self { name_twice: None, end: start };
        let mut entry = [0; ENTRY_BYTES];
        while bytes.read_exact(&mut entry).is_ok() && entry.starts_with(ENTRY) {
            let length = |at| short(&entry, at);
            let mut texts = vec![0; length(28) + length(30) + length(32)];
            bytes.read_exact(&mut texts)?;
            directory.end += (ENTRY_BYTES + texts.len()) as u64;
            texts.truncate(length(28));
            if let Some(name) = names.replace(texts) {
                directory.name_twice.get_or_insert(String::from_utf8_lossy(&name).into_owned());
            }
        }
        Ok(directory)
    }

    /// Checks that the file ends with the archive.
    fn check_end(&self, file: &File) -> Result<(), Trouble> {
        let mut file = file.try_clone()?;
        let bytes = file.metadata()?.len();
        let mut at = self.end;
        for (mark, length) in [(LARGE_END, LARGE_END_BYTES), (LOCATOR, LOCATOR_BYTES), (END, END_BYTES)] {
            let mut record = Vec::new();
            file.seek(SeekFrom::Start(at))?;
            file.by_ref().take(END_BYTES as u64).read_to_end(&mut record)?;
            if record.starts_with(mark) {
                let large =
                    record.get(4..).and_then(<[u8]>::first_chunk).map_or(0, |size| u64::from_le_bytes(*size));
                let more = match mark {
                    LARGE_END => large,
                    END => short(&record, 20) as u64,
                    _ => 0,
                };
                at = at.saturating_add(length as u64).saturating_add(more);
            }
        }
        match bytes.checked_sub(at) {
            Some(0) => Ok(()),
            Some(bytes) => Err(Trouble::Bounds(Bounds::Trailing { what: WHAT, at, bytes })),
            None => Err(Trouble::Torn),
        }
    }
}

/// A number of two bytes.
fn short(bytes: &[u8], at: usize) -> usize {
    let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0, |bytes| usize::from(u16::from_le_bytes(*bytes)))
}
