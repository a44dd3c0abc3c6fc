//! Loading real files, end to end: whatever the form of the input, the same set is stored, bit for bit.

use std::ops::Range;

use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::operation::Operation;
use serde_json::json;

use crate::recorder::Recorder;
use crate::support::{
    Home, State, TestService, bzip2, gzip, line, lines, lz4, run, run_with_input, unlimited, wanted, words,
    xz, zstd,
};

/// As many records as take four full batches and one that is not.
const RECORDS: usize = 2_300;
const DIMENSION: usize = 8;

/// Numbers that a careless way from text to float32 and back gets wrong, as JSON spells them.
const AWKWARD: [&str; 24] = [
    "-0.0",
    "0",
    "1e-45",
    "-1.401298464324817e-45",
    "7.006492321624085e-46",
    "7.006492321624087e-46",
    "5e-324",
    "1.1754942106924411e-38",
    "1.1754943508222875e-38",
    "3.4028234663852886e+38",
    "-3.4028235e38",
    "3.4028235677973362e+38",
    "0.1",
    "0.30000000000000004",
    "0.1000000014901161193847656250000000000000000000001",
    "1.0000000596046448",
    "1.00000017881393432617187499",
    "1.000000178813934326171875",
    "16777217",
    "16777219",
    "9007199254740993.0",
    "123456789.12345679",
    "-2.5E-10",
    "33554433.000000001",
];

/// The numbers of a record as they are written: some awkward ones, and doubles with all their digits.
fn spelled(record: usize) -> Vec<String> {
    let awkward = (0..3).map(|index| AWKWARD[(record + index * 7) % AWKWARD.len()].to_owned());
    let doubles = (3..DIMENSION).map(|index| {
        let mixed = (record * DIMENSION + index).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11;
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double")]
        let value = mixed as f64 / (1u64 << 53) as f64 - 0.5;
        format!("{value:?}")
    });
    awkward.chain(doubles).collect()
}

fn key(record: usize) -> String {
    format!("Schlüssel \"{record}\" / 鍵")
}

fn title(record: usize) -> String {
    format!("No. {record}, \"quoted\";\ttabbed\nand broken 🦀")
}

fn metadata(record: usize) -> serde_json::Value {
    json!({ "n": record.to_string(), "title": title(record) })
}

fn element(record: usize) -> String {
    format!(
        "{{\"key\":{},\"data\":{{\"float32\":[{}]}},\"metadata\":{}}}",
        json!(key(record)),
        spelled(record).join(","),
        metadata(record)
    )
}

/// What must be stored, by the standard library's own correctly rounded reading of the text.
fn expected(records: Range<usize>) -> State {
    let bits = |text: &String| text.parse::<f32>().unwrap().to_bits();
    records
        .map(|record| (key(record), (spelled(record).iter().map(bits).collect(), metadata(record))))
        .collect()
}

fn jsonl(records: Range<usize>) -> Vec<u8> {
    records.flat_map(|record| (element(record) + "\n").into_bytes()).collect()
}

fn array(records: Range<usize>) -> Vec<u8> {
    format!("[\n  {}\n]\n", records.map(element).collect::<Vec<_>>().join(",\n  ")).into_bytes()
}

/// A whole request body of the service; the index that it names is not the one of the command line.
fn body(records: Range<usize>) -> Vec<u8> {
    let elements = records.map(element).collect::<Vec<_>>().join(",");
    format!("{{\"indexName\":\"other\",\"vectors\":[{elements}]}}").into_bytes()
}

/// A table whose metadata column holds JSON.
fn table(records: Range<usize>, delimiter: u8) -> Vec<u8> {
    rows(records, delimiter, &["key", "vector", "metadata"], |record| vec![metadata(record).to_string()])
}

/// A table with a column for each metadata field, and one that nobody wants.
fn wide_table(records: Range<usize>, delimiter: u8) -> Vec<u8> {
    rows(records, delimiter, &["id", "embedding", "n", "ignored", "title"], |record| {
        vec![record.to_string(), "x".to_owned(), title(record)]
    })
}

fn rows(
    records: Range<usize>,
    delimiter: u8,
    header: &[&str],
    rest: impl Fn(usize) -> Vec<String>,
) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    writer.write_record(header).unwrap();
    for record in records {
        let vector = format!("[{}]", spelled(record).join(", "));
        writer.write_record([vec![key(record), vector], rest(record)].concat()).unwrap();
    }
    writer.into_inner().unwrap()
}

fn windows_lines(records: Range<usize>) -> Vec<u8> {
    let text = records.map(|record| element(record) + "\r\n").collect::<String>();
    format!("\u{feff}{text}\r\n").into_bytes()
}

