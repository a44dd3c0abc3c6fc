//! Arrays of vectors without fields: NPY, NPZ, the files of vector benchmarks, raw float32; and the keys and metadata that
//! stand beside them.

use std::fmt::Write;

use ossvec::test_support::local_service::Options;
use serde_json::{Value, json};

use crate::column_files::{Lists, parquet_of_groups, python, records};
use crate::companions::archive;
use crate::support::{BUCKET, Ended, Home, INDEX, State, TestService, keys, numbers, run, unlimited, wanted};
use crate::trouble::{json_lines, killed_until_it_ends};

/// An array as numpy writes it.
pub(crate) fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", length.as_slice(), header.as_bytes(), data].concat()
}

fn bytes(records: std::ops::Range<usize>, dimension: usize) -> Vec<u8> {
    records.flat_map(|record| numbers(record, dimension)).flat_map(f32::to_le_bytes).collect()
}

/// The vectors of [`numbers`] as an array.
fn array(records: usize, dimension: usize) -> Vec<u8> {
    npy("<f4", &format!("({records}, {dimension})"), &bytes(0..records, dimension))
}

/// What `wanted` is with other keys and metadata.
fn state(
    records: usize,
    dimension: usize,
    key: impl Fn(usize) -> String,
    metadata: impl Fn(usize) -> Value,
) -> State {
    let bits = |record| numbers(record, dimension).iter().map(|number| number.to_bits()).collect();
    (0..records).map(|record| (key(record), (bits(record), metadata(record)))).collect()
}

/// Loads into a new index of `service`, which is gone afterwards, and returns what it held.
fn loaded(home: &Home, service: &TestService, arguments: &[&str]) -> (Ended, State) {
    let ended = run(home.put(service).args(arguments));
    let held = service.state();
    service.service.store().delete_index(BUCKET, INDEX).unwrap();
    (ended, held)
}

#[test]
fn keys_and_metadata_come_from_files_beside_an_array_in_any_of_their_forms() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.npy", array(300, 5));
    let all = 0..300;
    let lines = |line: &dyn Fn(usize) -> String| all.clone().map(line).collect::<String>();
    home.write("ids.txt", lines(&|record| format!("key-{record}\n")));
    home.write("crlf.ids", lines(&|record| format!("key-{record}\r\n")).trim_end());
    home.write("ids.csv", "id,x\n".to_owned() + &lines(&|record| format!("key-{record},1\n")));
    home.write("ids.jsonl", lines(&|record| format!("{{\"id\":\"key-{record}\"}}\n")));
    let text = |record: usize| {
        format!("key-{record:0<7}").chars().flat_map(|each| u32::from(each).to_le_bytes()).collect::<Vec<_>>()
    };
    let wide: Vec<u8> = all.clone().flat_map(text).collect();
    home.write("wide.npy", npy("<U11", "(300,)", &wide));
    let narrow: Vec<u8> = all.clone().flat_map(|record| format!("key-{record:\0<3}").into_bytes()).collect();
    home.write("narrow.npy", npy("|S7", "(300,)", &narrow));
    home.write("ids.parquet", parquet_of_groups(&records(all.clone(), 2, Lists::List), 70));
    home.write("m.jsonl", lines(&|record| format!("{{\"n\":\"{record}\"}}\n")));
    home.write("m.csv", "n,empty\n".to_owned() + &lines(&|record| format!("{record},\n")));
    home.write("one.csv", "id\n".to_owned() + &lines(&|record| format!("key-{record}\n")));
    home.write("n.csv", "n\n".to_owned() + &lines(&|record| format!("{record}\n")));
    for keys in ["ids.txt", "crlf.ids", "ids.csv", "one.csv", "ids.jsonl", "narrow.npy", "ids.parquet"] {
        for metadata in ["m.jsonl", "m.csv", "n.csv"] {
            let (ended, held) =
                loaded(&home, &service, &["a.npy", "--keys-from", keys, "--metadata-from", metadata]);
            assert_eq!(ended.code, Some(0), "{keys} {metadata}: {}", ended.stderr);
            assert!(held == wanted(0..300, 5), "{keys} {metadata}");
            assert!(ended.stderr.contains("reading a.npy as NumPy: 300 × 5 float32"), "{}", ended.stderr);
        }
    }
    let (_, held) = loaded(&home, &service, &["a.npy", "--keys-from", "wide.npy"]);
    assert!(held == state(300, 5, |record| format!("key-{record:0<7}"), |_| Value::Null));
    let (_, held) = loaded(&home, &service, &["a.npy", "--key-template", "{file}/{row}"]);
    assert!(held == state(300, 5, |record| format!("a/{record}"), |_| Value::Null));
    home.write(
        "numbers.npy",
        npy(
            ">i8",
            "(300,)",
            &all.clone().flat_map(|record| (record as u64).to_be_bytes()).collect::<Vec<_>>(),
        ),
    );
    let (_, held) = loaded(&home, &service, &["a.npy", "--keys-from", "numbers.npy"]);
    assert!(held == state(300, 5, |record| record.to_string(), |_| Value::Null));
}

