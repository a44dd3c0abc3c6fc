//! Scripted faults: refuse, reset, delay, hang, write only a part. Parses what must happen and decides when.
//!
//! A fault is written as `key=value` pairs and bare words, joined by commas. It defines which requests it affects, and
//! what happens to them; a request that no fault affects is served normally.
//!
//! | which requests | |
//! |---|---|
//! | `op=PutVectors` | only this operation; without it, any |
//! | `nth=3` | only the third of them |
//! | `from=3` | the third and all that follow |
//! | `every=5` | the fifth, the tenth, … |
//! | `probability=0.1` | each with this chance |
//! | `seed=7` | of the chance; 0 by default, so that a run is reproducible |
//! | `count=2` | at most twice |
//!
//! | what happens | |
//! |---|---|
//! | `status=503` | an error answer |
//! | `code=InternalError` | … with this code rather than the status's own |
//! | `retry-after=2` | … with a `Retry-After` header |
//! | `apply=250`, `half`, `all`, `none` | before a failing answer, a reset or a hang, this much of the batch is stored; only after a reset the default is `all` |
//! | `reset=before`, `reset=after` | the connection is closed before the body is read, or when everything is done but the answer |
//! | `hang` | there is never an answer |
//! | `latency=200ms` | the answer is delayed by this; alone or with one of the others |
//! | `expired-token` | 403 `SecurityTokenExpired` |
//! | `skew=20m`, `skew=-20m` | the service's clock is off by this, in its `Date` header and when it checks the request's |
//! | `refuse-key=KEY` | 400 for every batch that holds this key (which cannot hold a comma) |
//! | `name-key` | … and the message names the key |
//! | `fail-key=KEY` | 500 for every batch that holds this key |
//! | `late=3` | there is no answer, and the batch is stored later: after the third further `PutVectors` that stores something |
//! | `max-body=1000000` | 413 `EntityTooLarge` for every longer body |
//!
//! Requests are counted as their heads arrive, including those that the service refuses anyway. A wrong signature is
//! refused before a fault's error answer, a used-up quota is not. If several faults affect one request, the first one
//! written decides, while delays and skews add up.
//!
//! `nth`, `from`, `every`, `probability` and `count` consider only requests that match the rest of the fault: the third
//! batch with the poisoned key, not the third batch. Durations are an integer with `ms`, `s`, `m` or `h`.
//!
//! ```text
//! op=PutVectors,nth=3,status=503,apply=250
//! op=PutVectors,probability=0.1,seed=7,reset=after
//! op=PutVectors,every=5,status=429,code=QpsLimitExceeded,retry-after=2
//! refuse-key=row-17,name-key
//! count=1,expired-token
//! skew=20m
//! ```

use std::time::Duration;

use crate::oss::operation::Operation;

/// One scripted fault: which requests it affects, and what happens to them.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    operation: Option<Operation>,
    nth: Option<u64>,
    from: Option<u64>,
    every: Option<u64>,
    probability: Option<f64>,
    seed: u64,
    count: Option<u64>,
    latency: Duration,
    effect: Option<Effect>,
}

/// What a fault does to a request, apart from delaying it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// An error answer.
    Fail { status: u16, code: String, retry_after: Option<u64>, apply: Apply },
    /// The connection closes before the body is read.
    ResetBefore,
    /// The connection closes when everything is done but the answer.
    ResetAfter { apply: Apply },
    /// There is never an answer.
    Hang { apply: Apply },
    /// The temporary access key has expired.
    ExpiredToken,
    /// The clock is off by this many seconds.
    Skew(i64),
    /// A batch with this key is refused.
    RefuseKey { key: String, is_named: bool },
    /// A batch with this key fails.
    FailKey(String),
    /// The connection closes, and the request is applied after this many further ones.
    Late(u64),
    /// A longer body is refused.
    MostBody(u64),
}

