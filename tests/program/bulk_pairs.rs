//! Input of the bulk API of Elasticsearch and its forks: a line that says what to do, and the document in the line after it.

use std::path::Path;

use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::operation::Operation;
use serde_json::{Value, json};

use crate::support::{Home, State, TestService, gzip, numbers, run, run_with_input, unlimited};
use crate::trouble::{json_lines, killed_until_it_ends};

fn fixture() -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/inputs/bulk.ndjson")).unwrap()
}

fn three(metadata: impl Fn(&str) -> Value) -> State {
    let records = [
        ("doc-1", [0.12_f32, -0.03], "First"),
        ("doc-2", [0.31, 0.07], "Second"),
        ("doc-3", [0.25, 0.5], "Third"),
    ];
    let one = |(key, vector, title): (&str, [f32; 2], &str)| {
        (key.to_owned(), (vector.map(f32::to_bits).to_vec(), metadata(title)))
    };
    records.map(one).into_iter().collect()
}

#[test]
fn a_pair_of_lines_is_a_record_with_the_id_of_the_one_and_the_fields_of_the_other() {
    for (name, text, options) in [
        ("bulk.ndjson", fixture(), &[][..]),
        ("bulk.json.gz", gzip(&fixture()), &[]),
        ("bulk.jsonl", fixture(), &["--format", "jsonl", "--vector", "title_embedding"]),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write(name, text);
        let ended = run(home.put(&service).arg(name).args(options));
        assert_eq!(ended.assert_code(0).counts(["read", "stored"]), [3, 3], "{name}");
        service.assert_holds_in(name, &three(|_| Value::Null));
        assert!(ended.stderr.contains("as Elasticsearch bulk lines: key _id"), "{name}: {}", ended.stderr);
        assert!(
            ended.stderr.contains("fields not stored: _index, title, first at"),
            "{name}: {}",
            ended.stderr
        );
    }
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let options = ["-", "--metadata", "*,-_index"];
    run_with_input(home.put(&service).args(options), fixture()).assert_code(0);
    service.assert_holds(&three(|title| json!({ "title": title })));
}

