//! What tickets need, as data, and what decides between those who suit.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::Name;
use crate::sla::Condition;
use crate::ticket::{FieldValue, Ticket};
use crate::time::Span;

use super::error::RoutingError;
use super::item::{Needs, WorkItem};
use super::load::ChannelCount;

/// What tickets of a kind need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Requirement {
    /// Of which tickets.
    pub when: Condition,
    /// What they need.
    pub needs: Needs,
}

/// What makes one agent who suits better than another. Listed in [`Rules::prefer`], the first that differs decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Preference {
    /// Holds the ticket: no transfer.
    Holder,
    /// Dealt last with the ticket or its customer: nothing is told twice.
    LastAgent,
    /// Belongs to the team that has the ticket: no transfer between teams.
    SameTeam,
    /// Stands at the lower support tier: specialists stay free.
    LowestTier,
    /// Would use the smaller share of the tightest limit; then holds less weight, then fewer tickets. Who has no limit uses no share.
    LeastLoad,
    /// Has the higher sum of levels of the skills needed.
    BestSkill,
    /// Has the lower sum of levels of the skills needed: experts stay free.
    ClosestSkill,
    /// Was given work longest ago; never comes first.
    LongestIdle,
    /// Has the smaller id: what decides where nothing else does.
    SmallestId,
}

impl Preference {
    /// Every preference.
    pub const ALL: [Preference; 9] = [
        Preference::Holder,
        Preference::LastAgent,
        Preference::SameTeam,
        Preference::LowestTier,
        Preference::LeastLoad,
        Preference::BestSkill,
        Preference::ClosestSkill,
        Preference::LongestIdle,
        Preference::SmallestId,
    ];
}

impl fmt::Display for Preference {
    /// What the better one does or is, as it reads after a name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Preference::Holder => "holds the ticket already",
            Preference::LastAgent => "dealt with it last",
            Preference::SameTeam => "belongs to the team that has the ticket",
            Preference::LowestTier => "stands at the lower support tier",
            Preference::LeastLoad => "has the smaller load",
            Preference::BestSkill => "has the higher skill",
            Preference::ClosestSkill => "has the skill closer to what is needed",
            Preference::LongestIdle => "was given work longer ago",
            Preference::SmallestId => "is equal in all else and has the smaller id",
        })
    }
}

/// How tickets are routed.
///
/// Written as JSON it names only what differs from the default:
///
/// ```
/// let rules: helpdesk::routing::Rules = serde_json::from_str(r#"{
///   "requirements": [
///     {"when": {"tag": "invoice"}, "needs": {"skills": {"billing": 2}}},
///     {"when": {"priority": ["critical"]}, "needs": {"tier": 1}}
///   ],
///   "language_field": "language",
///   "weights": [{"channel": "chat", "tickets": 3}],
///   "prefer": ["holder", "last_agent", "least_load"]
/// }"#)?;
/// assert_eq!(rules.requirements.len(), 2);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Rules {
    /// What tickets need; every one that holds applies.
    pub requirements: Vec<Requirement>,
    /// The ticket's field that names the customer's language, such as `de`.
    pub language_field: Option<Name>,
    /// The ticket's field that names the customer's tier.
    pub customer_tier_field: Option<Name>,
    /// How many ordinary tickets a ticket on a channel weighs as much as; 1 where nothing is given.
    pub weights: Vec<ChannelCount>,
    /// What decides between those who suit, the first that differs. The smallest id always stands at the end.
    pub prefer: Vec<Preference>,
    /// A ticket whose holder is off shift stays where the holder is back at least this long before it is due; it moves
    /// where nothing is given. Default: 1 h.
    pub wait_for_holder: Option<Span>,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            requirements: Vec::new(),
            language_field: None,
            customer_tier_field: None,
            weights: Vec::new(),
            prefer: vec![
                Preference::Holder,
                Preference::LastAgent,
                Preference::SameTeam,
                Preference::LowestTier,
                Preference::LeastLoad,
                Preference::BestSkill,
                Preference::LongestIdle,
            ],
            wait_for_holder: Some(Span::hours(1)),
        }
    }
}

impl Rules {
    /// What `ticket` needs of whoever takes it: all requirements that hold, its language and customer tier where its fields
    /// name them, the weight of its channel. It waits since its last change of hands, or since it began. The last agent is
    /// the last one in charge, else the last one who answered.
    ///
    /// The due is left to the caller, who knows which clock matters: [`Reading::due`](crate::sla::Reading::due).
    ///
    /// # Errors
    /// A condition that nests too deep, a skill at level 0.
    pub fn item(&self, ticket: &Ticket) -> Result<WorkItem, RoutingError> {
        let mut needs = Needs::default();
        for (place, requirement) in self.requirements.iter().enumerate() {
            if !requirement.when.is_within(Condition::MAX_DEPTH) {
                return Err(RoutingError::too_deep(place, Condition::MAX_DEPTH));
            }
            requirement
                .needs
                .check(format_args!("requirement {place}"))?;
            if requirement.when.holds(ticket) {
                needs = needs.and(&requirement.needs);
            }
        }
        needs
            .languages
            .extend(named_by(ticket, self.language_field.as_ref()));
        if let Some(tier) = named_by(ticket, self.customer_tier_field.as_ref()) {
            needs.customer_tier = Some(tier);
        }
        let mut item = WorkItem::new(ticket.id())
            .priority(ticket.priority())
            .over(ticket.goes_over().clone())
            .weight(self.weight_of(ticket))
            .needs(needs)
            .held_by(ticket.holder());
        let held = ticket.assignments();
        let holders = || held.iter().rev().map(|one| one.holder);
        item.before.agent = holders().find_map(|holder| holder.agent);
        item.before.team = holders().find_map(|holder| holder.team);
        let answers = ticket.messages().iter().rev().filter(|m| m.answers());
        let answered = || answers.clone().find_map(|m| m.author.human_agent());
        item.last_agent = item.before.agent.or_else(answered);
        item.since = Some(held.last().map_or(ticket.created_at(), |last| last.at));
        Ok(item)
    }

    fn weight_of(&self, ticket: &Ticket) -> u32 {
        let of_channel = |weight: &&ChannelCount| weight.channel == *ticket.goes_over();
        self.weights
            .iter()
            .find(of_channel)
            .map_or(1, |weight| weight.tickets)
    }
}

/// What a text field of the ticket names. A text that is no name, or about a person, names nothing.
fn named_by(ticket: &Ticket, field: Option<&Name>) -> Option<Name> {
    match ticket.fields().get(field?)? {
        FieldValue::Text(text) => Name::new(text).ok(),
        _ => None,
    }
}
