//! What of a directory is input where names promise nothing.

use crate::files::records;
use crate::support::{Home, TestService, run, unlimited, wanted};

#[test]
fn a_part_that_holds_records_anywhere_in_its_first_block_is_not_passed_over() {
    let rows = "a,\"[0.1,0.2,0.3,0.4]\"\nb,\"[0.2,0.3,0.4,0.5]\"\n";
    let json = records(10..20);
    for (content, code) in [
        // The first line is the end of another file's last one.
        (format!("0.25,0.5]}},\"metadata\":{{}}}}\n{json}"), None),
        (format!("broken\n{json}"), None),
        (format!("{{\"key\":\"x\",\n{json}"), None),
        // The first row is ragged, or its quotes are broken.
        (format!("key,vector\nz\n{rows}"), None),
        (format!("key,vector\nz,\"[1,2\"3,4]\"\n{rows}"), None),
        (rows.to_owned(), Some("has no header")),
        (format!("key,key\n{rows}"), Some("has two columns named")),
        (format!("key,vector\n{rows}").replace('\n', "\r"), Some("carriage return")),
        (format!("key,\"vector\n{rows}"), Some("the header of")),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("d/part-00000", records(0..3));
        home.write("d/part-00001", &content);
        let ended = run(home.put(&service).args(["d", "--dimension", "4"]));
        let summary = ended.summary();
        assert_eq!(summary["passed_over"], serde_json::json!([]), "{content}");
        assert_ne!(ended.code, Some(0), "{content}\n{}", ended.stderr);
        if let Some(said) = code {
            assert!(summary["error"].as_str().unwrap().contains(said), "{content}\n{summary:#}");
        }
    }
}

#[test]
fn what_shows_no_vector_is_passed_over_and_named_in_the_summary() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("d/a.jsonl", records(0..3));
    let others = [
        ("LICENSE", "Copyright (c) 2024, all of us\nSee [1], [2], or call 555 1234\n"),
        ("README.md", "# Parts\n\n{\"key\":\"a\",\"vector\":[0.1,0.2]}\n"),
        ("names", "id,name,id\n1,a,2\n"),
        ("notes", "\"Well, said one\nand, another\n"),
        ("old", "one\rtwo, three\rfour\r"),
        ("stats", "in all: 5\n"),
    ];
    for (name, content) in others {
        home.write(&format!("d/{name}"), content);
    }
    let ended = run(home.put(&service).args(["d", "-q"]));
    let summary = ended.assert_code(0).summary();
    let names: Vec<_> = others.iter().map(|(name, _)| format!("d/{name}")).collect();
    assert_eq!(summary["passed_over"], serde_json::json!(names), "{summary:#}");
    assert_eq!(summary["passed_over_count"], names.len());
    service.assert_holds(&wanted(0..3, 4));
    let ended = run(home.put(&service).arg("d"));
    let note = format!("note: skipped: 6 files of unknown format ({})", names.join(", "));
    assert!(ended.assert_code(0).stderr.contains(&note), "{}", ended.stderr);
}

#[test]
fn an_output_in_an_input_directory_is_refused_before_anything_is_sent() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("d/a.jsonl", records(0..3));
    for option in ["--rejects", "--events", "--log-file"] {
        let ended = run(home.put(&service).args(["./d", option, "d/out.jsonl"]));
        let said = format!("{option} d/out.jsonl is in the input directory ./d");
        assert!(ended.assert_code(1).stderr.contains(&said), "{}", ended.stderr);
        assert!(!home.path("d/out.jsonl").exists());
        let deeper = run(home.put(&service).args(["d", option, &format!("other{option}.jsonl")]));
        deeper.assert_code(0);
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_among_the_inputs_is_skipped_as_any_other_bad_one() {
    use std::os::unix::fs::PermissionsExt;
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", records(0..3));
    let _socket = std::os::unix::net::UnixListener::bind(home.path("socket")).unwrap();
    let mut bad = vec!["socket"];
    home.write("closed/b.jsonl", records(3..6));
    let lock =
        |mode| std::fs::set_permissions(home.path("closed"), std::fs::Permissions::from_mode(mode)).unwrap();
    lock(0o000);
    // Nothing is closed to root.
    bad.extend(std::fs::read_dir(home.path("closed")).is_err().then_some("closed"));
    let load = |more: &[&str]| run(home.put(&service).arg("a.jsonl").args(&bad).args(more));
    let ended = load(&[]);
    assert!(
        ended.assert_code(3).stderr.contains("cannot open socket: it is a socket, not a file"),
        "{}",
        ended.stderr
    );
    let skipped = load(&["--skip-bad-files"]);
    lock(0o755);
    let names = skipped.assert_code(0).summary()["skipped_inputs"].as_array().unwrap().len();
    assert_eq!(names, bad.len());
    service.assert_holds(&wanted(0..3, 4));
}
