//! Secrets never show: not in what is printed, not in any file, not in any debug text, whatever happens.

use std::fs;
use std::path::Path;
use std::process::Command;

use clap::Parser;
use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::secret::Secret;

use crate::support::{BUCKET, Ended, Home, INDEX, TestService, line, lines, run, unlimited};

const SECRET: &str = "hushSecretHush0";
const TOKEN: &str = "hushTokenHush+/=";

/// Looks for the secrets in a text, by the part that both share.
#[track_caller]
fn assert_silent(what: &str, text: &str) {
    assert!(!text.to_lowercase().contains("hush"), "{what}: {text}");
}

/// Looks into every file below a folder.
fn look_into(what: &str, folder: &Path) -> usize {
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += look_into(what, &path);
        } else {
            files += 1;
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            assert_silent(&format!("{what}: {}", path.display()), &text);
        }
    }
    files
}

/// How a load is given its secrets.
#[derive(Clone, Copy, Debug)]
enum Given {
    Variables,
    Flags,
    ShortFlags,
    JoinedFlags,
}

impl Given {
    fn add(self, load: &mut Command) {
        if !matches!(self, Self::Variables) {
            load.args(["-i", "local"]);
        }
        match self {
            Self::Variables => load.envs([
                ("OSS_ACCESS_KEY_ID", "local"),
                ("OSS_ACCESS_KEY_SECRET", SECRET),
                ("OSS_SESSION_TOKEN", TOKEN),
            ]),
            Self::Flags => load.args(["--access-key-secret", SECRET, "--sts-token", TOKEN]),
            Self::ShortFlags => load.args(["-k", SECRET, "-t", TOKEN]),
            Self::JoinedFlags => load.args([format!("-k{SECRET}"), format!("--sts-token={TOKEN}")]),
        };
    }
}

fn load(home: &Home, address: &str, given: Given, more: &[&str]) -> Ended {
    let mut load = home.ossvec();
    load.args(["put-vectors", "--bucket", BUCKET, "--index-name", INDEX, "--endpoint", address]);
    load.args(["--region", "cn-hangzhou", "--account-id", "1234567890", "--create-index"]);
    load.args([
        "--distance-metric",
        "euclidean",
        "--dimension",
        "4",
        "--requests-per-second",
        "0",
        "--vectors-per-second",
        "0",
    ]);
    load.args(["vectors.jsonl", "--batch-size", "10", "--job", "2", "--retry-times", "1"]);
    load.args(["--events", "events.jsonl", "--rejects", "rejects.jsonl", "--checkpoint-dir", "state"]);
    load.args(more);
    given.add(&mut load);
    run(&mut load)
}

#[test]
fn no_output_and_no_file_holds_a_secret_in_success_or_in_any_failure() {
    let rows: [(&str, &[&str], &[&str], i32); 14] = [
        ("success", &[], &[], 4),
        ("text and progress", &[], &["--progress", "plain"], 4),
        ("json", &[], &["--output-format", "json"], 4),
        ("500", &["op=PutVectors,count=3,status=500,apply=half"], &["--max-rejects", "none"], 4),
        ("reset", &["op=PutVectors,nth=3,reset=after"], &[], 4),
        ("hang", &["op=PutVectors,nth=3,hang"], &["--read-timeout", "1s"], 4),
        ("throttled", &["op=PutVectors,nth=3,status=503"], &[], 4),
        ("poison", &["refuse-key=key-7,name-key"], &[], 4),
        ("denied", &["op=PutVectors,nth=3,status=403"], &[], 2),
        ("expired", &["op=PutVectors,nth=3,expired-token"], &[], 6),
        ("wrong signature", &["op=PutVectors,nth=3,status=403,code=SignatureDoesNotMatch"], &[], 2),
        ("no index", &["op=PutVectors,nth=3,status=404"], &[], 2),
        ("unknown", &["op=PutVectors,status=500", "op=GetVectors,status=403"], &[], 4),
        ("too many rejects", &[], &["--max-rejects", "0"], 4),
    ];
    for given in [Given::Variables, Given::Flags, Given::ShortFlags, Given::JoinedFlags] {
        std::thread::scope(|scope| {
            for (what, faults, more, code) in rows {
                scope.spawn(move || {
                    let options = Options { access_key_secret: Secret::new(SECRET), ..unlimited() };
                    let (home, service) = (Home::new(), TestService::start(options));
                    service.trouble(faults);
                    home.write("vectors.jsonl", lines(50, 4) + &line(50, 5) + &line(51, 4));
                    let ended = load(&home, &format!("http://{}", service.address), given, more);
                    let what = format!("{what}, by {given:?}");
                    assert_eq!(ended.code, Some(code), "{what}: {}", ended.stderr);
                    assert_silent(&what, &ended.stdout);
                    assert_silent(&what, &ended.stderr);
                    assert!(look_into(&what, &home.path("")) >= 2, "{what}: the files were looked into");
                });
            }
        });
    }
}

