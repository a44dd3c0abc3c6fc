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
        ("put-vectors", "no input given: pass files, directories, or - for standard input"),
        ("put-vectors a.jsonl --index-name idx", "no bucket is set"),
        ("put-vectors a.jsonl --bucket test-bucket", "no index is set"),
        (
            "put-vectors a.jsonl --bucket B --index-name idx",
            "invalid value \"B\" for --bucket: a bucket name must have 3 to 32 characters",
        ),
        (
            "put-vectors a.jsonl --bucket test-bucket --index-name my-idx",
            "invalid value \"my-idx\" for --index-name: an index name can contain only",
        ),
        ("put-vectors a.jsonl --local", "--local cannot be used with --endpoint, --region or --account-id"),
        ("put-vectors a.jsonl --data-dir d", "the following required arguments were not provided: --local"),
        ("serve --fault status", "invalid value \"status\" for --fault: status requires a value"),
        (
            "serve --requests-per-second many",
            "invalid value 'many' for '--requests-per-second <N>': expected a number, or 0 for no limit",
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
fn what_other_programs_call_something_is_answered_with_what_it_is_called_here() {
    let home = Home::new();
    home.write("a.jsonl", lines(1, 4));
    for (arguments, cure) in [
        ("version", "use ossvec --version"),
        ("cp a.jsonl oss://bucket/index", "to load vectors, use ossvec put-vectors FILE"),
        ("vectors-api list-vectors", "ossvec only loads vectors; use ossutil vectors-api list-vectors"),
        ("put-vectors -r . --dry-run", "omit it: a directory stands for the files in it"),
        ("put-vectors a.jsonl --force", "omit it: ossvec asks no questions"),
        ("put-vectors -f a.jsonl", "name files without an option: ossvec put-vectors FILE"),
        ("put-vectors a.jsonl --output json", "use --output-format json"),
        ("put-vectors a.jsonl --dry-run --join -", "save the data to a file: --join FILE"),
        ("put-vectors a.jsonl --dry-run --keys-from -", "save the data to a file: --keys-from FILE"),
    ] {
        let ended = run(home.ossvec().args(words(arguments)));
        ended.assert_code(1).complaint();
        let advice = ended.stderr.lines().nth(1).unwrap_or_default().trim();
        assert!(advice.starts_with(cure), "{arguments}: {}", ended.stderr);
    }
}

#[test]
fn a_number_below_zero_is_told_as_a_bad_value() {
    let home = Home::new();
    for (arguments, said) in [
        (
            "--max-rejects -1",
            "invalid value '-1' for '--max-rejects <N|N%|none>': expected a count such as 100",
        ),
        ("--batch-size -5", "invalid value '-5' for '--batch-size <N>': -5 is not in 1..=500"),
        ("--read-timeout -1", "invalid value '-1' for '--read-timeout <TIME>'"),
    ] {
        let ended = run(home.ossvec().args(["put-vectors", "a.jsonl"]).args(words(arguments)));
        assert!(ended.assert_code(1).complaint().starts_with(said), "{arguments}: {}", ended.stderr);
    }
}

#[test]
fn a_bad_option_of_a_load_is_one_clear_line_and_nothing_is_sent() {
    let rows = [
        ("--bogus", "unexpected argument '--bogus' found"),
        ("--create-indx", "unexpected argument '--create-indx' found"),
        ("--batch-size 501", "invalid value '501' for '--batch-size <N>': 501 is not in 1..=500"),
        ("--batch-size 0", "invalid value '0' for '--batch-size <N>': 0 is not in 1..=500"),
        (
            "--batch-bytes 5x",
            "invalid value '5x' for '--batch-bytes <SIZE>': unknown unit \"x\": expected K, M, G, T or P",
        ),
        (
            "--min-records x",
            "invalid value 'x' for '--min-records <N>': expected a whole number such as 1000",
        ),
        ("--job 0", "invalid value '0' for '--job <N>': 0 is not in 1..=256"),
        (
            "--requests-per-second -5",
            "invalid value '-5' for '--requests-per-second <N>': expected a number, or 0 for no limit",
        ),
        (
            "--vectors-per-second -5",
            "invalid value '-5' for '--vectors-per-second <N>': expected a number, or 0 for no limit",
        ),
        (
            "--read-timeout 5x",
            "invalid value '5x' for '--read-timeout <TIME>': unknown unit \"x\": expected ms, s, m, h, d, w, M or y",
        ),
        ("--connect-timeout 0", "invalid value '0' for '--connect-timeout <TIME>': expected a time above 0"),
        (
            "--loglevel loud",
            "invalid value 'loud' for '--loglevel <LEVEL>' [possible values: off, info, debug",
        ),
        (
            "--output-format xml",
            "invalid value 'xml' for '--output-format <FORM>' [possible values: text, json]",
        ),
        ("--output-query a", "--output-query works only with ossvec vectors-api"),
        (
            "--sign-version v1",
            "--sign-version v1 is not supported: vector requests are always signed with v4",
        ),
        ("--cloudbox-id cb-1", "--cloudbox-id is not supported: a CloudBox has no vector buckets"),
        ("--proxy socks5://h", "--proxy: invalid proxy scheme: expected http or https"),
        ("--proxy http://", "--proxy: invalid proxy URL"),
        ("--max-rejects 101%", "invalid value '101%' for '--max-rejects <N|N%|none>'"),
        ("--format orc", "invalid value 'orc' for '--format <FORMAT>' [possible values: auto, json"),
        (
            "--distance-metric dot",
            "invalid value 'dot' for '--distance-metric <METRIC>' [possible values: cosine",
        ),
        ("--dimension 0", "invalid value '0' for '--dimension <N>': 0 is not in 1..=4096"),
        ("--dimension 4097", "invalid value '4097' for '--dimension <N>': 4097 is not in 1..=4096"),
        ("--vectors [] ", "the argument '[INPUT]...' cannot be used with '--vectors <JSON|file://PATH|->'"),
        ("--create-index", "--create-index requires --distance-metric cosine or euclidean"),
        (
            "--non-filterable-metadata-keys a-b",
            "invalid value \"a-b\" for --non-filterable-metadata-keys: a non-filterable metadata key can contain only",
        ),
        ("--rejects a.jsonl", "--rejects a.jsonl is the same file as an input"),
        ("--rejects ./a.jsonl", "--rejects ./a.jsonl is the same file as an input"),
        ("--events a.jsonl", "--events a.jsonl is the same file as an input"),
        ("--events a.jsonl --dry-run", "--events a.jsonl is the same file as an input"),
        ("--events a.jsonl --resume", "--events a.jsonl is the same file as an input"),
        ("--log-file a.jsonl --loglevel info", "--log-file a.jsonl is the same file as an input"),
        ("--events new.jsonl --rejects ./new.jsonl", "--events new.jsonl is the same file as --rejects"),
        ("--events conf -c conf", "--events conf is the same file as the configuration file"),
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
    let region = "invalid region ID \"CN Hangzhou\": expected an ID such as cn-hangzhou";
    let rows = [
        (
            "endpoint",
            "ftp://127.0.0.1",
            "invalid scheme \"ftp\": expected http or https",
            "use a host such as",
        ),
        ("endpoint", "http://", "\"http://\" has no host", "use a host such as"),
        (
            "endpoint",
            "https://me:hushPass@h",
            "it contains a user name or a password before an @",
            "use a host such as",
        ),
        ("region", "CN Hangzhou", region, "use the ID that the console shows"),
        (
            "region",
            "oss-cn-hangzhou",
            "invalid region ID \"oss-cn-hangzhou\": expected an ID such as cn-hangzhou",
            "use cn-hangzhou; only endpoints for objects have the prefix oss-",
        ),
        ("account-id", "me", "invalid account ID \"me\": expected only digits", "use the UID of the account"),
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
        ("OSS_REGION", "", "no region is set", "set --region, OSS_REGION or region in ~/.ossutilconfig;"),
        (
            "OSS_ACCOUNT_ID",
            "",
            "no account ID is set",
            "set --account-id, OSS_ACCOUNT_ID or account-id in ~/.ossutilconfig;",
        ),
        (
            "OSS_ACCESS_KEY_ID",
            "",
            "no access key ID is set",
            "set --access-key-id, OSS_ACCESS_KEY_ID or access-key-id in ~/.ossutilconfig;",
        ),
        (
            "OSS_ACCESS_KEY_SECRET",
            "",
            "no access key secret is set",
            "set --access-key-secret, OSS_ACCESS_KEY_SECRET or access-key-secret in ~/.ossutilconfig;",
        ),
        (
            "OSS_ACCESS_KEY_ID",
            "id\n",
            "OSS_ACCESS_KEY_ID: the access key ID contains whitespace or a character outside ASCII",
            "copy it again",
        ),
        (
            "OSS_ACCESS_KEY_SECRET",
            "s3cr\n",
            "OSS_ACCESS_KEY_SECRET: the access key secret contains whitespace or a character outside ASCII",
            "copy it again",
        ),
        (
            "OSS_SESSION_TOKEN",
            "to ken",
            "OSS_SESSION_TOKEN: the security token contains whitespace or a character outside ASCII",
            "copy it again",
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
    assert_eq!(ended.assert_code(3).complaint(), "no region is set");
    home.write("conf", "[default]\n");
    for (variable, conf) in [("OSSUTIL_CONFIG_FILE", "conf"), ("HOME", home.path("").to_str().unwrap())] {
        let ended = run(cloud(&home).env_remove("OSS_ACCOUNT_ID").env(variable, conf));
        assert_eq!(ended.assert_code(3).complaint(), "no account ID is set");
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
    for row in [
        "commit  ",
        "target  ",
        "tls  ",
        "formats     json, jsonl, csv, tsv, parquet, arrow, npy, npz, fvecs, bvecs, fbin, u8bin, float32;",
        "store  ",
    ] {
        assert_eq!(details.matches(&format!("\n{row}")).count(), 1, "{row}: {details}");
    }
    assert_eq!(printed("-vV"), details);
}
