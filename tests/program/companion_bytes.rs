//! Bytes that are no text in files of keys and metadata beside vectors: they cost their rows, and never become others.

use std::path::Path;

use serde_json::{Value, json};

use crate::array_files::npy;
use crate::support::{Home, State, TestService, run, unlimited};
use crate::trouble::json_lines;

/// A form of a file beside vectors.
struct Form {
    name: &'static str,
    option: &'static str,
    /// What stands before, between and behind the rows.
    around: [&'static str; 3],
    /// A row, with a mark where its value goes.
    row: &'static str,
    /// The metadata that such a row is, with the same mark.
    metadata: &'static str,
}

const fn keys(name: &'static str, around: [&'static str; 3], row: &'static str) -> Form {
    Form { name, option: "--keys-from", around, row, metadata: "null" }
}

const fn metadata(
    name: &'static str,
    around: [&'static str; 3],
    row: &'static str,
    metadata: &'static str,
) -> Form {
    Form { name, option: "--metadata-from", around, row, metadata }
}

const LINES: [&str; 3] = ["", "\n", "\n"];

const FORMS: [Form; 10] = [
    keys("objects.jsonl", LINES, r#"{"id":"@","n":1}"#),
    keys("texts.jsonl", LINES, r#""@""#),
    keys("array.json", ["[", ",\n", "]"], r#"{"id":"@"}"#),
    keys("column.csv", ["id\n", "\n", "\n"], "@"),
    keys("columns.tsv", ["n\tid\n", "\n", "\n"], "1\t@"),
    metadata("values.jsonl", LINES, r#"{"t":"@"}"#, r#"{"t":"@"}"#),
    metadata("names.jsonl", LINES, r#"{"@":"x"}"#, r#"{"@":"x"}"#),
    metadata("text.jsonl", LINES, r#""{\"t\":\"@\"}""#, r#"{"t":"@"}"#),
    metadata("array.json", ["[", ",\n", "]"], r#"{"t":"@"}"#, r#"{"t":"@"}"#),
    metadata("cells.csv", ["t,u\n", "\n", "\n"], "@,x", r#"{"t":"@","u":"x"}"#),
];

impl Form {
    fn file(&self, values: &[Vec<u8>]) -> Vec<u8> {
        let (before, behind) = self.row.split_once('@').unwrap();
        let rows: Vec<_> =
            values.iter().map(|value| [before.as_bytes(), value, behind.as_bytes()].concat()).collect();
        let [start, between, end] = self.around;
        [start.as_bytes(), &rows.join(between.as_bytes()), end.as_bytes()].concat()
    }

    fn stored(&self, row: usize, value: &str) -> (String, (Vec<u32>, Value)) {
        let key = if self.option == "--keys-from" { value.to_owned() } else { format!("k{row}") };
        let metadata = serde_json::from_str(&self.metadata.replace('@', value)).unwrap();
        (key, (vector(row).map(f32::to_bits).to_vec(), metadata))
    }
}

fn vector(row: usize) -> [f32; 2] {
    [f32::from(u16::try_from(row).unwrap()) + 0.5, 1.0]
}

/// Vectors in every form that is read with keys from elsewhere.
fn write_inputs(home: &Home, rows: usize) {
    let numbers: Vec<u8> = (0..rows).flat_map(vector).flat_map(f32::to_le_bytes).collect();
    home.write("a.npy", npy("<f4", &format!("({rows}, 2)"), &numbers));
    let lines = |before: &str, behind: &str| -> String {
        let line = |[one, two]: [f32; 2]| format!("{before}[{one},{two}]{behind}\n");
        (0..rows).map(vector).map(line).collect::<Vec<_>>().concat()
    };
    home.write("bare.jsonl", lines("", ""));
    home.write("fields.jsonl", lines("{\"vector\":", "}"));
    home.write("a.csv", format!("vector\n{}", lines("\"", "\"")));
}

/// Values that differ, some of them no text in the encoding; as text where they are one.
fn values(rows: usize, encode: impl Fn(&str) -> Vec<u8>) -> Vec<(Vec<u8>, Option<String>)> {
    let value = |row: usize| {
        let (mut bytes, mut text) = (row.to_string().into_bytes(), Some(row.to_string()));
        for _ in 0..fastrand::usize(0..4) {
            let piece = fastrand::choice(["a", "标题", "果", "é", "b c", "\u{fffd}"]).unwrap();
            bytes.extend(encode(piece));
            text = text.map(|text| text + piece);
            if fastrand::u8(0..6) == 0 {
                bytes.push(0xff);
                text = None;
            }
        }
        (bytes, text)
    };
    (0..rows).map(value).collect()
}

/// What a load of these stores: all that is text, or nothing where the file is refused as a whole.
fn assert_exact(input: &str, form: &Form, values: &[(Vec<u8>, Option<String>)], encoding: &str) {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    write_inputs(&home, values.len());
    let bytes: Vec<_> = values.iter().map(|(bytes, _)| bytes.clone()).collect();
    home.write(form.name, form.file(&bytes));
    home.write("keys", (0..values.len()).map(|row| format!("k{row}\n")).collect::<Vec<_>>().concat());
    let mut load = home.put(&service);
    load.args([input, form.option, form.name, "--rejects", "r.jsonl"]);
    if form.option == "--metadata-from" {
        load.args(["--keys-from", "keys"]);
    }
    if encoding != "utf-8" {
        load.args(["--encoding", encoding]);
    }
    let ended = run(&mut load);
    let told =
        format!("{input} {} {encoding}: {}\n{}", form.name, form.file(&bytes).escape_ascii(), ended.stderr);
    if service.state().is_empty() && ended.stderr.contains(&format!("{} is not", form.name)) {
        return;
    }
    let good =
        values.iter().enumerate().filter_map(|(row, (_, text))| Some(form.stored(row, text.as_deref()?)));
    let wanted: State = good.collect();
    service.assert_holds_in(&told, &wanted);
    assert_eq!(
        ended.counts(["stored", "rejected"]),
        [wanted.len(), values.len() - wanted.len()].map(|count| count as u64),
        "{told}"
    );
    if wanted.len() < values.len() {
        assert_rejected(&home.path("r.jsonl"), form, &told);
        // Nothing that was rejected becomes something else when it is loaded again.
        let again = TestService::start(unlimited());
        run(home.put(&again).arg("r.jsonl"));
        assert!(again.state().is_empty(), "{told}: {:?}", again.state());
    }
}

fn assert_rejected(rejects: &Path, form: &Form, told: &str) {
    for line in json_lines(rejects) {
        let rejected = &line["rejected"];
        let message = rejected["message"].as_str().unwrap();
        assert_eq!(rejected["reason"], "encoding", "{told}: {line}");
        assert!(message.starts_with(&format!("{}:", form.name)), "{told}: {message}");
    }
}

#[test]
fn a_row_beside_a_vector_is_loaded_as_it_is_written_or_rejected_and_never_changed() {
    for form in &FORMS {
        for input in ["a.npy", "bare.jsonl", "fields.jsonl", "a.csv"] {
            let utf8 = |text: &str| text.as_bytes().to_vec();
            assert_exact(input, form, &values(fastrand::usize(1..9), utf8), "utf-8");
        }
        let gb18030 = |text: &str| encoding_rs::GB18030.encode(text).0.into_owned();
        assert_exact("a.npy", form, &values(fastrand::usize(1..9), gb18030), "gb18030");
    }
}

#[test]
fn a_row_that_is_not_utf_8_is_named_at_its_place() {
    let mut told = String::new();
    let home = Home::new();
    home.write("a.jsonl", "[0.5,1]\n[2,3]\n[4,5]\n");
    home.write("k.jsonl", b"{\"id\":\"a\"}\n{\"id\":\"b\xff\"}\n{\"id\":\"b\xfe\"}\n");
    home.write("k.csv", b"id,t\na,x\nb,caf\xe9\nc,\xff\n");
    home.write("u.csv", [&b"id\n"[..], &b"\xb1\xea".repeat(12), b"\n\x81\xff\nb\n"].concat());
    for arguments in [["k.jsonl", "utf-8"], ["k.csv", "utf-8"], ["u.csv", "gb18030"]] {
        drop(std::fs::remove_file(home.path("r.jsonl")));
        let service = TestService::start(unlimited());
        let mut load = home.put(&service);
        load.args([
            "a.jsonl",
            "--rejects",
            "r.jsonl",
            "--keys-from",
            arguments[0],
            "--encoding",
            arguments[1],
        ]);
        run(&mut load).assert_code(4);
        for line in json_lines(&home.path("r.jsonl")) {
            assert_eq!(line["rejected"]["key"], json!(null));
            told += line["rejected"]["message"].as_str().unwrap();
            told += "\n";
        }
    }
    insta::assert_snapshot!(told, @"
    k.jsonl:2 (from --keys-from): not UTF-8: invalid byte 0xff at column 9
    k.jsonl:3 (from --keys-from): not UTF-8: invalid byte 0xfe at column 9
    k.csv:3 (from --keys-from): not UTF-8: invalid byte 0xe9 at byte 4 of the cell in column t
    k.csv:4 (from --keys-from): not UTF-8: invalid byte 0xff at byte 1 of the cell in column t
    u.csv:3 (from --keys-from): cannot decode the text: invalid bytes 0x81 0xff at byte 1 of the cell in column id; fix it, or check the encoding of the input
    ");
}

#[test]
fn keys_that_are_text_in_another_encoding_are_refused_with_the_line_and_the_likely_one() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    write_inputs(&home, 3);
    home.write("gb18030.txt", encoding_rs::GB18030.encode("a\nb\n标题和文本\n").0);
    home.write("stray.txt", b"a\nb\xff\nb\xfe\n");
    home.write("cut.txt", b"a\nb\x81\nb\xff\n");
    let mut told = String::new();
    for (keys, encoding) in [("gb18030.txt", "utf-8"), ("stray.txt", "utf-8"), ("cut.txt", "gb18030")] {
        let mut load = home.put(&service);
        load.args(["a.npy", "--keys-from", keys, "--encoding", encoding]);
        told += &run(&mut load).assert_code(3).stderr;
    }
    assert!(service.is_untouched());
    insta::assert_snapshot!(told, @r"
    ossvec: gb18030.txt (from --keys-from) contains text that is not UTF-8, on line 3
            if it is GB18030, read it with --encoding gb18030
    ossvec: stray.txt (from --keys-from) contains text that is not UTF-8, on line 2
            set its encoding with --encoding, such as gb18030, or convert it: iconv -f ENCODING -t UTF-8 FILE > NEW-FILE
    ossvec: cut.txt (from --keys-from) contains text that is not GB18030, on line 2
            set its encoding with --encoding, or fix the line
    ");
}

#[test]
fn text_beside_vectors_is_read_in_the_encoding_that_is_named() {
    let gb18030 = |text: &str| encoding_rs::GB18030.encode(text).0.into_owned();
    for keys in ["ids.txt", "ids.csv", "utf-16.txt"] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        write_inputs(&home, 3);
        // These two bytes are another letter in UTF-8.
        let text = if keys == "ids.csv" { "id\n苹\n果\nc\n" } else { "苹\n果\nc\n" };
        home.write(keys, gb18030(text));
        let wide = "\u{feff}苹\r\n果\r\nc".encode_utf16().flat_map(u16::to_le_bytes);
        home.write("utf-16.txt", wide.collect::<Vec<_>>());
        home.write("m.csv", gb18030("title\n标\n题\nx\n"));
        let mut load = home.put(&service);
        load.args(["a.npy", "--keys-from", keys, "--metadata-from", "m.csv", "--encoding", "gb18030"]);
        run(&mut load).assert_code(0);
        let stored: Vec<_> =
            service.state().into_iter().map(|(key, (_, metadata))| (key, metadata)).collect();
        let wanted = [("c", "x"), ("果", "题"), ("苹", "标")];
        assert_eq!(stored, wanted.map(|(key, title)| (key.to_owned(), json!({ "title": title }))));
    }
}
