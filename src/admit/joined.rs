//! What is stored of a joined record of another file if the user names no metadata: its text and its metadata. Pure.

use super::fields::{Field, Fields};
use super::findings::Kind;
use super::metadata::{Under, Value, holds_nothing};
use super::scratch::Scratch;
use super::skip::{Items, decoded, skip_space, string_end};
use crate::record::Reason;
use crate::record::names::{JOINED, KEYS, PARTS, TEXTS};

/// Members of a request other than its content; of its body, or the model's input, only the text is user data.
const OF_REQUEST: [&str; 2] = ["method", "url"];

/// The member with metadata.
const METADATA: &str = "metadata";
/// The name under which the text is stored.
const TEXT: &str = "text";

/// Takes the metadata and the text of the record at `joined` in `text`.
pub(super) fn take((start, end): (usize, usize), text: &[u8], under: Under<'_>, scratch: &mut Scratch) {
    let path = [JOINED, "."].concat();
    let value = |(start, end)| Value { text, start, end, path: &path };
    let is_there = |at: &(usize, usize)| value(*at).raw() != b"null";
    let is_named = |part: &str| names_part(under.fields, &[&path, part].concat());
    let found = member(text, start, &[METADATA]).filter(is_there);
    let mut texts =
        TEXTS.iter().filter_map(|names| Some((names, member(text, start, names).filter(is_there)?)));
    let chosen = texts.next().filter(|_| start < end);
    tell_of_others((start, end), chosen.map_or(&[][..], |(names, _)| names), (text, under), scratch);
    if under.fields.metadata.named && !under.fields.all {
        let of_text = chosen.map(|(names, _)| names.join("."));
        let metadata = found.filter(|at| !holds_nothing(value(*at).raw()));
        let parts = of_text.into_iter().chain(metadata.map(|_| METADATA.to_owned()));
        for part in parts.filter(|part| !is_named(part)) {
            scratch.book.note(Kind::JoinedMember, &path, &part);
        }
        return;
    }
    if let Some(metadata) = found.filter(|_| !is_named(METADATA)) {
        let taken = scratch.metadata.field(METADATA, value(metadata), under);
        taken.unwrap_or_else(|reason| scratch.problem(clash(reason, |name| [METADATA, ".", name].concat())));
    }
    let Some((names, found)) = chosen else { return };
    if is_named(&names.join(".")) || stores_as(under.fields, TEXT) {
        return;
    }
    let is_of_parts = names.ends_with(&[PARTS]);
    let place = names.join(".");
    let of_part = |part: usize| format!("{place}[{part}].{TEXT}");
    let parts = if is_of_parts { texts_of_parts(text, found.0) } else { Vec::new() };
    let (found, place) = match parts.as_slice() {
        [only] => (Some(*only), of_part(0)),
        _ => (only_text(text, found), place.clone()),
    };
    if let Some(found) = found {
        let taken = scratch.metadata.value(TEXT, value(found), under);
        taken.unwrap_or_else(|reason| scratch.problem(clash(reason, |_| place)));
    } else if parts.is_empty() {
        // A list of texts belongs to several vectors, so it is unknown which one belongs to this vector.
        scratch.book.note(Kind::Member, &path, &place);
    } else {
        (0..parts.len()).for_each(|part| scratch.book.note(Kind::Member, &path, &of_part(part)));
    }
}

/// The same reason with the path of the joined field, if the record has a field of that name itself.
fn clash(reason: Reason, path: impl FnOnce(&str) -> String) -> Reason {
    match reason {
        Reason::MetadataRepeated { name, .. } => {
            let joined = Some([JOINED, ".", &path(&name)].concat());
            Reason::MetadataRepeated { name, joined }
        }
        other => other,
    }
}

