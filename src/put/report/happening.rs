//! What happens in a run, as values: each is reported once, and each listener has its own form for it. Pure.

use super::meter::Figures;
use super::notice::Notice;
use super::summary::{FailedPlace, Summary};
use crate::call::Trouble;
use crate::put::books::outcome::Outcome;
use crate::record::{Defect, Input, place};

/// How many rejected records per reason people see; the others are counted, and all are in the rejects file.
const NAMED_OF_A_REASON: u64 = 3;
/// How many are annotated; GitHub Actions shows no more per step.
const ANNOTATED: u64 = 10;

/// Something that happens in a run.
#[derive(Debug)]
pub(crate) enum Happening<'a> {
    /// The run begins.
    Began(Beginning<'a>),
    /// Something is worth a note that is not an error.
    Noted(&'a Notice),
    /// A record is rejected.
    Rejected(Rejected<'a>),
    /// A batch has ended.
    Settled {
        /// Its outcome.
        outcome: &'a Outcome,
        /// All inputs.
        inputs: &'a [Input],
    },
    /// An attempt failed and is retried.
    Troubled(&'a Trouble<'a>),
    /// The pace has risen again, to this fraction of the setting.
    PaceRose(f64),
    /// An input cannot be read any further.
    InputFailed {
        /// Where, and why.
        failed: &'a FailedPlace,
        /// The code of the reason.
        code: &'static str,
    },
    /// Time has passed, with this progress.
    Progressed(&'a Figures),
    /// Someone has asked for the progress.
    Asked(&'a Figures),
    /// The run ends.
    Ended(&'a Summary),
}

/// The start of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beginning<'a> {
    pub(crate) inputs: &'a [Input],
    pub(crate) bucket: &'a str,
    pub(crate) index_name: &'a str,
    /// Whether it continues an earlier run.
    pub(crate) resumed: bool,
    /// Whether it makes no request.
    pub(crate) dry_run: bool,
    /// Whether it compares vectors instead of sending them.
    pub(crate) verify: bool,
}

/// A record that is rejected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rejected<'a> {
    pub(crate) defect: &'a Defect,
    /// All inputs.
    pub(crate) inputs: &'a [Input],
    /// How many records this run has rejected before it.
    pub(crate) before: u64,
    /// How many of those were rejected for the same reason.
    pub(crate) alike: u64,
}

impl Rejected<'_> {
    /// Whether people see this one.
    pub(crate) fn is_named(&self) -> bool {
        self.alike < NAMED_OF_A_REASON
    }

    /// Whether it is the first of its reason that is only counted.
    pub(crate) fn is_first_unnamed(&self) -> bool {
        self.alike == NAMED_OF_A_REASON
    }

    /// Whether its file is annotated.
    pub(crate) fn is_annotated(&self) -> bool {
        self.before < ANNOTATED
    }

    /// The input of the record.
    pub(crate) fn input(&self) -> Option<&Input> {
        input(self.inputs, self.defect.position.input)
    }

    /// Its place, for people.
    pub(crate) fn place(&self) -> String {
        place(self.inputs, self.defect.position)
    }
}

/// The input with a number.
fn input(inputs: &[Input], number: u32) -> Option<&Input> {
    usize::try_from(number).ok().and_then(|index| inputs.get(index))
}

/// The name of the input with a number.
pub(crate) fn input_name(inputs: &[Input], number: u32) -> String {
    input(inputs, number).map_or_else(String::new, ToString::to_string)
}
