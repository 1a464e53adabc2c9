//! KPI rows as lists: the values of a row's fields in the order of their declaration, without the names.
//!
//! Whoever reads needs nothing of this: a record is read from the list of its fields as well as from the fields by name. So a place
//! must keep its meaning: a new field comes last in its record, and has a default. `tests/stored/` has a text that tells where one
//! moved.

use serde::ser::SerializeTuple;
use serde::{Serialize, Serializer};

use crate::kpi::{
    ClockFact, Effort, Fact, Holder, Holding, Lengths, Own, RatingFact, Response, Spent,
};
use crate::ticket::ClockId;
use crate::time::Text;

/// A record as the list of its fields.
struct Short<'a, T>(&'a T);

/// Records, each as the list of its fields.
pub(super) struct List<'a, T>(pub(super) &'a [T]);

impl<'a, T> Serialize for List<'a, T>
where
    Short<'a, T>: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Short))
    }
}

/// The fields of a record, all of them or it does not compile, each with what it is: itself, or an instant, maybe an instant, a
/// record, perhaps a record, or records.
macro_rules! short {
    ($($record:ident { $($field:ident $(: $what:ident)?),* $(,)? })*) => {$(
        impl Serialize for Short<'_, $record> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let $record { $($field),* } = self.0;
                let mut list = serializer.serialize_tuple([$(stringify!($field)),*].len())?;
                $(list.serialize_element(&short!(@ $field $($what)?))?;)*
                list.end()
            }
        }
    )*};
    (@ $field:ident) => { $field };
    (@ $field:ident instant) => { Text(*$field) };
    (@ $field:ident maybe) => { $field.map(Text) };
    (@ $field:ident record) => { Short($field) };
    (@ $field:ident perhaps) => { $field.as_ref().map(Short) };
    (@ $field:ident records) => { List($field) };
}

short! {
    Fact {
        formula, ticket, number, cycle, created_at: instant, started_at: instant, first_resolved_at: maybe, resolved_at: maybe,
        resolver, closed, left_at: maybe, reopened_at: maybe, first_spent: perhaps, spent: perhaps, cycle_spent: perhaps, assignee: record, holdings: records,
        team_transfers, agent_transfers, replies, touches, follow_ups, one_contact, responses: records, effort: records,
        ratings: records, channel, priority, kind, tags, team, agent, requester, own: perhaps,
    }
    Own {
        stage, first_response, clocks: records, replies, customer_messages, notes, effort_us, first_responding_team, agents,
        estimates, sessions, fields,
    }
    Holding { holder: record, since: instant, until: maybe, spent: perhaps }
    Response { asked_at: instant, at: instant, by: record, after: record }
    Effort { at: instant, by, team, spent_us }
    RatingFact { at: instant, kind, mark, scale, credit, team, customer }
    ClockFact { clock: record, amount_us, state, verdict, ever_breached, elapsed_us, stopped_at: maybe, kept_until: maybe,
        credited: record, without_target }
    Lengths { calendar_us, business_us }
    Spent { work: record, waiting: record, done: record, for_customer: record }
    ClockId { agreement, metric }
    Holder { agent, team }
}
