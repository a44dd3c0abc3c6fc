//! Sends one request until it has an answer: takes a turn, calls, follows the verdict, within the budget.

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
use super::pace::{Pace, Turn};
use super::request::Request;
use crate::oss::client::{Answer, Client};
use crate::oss::credential::Refreshed;
use crate::oss::error::{CallError, TOKEN_ENDED, Transport, Verdict};

/// How long all turns are held after a throttled answer, unless the service gives a time.
const HOLD: Duration = Duration::from_millis(500);

/// An attempt is cut off at the end of the request's time budget, but not before this long: an answer may be slow, and
/// one that arrives byte by byte would otherwise never end.
const LONGEST_ATTEMPT: Duration = Duration::from_mins(5);

/// How long before the end of a stopping run requests in flight are cut off, to leave time to look up their outcome.
const TIME_TO_LOOK: Duration = Duration::from_secs(10);

/// Retries of a read without an answer while the run is being stopped: an outage may be why it stops.
const LOOKS_WHILE_STOPPING: u32 = 2;

/// Sends requests at the quota's pace and retries them according to their verdicts.
#[derive(Debug)]
pub(crate) struct Caller {
    client: Client,
    pub(crate) pace: Arc<dyn Pace>,
    /// The budget of requests without their own.
    pub(crate) budget: Budget,
    /// Set when the run is being stopped: nothing new is begun, and requests in flight have until that moment.
    halt: Halt,
    observer: Arc<dyn Observer>,
    /// Whether the service has ever answered.
    is_answered: AtomicBool,
}

impl Caller {
    pub(crate) fn new(
        client: Client,
        pace: Arc<dyn Pace>,
        budget: Budget,
        halt: Halt,
        observer: Arc<dyn Observer>,
    ) -> Self {
        Self { client, pace, budget, halt, observer, is_answered: AtomicBool::new(false) }
    }

