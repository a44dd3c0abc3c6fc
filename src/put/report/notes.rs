//! What costs no record and must be known, in words: notes of a load, errors under `--strict`, and names of the command
//! line that no record has.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::admit::{Admitted, Finding, Findings, Kind};
use crate::exit::{ErrorCode, Failure};
use crate::record::{Input, Raw, Reason, place};
use crate::words::count;

/// So many names stand in a message; the rest are counted.
const NAMES_SHOWN: usize = 20;

/// Something that a user must know though every record is fine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// One word for scripts.
    pub code: &'static str,
    /// What was found.
    pub message: String,
    /// How many values it is about.
    pub count: u64,
    /// The place of the first record that it is about; nothing where it is about none.
    pub first: Option<String>,
    /// What can be done about it.
    #[serde(skip)]
    pub cure: &'static str,
}

/// The code of a field that the command line names and no record has.
pub(crate) const MISSING: &str = "field_missing";

/// What notes are about. Those with a number are worth one only from so many names on.
struct Topic {
    code: &'static str,
    kind: Kind,
    from: usize,
    says: &'static str,
    cure: &'static str,
}

const STORE: &str = "list them in --metadata to store them ('*' for all), or -NAME to leave one out";

static TOPICS: [Topic; 8] = [
    Topic { code: "fields_not_stored", kind: Kind::Member, from: 1, says: "fields not stored", cure: STORE },
    Topic {
        code: "columns_not_stored",
        kind: Kind::Column,
        from: 1,
        says: "columns not stored",
        cure: STORE,
    },
    Topic {
        code: "metadata_not_stored",
        kind: Kind::SecondMetadata,
        from: 1,
        says: "metadata objects not stored",
        cure: "list every field to store in --metadata, or -NAME to leave one out",
    },
    Topic {
        code: "sparse_not_stored",
        kind: Kind::Sparse,
        from: 1,
        says: "sparse values not stored, because an index cannot hold them",
        cure: "add -NAME to --metadata if they are not needed",
    },
    Topic {
        code: "namespaces",
        kind: Kind::Namespace,
        from: 2,
        says: "records from several namespaces, whose equal keys replace each other in an index",
        cure: "load each namespace into its own index, or add namespace or -namespace to --metadata if the keys differ",
    },
    Topic {
        code: "keys_from_fields",
        kind: Kind::KeyFrom,
        from: 2,
        says: "keys taken from different fields",
        cure: "choose one with --key",
    },
    Topic {
        code: "vectors_from_fields",
        kind: Kind::VectorFrom,
        from: 2,
        says: "vectors taken from different fields",
        cure: "choose one with --vector",
    },
    Topic {
        code: "key_whitespace",
        kind: Kind::KeyWhitespace,
        from: 1,
        says: "keys with leading or trailing whitespace, which is part of the key",
        cure: "remove it from the input if it is not intended",
    },
];

/// The notes of a load.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    findings: Findings,
    /// How many names each note had when it was made.
    told: BTreeMap<&'static str, usize>,
}

impl Notes {
    /// Adds what was found in the records that follow, and returns the notes that are new.
    pub(crate) fn add(&mut self, findings: &Findings, inputs: &[Input]) -> Vec<Note> {
        self.findings.add(findings);
        let mut new = Vec::new();
        for topic in &TOPICS {
            if !self.told.contains_key(topic.code)
                && let Some(note) = note(topic, &self.findings, 0, inputs)
            {
                self.told.insert(topic.code, self.findings.of(topic.kind).count());
                new.push(note);
            }
        }
        new
    }

    /// What was found of what is told already, since it was told.
    pub(crate) fn more(&self, inputs: &[Input]) -> Vec<Note> {
        let since = |topic: &Topic| self.told.get(topic.code).copied();
        TOPICS.iter().filter_map(|topic| note(topic, &self.findings, since(topic)?, inputs)).collect()
    }

    /// Names of the command line that no record had.
    pub(crate) fn missing(&self) -> Vec<Note> {
        self.findings.missing().map(missing).collect()
    }

    /// All notes, for the summary.
    pub(crate) fn all(&self, inputs: &[Input]) -> Vec<Note> {
        TOPICS.iter().filter_map(|topic| note(topic, &self.findings, 0, inputs)).collect()
    }
}

impl Note {
    /// As a person reads it.
    pub(crate) fn words(&self) -> String {
        format!("{}; {}", self.found(), self.cure)
    }

    fn found(&self) -> String {
        let first = self.first.as_ref().map_or(String::new(), |first| format!(", first at {first}"));
        format!("{}{first}", self.message)
    }
}

/// The error that `--strict` makes of notes, one line each with its cure.
pub(crate) fn strict(notes: &[Note]) -> Option<Failure> {
    strict_error(notes, "")
}

