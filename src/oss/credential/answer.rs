//! Parses answers of credential sources. Pure.
//!
//! No error repeats a part of an answer except the code and the message of a refusal.

use serde::Deserialize;

use crate::oss::secret::{Credential, Secret, unbroken};
use crate::oss::time::Timestamp;

/// The four values of a temporary access key, under the names of the metadata service, of STS and of credential URIs,
/// or under those of the vendor's external commands.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Fields {
    code: Option<String>,
    message: Option<String>,
    #[serde(alias = "mode")]
    mode: Option<String>,
    #[serde(alias = "access_key_id")]
    access_key_id: Option<String>,
    #[serde(alias = "access_key_secret")]
    access_key_secret: Option<String>,
    #[serde(alias = "sts_token")]
    security_token: Option<String>,
    #[serde(alias = "expiration")]
    expiration: Option<String>,
}

/// The answer of STS.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StsAnswer {
    credentials: Fields,
}

/// The refusal of STS.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct StsRefusal {
    code: String,
    message: String,
    request_id: String,
}

/// Reads the answer of the metadata service or of a credential URI.
pub(super) fn temporary(text: &str) -> Result<Credential, String> {
    let fields: Fields = json(text)?;
    match &fields.code {
        Some(code) if code != "Success" => {
            Err(format!("refused with {}", refusal(code, fields.message.as_deref().unwrap_or_default())))
        }
        _ => whole(fields),
    }
}

/// Reads a successful answer of STS.
pub(super) fn sts(text: &str) -> Result<Credential, String> {
    let answer: StsAnswer = json(text)?;
    whole(answer.credentials)
}

/// Reads a refusal of STS: its code, and a line for people.
pub(super) fn sts_refusal(status: u16, text: &str) -> (String, String) {
    let StsRefusal { code, message, request_id } = serde_json::from_str(text).unwrap_or_default();
    if code.is_empty() {
        return (code, format!("HTTP {status}, possibly not from STS"));
    }
    let id =
        if request_id.is_empty() { String::new() } else { format!("; request ID {}", shown(&request_id)) };
    let told = refusal(&code, &message);
    (code, told + &id)
}

/// Reads the output of a credential process in either of its two forms.
pub(super) fn printed(text: &str) -> Result<Credential, String> {
    let fields: Fields = json(text)?;
    if fields.mode.as_deref() == Some("StsToken") && fields.security_token.is_none() {
        return Err("the mode is StsToken, but sts_token is missing".to_owned());
    }
    any(fields)
}

/// A credential from its parts, each of which must be valid in a header.
pub(super) fn keys(
    access_key_id: Option<String>,
    access_key_secret: Option<String>,
    security_token: Option<String>,
) -> Result<Credential, String> {
    any(Fields { access_key_id, access_key_secret, security_token, ..Fields::default() })
}

/// A credential that must be temporary.
fn whole(fields: Fields) -> Result<Credential, String> {
    for (value, name) in [(&fields.security_token, "SecurityToken"), (&fields.expiration, "Expiration")] {
        if value.as_deref().unwrap_or_default().is_empty() {
            return Err(format!("the response has no {name}"));
        }
    }
    any(fields)
}

fn any(fields: Fields) -> Result<Credential, String> {
    let given = |value: Option<String>| value.filter(|value| !value.is_empty());
    let header = |value: Option<String>, name: &str| {
        let value = given(value);
        unbroken(name, value.as_deref().unwrap_or_default()).map(|()| value)
    };
    let needed = |value: Option<String>, name: &str| {
        header(value, name)?.ok_or_else(|| format!("the {name} is missing"))
    };
    let expires_at = given(fields.expiration).map(|text| {
        Timestamp::parse_rfc3339(&text)
            .ok_or("invalid expiration: expected a time such as 2026-01-02T03:04:05Z")
    });
    Ok(Credential {
        access_key_id: needed(fields.access_key_id, "access key ID")?,
        secret: Secret::new(needed(fields.access_key_secret, "access key secret")?),
        security_token: header(fields.security_token, "security token")?.map(Secret::new),
        expires_at: expires_at.transpose()?,
    })
}

fn json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    // The library accepts a list for a struct, too, and its message may contain a value of the text.
    let object = Some(text.trim()).filter(|text| text.starts_with('{'));
    let value = object.and_then(|text| serde_json::from_str(text).ok());
    value.ok_or_else(|| "expected a JSON object of strings".to_owned())
}