/// One way to give the records to the program.
struct Form {
    name: &'static str,
    command: &'static [&'static str],
    files: Vec<(&'static str, Vec<u8>)>,
    input: Vec<u8>,
    arguments: &'static [&'static str],
}

fn form(name: &'static str, files: Vec<(&'static str, Vec<u8>)>, arguments: &'static [&'static str]) -> Form {
    Form { name, command: &["put-vectors"], files, input: Vec::new(), arguments }
}

fn from_stdin(name: &'static str, input: Vec<u8>, arguments: &'static [&'static str]) -> Form {
    Form { input, ..form(name, Vec::new(), arguments) }
}

fn forms() -> Vec<Form> {
    let all = 0..RECORDS;
    let parts = || {
        vec![
            ("parts/1.json", array(0..701)),
            ("parts/2.csv", gzip(&table(701..1_500, b','))),
            ("parts/3.jsonl.zst", zstd(&jsonl(1_500..RECORDS))),
        ]
    };
    let api =
        form("ossutil's command", vec![("body.json", body(all.clone()))], &["--vectors", "file://body.json"]);
    vec![
        form("a JSON array", vec![("a.json", array(all.clone()))], &["a.json"]),
        form("a request body", vec![("a.json", body(all.clone()))], &["a.json"]),
        form("JSONL", vec![("a.jsonl", jsonl(all.clone()))], &["a.jsonl"]),
        form("JSONL of another system", vec![("a.txt", windows_lines(all.clone()))], &["a.txt"]),
        form("CSV", vec![("a.csv", table(all.clone(), b','))], &["a.csv"]),
        form(
            "CSV with its fields named",
            vec![("a.csv", wide_table(all.clone(), b','))],
            &["a.csv", "--metadata", "n,title"],
        ),
        form("TSV", vec![("a.tsv", table(all.clone(), b'\t'))], &["a.tsv"]),
        form("gzip", vec![("a.jsonl.gz", gzip(&jsonl(all.clone())))], &["a.jsonl.gz"]),
        form("bzip2", vec![("a.csv.bz2", bzip2(&table(all.clone(), b',')))], &["a.csv.bz2"]),
        form("xz", vec![("a.json.xz", xz(&array(all.clone())))], &["a.json.xz"]),
        form("LZ4", vec![("a.jsonl.lz4", lz4(&jsonl(all.clone())))], &["a.jsonl.lz4"]),
        form("LZ4 in xz", vec![("a.jsonl", xz(&lz4(&jsonl(all.clone()))))], &["a.jsonl"]),
        form("zstd under a wrong name", vec![("a.json", zstd(&array(all.clone())))], &["a.json"]),
        from_stdin("standard input", jsonl(all.clone()), &["-"]),
        from_stdin("packed standard input", gzip(&table(all.clone(), b',')), &["-", "--format", "csv"]),
        from_stdin("ossutil's standard input", array(all.clone()), &["--vectors", "-"]),
        form("several inputs", parts(), &["parts/1.json", "parts/2.csv", "parts/3.jsonl.zst"]),
        form("a directory", parts(), &["parts"]),
        form("ossutil's file", vec![("b.json", body(all))], &["--vectors", "file://b.json"]),
        Form { command: &["vectors-api", "put-vectors"], ..api },
    ]
}

#[test]
fn every_form_of_the_input_stores_the_same_set_bit_for_bit() {
    let want = expected(0..RECORDS);
    for Form { name, command, files, input, arguments } in forms() {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        for (path, content) in files {
            home.write(path, content);
        }
        let ended = run_with_input(home.put_as(command, &service).args(arguments), input);
        assert_eq!(ended.code, Some(0), "{name}: {}", ended.stderr);
        if command.contains(&"vectors-api") {
            assert!(ended.stderr.contains("stored      2,300 vectors, "), "{name}: {}", ended.stderr);
        } else {
            assert_eq!(ended.counts(["read", "stored", "batches"]), [2_300, 2_300, 5], "{name}");
        }
        service.assert_holds(&want);
        let puts = service.statistics().of(Operation::PutVectors);
        assert_eq!((puts.requests, puts.vectors_stored), (5, 2_300), "{name}");
    }
}

#[test]
fn vectors_on_the_command_line_itself_are_stored_bit_for_bit() {
    for text in [array(0..100), body(0..100), jsonl(0..100)] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let text = String::from_utf8(text).unwrap();
        let ended = run(home.put(&service).args(["--vectors", &text]));
        assert_eq!(ended.assert_code(0).counts(["read", "stored"]), [100, 100]);
        service.assert_holds(&expected(0..100));
    }
}

