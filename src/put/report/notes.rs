//! Findings that reject no record but must be reported, in words: notes of a load, errors under `--strict`, and names
//! on the command line that no record has.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::admit::{Admitted, Converted, Finding, Findings, Kind};
use crate::exit::{ErrorCode, Failure};
use crate::put::books::plan::Conversion;
use crate::record::{Input, Raw, Reason, Unit, place};
use crate::words::count;

/// Maximum number of names in a message; the rest are counted.
const NAMES_SHOWN: usize = 20;

/// Something that the user must know although every record is fine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Its code.
    pub code: &'static str,
    /// What was found.
    pub message: String,
    /// How many values it is about.
    pub count: u64,
    /// The place of the first record that it is about, if any.
    pub first: Option<String>,
    /// The cure.
    #[serde(skip)]
    pub cure: &'static str,
}

/// The code of a field that the command line names but no record has.
pub(crate) const MISSING: &str = "field_missing";

/// The topic of a note. Some require a minimum number of names.
struct Topic {
    code: &'static str,
    kind: Kind,
    from: usize,
    says: &'static str,
    cure: &'static str,
}

const STORE: &str = "list them in --metadata to store them ('*' for all), or -NAME to leave one out";

static TOPICS: [Topic; 12] = [
    Topic { code: "fields_not_stored", kind: Kind::Member, from: 1, says: "fields not stored", cure: STORE },
    Topic {
        code: "columns_not_stored",
        kind: Kind::Column,
        from: 1,
        says: "columns not stored",
        cure: STORE,
    },
    Topic {
        code: "joined_not_stored",
        kind: Kind::JoinedMember,
        from: 1,
        says: "fields of joined records not stored",
        cure: "list them in --metadata to store them, such as '*,title=joined.title', or add -joined.NAME to leave one out",
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
        cure: "load each namespace into its own index; if the keys differ, add -namespace to --metadata",
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
    Topic {
        code: "missing_keys",
        kind: Kind::KeyMissing,
        from: 1,
        says: "keys that look like missing values, each stored as one vector",
        cure: "fix them in the input, or use --null TEXT to reject such rows of a table",
    },
    Topic {
        code: "key_numbers",
        kind: Kind::KeyNumber,
        from: 1,
        says: "keys such as 6.2E+12 or 1.0, which a spreadsheet or pandas may have made of other numbers",
        cure: "export the keys as text if they were whole numbers",
    },
    Topic {
        code: "texts_truncated",
        kind: Kind::Truncated,
        from: 1,
        says: "texts that the model truncated, so that their vectors do not cover their ends",
        cure: "embed them in shorter pieces if that matters",
    },
];

/// The notes of a load.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    findings: Findings,
    /// How many names each note had when it was made.
    told: BTreeMap<&'static str, usize>,
    /// How many rows repeat the header of their table, and the place of the first one.
    headers: Option<(u64, String)>,
}

impl Notes {
    /// Adds the findings in the next records, and returns the new notes.
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

    /// What was found for existing notes since they were made.
    pub(crate) fn more(&self, inputs: &[Input]) -> Vec<Note> {
        let since = |topic: &Topic| self.told.get(topic.code).copied();
        TOPICS.iter().filter_map(|topic| note(topic, &self.findings, since(topic)?, inputs)).collect()
    }

