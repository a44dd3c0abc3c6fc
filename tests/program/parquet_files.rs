//! Parquet files: whatever they are written with, what is stored is what the same records are as lines.

use std::sync::Arc;

use arrow_array::builder::{MapBuilder, StringBuilder};
use arrow_array::types::{Float16Type, Float64Type, Int64Type, UInt8Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, FixedSizeBinaryArray, Float32Array,
    Float64Array, Int32Array, Int64Array, ListArray, StringArray, StructArray, TimestampMicrosecondArray,
    UInt64Array,
};
use arrow_schema::Field;
use ossvec::test_support::local_service::Options;
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::properties::{WriterProperties, WriterVersion};
use serde_json::{Value, json};

use crate::column_files::{Lists, float32, lists, parquet, parquet_of_groups, records, table, texts};
use crate::support::{BUCKET, Home, INDEX, State, TestService, gzip, line, run, unlimited, wanted};
use crate::trouble::{journals, json_lines, killed_until_it_ends, last_mark};

fn plain(columns: &[(&str, ArrayRef)]) -> Vec<u8> {
    parquet(&table(columns), WriterProperties::default())
}

/// What a load of a file stores, in a service of its own.
#[track_caller]
fn stored(file: &[u8], more: &[&str]) -> State {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.parquet", file);
    run(home.put(&service).arg("a.parquet").args(more)).assert_code(0);
    service.state()
}

fn state(records: &[(&str, &[f32], Value)]) -> State {
    let bits = |numbers: &[f32]| numbers.iter().map(|number| number.to_bits()).collect();
    records
        .iter()
        .map(|(key, numbers, metadata)| ((*key).to_owned(), (bits(numbers), metadata.clone())))
        .collect()
}

#[test]
fn vectors_of_every_codec_and_kind_of_list_are_stored_as_the_same_lines_are() {
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
        Compression::BROTLI(BrotliLevel::default()),
    ];
    for (number, codec) in codecs.into_iter().enumerate() {
        let lists = Lists::ALL[number % Lists::ALL.len()];
        let versions = [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0];
        let properties = WriterProperties::builder()
            .set_compression(codec)
            .set_writer_version(versions[number % 2])
            .set_dictionary_enabled(number % 3 == 0)
            .set_max_row_group_row_count(Some(170));
        let file = parquet(&records(0..700, 9, lists), properties.build());
        assert!(stored(&file, &[]) == wanted(0..700, 9), "{codec:?} {lists:?}");
    }
}

#[test]
fn numbers_of_every_type_become_the_nearest_float32() {
    let numbers = [-0.0, 0.5, 1.0 / 3.0, 65_504.0, 5.960_464_5e-8];
    let halves = numbers.map(half::f16::from_f64);
    let vectors: [(ArrayRef, Vec<f32>); 4] = [
        (lists::<Float16Type>([Some(halves.map(Some).to_vec())]), halves.map(half::f16::to_f32).to_vec()),
        (
            lists::<Float64Type>([Some(vec![Some(0.1), Some(1e-46), Some(16_777_217.0), Some(-3.4e38)])]),
            vec![0.1, 0.0, 16_777_216.0, -3.4e38],
        ),
        (
            lists::<Int64Type>([Some(vec![Some(i64::MIN), Some(16_777_217), Some(-7)])]),
            vec![-9_223_372_000_000_000_000.0, 16_777_216.0, -7.0],
        ),
        (lists::<UInt8Type>([Some(vec![Some(0), Some(255)])]), vec![0.0, 255.0]),
    ];
    for (vector, numbers) in vectors {
        let file = plain(&[("id", texts(["a"])), ("vector", vector)]);
        assert_eq!(stored(&file, &[]), state(&[("a", &numbers, Value::Null)]));
    }
}

#[test]
fn bytes_are_float32_numbers_where_the_user_says_that_they_are_the_vector() {
    let bytes: Vec<u8> = [0.1_f32, -2.5].iter().flat_map(|number| number.to_le_bytes()).collect();
    let file =
        plain(&[("id", texts(["a"])), ("emb", Arc::new(BinaryArray::from_vec(vec![bytes.as_slice()])))]);
    assert_eq!(stored(&file, &["--vector", "emb"]), state(&[("a", &[0.1, -2.5], Value::Null)]));
    let home = Home::new();
    home.write("a.parquet", file);
    let ended = run(home.ossvec().args(["put-vectors", "--dry-run", "a.parquet", "--rejects", "r"]));
    ended.assert_code(4);
    let cure = "the vector is binary data, not an array of numbers; if it is little-endian float32, choose its column \
                with --vector";
    assert!(ended.stderr.contains(cure), "{}", ended.stderr);
}

