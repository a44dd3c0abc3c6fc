//! SIGINT and SIGTERM: the first one asks the run to stop in good order, the second one ends the process immediately.
//! SIGUSR1, and SIGINFO where it exists, asks for the progress.

use std::io::Write;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::exit::Exit;

/// Makes exceeding the file size limit an error, like a full disk; by default its signal ends the process. Must be
/// called within a runtime.
pub(crate) fn outgrown_files_are_errors() {
    #[cfg(unix)]
    {
        let outgrown = rustix::process::Signal::XFSZ.as_raw();
        // This catches the signal for good, although nothing waits for it. Child processes get the default action.
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::from_raw(outgrown))
            .map(drop)
            .unwrap_or_default();
    }
}

/// A flag that the first signal raises. Signals are caught from the return of this function on. The second signal ends
/// the process after `last_words`.
pub(crate) fn interrupt(last_words: impl FnOnce() + Send + 'static) -> watch::Receiver<bool> {
    let (flag, receiver) = watch::channel(false);
    let mut signals = Signals::ending();
    tokio::spawn(async move {
        let first = signals.next().await;
        let at = Instant::now();
        flag.send_replace(true);
        loop {
            let next = signals.next().await;
            if is_second_wish(first, next, at.elapsed()) {
                break;
            }
        }
        // Standard error may be closed.
        writeln!(
            std::io::stderr().lock(),
            "\nossvec: stopped immediately; run again with --resume to continue"
        )
        .unwrap_or_default();
        last_words();
        #[expect(
            clippy::exit,
            clippy::disallowed_methods,
            reason = "the user asked twice; the journal is safe"
        )]
        std::process::exit(Exit::Interrupted.code().into());
    });
    receiver
}

/// For this long after the first signal, another one of its kind is ignored: a program that signals a process and then
/// its group, as GNU timeout does, means one request.
const ONE_WISH: Duration = Duration::from_secs(1);

/// Whether a signal is a second request, judged by the two kinds and the time between them.
fn is_second_wish(first: usize, next: usize, after: Duration) -> bool {
    first != next || after > ONE_WISH
}

/// A counter that changes with each signal that asks for the progress; signals close together count as one.
pub(crate) fn progress() -> watch::Receiver<u64> {
    let (count, receiver) = watch::channel(0);
    let mut signals = Signals::asking();
    tokio::spawn(async move {
        while !count.is_closed() {
            signals.next().await;
            count.send_modify(|count| *count += 1);
        }
    });
    receiver
}

/// The caught signals; they stay caught, so that none is lost between two waits.
#[cfg(unix)]
struct Signals(Vec<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Signals {
    fn ending() -> Self {
        use tokio::signal::unix::SignalKind;

        // Not SIGHUP: catching it would override nohup.
        Self::catch([SignalKind::interrupt(), SignalKind::terminate()])
    }

    fn asking() -> Self {
        use tokio::signal::unix::SignalKind;

        Self::catch([
            SignalKind::user_defined1(),
            #[cfg(any(
                target_os = "dragonfly",
                target_os = "freebsd",
                target_os = "macos",
                target_os = "netbsd",
                target_os = "openbsd"
            ))]
            SignalKind::info(),
        ])
    }

    fn catch<const N: usize>(kinds: [tokio::signal::unix::SignalKind; N]) -> Self {
        Self(kinds.into_iter().filter_map(|kind| tokio::signal::unix::signal(kind).ok()).collect())
    }

    /// Waits for the next signal, and returns its index.
    async fn next(&mut self) -> usize {
        std::future::poll_fn(|context| {
            let caught = self.0.iter_mut().position(|signal| signal.poll_recv(context).is_ready());
            caught.map_or(std::task::Poll::Pending, std::task::Poll::Ready)
        })
        .await
    }
}

/// Ctrl-C; there is no signal that asks for the progress.
#[cfg(not(unix))]
enum Signals {
    Ending,
    Asking,
}

#[cfg(not(unix))]
impl Signals {
    fn ending() -> Self {
        Self::Ending
    }

    fn asking() -> Self {
        Self::Asking
    }

    async fn next(&mut self) -> usize {
        let is_caught = matches!(self, Self::Ending) && tokio::signal::ctrl_c().await.is_ok();
        if is_caught { 0 } else { std::future::pending().await }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_signals_of_one_kind_within_a_second_are_one_wish() {
        let milliseconds = Duration::from_millis;
        for (first, next, after, is_second) in [
            (0, 0, 0, false),
            (1, 1, 1_000, false),
            (1, 1, 1_001, true),
            (0, 0, 60_000, true),
            (0, 1, 0, true),
            (1, 0, 999, true),
        ] {
            assert_eq!(is_second_wish(first, next, milliseconds(after)), is_second, "{first} {next} {after}");
        }
    }
}
