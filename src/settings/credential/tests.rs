use std::time::Duration;

use clap::Parser;

use super::*;
use crate::cli::Cli;
use crate::exit::Exit;
use crate::oss::credential::{Role, Words};
use crate::oss::secret::{Credential, Secret};
use crate::profile::Profile;
use crate::testing::printed;

fn global(flags: &str) -> Global {
    let words = ["ossvec", "put-vectors", "a"].into_iter().chain(flags.split_whitespace());
    Cli::try_parse_from(words).unwrap().global
}

fn environment(variables: &str) -> Environment {
    let home = ("HOME".to_owned(), "/no/such/home".to_owned());
    let pairs = variables.split_whitespace().map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).chain([home]).collect()
}

fn resolved(flags: &str, variables: &str, file: &str) -> Result<Recipe, Failure> {
    let profile = Profile::read(&format!("[default]\n{file}"), None).unwrap();
    let (global, environment) = (global(flags), environment(variables));
    find(&Sources { profile, ..Sources::without_file(&global, &environment) }).map(|found| found.value)
}

fn keys(id: &str, token: Option<&str>) -> Recipe {
    Recipe::Keys(Credential {
        access_key_id: id.to_owned(),
        secret: Secret::new("s"),
        security_token: token.map(Secret::new),
        expires_at: None,
    })
}

fn assumed(base: Recipe, arn: &str, session_name: Option<&str>) -> Recipe {
    Recipe::Role { base: Box::new(base), role: Role::new(arn, session_name.map(str::to_owned)) }
}

fn ecs(name: Option<&str>, only_with_token: bool) -> Recipe {
    Recipe::EcsRole { name: name.map(str::to_owned), only_with_token }
}

fn process(seconds: u64) -> Recipe {
    let command = Secret::new("get --x");
    Recipe::Process { command, words: Words::Shell, timeout: Duration::from_secs(seconds) }
}

const OUTER: &str = "OSS_ACCESS_KEY_ID=e OSS_ACCESS_KEY_SECRET=s";
const FILE: &str = "access-key-id = f\naccess-key-secret = s\n";

#[test]
fn flags_win_over_variables_and_these_over_the_file() {
    let with = |more: &str| format!("{FILE}{more}");
    for (flags, variables, file, want) in [
        ("-i g -k s", OUTER, with("mode = Process"), keys("g", None)),
        ("-i g", OUTER, FILE.to_owned(), keys("g", None)),
        ("", OUTER, with("mode = EcsRamRole"), keys("e", None)),
        ("", "OSS_SESSION_TOKEN=t", FILE.to_owned(), keys("f", Some("t"))),
        ("", "", with("mode = StsToken\nsts-token = t"), keys("f", Some("t"))),
        ("--mode AK", "OSS_SESSION_TOKEN=t", FILE.to_owned(), keys("f", None)),
        ("--mode ststoken -i g -t u", "OSS_SESSION_TOKEN=t", FILE.to_owned(), keys("g", Some("u"))),
        ("--mode EcsRamRole", OUTER, with("ecs-role-name = worker"), ecs(Some("worker"), false)),
        ("--role-arn r", "OSS_ROLE_ARN=q", FILE.to_owned(), assumed(keys("f", None), "r", None)),
        ("", &format!("{OUTER} OSS_ROLE_ARN=q"), with("role-arn = p"), assumed(keys("e", None), "q", None)),
        (
            "--mode RamRoleArn --role-session-name n",
            "",
            with("role-arn = p"),
            assumed(keys("f", None), "p", Some("n")),
        ),
        (
            "",
            "OSS_ROLE_SESSION_NAME=n",
            with("mode = RamRoleArn\nrole-arn = p\nrole-session-name = m"),
            assumed(keys("f", None), "p", Some("n")),
        ),
        ("--mode EcsRamRole --role-arn r", "", String::new(), assumed(ecs(None, false), "r", None)),
    ] {
        assert_eq!(resolved(flags, variables, &file), Ok(want), "{flags} | {variables} | {file}");
    }
}

#[test]
fn each_mode_of_the_file_is_known_also_by_its_keys_alone() {
    let oidc = "role-arn = p\noidc-provider-arn = o\noidc-token-file-path = /t\n";
    let oidc_recipe = |arn: &str| Recipe::Oidc {
        role: Role::new(arn, None),
        provider_arn: "o".to_owned(),
        token_file: "/t".into(),
    };
    let uri = Recipe::Uri(Secret::new("http://u"));
    for (variables, file, want) in [
        ("", "mode = Ali-EcsRamRole".to_owned(), ecs(None, true)),
        ("", "ecs_role_name = worker".to_owned(), ecs(Some("worker"), false)),
        ("", format!("mode = oidcRoleArn\n{oidc}"), oidc_recipe("p")),
        ("OSS_ROLE_ARN=q", oidc.to_owned(), oidc_recipe("q")),
        ("", "mode = Process\ncredential-process = get --x".to_owned(), process(15)),
        ("", "credentialProcess = get --x\ncredential-process-timeout = 600".to_owned(), process(600)),
        ("", "mode = credential-uri\ncredential-uri = http://u".to_owned(), uri.clone()),
        ("", "credential-uri = http://u".to_owned(), uri),
        ("", format!("{FILE}role-arn = p"), assumed(keys("f", None), "p", None)),
    ] {
        assert_eq!(resolved("", variables, &file), Ok(want), "{file}");
    }
}

