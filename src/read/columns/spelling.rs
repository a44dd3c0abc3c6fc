//! How numbers of columns are written as text.

/// The shortest text of a float32.
pub(super) fn float32(number: f32) -> String {
    if number.is_finite() {
        zmij::Buffer::new().format_finite(number).to_owned()
    } else {
        infinite(number.into())
    }
}

/// The shortest text of a float64.
pub(super) fn float64(number: f64) -> String {
    if number.is_finite() { zmij::Buffer::new().format_finite(number).to_owned() } else { infinite(number) }
}

/// The words of Python for what is not a number in JSON.
fn infinite(number: f64) -> String {
    let text = if number.is_nan() {
        "NaN"
    } else if number > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    };
    text.to_owned()
}
