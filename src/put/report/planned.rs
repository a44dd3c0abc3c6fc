//! The end of a dry run for people: what a load would do, and what it would reject. Pure.

use std::fmt::{Result, Write as _};
use std::time::Duration;

use super::next::cure_of_all;
use super::notes::MISSING;
use super::summary::Summary;
use super::text::{checked, elapsed, missing_fields, not_read, rejected, superseded};
use crate::oss::limits;
use crate::put::books::plan::{DimensionFrom, Plan};
use crate::put::books::survey::FormCount;
use crate::shown::visible;
use crate::words::{bytes, count, duration, plural, rate, some_of, whole_seconds};

/// Maximum length of a printed command; a longer one would fill the screen.
const COMMAND: usize = 400;
/// Maximum number of forms of inputs that are listed; the JSON has more.
const FORMS_SHOWN: usize = 5;
/// From how many seconds on the end of a load is reported.
const WORTH_A_DATE: f64 = 60.0;

/// Whether a load takes so long that its end is more useful than its duration.
pub(super) fn is_worth_a_date(time: Duration) -> bool {
    time.as_secs_f64() >= WORTH_A_DATE
}

/// What a load would do.
pub(super) fn planned(summary: &Summary, plan: &Plan, out: &mut String) -> Result {
    writeln!(out, "dry run     nothing was sent")?;
    checked(summary, out)?;
    files(plan, out)?;
    left_aside(summary, out)?;
    would_send(plan, out)?;
    dimension(summary, plan, out)?;
    how_long(summary, plan, out)?;
    capacity(plan, out)?;
    rejected(summary, out)?;
    if plan.exceeds_max_rejects {
        writeln!(out, "            more than --max-rejects allows: a load would stop")?;
    }
    superseded(summary.balance.tally, out)?;
    converted(plan, out)?;
    noted(summary, out)?;
    missing_fields(summary, out)?;
    not_read(summary, out)?;
    writeln!(out, "time        {} for this dry run", elapsed(summary))?;
    next(summary, plan, out)
}

/// What the inputs were recognised as.
fn files(plan: &Plan, out: &mut String) -> Result {
    let size =
        |bytes_of: Option<u64>| bytes_of.map_or(String::new(), |number| format!(", {}", bytes(number)));
    match plan.forms.as_slice() {
        [] => Ok(()),
        [FormCount { form, inputs: 1, records, bytes, examples }] => {
            let name = visible(&examples.concat());
            let records = plural(*records, "record");
            writeln!(out, "files       {name}: {}, {records}{}", visible(form), size(*bytes))
        }
        forms => {
            let sum = |of: fn(&FormCount) -> u64, forms: &[FormCount]| forms.iter().map(of).sum::<u64>();
            let of_all = |forms: &[FormCount]| {
                let (inputs, records) = (sum(|form| form.inputs, forms), sum(|form| form.records, forms));
                (plural(inputs, "file"), plural(records, "record"))
            };
            let (files, records) = of_all(forms);
            writeln!(out, "files       {files}, {records}{}", size(plan.input_bytes()))?;
            let (shown, others) = forms.split_at(forms.len().min(FORMS_SHOWN));
            for form in shown {
                let (records, named) = (plural(form.records, "record"), visible(&named(form)));
                let (inputs, form) = (count(form.inputs), visible(&form.form));
                writeln!(out, "            {inputs} × {form}: {records} in {named}")?;
            }
            let (files, records) = of_all(others);
            if others.is_empty() {
                return Ok(());
            }
            writeln!(out, "            {files} of other forms: {records}")
        }
    }
}

/// Some of the inputs of a form.
fn named(form: &FormCount) -> String {
    let more = form.inputs.saturating_sub(form.examples.len() as u64);
    let more = if more == 0 { String::new() } else { format!(" and {} more", count(more)) };
    form.examples.join(", ") + &more
}

