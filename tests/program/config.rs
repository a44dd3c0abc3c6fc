//! ossutil's configuration file: what a user of ossutil has already, ossvec needs no more.

use std::process::Command;

use serde_json::Value;

use crate::support::{Ended, Home, State, TestService, lines, run, unlimited, wanted};

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
    service.assert_holds(&wanted(0..20, DIMENSION));
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
        (
            ["-c", "broken", "-q"],
            "cannot use broken: line 3 is not a section, a key with a value or a comment\n        fix line 3,",
        ),
        (["-c", "good", "--profile=nobody"], "there is no section [profile nobody]"),
        (["-c", "good", "--profile=role"], "no access key ID, access key secret or role is set"),
        (
            ["-c", "style", "-q"],
            "invalid value \"sideways\" for addressing-style in style [default]: expected virtual, path or cname",
        ),
    ] {
        let ended = run(load(&home).args(arguments));
        assert!(ended.assert_code(3).stderr.contains(message), "{arguments:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains("hidden"), "{}", ended.stderr);
    }
    service.assert_holds(&State::new());
}

/// The settings as `config show` finds them, by name.
fn shown(command: &mut Command) -> impl Fn(&str) -> (String, String) + use<> {
    let ended: Ended = run(command.args(["--output-format", "json"]));
    let rows: Vec<Value> = serde_json::from_str(&ended.assert_code(0).stdout).unwrap();
    move |name| {
        let row = rows.iter().find(|row| row["name"] == name).unwrap();
        let text = |member: &str| row[member].as_str().unwrap_or("-").to_owned();
        let from = text("from");
        (text("value"), if from == "-" { text("origin") } else { from })
    }
}

fn show(home: &Home) -> Command {
    let mut command = home.ossvec();
    command.args(["config", "show"]);
    command
}

#[test]
fn every_setting_is_shown_with_where_it_comes_from() {
    let home = Home::new();
    home.write(
        "conf",
        "[default]\nregion = cn-beijing\naccount_id = 1\naccessKeySecret = hush1\nread-timeout = 1m\nproxy = http://me:hush@p:1\n\
         [profile Dev]\nsource-profile = default\naccount-id = 2\n",
    );
    let mut command = show(&home);
    command.args(["-c", "conf", "--profile", "dev", "--connect-timeout", "3", "--bucket", "b"]);
    command.env("OSS_REGION", "cn-shanghai").env("OSS_SESSION_TOKEN", "hush2").env("OSS_ACCESS_KEY_ID", "id");
    let found = shown(&mut command);
    for (name, value, from) in [
        ("config-file", "conf", "--config-file"),
        ("profile", "dev", "--profile"),
        ("credential", "a temporary access key", "OSS_ACCESS_KEY_ID"),
        ("mode", "-", "-"),
        ("access-key-id", "id", "OSS_ACCESS_KEY_ID"),
        ("access-key-secret", "***", "conf [default]"),
        ("sts-token", "***", "OSS_SESSION_TOKEN"),
        ("bucket", "b", "--bucket"),
        ("region", "cn-shanghai", "OSS_REGION"),
        ("account-id", "2", "conf [profile Dev]"),
        ("endpoint", "https://cn-shanghai.oss-vectors.aliyuncs.com", "default"),
        ("addressing-style", "virtual", "default"),
        ("connect-timeout", "3s", "--connect-timeout"),
        ("read-timeout", "60s", "conf [default]"),
        ("retry-times", "100", "default"),
        ("proxy", "http://***@p:1", "conf [default]"),
        ("ca-bundle", "-", "-"),
        ("skip-verify-cert", "false", "default"),
        ("loglevel", "off", "default"),
        ("log-file", "-", "-"),
    ] {
        assert_eq!(found(name), (value.to_owned(), from.to_owned()), "{name}");
    }
    let role = shown(show(&home).args(["--mode", "EcsRamRole", "--role-arn", "acs:ram::1:role/loader"]));
    assert_eq!(role("credential").0, "the role acs:ram::1:role/loader assumed with the ECS instance's role");
    assert_eq!(role("mode"), ("EcsRamRole".to_owned(), "--mode".to_owned()));
    let nothing = shown(&mut show(&home))("credential");
    assert_eq!(nothing.0, "-");
    assert!(nothing.1.contains("no credential found: "), "{nothing:?}");
    let text = run(command.args(["--output-format", "text", "--origin"]));
    assert_eq!(text.code, Some(1), "an option twice is bad usage");
}

