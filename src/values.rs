//! Values in the notation of the command line: times, sizes, rates, switches. Pure.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::put::MaxRejects;
use crate::put::batch::Sample;

/// A boolean, in the spellings that Go accepts, the language of ossutil.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Switch(pub bool);

impl FromStr for Switch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Self(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Self(false)),
            _ => Err("expected true or false".to_owned()),
        }
    }
}

/// A number of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times(pub u32);

impl FromStr for Times {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| "expected a whole number such as 100".to_owned())
    }
}

/// A time with its unit, as ossutil writes it: `500ms`, `20s` or plain `20`, `15m`, `2h`, `1d`, `1w`, `1M`, `1y`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period(pub Duration);

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, unit) = split_unit(text);
        let seconds = match unit {
            "ms" => 0.001,
            "" | "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => DAY,
            "w" => 7.0 * DAY,
            "M" => 30.0 * DAY,
            "y" => 365.0 * DAY,
            _ => return Err(format!("unknown unit {unit:?}: expected ms, s, m, h, d, w, M or y")),
        };
        number_of(number)
            .and_then(|number| Duration::try_from_secs_f64(number * seconds).ok())
            .map(Self)
            .ok_or_else(|| "expected a time such as 20s or 15m".to_owned())
    }
}

/// In seconds.
const DAY: f64 = 86_400.0;

/// A timeout in the same form; not 0, which would end everything before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeout(pub Duration);

impl FromStr for Timeout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse()? {
            Period(Duration::ZERO) => Err("expected a time above 0".to_owned()),
            Period(time) => Ok(Self(time)),
        }
    }
}

/// A size in bytes; units are multiples of 1024, as in ossutil: `512K`, `16MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub usize);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, unit) = split_unit(text);
        let factor: f64 = match unit.to_ascii_uppercase().trim_end_matches('B').trim_end_matches('I') {
            "" => 1.0,
            "K" => 1024.0,
            "M" => 1024.0 * 1024.0,
            "G" => 1024.0 * 1024.0 * 1024.0,
            "T" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
            "P" => 1024.0 * 1024.0 * 1024.0 * 1024.0 * 1024.0,
            _ => return Err(format!("unknown unit {unit:?}: expected K, M, G, T or P")),
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range")]
        match number_of(number).map(|number| number * factor) {
            Some(bytes) if (1.0..=1e18).contains(&bytes) => Ok(Self(bytes as usize)),
            _ => Err("expected a size such as 16MiB".to_owned()),
        }
    }
}

/// A rate per second; 0 means no limit and becomes infinity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(pub f64);

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match number_of(text) {
            Some(0.0) => Ok(Self(f64::INFINITY)),
            Some(rate) if rate >= 0.001 => Ok(Self(rate)),
            _ => Err("expected a number, or 0 for no limit".to_owned()),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_finite() { self.0.fmt(formatter) } else { formatter.write_str("0") }
    }
}

/// One character of a table: an ASCII character other than a line end, `\t` or `tab`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Character(pub u8);

impl FromStr for Character {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.as_bytes() {
            b"tab" | b"\\t" => Ok(Self(b'\t')),
            [byte] if byte.is_ascii() && !matches!(byte, 0 | b'\r' | b'\n') => Ok(Self(*byte)),
            _ => Err("expected one ASCII character such as ;, or tab".to_owned()),
        }
    }
}

/// The character around quoted cells, or `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote(pub Option<u8>);

impl FromStr for Quote {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self(None)),
            _ => text.parse().map(|Character(quote)| Self(Some(quote))),
        }
    }
}

/// The maximum number of rejects: `100`, `5%` or `none`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MostRejects(pub MaxRejects);

impl FromStr for MostRejects {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "expected a count such as 100, a percentage such as 5%, or none".to_owned();
        match (text, text.strip_suffix('%')) {
            ("none", _) => Ok(Self(MaxRejects::None)),
            (_, Some(percent)) => {
                let percent = number_of(percent).filter(|percent| *percent <= 100.0);
                percent.map(|percent| Self(MaxRejects::Percent(percent))).ok_or_else(wrong)
            }
            (number, None) => number.parse().map(|count| Self(MaxRejects::Count(count))).map_err(|_| wrong()),
        }
    }
}

/// A sample of the keys: `1%`, `0.5%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PartOfKeys(pub Sample);

impl FromStr for PartOfKeys {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let percent = text.strip_suffix('%').and_then(number_of).and_then(Sample::of_percent);
        percent.map(Self).ok_or_else(|| "expected a percentage above 0%, up to 100%, such as 1%".to_owned())
    }
}

impl fmt::Display for PartOfKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}%", self.0.percent())
    }
}

fn split_unit(text: &str) -> (&str, &str) {
    let end = text.find(|character: char| character.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number.trim(), unit)
}

