//! Inputs that are refused with a command: what the command makes of them loads.

use std::process::Command;

use serde_json::Value;

use crate::support::{Ended, Home, State, TestService, run, unlimited};

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
