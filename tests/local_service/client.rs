//! A running service and a client that signs what it asks.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest, Md5};
use ossvec::test_support::local_service::fault::Fault;
use ossvec::test_support::local_service::{Options, Service, serve};
use ossvec::test_support::oss::endpoint::{Endpoint, Target};
use ossvec::test_support::oss::operation::Operation;
use ossvec::test_support::oss::secret::Credential;
use ossvec::test_support::oss::sign::{self, Signable};
use ossvec::test_support::oss::time::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A running service and someone who asks it.
pub(crate) struct LocalService {
    pub(crate) service: Arc<Service>,
    pub(crate) endpoint: Endpoint,
    pub(crate) target: Target,
    pub(crate) credential: Credential,
    pub(crate) clock_offset_seconds: i64,
    pub(crate) client: reqwest::Client,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) serving: JoinHandle<anyhow::Result<()>>,
}

/// An answer, taken in whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn code(&self) -> &str {
        self.body["Error"]["Code"].as_str().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) fn unlimited() -> Options {
    Options { requests_per_second: 0.0, vectors_per_second: 0.0, log_keys: true, ..Options::default() }
}

impl LocalService {
    /// Starts a service on a free port, without bucket or index.
    pub(crate) async fn start(options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let target = Target {
            bucket: "bucket".to_owned(),
            account: options.account.clone(),
            region: options.region.clone(),
        };
        let credential = Credential {
            access_key_id: options.access_key_id.clone(),
            secret: options.access_key_secret.clone(),
            security_token: None,
            expires_at: None,
        };
        let service = Arc::new(Service::open(options).unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async { drop(stopped.await) };
        Self {
            serving: tokio::spawn(serve(listener, stopped, service.clone())),
            service,
            endpoint: Endpoint::parse(Some(&format!("http://{address}")), &target.region).unwrap(),
            target,
            credential,
            clock_offset_seconds: 0,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            stop,
        }
    }

    /// Starts a service with a bucket and an index of two dimensions.
    pub(crate) async fn with_index(options: Options) -> Self {
        let service = Self::start(options).await;
        assert_eq!(service.call(Operation::PutVectorBucket, "").await.status, 200);
        assert_eq!(service.put_index("idx", 2).await.status, 200);
        service
    }

    pub(crate) async fn put_index(&self, name: &str, dimension: u32) -> Reply {
        let index = json!({ "indexName": name, "dataType": "float32", "dimension": dimension,
            "distanceMetric": "cosine", "metadata": { "nonFilterableMetadataKeys": ["text"] } });
        self.call(Operation::PutVectorIndex, &index.to_string()).await
    }

    /// Sends a signed request; an error is a connection without an answer.
    pub(crate) async fn try_call(&self, operation: Operation, body: &str) -> reqwest::Result<Reply> {
        let md5 = BASE64_STANDARD.encode(Md5::digest(body));
        self.try_send(operation, body, &[("Content-Type", "application/json"), ("Content-MD5", &md5)]).await
    }

    pub(crate) async fn try_send(
        &self,
        operation: Operation,
        body: &str,
        headers: &[(&str, &str)],
    ) -> reqwest::Result<Reply> {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = Signable {
            method: operation.method(),
            resource: &self.target.resource(""),
            query: operation.query(),
            headers: &headers,
            additional: &[],
        };
        let now = Timestamp::now().plus_seconds(self.clock_offset_seconds);
        let added = sign::sign(&request, &self.credential, &self.target.region, sign::PRODUCT, now);
        let url = self.endpoint.url(&self.target, operation);
        let mut call = self.client.request(operation.method().parse().unwrap(), url).body(body.to_owned());
        for (name, value) in headers.iter().chain(&added) {
            call = call.header(name, value);
        }
        let answer = call.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.bytes().await?;
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        Ok(Reply { status, headers, body })
    }

    pub(crate) async fn call(&self, operation: Operation, body: &str) -> Reply {
        self.try_call(operation, body).await.unwrap()
    }

    pub(crate) async fn put(&self, vectors: Value) -> Reply {
        self.call(Operation::PutVectors, &json!({ "indexName": "idx", "vectors": vectors }).to_string()).await
    }

    pub(crate) fn stored_keys(&self) -> Vec<String> {
        let stored = self.service.store().vectors("bucket", "idx").unwrap();
        stored.into_iter().map(|vector| vector.key).collect()
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.serving.await.unwrap().unwrap();
    }
}

pub(crate) fn faults(specs: &[&str]) -> Vec<Fault> {
    specs.iter().map(|spec| Fault::parse(spec).unwrap()).collect()
}

pub(crate) fn vector(key: &str) -> Value {
    json!({ "key": key, "data": { "float32": [0.1, 1e-7] } })
}

pub(crate) fn vectors(keys: std::ops::Range<u32>) -> Value {
    keys.map(|key| vector(&format!("{key:04}"))).collect()
}
