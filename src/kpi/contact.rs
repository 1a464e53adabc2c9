//! Calls and chats: how many were answered in time, and how many were given up.
//!
//! Five formulas for the service level are in use, and one day can read 81 % or 86 %. [`SERVICE_LEVELS`] says what each counts;
//! a [`ContactTally`] counts once for all of them. A contact that was given up within a time too short to count, the *short
//! abandon*, is told apart by every formula that has a place for it.
//!
//! ```
//! use helpdesk::kpi::{Contact, ContactRules, ContactTally, ServiceLevel};
//! use helpdesk::time::Span;
//! let rules = ContactRules::answered_within(Span::seconds(20)).short_abandon(Span::seconds(5));
//! let offered_at = "2026-03-02T09:00:00Z".parse()?;
//! let mut day = ContactTally::new(rules);
//! day.add(&Contact::answered(offered_at, Span::seconds(12)));
//! day.add(&Contact::abandoned(offered_at, Span::seconds(45)));
//! assert_eq!(day.service_level(ServiceLevel::AnsweredOfOffered)?.to_string(), "50.0 % (1 of 2)");
//! assert_eq!(day.abandonment()?.to_string(), "50.0 % (1 of 2)");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Properties
//! Tallies merge (associative, commutative, the empty one changes nothing) and give back what is taken; every ratio lies in
//! [0, 1]; answering sooner lowers none of the five.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ticket::Session;
use crate::time::Span;

use super::error::KpiError;
use super::ratio::{Excluded, Exclusion, Ratio};

/// One call or chat that was offered to the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// When it came into the queue.
    pub offered_at: DateTime<Utc>,
    /// What became of it.
    pub end: ContactEnd,
}

/// What became of a contact in the queue.
///
/// Exhaustive: it was answered, given up, or waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactEnd {
    /// Somebody answered, after this time.
    Answered(Span),
    /// The customer gave up, after this time.
    Abandoned(Span),
    /// It waits still.
    Queued,
}

impl Contact {
    /// A contact that was answered after a time.
    pub fn answered(offered_at: DateTime<Utc>, after: Span) -> Contact {
        let end = ContactEnd::Answered(after);
        Contact { offered_at, end }
    }

    /// A contact that was given up after a time.
    pub fn abandoned(offered_at: DateTime<Utc>, after: Span) -> Contact {
        let end = ContactEnd::Abandoned(after);
        Contact { offered_at, end }
    }

    /// A call or chat of a ticket as it was known at `as_of`; none where no agent was asked for by then.
    pub fn of(session: &Session, as_of: DateTime<Utc>) -> Option<Contact> {
        let offered_at = session.offered_at().filter(|at| *at <= as_of)?;
        let answered = session.answered.filter(|(at, _)| *at <= as_of);
        let ended = session.ended.filter(|(at, _)| *at <= as_of);
        Some(match (answered, ended, session.waited()) {
            (Some(_), _, Some(waited)) => Contact::answered(offered_at, waited),
            (None, Some(_), Some(waited)) => Contact::abandoned(offered_at, waited),
            _ => Contact::queued(offered_at),
        })
    }

    /// A contact that waits.
    pub fn queued(offered_at: DateTime<Utc>) -> Contact {
        let end = ContactEnd::Queued;
        Contact { offered_at, end }
    }
}

/// What *in time* means, and what is too short to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactRules {
    threshold: Span,
    short: Span,
}

impl ContactRules {
    /// In time is what is answered after at most `threshold`. Nothing is too short to count.
    pub fn answered_within(threshold: Span) -> ContactRules {
        let short = Span::ZERO;
        ContactRules { threshold, short }
    }

    /// A contact given up after less than `short` does not count as abandoned. 5 seconds are common.
    #[must_use]
    pub fn short_abandon(self, short: Span) -> ContactRules {
        ContactRules { short, ..self }
    }
}

