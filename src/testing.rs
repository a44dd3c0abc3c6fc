//! Helpers for the tests of several modules.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::exit::Failure;

static MADE: AtomicU32 = AtomicU32::new(0);

/// A test's own directory, removed after the test.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ossvec-test-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.0.clone() } else { self.0.join(name) }
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

pub(crate) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Failures in the form for people.
pub(crate) fn printed(failures: impl IntoIterator<Item = Failure>) -> String {
    let lines = failures.into_iter().flat_map(|Failure { message, details, advice, .. }| {
        let more = details.into_iter().chain(advice).map(|line| format!("    {line}"));
        std::iter::once(message).chain(more).collect::<Vec<_>>()
    });
    lines.collect::<Vec<_>>().join("\n")
}
