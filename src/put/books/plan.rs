//! The plan of a load: what a dry run knows that has read its input to the end. Pure.

use std::time::Duration;

use serde::Serialize;

use super::survey::FormCount;
use crate::call::{Forecast, Quota};
use crate::oss::{limits, wire};
use crate::put::batch::Batch;

/// What a load would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Plan {
    /// What the inputs were recognised as.
    pub forms: Vec<FormCount>,
    /// What would be stored as another type.
    pub conversions: Vec<Conversion>,
    /// The number of elements of each vector, if any is good.
    pub dimension: Option<u64>,
    /// What determines the dimension.
    pub dimension_from: Option<DimensionFrom>,
    /// Vectors that would be sent.
    pub vectors: u64,
    /// Requests that would send them.
    pub requests: u64,
    /// The average number of vectors per request, with one decimal.
    pub vectors_per_request: f64,
    /// The bytes of their bodies.
    pub body_bytes: u64,
    /// Requests that would read them back.
    pub read_requests: u64,
    /// Seconds between the first and the last of all these requests at the quota; `None` without one.
    pub seconds: Option<f64>,
    /// When the last of them could be sent at the earliest, if the load began now.
    pub earliest_finish: Option<String>,
    /// The same in the user's time zone.
    #[serde(skip)]
    pub local_finish: Option<String>,
    /// Maximum number of vectors in an index.
    pub index_capacity: u64,
    /// The percentage of an empty index that these take.
    pub capacity_percent: f64,
    /// Whether a load would stop because of too many rejects.
    pub exceeds_max_rejects: bool,
    /// Whether the load would go to the local service.
    pub local: bool,
    /// The command that loads.
    pub command: String,
}

/// Records in which something would be stored as another type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conversion {
    /// Its code.
    pub code: &'static str,
    /// What is converted, in words.
    pub message: &'static str,
    /// How many records.
    pub count: u64,
    /// The place of the first.
    pub first: String,
}

/// What determines the dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DimensionFrom {
    /// The existing index.
    Index,
    /// The command line.
    Option,
    /// The first good record.
    Input,
}

/// What is known about a load before anything is read.
#[derive(Clone, Debug)]
pub(crate) struct Outset {
    /// The name of the index, which is part of every request; empty if unknown.
    pub(crate) index_name: String,
    pub(crate) quota: Quota,
    /// How many keys a request reads back, if every batch is read back.
    pub(crate) reads_back: Option<usize>,
    pub(crate) dimension_from: DimensionFrom,
    pub(crate) is_local: bool,
    pub(crate) command: String,
}

/// Makes the plan, batch by batch.
#[derive(Debug)]
pub(crate) struct Planner {
    plan: Plan,
    dimension_from: DimensionFrom,
    reads_back: Option<usize>,
    /// The bytes of a body in addition to its elements.
    around: u64,
    forecast: Forecast,
}

impl Planner {
    pub(crate) fn new(outset: Outset) -> Self {
        let Outset { index_name, quota, reads_back, dimension_from, is_local, command } = outset;
        let around = wire::put_vectors_prefix(&index_name).len() + wire::PUT_VECTORS_SUFFIX.len();
        Self {
            plan: Plan { local: is_local, command, ..Plan::default() },
            dimension_from,
            reads_back,
            around: around as u64,
            forecast: Forecast::new(quota),
        }
    }

    /// Counts a batch that would be sent.
    pub(crate) fn count(&mut self, batch: &Batch) {
        let (vectors, plan) = (batch.vectors.len(), &mut self.plan);
        plan.dimension = plan.dimension.or(batch.dimension.map(|dimension| dimension as u64));
        if vectors == 0 {
            return;
        }
        plan.vectors += vectors as u64;
        plan.requests += 1;
        plan.body_bytes += self.around + batch.bytes() as u64;
        self.forecast.request(vectors);
        for _ in 0..self.reads_back.map_or(0, |keys| vectors.div_ceil(keys)) {
            plan.read_requests += 1;
            self.forecast.request(0);
        }
    }

    /// Notes that a load would have stopped by now.
    pub(crate) fn exceeds_max_rejects(&mut self) {
        self.plan.exceeds_max_rejects = true;
    }

    /// The plan, once everything is counted.
    pub(crate) fn plan(self) -> Plan {
        let Plan { vectors, requests, dimension, .. } = self.plan;
        let per_request = if requests == 0 { 0.0 } else { float(vectors) / float(requests) };
        let capacity = limits::VECTORS_PER_INDEX;
        Plan {
            dimension_from: dimension.map(|_| self.dimension_from),
            vectors_per_request: (per_request * 10.0).round() / 10.0,
            seconds: self.forecast.time().map(|time| (time.as_secs_f64() * 1_000.0).round() / 1_000.0),
            index_capacity: capacity,
            capacity_percent: float(vectors) * 100.0 / float(capacity),
            ..self.plan
        }
    }
}

impl Plan {
    /// The time between the first and the last request, if there is a quota.
    pub(crate) fn time(&self) -> Option<Duration> {
        self.seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    }

    /// The bytes of all files; `None` if one of them is a pipe.
    pub(crate) fn input_bytes(&self) -> Option<u64> {
        self.forms.iter().map(|form| form.bytes).sum()
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with few digits")]
fn float(number: u64) -> f64 {
    number as f64
}
