//! ossutil's INI text → the values of one profile. Pure: the text is passed in.
//!
//! Section and key names count without case, and each key has four spellings (`accessKeyId`, `access-key-id`,
//! `access_key_id`, `accesskeyid`), as the page "Configure ossutil 2.0" says.

use std::collections::BTreeMap;

use ini::{Ini, ParseOption};

pub mod edit;

/// The values of one profile, by their folded keys.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Profile {
    values: BTreeMap<String, Value>,
    /// What the attached section says of single buckets.
    buckets: BTreeMap<String, BTreeMap<String, Value>>,
}

/// A value and the section that it stands in, without brackets.
#[derive(Clone, PartialEq, Eq)]
pub struct Value {
    /// The value, never empty.
    pub text: String,
    /// The section, such as `profile dev`.
    pub section: String,
}

/// What may be said of a single bucket.
const OF_A_BUCKET: [&str; 3] = ["region", "endpoint", "addressingstyle"];

impl std::fmt::Debug for Profile {
    /// Only the keys: among the values are secrets.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.values.keys()).finish()
    }
}

/// Why a text gives no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// It is no INI text.
    #[error("line {line} is neither a section, a key with its value nor a comment")]
    Syntax {
        /// The line.
        line: usize,
    },
    /// There is no such section.
    #[error("there is no section [profile {0}]")]
    Missing(String),
    /// Profiles import one another.
    #[error("profile {0} imports itself by source-profile")]
    Circle(String),
    /// There is no such section of buckets.
    #[error("there is no section [buckets {0}], which buckets={0} names")]
    NoBuckets(String),
}

impl Profile {
    /// Reads the profile `name`, or the default one; a text without a default section gives an empty profile.
    pub fn read(text: &str, name: Option<&str>) -> Result<Self, ProfileError> {
        let options = ParseOption { enabled_escape: false, ..ParseOption::default() };
        // The library's message holds the text of the line, which may be a secret.
        let text = text.trim_start_matches('\u{feff}');
        let ini = Ini::load_from_str_opt(text, options)
            .map_err(|error| ProfileError::Syntax { line: strange_line(text).unwrap_or(error.line + 1) })?;
        let mut profile = Self::default();
        match name {
            Some(name) => profile.import(&ini, name, &mut Vec::new())?,
            None if section(&ini, "default").is_some() => profile.import(&ini, "default", &mut Vec::new())?,
            None => {}
        }
        if let Some(name) = profile.get("buckets") {
            profile.buckets = buckets(&ini, name).ok_or_else(|| ProfileError::NoBuckets(name.to_owned()))?;
        }
        Ok(profile)
    }

    /// Whether nothing is said at all.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.buckets.is_empty()
    }

    /// The value of a key, in any of its spellings; an empty one is none.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.value(key, None).map(|value| value.text.as_str())
    }

    /// The value of a key for a bucket, and where it stands: what is said of the bucket itself comes first.
    pub fn value(&self, key: &str, bucket: Option<&str>) -> Option<&Value> {
        let key = folded(key);
        let of_bucket = bucket.and_then(|bucket| self.buckets.get(bucket)?.get(&key));
        of_bucket.or_else(|| self.values.get(&key)).filter(|value| !value.text.is_empty())
    }

    /// Takes the values of a section, then those that it imports, which do not replace its own.
    fn import(&mut self, ini: &Ini, name: &str, importing: &mut Vec<String>) -> Result<(), ProfileError> {
        if importing.iter().any(|other| other == name) {
            return Err(ProfileError::Circle(name.to_owned()));
        }
        importing.push(name.to_owned());
        let values = section(ini, name).ok_or_else(|| ProfileError::Missing(name.to_owned()))?;
        for (key, value) in &values {
            self.values.entry(key.clone()).or_insert_with(|| value.clone());
        }
        match values.get("sourceprofile") {
            Some(source) => self.import(ini, &source.text, importing),
            None => Ok(()),
        }
    }
}

/// A section by its profile's name: `[NAME]` for the default, `[profile NAME]` for any.
fn section(ini: &Ini, name: &str) -> Option<BTreeMap<String, Value>> {
    let found = ini.iter().filter_map(|(section, pairs)| Some((section?, pairs)));
    let mut found = found.filter(|(section, _)| is_profile(section, name)).peekable();
    found.peek()?;
    let values = found.flat_map(|(section, pairs)| {
        pairs.iter().map(move |(key, value)| (folded(key), Value::new(value, section)))
    });
    Some(values.collect())
}

/// Whether a section's name, without brackets, is that of a profile.
fn is_profile(section: &str, name: &str) -> bool {
    let (section, name) = (section.trim().to_lowercase(), name.to_lowercase());
    let words: Vec<_> = section.split_whitespace().collect();
    words == ["profile", &name] || (name == "default" && words == ["default"])
}

/// What a section `[buckets NAME]` says of each bucket: behind its name, or in the lines below it.
fn buckets(ini: &Ini, name: &str) -> Option<BTreeMap<String, BTreeMap<String, Value>>> {
    let wanted = name.to_lowercase();
    let is_wanted = |section: &str| {
        let section = section.trim().to_lowercase();
        section.split_whitespace().collect::<Vec<_>>() == ["buckets", &wanted]
    };
    let found = ini.iter().filter_map(|(section, pairs)| Some((section?, pairs)));
    let mut found = found.filter(|(section, _)| is_wanted(section)).peekable();
    found.peek()?;
    let mut buckets: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    for (section, pairs) in found {
        let mut bucket = String::new();
        for (key, value) in pairs {
            if !value.trim().is_empty() && !value.contains('=') && OF_A_BUCKET.contains(&folded(key).as_str())
            {
                let values = buckets.entry(bucket.clone()).or_default();
                values.insert(folded(key), Value::new(value, section));
                continue;
            }
            key.trim().clone_into(&mut bucket);
            let inline = value.split([',', ' ', '\t']).filter_map(|pair| pair.split_once('='));
            let inline = inline.map(|(key, value)| (folded(key.trim()), Value::new(value, section)));
            buckets.entry(bucket.clone()).or_default().extend(inline);
        }
    }
    Some(buckets)
}

impl Value {
    fn new(text: &str, section: &str) -> Self {
        Self { text: text.trim().to_owned(), section: section.trim().to_owned() }
    }
}

/// The first line that is nothing an INI text has; the library only tells where it noticed.
fn strange_line(text: &str) -> Option<usize> {
    let is_strange =
        |line: &str| !line.is_empty() && !line.starts_with(['#', ';', '[']) && !line.contains(['=', ':']);
    text.lines().position(|line| is_strange(line.trim())).map(|index| index + 1)
}

/// The one spelling that all spellings of a key have in common.
fn folded(key: &str) -> String {
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
