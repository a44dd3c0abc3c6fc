//! Clocks that are wrong and tokens that end.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ossvec::test_support::admit;
use ossvec::test_support::call::{Budget, Quota};
use ossvec::test_support::oss::client::{Client, ClientOptions};
use ossvec::test_support::oss::credential::{Credentials, Source};
use ossvec::test_support::oss::endpoint::{Endpoint, Target};
use ossvec::test_support::oss::network::{Network, Proxy};
use ossvec::test_support::oss::secret::{Credential, Secret};
use ossvec::test_support::oss::time::Timestamp;
use ossvec::test_support::oss::wire::DistanceMetric;
use ossvec::test_support::put::report::{Quiet, Run, Style, Telling};
use ossvec::test_support::put::{
    self, Bounds, Calls, Finished, Job, Keep, MaxRejects, Rehearse, Verify, Wanted, batch,
};
use ossvec::test_support::record::Input;

use crate::support::{BUCKET, Home, INDEX, State, TestService, lines, run, unlimited, wanted};

#[test]
fn a_wrong_clock_is_set_once_by_the_services_date_and_stays_right() {
    for skew in ["skew=20m", "skew=-20m", "skew=26h"] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        service.trouble(&[skew]);
        let input = home.write("vectors.jsonl", lines(400, 4));
        let ended = run(home.put(&service).arg(input).args(["--batch-size", "20"]));
        assert_eq!(ended.assert_code(0).counts(["stored"]), [400], "{skew}");
        assert_eq!(service.answered("RequestTimeTooSkewed"), 1, "{skew}");
        service.assert_holds_in(skew, &wanted(0..400, 4));
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
    let [stored, not_sent, unknown] = ended.assert_code(6).counts(["stored", "not_sent", "unknown"]);
    assert!(ended.stderr.contains("SecurityTokenExpired"), "{}", ended.stderr);
    assert!(ended.stderr.contains("get a new token"), "{}", ended.stderr);
    assert_eq!((service.state().len() as u64, unknown), (stored, 0));
    assert!(not_sent > 0 && service.answered("SecurityTokenExpired") == 1);
    let resumed = load("fresh", &["--resume"]);
    let [skipped, read] = resumed.assert_code(0).counts(["skipped", "read"]);
    assert_eq!((skipped, skipped + read), (stored, 400));
    service.assert_holds(&wanted(0..400, 4));
}

#[test]
fn a_wrong_secret_stops_the_run_before_anything_is_sent() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let input = home.write("vectors.jsonl", lines(40, 4));
    let ended = run(home.put(&service).arg(input).env("OSS_ACCESS_KEY_SECRET", "wrong"));
    ended.assert_code(2);
    assert!(ended.stderr.contains("SignatureDoesNotMatch"), "{}", ended.stderr);
    assert!(ended.stderr.contains("check --access-key-secret"), "{}", ended.stderr);
    service.assert_holds(&State::new());
}

/// A source whose tokens are numbered; after `last` it has no newer one.
#[derive(Debug)]
struct Tokens {
    fetched: Arc<AtomicU32>,
    last: u32,
}

impl Source for Tokens {
    fn fetch(&self) -> Pin<Box<dyn Future<Output = Result<Credential, String>> + Send + '_>> {
        let number = self.fetched.fetch_add(1, Ordering::Relaxed) + 1;
        Box::pin(ready(Ok(Credential {
            access_key_id: "local".to_owned(),
            secret: Secret::new("local"),
            security_token: Some(Secret::new(number.min(self.last).to_string())),
            expires_at: None,
        })))
    }
}

