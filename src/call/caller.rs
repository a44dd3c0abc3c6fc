//! One request until it has an answer: take a turn, call, obey the verdict, within the budget.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::attempts::Attempts;
use super::budget::Budget;
use super::effort::Effort;
use super::gave_up::{Because, GaveUp};
use super::halt::Halt;
use super::observer::{Observer, Trouble};
use super::pace::{Pacer, Turn};
use super::request::Request;
use crate::oss::client::{Answer, Client};
use crate::oss::credential::Refreshed;
use crate::oss::error::{CallError, TOKEN_ENDED, Transport, Verdict};

/// After a throttled answer nobody gets a turn for this long, unless the service names a time.
const HOLD: Duration = Duration::from_millis(500);

/// An attempt is cut where the request's budget of time ends, but never before it has had this long: an answer may be
/// slow, and one that comes a byte at a time would otherwise be waited for without end.
const LONGEST_ATTEMPT: Duration = Duration::from_mins(5);

/// When a run is being stopped, requests under way are cut so long before its end: what they may have done is looked up.
const TIME_TO_LOOK: Duration = Duration::from_secs(10);

/// Retries of a look without an answer while the run is being stopped: an outage may be why.
const LOOKS_WHILE_STOPPING: u32 = 2;

/// Sends requests at the quota's pace and tries again as their verdicts say.
#[derive(Debug)]
pub(crate) struct Caller {
    client: Client,
    pub(crate) pace: Pacer,
    /// How much trouble a request may have that says nothing of its own.
    pub(crate) budget: Budget,
    /// Set when the run is being stopped: nothing new is begun, and what is under way has until that moment.
    halt: Halt,
    observer: Arc<dyn Observer>,
    /// Whether the service has ever answered.
    is_answered: AtomicBool,
}

impl Caller {
    pub(crate) fn new(
        client: Client,
        pace: Pacer,
        budget: Budget,
        halt: Halt,
        observer: Arc<dyn Observer>,
    ) -> Self {
        Self { client, pace, budget, halt, observer, is_answered: AtomicBool::new(false) }
    }

    /// Sends `request` until it succeeds or is given up, and adds what it cost to `effort`.
    pub(crate) async fn call(&self, request: Request<'_>, effort: &mut Effort) -> Result<Answer, GaveUp> {
        let mut attempts = Attempts::new(request.budget.unwrap_or(self.budget));
        loop {
            let turn = self.while_it_may(request, self.pace.turn(request.vectors));
            let Some(turn) = turn.await else {
                return Err(attempts.give_up(Because::Halted));
            };
            let sent = effort.begin_attempt(request.body.len());
            let left = attempts.begin(sent);
            let error = match self.once(request, turn, left).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if error.may_have_stored() {
                effort.troubled.get_or_insert_with(Instant::now);
            }
            attempts.note_host(&error);
            let verdict = self.verdict(&error, request.vectors);
            let wait = match self.obey(verdict, &error, sent, &mut attempts).await {
                Ok(wait) => wait,
                Err(because) => {
                    let explanation = attempts.unrefreshed.take();
                    let error = explanation.map_or(error.clone(), |text| error.explained(&text));
                    return Err(attempts.met(error).give_up(because));
                }
            };
            if verdict == Verdict::SlowDown {
                effort.throttled += 1;
                self.throttled(request, effort.attempts, wait, &error);
            } else {
                self.retrying(request, effort.attempts, wait, &error);
            }
            let is_silent = matches!(error, CallError::Transport { .. });
            attempts = attempts.met(error);
            let is_hopeless = is_silent && self.is_halted() && attempts.retries > LOOKS_WHILE_STOPPING;
            if is_hopeless || self.while_it_may(request, tokio::time::sleep(wait)).await.is_none() {
                return Err(attempts.give_up(Because::Halted));
            }
        }
    }

    /// Says that the same is sent again.
    fn retrying(&self, request: Request<'_>, attempt: u32, wait: Duration, error: &CallError) {
        tracing::debug!(
            operation = request.operation.name(),
            attempt,
            wait_ms = wait.as_millis(),
            "trying again"
        );
        self.observer.troubled(&Trouble::Retrying { batch: request.batch, attempt, wait, error });
    }

    /// Lowers the pace and says so.
    fn throttled(&self, request: Request<'_>, attempt: u32, wait: Duration, error: &CallError) {
        tracing::debug!(
            operation = request.operation.name(),
            attempt,
            wait_ms = wait.as_millis(),
            "throttled"
        );
        let pace = self.pace.slow_down(hold(error)).unwrap_or_else(|| self.pace.factor());
        let Request { batch, vectors, .. } = request;
        self.observer.troubled(&Trouble::Throttled { batch, vectors, pace, error });
    }

