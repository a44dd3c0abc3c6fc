//! What a run writes never touches what it reads, nor another output, by whatever name a file is known.
#![cfg(unix)]

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ossvec::test_support::oss::operation::Operation;

use crate::support::{Ended, Home, TestService, line, lines, run, run_with_input, unlimited, wanted};
use crate::trouble::{Running, rejects, until};

/// What makes a load read a file.
const READS: [&str; 10] = [
    "input",
    "member",
    "stdin",
    "/dev/stdin",
    "config",
    "bundle",
    "cli",
    "ini",
    "token",
    "token of the profile",
];

/// What makes a load write one.
const WRITES: [&str; 6] =
    ["--rejects", "--events", "--log-file", "GITHUB_STEP_SUMMARY", "standard output", "standard error"];

/// By what name it is written.
const NAMES: [&str; 4] = ["itself", "hard", "soft", "dir-link"];

/// A load that reads `file` in one of the ways.
fn reading(home: &Home, service: &TestService, read: &str, file: &Path) -> Command {
    let mut load = home.put(service);
    match read {
        "input" => load.arg(file),
        "member" => load.arg(file.parent().unwrap()),
        "stdin" => load.arg("-").stdin(File::open(file).unwrap()),
        "/dev/stdin" => load.arg("/dev/stdin").stdin(File::open(file).unwrap()),
        "config" => load.arg("other.jsonl").arg("-c").arg(file),
        "bundle" => load.arg("other.jsonl").arg("--ca-bundle").arg(file),
        "cli" => load.arg("other.jsonl").env("ALIBABA_CLOUD_CONFIG_FILE", file),
        "ini" => load.arg("other.jsonl").env("ALIBABA_CLOUD_CREDENTIALS_FILE", file),
        "token" => load.arg("other.jsonl").env("ALIBABA_CLOUD_OIDC_TOKEN_FILE", file),
        _ => {
            let path = file.display();
            let profile = format!(
                "[default]\nmode = oidcRoleArn\nrole-arn = r\noidc-provider-arn = p\noidc-token-file-path = {path}\n"
            );
            home.write(".ossutilconfig", profile);
            load.arg("other.jsonl").env_remove("OSS_ACCESS_KEY_ID").env_remove("OSS_ACCESS_KEY_SECRET")
        }
    };
    load
}

/// Makes a load write to a file in one of the ways, and runs it.
fn written(load: &mut Command, write: &str, name: &Path) -> Ended {
    let appending = || File::options().append(true).create(true).open(name).unwrap();
    load.stdout(Stdio::piped()).stderr(Stdio::piped());
    match write {
        "GITHUB_STEP_SUMMARY" => load.env("GITHUB_ACTIONS", "true").env(write, name),
        "standard output" => load.stdout(appending()),
        "standard error" => load.stderr(appending()),
        option => load.arg(option).arg(name),
    };
    let ended = load.spawn().unwrap().wait_with_output().unwrap();
    ended.into()
}

/// Another name of `file`, outside the folder that it is in.
fn name_of(home: &Home, file: &Path, kind: &str) -> PathBuf {
    let name = home.path(kind);
    match kind {
        "hard" => fs::hard_link(file, &name).unwrap(),
        "soft" => symlink(file, &name).unwrap(),
        "dir-link" => {
            symlink(file.parent().unwrap(), &name).unwrap();
            return name.join(file.file_name().unwrap());
        }
        _ => return file.to_owned(),
    }
    name
}

#[test]
fn whatever_is_read_is_never_written_to() {
    let service = TestService::start(unlimited());
    for read in READS {
        for write in WRITES {
            for kind in NAMES {
                let home = Home::new();
                let content = lines(3, 4);
                let file = home.write("d/file.jsonl", &content);
                home.write("other.jsonl", lines(3, 4));
                let name = name_of(&home, &file, kind);
                let ended = written(&mut reading(&home, &service, read, &file), write, &name);
                let told = format!("{read}, {write}, {kind}: {}{}", ended.stdout, ended.stderr);
                assert_eq!(ended.code, Some(1), "{told}");
                assert!(
                    told.contains(" is the same file as ") || told.contains("in the input directory"),
                    "{told}"
                );
                assert_eq!(fs::read_to_string(&file).unwrap(), content, "{told}");
            }
        }
    }
    assert!(service.is_untouched());
}

#[test]
fn nothing_is_said_where_both_streams_go_to_what_is_read() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let file = home.write("file.jsonl", lines(3, 4));
    let appending = || File::options().append(true).open(&file).unwrap();
    let status = home.put(&service).arg(&file).stdout(appending()).stderr(appending()).status().unwrap();
    assert_eq!(status.code(), Some(1));
    assert_eq!(fs::read_to_string(&file).unwrap(), lines(3, 4));
}

