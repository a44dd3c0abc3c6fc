//! An error of the service that was truncated. Pure.

use super::wire::ErrorBody;

/// The code of an error that was truncated before its code.
pub(super) const CUT_OFF: &str = "CodeCutOff";

/// Parses the beginning of an error body; `None` if it is not from the service.
pub(super) fn error(body: &[u8]) -> Option<ErrorBody> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start();
    let field: fn(&str, &str) -> Option<String> = match text.as_bytes().first()? {
        b'{' => json_field,
        b'<' if text.contains("<Error>") => xml_field,
        _ => return None,
    };
    let [code, message, request_id, host_id, ec] =
        ["Code", "Message", "RequestId", "HostId", "EC"].map(|name| field(text, name).unwrap_or_default());
    let code = if code.is_empty() && !message.is_empty() { CUT_OFF.to_owned() } else { code };
    (!code.is_empty()).then_some(ErrorBody { code, message, request_id, host_id, ec })
}

/// The string under a name in a JSON object that may be truncated.
fn json_field(text: &str, name: &str) -> Option<String> {
    let name = format!("\"{name}\"");
    let (before, rest) = text.split_once(&name)?;
    // After a backslash it is the end of another string.
    let rest = rest.trim_start().strip_prefix(':').filter(|_| !before.ends_with('\\'))?.trim_start();
    let whole = serde_json::Deserializer::from_str(rest).into_iter::<String>().next()?;
    whole.ok().or_else(|| {
        // Truncated, perhaps inside an escape; the longest one has twelve characters.
        let rest = rest.trim_end_matches('\u{fffd}');
        let ends = (0..12).filter_map(|less| rest.get(..rest.len().checked_sub(less)?));
        ends.map(|rest| format!("{rest}\"")).find_map(|text| serde_json::from_str(&text).ok())
    })
}

/// The text of an XML element that may be truncated, by name.
fn xml_field(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    Some(rest.split('<').next().unwrap_or_default().trim_end_matches('\u{fffd}').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_is_told_as_came() {
        let json =
            r#"{"Error":{"Code":"Bad","RequestId":"ID","Message":"a \"Code\": \u00e9\ud83d\ude00 end"}}"#;
        let xml = "<?xml version=\"1.0\"?><Error><Code>Bad</Code><RequestId>ID</RequestId><Message>no é</Message></Error>";
        for (text, whole) in [(json, "a \"Code\": é😀 end"), (xml, "no é")] {
            let known = text.find("Message").unwrap();
            for end in 0..text.len() {
                let found = error(&text.as_bytes()[..end]);
                if end >= known {
                    let found = found.unwrap();
                    assert_eq!((found.code.as_str(), found.request_id.as_str()), ("Bad", "ID"), "{end}");
                    assert!(whole.starts_with(&found.message), "{end}: {}", found.message);
                }
            }
        }
    }

    #[test]
    fn an_error_whose_code_did_not_come_is_one_all_the_same() {
        for text in ["{\"Message\":\"long", "<Error><Message>long", "{\"Error\":{\"Message\":\"long"] {
            let found = error(text.as_bytes()).unwrap();
            assert_eq!((found.code.as_str(), found.message.as_str()), (CUT_OFF, "long"), "{text}");
        }
        for text in ["", "<html><Code>Bad", "[\"Code\"", "{\"x\":1", "{\"message\":\"x"] {
            assert_eq!(error(text.as_bytes()), None, "{text}");
        }
    }
}
