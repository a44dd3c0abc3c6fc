//! Answers that are too long, that lie about their length, or that belong to another request.

use std::io::Write;
use std::net::TcpStream;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::odd::{self, Asked, Odd, answer};
use crate::support::{Home, TestService, gzip, lines, run, unlimited, wanted};
use crate::trouble::rejects;
#[cfg(target_os = "linux")]
use crate::trouble::{Running, until};

const RECORDS: usize = 200;

/// A load of 20 batches of 10 through an odd server.
fn load(home: &Home, service: &TestService, odd: impl Odd, jobs: usize) -> Command {
    home.write("a.jsonl", lines(RECORDS, 4));
    let address = odd::start(service.address, odd);
    let mut command = home.put_to(&format!("http://{address}"));
    command.args(["a.jsonl", "--batch-size", "10", "--job", &jobs.to_string(), "--events", "e.jsonl"]);
    command.args(["--rejects", "r.jsonl", "--retry-times", "20", "--read-timeout", "5s"]);
    command
}

fn pass(client: &mut TcpStream, asked: &Asked) -> std::io::Result<Vec<u8>> {
    let answer = asked.pass_on();
    client.write_all(&answer).map(|()| answer)
}

/// Sends the last answer once more, when it is to be taken for that of the next request.
struct Twice {
    when: When,
    /// Whether the request that it meets gets lost.
    loses: bool,
    chance: Mutex<fastrand::Rng>,
    strays: AtomicU64,
}

#[derive(Clone, Copy, Debug)]
enum When {
    /// In the same bytes.
    Together,
    /// As soon as the next request begins to arrive.
    AtTheNext,
    /// At the next one as well, and so on: each request gets the answer of the one before.
    Always,
}

impl Odd for Twice {
    fn begin(&self, client: &mut TcpStream, last: &[u8]) {
        let is_due = match self.when {
            When::Together => false,
            When::AtTheNext => self.chance.lock().unwrap().u8(..) < 100,
            When::Always => self.strays.load(Ordering::SeqCst) < 12,
        };
        if is_due {
            self.strays.fetch_add(1, Ordering::SeqCst);
            client.write_all(last).unwrap_or_default();
        }
    }

    fn answer(&self, client: &mut TcpStream, asked: &Asked) -> std::io::Result<Vec<u8>> {
        if !asked.is_put() {
            return pass(client, asked);
        }
        let strays = self.strays.load(Ordering::SeqCst);
        if self.loses && strays > 0 && asked.number.is_multiple_of(3) {
            // It is not stored, and a failure says so, after whatever went before.
            let lost = answer("500 Lost", "x-oss-request-id: lost\r\n", b"");
            return client.write_all(&lost).map(|()| lost);
        }
        let answer = asked.pass_on();
        let copies = if matches!(self.when, When::Together) { 2 } else { 1 };
        self.strays.fetch_add(copies as u64 - 1, Ordering::SeqCst);
        client.write_all(&answer.repeat(copies))?;
        Ok(answer)
    }
}

#[test]
fn an_answer_that_comes_twice_confirms_one_request() {
    for (seed, when) in [When::Together, When::AtTheNext, When::Always].into_iter().enumerate() {
        for (jobs, loses) in [(1, true), (1, false), (5, true)] {
            let (home, service) = (Home::new(), TestService::start(unlimited()));
            let chance = Mutex::new(fastrand::Rng::with_seed(seed as u64));
            let odd = Twice { when, loses, chance, strays: AtomicU64::new(0) };
            let ended = run(&mut load(&home, &service, odd, jobs));
            let what = format!("{when:?}, {jobs} jobs, loses {loses}");
            assert_eq!(ended.code, Some(0), "{what}: {}", ended.stderr);
            assert_eq!(ended.counts(["stored"]), [RECORDS as u64], "{what}");
            service.assert_holds(&wanted(0..RECORDS, 4));
        }
    }
}

/// Says of the first requests that they are stored, and takes no more of them.
struct Early;

impl Odd for Early {
    fn at_head(&self, client: &mut TcpStream, asked: &Asked) -> std::io::Result<()> {
        if !asked.is_put() || asked.number > 2 {
            return Ok(());
        }
        client.write_all(&answer("200 OK", &format!("x-oss-request-id: early-{}\r\n", asked.number), b""))?;
        Err(std::io::ErrorKind::ConnectionReset.into())
    }

