//! What goes wrong, and how the program says so: its exit code, its words, and what the service saw of it.

use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Command, Stdio};

use ossvec::emulator::Options;
use ossvec::oss::operation::Operation;
use serde_json::{Value, json};

use crate::support::{
    ACCOUNT, BUCKET, Ended, Home, INDEX, TestService, gzip, line, lines, run, run_with_input,
    sharing_the_machine, unlimited, wanted, with_faults, zstd,
};

/// What a command that stops at once may say: one line, and one of advice.
#[track_caller]
fn complaint(ended: &Ended) -> String {
    let said: Vec<&str> = ended.stderr.lines().collect();
    assert!(matches!(said.len(), 1..=2), "{}", ended.stderr);
    assert!(said.iter().skip(1).all(|advice| advice.starts_with("        ")), "{}", ended.stderr);
    said[0].strip_prefix("ossvec: ").unwrap_or_else(|| panic!("{}", ended.stderr)).to_owned()
}

/// Whether nobody asked the service for anything.
fn is_untouched(service: &TestService) -> bool {
    service.statistics().recent.is_empty()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|word| !word.is_empty())
}

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
        assert!(complaint(ended.assert_code(1)).starts_with(said), "{arguments}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments}");
    }
    assert!(is_untouched(&service));
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
        complaint(ended.assert_code(1));
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
        assert!(complaint(ended.assert_code(1)).starts_with(said), "{arguments}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments}");
    }
    assert!(is_untouched(&service));
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
            assert_eq!(complaint(ended.assert_code(code)), format!("{place}: {said}"));
            let told = ended.stderr.lines().nth(1).unwrap_or_default().trim_start();
            assert!(told.starts_with(advice), "{}", ended.stderr);
            assert!(!ended.stderr.contains("hush"), "{}", ended.stderr);
        }
    }
}

/// A load whose service is described by variables only.
fn cloud(home: &Home) -> Command {
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
        assert!(complaint(ended.assert_code(3)).starts_with(said), "{}", ended.stderr);
        assert!(ended.stderr.contains(advice), "{}", ended.stderr);
        assert!(!ended.stderr.contains("s3cr"), "a secret shows: {}", ended.stderr);
    }
    let ended = run(cloud(&home).env_remove("OSS_REGION").args(["--region", "", "--profile=", "-c", ""]));
    assert_eq!(complaint(ended.assert_code(3)), "no region");
    home.write("conf", "[default]\n");
    for (variable, conf) in [("OSSUTIL_CONFIG_FILE", "conf"), ("HOME", home.path("").to_str().unwrap())] {
        let ended = run(cloud(&home).env_remove("OSS_ACCOUNT_ID").env(variable, conf));
        assert_eq!(complaint(ended.assert_code(3)), "no account id");
        let file = if variable == "HOME" { "~/.ossutilconfig" } else { "conf" };
        let advice = format!("set --account-id, OSS_ACCOUNT_ID or account-id in {file};");
        assert!(ended.stderr.contains(&advice), "{}", ended.stderr);
    }
}

#[test]
fn an_input_that_cannot_be_read_at_all_stores_nothing() {
    let rows: [(&str, &[u8], &str); 7] = [
        ("a.parquet", b"PAR1\0\0\0\0\0\0\0\0", "a.parquet is a Parquet file, which is not supported yet"),
        ("a.txt", b"hello there\nworld\n", "cannot tell the format of a.txt: it is neither JSON nor a table"),
        (
            "a.gz",
            b"\x1f\x8bno such thing",
            "a.gz is damaged: its gzip data cannot be decompressed behind line 1",
        ),
        (
            "a.csv",
            b"a,\"[1,2]\"\nb,\"[3,4]\"\n",
            "a.csv has no header: its first row holds the value '[1,2]'",
        ),
        ("b.csv", b"key,key,vector\na,b,\"[1,2]\"\n", "the header of b.csv names two columns 'key'"),
        (
            "a.json",
            b"[{\"key\":\"a\"} {\"key\":\"b\"}]",
            "a.json is not well formed at line 1, byte 13: expected",
        ),
        ("b.jsonl.zst", b"\x28\xb5\x2f\xfdrubbish that is long", "b.jsonl.zst is damaged: its zstd data"),
    ];
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    run(home.put(&service).arg(home.write("first.jsonl", lines(1, 2)))).assert_code(0);
    for (name, content, said) in rows {
        home.write(name, content);
        let ended = run(home.aimed(&["put-vectors", name], &service).args(["--output-format", "json"]));
        let message = ended.assert_code(3).summary()["error"].as_str().unwrap().to_owned();
        assert!(message.starts_with(said) && !message.contains('\n'), "{name}: {message}");
        assert!(ended.stderr.contains(&format!("ossvec: {message}\n        ")), "{name}: {}", ended.stderr);
    }
    service.assert_holds(&wanted(0..1, 2));
}

