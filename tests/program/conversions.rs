//! The commands in messages for JSON that is not read as it is: what they write loads, and nothing is left out.

use std::path::Path;
use std::process::{Command, Output};

use ossvec::test_support::oss::operation::Operation;
use serde_json::{Value, json};

use crate::support::{Home, State, TestService, run, unlimited};

/// What is said of a text, of which nothing is sent.
#[track_caller]
fn refused(text: &str) -> String {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("in.json", text);
    let ended = run(home.put(&service).arg("in.json"));
    ended.assert_code(3);
    assert_eq!(service.statistics().of(Operation::PutVectors).requests, 0, "{}", ended.stderr);
    ended.stderr
}

/// Runs the command of a message, and gives what it says to load, with the options for it.
#[track_caller]
fn advised(directory: &Path, message: &str) -> Vec<String> {
    let (ended, load) = converted(directory, message);
    assert!(ended.status.success(), "{message}{}", String::from_utf8_lossy(&ended.stderr));
    load
}

/// The same, with how the command ended.
#[track_caller]
fn converted(directory: &Path, message: &str) -> (Output, Vec<String>) {
    let start = message.find("ossvec convert ").expect(message);
    let told = message.get(start..).unwrap().lines().next().unwrap();
    let (command, then) = told.split_once("; then load ").unwrap_or((told, "OUTPUT"));
    let command = command.split_once("; if each line").map_or(command, |(command, _)| command);
    let named = |text: &str| text.replace("OUTPUT", OUTPUT).replace("DIRECTORY", OUTPUT);
    let command =
        named(command).replace("INPUT", "in.json").replacen("ossvec", env!("CARGO_BIN_EXE_ossvec"), 1);
    let ended = Command::new("sh").args(["-c", &command]).current_dir(directory).output().unwrap();
    let then = named(then).replace(" with ", " ");
    (ended, then.split_whitespace().map(str::to_owned).collect())
}

/// What the commands write.
const OUTPUT: &str = "converted";

/// What is stored of the records of these numbers.
fn stored(numbers: std::ops::Range<usize>) -> State {
    let record = |number| {
        let bits = vector(number).map(f32::to_bits).to_vec();
        (key(number), (bits, Value::Null))
    };
    numbers.map(record).collect()
}

fn key(number: usize) -> String {
    format!("key-{number}")
}

fn vector(number: usize) -> [f32; 3] {
    [f32::from(u8::try_from(number).unwrap()), 0.5, -0.25]
}

fn record(number: usize) -> Value {
    json!({"id": key(number), "vector": vector(number)})
}

/// A shape: two records as the object or array that holds them.
type Make = fn(usize) -> Value;

/// Shapes of objects, by what messages call them.
const OBJECTS: [(&str, Make); 16] = [
    ("the answer to a query, a list for each question in every column (embeddings, ids)", |first| {
        json!({"ids": [[key(first)], [key(first + 1)]], "embeddings": [[vector(first)], [vector(first + 1)]],
               "metadatas": null, "included": ["x"]})
    }),
    (
        "the answer to a query, a list for each question in every column (embeddings, ids) in result",
        |first| json!({"result": {"ids": [[key(first), key(first + 1)]], "embeddings": [[vector(first), vector(first + 1)]]}}),
    ),
    (
        "a dictionary of records by key",
        |first| json!({key(first): {"vector": vector(first)}, key(first + 1): {"vector": vector(first + 1)}}),
    ),
    (
        "a dictionary of records by key in vectors",
        |first| json!({"vectors": {key(first): record(first), key(first + 1): record(first + 1)}, "namespace": ""}),
    ),
    (
        "a dictionary of vectors by key",
        |first| json!({key(first): vector(first), key(first + 1): vector(first + 1)}),
    ),
    (
        "an object with records in data.Get.Article",
        |first| json!({"data": {"Get": {"Article": [record(first), record(first + 1)]}}}),
    ),
    (
        "an object with several arrays of records (points, vectors)",
        |first| json!({"points": [record(first)], "vectors": [record(first + 1)]}),
    ),
    (
        "records as arrays without field names in rows",
        |first| json!({"rows": [[key(first), vector(first)], [key(first + 1), vector(first + 1)]]}),
    ),
    ("a list of lists of records in data", |first| json!({"data": [[record(first)], [record(first + 1)]]})),
    (
        "JSON in columns, in data",
        |first| json!({"data": {"ids": [key(first), key(first + 1)], "embeddings": [vector(first), vector(first + 1)]}}),
    ),
    ("a pandas table written with orient='split', in result.data", |first| {
        let rows = json!([[key(first), vector(first)], [key(first + 1), vector(first + 1)]]);
        json!({"result": {"data": {"columns": ["id", "vector"], "data": rows}}})
    }),
    ("a pandas table written with orient='columns', in table", |first| {
        json!({"table": {"id": {"0": key(first), "1": key(first + 1)},
                         "vector": {"0": vector(first), "1": vector(first + 1)}}})
    }),
    (
        "an object with several arrays of records (a, b)",
        |first| json!({"a": [record(first)], "b": [record(first + 1)]}),
    ),
    (
        "an object with several arrays of records (x.items, y.items)",
        |first| json!({"x": {"items": [record(first)]}, "y": {"items": [record(first + 1)], "next": null}}),
    ),
    ("several objects of columns (a, b)", |first| {
        let columns = |number| json!({"ids": [key(number)], "embeddings": [vector(number)]});
        json!({"a": columns(first), "b": columns(first + 1)})
    }),
    ("several dictionaries of records by key (x.vectors, y.vectors)", |first| {
        let dictionary = |number| json!({"vectors": {key(number): record(number)}});
        json!({"x": dictionary(first), "y": dictionary(first + 1)})
    }),
];

