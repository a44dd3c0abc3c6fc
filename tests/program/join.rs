//! Texts and metadata of another file, by the keys of the records.

use std::fmt::Write;
use std::time::Duration;

use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::operation::Operation;
use serde_json::{Value, json};

use crate::support::{Home, State, TestService, difference, gzip, numbers, run, run_with_input, unlimited};
use crate::trouble::{json_lines, killed_until_it_ends, rejects};

const DIMENSION: usize = 4;

/// Who has written the two files.
#[derive(Clone, Copy, Debug)]
enum Writer {
    OpenAi,
    Bedrock,
    Gemini,
    /// Nobody in particular: records and their texts have the same key field.
    Plain,
}

const WRITERS: [Writer; 4] = [Writer::OpenAi, Writer::Bedrock, Writer::Gemini, Writer::Plain];

impl Writer {
    fn output(self, key: &str, vector: &[f32]) -> Value {
        match self {
            Self::OpenAi => json!({
                "id": format!("batch_req_{key}"),
                "custom_id": key,
                "response": {"status_code": 200, "body": {"data": [{"index": 0, "embedding": vector}]}},
                "error": null,
            }),
            Self::Bedrock => json!({
                "recordId": key,
                "modelInput": {"inputText": "not this one"},
                "modelOutput": {"embedding": vector, "inputTextTokenCount": 3},
            }),
            Self::Gemini => json!({"key": key, "response": {"embedding": {"values": vector}}}),
            Self::Plain => json!({"id": key, "vector": vector}),
        }
    }

    fn request(self, key: &str, text: &str) -> Value {
        match self {
            Self::OpenAi => json!({
                "custom_id": key,
                "method": "POST",
                "url": "/v1/embeddings",
                "body": {"input": text, "model": "text-embedding-v4"},
                "metadata": {"source": key},
            }),
            Self::Bedrock => json!({
                "recordId": key,
                "modelInput": {"inputText": text},
                "metadata": {"source": key},
            }),
            Self::Gemini => json!({
                "key": key,
                "request": {"content": {"parts": [{"text": text}]}, "output_dimensionality": 768},
                "metadata": {"source": key},
            }),
            Self::Plain => json!({"text": text, "metadata": {"source": key}, "id": key}),
        }
    }

    /// Where vector and text are.
    fn paths(self) -> [&'static str; 2] {
        match self {
            Self::OpenAi => ["response.body.data[0].embedding", "joined.body.input"],
            Self::Bedrock => ["modelOutput.embedding", "joined.modelInput.inputText"],
            Self::Gemini => ["response.embedding.values", "joined.request.content.parts[0].text"],
            Self::Plain => ["vector", "joined.text"],
        }
    }

    fn options(self) -> Vec<&'static str> {
        let key: &[&str] = if matches!(self, Self::OpenAi) { &["--key", "custom_id"] } else { &[] };
        [&["--vector", self.paths()[0], "--join", "requests.jsonl"][..], key].concat()
    }

    /// So many records and their requests, each in an order of its own.
    fn write(self, home: &Home, records: usize, filler: usize) {
        let outputs = (0..records).map(|record| self.output(&key(record), &numbers(record, DIMENSION)));
        let requests = (0..records + 20).map(|record| {
            let mut request = self.request(&key(record), &text(record));
            request["filler"] = "x".repeat(fastrand::usize(..=filler)).into();
            request
        });
        home.write("out.jsonl", shuffled(outputs));
        home.write("requests.jsonl", shuffled(requests));
    }
}

fn shuffled(records: impl Iterator<Item = Value>) -> String {
    let mut lines: Vec<_> = records.map(|record| record.to_string()).collect();
    fastrand::shuffle(&mut lines);
    lines.join("\n")
}

fn key(record: usize) -> String {
    format!("doc-{record}")
}

/// A text with everything in it that may stand in JSON.
fn text(record: usize) -> String {
    format!("Zürich {record}: \"{{}}\", \\ 部\n")
}

