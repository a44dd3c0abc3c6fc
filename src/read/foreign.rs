//! Recognises inputs without records in text by their first bytes, with their name and the cure.

use super::mark::mark_length;
use super::unfit::Unfit;
use super::value::skip_blanks;
use super::word_vectors;
use crate::encoding::{self, Encoding};

const JSON_LINES_CURE: &str =
    "convert it to JSON Lines first, with lines like {\"key\":\"…\",\"data\":{\"float32\":[…]}}";
const UNPACK_CURE: &str =
    "decompress it first, or use gzip, zstd, bzip2, xz or LZ4, which ossvec reads directly";
const EXTRACT_CURE: &str = "extract it first and load the files in it";
const ARCHIVE_CURE: &str = "extract it first and load the files in it: tar -xf INPUT";
const UTF32_CURE: &str = "convert it to UTF-8 first: iconv -f UTF-32 -t UTF-8 INPUT > OUTPUT";
const EXPORT_CURE: &str = "export its records to JSON Lines or CSV first";
const DOCUMENT_CURE: &str = "it contains no records; pass the file with the vectors";
const DOWNLOAD_CURE: &str =
    "an error or login page was saved instead of the data: check the link and download it again";
const WORDS_CURE: &str = r#"convert it to JSON Lines: python3 -c 'import json,struct,sys; f=open(0,"rb"); n,d=map(int,f.readline().split()); c=lambda:f.read(1)or sys.exit("truncated"); [print(json.dumps({"id":b"".join(iter(c,b" ")).strip(b"\n").decode("utf-8","backslashreplace"),"vector":struct.unpack("<%df"%d,f.read(4*d))})) for _ in range(n)]' < INPUT > OUTPUT"#;
const LFS_CURE: &str = "the data was not downloaded: run git lfs pull";

/// Formats that are recognised but not supported: the first bytes, the name, the cure.
const UNSUPPORTED: &[(&[u8], &str, &str)] = &[
    (
        b"FEA1",
        "a Feather file of version 1",
        "write it again as version 2, which is pandas' default, or as Parquet",
    ),
    (b"Obj\x01", "an Avro file", JSON_LINES_CURE),
    (b"ORC", "an ORC file", JSON_LINES_CURE),
    (b"\x89HDF\r\n", "an HDF5 file", JSON_LINES_CURE),
    (b"\x80\x04\x95", "a Python pickle", JSON_LINES_CURE),
    (b"SQLite format 3\0", "a SQLite database", EXPORT_CURE),
    (
        b"PGCOPY\n",
        "a PostgreSQL binary copy",
        "export it from PostgreSQL as CSV: COPY … TO … (FORMAT csv, HEADER)",
    ),
    (b"PGDMP", "a PostgreSQL dump", "export it from PostgreSQL as CSV: COPY … TO … (FORMAT csv, HEADER)"),
    (b"\x02\x21\x4c\x18", "an LZ4 file in the legacy format", UNPACK_CURE),
    (b"\x5d\0\0", "an LZMA file", UNPACK_CURE),
    (b"LZIP\x01", "an lzip file", UNPACK_CURE),
    (b"\x1f\x9d", "a file of the program compress", UNPACK_CURE),
    (b"\xff\x06\x00\x00sNaPpY", "a Snappy file", UNPACK_CURE),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", EXTRACT_CURE),
    (b"Rar!\x1a\x07", "a RAR archive", EXTRACT_CURE),
    (b"\x1f\x8b", "text that was compressed more than twice", UNPACK_CURE),
    (b"\x28\xb5\x2f\xfd", "text that was compressed more than twice", UNPACK_CURE),
    (b"\xfd7zXZ\x00", "text that was compressed more than twice", UNPACK_CURE),
    (b"\x04\x22\x4d\x18", "text that was compressed more than twice", UNPACK_CURE),
    (b"BZh91AY&SY", "text that was compressed more than twice", UNPACK_CURE),
    (b"\xff\xfe\0\0", "UTF-32 text", UTF32_CURE),
    (b"\0\0\xfe\xff", "UTF-32 text", UTF32_CURE),
];