#[test]
fn a_load_that_cannot_begin_shows_no_secret_either() {
    let home = Home::new();
    home.write("vectors.jsonl", lines(50, 4));
    for given in [Given::Variables, Given::Flags, Given::ShortFlags, Given::JoinedFlags] {
        for (address, more, code) in [
            ("http://127.0.0.1:1", &[] as &[&str], 6),
            ("http://[bad", &[], 1),
            ("http://127.0.0.1:1", &["--no-such-flag"], 1),
            ("http://127.0.0.1:1", &["--batch-size", "0"], 1),
            ("http://127.0.0.1:1", &["missing.jsonl"], 3),
            ("http://127.0.0.1:1", &["--checkpoint-dir", "/dev/null"], 1),
        ] {
            let what = format!("{address} {more:?}, by {given:?}");
            let ended = load(&home, address, given, more);
            assert_eq!(ended.code, Some(code), "{what}: {}", ended.stderr);
            assert_silent(&what, &ended.stdout);
            assert_silent(&what, &ended.stderr);
            look_into(&what, &home.path(""));
        }
    }
}

#[test]
fn a_secret_in_a_misspelt_flag_is_not_repeated() {
    let home = Home::new();
    for arguments in [
        vec!["put-vectors".to_owned(), format!("--acces-key-secret={SECRET}")],
        vec!["put-vectors".to_owned(), format!("--sts-tokn={TOKEN}"), "a.jsonl".to_owned()],
        vec![
            "serve".to_owned(),
            format!("--access-key-secret={SECRET}"),
            "--fault".to_owned(),
            "x".to_owned(),
        ],
    ] {
        let ended = run(home.ossvec().args(&arguments));
        ended.assert_code(1);
        assert_silent(&format!("{arguments:?}"), &(ended.stdout + &ended.stderr));
    }
}

#[test]
fn the_command_to_continue_names_variables_in_the_place_of_secrets() {
    for (given, wanted) in [
        (Given::Flags, r#"--access-key-secret "$OSS_ACCESS_KEY_SECRET" --sts-token "$OSS_SESSION_TOKEN""#),
        (Given::JoinedFlags, r#"-k"$OSS_ACCESS_KEY_SECRET" --sts-token="$OSS_SESSION_TOKEN""#),
    ] {
        let options = Options { access_key_secret: Secret::new(SECRET), ..unlimited() };
        let (home, service) = (Home::new(), TestService::start(options));
        service.trouble(&["op=PutVectors,nth=3,status=403"]);
        home.write("vectors.jsonl", lines(50, 4));
        let ended = load(&home, &format!("http://{}", service.address), given, &[]);
        assert!(ended.assert_code(2).stderr.contains(wanted), "{}", ended.stderr);
    }
}

#[test]
fn no_debug_text_holds_a_secret() {
    let arguments = ["ossvec", "put-vectors", "a.jsonl", "-i", "id", "-k", SECRET, "-t", TOKEN];
    let cli = ossvec::test_support::cli::Cli::try_parse_from(arguments).unwrap();
    assert_silent("the command line", &format!("{cli:?} {cli:#?}"));
    let credential = ossvec::test_support::oss::secret::Credential {
        access_key_id: "id".to_owned(),
        secret: Secret::new(SECRET),
        security_token: Some(Secret::new(TOKEN)),
        expires_at: None,
    };
    assert_silent("a credential", &format!("{credential:?}"));
    let credentials = ossvec::test_support::oss::credential::Credentials::new(Box::new(credential));
    assert_silent("credentials", &format!("{credentials:?}"));
    let options = Options { access_key_secret: Secret::new(SECRET), ..unlimited() };
    assert_silent("a service's options", &format!("{options:?}"));
    assert_silent(
        "a service",
        &format!("{:?}", ossvec::test_support::local_service::Service::open(options).unwrap()),
    );
}
