//! From a request's head to its operation and bucket.
//!
//! Supports both ways to name a bucket: `{bucket}-{account}.{any host}`, and `/{bucket}/` on any host.

use super::answer::Refusal;
use crate::oss::endpoint::split_bucket_label;
use crate::oss::operation::Operation;

/// The meaning of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// The operation.
    pub(crate) operation: Operation,
    /// The bucket; empty for an operation on the service.
    pub(crate) bucket: String,
    /// The account, if the host has one.
    pub(crate) account: Option<String>,
}

/// Parameters that narrow a `ListVectorBuckets`.
const LISTING_PARAMETERS: [&str; 3] = ["prefix", "marker", "max-keys"];

/// Determines the meaning of a request.
pub(crate) fn route(method: &str, path: &str, query: &str, host: &str) -> Result<Route, Refusal> {
    let (bucket, account) = bucket_and_account(path, host)?;
    let operation = operation(method, query, bucket.is_empty())?;
    Ok(Route { operation, bucket: bucket.to_owned(), account: account.map(str::to_owned) })
}

/// The bucket of a request, empty for none, and the account if the host has one.
fn bucket_and_account<'a>(path: &'a str, host: &'a str) -> Result<(&'a str, Option<&'a str>), Refusal> {
    let in_path = path.trim_start_matches('/');
    if !in_path.is_empty() {
        // An operation on vectors never has an object's key after the bucket.
        return match in_path.split_once('/').unwrap_or((in_path, "")) {
            (bucket, "") => Ok((bucket, None)),
            _ => Err(not_implemented()),
        };
    }
    let label = host.split_once('.').map_or("", |(label, _)| label);
    Ok(split_bucket_label(label).map_or(("", None), |(bucket, account)| (bucket, Some(account))))
}

/// The operation of a method and query, on the service itself or on a bucket.
fn operation(method: &str, query: &str, is_service_level: bool) -> Result<Operation, Refusal> {
    let names: Vec<&str> = query
        .split('&')
        .filter_map(|parameter| parameter.split('=').next())
        .filter(|n| !n.is_empty())
        .collect();
    if is_service_level {
        let is_listing = method == "GET" && names.iter().all(|name| LISTING_PARAMETERS.contains(name));
        return if is_listing { Ok(Operation::ListVectorBuckets) } else { Err(not_implemented()) };
    }
    let name = match names.as_slice() {
        [] => "",
        [name] => name,
        _ => return Err(not_implemented()),
    };
    let on_buckets = || Operation::ALL.into_iter().filter(|operation| !operation.is_service_level());
    if let Some(found) = on_buckets().find(|known| known.query() == name && known.method() == method) {
        return Ok(found);
    }
    if on_buckets().any(|known| known.query() == name) {
        return Err(Refusal::new(
            405,
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
        ));
    }
    Err(not_implemented())
}

/// The refusal of what the local service does not support.
pub(crate) fn not_implemented() -> Refusal {
    Refusal::new(501, "NotImplemented", "The local service does not implement this operation.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_addressings_name_the_bucket() {
        let rows = [
            ("/", "my-b-123.cn-hangzhou.oss-vectors.aliyuncs.com", "my-b", Some("123")),
            ("/", "b-1.localhost:9410", "b", Some("1")),
            ("/my-b/", "127.0.0.1:9410", "my-b", None),
            ("/my-b", "localhost", "my-b", None),
            ("/path-b/", "other-9.localhost", "path-b", None),
        ];
        for (path, host, bucket, account) in rows {
            let found = route("POST", path, "putVectors", host).unwrap();
            let account = account.map(str::to_owned);
            let wanted = Route { operation: Operation::PutVectors, bucket: bucket.to_owned(), account };
            assert_eq!(found, wanted, "{path} {host}");
        }
    }

    #[test]
    fn method_and_query_name_the_operation() {
        for operation in Operation::ALL.into_iter().filter(|operation| !operation.is_service_level()) {
            for query in [operation.query().to_owned(), format!("{}=", operation.query())] {
                let found = route(operation.method(), "/b/", &query, "h").unwrap().operation;
                assert_eq!(found, operation, "{query}");
            }
        }
        for query in ["", "prefix=a&max-keys=5"] {
            assert_eq!(route("GET", "/", query, "h").unwrap().operation, Operation::ListVectorBuckets);
        }
    }

    #[test]
    fn what_is_not_known_is_refused_and_never_taken_for_something_else() {
        let rows = [
            ("PUT", "/b/", "policy", 501),
            ("DELETE", "/b/", "logging", 501),
            ("GET", "/b/", "", 405),
            ("POST", "/b/", "putVectorIndexFusion", 501),
            ("POST", "/b/", "putVectors&x=1", 501),
            ("GET", "/b/", "putVectors", 405),
            ("PUT", "/b/object", "", 501),
            ("GET", "/", "acl", 501),
            ("POST", "/", "putVectors", 501),
        ];
        for (method, path, query, status) in rows {
            assert_eq!(
                route(method, path, query, "h").unwrap_err().status,
                status,
                "{method} {path}?{query}"
            );
        }
    }
}
