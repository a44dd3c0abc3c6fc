//! What the service stores and search results suffer from: reported, and rejected if the user says so.

use ossvec::test_support::oss::operation::Operation;
use serde_json::{Value, json};

use crate::support::{Ended, Home, State, TestService, numbers, run, unlimited};

/// A record with a key and these numbers, as one line.
fn record(key: usize, numbers: &[f32]) -> String {
    let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
    format!("{{\"key\":\"k{key}\",\"vector\":[{}]}}\n", numbers.join(","))
}

/// Numbers that differ from record to record, of norm 1.
fn unit(record: usize) -> Vec<f32> {
    let numbers = numbers(record, 32);
    let norm = numbers.iter().map(|number| number * number).sum::<f32>().sqrt();
    numbers.iter().map(|number| number / norm).collect()
}

/// Those of a record whose bytes are in reverse order, all of them finite.
fn swapped(record: usize) -> Vec<f32> {
    let rounded = |number: &f32| half(*number).to_bits().swap_bytes();
    unit(record).iter().map(|number| f32::from_bits(rounded(number))).collect()
}

/// As float16 rounds, but for its limits.
fn half(number: f32) -> f32 {
    f32::from_bits(number.to_bits() & 0xFFFF_E000)
}

/// Lines by the vectors of the records.
fn lines(vectors: &[Vec<f32>]) -> String {
    vectors.iter().enumerate().map(|(key, numbers)| record(key, numbers)).collect()
}

/// What a service holds that took those of some records.
fn stored(vectors: &[Vec<f32>], keys: impl Iterator<Item = usize>) -> State {
    let bits = |key: usize| vectors[key].iter().map(|number| number.to_bits()).collect();
    keys.map(|key| (format!("k{key}"), (bits(key), Value::Null))).collect()
}

/// Forty vectors in order but for a constant one, two with their bytes in reverse order, and twelve that are the same.
fn odd() -> Vec<Vec<f32>> {
    (0..40)
        .map(|record| match record {
            3 => vec![0.25; 32],
            5 | 9 => swapped(record),
            20..32 => unit(1_000),
            _ => unit(record),
        })
        .collect()
}

fn load(home: &Home, service: &TestService, more: &[&str]) -> Ended {
    run(home.put(service).arg("a.jsonl").args(more))
}

/// The same into an index that measures angles, or without one.
fn load_by_angle(home: &Home, service: &TestService, more: &[&str]) -> Ended {
    let mut load = home.aimed(&["put-vectors", "a.jsonl", "--output-format", "json"], service);
    run(load.args(["--create-index", "--distance-metric", "cosine"]).args(more))
}

fn dry(home: &Home, more: &[&str]) -> Ended {
    run(home.ossvec().args(["put-vectors", "a.jsonl", "--dry-run", "--output-format", "json"]).args(more))
}

fn codes(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|note| note["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn odd_vectors_are_stored_counted_and_noted_once() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(&odd()));
    let ended = load(&home, &service, &[]);
    let summary = ended.assert_code(0).summary();
    let wanted = json!({
        "lint_byte_order": {"count": 2, "first": "a.jsonl:6"},
        "lint_constant": {"count": 1, "first": "a.jsonl:4"},
        "lint_shared": {"count": 12, "first": "a.jsonl:21", "vectors": 1},
    });
    assert_eq!(summary["lint"], wanted);
    assert_eq!(codes(&summary["notes"]), ["lint_constant", "lint_byte_order", "lint_shared"]);
    service.assert_holds(&stored(&odd(), 0..40));
    let said: Vec<_> = ended.stderr.lines().filter(|line| line.contains("note: ")).collect();
    insta::assert_snapshot!(said.join("\n"), @"
    note: 1 vector is constant: all elements are equal, first at a.jsonl:4; compute these embeddings again
    note: 2 vectors make sense only with the bytes of each element in reverse order, first at a.jsonl:6; write little-endian float32, in NumPy with array.byteswap()
    note: 1 vector is shared by 12 keys, first at a.jsonl:21; check whether the provider sent a fallback, and compute these embeddings again
    ");
}

#[test]
fn a_dry_run_finds_the_same_and_sends_nothing() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(&odd()));
    let loaded = load(&home, &service, &[]).summary();
    let dry = dry(&home, &[]);
    assert_eq!(dry.assert_code(0).summary()["lint"], loaded["lint"]);
    assert_eq!(dry.summary()["notes"], loaded["notes"]);
}

