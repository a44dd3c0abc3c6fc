//! The known answers of the signature, published with the vendor's SDKs or computed with them: each line of
//! `data/signatures.jsonl` is a request, its canonical request, that one's hash, and the signature.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use ossvec::test_support::oss::endpoint::{Target, service_resource};
use ossvec::test_support::oss::secret::{Credential, Secret};
use ossvec::test_support::oss::sign::{self, Authorization, Scope, Signable};
use ossvec::test_support::oss::time::Timestamp;
use ossvec::test_support::oss::{presign, presigned_query};
use sha2::{Digest, Sha256};

#[derive(serde::Deserialize)]
struct KnownAnswer {
    id: String,
    signer: String,
    ak: String,
    sk: String,
    token: Option<String>,
    time: String,
    method: String,
    bucket: Option<String>,
    #[serde(default)]
    key: String,
    account: Option<String>,
    region: String,
    product: String,
    query: String,
    headers: BTreeMap<String, String>,
    #[serde(default)]
    additional: Vec<String>,
    expires: Option<u64>,
    canonical_request: String,
    canonical_sha256: String,
    signature: String,
}

impl KnownAnswer {
    fn credential(&self) -> Credential {
        Credential {
            access_key_id: self.ak.clone(),
            secret: Secret::new(&self.sk),
            security_token: self.token.as_deref().map(Secret::new),
            expires_at: None,
        }
    }

    fn resource(&self) -> String {
        match (self.signer.as_str(), &self.bucket) {
            ("object", Some(bucket)) => format!("/{bucket}/{}", self.key),
            ("vectors", None) => service_resource(&self.region),
            ("vectors", Some(bucket)) => Target {
                bucket: bucket.clone(),
                account: self.account.clone().unwrap(),
                region: self.region.clone(),
            }
            .resource(&self.key),
            other => panic!("{}: no such signer: {other:?}", self.id),
        }
    }

    fn check(&self) {
        let now = Timestamp::parse_basic(&self.time).unwrap();
        let resource = self.resource();
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let additional: Vec<_> = self.additional.iter().map(String::as_str).collect();
        let request = Signable {
            method: &self.method,
            resource: &resource,
            query: &self.query,
            headers: &headers,
            additional: &additional,
        };
        match self.expires {
            Some(expires) => self.check_presigned(&request, now, expires),
            None => self.check_signed(&request, now),
        }
    }

    fn check_signed(&self, request: &Signable<'_>, now: Timestamp) {
        let added = sign::sign(request, &self.credential(), &self.region, &self.product, now);
        let headers = [request.headers, &added].concat();
        let request = Signable { headers: &headers, ..*request };
        self.check_canonical(&sign::canonical_request(&request));
        let authorization = &added.iter().find(|(name, _)| name == "Authorization").unwrap().1;
        let parsed = Authorization::parse(authorization).unwrap();
        assert_eq!(parsed.signature, self.signature, "{}", self.id);
        assert!(sign::verify(&parsed, &request, &Secret::new(&self.sk), now), "{}", self.id);
    }

    fn check_presigned(&self, request: &Signable<'_>, now: Timestamp, expires: u64) {
        let date = now.date();
        let scope = Scope { date: &date, region: &self.region, product: &self.product };
        let query = presigned_query(request, &self.credential(), scope, now, expires);
        self.check_canonical(&sign::canonical_request(&Signable { query: &query, ..*request }));
        let whole = presign(request, &self.credential(), scope, now, expires);
        assert_eq!(whole, format!("{query}&x-oss-signature={}", self.signature), "{}", self.id);
    }

    fn check_canonical(&self, canonical: &str) {
        assert_eq!(canonical, self.canonical_request, "{}", self.id);
        assert_eq!(
            base16ct::lower::encode_string(&Sha256::digest(canonical)),
            self.canonical_sha256,
            "{}",
            self.id
        );
    }
}

#[test]
fn every_known_answer_is_reproduced() {
    let answers: Vec<KnownAnswer> = include_str!("data/signatures.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), 18);
    for answer in answers {
        answer.check();
    }
}

#[test]
fn the_headers_of_the_worked_example_are_complete() {
    let headers = [
        ("Content-Type".to_owned(), "application/json".to_owned()),
        ("Content-MD5".to_owned(), "x/AZAqTvy9j/iwdC9qZ1eg==".to_owned()),
    ];
    let request = Signable {
        method: "POST",
        resource: "/acs:ossvector:cn-hangzhou:123:bucket/",
        query: "putVectors",
        headers: &headers,
        additional: &[],
    };
    let credential = Credential {
        access_key_id: "ak".to_owned(),
        secret: Secret::new("sk"),
        security_token: Some(Secret::new("token")),
        expires_at: None,
    };
    let now = Timestamp::parse_basic("20231216T162057Z").unwrap();
    let added = sign::sign(&request, &credential, "cn-hangzhou", sign::PRODUCT, now);
    let lines: Vec<String> = added.into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let expected = [
        "x-oss-date: 20231216T162057Z",
        "x-oss-content-sha256: UNSIGNED-PAYLOAD",
        "x-oss-security-token: token",
        "Date: Sat, 16 Dec 2023 16:20:57 GMT",
        "Authorization: OSS4-HMAC-SHA256 Credential=ak/20231216/cn-hangzhou/oss/aliyun_v4_request,\
         Signature=9fda24cec2f161bb500a6c2cf63b0fbc5516e59fdc3aab3e1299e0cabafb5660",
    ];
    assert_eq!(lines, expected);
}
