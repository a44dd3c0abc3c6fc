//! Which fields become key, vector and metadata where they are inside of others, in many columns, or under other names.

use std::fmt::Write;
use std::sync::Arc;

use arrow_array::types::Float32Type;
use arrow_array::{ArrayRef, Float32Array, Float64Array, Int32Array, StringArray};
use ossvec::test_support::oss::operation::Operation;
use parquet::file::properties::WriterProperties;
use serde_json::{Value, json};

use crate::column_files::{arrow, float32, lists, parquet, table, texts};
use crate::support::{Home, State, TestService, run, unlimited};

/// What a load of a file stores, in a service of its own.
#[track_caller]
fn stored(name: &str, content: impl AsRef<[u8]>, more: &[&str]) -> State {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write(name, content);
    run(home.put(&service).arg(name).args(more)).assert_code(0);
    service.state()
}

/// What a load of a file says that ends before anything is created or sent.
#[track_caller]
fn refused(name: &str, content: impl AsRef<[u8]>, more: &[&str]) -> String {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write(name, content);
    let ended = run(home.put(&service).arg(name).args(more));
    let errors = ended.assert_code(1).stderr.lines().filter(|line| !line.starts_with("note: "));
    for operation in [Operation::PutVectorIndex, Operation::PutVectors] {
        assert_eq!(service.statistics().of(operation).requests, 0, "{operation:?}");
    }
    errors.collect::<Vec<_>>().join("\n")
}

fn state(records: &[(&str, &[f32], Value)]) -> State {
    let bits = |numbers: &[f32]| numbers.iter().map(|number| number.to_bits()).collect();
    records
        .iter()
        .map(|(key, numbers, metadata)| ((*key).to_owned(), (bits(numbers), metadata.clone())))
        .collect()
}

fn plain(columns: &[(&str, ArrayRef)]) -> Vec<u8> {
    parquet(&table(columns), WriterProperties::default())
}

#[test]
fn a_batch_result_is_loaded_by_the_paths_of_its_fields() {
    let line = |id: &str, number: f32| {
        let data = json!([{"object": "embedding", "index": 0, "embedding": [number, 0.1]}]);
        let body = json!({"object": "list", "data": data, "model": "m"});
        json!({"id": format!("r-{id}"), "custom_id": id, "response": {"status_code": 200, "body": body}})
            .to_string()
    };
    let file = [line("a", 0.25), line("b", 0.5)].join("\n");
    let paths = ["--key", "custom_id", "--vector", "response.body.data[0].embedding"];
    let metadata = |name: &str| ["--metadata".to_owned(), name.to_owned()];
    let of = |name: &str| {
        let metadata = metadata(name);
        stored("out.jsonl", &file, &[&paths[..], &[&metadata[0], &metadata[1]]].concat())
    };
    let want =
        |metadata: Value| state(&[("a", &[0.25, 0.1], metadata.clone()), ("b", &[0.5, 0.1], metadata)]);
    assert_eq!(of("response.body.model"), want(json!({"model": "m"})));
    assert_eq!(of("kind=response.body.data[0].object"), want(json!({"kind": "embedding"})));
    let says =
        refused("out.jsonl", &file, &["--key", "custom_id", "--vector", "response.body.data[1].embedding"]);
    assert!(says.contains("the field response.body.data[1].embedding (from --vector)"), "{says}");
}

#[test]
fn elements_of_lists_of_columns_are_reached_by_their_index() {
    let words = ["x", "y"].map(|word| Some(vec![Some(word)]));
    let mut tags = arrow_array::builder::ListBuilder::new(arrow_array::builder::StringBuilder::new());
    tags.extend(words);
    let file = plain(&[
        ("id", texts(["a", "b"])),
        ("emb", float32([vec![1.0, 2.0], vec![3.0, 0.1]])),
        ("tags", Arc::new(tags.finish())),
    ]);
    let want = state(&[("a", &[1.0, 2.0], json!({"t": "x"})), ("b", &[3.0, 0.1], json!({"t": "y"}))]);
    assert_eq!(stored("a.parquet", file, &["--metadata", "t=tags[0]"]), want);
}

