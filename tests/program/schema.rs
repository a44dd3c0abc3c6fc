//! What `docs/schema` promises is what the program prints, member by member, and what `docs/events.md` lists.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Value, json};

use crate::support::{Ended, Home, TestService, line, lines, run, unlimited, with_faults};
use crate::trouble::{Running, json_lines, until};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema");

fn load(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(Path::new(FOLDER).join(name)).unwrap()).unwrap()
}

/// The same schema with every object closed: a member that is not documented fails. Readers are promised the opposite,
/// that new members may come; here they must come with their description.
fn strict(mut schema: Value) -> Value {
    if let Value::Object(members) = &mut schema {
        if members.get("type") == Some(&json!("object")) && members.contains_key("properties") {
            members.insert("unevaluatedProperties".to_owned(), json!(false));
        }
        for member in members.values_mut() {
            *member = strict(member.take());
        }
    } else if let Value::Array(elements) = &mut schema {
        for element in elements {
            *element = strict(element.take());
        }
    }
    schema
}

/// The schemas, strict.
struct Forms {
    schemas: Schemas,
    by_name: BTreeMap<&'static str, SchemaIndex>,
    /// Types of events and reasons that were met.
    met: BTreeSet<String>,
}

impl Forms {
    fn new() -> Self {
        let names =
            ["event", "summary", "reject", "status"].map(|name| (name, format!("{name}.schema.json")));
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        for (_, file) in &names {
            let schema = strict(load(file));
            let id = schema["$id"].as_str().unwrap().to_owned();
            compiler.add_resource(&id, schema).unwrap();
        }
        let id = |file: &str| format!("https://ossvec.invalid/schema/{file}");
        let by_name = names
            .iter()
            .map(|(name, file)| (*name, compiler.compile(&id(file), &mut schemas).unwrap()))
            .collect();
        Self { schemas, by_name, met: BTreeSet::new() }
    }

    fn is_valid(&self, name: &str, document: &Value) -> Result<(), String> {
        let outcome = self.schemas.validate(document, self.by_name[name]);
        outcome.map_err(|error| format!("{name}: {error:#}\n{document:#}"))
    }

