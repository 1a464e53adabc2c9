//! What a decision takes from what is known beside its ticket: who speaks, whose ticket it is, which texts stand already.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::call::{Actor, Call};
use crate::customer::Profile;
use crate::id::{ContentId, CustomerId};
use crate::rulebook::Rulebook;
use crate::ticket::{
    Change, Command, Content, ContentKind, Decision, Event, FieldValue, Open, Opened, Requester,
    Rules, Ticket,
};

use super::plan::{Known, Request};

/// The command without personal fields that have the value already which they are to be given; or the texts that have to be known
/// to tell.
pub(super) fn news<'c>(
    command: &'c Command,
    ticket: &Ticket,
    known: &Known,
) -> Result<Cow<'c, Command>, Vec<ContentId>> {
    // What a field has is told by its first change alone; the second one follows that.
    let mut seen = BTreeSet::new();
    let mut kept_as = |change: &Change| match change {
        Change::Field { name, value } if seen.insert(name.clone()) => {
            match (ticket.fields().get(name), value) {
                (Some(FieldValue::Personal(now)), Some(to)) => {
                    Some((*now, to.in_words()?.into_owned()))
                }
                _ => None,
            }
        }
        _ => None,
    };
    let first: Vec<Option<(ContentId, String)>> =
        command.changes.iter().map(&mut kept_as).collect();
    let unknown = first.iter().flatten().map(|(now, _)| *now);
    let unknown: Vec<ContentId> = unknown.filter(|id| !known.texts.contains_key(id)).collect();
    if known.texts.is_empty() && !unknown.is_empty() {
        return Err(unknown); // once: what nobody could tell then stays unknown
    }
    let is_so = |(now, to): &(ContentId, String)| {
        let text = known.texts.get(now).and_then(Option::as_ref);
        text == Some(to)
    };
    if !first.iter().flatten().any(is_so) {
        return Ok(Cow::Borrowed(command));
    }
    let changes = command.changes.iter().zip(&first);
    let changes = changes.filter(|(_, first)| !first.as_ref().is_some_and(is_so));
    Ok(Cow::Owned(Command {
        changes: changes.map(|(change, _)| change.clone()).collect(),
        ..command.clone()
    }))
}

impl Known {
    /// What is known of who speaks, and nothing else.
    pub(super) fn of_speaker(&self) -> Known {
        Known {
            customer: self.customer,
            profile: self.profile.clone(),
            ..Known::default()
        }
    }

    /// Whether the customer whose profile was looked at is this one too.
    pub(super) fn is_also(&self, other: CustomerId) -> bool {
        let profile = self.profile.iter();
        let mut joined = profile.flat_map(|profile| profile.joined());
        self.customer == Some(other) || joined.any(|one| *one == other)
    }

    /// Who speaks, as `ticket` knows her: a customer who was joined with another speaks for that one too, by whichever id.
    pub(super) fn speaker(&self, ticket: &Ticket, actor: Actor) -> Actor {
        let profile = self.profile.iter();
        let joined = profile.flat_map(|profile| profile.joined().iter().copied());
        let mut joined = joined.chain(self.customer);
        match actor {
            Actor::Customer(caller) if !ticket.reaches(caller) && self.is_also(caller) => {
                let reaching = joined.find(|one| ticket.reaches(*one));
                Actor::Customer(reaching.unwrap_or(caller))
            }
            _ => actor,
        }
    }
}

