//! What others call a resolution at the first contact: their formulas over the same rows.
//!
//! Two desks can report 70 % and 45 % of one and the same work, because "first contact resolution" is a different number in each
//! product. Each [`Dialect`] says what it counts and where it was published; [`first_contact`] works it out, and [`differ`]
//! lists the tickets on which two of them disagree.
//!
//! ```
//! use helpdesk::kpi::{Dialect, FirstContact, Report, first_contact};
//! # let tickets: Vec<Vec<helpdesk::kpi::Fact>> = vec![];
//! let scope = Report::standard().last_days(30).scope("2026-04-01T00:00:00Z".parse()?);
//! for dialect in Dialect::ALL {
//!     let ratio = first_contact(&FirstContact::new(dialect), &tickets, &scope)?;
//!     println!("{dialect}: {ratio} ({})", dialect.definition().source);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{Name, TicketId};

use super::error::KpiError;
use super::facts::{Fact, Holder};
use super::known::{Known, Resolution, Standing};
use super::place::Place;
use super::ratio::{Excluded, Exclusion, Ratio};
use super::tally::Anchor;
use super::window::Scope;

/// One product's, or one school's, meaning of a resolution at the first contact.
///
/// Rows cannot tell whether a call was resolved before the caller hung up: in HDI's dialects a live contact counts where nobody
/// answered a second time, no other team took over and the customer did not come back. A call or chat is one answer and one contact,
/// whatever is said in it ([`Fact::replies`](super::Fact::replies)).
///
/// Grows with the products.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Dialect {
    /// This crate's: one answer, nobody came back.
    Standard,
    /// Zendesk's one-touch tickets.
    Zendesk,
    /// HDI and MetricNet, over all contacts.
    HdiGross,
    /// HDI and MetricNet, over the contacts that a first contact can resolve.
    HdiNet,
    /// Freshservice's FCR %.
    Freshservice,
    /// Intercom's conversations closed on first contact.
    Intercom,
    /// Zammad's first solution.
    Zammad,
}

/// What a [`Dialect`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DialectDefinition {
    /// Which.
    pub dialect: Dialect,
    /// Its name for people.
    pub title: &'static str,
    /// What the numerator counts.
    pub numerator: &'static str,
    /// The set that it is about.
    pub denominator: &'static str,
    /// What is left out.
    pub exclusions: &'static [&'static str],
    /// Where it was published.
    pub source: &'static str,
}

/// Every dialect.
pub const DIALECTS: [DialectDefinition; Dialect::ALL.len()] = [
    DialectDefinition {
        dialect: Dialect::Standard,
        title: "first contact resolution",
        numerator: "those resolved in their first cycle with, up to that resolution, at most one answer of a human agent (a public message, or a call or chat with all that the agent says in it), no further contact by the customer (a message, a call or chat, an unanswered ticket merged in) and no change of team, and not reopened within 7 days (or as set)",
        denominator: "tickets whose first resolution lies in the window and is at least 7 days old (or as set)",
        exclusions: &["immature: younger"],
        source: "this crate",
    },
    DialectDefinition {
        dialect: Dialect::Zendesk,
        title: "one-touch (Zendesk)",
        numerator: "those with fewer than two answers of human agents over their whole life: public messages, and calls and chats, each with all that one agent says in it",
        denominator: "tickets whose last resolution lies in the window and that are resolved or closed at the instant of the report",
        exclusions: &["open again"],
        source: "Zendesk, How are one-touch resolutions calculated?, support.zendesk.com/hc/en-us/articles/4408820618266: agent replies < 2 and status Solved or Closed",
    },
    DialectDefinition {
        dialect: Dialect::HdiGross,
        title: "gross first contact resolution (HDI)",
        numerator: "by phone, chat or in person: up to the resolution at most one answer of a human agent and no further contact by the customer; otherwise: resolved within one business hour; in both: no change of team and not reopened",
        denominator: "tickets created in the window: all contacts",
        exclusions: &[],
        source: "J. Rumburg, Metric of the Month: First Contact Resolution Rate, HDI and MetricNet; HDI, How Do You Calculate First Call Resolution?, thinkhdi.com, 2018: one business hour for e-mail and web",
    },
    DialectDefinition {
        dialect: Dialect::HdiNet,
        title: "net first contact resolution (HDI)",
        numerator: "as gross",
        denominator: "tickets created in the window that a first contact can resolve",
        exclusions: &["beyond a first contact: has a tag that was declared so"],
        source: "as gross: contacts that cannot be resolved at first contact are left out",
    },
    DialectDefinition {
        dialect: Dialect::Freshservice,
        title: "FCR % (Freshservice)",
        numerator: "those without a message, call or chat of the customer after the one that opened them, however often the agents answered",
        denominator: "tickets whose last resolution lies in the window and that are resolved or closed at the instant of the report",
        exclusions: &["open again"],
        source: "Freshservice, How do you calculate FCR%?, support.freshservice.com/en/support/solutions/articles/50000004904",
    },
    DialectDefinition {
        dialect: Dialect::Intercom,
        title: "closed on first contact (Intercom)",
        numerator: "those resolved or closed exactly once, on which exactly one human agent wrote or took a call or chat",
        denominator: "tickets created in the window",
        exclusions: &[],
        source: "Intercom, Reporting metrics & attributes, intercom.com/help/en/articles/7022438: closed once with one participating teammate, by when the conversation started",
    },
    DialectDefinition {
        dialect: Dialect::Zammad,
        title: "first solution (Zammad)",
        numerator: "those that left the backlog less than 15 minutes after their creation",
        denominator: "tickets whose last leaving of the backlog, resolved or closed, lies in the window",
        exclusions: &[],
        source: "Zammad, lib/report/ticket_first_solution.rb: close_at - 15 minutes < created_at, by close_at; Zammad shows the number, not a rate",
    },
];

