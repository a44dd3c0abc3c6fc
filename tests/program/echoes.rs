//! A server that repeats what it was given: nothing of a secret shows, and nothing that a terminal would obey.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::operation::Operation;
use ossvec::test_support::oss::secret::Secret;

use crate::odd::{self, Asked, Odd, answer};
use crate::support::{Home, TestService, lines, run, unlimited, with_faults, words};

const SECRET: &str = "kHushSecret/Hush+0=&x";
const TOKEN: &str = "CAIS8hushTokenHush+/=hushTokenHush%41&<>hush";

/// Whether anything of a secret is there, by the part that both share, in the ways in which it is repeated.
#[track_caller]
fn assert_silent(what: &str, text: &str) {
    let lower = text.to_lowercase();
    // "hush" in base64, at each of three places in its text.
    for part in ["hush", "dxno", "h1c2", "odxno", "ahvza", "6875736"] {
        assert!(!lower.contains(part), "{what}, {part}: {text}");
    }
    let digits = text.split(|letter: char| !letter.is_ascii_hexdigit()).map(str::len).max();
    assert!(digits < Some(64), "{what}: a signature in {text}");
}

fn look_into(what: &str, folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            look_into(what, &path);
        } else if path.file_name().unwrap() != "a.jsonl" {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            assert_silent(&format!("{what}: {}", path.display()), &text);
        }
    }
}

/// How the secrets are written.
#[derive(Clone, Copy, Debug)]
enum Written {
    Plain,
    Percent,
    Base64,
    Cut,
}

