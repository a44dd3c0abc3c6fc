//! The figures of a run in the text format of Prometheus. Pure.

use super::identity::Run;
use super::meter::Figures;
use crate::oss::time::Timestamp;
use crate::put::books::tally::{Balance, Cost, Tally};

/// A run at one moment.
#[derive(Debug)]
pub(crate) struct Exposition<'a> {
    pub(crate) run: &'a Run,
    pub(crate) bucket: &'a str,
    pub(crate) index_name: &'a str,
    pub(crate) now: Timestamp,
    pub(crate) balance: Balance,
    /// The figures of a run in progress.
    pub(crate) figures: Option<&'a Figures>,
    /// The current fraction of the configured pace.
    pub(crate) pace: f64,
    /// The exit code of the run, once it has ended.
    pub(crate) exit_code: Option<u8>,
}

/// A metric with its samples: additional labels, each with a leading comma, and a value.
struct Metric {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    samples: Vec<(&'static str, f64)>,
}

impl Exposition<'_> {
    /// The whole file.
    pub(crate) fn text(&self) -> String {
        let Self { run, bucket, index_name, .. } = self;
        let labels = format!(
            "bucket=\"{}\",index=\"{}\",run_id=\"{}\"",
            escaped(bucket),
            escaped(index_name),
            escaped(&run.id)
        );
        let metrics = self.metrics().into_iter().filter(|metric| !metric.samples.is_empty());
        metrics.map(|metric| metric.text(&labels)).collect()
    }

    fn metrics(&self) -> Vec<Metric> {
        let Balance { tally, batches, cost } = self.balance;
        let Tally { read, stored, rejected, superseded, unknown, not_sent, .. } = tally;
        let Cost { attempts, throttled, bytes_sent } = cost;
        let fates = vec![
            (",fate=\"stored\"", float(stored)),
            (",fate=\"rejected\"", float(rejected)),
            (",fate=\"superseded\"", float(superseded)),
            (",fate=\"unknown\"", float(unknown)),
            (",fate=\"not_sent\"", float(not_sent)),
        ];
        let now = |value: fn(&Figures) -> Option<f64>| self.figures.and_then(value);
        vec![
            counter("ossvec_records_read_total", "Records read from the input.", float(read)),
            Metric {
                samples: fates,
                ..gauge("ossvec_records", "Records of this run, by what became of them.", None)
            },
            counter("ossvec_batches_total", "Batches that ended.", float(batches)),
            counter("ossvec_requests_total", "Requests for them, including retries.", float(attempts)),
            counter("ossvec_throttled_responses_total", "Throttled responses to them.", float(throttled)),
            counter("ossvec_sent_bytes_total", "Bytes of their bodies.", float(bytes_sent)),
            gauge(
                "ossvec_vectors_per_second",
                "Vectors stored per second, over the last 15 seconds.",
                now(|figures| Some(figures.vectors_per_second)),
            ),
            gauge(
                "ossvec_requests_per_second",
                "Requests per second, over the last 15 seconds.",
                now(|figures| Some(figures.requests_per_second)),
            ),
            gauge(
                "ossvec_pace_ratio",
                "Current part of the set pace; below 1 after throttling.",
                Some(self.pace),
            ),
            gauge(
                "ossvec_progress_ratio",
                "Part of the input that is settled, including by earlier runs.",
                now(|figures| figures.percent.map(|percent| float(percent) / 100.0)),
            ),
            gauge(
                "ossvec_remaining_seconds",
                "Estimated time for the rest of the input.",
                now(|figures| figures.left.map(|left| left.as_secs_f64())),
            ),
            gauge(
                "ossvec_run_start_time_seconds",
                "When the run began, in Unix time.",
                Some(seconds(self.run.started_at)),
            ),
            gauge(
                "ossvec_run_update_time_seconds",
                "When this file was written, in Unix time.",
                Some(seconds(self.now)),
            ),
            gauge(
                "ossvec_run_active",
                "1 during the run, 0 once it has ended.",
                Some(if self.exit_code.is_none() { 1.0 } else { 0.0 }),
            ),
            gauge(
                "ossvec_run_exit_code",
                "Exit code of a run that has ended.",
                self.exit_code.map(f64::from),
            ),
        ]
    }
}

