//! The files that a load writes: each can be written, none of them is one that it reads, nor are two of them the same.

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

use super::sources::Found;
use super::usage;
use crate::exit::{Exit, Failure};
use crate::put::record::Input;

/// The option that names where rejected records go.
pub(super) const REJECTS: &str = "--rejects";

/// A file, and what the user knows it as.
pub(super) type Named<'a> = (&'static str, &'a Path);

/// Refuses a load that could not write what it has to, or would write over what it reads, before any file is opened.
pub(super) fn check(
    outputs: &[Named<'_>],
    (inputs, named): (&[Input], &[PathBuf]),
    config: Option<Found<PathBuf>>,
) -> Result<(), Failure> {
    for (option, path) in outputs {
        is_file_name(option, path)?;
    }
    are_apart(outputs, inputs, config)?;
    are_outside(outputs, named)?;
    // The others are opened before anything is sent; this one comes into being with the first reject.
    let rejects = outputs.iter().find(|(option, _)| *option == REJECTS);
    rejects.map_or(Ok(()), |(_, path)| writable(path).map_err(|error| unwritable(path, &error)))
}

const LOG: &str = "--log-file";

/// Refuses what can be no file, whatever the disk.
fn is_file_name(option: &str, path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    if path.as_os_str() == "-" {
        return Err(usage(format!("{option} -: it goes to a file, not to standard output"))
            .advise(format!("name a file with {option}")));
    }
    let is_folder = path.is_dir() || path.file_name().is_none() || shown.to_string().ends_with('/');
    if is_folder {
        let example = path.join(match option {
            LOG => "ossvec.log".to_owned(),
            _ => format!("{}.jsonl", option.trim_start_matches('-')),
        });
        return Err(usage(format!("{option} {shown}: it is a directory, and a file is needed"))
            .advise(format!("name a file, such as {option} {}", example.display())));
    }
    Ok(())
}

/// Whether a file can be written, without leaving anything behind, and without touching one that may be another run's.
fn writable(path: &Path) -> io::Result<()> {
    match path.metadata() {
        Ok(there) if there.is_file() => OpenOptions::new().append(true).open(path).map(drop),
        // To open a pipe may take as long as nobody reads it.
        Ok(_) => Ok(()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Err(_) => {
            let mut name = path.as_os_str().to_owned();
            name.push(format!(".{}.ossvec", std::process::id()));
            OpenOptions::new().create_new(true).write(true).open(&name)?;
            std::fs::remove_file(name)
        }
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Client, format!("cannot write the rejects file {}: {error}", path.display()))
        .advise("--rejects names another file; its folder must be there, and be yours to write")
}

/// Refuses a load that would write over what it reads.
fn are_apart(outputs: &[Named<'_>], inputs: &[Input], config: Option<Found<PathBuf>>) -> Result<(), Failure> {
    let outputs: Vec<_> =
        outputs.iter().filter_map(|(option, path)| Some((*option, *path, real(path)?))).collect();
    let config = config.and_then(|config| real(&config.value));
    for (at, (option, path, file)) in outputs.iter().enumerate() {
        let is_input = inputs
            .iter()
            .any(|input| matches!(input, Input::File(path) if real(path).as_ref() == Some(file)));
        let other = outputs.iter().take(at).find(|(_, _, other)| other == file);
        let clash = match other {
            _ if is_input => Some("an input".to_owned()),
            _ if config.as_ref() == Some(file) => Some("the configuration file".to_owned()),
            other => other.map(|(option, ..)| format!("the file of {option}")),
        };
        if let Some(clash) = clash {
            return Err(usage(format!("{option} {} is also {clash}", path.display()))
                .advise(format!("name another file with {option}")));
        }
    }
    Ok(())
}

/// Refuses a load that would write into a directory that it reads: the next run would find one more input there, and
/// could not continue this one.
fn are_outside(outputs: &[Named<'_>], named: &[PathBuf]) -> Result<(), Failure> {
    let directories: Vec<_> = named
        .iter()
        .filter(|path| path.is_dir())
        .filter_map(|path| Some((path, path.canonicalize().ok()?)))
        .collect();
    for (option, path) in outputs {
        let (shown, folder) = (path.display(), real(path).and_then(|path| path.parent().map(Path::to_owned)));
        let within = directories.iter().find(|(_, directory)| folder.as_ref() == Some(directory));
        if let Some((directory, _)) = within {
            return Err(usage(format!("{option} {shown} is in the input directory {}", directory.display()))
                .advise(format!("name a file in another directory with {option}")));
        }
    }
    Ok(())
}

/// The place of a file that may not be there yet; nothing for pipes, terminals and other devices, which hold nothing.
fn real(path: &Path) -> Option<PathBuf> {
    if let Ok(there) = path.metadata() {
        return there.is_file().then(|| path.canonicalize().ok()).flatten();
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Some(folder.canonicalize().ok()?.join(path.file_name()?))
}
