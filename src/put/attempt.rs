//! One request until it has an answer: take a turn, call, obey the verdict, within the budget.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::pace::{Pacer, Turn};
use super::report::Reporter;
use crate::oss::client::{Answer, Body, Client};
use crate::oss::credential::Refreshed;
use crate::oss::error::{CallError, TOKEN_ENDED, Transport, Verdict, backoff};
use crate::oss::operation::Operation;

/// After a throttled answer nobody gets a turn for this long, unless the service names a time.
const HOLD: Duration = Duration::from_millis(500);

/// A host whose name nobody knows is given up after this long, unless it has answered before: the name is likely wrong,
/// and nothing has been sent.
const UNKNOWN_HOST: Duration = Duration::from_secs(30);

/// An attempt is cut where the request's budget of time ends, but never before it has had this long: an answer may be
/// slow, and one that comes a byte at a time would otherwise be waited for without end.
const LONGEST_ATTEMPT: Duration = Duration::from_mins(5);

/// How much trouble one request may have before it is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Most retries. Throttled answers do not count: the service is well, only busy.
    pub retries: u32,
    /// Most time from the first attempt on, waits included.
    pub time: Duration,
}

impl Budget {
    /// The budget of a request that is to show whether the service takes writes at all: whoever waits for the answer has
    /// waited for a whole budget before.
    pub(super) fn of_probe(self) -> Self {
        Self { retries: self.retries.min(2), time: self.time.min(Duration::from_secs(30)) }
    }
}

/// What one batch has cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Effort {
    pub(super) attempts: u32,
    pub(super) throttled: u32,
    pub(super) bytes_sent: u64,
    /// When the last attempt was sent, and when the first of this request and of what was asked because of it.
    pub(super) sent: Option<Instant>,
    pub(super) begun: Option<Instant>,
    /// When the first attempt failed that may have stored a part.
    pub(super) troubled: Option<Instant>,
}

/// A request on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub(super) operation: Operation,
    pub(super) body: &'a Body,
    /// Vectors it carries, which the quota counts.
    pub(super) vectors: usize,
    /// The batch it belongs to, for the events.
    pub(super) batch: Option<u64>,
    /// Whether it may still be begun while the run is being stopped, because it only looks.
    pub(super) is_look: bool,
    /// How much trouble it may have; the run's budget where nothing is said.
    pub(super) budget: Option<Budget>,
    /// As much of an answer with vectors as there can be, in bytes.
    pub(super) most_of_vectors: usize,
}

impl<'a> Request<'a> {
    /// One without vectors, about no batch.
    pub(super) fn of(operation: Operation, body: &'a Body) -> Self {
        Self { operation, body, vectors: 0, batch: None, is_look: false, budget: None, most_of_vectors: 0 }
    }
}

/// A request that got no success.
#[derive(Clone, Debug)]
pub(super) struct GaveUp {
    /// The last error; `None` if the run was halted before any.
    pub(super) error: Option<CallError>,
    /// Why it was not tried again.
    pub(super) because: Because,
    /// Whether any attempt may have stored a part.
    pub(super) may_have_stored: bool,
}

impl GaveUp {
    /// Whether the service has refused the request for what is in it.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self.because, Because::Verdict(Verdict::Split | Verdict::Refuse))
    }
}

/// Why a request was not tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Because {
    /// Its verdict is none that tries the same again.
    Verdict(Verdict),
    /// The budget ended.
    Budget,
    /// The run is being stopped.
    Halted,
}

/// When a run is being stopped, requests under way are cut so long before its end: what they may have done is looked up.
const TIME_TO_LOOK: Duration = Duration::from_secs(10);

/// Retries of a look without an answer while the run is being stopped: an outage may be why.
const LOOKS_WHILE_STOPPING: u32 = 2;

/// Until when requests under way may go on, once the run is being stopped.
pub(super) type Halt = watch::Receiver<Option<Instant>>;

/// Sends requests through the pacer and tries again as their verdicts say.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) client: Client,
    pub(super) pacer: Pacer,
    pub(super) budget: Budget,
    /// Set when the run is being stopped: nothing new is begun, and what is under way has until that moment.
    pub(super) halt: Halt,
    pub(super) reporter: Arc<Reporter>,
    /// Whether the service has ever answered.
    is_answered: AtomicBool,
}

