//! What `ossvec status` shows of loads that run, were stopped or killed, or are complete, and that it leaves all of them
//! alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ossvec::test_support::local_service::Options;
use serde_json::{Value, json};

use crate::support::{BUCKET, Ended, Home, INDEX, TestService, flawed, lines, run, unlimited, wanted};
use crate::trouble::{Running, settled, until};
use crate::verifying::verify;

const DIMENSION: usize = 4;
const DENIED: &str = "op=PutVectors,nth=3,status=403,code=AccessDenied";

/// A load of `a.jsonl`, 20 records a batch, whose files are in `state`.
fn load(home: &Home, service: &TestService, more: &[&str]) -> std::process::Command {
    let mut load = home.put_sized(service, DIMENSION);
    load.args(["a.jsonl", "--batch-size", "20", "--job", "1", "--checkpoint-dir", "state"]).args(more);
    load
}

/// The loads that a look shows.
#[track_caller]
fn loads(home: &Home, more: &[&str]) -> Vec<Value> {
    let mut status = home.ossvec();
    status.args(["status", "--checkpoint-dir", "state", "--output-format", "json"]).args(more);
    let ended = run(&mut status);
    assert_eq!(ended.assert_code(0).stderr, "");
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(document["directory"], "state");
    document["loads"].as_array().unwrap().clone()
}

/// The only one.
#[track_caller]
fn only(home: &Home) -> Value {
    let mut loads = loads(home, &[]);
    assert_eq!(loads.len(), 1, "{loads:#?}");
    loads.remove(0)
}

/// What people see.
#[track_caller]
fn table(home: &Home, more: &[&str]) -> Ended {
    run(home.ossvec().args(["status", "--checkpoint-dir", "state"]).args(more))
}

fn folder(home: &Home) -> PathBuf {
    fs::read_dir(home.path("state")).unwrap().next().unwrap().unwrap().path()
}

/// All files below a folder, with their content and when they were written.
fn files(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            let written = path.metadata().unwrap().modified().unwrap();
            let content = fs::read(&path).unwrap_or_default();
            let below = if path.is_dir() { files(&path) } else { BTreeMap::new() };
            below.into_iter().chain([(path, (content, written))])
        })
        .collect()
}

fn counts(read: u64, rejected: u64) -> Value {
    json!({"read": read, "stored": read - rejected, "rejected": rejected, "unknown": 0})
}

#[test]
fn a_load_that_runs_is_seen_with_its_process_and_how_far_it_is_and_ends_as_if_nobody_had_looked() {
    let options = Options { latency: std::time::Duration::from_millis(100), ..unlimited() };
    let (home, service) = (Home::new(), TestService::start(options));
    home.write("a.jsonl", lines(800, DIMENSION));
    let mut running = Running::start(&mut load(&home, &service, &[]));
    let mut seen = Vec::new();
    until("it is seen on its way", || {
        assert!(!running.is_over(), "it was never seen");
        seen = loads(&home, &[]);
        seen.first().is_some_and(|load| load["percent"].as_u64() > Some(0))
    });
    let load = &seen[0];
    assert_eq!(load["state"], "running", "{load:#}");
    assert_eq!(load["process_id"].as_u64(), Some(running.id().into()));
    for name in ["seconds_left", "vectors_per_second", "bytes_read", "bytes_total", "resume_command"] {
        assert!(!load[name].is_null(), "{name}: {load:#}");
    }
    assert!(load["counts"]["stored"].as_u64() > Some(0) && load["finished_at"].is_null(), "{load:#}");
    let shown = table(&home, &[]).assert_code(0).stdout.clone();
    assert!(shown.contains("  running  ") && shown.contains(&format!("  process {}\n", running.id())));
    while !running.is_over() {
        table(&home, &[]).assert_code(0);
    }
    let ended = running.end();
    assert_eq!(ended.assert_code(0).counts(["stored", "skipped"]), [800, 0]);
    service.assert_holds(&wanted(0..800, DIMENSION));
    let load = only(&home);
    assert_eq!((&load["state"], &load["exit_code"]), (&json!("complete"), &json!(0)), "{load:#}");
    assert_eq!((&load["counts"], &load["percent"]), (&counts(800, 0), &json!(100)));
    assert!(load["process_id"].is_null() && load["resume_command"].is_null(), "{load:#}");
}

