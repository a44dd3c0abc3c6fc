//! What `ossvec verify` finds is what the service's own state says, whatever was changed and whatever happens meanwhile.

use std::collections::BTreeMap;

use ossvec::test_support::oss::operation::Operation;
use serde_json::{Value, json};

use crate::support::{
    Ended, Home, State, TestService, gzip, line, lines, numbers, renamed, run, unlimited, wanted,
};
use crate::trouble::{Running, journals, until};
use crate::verifying::{Api, DIMENSION, findings, found, verify};

#[test]
fn of_100_000_vectors_exactly_those_that_were_changed_are_found_and_repaired() {
    const RECORDS: usize = 100_000;
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    // The older value of a key that occurs twice, the newer one 90,000 records later.
    let text = lines(RECORDS, DIMENSION).replacen(
        &line(90_500, DIMENSION),
        &renamed(90_500, DIMENSION, "key-500"),
        1,
    );
    home.write("a.jsonl", text);
    run(home.put(&service).arg("a.jsonl")).assert_code(0);
    let loaded = service.state();
    assert_eq!(loaded.len(), RECORDS - 1);
    let ended = run(&mut verify(&home, &service, &["a.jsonl"]));
    // The older one is different, until the newer one takes that back.
    assert_eq!(found(ended.assert_code(0)), [RECORDS as u64 - 1, 0, 0, 1]);
    assert_eq!(ended.counts(["stored", "rejected", "superseded"]), [RECORDS as u64 - 1, 0, 1]);
    assert_eq!(ended.summary()["reasons"], json!({}), "{}", ended.stdout);

    let api = Api::of(&service);
    let (bits, metadata) = loaded["key-77777"].clone();
    let flipped: Vec<_> = bits.iter().enumerate().map(|(at, bits)| bits ^ u32::from(at == 2)).collect();
    api.put("key-77777", &flipped, &metadata);
    api.put("key-31", &loaded["key-31"].0, &json!({ "n": "31", "more": "x" }));
    let older: Vec<_> = numbers(500, DIMENSION).iter().map(|number| number.to_bits()).collect();
    api.put("key-500", &older, &json!({ "n": "500" }));
    api.delete("key-99999");
    let ended = run(&mut verify(&home, &service, &["a.jsonl", "--rejects", "found.jsonl"]));
    assert_eq!(found(ended.assert_code(4))[1..], [3, 1, 0]);
    let by_key = [
        ("key-31", "different"),
        ("key-500", "different"),
        ("key-77777", "different"),
        ("key-99999", "missing"),
    ];
    let by_key = by_key.map(|(key, reason)| (key.to_owned(), reason.to_owned()));
    assert_eq!(findings(&home, "found.jsonl"), BTreeMap::from(by_key));

    let repair = ["found.jsonl", "--rejects", "rest.jsonl"];
    assert_eq!(run(home.put(&service).args(repair)).assert_code(0).counts(["stored"]), [4]);
    service.assert_holds(&loaded);
    let ended = run(&mut verify(&home, &service, &["a.jsonl"]));
    assert_eq!(found(ended.assert_code(0))[1..3], [0, 0]);
}

/// A random input, what was done to the index since it was loaded, and what is to be found.
struct Case {
    random: fastrand::Rng,
    files: Vec<(&'static str, Vec<u8>)>,
    /// The values of each key in the order of the input, without those that are no good.
    values: BTreeMap<String, Vec<usize>>,
    bad: u64,
}

impl Case {
    fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let (records, keys) = (random.usize(1..800), random.usize(1..600));
        let mut texts = vec![String::new(); random.usize(1..4)];
        let (mut values, mut bad) = (BTreeMap::<String, Vec<usize>>::new(), 0);
        for record in 0..records {
            // All in the order of the files.
            let file = record * texts.len() / records;
            let key = format!("k{}", random.usize(0..keys));
            // Few values, so that an older one may be the newer one, too.
            let value = if random.u8(0..3) == 0 { random.usize(0..5) } else { record };
            if random.u8(0..40) == 0 {
                bad += 1;
                texts[file].push_str(&renamed(value, DIMENSION + 1, &key));
                continue;
            }
            texts[file].push_str(&renamed(value, DIMENSION, &key));
            values.entry(key).or_default().push(value);
        }
        let names = ["a.jsonl", "b.jsonl.gz", "c.jsonl"];
        let packed = |(name, text): (&'static str, String)| {
            (name, if name == "b.jsonl.gz" { gzip(text.as_bytes()) } else { text.into_bytes() })
        };
        let files = names.into_iter().zip(texts).map(packed).collect();
        Self { random, files, values, bad }
    }

    /// Changes what the index holds, in every way that there is.
    fn change(&mut self, service: &TestService) {
        let api = Api::of(service);
        for (key, (mut bits, mut metadata)) in service.state() {
            let at = self.random.usize(0..DIMENSION);
            match self.random.u8(0..40) {
                0 => {
                    api.delete(&key);
                    continue;
                }
                1 => bits[at] ^= 1 << self.random.u32(0..23),
                2 => metadata["n"] = json!("other"),
                3 => metadata = Value::Null,
                4 => {
                    let values = &self.values[&key];
                    let older = values[self.random.usize(0..values.len())];
                    (bits, metadata) = wanted([older], DIMENSION).into_values().next().unwrap();
                }
                _ => continue,
            }
            api.put(&key, &bits, &metadata);
        }
    }

