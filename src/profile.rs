//! ossutil's INI text → the values of one profile. Pure: the caller passes the text.
//!
//! Section and key names are case-insensitive, and each key has four spellings (`accessKeyId`, `access-key-id`,
//! `access_key_id`, `accesskeyid`), as the page "Configure ossutil 2.0" says.

use std::collections::BTreeMap;

use crate::ini::{Section, before_sections, sections, unquoted};
use crate::setting::{self, BUCKETS, Key, PROFILE, SOURCE_PROFILE};

pub(crate) mod edit;

/// The values of one profile, by their folded keys.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    values: BTreeMap<String, Value>,
    /// The settings of individual buckets, from the section that the profile refers to.
    buckets: BTreeMap<String, BTreeMap<String, Value>>,
}

/// A value, and the section that it is in.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Value {
    /// The value, never empty.
    pub text: String,
    /// The section's name without brackets, such as `profile dev`.
    pub section: String,
}

/// Whether a key can be set for an individual bucket.
fn is_of_a_bucket(key: &str) -> bool {
    let mut settings = setting::ALL.iter().filter(|setting| setting.key == Key::Bucket);
    settings.any(|setting| folded(setting.name) == folded(key))
}

impl std::fmt::Debug for Profile {
    /// Only the keys: the values include secrets.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.values.keys()).finish()
    }
}

/// Why a text has no usable profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProfileError {
    /// It is not INI text. The line may contain a secret.
    #[error("line {0} is not a section, a key with a value or a comment")]
    Syntax(usize),
    /// A key is before the first section.
    #[error("line {0} is before the first section, so it belongs to no profile")]
    Homeless(usize),
    /// There is no such section.
    #[error("there is no section [profile {0}]")]
    Missing(String),
    /// There is a section with the profile's bare name.
    #[error("there is no section [profile {0}]; [{0}] is not a profile")]
    Bare(String),
    /// Profiles import one another.
    #[error("profile {0} imports itself through source-profile")]
    Circle(String),
    /// There is no such buckets section.
    #[error("there is no section [buckets {0}], but buckets={0} refers to it")]
    NoBuckets(String),
}

impl ProfileError {
    /// The cure.
    pub(crate) fn advice(&self) -> String {
        match self {
            Self::Syntax(line) => format!("fix line {line}, or start it with # to comment it out"),
            Self::Homeless(line) => {
                format!("add [default], or the section of its profile, above line {line}")
            }
            Self::Bare(name) => format!("rename [{name}] to [profile {name}]"),
            Self::Missing(_) => format!("choose an existing profile with {}", PROFILE.places()),
            Self::Circle(name) => format!("remove source-profile from [profile {name}]"),
            Self::NoBuckets(name) => {
                format!("add [buckets {name}], or remove buckets={name} from the profile")
            }
        }
    }
}

impl Profile {
    /// Reads the profile `name`, or the default one, which is empty if the text has no default section.
    pub(crate) fn read(text: &str, name: Option<&str>) -> Result<Self, ProfileError> {
        let ini = sections(text).map_err(ProfileError::Syntax)?;
        before_sections(text).map_or(Ok(()), |line| Err(ProfileError::Homeless(line)))?;
        let mut profile = Self::default();
        match name {
            Some(name) => profile.import(&ini, name, &mut Vec::new())?,
            None if section(&ini, "default").is_some() => profile.import(&ini, "default", &mut Vec::new())?,
            None => {}
        }
        if let Some(name) = profile.get(BUCKETS.name) {
            profile.buckets = buckets(&ini, name).ok_or_else(|| ProfileError::NoBuckets(name.to_owned()))?;
        }
        Ok(profile)
    }

    /// Whether there are no values at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty() && self.buckets.is_empty()
    }

    /// The value of a key, in any of its spellings; `None` if it is empty.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.value(key, None).map(|value| value.text.as_str())
    }

    /// The value of a key for a bucket, with its section: the bucket's own value comes first.
    pub(crate) fn value(&self, key: &str, bucket: Option<&str>) -> Option<&Value> {
        let key = folded(key);
        let of_bucket = bucket.and_then(|bucket| self.buckets.get(bucket)?.get(&key));
        of_bucket.filter(|value| !value.text.is_empty()).or_else(|| self.values.get(&key))
    }

    /// Takes the values of a section, then those that it imports, which do not replace existing ones.
    fn import(
        &mut self,
        ini: &[Section<'_>],
        name: &str,
        importing: &mut Vec<String>,
    ) -> Result<(), ProfileError> {
        if importing.iter().any(|other| other == name) {
            return Err(ProfileError::Circle(name.to_owned()));
        }
        importing.push(name.to_owned());
        let is_bare = || ini.iter().any(|section| section.name.eq_ignore_ascii_case(name));
        let missing = if is_bare() { ProfileError::Bare } else { ProfileError::Missing };
        let values = section(ini, name).ok_or_else(|| missing(name.to_owned()))?;
        for (key, value) in &values {
            self.values.entry(key.clone()).or_insert_with(|| value.clone());
        }
        match values.get(&folded(SOURCE_PROFILE.name)) {
            Some(source) => self.import(ini, &source.text, importing),
            None => Ok(()),
        }
    }
}

