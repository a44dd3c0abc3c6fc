//! All loads as a table for people, with details of each on the lines below it. Pure.

use std::collections::BTreeSet;
use std::time::Duration;

use super::choose::short;
use super::describe::FRESH;
use super::load::{Load, Standing, since};
use crate::oss::time::Timestamp;
use crate::put::books::tracker::Settled;
use crate::shown::bounded;
use crate::words::{bytes, count, rate, whole_seconds};

const COLUMNS: usize = 6;
const HEADS: [&str; COLUMNS] = ["LOAD", "STATE", "PROGRESS", "VECTORS", "RATE", "LEFT / WHEN"];
/// Which columns are right-aligned: those of numbers.
const RIGHT: [bool; COLUMNS] = [false, false, true, true, true, false];
const NOTHING: &str = "-";

/// The maximum length of a message in the table, in characters.
const MESSAGE: usize = 300;

/// The table.
pub(super) fn table(loads: &[Load], now: Timestamp) -> String {
    let places: BTreeSet<_> = loads.iter().filter_map(Load::place).collect();
    let rows: Vec<_> =
        short(loads).into_iter().zip(loads).map(|(name, load)| cells(name, load, now)).collect();
    let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| row.get(column).map_or(0, |cell| cell.chars().count()));
        cells.chain(HEADS.get(column).map(|head| head.len())).max().unwrap_or_default()
    });
    let mut text = line(&HEADS.map(str::to_owned), &widths);
    for (row, load) in rows.iter().zip(loads) {
        text += &line(row, &widths);
        for more in below(load, places.len() > 1, now) {
            text.extend(["  ", &more, "\n"]);
        }
    }
    text
}

fn line(cells: &[String; COLUMNS], widths: &[usize; COLUMNS]) -> String {
    let padded = cells.iter().zip(widths).zip(RIGHT).map(|((cell, width), is_right)| {
        if is_right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    });
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
}

fn cells(name: String, load: &Load, now: Timestamp) -> [String; COLUMNS] {
    let nothing = || NOTHING.to_owned();
    let progress = match (load.percent, load.bytes_read) {
        (Some(percent), _) => format!("{percent} %"),
        (None, Some(read @ 1..)) => bytes(read),
        _ => nothing(),
    };
    let vectors = load.counts.map_or_else(nothing, |counts| count(counts.stored));
    let rate = load.vectors_per_second.map_or_else(nothing, |number| format!("{}/s", rate(number.round())));
    let time = match load.state {
        Standing::Running => left(load),
        _ => since(load.updated_at.as_deref(), now).map(|ago| format!("{} ago", whole_seconds(ago))),
    };
    [name, load.state.word().to_owned(), progress, vectors, rate, time.unwrap_or_else(nothing)]
}

/// The estimated remaining time of a load.
pub(super) fn left(load: &Load) -> Option<String> {
    load.seconds_left.map(|seconds| format!("{} left", whole_seconds(Duration::from_secs(seconds))))
}

/// Details of a load that do not fit its row.
fn below(load: &Load, has_places: bool, now: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(load.place().filter(|_| has_places).map(|place| format!("in bucket {place}")));
    let process = load.process_id.map(|id| format!("process {id}"));
    let facts: Vec<_> = process.into_iter().chain(not_stored(load)).chain(silence(load, now)).collect();
    lines.extend((!facts.is_empty()).then(|| facts.join(", ")));
    if load.state == Standing::Complete {
        return lines;
    }
    lines.extend(load.message.as_ref().map(|message| bounded(message, MESSAGE)));
    lines.extend(load.advice.clone());
    let resume = load.resume_command.as_ref().filter(|_| load.state == Standing::Stopped);
    let place = load.working_directory.as_ref().map_or_else(String::new, |place| format!(" in {place}"));
    lines.extend(resume.map(|command| format!("continue{place}: {command}")));
    lines
}

/// The numbers of rejected records and of those with an unknown outcome.
pub(super) fn not_stored(load: &Load) -> impl Iterator<Item = String> {
    let Settled { rejected, unknown, .. } = load.counts.unwrap_or_default();
    let some = |number: u64, what: &str| (number > 0).then(|| format!("{} {what}", count(number)));
    let bad = if load.verify { "not equal" } else { "rejected" };
    [some(rejected, bad), some(unknown, "unknown")].into_iter().flatten()
}

