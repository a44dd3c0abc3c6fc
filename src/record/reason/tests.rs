use super::*;
use crate::record::quote::QuoteKind;

fn about_text() -> [Reason; 5] {
    let place = "column 5".to_owned();
    [
        Reason::Syntax { detail: "expected a colon, found 'x' (column 5)".into() },
        Reason::NotUtf8 { byte: 0xe9, place: place.clone(), likely: None },
        Reason::NotUtf8 { byte: 0xc4, place: place.clone(), likely: Some("GB18030") },
        Reason::Undecodable { sequence: "invalid bytes 0x81 0x20".into(), place: place.clone() },
        Reason::HalfSurrogate { escape: r"\ud83d".into(), place },
    ]
}

fn about_keys() -> [Reason; 3] {
    [
        Reason::NoKey { looked_for: "key, id; the fields are name, vector".into(), is_of_several: false },
        Reason::KeyKind { field: "id".into(), found: "an object".into() },
        Reason::KeyLength { characters: 1_025 },
    ]
}

fn about_exports() -> [Reason; 6] {
    let of_export = |lack, said: &str| Reason::OfExport { lack, said: said.into() };
    [
        of_export(Lack::Key, "no key found: it has no id; choose one"),
        of_export(Lack::Vector, "no vector found: it has none; add it"),
        of_export(Lack::Choice, "several vectors: a, b; choose one"),
        of_export(Lack::Kind, "the vector is sparse: it has no other"),
        Reason::Provider { message: "429: Slow down".into() },
        Reason::Encoded { found: "base64 of 13 bytes".into(), cure: "repair it" },
    ]
}

fn about_vectors() -> [Reason; 16] {
    let not_a_number = |text: &str| Reason::NotANumber { index: 3, text: text.into() };
    [
        Reason::NoVector { looked_for: "vector, emb; the columns are id, text".into(), is_of_several: false },
        Reason::AmbiguousVector { first: "vector".into(), second: "emb".into() },
        Reason::VectorKind { found: "null".into() },
        not_a_number("null"),
        not_a_number("np.float32(0.5)"),
        Reason::NumberSpelling { index: 3, text: "+1".into(), flaw: "leading plus sign" },
        Reason::NotFinite { index: 3, text: "1e39".into() },
        Reason::Shortened,
        Reason::Nested,
        Reason::Dimension { want: 2, got: 1 },
        Reason::Dimension { want: 2, got: 3 },
        Reason::DimensionRange { got: 5_000 },
        Reason::ZeroVector,
        Reason::SpreadVector { first: "v0".into(), last: "v767".into(), pattern: "v*".into() },
        Reason::Wide { pattern: "e_*".into(), trouble: WideTrouble::Gap("e_1".into()) },
        Reason::SeveralVectors { fields: "title_vector, content_vector".into() },
    ]
}

fn about_metadata() -> [Reason; 9] {
    let value = |found: &str, cure| Reason::MetadataValue { name: "price".into(), found: found.into(), cure };
    let largest = || Largest { name: "body".into(), from: None };
    [
        Reason::MetadataKind { found: "text".into() },
        value("a number", ValueCure::Text),
        value("null", ValueCure::TextLeavesOut),
        value("an object", ValueCure::LeaveOut),
        Reason::MetadataRepeated { name: "price".into(), joined: None },
        Reason::MetadataRepeated { name: "text".into(), joined: Some("joined.body.input".into()) },
        Reason::MetadataBytes { bytes: 41_000, largest: largest() },
        Reason::FilterableBytes { bytes: 2_049, largest: largest() },
        Reason::FilterableFields { fields: 11, largest: largest() },
    ]
}

fn about_tables() -> [Reason; 8] {
    let (first, second) = ("Id".into(), "ID".into());
    [
        Reason::NoColumn { column: "title".into(), option: "--metadata" },
        Reason::Quote(QuoteTrouble { begun: 7, found: 9, kind: QuoteKind::Unclosed }),
        Reason::AmbiguousColumn { field: "id".into(), first, second },
        Reason::Ragged { want: 3, got: 1 },
        Reason::NotJoined { file: "r.jsonl".into(), what: Lookup::Missing("doc-9".into()) },
        Reason::NotJoined { file: "r.jsonl".into(), what: Lookup::NoKey("custom_id, id".into()) },
        Reason::NotJoined {
            file: "r.jsonl".into(),
            what: Lookup::Kind { field: "id".into(), found: "1e2".into() },
        },
        Reason::NotJoined { file: "r.jsonl".into(), what: Lookup::Twice("custom_id".into()) },
    ]
}

fn about_requests() -> [Reason; 8] {
    let (code, message) = ("InvalidArgument".into(), "The vector is invalid.".into());
    [
        Reason::TooLarge { bytes: 5_000_000, limit: 4_194_304 },
        Reason::Refused { code, message, request_id: "66F1".into() },
        Reason::Overwritten,
        Reason::Lost { answer: "request id 66F1".into() },
        Reason::Superseded,
        Reason::NotStored { trouble: "timed out".into() },
        Reason::Different { what: "element 3 is 0.5, not 0.25".into() },
        Reason::Missing,
    ]
}

/// Each reason on a line, after its code.
fn listed(reasons: &[Reason]) -> String {
    reasons.iter().map(|reason| format!("{}: {reason}\n", reason.code())).collect::<Vec<_>>().concat()
}