/// Files without records: the first bytes, the name, the cure.
const WITHOUT_RECORDS: &[(&[u8], &str, &str)] = &[
    (b"version https://git-lfs.github.com/spec/", "a Git LFS pointer", LFS_CURE),
    (b"%PDF-", "a PDF document", DOCUMENT_CURE),
    (b"\x89PNG\r\n", "a PNG image", DOCUMENT_CURE),
    (b"\xff\xd8\xff", "a JPEG image", DOCUMENT_CURE),
    (b"GIF8", "a GIF image", DOCUMENT_CURE),
    (b"\x7fELF", "a program", DOCUMENT_CURE),
];

/// How a web page begins.
const PAGES: [&[u8]; 5] = [b"<!doctype html", b"<html", b"<head", b"<body", b"<script"];

/// An error if `head` begins something that cannot be read; otherwise whether more of it is needed to decide.
pub(crate) fn foreign(head: &[u8], whole: bool) -> Result<Told, Unfit> {
    let found = |table: &[(&[u8], &'static str, &'static str)]| {
        table.iter().find(|(magic, ..)| head.starts_with(magic)).map(|&(_, name, cure)| (name, cure))
    };
    if let Some((format, cure)) = found(UNSUPPORTED).or_else(|| zip(head)) {
        return Err(Unfit::Unsupported { format, cure });
    }
    if word_vectors::is_binary(head) {
        return Err(Unfit::Unsupported { format: "a word2vec file in binary form", cure: WORDS_CURE });
    }
    if let Some(unfit) = wide(head) {
        return Err(unfit);
    }
    if let Some((what, cure)) = found(WITHOUT_RECORDS).or_else(|| markup(head)) {
        return Err(Unfit::WithoutRecords { what, cure, in_place_of_data: cure != DOCUMENT_CURE });
    }
    match head.get(TAR_MAGIC_AT..TAR_MAGIC_AT + TAR_MAGIC.len()) {
        Some(TAR_MAGIC) => Err(Unfit::Unsupported { format: "a tar archive", cure: ARCHIVE_CURE }),
        // A file name in an archive ends in zeros, which text never contains.
        None if !whole && head.contains(&0) => Ok(Told::NotYet),
        _ => Ok(Told::Text),
    }
}

/// Whether an input may be text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Text,
    /// More of it is needed to decide.
    NotYet,
}

const TAR_MAGIC_AT: usize = 257;
const TAR_MAGIC: &[u8] = b"ustar";

/// The kind of a ZIP file, by its first entry.
fn zip(head: &[u8]) -> Option<(&'static str, &'static str)> {
    const NAME_AT: usize = 30;
    if ![&b"PK\x03\x04"[..], b"PK\x05\x06", b"PK\x07\x08"].iter().any(|magic| head.starts_with(magic)) {
        return None;
    }
    let length = |at: usize| head.get(at).map_or(0, |byte| usize::from(*byte));
    let name = head.get(NAME_AT..NAME_AT + length(26)).unwrap_or_default();
    Some(if name.ends_with(b".npy") {
        ("a NumPy NPZ archive", JSON_LINES_CURE)
    } else if name == b"[Content_Types].xml" || name.starts_with(b"xl/") {
        ("an Excel workbook or another Office file", "save it as CSV UTF-8 first")
    } else {
        ("a ZIP archive", EXTRACT_CURE)
    })
}

/// Text with two or four bytes per character, without a byte-order mark.
fn wide(head: &[u8]) -> Option<Unfit> {
    let cure = match encoding::wide(head)? {
        "UTF-32LE" => "convert it to UTF-8 first: iconv -f UTF-32LE -t UTF-8 INPUT > OUTPUT",
        "UTF-32BE" => "convert it to UTF-8 first: iconv -f UTF-32BE -t UTF-8 INPUT > OUTPUT",
        narrower => return Encoding::named(narrower).ok().flatten().map(Unfit::Unmarked),
    };
    Some(Unfit::Unsupported { format: "UTF-32 text without a byte-order mark", cure })
}

