//! SIGINT and SIGTERM: the first asks the run to end in good order, the second ends the process at once.

use tokio::sync::watch;

use crate::exit::Exit;

/// A flag that the first signal raises.
pub(crate) fn interrupt() -> watch::Receiver<bool> {
    let (flag, receiver) = watch::channel(false);
    tokio::spawn(async move {
        next().await;
        flag.send_replace(true);
        next().await;
        #[expect(
            clippy::exit,
            clippy::disallowed_methods,
            reason = "the user asked twice; the journal is safe"
        )]
        std::process::exit(Exit::Interrupted.code().into());
    });
    receiver
}

#[cfg(unix)]
async fn next() {
    use tokio::signal::unix::{SignalKind, signal};

    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn next() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
