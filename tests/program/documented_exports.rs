//! The examples of docs/formats.md for what providers and other stores write, columns in JSON, and vectors without keys.

use serde_json::{Value, json};

use crate::documented_formats::{Content, Example, pair, state};
use crate::support::State;

const FIRST: &[f32] = &[0.12, -0.03, 0.5];
const SECOND: &[f32] = &[0.31, 0.07, -0.2];
const THIRD: &[f32] = &[0.5, 0.25, 0.125];

/// In the order of the page where a heading has several blocks.
pub(crate) fn examples() -> Vec<Example> {
    let mut all = providers();
    all.extend(stores());
    all.extend([other_exports(), columns(), without_keys(), joined(), bulk_lines()]);
    all
}

/// An input as the page shows it, and what its only command stores.
fn shown(heading: &'static str, file: &'static str, code: i32, wanted: State) -> Example {
    Example { heading, files: vec![(file, Content::Shown(<[u8]>::to_vec))], wanted: vec![wanted], code }
}

fn bare(keys: [&str; 2]) -> State {
    state(&[(keys[0], FIRST, Value::Null), (keys[1], SECOND, Value::Null)])
}

fn titled(keys: [&str; 2]) -> State {
    state(&[(keys[0], FIRST, json!({ "title": "First" })), (keys[1], SECOND, json!({ "title": "Second" }))])
}

fn providers() -> Vec<Example> {
    let batch =
        [("doc-2", SECOND, Value::Null), ("doc-1-0", FIRST, Value::Null), ("doc-1-1", THIRD, Value::Null)];
    let input = |text: &str| json!({ "inputText": text });
    let bedrock =
        [("DOC00000001", FIRST, input("First text")), ("DOC00000002", SECOND, input("Second text"))];
    let text = |text: &str| json!({ "texts": [text] });
    let cohere = [("da6e531f-0", FIRST, text("First text")), ("da6e531f-1", SECOND, text("Second text"))];
    vec![
        shown("OpenAI and Model Studio", "openai-batch.jsonl", 4, state(&batch)),
        shown("OpenAI and Model Studio", "openai-response.json", 0, bare(["0", "1"])),
        shown("Amazon Bedrock", "bedrock-titan.jsonl.out", 4, state(&bedrock)),
        shown("Google", "vertex-batch.jsonl", 4, bare(["First text", "Second text"])),
        shown("Google", "gemini-batch.jsonl", 4, bare(["doc-1", "doc-2"])),
        shown("DashScope", "dashscope-async.jsonl", 4, bare(["0", "1"])),
        shown("Cohere", "cohere-response.json", 0, state(&cohere)),
    ]
}

fn stores() -> Vec<Example> {
    let title = |title: &str| json!({ "title": title });
    let weaviate = [
        ("36ddd591-2dee-4e7e-a3cc-eb86d30a4303", FIRST, title("First")),
        ("86aa9a6f-4f0e-4c4a-9a2d-63a1a1c9a1b2", SECOND, title("Second")),
        ("0a2c5c9b-6f7d-4d0e-8d6a-2f2b6e2c9b10", THIRD, title("Third")),
    ];
    let restricted = [
        ("doc-1", FIRST, json!({ "color": ["red", "blue"], "price": "25" })),
        ("doc-2", SECOND, json!({ "color": ["red"] })),
        ("doc-3", THIRD, Value::Null),
    ];
    vec![
        shown("Qdrant", "qdrant-scroll.json", 0, titled(["1", "2"])),
        shown("Weaviate", "weaviate.jsonl", 0, state(&weaviate)),
        shown("Elasticsearch", "elasticdump.jsonl", 4, titled(["doc-1", "doc-2"])),
        shown("Vertex Vector Search", "vertex-vector-search.json", 0, state(&restricted)),
    ]
}

fn other_exports() -> Example {
    let made = |text: &str| Content::Made(text.as_bytes().to_vec());
    Example {
        heading: "Other exports",
        files: vec![
            ("oss-list-vectors.json", Content::Shown(<[u8]>::to_vec)),
            ("pinecone-upsert.json", made(include_str!("../data/exports/pinecone-upsert.json"))),
            ("milvus-query.json", made(include_str!("../data/exports/milvus-query.json"))),
        ],
        wanted: vec![titled(["doc-1", "doc-2"]), titled(["doc-1", "doc-2"]), titled(["453", "454"])],
        code: 0,
    }
}

