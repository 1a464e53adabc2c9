//! The same histories under another rulebook.
//!
//! [`WhatIf`] follows each history twice, under the rules before and under the rules after, and tells what differs: dues,
//! breaches, escalations, figures. It is a pure function of histories, the rulebooks of two sides and an instant: nothing is stored,
//! nothing is sent, no clock is read.
//!
//! ```
//! use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, TenantId, id::AgentId};
//! use helpdesk::replay::{What, what_if};
//! use helpdesk::{sla::Metric, store::MemoryStore};
//!
//! let book = |first: &str| serde_json::from_str::<Rulebook>(&format!(
//!     r#"{{"policies": [{{"name": "all", "targets": {{"first_response": "{first}"}}}}]}}"#));
//! let (slow, fast) = (book("4h")?, book("1h")?);
//!
//! let desk = Desk::new(MemoryStore::new(), slow.clone());
//! let at = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>();
//! let kim = Actor::agent(AgentId::named("kim"));
//! let t = desk.open(&Call::new(kim, at("2026-03-05T09:00:00Z")?), Open::new("Printer on fire").from("ann@example.com"))?;
//! desk.submit(t.id(), &Call::new(kim, at("2026-03-05T11:00:00Z")?), Command::reply("Which floor?"))?;
//!
//! let history = desk.tenant(TenantId::SINGLE).history(t.id())?;
//! let difference = what_if(TenantId::SINGLE, [history], &slow, &fast, at("2026-03-06T00:00:00Z")?)?;
//! let breach = difference.line(&What::Breach(Metric::FirstResponse.into())).ok_or("a line")?;
//! assert_eq!((breach.vanished, breach.appeared), (0, 1));
//! assert_eq!(breach.first_appeared[0].after, Some(at("2026-03-05T10:00:00Z")?));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What stays and what is decided anew
//! What somebody did stays as it was recorded, at its instant: openings, messages, moves, changes, promises, effort, and what
//! the host did because a rule had told it to (nobody knows what it would have done otherwise). What the rulebook made of
//! that is left out and decided anew, under either rulebook in the same way: chosen policies, breaches, firings with their
//! inner actions, wakings, automatic resolutions and closes. Moves of a ticket to another version of its rulebook are left out:
//! each ticket has one on each side. Time passes as on a desk that is swept at each wake-up, so every
//! firing would have been told at once; how the real desk was swept plays no part.
//!
//! So a what-if tells what the rules would have made of the same work. It does not guess how people would have worked
//! under other rules: longer opening hours make dues earlier, and nobody answers in them who did not.
//!
//! An imported history is followed as if the desk had been live then: what an import does not record, falls due here.
//!
//! # Versions and publications
//! A side is a [`Rulebook`](crate::Rulebook), or [`Rulebooks`] with several versions and what was
//! [published](Rulebooks::publish). A ticket is tried under the version that it was opened under, where the side has it, and else
//! under the one that is in force there for its tenant. What was published measures what follows it, as on a desk with these
//! rulebooks: so the desk's own rulebooks are the rules before of all its tickets, and the same without a publication, or another
//! rulebook with or without one, are rules to compare them with.
//!
//! # What the other rules make impossible
//! It is applied as recorded and counted as an anomaly by [kind](super::AnomalyKind), as in an import, for each side: a move
//! that the lifecycle does not have there, a change after an automatic close, a message that would have begun another ticket.
//! Three things follow from the history as it is now: work is `Reopened` after a resolution and `Open` before; what is so
//! already is no event; a customer's message that met a ticket at work then, and meets one that waits or is resolved now, moves
//! it as it would live.
//!
//! # What counts as the same
//! Two dues, breaches or firings of two sides are one where they count from the same thing: the last thing that somebody had
//! done when the clock's period began (or, of an idle ticket, the last activity; of a waiting customer, the message), and of
//! several the same in order. The keys of firings play no part: they hold places of events, and those differ.
//!
//! # Properties
//! For every history: the same rulebook twice gives an empty difference. Swapping the rulebooks swaps `before` with `after`,
//! `vanished` with `appeared`, `earlier` with `later`. A history that a desk recorded under the rules before comes about again,
//! event by event, however the desk was swept ([`Redone`]). More opening hours never make the due of a running clock later,
//! where its target is an amount of business time and no rule's inner action changes the ticket.

mod compare;
mod difference;
mod rederive;
mod text;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::call::Cause;
use crate::error::Error;
use crate::id::TenantId;
use crate::kpi::{Report, Summary, Tally};
use crate::rulebook::Rulebooks;
use crate::ticket::{Delivery, Event, Recorded, Version};
use crate::time::micros;

use super::anomaly::Anomalies;