fn state(records: usize, metadata: impl Fn(usize) -> Value) -> State {
    let bits = |record| numbers(record, DIMENSION).iter().map(|number| number.to_bits()).collect();
    (0..records).map(|record| (key(record), (bits(record), metadata(record)))).collect()
}

fn usual(record: usize) -> Value {
    json!({"text": text(record), "source": key(record)})
}

#[test]
fn each_record_gets_what_belongs_to_its_key_whatever_the_order() {
    const RECORDS: usize = 400;
    for writer in WRITERS {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        // Some blocks are more than one piece.
        writer.write(&home, RECORDS, 40_000);
        let load = || {
            let mut load = home.put_sized(&service, DIMENSION);
            load.arg("out.jsonl").args(writer.options());
            load
        };
        assert_eq!(run(&mut load()).assert_code(0).counts(["stored", "rejected"]), [RECORDS as u64, 0]);
        service.assert_holds_in(format!("{writer:?}"), &state(RECORDS, usual));
        let mut verify = home.aimed(&["verify"], &service);
        run(verify.arg("out.jsonl").args(writer.options())).assert_code(0);
        let named = format!("title={},joined.metadata.source", writer.paths()[1]);
        run(load().args(["--metadata", &named])).assert_code(0);
        let wanted = state(RECORDS, |record| json!({"title": text(record), "source": key(record)}));
        service.assert_holds_in(format!("{writer:?}, named"), &wanted);
    }
}

#[test]
fn other_json_than_lines_is_joined_too_and_from_standard_input() {
    const RECORDS: usize = 30;
    let writer = Writer::Plain;
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    writer.write(&home, RECORDS, 10);
    let lines = std::fs::read_to_string(home.path("out.jsonl")).unwrap();
    let array = format!("[{}]", lines.replace('\n', ",\n"));
    home.write("array.json", &array);
    home.write("wrapped.json", format!("{{\"vectors\":{array}}}"));
    home.write("glued.jsonl", lines.replace('\n', ""));
    home.write("packed.jsonl.gz", gzip(lines.as_bytes()));
    for name in ["array.json", "wrapped.json", "glued.jsonl", "packed.jsonl.gz", "-"] {
        let mut load = home.put_sized(&service, DIMENSION);
        load.arg(name).args(writer.options());
        run_with_input(&mut load, lines.clone().into_bytes()).assert_code(0);
        service.assert_holds_in(name, &state(RECORDS, usual));
        service.service.store().delete_index(crate::support::BUCKET, crate::support::INDEX).unwrap();
    }
}

#[test]
fn rows_of_a_table_are_joined_like_objects() {
    const RECORDS: usize = 500;
    for (name, delimiter) in [("texts.csv", b','), ("texts.tsv", b'\t'), ("texts.txt", b';')] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        Writer::Plain.write(&home, RECORDS, 0);
        let mut rows: Vec<_> = (0..RECORDS + 20).collect();
        fastrand::shuffle(&mut rows);
        let mut table = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
        table.write_record(["text", "metadata", "ID"]).unwrap();
        for row in rows {
            let metadata = json!({"source": key(row)}).to_string();
            table.write_record([text(row), metadata, key(row)]).unwrap();
        }
        home.write(name, table.into_inner().unwrap());
        let mut load = home.put_sized(&service, DIMENSION);
        let ended = run(load.args(["out.jsonl", "--join", name]));
        assert_eq!(ended.assert_code(0).counts(["stored", "rejected"]), [RECORDS as u64, 0]);
        service.assert_holds_in(name, &state(RECORDS, usual));
    }
}

