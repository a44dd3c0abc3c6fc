//! Files of columns that hold more than themselves, or less: what stands before, between or after their rows is never left out
//! without a word.

use ossvec::test_support::oss::operation::Operation;
use parquet::file::properties::WriterProperties;

use crate::array_files::npy;
use crate::column_files::{Lists, arrow, parquet, records};
use crate::every_form::zip;
use crate::support::{Home, TestService, run, unlimited, wanted};

const DIMENSION: usize = 4;

/// A file of each format with the rows of these records, by its ending.
fn files(numbers: std::ops::Range<usize>) -> [(&'static str, Vec<u8>); 4] {
    let table = records(numbers.clone(), DIMENSION, Lists::List);
    let vectors = numbers.clone().flat_map(|record| crate::support::numbers(record, DIMENSION));
    let data: Vec<u8> = vectors.flat_map(f32::to_le_bytes).collect();
    let array = npy("<f4", &format!("({}, {DIMENSION})", numbers.len()), &data);
    [
        ("arrow", arrow(&table, 7, false, None)),
        ("arrows", arrow(&table, 7, true, None)),
        ("parquet", parquet(&table, WriterProperties::default())),
        ("npz", zip(&[("embeddings.npy", &array)], false)),
    ]
}

#[test]
fn a_file_after_another_in_one_is_never_the_only_one_that_is_loaded() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    // Of one size, and of others: where a footer leads in the wrong file depends on it.
    for (first, second) in
        [(0..20, 20..40), (0..0, 20..40), (0..20, 20..20), (0..300, 300..320), (0..5, 5..300)]
    {
        for ((ending, a), (_, b)) in files(first.clone()).into_iter().zip(files(second.clone())) {
            let name = format!("ab.{ending}");
            home.write(&name, [&a[..], &b].concat());
            let ended = run(home.put(&service).args([&name, "--key-template", "{row}"]));
            let told = match ending {
                "arrows" => format!("after its Arrow stream, which ends at byte {}", a.len()),
                _ => format!(
                    "has another file before its {}, which begins at byte {}",
                    format(ending),
                    a.len()
                ),
            };
            let cure = format!("head -c {0} INPUT > FIRST; tail -c +{1} INPUT", a.len(), a.len() + 1);
            assert_eq!(ended.code, Some(3), "{first:?} {second:?} {ending}: {}", ended.stderr);
            assert!(ended.stderr.contains(&told) && ended.stderr.contains(&cure), "{}", ended.stderr);
        }
    }
    assert_eq!(service.requests(Operation::PutVectors), 0);
}

fn format(ending: &str) -> &'static str {
    match ending {
        "arrow" => "Arrow file",
        "parquet" => "Parquet file",
        _ => "NPZ archive",
    }
}

#[test]
fn what_follows_a_file_is_told_and_a_stream_without_its_end_is_not_taken_for_whole() {
    let home = Home::new();
    for (ending, file) in files(0..20) {
        for rest in [&b"garbage"[..], &[0; 64], b"x"] {
            let name = format!("more.{ending}");
            home.write(&name, [&file[..], rest].concat());
            let ended =
                run(home.ossvec().args(["put-vectors", "--dry-run", &name, "--key-template", "{row}"]));
            let told = match ending {
                "arrow" | "parquet" => "without its end: it is truncated, or still being written".to_owned(),
                _ => format!(
                    "of other data after its {}, which ends at byte {}",
                    if ending == "arrows" { "Arrow stream" } else { "NPZ archive" },
                    file.len()
                ),
            };
            assert!(ended.assert_code(3).stderr.contains(&told), "{ending}: {}", ended.stderr);
        }
    }
    let [_, (_, stream), ..] = files(0..20);
    let starts: Vec<_> = (0..stream.len()).filter(|at| stream[*at..].starts_with(&[0xff; 4])).collect();
    assert_eq!(starts.len(), 5, "the schema, three batches and the end");
    for cut in &starts[1..] {
        home.write("cut.arrows", &stream[..*cut]);
        let ended = run(home.ossvec().args(["put-vectors", "--dry-run", "cut.arrows"]));
        assert_eq!(ended.code, Some(3), "{}", ended.stderr);
        insta::allow_duplicates! {
            insta::assert_snapshot!(ended.stderr, @r"
            ossvec: cut.arrows ends without its end-of-stream marker: it is truncated, or its writer was not closed
                    create it again; if nothing is missing, add the marker: printf '\377\377\377\377\0\0\0\0' >> INPUT
            ");
        }
    }
    // A stream whose writer was not closed, and another one.
    home.write("cut.arrows", [&stream[..starts[4]], &stream].concat());
    let ended = run(home.ossvec().args(["put-vectors", "--dry-run", "cut.arrows"]));
    let told =
        format!("{} bytes of other data after its Arrow stream, which ends at byte {}", "1,832", starts[4]);
    let told = told.replace("1,832", &ossvec_count(stream.len()));
    assert!(ended.assert_code(3).stderr.contains(&told), "{}", ended.stderr);
    // What the message says helps.
    home.write("cut.arrows", [&stream[..starts[4]], b"\xff\xff\xff\xff\0\0\0\0"].concat());
    run(home.ossvec().args(["put-vectors", "--dry-run", "cut.arrows", "--min-records", "20"])).assert_code(0);
}

/// A number with separators.
fn ossvec_count(number: usize) -> String {
    format!("{},{:03}", number / 1_000, number % 1_000)
}

#[test]
fn companions_of_more_than_one_file_are_refused_as_well() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let [.., (_, vectors)] = files(0..20);
    home.write("v.npz", vectors);
    for ((ending, a), (_, b)) in files(0..20).into_iter().zip(files(20..40)).take(3) {
        let name = format!("ab.{ending}");
        home.write(&name, [&a[..], &b].concat());
        for options in [&["--keys-from", &name][..], &["--key-template", "{row}", "--metadata-from", &name]] {
            let ended = run(home.put(&service).args(["v.npz", "--vector", "embeddings"]).args(options));
            assert_eq!(ended.code, Some(3), "{ending} {options:?}: {}", ended.stderr);
            let told = [format!("at byte {}", a.len()), name.clone()];
            assert!(told.iter().all(|told| ended.stderr.contains(told)), "{}", ended.stderr);
        }
    }
    assert_eq!(service.requests(Operation::PutVectors), 0);
}

#[test]
fn a_stream_to_which_another_was_added_is_not_complete_for_the_run_that_resumes() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let load = || run(home.put(&service).args(["a.arrows", "--resume", "--checkpoint-dir", "state"]));
    let [(_, _), (_, a), ..] = files(0..20);
    let [(_, _), (_, b), ..] = files(20..40);
    let [(_, _), (_, both), ..] = files(0..40);
    home.write("a.arrows", &a);
    load().assert_code(0);
    home.write("a.arrows", [a, b].concat());
    let ended = load();
    assert!(ended.assert_code(3).stderr.contains("of other data after its Arrow stream"), "{}", ended.stderr);
    service.assert_holds(&wanted(0..20, DIMENSION));
    home.write("a.arrows", both);
    load().assert_code(0);
    service.assert_holds(&wanted(0..40, DIMENSION));
}
