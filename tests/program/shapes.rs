//! Inputs of unusual shape, encoding or packing: loaded as they are, or refused with what they are and the cure.

use ossvec::test_support::oss::operation::Operation;
use serde_json::json;

use crate::support::{Home, State, TestService, bzip2, gzip, lz4, run, run_with_input, unlimited, xz, zstd};

fn wanted(records: &[(&str, &[f32], serde_json::Value)]) -> State {
    let record = |(key, numbers, metadata): &(&str, &[f32], serde_json::Value)| {
        let bits = numbers.iter().map(|number| number.to_bits()).collect();
        ((*key).to_owned(), (bits, metadata.clone()))
    };
    records.iter().map(record).collect()
}

fn plain(records: &[(&str, &[f32])]) -> State {
    let records: Vec<_> =
        records.iter().map(|(key, numbers)| (*key, *numbers, serde_json::Value::Null)).collect();
    wanted(&records)
}

/// Loads `content` and checks that all of it is stored.
#[track_caller]
fn assert_loads(name: &str, content: impl AsRef<[u8]>, records: &State) {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write(name, content);
    let ended = run(home.put(&service).arg(name));
    let counts = ended.assert_code(0).counts(["stored", "rejected"]);
    assert_eq!(counts, [records.len() as u64, 0]);
    service.assert_holds(records);
}

/// Tries to load `content` and checks that nothing was sent and that the message says all of `words`.
#[track_caller]
fn assert_refused(name: &str, content: impl AsRef<[u8]>, words: &[&str]) -> String {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write(name, content);
    let ended = run(home.put(&service).arg(name));
    ended.assert_code(3);
    for word in words {
        assert!(ended.stderr.contains(word), "{word:?} is not in {}", ended.stderr);
    }
    assert_eq!(service.statistics().of(Operation::PutVectors).requests, 0, "{}", ended.stderr);
    ended.stderr
}

const TWO: [(&str, &[f32]); 2] = [("a", &[0.1, 0.2]), ("b", &[0.3, 0.4])];
const ELEMENTS: &str = r#"{"id":"a","embedding":[0.1,0.2]},{"id":"b","embedding":[0.3,0.4]}"#;

