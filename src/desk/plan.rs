//! The paved pure door: from what is known and what is asked to what is to be committed. No I/O, no clock.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::calendar::{EARLIEST, LATEST};
use crate::call::{Actor, Call};
use crate::customer::Profile;
use crate::error::Error;
use crate::id::{ContentId, CustomerId, MessageId, RulebookId, TicketId, TicketNumber};
use crate::rulebook::{Rulebook, Rulebooks};
use crate::sla::{self, Swapped};
use crate::store::{
    Commit, Events, IdempotencyRecord, OutboxMessage, Part, Snapshot, StreamId, TicketRow,
    UniqueKey,
};
use crate::ticket::{
    self, Change, Command, Decision, Draft, Event, Link, Merge, Move, Open, Pending, Permission,
    Recorded, Refusal, Requester, Split, Stage, Ticket, Version,
};

use super::catch_up::Working;
use super::erase::not_erased;
use super::known::{add_profile, news, of_survivor};
use super::link::{plan_link, plan_unlink};
use super::merge::{first, plan_merge, where_it_goes};
use super::once::{already_done, remember};
use super::split::plan_split;

/// What is asked of a desk.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Request {
    /// A new ticket.
    Open(Open),
    /// Something about a ticket.
    Submit(TicketId, Command),
    /// To move a ticket to another version of the rulebook.
    ApplyRulebook(TicketId, RulebookId),
    /// To let a ticket go on in another.
    Merge(Merge),
    /// To begin a ticket with messages of another.
    Split(TicketId, Split),
    /// To tie a ticket to another.
    Link(TicketId, Link, TicketId),
    /// To tie them no longer.
    Unlink(TicketId, Link, TicketId),
    /// To record what fell due: the empty command.
    Sweep(TicketId),
}

/// What a plan rests on; [`Operation`](super::Operation) tells what to look up.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Known {
    /// The ticket that the request is about, or that has the id which the host chose for a new one.
    pub ticket: Option<Snapshot>,
    /// Other tickets that it is about, or that a plan asked for ([`Plan::Tickets`]).
    pub others: BTreeMap<TicketId, Snapshot>,
    /// The customer behind the requester's address.
    pub customer: Option<CustomerId>,
    /// The profile of the customer whose ticket is opened, split off, merged into another one or begun by a late message; or of who speaks
    /// about a ticket that is not hers by its own word.
    pub profile: Option<Profile>,
    /// The version at which the stream of that profile stands: zero where there is no profile, none where nobody looked.
    pub profile_version: Option<Version>,
    /// The ticket that has a message with the same id outside.
    pub message_in: Option<TicketId>,
    /// A ticket number that nobody has.
    pub number: Option<TicketNumber>,
    /// What was done under the call's idempotency key.
    pub done: Option<IdempotencyRecord>,
    /// Texts that a plan asked for ([`Plan::Texts`]); none for one that is gone, or that nobody can tell.
    pub texts: BTreeMap<ContentId, Option<String>>,
}

/// What is to be done about a request.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Plan {
    /// Commit this.
    Commit(Box<Planned>),
    /// Look up a ticket number and plan again: the message begins a follow-up ticket.
    Number,
    /// Look up these tickets too and plan again.
    Tickets(Vec<TicketId>),
    /// Look up these texts and plan again: a personal field may have the value already that it is to be given.
    Texts(Vec<ContentId>),
    /// Nothing: it was done before, under the same key.
    Done(IdempotencyRecord),
    /// Nothing: the message is known already, in this ticket.
    Message(TicketId),
}

/// A commit in the making, with what becomes of the ticket.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Planned {
    /// What to write.
    pub commit: Commit,
    /// The ticket afterwards.
    pub ticket: Arc<Ticket>,
    /// Whether the request is in it. If not, so much had fallen due that only a part of that is in it: commit, and plan again.
    pub complete: bool,
    /// The ticket that the request began beside: a follow-up, or one split off.
    pub follow_up: Option<TicketId>,
    /// The clocks that a move to another rulebook changed.
    pub swapped: Vec<Swapped>,
}

/// How many events one commit may record of what fell due before it acts.
pub(super) const CATCH_UP_LIMIT: usize = 256;

