//! Words that a command cannot take, and what it lacks: one clear line, and nothing is sent.

use std::process::Command;

use crate::support::{ACCOUNT, BUCKET, Home, INDEX, TestService, lines, run, unlimited, words};

#[test]
fn bad_usage_is_one_clear_line_and_nothing_is_sent() {
    let rows = [
        ("-q", "no command given"),
        ("vectors-api", "no command given"),
        ("put-vectors --vectors=", "--vectors is empty"),
        ("vectors-api query-vectors", "unrecognized subcommand 'query-vectors'"),
        ("put-vektors a.jsonl", "unrecognized subcommand 'put-vektors'"),
        ("put-vectors", "no input: name files, or - for standard input"),
        ("put-vectors a.jsonl --index-name idx", "no bucket is named"),
        ("put-vectors a.jsonl --bucket test-bucket", "no index is named"),
        (
            "put-vectors a.jsonl --bucket B --index-name idx",
            "--bucket B: a bucket's name has 3 to 32 characters",
        ),
        (
            "put-vectors a.jsonl --bucket test-bucket --index-name my-idx",
            "--index-name my-idx: an index's name",
        ),
        ("put-vectors a.jsonl --local", "--local has a service of its own"),
        ("put-vectors a.jsonl --data-dir d", "the following required arguments were not provided: --local"),
        ("serve --fault status", "--fault status: \"status\": status needs a value"),
        (
            "serve --requests-per-second many",
            "invalid value 'many' for '--requests-per-second <N>': not a rate",
        ),
    ];
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(3, 4));
    for (arguments, said) in rows {
        let mut command = home.ossvec();
        let target = ["--region", "cn-hangzhou", "--account-id", ACCOUNT];
        command.args(words(arguments));
        if arguments.starts_with("put-vectors ") {
            command.args(target).arg(format!("--endpoint=http://{}", service.address));
        }
        let ended = run(command.env("OSS_ACCESS_KEY_ID", "local").env("OSS_ACCESS_KEY_SECRET", "local"));
        assert!(ended.assert_code(1).complaint().starts_with(said), "{arguments}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments}");
    }
    assert!(service.is_untouched());
}

#[test]
fn a_mistyped_command_or_option_is_answered_with_the_nearest_one() {
    let home = Home::new();
    home.write("a.jsonl", lines(1, 4));
    for (arguments, nearest) in [
        ("put-vektors a.jsonl", "'put-vectors'"),
        ("config shwo", "'show'"),
        ("vectors-api put-vector", "'put-vectors'"),
        ("put-vectors a.jsonl --create-indx", "'--create-index'"),
        ("put-vectors a.jsonl --acess-key-id id", "'--access-key-id'"),
        ("config show --orign", "'--origin'"),
        ("put-vectors a.jsonl --distance-metric cosin", "'cosine'"),
    ] {
        let ended = run(home.ossvec().args(words(arguments)));
        ended.assert_code(1).complaint();
        let advice = ended.stderr.lines().nth(1).unwrap_or_default();
        assert!(advice.contains("similar") && advice.contains(nearest), "{arguments}: {}", ended.stderr);
    }
}

