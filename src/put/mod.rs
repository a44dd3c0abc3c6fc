//! The path of the data: one file per step, in this order.

mod again;
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
mod strict;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

use self::again::{Role, Search};
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
use self::keep::journal::{Binding, input_list};
pub(crate) use self::keep::kept::FromList;
pub use self::keep::kept::Keep;
use self::keep::resume::{IndexNow, Resumed};
use self::load::{Load, Stopping};
use self::pipeline::Plan;
use self::pipeline::first_look::FirstLook;
pub use self::rehearse::Rehearse;
use self::report::{Events, Reporter, StatePlace, Telling};
use self::send::Sender;
pub use self::send::Verify;
use self::send::control::{Beginning, Control};
pub(crate) use self::send::ending::failed;
use self::send::evidence::Evidence;
use self::send::late::Late;
use self::settle::{Reading, Settle, code_of};
use self::strict::Earlier;
use crate::admit;
use crate::call::{Caller, Pacer};
use crate::exit::{ErrorCode, Failure};
use crate::lint;
use crate::oss::wire;
use crate::read::{self, ReadError};
use crate::record::Input;

/// From this many vectors of another dimension than the index's, with none of the right one, the load as a whole is
/// wrong.
const CONTRADICTING: u64 = 10;

/// Loads the inputs: the whole path.
pub async fn run(job: Job, calls: Calls) -> Finished {
    let mut checkpoint = match keep(&job) {
        Ok(kept) => kept,
        Err(failure) => return never_begun(job.telling, failure),
    };
    let (telling, taken) = job.telling.claimed();
    let (state, resumed) = (state_place(&checkpoint, &job.keep), checkpoint.is_resumed());
    let reporter = Arc::new(Reporter::new(Telling { state, resumed, ..telling }));
    checkpoint.take_notes().into_iter().for_each(|note| reporter.note(note));
    let _answering = answer(calls.progress, Arc::clone(&reporter));
    let mut settle = Settle::new(Arc::clone(&reporter), job.bounds, checkpoint);
    if let Some(failure) = taken {
        return settle.finish(Reading::Stopped, Some(failure));
    }
    let (prefix, is_rehearsal) = (wire::put_vectors_prefix(&job.wanted.name), job.client.is_none());
    let source = Source {
        inputs: job.inputs,
        form: job.form,
        fields: job.fields,
        metadata_values: job.metadata_values,
        lint: job.lint,
        limits: job.limits,
        wanted: job.wanted,
        reporter: Arc::clone(&reporter),
    };
    let plan = |rules: admit::Rules, mark: Option<&Mark>, known: Option<&Known>| Plan {
        fields: source.fields.clone(),
        first_look: FirstLook::new(source.inputs.clone(), rules.dimension)
            .of_fields(job.strict, mark.is_some())
            .of_index(contradicted(known, &source.wanted.name, is_rehearsal)),
        rules,
        limits: source.limits,
        sample: job.sample,
        memory: job.memory,
        settled: mark.map_or_else(Vec::new, |mark| mark.ahead.clone()),
        prefix: (!is_rehearsal && !source.wanted.only_reads).then(|| prefix.clone()),
        hashes: job.content_md5,
        strict: job.strict,
        reporter: Arc::clone(&reporter),
    };
    let Some(client) = job.client else {
        let blocks = match source.surveyed() {
            Ok(blocks) => blocks,
            Err(failure) => return settle.finish(Reading::Stopped, Some(failure)),
        };
        let start = |known: Option<&Known>| {
            let rules = source.rules(&Binding::default());
            let rules =
                known.into_iter().fold(rules, |rules, known| known_rules(rules, known, &source.wanted));
            pipeline::start(blocks, &plan(rules, None, known))
        };
        let (limits, outer) = ((job.quota, job.budget), (settle, calls.interrupt));
        return Box::pin(job.rehearse.run(&source.wanted, limits, outer, start)).await;
    };
    let (stopping, halted) = Stopping::new(calls.interrupt);
    let caller = Caller::new(client, Arc::new(Pacer::new(job.quota)), job.budget, halted, reporter.clone());
    let ready = match ready(&source, job.strict, &caller, &stopping, &mut settle).await {
        Ok(Some(ready)) => ready,
        Ok(None) => return settle.finish(Reading::Exhausted, None),
        Err(failure) => return settle.finish(Reading::Stopped, Some(failure)),
    };
    let Ready { known, rules, settled, mark, blocks } = ready;
    let sender = Arc::new(Sender {
        caller,
        reporter: Arc::clone(&reporter),
        index_name: source.wanted.name.clone(),
        prefix: prefix.clone(),
        verify: if source.wanted.only_reads { Verify::InPlaceOfSending } else { job.verify },
        evidence: Evidence::of_earlier(settled.stored > 0),
        late: Late::default(),
        room: send::Room::default(),
        control: Control::new((settled.stored > 0).then(|| source.beginning(&rules))),
    });
    let may_be_missing = known.may_be_missing(&source.wanted, settled);
    let create = may_be_missing.then(|| Wanted { metric: rules.metric, ..source.wanted.clone() });
    let (plan, known) = (plan(rules.clone(), mark.as_ref(), Some(&known)), in_force(&known, &rules));
    let dispatch = Dispatch::new(Arc::clone(&sender), job.jobs, settle.listed());
    let load = Load { sender, dispatch, settle, stopping, create, known };
    Box::pin(load.run(pipeline::start(blocks, &plan))).await
}