#[test]
fn an_input_that_is_missing_is_found_out_before_anything_is_asked_or_sent() {
    let rows = [
        ("a.jsonl missing.jsonl", "cannot open missing.jsonl: No such file or directory"),
        ("--vectors file://missing.json", "cannot open missing.json: No such file or directory"),
        ("a.jsonl empty", "no input in the directory empty"),
        (
            "a.jsonl --events missing/events",
            "cannot write --events missing/events: No such file or directory",
        ),
        ("a.jsonl --checkpoint-dir a.jsonl", "cannot make the folder a.jsonl/"),
    ];
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(3, 4));
    std::fs::create_dir(home.path("empty")).unwrap();
    for (arguments, said) in rows {
        let ended = run(home.aimed(&["put-vectors"], &service).args(words(arguments)));
        assert!(complaint(ended.assert_code(3)).starts_with(said), "{arguments}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments}");
    }
    assert!(is_untouched(&service));
}

#[test]
fn a_torn_input_stores_what_comes_before_the_tear_and_says_where_it_is() {
    let array = format!("[{}]", lines(1_200, 4).trim_end().replace('\n', ",\n"));
    let (gzip, zstd) = (gzip(lines(1_200, 4).as_bytes()), zstd(lines(1_200, 4).as_bytes()));
    let cut = |whole: &[u8], length| whole[..length].to_vec();
    let rows = [
        ("a.json", cut(array.as_bytes(), array.len() - 1), 1_200, "ends inside of its array"),
        ("b.json", cut(array.as_bytes(), array.len() - 20), 1_199, "ends inside of a record"),
        ("d.jsonl.gz", cut(&gzip, gzip.len() / 2), 0, "ends inside of its gzip data"),
        ("e.jsonl.zst", cut(&zstd, zstd.len() / 2), 0, "ends inside of its zstd data"),
    ];
    for (name, content, whole, said) in rows {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let ended = run(home.put(&service).arg(home.write(name, content)));
        let summary = ended.assert_code(3).summary();
        let message = summary["error"].as_str().unwrap();
        assert!(message.contains(said) && message.contains("incomplete from line "), "{name}: {message}");
        assert!(ended.stderr.contains(message), "{name}: {}", ended.stderr);
        let stored = summary["stored"].as_u64().unwrap();
        assert!(whole == 0 || stored == whole, "{name}: {summary:#}");
        assert_eq!(service.statistics().of(Operation::PutVectors).vectors_stored, stored, "{name}");
        if stored > 0 {
            service.assert_holds(&wanted(0..usize::try_from(stored).unwrap(), 4));
        }
    }
}

