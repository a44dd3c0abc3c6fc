use super::super::decompress::Tail;
use super::super::mark::shown;
use super::*;
use crate::record::quote::QuoteKind;

#[test]
fn what_is_wrong_at_a_place_is_told_with_it_and_a_word_of_its_own() {
    let (input, place) = (Input::Stdin, Position { offset: 7, line: 2, record: 1, ..Position::default() });
    let compression = "gzip";
    let trailing = Box::new(Trailing { at: 9, bytes: 1, start: 9, tail: Tail::Rubbish });
    for (error, code) in [
        (ReadError::LeftOut { input: input.clone(), place }, "left_out"),
        (
            ReadError::Trailing { input: input.clone(), compression, place, trailing, is_inner: false },
            "trailing",
        ),
        (ReadError::NotUtf8 { input, place, byte: 0xff, likely: None }, "format"),
    ] {
        assert_eq!((error.place(), error.code()), (Some(place), code));
    }
}

fn input() -> Input {
    Input::File("data/a.json".into())
}

fn place() -> Position {
    Position { offset: 70, line: 3, record: 2, ..Position::default() }
}

fn encoding(name: &str) -> Encoding {
    Encoding::named(name).unwrap().unwrap()
}

fn broken(text: &str) -> io::Error {
    io::Error::other(text)
}

/// Errors in opening or reading an input.
fn of_the_system() -> Vec<ReadError> {
    let directory = PathBuf::from("data");
    vec![
        ReadError::Open { input: input(), cause: broken("permission denied") },
        ReadError::DanglingLink { input: input(), target: "gone.json".into() },
        ReadError::EmptyDirectory { directory: directory.clone(), others: 0, patterns: Vec::new() },
        ReadError::EmptyDirectory { directory: directory.clone(), others: 2, patterns: Vec::new() },
        ReadError::EmptyDirectory { directory, others: 2, patterns: vec!["data/**/*.csv".into()] },
        ReadError::Io { input: Input::Stdin, place: place(), cause: broken("connection reset") },
    ]
}

/// Inputs that are something other than records.
fn of_the_format() -> Vec<ReadError> {
    let in_place_of_data = false;
    vec![
        ReadError::Unsupported { input: input(), format: "an ORC file", cure: "convert it" },
        ReadError::WithoutRecords {
            input: input(),
            what: "a PNG image",
            cure: "pass data",
            in_place_of_data,
        },
        ReadError::Shape { input: input(), shape: "a list of lists".into(), cure: "convert it".into() },
        ReadError::Misaligned {
            input: input(),
            misaligned: Box::new(Misaligned::Lengths([("ids".into(), 3), ("embeddings".into(), 1)])),
        },
        ReadError::Misaligned {
            input: input(),
            misaligned: Box::new(Misaligned::Labels(
                Position::of_row(0, 6),
                [("id".into(), "\"6\"".into()), ("t".into(), "\"7\"".into())],
            )),
        },
        ReadError::Misaligned {
            input: input(),
            misaligned: Box::new(Misaligned::header(place(), b" text,id,embedding\r\nx")),
        },
        ReadError::Misaligned {
            input: input(),
            misaligned: Box::new(Misaligned::Uncounted {
                place: place(),
                why: "the row has 1 cell; the header has 3".into(),
                option: "--key-template",
            }),
        },
        ReadError::NotUtf8 { input: input(), place: place(), byte: 0xc4, likely: None },
        ReadError::NotUtf8 { input: input(), place: place(), byte: 0xc4, likely: Some("GB18030") },
        ReadError::Undecodable {
            input: input(),
            place: place(),
            encoding: encoding("gbk"),
            sequence: Sequence::new(b"\x81"),
        },
        ReadError::Unmarked { input: input(), encoding: encoding("utf-16be") },
        ReadError::AlreadyUtf8 { input: input(), encoding: encoding("big5") },
        ReadError::Unrecognised { input: input() },
        ReadError::Binary { input: input() },
    ]
}

/// Errors at a place of an input.
fn of_the_structure() -> Vec<ReadError> {
    let torn = |tear| ReadError::Torn { input: input(), tear, place: place(), end: 99 };
    let trailing = |bytes, tail, is_inner| ReadError::Trailing {
        input: input(),
        compression: "gzip",
        place: place(),
        trailing: Box::new(Trailing { at: 99, bytes, start: 101, tail }),
        is_inner,
    };
    let bounds = |bounds| ReadError::Bounds { input: input(), bounds };
    let cause = broken("corrupt deflate stream");
    vec![
        torn(Tear::Value),
        torn(Tear::Array),
        torn(Tear::Object),
        torn(Tear::Compressed("zstd")),
        trailing(1, Tail::Rubbish, false),
        trailing(1_200, Tail::Text, false),
        trailing(1_200, Tail::Compressed("bzip2"), false),
        trailing(1_200, Tail::Known, true),
        bounds(Bounds::Torn("a Parquet file")),
        bounds(Bounds::Unmarked),
        bounds(Bounds::Trailing { what: "Arrow stream", at: 99, bytes: 1_200 }),
        bounds(Bounds::Before { what: "NPZ archive", at: 99 }),
        ReadError::Damaged { input: input(), place: place(), compression: "gzip", cause },
        ReadError::Malformed {
            input: input(),
            place: place(),
            expected: "a comma",
            found: shown(b"x", b'x'),
        },
        ReadError::LeftOut { input: input(), place: place() },
        ReadError::Repeated { input: input(), place: place() },
        ReadError::TooLarge { input: input(), place: place(), limit: 64 << 20 },
    ]
}

