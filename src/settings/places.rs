//! Which file a path or a standard stream leads to: the same for all names of the file.

#[cfg(unix)]
use std::fs::{self, Metadata};
#[cfg(unix)]
use std::io;
use std::path::{Path, PathBuf};

use crate::exit::Stream;
use crate::links::target;

/// A file, by its identity and not by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// An existing file.
    There(Identity),
    /// A file that may be created: its directory, without links, and its name.
    Coming(PathBuf),
}

/// Device and inode: hard links share them.
#[cfg(unix)]
type Identity = (u64, u64);

/// The path without links.
#[cfg(not(unix))]
type Identity = PathBuf;

impl Place {
    /// The file that a path leads to; `None` for pipes, terminals and other devices, which keep nothing.
    pub(super) fn of(path: &Path) -> Option<Self> {
        match path.metadata() {
            #[cfg(unix)]
            Ok(there) if there.is_file() => Some(Self::There(identity(&there))),
            #[cfg(not(unix))]
            Ok(there) if there.is_file() => path.canonicalize().ok().map(Self::There),
            Ok(_) => None,
            Err(_) => coming(&target(path)).map(Self::Coming),
        }
    }

    /// The file that is standard input, if it is one.
    #[cfg(unix)]
    pub(super) fn of_input() -> Option<Self> {
        of_descriptor(&io::stdin())
    }

    /// The file that a standard stream goes to, if it is one.
    #[cfg(unix)]
    pub(super) fn of_stream(stream: Stream) -> Option<Self> {
        match stream {
            Stream::Output => of_descriptor(&io::stdout()),
            Stream::Error => of_descriptor(&io::stderr()),
        }
    }

    /// A handle does not give the name of its file.
    #[cfg(not(unix))]
    pub(super) fn of_input() -> Option<Self> {
        None
    }

    /// A handle does not give the name of its file.
    #[cfg(not(unix))]
    pub(super) fn of_stream(_: Stream) -> Option<Self> {
        None
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;

    (metadata.dev(), metadata.ino())
}

#[cfg(unix)]
fn of_descriptor(descriptor: &impl std::os::fd::AsFd) -> Option<Place> {
    let metadata = fs::File::from(descriptor.as_fd().try_clone_to_owned().ok()?).metadata().ok()?;
    metadata.is_file().then(|| Place::There(identity(&metadata)))
}

/// Whether writes to a standard stream go to the end of its file, even with other writers.
#[cfg(unix)]
pub(super) fn appends(stream: Stream) -> bool {
    use rustix::fs::{OFlags, fcntl_getfl};

    let flags = match stream {
        Stream::Output => fcntl_getfl(io::stdout()),
        Stream::Error => fcntl_getfl(io::stderr()),
    };
    flags.is_ok_and(|flags| flags.contains(OFlags::APPEND))
}

/// Whether writes to a standard stream go to the end of its file, which is unknown on this system.
#[cfg(not(unix))]
pub(super) fn appends(_: Stream) -> bool {
    false
}

/// The directory of a path.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn coming(path: &Path) -> Option<PathBuf> {
    Some(folder_of(path).canonicalize().ok()?.join(path.file_name()?))
}

/// The directories that list a file: that of its name, and that of the target of its links.
pub(super) fn folders(path: &Path) -> Vec<PathBuf> {
    let target = target(path);
    [path, &target].into_iter().filter_map(|path| folder_of(path).canonicalize().ok()).collect()
}

/// A directory without links in its path; parts that do not exist yet stay as given.
pub(super) fn whole(folder: &Path) -> Option<PathBuf> {
    let folder = std::path::absolute(folder).ok()?;
    let there = folder.ancestors().find_map(|there| Some((there, there.canonicalize().ok()?)));
    let (there, real) = there?;
    Some(real.join(folder.strip_prefix(there).ok()?))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_is_the_same_by_whatever_name_and_before_it_is_there() {
        let folder = std::env::temp_dir().join(format!("ossvec-places-{}", std::process::id()));
        let at = |name: &str| folder.join(name);
        fs::create_dir_all(at("deep")).unwrap();
        fs::write(at("file"), "").unwrap();
        fs::hard_link(at("file"), at("hard")).unwrap();
        for (link, target) in [
            ("soft", "file"),
            ("deep/soft", "../soft"),
            ("to-deep", "deep"),
            ("dangling", "deep/new"),
            ("twice", "dangling"),
            ("loop", "loop"),
        ] {
            symlink(target, at(link)).unwrap();
        }
        for name in ["hard", "soft", "deep/soft", "to-deep/soft", "deep/../file"] {
            assert_eq!(Place::of(&at(name)), Place::of(&at("file")), "{name}");
        }
        for name in ["dangling", "twice", "to-deep/new"] {
            assert_eq!(Place::of(&at(name)), Place::of(&at("deep/new")), "{name}");
        }
        assert_ne!(Place::of(&at("deep/new")), Place::of(&at("new")));
        assert_eq!(Place::of(Path::new("/dev/null")), None);
        assert_eq!(Place::of(&at("no/such/folder")), None);
        let real = folder.canonicalize().unwrap();
        assert_eq!(folders(&at("dangling")), [real.clone(), real.join("deep")]);
        assert_eq!(whole(&at("to-deep/a/b")), Some(real.join("deep/a/b")));
        fs::remove_dir_all(folder).unwrap();
    }
}
