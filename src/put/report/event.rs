//! Events of a run; `docs/events.md` has their formats. Pure.

use serde::Serialize;

use super::happening::{Beginning, Happening, Rejected, input_name};
use super::identity::Run;
use super::schema::{SCHEMA_VERSION, millis};
use super::summary::Summary;
use crate::call::Trouble;
use crate::put::books::outcome::{Fate, Outcome};
use crate::put::books::tally::{Cost, Tally};
use crate::record::{Input, Span, Unit};

/// An event for scripts.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Event<'a> {
    RunStart {
        version: &'static str,
        inputs: Vec<String>,
        bucket: &'a str,
        index_name: &'a str,
        resumed: bool,
        dry_run: bool,
        verify: bool,
    },
    Batch {
        seq: u64,
        input: String,
        first_record: u64,
        span: Span,
        records: u64,
        bytes: u64,
        attempts: u64,
        fate: Fate,
        stored: u64,
        rejected: u64,
        superseded: u64,
        unknown: u64,
        not_sent: u64,
        http_status: Option<u16>,
        code: Option<&'a str>,
        request_id: Option<&'a str>,
        elapsed_ms: u64,
    },
    Retry {
        batch: Option<u64>,
        attempt: u32,
        wait_ms: u64,
        http_status: Option<u16>,
        code: &'a str,
        message: String,
        request_id: Option<&'a str>,
    },
    Throttle {
        batch: Option<u64>,
        http_status: Option<u16>,
        code: &'a str,
        request_id: Option<&'a str>,
        pace: f64,
    },
    Pace {
        pace: f64,
    },
    Reject {
        input: String,
        line: u64,
        record: u64,
        key: Option<String>,
        reason: &'static str,
        message: String,
    },
    InputFailed {
        input: String,
        line: u64,
        byte: u64,
        #[serde(skip_serializing_if = "Unit::is_of_text")]
        unit: Unit,
        code: &'static str,
        message: String,
    },
    RunEnd {
        summary: &'a Summary,
    },
}

/// An event with the version of its format.
#[derive(Serialize)]
pub(crate) struct Line<'a> {
    schema_version: &'static str,
    time: String,
    run_id: &'a str,
    #[serde(flatten)]
    event: Event<'a>,
}

impl<'a> Line<'a> {
    /// The event for something that happens in `run`, if it is one for scripts.
    pub(crate) fn of(happening: &'a Happening<'a>, run: &'a Run) -> Option<Self> {
        let event = match happening {
            Happening::Began(beginning) => Event::run_start(beginning),
            Happening::Rejected(rejected) => Event::reject(rejected),
            Happening::Settled { outcome, inputs } => Event::batch(outcome, inputs),
            Happening::Troubled(trouble) => Event::trouble(trouble),
            Happening::PaceRose(pace) => Event::Pace { pace: rounded(*pace) },
            Happening::InputFailed { failed, code } => Event::InputFailed {
                input: failed.name.clone(),
                line: failed.line,
                byte: failed.byte,
                unit: failed.unit,
                code,
                message: failed.message.clone(),
            },
            Happening::Ended(summary) => Event::RunEnd { summary },
            Happening::Noted(_) | Happening::Progressed(_) | Happening::Asked(_) => return None,
        };
        let time = run.now().rfc3339_millis();
        Some(Self { schema_version: SCHEMA_VERSION, time, run_id: &run.id, event })
    }
}

impl<'a> Event<'a> {
    fn run_start(beginning: &Beginning<'a>) -> Self {
        let Beginning { inputs, bucket, index_name, resumed, dry_run, verify } = *beginning;
        let inputs = inputs.iter().map(ToString::to_string).collect();
        let version = env!("CARGO_PKG_VERSION");
        Self::RunStart { version, inputs, bucket, index_name, resumed, dry_run, verify }
    }

    fn reject(rejected: &Rejected<'_>) -> Self {
        let Rejected { defect, inputs, .. } = *rejected;
        Self::Reject {
            input: input_name(inputs, defect.position.input),
            line: defect.position.line,
            record: defect.position.record,
            key: defect.told_key(),
            reason: defect.reason.code(),
            message: defect.reason.told(),
        }
    }

    fn batch(outcome: &'a Outcome, inputs: &[Input]) -> Self {
        let Tally { read, stored, rejected, superseded, unknown, not_sent, .. } = outcome.tally();
        let Cost { attempts, bytes_sent, .. } = outcome.cost;
        Self::Batch {
            seq: outcome.number,
            input: input_name(inputs, outcome.span.start.input),
            first_record: outcome.span.start.record,
            span: outcome.span,
            records: read,
            bytes: bytes_sent,
            attempts,
            fate: outcome.fate,
            stored,
            rejected,
            superseded,
            unknown,
            not_sent,
            http_status: outcome.last.status,
            code: outcome.last.code.as_deref(),
            request_id: outcome.last.request_id.as_deref(),
            elapsed_ms: millis(outcome.elapsed),
        }
    }

    fn trouble(trouble: &Trouble<'a>) -> Self {
        match *trouble {
            Trouble::Retrying { batch, attempt, wait, error, .. } => Self::Retry {
                batch,
                attempt,
                wait_ms: millis(wait),
                http_status: error.service().map(|error| error.status),
                code: error.code(),
                message: error.to_string(),
                request_id: error.service().map(|error| error.request_id.as_str()),
            },
            Trouble::Throttled { batch, pace, error, .. } => Self::Throttle {
                batch,
                http_status: error.service().map(|error| error.status),
                code: error.code(),
                request_id: error.service().map(|error| error.request_id.as_str()),
                pace: rounded(pace),
            },
        }
    }
}

fn rounded(part: f64) -> f64 {
    (part * 1000.0).round() / 1000.0
}
