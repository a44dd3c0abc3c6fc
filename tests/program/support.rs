//! What the tests of the program share: a service with its own state, a home of its own for each test, and the program
//! itself, run as a user runs it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::JoinHandle;

use ossvec::test_support::local_service::statistics::Statistics;
use ossvec::test_support::local_service::{self, Options, Service};
use ossvec::test_support::setting::FOR_TESTS;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub(crate) const BUCKET: &str = "test-bucket";
pub(crate) const INDEX: &str = "idx";
pub(crate) const ACCOUNT: &str = "1234567890";

/// A new index, and a summary that a test can take apart.
const CREATING: [&str; 5] = ["--output-format", "json", "--create-index", "--distance-metric", "euclidean"];

/// No quota.
const UNPACED: [&str; 4] = ["--requests-per-second", "0", "--vectors-per-second", "0"];

/// Programs under test share the machine; one whose pace is measured has it to itself.
static MACHINE: RwLock<()> = RwLock::new(());

/// What is stored under each key: the bits of the numbers, and the metadata as a value.
pub(crate) type State = BTreeMap<String, (Vec<u32>, serde_json::Value)>;

/// A local service on a port of its own, in this process, so that a test can look into it.
pub(crate) struct TestService {
    pub(crate) service: Arc<Service>,
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A service in memory without a quota; tests of the pace set one.
pub(crate) fn unlimited() -> Options {
    Options { requests_per_second: 0.0, vectors_per_second: 0.0, ..Options::default() }
}

/// The service with scripted trouble.
pub(crate) fn with_faults(specs: &[&str]) -> Options {
    let faults = specs.iter().map(|spec| local_service::fault::Fault::parse(spec).unwrap()).collect();
    Options { faults, ..unlimited() }
}

impl TestService {
    pub(crate) fn start(options: Options) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Self::start_on(listener, options)
    }

    /// The same on an address of the test's choice.
    pub(crate) fn start_on(listener: std::net::TcpListener, options: Options) -> Self {
        let service = Arc::new(Service::open(options).unwrap());
        assert!(service.store().put_bucket(BUCKET, "2026-01-01T00:00:00.000Z").unwrap());
        let (stop, stopped) = oneshot::channel();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let served = Arc::clone(&service);
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                let stopped = async { stopped.await.unwrap_or_default() };
                local_service::serve(listener, stopped, served).await.unwrap();
            });
        });
        Self { service, address, stop: Some(stop), thread: Some(thread) }
    }

    /// What the service itself holds, whatever anybody says.
    pub(crate) fn state(&self) -> State {
        state_of(&self.service, BUCKET, INDEX)
    }

    /// Which record, by its number, is stored under each key.
    pub(crate) fn held(&self) -> BTreeMap<String, usize> {
        let number = |metadata: &serde_json::Value| metadata["n"].as_str().unwrap().parse().unwrap();
        self.state().iter().map(|(key, (_, metadata))| (key.clone(), number(metadata))).collect()
    }

    /// Checks what the service holds.
    #[track_caller]
    pub(crate) fn assert_holds(&self, wanted: &State) {
        assert_same(&self.state(), wanted);
    }

    /// The same in one of several cases, which is named.
    #[track_caller]
    pub(crate) fn assert_holds_in(&self, case: impl Display, wanted: &State) {
        let difference = difference(&self.state(), wanted);
        assert!(difference.is_none(), "{case}: {}", difference.unwrap_or_default());
    }

    pub(crate) fn statistics(&self) -> Statistics {
        self.service.statistics()
    }

    /// Whether nobody asked the service for anything.
    pub(crate) fn is_untouched(&self) -> bool {
        self.statistics().recent.is_empty()
    }
}

impl Drop for TestService {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(()).unwrap_or_default();
        }
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(std::thread::panicking() || matches!(ended, Some(Ok(()))), "the service panicked");
    }
}

/// What an index of a service holds.
pub(crate) fn state_of(service: &Service, bucket: &str, index: &str) -> State {
    let value = |text: Option<String>| {
        text.map_or(serde_json::Value::Null, |text| serde_json::from_str(&text).unwrap())
    };
    let vectors = service.store().vectors(bucket, index).unwrap().into_iter();
    vectors
        .map(|vector| {
            let bits = vector.data.iter().map(|number| number.to_bits()).collect();
            (vector.key, (bits, value(vector.metadata)))
        })
        .collect()
}

