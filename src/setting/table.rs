//! The table of settings, in the order in which they are shown.

use super::definition::{Effect, Fallback, Flag, Key, Secrecy, Setting, Variable};

/// A setting that every command takes, and that the file can contain.
const GLOBAL: Setting = Setting {
    name: "",
    flag: Flag::Global,
    letter: None,
    value_name: "NAME",
    noun: "",
    variable: Variable::None,
    key: Key::Profile,
    secrecy: Secrecy::Open,
    fallback: Fallback::None,
    remark: "",
    help: "",
    more: "",
    is_common: false,
    serve: Effect::Nothing,
    init: Effect::Nothing,
};

/// A setting that only a load has.
const LOAD: Setting = Setting { flag: Flag::Load, key: Key::None, ..GLOBAL };

/// A setting that only the file has.
const FILE: Setting = Setting { flag: Flag::None, ..GLOBAL };

/// An option of ossutil that has no effect on vectors, or is not supported.
const OSSUTIL: Setting = Setting { flag: Flag::Ossutil, key: Key::None, ..GLOBAL };

/// ossutil's configuration file.
pub(crate) const CONFIG_FILE: Setting = Setting {
    name: "config-file",
    letter: Some('c'),
    value_name: "FILE",
    noun: "configuration file",
    variable: Variable::Named("OSSUTIL_CONFIG_FILE"),
    key: Key::None,
    fallback: Fallback::Value("~/.ossutilconfig"),
    help: "Configuration file, shared with ossutil",
    init: Effect::Same,
    ..GLOBAL
};

/// The profile in it.
pub(crate) const PROFILE: Setting = Setting {
    name: "profile",
    noun: "profile",
    variable: Variable::Named("OSSUTIL_PROFILE"),
    key: Key::None,
    fallback: Fallback::Value("default"),
    help: "Profile in the configuration file",
    init: Effect::Same,
    ..GLOBAL
};

/// The kind of credential source.
pub(crate) const MODE: Setting = Setting {
    name: "mode",
    value_name: "MODE",
    noun: "mode",
    remark: "from what is set: see [Credentials](credentials.md)",
    help: "Source of the credential",
    more: "By default, inferred from the other settings.",
    ..GLOBAL
};

/// The access key id.
pub(crate) const ACCESS_KEY_ID: Setting = Setting {
    name: "access-key-id",
    letter: Some('i'),
    value_name: "ID",
    noun: "access key ID",
    variable: Variable::Named("OSS_ACCESS_KEY_ID"),
    help: "Access key ID",
    is_common: true,
    serve: Effect::Own("Access key ID that clients must use", "local"),
    ..GLOBAL
};

/// The access key secret.
pub(crate) const ACCESS_KEY_SECRET: Setting = Setting {
    name: "access-key-secret",
    letter: Some('k'),
    value_name: "SECRET",
    noun: "access key secret",
    variable: Variable::Named("OSS_ACCESS_KEY_SECRET"),
    secrecy: Secrecy::Whole,
    help: "Key secret",
    more: "Prefer the variable: other users of this machine can read command lines.",
    is_common: true,
    serve: Effect::Own("Access key secret that clients must use", "local"),
    ..GLOBAL
};

/// The token of a temporary access key.
pub(crate) const STS_TOKEN: Setting = Setting {
    name: "sts-token",
    letter: Some('t'),
    value_name: "TOKEN",
    noun: "security token",
    variable: Variable::Named("OSS_SESSION_TOKEN"),
    secrecy: Secrecy::Whole,
    help: "Security token of a temporary access key",
    ..GLOBAL
};

/// The role to assume with the credential.
pub(crate) const ROLE_ARN: Setting = Setting {
    name: "role-arn",
    value_name: "ARN",
    noun: "role",
    variable: Variable::Named("OSS_ROLE_ARN"),
    help: "RAM role to assume",
    ..GLOBAL
};

