//! Pipes in the place of files: an input that is one, and an output that nobody reads.

use std::io::Read;
use std::process::{Command, Stdio};

use crate::support::{
    Home, TestService, lines, run, run_with_input, sharing_the_machine, unlimited, wanted, with_faults,
};

/// Runs a command whose standard output, or standard error, is a pipe that nobody reads.
fn run_unread(command: &mut Command, error: bool) -> (Option<i32>, String) {
    let _shared = sharing_the_machine();
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut text = String::new();
    if error {
        drop(child.stderr.take());
        child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    } else {
        drop(child.stdout.take());
        child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    }
    (child.wait().unwrap().code(), text)
}

#[test]
fn a_closed_pipe_ends_quietly_and_loses_nothing() {
    let rows: [(&[&str], bool); 4] = [
        (&[], false),
        (&["--output-format", "json"], false),
        (&["--events", "-"], false),
        (&["--output-format", "json"], true),
    ];
    for (arguments, error) in rows {
        let (home, service) =
            (Home::new(), TestService::start(with_faults(&["op=PutVectors,nth=1,status=500"])));
        run(home.put(&service).arg(home.write("first.jsonl", lines(1, 4)))).assert_code(0);
        service.service.set_faults(&with_faults(&["op=PutVectors,nth=1,status=500"]).faults);
        let mut command = home.aimed(&["put-vectors"], &service);
        command.arg(home.write("a.jsonl", lines(1_200, 4))).args(arguments);
        let (code, text) = run_unread(command.args(["--requests-per-second", "0"]), error);
        assert_eq!(code, Some(0), "{arguments:?}: {text}");
        assert!(!text.contains("panicked") && !text.contains("ossvec: "), "{arguments:?}: {text}");
        service.assert_holds(&wanted(0..1_200, 4));
    }
    let home = Home::new();
    assert_eq!(run_unread(home.ossvec().arg("--help"), false), (Some(0), String::new()));
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_an_input_like_any_other() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let pipe = home.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let writing = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::write(pipe, lines(700, 4))
    });
    let ended = run_with_input(home.put(&service).arg(&pipe), Vec::new());
    writing.join().unwrap().unwrap();
    assert_eq!(ended.assert_code(0).counts(["read", "stored"]), [700, 700]);
    service.assert_holds(&wanted(0..700, 4));
}
