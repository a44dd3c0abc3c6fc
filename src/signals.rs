//! SIGINT and SIGTERM: the first asks the run to end in good order, the second ends the process at once.

use std::io::Write;

use tokio::sync::watch;

use crate::exit::Exit;

/// A flag that the first signal raises. Signals are caught as soon as this returns.
pub(crate) fn interrupt() -> watch::Receiver<bool> {
    let (flag, receiver) = watch::channel(false);
    let mut signals = Signals::catch();
    tokio::spawn(async move {
        signals.next().await;
        flag.send_replace(true);
        signals.next().await;
        // Whoever asked twice may be gone.
        writeln!(std::io::stderr().lock(), "\nossvec: stopped at once; --resume goes on where it was")
            .unwrap_or_default();
        #[expect(
            clippy::exit,
            clippy::disallowed_methods,
            reason = "the user asked twice; the journal is safe"
        )]
        std::process::exit(Exit::Interrupted.code().into());
    });
    receiver
}

/// The signals; caught once, so that none is lost between the first and the second.
#[cfg(unix)]
struct Signals(Vec<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Signals {
    fn catch() -> Self {
        use tokio::signal::unix::{SignalKind, signal};

        // Not SIGHUP: catching it would undo what nohup has set.
        let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
        Self(kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect())
    }

    async fn next(&mut self) {
        std::future::poll_fn(|context| {
            let any = self.0.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if any { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn catch() -> Self {
        Self
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
