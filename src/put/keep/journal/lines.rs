//! The lines of a journal: a checksum and JSON each. Pure.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::change::{Change, LISTED};
use super::header::{Header, VERSION};
use crate::put::books::per_input::PerInput;
use crate::put::books::tracker::Mark;
use crate::read::fingerprint::short;

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    Header(Header),
    Mark(Mark),
    Change(Change),
}

/// The line for a mark, given the one that was written `last`.
pub(crate) fn next_line(last: Option<&Mark>, mark: &Mark) -> Line {
    match last {
        Some(last) if mark.ahead.len() + mark.failed.len() > LISTED => {
            Line::Change(Change::between(last, mark))
        }
        _ => Line::Mark(mark.clone()),
    }
}

/// A line with its checksum in front.
pub(crate) fn seal(line: &impl Serialize) -> String {
    // These types contain only text and numbers and always serialise.
    let json = serde_json::to_string(line).unwrap_or_default();
    format!("{} {json}\n", short(Sha256::new().chain_update(&json)))
}

pub(crate) fn unseal<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    serde_json::from_str(checked(line)?).ok()
}

/// The text of a whole line without its checksum, which must be correct.
fn checked(line: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (checksum, json) = line.split_once(' ')?;
    (short(Sha256::new().chain_update(json)) == checksum).then_some(json)
}

/// The header and the last mark before anything torn; `None` if not even the header is whole.
pub(crate) fn parse(text: &[u8]) -> Option<(Header, Option<Mark>)> {
    let mut lines = text.split_inclusive(|byte| *byte == b'\n').map_while(unseal);
    let Line::Header(header) = lines.next()? else { return None };
    let counts = if header.counts_each_input() { PerInput::default() } else { PerInput::incomplete() };
    let before = || Mark { per_input: counts.clone(), ..Mark::default() };
    let mark = lines.fold(None, |mark: Option<Mark>, line| match line {
        Line::Mark(next) => {
            let mut per_input = mark.map_or_else(|| counts.clone(), |mark| mark.per_input);
            per_input.change(&next.per_input);
            Some(Mark { per_input, ..next })
        }
        Line::Change(change) => Some(change.apply(mark.unwrap_or_else(before))),
        Line::Header(_) => mark,
    });
    Some((header, mark))
}

/// The header alone.
pub(crate) fn header_of(text: &[u8]) -> Option<Header> {
    match unseal(text.split_inclusive(|byte| *byte == b'\n').next()?)? {
        Line::Header(header) => Some(header),
        Line::Mark(_) | Line::Change(_) => None,
    }
}

/// The version of a journal that only a later ossvec can read.
pub(crate) fn later_version(text: &[u8]) -> Option<u64> {
    let header: serde_json::Value =
        serde_json::from_str(checked(text.split_inclusive(|byte| *byte == b'\n').next()?)?).ok()?;
    header["header"]["version"].as_u64().filter(|version| *version > u64::from(VERSION))
}
