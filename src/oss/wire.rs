//! Bodies of requests and answers, and the error envelope, as types for both sides.
//!
//! Parsing is lenient: unknown fields are ignored and what the service may leave out has a default. The loader never
//! builds the body of `PutVectors` from these types: it has the bytes of the elements and only needs
//! [`put_vectors_prefix`] and [`PUT_VECTORS_SUFFIX`] around them.

use bytes::Bytes;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// The end of the body that [`put_vectors_prefix`] begins.
pub const PUT_VECTORS_SUFFIX: &[u8] = b"]}";

/// The start of a `PutVectors` body; the elements follow, joined by commas, then [`PUT_VECTORS_SUFFIX`].
pub fn put_vectors_prefix(index_name: &str) -> Bytes {
    let name = serde_json::Value::from(index_name);
    Bytes::from(format!("{{\"indexName\":{name},\"vectors\":["))
}

/// How the distance of two vectors is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DistanceMetric {
    /// The length of the difference.
    Euclidean,
    /// The angle; then no vector may be all zeros.
    Cosine,
}

impl DistanceMetric {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Euclidean => "euclidean",
            Self::Cosine => "cosine",
        }
    }

    /// Parses the name on the wire.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Euclidean, Self::Cosine].into_iter().find(|metric| metric.as_str() == word)
    }
}

/// The metadata settings of an index, fixed when it is created.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexMetadata {
    /// Fields that are only stored; all others are filterable.
    #[serde(default, deserialize_with = "null_as_default")]
    pub non_filterable_metadata_keys: Vec<String>,
}

/// Body of `PutVectorIndex`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutVectorIndexRequest {
    /// Always `float32` today.
    pub data_type: String,
    /// Numbers in each vector.
    pub dimension: u32,
    /// A name that [`DistanceMetric::parse`] knows.
    pub distance_metric: String,
    /// Name of the new index.
    pub index_name: String,
    /// Left out if all fields are filterable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<IndexMetadata>,
}

/// Body of the requests that only name an index: `GetVectorIndex`, `DeleteVectorIndex`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexRequest {
    /// Name of the index.
    pub index_name: String,
}

/// An index as the service describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// RFC 3339, with any number of fractional digits.
    #[serde(default)]
    pub create_time: String,
    /// Always `float32` today.
    #[serde(default)]
    pub data_type: String,
    /// Numbers in each vector.
    pub dimension: u32,
    /// The name of the metric; [`Index::metric`] parses it.
    #[serde(default)]
    pub distance_metric: String,
    /// Name of the index.
    #[serde(default)]
    pub index_name: String,
    /// Which fields are not filterable.
    #[serde(default, deserialize_with = "null_as_default")]
    pub metadata: IndexMetadata,
    /// The state: `enable` in the documentation, `running` in the Go SDK's tests.
    #[serde(default)]
    pub status: String,
}

impl Index {
    /// The metric, if its name is known.
    pub fn metric(&self) -> Option<DistanceMetric> {
        DistanceMetric::parse(&self.distance_metric)
    }
}

/// Answer of `GetVectorIndex`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetVectorIndexAnswer {
    /// The index.
    pub index: Index,
}

/// Body of `ListVectorIndexes`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListVectorIndexesRequest {
    /// Maximum number of indexes on the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_results: Option<usize>,
    /// Where the page starts: the token of the last answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// The prefix of the names.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub prefix: String,
}

/// Answer of `ListVectorIndexes`, with the part `I` of each index.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListVectorIndexesAnswer<I> {
    /// The indexes on this page.
    pub indexes: Vec<I>,
    /// Where the next page starts; empty or absent only on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// The name of an index in a listing; the rest is ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexName {
    /// The name.
    pub index_name: String,
}

/// Body of `PutVectors`, as the receiver parses it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutVectorsRequest {
    /// Name of the index.
    pub index_name: String,
    /// The vectors.
    pub vectors: Vec<VectorElement>,
}

/// A vector in a body, in either direction.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VectorElement {
    /// The key.
    pub key: String,
    /// The numbers; in an answer, only if requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<VectorData>,
    /// A JSON object with its text unchanged; in an answer, only if requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Box<RawValue>>,
}

/// The numbers of a vector, under the name of their type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VectorData {
    /// Each the float32 nearest to its decimal text; infinite where the text is out of range.
    #[serde(deserialize_with = "nearest_float32")]
    pub float32: Vec<f32>,
}

