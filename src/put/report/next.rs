//! What is to be done next, as the summary says it: with the rejects, or with a load that was wrong as a whole.

use std::fmt::{Result, Write as _};

use super::summary::Summary;
use crate::put::books::tally::Tally;
use crate::shown::visible;
use crate::words::{count, plural};

/// The reason of records whose quotes are not in order: pieces of a table, which mean nothing without the rest of it.
const QUOTE: &str = "quote";

/// The reason of records with which nothing is wrong: they were sent and are not there.
const NOT_STORED: &str = "not_stored";

const FIX_QUOTES: &str = "fix the quotes in the input, or give the option that the message names";

/// What to do after a load that cannot be continued.
pub(crate) fn write_next(summary: &Summary, out: &mut String) -> Result {
    let Tally { read, not_sent, .. } = summary.balance.tally;
    let is_cut = !summary.input_exhausted || not_sent > 0;
    if summary.has_own_advice {
        return Ok(());
    }
    if is_cut && read > 0 {
        return writeln!(out, "next        this input cannot be continued: load it again from its start");
    }
    match &summary.rejects_file {
        Some(file) if summary.left() > 0 && summary.drops_rejects => {
            let file = visible(file);
            writeln!(
                out,
                "next        run again with --rejects FILE to have what is not stored: {file} keeps nothing"
            )
        }
        Some(file) if summary.left() > 0 => write_next_of(summary, out, &visible(file)),
        _ => Ok(()),
    }
}

/// What to do with the records in the rejects file.
fn write_next_of(summary: &Summary, out: &mut String, file: &str) -> Result {
    let quotes = summary.reasons.get(QUOTE).map_or(0, |reason| reason.count);
    if quotes > 0 && quotes == summary.left() {
        return writeln!(out, "next        {FIX_QUOTES}, and load it again");
    }
    if summary.rejects_superseded >= summary.left() {
        return writeln!(
            out,
            "next        nothing to load again: each record in {file} has a later one with its key, which is stored"
        );
    }
    let what = what_to_load(summary, file);
    let index_name = &summary.index_name;
    writeln!(
        out,
        "next        {what}: the same command with that file as its input, --index-name {index_name}, another --rejects"
    )?;
    write_exceptions(summary, quotes, out)
}

fn what_to_load(summary: &Summary, file: &str) -> String {
    let Tally { rejected, unknown, .. } = summary.balance.tally;
    let not_stored = summary.reasons.get(NOT_STORED).map_or(0, |reason| reason.count);
    let without_fault = not_stored + unknown + summary.skipped_unknown;
    // Of what earlier runs rejected only the number is known.
    let at_fault = (summary.skipped_rejected == 0).then(|| rejected.saturating_sub(not_stored));
    match (at_fault, without_fault) {
        (Some(0), _) => format!("load {file} as it is"),
        (_, 0) => format!("fix the records in {file} and load it"),
        (None, good) => {
            let good = count(good);
            format!("fix the records in {file}, at least {good} of which need no change, and load it")
        }
        (Some(bad), good) => {
            let (bad, good) = (plural(bad, "record"), count(good));
            format!("fix {bad} in {file}, where {good} others need no change, and load it")
        }
    }
}

fn write_exceptions(summary: &Summary, quotes: u64, out: &mut String) -> Result {
    let superseded = summary.rejects_superseded;
    if superseded > 0 {
        writeln!(
            out,
            "            {} of them will be skipped: a later record with the same key is stored",
            count(superseded)
        )?;
    }
    if summary.rejects_unseen > 0 {
        writeln!(
            out,
            "            {} more were not checked: remove those whose key has a later record first",
            count(summary.rejects_unseen)
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

/// What to do where the whole input was read, not one record is good, and all are rejected for one reason that an
/// option takes away.
pub(crate) fn cure_of_all(summary: &Summary) -> Option<&'static str> {
    let others = summary.balance.tally.read - summary.balance.tally.rejected.min(summary.balance.tally.read)
        + summary.skipped;
    let is_only = summary.input_exhausted
        && !summary.has_own_advice
        && summary.balance.tally.rejected > 0
        && others == 0;
    let (code, reason) = summary.reasons.iter().next().filter(|_| is_only && summary.reasons.len() == 1)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::put::books::reasons::ReasonCount;
    use crate::put::books::tally::Balance;

    fn rejected(reasons: &[(&str, u64, &str)], stored: u64) -> Summary {
        let rejected = reasons.iter().map(|(_, count, _)| count).sum();
        let reason = |(code, count, example): &(&str, u64, &str)| {
            let first = "a.csv:2".to_owned();
            ((*code).to_owned(), ReasonCount { count: *count, first, example: (*example).to_owned() })
        };
        Summary {
            balance: Balance {
                tally: Tally { read: stored + rejected, stored, rejected, ..Tally::default() },
                ..Balance::default()
            },
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
            let mut summary = Summary { skipped_rejected, skipped_unknown, ..rejected(reasons, 3) };
            summary.balance.tally += Tally { read: unknown, unknown, ..Tally::default() };
            let text = summary.text();
            assert!(text.contains(&format!("next        {next}")), "{next}: {text}");
            // What keeps nothing has nothing to be fixed or loaded.
            let text = Summary { drops_rejects: true, ..summary }.text();
            assert!(!text.contains("in r.jsonl") && text.contains("again with --rejects FILE"), "{text}");
        }
    }
}
