//! A script written for ossutil's `vectors-api put-vectors` runs unchanged.

use std::process::Command;

use ossvec::test_support::oss::operation::Operation;

use crate::support::{
    ACCOUNT, BUCKET, Ended, Home, INDEX, TestService, array, lines, run, run_with_input, unlimited, wanted,
};

/// A service whose index is there already, as ossutil needs it.
fn prepared(home: &Home) -> TestService {
    let service = TestService::start(unlimited());
    run(home.put(&service).arg(home.write("first.jsonl", lines(1, 4)))).assert_code(0);
    service
}

/// ossutil's command with nothing of this program's own.
fn script(home: &Home, service: &TestService) -> Command {
    let mut command = home.ossvec();
    command.args(["vectors-api", "put-vectors", "--bucket", BUCKET, "--index-name", INDEX]);
    command.args(["-i", "local", "-k", "local", "-e", &format!("http://{}", service.address)]);
    command.args(["--region", "cn-hangzhou", "--account-id", ACCOUNT, "--vectors", "file://vectors.json"]);
    command
}

#[track_caller]
fn assert_as_ossutil(ended: &Ended) {
    let line = ended.assert_code(0).stdout.strip_prefix('\n').unwrap().strip_suffix("(s) elapsed\n").unwrap();
    let (seconds, fraction) = line.split_once('.').unwrap();
    assert!(seconds.parse::<u32>().is_ok() && fraction.len() == 6, "{line}");
    assert!(fraction.parse::<u32>().is_ok(), "{line}");
}

#[test]
fn success_prints_what_ossutil_prints_and_the_summary_goes_to_standard_error() {
    let home = Home::new();
    let service = prepared(&home);
    home.write("vectors.json", array(&lines(20, 4)));
    for format in
        [&[][..], &["--output-format", "raw"], &["--output-format=json"], &["--output-format", "yaml"]]
    {
        let ended = run(script(&home, &service).args(format));
        assert_as_ossutil(&ended);
        assert!(
            ended.stderr.contains("stored      20 vectors, in bucket test-bucket, index idx\n"),
            "{}",
            ended.stderr
        );
    }
    service.assert_holds(&wanted(0..20, 4));
    let quiet = run(script(&home, &service).arg("-q"));
    assert_eq!((quiet.assert_code(0).stdout.as_str(), quiet.stderr.as_str()), ("", ""));
}

#[test]
fn every_global_option_of_ossutil_is_taken() {
    let home = Home::new();
    let service = prepared(&home);
    home.write("vectors.json", array(&lines(3, 4)));
    home.write("config", "[default]\nloglevel = off\noutput-format = xml\nlanguage = en\n[profile p]\n");
    let ended = run(script(&home, &service).args([
        "--addressing-style",
        "Path",
        "-c",
        "config",
        "--profile",
        "p",
        "--connect-timeout",
        "10",
        "--read-timeout",
        "1m",
        "--retry-times=3",
        "--sign-version",
        "v4",
        "--skip-verify-cert=false",
        "--quiet=f",
        "--dry-run=0",
        "--proxy",
        "env",
        "--output-query",
        "a.b",
        "--output-properties",
        "x",
        "--loglevel",
        "INFO",
        "--log-file",
        "ossutil.log",
        "--language",
        "zh-CN",
    ]));
    assert_as_ossutil(&ended);
    service.assert_holds(&wanted(0..3, 4));
    let log = std::fs::read_to_string(home.path("ossutil.log")).unwrap();
    assert!(log.contains("load begins") && log.contains("load ends"), "{log}");
}

#[test]
fn options_may_stand_before_the_command_and_the_last_of_several_counts() {
    let home = Home::new();
    let service = prepared(&home);
    let mut command = home.ossvec();
    command.args(["--region=cn-beijing", "-q", "--sign-version=v4", "vectors-api", "put-vectors"]);
    command.args([
        "--bucket",
        "other",
        "--bucket",
        BUCKET,
        "--index-name",
        INDEX,
        "--vectors",
        "[]",
        "--vectors",
        "-",
    ]);
    command.args(["--region", "cn-hangzhou", "--account-id", ACCOUNT, "-e"]);
    command.arg(format!("http://{}", service.address));
    command.env("OSS_ACCESS_KEY_ID", "local").env("OSS_ACCESS_KEY_SECRET", "local");
    let ended = run_with_input(&mut command, array(&lines(5, 4)).into_bytes());
    ended.assert_code(0);
    service.assert_holds(&wanted(0..5, 4));
}

#[test]
fn failures_have_ossutils_exit_codes_and_nothing_on_standard_output() {
    let home = Home::new();
    let service = prepared(&home);
    home.write("vectors.json", array(&lines(3, 4)));
    let rows: [(&[&str], i32); 7] = [
        (&["--no-such-option"], 1),
        (&["--sign-version", "v1"], 1),
        (&["--cloudbox-id", "cb-1"], 1),
        (&["--index-name", "other"], 2),
        (&["-k", "wrong"], 2),
        (&["--vectors", "file://missing.json", "--output-format", "json"], 3),
        (&["-c", "missing"], 3),
    ];
    for (arguments, code) in rows {
        let ended = run(script(&home, &service).args(arguments));
        assert_eq!(
            (ended.assert_code(code).stdout.as_str(), ended.stderr.is_empty()),
            ("", false),
            "{arguments:?}"
        );
    }
    home.write("vectors.json", array(&lines(3, 4)).replace("key-1", ""));
    let ended = run(&mut script(&home, &service));
    assert_eq!(ended.assert_code(4).stdout, "");
    assert!(ended.stderr.contains("rejected    1 record"), "{}", ended.stderr);
    let before = service.statistics().of(Operation::PutVectors).requests;
    run(script(&home, &service).arg("-n")).assert_code(4);
    assert_eq!(service.statistics().of(Operation::PutVectors).requests, before, "a dry run sent something");
}

#[test]
fn a_secret_on_the_command_line_works_with_a_warning_that_names_the_variable() {
    let home = Home::new();
    let service = prepared(&home);
    home.write("vectors.json", array(&lines(3, 4)));
    let warning = "warning: other users of this machine can see --access-key-secret in ps; set OSS_ACCESS_KEY_SECRET instead\n";
    let ended = run(&mut script(&home, &service));
    assert!(ended.assert_code(0).stderr.starts_with(warning), "{}", ended.stderr);
    let mut load = home.aimed(&["put-vectors", "vectors.json"], &service);
    let ended = run(load.args(["--output-format", "json", "-i", "local", "-k", "local", "-t", "token"]));
    assert_eq!(ended.assert_code(0).counts(["stored"]), [3]);
    assert_eq!(ended.stderr.matches("warning: ").count(), 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("--access-key-secret and --sts-token in ps; set"), "{}", ended.stderr);
    for quiet in [
        home.aimed(&["put-vectors", "vectors.json", "-q", "-k", "local"], &service),
        home.aimed(&["put-vectors", "vectors.json"], &service),
    ] {
        let mut quiet = quiet;
        let ended = run(&mut quiet);
        assert!(!ended.assert_code(0).stderr.contains("warning"), "{}", ended.stderr);
    }
}