#[test]
fn a_bad_option_of_a_load_is_one_clear_line_and_nothing_is_sent() {
    let rows = [
        ("--bogus", "unexpected argument '--bogus' found"),
        ("--create-indx", "unexpected argument '--create-indx' found"),
        ("--batch-size 501", "invalid value '501' for '--batch-size <N>': 501 is not in 1..=500"),
        ("--batch-size 0", "invalid value '0' for '--batch-size <N>': 0 is not in 1..=500"),
        ("--batch-bytes 5x", "invalid value '5x' for '--batch-bytes <SIZE>': \"x\" is no unit of size"),
        ("--min-records x", "invalid value 'x' for '--min-records <N>': write a whole number, such as 1000"),
        ("--job 0", "invalid value '0' for '--job <N>': 0 is not in 1..=256"),
        ("--requests-per-second -5", "invalid value '-5' for '--requests-per-second <N>': not a rate"),
        ("--vectors-per-second -5", "invalid value '-5' for '--vectors-per-second <N>': not a rate"),
        ("--read-timeout 5x", "invalid value '5x' for '--read-timeout <TIME>': \"x\" is no unit of time"),
        ("--connect-timeout 0", "invalid value '0' for '--connect-timeout <TIME>': a timeout of 0 would end"),
        (
            "--loglevel loud",
            "invalid value 'loud' for '--loglevel <LEVEL>' [possible values: off, info, debug",
        ),
        (
            "--output-format xml",
            "invalid value 'xml' for '--output-format <FORM>' [possible values: text, json]",
        ),
        ("--output-query a", "--output-query is ossutil's, for ossvec vectors-api"),
        ("--sign-version v1", "--sign-version v1: requests about vectors have signature v4 only"),
        ("--cloudbox-id cb-1", "--cloudbox-id: a CloudBox has no vector buckets"),
        ("--proxy socks5://h", "--proxy: its scheme is not http or https"),
        ("--proxy http://", "--proxy: no URL"),
        ("--max-rejects 101%", "invalid value '101%' for '--max-rejects <N|N%|none>'"),
        ("--format parquet", "invalid value 'parquet' for '--format <FORMAT>' [possible values: auto, json"),
        (
            "--distance-metric dot",
            "invalid value 'dot' for '--distance-metric <METRIC>' [possible values: cosine",
        ),
        ("--dimension 0", "invalid value '0' for '--dimension <N>': 0 is not in 1..=4096"),
        ("--dimension 4097", "invalid value '4097' for '--dimension <N>': 4097 is not in 1..=4096"),
        ("--vectors [] ", "the argument '[INPUT]...' cannot be used with '--vectors <JSON|file://PATH|->'"),
        ("--create-index", "--create-index needs --distance-metric cosine or euclidean"),
        (
            "--non-filterable-metadata-keys a-b",
            "--non-filterable-metadata-keys a-b: a non-filterable metadata key",
        ),
        ("--rejects a.jsonl", "--rejects a.jsonl is also an input"),
        ("--rejects ./a.jsonl", "--rejects ./a.jsonl is also an input"),
        ("--events a.jsonl", "--events a.jsonl is also an input"),
        ("--events a.jsonl --dry-run", "--events a.jsonl is also an input"),
        ("--events a.jsonl --resume", "--events a.jsonl is also an input"),
        ("--log-file a.jsonl --loglevel info", "--log-file a.jsonl is also an input"),
        ("--events new.jsonl --rejects ./new.jsonl", "--events new.jsonl is also the file of --rejects"),
        ("--events conf -c conf", "--events conf is also the configuration file"),
        ("--bucket other", "the argument '--bucket <BUCKET>' cannot be used multiple times"),
    ];
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(3, 4));
    home.write("conf", "");
    for (arguments, said) in rows {
        let mut command = home.aimed(&["put-vectors", "a.jsonl"], &service);
        let ended = run(command.args(words(arguments)));
        assert!(ended.assert_code(1).complaint().starts_with(said), "{arguments}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments}");
    }
    assert!(service.is_untouched());
    assert_eq!(std::fs::read_to_string(home.path("a.jsonl")).unwrap(), lines(3, 4));
}

#[test]
fn a_wrong_value_is_told_with_its_place_and_what_to_do_about_it() {
    let region = "the region is \"CN Hangzhou\"; a region id looks like cn-hangzhou";
    let rows = [
        (
            "endpoint",
            "ftp://127.0.0.1",
            "the endpoint's scheme is \"ftp\", not http or https",
            "write a host such as",
        ),
        ("endpoint", "http://", "the endpoint \"http://\" names no host", "write a host such as"),
        (
            "endpoint",
            "https://me:hushPass@h",
            "there is a name or a password in front of an @ in the endpoint",
            "write a host such as",
        ),
        ("region", "CN Hangzhou", region, "write the id, as the console shows it"),
        (
            "region",
            "oss-cn-hangzhou",
            "the region is \"oss-cn-hangzhou\"; a region id looks like cn-hangzhou",
            "write cn-hangzhou: oss-cn-hangzhou is the name in the hosts of objects",
        ),
        (
            "account-id",
            "me",
            "the account id is \"me\"; it consists of digits only",
            "write the UID of the account",
        ),
    ];
    let home = Home::new();
    home.write("a.jsonl", lines(3, 4));
    for (key, value, said, advice) in rows {
        let flag = format!("--{key}");
        let variable = format!("OSS_{}", key.replace('-', "_").to_uppercase());
        home.write("conf", format!("[default]\n{key} = {value}\n"));
        let mut by_file = cloud(&home);
        by_file.args(["-c", "conf"]).env(&variable, "");
        for (command, place, code) in [
            (cloud(&home).args([&flag, value]), flag.as_str(), 1),
            (cloud(&home).env(&variable, value), variable.as_str(), 3),
            (&mut by_file, format!("{key} in conf [default]").as_str(), 3),
        ] {
            let ended = run(command);
            assert_eq!(ended.assert_code(code).complaint(), format!("{place}: {said}"));
            let told = ended.stderr.lines().nth(1).unwrap_or_default().trim_start();
            assert!(told.starts_with(advice), "{}", ended.stderr);
            assert!(!ended.stderr.contains("hush"), "{}", ended.stderr);
        }
    }
}

/// A load whose service is described by variables only.
pub(crate) fn cloud(home: &Home) -> Command {
    let mut command = home.ossvec();
    command.args(["put-vectors", "a.jsonl", "--bucket", BUCKET, "--index-name", INDEX]);
    command.env("OSS_REGION", "cn-hangzhou").env("OSS_ACCOUNT_ID", ACCOUNT);
    command.env("OSS_ENDPOINT", "http://127.0.0.1:9").env("OSS_ACCESS_KEY_ID", "local");
    command.env("OSS_ACCESS_KEY_SECRET", "local");
    command
}