/// The customer whose profile a decision rests on. Who is named may have been joined into another one, and who speaks in a ticket that
/// is not hers by its own word may be the same person, and so may the requesters of two tickets that are merged, or who says again what
/// another ticket has; whoever is found by her address may be erased meanwhile. The others are looked at where profiles tell fields of
/// tickets (`tells`): whoever has the ticket that is to begin. What a customer says of her address is not proof, so it is her own profile
/// that counts; and so it is where she asks for something about tickets that are not hers by the id she calls under.
pub(super) fn whose_profile(
    request: &Request,
    by: Actor,
    known: &Known,
    tells: bool,
) -> Option<CustomerId> {
    let ticket = || known.ticket.as_ref().map(|known| &known.ticket);
    let others = || known.others.values().map(|known| &known.ticket);
    let is_reached = |ticket: &Arc<Ticket>| reached_by(ticket, by);
    match (request, by) {
        (Request::Open(open), _) => match (&open.requester, by) {
            (Some(Requester::Customer(named)), _) => Some(*named),
            (_, Actor::Customer(caller)) => {
                Some(caller).filter(|_| tells || known.message_in.is_some())
            }
            _ => known.customer,
        },
        (Request::Submit(..), Actor::Customer(caller)) => {
            let begins = known.number.is_some(); // asked for where her message begins a follow-up
            let is_elsewhere =
                |ticket: &Ticket| known.message_in.is_some_and(|id| id != ticket.id());
            let wanted = |ticket: &Ticket| {
                begins && tells || is_elsewhere(ticket) || !ticket.reaches(caller)
            };
            // The ticket that is named, and those that it goes on in.
            let mut all = ticket().into_iter().chain(others());
            all.any(|ticket| wanted(ticket)).then_some(caller)
        }
        (Request::Split(_, split), _) => {
            let ticket = ticket()?;
            let author = split.customer(ticket)?;
            let wanted = tells || !ticket.reaches(author) || !reached_by(ticket, by);
            wanted.then_some(author)
        }
        (_, Actor::Customer(caller)) if !ticket().into_iter().chain(others()).all(is_reached) => {
            Some(caller)
        }
        (Request::Merge(merge), _) if !merge.across_requesters => {
            let (into, source) = (ticket()?, &known.others.get(&merge.source)?.ticket);
            let differ = source.requester() != into.requester();
            differ.then(|| source.requester())
        }
        _ => None,
    }
}

fn reached_by(ticket: &Ticket, by: Actor) -> bool {
    Rules::reach(ticket, by).is_ok()
}

/// The same opening, for the customer that the requester was joined into. Who names herself, by whichever of her ids, is taken as who
/// names nobody.
pub(super) fn of_survivor(open: &Open, known: &Known, by: Actor) -> Open {
    let mut open = open.clone();
    if let (Some(Requester::Customer(_)), Some(survivor)) = (&open.requester, known.customer) {
        let requester = match by {
            Actor::Customer(caller) if known.is_also(caller) => caller,
            _ => survivor,
        };
        open.requester = Some(Requester::Customer(requester));
    }
    open
}

/// Adds what the profile tells that the rulebook wants in fields of the ticket that begins, unless its opening sets them. What goes into
/// a personal field is set apart like any text of the person.
pub(super) fn add_profile(
    decision: &mut Decision,
    profile: Option<&Profile>,
    book: &Rulebook,
    call: &Call,
) {
    let Some((profile, opened)) = profile.zip(opening(decision)) else {
        return;
    };
    let (ticket, requester) = (opened.ticket, opened.requester);
    let rules = &book.as_draft().customers;
    let facts = [
        (&rules.tier_field, profile.tier()),
        (&rules.organisation_field, profile.organisation()),
    ];
    for ((field, value), n) in facts.into_iter().zip(0..) {
        let (Some(name), Some(value)) = (field, value) else {
            continue;
        };
        let is_set =
            |event: &Event| matches!(event, Event::FieldSet { name: set, .. } if set == name);
        if decision.events.iter().any(is_set) {
            continue;
        }
        let text = value.to_string();
        let value = if book.tickets().personal_fields.contains(name) {
            let id = ContentId::from_uuid(call.time_ordered("profile", ticket.uuid(), n));
            decision.content.push(Content {
                id,
                kind: ContentKind::Field,
                about: Some(requester),
                text,
            });
            FieldValue::Personal(id)
        } else {
            FieldValue::Text(text)
        };
        decision.events.push(Event::FieldSet {
            name: name.clone(),
            value: Some(value),
        });
    }
}

fn opening(decision: &Decision) -> Option<&Opened> {
    decision.events.iter().find_map(|event| match event {
        Event::Opened(opened) => Some(opened),
        _ => None,
    })
}