#[test]
fn a_refusal_of_the_service_is_told_in_its_own_words_with_the_request_id() {
    let fault = |spec: &str| with_faults(&[spec]);
    let rows: [(Options, &[&str], &str, &str); 8] = [
        (
            fault("op=PutVectors,status=403,code=AccessDenied"),
            &[],
            "AccessDenied (HTTP 403): ",
            "oss:PutVectors",
        ),
        (
            fault("op=GetVectorIndex,status=404,code=NoSuchBucket"),
            &[],
            "NoSuchBucket (HTTP 404): ",
            "--bucket",
        ),
        (unlimited(), &["--index-name", "other"], "NoSuchVectorIndex (HTTP 404): ", "--create-index"),
        (unlimited(), &["--bucket", "other"], "NoSuchBucket (HTTP 404): ", "--bucket"),
        (unlimited(), &["-k", "wrong"], "SignatureDoesNotMatch (HTTP 403): ", "--access-key-secret"),
        (unlimited(), &["-i", "nobody"], "InvalidAccessKeyId (HTTP 403): ", "--access-key-id"),
        (unlimited(), &["--region", "cn-beijing"], "SignatureDoesNotMatch (HTTP 403): ", "--region"),
        (unlimited(), &["--account-id", "99"], "SignatureDoesNotMatch (HTTP 403): ", "--account-id"),
    ];
    for (options, arguments, said, advice) in rows {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        run(home.put(&service).arg(home.write("first.jsonl", lines(1, 4)))).assert_code(0);
        service.service.set_faults(&options.faults);
        let before = service.statistics().recent.len();
        let ended = run(other(&home, &service, arguments).arg(home.write("a.jsonl", lines(700, 4))));
        let seen = service.statistics().recent;
        let refused = seen.back().unwrap();
        assert!(ended.assert_code(2).stderr.contains(&format!("ossvec: {said}")), "{}", ended.stderr);
        assert!(ended.stderr.contains(advice), "{}", ended.stderr);
        let ids: Vec<_> = seen.iter().skip(before).map(|seen| seen.request_id.as_str()).collect();
        assert!(
            ids.iter().any(|id| ended.stderr.contains(&format!("; request id {id}"))),
            "{}",
            ended.stderr
        );
        assert!(said.starts_with(&refused.code), "{} {said}", refused.code);
        let has_ec = ["SignatureDoesNotMatch", "InvalidAccessKeyId"].contains(&refused.code.as_str());
        assert_eq!(ended.stderr.contains(", EC 0002-00000040"), has_ec, "{}", ended.stderr);
        service.assert_holds(&wanted(0..1, 4));
        assert!(seen.len() - before <= 3, "a refusal that cannot change was tried again: {seen:#?}");
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
fn a_local_index_that_is_there_keeps_its_metric() {
    let home = Home::new();
    home.write("a.jsonl", lines(3, 4));
    for more in ["--distance-metric euclidean", ""] {
        let mut load = home.ossvec();
        load.args(["put-vectors", "a.jsonl", "--local", "--index-name", "idx"]).args(words(more));
        run(&mut load).assert_code(0);
    }
}

#[test]
fn a_refused_index_names_the_action_that_was_refused() {
    let faults = with_faults(&["op=PutVectorIndex,status=403,code=AccessDenied"]);
    let (home, service) = (Home::new(), TestService::start(faults));
    let ended = run(home.put(&service).arg(home.write("a.jsonl", lines(3, 4))));
    assert!(
        ended.assert_code(2).stderr.contains("grant the RAM action oss:PutVectorIndex "),
        "{}",
        ended.stderr
    );
}

/// A load of which `arguments` replace what they name.
fn other(home: &Home, service: &TestService, arguments: &[&str]) -> Command {
    let mut command = home.ossvec();
    let endpoint = format!("http://{}", service.address);
    let mut options = BTreeMap::from([
        ("--bucket", BUCKET),
        ("--index-name", INDEX),
        ("--region", "cn-hangzhou"),
        ("--account-id", ACCOUNT),
        ("-i", "local"),
        ("-k", "local"),
        ("--endpoint", endpoint.as_str()),
    ]);
    options.extend(arguments.chunks(2).map(|pair| (pair[0], pair[1])));
    command.arg("put-vectors").args(options.into_iter().flat_map(|(name, value)| [name, value]));
    command
}

#[test]
fn an_index_that_is_not_as_said_is_bad_usage_and_nothing_is_sent() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    run(home.put(&service).arg(home.write("a.jsonl", lines(1, 4)))).assert_code(0);
    for (arguments, said) in [
        ("--dimension 5", "index idx has dimension 4, not 5"),
        ("--distance-metric cosine", "index idx measures by euclidean, not cosine"),
    ] {
        let ended = run(home.aimed(&["put-vectors", "a.jsonl"], &service).args(words(arguments)));
        assert_eq!(complaint(ended.assert_code(1)), said);
    }
    assert_eq!(service.statistics().of(Operation::PutVectors).requests, 1);
}

#[test]
fn a_service_that_nobody_reaches_is_given_up_after_the_budget() {
    let home = Home::new();
    home.write("a.jsonl", lines(3, 4));
    let ended = run(cloud(&home).args(["--retry-times", "0"]));
    assert!(
        complaint(ended.assert_code(2)).starts_with("gave up after the retry budget: "),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("127.0.0.1:9"), "{}", ended.stderr);
}

#[test]
fn a_host_that_nobody_knows_is_blamed_on_its_name() {
    let home = Home::new();
    home.write("a.jsonl", lines(3, 4));
    let ended = run(home.put_to("http://nobody.invalid").args(["a.jsonl", "--retry-times", "1"]));
    let message = "ossvec: no host of that name is known: ";
    assert!(ended.assert_code(2).stderr.contains(message), "{}", ended.stderr);
    let advice = "check --region (OSS_REGION, region), --endpoint (OSS_ENDPOINT, endpoint) and --proxy ";
    assert!(ended.stderr.contains(advice), "{}", ended.stderr);
}

#[test]
fn a_host_that_is_none_is_not_tried_again() {
    let home = Home::new();
    home.write("a.jsonl", lines(3, 4));
    let ended = run(home.put_to("http://256.1.1.1").arg("a.jsonl"));
    assert!(ended.assert_code(3).stderr.contains("ossvec: no request can be made: "), "{}", ended.stderr);
    assert!(!ended.stderr.contains("retrying"), "{}", ended.stderr);
}

#[test]
fn a_system_without_certificates_is_told_to_install_some_and_needs_none_without_tls() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(3, 4));
    for load in [home.put(&service).arg("a.jsonl"), home.ossvec().args(["put-vectors", "a.jsonl", "--local"])]
    {
        run(load.env("SSL_CERT_FILE", "/none").env("SSL_CERT_DIR", "/none")).assert_code(0);
    }
    let mut load = home.put_to("https://127.0.0.1:9");
    let ended = run(load.env("SSL_CERT_FILE", "/none").env("SSL_CERT_DIR", "/none").arg("a.jsonl"));
    let said = "ossvec: cannot prepare the HTTP client: this system has no certificates to trust\n        install them";
    assert!(ended.assert_code(3).stderr.contains(said), "{}", ended.stderr);
}

