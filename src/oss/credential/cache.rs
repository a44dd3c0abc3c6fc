//! The credential in use: fetched at its first use, renewed before it expires, and once when the service says it
//! expired.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::source::Source;
use crate::oss::error::Unavailable;
use crate::oss::hidden::Hidden;
use crate::oss::secret::Credential;
use crate::oss::time::Timestamp;

/// How many seconds before its expiry a credential is renewed.
///
/// The vendor's libraries begin 3 to 15 minutes before the expiry. Five minutes allow several attempts while the source
/// fails, and STS gives no credential for less than 15.
const EARLY: i64 = 300;

/// Seconds between two attempts to renew a credential that is still valid.
const PAUSE: i64 = 30;

/// Seconds between two attempts to renew one that has expired.
const SHORT_PAUSE: i64 = 1;

/// The result of asking for another credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// The source gave a new one.
    Anew,
    /// Another one was already in use.
    Already,
    /// The source gave the same one.
    Same,
}

/// The credential in use, and its source.
#[derive(Debug)]
pub struct Credentials {
    source: Box<dyn Source>,
    /// Locked briefly, never while the source is asked.
    state: Mutex<State>,
    /// The texts to hide: everything that was in use, since the next answer may still be about an earlier credential.
    hidden: Mutex<Hidden>,
    /// Its holder may ask the source.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    /// The credential with the moment it came into use; `None` for the first one.
    in_use: Option<(Credential, Option<Instant>)>,
    /// How many times the source was asked.
    tries: u64,
    /// When it was last asked, and its error.
    last: Option<(Timestamp, Result<(), String>)>,
}

/// What to do before a credential can be used.
enum Standing {
    Usable(Credential),
    EndsSoon(Credential),
    Needed,
    Failed(Unavailable),
}

impl State {
    /// The result of attempts after the first `seen`; `None` if there were none.
    fn since(&self, seen: u64) -> Option<Result<Credential, String>> {
        match (&self.last, &self.in_use) {
            _ if self.tries == seen => None,
            (Some((_, Err(text))), _) => Some(Err(text.clone())),
            (_, in_use) => in_use.as_ref().map(|(credential, _)| Ok(credential.clone())),
        }
    }

    fn standing(&self, now: Timestamp) -> Standing {
        let has_rested = |pause: i64| {
            self.last.as_ref().is_none_or(|(at, _)| {
                let elapsed = now.unix_seconds() - at.unix_seconds();
                // A clock that was set back must not delay anything.
                !(0..pause).contains(&elapsed)
            })
        };
        let Some((credential, _)) = &self.in_use else { return Standing::Needed };
        let left = credential.expires_at.map_or(i64::MAX, |end| end.unix_seconds() - now.unix_seconds());
        match &self.last {
            _ if left > EARLY => Standing::Usable(credential.clone()),
            _ if left > 0 && !has_rested(PAUSE) => Standing::Usable(credential.clone()),
            _ if left > 0 => Standing::EndsSoon(credential.clone()),
            _ if has_rested(SHORT_PAUSE) => Standing::Needed,
            Some((_, Err(text))) => Standing::Failed(Unavailable { text: text.clone(), had_one: true }),
            // Just fetched; the source's clock or ours is wrong, and the service will decide.
            _ => Standing::Usable(credential.clone()),
        }
    }
}