impl Dialect {
    /// Every dialect.
    pub const ALL: [Dialect; 7] = [
        Dialect::Standard,
        Dialect::Zendesk,
        Dialect::HdiGross,
        Dialect::HdiNet,
        Dialect::Freshservice,
        Dialect::Intercom,
        Dialect::Zammad,
    ];

    /// What it counts.
    pub const fn definition(self) -> &'static DialectDefinition {
        &DIALECTS[self as usize]
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.definition().title)
    }
}

/// A dialect with what it needs to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstContact {
    dialect: Dialect,
    beyond: BTreeSet<Name>,
}

impl FirstContact {
    /// The dialect, with nothing declared.
    pub fn new(dialect: Dialect) -> FirstContact {
        FirstContact {
            dialect,
            beyond: BTreeSet::new(),
        }
    }

    /// The tags of tickets that no first contact can resolve, such as a broken device: [`Dialect::HdiNet`] leaves them out.
    #[must_use]
    pub fn beyond_first_contact(self, tags: impl IntoIterator<Item = Name>) -> FirstContact {
        FirstContact {
            beyond: tags.into_iter().collect(),
            ..self
        }
    }
}

/// How a dialect judges one ticket of its set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// Resolved at the first contact.
    Yes,
    /// Not so.
    No,
    /// Left out, for this reason.
    LeftOut(Exclusion),
    /// Not of the dialect's set in this window.
    NotMeant,
}

/// A ticket on which two dialects disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// The ticket.
    pub ticket: TicketId,
    /// How the first dialect judges it.
    pub one: Judgement,
    /// How the second one does.
    pub other: Judgement,
}

/// The dialect's ratio over these tickets, each given as all its rows.
///
/// # Errors
/// As [`Report::over`](super::Report::over).
pub fn first_contact<T: AsRef<[Fact]>>(
    what: &FirstContact,
    tickets: impl IntoIterator<Item = T>,
    scope: &Scope,
) -> Result<Ratio, KpiError> {
    let (mut part, mut whole, mut left_out) = (0u64, 0u64, Vec::new());
    for rows in tickets {
        match judge(what, rows.as_ref(), scope)? {
            Judgement::Yes => (part, whole) = (part.saturating_add(1), whole.saturating_add(1)),
            Judgement::No => whole = whole.saturating_add(1),
            Judgement::LeftOut(reason) => left_out.push((reason, 1)),
            Judgement::NotMeant => {}
        }
    }
    Ok(Ratio::new(part, whole, Excluded::from_iter(left_out)).unwrap_or_default())
}

/// The tickets that two dialects judge differently, in the order in which they are given.
///
/// # Errors
/// As [`Report::over`](super::Report::over).
pub fn differ<T: AsRef<[Fact]>>(
    one: &FirstContact,
    other: &FirstContact,
    tickets: impl IntoIterator<Item = T>,
    scope: &Scope,
) -> Result<Vec<Difference>, KpiError> {
    let mut found = Vec::new();
    for rows in tickets {
        let rows = rows.as_ref();
        let (one, other) = (judge(one, rows, scope)?, judge(other, rows, scope)?);
        if let (Some(row), true) = (rows.first(), one != other) {
            found.push(Difference {
                ticket: row.ticket,
                one,
                other,
            });
        }
    }
    Ok(found)
}

