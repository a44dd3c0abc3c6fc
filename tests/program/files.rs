//! Lists of files, good and bad ones: what is looked at before anything is sent, what is loaded although a file is bad,
//! and how such a load is continued.

use std::fs;
use std::ops::Range;

use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::operation::Operation;
use serde_json::json;

use crate::support::{self, Home, State, TestService, gzip, keys, line, run, unlimited, wanted, zstd};
use crate::trouble::{journals, json_lines};

pub(crate) const DIMENSION: usize = 4;

pub(crate) fn records(numbers: Range<usize>) -> String {
    numbers.map(|number| line(number, DIMENSION)).collect()
}

pub(crate) fn array(numbers: Range<usize>) -> String {
    support::array(&records(numbers))
}

/// The same, cut in the middle.
pub(crate) fn torn(mut text: String) -> String {
    text.truncate(text.len() / 2);
    text
}

/// Keys that the service received, in the requests after the first `seen`.
pub(crate) fn received(service: &TestService, seen: usize) -> Vec<String> {
    let requests = service.statistics().recent;
    let puts = requests.iter().skip(seen).filter(|request| request.operation == Some(Operation::PutVectors));
    puts.flat_map(|request| request.keys.clone()).collect()
}

pub(crate) fn logged() -> Options {
    Options { log_keys: true, ..unlimited() }
}

#[test]
fn two_directories_with_parts_of_the_same_names_do_not_meet_in_one_local_index() {
    let home = Home::new();
    for (directory, from) in [("one", 0), ("two", 10)] {
        home.write(&format!("{directory}/part-0"), records(from..from + 3));
        let local = ["put-vectors", directory, "--local", "--data-dir", "data"];
        let ended = run(home.ossvec().args(local));
        let said = format!("stored      3 vectors, in bucket local, index {directory}\n");
        assert!(ended.assert_code(0).stdout.starts_with(&said), "{}", ended.stdout);
    }
}

#[test]
fn the_parts_of_a_directory_are_recognised_by_content_and_a_dangling_link_stops_the_load() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("parts/part-1.jsonl", records(0..1));
    home.write("parts/part-3.gz", gzip(records(1..2).as_bytes()));
    home.write("parts/part-00004", records(2..3));
    home.write("parts/part-5.jsonl", "");
    home.write("parts/_SUCCESS", "");
    home.write("parts/.part-1.jsonl.crc", "crc");
    home.write("parts/README.md", "# Parts\n\nMade by hand, with care.\n");
    home.write("parts/logo.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    home.write("parts/about.html", "<!DOCTYPE html><p>Parts</p>");
    home.write("parts/table", "key,vector,n\nkey-3,\"[1,2,3,4]\",x\n");
    home.write("parts/more/a.jsonl", records(9..10));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", home.path("parts/part-2.jsonl")).unwrap();
        let ended = run(home.put(&service).arg("parts"));
        let said = "parts/part-2.jsonl is a link to nowhere, which does not exist";
        assert_eq!(ended.assert_code(3).summary()["error"], said);
        assert_eq!(service.requests(Operation::PutVectors), 0);
        fs::remove_file(home.path("parts/part-2.jsonl")).unwrap();
    }
    let ended = run(home.put(&service).arg("parts"));
    assert_eq!(ended.assert_code(0).counts(["stored"]), [4], "{}", ended.stderr);
    let told = "note: skipped: 3 files of unknown format (parts/README.md, parts/about.html, parts/logo.png) and 1 directory \
                (parts/more); to load the directory too, pass its path";
    assert_eq!(ended.stderr.lines().filter(|line| *line == told).count(), 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("warning: parts/part-5.jsonl contains no records"), "{}", ended.stderr);
    for silent in ["_SUCCESS", ".crc"] {
        assert!(!ended.stderr.contains(silent), "{}", ended.stderr);
    }
}

