//! A way of telling what happens: a file each, and a line each in `telling`.

use std::io;

use super::happening::Happening;
use super::notice::Notice;
use super::screen::Screen;

/// Hears all that happens in a run and makes its own form of what it tells.
pub(crate) trait Listener: Send {
    /// Hears what happens; whoever tells people shares the `screen`.
    fn hear(&mut self, happening: &Happening<'_>, screen: &mut Screen);

    /// What kept it from telling everything, asked once the run has ended.
    fn trouble(&mut self) -> Option<Untold> {
        None
    }
}

/// What keeps a listener from telling everything.
#[derive(Debug)]
pub(crate) enum Untold {
    /// Something that is only worth saying.
    Noted(Notice),
    /// Something that makes the run a failure: scripts rely on what is missing.
    Failed(io::Error),
}