/// Notes the fields of a record that are not stored: all except its key, its metadata and its text, which is at the
/// path `of_text`.
fn tell_of_others(
    (start, end): (usize, usize),
    of_text: &[&str],
    (text, under): (&[u8], Under<'_>),
    scratch: &mut Scratch,
) {
    let path = [JOINED, "."].concat();
    let is_request = of_text.len() > 1;
    let is_key = |name: &str| {
        KEYS.contains(&name) || under.fields.key.candidates.iter().any(|field| field.text() == name)
    };
    let mut open = Vec::new();
    let mut members = Items::of(text, start, &mut open);
    while start < end
        && text.get(start) == Some(&b'{')
        && let Ok(Some(found)) = members.member()
    {
        let Ok(name) = decoded(text, found.name.0, found.name.1) else { return };
        let value = text.get(found.value.0..found.value.1).unwrap_or_default();
        if let Some(field) = under.fields.left_out(&path, &name) {
            scratch.book.note(Kind::LeftOut, "", field);
            continue;
        }
        let is_told = is_key(&name)
            || *name == *METADATA
            || of_text.first() == Some(&&*name)
            || (is_request && OF_REQUEST.contains(&&*name))
            || holds_nothing(value)
            || names_part(under.fields, &[&path, &*name].concat());
        if !is_told {
            scratch.book.note(Kind::JoinedMember, &path, &name);
        }
    }
}

/// Whether the user names a part of the joined record, or something in it, as metadata.
fn names_part(fields: &Fields, part: &str) -> bool {
    let is_in_it = |rest: &str| matches!(rest.as_bytes().first(), None | Some(b'.' | b'['));
    let named = fields.metadata.candidates.iter().filter(|_| fields.metadata.named);
    named.map(Field::text).filter_map(|field| field.strip_prefix(part)).any(is_in_it)
}

/// Whether the user stores a field under this name.
fn stores_as(fields: &Fields, name: &str) -> bool {
    fields.metadata.named
        && fields.metadata.candidates.iter().any(|field| field.stored_as().unwrap_or(field.text()) == name)
}

/// The text in a value: a string, or the only string of a list.
fn only_text(text: &[u8], (start, end): (usize, usize)) -> Option<(usize, usize)> {
    match text.get(start)? {
        b'"' => Some((start, end)),
        b'[' => {
            let first = skip_space(text, start + 1);
            (text.get(first) == Some(&b'"')).then_some(())?;
            let behind = string_end(text, first).ok()?;
            (text.get(skip_space(text, behind)) == Some(&b']')).then_some((first, behind))
        }
        _ => None,
    }
}

/// The texts of the parts of a content, if all of them are text.
fn texts_of_parts(text: &[u8], start: usize) -> Vec<(usize, usize)> {
    let mut open = Vec::new();
    let mut texts = Vec::new();
    if text.get(start) != Some(&b'[') {
        return texts;
    }
    let mut parts = Items::of(text, start, &mut open);
    while let Ok(Some((part, _))) = parts.item() {
        match member(text, part, &[TEXT]).filter(|(start, _)| text.get(*start) == Some(&b'"')) {
            Some(found) => texts.push(found),
            None => return Vec::new(),
        }
    }
    texts
}

/// Where the value at this path is in the object at `start`.
fn member(text: &[u8], start: usize, names: &[&str]) -> Option<(usize, usize)> {
    let [name, inner @ ..] = names else { return None };
    (text.get(start) == Some(&b'{')).then_some(())?;
    let mut open = Vec::new();
    let mut members = Items::of(text, start, &mut open);
    while let Some(found) = members.member().ok()? {
        if decoded(text, found.name.0, found.name.1).is_ok_and(|found| found == *name) {
            let (start, _) = found.value;
            return if inner.is_empty() { Some(found.value) } else { member(text, start, inner) };
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::{Admit, Fields, Rules};
    use crate::record::{Block, Position, Raw, Record};

    /// The stored metadata of a record, or why it is rejected.
    fn stored(members: &str, metadata: &[&str]) -> String {
        let metadata: Vec<_> = metadata.iter().map(ToString::to_string).collect();
        let mut admit = Admit::new(Fields::new(&[], &[], &metadata).joined(), Rules::of_no_index());
        let text = Bytes::from(format!("{{\"id\":\"a\",\"vector\":[1],{members}}}"));
        let record = Record { position: Position::default(), raw: Raw::Json(text) };
        let admitted = admit.block(Block {
            records: vec![record],
            end: Position::default(),
            bytes: 0..0,
            around: Vec::new(),
        });
        match &admitted.verdicts[..] {
            [Ok(vector)] => {
                let wire: serde_json::Value = serde_json::from_slice(vector.wire()).unwrap();
                wire.get("metadata").map_or("none".to_owned(), ToString::to_string)
            }
            [Err(defect)] => defect.reason.code().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_likeliest_text_and_the_metadata_are_stored_unless_others_are_named() {
        for (members, wanted) in [
            (r#""joined":{"body":{"input":"x"},"text":"y"}"#, r#"{"text":"x"}"#),
            (r#""joined":{"body":{"input":null},"text":"y"}"#, r#"{"text":"y"}"#),
            (r#""joined":{"body":{"model":"m"},"content":"\u00fc"}"#, r#"{"text":"ü"}"#),
            (r#""joined":{"body":{"input":["x","y"]},"text":"y"}"#, "none"),
            (r#""joined":{"body":{"input":[ "x" ]}}"#, r#"{"text":"x"}"#),
            (r#""joined":{"body":{"input":[[1,2]]},"text":"y"}"#, "none"),
            (r#""joined":{"modelInput":{"texts":["x"]}}"#, r#"{"text":"x"}"#),
            (r#""joined":{"texts":["x"]}"#, r#"{"text":"x"}"#),
            (r#""joined":{"request":{"content":{"parts":[ {"text":"x"} ]}},"text":"y"}"#, r#"{"text":"x"}"#),
            (r#""joined":{"content":{"role":"user","parts":[{"text":"x"}]}}"#, r#"{"text":"x"}"#),
            (r#""joined":{"request":{"content":{"parts":[{"text":"x"},{"text":"y"}]}}}"#, "none"),
            (r#""joined":{"request":{"content":{"parts":[{"inlineData":{"text":"x"}}]}}}"#, "none"),
            (r#""joined":{"request":{"content":{"parts":[{"text":1}]}}}"#, "none"),
            (r#""joined":{"request":{"content":{"parts":["x"]}}}"#, r#"{"text":"x"}"#),
            (r#""joined":{"request":{"content":{"parts":[{"text":"x"},{"inlineData":{}}]}}}"#, "none"),
            (r#""joined":{"t\u0065xt":"x","metadata":{"n":"1"}}"#, r#"{"n":"1","text":"x"}"#),
            (r#""joined":{"metadata":"{\"n\":\"1\"}"}"#, r#"{"n":"1"}"#),
            (r#""joined":{"metadata":null,"title":"x"}"#, "none"),
            (r#""joined":{"text":"x"},"metadata":{"n":"1"}"#, r#"{"n":"1","text":"x"}"#),
            (r#""joined":{"text":"x"},"metadata":{"text":"1"}"#, "metadata_repeated"),
            (r#""joined":{"metadata":{"n":1}}"#, "metadata_value"),
            (r#""joined":"2020-01-01""#, "none"),
            (r#""other":{"joined":{"text":"x"}}"#, "none"),
        ] {
            assert_eq!(stored(members, &[]), wanted, "{members}");
        }
        let members = r#""lang":"de","joined":{"text":"x","metadata":{"n":"1"},"title":"t"}"#;
        for (metadata, wanted) in [
            (&["*"][..], r#"{"lang":"de","n":"1","text":"x"}"#),
            (&["-text"], r#"{"n":"1"}"#),
            (&["lang"], r#"{"lang":"de"}"#),
            (&["t=joined.title", "joined.metadata"], r#"{"n":"1","t":"t"}"#),
            (&["*", "joined.title"], r#"{"lang":"de","n":"1","text":"x","title":"t"}"#),
            (&["*", "t=joined.title"], r#"{"lang":"de","n":"1","t":"t","text":"x"}"#),
            (&["*", "-text", "t=joined.title"], r#"{"lang":"de","n":"1","t":"t"}"#),
            (&["t=joined.text", "*"], r#"{"lang":"de","n":"1","t":"x"}"#),
            (&["*", "text=joined.title"], r#"{"lang":"de","n":"1","text":"t"}"#),
            (&["*", "m=joined.metadata.n"], r#"{"lang":"de","m":"1","text":"x"}"#),
        ] {
            assert_eq!(stored(members, metadata), wanted, "{metadata:?}");
        }
        // Each of several parts can be named the way its note names it.
        let members = r#""joined":{"request":{"content":{"parts":[{"text":"x"},{"text":"y"}]}}}"#;
        let named = ["a=joined.request.content.parts[0].text", "b=joined.request.content.parts[1].text"];
        assert_eq!(stored(members, &named), r#"{"a":"x","b":"y"}"#);
    }
}
