//! Tables as people make them: cells as programs print vectors, files put together, names as patterns.

use serde_json::{Value, json};

use crate::fields::{assert_nothing_sent, with};
use crate::support::{Ended, Home, State, TestService, run, unlimited};
use crate::trouble::json_lines;

fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

fn state(records: &[(&str, [f32; 2])]) -> State {
    let record = |(key, numbers): &(&str, [f32; 2])| {
        ((*key).to_owned(), (numbers.iter().map(|number| number.to_bits()).collect(), Value::Null))
    };
    records.iter().map(record).collect()
}

/// As it is printed by: pandas and pgvector; numpy; numpy 2 in a list; repr; torch; tuples; Postgres; people.
const LOADED: [&str; 17] = [
    "[0.1, -0.2]",
    "[ 0.1 -0.2]",
    "[ 1.e-01\n -2.e-01]",
    "[np.float32(0.1), np.float32(-0.2)]",
    "[np.float64(0.10000000149011612), np.float64(-0.20000000298023224)]",
    "array([ 0.1, -0.2], dtype=float32)",
    "array([ 0.1,\n       -0.2])",
    "array('f', [0.10000000149011612, -0.20000000298023224])",
    "tensor([ 0.1000, -0.2000], device='cuda:0')",
    "(0.1, -0.2)",
    "{0.1,-0.2}",
    "0.1;-0.2",
    "0.1|-0.2",
    "0.1 -0.2",
    "[Decimal('0.1'), Decimal('-0.2')]",
    "\"[0.1, -0.2]\"",
    "<tf.Tensor: shape=(2,), dtype=float32, numpy=array([ 0.1, -0.2], dtype=float32)>",
];

#[test]
fn cells_load_float32_exactly_as_any_program_prints_them() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let row = |(number, cell): (usize, &&str)| format!("t{number},{}\n", quoted(cell));
    let line = |(number, cell): (usize, &&str)| {
        json!({"id": format!("j{number}"), "vector": cell}).to_string() + "\n"
    };
    let table = LOADED.iter().enumerate().map(row).collect::<String>();
    home.write("a.csv", format!("id,vector\n{table}"));
    home.write("b.jsonl", LOADED.iter().enumerate().map(line).collect::<String>());
    let ended = run(home.put(&service).args(["a.csv", "b.jsonl"]));
    let keys: Vec<_> =
        (0..LOADED.len()).flat_map(|number| [format!("t{number}"), format!("j{number}")]).collect();
    let records: Vec<_> = keys.iter().map(|key| (key.as_str(), [0.1, -0.2])).collect();
    ended.assert_code(0);
    service.assert_holds(&state(&records));
}

