//! Whether an input is complete according to the receipt of a load, given what other loads have sent since.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::journal::{Account, Activity, Interval, Sent, Touch, Touches};
use crate::read::fingerprint::FingerprintError;

/// The proof that an input is complete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Claim {
    /// The number of the receipt.
    pub(crate) receipt: usize,
    /// The index of the input among those of the receipt.
    pub(crate) place: usize,
    /// When the input was sent.
    pub(crate) sent: Interval,
    /// Whether another load may have sent the same input since, so that the receipt does not prove its order.
    pub(crate) is_loose: bool,
}

/// Why an input must be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unclaimed {
    /// No receipt has it.
    Unknown,
    /// It has changed since it was complete.
    HasChanged,
    /// A later load has read it with other options.
    ReadOtherwise,
}

/// Finds the receipt that proves an input complete, among those with these numbers.
///
/// It is the one that has taken the most into account. If a later load may have sent something else under the input's
/// name, or only a part of it, which may have a key twice, the input is not complete. If it sent the same as a whole,
/// only the order is in doubt.
pub(crate) fn claim(
    touches: &Touches<'_>,
    number: u32,
    receipts: &BTreeMap<&Path, usize>,
) -> Result<Result<Claim, Unclaimed>, FingerprintError> {
    let mut claim: Option<Claim> = None;
    // The claim has taken everything before that into account.
    let mut from = "";
    let mut same = Vec::new();
    for touch in touches.on(number) {
        if touch.sent.ends_before(from) {
            continue;
        }
        let receipt = receipts.get(touch.activity.file.as_path());
        match (touches.compare(touch, number)?, &mut claim) {
            (Sent::Unrelated, _) => {}
            (Sent::Same, None) if receipt.is_some() && touch.is_complete => {
                claim = receipt.map(|receipt| of(touch, *receipt));
                from = touch.activity.as_of().unwrap_or_default().max(&touch.sent.from);
            }
            // The input is listed twice.
            (Sent::Same, Some(claim)) if receipt == Some(&claim.receipt) => {
                claim.sent = claim.sent.with(&touch.sent);
            }
            (Sent::Same, _) => same.push(touch),
            (sent, _) => return Ok(Err(unclaimed(sent, touch.activity))),
        }
    }
    let Some(claim) = claim else { return Ok(Err(Unclaimed::Unknown)) };
    same.retain(|touch| !touch.sent.ends_before(from) && touch.sent != claim.sent);
    if same.iter().any(|touch| !touch.is_complete) {
        return Ok(Err(Unclaimed::Unknown));
    }
    Ok(Ok(Claim { is_loose: !same.is_empty(), ..claim }))
}

fn of(touch: &Touch<'_>, receipt: usize) -> Claim {
    Claim { receipt, place: touch.place, sent: touch.sent.clone(), is_loose: false }
}

/// Why an input is not complete. The activity of an incomplete load is expected: it was to be continued.
fn unclaimed(sent: Sent, activity: &Activity) -> Unclaimed {
    match (sent, &activity.account) {
        (Sent::Different, Account::Complete(_)) => Unclaimed::HasChanged,
        (Sent::ReadOtherwise, Account::Complete(_)) => Unclaimed::ReadOtherwise,
        _ => Unclaimed::Unknown,
    }
}

/// The inputs that are complete, but after which an input may have been sent that now comes before them: if both have a
/// key, its newest value may be the wrong one. Pure.
pub(crate) fn in_doubt(claims: &[Option<Claim>]) -> BTreeSet<u32> {
    let mut following = Following::default();
    let mut doubted = BTreeSet::new();
    let numbered: Vec<_> = (0_u32..).zip(claims).collect();
    for (number, claim) in numbered.into_iter().rev() {
        let Some(claim) = claim else { continue };
        if following.may_overtake(claim) {
            doubted.insert(number);
        }
        following.add(claim);
    }
    doubted
}

/// The inputs that come after another one.
#[derive(Default)]
struct Following<'a> {
    /// The first place and the first moment in each receipt that proves an order.
    by_receipt: BTreeMap<usize, (usize, &'a str)>,
    /// The first moment of those without a proven order.
    loose: Option<&'a str>,
}

