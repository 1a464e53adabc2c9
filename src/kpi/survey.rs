//! How many of those who were asked answered.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::feedback::Feedback;
use crate::id::Name;

use super::ratio::{Excluded, Exclusion, Ratio};
use super::window::Window;

/// Invitations counted by survey; see [`Kpi::SurveyResponseRate`](super::Kpi::SurveyResponseRate). The marks themselves are ratings
/// of tickets and stand in every [`Report`](super::Report).
///
/// # Properties
/// Tallies of one window and one instant merge: associative, commutative, the empty one changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyTally {
    window: Window,
    as_of: DateTime<Utc>,
    surveys: BTreeMap<Name, Counts>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    answered: u64,
    expired: u64,
    open: u64,
}

impl SurveyTally {
    /// Nothing yet: invitations of the window count, as known at `as_of`.
    pub fn new(window: Window, as_of: DateTime<Utc>) -> SurveyTally {
        SurveyTally {
            window,
            as_of,
            surveys: BTreeMap::new(),
        }
    }

    /// Counts a customer's invitations.
    pub fn add(&mut self, feedback: &Feedback) {
        for invitation in feedback.invitations() {
            if !self.window.contains(invitation.at) || invitation.at > self.as_of {
                continue;
            }
            let name = invitation.invited.survey.clone();
            let counts = self.surveys.entry(name).or_default();
            let first = invitation.answers.first();
            if first.is_some_and(|answer| answer.at <= self.as_of) {
                counts.answered += 1;
            } else if invitation.invited.expires_at <= self.as_of {
                counts.expired += 1;
            } else {
                counts.open += 1;
            }
        }
    }

    /// Counts what another tally counted.
    pub fn merge(&mut self, other: &SurveyTally) {
        for (name, more) in &other.surveys {
            let counts = self.surveys.entry(name.clone()).or_default();
            counts.answered += more.answered;
            counts.expired += more.expired;
            counts.open += more.open;
        }
    }

    /// Each survey with how many of its invitations were answered. Those that can be answered still are left out.
    pub fn rows(&self) -> impl Iterator<Item = (&Name, Ratio)> + '_ {
        self.surveys.iter().map(|(name, counts)| {
            let left_out = Excluded::from_iter([(Exclusion::Undecided, counts.open)]);
            let decided = counts.answered + counts.expired;
            let ratio = Ratio::new(counts.answered, decided, left_out);
            (name, ratio.unwrap_or_default())
        })
    }
}