    /// What is stored as another type.
    pub(crate) fn conversions(&self, inputs: &[Input]) -> Vec<Conversion> {
        let Findings { number_keys, metadata_as_text, .. } = &self.findings;
        let told = |code, message, converted: &Converted| {
            let first = place(inputs, converted.first?);
            Some(Conversion { code, message, count: converted.records, first })
        };
        [
            told("number_keys", "keys that are numbers, stored as text", number_keys),
            told("metadata_as_text", "numbers or booleans in metadata, stored as text", metadata_as_text),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Names on the command line that no record had.
    pub(crate) fn missing(&self) -> Vec<Note> {
        self.findings.missing().map(missing).collect()
    }

    /// Adds rows that repeat the header of an input, with the place of the first one. They are reported when they
    /// occur.
    pub(crate) fn add_headers(&mut self, rows: u64, first: &str) {
        self.headers.get_or_insert_with(|| (0, first.to_owned())).0 += rows;
    }

    /// All notes, for the summary.
    pub(crate) fn all(&self, inputs: &[Input]) -> Vec<Note> {
        let headers = self.headers.as_ref().map(|(rows, first)| Note {
            code: "headers_repeated",
            message: "rows that repeat the header, skipped".to_owned(),
            count: *rows,
            first: Some(first.clone()),
            cure: "",
        });
        let found = TOPICS.iter().filter_map(|topic| note(topic, &self.findings, 0, inputs));
        found.chain(headers).collect()
    }
}

impl Note {
    /// The note for people.
    pub(crate) fn words(&self) -> String {
        format!("{}; {}", self.found(), self.cure)
    }

    /// What was found and where, without the cure.
    pub(super) fn found(&self) -> String {
        let first = self.first.as_ref().map_or(String::new(), |first| format!(", first at {first}"));
        format!("{}{first}", self.message)
    }
}

/// The error for notes under `--strict`, one line each with its cure.
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

/// The note about a topic without the first few names, if there is anything to report.
fn note(topic: &Topic, findings: &Findings, without: usize, inputs: &[Input]) -> Option<Note> {
    let of: Vec<&Finding> = findings.of(topic.kind).collect();
    let named = of.get(without..).filter(|named| !named.is_empty() && of.len() >= topic.from)?;
    let first = named.iter().map(|finding| finding.first).min()?;
    let is_nameless = matches!(topic.kind, Kind::KeyWhitespace | Kind::KeyNumber | Kind::Truncated);
    let names = if is_nameless { String::new() } else { format!(": {}", names(named)) };
    Some(Note {
        code: topic.code,
        message: format!("{}{names}", topic.says),
        count: named.iter().map(|finding| finding.count).sum(),
        first: Some(place(inputs, first)),
        cure: match topic.kind {
            Kind::Namespace => of_namespaces(topic.cure, findings),
            // Rows of columns have no text cells.
            Kind::KeyMissing if first.unit == Unit::Row => "fix them in the input",
            _ => topic.cure,
        },
    })
}

/// The cure for several namespaces. A namespace that is only around an array of records is not a field that could be
/// stored; `around` is the cure for that.
fn of_namespaces(around: &'static str, findings: &Findings) -> &'static str {
    match findings.of(Kind::OwnNamespace).next().and_then(|own| own.name.as_deref()) {
        Some("__namespace__") => {
            "load each namespace into its own index; if the keys differ, add -__namespace__ to --metadata, or \
             __namespace__ to store that of each record"
        }
        Some(_) => {
            "load each namespace into its own index; if the keys differ, add -namespace to --metadata, or namespace to \
             store that of each record"
        }
        None => around,
    }
}

/// A name for people, in quotation marks if its ends would not be visible.
fn quoted(name: &str) -> Cow<'_, str> {
    if name.is_empty() || name.trim() != name { format!("{name:?}").into() } else { name.into() }
}

/// Names for people, as many as fit a message.
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
        Kind::Joined => (
            "nothing_joined",
            "nothing was joined to any record (from --join)".to_owned(),
            "check that both files have the same keys, and name their field with --key; rejects that were sent before need \
             no --join",
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

/// A name on the command line that none of the first records has, so that it is most likely wrong.
pub(crate) fn named_by_nobody(blocks: &[Admitted], inputs: &[Input]) -> Option<Failure> {
    let mut findings = Findings::default();
    for block in blocks {
        findings.add(&block.findings);
    }
    blocks
        .iter()
        .find_map(|block| no_column(block, inputs))
        .or_else(|| missing_in(&findings))
        .or_else(|| no_choice(blocks, inputs))
}

fn missing_in(findings: &Findings) -> Option<Failure> {
    let finding = findings.missing().find(|finding| !matches!(finding.kind, Kind::LeftOut | Kind::Joined))?;
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

/// Records that do not show which of their fields is the vector.
fn no_choice(blocks: &[Admitted], inputs: &[Input]) -> Option<Failure> {
    let verdicts = || blocks.iter().flat_map(|block| &block.verdicts);
    if verdicts().any(Result::is_ok) {
        return None;
    }
    let (defect, message, advice) =
        verdicts().filter_map(|verdict| verdict.as_ref().err()).find_map(|defect| {
            let choose = || "choose one with --vector".to_owned();
            let (message, advice) = match &defect.reason {
                Reason::SeveralVectors { fields } => {
                    (format!("several fields look like vectors: {fields}"), choose())
                }
                Reason::AmbiguousVector { first, second } => {
                    (format!("both {first} and {second} could be the vector"), choose())
                }
                Reason::SpreadVector { first, last, pattern } => (
                    format!("no vector found: {first} to {last} seem to hold one number each"),
                    format!("if they are the vector, use --vector '{pattern}'"),
                ),
                reason @ Reason::Wide { .. } => {
                    (reason.to_string(), "nothing was created or sent; fix the input".to_owned())
                }
                _ => return None,
            };
            Some((defect, message, advice))
        })?;
    let place = place(inputs, defect.position);
    Some(Failure::new(ErrorCode::FieldMissing, format!("{place}: {message}")).advise(advice))
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

/// The name that was probably meant, if one is similar enough.
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
mod tests;
