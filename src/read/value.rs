//! Finds where JSON values end without parsing them.
//!
//! Only quotes and brackets matter: the search jumps from one to the next, so a vector of thousands of numbers costs
//! one step. Whether a value is well formed inside is checked when its record is admitted.

use memchr::{memchr, memchr2, memchr3, memmem};

/// Offset of the first byte at or after `at` that is not whitespace.
pub(crate) fn skip_blanks(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// Offset after the value that starts at `start`; `None` if the text ends first.
pub(crate) fn value_end(text: &[u8], start: usize) -> Option<usize> {
    match text.get(start)? {
        b'{' => bracket_end(text, start + 1, b'{', b'}'),
        b'[' => bracket_end(text, start + 1, b'[', b']'),
        b'"' => string_end(text, start),
        _ => scalar_end(text, start),
    }
}

/// Offset after the bracket that closes what is open at `at`.
///
/// Brackets of the other kind need not be counted: in a well-formed value they are balanced, and in a malformed one the
/// outer bracket is the better place to continue.
pub(crate) fn bracket_end(text: &[u8], mut at: usize, open: u8, close: u8) -> Option<usize> {
    let mut depth = 1_usize;
    loop {
        let hit = at + memchr3(b'"', open, close, text.get(at..)?)?;
        at = hit + 1;
        let byte = text.get(hit)?;
        if *byte == b'"' {
            at = string_end(text, hit)?;
        } else if *byte == open {
            depth += 1;
        } else if depth == 1 {
            return Some(at);
        } else {
            depth -= 1;
        }
    }
}

/// Offset after the string whose opening quote is at `start`.
pub(crate) fn string_end(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        let hit = at + memchr2(b'"', b'\\', text.get(at..)?)?;
        match text.get(hit)? {
            b'"' => return Some(hit + 1),
            _ => at = hit + 2,
        }
    }
}

/// Offset after a number or word; only the byte after it shows that it is complete.
pub(crate) fn scalar_end(text: &[u8], start: usize) -> Option<usize> {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b",:[]{}\"".contains(byte);
    text.get(start..)?.iter().position(ends).map(|length| start + length)
}

/// How many bytes of a record are searched for the end of non-JSON syntax.
const FAR: usize = 1 << 20;

/// Offset after the record that starts at `start`; `None` if the text ends first.
///
/// Single quotes and comments are not JSON, and a record with brackets in them is rejected. But no other record may be
/// made of their content, so they are skipped if they have an end.
pub(crate) fn record_end(text: &[u8], start: usize) -> Option<usize> {
    let plain = value_end(text, start);
    let stretch = text.get(start..plain.unwrap_or(text.len()))?;
    if !has_foreign(stretch) {
        return plain;
    }
    let near = text.get(..start.saturating_add(FAR)).unwrap_or(text);
    match foreign_record_end(near, start) {
        Some(end) => Some(end),
        None if near.len() < text.len() || text.len() - start == FAR => plain,
        None => None,
    }
}

/// Whether a single quote or the possible start of a comment is outside the strings of a value.
fn has_foreign(value: &[u8]) -> bool {
    if memchr2(b'\'', b'/', value).is_none() {
        return false;
    }
    let mut at = 0;
    loop {
        let rest = value.get(at..).unwrap_or_default();
        let Some(hit) = memchr3(b'"', b'\'', b'/', rest).map(|hit| at + hit) else { return false };
        if value.get(hit) != Some(&b'"') {
            return true;
        }
        let Some(end) = string_end(value, hit) else { return false };
        at = end;
    }
}

fn foreign_record_end(text: &[u8], start: usize) -> Option<usize> {
    let (open, close) = match text.get(start)? {
        b'{' => (b'{', b'}'),
        b'[' => (b'[', b']'),
        _ => {
            return match foreign(text, start) {
                Foreign::End(end) => Some(end),
                Foreign::Unfinished => None,
                Foreign::Missing => value_end(text, start),
            };
        }
    };
    let (mut at, mut depth) = (start + 1, 1_usize);
    loop {
        let counts = |byte: &u8| *byte == open || *byte == close || b"\"'/".contains(byte);
        let hit = at + text.get(at..)?.iter().position(counts)?;
        at = hit + 1;
        match text.get(hit)? {
            b'"' => at = string_end(text, hit)?,
            b'\'' | b'/' => match foreign(text, hit) {
                Foreign::End(end) => at = end,
                Foreign::Unfinished => return None,
                Foreign::Missing => {}
            },
            byte if *byte == open => depth += 1,
            _ if depth == 1 => return Some(at),
            _ => depth -= 1,
        }
    }
}