#[test]
fn what_is_rejected_loads_again_with_the_option_or_without_it() {
    const RECORDS: usize = 40;
    for writer in WRITERS {
        for again in [&[][..], &["--join", "requests.jsonl"]] {
            let (home, service) = (Home::new(), TestService::start(unlimited()));
            writer.write(&home, RECORDS, 10);
            let bad = writer.output(&key(RECORDS), &[1.0, 2.0, 3.0]).to_string();
            let lines = std::fs::read_to_string(home.path("out.jsonl")).unwrap();
            home.write("out.jsonl", format!("{lines}\n{bad}\n"));
            let load = [&["out.jsonl", "--rejects", "r.jsonl"][..], &writer.options()].concat();
            run(home.put_sized(&service, DIMENSION).args(load)).assert_code(4);
            assert_eq!(rejects(&home.path("r.jsonl")).len(), 1);
            let third = &numbers(RECORDS, DIMENSION)[..];
            let mended = std::fs::read_to_string(home.path("r.jsonl")).unwrap();
            home.write(
                "mended.jsonl",
                mended.replace("1.0,2.0,3.0", &json!(third).to_string().replace(['[', ']'], "")),
            );
            let without: Vec<_> = writer
                .options()
                .into_iter()
                .filter(|option| !option.contains("join") && !option.contains("requests"))
                .collect();
            let load = [&["mended.jsonl"][..], &without, again].concat();
            run(home.put_sized(&service, DIMENSION).args(load)).assert_code(0);
            service.assert_holds_in(format!("{writer:?} {again:?}"), &state(RECORDS + 1, usual));
        }
    }
}

#[test]
fn a_record_without_another_of_its_key_is_rejected_and_loads_once_there_is_one() {
    let writer = Writer::OpenAi;
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    writer.write(&home, 3, 0);
    let requests = std::fs::read_to_string(home.path("requests.jsonl")).unwrap();
    let fewer: Vec<_> = requests.lines().filter(|line| !line.contains("\"doc-1\"")).collect();
    home.write("requests.jsonl", fewer.join("\n"));
    let lines = std::fs::read_to_string(home.path("out.jsonl")).unwrap();
    let own = "{\"custom_id\":\"doc-0\",\"joined\":{}}\n{\"title\":\"x\"}";
    let failed = "{\"custom_id\":\"doc-9\",\"response\":null,\"error\":{\"code\":\"expired\",\"message\":\"Too late\"}}";
    home.write("out.jsonl", format!("{lines}\n{own}\n{failed}\n"));
    let load = [&["out.jsonl", "--rejects", "r.jsonl"][..], &writer.options()].concat();
    let ended = run(home.put_sized(&service, DIMENSION).args(load));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [2, 4]);
    let mut told = json_lines(&home.path("r.jsonl"))
        .iter()
        .map(|line| {
            let rejected = &line["rejected"];
            format!("{} {}: {}", rejected["reason"], rejected["key"], rejected["message"])
        })
        .collect::<Vec<_>>();
    told.sort();
    insta::assert_snapshot!(told.join("\n"), @r#"
    "not_joined" "doc-1": "no record in requests.jsonl has the key \"doc-1\"; add it there"
    "not_joined" null: "no key found to look up in requests.jsonl (looked for custom_id); set its field with --key"
    "provider_error" "doc-9": "the provider reported an error: expired: Too late"
    "syntax" "doc-0": "invalid record: it has a field joined already, which --join adds; rename it, or load the record without --join"
    "#);
    home.write("requests.jsonl", requests);
    let load = [&["r.jsonl", "--rejects", "s.jsonl"][..], &writer.options()].concat();
    let ended = run(home.put_sized(&service, DIMENSION).args(load));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [1, 3]);
    service.assert_holds(&state(3, usual));
}