#[test]
fn two_outputs_are_never_one_file() {
    let service = TestService::start(unlimited());
    let options = &WRITES[..4];
    for (at, one) in options.iter().enumerate() {
        for other in &WRITES[at + 1..] {
            // A log and a summary are added to, as is a stream that the shell appends to.
            if at >= 2 {
                continue;
            }
            for kind in ["itself", "hard", "soft", "new", "new-soft"] {
                let home = Home::new();
                home.write("a.jsonl", lines(3, 4));
                let there = kind != "new" && kind != "new-soft";
                let file = if there { home.write("out", "kept\n") } else { home.path("out") };
                if kind == "new-soft" {
                    symlink(&file, home.path("link")).unwrap();
                }
                let name = if kind == "new-soft" { home.path("link") } else { name_of(&home, &file, kind) };
                let mut load = home.aimed(&["put-vectors", "a.jsonl"], &service);
                load.arg(one).arg(&file);
                let ended = written(&mut load, other, &name);
                let told = format!("{one}, {other}, {kind}: {}{}", ended.stdout, ended.stderr);
                assert_eq!(ended.code, Some(1), "{told}");
                let text = fs::read_to_string(&file).unwrap_or_default();
                if !other.starts_with("standard") {
                    assert!(told.contains(" is the same file as "), "{told}");
                    assert_eq!(text, if there { "kept\n" } else { "" }, "{told}");
                }
            }
        }
    }
    assert!(service.is_untouched());
}

#[test]
fn what_only_adds_to_a_file_may_share_it() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(3, 4));
    for (write, options) in [
        ("standard output", ["--loglevel", "info", "--log-file", "shared"]),
        ("standard error", ["--loglevel", "info", "--log-file", "shared"]),
    ] {
        let shared = home.write("shared", "before\n");
        let ended = written(home.put(&service).arg("a.jsonl").args(options), write, &shared);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let text = fs::read_to_string(shared).unwrap();
        assert!(text.starts_with("before\n") && text.contains("load ends"), "{text}");
    }
    // What the shell does not append would be written over.
    let shared = home.write("shared", "");
    let mut load = home.put(&service);
    load.args(["a.jsonl", "--loglevel", "info", "--log-file", "shared"])
        .stdout(File::create(shared).unwrap());
    let ended = Ended::from(load.stderr(Stdio::piped()).output().unwrap());
    ended.assert_code(1);
}

#[test]
fn an_input_directory_is_written_to_by_no_name_of_it() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("d/a.jsonl", lines(3, 4));
    symlink("d", home.path("link")).unwrap();
    symlink("../out.jsonl", home.path("d/out.jsonl")).unwrap();
    fs::write(home.path("out.jsonl"), "").unwrap();
    symlink("d/new.jsonl", home.path("leads-in")).unwrap();
    let url = format!("file://{}", home.path("d").display());
    for input in ["d", "./d/", "link", url.as_str()] {
        for option in ["--rejects", "--events", "--log-file"] {
            for path in ["d/new.jsonl", "link/new.jsonl", "leads-in", "d/out.jsonl"] {
                let ended = run(home.put(&service).args([input, option, path]));
                ended.assert_code(1);
                assert!(!home.path("d/new.jsonl").exists(), "{input} {option} {path}");
            }
        }
        for folder in ["d", "link", "d/state", "link/deep/state"] {
            let ended = run(home.put(&service).args([input, "--checkpoint-dir", folder]));
            let said = format!("--checkpoint-dir {folder} is in the input directory");
            assert!(ended.assert_code(1).stderr.contains(&said), "{}", ended.stderr);
        }
        let ended = run(home.ossvec().args(["put-vectors", "--local", "--data-dir", "link", input]));
        assert!(ended.assert_code(1).stderr.contains("--data-dir link is in the"), "{}", ended.stderr);
    }
    let names = fs::read_dir(home.path("d")).unwrap().count();
    assert_eq!((names, fs::read_to_string(home.path("out.jsonl")).unwrap().as_str()), (2, ""));
    assert!(service.is_untouched());
    let elsewhere = ["d/a.jsonl", "--checkpoint-dir", "d/state", "--events", "d/deeper"];
    run(home.put(&service).args(elsewhere)).assert_code(0);
}