impl Credentials {
    /// Uses this source, which is asked at the first use.
    pub fn new(source: Box<dyn Source>) -> Self {
        Self {
            source,
            state: Mutex::default(),
            hidden: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// The credential to use at `now`, by the service's clock as far as it is known.
    pub async fn current(&self, now: Timestamp) -> Result<Credential, Unavailable> {
        let (standing, tries) = {
            let state = self.state();
            (state.standing(now), state.tries)
        };
        match standing {
            Standing::Usable(credential) => Ok(credential),
            Standing::Failed(error) => Err(error),
            Standing::EndsSoon(credential) => {
                // One request renews it, the others continue with the old one; a failure is retried later.
                let Ok(_turn) = self.turn.try_lock() else { return Ok(credential) };
                Ok(self.ask(tries, now).await.unwrap_or(credential))
            }
            Standing::Needed => {
                let _turn = self.turn.lock().await;
                let had_one = self.state().in_use.is_some();
                self.ask(tries, now).await.map_err(|text| Unavailable { text, had_one })
            }
        }
    }

    /// Asks the source again, unless another credential came into use after `used`.
    pub async fn refresh(&self, used: Instant, now: Timestamp) -> Result<Refreshed, String> {
        let tries = self.state().tries;
        let _turn = self.turn.lock().await;
        let old = match &self.state().in_use {
            Some((_, Some(since))) if *since > used => return Ok(Refreshed::Already),
            in_use => in_use.as_ref().map(|(credential, _)| credential.clone()),
        };
        let fresh = self.ask(tries, now).await?;
        Ok(if Some(fresh) == old { Refreshed::Same } else { Refreshed::Anew })
    }

    /// Asks the source, unless it was asked after attempt number `seen`. Only for the holder of the turn.
    async fn ask(&self, seen: u64, now: Timestamp) -> Result<Credential, String> {
        if let Some(outcome) = self.state().since(seen) {
            return outcome;
        }
        let fetched = self.source.fetch().await;
        if let Ok(fresh) = &fetched {
            self.lock_hidden().add_credential(fresh);
        }
        let fetched = fetched.map_err(|text| self.lock_hidden().strike(&text));
        let mut state = self.state();
        state.tries += 1;
        state.last = Some((now, fetched.as_ref().map(|_| ()).map_err(Clone::clone)));
        let fresh = fetched?;
        let is_other = state.in_use.as_ref().is_none_or(|(old, _)| *old != fresh);
        if is_other {
            let since = state.in_use.is_some().then(Instant::now);
            state.in_use = Some((fresh.clone(), since));
        }
        Ok(fresh)
    }

    /// Hides one more text in everything that is reported.
    pub(in crate::oss) fn hide(&self, text: &str) {
        self.lock_hidden().add(text);
    }

    /// Hides the signature of a request that is about to be sent.
    pub(in crate::oss) fn hide_signature(&self, signature: &str) {
        self.lock_hidden().add_signature(signature);
    }

    /// A short text without hidden parts.
    pub(in crate::oss) fn strike(&self, text: &str) -> String {
        self.lock_hidden().strike(text)
    }

    /// The texts to hide in everything that is reported.
    pub(in crate::oss) fn hidden(&self) -> Hidden {
        self.lock_hidden().clone()
    }

    fn lock_hidden(&self) -> MutexGuard<'_, Hidden> {
        // Each change is complete, so a panic in another thread does no harm.
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is a single assignment, so a panic in another thread does no harm.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Arc;

    use tokio::sync::Notify;

    use super::*;
    use crate::oss::credential::source::Fetching;
    use crate::oss::secret::Secret;

    const START: i64 = 1_000_000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(START + seconds)
    }

    fn numbered(number: u32, ends: Option<i64>) -> Credential {
        Credential {
            access_key_id: format!("id-{number}"),
            secret: Secret::new("secret"),
            security_token: None,
            expires_at: ends.map(at),
        }
    }

    /// What a source has left to give.
    type Left = Arc<Mutex<VecDeque<Result<Credential, String>>>>;

    /// Gives the scripted credentials, each once; a gate, if there is one, delays every fetch.
    #[derive(Debug)]
    struct Script {
        left: Left,
        gate: Option<Arc<Notify>>,
    }

    impl Source for Script {
        fn fetch(&self) -> Fetching<'_> {
            Box::pin(async {
                if let Some(gate) = &self.gate {
                    gate.notified().await;
                }
                self.left.lock().unwrap().pop_front().unwrap()
            })
        }
    }

    fn scripted(answers: impl IntoIterator<Item = Result<Credential, String>>) -> (Credentials, Left) {
        let left = Arc::new(Mutex::new(answers.into_iter().collect()));
        (Credentials::new(Box::new(Script { left: Arc::clone(&left), gate: None })), left)
    }

    async fn id(credentials: &Credentials, seconds: i64) -> String {
        credentials.current(at(seconds)).await.unwrap().access_key_id
    }

    #[tokio::test]
    async fn a_credential_is_kept_until_shortly_before_its_end() {
        let (credentials, left) =
            scripted([Ok(numbered(1, Some(3600))), Ok(numbered(2, Some(7200))), Ok(numbered(3, None))]);
        for (seconds, want, unused) in [
            (0, "id-1", 2),
            (3299, "id-1", 2),
            (3300, "id-2", 1),
            (3301, "id-2", 1),
            (6899, "id-2", 1),
            (6900, "id-3", 0),
            (1_000_000, "id-3", 0),
        ] {
            assert_eq!(id(&credentials, seconds).await, want, "after {seconds} s");
            assert_eq!(left.lock().unwrap().len(), unused, "after {seconds} s");
        }
    }

    #[tokio::test]
    async fn while_it_is_valid_a_failure_is_tried_again_every_half_minute() {
        let failed = || Err("the source is down".to_owned());
        let (credentials, left) =
            scripted([Ok(numbered(1, Some(3600))), failed(), failed(), Ok(numbered(2, Some(7200)))]);
        for (seconds, want, unused) in [
            (0, "id-1", 3),
            (3300, "id-1", 2),
            (3301, "id-1", 2),
            (3329, "id-1", 2),
            (3330, "id-1", 1),
            (3359, "id-1", 1),
            (3360, "id-2", 0),
        ] {
            assert_eq!(id(&credentials, seconds).await, want, "after {seconds} s");
            assert_eq!(left.lock().unwrap().len(), unused, "after {seconds} s");
        }
    }

