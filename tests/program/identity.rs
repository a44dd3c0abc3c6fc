//! A journal belongs to one service, one index, one dimension: a resume into anything else is refused, and leaves the
//! journal to whoever goes on where it belongs.

use std::fs;
use std::path::{Path, PathBuf};

use ossvec::test_support::oss::operation::Operation;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{
    ACCOUNT, BUCKET, Ended, Home, INDEX, State, TestService, assert_same, flawed, line, lines, run, state_of,
    unlimited, wanted,
};
use crate::trouble::{Running, journals, until};
use crate::verifying::Api;

const DIMENSION: usize = 4;
const RECORDS: usize = 200;
/// A record of another input, with which an index is made.
const OTHER: usize = 9_999;
const BATCHES: [&str; 6] = ["--batch-size", "50", "--job", "1", "--checkpoint-dir", "state"];
const DENIED: &str = "op=GetVectorIndex,status=403,code=AccessDenied";

/// A home with an input of four batches.
fn home() -> Home {
    let home = Home::new();
    home.write("a.jsonl", lines(RECORDS, DIMENSION));
    home
}

fn load(home: &Home, service: &TestService, more: &[&str]) -> Ended {
    run(home.put(service).arg("a.jsonl").args(BATCHES).args(more))
}

/// The same by a credential that may write and nothing else, if the service is told so; the index must be there.
fn blind(home: &Home, service: &TestService, more: &[&str]) -> Ended {
    let mut command = home.aimed(&["put-vectors"], service);
    command.args(["a.jsonl", "--output-format", "json", "--requests-per-second", "0"]);
    run(command.args(["--vectors-per-second", "0"]).args(BATCHES).args(more))
}

/// Stops a load when 100 records are stored.
fn interrupted(home: &Home, service: &TestService) {
    service.trouble(&["op=PutVectors,nth=3,status=403,code=AccessDenied"]);
    load(home, service, &[]).assert_code(2);
    service.trouble(&[]);
    service.assert_holds(&wanted(0..100, DIMENSION));
}

/// Makes the index, of this dimension, with one record in it.
fn make_index(service: &TestService, dimension: usize) {
    let home = Home::new();
    run(home.put(service).arg(home.write("other.jsonl", line(OTHER, dimension)))).assert_code(0);
}

/// Deletes the index as anybody would.
fn delete_index(service: &TestService) {
    let status = Api::of(service).call(Operation::DeleteVectorIndex, &json!({ "indexName": INDEX }));
    assert_eq!(status, 204);
}

/// The only journal, and its lines without their checksums.
pub(crate) fn journal(home: &Home) -> (PathBuf, Vec<Value>) {
    let journals = journals(&home.path("state"));
    let [path] = journals.as_slice() else { panic!("{journals:?}") };
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line.split_once(' ').unwrap().1).unwrap());
    (path.clone(), lines.collect())
}

pub(crate) fn write_journal(path: &Path, lines: &[Value]) {
    let sealed = |line: &Value| {
        let json = line.to_string();
        let hash = Sha256::new().chain_update(&json).finalize();
        let checksum = base16ct::lower::encode_string(&hash[..8]);
        format!("{checksum} {json}\n")
    };
    fs::write(path, lines.iter().map(sealed).collect::<String>()).unwrap();
}

/// Takes out what versions 1 and 2 did not know: which load it is, and the counts of each input.
pub(crate) fn make_uncounted(lines: &mut [Value]) {
    lines[0]["header"].as_object_mut().unwrap().remove("load");
    for line in &mut lines[1..] {
        let mark = line.as_object_mut().unwrap().values_mut().next().unwrap();
        mark.as_object_mut().unwrap().remove("per_input");
    }
}

/// Rewrites the only journal as version 1 had it.
fn make_old(home: &Home) {
    let (path, mut lines) = journal(home);
    let header = lines[0]["header"].as_object_mut().unwrap();
    header.insert("version".to_owned(), 1.into());
    header
        .insert("target".to_owned(), format!("/acs:ossvector:cn-hangzhou:{ACCOUNT}:{BUCKET}/{INDEX}").into());
    assert!(header.remove("place").is_some() && header.remove("bound").is_some());
    make_uncounted(&mut lines);
    write_journal(&path, &lines);
}

