//! Notices during a load, as values: each has its words only here, without its severity. Pure.

mod words;

use std::path::PathBuf;
use std::time::Duration;

use super::notes::Note;
use crate::words::{count, plural, some_of};
use words::{accounts_unreadable, have, keys_shared, passed_over, rejects_lost, repeated, were};

/// Something worth reporting that is not an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// About the inputs and what is in them.
    Input(InputNotice),
    /// About an earlier run of the same load.
    Earlier(EarlierNotice),
    /// About the index.
    Index(IndexNotice),
    /// About requests.
    Request(RequestNotice),
    /// The file for Prometheus is not up to date.
    Metrics {
        /// The file.
        path: PathBuf,
        /// Why.
        error: String,
    },
    /// The step's summary cannot be written.
    StepSummary {
        /// The file that takes it.
        path: PathBuf,
        /// Why.
        error: String,
    },
}

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// What the run is doing, and why.
    Step,
    /// Something that may need action.
    Note,
    /// Something that is unlikely to be intended; printed even with `--quiet`.
    Warning,
}

/// About the inputs and their content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputNotice {
    /// What is in named directories and is not loaded.
    PassedOver {
        /// Files of no known format.
        files: Vec<String>,
        /// Directories.
        directories: Vec<String>,
        /// Pipes, sockets and devices.
        special: Vec<String>,
    },
    /// What inputs were recognised as, in words, and which inputs.
    Taken(String, Vec<String>),
    /// Inputs that are given more than once.
    Repeated {
        /// The first of them.
        first: String,
        /// Its earlier name, if that is different.
        same_as: Option<String>,
        /// How many times it is given.
        times: usize,
        /// How many more such files there are.
        more: usize,
    },
    /// An input that cannot be loaded, for this reason.
    LeftOut(String),
    /// Inputs without records.
    WithoutRecords(Vec<String>),
    /// Rows of an input that repeat its header.
    HeaderRepeated {
        /// The place of the first one.
        first: String,
        /// How many there are.
        rows: u64,
    },
    /// A finding that rejects no record.
    Found(Note),
}

/// About an earlier run of the same load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EarlierNotice {
    /// There is no earlier run to continue, although the user asked for it.
    NoneLeft,
    /// It is given up, but could be continued.
    CouldGoOn {
        /// Records that it settled.
        settled: u64,
        /// Where its journal is kept, as a word of the shell.
        kept: String,
        /// Where the journal would have to be moved.
        brought: String,
        /// The command that then continues it.
        command: String,
    },
    /// It is given up, and the index can have nothing of it.
    StoredNothing {
        /// Records that it settled.
        settled: u64,
    },
    /// It is given up, and its index is gone.
    IndexIsGone {
        /// Records that it settled.
        settled: u64,
    },
    /// It is given up, and could not be continued.
    CannotGoOn {
        /// Records that it settled.
        settled: u64,
        /// Where its journal is kept, as a word of the shell.
        kept: String,
        /// Why, as the error of a resume.
        why: String,
    },
    /// Its journal does not name the endpoint.
    EndpointUnknown,
    /// An input that failed then is no longer given.
    FailedIsLeftOut {
        /// The input.
        name: String,
        /// Where it failed.
        at: String,
    },
    /// An input that failed then is another file now.
    FailedDiffers {
        /// The input.
        name: String,
        /// Where it failed.
        at: String,
    },
    /// An input that was partly settled is no longer given.
    IsLeftOut {
        /// The input.
        name: String,
    },
    /// Inputs have changed since they were loaded, completely or in part.
    HaveChanged {
        /// The inputs.
        names: Vec<String>,
    },
    /// An input is listed a different number of times.
    GivenOtherwise(String),
    /// Another load has sent inputs since, with other options or other content.
    SentOtherwise {
        /// The inputs.
        names: Vec<String>,
    },
    /// Files of other loads cannot be read, so that what these have sent is unknown.
    AccountsUnreadable {
        /// The files.
        names: Vec<String>,
        /// Why not; `None` if they are damaged.
        refused: Option<String>,
    },
    /// The rejects list of a complete load is gone.
    ListGone {
        /// How many records it had.
        records: u64,
    },
    /// Inputs of a complete load are not loaded again.
    Skipped {
        /// How many.
        inputs: u64,
    },
    /// The index is not the one that complete loads went into.
    IndexIsAnother {
        /// The index.
        index: String,
    },
    /// Inputs were read for their keys, since an input before them is loaded.
    KeysShared {
        /// How many were read.
        read: u64,
        /// The inputs that share keys with it and are loaded again.
        again: Vec<String>,
    },
    /// A file in the place of the rejects was moved.
    RejectsMoved {
        /// Where it was.
        from: PathBuf,
        /// Where it is.
        to: PathBuf,
    },
    /// Its rejects are not where they were.
    RejectsLost {
        /// How many there were.
        records: u64,
        /// Where.
        path: PathBuf,
        /// Whether nothing is there.
        is_gone: bool,
    },
    /// It is unknown whether the index is the same.
    IndexUnsure {
        /// The index.
        index: String,
        /// Why.
        why: &'static str,
    },
}

