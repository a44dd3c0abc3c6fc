//! How stopping a run affects its requests.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// Whether the run is being stopped, and until when requests in flight may then continue.
#[derive(Clone, Debug)]
pub(crate) struct Halt(watch::Receiver<Option<Instant>>);

impl Halt {
    /// A halt, and the sender that sets it to the moment of the run's end.
    pub(crate) fn new() -> (watch::Sender<Option<Instant>>, Self) {
        let (sender, receiver) = watch::channel(None);
        (sender, Self(receiver))
    }

    /// Whether the run is being stopped.
    pub(super) fn is_set(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Waits for `future`, but not once the run is being stopped.
    pub(super) async fn unless_set<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut halt = self.0.clone();
        tokio::select! {
            biased;
            Ok(_) = halt.wait_for(Option::is_some) => None,
            value = future => Some(value),
        }
    }

    /// Waits for `future`, even while the run is being stopped, until its time is over.
    pub(super) async fn until_the_end<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.ends(Duration::ZERO) => None,
            value = future => Some(value),
        }
    }

    /// Returns this long before the end of the run, once that is set.
    pub(super) async fn ends(&self, before: Duration) {
        let mut halt = self.0.clone();
        match halt.wait_for(Option::is_some).await.map(|end| *end) {
            Ok(Some(end)) => tokio::time::sleep_until(end.checked_sub(before).unwrap_or(end)).await,
            // No sender is left to stop the run.
            _ => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_only_looks_has_until_the_end_and_everything_else_ends_when_the_run_is_stopped() {
        let (sender, halt) = Halt::new();
        assert_eq!((halt.unless_set(ready(1)).await, halt.until_the_end(ready(1)).await), (Some(1), Some(1)));
        let begun = Instant::now();
        sender.send_replace(Some(begun + Duration::from_secs(25)));
        assert!(halt.is_set());
        assert_eq!((halt.unless_set(ready(1)).await, halt.until_the_end(ready(1)).await), (None, Some(1)));
        halt.ends(Duration::from_secs(10)).await;
        assert_eq!(begun.elapsed(), Duration::from_secs(15));
        assert_eq!(halt.until_the_end(pending::<u8>()).await, None);
        assert_eq!(begun.elapsed(), Duration::from_secs(25));
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_that_nobody_can_stop_any_more_goes_on() {
        let (sender, halt) = Halt::new();
        drop(sender);
        assert!(!halt.is_set());
        assert_eq!((halt.unless_set(ready(1)).await, halt.until_the_end(ready(1)).await), (Some(1), Some(1)));
    }
}
