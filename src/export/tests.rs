use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::*;

/// How a record is read, or why it is not.
fn said(text: &str) -> String {
    let Some(export) = Export::of(text.as_bytes()) else { return "not recognised".to_owned() };
    let told = export.told(&[], &[], &[]);
    match &export.content {
        Content::One(Paths { needs_key, is_truncated, .. }) => {
            let key = needs_key.map_or(String::new(), |said| format!(" ({said})"));
            let truncated = if *is_truncated { " (truncated)" } else { "" };
            format!("{}{key}{truncated}", told.as_deref().unwrap_or(export.shape))
        }
        Content::Several(parts) => {
            let texts =
                (0..parts.count()).filter_map(|part| parts.part(part)).map(|text| format!("\n    {text}"));
            format!("{} of {}{}", parts.count(), told.unwrap(), texts.collect::<String>())
        }
        Content::Failed(message) => format!("{} failed: {message}", export.shape),
        Content::Unfit(unfit) => format!("{:?}: {}", unfit.lack, unfit.said),
    }
}

fn all(texts: &[&str]) -> String {
    texts.iter().map(|text| said(text) + "\n").collect()
}

/// How each line of a fixture is read.
fn of_file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/exports").join(name);
    let text = fs::read_to_string(path).unwrap();
    all(&text.lines().collect::<Vec<_>>())
}