#[test]
fn what_is_missing_to_reach_the_service_is_named_with_the_flag_and_the_variable() {
    let rows = [
        ("OSS_REGION", "", "no region", "set --region, OSS_REGION or region in ~/.ossutilconfig;"),
        (
            "OSS_ACCOUNT_ID",
            "",
            "no account id",
            "set --account-id, OSS_ACCOUNT_ID or account-id in ~/.ossutilconfig;",
        ),
        (
            "OSS_ACCESS_KEY_ID",
            "",
            "no access key id",
            "set --access-key-id, OSS_ACCESS_KEY_ID or access-key-id in ~/.ossutilconfig;",
        ),
        (
            "OSS_ACCESS_KEY_SECRET",
            "",
            "no access key secret",
            "set --access-key-secret, OSS_ACCESS_KEY_SECRET or access-key-secret in ~/.ossutilconfig;",
        ),
        (
            "OSS_ACCESS_KEY_ID",
            "id\n",
            "OSS_ACCESS_KEY_ID: the access key id holds a blank, a line break or",
            "hand it over without",
        ),
        (
            "OSS_ACCESS_KEY_SECRET",
            "s3cr\n",
            "OSS_ACCESS_KEY_SECRET: the access key secret holds a blank, a line break",
            "hand it over",
        ),
        (
            "OSS_SESSION_TOKEN",
            "to ken",
            "OSS_SESSION_TOKEN: the security token holds a blank, a line break or",
            "hand it over without",
        ),
    ];
    let home = Home::new();
    home.write("a.jsonl", lines(3, 4));
    for (variable, value, said, advice) in rows {
        let ended = run(cloud(&home).env(variable, value));
        assert!(ended.assert_code(3).complaint().starts_with(said), "{}", ended.stderr);
        assert!(ended.stderr.contains(advice), "{}", ended.stderr);
        assert!(!ended.stderr.contains("s3cr"), "a secret shows: {}", ended.stderr);
    }
    let ended = run(cloud(&home).env_remove("OSS_REGION").args(["--region", "", "--profile=", "-c", ""]));
    assert_eq!(ended.assert_code(3).complaint(), "no region");
    home.write("conf", "[default]\n");
    for (variable, conf) in [("OSSUTIL_CONFIG_FILE", "conf"), ("HOME", home.path("").to_str().unwrap())] {
        let ended = run(cloud(&home).env_remove("OSS_ACCOUNT_ID").env(variable, conf));
        assert_eq!(ended.assert_code(3).complaint(), "no account id");
        let file = if variable == "HOME" { "~/.ossutilconfig" } else { "conf" };
        let advice = format!("set --account-id, OSS_ACCOUNT_ID or account-id in {file};");
        assert!(ended.stderr.contains(&advice), "{}", ended.stderr);
    }
}

#[test]
fn the_program_alone_shows_its_commands_and_none_that_only_scripts_know() {
    let ended = run(&mut Home::new().ossvec());
    let told = &ended.assert_code(1).stderr;
    assert!(told.contains("\nCommands:\n  put-vectors "), "{told}");
    assert!(!told.contains("complete-indexes") && !told.contains("generate"), "{told}");
}

#[test]
fn help_is_offered_for_the_command_that_is_wrong() {
    for (arguments, advice) in [
        ("put-vectors a.jsonl --batch-size x", "see ossvec put-vectors --help"),
        ("config show --output-format x", "see ossvec config show --help"),
        ("nope", "see ossvec --help"),
    ] {
        let ended = run(Home::new().ossvec().args(words(arguments)));
        assert!(ended.assert_code(1).stderr.ends_with(&format!("        {advice}\n")), "{}", ended.stderr);
    }
}

#[test]
fn the_version_names_the_build_and_verbose_adds_what_is_in_it() {
    let printed = |arguments: &str| {
        let ended = run(Home::new().ossvec().args(words(arguments)));
        assert_eq!(ended.assert_code(0).stderr, "", "{arguments}");
        ended.stdout
    };
    let line = printed("--version");
    let (program, build) = line.trim_end().split_once(" (").unwrap();
    assert_eq!(program, concat!("ossvec ", env!("CARGO_PKG_VERSION")));
    let target = build.trim_end_matches(')').rsplit(' ').next().unwrap();
    assert!(target.starts_with(std::env::consts::ARCH), "{line}");
    assert_eq!(printed("-V"), line);
    assert!(printed("put-vectors --version").ends_with(line.trim_start_matches("ossvec")), "{line}");

    let details = printed("--version --verbose");
    assert!(details.starts_with(&line), "{details}");
    for row in ["commit  ", "target  ", "tls  ", "formats     json, jsonl, csv, tsv;", "store  "] {
        assert_eq!(details.matches(&format!("\n{row}")).count(), 1, "{row}: {details}");
    }
    assert_eq!(printed("-vV"), details);
}
