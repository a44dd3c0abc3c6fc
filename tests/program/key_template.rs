//! Records of text without keys: these are made of file and row, or come from a file of their own.

use std::fmt::Write;

use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::operation::Operation;
use serde_json::{Value, json};

use crate::support::{
    BUCKET, Ended, Home, INDEX, State, TestService, difference, gzip, numbers, run, run_with_input, unlimited,
};
use crate::trouble::{json_lines, killed_until_it_ends};

const DIMENSION: usize = 4;

fn vector(record: usize) -> String {
    format!("{:?}", numbers(record, DIMENSION))
}

fn state(records: usize, key: impl Fn(usize) -> String, metadata: impl Fn(usize) -> Value) -> State {
    let bits = |record| numbers(record, DIMENSION).iter().map(|number| number.to_bits()).collect();
    (0..records).map(|record| (key(record), (bits(record), metadata(record)))).collect()
}

fn loaded(home: &Home, service: &TestService, arguments: &[&str]) -> (Ended, State) {
    let ended = run(home.put_sized(service, DIMENSION).args(arguments));
    let held = service.state();
    service.service.store().delete_index(BUCKET, INDEX).unwrap();
    (ended, held)
}

/// The same vectors in every form of text that has no keys.
fn forms(records: usize) -> [(&'static str, Vec<u8>); 7] {
    let joined = |separator: &str| (0..records).map(vector).collect::<Vec<_>>().join(separator);
    let lines = |before: &str, after: &str| {
        (0..records).fold(String::new(), |text, record| text + before + &vector(record) + after + "\n")
    };
    [
        ("lines.jsonl", joined("\n").into_bytes()),
        ("nested.json", format!("[{}]", joined(",\n")).into_bytes()),
        ("rows.json", format!("{{\"rows\":[{}],\"model\":\"m\"}}", joined(",")).into_bytes()),
        ("lists.json", format!("{{\"embeddings\":[{}]}}", joined(", ")).into_bytes()),
        ("objects.jsonl.gz", gzip(lines("{\"content\":\"x\",\"embedding\":", "}").as_bytes())),
        ("values.json", lines("{\n\"vector\":", "}").into_bytes()),
        ("table.csv", ("vector\n".to_owned() + &lines("\"", "\"")).into_bytes()),
    ]
}

#[test]
fn each_form_of_text_without_keys_gets_those_of_file_and_row_or_of_another_file() {
    const RECORDS: usize = 300;
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("ids.txt", (0..RECORDS).fold(String::new(), |text, record| text + &format!("k{record}\n")));
    home.write(
        "m.jsonl",
        (0..RECORDS).fold(String::new(), |text, record| text + &format!("{{\"n\":\"{record}\"}}\n")),
    );
    for (name, text) in forms(RECORDS) {
        home.write(name, text);
        let stem = name.split('.').next().unwrap();
        let (ended, held) = loaded(&home, &service, &[name, "--key-template", "{file}-{row}"]);
        assert_eq!(ended.code, Some(0), "{name}: {}", ended.stderr);
        let wanted = state(RECORDS, |record| format!("{stem}-{record}"), |_| Value::Null);
        assert!(held == wanted, "{name}: {:?}", difference(&held, &wanted));
        let beside = [name, "--keys-from", "ids.txt", "--metadata-from", "m.jsonl"];
        let (ended, held) = loaded(&home, &service, &beside);
        assert_eq!(ended.code, Some(0), "{name}: {}", ended.stderr);
        let wanted =
            state(RECORDS, |record| format!("k{record}"), |record| json!({ "n": record.to_string() }));
        assert!(held == wanted, "{name}: {:?}", difference(&held, &wanted));
    }
}

#[test]
fn a_reject_has_the_key_that_was_made_for_it_and_loads_again_under_it() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let bad = "[1,2,3,NaN]";
    let texts = [
        ("a.jsonl", format!("{}\n\n{bad}\n{}\n", vector(0), vector(2))),
        ("b.json", format!("[{},{bad},{}]", vector(0), vector(2))),
        ("c.csv", format!("vector,t\n\"{}\",x\n\"{bad}\",y\n\"{}\",z\n", vector(0), vector(2))),
        ("d.json", format!("{{\"embeddings\":[{},{bad},{}]}}", vector(0), vector(2))),
    ];
    for (name, text) in texts {
        home.write(name, text);
        let template = ["--key-template", "{file}/{row}"];
        let load = [&[name, "--rejects", "r.jsonl"][..], &template].concat();
        let ended = run(home.put_sized(&service, DIMENSION).args(load));
        assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [2, 1], "{name}");
        let stem = name.split('.').next().unwrap();
        let key = format!("{stem}/1");
        assert_eq!(json_lines(&home.path("r.jsonl"))[0]["rejected"]["key"], json!(key), "{name}");
        let fixed = std::fs::read_to_string(home.path("r.jsonl")).unwrap().replace("3,NaN]", "3,4]");
        home.write("fixed.jsonl", fixed);
        // With the option or without it: the record has its key.
        let again = home.path("fixed.jsonl");
        let options: &[&str] = if stem < "c" { &template } else { &[] };
        run(home.put_sized(&service, DIMENSION).arg(again).args(options)).assert_code(0);
        let held = service.state();
        let keys: Vec<_> = held.keys().map(String::as_str).collect();
        assert_eq!(keys, [&format!("{stem}/0"), &key, &format!("{stem}/2")], "{name}");
        assert_eq!(held[&key].0, [1.0_f32, 2.0, 3.0, 4.0].map(f32::to_bits));
        service.service.store().delete_index(BUCKET, INDEX).unwrap();
        std::fs::remove_file(home.path("r.jsonl")).unwrap();
    }
}