/// The index that the first vectors may contradict, and how many of them it takes.
fn contradicted(known: Option<&Known>, name: &str, is_rehearsal: bool) -> Option<(String, u64)> {
    let least = if is_rehearsal { 1 } else { CONTRADICTING };
    known.filter(|known| known.is_there()).map(|_| (name.to_owned(), least))
}

/// What to read, how, and where it goes.
struct Source {
    inputs: Vec<Input>,
    form: read::Form,
    fields: admit::Fields,
    metadata_values: admit::MetadataValues,
    lint: lint::Mode,
    limits: batch::Limits,
    wanted: Wanted,
    reporter: Arc<Reporter>,
}

impl Source {
    /// The rules from the command line, and from earlier runs, which were bound by them.
    fn rules(&self, bound: &Binding) -> admit::Rules {
        let rules = wanted_rules(&self.wanted, self.metadata_values, self.limits, bound);
        admit::Rules { lint: self.lint, ..rules }
    }

    /// The records from where an earlier run stopped.
    fn blocks(&self, mark: Option<&Mark>) -> Result<read::Blocks, Failure> {
        let from = mark.map(|mark| mark.position);
        read::open(&self.inputs, &self.form, from).map_err(|error| unreadable(&error))
    }

    /// All records; also reports what the inputs were recognised as.
    fn surveyed(&self) -> Result<read::Blocks, Failure> {
        let reporter = Arc::clone(&self.reporter);
        Ok(self.blocks(None)?.when_opened(move |input, opened| reporter.opened(input, opened)))
    }

    fn beginning(&self, rules: &admit::Rules) -> Beginning {
        Beginning {
            inputs: self.inputs.clone(),
            form: self.form.clone(),
            fields: self.fields.clone(),
            // Vectors stored by an earlier run may have lint.
            rules: admit::Rules { lint: lint::Mode::Off, ..rules.clone() },
        }
    }

    fn search(&self, roles: Vec<Role>, rules: &admit::Rules) -> Search {
        let Beginning { inputs, form, fields, rules } = self.beginning(rules);
        Search { inputs, roles, form, fields, rules }
    }
}

/// What is known once a load can begin to read.
struct Ready {
    known: Known,
    rules: admit::Rules,
    /// What earlier runs of the load settled.
    settled: Settled,
    mark: Option<Mark>,
    blocks: read::Blocks,
}

