//! One request from head to answer, without HTTP: route, faults, signature, quota, operation.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use md5::{Digest, Md5};

use super::answer::{Answer, Refusal};
use super::auth::{self, AccessKey};
use super::door::ClientLimits;
use super::fault::{Apply, Body, Effect, Faults, Plan};
use super::limiter::{Exceeded, Limiter, Turn};
use super::ops::{Call, Context, Done, Input};
use super::options::Options;
use super::route::{Route, route};
use super::statistics::{Seen, Statistics};
use super::store::Store;
use crate::oss::endpoint::{Target, service_resource};
use crate::oss::operation::Operation;
use crate::oss::sign::Signable;
use crate::oss::time::Timestamp;

/// A local OSS Vectors service: its state, its quota, its faults, and its statistics.
#[derive(Debug)]
pub struct Service {
    options: Options,
    store: Store,
    // Each is locked briefly and never across an await.
    limiter: Mutex<Limiter>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) statistics: Mutex<Statistics>,
    late: Mutex<Vec<Late>>,
}

/// A request that is applied after this many further ones.
#[derive(Debug)]
struct Late {
    after: u64,
    bucket: String,
    input: Input,
}

/// The relevant parts of a request's head.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) host: String,
    pub(crate) headers: Vec<(String, String)>,
    /// When it arrived; the quota counts from here.
    pub(crate) arrived: Instant,
}

/// A request whose head was processed; its body is still to come.
#[derive(Debug)]
pub(crate) struct Received {
    /// The id for the answer.
    pub(crate) request_id: String,
    /// The requested host.
    pub(crate) host: String,
    /// The service's clock for this request.
    pub(crate) clock: Timestamp,
    arrived: Instant,
    content_md5: Option<String>,
    operation: Option<Operation>,
    plan: Plan,
    admitted: Result<Admitted, Refusal>,
}

impl Received {
    /// Whether the head alone is a reason to refuse it.
    pub(crate) fn is_refused(&self) -> bool {
        self.admitted.is_err()
    }
}

/// A request that is recognised and authorised.
#[derive(Debug)]
struct Admitted {
    route: Route,
    turn: Option<Turn>,
}

/// How a request ends.
#[derive(Debug)]
pub(crate) enum End {
    /// With an answer.
    Answer(Result<Answer, Refusal>),
    /// With a closed connection.
    Close,
    /// Never, until the client disconnects.
    Hang,
}

/// The result of a request.
#[derive(Debug)]
pub(crate) struct Settled {
    /// How it ends.
    pub(crate) end: End,
    /// How long the answer is delayed.
    pub(crate) latency: Duration,
}

/// Information collected while a request is settled.
#[derive(Default)]
struct Findings {
    keys: Vec<String>,
    keys_read: Vec<String>,
    vectors_stored: usize,
    is_throttled: bool,
    latency: Duration,
}

impl Service {
    /// Opens a service on its data.
    pub fn open(options: Options) -> anyhow::Result<Self> {
        let store = Store::open(options.data.as_deref())?;
        let limiter = Mutex::new(Limiter::new(options.requests_per_second, options.vectors_per_second));
        let faults = Mutex::new(Faults::new(&options.faults));
        Ok(Self { options, store, limiter, faults, statistics: Mutex::default(), late: Mutex::default() })
    }

    /// The limits for its clients.
    pub(crate) fn limits(&self) -> ClientLimits {
        self.options.limits
    }

    /// The stored state.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Counts a request as in flight for as long as the guard lives.
    pub(crate) fn begin(self: &Arc<Self>) -> Arc<InFlight> {
        lock(&self.statistics).begin();
        Arc::new(InFlight(Arc::clone(self)))
    }

    /// Processes a request's head: decides everything except the quota of vectors.
    pub(crate) fn receive(&self, head: Head, now: Timestamp) -> Received {
        let route = route(&head.method, &head.path, &head.query, &head.host);
        let operation = route.as_ref().ok().map(|route| route.operation);
        let plan = operation.map(|operation| lock(&self.faults).at_head(operation)).unwrap_or_default();
        let clock = now.plus_seconds(plan.skew_seconds);
        let admitted = route.and_then(|route| self.admit(&head, route, &plan, clock));
        let content_md5 = auth::header(&head.headers, "content-md5").map(str::to_owned);
        let request_id = format!("{:016X}{:08X}", fastrand::u64(..), fastrand::u32(..));
        Received {
            request_id,
            host: head.host,
            clock,
            arrived: head.arrived,
            content_md5,
            operation,
            plan,
            admitted,
        }
    }

