//! The index before anything is sent: what it requires of vectors, and its creation if that is wanted.

use std::time::Duration;

use bytes::Bytes;

use super::books::check::Presence;
use super::books::tracker::Settled;
use super::report::Reporter;
use super::report::notice::IndexNotice;
use super::send::ending::{never_reached, refused, unreachable};
use crate::call::{Because, Caller, Effort, GaveUp, Request};
use crate::exit::{ErrorCode, Failure};
use crate::oss::client::{Answer, Body};
use crate::oss::operation::Operation;
use crate::oss::wire::{
    DistanceMetric, GetVectorIndexAnswer, Index, IndexMetadata, IndexRequest, PutVectorIndexRequest,
};

/// What the user requires of the index.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The index's name.
    pub name: String,
    /// The dimension, if the user gives it.
    pub dimension: Option<usize>,
    /// The metric, if the user gives it.
    pub metric: Option<DistanceMetric>,
    /// The metric of a new index if the user does not give one.
    pub usual_metric: Option<DistanceMetric>,
    /// Metadata names that cannot be used in filters, if the user gives them.
    pub non_filterable: Option<Vec<String>>,
    /// Whether to create a missing index.
    pub create_index: bool,
    /// Whether to create a missing bucket, too; only for a local service.
    pub create_bucket: bool,
    /// Whether to compare vectors with the index instead of storing them.
    pub only_reads: bool,
}

/// What is known about the index before anything is sent.
#[derive(Debug)]
pub(crate) enum Known {
    /// It exists, with these properties.
    Existing(Index),
    /// It does not exist and will be created once the dimension is known.
    ToCreate,
    /// The credential has no permission to look at it.
    Hidden,
}

impl Known {
    /// Whether the index certainly exists.
    pub(super) fn is_there(&self) -> bool {
        matches!(self, Self::Existing(_))
    }

    /// Whether to create the index before the first vector is sent, unless it exists by then.
    pub(super) fn may_be_missing(&self, wanted: &Wanted, settled: Settled) -> bool {
        match self {
            Self::Existing(_) => false,
            Self::ToCreate => true,
            // If the load has stored records, the index exists.
            Self::Hidden => wanted.create_index && settled.stored == 0,
        }
    }
}

/// How long to wait for a new index to become usable, and how often to check.
const USABLE_WITHIN: Duration = Duration::from_mins(2);
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Asks the service about the index, and reports if it gives no answer.
pub(super) async fn look(caller: &Caller, reporter: &Reporter, wanted: &Wanted) -> Result<Known, Failure> {
    let known = ask(caller, wanted).await?;
    match &known {
        Known::Existing(index) => tracing::info!(
            index = wanted.name,
            dimension = index.dimension,
            metric = index.distance_metric,
            "found the index"
        ),
        Known::ToCreate => tracing::info!(index = wanted.name, "there is no such index yet"),
        Known::Hidden => tracing::info!(index = wanted.name, "no permission to look at the index"),
    }
    if matches!(known, Known::Hidden) {
        reporter.note(IndexNotice::Hidden);
    }
    Ok(known)
}

/// Asks the service whether the bucket exists. A missing bucket ends the run.
pub(super) async fn bucket(caller: &Caller) -> Result<Presence, Failure> {
    match call(caller, Operation::GetVectorBucket, Bytes::new()).await {
        Ok(_) => Ok(Presence::Found),
        Err(gave_up) if lacks_permission(&gave_up) => Ok(Presence::Hidden),
        Err(gave_up) => Err(failure(caller.is_answered(), gave_up, Operation::GetVectorBucket)),
    }
}

