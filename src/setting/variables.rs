//! The environment variables that have no option.

/// Declares variables, each as a constant of its own name.
macro_rules! variables {
    ($($name:ident),+ $(,)?) => {
        $(
            #[doc = concat!("The name of the variable `", stringify!($name), "`.")]
            pub(crate) const $name: &str = stringify!($name);
        )+
    };
}

variables!(
    HTTPS_PROXY,
    HTTP_PROXY,
    ALL_PROXY,
    NO_PROXY,
    SSL_CERT_FILE,
    SSL_CERT_DIR,
    ALIBABA_CLOUD_ACCESS_KEY_ID,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET,
    ALIBABA_CLOUD_SECURITY_TOKEN,
    ALIBABA_CLOUD_OIDC_TOKEN_FILE,
    ALIBABA_CLOUD_OIDC_PROVIDER_ARN,
    ALIBABA_CLOUD_ROLE_ARN,
    ALIBABA_CLOUD_ROLE_SESSION_NAME,
    ALIBABA_CLOUD_CONFIG_FILE,
    ALIBABA_CLOUD_CREDENTIALS_FILE,
    ALIBABA_CLOUD_PROFILE,
    ALIBABA_CLOUD_CLI_PROFILE_DISABLED,
    ALIBABA_CLOUD_ECS_METADATA,
    ALIBABA_CLOUD_ECS_METADATA_DISABLED,
    ALIBABA_CLOUD_IMDSV1_DISABLED,
    ALIBABA_CLOUD_CREDENTIALS_URI,
    ALIBABA_CLOUD_STS_REGION,
    ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED,
    OSSVEC_STS_URL,
    OSSVEC_ECS_METADATA_URL,
    OSSVEC_NO_SIMD,
    CI,
    TERM,
    GITHUB_ACTIONS,
    GITHUB_STEP_SUMMARY,
    XDG_STATE_HOME,
    XDG_DATA_HOME,
);

/// Variables that are documented together.
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

/// Variables for tests and measurements, which only docs/performance.md documents.
pub const FOR_TESTS: [&str; 1] = [OSSVEC_NO_SIMD];

/// The variables that are read in addition to those of the settings. The sources of a credential are tried in the order
/// in docs/credentials.md.
pub const ALSO_READ: [AlsoRead; 21] = [
    read(
        &[HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY],
        "Proxies, and hosts to reach without one, unless --proxy is given; lower case works too.",
    ),
    read(
        &[SSL_CERT_FILE, SSL_CERT_DIR],
        "On Linux: CA certificates to trust instead of the system's. --ca-bundle adds more.",
    ),
    read(
        &[ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET],
        "An access key, used if options, OSS variables and the configuration file set none.",
    ),
    read(&[ALIBABA_CLOUD_SECURITY_TOKEN], "The security token of that key, if it is temporary."),
    read(
        &[ALIBABA_CLOUD_OIDC_TOKEN_FILE, ALIBABA_CLOUD_OIDC_PROVIDER_ARN, ALIBABA_CLOUD_ROLE_ARN],
        "An identity provider's token, the provider and a role; the token is exchanged for a temporary key.",
    ),
    read(&[ALIBABA_CLOUD_ROLE_SESSION_NAME], "Session name for that role."),
    read(
        &[ALIBABA_CLOUD_CONFIG_FILE],
        "Configuration file of the Alibaba Cloud CLI, instead of ~/.aliyun/config.json.",
    ),
    read(
        &[ALIBABA_CLOUD_CREDENTIALS_FILE],
        "Credentials file of the SDKs, instead of ~/.alibabacloud/credentials.",
    ),
    read(&[ALIBABA_CLOUD_PROFILE], "Profile or section in these two files."),
    read(&[ALIBABA_CLOUD_CLI_PROFILE_DISABLED], "true ignores the CLI's file."),
    read(&[ALIBABA_CLOUD_ECS_METADATA], "RAM role of this ECS instance, which provides temporary keys."),
    read(&[ALIBABA_CLOUD_ECS_METADATA_DISABLED], "true ignores the instance's role."),
    read(
        &[ALIBABA_CLOUD_IMDSV1_DISABLED],
        "true forbids requests without a token to the instance's metadata service.",
    ),
    read(&[ALIBABA_CLOUD_CREDENTIALS_URI], "A URL that returns temporary keys."),
    read(&[ALIBABA_CLOUD_STS_REGION], "Region of the STS endpoint that issues temporary keys."),
    read(&[ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED], "true uses the STS endpoint inside the VPC."),
    read(&[OSSVEC_STS_URL, OSSVEC_ECS_METADATA_URL], "Other addresses for STS and the metadata service."),
    read(
        &[CI, TERM],
        "If CI is set, or TERM is dumb or empty, progress is plain lines. Output has no colour, so NO_COLOR is not needed.",
    ),
    read(
        &[GITHUB_ACTIONS],
        "true annotates the files of rejected records, with GitHub Actions workflow commands on standard error.",
    ),
    read(&[GITHUB_STEP_SUMMARY], "With GITHUB_ACTIONS: the file to append a table of the result to."),
    read(
        &[XDG_STATE_HOME, XDG_DATA_HOME],
        "On Linux: directories to use instead of ~/.local/state and ~/.local/share; see FILES.",
    ),
];
