//! The byte-order mark that a text may begin with.

pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The length of the UTF-8 byte-order mark that `text` starts with, or 0.
pub(super) fn mark_length(text: &[u8]) -> usize {
    if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 }
}

/// The first byte of `text` in quotation marks, or a description of the byte-order mark there.
pub(super) fn shown(text: &[u8], byte: u8) -> String {
    if text.starts_with(BYTE_ORDER_MARK) {
        return "U+FEFF, a byte-order mark inside the file".to_owned();
    }
    if byte.is_ascii_graphic() {
        format!("'{}'", char::from(byte))
    } else {
        format!("'{}'", byte.escape_ascii())
    }
}