/// A formula for the service level.
///
/// Exhaustive: the five that are in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceLevel {
    /// Answered in time, over all offered: whoever gives up counts against it, however soon.
    AnsweredOfOffered,
    /// Answered or given up in time, over all offered.
    EndedOfOffered,
    /// Answered in time, over all answered: whoever gives up does not count.
    AnsweredOfAnswered,
    /// Answered in time, over all but those given up in time: they left no chance to answer.
    AnsweredWithoutEarlyAbandons,
    /// Answered in time or given up at once, over all offered.
    AnsweredOrShortOfOffered,
}

/// What a formula counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ServiceLevelDefinition {
    /// Which.
    pub formula: ServiceLevel,
    /// Its name for people.
    pub title: &'static str,
    /// What the numerator counts.
    pub numerator: &'static str,
    /// What the denominator counts.
    pub denominator: &'static str,
    /// Where it was published.
    pub source: &'static str,
}

/// The five formulas. With 1,000 answered, 860 of them in time, and 60 abandoned, 20 of them within the threshold and 10 at
/// once, they give 81.13, 83.02, 86.00, 82.69 and 82.08 %: the example of their source.
pub const SERVICE_LEVELS: [ServiceLevelDefinition; 5] = [
    ServiceLevelDefinition {
        formula: ServiceLevel::AnsweredOfOffered,
        title: "answered in time of offered",
        numerator: "answered within the threshold",
        denominator: "answered + abandoned",
        source: "ICMI, QueueTips: Service Level Calculations, 2002, formula 3",
    },
    ServiceLevelDefinition {
        formula: ServiceLevel::EndedOfOffered,
        title: "answered or abandoned in time of offered",
        numerator: "answered within the threshold + abandoned within the threshold",
        denominator: "answered + abandoned",
        source: "ICMI, QueueTips: Service Level Calculations, 2002, formula 1",
    },
    ServiceLevelDefinition {
        formula: ServiceLevel::AnsweredOfAnswered,
        title: "answered in time of answered",
        numerator: "answered within the threshold",
        denominator: "answered",
        source: "ICMI, QueueTips: Service Level Calculations, 2002, formula 2",
    },
    ServiceLevelDefinition {
        formula: ServiceLevel::AnsweredWithoutEarlyAbandons,
        title: "answered in time, early abandons left out",
        numerator: "answered within the threshold",
        denominator: "answered + abandoned after the threshold",
        source: "ICMI, QueueTips: Service Level Calculations, 2002, formula 4",
    },
    ServiceLevelDefinition {
        formula: ServiceLevel::AnsweredOrShortOfOffered,
        title: "answered in time or abandoned at once, of offered",
        numerator: "answered within the threshold + abandoned in less than the short time",
        denominator: "answered + abandoned",
        source: "ICMI, QueueTips: Service Level Calculations, 2002, formula 5",
    },
];

impl ServiceLevel {
    /// Every formula.
    pub const ALL: [ServiceLevel; 5] = [
        ServiceLevel::AnsweredOfOffered,
        ServiceLevel::EndedOfOffered,
        ServiceLevel::AnsweredOfAnswered,
        ServiceLevel::AnsweredWithoutEarlyAbandons,
        ServiceLevel::AnsweredOrShortOfOffered,
    ];

    /// What it counts.
    pub const fn definition(self) -> &'static ServiceLevelDefinition {
        &SERVICE_LEVELS[self as usize]
    }
}

impl fmt::Display for ServiceLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.definition().title)
    }
}

/// Contacts that are counted under one set of rules: in parts, added up later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactTally {
    rules: ContactRules,
    answered: i64,
    answered_in_time: i64,
    abandoned: i64,
    abandoned_in_time: i64,
    abandoned_at_once: i64,
    queued: i64,
}

impl ContactTally {
    /// Nothing counted yet.
    pub fn new(rules: ContactRules) -> ContactTally {
        ContactTally {
            rules,
            answered: 0,
            answered_in_time: 0,
            abandoned: 0,
            abandoned_in_time: 0,
            abandoned_at_once: 0,
            queued: 0,
        }
    }