    #[tokio::test]
    async fn past_its_end_the_failure_is_told_until_the_source_recovers() {
        let failed = || Err("the source is down".to_owned());
        let (credentials, left) =
            scripted([Ok(numbered(1, Some(3600))), failed(), failed(), Ok(numbered(2, Some(9000)))]);
        assert_eq!(id(&credentials, 0).await, "id-1");
        let told = Unavailable { text: "the source is down".to_owned(), had_one: true };
        for (seconds, unused) in [(3600, 2), (3600, 2), (3601, 1)] {
            assert_eq!(credentials.current(at(seconds)).await, Err(told.clone()));
            assert_eq!(left.lock().unwrap().len(), unused, "after {seconds} s");
        }
        assert_eq!(id(&credentials, 3602).await, "id-2");
    }

    #[tokio::test]
    async fn a_first_failure_is_told_as_such() {
        let (credentials, _) = scripted([Err("no".to_owned())]);
        let told = Unavailable { text: "no".to_owned(), had_one: false };
        assert_eq!(credentials.current(at(0)).await, Err(told));
    }

    #[tokio::test]
    async fn a_fresh_credential_that_seems_to_have_ended_is_used_all_the_same() {
        let (credentials, left) = scripted([Ok(numbered(1, Some(-50))), Ok(numbered(2, Some(-40)))]);
        assert_eq!(id(&credentials, 0).await, "id-1");
        assert_eq!(id(&credentials, 0).await, "id-1");
        assert_eq!(left.lock().unwrap().len(), 1);
        assert_eq!(id(&credentials, 1).await, "id-2");
    }

    #[tokio::test]
    async fn a_short_lived_credential_is_not_asked_for_with_every_request() {
        let (credentials, left) = scripted([Ok(numbered(1, Some(60))), Ok(numbered(2, Some(90)))]);
        for (seconds, want) in [(0, "id-1"), (29, "id-1"), (30, "id-2"), (59, "id-2")] {
            assert_eq!(id(&credentials, seconds).await, want, "after {seconds} s");
        }
        assert!(left.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_holds_up_nothing() {
        let (credentials, _) = scripted([Ok(numbered(1, Some(200))), Ok(numbered(2, Some(900)))]);
        assert_eq!(id(&credentials, 100).await, "id-1");
        assert_eq!(id(&credentials, -80).await, "id-2");
    }

    #[tokio::test]
    async fn one_request_renews_and_the_others_go_on_with_the_old_one() {
        let gate = Arc::new(Notify::new());
        let left =
            Arc::new(Mutex::new(VecDeque::from([Ok(numbered(1, Some(3600))), Ok(numbered(2, Some(7200)))])));
        let credentials = Arc::new(Credentials::new(Box::new(Script {
            left: Arc::clone(&left),
            gate: Some(Arc::clone(&gate)),
        })));
        gate.notify_one();
        assert_eq!(id(&credentials, 0).await, "id-1");
        let renewing = Arc::clone(&credentials);
        let renewing = tokio::spawn(async move { id(&renewing, 3400).await });
        tokio::task::yield_now().await;
        assert_eq!(id(&credentials, 3400).await, "id-1");
        gate.notify_one();
        assert_eq!(renewing.await.unwrap(), "id-2");
        assert_eq!(id(&credentials, 3400).await, "id-2");
    }

    #[tokio::test]
    async fn all_that_wait_for_a_credential_take_what_one_of_them_fetches() {
        let gate = Arc::new(Notify::new());
        let left = Arc::new(Mutex::new(VecDeque::from([Ok(numbered(1, Some(3600)))])));
        let credentials = Credentials::new(Box::new(Script { left, gate: Some(Arc::clone(&gate)) }));
        let open = async { gate.notify_one() };
        let (one, two, three, ()) =
            tokio::join!(id(&credentials, 0), id(&credentials, 0), id(&credentials, 0), open);
        assert_eq!([one, two, three], ["id-1", "id-1", "id-1"]);
    }

    #[tokio::test]
    async fn a_refused_credential_is_fetched_anew_once_for_all_that_used_it() {
        let (credentials, left) =
            scripted([Ok(numbered(1, None)), Ok(numbered(2, None)), Err("the source is down".to_owned())]);
        assert_eq!(id(&credentials, 0).await, "id-1");
        let used = Instant::now();
        let both = tokio::join!(credentials.refresh(used, at(0)), credentials.refresh(used, at(0)));
        assert_eq!(both, (Ok(Refreshed::Anew), Ok(Refreshed::Already)));
        assert_eq!(id(&credentials, 0).await, "id-2");
        assert_eq!(left.lock().unwrap().len(), 1);
        let failed = credentials.refresh(Instant::now(), at(0)).await;
        assert_eq!(failed, Err("the source is down".to_owned()));
        assert_eq!(id(&credentials, 0).await, "id-2");
    }

    #[tokio::test]
    async fn a_credential_that_cannot_change_is_not_taken_for_a_fresh_one() {
        let given = numbered(1, None);
        let credentials = Credentials::new(Box::new(given.clone()));
        let used = Instant::now();
        assert_eq!(credentials.current(at(0)).await, Ok(given));
        assert_eq!(credentials.refresh(used, at(0)).await, Ok(Refreshed::Same));
    }
}
