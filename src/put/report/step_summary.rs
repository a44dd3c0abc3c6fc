//! The end of a run, as the summary of a GitHub Actions step, in Markdown.

use std::fmt::{Result, Write as _};
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::happening::Happening;
use super::listener::{Listener, Untold};
use super::notice::Notice;
use super::screen::Screen;
use super::summary::Summary;
use crate::put::books::reasons::ReasonCount;
use crate::put::books::rehearsal::Rehearsal;
use crate::put::books::tally::Tally;
use crate::shown::is_unseen;
use crate::words::{count, duration, plural};

/// Maximum size of a step's summary; GitHub drops a larger one completely.
const LONGEST: u64 = 1024 * 1024;
/// Maximum length of a cell, in characters.
const CELL: usize = 300;

/// Adds the outcomes of the records to the summary of the step.
#[derive(Debug)]
pub(crate) struct StepSummary {
    path: PathBuf,
    trouble: Option<io::Error>,
}

impl StepSummary {
    /// Writes to the file for the step's summary.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, trouble: None }
    }
}

impl Listener for StepSummary {
    fn hear(&mut self, happening: &Happening<'_>, _: &mut Screen) {
        if let Happening::Ended(summary) = happening {
            self.trouble = append(&self.path, &markdown(summary)).err();
        }
    }

    fn trouble(&mut self) -> Option<Untold> {
        let error = self.trouble.take()?.to_string();
        Some(Untold::Noted(Notice::StepSummary { path: self.path.clone(), error }))
    }
}

/// Appends to the summary of a step; earlier commands of the step may have written to it.
fn append(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    if file.metadata()?.len() + text.len() as u64 > LONGEST {
        return Err(io::Error::other("it would grow beyond 1 MiB"));
    }
    file.write_all(text.as_bytes())
}

/// The step's summary: the outcomes of the records, and the command that continues.
fn markdown(summary: &Summary) -> String {
    let mut text = String::new();
    let written = match summary.rehearsal {
        Some(planned) => rehearsal(summary, planned, &mut text),
        None => load(summary, &mut text),
    };
    written.unwrap_or_default();
    text
}

/// What a load would do.
fn rehearsal(summary: &Summary, planned: Rehearsal, out: &mut String) -> Result {
    heading(summary, "dry run", out)?;
    row("would be sent", planned.vectors, &format!("in {}", plural(planned.requests, "request")), out)?;
    rejected(summary, out)?;
    superseded(summary, out)?;
    not_read(summary, out)?;
    how_long(summary, out)
}

/// The outcomes of a load, and how to continue it.
fn load(summary: &Summary, out: &mut String) -> Result {
    let Tally { read, stored, unknown, not_sent, not_sampled, .. } = summary.balance.tally;
    heading(summary, &format!("{} / {}", summary.bucket, summary.index_name), out)?;
    let stored_as = if summary.verified.is_some() { "equal" } else { "stored" };
    row(stored_as, stored, &format!("of {} read", count(read)), out)?;
    rejected(summary, out)?;
    superseded(summary, out)?;
    row_if_any("unknown", unknown, "sent but not confirmed, possibly stored", out)?;
    row_if_any("not sent", not_sent, "read before the run stopped", out)?;
    row_if_any("not in the sample", not_sampled, "not checked", out)?;
    row_if_any("skipped", summary.skipped, "settled by an earlier run", out)?;
    not_read(summary, out)?;
    how_long(summary, out)?;
    let Some(command) = &summary.resume_command else { return Ok(()) };
    let fence = fence(command);
    writeln!(out, "Continue with:\n\n{fence}sh\n{command}\n{fence}\n")
}

fn heading(summary: &Summary, title: &str, out: &mut String) -> Result {
    writeln!(out, "### ossvec: {}\n", cell(title))?;
    if let Some(error) = &summary.error {
        writeln!(out, "**Stopped:** {}\n", cell(error))?;
    }
    writeln!(out, "| | records | |\n|---|--:|---|")
}

fn row(name: &str, number: u64, note: &str, out: &mut String) -> Result {
    writeln!(out, "| {name} | {} | {} |", count(number), cell(note))
}

fn row_if_any(name: &str, number: u64, note: &str, out: &mut String) -> Result {
    if number > 0 { row(name, number, note, out) } else { Ok(()) }
}

fn rejected(summary: &Summary, out: &mut String) -> Result {
    let rejected = summary.balance.tally.rejected;
    if rejected == 0 {
        return Ok(());
    }
    let file = summary.kept_rejects().map_or(String::new(), |file| format!("all of them in {file}"));
    row("rejected", rejected, &file, out)?;
    let (top, others) = summary.top_reasons();
    for (code, ReasonCount { count, first, example }) in top {
        row(&format!("– {}", cell(code)), *count, &format!("first at {first}: {example}"), out)?;
    }
    row_if_any("– other reasons", others, "", out)
}

