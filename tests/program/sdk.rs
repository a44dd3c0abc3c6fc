//! The vendor's own Python SDK as an independent witness: it talks to `ossvec serve`, sees what ossvec has loaded, and
//! signs every request of ossvec in the same way.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use ossvec::test_support::local_service::{Options, Service};
use serde_json::{Value, json};

use crate::recorder::{Recorded, Recorder};
use crate::support::{
    ACCOUNT, BUCKET, Ended, Home, INDEX, State, TestService, assert_same, lines, run, run_with_input, say,
    state_of, unlimited, wanted,
};

const SDK: &str = "alibabacloud-oss-v2";
const VERSION: &str = "1.4.1";

/// A Python that has the SDK; made once and kept with the other build products. None where there is no Python 3 with
/// pip to make it with: then the tests of this file are left out, but never in CI.
fn python() -> Option<&'static Path> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    PYTHON.get_or_init(make_python).as_deref()
}

fn make_python() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("sdk-{VERSION}"));
    let python = folder.join("bin/python");
    let installed = format!("import {} as sdk; assert sdk.__version__ == '{VERSION}'", SDK.replace('-', "_"));
    let works = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    if works(Command::new(&python).args(["-c", &installed])) {
        return Some(python);
    }
    if !works(Command::new("python3").args(["-c", "import venv, ensurepip"])) {
        assert!(std::env::var_os("CI").is_none(), "CI must have Python 3 with venv and pip");
        say("SKIPPED: the tests with the vendor's SDK, because there is no Python 3 with venv and pip here");
        return None;
    }
    let made = run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
    made.assert_code(0);
    let package = format!("{SDK}=={VERSION}");
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", &package];
    run(Command::new(&python).args(pip)).assert_code(0);
    assert!(works(Command::new(&python).args(["-c", &installed])), "the SDK is not {VERSION}");
    Some(python)
}

/// Runs a script of tests/sdk.
fn script(python: &Path, name: &str, arguments: &[&str], input: Vec<u8>) -> Ended {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk").join(name);
    run_with_input(Command::new(python).arg("-B").arg(script).args(arguments), input)
}

/// `ossvec serve` as a process of its own.
struct Serving {
    child: Child,
    address: SocketAddr,
}

impl Serving {
    fn start(home: &Home) -> Self {
        let mut command = home.ossvec();
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir", "data"]);
        command.args(["--requests-per-second", "0", "--vectors-per-second", "0"]);
        // Nothing of its own is inherited, so that nobody waits for it should it be left behind.
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut serving = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let mut first = String::new();
        said.read_line(&mut first).unwrap();
        // Whatever else it says is read, so that it never waits for a reader.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let (_, rest) = first.split_once("http://").unwrap();
        serving.address = rest.split([' ', ',']).next().unwrap().parse().unwrap();
        serving
    }

    /// Stops it as a supervisor does.
    fn stop(mut self) {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It is gone already when the test has stopped it.
        self.child.kill().unwrap_or_default();
        drop(self.child.wait());
    }
}

/// Vectors with every kind of float32, so many that they take two puts and seven pages.
fn awkward_state() -> State {
    const BITS: [u32; 12] = [
        0x8000_0000,
        0,
        1,
        0x8000_0001,
        0x007f_ffff,
        0x0080_0000,
        0x7f7f_ffff,
        0xff7f_ffff,
        0x3f80_0001,
        0x3dcc_cccd,
        0x4b80_0001,
        0x0d9a_5c31,
    ];
    let numbers = |record: usize| {
        let mixed = u32::try_from(record).unwrap().wrapping_mul(2_654_435_761);
        // A random exponent below that of infinity.
        vec![
            BITS[record % BITS.len()],
            BITS[(record + 5) % BITS.len()],
            mixed & 0xbfff_ffff,
            mixed % 0x7f80_0000,
        ]
    };
    let metadata = |record: usize| json!({ "n": record.to_string(), "tags": ["ä", "\"q\" \\ \n", ""] });
    (0..620).map(|record| (format!("Größe {record} / 大"), (numbers(record), metadata(record)))).collect()
}