#[test]
fn each_of_several_vectors_is_stored_with_its_own_text_also_where_it_was_rejected_first() {
    const INPUTS: usize = 50;
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    // Together the texts are more than a line may have in common; one vector is bad.
    let long = |index: usize| format!("{} {}", text(index), "x".repeat(30_000));
    let item = |index: usize| {
        let vector = numbers(index, if index == 7 { DIMENSION - 1 } else { DIMENSION });
        json!({"object": "embedding", "index": index, "embedding": vector})
    };
    let mut data: Vec<_> = (0..INPUTS).map(item).collect();
    fastrand::shuffle(&mut data);
    let output = |key: &str, data: Value| json!({"custom_id": key, "response": {"status_code": 200, "body": {"data": data}}});
    let request = |key: &str, texts: Value| json!({"custom_id": key, "body": {"input": texts}, "metadata": {"source": "s"}});
    let lines = [
        output("doc", data.into()),
        output("single", json!([item(1)])),
        output("fewer", json!([item(0), item(1)])),
    ];
    let requests = [
        request("fewer", json!(["x", "y", "z"])),
        request("doc", (0..INPUTS).map(long).collect()),
        request("single", json!([long(1)])),
    ];
    let written = |lines: [Value; 3]| lines.map(|line| line.to_string()).join("\n");
    home.write("out.jsonl", written(lines));
    home.write("requests.jsonl", written(requests));
    let load = |file: &str, rejects: &str| {
        let mut load = home.put_sized(&service, DIMENSION);
        load.args([file, "--join", "requests.jsonl", "--rejects", rejects]);
        load.args(["--non-filterable-metadata-keys", "text"]);
        run(&mut load)
    };
    let ended = load("out.jsonl", "r.jsonl");
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [INPUTS as u64, 2], "{}", ended.stderr);
    let told: Vec<_> = json_lines(&home.path("r.jsonl"))
        .iter()
        .map(|line| format!("{}: {}", line["rejected"]["key"], line["rejected"]["message"]))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    "doc-7": "the vector has 3 elements; the dimension is 4"
    "fewer": "joined.body.input has 3 texts for 2 vectors; join the file with the requests that this output answers"
    "#);
    let rejects = std::fs::read_to_string(home.path("r.jsonl")).unwrap();
    let bad = rejects.lines().find(|line| line.contains("doc-7")).unwrap();
    let short = json!(numbers(7, DIMENSION - 1)).to_string();
    home.write("mended.jsonl", bad.replace(&short, &json!(numbers(7, DIMENSION)).to_string()));
    load("mended.jsonl", "s.jsonl").assert_code(0);
    let bits = |index| numbers(index, DIMENSION).iter().map(|number| number.to_bits()).collect();
    let stored = |index| (bits(index), json!({"text": long(index), "source": "s"}));
    let of_doc = (0..INPUTS).map(|index| (format!("doc-{index}"), stored(index)));
    service.assert_holds(&of_doc.chain([("single".to_owned(), stored(1))]).collect());
}

#[test]
fn what_cannot_be_joined_ends_the_load_before_anything_is_sent() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    Writer::Plain.write(&home, 2, 0);
    home.write("twice.jsonl", "{\"id\":\"a\"}\n\n{\"id\":\"b\"}\n{\"id\":\"a\"}\n");
    home.write("table.csv", "id,vector\ndoc-0,\"[1,2,3,4]\"\n");
    home.write("titles.csv", "title,text\nx,y\n");
    home.write("vertex.jsonl", "{\"content\":\"x\",\"task_type\":\"RETRIEVAL_DOCUMENT\"}\n");
    home.write("lists.json", "{\"ids\":[\"a\"],\"embeddings\":[[1,2,3,4]]}");
    home.write("packed.jsonl.gz", gzip(b"{\"id\":\"a\"}\n"));
    let mut told = String::new();
    for arguments in [
        ["out.jsonl", "--join", "twice.jsonl"],
        ["out.jsonl", "--join", "packed.jsonl.gz"],
        ["out.jsonl", "--join", "titles.csv"],
        ["out.jsonl", "--join", "vertex.jsonl"],
        ["out.jsonl", "--join", "none.jsonl"],
        ["out.jsonl", "--join", "."],
        ["table.csv", "--join", "requests.jsonl"],
        ["lists.json", "--join", "requests.jsonl"],
    ] {
        let ended = run(home.put_sized(&service, DIMENSION).args(arguments));
        assert_ne!(ended.code, Some(0), "{arguments:?}");
        writeln!(told, "{}: {}", arguments.join(" "), ended.stderr.trim_end()).unwrap();
    }
    assert_eq!(service.requests(Operation::PutVectors), 0);
    insta::assert_snapshot!(told, @r#"
    out.jsonl --join twice.jsonl: ossvec: twice.jsonl (from --join) has the key "a" twice, on lines 1 and 4
            keep one of them
    out.jsonl --join packed.jsonl.gz: ossvec: packed.jsonl.gz (from --join) is compressed with gzip
            decompress it first: its records are read in the order of the input
    out.jsonl --join titles.csv: ossvec: titles.csv (from --join) has no column with the key (looked for custom_id, recordId, key, id, _id, uuid, doc_id)
            set it with --key, or rename the column
    out.jsonl --join vertex.jsonl: ossvec: vertex.jsonl (from --join) has no key on line 1: requests of Vertex AI have none
            remove --join: the output has the text, which --metadata text=instance.content stores
    out.jsonl --join none.jsonl: ossvec: cannot open none.jsonl: No such file or directory (os error 2)
            check the path and its permissions
    out.jsonl --join .: ossvec: . (from --join) is not a file
            save its content to a file and pass the path
    table.csv --join requests.jsonl: ossvec: requests.jsonl (from --join) cannot be joined to table.csv, which is CSV: only JSON records get fields
            convert it to JSON Lines, or remove --join
    lists.json --join requests.jsonl: ossvec: requests.jsonl (from --join) cannot be joined to lists.json, which is JSON in columns (key id, vector embedding): only JSON records get fields
            convert it to JSON Lines, or remove --join
    "#);
}