/// Objects that are read as they are, but not as elements of an array.
const PAGES: [(&str, Make); 3] = [
    ("an object with records in vectors", |first| json!({"vectors": [record(first), record(first + 1)]})),
    (
        "an object with records in result.points",
        |first| json!({"result": {"points": [record(first), record(first + 1)]}, "status": "ok"}),
    ),
    (
        "JSON in columns",
        |first| json!({"ids": [key(first), key(first + 1)], "embeddings": [vector(first), vector(first + 1)]}),
    ),
];

/// Shapes of arrays.
const ARRAYS: [(&str, Make); 4] = [
    ("a list of lists of records", |first| json!([[record(first)], [record(first + 1)]])),
    ("records as arrays without field names", |first| {
        json!([[key(first), vector(first)], [key(first + 1), vector(first + 1)]])
    }),
    (
        "records as arrays without field names",
        |first| json!([[key(first), {"vector": vector(first)}], [key(first + 1), {"vector": vector(first + 1)}]]),
    ),
    ("records as arrays without field names", |first| {
        let row = |number| json!([key(number), vector(number)[0], 0.5, -0.25]);
        json!([row(first), row(first + 1)])
    }),
];

/// Shapes of one record each.
const VALUES: [(&str, Make); 3] = [
    ("records as arrays without field names, one after another", |number| {
        json!([key(number), vector(number)])
    }),
    ("records as arrays without field names, one after another", |number| {
        json!([vector(number)[0], 0.5, -0.25, key(number)])
    }),
    (
        "records as arrays without field names, one after another",
        |number| json!([key(number), {"embedding": vector(number)}]),
    ),
];

/// Texts of three values, by how they follow one another.
fn texts(make: Make, each: usize) -> Vec<String> {
    let values = || (0..3).map(move |number| make(number * each));
    let lines: Vec<String> = values().map(|value| value.to_string()).collect();
    let pretty: Vec<String> = values().map(|value| serde_json::to_string_pretty(&value).unwrap()).collect();
    vec![
        lines.join("\n") + "\n",
        lines.join(""),
        pretty.join("\n\n"),
        format!("\u{feff}{}", lines.join("\r\n")),
    ]
}

/// Checks that nothing of `text` is read, and that the command for it makes all records of it.
#[track_caller]
fn assert_converted(text: &str, shape: &str, records: &State) {
    let message = refused(text);
    assert!(message.contains(&format!("in.json contains {shape}, which")), "{shape}: {message}");
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("in.json", text);
    let load = advised(&home.path(""), &message);
    run(home.put(&service).args(load)).assert_code(0);
    service.assert_holds(records);
}

#[test]
fn what_is_not_read_as_it_is_has_a_command_that_makes_all_its_records_loadable() {
    let shapes = OBJECTS.into_iter().chain(ARRAYS).map(|shape| (shape, 2));
    for (number, ((shape, make), each)) in shapes.chain(VALUES.map(|shape| (shape, 1))).enumerate() {
        assert_converted(&make(0).to_string(), shape, &stored(0..each));
        let mut texts = texts(make, each);
        assert_converted(&texts.swap_remove(number % 4), shape, &stored(0..3 * each));
    }
}

