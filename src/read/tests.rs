//! The whole step: bytes in, blocks out, at any buffer size and from any place.

use std::fs;
use std::io::Write;

use proptest::prelude::*;

use super::cut::RECORDS_AT_MOST;
use super::open_input::OpenInput;
use super::preflight::beginning;
use super::sizes::Sizes;
use super::tear::Tear;
use super::testing::{inline, read, text_of, texts};
use super::*;
use crate::record::{Block, Input, Position, Span};
use crate::testing::{Directory, gzip};

/// A file, which unlike text on the command line may be a table; it lasts as long as its directory.
fn file(content: impl AsRef<[u8]>) -> (Directory, Input) {
    let directory = Directory::new();
    let input = Input::File(directory.write("input", content.as_ref()));
    (directory, input)
}

fn read_texts(content: &str) -> Vec<String> {
    let (_directory, input) = file(content);
    let (found, _, error) = read(&input, Sizes::USUAL, None);
    assert!(error.is_none(), "{content:?}: {error:?}");
    found.into_iter().map(|(text, _)| text).collect()
}

fn read_error(input: &Input) -> (usize, String) {
    let (found, _, error) = read(input, Sizes { block: 8, record: 400 }, None);
    (found.len(), error.map(|error| error.to_string()).unwrap_or_default())
}

#[test]
fn blocks_may_travel_to_another_thread() {
    fn travels<T: Send + 'static>() {}
    travels::<Blocks>();
}

#[test]
fn the_same_records_are_read_from_every_shape() {
    let shapes = [
        "{\"a\":1}\n{\"b\":[2]}\n",
        "{\"a\":1}\r\n\r\n{\"b\":[2]}",
        "\u{feff}{\"a\":1}\n{\"b\":[2]}\n",
        "[{\"a\":1},{\"b\":[2]}]",
        "\u{feff}\n[\n  {\"a\":1},\n  {\"b\":[2]}\n]\n",
        "[{\"a\":1}]\n[{\"b\":[2]}]\n",
        "{\"a\":1}{\"b\":[2]}",
        "{\"indexName\":\"i\",\"vectors\":[{\"a\":1},{\"b\":[2]}]}",
        "{\"vectors\":[{\"a\":1}],\"nextToken\":\"x\"}{\"vectors\":[{\"b\":[2]}]}\n",
    ];
    for shape in shapes {
        assert_eq!(read_texts(shape), ["{\"a\":1}", "{\"b\":[2]}"], "{shape:?}");
    }
    assert_eq!(
        read_texts("key,v\r\na,\"[1,2]\"\r\nb,\"x\r\n\"\"y\"\"\""),
        ["a\u{1f}[1,2]", "b\u{1f}x\r\n\"y\""]
    );
    assert_eq!(read_texts("{\n \"a\": 1\n}\n{\n \"b\": 2\n}\n"), ["{\n \"a\": 1\n}", "{\n \"b\": 2\n}"]);
}

#[test]
fn a_block_of_the_shortest_records_has_not_more_of_them_than_memory_allows() {
    let many = RECORDS_AT_MOST * 3 + 5;
    for (format, content) in [
        (Format::Jsonl, "1\n".repeat(many)),
        (Format::Json, format!("[{}]", "[],".repeat(many))),
        (Format::Csv, "v,k\n".to_owned() + &"\"1\",\r\n".repeat(many)),
    ] {
        let (_directory, input) = file(content);
        let form = Form { format: Some(format), ..Form::default() };
        let blocks = Blocks::new(&[input], &form, None, Sizes::USUAL).unwrap();
        let blocks: Vec<_> = blocks.map(Result::unwrap).collect();
        let counts: Vec<_> = blocks.iter().map(|block| block.records.len()).collect();
        assert_eq!(counts, [RECORDS_AT_MOST, RECORDS_AT_MOST, RECORDS_AT_MOST, 5], "{format}");
        let last = blocks.last().unwrap().records.last().unwrap().position;
        assert_eq!(last.record + 1, many as u64);
        let lines = match format {
            Format::Json => 1,
            Format::Jsonl => last.record + 1,
            _ => last.record + 2,
        };
        assert_eq!(last.line, lines);
    }
}

