//! Which work is looked at.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::{AgentId, Name, TicketId, derive};
use crate::ticket::{Priority, Ticket};

/// A sampling plan: which work is fit, and how much of each agent's is drawn.
///
/// A ticket's lot is a digest of the seed and its id, and the lowest lots are drawn: so a draw is as good as random, can be repeated
/// by anybody, and a ticket that comes late displaces at most one other.
///
/// ```
/// use helpdesk::id::{AgentId, TicketId};
/// use helpdesk::quality::{Candidate, Plan};
/// let resolved_at = "2026-03-05T09:00:00Z".parse()?;
/// let kim = AgentId::named("kim");
/// let work: Vec<_> = (0..40).map(|n| Candidate::new(TicketId::named(&n.to_string()), kim, resolved_at)).collect();
/// let plan = Plan::new(5).seed(2026);
/// assert_eq!(plan.sample(&work).len(), 5);
/// assert_eq!(plan.sample(&work), plan.sample(work.iter().rev()));
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Plan {
    /// How many of each agent are drawn at most.
    pub per_agent: usize,
    /// Another seed draws others.
    #[serde(default)]
    pub seed: u64,
    /// Only work of these types; of any where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<Name>,
    /// Only work of at least this priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Priority>,
    /// Only work that came back, or that did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopened: Option<bool>,
    /// Whether tickets that are fit and that a customer rated at the worst mark are drawn first.
    #[serde(default)]
    pub worst_first: bool,
}

/// Work that could be looked at: a resolution of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Candidate {
    /// The ticket.
    pub ticket: TicketId,
    /// Who resolved it.
    pub agent: AgentId,
    /// When.
    pub resolved_at: DateTime<Utc>,
    /// Its type.
    pub kind: Option<Name>,
    /// Its priority.
    pub priority: Priority,
    /// Whether it was ever reopened.
    pub reopened: bool,
    /// Whether a customer rated it at the worst mark of a scale.
    pub worst_rated: bool,
}

impl Candidate {
    /// A resolution of an ordinary ticket.
    pub fn new(ticket: TicketId, agent: AgentId, resolved_at: DateTime<Utc>) -> Candidate {
        Candidate {
            ticket,
            agent,
            resolved_at,
            kind: None,
            priority: Priority::default(),
            reopened: false,
            worst_rated: false,
        }
    }

    /// The last resolution of a ticket by a human agent, whoever resolved it in later cycles; none where there is none.
    pub fn of(ticket: &Ticket) -> Option<Candidate> {
        let mut cycles = ticket.cycles().iter().rev();
        let (resolved_at, agent) =
            cycles.find_map(|cycle| Some((cycle.resolved_at?, cycle.resolver?.human_agent()?)))?;
        let worst = |rated: crate::ticket::Rated| rated.mark == rated.scale.worst();
        Some(Candidate {
            kind: ticket.kind().cloned(),
            priority: ticket.priority(),
            reopened: ticket.is_reopened(),
            worst_rated: ticket.ratings().iter().any(|rating| worst(rating.rated)),
            ..Candidate::new(ticket.id(), agent, resolved_at)
        })
    }
}

impl Plan {
    /// At most so many of each agent, of whatever kind.
    pub fn new(per_agent: usize) -> Plan {
        Plan {
            per_agent,
            seed: 0,
            types: Vec::new(),
            at_least: None,
            reopened: None,
            worst_first: false,
        }
    }

    /// The same plan with another seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Plan {
        self.seed = seed;
        self
    }

    /// Whether work is fit to be drawn.
    pub fn fits(&self, work: &Candidate) -> bool {
        let of_type = |kind: &Name| self.types.contains(kind);
        (self.types.is_empty() || work.kind.as_ref().is_some_and(of_type))
            && self.at_least.is_none_or(|least| work.priority >= least)
            && self
                .reopened
                .is_none_or(|reopened| work.reopened == reopened)
    }

    /// What is drawn, by agent and then by lot. Work that stands twice counts once.
    pub fn sample<'a>(&self, work: impl IntoIterator<Item = &'a Candidate>) -> Vec<&'a Candidate> {
        let mut lots: BTreeMap<AgentId, BTreeMap<(bool, Uuid, TicketId), &Candidate>> =
            BTreeMap::new();
        for one in work.into_iter().filter(|one| self.fits(one)) {
            let lot = derive(&[
                b"lot",
                &self.seed.to_be_bytes(),
                one.ticket.uuid().as_bytes(),
            ]);
            let is_later = !(self.worst_first && one.worst_rated);
            let of_agent = lots.entry(one.agent).or_default();
            of_agent.insert((is_later, lot, one.ticket), one);
        }
        let drawn = lots
            .into_values()
            .flat_map(|lots| lots.into_values().take(self.per_agent));
        drawn.collect()
    }
}