/// Looks at the index and decides what is left to load; `None` if complete loads have left nothing to do.
async fn ready(
    source: &Source,
    is_strict: bool,
    caller: &Caller,
    stopping: &Stopping,
    settle: &mut Settle,
) -> Result<Option<Ready>, Failure> {
    let look = index::look(caller, &source.reporter, &source.wanted);
    let known = stopping.unless_interrupted(caller, settle, look).await?;
    goes_on_in(IndexNow { wanted: &source.wanted, known: &known }, settle)?;
    let rules = known_rules(source.rules(&settle.bound()), &known, &source.wanted);
    let roles = settle.roles();
    if again::is_needed(&roles) {
        let search = source.search(roles, &rules).search();
        let again = stopping.unless_interrupted(caller, settle, search).await?;
        settle.load_again(&again);
    }
    if settle.is_complete()? {
        return Ok(None);
    }
    let settled = begin(&known, &source.wanted, settle)?;
    let mark = settle.began_at();
    if let Some(mark) = mark.clone().filter(|_| is_strict) {
        let earlier = Earlier { load: source.beginning(&rules), mark, of_others: settle.of_others() };
        let found = stopping.unless_interrupted(caller, settle, earlier.findings()).await?;
        source.reporter.found(&found, true).map_or(Ok(()), Err)?;
    }
    let blocks = source.blocks(mark.as_ref())?;
    Ok(Some(Ready { known, rules, settled, mark, blocks }))
}

/// Checks that the load can continue in this index, and with what complete loads have left.
fn goes_on_in(index: IndexNow<'_>, settle: &mut Settle) -> Result<(), Failure> {
    let (bound, counts) = settle.bound_before();
    let resumed = Resumed { bound: &bound, counts };
    let doubt = resumed.goes_on_in(index).map_err(|failure| settle.refused(failure))?;
    if let Some(note) = doubt {
        settle.reporter().note(note);
    }
    settle.hold_against(index);
    Ok(())
}

/// Puts the run's files in their places; returns what earlier runs of the load settled.
fn begin(known: &Known, wanted: &Wanted, settle: &mut Settle) -> Result<Settled, Failure> {
    let settled = settle.start(IndexNow { wanted, known })?;
    // Without permission to look, whether the index is new shows when it is created.
    if !matches!(known, Known::Hidden) || !known.may_be_missing(wanted, settled) {
        settle.tell_of_earlier();
    }
    Ok(settled)
}

/// Reports the progress on request, until the returned set is dropped.
fn answer(mut calls: watch::Receiver<u64>, reporter: Arc<Reporter>) -> JoinSet<()> {
    let mut answering = JoinSet::new();
    answering.spawn(async move {
        while calls.changed().await.is_ok() {
            reporter.tell_now();
        }
    });
    answering
}

/// Opens the run's files; a rehearsal has no journal.
fn keep(job: &Job) -> Result<Checkpoint, Failure> {
    if job.client.is_none() {
        return Checkpoint::rehearsal(job.inputs.clone(), job.keep.rejects.clone());
    }
    Checkpoint::open(job.keep.clone(), job.inputs.clone())
}

/// Where the state of the load is kept for `ossvec status`.
fn state_place(checkpoint: &Checkpoint, keep: &Keep) -> Option<StatePlace> {
    let folder = checkpoint.folder()?.to_owned();
    let Keep { place, resume_command, from_list, .. } = keep;
    let from_list = from_list.as_ref().map(|from_list| from_list.command_with(&input_list(&folder)));
    let resume_command = from_list.unwrap_or_else(|| resume_command.clone());
    Some(StatePlace { folder, service: place.service.clone(), resume_command })
}

/// The end of a run that could not begin.
fn never_begun(telling: Telling, failure: Failure) -> Finished {
    // The reason may be another run, which writes to the same files.
    let events = telling.events.filter(|events| matches!(events, Events::Output));
    let metrics = telling.metrics.filter(|_| failure.code != ErrorCode::InUse);
    let (summary, _) = Reporter::new(Telling { events, metrics, ..telling })
        .finish(&Ledger::default(), |summary| summary.fail(&failure));
    Finished { summary, failure: Some(failure) }
}

/// What is known about the target index; its dimension may still be unknown.
fn in_force(known: &Known, rules: &admit::Rules) -> Binding {
    match known {
        Known::Existing(index) => Binding::of(index),
        Known::ToCreate | Known::Hidden => Binding::said(rules.dimension, rules.metric),
    }
}

/// The rules from the command line and from earlier runs.
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
        lint: lint::Mode::default(),
    }
}

/// Adds the rules from the index.
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

/// The failure of a run with an input that cannot be read, or not to its end.
pub(crate) fn unreadable(error: &ReadError) -> Failure {
    Failure::from_lines(code_of(error), &error.to_string())
}