#[test]
fn a_damaged_line_keeps_its_key_and_loads_under_it_once_it_is_fixed() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let good = format!("{:?}", [1.5, 2.5, 3.5, 4.5]);
    home.write("ids.txt", "a\nb\nc\n");
    home.write("meta.jsonl", "{\"n\":\"0\"}\n{\"n\":\"1\"}\n{\"n\":\"2\"}\n");
    // Each with what is wrong in it, and what is right.
    let damaged = [
        ("[1.5, 2.5, 3.5, 4.5", "4.5", "4.5]}", "expected ], found the end of the record"),
        ("[1.5, 2.5,", "2.5,", "2.5, 3.5, 4.5]}", "found the end of the record"),
        ("1.5, 2.5, 3.5, 4.5]", "1.5", "[1.5", "neither an object nor an array"),
        ("[1.5, 2.5, 3.5, 4.5] x", "} x", "}", "expected no more text, found 'x'"),
        ("[1.5, 2.5, 3.5, 4.5] [5, 6, 7, 8]", "[5, 6, 7, 8]", "", "several records, but one key"),
        ("{\"vector\": [1.5, 2.5, 3.5, 4.5", "4.5", "4.5]}", "expected ], found the end of the record"),
        ("{\"vector\": [1.5, 2.5, 3.5, 4.5}", "4.5}", "4.5]}", "expected ], found '}'"),
        ("{\"vector\": [1.5, 2.5, 3.5, 4.5],", "],", "]}", "found the end of the record"),
        ("{\"vector\": [1.5, 2.5, 3.5, 4.5]}{\"vector\": 1}", "{\"vector\": 1}", "", "several records"),
        ("word", "word", good.as_str(), "neither an object nor an array"),
    ];
    for (line, wrong, right, says) in damaged {
        for options in
            [&["--key-template", "k{row}"][..], &["--keys-from", "ids.txt", "--metadata-from", "meta.jsonl"]]
        {
            let is_bare = options.len() > 2;
            if is_bare && line.starts_with('{') {
                continue;
            }
            let around = if line.starts_with('{') { ["{\"vector\":", "}"] } else { ["", ""] };
            let whole = |record| around[0].to_owned() + &vector(record) + around[1];
            home.write("a.jsonl", format!("{}\n{line}\n{}\n", whole(0), whole(2)));
            let load = [&["a.jsonl", "--rejects", "r.jsonl"][..], options].concat();
            let ended = run(home.put_sized(&service, DIMENSION).args(load));
            assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [2, 1], "{line}");
            let mut reject = json_lines(&home.path("r.jsonl")).remove(0);
            let key = if is_bare { "b" } else { "k1" };
            assert_eq!(reject["rejected"]["key"], key, "{reject}");
            assert!(reject["rejected"]["message"].as_str().unwrap().contains(says), "{reject}");
            let fixed = reject["record"].as_str().unwrap().replacen(wrong, right, 1);
            reject["record"] =
                serde_json::from_str(&fixed).unwrap_or_else(|error| panic!("{fixed}: {error}"));
            let rejected = serde_json::to_string(&reject["rejected"]).unwrap();
            home.write("fixed.jsonl", format!("{{\"rejected\":{rejected},\"record\":{}}}", reject["record"]));
            run(home.put_sized(&service, DIMENSION).arg("fixed.jsonl")).assert_code(0);
            let held = service.state();
            assert_eq!(held[key].0, [1.5_f32, 2.5, 3.5, 4.5].map(f32::to_bits), "{line}");
            assert_eq!(held[key].1, if is_bare { json!({"n": "1"}) } else { Value::Null });
            service.service.store().delete_index(BUCKET, INDEX).unwrap();
            std::fs::remove_file(home.path("r.jsonl")).unwrap();
        }
    }
}

