//! Tables whose quotes are astray, end to end: judged by what the service holds.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use ossvec::test_support::oss::operation::Operation;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::made::{Said, judge, stray, table};
use crate::support::{Ended, Home, State, TestService, run, unlimited};

fn state(records: &[(&str, &[f32], Value)]) -> State {
    let bits = |numbers: &[f32]| numbers.iter().map(|number| number.to_bits()).collect();
    let records = records.iter();
    records.map(|(key, numbers, metadata)| ((*key).to_owned(), (bits(numbers), metadata.clone()))).collect()
}

/// A load of one file, and the service that it went to.
fn load(name: &str, text: &str, arguments: &[&str]) -> (Ended, TestService, Vec<Value>) {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write(name, text);
    let mut command = home.put(&service);
    command.args([name, "--rejects", "rejects.jsonl"]).args(arguments);
    let ended = run(&mut command);
    let rejects = std::fs::read_to_string(home.path("rejects.jsonl")).unwrap_or_default();
    let rejects = rejects.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (ended, service, rejects)
}

const HEROES: &str = "id\tembedding\ttitle\n\
                      a\t[0.1,0.2]\t\"Heroes\n\
                      b\t[0.3,0.4]\tplain\n\
                      c\t[0.5,0.6]\tthe \"best\" of\n\
                      d\t[0.7,0.8]\tend\n";

#[test]
fn a_stray_quote_costs_its_own_record_which_names_both_lines_and_the_cure() {
    let (ended, service, rejects) = load("movies.tsv", HEROES, &["--metadata", "title"]);
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [3, 1]);
    service.assert_holds(&state(&[
        ("b", &[0.3, 0.4], json!({"title": "plain"})),
        ("c", &[0.5, 0.6], json!({"title": "the \"best\" of"})),
        ("d", &[0.7, 0.8], json!({"title": "end"})),
    ]));
    let [reject] = &rejects[..] else { panic!("{rejects:?}") };
    assert_eq!(reject["rejected"]["reason"], "quote");
    assert_eq!(
        (&reject["rejected"]["line"], &reject["record"]),
        (&json!(2), &json!("a\t[0.1,0.2]\t\"Heroes"))
    );
    let message = reject["rejected"]["message"].as_str().unwrap();
    let names = |word: &str| message.contains(word);
    assert!(names("line 2") && names("line 4") && names("--quote none"), "{message}");
    assert!(
        ended.stderr.contains("next        fix the quotes in the input, or use the option"),
        "{}",
        ended.stderr
    );
    // Fed again, it leads back to the table.
    let line = format!(r#"{{"rejected":{},"record":{}}}"#, reject["rejected"], reject["record"]);
    let (ended, _, rejects) = load("again.jsonl", &line, &["--metadata", "title", "--dimension", "2"]);
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [0, 1]);
    let message = rejects[0]["rejected"]["message"].as_str().unwrap();
    let says = "a row of a table; fix the quotes in movies.tsv from line 2 on and load that file";
    assert!(message.contains(says), "{message}");
}

#[test]
fn tables_put_together_without_a_line_end_cost_the_line_that_they_share() {
    let table = "id,vector\na,\"[1,2]\"\nb,\"[3,4]\"\n";
    let other = table.replace("a,", "c,").replace("b,", "d,");
    let (ended, service, rejects) = load("a.csv", &(table.trim_end().to_owned() + &other), &[]);
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [3, 1]);
    assert_eq!(rejects[0]["record"], "b,\"[3,4]\"id,vector");
    service.assert_holds(&state(&[
        ("a", &[1.0, 2.0], Value::Null),
        ("c", &[1.0, 2.0], Value::Null),
        ("d", &[3.0, 4.0], Value::Null),
    ]));
}

