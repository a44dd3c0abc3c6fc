//! Texts that must not be shown, and how they are struck out of foreign texts. Pure.
//!
//! A service, a proxy or a helper may repeat what it was given: in a message, in a header, truncated, percent-encoded,
//! in JSON or XML, in base64. Secrets are replaced by `***`.

use std::collections::VecDeque;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::secret::{Credential, Secret};

/// Shorter texts are not hidden: they could be part of any word.
const SHORTEST: usize = 8;

/// How many consecutive characters of a long text reveal a part of it.
const PART: usize = 12;

/// How many texts are remembered; a load of weeks uses many credentials.
const REMEMBERED: usize = 64;

/// How many signatures are remembered: typically more than there are requests in flight.
const SIGNATURES: usize = 32;

/// The replacement of a hidden text.
const STRUCK: &str = "***";

/// Texts that are struck out of everything that is reported.
#[derive(Clone, Debug, Default)]
pub(super) struct Hidden {
    texts: VecDeque<Text>,
    /// The signatures of the last requests, in hexadecimal digits. Only this form is struck, since every request has a
    /// new one.
    signatures: VecDeque<Secret>,
}

#[derive(Clone, Debug)]
struct Text {
    value: Secret,
    /// As it is, and in base64 after any number of bytes.
    forms: Vec<Secret>,
}

impl Hidden {
    /// Hides a text from now on.
    pub(super) fn add(&mut self, text: &str) {
        if text.len() < SHORTEST || self.texts.iter().any(|known| known.value.expose() == text) {
            return;
        }
        if self.texts.len() == REMEMBERED {
            self.texts.pop_front();
        }
        self.texts.push_back(Text { value: Secret::new(text), forms: forms(text) });
    }

    /// Hides the secrets of a credential.
    pub(super) fn add_credential(&mut self, credential: &Credential) {
        self.add(credential.secret.expose());
        if let Some(token) = &credential.security_token {
            self.add(token.expose());
        }
    }

    /// Hides the signature of a request that is about to be sent.
    pub(super) fn add_signature(&mut self, signature: &str) {
        if self.signatures.len() == SIGNATURES {
            self.signatures.pop_front();
        }
        self.signatures.push_back(Secret::new(signature));
    }

    /// The same with one more text to hide.
    #[must_use]
    pub(super) fn and(mut self, text: &str) -> Self {
        self.add(text);
        self
    }

    /// The text without hidden parts.
    pub(super) fn strike(&self, text: &str) -> String {
        let bytes = text.as_bytes();
        let mut told = Vec::with_capacity(bytes.len());
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            let end = self.end_at(bytes, at).max(self.signature_end(bytes, at));
            if end > at {
                told.extend_from_slice(STRUCK.as_bytes());
                at = end;
            } else {
                told.push(*byte);
                at += 1;
            }
        }
        // A hidden text may begin or end within a character of another one.
        String::from_utf8_lossy(&told).into_owned()
    }

    /// The end of the hidden text that begins here; `at` if there is none.
    fn end_at(&self, text: &[u8], at: usize) -> usize {
        let forms = self.texts.iter().flat_map(|known| &known.forms);
        forms.map(|form| longest_part(text, at, form.expose().as_bytes())).max().unwrap_or(at).max(at)
    }

    /// The end of the part of a signature that begins here; `at` if there is none. Other digits, such as a key that is
    /// a hash, are not hidden.
    fn signature_end(&self, text: &[u8], at: usize) -> usize {
        let rest = text.get(at..).unwrap_or_default();
        let digits = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        if digits < PART {
            return at;
        }
        let parts = self.signatures.iter().flat_map(|signature| {
            let signature = signature.expose().as_bytes();
            (0..signature.len()).filter_map(move |start| signature.get(start..))
        });
        let shared = parts.map(|part| {
            part.iter().zip(rest).take_while(|(one, other)| one.eq_ignore_ascii_case(other)).count()
        });
        at + shared.max().filter(|shared| *shared >= PART).unwrap_or_default()
    }
}