#[test]
fn keys_are_not_replaced_unless_the_new_ones_have_another_name() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("own.jsonl", format!("{{\"id\":\"a\",\"vector\":{}}}\n", vector(0)));
    home.write("own.csv", format!("Key,vector\na,\"{}\"\n", vector(0)));
    home.write("own.json", format!("{{\"ids\":[\"a\"],\"embeddings\":[{}]}}", vector(0)));
    home.write("bare.jsonl", vector(0));
    home.write("nested.json", format!("[{}]", vector(0)));
    home.write("lists.json", format!("{{\"embeddings\":[{}]}}", vector(0)));
    home.write("one.txt", "k\n");
    home.write("two.txt", "k\nl\n");
    let template = ["--key-template", "x-{row}"];
    let mut told = String::new();
    for arguments in [
        &["own.jsonl", template[0], template[1]][..],
        &["own.csv", template[0], template[1]],
        &["own.json", template[0], template[1]],
        &["own.json", "--keys-from", "one.txt"],
        &["own.jsonl", "--metadata-from", "one.txt"],
        &["bare.jsonl"],
        &["nested.json"],
        &["lists.json"],
        &["bare.jsonl", "--keys-from", "two.txt"],
    ] {
        let ended = run(home.put(&service).args(arguments));
        assert_eq!(ended.code, Some(3), "{arguments:?}: {}", ended.stderr);
        writeln!(told, "{}: {}", arguments.join(" "), ended.stderr.trim_end()).unwrap();
    }
    for arguments in [["-", "--key-template", "{file}-{row}"], ["-", "--keys-from", "one.txt"]] {
        let ended = run_with_input(home.put(&service).args(arguments), vector(0).into_bytes());
        assert_ne!(ended.code, Some(0), "{arguments:?}");
        let first: Vec<_> = ended.stderr.lines().take(2).collect();
        writeln!(told, "{}: {}", arguments.join(" "), first.join("\n")).unwrap();
    }
    assert_eq!(service.requests(Operation::PutVectors), 0);
    insta::assert_snapshot!(told, @r"
    own.jsonl --key-template x-{row}: ossvec: own.jsonl has keys of its own, in id; --key-template is for records without one
            remove --key-template; to replace the keys, give them another name with --key NAME
    own.csv --key-template x-{row}: ossvec: own.csv has keys of its own, in Key; --key-template is for records without one
            remove --key-template; to replace the keys, give them another name with --key NAME
    own.json --key-template x-{row}: ossvec: own.json has keys of its own, in id; --key-template is for records without one
            remove --key-template; to replace the keys, give them another name with --key NAME
    own.json --keys-from one.txt: ossvec: own.json has keys of its own, in id; --keys-from is for records without one
            remove --keys-from; to replace the keys, give them another name with --key NAME
    own.jsonl --metadata-from one.txt: ossvec: --metadata-from is for vectors without fields; own.jsonl has fields of its own
            remove --metadata-from
    bare.jsonl: ossvec: bare.jsonl contains vectors without keys
            add the keys with --keys-from FILE, or make them with --key-template '{file}-{row}'
    nested.json: ossvec: nested.json contains vectors without keys
            add the keys with --keys-from FILE, or make them with --key-template '{file}-{row}'
    lists.json: ossvec: lists.json contains vectors without keys
            add the keys with --keys-from FILE, or make them with --key-template '{file}-{row}'
    bare.jsonl --keys-from two.txt: ossvec: two.txt (from --keys-from) has 2 records, but bare.jsonl has 1 vector
            both must have the same number, in the same order
    - --key-template {file}-{row}: ossvec: --key-template uses {file}, but standard input has no name
            write the name into it, for example --key-template 'docs-{row}'
    - --keys-from one.txt: --keys-from requires a file as input, but (stdin) can be read only once; continuing without the rest of it
    ossvec: --keys-from requires a file as input, but (stdin) can be read only once
    ");
    for name in ["own.jsonl", "own.csv", "own.json"] {
        let (ended, held) = loaded(&home, &service, &[name, template[0], template[1], "--key", "row"]);
        assert_eq!(ended.code, Some(0), "{name}: {}", ended.stderr);
        assert!(held == state(1, |_| "x-0".to_owned(), |_| Value::Null), "{name}: {held:?}");
    }
}

