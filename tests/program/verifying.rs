//! What the tests of `ossvec verify` share: the command, what it says and lists, and a client beside the program that changes
//! what the service holds.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use ossvec::test_support::oss::client::{Body, Client, ClientOptions};
use ossvec::test_support::oss::credential::Credentials;
use ossvec::test_support::oss::endpoint::{Endpoint, Target};
use ossvec::test_support::oss::network::{Network, Proxy};
use ossvec::test_support::oss::operation::Operation;
use ossvec::test_support::oss::secret::{Credential, Secret};
use serde_json::{Value, json};

use crate::support::{ACCOUNT, BUCKET, Ended, Home, INDEX, TestService};
use crate::trouble::json_lines;

pub(crate) const DIMENSION: usize = 4;

/// A verification without a pace, with a summary that a test can take apart.
pub(crate) fn verify(home: &Home, service: &TestService, words: &[&str]) -> Command {
    let mut command = home.aimed(&["verify"], service);
    command.args(["--output-format", "json", "--requests-per-second", "0", "--checkpoint-dir", "state"]);
    command.args(words);
    command
}

/// What a verification says of the records: equal, different, missing, not checked.
#[track_caller]
pub(crate) fn found(ended: &Ended) -> [u64; 4] {
    let verified = ended.summary()["verified"].take();
    ["equal", "different", "missing", "not_checked"].map(|name| verified[name].as_u64().unwrap())
}

/// The findings of a rejects file that count: reasons by key.
pub(crate) fn findings(home: &Home, name: &str) -> BTreeMap<String, String> {
    let of_line = |line: &Value| {
        let rejected = &line["rejected"];
        let text = |name: &str| rejected[name].as_str().unwrap_or_default().to_owned();
        let is_finding = ["different", "missing"].contains(&text("reason").as_str());
        (is_finding && rejected["superseded"] == 0).then(|| (text("key"), text("reason")))
    };
    let all: Vec<_> = json_lines(&home.path(name)).iter().filter_map(of_line).collect();
    let by_key: BTreeMap<_, _> = all.iter().cloned().collect();
    assert_eq!(by_key.len(), all.len(), "a key is listed twice: {all:?}");
    by_key
}

/// A client of the service, beside the program.
pub(crate) struct Api {
    client: Client,
    runtime: tokio::runtime::Runtime,
}

impl Api {
    pub(crate) fn of(service: &TestService) -> Self {
        let endpoint = Endpoint::parse(Some(&format!("http://{}", service.address)), "cn-hangzhou").unwrap();
        let region = "cn-hangzhou".to_owned();
        let options = ClientOptions {
            endpoint,
            target: Target { bucket: BUCKET.into(), account: ACCOUNT.into(), region },
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(5),
            skip_verify_cert: false,
            content_md5: true,
            network: Network { proxy: Proxy::None, extra_certificates: None },
        };
        let credential = Credential {
            access_key_id: "local".to_owned(),
            secret: Secret::new("local"),
            security_token: None,
            expires_at: None,
        };
        let client = Client::new(options, Credentials::new(Box::new(credential))).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { client, runtime }
    }

    /// Calls an operation, which succeeds; returns the HTTP status.
    pub(crate) fn call(&self, operation: Operation, body: &Value) -> u16 {
        let body = Body::new(vec![serde_json::to_vec(body).unwrap().into()]);
        let call = self.client.call(operation, &body, 0, Box::new(|| ()));
        self.runtime.block_on(call).unwrap().status
    }

    pub(crate) fn put(&self, key: &str, bits: &[u32], metadata: &Value) {
        let numbers: Vec<_> = bits.iter().map(|bits| f32::from_bits(*bits)).collect();
        let mut vector = json!({ "key": key, "data": { "float32": numbers } });
        if !metadata.is_null() {
            vector["metadata"] = metadata.clone();
        }
        self.call(Operation::PutVectors, &json!({ "indexName": INDEX, "vectors": [vector] }));
    }

    pub(crate) fn delete(&self, key: &str) {
        self.call(Operation::DeleteVectors, &json!({ "indexName": INDEX, "keys": [key] }));
    }
}
