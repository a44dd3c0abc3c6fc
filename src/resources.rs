//! What a process needs from the system: file descriptors, threads, a stack, and memory that it keeps. A shortage is
//! detected at the start; later there might be no thread left to do the work or to report it.

use std::fs::File;
use std::io;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use crate::exit::{ErrorCode, Failure, own_defect};

/// How long a thread may take to start.
const PATIENCE: Duration = Duration::from_secs(5);

/// The default stack size of a process's first thread.
const STACK_BYTES: usize = 8 << 20;

/// A path that can always be opened.
#[cfg(unix)]
const NOWHERE: &str = "/dev/null";
#[cfg(not(unix))]
const NOWHERE: &str = "NUL";

/// Makes the system's allocator keep freed memory for later allocations.
///
/// glibc returns freed memory to the system as soon as there is more of it than a threshold, and the system clears each
/// page when it is touched again. The threshold is twice the size of the largest block that was ever freed, so freeing
/// one that was never written to is all it takes: mallopt(3), `M_MMAP_THRESHOLD`.
pub(crate) fn keep_freed_memory() {
    const LARGEST: usize = 16 << 20;
    drop(std::hint::black_box(Vec::<u8>::with_capacity(LARGEST)));
}

/// Fails unless this many more files and connections can be open at the same time.
pub(crate) fn descriptors(wanted: usize) -> Result<(), Failure> {
    let (had, error) = match opened(wanted) {
        Err(_) if is_limit_raised() => match opened(wanted) {
            Err(failed) => failed,
            Ok(()) => return Ok(()),
        },
        Err(failed) => failed,
        Ok(()) => return Ok(()),
    };
    Err(too_few_descriptors(wanted, had, &error))
}

/// Opens this many files at the same time; the error has the number that could be opened.
fn opened(wanted: usize) -> Result<(), (usize, io::Error)> {
    let mut open = Vec::new();
    while open.len() < wanted {
        match File::open(NOWHERE) {
            Ok(file) => open.push(file),
            // If the path is missing or forbidden, that indicates nothing about limits.
            Err(error) if is_other(&error) => return Ok(()),
            Err(error) => return Err((open.len(), error)),
        }
    }
    Ok(())
}

fn is_other(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied)
}

/// Raises the limit to this user's maximum; returns whether it has been raised.
#[cfg(unix)]
fn is_limit_raised() -> bool {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    current < maximum && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok()
}

#[cfg(not(unix))]
fn is_limit_raised() -> bool {
    false
}

fn too_few_descriptors(wanted: usize, had: usize, error: &io::Error) -> Failure {
    let message =
        format!("cannot open enough files: {wanted} more are needed, {had} are available ({error})");
    Failure::new(ErrorCode::NoResources, message)
        .advise("raise the limit, for example with ulimit -n 1024, or lower --job")
}

/// Fails unless this many more threads can run at the same time.
pub(crate) fn threads(wanted: usize) -> Result<(), Failure> {
    let mut waiting = Vec::new();
    for _ in 0..wanted {
        let (end, ended) = channel::<()>();
        let thread = thread::Builder::new().spawn(move || ended.recv().unwrap_or_default());
        let thread = thread.map_err(|error| too_few_threads(&error))?;
        waiting.push((end, thread));
    }
    for (end, thread) in waiting {
        drop(end);
        // The thread only waits and cannot fail.
        thread.join().unwrap_or_default();
    }
    Ok(())
}

/// Starts a blocking thread of the runtime, for tasks such as resolving a host name. If none can be started, the
/// runtime would queue such tasks forever.
pub(crate) async fn spare_thread() -> Result<(), Failure> {
    let begun = tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(|| ())).await;
    begun.map(|_| ()).map_err(|_| too_few_threads(&io::ErrorKind::WouldBlock.into()))
}

/// Runs `work` to its end on a stack of a known size. The stack of the process's first thread depends on `ulimit -s`,
/// and an overflow of it could not be reported.
pub(crate) fn with_own_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Failure> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work);
        let thread = thread.map_err(|error| too_few_threads(&error))?;
        thread.join().map_err(|_| own_defect())
    })
}

/// Starts a thread, if the system allows one more.
pub(crate) fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().spawn(work).map(drop)
}

/// The failure if a thread cannot be started.
pub(crate) fn too_few_threads(error: &io::Error) -> Failure {
    Failure::new(ErrorCode::NoResources, format!("cannot start a thread: {error}"))
        .advise("raise the limit of threads (ulimit -u, or the container's limit of processes), or provide more memory")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::printed;

    #[test]
    fn what_there_is_too_little_of_is_named_with_the_way_to_get_more() {
        let why = io::Error::other("why");
        insta::assert_snapshot!(printed([too_few_descriptors(20, 3, &why), too_few_threads(&why)]), @"
        cannot open enough files: 20 more are needed, 3 are available (why)
            raise the limit, for example with ulimit -n 1024, or lower --job
        cannot start a thread: why
            raise the limit of threads (ulimit -u, or the container's limit of processes), or provide more memory
        ");
    }

    #[test]
    fn what_there_is_enough_of_is_no_failure() {
        assert_eq!(descriptors(20), Ok(()));
        assert_eq!(threads(20), Ok(()));
    }
}