#[test]
fn what_is_shown_is_for_people_too_and_holds_no_secret() {
    let home = Home::new();
    home.write(
        ".ossutilconfig",
        "[default]\nregion = cn-hangzhou\naccess-key-secret = hush\nsts-token = hush\n",
    );
    let ended = run(show(&home).arg("--origin"));
    let path = home.path(".ossutilconfig");
    let lines: Vec<Vec<_>> =
        ended.assert_code(0).stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    let path = path.to_str().unwrap();
    for line in [
        vec!["region", "cn-hangzhou", path, "[default]"],
        vec!["access-key-secret", "***", path, "[default]"],
        vec!["account-id", "-", "not", "set"],
        vec!["retry-times", "100", "default"],
    ] {
        assert!(lines.contains(&line), "{line:?}: {}", ended.stdout);
    }
    let plain = run(&mut show(&home));
    assert!(plain.assert_code(0).stdout.contains("\nregion             cn-hangzhou\n"), "{}", plain.stdout);
    for ended in [ended, plain] {
        assert!(!format!("{}{}", ended.stdout, ended.stderr).contains("hush"), "{}", ended.stdout);
    }
    let ended = run(show(&home).args(["--profile", "x"]).env("OSS_ENDPOINT", "a\u{1b}[2Jb"));
    assert!(!format!("{}{}", ended.stdout, ended.stderr).contains('\u{1b}'), "{}", ended.stdout);
    let ended = run(show(&home).args(["--output-format", "raw"]));
    assert!(ended.assert_code(1).stderr.contains("[possible values: text, json]"), "{}", ended.stderr);
    let ended = run(show(&home).args(["-c", "missing", "--output-format", "json"]));
    let told: serde_json::Value = serde_json::from_str(&ended.assert_code(3).stdout).unwrap();
    assert_eq!((&told["exit_code"], told["error"].is_string()), (&3.into(), true), "{told}");
}

#[test]
fn what_is_shown_is_what_a_load_uses() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let (other, elsewhere) = (TestService::start(unlimited()), TestService::start(unlimited()));
    home.write("a.jsonl", lines(3, DIMENSION));
    let file = config(&service, "local")
        .replace("mode = AK", "mode = AK\nbuckets = mine\nloglevel = debug\nlog-file = log");
    let file = format!("{file}\n[buckets mine]\nother-bucket =\n  endpoint = http://{}\n", other.address);
    home.write(".ossutilconfig", file);
    assert!(other.service.store().put_bucket("other-bucket", "2026-01-01T00:00:00.000Z").unwrap());
    let elsewhere_url = format!("http://{}", elsewhere.address);
    let rows: [(&str, Option<&str>, &[&str], &TestService); 4] = [
        ("test-bucket", None, &[], &service),
        ("other-bucket", None, &[], &other),
        ("test-bucket", Some(&elsewhere_url), &[], &elsewhere),
        ("other-bucket", Some("http://127.0.0.1:9"), &["--endpoint", &elsewhere_url], &elsewhere),
    ];
    for (bucket, variable, flags, reached) in rows {
        let with = |command: &mut Command| {
            command.args(flags);
            if let Some(endpoint) = variable {
                command.env("OSS_ENDPOINT", endpoint);
            }
        };
        let mut command = show(&home);
        with(command.args(["--bucket", bucket]));
        let found = shown(&mut command);
        assert_eq!(found("endpoint").0, format!("http://{}", reached.address));
        assert_eq!(found("proxy"), ("none".to_owned(), "default".to_owned()), "this machine has no proxy");
        let before = reached.statistics().recent.len();
        let mut command = home.ossvec();
        command.args(["put-vectors", "a.jsonl", "--bucket", bucket, "--index-name", "idx", "--create-index"]);
        with(command.args(["--distance-metric", "euclidean"]));
        let ended = run(&mut command);
        let log = std::fs::read_to_string(home.path("log")).unwrap();
        assert!(log.contains(&format!("url=\"{}/{bucket}/?getVectorIndex", found("endpoint").0)), "{log}");
        std::fs::remove_file(home.path("log")).unwrap();
        // The last service has no such bucket; it was asked all the same.
        assert!(matches!(ended.code, Some(0 | 2)), "{}", ended.stderr);
        assert!(reached.statistics().recent.len() > before, "{bucket}: {}", ended.stderr);
    }
}

