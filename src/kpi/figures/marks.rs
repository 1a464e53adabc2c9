//! What customers' marks say, read in more than one way.
//!
//! A tally keeps how often each mark was given, not what it is worth. So one and the same tally answers every reading, and two
//! desks with different ideas of *satisfied* can still be added up.
//!
//! ```
//! use helpdesk::{kpi::{Bands, Marks}, ticket::Scale};
//! let scale = Scale::new(1, 5).ok_or("no scale")?;
//! let marks = Marks::of(scale, [5, 4, 3, 2]);
//! assert_eq!(marks.positive(&Bands::Middle).percent(), "50.0 %");
//! assert_eq!(marks.positive_of_decided(&Bands::Middle).percent(), "66.7 %");
//! let [only] = marks.scales() else { return Err("one scale".into()) };
//! assert_eq!(only.of_best(), (14, 20)); // 70 %
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::kpi::ratio::{Excluded, Exclusion, Ratio};
use crate::ticket::Scale;

use super::amounts::Net;

/// Which marks are positive and which neutral. The others are negative.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Bands {
    /// Above the middle of the scale, and the middle itself where a mark stands there: of 1 to 5, positive are 4 and 5 and
    /// neutral is 3.
    #[default]
    Middle,
    /// These.
    Declared {
        /// The positive marks.
        positive: BTreeSet<u8>,
        /// The neutral marks that are not positive.
        neutral: BTreeSet<u8>,
    },
}

/// How a mark is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sense {
    Positive,
    Neutral,
    Negative,
}

impl Bands {
    /// Whether a mark on this scale is a positive one.
    pub fn is_positive(&self, scale: Scale, mark: u8) -> bool {
        self.sense(scale, mark) == Sense::Positive
    }

    /// Whether a mark on this scale is a negative one.
    pub fn is_negative(&self, scale: Scale, mark: u8) -> bool {
        self.sense(scale, mark) == Sense::Negative
    }

    fn sense(&self, scale: Scale, mark: u8) -> Sense {
        match self {
            Bands::Middle => {
                let middle = u16::from(scale.worst()) + u16::from(scale.best());
                match (u16::from(mark) * 2).cmp(&middle) {
                    std::cmp::Ordering::Greater => Sense::Positive,
                    std::cmp::Ordering::Equal => Sense::Neutral,
                    std::cmp::Ordering::Less => Sense::Negative,
                }
            }
            Bands::Declared { positive, .. } if positive.contains(&mark) => Sense::Positive,
            Bands::Declared { neutral, .. } if neutral.contains(&mark) => Sense::Neutral,
            Bands::Declared { .. } => Sense::Negative,
        }
    }
}

/// The marks of one question, by the scale in force when they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Marks(Vec<MarksOfScale>); // ascending by scale, each once

/// The marks of one scale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MarksOfScale {
    /// The scale.
    pub scale: Scale,
    /// How often each mark was given.
    pub counts: BTreeMap<u8, u64>,
}

impl MarksOfScale {
    /// How many there are.
    pub fn n(&self) -> u64 {
        self.counts
            .values()
            .fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// The mean mark, exactly: a sum and a count.
    pub fn mean(&self) -> (u64, u64) {
        let sum = self.counts.iter().fold(0u64, |sum, (mark, n)| {
            sum.saturating_add(u64::from(*mark).saturating_mul(*n))
        });
        (sum, self.n())
    }

    /// The mean over the best mark: the sum of all marks, and what it would be if each were the best.
    pub fn of_best(&self) -> (u64, u64) {
        let (sum, n) = self.mean();
        (sum, n.saturating_mul(u64::from(self.scale.best())))
    }
}

impl Marks {
    /// These marks of one scale; a mark that is not on it is left out.
    pub fn of(scale: Scale, marks: impl IntoIterator<Item = u8>) -> Marks {
        let mut all = Marks::default();
        for mark in marks.into_iter().filter(|mark| scale.has(*mark)) {
            all.add(scale, mark, 1);
        }
        all
    }

    pub(in crate::kpi) fn add(&mut self, scale: Scale, mark: u8, n: u64) {
        let key = |one: &MarksOfScale| (one.scale.worst(), one.scale.best());
        let place = self
            .0
            .binary_search_by_key(&(scale.worst(), scale.best()), key);
        let index = place.unwrap_or_else(|index| {
            let counts = BTreeMap::new();
            self.0.insert(index, MarksOfScale { scale, counts });
            index
        });
        if let (Some(one), true) = (self.0.get_mut(index), n > 0) {
            let count = one.counts.entry(mark).or_default();
            *count = count.saturating_add(n);
        }
    }

    /// How many marks there are.
    pub fn n(&self) -> u64 {
        self.0
            .iter()
            .fold(0, |sum, one| sum.saturating_add(one.n()))
    }

    /// The marks of each scale that was in force.
    pub fn scales(&self) -> &[MarksOfScale] {
        &self.0
    }

    /// Positive marks over all.
    pub fn positive(&self, bands: &Bands) -> Ratio {
        let (positive, neutral, negative) = self.senses(bands);
        let all = positive.saturating_add(neutral).saturating_add(negative);
        Ratio::new(positive, all, Excluded::default()).unwrap_or_default()
    }

    /// Positive marks over positive and negative ones: the neutral ones are left out.
    pub fn positive_of_decided(&self, bands: &Bands) -> Ratio {
        let (positive, neutral, negative) = self.senses(bands);
        let decided = positive.saturating_add(negative);
        let left_out = Excluded::from_iter([(Exclusion::Neutral, neutral)]);
        Ratio::new(positive, decided, left_out).unwrap_or_default()
    }

    /// The marks from 0 to 10 as promoters, passives and detractors. Marks of other scales are left out.
    pub fn net_promoters(&self) -> Net {
        let mut net = Net::default();
        let of_nps = self.0.iter().filter(|one| one.scale == Scale::NPS);
        for (mark, n) in of_nps.flat_map(|one| &one.counts) {
            let count = match mark {
                9.. => &mut net.promoters,
                7..=8 => &mut net.passives,
                ..=6 => &mut net.detractors,
            };
            *count = count.saturating_add(*n);
        }
        net
    }

    fn senses(&self, bands: &Bands) -> (u64, u64, u64) {
        let (mut positive, mut neutral, mut negative) = (0u64, 0u64, 0u64);
        for one in &self.0 {
            for (mark, n) in &one.counts {
                let count = match bands.sense(one.scale, *mark) {
                    Sense::Positive => &mut positive,
                    Sense::Neutral => &mut neutral,
                    Sense::Negative => &mut negative,
                };
                *count = count.saturating_add(*n);
            }
        }
        (positive, neutral, negative)
    }
}
