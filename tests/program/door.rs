//! The command line and the configuration: what cannot be what is meant ends with one error that names the place and
//! the cure, before anything is asked or sent.

use std::fs;
use std::process::Command;

use ossvec::test_support::oss::operation::Operation;

use crate::support::{
    ACCOUNT, BUCKET, Ended, Home, INDEX, TestService, line, lines, run, run_with_input, unlimited, wanted,
};
#[cfg(unix)]
use crate::trouble::{Running, until};

const DIMENSION: usize = 4;

/// A command that stops with one line, and one of advice.
#[track_caller]
fn assert_stops(ended: &Ended, code: i32, said: &str, advice: &str) {
    let told: Vec<_> = ended.assert_code(code).stderr.lines().collect();
    assert_eq!(told.len(), 2, "{}", ended.stderr);
    assert!(told[0].strip_prefix("ossvec: ").unwrap().starts_with(said), "{said}: {}", ended.stderr);
    assert!(told[1].starts_with("        ") && told[1].contains(advice), "{advice}: {}", ended.stderr);
    assert_eq!(ended.stdout, "");
}

/// A service with an index in it, which is all that it has been asked for.
fn prepared(home: &Home) -> (TestService, usize) {
    let service = TestService::start(unlimited());
    run(home.put(&service).arg(home.write("first.jsonl", lines(1, DIMENSION)))).assert_code(0);
    let asked = service.statistics().recent.len();
    (service, asked)
}

#[track_caller]
fn assert_untouched((service, asked): &(TestService, usize)) {
    assert_eq!(service.statistics().recent.len(), *asked);
    service.assert_holds(&wanted(0..1, DIMENSION));
}

fn record() -> String {
    line(0, DIMENSION).trim_end().to_owned()
}

#[test]
fn vectors_that_are_no_json_are_refused_with_the_cure_under_both_names() {
    let home = Home::new();
    let there = prepared(&home);
    home.write("v.json", format!("[{}]", record()));
    let array = format!("[{}]", record());
    let cut = array.get(..20).unwrap();
    for (text, advice) in [
        ("'[{key:a}]'", "in cmd.exe, write"),
        (&format!("'{array}'"), "in cmd.exe, write"),
        ("key=a,data=[0.1,0.2]", "--vectors file://PATH"),
        ("data,v.json", "use --vectors file://data,v.json to read a file of that name"),
        ("v.json", "use --vectors file://v.json to read that file"),
        ("@v.json", "use --vectors file://v.json to read that file"),
        ("[{key:a,data:{float32:[0.1,0.2]}}]", "the shell removed the double quotes"),
        (cut, "split it at a space"),
        ("key,vector\na,\"[1,2,3,4]\"", "--vectors file://PATH"),
        ("id\tvector", "--vectors file://PATH"),
        ("[0.1,0.2]", "--vectors file://PATH"),
        (&array.replace('"', "\\\""), "the shell kept the backslashes"),
        (&array.replace('"', "“"), "typographic"),
        (&format!("{array}\u{1b}[2J"), "--vectors file://PATH"),
        (&"[{".repeat(40_000), "--vectors file://PATH"),
    ] {
        for words in [&["put-vectors"][..], &["vectors-api", "put-vectors"]] {
            let ended = run(home.aimed(words, &there.0).args(["--vectors", text]));
            assert_stops(&ended, 1, "--vectors ", advice);
            assert!(ended.stderr.len() < 600 && !ended.stderr.contains('\u{1b}'), "{}", ended.stderr);
        }
    }
    for text in [array.as_str(), &record()] {
        let ended = run(home.aimed(&["put-vectors", "--format", "csv"], &there.0).args(["--vectors", text]));
        assert_stops(&ended, 1, "--format csv and tsv cannot be used with JSON", "remove --format");
    }
    assert_untouched(&there);
}

