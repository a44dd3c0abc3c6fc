//! Outputs of embedding providers and exports of other stores: loaded as they are, or refused with their name and the
//! cure.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::operation::Operation;
use serde_json::{Value, json};

use crate::support::{Ended, Home, State, TestService, numbers, run, run_with_input, unlimited};
use crate::trouble::{Running, json_lines, settled, until};

const FIRST: &[f32] = &[0.12, -0.03, 0.5];
const SECOND: &[f32] = &[0.31, 0.07, -0.2];
const THIRD: &[f32] = &[0.5, 0.25, 0.125];

fn state(records: &[(&str, &[f32], Value)]) -> State {
    let record = |(key, numbers, metadata): &(&str, &[f32], Value)| {
        let bits = numbers.iter().map(|number| number.to_bits()).collect();
        ((*key).to_owned(), (bits, metadata.clone()))
    };
    records.iter().map(record).collect()
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/exports").join(name)).unwrap()
}

/// Loads a fixture and checks what is stored, and why the others are not.
#[track_caller]
fn assert_loads(name: &str, options: &[&str], wanted: &State, reasons: &[(&str, u64)]) -> Ended {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write(name, fixture(name));
    let ended = run(home.put_sized(&service, 3).arg(name).args(options));
    ended.assert_code(if reasons.is_empty() { 0 } else { 4 });
    service.assert_holds_in(format!("{name}: {}", ended.stderr), wanted);
    assert_eq!(
        reasons_of(&ended),
        reasons.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect::<Vec<_>>(),
        "{name}"
    );
    ended
}

fn reasons_of(ended: &Ended) -> Vec<(String, u64)> {
    let summary = ended.summary();
    let reasons = summary["reasons"].as_object().unwrap().iter();
    reasons.map(|(code, reason)| (code.clone(), reason["count"].as_u64().unwrap())).collect()
}

/// The first message of a reason.
fn example(ended: &Ended, reason: &str) -> String {
    ended.summary()["reasons"][reason]["example"].as_str().unwrap().to_owned()
}

/// The line that says what an input was taken for.
fn taken_for(ended: &Ended) -> &str {
    ended.stderr.lines().find(|line| line.contains("reading ")).unwrap_or_default()
}

