//! Operations on vectors.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Context, Done, not_implemented, parse};
use crate::local_service::answer::{Answer, Refusal};
use crate::local_service::fault::Apply;
use crate::local_service::store::{PageRequest, StoredVector};
use crate::oss::limits;
use crate::oss::wire::{
    DeleteVectorsRequest, DistanceMetric, GetVectorsRequest, Index, ListVectorsRequest, PutVectorsRequest,
    VectorData, VectorElement, VectorsAnswer,
};

impl Context<'_> {
    /// Checks the whole batch, then stores the part that is to be applied.
    pub(super) fn put_vectors(
        &self,
        bucket: &str,
        request: &Result<PutVectorsRequest, Refusal>,
        apply: Apply,
    ) -> Result<Done, Refusal> {
        self.require_bucket(bucket)?;
        let request = request.as_ref().map_err(Refusal::clone)?;
        let index = self.require_index(bucket, &request.index_name)?;
        if !(1..=limits::VECTORS_PER_PUT).contains(&request.vectors.len()) {
            return Err(Refusal::parameter("The number of vectors must be from 1 to 500."));
        }
        require_distinct(request.vectors.iter().map(|vector| vector.key.as_str()))?;
        let vectors =
            request.vectors.iter().map(|vector| admit(vector, &index)).collect::<Result<Vec<_>, _>>()?;
        let vectors_stored = apply.of(vectors.len());
        self.store.put_vectors(bucket, &request.index_name, vectors.iter().take(vectors_stored))?;
        Ok(Done { answer: Answer::empty(200), vectors_stored })
    }

    pub(super) fn get_vectors(&self, bucket: &str, body: &[u8]) -> Result<Answer, Refusal> {
        self.require_bucket(bucket)?;
        let request: GetVectorsRequest = parse(body)?;
        self.require_index(bucket, &request.index_name)?;
        if !(1..=limits::KEYS_PER_GET).contains(&request.keys.len()) {
            return Err(Refusal::parameter("The number of keys must be from 1 to 100."));
        }
        request.keys.iter().try_for_each(|key| limits::vector_key(key)).map_err(Refusal::parameter)?;
        let shape = Shape { data: request.return_data, metadata: request.return_metadata };
        let found = self.store.get_vectors(bucket, &request.index_name, &request.keys)?;
        Answer::json(&VectorsAnswer { vectors: shape.elements(found)?, next_token: None })
    }

    pub(super) fn list_vectors(&self, bucket: &str, body: &[u8]) -> Result<Answer, Refusal> {
        self.require_bucket(bucket)?;
        let request: ListVectorsRequest = parse(body)?;
        self.require_index(bucket, &request.index_name)?;
        if request.filter.is_some() {
            return Err(not_implemented());
        }
        let most = request.max_results.unwrap_or(limits::LIST_PAGE_DEFAULT);
        if !limits::LIST_PAGE.contains(&most) {
            return Err(Refusal::parameter("The maxResults must be from 1 to 1000."));
        }
        let segment = Segment::of(&request)?;
        let after =
            request.next_token.as_deref().filter(|token| !token.is_empty()).map(key_of_token).transpose()?;
        let shape = Shape { data: request.return_data, metadata: request.return_metadata };
        let page = PageRequest {
            after: after.as_deref(),
            most,
            most_bytes: limits::LIST_PAGE_BYTES,
            is_wanted: &|key| segment.holds(key),
            size: &|vector| shape.size(vector),
        };
        let page = self.store.page(bucket, &request.index_name, &page)?;
        let next_token = match page.vectors.last() {
            Some(last) if !page.is_last => Some(token_of_key(&last.key)),
            _ => None,
        };
        Answer::json(&VectorsAnswer { vectors: shape.elements(page.vectors)?, next_token })
    }

    pub(super) fn delete_vectors(&self, bucket: &str, body: &[u8]) -> Result<Answer, Refusal> {
        self.require_bucket(bucket)?;
        let request: DeleteVectorsRequest = parse(body)?;
        self.require_index(bucket, &request.index_name)?;
        if !(1..=limits::KEYS_PER_DELETE).contains(&request.keys.len()) {
            return Err(Refusal::parameter("The number of keys must be from 1 to 500."));
        }
        request.keys.iter().try_for_each(|key| limits::vector_key(key)).map_err(Refusal::parameter)?;
        require_distinct(request.keys.iter().map(String::as_str))?;
        self.store.delete_vectors(bucket, &request.index_name, &request.keys)?;
        Ok(Answer::empty(204))
    }
}

fn require_distinct<'a>(keys: impl Iterator<Item = &'a str>) -> Result<(), Refusal> {
    let mut seen = HashSet::new();
    for key in keys {
        if !seen.insert(key) {
            return Err(Refusal::parameter("A key occurs more than once in the request."));
        }
    }
    Ok(())
}

