//! Operations on indexes.

use super::{Context, parse};
use crate::emulator::answer::{Answer, Refusal};
use crate::emulator::store::IndexCreation;
use crate::oss::limits;
use crate::oss::wire::{DistanceMetric, GetVectorIndexAnswer, Index, IndexRequest, PutVectorIndexRequest};

impl Context<'_> {
    pub(super) fn put_index(&self, bucket: &str, body: &[u8]) -> Result<Answer, Refusal> {
        self.require_bucket(bucket)?;
        let request: PutVectorIndexRequest = parse(body)?;
        check_index(&request)?;
        let index = Index {
            create_time: self.clock.rfc3339_millis(),
            data_type: request.data_type,
            dimension: request.dimension,
            distance_metric: request.distance_metric,
            index_name: request.index_name,
            metadata: request.metadata.unwrap_or_default(),
            status: "enable".to_owned(),
        };
        match self.store.put_index(bucket, &index, limits::INDEXES_PER_BUCKET)? {
            IndexCreation::Created => Ok(Answer::empty(200)),
            IndexCreation::Exists => {
                let message = "The vector index already exists; its settings cannot be changed.";
                Err(Refusal::new(409, "VectorBucketIndexAlreadyExist", message))
            }
            IndexCreation::NoRoom => {
                let message = "The vector bucket holds as many indexes as it can.";
                Err(Refusal::new(400, "VectorBucketIndexExceedLimit", message))
            }
        }
    }

    pub(super) fn get_index(&self, bucket: &str, body: &[u8]) -> Result<Answer, Refusal> {
        self.require_bucket(bucket)?;
        let request: IndexRequest = parse(body)?;
        let index = self.require_index(bucket, &request.index_name)?;
        Answer::json(&GetVectorIndexAnswer { index })
    }
}

fn check_index(request: &PutVectorIndexRequest) -> Result<(), Refusal> {
    limits::index_name(&request.index_name).map_err(Refusal::parameter)?;
    if request.data_type != limits::DATA_TYPE {
        return Err(Refusal::parameter("The dataType must be float32."));
    }
    if !limits::DIMENSION.contains(&request.dimension) {
        return Err(Refusal::parameter("The dimension must be from 1 to 4096."));
    }
    if DistanceMetric::parse(&request.distance_metric).is_none() {
        return Err(Refusal::parameter("The distanceMetric must be euclidean or cosine."));
    }
    let Some(metadata) = &request.metadata else {
        return Ok(());
    };
    let keys = &metadata.non_filterable_metadata_keys;
    if !limits::NON_FILTERABLE_KEYS.contains(&keys.len()) {
        return Err(Refusal::parameter("The nonFilterableMetadataKeys must be 1 to 10."));
    }
    keys.iter().try_for_each(|key| limits::non_filterable_key(key)).map_err(Refusal::parameter)
}
