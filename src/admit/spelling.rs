//! What programs write around the numbers of a vector in a cell: calls of Python libraries, a string within a string.
//! If the numbers are complete, they are extracted; otherwise the cell gets a message of its own. Pure.

use crate::record::Reason;

/// The names before the list of numbers of a printed vector.
const CALLS: [&str; 12] = [
    "array",
    "np.array",
    "numpy.array",
    "array.array",
    "ndarray",
    "tensor",
    "torch.tensor",
    "Tensor",
    "Array",
    "Vector",
    "list",
    "tuple",
];

/// The names before a single number.
const SCALARS: [&str; 12] = [
    "np.float16",
    "np.float32",
    "np.float64",
    "np.int8",
    "np.int32",
    "np.int64",
    "numpy.float32",
    "numpy.float64",
    "float32",
    "float64",
    "Decimal",
    "tensor",
];

/// Excel truncates cells after this many characters; a space at the end does not count here.
const CELL_OF_EXCEL: std::ops::RangeInclusive<usize> = 32_766..=32_767;

/// How many base64 characters are too long for a word.
const TO_TELL: usize = 16;

/// The plain list of numbers in `cell`, or why there is none; `None` if the writer is unknown.
pub(super) fn plain(cell: &str) -> Option<Result<String, Reason>> {
    if let Some(text) = text_in_text(cell) {
        return Some(plain(text.trim()).unwrap_or(Ok(text)));
    }
    if let Some(list) = inside_call(cell) {
        return Some(Ok(without_scalars(list).unwrap_or_else(|| list.to_owned())));
    }
    if let Some(list) = without_scalars(cell) {
        return Some(Ok(list));
    }
    what_it_is(cell).map(Err)
}

/// The text of a cell that is itself a JSON string: `"[0.1, 0.2]"`, including quotes.
fn text_in_text(cell: &str) -> Option<String> {
    cell.starts_with('"').then(|| serde_json::from_str(cell).ok()).flatten()
}

/// The list in `array([0.1, 0.2], dtype=float32)` and similar calls.
fn inside_call(cell: &str) -> Option<&str> {
    let cell = match cell.strip_prefix("<tf.Tensor") {
        Some(tensor) => tensor.split_once("numpy=")?.1.strip_suffix('>')?,
        None => cell,
    };
    let (name, inside) = cell.strip_suffix(')')?.split_once('(')?;
    CALLS.contains(&name.trim()).then_some(())?;
    // Arrays of Python's standard library have their type first: array('f', [0.1, 0.2]).
    let inside = match inside.trim_start().strip_prefix('\'') {
        Some(of_type) => of_type.get(1..)?.strip_prefix('\'')?.trim_start().strip_prefix(',')?,
        None => inside,
    };
    let inside = inside.trim_start();
    let (list, behind) = inside.split_at_checked(end_of_list(inside)?)?;
    let options = behind.trim_start().trim_start_matches(',').trim_start();
    let is_option = options.split_once('=').is_some_and(|(name, _)| name.chars().all(is_of_name));
    (options.is_empty() || is_option).then_some(list)
}

/// Where the list ends that `text` begins with.
fn end_of_list(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'(' => open += 1,
            b']' | b')' => open = open.checked_sub(1)?,
            _ => {}
        }
        if open == 0 {
            return (at > 0).then_some(at + 1);
        }
    }
    None
}

/// The list without `np.float32(…)` around each of its numbers; `None` if no number has that.
fn without_scalars(list: &str) -> Option<String> {
    let mut plain = String::with_capacity(list.len());
    let mut rest = list;
    let mut is_found = false;
    while let Some(open) = rest.find('(') {
        let (before, inside) = (rest.get(..open)?, rest.get(open + 1..)?);
        let name_at = before.rfind(|character: char| !is_of_name(character)).map_or(0, |at| at + 1);
        let name = before.get(name_at..)?;
        if name.is_empty() {
            plain.push_str(rest.get(..=open)?);
            rest = inside;
            continue;
        }
        SCALARS.contains(&name).then_some(())?;
        let (number, behind) = inside.split_once(')')?;
        let number = number.trim().trim_matches('\'');
        (!number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)))
        .then_some(())?;
        plain.push_str(before.get(..name_at)?);
        plain.push_str(number);
        is_found = true;
        rest = behind;
    }
    plain.push_str(rest);
    is_found.then_some(plain)
}

fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '.')
}