#[test]
fn loads_that_start_while_somebody_looks_all_the_time_are_never_refused() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(20, DIMENSION));
    std::thread::scope(|scope| {
        let starting = scope.spawn(|| {
            for _ in 0..10 {
                run(&mut load(&home, &service, &[])).assert_code(0);
            }
        });
        while !starting.is_finished() {
            table(&home, &[]).assert_code(0);
        }
        starting.join().unwrap();
    });
}

#[test]
fn a_verification_is_shown_as_one_of_its_index_with_or_without_its_state() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(400, DIMENSION));
    run(home.put_sized(&service, DIMENSION).args(["a.jsonl", "--checkpoint-dir", "loads"])).assert_code(0);
    service.trouble(&["op=GetVectors,from=3,status=403,code=AccessDenied"]);
    run(&mut verify(&home, &service, &["a.jsonl", "--job", "1"])).assert_code(2);
    for has_state in [true, false] {
        if !has_state {
            fs::remove_file(folder(&home).join("state.json")).unwrap();
        }
        let load = only(&home);
        assert_eq!((&load["index_name"], &load["verify"]), (&json!(INDEX), &json!(true)), "{load:#}");
        assert_eq!(load["counts"], counts(200, 0), "{load:#}");
        let detail = table(&home, &[load["name"].as_str().unwrap()]).assert_code(0).stdout.clone();
        assert!(detail.contains("200 read, 200 equal"), "{detail}");
    }
}

#[test]
fn a_load_that_was_killed_is_stopped_and_its_command_continues_it() {
    let options = Options { latency: std::time::Duration::from_millis(100), ..unlimited() };
    let (home, service) = (Home::new(), TestService::start(options));
    home.write("a.jsonl", lines(400, DIMENSION));
    let mut running = Running::start(&mut load(&home, &service, &[]));
    until("it is on its way", || {
        assert!(!running.is_over());
        loads(&home, &[]).first().is_some_and(|load| load["percent"].as_u64() > Some(0))
    });
    running.kill();
    let before = files(&home.path("state"));
    let load = only(&home);
    let settled = settled(&home.path("state")).len() as u64;
    assert_eq!(load["counts"], counts(settled, 0), "what the journal says counts");
    assert_eq!((&load["state"], &load["killed"]), (&json!("stopped"), &json!(true)), "{load:#}");
    assert!(load["process_id"].is_null() && load["exit_code"].is_null(), "{load:#}");
    let shown = table(&home, &[]).assert_code(0).stdout.clone();
    assert!(
        shown.contains("it was killed, the machine stopped, or the disk was full\n  continue in "),
        "{shown}"
    );
    assert!(files(&home.path("state")) == before, "a look has changed something");

    let command = load["resume_command"].as_str().unwrap();
    assert_eq!(load["working_directory"], home.path("").canonicalize().unwrap().display().to_string());
    let mut resume = home.ossvec();
    resume.args(command.split(' ').skip(1));
    resume.env("OSS_ACCESS_KEY_ID", "local").env("OSS_ACCESS_KEY_SECRET", "local");
    let ended = run(&mut resume);
    let [stored, skipped] = ended.assert_code(0).counts(["stored", "skipped"]);
    assert!(skipped > 0 && stored + skipped == 400, "{}", ended.stdout);
    assert_eq!((&only(&home)["state"], &only(&home)["counts"]), (&json!("complete"), &counts(400, 0)));
}

