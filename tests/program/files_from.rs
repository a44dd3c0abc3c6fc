//! Lists of inputs: the user's, by `--files-from`, and the one that the command which continues a load names.
#![cfg(unix)]

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use crate::shell::obey;
use crate::support::{
    Ended, Home, TestService, line, lines, renamed, run, run_with_input, unlimited, wanted,
};

const DIMENSION: usize = 4;
const BATCHES: [&str; 4] = ["--batch-size", "5", "--job", "1"];

fn setting() -> (Home, TestService) {
    (Home::new(), TestService::start(unlimited()))
}

/// Writes files of ten records each, all different.
fn write_all<'a>(home: &Home, names: impl IntoIterator<Item = &'a OsStr>) {
    for (number, name) in names.into_iter().enumerate() {
        let text: String = (number * 10..number * 10 + 10).map(|record| line(record, DIMENSION)).collect();
        let path = home.path("").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn load(home: &Home, service: &TestService, more: &[&str]) -> Ended {
    run(home.put(service).args(BATCHES).args(more))
}

fn complaint(ended: &Ended) -> String {
    ended.assert_code(ended.code.filter(|code| *code > 0).unwrap());
    ended.stderr.lines().take(2).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_list_names_inputs_one_a_line_or_each_ended_by_a_nul_byte() {
    let names = ["a.jsonl", "b c.jsonl", "sub/d.jsonl", "dir/e.jsonl", "dir/f.jsonl"];
    for list in [
        &b"a.jsonl\nb c.jsonl\nsub/d.jsonl\ndir\n"[..],
        b"a.jsonl\r\n\r\nb c.jsonl\r\nsub/d.jsonl\r\ndir",
        b"a.jsonl\0b c.jsonl\0sub/d.jsonl\0dir\0",
        b"\xef\xbb\xbf./a.jsonl\n\n./b c.jsonl\nfile://sub/d.jsonl\ndir/",
    ] {
        let (home, service) = setting();
        write_all(&home, names.map(OsStr::new));
        home.write("list", list);
        load(&home, &service, &["--files-from", "list"]).assert_code(0);
        service.assert_holds(&wanted(0..50, DIMENSION));
        let again = TestService::start(unlimited());
        let ended = run_with_input(home.put(&again).args(["--files-from", "-"]), list.to_vec());
        assert_eq!(ended.assert_code(0).counts(["stored"]), [50]);
        again.assert_holds(&wanted(0..50, DIMENSION));
    }
}

/// The last record with a key wins, so that the order of the inputs shows in what is stored.
#[test]
fn listed_inputs_come_after_those_of_the_command_line_and_standard_input_is_one_of_them() {
    let (home, service) = setting();
    for (name, record) in [("first.jsonl", 1), ("second.jsonl", 2), ("third.jsonl", 3)] {
        home.write(name, renamed(record, DIMENSION, "same"));
    }
    home.write("list", "second.jsonl\nthird.jsonl\n");
    load(&home, &service, &["--files-from", "list", "first.jsonl"]).assert_code(0);
    assert_eq!(service.held()["same"], 3);
    home.write("list", "first.jsonl\n");
    let mut command = home.put(&service);
    let ended = run_with_input(command.args(["-", "--files-from", "list"]), lines(5, DIMENSION).into_bytes());
    assert_eq!((ended.assert_code(0).counts(["stored"]), service.held()["same"]), ([6], 1));
}

#[test]
fn what_is_wrong_with_a_list_is_told_before_anything_is_sent() {
    let (home, service) = setting();
    write_all(&home, [OsStr::new("a.jsonl")]);
    home.write("list", "a.jsonl\nmissing.jsonl\ngone.jsonl\n");
    home.write("empty", "\n\n");
    home.write("input", "-\n");
    let told = |more: &[&str]| complaint(&load(&home, &service, more));
    let all = [
        told(&["--files-from", "list"]),
        told(&["a.jsonl", "--files-from", "empty"]),
        told(&["--files-from", "nothing"]),
        told(&["-", "--files-from", "input"]),
        told(&["--files-from", "list", "--rejects", "list"]),
        told(&["--files-from", "a.jsonl"]),
        told(&["a.jsonl", "--on-change", "restart"]),
        told(&["--files-from", "list", "--vectors", "[]"]),
        complaint(&run_with_input(home.put(&service).args(["-", "--files-from", "-"]), b"a.jsonl".to_vec())),
        complaint(&run_with_input(home.put(&service).args(["--files-from", "-"]), b"a.jsonl\n-\n".to_vec())),
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    ossvec: 2 of 3 inputs cannot be loaded; nothing was sent
            cannot open missing.jsonl: No such file or directory (os error 2); check the path and its permissions
    ossvec: --files-from empty contains no names
            list one name per line, or end each name with a NUL byte, as find -print0 does
    ossvec: cannot read --files-from nothing: No such file or directory (os error 2)
            name a file with a name per line, or - for standard input
    ossvec: - is given twice, but standard input can be read only once
            pass - once
    ossvec: --rejects list is the same file as --files-from
            choose another file with --rejects
    ossvec: --files-from a.jsonl: line 1 is JSON, not the name of a file
            to load a.jsonl itself, pass it as an input, without --files-from
    ossvec: --on-change restart works only with --resume
            add --resume
    ossvec: the argument '--files-from <FILE|->' cannot be used with '--vectors <JSON|file://PATH|->'
            see ossvec put-vectors --help
    ossvec: --files-from - reads the names from standard input, so - cannot be an input too
            write the names to a file, or remove - from the inputs
    ossvec: --files-from - reads the names from standard input, so - cannot be an input too
            write the names to a file, or remove - from the inputs
    ");
    assert!(service.is_untouched());
}

/// Whatever the inputs are called, and however many they are.
#[test]
fn the_command_that_continues_can_be_copied_and_finds_the_journal() {
    let odd = [
        OsString::from("plain.jsonl"),
        "with space.jsonl".into(),
        "it's \"quoted\" $HOME `id`.jsonl".into(),
        "new\nline.jsonl".into(),
        "-q".into(),
        " ends in space ".into(),
        "##[debug].jsonl".into(),
        "é\u{1b}[2J.jsonl".into(),
        OsString::from_vec(b"not text \xff.jsonl".to_vec()),
        "#comment.jsonl".into(),
    ];
    for seed in 0..12 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut names = odd.to_vec();
        random.shuffle(&mut names);
        names.truncate(if seed < 4 { random.usize(1..4) } else { random.usize(4..odd.len()) });
        let what = format!("{seed}: {names:?}");
        let (home, service) = setting();
        write_all(&home, names.iter().map(OsString::as_os_str));
        let is_listed = random.bool();
        let mut first = home.put(&service);
        first.args(BATCHES).args(["--checkpoint-dir", "my state"]);
        service.trouble(&["op=PutVectors,nth=2,status=403,code=AccessDenied"]);
        let ended = if is_listed {
            let list: Vec<u8> = names.iter().flat_map(|name| [name.as_bytes(), b"\0"].concat()).collect();
            run_with_input(first.args(["--files-from", "-"]), list)
        } else {
            run(first.arg("--").args(&names))
        };
        service.trouble(&[]);
        let command = ended.assert_code(2).summary()["resume_command"].as_str().unwrap().to_owned();
        let is_text = names.iter().all(|name| name.to_str().is_some());
        let has_list = is_listed || names.len() > 3 || !is_text;
        assert_eq!(command.contains("--files-from "), has_list, "{what}: {command}");
        assert!(ended.stderr.contains(&format!("continue with: {command}\n")), "{what}: {}", ended.stderr);
        // Only names on the line need what older shells lack.
        let continued = obey(&home, if has_list { "sh" } else { "bash" }, &command);
        assert_eq!(continued.assert_code(0).counts(["skipped"]), [5], "{what}");
        service.assert_holds_in(&what, &wanted(0..names.len() * 10, DIMENSION));
        // It works again, and from the list that it left: everything is complete.
        let again = obey(&home, if has_list { "sh" } else { "bash" }, &command);
        assert_eq!(again.assert_code(0).summary()["already_complete"], true, "{what}");
    }
}

#[test]
fn the_index_of_a_local_load_stays_the_one_that_its_first_input_named() {
    let home = Home::new();
    write_all(&home, ["in/a.jsonl", "in/b.jsonl", "in/c.jsonl", "in/d.jsonl"].map(OsStr::new));
    home.write("in/a.jsonl", lines(10, DIMENSION) + &line(0, 3) + &lines(40, DIMENSION));
    let mut load = home.ossvec();
    load.args(["put-vectors", ".", "b.jsonl", "c.jsonl", "d.jsonl", "--local", "--dimension", "4"])
        .args(BATCHES);
    load.args(["--max-rejects", "0", "--requests-per-second", "0", "--output-format", "json"]);
    let summary = run(load.current_dir(home.path("in"))).assert_code(4).summary();
    let command = summary["resume_command"].as_str().unwrap();
    // The list has the directory's whole name, which would give another index.
    assert!(command.contains("/inputs") && summary["index_name"] == "a", "{summary:#}");
    let ended =
        obey(&home, "sh", &format!("cd in && {}", command.replace("--max-rejects 0", "--max-rejects none")));
    let continued = ended.assert_code(4).summary();
    assert_eq!(
        (&continued["index_name"], &continued["skipped_rejected"]),
        (&summary["index_name"], &1.into())
    );
}

#[test]
fn the_list_is_in_the_loads_directory_with_whole_names_and_private() {
    use std::os::unix::fs::PermissionsExt;
    let (home, service) = setting();
    let names = ["a.jsonl", "b.jsonl", "c.jsonl", "d.jsonl"];
    write_all(&home, names.map(OsStr::new));
    service.trouble(&["op=PutVectors,nth=2,status=403,code=AccessDenied"]);
    load(&home, &service, &[&["--checkpoint-dir", "state"][..], &names].concat()).assert_code(2);
    let folder = std::fs::read_dir(home.path("state")).unwrap().next().unwrap().unwrap().path();
    let list = std::fs::read(folder.join("inputs")).unwrap();
    let whole: Vec<u8> =
        names.iter().flat_map(|name| [home.path(name).as_os_str().as_bytes(), b"\0"].concat()).collect();
    assert_eq!(list, whole);
    assert_eq!(folder.join("inputs").metadata().unwrap().permissions().mode() & 0o077, 0);
    assert!(!folder.join(Path::new("inputs.new")).exists());
}