#[test]
fn what_is_found_does_not_depend_on_blocks_and_threads() {
    let vectors: Vec<_> =
        (0..3_000).map(|record| if record % 7 == 0 { unit(record % 11) } else { unit(record) }).collect();
    let home = Home::new();
    home.write("a.jsonl", lines(&vectors));
    let dry = |more: &[&str]| dry(&home, more).assert_code(0).summary()["lint"].clone();
    let all = dry(&[]);
    // Of each of eleven vectors also the record that has it by itself.
    let own = (0..11).filter(|record| record % 7 != 0).count();
    assert_eq!(all["lint_shared"]["count"], json!(3_000_usize.div_ceil(7) + own), "{all}");
    assert_eq!(all["lint_shared"]["vectors"], 11);
    for _ in 0..3 {
        assert_eq!(dry(&["--batch-size", "7"]), all);
    }
}

#[test]
fn under_deny_odd_vectors_are_rejects_and_load_once_they_are_allowed() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(&odd()));
    let ended = load(&home, &service, &["--lint", "deny", "--rejects", "r.jsonl"]);
    let summary = ended.assert_code(4).summary();
    let reasons =
        |name: &str| (summary["reasons"][name]["count"].clone(), summary["reasons"][name]["first"].clone());
    assert_eq!(reasons("lint_constant"), (json!(1), json!("a.jsonl:4")));
    assert_eq!(reasons("lint_byte_order"), (json!(2), json!("a.jsonl:6")));
    assert_eq!(reasons("lint_shared"), (json!(3), json!("a.jsonl:30")), "the tenth key shows it");
    assert_eq!(codes(&summary["notes"]), [] as [&str; 0], "the rejects tell of them");
    assert_eq!(summary["lint"]["lint_shared"]["count"], 12);
    let is_rejected = |key: &usize| [3, 5, 9, 29, 30, 31].contains(key);
    service.assert_holds(&stored(&odd(), (0..40).filter(|key| !is_rejected(key))));
    let again = run(home.put(&service).args(["r.jsonl", "--lint", "off"]));
    assert_eq!(again.assert_code(0).summary()["lint"], Value::Null);
    service.assert_holds(&stored(&odd(), 0..40));
}

#[test]
fn the_variable_counts_where_no_flag_does() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(&odd()));
    let with = |value: &str, more: &[&str]| {
        run(home.put(&service).env("OSSVEC_LINT", value).arg("a.jsonl").args(more))
    };
    with("deny", &[]).assert_code(4);
    assert_eq!(with("deny", &["--lint", "off"]).assert_code(0).summary()["lint"], Value::Null);
    let refused = with("loud", &[]);
    refused.assert_code(3);
    assert!(refused.stderr.contains("OSSVEC_LINT: expected note, deny or off"), "{}", refused.stderr);
}