    /// Returns whether the connection must be closed before the body is read, and notes it if so.
    pub(crate) fn note_reset_before_body(&self, received: &Received) -> bool {
        let is_reset = received.plan.effect == Some(Effect::ResetBefore);
        if is_reset {
            self.note(received, &End::Close, 0, Findings::default());
        }
        is_reset
    }

    /// Settles a request whose body has arrived. Blocks on the store.
    pub(crate) fn settle(&self, received: &Received, body: Bytes) -> Settled {
        let body_bytes = body.len();
        let mut findings = Findings::default();
        let end = match self.perform(received, body, &mut findings) {
            Ok(end) => end,
            Err(refusal) => End::Answer(Err(refusal)),
        };
        let latency = self.options.latency + received.plan.latency + findings.latency;
        self.note(received, &end, body_bytes, findings);
        Settled { end, latency }
    }

    /// Settles a request whose body exceeds the maximum length.
    pub(crate) fn settle_oversized(&self, received: &Received, most: usize) -> Settled {
        let end = End::Answer(Err(too_large(most as u64)));
        self.note(received, &end, 0, Findings::default());
        Settled { end, latency: self.options.latency }
    }

    /// Admits a request: signature, date, account, and a turn on the quota if it needs one.
    fn admit(&self, head: &Head, route: Route, plan: &Plan, clock: Timestamp) -> Result<Admitted, Refusal> {
        let Options { access_key_id, access_key_secret, region, account, .. } = &self.options;
        let named_account = route.account.as_ref().unwrap_or(account);
        let resource = if route.operation.is_service_level() {
            service_resource(region)
        } else {
            let (bucket, account) = (route.bucket.clone(), named_account.clone());
            Target { bucket, account, region: region.clone() }.resource("")
        };
        let request = Signable {
            method: &head.method,
            resource: &resource,
            query: &head.query,
            headers: &head.headers,
            additional: &[],
        };
        auth::authenticate(&request, AccessKey { id: access_key_id, secret: access_key_secret }, clock)?;
        if plan.effect == Some(Effect::ExpiredToken) {
            return Err(auth::expired_token());
        }
        if named_account != account {
            return Err(auth::denied("The bucket you access does not belong to you."));
        }
        let turn = match route.operation {
            // A request that a fault fails gets the fault's answer, so a missing turn does not matter.
            Operation::PutVectors if plan.effect.is_some() => lock(&self.limiter).admit(head.arrived).ok(),
            Operation::PutVectors => Some(lock(&self.limiter).admit(head.arrived)?),
            _ => None,
        };
        Ok(Admitted { route, turn })
    }

    fn perform(&self, received: &Received, body: Bytes, findings: &mut Findings) -> Result<End, Refusal> {
        let Admitted { route, turn } = received.admitted.as_ref().map_err(|refusal| {
            findings.is_throttled = refusal.is_throttled();
            refusal.clone()
        })?;
        check_digest(received.content_md5.as_deref(), &body)?;
        let length = body.len() as u64;
        let input = Input::read(route.operation, body);
        findings.keys = input.keys();
        findings.keys_read = input.keys_read(route.operation);
        let (keys, keys_read) = (&findings.keys, &findings.keys_read);
        let at_body = lock(&self.faults).at_body(route.operation, Body { length, keys, keys_read });
        findings.latency = at_body.latency;
        refuse_body(at_body.effect)?;

        let effect = received.plan.effect.as_ref();
        let charged = turn.map_or(Ok(()), |turn| lock(&self.limiter).charge(turn, findings.keys.len()));
        if effect.is_none() {
            findings.is_throttled = charged.is_err();
            charged?;
        }
        if let (Some(Effect::Late(after)), Operation::PutVectors) = (effect, route.operation) {
            lock(&self.late).push(Late { after: *after, bucket: route.bucket.clone(), input });
            return Ok(End::Close);
        }
        let apply = effect.map_or(Apply::All, Effect::apply);
        if apply == Apply::None {
            return Ok(end(effect, Answer::empty(200)));
        }
        let context = Context {
            store: &self.store,
            region: &self.options.region,
            account: &self.options.account,
            clock: received.clock,
        };
        let call = Call { operation: route.operation, bucket: &route.bucket, input: &input, apply };
        let Done { answer, vectors_stored } = context.perform(&call)?;
        findings.vectors_stored = vectors_stored;
        if vectors_stored > 0 {
            self.apply_what_is_late(&context);
        }
        Ok(end(effect, answer))
    }