#[test]
fn records_that_stand_deeper_are_read_from_there() {
    for text in [
        format!(r#"{{"result":{{"points":[{ELEMENTS}],"next_page_offset":null}},"status":"ok"}}"#),
        format!(r#"{{"took":3,"hits":{{"total":{{"value":2}},"hits":[{ELEMENTS}]}},"timed_out":false}}"#),
        format!(r#"{{"@odata.context":"x","value":[{ELEMENTS}]}}"#),
        format!(r#"{{"objects":[{ELEMENTS}],"totalResults":2}}"#),
        format!(r#"{{"schema":{{"fields":[{{"name":"id"}}]}},"data":[{ELEMENTS}]}}"#),
        format!(r#"{{"documents":[{ELEMENTS}]}}"#),
        format!(r#"{{"items":[{ELEMENTS}]}}"#),
    ] {
        assert_loads("answer.json", text, &plain(&TWO));
    }
    let scroll =
        r#"{"result":{"points":[{"id":1,"vector":[0.1,0.2]}],"next_page_offset":null},"status":"ok"}"#;
    assert_loads("qdrant-scroll.json", scroll, &plain(&[("1", &[0.1, 0.2])]));
}

#[test]
fn a_vector_with_numbers_for_names_is_read_in_their_order() {
    let text = r#"{"id":"a","embedding":{"0":0.25,"1":0.5,"2":0.75}}"#;
    assert_loads("float32array.jsonl", text, &plain(&[("a", &[0.25, 0.5, 0.75])]));
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", r#"{"id":"a","embedding":{"1":0.25,"0":0.5}}"#);
    let ended = run(home.put(&service).arg("a.jsonl"));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [0, 1]);
}

#[test]
fn an_object_around_records_never_ends_as_success_with_records_left_out() {
    let (a, b, c) = (
        r#"{"id":"a","embedding":[0.1,0.2]}"#,
        r#"{"id":"b","embedding":[0.3,0.4]}"#,
        r#"{"id":"c","embedding":[0.5,0.6]}"#,
    );
    for text in [
        format!(r#"{{"vectors":[{a}],{b},{c}]}}"#),
        format!(r#"{{"vectors":[{a}] oops {b}}}"#),
        format!(r#"{{"vectors":[{a}],"vectors":[{b},{c}]}}"#),
        format!(r#"{{"vectors":[{a}],"more":{{"points":[{b}]}}}}"#),
        format!(r#"{{"vectors":[{a}],"others":[{b},{c}]}}"#),
        format!(r#"{{"result":{{"points":[{a}]}},"result":{{"points":[{b}]}}}}"#),
        format!(r#"{{"others":[{b}],"vectors":[{a}]}}"#),
        format!(r#"{{"vectors":[{a}],"\u0076ectors":[]}}"#),
        format!(r#"{{"vectors":null,"vectors":[{a}]}}"#),
        format!(r#"{{"result":{b},"result":{{"points":[{a}]}}}}"#),
        format!(r#"{{"data":{b},"vectors":[{a}]}}"#),
        format!(r#"{{"vectors":[{a}]}}}}{b}"#),
        format!(r#"{{"vectors":[{a}],"x":"{}","points":[{b}]}}"#, "x".repeat(700_000)),
        format!(r#"{{"response":{{"result":{{"vectors":[{a}]}}}},"body":{{"points":[{b}]}}}}"#),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("in.json", &text);
        let ended = run(home.put(&service).arg("in.json"));
        assert_eq!(ended.code, Some(3), "{text}: {}{}", ended.stdout, ended.stderr);
        assert!(ended.stderr.contains("in.json"), "{}", ended.stderr);
    }
    let text = format!(r#"{{"vectors":[],"data":[{a},{b}]}}"#);
    assert_loads("in.json", text, &plain(&TWO));
}

#[test]
fn records_of_named_fields_beside_the_array_are_not_left_out() {
    for others in [
        r#""others":[{"name":"b","numbers":{"of":[0.3,0.4]}}]"#,
        r#""other":{"name":"b","numbers":{"of":[0.3,0.4]}}"#,
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let text = format!(r#"{{"vectors":[{{"name":"a","numbers":{{"of":[0.1,0.2]}}}}],{others}}}"#);
        home.write("in.json", &text);
        let ended = run(home.put(&service).args(["in.json", "--key", "name", "--vector", "numbers.of"]));
        assert_eq!(ended.code, Some(3), "{text}: {}{}", ended.stdout, ended.stderr);
        assert!(ended.stderr.contains("more records"), "{}", ended.stderr);
        service.assert_holds(&plain(&[("a", &[0.1, 0.2])]));
    }
}

#[test]
fn text_in_another_encoding_is_refused_with_the_encoding_and_the_place() {
    let table = "id,embedding,标题\na,\"[0.1,0.2]\",文本\n";
    let (gbk, ..) = encoding_rs::GBK.encode(table);
    assert_refused(
        "gbk.csv",
        &gbk,
        &[
            "not UTF-8",
            "line 1, byte 13",
            "it looks like GB18030",
            "read it with --encoding gb18030, and check the text",
        ],
    );
    assert_refused("gbk.csv.gz", gzip(&gbk), &["GB18030"]);
    let line = "{\"id\":\"a\",\"embedding\":[0.1,0.2],\"metadata\":{\"标题\":\"这是一个句子\"}}\n";
    assert_refused("gbk.jsonl", &encoding_rs::GBK.encode(line).0, &["not UTF-8", "GB18030"]);
    let wide: Vec<u8> = line.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_refused("wide.jsonl", wide, &["UTF-16LE text without a byte-order mark", "--encoding utf-16le"]);
    let wide: Vec<u8> = table.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_refused("wide.csv", wide, &["UTF-16BE text without a byte-order mark", "--encoding utf-16be"]);
}

#[test]
fn a_stray_byte_costs_its_record_with_the_byte_and_the_column() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let text = [
        &b"{\"id\":\"a\",\"embedding\":[0.1,0.2],\"metadata\":{\"t\":\"caf\xe9\"}}\n"[..],
        b"{\"id\":\"b\",\"embedding\":[0.3,0.4],\"metadata\":{\"t\":\"bad \\ud83d end\"}}\n",
        b"{\"id\":\"c\",\"embedding\":[0.5,0.6],\"metadata\":{\"t\":\"\xe6\x96\x87\"}}\n",
    ]
    .concat();
    home.write("in.jsonl", text);
    let ended = run(home.put(&service).args(["in.jsonl", "--rejects", "rejects.jsonl"]));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [1, 2]);
    service.assert_holds(&wanted(&[("c", &[0.5, 0.6], json!({"t": "文"}))]));
    let rejects = std::fs::read_to_string(home.path("rejects.jsonl")).unwrap();
    for words in
        ["\"encoding\"", "byte 0xe9 at column 53", "\\\\ud83d is half of a surrogate pair (column 54)"]
    {
        assert!(rejects.contains(words), "{words} is not in {rejects}");
    }
}

#[test]
fn what_is_no_data_is_named_with_the_cure() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
    assert_refused("lfs.jsonl", pointer, &["a Git LFS pointer", "git lfs pull"]);
    assert_refused("page.json", "<!DOCTYPE html>\n<html>", &["an HTML page", "download it again"]);
    let mut tar = b"v.jsonl".to_vec();
    tar.resize(1024, 0);
    tar[257..262].copy_from_slice(b"ustar");
    for archive in [tar.clone(), gzip(&tar), zstd(&tar), bzip2(&tar), xz(&tar), lz4(&tar), gzip(&xz(&tar))] {
        assert_refused("t.tar.gz", archive, &["a tar archive", "tar -xf"]);
    }
}

#[test]
fn numbers_that_json_has_not_are_rejected_in_arrays_and_read_in_cells() {
    let spellings = [".5", "1.", "+1", "00.5", "-.5", "1.e1"];
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let record =
        |(number, text): (usize, &&str)| format!("{{\"id\":\"{number}\",\"vector\":[0.25,{text}]}}\n");
    home.write("in.jsonl", spellings.iter().enumerate().map(record).collect::<String>());
    home.write("good.jsonl", "{\"id\":\"good\",\"vector\":[1e0, -0.5E-1]}\n");
    let ended = run(home.put(&service).args(["good.jsonl", "in.jsonl", "--rejects", "rejects.jsonl"]));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [1, 6]);
    service.assert_holds(&plain(&[("good", &[1.0, -0.05])]));
    let rejects = std::fs::read_to_string(home.path("rejects.jsonl")).unwrap();
    let told = |word: &str| rejects.matches(word).count();
    assert_eq!(told("not_a_number"), 6, "{rejects}");
    assert_eq!(
        (told("leading plus sign"), told("leading zero"), told("before the decimal point")),
        (1, 1, 2),
        "{rejects}"
    );
    let cells = "id,vector\n0,[.5 1.]\n1,\"+1,00.5\"\n";
    assert_loads("in.csv", cells, &plain(&[("0", &[0.5, 1.0]), ("1", &[1.0, 0.5])]));
}

#[test]
fn objects_on_one_line_are_records_with_places_of_their_own() {
    let text = "{\"id\":\"a\",\"embedding\":[0.1,0.2]}\n\
                {\"id\":\"b\",\"embedding\":[0.3,0.4]}{\"id\":\"c\"} \t{\"id\":\"d\",\"embedding\":[0.7,0.8]}\n\
                {\"id\":\"e\",\"embedding\":[0.9]}\n";
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("both.jsonl", text);
    let load = || {
        let mut load = home.put(&service);
        load.args(["both.jsonl", "--dimension", "2", "--batch-size", "1", "--rejects", "rejects.jsonl"]);
        load
    };
    let ended = run(&mut load());
    assert_eq!(ended.assert_code(4).counts(["read", "stored", "rejected"]), [5, 3, 2]);
    service.assert_holds(&plain(&[("a", &[0.1, 0.2]), ("b", &[0.3, 0.4]), ("d", &[0.7, 0.8])]));
    let rejects = std::fs::read_to_string(home.path("rejects.jsonl")).unwrap();
    let mut places: Vec<_> = rejects
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["rejected"].clone())
        .map(|rejected| (rejected["line"].as_u64().unwrap(), rejected["record"].as_u64().unwrap()))
        .collect();
    places.sort_unstable();
    assert_eq!(places, [(2, 2), (3, 4)]);
}

#[test]
fn a_load_that_stopped_between_two_records_of_a_line_continues_behind_the_first() {
    let line = |from: usize| -> String {
        (from..from + 5).map(|record| crate::support::line(record, 2).trim_end().to_owned()).collect()
    };
    let text = (0..8).map(|number| line(number * 5) + "\n").collect::<String>();
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("glued.jsonl", text);
    let arguments = ["glued.jsonl", "--batch-size", "7", "--job", "1"];
    service.trouble(&["op=PutVectors,nth=4,status=403,code=AccessDenied"]);
    let stopped = run(home.put(&service).args(arguments));
    assert_eq!(stopped.code, Some(2), "{}", stopped.stderr);
    let stored = service.state().len();
    assert!(stored > 0 && stored < 40, "{stored}");
    let ended = run(home.put(&service).args(arguments).arg("--resume"));
    let read = ended.assert_code(0).counts(["read", "stored"]);
    assert_eq!(read, [(40 - stored) as u64; 2]);
    service.assert_holds(&crate::support::wanted(0..40, 2));
}

#[test]
fn padding_after_compressed_data_is_no_damage_and_anything_else_is_called_so() {
    let text = "{\"id\":\"a\",\"embedding\":[0.1,0.2]}\n{\"id\":\"b\",\"embedding\":[0.3,0.4]}";
    for pack in [gzip, zstd, bzip2, xz, lz4] {
        let packed = pack(text.as_bytes());
        for padding in [&[0; 512][..], b"\n", b"\r\n\0"] {
            assert_loads("pad.jsonl.gz", [&packed, padding].concat(), &plain(&TWO));
        }
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("tail.jsonl.gz", [&packed, &b"\x01ubbish"[..]].concat());
        let ended = run(home.put(&service).arg("tail.jsonl.gz"));
        let told = "followed by 7 bytes of other data";
        let place = format!("at byte {}", packed.len());
        ended.assert_code(3);
        assert!(ended.stderr.contains(told) && ended.stderr.contains(&place), "{}", ended.stderr);
        service.assert_holds(&plain(&TWO));
    }
}

#[test]
fn a_record_is_not_replaced_by_those_in_an_array_of_its_own() {
    let text = r#"{"id":"a","points":[{"id":"p","doc":{"e":[9,9]}}],"doc":{"e":[1,2]}}"#;
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.json", text);
    run(home.put(&service).args(["a.json", "--vector", "doc.e"])).assert_code(0);
    service.assert_holds(&plain(&[("a", &[1.0, 2.0])]));
    let inner = vec![r#"{"id":"p","vector":[9,9]}"#; 10_000].join(",");
    let text = format!(r#"{{"id":"a","items":[{inner}],"vector":[1,2]}}"#);
    assert_refused("a.json", text, &["has a key and an array of records in items", "--format jsonl"]);
}

#[test]
fn records_and_metadata_beside_the_array_that_is_read_are_an_error() {
    for beside in [
        r#""more":{"a":{"id":"2","values":[3,4]}}"#,
        r#""extra":{"id":"h","vector":[3,4]}"#,
        r#""metadata":[{"id":"1","title":"x"}]"#,
    ] {
        let text = format!(r#"{{{beside},"vectors":[{{"id":"1","values":[1,2]}}]}}"#);
        assert_refused("a.json", text, &["contains more records", "outside the array that is read"]);
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("a.json", format!(r#"{{"vectors":[{{"id":"1","values":[1,2]}}],{beside}}}"#));
        let ended = run(home.put(&service).arg("a.json"));
        assert!(ended.assert_code(3).stderr.contains("contains more records"), "{beside}: {}", ended.stderr);
    }
}

#[test]
fn records_are_read_wherever_an_array_has_them_and_lists_of_lists_are_refused() {
    for first in ["1", r#""x""#, "true"] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("a.json", format!("[{first},{ELEMENTS}]"));
        let ended = run(home.put(&service).arg("a.json"));
        assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [2, 1], "{first}");
        service.assert_holds(&plain(&TWO));
    }
    assert_refused("a.json", format!("[[{ELEMENTS}],[]]"), &["a list of lists of records"]);
}

#[test]
fn pages_that_hold_no_record_are_empty_inputs_and_cost_nothing() {
    for page in [
        r#"{"ids":[],"embeddings":[]}"#,
        r#"{"ids":[],"embeddings":[],"documents":[],"metadatas":null,"included":["embeddings"]}"#,
        r#"{"vectors":{},"namespace":"","usage":{"readUnits":1}}"#,
        r#"{"vectors":[],"nextToken":""}"#,
        r#"{"id":{},"vector":{}}"#,
        r#"{"records":[]}"#,
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("page-1.json", r#"[{"id":"a","vector":[1,2]}]"#);
        home.write("page-2.json", page);
        let ended = run(home.put_sized(&service, 2).args(["page-1.json", "page-2.json"]));
        assert_eq!(ended.assert_code(0).counts(["read", "stored", "rejected"]), [1, 1, 0], "{page}");
        assert_eq!(ended.summary()["empty_inputs"], json!(["page-2.json"]), "{page}");
        // From a pipe, too.
        let mut piped = home.put_sized(&service, 2);
        let ended = run_with_input(piped.arg("-"), page.into());
        assert_eq!(ended.assert_code(0).counts(["read", "rejected"]), [0, 0], "{page}");
    }
}