impl<'a> Following<'a> {
    /// Whether one of them may have been sent before this one.
    fn may_overtake(&self, claim: &Claim) -> bool {
        let may_be_earlier = |from: &str| *from <= *claim.sent.to;
        let is_overtaken = |(receipt, (place, from)): (&usize, &(usize, &str))| {
            if *receipt == claim.receipt && !claim.is_loose {
                *place < claim.place
            } else {
                may_be_earlier(from)
            }
        };
        self.loose.is_some_and(may_be_earlier) || self.by_receipt.iter().any(is_overtaken)
    }

    fn add(&mut self, claim: &'a Claim) {
        let from = claim.sent.from.as_str();
        if claim.is_loose {
            self.loose = Some(self.loose.map_or(from, |first| first.min(from)));
            return;
        }
        let first = self.by_receipt.entry(claim.receipt).or_insert((claim.place, from));
        *first = (first.0.min(claim.place), first.1.min(from));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A claim of a receipt at a place that was sent between two moments.
    fn claim(receipt: usize, place: usize, sent: (u8, u8), is_loose: bool) -> Claim {
        let sent = Interval { from: sent.0.to_string(), to: sent.1.to_string() };
        Claim { receipt, place, sent, is_loose }
    }

    #[test]
    fn inputs_are_in_order_as_one_receipt_has_them_or_as_they_were_sent() {
        // Another load sent b before a; a, c and d belong to one load, which took d from an earlier one.
        let (a, c, d) = (claim(0, 0, (3, 4), false), claim(0, 1, (3, 4), false), claim(0, 2, (1, 1), false));
        let b = claim(1, 0, (2, 2), false);
        let (loose_a, loose_b) = (claim(0, 0, (3, 4), true), claim(1, 0, (2, 2), true));
        for (claims, doubted) in [
            (vec![Some(&a), Some(&c), Some(&d)], &[][..]),
            (vec![Some(&b), Some(&a), Some(&c)], &[]),
            (vec![Some(&a), Some(&b)], &[0]),
            (vec![Some(&c), None, Some(&a)], &[0]),
            (vec![Some(&d), Some(&c), Some(&a), None], &[0, 1]),
            (vec![Some(&d), Some(&b)], &[]),
            (vec![Some(&b), Some(&d)], &[0]),
            (vec![Some(&loose_a), Some(&c), Some(&d)], &[0]),
            (vec![Some(&a), Some(&loose_a)], &[0]),
            (vec![Some(&loose_b), Some(&a)], &[]),
        ] {
            let claims: Vec<_> = claims.into_iter().map(Option::<&Claim>::cloned).collect();
            assert_eq!(in_doubt(&claims), doubted.iter().copied().collect(), "{claims:?}");
        }
    }

    proptest! {
        /// No two inputs that are not in doubt may have been sent in the wrong order.
        #[test]
        fn of_two_inputs_that_are_not_in_doubt_the_later_one_was_sent_last(
            claims in prop::collection::vec(
                prop::option::of((0usize..3, 0usize..4, 0u8..5, 0u8..3, prop::bool::weighted(0.2))),
                0..8,
            ),
        ) {
            let claims: Vec<_> = claims
                .into_iter()
                .map(|one| {
                    one.map(|(receipt, place, from, span, is_loose)| {
                        claim(receipt, place, (from, from + span), is_loose)
                    })
                })
                .collect();
            let in_doubt = in_doubt(&claims);
            for (number, one) in claims.iter().enumerate() {
                for other in &claims[number + 1..] {
                    let (Some(first), Some(second)) = (one, other) else { continue };
                    let is_ordered = first.receipt == second.receipt && !first.is_loose && !second.is_loose;
                    let is_in_order = if is_ordered {
                        first.place <= second.place
                    } else {
                        first.sent.ends_before(&second.sent.from)
                    };
                    prop_assert!(is_in_order || in_doubt.contains(&u32::try_from(number).unwrap()));
                }
            }
        }
    }
}