#[test]
fn a_table_cut_inside_of_a_text_gives_the_next_table_no_wrong_key() {
    let table = "key3,\"[5, 6]\",\"three\nlines x\"key4,\"[7, 8]\",plain\nkey5,\"[7, 9]\",p\n";
    let header = |text: &str| format!("id,embedding,title\n{text}");
    let rows: [(&str, String, &[&str]); 5] = [
        ("quoted.csv", header(table), &["--metadata", "title"]),
        (
            "plain.csv",
            header(table).replace("\"[", "[").replace("]\"", "]").replace(", ", " "),
            &["--metadata", "title"],
        ),
        ("returns.csv", header(table).replace('\n', "\r\n"), &["--metadata", "title"]),
        (
            "escaped.csv",
            header(&table.replace("three", "th\\\"ree")),
            &["--metadata", "title", "--escape", "\\"],
        ),
        ("rows.csv", table.to_owned(), &["--no-header", "--key", "1", "--vector", "2", "--metadata", "3"]),
    ];
    for (name, text, arguments) in rows {
        let (ended, service, rejects) = load(name, &text, arguments);
        assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [1, 1], "{name}");
        let title = if name == "rows.csv" { "3" } else { "title" };
        service.assert_holds(&state(&[("key5", &[7.0, 9.0], json!({title: "p"}))]));
        let [reject] = &rejects[..] else { panic!("{name}: {rejects:?}") };
        assert_eq!(reject["rejected"]["reason"], "quote", "{name}");
        let (from, to) = (text.find("key3").unwrap(), text.find("key5").unwrap());
        assert_eq!(reject["record"], text.get(from..to).unwrap().trim_end(), "{name}");
    }
    // A record between is read as ever.
    let text = header("a,[1 2],\"x\nb,[3 4],y\nc,[5 6],7\" z\n");
    let (ended, service, rejects) = load("between.csv", &text, &["--metadata", "title"]);
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [2, 1]);
    service.assert_holds(&state(&[
        ("b", &[3.0, 4.0], json!({"title": "y"})),
        ("c", &[5.0, 6.0], json!({"title": "7\" z"})),
    ]));
    assert_eq!(rejects[0]["record"], "a,[1 2],\"x");
}

#[test]
fn a_file_that_never_quotes_is_stored_as_it_is() {
    let (ended, service, _) = load("movies.tsv", HEROES, &["--metadata", "title", "--quote", "none"]);
    assert_eq!(ended.assert_code(0).counts(["stored"]), [4]);
    service.assert_holds(&state(&[
        ("a", &[0.1, 0.2], json!({"title": "\"Heroes"})),
        ("b", &[0.3, 0.4], json!({"title": "plain"})),
        ("c", &[0.5, 0.6], json!({"title": "the \"best\" of"})),
        ("d", &[0.7, 0.8], json!({"title": "end"})),
    ]));
}

#[test]
fn an_inch_mark_never_gives_a_key_the_vector_of_another_record() {
    let text =
        "id,title,embedding\na,\"5 in,[0.1 0.2]\nb,plain,[0.3 0.4]\nc,7\" x,[0.5 0.6]\nd,y,[0.7 0.8]\n";
    let (ended, service, rejects) = load("items.csv", text, &[]);
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [3, 1]);
    service.assert_holds(&state(&[
        ("b", &[0.3, 0.4], Value::Null),
        ("c", &[0.5, 0.6], Value::Null),
        ("d", &[0.7, 0.8], Value::Null),
    ]));
    assert_eq!(rejects[0]["record"], "a,\"5 in,[0.1 0.2]");
}

#[test]
fn a_header_that_takes_rows_is_an_error_before_anything_is_sent() {
    let text = "id\tembedding\t\"note\na\t[0.1,0.2]\tx\nb\t[0.3,0.4]\ty\"\nc\t[0.5,0.6]\tz\n";
    let (ended, service, _) = load("head.tsv", text, &[]);
    ended.assert_code(3);
    assert!(ended.stderr.contains("cannot read the header of head.tsv"), "{}", ended.stderr);
    assert!(ended.stderr.contains("from line 1 to line 3"), "{}", ended.stderr);
    assert_eq!(service.statistics().of(Operation::PutVectors).requests, 0);
}

#[test]
fn backslash_quotes_are_rejected_with_the_flag_that_reads_them() {
    let text = "id,embedding,t\n\
                \"a\",\"[0.1,0.2]\",\"<html id=\\\"html-div\\\">\"\n\
                \"5\\\" disk\",\"[0.3,0.4]\",\"plain\"\n";
    let (ended, service, rejects) = load("spark.csv", text, &["--metadata", "t"]);
    ended.assert_code(4);
    assert_eq!(ended.counts(["stored", "rejected"]), [0, 2]);
    for reject in &rejects {
        let message = reject["rejected"]["message"].as_str().unwrap();
        assert!(message.contains("--escape '\\'"), "{message}");
    }
    drop(service);
    let (ended, service, _) = load("spark.csv", text, &["--metadata", "t", "--escape", "\\"]);
    ended.assert_code(0);
    service.assert_holds(&state(&[
        ("a", &[0.1, 0.2], json!({"t": "<html id=\"html-div\">"})),
        ("5\" disk", &[0.3, 0.4], json!({"t": "plain"})),
    ]));
}

