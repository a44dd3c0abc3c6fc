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
    Findings { looked: 9, list: list.iter().map(finding).collect(), ..Findings::default() }
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
    let more = findings(&[(Kind::Member, "lang", 1), (Kind::KeyFrom, "key", 2), (Kind::Member, "title", 1)]);
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

/// A failure for people.
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
        (Kind::OwnNamespace, "namespace", 1),
        (Kind::KeyFrom, "id", 3),
        (Kind::KeyFrom, "key", 3),
        (Kind::VectorFrom, "emb", 3),
        (Kind::VectorFrom, "vector", 3),
        (Kind::KeyWhitespace, "", 3),
        (Kind::KeyMissing, "nan", 2),
        (Kind::KeyMissing, "NULL", 1),
        (Kind::KeyNumber, "", 2),
        (Kind::Truncated, "", 3),
        (Kind::JoinedMember, "joined.title", 3),
    ];
    let told = Notes::default().add(&findings(&list), &inputs());
    let lines = |notes: &[Note]| {
        let lines = notes.iter().map(|note| format!("{}: {}\n", note.code, note.words()));
        lines.collect::<Vec<_>>().concat()
    };
    insta::assert_snapshot!(lines(&told), @"
    fields_not_stored: fields not stored: title, first at a.jsonl:7; list them in --metadata to store them ('*' for all), or -NAME to leave one out
    columns_not_stored: columns not stored: title, first at a.jsonl:7; list them in --metadata to store them ('*' for all), or -NAME to leave one out
    joined_not_stored: fields of joined records not stored: joined.title, first at a.jsonl:7; list them in --metadata to store them, such as '*,title=joined.title', or add -joined.NAME to leave one out
    metadata_not_stored: metadata objects not stored: payload, first at a.jsonl:7; list every field to store in --metadata, or -NAME to leave one out
    sparse_not_stored: sparse values not stored, because an index cannot hold them: sparse_values, first at a.jsonl:7; add -NAME to --metadata if they are not needed
    namespaces: records from several namespaces, whose equal keys replace each other in an index: a, b, first at a.jsonl:7; load each namespace into its own index; if the keys differ, add -namespace to --metadata, or namespace to store that of each record
    keys_from_fields: keys taken from different fields: id, key, first at a.jsonl:7; choose one with --key
    vectors_from_fields: vectors taken from different fields: emb, vector, first at a.jsonl:7; choose one with --vector
    key_whitespace: keys with leading or trailing whitespace, which is part of the key, first at a.jsonl:7; remove it from the input if it is not intended
    missing_keys: keys that look like missing values, each stored as one vector: nan, NULL, first at a.jsonl:7; fix them in the input, or use --null TEXT to reject such rows of a table
    key_numbers: keys such as 6.2E+12 or 1.0, which a spreadsheet or pandas may have made of other numbers, first at a.jsonl:7; export the keys as text if they were whole numbers
    texts_truncated: texts that the model truncated, so that their vectors do not cover their ends, first at a.jsonl:7; embed them in shorter pieces if that matters
    ");
    let missed = [Kind::Key, Kind::Vector, Kind::Metadata, Kind::LeftOut, Kind::Joined];
    let missed = missed.map(|kind| missed_finding(kind, "title"));
    insta::assert_snapshot!(lines(&missed.each_ref().map(missing)), @"
    field_missing: no record has the field title (from --key); check the name; use a path for a field inside an object: metadata.title
    field_missing: no record has the field title (from --vector); check the name; use a path for a field inside an object: metadata.title
    field_missing: no record has the field title (from --metadata); check the name; use a path for a field inside an object: metadata.title
    left_out_missing: no record has the field title (from --metadata -title); check the name
    nothing_joined: nothing was joined to any record (from --join); check that both files have the same keys, and name their field with --key; rejects that were sent before need no --join
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