    /// How long to wait before the next attempt, or why there is none.
    async fn obey(
        &self,
        verdict: Verdict,
        error: &CallError,
        sent: Instant,
        attempts: &mut Attempts,
    ) -> Result<Duration, Because> {
        let asked = error.service().and_then(|error| error.wait).unwrap_or_default();
        let wait = match verdict {
            Verdict::Retry if attempts.may_retry() => {
                let learned = self.learn_clock(error);
                let wait = asked.max(attempts.next_backoff());
                if learned { Duration::ZERO } else { wait }
            }
            Verdict::Retry => return Err(Because::Budget),
            Verdict::SlowDown => asked.max(attempts.next_throttle()),
            Verdict::Refresh => self.refresh(error, sent, attempts).await?,
            other => return Err(Because::Verdict(other)),
        };
        if attempts.is_over_after(wait, self.is_answered()) { Err(Because::Budget) } else { Ok(wait) }
    }

    /// What to do about an error, in the light of what went before.
    fn verdict(&self, error: &CallError, vectors: usize) -> Verdict {
        match error {
            // It has worked, so that it is no setting that is wrong: a proxy may want a new session.
            CallError::Transport { kind: Transport::Misconfigured, .. } if self.is_answered() => {
                Verdict::Retry
            }
            _ => error.verdict(vectors),
        }
    }

    fn is_answered(&self) -> bool {
        self.is_answered.load(Ordering::Relaxed)
    }

    /// Gets another credential, once a request; how long to wait then.
    async fn refresh(
        &self,
        error: &CallError,
        sent: Instant,
        attempts: &mut Attempts,
    ) -> Result<Duration, Because> {
        let stop = Because::Verdict(Verdict::Stop);
        if attempts.refreshed {
            return Err(stop);
        }
        match self.client.refresh(sent).await {
            Ok(Refreshed::Anew) => {
                attempts.refreshed = true;
                attempts.unrefreshed = None;
                Ok(Duration::ZERO)
            }
            // Perhaps this request was signed with it already; refused again, it asks for one of its own.
            Ok(Refreshed::Already) => Ok(Duration::ZERO),
            Ok(Refreshed::Same) => Err(stop),
            // Nothing is wrong but the time: the source may recover.
            Err(text) if error.code() == TOKEN_ENDED && attempts.may_retry() => {
                attempts.unrefreshed = Some(text);
                Ok(attempts.next_backoff())
            }
            Err(text) => {
                attempts.unrefreshed = Some(text);
                Err(stop)
            }
        }
    }

    /// Takes over the service's clock if it complains about ours; whether that made a difference.
    fn learn_clock(&self, error: &CallError) -> bool {
        let skewed = error.service().filter(|error| error.code == "RequestTimeTooSkewed");
        skewed.and_then(|error| error.server_time).is_some_and(|time| self.client.set_clock(time))
    }

    /// One call, given up at the moment that is set when the run is being stopped, or when it takes longer than any.
    async fn once(&self, request: Request<'_>, turn: Turn, left: Duration) -> Result<Answer, CallError> {
        let halted = self.halt.ends(if request.is_look { Duration::ZERO } else { TIME_TO_LOOK });
        let longest = left.max(LONGEST_ATTEMPT);
        let detail = tokio::select! {
            outcome = self.client.call(
                request.operation,
                request.body,
                request.most_of_vectors,
                Box::new(|| turn.depart()),
            ) => {
                if matches!(outcome, Ok(_) | Err(CallError::Service(_))) {
                    self.is_answered.store(true, Ordering::Relaxed);
                }
                return outcome;
            }
            () = halted => "no answer before the run was stopped".to_owned(),
            () = tokio::time::sleep(longest) => format!("no whole answer within {} s", longest.as_secs()),
        };
        Err(CallError::Transport { kind: Transport::Timeout, detail })
    }

    /// Waits for `future`, for as long as this request may still do anything.
    async fn while_it_may<T>(&self, request: Request<'_>, future: impl Future<Output = T>) -> Option<T> {
        if request.is_look {
            self.halt.until_the_end(future).await
        } else {
            self.halt.unless_set(future).await
        }
    }

    /// Waits for `future`, also while the run is being stopped, until its time is over.
    pub(crate) async fn until_the_end<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        self.halt.until_the_end(future).await
    }

    /// Whether the run is being stopped.
    pub(crate) fn is_halted(&self) -> bool {
        self.halt.is_set()
    }
}

fn hold(error: &CallError) -> Duration {
    error.service().and_then(|error| error.wait).unwrap_or(HOLD)
}
