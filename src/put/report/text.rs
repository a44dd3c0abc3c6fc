//! The summary as a person reads it: one line for each thing that there is to say.

use std::fmt::{Result, Write as _};
use std::time::Duration;

use super::next::{cure_of_all, write_next};
use super::summary::{FailedPlace, Summary};
use crate::put::books::rehearsal::Rehearsal;
use crate::put::books::tally::{Cost, Tally};
use crate::shown::visible;
use crate::words::{bytes, count, duration, plural, some_of};

/// So many inputs that could not be read to their end are named; all are in the JSON form.
const INPUTS_SHOWN: usize = 10;

impl Summary {
    /// The summary as a person reads it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let written = match self.rehearsal {
            Some(planned) => rehearsal(self, planned, &mut text),
            None => load(self, &mut text),
        };
        written.unwrap_or_default();
        text
    }
}

/// What a rehearsal found, and what a load would do.
fn rehearsal(summary: &Summary, planned: Rehearsal, out: &mut String) -> Result {
    writeln!(out, "dry run     nothing was sent")?;
    writeln!(
        out,
        "would send  {} in {}, {}",
        vectors(planned.vectors),
        plural(planned.requests, "request"),
        bytes(planned.bytes)
    )?;
    if let Some(shortest) = planned.shortest {
        writeln!(out, "at least    {} at this quota", duration(shortest))?;
    }
    rejected(summary, out)?;
    missing(summary, out)?;
    not_read(summary, out)?;
    superseded(summary.balance.tally, out)?;
    writeln!(out, "time        {}", elapsed(summary))?;
    cure_of_all(summary).map_or(Ok(()), |cure| writeln!(out, "next        {cure}"))
}

/// What became of a load, and how it goes on.
fn load(summary: &Summary, out: &mut String) -> Result {
    let tally = summary.balance.tally;
    stored(summary, out)?;
    rejected(summary, out)?;
    unknown(summary, out)?;
    missing(summary, out)?;
    if tally.not_sent > 0 {
        writeln!(out, "not sent    {} read before the run stopped", plural(tally.not_sent, "record"))?;
    }
    not_read(summary, out)?;
    superseded(tally, out)?;
    skipped(summary, out)?;
    cost(summary, out)?;
    match (&summary.resume_command, cure_of_all(summary)) {
        (Some(command), _) => writeln!(out, "continue    {command}"),
        (None, Some(cure)) => writeln!(out, "next        {cure}"),
        (None, None) => write_next(summary, out),
    }
}

fn stored(summary: &Summary, out: &mut String) -> Result {
    let Tally { stored, read, .. } = summary.balance.tally;
    let read = if stored == read { String::new() } else { format!(" of {} read", count(read)) };
    let Summary { bucket, index_name, .. } = summary;
    writeln!(out, "stored      {}{read}, in bucket {bucket}, index {index_name}", vectors(stored))
}

fn rejected(summary: &Summary, out: &mut String) -> Result {
    let rejected = summary.balance.tally.rejected;
    if rejected == 0 {
        return Ok(());
    }
    let file = summary.kept_rejects().map_or(String::new(), |file| format!(", in {}", visible(file)));
    writeln!(out, "rejected    {}{file}", plural(rejected, "record"))?;
    let (top, others) = summary.top_reasons();
    for (code, reason) in top {
        let (first, example) = (visible(&reason.first), visible(&reason.example));
        writeln!(out, "            {} × {code}, first at {first}: {example}", count(reason.count))?;
    }
    if others > 0 {
        writeln!(out, "            {} × other reasons", count(others))?;
    }
    Ok(())
}

fn unknown(summary: &Summary, out: &mut String) -> Result {
    let unknown = summary.balance.tally.unknown;
    if unknown == 0 {
        return Ok(());
    }
    let listed = match (summary.kept_rejects(), summary.resume_command.is_some()) {
        (Some(file), false) => format!(", listed in {}", visible(file)),
        _ => String::new(),
    };
    writeln!(out, "unknown     {} sent and not confirmed, perhaps stored{listed}", vectors(unknown))
}

fn missing(summary: &Summary, out: &mut String) -> Result {
    summary.missing().try_for_each(|note| writeln!(out, "missing     {}", visible(&note.message)))
}

fn not_read(summary: &Summary, out: &mut String) -> Result {
    for failed in summary.failed_inputs.iter().take(INPUTS_SHOWN) {
        let FailedPlace { name, line, byte, .. } = failed;
        writeln!(out, "not read    the rest of {} from line {line}, byte {byte} on", visible(name))?;
    }
    let more = summary.failed_inputs.len().saturating_sub(INPUTS_SHOWN);
    if more > 0 {
        writeln!(out, "not read    the rest of {} more", plural(more as u64, "input"))?;
    }
    if summary.is_stopped {
        writeln!(out, "not read    the rest of the input")?;
    }
    let names: Vec<_> = summary.skipped_inputs.iter().map(|skipped| skipped.name.clone()).collect();
    let Some(named) = some_of(&names) else { return Ok(()) };
    let inputs = plural(names.len() as u64, "input");
    writeln!(out, "left out    {inputs} that cannot be loaded: {}", visible(&named))
}

fn superseded(tally: Tally, out: &mut String) -> Result {
    if tally.superseded == 0 {
        return Ok(());
    }
    writeln!(out, "superseded  {} by later records with the same key", count(tally.superseded))
}

fn skipped(summary: &Summary, out: &mut String) -> Result {
    if summary.skipped == 0 {
        return Ok(());
    }
    write!(out, "skipped     {} settled by an earlier run", count(summary.skipped))?;
    for (number, what) in [(summary.skipped_rejected, "rejected"), (summary.skipped_unknown, "unknown")] {
        if number > 0 {
            write!(out, ", {} of them {what}", count(number))?;
        }
    }
    writeln!(out)
}

fn cost(summary: &Summary, out: &mut String) -> Result {
    let Cost { attempts, throttled, bytes_sent } = summary.balance.cost;
    write!(out, "time        {}, {}", elapsed(summary), plural(attempts, "request"))?;
    if throttled > 0 {
        write!(out, " ({} throttled)", count(throttled))?;
    }
    writeln!(out, ", {} sent", bytes(bytes_sent))?;
    summary.pace().map_or(Ok(()), |pace| writeln!(out, "pace        {pace}"))
}

fn elapsed(summary: &Summary) -> String {
    duration(Duration::from_millis(summary.elapsed_ms))
}

fn vectors(number: u64) -> String {
    plural(number, "vector")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::call::Quota;
    use crate::put::books::reasons::ReasonCount;
    use crate::put::books::tally::Balance;
    use crate::put::report::meter::Limit;

    #[test]
    fn a_run_with_trouble_says_what_is_stored_what_is_not_and_how_to_go_on() {
        let summary = Summary {
            bucket: "b".into(),
            index_name: "i".into(),
            balance: Balance {
                tally: Tally {
                    read: 1_000,
                    stored: 990,
                    rejected: 3,
                    unknown: 5,
                    not_sent: 2,
                    superseded: 0,
                },
                cost: Cost { attempts: 4, throttled: 1, bytes_sent: 2_048 },
                batches: 0,
            },
            elapsed_ms: 1_500,
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
