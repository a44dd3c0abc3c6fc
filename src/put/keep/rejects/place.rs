//! Which rejects file it is, the run's own or one that the user names, and how it is opened.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::private;

/// Where a rejects file is.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// Among the program's own files.
    Own(PathBuf),
    /// At a path that the user names, which may be a device or a link.
    Named(PathBuf),
}

impl Place {
    pub(crate) fn path(&self) -> &Path {
        let (Self::Own(path) | Self::Named(path)) = self;
        path
    }

    pub(super) fn open(&self, options: &mut OpenOptions) -> io::Result<File> {
        match self {
            Self::Own(path) => private::open_own(path, options),
            Self::Named(path) => options.open(path),
        }
    }
}
