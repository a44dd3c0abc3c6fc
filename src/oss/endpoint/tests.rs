use super::*;

fn target() -> Target {
    Target { bucket: "my-b".to_owned(), account: "123".to_owned(), region: "cn-hangzhou".to_owned() }
}

#[test]
fn the_url_follows_the_endpoint_as_in_the_sdks() {
    let rows = [
        (None, "https://my-b-123.cn-hangzhou.oss-vectors.aliyuncs.com/?putVectors"),
        (Some("http://vectors.test"), "http://my-b-123.vectors.test/?putVectors"),
        (Some("localhost:8080"), "https://my-b-123.localhost:8080/?putVectors"),
        (Some("HTTPS://example.com/"), "https://my-b-123.example.com/?putVectors"),
        (Some("http://127.0.0.1:8080"), "http://127.0.0.1:8080/my-b/?putVectors"),
        (Some("http://[::1]:8080"), "http://[::1]:8080/my-b/?putVectors"),
        (Some("[::1]"), "https://[::1]/my-b/?putVectors"),
    ];
    for (text, url) in rows {
        let endpoint = Endpoint::parse(text, "cn-hangzhou").unwrap();
        assert_eq!(endpoint.url(&target(), Operation::PutVectors), url, "{text:?}");
    }
}

#[test]
fn only_a_host_name_can_carry_the_bucket() {
    let named = Endpoint::parse(Some("http://localhost"), "r").unwrap().with_addressing(Addressing::Path);
    assert_eq!(named.url(&target(), Operation::GetVectorBucket), "http://localhost/my-b/?bucketInfo");
    let address = Endpoint::parse(Some("http://10.0.0.1"), "r").unwrap();
    assert_eq!(address.with_addressing(Addressing::Virtual).addressing(), Addressing::Path);
}

#[test]
fn an_operation_without_a_query_has_no_question_mark() {
    let endpoint = Endpoint::parse(Some("http://h"), "r").unwrap();
    assert_eq!(endpoint.url(&target(), Operation::PutVectorBucket), "http://my-b-123.h/");
    assert_eq!(endpoint.url(&target(), Operation::ListVectorBuckets), "http://h/");
}

#[test]
fn what_is_no_endpoint_is_refused_with_the_reason() {
    let rows = [
        ("", "\"\" has no host"),
        ("https:///x", "\"https:///x\" has no host"),
        ("ftp://h", "invalid scheme \"ftp\": expected http or https"),
        ("https://me:hush@h", "it contains a user name or a password before an @"),
        ("hush://me:hush/hush@h:hush", "it contains a user name or a password before an @"),
        ("u ser", "invalid host \"u ser\": expected a host name or an IP address"),
        ("::1", "invalid host \":\": expected a host name or an IP address"),
        ("h:0", "invalid port \"0\": expected 1 to 65535"),
        ("h:http", "invalid port \"http\": expected 1 to 65535"),
    ];
    for (text, message) in rows {
        assert_eq!(Endpoint::parse(Some(text), "r").unwrap_err().to_string(), message);
    }
}

#[test]
fn a_bucket_url_holds_bucket_account_region_and_network() {
    let url = "https://my-b-123.cn-hangzhou-internal.oss-vectors.aliyuncs.com/";
    let (endpoint, found) = from_bucket_url(url).unwrap();
    assert_eq!(found, target());
    assert_eq!(endpoint.to_string(), "https://cn-hangzhou-internal.oss-vectors.aliyuncs.com");
    assert!(from_bucket_url("my-b-123.cn-hangzhou.oss-vectors.aliyuncs.com").is_some());
}