/// Errors of a table as a whole.
fn of_the_header() -> Vec<ReadError> {
    let trouble = QuoteTrouble { begun: 1, found: 1, kind: QuoteKind::Inside };
    let no_header =
        |columns: &str| ReadError::NoHeader { input: input(), cell: "0.5".into(), columns: columns.into() };
    vec![
        no_header("--key 1 --vector 2"),
        no_header("--key 2 --vector 1"),
        ReadError::HeaderQuote { input: input(), trouble },
        ReadError::Wide { input: input(), columns: 20_000 },
        ReadError::NoTable { input: input(), name: "id|vector".into() },
        ReadError::DuplicateColumn { input: input(), name: "id".into() },
        ReadError::LineEnds { input: input() },
    ]
}

/// Errors in continuing a load.
fn of_resuming() -> Vec<ReadError> {
    vec![
        ReadError::ResumeStdin,
        ReadError::ResumeBehindEnd { input: input(), place: place(), end: 50 },
        ReadError::ResumeMissingInput { wanted: 3, given: 2 },
    ]
}

/// The errors as a person reads them, each after its code.
fn listed(errors: &[ReadError]) -> String {
    let lines = |error: &ReadError| {
        let text = error.to_string().replace('\n', "\n    ");
        format!("{}: {text}\n", error.code())
    };
    errors.iter().map(lines).collect()
}