async fn ask(caller: &Caller, wanted: &Wanted) -> Result<Known, Failure> {
    let body = json(&IndexRequest { index_name: wanted.name.clone() });
    match call(caller, Operation::GetVectorIndex, body).await {
        Ok(answer) => {
            let index = read(&answer)?;
            agrees(&index, wanted)?;
            Ok(Known::Existing(index))
        }
        Err(gave_up) => match code(&gave_up) {
            "NoSuchVectorIndex" if wanted.create_index => Ok(Known::ToCreate),
            "NoSuchBucket" if wanted.create_bucket => {
                let created = call(caller, Operation::PutVectorBucket, Bytes::new()).await;
                created
                    .map_err(|gave_up| failure(caller.is_answered(), gave_up, Operation::PutVectorBucket))?;
                Ok(Known::ToCreate)
            }
            _ if lacks_permission(&gave_up) => Ok(Known::Hidden),
            "NoSuchVectorIndex" if wanted.only_reads => {
                let failure = failure(caller.is_answered(), gave_up, Operation::GetVectorIndex);
                Err(Failure { advice: None, ..failure }.advise("check --bucket and --index-name"))
            }
            _ => Err(failure(caller.is_answered(), gave_up, Operation::GetVectorIndex)),
        },
    }
}

/// An index that exists now.
#[derive(Debug)]
pub(super) struct Created {
    /// Whether this run may have created it.
    pub(super) is_new: bool,
    /// Its properties, if the credential may look at it.
    pub(super) index: Option<Index>,
}

/// Creates the index and waits until it accepts vectors.
pub(super) async fn create(
    caller: &Caller,
    reporter: &Reporter,
    wanted: &Wanted,
    dimension: usize,
) -> Result<Created, Failure> {
    let Some(metric) = wanted.metric.or(wanted.usual_metric) else {
        return Err(Failure::new(
            ErrorCode::Usage,
            "--create-index requires --distance-metric cosine or euclidean",
        ));
    };
    let keys = wanted.non_filterable.clone().filter(|keys| !keys.is_empty());
    let body = json(&PutVectorIndexRequest {
        data_type: crate::oss::limits::DATA_TYPE.to_owned(),
        dimension: u32::try_from(dimension).unwrap_or(u32::MAX),
        distance_metric: metric.as_str().to_owned(),
        index_name: wanted.name.clone(),
        metadata: keys.map(|keys| IndexMetadata { non_filterable_metadata_keys: keys }),
    });
    let mut effort = Effort::default();
    let created = call_with(&mut effort, caller, Operation::PutVectorIndex, body).await;
    let is_new = created.is_ok() || effort.attempts > 1;
    match created {
        Ok(_) => {
            let metric = metric.as_str();
            tracing::info!(index = wanted.name, dimension, metric, "created the index");
            reporter.note(IndexNotice::Created { name: wanted.name.clone(), dimension, metric });
        }
        // Another client created it first, or an earlier attempt succeeded without an answer.
        Err(gave_up) if code(&gave_up) == "VectorBucketIndexAlreadyExist" => {}
        Err(gave_up) => return Err(failure(caller.is_answered(), gave_up, Operation::PutVectorIndex)),
    }
    let index = usable(caller, &Wanted { dimension: Some(dimension), ..wanted.clone() }).await?;
    Ok(Created { is_new, index })
}

