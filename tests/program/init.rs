//! `config init` on a terminal, and without one.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::pty;
use crate::support::{Home, TestService, lines, run, sharing_the_machine, unlimited, wanted};

const SECRET: &str = "hushSecretHush0";

/// A question and its answer.
type Turn<'a> = (&'a str, &'a str);

/// Whether the terminal shows what is typed.
fn echoes(terminal: &std::fs::File) -> bool {
    let modes = rustix::termios::tcgetattr(terminal).unwrap().local_modes;
    modes.contains(rustix::termios::LocalModes::ECHO)
}

/// Runs `config init` on a terminal: waits for each question and gives its answer. Returns the exit code and all that
/// the terminal showed.
fn init(home: &Home, arguments: &[&str], talk: &[Turn<'_>]) -> (Option<i32>, String) {
    let _shared = sharing_the_machine();
    let (mut terminal, other_end) = pty::open();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ossvec"));
    command.args(["config", "init"]).args(arguments).env_clear().env("HOME", home.path(""));
    command.stdin(pty::stream(&other_end)).stdout(pty::stream(&other_end)).stderr(pty::stream(&other_end));
    let mut child = command.current_dir(home.path("")).spawn().unwrap();
    // The reading below ends when nobody holds the other end any more.
    drop(command);
    let mut input = terminal.try_clone().unwrap();
    let (said, told) = mpsc::channel();
    let reading = thread::spawn(move || {
        let mut part = [0; 1024];
        // The terminal fails to be read once the program has ended.
        while let Ok(length @ 1..) = terminal.read(&mut part) {
            said.send(String::from_utf8_lossy(&part[..length]).into_owned()).unwrap_or_default();
        }
    });
    let mut screen = String::new();
    let mut seen = 0;
    for (question, answer) in talk {
        while !screen.get(seen..).unwrap().contains(question) {
            screen += &told.recv().unwrap_or_else(|_| panic!("{question:?} was not asked: {screen:?}"));
        }
        seen = screen.len();
        // What is typed before the echo is off would be seen, and lost.
        while question.contains("secret") && echoes(&input) {
            thread::yield_now();
        }
        input.write_all(format!("{answer}\n").as_bytes()).unwrap();
    }
    // Most of these talks end before the offer to try the settings.
    let mut is_declined = false;
    let status = loop {
        screen.extend(told.recv_timeout(Duration::from_millis(20)).ok());
        if !is_declined && screen.get(seen..).unwrap().contains("Bucket to try this with [none]: ") {
            input.write_all(b"\n").unwrap();
            is_declined = true;
        }
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
    };
    assert!(echoes(&other_end), "the terminal is left as it was");
    drop(other_end);
    reading.join().unwrap();
    screen.extend(told.try_iter());
    (status.code(), screen)
}

fn config(home: &Home) -> String {
    std::fs::read_to_string(home.path(".ossutilconfig")).unwrap()
}

#[test]
fn the_file_is_written_for_its_owner_only_and_a_load_works_with_it() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let endpoint = format!("http://{}", service.address);
    let talk = [
        ("Region [cn-hangzhou]: ", "CN Hangzhou"),
        ("invalid region ID \"CN Hangzhou\"", ""),
        ("Account ID (UID) of the bucket owner: ", "1234567890"),
        ("Endpoint [the region's public host]: ", endpoint.as_str()),
        ("Access key ID: ", "local"),
        ("Access key secret: ", "local"),
    ];
    let (code, screen) = init(&home, &[], &talk);
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("wrote profile default to "), "{screen}");
    let wanted_text = format!(
        "[default]\nregion = cn-hangzhou\naccount-id = 1234567890\nendpoint = {endpoint}\nmode = AK\n\
         access-key-id = local\naccess-key-secret = local\n"
    );
    assert_eq!(config(&home), wanted_text);
    let mode = std::fs::metadata(home.path(".ossutilconfig")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut load = home.ossvec();
    load.args(["put-vectors", "--bucket", "test-bucket", "--index-name", "idx", "--create-index"]);
    load.args(["--distance-metric", "cosine"]).arg(home.write("a.jsonl", lines(3, 4)));
    run(&mut load).assert_code(0);
    service.assert_holds(&wanted(0..3, 4));
    let left: Vec<_> =
        std::fs::read_dir(home.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".ossutilconfig.")), "{left:?}");
}

