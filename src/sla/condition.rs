//! When a policy applies: questions about facts that stand in a ticket's events.

use serde::{Deserialize, Serialize};

use crate::id::{Name, TeamId};
use crate::ticket::{Channel, FieldValue, Priority, Ticket};

/// A question about a ticket's facts.
///
/// The text form nests: `{"all": [{"priority": ["urgent"]}, {"not": {"tag": "internal"}}]}`. At most
/// [`Condition::MAX_DEPTH`] levels deep.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Condition {
    /// Yes.
    #[default]
    Always,
    /// Every one of these; yes where there is none.
    All(Vec<Condition>),
    /// At least one of these; no where there is none.
    Any(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
    /// The priority is one of these.
    Priority(Vec<Priority>),
    /// The type is one of these.
    Type(Vec<Name>),
    /// The ticket came over one of these channels.
    Channel(Vec<Channel>),
    /// It has this tag.
    Tag(Name),
    /// One of these teams is in charge.
    Team(Vec<TeamId>),
    /// A field of the host has one of these values.
    Field {
        /// The field.
        name: Name,
        /// The values.
        is: Vec<FieldValue>,
    },
}

impl Condition {
    /// How deep conditions may nest.
    pub const MAX_DEPTH: usize = 32;

    /// A field of the host has this value.
    ///
    /// ```
    /// use helpdesk::sla::{Condition, Policy};
    /// let gold = Policy::new("gold".parse()?).when(Condition::field("tier".parse()?, "gold"));
    /// # let _ = gold;
    /// # Ok::<(), helpdesk::id::InvalidName>(())
    /// ```
    pub fn field(name: Name, value: impl Into<FieldValue>) -> Condition {
        let is = vec![value.into()];
        Condition::Field { name, is }
    }

    /// The answer for `ticket` as it stands.
    pub fn holds(&self, ticket: &Ticket) -> bool {
        match self {
            Condition::Always => true,
            Condition::All(parts) => parts.iter().all(|part| part.holds(ticket)),
            Condition::Any(parts) => parts.iter().any(|part| part.holds(ticket)),
            Condition::Not(part) => !part.holds(ticket),
            Condition::Priority(list) => list.contains(&ticket.priority()),
            Condition::Type(list) => ticket.kind().is_some_and(|kind| list.contains(kind)),
            Condition::Channel(list) => list.contains(ticket.channel()),
            Condition::Tag(tag) => ticket.tags().contains(tag),
            Condition::Team(list) => ticket.team().is_some_and(|team| list.contains(&team)),
            Condition::Field { name, is } => ticket
                .fields()
                .get(name)
                .is_some_and(|value| is.contains(value)),
        }
    }

    /// Whether it nests no deeper than `levels`.
    pub(crate) fn is_within(&self, levels: usize) -> bool {
        let Some(below) = levels.checked_sub(1) else {
            return false;
        };
        match self {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().all(|part| part.is_within(below))
            }
            Condition::Not(part) => part.is_within(below),
            _ => true,
        }
    }
}