#[test]
fn the_services_own_hosts_name_their_region() {
    for (endpoint, region) in [
        ("https://cn-hangzhou-internal.oss-vectors.aliyuncs.com", Some("cn-hangzhou")),
        ("ap-southeast-1.oss-vectors.aliyuncs.com:443", Some("ap-southeast-1")),
        ("https://my-b-123.cn-hangzhou.oss-vectors.aliyuncs.com", None),
        ("http://127.0.0.1:9410", None),
        (".oss-vectors.aliyuncs.com", None),
    ] {
        assert_eq!(region_of(endpoint).as_deref(), region, "{endpoint}");
    }
}

#[test]
fn a_host_in_capital_letters_is_the_same_host() {
    let url = "HTTPS://My-B-123.CN-Hangzhou.OSS-Vectors.AliyunCS.com";
    let (endpoint, found) = from_bucket_url(url).unwrap();
    assert_eq!(found, target());
    assert_eq!(endpoint.to_string(), "https://cn-hangzhou.oss-vectors.aliyuncs.com");
    assert!(Endpoint::parse(Some("LocalHost:1"), "r").unwrap().is_loopback());
    assert_eq!(from_bucket_url("https://me:hush@b-1.cn-hangzhou.oss-vectors.aliyuncs.com"), None);
}

#[test]
fn what_follows_the_host_is_an_error_and_never_dropped() {
    for (text, what, without) in [
        ("HTTPS://example.com/base/path", "path", "https://example.com"),
        ("http://h:1/x?y=hush", "path", "http://h:1"),
        ("h//", "path", "https://h"),
        ("h?y=hush", "query", "https://h"),
        ("h/?putVectors", "query", "https://h"),
        ("h#x", "query", "https://h"),
        ("https://my-b-123.cn-hangzhou.oss-vectors.aliyuncs.com/my-index", "path", "https://my-b-123."),
    ] {
        let error = Endpoint::parse(Some(text), "r").unwrap_err();
        assert_eq!(error.to_string(), format!("unexpected {what} after the host"), "{text}");
        assert!(
            matches!(error, EndpointError::Rest { without: ref host, .. } if host.starts_with(without)),
            "{error:?}"
        );
        assert_eq!(from_bucket_url(text), None, "{text}");
    }
}

#[test]
fn an_endpoint_of_objects_is_known_with_the_one_of_vectors() {
    for (endpoint, vectors) in [
        ("https://oss-cn-hangzhou.aliyuncs.com", Some(Some("cn-hangzhou.oss-vectors.aliyuncs.com"))),
        (
            "OSS-cn-hangzhou-internal.aliyuncs.com/",
            Some(Some("cn-hangzhou-internal.oss-vectors.aliyuncs.com")),
        ),
        ("http://my-b.oss-us-east-1.aliyuncs.com:80", Some(Some("us-east-1.oss-vectors.aliyuncs.com"))),
        ("oss-accelerate.aliyuncs.com", Some(None)),
        ("cn-hangzhou.oss-vectors.aliyuncs.com", None),
        ("https://my-b-1.cn-hangzhou.oss-vectors.aliyuncs.com", None),
        ("oss-cn-hangzhou.example.com", None),
        ("sts.cn-hangzhou.aliyuncs.com", None),
    ] {
        let found = of_objects(endpoint).map(|(_, vectors)| vectors);
        assert_eq!(found.as_ref().map(Option::as_deref), vectors, "{endpoint}");
    }
}