#[test]
fn files_of_vector_benchmarks_and_bare_numbers_are_read() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let (rows, dimension) = (100_usize, 6_usize);
    let four = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let led: Vec<u8> = (0..rows)
        .flat_map(|record| [four(dimension).to_vec(), bytes(record..record + 1, dimension)].concat())
        .collect();
    home.write("a.fvecs", led);
    home.write("a.fbin", [&four(rows)[..], &four(dimension), &bytes(0..rows, dimension)].concat());
    home.write("a.f32", bytes(0..rows, dimension));
    for arguments in [&["a.fvecs"][..], &["a.fbin"], &["a.f32", "--format", "float32", "--dimension", "6"]] {
        let (ended, held) = loaded(&home, &service, &[arguments, &["--key-template", "key-{row}"]].concat());
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.stderr);
        assert!(
            held == state(rows, dimension, |record| format!("key-{record}"), |_| Value::Null),
            "{arguments:?}"
        );
    }
    let small: Vec<u8> = (0..12).collect();
    home.write("a.u8bin", [&four(3)[..], &four(4), &small].concat());
    home.write("a.bvecs", small.chunks(4).flat_map(|row| [&four(4)[..], row].concat()).collect::<Vec<_>>());
    let bits = |row: u8| (0..4).map(|index| f32::from(row * 4 + index).to_bits()).collect();
    let wanted: State = (0..3).map(|row| (row.to_string(), (bits(row), Value::Null))).collect();
    for name in ["a.u8bin", "a.bvecs"] {
        let (ended, held) = loaded(&home, &service, &[name, "--key-template", "{row}"]);
        assert!(held == wanted, "{name}: {}", ended.stderr);
    }
}

