//! Which loads have sent each input, or something else under its name.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::activity::{Account, Activity, SentInput};
use super::header::Header;
use super::sent::Interval;
use crate::read::fingerprint::{Fingerprint, FingerprintError};
use crate::record::Input;

/// The fact that a load has sent an input, or something that may be it.
#[derive(Clone, Debug)]
pub(crate) struct Touch<'a> {
    pub(crate) activity: &'a Activity,
    /// The index among the load's inputs.
    pub(crate) place: usize,
    /// What it was, and the options that it was read with; `None` if the load is unknown.
    then: Option<(&'a Fingerprint, &'a BTreeMap<String, String>)>,
    pub(crate) sent: Interval,
    /// Whether all of the input was sent.
    pub(crate) is_complete: bool,
    is_named: bool,
}

/// What a load has sent, compared with an input as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// The same records.
    Same,
    /// The same content, read with other options.
    ReadOtherwise,
    /// Other content under its name, or something unknown.
    Different,
    /// Another file.
    Unrelated,
}

/// The loads that have sent the inputs of a load.
#[derive(Debug)]
pub(crate) struct Touches<'a> {
    now: &'a Header,
    inputs: &'a [Input],
    by_name: BTreeMap<&'a str, Vec<Touch<'a>>>,
    /// Inputs under names that are not given now: they may have been moved.
    by_size: BTreeMap<u64, Vec<Touch<'a>>>,
    unknown: Vec<Touch<'a>>,
}

impl<'a> Touches<'a> {
    /// Goes through all activities.
    pub(crate) fn of(activities: &'a [Activity], now: &'a Header, inputs: &'a [Input]) -> Self {
        let mut this =
            Self { now, inputs, by_name: BTreeMap::new(), by_size: BTreeMap::new(), unknown: Vec::new() };
        let names: BTreeSet<&str> = now.inputs.iter().map(|input| input.name.as_str()).collect();
        for activity in activities {
            for (place, input) in activity.sent().into_iter().enumerate() {
                let SentInput { fingerprint: input, sent, reading, is_complete } = input;
                let is_named = names.contains(input.name.as_str());
                let then = Some((input, reading));
                let touch = Touch { activity, place, then, sent, is_complete, is_named };
                if is_named {
                    this.by_name.entry(&input.name).or_default().push(touch);
                } else if input.size > 0 {
                    this.by_size.entry(input.size).or_default().push(touch);
                }
            }
            if matches!(activity.account, Account::Unreadable) {
                let sent = Interval { from: String::new(), to: activity.written.clone() };
                this.unknown.push(Touch {
                    activity,
                    place: 0,
                    then: None,
                    sent,
                    is_complete: false,
                    is_named: false,
                });
            }
        }
        this
    }

    /// The names of the inputs in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a String> {
        self.now.inputs.iter().map(|input| &input.name)
    }

    /// The loads that have sent the input of this number, latest account first. At the same moment, the load's own
    /// receipt comes first, and then the newest.
    pub(crate) fn on(&self, number: u32) -> Vec<&Touch<'a>> {
        let Some(now) = self.now.inputs.get(number as usize) else { return Vec::new() };
        let named = self.by_name.get(now.name.as_str()).into_iter().flatten();
        let alike = self.by_size.get(&now.size).into_iter().flatten();
        let mut all: Vec<_> = named.chain(alike).chain(&self.unknown).collect();
        all.sort_by_cached_key(|touch| {
            let receipt = match &touch.activity.account {
                Account::Complete(receipt) => Some(receipt),
                Account::Begun(_) | Account::Unreadable => None,
            };
            let is_own = receipt.is_some_and(|receipt| receipt.has_names_of(self.now));
            // An input that is listed twice has two places.
            let is_there = is_own && touch.place == number as usize;
            let told = receipt.map_or(&touch.sent.to, |receipt| &receipt.finished_at);
            Reverse((told, is_own, is_there))
        });
        all
    }

    /// What a load has sent, compared with the input of this number.
    pub(crate) fn compare(&self, touch: &Touch<'_>, number: u32) -> Result<Sent, FingerprintError> {
        let place = number as usize;
        let (Some(then), Some(now), Some(input)) =
            (touch.then, self.now.inputs.get(place), self.inputs.get(place))
        else {
            return Ok(Sent::Different);
        };
        let (then, reading) = then;
        match then.is_of(now, input) {
            Ok(()) if *reading == self.now.reading => Ok(Sent::Same),
            Ok(()) => Ok(Sent::ReadOtherwise),
            Err(FingerprintError::Changed { .. }) if touch.is_named => Ok(Sent::Different),
            Err(FingerprintError::Changed { .. }) => Ok(Sent::Unrelated),
            Err(error) => Err(error),
        }
    }
}
