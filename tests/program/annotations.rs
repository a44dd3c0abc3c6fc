//! A load as a step of a GitHub Actions job: annotations of the files, and the step's summary.

use std::process::Command;

use crate::support::{Home, TestService, line, lines, run, unlimited};

fn step(home: &Home, service: &TestService) -> Command {
    let mut load = home.put_sized(service, 4);
    load.args(["data/a,1.jsonl", "--rejects", "rejects.jsonl"]);
    load.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", home.path("step.md")).env("CI", "true");
    load
}

#[test]
fn rejected_records_annotate_their_file_and_the_step_gets_a_table() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let bad: String = (5_000..5_015).map(|record| line(record, 3)).collect();
    home.write("data/a,1.jsonl", [lines(30, 4), bad].concat());
    home.write("step.md", "of an earlier command\n");
    let ended = run(&mut step(&home, &service));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [30, 15]);
    let annotations: Vec<_> = ended.stderr.lines().filter(|line| line.starts_with("::")).collect();
    assert_eq!(annotations.len(), 10, "{}", ended.stderr);
    let want = "::error file=data/a%2C1.jsonl,line=31,title=rejected%3A dimension::key \"key-5000\": \
                the vector has 3 elements; the dimension is 4";
    assert_eq!(annotations[0], want);
    let summary = std::fs::read_to_string(home.path("step.md")).unwrap();
    assert!(summary.starts_with("of an earlier command\n### ossvec: test-bucket / idx\n"), "{summary}");
    for row in [
        "\n| stored | 30 | of 45 read |\n",
        "\n| rejected | 15 | all of them in rejects.jsonl |\n",
        "\n| – dimension | 15 | first at data/a,1.jsonl&#58;31&#58; the vector has 3 elements&#59; the dimension is 4 |\n",
    ] {
        assert!(summary.contains(row), "{row}{summary}");
    }
}

#[test]
fn a_step_that_stops_says_why_and_how_to_continue() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("data/a,1.jsonl", lines(30, 4));
    service.trouble(&["op=PutVectors,status=403,code=AccessDenied"]);
    let ended = run(&mut step(&home, &service));
    ended.assert_code(2);
    assert!(ended.stderr.contains("\n::error title=ossvec::"), "{}", ended.stderr);
    let summary = std::fs::read_to_string(home.path("step.md")).unwrap();
    let command = ended.summary()["resume_command"].as_str().unwrap().to_owned();
    assert!(summary.contains(&format!("```sh\n{command}\n```\n")), "{summary}");
    assert!(summary.contains("| not sent | 30 | read before the run stopped |"), "{summary}");
    assert!(summary.contains("**Stopped:** "), "{summary}");
}

#[test]
fn a_step_summary_that_cannot_be_written_is_a_note() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("data/a,1.jsonl", lines(30, 4));
    home.write("full.md", "x".repeat(1 << 20));
    for (path, told) in [("missing/step.md", "missing/step.md: "), ("full.md", "it would grow beyond 1 MiB")]
    {
        let ended = run(step(&home, &service).env("GITHUB_STEP_SUMMARY", home.path(path)));
        ended.assert_code(0);
        assert!(ended.stderr.contains("note: cannot write the step summary to "), "{}", ended.stderr);
        assert!(ended.stderr.contains(told), "{}", ended.stderr);
    }
    assert_eq!(std::fs::metadata(home.path("full.md")).unwrap().len(), 1 << 20);
}

#[test]
fn outside_a_step_nothing_speaks_to_one() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("data/a,1.jsonl", [lines(3, 4), line(9, 3)].concat());
    let ended = run(step(&home, &service).env_remove("GITHUB_ACTIONS"));
    ended.assert_code(4);
    assert!(!ended.stderr.contains("::error") && !home.path("step.md").exists(), "{}", ended.stderr);
}

#[test]
fn a_load_that_cannot_begin_annotates_the_step_too() {
    let home = Home::new();
    home.write("a.jsonl", lines(3, 4));
    for (arguments, code, said) in [
        (&["put-vectors", "a.jsonl", "--bucket", "bucket", "--index-name", "idx"] as &[&str], 3, "no region"),
        (&["put-vectors", "a.jsonl", "--nope"], 1, "unexpected argument '--nope' found"),
    ] {
        let ended = run(home.ossvec().env("GITHUB_ACTIONS", "true").args(arguments));
        let annotations = ended.assert_code(code).stderr.lines().filter(|line| line.starts_with("::error "));
        let annotations: Vec<_> = annotations.collect();
        assert_eq!(annotations.len(), 1, "{}", ended.stderr);
        assert!(annotations[0].contains(said), "{}", ended.stderr);
    }
}
