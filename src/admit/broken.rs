//! Text that the reader found not to be a record: why, and its key if it has one. Pure.

use super::json;
use super::not_text;
use super::{Admit, Under};
use crate::export::{Content, Export};
use crate::record::{KeyFlaw, Lookup, Reason, RowTrouble};

impl Admit {
    /// Why a text with this trouble is rejected. Leaves its key, if there is one, in the scratch.
    #[cold]
    pub(super) fn broken(&mut self, text: &[u8], trouble: &RowTrouble) -> Reason {
        match trouble {
            RowTrouble::NotJoined { what, .. } => {
                let looked_up = match what {
                    Lookup::Missing(key) => Some(key.as_str()),
                    Lookup::NoKey(_) | Lookup::Kind { .. } | Lookup::Twice(_) => None,
                };
                // A failed request must be sent again, whatever the other file contains.
                match self.look_at_object(text, looked_up) {
                    Some(message) => Reason::Provider { message },
                    None => reason(trouble),
                }
            }
            RowTrouble::OwnKey | RowTrouble::OwnJoined | RowTrouble::Beside { .. } => {
                self.look_at_object(text, None);
                reason(trouble)
            }
            RowTrouble::Several { key } | RowTrouble::Neither { key } => {
                self.scratch.take_key(key);
                reason(trouble)
            }
            _ => reason(trouble),
        }
    }

    /// Looks for the key in an object that is itself valid, and returns the provider's message if the request failed.
    /// Of several objects on a line, only the one with the key that was looked up matters.
    fn look_at_object(&mut self, text: &[u8], looked_up: Option<&str>) -> Option<String> {
        let under = Under { fields: &self.fields, rules: &self.rules };
        // Other errors do not matter: the record is rejected for the known one.
        json::read(text, None, under, &mut self.scratch).unwrap_or_default();
        self.scratch.book.begin();
        if self.scratch.glued.take().is_some() {
            self.scratch.key = None;
        }
        let export = Export::of(text);
        let key_of_form = export.as_ref().and_then(|export| export.key).filter(|_| !self.fields.key.named);
        match (key_of_form, looked_up) {
            (Some(key), _) => self.scratch.take_key(key),
            (None, Some(key)) if self.scratch.key.is_none() => {
                self.scratch.take_key(&serde_json::Value::from(key).to_string());
            }
            (None, _) => {}
        }
        match export?.content {
            Content::Failed(message) => Some(message),
            Content::One(_) | Content::Several(_) | Content::Unfit(_) => None,
        }
    }
}

/// Why such a text is not stored.
fn reason(trouble: &RowTrouble) -> Reason {
    match trouble {
        RowTrouble::Quote(trouble) => Reason::Quote(*trouble),
        RowTrouble::NotUtf8(text, Some(column)) => not_text::cell(text, column),
        RowTrouble::NotUtf8(text, None) => not_text::text(text),
        RowTrouble::Cells { want, got } => Reason::Ragged { want: *want, got: *got },
        RowTrouble::NoKey(looked_for) => {
            Reason::NoKey { looked_for: looked_for.clone(), is_of_several: false }
        }
        RowTrouble::Key(field, KeyFlaw::Kind(found)) => {
            Reason::KeyKind { field: field.clone(), found: found.clone() }
        }
        RowTrouble::Key(_, KeyFlaw::Length(characters)) => Reason::KeyLength { characters: *characters },
        RowTrouble::Beside { place, trouble } => {
            Reason::Beside { place: place.clone(), reason: Box::new(reason(trouble)) }
        }
        RowTrouble::NotJoined { file, what } => Reason::NotJoined { file: file.clone(), what: what.clone() },
        RowTrouble::Mark | RowTrouble::Key(_, KeyFlaw::Mark) => syntax(json::MARK_IN_FILE),
        RowTrouble::KeyTwice => syntax("the key field occurs twice"),
        RowTrouble::NotObject => syntax("it is not a JSON object"),
        RowTrouble::OwnJoined => syntax(
            "it has a field joined already, which --join adds; rename it, or load the record without --join",
        ),
        RowTrouble::Return => syntax(
            "the row contains a carriage return without a line feed; if it ends rows, convert it: \
             tr '\\r' '\\n' < FILE > NEW-FILE; if it is text, quote the cell",
        ),
        RowTrouble::Several { .. } => syntax(
            "the line contains several records, but one key is made for a line; \
             give each of the others a key and a line of its own",
        ),
        RowTrouble::Neither { .. } => syntax("it is neither an object nor an array of numbers"),
        RowTrouble::OwnKey => syntax(
            "it has a key of its own, unlike the first record; load it without --key-template and --keys-from",
        ),
        RowTrouble::NoAction => syntax(
            "it is a document without an action, such as {\"index\":{\"_id\":\"1\"}}, on the line before it",
        ),
        RowTrouble::KeyOfDocument => {
            syntax("the document has a field named key; choose the key, for example with --key _id")
        }
        RowTrouble::NoDocument => syntax("it is an action without a document on the next line"),
        RowTrouble::OneLine => {
            syntax("it has an action and its document on one line; put the document on the next line")
        }
        RowTrouble::Deletes => syntax("it deletes a document; only the actions index and create are loaded"),
        RowTrouble::Updates => {
            syntax("it updates a part of a document; only the actions index and create are loaded")
        }
    }
}

fn syntax(detail: &str) -> Reason {
    Reason::Syntax { detail: detail.to_owned() }
}
