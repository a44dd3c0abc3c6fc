//! ossutil's configuration file: what a user of ossutil has already, ossvec needs no more.

use std::process::Command;

use crate::support::{Home, TestService, lines, run, unlimited, wanted};

const DIMENSION: usize = 4;

/// A load that names nothing but where to and what.
fn load(home: &Home) -> Command {
    let mut command = home.ossvec();
    command.args([
        "put-vectors",
        "a.jsonl",
        "--bucket",
        "test-bucket",
        "--index-name",
        "idx",
        "--create-index",
    ]);
    command.args(["--distance-metric", "euclidean", "--output-format", "json"]);
    command
}

fn config(service: &TestService, secret: &str) -> String {
    format!(
        "[default]\naccessKeyId = local\naccess_key_secret = {secret}\nregion = cn-hangzhou\nendpoint = http://{}\n\
         account-id = 1234567890\nmode = AK\nread-timeout = 30\n\n[profile other]\nsource-profile = default\n\
         access-key-secret = wrong-secret-of-other\n\n[profile role]\nmode = RamRoleArn\nregion = cn-hangzhou\n\
         account-id = 1\n",
        service.address
    )
}

#[test]
fn a_load_takes_all_of_its_settings_from_ossutils_file() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(20, DIMENSION));
    home.write(".ossutilconfig", config(&service, "local"));
    run(&mut load(&home)).assert_code(0);
    assert!(service.state() == wanted(0..20, DIMENSION));
}

#[test]
fn a_flag_wins_over_a_variable_and_a_variable_over_the_file() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(1, DIMENSION));
    home.write("conf", config(&service, "wrong-secret-of-default"));
    let with = |variable: Option<&str>, flag: Option<&str>| {
        let mut command = load(&home);
        command.env("OSSUTIL_CONFIG_FILE", "conf");
        if let Some(secret) = variable {
            command.env("OSS_ACCESS_KEY_SECRET", secret);
        }
        if let Some(secret) = flag {
            command.args(["-k", secret]);
        }
        run(&mut command)
    };
    let ended = with(None, None);
    assert!(ended.assert_code(2).stderr.contains("SignatureDoesNotMatch"), "{}", ended.stderr);
    assert!(!format!("{}{}", ended.stdout, ended.stderr).contains("wrong-secret"), "{}", ended.stderr);
    with(Some("local"), None).assert_code(0);
    with(Some("wrong"), None).assert_code(2);
    with(Some("wrong"), Some("local")).assert_code(0);
}

#[test]
fn a_profile_is_chosen_by_flag_or_variable() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(1, DIMENSION));
    home.write(".ossutilconfig", config(&service, "local"));
    run(load(&home).args(["--profile", "other"])).assert_code(2);
    run(load(&home).env("OSSUTIL_PROFILE", "other")).assert_code(2);
    run(load(&home).env("OSSUTIL_PROFILE", "other").args(["--profile", "default"])).assert_code(0);
}

#[test]
fn what_is_wrong_with_the_file_is_told_with_its_name_and_never_its_text() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(1, DIMENSION));
    home.write("good", config(&service, "local"));
    home.write("broken", "[default]\nregion = r\nhidden-secret\n");
    home.write("style", config(&service, "local").replace("mode = AK", "addressing-style = sideways"));
    for (arguments, message) in [
        (["-c", "missing", "-q"], "cannot use missing: No such file"),
        (["-c", "broken", "-q"], "cannot use broken: line 3 is neither"),
        (["-c", "good", "--profile=nobody"], "there is no section [profile nobody]"),
        (["-c", "good", "--profile=role"], "no access key id"),
        (["-c", "style", "-q"], "addressing-style is \"sideways\""),
    ] {
        let ended = run(load(&home).args(arguments));
        assert!(ended.assert_code(3).stderr.contains(message), "{arguments:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains("hidden"), "{}", ended.stderr);
    }
    assert!(service.state().is_empty());
}
