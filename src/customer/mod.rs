//! Customers: one profile over all channels.
//!
//! A customer is a [`CustomerId`] before there is any profile: opening a ticket from an address makes one. The profile is what
//! the desk knows besides: the identities under which the person writes, calls and posts, what she prefers, her tier and
//! organisation, notes. Every identity stands for one customer of the tenant, so
//! [`Open::from`](crate::Open::from) finds her by any of them.
//!
//! Two profiles that turn out to be one person are [joined](Command::Join): the survivor takes over identities, notes and
//! tickets, and the other id leads to the survivor for ever. Both histories stay, and the joining stands in both.
//!
//! ```
//! use helpdesk::customer::{Change, Command, Identity, Profile};
//! use helpdesk::id::{AgentId, CustomerId};
//! use helpdesk::{Actor, Call, Desk, Open, Rulebook, store::MemoryStore};
//!
//! let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
//! let call = Call::new(Actor::agent(AgentId::named("kim")), "2026-03-05T09:00:00Z".parse()?);
//! let ann = CustomerId::named("crm-4711");
//! desk.tell::<Profile>(ann, &call, Command::Identify(Identity::address("ann@example.com")))?;
//! desk.tell::<Profile>(ann, &call, Command::Identify(Identity::phone("+49 30 901820")))?;
//! desk.tell::<Profile>(ann, &call, Command::set(Change::Tier(Some("gold".parse()?))))?;
//!
//! let t = desk.open(&call, Open::new("No dial tone").from("0049 (30) 901-820"))?;
//! assert_eq!(t.ticket().requester(), ann);
//! assert_eq!(desk.state::<Profile>(ann)?.tier().unwrap().as_str(), "gold");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Properties
//! - An identity has at most one customer of a tenant at any time.
//! - Joining loses no identity, no note and no id: those of the survivor afterwards are those of both before.
//! - Whatever is joined in whatever order, every id leads to the survivor in one step.
//!
//! # What is not here
//! No text: names, identities and notes are [`Content`](crate::ticket::Content) records about the customer, and are gone with
//! [`erase_person`](crate::desk::TenantDesk::erase_person). No proof that an address belongs to the person: the host has that.

mod command;
mod decide;
mod event;
mod identity;
mod person;
mod refusal;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Around, Context, Decided, Needs, StreamKind};
use crate::call::{Actor, Call};
use crate::id::{ContentId, CustomerId, Name};
use crate::ticket::{Channel, Permission, Recorded};

pub use command::{Change, Command};
pub use event::{Event, Joined};
pub use identity::{Identity, IdentityKind};
pub(crate) use person::Person;
pub use refusal::Refusal;

/// What a rulebook says about customers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Rules {
    /// The ticket field that a ticket gets the customer's tier in when it begins (opened, split off, or by a message that comes too late
    /// for another), so that conditions of policies can read it. A ticket that a customer opens has her own, from whatever address. In a
    /// [personal field](crate::ticket::Rules::personal_fields) it is a text of hers, which conditions do not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier_field: Option<Name>,
    /// The same for the organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation_field: Option<Name>,
}

/// A customer as the desk knows her.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    since: DateTime<Utc>,
    identities: Vec<Known>,
    name: Option<ContentId>,
    channel: Option<Channel>,
    language: Option<Name>,
    zone: Option<Name>,
    tier: Option<Name>,
    organisation: Option<Name>,
    notes: Vec<Note>,
    joined: BTreeSet<CustomerId>,
    into: Option<CustomerId>,
    erased: Option<DateTime<Utc>>,
}

/// An identity of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Its text in the form in which identities are compared, as a content record.
    pub text: ContentId,
    /// What it is.
    pub kind: IdentityKind,
}

/// A note about a customer, for the desk alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When it was written.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Actor,
    /// What it says, as a content record.
    pub text: ContentId,
}

impl Profile {
    fn since(at: DateTime<Utc>) -> Profile {
        Profile {
            since: at,
            identities: Vec::new(),
            name: None,
            channel: None,
            language: None,
            zone: None,
            tier: None,
            organisation: None,
            notes: Vec::new(),
            joined: BTreeSet::new(),
            into: None,
            erased: None,
        }
    }

    /// When the profile began.
    pub fn began_at(&self) -> DateTime<Utc> {
        self.since
    }

    /// The identities, in the order in which they became known.
    pub fn identities(&self) -> &[Known] {
        &self.identities
    }

    /// The name, as a content record.
    pub fn name(&self) -> Option<ContentId> {
        self.name
    }

