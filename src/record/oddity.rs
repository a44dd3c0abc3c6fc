//! What makes a vector odd although the service stores it, each with a code. Pure.

/// A property of a vector that the service accepts but that impairs search results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// All of its elements are equal.
    Constant,
    /// Its elements make sense only with reversed byte order.
    ByteOrder,
    /// Its elements make sense only as twice as many float16 numbers.
    Float16,
    /// Its elements make sense only as half as many float64 numbers.
    Float64,
    /// Many other keys have it, too.
    Shared,
    /// Its norm is far from 1 where others are normalised, or the reverse: a finding about a load, not a vector.
    Norms,
}

impl Oddity {
    /// All of them, in the order in which they are reported.
    pub const ALL: [Self; 6] =
        [Self::Constant, Self::ByteOrder, Self::Float16, Self::Float64, Self::Shared, Self::Norms];

    /// The code of the oddity.
    pub fn code(self) -> &'static str {
        match self {
            Self::Constant => "lint_constant",
            Self::ByteOrder => "lint_byte_order",
            Self::Float16 => "lint_float16",
            Self::Float64 => "lint_float64",
            Self::Shared => "lint_shared",
            Self::Norms => "lint_norms",
        }
    }

    /// What is wrong with one vector, as in an error.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Constant => "all elements of the vector are equal",
            Self::ByteOrder => "the elements of the vector make sense only with their bytes in reverse order",
            Self::Float16 => "the elements of the vector make sense only as float16 that was read as float32",
            Self::Float64 => "the elements of the vector make sense only as float64 that was read as float32",
            Self::Shared => "many other keys have exactly the same vector",
            Self::Norms => "the norm of the vector differs from that of the others",
        }
    }

    /// The cure.
    pub fn cure(self) -> &'static str {
        match self {
            Self::Constant => "compute these embeddings again",
            Self::ByteOrder => "write little-endian float32, in NumPy with array.byteswap()",
            Self::Float16 | Self::Float64 => "write float32, in NumPy with array.astype('<f4')",
            Self::Shared => "check whether the provider sent a fallback, and compute these embeddings again",
            Self::Norms => "check whether they come from different models, or normalize all of them",
        }
    }
}

/// What a vector with exactly twice or half the wanted dimension probably is. Few elements prove nothing.
pub(crate) fn of_dimension(want: usize, got: usize) -> Option<&'static str> {
    const FEW: usize = 16;
    if want.min(got) < FEW {
        None
    } else if got == want * 2 {
        Some("exactly twice: two vectors in one, or float64 read as float32")
    } else if want == got * 2 {
        Some("exactly half: part of a vector, or float16 read as float32")
    } else {
        None
    }
}

/// The same in brackets, to follow a message; empty if there is nothing to add.
pub(super) fn in_brackets(want: usize, got: usize) -> String {
    of_dimension(want, got).map(|what| format!(" ({what})")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_oddity_says_what_is_wrong_and_what_to_do() {
        let told =
            Oddity::ALL.map(|oddity| format!("{}: {}; {}", oddity.code(), oddity.words(), oddity.cure()));
        insta::assert_snapshot!(told.join("\n"), @"
        lint_constant: all elements of the vector are equal; compute these embeddings again
        lint_byte_order: the elements of the vector make sense only with their bytes in reverse order; write little-endian float32, in NumPy with array.byteswap()
        lint_float16: the elements of the vector make sense only as float16 that was read as float32; write float32, in NumPy with array.astype('<f4')
        lint_float64: the elements of the vector make sense only as float64 that was read as float32; write float32, in NumPy with array.astype('<f4')
        lint_shared: many other keys have exactly the same vector; check whether the provider sent a fallback, and compute these embeddings again
        lint_norms: the norm of the vector differs from that of the others; check whether they come from different models, or normalize all of them
        ");
    }

    #[test]
    fn only_exactly_twice_or_half_of_many_elements_says_something() {
        let told = [(32, 64), (32, 16), (8, 16), (16, 8), (32, 65), (32, 32)];
        let told = told.map(|(want, got)| in_brackets(want, got));
        let twice = " (exactly twice: two vectors in one, or float64 read as float32)";
        let half = " (exactly half: part of a vector, or float16 read as float32)";
        assert_eq!(told, [twice, half, "", "", "", ""]);
    }
}
