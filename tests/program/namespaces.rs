//! Namespaces of other stores, of records and of objects around them: equal keys of two replace each other.

use serde_json::{Value, json};

use crate::fields::{assert_nothing_sent, notes, with};
use crate::support::{Home, TestService, run, unlimited, with_faults};

#[test]
fn namespaces_are_told_apart_to_their_end_and_from_none() {
    let line = |id: &str, rest: &str| format!("{{\"id\":\"{id}\",\"values\":[1,2]{rest}}}\n");
    let namespace = |last: &str| format!(",\"namespace\":\"{}{last}\"", "n".repeat(100));
    for (first, second, want) in [
        (namespace("a"), namespace("b"), &["namespaces"][..]),
        (namespace("a"), namespace("a"), &[]),
        (namespace("a"), String::new(), &["namespaces"]),
        (",\"namespace\":\"\"".to_owned(), String::new(), &[]),
        (",\"namespace\":null".to_owned(), String::new(), &[]),
    ] {
        let (home, service) = with("a.jsonl", &(line("1", &first) + &line("2", &second)));
        let ended = run(home.put(&service).arg("a.jsonl"));
        let told: Vec<_> =
            notes(ended.assert_code(0)).into_iter().filter(|code| code == "namespaces").collect();
        assert_eq!(told, want, "{first} {second}");
    }
}

#[test]
fn a_namespace_beside_an_array_of_records_is_that_of_each_of_them() {
    let records = |keys: [u8; 2]| {
        keys.map(|key| json!({"id": key.to_string(), "values": [1, key]}).to_string()).join(",")
    };
    let behind = |name: &str| format!("{{\"vectors\":[{}],\"namespace\":{name}}}\n", records([1, 2]));
    let before = |name: &str| format!("{{\"namespace\":{name},\"matches\":[{}]}}\n", records([1, 2]));
    let around = |name: &str| {
        format!("{{\"result\":{{\"points\":[{}],\"a\":[]}},\"namespace\":{name}}}\n", records([1, 2]))
    };
    let long = format!("\"{}\"", "n".repeat(100));
    let mut own = Vec::new();
    for (files, told) in [
        (vec![behind("\"x\"") + &behind("\"y\"")], Some(("x, y", 4))),
        (vec![behind("\"x\""), behind("\"y\"")], Some(("x, y", 4))),
        (vec![before("\"x\"") + &before("null")], Some(("x, \"\"", 4))),
        (vec![around("\"x\""), around("\"y\"")], Some(("x, y", 4))),
        (vec![behind(&long), before("\"y\"").replace("matches", "vectors")], Some(("nnn… (", 4))),
        (vec![behind("\"x\""), format!("{{\"vectors\":[{}]}}", records([1, 2]))], Some(("x, \"\"", 4))),
        (vec![behind("\"x\""), format!("[{}]", records([1, 2]))], Some(("x, \"\"", 4))),
        (vec![behind("\"x\"").replacen("\"id\"", "\"namespace\":\"z\",\"id\"", 1)], Some(("z, x", 2))),
        (vec![behind("\"x\"") + &behind("\"x\""), before("\"x\"").replace("matches", "vectors")], None),
        (vec![behind("\"\""), format!("[{}]", records([1, 2]))], None),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let names: Vec<String> = (0..files.len()).map(|number| format!("{number}.json")).collect();
        for (text, name) in files.iter().zip(&names) {
            home.write(name, text);
        }
        let ended = run(home.put(&service).args(&names).args(["--dry-run"]));
        let summary = ended.assert_code(0).summary();
        let is_it = |note: &&Value| note["code"] == "namespaces";
        let note = summary["notes"].as_array().unwrap().iter().find(is_it).unwrap_or(&Value::Null);
        let Some((says, count)) = told else {
            assert_eq!(summary["notes"], json!([]), "{files:?}");
            continue;
        };
        assert_eq!(note["count"], json!(count), "{files:?}: {note}");
        assert!(note["message"].as_str().unwrap().contains(says), "{note}");
        assert!(note["first"].as_str().unwrap().starts_with("0.json:1"), "{note}");
        let strict = &["--strict: ", "several namespaces", "nothing was sent"];
        assert_nothing_sent(&service, home.put(&service).args(&names).args(["--strict"]), 3, strict);
        let settled = ["--strict", "--metadata", "-namespace"];
        run(home.put(&service).args(&names).args(settled)).assert_code(0);
        assert!(
            ended.stderr.contains("if the keys differ, add -namespace to --metadata"),
            "{}",
            ended.stderr
        );
        // What no record has cannot be stored.
        let is_field = run(home.put(&service).args(&names).args(["--metadata", "namespace"])).code == Some(0);
        assert_eq!(ended.stderr.contains("or namespace to store that of each record"), is_field, "{files:?}");
        own.extend(is_field.then_some(files));
    }
    assert_eq!(own.len(), 1, "{own:?}");
}

