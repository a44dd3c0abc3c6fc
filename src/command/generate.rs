//! `generate`: writes the generated files into a copy of the source tree.

use std::path::Path;

use crate::cli::Generate;
use crate::exit::{ErrorCode, Exit, Failure};
use crate::generate;

/// Writes the generated files into a copy of the source tree.
pub(super) fn generate(arguments: &Generate) -> Result<Exit, Failure> {
    let failed = |what: &str, path: &Path, error: &dyn std::fmt::Display| {
        Failure::new(ErrorCode::CannotWrite, format!("cannot {what} {}: {error}", path.display()))
    };
    for file in generate::files() {
        let path = arguments.folder.join(file.path);
        let folder = path.parent().unwrap_or(&arguments.folder);
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&path, file.text))
            .map_err(|error| failed("write", &path, &error))?;
    }
    for part in generate::parts() {
        let path = arguments.folder.join(part.path);
        let page = match std::fs::read_to_string(&path) {
            Ok(page) => page,
            // A tree without the page has no generated part to update.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed("read", &path, &error)),
        };
        let page = part.renewed(&page).ok_or_else(|| {
            failed("renew", &path, &format!("missing the line {:?}, or {:?} after it", part.begin, part.end))
        })?;
        std::fs::write(&path, page).map_err(|error| failed("write", &path, &error))?;
    }
    Ok(Exit::Complete)
}
