//! What a load keeps is for its owner's eyes, and what others have put in the place of its files is left alone.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Ended, Home, TestService, flawed, line, run, unlimited};

const DIMENSION: usize = 4;

/// A load of two batches with a reject in each, for everybody to read unless it says otherwise.
fn load(home: &Home, service: &TestService, more: &[&str]) -> Ended {
    home.write("a.jsonl", flawed(20, DIMENSION, |record| record % 10 == 3));
    let mut load = home.put_sized(service, DIMENSION);
    load.args(["a.jsonl", "--batch-size", "10", "--job", "1", "--checkpoint-dir", "state"]).args(more);
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask 000; exec \"$@\"", "sh"]).arg(load.get_program()).args(load.get_args());
    shell.env_clear().current_dir(home.path(""));
    for (name, value) in load.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    run(&mut shell)
}

/// A service whose load is denied its second batch, so that it leaves all that a load keeps.
fn half_loaded() -> (Home, TestService, PathBuf) {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    service.trouble(&["op=PutVectors,nth=2,status=403,code=AccessDenied"]);
    load(&home, &service, &[]).assert_code(2);
    service.trouble(&[]);
    let folder = fs::read_dir(home.path("state")).unwrap().next().unwrap().unwrap().path();
    (home, service, folder)
}

/// All that is below a folder, with what others may do with it.
fn open_to_others(folder: &Path) -> Vec<PathBuf> {
    let mut open = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let mode = entry.symlink_metadata().unwrap().permissions().mode();
        open.extend((mode & 0o077 != 0).then(|| entry.clone()));
        if entry.is_dir() {
            open.extend(open_to_others(&entry));
        }
    }
    open
}

#[test]
fn all_that_a_load_keeps_is_for_its_owner_alone() {
    let (home, service, folder) = half_loaded();
    // A second run that sets the first one aside, and files that the user names.
    service.trouble(&["op=PutVectors,nth=1,status=403,code=AccessDenied"]);
    let named = ["--rejects", "kept/r.jsonl", "--events", "kept/e.jsonl", "--log-file", "kept/log"];
    let named = [&named[..], &["--loglevel", "info"]].concat();
    fs::create_dir(home.path("kept")).unwrap();
    load(&home, &service, &named).assert_code(2);
    service.trouble(&[]);
    assert!(folder.join("current/rejects.jsonl").exists(), "it has come back");
    assert_eq!(open_to_others(&home.path("state")), Vec::<PathBuf>::new());
    load(&home, &service, &named).assert_code(4);
    let array = format!("[{}]", line(0, DIMENSION + 1));
    let mut inline = home.put_sized(&service, DIMENSION);
    inline.args(["--vectors", &array, "--checkpoint-dir", "state"]);
    run(&mut inline).assert_code(4);
    for folder in ["state", "kept"] {
        assert_eq!(open_to_others(&home.path(folder)), Vec::<PathBuf>::new());
    }
    assert!(["r.jsonl", "e.jsonl", "log"].iter().all(|name| home.path("kept").join(name).exists()));
}

#[test]
fn what_stands_in_the_place_of_a_file_of_the_load_is_neither_followed_nor_waited_for() {
    let places = ["", "lock", "current", "current/journal", "current/rejects.jsonl", "untouched", "before"];
    for place in places {
        for is_link in [true, false] {
            let (home, service, folder) = half_loaded();
            let theirs = if place.is_empty() { folder } else { folder.join(place) };
            let target = home.path("target");
            let is_there = fs::rename(&theirs, &target).is_ok();
            assert!(is_there || ["untouched", "before"].contains(&place), "{place}");
            let made = if is_link {
                symlink(&target, &theirs).is_ok()
            } else {
                Command::new("mkfifo").arg(&theirs).status().unwrap().success()
            };
            assert!(made, "{place}");
            let before = content(&target);
            let ended = load(&home, &service, &["--resume"]);
            assert!(ended.assert_code(3).stderr.contains("ossvec: cannot "), "{place}: {}", ended.stderr);
            assert_eq!(content(&target), before, "{place}");
        }
    }
}

/// What is in a file, or in the files of a folder.
fn content(path: &Path) -> Vec<u8> {
    match fs::read_dir(path) {
        Ok(entries) => {
            let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
            paths.sort();
            paths.iter().flat_map(|path| content(path)).collect()
        }
        Err(_) => fs::read(path).unwrap_or_default(),
    }
}
