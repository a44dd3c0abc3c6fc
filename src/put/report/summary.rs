//! The result of a run: the counts that must add up, as JSON for scripts and as lines for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use super::events::SCHEMA_VERSION;
use super::meter::{self, Limit};
use crate::call::Quota;
use crate::exit::Failure;
use crate::put::notes::{MISSING, Note};
use crate::put::words::{bytes, count, duration, plural, some_of};
use crate::shown::visible;

/// So many inputs that could not be read to their end are named; all are in the JSON form.
const INPUTS_SHOWN: usize = 10;

/// The reason of records whose quotes are not in order: pieces of a table, which mean nothing without the rest of it.
const QUOTE: &str = "quote";

/// The reason of records with which nothing is wrong: they were sent and are not there.
const NOT_STORED: &str = "not_stored";

const FIX_QUOTES: &str = "fix the quotes in the input, or give the option that the message names";

/// What a run did. `read = stored + rejected + superseded + unknown + not_sent`, always.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Summary {
    /// Version of this form.
    pub schema_version: &'static str,
    /// Where the vectors went.
    pub bucket: String,
    /// The index there.
    pub index_name: String,
    /// Records read from the input.
    pub read: u64,
    /// Stored for certain.
    pub stored: u64,
    /// Not stored, for certain; in the rejects file.
    pub rejected: u64,
    /// Replaced by a later record with the same key in the same batch.
    pub superseded: u64,
    /// Sent, and nobody knows.
    pub unknown: u64,
    /// Read, and not sent because the run stopped.
    pub not_sent: u64,
    /// Settled by an earlier run; not part of `read`.
    pub skipped: u64,
    /// Rejected records among those.
    pub skipped_rejected: u64,
    /// Records of unknown fate among those.
    pub skipped_unknown: u64,
    /// Batches settled.
    pub batches: u64,
    /// Requests made for them.
    pub attempts: u64,
    /// Throttled answers.
    pub throttled: u64,
    /// Bytes of request bodies, retries included.
    pub bytes_sent: u64,
    /// Milliseconds of the run.
    pub elapsed_ms: u64,
    /// Stored vectors a second.
    pub vectors_per_second: f64,
    /// Requests a second.
    pub requests_per_second: f64,
    /// What this run allowed itself.
    pub quota: Allowed,
    /// What the run waited for most of the time, if it was long enough to tell.
    pub limited_by: Option<Limit>,
    /// Rejected records by reason.
    pub reasons: BTreeMap<String, ReasonCount>,
    /// What was found that costs no record and must be known.
    pub notes: Vec<Note>,
    /// Whether every input was read to its end.
    pub input_exhausted: bool,
    /// Inputs that could not be read to their end.
    pub failed_inputs: Vec<FailedPlace>,
    /// Inputs that were left out because they cannot be loaded.
    pub skipped_inputs: Vec<Skipped>,
    /// Files of named directories that were passed over, as many as are listed.
    pub passed_over: Vec<String>,
    /// How many there are.
    pub passed_over_count: u64,
    /// Whether this was a rehearsal that made no request.
    pub dry_run: bool,
    /// The shortest time at this quota, of a rehearsal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota_seconds: Option<f64>,
    /// What the shell sees.
    pub exit_code: u8,
    /// Why the run stopped before its end, if it did.
    pub error: Option<String>,
    /// Where the rejected records are, if there are any.
    pub rejects_file: Option<String>,
    /// Records in it, of earlier runs too, whose key has a later value that is stored: they are not to be loaded.
    pub rejects_superseded: u64,
    /// Records in it of which that is not known: there are too many.
    #[serde(skip)]
    pub rejects_unseen: u64,
    /// One shell line that continues, if there is anything to continue.
    pub resume_command: Option<String>,
    /// Whether the rejects went to a pipe or a device, which keeps nothing.
    #[serde(skip)]
    pub drops_rejects: bool,
    /// Whether the run stopped before it had come to the last input's end.
    #[serde(skip)]
    pub is_stopped: bool,
    /// Whether the failure itself says what to do next.
    #[serde(skip)]
    pub has_own_advice: bool,
}

/// The pace that a run allows itself; nothing is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Allowed {
    /// Requests a second.
    pub requests_per_second: Option<f64>,
    /// Vectors a second.
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