/// Waits until the index accepts vectors; without permission to look, assumes that it does.
async fn usable(caller: &Caller, wanted: &Wanted) -> Result<Option<Index>, Failure> {
    let begun = tokio::time::Instant::now();
    loop {
        match ask(caller, &Wanted { create_index: false, ..wanted.clone() }).await? {
            Known::Existing(index) if index.status == "creating" && begun.elapsed() < USABLE_WITHIN => {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            Known::Existing(index) => return Ok(Some(index)),
            Known::ToCreate | Known::Hidden => return Ok(None),
        }
    }
}

/// Checks the index against what the user says about it.
fn agrees(index: &Index, wanted: &Wanted) -> Result<(), Failure> {
    let dimension = usize::try_from(index.dimension).unwrap_or(usize::MAX);
    let name = &wanted.name;
    match (wanted.dimension, wanted.metric, index.metric()) {
        (Some(said), _, _) if said != dimension => {
            Err(Failure::new(ErrorCode::IndexMismatch, format!("index {name} has dimension {dimension}, not {said}"))
                .advise(
                    "correct --dimension, or use another index with --index-name: an existing index cannot be changed",
                ))
        }
        (_, Some(said), Some(metric)) if said != metric => Err(Failure::new(
            ErrorCode::IndexMismatch,
            format!("index {name} has distance metric {}, not {}", metric.as_str(), said.as_str()),
        )
        .advise(
            "correct --distance-metric, or use another index with --index-name: an existing index cannot be changed",
        )),
        _ if index.status == "deleting" => {
            Err(Failure::new(ErrorCode::IndexDeleting, format!("index {name} is being deleted"))
                .advise("use another index with --index-name, or wait and create it again with --create-index"))
        }
        _ => Ok(()),
    }
}

async fn call(caller: &Caller, operation: Operation, body: Bytes) -> Result<Answer, GaveUp> {
    call_with(&mut Effort::default(), caller, operation, body).await
}

async fn call_with(
    effort: &mut Effort,
    caller: &Caller,
    operation: Operation,
    body: Bytes,
) -> Result<Answer, GaveUp> {
    let body = Body::new(vec![body]);
    let request = Request::of(operation, &body);
    caller.call(request, effort).await
}

/// Whether the credential is valid but lacks permission.
fn lacks_permission(gave_up: &GaveUp) -> bool {
    let is_the_credential = matches!(
        code(gave_up),
        "InvalidAccessKeyId"
            | "SignatureDoesNotMatch"
            | "SecurityTokenExpired"
            | "InvalidSecurityToken"
            | "RequestTimeTooSkewed"
            | "UserDisable"
    );
    let status = gave_up.error.as_ref().and_then(|error| error.service()).map(|error| error.status);
    status == Some(403) && !is_the_credential
}

fn json(value: &impl serde::Serialize) -> Bytes {
    // These types contain only text and numbers and always serialise.
    serde_json::to_vec(value).unwrap_or_default().into()
}

fn read(answer: &Answer) -> Result<Index, Failure> {
    serde_json::from_slice::<GetVectorIndexAnswer>(&answer.body).map(|answer| answer.index).map_err(|error| {
        Failure::new(
            ErrorCode::NotTheService,
            format!("the response to GetVectorIndex is not an index: {error}"),
        )
        .advise("check that --endpoint is an OSS Vectors service")
    })
}

fn code(gave_up: &GaveUp) -> &str {
    gave_up.error.as_ref().and_then(|error| error.service()).map_or("", |error| &error.code)
}

fn failure(is_answered: bool, gave_up: GaveUp, operation: Operation) -> Failure {
    match (gave_up.because, gave_up.error) {
        (Because::Halted, _) | (_, None) => {
            Failure::new(ErrorCode::Interrupted, "interrupted before anything was sent")
        }
        (Because::Budget, Some(error)) if !is_answered => never_reached(&error),
        (Because::Budget, Some(error)) => unreachable(&error),
        (Because::Verdict(_), Some(error)) => refused(&error, operation),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::printed;

    #[test]
    fn an_index_that_is_not_as_wanted_is_refused_with_a_cure() {
        let wanted = |dimension, metric| Wanted {
            name: "docs".into(),
            dimension,
            metric,
            usual_metric: None,
            non_filterable: None,
            create_index: true,
            create_bucket: false,
            only_reads: false,
        };
        let index = |status: &str| {
            let index = serde_json::json!({ "dimension": 3, "distanceMetric": "cosine", "status": status });
            serde_json::from_value::<Index>(index).unwrap()
        };
        let refused = [
            agrees(&index("enable"), &wanted(Some(4), None)),
            agrees(&index("enable"), &wanted(Some(3), Some(DistanceMetric::Euclidean))),
            agrees(&index("deleting"), &wanted(None, None)),
        ];
        let halted = GaveUp { error: None, because: Because::Halted, may_have_stored: false };
        let halted = failure(true, halted, Operation::GetVectorIndex);
        let failures = refused.map(Result::unwrap_err).into_iter().chain([halted]);
        insta::assert_snapshot!(printed(failures), @"
        index docs has dimension 3, not 4
            correct --dimension, or use another index with --index-name: an existing index cannot be changed
        index docs has distance metric cosine, not euclidean
            correct --distance-metric, or use another index with --index-name: an existing index cannot be changed
        index docs is being deleted
            use another index with --index-name, or wait and create it again with --create-index
        interrupted before anything was sent
        ");
    }
}
