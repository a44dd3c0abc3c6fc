//! Inputs that are refused with a command: what the command makes of them loads.

use std::process::Command;
use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};
use parquet::file::properties::WriterProperties;
use serde_json::Value;

use crate::column_files::{arrow, float32, parquet, table, texts};
use crate::support::{Ended, Home, State, TestService, gzip, lz4, run, unlimited, zstd};

const VECTORS: [[f32; 3]; 3] = [[0.5, 1.0, -2.25], [3.5, 4.0, 1e-3], [5.5, 6.0, 7.0]];

fn state(keys: [&str; 3]) -> State {
    let bits = |vector: [f32; 3]| vector.map(f32::to_bits).to_vec();
    keys.into_iter().zip(VECTORS).map(|(key, vector)| (key.to_owned(), (bits(vector), Value::Null))).collect()
}

/// Runs a command of a message in the directory of `home`.
fn shell(home: &Home, command: &str) {
    let status = Command::new("sh").args(["-c", command]).current_dir(home.path("")).status().unwrap();
    assert!(status.success(), "{command}");
}

/// What stands between two texts in a message.
fn between<'a>(ended: &'a Ended, before: &str, after: &str) -> &'a str {
    let (_, rest) = ended.stderr.split_once(before).unwrap_or_else(|| panic!("{}", ended.stderr));
    rest.split_once(after).unwrap_or_else(|| panic!("{}", ended.stderr)).0
}

#[test]
fn word_vectors_of_any_program_load_with_the_command_that_their_message_names() {
    // Words that would be quotes or delimiters in a table.
    let words = ["\"", ",", "the"];
    for (name, count, end) in [
        ("glove.txt", "", ""),
        ("word2vec.txt", "3 3\n", ""),
        ("fasttext.vec", "3 3\n", " "),
        ("padded.txt", "", " "),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let line = |(word, [a, b, c]): (&str, [f32; 3])| format!("{word} {a} {b} {c}{end}\n");
        home.write(name, count.to_owned() + &words.into_iter().zip(VECTORS).map(line).collect::<String>());
        let ended = run(home.put(&service).arg(name));
        ended.assert_code(3);
        let options = ["--delimiter", " ", "--quote", "none", "--no-header", "--key", "1", "--vector", "*"];
        assert!(
            ended.stderr.contains("with --delimiter ' ' --quote none --no-header --key 1 --vector '*'\n"),
            "{}",
            ended.stderr
        );
        let file = if count.is_empty() && end.is_empty() {
            name
        } else {
            // The options alone do not decide the width by a line that is no row.
            let again = run(home.put(&service).arg(name).args(options));
            assert_eq!((again.code, &again.stderr), (Some(3), &ended.stderr));
            let (_, command) = between(&ended, "remove its ", "; then").split_once(": ").unwrap();
            shell(&home, &command.replace("INPUT", name).replace("OUTPUT", "new.txt"));
            "new.txt"
        };
        run(home.put(&service).arg(file).args(options)).assert_code(0);
        service.assert_holds_in(name, &state(words));
    }
}

#[test]
fn word_vectors_in_binary_load_with_the_command_that_their_message_names() {
    let words = ["\u{feff}the", "of,", "e\"x"];
    for end in ["", "\n"] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let word = |(word, vector): (&str, [f32; 3])| {
            let numbers: Vec<u8> = vector.into_iter().flat_map(f32::to_le_bytes).collect();
            [word.as_bytes(), b" ", &numbers, end.as_bytes()].concat()
        };
        let vectors: Vec<u8> = words.into_iter().zip(VECTORS).flat_map(word).collect();
        home.write("words.bin", [b"3 3\n", &vectors[..]].concat());
        let ended = run(home.put(&service).arg("words.bin"));
        ended.assert_code(3);
        let told = "words.bin is a word2vec file in binary form, which is not supported yet\n";
        assert!(ended.stderr.contains(told), "{}", ended.stderr);
        if Command::new("python3").arg("--version").output().is_err() {
            continue;
        }
        let command = between(&ended, "convert it to JSON Lines: ", "\n");
        shell(&home, &command.replace("INPUT", "words.bin").replace("OUTPUT", "new.jsonl"));
        run(home.put(&service).arg("new.jsonl")).assert_code(0);
        service.assert_holds(&state(words));
    }
}