#[test]
fn keys_are_texts_integers_and_uuids() {
    let uuid = FixedSizeBinaryArray::try_from_iter(std::iter::once(*b"0123456789abcdef")).unwrap();
    let keys: [(ArrayRef, &str); 5] = [
        (texts(["00123"]), "00123"),
        (Arc::new(Int64Array::from(vec![i64::MIN])), "-9223372036854775808"),
        (Arc::new(Int32Array::from(vec![7])), "7"),
        (Arc::new(UInt64Array::from(vec![u64::MAX])), "18446744073709551615"),
        (Arc::new(uuid), "30313233-3435-3637-3839-616263646566"),
    ];
    for (key, wanted) in keys {
        let file = plain(&[("id", key), ("vector", float32([vec![1.0]]))]);
        assert_eq!(stored(&file, &[]), state(&[(wanted, &[1.0], Value::Null)]));
    }
}

/// One row with metadata of every kind.
fn rich() -> Vec<u8> {
    let tags =
        ListArray::from(ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1)])]).into_data());
    let item = Arc::new(Field::new("item", arrow_schema::DataType::Utf8, true));
    let words = ListArray::new(item, tags.offsets().clone(), texts(["x"]), None);
    let field = |name: &str, array: &dyn Array| Arc::new(Field::new(name, array.data_type().clone(), true));
    let day: ArrayRef = Arc::new(Date32Array::from(vec![19_724]));
    let moment: ArrayRef =
        Arc::new(TimestampMicrosecondArray::from(vec![1_704_164_645_000_678]).with_timezone("UTC"));
    let members: Vec<(&str, ArrayRef)> = vec![
        ("title", texts(["T"])),
        ("words", Arc::new(words)),
        ("count", Arc::new(Int64Array::from(vec![3]))),
        ("price", Arc::new(Float64Array::from(vec![1.5]))),
        ("ratio", Arc::new(Float32Array::from(vec![0.1]))),
        ("ok", Arc::new(BooleanArray::from(vec![true]))),
        ("day", day),
        ("at", moment),
        ("nothing", Arc::new(StringArray::new_null(1))),
    ];
    let metadata = members.into_iter().map(|(name, array)| (field(name, &array), array)).collect::<Vec<_>>();
    plain(&[
        ("id", texts(["a"])),
        ("vector", float32([vec![1.0, 2.0]])),
        ("metadata", Arc::new(StructArray::from(metadata))),
    ])
}

#[test]
fn metadata_is_what_it_would_be_in_json_and_dates_are_as_numbers_are() {
    let metadata = json!({
        "title": "T", "words": ["x"], "count": "3", "price": "1.5", "ratio": "0.1", "ok": "true",
        "day": "2024-01-02", "at": "2024-01-02T03:04:05.000678Z",
    });
    assert_eq!(stored(&rich(), &["--metadata-values", "text"]), state(&[("a", &[1.0, 2.0], metadata)]));
    let named = ["--metadata", "metadata.title,metadata.words"];
    let metadata = json!({ "title": "T", "words": ["x"] });
    assert_eq!(stored(&rich(), &named), state(&[("a", &[1.0, 2.0], metadata)]));
    let home = Home::new();
    home.write("a.parquet", rich());
    let day = ["put-vectors", "--dry-run", "a.parquet", "--metadata", "metadata.day", "--rejects", "r"];
    let ended = run(home.ossvec().args(day));
    let message = "metadata day is a date or a time; only text or a list of text can be stored; use \
                   --metadata-values text to store dates and times as text";
    assert!(ended.assert_code(4).stderr.contains(message), "{}", ended.stderr);
}