#[test]
fn what_cannot_be_says_so_and_never_goes_on_elsewhere() {
    let told = [
        ("", "mode = Anonymous"),
        ("--mode Anonymous", ""),
        ("", "mode = Magic"),
        ("", "mode = Process"),
        ("", "mode = credential-uri"),
        ("", "mode = oidcRoleArn"),
        ("", "oidc-provider-arn = p"),
        ("", "mode = AK"),
        ("-i g", ""),
        ("-k s", ""),
        ("", "credential-process = x\ncredential-process-timeout = 601"),
        ("-i ä -k s", ""),
    ]
    .map(|(flags, file)| {
        let failure = resolved(flags, ELSEWHERE, file).unwrap_err();
        let exit = failure.exit();
        format!("{}: {}\n", exit.code(), printed([failure]))
    });
    insta::assert_snapshot!(told.concat(), @r#"
    3: mode in  [default]: mode Anonymous is not supported: vector buckets accept only signed requests
        choose another profile with --profile
    1: mode Anonymous is not supported: vector buckets accept only signed requests
        remove --mode, or see docs/credentials.md
    3: mode in  [default]: unknown mode "Magic"
        use AK, StsToken, RamRoleArn, EcsRamRole, Ali-EcsRamRole, oidcRoleArn, Process or credential-uri
    3: mode in  [default]: credential-process is missing
        add it; docs/credentials.md lists the keys of each mode
    3: mode in  [default]: credential-uri is missing
        add it; docs/credentials.md lists the keys of each mode
    3: mode in  [default]: oidc-provider-arn is missing
        add it; docs/credentials.md lists the keys of each mode
    3: oidc-provider-arn in  [default]: oidc-token-file-path is missing
        add it; docs/credentials.md lists the keys of each mode
    3: no access key ID is set
        set --access-key-id, OSS_ACCESS_KEY_ID or access-key-id in ~/.ossutilconfig; or use --local to try a load without an account
    3: no access key secret is set
        set --access-key-secret, OSS_ACCESS_KEY_SECRET or access-key-secret in ~/.ossutilconfig; or use --local to try a load without an account
    3: no access key ID is set
        set --access-key-id, OSS_ACCESS_KEY_ID or access-key-id in ~/.ossutilconfig; or use --local to try a load without an account
    3: invalid value "601" for credential-process-timeout in  [default]: expected 1 to 600 seconds
        use a time such as 30 or 2m
    1: --access-key-id: the access key ID contains whitespace or a character outside ASCII
        copy it again, without anything around it
    "#);
}

#[test]
fn a_role_or_a_token_that_is_missing_is_named_with_flag_variable_and_key() {
    for (flags, file, said, advice) in [
        (
            "--mode RamRoleArn",
            FILE,
            "no role is set",
            "set --role-arn, OSS_ROLE_ARN or role-arn in ~/.ossutilconfig;",
        ),
        (
            "--mode RamRoleArn -c other",
            FILE,
            "no role is set",
            "set --role-arn, OSS_ROLE_ARN or role-arn in other;",
        ),
        (
            "",
            "oidc-provider-arn = p\noidc-token-file-path = t",
            "no role is set",
            "set --role-arn, OSS_ROLE_ARN or role-arn in ~/.ossutilconfig;",
        ),
        (
            "",
            "mode = StsToken\naccess-key-id = f",
            "no security token is set",
            "set --sts-token, OSS_SESSION_TOKEN or sts-token in ~/.ossutilconfig;",
        ),
    ] {
        let failure = resolved(flags, ELSEWHERE, file).unwrap_err();
        assert_eq!((failure.exit(), failure.message.as_str()), (Exit::Client, said));
        assert!(failure.advice.as_ref().unwrap().starts_with(advice), "{failure:?}");
    }
}

#[test]
fn a_token_never_goes_with_the_access_key_of_a_stronger_place() {
    let file = format!("{FILE}mode = StsToken\nsts-token = t");
    for (flags, variables, file, want) in [
        ("", OUTER, file.as_str(), keys("e", None)),
        ("-i g -k s", "OSS_SESSION_TOKEN=t", FILE, keys("g", None)),
        ("-i g -k s -t u", "OSS_SESSION_TOKEN=t", FILE, keys("g", Some("u"))),
        ("", &format!("{OUTER} OSS_SESSION_TOKEN=u"), file.as_str(), keys("e", Some("u"))),
    ] {
        assert_eq!(resolved(flags, variables, file), Ok(want), "{flags} | {variables}");
    }
    let failure = resolved("--mode StsToken", OUTER, &file).unwrap_err();
    let said = "no security token is set: the one in  [default] belongs to another access key";
    assert_eq!((failure.exit(), failure.message.as_str()), (Exit::Client, said));
    let failure = resolved("-t u", OUTER, &file).unwrap_err();
    let said = "--sts-token requires --access-key-id";
    assert_eq!((failure.exit(), failure.message.as_str()), (Exit::Usage, said));
}

#[test]
fn who_says_that_the_access_key_signs_gets_no_role_but_by_a_flag() {
    for (flags, variables, more, want) in [
        ("--mode AK", "OSS_ROLE_ARN=q", "", keys("f", None)),
        ("--mode StsToken", "OSS_ROLE_ARN=q", "sts-token = t", keys("f", Some("t"))),
        ("", "OSS_ROLE_ARN=q", "mode = AK", keys("f", None)),
        ("--mode AK --role-arn r", "OSS_ROLE_ARN=q", "", assumed(keys("f", None), "r", None)),
        ("--role-arn r", "", "mode = AK", assumed(keys("f", None), "r", None)),
        ("", "OSS_ROLE_ARN=q", "", assumed(keys("f", None), "q", None)),
    ] {
        let file = format!("{FILE}{more}");
        assert_eq!(resolved(flags, variables, &file), Ok(want), "{flags} | {variables} | {file}");
    }
    let variables = format!("{OUTER} OSS_ROLE_ARN=q");
    assert_eq!(resolved("", &variables, "mode = AK"), Ok(assumed(keys("e", None), "q", None)));
}

/// A configuration file with a unique name; removed at the end.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let file = Self(std::env::temp_dir().join(format!("ossvec-{name}-{}", std::process::id())));
        file.write(text);
        file
    }

    fn write(&self, text: &str) {
        std::fs::write(&self.0, text).unwrap();
    }
}