#[test]
fn every_reason_says_what_is_wrong_and_what_to_do() {
    insta::assert_snapshot!(listed(&about_text()), @r"
    syntax: invalid record: expected a colon, found 'x' (column 5)
    encoding: not UTF-8: invalid byte 0xe9 at column 5
    encoding: not UTF-8: invalid byte 0xc4 at column 5; if it is GB18030, --encoding gb18030 reads it
    encoding: cannot decode the text: invalid bytes 0x81 0x20 at column 5; fix it, or check the encoding of the input
    encoding: \ud83d is half of a surrogate pair (column 5): the text was cut inside a character, such as an emoji
    ");
    insta::assert_snapshot!(listed(&about_keys()), @"
    no_key: no key found (looked for key, id; the fields are name, vector); set its field with --key
    key_kind: the key field id is an object, not text or an integer; choose another field with --key
    key_length: the key has 1,025 characters; expected 1 to 1,024
    ");
    insta::assert_snapshot!(listed(&about_vectors()), @r#"
    no_vector: no vector found (looked for vector, emb; the columns are id, text); set its field with --vector
    ambiguous_vector: both vector and emb could be the vector; choose one with --vector
    vector_kind: the vector is null, not an array of numbers
    not_a_number: element 3 of the vector is null, not a number
    not_a_number: element 3 of the vector is np.float32(0.5), not a number; write plain numbers, in pandas with df["embedding"] = df["embedding"].map(lambda v: [float(x) for x in v]) before to_csv or to_json(lines=True)
    not_a_number: element 3 of the vector is +1, which is not a JSON number: leading plus sign
    not_finite: element 3 of the vector is 1e39, which is not a finite float32
    shortened: the vector was shortened to "..." when it was printed, so its numbers are lost; write lists, in pandas with df["embedding"] = df["embedding"].map(lambda v: v.tolist()) before to_csv or to_json(lines=True)
    nested: the vector is an array of arrays; remove one level of [ ]
    dimension: the vector has 1 element; the dimension is 2
    dimension: the vector has 3 elements; the dimension is 2
    dimension_range: the vector has 5000 elements; an index allows 1 to 4096
    zero_vector: all elements of the vector are zero, but the cosine metric needs a direction
    no_vector: no vector found: v0 to v767 seem to hold one number each; if they are the vector, use --vector 'v*'
    wide_vector: the vector e_*: e_1 is missing; the numbers must have no gaps, from 0 or 1
    ambiguous_vector: several fields look like vectors: title_vector, content_vector; choose one with --vector
    "#);
    insta::assert_snapshot!(listed(&about_exports()), @"
    no_key: no key found: it has no id; choose one
    no_vector: no vector found: it has none; add it
    ambiguous_vector: several vectors: a, b; choose one
    vector_kind: the vector is sparse: it has no other
    provider_error: the provider reported an error: 429: Slow down
    vector_kind: the vector is base64 of 13 bytes, not base64 of little-endian float32 numbers; repair it
    ");
    insta::assert_snapshot!(listed(&about_metadata()), @"
    metadata_kind: the metadata is text, not an object
    metadata_value: metadata price is a number; only text or a list of text can be stored; use --metadata-values text to store numbers and booleans as text
    metadata_value: metadata price is null; only text or a list of text can be stored; use --metadata-values text to leave it out
    metadata_value: metadata price is an object; only text or a list of text can be stored; add -price to --metadata to leave it out
    metadata_repeated: metadata price occurs twice
    metadata_repeated: metadata text occurs twice, in the record and in joined.body.input (from --join); store the latter under another name: --metadata '*,joined_text=joined.body.input'
    metadata_bytes: the metadata has 41,000 bytes; the maximum is 40,960; the largest field is body; add -body to --metadata to leave it out
    filterable_bytes: the filterable metadata has 2,049 bytes; the maximum is 2,048; the largest field is body; create the index with --non-filterable-metadata-keys body, or add -body to --metadata to leave it out
    filterable_fields: the metadata has 11 filterable fields; the maximum is 10; the largest is body; list those that need no filter in --non-filterable-metadata-keys when you create the index, or add -body,… to --metadata to leave them out
    ");
    insta::assert_snapshot!(listed(&about_tables()), @r#"
    no_column: the header has no column title (from --metadata)
    quote: the quoted cell that starts on line 7 is never closed (the file ends on line 9); close it, or use --quote none if the file has no quoted cells
    ambiguous_column: both columns Id and ID could be id; choose one with --key, --vector or --metadata
    ragged: the row has 1 cell; the header has 3
    not_joined: no record in r.jsonl has the key "doc-9"; add it there
    not_joined: no key found to look up in r.jsonl (looked for custom_id, id); set its field with --key
    not_joined: no key found to look up in r.jsonl: id is 1e2, not text or an integer; write it as text, or choose another field with --key
    not_joined: no key found to look up in r.jsonl: the field custom_id occurs twice; remove one of them
    "#);
    insta::assert_snapshot!(listed(&about_requests()), @"
    too_large: the record needs 5,000,000 bytes in a request; --batch-bytes allows 4,194,304
    refused: refused by the service: InvalidArgument: The vector is invalid. (request id 66F1)
    not_stored: stored, but the index no longer holds it as sent: the service applied an earlier request late, or another client overwrote it
    not_stored: sent and confirmed (request id 66F1), but reading it back does not find it as sent
    superseded: a later record with the same key was stored
    not_stored: sent but never confirmed (timed out), and reading it back shows that it is not stored
    different: the index holds another value: element 3 is 0.5, not 0.25
    missing: the index has no vector with this key
    ");
}