#[test]
fn pinecone_s_import_form_is_recognised_and_its_metadata_read() {
    let mut map = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    map.keys().append_value("color");
    map.values().append_value("red");
    map.append(true).unwrap();
    let metadata: [(ArrayRef, Value); 2] = [
        (texts([r#"{"genre":"drama","tags":["a","b"]}"#]), json!({ "genre": "drama", "tags": ["a", "b"] })),
        (Arc::new(map.finish()), json!({ "color": "red" })),
    ];
    for (metadata, wanted) in metadata {
        let file = plain(&[
            ("id", texts(["v1"])),
            ("values", float32([vec![0.1, 0.2]])),
            ("metadata", metadata),
            ("sparse_values", Arc::new(StringArray::new_null(1))),
        ]);
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("p.parquet", file);
        // Nothing of it is lost, so --strict has nothing to say.
        let ended = run(home.put(&service).args(["p.parquet", "--strict"]));
        ended.assert_code(0);
        let note = "note: reading p.parquet as Parquet: key id, vector values, metadata metadata";
        assert!(ended.stderr.contains(note), "{}", ended.stderr);
        service.assert_holds(&state(&[("v1", &[0.1, 0.2], wanted)]));
    }
}

/// Rows of which only the last is good.
fn bad() -> Vec<u8> {
    let vectors = [
        Some(vec![Some(1.0), Some(2.0)]),
        None,
        Some(vec![Some(1.0), None]),
        Some(vec![Some(f64::NAN), Some(1.0)]),
        Some(vec![Some(1.0), Some(f64::NEG_INFINITY)]),
        Some(vec![Some(1.0), Some(1e300)]),
        Some(vec![Some(1.0)]),
        Some(vec![]),
        Some(vec![Some(0.1), Some(-0.0)]),
    ];
    let keys = [None, Some("b"), Some("c"), Some("d"), Some("e"), Some("f"), Some("g"), Some("h"), Some("i")];
    plain(&[
        ("id", Arc::new(StringArray::from(keys.to_vec()))),
        ("text", texts(0..vectors.len())),
        ("vector", lists::<Float64Type>(vectors)),
    ])
}

/// Where each rejected record was, why, and its message.
fn reasons(rejects: &[Value]) -> Vec<(u64, String, String)> {
    let text = |line: &Value, name: &str| line["rejected"][name].as_str().unwrap().to_owned();
    rejects
        .iter()
        .map(|line| (line["rejected"]["line"].as_u64().unwrap(), text(line, "reason"), text(line, "message")))
        .collect()
}

#[test]
fn a_bad_row_is_rejected_with_its_number_and_judged_alike_when_its_reject_is_loaded() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.parquet", bad());
    let ended = run(home.put_sized(&service, 2).args(["a.parquet", "--rejects", "r.jsonl"]));
    ended.assert_code(4);
    assert!(
        ended.stderr.contains("a.parquet: row 7: key \"g\": the vector has 1 element"),
        "{}",
        ended.stderr
    );
    let good = state(&[("i", &[0.1, -0.0], Value::Null)]);
    service.assert_holds(&good);
    let rejected = reasons(&json_lines(&home.path("r.jsonl")));
    let told: Vec<_> =
        rejected.iter().map(|(row, reason, message)| format!("{row} {reason}: {message}\n")).collect();
    insta::assert_snapshot!(told.concat(), @r#"
    1 key_kind: the key field id is null, not text or an integer; choose another field with --key
    2 vector_kind: the vector is null, not an array of numbers
    3 not_a_number: element 1 of the vector is null, not a number
    4 not_finite: element 0 of the vector is NaN, which is not a finite float32
    5 not_finite: element 1 of the vector is -Infinity, which is not a finite float32
    6 not_finite: element 1 of the vector is 1e+300, which is not a finite float32
    7 dimension: the vector has 1 element; the dimension is 2
    8 dimension: the vector has 0 elements; the dimension is 2
    "#);
    let again = run(home.put_sized(&service, 2).args(["r.jsonl", "--rejects", "again.jsonl"]));
    again.assert_code(4);
    let cause = |(_, reason, message): &(u64, String, String)| (reason.clone(), message.clone());
    let rejected_again = reasons(&json_lines(&home.path("again.jsonl")));
    assert_eq!(
        rejected_again.iter().map(cause).collect::<Vec<_>>(),
        rejected.iter().map(cause).collect::<Vec<_>>()
    );
    service.assert_holds(&good);
}

#[test]
fn rows_that_fit_no_more_are_stored_exactly_from_their_rejects() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    for lists in Lists::ALL {
        home.write("a.parquet", parquet_of_groups(&records(0..50, 7, lists), 20));
        // Of another dimension than the index, and then of its own.
        let mut load = home.put_sized(&service, 3);
        load.args(["a.parquet", "--rejects", "r.jsonl", "--max-rejects", "none"]);
        run(&mut load).assert_code(4);
        assert!(service.state().is_empty());
        service.service.store().delete_index(BUCKET, INDEX).unwrap();
        run(home.put(&service).arg("r.jsonl")).assert_code(0);
        service.assert_holds_in(format!("{lists:?}"), &wanted(0..50, 7));
        assert!(service.service.store().delete_index(BUCKET, INDEX).unwrap());
        std::fs::remove_file(home.path("r.jsonl")).unwrap();
    }
}

#[test]
fn two_columns_that_could_be_the_vector_are_told_and_one_is_chosen_by_its_name() {
    let file =
        plain(&[("id", texts(["a"])), ("vector", float32([vec![1.0]])), ("embedding", float32([vec![2.0]]))]);
    let home = Home::new();
    home.write("a.parquet", &file);
    let ended = run(home.ossvec().args(["put-vectors", "--dry-run", "a.parquet", "--rejects", "r"]));
    let message = "a.parquet: row 1: both vector and embedding could be the vector";
    assert!(ended.assert_code(1).stderr.contains(message), "{}", ended.stderr);
    assert_eq!(stored(&file, &["--vector", "embedding"]), state(&[("a", &[2.0], Value::Null)]));
}

#[test]
fn columns_that_are_not_found_are_looked_for_among_those_that_are_there() {
    let home = Home::new();
    home.write("a.parquet", plain(&[("name", texts(["a"])), ("title_vector", float32([vec![1.0]]))]));
    let dry = |more: &[&str]| {
        run(home.ossvec().args(["put-vectors", "--dry-run", "a.parquet", "--rejects", "r"]).args(more))
    };
    let ended = dry(&[]);
    let there = "no key found (looked for key, id, _id, uuid, doc_id, custom_id, recordId; the columns are name, title_vector)";
    assert!(ended.assert_code(4).stderr.contains(there), "{}", ended.stderr);
    let note = "note: reading a.parquet as Parquet: no key, no vector";
    assert!(ended.stderr.contains(note), "{}", ended.stderr);
    dry(&["--key", "name", "--vector", "title_vector"]).assert_code(0);
    dry(&["--key", "nam", "--vector", "title_vector"]).assert_code(1);
}

/// Where the bytes of a column stand in a file.
pub(crate) fn column_bytes(file: &[u8], name: &str) -> std::ops::Range<usize> {
    let reader =
        parquet::file::serialized_reader::SerializedFileReader::new(bytes::Bytes::copy_from_slice(file));
    let reader = reader.unwrap();
    let metadata = parquet::file::reader::FileReader::metadata(&reader);
    let columns = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
    let column = columns.into_iter().find(|column| column.column_path().string().starts_with(name)).unwrap();
    let (start, length) = column.byte_range();
    usize::try_from(start).unwrap()..usize::try_from(start + length).unwrap()
}

fn with_text() -> Vec<u8> {
    let columns: [(&str, ArrayRef); 3] = [
        ("id", texts((0..40).map(|record| format!("key-{record}")))),
        ("vector", Lists::List.of(0..40, 5)),
        ("text", texts((0..40).map(|record| format!("text of {record}").repeat(20)))),
    ];
    parquet_of_groups(&table(&columns), 40)
}

#[test]
fn columns_that_no_load_needs_are_not_read() {
    let mut file = with_text();
    let text = column_bytes(&file, "text");
    file[text].fill(0xff);
    let held = stored(&file, &[]);
    let bits = |state: State| state.into_iter().map(|(key, (bits, _))| (key, bits)).collect::<Vec<_>>();
    assert_eq!(bits(held), bits(wanted(0..40, 5)));
}

#[test]
fn what_is_damaged_is_told_before_anything_is_sent_or_left_out() {
    let good = with_text();
    let vector = column_bytes(&good, "vector");
    let mut damaged = good.clone();
    damaged[vector].fill(0xff);
    let mut encrypted = good.clone();
    let end = encrypted.len();
    encrypted[end - 4..].copy_from_slice(b"PARE");
    let home = Home::new();
    home.write("good.parquet", &good);
    home.write("damaged.parquet", damaged);
    home.write("encrypted.parquet", encrypted);
    home.write("torn.parquet", &good[..good.len() / 2]);
    home.write("packed.parquet.gz", gzip(&good));
    home.write("text.parquet", "{}");
    let load =
        |more: &[&str]| run(home.ossvec().args(["put-vectors", "--dry-run", "--rejects", "r"]).args(more));
    for (name, message) in [
        (
            "encrypted.parquet",
            "is an encrypted Parquet file, which is not supported yet\n        write it again without encryption",
        ),
        (
            "torn.parquet",
            "is a Parquet file without its end: it is truncated, or still being written\n        create or download it again",
        ),
        (
            "packed.parquet.gz",
            "is a Parquet file, which cannot be read while it is compressed as a whole\n        decompress it first; it is compressed inside",
        ),
        ("damaged.parquet", "is damaged: cannot read its Parquet data at row 1: "),
    ] {
        let ended = load(&[name]);
        assert!(ended.assert_code(3).stderr.contains(message), "{}", ended.stderr);
        let ended = load(&["good.parquet", name, "--skip-bad-files"]);
        assert!(ended.assert_code(0).stderr.contains("skipped: "), "{}", ended.stderr);
        assert!(ended.stdout.contains("would send  40 vectors"), "{}", ended.stdout);
    }
    for (more, message) in [
        (
            &["good.parquet", "--format", "jsonl"][..],
            "good.parquet is a Parquet file, which cannot be read in the format that --format names\n        remove --format to have the format detected",
        ),
        (
            &["text.parquet", "--format", "parquet"],
            "text.parquet is not a Parquet file\n        remove --format to have the format detected",
        ),
    ] {
        let ended = load(more);
        assert!(ended.assert_code(3).stderr.contains(message), "{}", ended.stderr);
    }
    load(&["good.parquet", "--format", "parquet"]).assert_code(0);
    let piped = crate::support::run_with_input(home.ossvec().args(["put-vectors", "--dry-run", "-"]), good);
    let message = "(stdin) is a Parquet file, which cannot be read from a pipe or standard input";
    assert!(piped.stderr.contains(message), "{}", piped.stderr);
    assert_ne!(piped.code, Some(0));
}

#[test]
fn a_file_whose_later_part_is_damaged_is_read_up_to_there() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let good = parquet_of_groups(&records(0..200, 5, Lists::List), 100);
    let mut damaged = good.clone();
    let text = parquet_of_groups(&records(0..100, 5, Lists::List), 100);
    // The second row group begins where the first file has its index.
    let start = column_bytes(&text, "metadata").end;
    damaged[start..start + 60].fill(0xff);
    home.write("a.parquet", damaged);
    home.write("b.jsonl", (200..300).map(|record| line(record, 5)).collect::<String>());
    let mut load = home.put(&service);
    let ended = run(load.args(["a.parquet", "b.jsonl", "--events", "e.jsonl", "--checkpoint-dir", "state"]));
    ended.assert_code(3);
    let failed = &ended.summary()["failed_inputs"][0];
    assert_eq!((&failed["line"], &failed["unit"]), (&json!(101), &json!("row")), "{failed}");
    service.assert_holds(&wanted((0..100).chain(200..300), 5));
    home.write("a.parquet", good);
    run(load.arg("--resume")).assert_code(0);
    service.assert_holds(&wanted(0..300, 5));
}

#[test]
fn a_folder_as_spark_writes_it_is_loaded_without_its_marks() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    for part in 0..3 {
        let rows = records(part * 10..part * 10 + 10, 4, Lists::List);
        home.write(&format!("d/part-0000{part}-x.snappy.parquet"), parquet_of_groups(&rows, 10));
    }
    for mark in ["_SUCCESS", ".part-00000-x.snappy.parquet.crc", "_committed_1", ".hidden.parquet"] {
        home.write(&format!("d/{mark}"), "mark");
    }
    let ended = run(home.put(&service).arg("d"));
    ended.assert_code(0);
    assert!(!ended.stderr.contains("not loaded") && !ended.stderr.contains("_SUCCESS"), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("as Parquet: key key, vector embedding, metadata metadata"),
        "{}",
        ended.stderr
    );
    service.assert_holds(&wanted(0..30, 4));
}