/// About the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexNotice {
    /// The credential has no permission to look at it.
    Hidden,
    /// A dry run did not ask about it, for this reason.
    NotAsked(String),
    /// It was created.
    Created {
        /// Its name.
        name: String,
        /// Its dimension.
        dimension: usize,
        /// Its distance metric.
        metric: &'static str,
    },
}

/// About requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestNotice {
    /// The run is stopping; requests in flight have this much time.
    Stopping(Duration),
    /// A batch had no conclusive answer.
    Unconfirmed {
        /// The batch.
        batch: u64,
        /// The last answer.
        trouble: String,
    },
    /// A batch cannot be read back.
    Unreadable {
        /// The batch.
        batch: u64,
        /// Why.
        error: String,
    },
    /// This many keys could not be looked up once more.
    Unchecked(u64),
    /// A batch would be throttled forever.
    QuotaBelowBatch {
        /// The batch.
        batch: u64,
        /// How many times it was throttled.
        times: u32,
        /// Its vectors.
        vectors: u64,
    },
}

impl Notice {
    /// How much it matters.
    pub(crate) fn severity(&self) -> Severity {
        match self {
            Self::Input(InputNotice::WithoutRecords(_)) => Severity::Warning,
            Self::Index(IndexNotice::Created { .. })
            | Self::Request(
                RequestNotice::Stopping(_)
                | RequestNotice::Unconfirmed { .. }
                | RequestNotice::Unreadable { .. },
            ) => Severity::Step,
            _ => Severity::Note,
        }
    }

    /// The message, in one line.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Input(notice) => notice.message(),
            Self::Earlier(notice) => notice.message(),
            Self::Index(notice) => notice.message(),
            Self::Request(notice) => notice.message(),
            Self::Metrics { path, error } => {
                format!("cannot write --metrics-file {}: {error}", path.display())
            }
            Self::StepSummary { path, error } => {
                format!("cannot write the step summary to {}: {error}", path.display())
            }
        }
    }

    /// The lines below the message.
    pub(crate) fn details(&self) -> Vec<String> {
        match self {
            // Until this run stores something, the journal comes back automatically if the run stops.
            Self::Earlier(EarlierNotice::CouldGoOn { kept, brought, command, .. }) => vec![
                "to continue the earlier run instead (only if no key occurs twice), stop this one and run:"
                    .to_owned(),
                format!("  test ! -e {kept} || mv {kept} {brought}"),
                format!("  {command}"),
            ],
            _ => Vec::new(),
        }
    }
}

impl InputNotice {
    fn message(&self) -> String {
        match self {
            Self::PassedOver { files, directories, special } => passed_over(files, directories, special),
            Self::Taken(what, names) => {
                format!("reading {} as {what}", some_of(names).unwrap_or_default())
            }
            Self::Repeated { first, same_as, times, more } => {
                repeated(first, same_as.as_deref(), *times, *more)
            }
            Self::LeftOut(why) => format!("skipped: {why}"),
            Self::WithoutRecords(names) => {
                let verb = if names.len() == 1 { "contains" } else { "contain" };
                format!("{} {verb} no records", some_of(names).unwrap_or_default())
            }
            Self::HeaderRepeated { first, rows } => {
                let verb = if *rows == 1 { "repeats" } else { "repeat" };
                format!("skipped: {} that {verb} the header, first at {first}", plural(*rows, "row"))
            }
            Self::Found(note) => note.words(),
        }
    }
}