#[test]
fn what_is_no_array_or_has_no_keys_is_told_before_anything_is_sent() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let good = array(10, 3);
    home.write("a.npy", &good);
    home.write("b.npy", &good);
    home.write("torn.npy", &good[..good.len() - 5]);
    home.write("long.npy", [&good[..], b"more"].concat());
    home.write("objects.npy", npy("|O", "(10,)", b"pickle"));
    home.write("flat.npy", npy("<f4", "(30,)", &bytes(0..10, 3)));
    home.write("nine.txt", "k\n".repeat(9));
    home.write("ten.txt", "k\n".repeat(10));
    home.write("a.jsonl", "{\"id\":\"a\"}\n".repeat(9));
    home.write("odd.fvecs", [&3_u32.to_le_bytes()[..], &[0; 13]].concat());
    home.write("mixed.fvecs", [&1_u32.to_le_bytes()[..], &[0; 4], &2_u32.to_le_bytes(), &[0; 4]].concat());
    home.write("short.fbin", [&2_u32.to_le_bytes()[..], &3_u32.to_le_bytes(), &[0; 12]].concat());
    let template = ["--key-template", "{file}-{row}"];
    let mut told = String::new();
    for arguments in [
        &["a.npy"][..],
        &["a.npy", "--keys-from", "nine.txt"],
        &["a.npy", "--keys-from", "missing.txt"],
        &["a.npy", "b.npy", "--keys-from", "nine.txt"],
        &["a.npy", "b.npy", "--keys-from", "ten.txt"],
        &["a.npy", "--key-template", "{file}"],
        &["a.npy", "b.npy", "--key-template", "{row}"],
        &["a.jsonl", "--keys-from", "nine.txt"],
        &["torn.npy", template[0], template[1]],
        &["long.npy", template[0], template[1]],
        &["objects.npy", template[0], template[1]],
        &["flat.npy", template[0], template[1]],
        &["odd.fvecs", template[0], template[1]],
        &["mixed.fvecs", template[0], template[1]],
        &["short.fbin", template[0], template[1]],
        &["a.npy", "--format", "float32", template[0], template[1]],
    ] {
        let ended = run(home.aimed(&["put-vectors"], &service).args(arguments));
        assert_ne!(ended.code, Some(0), "{arguments:?}");
        writeln!(told, "{}: {}", arguments.join(" "), ended.stderr.trim_end()).unwrap();
    }
    assert!(service.is_untouched());
    insta::assert_snapshot!(told, @r"
    a.npy: ossvec: a.npy contains vectors without keys
            add the keys with --keys-from FILE, or make them with --key-template '{file}-{row}'
    a.npy --keys-from nine.txt: ossvec: nine.txt (from --keys-from) has 9 records, but a.npy has 10 vectors
            both must have the same number, in the same order
    a.npy --keys-from missing.txt: ossvec: cannot open missing.txt: No such file or directory (os error 2)
            check the path and its permissions
    a.npy b.npy --keys-from nine.txt: ossvec: 2 of 2 inputs cannot be loaded; nothing was sent
            nine.txt (from --keys-from) has 9 records, but a.npy has 10 vectors; both must have the same number, in the same order
            nine.txt (from --keys-from) has 9 records, but b.npy has 10 vectors; both must have the same number, in the same order
            fix them
    a.npy b.npy --keys-from ten.txt: ossvec: --keys-from requires exactly one input, but there are 2
            load each array with its own file
    a.npy --key-template {file}: ossvec: --key-template has no {row}, so that all vectors would have the same key
            use for example --key-template '{file}-{row}'
    a.npy b.npy --key-template {row}: ossvec: --key-template gives vectors of different files the same key
            use {file} in it, and files whose names differ before the first dot
    a.jsonl --keys-from nine.txt: ossvec: a.jsonl has keys of its own, in id; --keys-from is for records without one
            remove --keys-from; to replace the keys, give them another name with --key NAME
    torn.npy --key-template {file}-{row}: ossvec: torn.npy is a NumPy file without its end: it is truncated, or still being written
            create or download it again
    long.npy --key-template {file}-{row}: ossvec: long.npy is damaged: cannot read its NumPy data at row 1: 4 bytes follow its array
            create or download it again
    objects.npy --key-template {file}-{row}: ossvec: objects.npy is a NumPy file of Python objects, which is not supported yet
            only Python can read them; write numbers: numpy.save(PATH, numpy.stack(list(array)).astype('float32'))
    flat.npy --key-template {file}-{row}: ossvec: flat.npy is a NumPy file whose array is not two-dimensional, which is not supported yet
            write an array of shape (records, dimension)
    odd.fvecs --key-template {file}-{row}: ossvec: odd.fvecs is damaged: cannot read its fvecs data at row 1: its 17 bytes are no multiple of 16, the bytes of a vector
            create or download it again
    mixed.fvecs --key-template {file}-{row}: ossvec: mixed.fvecs is damaged: cannot read its fvecs data at row 1: row 2 has 2 elements, the first one 1
            create or download it again
    short.fbin --key-template {file}-{row}: ossvec: short.fbin is an fbin file without its end: it is truncated, or still being written
            create or download it again
    a.npy --format float32 --key-template {file}-{row}: ossvec: a.npy is a NumPy file, which cannot be read in the format that --format names
            remove --format to have the format detected
    ");
}