impl Written {
    fn text(self, asked: &Asked) -> String {
        let all = format!("{SECRET} {TOKEN} {}", asked.header("authorization"));
        match self {
            Self::Plain => all,
            Self::Percent => {
                percent_encoding::utf8_percent_encode(&all, percent_encoding::NON_ALPHANUMERIC).to_string()
            }
            Self::Base64 => format!(
                "{} {}",
                BASE64_STANDARD.encode(format!("me:{SECRET}")),
                BASE64_STANDARD.encode(asked.header("authorization"))
            ),
            Self::Cut => format!("{}… and …{}", SECRET.split_at(16).0, TOKEN.split_at(20).1),
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Body {
    Json,
    Xml,
    Plain,
    Header,
}

/// Answers every batch but the first with what it was given.
#[derive(Clone, Copy)]
struct Echo {
    status: u16,
    written: Written,
    body: Body,
    /// Whether it is the question about the index that is answered so.
    of_index: bool,
}

impl Odd for Echo {
    fn answer(&self, client: &mut TcpStream, asked: &Asked) -> std::io::Result<Vec<u8>> {
        let is_met = if self.of_index { !asked.is_put() } else { asked.is_put() && asked.number > 1 };
        if !is_met {
            let answer = asked.pass_on();
            return client.write_all(&answer).map(|()| answer);
        }
        let text = self.written.text(asked);
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
        let code = format!("Bad{text}");
        let body = match self.body {
            Body::Json if self.status == 200 => {
                serde_json::json!({ "index": { "dimension": text, "status": text } }).to_string()
            }
            Body::Json => serde_json::json!({ "Error": {
                "Code": code, "Message": format!("no: {text}\u{202e}\u{2028}"), "RequestId": text, "EC": text,
            } })
            .to_string(),
            Body::Xml => {
                format!("<Error><Code>Bad</Code><Message>{escaped}</Message><EC>{escaped}</EC></Error>")
            }
            Body::Plain => format!("<html>{text}"),
            Body::Header => String::new(),
        };
        let error = format!("{{\"Code\":\"Bad\",\"Message\":{}}}", serde_json::Value::from(text.as_str()));
        let error = BASE64_STANDARD.encode(error);
        let id = format!("{text}-{}", asked.number);
        let headers = format!(
            "x-oss-request-id: {id}\r\nx-oss-ec: {text}\r\nx-oss-err: {error}\r\nLocation: http://h/?{text}\r\n"
        );
        let answer = answer(&format!("{} {text}", self.status), &headers, body.as_bytes());
        client.write_all(&answer)?;
        Ok(answer)
    }
}

fn echoed(echo: Echo, output: &[&str]) {
    let options = Options { access_key_secret: Secret::new(SECRET), ..unlimited() };
    let (home, service) = (Home::new(), TestService::start(options));
    home.write("a.jsonl", lines(30, 4));
    let address = odd::start(service.address, echo);
    let mut load = home.put_to(&format!("http://{address}"));
    load.env("OSS_ACCESS_KEY_SECRET", SECRET).env("OSS_SESSION_TOKEN", TOKEN);
    load.args(words("a.jsonl --batch-size 10 --job 1 --retry-times 2 --retry-max-time 2s --loglevel debug"));
    load.args(["--log-file", "log.txt", "--events", "e.jsonl", "--rejects", "r.jsonl"]);
    load.args(["--checkpoint-dir", "state"]).args(output).env("GITHUB_ACTIONS", "true");
    load.env("GITHUB_STEP_SUMMARY", home.path("step.md"));
    let ended = run(&mut load);
    let Echo { status, written, body, of_index } = echo;
    let what = format!("{status}, {written:?}, {body:?}, index {of_index}, {output:?}");
    assert!(ended.code.is_some(), "{what}");
    let told = format!("{}{}", ended.stdout, ended.stderr);
    assert_silent(&what, &told);
    look_into(&what, &home.path(""));
    assert!(!told.contains(['\u{202e}', '\u{2028}']), "{what}: {told}");
    let events = fs::read_to_string(home.path("e.jsonl")).unwrap_or_default();
    assert!(!events.contains(['\u{202e}', '\u{2028}']), "{what}: {events}");
    if status >= 400 && !matches!(body, Body::Plain) && !matches!(written, Written::Cut) {
        let all = told + &events;
        assert!(all.contains("***"), "{what}: it was told, without the secrets: {all}");
    }
}

#[test]
fn nothing_of_a_secret_is_told_by_whoever_repeats_it() {
    let rows: Vec<Echo> = [200, 302, 400, 401, 403, 404, 413, 429, 500, 501, 503]
        .into_iter()
        .flat_map(|status| {
            [Written::Plain, Written::Percent, Written::Base64, Written::Cut]
                .map(move |written| (status, written))
        })
        .zip([Body::Json, Body::Xml, Body::Plain, Body::Header, Body::Json].into_iter().cycle())
        .zip([false, false, true].into_iter().cycle())
        .map(|(((status, written), body), of_index)| Echo { status, written, body, of_index })
        .collect();
    for rows in rows.chunks(6) {
        std::thread::scope(|scope| {
            for (number, echo) in rows.iter().enumerate() {
                let output: &[&str] = if number.is_multiple_of(3) { &["-q"] } else { &[] };
                scope.spawn(move || echoed(*echo, output));
            }
        });
    }
}

#[test]
fn a_key_that_is_a_hash_is_told_and_known_by_its_name() {
    let hash = |record: usize| {
        let digits = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834_u128.wrapping_mul(record as u128 + 1);
        format!("{digits:032x}{:032x}", !digits)
    };
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let bad = hash(77);
    service.service.set_faults(&with_faults(&[&format!("refuse-key={bad},name-key")]).faults);
    let record = |record| format!("{{\"key\":\"{}\",\"vector\":[1,2]}}\n", hash(record));
    home.write("a.jsonl", (0..200).map(record).collect::<String>());
    let ended = run(home.put(&service).args(["a.jsonl", "--rejects", "r.jsonl"]));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [199, 1], "{}", ended.stderr);
    // The service's message names it, so that nothing has to be divided to find it: the batch, the record, the rest.
    assert_eq!(service.requests(Operation::PutVectors), 3, "{}", ended.stderr);
    assert!(!ended.stderr.contains("***") && ended.stderr.matches(&bad).count() > 1, "{}", ended.stderr);
    assert!(!fs::read_to_string(home.path("r.jsonl")).unwrap().contains("***"));
}

#[test]
fn a_helper_that_fails_and_repeats_what_it_printed_tells_no_secret() {
    let (home, _service) = (Home::new(), ());
    home.write("a.jsonl", lines(3, 4));
    let helper = format!(
        "printf '{{\"AccessKeyId\":\"id\",\"AccessKeySecret\":\"{SECRET}\"}}'; echo 'key {SECRET}' >&2; exit 1"
    );
    home.write("helper.sh", helper);
    home.write(
        ".ossutilconfig",
        format!("[default]\nmode = Process\ncredential-process = sh {}\n", home.path("helper.sh").display()),
    );
    let mut load = home.put_to("http://127.0.0.1:1");
    load.env_remove("OSS_ACCESS_KEY_ID").env_remove("OSS_ACCESS_KEY_SECRET").arg("a.jsonl");
    let ended = run(&mut load);
    assert!(ended.stderr.contains("key ***"), "{}", ended.stderr);
    assert_silent("a helper", &(ended.stdout + &ended.stderr));
}

#[test]
fn what_a_terminal_or_a_reader_would_obey_is_never_printed() {
    let unseen =
        ['\u{202e}', '\u{2066}', '\u{200f}', '\u{61c}', '\u{2028}', '\u{85}', '\u{feff}', '\u{e0041}'];
    for (number, odd) in unseen.into_iter().enumerate() {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let name = format!("a{odd}b.jsonl");
        let record = format!(
            "{{\"key\":\"k{odd}\",\"vector\":[1,2],\"x{odd}\":1}}\n{{\"key\":\"l{odd}\",\"vector\":[1,\"{odd}\"]}}\n"
        );
        home.write(&name, record.repeat(3));
        for arguments in [
            vec!["put-vectors", &name],
            vec!["put-vectors", &name, "--output-format", "json"],
            vec!["put-vectors", &name, "--output-format", "events"],
            vec!["put-vectors", &name, "--key", &name],
            vec!["put-vectors", &name, "--max-rejects", "0"],
            vec!["put-vectors", &name, &name, "missing\u{202e}.jsonl"],
            vec!["put-vectors", "--profile", &name, &name],
            vec!["config", "show", "--profile", &name, "--output-format", "json"],
            vec!["config", "show", "--profile", &name, "--origin"],
            vec!["put-vectors", &format!("--no-such-{odd}")],
            vec!["put-vectors", "--batch-size", &name],
        ] {
            for in_job in [false, true] {
                let mut command = home.ossvec();
                command.args(&arguments);
                if arguments[0] == "put-vectors" {
                    command.args([
                        "--bucket",
                        "test-bucket",
                        "--index-name",
                        "idx",
                        "--region",
                        "cn-hangzhou",
                    ]);
                    command.args([
                        "--account-id",
                        "1234567890",
                        "--create-index",
                        "--distance-metric",
                        "cosine",
                    ]);
                    command.args(
                        ["--endpoint", &format!("http://{}", service.address), "-a", "log.txt"][..2].iter(),
                    );
                }
                command.envs([("OSS_ACCESS_KEY_ID", "local"), ("OSS_ACCESS_KEY_SECRET", "local")]);
                if in_job {
                    command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", home.path("step.md"));
                }
                let ended = run(&mut command);
                let step = fs::read_to_string(home.path("step.md")).unwrap_or_default();
                let told = format!("{}{}{step}", ended.stdout, ended.stderr);
                assert!(!told.contains(odd), "{number}, {arguments:?}: {told:?}");
            }
        }
    }
}
