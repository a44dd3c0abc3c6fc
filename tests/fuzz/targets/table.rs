//! Rows in any damage: each byte is in a record, a reject or a line end; a window of any size gives the same, and each row
//! is a place to go on from.
//!
//! The first byte is the window's size, the second the header and the format; the rest are rows.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ossvec::test_support::put::fuzzing::cut;
use ossvec::test_support::read::Format;

/// As much as all of a text.
const ALL: usize = 1 << 16;

const HEADERS: [&str; 4] =
    ["id,vector\n", "vector,text,id\r\n", "\u{feff}id,text,vector\n", "text,id,vector\r"];

fuzz_target!(|data: &[u8]| {
    let [size, kind, rows @ ..] = data else { return };
    let format = [Some(Format::Csv), None][usize::from(*kind / 4) % 2];
    let header = HEADERS[usize::from(*kind) % 4].as_bytes();
    let text = &[header, rows].concat();
    let whole = cut(text, ALL, format, None);
    // How much of a text is in another encoding is told by what the window has of it, and so is the delimiter.
    if format.is_some() && std::str::from_utf8(text).is_ok() {
        let parts = cut(text, 64 + usize::from(*size), format, None);
        assert_eq!(parts, whole, "a window of {} bytes", 64 + usize::from(*size));
    }
    if let Some(record) = whole.records.get(usize::from(*size) % whole.records.len().max(1)) {
        let rest = cut(text, ALL, format, Some(record.0));
        let from = whole.records.iter().position(|other| other.0 == record.0).unwrap();
        assert_eq!(rest.records, whole.records[from..], "continued at {:?}", record.0);
    }
    // A row that repeats the header is no record, in whatever case and quotes its names are.
    let letters_of = |text: &[u8]| -> Vec<u8> {
        text.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect()
    };
    let name = letters_of(header);
    if letters_of(rows).windows(name.len()).any(|part| part == name) {
        return;
    }
    // Between the start of a record and that of the next there is its text, and nothing else but line ends.
    let starts = whole.records.iter().map(|(position, _)| usize::try_from(position.offset).unwrap());
    let mut bounds: Vec<usize> = starts.collect();
    assert!(bounds.is_sorted());
    // At another header the file ends, and what is before it and not in order is not rejected: it is read again from there.
    if whole.failed.is_none() {
        bounds.push(text.len());
    }
    for (bounds, (_, record)) in bounds.windows(2).zip(&whole.records) {
        let letters = |text: &[u8]| text.iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
        assert_eq!(letters(record), letters(&text[bounds[0]..bounds[1]]), "{bounds:?}");
    }
    if whole.failed.is_none() && bounds[0] >= header.len() {
        let passed = &text[header.len()..bounds[0]];
        assert!(
            !passed.iter().any(u8::is_ascii_alphanumeric),
            "{:?} was passed over",
            passed.escape_ascii().to_string()
        );
    }
});