/// Body of `GetVectors`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetVectorsRequest {
    /// Name of the index.
    pub index_name: String,
    /// The keys to read.
    pub keys: Vec<String>,
    /// Whether the answer must contain the numbers.
    #[serde(default, deserialize_with = "null_as_default")]
    pub return_data: bool,
    /// Whether the answer must contain the metadata.
    #[serde(default, deserialize_with = "null_as_default")]
    pub return_metadata: bool,
}

/// Answer of `GetVectors` and of `ListVectors`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VectorsAnswer {
    /// The vectors found, in no particular order.
    #[serde(default, deserialize_with = "null_as_default")]
    pub vectors: Vec<VectorElement>,
    /// Where the next page of a listing starts; empty or absent only on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// Body of `ListVectors`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListVectorsRequest {
    /// Name of the index.
    pub index_name: String,
    /// Maximum number of vectors on the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_results: Option<usize>,
    /// Where the page starts: the token of the last answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// Whether the answer must contain the numbers.
    #[serde(default, deserialize_with = "null_as_default")]
    pub return_data: bool,
    /// Whether the answer must contain the metadata.
    #[serde(default, deserialize_with = "null_as_default")]
    pub return_metadata: bool,
    /// The number of segments to scan the index in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment_count: Option<u32>,
    /// Which vectors to list, by their metadata; not in any SDK yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<serde_json::Value>,
    /// Which of the segments this request scans, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment_index: Option<u32>,
}

/// Body of `DeleteVectors`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteVectorsRequest {
    /// Name of the index.
    pub index_name: String,
    /// The keys to delete.
    pub keys: Vec<String>,
}

/// Answer of `GetVectorBucket`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetVectorBucketAnswer {
    /// The bucket.
    pub bucket_info: BucketInfo,
}

/// A bucket as the service describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct BucketInfo {
    /// RFC 3339 with milliseconds.
    pub creation_date: String,
    /// The public host.
    pub extranet_endpoint: String,
    /// The host within the region's own network.
    pub intranet_endpoint: String,
    /// The OSS region, `oss-cn-hangzhou`.
    pub location: String,
    /// The general region, `cn-hangzhou`.
    pub region: String,
    /// The full name: `acs:ossvector:{region}:{account}:{bucket}`.
    pub name: String,
    /// The resource group.
    pub resource_group_id: String,
}

/// The content of an answer outside 2xx, without its envelope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ErrorBody {
    /// The error code, such as `QpsLimitExceeded`.
    #[serde(deserialize_with = "null_as_default")]
    pub code: String,
    /// What is wrong, in words.
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
    /// The request's id.
    #[serde(deserialize_with = "null_as_default")]
    pub request_id: String,
    /// The host that answered.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub host_id: String,
    /// The detailed error code, to look up at <https://api.aliyun.com/troubleshoot>.
    #[serde(rename = "EC", deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub ec: String,
}

impl ErrorBody {
    /// Parses an error body, JSON with or without its root `Error`, or XML, as the service's front end writes it;
    /// `None` if there is neither a code nor a message.
    pub fn from_body(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Envelope {
            #[serde(rename = "Error")]
            error: ErrorBody,
        }
        let error = match body.trim_ascii_start().first()? {
            // A list would be parsed as the fields in order.
            b'{' => match serde_json::from_slice::<Envelope>(body) {
                Ok(envelope) => envelope.error,
                Err(_) => serde_json::from_slice(body).ok()?,
            },
            b'<' => Self::from_xml(std::str::from_utf8(body).ok()?)?,
            _ => return None,
        };
        (!error.code.is_empty() || !error.message.is_empty()).then_some(error)
    }

    fn from_xml(body: &str) -> Option<Self> {
        let document = roxmltree::Document::parse(body).ok()?;
        let root = Some(document.root_element()).filter(|root| root.has_tag_name("Error"))?;
        let text = |name: &str| {
            let field = root.children().find(|field| field.has_tag_name(name));
            field.and_then(|field| field.text()).unwrap_or_default().to_owned()
        };
        Some(Self {
            code: text("Code"),
            message: text("Message"),
            request_id: text("RequestId"),
            host_id: text("HostId"),
            ec: text("EC"),
        })
    }

    /// Writes the error body, including its root.
    pub fn to_body(&self) -> Bytes {
        Bytes::from(serde_json::json!({ "Error": self }).to_string())
    }
}

fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Parses an array of numbers from its text. `serde_json` would use double precision and round twice.
fn nearest_float32<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f32>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    float32_array(raw.get().as_bytes()).ok_or_else(|| D::Error::custom("expected an array of numbers"))
}