/// Records that the service would refuse, with what stands behind `key: ` in the message and the reason's word.
fn defects() -> Vec<(String, Option<&'static str>, &'static str, &'static str)> {
    let record = |key: &str, numbers: &str, rest: &str| {
        format!("{{\"key\":\"{key}\",\"data\":{{\"float32\":[{numbers}]}}{rest}}}")
    };
    let long = "k".repeat(1_025);
    vec![
        (
            record("long", "1,2,3,4,5", ""),
            Some("long"),
            "dimension",
            "the vector has 5 elements; the dimension is 4",
        ),
        (
            record("huge", "1,2,3,1e39", ""),
            Some("huge"),
            "not_finite",
            "element 3 of the vector is 1e39, which is",
        ),
        (
            record("nan", "1,NaN,3,4", ""),
            Some("nan"),
            "not_finite",
            "element 1 of the vector is NaN, which is",
        ),
        (
            record("text", "1,2,\"x\",4", ""),
            Some("text"),
            "not_a_number",
            "element 2 of the vector is \"x\", not a",
        ),
        (
            record("", "1,2,3,4", ""),
            Some(""),
            "key_length",
            "the key has 0 characters; 1 to 1024 are allowed",
        ),
        (
            record(&long, "1,2,3,4", ""),
            None,
            "key_length",
            "the key has 1025 characters; 1 to 1024 are allowed",
        ),
        (
            "{\"data\":{\"float32\":[1,2,3,4]}}".to_owned(),
            None,
            "no_key",
            "no key found (looked for key, id, ",
        ),
        (
            "{\"key\":\"bare\"}".to_owned(),
            Some("bare"),
            "no_vector",
            "no vector found (looked for data.float32, ",
        ),
        (
            record("number", "1,2,3,4", ",\"metadata\":{\"year\":1999}"),
            Some("number"),
            "metadata_value",
            "metadata year is a number; only text or a list of text can be stored (--metadata-values text writes",
        ),
        ("{\"key\":\"torn\",\"data\"".to_owned(), Some("torn"), "syntax", "not readable: "),
    ]
}