#[test]
fn a_host_that_is_named_tells_the_region_unless_somebody_of_the_same_rank_does() {
    let home = Home::new();
    home.write(".ossutilconfig", "[default]\nregion = cn-beijing\naccount-id = 1\n");
    let bucket_url = "https://my-b-77.cn-hangzhou-internal.oss-vectors.aliyuncs.com";
    let internal = "cn-hangzhou-internal.oss-vectors.aliyuncs.com";
    let rows: [(&[&str], &str, &str, &str); 5] = [
        (&["-e", bucket_url], "cn-hangzhou", "endpoint", "77"),
        (&["-e", internal], "cn-hangzhou", "endpoint", "1"),
        (&["-e", internal, "--region", "cn-qingdao"], "cn-qingdao", "--region", "1"),
        (&["-e", "http://127.0.0.1:1"], "cn-beijing", "file", "1"),
        (&[], "cn-beijing", "file", "1"),
    ];
    for (flags, region, from, account) in rows {
        let found = shown(show(&home).args(flags));
        let (value, origin) = found("region");
        let origin = if origin.contains(".ossutilconfig [default]") { "file".to_owned() } else { origin };
        assert_eq!((value.as_str(), origin.as_str()), (region, from), "{flags:?}");
        assert_eq!(found("account-id").0, account, "{flags:?}");
    }
    let found = shown(show(&home).args(["-e", bucket_url]));
    assert_eq!(found("bucket"), ("my-b".to_owned(), "endpoint".to_owned()));
    assert_eq!(found("endpoint").0, "https://cn-hangzhou-internal.oss-vectors.aliyuncs.com");
}

#[test]
fn what_the_file_has_wrong_is_told_with_its_key_and_the_flag() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(1, DIMENSION));
    for (line, said) in [
        (
            "connect-timeout = 0",
            "invalid value \"0\" for connect-timeout in CONF [default]: expected a time above 0",
        ),
        (
            "loglevel = loud",
            "invalid value \"loud\" for loglevel in CONF [default]: expected off, info or debug",
        ),
        (
            "retry-times = often",
            "invalid value \"often\" for retry-times in CONF [default]: expected a whole number such as 100",
        ),
        (
            "skip-verify-cert = yes",
            "invalid value \"yes\" for skip-verify-cert in CONF [default]: expected true or false",
        ),
        ("proxy = socks5://hush", "proxy in CONF [default]: invalid proxy scheme: expected http or https"),
        ("ca-bundle = missing.pem", "cannot use missing.pem for ca-bundle in CONF [default]: No such file"),
        ("buckets = none", "there is no section [buckets none], but buckets=none refers to it"),
    ] {
        let said = said.replace("CONF", &home.path(".ossutilconfig").display().to_string());
        home.write(".ossutilconfig", config(&service, "local").replace("mode = AK\nread-timeout = 30", line));
        let ended = run(&mut load(&home));
        assert!(ended.assert_code(3).stderr.contains(&said), "{line}: {}", ended.stderr);
        assert!(
            ended.stderr.starts_with("ossvec: ") && !ended.stderr.contains("hush"),
            "{line}: {}",
            ended.stderr
        );
        let advice = ended.stderr.lines().nth(1).unwrap_or_default();
        assert!(advice.starts_with("        "), "{line}: {}", ended.stderr);
    }
    service.assert_holds(&State::new());
}

