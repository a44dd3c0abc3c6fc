//! The end of a load, and of a rehearsal, for people: one line per fact.

use std::fmt::{Result, Write as _};
use std::time::Duration;

use super::next::{cure_of_all, write_next};
use super::summary::{FailedPlace, Summary};
use crate::put::books::rehearsal::Rehearsal;
use crate::put::books::tally::{Cost, Tally};
use crate::record::Unit;
use crate::shown::visible;
use crate::words::{bytes, count, duration, plural, some_of};

/// How many inputs that could not be read to their end are named; the JSON has all.
const INPUTS_SHOWN: usize = 10;

/// The results of a rehearsal, and what a load would do.
pub(super) fn rehearsal(summary: &Summary, planned: Rehearsal, out: &mut String) -> Result {
    writeln!(out, "dry run     nothing was sent")?;
    checked(summary, out)?;
    if summary.check.is_some() && summary.is_stopped {
        writeln!(out, "looked at   the first {}", plural(summary.balance.tally.read, "record"))?;
    } else {
        would_send(planned, out)?;
    }
    rejected(summary, out)?;
    missing_fields(summary, out)?;
    not_read(summary, out)?;
    superseded(summary.balance.tally, out)?;
    writeln!(out, "time        {}", elapsed(summary))?;
    cure_of_all(summary).map_or(Ok(()), |cure| writeln!(out, "next        {cure}"))
}

/// What a load would send, and the minimum time for it.
fn would_send(planned: Rehearsal, out: &mut String) -> Result {
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
    Ok(())
}

/// What the service says, and the input's dimension.
pub(super) fn checked(summary: &Summary, out: &mut String) -> Result {
    let Some(check) = &summary.check else { return Ok(()) };
    let Summary { bucket, index_name, .. } = summary;
    writeln!(out, "bucket      {bucket}: {}", check.bucket_words())?;
    writeln!(out, "index       {index_name}: {}", check.index_words())?;
    let dimension = match check.input_dimension {
        Some(dimension) => format!("dimension {dimension}"),
        None => "no valid vector".to_owned(),
    };
    writeln!(out, "input       {dimension}")
}

