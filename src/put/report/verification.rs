//! The end of a verification for people: what is equal, what is not, and what was not checked. Pure.

use std::fmt::{Result, Write as _};

use super::next::cure_of_all;
use super::summary::Summary;
use super::text::{cost, missing_fields, not_read, superseded};
use crate::put::books::verified::Verified;
use crate::record::Finding;
use crate::shown::visible;
use crate::words::{count, plural};

/// The results of a verification, and what to do about them.
pub(super) fn verification(summary: &Summary, verified: Verified, out: &mut String) -> Result {
    let tally = summary.balance.tally;
    equal(summary, verified, out)?;
    for (finding, number) in [(Finding::Different, verified.different), (Finding::Missing, verified.missing)]
    {
        findings(summary, finding, number, out)?;
    }
    rejected(summary, verified, out)?;
    missing_fields(summary, out)?;
    if let Some(percent) = verified.sample_percent {
        let records = plural(verified.not_sampled, "record");
        writeln!(
            out,
            "not checked {records} that {} not in the sample of {percent}%",
            are(verified.not_sampled)
        )?;
    }
    if tally.not_sent > 0 {
        writeln!(out, "not checked {} read before the run stopped", plural(tally.not_sent, "record"))?;
    }
    not_read(summary, out)?;
    superseded(tally, out)?;
    skipped(summary, out)?;
    cost(summary, out)?;
    next(summary, verified, out)
}

fn equal(summary: &Summary, verified: Verified, out: &mut String) -> Result {
    let Summary { bucket, index_name, .. } = summary;
    let checked =
        format!("{} checked, in bucket {bucket}, index {index_name}", plural(verified.checked, "vector"));
    let Verified { equal, checked: all, .. } = verified;
    let part = if equal == all && all > 0 { "all".to_owned() } else { format!("{} of", count(equal)) };
    writeln!(out, "equal       {part} {checked}")
}

/// The number of records with one kind of difference, and the first of them.
fn findings(summary: &Summary, finding: Finding, number: u64, out: &mut String) -> Result {
    if number == 0 {
        return Ok(());
    }
    writeln!(out, "{:12}{}{}", finding.code(), plural(number, "vector"), list(summary))?;
    let Some(reason) = summary.reasons.get(finding.code()) else { return Ok(()) };
    writeln!(out, "            first at {}: {}", visible(&reason.first), visible(&reason.example))
}

/// The number of records that cannot be stored, so that there is nothing to compare, and why.
fn rejected(summary: &Summary, verified: Verified, out: &mut String) -> Result {
    let rejected = not_admitted(summary, verified);
    if rejected == 0 {
        return Ok(());
    }
    writeln!(out, "rejected    {}, not checked{}", plural(rejected, "record"), list(summary))?;
    let (top, others) = summary.top_reasons();
    for (code, reason) in top.into_iter().filter(|(code, _)| Finding::of_code(code).is_none()) {
        let (first, example) = (visible(&reason.first), visible(&reason.example));
        writeln!(out, "            {} × {code}, first at {first}: {example}", count(reason.count))?;
    }
    if others > 0 { writeln!(out, "            {} × other reasons", count(others)) } else { Ok(()) }
}

fn not_admitted(summary: &Summary, verified: Verified) -> u64 {
    summary.balance.tally.rejected.saturating_sub(verified.different + verified.missing)
}

fn list(summary: &Summary) -> String {
    summary.kept_rejects().map_or(String::new(), |file| format!(", in {}", visible(file)))
}

fn are(number: u64) -> &'static str {
    if number == 1 { "is" } else { "are" }
}

fn skipped(summary: &Summary, out: &mut String) -> Result {
    if summary.skipped == 0 {
        return Ok(());
    }
    write!(out, "skipped     {} settled by an earlier run", count(summary.skipped))?;
    if summary.skipped_rejected > 0 {
        write!(out, ", {} of them different, missing or rejected", count(summary.skipped_rejected))?;
    }
    writeln!(out)
}

/// How to continue the verification, or what to do about its results.
fn next(summary: &Summary, verified: Verified, out: &mut String) -> Result {
    if let Some(command) = &summary.resume_command {
        return writeln!(out, "continue    {command}");
    }
    if let Some(cure) = cure_of_all(summary).filter(|_| verified.checked == 0) {
        return writeln!(out, "next        {cure}");
    }
    let is_cut = !summary.input_exhausted || summary.balance.tally.not_sent > 0;
    match (&summary.rejects_file, is_cut && summary.balance.tally.read > 0) {
        _ if summary.has_own_advice => Ok(()),
        (_, true) => {
            writeln!(out, "next        this input cannot be resumed: verify it again from the beginning")
        }
        (Some(file), false) if summary.left() > 0 => repair(summary, verified, &visible(file), out),
        _ => Ok(()),
    }
}

