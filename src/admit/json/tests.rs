//! Fields along paths: through members, through array elements, or under a name that looks like a path.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::admit::fields::Presets;
use crate::admit::*;
use crate::record::{Position, Raw, Reason, Record};

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn judged(fields: Fields, text: &str) -> (Result<Json, Reason>, Findings) {
    let mut admit = Admit::new(fields, Rules::of_no_index());
    let record =
        Record { position: Position::default(), raw: Raw::Json(Bytes::copy_from_slice(text.as_bytes())) };
    let mut out = Vec::new();
    let written = admit.record(&record, &mut out).map_err(|refused| refused.reason);
    (written.map(|_| serde_json::from_slice(&out).unwrap()), admit.scratch.book.take())
}

fn stored(key: &str, vector: &str, metadata: &[&str], text: &str) -> Result<Json, Reason> {
    judged(Fields::new(&names(&[key]), &names(&[vector]), &names(metadata)), text).0
}

#[test]
fn an_index_leads_to_an_element_of_an_array() {
    let text = r#"{"id":"line","custom_id":"doc","error":null,"response":{"status":200,"body":{"model":"m","data":[
        {"embedding":[9,9],"index":"0"}, {"embedding":[1,2],"index":"1"}]}},"tags":["a","b"],"grid":[[5],["k"]]}"#;
    let vector = "response.body.data[1].embedding";
    assert_eq!(
        stored("custom_id", vector, &["tags[1]", "response.body.data[0].index"], text),
        Ok(json!({"key": "doc", "data": {"float32": [1, 2]}, "metadata": {"tags[1]": "b", "index": "0"}}))
    );
    assert_eq!(stored("grid[1][0]", vector, &["tags"], text).unwrap()["key"], "k");
    for missing in ["response.body.data[2].embedding", "response.body.data.embedding", "grid[0", "grid[00]"] {
        assert_eq!(stored("id", missing, &[], text).unwrap_err().code(), "no_vector", "{missing}");
    }
}

#[test]
fn the_whole_name_counts_before_the_path_wherever_it_is() {
    for text in [
        r#"{"id":"k","x[0]":[1,2],"x":[[8,8],[9,9]]}"#,
        r#"{"id":"k","x":[[8,8],[9,9]],"x[0]":[1,2]}"#,
        r#"{"x":[[1,2]],"id":"k"}"#,
    ] {
        assert_eq!(stored("id", "x[0]", &[], text).unwrap()["data"]["float32"], json!([1, 2]), "{text}");
    }
    let text = r#"{"a":[{"id":"path"}],"a[0].id":"name","v":[1,2]}"#;
    assert_eq!(stored("a[0].id", "v", &[], text).unwrap()["key"], "name");
    let text = r#"{"a[0]":{"id":"inner"},"v":[1,2]}"#;
    assert_eq!(stored("a[0].id", "v", &[], text).unwrap()["key"], "inner");
}

#[test]
fn what_is_next_to_the_element_is_stored_left_out_or_noted_by_its_own_path() {
    let text = r#"{"id":"k","data":[{"embedding":[1,2],"object":"e"},"second"]}"#;
    let vector = "data[0].embedding";
    let metadata = |names: &[&str]| stored("id", vector, names, text).unwrap()["metadata"].clone();
    assert_eq!(metadata(&["*"]), json!({"object": "e", "data[1]": "second"}));
    assert_eq!(metadata(&["*", "-data[1]"]), json!({"object": "e"}));
    assert_eq!(metadata(&["*", "-data"]), Json::Null);
    let findings = judged(Fields::new(&[], &names(&[vector]), &[]), text).1;
    let noted: Vec<_> = findings.of(Kind::Member).filter_map(|finding| finding.name.as_deref()).collect();
    assert_eq!(noted, ["data[0].object", "data[1]"]);
}

#[test]
fn an_array_without_a_field_inside_is_one_member() {
    let findings = judged(Fields::new(&[], &[], &[]), r#"{"id":"k","data":[{"float32":[3]}],"emb":[1,2]}"#).1;
    let noted: Vec<_> = findings.of(Kind::Member).filter_map(|finding| finding.name.as_deref()).collect();
    assert_eq!(noted, ["data"]);
}

#[test]
fn an_array_on_the_way_that_is_torn_is_refused_with_the_place() {
    for text in [r#"{"id":"k","x":[[1,2] [3]]}"#, r#"{"id":"k","x":[[1,2],]}"#, r#"{"id":"k","x":[[1,2]}"#] {
        assert_eq!(stored("id", "x[0]", &[], text).unwrap_err().code(), "syntax", "{text}");
    }
}

#[test]
fn presets_count_part_by_part_where_the_user_names_nothing_and_may_be_missing() {
    let presets = Presets { key: &["custom_id"], vector: &["body.data[0].embedding"], metadata: &["extra"] };
    let text = r#"{"id":"line","custom_id":"doc","emb":[3],"extra":{"t":"x"},"body":{"data":[{"embedding":[1,2]}]}}"#;
    let with = |key: &[&str], vector: &[&str], metadata: &[&str]| {
        let (key, vector, metadata) = (names(key), names(vector), names(metadata));
        let (record, findings) = judged(Fields::new(&key, &vector, &metadata).or(presets), text);
        assert_eq!(findings.missing().count(), 0);
        let record = record.unwrap();
        (record["key"].clone(), record["data"]["float32"].clone(), record["metadata"].clone())
    };
    assert_eq!(with(&[], &[], &[]), (json!("doc"), json!([1, 2]), json!({"t": "x"})));
    assert_eq!(with(&["id"], &[], &[]), (json!("line"), json!([1, 2]), json!({"t": "x"})));
    assert_eq!(with(&[], &["emb"], &["id"]), (json!("doc"), json!([3]), json!({"id": "line"})));
    let other = Fields::new(&[], &[], &[]).or(Presets { key: &["custom_id"], ..Presets::default() });
    let (record, findings) = judged(other, r#"{"id":"k","emb":[1]}"#);
    assert_eq!((record.unwrap_err().code(), findings.missing().count()), ("no_key", 0));
}

/// Any JSON of objects and arrays, including names with dots and brackets.
fn nested() -> impl Strategy<Value = Json> {
    let name = prop::sample::select(vec!["a", "b", "c", "a.b", "a[0]", "data", "[0]", "", "b[1].c"]);
    let leaf = prop_oneof![Just(json!("t")), Just(json!(7)), Just(Json::Null), Just(json!([]))];
    let inner = leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((name.clone(), inner), 0..5).prop_map(object),
        ]
    });
    let name = prop::sample::select(vec!["a", "b", "c", "a.b", "a[0]", "data"]);
    prop::collection::vec((name, inner), 1..6).prop_map(object)
}

