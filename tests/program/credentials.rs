//! Clocks that are wrong and tokens that end.

use crate::support::{Home, TestService, lines, run, unlimited, wanted};

#[test]
fn a_wrong_clock_is_set_once_by_the_services_date_and_stays_right() {
    for skew in ["skew=20m", "skew=-20m", "skew=26h"] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        service.trouble(&[skew]);
        let input = home.write("vectors.jsonl", lines(400, 4));
        let ended = run(home.put(&service).arg(input).args(["--batch-size", "20"]));
        assert_eq!(ended.assert_code(0).counts(["stored"]), [400], "{skew}");
        assert_eq!(service.answered("RequestTimeTooSkewed"), 1, "{skew}");
        assert!(service.state() == wanted(0..400, 4), "{skew}");
    }
}

#[test]
fn a_token_that_ends_stops_the_run_which_a_fresh_one_resumes() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    service.trouble(&["op=PutVectors,nth=6,expired-token"]);
    let input = home.write("vectors.jsonl", lines(400, 4));
    let load = |token: &str, more: &[&str]| {
        let mut load = home.put(&service);
        load.arg(&input)
            .args(["--batch-size", "20", "--job", "2"])
            .args(more)
            .env("OSS_SESSION_TOKEN", token);
        run(&mut load)
    };
    let ended = load("old", &[]);
    let [stored, not_sent, unknown] = ended.assert_code(2).counts(["stored", "not_sent", "unknown"]);
    assert!(ended.stderr.contains("SecurityTokenExpired"), "{}", ended.stderr);
    assert!(ended.stderr.contains("get a fresh token"), "{}", ended.stderr);
    assert_eq!((service.state().len() as u64, unknown), (stored, 0));
    assert!(not_sent > 0 && service.answered("SecurityTokenExpired") == 1);
    let resumed = load("fresh", &["--resume"]);
    let [skipped, read] = resumed.assert_code(0).counts(["skipped", "read"]);
    assert_eq!((skipped, skipped + read), (stored, 400));
    assert!(service.state() == wanted(0..400, 4));
}

#[test]
fn a_wrong_secret_stops_the_run_before_anything_is_sent() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let input = home.write("vectors.jsonl", lines(40, 4));
    let ended = run(home.put(&service).arg(input).env("OSS_ACCESS_KEY_SECRET", "wrong"));
    ended.assert_code(2);
    assert!(ended.stderr.contains("SignatureDoesNotMatch"), "{}", ended.stderr);
    assert!(ended.stderr.contains("check --access-key-secret"), "{}", ended.stderr);
    assert!(service.state().is_empty());
}
