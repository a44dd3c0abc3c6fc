//! Shapes of JSON, told by their first text.

use super::super::shape::holder;
use super::*;

#[test]
fn columns_are_known_by_their_first_text() {
    let known = |text: &str, whole| match holder(text.as_bytes(), whole, Named::default()) {
        Ok(super::super::shape::Holder::Columnar(columnar)) => Some(columnar),
        _ => None,
    };
    let long = format!("\"{}\"", "x".repeat(200 << 10));
    for (text, columnar) in [
        (r#"{"ids":["a"],"embeddings":[[1,2]],"metadatas":[{"n":1}],"documents":["x"]}"#, Columnar::Lists),
        (r#"{"ids":["a"],"embeddings":[[1,2]],"metadatas":null,"documents":null}"#, Columnar::Lists),
        (r#"{"title":["x"],"vec":[[1,2]],"id":[7]}"#, Columnar::Lists),
        (r#"{"ids":["a"],"embeddings":null,"vec":[[1,2]]}"#, Columnar::Lists),
        (r#"{"id":["a","b"],"vec":[null, null,[1,2]]}"#, Columnar::Lists),
        (&format!(r#"{{"ids":["a",{long}"#), Columnar::Lists),
        (&format!(r#"{{"data":null,"documents":["a",{long}"#), Columnar::Lists),
        (r#"{"columns":["id","v"],"index":[0],"data":[["a",[1,2]]]}"#, Columnar::Rows),
        (&format!(r#"{{"columns":["id","v"],"index":["a",{long}"#), Columnar::Rows),
        (r#"{"id":{"0":"a"},"vector":{"0":[1,2]}}"#, Columnar::Labelled),
        (&format!(r#"{{"text":{{"0":"a","1":{long}"#), Columnar::Labelled),
        (r#"{"id":{"x":"a","y":"b"},"vector":{"x":[1,2],"y":[3,4]}}"#, Columnar::Labelled),
    ] {
        assert_eq!(known(text, true), Some(columnar), "{:?}", text.get(..80));
    }
    for text in [
        r#"{"id":"a","embedding":[1,2],"tags":["x"]}"#,
        r#"{"id":"a","tokens":[[1,2]],"embedding":[1,2]}"#,
        r#"{"documents":["a"]}"#,
        r#"{"id":{"x":"a"},"vector":{"y":[1,2]}}"#,
        r#"{"columns":["id"],"rows":[{"id":"a","vector":[1]}]}"#,
    ] {
        assert_eq!(known(text, true), None, "{text}");
    }
}

#[test]
fn a_table_of_pandas_without_keys_is_no_record_with_objects() {
    let found = |text: &str, named| holder(text.as_bytes(), true, named);
    let [index, other] = ["index", "sku"].map(|name| [name.to_owned()]);
    let with_key = |key| Named { key, ..Named::default() };
    for text in [
        r#"{"title":{"0":"A","1":"B"},"embedding":{"0":[1,2],"1":[3,4]}}"#,
        r#"{"title":{"0":"A","1":"B"},"embedding":{"0":null,"1":[3,4]}}"#,
        r#"{"embedding":{"7":[1,2]},"title":{"7":"A"}}"#,
        r#"{"title":{"x":"A","y":null},"vector":{"x":[1,2],"y":[3,4]}}"#,
    ] {
        let table = Some("a pandas table written with orient='columns'");
        assert_eq!(found(text, Named::default()), Err(Unfit::NoKeys { table }), "{text}");
        let keyless = Named { is_keyless: true, ..Named::default() };
        for named in [with_key(&index), with_key(&other), keyless] {
            let columns = super::super::shape::Holder::Columnar(Columnar::Labelled);
            assert_eq!(found(text, named), Ok(columns), "{text}");
        }
    }
    for text in [
        r#"{"vector":{"a":[1,2]},"payload":{"a":"x"}}"#,
        r#"{"vector":{"a":[1,2],"b":[3,4]},"payload":{"a":"x"}}"#,
        r#"{"vector":{"a":[1,2],"b":[3,4]}}"#,
        r#"{"id":1,"vector":{"0":[1,2]}}"#,
        r#"{"vector":{"0":1,"1":2},"payload":{"0":"x","1":"y"}}"#,
    ] {
        assert_eq!(found(text, Named::default()), Ok(super::super::shape::Holder::Missing), "{text}");
    }
}

#[test]
fn a_response_with_a_key_is_a_record_unless_keys_are_made() {
    let text = br#"{"id":"u","texts":["a"],"embeddings":[[1,2]],"response_type":"embeddings_floats"}"#;
    assert_eq!(holder(text, true, Named::default()), Ok(super::super::shape::Holder::Missing));
    let keyless = Named { is_keyless: true, ..Named::default() };
    let columns = super::super::shape::Holder::Columnar(Columnar::Lists);
    assert_eq!(holder(text, true, keyless), Ok(columns));
    let other = br#"{"id":"u","embeddings":[[1,2]]}"#;
    assert_eq!(holder(other, true, Named::default()), Err(Unfit::NoKeys { table: None }));
}

#[test]
fn embeddings_that_are_null_are_told_whatever_stands_beside_them() {
    let long = format!("\"{}\"", "x".repeat(200 << 10));
    for text in [
        r#"{"ids":["a"],"embeddings":null,"documents":["x",null],"data":null,"metadatas":[{"n":1}]}"#,
        r#"{"embeddings":null,"ids":["a"]}"#,
        r#"{"ids":[["a"]],"embeddings":null,"documents":[["x"]]}"#,
        r#"{"ids":[],"embeddings":null}"#,
        &format!(r#"{{"ids":["a"],"embeddings":null,"documents":["a",{long}"#),
    ] {
        let found = holder(text.as_bytes(), true, Named::default());
        assert_eq!(found, Err(Unfit::NullEmbeddings), "{:?}", text.get(..30));
    }
    for text in [r#"{"id":"a","embeddings":null}"#, r#"{"embeddings":null,"documents":["x"]}"#] {
        let found = holder(text.as_bytes(), true, Named::default());
        assert_ne!(found, Err(Unfit::NullEmbeddings), "{text}");
    }
}

/// What is said of a text, and the cure below it.
fn said(text: &str) -> String {
    match holder(text.as_bytes(), true, Named::default()) {
        Err(Unfit::Shape { shape, cure, .. }) => format!("{shape}\n    {cure}\n"),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn each_shape_has_its_name_and_the_command_that_makes_json_lines_of_it() {
    let texts = [
        r#"{"ids":[["a"]],"embeddings":[[[1,2]]],"metadatas":[[{"n":1}]],"documents":null,"included":["x"]}"#,
        r#"{"a":{"vector":[1,2]},"b":{"vector":[3,4]}}"#,
        r#"{"vectors":{"a":{"values":[1,2]}}}"#,
        r#"{"a":[1,2],"b":[3,4]}"#,
        r#"{"mine":[{"id":"a","vector":[1,2]}]}"#,
        r#"{"vectors":[{"id":"a","vector":[1]}],"points":[{"id":"b","vector":[2]}]}"#,
        r#"[[{"id":"a","vector":[1,2]}]]"#,
        r#"[["a",[1,2],"x"]]"#,
        "[[[1,2],[3,4]],[[5,6]]]",
    ];
    let with_a_key = {
        let Unfit::Shape { shape, cure, .. } = with_a_key(&["data".to_owned()], Named::default()) else {
            panic!()
        };
        format!("{shape}\n    {cure}\n")
    };
    insta::assert_snapshot!(texts.map(said).concat() + &with_a_key, @"
    the answer to a query, a list for each question in every column (ids, embeddings, metadatas)
        write what collection.get() returns, or join the lists of all questions: ossvec convert INPUT OUTPUT; then load OUTPUT
    a dictionary of records by key
        convert it to JSON Lines: ossvec convert INPUT OUTPUT
    a dictionary of records by key in vectors
        convert it to JSON Lines: ossvec convert INPUT OUTPUT
    a dictionary of vectors by key
        convert it to JSON Lines: ossvec convert INPUT OUTPUT
    an object with records in mine
        convert it to JSON Lines: ossvec convert INPUT OUTPUT
    an object with several arrays of records (vectors, points)
        convert it to JSON Lines: ossvec convert INPUT OUTPUT
    a list of lists of records
        convert it to JSON Lines: ossvec convert INPUT OUTPUT
    records as arrays without field names
        convert it to JSON Lines: ossvec convert INPUT OUTPUT
    a vector for each token, not for each text
        ask the model for pooled vectors, or pool them first: a text's vector is the mean of those of its tokens
    an object that has a key and an array of records in data
        to load the records in the array, convert it to JSON Lines: ossvec convert INPUT OUTPUT; if each line is a record, use --format jsonl
    ");
}