#[test]
fn the_local_services_data_is_no_output() {
    let home = Home::new();
    home.write("a.jsonl", lines(3, 4));
    let load = |more: &[&str]| {
        let mut load = home.ossvec();
        run(load.args(["put-vectors", "a.jsonl", "--local", "--data-dir", "data"]).args(more))
    };
    load(&[]).assert_code(0);
    let before = fs::read(home.path("data/vectors.redb")).unwrap();
    for option in ["--rejects", "--events", "--log-file"] {
        let ended = load(&[option, "data/vectors.redb"]);
        assert!(
            ended.assert_code(1).stderr.contains("is the same file as the data file in --data-dir"),
            "{}",
            ended.stderr
        );
    }
    let serve = ["serve", "--data-dir", "data", "--loglevel", "info", "--log-file", "data/vectors.redb"];
    run(home.ossvec().args(serve)).assert_code(1);
    assert!(fs::read(home.path("data/vectors.redb")).unwrap() == before);
}

#[test]
fn a_resume_that_cannot_write_its_rejects_is_told_to_bring_their_directory_back_which_works() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let load = |rejects: &str, more: &[&str]| {
        let mut load = flawed(&home, &service, 1);
        load.args(["--rejects", rejects]).args(more);
        load
    };
    fs::create_dir(home.path("d")).unwrap();
    service.trouble(&["op=PutVectors,nth=3,hang"]);
    let running = Running::start(&mut load("d/r.jsonl", &[]));
    until("a request hangs", || service.requests(Operation::PutVectors) == 3);
    running.kill();
    service.trouble(&[]);
    fs::rename(home.path("d"), home.path("away")).unwrap();
    let ended = run(&mut load("d/r.jsonl", &["--resume"]));
    let cure = "        check that its directory exists and is writable\n";
    assert!(ended.assert_code(3).stderr.contains(cure), "{}", ended.stderr);
    fs::rename(home.path("away"), home.path("d")).unwrap();
    let ended = run(&mut load("other.jsonl", &["--resume"]));
    let said = "cannot resume with another rejects file";
    assert!(ended.assert_code(3).stderr.contains(said), "{}", ended.stderr);
    let ended = run(&mut load("d/r.jsonl", &["--resume"]));
    assert_eq!(ended.assert_code(4).counts(["skipped", "stored", "rejected"]), [22, 16, 2]);
}

/// A load of records some of which are rejected, by keys of its own.
fn flawed(home: &Home, service: &TestService, number: usize) -> Command {
    let records = (number * 100..).take(40).map(|record| line(record, if record % 10 == 3 { 5 } else { 4 }));
    let input = home.write(&format!("{number}.jsonl"), records.collect::<String>());
    let mut load = home.put_sized(service, 4);
    load.arg(input).args(["--batch-size", "10", "--job", "1"]);
    load
}

#[test]
fn of_two_loads_with_one_output_the_second_is_refused_before_it_touches_anything() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    for (option, other) in [("--rejects", "./out.jsonl"), ("--rejects", "link"), ("--events", "link")] {
        home.write("out.jsonl", "");
        symlink("out.jsonl", home.path("link")).unwrap();
        service.trouble(&["op=PutVectors,nth=3,hang"]);
        let before = service.requests(Operation::PutVectors);
        let running = Running::start(flawed(&home, &service, 1).args([option, "out.jsonl"]));
        until("a request hangs", || service.requests(Operation::PutVectors) == before + 3);
        let text = fs::read_to_string(home.path("out.jsonl")).unwrap();
        assert!(!text.is_empty());
        for more in [&[][..], &["--dry-run"], &["--resume"]] {
            let ended = run(flawed(&home, &service, 2).args([option, other]).args(more));
            // A rehearsal of events tells nobody what the load tells.
            let said = format!("{other}: another ossvec process is writing to it");
            assert!(ended.assert_code(3).stderr.contains(&said), "{}", ended.stderr);
            let cure = match (option, more) {
                // Another one is refused by a resume.
                ("--rejects", ["--resume"]) => "wait for it to finish, or stop it\n".to_owned(),
                _ => format!("wait for it to finish, or name another file with {option}\n"),
            };
            assert!(ended.stderr.contains(&cure), "{}", ended.stderr);
            assert_eq!(ended.counts(["read", "stored"]), [0, 0]);
            assert_eq!(ended.summary()["resume_command"], serde_json::Value::Null);
            assert_eq!(fs::read_to_string(home.path("out.jsonl")).unwrap(), text);
        }
        assert_eq!(service.requests(Operation::PutVectors), before + 3);
        running.kill();
        // What is left of a killed run stands in nobody's way.
        service.trouble(&[]);
        run(flawed(&home, &service, 2).args([option, other])).assert_code(4);
        let extra = ["out.jsonl.lock", "link.lock"].map(|name| home.path(name).exists());
        assert_eq!(extra, [false, false], "{option} {other}");
        for name in ["out.jsonl", "link", "link.1", "out.jsonl.1"] {
            fs::remove_file(home.path(name)).unwrap_or_default();
        }
    }
}