impl Effect {
    /// How much of a request is applied although it fails.
    pub(crate) fn apply(&self) -> Apply {
        match self {
            Self::Fail { apply, .. } | Self::ResetAfter { apply } | Self::Hang { apply } => *apply,
            _ => Apply::None,
        }
    }
}

/// How much of a batch is stored before the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Apply {
    /// Nothing; the request has no effect at all.
    None,
    /// This many vectors from the start of the batch.
    First(usize),
    /// Half of the vectors, rounded down.
    Half,
    /// The whole request.
    All,
}

impl Apply {
    /// How many of these vectors are stored.
    pub(crate) fn of(self, vectors: usize) -> usize {
        match self {
            Self::None => 0,
            Self::First(number) => number.min(vectors),
            Self::Half => vectors / 2,
            Self::All => vectors,
        }
    }
}

/// A fault's text, field by field.
#[derive(Default)]
struct Fields<'a> {
    given: Vec<(&'a str, &'a str)>,
}

impl<'a> Fields<'a> {
    const KNOWN: [&'static str; 21] = [
        "op",
        "nth",
        "from",
        "every",
        "probability",
        "seed",
        "count",
        "status",
        "code",
        "retry-after",
        "apply",
        "reset",
        "hang",
        "latency",
        "expired-token",
        "skew",
        "refuse-key",
        "name-key",
        "fail-key",
        "late",
        "max-body",
    ];

    fn parse(spec: &'a str) -> Result<Self, String> {
        let mut fields = Self::default();
        for field in spec.split(',').map(str::trim).filter(|field| !field.is_empty()) {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            if !Self::KNOWN.contains(&name) {
                return Err(format!("unknown word {name:?}: expected one of {}", Self::KNOWN.join(", ")));
            }
            if matches!(name, "hang" | "expired-token" | "name-key") != value.is_empty() {
                return Err(format!(
                    "{name} {}",
                    if value.is_empty() { "requires a value" } else { "takes no value" }
                ));
            }
            if fields.text(name).is_some() {
                return Err(format!("{name} is given twice"));
            }
            fields.given.push((name, value));
        }
        Ok(fields)
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.given.iter().find(|(given, _)| *given == name).map(|(_, value)| *value)
    }

    fn has(&self, name: &str) -> bool {
        self.text(name).is_some()
    }

    fn read<T>(&self, name: &str, read: impl Fn(&str) -> Option<T>, what: &str) -> Result<Option<T>, String> {
        let Some(value) = self.text(name) else {
            return Ok(None);
        };
        read(value).map(Some).ok_or_else(|| format!("invalid value {value:?} for {name}: expected {what}"))
    }

    fn number(&self, name: &str) -> Result<Option<u64>, String> {
        self.read(name, |value| value.parse().ok().filter(|number| *number > 0), "a whole number above 0")
    }

    /// The only effect, if the fault does more than delay.
    fn effect(&self) -> Result<Option<Effect>, String> {
        let kinds = [
            "status",
            "reset",
            "hang",
            "expired-token",
            "skew",
            "refuse-key",
            "fail-key",
            "late",
            "max-body",
        ];
        let chosen: Vec<&str> = kinds.into_iter().filter(|kind| self.has(kind)).collect();
        let [kind] = chosen.as_slice() else {
            return match chosen.as_slice() {
                [] => self.only_with("").map(|()| None),
                many => Err(format!("{} cannot be combined in one fault", many.join(" and "))),
            };
        };
        self.only_with(kind)?;
        match *kind {
            "status" => self.fail().map(Some),
            "reset" => self.reset().map(Some),
            "hang" => Ok(Some(Effect::Hang { apply: self.apply()?.unwrap_or(Apply::None) })),
            "expired-token" => Ok(Some(Effect::ExpiredToken)),
            "skew" => {
                Ok(self.read("skew", signed_seconds, "a duration such as 20m or -20m")?.map(Effect::Skew))
            }
            "refuse-key" => Ok(self
                .text("refuse-key")
                .map(|key| Effect::RefuseKey { key: key.to_owned(), is_named: self.has("name-key") })),
            "fail-key" => Ok(self.text("fail-key").map(|key| Effect::FailKey(key.to_owned()))),
            "late" => Ok(self.number("late")?.map(Effect::Late)),
            _ => Ok(self.number("max-body")?.map(Effect::MostBody)),
        }
    }