pub use difference::{Changed, Difference, How, Line, Redone, TicketDifference, Tried, What};

use rederive::{Rederived, Trial, is_of_rules, rederive};

/// The rules of two sides, tried on one history after the other.
///
/// Memory grows by eight bytes for each instant that moved, and by what two [`Tally`]s take; no history is kept.
#[derive(Clone, Debug)]
pub struct WhatIf {
    as_of: DateTime<Utc>,
    before: Side,
    after: Side,
    examples: usize,
    tickets: u64,
    differing: u64,
    lines: BTreeMap<What, Count>,
    redone: Redone,
}

/// The difference over these histories, each given as all its events. See [`WhatIf`] for many, or for a report of one's own.
///
/// # Errors
/// A history that does not begin with the opening; rules that go on and on firing; a backlog of more than 50,000 days.
pub fn what_if<H: AsRef<[Recorded]>>(
    tenant: TenantId,
    histories: impl IntoIterator<Item = H>,
    before: impl Into<Rulebooks>,
    after: impl Into<Rulebooks>,
    as_of: DateTime<Utc>,
) -> Result<Difference, Error> {
    let mut what_if = WhatIf::new(before, after, as_of);
    for history in histories {
        what_if.add(tenant, history.as_ref())?;
    }
    what_if.finish()
}

impl WhatIf {
    /// Nothing tried yet. Histories are followed up to `as_of`: what is later has not happened.
    pub fn new(
        before: impl Into<Rulebooks>,
        after: impl Into<Rulebooks>,
        as_of: DateTime<Utc>,
    ) -> WhatIf {
        WhatIf {
            as_of,
            before: Side::new(before.into(), as_of),
            after: Side::new(after.into(), as_of),
            examples: 5,
            tickets: 0,
            differing: 0,
            lines: BTreeMap::new(),
            redone: Redone::default(),
        }
    }

    /// The same, with the figures of this report instead of [`Report::standard`]. To be said before the first history.
    #[must_use]
    pub fn report(mut self, report: &Report) -> WhatIf {
        self.before.tally = report.tally(self.as_of);
        self.after.tally = report.tally(self.as_of);
        self
    }

    /// The same, keeping so many examples of what vanished, appeared or is unlike the record, for each line. Default: 5.
    #[must_use]
    pub fn examples(mut self, n: usize) -> WhatIf {
        self.examples = n;
        self
    }

    /// Tries both sides on the history of one ticket, and tells what differs on it.
    ///
    /// # Errors
    /// A history that does not begin with the opening; rules that go on and on firing. Nothing is counted then.
    pub fn add(
        &mut self,
        tenant: TenantId,
        history: &[Recorded],
    ) -> Result<TicketDifference, Error> {
        let mut difference = TicketDifference {
            changes: Vec::new(),
            unlike_record: None,
        };
        let before = rederive(tenant, history, &mut self.before.trial, self.as_of)?;
        let after = rederive(tenant, history, &mut self.after.trial, self.as_of)?;
        let (Some(before), Some(after)) = (before, after) else {
            return Ok(difference); // opened later
        };
        self.before.add(&before)?;
        self.after.add(&after)?;
        self.tickets = self.tickets.saturating_add(1);
        difference.unlike_record = self.compare_with_record(history, &before);
        let (ticket, number) = (before.ticket.id(), before.ticket.number());
        for pair in compare::pairs(&before, &after) {
            let changed = Changed {
                ticket,
                number,
                what: pair.what,
                since: pair.since,
                before: pair.before,
                after: pair.after,
            };
            let differs = changed.before != changed.after;
            match self.lines.get_mut(&changed.what) {
                Some(count) => count.add(&changed, self.examples),
                None => {
                    let count = self.lines.entry(changed.what.clone()).or_default();
                    count.add(&changed, self.examples);
                }
            }
            if differs {
                difference.changes.push(changed);
            }
        }
        if !difference.changes.is_empty() {
            self.differing = self.differing.saturating_add(1);
        }
        Ok(difference)
    }

    /// The difference over all of them.
    ///
    /// # Errors
    /// A backlog of more than 50,000 days.
    pub fn finish(self) -> Result<Difference, Error> {
        Ok(Difference {
            as_of: self.as_of,
            tickets: self.tickets,
            differing: self.differing,
            before: self.before.tried()?,
            after: self.after.tried()?,
            lines: self
                .lines
                .into_iter()
                .map(|(what, count)| count.line(what))
                .collect(),
            redone: self.redone,
        })
    }