/// How to make the index match the files.
fn repair(summary: &Summary, verified: Verified, file: &str, out: &mut String) -> Result {
    let index_name = &summary.index_name;
    let first = match not_admitted(summary, verified) {
        0 => String::new(),
        rejected => format!("fix {} in {file}, then ", plural(rejected, "rejected record")),
    };
    writeln!(
        out,
        "next        {first}load {file} to repair the index: put-vectors with that file as its input, --index-name \
         {index_name} and another --rejects"
    )?;
    if summary.rejects_unseen > 0 {
        writeln!(
            out,
            "            {} of the findings may be about records that a later one with the same key replaces: there were \
             too many to remember; verify again after loading",
            count(summary.rejects_unseen)
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::put::books::reasons::ReasonCount;
    use crate::put::books::tally::{Balance, Cost, Tally};
    use crate::put::books::verified::Findings;

    fn told(tally: Tally, findings: Findings, change: impl FnOnce(&mut Summary)) -> String {
        let mut verified = Verified::default();
        verified.count(tally, findings);
        let reason =
            |example: &str| ReasonCount { count: 1, first: "a.jsonl:7".into(), example: example.into() };
        let mut summary = Summary {
            bucket: "b".into(),
            index_name: "i".into(),
            balance: Balance {
                tally,
                cost: Cost { attempts: 10, throttled: 0, bytes_sent: 2_048 },
                batches: 10,
            },
            elapsed_ms: 1_000,
            requests_per_second: 10.0,
            vectors_per_second: 1_000.0,
            quota: crate::call::Quota { requests: 10.0, vectors: f64::INFINITY }.into(),
            reasons: BTreeMap::from([
                ("different".to_owned(), reason("the index holds another value: element 3 is 0.5, not 0.25")),
                ("missing".to_owned(), reason("the index has no vector with this key")),
                ("dimension".to_owned(), reason("the vector has 3 elements; the dimension is 4")),
            ]),
            input_exhausted: true,
            verified: Some(verified),
            ..Summary::default()
        };
        change(&mut summary);
        summary.text()
    }

    #[test]
    fn an_index_that_holds_the_files_is_told_in_few_lines() {
        let tally = Tally { read: 100_000, stored: 100_000, ..Tally::default() };
        insta::assert_snapshot!(told(tally, Findings::default(), |_| ()), @"
        equal       all 100,000 vectors checked, in bucket b, index i
        time        1.0 s, 10 requests, 2.0 KiB sent
        pace        1,000 vectors/s, 10.0 of 10 requests/s
        ");
    }

    #[test]
    fn what_differs_is_told_with_the_first_of_each_kind_and_the_way_to_repair_it() {
        let tally = Tally { read: 1_000, stored: 996, rejected: 4, ..Tally::default() };
        let findings = Findings { different: 3, missing: 1 };
        let file = |summary: &mut Summary| summary.rejects_file = Some("r.jsonl".into());
        insta::assert_snapshot!(told(tally, findings, file), @"
        equal       996 of 1,000 vectors checked, in bucket b, index i
        different   3 vectors, in r.jsonl
                    first at a.jsonl:7: the index holds another value: element 3 is 0.5, not 0.25
        missing     1 vector, in r.jsonl
                    first at a.jsonl:7: the index has no vector with this key
        time        1.0 s, 10 requests, 2.0 KiB sent
        pace        1,000 vectors/s, 10.0 of 10 requests/s
        next        load r.jsonl to repair the index: put-vectors with that file as its input, --index-name i and another --rejects
        ");
    }

    #[test]
    fn what_was_not_checked_is_told_and_why() {
        let tally = Tally {
            read: 1_000,
            stored: 8,
            rejected: 2,
            superseded: 1,
            not_sampled: 989,
            ..Tally::default()
        };
        let findings = Findings { different: 1, missing: 0 };
        let sample = |summary: &mut Summary| {
            summary.rejects_file = Some("r.jsonl".into());
            summary.rejects_unseen = 5;
            (summary.skipped, summary.skipped_rejected) = (500, 2);
            summary.verified.as_mut().unwrap().sample_percent = Some(1.0);
        };
        insta::assert_snapshot!(told(tally, findings, sample), @"
        equal       8 of 9 vectors checked, in bucket b, index i
        different   1 vector, in r.jsonl
                    first at a.jsonl:7: the index holds another value: element 3 is 0.5, not 0.25
        rejected    1 record, not checked, in r.jsonl
                    1 × dimension, first at a.jsonl:7: the vector has 3 elements; the dimension is 4
        not checked 989 records that are not in the sample of 1%
        superseded  1 by later records with the same key
        skipped     500 settled by an earlier run, 2 of them different, missing or rejected
        time        1.0 s, 10 requests, 2.0 KiB sent
        pace        1,000 vectors/s, 10.0 of 10 requests/s
        next        fix 1 rejected record in r.jsonl, then load r.jsonl to repair the index: put-vectors with that file as its input, --index-name i and another --rejects
                    5 of the findings may be about records that a later one with the same key replaces: there were too many to remember; verify again after loading
        ");
    }

    #[test]
    fn a_verification_that_was_stopped_says_how_it_continues() {
        let tally = Tally { read: 1_000, stored: 800, not_sent: 200, ..Tally::default() };
        let stopped = |command: Option<&str>| {
            let command = command.map(str::to_owned);
            told(tally, Findings::default(), |summary| {
                summary.input_exhausted = false;
                summary.is_stopped = true;
                summary.resume_command = command;
            })
        };
        let all = stopped(Some("ossvec verify a.jsonl --resume")) + &stopped(None);
        insta::assert_snapshot!(all, @"
        equal       all 800 vectors checked, in bucket b, index i
        not checked 200 records read before the run stopped
        not read    the rest of the input
        time        1.0 s, 10 requests, 2.0 KiB sent
        pace        1,000 vectors/s, 10.0 of 10 requests/s
        continue    ossvec verify a.jsonl --resume
        equal       all 800 vectors checked, in bucket b, index i
        not checked 200 records read before the run stopped
        not read    the rest of the input
        time        1.0 s, 10 requests, 2.0 KiB sent
        pace        1,000 vectors/s, 10.0 of 10 requests/s
        next        this input cannot be resumed: verify it again from the beginning
        ");
    }
}