/// A single-quoted string or a comment.
enum Foreign {
    /// Neither begins there.
    Missing,
    /// It ends at this offset.
    End(usize),
    /// The text ends first.
    Unfinished,
}

impl From<Option<usize>> for Foreign {
    fn from(end: Option<usize>) -> Self {
        end.map_or(Self::Unfinished, Self::End)
    }
}

/// The single-quoted string or comment that begins at `at`, if there is one.
fn foreign(text: &[u8], at: usize) -> Foreign {
    let (before, rest) = text.split_at_checked(at).unwrap_or_default();
    let is_in_word = |byte: &u8| byte.is_ascii_alphanumeric() && !b"bBrRuUfF".contains(byte);
    match rest {
        [b'/', b'*', ..] => memmem::find(rest, b"*/").map(|length| at + length + 2).into(),
        [b'/', b'/', ..] => memchr(b'\n', rest).map(|length| at + length + 1).into(),
        // Inside a word it is an apostrophe.
        [b'\'', ..] if !before.last().is_some_and(is_in_word) => single_quoted_end(text, at).into(),
        _ => Foreign::Missing,
    }
}

/// Offset after the next single quote that is followed by what may follow a value.
fn single_quoted_end(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        let hit = at + memchr2(b'\'', b'\\', text.get(at..)?)?;
        if text.get(hit)? == &b'\\' {
            at = hit + 2;
            continue;
        }
        at = hit + 1;
        if b",:}])".contains(text.get(skip_blanks(text, at))?) {
            return Some(at);
        }
    }
}

/// The members of one object, as far as the text reaches.
pub(crate) struct Members<'a> {
    text: &'a [u8],
    at: usize,
    in_value: bool,
    /// Whether the next member is the first one.
    is_first: bool,
}

/// What comes next in an object.
pub(crate) enum Next<'a> {
    /// A member: its name as spelled, and where its value starts.
    Member(&'a [u8], usize),
    /// The end of the object: the offset after its bracket.
    End(usize),
    /// The end of the text.
    Unfinished,
    /// Unexpected input at this offset.
    Malformed(usize),
}

impl<'a> Members<'a> {
    /// The members of the object whose bracket is at `start`.
    pub(crate) fn of(text: &'a [u8], start: usize) -> Self {
        Self::first(text, start + 1)
    }

    /// The members from the offset `at` on, which is after the opening bracket.
    pub(crate) fn first(text: &'a [u8], at: usize) -> Self {
        Self { is_first: true, ..Self::behind(text, at) }
    }

    /// The members from the offset `at` on, which is after a value.
    pub(crate) fn behind(text: &'a [u8], at: usize) -> Self {
        Self { text, at, in_value: false, is_first: false }
    }

    /// Continues at `end`, the offset after the value of the last member.
    pub(crate) fn go_on(&mut self, end: usize) {
        (self.at, self.in_value) = (end, false);
    }