#[test]
fn a_text_that_is_too_long_is_rejected_with_the_cure_and_a_list_of_texts_is_told_of() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("out.jsonl", "{\"id\":\"a\",\"vector\":[1,2,3,4]}\n{\"id\":\"b\",\"vector\":[1,2,3,4]}\n");
    let long = json!({"id": "a", "text": "x".repeat(3000)});
    home.write("requests.jsonl", format!("{long}\n{}\n", json!({"id": "b", "body": {"input": ["x", "y"]}})));
    let load = ["out.jsonl", "--join", "requests.jsonl", "--rejects", "r.jsonl"];
    let ended = run(home.put_sized(&service, DIMENSION).args(load));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [1, 1]);
    let message = json_lines(&home.path("r.jsonl"))[0]["rejected"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("--non-filterable-metadata-keys text"), "{message}");
    assert!(ended.stderr.contains("joined.body.input"), "{}", ended.stderr);
    let held = service.state();
    assert_eq!(held["b"].1, Value::Null);
}

#[test]
fn killed_in_the_middle_a_load_goes_on_with_the_same_file_and_no_other() {
    const RECORDS: usize = 700;
    for writer in [Writer::OpenAi, Writer::Plain] {
        let options = Options { log_keys: true, latency: Duration::from_millis(5), ..unlimited() };
        let (home, service) = (Home::new(), TestService::start(options));
        writer.write(&home, RECORDS, 20_000);
        let load = || {
            let mut load = home.put(&service);
            load.arg("out.jsonl").args(writer.options());
            load.args(["--resume", "--batch-size", "20", "--job", "2", "--checkpoint-dir", "state"]);
            load
        };
        let requests = std::fs::read_to_string(home.path("requests.jsonl")).unwrap();
        let kills = killed_until_it_ends(
            &service,
            load,
            || 13,
            |_| {
                home.write(
                    "requests.jsonl",
                    format!("{requests}\n{{\"id\":\"more\",\"custom_id\":\"more\"}}"),
                );
                let ended = run(&mut load());
                assert_ne!(ended.code, Some(0));
                let told = "cannot resume: requests.jsonl (from --join) changed since the journal was written (it had ";
                assert!(ended.stderr.contains(told), "{}", ended.stderr);
                home.write("requests.jsonl", &requests);
            },
        );
        assert!(kills > 1, "{writer:?}: {kills}");
        let (held, wanted) = (service.state(), state(RECORDS, usual));
        assert!(held == wanted, "{writer:?}: {:?}", difference(&held, &wanted));
    }
}