#[test]
fn delimiters_names_and_rows_are_found_as_they_are_written() {
    let stored = state(&[("a", &[0.1, 0.2], Value::Null)]);
    let rows: [(&str, &str, &[&str]); 9] = [
        ("sep.csv", "sep=;\nid;embedding\na;[0.1,0.2]\n", &[]),
        ("upper.csv", "ID,EMBEDDING\na,\"[0.1,0.2]\"\n", &[]),
        ("named.csv", "Sku,Emb\na,\"[0.1,0.2]\"\n", &["--key", "SKU"]),
        ("bar.csv", "id|vector\na|0.1 0.2\n", &["--delimiter", "|"]),
        ("tab.csv", "id\tvector,x\na\t0.1,0.2\n", &["--delimiter", "tab", "--vector", "vector,x"]),
        ("single.csv", "id,vector\n'a','0.1,0.2'\n", &["--quote", "'"]),
        ("comment.csv", "#x\"\nid,vector\n# y,\na,[0.1 0.2]\n", &["--comment", "#"]),
        ("null.csv", "id,vector,t\na,[0.1 0.2],NULL\n", &["--null", "NULL", "--metadata", "t"]),
        ("rows.csv", "a,\"[0.1,0.2]\"\n", &["--no-header", "--key", "1", "--vector", "2"]),
    ];
    for (name, text, arguments) in rows {
        let (ended, service, _) = load(name, text, arguments);
        assert_eq!(ended.code, Some(0), "{name}: {}", ended.stderr);
        service.assert_holds(&stored);
    }
}

#[test]
fn what_no_flag_can_read_names_its_cause() {
    let (ended, _service, rejects) = load("case.csv", "Id,ID,vector\na,b,[1 2]\n", &[]);
    ended.assert_code(4);
    assert!(
        rejects[0]["rejected"]["message"].as_str().unwrap().contains("both columns Id and ID"),
        "{rejects:?}"
    );
    let (ended, _service, _) = load("text.csv", "hello world\n", &[]);
    assert!(ended.assert_code(3).stderr.contains("text.csv is not a table"), "{}", ended.stderr);
}

#[test]
fn cells_that_hold_records_are_stored_when_they_are_meant() {
    let text = "id,vector,t\na,[1 2],\"see\nb,[3 4],x\nand\"\n";
    let (ended, ..) = load("a.csv", text, &["--metadata", "t"]);
    ended.assert_code(4);
    let (ended, service, _) = load("a.csv", text, &["--metadata", "t", "--multiline-cells"]);
    ended.assert_code(0);
    service.assert_holds(&state(&[("a", &[1.0, 2.0], json!({"t": "see\nb,[3 4],x\nand"}))]));
}

#[test]
fn a_table_that_is_cut_inside_of_a_cell_costs_that_record_only() {
    let text = "id,vector\na,\"[1,2]\"\nb,\"[3,";
    let (ended, service, rejects) = load("a.csv", text, &[]);
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [1, 1]);
    service.assert_holds(&state(&[("a", &[1.0, 2.0], Value::Null)]));
    let message = rejects[0]["rejected"]["message"].as_str().unwrap();
    assert!(message.contains("starts on line 3 is never closed"), "{message}");
}

#[test]
fn a_load_goes_on_only_with_the_same_dialect() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let rows = (0..300).fold(String::new(), |rows, row| rows + &format!("{row};1 {row}\n"));
    home.write("a.csv", format!("id;vector\n{rows}x;bad\n{rows}"));
    let load =
        |arguments: &[&str]| run(home.put(&service).args(["a.csv", "--batch-size", "100"]).args(arguments));
    let stopped = load(&["--delimiter", ";", "--max-rejects", "0"]);
    assert_eq!(stopped.assert_code(4).counts(["rejected"]), [1]);
    let ended = load(&["--resume"]);
    assert!(ended.assert_code(3).stderr.contains("--delimiter"), "{}", ended.stderr);
}

#[test]
fn flags_of_tables_that_contradict_each_other_are_refused() {
    let rows: [(&[&str], &str); 4] = [
        (&["--delimiter", ";", "--comment", ";"], "--delimiter and --comment are the same character"),
        (&["--delimiter", "\""], "--delimiter and --quote are the same character"),
        (&["--delimiter", "::"], "expected one ASCII character such as ;, or tab"),
        (&["--no-header"], "--no-header requires --key and --vector"),
    ];
    for (arguments, said) in rows {
        let (ended, ..) = load("a.csv", "id,vector\na,[1 2]\n", arguments);
        assert!(ended.assert_code(1).stderr.contains(said), "{}", ended.stderr);
    }
}

