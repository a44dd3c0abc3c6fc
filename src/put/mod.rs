//! The path of the data: one file a step, in this order.

pub mod batch;
pub(crate) mod books;
mod dispatch;
mod finished;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod index;
mod job;
pub mod keep;
mod load;
mod pipeline;
mod rehearse;
pub mod report;
mod send;
mod settle;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

use self::books::ledger::Ledger;
pub use self::books::ledger::{Bounds, MaxRejects};
pub(crate) use self::books::tally::Tally;
use self::books::tracker::{Mark, Settled};
use self::dispatch::Dispatch;
pub use self::finished::Finished;
use self::index::Known;
pub use self::index::Wanted;
pub use self::job::{Calls, Job};
use self::keep::checkpoint::Checkpoint;
pub use self::keep::checkpoint::Keep;
use self::keep::journal::Binding;
use self::keep::resume::{IndexNow, Resumed};
use self::load::{Load, Stopping};
use self::pipeline::Plan;
use self::pipeline::first_look::FirstLook;
pub use self::rehearse::Rehearse;
use self::report::{Events, Reporter, Telling};
use self::send::Sender;
pub use self::send::Verify;
use self::send::control::{Beginning, Control};
pub(crate) use self::send::ending::failed;
use self::send::evidence::Evidence;
use self::send::late::Late;
use self::settle::{Reading, Settle, code_of};
use crate::admit;
use crate::call::{Caller, Pacer};
use crate::exit::{ErrorCode, Failure};
use crate::oss::wire;
use crate::read::{self, ReadError};
use crate::record::Input;

/// So many vectors of another dimension than the index's, and none of its own, are no few bad records of a load.
const CONTRADICTING: u64 = 10;

/// Loads the inputs: the whole path.
pub async fn run(job: Job, calls: Calls) -> Finished {
    let (mut checkpoint, mark) = match keep(&job) {
        Ok(kept) => kept,
        Err(failure) => return never_begun(job.telling, failure),
    };
    let (telling, taken) = job.telling.claimed();
    let reporter = Arc::new(Reporter::new(Telling { resumed: mark.is_some(), ..telling }));
    checkpoint.take_notes().into_iter().for_each(|note| reporter.note(note));
    let _answering = answer(calls.progress, Arc::clone(&reporter));
    let mark = mark.unwrap_or_default();
    let (bound, counted) = checkpoint.bound();
    let mut settle = Settle::new(Arc::clone(&reporter), job.bounds, checkpoint, mark.counts);
    if let Some(failure) = taken {
        return settle.finish(Reading::Stopped, Some(failure));
    }
    let from = (mark != Mark::default()).then_some(mark.position);
    let blocks = match read::open(&job.inputs, &job.form, from) {
        Ok(blocks) => blocks,
        Err(error) => return settle.finish(Reading::Stopped, Some(unreadable(&error))),
    };
    let prefix = wire::put_vectors_prefix(&job.wanted.name);
    let (is_rehearsal, index_name) = (job.client.is_none(), job.wanted.name.clone());
    let plan = |rules: admit::Rules, known: Option<&Known>| Plan {
        fields: job.fields.clone(),
        first_look: FirstLook::new(job.inputs.clone(), rules.dimension)
            .of_fields(job.strict, from.is_some())
            .of_index(contradicted(known, &index_name, is_rehearsal)),
        rules,
        limits: job.limits,
        memory: job.memory,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        settled: mark.ahead.clone(),
        prefix: (!is_rehearsal).then(|| prefix.clone()),
        strict: job.strict,
        reporter: Arc::clone(&reporter),
    };
    let rules = wanted_rules(&job.wanted, job.metadata_values, job.limits, &bound);
    let Some(client) = job.client else {
        let start = |known: Option<&Known>| {
            let rules = known.into_iter().fold(rules, |rules, known| known_rules(rules, known, &job.wanted));
            pipeline::start(blocks, &plan(rules, known))
        };
        return job
            .rehearse
            .run(&job.wanted, (job.quota, job.budget), (settle, calls.interrupt), start)
            .await;
    };
    let (stopping, halted) = Stopping::new(calls.interrupt);
    let caller = Caller::new(client, Arc::new(Pacer::new(job.quota)), job.budget, halted, reporter.clone());
    let resumed = Resumed { bound: &bound, counts: counted };
    let look = index::look(&caller, &reporter, &job.wanted);
    let looked = stopping.unless_interrupted(&caller, &mut settle, look).await;
    let begun = looked.and_then(|known| begin(known, &job.wanted, &resumed, &mut settle));
    let (known, settled) = match begun {
        Ok(known) => known,
        Err(failure) => return settle.finish(Reading::Stopped, Some(failure)),
    };
    let rules = known_rules(rules, &known, &job.wanted);
    let has_stored = settled.stored > 0;
    let beginning = has_stored.then(|| beginning((&job.inputs, &job.form, &job.fields), rules.clone()));
    let sender = Arc::new(Sender {
        caller,
        reporter: Arc::clone(&reporter),
        index_name: job.wanted.name.clone(),
        prefix: prefix.clone(),
        verify: job.verify,
        evidence: Evidence::of_earlier(has_stored),
        late: Late::default(),
        room: send::Room::default(),
        control: Control::new(beginning),
    });
    let may_be_missing = known.may_be_missing(&job.wanted, settled);
    let create = may_be_missing.then_some(Wanted { metric: rules.metric, ..job.wanted });
    let (plan, known) = (plan(rules.clone(), Some(&known)), in_force(&known, &rules));
    let dispatch = Dispatch::new(Arc::clone(&sender), job.jobs, settle.listed());
    let load = Load { sender, dispatch, settle, stopping, create, known };
    Box::pin(load.run(pipeline::start(blocks, &plan))).await
}

