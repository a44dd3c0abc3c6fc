//! What is told of `--join`, and which keys are equal.

use std::collections::BTreeMap;

use ossvec::test_support::oss::operation::Operation;
use serde_json::{Value, json};

use crate::support::{Ended, Home, State, TestService, run, unlimited};
use crate::trouble::{json_lines, rejects};

/// Whatever may be a key: as it is written, and as which text it is stored, if it is.
const KEYS: [(&str, Option<&str>); 13] = [
    ("7", Some("7")),
    (r#""7""#, Some("7")),
    (r#""07""#, Some("07")),
    ("7.0", None),
    (r#""7.0""#, Some("7.0")),
    ("1e2", None),
    (r#""1e2""#, Some("1e2")),
    ("100", Some("100")),
    ("-0", Some("-0")),
    (r#""0""#, Some("0")),
    ("12345678901234567890123", Some("12345678901234567890123")),
    (r#"" 7""#, Some(" 7")),
    (r#""\u0037\u00fc""#, Some("7ü")),
];

fn codes(ended: &Ended) -> Vec<String> {
    let notes = ended.summary()["notes"].as_array().unwrap().clone();
    notes.iter().map(|note| note["code"].as_str().unwrap().to_owned()).collect()
}

fn lines(records: &[Value]) -> String {
    records.iter().map(Value::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn keys_are_equal_if_and_only_if_the_index_has_them_under_the_same_text() {
    for round in 0..6 {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let mut spelled = KEYS.to_vec();
        fastrand::shuffle(&mut spelled);
        // Each key of the file once, in one of its spellings; one in three is not there.
        let there: BTreeMap<_, _> = spelled
            .iter()
            .filter_map(|(written, stored)| Some(((*stored)?, *written)))
            .filter(|_| fastrand::u8(..3) > 0)
            .collect();
        let name = if round % 2 == 0 {
            let lines = there.iter().map(|(key, id)| format!("{{\"id\":{id},\"text\":{:?}}}\n", of(key)));
            home.write("texts.jsonl", lines.collect::<String>());
            "texts.jsonl"
        } else {
            let rows = there.keys().map(|key| format!("{key},{}\n", of(key)));
            home.write("texts.csv", format!("id,text\n{}", rows.collect::<String>()));
            "texts.csv"
        };
        let records = spelled.iter().map(|(id, _)| format!("{{\"id\":{id},\"vector\":[1,2]}}\n"));
        home.write("vectors.jsonl", records.collect::<String>());
        let load = ["vectors.jsonl", "--join", name, "--rejects", "r.jsonl"];
        let ended = run(home.put_sized(&service, 2).args(load));
        let bits = vec![1.0_f32.to_bits(), 2.0_f32.to_bits()];
        let wanted = there.keys().map(|key| ((*key).to_owned(), (bits.clone(), json!({"text": of(key)}))));
        service.assert_holds_in(name, &wanted.collect::<State>());
        let lacking = spelled.iter().filter(|(_, stored)| stored.is_none_or(|key| !there.contains_key(key)));
        let rejected = rejects(&home.path("r.jsonl"));
        assert_eq!(rejected.len(), lacking.count(), "{}", ended.stderr);
        assert!(rejected.iter().all(|(_, reason)| reason == "not_joined"), "{rejected:?}");
    }
}

fn of(key: &str) -> String {
    format!("of {key}")
}

#[test]
fn a_field_that_occurs_twice_is_told_of_either_file() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let twice = r#"{"custom_id":"a","custom_id":"b","vector":[1,2]}"#;
    home.write("vectors.jsonl", format!("{{\"id\":\"a\",\"vector\":[1,2]}}\n{twice}\n"));
    let good = "{\"id\":\"a\",\"text\":\"x\"}\n{\"id\":\"b\",\"text\":\"y\"}\n";
    home.write("good.jsonl", good);
    home.write(
        "bad.jsonl",
        format!("{good}\n{{\"id\":\"d\",\"body\":{{\"input\":\"x\",\"input\":\"y\"}}}}\n"),
    );
    let load = |join: &str| {
        let arguments = ["vectors.jsonl", "--join", join, "--rejects", "r.jsonl"];
        run(home.put_sized(&service, 2).args(arguments))
    };
    let ended = load("bad.jsonl");
    assert_eq!((ended.code, service.requests(Operation::PutVectors)), (Some(3), 0));
    insta::assert_snapshot!(ended.stderr.trim_end(), @r#"
    ossvec: bad.jsonl (from --join) has the field "input" twice in the record on line 4
            remove one of them
    "#);
    assert_eq!(load("good.jsonl").assert_code(4).counts(["stored", "rejected"]), [1, 1]);
    let message = json_lines(&home.path("r.jsonl"))[0]["rejected"]["message"].clone();
    assert_eq!(
        message,
        "no key found to look up in good.jsonl: the field custom_id occurs twice; remove one of them"
    );
}

#[test]
fn a_file_that_adds_nothing_is_noted() {
    let sent = r#"{"rejected":{"input":"a","line":1,"record":0,"key":"a","reason":"refused","message":"m"},"record":{"key":"a","data":{"float32":[1,2]}}}"#;
    let plain = r#"{"id":"a","vector":[1,2]}"#;
    for (input, other, options, wanted) in [
        (plain, r#"{"id":"a","text":"x"}"#, &[][..], &[][..]),
        (plain, r#"{"id":"a","metadata":{}}"#, &[], &[]),
        (plain, r#"{"id":"b","text":"x"}"#, &[], &["nothing_joined"]),
        (sent, r#"{"id":"a","text":"x"}"#, &[], &["nothing_joined"]),
        (plain, r#"{"id":"a","title":"x","empty":null}"#, &[], &["joined_not_stored"]),
        (plain, r#"{"id":"a","title":"x"}"#, &["--metadata", "*"], &["joined_not_stored"]),
        (plain, r#"{"id":"a","title":"x"}"#, &["--metadata", "*,-joined"], &[]),
        (plain, r#"{"id":"a","title":"x"}"#, &["--metadata", "*,t=joined.title"], &[]),
        (plain, r#"{"id":"a","title":"x"}"#, &["--metadata", "joined.title"], &[]),
        (plain, r#"{"id":"a","text":"x","title":"y"}"#, &[], &["joined_not_stored"]),
        (plain, r#"{"id":"a","text":"x","content":"y"}"#, &[], &["joined_not_stored"]),
        (plain, r#"{"id":"a","metadata":{"m":"x"},"title":"y"}"#, &[], &["joined_not_stored"]),
        (plain, r#"{"id":"a","text":"x","title":"y"}"#, &["--metadata", "*,title=joined.title"], &[]),
        (plain, r#"{"id":"a","text":"x","title":"y"}"#, &["--metadata", "*,-joined.title"], &[]),
        (plain, r#"{"id":"a","method":"POST","url":"/v1","body":{"input":"x","model":"m"}}"#, &[], &[]),
        (
            plain,
            r#"{"id":"a","text":"x","title":"y"}"#,
            &["--metadata", "joined.text"],
            &["joined_not_stored"],
        ),
        (
            plain,
            r#"{"id":"a","text":"x","metadata":{"m":"x"}}"#,
            &["--metadata", "joined.text"],
            &["joined_not_stored"],
        ),
        (plain, r#"{"id":"a","url":"/","body":{"input":"x"}}"#, &["--metadata", "t=joined.body.input"], &[]),
        (plain, r#"{"id":"a","body":{"input":"x"},"lang":"de"}"#, &[], &["joined_not_stored"]),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("in.jsonl", input);
        home.write("join.jsonl", other);
        let load = ["in.jsonl", "--join", "join.jsonl"];
        let ended = run(home.put_sized(&service, 2).args(load).args(options));
        assert_eq!(codes(&ended), wanted, "{input} {other} {options:?}: {}", ended.stderr);
        let strict = run(home.put_sized(&service, 2).args(load).args(options).arg("--strict"));
        assert_eq!(strict.code == Some(3), !wanted.is_empty(), "{other} {options:?}: {}", strict.stderr);
    }
}

#[test]
fn of_a_field_that_both_have_both_are_stored_as_the_message_says() {
    let texts = r#"{"id":"a","body":{"input":"new"},"metadata":{"m":"new"}}"#;
    for (metadata, wanted) in [
        (r#"{"text":"old"}"#, json!({"text": "old", "joined_text": "new", "m": "new"})),
        (r#"{"m":"old"}"#, json!({"text": "new", "joined_m": "new", "m": "old"})),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("in.jsonl", format!("{{\"id\":\"a\",\"vector\":[1,2],\"metadata\":{metadata}}}"));
        home.write("texts.jsonl", texts);
        let load = ["--join", "texts.jsonl", "--rejects", "r.jsonl"];
        run(home.put_sized(&service, 2).arg("in.jsonl").args(load)).assert_code(4);
        let lines = json_lines(&home.path("r.jsonl"));
        let message = lines[0]["rejected"]["message"].as_str().unwrap();
        let advised = message.split("--metadata '").nth(1).unwrap().trim_end_matches('\'');
        for input in ["in.jsonl", "r.jsonl"] {
            let load = [input, "--join", "texts.jsonl", "--metadata", advised, "--rejects", "s.jsonl"];
            run(home.put_sized(&service, 2).args(load)).assert_code(0);
            assert_eq!(service.state()["a"].1, wanted, "{message}");
            service.service.store().delete_index(crate::support::BUCKET, crate::support::INDEX).unwrap();
        }
    }
}

#[test]
fn a_reject_holds_the_record_itself_where_only_what_stands_beside_it_is_wrong() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let records = [
        json!({"id": "b", "vector": [1, 2]}),
        json!({"id": "a", "vector": [1, 2], "joined": "own"}),
        json!({"title": "no key"}),
    ];
    home.write("in.jsonl", lines(&records));
    home.write("texts.jsonl", r#"{"id":"a","text":"x"}"#);
    let load = ["in.jsonl", "--join", "texts.jsonl", "--rejects", "r.jsonl"];
    run(home.put_sized(&service, 2).args(load)).assert_code(4);
    let held = |name: &str| json_lines(&home.path(name)).iter().map(|line| line["record"].clone()).collect();
    let held_records: Vec<Value> = held("r.jsonl");
    assert_eq!(held_records, records);
    // However the name is spelled.
    home.write("in.jsonl", lines(&records).replace("joined", r"join\u0065d"));
    let load = ["in.jsonl", "--join", "texts.jsonl", "--rejects", "u.jsonl"];
    run(home.put_sized(&service, 2).args(load)).assert_code(4);
    let held_records: Vec<Value> = held("u.jsonl");
    assert_eq!(held_records, records);
    let loose = [json!({"vector": [1, 2]}), json!({"id": "own", "vector": [1, 2]})];
    home.write("loose.jsonl", lines(&loose));
    let load = ["loose.jsonl", "--key-template", "k-{row}", "--rejects", "s.jsonl"];
    run(home.put_sized(&service, 2).args(load)).assert_code(4);
    let held_records: Vec<Value> = held("s.jsonl");
    assert_eq!(held_records, loose[1..]);
    // Without the option, the first loads as it is held.
    let load = ["r.jsonl", "--rejects", "t.jsonl"];
    assert_eq!(run(home.put_sized(&service, 2).args(load)).counts(["stored", "rejected"]), [2, 1]);
}

#[test]
fn each_vector_of_a_cohere_response_gets_its_own_text() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let response = |id: &str, vectors: Value| json!({"id": id, "response_type": "embeddings_by_type", "embeddings": {"float": vectors}});
    let mut own = response("r3", json!([[1, 1], [1, 2]]));
    own["texts"] = json!(["own 0", "own 1"]);
    let records = [
        response("r1", json!([[1, 1], [1, 2], [1, 3]])),
        response("r2", json!([[1, 1]])),
        own,
        response("few", json!([[1, 1], [1, 2]])),
    ];
    let requests = [
        json!({"id": "few", "texts": ["x"]}),
        json!({"id": "r1", "model": "embed-v4", "texts": ["one", "two", "three"]}),
        json!({"id": "r3", "text": ["five", "six"]}),
        json!({"id": "r2", "texts": ["four"]}),
    ];
    home.write("out.jsonl", lines(&records));
    home.write("requests.jsonl", lines(&requests));
    let load = ["out.jsonl", "--join", "requests.jsonl", "--rejects", "r.jsonl"];
    let ended = run(home.put_sized(&service, 2).args(load));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [6, 1], "{}", ended.stderr);
    let told = json_lines(&home.path("r.jsonl"))[0]["rejected"].clone();
    let said =
        "joined.texts has 1 text for 2 vectors; join the file with the requests that this output answers";
    assert_eq!(
        (&told["key"], &told["message"], &told["reason"]),
        (&json!("few"), &json!(said), &json!("not_joined"))
    );
    let texts = service.state().into_iter().map(|(key, (_, metadata))| (key, metadata["text"].clone()));
    let wanted = [
        ("r1-0", "one"),
        ("r1-1", "two"),
        ("r1-2", "three"),
        ("r2", "four"),
        ("r3-0", "five"),
        ("r3-1", "six"),
    ];
    assert_eq!(texts.collect::<Vec<_>>(), wanted.map(|(key, text)| (key.to_owned(), json!(text))));
}

#[test]
fn a_record_gets_the_text_of_the_key_that_it_is_stored_under() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let record = r#"{"id":"b","custom_id":"a","embedding":[1,3]}"#;
    home.write("vectors.jsonl", format!("{record}\n"));
    home.write("texts.jsonl", "{\"id\":\"a\",\"text\":\"of a\"}\n{\"id\":\"b\",\"text\":\"of b\"}\n");
    run(home.put_sized(&service, 2).args(["vectors.jsonl", "--join", "texts.jsonl"])).assert_code(0);
    let state = service.state();
    assert_eq!(state.keys().collect::<Vec<_>>(), ["b"]);
    assert_eq!(state["b"].1, json!({"text": "of b"}));
}