fn superseded(summary: &Summary, out: &mut String) -> Result {
    let superseded = summary.balance.tally.superseded;
    row_if_any("superseded", superseded, "by later records with the same key", out)
}

fn not_read(summary: &Summary, out: &mut String) -> Result {
    for failed in &summary.failed_inputs {
        let note =
            format!("the rest of {} from {} {}: {}", failed.name, failed.unit, failed.line, failed.message);
        writeln!(out, "| not read | | {} |", cell(&note))?;
    }
    if summary.is_stopped {
        writeln!(out, "| not read | | the rest of the input |")?;
    }
    Ok(())
}

fn how_long(summary: &Summary, out: &mut String) -> Result {
    let time = duration(Duration::from_millis(summary.elapsed_ms));
    let pace = summary.pace().map_or(String::new(), |pace| format!(", {pace}"));
    writeln!(out, "\n{}{}\n", cell(&time), cell(&pace))
}

/// Text that Markdown leaves unchanged: possible markup is written as character references.
fn cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    for character in text.chars().take(CELL) {
        match character {
            ' ' | ',' | '.' | '-' | '/' | '(' | ')' => cell.push(character),
            _ if is_unseen(character) => cell.push(' '),
            _ if character.is_ascii_punctuation() => {
                write!(cell, "&#{};", u32::from(character)).unwrap_or_default();
            }
            _ => cell.push(character),
        }
    }
    if text.chars().nth(CELL).is_some() {
        cell.push('…');
    }
    cell
}

/// A fence longer than any run of backticks in the code.
fn fence(code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    "`".repeat(3.max(longest + 1))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::put::books::tally::{Balance, Cost};

    #[test]
    fn the_step_summary_is_a_table_whatever_stands_in_its_cells() {
        let summary = Summary {
            bucket: "b".into(),
            index_name: "i".into(),
            balance: Balance {
                tally: Tally {
                    read: 1_010,
                    stored: 1_000,
                    rejected: 3,
                    unknown: 5,
                    not_sent: 2,
                    ..Tally::default()
                },
                cost: Cost { attempts: 4, ..Cost::default() },
                batches: 0,
            },
            elapsed_ms: 1_500,
            vectors_per_second: 666.0,
            requests_per_second: 2.7,
            reasons: BTreeMap::from([(
                "dimension".to_owned(),
                ReasonCount { count: 3, first: "a|b.jsonl:7".into(), example: "*too*\nlong <b>".into() },
            )]),
            error: Some("interrupted".into()),
            is_stopped: true,
            rejects_file: Some("r_1.jsonl".into()),
            resume_command: Some("ossvec put-vectors 'a|``b.jsonl' --resume".into()),
            ..Summary::default()
        };
        insta::assert_snapshot!(markdown(&summary), @"
        ### ossvec: b / i

        **Stopped:** interrupted

        | | records | |
        |---|--:|---|
        | stored | 1,000 | of 1,010 read |
        | rejected | 3 | all of them in r&#95;1.jsonl |
        | – dimension | 3 | first at a&#124;b.jsonl&#58;7&#58; &#42;too&#42; long &#60;b&#62; |
        | unknown | 5 | sent but not confirmed, possibly stored |
        | not sent | 2 | read before the run stopped |
        | not read | | the rest of the input |

        1.5 s, 666 vectors/s, 2.7 requests/s

        Continue with:

        ```sh
        ossvec put-vectors 'a|``b.jsonl' --resume
        ```
        ");
    }

    #[test]
    fn the_step_summary_of_a_rehearsal_tells_what_would_be_sent() {
        let tally = Tally { read: 1_010, not_sent: 1_000, superseded: 10, ..Tally::default() };
        let planned = Rehearsal { requests: 2, vectors: 1_000, ..Rehearsal::default() };
        let mut summary = Summary { bucket: "b".into(), elapsed_ms: 1_500, ..Summary::default() };
        summary.balance.tally = tally;
        summary.rehearsed(planned);
        insta::assert_snapshot!(markdown(&summary), @"
        ### ossvec: dry run

        | | records | |
        |---|--:|---|
        | would be sent | 1,000 | in 2 requests |
        | superseded | 10 | by later records with the same key |

        1.5 s
        ");
    }

    #[test]
    fn a_long_cell_is_cut_and_a_fence_outlasts_its_code() {
        assert_eq!(cell(&"x".repeat(CELL + 1)), "x".repeat(CELL) + "…");
        assert_eq!([fence("a"), fence("a```b")], ["```", "````"]);
    }
}