#[test]
fn cells_whose_numbers_are_not_there_are_rejected_each_with_its_own_message() {
    let cut = format!("[{}", "0.25, ".repeat(6_000));
    let cells = [
        "[0.1 0.2 ... 0.3 0.4]",
        "array([0.1, 0.2, ..., 0.3, 0.4], dtype=float32)",
        "tensor([0.1, ..., 0.4])",
        "[0.1, 0.2, 0.3...",
        "array([[0.1, 0.2]])",
        "{1:0.1,3:0.2}/5",
        "b'\\xcd\\xcc'",
        "\\xcdcccc3dcdcc4c3e",
        "zczMPc3MTD6amZk-zczMPg==",
        "0,1; 0,2",
        "[0,12, 0,34]",
        "NaN",
        "",
        cut.get(..32_767).unwrap(),
    ];
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let row = |(number, cell): (usize, &&str)| format!("{number},{}\n", quoted(cell));
    let rows = cells.iter().enumerate().map(row).collect::<String>();
    home.write("a.csv", format!("id,vector\ngood,\"[0.1,0.2]\"\n{rows}"));
    let ended = run(home.put(&service).args(["a.csv", "--rejects", "r.jsonl", "--max-rejects", "none"]));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [1, cells.len() as u64]);
    let rejects = json_lines(&home.path("r.jsonl"));
    let said = rejects.iter().map(|reject| {
        let told = &reject["rejected"];
        format!("{}: {}", told["reason"].as_str().unwrap(), told["message"].as_str().unwrap())
    });
    insta::assert_snapshot!(said.collect::<Vec<_>>().join("\n"), @r#"
    shortened: the vector was shortened to "..." when it was printed, so its numbers are lost; write lists, in pandas with df["embedding"] = df["embedding"].map(lambda v: v.tolist()) before to_csv or to_json(lines=True)
    shortened: the vector was shortened to "..." when it was printed, so its numbers are lost; write lists, in pandas with df["embedding"] = df["embedding"].map(lambda v: v.tolist()) before to_csv or to_json(lines=True)
    shortened: the vector was shortened to "..." when it was printed, so its numbers are lost; write lists, in pandas with df["embedding"] = df["embedding"].map(lambda v: v.tolist()) before to_csv or to_json(lines=True)
    shortened: the vector was shortened to "..." when it was printed, so its numbers are lost; write lists, in pandas with df["embedding"] = df["embedding"].map(lambda v: v.tolist()) before to_csv or to_json(lines=True)
    nested: the vector is an array of arrays; remove one level of [ ]
    vector_kind: the vector is a sparse vector of pgvector, not an array of numbers
    vector_kind: the vector is bytes as Python prints them, not an array of numbers
    vector_kind: the vector is bytes in hexadecimal, not an array of numbers
    vector_kind: the vector is text that looks like URL-safe base64, not an array of numbers
    syntax: invalid record: the vector has different separators between its numbers; use decimal points, not decimal commas
    syntax: invalid record: the vector has different separators between its numbers; use decimal points, not decimal commas
    not_finite: element 0 of the vector is NaN, which is not a finite float32
    vector_kind: the vector is an empty cell, not an array of numbers
    syntax: invalid record: the vector is cut at 32,767 characters, as Excel cuts cells; export it without Excel
    "#);
    service.assert_holds(&state(&[("good", [0.1, 0.2])]));
}

fn notes(ended: &Ended) -> Vec<&str> {
    ended.stderr.lines().filter(|line| line.starts_with("note: ")).collect()
}

#[test]
fn a_header_that_comes_again_where_files_were_put_together_is_skipped_and_counted() {
    let header = "id,\"vector\",n\r\n";
    let row = |key: &str| format!("{key},[0.1 -0.2],\r\n");
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let parts = [header, &row("a"), "\u{feff}", header, header, &row("b"), &row("c"), header.trim_end()];
    home.write("all.csv", parts.concat());
    home.write("other.csv", "id,vector\nd,[0.1 -0.2]\nID,\"vector\"\n");
    let ended = run(home.put(&service).args(["all.csv", "other.csv"]));
    // Its names may be written otherwise.
    assert_eq!(ended.assert_code(0).counts(["read", "stored", "rejected"]), [4, 4, 0]);
    service.assert_holds(&state(&[
        ("a", [0.1, -0.2]),
        ("b", [0.1, -0.2]),
        ("c", [0.1, -0.2]),
        ("d", [0.1, -0.2]),
    ]));
    insta::assert_snapshot!(notes(&ended).join("\n"), @"
    note: skipped: 3 rows that repeat the header, first at all.csv:3
    note: skipped: 1 row that repeats the header, first at other.csv:3
    note: columns not stored: n, first at all.csv:2 (record 1); list them in --metadata to store them ('*' for all), or -NAME to leave one out
    ");
    let told = ended.summary()["notes"].clone();
    let headers = told.as_array().unwrap().iter().find(|note| note["code"] == "headers_repeated").unwrap();
    assert_eq!((&headers["count"], &headers["first"]), (&4.into(), &"all.csv:3".into()));
}

#[test]
fn a_file_of_nothing_but_headers_has_no_records() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    // More of them than a block has records.
    home.write("a.csv", "id,vector\n".repeat(10_000) + "a,[0.1 -0.2]\n" + &"id,vector\n".repeat(10_000));
    let ended = run(home.put(&service).args(["a.csv"]));
    assert_eq!(ended.assert_code(0).counts(["read", "stored"]), [1, 1]);
    assert!(
        ended.stderr.contains("19,999 rows that repeat the header, first at a.csv:2"),
        "{}",
        ended.stderr
    );
    home.write("b.csv", "id,vector\n".repeat(10_000));
    let ended = run(home.put(&service).args(["b.csv"]));
    assert_eq!(ended.assert_code(0).counts(["read"]), [0]);
    assert!(ended.stderr.contains("b.csv contains no records"), "{}", ended.stderr);
}

