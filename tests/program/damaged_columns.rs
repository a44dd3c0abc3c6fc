//! Files of columns that are not as they should be, or only nearly so: each is read as its table would be, or refused with
//! its limit and the cure.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, DurationMicrosecondArray, DurationSecondArray, Int64Array, ListArray, RecordBatch,
    StringArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_ipc::CompressionType;
use arrow_schema::{DataType, Field, Schema};
use parquet::file::properties::WriterProperties;

use crate::array_files::npy;
use crate::column_files::{arrow, float32, parquet, table, texts};
use crate::every_form::zip;
use crate::parquet_files::column_bytes;
use crate::support::{Home, TestService, numbers, run, unlimited};

fn vectors(rows: usize) -> impl Iterator<Item = Vec<f32>> {
    (0..rows).map(|row| numbers(row, 4))
}

#[test]
fn columns_of_key_and_vector_are_found_in_any_case_as_in_tables() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let columns =
        table(&[("ID", texts(["a", "b"])), ("Embedding", float32(vectors(2))), ("Title", texts(["x", "y"]))]);
    home.write("a.parquet", parquet(&columns, WriterProperties::default()));
    home.write("a.arrow", arrow(&columns, 2, false, None));
    let cell = |row| serde_json::json!(numbers(row, 4)).to_string();
    home.write("a.csv", format!("ID,Embedding,Title\na,\"{}\",x\nb,\"{}\",y\n", cell(0), cell(1)));
    let state = |name: &str| {
        run(home.put(&service).args([name, "--metadata", "Title"])).assert_code(0);
        let state = service.state();
        service.service.store().delete_index(crate::support::BUCKET, crate::support::INDEX).unwrap();
        state
    };
    let wanted = state("a.csv");
    assert_eq!(wanted.len(), 2);
    assert_eq!(state("a.parquet"), wanted);
    assert_eq!(state("a.arrow"), wanted);
    // A reject has the names that are looked for, so that it is found again.
    let load = ["a.parquet", "--dimension", "3", "--rejects", "r.jsonl"];
    run(home.put(&service).args(load)).assert_code(4);
    service.service.store().delete_index(crate::support::BUCKET, crate::support::INDEX).unwrap();
    run(home.put(&service).arg("r.jsonl")).assert_code(0);
    assert_eq!(service.state().len(), 2);
}

#[test]
fn a_column_without_any_value_is_not_called_a_column_that_is_not_stored() {
    let home = Home::new();
    let columns = table(&[
        ("id", texts(["a", "b"])),
        ("vector", float32(vectors(2))),
        ("empty", Arc::new(StringArray::new_null(2))),
        ("half", Arc::new(StringArray::from(vec![Some("x"), None]))),
    ]);
    home.write("a.parquet", parquet(&columns, WriterProperties::default()));
    let ended = run(home.ossvec().args(["put-vectors", "--dry-run", "a.parquet"]));
    ended.assert_code(0);
    assert!(ended.stderr.contains("columns not stored: half,"), "{}", ended.stderr);
}

#[test]
fn a_page_that_says_that_it_unpacks_to_gigabytes_is_refused_before_there_is_memory_for_it() {
    let home = Home::new();
    let properties = WriterProperties::builder().set_dictionary_enabled(false).build();
    let mut file = parquet(&table(&[("id", texts(["a", "b"])), ("vector", float32(vectors(2)))]), properties);
    // The header of the only page of the last column: its sizes are the second and the third field.
    let at = column_bytes(&file, "vector").start;
    assert_eq!((file[at], file[at + 2]), (0x15, 0x15));
    let length = file[at + 3..].iter().position(|byte| *byte < 0x80).unwrap() + 1;
    file.splice(at + 3..at + 3 + length, [0xfe, 0xff, 0xff, 0xff, 0x0f]);
    home.write("a.parquet", file);
    let ended = run(home.ossvec().args(["put-vectors", "--dry-run", "a.parquet"]));
    ended.assert_code(3);
    insta::assert_snapshot!(ended.stderr, @"
    ossvec: a.parquet is a Parquet file with pages of more than 256 MiB, which is not supported yet
            write smaller pages, with pyarrow: write_table(table, PATH, data_page_size=1 << 20)
    ");
}

#[test]
fn a_record_batch_that_says_that_it_unpacks_to_gigabytes_is_refused_before_there_is_memory_for_it() {
    let home = Home::new();
    let columns = table(&[("id", texts((0..900).map(|_| "a"))), ("vector", float32(vectors(900)))]);
    let mut file = arrow(&columns, 900, false, Some(CompressionType::ZSTD));
    // Before the packed bytes of each buffer stands how many they unpack to.
    let at = file.windows(4).position(|bytes| bytes == [0x28, 0xb5, 0x2f, 0xfd]).unwrap();
    file[at - 8..at].copy_from_slice(&(3_u64 << 30).to_le_bytes());
    home.write("a.arrow", file);
    let ended = run(home.ossvec().args(["put-vectors", "--dry-run", "a.arrow"]));
    ended.assert_code(3);
    let message = "ossvec: a.arrow is an Arrow file with record batches of more than 512 MiB, which is not supported yet\n";
    assert!(ended.stderr.starts_with(message), "{}", ended.stderr);
}

#[test]
fn an_array_in_an_archive_that_is_not_as_it_was_written_is_not_taken_for_whole() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let data: Vec<u8> = vectors(3_000).flatten().flat_map(f32::to_le_bytes).collect();
    let vectors = npy("<f4", "(3000, 4)", &data);
    let mut archive = zip(&[("embeddings.npy", &vectors)], false);
    let at = archive.windows(64).position(|bytes| bytes == &data[..64]).unwrap();
    archive[at + 2] ^= 1;
    home.write("a.npz", archive);
    let ended = run(home.put(&service).args(["a.npz", "--key-template", "{row}"]));
    ended.assert_code(3);
    let told = "a.npz is damaged: cannot read its NPZ data at row 2561: its checksum is another";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    assert!(service.state().len() < 3_000);
    let short = zip(&[("embeddings.npy", &vectors[..vectors.len() - 16])], true);
    home.write("short.npz", short);
    let ended = run(home.put(&service).args(["short.npz", "--key-template", "{row}"]));
    ended.assert_code(3);
    let told = "embeddings has 48112 bytes in the archive, but 48128 as an array";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
}