#[test]
fn a_file_of_a_directory_that_is_known_and_cannot_be_read_is_not_passed_over() {
    for (name, content, said) in [
        ("b.parquet", b"PAR1\0\0\0\0\0\0\0\0\0\0\0\0".to_vec(), "is a Parquet file"),
        ("b", b"\x93NUMPY\x01\0v\0{'descr': '<f4'".to_vec(), "is a NumPy file"),
        ("b.bin", b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0".to_vec(), "is a ZIP"),
        ("part-7.gz", gzip(&records(0..50).into_bytes())[..20].to_vec(), "ends inside its gzip data"),
        ("b.csv", b"key,key\na,b\n".to_vec(), "has two columns named 'key'"),
        ("part-8", b"version https://git-lfs.github.com/spec/v1\n".to_vec(), "is a Git LFS pointer"),
        ("part-9", b"<!DOCTYPE html><p>Sign in</p>".to_vec(), "is an HTML page"),
        ("b.csv", b"a,\"[0.1,2]\"\nb,\"[2,3]\"\n".to_vec(), "has no header"),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("d/a.jsonl", records(0..3));
        home.write(&format!("d/{name}"), content);
        let ended = run(home.put(&service).arg("d"));
        let error = ended.assert_code(3).summary()["error"].as_str().unwrap().to_owned();
        assert!(error.contains(said) && error.contains(name), "{name}: {error}");
        assert!(ended.stderr.contains("use --skip-bad-files to load the others"), "{}", ended.stderr);
        assert_eq!(service.requests(Operation::PutVectors), 0, "{name}");
        let ended = run(home.put(&service).args(["d", "--skip-bad-files"]));
        let summary = ended.assert_code(0).summary();
        assert_eq!(summary["skipped_inputs"][0]["name"], format!("d/{name}"), "{summary:#}");
        assert!(ended.stderr.contains(&format!("note: skipped: {error}")), "{}", ended.stderr);
        service.assert_holds(&wanted(0..3, DIMENSION));
    }
}

#[test]
fn all_inputs_that_cannot_be_loaded_are_listed_and_nothing_is_sent_or_kept() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", records(0..3));
    home.write("b.parquet", "PAR1PAR1PAR1PAR1");
    home.write("c.csv", "key,key\n");
    let files = ["a.jsonl", "b.parquet", "missing.jsonl", "c.csv"];
    let load = || {
        let mut load = home.put(&service);
        load.args(files).args(["--checkpoint-dir", "state"]);
        load
    };
    let ended = run(&mut load());
    assert_eq!(ended.assert_code(3).summary()["error"], "3 of 4 inputs cannot be loaded; nothing was sent");
    for said in [
        "        b.parquet is damaged: cannot read its Parquet data at row 1: its footer would be longer than the file",
        "        cannot open missing.jsonl: No such file or directory (os error 2); check the path",
        "        the header of c.csv has two columns named 'key'; rename one",
        "        fix or remove them, or use --skip-bad-files to load the others",
    ] {
        assert!(ended.stderr.lines().any(|line| line.starts_with(said)), "{said}\n{}", ended.stderr);
    }
    service.assert_holds(&State::new());
    assert!(!home.path("state").exists());
    run(load().arg("--skip-bad-files")).assert_code(0);
    service.assert_holds(&wanted(0..3, DIMENSION));
    let missing: Vec<_> = (0..40).map(|number| format!("missing-{number}")).collect();
    let ended = run(home.put(&service).args(missing));
    assert!(ended.assert_code(3).stderr.contains("\n        and 20 more\n"), "{}", ended.stderr);
}

#[test]
fn a_directory_without_an_input_is_an_error_beside_other_inputs() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", records(0..3));
    home.write("d/README.md", "Nothing to see here.\n");
    let ended = run(home.put(&service).args(["a.jsonl", "d"]));
    let said = "no input in the directory d: no file in it contains JSON or a table";
    assert_eq!(ended.assert_code(3).summary()["error"], said);
    run(home.put(&service).args(["a.jsonl", "d", "--skip-bad-files"])).assert_code(0);
    service.assert_holds(&wanted(0..3, DIMENSION));
}

#[test]
fn an_input_without_a_record_gets_a_word_also_under_quiet_and_min_records_makes_it_a_failure() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("empty.jsonl", "");
    home.write("header.csv", "id,embedding\n");
    home.write("a.jsonl", records(0..3));
    for (files, said) in [
        (&["empty.jsonl"][..], "warning: empty.jsonl contains no records"),
        (&["header.csv", "a.jsonl", "empty.jsonl"], "warning: header.csv, empty.jsonl contain no records"),
    ] {
        for quiet in [&[][..], &["-q"]] {
            let mut load = home.aimed(&["put-vectors"], &service);
            load.args(["--create-index", "--distance-metric", "euclidean"]);
            let ended = run(load.args(files).args(quiet));
            assert!(ended.assert_code(0).stderr.lines().any(|line| line == said), "{}", ended.stderr);
        }
    }
    for (least, code) in [("3", 0), ("4", 3)] {
        let ended = run(home.put(&service).args(["a.jsonl", "empty.jsonl", "--min-records", least]));
        ended.assert_code(code);
        let said = "ossvec: 3 records read, but --min-records requires 4";
        assert_eq!(ended.stderr.lines().any(|line| line == said), code == 3, "{}", ended.stderr);
    }
    let ended = run(home.ossvec().args(["put-vectors", "empty.jsonl", "--dry-run", "--min-records", "1"]));
    ended.assert_code(3);
}

