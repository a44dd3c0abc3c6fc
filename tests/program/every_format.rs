//! One set of vectors through every format, killed in the middle of each and resumed: what is stored is always the same,
//! each number bit by bit.

use std::sync::atomic::{AtomicUsize, Ordering};

use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::operation::Operation;

use crate::every_form::{Form, all, companions, samples, state};
use crate::support::{Home, State, TestService, say, unlimited, words};
use crate::trouble::{Running, until};

const VECTORS: usize = 10_000;
const BATCH: u64 = 500;

/// What is the same in all forms.
struct Wanted {
    companions: [(&'static str, Vec<u8>); 3],
    state: State,
}

/// Kills a load of a form in its middle, resumes it, and compares what is stored.
fn killed_and_resumed(form: &Form, wanted: &Wanted, random: &mut fastrand::Rng) {
    let options = Options { latency: std::time::Duration::from_millis(10), ..unlimited() };
    let (home, service) = (Home::new(), TestService::start(options));
    for (name, content) in wanted.companions.iter().map(|(name, content)| (*name, content)) {
        home.write(name, content);
    }
    home.write(form.name, &form.content);
    let load = || {
        let mut load = home.put(&service);
        load.args(["--resume", "--checkpoint-dir", "state", "--job", "2"])
            .args(words(form.options))
            .arg(form.name);
        load
    };
    let batches = VECTORS as u64 / BATCH;
    // Late enough that a batch is settled, early enough that some are not sent.
    let moment = random.u64(5..batches - 4);
    let mut running = Running::start(&mut load());
    until("the moment comes", || running.is_over() || service.requests(Operation::PutVectors) >= moment);
    let ended = running.kill();
    assert_eq!(ended.code, None, "{} was not killed: {}", form.name, ended.stderr);
    until("the service is at rest", || service.statistics().in_flight == 0);
    let held = service.state();
    assert!((1..VECTORS).contains(&held.len()), "{}: {} vectors were stored before", form.name, held.len());
    let ended = Running::start(&mut load()).end();
    ended.assert_code(0);
    let [stored, skipped] = ended.counts(["stored", "skipped"]);
    assert_eq!(stored + skipped, VECTORS as u64, "{}", form.name);
    assert!(skipped > 0, "{}: nothing was noted of the first run", form.name);
    service.assert_holds_in(form.name, &wanted.state);
}

#[test]
fn the_same_vectors_in_any_form_are_stored_alike_also_when_the_load_is_killed_and_resumed() {
    let seed = std::env::var_os("SEED").map_or(14, |seed| seed.to_str().unwrap().parse().unwrap());
    let samples = samples(VECTORS, seed);
    let wanted = Wanted { companions: companions(&samples), state: state(&samples) };
    assert_eq!(wanted.state.len(), VECTORS);
    let (forms, next) = (all(&samples), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for half in 0..2 {
            let (forms, next, wanted) = (&forms, &next, &wanted);
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed + half);
                while let Some(form) = forms.get(next.fetch_add(1, Ordering::Relaxed)) {
                    killed_and_resumed(form, wanted, &mut random);
                }
            });
        }
    });
    say(&format!("{} forms of {VECTORS} vectors with seed {seed}", forms.len()));
}
