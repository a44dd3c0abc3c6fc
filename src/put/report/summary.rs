//! The result of a run: the counts, which must add up, as JSON for scripts. `text` has its lines for people.

use std::collections::BTreeMap;

use serde::Serialize;

use super::lint::LintCount;
use super::meter::{self, Limit};
use super::notes::{MISSING, Note};
use super::schema::SCHEMA_VERSION;
use crate::call::Quota;
use crate::exit::{ErrorCode, Failure};
use crate::put::books::check::Check;
use crate::put::books::plan::Plan;
use crate::put::books::reasons::ReasonCount;
use crate::put::books::rehearsal::Rehearsal;
use crate::put::books::tally::{Balance, Tally};
use crate::put::books::verified::Verified;
use crate::record::Unit;

/// The result of a run. Always, `read = stored + rejected + superseded + unknown + not_sent`, plus
/// `verified.not_sampled` with a sample. In a verification, equal records count as stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Summary {
    /// The version of this format.
    pub schema_version: &'static str,
    /// The id of the run, if one began.
    pub run_id: Option<String>,
    /// When it began.
    pub started_at: Option<String>,
    /// When it ended.
    pub finished_at: Option<String>,
    /// Where the vectors went.
    pub bucket: String,
    /// The index there.
    pub index_name: String,
    /// The outcomes of the records, and what their requests cost.
    #[serde(flatten)]
    pub balance: Balance,
    /// Records that an earlier run settled; not part of `read`.
    pub skipped: u64,
    /// How many of those are stored.
    #[serde(skip)]
    pub skipped_stored: u64,
    /// How many of those are rejected.
    pub skipped_rejected: u64,
    /// How many of those have an unknown outcome.
    pub skipped_unknown: u64,
    /// Whether earlier loads have left nothing to do: then nothing was read.
    pub already_complete: bool,
    /// Since when that is so.
    pub complete_since: Option<String>,
    /// The duration of the run in milliseconds.
    pub elapsed_ms: u64,
    /// Stored vectors per second.
    pub vectors_per_second: f64,
    /// Requests per second.
    pub requests_per_second: f64,
    /// The pace limits of this run.
    pub quota: Allowed,
    /// What the run mostly waited for, if it was long enough to tell.
    pub limited_by: Option<Limit>,
    /// Rejected records by reason.
    pub reasons: BTreeMap<String, ReasonCount>,
    /// Findings that reject no record but must be reported.
    pub notes: Vec<Note>,
    /// The findings of lint in vectors, by code; `None` if lint is off or nothing was read.
    pub lint: Option<BTreeMap<&'static str, LintCount>>,
    /// Whether every input was read to its end.
    pub input_exhausted: bool,
    /// Inputs that could not be read to their end.
    pub failed_inputs: Vec<FailedPlace>,
    /// Inputs that were left out because they cannot be loaded.
    pub skipped_inputs: Vec<Skipped>,
    /// Inputs without records.
    pub empty_inputs: Vec<String>,
    /// Skipped files in named directories, up to a maximum number.
    pub passed_over: Vec<String>,
    /// The number of skipped files.
    pub passed_over_count: u64,
    /// What a rehearsal, which makes no request, would have sent.
    #[serde(flatten, serialize_with = "Rehearsal::members")]
    pub rehearsal: Option<Rehearsal>,
    /// What a load would do, in a dry run that read its input to the end.
    pub plan: Option<Box<Plan>>,
    /// The results of a verification; `None` for a load.
    pub verified: Option<Verified>,
    /// What the service says about the target of a load, in a run that sends nothing but asks.
    pub check: Option<Check>,
    /// The exit code.
    pub exit_code: u8,
    /// Why the run stopped early, if it did.
    pub error: Option<String>,
    /// The code of that error.
    pub error_code: Option<ErrorCode>,
    /// Whether the same command may succeed later without any change.
    pub retryable: Option<bool>,
    /// The cure.
    pub advice: Option<String>,
    /// Where the rejected records are, if there are any.
    pub rejects_file: Option<String>,
    /// Records in it, also of earlier runs, with keys of which a later value is stored: they must not be loaded.
    pub rejects_superseded: u64,
    /// Records in it for which that is unknown, since there are too many.
    #[serde(skip)]
    pub rejects_unseen: u64,
    /// A shell command that continues, if there is anything to continue.
    pub resume_command: Option<String>,
    /// Whether the rejects went to a pipe or a device, which keeps nothing.
    #[serde(skip)]
    pub drops_rejects: bool,
    /// Whether the run stopped before the end of the last input.
    #[serde(skip)]
    pub is_stopped: bool,
    /// Whether the failure itself says what to do next.
    #[serde(skip)]
    pub has_own_advice: bool,
}

