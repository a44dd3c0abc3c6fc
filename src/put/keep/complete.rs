//! Of which inputs complete loads have left nothing to do, according to their receipts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::claim::{Claim, Unclaimed, claim, in_doubt};
use super::journal::{Account, Activity, Binding, CompleteInput, Found, Header, Interval, Receipt, Touches};
use super::resume::IndexNow;
use crate::exit::Exit;
use crate::put::again::Role;
use crate::put::books::tracker::{Mark, Settled};
use crate::put::index::Known;
use crate::put::report::notice::EarlierNotice;
use crate::read::fingerprint::FingerprintError;
use crate::record::Input;

/// What receipts say about the inputs.
#[derive(Debug, Default)]
pub(crate) struct Complete {
    /// The receipts, newest first.
    receipts: Vec<Found>,
    /// For each input, the proof that it is complete.
    claims: Vec<Option<Claim>>,
    /// The inputs that have changed since they were loaded.
    changed: Vec<String>,
    /// The inputs that another load has read with other options since.
    read_otherwise: Vec<String>,
    /// Files of loads that cannot be read, by reason; `None` if they are damaged.
    unreadable: BTreeMap<Option<String>, BTreeSet<String>>,
    /// Whether complete loads went into an index that no longer exists.
    is_of_other_index: bool,
}

impl Complete {
    /// Finds for each input the receipt that proves it complete, given everything that was sent to the place.
    pub(crate) fn find(
        activities: &[Activity],
        header: &Header,
        inputs: &[Input],
    ) -> Result<Self, FingerprintError> {
        let (receipts, numbers) = receipts_for(activities, header);
        let touches = Touches::of(activities, header, inputs);
        let mut this = Self { receipts, ..Self::default() };
        for (number, now) in (0_u32..).zip(&header.inputs) {
            let claim = claim(&touches, number, &numbers)?;
            match claim {
                Err(Unclaimed::HasChanged) => this.changed.push(now.name.clone()),
                Err(Unclaimed::ReadOtherwise) => this.read_otherwise.push(now.name.clone()),
                Ok(_) | Err(Unclaimed::Unknown) => {}
            }
            this.claims.push(claim.ok());
        }
        this.loosen(header);
        for activity in activities.iter().filter(|one| matches!(one.account, Account::Unreadable)) {
            let file = activity.file.display().to_string();
            this.unreadable.entry(activity.refused.clone()).or_default().insert(file);
        }
        Ok(this)
    }

    /// Handles inputs that are listed twice: such a list does not prove the order with other inputs, and its counts and
    /// rejects are those of both together.
    fn loosen(&mut self, header: &Header) {
        let is_other_list = |receipt: &Receipt| receipt.has_repeats() && !receipt.has_names_of(header);
        let repeated: BTreeMap<usize, BTreeSet<&str>> = (0..)
            .zip(&self.receipts)
            .filter(|(_, found)| is_other_list(&found.receipt))
            .map(|(number, found)| (number, found.receipt.repeated_names()))
            .collect();
        let name = |claim: &Claim| {
            let input = self.receipts.get(claim.receipt)?.receipt.inputs.get(claim.place);
            input.map(|input| input.fingerprint.name.as_str())
        };
        for claim in &mut self.claims {
            let Some(names) = claim.as_ref().and_then(|claim| repeated.get(&claim.receipt)) else { continue };
            claim.take_if(|claim| name(claim).is_some_and(|name| names.contains(name)));
            if let Some(claim) = claim {
                claim.is_loose = true;
            }
        }
    }

    /// Whether no receipt proves any input complete.
    pub(crate) fn is_empty(&self) -> bool {
        self.claims.iter().all(Option::is_none)
    }

    /// Whether no input is left to load.
    pub(crate) fn is_all(&self) -> bool {
        !self.claims.is_empty() && self.claims.iter().all(Option::is_some)
    }

    /// Whether one receipt proves all of them, in this order.
    pub(crate) fn is_of_one_load(&self) -> bool {
        let mut receipts = self.claims.iter().flatten().map(|claim| claim.receipt);
        let first = receipts.next();
        receipts.all(|receipt| Some(receipt) == first) && self.in_doubt().is_empty()
    }

    fn in_doubt(&self) -> BTreeSet<u32> {
        in_doubt(&self.claims)
    }

    /// The numbers of the inputs that are complete.
    pub(crate) fn numbers(&self) -> BTreeSet<u32> {
        (0..).zip(&self.claims).filter_map(|(number, claim)| claim.is_some().then_some(number)).collect()
    }

    /// The roles of the inputs, if anything is known about one of them.
    pub(crate) fn roles(&self) -> Vec<Role> {
        if self.is_empty() {
            return Vec::new();
        }
        let in_doubt = self.in_doubt();
        let role = |(number, claim): (u32, &Option<Claim>)| match claim {
            None => Role::Loaded,
            Some(_) if in_doubt.contains(&number) => Role::InDoubt,
            Some(_) => Role::Settled,
        };
        (0..).zip(&self.claims).map(role).collect()
    }

