//! How customers rate the help that they got: one mark each, on a declared scale.
//!
//! A rating is a fact about a ticket. It moves no status and no clock; a low one can trigger an escalation, and every one is counted
//! by the KPIs. Which marks count as positive, neutral and negative is declared where they are counted.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{AgentId, ContentId, CustomerId};

use crate::time::{Micros, micros};

use super::Ticket;

/// What the customer was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RatingKind {
    /// Customer satisfaction: how satisfied are you?
    Csat,
    /// Net promoter score: how likely would you recommend us? Always 0 to 10.
    Nps,
    /// Customer effort score: how easy was it?
    Ces,
}

impl RatingKind {
    /// Every kind.
    pub const ALL: [RatingKind; 3] = [RatingKind::Csat, RatingKind::Nps, RatingKind::Ces];
}

impl fmt::Display for RatingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            RatingKind::Csat => "csat",
            RatingKind::Nps => "nps",
            RatingKind::Ces => "ces",
        })
    }
}

/// The marks of a question, from the worst to the best; both belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "(u8, u8)", into = "(u8, u8)")]
pub struct Scale {
    worst: u8, // INVARIANT: worst < best
    best: u8,
}

impl Scale {
    /// 0 to 10, the scale of the net promoter score.
    pub const NPS: Scale = Scale { worst: 0, best: 10 };

    /// From `worst` to `best`; `None` unless the best is above the worst.
    pub const fn new(worst: u8, best: u8) -> Option<Scale> {
        if worst < best {
            Some(Scale { worst, best })
        } else {
            None
        }
    }

    /// The worst mark.
    pub const fn worst(self) -> u8 {
        self.worst
    }

    /// The best mark.
    pub const fn best(self) -> u8 {
        self.best
    }

    /// Whether the mark is on it.
    pub const fn has(self, mark: u8) -> bool {
        self.worst <= mark && mark <= self.best
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.worst, self.best)
    }
}

impl TryFrom<(u8, u8)> for Scale {
    type Error = String;
    fn try_from((worst, best): (u8, u8)) -> Result<Scale, String> {
        Scale::new(worst, best).ok_or_else(|| {
            format!("`{worst}` to `{best}` is not a scale; the best mark must be above the worst")
        })
    }
}

impl From<Scale> for (u8, u8) {
    fn from(scale: Scale) -> (u8, u8) {
        (scale.worst, scale.best)
    }
}

/// The scales on which the customers of a desk rate. The net promoter score is always 0 to 10.
///
/// Written as `{"csat": [1, 5], "ces": [1, 7]}`, which is the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Scales {
    /// Of satisfaction.
    pub csat: Scale,
    /// Of effort.
    pub ces: Scale,
}

impl Default for Scales {
    fn default() -> Scales {
        Scales {
            csat: Scale { worst: 1, best: 5 },
            ces: Scale { worst: 1, best: 7 },
        }
    }
}

impl Scales {
    /// The scale of a kind.
    pub const fn of(&self, kind: RatingKind) -> Scale {
        match kind {
            RatingKind::Csat => self.csat,
            RatingKind::Nps => Scale::NPS,
            RatingKind::Ces => self.ces,
        }
    }
}

/// A rating as it was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rated {
    /// What the customer was asked.
    pub kind: RatingKind,
    /// The mark.
    pub mark: u8,
    /// The scale in force then.
    pub scale: Scale,
    /// Who rated; the requester where the host recorded it.
    pub customer: CustomerId,
    /// Whom it is credited to: who resolved the ticket last, else the agent in charge then. Later changes do not move it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<AgentId>,
    /// What the customer said about it, as a content record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<ContentId>,
    /// The resolution cycle that the customer was asked about, from 0, where a survey asked; else the last one that was resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycle: Option<u32>,
}

impl Rated {
    /// A mark for the help on `ticket` as it stands, by its requester, without a comment.
    pub(super) fn of(ticket: &Ticket, (kind, mark): (RatingKind, u8), scale: Scale) -> Rated {
        Rated {
            kind,
            mark,
            scale,
            customer: ticket.requester(),
            credit: ticket.credit(),
            comment: None,
            cycle: None,
        }
    }
}