/// What a cell without a list of numbers is.
fn what_it_is(cell: &str) -> Option<Reason> {
    let kind = |found: &'static str| Reason::VectorKind { found: found.to_owned() };
    let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_list = cell.starts_with(['[', '(', '{']);
    if is_list && cell.contains(':') && cell.contains("}/") {
        return Some(kind("a sparse vector of pgvector"));
    }
    if is_list && CELL_OF_EXCEL.contains(&cell.encode_utf16().count()) {
        let detail = "the vector is cut at 32,767 characters, as Excel cuts cells; export it without Excel";
        return Some(Reason::Syntax { detail: detail.to_owned() });
    }
    if cell.starts_with("b'") || cell.starts_with("b\"") {
        return Some(kind("bytes as Python prints them"));
    }
    if cell.strip_prefix("\\x").or_else(|| cell.strip_prefix("0x")).is_some_and(is_hex) {
        return Some(kind("bytes in hexadecimal"));
    }
    if is_hex(cell) && cell.len() >= TO_TELL {
        return Some(kind("text that looks like hexadecimal"));
    }
    is_base64(cell).then(|| kind("text that looks like URL-safe base64"))
}

fn is_base64(cell: &str) -> bool {
    let has = |is_it: fn(&u8) -> bool| cell.bytes().any(|byte| is_it(&byte));
    cell.len() >= TO_TELL
        && cell.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte))
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_list_is_taken_out_of_what_stands_around_it() {
        for (cell, list) in [
            ("array([0.1, 0.2], dtype=float32)", "[0.1, 0.2]"),
            ("array([0.1, 0.2])", "[0.1, 0.2]"),
            ("np.array([0.1, 0.2])", "[0.1, 0.2]"),
            ("array('f', [0.1, 0.2])", "[0.1, 0.2]"),
            ("tensor([ 0.1000, -0.2000])", "[ 0.1000, -0.2000]"),
            ("tensor([0.1, 0.2], device='cuda:0', grad_fn=<MulBackward0>)", "[0.1, 0.2]"),
            ("tensor([0.1, 0.2],\n       dtype=torch.float16)", "[0.1, 0.2]"),
            ("Array([0.1, 0.2], dtype=float32)", "[0.1, 0.2]"),
            ("<tf.Tensor: shape=(2,), dtype=float32, numpy=array([0.1, 0.2], dtype=float32)>", "[0.1, 0.2]"),
            ("[np.float32(0.1), np.float32(-2e-05)]", "[0.1, -2e-05]"),
            ("(np.float64(0.1), np.float64(0.2))", "(0.1, 0.2)"),
            ("[Decimal('0.1'), Decimal('0.2')]", "[0.1, 0.2]"),
            ("[tensor(0.1), tensor(0.2)]", "[0.1, 0.2]"),
            ("array([np.float32(0.1), 0.2], dtype=object)", "[0.1, 0.2]"),
            ("\"[0.1, 0.2]\"", "[0.1, 0.2]"),
            ("\"array([0.1, 0.2])\"", "[0.1, 0.2]"),
            ("tensor([[0.1, 0.2]])", "[[0.1, 0.2]]"),
            ("array([0.1, ..., 0.2])", "[0.1, ..., 0.2]"),
        ] {
            assert_eq!(plain(cell), Some(Ok(list.to_owned())), "{cell}");
        }
    }

    #[test]
    fn what_holds_no_list_of_numbers_has_a_message_of_its_own() {
        let cut = format!("[{}", "0.25, ".repeat(6_000));
        let cut = cut.get(..*CELL_OF_EXCEL.end()).unwrap();
        let cells = [
            "{1:0.1,3:0.2}/5",
            "b'\\x00'",
            "\\x3dcccccd",
            "0x3dcccccd",
            "zczMPc3MTD6amZk-zczMPg==",
            "cdcc4c3dcdcc4c3d",
            cut,
        ];
        let said = cells.map(|cell| plain(cell).unwrap().unwrap_err().to_string());
        insta::assert_snapshot!(said.join("\n"), @"
        the vector is a sparse vector of pgvector, not an array of numbers
        the vector is bytes as Python prints them, not an array of numbers
        the vector is bytes in hexadecimal, not an array of numbers
        the vector is bytes in hexadecimal, not an array of numbers
        the vector is text that looks like URL-safe base64, not an array of numbers
        the vector is text that looks like hexadecimal, not an array of numbers
        invalid record: the vector is cut at 32,767 characters, as Excel cuts cells; export it without Excel
        ");
    }

    #[test]
    fn what_nobody_knows_is_left_as_it_is() {
        for cell in [
            "[0.1, x]",
            "array(0.1, 0.2)",
            "array([0.1, 0.2)",
            "array([0.1]) and more",
            "array([0.1], 0.2)",
            "f([0.1])",
            "[np.sqrt(0.1)]",
            "[np.float32(0.1]",
            "[np.float32()]",
            "[np.float32(0.1, 0.2)]",
            "a text of words",
            "NaN",
            "None",
            "\"",
            "(",
            "",
        ] {
            assert_eq!(plain(cell), None, "{cell}");
        }
    }

    proptest! {
        #[test]
        fn no_cell_makes_it_fail(cell in "[\\[\\](){}'\"a-z0-9.,=<>: é-]{0,30}|(array|tensor)\\([\\[\\](),=0-9é ]{0,20}\\)") {
            drop(plain(&cell));
        }
    }
}
