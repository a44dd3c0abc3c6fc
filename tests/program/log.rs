//! The log: what it tells, where it goes, and that nothing in it is anybody's secret.

use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::secret::Secret;

use crate::support::{Home, TestService, lines, run, unlimited};

const SECRET: &str = "hushSecretHush0";
const TOKEN: &str = "hushTokenHush+/=";

#[test]
fn info_tells_the_course_of_a_load_and_debug_every_request() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    service
        .trouble(&["op=PutVectors,nth=1,status=503,code=QpsLimitExceeded", "op=PutVectors,nth=2,status=500"]);
    home.write("a.jsonl", lines(700, 4));
    let load = |level: &str, more: &[&str]| {
        let mut command = home.put(&service);
        command.args(["a.jsonl", "--job", "1", "--loglevel", level]).args(more);
        run(&mut command)
    };
    let ended = load("info", &["--log-file", "log"]);
    ended.assert_code(0);
    let log = std::fs::read_to_string(home.path("log")).unwrap();
    for said in ["load begins", "there is no such index yet", "created the index", "load ends", "stored=700"]
    {
        assert!(log.contains(said), "{said}: {log}");
    }
    assert!(!log.contains("DEBUG") && !log.contains('\u{1b}'), "{log}");

    service
        .trouble(&["op=PutVectors,nth=1,status=503,code=QpsLimitExceeded", "op=PutVectors,nth=2,status=500"]);
    let ended = load("debug", &["--log-file", "log"]);
    ended.assert_code(0);
    let all = std::fs::read_to_string(home.path("log")).unwrap();
    let log = all.strip_prefix(&log).expect("the log is continued");
    for said in ["found the index", "throttled", "trying again", "status=500", "status=200", "elapsed_ms="] {
        assert!(log.contains(said), "{said}: {log}");
    }
    for seen in service.statistics().recent.iter().rev().take(4) {
        assert!(log.contains(&seen.request_id), "{}: {log}", seen.request_id);
    }
    let url = format!("http://{}/test-bucket/?putVectors", service.address);
    assert!(log.contains(&url), "{log}");
}

#[test]
fn a_log_goes_to_standard_error_unless_it_is_told_to_go_elsewhere() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(3, 4));
    home.write(".ossutilconfig", "[default]\nlogLevel = Debug\nlog_file = by-file.log\n");
    run(home.put(&service).arg("a.jsonl")).assert_code(0);
    assert!(std::fs::read_to_string(home.path("by-file.log")).unwrap().contains("DEBUG"));
    std::fs::remove_file(home.path(".ossutilconfig")).unwrap();
    let ended = run(home.put(&service).args(["a.jsonl", "--loglevel", "debug"]));
    assert!(ended.assert_code(0).stderr.contains("operation=\"PutVectors\""), "{}", ended.stderr);
    ended.summary();
    let mut plain = home.aimed(&["put-vectors", "a.jsonl"], &service);
    let ended = run(plain.args(["--loglevel", "info", "--log-file", "-"]));
    assert!(ended.assert_code(0).stdout.contains("load ends"), "{}", ended.stdout);
    let ended = run(home.put(&service).args(["a.jsonl", "--loglevel", "info", "--log-file", "-"]));
    assert!(ended.assert_code(1).stderr.contains("cannot both write to standard output"), "{}", ended.stderr);
    let ended = run(home.put(&service).args(["a.jsonl", "--loglevel", "info", "--log-file", "no/log"]));
    assert!(ended.assert_code(3).stderr.contains("cannot write --log-file no/log: "), "{}", ended.stderr);
    let off = run(home.put(&service).args(["a.jsonl", "--log-file", "never"]));
    off.assert_code(0);
    assert!(!home.path("never").exists());
}

#[test]
fn no_secret_no_signature_and_no_vector_is_in_a_debug_log() {
    let options = Options { access_key_secret: Secret::new(SECRET), ..unlimited() };
    let (home, service) = (Home::new(), TestService::start(options));
    let rows = [
        ("op=PutVectors,nth=1,status=500,apply=half", 0),
        ("op=PutVectors,nth=1,hang", 0),
        ("op=PutVectors,nth=1,expired-token", 6),
        ("op=PutVectors,nth=1,status=403", 2),
        ("refuse-key=hushKey7,name-key", 4),
    ];
    for (fault, code) in rows {
        service.trouble(&[fault]);
        // The metadata and the keys stand for all that is in a vector.
        home.write("a.jsonl", lines(20, 4).replace("key-", "hushKey").replace("\"n\":\"", "\"n\":\"hush"));
        let mut command = home.put(&service);
        command.args(["a.jsonl", "--loglevel", "debug", "--log-file", "log", "--read-timeout", "300ms"]);
        command.args(["--proxy", "http://user:hushPassword@proxy.test:1"]);
        command.env("OSS_ACCESS_KEY_SECRET", SECRET).env("OSS_SESSION_TOKEN", TOKEN);
        let ended = run(&mut command);
        assert_eq!(ended.code, Some(code), "{fault}: {}", ended.stderr);
    }
    let log = std::fs::read_to_string(home.path("log")).unwrap();
    assert!(log.matches("DEBUG").count() > 10, "{log}");
    for word in ["hush", "signature", "authorization", "float32", "credential="] {
        assert!(!log.to_lowercase().contains(word), "{word}: {log}");
    }
}
