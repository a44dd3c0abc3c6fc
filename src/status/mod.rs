//! `status`: what the state directory contains about loads. Only reads: it locks, moves and writes nothing.

mod choose;
mod describe;
mod detail;
mod directory;
mod load;
mod screen;
mod table;

use std::path::Path;

use serde::Serialize;

use self::load::Load;
pub(crate) use self::screen::screen;
use crate::exit::Failure;
use crate::oss::time::Timestamp;
use crate::put::report::SCHEMA_VERSION;
use crate::shown::{pretty_json, visible_lines};

/// The loads in a directory, or one of them, at a point in time.
#[derive(Debug)]
pub(crate) struct Status {
    directory: String,
    loads: Vec<Load>,
    /// Whether the user asked for one load.
    is_of_one: bool,
    now: Timestamp,
}

/// The same for scripts.
#[derive(Serialize)]
struct Document<'a> {
    schema_version: &'static str,
    directory: &'a str,
    loads: &'a [Load],
}

/// Reads all loads in `folder`, or the one that is `asked` for.
pub(crate) fn look(folder: &Path, asked: Option<&str>, now: Timestamp) -> Result<Status, Failure> {
    let loads = directory::loads(folder, now)?;
    let directory = folder.display().to_string();
    let is_of_one = asked.is_some();
    let loads = match asked {
        Some(asked) => vec![choose::choose(loads, asked, &directory)?],
        None => loads,
    };
    Ok(Status { directory, loads, is_of_one, now })
}

impl Status {
    /// One JSON document, for scripts.
    pub(crate) fn json(&self) -> std::io::Result<String> {
        let Self { directory, loads, .. } = self;
        Ok(pretty_json(&Document { schema_version: SCHEMA_VERSION, directory, loads })? + "\n")
    }

    /// A table, or all that is known about one load, for people.
    pub(crate) fn text(&self) -> String {
        let text = match self.loads.as_slice() {
            [] => format!("no loads in {}\n", self.directory),
            [load] if self.is_of_one => detail::detail(load, self.now),
            loads => table::table(loads, self.now),
        };
        visible_lines(&text)
    }
}