#[track_caller]
fn assert_refused(ended: &Ended, said: &str) {
    assert!(ended.assert_code(3).stderr.contains(said), "{}", ended.stderr);
    assert!(ended.stderr.contains("--resume"), "no cure: {}", ended.stderr);
    assert_eq!(ended.counts(["read", "stored"]), [0, 0]);
    assert_eq!(ended.summary()["resume_command"], Value::Null);
}

#[test]
fn a_load_is_not_continued_at_another_service_of_the_same_names() {
    let (home, one, other) = (home(), TestService::start(unlimited()), TestService::start(unlimited()));
    interrupted(&home, &one);
    make_index(&other, DIMENSION);
    let before = (fs::read(journal(&home).0).unwrap(), other.statistics().recent.len());
    let refused = load(&home, &other, &["--resume"]);
    let said = format!(
        "cannot resume: the endpoint was http://{} when the journal was written, but is now http://{}",
        one.address, other.address
    );
    assert_refused(&refused, &said);
    assert_eq!((fs::read(journal(&home).0).unwrap(), other.statistics().recent.len()), before);
    // The two loads are kept apart, each with a journal and rejects of its own.
    other.trouble(&["op=PutVectors,nth=2,status=403,code=AccessDenied"]);
    let begun = load(&home, &other, &[]);
    begun.assert_code(2);
    assert!(!begun.stderr.contains("an earlier run settled"), "{}", begun.stderr);
    other.trouble(&[]);
    assert_eq!(journals(&home.path("state")).len(), 2);
    assert_eq!(load(&home, &one, &["--resume"]).assert_code(0).counts(["skipped", "stored"]), [100, 100]);
    assert_eq!(load(&home, &other, &["--resume"]).assert_code(0).counts(["skipped", "stored"]), [50, 150]);
    one.assert_holds(&wanted(0..RECORDS, DIMENSION));
    other.assert_holds(&wanted((0..RECORDS).chain([OTHER]), DIMENSION));
}

#[test]
fn an_endpoint_written_otherwise_is_the_same_service() {
    for (spelling, more) in [
        ("HTTP://127.0.0.1:PORT/", &[][..]),
        ("http://127.0.0.1:PORT", &["--addressing-style", "path"][..]),
        ("http://127.0.0.1:PORT", &["--profile", "another"][..]),
    ] {
        let (home, service) = (home(), TestService::start(unlimited()));
        let file = home.write("config", "[default]\nregion = x\n[profile another]\nregion = cn-hangzhou\n");
        interrupted(&home, &service);
        let mut command = home.put_to(&spelling.replace("PORT", &service.address.port().to_string()));
        command.arg("-c").arg(file).args(["a.jsonl", "--resume"]).args(BATCHES).args(more);
        assert_eq!(run(&mut command).assert_code(0).counts(["skipped", "stored"]), [100, 100], "{spelling}");
        service.assert_holds(&wanted(0..RECORDS, DIMENSION));
    }
}

#[test]
fn an_index_that_was_made_again_is_not_taken_for_the_former() {
    let (home, service) = (home(), TestService::start(unlimited()));
    interrupted(&home, &service);
    delete_index(&service);
    make_index(&service, DIMENSION);
    let kept = journal(&home).1;
    assert_refused(&load(&home, &service, &["--resume"]), "cannot resume: index idx was recreated");
    service.assert_holds(&wanted([OTHER], DIMENSION));
    assert_eq!(journal(&home).1.last(), kept.last(), "what was settled is kept");
    assert_eq!(load(&home, &service, &[]).assert_code(0).counts(["skipped", "stored"]), [0, 200]);
    service.assert_holds(&wanted((0..RECORDS).chain([OTHER]), DIMENSION));
}

#[test]
fn an_index_made_again_otherwise_is_refused_with_what_differs() {
    let (home, service) = (home(), TestService::start(unlimited()));
    interrupted(&home, &service);
    delete_index(&service);
    make_index(&service, DIMENSION + 1);
    let said = "cannot resume: the dimension was 4 when the journal was written, but is now 5";
    assert_refused(&load(&home, &service, &["--resume"]), said);
    service.assert_holds(&wanted([OTHER], DIMENSION + 1));
}