fn judge(what: &FirstContact, rows: &[Fact], scope: &Scope) -> Result<Judgement, KpiError> {
    let Some(ticket) = Known::at(rows, scope)? else {
        return Ok(Judgement::NotMeant);
    };
    let Some(case) = case(what, &ticket, scope) else {
        return Ok(Judgement::NotMeant);
    };
    let anchor = Anchor::of(&ticket, scope);
    let at = match case.of_resolution {
        true => Some(anchor.resolution(case.at)),
        false => anchor.event(case.at),
    };
    let Some(at) = at else {
        return Ok(Judgement::NotMeant);
    };
    let place = Place {
        at,
        holder: case.holder,
    };
    if !scope.admits(&ticket, &place) {
        return Ok(Judgement::NotMeant);
    }
    Ok(match case.answer {
        Ok(true) => Judgement::Yes,
        Ok(false) => Judgement::No,
        Err(reason) => Judgement::LeftOut(reason),
    })
}

/// A ticket in the eyes of a dialect: what places it, and how it came out.
pub(super) struct Case {
    pub(super) at: DateTime<Utc>,
    /// Whether that is a resolution, which a [`Cohort`](super::Cohort) of resolutions places by itself.
    pub(super) of_resolution: bool,
    pub(super) holder: Holder,
    pub(super) answer: Result<bool, Exclusion>,
}

/// `None` where the dialect does not speak of such tickets, in whatever window.
pub(super) fn case(what: &FirstContact, ticket: &Known<'_>, scope: &Scope) -> Option<Case> {
    let resolved = |resolution: Resolution<'_>, answer| Case {
        at: resolution.at,
        of_resolution: true,
        holder: resolution.credited,
        answer,
    };
    let created = |answer| Case {
        at: ticket.created_at(),
        of_resolution: false,
        holder: ticket.assigned(),
        answer,
    };
    Some(match what.dialect {
        Dialect::Standard => {
            let first = ticket.first_resolution()?;
            let answer = if scope.is_mature(first.at) {
                Ok(is_first_contact(&first, scope))
            } else {
                Err(Exclusion::Immature)
            };
            resolved(first, answer)
        }
        Dialect::Zendesk => {
            let replies = ticket.sum(|row| row.replies);
            resolved(ticket.last_resolution()?, standing(ticket, replies < 2))
        }
        Dialect::Freshservice => {
            let follow_ups = ticket.sum(|row| row.follow_ups);
            resolved(ticket.last_resolution()?, standing(ticket, follow_ups == 0))
        }
        Dialect::HdiGross => created(Ok(is_hdi(ticket))),
        Dialect::HdiNet
            if ticket
                .first()
                .tags
                .iter()
                .any(|tag| what.beyond.contains(tag)) =>
        {
            created(Err(Exclusion::BeyondFirstContact))
        }
        Dialect::HdiNet => created(Ok(is_hdi(ticket))),
        Dialect::Intercom => {
            let once = ticket.rows().len() == 1 && ticket.standing() != Standing::Backlog;
            created(Ok(once && ticket.agents() == 1))
        }
        Dialect::Zammad => {
            let (row, left) = ticket.last_leaving()?;
            let soon = left.signed_duration_since(ticket.created_at()) < TimeDelta::minutes(15);
            let holder = match row.resolved_at {
                Some(_) => row.assignee,
                None => ticket.assigned(),
            };
            Case {
                at: left,
                of_resolution: row.resolved_at.is_some(),
                holder,
                answer: Ok(soon),
            }
        }
    })
}

fn is_first_contact(first: &Resolution<'_>, scope: &Scope) -> bool {
    let row = first.row;
    let reopened = first
        .reopened_at
        .is_some_and(|at| scope.is_soon(first.at, at));
    row.cycle == 0 && row.one_contact && !reopened
}

fn is_hdi(ticket: &Known<'_>) -> bool {
    const HOUR: i64 = 3_600_000_000;
    let row = ticket.first();
    let once = ticket.rows().len() == 1 && row.team_transfers == 0;
    let live = row.channel.is_live();
    let soon = |first: Resolution<'_>| first.spent.whole().business_us <= HOUR;
    let resolved = ticket.first_resolution();
    once && resolved.is_some_and(|first| if live { row.one_contact } else { soon(first) })
}

fn standing(ticket: &Known<'_>, yes: bool) -> Result<bool, Exclusion> {
    match ticket.standing() {
        Standing::Backlog => Err(Exclusion::Reopened),
        Standing::Resolved | Standing::Closed(_) => Ok(yes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_finds_its_own_definition() {
        for dialect in Dialect::ALL {
            assert_eq!(dialect.definition().dialect, dialect);
        }
    }
}