/// The forms in which a text may be contained in another one.
fn forms(text: &str) -> Vec<Secret> {
    let mut forms = vec![text.to_owned()];
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(text.as_bytes());
        for encoded in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            // The first and the last characters depend on the adjacent bytes.
            let own = encoded.get((before * 8).div_ceil(6)..bytes.len() * 8 / 6).unwrap_or_default();
            if own.len() >= SHORTEST && !forms.iter().any(|form| form == own) {
                forms.push(own.to_owned());
            }
        }
    }
    forms.into_iter().map(Secret::new).collect()
}

/// The end of the longest part of `hidden` that begins at `at`; `at` if none is long enough to reveal anything.
fn longest_part(text: &[u8], at: usize, hidden: &[u8]) -> usize {
    let least = if hidden.len() < 2 * PART { SHORTEST } else { PART };
    let Some(first) = text.get(at) else { return at };
    let may_be_encoded = matches!(first, b'%' | b'\\' | b'&');
    let mut longest = at;
    for start in 0..=hidden.len().saturating_sub(least) {
        let begins = hidden.get(start).is_some_and(|byte| byte.eq_ignore_ascii_case(first));
        if begins || may_be_encoded {
            let rest = hidden.get(start..).unwrap_or_default();
            let (length, end) = run(text, at, rest);
            if length >= least {
                longest = longest.max(end);
            }
        }
    }
    longest
}

/// How many bytes of `hidden` are at `at`, and where they end.
fn run(text: &[u8], at: usize, hidden: &[u8]) -> (usize, usize) {
    let (mut length, mut end) = (0, at);
    let mut other = (0, at);
    for byte in hidden {
        // A long text may be wrapped.
        let blanks = text.iter().skip(end).take(4).take_while(|byte| byte.is_ascii_whitespace()).count();
        let from = if length == 0 { end } else { end + blanks };
        let rest = text.get(from..).unwrap_or_default();
        let is_here = rest.first().is_some_and(|first| first.eq_ignore_ascii_case(byte));
        let next = match encoded(rest, *byte) {
            Some(next) if is_here => {
                // Which of the two it is depends on what follows.
                let (more, end) = run(text, from + next, hidden.get(length + 1..).unwrap_or_default());
                other = other.max((length + 1 + more, end));
                1
            }
            Some(next) => next,
            None if is_here => 1,
            None => break,
        };
        (length, end) = (length + 1, from + next);
    }
    (length, end).max(other)
}

/// The length of the encoded form of `byte` at the start of `text`: percent-encoded, as a JSON escape, as an XML
/// reference; letters in any case.
fn encoded(text: &[u8], byte: u8) -> Option<usize> {
    let is_it = |found: u32| u8::try_from(found).is_ok_and(|found| found.eq_ignore_ascii_case(&byte));
    match text.split_first()? {
        (b'%', rest) => {
            let digits = |from: usize| number(rest.get(from..from + 2)?, 16).filter(|found| is_it(*found));
            // In a double encoding, the percent sign itself is `%25`.
            let twice = rest.starts_with(b"25").then(|| digits(2)).flatten().map(|_| 5);
            twice.or_else(|| digits(0).map(|_| 3))
        }
        (b'\\', [b'u', rest @ ..]) => number(rest.get(..4)?, 16).filter(|found| is_it(*found)).map(|_| 6),
        (b'\\', [next, ..]) if is_it(u32::from(*next)) => Some(2),
        (b'&', rest) => reference(rest).filter(|(found, _)| is_it(*found)).map(|(_, length)| length),
        _ => None,
    }
}

