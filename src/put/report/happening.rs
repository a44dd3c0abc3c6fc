//! What a run tells, as values: whatever happens is said once, and each way of telling makes its own form of it. Pure.

use super::meter::Figures;
use super::notice::Notice;
use super::summary::{FailedPlace, Summary};
use crate::call::Trouble;
use crate::put::books::outcome::Outcome;
use crate::record::{Defect, Input, place};

/// So many records that are rejected for one reason are named where people read; the rest are counted, and all are in the
/// rejects file.
const NAMED_OF_A_REASON: u64 = 3;
/// So many are annotated: GitHub Actions shows no more of a step.
const ANNOTATED: u64 = 10;

/// Something that happens in a run.
#[derive(Debug)]
pub(crate) enum Happening<'a> {
    /// The run begins.
    Began(Beginning<'a>),
    /// Something is worth saying that is no error.
    Noted(&'a Notice),
    /// A record is rejected.
    Rejected(Rejected<'a>),
    /// A batch has come to its end.
    Settled {
        /// What became of it.
        outcome: &'a Outcome,
        /// All inputs.
        inputs: &'a [Input],
    },
    /// An attempt failed and is followed by another.
    Troubled(&'a Trouble<'a>),
    /// The pace has risen again, to this part of the setting.
    PaceRose(f64),
    /// An input cannot be read any further.
    InputFailed {
        /// Where, and why.
        failed: &'a FailedPlace,
        /// Why, as one word for scripts.
        code: &'static str,
    },
    /// Time has passed, and the run is so far.
    Progressed(&'a Figures),
    /// Somebody has asked how far the run is.
    Asked(&'a Figures),
    /// The run ends.
    Ended(&'a Summary),
}

/// How a run begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beginning<'a> {
    pub(crate) inputs: &'a [Input],
    pub(crate) bucket: &'a str,
    pub(crate) index_name: &'a str,
    /// Whether it continues an earlier run.
    pub(crate) resumed: bool,
    /// Whether it makes no request.
    pub(crate) dry_run: bool,
    /// Whether it compares vectors in place of sending them.
    pub(crate) verify: bool,
}

/// A record that is rejected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rejected<'a> {
    pub(crate) defect: &'a Defect,
    /// All inputs.
    pub(crate) inputs: &'a [Input],
    /// How many this run has rejected before it.
    pub(crate) before: u64,
    /// How many of those for the same reason.
    pub(crate) alike: u64,
}

impl Rejected<'_> {
    /// Whether people read of this one.
    pub(crate) fn is_named(&self) -> bool {
        self.alike < NAMED_OF_A_REASON
    }

    /// Whether it is the first for its reason of which people only read the number.
    pub(crate) fn is_first_unnamed(&self) -> bool {
        self.alike == NAMED_OF_A_REASON
    }

    /// Whether its file is annotated.
    pub(crate) fn is_annotated(&self) -> bool {
        self.before < ANNOTATED
    }

    /// The input that it stands in.
    pub(crate) fn input(&self) -> Option<&Input> {
        input(self.inputs, self.defect.position.input)
    }

    /// Its place as a person reads it.
    pub(crate) fn place(&self) -> String {
        place(self.inputs, self.defect.position)
    }
}

/// The input of a number.
fn input(inputs: &[Input], number: u32) -> Option<&Input> {
    usize::try_from(number).ok().and_then(|index| inputs.get(index))
}

/// The name of the input of a number.
pub(crate) fn input_name(inputs: &[Input], number: u32) -> String {
    input(inputs, number).map_or_else(String::new, ToString::to_string)
}
