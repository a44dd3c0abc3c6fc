//! Services that cannot be reached: when they are given up, and what the program says of it.

use crate::support::{Home, TestService, lines, run, unlimited};
use crate::usage::cloud;

#[test]
fn a_service_that_nobody_reaches_is_given_up_after_the_budget() {
    let home = Home::new();
    home.write("a.jsonl", lines(3, 4));
    let ended = run(cloud(&home).args(["--retry-times", "0"]));
    assert!(ended.assert_code(6).complaint().starts_with("cannot reach the service: "), "{}", ended.stderr);
    assert!(ended.stderr.contains("127.0.0.1:9"), "{}", ended.stderr);
}

#[test]
fn a_service_that_was_never_reached_is_given_up_after_the_time_for_that_although_requests_may_take_longer() {
    let home = Home::new();
    home.write("a.jsonl", lines(3, 4));
    let begun = std::time::Instant::now();
    let ended = run(cloud(&home).args(["--retry-first-contact", "2s", "--output-format", "json"]));
    let summary = ended.assert_code(6).summary();
    assert_eq!((&summary["error_code"], &summary["retryable"]), (&"unreachable".into(), &true.into()));
    assert!(
        summary["advice"]
            .as_str()
            .unwrap()
            .ends_with("--retry-first-contact sets how long the first contact is retried"),
        "{summary:#}"
    );
    assert!(ended.stderr.contains(" s, for up to 2 s: "), "the line says how long: {}", ended.stderr);
    assert!(begun.elapsed() < std::time::Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[test]
fn a_host_that_nobody_knows_is_blamed_on_its_name() {
    let home = Home::new();
    home.write("a.jsonl", lines(3, 4));
    let ended = run(home.put_to("http://nobody.invalid").args(["a.jsonl", "--retry-times", "1"]));
    let message = "ossvec: cannot resolve the host name: ";
    assert!(ended.assert_code(6).stderr.contains(message), "{}", ended.stderr);
    let advice = "check --region (OSS_REGION, region), --endpoint (OSS_ENDPOINT, endpoint), --proxy ";
    assert!(ended.stderr.contains(advice), "{}", ended.stderr);
}

#[test]
fn a_host_that_is_none_is_not_tried_again() {
    let home = Home::new();
    home.write("a.jsonl", lines(3, 4));
    let ended = run(home.put_to("http://256.1.1.1").arg("a.jsonl"));
    assert!(ended.assert_code(3).stderr.contains("ossvec: cannot make a request: "), "{}", ended.stderr);
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
    let said =
        "ossvec: cannot create the HTTP client: this system has no CA certificates\n        install them";
    assert!(ended.assert_code(3).stderr.contains(said), "{}", ended.stderr);
}