#[test]
fn text_that_is_left_for_the_next_block_does_not_let_the_window_grow() {
    let input = inline("1\n".repeat(1 << 20));
    let mut reading = OpenInput::open(input, 0, Sizes::USUAL).unwrap();
    reading.start(&Form { format: Some(Format::Jsonl), ..Form::default() }, None).unwrap();
    while let Some(block) = reading.next_block().unwrap() {
        assert!(block.records.len() <= RECORDS_AT_MOST);
        assert!(reading.window.text().len() <= Sizes::USUAL.block);
    }
}

/// Reading everything before the place would read a sparse tebibyte and not end.
#[cfg(unix)]
#[test]
fn a_plain_file_is_continued_without_reading_what_stands_before() {
    use std::io::{Seek, SeekFrom};

    let directory = Directory::new();
    let path = directory.write("sparse.jsonl", b"{\"key\":\"a\"}\n");
    let place = 1 << 40;
    let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(place)).unwrap();
    file.write_all(b"{\"key\":\"b\"}\n{\"key\":\"c\"}\n").unwrap();
    let from = Position { input: 0, offset: place, line: 7, record: 6, ..Position::default() };
    let (found, _, error) = read(&Input::File(path), Sizes::USUAL, Some(from));
    assert!(error.is_none(), "{error:?}");
    assert_eq!(texts(&found), ["{\"key\":\"b\"}", "{\"key\":\"c\"}"]);
    assert_eq!(found[0].1, from);
}

#[test]
fn an_input_without_records_is_fine() {
    for content in ["", "\n \n", "\u{feff}", "[]", "{\"vectors\":[]}", "key,vector\n", "key,vector"] {
        assert!(read_texts(content).is_empty(), "{content:?}");
    }
    assert!(read(&inline(gzip(b"")), Sizes::USUAL, None).0.is_empty());
}

#[test]
fn places_name_the_first_byte_its_line_and_the_number_of_the_record() {
    let cases = [
        ("\n{\"a\":1}\r\n\r\n {\"b\":2}", vec![(1, 2), (13, 4)]),
        ("[\n{\"a\":\n1} ,\n\n{\"b\":2}]", vec![(2, 2), (14, 5)]),
        ("\u{feff}k,v\r\n\r\na,\"x\ny\"\r\nb,z", vec![(10, 3), (19, 5)]),
    ];
    for (content, places) in cases {
        let (_directory, input) = file(content);
        let (found, ..) = read(&input, Sizes::USUAL, None);
        let expected: Vec<Position> = (0..)
            .zip(places)
            .map(|(record, (offset, line))| Position { offset, line, record, ..Position::default() })
            .collect();
        let positions: Vec<Position> = found.iter().map(|(_, position)| *position).collect();
        assert_eq!(positions, expected, "{content:?}");
    }
}

#[test]
fn compressed_input_is_told_by_its_content_also_packed_twice_but_not_more() {
    let text = b"{\"a\":1}\n{\"b\":2}\n";
    for packed in [gzip(text), zstd::encode_all(&text[..], 1).unwrap(), gzip(&gzip(text))] {
        let (found, ..) = read(&inline(packed), Sizes { block: 1, record: 1000 }, None);
        assert_eq!(texts(&found), ["{\"a\":1}", "{\"b\":2}"]);
    }
    let (records, error) = read_error(&inline(gzip(&gzip(&gzip(text)))));
    assert_eq!((records, error.contains("compressed more than twice")), (0, true), "{error}");
}

