//! The receipt of a complete load: what was loaded, where to, when, and with which result. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::binding::Binding;
use super::header::{Began, Header};
use super::lines::{seal, unseal};
use super::place::Place;
use super::sent::{Interval, LeftInput};
use crate::put::books::per_input::PerInput;
use crate::put::books::tracker::Settled;
use crate::read::fingerprint::{Fingerprint, have_repeats, repeated_names};

/// The version of the format.
const VERSION: u32 = 1;

/// What is left of a complete load.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The version of the format.
    pub version: u32,
    /// Which load it was, as in the journal that it replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Began>,
    /// Where the vectors went.
    pub place: Place,
    /// Which index they went into.
    pub bound: Binding,
    /// The options that change what the input is read as, with their values.
    pub reading: BTreeMap<String, String>,
    /// The inputs in order.
    pub inputs: Vec<CompleteInput>,
    /// What loads in the same directory may have sent of inputs that are not among these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<LeftInput>,
    /// The rejects file that the user named; empty for the program's own, missing if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects: Option<String>,
    /// When everything that other loads had sent was last taken into account: when its last run began.
    pub as_of: String,
    /// When the load began.
    pub started_at: String,
    /// When it was complete.
    pub finished_at: String,
    /// The outcomes of its records, over all its runs.
    pub counts: Settled,
    /// Its exit code.
    pub exit_code: u8,
    /// The command that continues it, and finds it complete.
    pub command: String,
}

/// An input of a complete load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompleteInput {
    /// What it was.
    #[serde(flatten)]
    pub fingerprint: Fingerprint,
    /// The outcomes of its records; missing if an earlier version began the load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<Settled>,
    /// When it was sent, possibly by an earlier load.
    pub sent: Interval,
}

/// The result of a complete load.
#[derive(Debug)]
pub(crate) struct Done {
    /// The outcomes of its records.
    pub(crate) counts: Settled,
    /// The same for each input.
    pub(crate) per_input: PerInput,
    /// Its exit code.
    pub(crate) exit_code: u8,
    /// The command that continues it.
    pub(crate) command: String,
}

impl Receipt {
    /// The receipt of a load that is complete now.
    pub(crate) fn of(header: &Header, done: Done, now: String) -> Self {
        let began = header.load.as_ref().map(|began| began.at.clone());
        // The clock may have been set back since.
        let now = now.max(began.clone().unwrap_or_default());
        let this = Interval { from: began.clone().unwrap_or_default(), to: now.clone() };
        let inputs = (0_u32..).zip(&header.inputs).map(|(number, input)| CompleteInput {
            fingerprint: input.clone(),
            counts: done.per_input.of(number),
            sent: header.complete.get(&number).unwrap_or(&this).clone(),
        });
        Self {
            version: VERSION,
            load: header.load.clone(),
            place: header.place.clone(),
            bound: header.bound.clone(),
            reading: header.reading.clone(),
            inputs: inputs.collect(),
            left: header.left.clone(),
            rejects: header.rejects.clone(),
            as_of: header.as_of.clone().unwrap_or_default(),
            started_at: began.unwrap_or_else(|| now.clone()),
            finished_at: now,
            counts: done.counts,
            exit_code: done.exit_code,
            command: done.command,
        }
    }

    /// The text of its file.
    pub(crate) fn text(&self) -> String {
        seal(self)
    }

    /// Whether an input occurs twice, by name or by content.
    pub(crate) fn has_repeats(&self) -> bool {
        have_repeats(self.inputs.iter().map(|input| &input.fingerprint))
    }

    /// The names that more than one of its inputs has.
    pub(crate) fn repeated_names(&self) -> BTreeSet<&str> {
        repeated_names(self.inputs.iter().map(|input| &input.fingerprint))
    }

    /// Whether its inputs have the same names as those of a load, in the same order.
    pub(crate) fn has_names_of(&self, now: &Header) -> bool {
        let names = self.inputs.iter().map(|input| &input.fingerprint.name);
        names.eq(now.inputs.iter().map(|input| &input.name))
    }

    /// Parses the text of a file; `None` if it is torn, or of another version.
    pub fn parse(text: &[u8]) -> Option<Self> {
        unseal::<Self>(text).filter(|receipt| receipt.version == VERSION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_read_as_it_was_written_or_not_at_all() {
        let fingerprint = Fingerprint { name: "/d/a".into(), size: 3, samples: vec![(0, "x".into())] };
        let input = CompleteInput {
            fingerprint,
            counts: None,
            sent: Interval { from: "2026".into(), to: "2027".into() },
        };
        let receipt = Receipt { version: 1, inputs: vec![input], exit_code: 4, ..Receipt::default() };
        let text = receipt.text();
        assert_eq!(Receipt::parse(text.as_bytes()), Some(receipt));
        for end in 0..text.len() {
            assert_eq!(Receipt::parse(&text.as_bytes()[..end]), None, "{end}");
        }
        let later = seal(&Receipt { version: 2, ..Receipt::default() });
        assert_eq!(Receipt::parse(later.as_bytes()), None);
    }
}