/// Twelve numbers a row, so that the order of the names as text is another one.
fn wide(rows: u8) -> Vec<Vec<f32>> {
    (0..rows).map(|row| (0..12_u8).map(|column| f32::from(column) * 0.1 + f32::from(row)).collect()).collect()
}

fn wide_state(rows: &[Vec<f32>]) -> State {
    let names: Vec<_> = (0..rows.len()).map(|row| format!("k{row}")).collect();
    let records: Vec<_> = names
        .iter()
        .zip(rows)
        .map(|(name, row)| (name.as_str(), row.as_slice(), json!({"t": "x"})))
        .collect();
    state(&records)
}

/// The names of columns in the order of their text.
fn order() -> Vec<usize> {
    let mut columns: Vec<usize> = (0..12).collect();
    columns.sort_by_key(|column| format!("e_{column}"));
    columns
}

#[test]
fn a_vector_of_one_column_for_each_number_is_the_same_from_every_format() {
    let rows = wide(3);
    let mut csv = String::from("k");
    for column in order() {
        write!(csv, ",e_{column}").unwrap();
    }
    csv.push_str(",t\n");
    let mut lines = String::new();
    for (row, numbers) in rows.iter().enumerate() {
        write!(csv, "k{row}").unwrap();
        let mut record = serde_json::Map::new();
        record.insert("k".to_owned(), json!(format!("k{row}")));
        record.insert("t".to_owned(), json!("x"));
        for column in order() {
            write!(csv, ",{}", numbers[column]).unwrap();
            record.insert(format!("e_{column}"), json!(numbers[column]));
        }
        csv.push_str(",x\n");
        writeln!(lines, "{}", Value::from(record)).unwrap();
    }
    let names: Vec<_> = order().iter().map(|column| format!("e_{column}")).collect();
    let mut columns: Vec<(&str, ArrayRef)> =
        vec![("k", texts((0..3).map(|row| format!("k{row}")))), ("t", texts(["x"; 3]))];
    for (name, column) in names.iter().zip(order()) {
        columns.push((name, Arc::new(rows.iter().map(|row| row[column]).collect::<Float32Array>())));
    }
    let table = table(&columns);
    let options = ["--key", "k", "--vector", "e_*", "--metadata", "t"];
    let tsv = csv.replace(',', "\t");
    for (name, content) in [
        ("a.csv", csv.into_bytes()),
        ("a.tsv", tsv.into_bytes()),
        ("a.jsonl", lines.into_bytes()),
        ("a.parquet", parquet(&table, WriterProperties::default())),
        ("a.arrow", arrow(&table, 2, false, None)),
    ] {
        let got = stored(name, &content, &options);
        assert_eq!(got, wide_state(&rows), "{name}");
        // The numbers are no metadata.
        assert_eq!(
            stored(name, &content, &["--key", "k", "--vector", "e_*", "--metadata", "*"]),
            got,
            "{name}"
        );
    }
}

