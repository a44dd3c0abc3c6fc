//! What GitHub Actions reads: workflow commands, which annotate files, and the step's summary in Markdown. Pure.

use std::fmt::Write as _;
use std::time::Duration;

use super::summary::Summary;
use crate::put::record::{Defect, Input};
use crate::put::words::{count, duration, plural};
use crate::shown::{is_unseen, visible, visible_lines};

/// A step's summary beyond this is dropped whole.
pub(super) const STEP_SUMMARY_BYTES: u64 = 1024 * 1024;
/// Longest text of a cell, in characters.
const CELL: usize = 300;

/// The annotation of a rejected record.
pub(super) fn reject(defect: &Defect, input: Option<&Input>, place: &str) -> String {
    let key = defect.shown_key();
    let title = format!("rejected: {}", defect.reason.code());
    match input {
        Some(Input::File(path)) => {
            let (file, line) = (path.display().to_string(), defect.position.line.to_string());
            error(
                &[("file", &file), ("line", &line), ("title", &title)],
                &format!("{key}{}", defect.reason.told()),
            )
        }
        _ => error(&[("title", &title)], &format!("{place}: {key}{}", defect.reason.told())),
    }
}

/// The annotation of a run that stopped.
pub(crate) fn failure(message: &str) -> String {
    error(&[("title", "ossvec")], message)
}

/// The workflow command `error`.
fn error(properties: &[(&str, &str)], message: &str) -> String {
    let properties: Vec<_> =
        properties.iter().map(|(name, value)| format!("{name}={}", property(&visible(value)))).collect();
    format!("::error {}::{}", properties.join(","), data(&visible_lines(message)))
}

/// The message of a command: the three characters that would end it, or begin an escape.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a command's property: also what stands between properties and before the message.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The step's summary: what became of the records, and the command that continues.
pub(super) fn step_summary(summary: &Summary) -> String {
    let mut text = String::new();
    write(summary, &mut text).unwrap_or_default();
    text
}

fn write(summary: &Summary, out: &mut String) -> std::fmt::Result {
    let target = format!("{} / {}", summary.bucket, summary.index_name);
    writeln!(out, "### ossvec: {}\n", cell(if summary.dry_run { "dry run" } else { &target }))?;
    if let Some(error) = &summary.error {
        writeln!(out, "**Stopped:** {}\n", cell(error))?;
    }
    writeln!(out, "| | records | |\n|---|--:|---|")?;
    let mut row = |name: &str, number: u64, note: &str| {
        writeln!(out, "| {name} | {} | {} |", count(number), cell(note))
    };
    if summary.dry_run {
        row(
            "would be sent",
            summary.balance.tally.not_sent,
            &format!("in {}", plural(summary.balance.batches, "request")),
        )?;
    } else {
        row(
            "stored",
            summary.balance.tally.stored,
            &format!("of {} read", count(summary.balance.tally.read)),
        )?;
    }
    if summary.balance.tally.rejected > 0 {
        let file = summary.kept_rejects().map_or(String::new(), |file| format!("all of them in {file}"));
        row("rejected", summary.balance.tally.rejected, &file)?;
        let (top, others) = summary.top_reasons();
        for (code, reason) in top {
            row(
                &format!("– {}", cell(code)),
                reason.count,
                &format!("first at {}: {}", reason.first, reason.example),
            )?;
        }
        if others > 0 {
            row("– other reasons", others, "")?;
        }
    }
    let not_sent = if summary.dry_run { 0 } else { summary.balance.tally.not_sent };
    for (name, number, note) in [
        ("superseded", summary.balance.tally.superseded, "by later records with the same key"),
        ("unknown", summary.balance.tally.unknown, "sent and not confirmed, perhaps stored"),
        ("not sent", not_sent, "read before the run stopped"),
        ("skipped", summary.skipped, "settled by an earlier run"),
    ] {
        if number > 0 {
            row(name, number, note)?;
        }
    }
    for failed in &summary.failed_inputs {
        let note = format!("the rest of {} from line {} on: {}", failed.name, failed.line, failed.message);
        writeln!(out, "| not read | | {} |", cell(&note))?;
    }
    if summary.is_stopped {
        writeln!(out, "| not read | | the rest of the input |")?;
    }
    let time = duration(Duration::from_millis(summary.elapsed_ms));
    let pace = summary.pace().map_or(String::new(), |pace| format!(", {pace}"));
    writeln!(out, "\n{}{}\n", cell(&time), cell(&pace))?;
    if let Some(command) = &summary.resume_command {
        let fence = fence(command);
        writeln!(out, "Continue with:\n\n{fence}sh\n{command}\n{fence}\n")?;
    }
    Ok(())
}

/// Text that Markdown leaves as it is: all it could take for markup is written as character references.
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

    use bytes::Bytes;

    use super::*;
    use crate::put::reasons::ReasonCount;
    use crate::put::record::{Position, Raw, Reason};
    use crate::put::tally::{Balance, Cost, Tally};

    fn defect(key: &str) -> Defect {
        let position = Position { line: 7, record: 6, ..Position::default() };
        let raw = Raw::Json(Bytes::from_static(b"{}"));
        Defect { position, key: Some(key.to_owned()), raw, reason: Reason::Dimension { want: 4, got: 3 } }
    }

    #[test]
    fn a_reject_annotates_its_file_and_line() {
        let file = Input::File("data/a,b:100%.jsonl".into());
        let want = "::error file=data/a%2Cb%3A100%25.jsonl,line=7,title=rejected%3A dimension::\
                    key \"a%25\\n::stop\": the vector has 3 elements; the dimension is 4";
        assert_eq!(reject(&defect("a%\n::stop"), Some(&file), "x:7"), want);
        let want = "::error title=rejected%3A dimension::(stdin):7: key \"a\": the vector has 3 elements; the dimension is 4";
        assert_eq!(reject(&defect("a"), Some(&Input::Stdin), "(stdin):7"), want);
        assert_eq!(failure("a\u{1b}\u{202e}\nb"), "::error title=ossvec::a\\u{1b}\\u{202e}%0Ab");
    }

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
                    superseded: 0,
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
        let want = "\
### ossvec: b / i

**Stopped:** interrupted

| | records | |
|---|--:|---|
| stored | 1,000 | of 1,010 read |
| rejected | 3 | all of them in r&#95;1.jsonl |
| – dimension | 3 | first at a&#124;b.jsonl&#58;7&#58; &#42;too&#42; long &#60;b&#62; |
| unknown | 5 | sent and not confirmed, perhaps stored |
| not sent | 2 | read before the run stopped |
| not read | | the rest of the input |

1.5 s, 666 vectors/s, 2.7 requests/s

Continue with:

```sh
ossvec put-vectors 'a|``b.jsonl' --resume
```

";
        assert_eq!(step_summary(&summary), want);
    }

    #[test]
    fn a_long_cell_is_cut_and_a_fence_outlasts_its_code() {
        assert_eq!(cell(&"x".repeat(CELL + 1)), "x".repeat(CELL) + "…");
        assert_eq!([fence("a"), fence("a```b")], ["```", "````"]);
    }
}