#[test]
fn rejected_records_are_told_with_place_key_and_reason_everywhere() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let mut text = lines(600, 4);
    let defects = defects();
    text.extend(defects.iter().map(|(record, ..)| format!("{record}\n")));
    text.push_str(&line(600, 4));
    home.write("a.jsonl", text);
    let mut command = home.put_sized(&service, 4);
    let ended = run(command.args(["a.jsonl", "--rejects", "rejects.jsonl", "--events", "events.jsonl"]));
    let counts = ended.assert_code(4).counts(["read", "stored", "rejected"]);
    assert_eq!(counts, [611, 601, 10]);
    service.assert_holds(&wanted(0..=600, 4));
    let json_lines = |name: &str| -> Vec<Value> {
        let text = std::fs::read_to_string(home.path(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let rejects = json_lines("rejects.jsonl");
    let events = json_lines("events.jsonl").into_iter().filter(|event| event["type"] == "reject");
    let events: Vec<_> = events.collect();
    assert_eq!((rejects.len(), events.len()), (10, 10));
    for (index, (record, key, reason, said)) in defects.iter().enumerate() {
        let place = 601 + index;
        let told = ended.stderr.lines().find(|line| line.starts_with(&format!("a.jsonl:{place}: "))).unwrap();
        assert!(told.contains(said), "{told}");
        assert!(key.is_none_or(|key| told.contains(&format!("key {key:?}: "))), "{told}");
        for told in [&rejects[index]["rejected"], &events[index]] {
            assert_eq!((&told["input"], &told["line"]), (&json!("a.jsonl"), &json!(place)), "{told}");
            assert_eq!(told["reason"], *reason, "{told}");
            assert!(told["message"].as_str().unwrap().contains(said), "{told}");
            assert!(key.is_none_or(|key| told["key"] == key), "{told}");
        }
        let kept = serde_json::from_str::<Value>(record).unwrap_or_else(|_| json!(record));
        assert_eq!(rejects[index]["record"], kept);
    }
}

#[test]
fn a_mended_rejects_file_is_fed_again_and_loads() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let bad = line(1, 4).replace("\"float32\":[", "\"float32\":[1e39,");
    home.write("a.jsonl", [line(0, 4), bad, line(2, 4)].concat());
    let ended = run(home.put(&service).args(["a.jsonl", "--rejects", "r.jsonl"]));
    assert_eq!(ended.assert_code(4).summary()["rejects_file"], "r.jsonl");
    let again = run(home.put(&service).args(["r.jsonl", "--rejects", "r2.jsonl"]));
    assert_eq!(again.assert_code(4).counts(["read", "rejected"]), [1, 1]);
    let rejects = std::fs::read_to_string(home.path("r.jsonl")).unwrap();
    home.write("r.jsonl", rejects.replace("[1e39,", "["));
    let mended = run(home.put(&service).args(["r.jsonl"]));
    assert_eq!(mended.assert_code(0).counts(["read", "stored"]), [1, 1]);
    service.assert_holds(&wanted(0..3, 4));
}

#[test]
fn a_record_that_only_the_service_refuses_is_found_and_the_others_are_stored() {
    let (home, service) = (Home::new(), TestService::start(with_faults(&["refuse-key=key-417,name-key"])));
    home.write("a.jsonl", lines(700, 4));
    let ended = run(home.put(&service).args(["a.jsonl", "--rejects", "r.jsonl"]));
    assert_eq!(ended.assert_code(4).counts(["read", "stored", "rejected"]), [700, 699, 1]);
    let told = "a.jsonl:418: key \"key-417\": the service refused it: VectorIndexParameterInvalid: ";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    service.assert_holds(&wanted((0..700).filter(|record| *record != 417), 4));
}

#[test]
fn too_many_rejects_stop_the_load() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let bad = (0..3).map(|record| line(record, 5));
    home.write("a.jsonl", [lines(500, 4), bad.collect(), lines(2_000, 4)].concat());
    let ended = run(home.put_sized(&service, 4).args(["a.jsonl", "--max-rejects", "2", "--job", "1"]));
    let summary = ended.assert_code(4).summary();
    assert_eq!(
        (&summary["error"], &summary["rejected"]),
        (
            &json!(
                "too many rejects: --max-rejects allows 2; most of them dimension: the vector has 5 elements; the dimension is 4"
            ),
            &json!(3)
        )
    );
    assert!(summary["read"].as_u64().unwrap() < 2_503, "{summary:#}");
    assert!(ended.stderr.contains("--max-rejects none goes on"), "{}", ended.stderr);
}

