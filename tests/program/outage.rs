//! When the trouble is not in the records: a service that takes no writes, or somebody else who answers for it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::support::{Home, TestService, line, lines, run, unlimited, wanted};
use crate::trouble::rejects;

const DIMENSION: usize = 4;
/// A record of another input, with which the index is made.
const OTHER: usize = 9_999;

#[test]
fn an_outage_of_writes_stops_the_run_and_a_resume_finishes_it() {
    for fault in ["op=PutVectors,status=500,code=InternalError", "op=PutVectors,reset=before"] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("a.jsonl", lines(1_000, DIMENSION));
        run(home.put(&service).arg(home.write("first.jsonl", line(OTHER, DIMENSION)))).assert_code(0);
        service.trouble(&[fault]);
        let load = |more: &[&str]| {
            let mut command = home.put(&service);
            run(command
                .args(["a.jsonl", "--batch-size", "100", "--retry-times", "1", "--rejects", "r.jsonl"])
                .args(more))
        };
        let ended = load(&[]);
        let [stored, rejected, unknown, not_sent] =
            ended.assert_code(2).counts(["stored", "rejected", "unknown", "not_sent"]);
        assert_eq!((stored, rejected), (0, 0), "{fault}");
        assert!(unknown + not_sent > 0 && service.state().len() == 1, "{fault}");
        assert!(ended.stderr.contains("takes no writes"), "{fault}: {}", ended.stderr);
        assert_eq!(rejects(&home.path("r.jsonl")), [], "{fault}");
        service.trouble(&[]);
        assert_eq!(load(&["--resume"]).assert_code(0).counts(["stored"]), [1_000], "{fault}");
        assert!(service.state() == wanted((0..1_000).chain([OTHER]), DIMENSION), "{fault}");
    }
}

#[test]
fn a_batch_that_alone_is_never_taken_does_not_stop_the_others() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(40, DIMENSION));
    run(home.put(&service).arg(home.write("first.jsonl", line(OTHER, DIMENSION)))).assert_code(0);
    // One of two batches fails slowly, and again; the other is stored meanwhile.
    service.trouble(&["op=PutVectors,nth=1,status=500,latency=400ms", "op=PutVectors,nth=3,status=500"]);
    let mut command = home.put(&service);
    command.args([
        "a.jsonl",
        "--batch-size",
        "20",
        "--job",
        "2",
        "--retry-times",
        "1",
        "--rejects",
        "r.jsonl",
    ]);
    let ended = run(&mut command);
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected", "not_sent"]), [20, 20, 0]);
    let reasons: Vec<_> = rejects(&home.path("r.jsonl")).into_iter().map(|(_, reason)| reason).collect();
    assert_eq!(reasons, ["not_stored"; 20]);
    run(home.put(&service).arg("r.jsonl")).assert_code(0);
    assert!(service.state() == wanted((0..40).chain([OTHER]), DIMENSION));
}

/// Answers everything with 200: a request for the index as the service would, anything else as a portal does.
fn portal(listener: &TcpListener) {
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        std::thread::spawn(move || answer_all(&stream));
    }
}

fn answer_all(stream: &TcpStream) {
    let mut input = BufReader::new(stream);
    let (mut is_index, mut length) = (false, 0);
    let mut line = String::new();
    while input.read_line(&mut line).unwrap_or(0) > 0 {
        is_index |= line.contains("?getVectorIndex");
        if let Some(number) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = number.trim().parse().unwrap();
        }
        if line == "\r\n" {
            std::io::copy(&mut Read::by_ref(&mut input).take(length), &mut std::io::sink()).unwrap();
            let (header, body) = if is_index {
                (
                    "x-oss-request-id: 1\r\n",
                    r#"{"index":{"dimension":4,"distanceMetric":"euclidean","status":"enable"}}"#,
                )
            } else {
                ("", "<html>please log in</html>")
            };
            let head = format!("HTTP/1.1 200 OK\r\n{header}Content-Length: {}\r\n\r\n", body.len());
            let mut stream = stream;
            // Whoever has gone meanwhile needs no answer.
            stream.write_all((head + body).as_bytes()).unwrap_or_default();
            (is_index, length) = (false, 0);
        }
        line.clear();
    }
}

#[test]
fn a_page_of_somebody_else_is_not_taken_for_success() {
    let home = Home::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || portal(&listener));
    home.write("a.jsonl", lines(10, DIMENSION));
    let ended = run(home.put_to(&format!("http://{address}")).args(["a.jsonl", "--retry-times", "1"]));
    assert_eq!(ended.assert_code(2).counts(["stored", "unknown"]), [0, 10]);
    assert!(ended.stderr.contains("not the service's answer"), "{}", ended.stderr);
}

#[test]
fn progress_that_is_given_up_or_missing_is_told() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(200, DIMENSION));
    let load = |more: &[&str]| {
        run(home.put(&service).args(["a.jsonl", "--batch-size", "50", "--job", "1"]).args(more))
    };
    let ended = load(&["--resume"]);
    assert!(ended.stderr.contains("no earlier run of this load is left"), "{}", ended.stderr);
    service.trouble(&["op=PutVectors,nth=3,status=403,code=AccessDenied"]);
    load(&[]).assert_code(2);
    let ended = load(&[]);
    assert!(ended.stderr.contains("an earlier run settled 100 records"), "{}", ended.stderr);
    assert_eq!(ended.assert_code(0).counts(["stored", "skipped"]), [200, 0]);
}