#[test]
fn a_journal_in_the_folder_of_another_index_is_not_its_journal() {
    let (home, service) = (home(), TestService::start(unlimited()));
    interrupted(&home, &service);
    let (of_idx, _) = journal(&home);
    let other = |more: &[&str]| {
        let mut command = home.ossvec();
        let endpoint = format!("http://{}", service.address);
        command.args(["put-vectors", "--bucket", BUCKET, "--index-name", "idx2", "--region", "cn-hangzhou"]);
        command.args(["--account-id", ACCOUNT, "--endpoint", &endpoint, "--create-index"]);
        command.args(["--distance-metric", "euclidean", "--output-format", "json", "a.jsonl"]);
        command.env("OSS_ACCESS_KEY_ID", "local").env("OSS_ACCESS_KEY_SECRET", "local");
        run(command.args(BATCHES).args(more))
    };
    service.trouble(&["op=PutVectors,nth=1,status=403,code=AccessDenied"]);
    other(&[]).assert_code(2);
    service.trouble(&[]);
    let folders: Vec<_> =
        fs::read_dir(home.path("state")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(folders.len(), 2);
    let is_its_own = |folder: &&PathBuf| of_idx.starts_with(folder);
    let current = folders.iter().find(|folder| !is_its_own(folder)).unwrap().join("current");
    fs::create_dir_all(&current).unwrap();
    let copied = current.join("journal");
    fs::copy(&of_idx, &copied).unwrap();
    let before = fs::read(&of_idx).unwrap();
    let said = "cannot resume: the index was idx when the journal was written, but is now idx2";
    assert_refused(&other(&["--resume"]), said);
    assert_eq!((fs::read(&copied).unwrap(), fs::read(&of_idx).unwrap()), (before.clone(), before));
    assert_same(&state_of(&service.service, BUCKET, "idx2"), &State::new());
    fs::remove_dir_all(&current).unwrap();
    assert_eq!(load(&home, &service, &["--resume"]).assert_code(0).counts(["skipped", "stored"]), [100, 100]);
    service.assert_holds(&wanted(0..RECORDS, DIMENSION));
}

#[test]
fn what_a_blind_load_went_by_is_kept_and_not_said_otherwise() {
    let (home, service) = (home(), TestService::start(unlimited()));
    make_index(&service, DIMENSION);
    service.trouble(&[DENIED, "op=PutVectors,nth=3,status=403,code=AccessDenied"]);
    blind(&home, &service, &["--distance-metric", "euclidean"]).assert_code(2);
    service.trouble(&[DENIED]);
    let said = "cannot resume: the dimension was 4 when the journal was written, but is now 5";
    assert_refused(&blind(&home, &service, &["--resume", "--dimension", "5"]), said);
    let said = "cannot resume: the metric was euclidean when the journal was written, but is now cosine";
    assert_refused(&blind(&home, &service, &["--resume", "--distance-metric", "cosine"]), said);
    service.assert_holds(&wanted((0..100).chain([OTHER]), DIMENSION));
    let ended = blind(&home, &service, &["--resume"]);
    assert_eq!(ended.assert_code(0).counts(["skipped", "stored"]), [100, 100]);
    assert!(
        ended.stderr.contains("earlier runs loaded into: the service does not report when it was created"),
        "{}",
        ended.stderr
    );
    service.assert_holds(&wanted((0..RECORDS).chain([OTHER]), DIMENSION));
}

#[test]
fn a_credential_that_may_look_only_now_or_no_more_goes_on() {
    for (first, then, note) in [
        (&[][..], &[DENIED][..], "the service does not report when it was created"),
        (&[DENIED][..], &[][..], "the journal does not record when that one was created"),
    ] {
        let (home, service) = (home(), TestService::start(unlimited()));
        make_index(&service, DIMENSION);
        service.trouble(&[first, &["op=PutVectors,nth=3,status=403,code=AccessDenied"]].concat());
        blind(&home, &service, &[]).assert_code(2);
        service.trouble(&[then, &["op=PutVectors,nth=2,status=403,code=AccessDenied"]].concat());
        let ended = blind(&home, &service, &["--resume"]);
        assert!(ended.assert_code(2).stderr.contains(note), "{}", ended.stderr);
        // Whichever of the two could look has bound the journal.
        service.trouble(&[]);
        delete_index(&service);
        make_index(&service, DIMENSION);
        assert_refused(&blind(&home, &service, &["--resume"]), "cannot resume: index idx was recreated");
        service.assert_holds(&wanted([OTHER], DIMENSION));
    }
}

#[test]
fn a_resume_within_a_stretch_of_another_dimension_keeps_that_of_the_load() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    make_index(&service, DIMENSION);
    service.trouble(&[DENIED]);
    let is_bad = |record: usize| (5_000..13_000).contains(&record);
    home.write("a.jsonl", flawed(14_000, DIMENSION, is_bad));
    let stopped = blind(&home, &service, &["--max-rejects", "3000"]);
    let [rejected] = stopped.assert_code(4).counts(["rejected"]);
    assert!((3_000..6_000).contains(&rejected), "the stop is within the stretch: {rejected}");
    let ended = blind(&home, &service, &["--max-rejects", "none", "--resume"]);
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [1_000, 8_000 - rejected]);
    service.assert_holds(&wanted((0..14_000).filter(|record| !is_bad(*record)).chain([OTHER]), DIMENSION));
}

