//! Arrow files and streams: what is stored is what the same records are as lines.

use std::path::Path;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, DictionaryArray, LargeStringArray, NullArray, StringArray, StringViewArray, StructArray,
};
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use arrow_ipc::{CompressionType, MetadataVersion};
use arrow_schema::Field;
use ossvec::test_support::local_service::Options;
use serde_json::{Value, json};

use crate::column_files::{Lists, arrow, lists, parquet_of_groups, records, table, texts};
use crate::support::{Home, TestService, numbers, run, run_with_input, unlimited, wanted};
use crate::trouble::killed_until_it_ends;

#[test]
fn files_and_streams_of_every_codec_are_stored_as_the_same_lines_are() {
    let codecs = [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)];
    for (number, lists) in Lists::ALL.into_iter().enumerate() {
        for is_stream in [false, true] {
            let (home, service) = (Home::new(), TestService::start(unlimited()));
            let file = arrow(&records(0..500, 9, lists), 130, is_stream, codecs[number % codecs.len()]);
            // Known by its content, also where its name says nothing.
            home.write("data", file);
            let ended = run(home.put(&service).arg("data"));
            ended.assert_code(0);
            let note = "note: reading data as Arrow: key key, vector embedding, metadata metadata";
            assert!(ended.stderr.contains(note), "{}", ended.stderr);
            service.assert_holds_in(format!("{lists:?} {is_stream}"), &wanted(0..500, 9));
        }
    }
}

#[test]
fn texts_are_texts_however_arrow_keeps_them() {
    let keys: Vec<_> = (0..60).map(|record| format!("key-{record}")).collect();
    let dictionary: DictionaryArray<Int32Type> = keys.iter().map(String::as_str).collect();
    let columns: [ArrayRef; 3] = [
        Arc::new(dictionary),
        Arc::new(LargeStringArray::from_iter_values(&keys)),
        Arc::new(StringViewArray::from_iter_values(&keys)),
    ];
    for column in columns {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let table = table(&[("id", column), ("vector", Lists::Fixed.of(0..60, 3))]);
        home.write("a.arrow", arrow(&table, 60, false, None));
        run(home.put(&service).arg("a.arrow")).assert_code(0);
        let bits = |record| numbers(record, 3).iter().map(|number| number.to_bits()).collect();
        service.assert_holds(
            &(0..60).map(|record| (keys[record].clone(), (bits(record), Value::Null))).collect(),
        );
    }
}

#[test]
fn a_column_without_any_value_is_no_finding_and_one_with_a_single_value_is() {
    const ROWS: usize = 40;
    let one = |row: Option<usize>| -> ArrayRef {
        Arc::new((0..ROWS).map(|at| (Some(at) == row).then_some("x")).collect::<StringArray>())
    };
    // Columns of several nodes each before those in question.
    let tags = || lists::<Int32Type>((0..ROWS).map(|_| Some(vec![Some(1)])));
    let nested = || -> ArrayRef {
        let field =
            |name: &str, array: &ArrayRef| Arc::new(Field::new(name, array.data_type().clone(), true));
        let (tags, text) = (tags(), one(None));
        Arc::new(StructArray::from(vec![(field("tags", &tags), tags), (field("text", &text), text)]))
    };
    for (value, told) in [(None, "nested, tags"), (Some(ROWS - 1), "lang, nested, tags")] {
        let columns = [
            ("id", texts(0..ROWS)),
            ("nested", nested()),
            ("tags", tags()),
            ("vector", Lists::List.of(0..ROWS, 3)),
            ("lang", one(value)),
            ("gone", lists::<Int32Type>((0..ROWS).map(|_| None))),
            ("nothing", Arc::new(NullArray::new(ROWS))),
        ];
        let table = table(&columns);
        for file in
            [arrow(&table, 7, false, None), arrow(&table, ROWS, true, None), parquet_of_groups(&table, 7)]
        {
            let (home, service) = (Home::new(), TestService::start(unlimited()));
            home.write("data", file);
            let summary = run(home.put(&service).arg("data")).assert_code(0).summary();
            let note = summary["notes"][0]["message"].as_str().unwrap();
            let mut names: Vec<_> = note.strip_prefix("columns not stored: ").unwrap().split(", ").collect();
            names.sort_unstable();
            assert_eq!(names.join(", "), told);
        }
    }
}

#[test]
fn columns_that_differ_from_the_key_in_nothing_but_case_are_both_named() {
    let columns = [("Id", texts(["a"])), ("ID", texts(["b"])), ("vector", Lists::List.of(0..1, 3))];
    let table = table(&columns);
    for file in [arrow(&table, 1, false, None), parquet_of_groups(&table, 1)] {
        let home = Home::new();
        home.write("data", file);
        let dry = ["put-vectors", "--dry-run", "data", "--rejects", "r"];
        let ended = run(home.ossvec().args(dry));
        let message = "both columns Id and ID could be id; choose one with --key";
        assert!(ended.assert_code(4).stderr.contains(message), "{}", ended.stderr);
        run(home.ossvec().args(dry).args(["--key", "ID"])).assert_code(0);
    }
}

#[test]
fn killed_in_the_middle_a_load_goes_on_in_the_middle_of_a_batch() {
    const ROWS: usize = 900;
    for is_stream in [false, true] {
        let options = Options { log_keys: true, latency: std::time::Duration::from_millis(5), ..unlimited() };
        let (home, service) = (Home::new(), TestService::start(options));
        let codec = Some(CompressionType::ZSTD);
        home.write("a.arrow", arrow(&records(0..ROWS, 6, Lists::List), 400, is_stream, codec));
        let load = || {
            let mut load = home.put(&service);
            load.args([
                "a.arrow",
                "--resume",
                "--batch-size",
                "20",
                "--job",
                "2",
                "--checkpoint-dir",
                "state",
            ]);
            load
        };
        let kills = killed_until_it_ends(&service, load, || 11, |_| ());
        assert!(kills > 2, "{kills}");
        service.assert_holds(&wanted(0..ROWS, 6));
        let sent: usize = service.statistics().recent.iter().map(|seen| seen.keys.len()).sum();
        assert!(sent <= ROWS + kills * 2 * 20 + 20, "{sent} vectors were sent for {ROWS} with {kills} kills");
    }
}