#[test]
fn records_that_would_shift_the_numbers_of_others_are_rejected_where_they_stand() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let (one, three) = (vector(0), vector(3));
    let text = format!(
        "{{\"v\":{one}}}\n{{\"v\":{one}}}{{\"v\":{one}}}\n{{\"id\":\"x\",\"v\":{one}}}\n{{\"v\":{three}}}\n"
    );
    home.write("a.jsonl", text);
    let load = ["a.jsonl", "--key-template", "{row}", "--vector", "v", "--rejects", "r.jsonl"];
    let ended = run(home.put_sized(&service, DIMENSION).args(load));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [2, 2]);
    assert_eq!(service.state().keys().collect::<Vec<_>>(), ["0", "3"]);
    let told: Vec<_> = json_lines(&home.path("r.jsonl"))
        .iter()
        .map(|line| {
            format!("{}: {}", line["rejected"]["line"], line["rejected"]["message"].as_str().unwrap())
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    2: invalid record: the line contains several records, but one key is made for a line; give each of the others a key and a line of its own
    3: invalid record: it has a key of its own, unlike the first record; load it without --key-template and --keys-from
    ");
}

#[test]
fn killed_in_the_middle_a_load_makes_the_same_keys_when_it_goes_on() {
    const RECORDS: usize = 700;
    for (name, text) in forms(RECORDS).into_iter().take(2).chain(forms(RECORDS).into_iter().skip(6)) {
        let options = Options { log_keys: true, latency: std::time::Duration::from_millis(5), ..unlimited() };
        let (home, service) = (Home::new(), TestService::start(options));
        home.write(name, text);
        let load = || {
            let mut load = home.put(&service);
            load.args([name, "--key-template", "{row}", "--resume", "--batch-size", "20", "--job", "2"]);
            load.args(["--checkpoint-dir", "state"]);
            load
        };
        let kills = killed_until_it_ends(&service, load, || 13, |_| ());
        assert!(kills > 1, "{name}: {kills}");
        service.assert_holds_in(name, &state(RECORDS, |record| record.to_string(), |_| Value::Null));
    }
}

#[test]
fn a_row_that_may_be_several_ends_the_file_before_others_get_the_keys_of_its_corrected_rows() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let row = |record: usize, text: &str| format!("{text},\"{}\"\n", vector(record));
    let (first, last) = (row(0, "x"), row(2, "y"));
    home.write("keys.txt", "k-0\nk-1\nk-2\n");
    for (name, broken, fixed) in [
        ("lines.csv", row(1, "two\nlines\""), row(1, "\"two\nlines\"")),
        ("bare.csv", row(1, "two\nlines"), row(1, "\"two\nlines\"")),
        ("open.csv", row(1, "\"two\nlines"), row(1, "\"two\nlines\"")),
    ] {
        let load = [name, "--key-template", "k-{row}", "--rejects", "r.jsonl"];
        let table = |row: &str| format!("text,vector\n{first}{row}{last}");
        home.write(name, table(&broken));
        for more in [&[][..], &["--resume"]] {
            let ended = run(home.put_sized(&service, DIMENSION).args(load).args(more));
            assert_eq!(ended.code, Some(3), "{name}: {}", ended.stderr);
            assert!(ended.stderr.contains("a broken row at line 3, byte "), "{}", ended.stderr);
            service.assert_holds_in(name, &state(1, |_| "k-0".to_owned(), |_| Value::Null));
        }
        home.write(name, table(&fixed));
        run(home.put_sized(&service, DIMENSION).args(load).arg("--resume")).assert_code(0);
        service.assert_holds_in(name, &state(3, |record| format!("k-{record}"), |_| Value::Null));
        service.service.store().delete_index(BUCKET, INDEX).unwrap();
    }
}
