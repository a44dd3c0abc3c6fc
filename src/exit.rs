//! Why a run failed: the message, the cure, and the error code that determines the exit code.

mod code;

pub(crate) use self::code::{ErrorCode, Exit};
use crate::shown::bounded;

/// The maximum length of a message, in characters; it may quote text from elsewhere.
const LONGEST: usize = 2_000;

/// A standard stream for output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// Why the program stops: the error code and, if there is one, the cure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The error code, which determines the exit code.
    pub code: ErrorCode,
    /// What failed: one line, lower case.
    pub message: String,
    /// The parts of the failure, one a line, if it has several.
    pub details: Vec<String>,
    /// The cure.
    pub advice: Option<String>,
    /// Streams on which the failure must not be reported: they go to a file that must stay as it is.
    pub unheard: Vec<Stream>,
}

impl Failure {
    /// A failure without advice.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let message = bounded(&message.into(), LONGEST);
        Self { code, message, details: Vec::new(), advice: None, unheard: Vec::new() }
    }

    /// A failure whose first line is the message; the other lines are the advice.
    pub fn from_lines(code: ErrorCode, text: &str) -> Self {
        let (message, advice) = text.split_once('\n').unzip();
        let failure = Self::new(code, message.unwrap_or(text));
        Self { advice: advice.map(|advice| advice.replace('\n', " ")), ..failure }
    }

    /// The exit code that the shell sees.
    pub fn exit(&self) -> Exit {
        self.code.exit()
    }

    /// The same with details.
    #[must_use]
    pub fn list(self, details: impl IntoIterator<Item = String>) -> Self {
        Self { details: details.into_iter().map(|detail| bounded(&detail, LONGEST)).collect(), ..self }
    }

    /// The same, not to be reported on these streams.
    #[must_use]
    pub fn unheard_on(self, streams: Vec<Stream>) -> Self {
        Self { unheard: streams, ..self }
    }

    /// The same with additional advice.
    #[must_use]
    pub fn also_advise(self, advice: &str) -> Self {
        let whole = self.advice.iter().map(String::as_str).chain([advice]).collect::<Vec<_>>().join("; ");
        self.advise(whole)
    }

    /// The same with this advice.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

/// The failure of a run that has a bug; the panic hook reports where.
pub(crate) fn own_defect() -> Failure {
    Failure::new(ErrorCode::Bug, "bug in ossvec")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_what_failed_and_the_rest_what_to_do() {
        let plain = Failure::new(ErrorCode::InputUnreadable, "no such file");
        for (text, failure) in [
            ("no such file", plain.clone()),
            ("no such file\ncheck the path", plain.clone().advise("check the path")),
            ("no such file\ncheck the path\nor the disk", plain.advise("check the path or the disk")),
        ] {
            assert_eq!(Failure::from_lines(ErrorCode::InputUnreadable, text), failure);
        }
    }
}
