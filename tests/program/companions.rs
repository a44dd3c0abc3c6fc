//! Files of keys and metadata that stand beside vectors: what is read of them, and what is said of those that cannot be.

use std::fmt::Write;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use serde_json::{Value, json};

use crate::array_files::npy;
use crate::column_files::parquet_of_groups;
use crate::support::{Home, State, TestService, gzip, run, unlimited, zstd};
use crate::trouble::json_lines;

const VECTORS: [[f32; 2]; 3] = [[0.5, 1.0], [2.0, 3.0], [4.0, 5.0]];

fn floats(numbers: impl IntoIterator<Item = f32>) -> Vec<u8> {
    numbers.into_iter().flat_map(f32::to_le_bytes).collect()
}

pub(crate) fn vectors() -> Vec<u8> {
    npy("<f4", "(3, 2)", &floats(VECTORS.concat()))
}

/// The vectors under these keys, without metadata.
fn state(keys: [&str; 3]) -> State {
    let bits = |vector: [f32; 2]| vector.map(f32::to_bits).to_vec();
    keys.into_iter().zip(VECTORS).map(|(key, vector)| (key.to_owned(), (bits(vector), Value::Null))).collect()
}

pub(crate) fn whole_numbers(numbers: impl IntoIterator<Item = i64>) -> Vec<u8> {
    numbers.into_iter().flat_map(i64::to_le_bytes).collect()
}

/// A ZIP archive of stored members.
pub(crate) fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in members {
        let start = u32::try_from(file.len()).unwrap().to_le_bytes();
        let mut sum = flate2::Crc::new();
        sum.update(data);
        let length = u32::try_from(data.len()).unwrap().to_le_bytes();
        let name_length = u16::try_from(name.len()).unwrap().to_le_bytes();
        let shared = [
            &[20, 0, 0, 0, 0, 0, 0, 0, 0, 0][..],
            &sum.sum().to_le_bytes(),
            &length,
            &length,
            &name_length,
            &[0, 0],
        ]
        .concat();
        file.extend([b"PK\x03\x04", shared.as_slice(), name.as_bytes(), data].concat());
        directory
            .extend([b"PK\x01\x02\x14\0", shared.as_slice(), &[0; 10], &start, name.as_bytes()].concat());
    }
    let start = u32::try_from(file.len()).unwrap().to_le_bytes();
    let length = u32::try_from(directory.len()).unwrap().to_le_bytes();
    let count = u16::try_from(members.len()).unwrap().to_le_bytes();
    [file, directory, [b"PK\x05\x06\0\0\0\0", &count[..], &count, &length, &start, &[0, 0]].concat()].concat()
}

#[test]
fn keys_are_read_in_every_form_that_leaves_no_doubt() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.npy", vectors());
    home.write("column.npy", npy("<i8", "(3, 1)", &whole_numbers([7, 8, 9])));
    home.write("row.npy", npy("<i8", "(1, 3)", &whole_numbers([7, 8, 9])));
    home.write("text.npy", npy("|S1", "(3, 1)", b"789"));
    home.write("ids.txt.gz", gzip(b"7\n8\n9\n"));
    home.write("packed", zstd(b"7\r\n8\r\n9"));
    home.write("ids.jsonl", "\"7\"\n\"8\"\n9\n");
    for keys in ["column.npy", "row.npy", "text.npy", "ids.txt.gz", "packed", "ids.jsonl"] {
        run(home.put(&service).args(["a.npy", "--keys-from", keys])).assert_code(0);
        service.assert_holds_in(keys, &state(["7", "8", "9"]));
    }
    let keys = npy("<i8", "(3, 1)", &whole_numbers([1, 2, 3]));
    home.write("a.npz", archive(&[("embeddings.npy", &vectors()), ("ids.npy", &keys)]));
    let service = TestService::start(unlimited());
    run(home.put(&service).arg("a.npz")).assert_code(0);
    service.assert_holds(&state(["1", "2", "3"]));
}