impl Caller {
    pub(super) fn new(
        client: Client,
        pacer: Pacer,
        budget: Budget,
        halt: Halt,
        reporter: Arc<Reporter>,
    ) -> Self {
        Self { client, pacer, budget, halt, reporter, is_answered: AtomicBool::new(false) }
    }

    /// Sends `request` until it succeeds or is given up, and adds what it cost to `effort`.
    pub(super) async fn call(&self, request: Request<'_>, effort: &mut Effort) -> Result<Answer, GaveUp> {
        let budget = request.budget.unwrap_or(self.budget);
        let mut trouble = Trouble::new(budget);
        loop {
            let turn = self.while_it_may(request, self.pacer.turn(request.vectors));
            let Some(turn) = turn.await else {
                return Err(trouble.give_up(Because::Halted));
            };
            effort.attempts += 1;
            effort.bytes_sent += request.body.len();
            let sent = Instant::now();
            effort.sent = Some(sent);
            effort.begun.get_or_insert(sent);
            // Waiting for the first turn is no trouble.
            trouble.begun.get_or_insert(sent);
            let spent = trouble.begun.map_or(Duration::ZERO, |begun| begun.elapsed());
            let outcome = self.once(request, turn, budget.time.saturating_sub(spent)).await;
            if matches!(outcome, Ok(_) | Err(CallError::Service(_))) {
                self.is_answered.store(true, Ordering::Relaxed);
            }
            let error = match outcome {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if error.may_have_stored() {
                effort.troubled.get_or_insert_with(Instant::now);
            }
            trouble.note_host(&error);
            let verdict = self.verdict(&error, request.vectors);
            let wait = match self.obey(verdict, &error, sent, &mut trouble).await {
                Ok(wait) => wait,
                Err(because) => {
                    let explanation = trouble.unrefreshed.take();
                    let error = explanation.map_or(error.clone(), |text| error.explained(&text));
                    return Err(trouble.met(error).give_up(because));
                }
            };
            let operation = request.operation.name();
            let wait_ms = wait.as_millis();
            if verdict == Verdict::SlowDown {
                tracing::debug!(operation, attempt = effort.attempts, wait_ms, "throttled");
                effort.throttled += 1;
                let factor = self.pacer.slow_down(hold(&error)).unwrap_or_else(|| self.pacer.factor());
                self.reporter.throttled(request.batch, request.vectors, &error, factor);
            } else {
                tracing::debug!(operation, attempt = effort.attempts, wait_ms, "trying again");
                self.reporter.retry(request.batch, effort.attempts, wait, &error);
            }
            let is_silent = matches!(error, CallError::Transport { .. });
            trouble = trouble.met(error);
            let is_hopeless = is_silent && self.is_halted() && trouble.retries > LOOKS_WHILE_STOPPING;
            if is_hopeless || self.while_it_may(request, tokio::time::sleep(wait)).await.is_none() {
                return Err(trouble.give_up(Because::Halted));
            }
        }
    }

    /// How long to wait before the next attempt, or why there is none.
    async fn obey(
        &self,
        verdict: Verdict,
        error: &CallError,
        sent: Instant,
        trouble: &mut Trouble,
    ) -> Result<Duration, Because> {
        let asked = error.service().and_then(|error| error.wait).unwrap_or_default();
        let wait = match verdict {
            Verdict::Retry if trouble.retries < trouble.budget.retries => {
                let learned = self.learn_clock(error);
                let wait = asked.max(trouble.next_backoff());
                if learned { Duration::ZERO } else { wait }
            }
            Verdict::Retry => return Err(Because::Budget),
            Verdict::SlowDown => {
                trouble.throttles += 1;
                asked.max(backoff(trouble.throttles - 1, fastrand::f64()))
            }
            Verdict::Refresh => self.refresh(error, sent, trouble).await?,
            other => return Err(Because::Verdict(other)),
        };
        let is_over = |since: Option<Instant>, time| since.is_some_and(|since| since.elapsed() + wait > time);
        let is_unknown = !self.is_answered() && is_over(trouble.unknown_since, UNKNOWN_HOST);
        if is_unknown || is_over(trouble.begun, trouble.budget.time) {
            Err(Because::Budget)
        } else {
            Ok(wait)
        }
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
        trouble: &mut Trouble,
    ) -> Result<Duration, Because> {
        let stop = Because::Verdict(Verdict::Stop);
        if trouble.refreshed {
            return Err(stop);
        }
        match self.client.refresh(sent).await {
            Ok(Refreshed::Anew) => {
                trouble.refreshed = true;
                trouble.unrefreshed = None;
                Ok(Duration::ZERO)
            }
            // Perhaps this request was signed with it already; refused again, it asks for one of its own.
            Ok(Refreshed::Already) => Ok(Duration::ZERO),
            Ok(Refreshed::Same) => Err(stop),
            // Nothing is wrong but the time: the source may recover.
            Err(text) if error.code() == TOKEN_ENDED && trouble.retries < trouble.budget.retries => {
                trouble.unrefreshed = Some(text);
                Ok(trouble.next_backoff())
            }
            Err(text) => {
                trouble.unrefreshed = Some(text);
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
        let halted = self.halted(if request.is_look { Duration::ZERO } else { TIME_TO_LOOK });
        let longest = left.max(LONGEST_ATTEMPT);
        let detail = tokio::select! {
            answer = self.client.call(
                request.operation,
                request.body,
                request.most_of_vectors,
                Box::new(|| turn.depart()),
            ) => return answer,
            () = halted => "no answer before the run was stopped".to_owned(),
            () = tokio::time::sleep(longest) => format!("no whole answer within {} s", longest.as_secs()),
        };
        Err(CallError::Transport { kind: Transport::Timeout, detail })
    }

    /// Waits for `future`, for as long as this request may still do anything.
    async fn while_it_may<T>(&self, request: Request<'_>, future: impl Future<Output = T>) -> Option<T> {
        if request.is_look { self.until_the_end(future).await } else { self.unless_halted(future).await }
    }

    /// Waits for `future`, but not once the run is being stopped.
    async fn unless_halted<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut halt = self.halt.clone();
        tokio::select! {
            biased;
            Ok(_) = halt.wait_for(Option::is_some) => None,
            value = future => Some(value),
        }
    }

    /// Waits for `future`, also while the run is being stopped, until its time is over.
    pub(super) async fn until_the_end<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.halted(Duration::ZERO) => None,
            value = future => Some(value),
        }
    }