/// A text with sections, but without a default profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoDefault {
    /// The names of its sections, without brackets.
    sections: Vec<String>,
}

/// How many sections a message names.
const NAMED: usize = 3;

impl NoDefault {
    /// `None` if the text has a default section, or no section at all.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let ini = sections(text).ok()?;
        let sections: Vec<_> = ini.iter().map(|section| section.name.to_owned()).collect();
        (!sections.is_empty() && section(&ini, "default").is_none()).then_some(Self { sections })
    }

    /// The cure.
    pub(crate) fn advice(&self) -> String {
        if self.sections.iter().any(|name| name.eq_ignore_ascii_case("credentials")) {
            return "rename [Credentials], from ossutil 1, to [default], or copy its keys to a section [default]"
                .to_owned();
        }
        let profile = |section: &String| {
            let (kind, name) = section.split_once(char::is_whitespace)?;
            kind.eq_ignore_ascii_case("profile").then(|| name.trim().to_owned())
        };
        let variable = PROFILE.variable().unwrap_or_default();
        match self.sections.iter().find_map(profile) {
            Some(name) if name.contains(char::is_whitespace) => {
                format!("use {} '{name}' ({variable})", PROFILE.option())
            }
            Some(name) => format!("use {} {name} ({variable})", PROFILE.option()),
            None => "rename a section to [default], or to [profile NAME] and use --profile NAME".to_owned(),
        }
    }
}

impl std::fmt::Display for NoDefault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named: Vec<_> = self.sections.iter().take(NAMED).map(|name| format!("[{name}]")).collect();
        write!(formatter, "it has no section [default], only {}", named.join(", "))?;
        match self.sections.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(formatter, " and {more} more"),
        }
    }
}

