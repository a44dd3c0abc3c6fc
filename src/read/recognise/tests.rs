//! Beginnings of inputs, and what they are recognised as.

use super::super::conversion::Conversion;
use super::*;

const LINES: Layout = Layout::Lines;
const ARRAYS: Layout = Layout::Elements(Shape::Arrays);

fn pages(path: &str) -> Layout {
    Layout::Elements(Shape::Pages(path.split('.').map(str::to_owned).collect()))
}

fn rows(delimiter: char) -> Layout {
    Layout::Rows { delimiter: delimiter as u8 }
}

fn form(format: Option<Format>) -> Form {
    Form { format, ..Form::default() }
}

fn whole(text: &str) -> Result<Option<Layout>, Unfit> {
    recognise(text.as_bytes(), true, None, &Form::default())
}

#[test]
fn json_is_recognised_by_its_first_records() {
    let cases = [
        ("", LINES),
        (" \r\n", LINES),
        (r#"[{"key":"a"}]"#, ARRAYS),
        ("[]", ARRAYS),
        ("\u{feff} [ null,\nnull, {}]", ARRAYS),
        ("[", LINES),
        ("[0.1,0.2]\n[0.3,0.4]\n", LINES),
        ("[0.1,0.2]", LINES),
        (r#"[1,{"id":"a"},{"id":"b"}]"#, ARRAYS),
        (r#"["x",[1],{"id":"a"}]"#, ARRAYS),
        (r#"["x","y"]"#, LINES),
        ("[0.1,0.2] [0.3,0.4]\n", VALUES),
        ("[\n0.1,\n0.2\n]\n[0.3]", VALUES),
        ("{\"a\":1}\n{\"b\":2}\n", LINES),
        ("{\"a\":1}{\"b\":2}\n", VALUES),
        ("{\n  \"a\": 1\n}\n{\n  \"b\": 2\n}\n", VALUES),
        ("{\"a\":\n{\"b\":2}\n", LINES),
        ("{\"a\":1} rubbish\n{\"b\":2}\n", LINES),
        ("{\"a\":1", LINES),
    ];
    for (text, layout) in cases {
        assert_eq!(whole(text), Ok(Some(layout)), "{text:?}");
    }
}

#[test]
fn an_object_around_records_is_told_from_a_record() {
    let cases = [
        (
            r#"{"result":{"points":[{"id":1,"vector":[1]}],"next_page_offset":null},"status":"ok"}"#,
            pages("result.points"),
        ),
        (
            r#"{"took":1,"hits":{"total":{"value":1},"hits":[{"_id":"1","_source":{"v":[1,2]}}]}}"#,
            pages("hits.hits"),
        ),
        (r#"{"@odata.context":"x","value":[{"id":"1","contentVector":[0.1]}]}"#, pages("value")),
        (r#"{"objects":[{"class":"X","id":"u","vector":[1]}],"totalResults":1}"#, pages("objects")),
        (r#"{"result":[{"id":1,"vector":[1]}],"time":0.1}"#, pages("result")),
        (
            r#"{"schema":{"fields":[{"name":"id"}],"primaryKey":["index"]},"data":[{"index":0,"id":"a","embedding":[1]}]}"#,
            pages("data"),
        ),
        (r#"{"vectors":[],"data":[{"key":"a","vector":[1]}]}"#, pages("data")),
        (r#"{"id":"a","items":[{"sku":1}],"embedding":[0.1]}"#, LINES),
        (r#"{"pk":"a","items":[{"id":1,"price":[1,2]}],"mine":[0.1,0.2]}"#, LINES),
        (r#"{"pk":"a","results":[{"s":1}],"mine":[0.1,0.2]}"#, LINES),
        (r#"{"meta":{"items":[{"id":1,"price":[1,2]}]},"id":"a","embedding":[0.1]}"#, LINES),
        (r#"{"id":"a","response":{"body":{"data":[{"embedding":[1]}]}}}"#, LINES),
        (r#"{"indexName":"i","vectors":[{"key":"a"}]}"#, pages("vectors")),
        ("{\n \"vectors\": [\n]}", pages("vectors")),
        (r#"{"id":"x","object":"list","data":[{"index":0,"embedding":[0.1]}]}"#, pages("data")),
        (r#"{"points":[{"id":1,"vector":[1]},{"i"#, pages("points")),
        (r#"{"key":"a","data":{"float32":[1]}}"#, LINES),
        (r#"{"id":"a","data":[0.1,0.2]}"#, LINES),
        (r#"{"id":"a","vectors":[[0.1]]}"#, LINES),
        (r#"{"id":"a","vectors":{"name":[0.1]}}"#, LINES),
        (r#"{"id":"a","data":[]}"#, LINES),
        (r#"{"vector":[1],"data":[{"a":1}]}"#, LINES),
        (r#"{"meta":{"vectors":[{}]},"vector":[1]}"#, LINES),
    ];
    for (text, layout) in cases {
        assert_eq!(whole(text), Ok(Some(layout)), "{text:?}");
    }
}

#[test]
fn a_record_is_known_by_the_fields_that_the_user_names() {
    let text = br#"{"id":"a","points":[{"id":"p","doc":{"e":[9,9]}}],"doc":{"e":[1,2]}}"#;
    let named = |vector: &str| Form { vector: vec![vector.to_owned()], ..Form::default() };
    for (vector, layout) in [("doc.e", LINES), ("doc", LINES), ("doc.f", pages("points"))] {
        assert_eq!(recognise(text, true, None, &named(vector)), Ok(Some(layout)), "{vector}");
    }
}

/// Beginnings of inputs whose records have the key `id` and the vector `embedding`: records, arrays, objects around
/// records, columns, dictionaries, tables.
const BY_USUAL_NAMES: [&str; 19] = [
    r#"{"id":"a","embedding":[1,2]}"#,
    r#"{"id":"a","embedding":"1 2","points":[{"id":"p","embedding":[1]}]}"#,
    r#"[{"id":"a","embedding":[1,2]}]"#,
    r#"{"points":[{"id":"a","embedding":[1]}]}"#,
    r#"{"items":[{"id":"a","embedding":[1]}],"total":1}"#,
    r#"{"items":[{"embedding":"1 2"}]}"#,
    r#"{"items":[{"id":"a","other":[1]}]}"#,
    r#"{"id":"a","points":[{"title":"p"}]}"#,
    r#"{"id":"a","items":[{"sort":1}],"embedding":[0.1]}"#,
    r#"{"result":{"items":[{"id":"a","embedding":[1]}]}}"#,
    r#"{"unheard":[{"id":"a","embedding":[1]}]}"#,
    r#"{"id":["a","b"],"embedding":[[1,2],[3,4]],"title":["x","y"]}"#,
    r#"{"id":{"0":"a","1":"b"},"embedding":{"0":[1,2],"1":[3,4]}}"#,
    r#"{"embedding":[1,2],"id":{"a":1}}"#,
    r#"{"points":[{"id":"a","embedding":[1]}],"items":[{"id":"b","embedding":[2]}]}"#,
    "id;embedding\na;\"[1, 2]\"\n",
    "id,embedding,text\na,1 2,\"x; y\"\n",
    "id\tembedding\na\t1 2\n",
    "embedding\n0.5 0.25\n",
];

#[test]
fn a_field_that_the_user_names_counts_like_one_of_the_usual_names() {
    let form = |key: &str, vector: &str| Form {
        key: vec![key.to_owned()],
        vector: vec![vector.to_owned()],
        ..Form::default()
    };
    let renamed = |text: &str| {
        let text = text.replace("id", "sku").replace("embedding", "feature");
        text.replace("INPUT OUTPUT", "INPUT OUTPUT --key sku --vector feature")
    };
    for text in BY_USUAL_NAMES {
        for name in [None, Some("input.csv")] {
            let usual = recognise(text.as_bytes(), true, name, &Form::default());
            let named = recognise(renamed(text).as_bytes(), true, name, &form("sku", "feature"));
            assert_eq!(format!("{named:?}"), renamed(&format!("{usual:?}")), "{text}");
        }
    }
}

#[test]
fn an_object_too_large_to_tell_from_a_record_is_refused() {
    let inner = vec![r#"{"id":"p","vector":[9,9]}"#; 10_000].join(",");
    for array in ["items", "data"] {
        let text = format!(r#"{{"id":"a","{array}":[{inner}],"vector":[1,2]}}"#);
        assert!(matches!(whole(&text), Err(Unfit::Shape { .. })), "{array}");
        let text = format!(r#"{{"{array}":[{inner}],"status":"ok"}}"#);
        assert_eq!(whole(&text), Ok(Some(pages(array))));
    }
}

#[test]
fn records_that_begin_far_inside_an_object_are_found_however_the_text_comes() {
    let long = "x".repeat(700 << 10);
    let records = r#"[{"id":"a","vector":[1,2]}]"#;
    let columns = r#"{"ids":["a"],"embeddings":[[1,2]]}"#;
    for (text, wanted) in [
        (format!(r#"{{"log":"{long}","vectors":{records}}}"#), Ok(Some(pages("vectors")))),
        (format!(r#"{{"result":{{"log":"{long}","points":{records}}}}}"#), Ok(Some(pages("result.points")))),
        (format!(r#"{{"text":"{long}","vector":[1,2],"id":"a","data":{records}}}"#), Ok(Some(LINES))),
        (format!(r#"{{"id":"a","text":"{long}","vector":[1,2],"data":{records}}}"#), Ok(Some(LINES))),
        (format!(r#"{{"text":"{long}","title":"none of both"}}"#), Ok(Some(LINES))),
        (format!(r#"{{"log":"{long}","mine":{records}}}"#), Err("an object with records in mine")),
        (format!(r#"{{"log":"{long}","of":{columns}}}"#), Err("JSON in columns, in of")),
        (
            format!(r#"[{{"log":"{long}","vectors":{records}}}]"#),
            Err("an array, each element of which is an object with records in vectors"),
        ),
        (format!(r#"[{{"text":"{long}","vector":[1,2],"id":"a"}}]"#), Ok(Some(ARRAYS))),
    ] {
        let told = |found: Result<Option<Layout>, Unfit>| {
            found.map_err(
                |unfit| if let Unfit::Shape { shape, .. } = unfit { shape } else { format!("{unfit:?}") },
            )
        };
        let wanted = wanted.map_err(ToOwned::to_owned);
        assert_eq!(told(whole(&text)), wanted, "{:?}", text.get(..30));
        let part = |end: usize| told(recognise(&text.as_bytes()[..end], false, None, &Form::default()));
        for end in [1, 16, 200 << 10, 512 << 10, 710 << 10].into_iter().filter(|end| *end < text.len()) {
            let found = part(end);
            assert!(found == Ok(None) || found == wanted, "{:?} {end}: {found:?}", text.get(..30));
        }
    }
}

#[test]
fn an_array_of_records_is_one_whatever_they_have_beside_their_vectors() {
    for record in [
        r#"{"id":"a","vector":[1,2],"data":[{"id":"b","vector":[3]}]}"#,
        r#"{"id":"a","points":[],"e":{"x":[1]}}"#,
        r#"{"title":"x","value":[]}"#,
        r#"{"title":"x","documents":[{"n":1}]}"#,
        r#"{"ids":["a"],"tags":["b"]}"#,
        r#"{"vectors":[{"id":"a","vector":[1]}] oops"#,
    ] {
        assert_eq!(whole(&format!("[{record},{record}]")), Ok(Some(ARRAYS)), "{record}");
    }
}

#[test]
fn lists_of_records_in_a_list_are_refused_with_a_cure() {
    for text in [r#"[[{"id":"a"},{"id":"b"}],[{"id":"c"}]]"#, r#"{"vectors":[[{"id":"a"}]]}"#] {
        assert!(
            matches!(whole(text), Err(Unfit::Shape { conversion: Some(Conversion::Lists(_)), .. })),
            "{text}"
        );
    }
}

#[test]
fn the_delimiter_is_the_one_that_splits_all_rows_alike() {
    let cases = [
        ("key,vector\na,\"[1,2]\"\n", None, rows(',')),
        ("key\tvector\na\t[1,2]\nb\t[3,4,5]\n", None, rows('\t')),
        ("key;x;y\na;0,1;0,2\n", None, rows(';')),
        ("key;vector\na;[0.1,0.2]\n", Some("a.csv"), rows(';')),
        ("key,vector\na,[1,2]\n", None, rows(',')),
        ("vector\n\"[1,2]\"\n", Some("a.csv.gz"), rows(',')),
        ("vector\n\"[1,2]\"\n", Some("A.TSV"), rows('\t')),
        ("key,vector", None, rows(',')),
    ];
    for (text, name, layout) in cases {
        assert_eq!(recognise(text.as_bytes(), true, name, &Form::default()), Ok(Some(layout)), "{text:?}");
    }
}

#[test]
fn the_content_counts_before_the_name_and_a_named_format_before_both() {
    let cases = [
        ("{}\n{}\n", Some("a.csv"), None, LINES),
        ("a,b\n1,2\n", Some("a.json.txt"), None, rows(',')),
        ("x{}\n{}\n", Some("a.jsonl"), None, LINES),
        ("x{}\n{}\n", Some("a.json"), None, VALUES),
        ("[{}]\n", Some("a.jsonl"), None, ARRAYS),
        ("[{}]\n", None, Some(Format::Jsonl), LINES),
        ("{}\n{}\n", None, Some(Format::Json), VALUES),
        ("[{}]\n", None, Some(Format::Json), ARRAYS),
        ("[x],b\n1,2\n", None, Some(Format::Csv), rows(',')),
        ("a,b\n1,2\n", Some("a.csv"), Some(Format::Tsv), rows('\t')),
    ];
    for (text, name, format, layout) in cases {
        assert_eq!(recognise(text.as_bytes(), true, name, &form(format)), Ok(Some(layout)), "{text:?}");
    }
}

#[test]
fn what_is_neither_json_nor_a_table_is_not_recognised() {
    let packed = recognise(b"Obj\x01\0\0rest", true, Some("a.csv"), &form(Some(Format::Csv))).unwrap_err();
    assert!(matches!(packed, Unfit::Unsupported { format: "an Avro file", .. }), "{packed:?}");
    for text in ["word", "some words\nof prose"] {
        assert_eq!(whole(text), Err(Unfit::Unrecognised), "{text:?}");
    }
    for text in ["\u{80}\0\0\0,\0", "\u{1}\u{2}, some\u{3}thing\n"] {
        assert_eq!(whole(text), Err(Unfit::Binary), "{text:?}");
    }
    assert!(matches!(whole("the 0.1 0.2\nof 0.3 0.4\n"), Err(Unfit::WordVectors(_))));
}

#[test]
fn too_little_text_asks_for_more_and_never_changes_its_mind() {
    let texts = [
        r#"{"indexName":"i","n":{"a":[1]},"vectors":[{"key":"a"}]}"#,
        "{\"a\":1}{\"b\":2}\n",
        "{\n  \"a\": 1\n}\n{\n",
        "{\"a\":\r\n\r\n{\"b\":2}\n",
        "[0.1,0.2]\n[0.3]\n",
        r#"[ null, ["a"]]"#,
        r#"["x",1,{"id":"a"}]"#,
        "[\nnull,\nnull,\n{\"key\":\"a\"}\n]\n",
        "key;vector\n\"a\n\";[0.1,0.2]\nb;[0.1,0.2]\n",
        "key,vector\na,\"[0.1, 0.2]\"\nb,\"[0.3, 0.4]\"\n",
    ];
    for text in texts {
        let decided = whole(text).unwrap();
        for length in 0..text.len() {
            let early = recognise(&text.as_bytes()[..length], false, None, &Form::default()).unwrap();
            assert!(early.is_none() || early == decided, "{text:?} cut to {length}: {early:?}");
        }
    }
}

#[test]
fn a_delimiter_under_which_quotes_are_broken_or_text_gives_way() {
    let cases = [
        ("\"id\";\"note, long\";\"vector\"\n\"k\";\"a, b\";\"[1.5 2.]\"\n", rows(';')),
        ("id;\"note, long\";vector\nk0;\"a, b\";[0.5 2.]\nk1;\"a, b\";[0.5 2.]\n", rows(';')),
        ("id,\"note; long\",vector\nk0,\"a; b\",[0.5 2.]\n", rows(',')),
        ("id,note,vector\nk0,5\" disk,[1 2]\nk1,\"x\"y,[3 4]\n", rows(',')),
        ("id,note,vector\nk0,\"x;\"y,[1 2]\n", rows(',')),
    ];
    for (text, layout) in cases {
        let found = recognise(text.as_bytes(), true, Some("a.csv"), &Form::default());
        assert_eq!(found, Ok(Some(layout)), "{text:?}");
    }
    let quoted = format!("\"id\",\"vector\",\"note\"\n{}", "\"k1\",\"[1, 2]\",\"x\"\n".repeat(100_000));
    assert_eq!(whole(&quoted), Ok(Some(rows(','))));
}

#[test]
fn two_rows_are_enough_for_a_delimiter_whatever_the_others_make_of_their_quotes() {
    for text in ["key,vector\na,\"[0.1, 0.2]\"\n", "key\tvector\n\"a\"\t[1,2]\n"] {
        let early = recognise(text.as_bytes(), false, None, &Form::default());
        assert!(matches!(early, Ok(Some(Layout::Rows { .. }))), "{text:?}: {early:?}");
    }
}

#[test]
fn formats_are_spelled_as_the_command_line_does() {
    for format in Format::ALL {
        assert_eq!(format.to_string().parse::<Format>().unwrap(), format);
    }
    let message = "orc".parse::<Format>().unwrap_err().to_string();
    insta::assert_snapshot!(message, @"unknown format 'orc': expected json, jsonl, csv, tsv, parquet, arrow, npy, npz, fvecs, bvecs, fbin, u8bin or float32");
}

#[test]
fn files_of_a_directory_are_input_by_their_names() {
    for name in [
        "a.json",
        "a.JSONL",
        "a.ndjson.gz",
        "a.b.csv.zst",
        "a.tsv",
        "a.json.bz2",
        "a.csv.xz",
        "a.tsv.lz4",
        "part-0.snappy.parquet",
    ] {
        assert!(is_input_name(name), "{name}");
    }
    for name in [".a.json", "a.orc", "json", "a.gz", "a.json.zip", "_SUCCESS"] {
        assert!(!is_input_name(name), "{name}");
    }
}

#[test]
fn one_line_with_commas_is_a_header_only_if_it_names_a_vector() {
    let rows = |delimiter| Ok(Some(Layout::Rows { delimiter }));
    let with = |vector: &str| Form {
        tables: Tables { vector: Some(vector.to_owned()), ..Tables::default() },
        ..Form::default()
    };
    let usual = Form::default();
    for (text, name, form, wanted) in [
        (r#"window.data = [{"id":"a","vector":[1,2]}];"#, None, &usual, Err(Unfit::Unrecognised)),
        (r#"cb([{"id":"a","vector":[1,2,3]}]);"#, Some("a.js"), &usual, Err(Unfit::Unrecognised)),
        ("export const x = [{\"id\":\"a\",\"vector\":[1,2]}];\n\n", None, &usual, Err(Unfit::Unrecognised)),
        (r#"cb({"data":[["a",1],["vector",2]]}, 3);"#, None, &usual, Err(Unfit::Unrecognised)),
        ("to whom it may concern, hello", None, &usual, Err(Unfit::Unrecognised)),
        ("id,title\n", None, &usual, Err(Unfit::Unrecognised)),
        ("id,title\n", Some("a.csv.gz"), &usual, rows(b',')),
        ("id,Vector\n", None, &usual, rows(b',')),
        ("id;v", None, &with("v"), rows(b';')),
        ("id;v", None, &with("w"), Err(Unfit::Unrecognised)),
        ("id,e_0,e_1\r\n", None, &with("e_*"), rows(b',')),
        ("id,title\na,b\n", None, &usual, rows(b',')),
        ("doc-1,[1 2]\n", None, &usual, rows(b',')),
    ] {
        assert_eq!(recognise(text.as_bytes(), true, name, form), wanted, "{text}");
    }
}
