//! Why a run failed: message, cure, and the code from which its exit code follows.

mod code;

pub(crate) use self::code::{ErrorCode, Exit};
use crate::shown::bounded;

/// As much of a message as anybody reads, in characters; it may quote what others wrote.
const LONGEST: usize = 2_000;

/// A standard stream that is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// Why the program stops, with the exit code and, where there is one, the cure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Why, as one word; the exit code follows from it.
    pub code: ErrorCode,
    /// What failed: one line, lower case.
    pub message: String,
    /// What it is made of, line by line, where it is several things.
    pub details: Vec<String>,
    /// What to do about it.
    pub advice: Option<String>,
    /// Where nothing of it may be said: these streams go to a file that must stay as it is.
    pub unheard: Vec<Stream>,
}

impl Failure {
    /// A failure without advice.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let message = bounded(&message.into(), LONGEST);
        Self { code, message, details: Vec::new(), advice: None, unheard: Vec::new() }
    }

    /// A failure whose first line says what failed; what follows says what to do.
    pub fn from_lines(code: ErrorCode, text: &str) -> Self {
        let (message, advice) = text.split_once('\n').unzip();
        let failure = Self::new(code, message.unwrap_or(text));
        Self { advice: advice.map(|advice| advice.replace('\n', " ")), ..failure }
    }

    /// What the shell sees.
    pub fn exit(&self) -> Exit {
        self.code.exit()
    }

    /// The same with what it is made of.
    #[must_use]
    pub fn list(self, details: impl IntoIterator<Item = String>) -> Self {
        Self { details: details.into_iter().map(|detail| bounded(&detail, LONGEST)).collect(), ..self }
    }

    /// The same, which may not be said on these streams.
    #[must_use]
    pub fn unheard_on(self, streams: Vec<Stream>) -> Self {
        Self { unheard: streams, ..self }
    }

    /// The same with one more thing to do.
    #[must_use]
    pub fn also_advise(self, advice: &str) -> Self {
        let whole = self.advice.iter().map(String::as_str).chain([advice]).collect::<Vec<_>>().join("; ");
        self.advise(whole)
    }

    /// The same with a line that says what to do.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

/// What ends a run that is broken itself; where, is told when it happens.
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