fn object(members: Vec<(&str, Json)>) -> Json {
    Json::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Every place in a value, with the path that a user would write.
fn places(value: &Json, path: &str) -> Vec<String> {
    let inner: Vec<(String, &Json)> = match value {
        Json::Object(members) => members
            .iter()
            .map(|(name, inner)| {
                (if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, inner)
            })
            .collect(),
        Json::Array(items) => {
            items.iter().enumerate().map(|(index, inner)| (format!("{path}[{index}]"), inner)).collect()
        }
        _ => Vec::new(),
    };
    inner.into_iter().flat_map(|(path, inner)| [vec![path.clone()], places(inner, &path)].concat()).collect()
}

/// Puts `new` at every place with this path, and returns their number.
fn put(value: &mut Json, at: &str, path: &str, new: &Json) -> usize {
    let put_at = |inner_path: String, inner: &mut Json| {
        if inner_path == path {
            *inner = new.clone();
            1
        } else {
            put(inner, &inner_path, path, new)
        }
    };
    match value {
        Json::Object(members) => members
            .iter_mut()
            .map(|(name, inner)| {
                put_at(if at.is_empty() { name.clone() } else { format!("{at}.{name}") }, inner)
            })
            .sum(),
        Json::Array(items) => {
            items.iter_mut().enumerate().map(|(index, inner)| put_at(format!("{at}[{index}]"), inner)).sum()
        }
        _ => 0,
    }
}

proptest! {
    #[test]
    fn the_vector_is_the_one_at_the_path(record in nested(), chosen in any::<prop::sample::Index>()) {
        let all = places(&record, "");
        let path = chosen.get(&all);
        let mut record = record;
        let has_whole_name = record.get(path).is_some();
        let number = put(&mut record, "", path, &json!([0.25, -3.0]));
        prop_assume!(path.trim() == path && !path.is_empty());
        record["the key"] = json!("k");
        let text = record.to_string();
        let got = stored("the key", path, &[], &text);
        // A path of several places is ambiguous, unless one of them is a member with that whole name.
        if number == 1 || has_whole_name {
            let got = got.unwrap();
            prop_assert_eq!(&got["data"]["float32"], &json!([0.25, -3]), "{} in {}", path, text);
        } else {
            prop_assert_eq!(got.unwrap_err().code(), "syntax", "{} in {}", path, text);
        }
    }

    #[test]
    fn numbers_of_members_and_of_columns_are_the_vector_in_their_order(
        numbers in prop::collection::vec(-1e6_f32..1e6, 1..40),
        start in 0_usize..2,
        width in 0_usize..4,
        missing in prop::option::of(any::<prop::sample::Index>()),
        seed in any::<u64>(),
    ) {
        let mut order: Vec<usize> = (0..numbers.len()).collect();
        fastrand::Rng::with_seed(seed).shuffle(&mut order);
        // Without the last one the vector is just shorter.
        let missing = missing.map(|index| index.index(numbers.len())).filter(|at| *at + 1 < numbers.len());
        let missing = missing.filter(|at| *at > 0 || start == 1);
        let kept: Vec<usize> = order.into_iter().filter(|at| Some(*at) != missing).collect();
        let name = |at: usize| format!("e_{:0width$}", at + start);
        let mut record = json!({"id": "k", "e": "no number", "text": [1]});
        let mut columns = vec!["id".to_owned(), "e".to_owned()];
        let mut cells = vec!["k".to_owned(), "no number".to_owned()];
        for at in kept {
            record[name(at)] = json!(numbers[at]);
            columns.push(name(at));
            cells.push(numbers[at].to_string());
        }
        let fields = || Fields::new(&[], &names(&["e_*"]), &[]);
        let of_members = judged(fields(), &record.to_string()).0;
        let row = Raw::Row { columns: std::sync::Arc::new(crate::record::Columns(columns)), cells: cells.into() };
        let mut out = Vec::new();
        let written = Admit::new(fields(), Rules::of_no_index())
            .record(&Record { position: Position::default(), raw: row }, &mut out);
        let of_cells = written.map(|_| serde_json::from_slice::<Json>(&out).unwrap()).map_err(|refused| refused.reason);
        for got in [of_members, of_cells] {
            if missing.is_some() {
                prop_assert_eq!(got.unwrap_err().code(), "wide_vector");
                continue;
            }
            let got: Vec<f32> = serde_json::from_value(got.unwrap()["data"]["float32"].clone()).unwrap();
            prop_assert_eq!(&got, &numbers);
        }
    }
}