#[test]
fn retries_may_be_set_in_the_file() {
    let home = Home::new();
    home.write("a.jsonl", lines(1, DIMENSION));
    home.write(
        ".ossutilconfig",
        "[default]\naccess-key-id = i\naccess-key-secret = s\nregion = r\naccount-id = 1\nendpoint = http://127.0.0.1:9\nretry-times = 0\n",
    );
    let ended = run(&mut load(&home));
    assert!(ended.assert_code(6).stderr.contains("cannot reach the service"), "{}", ended.stderr);
}

#[test]
fn the_endpoint_of_objects_in_a_ready_configuration_becomes_that_of_vectors() {
    let home = Home::new();
    home.write("a.jsonl", lines(1, DIMENSION));
    let keys = "access-key-id = i\naccess-key-secret = s\naccount-id = 1\n";
    let vectors = "https://cn-hangzhou-internal.oss-vectors.aliyuncs.com";
    for (file, variable) in [
        ("endpoint = https://oss-cn-hangzhou-internal.aliyuncs.com\nregion = cn-hangzhou\n", None),
        ("", Some("my-b.oss-cn-hangzhou-internal.aliyuncs.com")),
    ] {
        home.write(".ossutilconfig", format!("[default]\n{keys}{file}"));
        let mut command = show(&home);
        command.envs(variable.map(|host| ("OSS_ENDPOINT", host)));
        let found = shown(&mut command);
        assert_eq!((found("endpoint").0.as_str(), found("region").0.as_str()), (vectors, "cn-hangzhou"));
        let mut load = load(&home);
        // No request leaves this machine: the proxy is nobody.
        load.envs(variable.map(|host| ("OSS_ENDPOINT", host))).args([
            "--proxy",
            "http://127.0.0.1:9",
            "--retry-times=0",
        ]);
        let ended = run(&mut load);
        let note = "oss-cn-hangzhou-internal.aliyuncs.com is an endpoint for objects; using \
                    cn-hangzhou-internal.oss-vectors.aliyuncs.com for vectors\n";
        assert_eq!(ended.assert_code(6).stderr.matches(note).count(), 1, "{}", ended.stderr);
        assert!(ended.stderr.starts_with("note: "), "{}", ended.stderr);
        assert!(!run(load.arg("-q")).stderr.contains("note: "));
    }
    let accelerate = [("OSS_ENDPOINT", "oss-accelerate.aliyuncs.com")];
    for (flags, variables, place, code, host, advice) in [
        (
            &["-e", "http://oss-cn-hangzhou.aliyuncs.com"][..],
            &[][..],
            "--endpoint",
            1,
            "oss-cn-hangzhou.aliyuncs.com",
            "use cn-hangzhou.oss-vectors.aliyuncs.com",
        ),
        (
            &[],
            &accelerate,
            "OSS_ENDPOINT",
            3,
            "oss-accelerate.aliyuncs.com",
            "use REGION.oss-vectors.aliyuncs.com; vectors have no transfer acceleration",
        ),
    ] {
        let ended = run(load(&home).args(flags).envs(variables.iter().copied()));
        let said = format!(
            "ossvec: {place}: {host} is an endpoint for objects, not for vectors\n        {advice}\n"
        );
        assert_eq!(ended.assert_code(code).stderr, said);
    }
}

