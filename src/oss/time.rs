//! Wall-clock time as the protocol needs it, with exactly its formats.

use jiff::tz::TimeZone;

/// An instant of wall-clock time; most of its formats have whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// Reads the system's clock; the only place in the program that does.
    pub fn now() -> Self {
        Self(jiff::Timestamp::now())
    }

    /// The instant `seconds` after 1970-01-01T00:00:00Z, clamped to the representable range.
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

    /// Writes date, hour and minute in the local time zone, with its offset.
    pub fn local_minute(self) -> String {
        self.in_zone(TimeZone::system())
    }

    fn in_zone(self, zone: TimeZone) -> String {
        self.0.to_zoned(zone).strftime("%Y-%m-%d %H:%M %:z").to_string()
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix_seconds(self) -> i64 {
        self.0.as_second()
    }

    /// Moves the instant by `seconds`, forward or back.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        let moved = self.0.checked_add(jiff::SignedDuration::from_secs(seconds));
        let nearest = || Self::from_unix_seconds(self.unix_seconds().saturating_add(seconds)).0;
        Self(moved.unwrap_or_else(|_| nearest()))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn unix_millis(self) -> i64 {
        self.0.as_millisecond()
    }

    /// The instant `millis` after 1970-01-01T00:00:00Z, if it can be represented.
    pub fn from_unix_millis(millis: i64) -> Option<Self> {
        jiff::Timestamp::from_millisecond(millis).ok().map(Self)
    }
}

/// Whether two texts of the service are the same instant; their precision may differ.
pub fn same_moment(one: &str, other: &str) -> bool {
    let (Ok(first), Ok(second)) = (one.parse::<jiff::Timestamp>(), other.parse::<jiff::Timestamp>()) else {
        return one == other;
    };
    let digits = |text: &str| {
        let fraction = text.split_once(['.', ',']).map_or("", |(_, fraction)| fraction);
        fraction.bytes().take_while(u8::is_ascii_digit).count()
    };
    let shown = digits(one).min(digits(other)).min(9);
    let unit = 10_i128.pow(u32::try_from(9 - shown).unwrap_or_default());
    let whole = |instant: jiff::Timestamp| instant.as_nanosecond().div_euclid(unit);
    whole(first) == whole(second)
}

#[cfg(test)]
mod tests {
    use jiff::tz::{TimeZone, offset};

    use super::{Timestamp, same_moment};

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
    fn a_local_time_says_its_offset() {
        let at = Timestamp::parse_basic("20231216T162057Z").unwrap();
        let [east, utc] = [8, 0].map(|hours| at.in_zone(TimeZone::fixed(offset(hours))));
        assert_eq!([east.as_str(), &utc], ["2023-12-17 00:20 +08:00", "2023-12-16 16:20 +00:00"]);
    }

    #[test]
    fn an_instant_is_the_same_with_more_digits_or_in_another_zone() {
        let at = "2023-12-16T16:20:57.123Z";
        for (other, is_same) in [
            (at, true),
            ("2023-12-16T16:20:57.123456789Z", true),
            ("2023-12-17T00:20:57.123+08:00", true),
            ("2023-12-16T16:20:57Z", true),
            ("2023-12-16T16:20:57.124Z", false),
            ("2023-12-16T16:20:58Z", false),
            ("yesterday", false),
        ] {
            assert_eq!(same_moment(at, other), is_same, "{other}");
            assert_eq!(same_moment(other, at), is_same, "{other}");
        }
        assert!(same_moment("yesterday", "yesterday"));
    }

    #[test]
    fn a_moved_instant_keeps_its_fraction() {
        let at = Timestamp::from_unix_millis(1_702_743_657_123).unwrap();
        assert_eq!(at.plus_seconds(0), at);
        assert_eq!(at.plus_seconds(-60).rfc3339_millis(), "2023-12-16T16:19:57.123Z");
        assert!(at.plus_seconds(i64::MAX) > at && at.plus_seconds(i64::MIN) < at);
    }

    #[test]
    fn what_is_no_date_is_none() {
        assert_eq!(Timestamp::parse_basic("2023-12-16"), None);
        assert_eq!(Timestamp::parse_http_date("yesterday"), None);
    }
}
