use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;
use crate::oss::wire::DistanceMetric;
use crate::record::{Columns, Position};

fn rules() -> Rules {
    Rules {
        dimension: Some(2),
        metric: Some(DistanceMetric::Cosine),
        non_filterable: Some(vec!["text".to_owned()]),
        ..Rules::of_no_index()
    }
}

fn record(raw: Raw) -> Record {
    Record { position: Position::default(), raw }
}

fn admit_with(fields: Fields, rules: Rules, raw: Raw) -> Result<String, Reason> {
    let mut out = Vec::new();
    let mut admit = Admit::new(fields, rules);
    admit.record(&record(raw), &mut out).map_err(|refused| refused.reason)?;
    Ok(String::from_utf8(out).unwrap())
}

fn json(text: &str) -> Result<String, Reason> {
    admit_with(Fields::new(&[], &[], &[]), rules(), Raw::Json(Bytes::copy_from_slice(text.as_bytes())))
}

fn json_with_text_values(text: &str) -> Result<String, Reason> {
    let rules = Rules { metadata_values: MetadataValues::Text, ..rules() };
    admit_with(Fields::new(&[], &[], &[]), rules, Raw::Json(Bytes::copy_from_slice(text.as_bytes())))
}

fn row(columns: &[&str], cells: &[&str], fields: Fields) -> Result<String, Reason> {
    let columns = Arc::new(Columns(columns.iter().map(ToString::to_string).collect()));
    admit_with(fields, rules(), Raw::Row { columns, cells: cells.to_vec().into() })
}

