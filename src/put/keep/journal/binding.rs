//! Which index a load goes into, beyond its name: written to the journal before the first vector is sent. Pure.

use serde::{Deserialize, Serialize};

use super::place::Difference;
use crate::oss::time::{Timestamp, same_moment};
use crate::oss::wire::{DistanceMetric, Index};

/// What is known about an index.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// When it was created, according to the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// The dimension that vectors must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimension: Option<usize>,
    /// The name of the metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
}

impl Binding {
    /// What the service says about an index.
    pub fn of(index: &Index) -> Self {
        let told = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Self {
            created: told(&index.create_time),
            dimension: usize::try_from(index.dimension).ok(),
            metric: told(&index.distance_metric),
        }
    }

    /// What the user says about an index that the service does not show.
    pub fn said(dimension: Option<usize>, metric: Option<DistanceMetric>) -> Self {
        Self { created: None, dimension, metric: metric.map(|metric| metric.as_str().to_owned()) }
    }

    /// This with everything that is known `now`, which takes precedence.
    #[must_use]
    pub fn completed(&self, now: &Self) -> Self {
        Self {
            created: now.created.as_ref().or(self.created.as_ref()).cloned(),
            dimension: now.dimension.or(self.dimension),
            metric: now.metric.as_ref().or(self.metric.as_ref()).cloned(),
        }
    }

    /// The metric, if its name is known.
    pub fn known_metric(&self) -> Option<DistanceMetric> {
        DistanceMetric::parse(self.metric.as_deref()?)
    }

    /// The properties that vectors were checked against then and that differ `now`.
    pub fn differences(&self, now: &Self) -> Vec<Difference> {
        let differs = |what, was: Option<String>, now: Option<String>| {
            let (was, now) = was.zip(now)?;
            (was != now).then_some(Difference { what, was, now })
        };
        let dimension = |of: &Self| of.dimension.map(|dimension| dimension.to_string());
        [
            differs("dimension", dimension(self), dimension(now)),
            differs("metric", self.metric.clone(), now.metric.clone()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// When the index was created, then and `now`, if that shows that it was recreated.
    pub fn made_again<'a>(&'a self, now: &'a Self) -> Option<(&'a str, &'a str)> {
        let (was, now) = (self.created.as_deref()?, now.created.as_deref()?);
        (!same_moment(was, now)).then_some((was, now))
    }

    /// Whether the index was deleted before another one with its name was created.
    pub(crate) fn is_older_than(&self, other: &Self) -> bool {
        let Some((was, is)) = self.made_again(other) else { return false };
        let moments = Timestamp::parse_rfc3339(was).zip(Timestamp::parse_rfc3339(is));
        moments.is_some_and(|(was, is)| was < is)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(created: Option<&str>, dimension: Option<usize>, metric: Option<&str>) -> Binding {
        Binding { created: created.map(str::to_owned), dimension, metric: metric.map(str::to_owned) }
    }

    #[test]
    fn only_what_both_know_can_differ() {
        let was = binding(Some("2026-01-01T00:00:00.001Z"), Some(3), Some("cosine"));
        for (now, count) in [
            (Binding::default(), 0),
            (was.clone(), 0),
            (binding(None, Some(4), None), 1),
            (binding(None, Some(3), Some("euclidean")), 1),
            (binding(None, Some(4), Some("euclidean")), 2),
        ] {
            assert_eq!(was.differences(&now).len(), count, "{now:?}");
            assert_eq!(now.differences(&was).len(), count, "{now:?}");
        }
    }

    #[test]
    fn an_index_made_again_is_known_by_its_creation() {
        let created = |text| binding(Some(text), None, None);
        let was = created("2026-01-01T00:00:00.001Z");
        assert!(was.made_again(&created("2026-01-01T00:00:00.002Z")).is_some());
        assert!(was.made_again(&created("2026-01-01T08:00:00.001+08:00")).is_none());
        assert!(
            was.made_again(&Binding::default()).is_none() && Binding::default().made_again(&was).is_none()
        );
    }

    #[test]
    fn of_two_indexes_of_a_name_the_one_that_was_created_first_is_gone() {
        let created = |text| binding(Some(text), None, None);
        let (one, other) = (created("2026-01-01T00:00:00.001Z"), created("2026-01-01T00:00:00.002Z"));
        assert!(one.is_older_than(&other) && !other.is_older_than(&one));
        for same in [created("2026-01-01T00:00:00.001000Z"), created("yesterday"), Binding::default()] {
            assert!(!one.is_older_than(&same) && !same.is_older_than(&one), "{same:?}");
        }
    }

    #[test]
    fn what_is_known_now_completes_what_was_known() {
        let was = binding(Some("a"), Some(3), None);
        assert_eq!(was.completed(&Binding::default()), was);
        assert_eq!(
            was.completed(&binding(None, None, Some("cosine"))),
            binding(Some("a"), Some(3), Some("cosine"))
        );
        assert_eq!(was.completed(&binding(Some("b"), None, None)).created.as_deref(), Some("b"));
    }
}