    /// Counts a contact.
    pub fn add(&mut self, contact: &Contact) {
        self.change(contact, 1);
    }

    /// Takes one back that was, or will be, added.
    pub fn retract(&mut self, contact: &Contact) {
        self.change(contact, -1);
    }

    /// Adds up both.
    ///
    /// # Errors
    /// Rules that differ. Nothing is merged then.
    pub fn merge(&mut self, other: &ContactTally) -> Result<(), KpiError> {
        if self.rules != other.rules {
            return Err(KpiError::scope());
        }
        for (mine, theirs) in [
            (&mut self.answered, other.answered),
            (&mut self.answered_in_time, other.answered_in_time),
            (&mut self.abandoned, other.abandoned),
            (&mut self.abandoned_in_time, other.abandoned_in_time),
            (&mut self.abandoned_at_once, other.abandoned_at_once),
            (&mut self.queued, other.queued),
        ] {
            *mine = mine.saturating_add(theirs);
        }
        Ok(())
    }

    /// The service level by a formula. What waits still is left out.
    ///
    /// # Errors
    /// More taken back than added.
    pub fn service_level(&self, formula: ServiceLevel) -> Result<Ratio, KpiError> {
        let offered = self.answered.saturating_add(self.abandoned);
        let early = self.abandoned_in_time;
        let mut left_out = None;
        let (part, whole) = match formula {
            ServiceLevel::AnsweredOfOffered => (self.answered_in_time, offered),
            ServiceLevel::EndedOfOffered => (self.answered_in_time.saturating_add(early), offered),
            ServiceLevel::AnsweredOfAnswered => {
                left_out = Some((Exclusion::Abandoned, self.abandoned));
                (self.answered_in_time, self.answered)
            }
            ServiceLevel::AnsweredWithoutEarlyAbandons => {
                left_out = Some((Exclusion::EarlyAbandon, early));
                (self.answered_in_time, offered.saturating_sub(early))
            }
            ServiceLevel::AnsweredOrShortOfOffered => {
                let ended = self.answered_in_time.saturating_add(self.abandoned_at_once);
                (ended, offered)
            }
        };
        self.ratio(part, whole, left_out)
    }

    /// The part of the offered that was given up, without short abandons on either side.
    ///
    /// # Errors
    /// More taken back than added.
    pub fn abandonment(&self) -> Result<Ratio, KpiError> {
        let abandoned = self.abandoned.saturating_sub(self.abandoned_at_once);
        let offered = self.answered.saturating_add(abandoned);
        let left_out = (Exclusion::ShortAbandon, self.abandoned_at_once);
        self.ratio(abandoned, offered, Some(left_out))
    }

    fn ratio(
        &self,
        part: i64,
        whole: i64,
        left_out: Option<(Exclusion, i64)>,
    ) -> Result<Ratio, KpiError> {
        let count = |n: i64| u64::try_from(n).map_err(|_| KpiError::unbalanced());
        let mut excluded = vec![(Exclusion::Queued, count(self.queued)?)];
        if let Some((why, n)) = left_out {
            excluded.push((why, count(n)?));
        }
        let ratio = Ratio::new(count(part)?, count(whole)?, Excluded::from_iter(excluded));
        ratio.ok_or_else(KpiError::unbalanced)
    }

