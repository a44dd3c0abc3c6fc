//! What `--memory` bounds: the batches that are alive at once, and with them the requests in flight.

use std::time::Duration;

use ossvec::test_support::local_service::Options;
#[cfg(target_os = "linux")]
use ossvec::test_support::oss::operation::Operation;

use crate::support::{Home, TestService, lines, run, unlimited, wanted};
#[cfg(target_os = "linux")]
use crate::trouble::{Running, until};

fn slow(latency: Duration) -> TestService {
    TestService::start(Options { latency, ..unlimited() })
}

#[test]
fn a_batch_that_takes_all_memory_travels_alone() {
    let (home, service) = (Home::new(), slow(Duration::from_millis(20)));
    let input = home.write("vectors.jsonl", lines(200, 40));
    let mut load = home.put(&service);
    load.arg(input).args(["--batch-size", "10", "--job", "8", "--memory", "1KiB"]);
    assert_eq!(run(&mut load).assert_code(0).counts(["stored", "batches"]), [200, 20]);
    service.assert_holds(&wanted(0..200, 40));
    assert_eq!(service.statistics().most_in_flight, 1);
}

#[test]
fn defects_take_memory_too() {
    let (home, service) = (Home::new(), slow(Duration::from_millis(20)));
    // Ten tiny vectors and ten large defects in each batch.
    let defect = format!("{{\"key\":\"bad\",\"vector\":\"{}\"}}\n", "x y ".repeat(500));
    let text = lines(200, 2).replace('\n', &format!("\n{defect}"));
    let input = home.write("vectors.jsonl", text);
    let mut load = home.put(&service);
    load.args(["--batch-size", "10", "--job", "8", "--memory", "16KiB", "--max-rejects", "none"]).arg(input);
    assert_eq!(run(&mut load).assert_code(4).counts(["stored", "rejected"]), [200, 200]);
    assert_eq!(service.statistics().most_in_flight, 1);
}

#[test]
fn a_load_that_memory_holds_back_does_not_blame_the_service() {
    let (home, service) = (Home::new(), slow(Duration::from_millis(200)));
    let input = home.write("vectors.jsonl", lines(350, 40));
    let mut load = home.put(&service);
    load.arg(input).args(["--batch-size", "10", "--memory", "1KiB"]);
    let ended = run(&mut load);
    assert_eq!(ended.assert_code(0).summary()["limited_by"], "memory");
}

#[test]
fn a_load_that_answers_hold_back_does_not_blame_memory() {
    let (home, service) = (Home::new(), slow(Duration::from_millis(200)));
    let input = home.write("vectors.jsonl", lines(350, 40));
    let mut load = home.put(&service);
    load.arg(input).args(["--batch-size", "10", "--job", "1"]);
    let ended = run(&mut load);
    assert_eq!(ended.assert_code(0).summary()["limited_by"], "service");
}

/// A run was killed before it could note its rejects, however many those are.
#[cfg(target_os = "linux")]
#[test]
fn rejects_that_were_not_noted_take_no_memory() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(100, 4));
    let load = || {
        let mut load = home.put(&service);
        load.args(["a.jsonl", "--batch-size", "10", "--job", "1", "--rejects", "r.jsonl", "--resume"]);
        load
    };
    service.trouble(&["op=PutVectors,nth=3,status=403,code=AccessDenied"]);
    run(&mut load()).assert_code(2);
    service.trouble(&["op=PutVectors,hang"]);
    let peak = || {
        let before = service.requests(Operation::PutVectors);
        let running = Running::start(&mut load());
        until("a request hangs", || service.requests(Operation::PutVectors) > before);
        let status = std::fs::read_to_string(format!("/proc/{}/status", running.id())).unwrap();
        running.kill();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    let without = peak();
    let line = |record: u64| {
        let why = "\"key\":null,\"reason\":\"x\",\"message\":\"\"";
        let rejected = format!("{{\"input\":\"a.jsonl\",\"line\":{record},\"record\":{record},{why}}}");
        format!("{{\"rejected\":{rejected},\"record\":{{}}}}\n")
    };
    home.write("r.jsonl", (1_000..301_000).map(line).collect::<String>());
    let with = peak();
    assert!(with < without + (6 << 10), "{without} KiB without them, {with} KiB with them");
    assert_eq!(std::fs::read_to_string(home.path("r.jsonl")).unwrap(), "");
}