/// The outcomes of a load, and how to continue it.
pub(super) fn load(summary: &Summary, out: &mut String) -> Result {
    let tally = summary.balance.tally;
    if let Some(since) = &summary.complete_since {
        writeln!(out, "complete    already complete since {since}: nothing to do")?;
        skipped(summary, out)?;
        return write_next(summary, out);
    }
    stored(summary, out)?;
    rejected(summary, out)?;
    unknown(summary, out)?;
    missing_fields(summary, out)?;
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

pub(super) fn rejected(summary: &Summary, out: &mut String) -> Result {
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
    writeln!(out, "unknown     {} sent but not confirmed, possibly stored{listed}", vectors(unknown))
}

pub(super) fn missing_fields(summary: &Summary, out: &mut String) -> Result {
    summary.missing().try_for_each(|note| writeln!(out, "missing     {}", visible(&note.message)))
}

pub(super) fn not_read(summary: &Summary, out: &mut String) -> Result {
    for failed in summary.failed_inputs.iter().take(INPUTS_SHOWN) {
        let FailedPlace { name, line, byte, unit, .. } = failed;
        let byte = if *unit == Unit::Line { format!(", byte {byte}") } else { String::new() };
        writeln!(out, "not read    the rest of {} from {unit} {line}{byte}", visible(name))?;
    }
    let more = summary.failed_inputs.len().saturating_sub(INPUTS_SHOWN);
    if more > 0 {
        let inputs = if more == 1 { "input" } else { "inputs" };
        writeln!(out, "not read    the rest of {} more {inputs}", count(more as u64))?;
    }
    if summary.is_stopped {
        writeln!(out, "not read    the rest of the input")?;
    }
    let names: Vec<_> = summary.skipped_inputs.iter().map(|skipped| skipped.name.clone()).collect();
    let Some(named) = some_of(&names) else { return Ok(()) };
    let inputs = plural(names.len() as u64, "input");
    writeln!(out, "left out    {inputs} that cannot be loaded: {}", visible(&named))
}

pub(super) fn superseded(tally: Tally, out: &mut String) -> Result {
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

pub(super) fn cost(summary: &Summary, out: &mut String) -> Result {
    let Cost { attempts, throttled, bytes_sent } = summary.balance.cost;
    write!(out, "time        {}, {}", elapsed(summary), plural(attempts, "request"))?;
    if throttled > 0 {
        write!(out, " ({} throttled)", count(throttled))?;
    }
    writeln!(out, ", {} sent", bytes(bytes_sent))?;
    summary.pace().map_or(Ok(()), |pace| writeln!(out, "pace        {pace}"))
}

pub(super) fn elapsed(summary: &Summary) -> String {
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
    use crate::put::books::check::{Check, Presence};
    use crate::put::books::reasons::ReasonCount;
    use crate::put::books::tally::Balance;
    use crate::put::report::Skipped;
    use crate::put::report::meter::Limit;
    use crate::put::report::notes::{MISSING, Note};

    #[test]
    fn a_run_that_asks_the_service_shows_what_it_says_beside_what_the_input_has() {
        let found = Check {
            bucket: Presence::Found,
            index: Presence::Found,
            dimension: Some(384),
            metric: Some("cosine".to_owned()),
            input_dimension: Some(384),
        };
        let nothing = Check { dimension: None, metric: None, input_dimension: None, ..found.clone() };
        let summary = |check: Check| {
            let (bucket, index_name) = ("b".to_owned(), "i".to_owned());
            let planned = Rehearsal { requests: 2, vectors: 1_000, bytes: 2_048, shortest: None };
            let mut summary =
                Summary { bucket, index_name, check: Some(check), elapsed_ms: 200, ..Summary::default() };
            summary.rehearsed(planned);
            summary
        };
        let told = |check: Check| summary(check).text();
        insta::assert_snapshot!(told(found.clone()), @"
        dry run     nothing was sent
        bucket      b: found
        index       i: found, dimension 384, metric cosine
        input       dimension 384
        would send  1,000 vectors in 2 requests, 2.0 KiB
        time        0.2 s
        ");
        let first = Summary { is_stopped: true, ..summary(found.clone()) };
        let tally = Tally { read: 500, not_sent: 500, ..Tally::default() };
        let first = Summary { balance: Balance { tally, ..first.balance }, ..first };
        insta::assert_snapshot!(first.text(), @"
        dry run     nothing was sent
        bucket      b: found
        index       i: found, dimension 384, metric cosine
        input       dimension 384
        looked at   the first 500 records
        not read    the rest of the input
        time        0.2 s
        ");
        insta::assert_snapshot!(told(Check { index: Presence::Missing, ..nothing.clone() }), @"
        dry run     nothing was sent
        bucket      b: found
        index       i: does not exist; --create-index creates it
        input       no valid vector
        would send  1,000 vectors in 2 requests, 2.0 KiB
        time        0.2 s
        ");
        insta::assert_snapshot!(told(Check { bucket: Presence::Hidden, index: Presence::Hidden, ..nothing }), @"
        dry run     nothing was sent
        bucket      b: no permission to look at it (GetVectorBucket)
        index       i: no permission to look at it (GetVectorIndex)
        input       no valid vector
        would send  1,000 vectors in 2 requests, 2.0 KiB
        time        0.2 s
        ");
    }

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
                    ..Tally::default()
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
        insta::assert_snapshot!(summary.text(), @"
        stored      990 vectors of 1,000 read, in bucket b, index i
        rejected    3 records, in r.jsonl
                    3 × dimension, first at a.jsonl:7: too long
        unknown     5 vectors sent but not confirmed, possibly stored
        not sent    2 records read before the run stopped
        not read    the rest of the input
        time        1.5 s, 4 requests (1 throttled), 2.0 KiB sent
        pace        660 of 2,500 vectors/s, 2.7 of 5 requests/s, waiting for responses
        continue    ossvec put-vectors a.jsonl --resume
        ");
    }

    fn of(tally: Tally) -> Summary {
        Summary {
            bucket: "b".into(),
            index_name: "i".into(),
            balance: Balance {
                tally,
                cost: Cost { attempts: 1, throttled: 0, bytes_sent: 20_480 },
                batches: 1,
            },
            elapsed_ms: 400,
            input_exhausted: true,
            ..Summary::default()
        }
    }

    #[test]
    fn a_complete_load_is_told_in_few_lines() {
        let summary = of(Tally { read: 500, stored: 500, ..Tally::default() });
        insta::assert_snapshot!(summary.text(), @"
        stored      500 vectors, in bucket b, index i
        time        0.4 s, 1 request, 20.0 KiB sent
        pace        0 vectors/s, 0.00 requests/s
        ");
    }

    #[test]
    fn a_load_that_was_resumed_and_met_bad_inputs_says_what_is_left_of_them() {
        let failed = |name: &str| FailedPlace {
            name: name.to_owned(),
            line: 3,
            byte: 40,
            unit: Unit::Line,
            message: "damaged".into(),
        };
        let skipped = |name: &str| Skipped { name: name.to_owned(), message: String::new() };
        let missing = Note {
            code: MISSING,
            message: "no record has the field title, which --metadata names".into(),
            count: 0,
            first: None,
            cure: "",
        };
        let failed_inputs = std::iter::repeat_n("b.gz", INPUTS_SHOWN + 1).map(failed).collect();
        let summary = Summary {
            skipped: 2_000,
            skipped_rejected: 1,
            skipped_unknown: 2,
            failed_inputs,
            skipped_inputs: ["c.csv", "d.csv"].map(skipped).into(),
            notes: vec![missing],
            rejects_file: Some("r.jsonl".into()),
            ..of(Tally { read: 10, stored: 8, superseded: 1, unknown: 1, ..Tally::default() })
        };
        insta::assert_snapshot!(summary.text(), @"
        stored      8 vectors of 10 read, in bucket b, index i
        unknown     1 vector sent but not confirmed, possibly stored, listed in r.jsonl
        missing     no record has the field title, which --metadata names
        not read    the rest of b.gz from line 3, byte 40
        not read    the rest of b.gz from line 3, byte 40
        not read    the rest of b.gz from line 3, byte 40
        not read    the rest of b.gz from line 3, byte 40
        not read    the rest of b.gz from line 3, byte 40
        not read    the rest of b.gz from line 3, byte 40
        not read    the rest of b.gz from line 3, byte 40
        not read    the rest of b.gz from line 3, byte 40
        not read    the rest of b.gz from line 3, byte 40
        not read    the rest of b.gz from line 3, byte 40
        not read    the rest of 1 more input
        left out    2 inputs that cannot be loaded: c.csv, d.csv
        superseded  1 by later records with the same key
        skipped     2,000 settled by an earlier run, 1 of them rejected, 2 of them unknown
        time        0.4 s, 1 request, 20.0 KiB sent
        pace        0 vectors/s, 0.00 requests/s
        next        fix the records in r.jsonl (at least 3 need no change) and load it: run the same command with that file as its input, --index-name i and another --rejects
        ");
    }

    #[test]
    fn a_rehearsal_says_what_a_load_would_send() {
        let mut summary =
            of(Tally { read: 1_002, not_sent: 1_000, rejected: 1, superseded: 1, ..Tally::default() });
        summary.rehearsed(Rehearsal {
            requests: 2,
            vectors: 1_000,
            bytes: 20_480,
            shortest: Some(Duration::from_millis(400)),
        });
        insta::assert_snapshot!(summary.text(), @"
        dry run     nothing was sent
        would send  1,000 vectors in 2 requests, 20.0 KiB
        at least    0.4 s at this quota
        rejected    1 record
        superseded  1 by later records with the same key
        time        0.4 s
        ");
    }
}