    /// Whether there are notes about the inputs.
    pub(crate) fn is_told(&self) -> bool {
        !self.changed.is_empty() || !self.read_otherwise.is_empty() || self.is_of_other_index
    }

    /// Counts an input as one to load.
    pub(crate) fn forget(&mut self, number: u32) {
        self.claims.get_mut(number as usize).into_iter().for_each(|claim| *claim = None);
    }

    /// Forgets what went into another index than the current one; the note says so, or that it is not known.
    pub(crate) fn hold_against(&mut self, index: IndexNow<'_>) -> Option<EarlierNotice> {
        let name = index.wanted.name.clone();
        let gone: BTreeSet<usize> = (0..self.receipts.len())
            .filter(|number| {
                self.receipts.get(*number).is_some_and(|found| is_gone(&found.receipt.bound, index.known))
            })
            .collect();
        let before = self.numbers().len();
        for claim in &mut self.claims {
            claim.take_if(|claim| gone.contains(&claim.receipt));
        }
        if self.numbers().len() < before {
            self.changed.clear();
            self.is_of_other_index = true;
            return Some(EarlierNotice::IndexIsAnother { index: name });
        }
        let why = match index.known {
            Known::Hidden => "the service does not say when it was created",
            Known::Existing(now) if Binding::of(now).created.is_none() => {
                "the service does not say when it was created"
            }
            _ if self.used().any(|receipt| receipt.bound.created.is_none()) => {
                "the receipt does not say when that one was created"
            }
            _ => return None,
        };
        (before > 0).then_some(EarlierNotice::IndexUnsure { index: name, why })
    }

    /// The notes about the inputs.
    pub(crate) fn notes(&self) -> Vec<EarlierNotice> {
        let skipped = self.numbers().len() as u64;
        let skipped = (skipped > 0).then_some(EarlierNotice::Skipped { inputs: skipped });
        let of = |names: &Vec<String>| (!names.is_empty()).then(|| names.clone());
        let unreadable = self.unreadable.iter().map(|(refused, names)| EarlierNotice::AccountsUnreadable {
            names: names.iter().cloned().collect(),
            refused: refused.clone(),
        });
        let others = [
            of(&self.changed).map(|names| EarlierNotice::HaveChanged { names }),
            of(&self.read_otherwise).map(|names| EarlierNotice::SentOtherwise { names }),
            skipped,
        ];
        unreadable.chain(others.into_iter().flatten()).collect()
    }

    /// The mark with which to load the others.
    pub(crate) fn mark(&self) -> Mark {
        let mut mark = Mark::default();
        for (number, claim) in (0..).zip(&self.claims) {
            if let Some(claim) = claim {
                mark.complete(number, self.counts_of(claim).unwrap_or_default());
            }
        }
        mark
    }

    /// The counts of all records, if all inputs are complete.
    pub(crate) fn counts(&self) -> Settled {
        let mut used = self.used();
        match (used.next(), used.next()) {
            (Some(one), None) if one.inputs.len() == self.claims.len() => one.counts,
            _ => self.mark().counts,
        }
    }

    /// When each complete input was sent.
    pub(crate) fn times(&self) -> BTreeMap<u32, Interval> {
        let time = |(number, claim): (u32, &Option<Claim>)| Some((number, claim.as_ref()?.sent.clone()));
        (0..).zip(&self.claims).filter_map(time).collect()
    }

    /// Since when all of them are complete.
    pub(crate) fn since(&self) -> String {
        self.times().into_values().map(|sent| sent.to).max().unwrap_or_default()
    }

    /// The exit code of the loads of the inputs together.
    pub(crate) fn exit(&self) -> Exit {
        let partial = Exit::Partial.code();
        let ended = |receipt: &Receipt| {
            let Settled { rejected, unknown, .. } = receipt.counts;
            let is_counted = receipt.inputs.iter().all(|input| input.counts.is_some());
            // A partial success without rejects, such as for a field that no record had, concerns all inputs.
            receipt.exit_code == partial && (rejected + unknown == 0 || !is_counted)
        };
        let Settled { rejected, unknown, .. } = self.counts();
        if rejected + unknown > 0 || self.used().any(ended) { Exit::Partial } else { Exit::Complete }
    }

    /// What is known about the index.
    pub(crate) fn bound(&self) -> Binding {
        self.used()
            .map(|receipt| receipt.bound.clone())
            .reduce(|new, old| old.completed(&new))
            .unwrap_or_default()
    }

    /// The lists of rejects, each with the names of the inputs that count in it.
    pub(crate) fn lists(&self) -> Vec<(PathBuf, BTreeSet<String>)> {
        let mut names: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        for claim in self.claims.iter().flatten() {
            let name = self.input(claim).map(|input| input.fingerprint.name.clone());
            names.entry(claim.receipt).or_default().extend(name);
        }
        let list = |(receipt, names): (usize, _)| Some((self.receipts.get(receipt)?.list()?, names));
        names.into_iter().filter_map(list).collect()
    }

