//! Restricts of Vertex Vector Search, another form of metadata: names with lists of texts, or with a number. Pure.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::findings::Kind;
use super::metadata::{Metadata, Under, quoted};
use super::rules::MetadataValues;
use super::scratch::Scratch;
use super::skip::Text;
use crate::record::Reason;

const TEXTS: &str = "restricts";
const NUMBERS: &str = "numeric_restricts";

/// One restrict. Unknown members make it invalid, so that nothing is left out silently.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Restrict<'a> {
    #[serde(borrow)]
    namespace: Text<'a>,
    #[serde(borrow, default, alias = "allow_list", alias = "allowList")]
    allow: Vec<Text<'a>>,
    #[serde(borrow, default, alias = "deny_list", alias = "denyList")]
    deny: Vec<Text<'a>>,
    #[serde(borrow, alias = "value_float", alias = "value_double", alias = "valueInt", alias = "valueFloat")]
    #[serde(alias = "valueDouble")]
    value_int: Option<&'a RawValue>,
}

/// The restricts in the field `name`, whose value is `raw`.
pub(super) struct Restricts<'a>(Vec<Restrict<'a>>);

impl<'a> Restricts<'a> {
    /// Parses them, if that is what the field contains and it can be stored.
    pub(super) fn of(name: &str, raw: &'a [u8], under: Under<'_>) -> Option<Self> {
        let is_number = name == NUMBERS && under.rules.metadata_values == MetadataValues::Text;
        if (name != TEXTS && !is_number) || !raw.starts_with(b"[") {
            return None;
        }
        let list: Vec<Restrict<'a>> = serde_json::from_slice(raw).ok()?;
        let has_value = |restrict: &Restrict<'_>| restrict.value_int.is_some() == is_number;
        (!list.is_empty() && list.iter().all(has_value)).then_some(Self(list))
    }

    /// Whether something is denied, which metadata cannot express.
    fn deny(&self) -> bool {
        self.0.iter().any(|restrict| !restrict.deny.is_empty())
    }

    /// Stores them as metadata.
    pub(super) fn store(&self, metadata: &mut Metadata, under: Under<'_>) -> Result<(), Reason> {
        for Restrict { namespace: Text(name), allow, value_int, .. } in &self.0 {
            let allow: Vec<&Cow<'_, str>> = allow.iter().map(|Text(text)| text).collect();
            if let Some(number) = value_int {
                metadata.pair(name, number.get().len(), under.rules, |wire| quoted(number.get(), wire))?;
            } else if !allow.is_empty() {
                let bytes = allow.iter().map(|text| text.len()).sum();
                metadata.pair(name, bytes, under.rules, |wire| list(&allow, wire))?;
            }
        }
        Ok(())
    }
}

/// Stores those of the record `text` as metadata once it is read, since a metadata object may come after them.
pub(super) fn take(text: &[u8], under: Under<'_>, scratch: &mut Scratch) {
    for (name, start, end) in std::mem::take(&mut scratch.restricts) {
        let raw = text.get(start..end).unwrap_or_default();
        let Some(restricts) = Restricts::of(&name, raw, under) else { continue };
        if restricts.deny() {
            scratch.book.note(Kind::Member, "", "restricts.deny");
        }
        if let Err(reason) = restricts.store(&mut scratch.metadata, under) {
            scratch.problem(reason);
        }
    }
}

fn list(texts: &[&Cow<'_, str>], wire: &mut Vec<u8>) {
    wire.push(b'[');
    for (place, text) in texts.iter().enumerate() {
        if place > 0 {
            wire.push(b',');
        }
        quoted(text, wire);
    }
    wire.push(b']');
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use crate::admit::{Admit, Fields, MetadataValues, Rules};
    use crate::record::{Block, Position, Raw, Record};

    /// The metadata of a record with these members, or the reason why it is rejected.
    fn metadata(members: &str, metadata_values: MetadataValues) -> String {
        let rules = Rules { metadata_values, ..Rules::of_no_index() };
        let mut admit = Admit::new(Fields::new(&[], &[], &[]), rules);
        let text = format!(r#"{{"id":"a","embedding":[1,2],{members}}}"#);
        let record = Record { position: Position::default(), raw: Raw::Json(Bytes::from(text)) };
        let block =
            Block { records: vec![record], end: Position::default(), bytes: 0..0, around: Vec::new() };
        match admit.block(block).verdicts.remove(0) {
            Ok(vector) => {
                let wire: serde_json::Value = serde_json::from_slice(vector.wire()).unwrap();
                wire["metadata"].to_string()
            }
            Err(defect) => defect.reason.code().to_owned(),
        }
    }

    #[test]
    fn restricts_are_metadata_wherever_they_stand_and_only_if_they_are_some() {
        const ONE: &str =
            r#""restricts":[{"namespace":"c","allow":["r","b"]},{"namespace":"d","deny":["x"]}]"#;
        const NUMBER: &str = r#""numeric_restricts":[{"namespace":"n","value_float":2.50}]"#;
        let payload = r#""payload":{"t":"x"}"#;
        for (members, of_text, of_numbers) in [
            (ONE.to_owned(), r#"{"c":["r","b"]}"#, r#"{"c":["r","b"]}"#),
            (format!("{ONE},{payload}"), r#"{"c":["r","b"],"t":"x"}"#, r#"{"c":["r","b"],"t":"x"}"#),
            (format!("{payload},{ONE}"), r#"{"c":["r","b"],"t":"x"}"#, r#"{"c":["r","b"],"t":"x"}"#),
            (NUMBER.to_owned(), "null", r#"{"n":"2.50"}"#),
            (format!("{ONE},\"metadata\":{{\"c\":\"y\"}}"), "metadata_repeated", "metadata_repeated"),
            (r#""restricts":[]"#.to_owned(), "null", "null"),
            (r#""restricts":["mine"]"#.to_owned(), "null", "null"),
            (r#""restricts":[{"namespace":1}]"#.to_owned(), "null", "null"),
            (r#""restricts":"text""#.to_owned(), "null", "null"),
        ] {
            assert_eq!(metadata(&members, MetadataValues::Reject), of_text, "{members}");
            assert_eq!(metadata(&members, MetadataValues::Text), of_numbers, "{members}");
        }
    }
}
