//! The completion scripts in their shells: what is offered for a line, against a service with indexes.

use std::path::PathBuf;
use std::process::Command;

use ossvec::test_support::oss::operation::Operation;

use crate::support::{ACCOUNT, BUCKET, Home, TestService, lines, run, run_with_input, say, unlimited};

const BIN: &str = env!("CARGO_BIN_EXE_ossvec");

/// A shell and how it is asked: the home, then the line.
struct Shell {
    name: &'static str,
    arguments: fn(&Home) -> Vec<String>,
}

const SHELLS: [Shell; 3] = [
    Shell {
        name: "bash",
        arguments: |home| vec!["--norc".to_owned(), script("complete.bash"), of_home(home, "ossvec.bash")],
    },
    Shell { name: "zsh", arguments: |home| vec!["-f".to_owned(), script("complete.zsh"), of_home(home, "")] },
    Shell {
        name: "fish",
        arguments: |home| {
            let asked = format!("source {}; complete -C $argv[1]", of_home(home, "ossvec.fish"));
            vec!["--no-config".to_owned(), "-c".to_owned(), asked]
        },
    },
];

fn script(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/shells").join(name);
    path.display().to_string()
}

fn of_home(home: &Home, name: &str) -> String {
    home.path(name).display().to_string()
}

/// The shells that are here. The others are named, since what is left out must be seen.
fn shells() -> Vec<&'static Shell> {
    let is_here = |shell: &&Shell| {
        let is_here = Command::new(shell.name).arg("--version").output().is_ok();
        if !is_here {
            say(&format!("SKIPPED: completion in {}, because it is not here", shell.name));
        }
        is_here
    };
    let here: Vec<_> = SHELLS.iter().filter(is_here).collect();
    assert!(cfg!(windows) || here.iter().any(|shell| shell.name == "bash"), "there must be a bash");
    here
}

/// A home with the scripts, and a few files to choose from.
fn home() -> Home {
    let home = Home::new();
    for file in ossvec::test_support::generate::files() {
        if let Some(name) = file.path.strip_prefix("completions/") {
            home.write(name, file.text);
        }
    }
    home.write("input.jsonl", "");
    home.write("folder/inner.csv", "");
    home
}

/// What a shell offers for a line, without descriptions.
fn offered(shell: &Shell, home: &Home, line: &str) -> Vec<String> {
    let others = std::env::var_os("PATH").unwrap_or_default();
    let folder = PathBuf::from(BIN).parent().unwrap().to_owned();
    let path = std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&others))).unwrap();
    let mut command = Command::new(shell.name);
    command.env_clear().env("HOME", home.path("")).env("PATH", path).env("LC_ALL", "C");
    command.env("OSS_ACCESS_KEY_ID", "local").env("OSS_ACCESS_KEY_SECRET", "local");
    let ended = run(command.current_dir(home.path("")).args((shell.arguments)(home)).arg(line));
    assert_eq!(ended.code, Some(0), "{} {line}: {}", shell.name, ended.stderr);
    let words = ended.stdout.lines().filter_map(|line| line.split('\t').next());
    words.map(str::to_owned).filter(|word| !word.is_empty()).collect()
}

#[test]
fn options_values_and_files_are_offered() {
    let home = home();
    for shell in shells() {
        let offered = |line: &str| offered(shell, &home, line);
        for (line, wanted) in [
            ("ossvec put-vectors --distance-metric c", "cosine"),
            ("ossvec put-vectors input.jsonl --resu", "--resume"),
            ("ossvec vectors-api put-vectors --checkp", "--checkpoint-dir"),
            ("ossvec -q serve --laten", "--latency"),
            ("ossvec completions pow", "powershell"),
        ] {
            assert_eq!(offered(line), [wanted], "{} {line}", shell.name);
        }
        let commands = offered("ossvec ");
        assert!(commands.contains(&"put-vectors".to_owned()), "{} {commands:?}", shell.name);
        assert!(!commands.contains(&"generate".to_owned()), "{} {commands:?}", shell.name);
        assert!(offered("ossvec put-vectors --bucket ").is_empty(), "{}", shell.name);
        for line in ["ossvec put-vectors inp", "ossvec put-vectors --rejects inp", "ossvec verify inp"] {
            assert_eq!(offered(line), ["input.jsonl"], "{} {line}", shell.name);
        }
    }
}

