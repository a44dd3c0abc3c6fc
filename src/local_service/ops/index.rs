//! Operations on indexes.

use super::{Context, parse};
use crate::local_service::answer::{Answer, Refusal};
use crate::local_service::store::IndexCreation;
use crate::oss::limits;
use crate::oss::wire::{
    DistanceMetric, GetVectorIndexAnswer, Index, IndexRequest, ListVectorIndexesAnswer,
    ListVectorIndexesRequest, PutVectorIndexRequest,
};

impl Context<'_> {
    pub(super) fn put_index(&self, bucket: &str, body: &[u8]) -> Result<Answer, Refusal> {
        self.require_bucket(bucket)?;
        let request: PutVectorIndexRequest = parse(body)?;
        check_index(&request)?;
        let index = Index {
            create_time: self.store.moment_of_creation(self.clock).rfc3339_millis(),
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

    pub(super) fn delete_index(&self, bucket: &str, body: &[u8]) -> Result<Answer, Refusal> {
        self.require_bucket(bucket)?;
        let request: IndexRequest = parse(body)?;
        limits::index_name(&request.index_name).map_err(Refusal::parameter)?;
        let was_there = self.store.delete_index(bucket, &request.index_name)?;
        if was_there { Ok(Answer::empty(204)) } else { Err(Refusal::no_such_index()) }
    }

    pub(super) fn list_indexes(&self, bucket: &str, body: &[u8]) -> Result<Answer, Refusal> {
        self.require_bucket(bucket)?;
        let request: ListVectorIndexesRequest = parse(if body.is_empty() { b"{}" } else { body })?;
        let most = request.max_results.unwrap_or(limits::INDEXES_PER_BUCKET);
        if most == 0 {
            return Err(Refusal::parameter("The maxResults must be at least 1."));
        }
        let after = request.next_token.unwrap_or_default();
        let mut indexes = self.store.indexes(bucket)?;
        indexes.retain(|index| index.index_name > after && index.index_name.starts_with(&request.prefix));
        let is_last = indexes.len() <= most;
        indexes.truncate(most);
        let next_token = indexes.last().filter(|_| !is_last).map(|last| last.index_name.clone());
        Answer::json(&ListVectorIndexesAnswer { indexes, next_token })
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