#[test]
fn what_a_file_says_of_its_sizes_is_neither_believed_nor_lost() {
    let home = Home::new();
    let seeds = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds");
    for (name, message) in [
        // Rows by the million, and no column that has any.
        ("arrow/rows-without-columns", "it says that it has"),
        // A number of rows below zero, which their decoder takes for one without end.
        ("arrow/negative-rows", "a record batch has a negative number of rows"),
        // No rows in all, and three in its only row group.
        ("parquet/rows-left-out", "its footer says 0 rows, its row groups 3"),
        // A row group of no rows, whose pages have one.
        ("parquet/rows-beyond-count", "row group 2 has more rows than it says"),
        // A list of four billion elements that have no bytes.
        ("parquet/endless-list", "its footer is not whole"),
        // Another such list, in a structure that is none of those that its place has.
        ("parquet/other-types", "its footer is not whole"),
    ] {
        let mut content = std::fs::read(seeds.join(name)).unwrap();
        content.pop();
        home.write("input", content);
        let ended = run(home.ossvec().args(["put-vectors", "--dry-run", "input", "--rejects", "r"]));
        assert!(matches!(ended.code, Some(3 | 4)), "{name}: {:?} {}", ended.code, ended.stderr);
        assert!(ended.stderr.contains(message), "{name}: {}", ended.stderr);
        assert!(!ended.stderr.contains("bug in ossvec"), "{name}: {}", ended.stderr);
    }
}

#[test]
fn numbers_that_mean_something_else_are_not_stored_as_numbers() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let period = |column: Int64Array| {
        let metadata = HashMap::from([("ARROW:extension:name".to_owned(), "pandas.period".to_owned())]);
        (Field::new("period", DataType::Int64, true).with_metadata(metadata), Arc::new(column) as ArrayRef)
    };
    let plain = |name: &str, column: ArrayRef| (Field::new(name, column.data_type().clone(), true), column);
    let items = DurationSecondArray::from(vec![90, 91, 92]);
    let item = Arc::new(Field::new("item", items.data_type().clone(), true));
    let list = ListArray::new(item, OffsetBuffer::from_lengths([2, 1]), Arc::new(items), None);
    let (fields, columns): (Vec<_>, Vec<_>) = [
        plain("id", texts(["a", "b"])),
        plain("vector", float32(vectors(2))),
        plain("count", Arc::new(Int64Array::from(vec![7, 8]))),
        plain("duration", Arc::new(DurationMicrosecondArray::from(vec![Some(90_000_000), None]))),
        plain("list", Arc::new(list)),
        period(Int64Array::from(vec![50, 51])),
    ]
    .into_iter()
    .unzip();
    let table = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    home.write("a.parquet", parquet(&table, WriterProperties::default()));
    home.write("a.arrow", arrow(&table, 2, false, None));
    for name in ["a.parquet", "a.arrow"] {
        for (field, codes) in [("count", 0), ("duration", 4), ("list", 4), ("period", 4)] {
            let load = [name, "--metadata", field, "--metadata-values", "text", "--rejects", "r.jsonl"];
            let ended = run(home.put(&service).args(load));
            ended.assert_code(codes);
            let told = format!("metadata {field} ");
            assert_eq!(codes == 4, ended.stderr.contains(&told), "{name} {field}: {}", ended.stderr);
            let state = service.state();
            assert_eq!(state.contains_key("a"), codes == 0, "{name} {field}");
            assert_eq!(state.contains_key("b"), codes == 0 || field == "duration", "{name} {field}");
            service.service.store().delete_index(crate::support::BUCKET, crate::support::INDEX).unwrap();
            std::fs::remove_file(home.path("r.jsonl")).unwrap_or_default();
        }
    }
}
