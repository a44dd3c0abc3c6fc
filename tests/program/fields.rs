//! Which fields become key, vector and metadata, and a word for each that becomes nothing.

use std::process::Command;

use ossvec::test_support::oss::operation::Operation;
use serde_json::{Value, json};

use crate::support::{Ended, Home, TestService, line, lines, run, unlimited};
use crate::trouble::json_lines;

/// A service, a home, and a file in it.
pub(crate) fn with(name: &str, content: &str) -> (Home, TestService) {
    let home = Home::new();
    home.write(name, content);
    (home, TestService::start(unlimited()))
}

/// Metadata by key, as the service holds it.
fn metadata(service: &TestService) -> Value {
    service
        .state()
        .into_iter()
        .map(|(key, (_, metadata))| (key, metadata))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Codes of the notes in a summary.
pub(crate) fn notes(ended: &Ended) -> Vec<String> {
    let summary = ended.summary();
    summary["notes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|note| note["code"].as_str().unwrap().to_owned())
        .collect()
}

#[track_caller]
pub(crate) fn assert_nothing_sent(service: &TestService, command: &mut Command, code: i32, says: &[&str]) {
    let ended = run(command);
    ended.assert_code(code);
    for said in says {
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
    }
    for operation in [Operation::PutVectorIndex, Operation::PutVectors] {
        assert_eq!(service.statistics().of(operation).requests, 0, "{operation:?}");
    }
}

const DOCS: &str = r#"{"id":"a","embedding":[0.1,0.2],"metadata":{"Title":"x"},"text":"y"}
{"id":"b","embedding":[0.3,0.4],"metadata":{"Title":"x2"},"text":"y2"}
"#;

#[test]
fn metadata_is_stored_under_the_names_that_are_given() {
    for (names, want) in [
        ("metadata, text", json!({"Title": "x", "text": "y"})),
        (" metadata.Title", json!({"Title": "x"})),
        ("*", json!({"Title": "x", "text": "y"})),
        ("*,-text", json!({"Title": "x"})),
        ("*, -Title", json!({"text": "y"})),
        ("metadata,text,-metadata.Title", json!({"text": "y"})),
        ("-Title", json!({})),
    ] {
        let (home, service) = with("docs.jsonl", DOCS);
        run(home.put(&service).args(["docs.jsonl", "--metadata", names])).assert_code(0);
        let stored = metadata(&service)["a"].clone();
        assert_eq!(if stored.is_null() { json!({}) } else { stored }, want, "{names}");
    }
}

#[test]
fn an_option_in_place_of_a_fields_name_is_an_error() {
    let (home, service) = with("docs.jsonl", DOCS);
    let mut load = home.put(&service);
    let says =
        ["--metadata --strict looks like an option, not a field name", "list field names after --metadata"];
    assert_nothing_sent(&service, load.args(["docs.jsonl", "--metadata", "--strict"]), 1, &says);
    let mut load = home.put(&service);
    let says = ["--metadata -n looks like an option", "to exclude only that field, use --metadata -n,-n"];
    assert_nothing_sent(&service, load.args(["docs.jsonl", "--metadata", "-n"]), 1, &says);
    // A field of this name is left out as it says, in whatever field the metadata is.
    home.write("n.jsonl", r#"{"id":"a","embedding":[1,2],"payload":{"n":"x","t":"y"}}"#);
    run(home.put(&service).args(["n.jsonl", "--metadata", "-n,-n"])).assert_code(0);
    assert_eq!(metadata(&service)["a"], json!({"t": "y"}));
}

#[test]
fn a_name_that_no_record_has_ends_the_load_before_anything_is_sent() {
    for (option, name, says) in [
        ("--metadata", "Text", "did you mean text?"),
        ("--metadata", "metadata.title", "did you mean metadata.Title?"),
        ("--metadata", "metadata,nothing", "the records have id, embedding, metadata, text"),
        ("--key", "Id", "did you mean id?"),
        ("--vector", "vector", "the records have id"),
    ] {
        let (home, service) = with("docs.jsonl", DOCS);
        let mut load = home.put(&service);
        let named = name.rsplit(',').next().unwrap();
        let field = format!("none of the first 2 records has the field {named} (from {option})");
        assert_nothing_sent(&service, load.args(["docs.jsonl", option, name]), 1, &[&field, says]);
    }
    let (home, service) = with("a.csv", "id,embedding,Title\na,\"[1,2]\",x\n");
    let mut load = home.put(&service);
    let says = ["the header has no column title (from --metadata)", "did you mean Title?"];
    assert_nothing_sent(&service, load.args(["a.csv", "--metadata", "title"]), 1, &says);
    for option in ["--key", "--vector"] {
        let mut load = home.put(&service);
        let says = [
            &format!("a.csv: the header has no column Embeddings (from {option})"),
            "did you mean embedding? the columns are id, embedding, Title",
        ];
        assert_nothing_sent(&service, load.args(["a.csv", option, "Embeddings"]), 1, &says);
    }
}

#[test]
fn a_record_without_key_or_vector_is_rejected_with_the_names_that_it_has() {
    for (name, text, says) in [
        ("a.csv", "sku,embedding\na,1 2\n", "; the columns are sku, embedding); set its field with --key"),
        ("a.csv", "id,emb_v3\na,1 2\n", "; the columns are id, emb_v3); set its field with --vector"),
        (
            "a.csv",
            ",text,vector\n0,t,1 2\n",
            "; the columns are (unnamed column 1), text, vector; to name the index in pandas, use df.to_csv(",
        ),
        (
            "a.jsonl",
            r#"{"sku":"a","vector":[1,2]}"#,
            "; the fields are sku, vector); set its field with --key",
        ),
        (
            "a.jsonl",
            r#"{"id":"a","e":[1,2]}"#,
            "; the fields are id, e; e looks like one); set its field with --vector",
        ),
    ] {
        let (home, service) = with(name, text);
        let ended = run(home.put(&service).arg(name));
        assert!(ended.assert_code(4).stderr.contains(says), "{says}: {}", ended.stderr);
    }
    let wide = (0..30).map(|number| format!(r#""f{number}x":1,"#)).collect::<Vec<_>>().concat();
    let (home, service) = with("a.jsonl", &format!(r#"{{{wide}"id":"a"}}"#));
    let ended = run(home.put(&service).arg("a.jsonl"));
    assert!(ended.stderr.contains("f8x, f9x and 21 more)"), "{}", ended.stderr);
}

#[test]
fn a_column_without_a_name_is_noted_by_its_number() {
    let (home, service) = with("a.csv", ",id,vector,,\n0,a,1 2,,\n");
    let ended = run(home.put(&service).arg("a.csv"));
    let note = "note: columns not stored: (unnamed column 1), first at a.csv:2";
    assert!(ended.assert_code(0).stderr.contains(note), "{}", ended.stderr);
}

#[test]
fn what_python_printed_is_rejected_with_what_to_write_instead() {
    for (name, text, says) in [
        ("a.csv", "id,vector\na,\"[0.1 0.2 ... 0.3]\"\n", "df[\"embedding\"].map(lambda v: v.tolist())"),
        (
            "a.csv",
            "id,vector\na,\"[np.complex64(0.1+0j), np.complex64(0.2+0j)]\"\n",
            "map(lambda v: [float(x) for x in v])",
        ),
        ("a.jsonl", "{'id': 'a', 'vector': [0.1, 0.2]}\n", "write it with json.dumps"),
    ] {
        let (home, service) = with(name, text);
        let ended = run(home.put(&service).arg(name));
        assert!(ended.assert_code(4).stderr.contains(says), "{says}: {}", ended.stderr);
    }
}

#[test]
fn a_name_that_only_later_records_could_have_had_is_counted_at_the_end() {
    let torn = "{\"id\":\n".repeat(20_000);
    let (home, service) = with("a.jsonl", &(torn + DOCS));
    let mut load = home.put(&service);
    let ended = run(load.args(["a.jsonl", "--metadata", "title", "--max-rejects", "none"]));
    assert!(notes(ended.assert_code(4)).contains(&"field_missing".to_owned()), "{}", ended.stdout);
    assert_eq!(ended.counts(["stored", "rejected"]), [2, 20_000]);
    let (home, service) = with("a.jsonl", DOCS);
    run(home.put(&service).args(["a.jsonl", "--metadata=metadata,-Titel"])).assert_code(0);
    assert_eq!(metadata(&service)["a"], json!({"Title": "x"}));
}

#[test]
fn an_object_that_is_left_out_is_left_out_also_where_the_key_or_the_vector_stands_in_it() {
    for (text, options) in [
        (r#"{"id":"a","vector":[1,2],"data":{"secret":"x"}}"#, &["--metadata", "*,-data"][..]),
        (r#"{"doc":{"id":"a","secret":"s"},"vector":[1,2]}"#, &["--key", "doc.id", "--metadata", "*,-doc"]),
        (
            r#"{"metadata":{"id":"a","secret":"s"},"vector":[1,2]}"#,
            &["--key", "metadata.id", "--metadata", "*,-metadata"],
        ),
        (
            r#"{"id":"a","doc":{"emb":[1,2],"in":{"secret":"s"},"secret":"s"}}"#,
            &["--vector", "doc.emb", "--metadata", "*,-doc"],
        ),
    ] {
        let (home, service) = with("a.jsonl", text);
        let ended = run(home.put(&service).args(["a.jsonl", "--strict"]).args(options));
        assert_eq!(notes(ended.assert_code(0)), [""; 0], "{text}");
        assert_eq!(metadata(&service), json!({"a": null}), "{text}");
    }
}

#[test]
fn a_name_to_leave_out_that_no_record_has_is_an_error_under_strict() {
    let (home, service) = with("a.jsonl", r#"{"key":"k","vector":[1,2]}"#);
    let ended = run(home.put(&service).args(["a.jsonl", "--metadata", "*,-nosuch"]));
    assert_eq!(notes(ended.assert_code(0)), ["left_out_missing"]);
    let ended = run(home.put(&service).args(["a.jsonl", "--metadata", "*,-nosuch", "--strict"]));
    assert!(
        ended.assert_code(3).stderr.contains("--strict: no record has the field nosuch"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_name_of_any_length_can_be_named() {
    let long = "n".repeat(200);
    let text = format!(r#"{{"id":"a","vector":[1,2],"{long}":"x","o":{{"{long}":"y"}}}}"#);
    let (home, service) = with("a.jsonl", &text);
    for (name, want) in [(long.clone(), "x"), (format!("o.{long}"), "y"), (format!("*,-o,-{long}"), "")] {
        let mut load = home.put(&service);
        let ended = run(load.args(["a.jsonl", "--metadata", &name]));
        assert!(!notes(ended.assert_code(0)).iter().any(|code| code.ends_with("_missing")), "{name}");
        let want = if want.is_empty() { Value::Null } else { json!({long.as_str(): want}) };
        assert_eq!(metadata(&service)["a"], want, "{name}");
    }
}

#[test]
fn a_field_that_could_be_a_vector_can_be_named_and_left_out_as_metadata() {
    let text = r#"{"id":"a","vector":[1,2],"values":{"a":"b"},"emb":7}"#;
    for (names, want) in [
        ("values", json!({"a": "b"})),
        ("values,-emb", json!({"a": "b"})),
        ("*,-values", json!({"emb": "7"})),
        ("*,-values,-emb,-id,-vector", Value::Null),
    ] {
        let (home, service) = with("a.jsonl", text);
        let mut load = home.put(&service);
        let ended = run(load.args(["a.jsonl", "--metadata-values", "text", "--metadata", names]));
        let loose: &[&str] = if names == "values" { &["fields_not_stored"] } else { &[] };
        assert_eq!(notes(ended.assert_code(0)), loose, "{names}");
        assert_eq!(metadata(&service)["a"], want, "{names}");
    }
}

#[test]
fn a_field_that_some_records_lack_is_no_error() {
    let (home, service) = with("a.jsonl", &(lines(3, 2) + r#"{"id":"z","embedding":[1,2],"n":"x"}"#));
    run(home.put(&service).args(["a.jsonl", "--metadata", "n,metadata"])).assert_code(0);
    assert_eq!(metadata(&service)["z"], json!({"n": "x"}));
    assert_eq!(metadata(&service)["key-1"], json!({"n": "1"}));
}

#[test]
fn a_member_whose_name_holds_a_dot_is_found_and_counts_more_than_a_path() {
    for (text, want) in [
        (r#"{"id":"a","embedding":[1,2],"meta.title":"x"}"#, json!({"meta.title": "x"})),
        (r#"{"id":"a","embedding":[1,2],"meta":{"title":"x"}}"#, json!({"title": "x"})),
        (r#"{"id":"a","meta":{"title":"p"},"embedding":[1,2],"meta.title":"x"}"#, json!({"meta.title": "x"})),
        (r#"{"meta.title":"x","id":"a","embedding":[1,2],"meta":{"title":"p"}}"#, json!({"meta.title": "x"})),
    ] {
        let (home, service) = with("a.jsonl", text);
        run(home.put(&service).args(["a.jsonl", "--metadata", "meta.title"])).assert_code(0);
        assert_eq!(metadata(&service)["a"], want, "{text}");
    }
    let (home, service) = with("a.csv", "id,embedding,meta.title\na,1 2,x\n");
    run(home.put(&service).args(["a.csv", "--metadata", "meta.title"])).assert_code(0);
    assert_eq!(metadata(&service)["a"], json!({"meta.title": "x"}));
}

#[test]
fn every_column_but_key_and_vector_is_stored_when_all_are_wanted() {
    let (home, service) = with(
        "a.csv",
        "id,embedding,metadata,lang,text\na,1 2,\"{\"\"a\"\":\"\"1\"\"}\",en,long\nb,3 4,,de,\n",
    );
    run(home.put(&service).args(["a.csv", "--metadata", "*,-text"])).assert_code(0);
    assert_eq!(metadata(&service), json!({"a": {"a": "1", "lang": "en"}, "b": {"lang": "de"}}));
}

#[test]
fn a_metadata_column_of_json_text_is_its_members_named_or_not() {
    for (names, want) in
        [(&[][..], json!({"a": "1"})), (&["--metadata", "metadata,lang"], json!({"a": "1", "lang": "en"}))]
    {
        let (home, service) =
            with("j.csv", "id,embedding,metadata,lang\na,\"[0.1,0.2]\",\"{\"\"a\"\":\"\"1\"\"}\",en\n");
        run(home.put(&service).arg("j.csv").args(names)).assert_code(0);
        assert_eq!(metadata(&service)["a"], want);
        let (home, service) =
            with("j.jsonl", r#"{"id":"a","embedding":[1,2],"metadata":"{\"a\":\"1\"}","lang":"en"}"#);
        run(home.put(&service).arg("j.jsonl").args(names)).assert_code(0);
        assert_eq!(metadata(&service)["a"], want);
    }
}

#[test]
fn fields_that_go_nowhere_are_named_once_and_are_errors_under_strict() {
    let pinecone = "{\"id\":\"1\",\"values\":[0.1,0.2],\"sparse_values\":{\"indices\":[1],\"values\":[0.5]},\
                    \"metadata\":{\"s\":\"a\"},\"namespace\":\"ns1\"}\n\
                    {\"id\":\"1\",\"values\":[0.3,0.4],\"metadata\":{\"s\":\"b\"},\"namespace\":\"ns2\"}\n";
    let two = "{\"id\":\"1\",\"values\":[1,2],\"payload\":{\"p\":\"1\"},\"metadata\":{\"m\":\"1\"}}\n";
    let keys = "{\"id\":\"1\",\"values\":[1,2]}\n{\"key\":\"2\",\"values\":[1,2]}\n";
    for (content, codes, says) in [
        ("{\"id\":1,\"vector\":[1,2],\"title\":\"x\"}\n", &["fields_not_stored"][..], &["title"][..]),
        (
            pinecone,
            &["fields_not_stored", "sparse_not_stored", "namespaces"],
            &["sparse_values", "ns1, ns2", "its own index"],
        ),
        (two, &["metadata_not_stored"], &["payload"]),
        (keys, &["keys_from_fields"], &["id, key", "--key"]),
        ("{\"id\":\"1 \",\"values\":[1,2]}\n", &["key_whitespace"], &["whitespace"]),
        ("{\"id\":\"6.22851E+12\",\"values\":[1,2]}\n", &["key_numbers"], &["as text"]),
        ("{\"id\":\"7.0\",\"values\":[1,2]}\n", &["key_numbers"], &["1.0"]),
        ("{\"id\":\"#REF!\",\"values\":[1,2]}\n", &["missing_keys"], &["#REF!"]),
        ("{\"id\":\"1\",\"values\":[1,2]}\n{\"id\":\"2\",\"vector\":[1,2]}\n", &["vectors_from_fields"], &[]),
    ] {
        let (home, service) = with("a.jsonl", content);
        let mut strict = home.put(&service);
        // Several findings have a line each.
        let found = if codes.len() > 1 {
            "--strict: the input has 3 problems; nothing was sent"
        } else {
            "; nothing was sent"
        };
        let all = [says, &["--strict: ", found]].concat();
        assert_nothing_sent(&service, strict.args(["a.jsonl", "--strict"]), 3, &all);
        let ended = run(home.put(&service).args(["a.jsonl"]));
        assert_eq!(notes(ended.assert_code(0)), codes, "{content}");
        for said in says {
            assert_eq!(ended.stderr.matches(said).count(), 1, "{said}: {}", ended.stderr);
        }
    }
    let (home, service) = with("a.csv", "id,vector,title,lang\n1,1 2,x,en\n2,3 4,y,de\n");
    assert_nothing_sent(&service, home.put(&service).args(["a.csv", "--strict"]), 3, &["title, lang"]);
    let summary = run(home.put(&service).args(["a.csv"])).summary();
    let note = &summary["notes"][0];
    assert_eq!((&note["code"], &note["count"]), (&json!("columns_not_stored"), &json!(4)), "{note}");
    assert_eq!(note["first"], "a.csv:2 (record 1)");
}

#[test]
fn fields_that_the_user_names_are_no_finding() {
    let text = "{\"id\":\"a\",\"values\":[1,2],\"namespace\":\"n\",\"text\":\"t\",\"sparse\":{\"i\":[1]},\"none\":null}\n\
                {\"id\":\"b\",\"values\":[1,2],\"namespace\":\"m\",\"text\":\"t\",\"sparse\":{\"i\":[1]}}\n";
    let (home, service) = with("a.jsonl", text);
    let names = "metadata,namespace,-text,-sparse";
    // No record has metadata, so it is not named here.
    let names = names.strip_prefix("metadata,").unwrap();
    run(home.put(&service).args(["a.jsonl", "--strict", "--metadata", names])).assert_code(0);
    assert_eq!(metadata(&service), json!({"a": {"namespace": "n"}, "b": {"namespace": "m"}}));
}

#[test]
fn what_strict_forbids_in_the_middle_stops_there_and_resumes() {
    let (home, service) =
        with("a.jsonl", &(lines(20_000, 2) + "{\"id\":\"x\",\"vector\":[1,2],\"loose\":\"y\"}\n"));
    let ended = run(home.put(&service).args(["a.jsonl", "--strict", "--batch-size", "100"]));
    assert!(ended.assert_code(3).stderr.contains("loose"), "{}", ended.stderr);
    let stored = service.state().len();
    assert!((500..=20_000).contains(&stored), "{stored}");
    run(home.put(&service).args(["a.jsonl", "--resume", "--batch-size", "100"])).assert_code(0);
    assert_eq!(service.state().len(), 20_001);
}

#[test]
fn the_field_of_the_key_is_found_first_and_judged_then() {
    let text = "{\"id\":1.0,\"embedding\":[1,2]}\n{\"id\":null,\"embedding\":[1,2]}\n\
                {\"_id\":{\"$oid\":\"60\"},\"embedding\":[1,2]}\n{\"id\":true,\"embedding\":[1,2]}\n\
                {\"key\":null,\"id\":\"a\",\"embedding\":[1,2]}\n{\"id\":NaN,\"embedding\":[1,2]}\n\
                {\"id\":123456789012345678901234567890,\"embedding\":[1,2]}\n";
    let (home, service) = with("ids.jsonl", text);
    let ended = run(home.put(&service).args(["ids.jsonl", "--rejects", "r.jsonl"]));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [1, 6]);
    let rejects = json_lines(&home.path("r.jsonl"));
    let said = [
        "id is 1.0, not text or an integer",
        "id is null",
        "_id is an object",
        "id is true",
        "key is null",
        "id is NaN",
    ];
    for (record, said) in said.iter().enumerate() {
        let line = rejects[record]["rejected"]["message"].as_str().unwrap();
        assert!(line.contains(said) && !line.contains("no key found"), "{line}");
    }
    assert_eq!(service.state().keys().collect::<Vec<_>>(), ["123456789012345678901234567890"]);
}

#[test]
fn a_value_that_nobody_reads_costs_no_record() {
    let junk = [
        "NaN",
        "None",
        "-Infinity",
        "1e999999",
        "'it, is'",
        "{'a': None, 'b': [1, nan]}",
        "datetime.datetime(2026, 1, 1)",
        "\"\\ud83d\"",
        "007",
    ];
    let line = |(at, junk): (usize, &&str)| {
        format!("{{\"id\":\"{at}\",\"x\":{junk},\"embedding\":[1,2],\"metadata\":{{\"t\":\"{at}\"}}}}")
    };
    let text = junk.iter().enumerate().map(line).collect::<Vec<_>>().join("\n");
    let (home, service) = with("a.jsonl", &text);
    run(home.put(&service).args(["a.jsonl"])).assert_code(0);
    let want: serde_json::Map<_, _> =
        (0..junk.len()).map(|at| (at.to_string(), json!({"t": at.to_string()}))).collect();
    assert_eq!(metadata(&service), Value::Object(want));
}

const NAN: &str = r#"{"id":"a","embedding":[0.1,0.2],"metadata":{"year":NaN,"t":"x"}}
{"id":"b","embedding":[0.1,0.2],"metadata":{"year":None,"t":"x"}}
{"id":"c","embedding":[0.1,0.2],"score":NaN,"metadata":{"t":"x"}}
{"id":"d","embedding":NaN}
"#;

#[test]
fn nan_in_metadata_is_named_and_left_out_where_values_become_text() {
    let (home, service) = with("nan.jsonl", NAN);
    let ended = run(home.put(&service).args(["nan.jsonl"]));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [1, 3]);
    for said in
        ["metadata year is NaN", "metadata year is None", "the vector is NaN", "--metadata-values text"]
    {
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
    }
    let ended = run(home.put(&service).args(["nan.jsonl", "--metadata-values", "text"]));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [3, 1]);
    assert_eq!(metadata(&service), json!({"a": {"t": "x"}, "b": {"t": "x"}, "c": {"t": "x"}}));
}

#[test]
fn half_of_a_surrogate_pair_is_told_with_its_place() {
    let (home, service) = with(
        "half.jsonl",
        "{\"id\":\"b\",\"embedding\":[0.1,0.2],\"metadata\":{\"t\":\"bad \\ud83d end\"}}\n",
    );
    let ended = run(home.put(&service).args(["half.jsonl"]));
    assert!(
        ended.assert_code(4).stderr.contains(r"\ud83d is half of a surrogate pair (column 54)"),
        "{}",
        ended.stderr
    );
    let (home, service) = with("key.jsonl", "{\"id\":\"\\ude00\",\"embedding\":[0.1,0.2]}\n");
    let ended = run(home.put(&service).args(["key.jsonl"]));
    assert!(
        ended.assert_code(4).stderr.contains(r"\ude00 is half of a surrogate pair (column 8)"),
        "{}",
        ended.stderr
    );
}

#[test]
fn metadata_beyond_a_limit_names_the_field_and_the_cure_works() {
    let text = format!(
        "{{\"id\":\"a\",\"embedding\":[1,2],\"metadata\":{{\"s\":\"x\",\"text\":\"{}\"}}}}\n",
        "x".repeat(3_000)
    );
    let (home, service) = with("big.jsonl", &text);
    let ended = run(home.put(&service).args(["big.jsonl"]));
    assert!(ended.assert_code(4).stderr.contains("--non-filterable-metadata-keys text"), "{}", ended.stderr);
    let mut cured = home.put(&service);
    run(cured.args(["big.jsonl", "--non-filterable-metadata-keys", "text"])).assert_code(0);
    assert_eq!(metadata(&service)["a"]["s"], "x");
}

#[test]
fn an_empty_name_is_bad_usage() {
    let (home, service) = with("a.jsonl", &line(1, 2));
    for names in [["--metadata", "a,"], ["--metadata", "*,-"], ["--key", " "]] {
        assert_nothing_sent(&service, home.put(&service).args(["a.jsonl"]).args(names), 1, &["empty name"]);
    }
}
