//! The one notion of wall-clock time that the protocol needs, with exactly its formats.

use jiff::tz::TimeZone;

/// An instant of wall-clock time, in whole seconds as the signature sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// Asks the system's clock; the only place in the program that does.
    pub fn now() -> Self {
        Self(jiff::Timestamp::now())
    }

    /// Builds the instant that lies `seconds` after 1970-01-01T00:00:00Z, the nearest representable one at the ends.
    pub fn from_unix_seconds(seconds: i64) -> Self {
        let clamped = seconds.clamp(jiff::Timestamp::MIN.as_second(), jiff::Timestamp::MAX.as_second());
        Self(jiff::Timestamp::from_second(clamped).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
    }

    /// Reads `YYYYMMDDThhmmssZ`, the form of `x-oss-date`.
    pub fn parse_basic(text: &str) -> Option<Self> {
        let civil = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
        Some(Self(civil.to_zoned(TimeZone::UTC).ok()?.timestamp()))
    }

    /// Reads an HTTP `Date` header (RFC 9110, the fixed form).
    pub fn parse_http_date(text: &str) -> Option<Self> {
        let civil = jiff::civil::DateTime::strptime("%a, %d %b %Y %H:%M:%S GMT", text).ok()?;
        Some(Self(civil.to_zoned(TimeZone::UTC).ok()?.timestamp()))
    }

    /// Reads an RFC 3339 instant, as credential sources write their expiry.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    /// Writes `YYYYMMDDThhmmssZ`.
    pub fn basic(self) -> String {
        self.0.strftime("%Y%m%dT%H%M%SZ").to_string()
    }

    /// Writes `YYYYMMDD`, the date of the signature's scope.
    pub fn date(self) -> String {
        self.0.strftime("%Y%m%d").to_string()
    }

    /// Writes the HTTP `Date` form.
    pub fn http_date(self) -> String {
        self.0.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// Writes RFC 3339 with milliseconds, as the service does for `createTime`.
    pub fn rfc3339_millis(self) -> String {
        self.0.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
    }

    /// Writes RFC 3339 with whole seconds, as STS wants it.
    pub fn rfc3339(self) -> String {
        self.0.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix_seconds(self) -> i64 {
        self.0.as_second()
    }

    /// Moves the instant by `seconds`, forwards or back.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_unix_seconds(self.unix_seconds().saturating_add(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn every_form_names_the_same_instant() {
        let at = Timestamp::parse_basic("20231216T162057Z").unwrap();
        assert_eq!(at.basic(), "20231216T162057Z");
        assert_eq!(at.date(), "20231216");
        assert_eq!(at.http_date(), "Sat, 16 Dec 2023 16:20:57 GMT");
        assert_eq!(at.rfc3339_millis(), "2023-12-16T16:20:57.000Z");
        assert_eq!(at.rfc3339(), "2023-12-16T16:20:57Z");
        assert_eq!(Timestamp::parse_http_date("Sat, 16 Dec 2023 16:20:57 GMT"), Some(at));
        assert_eq!(Timestamp::parse_rfc3339("2023-12-16T16:20:57Z"), Some(at));
        assert_eq!(Timestamp::from_unix_seconds(at.unix_seconds()), at);
    }

    #[test]
    fn what_is_no_date_is_none() {
        assert_eq!(Timestamp::parse_basic("2023-12-16"), None);
        assert_eq!(Timestamp::parse_http_date("yesterday"), None);
    }
}