#[test]
fn norms_that_differ_are_noted_and_end_a_load_under_deny_and_strict() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let mut vectors: Vec<_> = (0..600).map(unit).collect();
    vectors[17].iter_mut().for_each(|number| *number *= 20.0);
    home.write("a.jsonl", lines(&vectors));
    let dry = |more: &[&str]| dry(&home, more);
    let noted = dry(&["--distance-metric", "cosine"]);
    assert_eq!(
        noted.assert_code(0).summary()["lint"],
        json!({"lint_norms": {"count": 1, "first": "a.jsonl:18"}})
    );
    assert!(noted.stderr.contains("1 vector with a norm far from 1 among 599 of norm 1"), "{}", noted.stderr);
    assert_eq!(dry(&["--distance-metric", "euclidean"]).assert_code(0).summary()["lint"], json!({}));
    for (more, code) in [(["--lint", "deny"], "lint"), (["--lint=note", "--strict"], "strict")] {
        let ended = load_by_angle(&home, &service, &more);
        assert_eq!(ended.assert_code(3).summary()["error_code"], code);
    }
    assert_eq!(service.statistics().of(Operation::PutVectors).requests, 0);
    let ended = load_by_angle(&home, &service, &["--lint", "deny"]);
    insta::assert_snapshot!(ended.summary()["error"].as_str().unwrap(), @"--lint deny: 1 vector with a norm far from 1 among 599 of norm 1, first at a.jsonl:18");
    load_by_angle(&home, &service, &["--lint", "off", "--strict"]).assert_code(0);
}

#[test]
fn strict_treats_what_is_noted_as_an_error() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(&odd()));
    let ended = load(&home, &service, &["--strict"]);
    assert_eq!(ended.assert_code(3).summary()["error_code"], "strict");
    assert!(ended.stderr.contains("--strict: the input has 3 problems"), "{}", ended.stderr);
    service.assert_holds(&State::new());
}

#[test]
fn twice_or_half_the_dimension_is_named_as_what_it_probably_is() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let twice = |record: usize| [unit(record), unit(record + 500)].concat();
    let sized = |record: usize| match record {
        7 => twice(record),
        8 => unit(record).split_off(16),
        _ => unit(record),
    };
    home.write("a.jsonl", lines(&(0..20).map(sized).collect::<Vec<_>>()));
    let ended = run(home.put_sized(&service, 32).args(["a.jsonl", "--rejects", "r.jsonl"]));
    ended.assert_code(4);
    let rejects = std::fs::read_to_string(home.path("r.jsonl")).unwrap();
    let messages: Vec<_> = rejects
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["rejected"]["message"].as_str().unwrap().to_owned()
        })
        .collect();
    insta::assert_snapshot!(messages.join("\n"), @"
    the vector has 64 elements; the dimension is 32 (exactly twice: two vectors in one, or float64 read as float32)
    the vector has 16 elements; the dimension is 32 (exactly half: part of a vector, or float16 read as float32)
    ");
    home.write("b.jsonl", lines(&(0..20).map(twice).collect::<Vec<_>>()));
    let ended = run(home.put(&service).arg("b.jsonl"));
    let error = ended.assert_code(1).summary()["error"].as_str().unwrap().to_owned();
    assert!(error.ends_with("exactly twice: two vectors in one, or float64 read as float32"), "{error}");
}

/// A resumed run knows nothing of the vectors of the run before it.
#[test]
fn a_resumed_run_counts_anew() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let vectors: Vec<_> =
        (0..40).map(|record| if record % 2 == 0 { unit(1_000) } else { unit(record) }).collect();
    home.write("a.jsonl", lines(&vectors));
    let ended =
        load(&home, &service, &["--lint", "deny", "--max-rejects", "4", "--batch-size", "5", "--job", "1"]);
    let [stored, rejected] = ended.assert_code(4).counts(["stored", "rejected"]);
    assert!(rejected > 4 && stored < 35, "{}", ended.stdout);
    let more = ["--lint", "deny", "--max-rejects", "none", "--batch-size", "5", "--resume"];
    let resumed = load(&home, &service, &more);
    let [read, skipped, more] = resumed.assert_code(4).counts(["read", "skipped", "rejected"]);
    assert!(skipped > 0 && read + skipped == 40 && more == 0, "{}", resumed.stdout);
    assert_eq!(resumed.summary()["lint"], json!({}), "fewer than ten keys are left");
    assert_eq!(service.state().len() as u64, 40 - rejected);
}