#[test]
fn no_permission_to_look_at_the_index_is_a_note_and_no_error() {
    let faults = &["op=GetVectorIndex,status=403,code=AccessDenied"];
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    run(home.put(&service).arg(home.write("first.jsonl", lines(1, 4)))).assert_code(0);
    service.service.set_faults(&with_faults(faults).faults);
    home.write("a.jsonl", lines(700, 4));
    let ended = run(home.aimed(&["put-vectors", "a.jsonl"], &service).args(["--requests-per-second", "0"]));
    ended.assert_code(0);
    let note =
        "note: no permission for GetVectorIndex, so only the service itself checks dimension and metric\n";
    assert_eq!(ended.stderr, note);
    service.assert_holds(&wanted(0..700, 4));

    let fresh = TestService::start(with_faults(faults));
    let ended = run(home.put(&fresh).arg("a.jsonl"));
    ended.assert_code(0);
    assert_eq!(ended.stderr.matches("note: no permission").count(), 1, "{}", ended.stderr);
    fresh.assert_holds(&wanted(0..700, 4));
}

#[test]
fn a_dry_run_needs_neither_target_nor_credentials_and_asks_nobody() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", [lines(1_200, 4), line(7, 5)].concat());
    let mut command = home.ossvec();
    command
        .args(["put-vectors", "a.jsonl", "-n", "--dimension", "4", "--endpoint"])
        .arg(format!("http://{}", service.address));
    let ended = run(&mut command);
    let plan = "dry run     nothing was sent\nwould send  1,200 vectors in 3 requests, ";
    assert!(ended.assert_code(4).stdout.starts_with(plan), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("rejected    1 record\n            1 × dimension, first at a.jsonl:1201: ")
    );
    assert!(is_untouched(&service));
    assert!(!home.path(".local").exists(), "a dry run left something behind");
}

/// Runs a command whose standard output, or standard error, is a pipe that nobody reads.
fn run_unread(command: &mut Command, error: bool) -> (Option<i32>, String) {
    let _shared = sharing_the_machine();
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut text = String::new();
    if error {
        drop(child.stderr.take());
        child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    } else {
        drop(child.stdout.take());
        child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    }
    (child.wait().unwrap().code(), text)
}

#[test]
fn a_closed_pipe_ends_quietly_and_loses_nothing() {
    let rows: [(&[&str], bool); 4] = [
        (&[], false),
        (&["--output-format", "json"], false),
        (&["--events", "-"], false),
        (&["--output-format", "json"], true),
    ];
    for (arguments, error) in rows {
        let (home, service) =
            (Home::new(), TestService::start(with_faults(&["op=PutVectors,nth=1,status=500"])));
        run(home.put(&service).arg(home.write("first.jsonl", lines(1, 4)))).assert_code(0);
        service.service.set_faults(&with_faults(&["op=PutVectors,nth=1,status=500"]).faults);
        let mut command = home.aimed(&["put-vectors"], &service);
        command.arg(home.write("a.jsonl", lines(1_200, 4))).args(arguments);
        let (code, text) = run_unread(command.args(["--requests-per-second", "0"]), error);
        assert_eq!(code, Some(0), "{arguments:?}: {text}");
        assert!(!text.contains("panicked") && !text.contains("ossvec: "), "{arguments:?}: {text}");
        service.assert_holds(&wanted(0..1_200, 4));
    }
    let home = Home::new();
    assert_eq!(run_unread(home.ossvec().arg("--help"), false), (Some(0), String::new()));
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_an_input_like_any_other() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let pipe = home.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let writing = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::write(pipe, lines(700, 4))
    });
    let ended = run_with_input(home.put(&service).arg(&pipe), Vec::new());
    writing.join().unwrap().unwrap();
    assert_eq!(ended.assert_code(0).counts(["read", "stored"]), [700, 700]);
    service.assert_holds(&wanted(0..700, 4));
}