#[test]
fn torn_input_gives_what_is_before_the_cut_and_says_where_it_is() {
    let cases = [
        (
            "[{\"a\":1},{\"b\":",
            1,
            "(--vectors) ends inside a record: it is truncated at byte 14 and incomplete from line 1, byte 9 on",
        ),
        (
            "[{\"a\":1},\n",
            1,
            "(--vectors) ends inside its array: it is truncated at byte 10 and incomplete from line 2, byte 10 on",
        ),
        (
            "{\"rows\":[{}], \"n\":",
            1,
            "(--vectors) ends inside the object around its records: it is truncated at byte 18 and incomplete from line 1, byte 12 on",
        ),
        (
            "{\n}\n{\n \"a\":",
            1,
            "(--vectors) ends inside a record: it is truncated at byte 11 and incomplete from line 3, byte 4 on",
        ),
    ];
    for (content, records, message) in cases {
        let told = read_error(&inline(content));
        let wanted = format!("{message}\ncreate or download it again");
        assert_eq!(told, (records, wanted), "{content:?}");
    }
}

#[test]
fn cut_compressed_data_gives_the_records_before_the_cut_and_no_part_of_one() {
    let line = |number: u64| {
        format!("{{\"key\":\"{number}\",\"x\":{}}}\n", number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    };
    let text: String = (0..2000).map(line).collect();
    for packed in [gzip(text.as_bytes()), zstd::encode_all(text.as_bytes(), 1).unwrap()] {
        let cut = packed[..packed.len() / 2].to_vec();
        let length = cut.len() as u64;
        let (found, ends, error) = read(&inline(cut), Sizes::USUAL, None);
        let expected: Vec<String> =
            (0..found.len() as u64).map(|number| line(number).trim_end().to_owned()).collect();
        assert_eq!(texts(&found), expected);
        let Some(ReadError::Torn { tear: Tear::Compressed(_), place, end, .. }) = error else {
            panic!("{error:?}");
        };
        assert_eq!((ends.last().copied().unwrap_or_default().offset, length), (place.offset, end));
    }
}

#[test]
fn compressed_data_cut_before_its_format_shows_is_torn_and_not_unrecognised() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(b"key\tvector\na\t[1]\n").unwrap();
    let packed = encoder.finish().unwrap();
    for length in 2..packed.len() {
        let (_, _, error) = read(&inline(&packed[..length]), Sizes::USUAL, None);
        assert!(matches!(error, Some(ReadError::Torn { .. })), "{length}: {error:?}");
    }
}

#[test]
fn damaged_compressed_data_is_no_torn_input() {
    let mut packed = gzip("{\"a\":1}\n".repeat(100).as_bytes());
    let checksum = packed.len() - 8;
    packed[checksum] ^= 1;
    let (_, error) = read_error(&inline(packed));
    assert!(
        error.starts_with("(--vectors) is damaged: cannot decompress its gzip data after line"),
        "{error}"
    );
}

#[test]
fn broken_structure_is_told_with_its_place() {
    let (records, error) = read_error(&inline("[{\"a\":1},\n {\"b\":2} {\"c\":3}]"));
    assert_eq!(records, 2);
    assert_eq!(
        error,
        "(--vectors) is malformed at line 2, byte 19: expected a comma or the end of the array, found '{'\n\
         fix it there, or use --format jsonl if each line is a record"
    );
}

#[test]
fn a_record_beyond_the_limit_is_told_with_its_place() {
    let long = "x".repeat(1000);
    for content in [
        format!("{{}}\n{{\"a\":\"{long}\"}}\n"),
        format!("[{{}},{{\"a\":\"{long}\"}}]"),
        format!("a,b\n1,2\n3,\"{long}"),
    ] {
        let (_directory, input) = file(content);
        let (records, error) = read_error(&input);
        assert_eq!((records, error.contains("more than 400 bytes at line")), (1, true), "{error}");
    }
}