/// What the load began with, from which an earlier run has stored records.
fn beginning(
    (inputs, form, fields): (&[Input], &read::Form, &admit::Fields),
    rules: admit::Rules,
) -> Beginning {
    Beginning { inputs: inputs.to_vec(), form: form.clone(), fields: fields.clone(), rules }
}

/// The index that the first vectors can contradict, and how many of them must.
fn contradicted(known: Option<&Known>, name: &str, is_rehearsal: bool) -> Option<(String, u64)> {
    let least = if is_rehearsal { 1 } else { CONTRADICTING };
    known.filter(|known| known.is_there()).map(|_| (name.to_owned(), least))
}

/// Whether the load goes on in the index that is known so; then puts what the run keeps on disk in its place. Returns
/// what earlier runs settled of the load, too.
fn begin(
    known: Known,
    wanted: &Wanted,
    resumed: &Resumed<'_>,
    settle: &mut Settle,
) -> Result<(Known, Settled), Failure> {
    let index = IndexNow { wanted, known: &known };
    let doubt = resumed.goes_on_in(index).map_err(|failure| settle.refused(failure))?;
    if let Some(note) = doubt {
        settle.reporter().note(note);
    }
    let settled = settle.start(index)?;
    // Where nobody may look, whether the index is a new one shows when it is created.
    if !matches!(known, Known::Hidden) || !known.may_be_missing(wanted, settled) {
        settle.tell_of_earlier();
    }
    Ok((known, settled))
}

/// Tells how far the run is whenever somebody asks, until what comes back is dropped.
fn answer(mut calls: watch::Receiver<u64>, reporter: Arc<Reporter>) -> JoinSet<()> {
    let mut answering = JoinSet::new();
    answering.spawn(async move {
        while calls.changed().await.is_ok() {
            reporter.tell_now();
        }
    });
    answering
}

/// Opens what the run keeps on disk; a rehearsal keeps no journal.
fn keep(job: &Job) -> Result<(Checkpoint, Option<Mark>), Failure> {
    if job.client.is_none() {
        return Ok((Checkpoint::rehearsal(job.inputs.clone(), job.keep.rejects.clone())?, None));
    }
    Checkpoint::open(job.keep.clone(), job.inputs.clone())
}

/// The end of a run that could not even begin.
fn never_begun(telling: Telling, failure: Failure) -> Finished {
    // What held it up may be another run, which writes to the same files.
    let events = telling.events.filter(|events| matches!(events, Events::Output));
    let metrics = telling.metrics.filter(|_| failure.code != ErrorCode::InUse);
    let (summary, _) = Reporter::new(Telling { events, metrics, ..telling })
        .finish(&Ledger::default(), |summary| summary.fail(&failure));
    Finished { summary, failure: Some(failure) }
}

/// What is known of the index that vectors are going to; its dimension may still be missing.
fn in_force(known: &Known, rules: &admit::Rules) -> Binding {
    match known {
        Known::Existing(index) => Binding::of(index),
        Known::ToCreate | Known::Hidden => Binding::said(rules.dimension, rules.metric),
    }
}

/// The rules as far as the command line and earlier runs say them.
fn wanted_rules(
    wanted: &Wanted,
    metadata_values: admit::MetadataValues,
    limits: batch::Limits,
    bound: &Binding,
) -> admit::Rules {
    admit::Rules {
        dimension: wanted.dimension.or(bound.dimension),
        metric: wanted.metric.or_else(|| bound.known_metric()).or(wanted.usual_metric),
        non_filterable: Some(wanted.non_filterable.clone().unwrap_or_default()),
        metadata_values,
        largest: limits.bytes,
    }
}

/// What the index adds to the rules.
fn known_rules(rules: admit::Rules, known: &Known, wanted: &Wanted) -> admit::Rules {
    match known {
        Known::Existing(index) => admit::Rules {
            dimension: usize::try_from(index.dimension).ok(),
            metric: index.metric().or(rules.metric),
            non_filterable: Some(index.metadata.non_filterable_metadata_keys.clone()),
            ..rules
        },
        Known::ToCreate => rules,
        Known::Hidden if wanted.create_index => rules,
        Known::Hidden => admit::Rules { non_filterable: None, ..rules },
    }
}

/// The end of a run whose input cannot be read, or not to its end.
pub(crate) fn unreadable(error: &ReadError) -> Failure {
    Failure::from_lines(code_of(error), &error.to_string())
}