#[test]
fn min_records_counts_what_earlier_runs_read() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", records(0..30));
    home.write("b.json", torn(array(30..40)));
    let load = |more: &[&str]| run(home.put(&service).args(["a.jsonl", "b.json"]).args(more));
    load(&[]).assert_code(3);
    home.write("b.json", array(30..40));
    load(&["--resume", "--min-records", "40"]).assert_code(0);
    service.assert_holds(&wanted(0..40, DIMENSION));
}

#[test]
fn one_bad_file_ends_alone_and_is_named_with_its_place_and_the_load_continues_once_it_is_repaired() {
    let (home, service) = (Home::new(), TestService::start(logged()));
    home.write("d/f1.jsonl", records(0..10));
    let whole = array(10..20);
    let torn = torn(whole.clone());
    let (kept, line) = (torn.matches("\"n\":").count(), torn.matches('\n').count() + 1);
    home.write("d/f2.json", &torn);
    home.write("d/f3.jsonl", records(20..30));
    home.write("d/f4.jsonl", records(30..40));
    let load = |more: &[&str]| {
        run(home
            .put(&service)
            .args(["d", "--checkpoint-dir", "state", "--events", "events.jsonl"])
            .args(more))
    };
    let ended = load(&[]);
    let summary = ended.assert_code(3).summary();
    assert_eq!(summary["input_exhausted"], false);
    let place = &summary["failed_inputs"][0];
    assert_eq!((&place["name"], &place["line"]), (&json!("d/f2.json"), &json!(line)), "{summary:#}");
    let error = summary["error"].as_str().unwrap();
    assert!(error.starts_with("d/f2.json ends inside "), "{error}");
    let way_on =
        "everything before that place was read; fix the file or leave it out, then run again with --resume";
    assert!(ended.stderr.contains(way_on), "{}", ended.stderr);
    let not_read = format!("not read    the rest of d/f2.json from line {line}, byte {}", place["byte"]);
    assert!(ended.stderr.contains(&not_read), "{}", ended.stderr);
    let events = json_lines(&home.path("events.jsonl"));
    let failed: Vec<_> = events.iter().filter(|event| event["type"] == "input_failed").collect();
    assert_eq!(
        (failed.len(), &failed[0]["input"], &failed[0]["code"]),
        (1, &json!("d/f2.json"), &json!("torn"))
    );
    let there = (0..10 + kept).chain(20..40);
    service.assert_holds(&wanted(there, DIMENSION));
    assert_eq!(journals(&home.path("state")).len(), 1);
    assert!(summary["resume_command"].as_str().unwrap().ends_with("--resume"), "{summary:#}");

    let seen = service.statistics().recent.len();
    let again = load(&["--resume"]).assert_code(3).summary();
    assert_eq!((&again["error"], &again["read"]), (&summary["error"], &json!(0)));
    assert_eq!(received(&service, seen), Vec::<String>::new());

    home.write("d/f2.json", &whole);
    let ended = load(&["--resume"]);
    ended.assert_code(0);
    let rest = keys(10 + kept..20);
    assert_eq!(received(&service, seen), rest);
    service.assert_holds(&wanted(0..40, DIMENSION));
    assert!(journals(&home.path("state")).is_empty());
}