/// What `request` means, given what is known: a commit, or a refusal.
///
/// The order is: permission, idempotency, the stamp, what fell due before, the request itself, the choice of policies. So what was done
/// before under the same key is told again also where it would be refused by now; only who has lost the right is refused.
pub fn plan(
    request: &Request,
    known: &Known,
    rulebooks: &Rulebooks,
    call: &Call,
) -> Result<Plan, Error> {
    match request {
        Request::Open(open) => plan_open(request, open, known, rulebooks, call),
        Request::Submit(id, command) => plan_submit(request, *id, command, known, rulebooks, call),
        Request::ApplyRulebook(id, to) => plan_apply(request, (*id, *to), known, rulebooks, call),
        Request::Merge(merge) => plan_merge(request, merge, known, rulebooks, call),
        Request::Split(id, split) => plan_split(request, (*id, split), known, rulebooks, call),
        Request::Link(id, link, other) => {
            plan_link(request, (*id, *link, *other), known, rulebooks, call)
        }
        Request::Unlink(id, link, other) => {
            plan_unlink(request, (*id, *link, *other), known, rulebooks, call)
        }
        Request::Sweep(id) => plan_sweep(*id, known, rulebooks, call),
    }
}

fn plan_open(
    request: &Request,
    open: &Open,
    known: &Known,
    rulebooks: &Rulebooks,
    call: &Call,
) -> Result<Plan, Error> {
    let data = rulebooks.data_version();
    let book = rulebooks.current(call.tenant_id());
    let number = known.number.ok_or_else(no_number)?;
    let open = &of_survivor(open, known, call.actor());
    let decision = ticket::open(book.tickets(), call, open, number, known.customer);
    if let Err(forbidden) = &decision
        && forbidden.is_forbidden()
    {
        return Err(forbidden.clone().into());
    }
    if let Some(done) = already_done(request, known, call)? {
        return Ok(Plan::Done(done));
    }
    in_range(call.at())?;
    dues_in_range(&open.changes)?;
    let mut decision = decision?;
    if let Some(ticket) = known.message_in {
        return Ok(Plan::Message(ticket));
    }
    if let Some(there) = &known.ticket {
        return Err(Refusal::AlreadyOpen {
            ticket: there.ticket.id(),
        }
        .into());
    }
    add_profile(&mut decision, known.profile.as_ref(), book, call);
    let working = begin(book, call, &mut decision)?;
    let mut planned = finish(working, Version::default(), call.at(), data.clone());
    let ticket = planned.ticket.id();
    // What a customer says of her address is not proof: only the desk makes an address stand for a customer.
    let by_customer = matches!(call.actor(), Actor::Customer(_));
    if let (Some(Requester::Address(address)), false) = (&open.requester, by_customer) {
        let key = UniqueKey::address(call.tenant_id(), address);
        let requester = planned.ticket.requester();
        planned.commit.unique.push((key, requester.uuid()));
        // Whoever was erased meanwhile gets no address back.
        if let (Some(_), Some(version)) = (known.customer, known.profile_version) {
            let part = not_erased(call.tenant_id(), requester, version);
            planned.commit.parts.push(part);
        }
    }
    claim_number(&mut planned.commit, ticket, number);
    claim_message(&mut planned.commit, ticket, open.message.as_ref());
    keep_texts(&mut planned.commit, decision);
    remember(&mut planned, request, call, Version::default());
    Ok(Plan::Commit(Box::new(planned)))
}

/// Who looked up a number and gave none is told so.
pub(super) fn no_number() -> Error {
    Error::misused("a ticket number is needed to open a ticket; ask the operation what it needs")
}