#[test]
fn headers_that_cannot_be_used_are_told() {
    for (content, said) in [
        ("a,\"[0.1]\"\nb,\"[0.2]\"\n", "INPUT has no header: its first row contains the value '[0.1]'\n"),
        (
            "x,y,\"[0.1]\"\n",
            "INPUT has no header: its first row contains the value '[0.1]'\nadd a first row with the names of the columns, such as key,vector, or use --no-header and the numbers of the columns: --key 1 --vector 3",
        ),
        ("id,v,id\n1,2,3\n", "the header of INPUT has two columns named 'id'\nrename one of them"),
        (
            "id,vector,\"note\na,[1 2],x\nb,[3 4],y\"\n",
            "cannot read the header of INPUT: the quoted cell from line 1 to line 3 contains",
        ),
    ] {
        let (_directory, input) = file(content);
        let (records, error) = read_error(&input);
        assert_eq!(
            (records, error.starts_with(&said.replace("INPUT", &input.to_string()))),
            (0, true),
            "{error}"
        );
    }
}

#[test]
fn several_inputs_are_read_in_order_and_counted_before_decompression() {
    let directory = Directory::new();
    let packed = gzip(b"{\"a\":1}\n{\"a\":2}\n");
    let inputs = [
        Input::File(directory.write("a.csv", b"k,v\na,1\nb,2\n")),
        Input::File(directory.write("b.jsonl", &packed)),
        inline("[{}]"),
    ];
    let form = Form::default();
    let total = total_bytes(&inputs).unwrap();
    assert_eq!(total, 12 + packed.len() as u64 + 4);
    let blocks: Vec<Block> = open(&inputs, &form, None).unwrap().map(Result::unwrap).collect();
    let bytes: Vec<_> = blocks.iter().map(|block| block.bytes.clone()).collect();
    let packed_end = 12 + packed.len() as u64;
    // After the last record comes the bracket that closes the array.
    assert_eq!(bytes, [0..12, 12..packed_end, packed_end..total - 1]);
    let from = blocks[1].records[1].position;
    assert_eq!((from.input, from.offset, from.line, from.record), (1, 8, 2, 1));
    let rest: Vec<Block> = open(&inputs, &form, Some(from)).unwrap().map(Result::unwrap).collect();
    let found: Vec<String> =
        rest.iter().flat_map(|block| &block.records).map(|record| text_of(&record.raw)).collect();
    assert_eq!(found, ["{\"a\":2}", "{}"]);
    // Half of the compressed file's text comes before it.
    assert_eq!(rest[0].bytes, 12 + packed.len() as u64 / 2..packed_end);
    assert_eq!(rest.last().map(|block| block.bytes.end), Some(total - 1));
    assert_eq!(total_bytes(&[Input::Stdin]), None);
}

#[test]
fn inputs_that_are_passed_over_whole_are_counted_apart_from_blocks() {
    let directory = Directory::new();
    let texts = ["{\"a\":1}\n", "{\"b\":1}\n{\"b\":2}\n", "{\"c\":1}\n"];
    let inputs: Vec<_> = (0..)
        .zip(texts)
        .map(|(name, text): (u32, _)| Input::File(directory.write(&name.to_string(), text)))
        .collect();
    let start = |input| Position { input, line: 1, ..Position::default() };
    for (settled, passed, wanted) in [
        (vec![], 0, vec![0..8, 8..24, 24..32]),
        (vec![Span { start: start(1), end: start(2) }], 16, vec![0..8, 8..16]),
        (vec![Span { start: start(0), end: start(1) }, Span { start: start(1), end: start(3) }], 32, vec![]),
    ] {
        let blocks = open(&inputs, &Form::default(), None).unwrap().passing_over(settled);
        assert_eq!(blocks.bytes_passed_over(), passed);
        let bytes: Vec<_> = blocks.map(|block| block.unwrap().bytes).collect();
        assert_eq!(bytes, wanted);
    }
}

#[test]
fn what_cannot_be_continued_is_told_before_anything_is_read() {
    let form = Form::default();
    let place = |input, offset| Some(Position { input, offset, line: 2, record: 1, ..Position::default() });
    assert!(matches!(open(&[Input::Stdin], &form, place(0, 3)), Err(ReadError::ResumeStdin)));
    assert!(matches!(
        open(&[inline("{}")], &form, place(2, 0)),
        Err(ReadError::ResumeMissingInput { wanted: 3, given: 1 })
    ));
    let directory = Directory::new();
    for input in [Input::File(directory.write("a.json", b"{}\n")), inline("{}\n")] {
        let (_, _, error) = read(&input, Sizes::USUAL, place(0, 4));
        assert!(matches!(error, Some(ReadError::ResumeBehindEnd { end: 3, .. })), "{error:?}");
    }
}

