//! JSON whose fields are columns: what Chroma and pandas write, and lists side by side.

use std::fmt::Write;
use std::path::Path;
use std::process::Stdio;

use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::operation::Operation;
use serde_json::{Value, json};

use crate::support::{
    BUCKET, Ended, Home, INDEX, State, TestService, difference, gzip, numbers, run, run_with_input,
    unlimited, wanted, xz, zstd,
};
use crate::trouble::{json_lines, killed_until_it_ends};

/// A file as the program that it is of writes it.
fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/inputs").join(name)).unwrap()
}

fn three(metadata: [Value; 3]) -> State {
    let vectors = [[0.12_f32, -0.03], [0.31, 0.07], [0.25, 0.5]];
    let records = (1..).zip(vectors).zip(metadata);
    records
        .map(|((number, vector), metadata)| {
            (format!("doc-{number}"), (vector.map(f32::to_bits).to_vec(), metadata))
        })
        .collect()
}

/// Loads `name` into a new index, which is gone afterwards, and returns what it held.
fn loaded(home: &Home, service: &TestService, name: &str, options: &[&str]) -> (Ended, State) {
    let ended = run(home.put_sized(service, 2).arg(name).args(options));
    let held = service.state();
    service.service.store().delete_index(BUCKET, INDEX).unwrap();
    (ended, held)
}

#[test]
fn columns_are_read_as_the_programs_write_them_that_are_known_for_it() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let none = || three([Value::Null, Value::Null, Value::Null]);
    let titles = || three([json!({"title": "First"}), Value::Null, json!({"title": "Third"})]);
    let (first, third) = (json!({"title": "First", "lang": "en"}), json!({"title": "Third"}));
    let texts = three([
        json!({"title": "First", "lang": "en", "documents": "First text"}),
        Value::Null,
        json!({"title": "Third", "documents": "Third"}),
    ]);
    let cases: [(&str, &[&str], State, &str); 9] = [
        (
            "chroma.json",
            &[],
            three([first, Value::Null, third]),
            "as JSON in columns: 3 rows, key id, vector embedding, metadata metadata",
        ),
        ("chroma.json", &["--metadata", "metadatas,documents", "--metadata-values", "text"], texts, "3 rows"),
        ("chroma.json", &["--metadata", "metadatas.title"], titles(), "3 rows"),
        ("lists.json", &[], none(), "as JSON in columns: 3 rows, key id, vector embedding"),
        ("lists.json", &["--metadata", "title", "--metadata-values", "text"], titles(), "3 rows"),
        ("pandas-split.json", &[], none(), "as a pandas table written with orient='split': 3 rows"),
        ("pandas-split.json", &["--metadata", "*", "--metadata-values", "text"], titles(), "3 rows"),
        ("pandas-columns.json", &[], none(), "as a pandas table written with orient='columns': 3 rows"),
        ("pandas-columns.json", &["--metadata", "title", "--metadata-values", "text"], titles(), "3 rows"),
    ];
    for (name, options, state, said) in cases {
        home.write(name, fixture(name));
        let (ended, held) = loaded(&home, &service, name, options);
        assert_eq!(ended.code, Some(0), "{name} {options:?}: {}", ended.stderr);
        assert!(held == state, "{name} {options:?}: {:?}", difference(&held, &state));
        assert!(ended.stderr.contains(said), "{name}: {}", ended.stderr);
        let is_left_out = options.is_empty() || options.contains(&"metadatas.title");
        assert_eq!(ended.stderr.contains("columns not stored"), is_left_out, "{name}: {}", ended.stderr);
    }
}

/// A table of random records, each a name and a value, in the order of the names.
struct Table {
    names: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn new(random: &mut fastrand::Rng) -> Self {
        let mut names = vec!["id", "embedding", "title", "metadata"];
        random.shuffle(&mut names);
        let texts =
            ["\"a\"", "\"\u{4f60} \\\"],[{ x\"", "\"line\\nbreak\"", "null", "7", "true", "[\"x\",\"y\"]"];
        let numbers = ["0.1", "-0.0", "1e-45", "3.4028235e38", "null", "NaN", "\"x\"", "1e400"];
        let row = |number: usize, random: &mut fastrand::Rng| {
            let is_odd = number > 0 && random.u8(0..10) == 0;
            let cell = |name: &&str| match *name {
                "id" if is_odd && random.bool() => "null".to_owned(),
                // Some keys come twice, so that the later one counts.
                "id" => format!("\"k{}\"", number - number % 7 % 2),
                "embedding" if is_odd => {
                    ["null", "[]", "[1]", "{\"a\":[1,2]}"][random.usize(0..4)].to_owned()
                }
                "embedding" => {
                    let number = numbers[random.usize(0..if is_odd { 8 } else { 4 })];
                    format!("[{number}, {}]", random.f32())
                }
                "title" => texts[random.usize(0..texts.len())].to_owned(),
                _ => ["null", "{}", "{\"n\":\"1\",\"t\":[\"a]\"]}", "{\"n\":{\"x\":1}}"][random.usize(0..4)]
                    .to_owned(),
            };
            names.iter().map(cell).collect::<Vec<_>>()
        };
        let count = random.usize(1..300);
        let rows = (0..count).map(|number| row(number, random)).collect();
        Self { names, rows }
    }

