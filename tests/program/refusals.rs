//! Refusals of the service: in whose words they are told, with which advice, and what is not tried again.

use std::collections::BTreeMap;
use std::process::Command;

use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::operation::Operation;

use crate::support::{
    ACCOUNT, BUCKET, Home, INDEX, TestService, lines, run, unlimited, wanted, with_faults, words,
};

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
            ids.iter().any(|id| ended.stderr.contains(&format!("; request ID {id}"))),
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

#[test]
fn an_index_that_is_not_as_said_is_bad_usage_and_nothing_is_sent() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    run(home.put(&service).arg(home.write("a.jsonl", lines(1, 4)))).assert_code(0);
    for (arguments, said) in [
        ("--dimension 5", "index idx has dimension 4, not 5"),
        ("--distance-metric cosine", "index idx has distance metric euclidean, not cosine"),
    ] {
        let ended = run(home.aimed(&["put-vectors", "a.jsonl"], &service).args(words(arguments)));
        assert_eq!(ended.assert_code(1).complaint(), said);
    }
    assert_eq!(service.statistics().of(Operation::PutVectors).requests, 1);
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
        "note: no permission for GetVectorIndex, so only the service checks the dimension and the metric\n";
    assert_eq!(ended.stderr, note);
    service.assert_holds(&wanted(0..700, 4));

    let fresh = TestService::start(with_faults(faults));
    let ended = run(home.put(&fresh).arg("a.jsonl"));
    ended.assert_code(0);
    assert_eq!(ended.stderr.matches("note: no permission").count(), 1, "{}", ended.stderr);
    fresh.assert_holds(&wanted(0..700, 4));
}