/// Reads several inputs: the records, the inputs that failed, and those without records.
fn read_all(blocks: Blocks) -> (Vec<String>, Vec<FailedInput>, Vec<u32>) {
    let empty = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let told = std::sync::Arc::clone(&empty);
    let (mut found, mut failed) = (Vec::new(), Vec::new());
    for block in blocks.when_empty(move |input| told.lock().unwrap().push(input)) {
        match block {
            Ok(block) => found.extend(block.records.iter().map(|record| text_of(&record.raw))),
            Err(error) => failed.push(*error),
        }
    }
    let empty = empty.lock().unwrap().clone();
    (found, failed, empty)
}

#[test]
fn an_input_that_fails_ends_alone_and_one_without_a_record_is_told() {
    let missing = Input::File("no/such/file.json".into());
    let inputs =
        [inline("[1,"), inline(""), missing, inline("[{\"a\":1},"), inline("[]"), inline("{\"b\":2}")];
    let (found, failed, empty) = read_all(open(&inputs, &Form::default(), None).unwrap());
    assert_eq!(found, ["[1,", "{\"a\":1}", "{\"b\":2}"]);
    let places: Vec<_> = failed.iter().map(|failed| (failed.at.input, failed.at.record)).collect();
    assert_eq!(places, [(2, 0), (3, 1)]);
    assert!(failed[0].to_string().starts_with("cannot open no/such/file.json: "), "{}", failed[0]);
    assert_eq!(empty, [1, 4]);
}

#[test]
fn what_is_settled_at_the_start_of_an_input_is_not_read_and_what_is_settled_whole_not_opened() {
    let [(_one, first), (_three, third)] =
        ["one", "three"].map(|word| file(format!("key,word\na,{word}\nb,{word}\n")));
    let missing = Input::File("no/such/file.json".into());
    let inputs = [first, missing, third];
    let place =
        |input, offset, record| Position { input, offset, line: record + 2, record, ..Position::default() };
    let settled = Span { start: place(0, 15, 1), end: place(2, 17, 1) };
    let blocks = open(&inputs, &Form::default(), Some(place(0, 15, 1))).unwrap().passing_over(vec![settled]);
    let (found, failed, empty) = read_all(blocks);
    assert_eq!((found, failed.len(), empty), (vec!["b\u{1f}three".to_owned()], 0, vec![]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_same_beginning_is_known_again_whatever_follows_and_however_it_is_compressed(
        text in proptest::collection::vec("[a-z0-9]{1,40}\n", 1..6_000),
        place: prop::sample::Index,
        other: prop::sample::Index,
    ) {
        let text = text.concat();
        let place = place.index(text.len());
        let before = Position { offset: place as u64, ..Position::default() };
        let directory = Directory::new();
        let hash = |content: &[u8]| beginning(&Input::File(directory.write("input", content)), before, None);
        let wanted = hash(text.as_bytes());
        prop_assert!(wanted.is_some());
        let longer = text.get(..place).unwrap().to_owned() + "more\nand more\n";
        for same in [longer.clone().into_bytes(), gzip(longer.as_bytes()), zstd::encode_all(longer.as_bytes(), 1).unwrap()] {
            prop_assert_eq!(hash(&same), wanted.clone());
        }
        let other = other.index(text.len());
        let mut changed = text.clone().into_bytes();
        changed[other] ^= 1;
        // A text of up to 4 MiB is checked completely.
        prop_assert_eq!(hash(&changed) == wanted, other >= place);
        prop_assert_eq!(hash(&text.as_bytes()[..place.saturating_sub(1)]).is_some(), place == 0);
    }
}