/// Files that are not inputs, and inputs without records.
fn left_aside(summary: &Summary, out: &mut String) -> Result {
    if let Some(named) = listed(&summary.passed_over, summary.passed_over_count) {
        let files = match summary.passed_over_count {
            1 => "1 file".to_owned(),
            more => format!("{} files", count(more)),
        };
        writeln!(out, "skipped     {files} of unknown format: {}", visible(&named))?;
    }
    let empty = &summary.empty_inputs;
    let Some(named) = some_of(empty) else { return Ok(()) };
    writeln!(out, "empty       {} without records: {}", plural(empty.len() as u64, "file"), visible(&named))
}

/// The first few of `all` names.
fn listed(names: &[String], all: u64) -> Option<String> {
    const NAMED: usize = 3;
    let (named, _) = names.split_at_checked(NAMED.min(names.len()))?;
    let more = all.saturating_sub(named.len() as u64);
    let more = if more == 0 { String::new() } else { format!(" and {} more", count(more)) };
    (!named.is_empty()).then(|| named.join(", ") + &more)
}

fn would_send(plan: &Plan, out: &mut String) -> Result {
    let Plan { vectors, requests, vectors_per_request, body_bytes, .. } = *plan;
    let each =
        if requests > 1 { format!(" of {} on average", rate(vectors_per_request)) } else { String::new() };
    let (vectors, requests) = (plural(vectors, "vector"), plural(requests, "request"));
    writeln!(out, "would send  {vectors} in {requests}{each}, {}", bytes(body_bytes))?;
    if plan.read_requests > 0 {
        let reads = plural(plan.read_requests, "request");
        writeln!(out, "            and {reads} to read them back (--verify all)")?;
    }
    Ok(())
}

/// The dimension, unless it is reported with that of the index.
fn dimension(summary: &Summary, plan: &Plan, out: &mut String) -> Result {
    let Some(dimension) = plan.dimension.filter(|_| summary.check.is_none()) else { return Ok(()) };
    let from = match plan.dimension_from {
        Some(DimensionFrom::Index) => ", set by the index",
        Some(DimensionFrom::Option) => ", set by --dimension",
        Some(DimensionFrom::Input) => ", set by the first vector",
        None => "",
    };
    writeln!(out, "dimension   {}{from}", count(dimension))
}

/// How long the load takes at the quota, and when it would end.
fn how_long(summary: &Summary, plan: &Plan, out: &mut String) -> Result {
    if plan.requests == 0 {
        return Ok(());
    }
    let Some(time) = plan.time() else {
        return writeln!(out, "takes       as long as the responses take: no quota is set");
    };
    let limits =
        [(summary.quota.requests_per_second, "requests/s"), (summary.quota.vectors_per_second, "vectors/s")];
    let limits = limits.into_iter().filter_map(|(limit, what)| Some(format!("{} {what}", rate(limit?))));
    let limits = limits.collect::<Vec<_>>().join(" and ");
    let whose = if plan.local { ", the quota of the local service" } else { "" };
    if time.is_zero() {
        return writeln!(
            out,
            "takes       as long as one response: a single request never waits for the quota"
        );
    }
    let is_long = is_worth_a_date(time);
    let shown = if is_long { whole_seconds(time) } else { duration(time) };
    writeln!(out, "takes       at least {shown} at {limits}{whose}")?;
    match &plan.local_finish {
        Some(finish) if is_long => writeln!(out, "finish      {finish} at the earliest, if it starts now"),
        _ => Ok(()),
    }
}

/// The percentage of an index that the vectors take.
fn capacity(plan: &Plan, out: &mut String) -> Result {
    if plan.vectors == 0 {
        return Ok(());
    }
    let percent = match plan.capacity_percent {
        percent if percent < 0.01 => "less than 0.01".to_owned(),
        percent => rate(percent),
    };
    let before = limits::VECTORS_PER_INDEX_BEFORE;
    let doubt = match plan.vectors {
        vectors if vectors > before => format!("; some pages of the service say {}", count(before)),
        _ => String::new(),
    };
    let capacity = count(plan.index_capacity);
    writeln!(out, "capacity    {percent} % of an empty index ({capacity} vectors{doubt})")
}

/// What is stored as another type.
fn converted(plan: &Plan, out: &mut String) -> Result {
    plan.conversions.iter().try_for_each(|conversion| {
        let (number, first) = (count(conversion.count), visible(&conversion.first));
        writeln!(out, "converted   {number} × {}, first at {first}", conversion.message)
    })
}

