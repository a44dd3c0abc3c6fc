//! The variables that no option stands for.

/// Variables that go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlsoRead {
    /// Their names.
    pub names: &'static [&'static str],
    /// What they do.
    pub help: &'static str,
}

const fn read(names: &'static [&'static str], help: &'static str) -> AlsoRead {
    AlsoRead { names, help }
}

/// The variables that are read beside those of the settings. Sources of a credential are tried in the order of
/// docs/credentials.md.
pub const ALSO_READ: [AlsoRead; 21] = [
    read(
        &["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"],
        "Proxies, and hosts that are asked directly, unless --proxy says otherwise; lower case counts too.",
    ),
    read(
        &["SSL_CERT_FILE", "SSL_CERT_DIR"],
        "On Linux: certificates that are trusted in place of the system's. --ca-bundle adds some.",
    ),
    read(
        &["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
        "An access key, where neither options, OSS variables nor ossutil's configuration file give one.",
    ),
    read(&["ALIBABA_CLOUD_SECURITY_TOKEN"], "The token of that key, if it is a temporary one."),
    read(
        &["ALIBABA_CLOUD_OIDC_TOKEN_FILE", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "ALIBABA_CLOUD_ROLE_ARN"],
        "A token of an identity provider, that provider and a role: the token is exchanged for a temporary key.",
    ),
    read(&["ALIBABA_CLOUD_ROLE_SESSION_NAME"], "Name under which the use of that role is logged."),
    read(
        &["ALIBABA_CLOUD_CONFIG_FILE"],
        "The file of the Alibaba Cloud CLI, in place of ~/.aliyun/config.json.",
    ),
    read(
        &["ALIBABA_CLOUD_CREDENTIALS_FILE"],
        "The libraries' file, in place of ~/.alibabacloud/credentials.",
    ),
    read(&["ALIBABA_CLOUD_PROFILE"], "The profile or section in these two files."),
    read(&["ALIBABA_CLOUD_CLI_PROFILE_DISABLED"], "true leaves out the file of the CLI."),
    read(&["ALIBABA_CLOUD_ECS_METADATA"], "The role of this ECS instance, which gives temporary keys."),
    read(&["ALIBABA_CLOUD_ECS_METADATA_DISABLED"], "true leaves out the instance's role."),
    read(
        &["ALIBABA_CLOUD_IMDSV1_DISABLED"],
        "true forbids to ask the instance's metadata service without a token.",
    ),
    read(&["ALIBABA_CLOUD_CREDENTIALS_URI"], "A URL that answers with temporary keys."),
    read(&["ALIBABA_CLOUD_STS_REGION"], "The region whose STS gives temporary keys."),
    read(&["ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED"], "true asks that STS from inside its network."),
    read(
        &["OSSVEC_STS_URL", "OSSVEC_ECS_METADATA_URL"],
        "Other addresses of STS and of the metadata service.",
    ),
    read(
        &["CI", "TERM"],
        "With CI set, or TERM dumb or empty, progress is plain lines. NO_COLOR is not needed: no colour is ever printed.",
    ),
    read(
        &["GITHUB_ACTIONS"],
        "true adds notes to the files of rejected records, in the form that GitHub Actions reads on standard error.",
    ),
    read(&["GITHUB_STEP_SUMMARY"], "With GITHUB_ACTIONS: the file to which a table of the result is added."),
    read(
        &["XDG_STATE_HOME", "XDG_DATA_HOME"],
        "On Linux: other places than ~/.local/state and ~/.local/share, see FILES.",
    ),
];
