//! How loads go on whose inputs failed: which list of inputs continues which, and what is read and counted again.

use std::ops::Range;

use ossvec::test_support::local_service::Options;
use serde_json::json;

use crate::files::{array, logged, received, records};
use crate::support::{Ended, Home, TestService, gzip, keys, line, run, wanted};
use crate::trouble::journals;

const DIMENSION: usize = 4;

/// Loads some files and keeps the journal below `state`.
fn load(home: &Home, service: &TestService, words: &[&str]) -> Ended {
    run(home.put(service).args(["--checkpoint-dir", "state"]).args(words))
}

/// The compressed records without their end.
fn cut_gzip(numbers: Range<usize>) -> Vec<u8> {
    let mut content = gzip(records(numbers).as_bytes());
    content.truncate(content.len() / 2);
    content
}

#[test]
fn a_load_of_other_inputs_leaves_the_journal_of_one_whose_every_input_failed() {
    let (home, service) = (Home::new(), TestService::start(logged()));
    home.write("a.jsonl.gz", cut_gzip(0..3_000));
    home.write("b.jsonl", records(5_000..5_500));
    home.write("other/a.jsonl.gz", gzip(records(6_000..6_100).as_bytes()));
    let first = load(&home, &service, &["a.jsonl.gz"]);
    let [stored] = first.assert_code(3).counts(["stored"]);
    assert!(stored > 0, "{}", first.stderr);
    // Of the same name without its folder, too.
    for (input, count) in [("b.jsonl", 500), ("other/a.jsonl.gz", 100)] {
        let other = load(&home, &service, &[input, "--resume"]);
        assert_eq!(other.assert_code(0).counts(["read", "skipped"]), [count, 0], "{}", other.stderr);
        assert_eq!(journals(&home.path("state")).len(), 1, "{}", other.stderr);
    }
    let few = load(&home, &service, &["b.jsonl", "--resume", "--min-records", "600"]);
    few.assert_code(3);
    home.write("a.jsonl.gz", gzip(records(0..3_000).as_bytes()));
    let ended = load(&home, &service, &["a.jsonl.gz", "--resume"]);
    assert_eq!(ended.assert_code(0).counts(["read", "skipped"]), [3_000 - stored, stored]);
}

#[test]
fn a_failed_input_is_found_again_in_another_folder_by_its_beginning() {
    let (home, service) = (Home::new(), TestService::start(logged()));
    home.write("old/a.jsonl.gz", cut_gzip(0..3_000));
    let [stored] = load(&home, &service, &["old/a.jsonl.gz"]).assert_code(3).counts(["stored"]);
    home.write("new/a.jsonl.gz", gzip(records(0..3_000).as_bytes()));
    let ended = load(&home, &service, &["new/a.jsonl.gz", "--resume"]);
    assert_eq!(ended.assert_code(0).counts(["read", "skipped"]), [3_000 - stored, stored]);
    service.assert_holds(&wanted(0..3_000, DIMENSION));
}

#[test]
fn a_malformed_array_is_as_malformed_to_each_run_that_resumes() {
    let some = |numbers: Range<usize>| {
        let array = array(numbers);
        array.trim_matches(['[', ']']).to_owned()
    };
    for (number, between) in [" ", "", " ; ", ";", ",,", ", ,", "\n\n", "}", ":"].into_iter().enumerate() {
        let (home, service) = (Home::new(), TestService::start(logged()));
        let inner = format!("[{}{between}{}]", some(0..5), some(5..10));
        let text = if number % 2 == 0 { inner } else { format!("{{\"vectors\":{inner},\"next\":1}}") };
        home.write("a.json", text);
        home.write("b.jsonl", records(20..30));
        let load =
            |size: &str| load(&home, &service, &["a.json", "b.jsonl", "--resume", "--batch-size", size]);
        let first = load("2").assert_code(3).summary();
        let there = (0..5).chain(20..30);
        service.assert_holds(&wanted(there.clone(), DIMENSION));
        let seen = service.statistics().recent.len();
        for size in ["2", "500"] {
            let again = load(size);
            let summary = again.assert_code(3).summary();
            assert_eq!((&summary["error"], &summary["read"]), (&first["error"], &json!(0)), "{between:?}");
        }
        assert_eq!(received(&service, seen), Vec::<String>::new(), "{between:?}");
        home.write("a.json", array(0..10));
        load("500").assert_code(0);
        service.assert_holds(&wanted((0..10).chain(20..30), DIMENSION));
    }
}

#[test]
fn an_input_whose_lines_hold_several_records_is_still_known_to_have_failed() {
    // The failure is met while the batches before it are under way.
    let latency = std::time::Duration::from_millis(100);
    let (home, service) = (Home::new(), TestService::start(Options { latency, ..logged() }));
    // Two records on each line but the first, by which the layout is told.
    let glued: String = (0..3_001)
        .map(|number| line(number, DIMENSION))
        .enumerate()
        .map(|(number, line)| if number % 2 == 1 { line.trim_end().to_owned() } else { line })
        .collect();
    let whole = gzip(glued.as_bytes());
    home.write("a.jsonl.gz", &whole[..whole.len() / 2]);
    let first = load(&home, &service, &["a.jsonl.gz", "--batch-size", "250"]);
    let [stored] = first.assert_code(3).counts(["stored"]);
    home.write("a.jsonl.gz", &whole);
    let seen = service.statistics().recent.len();
    let ended = load(&home, &service, &["a.jsonl.gz", "--resume"]);
    assert_eq!(
        ended.assert_code(0).counts(["read", "skipped"]),
        [3_001 - stored, stored],
        "{}",
        ended.stderr
    );
    let stored = usize::try_from(stored).unwrap();
    let mut sent = received(&service, seen);
    let mut rest = keys(stored..3_001);
    sent.sort_unstable();
    rest.sort_unstable();
    assert!(sent == rest, "{} sent, {} left", sent.len(), rest.len());
    service.assert_holds(&wanted(0..3_001, DIMENSION));
}