/// How often one reason occurred.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReasonCount {
    /// Records.
    pub count: u64,
    /// The place of the first, in the order of the input.
    pub first: String,
    /// Its message.
    pub example: String,
}

/// An input that could not be read to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedPlace {
    /// The input.
    pub name: String,
    /// Line of the place from which on it could not be read, from 1.
    pub line: u64,
    /// Byte of its decompressed text.
    pub byte: u64,
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
        Self {
            schema_version: SCHEMA_VERSION,
            exit_code: failure.exit.code(),
            error: Some(failure.message.clone()),
            ..Self::default()
        }
    }

    /// Whether the load, earlier runs of it included, has records that are not stored for certain, or not as the command
    /// line wants them.
    pub fn is_partial(&self) -> bool {
        self.has_records_left() || self.missing().next().is_some()
    }

    /// The file that the rejected records are in.
    pub(super) fn kept_rejects(&self) -> Option<&str> {
        self.rejects_file.as_deref().filter(|_| !self.drops_rejects)
    }

    fn has_records_left(&self) -> bool {
        self.rejected + self.unknown + self.skipped_rejected + self.skipped_unknown > 0
    }

    /// Fields that the command line names and no record has.
    fn missing(&self) -> impl Iterator<Item = &Note> {
        self.notes.iter().filter(|note| note.code == MISSING)
    }

    /// Whether nothing was read, by this run or an earlier one.
    pub fn is_empty(&self) -> bool {
        self.read + self.skipped == 0
    }

    /// The summary as a person reads it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text).unwrap_or_default();
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        if self.dry_run {
            writeln!(out, "dry run     nothing was sent")?;
            writeln!(
                out,
                "would send  {} in {}, {}",
                vectors(self.not_sent),
                plural(self.batches, "request"),
                bytes(self.bytes_sent)
            )?;
            if let Some(seconds) = self.quota_seconds {
                writeln!(out, "at least    {} at this quota", duration(Duration::from_secs_f64(seconds)))?;
            }
        } else {
            let read = if self.stored == self.read {
                String::new()
            } else {
                format!(" of {} read", count(self.read))
            };
            writeln!(
                out,
                "stored      {}{read}, in bucket {}, index {}",
                vectors(self.stored),
                self.bucket,
                self.index_name
            )?;
        }
        self.write_not_stored(out)?;
        if self.superseded > 0 {
            writeln!(out, "superseded  {} by later records with the same key", count(self.superseded))?;
        }
        if self.skipped > 0 {
            write!(out, "skipped     {} settled by an earlier run", count(self.skipped))?;
            for (number, what) in [(self.skipped_rejected, "rejected"), (self.skipped_unknown, "unknown")] {
                if number > 0 {
                    write!(out, ", {} of them {what}", count(number))?;
                }
            }
            writeln!(out)?;
        }
        let elapsed = duration(Duration::from_millis(self.elapsed_ms));
        if self.dry_run {
            writeln!(out, "time        {elapsed}")?;
        } else {
            write!(out, "time        {elapsed}, {}", plural(self.attempts, "request"))?;
            if self.throttled > 0 {
                write!(out, " ({} throttled)", count(self.throttled))?;
            }
            writeln!(out, ", {} sent", bytes(self.bytes_sent))?;
        }
        if let Some(pace) = self.pace() {
            writeln!(out, "pace        {pace}")?;
        }
        if let Some(command) = &self.resume_command {
            writeln!(out, "continue    {command}")?;
            return Ok(());
        }
        if let Some(cure) = self.cure_of_all() {
            return writeln!(out, "next        {cure}");
        }
        let is_cut = !self.input_exhausted || self.not_sent > 0;
        match &self.rejects_file {
            _ if self.dry_run => Ok(()),
            _ if self.has_own_advice => Ok(()),
            _ if is_cut && self.read > 0 => {
                writeln!(out, "next        this input cannot be continued: load it again from its start")
            }
            Some(file) if self.has_records_left() && self.drops_rejects => {
                let file = visible(file);
                writeln!(
                    out,
                    "next        run again with --rejects FILE to have what is not stored: {file} keeps nothing"
                )
            }
            Some(file) if self.has_records_left() => self.write_next(out, &visible(file)),
            _ => Ok(()),
        }
    }

    /// What to do with the records in the rejects file.
    fn write_next(&self, out: &mut String, file: &str) -> std::fmt::Result {
        let quotes = self.reasons.get(QUOTE).map_or(0, |reason| reason.count);
        if quotes > 0 && quotes == self.rejected && !self.has_other_records_left() {
            return writeln!(out, "next        {FIX_QUOTES}, and load it again");
        }
        let listed = self.rejected + self.unknown + self.skipped_rejected + self.skipped_unknown;
        if self.rejects_superseded >= listed {
            return writeln!(
                out,
                "next        nothing to load again: each record in {file} has a later one with its key, which is stored"
            );
        }
        let what = match (self.at_fault(), self.without_fault()) {
            (Some(0), _) => format!("load {file} as it is"),
            (_, 0) => format!("fix the records in {file} and load it"),
            (None, good) => {
                format!(
                    "fix the records in {file}, at least {} of which need no change, and load it",
                    count(good)
                )
            }
            (Some(bad), good) => {
                let (bad, good) = (plural(bad, "record"), count(good));
                format!("fix {bad} in {file}, where {good} others need no change, and load it")
            }
        };
        writeln!(
            out,
            "next        {what}: the same command with that file as its input, --index-name {}, another --rejects",
            self.index_name
        )?;
        if self.rejects_superseded > 0 {
            writeln!(
                out,
                "            {} of them have a later record with the same key, which is stored: they are passed over",
                count(self.rejects_superseded)
            )?;
        }
        if self.rejects_unseen > 0 {
            writeln!(
                out,
                "            {} more were not checked for later records with the same key: take those out first",
                count(self.rejects_unseen)
            )?;
        }
        if quotes > 0 {
            writeln!(
                out,
                "            but for those with the reason {QUOTE}: {FIX_QUOTES}, and load that again"
            )?;
        }
        Ok(())
    }

    /// Whether records are left that are no rejects of this run.
    fn has_other_records_left(&self) -> bool {
        self.unknown + self.skipped_rejected + self.skipped_unknown > 0
    }

    /// What to do where the whole input was read, not one record is good, and all are rejected for one reason that an
    /// option takes away.
    fn cure_of_all(&self) -> Option<&'static str> {
        let others = self.read - self.rejected.min(self.read) + self.skipped;
        let is_only = self.input_exhausted && !self.has_own_advice && self.rejected > 0 && others == 0;
        let (code, reason) = self.reasons.iter().next().filter(|_| is_only && self.reasons.len() == 1)?;
        match code.as_str() {
            "metadata_value" if reason.example.contains("--metadata-values text") => {
                Some("not one record is good: run the same command with --metadata-values text")
            }
            "no_key" => Some("not one record is good: name the key's field with --key"),
            "no_vector" => Some("not one record is good: name the vector's field with --vector"),
            "dimension" => Some("not one record is good: check --index-name and --dimension"),
            "shortened" => Some("not one record is good: write the vectors as lists, as the message says"),
            _ => None,
        }
    }

    /// Records that must be changed before they can be stored, where that is known of those of earlier runs.
    fn at_fault(&self) -> Option<u64> {
        (self.skipped_rejected == 0).then(|| self.rejected.saturating_sub(self.not_stored()))
    }

    /// Listed records of which nothing is wrong, as far as that is known.
    fn without_fault(&self) -> u64 {
        self.not_stored() + self.unknown + self.skipped_unknown
    }

    fn not_stored(&self) -> u64 {
        self.reasons.get(NOT_STORED).map_or(0, |reason| reason.count)
    }

    /// The rates beside what was allowed, and what kept them there; nothing of a run that made no request.
    pub(super) fn pace(&self) -> Option<String> {
        (self.attempts > 0).then(|| {
            let rates = meter::pace(self.vectors_per_second, self.requests_per_second, self.quota.into());
            rates + &self.limited_by.map_or(String::new(), |limit| format!(", {}", limit.words()))
        })
    }

    fn write_not_stored(&self, out: &mut String) -> std::fmt::Result {
        if self.rejected > 0 {
            let file = self.kept_rejects().map_or(String::new(), |file| format!(", in {}", visible(file)));
            writeln!(out, "rejected    {}{file}", plural(self.rejected, "record"))?;
            let (top, others) = self.top_reasons();
            for (code, reason) in top {
                writeln!(
                    out,
                    "            {} × {code}, first at {}: {}",
                    count(reason.count),
                    visible(&reason.first),
                    visible(&reason.example)
                )?;
            }
            if others > 0 {
                writeln!(out, "            {} × other reasons", count(others))?;
            }
        }
        if self.unknown > 0 {
            let listed = match (self.kept_rejects(), self.resume_command.is_some()) {
                (Some(file), false) => format!(", listed in {}", visible(file)),
                _ => String::new(),
            };
            writeln!(
                out,
                "unknown     {} sent and not confirmed, perhaps stored{listed}",
                vectors(self.unknown)
            )?;
        }
        for note in self.missing() {
            writeln!(out, "missing     {}", visible(&note.message))?;
        }
        if self.not_sent > 0 && !self.dry_run {
            writeln!(out, "not sent    {} read before the run stopped", plural(self.not_sent, "record"))?;
        }
        for failed in self.failed_inputs.iter().take(INPUTS_SHOWN) {
            let FailedPlace { name, line, byte, .. } = failed;
            writeln!(out, "not read    the rest of {} from line {line}, byte {byte} on", visible(name))?;
        }
        let more = self.failed_inputs.len().saturating_sub(INPUTS_SHOWN);
        if more > 0 {
            writeln!(out, "not read    the rest of {} more", plural(more as u64, "input"))?;
        }
        if self.is_stopped {
            writeln!(out, "not read    the rest of the input")?;
        }
        if !self.skipped_inputs.is_empty() {
            let names: Vec<_> = self.skipped_inputs.iter().map(|skipped| skipped.name.clone()).collect();
            let (named, number) = (some_of(&names).unwrap_or_default(), names.len() as u64);
            writeln!(
                out,
                "left out    {} that cannot be loaded: {}",
                plural(number, "input"),
                visible(&named)
            )?;
        }
        Ok(())
    }

    /// The commonest reasons, and how many records the others have.
    pub(super) fn top_reasons(&self) -> (Vec<(&String, &ReasonCount)>, u64) {
        const SHOWN: usize = 5;
        let mut reasons: Vec<_> = self.reasons.iter().collect();
        reasons.sort_by_key(|(_, reason)| std::cmp::Reverse(reason.count));
        let others = reasons.iter().skip(SHOWN).map(|(_, reason)| reason.count).sum();
        reasons.truncate(SHOWN);
        (reasons, others)
    }
}

