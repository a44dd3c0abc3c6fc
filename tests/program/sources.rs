//! Loads that live through a change of their credential, whichever source it comes from.
//!
//! Each source gives another credential every time it is asked. The service ends the one in use in the middle of the
//! load, and a recorder between the two notes which tokens arrive.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ossvec::test_support::local_service::fault::Fault;

use crate::recorder::Recorder;
use crate::scripted::{Asked, Scripted, temporary};
use crate::support::{ACCOUNT, BUCKET, Home, INDEX, State, TestService, lines, run, unlimited, wanted};

const RECORDS: usize = 200;
const DIMENSION: usize = 4;

/// The access key that the local service knows, with a token that is numbered and an end that is far away.
fn numbered(number: usize) -> String {
    temporary(number, "2100-01-01T00:00:00Z")
        .replace(&format!("STS.id-{number}"), "local")
        .replace(&format!("hush-{number}"), "local")
}

/// STS, which gives roles only to the access key or the token that the tests have, each time another credential.
fn sts() -> Scripted {
    let count = AtomicUsize::new(0);
    Scripted::start(move |asked| {
        let is_known =
            asked.path.contains("AccessKeyId=long-lived&") || asked.body.contains("OIDCToken=jwt&");
        if !is_known || !asked.body.contains("RoleArn=acs%3Aram%3A%3A1%3Arole%2Floader&") {
            return (403, r#"{"Code":"NoPermission","Message":"no"}"#.to_owned());
        }
        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
        (200, format!(r#"{{"Credentials":{}}}"#, numbered(number)))
    })
}

/// The metadata service of an instance with the role `worker`.
fn metadata(guarded: bool) -> Scripted {
    let count = AtomicUsize::new(0);
    Scripted::start(move |asked: &Asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("PUT", "/latest/api/token") if guarded => (200, "metadata-token".to_owned()),
        ("GET", _) if guarded && !asked.headers.contains_key("x-aliyun-ecs-metadata-token") => {
            (403, String::new())
        }
        ("GET", "/latest/meta-data/ram/security-credentials/") => (200, "worker".to_owned()),
        ("GET", "/latest/meta-data/ram/security-credentials/worker") => {
            (200, numbered(count.fetch_add(1, Ordering::Relaxed) + 1))
        }
        _ => (404, String::new()),
    })
}

/// A load without any credential of its own, one request after another, so many a second.
fn load(home: &Home, endpoint: &str, pace: &str) -> Command {
    let mut load = home.ossvec();
    load.args(["put-vectors", "vectors.jsonl", "--bucket", BUCKET, "--index-name", INDEX]);
    load.args(["--region", "cn-hangzhou", "--account-id", ACCOUNT, "--endpoint", endpoint]);
    load.args(["--create-index", "--distance-metric", "euclidean", "--output-format", "json"]);
    load.args(["--requests-per-second", pace, "--vectors-per-second", "0"]);
    load.args(["--batch-size", "20", "--job", "1"]);
    load
}

/// Loads everything while the token in use ends, and sees that a second one was fetched, once, and served the rest.
#[track_caller]
fn assert_lives_through_a_change(prepare: impl FnOnce(&Home, &mut Command)) {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let recorder = Recorder::start(service.address);
    assert_lives_through(&home, &service, &recorder, prepare);
}

/// The same with a token that stands in a file, which somebody writes anew as soon as the first batch is on its way.
#[track_caller]
fn assert_takes_up_what_is_written(file: &str, text: impl Fn(&str) -> String + Send + Sync + 'static) {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let path = home.write(file, text("token-1"));
    let recorder = Recorder::start_with(service.address, move |request| {
        if request.url.contains("putVectors") {
            std::fs::write(&path, text("token-2")).unwrap();
        }
    });
    assert_lives_through(&home, &service, &recorder, |_, _| ());
}

#[track_caller]
fn assert_lives_through(
    home: &Home,
    service: &TestService,
    recorder: &Recorder,
    prepare: impl FnOnce(&Home, &mut Command),
) {
    service.trouble(&["op=PutVectors,nth=5,expired-token"]);
    home.write("vectors.jsonl", lines(RECORDS, DIMENSION));
    let mut load = load(home, &format!("http://{}", recorder.address), "0");
    prepare(home, &mut load);
    let ended = run(&mut load);
    assert_eq!(ended.assert_code(0).counts(["stored"]), [RECORDS as u64]);
    service.assert_holds(&wanted(0..RECORDS, DIMENSION));
    assert_eq!(service.answered("SecurityTokenExpired"), 1);
    let tokens: Vec<_> = recorder
        .recorded()
        .into_iter()
        .map(|request| request.headers.get("x-oss-security-token").cloned().unwrap_or_default())
        .collect();
    let count = |wanted: &str| tokens.iter().filter(|token| *token == wanted).count();
    let (old, new) = (count("token-1"), count("token-2"));
    // Four batches before, the fifth again and five more after.
    assert!(new == 6 && old + new == tokens.len(), "{tokens:?}");
    let text = format!("{}{}", ended.stdout, ended.stderr);
    assert!(!text.contains("token-") && !text.contains("hush"), "{text}");
}

#[test]
fn the_role_of_an_instance_whose_metadata_are_guarded_by_a_token_or_not() {
    for (guarded, flags) in [(true, ["--mode", "EcsRamRole"]), (false, ["--mode", "ecsramrole"])] {
        let server = metadata(guarded);
        assert_lives_through_a_change(|_, load| {
            load.args(flags).env("OSSVEC_ECS_METADATA_URL", &server.url);
        });
    }
    let server = metadata(true);
    assert_lives_through_a_change(|home, load| {
        home.write(".ossutilconfig", "[default]\nmode = Ali-EcsRamRole\necs-role-name = worker\n");
        load.env("OSSVEC_ECS_METADATA_URL", &server.url);
    });
    assert_eq!(server.asked().len(), 4, "a token and a credential, twice");
    let server = metadata(false);
    assert_lives_through_a_change(|_, load| {
        load.env("ALIBABA_CLOUD_ECS_METADATA", "worker").env("OSSVEC_ECS_METADATA_URL", &server.url);
    });
}

#[test]
fn a_role_that_an_access_key_assumes() {
    let server = sts();
    assert_lives_through_a_change(|_, load| {
        load.args(["--role-arn", "acs:ram::1:role/loader"]);
        load.env("OSS_ACCESS_KEY_ID", "long-lived").env("OSS_ACCESS_KEY_SECRET", "hush");
        load.env("OSSVEC_STS_URL", &server.url).env("OSS_ROLE_SESSION_NAME", "nightly");
    });
    assert!(server.asked().iter().all(|asked| asked.body.ends_with("&RoleSessionName=nightly")));
    let server = sts();
    assert_lives_through_a_change(|home, load| {
        let keys =
            "access-key-id = long-lived\naccess-key-secret = hush\nrole-arn = acs:ram::1:role/loader\n";
        home.write(".ossutilconfig", format!("[default]\nmode = RamRoleArn\n{keys}"));
        load.env("OSSVEC_STS_URL", &server.url);
    });
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn a_role_that_the_token_of_a_pod_assumes() {
    let server = sts();
    assert_lives_through_a_change(|home, load| {
        load.env("ALIBABA_CLOUD_OIDC_TOKEN_FILE", home.write("token", "jwt\n"));
        load.env("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "acs:ram::1:oidc-provider/pods");
        load.env("ALIBABA_CLOUD_ROLE_ARN", "acs:ram::1:role/loader").env("OSSVEC_STS_URL", &server.url);
    });
    assert_eq!(server.asked().len(), 2);
}

/// A URL that answers with another credential each time.
fn answering() -> Scripted {
    let count = AtomicUsize::new(0);
    Scripted::start(move |asked| {
        assert_eq!(asked.path, "/hush");
        (200, numbered(count.fetch_add(1, Ordering::Relaxed) + 1))
    })
}

#[test]
fn a_url_that_answers_with_a_credential() {
    let server = answering();
    assert_lives_through_a_change(|_, load| {
        load.env("ALIBABA_CLOUD_CREDENTIALS_URI", format!("{}/hush", server.url));
    });
    assert_eq!(server.asked().len(), 2);
}

/// A shell line that prints another credential each time, in one of the two forms.
#[cfg(unix)]
fn printing(home: &Home, form: &str) -> String {
    let count = home.write("count", "");
    let count = count.display();
    format!("printf x >> {count}; n=$(wc -c < {count} | tr -d ' '); printf '{form}' $n")
}

#[cfg(unix)]
#[test]
fn a_process_in_ossutils_form_and_one_in_that_of_the_vendors_libraries() {
    assert_lives_through_a_change(|home, load| {
        let command = printing(
            home,
            r#"{"AccessKeyId":"local","AccessKeySecret":"local","SecurityToken":"token-%s",
               "Expiration":"2100-01-01T00:00:00Z"}"#
                .replace('\n', " ")
                .as_str(),
        );
        home.write("get", command);
        home.write(".ossutilconfig", "[default]\nmode = Process\ncredential-process = sh ./get --key hush\n");
        assert!(load.get_envs().all(|(name, _)| name != "OSS_ACCESS_KEY_ID"));
    });
    assert_lives_through_a_change(|home, load| {
        let form = r#"{"mode":"StsToken","access_key_id":"local","access_key_secret":"local","sts_token":"token-%s"}"#;
        let command = printing(home, form);
        home.write("get", command);
        let profile = r#"{"name":"p","mode":"External","process_command":"sh './get' --key hush"}"#;
        home.write(".aliyun/config.json", format!(r#"{{"current":"q","profiles":[{profile}]}}"#));
        load.env("ALIBABA_CLOUD_PROFILE", "p");
    });
}

#[test]
fn a_role_that_a_profile_of_the_alibaba_cloud_cli_assumes_with_anothers_key() {
    let server = sts();
    assert_lives_through_a_change(|home, load| {
        let base = r#"{"name":"base","mode":"AK","access_key_id":"long-lived","access_key_secret":"hush"}"#;
        let role = r#"{"name":"role","mode":"ChainableRamRoleArn","source_profile":"base",
            "ram_role_arn":"acs:ram::1:role/loader"}"#;
        home.write(".aliyun/config.json", format!(r#"{{"current":"role","profiles":[{base},{role}]}}"#));
        load.env("OSSVEC_STS_URL", &server.url);
    });
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn a_role_that_the_credentials_file_of_the_vendors_libraries_names() {
    let server = sts();
    assert_lives_through_a_change(|home, load| {
        let keys =
            "access_key_id = long-lived\naccess_key_secret = hush\nrole_arn = acs:ram::1:role/loader\n";
        home.write(".alibabacloud/credentials", format!("[default]\ntype = ram_role_arn\n{keys}"));
        load.env("OSSVEC_STS_URL", &server.url);
    });
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn a_token_that_is_written_anew_into_its_file_while_a_load_runs() {
    assert_takes_up_what_is_written(".ossutilconfig", |token| {
        let keys = "access-key-id = local\naccess-key-secret = local\n";
        format!("[default]\nmode = StsToken\n{keys}sts-token = {token}\n")
    });
    assert_takes_up_what_is_written(".aliyun/config.json", |token| {
        let keys = r#""access_key_id":"local","access_key_secret":"local""#;
        let profile = format!(r#"{{"name":"p","mode":"StsToken",{keys},"sts_token":"{token}"}}"#);
        format!(r#"{{"current":"p","profiles":[{profile}]}}"#)
    });
    assert_takes_up_what_is_written(".alibabacloud/credentials", |token| {
        let keys = "access_key_id = local\naccess_key_secret = local\n";
        format!("[default]\ntype = sts\n{keys}security_token = {token}\n")
    });
}

#[test]
fn the_sources_that_ossutils_file_and_that_of_the_alibaba_cloud_cli_name() {
    let oidc = "oidc-provider-arn = acs:ram::1:oidc-provider/pods\noidc-token-file-path = token\n";
    let role = "acs:ram::1:role/loader";
    let server = sts();
    assert_lives_through_a_change(|home, load| {
        home.write("token", "jwt\n");
        home.write(".ossutilconfig", format!("[default]\nmode = oidcRoleArn\nrole-arn = {role}\n{oidc}"));
        load.env("OSSVEC_STS_URL", &server.url);
    });
    let server = answering();
    assert_lives_through_a_change(|home, _| {
        let url = &server.url;
        home.write(
            ".ossutilconfig",
            format!("[default]\nmode = credential-uri\ncredential-uri = {url}/hush\n"),
        );
    });
    let (sts, metadata, uri) = (sts(), metadata(true), answering());
    for profile in [
        format!(
            r#""mode":"OIDC","ram_role_arn":"{role}","oidc_provider_arn":"acs:ram::1:oidc-provider/pods",
            "oidc_token_file":"token""#
        ),
        r#""mode":"EcsRamRole","ram_role_name":"worker""#.to_owned(),
        format!(r#""mode":"CredentialsURI","credentials_uri":"{}/hush""#, uri.url),
    ] {
        assert_lives_through_a_change(|home, load| {
            home.write("token", "jwt\n");
            let config = format!(r#"{{"current":"p","profiles":[{{"name":"p",{profile}}}]}}"#);
            home.write(".aliyun/config.json", config);
            load.env("OSSVEC_STS_URL", &sts.url).env("OSSVEC_ECS_METADATA_URL", &metadata.url);
        });
    }
    assert_eq!([sts.asked().len(), metadata.asked().len(), uri.asked().len()], [2, 4, 2]);
}

#[test]
fn a_credential_near_its_end_is_renewed_before_the_service_complains() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let recorder = Recorder::start(service.address);
    home.write("vectors.jsonl", lines(RECORDS, DIMENSION));
    let count = AtomicUsize::new(0);
    let server = Scripted::start(move |_| {
        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
        // The first has ended already; nobody waits for a clock.
        let ended = numbered(number).replace("2100", if number == 1 { "2001" } else { "2100" });
        (200, ended)
    });
    // Ten batches take longer than a second, and no renewal is tried sooner.
    let mut load = load(&home, &format!("http://{}", recorder.address), "4");
    load.env("ALIBABA_CLOUD_CREDENTIALS_URI", &server.url);
    run(&mut load).assert_code(0);
    service.assert_holds(&wanted(0..RECORDS, DIMENSION));
    assert_eq!((service.answered("SecurityTokenExpired"), server.asked().len()), (0, 2));
    let last = recorder.recorded().pop().unwrap();
    assert_eq!(last.headers["x-oss-security-token"], "token-2");
}

#[test]
fn a_source_that_is_down_when_its_credential_has_ended_is_waited_for() {
    for (down_for, flags, code) in [(1, ["--retry-times", "100"], 0), (usize::MAX, ["--retry-times", "1"], 6)]
    {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        // At four requests a second the third renewal falls into the middle of the load.
        home.write("vectors.jsonl", lines(2 * RECORDS, DIMENSION));
        let count = AtomicUsize::new(0);
        let server = Scripted::start(move |_| match count.fetch_add(1, Ordering::Relaxed) {
            number @ 0..3 => (200, numbered(number).replace("2100", "2001")),
            number if number - 3 < down_for => (503, String::new()),
            number => (200, numbered(number)),
        });
        let mut load = load(&home, &format!("http://{}", service.address), "4");
        load.args(flags).env("ALIBABA_CLOUD_CREDENTIALS_URI", &server.url);
        let ended = run(&mut load);
        let [stored, not_sent, unknown] = ended.assert_code(code).counts(["stored", "not_sent", "unknown"]);
        assert_eq!((service.state().len() as u64, unknown), (stored, 0));
        let said = "the credential has expired, and there is no new one: cannot get a credential from the credential URI: ";
        assert_eq!(ended.stderr.contains(said), code == 6, "{}", ended.stderr);
        assert_eq!(not_sent == 0, code == 0);
        assert_eq!(ended.summary()["resume_command"].is_string(), code == 6);
    }
}

#[test]
fn a_source_that_gives_nothing_stops_the_load_before_it_begins_and_says_what_it_said() {
    let refusing = Scripted::start(|asked| {
        let message = format!("no right; String to sign is {}", asked.path);
        (403, format!(r#"{{"Code":"NoPermission","Message":"{message}"}}"#))
    });
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("vectors.jsonl", lines(RECORDS, DIMENSION));
    let secret =
        [("OSS_ACCESS_KEY_ID", "id"), ("OSS_ACCESS_KEY_SECRET", "hush-key"), ("OSS_SESSION_TOKEN", "hush")];
    let process = "[default]\ncredential-process = echo no such user >&2; echo hush; exit 9\n";
    let conf = home.write("conf", process);
    for (flags, variables, said) in [
        (
            vec!["--role-arn", "arn"],
            secret.to_vec(),
            "cannot get a credential for the role arn from STS: NoPermission: no right;",
        ),
        (
            vec!["--mode", "EcsRamRole"],
            vec![],
            "cannot get a credential for this ECS instance's role from the metadata service: HTTP 403 for the role name",
        ),
        (
            vec!["-c", conf.to_str().unwrap()],
            vec![],
            "the credential process failed (exit status: 9): no such user",
        ),
        (
            vec![],
            vec![("ALIBABA_CLOUD_CREDENTIALS_URI", "http://127.0.0.1:1/hush")],
            "cannot get a credential from the credential URI: http://127.0.0.1:1: ",
        ),
    ] {
        let mut load = load(&home, &format!("http://{}", service.address), "0");
        load.args(flags).envs(variables);
        load.env("OSSVEC_STS_URL", &refusing.url).env("OSSVEC_ECS_METADATA_URL", &refusing.url);
        let ended = run(&mut load);
        assert!(ended.assert_code(3).stderr.contains(said), "{}", ended.stderr);
        let text = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!text.contains("hush"), "{text}");
    }
    service.assert_holds(&State::new());
}

#[test]
fn a_source_that_fails_when_the_token_has_ended_may_recover() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    service.trouble(&["op=PutVectors,nth=5,expired-token"]);
    home.write("vectors.jsonl", lines(RECORDS, DIMENSION));
    let count = AtomicUsize::new(0);
    let server = Scripted::start(move |_| match count.fetch_add(1, Ordering::Relaxed) + 1 {
        2 => (503, String::new()),
        number => (200, numbered(number)),
    });
    let mut load = load(&home, &format!("http://{}", service.address), "0");
    load.env("ALIBABA_CLOUD_CREDENTIALS_URI", &server.url);
    run(&mut load).assert_code(0);
    service.assert_holds(&wanted(0..RECORDS, DIMENSION));
}

#[test]
fn a_permission_that_is_lacking_is_told_with_what_the_source_said() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    service.trouble(&["op=PutVectors,nth=5,status=403"]);
    home.write("vectors.jsonl", lines(RECORDS, DIMENSION));
    let count = AtomicUsize::new(0);
    let server = Scripted::start(move |_| match count.fetch_add(1, Ordering::Relaxed) + 1 {
        1 => (200, numbered(1)),
        _ => (503, String::new()),
    });
    let mut load = load(&home, &format!("http://{}", service.address), "0");
    load.env("ALIBABA_CLOUD_CREDENTIALS_URI", &server.url);
    let ended = run(&mut load);
    let said = format!("cannot get a credential from the credential URI: {}: HTTP 503", server.url);
    assert!(ended.assert_code(2).stderr.contains("AccessDenied"), "{}", ended.stderr);
    assert!(ended.stderr.contains(&said), "{}", ended.stderr);
}

#[test]
fn a_credential_that_is_refused_at_its_first_use_is_fetched_anew_too() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let recorder = Recorder::start(service.address);
    home.write("vectors.jsonl", lines(2 * RECORDS, DIMENSION));
    let count = AtomicUsize::new(0);
    let refusing = Arc::clone(&service.service);
    let server = Scripted::start(move |_| match count.fetch_add(1, Ordering::Relaxed) {
        0 => (200, numbered(1).replace("2100", "2001")),
        // The request that fetches this one is refused with it, and once more.
        1 => {
            refusing.set_faults(&[Fault::parse("count=2,expired-token").unwrap()]);
            (200, numbered(2))
        }
        _ => (200, numbered(3)),
    });
    let mut load = load(&home, &format!("http://{}", recorder.address), "4");
    load.env("ALIBABA_CLOUD_CREDENTIALS_URI", &server.url);
    run(&mut load).assert_code(0);
    service.assert_holds(&wanted(0..2 * RECORDS, DIMENSION));
    assert_eq!((service.answered("SecurityTokenExpired"), server.asked().len()), (2, 3));
}