#[test]
fn what_was_read_and_rejected_of_a_file_that_is_replaced_is_counted_no_more() {
    let (home, service) = (Home::new(), TestService::start(logged()));
    let bad = "{\"key\":\"bad\",\"vector\":[1,\"x\",3,4]}\n";
    let with_rejects = |numbers: Range<usize>| format!("{}{bad}{bad}", records(numbers));
    home.write("a.jsonl", with_rejects(5_000..5_010));
    let mut content = gzip(format!("{}{}", with_rejects(0..500), records(500..3_000)).as_bytes());
    content.truncate(content.len() / 2);
    home.write("b.jsonl.gz", content);
    let options = ["a.jsonl", "b.jsonl.gz", "--dimension", "4", "--rejects", "rejects.jsonl"];
    let load = |more: &[&str]| load(&home, &service, &[&options[..], more].concat());
    let first = load(&[]);
    assert_eq!(first.assert_code(3).counts(["rejected"]), [4]);
    let other = records(6_000..6_600);
    home.write("b.jsonl.gz", gzip(other.as_bytes()));
    let ended = load(&["--resume", "--min-records", "1000"]);
    assert_eq!(ended.assert_code(3).counts(["read", "skipped", "skipped_rejected"]), [600, 12, 2]);
    assert_eq!(crate::trouble::rejects(&home.path("rejects.jsonl")).len(), 2);
}

#[cfg(unix)]
#[test]
fn lines_are_taken_out_of_a_rejects_file_without_a_file_of_somebody_being_touched() {
    use std::os::unix::fs::PermissionsExt;

    let (home, service) = (Home::new(), TestService::start(logged()));
    let bad = "{\"key\":\"bad\",\"vector\":[1,\"x\",3,4]}\n";
    let mut content = gzip(format!("{bad}{}", records(0..3_000)).as_bytes());
    content.truncate(content.len() / 2);
    home.write("a.jsonl.gz", content);
    home.write("b.jsonl", format!("{}{bad}{bad}", records(5_000..5_010)));
    let options = ["a.jsonl.gz", "b.jsonl", "--dimension", "4", "--rejects", "r.jsonl", "--job", "1"];
    let load = |more: &[&str]| load(&home, &service, &[&options[..], more].concat());
    home.write("r.jsonl.ossvec-try", "somebody's");
    assert_eq!(load(&[]).assert_code(3).counts(["rejected"]), [3]);
    home.write("r.jsonl.ossvec-new", "somebody's");
    // As a run leaves it that was killed.
    let left = home.write("r.jsonl.ossvec-new.1", bad);
    std::fs::set_permissions(left, std::fs::Permissions::from_mode(0o200)).unwrap();
    home.write("a.jsonl.gz", gzip(records(6_000..6_600).as_bytes()));
    load(&["--resume"]).assert_code(4);
    let rejects = std::fs::read_to_string(home.path("r.jsonl")).unwrap();
    assert_eq!((rejects.lines().count(), rejects.contains("a.jsonl.gz")), (2, false), "{rejects}");
    let names = std::fs::read_dir(home.path("")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.filter_map(|name| name.into_string().ok()).collect();
    names.retain(|name| name.starts_with("r.jsonl"));
    names.sort_unstable();
    assert_eq!(names, ["r.jsonl", "r.jsonl.ossvec-new", "r.jsonl.ossvec-try"]);
    for name in &names[1..] {
        assert_eq!(std::fs::read_to_string(home.path(name)).unwrap(), "somebody's");
    }
    let mode = home.path("r.jsonl").metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
}

#[test]
fn a_thousand_inputs_that_failed_go_on_where_each_of_them_was_cut() {
    let (home, service) = (Home::new(), TestService::start(logged()));
    for number in 0..1_000 {
        let whole = array(number * 2..number * 2 + 2);
        home.write(&format!("d/{number:04}.json"), whole.trim_end_matches(']'));
    }
    let ended = load(&home, &service, &["d"]);
    assert_eq!(ended.assert_code(3).counts(["stored"]), [2_000], "{}", ended.stderr);
    for number in 0..1_000 {
        home.write(&format!("d/{number:04}.json"), array(number * 2..number * 2 + 2));
    }
    let seen = service.statistics().recent.len();
    let ended = load(&home, &service, &["d", "--resume"]);
    assert_eq!(ended.assert_code(0).counts(["read", "skipped"]), [0, 2_000], "{}", ended.stderr);
    assert_eq!(received(&service, seen), Vec::<String>::new());
}