#[test]
fn a_region_that_is_not_the_endpoints_is_told() {
    let home = Home::new();
    home.write("a.jsonl", lines(1, DIMENSION));
    let file = "access-key-id = i\naccess-key-secret = s\naccount-id = 1\nregion = cn-beijing\n";
    let host = "endpoint = cn-hangzhou.oss-vectors.aliyuncs.com\n";
    home.write("conf", format!("[default]\n{file}{host}"));
    let with = |flags: &[&str]| {
        let nobody = ["-c", "conf", "--proxy", "http://127.0.0.1:9", "--retry-times=0"];
        run(load(&home).args(nobody).args(flags))
    };
    let note = "note: the region is cn-beijing (conf [default]), but the endpoint (conf [default]) is in cn-hangzhou and refuses ";
    assert!(with(&[]).stderr.starts_with(note), "{}", with(&[]).stderr);
    let note =
        "note: the region is r2 (--region), but the endpoint (conf [default]) is in cn-hangzhou and refuses ";
    assert!(with(&["--region", "r2"]).stderr.starts_with(note), "{}", with(&["--region", "r2"]).stderr);
    for flags in [&["--region", "cn-hangzhou"][..], &["-e", "r3.oss-vectors.aliyuncs.com"]] {
        assert!(!with(flags).stderr.contains("note: the region"), "{}", with(flags).stderr);
    }
}

#[test]
fn what_the_file_says_of_a_bucket_counts_also_when_its_url_names_it() {
    let home = Home::new();
    let bucket = "buckets = mine\n[buckets mine]\nmy-b =\n  addressing-style = Path\n";
    home.write("conf", format!("[default]\n{bucket}"));
    let url = "https://My-B-77.CN-Hangzhou.oss-vectors.aliyuncs.com";
    let found = shown(show(&home).args(["-c", "conf", "-e", url]));
    assert_eq!(found("addressing-style"), ("path".to_owned(), "conf [buckets mine]".to_owned()));
    assert_eq!((found("bucket").0.as_str(), found("account-id").0.as_str()), ("my-b", "77"));
}

#[test]
fn a_bucket_that_the_endpoint_names_wrongly_is_not_blamed_on_a_flag() {
    let home = Home::new();
    home.write("a.jsonl", lines(1, DIMENSION));
    let mut load = home.ossvec();
    load.args([
        "put-vectors",
        "a.jsonl",
        "--index-name",
        "idx",
        "-e",
        "b-1.cn-hangzhou.oss-vectors.aliyuncs.com",
    ]);
    let ended = run(&mut load);
    let said = "ossvec: invalid value \"b\" for the bucket in the endpoint: a bucket name must have 3 to 32 characters";
    assert!(ended.assert_code(1).stderr.starts_with(said), "{}", ended.stderr);
    assert!(ended.stderr.ends_with("        choose a vector bucket with --bucket\n"), "{}", ended.stderr);
}

#[test]
fn switches_and_styles_are_written_as_ossutil_takes_them() {
    let home = Home::new();
    for (text, shows) in [("1", "true"), ("T", "true"), ("TRUE", "true"), ("0", "false"), ("False", "false")]
    {
        home.write("conf", format!("[default]\nskip-verify-cert = {text}\n"));
        let by_file = shown(show(&home).args(["-c", "conf"]))("skip-verify-cert");
        assert_eq!(by_file, (shows.to_owned(), "conf [default]".to_owned()));
        let by_flag = shown(show(&home).arg(format!("--skip-verify-cert={text}")))("skip-verify-cert");
        assert_eq!(by_flag, (shows.to_owned(), "--skip-verify-cert".to_owned()));
    }
    for (style, shows) in [("cname", "virtual"), ("Path", "path"), ("VIRTUAL", "virtual")] {
        home.write("conf", format!("[default]\nregion = r\naddressing-style = {style}\n"));
        assert_eq!(shown(show(&home).args(["-c", "conf"]))("addressing-style").0, shows);
        let flags = ["--region", "r", "--addressing-style", style];
        assert_eq!(shown(show(&home).args(flags))("addressing-style").0, shows);
    }
}