/// The line of this number, which stands for a file of its own.
fn line(text: &[u8], number: usize) -> Vec<u8> {
    text.split(|byte| *byte == b'\n').nth(number).unwrap_or_default().to_vec()
}

fn columns() -> Example {
    Example {
        heading: "Columns in JSON",
        files: vec![
            ("chroma.json", Content::Shown(|text| line(text, 0))),
            ("pandas-split.json", Content::Shown(|text| line(text, 1))),
            ("pandas-columns.json", Content::Shown(|text| line(text, 2))),
        ],
        wanted: vec![
            pair([json!({ "lang": "en", "documents": "Text" }), Value::Null]),
            pair([Value::Null, Value::Null]),
        ],
        code: 0,
    }
}

fn without_keys() -> Example {
    let numbers: [&[f32]; 3] = [&[0.12, -0.03], &[0.31, 0.07], &[0.25, 0.5]];
    let keyed = |keys: [&str; 3], metadata: [Value; 3]| {
        let records: Vec<_> = keys
            .into_iter()
            .zip(numbers)
            .zip(metadata)
            .map(|((key, numbers), value)| (key, numbers, value))
            .collect();
        state(&records)
    };
    let title = |title: &str| json!({ "title": title });
    let lines = ["First", "Second", "Third"].map(|text| title(text).to_string()).join("\n");
    Example {
        heading: "Vectors without keys",
        files: vec![
            ("embeddings.jsonl", Content::Shown(<[u8]>::to_vec)),
            ("ids.txt", Content::Made(b"doc-1\ndoc-2\ndoc-3\n".to_vec())),
            ("meta.jsonl", Content::Made(lines.into_bytes())),
        ],
        wanted: vec![
            keyed(["embeddings-0", "embeddings-1", "embeddings-2"], [Value::Null, Value::Null, Value::Null]),
            keyed(["doc-1", "doc-2", "doc-3"], [title("First"), title("Second"), title("Third")]),
        ],
        code: 0,
    }
}

fn joined() -> Example {
    let answer = |key: &str, numbers: &[f32]| {
        let data = json!([{ "index": 0, "embedding": numbers }]);
        json!({ "custom_id": key, "response": { "status_code": 200, "body": { "data": data } } })
    };
    let request = |key: &str, text: &str| json!({ "custom_id": key, "method": "POST", "url": "/v1/embeddings", "body": { "input": text } });
    let record = |key: &str, numbers: &[f32]| json!({ "id": key, "vector": numbers });
    let of_text = |key: &str, title: &str, lang: &str| json!({ "id": key, "title": title, "metadata": { "lang": lang } });
    let lines =
        |records: [Value; 2]| Content::Made(records.map(|record| format!("{record}\n")).concat().into());
    let (first, second): (&[f32], &[f32]) = (&[0.125, -0.5], &[0.25, 0.75]);
    Example {
        heading: "Texts from the request file",
        files: vec![
            ("out.jsonl", lines([answer("doc-1", first), answer("doc-2", second)])),
            ("requests.jsonl", lines([request("doc-2", "Second"), request("doc-1", "First")])),
            ("vectors.jsonl", lines([record("doc-1", first), record("doc-2", second)])),
            ("texts.jsonl", lines([of_text("doc-2", "Second", "zh"), of_text("doc-1", "First", "en")])),
        ],
        wanted: vec![
            state(&[
                ("doc-1", first, json!({ "text": "First" })),
                ("doc-2", second, json!({ "text": "Second" })),
            ]),
            state(&[
                ("doc-1", first, json!({ "title": "First", "lang": "en" })),
                ("doc-2", second, json!({ "title": "Second", "lang": "zh" })),
            ]),
        ],
        code: 0,
    }
}

fn bulk_lines() -> Example {
    shown(
        "Elasticsearch bulk lines",
        "bulk.ndjson",
        0,
        pair([json!({ "title": "First" }), json!({ "title": "Second" })]),
    )
}