#[test]
fn keys_that_are_damaged_or_not_the_only_ones_are_named_with_their_cause() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.npy", vectors());
    let lines: String =
        (0..500).flat_map(|line| ["key-".to_owned(), (line * line).to_string(), "\n".to_owned()]).collect();
    let packed = gzip(lines.as_bytes());
    let changed = |at: usize| {
        let mut packed = packed.clone();
        packed[at] ^= 0x5a;
        packed
    };
    home.write("torn.gz", &packed[..packed.len() / 2]);
    home.write("sum.gz", changed(packed.len() - 7));
    home.write("behind.gz", [&packed[..], b"\x01something else"].concat());
    let archived = |keys: &[(&str, &[u8])]| {
        let vectors = vectors();
        archive(&[&[("embeddings.npy", &vectors[..])], keys].concat())
    };
    let (numbers, texts) = (npy("<i8", "(3,)", &whole_numbers([1, 2, 3])), npy("|S1", "(3,)", b"789"));
    for (name, keys, marked) in
        [("numbers.npz", &numbers, &numbers[numbers.len() - 24..]), ("texts.npz", &texts, b"789")]
    {
        let mut damaged = archived(&[("ids.npy", keys)]);
        let at = damaged.windows(marked.len()).rposition(|bytes| bytes == marked).unwrap();
        damaged[at] ^= 1;
        home.write(name, damaged);
    }
    let mut header = archived(&[("ids.npy", &numbers)]);
    let at = header.windows(6).rposition(|bytes| bytes == b"\x93NUMPY").unwrap();
    header[at] ^= 1;
    home.write("header.npz", header);
    home.write("both.npz", archived(&[("ids.npy", &numbers), ("keys.npy", &texts)]));
    let mut told = String::new();
    for arguments in [
        &["a.npy", "--keys-from", "torn.gz"][..],
        &["a.npy", "--keys-from", "sum.gz"],
        &["a.npy", "--keys-from", "behind.gz"],
        &["numbers.npz"],
        &["texts.npz"],
        &["header.npz"],
        &["both.npz"],
    ] {
        let ended = run(home.aimed(&["put-vectors"], &service).args(arguments));
        ended.assert_code(3);
        writeln!(told, "{}", ended.stderr.trim_end()).unwrap();
    }
    assert!(service.is_untouched());
    let told = told.replace(&packed.len().to_string(), "LENGTH");
    insta::assert_snapshot!(told, @"
    ossvec: torn.gz (from --keys-from) contains damaged data: its gzip data ends too early
            create or download it again
    ossvec: sum.gz (from --keys-from) contains damaged data: corrupt gzip stream does not have a matching checksum
            create or download it again
    ossvec: behind.gz (from --keys-from) contains gzip data that ends at byte LENGTH, followed by other data
            remove the rest: head -c LENGTH FILE > NEW-FILE
    ossvec: numbers.npz is damaged: cannot read its NPZ data at row 1: in its array ids, its checksum is another
            create or download it again
    ossvec: texts.npz is damaged: cannot read its NPZ data at row 1: in its array ids, its checksum is another
            create or download it again
    ossvec: header.npz is damaged: cannot read its NPZ data at row 1: in its array ids, it is no NumPy array
            create or download it again
    ossvec: both.npz contains the arrays ids, keys, and it is not clear which one holds the keys
            choose it with --key
    ");
    run(home.put(&service).args(["both.npz", "--key", "keys"])).assert_code(0);
    service.assert_holds(&state(["7", "8", "9"]));
    home.write("ids.txt", "4\n5\n6\n");
    let service = TestService::start(unlimited());
    run(home.put(&service).args(["both.npz", "--keys-from", "ids.txt"])).assert_code(0);
    service.assert_holds(&state(["4", "5", "6"]));
}

#[test]
fn the_advice_for_keys_that_look_missing_is_one_that_helps() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.npy", vectors());
    home.write("keys.npy", npy("|S3", "(3,)", b"nanonetwo"));
    home.write("a.csv", "id,embedding\nnan,\"[1, 2]\"\n");
    for (arguments, advice) in [
        (&["a.npy", "--keys-from", "keys.npy"][..], "fix them in the input\n"),
        (&["a.csv"], "fix them in the input, or use --null TEXT to reject such rows of a table\n"),
    ] {
        let ended = run(home.put(&service).args(arguments));
        ended.assert_code(0);
        assert!(ended.stderr.contains(&format!("; {advice}")), "{}", ended.stderr);
    }
}

