//! A run that sends nothing: it asks the service whether it would accept a load, and counts what would be sent.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::books::check::{Check, Presence};
use super::books::plan::{DimensionFrom, Outset, Planner};
use super::finished::Finished;
use super::index::{self, Known, Wanted};
use super::load::{Stopping, stopped_at};
use super::pipeline::{Broken, Queued};
use super::report::Reporter;
use super::report::notice::IndexNotice;
use super::send::ending::interrupted;
use super::send::read_back;
use super::settle::{Reading, Settle};
use crate::call::{Budget, Caller, Pacer, Quota};
use crate::exit::Failure;
use crate::oss::client::Client;

/// The items of the pipeline.
type Batches = mpsc::Receiver<Result<Queued, Broken>>;

/// How many records a check reads.
const CHECKED: u64 = 500;

/// How much a run that sends nothing does.
#[derive(Debug, Default)]
pub struct Rehearse {
    /// The service, if it is asked.
    pub client: Option<Client>,
    /// Whether only the first records are read, and the service must respond.
    pub is_check: bool,
    /// Whether the actual load goes to the local service.
    pub is_local: bool,
    /// Whether the actual load reads every batch back.
    pub reads_back: bool,
    /// The command that loads.
    pub command: String,
}

impl Rehearse {
    /// Asks the service, if there is one, and then takes the batches that `start` makes.
    pub(super) async fn run(
        mut self,
        wanted: &Wanted,
        limits: (Quota, Budget),
        (mut settle, interrupt): (Settle, watch::Receiver<bool>),
        start: impl FnOnce(Option<&Known>) -> Batches,
    ) -> Finished {
        match self.ask(wanted, limits, &mut settle, interrupt.clone()).await {
            Ok(known) => {
                if !self.is_check {
                    settle.plans(self.planner(wanted, limits.0, known.as_ref()));
                }
                let batches = start(known.as_ref());
                rehearse(batches, settle, (limits.0, self.is_check), interrupt).await
            }
            Err(failure) => settle.finish(Reading::Stopped, Some(failure)),
        }
    }

    /// Begins the plan of a load.
    fn planner(&mut self, wanted: &Wanted, quota: Quota, known: Option<&Known>) -> Planner {
        let dimension_from = match known {
            Some(Known::Existing(_)) => DimensionFrom::Index,
            _ if wanted.dimension.is_some() => DimensionFrom::Option,
            _ => DimensionFrom::Input,
        };
        Planner::new(Outset {
            index_name: wanted.name.clone(),
            quota,
            reads_back: self.reads_back.then_some(read_back::KEYS),
            dimension_from,
            is_local: self.is_local,
            command: std::mem::take(&mut self.command),
        })
    }

    /// Asks the service whether it would accept a load. A dry run does without a service that cannot be reached.
    async fn ask(
        &mut self,
        wanted: &Wanted,
        (quota, budget): (Quota, Budget),
        settle: &mut Settle,
        interrupt: watch::Receiver<bool>,
    ) -> Result<Option<Known>, Failure> {
        let Some(client) = self.client.take() else { return Ok(None) };
        let (stopping, halted) = Stopping::new(interrupt);
        let reporter = settle.shared_reporter();
        let caller =
            Caller::new(client, Arc::new(Pacer::new(quota)), budget, halted, Arc::clone(&reporter) as Arc<_>);
        let asked = stopping.unless_interrupted(&caller, settle, ask(&caller, &reporter, wanted)).await;
        match asked {
            Ok(known) => Ok(Some(known)),
            Err(failure) if failure.code.is_retryable() && !self.is_check => {
                reporter.note(IndexNotice::NotAsked(failure.message));
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }
}

/// Asks for the bucket and the index.
async fn ask(caller: &Caller, reporter: &Reporter, wanted: &Wanted) -> Result<Known, Failure> {
    let bucket = index::bucket(caller).await?;
    let known = index::look(caller, reporter, wanted).await?;
    let (index, found) = match &known {
        Known::Existing(index) => (Presence::Found, Some(index)),
        Known::ToCreate => (Presence::Missing, None),
        Known::Hidden => (Presence::Hidden, None),
    };
    reporter.checked(Check {
        bucket,
        index,
        dimension: found.map(|index| index.dimension.into()),
        metric: found.map(|index| index.distance_metric.clone()),
        input_dimension: None,
    });
    Ok(known)
}

/// Reads, admits and batches everything, or only the first records, without sending.
async fn rehearse(
    mut batches: Batches,
    mut settle: Settle,
    (quota, is_check): (Quota, bool),
    mut interrupt: watch::Receiver<bool>,
) -> Finished {
    let mut records = 0;
    loop {
        if is_check && records >= CHECKED {
            return settle.finish(stopped_at(batches).await, None);
        }
        let item = tokio::select! {
            item = batches.recv() => item,
            Ok(_) = interrupt.wait_for(|interrupted| *interrupted) => {
                return settle.finish(Reading::Stopped, Some(interrupted()));
            }
        };
        match item {
            Some(Ok(queued)) => {
                records += queued.batch.read();
                settle.reporter().input_has(queued.batch.dimension);
                if let Err(failure) = settle.rehearsed(queued.batch, quota) {
                    return settle.finish(stopped_at(batches).await, Some(failure));
                }
            }
            Some(Err(Broken::Input { failed, before })) => {
                if let Err(failure) = settle.input_failed(*failed, before) {
                    return settle.finish(Reading::Stopped, Some(failure));
                }
            }
            Some(Err(Broken::End(failure))) => return settle.finish(Reading::Stopped, Some(failure)),
            None => return settle.finish(Reading::Exhausted, None),
        }
    }
}