#[test]
fn an_index_that_was_created_blindly_is_there_for_a_resume() {
    let (home, service) = (home(), TestService::start(unlimited()));
    service.trouble(&[DENIED, "op=PutVectors,nth=3,status=403,code=AccessDenied"]);
    load(&home, &service, &[]).assert_code(2);
    service.trouble(&[DENIED]);
    let created = service.requests(Operation::PutVectorIndex);
    assert_eq!(load(&home, &service, &["--resume"]).assert_code(0).counts(["skipped", "stored"]), [100, 100]);
    service.assert_holds(&wanted(0..RECORDS, DIMENSION));
    assert_eq!((created, service.requests(Operation::PutVectorIndex)), (1, 1));
}

#[test]
fn an_index_that_a_blind_load_lost_is_not_made_again_by_its_resume() {
    let (home, service) = (home(), TestService::start(unlimited()));
    service.trouble(&[DENIED, "op=PutVectors,nth=3,status=403,code=AccessDenied"]);
    load(&home, &service, &[]).assert_code(2);
    delete_index(&service);
    service.trouble(&[DENIED]);
    let ended = load(&home, &service, &["--resume"]);
    assert!(ended.assert_code(2).stderr.contains("NoSuchVectorIndex"), "{}", ended.stderr);
    assert_eq!(service.requests(Operation::PutVectorIndex), 1);
    assert_eq!(load(&home, &service, &[]).assert_code(0).counts(["stored"]), [200]);
    service.assert_holds(&wanted(0..RECORDS, DIMENSION));
}

#[test]
fn nothing_is_sent_before_the_journal_says_where_to() {
    for (is_there, faults) in
        [(true, &[][..]), (false, &[][..]), (true, &[DENIED][..]), (false, &[DENIED][..])]
    {
        let (home, service) = (home(), TestService::start(unlimited()));
        if is_there {
            make_index(&service, DIMENSION);
        }
        service.trouble(&[faults, &["op=PutVectors,hang"]].concat());
        let running = Running::start(home.put(&service).arg("a.jsonl").args(BATCHES));
        let sent = u64::from(is_there) + 1;
        until("a batch has arrived", || service.requests(Operation::PutVectors) == sent);
        running.kill();
        let (_, lines) = journal(&home);
        let header = &lines[0]["header"];
        assert_eq!(header["bound"]["dimension"], DIMENSION, "{header}");
        assert_eq!(header["bound"]["metric"], "euclidean", "{header}");
        assert_eq!(header["bound"]["created"].is_string(), faults.is_empty(), "{header}");
        assert_eq!(header["place"]["service"], format!("http://{}", service.address));
    }
}

#[test]
fn a_journal_of_version_1_is_continued_with_what_cannot_be_checked() {
    let (home, service) = (home(), TestService::start(unlimited()));
    interrupted(&home, &service);
    make_old(&home);
    // Where it is refused, it stays one that may be of any service.
    let other = TestService::start(unlimited());
    let refused = load(&home, &other, &["--resume"]);
    assert_refused(
        &refused,
        "cannot resume: index idx does not exist, but an earlier run stored 100 vectors in it",
    );
    let ended = load(&home, &service, &["--resume"]);
    assert_eq!(ended.assert_code(0).counts(["skipped", "stored"]), [100, 100]);
    for note in ["which did not record the endpoint", "the journal does not record when that one was created"]
    {
        assert!(ended.stderr.contains(note), "{note}: {}", ended.stderr);
    }
    service.assert_holds(&wanted(0..RECORDS, DIMENSION));
    other.assert_holds(&State::new());
}