/// Loads `input` with credentials from `source`.
fn load_with(source: Tokens, home: &Home, service: &TestService, input: Input) -> Finished {
    let endpoint = Endpoint::parse(Some(&format!("http://{}", service.address)), "cn-hangzhou").unwrap();
    let options = ClientOptions {
        endpoint,
        target: Target { bucket: BUCKET.into(), account: "1234567890".into(), region: "cn-hangzhou".into() },
        connect_timeout: Duration::from_secs(5),
        read_timeout: Duration::from_secs(5),
        skip_verify_cert: false,
        content_md5: true,
        network: Network { proxy: Proxy::None, extra_certificates: None },
    };
    let job = Job {
        inputs: vec![input.clone()],
        form: ossvec::test_support::read::Form::default(),
        fields: admit::Fields::new(&[], &[], &[]),
        metadata_values: admit::MetadataValues::Reject,
        lint: admit::Mode::Note,
        strict: false,
        wanted: Wanted {
            name: INDEX.to_owned(),
            dimension: None,
            metric: Some(DistanceMetric::Euclidean),
            usual_metric: None,
            non_filterable: None,
            create_index: true,
            create_bucket: false,
            only_reads: false,
        },
        client: Some(Client::new(options, Credentials::new(Box::new(source))).unwrap()),
        rehearse: Rehearse::default(),
        limits: batch::Limits { vectors: 20, bytes: 1 << 20 },
        quota: Quota { requests: f64::INFINITY, vectors: f64::INFINITY },
        jobs: 5,
        memory: 1 << 24,
        budget: Budget { retries: 3, time: Duration::from_mins(1), first_contact: Duration::from_mins(1) },
        verify: Verify::Unknown,
        content_md5: true,
        sample: None,
        bounds: Bounds { max_rejects: MaxRejects::Count(0), min_records: 0 },
        keep: Keep {
            folder: home.path("state"),
            rejects: None,
            resume: false,
            on_change: ossvec::test_support::put::keep::journal::OnChange::Refuse,
            place: ossvec::test_support::put::keep::journal::Place::default(),
            reading: std::collections::BTreeMap::new(),
            beside: std::collections::BTreeMap::new(),
            resume_command: String::new(),
            from_list: None,
        },
        telling: Telling {
            run: Run::begin("test".to_owned(), Timestamp::now),
            style: Style::Hidden,
            interval: Duration::from_secs(30),
            quiet: Quiet::AllButErrors,
            events: None,
            metrics: None,
            state: None,
            inputs: vec![input],
            bytes_total: None,
            bucket: BUCKET.to_owned(),
            index_name: INDEX.to_owned(),
            quota: Quota { requests: f64::INFINITY, vectors: f64::INFINITY },
            notes: Vec::new(),
            actions: None,
            resumed: false,
            skipped_inputs: Vec::new(),
            passed_over: Vec::new(),
            dry_run: false,
            verified: None,
        },
    };
    let (_interrupt, interrupt) = tokio::sync::watch::channel(false);
    let (_progress, progress) = tokio::sync::watch::channel(0);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(put::run(job, Calls { interrupt, progress }))
}

#[test]
fn a_token_that_ends_is_fetched_anew_once_by_all_that_are_in_flight() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    // Five are on their way with the old token.
    service.trouble(&["op=PutVectors,count=5,expired-token,latency=300ms"]);
    let input = Input::File(home.write("vectors.jsonl", lines(400, 4)));
    let fetched = Arc::new(AtomicU32::new(0));
    let finished = load_with(Tokens { fetched: Arc::clone(&fetched), last: 9 }, &home, &service, input);
    assert_eq!(finished.failure, None);
    assert_eq!(finished.summary.balance.tally.stored, 400);
    service.assert_holds(&wanted(0..400, 4));
    assert_eq!(fetched.load(Ordering::Relaxed), 2);
}

#[test]
fn a_source_without_a_newer_token_stops_the_run() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    service.trouble(&["op=PutVectors,nth=8,expired-token"]);
    let input = Input::File(home.write("vectors.jsonl", lines(400, 4)));
    let fetched = Arc::new(AtomicU32::new(0));
    let finished = load_with(Tokens { fetched: Arc::clone(&fetched), last: 1 }, &home, &service, input);
    let failure = finished.failure.unwrap();
    assert!(failure.message.contains("SecurityTokenExpired"), "{failure:?}");
    assert_eq!((failure.exit().code(), fetched.load(Ordering::Relaxed)), (6, 2));
    assert_eq!(service.state().len() as u64, finished.summary.balance.tally.stored);
}