    /// Sends `request` until it succeeds or its budget is spent, and adds what it cost to `effort`.
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
            effort.may_come_late |= error.may_have_stored();
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
                let left = attempts.left(self.is_answered());
                self.retrying(request, effort.attempts, (wait, left), &error);
            }
            let is_silent = matches!(error, CallError::Transport { .. });
            attempts = attempts.met(error);
            let is_hopeless = is_silent && self.is_halted() && attempts.retries > LOOKS_WHILE_STOPPING;
            if is_hopeless || self.while_it_may(request, tokio::time::sleep(wait)).await.is_none() {
                return Err(attempts.give_up(Because::Halted));
            }
        }
    }

    /// Reports that the same request is sent again.
    fn retrying(
        &self,
        request: Request<'_>,
        attempt: u32,
        (wait, left): (Duration, Duration),
        error: &CallError,
    ) {
        tracing::debug!(
            operation = request.operation.name(),
            attempt,
            wait_ms = wait.as_millis(),
            "trying again"
        );
        self.observer.troubled(&Trouble::Retrying { batch: request.batch, attempt, wait, left, error });
    }

    /// Lowers the pace and reports it.
    fn throttled(&self, request: Request<'_>, attempt: u32, wait: Duration, error: &CallError) {
        tracing::debug!(
            operation = request.operation.name(),
            attempt,
            wait_ms = wait.as_millis(),
            "throttled"
        );
        let pace = self.pace.slow_down(hold(error));
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
        if wait > attempts.left(self.is_answered()) { Err(Because::Budget) } else { Ok(wait) }
    }

    /// What to do about an error, considering earlier ones.
    fn verdict(&self, error: &CallError, vectors: usize) -> Verdict {
        match error {
            // It has worked before, so no setting is wrong: a proxy may want a new session.
            CallError::Transport { kind: Transport::Misconfigured, .. } if self.is_answered() => {
                Verdict::Retry
            }
            _ => error.verdict(vectors),
        }
    }

    /// Whether the service has ever responded.
    pub(crate) fn is_answered(&self) -> bool {
        self.is_answered.load(Ordering::Relaxed)
    }

    /// Gets another credential, once per request; returns how long to wait.
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
            // Perhaps this request was already signed with it; refused again, it gets another one.
            Ok(Refreshed::Already) => Ok(Duration::ZERO),
            Ok(Refreshed::Same) => Err(stop),
            // The credential has merely expired: the source may recover.
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

    /// Adopts the service's clock if it complains about ours; returns whether that made a difference.
    fn learn_clock(&self, error: &CallError) -> bool {
        let skewed = error.service().filter(|error| error.code == "RequestTimeTooSkewed");
        skewed.and_then(|error| error.server_time).is_some_and(|time| self.client.set_clock(time))
    }

    /// One call, which is cut off at the end of a stopping run, or when it exceeds the maximum time.
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
            () = halted => "no response before the run was stopped".to_owned(),
            () = tokio::time::sleep(longest) => format!("no complete response within {} s", longest.as_secs()),
        };
        Err(CallError::Transport { kind: Transport::Timeout, detail })
    }

    /// Waits for `future`, for as long as this request may be in progress.
    async fn while_it_may<T>(&self, request: Request<'_>, future: impl Future<Output = T>) -> Option<T> {
        if request.is_look {
            self.halt.until_the_end(future).await
        } else {
            self.halt.unless_set(future).await
        }
    }

    /// Waits for `future`, even while the run is being stopped, until its time is over.
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

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::Mutex;

    use super::*;
    use crate::call::Bound;
    use crate::call::pace::{Giver, Waiting};
    use crate::oss::client::{Body, ClientOptions};
    use crate::oss::credential::Credentials;
    use crate::oss::endpoint::{Endpoint, Target};
    use crate::oss::network::{Network, Proxy};
    use crate::oss::operation::Operation;
    use crate::oss::secret::{Credential, Secret};

    /// What happened, in order.
    type Happened = Arc<Mutex<Vec<String>>>;

    /// A foreign pace and an observer that record their calls.
    #[derive(Clone, Debug, Default)]
    struct Elsewhere(Happened);

    impl Elsewhere {
        fn note(&self, what: String) {
            self.0.lock().unwrap().push(what);
        }

        fn happened(&self) -> Vec<String> {
            self.0.lock().unwrap().clone()
        }
    }

    impl Pace for Elsewhere {
        fn turn(&self, vectors: usize) -> Waiting<'_> {
            self.note(format!("turn for {vectors}"));
            Box::pin(std::future::ready(Turn::new(Arc::new(self.clone()), 7)))
        }

        fn slow_down(&self, hold: Duration) -> f64 {
            self.note(format!("held for {hold:?}"));
            0.25
        }

        fn factor(&self) -> f64 {
            1.0
        }

        fn bound(&self) -> Bound {
            Bound::default()
        }
    }

    impl Giver for Elsewhere {
        fn departed(&self, number: u64) {
            self.note(format!("{number} left"));
        }

        fn given_back(&self, number: u64) {
            self.note(format!("{number} given back"));
        }
    }

    impl Observer for Elsewhere {
        fn troubled(&self, trouble: &Trouble<'_>) {
            self.note(match *trouble {
                Trouble::Retrying { batch, attempt, error, .. } => {
                    format!("retrying {batch:?} after {attempt}: {}", error.code())
                }
                Trouble::Throttled { batch, vectors, pace, error } => {
                    format!("throttled {batch:?} of {vectors} to {pace}: {}", error.code())
                }
            });
        }
    }

    fn caller(port: u16, elsewhere: &Elsewhere, halt: Halt) -> Caller {
        let region = "cn-hangzhou".to_owned();
        let options = ClientOptions {
            endpoint: Endpoint::parse(Some(&format!("http://127.0.0.1:{port}")), &region).unwrap(),
            target: Target { bucket: "b".to_owned(), account: "1".to_owned(), region },
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(5),
            skip_verify_cert: false,
            content_md5: true,
            network: Network { proxy: Proxy::None, extra_certificates: None },
        };
        let credential = Credential {
            access_key_id: "id".to_owned(),
            secret: Secret::new("hidden"),
            security_token: None,
            expires_at: None,
        };
        let client = Client::new(options, Credentials::new(Box::new(credential))).unwrap();
        let budget =
            Budget { retries: 2, time: Duration::from_mins(1), first_contact: Duration::from_secs(30) };
        Caller::new(client, Arc::new(elsewhere.clone()), budget, halt, Arc::new(elsewhere.clone()))
    }

    fn body() -> Body {
        Body::new(vec![bytes::Bytes::from_static(b"{}")])
    }

    /// A service that gives these answers, one per connection, and its port.
    fn service(answers: &'static [&'static str]) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for (number, answer) in answers.iter().enumerate() {
                let mut stream = listener.accept().unwrap().0;
                let mut asked = Vec::new();
                let mut piece = [0; 1024];
                while !asked.ends_with(b"{}") {
                    let length = stream.read(&mut piece).unwrap();
                    asked.extend_from_slice(&piece[..length]);
                }
                let rest = format!("x-oss-request-id: {number}\r\nContent-Length: 0\r\nConnection: close");
                write!(stream, "HTTP/1.1 {answer}\r\n{rest}\r\n\r\n").unwrap();
            }
        });
        port
    }

    #[tokio::test(start_paused = true)]
    async fn each_attempt_takes_a_turn_of_the_pace_that_is_given_and_returns_it_where_nothing_was_sent() {
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (_sender, halt) = Halt::new();
        let (elsewhere, mut effort) = (Elsewhere::default(), Effort::default());
        let caller = caller(nobody, &elsewhere, halt);
        let body = body();
        let request = Request { vectors: 3, batch: Some(1), ..Request::of(Operation::PutVectors, &body) };
        let gave_up = caller.call(request, &mut effort).await.unwrap_err();
        assert_eq!((gave_up.because, gave_up.may_have_stored, effort.attempts), (Because::Budget, false, 3));
        let attempt = ["turn for 3", "7 given back"];
        let [first, second] = [1, 2].map(|made| format!("retrying Some(1) after {made}: ConnectFailed"));
        let want = [&attempt[..], &[&first], &attempt, &[&second], &attempt].concat();
        assert_eq!(elsewhere.happened(), want);
    }

    #[tokio::test]
    async fn a_throttled_answer_slows_the_pace_and_costs_no_retry() {
        let (_sender, halt) = Halt::new();
        let (elsewhere, mut effort) = (Elsewhere::default(), Effort::default());
        let caller = caller(service(&["429 X", "200 X"]), &elsewhere, halt);
        let body = body();
        let budget = Some(Budget { retries: 0, ..caller.budget });
        let request = Request { vectors: 3, budget, ..Request::of(Operation::PutVectors, &body) };
        caller.call(request, &mut effort).await.unwrap();
        assert_eq!((effort.attempts, effort.throttled, effort.bytes_sent), (2, 1, 4));
        let attempt = ["turn for 3", "7 left"];
        let throttled = ["held for 500ms", "throttled None of 3 to 0.25: HTTP429"];
        assert_eq!(elsewhere.happened(), [attempt, throttled, attempt].concat());
    }

    #[tokio::test]
    async fn a_run_that_is_being_stopped_sends_nothing() {
        let (sender, halt) = Halt::new();
        sender.send_replace(Some(Instant::now()));
        let (elsewhere, body) = (Elsewhere::default(), body());
        let request = Request::of(Operation::PutVectors, &body);
        let called = caller(1, &elsewhere, halt).call(request, &mut Effort::default()).await;
        assert_eq!(called.unwrap_err().because, Because::Halted);
        assert_eq!(elsewhere.happened(), ["turn for 0", "7 given back"]);
    }
}