    #[track_caller]
    fn check(&self, name: &str, document: &Value) {
        self.is_valid(name, document).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Checks everything that a run left: standard output, and the files of events and rejects.
    #[track_caller]
    fn check_run(&mut self, home: &Home, ended: &Ended, code: i32) {
        let summary = ended.assert_code(code).summary();
        self.check("summary", &summary);
        for event in json_lines(&home.path("events.jsonl")) {
            self.check("event", &event);
            self.met.insert(event["type"].as_str().unwrap().to_owned());
        }
        for reject in json_lines(&home.path("rejects.jsonl")) {
            self.check("reject", &reject);
            self.met.insert(reject["rejected"]["reason"].as_str().unwrap().to_owned());
        }
        self.met.extend(summary["limited_by"].as_str().map(str::to_owned));
    }
}

/// The members that a schema's object has.
fn members(object: &Value) -> BTreeSet<String> {
    object["properties"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn a_member_that_is_not_documented_or_is_missing_does_not_pass() {
    let forms = Forms::new();
    let (time, run_id) = ("2026-11-29T21:08:39.125Z", "0123456789abcdef");
    let head = json!({"schema_version": "1", "time": time, "run_id": run_id, "type": "pace"});
    let mut pace = head.clone();
    pace["pace"] = json!(0.5);
    forms.check("event", &pace);
    let with = |name: &str, value: Value| {
        let mut event = pace.clone();
        event[name] = value;
        event
    };
    for wrong in [
        with("more", json!(1)),
        with("pace", json!(1.5)),
        with("type", json!("paces")),
        with("time", json!("2026-11-29 21:08:39Z")),
        with("run_id", json!("this run")),
        head,
        json!({"type": "pace", "pace": 0.5}),
    ] {
        assert!(forms.is_valid("event", &wrong).is_err(), "{wrong}");
    }
    let loose = json!({"rejected": {}, "record": {}});
    assert!(forms.is_valid("reject", &loose).is_err());
}

#[test]
fn real_runs_of_every_kind_print_what_the_schemas_say() {
    let mut forms = Forms::new();
    let put = |home: &Home, service: &TestService, more: &[&str]| {
        let mut load = home.put(service);
        load.args(["a.jsonl", "--events", "events.jsonl", "--rejects", "rejects.jsonl"]).args(more);
        load
    };
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(1_200, 4));
    forms.check_run(&home, &run(&mut put(&home, &service, &[])), 0);
    forms.check_run(&home, &run(&mut put(&home, &service, &["--dimension", "7"])), 1);
    forms.check_run(&home, &run(&mut put(&home, &service, &["--bogus"])), 1);
    forms.check_run(&home, &run(put(&home, &service, &[]).env("OSS_ACCESS_KEY_SECRET", "wrong")), 2);
    home.write("a.jsonl", "[{\"key\":\"a\",");
    forms.check_run(&home, &run(&mut put(&home, &service, &[])), 3);
    home.write("a.jsonl", format!("[{},{{\"key\":\"a\",", line(0, 4).trim_end()));
    home.write("b.jsonl", "[{\"key\":\"a\",");
    forms.check_run(&home, &run(&mut put(&home, &service, &["b.jsonl", "--skip-bad-files"])), 3);
    assert!(forms.met.contains("input_failed"), "{:?}", forms.met);
    home.write("a.jsonl", [lines(20, 4), line(20, 3)].concat());
    let mut rehearsal = home.ossvec();
    rehearsal.args([
        "put-vectors",
        "--dimension",
        "4",
        "a.jsonl",
        "--dry-run",
        "--output-format",
        "json",
        "--events",
        "events.jsonl",
    ]);
    forms.check_run(&home, &run(rehearsal.args(["--rejects", "rejects.jsonl"])), 4);

    let faults = [
        "op=PutVectors,nth=1,status=500,code=InternalError,apply=half",
        "op=PutVectors,nth=2,status=429,code=QpsLimitExceeded",
        "op=PutVectors,nth=4,reset=after",
        "refuse-key=key-900",
    ];
    let (home, service) = (Home::new(), TestService::start(with_faults(&faults)));
    let bad = [line(5_000, 3), "rubbish\n".to_owned()].concat();
    home.write("a.jsonl", [lines(1_200, 4), bad, line(1_199, 4)].concat());
    forms.check_run(&home, &run(&mut put(&home, &service, &["--job", "1", "--dimension", "4"])), 4);
    for seen in
        ["run_start", "batch", "retry", "throttle", "reject", "run_end", "dimension", "syntax", "refused"]
    {
        assert!(forms.met.contains(seen), "{seen}: {:?}", forms.met);
    }
}

#[test]
#[cfg(unix)]
fn runs_that_are_stopped_and_resumed_print_what_the_schemas_say() {
    let mut forms = Forms::new();
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", [line(0, 4), line(9_999, 3), lines(4_000, 4)].concat());
    // Once the pace is low, it rises by a tenth within five seconds.
    service.trouble(&["op=PutVectors,nth=3,status=429,code=QpsLimitExceeded"]);
    let mut load = home.put_paced(&service);
    load.args(["a.jsonl", "--dimension", "4", "--batch-size", "10", "--requests-per-second", "40"]);
    load.args(["--events", "events.jsonl", "--rejects", "rejects.jsonl"]);
    let mut running = Running::start(&mut load);
    until("the pace has begun to rise again", || {
        assert!(!running.is_over());
        let events = std::fs::read_to_string(home.path("events.jsonl")).unwrap_or_default();
        events.contains("\"type\":\"pace\"")
    });
    running.signal("INT");
    forms.check_run(&home, &running.end(), 5);
    assert!(forms.met.contains("pace") && forms.met.contains("throttling"), "{:?}", forms.met);
    service.trouble(&[]);
    let mut resume = home.put_sized(&service, 4);
    resume.args(["a.jsonl", "--resume", "--events", "events.jsonl", "--rejects", "rejects.jsonl"]);
    let resumed = run(&mut resume);
    forms.check_run(&home, &resumed, 4);
    assert!(resumed.counts(["skipped"])[0] > 0);
}

#[test]
fn what_status_prints_of_loads_of_every_kind_is_what_its_schema_says() {
    let forms = Forms::new();
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let mut states = BTreeSet::new();
    let mut look = || {
        let mut status = home.ossvec();
        let ended = run(status.args(["status", "--checkpoint-dir", "state", "--output-format", "json"]));
        let document = serde_json::from_str(&ended.assert_code(0).stdout).unwrap();
        forms.check("status", &document);
        let loads = document["loads"].as_array().unwrap().clone();
        states.extend(loads.iter().map(|load| load["state"].as_str().unwrap().to_owned()));
        loads
    };
    let put = |more: &[&str]| {
        let mut load = home.put(&service);
        load.args(["a.jsonl", "--batch-size", "20", "--checkpoint-dir", "state"]).args(more);
        load
    };
    home.write("a.jsonl", lines(60, 4));
    home.write("state/damaged/lock", "");
    home.write("state/damaged/receipt", "");
    service.trouble(&["op=PutVectors,nth=2,status=403,code=AccessDenied"]);
    run(&mut put(&["--job", "1"])).assert_code(2);
    look();
    // As an earlier version has left it.
    let state = std::fs::read_dir(home.path("state")).unwrap().map(|entry| entry.unwrap().path());
    let state = state.map(|folder| folder.join("state.json")).find(|state| state.exists()).unwrap();
    std::fs::remove_file(&state).unwrap();
    look();
    service.trouble(&["op=PutVectors,status=503,code=InternalError,retry-after=60"]);
    let running = Running::start(&mut put(&["--resume"]));
    until("it is running", || look().iter().any(|load| load["state"] == "running"));
    running.kill();
    look();
    service.trouble(&[]);
    run(&mut put(&["--resume"])).assert_code(0);
    look();
    assert_eq!(states, ["complete", "running", "stopped", "unreadable"].map(str::to_owned).into());
}

/// The names in the first column of the table behind a heading of `docs/events.md`.
fn listed(page: &str, heading: &str) -> BTreeSet<String> {
    let section = page.split(&format!("\n{heading}\n")).nth(1).unwrap_or_else(|| panic!("no {heading}"));
    let section = section.split("\n#").next().unwrap();
    let rows = section.lines().skip_while(|line| !line.starts_with("| field")).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let names = rows.filter_map(|row| row.split('|').nth(1));
    let names =
        names.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>());
    names.collect()
}

#[test]
fn the_page_on_events_lists_exactly_the_members_of_the_schemas() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/events.md")).unwrap();
    let page = page.replace("\r\n", "\n");
    assert_eq!(listed(&page, "## Summary"), members(&load("summary.schema.json")));
    assert_eq!(listed(&page, "## Status"), members(&load("status.schema.json")["$defs"]["load"]));
    let events = load("event.schema.json");
    for kind in events["oneOf"].as_array().unwrap() {
        let name = kind["$ref"].as_str().unwrap().trim_start_matches("#/$defs/");
        let mut wanted = members(&events["$defs"][name]);
        wanted.remove("type");
        assert_eq!(listed(&page, &format!("### `{name}`")), wanted, "{name}");
    }
}