/// The first few keys where two states differ, if they do.
pub(crate) fn difference(state: &State, wanted: &State) -> Option<String> {
    let keys: BTreeSet<_> = state.keys().chain(wanted.keys()).collect();
    let differing = keys.into_iter().filter(|key| state.get(*key) != wanted.get(*key));
    let differing: Vec<_> = differing.map(|key| (key, state.get(key), wanted.get(key))).collect();
    let some = &differing[..differing.len().min(3)];
    let told = || format!("{} differ (key, stored, wanted), among them {some:?}", differing.len());
    (!differing.is_empty()).then(told)
}

/// Compares two states.
#[track_caller]
pub(crate) fn assert_same(state: &State, wanted: &State) {
    let difference = difference(state, wanted);
    assert!(difference.is_none(), "{}", difference.unwrap_or_default());
}

/// A folder of its own, which is also the home of the program; removed with the test, kept when it fails.
pub(crate) struct Home(PathBuf);

impl Home {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("home-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file into it, perhaps in a folder, and returns its path.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The program with an empty environment and this home.
    pub(crate) fn ossvec(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ossvec"));
        command.env_clear().env("HOME", &self.0).current_dir(&self.0).stdin(Stdio::null());
        // So that one command runs all tests with the variable and without it.
        command.envs(FOR_TESTS.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command
    }

    /// A load into `service`, the index created when it is missing, without a quota.
    pub(crate) fn put(&self, service: &TestService) -> Command {
        self.put_as(&["put-vectors"], service)
    }

    /// The same where some records have another dimension and are to be rejected.
    pub(crate) fn put_sized(&self, service: &TestService, dimension: usize) -> Command {
        let mut command = self.put(service);
        command.args(["--dimension", &dimension.to_string()]);
        command
    }

    /// The same under any of the command's names.
    pub(crate) fn put_as(&self, words: &[&str], service: &TestService) -> Command {
        let mut command = self.aimed(words, service);
        command.args(CREATING).args(UNPACED);
        command
    }

    /// The same to any endpoint.
    pub(crate) fn put_to(&self, endpoint: &str) -> Command {
        let mut command = self.aimed_at(&["put-vectors"], endpoint);
        command.args(CREATING).args(UNPACED);
        command
    }

    /// The same at the documented pace.
    pub(crate) fn put_paced(&self, service: &TestService) -> Command {
        let mut command = self.aimed(&["put-vectors"], service);
        command.args(CREATING);
        command
    }

    /// The command with a target in `service` and a credential for it, and nothing else.
    pub(crate) fn aimed(&self, words: &[&str], service: &TestService) -> Command {
        self.aimed_at(words, &format!("http://{}", service.address))
    }

    pub(crate) fn aimed_at(&self, words: &[&str], endpoint: &str) -> Command {
        let mut command = self.ossvec();
        command.args(words).args(["--bucket", BUCKET, "--index-name", INDEX, "--region", "cn-hangzhou"]);
        command.args(["--account-id", ACCOUNT, "--endpoint", endpoint]);
        command.env("OSS_ACCESS_KEY_ID", "local").env("OSS_ACCESS_KEY_SECRET", "local");
        command
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            std::fs::remove_dir_all(&self.0).unwrap_or_default();
        }
    }
}

/// How a run of the program ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// The summary, which must be all of standard output, with its books in order.
    pub(crate) fn summary(&self) -> serde_json::Value {
        let summary: serde_json::Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: stdout {:?} stderr {:?}", self.stdout, self.stderr));
        let count = |name: &str| summary[name].as_u64().unwrap();
        let parts = ["stored", "rejected", "superseded", "unknown", "not_sent"].map(count);
        let not_sampled = summary["verified"]["not_sampled"].as_u64().unwrap_or_default();
        assert_eq!(count("read"), parts.iter().sum::<u64>() + not_sampled, "{summary:#}");
        assert_eq!(summary["exit_code"].as_i64(), self.code.map(i64::from), "{summary:#}");
        summary
    }

    /// Some of the summary's counts.
    pub(crate) fn counts<const N: usize>(&self, names: [&str; N]) -> [u64; N] {
        let summary = self.summary();
        names.map(|name| summary[name].as_u64().unwrap())
    }

    /// What a command that stops at once may say: one line, and one of advice.
    #[track_caller]
    pub(crate) fn complaint(&self) -> String {
        let said: Vec<&str> = self.stderr.lines().collect();
        assert!(matches!(said.len(), 1..=2), "{}", self.stderr);
        assert!(said.iter().skip(1).all(|advice| advice.starts_with("        ")), "{}", self.stderr);
        said[0].strip_prefix("ossvec: ").unwrap_or_else(|| panic!("{}", self.stderr)).to_owned()
    }

