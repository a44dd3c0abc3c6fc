//! All that is known about one load, for people. Pure.

use std::fmt::Write as _;

use super::load::{Load, Standing, since};
use super::table::{left, not_stored, silence};
use crate::oss::time::Timestamp;
use crate::words::{bytes, count, rate, some_of, whole_seconds};

/// The load, one fact a line.
pub(super) fn detail(load: &Load, now: Timestamp) -> String {
    let mut text = String::new();
    for (name, value) in rows(load, now) {
        let Some(value) = value else { continue };
        writeln!(text, "{name:<11} {value}").unwrap_or_default();
    }
    text
}

fn rows(load: &Load, now: Timestamp) -> [(&'static str, Option<String>); 17] {
    let moment = |at: &Option<String>| {
        let ago = since(at.as_deref(), now)?;
        Some(format!("{}, {} ago", at.as_ref()?, whole_seconds(ago)))
    };
    let ended = moment(&load.finished_at).filter(|_| load.state != Standing::Complete || !is_since(load));
    let exit = load.exit_code.map(|code| match &load.error_code {
        Some(error) => format!("{code} ({error})"),
        None => code.to_string(),
    });
    [
        ("load", Some(load.name.clone())),
        ("state", Some(state(load, now))),
        ("index", load.index_name.clone()),
        ("bucket", load.place()),
        ("input", input(load)),
        ("progress", progress(load)),
        ("records", records(load)),
        ("rate", load.vectors_per_second.map(|number| format!("{} vectors/s", rate(number.round())))),
        ("started", moment(&load.started_at)),
        ("updated", moment(&load.updated_at).filter(|_| load.finished_at.is_none())),
        ("ended", ended),
        ("complete", moment(&load.complete_since)),
        ("exit code", exit),
        ("message", message(load)),
        ("continue", load.resume_command.clone().filter(|_| load.state == Standing::Stopped)),
        ("started in", load.working_directory.clone()),
        ("directory", Some(load.directory.clone())),
    ]
}

/// Whether the load became complete when its latest run ended.
fn is_since(load: &Load) -> bool {
    load.complete_since == load.finished_at
}

fn state(load: &Load, now: Timestamp) -> String {
    let process = load.process_id.map(|id| format!("process {id}"));
    let facts = std::iter::once(load.state.word().to_owned()).chain(process).chain(silence(load, now));
    facts.collect::<Vec<_>>().join(", ")
}

fn input(load: &Load) -> Option<String> {
    let more = load.inputs_count.unwrap_or_default().saturating_sub(load.inputs.len() as u64);
    let named = some_of(&load.inputs)?;
    Some(if more > 0 { format!("{named} and {} more", count(more)) } else { named })
}

fn progress(load: &Load) -> Option<String> {
    let size = match (load.bytes_read.filter(|read| *read > 0), load.bytes_total) {
        (Some(read), Some(total)) => Some(format!("{} of {}", bytes(read), bytes(total))),
        (Some(read), None) => Some(bytes(read)),
        (None, _) => None,
    };
    let percent = load.percent.map(|percent| format!("{percent} %"));
    let parts: Vec<_> = percent.into_iter().chain(size).chain(left(load)).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn records(load: &Load) -> Option<String> {
    let counts = load.counts?;
    let good = if load.verify { "equal" } else { "stored" };
    let all = [format!("{} read", count(counts.read)), format!("{} {good}", count(counts.stored))];
    Some(all.into_iter().chain(not_stored(load)).collect::<Vec<_>>().join(", "))
}

fn message(load: &Load) -> Option<String> {
    // A message that is only the error code is already shown with the exit code.
    let message = load.message.iter().filter(|message| load.error_code.as_ref() != Some(*message));
    let parts: Vec<_> = message.chain(&load.advice).map(String::as_str).collect();
    (!parts.is_empty()).then(|| parts.join("\n            "))
}

#[cfg(test)]
mod tests {
    use super::super::table::tests::{NOW, at, loads};
    use super::*;

    #[test]
    fn a_load_in_detail_has_a_line_for_each_thing_that_is_known() {
        let now = Timestamp::from_unix_seconds(NOW);
        let told = loads().into_iter().map(|load| {
            let load = Load {
                directory: format!("/state/{}", load.name),
                started_at: Some(at(9_000)),
                finished_at: load.updated_at.clone().filter(|_| load.state == Standing::Stopped),
                inputs: ["a", "b", "c"].map(|name| format!("/data/{name}.jsonl")).into(),
                inputs_count: Some(1_003),
                bytes_read: Some(700 << 20),
                bytes_total: Some(3 << 30),
                ..load
            };
            detail(&load, now)
        });
        insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @"
        load        docs-00112233445566aa
        state       running, process 4711
        index       docs
        bucket      my-bucket at cn-hangzhou.oss-vectors.aliyuncs.com
        input       /data/a.jsonl, /data/b.jsonl, /data/c.jsonl and 1,000 more
        progress    21 %, 700.0 MiB of 3.0 GiB, 19 min 3 s left
        records     1,234,000 read, 1,234,000 stored
        rate        2,488 vectors/s
        started     2025-11-29T09:30:00.000Z, 2 h 30 min ago
        updated     2025-11-29T11:59:59.000Z, 1 s ago
        directory   /state/docs-00112233445566aa

        load        items-00112233445566aa
        state       stopped
        index       items
        bucket      my-bucket at cn-hangzhou.oss-vectors.aliyuncs.com
        input       /data/a.jsonl, /data/b.jsonl, /data/c.jsonl and 1,000 more
        progress    64 %, 700.0 MiB of 3.0 GiB
        records     12,005 read, 12,000 stored, 3 rejected, 2 unknown
        started     2025-11-29T09:30:00.000Z, 2 h 30 min ago
        ended       2025-11-29T09:57:00.000Z, 2 h 3 min ago
        exit code   6 (unreachable)
        message     retry budget exhausted: no response for 30 s
                    check the network
        continue    ossvec put-vectors items.jsonl --index-name items --resume
        started in  /data
        directory   /state/items-00112233445566aa

        load        emoji-00112233445566aa
        state       complete
        index       emoji
        bucket      my-bucket at cn-hangzhou.oss-vectors.aliyuncs.com
        input       /data/a.jsonl, /data/b.jsonl, /data/c.jsonl and 1,000 more
        progress    100 %, 700.0 MiB of 3.0 GiB
        records     1,336 read, 1,336 stored
        started     2025-11-29T09:30:00.000Z, 2 h 30 min ago
        updated     2025-11-26T09:00:00.000Z, 3 d 3 h ago
        exit code   0
        directory   /state/emoji-00112233445566aa

        load        0011223344556677
        state       unreadable
        input       /data/a.jsonl, /data/b.jsonl, /data/c.jsonl and 1,000 more
        progress    700.0 MiB of 3.0 GiB
        started     2025-11-29T09:30:00.000Z, 2 h 30 min ago
        updated     2025-11-20T05:46:40.000Z, 9 d 6 h ago
        message     /state/0011223344556677/current/journal is damaged
        directory   /state/0011223344556677
        ");
    }

    #[test]
    fn a_message_that_is_the_word_of_the_exit_code_is_said_once() {
        let load = |message: &str| Load {
            error_code: Some("interrupted".to_owned()),
            message: Some(message.to_owned()),
            ..Load::default()
        };
        assert_eq!(message(&load("interrupted")), None);
        assert_eq!(message(&load("stopped by a signal")).as_deref(), Some("stopped by a signal"));
    }
}