    /// Refuses words that have no meaning with this kind of effect.
    fn only_with(&self, kind: &str) -> Result<(), String> {
        let rows = [
            ("code", &["status"] as &[&str]),
            ("retry-after", &["status"]),
            ("apply", &["status", "reset", "hang"]),
            ("name-key", &["refuse-key"]),
        ];
        match rows.into_iter().find(|(word, kinds)| self.has(word) && !kinds.contains(&kind)) {
            Some((word, kinds)) => Err(format!(
                "{word} requires {}{}",
                if kinds.len() > 1 { "one of " } else { "" },
                kinds.join(", ")
            )),
            None => Ok(()),
        }
    }

    fn fail(&self) -> Result<Effect, String> {
        let is_error = |value: &str| value.parse().ok().filter(|status| (400..600).contains(status));
        let status = self.read("status", is_error, "a status from 400 to 599")?.unwrap_or(500);
        let code = self.text("code").unwrap_or_else(|| usual_code(status)).to_owned();
        let apply = self.apply()?.unwrap_or(Apply::None);
        Ok(Effect::Fail { status, code, retry_after: self.number("retry-after")?, apply })
    }

    fn reset(&self) -> Result<Effect, String> {
        match (self.text("reset"), self.apply()?) {
            (Some("after"), apply) => Ok(Effect::ResetAfter { apply: apply.unwrap_or(Apply::All) }),
            (Some("before"), None | Some(Apply::None)) => Ok(Effect::ResetBefore),
            (Some("before"), _) => Err("apply cannot be used with reset=before".to_owned()),
            (value, _) => Err(format!(
                "invalid value {:?} for reset: expected before or after",
                value.unwrap_or_default()
            )),
        }
    }

    fn apply(&self) -> Result<Option<Apply>, String> {
        let read = |value: &str| match value {
            "none" => Some(Apply::None),
            "half" => Some(Apply::Half),
            "all" => Some(Apply::All),
            number => number.parse().ok().map(Apply::First),
        };
        self.read("apply", read, "a number, half, all or none")
    }
}

/// The code that the service itself would send with this status.
fn usual_code(status: u16) -> &'static str {
    match status {
        400 => "VectorIndexParameterInvalid",
        401 | 403 => "AccessDenied",
        404 => "NoSuchVectorIndex",
        408 => "RequestTimeout",
        413 => "EntityTooLarge",
        429 => "QpsLimitExceeded",
        503 => "ServiceUnavailable",
        _ => "InternalError",
    }
}

fn duration(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|unit: char| unit.is_ascii_alphabetic());
    let number = digits.parse().ok()?;
    match text.strip_prefix(digits)? {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    }
}

fn signed_seconds(text: &str) -> Option<i64> {
    let (sign, length) = text.strip_prefix('-').map_or((1, text), |length| (-1, length));
    let seconds = i64::try_from(duration(length)?.as_secs()).ok()?;
    Some(sign * seconds)
}

impl Fault {
    /// Parses a fault; the grammar is at the top of this module.
    pub fn parse(spec: &str) -> Result<Self, String> {
        let fields = Fields::parse(spec)?;
        let chance = |value: &str| value.parse().ok().filter(|chance| (0.0..=1.0).contains(chance));
        let fault = Self {
            operation: fields.read("op", Operation::by_name, "an operation such as PutVectors")?,
            nth: fields.number("nth")?,
            from: fields.number("from")?,
            every: fields.number("every")?,
            probability: fields.read("probability", chance, "a number from 0 to 1")?,
            seed: fields.read("seed", |value| value.parse().ok(), "a whole number")?.unwrap_or(0),
            count: fields.number("count")?,
            latency: fields.read("latency", duration, "a duration such as 200ms")?.unwrap_or_default(),
            effect: fields.effect()?,
        };
        if fault.effect.is_none() && fault.latency.is_zero() {
            return Err("it has no effect; add one, such as status=503".to_owned());
        }
        Ok(fault)
    }

