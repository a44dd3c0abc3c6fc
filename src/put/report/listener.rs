//! The interface of a listener: each is a file, and a line in `telling`.

use std::io;

use super::happening::Happening;
use super::notice::Notice;
use super::screen::Screen;

/// Receives everything that happens in a run and reports it in its own form.
pub(crate) trait Listener: Send {
    /// Receives something that happens; listeners for people share the `screen`.
    fn hear(&mut self, happening: &Happening<'_>, screen: &mut Screen);

    /// What kept it from reporting everything; called once, after the run.
    fn trouble(&mut self) -> Option<Untold> {
        None
    }
}

/// Why a listener did not report everything.
#[derive(Debug)]
pub(crate) enum Untold {
    /// Worth a note only.
    Noted(Notice),
    /// Makes the run a failure, since scripts rely on what is missing.
    Failed(io::Error),
}