#[test]
fn each_reason_why_a_text_is_no_endpoint_says_what_is_wrong() {
    let told = ["https://me:hush@h", "http://", "ftp://h", "h*st", "h/path", "h?query", "h:port"]
        .map(|text| format!("{}\n", Endpoint::parse(Some(text), "r").unwrap_err()));
    insta::assert_snapshot!(told.concat(), @r#"
    it contains a user name or a password before an @
    "http://" has no host
    invalid scheme "ftp": expected http or https
    invalid host "h*st": expected a host name or an IP address
    unexpected path after the host
    unexpected query after the host
    invalid port "port": expected 1 to 65535
    "#);
}

#[test]
fn this_machine_is_known_by_name_and_by_address() {
    let is_loopback = |text| Endpoint::parse(Some(text), "r").unwrap().is_loopback();
    for text in
        ["http://localhost:1", "sub.localhost", "127.0.0.1", "127.8.8.8:1", "[::1]:9", "[::ffff:127.0.0.1]"]
    {
        assert!(is_loopback(text), "{text}");
    }
    for text in ["localhost.example.com", "10.0.0.1", "[::2]", "mylocalhost"] {
        assert!(!is_loopback(text), "{text}");
    }
}

#[test]
fn what_is_no_bucket_url_is_left_alone() {
    let rows = [
        "cn-hangzhou.oss-vectors.aliyuncs.com",
        "https://bucket.cn-hangzhou.oss-vectors.aliyuncs.com",
        "https://bucket-x.cn-hangzhou.oss-vectors.aliyuncs.com",
        "https://bucket-1.a.b.oss-vectors.aliyuncs.com",
        "https://bucket-1.cn-hangzhou.example.com",
        "https://bucket-1..oss-vectors.aliyuncs.com",
    ];
    for url in rows {
        assert_eq!(from_bucket_url(url), None, "{url}");
    }
}

#[test]
fn a_service_is_the_same_however_its_endpoint_is_written() {
    let service = |text| Endpoint::parse(text, "cn-hangzhou").unwrap().service();
    let of_url = |url| from_bucket_url(url).unwrap().0.service();
    let own = service(None);
    assert_eq!(own, "cn-hangzhou.oss-vectors.aliyuncs.com");
    for text in [
        "cn-hangzhou.oss-vectors.aliyuncs.com",
        "https://cn-hangzhou-internal.oss-vectors.aliyuncs.com/",
        "http://CN-Hangzhou-Internal.OSS-vectors.aliyuncs.com:80",
        "https://cn-hangzhou.oss-vectors.aliyuncs.com.:443",
    ] {
        assert_eq!(service(Some(text)), own, "{text}");
    }
    assert_eq!(of_url("https://my-b-123.cn-hangzhou-internal.oss-vectors.aliyuncs.com/"), own);
    for (one, other) in [
        ("http://Vectors.test", "http://vectors.test:80/"),
        ("vectors.test", "HTTPS://vectors.test.:443"),
        ("http://[::1]:9410", "http://[0:0:0:0:0:0:0:1]:9410/"),
    ] {
        assert_eq!(service(Some(one)), service(Some(other)), "{one}");
    }
    let by_path = Endpoint::parse(Some("vectors.test"), "r").unwrap().with_addressing(Addressing::Path);
    assert_eq!(by_path.service(), service(Some("vectors.test")));
}

#[test]
fn other_services_are_told_apart() {
    let service = |text| Endpoint::parse(Some(text), "cn-hangzhou").unwrap().service();
    let all = [
        "cn-hangzhou.oss-vectors.aliyuncs.com",
        "cn-beijing.oss-vectors.aliyuncs.com",
        "cn-hangzhou.oss-vectors.aliyuncs.com:8443",
        "cn-hangzhou.oss-vectors.aliyuncs.com.example.com",
        "https://vectors.test",
        "http://vectors.test",
        "http://vectors.test:8080",
        "http://127.0.0.1:8080",
        "http://127.0.0.1:8081",
        "http://[::1]:8080",
    ];
    let different: std::collections::BTreeSet<_> = all.into_iter().map(service).collect();
    assert_eq!(different.len(), all.len());
}

#[test]
fn resources_are_the_ones_that_the_sdks_sign() {
    assert_eq!(service_resource("cn-hangzhou"), "/acs:ossvector:cn-hangzhou::/");
    assert_eq!(target().resource(""), "/acs:ossvector:cn-hangzhou:123:my-b/");
    assert_eq!(target().resource("key-1/key-2"), "/acs:ossvector:cn-hangzhou:123:my-b/key-1/key-2");
}