#[test]
fn commands_come_first_and_nothing_hidden_is_offered() {
    const COMMANDS: [&str; 9] = [
        "completions",
        "config",
        "convert",
        "put",
        "put-vectors",
        "serve",
        "status",
        "vectors-api",
        "verify",
    ];
    let home = home();
    for shell in shells() {
        let offered = |line: &str| {
            let mut words = offered(shell, &home, line);
            words.sort();
            words
        };
        assert_eq!(offered("ossvec "), COMMANDS, "{}", shell.name);
        assert_eq!(offered("ossvec -q "), COMMANDS, "{}", shell.name);
        assert_eq!(offered("ossvec config "), ["init", "show"], "{}", shell.name);
        assert!(offered("ossvec nope").is_empty(), "{}", shell.name);
        for line in ["ossvec --", "ossvec put-vectors --", "ossvec serve --", "ossvec config init --"] {
            let words = offered(line);
            assert!(words.contains(&"--help".to_owned()), "{} {line} {words:?}", shell.name);
            assert!(!words.contains(&"--cloudbox-id".to_owned()), "{} {line} {words:?}", shell.name);
            let is_of_a_load = words.contains(&"--proxy".to_owned());
            assert_eq!(is_of_a_load, !line.contains(" serve ") && !line.contains(" init "), "{}", shell.name);
        }
    }
}

#[test]
fn names_of_indexes_are_asked_for_with_what_is_typed() {
    let (home, service) = (home(), TestService::start(unlimited()));
    let input = home.write("a.jsonl", lines(1, 2));
    let at = format!("--endpoint http://{} --region cn-hangzhou --account-id {ACCOUNT}", service.address);
    for index in ["docs", "dogs", "emoji"] {
        let mut load = home.ossvec();
        load.env("OSS_ACCESS_KEY_ID", "local").env("OSS_ACCESS_KEY_SECRET", "local");
        load.arg("put-vectors").arg(&input).args(at.split(' ')).args(["--bucket", BUCKET]);
        load.args(["--index-name", index, "--create-index", "--distance-metric", "cosine"]);
        run(&mut load).assert_code(0);
    }
    for shell in shells() {
        let offered = |line: String| offered(shell, &home, &line);
        let start = format!("ossvec put-vectors input.jsonl {at} --bucket {BUCKET} --index-name");
        assert_eq!(offered(format!("{start} ")), ["docs", "dogs", "emoji"], "{}", shell.name);
        assert_eq!(offered(format!("{start} do")), ["docs", "dogs"], "{}", shell.name);
        let before = format!("ossvec {at} vectors-api put-vectors --bucket '{BUCKET}' --index-name e");
        assert_eq!(offered(before), ["emoji"], "{}", shell.name);
        let elsewhere = format!("ossvec put-vectors {at} --bucket no-such-bucket --index-name ");
        assert!(offered(elsewhere).is_empty(), "{}", shell.name);
    }
}

#[test]
fn a_failure_while_completing_is_silent() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("config", "not a configuration");
    let at = format!("--endpoint http://{} --region cn-hangzhou --account-id {ACCOUNT}", service.address);
    for (line, secret) in [
        (String::new(), "local"),
        ("ossvec".to_owned(), "local"),
        ("ossvec serve --index-name ".to_owned(), "local"),
        (format!("ossvec put-vectors {at} --index-name "), "local"),
        (format!("ossvec put-vectors {at} --bucket {BUCKET} --index-name "), "wrong"),
        (format!("ossvec put-vectors {at} --bucket Bad_Name --index-name "), "local"),
        (format!("ossvec put-vectors {at} --bucket {BUCKET} --local --index-name "), "local"),
        (format!("ossvec put-vectors {at} -c config --bucket {BUCKET} --index-name "), "local"),
        (
            format!("ossvec put-vectors --endpoint http://127.0.0.1:1 --bucket {BUCKET} --index-name "),
            "local",
        ),
    ] {
        let mut command = home.ossvec();
        command.env("OSS_ACCESS_KEY_ID", "local").env("OSS_ACCESS_KEY_SECRET", secret);
        let ended = run_with_input(command.arg("complete-indexes"), line.clone().into_bytes());
        assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""), "{line}");
    }
    let asked = service.statistics().recent;
    let listed = asked.iter().filter(|seen| seen.operation == Some(Operation::ListVectorIndexes)).count();
    assert_eq!((asked.len(), listed), (1, 1), "{asked:?}");
}

#[test]
fn a_service_that_does_not_answer_is_not_waited_for() {
    let home = Home::new();
    // Accepts connections and says nothing.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let line = format!(
        "ossvec put-vectors -e http://{address} --region cn-hangzhou --account-id 1 --bucket abc --index-name "
    );
    let mut command = home.ossvec();
    command.env("OSS_ACCESS_KEY_ID", "local").env("OSS_ACCESS_KEY_SECRET", "local");
    let begun = std::time::Instant::now();
    let ended = run_with_input(command.arg("complete-indexes"), line.into_bytes());
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""));
    // The default of --read-timeout is 20 seconds.
    assert!(begun.elapsed().as_secs() < 15, "{:?}", begun.elapsed());
}