    fn column(&self, column: usize) -> impl Iterator<Item = &str> {
        self.rows.iter().map(move |row| row[column].as_str())
    }

    fn object(members: impl Iterator<Item = String>) -> String {
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }

    fn lines(&self) -> String {
        let line = |row: &Vec<String>| {
            let members = self.names.iter().zip(row).map(|(name, value)| format!("\"{name}\":{value}"));
            Self::object(members) + "\n"
        };
        self.rows.iter().map(line).collect()
    }

    fn lists(&self) -> String {
        let list = |column| self.column(column).collect::<Vec<_>>().join(", ");
        let columns = self.names.iter().enumerate();
        Self::object(columns.map(|(column, name)| format!("\"{name}\" : [{}]\n", list(column))))
    }

    fn chroma(&self) -> String {
        let named =
            [("\"id\"", "\"ids\""), ("\"embedding\"", "\"embeddings\""), ("\"metadata\"", "\"metadatas\"")];
        let lists = self.lists().replacen('{', "{\"documents\":null,\"n\":3,\"included\":[\"x\"],", 1);
        named.iter().fold(lists, |text, (one, many)| text.replace(one, many))
    }

    fn labelled(&self) -> String {
        let list = |column| {
            Self::object((0..).zip(self.column(column)).map(|(row, value)| format!("\"{row}\":{value}")))
        };
        let columns = self.names.iter().enumerate();
        Self::object(columns.map(|(column, name)| format!("\"{name}\":{}", list(column))))
    }

    fn split(&self) -> String {
        let rows = self.rows.iter().map(|row| format!("[{}]", row.join(","))).collect::<Vec<_>>().join(",");
        let index = (0..self.rows.len()).collect::<Vec<_>>();
        format!("{{\"columns\":{:?},\"index\":{index:?},\"data\":[{rows}]}}", self.names)
    }
}

#[test]
fn random_records_become_of_columns_what_they_become_of_lines() {
    let options: [&[&str]; 4] = [
        &[],
        &["--metadata-values", "text"],
        &["--metadata-values", "text", "--metadata", "*"],
        &["--metadata", "title,metadata"],
    ];
    let mut random = fastrand::Rng::with_seed(9);
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let mut stored_in_all = 0;
    for round in 0..12 {
        let table = Table::new(&mut random);
        home.write("r.jsonl", table.lines());
        home.write("lists.json", table.lists());
        home.write("split.json.gz", gzip(table.split().as_bytes()));
        home.write("labelled.json.zst", zstd(table.labelled().as_bytes()));
        home.write("chroma.json.xz", xz(table.chroma().as_bytes()));
        let outcome = |name: &str, options: &[&str]| {
            let rejects = ["--max-rejects", "none", "--rejects", "rejects.jsonl", "--job", "1"];
            let (ended, state) = loaded(&home, &service, name, &[&rejects, options].concat());
            let summary = ended.summary();
            let reasons = summary["reasons"].as_object().unwrap();
            let reasons: Vec<_> =
                reasons.iter().map(|(code, told)| (code.clone(), told["count"].clone())).collect();
            (state, reasons, ended.counts(["read", "stored", "rejected", "superseded"]))
        };
        let options = options[round % options.len()];
        let lines = outcome("r.jsonl", options);
        stored_in_all += lines.0.len();
        for name in ["lists.json", "split.json.gz", "labelled.json.zst", "chroma.json.xz"] {
            let columns = outcome(name, options);
            let told = (difference(&columns.0, &lines.0), &lines.1, &columns.1);
            assert!(lines == columns, "round {round}, {name} {options:?}: {told:?}");
        }
    }
    assert!(stored_in_all > 500, "{stored_in_all}");
}