#[test]
fn what_holds_no_keys_is_named_with_what_makes_keys_of_it() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.npy", vectors());
    let doubles: Vec<u8> = [1.0_f64, 2.0, 3.0].iter().flat_map(|number| number.to_le_bytes()).collect();
    home.write("objects.npy", npy("|O", "(3,)", b"pickle"));
    home.write("doubles.npy", npy("<f8", "(3,)", &doubles));
    home.write("table.npy", npy("<i8", "(3, 2)", &whole_numbers(0..6)));
    home.write("times.npy", npy("<M8[D]", "(3,)", &whole_numbers(0..3)));
    home.write("packed.npy.gz", gzip(&npy("<i8", "(3,)", &whole_numbers(0..3))));
    for (name, keys) in [("o.npz", npy("|O", "(3,)", b"pickle")), ("d.npz", npy("<f8", "(3,)", &doubles))] {
        home.write(name, archive(&[("embeddings.npy", &vectors()), ("ids.npy", &keys)]));
    }
    home.write("v.npz", archive(&[("embeddings.npy", &npy("|O", "(3, 2)", b"pickle"))]));
    home.write("ids.json", "[\"a\",\n \"b\", \"c\"]");
    home.write("list.txt", "[\"a\",\"b\",\"c\"]\n");
    home.write("object.json", "{\"n\":3,\"ids\":[1,2,3]}");
    home.write("other.jsonl", "{\"k\":\"a\"}\n{\"k\":\"b\"}\n{\"k\":\"c\"}\n");
    home.write("latin.txt", b"a\nb\n\xe9\n");
    let mut told = String::new();
    for arguments in [
        &["o.npz"][..],
        &["d.npz"],
        &["v.npz"],
        &["a.npy", "--keys-from", "objects.npy"],
        &["a.npy", "--keys-from", "doubles.npy"],
        &["a.npy", "--keys-from", "table.npy"],
        &["a.npy", "--keys-from", "times.npy"],
        &["a.npy", "--keys-from", "packed.npy.gz"],
        &["a.npy", "--keys-from", "o.npz"],
        &["a.npy", "--keys-from", "ids.json"],
        &["a.npy", "--keys-from", "list.txt"],
        &["a.npy", "--keys-from", "object.json"],
        &["a.npy", "--keys-from", "other.jsonl"],
        &["a.npy", "--keys-from", "latin.txt"],
    ] {
        let ended = run(home.aimed(&["put-vectors"], &service).args(arguments));
        ended.assert_code(3);
        writeln!(told, "{}", ended.stderr.trim_end()).unwrap();
    }
    assert!(service.is_untouched());
    insta::assert_snapshot!(told, @r"
    ossvec: o.npz contains Python objects in place of keys, in ids
            write them as text: ids.astype(str)
    ossvec: d.npz contains floating-point numbers in place of keys, in ids
            write them as whole numbers, if they are, or as text: ids.astype('int64')
    ossvec: v.npz contains embeddings.npy, which is a NumPy file of Python objects
            only Python can read them; write numbers: numpy.save(PATH, numpy.stack(list(array)).astype('float32'))
    ossvec: objects.npy (from --keys-from) contains Python objects in place of keys
            write them as text: array.astype(str)
    ossvec: doubles.npy (from --keys-from) contains floating-point numbers in place of keys
            write them as whole numbers, if they are, or as text: array.astype('int64')
    ossvec: table.npy (from --keys-from) contains a table of shape (3, 2) in place of keys
            choose the column with the keys: array[:, 0]
    ossvec: times.npy (from --keys-from) contains values that are neither whole numbers nor text in place of keys
            write them as text: array.astype(str)
    ossvec: packed.npy.gz (from --keys-from) contains a compressed NumPy array
            decompress it first
    ossvec: o.npz (from --keys-from) contains a NumPy NPZ archive
            save its array of keys by itself: numpy.save('ids.npy', numpy.load('FILE')['ids'])
    ossvec: ids.json (from --keys-from) contains its keys in one JSON array
            write one key per line: jq -r '.[]' FILE > NEW-FILE.txt
    ossvec: list.txt (from --keys-from) contains its keys in one JSON array
            write one key per line: jq -r '.[]' FILE > NEW-FILE.txt
    ossvec: object.json (from --keys-from) contains its keys in one JSON array
            write one key per line: jq -r '.ids[]' FILE > NEW-FILE.txt
    ossvec: other.jsonl (from --keys-from) contains no key in its first record (looked for key, id, _id, uuid, doc_id, custom_id, recordId)
            set its field with --key
    ossvec: latin.txt (from --keys-from) contains text that is not UTF-8, on line 3
            set its encoding with --encoding, such as gb18030, or convert it: iconv -f ENCODING -t UTF-8 FILE > NEW-FILE
    ");
    run(home.put(&service).args(["a.npy", "--keys-from", "other.jsonl", "--key", "k"])).assert_code(0);
    service.assert_holds(&state(["a", "b", "c"]));
}