#[test]
fn a_bad_row_of_an_array_is_rejected_with_its_key_and_stored_from_its_reject_once_it_is_mended() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let data: Vec<u8> =
        [0.1, -0.0, f32::NAN, 1.0, 2.5, 3.0].iter().flat_map(|number: &f32| number.to_le_bytes()).collect();
    home.write("a.npy", npy("<f4", "(3, 2)", &data));
    home.write("m.jsonl", "{\"t\":\"a\"}\n{\"t\":\"b\"}\n{\"t\":\"c\"},\"vector\":[9,9]\n");
    let load = ["a.npy", "--key-template", "{row}", "--metadata-from", "m.jsonl", "--rejects", "r.jsonl"];
    let ended = run(home.put(&service).args(load));
    ended.assert_code(4);
    let bits = |numbers: [f32; 2]| numbers.map(f32::to_bits).to_vec();
    service.assert_holds(&State::from([("0".to_owned(), (bits([0.1, -0.0]), json!({ "t": "a" })))]));
    let rejects = json_lines(&home.path("r.jsonl"));
    assert_eq!(
        rejects[0]["rejected"]["message"],
        "element 0 of the vector is NaN, which is not a finite float32"
    );
    assert_eq!((&rejects[0]["rejected"]["key"], &rejects[0]["rejected"]["line"]), (&json!("1"), &json!(2)));
    assert_eq!(rejects[1]["rejected"]["reason"], "syntax", "{}", rejects[1]);
    let text = std::fs::read_to_string(home.path("r.jsonl")).unwrap().replace("NaN,", "4.5,");
    home.write("mended.jsonl", text);
    run(home.put(&service).arg("mended.jsonl")).assert_code(4);
    assert_eq!(service.state()["1"], (bits([4.5, 1.0]), json!({ "t": "b" })));
}

#[test]
fn killed_in_the_middle_a_load_goes_on_at_a_row_of_the_array_and_of_what_is_beside_it() {
    const ROWS: usize = 900;
    let options = Options { log_keys: true, latency: std::time::Duration::from_millis(5), ..unlimited() };
    let (home, service) = (Home::new(), TestService::start(options));
    home.write("a.npy", array(ROWS, 6));
    home.write("ids.txt", keys(0..ROWS).join("\n"));
    home.write(
        "m.jsonl",
        (0..ROWS).fold(String::new(), |text, record| text + &format!("{{\"n\":\"{record}\"}}\n")),
    );
    let load = || {
        let mut load = home.put(&service);
        load.args(["a.npy", "--keys-from", "ids.txt", "--metadata-from", "m.jsonl", "--resume"]);
        load.args(["--batch-size", "20", "--job", "2", "--checkpoint-dir", "state"]);
        load
    };
    let kills = killed_until_it_ends(
        &service,
        load,
        || 11,
        |kills| {
            if kills == 2 {
                // Other keys would be other vectors.
                let ids = std::fs::read_to_string(home.path("ids.txt")).unwrap();
                home.write("ids.txt", ids.replace("key-7\n", "key-x\n"));
                let ended = run(&mut load());
                let told = "cannot resume: ids.txt (from --keys-from) changed since the journal was written";
                assert!(ended.stderr.contains(told), "{}", ended.stderr);
                assert_ne!(ended.code, Some(0));
                home.write("ids.txt", ids);
            }
        },
    );
    assert!(kills > 2, "{kills}");
    service.assert_holds(&wanted(0..ROWS, 6));
    let sent: usize = service.statistics().recent.iter().map(|seen| seen.keys.len()).sum();
    assert!(sent <= ROWS + kills * 2 * 20 + 20, "{sent} vectors were sent for {ROWS} with {kills} kills");
}

