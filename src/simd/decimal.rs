//! The constants by which the digits of a decimal are found without a division, for every instruction set.
//!
//! Each quotient is the upper part of a product with an inverse that is rounded up. The tests show that it is exact for all
//! numbers that occur.

/// 2⁵²: the sum of this and an integer is a float64 with the integer in its lowest bits.
pub(super) const WHOLE: f64 = 4_503_599_627_370_496.0;

/// Ten to the power of the places, indexed by the places minus seven.
pub(super) const TENS: [f64; 8] = [1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 0.0, 0.0];

/// By the exponent of a supported float64, `(START - STEP * exponent) >> 12` is the number of places minus seven.
/// 1233 / 4096 is close enough to the logarithm of two for nineteen exponents.
pub(super) const PLACES_START: i64 = 1_265_142;
pub(super) const PLACES_STEP: i64 = 1233;

/// Inverse of 10,000, in units of 2⁻⁴⁵, for numbers below 10⁸.
pub(super) const OF_TEN_THOUSAND: i64 = 3_518_437_209;

/// Inverse of 10,000, in units of 2⁻⁵², for numbers below 10⁸.
pub(super) const OF_TEN_THOUSAND_52: i64 = (1 << 52) / 10_000 + 1;

/// What replaces minus 10,000 in products of which 52 bits are kept.
pub(super) const MINUS_TEN_THOUSAND_52: i64 = (1 << 52) - 10_000;

/// Inverse of 100, in units of 2⁻¹⁹, for numbers below 10,000.
pub(super) const OF_HUNDRED: i16 = 5243;

/// Inverse of ten, in units of 2⁻¹⁶, for numbers below 100.
pub(super) const OF_TEN: i16 = 6554;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_by_multiplication_are_those_by_division() {
        let by_multiplication = |divisor: i64, number: i64| match divisor {
            10_000 => (number * OF_TEN_THOUSAND) >> 45,
            100 => (number * i64::from(OF_HUNDRED)) >> 16 >> 3,
            _ => (number * i64::from(OF_TEN)) >> 16,
        };
        for (divisor, below) in [(10_000, 100_000_000), (100, 10_000), (10, 100)] {
            // Products grow with the number, so what is right at both ends of a quotient is right between them.
            for quotient in 0..below / divisor {
                assert_eq!(by_multiplication(divisor, quotient * divisor), quotient);
                assert_eq!(by_multiplication(divisor, quotient * divisor + divisor - 1), quotient);
            }
        }
    }

    #[test]
    fn digits_by_products_of_52_bits_are_those_by_division() {
        const BITS: i128 = 1 << 52;
        for number in (0..10_000).flat_map(|quotient| [quotient * 10_000, quotient * 10_000 + 9999]) {
            let quotient = number * i128::from(OF_TEN_THOUSAND_52) / BITS;
            let rest = (number + quotient * i128::from(MINUS_TEN_THOUSAND_52) % BITS) % BITS;
            assert_eq!((quotient, rest), (number / 10_000, number % 10_000));
        }
    }

    #[test]
    fn places_by_multiplication_are_the_fewest_that_tell_neighbours_apart() {
        for exponent in -16..3_i32 {
            let spacing = f64::from(exponent - 23).exp2();
            let places = (0..20).find(|places| 10_f64.powi(-places) < spacing).unwrap();
            let nine_at = (PLACES_START - PLACES_STEP * i64::from(exponent + 1023)) >> 12;
            assert_eq!(nine_at + 7, i64::from(places), "{exponent}");
            let ten = TENS[usize::try_from(nine_at).unwrap()];
            assert_eq!(ten.to_bits(), 10_f64.powi(places).to_bits());
        }
        assert_eq!(WHOLE.to_bits(), 52_f64.exp2().to_bits());
    }
}