    #[track_caller]
    pub(crate) fn assert_code(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Ended {
    run_with_input(command.stdin(Stdio::null()), Vec::new())
}

/// Runs a command to its end with `input` as its standard input.
pub(crate) fn run_with_input(command: &mut Command, input: Vec<u8>) -> Ended {
    let _shared = sharing_the_machine();
    if !input.is_empty() {
        command.stdin(Stdio::piped());
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let feeding = child.stdin.take().map(|mut stdin| std::thread::spawn(move || stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    // A program that stops early does not read to the end.
    drop(feeding.map(JoinHandle::join));
    output.into()
}

/// The words of a command line without quotes.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|word| !word.is_empty())
}

/// Prints a line also when the test passes, which otherwise takes in what a test prints.
pub(crate) fn say(line: &str) {
    writeln!(std::io::stderr().lock(), "{line}").unwrap();
}

/// Keeps out those that need the machine to themselves while its result lives.
pub(crate) fn sharing_the_machine() -> RwLockReadGuard<'static, ()> {
    MACHINE.read().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps every other run out while its result lives.
pub(crate) fn alone_on_the_machine() -> RwLockWriteGuard<'static, ()> {
    MACHINE.write().unwrap_or_else(PoisonError::into_inner)
}

/// Numbers that differ from record to record and need all digits of a float32.
pub(crate) fn numbers(record: usize, dimension: usize) -> Vec<f32> {
    (0..dimension)
        .map(|index| {
            let mixed = (record * 31 + index * 17 + 7).wrapping_mul(2_654_435_761) % 1_000_003;
            #[expect(clippy::cast_precision_loss, reason = "any number will do")]
            let value = mixed as f32 / 1_000_003.0 - 0.5;
            value
        })
        .collect()
}

/// A record in wire form, as one line.
pub(crate) fn line(record: usize, dimension: usize) -> String {
    let numbers: Vec<_> = numbers(record, dimension).iter().map(ToString::to_string).collect();
    format!(
        "{{\"key\":\"key-{record}\",\"data\":{{\"float32\":[{}]}},\"metadata\":{{\"n\":\"{record}\"}}}}\n",
        numbers.join(",")
    )
}

/// So many records as JSONL.
pub(crate) fn lines(records: usize, dimension: usize) -> String {
    (0..records).map(|record| line(record, dimension)).collect()
}

/// The same, those that are bad with one number too many.
pub(crate) fn flawed(records: usize, dimension: usize, is_bad: impl Fn(usize) -> bool) -> String {
    (0..records).map(|record| line(record, dimension + usize::from(is_bad(record)))).collect()
}

/// A record as [`line`] has it, but for its key.
pub(crate) fn renamed(record: usize, dimension: usize, key: &str) -> String {
    line(record, dimension).replacen(&format!("\"key-{record}\""), &format!("\"{key}\""), 1)
}

/// Lines as one array, a record a line.
pub(crate) fn array(lines: &str) -> String {
    format!("[{}]", lines.trim_end().replace('\n', ",\n"))
}

/// The keys of some records.
pub(crate) fn keys(records: impl IntoIterator<Item = usize>) -> Vec<String> {
    records.into_iter().map(|record| format!("key-{record}")).collect()
}

/// The state that [`lines`] describes.
pub(crate) fn wanted(records: impl IntoIterator<Item = usize>, dimension: usize) -> State {
    records
        .into_iter()
        .map(|record| {
            let bits = numbers(record, dimension).iter().map(|number| number.to_bits()).collect();
            (format!("key-{record}"), (bits, serde_json::json!({ "n": record.to_string() })))
        })
        .collect()
}

pub(crate) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 1).unwrap()
}

pub(crate) fn bzip2(text: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn xz(text: &[u8]) -> Vec<u8> {
    // Small blocks, so that what is cut in the middle has a beginning.
    let mut options = lzma_rust2::XzOptions::with_preset(0);
    options.set_block_size(std::num::NonZeroU64::new(64 << 10));
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn lz4(text: &[u8]) -> Vec<u8> {
    let info = lz4_flex::frame::FrameInfo::new()
        .content_checksum(true)
        .block_size(lz4_flex::frame::BlockSize::Max64KB);
    let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}