#[test]
fn stray_quotes_anywhere_mix_nothing_in_the_service() {
    let mut runner = TestRunner::new(Config::default());
    let cases = (table(), stray());
    for _ in 0..40 {
        let (table, stray) = cases.new_tree(&mut runner).unwrap().current();
        let text = stray.put_into(&table.text);
        let has_two = table.text.lines().next().unwrap().contains("two");
        let names = if has_two { "one,two" } else { "one" };
        let (ended, service, rejects) = load("a.csv", &text, &["--metadata", names, "--dimension", "3"]);
        if matches!(ended.code, Some(1 | 3)) {
            // A damaged header cannot be read, or lacks the column that --metadata names.
            let header = table.text.get(..stray.at(&table.text)).unwrap();
            assert!(!header.contains('\n'), "only a damaged header stops a load: {text:?}: {}", ended.stderr);
            assert_eq!(service.statistics().of(Operation::PutVectors).requests, 0, "{text:?}");
            continue;
        }
        assert!(matches!(ended.code, Some(0 | 2 | 4)), "{text:?}: {}", ended.stderr);
        let stored = if ended.counts(["stored"]) == [0] { State::new() } else { service.state() };
        let stored: Vec<Said> = stored.into_iter().map(said).collect();
        let rejected: Vec<RangeInclusive<u64>> = rejects.iter().map(lines_of).collect();
        if let Err(error) = judge(&table, &stored, &rejected, |c| c == '"') {
            panic!("{error} in {text:?}: {rejects:?}");
        }
    }
}

fn said((key, (bits, metadata)): (String, (Vec<u32>, Value))) -> Said {
    let metadata: Option<BTreeMap<String, String>> = serde_json::from_value(metadata).unwrap();
    Said {
        key,
        vector: bits.into_iter().map(f32::from_bits).collect(),
        metadata: metadata.unwrap_or_default(),
    }
}

/// The lines of a reject: its text's, or those of its cells.
fn lines_of(reject: &Value) -> RangeInclusive<u64> {
    let texts: Vec<&str> = match &reject["record"] {
        Value::String(text) => vec![text],
        Value::Array(cells) => cells.iter().filter_map(Value::as_str).collect(),
        Value::Object(cells) => cells.values().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let more: usize = texts.iter().map(|text| text.matches('\n').count()).sum();
    let first = reject["rejected"]["line"].as_u64().unwrap();
    first..=first + more as u64
}

#[test]
fn rows_under_another_header_are_never_stored_under_the_names_of_the_first() {
    let first = "id,title,embedding\na,A,\"[1,2]\"\n";
    let stored = state(&[("a", &[1.0, 2.0], json!({"title": "A"}))]);
    for (name, text) in [
        ("order.csv", "title,id,embedding\nX,b,\"[3,4]\"\n"),
        ("other.csv", "id,lang,embedding\nb,en,\"[3,4]\"\n"),
        ("fewer.csv", "id,embedding\nb,\"[3,4]\"\n"),
        ("marked.csv", "\u{feff}\"Title\",\"ID\",\"Embedding\"\r\n\"X\",\"b\",\"[3,4]\"\r\n"),
    ] {
        let (ended, service, _) = load(name, &(first.to_owned() + text), &["--metadata", "title"]);
        assert_eq!(ended.assert_code(3).counts(["stored", "rejected"]), [1, 0]);
        service.assert_holds_in(name, &stored);
        let header = text.lines().next().unwrap();
        let told =
            format!("{name} has columns that change at line 3, byte 31: another header is there, {header}");
        let told = told
            .replace('\u{feff}', "")
            .replace("byte 31", if name == "marked.csv" { "byte 34" } else { "byte 31" });
        assert!(ended.stderr.contains(&told), "{told}\n{}", ended.stderr);
    }
    // Without a line end between the files, the row that they share is not read either.
    let text = first.trim_end().to_owned() + "title,id,embedding\nX,b,\"[3,4]\"\n";
    let (ended, service, _) = load("glued.csv", &text, &["--metadata", "title", "--dimension", "2"]);
    assert_eq!(ended.assert_code(3).counts(["stored", "rejected"]), [0, 0]);
    service.assert_holds(&State::new());
    // The same columns in the same order are a repeated header, however they are written.
    let text = first.to_owned() + "\"ID\", \"title\",\"embedding\"\nb,X,\"[3,4]\"\n";
    let (ended, service, _) = load("same.csv", &text.replace(", \"", ",\""), &["--metadata", "title"]);
    assert_eq!(ended.assert_code(0).counts(["stored", "rejected"]), [2, 0]);
    assert_eq!(service.state().len(), 2);
}

#[test]
fn a_table_that_is_split_at_another_header_continues_with_both_parts() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let (one, other) = ("id,title,embedding\na,A,\"[1,2]\"\n", "title,id,embedding\nX,b,\"[3,4]\"\n");
    home.write("both.csv", one.to_owned() + other);
    run(home.put(&service).args(["both.csv", "--metadata", "title"])).assert_code(3);
    run(home.put(&service).args(["both.csv", "--metadata", "title", "--resume"])).assert_code(3);
    home.write("both.csv", one);
    home.write("other.csv", other);
    run(home.put(&service).args(["both.csv", "other.csv", "--metadata", "title", "--resume"])).assert_code(0);
    service.assert_holds(&state(&[
        ("a", &[1.0, 2.0], json!({"title": "A"})),
        ("b", &[3.0, 4.0], json!({"title": "X"})),
    ]));
    assert_eq!(service.statistics().of(Operation::PutVectors).vectors_stored, 2);
}