#[test]
fn a_load_that_was_stopped_says_why_and_all_runs_count() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", flawed(200, DIMENSION, |record| record == 7));
    service.trouble(&[DENIED]);
    run(&mut load(&home, &service, &[])).assert_code(2);
    let stopped = only(&home);
    let said = |load: &Value| [&load["state"], &load["exit_code"], &load["error_code"]].map(Value::clone);
    assert_eq!(said(&stopped), [json!("stopped"), json!(2), json!("access_denied")]);
    assert_eq!((&stopped["counts"], &stopped["killed"]), (&counts(41, 1), &json!(false)));
    let shown = table(&home, &[]).assert_code(0).stdout.clone();
    for words in ["  stopped ", " ago\n  1 rejected\n", "AccessDenied", "\n  continue in "] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    // A run that settles nothing says its own reason, and leaves the load as it was.
    service.trouble(&["op=GetVectorIndex,status=403,code=InvalidAccessKeyId"]);
    for more in [&[][..], &["--resume"]] {
        run(&mut load(&home, &service, more)).assert_code(2);
        let again = only(&home);
        assert_eq!(again["error_code"], "credential_refused", "{again:#}");
        for name in ["counts", "percent", "resume_command"] {
            assert_eq!(again[name], stopped[name], "{more:?} {name}");
        }
    }
    service.trouble(&[DENIED]);
    run(&mut load(&home, &service, &["--resume"])).assert_code(2);
    let stopped = only(&home);
    assert_eq!(stopped["counts"], counts(81, 1), "{stopped:#}");
    service.trouble(&[]);
    run(&mut load(&home, &service, &["--resume"])).assert_code(4);
    let complete = only(&home);
    assert_eq!(said(&complete), [json!("complete"), json!(4), Value::Null]);
    assert_eq!(complete["counts"], counts(200, 1));
    // And again, when there is nothing to do.
    run(&mut load(&home, &service, &["--resume"])).assert_code(4);
    let again = only(&home);
    assert_eq!(said(&again), said(&complete));
    let time = |load: &Value, name: &str| load[name].as_str().unwrap().to_owned();
    assert!(time(&again, "complete_since") <= time(&complete, "finished_at"), "{again:#}");
    assert!(time(&again, "finished_at") > time(&complete, "finished_at"), "{again:#}");
}

#[test]
fn without_a_state_the_journal_and_the_receipt_say_how_a_load_is() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", flawed(200, DIMENSION, |record| record == 7));
    service.trouble(&[DENIED]);
    run(&mut load(&home, &service, &[])).assert_code(2);
    let state = folder(&home).join("state.json");
    let with_state = only(&home);
    // What an earlier version has left, and what cannot be used.
    let ways: [&dyn Fn(); 3] =
        [&|| fs::remove_file(&state).unwrap(), &|| fs::write(&state, "{\"version\": 9}").unwrap(), &|| {
            fs::remove_file(&state).unwrap();
            fs::create_dir(&state).unwrap();
        }];
    for (number, way) in ways.iter().enumerate() {
        way();
        let without = only(&home);
        assert_eq!(without["state"], "stopped", "{number}: {without:#}");
        for name in ["counts", "bucket", "index_name", "endpoint", "inputs", "inputs_count", "name"] {
            assert_eq!(without[name], with_state[name], "{number}: {name}");
        }
        let shown = table(&home, &[]).assert_code(0).stdout.clone();
        assert!(shown.contains("run the same command with --resume to continue"), "{shown}");
    }
    // A state that cannot be written is no trouble of a load.
    service.trouble(&[DENIED]);
    let ended = run(&mut load(&home, &service, &["--resume"]));
    assert!(!ended.assert_code(2).stderr.contains("state.json"), "{}", ended.stderr);
    service.trouble(&[]);
    run(&mut load(&home, &service, &["--resume"])).assert_code(4);
    let complete = only(&home);
    assert_eq!((&complete["state"], &complete["exit_code"]), (&json!("complete"), &json!(4)));
    assert_eq!((&complete["counts"], &complete["percent"]), (&counts(200, 1), &json!(100)));
    fs::remove_dir(&state).unwrap();
    assert_eq!(only(&home), complete);
    // A load whose receipt is gone is none.
    fs::remove_file(folder(&home).join("receipt")).unwrap();
    assert_eq!(loads(&home, &[]), [] as [Value; 0]);
}