/// Checks one vector against its index.
fn admit(vector: &VectorElement, index: &Index) -> Result<StoredVector, Refusal> {
    limits::vector_key(&vector.key).map_err(Refusal::parameter)?;
    let Some(VectorData { float32 }) = &vector.data else {
        return Err(Refusal::parameter("A vector has no data."));
    };
    if float32.len() != index.dimension as usize {
        return Err(Refusal::parameter("The dimension of a vector does not match the index."));
    }
    if !float32.iter().all(|number| number.is_finite()) {
        return Err(Refusal::parameter("A vector holds a number that is not a finite float32."));
    }
    if index.metric() == Some(DistanceMetric::Cosine) && float32.iter().all(|number| *number == 0.0) {
        return Err(Refusal::parameter("A vector of an index with the cosine metric must not be all zeros."));
    }
    if let Some(metadata) = &vector.metadata {
        check_metadata(metadata, &index.metadata.non_filterable_metadata_keys)?;
    }
    let metadata = vector.metadata.as_ref().map(|metadata| metadata.get().to_owned());
    Ok(StoredVector { key: vector.key.clone(), data: float32.clone(), metadata })
}

/// The value of a metadata field.
#[derive(Deserialize)]
#[serde(untagged)]
enum MetadataValue {
    One(String),
    Many(Vec<String>),
}

impl MetadataValue {
    fn texts(&self) -> impl Iterator<Item = &str> {
        let texts = match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        };
        texts.iter().map(String::as_str)
    }
}

fn check_metadata(metadata: &RawValue, non_filterable: &[String]) -> Result<(), Refusal> {
    let fields: BTreeMap<String, MetadataValue> = serde_json::from_str(metadata.get()).map_err(|_| {
        Refusal::parameter("The metadata must be an object whose values are strings or arrays of strings.")
    })?;
    let (mut bytes, mut filterable_bytes, mut filterable_fields) = (0, 0, 0);
    for (name, value) in &fields {
        let counted = limits::metadata_bytes(name, value.texts());
        bytes += counted;
        if !non_filterable.contains(name) {
            filterable_bytes += counted;
            filterable_fields += 1;
        }
    }
    if bytes > limits::METADATA_BYTES {
        return Err(Refusal::parameter("The metadata of a vector exceeds 40 KB."));
    }
    if filterable_bytes > limits::FILTERABLE_METADATA_BYTES {
        return Err(Refusal::parameter("The filterable metadata of a vector exceeds 2 KB."));
    }
    if filterable_fields > limits::FILTERABLE_FIELDS {
        return Err(Refusal::parameter("A vector has more than 10 filterable metadata fields."));
    }
    Ok(())
}

/// Which parts of a vector an answer contains.
#[derive(Clone, Copy)]
struct Shape {
    data: bool,
    metadata: bool,
}

impl Shape {
    fn elements(self, vectors: Vec<StoredVector>) -> Result<Vec<VectorElement>, Refusal> {
        vectors.into_iter().map(|vector| self.element(vector)).collect()
    }

    fn element(self, vector: StoredVector) -> Result<VectorElement, Refusal> {
        let metadata = vector.metadata.filter(|_| self.metadata).map(RawValue::from_string).transpose();
        Ok(VectorElement {
            key: vector.key,
            data: self.data.then_some(VectorData { float32: vector.data }),
            metadata: metadata.map_err(|error| Refusal::internal(&error))?,
        })
    }

    /// The bytes of data that a vector adds to a page.
    fn size(self, vector: &StoredVector) -> usize {
        let data = if self.data { size_of_val(vector.data.as_slice()) } else { 0 };
        let metadata = vector.metadata.as_deref().filter(|_| self.metadata).map_or(0, str::len);
        vector.key.len() + data + metadata
    }
}

/// The part of an index that one of several parallel listings covers.
#[derive(Clone, Copy)]
struct Segment {
    count: u32,
    index: u32,
}

impl Segment {
    fn of(request: &ListVectorsRequest) -> Result<Self, Refusal> {
        let (count, index) = match (request.segment_count, request.segment_index) {
            (None, None) => (1, 0),
            (Some(count), Some(index)) => (count, index),
            _ => return Err(Refusal::parameter("The segmentCount and the segmentIndex go together.")),
        };
        if !limits::LIST_SEGMENTS.contains(&count) || index >= count {
            return Err(Refusal::parameter(
                "The segmentCount must be from 1 to 16 and the segmentIndex less than that.",
            ));
        }
        Ok(Self { count, index })
    }

    fn holds(self, key: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        hasher.finish() % u64::from(self.count) == u64::from(self.index)
    }
}

/// A page starts after a key, and the token is that key in an opaque form.
///
/// It stays within the documented 2048 bytes for keys of up to 1536 bytes, and is accepted back at any length.
fn token_of_key(key: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(key)
}

fn key_of_token(token: &str) -> Result<String, Refusal> {
    let key = BASE64_URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    key.ok_or_else(|| Refusal::parameter("The nextToken is not one that this service has given."))
}