impl Metric {
    /// Its lines.
    fn text(&self, labels: &str) -> String {
        let Self { name, kind, help, samples } = self;
        let head = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
        samples.iter().fold(head, |text, (more, value)| {
            text + &format!("{name}{{{labels}{more}}} {}\n", number(*value))
        })
    }
}

fn counter(name: &'static str, help: &'static str, value: f64) -> Metric {
    Metric { name, kind: "counter", help, samples: vec![("", value)] }
}

fn gauge(name: &'static str, help: &'static str, value: Option<f64>) -> Metric {
    Metric { name, kind: "gauge", help, samples: value.map(|value| ("", value)).into_iter().collect() }
}

/// A label's value with these three characters escaped.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// A value with at most three decimals.
fn number(value: f64) -> String {
    match value {
        _ if value.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        _ => ((value * 1000.0).round() / 1000.0).to_string(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "the format has no integers")]
fn float(number: u64) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this age fit")]
fn seconds(time: Timestamp) -> f64 {
    time.unix_millis() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn exposed(bucket: &str, figures: Option<&Figures>, exit_code: Option<u8>) -> String {
        let run = Run::of_test();
        let tally = Tally {
            read: 1_000,
            stored: 990,
            rejected: 3,
            superseded: 1,
            unknown: 5,
            not_sent: 1,
            ..Tally::default()
        };
        let cost = Cost { attempts: 4, throttled: 1, bytes_sent: 2_048 };
        let balance = Balance { tally, batches: 2, cost };
        let now = run.started_at.plus_seconds(5);
        let index_name = "idx";
        Exposition { run: &run, bucket, index_name, now, balance, figures, pace: 0.7, exit_code }.text()
    }

    #[test]
    fn a_run_that_goes_on_shows_its_counts_its_rates_and_how_far_it_is() {
        let figures = Figures {
            percent: Some(21),
            left: Some(Duration::from_millis(19_250)),
            vectors_per_second: 2_488.123_4,
            requests_per_second: 5.0,
            ..Figures::default()
        };
        insta::assert_snapshot!(exposed("b", Some(&figures), None), @r#"
        # HELP ossvec_records_read_total Records read from the input.
        # TYPE ossvec_records_read_total counter
        ossvec_records_read_total{bucket="b",index="idx",run_id="5e55105e55105e55"} 1000
        # HELP ossvec_records Records of this run, by what became of them.
        # TYPE ossvec_records gauge
        ossvec_records{bucket="b",index="idx",run_id="5e55105e55105e55",fate="stored"} 990
        ossvec_records{bucket="b",index="idx",run_id="5e55105e55105e55",fate="rejected"} 3
        ossvec_records{bucket="b",index="idx",run_id="5e55105e55105e55",fate="superseded"} 1
        ossvec_records{bucket="b",index="idx",run_id="5e55105e55105e55",fate="unknown"} 5
        ossvec_records{bucket="b",index="idx",run_id="5e55105e55105e55",fate="not_sent"} 1
        # HELP ossvec_batches_total Batches that ended.
        # TYPE ossvec_batches_total counter
        ossvec_batches_total{bucket="b",index="idx",run_id="5e55105e55105e55"} 2
        # HELP ossvec_requests_total Requests for them, including retries.
        # TYPE ossvec_requests_total counter
        ossvec_requests_total{bucket="b",index="idx",run_id="5e55105e55105e55"} 4
        # HELP ossvec_throttled_responses_total Throttled responses to them.
        # TYPE ossvec_throttled_responses_total counter
        ossvec_throttled_responses_total{bucket="b",index="idx",run_id="5e55105e55105e55"} 1
        # HELP ossvec_sent_bytes_total Bytes of their bodies.
        # TYPE ossvec_sent_bytes_total counter
        ossvec_sent_bytes_total{bucket="b",index="idx",run_id="5e55105e55105e55"} 2048
        # HELP ossvec_vectors_per_second Vectors stored per second, over the last 15 seconds.
        # TYPE ossvec_vectors_per_second gauge
        ossvec_vectors_per_second{bucket="b",index="idx",run_id="5e55105e55105e55"} 2488.123
        # HELP ossvec_requests_per_second Requests per second, over the last 15 seconds.
        # TYPE ossvec_requests_per_second gauge
        ossvec_requests_per_second{bucket="b",index="idx",run_id="5e55105e55105e55"} 5
        # HELP ossvec_pace_ratio Current part of the set pace; below 1 after throttling.
        # TYPE ossvec_pace_ratio gauge
        ossvec_pace_ratio{bucket="b",index="idx",run_id="5e55105e55105e55"} 0.7
        # HELP ossvec_progress_ratio Part of the input that is settled, including by earlier runs.
        # TYPE ossvec_progress_ratio gauge
        ossvec_progress_ratio{bucket="b",index="idx",run_id="5e55105e55105e55"} 0.21
        # HELP ossvec_remaining_seconds Estimated time for the rest of the input.
        # TYPE ossvec_remaining_seconds gauge
        ossvec_remaining_seconds{bucket="b",index="idx",run_id="5e55105e55105e55"} 19.25
        # HELP ossvec_run_start_time_seconds When the run began, in Unix time.
        # TYPE ossvec_run_start_time_seconds gauge
        ossvec_run_start_time_seconds{bucket="b",index="idx",run_id="5e55105e55105e55"} 1764417600
        # HELP ossvec_run_update_time_seconds When this file was written, in Unix time.
        # TYPE ossvec_run_update_time_seconds gauge
        ossvec_run_update_time_seconds{bucket="b",index="idx",run_id="5e55105e55105e55"} 1764417605
        # HELP ossvec_run_active 1 during the run, 0 once it has ended.
        # TYPE ossvec_run_active gauge
        ossvec_run_active{bucket="b",index="idx",run_id="5e55105e55105e55"} 1
        "#);
    }

    #[test]
    fn a_run_that_has_ended_shows_its_exit_code_and_no_rates() {
        let text = exposed("b", None, Some(4));
        let labels = r#"{bucket="b",index="idx",run_id="5e55105e55105e55"}"#;
        assert!(text.contains(&format!("ossvec_run_active{labels} 0\n")), "{text}");
        assert!(text.ends_with(&format!("ossvec_run_exit_code{labels} 4\n")), "{text}");
        assert!(!text.contains("per_second") && !text.contains("remaining"), "{text}");
    }

    proptest! {
        #[test]
        fn whatever_a_label_holds_it_stays_on_its_line_and_can_be_read_back(value in r#"[\\"\n a-zé]{0,12}"#) {
            let escaped = escaped(&value);
            prop_assert!(!escaped.contains('\n'));
            let mut read = String::new();
            let mut letters = escaped.chars();
            while let Some(letter) = letters.next() {
                prop_assert_ne!(letter, '"', "a quotation mark would end the value");
                match (letter, letter == '\\') {
                    (_, true) => match letters.next() {
                        Some('n') => read.push('\n'),
                        Some(escaped @ ('\\' | '"')) => read.push(escaped),
                        other => prop_assert!(false, "no such escape: {:?}", other),
                    },
                    (letter, false) => read.push(letter),
                }
            }
            prop_assert_eq!(read, value);
        }
    }

    #[test]
    fn numbers_are_written_as_the_format_has_them() {
        let written = [0.0, 1e21, 0.000_4, f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(number);
        assert_eq!(written, ["0", "1000000000000000000000", "0", "NaN", "+Inf", "-Inf"]);
    }
}
