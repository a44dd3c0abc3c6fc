//! SIGINT and SIGTERM: the first asks the run to end in good order, the second ends the process at once.

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
        #[expect(
            clippy::exit,
            clippy::disallowed_methods,
            reason = "the user asked twice; the journal is safe"
        )]
        std::process::exit(Exit::Interrupted.code().into());
    });
    receiver
}

/// Both signals; caught once, so that none is lost between the first and the second.
#[cfg(unix)]
struct Signals(Option<(tokio::signal::unix::Signal, tokio::signal::unix::Signal)>);

#[cfg(unix)]
impl Signals {
    fn catch() -> Self {
        use tokio::signal::unix::{SignalKind, signal};

        Self(signal(SignalKind::interrupt()).ok().zip(signal(SignalKind::terminate()).ok()))
    }

    async fn next(&mut self) {
        let Some((interrupt, terminate)) = &mut self.0 else { return std::future::pending().await };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
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