#[test]
fn objects_that_hold_records_are_told_as_elements_of_an_array_too() {
    for (shape, make) in OBJECTS.into_iter().chain(PAGES) {
        let shape = format!("an array, each element of which is {shape}");
        let (array, another) = (json!([make(0), make(2)]), json!([make(4)]));
        assert_converted(&format!("{array:#}\n{another}"), &shape, &stored(0..6));
    }
}

#[test]
fn arrays_of_such_objects_are_told_inside_others_and_behind_empty_ones() {
    for (shape, make) in OBJECTS.into_iter().chain(PAGES) {
        let shape = format!("an array in answers.all, each element of which is {shape}");
        let text = json!({"answers": {"n": 2, "all": [make(0), make(2)]}, "status": "ok"});
        assert_converted(&text.to_string(), &shape, &stored(0..4));
    }
    for (shape, make) in PAGES.into_iter().take(2) {
        let shape = format!("an array in results, each element of which is {shape}");
        assert_converted(&json!({"results": [make(0), make(2)]}).to_string(), &shape, &stored(0..4));
    }
    let (shape, make) = PAGES[0];
    let shape = format!("an array, each element of which is {shape}");
    assert_converted(&json!([{"vectors": []}, make(0)]).to_string(), &shape, &stored(0..2));
}

#[test]
fn records_are_found_behind_much_that_is_none() {
    let log = "x".repeat(600 << 10);
    for (shape, make) in OBJECTS {
        let object = make(0).to_string();
        // In a dictionary by key, everything is a record.
        if !object.starts_with("{\"key-") {
            assert_converted(
                &format!("{{\"log\":\"{log}\",{}", object.get(1..).unwrap()),
                shape,
                &stored(0..2),
            );
        }
    }
    for (_, make) in PAGES.into_iter().take(2) {
        let page = |first| format!("{{\"log\":\"{log}\",{}", make(first).to_string().get(1..).unwrap());
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("in.json", [page(0), page(2)].join("\n"));
        run(home.put(&service).arg("in.json")).assert_code(0);
        service.assert_holds(&stored(0..4));
    }
}

/// Checks that what the command makes of `text` holds these records, in a load with these options, and gives what is said.
#[track_caller]
fn assert_loaded(text: &str, options: &[&str], records: &State) -> String {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("in.json", text);
    let refused = run(home.put(&service).arg("in.json").args(options));
    refused.assert_code(3);
    let load = advised(&home.path(""), &refused.stderr);
    let ended = run(home.put(&service).args(load).args(options));
    ended.assert_code(0);
    service.assert_holds(records);
    ended.stderr
}

/// Checks that the command for `text` ends with this message and writes nothing.
#[track_caller]
fn assert_stopped(text: &str, said: &str) {
    let message = refused(text);
    let home = Home::new();
    home.write("in.json", text);
    let (ended, _) = converted(&home.path(""), &message);
    let stderr = String::from_utf8(ended.stderr).unwrap();
    assert!(!ended.status.success() && stderr.contains(said), "{text}: {stderr}");
    assert!(!home.path(OUTPUT).exists(), "{text}");
}