#[test]
fn what_is_joined_is_not_stored_where_the_user_leaves_it_out() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("out.jsonl", "{\"id\":\"a\",\"vector\":[1,2],\"lang\":\"en\"}\n");
    home.write("texts.jsonl", "{\"id\":\"a\",\"text\":\"secret\",\"metadata\":{\"x\":\"y\"}}\n");
    let options = ["out.jsonl", "--join", "texts.jsonl", "--metadata", "*,-joined"];
    let ended = run(home.put(&service).args(options));
    assert!(!ended.assert_code(0).stderr.contains("no record has"), "{}", ended.stderr);
    let bits = vec![1.0_f32.to_bits(), 2.0_f32.to_bits()];
    service.assert_holds(&State::from([("a".to_owned(), (bits, json!({"lang": "en"})))]));
}

#[test]
fn forms_that_are_known_by_all_of_their_members_are_joined_too() {
    let stored =
        |key: &str, metadata| (key.to_owned(), (vec![1.0_f32.to_bits(), 2.0_f32.to_bits()], metadata));
    let point = r#"{"id":"a","vector":{"t":[1,2]},"payload":{"p":"1"}}"#;
    let of_point = || State::from([stored("a", json!({"p": "1", "text": "x"}))]);
    for (name, text, wanted) in [
        ("points.jsonl", point.to_owned(), of_point()),
        ("scroll.json", format!("{{\"result\":{{\"points\":[{point}]}}}}"), of_point()),
        (
            "graphql.jsonl",
            r#"{"_additional":{"id":"a","vector":[1,2]}}"#.to_owned(),
            State::from([stored("a", json!({"text": "x"}))]),
        ),
        (
            "vertex.jsonl",
            r#"{"instance":{"id":"a"},"predictions":[{"embeddings":{"values":[1,2]}}]}"#.to_owned(),
            State::from([stored("a", json!({"text": "x"}))]),
        ),
        (
            "hits.jsonl",
            r#"{"_id":"a","_source":{"emb":[1,2]}}"#.to_owned(),
            State::from([stored("a", json!({"text": "x"}))]),
        ),
        (
            "out.jsonl",
            r#"{"key":"a","response":{"embedding":{"values":[1,2]}}}"#.to_owned(),
            State::from([stored("a", json!({"text": "x"}))]),
        ),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write(name, text);
        home.write("kb.jsonl", "{\"id\":\"a\",\"text\":\"x\"}\n");
        let ended = run(home.put(&service).args([name, "--join", "kb.jsonl", "--rejects", "r.jsonl"]));
        assert!(!home.path("r.jsonl").exists(), "{name}: {:?}", json_lines(&home.path("r.jsonl")));
        assert_eq!(ended.assert_code(0).counts(["stored", "rejected"]), [1, 0], "{name}");
        service.assert_holds_in(name, &wanted);
    }
}

#[test]
fn a_failed_request_says_so_also_with_what_is_joined() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let failed = r#"{"key":"b","error":{"code":429,"message":"R"}}"#;
    let good = r#"{"key":"a","response":{"embedding":{"values":[1,2]}}}"#;
    home.write("out.jsonl", format!("{good}\n{failed}\n"));
    home.write("kb.jsonl", "{\"id\":\"a\",\"text\":\"x\"}\n{\"id\":\"b\",\"text\":\"y\"}\n");
    let rejected = |input: &str, rejects: &str, join: &[&str]| {
        let mut load = home.put(&service);
        run(load.args([input, "--rejects", rejects]).args(join)).assert_code(4);
        let line = &json_lines(&home.path(rejects))[0]["rejected"];
        format!("{} {}: {}", line["reason"], line["key"], line["message"])
    };
    let wanted = r#""provider_error" "b": "the provider reported an error: 429: R""#;
    let join = ["--join", "kb.jsonl"];
    assert_eq!(rejected("out.jsonl", "r.jsonl", &join), wanted);
    // What was joined once is in the rejects.
    assert_eq!(rejected("r.jsonl", "s.jsonl", &join), wanted);
    assert_eq!(rejected("r.jsonl", "t.jsonl", &[]), wanted);
    let bits = vec![1.0_f32.to_bits(), 2.0_f32.to_bits()];
    service.assert_holds(&State::from([("a".to_owned(), (bits, json!({"text": "x"})))]));
}