impl EarlierNotice {
    fn message(&self) -> String {
        const ANEW: &str = "starting from the beginning";
        match self {
            Self::NoneLeft => "no earlier run to resume, starting from the beginning".to_owned(),
            Self::CouldGoOn { settled, .. } => {
                format!("{ANEW}, although an earlier run settled {}", plural(*settled, "record"))
            }
            Self::StoredNothing { settled } => {
                format!("{ANEW}; an earlier run stored none of the {} that it read", plural(*settled, "record"))
            }
            Self::IndexIsGone { settled } => format!(
                "{ANEW}: the index in which an earlier run settled {} no longer exists",
                plural(*settled, "record")
            ),
            Self::CannotGoOn { settled, kept, why } => format!(
                "{ANEW}; an earlier run settled {}, and its journal is kept in {kept}, but it {}",
                plural(*settled, "record"),
                why.replacen("cannot resume", "cannot be resumed", 1)
            ),
            Self::EndpointUnknown => {
                "the journal is from an earlier version, which did not record the endpoint: cannot check that it is the \
                 same one"
                    .to_owned()
            }
            Self::FailedIsLeftOut { name, at } => format!("{name}, which failed at {at}, is not among the inputs any more"),
            Self::FailedDiffers { name, at } => format!(
                "{name} changed since it failed at {at}; loading all of it again"
            ),
            Self::IsLeftOut { name } => {
                format!("{name} was loaded in part and is not among the inputs any more; it is left out")
            }
            Self::HaveChanged { names } => format!(
                "{} changed since {} loaded; loading all of {} again",
                have(names),
                if names.len() == 1 { "it was" } else { "they were" },
                if names.len() == 1 { "it" } else { "them" }
            ),
            Self::GivenOtherwise(name) => {
                format!("{name} was given more than once before; loading all of it again")
            }
            Self::SentOtherwise { names } => format!(
                "{} last loaded with other options or other content; loading all of {} again",
                were(names),
                if names.len() == 1 { "it" } else { "them" }
            ),
            Self::AccountsUnreadable { names, refused } => accounts_unreadable(names, refused.as_deref()),
            Self::ListGone { records } => format!(
                "the list of the {} that the load rejected is gone; a run without --resume writes it again",
                plural(*records, "record")
            ),
            Self::Skipped { inputs } => format!(
                "skipping {} that {} loaded completely and {} not changed",
                plural(*inputs, "input"),
                if *inputs == 1 { "was" } else { "were" },
                if *inputs == 1 { "has" } else { "have" }
            ),
            Self::IndexIsAnother { index } => format!(
                "index {index} is not the one that earlier runs loaded into; loading everything from the beginning"
            ),
            Self::KeysShared { read, again } => keys_shared(*read, again),
            Self::RejectsMoved { from, to } => format!(
                "moved the existing {} to {}",
                from.display(),
                to.display()
            ),
            Self::RejectsLost { records, path, is_gone } => rejects_lost(*records, path, *is_gone),
            Self::IndexUnsure { index, why } => format!(
                "cannot check that index {index} is still the one that earlier runs loaded into: {why}"
            ),
        }
    }
}

impl IndexNotice {
    fn message(&self) -> String {
        match self {
            Self::Hidden => {
                "no permission for GetVectorIndex, so only the service checks the dimension and the metric"
                    .to_owned()
            }
            Self::NotAsked(why) => format!("the service was not asked: {why}"),
            Self::Created { name, dimension, metric } => {
                format!("created index {name}: dimension {dimension}, {metric}")
            }
        }
    }
}

impl RequestNotice {
    fn message(&self) -> String {
        match self {
            Self::Stopping(grace) => format!(
                "stopping: waiting up to {} s for requests in flight; a second signal stops immediately",
                grace.as_secs()
            ),
            Self::Unconfirmed { batch, trouble } => {
                format!("batch {batch} was not confirmed ({trouble}), reading it back")
            }
            Self::Unreadable { batch, error } => format!("batch {batch} cannot be read back: {error}"),
            Self::Unchecked(keys) => format!(
                "could not check {} again: an earlier request with them had no response and may still be applied",
                plural(*keys, "key")
            ),
            Self::QuotaBelowBatch { batch, times, vectors } => format!(
                "batch {batch} was throttled {times} times while nothing was stored; the service's quota may be smaller than \
                 one batch of {} vectors: reduce --batch-size, or set --vectors-per-second to the service's quota",
                count(*vectors)
            ),
        }
    }
}

impl From<InputNotice> for Notice {
    fn from(notice: InputNotice) -> Self {
        Self::Input(notice)
    }
}

impl From<EarlierNotice> for Notice {
    fn from(notice: EarlierNotice) -> Self {
        Self::Earlier(notice)
    }
}

impl From<IndexNotice> for Notice {
    fn from(notice: IndexNotice) -> Self {
        Self::Index(notice)
    }
}

impl From<RequestNotice> for Notice {
    fn from(notice: RequestNotice) -> Self {
        Self::Request(notice)
    }
}

#[cfg(test)]
mod tests;