fn plan_submit(
    request: &Request,
    id: TicketId,
    command: &Command,
    known: &Known,
    rulebooks: &Rulebooks,
    call: &Call,
) -> Result<Plan, Error> {
    let asked = first(known, id)?;
    let through = asked.ticket.clone();
    let data = rulebooks.data_version();
    let rules = rulebooks.of(&through)?.tickets();
    ticket::Rules::reach(&through, known.speaker(&through, call.actor()))?;
    rules.permit_words(call.actor(), command)?;
    if let Some(done) = already_done(request, known, call)? {
        return Ok(Plan::Done(done));
    }
    let known_ticket = match where_it_goes(asked, command, known) {
        Ok(known_ticket) => known_ticket,
        Err(next) => return Ok(Plan::Tickets(vec![next])),
    };
    if let Some(ticket) = known.message_in {
        return Ok(Plan::Message(ticket));
    }
    let ticket = &known_ticket.ticket;
    let id = ticket.id();
    let book = rulebooks.of(ticket)?;
    let rules = book.tickets();
    in_range(call.at())?;
    if let Some(Move::Pend(Pending::Scheduled { until })) = command.step {
        in_range(until)?;
    }
    dues_in_range(&command.changes)?;
    let before = ticket.version();
    let at = rules.effective(call.at(), ticket.last_event_at())?;
    let mut working = Working::on(known_ticket, book, data);
    if !working.catch_up(at, CATCH_UP_LIMIT) {
        let mut planned = finish(working, before, at, data.clone());
        planned.complete = false;
        return Ok(Plan::Commit(Box::new(planned)));
    }
    // What a move needs depends on where the ticket stands once everything that was due has happened.
    rules.permit_command(&working.ticket, call.actor(), command)?;
    let mut said = match news(command, &working.ticket, known) {
        Ok(said) => said,
        Err(unknown) => return Ok(Plan::Texts(unknown)),
    };
    if through.id() != id {
        // What a customer says goes on; what becomes of somebody else's ticket is not hers to say.
        let speaker = known.speaker(&working.ticket, call.actor());
        if matches!(speaker, Actor::Customer(one) if !working.ticket.reaches(one)) {
            said = Cow::Owned(Command {
                message: said.message.clone(),
                ..Command::default()
            });
        }
    }
    let mut decision = ticket::decide_permitted(&working.ticket, rules, call, at, &said)?;
    working.add(decision.take_recorded(working.ticket.version(), call));

    let follow_up = match (&decision.follow_up, known.number) {
        (None, _) => None,
        (Some(_), None) => return Ok(Plan::Number),
        (Some(follow_up), Some(number)) => {
            let current = rulebooks.current(call.tenant_id());
            let mut opened = ticket::follow_up(
                current.tickets(),
                call,
                (&through, &working.ticket),
                follow_up,
                number,
            )?;
            add_profile(&mut opened, known.profile.as_ref(), current, call);
            Some((begin(current, call, &mut opened)?, opened, number))
        }
    };
    let mut planned = finish(working, before, at, data.clone());
    match follow_up {
        None => claim_message(&mut planned.commit, id, command.message.as_ref()),
        Some((begun, opened, number)) => {
            let begun = finish(begun, Version::default(), at, data.clone());
            let ticket = begun.ticket.id();
            planned.commit.parts.extend(begun.commit.parts);
            claim_number(&mut planned.commit, ticket, number);
            claim_message(&mut planned.commit, ticket, command.message.as_ref());
            keep_texts(&mut planned.commit, opened);
            planned.follow_up = Some(ticket);
        }
    }
    keep_texts(&mut planned.commit, decision);
    remember(&mut planned, request, call, before);
    Ok(Plan::Commit(Box::new(planned)))
}

fn plan_apply(
    request: &Request,
    (id, to): (TicketId, RulebookId),
    known: &Known,
    rulebooks: &Rulebooks,
    call: &Call,
) -> Result<Plan, Error> {
    let known_ticket = first(known, id)?;
    let ticket = &known_ticket.ticket;
    let data = rulebooks.data_version();
    let from = rulebooks.of(ticket)?;
    let to = rulebooks.get_for(ticket.tenant(), to)?;
    let rules = from.tickets();
    let role = call.actor().role();
    ticket::Rules::reach(ticket, known.speaker(ticket, call.actor()))?;
    rules.permissions.check(role, Permission::ApplyRulebook)?;
    if let Some(done) = already_done(request, known, call)? {
        return Ok(Plan::Done(done));
    }
    in_range(call.at())?;
    let before = ticket.version();
    let at = rules.effective(call.at(), ticket.last_event_at())?;
    let mut working = Working::on(known_ticket, from, data);
    let complete = working.catch_up(at, CATCH_UP_LIMIT);
    let is_closed = working.ticket.status().stage() == Stage::Closed;
    if complete && is_closed {
        let what = "moving it to another rulebook";
        return Err(Refusal::Closed { what }.into());
    }
    let mut swapped = Vec::new();
    if complete && from.id() != to.id() {
        let as_it_stood = working.ticket.clone();
        let mut decision = Decision::of(at, Event::RulebookApplied { rulebook: to.id() });
        for event in decision.take_recorded(working.ticket.version(), call) {
            working.apply_rulebook(event, to);
        }
        let (left, right) = (from.policies(), to.policies());
        swapped = sla::swapped((&as_it_stood, left), (&working.ticket, right), at);
    }
    let mut planned = finish(working, before, at, data.clone());
    (planned.complete, planned.swapped) = (complete, swapped);
    if complete {
        remember(&mut planned, request, call, before);
    }
    Ok(Plan::Commit(Box::new(planned)))
}

