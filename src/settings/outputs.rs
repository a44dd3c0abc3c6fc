//! The files that a run writes: checks that each can be written, that the run reads none of them, and that all differ.

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

use super::check::usage;
use super::places::{self, Place};
use crate::exit::{ErrorCode, Failure, Stream};
use crate::links::target;
use crate::local_service::store::FILE_NAME;
use crate::private;
use crate::setting::variables::GITHUB_STEP_SUMMARY;

/// The option for rejected records.
const REJECTS: &str = "--rejects";
/// The option for the file for Prometheus.
const METRICS: &str = "--metrics-file";
/// The option for the log.
const LOG: &str = "--log-file";

/// Why a run writes a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    /// An option that names it.
    Option(&'static str),
    /// An option that names its directory.
    Folder(&'static str),
    /// A variable.
    Variable(&'static str),
    /// A standard stream.
    Stream(Stream),
}

impl Reason {
    fn name(self) -> &'static str {
        match self {
            Self::Option(name) | Self::Folder(name) | Self::Variable(name) => name,
            Self::Stream(Stream::Output) => "standard output",
            Self::Stream(Stream::Error) => "standard error",
        }
    }

    /// The file, as the other file in a conflict.
    fn file(self) -> String {
        match self {
            Self::Folder(name) => format!("the data file in {name}"),
            _ => self.name().to_owned(),
        }
    }

    fn cure(self) -> String {
        match self {
            Self::Option(name) => format!("choose another file with {name}"),
            Self::Folder(name) => format!("choose another directory with {name}"),
            Self::Variable(name) => format!("set {name} to another file"),
            Self::Stream(_) => format!("redirect {} to another file", self.name()),
        }
    }
}

/// A file that a run writes.
#[derive(Debug)]
struct Written {
    reason: Reason,
    /// The path as given.
    path: PathBuf,
    place: Option<Place>,
    /// Whether every write goes to the end, even with other writers.
    appends: bool,
}

impl Written {
    fn shown(&self) -> String {
        match self.reason {
            Reason::Stream(_) => self.reason.name().to_owned(),
            _ => format!("{} {}", self.reason.name(), self.path.display()),
        }
    }

    /// Whether both can write to one file without damage.
    fn can_share(&self, other: &Self) -> bool {
        let are_streams = matches!((self.reason, other.reason), (Reason::Stream(_), Reason::Stream(_)));
        are_streams || self.appends && other.appends
    }
}

/// A file that a run reads.
pub(super) struct Read {
    /// A description.
    what: String,
    place: Option<Place>,
}

impl Read {
    pub(super) fn file(what: impl Into<String>, path: &Path) -> Self {
        Self { what: what.into(), place: Place::of(path) }
    }

    pub(super) fn standard_input() -> Self {
        Self { what: "standard input".to_owned(), place: Place::of_input() }
    }
}

/// All configured outputs of a run.
#[derive(Debug, Default)]
pub(super) struct Outputs {
    written: Vec<Written>,
    /// The directory of the journals, if one is named.
    journals: Option<PathBuf>,
    /// The directory of the local service's data, if wanted.
    data: Option<PathBuf>,
    /// Whether the run continues the files of an earlier one.
    resumes: bool,
}

impl Outputs {
    /// A run that writes to standard output and standard error.
    pub(super) fn of_streams() -> Self {
        let stream = |stream| Written {
            reason: Reason::Stream(stream),
            path: PathBuf::new(),
            place: Place::of_stream(stream),
            appends: places::appends(stream),
        };
        Self { written: [Stream::Output, Stream::Error].map(stream).into(), ..Self::default() }
    }

    fn and(mut self, reason: Reason, path: Option<&Path>, appends: bool) -> Self {
        self.written.extend(path.map(|path| Written {
            reason,
            path: path.to_owned(),
            place: Place::of(path),
            appends,
        }));
        self
    }

    pub(super) fn rejects(self, path: Option<&Path>) -> Self {
        self.and(Reason::Option(REJECTS), path, false)
    }

    pub(super) fn resuming(self, resumes: bool) -> Self {
        Self { resumes, ..self }
    }

    pub(super) fn events(self, path: Option<&Path>) -> Self {
        self.and(Reason::Option("--events"), path, false)
    }

    pub(super) fn metrics(self, path: Option<&Path>) -> Self {
        self.and(Reason::Option(METRICS), path, false)
    }

    pub(super) fn log(self, path: Option<&Path>) -> Self {
        self.and(Reason::Option(LOG), path, true)
    }

    pub(super) fn step_summary(self, path: Option<&Path>) -> Self {
        self.and(Reason::Variable(GITHUB_STEP_SUMMARY), path, true)
    }

    pub(super) fn journals(self, folder: Option<&Path>) -> Self {
        Self { journals: folder.map(Path::to_owned), ..self }
    }

    /// Adds the directory of the local service's data.
    pub(super) fn data(self, folder: Option<&Path>) -> Self {
        let path = folder.map(|folder| folder.join(FILE_NAME));
        let with_file = self.and(Reason::Folder("--data-dir"), path.as_deref(), false);
        Self { data: folder.map(Path::to_owned), ..with_file }
    }

    /// Refuses outputs that cannot be written, or that another output would overwrite, before any file is opened.
    pub(super) fn check(&self) -> Result<(), Failure> {
        for Written { reason, path, .. } in &self.written {
            if let Reason::Option(option) = reason {
                is_file_name(option, path)?;
            }
        }
        for (at, written) in self.written.iter().enumerate() {
            let clashes = |other: &&Written| {
                written.place.is_some() && other.place == written.place && !written.can_share(other)
            };
            if let Some(other) = self.written.iter().take(at).find(clashes) {
                return Err(clash(written, &other.reason.file()));
            }
        }
        // The others are opened before anything is sent; this one is created with the first reject.
        let rejects = self.written.iter().find(|written| written.reason == Reason::Option(REJECTS));
        let refused = rejects
            .map_or(Ok(()), |Written { path, .. }| writable(path).map_err(|error| unwritable(path, &error)));
        refused.map_err(|failure| {
            if !self.resumes {
                return failure;
            }
            // Another file would be refused, or would leave behind what the first one lists.
            failure.advise("check that its directory exists and is writable")
        })?;
        let metrics = self.written.iter().find(|written| written.reason == Reason::Option(METRICS));
        metrics.map_or(Ok(()), |Written { path, .. }| replaceable(path))
    }

    /// Refuses to overwrite what is read. Nothing may be printed to a stream that goes to such a file.
    pub(super) fn check_apart_from(&self, read: &[Read]) -> Result<(), Failure> {
        for Read { what, place } in read {
            let is_it = |written: &&Written| place.is_some() && written.place == *place;
            let mut clashes = self.written.iter().filter(is_it).peekable();
            if let Some(first) = clashes.peek() {
                let failure = clash(first, what);
                let streams = clashes.filter_map(|written| match written.reason {
                    Reason::Stream(stream) => Some(stream),
                    _ => None,
                });
                return Err(failure.unheard_on(streams.collect()));
            }
        }
        Ok(())
    }

    /// Refuses to write into a directory that is read: the next run would find one more input there, and could not
    /// continue this one.
    pub(super) fn check_outside_of<'a>(
        &self,
        directories: impl Iterator<Item = &'a Path>,
    ) -> Result<(), Failure> {
        for directory in directories {
            let Ok(real) = directory.canonicalize() else { continue };
            let is_within = |written: &&Written| {
                matches!(written.reason, Reason::Option(_)) && places::folders(&written.path).contains(&real)
            };
            if let Some(within) = self.written.iter().find(is_within) {
                return Err(inside(&within.shown(), directory)
                    .advise(format!("choose a file in another directory with {}", within.reason.name())));
            }
            let journals = self.journals.as_deref().and_then(places::whole);
            let data = self.data.as_deref().and_then(places::whole);
            for (option, folder, is_within) in [
                ("--checkpoint-dir", &self.journals, journals.is_some_and(|path| path.starts_with(&real))),
                ("--data-dir", &self.data, data.is_some_and(|path| path == real)),
            ] {
                if let Some(folder) = folder.as_ref().filter(|_| is_within) {
                    return Err(inside(&format!("{option} {}", folder.display()), directory)
                        .advise(format!("choose another directory with {option}")));
                }
            }
        }
        Ok(())
    }
}