    /// Skips the current value, if there is one, and finds the next member.
    pub(crate) fn advance(&mut self) -> Next<'a> {
        self.find().unwrap_or(Next::Unfinished)
    }

    fn find(&mut self) -> Option<Next<'a>> {
        if std::mem::take(&mut self.in_value) {
            self.at = record_end(self.text, self.at)?;
        }
        let mut at = skip_blanks(self.text, self.at);
        let is_first = std::mem::take(&mut self.is_first);
        let has_comma = *self.text.get(at)? == b',';
        if has_comma && !is_first {
            at = skip_blanks(self.text, at + 1);
        }
        match self.text.get(at)? {
            b'}' => return Some(Next::End(at + 1)),
            b'"' if has_comma || is_first => {}
            _ => return Some(Next::Malformed(at)),
        }
        let name_end = string_end(self.text, at)?;
        let name = self.text.get(at + 1..name_end - 1)?;
        let colon = skip_blanks(self.text, name_end);
        if *self.text.get(colon)? != b':' {
            return Some(Next::Malformed(colon));
        }
        self.at = skip_blanks(self.text, colon + 1);
        self.in_value = self.at < self.text.len();
        self.in_value.then_some(Next::Member(name, self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_at_its_own_bracket_quote_or_separator() {
        let complete = [
            (r#"{"a":"}"},1"#, r#"{"a":"}"}"#),
            (r#"{"a":{"b":[{}]}} {"#, r#"{"a":{"b":[{}]}}"#),
            (r#"[[1],"]",[2]]]"#, r#"[[1],"]",[2]]"#),
            (r#""\\","#, r#""\\""#),
            (r#""\"" "#, r#""\"""#),
            ("1e-5,", "1e-5"),
            ("null]", "null"),
            ("NaN\n", "NaN"),
        ];
        for (text, value) in complete {
            assert_eq!(value_end(text.as_bytes(), 0), Some(value.len()), "{text}");
        }
    }

    #[test]
    fn a_value_that_the_text_cuts_has_no_end() {
        for text in ["", "{", "[1", r#"{"a":"}"#, r#"{"a":"\"}"#, r#"["\"#, "1", "nul", "\""] {
            assert_eq!(value_end(text.as_bytes(), 0), None, "{text}");
        }
    }

    #[test]
    fn a_record_ends_behind_brackets_that_stand_in_single_quotes_and_comments() {
        let complete = [
            (r#"{"t":'}'},{"#, r#"{"t":'}'}"#),
            (r#"{"t":'5" disk'},{"t":'5" disk'}"#, r#"{"t":'5" disk'}"#),
            (r#"{"t":'},{"id":"z"},{'},1"#, r#"{"t":'},{"id":"z"},{'}"#),
            (r#"{"t":b'\'}','u':'it's }'},1"#, r#"{"t":b'\'}','u':'it's }'}"#),
            (r#"{"t":1 /*},{"id":"z"},{*/},1"#, r#"{"t":1 /*},{"id":"z"},{*/}"#),
            ("{\"t\":1 //},{\n},1", "{\"t\":1 //},{\n}"),
            (r#"{"t":it's},{"t":it's}"#, r#"{"t":it's}"#),
            (r#"{"t":"it's /*"},{"t":"*/"}"#, r#"{"t":"it's /*"}"#),
            (r#"["',{"id":"z"},'"],1"#, r#"["',{"id":"z"},'"]"#),
            (r#"',{"id":"z"},',1"#, r#"',{"id":"z"},'"#),
            (r#"/*{"id":"z"}*/ {}"#, r#"/*{"id":"z"}*/"#),
            ("1/2,", "1/2"),
        ];
        for (text, value) in complete {
            assert_eq!(record_end(text.as_bytes(), 0), Some(value.len()), "{text}");
        }
        let open = format!(r#"{{"t":'}},{{"id":"b"}}{}"#, " ".repeat(FAR));
        assert_eq!(record_end(open.as_bytes(), 0), Some(r#"{"t":'}"#.len()));
        assert_eq!(record_end(&open.as_bytes()[..FAR - 1], 0), None);
        assert_eq!(record_end(&open.as_bytes()[..FAR], 0), record_end(open.as_bytes(), 0));
    }

    #[test]
    fn members_are_found_with_the_place_of_their_value() {
        let text = r#" { "a" : {"x":1} ,"b":[2]} "#;
        let mut members = Members::of(text.as_bytes(), 1);
        let mut found = Vec::new();
        while let Next::Member(name, value) = members.advance() {
            found.push((name, text.as_bytes()[value]));
        }
        assert_eq!(found, [(&b"a"[..], b'{'), (b"b", b'[')]);
        assert!(matches!(members.advance(), Next::End(end) if end == text.trim_end().len()));
    }

    #[test]
    fn an_object_without_colon_or_quote_is_malformed_there() {
        for (text, at) in
            [("{a", 1), ("{,", 1), (r#"{"a" 1"#, 5), (r#"{"a":1 "b":2}"#, 7), (r#"{"a":1,{}}"#, 7)]
        {
            let mut members = Members::of(text.as_bytes(), 0);
            let next =
                std::iter::repeat_with(|| members.advance()).find(|next| !matches!(next, Next::Member(..)));
            assert!(matches!(next, Some(Next::Malformed(found)) if found == at), "{text}");
        }
    }
}
