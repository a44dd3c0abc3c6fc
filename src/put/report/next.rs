//! What to do next according to the summary: with the rejects, or with a load that was wrong as a whole.

use std::fmt::{Result, Write as _};

use super::summary::Summary;
use crate::put::books::tally::Tally;
use crate::record::PROVIDER_ERROR;
use crate::shown::visible;
use crate::words::{count, plural};

/// The reason of records with quoting errors: pieces of a table, which mean nothing without the rest of it.
const QUOTE: &str = "quote";

/// The reason of good records: they were sent but are not stored.
const NOT_STORED: &str = "not_stored";

const EMBED_AGAIN: &str = "embed the failed requests again";

const FIX_QUOTES: &str = "fix the quotes in the input, or use the option that the message names";

/// What to do after a load that cannot be continued.
pub(crate) fn write_next(summary: &Summary, out: &mut String) -> Result {
    let Tally { read, not_sent, .. } = summary.balance.tally;
    let is_cut = !summary.input_exhausted || not_sent > 0;
    if summary.has_own_advice {
        return Ok(());
    }
    if is_cut && read > 0 {
        return writeln!(out, "next        this input cannot be resumed: load it again from the beginning");
    }
    match &summary.rejects_file {
        Some(file) if summary.left() > 0 && summary.drops_rejects => {
            let file = visible(file);
            writeln!(
                out,
                "next        run again with --rejects FILE to keep what is not stored: {file} keeps nothing"
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
        return writeln!(out, "next        {FIX_QUOTES}, then load it again");
    }
    let failed = summary.reasons.get(PROVIDER_ERROR).map_or(0, |reason| reason.count);
    if failed > 0 && failed == summary.left() {
        return writeln!(
            out,
            "next        {EMBED_AGAIN} and load the new output; {file} lists them, but loading it cannot help"
        );
    }
    if summary.rejects_superseded >= summary.left() {
        return writeln!(
            out,
            "next        nothing to load again: for each record in {file}, a later one with the same key is stored"
        );
    }
    let what = what_to_load(summary, file);
    let index_name = &summary.index_name;
    writeln!(
        out,
        "next        {what}: run the same command with that file as its input, --index-name {index_name} and another --rejects"
    )?;
    if failed > 0 {
        writeln!(
            out,
            "            except those with the reason {PROVIDER_ERROR}: {EMBED_AGAIN} and load the new output"
        )?;
    }
    write_exceptions(summary, quotes, out)
}

fn what_to_load(summary: &Summary, file: &str) -> String {
    let Tally { rejected, unknown, .. } = summary.balance.tally;
    let not_stored = summary.reasons.get(NOT_STORED).map_or(0, |reason| reason.count);
    let without_fault = not_stored + unknown + summary.skipped_unknown;
    // For earlier runs, only the number of rejects is known.
    let at_fault = (summary.skipped_rejected == 0).then(|| rejected.saturating_sub(not_stored));
    match (at_fault, without_fault) {
        (Some(0), _) => format!("load {file} as it is"),
        (_, 0) => format!("fix the records in {file} and load it"),
        (None, good) => {
            let good = need_no_change(good, "");
            format!("fix the records in {file} (at least {good}) and load it")
        }
        (Some(bad), good) => {
            let others = if good == 1 { " other" } else { " others" };
            let (bad, good) = (plural(bad, "record"), need_no_change(good, others));
            format!("fix {bad} in {file} ({good}) and load it")
        }
    }
}

/// The statement that some records, or some `others`, are good as they are.
fn need_no_change(number: u64, others: &str) -> String {
    format!("{}{others} {} no change", count(number), if number == 1 { "needs" } else { "need" })
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
        let were = if summary.rejects_unseen == 1 { "was" } else { "were" };
        writeln!(
            out,
            "            {} more {were} not checked: first remove those whose key has a later record",
            count(summary.rejects_unseen)
        )?;
    }
    if quotes > 0 {
        writeln!(
            out,
            "            except those with the reason {QUOTE}: {FIX_QUOTES}, then load that again"
        )?;
    }
    Ok(())
}

/// What to do if the whole input was read, not one record is good, and all are rejected for one reason that an option
/// removes.
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
            Some("no record is valid: run the same command with --metadata-values text")
        }
        "no_key" => Some("no record is valid: name the key's field with --key"),
        "no_vector" => Some("no record is valid: name the vector's field with --vector"),
        "dimension" => Some("no record is valid: check --index-name and --dimension"),
        "shortened" => Some("no record is valid: write the vectors as lists, as the message says"),
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

    /// The last lines of a summary: what to do next.
    fn next(summary: &Summary) -> String {
        let text = summary.text();
        let lines: Vec<_> = text.lines().skip_while(|line| !line.starts_with("next")).collect();
        assert_eq!(text.matches("next  ").count(), 1, "{text}");
        lines.join("\n")
    }

    #[test]
    fn what_to_do_next_depends_on_why_records_were_rejected() {
        const TEXT: &str = "--metadata-values text writes it as text";
        let all = [
            (&[("quote", 2, "")][..], 3),
            (&[("quote", 2, "")], 0),
            (&[("quote", 2, ""), ("no_key", 1, "")], 3),
            (&[("provider_error", 2, "")], 3),
            (&[("provider_error", 2, "")], 0),
            (&[("provider_error", 2, ""), ("no_key", 1, "")], 3),
            (&[("no_key", 2, "")], 3),
            (&[("no_key", 2, "")], 0),
            (&[("no_vector", 2, "")], 0),
            (&[("dimension", 2, "")], 0),
            (&[("shortened", 2, "")], 0),
            (&[("metadata_value", 2, TEXT)], 0),
            (&[("metadata_value", 2, "-a leaves it out")], 0),
            (&[("no_key", 2, ""), ("ragged", 1, "")], 0),
            (&[("not_stored", 2, "")], 3),
            (&[("not_stored", 1_900, ""), ("no_key", 1, ""), ("ragged", 1, "")], 3),
        ];
        let said = all.map(|(reasons, stored)| {
            let met: Vec<_> = reasons.iter().map(|(code, count, _)| format!("{count} × {code}")).collect();
            format!("{}, {stored} stored:\n{}", met.join(", "), next(&rejected(reasons, stored)))
        });
        insta::assert_snapshot!(said.join("\n"), @"
        2 × quote, 3 stored:
        next        fix the quotes in the input, or use the option that the message names, then load it again
        2 × quote, 0 stored:
        next        fix the quotes in the input, or use the option that the message names, then load it again
        2 × quote, 1 × no_key, 3 stored:
        next        fix the records in r.jsonl and load it: run the same command with that file as its input, --index-name  and another --rejects
                    except those with the reason quote: fix the quotes in the input, or use the option that the message names, then load that again
        2 × provider_error, 3 stored:
        next        embed the failed requests again and load the new output; r.jsonl lists them, but loading it cannot help
        2 × provider_error, 0 stored:
        next        embed the failed requests again and load the new output; r.jsonl lists them, but loading it cannot help
        2 × provider_error, 1 × no_key, 3 stored:
        next        fix the records in r.jsonl and load it: run the same command with that file as its input, --index-name  and another --rejects
                    except those with the reason provider_error: embed the failed requests again and load the new output
        2 × no_key, 3 stored:
        next        fix the records in r.jsonl and load it: run the same command with that file as its input, --index-name  and another --rejects
        2 × no_key, 0 stored:
        next        no record is valid: name the key's field with --key
        2 × no_vector, 0 stored:
        next        no record is valid: name the vector's field with --vector
        2 × dimension, 0 stored:
        next        no record is valid: check --index-name and --dimension
        2 × shortened, 0 stored:
        next        no record is valid: write the vectors as lists, as the message says
        2 × metadata_value, 0 stored:
        next        no record is valid: run the same command with --metadata-values text
        2 × metadata_value, 0 stored:
        next        fix the records in r.jsonl and load it: run the same command with that file as its input, --index-name  and another --rejects
        2 × no_key, 1 × ragged, 0 stored:
        next        fix the records in r.jsonl and load it: run the same command with that file as its input, --index-name  and another --rejects
        2 × not_stored, 3 stored:
        next        load r.jsonl as it is: run the same command with that file as its input, --index-name  and another --rejects
        1900 × not_stored, 1 × no_key, 1 × ragged, 3 stored:
        next        fix 2 records in r.jsonl (1,900 others need no change) and load it: run the same command with that file as its input, --index-name  and another --rejects
        ");
    }

    #[test]
    fn records_that_need_no_change_are_told_from_those_that_do() {
        const OF_FIVE: [(&str, u64, &str); 2] = [("not_stored", 5, ""), ("no_key", 1, "")];
        const OF_ONE: [(&str, u64, &str); 2] = [("not_stored", 1, ""), ("no_key", 1, "")];
        let said = [
            (&OF_FIVE[..], 7, (0, 0)),
            (&OF_FIVE, 7, (0, 3)),
            (&OF_FIVE, 7, (9, 0)),
            (&OF_FIVE[..1], 7, (0, 3)),
            (&[], 7, (0, 0)),
            (&[], 0, (9, 0)),
            (&OF_FIVE[1..], 0, (0, 0)),
            (&OF_ONE, 0, (0, 0)),
            (&OF_ONE, 0, (1, 0)),
        ]
        .map(|(reasons, unknown, (skipped_rejected, skipped_unknown))| {
            let mut summary = Summary { skipped_rejected, skipped_unknown, ..rejected(reasons, 3) };
            summary.balance.tally += Tally { read: unknown, unknown, ..Tally::default() };
            let said = next(&summary);
            // If nothing is kept, there is nothing to fix or load.
            let dropped = next(&Summary { drops_rejects: true, ..summary });
            assert!(dropped.contains("again with --rejects FILE"), "{dropped}");
            said.split(':').next().unwrap_or_default().to_owned()
        });
        insta::assert_snapshot!(said.join("\n"), @"
        next        fix 1 record in r.jsonl (12 others need no change) and load it
        next        fix 1 record in r.jsonl (15 others need no change) and load it
        next        fix the records in r.jsonl (at least 12 need no change) and load it
        next        load r.jsonl as it is
        next        load r.jsonl as it is
        next        fix the records in r.jsonl and load it
        next        fix the records in r.jsonl and load it
        next        fix 1 record in r.jsonl (1 other needs no change) and load it
        next        fix the records in r.jsonl (at least 1 needs no change) and load it
        ");
    }

    #[test]
    fn what_cannot_be_loaded_again_as_it_is_is_said_too() {
        let of = || rejected(&[("no_key", 3, "")], 3);
        let said = [
            Summary { input_exhausted: false, ..of() },
            Summary { drops_rejects: true, rejects_file: Some("/dev/null".into()), ..of() },
            Summary { rejects_superseded: 3, ..of() },
            Summary { rejects_superseded: 1, rejects_unseen: 1, ..of() },
            Summary { rejects_superseded: 2, rejects_unseen: 2_000, ..of() },
        ]
        .map(|summary| next(&summary));
        insta::assert_snapshot!(said.join("\n"), @"
        next        this input cannot be resumed: load it again from the beginning
        next        run again with --rejects FILE to keep what is not stored: /dev/null keeps nothing
        next        nothing to load again: for each record in r.jsonl, a later one with the same key is stored
        next        fix the records in r.jsonl and load it: run the same command with that file as its input, --index-name  and another --rejects
                    1 of them will be skipped: a later record with the same key is stored
                    1 more was not checked: first remove those whose key has a later record
        next        fix the records in r.jsonl and load it: run the same command with that file as its input, --index-name  and another --rejects
                    2 of them will be skipped: a later record with the same key is stored
                    2,000 more were not checked: first remove those whose key has a later record
        ");
    }
}