#[test]
fn the_secret_does_not_show_and_an_empty_answer_keeps_what_is_known() {
    let home = Home::new();
    let text = "# mine\n[default]\nregion = r1\naccountId = 1\naccess_key_id = old\naccessKeySecret = s1\nstsToken = t\n\
                \n[profile other]\nregion = r2\n";
    home.write(".ossutilconfig", text);
    let secret = [("Access key secret [unchanged]: ", SECRET)];
    let talk = [
        ("already has the profile default. Change it? [y/N] ", "y"),
        ("[r1]: ", ""),
        ("[1]: ", "2"),
        ("Endpoint [", ""),
        ("Access key ID [old]: ", "new"),
        secret[0],
    ];
    let (code, screen) = init(&home, &[], &talk);
    assert_eq!(code, Some(0), "{screen}");
    assert!(!screen.to_lowercase().contains("hush"), "{screen}");
    let wanted = format!(
        "# mine\n[default]\nregion = r1\naccountId = 2\naccess_key_id = new\naccessKeySecret = {SECRET}\n\
         mode = AK\n\n[profile other]\nregion = r2\n"
    );
    assert_eq!(config(&home), wanted);
    let keep = [talk[0], talk[1], ("[2]: ", ""), talk[3], ("[new]: ", ""), ("secret [unchanged]: ", "")];
    assert_eq!(init(&home, &[], &keep).0, Some(0));
    assert_eq!(config(&home), wanted);
}

#[test]
fn a_new_profile_is_added_to_the_file_behind_a_link() {
    let home = Home::new();
    let text = "[default]\nregion = r1 ; whatever\n# the end";
    home.write("real", text);
    std::os::unix::fs::symlink("real", home.path("link")).unwrap();
    let talk = [("Region", "r2"), ("Account", "7"), ("Endpoint", ""), ("ID: ", "i"), ("secret: ", "s")];
    let (code, screen) = init(&home, &["-c", "link", "--profile", "dev"], &talk);
    assert_eq!(code, Some(0), "{screen}");
    assert!(
        screen.contains("note: the documentation lists no vector buckets in r2, only in cn-hangzhou, "),
        "{screen}"
    );
    let added = "\n\n[profile dev]\nregion = r2\naccount-id = 7\nmode = AK\naccess-key-id = i\naccess-key-secret = s\n";
    assert_eq!(std::fs::read_to_string(home.path("real")).unwrap(), format!("{text}{added}"));
    assert!(home.path("link").is_symlink());
}

#[test]
fn nothing_is_written_unless_it_is_wanted() {
    let home = Home::new();
    let text = "[default]\nregion = r1\n";
    home.write(".ossutilconfig", text);
    for answers in [
        vec![("Change it? [y/N] ", "")],
        vec![("Change it?", "n")],
        vec![("Change it?", "y"), ("[r1]", "\u{4}")],
    ] {
        let (code, screen) = init(&home, &[], &answers);
        assert_eq!(code, Some(3), "{screen}");
        assert!(screen.contains("nothing was written"), "{screen}");
        assert_eq!(config(&home), text);
    }
    home.write(".ossutilconfig", "[default]\nhushed\n");
    let (code, screen) = init(&home, &[], &[]);
    assert_eq!(code, Some(3), "{screen}");
    assert!(screen.contains("line 2 is not a section") && !screen.contains("hush"), "{screen}");
}