#[test]
fn killed_in_the_middle_a_load_goes_on_at_a_row() {
    const ROWS: usize = 1_200;
    let options = Options { log_keys: true, latency: std::time::Duration::from_millis(5), ..unlimited() };
    let (home, service) = (Home::new(), TestService::start(options));
    home.write("a.parquet", parquet_of_groups(&records(0..ROWS, 6, Lists::Fixed), 250));
    let checkpoints = home.path("state");
    let load = || {
        let mut load = home.put(&service);
        load.args(["a.parquet", "--resume", "--batch-size", "20", "--job", "2", "--checkpoint-dir", "state"]);
        load
    };
    let mut random = fastrand::Rng::with_seed(14);
    let kills = killed_until_it_ends(
        &service,
        load,
        || random.u64(3..20),
        |_| {
            let journals = journals(&checkpoints);
            let Some(mark) = journals.first().and_then(|journal| last_mark(journal)) else { return };
            let position = &mark["position"];
            assert!(position["unit"].is_null() || position["unit"] == "row", "{mark}");
            assert_eq!(position["offset"], position["record"], "{mark}");
        },
    );
    assert!(kills > 3, "{kills}");
    service.assert_holds(&wanted(0..ROWS, 6));
    let sent: usize = service.statistics().recent.iter().map(|seen| seen.keys.len()).sum();
    assert!(sent <= ROWS + kills * 2 * 20 + 20, "{sent} vectors were sent for {ROWS} with {kills} kills");
}