#[test]
fn json_in_the_place_of_a_file_and_a_directory_in_the_place_of_json_are_told_apart() {
    let home = Home::new();
    let there = prepared(&home);
    fs::create_dir(home.path("d")).unwrap();
    let long = format!("[{}]", vec![record(); 400].join(","));
    for text in [record(), format!(" [{}]", record()), long] {
        let ended = run(home.aimed(&["put-vectors"], &there.0).arg(text));
        assert_stops(
            &ended,
            1,
            "an input is JSON text, but inputs must be files",
            "pass the text with --vectors",
        );
    }
    let ended = run(home.aimed(&["put-vectors", "--vectors", "file://d"], &there.0).arg("-q"));
    assert_stops(&ended, 1, "--vectors file://d is a directory, not a file", "ossvec put-vectors d …");
    assert_untouched(&there);
    home.write("[0]", lines(2, DIMENSION));
    run(home.aimed(&["put-vectors", "[0]"], &there.0).arg("-q")).assert_code(0);
}

#[test]
fn json_that_a_shell_has_cut_into_words_is_told_so() {
    let home = Home::new();
    let there = prepared(&home);
    let ended = run(&mut home.aimed(&["put-vectors", "--vectors", "[{key:", "a}]"], &there.0));
    assert_stops(&ended, 1, "the argument '--vectors ", "quote all of it");
    assert_untouched(&there);
}

#[test]
fn vectors_on_the_command_line_are_loaded_and_a_bad_record_among_them_is_a_reject() {
    for text in [
        format!("[{},{}]", record(), line(1, DIMENSION)),
        lines(2, DIMENSION),
        format!("\u{feff} [\n{},\n{}\n]\n", record(), line(1, DIMENSION)),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        run(home.put(&service).args(["--vectors", &text])).assert_code(0);
        service.assert_holds(&wanted(0..2, DIMENSION));
    }
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let bad = line(1, DIMENSION).replace("\"float32\":[", "\"float32\":[NaN,");
    let text = format!("[{},{}]", record(), bad.trim_end());
    let ended = run(home.put(&service).args(["--vectors", &text]));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [1, 1]);
    service.assert_holds(&wanted(0..1, DIMENSION));
}

#[test]
fn a_file_named_by_file_url_is_read_as_a_path_is_also_with_its_percent_signs() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a b.jsonl", lines(1, DIMENSION));
    home.write("100%25.jsonl", line(1, DIMENSION));
    home.write("100%.jsonl", line(2, DIMENSION));
    home.write("d/x.jsonl", line(3, DIMENSION));
    let whole = format!("file://{}", home.path("a b.jsonl").display());
    for (number, input) in
        [whole.as_str(), "FILE://a%20b.jsonl", "file://100%25.jsonl", "file://100%.jsonl", "file://d"]
            .iter()
            .enumerate()
    {
        let ended = run(home.put(&service).arg(input));
        assert_eq!(ended.assert_code(0).counts(["stored"]), [1], "{input}");
        service.assert_holds(&wanted(0..=number.saturating_sub(1), DIMENSION));
    }
    run(home.put(&service).args(["--vectors", "file://a%20b.jsonl"])).assert_code(0);
    assert_stops(
        &run(&mut home.aimed(&["put-vectors", "file://"], &service)),
        1,
        "file:// has no path",
        "write file://PATH",
    );
}