fn strict_error(notes: &[Note], what_was_sent: &str) -> Option<Failure> {
    let failure = |found: &str| Failure::new(ErrorCode::Strict, format!("--strict: {found}{what_was_sent}"));
    match notes {
        [] => None,
        [note] => Some(
            failure(&note.found()).advise(format!("{}; without --strict this is only a note", note.cure)),
        ),
        _ => Some(
            failure(&format!("the input has {} problems", notes.len()))
                .list(notes.iter().map(|note| format!("{}; {}", note.found(), note.cure)))
                .advise("without --strict these are only notes"),
        ),
    }
}

/// The note about a topic without the first few names, if there is anything to say.
fn note(topic: &Topic, findings: &Findings, without: usize, inputs: &[Input]) -> Option<Note> {
    let of: Vec<&Finding> = findings.of(topic.kind).collect();
    let named = of.get(without..).filter(|named| !named.is_empty() && of.len() >= topic.from)?;
    let first = named.iter().map(|finding| finding.first).min()?;
    let names = if topic.kind == Kind::KeyWhitespace { String::new() } else { format!(": {}", names(named)) };
    Some(Note {
        code: topic.code,
        message: format!("{}{names}", topic.says),
        count: named.iter().map(|finding| finding.count).sum(),
        first: Some(place(inputs, first)),
        cure: topic.cure,
    })
}

/// A name as a person reads it, in quotation marks where its ends would not be seen.
fn quoted(name: &str) -> Cow<'_, str> {
    if name.is_empty() || name.trim() != name { format!("{name:?}").into() } else { name.into() }
}

/// Names as a person reads them, as many as fit a message.
fn names(findings: &[&Finding]) -> String {
    let shown = findings.iter().take(NAMES_SHOWN).filter_map(|finding| finding.name.as_deref());
    let shown: Vec<_> = shown.map(quoted).collect();
    let is_all_known = findings.iter().all(|finding| finding.name.is_some());
    match findings.len() - shown.len() {
        0 => shown.join(", "),
        more if is_all_known => format!("{} and {more} more", shown.join(", ")),
        more => format!("{} and {more} or more others", shown.join(", ")),
    }
}

fn missing(finding: &Finding) -> Note {
    let name = finding.name.as_deref().unwrap_or_default();
    let (code, message, cure) = match finding.kind {
        Kind::LeftOut => (
            "left_out_missing",
            format!("no record has the field {name} (from --metadata -{name})"),
            "check the name",
        ),
        kind => (
            MISSING,
            format!("no record has the field {name} (from {})", option(kind)),
            "check the name; use a path for a field inside an object: metadata.title",
        ),
    };
    Note { code, message, count: 0, first: None, cure }
}

fn option(kind: Kind) -> &'static str {
    match kind {
        Kind::Key => "--key",
        Kind::Vector => "--vector",
        _ => "--metadata",
    }
}

/// What `--strict` forbids in the first records.
pub(crate) fn forbidden(blocks: &[Admitted], inputs: &[Input]) -> Option<Failure> {
    let mut notes = Notes::default();
    for block in blocks {
        notes.findings.add(&block.findings);
    }
    strict_error(&notes.all(inputs), "; nothing was sent")
}

/// A name of the command line that not one of the first records has, so that it is most likely wrong.
pub(crate) fn named_by_nobody(blocks: &[Admitted], inputs: &[Input]) -> Option<Failure> {
    let mut findings = Findings::default();
    for block in blocks {
        findings.add(&block.findings);
    }
    blocks.iter().find_map(|block| no_column(block, inputs)).or_else(|| missing_in(&findings))
}

fn missing_in(findings: &Findings) -> Option<Failure> {
    let finding = findings.missing().find(|finding| finding.kind != Kind::LeftOut)?;
    let name = finding.name.as_deref().unwrap_or_default();
    let records = match findings.looked {
        1 => "the first record does not have".to_owned(),
        looked => format!("none of the first {} records has", count(looked)),
    };
    let message = format!("{records} the field {name} (from {})", option(finding.kind));
    let kinds = [
        Kind::KeyFrom,
        Kind::VectorFrom,
        Kind::Key,
        Kind::Vector,
        Kind::Metadata,
        Kind::SecondMetadata,
        Kind::Stored,
        Kind::Member,
        Kind::Column,
        Kind::Sparse,
    ];
    let known: Vec<_> =
        kinds.into_iter().flat_map(|kind| findings.seen(kind)).filter(|known| known.name.is_some()).collect();
    let advice = match like(name, known.iter().filter_map(|known| known.name.as_deref())) {
        Some(like) => format!("did you mean {}? the records have {}", quoted(like), names(&known)),
        None if known.is_empty() => "the records have no other fields".to_owned(),
        None => format!("the records have {}; use a path for a field inside an object: a.b", names(&known)),
    };
    Some(Failure::new(ErrorCode::FieldMissing, message).advise(advice))
}