#[test]
fn what_is_broken_beside_a_row_is_named_at_its_own_place_and_costs_that_row_only() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.npy", vectors());
    home.write("a.jsonl", "[0.5,1]\n[2,3]\n[4,5]\n");
    home.write("ids.txt", "a\nb\nc\n");
    home.write("ids.jsonl", "{\"id\":\"a\"}\n\n{\"k\":\"b\"}\n{\"id\":\"c\"}\n");
    home.write("m.jsonl", "{}\n{\"t\":\"b\"\n{}\n");
    home.write("m.csv", "t,u\n,\nb,x,y\n,\n");
    home.write("numbers.jsonl", "{}\n7\n{}\n");
    let mut told = String::new();
    for input in ["a.npy", "a.jsonl"] {
        for options in [
            ["--keys-from", "ids.jsonl", "--rejects", "r.jsonl"].as_slice(),
            &["--keys-from", "ids.txt", "--metadata-from", "m.jsonl", "--rejects", "r.jsonl"],
            &["--keys-from", "ids.txt", "--metadata-from", "m.csv", "--rejects", "r.jsonl"],
            &["--keys-from", "ids.txt", "--metadata-from", "numbers.jsonl", "--rejects", "r.jsonl"],
        ] {
            drop(std::fs::remove_file(home.path("r.jsonl")));
            let (home, service) = (&home, TestService::start(unlimited()));
            let ended = run(home.put(&service).arg(input).args(options));
            assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [2, 1]);
            assert_eq!(service.state().keys().collect::<Vec<_>>(), ["a", "c"]);
            let rejects = json_lines(&home.path("r.jsonl"));
            let rejected = &rejects[0]["rejected"];
            assert_eq!((&rejected["input"], &rejected["line"]), (&json!(input), &json!(2)));
            writeln!(told, "{}: {}", rejected["reason"], rejected["message"]).unwrap();
        }
    }
    assert!(service.is_untouched());
    insta::assert_snapshot!(told, @r#"
    "no_key": "ids.jsonl:3 (from --keys-from): no key found (looked for id); set its field with --key"
    "syntax": "m.jsonl:2 (from --metadata-from): invalid record: it is not a JSON object"
    "ragged": "m.csv:3 (from --metadata-from): the row has 3 cells; the header has 2"
    "syntax": "numbers.jsonl:2 (from --metadata-from): invalid record: it is not a JSON object"
    "no_key": "ids.jsonl:3 (from --keys-from): no key found (looked for id); set its field with --key"
    "syntax": "m.jsonl:2 (from --metadata-from): invalid record: it is not a JSON object"
    "ragged": "m.csv:3 (from --metadata-from): the row has 3 cells; the header has 2"
    "syntax": "numbers.jsonl:2 (from --metadata-from): invalid record: it is not a JSON object"
    "#);
}

