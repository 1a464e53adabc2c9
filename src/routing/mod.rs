//! Which agent or which team should take a ticket, and why.
//!
//! A [`Roster`] says who works: skills with levels, languages, tiers, shifts, limits and what each holds already. A
//! [`WorkItem`] says what a ticket needs. [`route`] answers for one ticket and tells of every agent why it is this one or
//! why not; [`plan`] answers for many, the most urgent first. Both are pure functions: they assign nothing, and the host
//! that likes the answer gives a [`Change::Assign`](crate::ticket::Change::Assign).
//!
//! ```
//! use helpdesk::calendar::Calendar;
//! use helpdesk::id::{AgentId, Name, TicketId};
//! use helpdesk::routing::{Limits, Member, Needs, Roster, Route, Rules, WorkItem, route};
//!
//! let early = Calendar::parse("Mon-Fri 06:00-14:00", "Europe/Berlin")?;
//! let (ann, bob) = (AgentId::named("ann"), AgentId::named("bob"));
//! let billing = Name::new("billing")?;
//! let roster = Roster::draft()
//!     .calendar(Name::new("early")?, early)
//!     .member(Member::new(ann).skill(billing.clone(), 3).shift(Name::new("early")?).limits(Limits::tickets(5)))
//!     .member(Member::new(bob).skill(billing.clone(), 1))
//!     .build()?;
//!
//! let item = WorkItem::new(TicketId::named("T1")).needs(Needs::default().skill(billing, 2));
//! let choice = route(&roster, &item, &Rules::default(), "2026-03-05T09:00:00Z".parse()?)?;
//! assert_eq!(choice.route().agent(), Some(ann));
//! assert_eq!(choice.others()[0].to_string(), format!("agent {bob} has the skill `billing` at level 1, level 2 is needed"));
//!
//! // In the evening nobody who is good enough is there: the ticket waits, and the answer says until when.
//! let choice = route(&roster, &item, &Rules::default(), "2026-03-05T19:00:00Z".parse()?)?;
//! assert_eq!(choice.route(), Route::Nobody { from: Some("2026-03-06T05:00:00Z".parse()?) });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Who suits
//! An agent suits a ticket who is not excluded, belongs to one of the teams allowed, has each skill at its level or above,
//! speaks each language, stands at the support tier needed or above, serves the customer's tier, is not away, is on shift at
//! the instant asked about (a shift is a [`Calendar`](crate::calendar::Calendar); at its end it is over), and has room: of
//! tickets, of weight, and of tickets on the channel. Whoever holds the ticket already needs no more room for it.
//!
//! # Who takes it
//! Of those who suit, the [preferences](Preference) of the [`Rules`] decide in their order, the first that differs: by default
//! whoever holds it (no transfer), the last agent (nothing is told twice), the team that has it, the lowest sufficient tier, the
//! smallest share of the tightest limit, the best skill, the longest idle. What remains equal goes to the smallest agent id.
//! Nothing depends on the order in which agents or tickets are given.
//!
//! A ticket whose holder is only off shift and back in time ([`Rules::wait_for_holder`]) [stays](Route::Stays) rather than moves,
//! whoever else suits now. Else, where nobody suits now, it goes to the queue of the [team](Route::Team) that has somebody who will
//! suit, the team that has it already first, then the one whose agent comes soonest, then the smallest id. Whose limits leave no
//! room for it even where nothing is held will never suit.
//!
//! # Many tickets
//! [`plan`] takes them by priority, then by due, then by how long they wait, then by id, and gives each to the best agent left:
//! it looks at each ticket once and moves none again. That is not always the largest number of tickets that could be given
//! out (a matching could give out more), but it is what a supervisor does, it never lets a less urgent ticket take a place
//! from a more urgent one, and it takes bounded time: at most [`MAX_PAIRS`] pairs of ticket and agent.
//!
//! # Properties
//! A chosen agent suits; no limit is broken that held before; the answer is the same for every order of agents and tickets; an
//! agent who does not suit changes nothing about who is chosen, except the ticket's own holder who is only off shift and back in
//! time; whoever holds a ticket and suits keeps it where [`Preference::Holder`] comes first; a plan of one ticket is its route. The feature `testing` has them as functions, in `testing::laws::routing`.
//!
//! # What is not here
//! No optimisation over the day and no forecast: workforce management has its own tools. No presence: the host knows who is
//! signed in, and says so with [`Member::away`].

mod choice;
mod error;
mod fit;
mod item;
mod load;
mod plan;
mod roster;
mod router;
mod rules;

pub use choice::{Choice, NotChosen, Reason, ReasonKind, Route, Transfers};
pub use error::RoutingError;
pub use item::{Needs, WorkItem};
pub use load::{ChannelCount, Limits, Load};
pub use plan::{Assigned, Plan, plan};
pub use roster::{Member, Roster, RosterDraft};
pub use router::route;
pub use rules::{Preference, Requirement, Rules};

/// The most agents of a roster.
pub const MAX_MEMBERS: usize = 100_000;

/// The most pairs of ticket and agent that a plan looks at.
pub const MAX_PAIRS: u64 = 200_000_000;