/// A section by its profile's name: `[default]` for the default, `[profile NAME]` for any. Empty values are left out.
fn section(ini: &[Section<'_>], name: &str) -> Option<BTreeMap<String, Value>> {
    let found: Vec<_> = ini.iter().filter(|section| is_profile(section.name, name)).collect();
    let values = found.iter().flat_map(|section| {
        section.pairs.iter().map(|pair| (folded(pair.key), Value::new(pair.value, section.name)))
    });
    (!found.is_empty()).then(|| values.filter(|(_, value)| !value.text.is_empty()).collect())
}

/// Whether a section's name, without brackets, denotes this profile.
fn is_profile(section: &str, name: &str) -> bool {
    let is_default = name.eq_ignore_ascii_case("default") && section.eq_ignore_ascii_case("default");
    is_default || is_section("profile", section, name)
}

/// Whether a section's name, without brackets, is `kind NAME`.
fn is_section(kind: &str, section: &str, name: &str) -> bool {
    let (section, name) = (section.to_lowercase(), name.to_lowercase());
    let mut words = section.split_whitespace();
    words.next() == Some(kind) && words.eq(name.split_whitespace())
}

/// The settings of each bucket in a section `[buckets NAME]`: after the bucket's name, or in the lines below it.
fn buckets(ini: &[Section<'_>], name: &str) -> Option<BTreeMap<String, BTreeMap<String, Value>>> {
    let found: Vec<_> = ini.iter().filter(|section| is_section("buckets", section.name, name)).collect();
    let mut buckets: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    for section in &found {
        let mut bucket = String::new();
        for pair in &section.pairs {
            let value = unquoted(pair.value);
            let is_setting = is_of_a_bucket(pair.key) && !value.contains('=');
            // Lines below a bucket's name are usually indented; without that, only a value distinguishes them from a
            // name.
            if is_setting && (pair.is_indented || !value.is_empty()) {
                let values = buckets.entry(bucket.clone()).or_default();
                values.insert(folded(pair.key), Value::new(value, section.name));
                continue;
            }
            pair.key.clone_into(&mut bucket);
            let inline = value.split([',', ' ', '\t']).filter_map(|pair| pair.split_once('='));
            let inline = inline.map(|(key, value)| (folded(key.trim()), Value::new(value, section.name)));
            buckets.entry(bucket.clone()).or_default().extend(inline);
        }
    }
    (!found.is_empty()).then_some(buckets)
}

impl Value {
    fn new(text: &str, section: &str) -> Self {
        Self { text: unquoted(text.trim()).trim().to_owned(), section: section.to_owned() }
    }
}

/// The common form of all spellings of a key or a mode.
pub(crate) fn folded(key: &str) -> String {
    key.chars().filter(|char| !matches!(char, '-' | '_')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# a comment
[default]
accessKeyId = id
access_key_secret = \"s=e#c\"
region=cn-hangzhou

[Profile DEV]
source-profile = default
Region = cn-beijing
account-id = 123
";

    #[test]
    fn keys_have_four_spellings_and_no_case() {
        let profile = Profile::read(TEXT, None).unwrap();
        for key in ["access-key-id", "accessKeyId", "access_key_id", "accesskeyid"] {
            assert_eq!(profile.get(key), Some("id"), "{key}");
        }
        assert_eq!(profile.get("access-key-secret"), Some("s=e#c"));
        assert_eq!(profile.get("account-id"), None);
    }

    #[test]
    fn a_profile_imports_another_and_keeps_its_own_values() {
        let profile = Profile::read(TEXT, Some("dev")).unwrap();
        let values = ["access-key-id", "region", "account-id"].map(|key| profile.get(key));
        assert_eq!(values, [Some("id"), Some("cn-beijing"), Some("123")]);
    }

    #[test]
    fn default_may_be_spelt_as_a_profile_too() {
        let profile = Profile::read("[profile default]\nregion = r\n", None).unwrap();
        assert_eq!(profile.get("region"), Some("r"));
        assert_eq!(Profile::read("[other]\nregion = r\n", None), Ok(Profile::default()));
    }

    #[test]
    fn what_is_no_profile_is_told_without_the_text() {
        assert_eq!(Profile::read(TEXT, Some("prod")), Err(ProfileError::Missing("prod".to_owned())));
        let circle = "[profile a]\nsource-profile = b\n[profile b]\nsource-profile = a\n";
        assert_eq!(Profile::read(circle, Some("a")), Err(ProfileError::Circle("a".to_owned())));
        let broken = Profile::read("[default]\nhidden-secret\n", None).unwrap_err();
        assert!(!broken.to_string().contains("hidden"), "{broken}");
        let shown = format!("{:?}", Profile::read(TEXT, None));
        assert!(shown.contains("accesskeysecret") && !shown.contains("s=e#c"), "{shown}");
    }

    #[test]
    fn each_reason_why_a_text_gives_no_profile_has_its_cure() {
        let name = || "dev".to_owned();
        let told = [
            ProfileError::Syntax(3),
            ProfileError::Homeless(2),
            ProfileError::Missing(name()),
            ProfileError::Bare(name()),
            ProfileError::Circle(name()),
            ProfileError::NoBuckets(name()),
        ]
        .map(|error| format!("{error}\n        {}", error.advice()));
        insta::assert_snapshot!(told.join("\n"), @"
        line 3 is not a section, a key with a value or a comment
                fix line 3, or start it with # to comment it out
        line 2 is before the first section, so it belongs to no profile
                add [default], or the section of its profile, above line 2
        there is no section [profile dev]
                choose an existing profile with --profile (OSSUTIL_PROFILE)
        there is no section [profile dev]; [dev] is not a profile
                rename [dev] to [profile dev]
        profile dev imports itself through source-profile
                remove source-profile from [profile dev]
        there is no section [buckets dev], but buckets=dev refers to it
                add [buckets dev], or remove buckets=dev from the profile
        ");
    }

    #[test]
    fn a_file_without_a_default_profile_is_told_with_what_it_has() {
        let mut told = Vec::new();
        for text in [
            "[Credentials]\nlanguage=EN\naccessKeyID=hush\n[Bucket-Endpoint]\n",
            "[profile dev]\nregion = r\n",
            "[Profile My dev]\n",
            "[a]\n[b]\n[c]\n[d]\n",
        ] {
            let found = NoDefault::of(text).unwrap();
            told.push(format!("{found}\n        {}", found.advice()));
        }
        insta::assert_snapshot!(told.join("\n"), @"
        it has no section [default], only [Credentials], [Bucket-Endpoint]
                rename [Credentials], from ossutil 1, to [default], or copy its keys to a section [default]
        it has no section [default], only [profile dev]
                use --profile dev (OSSUTIL_PROFILE)
        it has no section [default], only [Profile My dev]
                use --profile 'My dev' (OSSUTIL_PROFILE)
        it has no section [default], only [a], [b], [c] and 1 more
                rename a section to [default], or to [profile NAME] and use --profile NAME
        ");
        for text in ["", "# nothing\n", "[DEFAULT]\n[a]\n", "[profile default]\n", "no ini"] {
            assert_eq!(NoDefault::of(text), None, "{text}");
        }
    }

    #[test]
    fn a_key_outside_of_every_profile_is_an_error() {
        for name in [None, Some("default")] {
            let lost = Profile::read("# c\naccess-key-id = hush\n[default]\nregion = r\n", name).unwrap_err();
            assert_eq!(lost, ProfileError::Homeless(2));
        }
        let bare = Profile::read("[dev]\nregion = r\n", Some("Dev")).unwrap_err();
        assert_eq!(bare, ProfileError::Bare("Dev".to_owned()));
    }

    #[test]
    fn a_line_never_swallows_the_next_one() {
        for before in ["  # my comment", "\t; mine", "path = C:\\tools\\", "empty ="] {
            let profile = Profile::read(&format!("[default]\n{before}\n  region = r\n"), None).unwrap();
            assert_eq!(profile.get("region"), Some("r"), "{before}");
        }
        let profile = Profile::read("[default] # main\npath = C:\\tools\\\nregion = r\n", None).unwrap();
        assert_eq!((profile.get("path"), profile.get("region")), (Some("C:\\tools\\"), Some("r")));
        let text = "[default]\nbuckets = mine\n[buckets mine]\none =\n  # why\n  region = r\n";
        let of_bucket = Profile::read(text, None).unwrap().value("region", Some("one")).cloned();
        assert_eq!(of_bucket.unwrap().text, "r");
        let broken = Profile::read("[default]\na = b\nlost\nregion = r\n", None);
        assert_eq!(broken, Err(ProfileError::Syntax(3)));
    }

    #[test]
    fn a_value_that_begins_with_a_quoted_word_keeps_its_quotes() {
        let command = r#""/tmp/my tools/get" --json "a b""#;
        let text = format!("[default]\ncredential-process = {command}\nregion = \"r\"\n");
        let profile = Profile::read(&text, None).unwrap();
        assert_eq!((profile.get("credential-process"), profile.get("region")), (Some(command), Some("r")));
    }

    #[test]
    fn an_empty_value_does_not_stand_before_one_that_is_imported() {
        let text = "[default]\nregion = r\nendpoint = h\n[profile dev]\nsource-profile = default\nregion =\n\
                    endpoint = \"\"\nbuckets = b\n[buckets b]\none =\n  region =\n  endpoint = two\n";
        let profile = Profile::read(text, Some("dev")).unwrap();
        assert_eq!((profile.get("region"), profile.get("endpoint")), (Some("r"), Some("h")));
        let of_bucket = |key| profile.value(key, Some("one")).map(|value| value.text.as_str());
        assert_eq!((of_bucket("region"), of_bucket("endpoint")), (Some("r"), Some("two")));
        let last = Profile::read("[default]\nregion = r\nregion =\n", None).unwrap();
        assert_eq!(last.get("region"), Some("r"));
    }

    #[test]
    fn a_profile_may_have_a_name_of_several_words() {
        let profile = Profile::read("[Profile  My dev]\nregion = r\n", Some("my DEV")).unwrap();
        assert_eq!(profile.get("region"), Some("r"));
    }

    #[test]
    fn a_value_is_told_with_its_section() {
        let profile = Profile::read(TEXT, Some("DEV")).unwrap();
        let section = |key| profile.value(key, None).map(|value| value.section.as_str());
        assert_eq!([section("region"), section("accessKeyId")], [Some("Profile DEV"), Some("default")]);
    }

    #[test]
    fn a_bucket_may_have_settings_of_its_own() {
        let text = "\
[default]
region = cn-hangzhou
endpoint = h
buckets = mine

[Buckets MINE]
one =
  region = cn-beijing
  addressing_style = path
two = region=cn-shanghai, endpoint=http://two
two = addressing-style=virtual
region = region=ap-southeast-1
";
        let profile = Profile::read(text, None).unwrap();
        let of = |bucket, key| profile.value(key, Some(bucket)).map(|value| value.text.as_str());
        let keys = ["region", "endpoint", "addressing-style"];
        let rows = [
            ("one", [Some("cn-beijing"), Some("h"), Some("path")]),
            ("two", [Some("cn-shanghai"), Some("http://two"), Some("virtual")]),
            ("region", [Some("ap-southeast-1"), Some("h"), None]),
            ("other", [Some("cn-hangzhou"), Some("h"), None]),
        ];
        for (bucket, wanted) in rows {
            assert_eq!(keys.map(|key| of(bucket, key)), wanted, "{bucket}");
        }
        assert_eq!(profile.value("region", Some("one")).unwrap().section, "Buckets MINE");
        let missing = Profile::read("[default]\nbuckets = yours\n", None);
        assert_eq!(missing, Err(ProfileError::NoBuckets("yours".to_owned())));
    }
}