/// A plain decimal number that is not negative.
fn number_of(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_is_written_as_in_go() {
        let positions = |words: &str| words.split(' ').map(|word| word.parse().ok()).collect::<Vec<_>>();
        assert_eq!(positions("1 t T true TRUE True"), [Some(Switch(true)); 6]);
        assert_eq!(positions("0 f F false FALSE False"), [Some(Switch(false)); 6]);
        assert_eq!(positions("yes tRUE 2"), [None; 3]);
    }

    fn wrong<T: FromStr<Err = String>>(text: &str) -> String {
        format!("{text:?}: {}\n", text.parse::<T>().err().unwrap())
    }

    #[test]
    fn a_value_that_cannot_be_read_says_what_is_expected() {
        let told = [
            wrong::<Switch>("yes"),
            wrong::<Times>("often"),
            wrong::<Period>("soon"),
            wrong::<Period>("5x"),
            wrong::<Timeout>("0"),
            wrong::<Size>("large"),
            wrong::<Size>("5x"),
            wrong::<Size>("0"),
            wrong::<Rate>("-5"),
            wrong::<Character>("ab"),
            wrong::<Quote>("ab"),
            wrong::<MostRejects>("101%"),
            wrong::<PartOfKeys>("1"),
        ];
        insta::assert_snapshot!(told.concat(), @r#"
        "yes": expected true or false
        "often": expected a whole number such as 100
        "soon": unknown unit "soon": expected ms, s, m, h, d, w, M or y
        "5x": unknown unit "x": expected ms, s, m, h, d, w, M or y
        "0": expected a time above 0
        "large": unknown unit "large": expected K, M, G, T or P
        "5x": unknown unit "x": expected K, M, G, T or P
        "0": expected a size such as 16MiB
        "-5": expected a number, or 0 for no limit
        "ab": expected one ASCII character such as ;, or tab
        "ab": expected one ASCII character such as ;, or tab
        "101%": expected a count such as 100, a percentage such as 5%, or none
        "1": expected a percentage above 0%, up to 100%, such as 1%
        "#);
    }

    #[test]
    fn times_are_read_with_their_units() {
        for (text, millis) in [
            ("500ms", 500),
            ("20", 20_000),
            ("1.5s", 1_500),
            ("15m", 900_000),
            ("2h", 7_200_000),
            ("1d", 86_400_000),
            ("1w", 604_800_000),
            ("1M", 2_592_000_000),
            ("1y", 31_536_000_000),
        ] {
            assert_eq!(text.parse(), Ok(Period(Duration::from_millis(millis))), "{text}");
        }
        for text in ["", "s", "-1s", "1 fortnight", "inf", "1e3s"] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_timeout_is_never_zero() {
        assert_eq!("0.5".parse(), Ok(Timeout(Duration::from_millis(500))));
        for text in ["0", "0ms", "", "x"] {
            assert!(text.parse::<Timeout>().is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_read_in_steps_of_1024() {
        for (text, bytes) in [
            ("100", 100),
            ("10B", 10),
            ("1K", 1024),
            ("16MiB", 16 << 20),
            ("16Mi", 16 << 20),
            ("0.5g", 1 << 29),
            ("2T", 2 << 40),
        ] {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
        for text in ["0", "", "MiB", "-1", "5 apples"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }

    #[test]
    fn characters_of_tables_are_one_byte() {
        assert_eq!("tab".parse(), Ok(Character(b'\t')));
        assert_eq!("\\t".parse(), Ok(Character(b'\t')));
        assert_eq!(";".parse(), Ok(Character(b';')));
        assert!(["", "ab", "é", "\n", "\0"].iter().all(|text| text.parse::<Character>().is_err()));
        assert_eq!("none".parse(), Ok(Quote(None)));
        assert_eq!("'".parse(), Ok(Quote(Some(b'\''))));
    }

    #[test]
    fn zero_is_no_limit() {
        assert_eq!("0".parse(), Ok(Rate(f64::INFINITY)));
        assert_eq!("2.5".parse(), Ok(Rate(2.5)));
        for text in ["0", "0.5", "5", "2500"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        assert!("-5".parse::<Rate>().is_err() && "nan".parse::<Rate>().is_err());
    }

    #[test]
    fn a_part_of_the_keys_is_written_in_percent() {
        for text in ["1%", "0.05%", "100%"] {
            assert_eq!(text.parse::<PartOfKeys>().unwrap().to_string(), text);
        }
        assert!(
            ["0%", "101%", "-1%", "%", "1", "0.5"].iter().all(|text| text.parse::<PartOfKeys>().is_err())
        );
    }

    #[test]
    fn rejects_are_allowed_by_number_by_part_or_all() {
        assert_eq!("100".parse(), Ok(MostRejects(MaxRejects::Count(100))));
        assert_eq!("2.5%".parse(), Ok(MostRejects(MaxRejects::Percent(2.5))));
        assert_eq!("none".parse(), Ok(MostRejects(MaxRejects::None)));
        assert!(["", "-1", "101%", "some"].iter().all(|text| text.parse::<MostRejects>().is_err()));
    }
}