#[test]
fn a_wide_table_without_a_header_names_the_pattern_of_its_columns() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let line = |(word, [a, b, c]): (&str, [f32; 3])| format!("{word}\t{a}\t{b}\t{c}\n");
    home.write("a.tsv", ["a", "b", "c"].into_iter().zip(VECTORS).map(line).collect::<String>());
    let ended = run(home.put(&service).arg("a.tsv"));
    ended.assert_code(3);
    let told = "use --no-header and the numbers of the columns: --key 1 --vector '*'\n";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    run(home.put(&service).args(["a.tsv", "--no-header", "--key", "1", "--vector", "*"])).assert_code(0);
    service.assert_holds(&state(["a", "b", "c"]));
}

#[test]
fn pages_of_columns_load_from_a_file_each() {
    let page = |record: usize| {
        format!(
            "{{\"ids\":[\"{record}\"],\"embeddings\":[{:?}],\"included\":[\"x\",\"y\"]}}",
            VECTORS[record]
        )
    };
    let lines = (0..3).map(|record| page(record) + "\n").collect::<String>();
    for text in [&lines, &lines.replace("],", "],\n ")] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("pages.jsonl", text);
        let ended = run(home.put(&service).arg("pages.jsonl"));
        ended.assert_code(3);
        let command = between(&ended, "write each to a file of its own: ossvec ", "; then load DIRECTORY");
        let command = command.replace("DIRECTORY", "pages");
        let converted = run(home.ossvec().args(command.split(' ')));
        converted.assert_code(0);
        assert_eq!(converted.stdout, "3 files written to pages\n");
        run(home.put(&service).arg("pages")).assert_code(0);
        service.assert_holds(&state(["0", "1", "2"]));
    }
}

/// What is stored of these vectors under these keys.
fn stored<const N: usize>(records: [(&str, [f32; 2]); N]) -> State {
    let bits = |vector: [f32; 2]| vector.map(f32::to_bits).to_vec();
    records.map(|(key, vector)| (key.to_owned(), (bits(vector), Value::Null))).into()
}

#[test]
fn columns_without_keys_load_from_a_file_each() {
    let ollama = [
        r#"{"model":"m","embeddings":[[0.1,0.2]],"total_duration":1}"#,
        r#"{"model":"m","embeddings":[[0.3,0.4],[0.5,0.6]],"total_duration":1}"#,
    ];
    let pandas = [
        r#"{"n":{"0":"A"},"embedding":{"0":[0.1,0.2]}}"#,
        r#"{"n":{"0":"B","1":"C"},"embedding":{"0":[0.3,0.4],"1":[0.5,0.6]}}"#,
    ];
    let cohere = [
        r#"{"id":"u1","texts":["A"],"embeddings":[[0.1,0.2]],"response_type":"embeddings_floats"}"#,
        r#"{"id":"u2","texts":["B","C"],"embeddings":[[0.3,0.4],[0.5,0.6]],"meta":{}}"#,
    ];
    let texts = [
        ollama.join("\n"),
        format!("[{}]", ollama.join(", ")),
        pandas.join("\n"),
        cohere.join("\n\n"),
        ollama.join(" ").replace("[[", "\n[["),
    ];
    for text in texts {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("pages.json", &text);
        let template = ["--key-template", "{file}-{row}"];
        let ended = run(home.put(&service).arg("pages.json").args(template));
        ended.assert_code(3);
        let command = between(&ended, "write each to a file of its own: ossvec ", "; then load DIRECTORY");
        run(home.ossvec().args(command.replace("DIRECTORY", "pages").split(' '))).assert_code(0);
        run(home.put(&service).arg("pages").args(template)).assert_code(0);
        service.assert_holds_in(
            &text,
            &stored([
                ("page-000001-0", [0.1, 0.2]),
                ("page-000002-0", [0.3, 0.4]),
                ("page-000002-1", [0.5, 0.6]),
            ]),
        );
    }
}

#[test]
fn a_response_of_cohere_has_its_key_by_default() {
    let one = r#"{"id":"u1","texts":["A","B"],"embeddings":[[0.1,0.2],[0.3,0.4]],"response_type":"embeddings_floats"}"#;
    let other = r#"{"id":"u2","texts":["C"],"embeddings":[[0.5,0.6]],"meta":{}}"#;
    for text in [
        format!("{one}\n{other}\n"),
        format!("[{one},{other}]"),
        format!("{one}{other}").replace("\"texts", "\n\"texts"),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("a.json", &text);
        run(home.put(&service).arg("a.json")).assert_code(0);
        service.assert_holds_in(
            &text,
            &stored([("u1-0", [0.1, 0.2]), ("u1-1", [0.3, 0.4]), ("u2", [0.5, 0.6])]),
        );
    }
}