#[test]
fn a_key_that_cannot_be_stored_is_named_at_its_place_in_the_file_of_keys() {
    let home = Home::new();
    home.write("a.npy", vectors());
    home.write("a.jsonl", "[0.5,1]\n[2,3]\n[4,5]\n");
    let long = "ü".repeat(1025);
    home.write("empty.txt", "a\n\nc\n");
    home.write("long.txt", format!("a\n{long}\nc\n"));
    home.write("empty.npy", key_array("|S1", &[b"a", b"\0", b"c"]));
    home.write("null.jsonl", "{\"id\":\"a\"}\n\n{\"id\":null}\n{\"id\":\"c\"}\n");
    home.write("kind.jsonl", "{\"id\":\"a\"}\n{\"id\":1.0}\n{\"id\":\"c\"}\n");
    home.write("long.jsonl", format!("{{\"id\":\"a\"}}\n{{\"id\":{long:?}}}\n{{\"id\":\"c\"}}\n"));
    home.write("alone.jsonl", "\"a\"\n1e2\n\"c\"\n");
    home.write("empty.csv", "id,t\na,x\n,y\nc,z\n");
    let ids = StringArray::from(vec![Some("a"), None, Some("c")]);
    let table = RecordBatch::try_from_iter([("id", Arc::new(ids) as ArrayRef)]).unwrap();
    home.write("null.parquet", parquet_of_groups(&table, 3));
    for input in ["a.npy", "a.jsonl"] {
        let mut told = String::new();
        for keys in [
            "empty.txt",
            "long.txt",
            "empty.npy",
            "null.jsonl",
            "kind.jsonl",
            "long.jsonl",
            "alone.jsonl",
            "empty.csv",
            "null.parquet",
        ] {
            let service = TestService::start(unlimited());
            drop(std::fs::remove_file(home.path("r.jsonl")));
            let ended = run(home.put(&service).args([input, "--keys-from", keys, "--rejects", "r.jsonl"]));
            assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [2, 1], "{keys}");
            assert_eq!(service.state().keys().collect::<Vec<_>>(), ["a", "c"], "{keys}");
            let rejects = json_lines(&home.path("r.jsonl"));
            let rejected = &rejects[0]["rejected"];
            assert_eq!((&rejected["input"], &rejected["record"]), (&json!(input), &json!(1)));
            let vector = rejects[0]["record"]["vector"].as_array().unwrap();
            assert_eq!(vector.iter().map(Value::as_f64).collect::<Vec<_>>(), [Some(2.0), Some(3.0)]);
            writeln!(told, "{}: {}", rejected["reason"], rejected["message"]).unwrap();
        }
        insta::allow_duplicates! {
            insta::assert_snapshot!(told, @r#"
            "key_length": "empty.txt:2 (from --keys-from): the key has 0 characters; expected 1 to 1,024"
            "key_length": "long.txt:2 (from --keys-from): the key has 1,025 characters; expected 1 to 1,024"
            "key_length": "empty.npy: row 2 (from --keys-from): the key has 0 characters; expected 1 to 1,024"
            "key_kind": "null.jsonl:3 (from --keys-from): the key field id is null, not text or an integer; choose another field with --key"
            "key_kind": "kind.jsonl:2 (from --keys-from): the key field id is 1.0, not text or an integer; choose another field with --key"
            "key_length": "long.jsonl:2 (from --keys-from): the key has 1,025 characters; expected 1 to 1,024"
            "key_kind": "alone.jsonl:2 (from --keys-from): the key field key is 1e2, not text or an integer; choose another field with --key"
            "no_key": "empty.csv:3 (from --keys-from): no key found (looked for id); set its field with --key"
            "key_kind": "null.parquet: row 2 (from --keys-from): the key field id is null, not text or an integer; choose another field with --key"
            "#);
        }
    }
}