#[test]
fn an_input_that_is_a_url_is_answered_with_the_command_that_fetches_it() {
    let home = Home::new();
    let there = prepared(&home);
    for (url, fetch, stream) in [
        (
            "https://h/a.jsonl",
            "curl -fLO https://h/a.jsonl",
            "curl -fsSL https://h/a.jsonl | ossvec put-vectors - …",
        ),
        ("http://h/a.jsonl?k=hush", "curl -fLO 'URL'", "curl -fsSL 'URL' | ossvec put-vectors - …"),
        ("https://me:hush@h/a.jsonl", "curl -fLO 'URL'", ""),
        ("oss://b/a.jsonl", "ossutil cp oss://b/a.jsonl .", "ossutil cat oss://b/a.jsonl | "),
        ("s3://b/a.jsonl", "aws s3 cp s3://b/a.jsonl .", "aws s3 cp s3://b/a.jsonl - | "),
        ("hdfs://n/a.jsonl", "hadoop fs -get hdfs://n/a.jsonl .", "hadoop fs -cat hdfs://n/a.jsonl | "),
        ("gs://b/a.jsonl", "gcloud storage cp gs://b/a.jsonl .", "gcloud storage cat gs://b/a.jsonl | "),
        ("abfs://c/a.jsonl", "hadoop fs -get abfs://c/a.jsonl .", ""),
        ("hf://datasets/a", "download it first", "ossvec put-vectors -"),
    ] {
        let named = home.aimed(&["put-vectors", "first.jsonl", url], &there.0);
        let vectors = home.aimed(&["put-vectors", "--vectors", url], &there.0);
        for mut command in [named, vectors] {
            let ended = run(&mut command);
            assert_stops(&ended, 1, url.split(['?', ':']).next().unwrap(), fetch);
            assert!(ended.stderr.contains(stream) && !ended.stderr.contains("hush"), "{}", ended.stderr);
        }
    }
    assert_untouched(&there);
}

#[test]
fn an_input_that_is_named_twice_is_noted_and_standard_input_is_refused() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("d/a.jsonl", lines(3, DIMENSION));
    home.write("d/b.jsonl", line(3, DIMENSION));
    let ended = run(home.put(&service).args(["d", "./d/a.jsonl"]));
    assert_eq!(ended.assert_code(0).counts(["read"]), [7]);
    assert!(
        ended.stderr.contains("note: ./d/a.jsonl is the same file as d/a.jsonl and is loaded again"),
        "{}",
        ended.stderr
    );
    service.assert_holds(&wanted(0..4, DIMENSION));
    let ended = run(home.put(&service).arg("d"));
    assert!(!ended.assert_code(0).stderr.contains("given"), "{}", ended.stderr);
    let ended = run(home.put(&service).args(["d/a.jsonl"; 4]));
    assert!(
        ended
            .assert_code(0)
            .stderr
            .contains("note: d/a.jsonl is given 4 times and loaded each time; give it once"),
        "{}",
        ended.stderr
    );
    #[cfg(unix)]
    {
        let pipe = std::process::Command::new("mkfifo").arg(home.path("d/p.jsonl")).status().unwrap();
        assert!(pipe.success());
        let ended = run(home.put(&service).arg("d"));
        let note = "note: skipped: 1 special file (d/p.jsonl); to load a pipe, pass its path";
        assert!(ended.assert_code(0).stderr.contains(note), "{}", ended.stderr);
    }
    let ended = run_with_input(home.aimed(&["put-vectors", "-", "-"], &service).arg("-q"), b"{}".to_vec());
    assert_stops(&ended, 1, "- is given twice", "pass - once");
}

#[test]
fn an_output_that_cannot_be_written_is_refused_before_anything_is_asked() {
    let home = Home::new();
    let there = prepared(&home);
    fs::create_dir(home.path("d")).unwrap();
    for (arguments, code, said) in [
        (&["--rejects", "."][..], 1, "--rejects . is a directory, not a file"),
        (&["--rejects", "d"], 1, "--rejects d is a directory, not a file"),
        (&["--rejects", "new/"], 1, "--rejects new/ is a directory, not a file"),
        (&["--rejects", ".."], 1, "--rejects .. is a directory, not a file"),
        (&["--rejects", "-"], 1, "--rejects must be a file"),
        (&["--rejects", "d", "--dry-run"], 1, "--rejects d is a directory, not a file"),
        (&["--rejects", "d", "--resume"], 1, "--rejects d is a directory, not a file"),
        (&["--events", "d"], 1, "--events d is a directory, not a file"),
        (&["--log-file", "d", "--loglevel", "info"], 1, "--log-file d is a directory, not a file"),
        (&["--log-file", "d"], 1, "--log-file d is a directory, not a file"),
        (&["--checkpoint-dir", "-"], 1, "--checkpoint-dir must be a directory, not -"),
        (&["--checkpoint-dir", "first.jsonl"], 3, "cannot create the directory first.jsonl/"),
        (&["--rejects", "none/r.jsonl"], 3, "cannot write the rejects file none/r.jsonl: No such file"),
        (
            &["--rejects", "none/r.jsonl", "--resume"],
            3,
            "cannot write the rejects file none/r.jsonl: No such file",
        ),
        (&["--rejects", "first.jsonl/r"], 3, "cannot write the rejects file first.jsonl/r: Not a directory"),
        (&["--events", "none/e"], 3, "cannot write --events none/e: No such file"),
        (&["--log-file", "none/l", "--loglevel", "info"], 3, "cannot write --log-file none/l: No such file"),
    ] {
        let ended = run(home.aimed(&["put-vectors", "first.jsonl"], &there.0).args(arguments));
        let cure =
            if arguments.contains(&"--log-file") && code == 1 { "--log-file d/ossvec.log" } else { "" };
        assert_stops(&ended, code, said, cure);
    }
    assert_untouched(&there);
    assert_eq!(fs::read_dir(home.path("d")).unwrap().count(), 0);
}