/// The session name for that role.
pub(crate) const ROLE_SESSION_NAME: Setting = Setting {
    name: "role-session-name",
    noun: "role session name",
    variable: Variable::Named("OSS_ROLE_SESSION_NAME"),
    fallback: Fallback::Value("ossvec"),
    help: "Session name for the role",
    more: "Audit logs show it.",
    ..GLOBAL
};

/// The vector bucket.
pub(crate) const BUCKET: Setting = Setting {
    name: "bucket",
    value_name: "BUCKET",
    noun: "bucket",
    help: "Vector bucket to load into",
    is_common: true,
    ..LOAD
};

/// The index in it.
pub(crate) const INDEX_NAME: Setting = Setting {
    name: "index-name",
    value_name: "INDEX",
    noun: "index",
    help: "Index to load into",
    is_common: true,
    ..LOAD
};

/// The region.
pub(crate) const REGION: Setting = Setting {
    name: "region",
    value_name: "REGION",
    noun: "region",
    variable: Variable::Named("OSS_REGION"),
    key: Key::Bucket,
    remark: "the endpoint's, if it is one of the service's hosts",
    help: "Region",
    more: "For example: cn-hangzhou",
    is_common: true,
    serve: Effect::Own("Region that clients must sign for", "cn-hangzhou"),
    ..GLOBAL
};

/// The account of the bucket's owner.
pub(crate) const ACCOUNT_ID: Setting = Setting {
    name: "account-id",
    value_name: "UID",
    noun: "account ID",
    variable: Variable::Named("OSS_ACCOUNT_ID"),
    remark: "the endpoint's, if it is a bucket's URL",
    help: "Bucket owner's UID",
    is_common: true,
    serve: Effect::Own("Account that owns all buckets", "1234567890"),
    ..GLOBAL
};

/// The host of the service.
pub(crate) const ENDPOINT: Setting = Setting {
    name: "endpoint",
    letter: Some('e'),
    value_name: "HOST",
    noun: "endpoint",
    variable: Variable::Named("OSS_ENDPOINT"),
    key: Key::Bucket,
    remark: "`https://REGION.oss-vectors.aliyuncs.com`",
    help: "Service host",
    more: "Or the URL of a bucket, which also sets bucket, account and region. By default, the region's public host.",
    is_common: true,
    ..GLOBAL
};

/// The place of the bucket's name in a URL.
pub(crate) const ADDRESSING_STYLE: Setting = Setting {
    name: "addressing-style",
    value_name: "STYLE",
    noun: "addressing style",
    key: Key::Bucket,
    fallback: Fallback::Value("virtual"),
    remark: "; an IP address is always `path`",
    help: "Position of the bucket name in URLs",
    more: "IP addresses always use path.",
    ..GLOBAL
};

/// The timeout for establishing a connection.
pub(crate) const CONNECT_TIMEOUT: Setting = Setting {
    name: "connect-timeout",
    value_name: "TIME",
    noun: "connect timeout",
    fallback: Fallback::Value("10s"),
    help: "Maximum time to establish a connection",
    ..GLOBAL
};

/// How long a connection may be idle.
pub(crate) const READ_TIMEOUT: Setting = Setting {
    name: "read-timeout",
    value_name: "TIME",
    noun: "read timeout",
    fallback: Fallback::Value("20s"),
    remark: " without a byte sent or received",
    help: "Maximum time without a byte sent or received",
    ..GLOBAL
};

/// The maximum number of retries of a request.
pub(crate) const RETRY_TIMES: Setting = Setting {
    name: "retry-times",
    value_name: "N",
    noun: "number of retries",
    fallback: Fallback::Value("100"),
    remark: "; `--retry-max-time` often ends first",
    help: "Maximum retries per request",
    more: "Throttled responses do not count. --retry-max-time often ends the retries earlier.",
    ..GLOBAL
};

/// The proxy.
pub(crate) const PROXY: Setting = Setting {
    name: "proxy",
    value_name: "URL|env",
    noun: "proxy",
    variable: Variable::Http(&["HTTPS_PROXY", "HTTP_PROXY"]),
    secrecy: Secrecy::Password,
    fallback: Fallback::Value("env"),
    help: "Proxy URL, or env to use the proxy variables",
    more: "The variables are HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY. Requests to this machine never use a \
           proxy.",
    ..GLOBAL
};