#[test]
fn a_command_ends_without_a_line_where_it_would_leave_something_out() {
    let repeated = "a member is repeated";
    let unlike = "not like the first row";
    for (text, said) in [
        (r#"{"chunks":[{"id":"a","vector":[1,2]}],"chunks":[{"id":"b","vector":[1,2]}]}"#, repeated),
        (r#"{"r1":[1,2],"r1":[3,4]}"#, repeated),
        (r#"{"r1":{"vector":[1,2]},"r1":{"vector":[3,4]}}"#, repeated),
        (r#"{"a":{"ids":["a"],"ids":["b"],"embeddings":[[1,2]]}}"#, repeated),
        (r#"{"ids":[["a"]],"ids":[["b"]],"embeddings":[[[1,2]]]}"#, repeated),
        (r#"[["a",[1,2],{"n":1,"n":2}]]"#, repeated),
        (
            r#"{"mine":[{"id":"a","vector":[1,2]}]}
{"yours":[{"id":"b","vector":[3,4]}]}"#,
            "there are vectors in yours too",
        ),
        (
            r#"{"mine":[{"id":"a","vector":[1,2]}]}{"more":{"x":[{"id":"b","vector":"AACAPwAAAACAPwAAAACAPwAAAACAPwAAAACAPwAAAACAPwAA"}]}}"#,
            "in more too",
        ),
        (r#"{"mine":[{"id":"a","vector":[1,2]}],"rows":[["b",[3,4]]]}"#, "in mine too"),
        (
            r#"{"x":{"ids":["a"],"embeddings":[[1,2]]}}
{"x":null,"y":{"ids":["a"],"embeddings":[[1,2]]}}"#,
            "in y too",
        ),
        ("[\"r1\",[1,2]]\n[\"r2\",[2,2],{\"t\":\"y\"}]", r#"not like the first row: ["r2",[2,2],{"t":"y"}]"#),
        ("[\"r1\",[1,2]]\n[\"r2\"]", unlike),
        ("[\"r1\",[1,2]]\n[[1,2],\"r2\"]", unlike),
        ("[\"r1\",1,2]\n[\"r2\",[1,2]]", unlike),
        (r#"[["r1",{"vector":[1,2]}],["r2",[1,2]]]"#, unlike),
        (r#"{"rows":[["r1",[1,2],"x"],["r2",[1,2],"x","y"]]}"#, unlike),
        (
            r#"{"k1":{"key":"z","vector":[1,2]},"k2":{"key":"z","vector":[1,2]}}"#,
            "the record under k1 has the key z in key; take it with --key key, or k1 with --key NAME and another name",
        ),
        (r#"[["en","a",[1,2]],["en","b",[3,4]]]"#, "column 1 is taken as the key, but en is in it twice"),
        (
            r#"{"k1":{"id":"z","vector":[1,2]},"k2":{"id":"z","vector":[1,2]}}"#,
            "the record under k1 has the key z in id",
        ),
        (
            r#"{"ids":[["a"]],"embeddings":[[[1,2]]],"titles":["x"]}"#,
            "titles has something else than a list for each question",
        ),
        (r#"[["r1",{"vector":[1,2],"key":"z"}]]"#, "the record under r1 has the key z in key"),
        (r#"{"mine":[{"id":"a","vector":[1,2]}]} {"mine":"x"} {"mine":{"b":{"vector":[3,4]}}}"#, ""),
    ] {
        assert_stopped(text, said);
    }
}

#[test]
fn the_namespace_of_a_page_stays_with_its_records() {
    let page = |namespace: &str, number| json!({"namespace": namespace, "vectors": [record(number)]});
    let dictionary =
        |namespace: &str, number| json!({"namespace": namespace, "vectors": {key(number): record(number)}});
    let rows =
        |namespace: &str, number| json!({"namespace": namespace, "rows": [[key(number), vector(number)]]});
    let wrapped = |namespace: &str, number| json!({"namespace": namespace, "answers": {"all": [{"vectors": [record(number)]}]}});
    for text in [
        json!([page("n1", 0), page("n2", 1)]).to_string(),
        format!("{}\n{}", dictionary("n1", 0), dictionary("n2", 1)),
        format!("{}{}", rows("n1", 0), rows("n2", 1)),
        format!("{}{}", wrapped("n1", 0), wrapped("n2", 1)),
    ] {
        let said = assert_loaded(&text, &[], &stored(0..2));
        assert!(said.contains("namespace"), "{text}: {said}");
    }
}

#[test]
fn rows_that_are_records_and_pages_that_hold_nothing_are_no_obstacle() {
    for text in [
        format!("{}\n{}", json!([key(0), vector(0)]), record(1)),
        json!([[key(0), vector(0)], record(1)]).to_string(),
        json!({"mine": [record(0)]}).to_string()
            + r#"{"mine":null}{"next":"x"}"#
            + &json!({"mine": [record(1)]}).to_string(),
        json!([{"mine": [record(0), record(1)]}, null, {}]).to_string(),
        json!({key(0): {"id": key(0), "vector": vector(0)}, key(1): {"vector": vector(1)}}).to_string(),
    ] {
        assert_loaded(&text, &[], &stored(0..2));
    }
}

/// What pandas writes with orient='index': a row's label before its record, which has a key of its own.
#[test]
fn a_record_under_a_label_has_the_key_that_the_user_names() {
    let row = |number| json!({"id": key(number), "vector": vector(number)});
    let rows = json!({"0": row(0), "1": row(1)}).to_string();
    assert_stopped(
        &rows,
        "the record under 0 has the key key-0 in id; take it with --key id, or 0 with --key NAME",
    );
    assert_loaded(&rows, &["--key", "id"], &stored(0..2));
    let vectors = stored(0..2).into_values();
    let by_label: State = ["0", "1"].map(str::to_owned).into_iter().zip(vectors).collect();
    assert_loaded(&rows, &["--key", "index"], &by_label);
    let labelled =
        |number: usize| json!({"id": key(number), "vector": vector(number), "row": number.to_string()});
    let rows = json!({"0": labelled(0), "1": labelled(1)}).to_string();
    assert_loaded(&rows, &["--key", "row"], &by_label);
}

#[test]
fn any_name_can_stand_in_a_command() {
    for name in ["it's", "$HOME `x`", r"a\b\", "a.b", "say \"x\"", "é\u{1f600}\n", &"long ".repeat(40)] {
        assert_loaded(&json!({name: [record(0), record(1)]}).to_string(), &[], &stored(0..2));
        assert_loaded(
            &json!({"answers": {name: [{"vectors": [record(0), record(1)]}]}}).to_string(),
            &[],
            &stored(0..2),
        );
    }
    let escaped = format!(r#"{{"\u0061\/\ud83d\ude00":[{}]}}"#, record(0));
    assert_loaded(&escaped, &[], &stored(0..1));
    let columns = json!({"ids": [[key(0)]], "my vec": [[vector(0)]]});
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("in.json", columns.to_string());
    let refused = run(home.put(&service).arg("in.json"));
    assert!(refused.stderr.contains("with --vector \"my vec\""), "{}", refused.stderr);
}

#[test]
fn the_names_that_are_given_are_those_of_what_is_converted() {
    let own = |number| json!({"pk": key(number), "emb1": vector(number)});
    for text in [
        json!({key(0): vector(0), key(1): vector(1)}),
        json!({key(0): {"emb1": vector(0)}, key(1): {"emb1": vector(1)}}),
        json!([[key(0), vector(0)], [key(1), vector(1)]]),
        json!([[key(0), 0, 0.5, -0.25], [key(1), 1, 0.5, -0.25]]),
        json!([[key(0), {"emb1": vector(0)}], [key(1), {"emb1": vector(1)}]]),
        json!({"a": [own(0)], "b": [own(1)]}),
    ] {
        assert_loaded(&text.to_string(), &["--key", "pk", "--vector", "emb1"], &stored(0..2));
    }
}

#[test]
fn what_cannot_be_converted_or_written_is_an_error_that_leaves_everything_as_it_is() {
    let home = Home::new();
    home.write("d.json", r#"{"a":[1,2],"b":[3,4]}"#);
    home.write("records.jsonl", record(0).to_string());
    home.write("torn.json", r#"{"a":[1,2],"b":[3,"#);
    home.write("there", "other's");
    let convert = |arguments: [&str; 2]| run(home.ossvec().arg("convert").args(arguments));
    for (arguments, code, said) in [
        (["d.json", "there"], 1, "ossvec: there already exists\n"),
        (["d.json", "d.json"], 1, "ossvec: d.json already exists\n"),
        (["d.json", "-"], 1, "ossvec: convert writes to a file, not to standard output\n"),
        (["d.json", "nowhere/out"], 3, "ossvec: cannot write nowhere/out: "),
        (["records.jsonl", "out"], 3, "ossvec: there is nothing to convert in records.jsonl\n"),
        (["torn.json", "out"], 3, "ossvec: cannot convert torn.json: line 1: a value without an end\n"),
        (["missing", "out"], 3, "ossvec: cannot open missing: "),
    ] {
        let ended = convert(arguments);
        ended.assert_code(code);
        assert!(ended.stderr.starts_with(said) && ended.stdout.is_empty(), "{arguments:?}: {}", ended.stderr);
    }
    assert_eq!(std::fs::read(home.path("there")).unwrap(), b"other's");
    assert!(!home.path("out").exists() && !home.path("-").exists());
    let ended = convert(["d.json", "out"]);
    ended.assert_code(0);
    assert_eq!(ended.stdout, "2 records written to out\n");
    let lines = "{\"key\":\"a\",\"vector\":[1,2]}\n{\"key\":\"b\",\"vector\":[3,4]}\n";
    assert_eq!(std::fs::read_to_string(home.path("out")).unwrap(), lines);
    let pages = r#"{"ids":["a"],"embeddings":[[1,2]]}"#;
    home.write("pages.json", [pages, pages].join("\n"));
    std::fs::create_dir(home.path("pages.ossvec-new")).unwrap();
    let ended = convert(["pages.json", "pages/"]);
    ended.assert_code(3);
    assert!(ended.stderr.contains("pages.ossvec-new exists, which an earlier run did not finish; remove it"));
    std::fs::remove_dir(home.path("pages.ossvec-new")).unwrap();
    convert(["pages.json", "pages/"]).assert_code(0);
    assert_eq!(std::fs::read_dir(home.path("pages")).unwrap().count(), 2);
}