#[test]
fn what_follows_the_host_of_an_endpoint_is_an_error_wherever_it_is_said() {
    let home = Home::new();
    let (service, asked) = prepared(&home);
    let host = format!("http://{}", service.address);
    let load = || {
        let mut command = home.ossvec();
        command.args(["put-vectors", "first.jsonl", "--bucket", BUCKET, "--index-name", INDEX]);
        command.args(["--region", "cn-hangzhou", "--account-id", ACCOUNT]);
        command.env("OSS_ACCESS_KEY_ID", "local").env("OSS_ACCESS_KEY_SECRET", "local");
        command
    };
    for (more, what) in [
        ("/base/path", "unexpected path after the host"),
        ("/idx", "unexpected path after the host"),
        ("/?x=hush", "unexpected query after the host"),
        ("?x=hush", "unexpected query after the host"),
    ] {
        let endpoint = format!("{host}{more}");
        home.write("conf", format!("[default]\nendpoint = {endpoint}\n"));
        let flag = run(load().args(["--endpoint", &endpoint]));
        let variable = run(load().env("OSS_ENDPOINT", &endpoint));
        let file = run(load().args(["-c", "conf"]));
        for (ended, code, place) in
            [(flag, 1, "--endpoint"), (variable, 3, "OSS_ENDPOINT"), (file, 3, "endpoint in conf [default]")]
        {
            assert_stops(&ended, code, &format!("{place}: {what}"), &format!("use {host}; set the bucket"));
            assert!(!ended.stderr.contains("hush"), "{}", ended.stderr);
        }
    }
    assert_eq!(service.statistics().recent.len(), asked);
    run(load().args(["--endpoint", &format!("{host}/")])).assert_code(0);
}

#[test]
fn an_access_key_in_quotation_marks_is_told_with_its_place_and_never_shown() {
    let home = Home::new();
    let there = prepared(&home);
    let marks = [("\"", "\""), ("'", "'"), ("“", "”"), ("‘", "’"), ("\"", ""), ("", "'")];
    let parts = [
        ("OSS_ACCESS_KEY_ID", "--access-key-id", "access key ID"),
        ("OSS_ACCESS_KEY_SECRET", "--access-key-secret", "access key secret"),
        ("OSS_SESSION_TOKEN", "--sts-token", "security token"),
    ];
    for (open, close) in marks {
        let value = format!("{open}hush{close}");
        for (variable, flag, what) in parts {
            let said = |place: &str| format!("{place}: the {what} starts or ends with a quotation mark");
            let load = || home.aimed(&["put-vectors", "first.jsonl", "-q"], &there.0);
            let by_variable = run(load().env(variable, &value));
            assert_stops(&by_variable, 3, &said(variable), "remove the quotation marks");
            let keys = ["-i", "local", "-k", "local"].iter().filter(|_| flag == "--sts-token");
            let by_flag = run(load().args(keys).args([flag, &value]));
            assert_stops(&by_flag, 1, &said(flag), "remove the quotation marks");
            for ended in [by_variable, by_flag] {
                assert!(!ended.stderr.contains("hush"), "{}", ended.stderr);
            }
        }
    }
    for (variable, flag, value) in [
        ("OSS_REGION", "--region", "'cn-hangzhou'"),
        ("OSS_ACCOUNT_ID", "--account-id", "\"1\""),
        ("OSS_ENDPOINT", "--endpoint", "\"https://h\""),
    ] {
        let load = || {
            let mut load = home.ossvec();
            load.args(["put-vectors", "first.jsonl", "--bucket", BUCKET, "--index-name", INDEX]);
            load
        };
        assert_stops(&run(load().env(variable, value)), 3, variable, "remove the quotation marks");
        assert_stops(&run(load().args([flag, value])), 1, flag, "remove the quotation marks");
    }
    home.write("conf", "[default]\naccess-key-id = local\naccess-key-secret = “hush”\n");
    let ended = run(of_file(&home, &there.0).args(["-c", "conf"]));
    let said =
        "access-key-secret in conf [default]: the access key secret starts or ends with a quotation mark";
    assert_stops(&ended, 3, said, "remove the quotation marks");
    assert!(!ended.stderr.contains("hush"), "{}", ended.stderr);
    assert_untouched(&there);
    home.write("conf", "[default]\naccess-key-id = \"local\"\naccess-key-secret = 'local'\n");
    run(of_file(&home, &there.0).args(["-c", "conf"])).assert_code(0);
}