/// The character of an XML reference, and the length of the reference.
fn reference(text: &[u8]) -> Option<(u32, usize)> {
    let end = text.iter().take(9).position(|byte| *byte == b';')?;
    let found = match text.get(..end)? {
        b"amp" => u32::from(b'&'),
        b"lt" => u32::from(b'<'),
        b"gt" => u32::from(b'>'),
        b"quot" => u32::from(b'"'),
        b"apos" => u32::from(b'\''),
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        _ => return None,
    };
    Some((found, end + 2))
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    use super::*;

    /// Ways in which another program may write a text.
    fn written(text: &str, way: usize) -> String {
        let each = |write: fn(u8) -> String| text.bytes().map(write).collect::<String>();
        match way {
            0 => text.to_owned(),
            1 => utf8_percent_encode(text, NON_ALPHANUMERIC).to_string(),
            2 => utf8_percent_encode(text, NON_ALPHANUMERIC).to_string().to_lowercase(),
            3 => utf8_percent_encode(text, NON_ALPHANUMERIC).to_string().replace('%', "%25"),
            4 => serde_json::Value::from(text).to_string().replace('/', "\\/"),
            5 => each(|byte| format!("\\u{byte:04x}")),
            6 => each(|byte| format!("&#{byte};")),
            7 => text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;"),
            8 => STANDARD.encode(text),
            9 => STANDARD.encode(format!("me:{text}")),
            10 => URL_SAFE_NO_PAD.encode(format!("user:{text}@")),
            11 => text
                .bytes()
                .map(char::from)
                .collect::<Vec<_>>()
                .chunks(20)
                .fold(String::new(), |lines, line| lines + &line.iter().collect::<String>() + "\r\n "),
            _ => text.to_uppercase(),
        }
    }

    /// Whether enough consecutive characters of `text` are in `told` to reveal it.
    fn shows(told: &str, text: &str) -> bool {
        let told = told.to_lowercase();
        let text = text.to_lowercase();
        (0..=text.len() - PART).any(|at| text.get(at..at + PART).is_some_and(|part| told.contains(part)))
    }

    proptest! {
        #[test]
        fn nothing_of_a_hidden_text_is_told_however_it_is_written(
            text in "[!-~]{24,200}",
            way in 0usize..13,
            before in "[ -~é€]{0,40}",
            after in "[ -~é€]{0,40}",
            cut in 0.0f64..0.4,
        ) {
            let hidden = Hidden::default().and(&text);
            let form = written(&text, way);
            let told = hidden.strike(&format!("{before}{form}{after}"));
            prop_assert!(!shows(&told, &form) && !shows(&told, &text), "{told}");
            prop_assert!(told.contains(STRUCK), "{told}");
            if way == 0 {
                // Truncated at some place.
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss,
                    reason = "any place will do")]
                let at = (text.len() as f64 * cut) as usize;
                let rest = text.split_at(at).1;
                let told = hidden.strike(&format!("{before}{rest}"));
                prop_assert!(!shows(&told, rest), "{told}");
            }
        }

        #[test]
        fn what_is_not_hidden_is_told_as_it_is(text in "[ -~é€\u{202e}\n]{0,200}") {
            let hidden = Hidden::default().and("kT5-hush/Qx9+w0Zp=&").and("local");
            prop_assert_eq!(hidden.strike(&text), text);
        }
    }

    #[test]
    fn a_short_text_is_not_struck_out_of_other_words() {
        let hidden = Hidden::default().and("local").and("");
        assert_eq!(hidden.strike("the local service"), "the local service");
    }

    #[test]
    fn what_stands_around_a_struck_text_stays_also_where_characters_share_bytes() {
        // The last bytes of both letters are the same in UTF-8.
        let hidden = Hidden::default().and("ésecret-word");
        let told = hidden.strike("before ũsecret-word after");
        assert!(
            told.starts_with("before ") && told.ends_with(" after") && !told.contains("secret"),
            "{told}"
        );
    }

    proptest! {
        #[test]
        fn own_signatures_are_struck_and_other_digits_are_told(
            own in prop::collection::vec("[0-9a-f]{64}", 1..4),
            other in "[0-9a-f]{64}",
            cut in 0usize..52,
        ) {
            let mut hidden = Hidden::default();
            for signature in &own {
                hidden.add_signature(signature);
            }
            let key = format!("The vector with the key \"{other}\" is invalid.");
            prop_assert_eq!(hidden.strike(&key), key);
            for signature in &own {
                prop_assert_eq!(hidden.strike(&format!("Signature={signature}, {other}")), format!("Signature=***, {other}"));
                let part = signature.split_at(cut).1.to_uppercase();
                prop_assert_eq!(hidden.strike(&format!("…{part}…")), "…***…");
            }
        }
    }

    #[test]
    fn only_the_last_texts_are_remembered() {
        let mut hidden = Hidden::default();
        (0..=REMEMBERED).for_each(|number| hidden.add(&format!("{number:020}")));
        (0..=SIGNATURES).for_each(|_| hidden.add_signature("0"));
        assert_eq!((hidden.texts.len(), hidden.signatures.len()), (REMEMBERED, SIGNATURES));
    }
}