#[test]
fn files_of_polars_are_read_whatever_its_version_leaves_out_or_puts_elsewhere() {
    // Polars 1 puts lists of numbers where these are not aligned; Polars 2 does not frame the schema at the start of a file, and
    // writes dictionaries after the rows that refer to them.
    for version in ["1.20", "2.1"] {
        for ending in ["arrow", "arrows"] {
            let (home, service) = (Home::new(), TestService::start(unlimited()));
            let name = format!("polars-{version}.{ending}");
            let inputs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/inputs");
            home.write(&name, std::fs::read(inputs.join(&name)).unwrap());
            let load = [&name, "--metadata", "title,lang", "--metadata-values", "text"];
            run(home.put_sized(&service, 2).args(load)).assert_code(0);
            let vectors =
                [[0.12_f32, -0.03], [0.31, 0.07], [0.25, 0.5]].map(|vector| vector.map(f32::to_bits));
            let metadata = [
                json!({"title": "First", "lang": "en"}),
                json!({"lang": "zh"}),
                json!({"title": "A title of more than twelve bytes", "lang": "en"}),
            ];
            let records = (1..).zip(vectors).zip(metadata);
            let records =
                records.map(|((n, bits), metadata)| (format!("doc-{n}"), (bits.to_vec(), metadata)));
            service.assert_holds_in(&name, &records.collect());
        }
    }
}

#[test]
fn files_and_streams_in_the_format_before_arrow_0_15_are_read() {
    let rows = records(0..50, 5, Lists::List);
    for version in [MetadataVersion::V4, MetadataVersion::V5] {
        let options = || IpcWriteOptions::try_new(8, version == MetadataVersion::V4, version).unwrap();
        let (mut stream, mut file) = (Vec::new(), Vec::new());
        let mut writer = StreamWriter::try_new_with_options(&mut stream, &rows.schema(), options()).unwrap();
        (0..5).for_each(|batch| writer.write(&rows.slice(batch * 10, 10)).unwrap());
        writer.finish().unwrap();
        let mut writer = FileWriter::try_new_with_options(&mut file, &rows.schema(), options()).unwrap();
        (0..5).for_each(|batch| writer.write(&rows.slice(batch * 10, 10)).unwrap());
        writer.finish().unwrap();
        for content in [stream, file] {
            let (home, service) = (Home::new(), TestService::start(unlimited()));
            home.write("data", content);
            run(home.put(&service).arg("data")).assert_code(0);
            service.assert_holds(&wanted(0..50, 5));
        }
    }
}

#[test]
fn what_is_damaged_is_told_before_anything_is_sent() {
    let file = arrow(&records(0..50, 5, Lists::List), 20, false, None);
    let stream = arrow(&records(0..50, 5, Lists::List), 20, true, None);
    let mut damaged = stream.clone();
    damaged[8..40].fill(0xff);
    let home = Home::new();
    home.write("torn.arrow", &file[..file.len() - 40]);
    home.write("torn.stream", &stream[..stream.len() / 2]);
    home.write("damaged.stream", damaged);
    home.write("old.feather", b"FEA1\0\0\0\0\0\0\0\0\0\0\0\0FEA1");
    for (name, message) in [
        (
            "torn.arrow",
            "torn.arrow is an Arrow file without its end: it is truncated, or still being written",
        ),
        (
            "torn.stream",
            "torn.stream is an Arrow file without its end: it is truncated, or still being written",
        ),
        ("damaged.stream", "damaged.stream is damaged: cannot read its Arrow data at row 1: "),
        (
            "old.feather",
            "old.feather is a Feather file of version 1, which is not supported yet\n        write it again as version 2",
        ),
    ] {
        let ended = run(home.ossvec().args(["put-vectors", "--dry-run", name]));
        assert!(ended.assert_code(3).stderr.contains(message), "{}", ended.stderr);
    }
    let piped = run_with_input(home.ossvec().args(["put-vectors", "--dry-run", "-"]), stream);
    let message = "(stdin) is an Arrow file, which cannot be read from a pipe or standard input";
    assert!(piped.stderr.contains(message), "{}", piped.stderr);
}

#[test]
fn no_damage_anywhere_makes_the_program_panic_or_store_what_is_not_there() {
    let (home, mut random) = (Home::new(), fastrand::Rng::with_seed(3));
    let rows = records(0..40, 4, Lists::List);
    for round in 0..60 {
        let mut file = match round % 3 {
            0 => crate::column_files::parquet_of_groups(&rows, 15),
            1 => arrow(&rows, 15, false, Some(CompressionType::LZ4_FRAME)),
            _ => arrow(&rows, 15, true, None),
        };
        for _ in 0..random.usize(1..4) {
            let at = random.usize(8..file.len());
            file[at] ^= 1 << random.u8(0..8);
        }
        home.write("a", &file);
        let ended = run(home.ossvec().args(["put-vectors", "--dry-run", "a", "--rejects", "r"]));
        assert!(matches!(ended.code, Some(0 | 1 | 3 | 4)), "{round}: {:?}\n{}", ended.code, ended.stderr);
        assert!(!ended.stderr.contains("bug in ossvec at src"), "{round}: {}", ended.stderr);
    }
}