    /// The channel that the customer prefers.
    pub fn channel(&self) -> Option<&Channel> {
        self.channel.as_ref()
    }

    /// The language, as a tag such as `de` or `pt-BR`.
    pub fn language(&self) -> Option<&Name> {
        self.language.as_ref()
    }

    /// The time zone, by its IANA name.
    pub fn zone(&self) -> Option<&Name> {
        self.zone.as_ref()
    }

    /// The tier, in the host's words.
    pub fn tier(&self) -> Option<&Name> {
        self.tier.as_ref()
    }

    /// The organisation, in the host's words.
    pub fn organisation(&self) -> Option<&Name> {
        self.organisation.as_ref()
    }

    /// The notes, oldest first.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The other ids that lead here.
    pub fn joined(&self) -> &BTreeSet<CustomerId> {
        &self.joined
    }

    /// The customer that this one was joined into.
    pub fn joined_into(&self) -> Option<CustomerId> {
        self.into
    }

    /// When the person was erased, if so.
    pub fn erased_at(&self) -> Option<DateTime<Utc>> {
        self.erased
    }

    /// Every text that it refers to.
    pub fn texts(&self) -> impl Iterator<Item = ContentId> + '_ {
        let identities = self.identities.iter().map(|known| known.text);
        let notes = self.notes.iter().map(|note| note.text);
        identities.chain(notes).chain(self.name)
    }
}

impl Aggregate for Profile {
    const KIND: StreamKind = StreamKind::Customer;
    type Id = CustomerId;
    type Command = Command;
    type Event = Event;
    type Rules = Rules;
    type Refusal = Refusal;

    fn permission(command: &Command) -> Permission {
        command.permission()
    }

    fn needs(_id: CustomerId, call: &Call, command: &Command, around: &Around) -> Needs {
        decide::needs(call, command, around)
    }

    fn decide(
        stands: Option<&Profile>,
        id: CustomerId,
        _rules: &Rules,
        context: &Context<'_>,
        command: &Command,
    ) -> Result<Decided<Event>, Refusal> {
        decide::decide(stands, id, context, command)
    }

    fn apply(stands: &mut Option<Profile>, event: &Recorded<Event>) {
        let profile = stands.get_or_insert_with(|| Profile::since(event.at));
        match &event.event {
            Event::Identified { text, kind } => profile.identities.push(Known {
                text: *text,
                kind: *kind,
            }),
            Event::IdentityRemoved { text } => {
                profile.identities.retain(|known| known.text != *text);
            }
            Event::NameChanged { to } => profile.name = *to,
            Event::ChannelChanged { to } => profile.channel.clone_from(to),
            Event::LanguageChanged { to } => profile.language.clone_from(to),
            Event::ZoneChanged { to } => profile.zone.clone_from(to),
            Event::TierChanged { to } => profile.tier.clone_from(to),
            Event::OrganisationChanged { to } => profile.organisation.clone_from(to),
            Event::NoteAdded { text } => profile.notes.push(Note {
                at: event.at,
                by: event.actor,
                text: *text,
            }),
            Event::NoteRemoved { text } => profile.notes.retain(|note| note.text != *text),
            Event::Joined(joined) => profile.take_over(joined),
            Event::JoinedInto { customer } => {
                *profile = Profile {
                    into: Some(*customer),
                    erased: profile.erased,
                    ..Profile::since(profile.since)
                };
            }
            Event::Erased => {
                *profile = Profile {
                    joined: std::mem::take(&mut profile.joined),
                    into: profile.into,
                    erased: Some(event.at),
                    ..Profile::since(profile.since)
                };
            }
        }
    }
}

impl Profile {
    fn take_over(&mut self, joined: &Joined) {
        self.identities.extend_from_slice(&joined.identities);
        self.notes.extend_from_slice(&joined.notes);
        self.notes.sort_by_key(|note| note.at);
        self.joined.insert(joined.other);
        self.joined.extend(&joined.with);
        self.name = self.name.or(joined.name);
        fill(&mut self.channel, &joined.channel);
        fill(&mut self.language, &joined.language);
        fill(&mut self.zone, &joined.zone);
        fill(&mut self.tier, &joined.tier);
        fill(&mut self.organisation, &joined.organisation);
    }
}

/// What the survivor does not have, the other one gives.
fn fill<T: Clone>(own: &mut Option<T>, others: &Option<T>) {
    if own.is_none() {
        own.clone_from(others);
    }
}