/// A rating with its place in the ticket's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// When it was given.
    pub at: DateTime<Utc>,
    /// The resolution cycle that it is about, from 0: the last one that was resolved, else the current one.
    pub cycle: usize,
    /// The place of its event, which anchors what counts from it.
    pub(crate) version: u64,
    /// The rating.
    pub rated: Rated,
}

impl Rating {
    /// Whether it is the same customer's same mark as another one about the same cycle.
    pub(crate) fn is_same_mark(&self, other: &Rating) -> bool {
        let what = |rating: &Rating| (rating.cycle, rating.rated.kind, rating.rated.mark);
        let whose = |rating: &Rating| (rating.rated.scale, rating.rated.customer);
        what(self) == what(other) && whose(self) == whose(other)
    }
}

impl Ticket {
    /// How customers rated it, oldest first. Of several of one kind about one cycle the last one stands that says something new
    /// ([`rating`](Ticket::rating)); the others are kept.
    pub fn ratings(&self) -> &[Rating] {
        &self.ratings
    }

    /// The rating of a kind that stands for a cycle: the last one that is not its customer's own last mark of the cycle once more. Who says
    /// a mark again, such as with a comment, does not take the word from another customer who rated since; figures and rules see it so too.
    pub fn rating(&self, kind: RatingKind, cycle: usize) -> Option<&Rating> {
        self.newest_marks(kind).find(|rating| rating.cycle == cycle)
    }

    /// The low rating of a kind that stands: the newest one, among those of customers whose last mark of the kind is at most this one.
    /// Since when, and the place of the event. The same mark about the same cycle again, such as with a comment, is as good as not given,
    /// whatever was said in between by others or of other cycles.
    pub(crate) fn low_rating(&self, kind: RatingKind, at_most: u8) -> Option<(Micros, u64)> {
        self.low_rating_before(kind, at_most, u64::MAX)
            .map(|low| (micros(low.at), low.version))
    }

    /// The low rating that stood before the event in this place.
    fn low_rating_before(&self, kind: RatingKind, at_most: u8, place: u64) -> Option<&Rating> {
        let mut seen = BTreeSet::new();
        let mut lasts = self.newest_marks(kind).filter(|one| one.version < place);
        lasts.find(|last| seen.insert(last.rated.customer) && last.rated.mark <= at_most) // each one's last mark
    }

    /// The ratings of a kind that say something new, newest first: not those that say again what their customer said last of the cycle.
    fn newest_marks(&self, kind: RatingKind) -> impl Iterator<Item = &Rating> {
        let about = |rating: &Rating| (rating.rated.customer, rating.rated.kind, rating.cycle);
        let is_new = move |(n, rating): &(usize, &Rating)| {
            let mut earlier = self.ratings[..*n].iter().rev();
            let before = earlier.find(|before| about(before) == about(rating));
            before.is_none_or(|before| !before.is_same_mark(rating))
        };
        let all = self.ratings.iter().enumerate().rev();
        let of_kind = all.filter(move |(_, rating)| rating.rated.kind == kind);
        of_kind.filter(is_new).map(|(_, rating)| rating)
    }

    /// Whether the low rating that stood before the event in this place is over: its customer gave another mark of the kind since, a
    /// better one, or another low one, which counts anew.
    pub(crate) fn is_low_rating_over(&self, kind: RatingKind, at_most: u8, place: u64) -> bool {
        let Some(was) = self.low_rating_before(kind, at_most, place) else {
            return true;
        };
        let mut newest = self.newest_marks(kind);
        let last = newest.find(|now| now.rated.customer == was.rated.customer);
        last.is_none_or(|last| last.version != was.version)
    }

    /// The cycle that a rating given now is about.
    pub(super) fn rated_cycle(&self) -> usize {
        let resolved = |n: &usize| self.cycles[*n].resolved_at.is_some();
        let last = self.cycles.len().saturating_sub(1);
        (0..=last).rev().find(resolved).unwrap_or(last)
    }

    /// Whom a rating given now is credited to.
    pub(crate) fn credit(&self) -> Option<AgentId> {
        let resolver = self.cycles.get(self.rated_cycle())?.resolver;
        resolver
            .and_then(|actor| actor.human_agent())
            .or(self.agent())
    }
}