#[test]
fn a_table_of_pandas_without_keys_loads_as_its_message_says() {
    let columns = r#"{"title":{"0":"A","1":"B"},"embedding":{"0":[0.1,0.2],"1":[0.3,0.4]}}"#;
    let split = r#"{"columns":["title","embedding"],"index":[0,1],"data":[["A",[0.1,0.2]],["B",[0.3,0.4]]]}"#;
    let named = columns.replace("\"0\"", "\"x\"").replace("\"1\"", "\"y\"");
    for (text, [first, second]) in [(columns, ["0", "1"]), (split, ["0", "1"]), (&named, ["x", "y"])] {
        let options: [(&[&str], [&str; 2]); 2] =
            [(&["--key", "index"], [first, second]), (&["--key-template", "{file}-{row}"], ["t-0", "t-1"])];
        for (options, [first, second]) in options {
            let (home, service) = (Home::new(), TestService::start(unlimited()));
            home.write("t.json", text);
            let ended = run(home.put(&service).arg("t.json"));
            ended.assert_code(3);
            assert!(ended.stderr.contains("a pandas table written with orient="), "{}", ended.stderr);
            assert!(ended.stderr.contains("with --key index,"), "{}", ended.stderr);
            assert!(ended.stderr.contains("--key-template '{file}-{row}'\n"), "{}", ended.stderr);
            run(home.put(&service).arg("t.json").args(options)).assert_code(0);
            service.assert_holds_in(text, &stored([(first, [0.1, 0.2]), (second, [0.3, 0.4])]));
        }
    }
}

