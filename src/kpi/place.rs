//! Where a figure is counted: when, and to whose credit. And by what the whole can be divided.
//!
//! Everything that is counted has a place. A window admits places by their instant; a filter and a group by what a
//! [`Dimension`] says of them. So a row of a grouped report is the report filtered to that row, by construction.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Datelike, Timelike, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{AgentId, CustomerId, Name, TeamId};
use crate::ticket::{Channel, FieldValue, Priority};

use super::facts::Holder;
use super::known::Known;
use super::period::{Every, Period};
use super::window::Scope;

/// What one contribution to a figure is placed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) at: DateTime<Utc>,
    pub(super) holder: Holder,
}

/// By what a report can be divided or filtered.
///
/// Whom a figure is credited to, where it is divided by agent or team, is said by its definition
/// ([`Definition::attribution`](super::Definition::attribution)). All else is the ticket's as it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Dimension {
    /// The agent.
    Agent,
    /// The team.
    Team,
    /// The way the ticket came.
    Channel,
    /// The priority.
    Priority,
    /// The type.
    Type,
    /// A field of the host: a category, a product; and, where the host records them so, the customer's organisation or tier.
    Field(Name),
    /// Who asks for help.
    Requester,
    /// The tags. They overlap: a ticket with two tags is counted twice, so the groups are no parts of the whole.
    Tag,
    /// The period in which the figure's instant lies.
    Period(Every),
    /// The weekday of that instant.
    Weekday,
    /// The hour of the day of that instant.
    HourOfDay,
}

impl Dimension {
    /// Whether one ticket can stand in several groups at once for one and the same figure.
    pub fn overlaps(&self) -> bool {
        matches!(self, Dimension::Tag)
    }

    /// Whether it depends on the instant of a figure rather than on the ticket.
    pub(super) fn is_of_time(&self) -> bool {
        matches!(
            self,
            Dimension::Period(_) | Dimension::Weekday | Dimension::HourOfDay
        )
    }

    /// Whether its labels are known by names, rather than having an order of their own.
    pub(super) fn is_named(&self) -> bool {
        !self.is_of_time() && *self != Dimension::Priority
    }

    /// What the place is called; several for tags.
    pub(super) fn labels(&self, ticket: &Known<'_>, place: &Place, scope: &Scope) -> Vec<Label> {
        let row = ticket.first();
        let local = || scope.zone.local(place.at);
        let one = match self {
            Dimension::Agent => place.holder.agent.map(Label::Agent),
            Dimension::Team => place.holder.team.map(Label::Team),
            Dimension::Channel => Some(Label::Channel(row.channel.clone())),
            Dimension::Priority => Some(Label::Priority(row.priority)),
            Dimension::Type => row.kind.clone().map(Label::Type),
            Dimension::Field(name) => ticket.field(name).cloned().map(Label::Field),
            Dimension::Requester => Some(Label::Requester(row.requester)),
            Dimension::Period(every) => Some(Label::Period(Period::at(
                *every,
                place.at,
                &scope.zone,
                scope.week_begins,
            ))),
            Dimension::Weekday => u8::try_from(local().weekday().num_days_from_monday())
                .ok()
                .map(Label::Weekday),
            Dimension::HourOfDay => u8::try_from(local().hour()).ok().map(Label::HourOfDay),
            Dimension::Tag if row.tags.is_empty() => None,
            Dimension::Tag => {
                let tags: BTreeSet<&Name> = row.tags.iter().collect(); // rows of others may name one twice
                return tags.into_iter().cloned().map(Label::Tag).collect();
            }
        };
        vec![one.unwrap_or(Label::None)]
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Dimension::Agent => "agent",
            Dimension::Team => "team",
            Dimension::Channel => "channel",
            Dimension::Priority => "priority",
            Dimension::Type => "type",
            Dimension::Field(name) => name.as_str(),
            Dimension::Requester => "requester",
            Dimension::Tag => "tag",
            Dimension::Period(Every::Hour) => "hour",
            Dimension::Period(Every::Day) => "day",
            Dimension::Period(Every::Week) => "week",
            Dimension::Period(Every::Month) => "month",
            Dimension::Period(Every::Quarter) => "quarter",
            Dimension::Period(Every::Year) => "year",
            Dimension::Weekday => "weekday",
            Dimension::HourOfDay => "hour of the day",
        })
    }
}

/// One value of a [`Dimension`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Label {
    /// Of [`Dimension::Agent`].
    Agent(AgentId),
    /// Of [`Dimension::Team`].
    Team(TeamId),
    /// Of [`Dimension::Channel`].
    Channel(Channel),
    /// Of [`Dimension::Priority`].
    Priority(Priority),
    /// Of [`Dimension::Type`].
    Type(Name),
    /// Of [`Dimension::Field`].
    Field(FieldValue),
    /// Of [`Dimension::Requester`].
    Requester(CustomerId),
    /// Of [`Dimension::Tag`].
    Tag(Name),
    /// Of [`Dimension::Period`].
    Period(Period),
    /// Of [`Dimension::Weekday`]: the days since Monday, 0 to 6.
    Weekday(u8),
    /// Of [`Dimension::HourOfDay`]: 0 to 23.
    HourOfDay(u8),
    /// Nobody in charge, no type, no such field, no tag.
    None,
}

impl fmt::Display for Label {
    /// Ids stand as uuids; [`Names`](super::Names) puts names in their place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        match self {
            Label::Agent(id) => id.fmt(f),
            Label::Team(id) => id.fmt(f),
            Label::Channel(channel) => f.pad(channel.as_str()),
            Label::Priority(priority) => priority.fmt(f),
            Label::Type(name) | Label::Tag(name) => name.fmt(f),
            Label::Field(FieldValue::Text(text)) => f.pad(text),
            Label::Field(FieldValue::Number(n)) => n.fmt(f),
            Label::Field(FieldValue::Flag(yes)) => f.pad(if *yes { "yes" } else { "no" }),
            Label::Field(FieldValue::Personal(_)) | Label::None => f.pad("(none)"),
            Label::Requester(id) => id.fmt(f),
            Label::Period(period) => period.fmt(f),
            Label::Weekday(day) => f.pad(DAYS.get(usize::from(*day)).copied().unwrap_or("?")),
            Label::HourOfDay(hour) => f.pad(&format!("{hour:02}:00")),
        }
    }
}

/// What a report is narrowed to: the places that a dimension gives one of these labels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// By what.
    pub dimension: Dimension,
    /// What is let through.
    pub labels: Vec<Label>,
}

impl Filter {
    pub(super) fn admits(&self, ticket: &Known<'_>, place: &Place, scope: &Scope) -> bool {
        let labels = self.dimension.labels(ticket, place, scope);
        labels.iter().any(|label| self.labels.contains(label))
    }
}