    /// Whether the fault can be decided only once the body has arrived.
    fn looks_at_body(&self) -> bool {
        matches!(self.effect, Some(Effect::RefuseKey { .. } | Effect::FailKey(_) | Effect::MostBody(_)))
    }
}

/// What is known about a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Body<'a> {
    /// Its length in bytes.
    pub(crate) length: u64,
    /// The keys of its vectors, if they could be read.
    pub(crate) keys: &'a [String],
    /// The keys that are requested. They count for a fault that names their operation.
    pub(crate) keys_read: &'a [String],
}

/// What the faults do to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The total delay of the answer.
    pub(crate) latency: Duration,
    /// The total clock skew.
    pub(crate) skew_seconds: i64,
    /// The first other effect.
    pub(crate) effect: Option<Effect>,
}

/// A fault and how many requests have matched it.
#[derive(Debug)]
struct Armed {
    fault: Fault,
    met: u64,
    fired: u64,
    chance: fastrand::Rng,
}

impl Armed {
    fn fires(&mut self, operation: Operation, body: Option<Body<'_>>) -> bool {
        let fault = &self.fault;
        let is_meant = fault.operation.is_none_or(|meant| meant == operation)
            && match (&fault.effect, body) {
                (Some(Effect::RefuseKey { key, .. } | Effect::FailKey(key)), Some(body)) => {
                    let is_named = fault.operation.is_some();
                    body.keys.contains(key) || is_named && body.keys_read.contains(key)
                }
                (Some(Effect::MostBody(most)), Some(body)) => body.length > *most,
                _ => true,
            };
        if !is_meant || fault.count.is_some_and(|count| self.fired >= count) {
            return false;
        }
        self.met += 1;
        // Drawn for each matching request, so that the draw depends only on the order of requests.
        let is_lucky = fault.probability.is_none_or(|probability| self.chance.f64() < probability);
        let is_due = fault.nth.is_none_or(|nth| nth == self.met)
            && fault.from.is_none_or(|from| from <= self.met)
            && fault.every.is_none_or(|every| self.met.is_multiple_of(every));
        if is_lucky && is_due {
            self.fired += 1;
        }
        is_lucky && is_due
    }
}

/// All faults of a service, with their counts.
#[derive(Debug)]
pub(crate) struct Faults(Vec<Armed>);

impl Faults {
    /// Arms the faults; each has its own random generator, from its own seed.
    pub(crate) fn new(faults: &[Fault]) -> Self {
        let arm = |fault: &Fault| Armed {
            fault: fault.clone(),
            met: 0,
            fired: 0,
            chance: fastrand::Rng::with_seed(fault.seed),
        };
        Self(faults.iter().map(arm).collect())
    }

    /// What happens to a request, as far as its head decides.
    pub(crate) fn at_head(&mut self, operation: Operation) -> Plan {
        self.plan(operation, None)
    }

    /// What happens to a request, as far as its body decides.
    pub(crate) fn at_body(&mut self, operation: Operation, body: Body<'_>) -> Plan {
        self.plan(operation, Some(body))
    }

    fn plan(&mut self, operation: Operation, body: Option<Body<'_>>) -> Plan {
        let mut plan = Plan::default();
        for armed in self.0.iter_mut().filter(|armed| armed.fault.looks_at_body() == body.is_some()) {
            if !armed.fires(operation, body) {
                continue;
            }
            plan.latency += armed.fault.latency;
            match &armed.fault.effect {
                Some(Effect::Skew(seconds)) => plan.skew_seconds += seconds,
                effect => plan.effect = plan.effect.take().or_else(|| effect.clone()),
            }
        }
        plan
    }
}

#[cfg(test)]
mod tests;