/// Trusted certificates in addition to the system's.
pub(crate) const CA_BUNDLE: Setting = Setting {
    name: "ca-bundle",
    value_name: "FILE",
    noun: "CA bundle",
    remark: "only the system's certificates",
    help: "PEM file with CA certificates to trust",
    more: "They are trusted in addition to the system's.",
    ..GLOBAL
};

/// Whether any certificate is trusted.
pub(crate) const SKIP_VERIFY_CERT: Setting = Setting {
    name: "skip-verify-cert",
    value_name: "BOOL",
    noun: "certificate check",
    fallback: Fallback::Value("false"),
    help: "Do not verify the server's certificate",
    ..GLOBAL
};

/// The log level.
pub(crate) const LOGLEVEL: Setting = Setting {
    name: "loglevel",
    value_name: "LEVEL",
    noun: "log level",
    fallback: Fallback::Value("off"),
    help: "Log level",
    serve: Effect::Same,
    ..GLOBAL
};

/// The interval between the progress lines of a load.
pub(crate) const PROGRESS_INTERVAL: Setting = Setting {
    name: "progress-interval",
    value_name: "TIME",
    noun: "progress interval",
    variable: Variable::Named("OSSVEC_PROGRESS_INTERVAL"),
    fallback: Fallback::Value("30s"),
    help: "Time between two lines of plain progress",
    ..LOAD
};

/// Where the log goes.
pub(crate) const LOG_FILE: Setting = Setting {
    name: "log-file",
    value_name: "FILE|-",
    noun: "log file",
    fallback: Fallback::Words("standard error"),
    help: "Write the log to this file, or to standard output (-)",
    serve: Effect::Same,
    ..GLOBAL
};

/// What happens to vectors that the service stores but that impair search results.
pub(crate) const LINT: Setting = Setting {
    name: "lint",
    value_name: "MODE",
    noun: "treatment of odd vectors",
    variable: Variable::Named("OSSVEC_LINT"),
    fallback: Fallback::Value("note"),
    help: "How to treat vectors that would spoil search results",
    more: "The service stores them: constant vectors, one vector shared by many keys, elements read with the wrong byte \
           order or width, vectors that are not normalized among others that are.",
    ..LOAD
};

/// Whether less is printed.
pub(crate) const QUIET: Setting = Setting {
    name: "quiet",
    letter: Some('q'),
    value_name: "BOOL",
    noun: "silence",
    key: Key::None,
    fallback: Fallback::Value("false"),
    help: "Print only errors and the summary",
    more: "If standard output has the summary as JSON, standard error has only errors.",
    is_common: true,
    ..GLOBAL
};

/// The version of the signature.
pub(crate) const SIGN_VERSION: Setting = Setting {
    name: "sign-version",
    value_name: "VERSION",
    noun: "signature version",
    help: "Signature version",
    ..OSSUTIL
};

/// The language of messages.
pub(crate) const LANGUAGE: Setting = Setting {
    name: "language",
    value_name: "LANGUAGE",
    noun: "language",
    help: "Message language",
    ..OSSUTIL
};

/// The id of a `CloudBox`.
pub(crate) const CLOUDBOX_ID: Setting =
    Setting { name: "cloudbox-id", value_name: "ID", noun: "CloudBox", help: "CloudBox to use", ..OSSUTIL };

/// The part of the response body to print.
pub(crate) const OUTPUT_QUERY: Setting = Setting {
    name: "output-query",
    value_name: "QUERY",
    noun: "output query",
    help: "Part of the response body to print",
    ..OSSUTIL
};

/// The properties of the response to print.
pub(crate) const OUTPUT_PROPERTIES: Setting = Setting {
    name: "output-properties",
    value_name: "NAMES",
    noun: "output properties",
    help: "Response properties to print",
    ..OSSUTIL
};

/// The command that prints a credential.
pub(crate) const CREDENTIAL_PROCESS: Setting =
    Setting { name: "credential-process", noun: "credential process", secrecy: Secrecy::Possible, ..FILE };