#[test]
fn what_is_rejected_of_columns_loads_again_as_it_would_have_there() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let text = r#"{"ids":["a","b","c"],"embeddings":[[1,2],[3],[4,5]],"documents":["x","y","z"],"metadatas":[null,{"t":"b"},null]}"#;
    home.write("c.json", text);
    let load =
        ["c.json", "--rejects", "r.jsonl", "--metadata", "documents,metadatas", "--metadata-values", "text"];
    run(home.put_sized(&service, 2).args(load)).assert_code(4);
    let rejects = json_lines(&home.path("r.jsonl"));
    assert_eq!((&rejects[0]["rejected"]["key"], &rejects[0]["rejected"]["line"]), (&json!("b"), &json!(2)));
    let text = std::fs::read_to_string(home.path("r.jsonl")).unwrap().replace("[3]", "[3,3]");
    home.write("again.jsonl", text);
    run(home.put_sized(&service, 2).args(["again.jsonl", "--metadata", "documents,metadatas"]))
        .assert_code(0);
    assert_eq!(service.state()["b"].1, json!({"documents": "y", "t": "b"}));
    let ragged = r#"{"columns":["id","vector"],"index":[0,1,2],"data":[["a",[1,2]],["b"],["c",[3,4]]]}"#;
    home.write("ragged.json", ragged);
    let ended = run(home.put_sized(&service, 2).args(["ragged.json", "--rejects", "ragged.jsonl"]));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [2, 1]);
    let rejects = json_lines(&home.path("ragged.jsonl"));
    assert_eq!(
        (&rejects[0]["rejected"]["reason"], &rejects[0]["record"]),
        (&json!("ragged"), &json!("[\"b\"]"))
    );
}

/// What Chroma gives where nobody asks for the embeddings.
const WITHOUT: &str = r#"{"ids":["a","b"],"embeddings":null,"documents":["x",null],"uris":null,"included":["metadatas","documents"],"data":null,"metadatas":[{"n":1},null]}"#;