/// Findings that reject no record but must be reported; fields that no record has are reported separately.
fn noted(summary: &Summary, out: &mut String) -> Result {
    summary.notes.iter().filter(|note| note.code != MISSING).try_for_each(|note| {
        let first =
            note.first.as_ref().map_or(String::new(), |first| format!(", first at {}", visible(first)));
        let number = if note.count == 0 { String::new() } else { format!("{} × ", count(note.count)) };
        writeln!(out, "note        {number}{}{first}", visible(&note.message))
    })
}

/// The command that loads, unless something must be done first.
fn next(summary: &Summary, plan: &Plan, out: &mut String) -> Result {
    if let Some(cure) = cure_of_all(summary) {
        return writeln!(out, "next        {cure}");
    }
    if plan.vectors == 0 || summary.error.is_some() || !summary.input_exhausted {
        return Ok(());
    }
    let command = match plan.command.as_str() {
        long if long.chars().count() > COMMAND => "the same command without --dry-run",
        command => command,
    };
    if summary.balance.tally.rejected == 0 {
        return writeln!(out, "next        {command}");
    }
    writeln!(out, "next        fix the rejected records, or load the others:\n            {command}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::call::Quota;
    use crate::put::books::check::{Check, Presence};
    use crate::put::books::plan::Conversion;
    use crate::put::books::reasons::ReasonCount;
    use crate::put::books::tally::{Balance, Tally};
    use crate::put::report::notes::Note;

    const DOCUMENTED: Quota = Quota { requests: 5.0, vectors: 2_500.0 };

    fn form(form: &str, inputs: u64, records: u64, examples: &[&str]) -> FormCount {
        let examples = examples.iter().map(ToString::to_string).collect();
        FormCount { form: form.into(), inputs, records, bytes: Some(inputs << 30), examples }
    }

    fn plan() -> Plan {
        Plan {
            forms: vec![form("JSON Lines", 1, 4, &["a.jsonl"])],
            dimension: Some(768),
            dimension_from: Some(DimensionFrom::Input),
            vectors: 4,
            requests: 1,
            vectors_per_request: 4.0,
            body_bytes: 2_048,
            seconds: Some(0.0),
            index_capacity: limits::VECTORS_PER_INDEX,
            capacity_percent: 0.000_000_2,
            command: "ossvec put-vectors a.jsonl --bucket b --index-name i".into(),
            ..Plan::default()
        }
    }

    fn summary(plan: Plan, tally: Tally, quota: Quota) -> Summary {
        Summary {
            bucket: "b".into(),
            index_name: "i".into(),
            balance: Balance { tally, ..Balance::default() },
            quota: quota.into(),
            elapsed_ms: 400,
            input_exhausted: true,
            plan: Some(Box::new(plan)),
            ..Summary::default()
        }
    }

    #[test]
    fn a_small_good_file_has_a_plan_of_few_lines() {
        let tally = Tally { read: 4, not_sent: 4, ..Tally::default() };
        insta::assert_snapshot!(summary(plan(), tally, DOCUMENTED).text(), @"
        dry run     nothing was sent
        files       a.jsonl: JSON Lines, 4 records, 1.0 GiB
        would send  4 vectors in 1 request, 2.0 KiB
        dimension   768, set by the first vector
        takes       as long as one response: a single request never waits for the quota
        capacity    less than 0.01 % of an empty index (2,000,000,000 vectors)
        time        0.4 s for this dry run
        next        ossvec put-vectors a.jsonl --bucket b --index-name i
        ");
    }

    fn large() -> Plan {
        Plan {
            forms: vec![
                form(
                    "JSON Lines (gzip)",
                    90_000,
                    8_000_000,
                    &["a/1.jsonl.gz", "a/2.jsonl.gz", "a/3.jsonl.gz"],
                ),
                form("Parquet (key id, vector emb)", 10_000, 2_000_007, &["p/1.parquet"]),
                form("CSV with ';' between cells (GB18030)", 1, 3, &["old.csv"]),
            ],
            conversions: vec![Conversion {
                code: "number_keys",
                message: "keys that are numbers, stored as text",
                count: 2_000_007,
                first: "p/1.parquet: row 1".into(),
            }],
            vectors: 10_000_000,
            requests: 20_001,
            vectors_per_request: 500.0,
            body_bytes: 80 << 30,
            read_requests: 100_000,
            seconds: Some(24_000.2),
            local_finish: Some("2026-11-30 18:43 +08:00".into()),
            capacity_percent: 0.5,
            exceeds_max_rejects: true,
            ..plan()
        }
    }

    #[test]
    fn a_large_plan_fits_one_screen_and_says_what_would_be_rejected_and_where() {
        let tally =
            Tally { read: 10_000_010, not_sent: 10_000_000, rejected: 9, superseded: 1, ..Tally::default() };
        let reason = |number, first: &str, example: &str| ReasonCount {
            count: number,
            first: first.into(),
            example: example.into(),
        };
        let note = Note {
            code: "fields_not_stored",
            message: "fields not stored: title".into(),
            count: 8_000_000,
            first: Some("a/1.jsonl.gz:1".into()),
            cure: "",
        };
        let missing =
            |code, message: &str| Note { code, message: message.into(), count: 0, first: None, cure: "" };
        let large = Summary {
            reasons: BTreeMap::from([
                (
                    "dimension".into(),
                    reason(7, "a/1.jsonl.gz:7", "the vector has 3 elements; the dimension is 768"),
                ),
                ("no_key".into(), reason(2, "old.csv:3", "no key found")),
            ]),
            notes: vec![
                note,
                missing("left_out_missing", "no record has the field text (from --metadata -text)"),
                missing(MISSING, "no record has the field lang (from --metadata)"),
            ],
            passed_over: ["README.md", "x.bin", "y.bin", "z.bin"].map(str::to_owned).into(),
            passed_over_count: 1_204,
            empty_inputs: vec!["e.jsonl".into()],
            ..summary(large(), tally, DOCUMENTED)
        };
        insta::assert_snapshot!(large.text(), @"
        dry run     nothing was sent
        files       100,001 files, 10,000,010 records, 97.7 TiB
                    90,000 × JSON Lines (gzip): 8,000,000 records in a/1.jsonl.gz, a/2.jsonl.gz, a/3.jsonl.gz and 89,997 more
                    10,000 × Parquet (key id, vector emb): 2,000,007 records in p/1.parquet and 9,999 more
                    1 × CSV with ';' between cells (GB18030): 3 records in old.csv
        skipped     1,204 files of unknown format: README.md, x.bin, y.bin and 1,201 more
        empty       1 file without records: e.jsonl
        would send  10,000,000 vectors in 20,001 requests of 500 on average, 80.0 GiB
                    and 100,000 requests to read them back (--verify all)
        dimension   768, set by the first vector
        takes       at least 6 h 40 min at 5 requests/s and 2,500 vectors/s
        finish      2026-11-30 18:43 +08:00 at the earliest, if it starts now
        capacity    0.50 % of an empty index (2,000,000,000 vectors)
        rejected    9 records
                    7 × dimension, first at a/1.jsonl.gz:7: the vector has 3 elements; the dimension is 768
                    2 × no_key, first at old.csv:3: no key found
                    more than --max-rejects allows: a load would stop
        superseded  1 by later records with the same key
        converted   2,000,007 × keys that are numbers, stored as text, first at p/1.parquet: row 1
        note        8,000,000 × fields not stored: title, first at a/1.jsonl.gz:1
        note        no record has the field text (from --metadata -text)
        missing     no record has the field lang (from --metadata)
        time        0.4 s for this dry run
        next        fix the rejected records, or load the others:
                    ossvec put-vectors a.jsonl --bucket b --index-name i
        ");
        assert!(large.text().lines().count() <= 25);
    }

    #[test]
    fn what_the_service_says_stands_in_the_plan() {
        let tally = Tally { read: 1_000, not_sent: 1_000, ..Tally::default() };
        let known = Plan {
            forms: vec![FormCount { bytes: None, ..form("JSON Lines", 1, 1_000, &["(stdin)"]) }],
            dimension_from: Some(DimensionFrom::Index),
            vectors: 1_000,
            requests: 3,
            vectors_per_request: 333.3,
            seconds: Some(0.4),
            local: true,
            ..plan()
        };
        let check = Check {
            bucket: Presence::Found,
            index: Presence::Found,
            dimension: Some(768),
            metric: Some("cosine".to_owned()),
            input_dimension: Some(768),
        };
        let asked = Summary { check: Some(check), ..summary(known, tally, DOCUMENTED) };
        insta::assert_snapshot!(asked.text(), @"
        dry run     nothing was sent
        bucket      b: found
        index       i: found, dimension 768, metric cosine
        input       dimension 768
        files       (stdin): JSON Lines, 1,000 records
        would send  1,000 vectors in 3 requests of 333 on average, 2.0 KiB
        takes       at least 0.4 s at 5 requests/s and 2,500 vectors/s, the quota of the local service
        capacity    less than 0.01 % of an empty index (2,000,000,000 vectors)
        time        0.4 s for this dry run
        next        ossvec put-vectors a.jsonl --bucket b --index-name i
        ");
    }

    /// The lines of a plan with one of these labels.
    fn lines(summary: &Summary, labels: &[&str]) -> String {
        let text = summary.text();
        let lines = text.lines().filter(|line| labels.iter().any(|label| line.starts_with(label)));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn without_a_quota_no_time_is_guessed() {
        let tally = Tally { read: 100_000_000, not_sent: 100_000_000, ..Tally::default() };
        let many = Plan { vectors: 100_000_000, requests: 200_000, capacity_percent: 5.0, ..plan() };
        let none = Quota { requests: f64::INFINITY, vectors: f64::INFINITY };
        let unlimited = summary(Plan { seconds: None, ..many.clone() }, tally, none);
        let one = Quota { vectors: f64::INFINITY, ..DOCUMENTED };
        let one = summary(Plan { seconds: Some(40_000.0), ..many }, tally, one);
        let told = [unlimited, one].map(|summary| lines(&summary, &["takes", "capacity"]));
        insta::assert_snapshot!(told.join("\n"), @"
        takes       as long as the responses take: no quota is set
        capacity    5 % of an empty index (2,000,000,000 vectors; some pages of the service say 50,000,000)
        takes       at least 11 h 6 min at 5 requests/s
        capacity    5 % of an empty index (2,000,000,000 vectors; some pages of the service say 50,000,000)
        ");
    }

    #[test]
    fn what_to_do_next_is_the_command_unless_something_must_be_done_before() {
        let good = Tally { read: 4, not_sent: 4, ..Tally::default() };
        let some = Tally { read: 5, not_sent: 4, rejected: 1, ..Tally::default() };
        let long = Plan { command: "x".repeat(COMMAND + 1), ..plan() };
        let next = |summary: Summary| {
            let text = summary.text();
            text.split_once("\nnext")
                .map_or("nothing".to_owned(), |(_, next)| format!("next{}", next.trim_end()))
        };
        let none = Plan { vectors: 0, requests: 0, ..plan() };
        let bad = Tally { read: 3, rejected: 3, ..Tally::default() };
        let reason = ReasonCount { count: 3, first: "a.jsonl:1".into(), example: String::new() };
        let cured = Summary {
            reasons: BTreeMap::from([("no_key".to_owned(), reason)]),
            ..summary(none.clone(), bad, DOCUMENTED)
        };
        let torn = Summary { input_exhausted: false, ..summary(plan(), good, DOCUMENTED) };
        let told = [
            summary(plan(), good, DOCUMENTED),
            summary(plan(), some, DOCUMENTED),
            summary(long, good, DOCUMENTED),
            summary(none, Tally::default(), DOCUMENTED),
            cured,
            torn,
        ];
        insta::assert_snapshot!(told.map(next).join("\n"), @"
        next        ossvec put-vectors a.jsonl --bucket b --index-name i
        next        fix the rejected records, or load the others:
                    ossvec put-vectors a.jsonl --bucket b --index-name i
        next        the same command without --dry-run
        nothing
        next        no record is valid: name the key's field with --key
        nothing
        ");
    }
}