#[test]
fn only_a_file_that_failed_may_be_changed_left_out_or_replaced() {
    let (home, service) = (Home::new(), TestService::start(logged()));
    home.write("d/a.jsonl", records(0..10));
    home.write("d/b.json", torn(array(10..20)));
    home.write("d/c.jsonl", records(20..30));
    let load = || run(home.put(&service).args(["d", "--checkpoint-dir", "state", "--resume"]));
    load().assert_code(3);
    let seen = service.statistics().recent.len();
    home.write("d/c.jsonl", records(20..31));
    let error = load().assert_code(3).summary()["error"].as_str().unwrap().to_owned();
    assert!(error.starts_with("cannot resume: ") && error.contains("d/c.jsonl changed"), "{error}");
    home.write("d/c.jsonl", records(20..30));
    // The folder of checkpoints as it is, for the ways on.
    let kept = fs::read(&journals(&home.path("state"))[0]).unwrap();
    fs::remove_file(home.path("d/b.json")).unwrap();
    let ended = load();
    assert!(ended.assert_code(0).stderr.contains("d/b.json, which failed at line "), "{}", ended.stderr);
    assert_eq!(received(&service, seen), Vec::<String>::new());
    assert!(journals(&home.path("state")).is_empty());

    let folder = fs::read_dir(home.path("state")).unwrap().next().unwrap().unwrap().path();
    fs::create_dir(folder.join("current")).unwrap();
    fs::write(folder.join("current/journal"), kept).unwrap();
    home.write("d/b-repaired.json", array(10..20));
    load().assert_code(0);
    let all = keys(10..20);
    assert_eq!(received(&service, seen), all);
    service.assert_holds(&wanted(0..30, DIMENSION));
}

#[test]
fn a_file_that_begins_otherwise_once_it_is_repaired_is_loaded_whole() {
    let (home, service) = (Home::new(), TestService::start(logged()));
    home.write("a.jsonl", records(0..10));
    home.write("b.json", torn(array(10..20)));
    home.write("c.jsonl", records(20..30));
    let load = || {
        let files = ["a.jsonl", "b.json", "c.jsonl", "--resume", "--checkpoint-dir", "state"];
        run(home.put(&service).args(files))
    };
    load().assert_code(3);
    let seen = service.statistics().recent.len();
    home.write("b.json", format!("[{}", &array(10..20)).replacen('[', " ", 1));
    let ended = load();
    let told = "b.json changed since it failed at line ";
    assert!(ended.assert_code(0).stderr.contains(told), "{}", ended.stderr);
    let all = keys(10..20);
    assert_eq!(received(&service, seen), all);
    service.assert_holds(&wanted(0..30, DIMENSION));
}

#[test]
fn damage_in_the_middle_of_any_kind_costs_the_rest_of_that_file_only() {
    let text = records(100..4_000);
    let mut broken = gzip(text.as_bytes());
    let middle = broken.len() / 2;
    broken[middle] ^= 0x55;
    let torn = zstd(text.as_bytes());
    for (name, content, code) in [
        ("b.jsonl.gz", broken, "damaged"),
        ("b.jsonl.zst", torn[..torn.len() - 9].to_vec(), "torn"),
        ("b.json", format!("[{} {}]", line(100, 4), line(101, 4)).into_bytes(), "malformed"),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("a.jsonl", records(0..20));
        home.write(name, content);
        home.write("c.jsonl", records(20..50));
        let ended =
            run(home.put(&service).args(["a.jsonl", name, "c.jsonl", "--events", "events.jsonl", "-q"]));
        let summary = ended.assert_code(3).summary();
        assert_eq!(summary["failed_inputs"][0]["name"], name);
        let events = json_lines(&home.path("events.jsonl"));
        let failed: Vec<_> = events.iter().filter(|event| event["type"] == "input_failed").collect();
        assert_eq!((failed.len(), &failed[0]["code"]), (1, &json!(code)), "{name}");
        // Whatever is there of the bad file is as it was before the damage.
        let state = service.state();
        let of_it = (100..4_000).filter(|record| state.contains_key(&format!("key-{record}")));
        service.assert_holds_in(name, &wanted((0..50).chain(of_it), DIMENSION));
    }
}

#[test]
fn a_file_of_no_bytes_is_no_whole_file_of_a_format_that_needs_some() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    for (name, options, told) in [
        ("a.parquet", &[][..], Some("a.parquet is a Parquet file without its end")),
        ("a.arrow", &[], Some("a.arrow is an Arrow file without its end")),
        ("a.feather", &[], Some("a.feather is an Arrow file without its end")),
        ("a.npy", &["--key-template", "{row}"], Some("a.npy is a NumPy file without its end")),
        ("a.npz", &["--key-template", "{row}"], Some("a.npz is a NumPy NPZ archive without its end")),
        ("part-0", &["--format", "parquet"], Some("part-0 is a Parquet file without its end")),
        ("a.jsonl", &[], None),
        ("a.csv", &[], None),
    ] {
        home.write(name, "");
        let ended = run(home.put_sized(&service, 2).arg(name).args(options));
        match told {
            Some(told) => assert!(ended.code == Some(3) && ended.stderr.contains(told), "{}", ended.stderr),
            None => {
                ended.assert_code(0);
            }
        }
    }
}
