//! What a run asks the service before anything is sent: `--check`, and a dry run with credentials.

use ossvec::test_support::oss::operation::Operation;
use serde_json::{Value, json};

use crate::support::{ACCOUNT, BUCKET, Ended, Home, INDEX, TestService, line, lines, run, unlimited};

/// A service with an index of four dimensions that holds one vector.
fn with_index(home: &Home) -> TestService {
    let service = TestService::start(unlimited());
    run(home.put_sized(&service, 4).arg(home.write("first.jsonl", lines(1, 4)))).assert_code(0);
    service
}

/// A run into that index that does not create it.
fn aimed(home: &Home, service: &TestService, more: &[&str]) -> Ended {
    run(home.aimed(&["put-vectors", "a.jsonl"], service).args(more))
}

fn checked(ended: &Ended, code: i32) -> Value {
    ended.assert_code(code).summary()["check"].clone()
}

const JSON: [&str; 2] = ["--output-format", "json"];

#[test]
fn what_the_service_says_stands_beside_what_the_input_has_and_nothing_is_sent() {
    let home = Home::new();
    let service = with_index(&home);
    home.write("a.jsonl", lines(700, 4));
    let before = service.state();
    let wanted = json!({
        "bucket": "found", "index": "found", "dimension": 4, "metric": "euclidean", "input_dimension": 4,
    });
    for way in ["--check", "--dry-run"] {
        let ended = aimed(&home, &service, &[&[way], &JSON[..]].concat());
        assert_eq!(checked(&ended, 0), wanted, "{way}");
        assert_eq!(ended.summary()["dry_run"], true);
        let ended = aimed(&home, &service, &[way]);
        let said = format!(
            "dry run     nothing was sent\nbucket      {BUCKET}: found\nindex       {INDEX}: found, dimension 4, metric \
             euclidean\ninput       dimension 4\n"
        );
        assert!(ended.assert_code(0).stdout.starts_with(&said), "{way}: {}", ended.stdout);
    }
    service.assert_holds(&before);
}

#[test]
fn a_dimension_that_differs_is_an_error_before_a_byte_is_sent() {
    let home = Home::new();
    let service = with_index(&home);
    let before = service.state();
    home.write("a.jsonl", lines(700, 3));
    for way in [&[][..], &["--check"], &["--dry-run"]] {
        let ended = aimed(&home, &service, &[way, &JSON].concat());
        let summary = ended.assert_code(1).summary();
        assert_eq!(summary["error_code"], "index_mismatch", "{way:?}");
        let said = "none of the first 700 vectors has dimension 4, which index idx has: 700 with 3 (first at a.jsonl:1)";
        assert_eq!(summary["error"], said, "{way:?}");
    }
    service.assert_holds(&before);
    let sent = &service.statistics().operations[&Operation::PutVectors];
    assert_eq!(sent.vectors_received, 1, "{sent:?}");
}

#[test]
fn a_check_reads_only_the_first_records_and_a_dry_run_all_of_them() {
    let home = Home::new();
    let service = with_index(&home);
    home.write("a.jsonl", lines(1_500, 4) + &line(7, 3));
    let ended = aimed(&home, &service, &[&["--check"], &JSON[..]].concat());
    let read = ended.assert_code(0).summary()["read"].as_u64().unwrap();
    assert!((500..1_500).contains(&read), "{read}");
    let ended = aimed(&home, &service, &[&["--dry-run"], &JSON[..]].concat());
    assert_eq!(ended.assert_code(4).counts(["read", "rejected"]), [1_501, 1]);
}

#[test]
fn what_the_service_refuses_ends_a_check_and_a_dry_run_as_it_would_end_a_load() {
    let home = Home::new();
    let service = with_index(&home);
    home.write("a.jsonl", lines(3, 4));
    for way in ["--check", "--dry-run"] {
        let code = |ended: &Ended, code| ended.assert_code(code).summary()["error_code"].clone();
        let mut command = home.aimed(&["put-vectors", "a.jsonl", way], &service);
        let ended = run(command.args(JSON).env("OSS_ACCESS_KEY_SECRET", "wrong"));
        assert_eq!(code(&ended, 2), "credential_refused", "{way}");
        let named = |bucket: &str, index: &str, more: &[&str]| {
            let mut command = home.ossvec();
            command
                .args(["put-vectors", "a.jsonl", way, "--bucket", bucket, "--index-name", index])
                .args(more);
            command.args(["--region", "cn-hangzhou", "--account-id", ACCOUNT]).args(JSON);
            command.arg("--endpoint").arg(format!("http://{}", service.address));
            run(command.env("OSS_ACCESS_KEY_ID", "local").env("OSS_ACCESS_KEY_SECRET", "local"))
        };
        let ended = named(BUCKET, "other", &[]);
        assert_eq!(code(&ended, 2), "no_such_index", "{way}");
        let create = ["--create-index", "--distance-metric", "cosine"];
        let ended = named(BUCKET, "other", &create);
        assert_eq!(checked(&ended, 0)["index"], "missing", "{way}");
        let ended = named("no-such-bucket", INDEX, &[]);
        assert_eq!(code(&ended, 2), "no_such_bucket", "{way}");
    }
}

#[test]
fn a_dry_run_continues_without_a_service_and_a_check_does_not() {
    let home = Home::new();
    home.write("a.jsonl", lines(3, 4));
    let unreachable =
        |way: &str| run(home.put_to("http://127.0.0.1:9").args(["a.jsonl", way, "--retry-times", "0"]));
    let ended = unreachable("--dry-run");
    assert_eq!(checked(&ended, 0), Value::Null);
    assert!(
        ended.stderr.contains("note: the service was not asked: cannot reach the service: "),
        "{}",
        ended.stderr
    );
    assert_eq!(unreachable("--check").assert_code(6).summary()["error_code"], "unreachable");

    let unset = |way: &str| {
        let target = ["--bucket", BUCKET, "--index-name", INDEX, "--account-id", ACCOUNT];
        run(home.ossvec().args(["put-vectors", "a.jsonl", way]).args(target).args(JSON))
    };
    let ended = unset("--dry-run");
    assert_eq!(checked(&ended, 0), Value::Null);
    assert!(
        ended.stderr.contains("note: the service was not asked: no region or access key is set"),
        "{}",
        ended.stderr
    );
    assert_eq!(unset("--check").assert_code(3).summary()["error_code"], "missing_setting");
}