#[test]
fn what_is_no_pair_is_rejected_by_itself_where_it_stands() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let text = "{\"index\":{\"_id\":\"a\"}}\n{\"vec\":[1,2]}\n{\"vec\":[9,9]}\n{\"delete\":{\"_id\":\"b\"}}\n\
                {\"index\":{\"_id\":\"c\"}}\n{\"index\":{\"_id\":\"d\"}}\n{\"vec\":[3,\"x\"]}\n\
                {\"update\":{\"_id\":\"e\"}}\n{\"doc\":{\"t\":1}}\n{\"index\":{\"_id\":\"f\"}}\n{\"vec\":[5,6]}\n\
                {\"index\":{}}\n{\"vec\":[7,8]}\n{\"index\":{\"_id\":\"h\"}} {\"vec\":[7,8]}\n\
                {\"create\":{\"_id\":\"g\"}}\n";
    home.write("b.ndjson", text);
    let ended = run(home.put_sized(&service, 2).args(["b.ndjson", "--rejects", "r.jsonl"]));
    assert_eq!(ended.assert_code(4).counts(["read", "stored", "rejected"]), [10, 2, 8]);
    assert_eq!(service.state().keys().collect::<Vec<_>>(), ["a", "f"]);
    let rejects = json_lines(&home.path("r.jsonl"));
    let told: Vec<_> = rejects
        .iter()
        .map(|line| {
            let rejected = &line["rejected"];
            format!("{} {}: {}", rejected["line"], rejected["key"], rejected["message"].as_str().unwrap())
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    3 null: invalid record: it is a document without an action, such as {"index":{"_id":"1"}}, on the line before it
    4 null: invalid record: it deletes a document; only the actions index and create are loaded
    5 null: invalid record: it is an action without a document on the next line
    6 "d": element 1 of the vector is "x", not a number
    8 null: invalid record: it updates a part of a document; only the actions index and create are loaded
    12 null: no key found (looked for key, id, _id, uuid, doc_id, custom_id, recordId; the fields are vector); set its field with --key
    14 null: invalid record: it has an action and its document on one line; put the document on the next line
    15 null: invalid record: it is an action without a document on the next line
    "#);
    let fixed = std::fs::read_to_string(home.path("r.jsonl")).unwrap().replace("[3,\"x\"]", "[3,4]");
    home.write("again.jsonl", fixed);
    run(home.put_sized(&service, 2).arg("again.jsonl")).assert_code(4);
    assert_eq!(service.state().keys().collect::<Vec<_>>(), ["a", "d", "f"]);
}

#[test]
fn an_id_of_the_action_is_the_key_of_every_document_whatever_that_has_itself() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write(
        "b.ndjson",
        "{\"index\":{\"_id\":\"a\"}}\n{\"vec\":[1,2],\"id\":\"x\"}\n{\"index\":{\"_id\":\"b\"}}\n{\"vec\":[3,4]}\n",
    );
    for (options, metadata) in
        [(&["--metadata", "-id"][..], Value::Null), (&["--metadata", "_id"], json!("b"))]
    {
        let ended = run(home.put_sized(&service, 2).arg("b.ndjson").args(options));
        assert!(!ended.stderr.contains("different fields"), "{}", ended.stderr);
        let state = service.state();
        assert_eq!(state.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(state["b"].1.get("_id").cloned().unwrap_or_default(), metadata);
    }
}

#[test]
fn documents_with_several_vectors_need_a_choice() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let text = "{\"index\":{\"_id\":\"a\"}}\n{\"title_vec\":[1,2],\"body_vec\":[3,4]}\n";
    home.write("b.ndjson", text);
    let ended = run(home.put(&service).arg("b.ndjson"));
    assert_eq!(ended.code, Some(3));
    insta::assert_snapshot!(ended.stderr.trim_end(), @r"
    ossvec: b.ndjson contains documents with several arrays of numbers (title_vec, body_vec)
            choose one with --vector
    ");
    assert_eq!(service.requests(Operation::PutVectors), 0);
    run(home.put(&service).args(["b.ndjson", "--vector", "body_vec"])).assert_code(0);
    assert_eq!(service.state()["a"].0, [3.0_f32, 4.0].map(f32::to_bits));
}

#[test]
fn killed_in_the_middle_a_load_goes_on_at_an_action() {
    const RECORDS: usize = 700;
    let options = Options { log_keys: true, latency: std::time::Duration::from_millis(5), ..unlimited() };
    let (home, service) = (Home::new(), TestService::start(options));
    let pair = |text: String, record: usize| {
        let vector = numbers(record, 4);
        text + &format!("{{\"index\":{{\"_id\":\"{record}\"}}}}\n{{\"v\":{vector:?}}}\n")
    };
    home.write("b.ndjson", (0..RECORDS).fold(String::new(), pair));
    let load = || {
        let mut load = home.put(&service);
        load.args(["b.ndjson", "--resume", "--batch-size", "20", "--job", "2", "--checkpoint-dir", "state"]);
        load
    };
    let kills = killed_until_it_ends(&service, load, || 13, |_| ());
    assert!(kills > 1, "{kills}");
    let bits = |record| numbers(record, 4).iter().map(|number| number.to_bits()).collect();
    let wanted: State =
        (0..RECORDS).map(|record| (record.to_string(), (bits(record), Value::Null))).collect();
    service.assert_holds(&wanted);
    let sent: usize = service.statistics().recent.iter().map(|seen| seen.keys.len()).sum();
    assert!(
        sent <= RECORDS + kills * 2 * 20 + 20,
        "{sent} vectors were sent for {RECORDS} with {kills} kills"
    );
}