/// An array of byte strings, or of text in UTF-32, each of one length.
fn key_array(descr: &str, keys: &[&[u8]]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({},), }}", keys.len());
    let header = format!("{header:<117}\n");
    [b"\x93NUMPY\x01\x00\x76\x00", header.as_bytes(), &keys.concat()].concat()
}

#[test]
fn keys_that_are_no_text_are_refused_before_two_of_them_become_one() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.npy", vectors());
    let mut told = String::new();
    for (descr, keys) in [
        ("|S2", [&b"a\xff"[..], b"a\xfe", b"c\0"]),
        ("|S2", [b"aa", b"bb", b"\xc6\0"]),
        ("<U1", [b"\x61\0\0\0", b"\0\xd8\0\0", b"\x01\xd8\0\0"]),
        (">U1", [b"\0\0\0\x61", b"\0\0\0\x62", b"\0\x11\0\0"]),
    ] {
        home.write("ids.npy", key_array(descr, &keys));
        let ended = run(home.put(&service).args(["a.npy", "--keys-from", "ids.npy"]));
        told += &ended.assert_code(3).stderr;
    }
    assert!(service.is_untouched());
    insta::assert_snapshot!(told, @r"
    ossvec: ids.npy (from --keys-from) contains bytes that are not UTF-8, in row 1, in place of keys
            decode them: numpy.char.decode(array, 'ENCODING')
    ossvec: ids.npy (from --keys-from) contains bytes that are not UTF-8, in row 3, in place of keys
            decode them: numpy.char.decode(array, 'ENCODING')
    ossvec: ids.npy (from --keys-from) contains characters that are not Unicode, in row 2, in place of keys
            correct the key, and save the array again
    ossvec: ids.npy (from --keys-from) contains characters that are not Unicode, in row 3, in place of keys
            correct the key, and save the array again
    ");
}