#[test]
fn a_record_in_wire_form_comes_out_compact() {
    let got =
        json(r#" {"metadata": {"a": "b", "c": ["d", "e"]}, "key": "k", "data": {"float32": [0.10, 1e0]}} "#);
    assert_eq!(got.unwrap(), r#"{"key":"k","data":{"float32":[0.1,1]},"metadata":{"a":"b","c":["d","e"]}}"#);
}

#[test]
fn usual_names_are_found_and_integer_keys_become_text() {
    for (text, want) in [
        (
            r#"{"id":17,"values":[1,2],"sparseValues":{"indices":[]}}"#,
            r#"{"key":"17","data":{"float32":[1,2]}}"#,
        ),
        (
            r#"{"vector":[1,2],"_id":"00123","payload":{"a":"b"}}"#,
            r#"{"key":"00123","data":{"float32":[1,2]},"metadata":{"a":"b"}}"#,
        ),
        (
            r#"{"id":"low","embedding":[1,2],"key":"high","metadata":null}"#,
            r#"{"key":"high","data":{"float32":[1,2]}}"#,
        ),
        (
            r#"{"key":"k","data":{"x":1},"emb":"[1 2]","metadata":{}}"#,
            r#"{"key":"k","data":{"float32":[1,2]}}"#,
        ),
        (r#"{"key":"\u00e9\"","vector":[1,2]}"#, r#"{"key":"é\"","data":{"float32":[1,2]}}"#),
    ] {
        assert_eq!(json(text).as_deref(), Ok(want), "{text}");
    }
}

#[test]
fn named_fields_may_be_paths_and_loose_values() {
    let fields = Fields::new(&["meta.id".into()], &["out.emb".into()], &["title".into(), "meta.tags".into()]);
    let text = r#"{"meta":{"id":5,"tags":["x"],"n":1},"title":"t","out":{"emb":[1,2]},"vector":[9]}"#;
    let got = admit_with(fields, rules(), Raw::Json(Bytes::from_static(text.as_bytes())));
    assert_eq!(got.unwrap(), r#"{"key":"5","data":{"float32":[1,2]},"metadata":{"tags":["x"],"title":"t"}}"#);
}

#[test]
fn a_key_may_stand_among_the_metadata() {
    let fields = Fields::new(&["payload.uuid".to_owned()], &[], &[]);
    let text = r#"{"payload":{"uuid":"m","t":"x"},"vector":[1,2]}"#;
    let want = r#"{"key":"m","data":{"float32":[1,2]},"metadata":{"uuid":"m","t":"x"}}"#;
    assert_eq!(admit_with(fields, rules(), Raw::Json(Bytes::from_static(text.as_bytes()))).unwrap(), want);
}

#[test]
fn a_field_that_is_named_as_metadata_is_stored_also_where_it_could_be_the_key() {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let fields = Fields::new(&[], &[], &names(&["doc_id", "id", "title"]));
    let text = r#"{"id":"chunk-1","doc_id":"D7","embedding":[1,2],"title":"T"}"#;
    let want =
        r#"{"key":"chunk-1","data":{"float32":[1,2]},"metadata":{"id":"chunk-1","doc_id":"D7","title":"T"}}"#;
    assert_eq!(admit_with(fields, rules(), Raw::Json(Bytes::from_static(text.as_bytes()))).unwrap(), want);
}

#[test]
fn every_rule_has_its_reason() {
    let long_key = "k".repeat(1025);
    let long_text = "x".repeat(2049);
    let fields: Vec<_> = (0..11).map(|field| format!("\"f{field}\":\"\"")).collect();
    for (text, code) in [
        ("", "syntax"),
        ("[1,2]", "syntax"),
        (r#"{"key":"k","vector":[1,2]"#, "syntax"),
        (r#"{"key":"k","vector":[1,2]} x"#, "syntax"),
        (r#"{"key":"k","key":"l","vector":[1,2]}"#, "syntax"),
        (r#"{"vector":[1,2]}"#, "no_key"),
        (r#"{"key":1.5,"vector":[1,2]}"#, "key_kind"),
        (r#"{"key":"","vector":[1,2]}"#, "key_length"),
        (&format!(r#"{{"key":"{long_key}","vector":[1,2]}}"#), "key_length"),
        (r#"{"key":"k"}"#, "no_vector"),
        (r#"{"key":"k","vector":null}"#, "vector_kind"),
        (r#"{"key":"k","vector":[1,2],"emb":[1,2]}"#, "ambiguous_vector"),
        (r#"{"key":"k","vector":[1,null]}"#, "not_a_number"),
        (r#"{"key":"k","vector":[1,NaN]}"#, "not_finite"),
        (r#"{"key":"k","vector":[1,1e39]}"#, "not_finite"),
        (r#"{"key":"k","vector":[[1,2]]}"#, "nested"),
        (r#"{"key":"k","vector":"[1 ... 2]"}"#, "shortened"),
        (r#"{"key":"k","vector":[1,2,3]}"#, "dimension"),
        (r#"{"key":"k","vector":[0,-0.0]}"#, "zero_vector"),
        (r#"{"key":"k","vector":[1,2],"metadata":"text"}"#, "metadata_kind"),
        (r#"{"key":"k","vector":[1,2],"metadata":{"n":1}}"#, "metadata_value"),
        (r#"{"key":"k","vector":[1,2],"metadata":{"n":["a",1]}}"#, "metadata_value"),
        (r#"{"key":"k","vector":[1,2],"metadata":{"n":{}}}"#, "metadata_value"),
        (r#"{"key":"k","vector":[1,2],"metadata":{"n":"a","n":"b"}}"#, "metadata_repeated"),
        (&format!(r#"{{"key":"k","vector":[1,2],"metadata":{{"n":"{long_text}"}}}}"#), "filterable_bytes"),
        (
            &format!(r#"{{"key":"k","vector":[1,2],"metadata":{{{}}}}}"#, fields.join(",")),
            "filterable_fields",
        ),
        (
            &format!(r#"{{"key":"k","vector":[1,2],"metadata":{{"text":"{}"}}}}"#, "x".repeat(41_000)),
            "metadata_bytes",
        ),
    ] {
        assert_eq!(json(text).map_err(|reason| reason.code()), Err(code), "{text}");
    }
}

#[test]
fn a_member_that_occurs_twice_is_a_defect_whatever_it_is_for() {
    for (text, want) in [
        (
            r#"{"key":"k","vector":[1,2],"metadata":{"a":"b"},"metadata":{"c":"d"}}"#,
            "the metadata field metadata occurs twice",
        ),
        (
            r#"{"key":"k","vector":[1,2],"metadata":{"a":"b"},"payload":{},"payload":{}}"#,
            "the metadata field payload occurs twice",
        ),
        (r#"{"key":"k","vector":[1,2],"vector":[3,4]}"#, "the vector field vector occurs twice"),
        (r#"{"key":"k","key":"l","vector":[1,2]}"#, "the key field occurs twice"),
    ] {
        assert_eq!(json(text), Err(Reason::Syntax { detail: want.to_owned() }), "{text}");
    }
    let named = Fields::new(&[], &[], &["meta.a".into(), "b".into()]);
    let text = r#"{"key":"k","vector":[1,2],"meta":{"a":{"x":"1"}},"meta":{"a":{"y":"2"}}}"#;
    let got = admit_with(named, rules(), Raw::Json(Bytes::from_static(text.as_bytes())));
    let want = "the metadata field meta.a occurs twice".to_owned();
    assert_eq!(got, Err(Reason::Syntax { detail: want }));
}

#[test]
fn the_order_of_metadata_fields_does_not_decide_whether_a_record_is_good() {
    let want = Ok(r#"{"key":"k","data":{"float32":[1,2]},"metadata":{"a":"b"}}"#);
    for members in [
        r#""payload":7,"metadata":{"a":"b"}"#,
        r#""metadata":{"a":"b"},"payload":7"#,
        r#""payload":{"n":1},"metadata":{"a":"b"}"#,
        r#""properties":"x","payload":null,"metadata":{"a":"b"}"#,
    ] {
        let got = json(&format!(r#"{{"key":"k",{members},"vector":[1,2]}}"#));
        assert_eq!(got.as_deref(), want.as_ref().copied(), "{members}");
    }
    for members in [r#""payload":{"a":"b"},"metadata":7"#, r#""metadata":7,"payload":{"a":"b"}"#] {
        let got = json(&format!(r#"{{"key":"k",{members},"vector":[1,2]}}"#));
        assert_eq!(got.map_err(|reason| reason.code()), Err("metadata_kind"), "{members}");
    }
}

#[test]
fn what_stands_in_place_of_metadata_is_called_what_it_is() {
    for (value, want) in [
        (r#""text""#, "text"),
        (r#""12 months""#, "text"),
        (r#""null and void""#, "text"),
        (r#""""#, "empty"),
        (r#""[1]""#, "an array"),
        (r#""true""#, "a boolean"),
        ("true", "a boolean"),
        ("1", "a number"),
    ] {
        let got = json(&format!(r#"{{"key":"k","vector":[1,2],"metadata":{value}}}"#));
        assert_eq!(got, Err(Reason::MetadataKind { found: want.to_owned() }), "{value}");
    }
    let detail = "it is invalid JSON, not an object".to_owned();
    assert_eq!(json("text"), Err(Reason::Syntax { detail }));
}

#[test]
fn what_is_only_stored_does_not_count_as_filterable() {
    let text = format!(r#"{{"key":"k","vector":[1,2],"metadata":{{"text":"{}"}}}}"#, "x".repeat(30_000));
    assert!(json(&text).is_ok());
}

#[test]
fn a_defect_knows_its_key_wherever_it_stands() {
    let mut admit = Admit::new(Fields::new(&[], &[], &[]), rules());
    for text in [r#"{"vector":[1,NaN,"]"],"key":"k"}"#, r#"{"key":"k","vector":[1,2,3]}"#] {
        let got = admit.record(&record(Raw::Json(Bytes::from_static(text.as_bytes()))), &mut Vec::new());
        assert_eq!(got.map(|_| ()).map_err(|refused| refused.key), Err(Some("k".to_owned())), "{text}");
    }
}

#[test]
fn numbers_in_metadata_become_text_in_their_own_spelling_when_asked() {
    let got = json_with_text_values(
        r#"{"key":"k","vector":[1,2],"metadata":{"n":1.50,"b":true,"z":null,"l":[1e5,"x",null]}}"#,
    );
    assert_eq!(
        got.unwrap(),
        r#"{"key":"k","data":{"float32":[1,2]},"metadata":{"n":"1.50","b":"true","l":["1e5","x"]}}"#
    );
    let nested = json_with_text_values(r#"{"key":"k","vector":[1,2],"metadata":{"n":{"a":1}}}"#);
    assert_eq!(nested.map_err(|reason| reason.code()), Err("metadata_value"));
}

#[test]
fn rows_take_their_parts_from_columns() {
    let named = Fields::new(&[], &[], &["title".into(), "empty".into()]);
    let got = row(&["key", "title", "empty", "vector"], &["k", "t, \"u\"", "", "[0.5, 1]"], named);
    assert_eq!(got.unwrap(), r#"{"key":"k","data":{"float32":[0.5,1]},"metadata":{"title":"t, \"u\""}}"#);
    let named = Fields::new(&[], &[], &["titel".into()]);
    let got = row(&["key", "title", "vector"], &["k", "t", "[1,2]"], named);
    assert_eq!(got.map_err(|reason| reason.code()), Err("no_column"));
    let usual = Fields::new(&[], &[], &[]);
    let got = row(&["id", "embedding", "metadata"], &["00123", "1 2", r#"{"a": ["b"]}"#], usual.clone());
    assert_eq!(got.unwrap(), r#"{"key":"00123","data":{"float32":[1,2]},"metadata":{"a":["b"]}}"#);
    for (cells, code) in [
        (vec!["k", "[1,2]", "", "more"], "ragged"),
        (vec!["k", "", ""], "vector_kind"),
        (vec!["k", "[1,2", ""], "syntax"),
        (vec!["k", "[1,x]", ""], "not_a_number"),
        (vec!["k", "[1,2]", "text"], "metadata_kind"),
    ] {
        let got = row(&["id", "embedding", "metadata"], &cells, usual.clone());
        assert_eq!(got.map_err(|reason| reason.code()), Err(code), "{cells:?}");
    }
}

#[test]
fn a_line_of_a_rejects_file_is_the_record_inside_it() {
    let line = r#"{"rejected":{"input":"a","line":1,"record":0,"key":null,"reason":"dimension","message":"m"},"record":{"key":"k","vector":[1,2]}}"#;
    assert_eq!(json(line).unwrap(), r#"{"key":"k","data":{"float32":[1,2]}}"#);
    let row = r#"{"rejected":{"input":"a","line":1,"record":0,"key":null,"reason":"ragged","message":"m"},"record":{"key":"k","vector":"[1, 2]","metadata":"{\"a\":\"b\"}"}}"#;
    assert_eq!(json(row).unwrap(), r#"{"key":"k","data":{"float32":[1,2]},"metadata":{"a":"b"}}"#);
    let twice = r#"{"rejected":{"input":"a","line":1,"record":0,"key":null,"reason":"syntax","message":"m"},"record":{"rejected":{"input":"a","line":1,"record":0,"key":null,"reason":"dimension","message":"m"},"record":{"id":"k","emb":[1,2]}}}"#;
    assert_eq!(json(twice).unwrap(), r#"{"key":"k","data":{"float32":[1,2]}}"#);
    let fields = Fields::new(&["doc".into()], &["numbers".into()], &["title".into()]);
    let sent = r#"{"rejected":{"input":"a","line":1,"record":0,"key":null,"reason":"not_stored","message":"m"},"record":{"key":"k","data":{"float32":[1,2]},"metadata":{"title":"t"}}}"#;
    let got = admit_with(fields, rules(), Raw::Json(Bytes::from_static(sent.as_bytes())));
    assert_eq!(got.unwrap(), r#"{"key":"k","data":{"float32":[1,2]},"metadata":{"title":"t"}}"#);
    let torn = r#"{"rejected":{"input":"a","line":1,"record":0,"key":null,"reason":"syntax","message":"m"},"record":"{\"key\":\"k\",\"vector\":[1,2"}"#;
    assert_eq!(json(torn).map_err(|reason| reason.code()), Err("syntax"));
}

#[test]
fn a_record_with_members_called_rejected_and_record_is_no_line_of_a_rejects_file() {
    let inner = r#""record":{"id":"x","vector":[9,9]}"#;
    let why = r#""input":"a","line":1,"record":0,"key":null,"reason":"syntax","message":"m""#;
    for line in [
        format!(r#"{{"rejected":{{"by":"bob"}},{inner},"id":"a","vector":[1,2]}}"#),
        format!(r#"{{"rejected":{{"reason":"syntax"}},{inner},"id":"a","vector":[1,2]}}"#),
        format!(r#"{{"rejected":{{{why}}},{inner},"id":"a","vector":[1,2]}}"#),
    ] {
        assert_eq!(json(&line).unwrap(), r#"{"key":"a","data":{"float32":[1,2]}}"#, "{line}");
    }
    for line in [
        format!(r#"{{"rejected":{{}},{inner}}}"#),
        format!(r#"{{"rejected":{{{why},"by":"bob"}},{inner}}}"#),
        format!(r#"{{"rejected":true,{inner}}}"#),
    ] {
        assert_eq!(json(&line).map_err(|reason| reason.code()), Err("no_key"), "{line}");
    }
}

#[test]
fn text_inside_a_comment_is_never_read_as_members() {
    for text in [
        r#"{"id":"a","t":1 /*,"vector":[9,9],"z":2*/}"#,
        "{\"id\":\"a\",\"t\": 1 //, \"vector\":[9,9]\n}",
        "{\"id\":\"a\",\"t\": 1 #, \"vector\":[9,9]\n}",
        r#"{"id":"a","t":[1 /*],"vector":[9,9],"z":[*/]}"#,
        r#"{"id":"a","t":"x" /*,"vector":[9,9],"z":2*/}"#,
        r#"{"id":"a",/*"vector":[9,9],*/"z":2}"#,
        r#"{"id":"a","metadata":{"t":1 /*},"vector":[9,9],"z":{*/}}"#,
    ] {
        assert_eq!(json(text).map_err(|reason| reason.code()), Err("syntax"), "{text}");
    }
}

/// The keys of what is stored of a line, and the codes of what is rejected.
fn judged(line: &str) -> Vec<Result<String, &'static str>> {
    let mut admit = Admit::new(Fields::new(&[], &[], &[]), Rules { dimension: None, ..rules() });
    let records = vec![record(Raw::Json(Bytes::copy_from_slice(line.as_bytes())))];
    let judged = admit.block(Block { records, end: Position::default(), bytes: 0..0, around: Vec::new() });
    let verdict = |verdict: &Result<Vector, Box<Defect>>| {
        verdict.as_ref().map(Vector::key).map_err(|defect| defect.reason.code())
    };
    judged.verdicts.iter().map(verdict).collect()
}

#[test]
fn no_record_is_made_of_what_stands_inside_a_single_quoted_text() {
    let line = r#"{"id":"a","t":'x}{"id":"z","vector":[9,9]}{y',"vector":[1,2,3]}"#;
    assert_eq!(judged(line), [Err("syntax")]);
    let line = r#"{"id":"a","t":1 /*}{"id":"z","vector":[9,9]}{*/,"vector":[1,2,3]}"#;
    assert_eq!(judged(line), [Err("syntax")]);
}

#[test]
fn records_on_one_line_are_each_judged_by_itself() {
    let (a, b) = (r#"{"id":"a","vector":[1,2]}"#, r#"{"id":"b","vector":[3,4]}"#);
    let both = [Ok("a".to_owned()), Ok("b".to_owned())];
    assert_eq!(judged(&format!("{a}{b}")), both);
    assert_eq!(judged(&format!("{a} \u{feff}{b}")), [Ok("a".to_owned()), Err("syntax")]);
    assert_eq!(judged(&format!(r#"{{"id":1.5,"vector":[1,2]}}{b}"#)), [Err("key_kind"), Ok("b".to_owned())]);
}

#[test]
fn lines_of_rejects_files_nested_without_end_neither_overflow_the_stack_nor_take_hours() {
    let nested = |levels| {
        format!(
            "{}{}{}",
            r#"{"rejected":{"input":"a","line":1,"record":0,"key":null,"reason":"syntax","message":""},"record":"#.repeat(levels),
            r#"{"key":"k","vector":[1,2]}"#,
            "}".repeat(levels)
        )
    };
    assert_eq!(json(&nested(16)).unwrap(), r#"{"key":"k","data":{"float32":[1,2]}}"#);
    let detail = "it is a line of a rejects file that is nested more than 16 times".to_owned();
    for levels in [17, 20_000] {
        assert_eq!(json(&nested(levels)), Err(Reason::Syntax { detail: detail.clone() }));
    }
}

#[test]
fn values_nested_without_end_are_passed_over_or_refused_and_overflow_no_stack() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
    for value in [deep("[", "]"), deep(r#"{"a":"#, "}")] {
        for (member, want) in [
            ("other", Ok(())),
            ("metadata", Err("metadata_kind")),
            ("payload", Err("metadata_kind")),
            ("vector", Err(if value.starts_with('[') { "nested" } else { "vector_kind" })),
        ] {
            let vector = if member == "vector" { "" } else { r#""vector":[1,2],"# };
            let got = json(&format!(r#"{{"key":"k",{vector}"{member}":{value}}}"#));
            let want = if value.starts_with('{') && want == Err("metadata_kind") {
                Err("metadata_value")
            } else {
                want
            };
            assert_eq!(got.map(drop).map_err(|reason| reason.code()), want, "{member}");
        }
    }
}

#[test]
fn a_defect_does_not_keep_the_text_of_its_block() {
    let text = Bytes::from(b"[1,2]\n[3,4]\n".to_vec());
    let records = vec![record(Raw::Json(text.slice(0..5))), record(Raw::Json(text.slice(6..11)))];
    let mut admit = Admit::new(Fields::new(&[], &[], &[]), rules());
    let judged = admit.block(Block { records, end: Position::default(), bytes: 0..0, around: Vec::new() });
    assert!(judged.verdicts.iter().all(Result::is_err));
    assert!(text.is_unique(), "a defect still shares it");
}

#[test]
fn the_first_good_record_fixes_the_dimension() {
    let mut admit = Admit::new(Fields::new(&[], &[], &[]), Rules { dimension: None, ..rules() });
    let lines =
        [r#"{"key":"a","vector":[]}"#, r#"{"key":"b","vector":[1,2,3]}"#, r#"{"key":"c","vector":[1,2]}"#];
    let records = lines.iter().map(|line| record(Raw::Json(Bytes::from_static(line.as_bytes())))).collect();
    let judged = admit.block(Block { records, end: Position::default(), bytes: 0..0, around: Vec::new() });
    let codes: Vec<_> = judged
        .verdicts
        .iter()
        .map(|verdict| verdict.as_ref().map(Vector::key).map_err(|defect| defect.reason.code()))
        .collect();
    assert_eq!(codes, [Err("dimension_range"), Ok("b".to_owned()), Err("dimension")]);
    assert_eq!(judged.dimension, Some(3));
}

#[test]
fn a_record_is_told_by_the_place_where_a_person_looks() {
    for (text, place) in [
        (r#"{"key":"k","x":[1}"#, "expected ], found '}' (column 18)"),
        (
            "{\"key\":\"k\",\n \"é\":1 2 \"x\"}",
            "expected a comma or }, found '\"' (line 2 of the record, column 10)",
        ),
        (r#"{"key":"k","x":}"#, "expected a value, found '}' (column 16)"),
        (r#"{"key":"k","x":1"#, "expected a comma or }, found the end of the record (column 17)"),
        (r#"{"key":"k","vector":[1,2],"metadata":{"t":"\q"}}"#, "invalid escape (column 45)"),
    ] {
        let Err(Reason::Syntax { detail }) = json(text) else { panic!("{text}: {:?}", json(text)) };
        assert_eq!(detail, place, "{text}");
    }
}

/// A record with some members that are read and some that are not, in any order.
fn members() -> impl Strategy<Value = Vec<(String, String)>> {
    let text = r#"[a-c'\]\[}{,: "\\é]{0,5}"#.prop_map(|text: String| Json::from(text).to_string());
    let unread = prop_oneof![
        text.clone(),
        Just("[1,[2,\"]\"]]".to_owned()),
        Just("{\"a\":{\"b\":1}}".to_owned()),
        Just("-1e5".to_owned()),
    ];
    let loose = prop::collection::vec(("x|y|z", unread), 0..4);
    (loose, text, any::<prop::sample::Index>()).prop_map(|(mut members, text, turn)| {
        members.push(("key".to_owned(), "\"k\"".to_owned()));
        members.push(("vector".to_owned(), "[1,2]".to_owned()));
        members.push(("metadata".to_owned(), format!("{{\"t\":{text}}}")));
        let turn = turn.index(members.len());
        members.rotate_left(turn);
        members
    })
}

fn object(members: &[(String, String)]) -> String {
    let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

proptest! {
    /// One character too many or too few: if the library still parses the record, the result is the same; otherwise
    /// either the record is rejected, or the change is in a value that is not read, and nothing else has changed.
    #[test]
    fn a_torn_record_is_refused_or_means_what_it_meant(
        members in members(),
        at in any::<prop::sample::Index>(),
        insert in prop::option::of(prop::sample::select(vec!['"', '\'', '[', ']', '{', '}', ',', ':', '\\', '1', 'N', ' '])),
    ) {
        let text = object(&members);
        let mut characters: Vec<char> = text.chars().collect();
        match insert {
            Some(character) => characters.insert(at.index(characters.len()), character),
            None => {
                characters.remove(at.index(characters.len()));
            }
        }
        let torn: String = characters.into_iter().collect();
        let Ok(wire) = json(&torn) else { return Ok(()) };
        let wire: Json = serde_json::from_str(&wire).unwrap();
        let means = |text: &str| serde_json::from_str::<Json>(text).ok();
        let metadata = |record: &Json| record.get("metadata").cloned().unwrap_or(Json::Null);
        let record = means(&torn).or_else(|| means(&text)).unwrap();
        prop_assert_eq!(metadata(&wire), metadata(&record), "{}", torn);
        let key = record.get("key").or_else(|| record.get("id"));
        prop_assert_eq!(Some(&wire["key"]), key, "{}", torn);
    }
}