fn vectors(number: u64) -> String {
    plural(number, "vector")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(reasons: &[(&str, u64, &str)], stored: u64) -> Summary {
        let rejected = reasons.iter().map(|(_, count, _)| count).sum();
        let reason = |(code, count, example): &(&str, u64, &str)| {
            let first = "a.csv:2".to_owned();
            ((*code).to_owned(), ReasonCount { count: *count, first, example: (*example).to_owned() })
        };
        Summary {
            read: stored + rejected,
            stored,
            rejected,
            input_exhausted: true,
            reasons: reasons.iter().map(reason).collect(),
            rejects_file: Some("r.jsonl".into()),
            ..Summary::default()
        }
    }

    #[test]
    fn what_to_do_next_depends_on_why_records_were_rejected() {
        const FIX: &str = "next        fix the records in r.jsonl and load it";
        const QUOTES: &str =
            "next        fix the quotes in the input, or give the option that the message names";
        const TEXT: &str = "--metadata-values text writes it as text";
        for (reasons, stored, next) in [
            (&[("quote", 2, "")][..], 3, QUOTES),
            (&[("quote", 2, "")], 0, QUOTES),
            (&[("quote", 2, ""), ("no_key", 1, "")], 3, FIX),
            (
                &[("quote", 2, ""), ("no_key", 1, "")],
                3,
                "but for those with the reason quote: fix the quotes",
            ),
            (&[("no_key", 2, "")], 3, FIX),
            (&[("no_key", 2, "")], 0, "name the key's field with --key"),
            (&[("no_vector", 2, "")], 0, "name the vector's field with --vector"),
            (&[("dimension", 2, "")], 0, "check --index-name and --dimension"),
            (&[("shortened", 2, "")], 0, "write the vectors as lists"),
            (&[("metadata_value", 2, TEXT)], 0, "the same command with --metadata-values text"),
            (&[("metadata_value", 2, "-a leaves it out")], 0, FIX),
            (&[("no_key", 2, ""), ("ragged", 1, "")], 0, FIX),
            (&[("not_stored", 2, "")], 3, "next        load r.jsonl as it is: the same command"),
            (
                &[("not_stored", 1_900, ""), ("no_key", 1, ""), ("ragged", 1, "")],
                3,
                "next        fix 2 records in r.jsonl, where 1,900 others need no change, and load it:",
            ),
        ] {
            let text = rejected(reasons, stored).text();
            assert!(text.contains(next), "{next}: {text}");
            assert_eq!(text.matches("next  ").count(), 1, "{text}");
        }
    }

    #[test]
    fn records_that_need_no_change_are_told_from_those_that_do() {
        const OF_FIVE: [(&str, u64, &str); 2] = [("not_stored", 5, ""), ("no_key", 1, "")];
        for (reasons, unknown, skipped, next) in [
            (&OF_FIVE[..], 7, (0, 0), "fix 1 record in r.jsonl, where 12 others need no change, and load it"),
            (&OF_FIVE, 7, (0, 3), "fix 1 record in r.jsonl, where 15 others need no change, and load it"),
            (&OF_FIVE, 7, (9, 0), "fix the records in r.jsonl, at least 12 of which need no change, and"),
            (&OF_FIVE[..1], 7, (0, 3), "load r.jsonl as it is: "),
            (&[], 7, (0, 0), "load r.jsonl as it is: "),
            (&[], 0, (9, 0), "fix the records in r.jsonl and load it: "),
            (&OF_FIVE[1..], 0, (0, 0), "fix the records in r.jsonl and load it: "),
        ] {
            let (skipped_rejected, skipped_unknown) = skipped;
            let of_run = rejected(reasons, 3);
            let read = of_run.read + unknown;
            let summary = Summary { read, unknown, skipped_rejected, skipped_unknown, ..of_run };
            let text = summary.text();
            assert!(text.contains(&format!("next        {next}")), "{next}: {text}");
            // What keeps nothing has nothing to be fixed or loaded.
            let text = Summary { drops_rejects: true, ..summary }.text();
            assert!(!text.contains("in r.jsonl") && text.contains("again with --rejects FILE"), "{text}");
        }
    }

    #[test]
    fn a_run_with_trouble_says_what_is_stored_what_is_not_and_how_to_go_on() {
        let summary = Summary {
            bucket: "b".into(),
            index_name: "i".into(),
            read: 1_000,
            stored: 990,
            rejected: 3,
            unknown: 5,
            not_sent: 2,
            elapsed_ms: 1_500,
            attempts: 4,
            throttled: 1,
            bytes_sent: 2_048,
            vectors_per_second: 660.0,
            requests_per_second: 2.7,
            quota: Quota { requests: 5.0, vectors: 2500.0 }.into(),
            limited_by: Some(Limit::Service),
            reasons: BTreeMap::from([(
                "dimension".to_owned(),
                ReasonCount { count: 3, first: "a.jsonl:7".into(), example: "too long".into() },
            )]),
            rejects_file: Some("r.jsonl".into()),
            resume_command: Some("ossvec put-vectors a.jsonl --resume".into()),
            input_exhausted: false,
            is_stopped: true,
            ..Summary::default()
        };
        let want = "\
stored      990 vectors of 1,000 read, in bucket b, index i
rejected    3 records, in r.jsonl
            3 × dimension, first at a.jsonl:7: too long
unknown     5 vectors sent and not confirmed, perhaps stored
not sent    2 records read before the run stopped
not read    the rest of the input
time        1.5 s, 4 requests (1 throttled), 2.0 KiB sent
pace        660 of 2,500 vectors/s, 2.7 of 5 requests/s, waiting for answers
continue    ossvec put-vectors a.jsonl --resume
";
        assert_eq!(summary.text(), want);
    }
}