#[test]
fn batch_outputs_of_providers_load_with_the_keys_of_their_requests() {
    let null = Value::Null;
    let ended = assert_loads(
        "openai-batch.jsonl",
        &[],
        &state(&[
            ("doc-2", SECOND, null.clone()),
            ("doc-1-0", FIRST, null.clone()),
            ("doc-1-1", THIRD, null.clone()),
        ]),
        &[("provider_error", 2)],
    );
    insta::assert_snapshot!(taken_for(&ended), @"
    note: reading openai-batch.jsonl as an OpenAI batch output: key custom_id, vector response.body.data[0].embedding
    ");
    insta::assert_snapshot!(example(&ended, "provider_error"), @"
    the provider reported an error: 429: rate_limit_exceeded: Rate limit reached for requests
    ");
    assert!(!ended.stderr.contains("not stored:"), "{}", ended.stderr);
    let ended = assert_loads(
        "model-studio-batch.jsonl",
        &[],
        &state(&[("1001", FIRST, null.clone())]),
        &[("provider_error", 1)],
    );
    insta::assert_snapshot!(taken_for(&ended), @"
    note: reading model-studio-batch.jsonl as an OpenAI batch output: key custom_id, vector response.body.data[0].embedding
    ");
    let ended = assert_loads(
        "gemini-batch.jsonl",
        &[],
        &state(&[("doc-1", FIRST, null.clone()), ("doc-2", SECOND, null.clone())]),
        &[("provider_error", 1)],
    );
    insta::assert_snapshot!(taken_for(&ended), @"
    note: reading gemini-batch.jsonl as a Gemini batch output: key key, vector response.embedding.values
    ");
    let ended = assert_loads(
        "bedrock-titan.jsonl.out",
        &["--metadata", "modelInput.inputText"],
        &state(&[
            ("DOC00000001", FIRST, json!({"inputText": "First text"})),
            ("DOC00000002", SECOND, json!({"inputText": "Second text"})),
        ]),
        &[("provider_error", 1)],
    );
    insta::assert_snapshot!(taken_for(&ended), @"
    note: reading bedrock-titan.jsonl.out as a Bedrock batch output: key recordId, vector modelOutput.embedding, metadata modelInput.inputText
    ");
    let ended = assert_loads(
        "bedrock-cohere.jsonl.out",
        &["--metadata", "modelOutput.texts"],
        &state(&[
            ("CALL0000001-0", FIRST, json!({"texts": ["first text"]})),
            ("CALL0000001-1", SECOND, json!({"texts": ["second text"]})),
            ("CALL0000002", THIRD, json!({"texts": ["third text"]})),
        ]),
        &[("vector_kind", 1)],
    );
    insta::assert_snapshot!(taken_for(&ended), @"
    note: reading bedrock-cohere.jsonl.out as a Bedrock batch output: key recordId, vector modelOutput.embeddings[0], metadata modelOutput.texts
    ");
    insta::assert_snapshot!(example(&ended, "vector_kind"), @"
    the vector is int8: this Cohere response has no float embeddings, and others are on another scale; add float to embedding_types of the request
    ");
    let ended = assert_loads(
        "cohere-response.json",
        &[],
        &state(&[("da6e531f-0", FIRST, null.clone()), ("da6e531f-1", SECOND, null)]),
        &[],
    );
    insta::assert_snapshot!(taken_for(&ended), @"
    note: reading cohere-response.json as a Cohere response: key id, vector embeddings.float[0]
    ");
}

#[test]
fn what_standard_input_is_recognised_as_is_told_once() {
    let home = Home::new();
    let openai = fixture("openai-batch.jsonl");
    let bulk = b"{\"index\":{\"_id\":\"a\"}}\n{\"vector\":[1,2]}\n".to_vec();
    let plain = b"{\"id\":\"a\",\"vector\":[1,2]}\n".to_vec();
    for (input, wanted) in [
        (openai, Some("OpenAI batch output: key custom_id, vector response.body.data[0].embedding")),
        (bulk, Some("Elasticsearch bulk lines: key _id")),
        (plain, None),
    ] {
        let service = TestService::start(unlimited());
        let ended = run_with_input(home.put(&service).arg("-"), input);
        let told: Vec<_> =
            ended.stderr.lines().filter(|line| line.starts_with("note: reading (stdin) as ")).collect();
        assert_eq!(told.len(), usize::from(wanted.is_some()), "{}", ended.stderr);
        assert!(told.iter().all(|line| line.ends_with(wanted.unwrap_or_default())), "{told:?}");
    }
}

#[test]
fn outputs_without_keys_name_their_form_and_the_cure_and_load_with_it() {
    let null = Value::Null;
    for (name, cure, code, wanted) in [
        (
            "vertex-batch.jsonl",
            &["--key", "instance.content"][..],
            4,
            [("First text", FIRST, null.clone()), ("Second text", SECOND, null.clone())],
        ),
        (
            "dashscope-async.jsonl",
            &["--key", "text_index"],
            4,
            [("0", FIRST, null.clone()), ("1", SECOND, null.clone())],
        ),
        ("openai-response.json", &["--key", "index"], 0, [("0", FIRST, null.clone()), ("1", SECOND, null)]),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write(name, fixture(name));
        let refused = run(home.put(&service).arg(name));
        let said = example(&refused, "no_key");
        assert!(said.contains("--key"), "{said}");
        assert!(
            said.contains("Vertex AI") || said.contains("DashScope") || said.contains("OpenAI"),
            "{said}"
        );
        let ended = run(home.put(&service).arg(name).args(cure));
        ended.assert_code(code);
        service.assert_holds_in(name, &state(&wanted));
        let is_truncated = ended.stderr.contains("truncated");
        assert_eq!(is_truncated, name.starts_with("vertex"), "{}", ended.stderr);
    }
}

#[test]
fn exports_of_other_stores_load_with_their_metadata() {
    let (null, title) = (Value::Null, |text: &str| json!({"title": text}));
    let both = [("doc-1", FIRST, title("First")), ("doc-2", SECOND, title("Second"))];
    let ended = assert_loads(
        "qdrant-scroll.json",
        &[],
        &state(&[
            ("1", FIRST, json!({"title": "First", "lang": "en"})),
            ("5c56c793-69f3-4fbf-87e6-c4bf54c28c26", SECOND, title("Second")),
        ]),
        &[],
    );
    insta::assert_snapshot!(taken_for(&ended), @"
    note: reading qdrant-scroll.json as Qdrant points: key id, vector vector.title, metadata payload
    ");
    assert!(ended.stderr.contains("fields not stored: vector.words"), "{}", ended.stderr);
    let ended = assert_loads(
        "weaviate.jsonl",
        &[],
        &state(&[
            ("36ddd591-2dee-4e7e-a3cc-eb86d30a4303", FIRST, title("First")),
            ("86aa9a6f-4f0e-4c4a-9a2d-63a1a1c9a1b2", SECOND, title("Second")),
            ("0a2c5c9b-6f7d-4d0e-8d6a-2f2b6e2c9b10", THIRD, title("Third")),
        ]),
        &[],
    );
    insta::assert_snapshot!(taken_for(&ended), @"
    note: reading weaviate.jsonl as Weaviate objects: key id, vector vectors.title, metadata properties
    ");
    let ended = assert_loads(
        "elasticdump.jsonl",
        &["--metadata", "_source.title"],
        &state(&both),
        &[("no_vector", 1)],
    );
    insta::assert_snapshot!(taken_for(&ended), @"
    note: reading elasticdump.jsonl as Elasticsearch documents: key _id, vector _source.emb, metadata _source.title
    ");
    assert_loads("elasticdump.jsonl", &["--metadata", "*"], &state(&both), &[("no_vector", 1)]);
    assert_loads("pinecone-upsert.json", &[], &state(&both), &[]);
    assert_loads(
        "milvus-query.json",
        &["--metadata", "title"],
        &state(&[("453", FIRST, title("First")), ("454", SECOND, title("Second"))]),
        &[],
    );
    assert_loads(
        "oss-list-vectors.json",
        &[],
        &state(&[
            ("doc-1", FIRST, title("First")),
            ("doc-2", SECOND, json!({"title": "Second", "tags": ["a", "b"]})),
            ("doc-3", THIRD, title("Third")),
        ]),
        &[],
    );
    let colors = |price: Option<&str>| {
        let mut first = json!({"color": ["red", "blue"], "season": ["winter"]});
        if let Some(price) = price {
            first["price"] = price.into();
        }
        state(&[("doc-1", FIRST, first), ("doc-2", SECOND, json!({"color": ["red"]}))])
    };
    let ended = assert_loads("vertex-vector-search.json", &[], &colors(None), &[]);
    let unstored = "fields not stored: numeric_restricts, restricts.deny, crowding_tag";
    assert!(ended.stderr.contains(unstored), "{}", ended.stderr);
    assert_loads("vertex-vector-search.json", &["--metadata-values", "text"], &colors(Some("25")), &[]);
    assert_loads("vertex-vector-search.json", &["--metadata", "restricts"], &colors(None), &[]);
    let without = state(&[("doc-1", FIRST, null.clone()), ("doc-2", SECOND, null)]);
    assert_loads("vertex-vector-search.json", &["--metadata", "-restricts"], &without, &[]);
}

#[test]
fn of_several_vectors_one_is_chosen_and_others_are_named() {
    let points = [
        r#"{"id":1,"payload":{},"vector":{"title":[1,2,3],"text":[4,5,6]}}"#,
        r#"{"id":2,"payload":{},"vector":{"text":[7,8,9]}}"#,
    ];
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("points.jsonl", points.join("\n"));
    let refused = run(home.put(&service).arg("points.jsonl"));
    insta::assert_snapshot!(example(&refused, "ambiguous_vector"), @"
    several vectors in this Qdrant point: vector.title, vector.text; choose one, such as --vector vector.title
    ");
    let ended = run(home.put(&service).args(["points.jsonl", "--vector", "vector.text"]));
    assert_eq!(ended.assert_code(0).counts(["stored"]), [2]);
    let wanted = state(&[("1", &[4.0, 5.0, 6.0], Value::Null), ("2", &[7.0, 8.0, 9.0], Value::Null)]);
    service.assert_holds(&wanted);
}

#[test]
fn what_cannot_be_read_is_named_with_the_cure() {
    let fetched = |name: &str, content: &[u8]| {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write(name, content);
        let ended = run(home.put(&service).arg(name));
        ended.assert_code(3);
        assert!(service.state().is_empty());
        ended.stderr
    };
    let said = fetched("pinecone-fetch.json", &fixture("pinecone-fetch.json"));
    assert!(
        said.contains("a dictionary of records by key in vectors")
            && said.contains("ossvec convert pinecone-fetch.json OUTPUT"),
        "{said}"
    );
    let said = fetched("tokens.json", b"[[[0.1,0.2],[0.3,0.4]],[[0.5,0.6]]]");
    assert!(said.contains("a vector for each token") && said.contains("pool"), "{said}");
}

#[test]
fn the_totals_of_bedrock_beside_its_output_are_no_input() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("out/part.jsonl.out", fixture("bedrock-titan.jsonl.out"));
    home.write(
        "out/manifest.json.out",
        r#"{"totalRecordCount":3,"processedRecordCount":3,"successRecordCount":2}"#,
    );
    let ended = run(home.put(&service).arg("out"));
    assert_eq!(ended.assert_code(4).counts(["read", "stored", "rejected"]), [3, 2, 1]);
}

#[test]
fn rejects_load_again_like_the_lines_that_they_come_from() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let item = |index: u64, numbers: &str| {
        format!(r#"{{"object":"embedding","index":{index},"embedding":{numbers}}}"#)
    };
    let line = |items: &[String]| {
        format!(
            r#"{{"custom_id":"doc","response":{{"status_code":200,"body":{{"data":[{}]}}}},"error":null}}"#,
            items.join(",")
        )
    };
    let content = line(&[item(1, "[1,2]"), item(2, "[3]"), item(0, "[5,6]")]);
    home.write(
        "batch.jsonl",
        content + "\n" + &String::from_utf8(fixture("model-studio-batch.jsonl")).unwrap(),
    );
    let load =
        |input: &str, rejects: &str| run(home.put_sized(&service, 2).arg(input).args(["--rejects", rejects]));
    let ended = load("batch.jsonl", "r1.jsonl");
    assert_eq!(reasons_of(&ended), [("dimension".to_owned(), 2), ("provider_error".to_owned(), 1)]);
    let rejected = json_lines(&home.path("r1.jsonl"));
    let keys: Vec<_> = rejected.iter().map(|line| line["rejected"]["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["doc-2", "1001", "1002"]);
    let again = load("r1.jsonl", "r2.jsonl");
    assert_eq!(reasons_of(&again), reasons_of(&ended), "{}", again.stderr);
    let fixed =
        fs::read_to_string(home.path("r2.jsonl")).unwrap().replace("[3]", "[3,4]").replace(",0.5]", "]");
    home.write("fixed.jsonl", fixed);
    let last = load("fixed.jsonl", "r3.jsonl");
    assert_eq!(reasons_of(&last), [("provider_error".to_owned(), 1)]);
    let wanted = [
        ("doc-0", &[5.0, 6.0][..], Value::Null),
        ("doc-1", &[1.0, 2.0], Value::Null),
        ("doc-2", &[3.0, 4.0], Value::Null),
        ("1001", &[0.12, -0.03], Value::Null),
    ];
    service.assert_holds(&state(&wanted));
}

#[test]
fn what_the_provider_failed_on_is_to_be_embedded_again() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("batch.jsonl", fixture("openai-batch.jsonl"));
    let mut load = home.aimed(&["put-vectors"], &service);
    let ended = run(load.args(["--create-index", "--distance-metric", "euclidean", "batch.jsonl"]));
    let next = ended.stdout.lines().find(|line| line.starts_with("next")).unwrap_or_default();
    assert!(
        next.contains("embed the failed requests again") && next.contains("cannot help"),
        "{}",
        ended.stdout
    );
}

/// A batch output of random lines, and what is to be stored of it: keys in the order of the text, nothing where the
/// provider has failed.
fn random_batch(random: &mut fastrand::Rng, lines: usize) -> (String, Vec<Option<String>>, State) {
    let (mut text, mut order, mut wanted) = (String::new(), Vec::new(), State::new());
    for line in 0..lines {
        let custom_id = format!("doc-{line}");
        if random.u8(0..8) == 0 {
            let error = r#""response":{"status_code":500,"body":{"error":{"message":"down"}}},"error":null"#;
            writeln!(text, "{{\"custom_id\":\"{custom_id}\",{error}}}").unwrap();
            order.push(None);
            continue;
        }
        let count = if random.bool() { 1 } else { random.usize(1..40) };
        let mut indexes: Vec<usize> = (0..count).collect();
        random.shuffle(&mut indexes);
        let mut items = Vec::new();
        for index in indexes {
            let numbers = numbers(line * 100 + index, 5);
            let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
            let embedding = match random.u8(0..3) {
                0 => json!(STANDARD.encode(bytes)),
                1 => json!(STANDARD.encode(bytes).trim_end_matches('=')),
                _ => json!(numbers),
            };
            items.push(json!({"object": "embedding", "index": index, "embedding": embedding}));
            let key = if count == 1 { custom_id.clone() } else { format!("{custom_id}-{index}") };
            let bits = numbers.iter().map(|number| number.to_bits()).collect();
            wanted.insert(key.clone(), (bits, Value::Null));
            order.push(Some(key));
        }
        let body = json!({"object": "list", "data": items, "model": "m"});
        let line =
            json!({"custom_id": custom_id, "response": {"status_code": 200, "body": body}, "error": null});
        writeln!(text, "{line}").unwrap();
    }
    (text, order, wanted)
}

#[test]
fn random_batches_are_stored_to_the_last_bit_whatever_their_order_and_encoding() {
    let mut random = fastrand::Rng::with_seed(14);
    for _ in 0..6 {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let (text, order, wanted) = random_batch(&mut random, 25);
        home.write("out.jsonl", text);
        let ended = run(home.put(&service).args(["out.jsonl", "--max-rejects", "none"]));
        let failed = order.iter().filter(|key| key.is_none()).count() as u64;
        let counts = ended.counts(["read", "stored", "rejected"]);
        assert_eq!(counts, [order.len() as u64, wanted.len() as u64, failed]);
        service.assert_holds(&wanted);
    }
}

#[test]
fn a_load_that_is_killed_within_lines_of_many_vectors_continues_where_it_was() {
    let mut random = fastrand::Rng::with_seed(41);
    let options = Options { log_keys: true, latency: std::time::Duration::from_millis(8), ..unlimited() };
    let (home, service) = (Home::new(), TestService::start(options));
    let (text, order, wanted) = random_batch(&mut random, 40);
    home.write("out.jsonl", text);
    let load = || {
        let mut load = home.put(&service);
        load.args(["out.jsonl", "--resume", "--batch-size", "7", "--max-rejects", "none", "--job", "2"]);
        load.args(["--checkpoint-dir", "state", "--rejects", "rejects.jsonl"]);
        load
    };
    let mut journaled = Vec::new();
    let last = loop {
        let mut running = Running::start(&mut load());
        let moment = service.requests(Operation::PutVectors) + random.u64(4..12);
        until("the moment comes", || running.is_over() || service.requests(Operation::PutVectors) >= moment);
        if running.is_over() {
            break running.end();
        }
        assert_eq!(running.kill().code, None);
        until("the service is at rest", || service.statistics().in_flight == 0);
        journaled.push((service.statistics().recent.len(), settled(&home.path("state"))));
    };
    last.assert_code(4);
    service.assert_holds(&wanted);
    let number = |key: &String| order.iter().position(|other| other.as_ref() == Some(key)).unwrap() as u64;
    let recent = service.statistics().recent;
    let puts = |seen: usize| {
        let requests =
            recent.iter().skip(seen).filter(|request| request.operation == Some(Operation::PutVectors));
        requests.flat_map(|request| request.keys.iter().map(number))
    };
    for (seen, settled) in &journaled {
        let again: Vec<_> = puts(*seen).filter(|record| settled.contains(record)).collect();
        assert!(again.is_empty(), "settled, and sent again: {again:?}");
    }
    let line = |record: u64| order.get(usize::try_from(record).unwrap())?.as_ref()?.split('-').nth(1);
    let is_within_line = |settled: &BTreeSet<u64>| {
        let ends = settled.iter().filter(|record| !settled.contains(&(*record + 1)));
        ends.into_iter().any(|end| line(*end).is_some() && line(*end) == line(end + 1))
    };
    let within = journaled.iter().filter(|(_, settled)| is_within_line(settled)).count();
    assert!(within > 2, "{within} of {} kills were within lines", journaled.len());
    let mut rejected: Vec<_> = json_lines(&home.path("rejects.jsonl"))
        .iter()
        .map(|line| line["rejected"]["record"].as_u64().unwrap())
        .collect();
    rejected.sort_unstable();
    let failed = (0_u64..).zip(&order).filter(|(_, key)| key.is_none());
    assert_eq!(rejected, failed.map(|(record, _)| record).collect::<Vec<_>>());
}