fn clash(written: &Written, what: &str) -> Failure {
    usage(format!("{} is the same file as {what}", written.shown())).advise(written.reason.cure())
}

fn inside(shown: &str, directory: &Path) -> Failure {
    usage(format!("{shown} is in the input directory {}", directory.display()))
}

/// Refuses a path that can never be a file.
fn is_file_name(option: &str, path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    if path.as_os_str() == "-" {
        return Err(usage(format!("{option} must be a file, not standard output"))
            .advise(format!("choose a file with {option}")));
    }
    let is_folder = path.is_dir() || path.file_name().is_none() || shown.to_string().ends_with('/');
    if is_folder {
        let example = path.join(match option {
            LOG => "ossvec.log".to_owned(),
            METRICS => "ossvec.prom".to_owned(),
            _ => format!("{}.jsonl", option.trim_start_matches('-')),
        });
        return Err(usage(format!("{option} {shown} is a directory, not a file"))
            .advise(format!("choose a file, such as {option} {}", example.display())));
    }
    Ok(())
}

/// Checks that a file can be written, without leaving anything behind or touching one that may belong to another run.
fn writable(path: &Path) -> io::Result<()> {
    match path.metadata() {
        Ok(there) if there.is_file() => OpenOptions::new().append(true).open(path).map(drop),
        // Opening a pipe may block until it has a reader.
        Ok(_) => Ok(()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Err(_) => {
            let (_, name) = private::create_beside(path, ".ossvec-try")?;
            private::remove_if_there(&name)
        }
    }
}

/// Checks that a file can be replaced. A pipe or a device would be lost.
fn replaceable(path: &Path) -> Result<(), Failure> {
    let advice = "choose a file in an existing, writable directory with --metrics-file";
    if path.metadata().is_ok_and(|there| !there.is_file()) {
        let message = format!("{METRICS} {} is not a regular file", path.display());
        return Err(usage(message).advise(advice));
    }
    let tried =
        private::create_beside(&target(path), ".new").and_then(|(_, name)| private::remove_if_there(&name));
    tried.map_err(|error| {
        let message = format!("cannot write {METRICS} {}: {error}", path.display());
        Failure::new(ErrorCode::of_writing(&error), message).advise(advice)
    })
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        ErrorCode::of_writing(error),
        format!("cannot write the rejects file {}: {error}", path.display()),
    )
    .advise("choose a file in an existing, writable directory with --rejects")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Directory, printed};

    #[test]
    fn a_file_that_cannot_be_written_is_told_with_the_option_to_change() {
        let directory = Directory::new();
        let file = directory.write("file", "");
        let path = directory.path("");
        let of = || Outputs::default();
        let read = |what: &str| [Read::file(what, &file)];
        let folder = [path.as_path()];
        let refused = [
            of().rejects(Some(Path::new("-"))).check(),
            of().events(Some(&path)).check(),
            of().log(Some(&path)).check(),
            of().rejects(Some(&path.join("no/file"))).check(),
            of().rejects(Some(&file)).events(Some(&file)).check(),
            of().data(Some(&path)).log(Some(&path.join(FILE_NAME))).check(),
            of().rejects(Some(&file)).check_apart_from(&read("an input")),
            of().step_summary(Some(&file)).check_apart_from(&read("the configuration file")),
            of().events(Some(&file)).check_outside_of(folder.into_iter()),
            of().journals(Some(&path.join("state"))).check_outside_of(folder.into_iter()),
            of().data(Some(&path)).check_outside_of(folder.into_iter()),
        ];
        let told = printed(refused.into_iter().filter_map(Result::err));
        let real = path.canonicalize().unwrap().display().to_string();
        insta::assert_snapshot!(told.replace(&real, "DIR").replace(&path.display().to_string(), "DIR"), @"
        --rejects must be a file, not standard output
            choose a file with --rejects
        --events DIR is a directory, not a file
            choose a file, such as --events DIR/events.jsonl
        --log-file DIR is a directory, not a file
            choose a file, such as --log-file DIR/ossvec.log
        cannot write the rejects file DIR/no/file: No such file or directory (os error 2)
            choose a file in an existing, writable directory with --rejects
        --events DIR/file is the same file as --rejects
            choose another file with --events
        --log-file DIR/vectors.redb is the same file as the data file in --data-dir
            choose another file with --log-file
        --rejects DIR/file is the same file as an input
            choose another file with --rejects
        GITHUB_STEP_SUMMARY DIR/file is the same file as the configuration file
            set GITHUB_STEP_SUMMARY to another file
        --events DIR/file is in the input directory DIR
            choose a file in another directory with --events
        --checkpoint-dir DIR/state is in the input directory DIR
            choose another directory with --checkpoint-dir
        --data-dir DIR is in the input directory DIR
            choose another directory with --data-dir
        ");
    }

    #[test]
    fn a_stream_is_told_with_how_to_redirect_it() {
        let told = [Stream::Output, Stream::Error].map(Reason::Stream).map(Reason::cure);
        insta::assert_snapshot!(told.join("\n"), @"
        redirect standard output to another file
        redirect standard error to another file
        ");
    }
}