#[test]
fn what_the_note_says_settles_the_namespaces_of_records_by_the_name_that_they_have() {
    for name in ["namespace", "__namespace__"] {
        let line = |id, value| format!("{{\"id\":\"{id}\",\"values\":[1,2],\"{name}\":\"{value}\"}}\n");
        for (file, text) in [
            ("a.jsonl", line("1", "x") + &line("2", "y")),
            ("a.csv", format!("id,values,{name}\n1,\"[1,2]\",x\n2,\"[1,2]\",y\n")),
        ] {
            let (home, service) = with(file, &text);
            let ended = run(home.put(&service).args([file, "--dry-run"]));
            let cure = format!("add -{name} to --metadata, or {name} to store that of each record");
            assert!(ended.assert_code(0).stderr.contains(&cure), "{}", ended.stderr);
            for metadata in [format!("-{name}"), name.to_owned()] {
                run(home.put(&service).args([file, "--strict", "--metadata", &metadata])).assert_code(0);
            }
            let stored = service.state().into_values().map(|(_, metadata)| metadata);
            assert_eq!(stored.collect::<Vec<_>>(), [json!({name: "x"}), json!({name: "y"})], "{file}");
        }
    }
}

#[test]
fn what_strict_forbids_is_forbidden_to_the_run_that_continues_as_well() {
    let records = |from: u32, key: &str, rest: &str| -> Vec<String> {
        let record = |number| format!("{{\"{key}\":\"{number}\",\"values\":[1,{number}]{rest}}}");
        (from..from + 4_000).map(record).collect()
    };
    let around = |from, name: &str| {
        format!("{{\"namespace\":\"{name}\",\"vectors\":[{}]}}", records(from, "id", "").join(",\n"))
    };
    let behind = |from, name: &str| {
        format!("{{\"vectors\":[{}],\"namespace\":\"{name}\"}}", records(from, "id", "").join(",\n"))
    };
    let lines = |from, key, rest| records(from, key, rest).join("\n");
    let vectors = |from| lines(from, "id", "").replace("values", "vector");
    for (first, second, says) in [
        (around(1, "x"), around(9_001, "y"), Some("namespaces")),
        (behind(1, "x"), behind(9_001, "y"), Some("namespaces")),
        (around(1, "x"), lines(9_001, "id", ""), Some("namespaces")),
        (lines(1, "id", ""), lines(9_001, "key", ""), Some("keys taken from different fields")),
        (lines(1, "id", ""), vectors(9_001), Some("vectors taken from different fields")),
        (lines(1, "id", ",\"loose\":\"x\""), lines(9_001, "id", ""), Some("fields not stored: loose")),
        (around(1, "x"), around(9_001, "x"), None),
        (lines(1, "id", ""), lines(9_001, "id", ""), None),
    ] {
        let faults = with_faults(&["op=PutVectors,nth=6,status=403,code=AccessDenied"]);
        let (home, service) = (Home::new(), TestService::start(faults));
        home.write("0.json", &first);
        home.write("1.json", &second);
        let load = |options: &[&str]| {
            let mut load = home.put_sized(&service, 2);
            load.args(["0.json", "1.json", "--batch-size", "400", "--job", "1"]).args(options);
            run(&mut load)
        };
        // It is ended in the first file.
        assert_ne!(load(&[]).code, Some(0));
        let stored = service.state().len();
        assert!((1..4_000).contains(&stored), "{stored}");
        let ended = load(&["--resume", "--strict"]);
        let Some(says) = says else {
            assert_eq!(ended.assert_code(0).counts(["rejected"]), [0]);
            assert_eq!(service.state().len(), 8_000);
            continue;
        };
        assert!(ended.assert_code(3).stderr.contains(says), "{says}: {}", ended.stderr);
        assert!(ended.stderr.contains("first at 0.json:1"), "{says}: {}", ended.stderr);
        let before = service.state().len();
        // All that came before is settled by now, perhaps.
        for _ in 0..2 {
            let again = load(&["--resume", "--strict"]);
            assert!(again.assert_code(3).stderr.contains(says), "{says}: {}", again.stderr);
        }
        assert!(service.state().len() <= before.max(4_000), "{says}");
        load(&["--resume"]).assert_code(0);
        assert_eq!(service.state().len(), 8_000, "{says}");
    }
}