#[test]
fn a_vector_inside_an_object_is_named_with_its_path() {
    for (record, path) in [
        (r#"{"id":"a","vector":{"a b":[0.1,0.2]},"title":"x"}"#, "'vector.a b'"),
        (r#"{"id":"a","vector":{"a":[0.1,0.2],"b":[0.3,0.4]},"title":"x"}"#, "vector.a"),
        (r#"{"id":"a","embedding":{"a":[0.1,0.2],"n":7}}"#, "embedding.a"),
        (r#"{"id":"a","vector":{"a":[0.1,0.2],"b":[0.3,0.4]}}"#, "vector.a"),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("a.jsonl", record);
        let ended = run(home.put_sized(&service, 2).arg("a.jsonl"));
        assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [0, 1]);
        let told = format!("--vector {path}");
        assert!(ended.stderr.contains(&told), "{told}: {}", ended.stderr);
        run(home.put_sized(&service, 2).args(["a.jsonl", "--vector", path.trim_matches('\'')]))
            .assert_code(0);
        service.assert_holds_in(record, &stored([("a", [0.1, 0.2])]));
    }
}

/// Names and values of metadata.
type Stored = &'static [(&'static str, &'static str)];

#[test]
fn an_object_among_metadata_is_left_out_as_the_message_says() {
    let record = r#"{"id":"a","vector":[0.1,0.2],"title":"T","doc":{"deep":{"x":"X"},"y":"Y"}}"#;
    // What is given, what the message says, what is given then, and what is stored.
    let cases: [(&str, &str, &str, Stored); 5] = [
        ("title,x=doc.deep", "remove x=doc.deep from --metadata to leave it out", "title", &[("title", "T")]),
        (
            "*",
            "add doc to --metadata to store its members, or -doc to leave it out",
            "*,-doc",
            &[("title", "T")],
        ),
        ("*,doc", "add -deep to --metadata to leave it out", "*,doc,-deep", &[("title", "T"), ("y", "Y")]),
        ("*,title=doc.y", "add -deep to --metadata to leave it out", "*,-deep,-title,t=doc.y", &[("t", "Y")]),
        ("doc", "add -deep to --metadata to leave it out", "doc,-doc.deep", &[("y", "Y")]),
    ];
    for (given, told, then, stored) in cases {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("a.jsonl", record);
        let ended = run(home.put_sized(&service, 2).args(["a.jsonl", "--metadata", given]));
        assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [0, 1]);
        assert!(ended.stderr.contains(told), "{given}: {}", ended.stderr);
        assert_stores(&home, &service, then, stored);
    }
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", record);
    assert_stores(&home, &service, "*,-doc.deep", &[("title", "T"), ("y", "Y")]);
}

/// Loads the record of `a.jsonl` with these fields as metadata, which all records have.
#[track_caller]
fn assert_stores(home: &Home, service: &TestService, metadata: &str, stored: Stored) {
    let ended = run(home.put_sized(service, 2).args(["a.jsonl", "--metadata", metadata]));
    ended.assert_code(0);
    assert!(!ended.stderr.contains("no record has"), "{metadata}: {}", ended.stderr);
    let stored = stored.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    let (_, metadata) = service.state().remove("a").unwrap();
    assert_eq!(metadata, Value::Object(stored));
}

#[test]
fn a_renamed_field_that_is_too_large_is_named_as_it_is_given() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", format!(r#"{{"id":"a","vector":[1,2],"body":"{}"}}"#, "x".repeat(50_000)));
    let ended = run(home.put_sized(&service, 2).args(["a.jsonl", "--metadata", "x=body"]));
    ended.assert_code(4);
    let told = "the largest field is x; remove x=body from --metadata to leave it out";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
}

#[test]
fn inputs_of_a_partitioned_directory_load_with_the_pattern_of_the_message() {
    for others in [&[][..], &["README.md"]] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        for (number, key) in ["a", "b"].into_iter().enumerate() {
            std::fs::create_dir_all(home.path(&format!("my data/dt={number}/hour=0"))).unwrap();
            let record = format!(r#"{{"id":"{key}","vector":[1,2]}}"#);
            home.write(&format!("my data/dt={number}/hour=0/part-0.jsonl"), record);
        }
        for name in others {
            home.write(&format!("my data/{name}"), "Read me.");
        }
        let ended = run(home.put(&service).arg("my data"));
        ended.assert_code(3);
        let pattern = between(&ended, "to load the files in the directories inside it, pass ", "\n");
        assert_eq!(pattern, "'my data/**/*.jsonl'");
        run(home.put(&service).arg(pattern.trim_matches('\''))).assert_code(0);
        service.assert_holds(&stored([("a", [1.0, 2.0]), ("b", [1.0, 2.0])]));
    }
}

#[test]
fn data_behind_compressed_data_is_kept_by_the_commands_of_the_message() {
    let [first, second] = ["a", "b"].map(|key| format!("{{\"id\":\"{key}\",\"vector\":[1,2]}}\n"));
    let packed = gzip(first.as_bytes());
    for (what, rest) in [
        ("text", second.clone().into_bytes()),
        ("text", [b"\0\0\n", second.as_bytes()].concat()),
        ("zstd data", zstd(second.as_bytes())),
        ("LZ4 data", lz4(second.as_bytes())),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("a.jsonl.gz", [&packed[..], &rest].concat());
        let ended = run(home.put(&service).arg("a.jsonl.gz"));
        ended.assert_code(3);
        let told = format!(" bytes of {what}\n");
        assert!(ended.stderr.contains(&told), "{told}{}", ended.stderr);
        let commands = between(&ended, "split the file there (", ") and load both parts");
        shell(&home, &commands.replace("INPUT", "a.jsonl.gz"));
        run(home.put(&service).args(["FIRST", "SECOND"])).assert_code(0);
        service.assert_holds_in(what, &stored([("a", [1.0, 2.0]), ("b", [1.0, 2.0])]));
    }
    // What is inside of what is compressed twice has no place in the file.
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl.gz", gzip(&[&packed[..], second.as_bytes()].concat()));
    let ended = run(home.put(&service).arg("a.jsonl.gz"));
    ended.assert_code(3);
    assert!(ended.stderr.contains("decompress the file once, and load what it contains"), "{}", ended.stderr);
}

#[test]
fn bytes_of_no_known_format_name_the_formats_that_only_the_user_can_know() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let many = (0..300).map(|number| f32::from(i16::try_from(number).unwrap()) / 7.0);
    let data: Vec<u8> = many.clone().flat_map(f32::to_le_bytes).collect();
    home.write("vectors.bin", &data);
    let ended = run(home.put(&service).arg("vectors.bin"));
    ended.assert_code(3);
    insta::assert_snapshot!(ended.stderr.trim_end(), @"
    ossvec: vectors.bin is binary data of an unknown format
            if it contains vectors only, specify it with --format float32 --dimension N, or --format fvecs, bvecs, fbin or u8bin; else convert it to JSON Lines
    ");
    let options = ["--format", "float32", "--dimension", "3", "--key-template", "{row}"];
    run(home.put(&service).arg("vectors.bin").args(options)).assert_code(0);
    let numbers: Vec<u32> = many.map(f32::to_bits).collect();
    let rows = numbers.chunks(3).enumerate();
    service.assert_holds(&rows.map(|(row, bits)| (row.to_string(), (bits.to_vec(), Value::Null))).collect());
}

/// Two records under other names than the usual ones, in the form of a file's name.
fn misnamed(name: &str, key: &str, vector: &str, keys: [&str; 2]) -> String {
    let number = |index: usize| format!("[{},1]", index + 1);
    let pairs: Vec<_> = keys.iter().enumerate().map(|(index, value)| (value, number(index))).collect();
    match name.rsplit_once('.').unwrap().1 {
        "csv" => {
            let rows = pairs.iter().map(|(value, numbers)| format!("{value},\"{numbers}\"\n"));
            format!("{key},{vector}\n{}", rows.collect::<String>())
        }
        form => {
            let records =
                pairs.iter().map(|(value, numbers)| format!(r#"{{"{key}":"{value}","{vector}":{numbers}}}"#));
            let records: Vec<_> = records.collect();
            if form == "json" { format!("[{}]", records.join(",")) } else { records.join("\n") }
        }
    }
}

#[test]
fn inputs_that_name_a_field_differently_load_one_by_one_as_the_message_says() {
    for (option, other, advice) in [
        ("--key", misnamed("b.jsonl", "doc_key", "vector", ["c", "d"]), "set its field with --key"),
        ("--vector", misnamed("b.jsonl", "id", "numbers", ["c", "d"]), "set its field with --vector"),
    ] {
        for first in ["a.jsonl", "a.csv", "a.json"] {
            let (home, service) = (Home::new(), TestService::start(unlimited()));
            home.write(first, misnamed(first, "id", "vector", ["a", "b"]));
            home.write("b.jsonl", &other);
            let ended = run(home.put_sized(&service, 2).args([first, "b.jsonl", "--rejects", "r.jsonl"]));
            assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [2, 2]);
            let said = format!("{advice}; load inputs that name it differently one by one");
            assert!(ended.stderr.contains(&said), "{}", ended.stderr);
            let field = if option == "--key" { "doc_key" } else { "numbers" };
            // The input by itself, or what was rejected of it.
            for input in ["b.jsonl", "r.jsonl"] {
                let (home_of_one, one) = (Home::new(), TestService::start(unlimited()));
                home_of_one.write(input, std::fs::read(home.path(input)).unwrap());
                let load = [input, option, field];
                run(home_of_one.put_sized(&one, 2).args(load)).assert_code(0);
                assert_eq!(one.state().into_keys().collect::<Vec<_>>(), ["c", "d"], "{input}");
            }
            run(home.put_sized(&service, 2).args(["b.jsonl", option, field])).assert_code(0);
            assert_eq!(service.state().len(), 4);
        }
    }
    // A single input has no others.
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("b.jsonl", misnamed("b.jsonl", "doc_key", "vector", ["c", "d"]));
    let ended = run(home.put_sized(&service, 2).arg("b.jsonl"));
    assert!(!ended.stderr.contains("one by one"), "{}", ended.stderr);
}

#[test]
fn a_column_without_values_is_told_as_such_and_another_one_can_be_chosen() {
    let void = || Arc::new(StringArray::new_null(2)) as ArrayRef;
    let vectors = || float32([vec![1.0, 2.0], vec![3.0, 4.0]]);
    for (columns, said, cure) in [
        (
            [("id", void()), ("sku", texts(0..2)), ("vector", vectors())],
            "the file has no key in any row: its column id is empty; choose another with --key",
            ["--key", "sku"],
        ),
        (
            [("id", texts(0..2)), ("vector", void()), ("numbers", vectors())],
            "the file has no vector in any row: its column vector is empty; choose another with --vector",
            ["--vector", "numbers"],
        ),
    ] {
        let table = table(&columns);
        for (name, file) in [
            ("a.parquet", parquet(&table, WriterProperties::default())),
            ("a.arrow", arrow(&table, 2, false, None)),
        ] {
            let (home, service) = (Home::new(), TestService::start(unlimited()));
            home.write(name, file);
            let ended = run(home.put_sized(&service, 2).arg(name));
            assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [0, 2]);
            assert!(ended.stderr.contains(said), "{name}: {}", ended.stderr);
            run(home.put_sized(&service, 2).arg(name).args(cure)).assert_code(0);
            assert_eq!(service.state().len(), 2);
        }
    }
}