    /// Ends so long before the end of the run, once that is set.
    async fn halted(&self, before: Duration) {
        let mut halt = self.halt.clone();
        match halt.wait_for(Option::is_some).await.map(|end| *end) {
            Ok(Some(end)) => tokio::time::sleep_until(end.checked_sub(before).unwrap_or(end)).await,
            // Nobody is left who could stop the run.
            _ => std::future::pending().await,
        }
    }

    /// Whether the run is being stopped.
    pub(super) fn is_halted(&self) -> bool {
        self.halt.borrow().is_some()
    }
}

fn hold(error: &CallError) -> Duration {
    error.service().and_then(|error| error.wait).unwrap_or(HOLD)
}

/// What one request has met so far.
struct Trouble {
    budget: Budget,
    /// When the first attempt was sent.
    begun: Option<Instant>,
    /// Since when nobody knows the host's name.
    unknown_since: Option<Instant>,
    retries: u32,
    throttles: u32,
    refreshed: bool,
    /// Why there was no other credential.
    unrefreshed: Option<String>,
    error: Option<CallError>,
    may_have_stored: bool,
}

impl Trouble {
    fn new(budget: Budget) -> Self {
        Self {
            budget,
            begun: None,
            unknown_since: None,
            retries: 0,
            throttles: 0,
            refreshed: false,
            unrefreshed: None,
            error: None,
            may_have_stored: false,
        }
    }

    fn note_host(&mut self, error: &CallError) {
        match error {
            CallError::Transport { kind: Transport::Resolve, .. } => {
                self.unknown_since.get_or_insert_with(Instant::now);
            }
            _ => self.unknown_since = None,
        }
    }

    /// The wait before the next retry, which counts.
    fn next_backoff(&mut self) -> Duration {
        self.retries += 1;
        backoff(self.retries - 1, fastrand::f64())
    }

    fn met(mut self, error: CallError) -> Self {
        self.may_have_stored |= error.may_have_stored();
        self.error = Some(error);
        self
    }

    fn give_up(self, because: Because) -> GaveUp {
        GaveUp { error: self.error, because, may_have_stored: self.may_have_stored }
    }
}