#[test]
fn columns_of_any_numbers_are_rounded_once_and_a_row_without_one_is_rejected_and_loaded_again_when_fixed() {
    let file = plain(&[
        ("id", texts(["a", "b", "c"])),
        ("v1", Arc::new(Float64Array::from(vec![0.1, 1e300, 3.0]))),
        ("v2", Arc::new(Int32Array::from(vec![Some(7), Some(8), None]))),
    ]);
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.parquet", file);
    let mut load = home.put(&service);
    let ended = run(load.args(["a.parquet", "--vector", "v*", "--rejects", "r", "--max-rejects", "none"]));
    let said = ended.assert_code(4).stderr.clone();
    for reason in [
        "element 0 of the vector is 1e+300 (v1), which is not a finite float32",
        "element 1 of the vector is null (v2), not a number",
    ] {
        assert!(said.contains(reason), "{said}");
    }
    let rejects = std::fs::read_to_string(home.path("r")).unwrap();
    assert!(
        rejects.contains(r#""v1":3.0,"v2":null"#) || rejects.contains(r#""v1":3,"v2":null"#),
        "{rejects}"
    );
    home.write("fixed", rejects.replace("null", "9").replace("1e300", "2").replace("1e+300", "2"));
    run(home.put(&service).args(["fixed", "--vector", "v*"])).assert_code(0);
    let want =
        state(&[("a", &[0.1, 7.0], json!({})), ("b", &[2.0, 8.0], json!({})), ("c", &[3.0, 9.0], json!({}))]);
    let got: Vec<_> = service.state().into_iter().map(|(key, (numbers, _))| (key, numbers)).collect();
    assert_eq!(got, want.into_iter().map(|(key, (numbers, _))| (key, numbers)).collect::<Vec<_>>());
}

#[test]
fn what_is_no_sequence_of_numbers_ends_the_load_with_the_name() {
    let csv = |names: &str| {
        format!("id,{names}\nk,{}\n", names.split(',').map(|_| "1").collect::<Vec<_>>().join(","))
    };
    let json = |names: &str| {
        let members: Vec<_> = names.split(',').map(|name| format!("\"{name}\":1")).collect();
        format!("{{\"id\":\"k\",{}}}\n", members.join(","))
    };
    let columns = |names: &str| {
        let numbers: ArrayRef = Arc::new(Float32Array::from(vec![1.0]));
        let mut columns = vec![("id", texts(["k"]))];
        columns.extend(names.split(',').map(|name| (name, Arc::clone(&numbers))));
        plain(&columns)
    };
    for (names, trouble) in [
        ("e_0,e_2", "e_1 is missing"),
        ("e_3,e_4", "e_2 is missing"),
        ("e_1,e_01,e_2", "several fields are number 1"),
        (
            "e_0,e_1,e_mean",
            "e_mean matches, but has no number; store it with --metadata e_mean, or exclude it",
        ),
    ] {
        for (name, content) in [
            ("a.csv", csv(names).into_bytes()),
            ("a.jsonl", json(names).into_bytes()),
            ("a.parquet", columns(names)),
        ] {
            let said = refused(name, content, &["--vector", "e_*"]);
            assert!(said.contains(&format!("the vector e_*: {trouble}")), "{name}: {said}");
        }
    }
    for (name, content) in [("a.csv", csv("f_0,f_1").into_bytes()), ("a.parquet", columns("f_0,f_1"))] {
        let said = refused(name, content, &["--vector", "e_*"]);
        assert!(said.contains("e_* (from --vector)"), "{name}: {said}");
    }
    // What is stored, or left out, is no part of the vector.
    for content in [csv("e_0,e_1,e_mean").into_bytes(), columns("e_0,e_1,e_mean")] {
        let name = if content.starts_with(b"PAR1") { "a.parquet" } else { "a.csv" };
        for metadata in ["-e_mean", "e_mean", "*"] {
            let options = ["--vector", "e_*", "--metadata", metadata, "--metadata-values", "text"];
            assert_eq!(stored(name, &content, &options)["k"].0.len(), 2, "{name} {metadata}");
        }
    }
    insta::assert_snapshot!(refused("a.csv", csv("e_0,e_1,e_mean"), &["--vector", "e_*"]), @r"
    ossvec: a.csv:2 (record 1): the vector e_*: e_mean matches, but has no number; store it with --metadata e_mean, or exclude it with --metadata -e_mean
            nothing was created or sent; fix the input
    ");
    let text = plain(&[("id", texts(["k"])), ("e_0", texts(["1"])), ("e_1", texts(["1"]))]);
    let said = refused("a.parquet", text, &["--vector", "e_*"]);
    assert!(said.contains("column e_0 is of type Utf8, not a number"), "{said}");
}

#[test]
fn an_empty_cell_or_one_without_a_number_rejects_its_row() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.csv", "id,e_0,e_1\na,1,2\nb,,2\nc,1,x\nd,1 2,3\ne,NaN,1\n");
    let ended =
        run(home.put(&service).args(["a.csv", "--vector", "e_*", "--max-rejects", "none", "--rejects", "r"]));
    for said in [
        "element 0 of the vector is empty (e_0), not a number",
        "element 1 of the vector is x (e_1), not a number",
    ] {
        assert!(ended.assert_code(4).stderr.contains(said), "{}", ended.stderr);
    }
    assert_eq!(service.state().into_keys().collect::<Vec<_>>(), ["a"]);
}

#[test]
fn columns_of_numbers_without_a_choice_are_an_error_with_the_pattern() {
    let numbers: ArrayRef = Arc::new(Float32Array::from(vec![1.0]));
    let names = ["dim_0", "dim_1", "dim_2"];
    let columns: Vec<_> = names.iter().map(|name| (*name, Arc::clone(&numbers))).collect();
    for (name, content) in [
        ("a.csv", b"id,dim_0,dim_1,dim_2\nk,1,2,3\n".to_vec()),
        ("a.jsonl", br#"{"id":"k","dim_0":1,"dim_1":2,"dim_2":3}"#.to_vec()),
        ("a.parquet", plain(&[&[("id", texts(["k"]))][..], &columns].concat())),
    ] {
        let said = refused(name, content, &[]);
        assert!(said.contains("dim_0 to dim_2 seem to hold one number each"), "{name}: {said}");
        assert!(said.contains("if they are the vector, use --vector 'dim_*'"), "{name}: {said}");
    }
}

#[test]
fn several_fields_that_look_like_vectors_are_listed_before_anything_is_sent() {
    let numbers = || float32([vec![1.0, 2.0]]);
    for (name, content) in [
        ("a.csv", b"id,title_vector,content_vector\nk,\"[1, 2]\",\"[3, 4]\"\n".to_vec()),
        ("a.jsonl", br#"{"id":"k","title_vector":[1,2],"content_vector":[3,4],"title":"t"}"#.to_vec()),
        (
            "a.parquet",
            plain(&[("id", texts(["k"])), ("title_vector", numbers()), ("content_vector", numbers())]),
        ),
    ] {
        let said = refused(name, &content, &[]);
        let message = "several fields look like vectors: title_vector, content_vector\n";
        assert!(said.contains(message) && said.contains("choose one with --vector"), "{name}: {said}");
        assert_eq!(stored(name, content, &["--vector", "content_vector"]).len(), 1, "{name}");
    }
    let said = refused("a.jsonl", r#"{"id":"k","vector":[1,2],"embedding":[3,4]}"#, &[]);
    insta::assert_snapshot!(said, @r"
    ossvec: a.jsonl:1: both vector and embedding could be the vector
            choose one with --vector
    ");
    let one = r#"{"id":"k","text_vector":[1,2]}"#;
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", one);
    let ended = run(home.put(&service).args(["a.jsonl", "--rejects", "r"]));
    let clause = "the fields are id, text_vector; text_vector looks like one";
    assert!(ended.assert_code(4).stderr.contains(clause), "{}", ended.stderr);
}

#[test]
fn fields_are_stored_under_other_names_next_to_all_others() {
    let line = r#"{"id":"k","emb":[1,2],"doc":{"title":"T"},"a=b":"c","text":"x","n":7}"#;
    let csv = "id,emb,doc.title,a=b,text,n\nk,\"[1,2]\",T,c,x,7\n";
    let file = plain(&[
        ("id", texts(["k"])),
        ("emb", lists::<Float32Type>([Some(vec![Some(1.0), Some(2.0)])])),
        ("doc.title", texts(["T"])),
        ("a=b", texts(["c"])),
        ("text", Arc::new(StringArray::from(vec!["x"]))),
        ("n", texts(["7"])),
    ]);
    for (metadata, want) in [
        ("title=doc.title", json!({"title": "T"})),
        (" title = doc.title , text", json!({"title": "T", "text": "x"})),
        ("=a=b", json!({"a=b": "c"})),
        ("x=a=b", json!({"x": "c"})),
        ("*,title=doc.title,-n", json!({"title": "T", "a=b": "c", "text": "x"})),
        ("*,-text,text=doc.title,-n", json!({"text": "T", "a=b": "c"})),
        ("*,-n,-a=b,-doc.title,-doc", json!({"text": "x"})),
        ("key=id", json!({"key": "k"})),
    ] {
        for (name, content) in [("a.jsonl", line.as_bytes()), ("a.csv", csv.as_bytes()), ("a.parquet", &file)]
        {
            let got = stored(name, content, &["--metadata", metadata]);
            assert_eq!(got, state(&[("k", &[1.0, 2.0], want.clone())]), "{name} --metadata {metadata}");
        }
    }
    let error = |metadata: &str| refused("a.jsonl", line, &["--metadata", metadata]);
    let told = ["a=", "a=text,a=n", "a=text,b=text", "a=*"].map(|metadata| format!("{}\n", error(metadata)));
    insta::assert_snapshot!(told.concat(), @r#"
    ossvec: invalid value "a=" for --metadata: expected NAME=FIELD
            name a field after the equals sign
    ossvec: --metadata a=text,a=n stores two fields as a
            give one of them another name: NAME=FIELD
    ossvec: --metadata a=text,b=text stores the field text twice
            remove one of them
    ossvec: invalid value "a=*" for --metadata: expected NAME=FIELD
            name a field after the equals sign
    "#);
    assert!(error("title=doc.titel").contains("did you mean doc.title"));
    assert!(
        refused("a.csv", csv, &["--metadata", "title=nothing"])
            .contains("the header has no column nothing (from --metadata)")
    );
}

#[test]
fn columns_without_a_header_are_named_by_their_numbers() {
    let csv = "a,\"[1,2]\",T\nb,\"[3,4]\",U\n";
    let options = ["--no-header", "--key", "1", "--vector", "2", "--metadata", "title=3"];
    let want = state(&[("a", &[1.0, 2.0], json!({"title": "T"})), ("b", &[3.0, 4.0], json!({"title": "U"}))]);
    assert_eq!(stored("a.csv", csv, &options), want);
    let glove = "the 0.25 -1 3\nof 1 2 0.1\n";
    let options = ["--no-header", "--format", "csv", "--delimiter", " ", "--key", "1", "--vector", "*"];
    let want = [("of", [1.0, 2.0, 0.1]), ("the", [0.25, -1.0, 3.0])];
    let got = stored("glove.txt", glove, &options);
    for (key, numbers) in want {
        assert_eq!(got[key].0, numbers.map(f32::to_bits), "{key}");
    }
}

#[test]
fn the_rejects_of_a_vector_with_a_column_for_each_number_load_again_once_they_are_fixed() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("v.csv", "id,e_0,e_1\na,1,2\nb,,0.25\n,5,6\n");
    let more = ["--vector", "e_*", "--rejects", "rejects.jsonl"];
    run(home.put(&service).arg("v.csv").args(more)).assert_code(4);
    let rejects = std::fs::read_to_string(home.path("rejects.jsonl")).unwrap();
    let fixed = rejects.replace(r#""e_0":null"#, r#""e_0":0.5"#).replace(r#""id":null"#, r#""id":"c""#);
    home.write("fixed.jsonl", fixed);
    run(home.put(&service).arg("fixed.jsonl").args(["--vector", "e_*", "--rejects", "again.jsonl"]))
        .assert_code(0);
    service.assert_holds(&state(&[
        ("a", &[1.0, 2.0], Value::Null),
        ("b", &[0.5, 0.25], Value::Null),
        ("c", &[5.0, 6.0], Value::Null),
    ]));
}