/// A refusal's code and message. A message about a wrong signature repeats everything that was signed, including
/// tokens.
fn refusal(code: &str, message: &str) -> String {
    let lower = message.to_lowercase();
    let message = lower.find("string to sign").and_then(|at| message.get(..at)).unwrap_or(message);
    match shown(message) {
        message if message.is_empty() => shown(code),
        message => format!("{}: {message}", shown(code)),
    }
}

/// The beginning of a foreign text, on one line.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 300;
    let words: Vec<_> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"{"Code":"Success","AccessKeyId":"STS.id","AccessKeySecret":"secret",
        "SecurityToken":"token","Expiration":"2026-01-02T03:04:05Z","LastUpdated":"2026-01-01T21:04:05Z"}"#;

    fn temporary_key() -> Credential {
        Credential {
            access_key_id: "STS.id".to_owned(),
            secret: Secret::new("secret"),
            security_token: Some(Secret::new("token")),
            expires_at: Timestamp::parse_rfc3339("2026-01-02T03:04:05Z"),
        }
    }

    #[test]
    fn all_forms_name_the_same_four_values() {
        let external = r#"{"mode":"StsToken","access_key_id":"STS.id","access_key_secret":"secret",
            "sts_token":"token","expiration":"2026-01-02T03:04:05Z"}"#;
        assert_eq!(temporary(WHOLE), Ok(temporary_key()));
        assert_eq!(temporary(&WHOLE.replace(r#""Code":"Success","#, "")), Ok(temporary_key()));
        assert_eq!(sts(&format!(r#"{{"RequestId":"r","Credentials":{WHOLE}}}"#)), Ok(temporary_key()));
        assert_eq!(printed(WHOLE), Ok(temporary_key()));
        assert_eq!(printed(external), Ok(temporary_key()));
    }

    #[test]
    fn a_process_may_print_a_key_that_never_ends() {
        let lasting = keys(Some("id".into()), Some("secret".into()), None).unwrap();
        assert_eq!((&lasting.security_token, lasting.expires_at), (&None, None));
        for text in [
            r#"{"AccessKeyId":"id","AccessKeySecret":"secret"}"#,
            r#"{"AccessKeyId":"id","AccessKeySecret":"secret","SecurityToken":"","Expiration":""}"#,
            r#"{"mode":"AK","access_key_id":"id","access_key_secret":"secret","sts_token":null}"#,
        ] {
            assert_eq!(printed(text), Ok(lasting.clone()), "{text}");
        }
    }

    #[test]
    fn what_is_no_credential_is_told_without_its_text() {
        let told = [
            "hush",
            r#"["hush"]"#,
            r#"{"AccessKeyId":"hush"}"#,
            r#"{"AccessKeyId":"hush","SecurityToken":"hush"}"#,
            r#"{"Code":"Failed","Message":"try later","AccessKeyId":"hush"}"#,
            &WHOLE.replace("2026-01-02", "tomorrow"),
            &WHOLE.replace(r#""AccessKeySecret":"secret","#, ""),
            &WHOLE.replace("STS.id", "id\\nhush"),
            &WHOLE.replace("\"token\"", "\"to hush\""),
        ]
        .map(|text| temporary(text).unwrap_err());
        insta::assert_snapshot!(told.join("\n"), @"
        expected a JSON object of strings
        expected a JSON object of strings
        the response has no SecurityToken
        the response has no Expiration
        refused with Failed: try later
        invalid expiration: expected a time such as 2026-01-02T03:04:05Z
        the access key secret is missing
        the access key ID contains whitespace or a character outside ASCII
        the security token contains whitespace or a character outside ASCII
        ");
        let tokenless = r#"{"mode":"StsToken","access_key_id":"i","access_key_secret":"s"}"#;
        insta::assert_snapshot!(printed(tokenless).unwrap_err(), @"
        the mode is StsToken, but sts_token is missing
        ");
    }

    #[test]
    fn a_refusal_of_sts_never_repeats_what_was_signed() {
        let text = r#"{"Code":"SignatureDoesNotMatch","RequestId":"R-1","Message":"Specified signature is not matched\n with our calculation. server String To Sign is:POST&%2F&SecurityToken%3Dhush"}"#;
        let (code, told) = sts_refusal(400, text);
        assert_eq!(code, "SignatureDoesNotMatch");
        insta::assert_snapshot!(told, @"
        SignatureDoesNotMatch: Specified signature is not matched with our calculation. server; request ID R-1
        ");
        assert_eq!(sts_refusal(502, "<html>"), (String::new(), "HTTP 502, possibly not from STS".to_owned()));
        assert_eq!(shown(&"word ".repeat(100)).chars().count(), 301);
    }
}