fn plan_sweep(
    id: TicketId,
    known: &Known,
    rulebooks: &Rulebooks,
    call: &Call,
) -> Result<Plan, Error> {
    let known_ticket = first(known, id)?;
    let speaker = known.speaker(&known_ticket.ticket, call.actor());
    ticket::Rules::reach(&known_ticket.ticket, speaker)?;
    let planned = plan_due(known_ticket, rulebooks, call.at())?;
    Ok(Plan::Commit(Box::new(planned)))
}

/// Records what fell due before `now`.
pub(super) fn plan_due(
    known: &Snapshot,
    rulebooks: &Rulebooks,
    now: DateTime<Utc>,
) -> Result<Planned, Error> {
    let data = rulebooks.data_version();
    let book = rulebooks.of(&known.ticket)?;
    in_range(now)?;
    let at = now.max(known.ticket.last_event_at());
    let mut working = Working::on(known, book, data);
    let complete = working.catch_up(at, CATCH_UP_LIMIT);
    let mut planned = finish(working, known.version(), at, data.clone());
    planned.complete = complete;
    Ok(planned)
}

pub(super) fn begin<'a>(
    book: &'a Rulebook,
    call: &Call,
    decision: &mut Decision,
) -> Result<Working<'a>, Error> {
    let lost = || Error::misused("a decision to open a ticket begins with its opening");
    let events = decision.take_recorded(Version::default(), call);
    Working::begin(call.tenant_id(), events, book).ok_or_else(lost)
}

pub(super) fn finish(
    mut working: Working<'_>,
    expected: Version,
    at: DateTime<Utc>,
    data: Cow<'static, str>,
) -> Planned {
    let outbox: Vec<OutboxMessage> = working.settle();
    let stream = StreamId::ticket(working.ticket.tenant(), working.ticket.id());
    let wake = working.wake(data);
    // Without an event it is a wake-up that rested on other data, and so may the rows. What lists show is written with them: a
    // store has one schema for both.
    let facts = Some(working.facts());
    let row = TicketRow::of(&working.ticket);
    let keeps_place = working.keeps_place(&row);
    let part = Part {
        stream,
        expected,
        events: Events::shared(working.events),
        wake: Some(wake.clone()),
        facts,
        snapshot: Some(Snapshot::of(working.ticket.clone()).wake(wake)),
        listing: Some(row),
        keeps_place,
    };
    let mut commit = Commit::new(stream.tenant, at, vec![part]);
    commit.outbox = outbox;
    Planned {
        commit,
        ticket: working.ticket,
        complete: true,
        follow_up: None,
        swapped: Vec::new(),
    }
}

pub(super) fn claim_number(commit: &mut Commit, ticket: TicketId, number: TicketNumber) {
    commit.number = Some(number);
    commit
        .unique
        .push((UniqueKey::number(commit.tenant, number), ticket.uuid()));
}

fn claim_message(commit: &mut Commit, ticket: TicketId, draft: Option<&Draft>) {
    if let Some(external) = draft.and_then(Draft::known_as) {
        commit
            .unique
            .push((UniqueKey::message(commit.tenant, external), ticket.uuid()));
    }
}

pub(super) fn keep_texts(commit: &mut Commit, decision: Decision) {
    commit.content.extend(decision.content);
    commit.erased.extend(decision.erased);
}

pub(super) fn in_range(at: DateTime<Utc>) -> Result<(), Refusal> {
    let (earliest, latest) = (EARLIEST, LATEST);
    if (earliest..latest).contains(&at) {
        Ok(())
    } else {
        Err(Refusal::OutOfRange {
            at,
            earliest,
            latest,
        })
    }
}

/// What is promised for an instant that is not supported could never be recorded as late.
fn dues_in_range(changes: &[Change]) -> Result<(), Refusal> {
    changes.iter().try_for_each(|change| match change {
        Change::PromiseUpdate(due) | Change::EstimateResolution(due) => in_range(*due),
        _ => Ok(()),
    })
}

/// The message that the events added, where they added one.
pub(super) fn message_of(events: &[Recorded]) -> Option<MessageId> {
    events.iter().find_map(|recorded| match &recorded.event {
        Event::MessageAdded(message) => Some(message.id),
        _ => None,
    })
}