#[test]
fn arrays_of_numpy_hold_what_numpy_says_they_hold() {
    const SCRIPT: &str = r#"
import json, sys
import numpy
folder, n, d = sys.argv[1], 200, 7
numbers = numpy.random.default_rng(9).normal(size=(n, d)).astype("float32")
numbers[0, :4] = [0.0, -0.0, 1e-45, 3.4028235e38]
halves = numpy.random.default_rng(9).normal(size=(n, d)).astype("float16")
whole = numpy.random.default_rng(9).integers(-128, 128, size=(n, d)).astype("int8")
ids = numpy.array([f"k{row}" for row in range(n)])
numpy.save(f"{folder}/ids.npy", ids)
def lines(name, vectors):
    with open(f"{folder}/{name}.jsonl", "w") as out:
        for key, vector in zip(ids, vectors):
            out.write(json.dumps({"id": str(key), "vector": [float(x) for x in vector]}) + "\n")
for name, vectors in [("f4", numbers), ("f2", halves), ("i1", whole)]:
    lines(name, vectors)
    numpy.save(f"{folder}/{name}.npy", vectors)
numpy.save(f"{folder}/f8.npy", numbers.astype("float64"))
numpy.save(f"{folder}/big.npy", numbers.astype(">f4"))
numpy.save(f"{folder}/fortran.npy", numpy.asfortranarray(numbers))
numpy.save(f"{folder}/objects.npy", numpy.array([[1.0], None], dtype=object), allow_pickle=True)
numpy.savez(f"{folder}/stored.npz", embeddings=numbers, ids=ids, labels=numpy.arange(n))
numpy.savez_compressed(f"{folder}/deflated.npz", a=numbers, id=ids, labels=numpy.arange(n))
numpy.savez(f"{folder}/two.npz", a=numbers, b=numbers, id=ids)
"#;
    let Some(python) = python() else { return };
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    run(std::process::Command::new(python).args(["-c", SCRIPT]).arg(home.path(""))).assert_code(0);
    let cases: [(&str, &str, bool); 7] = [
        ("f4.npy", "f4", true),
        ("f8.npy", "f4", true),
        ("big.npy", "f4", true),
        ("f2.npy", "f2", true),
        ("i1.npy", "i1", true),
        ("stored.npz", "f4", false),
        ("deflated.npz", "f4", false),
    ];
    for (name, lines, needs_keys) in cases {
        let (_, wanted) = loaded(&home, &service, &[&format!("{lines}.jsonl")]);
        assert_eq!(wanted.len(), 200);
        let keys: &[&str] = if needs_keys { &["--keys-from", "ids.npy"] } else { &[] };
        let (ended, held) = loaded(&home, &service, &[&[name], keys].concat());
        assert!(held == wanted, "{name}: {}", ended.stderr);
    }
    for (name, said) in [
        ("fortran.npy", "is a NumPy file in Fortran order"),
        ("objects.npy", "is a NumPy file of Python objects"),
        ("two.npz", "contains the arrays a, b, and it is not clear which one holds the vectors"),
    ] {
        let (ended, _) = loaded(&home, &service, &[name, "--key-template", "{row}"]);
        assert!(ended.stderr.contains(said) && ended.code == Some(3), "{}", ended.stderr);
    }
    let (ended, held) = loaded(&home, &service, &["two.npz", "--vector", "b"]);
    assert_eq!((ended.code, held.len()), (Some(0), 200), "{}", ended.stderr);
}

#[test]
fn arrays_of_an_archive_that_are_not_read_are_named() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let [vectors, keys] = [array(3, 2), npy("|S1", "(3,)", b"123")];
    let titles = npy("|S1", "(3,)", b"abc");
    let members =
        [("embeddings.npy", &vectors[..]), ("ids.npy", &keys), ("title.npy", &titles), ("lang.npy", &titles)];
    home.write("a.npz", archive(&members));
    for (more, told) in [
        (&[][..], "; arrays not read: title, lang\n"),
        (&["--metadata", "-lang"], "; arrays not read: title\n"),
        (&["--metadata", "-title,-lang"], "× 2 float32\n"),
    ] {
        let ended = run(home.put(&service).arg("a.npz").args(more));
        assert!(ended.stderr.contains(told), "{more:?}: {}", ended.stderr);
        service.assert_holds(&state(3, 2, |record| (record + 1).to_string(), |_| Value::Null));
    }
}