    /// What the state of the service shows.
    fn expected(&self, state: &State) -> BTreeMap<String, String> {
        let finding = |(key, values): (&String, &Vec<usize>)| {
            let value = wanted(values.last().copied(), DIMENSION).into_values().next();
            let reason = match state.get(key) {
                None => "missing",
                held if held == value.as_ref() => return None,
                Some(_) => "different",
            };
            Some((key.clone(), reason.to_owned()))
        };
        self.values.iter().filter_map(finding).collect()
    }

    /// Trouble that ends.
    fn faults(&mut self) -> Vec<String> {
        let kinds = [
            "status=503,code=QpsLimitExceeded",
            "status=500",
            "status=429",
            "reset=before",
            "reset=after",
            "latency=20ms",
        ];
        let some = self.random.usize(0..4);
        (0..some)
            .map(|_| {
                let (kind, every) = (kinds[self.random.usize(0..kinds.len())], self.random.u8(4..9));
                format!("op=GetVectors,every={every},{kind}")
            })
            .collect()
    }

    /// Verifies, killed and resumed some times, and returns how it ended.
    fn verify(&mut self, home: &Home, service: &TestService, kills: usize) -> Ended {
        let (size, jobs) = (self.random.u8(20..=120).to_string(), self.random.u8(2..9).to_string());
        let names: Vec<_> = self.files.iter().map(|(name, _)| *name).collect();
        let options = ["--batch-size", &size, "--job", &jobs, "--dimension", "4", "--rejects", "found.jsonl"];
        let command = || {
            verify(home, service, &[&names[..], &options, &["--resume", "--retry-times", "1000"]].concat())
        };
        for _ in 0..kills {
            let mut running = Running::start(&mut command());
            let moment = service.requests(Operation::GetVectors) + self.random.u64(0..12);
            until("the moment comes", || {
                running.is_over() || service.requests(Operation::GetVectors) >= moment
            });
            if running.is_over() {
                return running.end();
            }
            running.kill();
        }
        run(&mut command())
    }
}

/// Runs one random case, and returns what was to be found.
fn check_case(seed: u64) -> BTreeMap<String, String> {
    let mut case = Case::new(seed);
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    case.files.iter().for_each(|(name, content)| drop(home.write(name, content)));
    let names: Vec<_> = case.files.iter().map(|(name, _)| *name).collect();
    let code = |is_partial: bool| if is_partial { 4 } else { 0 };
    let load = |input: &[&str], rejects: &str| {
        let mut load = home.put_sized(&service, DIMENSION);
        run(load.args(input).args(["--rejects", rejects, "--max-rejects", "none"]))
    };
    load(&names, "bad.jsonl").assert_code(code(case.bad > 0));
    if case.values.is_empty() {
        return BTreeMap::new();
    }
    case.change(&service);
    let state = service.state();
    let expected = case.expected(&state);
    let faults = case.faults();
    service.trouble(&faults.iter().map(String::as_str).collect::<Vec<_>>());
    let written = service.requests(Operation::PutVectors);
    let kills = if seed.is_multiple_of(2) { 0 } else { case.random.usize(1..6) };
    let ended = case.verify(&home, &service, kills);
    let what = format!("seed {seed}, {faults:?}, {kills} kills: {}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.code, Some(code(case.bad > 0 || !expected.is_empty())), "{what}");
    assert_eq!(findings(&home, "found.jsonl"), expected, "{what}");
    if kills == 0 {
        let count = |reason: &str| expected.values().filter(|other| *other == reason).count() as u64;
        let [_, different, missing, _] = found(&ended);
        assert_eq!([different, missing], [count("different"), count("missing")], "{what}");
        assert_eq!(ended.counts(["rejected"]), [case.bad + different + missing], "{what}");
    }
    // Nothing is written, and no journal is left.
    assert_eq!(service.state(), state, "{what}");
    assert_eq!(service.requests(Operation::PutVectors), written, "{what}");
    assert!(journals(&home.path("state")).is_empty(), "{what}");

    service.trouble(&[]);
    if !expected.is_empty() {
        load(&["found.jsonl"], "rest.jsonl");
        let ended = case.verify(&home, &service, 0);
        assert_eq!(found(&ended)[1..3], [0, 0], "{what}");
    }
    expected
}

#[test]
fn whatever_is_changed_in_the_index_and_whatever_happens_meanwhile_is_found_as_the_state_says() {
    // They wait more than they work.
    let of_thread = |first: u64| (first..30).step_by(6).flat_map(check_case).collect::<Vec<_>>();
    let all: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|first| scope.spawn(move || of_thread(first))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let count = |reason: &str| all.iter().filter(|(_, other)| other == reason).count();
    assert!(count("different") > 50 && count("missing") > 20, "{all:?}");
}