/// How long a running load has reported nothing, if that is long.
pub(super) fn silence(load: &Load, now: Timestamp) -> Option<String> {
    let ago = since(load.updated_at.as_deref(), now).filter(|_| load.state == Standing::Running)?;
    (ago >= FRESH).then(|| format!("no sign of progress for {}", whole_seconds(ago)))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) const NOW: i64 = 1_764_417_600;

    pub(in super::super) fn at(seconds_ago: i64) -> String {
        Timestamp::from_unix_seconds(NOW - seconds_ago).rfc3339_millis()
    }

    fn load(name: &str, state: Standing) -> Load {
        let counts = Settled { read: 12_005, stored: 12_000, rejected: 3, unknown: 2 };
        Load {
            name: format!("{name}-00112233445566aa"),
            state,
            bucket: Some("my-bucket".into()),
            index_name: Some(name.into()),
            endpoint: Some("cn-hangzhou.oss-vectors.aliyuncs.com".into()),
            counts: Some(counts),
            percent: Some(64),
            updated_at: Some(at(7_380)),
            ..Load::default()
        }
    }

    /// A load of each kind.
    pub(in super::super) fn loads() -> Vec<Load> {
        let clean = |stored| Some(Settled { read: stored, stored, ..Settled::default() });
        vec![
            Load {
                process_id: Some(4_711),
                counts: clean(1_234_000),
                percent: Some(21),
                vectors_per_second: Some(2_488.1),
                seconds_left: Some(1_143),
                updated_at: Some(at(1)),
                ..load("docs", Standing::Running)
            },
            Load {
                exit_code: Some(6),
                error_code: Some("unreachable".into()),
                message: Some("retry budget exhausted: no response for 30 s".into()),
                advice: Some("check the network".into()),
                resume_command: Some("ossvec put-vectors items.jsonl --index-name items --resume".into()),
                working_directory: Some("/data".into()),
                ..load("items", Standing::Stopped)
            },
            Load {
                counts: clean(1_336),
                percent: Some(100),
                exit_code: Some(0),
                updated_at: Some(at(270_000)),
                ..load("emoji", Standing::Complete)
            },
            Load {
                name: "0011223344556677".into(),
                message: Some("/state/0011223344556677/current/journal is damaged".into()),
                updated_at: Some(at(800_000)),
                ..Load::default()
            },
        ]
    }

    #[test]
    fn a_table_shows_how_far_each_load_is_and_how_a_stopped_one_continues() {
        let now = Timestamp::from_unix_seconds(NOW);
        let text = table(&loads(), now);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        insta::assert_snapshot!(text, @"
        LOAD          STATE       PROGRESS    VECTORS     RATE  LEFT / WHEN
        docs-001122   running         21 %  1,234,000  2,488/s  19 min 3 s left
          process 4711
        items-001122  stopped         64 %     12,000        -  2 h 3 min ago
          3 rejected, 2 unknown
          retry budget exhausted: no response for 30 s
          check the network
          continue in /data: ossvec put-vectors items.jsonl --index-name items --resume
        emoji-001122  complete       100 %      1,336        -  3 d 3 h ago
        001122        unreadable         -          -        -  9 d 6 h ago
          /state/0011223344556677/current/journal is damaged
        ");
    }

    #[test]
    fn a_table_says_where_loads_go_if_that_differs_and_which_run_is_silent() {
        let now = Timestamp::from_unix_seconds(NOW);
        let [running, stopped, ..] = &loads()[..] else { panic!("there are several") };
        let local = Load {
            endpoint: None,
            local_data: Some("/home/me/.local/share/ossvec".into()),
            bucket: Some("local".into()),
            percent: None,
            bytes_read: Some(3 << 30),
            updated_at: Some(at(400)),
            seconds_left: None,
            ..running.clone()
        };
        insta::assert_snapshot!(table(&[local, stopped.clone()], now), @"
        LOAD          STATE    PROGRESS    VECTORS     RATE  LEFT / WHEN
        docs-001122   running   3.0 GiB  1,234,000  2,488/s  -
          in bucket local of the local service with data in /home/me/.local/share/ossvec
          process 4711, no sign of progress for 6 min 40 s
        items-001122  stopped      64 %     12,000        -  2 h 3 min ago
          in bucket my-bucket at cn-hangzhou.oss-vectors.aliyuncs.com
          3 rejected, 2 unknown
          retry budget exhausted: no response for 30 s
          check the network
          continue in /data: ossvec put-vectors items.jsonl --index-name items --resume
        ");
    }
}