#[test]
fn all_settings_that_are_missing_are_named_in_one_error() {
    let home = Home::new();
    home.write("a.jsonl", lines(1, DIMENSION));
    let key = "--access-key-id (OSS_ACCESS_KEY_ID, access-key-id), --access-key-secret (OSS_ACCESS_KEY_SECRET, access-key-secret); ";
    for (arguments, variables, code, said, advice) in [
        (
            &[][..],
            &[][..],
            1,
            "no bucket, index, region, account ID or access key is set",
            &format!(
                "set --bucket, --index-name, --region (OSS_REGION, region), --account-id (OSS_ACCOUNT_ID, account-id), {key}"
            ),
        ),
        (
            &["--bucket", BUCKET, "--index-name", INDEX],
            &["OSS_ACCESS_KEY_ID"],
            3,
            "no region, account ID or access key secret is set\n",
            &"set --region (OSS_REGION, region), --account-id (OSS_ACCOUNT_ID, account-id), --access-key-secret (OSS_ACCESS_KEY_SECRET, access-key-secret); ".to_owned(),
        ),
        (
            &["--bucket", BUCKET, "--index-name", INDEX, "--region", "r"],
            &[],
            3,
            "no account ID or access key is set",
            &format!("set --account-id (OSS_ACCOUNT_ID, account-id), {key}"),
        ),
        (
            &["--index-name", INDEX, "-e", "https://test-bucket-1.cn-hangzhou.oss-vectors.aliyuncs.com"],
            &[],
            3,
            "no credential found: ",
            &"set --access-key-id, OSS_ACCESS_KEY_ID or".to_owned(),
        ),
    ] {
        let mut load = home.ossvec();
        load.args(["put-vectors", "a.jsonl"]).args(arguments);
        load.envs(variables.iter().map(|variable| (variable, "local")));
        let ended = run(&mut load);
        assert_stops(&ended, code, said.trim_end(), advice);
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
}

/// A load whose access key only a file can give.
fn of_file(home: &Home, service: &TestService) -> Command {
    let mut command = home.aimed(&["put-vectors", "first.jsonl"], service);
    command.env_remove("OSS_ACCESS_KEY_ID").env_remove("OSS_ACCESS_KEY_SECRET");
    command
}

#[test]
fn a_configuration_file_without_a_usable_section_is_named_with_what_it_has() {
    let home = Home::new();
    let there = prepared(&home);
    let keys = "accessKeyID=local\naccessKeySecret=local\n";
    for (text, said, advice) in [
        (
            format!("[Credentials]\nlanguage=EN\n{keys}"),
            "it has no section [default], only [Credentials]",
            "rename [Credentials], from ossutil 1, to [default]",
        ),
        (
            format!("[profile dev]\n{keys}"),
            "it has no section [default], only [profile dev]",
            "use --profile dev (OSSUTIL_PROFILE); or set --access-key-id",
        ),
        (
            format!("[dev]\n{keys}[other]\n"),
            "it has no section [default], only [dev], [other]",
            "rename a section to [default], or to [profile NAME]",
        ),
    ] {
        for (file, arguments) in [(".ossutilconfig", &[][..]), ("conf", &["-c", "conf"])] {
            let shown = if arguments.is_empty() { "~/.ossutilconfig" } else { file };
            home.write(file, &text);
            let ended = run(of_file(&home, &there.0).args(arguments));
            assert_stops(&ended, 3, "no credential found: ", advice);
            assert!(ended.stderr.contains(&format!("; {shown} is ignored: {said}\n")), "{}", ended.stderr);

            drop(fs::remove_file(home.path(file)));
        }
    }
    for (text, arguments, said, advice) in [
        (keys, &[][..], "line 1 is before the first section", "add [default]"),
        ("# c\nregion = r\n[default]\n", &[], "line 2 is before the first section", "add [default]"),
        (
            "[dev]\nregion = r\n",
            &["--profile", "dev"],
            "there is no section [profile dev]; [dev] is not a profile",
            "rename [dev] to [profile dev]",
        ),
    ] {
        home.write("conf", text);
        let ended = run(of_file(&home, &there.0).args(["-c", "conf"]).args(arguments));
        assert_stops(&ended, 3, &format!("cannot use conf: {said}"), advice);
    }
    assert_untouched(&there);
}

#[test]
fn a_configuration_file_that_is_of_no_use_is_noted_where_the_credential_comes_from_somewhere_else() {
    let home = Home::new();
    let (service, _) = prepared(&home);
    home.write(".ossutilconfig", "[Credentials]\naccessKeyID=other\naccessKeySecret=other\n");
    let mut load = of_file(&home, &service);
    load.env("ALIBABA_CLOUD_ACCESS_KEY_ID", "local").env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "local");
    let note = "note: ~/.ossutilconfig is ignored: it has no section [default], only [Credentials]; rename [Credentials], ";
    let ended = run(&mut load);
    assert!(ended.assert_code(0).stderr.contains(note), "{}", ended.stderr);
    assert!(!run(load.arg("-q")).assert_code(0).stderr.contains("note"));
    let ended = run(&mut home.aimed(&["put-vectors", "first.jsonl"], &service));
    assert!(!ended.assert_code(0).stderr.contains("note"), "{}", ended.stderr);
    home.write("conf", "[profile dev]\naccess-key-id = local\naccess-key-secret = local\n");
    let ended = run(home.aimed(&["put-vectors", "first.jsonl"], &service).args(["-c", "conf"]));
    assert!(ended.assert_code(0).stderr.contains("note: conf is ignored: "), "{}", ended.stderr);
    run(of_file(&home, &service).args(["-c", "conf", "--profile", "dev"])).assert_code(0);
}

#[cfg(unix)]
#[test]
fn the_same_signal_twice_in_a_moment_ends_the_run_in_good_order() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    service.trouble(&["op=PutVectors,latency=30ms"]);
    home.write("a.jsonl", lines(400, DIMENSION));
    let mut load = home.put(&service);
    load.args(["a.jsonl", "--batch-size", "10", "--job", "4", "--checkpoint-dir", "state"]);
    let mut running = Running::start(&mut load);
    until("the load is on its way", || {
        assert!(!running.is_over());
        service.requests(Operation::PutVectors) >= 8
    });
    running.signal("TERM");
    running.signal("TERM");
    let ended = running.end();
    let [stored, unknown] = ended.assert_code(5).counts(["stored", "unknown"]);
    assert!(!ended.stderr.contains("stopped immediately"), "{}", ended.stderr);
    assert_eq!((service.state().len() as u64, unknown), (stored, 0));
    run(load.arg("--resume")).assert_code(0);
    service.assert_holds(&wanted(0..400, DIMENSION));
}
