//! A vector as an object with numbered members, the way JavaScript prints a `Float32Array`.

use super::numbers::{self, Separated};
use super::skip::skip_space;
use crate::record::Reason;

/// Appends the numbers of the object that `text` begins with to `out`, and returns its length in bytes.
///
/// The names must be 0, 1, 2 … in order: anything else could mean another order, or no vector.
pub(crate) fn read(text: &[u8], out: &mut Vec<f32>) -> Result<usize, Reason> {
    let mut at = skip_space(text, 1);
    loop {
        let index = out.len();
        let rest = text.get(at..).unwrap_or_default();
        let name = format!("\"{index}\"");
        if !rest.starts_with(name.as_bytes()) {
            return Err(out_of_order());
        }
        at = skip_space(text, at + name.len());
        if text.get(at) != Some(&b':') {
            return Err(out_of_order());
        }
        at = skip_space(text, at + 1);
        let rest = text.get(at..).unwrap_or_default();
        let (value, used) = numbers::read_unusual(rest, Separated::ByComma, index)?;
        out.push(value);
        at = skip_space(text, at + used);
        let excerpt = || {
            let end = rest.iter().position(|byte| b",}] \n".contains(byte)).unwrap_or(rest.len()).min(40);
            String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned()
        };
        match text.get(at) {
            Some(b',') => at = skip_space(text, at + 1),
            Some(b'}') => return Ok(at + 1),
            _ => return Err(Reason::NotANumber { index, text: excerpt() }),
        }
    }
}

/// Whether the first name in the object that `text` begins with is a number.
pub(crate) fn is_numbered(text: &[u8]) -> bool {
    let name = skip_space(text, 1);
    text.get(name) == Some(&b'"') && text.get(name + 1).is_some_and(u8::is_ascii_digit)
}

/// The reason for any other object.
pub(crate) fn out_of_order() -> Reason {
    Reason::VectorKind { found: "an object whose member names are not 0, 1, 2 … in order".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> Result<(Vec<f32>, usize), Reason> {
        let mut out = Vec::new();
        let used = read(text.as_bytes(), &mut out)?;
        Ok((out, used))
    }

    #[test]
    fn numbers_are_read_in_the_order_of_their_names() {
        for text in [r#"{"0":0.25,"1":-5e-1,"2":3}"#, "{ \"0\" : 0.25 ,\n\"1\":-0.5, \"2\":3 }"] {
            assert!(is_numbered(text.as_bytes()), "{text}");
            let read = numbers(&format!("{text},\"x\":1}}"));
            assert_eq!(read, Ok((vec![0.25, -0.5, 3.0], text.len())), "{text}");
        }
    }

    #[test]
    fn another_order_and_what_is_no_number_are_refused() {
        for text in [r#"{"1":1}"#, r#"{"0":1,"2":2}"#, r#"{"0":1,"0":2}"#, r#"{"0":1,}"#, r#"{"0":1,"x":2}"#]
        {
            assert_eq!(numbers(text), Err(out_of_order()), "{text}");
        }
        assert_eq!(numbers(r#"{"0":1,"1":null}"#), Err(Reason::NotANumber { index: 1, text: "null".into() }));
        assert_eq!(numbers(r#"{"0":1e99}"#), Err(Reason::NotFinite { index: 0, text: "1e99".into() }));
        assert!(numbers(r#"{"0":1"#).is_err());
        for text in ["{}", r#"{"name":[1]}"#, "{"] {
            assert!(!is_numbered(text.as_bytes()), "{text}");
        }
    }
}