/// The pace limits of a run; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Allowed {
    /// Requests per second.
    pub requests_per_second: Option<f64>,
    /// Vectors per second.
    pub vectors_per_second: Option<f64>,
}

impl From<Quota> for Allowed {
    fn from(quota: Quota) -> Self {
        let limit = |rate: f64| Some(rate).filter(|rate| rate.is_finite());
        Self { requests_per_second: limit(quota.requests), vectors_per_second: limit(quota.vectors) }
    }
}

impl From<Allowed> for Quota {
    fn from(allowed: Allowed) -> Self {
        let rate = |limit: Option<f64>| limit.unwrap_or(f64::INFINITY);
        Self { requests: rate(allowed.requests_per_second), vectors: rate(allowed.vectors_per_second) }
    }
}

/// An input that could not be read to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedPlace {
    /// The input.
    pub name: String,
    /// Line of the place from which it could not be read, from 1.
    pub line: u64,
    /// Byte of its decompressed text.
    pub byte: u64,
    /// The unit of both.
    #[serde(skip_serializing_if = "Unit::is_of_text")]
    pub unit: Unit,
    /// What is wrong there.
    pub message: String,
}

/// An input that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The input.
    pub name: String,
    /// Why it cannot be loaded.
    pub message: String,
}

impl Summary {
    /// The summary of a run that could not begin.
    pub fn of_failure(failure: &Failure) -> Self {
        let mut summary = Self { schema_version: SCHEMA_VERSION, ..Self::default() };
        summary.fail(failure);
        summary
    }

    /// Enters why the run failed.
    pub(crate) fn fail(&mut self, failure: &Failure) {
        self.exit_code = failure.exit().code();
        self.error = Some(failure.message.clone());
        self.error_code = Some(failure.code);
        self.retryable = Some(failure.code.is_retryable());
        self.advice.clone_from(&failure.advice);
    }

    /// Enters what would have been sent.
    pub(crate) fn rehearsed(&mut self, rehearsal: Rehearsal) {
        self.balance.batches = rehearsal.requests;
        self.balance.cost.bytes_sent = rehearsal.bytes;
        self.rehearsal = Some(rehearsal);
    }

    /// The file that the rejected records are in.
    pub(crate) fn kept_rejects(&self) -> Option<&str> {
        self.rejects_file.as_deref().filter(|_| !self.drops_rejects)
    }

    /// Records that are certainly not stored, also of earlier runs.
    pub(crate) fn left(&self) -> u64 {
        let Tally { rejected, unknown, .. } = self.balance.tally;
        rejected + unknown + self.skipped_rejected + self.skipped_unknown
    }

    /// Fields that the command line names but no record has.
    pub(crate) fn missing(&self) -> impl Iterator<Item = &Note> {
        self.notes.iter().filter(|note| note.code == MISSING)
    }

    /// Whether nothing was read, by this run or an earlier one.
    pub fn is_empty(&self) -> bool {
        self.balance.tally.read + self.skipped == 0
    }

    /// The rates compared with the limits, and what limited them; `None` for a run without requests.
    pub(crate) fn pace(&self) -> Option<String> {
        (self.balance.cost.attempts > 0).then(|| {
            let rates = meter::pace(self.vectors_per_second, self.requests_per_second, self.quota.into());
            rates + &self.limited_by.map_or(String::new(), |limit| format!(", {}", limit.words()))
        })
    }

    /// The most common reasons, and the number of records with other ones.
    pub(crate) fn top_reasons(&self) -> (Vec<(&String, &ReasonCount)>, u64) {
        const SHOWN: usize = 5;
        let mut reasons: Vec<_> = self.reasons.iter().collect();
        reasons.sort_by_key(|(_, reason)| std::cmp::Reverse(reason.count));
        let others = reasons.iter().skip(SHOWN).map(|(_, reason)| reason.count).sum();
        reasons.truncate(SHOWN);
        (reasons, others)
    }
}
