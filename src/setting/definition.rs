//! The definition of a setting, and how messages name it.

/// A setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The flag without its hyphens, and the key in the file.
    pub name: &'static str,
    /// The commands that have the flag.
    pub flag: Flag,
    /// The flag's letter.
    pub letter: Option<char>,
    /// The placeholder of the flag's value.
    pub value_name: &'static str,
    /// The noun for it, as in "no region".
    pub noun: &'static str,
    /// The environment variable that sets it too.
    pub variable: Variable,
    /// Where ossutil's file may set it.
    pub key: Key,
    /// The part of its value that must not be shown.
    pub secrecy: Secrecy,
    /// The default.
    pub fallback: Fallback,
    /// A remark on the default, in Markdown.
    pub remark: &'static str,
    /// The help in one line, without variable and default.
    pub help: &'static str,
    /// Additional text for the long help.
    pub more: &'static str,
    /// Whether the short help has the flag.
    pub is_common: bool,
    /// Its effect on `serve`.
    pub serve: Effect,
    /// Its effect on `config init`.
    pub init: Effect,
}

/// The commands that have a setting's flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// None: only the file sets it.
    None,
    /// Loads.
    Load,
    /// All.
    Global,
    /// All, for scripts written for ossutil; hidden.
    Ossutil,
}

/// The variable of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// None.
    None,
    /// A variable with the setting's value.
    Named(&'static str),
    /// Variables that the HTTP library reads in its own way.
    Http(&'static [&'static str]),
}

/// Where ossutil's file may set a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Nowhere.
    None,
    /// In a profile.
    Profile,
    /// In a profile, and for an individual bucket.
    Bucket,
}

/// The part of a value that must not be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// None.
    Open,
    /// The user and password of a URL.
    Password,
    /// All of it.
    Whole,
    /// All of it, since it may contain a secret.
    Possible,
}

/// The default of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// No default that is the same for all users.
    None,
    /// A value.
    Value(&'static str),
    /// A default that words describe.
    Words(&'static str),
}

/// The effect of a setting on a command that uses only some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Nothing,
    /// The same as for a load.
    Same,
    /// An effect of its own, with its help and its default.
    Own(&'static str, &'static str),
}

impl Setting {
    /// The flag with its hyphens.
    pub fn option(&self) -> String {
        format!("--{}", self.name)
    }

    /// The flag's name as an identifier, which is its id in clap.
    pub fn id(&self) -> String {
        self.name.replace('-', "_")
    }

    /// Whether `id` is its identifier. Does not allocate: every run defines the whole command line, option by option.
    pub fn is_of_id(&self, id: &str) -> bool {
        let alike = |(byte, other): (u8, u8)| byte == if other == b'-' { b'_' } else { other };
        id.len() == self.name.len() && id.bytes().zip(self.name.bytes()).all(alike)
    }

    /// The variable with the setting's value.
    pub fn variable(&self) -> Option<&'static str> {
        match self.variable {
            Variable::Named(name) => Some(name),
            Variable::None | Variable::Http(_) => None,
        }
    }

    /// All variables that set it.
    pub fn variables(&self) -> &[&'static str] {
        match &self.variable {
            Variable::None => &[],
            Variable::Named(name) => std::slice::from_ref(name),
            Variable::Http(names) => names,
        }
    }

    /// All places that set it: `--region (OSS_REGION, region)`.
    pub fn places(&self) -> String {
        let key = (self.key != Key::None).then_some(self.name);
        let others: Vec<_> = self.variables().iter().copied().chain(key).collect();
        if others.is_empty() { self.option() } else { format!("{} ({})", self.option(), others.join(", ")) }
    }

    /// The same as a choice: `--region, OSS_REGION or region in FILE`.
    pub fn choices(&self, file: &str) -> String {
        let key = (self.key != Key::None).then(|| format!("{} in {file}", self.name));
        let option = std::iter::once(self.option());
        let variables = self.variables().iter().map(ToString::to_string);
        let mut places: Vec<_> = option.chain(variables).chain(key).collect();
        let last = places.pop().unwrap_or_default();
        if places.is_empty() { last } else { format!("{} or {last}", places.join(", ")) }
    }

    /// Whether a value contains something that must not be shown.
    pub fn is_secret(&self, value: &str) -> bool {
        match self.secrecy {
            Secrecy::Open => false,
            // A password is before an @.
            Secrecy::Password => value.contains('@'),
            Secrecy::Whole | Secrecy::Possible => true,
        }
    }

    /// The value as it can be shown.
    pub fn masked(&self, value: &str) -> String {
        match self.secrecy {
            Secrecy::Open => value.to_owned(),
            Secrecy::Password => without_password(value),
            Secrecy::Whole | Secrecy::Possible => MASK.to_owned(),
        }
    }

    /// Whether its value can come from elsewhere than the command line.
    pub fn is_configurable(&self) -> bool {
        self.variable != Variable::None || self.key != Key::None
    }

    /// The short help of the flag for a load.
    pub fn short_help(&self) -> String {
        let tags = self.tags();
        if tags.is_empty() { self.help.to_owned() } else { format!("{} {tags}", self.help) }
    }

    /// The long help of the flag for a load, in paragraphs.
    pub fn long_help(&self) -> String {
        if self.more.is_empty() {
            return self.short_help();
        }
        format!("{}.\n\n{}\n\n{}", self.help, self.more, self.tags()).trim_end().to_owned()
    }

    /// Default and variable.
    fn tags(&self) -> String {
        let fallback = match self.fallback {
            // A switch that is not given is off.
            Fallback::None | Fallback::Value("false") => None,
            Fallback::Value(text) | Fallback::Words(text) => Some(format!("[default: {text}]")),
        };
        let variable = self.variable().map(|name| format!("[env: {name}]"));
        fallback.into_iter().chain(variable).collect::<Vec<_>>().join(" ")
    }
}

/// What is shown instead of a secret.
const MASK: &str = "***";

/// A URL as it can be shown.
fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let rest = rest.rsplit_once('@').map_or_else(|| rest.to_owned(), |(_, host)| format!("{MASK}@{host}"));
    if scheme.is_empty() { rest } else { format!("{scheme}://{rest}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::{BUCKET, CONNECT_TIMEOUT, PROXY, REGION, STS_TOKEN};

    #[test]
    fn a_setting_is_told_with_all_places_that_say_it() {
        assert_eq!(REGION.places(), "--region (OSS_REGION, region)");
        assert_eq!(PROXY.places(), "--proxy (HTTPS_PROXY, HTTP_PROXY, proxy)");
        assert_eq!(BUCKET.places(), "--bucket");
        assert_eq!(REGION.choices("conf"), "--region, OSS_REGION or region in conf");
        assert_eq!(CONNECT_TIMEOUT.choices("conf"), "--connect-timeout or connect-timeout in conf");
        assert_eq!(BUCKET.choices("conf"), "--bucket");
    }

    #[test]
    fn a_proxy_is_shown_without_its_password() {
        for (url, shown) in [
            ("http://user:pa@ss@proxy:3128", "http://***@proxy:3128"),
            ("user:pass@proxy", "***@proxy"),
            ("https://proxy:3128/", "https://proxy:3128/"),
        ] {
            assert_eq!(PROXY.masked(url), shown);
        }
        assert_eq!(STS_TOKEN.masked("hush"), MASK);
        assert_eq!(REGION.masked("cn-hangzhou"), "cn-hangzhou");
    }
}