#[test]
fn a_journal_of_version_1_lets_nobody_guess_its_dimension() {
    let (home, service) = (home(), TestService::start(unlimited()));
    interrupted(&home, &service);
    make_old(&home);
    service.trouble(&[DENIED]);
    let refused = blind(&home, &service, &["--resume"]);
    assert_refused(&refused, "cannot resume: the dimension of the load is unknown");
    let ended = blind(&home, &service, &["--resume", "--dimension", "4"]);
    assert_eq!(ended.assert_code(0).counts(["skipped", "stored"]), [100, 100]);
    service.assert_holds(&wanted(0..RECORDS, DIMENSION));
}

#[test]
fn a_journal_of_a_later_version_is_neither_read_nor_replaced() {
    let (home, service) = (home(), TestService::start(unlimited()));
    interrupted(&home, &service);
    let (path, mut lines) = journal(&home);
    lines[0]["header"]["version"] = 4.into();
    write_journal(&path, &lines);
    let before = fs::read(&path).unwrap();
    for more in [&["--resume"][..], &[][..]] {
        let ended = load(&home, &service, more);
        assert!(
            ended.assert_code(3).stderr.contains("was written by a later version of ossvec"),
            "{}",
            ended.stderr
        );
        assert_eq!(fs::read(&path).unwrap(), before);
    }
    service.assert_holds(&wanted(0..100, DIMENSION));
}

#[test]
fn a_local_service_is_known_by_its_data() {
    let home = home();
    let good = lines(100, DIMENSION);
    let bad: String = (100..150).map(|record| line(record, DIMENSION + 1)).collect();
    home.write(
        "a.jsonl",
        good + &bad + &(150..200).map(|record| line(record, DIMENSION)).collect::<String>(),
    );
    let load = |data: &str, more: &[&str]| {
        let mut command = home.ossvec();
        command.args(["put-vectors", "--local", "--output-format", "json", "--data-dir", data, "a.jsonl"]);
        run(command.args(["--dimension", "4"]).args(BATCHES).args(more))
    };
    let stopped = load("one", &["--max-rejects", "10"]);
    assert_eq!(stopped.assert_code(4).counts(["stored"]), [100]);
    let refused = load("two", &["--resume", "--max-rejects", "none"]);
    assert!(
        refused.assert_code(3).stderr.contains("the endpoint was --local with data in "),
        "{}",
        refused.stderr
    );
    #[cfg(unix)]
    std::os::unix::fs::symlink(home.path("one"), home.path("link")).unwrap();
    let again = if cfg!(unix) { "link" } else { "./one" };
    let [skipped, stored, rejected] = load(again, &["--resume", "--max-rejects", "none"])
        .assert_code(4)
        .counts(["skipped", "stored", "skipped_rejected"]);
    assert_eq!((skipped, stored), (100 + rejected, 50), "{rejected}");
}

/// Loads that stop anywhere, go to either of two services, with or without permission to look, into indexes that are
/// deleted in between: whatever a run says is complete is there.
#[test]
fn whatever_changes_between_runs_a_complete_load_is_complete() {
    let mut complete = 0;
    for seed in 0..12 {
        let (home, services) = (home(), [(); 2].map(|()| TestService::start(unlimited())));
        let mut random = fastrand::Rng::with_seed(seed);
        let mut told = Vec::new();
        for _ in 0..14 {
            let number = random.usize(..2);
            let service = &services[number];
            let is_deleted =
                random.u8(..4) == 0 && service.service.store().delete_index(BUCKET, INDEX).unwrap();
            let denied = format!("op=PutVectors,nth={},status=403,code=AccessDenied", random.u8(1..7));
            let faults = if random.u8(..3) == 0 { vec![DENIED, &denied] } else { vec![&*denied] };
            for more in [&["--resume"][..], &[][..]] {
                service.trouble(&faults);
                let ended = load(&home, service, more);
                told.push(format!(
                    "{number} {is_deleted} {faults:?} {more:?}: {:?} {}",
                    ended.code, ended.stderr
                ));
                let is_skipped = ended.summary()["already_complete"] == Value::Bool(true);
                if is_skipped && faults.contains(&DENIED) {
                    // Who may not look at the index cannot know that it is another one, and is told so.
                    assert!(ended.stderr.contains("is still the one that earlier runs"), "{}", ended.stderr);
                } else if ended.code == Some(0) {
                    complete += 1;
                    service.assert_holds_in(format!("{seed}: {told:#?}"), &wanted(0..RECORDS, DIMENSION));
                }
                // What is refused is loaded from the beginning.
                if ended.code != Some(3) {
                    break;
                }
            }
        }
    }
    assert!(complete > 10, "{complete}");
}
