//! Numbers, sizes and times in the form for people. Pure.

use std::time::Duration;

/// A count with its noun.
pub(crate) fn plural(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A count with thousands separators.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A rate per second, with as many decimals as are significant; whole numbers without any.
pub(crate) fn rate(number: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shown rounded")]
    let whole = number.round() as u64;
    let is_whole = (number - number.round()).abs() < 1e-9;
    match number {
        100.0.. => count(whole),
        _ if is_whole => whole.to_string(),
        1.0.. => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

/// A size in binary units.
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = number as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    if unit == 0 { format!("{number} {name}") } else { format!("{value:.1} {name}") }
}

/// A duration with a readable amount of detail.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        _ => whole_seconds(time),
    }
}

/// The same without fractions of a second, for estimates and for values that change while they are read.
pub(crate) fn whole_seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64().round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a duration is not negative")]
    let seconds = seconds as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// The first few names, and how many more there are; `None` if there are none.
pub(crate) fn some_of(names: &[String]) -> Option<String> {
    const NAMED: usize = 3;
    let (named, more) = names.split_at(NAMED.min(names.len()));
    let named = named.join(", ");
    match (names.len(), more.len()) {
        (0, _) => None,
        (_, 0) => Some(named),
        (_, more) => Some(format!("{named} and {} more", count(more as u64))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!([0, 999, 1_000, 2_000_000_000].map(count), ["0", "999", "1,000", "2,000,000,000"]);
        assert_eq!([512, 1_536, 5 << 30].map(bytes), ["512 B", "1.5 KiB", "5.0 GiB"]);
        let times = [400, 61_000, 3_700_000, 800_000_000].map(Duration::from_millis);
        assert_eq!(times.map(duration), ["0.4 s", "1 min 1 s", "1 h 1 min", "9 d 6 h"]);
        assert_eq!(times.map(whole_seconds), ["0 s", "1 min 1 s", "1 h 1 min", "9 d 6 h"]);
        assert_eq!([0.05, 0.5, 4.96, 5.0, 2487.4].map(rate), ["0.05", "0.50", "5.0", "5", "2,487"]);
    }
}