#[test]
fn the_settings_can_be_tried_and_an_error_says_what_to_check() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let endpoint = format!("http://{}", service.address);
    let try_bucket = "Bucket to try this with [none]: ";
    for (secret, bucket, code, said) in [
        ("local", "test-bucket", 0, "found bucket test-bucket: the settings work"),
        ("local", "no-such-bucket", 2, "ossvec: NoSuchBucket (HTTP 404)"),
        ("wrong", "test-bucket", 2, "ossvec: SignatureDoesNotMatch (HTTP 403)"),
    ] {
        let talk = [
            ("Region", ""),
            ("Account", "1234567890"),
            ("Endpoint", endpoint.as_str()),
            ("ID: ", "local"),
            ("secret: ", secret),
            (try_bucket, "A"),
            (try_bucket, bucket),
        ];
        std::fs::remove_file(home.path(".ossutilconfig")).unwrap_or_default();
        let (ended, screen) = init(&home, &[], &talk);
        assert_eq!(ended, Some(code), "{screen}");
        assert!(screen.contains(said), "{screen}");
        assert!(config(&home).contains("region = cn-hangzhou"), "{screen}");
    }
}

#[test]
fn without_a_terminal_nothing_is_asked() {
    let home = Home::new();
    let ended = run(home.ossvec().args(["config", "init"]));
    let said = "ossvec: config init requires a terminal\n        edit ";
    assert!(ended.assert_code(1).stderr.starts_with(said), "{}", ended.stderr);
    assert!(!home.path(".ossutilconfig").exists());
}

#[test]
fn ctrl_c_ends_with_its_exit_code_and_the_terminal_echoes_again() {
    let home = Home::new();
    let to_the_key =
        [("Region", ""), ("Account", "7"), ("Endpoint", ""), ("ID: ", "i"), ("secret: ", "hush\u{3}")];
    for talk in [&[("Region", "cn-\u{3}")][..], &to_the_key] {
        let (code, screen) = init(&home, &[], talk);
        assert_eq!(code, Some(5), "{screen}");
        assert!(screen.contains("\nossvec: interrupted; nothing was written"), "{screen}");
        assert!(!screen.contains("hush") && !home.path(".ossutilconfig").exists(), "{screen}");
    }
}

#[test]
fn an_endpoint_is_checked_can_be_cleared_and_never_outlives_its_region() {
    let home = Home::new();
    let text = |region: &str, endpoint: &str| {
        format!(
            "[default]\nregion = {region}\naccount-id = 1\n{endpoint}mode = AK\naccess-key-id = i\naccess-key-secret = s\n"
        )
    };
    let [other, own, objects] =
        ["http://other.test", "cn-hangzhou.oss-vectors.aliyuncs.com", "oss-r2.aliyuncs.com"];
    let line = |host: &str| format!("endpoint = {host}\n");
    let usual = "Endpoint [the region's public host]: ";
    let rows: [(&str, &str, &[Turn<'_>], String); 5] = [
        (
            other,
            "r2",
            &[("Endpoint (- for the region's public host) [http://other.test]: ", "")],
            line(other),
        ),
        (
            other,
            "",
            &[("Endpoint (- for the region's public host) [http://other.test]: ", "-")],
            String::new(),
        ),
        (own, "", &[("public host) [cn-hangzhou.oss-vectors.aliyuncs.com]: ", "")], line(own)),
        (own, "r2", &[(usual, "")], String::new()),
        (
            objects,
            "r2",
            &[
                (usual, "ftp://h"),
                ("invalid scheme \"ftp\"", objects),
                ("oss-r2.aliyuncs.com is an endpoint for objects, not for vectors; use r2.oss-vectors", ""),
            ],
            String::new(),
        ),
    ];
    for (known, region, answers, wanted) in rows {
        home.write(".ossutilconfig", text("cn-hangzhou", &line(known)));
        let mut talk = vec![("Change it?", "y"), ("Region", region), ("Account", "")];
        talk.extend(answers);
        talk.extend([("Access key ID", ""), ("secret", "")]);
        let (code, screen) = init(&home, &[], &talk);
        assert_eq!(code, Some(0), "{screen}");
        let region = if region.is_empty() { "cn-hangzhou" } else { region };
        assert_eq!(config(&home), text(region, &wanted), "{screen}");
    }
}
