//! Files that contain user data: only their owner may read them, and a link or pipe in the place of the program's own
//! files is never followed or waited for.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Options to open a file for writing; if that creates the file, only its owner may read it.
pub(crate) fn writing() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Creates a file, replacing any of that name: an existing one may belong to someone else and is not written to.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    remove_if_there(path)?;
    writing().create_new(true).open(path)
}

/// Creates a companion file of `path` under a free name; existing files are never replaced. Until it is finished, its
/// owner may only write it. These permissions identify a file that a killed run left unfinished; the next run removes
/// it.
pub(crate) fn create_beside(path: &Path, ending: &str) -> io::Result<(File, PathBuf)> {
    for number in 0..u32::MAX {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        if number > 0 {
            name.push(format!(".{number}"));
        }
        let name = PathBuf::from(name);
        if is_unfinished(&name) {
            remove_if_there(&name)?;
        }
        match unfinished().open(&name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return Ok((opened?, name)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Removes a file, if it exists.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The permissions of an unfinished file; they are not used for anything else.
#[cfg(unix)]
const UNFINISHED: u32 = 0o200;

fn unfinished() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, UNFINISHED);
    options
}

#[cfg(unix)]
fn is_unfinished(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    let own = rustix::process::geteuid().as_raw();
    path.symlink_metadata()
        .is_ok_and(|there| there.is_file() && there.mode() & 0o7777 == UNFINISHED && there.uid() == own)
}

/// Permissions are no indication here: an unfinished file stays.
#[cfg(not(unix))]
fn is_unfinished(_: &Path) -> bool {
    false
}

/// Creates a directory and its parents; only the owner has access to new ones.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Refuses a path that is not a directory of the user's own: the owner of a directory controls its content.
#[cfg(unix)]
pub(crate) fn check_own_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    let refused = |what: &str| Err(io::Error::new(io::ErrorKind::PermissionDenied, what.to_owned()));
    let metadata = path.symlink_metadata()?;
    match () {
        () if metadata.is_symlink() => refused("it is a symbolic link, which is not followed"),
        () if !metadata.is_dir() => refused("it is not a directory"),
        () if metadata.uid() != rustix::process::geteuid().as_raw() => refused("it belongs to another user"),
        () => Ok(()),
    }
}

/// Refuses a path that is not a directory of the user's own; not checked on this system.
#[cfg(not(unix))]
pub(crate) fn check_own_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Opens one of the program's own files. In a directory that others can write to, its name may be a symbolic link, a
/// pipe or another user's file: those are refused.
#[cfg(unix)]
pub(crate) fn open_own(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

    use rustix::fs::OFlags;

    let refused = |what: &str| io::Error::new(io::ErrorKind::PermissionDenied, what.to_owned());
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    options.custom_flags(flags.bits().cast_signed());
    let file = match options.open(path) {
        Err(error) if path.is_symlink() => {
            return Err(refused(&format!("it is a symbolic link, which is not followed ({error})")));
        }
        opened => opened?,
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(refused("it is not a regular file"));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(refused("it belongs to another user"));
    }
    Ok(file)
}

/// Opens a path for writing if it is a named pipe. Does not wait for a reader: having none is an error.
#[cfg(unix)]
pub(crate) fn open_pipe(path: &Path) -> io::Result<Option<File>> {
    use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};

    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    use rustix::io::Errno;

    if !path.metadata().is_ok_and(|file| file.file_type().is_fifo()) {
        return Ok(None);
    }
    let opened =
        OpenOptions::new().write(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path);
    let file = opened.map_err(|error| match error.raw_os_error() {
        Some(code) if code == Errno::NXIO.raw_os_error() => io::Error::other("it is a pipe without a reader"),
        _ => error,
    })?;
    fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
    Ok(Some(file))
}

/// Opens a named pipe for writing; not supported on this system.
#[cfg(not(unix))]
pub(crate) fn open_pipe(_: &Path) -> io::Result<Option<File>> {
    Ok(None)
}

/// Opens one of the program's own files; without further checks on this system.
#[cfg(not(unix))]
pub(crate) fn open_own(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    options.open(path)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;
    use crate::testing::Directory;

    fn folder() -> (Directory, std::path::PathBuf) {
        let directory = Directory::new();
        let folder = directory.path("private");
        make_folder(&folder).unwrap();
        (directory, folder)
    }

    #[test]
    fn what_is_made_is_its_owners_alone() {
        let (_directory, folder) = folder();
        writing().create_new(true).open(folder.join("file")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("file"))), (0o700, 0o600));
    }

    #[test]
    fn a_file_beside_another_has_a_name_of_its_own_and_is_not_left_behind_for_ever() {
        let (_directory, folder) = folder();
        let at = |name: &str| folder.join(name);
        fs::write(at("r.new"), "somebody's").unwrap();
        symlink("target", at("r.new.1")).unwrap();
        fs::create_dir(at("r.new.2")).unwrap();
        fs::write(at("r.new.3"), "").unwrap();
        for _ in 0..3 {
            // As a killed run leaves it.
            let (_, name) = create_beside(&at("r"), ".new").unwrap();
            assert_eq!(name, at("r.new.4"));
        }
        let (mut file, _) = create_beside(&at("r"), ".new").unwrap();
        io::Write::write_all(&mut file, b"whole").unwrap();
        file.set_permissions(fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(create_beside(&at("r"), ".new").unwrap().1, at("r.new.5"));
        assert_eq!(fs::read_to_string(at("r.new")).unwrap(), "somebody's");
        assert_eq!(fs::read_to_string(at("r.new.4")).unwrap(), "whole");
        assert!(at("r.new.1").is_symlink() && !at("target").exists() && at("r.new.3").exists());
    }

    #[test]
    fn what_is_no_file_of_ones_own_is_neither_followed_nor_waited_for() {
        let (_directory, folder) = folder();
        fs::write(folder.join("target"), "kept").unwrap();
        symlink(folder.join("target"), folder.join("link")).unwrap();
        symlink(folder.join("nothing"), folder.join("dangling")).unwrap();
        mknodat(CWD, folder.join("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        for name in ["link", "dangling", "pipe"] {
            let write = open_own(&folder.join(name), writing().create(true).truncate(true));
            assert!(write.is_err(), "{name}");
            assert!(open_own(&folder.join(name), OpenOptions::new().read(true)).is_err(), "{name}");
        }
        let read = |name: &str| open_own(&folder.join(name), OpenOptions::new().read(true)).unwrap_err();
        let errors = [
            read("link"),
            read("pipe"),
            open_pipe(&folder.join("pipe")).unwrap_err(),
            check_own_folder(&folder.join("link")).unwrap_err(),
            check_own_folder(&folder.join("target")).unwrap_err(),
        ];
        let says = |error: io::Error| error.to_string().split(" (").next().unwrap_or_default().to_owned();
        insta::assert_snapshot!(errors.map(says).join("\n"), @"
        it is a symbolic link, which is not followed
        it is not a regular file
        it is a pipe without a reader
        it is a symbolic link, which is not followed
        it is not a directory
        ");
        assert_eq!(fs::read_to_string(folder.join("target")).unwrap(), "kept");
        assert!(!folder.join("nothing").exists());
        open_own(&folder.join("target"), writing().append(true)).unwrap();
        create(&folder.join("link")).unwrap();
        assert_eq!(fs::read_to_string(folder.join("target")).unwrap(), "kept");
        assert_eq!(fs::read_to_string(folder.join("link")).unwrap(), "");
    }
}