#[test]
fn a_line_of_keys_is_one_key_however_long_and_whatever_it_begins_with() {
    let home = Home::new();
    home.write("a.npy", vectors());
    let piece = 64 << 10;
    let mut told = String::new();
    for text in [
        format!("a\n{}\nc\n", "b".repeat(piece + 1)),
        format!("a\n{}\nc\n", "b".repeat(piece)),
        format!("a\n{}\nc", "ü".repeat(piece * 3)),
        "\u{feff}a\n\u{feff}b\nc\n".to_owned(),
        "\u{feff}a\r\nb\u{feff}\r\nc\r\n".to_owned(),
    ] {
        let service = TestService::start(unlimited());
        drop(std::fs::remove_file(home.path("r.jsonl")));
        home.write("ids.txt", &text);
        let ended = run(home.put(&service).args(["a.npy", "--keys-from", "ids.txt", "--rejects", "r.jsonl"]));
        let stored: Vec<_> = service.state().into_keys().collect();
        if ended.code == Some(0) {
            assert_eq!(stored, ["a", "b\u{feff}", "c"]);
        } else {
            assert_eq!(stored, ["a", "c"], "{}", ended.stderr);
            let rejected = &json_lines(&home.path("r.jsonl"))[0]["rejected"];
            writeln!(told, "{}: {}", rejected["reason"], rejected["message"]).unwrap();
        }
    }
    insta::assert_snapshot!(told, @r#"
    "key_length": "ids.txt:2 (from --keys-from): the key has 65,537 characters; expected 1 to 1,024"
    "key_length": "ids.txt:2 (from --keys-from): the key has 65,536 characters; expected 1 to 1,024"
    "key_length": "ids.txt:2 (from --keys-from): the key has 196,608 characters; expected 1 to 1,024"
    "syntax": "ids.txt:2 (from --keys-from): invalid record: it starts with U+FEFF, a byte-order mark inside the file; if files were concatenated, remove it: sed 's/\\xEF\\xBB\\xBF//g' FILE > NEW-FILE"
    "#);
    // The count is that of lines.
    let service = TestService::start(unlimited());
    home.write("ids.txt", format!("{}\nb\n", "a".repeat(piece + 1)));
    let ended = run(home.put(&service).args(["a.npy", "--keys-from", "ids.txt"]));
    assert!(service.is_untouched());
    insta::assert_snapshot!(ended.assert_code(3).stderr, @"
    ossvec: ids.txt (from --keys-from) has 2 records, but a.npy has 3 vectors
            both must have the same number, in the same order
    ");
}

#[test]
fn the_key_of_a_record_is_in_the_field_of_the_first_and_stands_there_once() {
    let home = Home::new();
    home.write("a.npy", vectors());
    let mut told = String::new();
    for (text, keys) in [
        ("{\"id\":\"a\"}\n{\"id\":\"b\",\"id\":\"q\"}\n{\"id\":\"c\"}\n", &["a", "c"][..]),
        ("{\"id\":\"a\"}\n{\"id\":\"b\",\"\\u0069d\":\"b\"}\n{\"id\":\"c\"}\n", &["a", "c"]),
        ("{\"id\":\"a\"}\n{\"key\":\"q\",\"id\":\"b\"}\n{\"id\":\"c\",\"n\":1,\"n\":2}\n", &["a", "b", "c"]),
        ("{\"id\":\"a\"}\n{\"key\":\"b\"}\n{\"id\":\"c\"}\n", &["a", "c"]),
    ] {
        let service = TestService::start(unlimited());
        drop(std::fs::remove_file(home.path("r.jsonl")));
        home.write("ids.jsonl", text);
        run(home.put(&service).args(["a.npy", "--keys-from", "ids.jsonl", "--rejects", "r.jsonl"]));
        assert_eq!(service.state().into_keys().collect::<Vec<_>>(), keys, "{text}");
        if keys.len() < 3 {
            let rejected = &json_lines(&home.path("r.jsonl"))[0]["rejected"];
            writeln!(told, "{}: {}", rejected["reason"], rejected["message"]).unwrap();
        }
    }
    insta::assert_snapshot!(told, @r#"
    "syntax": "ids.jsonl:2 (from --keys-from): invalid record: the key field occurs twice"
    "syntax": "ids.jsonl:2 (from --keys-from): invalid record: the key field occurs twice"
    "no_key": "ids.jsonl:2 (from --keys-from): no key found (looked for id); set its field with --key"
    "#);
}

#[test]
fn an_archive_in_which_two_arrays_may_be_meant_is_refused() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let (vectors, ids) = (vectors(), npy("<i8", "(3,)", &whole_numbers([1, 2, 3])));
    home.write(
        "two.npz",
        archive(&[("vector.npy", &vectors), ("embeddings.npy", &vectors), ("ids.npy", &ids)]),
    );
    home.write("twice.npz", archive(&[("vector.npy", &vectors), ("ids.npy", &ids), ("ids.npy", &ids)]));
    home.write("a.npz", archive(&[("values.npy", &ids), ("embeddings.npy", &vectors), ("ids.npy", &ids)]));
    let template = ["--key-template", "{row}"];
    let mut told = String::new();
    for arguments in [&["two.npz"][..], &["twice.npz"], &[&["a.npz"], &template[..]].concat()] {
        told += &run(home.put(&service).args(arguments)).assert_code(3).stderr;
    }
    assert!(service.is_untouched());
    insta::assert_snapshot!(told, @"
    ossvec: two.npz contains the arrays vector, embeddings, and it is not clear which one holds the vectors
            choose it with --vector
    ossvec: twice.npz contains two members named ids.npy
            write it again with each array once
    ossvec: a.npz has keys of its own, in ids; --key-template is for records without one
            remove --key-template; to replace the keys, give them another name with --key NAME
    ");
    // Labels are no vectors, whatever their name.
    run(home.put(&service).arg("a.npz")).assert_code(0);
    service.assert_holds(&state(["1", "2", "3"]));
    let service = TestService::start(unlimited());
    run(home.put(&service).args(["a.npz", "--key", "k"]).args(template)).assert_code(0);
    service.assert_holds(&state(["0", "1", "2"]));
    let service = TestService::start(unlimited());
    run(home.put(&service).args(["two.npz", "--vector", "vector"])).assert_code(0);
    service.assert_holds(&state(["1", "2", "3"]));
}
