//! The file for Prometheus, read strictly by the grammar of its text format.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{BUCKET, Home, INDEX, TestService, line, lines, run, unlimited, with_faults};

/// A sample: its labels, and its value.
type Sample = (BTreeMap<String, String>, f64);

/// A metric as the format describes it.
#[derive(Debug)]
struct Metric {
    kind: String,
    samples: Vec<Sample>,
}

fn is_name(name: &str, may_have_colons: bool) -> bool {
    let is_letter =
        |letter: char| letter.is_ascii_alphabetic() || letter == '_' || may_have_colons && letter == ':';
    name.starts_with(is_letter) && name.chars().all(|letter| is_letter(letter) || letter.is_ascii_digit())
}

/// The labels of a sample up to the closing brace, and what follows it.
fn labels(mut text: &str) -> (BTreeMap<String, String>, &str) {
    let mut found = BTreeMap::new();
    loop {
        if let Some(rest) = text.strip_prefix('}') {
            return (found, rest);
        }
        let (name, rest) = text.split_once("=\"").unwrap();
        assert!(is_name(name, false), "{name} is no name of a label");
        let (mut value, mut letters) = (String::new(), rest.char_indices());
        let end = loop {
            match letters.next().unwrap() {
                (at, '"') => break at,
                (_, '\\') => value.push(match letters.next().unwrap().1 {
                    'n' => '\n',
                    letter @ ('\\' | '"') => letter,
                    other => panic!("no such escape: {other}"),
                }),
                (_, letter) => value.push(letter),
            }
        };
        assert!(found.insert(name.to_owned(), value).is_none(), "the label {name} occurs twice");
        let rest = rest.get(end + 1..).unwrap();
        text = rest.strip_prefix(',').unwrap_or_else(|| {
            assert!(rest.starts_with('}'), "{rest}");
            rest
        });
    }
}

fn value(text: &str) -> f64 {
    match text {
        "NaN" => f64::NAN,
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        number => {
            assert!(
                number.chars().all(|letter| letter.is_ascii_digit() || "+-.eE".contains(letter)),
                "{number}"
            );
            number.parse().unwrap()
        }
    }
}

/// Reads a file by the grammar of
/// [the text format](https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format): each metric is one
/// group of lines, its help and its type first and once, each sample with other labels.
#[track_caller]
fn parse(text: &str) -> BTreeMap<String, Metric> {
    assert!(text.ends_with('\n'), "the last line has no end: {text}");
    let mut metrics: BTreeMap<String, Metric> = BTreeMap::new();
    let (mut current, mut helped) = (String::new(), BTreeSet::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(helped.insert(name.to_owned()), "{name} has its help twice");
            assert!(!help.is_empty() && !help.contains('\\'), "{line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(is_name(name, true) && helped.contains(name), "{line}");
            assert!(["counter", "gauge", "histogram", "summary", "untyped"].contains(&kind), "{line}");
            let metric = Metric { kind: kind.to_owned(), samples: Vec::new() };
            assert!(metrics.insert(name.to_owned(), metric).is_none(), "{name} has its type twice");
            name.clone_into(&mut current);
        } else {
            let (name, rest) = line.split_once('{').unwrap();
            assert_eq!(name, current, "samples of a metric stand together: {line}");
            let (labels, rest) = labels(rest);
            let value = value(rest.strip_prefix(' ').unwrap());
            let metric = metrics.get_mut(name).unwrap();
            assert!(
                metric.samples.iter().all(|(others, _)| *others != labels),
                "a sample occurs twice: {line}"
            );
            assert!(metric.kind != "counter" || value >= 0.0 && name.ends_with("_total"), "{line}");
            metric.samples.push((labels, value));
        }
    }
    assert!(metrics.values().all(|metric| !metric.samples.is_empty()), "{metrics:?}");
    metrics
}

fn of(metrics: &BTreeMap<String, Metric>, name: &str) -> f64 {
    metrics[name].samples[0].1
}