#[test]
fn of_loads_that_start_together_with_one_rejects_file_none_loses_a_line() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    for round in 0..6 {
        let loads: Vec<_> = (0..5)
            .map(|number| {
                let number = round * 5 + number;
                (number, Running::start(flawed(&home, &service, number).args(["--rejects", "r.jsonl"])))
            })
            .collect();
        let ended: Vec<_> = loads.into_iter().map(|(number, load)| (number, load.end())).collect();
        let files = fs::read_dir(home.path("")).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|path| path.to_string_lossy().contains("r.jsonl"));
        let kept: Vec<_> = files.flat_map(|path| rejects(&path)).map(|(key, _)| key).collect();
        assert!(ended.iter().any(|(_, ended)| ended.code == Some(4)));
        for (number, ended) in ended {
            let keys = (number * 100..).take(40).filter(|record| record % 10 == 3);
            let listed = keys.filter(|record| kept.contains(&format!("key-{record}"))).count();
            match ended.code {
                Some(4) => assert_eq!(listed, 4, "{}", ended.stderr),
                Some(3) => assert_eq!((listed, ended.counts(["stored"])), (0, [0]), "{}", ended.stderr),
                _ => panic!("{:?}: {}", ended.code, ended.stderr),
            }
        }
    }
}

#[test]
fn a_rejects_file_that_cannot_be_one_is_found_before_anything_is_sent() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("file", "");
    fs::create_dir(home.path("folder")).unwrap();
    symlink("folder", home.path("link")).unwrap();
    symlink("no/where", home.path("dangling")).unwrap();
    for input in ["1.jsonl", "-"] {
        for path in
            [".", "folder", "link", "folder/", "no/such/r.jsonl", "file/r.jsonl", "dangling", "/proc/r"]
        {
            flawed(&home, &service, 1);
            let mut load = home.put_sized(&service, 4);
            let ended = run(load.args([input, "--rejects", path]));
            assert!(matches!(ended.code, Some(1 | 3)), "{path}: {}", ended.stderr);
            assert!(ended.stderr.contains("--rejects"), "{path}: {}", ended.stderr);
        }
    }
    // Where nobody names one, it stands beside the journal, or in a folder of its own.
    let mut load = home.put_sized(&service, 4);
    let ended = run_with_input(load.args(["-", "--checkpoint-dir", "file"]), lines(3, 5).into());
    assert!(ended.assert_code(3).stderr.contains("cannot write the rejects file file/"), "{}", ended.stderr);
    assert!(service.requests(Operation::PutVectors) == 0 && service.state().is_empty());
}

#[test]
fn a_secret_that_others_can_read_is_told_once() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(3, 4));
    let secret = "[default]\naccess-key-id = local\naccess-key-secret = local\n";
    let json = r#"{"current":"c","profiles":[{"name":"c","mode":"AK","access_key_id":"local","access_key_secret":"local"}]}"#;
    let load = |more: &[&str], given: bool| {
        let mut load = home.put(&service);
        if !given {
            load.env_remove("OSS_ACCESS_KEY_ID").env_remove("OSS_ACCESS_KEY_SECRET");
        }
        let ended = run(load.arg("a.jsonl").args(more));
        ended.assert_code(0).summary();
        ended.stderr.matches("contains a secret and other users of this machine can read it").count()
    };
    for (file, text, mode, given, told) in [
        (".ossutilconfig", secret, 0o644, false, 1),
        (".ossutilconfig", secret, 0o640, false, 1),
        (".ossutilconfig", secret, 0o600, false, 0),
        (".ossutilconfig", secret, 0o711, false, 0),
        // It stands there for all to read, used or not.
        (".ossutilconfig", secret, 0o644, true, 1),
        (".ossutilconfig", "[default]\nregion = cn-hangzhou\n", 0o644, true, 0),
        (".aliyun/config.json", json, 0o644, false, 1),
        (".aliyun/config.json", json, 0o600, false, 0),
        (".alibabacloud/credentials", &secret.replace('-', "_"), 0o604, false, 1),
    ] {
        let path = home.write(file, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(load(&[], given), told, "{file} {mode:o}");
        assert_eq!(load(&["-q"], given), 0, "{file} {mode:o}");
        fs::remove_file(path).unwrap();
    }
    service.assert_holds(&wanted(0..3, 4));
}