#[test]
fn columns_without_a_header_are_named_by_their_numbers_whatever_the_first_line_says() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.csv", "sep=;\n7;\"[0.1, -0.2]\";x\n8;\"[0.1, -0.2]\";y\n");
    let options = ["--no-header", "--key", "1", "--vector", "2", "--metadata", "3"];
    run(home.put(&service).arg("a.csv").args(options)).assert_code(0);
    let state = service.state();
    assert_eq!((state["7"].1.clone(), state["8"].1.clone()), (json!({"3": "x"}), json!({"3": "y"})));
}

#[test]
fn a_pattern_in_quotes_stands_for_the_files_that_it_matches() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    for (name, key) in
        [("d/part-2.csv", "b"), ("d/part-1.csv", "a"), ("d/other.csv", "x"), ("e/part-3.csv", "c")]
    {
        home.write(name, format!("id,vector\n{key},[0.1 -0.2]\n"));
    }
    let ended = run(home.put(&service).args(["*/part-?.csv", "--dry-run"]));
    assert_eq!(ended.assert_code(0).counts(["read"]), [3]);
    run(home.put(&service).args(["*/part-?.csv"])).assert_code(0);
    service.assert_holds(&state(&[("a", [0.1, -0.2]), ("b", [0.1, -0.2]), ("c", [0.1, -0.2])]));
    let ended = run(home.put(&service).args(["*.parquet"]));
    insta::assert_snapshot!(ended.assert_code(1).stderr, @"
    ossvec: no file matches the pattern '*.parquet'
            check the pattern and the current directory
    ");
    // A file that is called so is meant itself.
    home.write("[a].csv", "id,vector\nd,[0.1 -0.2]\n");
    home.write("a.csv", "id,vector\ne,[0.1 -0.2]\n");
    run(home.put(&service).args(["[a].csv"])).assert_code(0);
    assert!(service.state().contains_key("d") && !service.state().contains_key("e"));
}

#[test]
fn a_key_that_programs_write_for_a_missing_value_is_stored_and_noted() {
    let text = "id,vector\na,1 2\nnan,3 4\nNancy,5 6\nnan,7 8\nNULL,9 9\n";
    let lines = "{\"id\":\"a\",\"vector\":[1,2]}\n{\"id\":\"None\",\"vector\":[3,4]}\n";
    for (name, text, names, count, keys) in [
        ("a.csv", text, "nan, NULL", 3, &["NULL", "Nancy", "a", "nan"][..]),
        ("a.jsonl", lines, "None", 1, &["None", "a"]),
    ] {
        let (home, service) = with(name, text);
        let strict = ["--strict: keys that look like missing values", "--null TEXT", "nothing was sent"];
        assert_nothing_sent(&service, home.put(&service).args([name, "--strict"]), 3, &strict);
        let ended = run(home.put(&service).args([name]));
        let note = &ended.assert_code(0).summary()["notes"][0];
        assert_eq!((&note["code"], &note["count"]), (&json!("missing_keys"), &json!(count)), "{note}");
        assert!(note["message"].as_str().unwrap().ends_with(&format!(": {names}")), "{note}");
        assert!(
            note["first"]
                .as_str()
                .unwrap()
                .starts_with(&format!("{name}:{}", if count == 1 { 2 } else { 3 }))
        );
        assert_eq!(service.state().into_keys().collect::<Vec<_>>(), keys);
    }
    let (home, service) = with("a.csv", text);
    let ended = run(home.put(&service).args(["a.csv", "--null", "nan"]));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [3, 2]);
}