impl Drop for File {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap_or_default();
    }
}

fn with_key(id: &str) -> String {
    format!("[default]\naccess-key-id={id}\naccess-key-secret=s\n")
}

fn source_of(flags: &str, variables: &str) -> Box<dyn Source> {
    let (global, environment) = (global(flags), environment(variables));
    source(&Sources::read(&global, &environment, None).unwrap()).unwrap().value
}

const ELSEWHERE: &str = "ALIBABA_CLOUD_ACCESS_KEY_ID=v ALIBABA_CLOUD_ACCESS_KEY_SECRET=s";

#[tokio::test]
async fn a_file_that_is_written_anew_gives_another_credential() {
    let file = File::new("written-anew", &with_key("one"));
    let source = source_of(&format!("-c {}", file.0.display()), "");
    for id in ["one", "two", "three"] {
        file.write(&with_key(id));
        // The first credential is the one that was read at the start.
        assert_eq!(source.fetch().await.unwrap().access_key_id, id);
    }
}

#[tokio::test]
async fn a_file_that_is_empty_or_gone_later_makes_nobody_sign_as_somebody_else() {
    let file = File::new("emptied", &with_key("one"));
    let path = file.0.display().to_string();
    let source = source_of(&format!("-c {path}"), ELSEWHERE);
    assert_eq!(source.fetch().await.unwrap().access_key_id, "one");
    for text in ["", "[default]\n", "# being written\n"] {
        file.write(text);
        let error = source.fetch().await.unwrap_err();
        assert_eq!(error, format!("{path} is empty or missing, but was not at the start"));
    }
    file.write("[default]\nregion = r\n");
    let error = source.fetch().await.unwrap_err();
    let said = format!(
        "the credential came from {path} [default], but would now come from ALIBABA_CLOUD_ACCESS_KEY_ID"
    );
    assert_eq!(error, said);
    file.write(&with_key("two"));
    assert_eq!(source.fetch().await.unwrap().access_key_id, "two");
    std::fs::remove_file(&file.0).unwrap();
    let error = source.fetch().await.unwrap_err();
    assert!(error.starts_with(&format!("cannot use {path}: ")), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_a_pipe_is_read_once() {
    use std::os::fd::AsRawFd;
    let (reader, mut writer) = std::io::pipe().unwrap();
    std::io::Write::write_all(&mut writer, with_key("piped").as_bytes()).unwrap();
    drop(writer);
    let source = source_of(&format!("-c /dev/fd/{}", reader.as_raw_fd()), ELSEWHERE);
    for _ in 0..2 {
        assert_eq!(source.fetch().await.unwrap().access_key_id, "piped");
    }
}
