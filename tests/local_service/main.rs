//! The local service as a client sees it: signed requests over a real socket.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod client;

use std::time::{Duration, Instant};

use client::{LocalService, faults, unlimited, vector, vectors};
use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::endpoint::Endpoint;
use ossvec::test_support::oss::operation::Operation;
use ossvec::test_support::oss::secret::{Credential, Secret};
use ossvec::test_support::oss::time::Timestamp;
use serde_json::{Value, json};

#[tokio::test]
async fn what_is_put_can_be_got_and_listed() {
    let service = LocalService::with_index(unlimited()).await;
    let bucket = service.call(Operation::GetVectorBucket, "").await;
    assert_eq!(bucket.body["BucketInfo"]["Name"], "acs:ossvector:cn-hangzhou:1234567890:bucket");
    let index = service.call(Operation::GetVectorIndex, r#"{"indexName":"idx"}"#).await;
    assert_eq!(index.body["index"]["dimension"], 2);
    assert_eq!(index.body["index"]["status"], "enable");

    let metadata = json!({ "tag": ["a", "b"], "text": "é" });
    let rich = json!({ "key": "rich", "data": { "float32": [1, -0.5] }, "metadata": metadata });
    let put = service.put(json!([vector("plain"), rich])).await;
    assert_eq!((put.status, &put.body), (200, &Value::Null));
    assert_eq!(put.header("content-type"), "application/json");
    assert_eq!(put.header("x-oss-request-id").len(), 24);

    let request = json!({ "indexName": "idx", "keys": ["rich", "plain", "rich", "none"],
        "returnData": true, "returnMetadata": true });
    let got = service.call(Operation::GetVectors, &request.to_string()).await;
    assert_eq!(
        got.body,
        json!({ "vectors": [
            { "key": "plain", "data": { "float32": [0.1, 1e-7] } },
            { "key": "rich", "data": { "float32": [1.0, -0.5] }, "metadata": metadata },
        ] })
    );
    let listed = service.call(Operation::ListVectors, r#"{"indexName":"idx"}"#).await;
    assert_eq!(listed.body, json!({ "vectors": [{ "key": "plain" }, { "key": "rich" }] }));

    let deleted = service.call(Operation::DeleteVectors, r#"{"indexName":"idx","keys":["rich","no"]}"#).await;
    assert_eq!(deleted.status, 204);
    assert_eq!(service.stored_keys(), ["plain"]);
    service.stop().await;
}

#[tokio::test]
async fn pages_and_segments_hold_every_key_once() {
    let service = LocalService::with_index(unlimited()).await;
    for start in [0, 500, 1000] {
        assert_eq!(service.put(vectors(start..start + 500)).await.status, 200);
    }
    let mut keys = Vec::new();
    for segment in 0..3 {
        let mut token = Value::Null;
        loop {
            let request = json!({ "indexName": "idx", "maxResults": 100, "nextToken": token,
                "segmentCount": 3, "segmentIndex": segment });
            let page = service.call(Operation::ListVectors, &request.to_string()).await;
            let found = page.body["vectors"].as_array().unwrap();
            assert!(found.len() <= 100);
            keys.extend(found.iter().map(|vector| vector["key"].as_str().unwrap().to_owned()));
            token = page.body["nextToken"].clone();
            if token.is_null() {
                break;
            }
        }
    }
    keys.sort();
    assert_eq!(keys, service.stored_keys());
    assert_eq!(keys.len(), 1500);
    service.stop().await;
}

#[tokio::test]
async fn a_page_ends_at_a_megabyte_and_the_token_goes_on() {
    let service = LocalService::start(unlimited()).await;
    service.call(Operation::PutVectorBucket, "").await;
    service.put_index("idx", 4096).await;
    let long = |key: u32| json!({ "key": format!("{key:03}"), "data": { "float32": vec![0.5; 4096] } });
    assert_eq!(service.put((0..100).map(long).collect()).await.status, 200);
    let list =
        |data: bool, token: Value| json!({ "indexName": "idx", "returnData": data, "nextToken": token });
    let first = service.call(Operation::ListVectors, &list(true, Value::Null).to_string()).await;
    assert_eq!(first.body["vectors"].as_array().unwrap().len(), 63);
    let second =
        service.call(Operation::ListVectors, &list(true, first.body["nextToken"].clone()).to_string()).await;
    assert_eq!(second.body["vectors"].as_array().unwrap().len(), 37);
    assert_eq!(second.body["nextToken"], Value::Null);
    let keys = service.call(Operation::ListVectors, &list(false, Value::Null).to_string()).await;
    assert_eq!(keys.body["vectors"].as_array().unwrap().len(), 100);
    service.stop().await;
}

#[tokio::test]
async fn whoever_signs_wrongly_is_refused() {
    let mut service = LocalService::start(unlimited()).await;
    let good = service.credential.clone();

    service.credential.secret = Secret::new("wrong");
    let reply = service.call(Operation::PutVectorBucket, "").await;
    assert_eq!((reply.status, reply.code()), (403, "SignatureDoesNotMatch"));
    assert_eq!(reply.header("x-oss-ec"), "0002-00000040");
    assert_eq!(reply.body["Error"]["EC"], "0002-00000040");
    assert_eq!(reply.body["Error"]["RequestId"], reply.header("x-oss-request-id"));

    service.credential = Credential { access_key_id: "nobody".to_owned(), ..good.clone() };
    assert_eq!(service.call(Operation::PutVectorBucket, "").await.code(), "InvalidAccessKeyId");

    service.credential = good;
    service.clock_offset_seconds = -1000;
    assert_eq!(service.call(Operation::PutVectorBucket, "").await.code(), "RequestTimeTooSkewed");

    service.clock_offset_seconds = 0;
    service.credential.security_token = Some(Secret::new("a token is signed and else ignored"));
    assert_eq!(service.call(Operation::PutVectorBucket, "").await.status, 200);

    let url = service.endpoint.url(&service.target, Operation::GetVectorBucket);
    assert_eq!(service.client.get(url).send().await.unwrap().status(), 403);
    service.stop().await;
}

#[tokio::test]
async fn buckets_and_indexes_follow_their_rules() {
    let mut service = LocalService::start(unlimited()).await;
    let missing = service.put(vectors(0..1)).await;
    assert_eq!((missing.status, missing.code()), (404, "NoSuchBucket"));
    assert_eq!(service.call(Operation::PutVectorBucket, "").await.header("location"), "/bucket");
    assert_eq!(service.call(Operation::PutVectorBucket, "").await.code(), "BucketAlreadyExists");
    assert_eq!(service.put(vectors(0..1)).await.code(), "NoSuchVectorIndex");

    assert_eq!(service.put_index("bad-name", 2).await.code(), "VectorIndexParameterInvalid");
    assert_eq!(service.put_index("idx", 0).await.code(), "VectorIndexParameterInvalid");
    assert_eq!(service.put_index("idx", 4097).await.code(), "VectorIndexParameterInvalid");
    assert_eq!(service.call(Operation::PutVectorIndex, "{").await.code(), "MalformedJson");
    assert_eq!(service.call(Operation::PutVectorIndex, "{}").await.code(), "VectorIndexParameterInvalid");
    for number in 0..100 {
        assert_eq!(service.put_index(&format!("idx{number}"), 2).await.status, 200);
    }
    let mut pages = Vec::new();
    let mut token = json!(null);
    while pages.is_empty() || token.is_string() {
        let request = json!({ "prefix": "idx1", "maxResults": 4, "nextToken": token });
        let page = service.call(Operation::ListVectorIndexes, &request.to_string()).await.body;
        let names = page["indexes"].as_array().unwrap().iter();
        pages.push(names.map(|index| index["indexName"].as_str().unwrap().to_owned()).collect::<Vec<_>>());
        token = page["nextToken"].clone();
    }
    let last: Vec<_> = (17..20).map(|number| format!("idx{number}")).collect();
    assert_eq!((pages.len(), pages.concat().len(), pages.last()), (3, 11, Some(&last)), "{pages:?}");
    let again = service.put_index("idx7", 2).await;
    assert_eq!((again.status, again.code()), (409, "VectorBucketIndexAlreadyExist"));
    assert_eq!(service.put_index("idx", 2).await.code(), "VectorBucketIndexExceedLimit");
    assert_eq!(service.call(Operation::QueryVectors, "{}").await.status, 501);

    service.target.bucket = "Bad".to_owned();
    assert_eq!(service.call(Operation::PutVectorBucket, "").await.code(), "InvalidBucketName");
    service.stop().await;
}

#[tokio::test]
async fn a_batch_with_one_bad_vector_is_refused_whole() {
    let service = LocalService::with_index(unlimited()).await;
    let data = |numbers: Value| json!({ "key": "bad", "data": { "float32": numbers } });
    let metadata =
        |metadata: Value| json!({ "key": "bad", "data": { "float32": [1, 2] }, "metadata": metadata });
    let many_fields: Value = (0..11)
        .map(|number| (format!("field{number}"), json!("x")))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let rows = [
        ("wrong dimension", data(json!([1.0]))),
        ("beyond float32", data(json!([1e39, 1.0]))),
        ("zero with cosine", data(json!([0.0, -0.0]))),
        ("text for a number", data(json!(["1", 2]))),
        ("no data", json!({ "key": "bad" })),
        ("empty key", json!({ "key": "", "data": { "float32": [1, 2] } })),
        ("long key", vector(&"k".repeat(1025))),
        ("repeated key", vector("good")),
        ("number in metadata", metadata(json!({ "year": 2026 }))),
        ("metadata that is no object", metadata(json!(["a"]))),
        ("filterable metadata over 2 KB", metadata(json!({ "a": "x".repeat(2048) }))),
        ("metadata over 40 KB", metadata(json!({ "text": "x".repeat(40 * 1024) }))),
        ("eleven filterable fields", metadata(many_fields)),
    ];
    for (what, bad) in rows {
        let reply = service.put(json!([vector("good"), bad])).await;
        assert_eq!((reply.status, reply.code()), (400, "VectorIndexParameterInvalid"), "{what}");
    }
    assert_eq!(service.put(vectors(0..501)).await.status, 400);
    assert_eq!(service.put(json!([])).await.status, 400);
    let nan = r#"{"indexName":"idx","vectors":[{"key":"a","data":{"float32":[NaN,1]}}]}"#;
    assert_eq!(service.call(Operation::PutVectors, nan).await.code(), "MalformedJson");
    assert_eq!(service.stored_keys(), [] as [&str; 0]);

    let most = json!({ "text": "x".repeat(37 * 1024), "a": "x".repeat(2047) });
    assert_eq!(service.put(json!([metadata(most)])).await.status, 200);
    service.stop().await;
}

#[tokio::test]
async fn the_digest_is_checked_when_there_is_one() {
    let service = LocalService::with_index(unlimited()).await;
    let body = r#"{"indexName":"idx"}"#;
    let wrong = [("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==")];
    let reply = service.try_send(Operation::GetVectorIndex, body, &wrong).await.unwrap();
    assert_eq!((reply.status, reply.code()), (400, "InvalidDigest"));
    assert_eq!(service.try_send(Operation::GetVectorIndex, body, &[]).await.unwrap().status, 200);
    service.stop().await;
}

#[tokio::test]
async fn the_quota_refuses_what_is_too_much_for_a_second() {
    let options = Options { requests_per_second: 3.0, vectors_per_second: 100.0, ..unlimited() };
    let service = LocalService::with_index(options).await;
    assert_eq!(service.put(vectors(0..60)).await.status, 200);
    let throttled = service.put(vectors(60..120)).await;
    assert_eq!((throttled.status, throttled.code()), (503, "QpsLimitExceeded"));
    assert_eq!(service.put(vectors(60..100)).await.status, 200);
    assert_eq!(service.put(json!([])).await.status, 400);
    assert_eq!(service.put(json!([])).await.status, 503);

    let counts = service.service.statistics().of(Operation::PutVectors);
    assert_eq!((counts.requests, counts.succeeded, counts.throttled), (5, 2, 2));
    assert_eq!((counts.vectors_received, counts.vectors_stored), (160, 100));
    assert_eq!(service.service.statistics().busiest_second(), (5, 160));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(service.put(vectors(0..100)).await.status, 200);
    service.stop().await;
}

#[tokio::test]
async fn a_failing_answer_may_have_stored_a_part() {
    let options = Options {
        faults: faults(&[
            "op=PutVectors,nth=1,status=503,code=InternalError,apply=half",
            "op=PutVectors,nth=2,status=429,retry-after=2",
        ]),
        ..unlimited()
    };
    let service = LocalService::with_index(options).await;
    let reply = service.put(vectors(0..5)).await;
    assert_eq!((reply.status, reply.code()), (503, "InternalError"));
    assert_eq!(service.stored_keys(), ["0000", "0001"]);
    let reply = service.put(vectors(5..6)).await;
    assert_eq!((reply.status, reply.code(), reply.header("retry-after")), (429, "QpsLimitExceeded", "2"));
    assert_eq!(service.put(vectors(0..5)).await.status, 200);
    assert_eq!(service.stored_keys().len(), 5);
    let statistics = service.service.statistics();
    assert_eq!(statistics.of(Operation::PutVectors).vectors_stored, 7);
    assert_eq!(statistics.of(Operation::PutVectors).throttled, 0);
    assert_eq!(statistics.recent.back().unwrap().keys.len(), 5);
    service.stop().await;
}

#[tokio::test]
async fn a_reset_leaves_no_answer_and_all_or_nothing_stored() {
    let options = Options {
        faults: faults(&["op=PutVectors,nth=1,reset=before", "op=PutVectors,nth=2,reset=after"]),
        ..unlimited()
    };
    let service = LocalService::with_index(options).await;
    let body = |keys| json!({ "indexName": "idx", "vectors": vectors(keys) }).to_string();
    assert!(service.try_call(Operation::PutVectors, &body(0..2)).await.is_err());
    assert_eq!(service.stored_keys().len(), 0);
    assert!(service.try_call(Operation::PutVectors, &body(2..4)).await.is_err());
    assert_eq!(service.stored_keys(), ["0002", "0003"]);
    let statuses: Vec<_> = service.service.statistics().recent.iter().map(|seen| seen.status).collect();
    assert_eq!(statuses, [Some(200), Some(200), None, None]);
    service.stop().await;
}

#[tokio::test]
async fn a_poisoned_key_refuses_its_batch_and_no_other() {
    let options = Options { faults: faults(&["refuse-key=0003,name-key", "max-body=1000"]), ..unlimited() };
    let service = LocalService::with_index(options).await;
    let reply = service.put(vectors(0..5)).await;
    assert_eq!((reply.status, reply.code()), (400, "VectorIndexParameterInvalid"));
    assert_eq!(reply.body["Error"]["Message"], "The vector with the key \"0003\" is invalid.");
    assert_eq!(service.put(vectors(4..7)).await.status, 200);
    let large = service.put(vectors(100..200)).await;
    assert_eq!((large.status, large.code()), (413, "EntityTooLarge"));
    service.stop().await;
}

#[tokio::test]
async fn a_clock_that_is_off_takes_only_dates_that_fit_it() {
    let mut service = LocalService::with_index(unlimited()).await;
    service.service.set_faults(&faults(&["skew=20m"]));
    let reply = service.put(vectors(0..1)).await;
    assert_eq!((reply.status, reply.code()), (403, "RequestTimeTooSkewed"));
    let server = Timestamp::parse_http_date(reply.header("date")).unwrap();
    let offset = server.unix_seconds() - Timestamp::now().unix_seconds();
    assert!((1195..=1200).contains(&offset), "{offset}");
    service.clock_offset_seconds = offset;
    assert_eq!(service.put(vectors(0..1)).await.status, 200);
    service.stop().await;
}

#[tokio::test]
async fn an_ended_token_and_a_late_answer_can_be_scripted() {
    let service = LocalService::with_index(unlimited()).await;
    service.service.set_faults(&faults(&["expired-token,count=1", "latency=300ms,nth=2"]));
    let reply = service.put(vectors(0..1)).await;
    assert_eq!((reply.status, reply.code()), (403, "SecurityTokenExpired"));
    let start = Instant::now();
    assert_eq!(service.put(vectors(0..1)).await.status, 200);
    assert!(start.elapsed() >= Duration::from_millis(300));
    service.stop().await;
}

#[tokio::test]
async fn a_hanging_request_ends_with_the_client_or_with_the_service() {
    let service = LocalService::with_index(unlimited()).await;
    service.service.set_faults(&faults(&["hang,apply=1"]));
    let body = json!({ "indexName": "idx", "vectors": vectors(0..3) }).to_string();
    let call = service.try_call(Operation::PutVectors, &body);
    assert!(tokio::time::timeout(Duration::from_millis(300), call).await.is_err());
    assert_eq!(service.stored_keys(), ["0000"]);
    while service.service.statistics().in_flight > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let start = Instant::now();
    let call = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        service.stop.send(()).unwrap();
    };
    let url = service.endpoint.url(&service.target, Operation::PutVectors);
    let (hanging, ()) = tokio::join!(service.client.post(url).body("").send(), call);
    drop(hanging);
    service.serving.await.unwrap().unwrap();
    assert!(start.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn both_addressings_reach_the_bucket() {
    let mut service = LocalService::with_index(unlimited()).await;
    let port = service.endpoint.to_string().rsplit(':').next().unwrap().to_owned();
    service.endpoint = Endpoint::parse(Some(&format!("http://localhost:{port}")), "").unwrap();
    let host = format!("bucket-{}.localhost", service.target.account);
    let resolved = format!("127.0.0.1:{port}").parse().unwrap();
    service.client = reqwest::Client::builder().no_proxy().resolve(&host, resolved).build().unwrap();
    assert_eq!(service.put(vectors(0..1)).await.status, 200);
    service.target.account = "1".to_owned();
    service.client =
        reqwest::Client::builder().no_proxy().resolve("bucket-1.localhost", resolved).build().unwrap();
    let stranger = service.put(vectors(0..1)).await;
    assert_eq!((stranger.status, stranger.code()), (403, "AccessDenied"));
    service.stop().await;
}

#[tokio::test]
async fn what_was_stored_outlives_the_service() {
    let directory = std::env::temp_dir().join(format!("ossvec-local-service-{}", std::process::id()));
    let options = Options { data: Some(directory.clone()), ..unlimited() };
    let service = LocalService::with_index(options.clone()).await;
    assert_eq!(service.put(vectors(0..3)).await.status, 200);
    service.stop().await;
    let service = LocalService::start(options).await;
    assert_eq!(service.stored_keys().len(), 3);
    assert_eq!(service.put(vectors(3..4)).await.status, 200);
    service.stop().await;
    std::fs::remove_dir_all(directory).unwrap();
}