    fn answer(&self, client: &mut TcpStream, asked: &Asked) -> std::io::Result<Vec<u8>> {
        pass(client, asked)
    }
}

#[test]
fn an_answer_before_the_end_of_its_request_confirms_nothing() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    // More than a connection takes that nobody reads.
    home.write("big.jsonl", lines(500, 4_000));
    let address = odd::start(service.address, Early);
    let ended = run(home.put_to(&format!("http://{address}")).args(["big.jsonl", "--job", "1"]));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(service.state().len(), 500);
}

/// Answers the service's way up to the body, which is another one.
struct Bodies(WriteBody);

/// Writes the rest of an answer whose head, but for the length, is given.
type WriteBody = fn(&Asked, &mut TcpStream, &str) -> std::io::Result<()>;

impl Odd for Bodies {
    fn answer(&self, client: &mut TcpStream, asked: &Asked) -> std::io::Result<Vec<u8>> {
        if !asked.is_put() {
            return pass(client, asked);
        }
        let answer = String::from_utf8(asked.pass_on()).unwrap();
        let (head, _) = answer.split_once("\r\n\r\n").unwrap();
        let kept = |line: &&str| !line.to_lowercase().starts_with("content-length");
        let head = head.lines().filter(kept).collect::<Vec<_>>().join("\r\n");
        (self.0)(asked, client, &head)?;
        Ok(Vec::new())
    }
}

fn endless(client: &mut TcpStream, begin: &str, piece: &[u8]) -> std::io::Result<()> {
    client.write_all(begin.as_bytes())?;
    // More than anybody reads; whoever closes the connection ends it.
    for _ in 0..2_000 {
        client.write_all(piece)?;
    }
    Err(std::io::ErrorKind::ConnectionReset.into())
}

#[test]
fn a_success_counts_whatever_its_body_is() {
    let ways: [(&str, WriteBody); 5] = [
        ("endless", |_, client, head| {
            endless(client, &format!("{head}\r\nContent-Length: 99999999999\r\n\r\n"), &vec![b'x'; 65_536])
        }),
        ("endless chunks", |_, client, head| {
            let chunk = [b"10000\r\n".as_slice(), &vec![b'x'; 65_536], b"\r\n"].concat();
            endless(client, &format!("{head}\r\nTransfer-Encoding: chunked\r\n\r\n"), &chunk)
        }),
        ("until closed", |_, client, head| endless(client, &format!("{head}\r\n\r\n"), &vec![b'x'; 65_536])),
        ("packed", |_, client, head| {
            let body = gzip(&vec![b'x'; 1 << 20]);
            let head = format!("{head}\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", body.len());
            client.write_all(head.as_bytes())?;
            client.write_all(&body)
        }),
        ("never", |_, client, head| {
            client.write_all(format!("{head}\r\nContent-Length: 10\r\n\r\nx").as_bytes())?;
            std::thread::sleep(Duration::from_secs(3));
            Err(std::io::ErrorKind::ConnectionReset.into())
        }),
    ];
    std::thread::scope(|scope| {
        for (what, way) in ways {
            scope.spawn(move || {
                let (home, service) = (Home::new(), TestService::start(unlimited()));
                let ended = run(&mut load(&home, &service, Bodies(way), 8));
                assert_eq!(ended.code, Some(0), "{what}: {}", ended.stderr);
                let summary = ended.summary();
                assert_eq!((&summary["stored"], &summary["attempts"]), (&200.into(), &20.into()), "{what}");
                service.assert_holds(&wanted(0..RECORDS, 4));
            });
        }
    });
}

