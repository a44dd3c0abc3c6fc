//! Files with secrets that other users of the machine can read.

use std::path::Path;

use crate::setting::{self, Secrecy};

/// The names of secrets in the configuration files of the vendor's tools, normalised by [`plain`].
const SECRETS_OF_OTHERS: [&str; 7] = [
    "securitytoken",
    "sessiontoken",
    "privatekey",
    "accesstoken",
    "oauthaccesstoken",
    "oauthrefreshtoken",
    "bearertoken",
];

/// A warning about a file with a secret that others can read.
#[cfg(unix)]
pub(super) fn warning(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;

    use crate::shown::quoted;

    let metadata = path.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let is_own = metadata.uid() == rustix::process::geteuid().as_raw();
    // A file of another user may deliberately be shared with this user through its group.
    let (bits, cure) = if is_own { (0o044, "chmod 600") } else { (0o004, "chmod o=") };
    let is_exposed = metadata.mode() & bits != 0 && holds_secret(&std::fs::read_to_string(path).ok()?);
    let shown = path.display();
    is_exposed.then(|| {
        format!(
            "{shown} contains a secret and other users of this machine can read it; run {cure} {}",
            quoted(&shown.to_string())
        )
    })
}

/// Permissions work differently there.
#[cfg(not(unix))]
pub(super) fn warning(_: &Path) -> Option<String> {
    None
}

/// Whether INI or JSON text contains a secret with a value.
#[cfg_attr(not(any(unix, test)), expect(dead_code, reason = "nobody asks there"))]
fn holds_secret(text: &str) -> bool {
    let is_frame = |character: char| character.is_whitespace() || matches!(character, '"' | '\'');
    text.split(['\n', ',', '{', '}']).filter_map(|part| part.split_once(['=', ':'])).any(|(name, value)| {
        is_secret(&plain(name)) && !value.trim_matches(is_frame).is_empty() && value.trim() != "null"
    })
}

/// Whether a name, normalised by [`plain`], is that of a secret.
#[cfg_attr(not(any(unix, test)), expect(dead_code, reason = "nobody asks there"))]
fn is_secret(name: &str) -> bool {
    let own = setting::ALL.iter().filter(|setting| setting.secrecy == Secrecy::Whole);
    own.map(|setting| plain(setting.name)).any(|own| own == name) || SECRETS_OF_OTHERS.contains(&name)
}

/// A name without differences in spelling.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::holds_secret;

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_told_with_the_command_that_closes_it() {
        use std::os::unix::fs::PermissionsExt;
        let directory = crate::testing::Directory::new();
        let path = directory.write("my conf", "[default]\naccess-key-secret = hush\n");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let warning =
            super::warning(&path).unwrap().replace(&directory.path("").display().to_string(), "DIR");
        insta::assert_snapshot!(warning, @"
        DIR/my conf contains a secret and other users of this machine can read it; run chmod 600 'DIR/my conf'
        ");
    }

    #[test]
    fn a_secret_is_known_by_its_name_in_ini_and_json() {
        for (text, holds) in [
            ("[default]\naccess-key-id = a\nAccess_Key_Secret = s\n", true),
            ("[default]\naccessKeySecret=s", true),
            ("[default]\nsts-token: t", true),
            ("[default]\naccess-key-secret =\nregion = cn-hangzhou", false),
            ("[default]\naccess-key-secret-note = s", false),
            ("mode = EcsRamRole\necs-role-name = r", false),
            (r#"{"profiles":[{"name":"c","access_key_id":"i","access_key_secret":"s"}]}"#, true),
            (r#"{"profiles":[{"access_key_secret":"","sts_token":null}]}"#, false),
            ("{\n  \"oauth_refresh_token\" : \"t\"\n}", true),
            ("", false),
        ] {
            assert_eq!(holds_secret(text), holds, "{text}");
        }
    }
}