fn to_json(state: &State) -> Vec<u8> {
    serde_json::to_vec(state).unwrap()
}

#[cfg(unix)]
#[test]
fn the_sdk_puts_lists_and_gets_through_ossvec_serve_and_sees_what_ossvec_loads() {
    let Some(python) = python() else { return };
    let home = Home::new();
    let serving = Serving::start(&home);
    let port = serving.address.port().to_string();
    let sdk = |action, index, input: Vec<u8>| -> String {
        let ended = script(python, "vectors.py", &[action, &port, BUCKET, index], input);
        assert_eq!(ended.code, Some(0), "{action}: {}", ended.stderr);
        ended.stdout
    };
    let seen = |text: String| -> State { serde_json::from_str(&text).unwrap() };

    let state = awkward_state();
    sdk("put", "bysdk", to_json(&state));
    assert_same(&seen(sdk("list", "bysdk", Vec::new())), &state);
    assert_same(&seen(sdk("get", "bysdk", to_json(&state))), &state);

    let mut command = home.put_to(&format!("http://{}", serving.address));
    run(command.arg(home.write("vectors.jsonl", lines(700, 8)))).assert_code(0);
    assert_same(&seen(sdk("list", INDEX, Vec::new())), &wanted(0..700, 8));

    serving.stop();
    let service = Service::open(Options { data: Some(home.path("data")), ..Options::default() }).unwrap();
    assert_same(&state_of(&service, BUCKET, "bysdk"), &state);
    assert_same(&state_of(&service, BUCKET, INDEX), &wanted(0..700, 8));
}

/// The ways to reach the service: where the bucket stands, and whether the key is a temporary one.
const WAYS: [(&str, bool, Option<&str>); 3] = [
    ("the bucket in the path", false, None),
    ("the bucket in the host", true, None),
    ("a temporary key", true, Some("to+ken/with==signs")),
];

/// What the SDK's signer makes of each request.
fn signed_anew(python: &Path, recorded: &[Recorded]) -> Vec<Value> {
    let line = |request| (serde_json::to_string(request).unwrap() + "\n").into_bytes();
    let ended = script(python, "resign.py", &[BUCKET], recorded.iter().flat_map(line).collect());
    ended.assert_code(0);
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_sdk_signs_every_request_of_a_load_as_ossvec_does() {
    let Some(python) = python() else { return };
    for (name, is_in_host, token) in WAYS {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let recorder = Recorder::start(service.address);
        let proxy = format!("http://{}", recorder.address);
        let mut command = home.put_to(if is_in_host { "http://oss.test" } else { &proxy });
        if is_in_host {
            command.env("http_proxy", &proxy);
        }
        if let Some(token) = token {
            command.env("OSS_SESSION_TOKEN", token);
        }
        command.args(["--verify", "all"]).arg(home.write("vectors.jsonl", lines(1_100, 8)));
        assert_eq!(run(&mut command).assert_code(0).counts(["stored"]), [1_100], "{name}");
        assert_same(&service.state(), &wanted(0..1_100, 8));

        let recorded = recorder.recorded();
        assert_eq!(recorded.len(), service.statistics().recent.len(), "{name}: some request was not seen");
        let host = if is_in_host {
            format!("http://{BUCKET}-{ACCOUNT}.oss.test/?")
        } else {
            format!("http://{}/{BUCKET}/?", recorder.address)
        };
        assert!(recorded.iter().all(|request| request.url.starts_with(&host)), "{name}: {recorded:#?}");
        assert_eq!(
            recorded.iter().all(|request| request.headers.contains_key("x-oss-security-token")),
            token.is_some()
        );
        let verdicts = signed_anew(python, &recorded);
        let differing: Vec<_> = verdicts.iter().filter(|verdict| !verdict["difference"].is_null()).collect();
        assert!(verdicts.len() == recorded.len() && differing.is_empty(), "{name}: {differing:#?}");
        let operations: BTreeSet<_> =
            verdicts.iter().map(|verdict| verdict["operation"].as_str().unwrap()).collect();
        assert_eq!(
            operations,
            BTreeSet::from(["getVectorIndex", "getVectors", "putVectorIndex", "putVectors"])
        );
    }
}