    fn change(&mut self, contact: &Contact, by: i64) {
        let plus = |count: &mut i64, yes: bool| {
            *count = count.saturating_add(if yes { by } else { 0 });
        };
        match contact.end {
            ContactEnd::Answered(after) => {
                plus(&mut self.answered, true);
                plus(&mut self.answered_in_time, after <= self.rules.threshold);
            }
            ContactEnd::Abandoned(after) => {
                plus(&mut self.abandoned, true);
                plus(&mut self.abandoned_in_time, after <= self.rules.threshold);
                plus(&mut self.abandoned_at_once, after < self.rules.short);
            }
            ContactEnd::Queued => plus(&mut self.queued, true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn contacts() -> impl Strategy<Value = Vec<Contact>> {
        let end = (0u32..60, 0u8..5).prop_map(|(after, kind)| match kind {
            0..=2 => ContactEnd::Answered(Span::seconds(after)),
            3 => ContactEnd::Abandoned(Span::seconds(after)),
            _ => ContactEnd::Queued,
        });
        let offered_at = DateTime::<Utc>::MIN_UTC;
        prop::collection::vec(end.prop_map(move |end| Contact { offered_at, end }), 0..40)
    }

    fn rules() -> ContactRules {
        ContactRules::answered_within(Span::seconds(20)).short_abandon(Span::seconds(5))
    }

    fn of(contacts: &[Contact]) -> ContactTally {
        let mut tally = ContactTally::new(rules());
        contacts.iter().for_each(|contact| tally.add(contact));
        tally
    }

    fn sum(a: &ContactTally, b: &ContactTally) -> ContactTally {
        let mut sum = a.clone();
        sum.merge(b).unwrap();
        sum
    }

    proptest! {
        #[test]
        fn contacts_add_up(a in contacts(), b in contacts(), c in contacts()) {
            let whole = of(&[a.clone(), b.clone(), c.clone()].concat());
            let (a, gone, b, c) = (of(&a), a, of(&b), of(&c));
            prop_assert_eq!(sum(&sum(&a, &b), &c), sum(&a, &sum(&c, &b)));
            prop_assert_eq!(&sum(&a, &sum(&b, &c)), &whole);
            prop_assert_eq!(&sum(&a, &ContactTally::new(rules())), &a);
            let mut rest = whole;
            gone.iter().for_each(|contact| rest.retract(contact));
            prop_assert_eq!(rest, sum(&b, &c));
        }

        #[test]
        fn sooner_is_never_worse(contacts in contacts(), which in 0usize..40) {
            let before = of(&contacts);
            let mut sooner = contacts.clone();
            if let Some(Contact { end: ContactEnd::Answered(after), .. }) = sooner.get_mut(which) {
                *after = Span::ZERO;
            }
            let after = of(&sooner);
            for formula in ServiceLevel::ALL {
                let (before, after) = (before.service_level(formula).unwrap(), after.service_level(formula).unwrap());
                prop_assert!(after.numerator() >= before.numerator() && after.denominator() == before.denominator());
                prop_assert!(after.numerator() <= after.denominator());
            }
        }
    }

    /// The example of the source: 1,000 answered, 860 of them in time; 60 abandoned, 20 of them in time, 10 at once.
    #[test]
    fn golden_service_levels() {
        let at = DateTime::<Utc>::MIN_UTC;
        let mut tally = ContactTally::new(rules());
        let mut add = |n, contact: fn(DateTime<Utc>, Span) -> Contact, seconds| {
            (0..n).for_each(|_| tally.add(&contact(at, Span::seconds(seconds))));
        };
        add(860, Contact::answered, 20);
        add(140, Contact::answered, 21);
        add(10, Contact::abandoned, 4);
        add(10, Contact::abandoned, 20);
        add(40, Contact::abandoned, 21);
        let shown = ServiceLevel::ALL.map(|formula| {
            let ratio = tally.service_level(formula).unwrap();
            format!("{:.2}", ratio.fraction().unwrap() * 100.0)
        });
        assert_eq!(shown, ["81.13", "83.02", "86.00", "82.69", "82.08"]);
        let lost = tally.abandonment().unwrap();
        assert_eq!(
            lost.to_string(),
            "4.8 % (50 of 1050; left out: 10 abandoned at once)"
        );
        for formula in ServiceLevel::ALL {
            assert_eq!(formula.definition().formula, formula);
        }
    }
}