#[test]
fn a_directory_of_an_earlier_version_is_continued_where_it_is() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(200, DIMENSION));
    service.trouble(&[DENIED]);
    run(&mut load(&home, &service, &[])).assert_code(2);
    let name = folder(&home).file_name().unwrap().to_str().unwrap().to_owned();
    let hash = name.strip_prefix(&format!("{INDEX}-")).unwrap().to_owned();
    assert!(hash.len() == 16 && hash.chars().all(|digit| digit.is_ascii_hexdigit()), "{name}");
    fs::rename(folder(&home), home.path("state").join(&hash)).unwrap();
    fs::remove_file(folder(&home).join("state.json")).unwrap();
    assert_eq!(only(&home)["name"], hash);
    service.trouble(&[]);
    let ended = run(&mut load(&home, &service, &["--resume"]));
    assert_eq!(ended.assert_code(0).counts(["stored", "skipped"]), [160, 40]);
    let load = only(&home);
    assert_eq!((&load["name"], &load["state"]), (&json!(hash), &json!("complete")));
    assert_eq!(loads(&home, &[INDEX]), [load]);
}

#[test]
fn what_cannot_be_read_is_listed_and_what_is_no_load_is_not() {
    let home = Home::new();
    let ended = table(&home, &[]);
    assert_eq!(ended.assert_code(0).stdout, "no loads in state\n");
    for (name, content) in [
        ("journal-0/lock", ""),
        ("journal-0/current/journal", "rubbish"),
        ("receipt-0/lock", ""),
        ("receipt-0/receipt", "rubbish"),
        ("state-0/lock", ""),
        ("state-0/state.json", "rubbish"),
        // Nothing is known of these, or they are somebody else's.
        ("empty-0/lock", ""),
        ("stdin-0/rejects.jsonl", ""),
        ("theirs/state.json", "{}"),
        ("file", ""),
    ] {
        home.write(&format!("state/{name}"), content);
    }
    let listed = loads(&home, &[]);
    let mut names: Vec<_> = listed.iter().map(|load| load["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["journal-0", "receipt-0", "state-0"]);
    for load in &listed {
        let message = load["message"].as_str().unwrap();
        assert!(load["state"] == "unreadable" && message.ends_with(" is damaged"), "{load:#}");
    }
    let shown = table(&home, &[]).assert_code(0).stdout.clone();
    assert_eq!(shown.matches(" is damaged\n").count(), 3, "{shown}");
    let shown = table(&home, &["state-0"]).assert_code(0).stdout.clone();
    assert!(shown.contains("state       unreadable\n"), "{shown}");

    home.write("file", "");
    let ended = run(home.ossvec().args(["status", "--checkpoint-dir", "file"]));
    assert!(ended.assert_code(3).complaint().starts_with("cannot read the state directory file: "));
}

#[test]
fn a_load_is_shown_in_detail_by_its_index_or_the_beginning_of_its_name() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    for name in ["a.jsonl", "b.jsonl"] {
        home.write(name, lines(20, DIMENSION));
        let mut load = home.put(&service);
        run(load.args([name, "--checkpoint-dir", "state"])).assert_code(0);
    }
    let all = loads(&home, &[]);
    assert_eq!(all[0]["inputs"], json!([home.path("b.jsonl")]), "the newest is first");
    let name = all[1]["name"].as_str().unwrap();
    assert_eq!(loads(&home, &[name]), all[1..]);
    let shown = table(&home, &[name.get(..name.len() - 4).unwrap()]).assert_code(0).stdout.clone();
    let begins = ["load ", "state ", "index ", "bucket ", "input ", "progress ", "records ", "started "];
    for (line, beginning) in shown.lines().zip(begins) {
        assert!(line.starts_with(beginning), "{shown}");
    }
    assert!(shown.contains(&format!("bucket      {BUCKET} at http://127.0.0.1:")), "{shown}");
    let ended = table(&home, &[INDEX]);
    let said = ended.assert_code(1).stderr.clone();
    assert!(
        said.contains(&format!("ossvec: \"{INDEX}\" may mean 2 loads\n")) && said.contains(name),
        "{said}"
    );
    let ended = table(&home, &["nothing", "--output-format", "json"]);
    let document: Value = serde_json::from_str(&ended.assert_code(1).stdout).unwrap();
    assert_eq!((&document["error_code"], &document["exit_code"]), (&json!("usage"), &json!(1)));
}

#[test]
fn a_local_load_says_where_its_service_has_its_data() {
    let home = Home::new();
    home.write("a.jsonl", lines(20, DIMENSION));
    run(home.ossvec().args(["put-vectors", "a.jsonl", "--local", "--data-dir", "data"])).assert_code(0);
    // The default state directory, as a load has it.
    let ended = run(home.ossvec().args(["status", "--output-format", "json"]));
    let document: Value = serde_json::from_str(&ended.assert_code(0).stdout).unwrap();
    let load = &document["loads"][0];
    let data = home.path("data").canonicalize().unwrap().display().to_string();
    assert_eq!((&load["endpoint"], &load["local_data"]), (&Value::Null, &json!(data)), "{load:#}");
}

/// The directories of many loads, in their real form: complete, stopped and killed ones.
fn many(home: &Home, number: usize) {
    let service = TestService::start(unlimited());
    home.write("a.jsonl", lines(200, DIMENSION));
    service.trouble(&[DENIED]);
    run(&mut load(home, &service, &[])).assert_code(2);
    let stopped = files(&folder(home));
    service.trouble(&[]);
    run(&mut load(home, &service, &["--resume"])).assert_code(0);
    let complete = files(&folder(home));
    let original = folder(home);
    for copy in 0..number {
        let (from, is_killed) = (if copy % 2 == 0 { &complete } else { &stopped }, copy % 4 == 1);
        for (path, (content, _)) in from {
            let name =
                format!("state/load{copy}-{copy:016x}/{}", path.strip_prefix(&original).unwrap().display());
            match path.file_name().unwrap().to_str().unwrap() {
                "current" => {}
                "state.json" if is_killed => {
                    let mut state: Value = serde_json::from_slice(content).unwrap();
                    (state["phase"], state["exit_code"]) = (json!("running"), Value::Null);
                    home.write(&name, state.to_string());
                }
                // It is not read: the state says it all.
                "journal" => drop(home.write(&name, "not read")),
                _ => drop(home.write(&name, content)),
            }
        }
    }
    fs::remove_dir_all(original).unwrap();
}

#[test]
fn of_two_hundred_loads_the_states_are_read_and_no_journal() {
    let home = Home::new();
    many(&home, 200);
    let all = loads(&home, &[]);
    let of = |state: &str, killed: bool| {
        all.iter().filter(|load| load["state"] == state && load["killed"] == killed).count()
    };
    assert_eq!((all.len(), of("complete", false)), (200, 100));
    assert_eq!((of("stopped", false), of("stopped", true)), (50, 50));
    let shown = table(&home, &[]).assert_code(0).stdout.clone();
    assert_eq!(shown.lines().filter(|line| line.starts_with("load")).count(), 200);
}

#[test]
fn a_load_that_waits_for_its_service_is_running_and_its_state_is_kept_up_to_date() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(40, DIMENSION));
    service.trouble(&["op=PutVectors,status=503,code=InternalError,retry-after=60"]);
    let running = Running::start(&mut load(&home, &service, &[]));
    let mut seen = std::collections::BTreeSet::new();
    until("its state has been written three times", || {
        for load in loads(&home, &[]) {
            assert_eq!(load["state"], "running", "{load:#}");
            seen.insert(load["updated_at"].as_str().unwrap().to_owned());
        }
        seen.len() >= 3
    });
    running.kill();
    assert_eq!(only(&home)["killed"], true);
}

#[test]
fn a_state_is_watched_on_a_terminal_only_and_not_as_json() {
    let home = Home::new();
    let ended = table(&home, &["--watch"]);
    assert_eq!(ended.assert_code(1).complaint(), "--watch requires a terminal that can redraw");
    let ended = table(&home, &["--watch", "--output-format", "json"]);
    assert_eq!(ended.assert_code(1).complaint(), "--watch cannot be used with --output-format json");
}

#[cfg(unix)]
#[test]
fn a_watched_state_moves_until_somebody_has_seen_enough() {
    use crate::terminal::Watched;

    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let mut status = home.ossvec();
    status.args(["status", "--watch", "--checkpoint-dir", "state"]).env("TERM", "xterm");
    let watched = Watched::start(&mut status);
    until("there is nothing to see", || watched.printed().contains("no loads in state"));
    home.write("a.jsonl", lines(40, DIMENSION));
    run(&mut load(&home, &service, &[])).assert_code(0);
    until("the load is seen", || watched.printed().contains("complete"));
    watched.signal("INT");
    let (code, printed) = watched.end();
    assert_eq!(code, Some(0), "{printed}");
}