/// HTML, and XML, the format of storage service errors.
fn markup(head: &[u8]) -> Option<(&'static str, &'static str)> {
    const LOOKED_AT: usize = 1024;
    let text = head.get(skip_blanks(head, mark_length(head))..)?;
    let begins = |text: &[u8], with: &[u8]| {
        text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    if PAGES.iter().any(|page| begins(text, page)) {
        return Some(("an HTML page", DOWNLOAD_CURE));
    }
    if !begins(text, b"<?xml") {
        return None;
    }
    let text = text.get(..LOOKED_AT).unwrap_or(text);
    let holds = |tag: &[u8]| text.windows(tag.len()).any(|window| window.eq_ignore_ascii_case(tag));
    Some(if holds(b"<html") {
        ("an HTML page", DOWNLOAD_CURE)
    } else if holds(b"<Error>") {
        ("an XML error response of a service", DOWNLOAD_CURE)
    } else {
        ("an XML file", JSON_LINES_CURE)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(head: &[u8]) -> Option<(&'static str, &'static str)> {
        match foreign(head, true) {
            Err(Unfit::Unsupported { format, cure }) => Some((format, cure)),
            Err(Unfit::WithoutRecords { what, cure, .. }) => Some((what, cure)),
            _ => None,
        }
    }

    #[test]
    fn what_is_known_by_its_first_bytes_is_told_by_name() {
        for &(magic, what, cure) in UNSUPPORTED.iter().chain(WITHOUT_RECORDS) {
            assert_eq!(name(&[magic, b"rest"].concat()), Some((what, cure)));
        }
        let zip = |entry: &[u8]| {
            let mut head = b"PK\x03\x04".to_vec();
            head.resize(30, 0);
            head[26] = u8::try_from(entry.len()).unwrap();
            [head.as_slice(), entry, b"data"].concat()
        };
        assert_eq!(name(&zip(b"a.jsonl")).unwrap().0, "a ZIP archive");
        assert_eq!(name(&zip(b"ids.npy")).unwrap().0, "a NumPy NPZ archive");
        assert_eq!(name(&zip(b"[Content_Types].xml")).unwrap().0, "an Excel workbook or another Office file");
        let mut tar = b"v.jsonl".to_vec();
        tar.resize(512, 0);
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(name(&tar), Some(("a tar archive", ARCHIVE_CURE)));
        for length in 8..262 {
            assert_eq!(foreign(&tar[..length], false), Ok(Told::NotYet), "{length}");
        }
    }

    #[test]
    fn pages_and_answers_in_place_of_data_are_told_by_name() {
        for (text, what) in [
            ("\u{feff}\n<!DOCTYPE HTML><html>", "an HTML page"),
            ("<HTML><body>", "an HTML page"),
            ("<?xml version=\"1.0\"?>\n<!DOCTYPE html>\n<html xmlns=\"x\">", "an HTML page"),
            (
                "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code></Error>",
                "an XML error response of a service",
            ),
            ("<?xml version=\"1.0\"?><a/>", "an XML file"),
        ] {
            assert_eq!(name(text.as_bytes()).map(|(name, _)| name), Some(what), "{text}");
        }
    }

    #[test]
    fn each_kind_has_its_name_and_its_cure() {
        let names = UNSUPPORTED.iter().chain(WITHOUT_RECORDS).map(|(_, name, cure)| (*name, *cure));
        let by_content = [
            zip(b"PK\x03\x04"),
            zip(&[&b"PK\x03\x04"[..], &[0; 22], b"\x05\0\0\0a.npy"].concat()),
            zip(&[&b"PK\x03\x04"[..], &[0; 22], b"\x03\0\0\0xl/"].concat()),
            name(b"a\0\0\0b\0\0\0c\0\0\0d\0\0\0"),
            name(b"\0\0\0a\0\0\0b\0\0\0c\0\0\0d"),
            markup(b"<html>"),
            markup(b"<?xml?><Error>"),
            markup(b"<?xml?>"),
        ];
        let all = names.chain(by_content.map(Option::unwrap));
        let lines: Vec<_> = all.map(|(name, cure)| format!("{name}: {cure}\n")).collect();
        insta::assert_snapshot!(lines.concat(), @r#"
        a Feather file of version 1: write it again as version 2, which is pandas' default, or as Parquet
        an Avro file: convert it to JSON Lines first, with lines like {"key":"…","data":{"float32":[…]}}
        an ORC file: convert it to JSON Lines first, with lines like {"key":"…","data":{"float32":[…]}}
        an HDF5 file: convert it to JSON Lines first, with lines like {"key":"…","data":{"float32":[…]}}
        a Python pickle: convert it to JSON Lines first, with lines like {"key":"…","data":{"float32":[…]}}
        a SQLite database: export its records to JSON Lines or CSV first
        a PostgreSQL binary copy: export it from PostgreSQL as CSV: COPY … TO … (FORMAT csv, HEADER)
        a PostgreSQL dump: export it from PostgreSQL as CSV: COPY … TO … (FORMAT csv, HEADER)
        an LZ4 file in the legacy format: decompress it first, or use gzip, zstd, bzip2, xz or LZ4, which ossvec reads directly
        an LZMA file: decompress it first, or use gzip, zstd, bzip2, xz or LZ4, which ossvec reads directly
        an lzip file: decompress it first, or use gzip, zstd, bzip2, xz or LZ4, which ossvec reads directly
        a file of the program compress: decompress it first, or use gzip, zstd, bzip2, xz or LZ4, which ossvec reads directly
        a Snappy file: decompress it first, or use gzip, zstd, bzip2, xz or LZ4, which ossvec reads directly
        a 7z archive: extract it first and load the files in it
        a RAR archive: extract it first and load the files in it
        text that was compressed more than twice: decompress it first, or use gzip, zstd, bzip2, xz or LZ4, which ossvec reads directly
        text that was compressed more than twice: decompress it first, or use gzip, zstd, bzip2, xz or LZ4, which ossvec reads directly
        text that was compressed more than twice: decompress it first, or use gzip, zstd, bzip2, xz or LZ4, which ossvec reads directly
        text that was compressed more than twice: decompress it first, or use gzip, zstd, bzip2, xz or LZ4, which ossvec reads directly
        text that was compressed more than twice: decompress it first, or use gzip, zstd, bzip2, xz or LZ4, which ossvec reads directly
        UTF-32 text: convert it to UTF-8 first: iconv -f UTF-32 -t UTF-8 INPUT > OUTPUT
        UTF-32 text: convert it to UTF-8 first: iconv -f UTF-32 -t UTF-8 INPUT > OUTPUT
        a Git LFS pointer: the data was not downloaded: run git lfs pull
        a PDF document: it contains no records; pass the file with the vectors
        a PNG image: it contains no records; pass the file with the vectors
        a JPEG image: it contains no records; pass the file with the vectors
        a GIF image: it contains no records; pass the file with the vectors
        a program: it contains no records; pass the file with the vectors
        a ZIP archive: extract it first and load the files in it
        a NumPy NPZ archive: convert it to JSON Lines first, with lines like {"key":"…","data":{"float32":[…]}}
        an Excel workbook or another Office file: save it as CSV UTF-8 first
        UTF-32 text without a byte-order mark: convert it to UTF-8 first: iconv -f UTF-32LE -t UTF-8 INPUT > OUTPUT
        UTF-32 text without a byte-order mark: convert it to UTF-8 first: iconv -f UTF-32BE -t UTF-8 INPUT > OUTPUT
        an HTML page: an error or login page was saved instead of the data: check the link and download it again
        an XML error response of a service: an error or login page was saved instead of the data: check the link and download it again
        an XML file: convert it to JSON Lines first, with lines like {"key":"…","data":{"float32":[…]}}
        "#);
    }

    #[test]
    fn wide_text_without_a_mark_is_told_with_its_encoding() {
        for (head, wanted) in [(&b"a\0b\0c\0d\0"[..], "utf-16le"), (b"\0a\0b\0c\0d", "utf-16be")] {
            let Err(Unfit::Unmarked(encoding)) = foreign(head, true) else { panic!("{wanted}") };
            assert_eq!(encoding.to_string(), wanted);
        }
    }

    #[test]
    fn text_is_text() {
        for text in ["", "key,vector\n", "{}\n", "<5,vector\n", "version,vector\n", "P*M", "文本,vector\n"]
        {
            assert_eq!(foreign(text.as_bytes(), true), Ok(Told::Text), "{text}");
        }
    }
}