    /// Applies the late requests that are due: one more request was stored.
    fn apply_what_is_late(&self, context: &Context<'_>) {
        let mut late = lock(&self.late);
        late.iter_mut().for_each(|request| request.after -= 1);
        for Late { bucket, input, .. } in late.extract_if(.., |request| request.after == 0) {
            let operation = Operation::PutVectors;
            // No client waits for its answer.
            context.perform(&Call { operation, bucket: &bucket, input: &input, apply: Apply::All }).ok();
        }
    }

    fn note(&self, received: &Received, end: &End, body_bytes: usize, findings: Findings) {
        let (status, code) = match end {
            End::Answer(Ok(answer)) => (Some(answer.status), String::new()),
            End::Answer(Err(refusal)) => (Some(refusal.status), refusal.code.clone()),
            End::Close | End::Hang => (None, String::new()),
        };
        lock(&self.statistics).note(Seen {
            arrived: received.arrived,
            operation: received.operation,
            status,
            code,
            request_id: received.request_id.clone(),
            is_throttled: findings.is_throttled,
            body_bytes,
            vectors_received: findings.keys.len(),
            vectors_stored: findings.vectors_stored,
            keys: if self.options.log_keys { findings.keys } else { Vec::new() },
            keys_read: if self.options.log_keys { findings.keys_read } else { Vec::new() },
        });
    }
}

/// A request in flight, until all its holders have dropped this.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Service>);

impl Drop for InFlight {
    fn drop(&mut self) {
        lock(&self.0.statistics).end();
    }
}

impl From<Exceeded> for Refusal {
    fn from(_: Exceeded) -> Self {
        Self::throttled()
    }
}

/// The end of a request that was performed as far as a fault allows.
fn end(effect: Option<&Effect>, answer: Answer) -> End {
    match effect {
        Some(Effect::Fail { status, code, retry_after, .. }) => {
            let refusal = Refusal::new(*status, code, "A scripted fault of the local service.");
            End::Answer(Err(Refusal { retry_after: *retry_after, ..refusal }))
        }
        Some(Effect::ResetBefore | Effect::ResetAfter { .. }) => End::Close,
        Some(Effect::Hang { .. }) => End::Hang,
        _ => End::Answer(Ok(answer)),
    }
}

fn refuse_body(effect: Option<Effect>) -> Result<(), Refusal> {
    match effect {
        Some(Effect::MostBody(most)) => Err(too_large(most)),
        Some(Effect::RefuseKey { key, is_named: true }) => {
            Err(Refusal::parameter(format!("The vector with the key {key:?} is invalid.")))
        }
        Some(Effect::FailKey(_)) => {
            Err(Refusal::new(500, "InternalError", "A scripted fault of the local service."))
        }
        Some(Effect::RefuseKey { .. }) => Err(Refusal::parameter("A vector in the request is invalid.")),
        _ => Ok(()),
    }
}

fn too_large(most: u64) -> Refusal {
    Refusal::new(413, "EntityTooLarge", format!("The body exceeds the maximum size of {most} bytes."))
}

/// Compares a body with its optional `Content-MD5`.
fn check_digest(content_md5: Option<&str>, body: &[u8]) -> Result<(), Refusal> {
    let Some(content_md5) = content_md5 else {
        return Ok(());
    };
    if BASE64_STANDARD.encode(Md5::digest(body)) == content_md5.trim() {
        return Ok(());
    }
    Err(Refusal::new(400, "InvalidDigest", "The Content-MD5 you specified does not match the body."))
}

/// Takes a lock; after a panic in another thread, counts and plans are still valid.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