#[test]
fn a_file_of_several_batches_is_stored_bit_for_bit() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let input = home.write("vectors.jsonl", lines(1_100, 8));
    let ended = run(home.put(&service).arg(&input));
    assert_eq!(ended.assert_code(0).counts(["read", "stored", "batches", "attempts"]), [1_100, 1_100, 3, 3]);
    service.assert_holds(&wanted(0..1_100, 8));
}

#[test]
fn no_more_requests_are_in_flight_than_jobs() {
    for job in [1, 3] {
        let latency = std::time::Duration::from_millis(100);
        let (home, service) = (Home::new(), TestService::start(Options { latency, ..unlimited() }));
        let input = home.write("vectors.jsonl", lines(200, 4));
        let ended =
            run(home.put(&service).arg(input).args(["--batch-size", "10", "--job", &job.to_string()]));
        assert_eq!(ended.assert_code(0).counts(["stored", "batches"]), [200, 20]);
        assert_eq!(service.statistics().most_in_flight, job);
    }
}

#[test]
fn requests_share_as_many_connections_as_are_in_flight_at_once() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let recorder = Recorder::start(service.address);
    let input = home.write("vectors.jsonl", lines(1_000, 4));
    let mut load = home.put_to(&format!("http://{}", recorder.address));
    let ended = run(load.arg(input).args(["--batch-size", "10", "--job", "4"]));
    assert_eq!(ended.assert_code(0).counts(["stored", "batches"]), [1_000, 100]);
    assert!(recorder.recorded().len() > 100);
    assert!(recorder.connections() <= 8, "{} connections", recorder.connections());
}

#[test]
fn bodies_are_sent_with_their_md5_unless_never() {
    for (flags, is_sent) in [
        (&[][..], true),
        (&["--content-md5", "auto"], true),
        (&["--content-md5=always"], true),
        (&["--content-md5", "never"], false),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let recorder = Recorder::start(service.address);
        // The record that is refused makes parts of its batch have bodies of their own.
        service.trouble(&["refuse-key=key-7"]);
        let input = home.write("vectors.jsonl", lines(1_200, 4));
        let mut load = home.put_to(&format!("http://{}", recorder.address));
        let ended = run(load.arg(input).args(flags));
        assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [1_199, 1], "{flags:?}");
        let recorded = recorder.recorded();
        assert!(recorded.iter().filter(|request| request.url.ends_with("?putVectors")).count() > 4);
        for request in recorded {
            let header = request.headers.get("content-md5");
            assert_eq!(header.is_some(), is_sent, "{flags:?} {}", request.url);
        }
        assert_eq!(service.state(), wanted((0..1_200).filter(|record| *record != 7), 4));
    }
}

#[test]
fn a_dry_run_reads_everything_and_asks_nobody() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let input = home.write("vectors.jsonl", jsonl(0..RECORDS));
    let mut command = home.ossvec();
    command.arg("put-vectors").arg(&input).args(["--dry-run", "--output-format", "json", "--endpoint"]);
    let ended = run(command.arg(format!("http://{}", service.address)));
    assert_eq!(ended.assert_code(0).counts(["read", "stored", "not_sent", "batches"]), [2_300, 0, 2_300, 5]);
    assert_eq!(ended.summary()["quota_seconds"], 1.0);
    assert!(service.statistics().operations.is_empty() && service.is_untouched());
}

#[test]
fn a_dry_run_needs_neither_target_nor_credentials_and_asks_nobody() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", [lines(1_200, 4), line(7, 5)].concat());
    let mut command = home.ossvec();
    command
        .args(["put-vectors", "a.jsonl", "-n", "--dimension", "4", "--endpoint"])
        .arg(format!("http://{}", service.address));
    let ended = run(&mut command);
    assert!(ended.assert_code(4).stdout.starts_with("dry run     nothing was sent\n"), "{}", ended.stdout);
    assert!(ended.stdout.contains("\nwould send  1,200 vectors in 3 requests of 400 "), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("rejected    1 record\n            1 × dimension, first at a.jsonl:1201: ")
    );
    assert!(service.is_untouched());
    assert!(!home.path(".local").exists(), "a dry run left something behind");
}

#[test]
fn a_local_index_that_is_there_keeps_its_metric() {
    let home = Home::new();
    home.write("a.jsonl", lines(3, 4));
    for more in ["--distance-metric euclidean", ""] {
        let mut load = home.ossvec();
        load.args(["put-vectors", "a.jsonl", "--local", "--index-name", "idx"]).args(words(more));
        run(&mut load).assert_code(0);
    }
}