/// Parses one JSON array of numbers; the text is known to be JSON, so only elements of another type are errors.
fn float32_array(text: &[u8]) -> Option<Vec<f32>> {
    let mut rest = text.strip_prefix(b"[")?.trim_ascii_start();
    let mut numbers = Vec::new();
    if rest.starts_with(b"]") {
        return Some(numbers);
    }
    loop {
        let (number, length) = fast_float2::parse_partial(rest).ok()?;
        numbers.push(number);
        rest = rest.get(length..)?.trim_ascii_start();
        match rest.split_first()? {
            (b',', behind) => rest = behind.trim_ascii_start(),
            (b']', _) => return Some(numbers),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_put_body_is_the_elements_between_two_constants() {
        let element = br#"{"key":"a","data":{"float32":[1.5]}}"#;
        let body = [&put_vectors_prefix("idx"), element.as_slice(), PUT_VECTORS_SUFFIX].concat();
        assert_eq!(body, br#"{"indexName":"idx","vectors":[{"key":"a","data":{"float32":[1.5]}}]}"#);
        let read: PutVectorsRequest = serde_json::from_slice(&body).unwrap();
        assert_eq!(serde_json::to_vec(&read).unwrap(), body);
    }

    #[test]
    fn numbers_become_the_nearest_float32_in_one_rounding() {
        let rows: [(&str, &[f32]); 6] = [
            ("[]", &[]),
            (" [ ] ", &[]),
            ("[1, -0.5 ,1e-07]", &[1.0, -0.5, 1e-7]),
            // Halfway between two float32 in double precision, but slightly above in decimal.
            ("[1.00000005960464477540]", &[f32::from_bits(0x3f80_0001)]),
            ("[1e39]", &[f32::INFINITY]),
            ("[0.1]", &[0.1]),
        ];
        for (text, numbers) in rows {
            let read: VectorData = serde_json::from_str(&format!("{{\"float32\":{text}}}")).unwrap();
            assert_eq!(read.float32, numbers, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["[\"1\"]", "[null]", "[[1]]", "[1,true]", "{}", "1", "\"nan\"", "[\"inf\"]"] {
            let read = serde_json::from_str::<VectorData>(&format!("{{\"float32\":{text}}}"));
            assert!(read.is_err(), "{text}");
        }
    }

    #[test]
    fn float32_is_written_in_its_shortest_form() {
        let data = VectorData { float32: vec![0.1, 1e-7, 16_777_216.0] };
        assert_eq!(serde_json::to_string(&data).unwrap(), r#"{"float32":[0.1,1e-7,16777216.0]}"#);
    }

    #[test]
    fn metadata_keeps_its_bytes() {
        let text = r#"{"key":"a","metadata":{ "b" : "\u00e9" }}"#;
        let element: VectorElement = serde_json::from_str(text).unwrap();
        assert_eq!(element.metadata.unwrap().get(), r#"{ "b" : "\u00e9" }"#);
    }

    #[test]
    fn an_index_may_leave_out_what_is_not_needed() {
        let answer: GetVectorIndexAnswer = serde_json::from_str(
            r#"{"index":{"dimension":3,"distanceMetric":"cosine","status":"enable","vectorBucketName":"b",
                "metadata":{"nonFilterableMetadataKeys":null}}}"#,
        )
        .unwrap();
        assert_eq!(answer.index.metric(), Some(DistanceMetric::Cosine));
        assert_eq!(answer.index.status, "enable");
        assert_eq!(answer.index.metadata, IndexMetadata::default());
    }

    #[test]
    fn an_error_is_read_with_or_without_its_root() {
        let error = ErrorBody {
            code: "NoSuchBucket".to_owned(),
            message: "gone".to_owned(),
            request_id: "ID".to_owned(),
            ec: "0015-00000101".to_owned(),
            ..ErrorBody::default()
        };
        assert_eq!(ErrorBody::from_body(&error.to_body()), Some(error.clone()));
        let bare = br#"{"Code":"NoSuchBucket","Message":"gone","RequestId":"ID","EC":"0015-00000101","X":1}"#;
        assert_eq!(ErrorBody::from_body(bare), Some(error.clone()));
        let xml = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n  <Code>NoSuchBucket</Code><Message>gone</Message>\
            <RequestId>ID</RequestId><EC>0015-00000101</EC><X>1</X></Error>";
        assert_eq!(ErrorBody::from_body(xml), Some(error));
        for no_error in [
            "",
            "<Error/>",
            "<html><Code>NoSuchBucket</Code></html>",
            "<Error><Code>NoSuchBucket",
            "{}",
            "[]",
            r#"["NoSuchBucket","b","c","d","e"]"#,
            r#"{"message":"x"}"#,
        ] {
            assert_eq!(ErrorBody::from_body(no_error.as_bytes()), None, "{no_error}");
        }
    }
}