/// The timeout for that command; the default is ossutil's.
pub(crate) const CREDENTIAL_PROCESS_TIMEOUT: Setting = Setting {
    name: "credential-process-timeout",
    noun: "credential process timeout",
    fallback: Fallback::Value("15s"),
    ..FILE
};

/// The URL that returns a credential.
pub(crate) const CREDENTIAL_URI: Setting =
    Setting { name: "credential-uri", noun: "credential URI", secrecy: Secrecy::Possible, ..FILE };

/// The identity provider.
pub(crate) const OIDC_PROVIDER_ARN: Setting =
    Setting { name: "oidc-provider-arn", noun: "identity provider", ..FILE };

/// The file with the identity provider's token.
pub(crate) const OIDC_TOKEN_FILE_PATH: Setting =
    Setting { name: "oidc-token-file-path", noun: "OIDC token file", ..FILE };

/// The role of the ECS instance.
pub(crate) const ECS_ROLE_NAME: Setting = Setting { name: "ecs-role-name", noun: "ECS role", ..FILE };

/// The profile that supplies the values that another one lacks.
pub(crate) const SOURCE_PROFILE: Setting = Setting { name: "source-profile", noun: "source profile", ..FILE };

/// The section with settings of individual buckets.
pub(crate) const BUCKETS: Setting = Setting { name: "buckets", noun: "buckets section", ..FILE };

/// Every setting.
pub const ALL: [&Setting; 38] = [
    &CONFIG_FILE,
    &PROFILE,
    &MODE,
    &ACCESS_KEY_ID,
    &ACCESS_KEY_SECRET,
    &STS_TOKEN,
    &ROLE_ARN,
    &ROLE_SESSION_NAME,
    &BUCKET,
    &INDEX_NAME,
    &REGION,
    &ACCOUNT_ID,
    &ENDPOINT,
    &ADDRESSING_STYLE,
    &CONNECT_TIMEOUT,
    &READ_TIMEOUT,
    &RETRY_TIMES,
    &PROXY,
    &CA_BUNDLE,
    &SKIP_VERIFY_CERT,
    &LOGLEVEL,
    &LOG_FILE,
    &PROGRESS_INTERVAL,
    &LINT,
    &QUIET,
    &SIGN_VERSION,
    &LANGUAGE,
    &CLOUDBOX_ID,
    &OUTPUT_QUERY,
    &OUTPUT_PROPERTIES,
    &CREDENTIAL_PROCESS,
    &CREDENTIAL_PROCESS_TIMEOUT,
    &CREDENTIAL_URI,
    &OIDC_PROVIDER_ARN,
    &OIDC_TOKEN_FILE_PATH,
    &ECS_ROLE_NAME,
    &SOURCE_PROFILE,
    &BUCKETS,
];

/// Every option whose value is a secret or may contain one.
pub(crate) fn secret_options() -> impl Iterator<Item = &'static Setting> {
    ALL.into_iter().filter(|setting| setting.secrecy != Secrecy::Open && setting.flag != Flag::None)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_settings_share_a_name_a_letter_or_a_variable() {
        let all = || ALL.into_iter();
        let names: BTreeSet<_> = all().map(|setting| setting.name).collect();
        assert_eq!(names.len(), ALL.len());
        let letters: Vec<_> = all().filter_map(|setting| setting.letter).collect();
        assert_eq!(letters.iter().collect::<BTreeSet<_>>().len(), letters.len(), "{letters:?}");
        let variables: Vec<_> = all().flat_map(|setting| setting.variables().to_vec()).collect();
        assert_eq!(variables.iter().collect::<BTreeSet<_>>().len(), variables.len(), "{variables:?}");
    }

    #[test]
    fn every_secret_option_has_a_variable_and_a_key_to_use_in_its_place() {
        for setting in secret_options() {
            assert!(!setting.variables().is_empty() && setting.key != Key::None, "{setting:?}");
        }
        assert_eq!(secret_options().count(), 3);
    }
}