#[test]
fn columns_that_are_no_table_are_told_before_anything_is_sent() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let good = String::from_utf8(fixture("chroma.json")).unwrap();
    let mut told = String::new();
    for (name, text) in [
        ("short.json", r#"{"ids":["a","b","c"],"embeddings":[[1,2]]}"#.to_owned()),
        ("torn.json", good.get(..good.len() - 60).unwrap().to_owned()),
        ("twice.json", good.clone() + &good),
        ("repeated.json", r#"{"ids":["a"],"embeddings":[[1,2]],"ids":["b"]}"#.to_owned()),
        ("broken.json", r#"{"ids":["a","b"],"embeddings":[[1,2] [3,4]]}"#.to_owned()),
        ("labels.json", r#"{"id":{"0":"a","1":"b"},"vector":{"0":[1,2],"2":[3,4]}}"#.to_owned()),
        ("query.json", r#"{"ids":[["a"]],"embeddings":[[[1,2]]]}"#.to_owned()),
        ("without.json", WITHOUT.to_owned()),
        ("behind.json", r#"{"embeddings":null,"ids":["a"],"documents":["x"]}"#.to_owned()),
        ("asked.json", r#"{"ids":[["a"]],"embeddings":null,"documents":[["x"]]}"#.to_owned()),
        ("large.json", WITHOUT.replace("\"b\"", &format!("\"{}\"", "b".repeat(300_000)))),
    ] {
        home.write(name, text);
        let ended = run(home.put(&service).arg(name));
        assert_eq!(ended.code, Some(3), "{name}: {}", ended.stderr);
        let first: Vec<_> = ended.stderr.trim_end().lines().take(2).collect();
        writeln!(told, "{}", first.join("\n")).unwrap();
    }
    let ended = run_with_input(home.put(&service).arg("-").stdin(Stdio::piped()), good.into_bytes());
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    writeln!(told, "{}", ended.stderr.lines().take(2).collect::<Vec<_>>().join("\n")).unwrap();
    assert_eq!(service.requests(Operation::PutVectors), 0);
    insta::assert_snapshot!(told, @r#"
    ossvec: short.json has columns of different lengths: 3 values in ids, but 1 in embeddings
            write the file again, with a value or null for every record in each of them
    ossvec: torn.json ends inside a record: it is truncated at byte 236 and incomplete from line 1, byte 235 on
            create or download it again
    ossvec: twice.json contains several objects of columns, one after another, which cannot be read record by record
            write each to a file of its own: ossvec convert twice.json DIRECTORY; then load DIRECTORY
    ossvec: repeated.json has a second member of the same name on the path to its records, at line 1, byte 33
            remove one of the two, or move each to a file of its own
    ossvec: broken.json is malformed at line 1, byte 37: expected a comma or the end of the column, found '['
            fix it there, or use --format jsonl if each line is a record
    ossvec: labels.json has columns that label row 2 differently: "1" in id, but "2" in vector
            write the file again, with the same rows in every column
    ossvec: query.json contains the answer to a query, a list for each question in every column (ids, embeddings), which cannot be read record by record
            write what collection.get() returns, or join the lists of all questions: ossvec convert query.json OUTPUT; then load OUTPUT
    ossvec: without.json contains columns of Chroma without vectors: embeddings is null
            write it again with collection.get(include=["embeddings","documents","metadatas"])
    ossvec: behind.json contains columns of Chroma without vectors: embeddings is null
            write it again with collection.get(include=["embeddings","documents","metadatas"])
    ossvec: asked.json contains columns of Chroma without vectors: embeddings is null
            write it again with collection.get(include=["embeddings","documents","metadatas"])
    ossvec: large.json contains columns of Chroma without vectors: embeddings is null
            write it again with collection.get(include=["embeddings","documents","metadatas"])
    (stdin) is JSON in columns, which cannot be read from a pipe or standard input; continuing without the rest of it
    ossvec: (stdin) is JSON in columns, which cannot be read from a pipe or standard input
    "#);
}

#[test]
fn killed_in_the_middle_a_load_goes_on_at_a_row_of_every_column() {
    const ROWS: usize = 900;
    let options = Options { log_keys: true, latency: std::time::Duration::from_millis(5), ..unlimited() };
    let (home, service) = (Home::new(), TestService::start(options));
    let list = |cell: &dyn Fn(usize) -> String| (0..ROWS).map(cell).collect::<Vec<_>>().join(",");
    let ids = list(&|row| format!("\"key-{row}\""));
    let metadatas = list(&|row| format!("{{\"n\":\"{row}\"}}"));
    let embeddings = list(&|row| format!("{:?}", numbers(row, 6)));
    let text = format!("{{\"metadatas\":[{metadatas}],\"embeddings\":[{embeddings}],\"ids\":[{ids}]}}");
    home.write("c.json.gz", gzip(text.as_bytes()));
    let load = || {
        let mut load = home.put(&service);
        load.args(["c.json.gz", "--resume", "--batch-size", "20", "--job", "2", "--checkpoint-dir", "state"]);
        load
    };
    let kills = killed_until_it_ends(&service, load, || 11, |_| ());
    assert!(kills > 2, "{kills}");
    service.assert_holds(&wanted(0..ROWS, 6));
    let sent: usize = service.statistics().recent.iter().map(|seen| seen.keys.len()).sum();
    assert!(sent <= ROWS + kills * 2 * 20 + 20, "{sent} vectors were sent for {ROWS} with {kills} kills");
}

#[test]
fn what_is_not_utf8_is_refused_as_a_name_and_rejected_as_a_value() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    for (name, text, place) in [
        ("lists.json", &b"{\"ids\":[\"a\"],\"embeddings\":[[1,2]],\"t\xe9\":[\"x\"]}"[..], "byte 36"),
        (
            "split.json",
            b"{\"columns\":[\"id\",\"vector\",\"t\xe9\"],\"data\":[[\"a\",[1,2],\"x\"]]}",
            "byte 28",
        ),
        (
            "labels.json",
            b"{\"id\":{\"0\":\"a\"},\"vector\":{\"0\":[1,2]},\"t\xe9\":{\"0\":\"x\"}}",
            "byte 39",
        ),
    ] {
        home.write(name, text);
        let (ended, held) = loaded(&home, &service, name, &["--metadata", "*"]);
        let told = format!("{name} is not UTF-8: invalid byte 0xe9 at line 1, {place}");
        assert!(ended.code == Some(3) && ended.stderr.contains(&told), "{}", ended.stderr);
        assert!(held.is_empty());
    }
    home.write(
        "bad.json",
        b"{\"ids\":[\"a\",\"b\"],\n\"embeddings\":[[1,\n2],[3,4]],\"t\":[\"\xe9\",\"x\"]}",
    );
    let (ended, held) = loaded(&home, &service, "bad.json", &["--metadata", "t", "--rejects", "r.jsonl"]);
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [1, 1]);
    assert_eq!(held["b"].1, json!({"t": "x"}));
    let lines = json_lines(&home.path("r.jsonl"));
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(line["rejected"]["reason"], "encoding", "{line}");
    let bytes = "eyJpZCI6ImEiLCJlbWJlZGRpbmciOlsxLAoyXSwidCI6IukifQ==";
    assert_eq!(line["record"], json!({ "base64": bytes }));
    // A value over several lines is on one line in the rejects file.
    home.write("long.json", "{\"ids\":[\"a\",\"b\"],\n\"embeddings\":[[1,\n2],[3,\n4,\n5]]}");
    let (ended, _) = loaded(&home, &service, "long.json", &["--rejects", "s.jsonl"]);
    ended.assert_code(4);
    assert_eq!(json_lines(&home.path("s.jsonl"))[0]["record"], json!({"id": "b", "embedding": [3, 4, 5]}));
}

/// A vector with a column for each number is what it is in other forms, whatever the columns are called and stand.
#[test]
fn a_column_for_each_number_gives_the_same_vectors_in_every_form() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let mut random = fastrand::Rng::with_seed(3);
    for round in 0..6 {
        let dimension = random.usize(2..=20);
        let (before, pattern) = [("e_", "e_*"), ("", "*"), ("embedding.", "embedding.*")][round % 3];
        let mut columns: Vec<_> = (0..dimension).map(|number| format!("{before}{number}")).collect();
        columns.extend(["id".to_owned(), "title".to_owned()]);
        random.shuffle(&mut columns);
        let mut value = |column: &str, row: usize| match column {
            "id" => json!(format!("doc-{row}")),
            "title" => json!("T"),
            _ => json!(f64::from(random.i32(-9..=9)) + 0.25),
        };
        let rows: Vec<Vec<Value>> =
            (0..5).map(|row| columns.iter().map(|column| value(column, row)).collect()).collect();
        let object = |of: &dyn Fn(usize) -> Value| -> Value {
            columns.iter().enumerate().map(|(at, column)| (column.clone(), of(at))).collect()
        };
        let labelled = |at: usize| {
            rows.iter().enumerate().map(|(row, cells)| (row.to_string(), cells[at].clone())).collect()
        };
        let list = |at: usize| rows.iter().map(|cells| cells[at].clone()).collect();
        let lines: Vec<_> = rows.iter().map(|cells| object(&|at| cells[at].clone()).to_string()).collect();
        home.write("lines.jsonl", lines.join("\n"));
        home.write("labelled.json", object(&labelled).to_string());
        home.write(
            "split.json",
            json!({"columns": columns, "index": [0, 1, 2, 3, 4], "data": rows}).to_string(),
        );
        let mut lists = object(&list);
        lists["embeddings"] = json!(vec![[9.0, 9.0]; 5]);
        home.write("lists.json", lists.to_string());
        let load = |name: &str| {
            let options = ["--vector", pattern, "--key", "id", "--dimension", &dimension.to_string()];
            let ended = run(home.put(&service).arg(name).args(options));
            let held = service.state();
            service.service.store().delete_index(BUCKET, INDEX).unwrap();
            assert_eq!(ended.assert_code(0).counts(["stored"]), [5], "{name}: {}", ended.stderr);
            held
        };
        let wanted = load("lines.jsonl");
        for name in ["labelled.json", "split.json", "lists.json"] {
            let found = load(name);
            assert!(found == wanted, "{name} {pattern}: {:?}", difference(&found, &wanted));
        }
    }
}

#[test]
fn labels_as_keys_take_no_other_object_for_a_table() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("wide.json", r#"{"e_0":{"a":0.5,"b":0.25},"e_1":{"a":1,"b":2}}"#);
    run(home.put_sized(&service, 2).args(["wide.json", "--key", "index", "--vector", "e_*"])).assert_code(0);
    assert_eq!(service.state().keys().collect::<Vec<_>>(), ["a", "b"]);
    for text in [
        r#"{"a":{"embedding":[0.5,0.2],"t":"x"},"b":{"embedding":[0.5,0.2],"t":"x"}}"#,
        r#"{"output":{"embeddings":[{"index":0,"embedding":[0.5,0.2]}]}}"#,
    ] {
        home.write("other.json", text);
        let ended = run(home.put_sized(&service, 2).args(["other.json", "--key", "index"]));
        assert!(
            ended.assert_code(3).stderr.contains("ossvec convert other.json"),
            "{text}: {}",
            ended.stderr
        );
    }
}