#[test]
fn a_fixed_reject_is_stored_as_its_row_would_be() {
    let table =
        "id,title,author,lang,embedding\n1,Lamp,,,\"[1,2]\"\n2,Chair,,,\"[3,nan]\"\n3,NA,x,,\"[nan,4]\"\n";
    // Also where no reject has a value in a column that is named.
    for metadata in ["title,author", "title,lang", "*", "*,-lang", "*,l=lang"] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let options = ["--metadata", metadata, "--null", "NA", "--dimension", "2"];
        home.write("re.csv", table);
        run(home.put(&service).arg("re.csv").args(options).args(["--rejects", "re.rej"])).assert_code(4);
        let rejects = std::fs::read_to_string(home.path("re.rej")).unwrap();
        home.write("fixed.jsonl", rejects.replace("nan", "7"));
        run(home.put(&service).arg("fixed.jsonl").args(options)).assert_code(0);
        let (_, whole, _) = load("whole.csv", &table.replace("nan", "7"), &options);
        service.assert_holds(&whole.state());
    }
}

#[test]
fn a_column_without_a_name_is_used_by_the_name_that_messages_give_it() {
    let table = ",embedding,\na,\"[1,2]\",x\nb,\"[3,4]\",y\n";
    let (ended, _, _) = load("pandas.csv", table, &[]);
    assert!(ended.assert_code(4).stderr.contains("(unnamed column 1)"));
    let options = ["--key", "(unnamed column 1)"];
    let (ended, service, _) = load("pandas.csv", table, &options);
    ended.assert_code(0);
    service.assert_holds_in(
        "pandas.csv",
        &state(&[("a", &[1.0, 2.0], Value::Null), ("b", &[3.0, 4.0], Value::Null)]),
    );
    let named = ["--key", "embedding", "--vector", "v", "--metadata", "*,row=(unnamed column 1)"];
    let (ended, service, _) = load("other.csv", ",embedding,v\na,k,\"[1,2]\"\n", &named);
    ended.assert_code(0);
    service.assert_holds_in("other.csv", &state(&[("k", &[1.0, 2.0], json!({"row": "a"}))]));
}

#[test]
fn the_escapes_of_a_dump_are_what_they_stand_for() {
    let dump = "id\tembedding\ttitle\na\\\\b\t[1,2]\tC:\\\\new\nc\t[3,4]\tone\\ntwo\\tthree\nd\t[5,6]\t\\N\n";
    let options = ["--metadata", "title", "--quote", "none", "--escape", "\\"];
    let (ended, service, _) = load("dump.tsv", dump, &options);
    ended.assert_code(0);
    service.assert_holds_in(
        "dump.tsv",
        &state(&[
            ("a\\b", &[1.0, 2.0], json!({"title": "C:\\new"})),
            ("c", &[3.0, 4.0], json!({"title": "one\ntwo\tthree"})),
            ("d", &[5.0, 6.0], Value::Null),
        ]),
    );
}
