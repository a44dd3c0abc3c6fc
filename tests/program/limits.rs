//! Too few descriptors, too few threads, too little room for a file: an error with its cure, never a panic, a signal's
//! death or a load that stands still.
#![cfg(unix)]

use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{Ended, Home, TestService, gzip, lines, run, unlimited, wanted};

/// Runs `command` by a shell after `limit`.
fn limited(command: &Command, limit: &str) -> Ended {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{limit} exec \"$@\""), "sh"]);
    shell.arg(command.get_program()).args(command.get_args()).env_clear();
    for (name, value) in command.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    run(shell.current_dir(command.get_current_dir().unwrap()))
}

/// What may become of a run that has too little: all of it, or one error with its cure.
#[track_caller]
fn assert_done_or_told(ended: &Ended, limit: &str, words: &[&str]) -> bool {
    let told = format!("{limit}: {:?} {} {}", ended.code, ended.stdout, ended.stderr);
    assert!(!ended.stderr.contains("panicked") && !ended.stderr.contains("bug in ossvec"), "{told}");
    if ended.code == Some(0) {
        return true;
    }
    assert_eq!(ended.code, Some(3), "{told}");
    assert!(words.iter().any(|word| ended.stderr.contains(word)), "{told}");
    false
}

#[test]
fn too_few_descriptors_are_an_error_before_anything_is_sent() {
    let service = TestService::start(unlimited());
    let mut done = Vec::new();
    // Below it not even the program's libraries are found.
    for descriptors in (4..28).chain([32, 40, 56, 64, 80]) {
        for job in ["1", "16"] {
            let home = Home::new();
            for file in 0..20 {
                home.write(&format!("d/{file}.jsonl.gz"), gzip(lines(30, 4).as_bytes()));
            }
            let limit = format!("ulimit -n {descriptors};");
            let mut cloud = home.put(&service);
            cloud.args(["d", "--job", job, "--batch-size", "10", "--rejects", "r", "--events", "e"]);
            cloud.args(["--loglevel", "info", "--log-file", "log"]);
            let mut local = home.ossvec();
            local.args(["put-vectors", "d", "--local", "--data-dir", "data", "--job", job]);
            let mut piped = home.ossvec();
            piped.args(["put-vectors", "--vectors", r#"[{"key":"a","vector":[1,2]}]"#, "--dry-run"]);
            let mut shell = home.ossvec();
            shell.args(["completions", "bash"]);
            for command in [&cloud, &local, &piped, &shell] {
                let before = service.statistics().recent.len();
                let begun = Instant::now();
                let ended = limited(command, &limit);
                let is_done = assert_done_or_told(&ended, &limit, &["cannot open enough files"]);
                assert!(begun.elapsed() < Duration::from_secs(30), "{limit} took {:?}", begun.elapsed());
                assert!(is_done || service.statistics().recent.len() == before, "{limit} {}", ended.stderr);
                done.push(is_done);
            }
        }
    }
    assert!(done.iter().any(|done| *done) && done.iter().any(|done| !*done));
    service.assert_holds(&wanted(0..30, 4));
}

#[test]
fn a_limit_that_may_be_raised_is_raised() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(300, 4));
    let mut load = home.put(&service);
    load.args(["a.jsonl", "--batch-size", "10"]);
    limited(&load, "ulimit -Sn 12;").assert_code(0);
}

#[test]
fn a_small_stack_is_no_bound_to_a_load() {
    for kilobytes in [128, 256, 384, 1_024] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("a.jsonl", lines(300, 4));
        let mut load = home.put(&service);
        load.args(["a.jsonl", "--batch-size", "10"]);
        let mut help = home.ossvec();
        help.args(["put-vectors", "--help"]);
        let mut wrong = home.ossvec();
        wrong.args(["put-vectors", "--no-such-option"]);
        let limit = format!("ulimit -s {kilobytes};");
        for (command, code) in [(&load, 0), (&help, 0), (&wrong, 1)] {
            limited(command, &limit).assert_code(code);
        }
        service.assert_holds(&wanted(0..300, 4));
    }
}

/// A user of its own, whom a limit on threads binds; nobody is limited by it who is root.
#[cfg(target_os = "linux")]
#[test]
fn too_few_threads_are_an_error_and_nothing_stands_still() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    if !is_root || Command::new("setpriv").arg("--version").output().is_err() {
        return;
    }
    // That user cannot go where the tests are.
    let folder = std::env::temp_dir().join(format!("ossvec-threads-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    let program = folder.join("ossvec");
    std::fs::copy(env!("CARGO_BIN_EXE_ossvec"), &program).unwrap();
    std::fs::write(folder.join("a.jsonl"), lines(300, 4)).unwrap();
    let (mut failed, mut done) = (0, 0);
    for threads in (1..20).chain([40]) {
        let load = home.put(&service);
        let mut user = Command::new("setpriv");
        user.args(["--reuid", "54321", "--regid", "54321", "--clear-groups", "prlimit"]);
        user.arg(format!("--nproc={threads}")).arg(&program);
        user.args(load.get_args()).args(["a.jsonl", "--batch-size", "10", "--checkpoint-dir", "state"]);
        user.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", &folder);
        for (name, value) in load.get_envs().filter(|(name, _)| *name != "HOME") {
            user.env(name, value.unwrap_or_default());
        }
        let begun = Instant::now();
        let ended = run(user.current_dir(&folder));
        let is_done = assert_done_or_told(&ended, &threads.to_string(), &["cannot start a thread"]);
        *(if is_done { &mut done } else { &mut failed }) += 1;
        assert!(begun.elapsed() < Duration::from_secs(30), "{threads}: {:?}", begun.elapsed());
    }
    assert!(failed > 3 && done > 0, "{failed} {done}");
    service.assert_holds(&wanted(0..300, 4));
    std::fs::remove_dir_all(folder).unwrap();
}