#[test]
fn outputs_of_providers_are_recognised_line_by_line() {
    insta::assert_snapshot!(of_file("openai-batch.jsonl"), @r#"
    an OpenAI batch output: key custom_id, vector response.body.data[0].embedding
    2 of an OpenAI batch output: key custom_id, vector response.body.data[0].embedding
        {"id":"batch_req_6719e2a2","custom_id":"doc-1-1","response":{"status_code":200,"request_id":"f2a1c9","body":{"object":"list","data":[{"object": "embedding", "index": 1, "embedding": [0.5, 0.25, 0.125]}],"model":"text-embedding-3-small","usage":{"prompt_tokens": 9, "total_tokens": 9}}},"error":null}
        {"id":"batch_req_6719e2a2","custom_id":"doc-1-0","response":{"status_code":200,"request_id":"f2a1c9","body":{"object":"list","data":[{"object": "embedding", "index": 0, "embedding": [0.12, -0.03, 0.5]}],"model":"text-embedding-3-small","usage":{"prompt_tokens": 9, "total_tokens": 9}}},"error":null}
    an OpenAI batch output failed: 429: rate_limit_exceeded: Rate limit reached for requests
    an OpenAI batch output failed: batch_expired: This request could not be executed before the completion window expired.
    "#);
    insta::assert_snapshot!(of_file("model-studio-batch.jsonl"), @"
    an OpenAI batch output: key custom_id, vector response.body.data[0].embedding
    an OpenAI batch output failed: 400: InvalidParameter: Range of input length should be [1, 8192]
    ");
    insta::assert_snapshot!(of_file("vertex-batch.jsonl"), @"
    a Vertex AI batch prediction (no key found: a Vertex AI batch prediction has no id; make keys with --key-template '{file}-{row}', or choose a field of its instance with --key)
    a Vertex AI batch prediction (no key found: a Vertex AI batch prediction has no id; make keys with --key-template '{file}-{row}', or choose a field of its instance with --key) (truncated)
    a Vertex AI batch prediction failed: INVALID_ARGUMENT: The text content is empty.
    ");
    insta::assert_snapshot!(of_file("gemini-batch.jsonl"), @"
    a Gemini batch output: key key, vector response.embedding.values
    a Gemini batch output: key key, vector response.embedding.values
    a Gemini batch output failed: 429: Resource has been exhausted (e.g. check quota).
    ");
    insta::assert_snapshot!(of_file("bedrock-titan.jsonl.out"), @"
    a Bedrock batch output: key recordId, vector modelOutput.embedding
    a Bedrock batch output: key recordId, vector modelOutput.embeddingsByType.float
    a Bedrock batch output failed: 400: Malformed input request: expected minLength: 1, actual: 0
    ");
    insta::assert_snapshot!(of_file("bedrock-cohere.jsonl.out"), @r#"
    2 of a Bedrock batch output: key recordId, vector modelOutput.embeddings[0]
        {"modelInput":{"texts":["First text"],"input_type":"search_document"},"modelOutput":{"embeddings":[[0.12,-0.03,0.5]],"id":"b0f2c9d1","response_type":"embeddings_floats","texts":["first text"]},"recordId":"CALL0000001-0"}
        {"modelInput":{"texts":["Second text"],"input_type":"search_document"},"modelOutput":{"embeddings":[[0.31,0.07,-0.2]],"id":"b0f2c9d1","response_type":"embeddings_floats","texts":["second text"]},"recordId":"CALL0000001-1"}
    a Bedrock batch output: key recordId, vector modelOutput.embeddings.float[0]
    Kind: the vector is int8: this Cohere response has no float embeddings, and others are on another scale; add float to embedding_types of the request
    "#);
    insta::assert_snapshot!(of_file("dashscope-async.jsonl"), @"
    a DashScope result (no key found: a DashScope result has only the number of its text; make keys with --key-template '{file}-{row}', or use --key text_index if the input is one result file)
    a DashScope result (no key found: a DashScope result has only the number of its text; make keys with --key-template '{file}-{row}', or use --key text_index if the input is one result file)
    a DashScope result failed: InvalidParameter: The length of the text exceeds 2048 tokens.
    ");
    insta::assert_snapshot!(of_file("cohere-response.json"), @r#"
    2 of a Cohere response: key id, vector embeddings.float[0]
        {"id":"da6e531f-0","embeddings":{"float":[[0.12,-0.03,0.5]]},"texts":["First text"],"meta":{"api_version":{"version":"2"},"billed_units":{"input_tokens":4}},"response_type":"embeddings_by_type"}
        {"id":"da6e531f-1","embeddings":{"float":[[0.31,0.07,-0.2]]},"texts":["Second text"],"meta":{"api_version":{"version":"2"},"billed_units":{"input_tokens":4}},"response_type":"embeddings_by_type"}
    "#);
}

#[test]
fn exports_of_other_stores_are_recognised_where_fields_alone_do_not_do() {
    insta::assert_snapshot!(of_file("weaviate.jsonl"), @"
    Weaviate objects: key id, vector vectors.title, metadata properties
    not recognised
    Weaviate objects: key uuid, vector vector.default, metadata properties
    ");
    insta::assert_snapshot!(of_file("elasticdump.jsonl"), @"
    Elasticsearch documents: key _id, vector _source.emb
    Elasticsearch documents: key _id, vector _source.emb
    Vector: no vector found: the _source of this Elasticsearch document has no array of numbers; if its mapping excludes the vector from _source, export the field, or name its field with --vector
    ");
    insta::assert_snapshot!(all(&[
        r#"{"_id":"1","_source":{"emb":[1,2],"t":"x"}}"#,
        r#"{"_id":"1","_source":{"emb":[1,2]},"name":"x"}"#,
        r#"{"id":1,"payload":null,"vector":{"title":[1,2]}}"#,
        r#"{"id":1,"payload":{},"vector":{"title":[1,2],"text":[3,4],"words":{"indices":[1],"values":[2]}}}"#,
        r#"{"id":1,"payload":{},"vector":[[1,2],[3,4]]}"#,
        r#"{"id":1,"payload":{},"vector":{"colbert":[[1,2],[3,4]]}}"#,
        r#"{"id":1,"payload":{},"vector":{"words":{"indices":[1],"values":[2]}}}"#,
        r#"{"id":1,"payload":{},"vector":null}"#,
        r#"{"id":1,"payload":{},"vector":{}}"#,
        r#"{"id":1,"vector":{"title":[1,2]}}"#,
        r#"{"id":1,"version":3,"vector":{"title":[1,2],"text":[3,4]}}"#,
        r#"{"id":1,"vector":{"indices":[1],"values":[2]}}"#,
        r#"{"id":1,"vector":{"title":"x"}}"#,
        r#"{"id":1,"vector":{"title":[1,2]},"name":"x"}"#,
    ]), @"
    Elasticsearch documents: key _id, vector _source.emb
    not recognised
    Qdrant points: key id, vector vector.title, metadata payload
    Choice: several vectors in this Qdrant point: vector.title, vector.text; choose one, such as --vector vector.title
    Kind: the vector is a multivector: this Qdrant point has several vectors under one name, and an index stores one for a key; pool them first
    Kind: the vector is a multivector: this Qdrant point has several vectors under one name, and an index stores one for a key; pool them first
    Kind: the vector is sparse: this Qdrant point has no dense vector, and an index cannot store others
    Vector: no vector found: this Qdrant point has none; read the points with with_vectors set to true
    Vector: no vector found: this Qdrant point has none; read the points with with_vectors set to true
    Qdrant points: key id, vector vector.title, metadata payload
    Choice: several vectors in this Qdrant point: vector.title, vector.text; choose one, such as --vector vector.title
    Kind: the vector is sparse: this Qdrant point has no dense vector, and an index cannot store others
    not recognised
    not recognised
    ");
    insta::assert_snapshot!(all(&[
        r#"{"id":"a","properties":{},"vectors":{"t":[1,2],"u":[3,4]}}"#,
        r#"{"id":"a","properties":{},"vectors":{"t":[[1,2],[3,4]]}}"#,
        r#"{"id":"a","properties":{},"vector":{}}"#,
        r#"{"uuid":"a","vector":{"default":[1,2]}}"#,
        r#"{"class":"A","id":"a","vectors":{"t":[1,2]}}"#,
        r#"{"uuid":"a","vector":{"default":[1,2]},"name":"x"}"#,
        r#"{"title":"x","_additional":{"id":"a","vector":[1,2]}}"#,
        r#"{"title":"x","_additional":{"id":"a"}}"#,
        r#"{"_index":"i","_id":"1","_source":{"a":[1,2],"b":[3,4]}}"#,
    ]), @"
    Choice: several vectors in this Weaviate object: vectors.t, vectors.u; choose one, such as --vector vectors.t
    Kind: the vector is a multivector: this Weaviate object has only such ones, and an index stores one vector for a key; export a single vector
    Vector: no vector found: this Weaviate object has none; export it with include_vector
    Weaviate objects: key uuid, vector vector.default, metadata properties
    Weaviate objects: key id, vector vectors.t, metadata properties
    not recognised
    Weaviate objects: key _additional.id, vector _additional.vector
    Vector: no vector found: _additional of this Weaviate object has none; add vector to the query
    Choice: several vectors in the _source of this Elasticsearch document: _source.a, _source.b; choose one, such as --vector _source.a
    ");
}

#[test]
fn what_a_provider_cannot_give_is_said_with_the_cure() {
    insta::assert_snapshot!(all(&[
        r#"{"custom_id":"a","response":{"status_code":500,"body":"oops"},"error":null}"#,
        r#"{"custom_id":"a","response":{"status_code":503,"body":null},"error":null}"#,
        r#"{"custom_id":"a","response":{"status_code":200,"body":{"choices":[]}},"error":null}"#,
        r#"{"custom_id":"a","response":{"status_code":200,"body":{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[2]}]}},"error":null}"#,
        r#"{"custom_id":7,"response":{"status_code":200,"body":{"data":[{"embedding":[1]},{"embedding":[2]}]}}}"#,
        r#"{"object":"embedding","index":0,"embedding":[1,2]}"#,
        r#"{"instance":{"content":"a"},"predictions":[[1,2]]}"#,
        r#"{"instance":{"id":"a"},"predictions":[{"embeddings":{"values":[1,2]}}]}"#,
        r#"{"recordId":"a","modelInput":{},"modelOutput":{"results":[]}}"#,
        r#"{"recordId":"a","modelInput":{},"modelOutput":{"embeddingsByType":{"binary":[0,1]}}}"#,
        r#"{"recordId":"a","modelInput":{},"modelOutput":{"embeddings":[{"embeddingType":"TEXT","embedding":[1,2]}]}}"#,
        r#"{"embeddings":{"float":[[1,2]]},"texts":["a"]}"#,
        r#"{"embeddings":{"float":[[1,2],[3,4]]},"texts":["a","b"]}"#,
        r#"{"id":"r","embeddings":{"int8":[[1,2]],"ubinary":[[1]]},"texts":["a"]}"#,
        r#"{"embedding":null,"code":"Throttling","message":"Requests rate limit exceeded"}"#,
        r#"{"text_index":3,"embedding":[]}"#,
        r#"{"code":"Throttling","message":"Requests rate limit exceeded"}"#,
        r#"{"request_id":"r","status_code":400,"code":"InvalidParameter","message":"too long","output":null}"#,
    ]), @r#"
    an OpenAI batch output failed: 500: oops
    an OpenAI batch output failed: status 503
    Vector: no vector found: this line of an OpenAI batch output holds no embeddings; load the output of a batch to /v1/embeddings
    Key: no key found: two embeddings of this line of an OpenAI batch output have the same index, which the key custom_id-INDEX needs; repeat the request
    2 of an OpenAI batch output: key custom_id, vector response.body.data[0].embedding
        {"custom_id":"7-0","response":{"status_code":200,"body":{"data":[{"embedding":[1]}]}}}
        {"custom_id":"7-1","response":{"status_code":200,"body":{"data":[{"embedding":[2]}]}}}
    Key: no key found: an item of an OpenAI response has only its index; if the input is one response, use --key index; else send a batch with custom_id
    Vector: no vector found: this Vertex AI batch prediction has no predictions[0].embeddings.values; if its model writes vectors elsewhere, name their field with --vector
    a Vertex AI batch prediction: key instance.id, vector predictions[0].embeddings.values
    Vector: no vector found: modelOutput of this line of a Bedrock batch output holds no embedding; if its model writes vectors under another name, set it with --vector
    Kind: the vector is bits: this line of a Bedrock batch output has no float embedding; add float to embeddingTypes of the request
    a Bedrock batch output: key recordId, vector modelOutput.embeddings[0].embedding
    a Cohere response (no key found: this Cohere response has no id; add one, or choose another field with --key)
    Key: no key found: this Cohere response has no id; add one, or choose another field with --key
    Kind: the vector is int8 and ubinary: this Cohere response has no float embeddings, and others are on another scale; add float to embedding_types of the request
    a DashScope result failed: Throttling: Requests rate limit exceeded
    Vector: no vector found: this DashScope result has neither embedding nor error
    a DashScope result failed: Throttling: Requests rate limit exceeded
    a DashScope result failed: InvalidParameter: too long
    "#);
}

#[test]
fn what_is_said_of_an_input_follows_the_names_that_the_user_gives() {
    let point = r#"{"id":1,"payload":{},"vector":{"title":[1,2]}}"#;
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let told =
        Export::of(point.as_bytes()).unwrap().told(&names(&["n"]), &names(&["a", "b"]), &names(&["*"]));
    assert_eq!(told.as_deref(), Some("Qdrant points: key n, vector a, b, metadata *"));
    let nameless = r#"{"text_index":1,"embedding":[1,2]}"#;
    assert_eq!(Export::of(nameless.as_bytes()).unwrap().told(&[], &[], &[]), None);
}

#[test]
fn records_of_their_owners_are_not_taken_for_something_else() {
    for text in [
        r#"{"id":"a","embedding":[1,2]}"#,
        r#"{"custom_id":"a","embedding":[1,2]}"#,
        r#"{"custom_id":"a","response":"an answer","vector":[1]}"#,
        r#"{"id":"a","vector":{"title":"x"}}"#,
        r#"{"id":"a","vector":{"title":[1,2]},"payload":{},"text":"mine"}"#,
        r#"{"id":"a","code":"x","message":"y","embedding":null}"#,
        r#"{"id":"a","code":"x","message":"y"}"#,
        r#"{"code":"x","message":"y","text":"mine"}"#,
        r#"{"id":"a","embeddings":[[1,2]]}"#,
        r#"{"key":"a","error":{"message":"mine"},"text":"x"}"#,
        r#"{"_id":"a","_source":{"emb":[1,2]},"owner":"me"}"#,
        r#"{"id":"a","properties":{"n":1},"text":"x"}"#,
        r#"{"instance":"a","predictions":[1]}"#,
        r#"{"recordId":"a","modelOutput":{"embedding":[1]}}"#,
        "[1,2]",
        "{",
        "\"\"",
    ] {
        assert_eq!(said(text), "not recognised", "{text}");
    }
}

#[test]
fn each_vector_of_a_line_gets_its_own_text_of_the_request_that_is_joined() {
    let openai = |items: &str, joined: &str| {
        let body = format!(r#"{{"data":[{items}]}}"#);
        said(&format!(r#"{{"custom_id":"c","response":{{"body":{body}}},"joined":{joined}}}"#))
    };
    let two = r#"{"index":1,"embedding":[1]},{"index":0,"embedding":[2]}"#;
    let one = r#"{"index":1,"embedding":[1]}"#;
    let bedrock = |joined: &str| {
        let output = r#""modelOutput":{"embeddings":[[1],[2]]}"#;
        said(&format!(r#"{{"recordId":"c","modelInput":{{"texts":["x","y"]}},{output},"joined":{joined}}}"#))
    };
    let told = [
        openai(two, r#"{"url":"u","body":{"input":["x","y]\""],"n":1},"metadata":{}}"#),
        openai(two, r#"{"body":{"input":"x"}}"#),
        openai(two, r#"{"body":{"input":["x"]}}"#),
        openai(two, r#"{"body":{"input":[]}}"#),
        openai(&two.replace("1,", "2,"), r#"{"body":{"input":["x","y"]}}"#),
        openai(one, r#"{"body":{"input":["x","y"]}}"#),
        openai(one, r#"{"body":{"input":["y"]}}"#),
        openai(two, r#"{"text":["x","y"]}"#),
        openai(two, r#"{"text":["x"]}"#),
        bedrock(r#"{"modelInput":{"texts":["x","y"]}}"#),
        bedrock(r#"{"modelInput":{"texts":["x"]}}"#),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
    2 of an OpenAI batch output: key custom_id, vector response.body.data[0].embedding
        {"custom_id":"c-1","response":{"body":{"data":[{"index":1,"embedding":[1]}]}},"joined":{"url":"u","body":{"input":["y]\""],"n":1},"metadata":{}}}
        {"custom_id":"c-0","response":{"body":{"data":[{"index":0,"embedding":[2]}]}},"joined":{"url":"u","body":{"input":["x"],"n":1},"metadata":{}}}
    Text: joined.body.input has 1 text for 2 vectors; join the file with the requests that this output answers
    Text: joined.body.input has 1 text for 2 vectors; join the file with the requests that this output answers
    Text: joined.body.input has 0 texts for 2 vectors; join the file with the requests that this output answers
    Text: joined.body.input has 2 texts, but a vector has the index 2; join the file with the requests that this output answers
    Text: joined.body.input has 2 texts for 1 vector; join the file with the requests that this output answers
    an OpenAI batch output: key custom_id, vector response.body.data[0].embedding
    2 of an OpenAI batch output: key custom_id, vector response.body.data[0].embedding
        {"custom_id":"c-1","response":{"body":{"data":[{"index":1,"embedding":[1]}]}},"joined":{"text":["y"]}}
        {"custom_id":"c-0","response":{"body":{"data":[{"index":0,"embedding":[2]}]}},"joined":{"text":["x"]}}
    2 of an OpenAI batch output: key custom_id, vector response.body.data[0].embedding
        {"custom_id":"c-1","response":{"body":{"data":[{"index":1,"embedding":[1]}]}},"joined":{"text":["x"]}}
        {"custom_id":"c-0","response":{"body":{"data":[{"index":0,"embedding":[2]}]}},"joined":{"text":["x"]}}
    2 of a Bedrock batch output: key recordId, vector modelOutput.embeddings[0]
        {"recordId":"c-0","modelInput":{"texts":["x"]},"modelOutput":{"embeddings":[[1]]},"joined":{"modelInput":{"texts":["x"]}}}
        {"recordId":"c-1","modelInput":{"texts":["y"]},"modelOutput":{"embeddings":[[2]]},"joined":{"modelInput":{"texts":["y"]}}}
    Text: joined.modelInput.texts has 1 text for 2 vectors; join the file with the requests that this output answers
    "#);
}

/// Records of the shapes that no fixture has.
const OTHERS: [&str; 14] = [
    r#"{"object":"embedding","index":0,"embedding":[1,2]}"#,
    r#"{"instance":{"id":"a"},"predictions":[{"embeddings":{"values":[1,2]}}]}"#,
    r#"{"code":"Throttling","message":"Requests rate limit exceeded"}"#,
    r#"{"request_id":"r","status_code":400,"code":"InvalidParameter","message":"too long","output":null}"#,
    r#"{"_id":"1","_source":{"emb":[1,2],"t":"x"}}"#,
    r#"{"title":"x","_additional":{"id":"a","vector":[1,2]}}"#,
    r#"{"id":1,"payload":null,"vector":{"title":[1,2]}}"#,
    r#"{"id":1,"payload":{},"vector":{"title":[1,2],"text":[3,4]}}"#,
    r#"{"id":1,"payload":{},"vector":[[1,2],[3,4]]}"#,
    r#"{"id":1,"payload":{},"vector":{"words":{"indices":[1],"values":[2]}}}"#,
    r#"{"id":1,"payload":{},"vector":null}"#,
    r#"{"key":"b","error":{"code":429,"message":"R"}}"#,
    r#"{"key":"b","response":null,"error":{"code":429,"message":"R"}}"#,
    r#"{"embeddings":{"float":[[1,2]]},"texts":["a"]}"#,
];

#[test]
fn every_form_is_recognised_alike_with_what_is_joined() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/exports");
    let files =
        fs::read_dir(directory).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let fixtures: Vec<String> =
        files.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let mut met = BTreeSet::new();
    for text in fixtures.iter().map(String::as_str).chain(OTHERS) {
        let Some(open) = text.trim_end().strip_suffix('}').filter(|_| said(text) != "not recognised") else {
            continue;
        };
        let record = Members::of(text).unwrap();
        met.extend((0..SHAPES.len()).filter(|shape| SHAPES[*shape](&record).is_some()));
        for joined in [r#","joined":{"text":"x"}"#, r#","joined":"2020-01-01""#] {
            assert_eq!(said(&format!("{open}{joined}}}")).replace(joined, ""), said(text), "{text}");
        }
    }
    assert_eq!(met, (0..SHAPES.len()).collect());
}