/// A file whose header lacks a column that the command line names.
fn no_column(block: &Admitted, inputs: &[Input]) -> Option<Failure> {
    let mut defects = block.verdicts.iter().filter_map(|verdict| verdict.as_ref().err());
    let (defect, column) = defects.find_map(|defect| match &defect.reason {
        Reason::NoColumn { column, option } => Some((defect, (column, option))),
        _ => None,
    })?;
    let (column, option) = column;
    let Raw::Row { columns, .. } = &defect.raw else { return None };
    let input = usize::try_from(defect.position.input).ok().and_then(|index| inputs.get(index));
    let input = input.map_or(String::new(), |input| format!("{input}: "));
    let names: Vec<_> = columns.labels().collect();
    let shown = names.iter().take(NAMES_SHOWN).map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    let more = match names.len().saturating_sub(NAMES_SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let advice = match like(column, names.iter().map(AsRef::as_ref)) {
        Some(like) => format!("did you mean {like}? the columns are {shown}{more}"),
        None => format!("the columns are {shown}{more}"),
    };
    let message = format!("{input}the header has no column {column} (from {option})");
    Some(Failure::new(ErrorCode::FieldMissing, message).advise(advice))
}

/// The name that was probably meant, if one is near enough.
fn like<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase();
    let last = |name: &str| plain(name.rsplit('.').next().unwrap_or_default());
    let distance = |other: &str| {
        let whole = strsim::osa_distance(&plain(name), &plain(other));
        if last(name) == last(other) { whole.min(1) } else { whole }
    };
    let near = known.map(|other| (distance(other), other)).min_by_key(|(distance, _)| *distance);
    near.filter(|(distance, _)| *distance <= 1.max(name.chars().count() / 4)).map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::record::Position;

    fn findings(list: &[(Kind, &str, u64)]) -> Findings {
        let finding = |(kind, name, count): &(Kind, &str, u64)| Finding {
            kind: *kind,
            name: Some((*name).into()),
            count: *count,
            seen: *count,
            first: Position { line: 7, record: 6, ..Position::default() },
        };
        Findings { looked: 9, list: list.iter().map(finding).collect() }
    }

    fn inputs() -> Vec<Input> {
        vec![Input::File(PathBuf::from("a.jsonl"))]
    }

    #[test]
    fn a_note_is_told_once_and_what_comes_later_at_the_end() {
        let mut notes = Notes::default();
        let told = notes.add(&findings(&[(Kind::Member, "title", 3), (Kind::KeyFrom, "id", 9)]), &inputs());
        let lines: Vec<_> = told.iter().map(Note::words).collect();
        assert_eq!(lines, [format!("fields not stored: title, first at a.jsonl:7; {STORE}")]);
        let more =
            findings(&[(Kind::Member, "lang", 1), (Kind::KeyFrom, "key", 2), (Kind::Member, "title", 1)]);
        let told = notes.add(&more, &inputs());
        assert_eq!(told.iter().map(|note| note.code).collect::<Vec<_>>(), ["keys_from_fields"]);
        let more = notes.more(&inputs());
        assert_eq!(more.iter().map(|note| &note.message).collect::<Vec<_>>(), ["fields not stored: lang"]);
        let all: Vec<_> = notes.all(&inputs()).into_iter().map(|note| (note.code, note.count)).collect();
        assert_eq!(all, [("fields_not_stored", 5), ("keys_from_fields", 11)]);
    }

    fn missed_finding(kind: Kind, name: &str) -> Finding {
        Finding { kind, name: Some(name.into()), count: 0, seen: 0, first: Position::default() }
    }

    /// A failure as a person reads it.
    fn shown(failure: Option<Failure>) -> String {
        let Failure { message, details, advice, .. } = failure.unwrap();
        let below = details.into_iter().chain(advice).map(|line| format!("    {line}\n"));
        format!("{message}\n{}", below.collect::<Vec<_>>().concat())
    }

    #[test]
    fn every_note_says_what_was_found_where_and_what_to_do() {
        let list = [
            (Kind::Member, "title", 3),
            (Kind::Column, "title", 3),
            (Kind::SecondMetadata, "payload", 3),
            (Kind::Sparse, "sparse_values", 3),
            (Kind::Namespace, "a", 3),
            (Kind::Namespace, "b", 3),
            (Kind::KeyFrom, "id", 3),
            (Kind::KeyFrom, "key", 3),
            (Kind::VectorFrom, "emb", 3),
            (Kind::VectorFrom, "vector", 3),
            (Kind::KeyWhitespace, "", 3),
        ];
        let told = Notes::default().add(&findings(&list), &inputs());
        let lines = |notes: &[Note]| {
            let lines = notes.iter().map(|note| format!("{}: {}\n", note.code, note.words()));
            lines.collect::<Vec<_>>().concat()
        };
        insta::assert_snapshot!(lines(&told), @"
        fields_not_stored: fields not stored: title, first at a.jsonl:7; list them in --metadata to store them ('*' for all), or -NAME to leave one out
        columns_not_stored: columns not stored: title, first at a.jsonl:7; list them in --metadata to store them ('*' for all), or -NAME to leave one out
        metadata_not_stored: metadata objects not stored: payload, first at a.jsonl:7; list every field to store in --metadata, or -NAME to leave one out
        sparse_not_stored: sparse values not stored, because an index cannot hold them: sparse_values, first at a.jsonl:7; add -NAME to --metadata if they are not needed
        namespaces: records from several namespaces, whose equal keys replace each other in an index: a, b, first at a.jsonl:7; load each namespace into its own index, or add namespace or -namespace to --metadata if the keys differ
        keys_from_fields: keys taken from different fields: id, key, first at a.jsonl:7; choose one with --key
        vectors_from_fields: vectors taken from different fields: emb, vector, first at a.jsonl:7; choose one with --vector
        key_whitespace: keys with leading or trailing whitespace, which is part of the key, first at a.jsonl:7; remove it from the input if it is not intended
        ");
        let missed = [Kind::Key, Kind::Vector, Kind::Metadata, Kind::LeftOut];
        let missed = missed.map(|kind| missed_finding(kind, "title"));
        insta::assert_snapshot!(lines(&missed.each_ref().map(missing)), @"
        field_missing: no record has the field title (from --key); check the name; use a path for a field inside an object: metadata.title
        field_missing: no record has the field title (from --vector); check the name; use a path for a field inside an object: metadata.title
        field_missing: no record has the field title (from --metadata); check the name; use a path for a field inside an object: metadata.title
        left_out_missing: no record has the field title (from --metadata -title); check the name
        ");
        let strict = [strict(&told[..1]), strict_error(&told[..2], "; nothing was sent")].map(shown);
        insta::assert_snapshot!(strict.concat(), @"
        --strict: fields not stored: title, first at a.jsonl:7
            list them in --metadata to store them ('*' for all), or -NAME to leave one out; without --strict this is only a note
        --strict: the input has 2 problems; nothing was sent
            fields not stored: title, first at a.jsonl:7; list them in --metadata to store them ('*' for all), or -NAME to leave one out
            columns not stored: title, first at a.jsonl:7; list them in --metadata to store them ('*' for all), or -NAME to leave one out
            without --strict these are only notes
        ");
    }

    #[test]
    fn a_name_that_no_record_has_is_an_error_with_those_that_are_there() {
        let missed = |looked: u64, others: &[(Kind, &str, u64)]| {
            let mut findings = findings(others);
            findings.list.push(missed_finding(Kind::Metadata, "titel"));
            shown(missing_in(&Findings { looked, ..findings }))
        };
        let others = [(Kind::Member, "title", 3), (Kind::Member, "text", 3)];
        let errors = [missed(1, &[]), missed(500, &others), missed(500, &others[1..])];
        insta::assert_snapshot!(errors.concat(), @"
        the first record does not have the field titel (from --metadata)
            the records have no other fields
        none of the first 500 records has the field titel (from --metadata)
            did you mean title? the records have title, text
        none of the first 500 records has the field titel (from --metadata)
            the records have text; use a path for a field inside an object: a.b
        ");
    }

    #[test]
    fn one_namespace_is_none_and_two_are_named() {
        let mut notes = Notes::default();
        assert_eq!(notes.add(&findings(&[(Kind::Namespace, "a", 3)]), &inputs()), []);
        let told = notes.add(&findings(&[(Kind::Namespace, "", 1)]), &inputs());
        assert!(told[0].message.ends_with(r#": a, """#), "{told:?}");
    }

    #[test]
    fn names_beyond_twenty_are_counted() {
        let names: Vec<_> = (0..30).map(|name| format!("f{name}")).collect();
        let list: Vec<_> = names.iter().map(|name| (Kind::Member, name.as_str(), 1)).collect();
        let told = Notes::default().add(&findings(&list), &inputs());
        assert!(told[0].message.ends_with("f18, f19 and 10 more"), "{told:?}");
    }

    #[test]
    fn the_name_that_was_meant_is_found_among_those_that_are_there() {
        for (name, want) in [
            ("title", Some("metadata.Title")),
            ("Text", Some("text")),
            ("metadata.title", Some("metadata.Title")),
            ("embeding", Some("embedding")),
            ("txet", Some("text")),
            ("id", None),
            ("something", None),
        ] {
            let known = ["metadata.Title", "text", "embedding"];
            assert_eq!(like(name, known.into_iter()), want, "{name}");
        }
    }
}