#[test]
fn the_file_says_what_the_summary_says_in_the_grammar_of_the_format() {
    let fault = "op=PutVectors,nth=2,status=429,code=QpsLimitExceeded";
    let (home, service) = (Home::new(), TestService::start(with_faults(&[fault])));
    home.write("a.jsonl", lines(1_200, 4) + &line(5_000, 3) + &line(7, 4));
    let ended = run(home.put_sized(&service, 4).args(["a.jsonl", "--metrics-file", "ossvec.prom"]));
    let summary = ended.assert_code(4).summary();
    let metrics = parse(&std::fs::read_to_string(home.path("ossvec.prom")).unwrap());
    for (name, member) in [
        ("ossvec_records_read_total", "read"),
        ("ossvec_batches_total", "batches"),
        ("ossvec_requests_total", "attempts"),
        ("ossvec_throttled_responses_total", "throttled"),
        ("ossvec_sent_bytes_total", "bytes_sent"),
        ("ossvec_run_exit_code", "exit_code"),
    ] {
        assert_eq!(Some(of(&metrics, name)), summary[member].as_f64(), "{name}");
    }
    for (labels, records) in &metrics["ossvec_records"].samples {
        assert_eq!(Some(*records), summary[&labels["fate"]].as_f64(), "{labels:?}");
    }
    assert_eq!(metrics["ossvec_records"].samples.len(), 5);
    assert_eq!(Some(of(&metrics, "ossvec_run_active")), Some(0.0));
    assert!(of(&metrics, "ossvec_run_start_time_seconds") <= of(&metrics, "ossvec_run_update_time_seconds"));
    for (labels, _) in metrics.values().flat_map(|metric| &metric.samples) {
        let named = ["bucket", "index", "run_id"].map(|name| labels[name].as_str());
        assert_eq!(named, [BUCKET, INDEX, summary["run_id"].as_str().unwrap()]);
    }
}

#[test]
fn the_file_shows_how_a_run_failed_and_everybody_may_read_it() {
    let fault = "op=PutVectors,nth=1,status=403,code=AccessDenied";
    let (home, service) = (Home::new(), TestService::start(with_faults(&[fault])));
    home.write("a.jsonl", lines(3, 4));
    home.write("ossvec.prom", "what an earlier run wrote\n");
    run(home.put(&service).args(["a.jsonl", "--metrics-file", "ossvec.prom"])).assert_code(2);
    let metrics = parse(&std::fs::read_to_string(home.path("ossvec.prom")).unwrap());
    assert_eq!(Some(of(&metrics, "ossvec_run_exit_code")), Some(2.0));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(home.path("ossvec.prom")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644);
    }
}

#[test]
fn a_place_where_the_file_cannot_be_is_an_error_before_anything_is_sent() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(3, 4));
    std::fs::create_dir(home.path("directory")).unwrap();
    for (path, code, said) in [
        ("missing/ossvec.prom", 3, "cannot write --metrics-file missing/ossvec.prom: "),
        ("directory", 1, "--metrics-file directory is a directory"),
        ("a.jsonl", 1, "--metrics-file a.jsonl is the same file as an input"),
        ("events.jsonl", 1, "is the same file as --"),
        #[cfg(unix)]
        ("/dev/null", 1, "--metrics-file /dev/null is not a regular file"),
    ] {
        let ended =
            run(home.put(&service).args(["a.jsonl", "--events", "events.jsonl", "--metrics-file", path]));
        assert!(ended.assert_code(code).complaint().contains(said), "{path}: {}", ended.stderr);
    }
    assert!(service.is_untouched());
    assert_eq!(std::fs::read_to_string(home.path("a.jsonl")).unwrap(), lines(3, 4));
}

#[test]
fn the_page_lists_every_metric_with_its_kind() {
    let page = include_str!("../../docs/events.md");
    let section = page.split("\n## Metrics\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|row| row.strip_prefix("| `"));
    let listed: BTreeMap<_, _> = rows
        .map(|row| {
            (row.split('`').next().unwrap().to_owned(), row.split('|').nth(1).unwrap().trim().to_owned())
        })
        .collect();
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(3, 4));
    run(home.put(&service).args(["a.jsonl", "--metrics-file", "ossvec.prom"])).assert_code(0);
    let text = std::fs::read_to_string(home.path("ossvec.prom")).unwrap();
    for (name, metric) in parse(&text) {
        assert_eq!(listed.get(&name), Some(&metric.kind), "{name}");
    }
}