    /// The rejects file of the newest load that has one.
    pub(crate) fn rejects_file(&self) -> Option<PathBuf> {
        let numbers: BTreeSet<_> = self.claims.iter().flatten().map(|claim| claim.receipt).collect();
        let found = numbers.iter().filter_map(|number| self.receipts.get(*number));
        let has_rejects = |found: &&Found| found.receipt.counts.rejected + found.receipt.counts.unknown > 0;
        found.filter(has_rejects).find_map(Found::list)
    }

    /// The receipts that prove something, newest first.
    fn used(&self) -> impl Iterator<Item = &Receipt> {
        let numbers: BTreeSet<_> = self.claims.iter().flatten().map(|claim| claim.receipt).collect();
        numbers.into_iter().filter_map(|number| self.receipts.get(number).map(|found| &found.receipt))
    }

    fn input(&self, claim: &Claim) -> Option<&CompleteInput> {
        self.receipts.get(claim.receipt)?.receipt.inputs.get(claim.place)
    }

    fn counts_of(&self, claim: &Claim) -> Option<Settled> {
        self.input(claim)?.counts
    }

    /// The directory of the load that had exactly these inputs.
    pub(crate) fn folder_of_all(&self) -> Option<&Path> {
        let first = self.claims.iter().flatten().next()?;
        let found = self.receipts.get(first.receipt)?;
        let is_all = self.is_of_one_load() && found.receipt.inputs.len() == self.claims.len();
        is_all.then_some(found.folder.as_path())
    }
}

/// The receipts of loads that went to the same place as this one and read their inputs with the same options, newest
/// first, and the number of each by its file.
fn receipts_for<'a>(activities: &'a [Activity], header: &Header) -> (Vec<Found>, BTreeMap<&'a Path, usize>) {
    let mut all: Vec<(&Activity, &Receipt)> = activities
        .iter()
        .filter_map(|activity| match &activity.account {
            Account::Complete(receipt) => Some((activity, receipt)),
            Account::Begun(_) | Account::Unreadable => None,
        })
        .filter(|(_, receipt)| receipt.place == header.place && receipt.reading == header.reading)
        .collect();
    all.sort_by(|(_, one), (_, other)| other.finished_at.cmp(&one.finished_at));
    let numbers = all.iter().map(|(activity, _)| activity.file.as_path()).zip(0..).collect();
    let found = |(activity, receipt): (&Activity, &Receipt)| Found {
        folder: activity.folder.clone(),
        receipt: receipt.clone(),
    };
    (all.into_iter().map(found).collect(), numbers)
}

/// Whether a load certainly went into another index than the current one.
fn is_gone(bound: &Binding, known: &Known) -> bool {
    match known {
        Known::Existing(index) => {
            let now = Binding::of(index);
            bound.made_again(&now).is_some() || !bound.differences(&now).is_empty()
        }
        Known::ToCreate => true,
        Known::Hidden => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::fingerprint::Fingerprint;

    /// What receipts say, newest first, as the names of their inputs; these claims prove all inputs complete.
    fn complete(receipts: &[&[&str]], claims: &[Option<(usize, usize)>]) -> Complete {
        let input = |name: &&str| CompleteInput {
            fingerprint: Fingerprint { name: (*name).to_owned(), size: 1, samples: Vec::new() },
            counts: Some(Settled { read: 2, stored: 2, ..Settled::default() }),
            sent: Interval::default(),
        };
        let receipt = |inputs: &&[&str]| Found {
            folder: PathBuf::new(),
            receipt: Receipt { inputs: inputs.iter().map(input).collect(), ..Receipt::default() },
        };
        let claim = |claim: &Option<(usize, usize)>| {
            claim.map(|(receipt, place)| Claim { receipt, place, ..Claim::default() })
        };
        Complete {
            receipts: receipts.iter().map(receipt).collect(),
            claims: claims.iter().map(claim).collect(),
            ..Complete::default()
        }
    }

    #[test]
    fn what_one_receipt_says_of_all_inputs_is_of_one_load() {
        let receipts: [&[_]; 2] = [&["a", "c"], &["b"]];
        let (a, c, b) = (Some((0, 0)), Some((0, 1)), Some((1, 0)));
        let all = complete(&receipts, &[a, c]);
        assert!(all.is_all() && all.is_of_one_load() && all.folder_of_all().is_some());
        assert!(complete(&receipts, &[a]).folder_of_all().is_none());
        assert!(!complete(&receipts, &[b, a]).is_of_one_load() && !complete(&receipts, &[b, None]).is_all());
        assert_eq!(complete(&receipts, &[b, a]).counts().read, 4);
    }

    #[test]
    fn the_worst_of_several_exit_codes_counts() {
        let mut both = complete(&[&["a"], &["b"]], &[Some((0, 0)), Some((1, 0))]);
        assert_eq!(both.exit(), Exit::Complete);
        // A field that no record has.
        both.receipts[1].receipt.exit_code = 4;
        assert_eq!(both.exit(), Exit::Partial);
        both.forget(1);
        assert_eq!(both.exit(), Exit::Complete);
        both.receipts[0].receipt.inputs[0].counts =
            Some(Settled { read: 2, rejected: 2, ..Settled::default() });
        both.receipts[0].receipt.counts.rejected = 2;
        assert_eq!(both.exit(), Exit::Partial);
    }
}