#[test]
fn a_body_that_ends_before_its_length_is_a_lost_answer() {
    static LIES: AtomicU64 = AtomicU64::new(0);
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let odd = Bodies(|_, client, head| {
        let is_lie = LIES.fetch_add(1, Ordering::SeqCst) < 3;
        let length = if is_lie { 10 } else { 1 };
        client.write_all(format!("{head}\r\nContent-Length: {length}\r\n\r\nx").as_bytes())?;
        if is_lie { Err(std::io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    });
    let ended = run(&mut load(&home, &service, odd, 1));
    assert_eq!(ended.assert_code(0).counts(["stored", "attempts"]), [200, 23]);
}

/// Refuses every batch with one key in its own way, which gets the id of the answer.
struct Refuses(Box<Refuse>);

type Refuse = dyn Fn(&str) -> Vec<u8> + Send + Sync;

impl Odd for Refuses {
    fn answer(&self, client: &mut TcpStream, asked: &Asked) -> std::io::Result<Vec<u8>> {
        if !asked.is_put() || !String::from_utf8_lossy(&asked.body).contains("\"key-77\"") {
            return pass(client, asked);
        }
        let answer = (self.0)(&format!("id-{}", asked.number));
        // Whoever does not read it to its end closes the connection.
        client.write_all(&answer).unwrap_or_default();
        Ok(answer)
    }
}

/// Names of the ways to refuse, the codes that are told, and how the body is written around a text without end.
type Refusal = (&'static str, &'static str, fn(&str) -> String);

#[test]
fn a_refusal_is_one_however_long_its_texts_are() {
    let ways: [Refusal; 5] = [
        ("json", "TooBad", |long| format!("{{\"Error\":{{\"Code\":\"TooBad\",\"Message\":\"{long}\"}}}}")),
        ("code last", "CodeCutOff", |long| format!("{{\"Message\":\"{long}\",\"Code\":\"TooBad\"}}")),
        ("xml", "TooBad", |long| {
            format!("<?xml version=\"1.0\"?>\n<Error><Code>TooBad</Code><Message>{long}</Message></Error>")
        }),
        ("no error", "FromHeader", |long| format!("<html>{long}")),
        ("code and id", "TooBad", |long| {
            let (code, id) = (long.get(..20_000).unwrap(), long.get(..20_000).unwrap());
            format!("{{\"Code\":\"TooBad{code}\",\"Message\":\"m\",\"RequestId\":\"{id}\"}}")
        }),
    ];
    std::thread::scope(|scope| {
        for (what, code, body) in ways {
            for is_chunked in [false, true] {
                scope
                    .spawn(move || refused(&format!("{what}, chunked {is_chunked}"), code, body, is_chunked));
            }
        }
    });
}

fn refused(what: &str, code: &str, body: fn(&str) -> String, is_chunked: bool) {
    let body = body(&"\u{202e}é".repeat(1 << 19));
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let odd = Refuses(Box::new(move |id| {
        let error = BASE64_STANDARD.encode("{\"Code\":\"FromHeader\",\"Message\":\"m\"}");
        let headers = format!("x-oss-request-id: {id}\r\nx-oss-err: {error}\r\n");
        if !is_chunked {
            return answer("400 Bad Request", &headers, body.as_bytes());
        }
        let head = format!("HTTP/1.1 400 Bad\r\n{headers}Transfer-Encoding: chunked\r\n\r\n");
        format!("{head}{:x}\r\n{body}\r\n0\r\n\r\n", body.len()).into_bytes()
    }));
    let ended = run(&mut load(&home, &service, odd, 2));
    assert_eq!(ended.code, Some(4), "{what}: {}", ended.stderr);
    assert_eq!(ended.counts(["stored", "rejected"]), [199, 1], "{what}");
    assert_eq!(rejects(&home.path("r.jsonl")), [("key-77".to_owned(), "refused".to_owned())], "{what}");
    assert!(ended.stderr.contains(code), "{what}: {}", ended.stderr);
    let told = [ended.stdout, ended.stderr].concat()
        + &std::fs::read_to_string(home.path("e.jsonl")).unwrap()
        + &std::fs::read_to_string(home.path("r.jsonl")).unwrap();
    let longest = told.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(longest < 5_000, "{what}: a line of {longest} characters");
}

#[test]
#[cfg(target_os = "linux")]
fn bodies_without_end_take_no_memory() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let odd = Bodies(|asked, client, head| {
        let head =
            if asked.number.is_multiple_of(2) { head } else { "HTTP/1.1 500 No\r\nx-oss-request-id: a" };
        endless(client, &format!("{head}\r\nContent-Length: 99999999999\r\n\r\n"), &vec![b'x'; 65_536])
    });
    let mut command = load(&home, &service, odd, 16);
    command.args(["--memory", "1MiB"]);
    let mut running = Running::start(&mut command);
    let (mut most, status) = (0, format!("/proc/{}/status", running.id()));
    until("the load is over", || {
        let status = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse().ok());
        most = most.max(kib.unwrap_or(0_u64));
        running.is_over()
    });
    running.end().assert_code(0);
    service.assert_holds(&wanted(0..RECORDS, 4));
    assert!((1..100_000).contains(&most), "{most} KiB");
}
