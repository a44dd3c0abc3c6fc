use super::*;

fn faults(specs: &[&str]) -> Faults {
    Faults::new(&specs.iter().map(|spec| Fault::parse(spec).unwrap()).collect::<Vec<_>>())
}

/// Which of this many `PutVectors` requests, from 1, the fault affects.
fn hits(spec: &str, requests: u64) -> Vec<u64> {
    let mut faults = faults(&[spec]);
    (1..=requests).filter(|_| faults.at_head(Operation::PutVectors).effect.is_some()).collect()
}

#[test]
fn every_word_of_the_grammar_is_understood() {
    let fail = |status, code: &str, retry_after, apply| {
        Some(Effect::Fail { status, code: code.to_owned(), retry_after, apply })
    };
    let rows = [
        ("status=503", fail(503, "ServiceUnavailable", None, Apply::None)),
        ("status=500,code=X,apply=250", fail(500, "X", None, Apply::First(250))),
        ("status=429,retry-after=2,apply=half", fail(429, "QpsLimitExceeded", Some(2), Apply::Half)),
        ("reset=before", Some(Effect::ResetBefore)),
        ("reset=after", Some(Effect::ResetAfter { apply: Apply::All })),
        ("reset=after,apply=none", Some(Effect::ResetAfter { apply: Apply::None })),
        ("hang", Some(Effect::Hang { apply: Apply::None })),
        (" hang , apply=all", Some(Effect::Hang { apply: Apply::All })),
        ("expired-token", Some(Effect::ExpiredToken)),
        ("skew=20m", Some(Effect::Skew(1200))),
        ("skew=-2h", Some(Effect::Skew(-7200))),
        ("refuse-key=a=b", Some(Effect::RefuseKey { key: "a=b".to_owned(), is_named: false })),
        ("refuse-key=k,name-key", Some(Effect::RefuseKey { key: "k".to_owned(), is_named: true })),
        ("fail-key=k", Some(Effect::FailKey("k".to_owned()))),
        ("late=3", Some(Effect::Late(3))),
        ("max-body=1000", Some(Effect::MostBody(1000))),
        ("latency=200ms", None),
    ];
    for (spec, effect) in rows {
        assert_eq!(Fault::parse(spec).unwrap().effect, effect, "{spec}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_the_reason() {
    let specs = [
        "",
        "op=PutVectors",
        "op=Put,hang",
        "statsu=503",
        "status=200",
        "status=503,hang",
        "status=503,status=500",
        "latency=5",
        "hang=1",
        "status",
        "nth=0,hang",
        "probability=2,hang",
        "seed=x,hang",
        "skew=1",
        "apply=some,hang",
        "code=X,hang",
        "apply=all,latency=1s",
        "reset=before,apply=all",
        "reset=now",
    ];
    let told = specs.map(|spec| format!("{spec:?}: {}", Fault::parse(spec).unwrap_err()));
    insta::assert_snapshot!(told.join("\n"), @r#"
    "": it has no effect; add one, such as status=503
    "op=PutVectors": it has no effect; add one, such as status=503
    "op=Put,hang": invalid value "Put" for op: expected an operation such as PutVectors
    "statsu=503": unknown word "statsu": expected one of op, nth, from, every, probability, seed, count, status, code, retry-after, apply, reset, hang, latency, expired-token, skew, refuse-key, name-key, fail-key, late, max-body
    "status=200": invalid value "200" for status: expected a status from 400 to 599
    "status=503,hang": status and hang cannot be combined in one fault
    "status=503,status=500": status is given twice
    "latency=5": invalid value "5" for latency: expected a duration such as 200ms
    "hang=1": hang takes no value
    "status": status requires a value
    "nth=0,hang": invalid value "0" for nth: expected a whole number above 0
    "probability=2,hang": invalid value "2" for probability: expected a number from 0 to 1
    "seed=x,hang": invalid value "x" for seed: expected a whole number
    "skew=1": invalid value "1" for skew: expected a duration such as 20m or -20m
    "apply=some,hang": invalid value "some" for apply: expected a number, half, all or none
    "code=X,hang": code requires status
    "apply=all,latency=1s": apply requires one of status, reset, hang
    "reset=before,apply=all": apply cannot be used with reset=before
    "reset=now": invalid value "now" for reset: expected before or after
    "#);
}

#[test]
fn the_selectors_choose_the_requests() {
    let rows: [(&str, &[u64]); 7] = [
        ("nth=3,hang", &[3]),
        ("from=8,hang", &[8, 9]),
        ("every=4,hang", &[4, 8]),
        ("every=2,count=2,hang", &[2, 4]),
        ("count=1,hang", &[1]),
        ("op=GetVectors,hang", &[]),
        ("op=PutVectors,nth=1,hang", &[1]),
    ];
    for (spec, wanted) in rows {
        assert_eq!(hits(spec, 9), wanted, "{spec}");
    }
}

#[test]
fn chance_is_the_same_for_the_same_seed() {
    let first = hits("probability=0.3,seed=7,hang", 1000);
    assert_eq!(first, hits("probability=0.3,seed=7,hang", 1000));
    assert_ne!(first, hits("probability=0.3,seed=8,hang", 1000));
    assert!((250..350).contains(&first.len()), "{}", first.len());
    assert_eq!(hits("probability=0,hang", 100), [] as [u64; 0]);
    assert_eq!(hits("probability=1,hang", 3), [1, 2, 3]);
}

#[test]
fn faults_on_one_request_add_up() {
    let mut faults = faults(&["latency=1s", "skew=20m", "latency=1s,skew=-5m", "hang", "expired-token"]);
    let plan = faults.at_head(Operation::PutVectors);
    assert_eq!(plan.latency, Duration::from_secs(2));
    assert_eq!(plan.skew_seconds, 900);
    assert_eq!(plan.effect, Some(Effect::Hang { apply: Apply::None }));
}

#[test]
fn a_poisoned_key_and_a_long_body_are_seen_in_the_body_only() {
    let mut faults = faults(&["refuse-key=bad,nth=2", "max-body=10"]);
    assert_eq!(faults.at_head(Operation::PutVectors), Plan::default());
    let keys = ["bad".to_owned()];
    let mut at_body = |length, keys: &[String]| {
        faults.at_body(Operation::PutVectors, Body { length, keys, keys_read: &[] }).effect
    };
    assert_eq!(at_body(10, &keys), None);
    assert_eq!(at_body(10, &[]), None);
    assert_eq!(at_body(10, &keys), Some(Effect::RefuseKey { key: "bad".to_owned(), is_named: false }));
    assert_eq!(at_body(11, &keys), Some(Effect::MostBody(10)));
}

#[test]
fn a_part_of_a_batch_is_never_more_than_the_batch() {
    let rows =
        [(Apply::None, 0), (Apply::First(2), 2), (Apply::First(9), 5), (Apply::Half, 2), (Apply::All, 5)];
    for (apply, stored) in rows {
        assert_eq!(apply.of(5), stored, "{apply:?}");
    }
}