    fn compare_with_record(&mut self, history: &[Recorded], again: &Rederived) -> Option<Version> {
        let elsewhere = |recorded: &Recorded| {
            recorded.cause == Some(Cause::Import)
                || matches!(
                    recorded.event,
                    Event::RulebookApplied { .. } | Event::Imported
                )
        };
        let pinned = history.first().is_some_and(|first| match &first.event {
            Event::Opened(opened) => opened.rulebook == again.book.id(),
            _ => false,
        });
        let redone = &mut self.redone;
        if !pinned || history.iter().any(elsewhere) {
            redone.not_compared = redone.not_compared.saturating_add(1);
            return None;
        }
        let unlike = first_unlike(history, &again.events, self.as_of);
        match unlike {
            None => redone.equal = redone.equal.saturating_add(1),
            Some(version) => {
                redone.unlike = redone.unlike.saturating_add(1);
                if redone.first_unlike.len() < self.examples {
                    redone.first_unlike.push((again.ticket.number(), version));
                }
            }
        }
        unlike
    }
}

/// The first recorded event up to `as_of` that did not come about again. What the record lacks at its end, no sweep had
/// recorded yet; what is delivered depends on the sweeps, and so does who is told that it is over.
fn first_unlike(history: &[Recorded], again: &[Recorded], as_of: DateTime<Utc>) -> Option<Version> {
    let plain = |event: &Event| match event {
        Event::Escalated(fired) => {
            let mut fired = fired.clone();
            (fired.delivery, fired.told) = (Delivery::Delivered, None);
            Event::Escalated(fired)
        }
        other => other.clone(),
    };
    let same = |a: &Recorded, b: &Recorded| {
        a.at == b.at && (a.event == b.event || plain(&a.event) == plain(&b.event))
    };
    let matters = |recorded: &&Recorded| !matches!(recorded.event, Event::Withdrawn { .. });
    let mut again = again.iter().filter(matters);
    let known = history.iter().take_while(|recorded| recorded.at <= as_of);
    for recorded in known.filter(matters) {
        match again.next() {
            Some(redone) if same(recorded, redone) => {}
            None if recorded.at == as_of && is_of_rules(recorded) => {} // due at the end, not before it
            _ => return Some(recorded.version),
        }
    }
    None
}

/// The rules of one side with what they come to.
#[derive(Clone, Debug)]
struct Side {
    trial: Trial,
    tally: Tally,
    anomalies: Anomalies,
}

impl Side {
    fn new(books: Rulebooks, as_of: DateTime<Utc>) -> Side {
        Side {
            trial: Trial::new(books),
            tally: Report::standard().tally(as_of),
            anomalies: Anomalies::default(),
        }
    }

    fn add(&mut self, again: &Rederived) -> Result<(), Error> {
        self.tally.add(&again.facts)?;
        self.anomalies.merge(&again.anomalies);
        Ok(())
    }

    fn tried(self) -> Result<Tried, Error> {
        Ok(Tried {
            rulebook: self.trial.in_force(),
            report: self.tally.report()?,
            anomalies: self.anomalies,
        })
    }
}

/// A [`Line`] that is being counted.
#[derive(Clone, Debug, Default)]
struct Count {
    same: u64,
    moved: u64,
    vanished: u64,
    appeared: u64,
    earlier: Vec<i64>,
    later: Vec<i64>,
    first_vanished: Vec<Changed>,
    first_appeared: Vec<Changed>,
}

impl Count {
    fn add(&mut self, changed: &Changed, examples: usize) {
        let one_more = |count: &mut u64| *count = count.saturating_add(1);
        let keep = |kept: &mut Vec<Changed>| {
            if kept.len() < examples {
                kept.push(changed.clone());
            }
        };
        match (changed.before, changed.after) {
            (Some(before), Some(after)) if before == after => one_more(&mut self.same),
            (Some(before), Some(after)) => {
                one_more(&mut self.moved);
                let by = micros(after).saturating_sub(micros(before));
                if by < 0 {
                    self.earlier.push(by.saturating_neg());
                } else {
                    self.later.push(by);
                }
            }
            (Some(_), None) => {
                one_more(&mut self.vanished);
                keep(&mut self.first_vanished);
            }
            (None, _) => {
                one_more(&mut self.appeared);
                keep(&mut self.first_appeared);
            }
        }
    }

    fn line(self, what: What) -> Line {
        let both = self.same.saturating_add(self.moved);
        Line {
            what,
            before: both.saturating_add(self.vanished),
            after: both.saturating_add(self.appeared),
            same: self.same,
            moved: self.moved,
            vanished: self.vanished,
            appeared: self.appeared,
            earlier: Summary::of(self.earlier),
            later: Summary::of(self.later),
            first_vanished: self.first_vanished,
            first_appeared: self.first_appeared,
        }
    }
}
