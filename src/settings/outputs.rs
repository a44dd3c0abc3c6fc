//! The files that a load writes: none of them may be one that it reads, nor two of them the same.

use std::path::{Path, PathBuf};

use super::sources::Found;
use super::usage;
use crate::exit::Failure;
use crate::put::record::Input;

/// A file, and what the user knows it as.
pub(super) type Named<'a> = (&'static str, &'a Path);

/// Refuses a load that would write over what it reads, before any file is opened.
pub(super) fn are_apart(
    outputs: &[Named<'_>],
    inputs: &[Input],
    config: Option<Found<PathBuf>>,
) -> Result<(), Failure> {
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

/// The place of a file that may not be there yet; nothing for pipes, terminals and other devices, which hold nothing.
fn real(path: &Path) -> Option<PathBuf> {
    if let Ok(there) = path.metadata() {
        return there.is_file().then(|| path.canonicalize().ok()).flatten();
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Some(folder.canonicalize().ok()?.join(path.file_name()?))
}