#[test]
fn every_error_of_what_an_input_is_says_what_to_do() {
    insta::assert_snapshot!(listed(&of_the_format()), @r#"
    format: data/a.json is an ORC file, which is not supported yet
        convert it
    format: data/a.json is a PNG image, not data
        pass data
    format: data/a.json contains a list of lists, which cannot be read record by record
        convert it
    format: data/a.json has columns of different lengths: 3 values in ids, but 1 in embeddings
        write the file again, with a value or null for every record in each of them
    format: data/a.json has columns that label row 7 differently: "6" in id, but "7" in t
        write the file again, with the same rows in every column
    format: data/a.json has columns that change at line 3, byte 70: another header is there, text,id,embedding
        split the file before that header, and load both files
    format: data/a.json has a broken row at line 3, byte 70, so that the rows after it cannot be counted for --key-template: the row has 1 cell; the header has 3
        fix that row
    format: data/a.json is not UTF-8: invalid byte 0xc4 at line 3, byte 70
        set its encoding with --encoding, such as gb18030, big5, shift_jis, euc-kr or windows-1252
    format: data/a.json is not UTF-8: invalid byte 0xc4 at line 3, byte 70; it looks like GB18030
        read it with --encoding gb18030, and check the text
    format: data/a.json is not GB18030: invalid byte 0x81 at line 3, byte 70 of the decoded text
        check its encoding and set it with --encoding, or repair the file
    format: data/a.json is UTF-16BE text without a byte-order mark
        read it with --encoding utf-16be
    format: data/a.json is UTF-8, not Big5
        remove --encoding big5, or load the files of each encoding apart
    format: cannot detect the format of data/a.json: it is neither JSON nor a table separated by commas, tabs or semicolons
        specify it with --format json, jsonl, csv or tsv
    format: data/a.json is binary data of an unknown format
        if it contains vectors only, specify it with --format float32 --dimension N, or --format fvecs, bvecs, fbin or u8bin; else convert it to JSON Lines
    "#);
}

#[test]
fn every_error_says_what_is_wrong_where_and_what_to_do() {
    insta::assert_snapshot!(listed(&of_the_system()), @"
    io: cannot open data/a.json: permission denied
        check the path and its permissions
    io: data/a.json is a link to gone.json, which does not exist
        fix the link or remove it
    format: no input in the directory data: there are no files in it
        put files into it, or check the path
    format: no input in the directory data: no file in it contains JSON or a table
        to load a file with any name, pass its path
    format: no input in the directory data: no file in it contains JSON or a table
        to load the files in the directories inside it, pass 'data/**/*.csv'
    io: cannot read (stdin) after line 3, byte 70: connection reset
    ");
    insta::assert_snapshot!(listed(&of_the_structure()), @r"
    torn: data/a.json ends inside a record: it is truncated at byte 99 and incomplete from line 3, byte 70 on
        create or download it again
    torn: data/a.json ends inside its array: it is truncated at byte 99 and incomplete from line 3, byte 70 on
        create or download it again
    torn: data/a.json ends inside the object around its records: it is truncated at byte 99 and incomplete from line 3, byte 70 on
        create or download it again
    torn: data/a.json ends inside its zstd data: it is truncated at byte 99 and incomplete from line 3, byte 70 on
        create or download it again
    trailing: the gzip data of data/a.json ends at byte 99, followed by 1 byte of other data
        everything before that has been read; remove the rest: head -c 99 INPUT > NEW-FILE
    trailing: the gzip data of data/a.json ends at byte 99, followed by 1,200 bytes of text
        everything before that has been read; split the file there (head -c 99 INPUT > FIRST; tail -c +102 INPUT > SECOND) and load both parts
    trailing: the gzip data of data/a.json ends at byte 99, followed by 1,200 bytes of bzip2 data
        everything before that has been read; split the file there (head -c 99 INPUT > FIRST; tail -c +102 INPUT > SECOND) and load both parts
    trailing: the compressed data inside the gzip data of data/a.json ends at byte 99, followed by 1,200 bytes of data of another format
        everything before that has been read; decompress the file once, and load what it contains
    torn: data/a.json is a Parquet file without its end: it is truncated, or still being written
        create or download it again
    torn: data/a.json ends without its end-of-stream marker: it is truncated, or its writer was not closed
        create it again; if nothing is missing, add the marker: printf '\377\377\377\377\0\0\0\0' >> INPUT
    trailing: data/a.json has 1,200 bytes of other data after its Arrow stream, which ends at byte 99
        split the file there, and load each part: head -c 99 INPUT > FIRST; tail -c +100 INPUT > SECOND
    trailing: data/a.json has another file before its NPZ archive, which begins at byte 99
        split the file there, and load each part: head -c 99 INPUT > FIRST; tail -c +100 INPUT > SECOND
    damaged: data/a.json is damaged: cannot decompress its gzip data after line 3, byte 70: corrupt deflate stream
        download or compress the file again
    malformed: data/a.json is malformed at line 3, byte 70: expected a comma, found 'x'
        fix it there, or use --format jsonl if each line is a record
    left_out: data/a.json contains more records at line 3, byte 70, outside the array that is read
        move them to a file of their own, or use JSON Lines
    left_out: data/a.json has a second member of the same name on the path to its records, at line 3, byte 70
        remove one of the two, or move each to a file of its own
    too_large: data/a.json contains a record of more than 67,108,864 bytes at line 3, byte 70
        check for a quote or a bracket that is never closed
    ");
    insta::assert_snapshot!(listed(&of_the_header()), @r"
    format: data/a.json has no header: its first row contains the value '0.5'
        add a first row with the names of the columns, such as key,vector, or use --no-header and the numbers of the columns: --key 1 --vector 2
    format: data/a.json has no header: its first row contains the value '0.5'
        add a first row with the names of the columns, such as key,vector, or use --no-header and the numbers of the columns: --key 2 --vector 1
    format: cannot read the header of data/a.json: the quoted cell that starts on line 1 has a stray quote there; double or remove it, or use --quote none if the file has no quoted cells
    format: the header of data/a.json has 20,000 columns; the maximum is 100,000
        set the delimiter with --delimiter, or write the numbers of a vector into one column
    format: data/a.json is not a table: its header is a single column, 'id|vector'
        set the delimiter with --delimiter, or the format with --format
    format: the header of data/a.json has two columns named 'id'
        rename one of them
    format: the lines of data/a.json end in a carriage return without a line feed
        convert them: tr '\r' '\n' < FILE > NEW-FILE
    ");
    insta::assert_snapshot!(listed(&of_resuming()), @"
    format: cannot resume in the middle of standard input
        save it to a file and load that, or start again without --resume
    format: cannot resume data/a.json at line 3, byte 70: it ends at byte 50, so it changed since it was read
        start again without --resume
    format: cannot resume in input 3: the number of inputs is 2
        pass the same inputs in the same order, or start again without --resume
    ");
}

#[test]
fn what_is_found_in_place_of_what_is_expected_is_shown_so_that_it_can_be_seen() {
    let shown = [&b"x"[..], b"\n", b"\xff", "\u{feff}{".as_bytes()].map(|text| shown(text, text[0]));
    insta::assert_snapshot!(shown.join("\n"), @r"
    'x'
    '\n'
    '\xff'
    U+FEFF, a byte-order mark inside the file
    ");
}
