//! Links as one commit over both tickets.

use std::collections::BTreeSet;

use crate::call::Call;
use crate::error::Error;
use crate::id::TicketId;
use crate::rulebook::Rulebooks;
use crate::store::{Part, Snapshot, StreamId};
use crate::ticket::{Decision, Event, Link, Permission, Refusal, Rules};

use super::catch_up::Working;
use super::merge::{first, other};
use super::once::{already_done, remember};
use super::plan::{CATCH_UP_LIMIT, Known, Plan, Request, finish, in_range};

/// The longest chain of links that lead upward.
const MAX_CHAIN: usize = 64;

pub(super) fn plan_link(
    request: &Request,
    (id, link, beside): (TicketId, Link, TicketId),
    known: &Known,
    rulebooks: &Rulebooks,
    call: &Call,
) -> Result<Plan, Error> {
    plan_pair(
        request,
        (id, beside),
        known,
        rulebooks,
        call,
        |here, there| {
            let is_so = here.ticket.links().contains(&(link, beside));
            if is_so {
                return Ok(Found::Nothing);
            }
            let (below, upward, above) = match link.is_upward() {
                true => (here, link, there),
                false => (there, link.inverse(), here),
            };
            let chain = match chain_above(below, upward, above, known)? {
                Ok(chain) => chain,
                Err(next) => return Ok(Found::Look(next)),
            };
            let linked = |link, ticket| Event::Linked { link, ticket };
            let events = [linked(link, beside), linked(link.inverse(), id)];
            Ok(Found::Do(Box::new(events), chain))
        },
        link,
    )
}

pub(super) fn plan_unlink(
    request: &Request,
    (id, link, beside): (TicketId, Link, TicketId),
    known: &Known,
    rulebooks: &Rulebooks,
    call: &Call,
) -> Result<Plan, Error> {
    plan_pair(
        request,
        (id, beside),
        known,
        rulebooks,
        call,
        |here, _| {
            if !here.ticket.links().contains(&(link, beside)) {
                return Ok(Found::Nothing);
            }
            let unlinked = |link, ticket| Event::Unlinked { link, ticket };
            let events = [unlinked(link, beside), unlinked(link.inverse(), id)];
            Ok(Found::Do(Box::new(events), Vec::new()))
        },
        link,
    )
}

/// What is to be done about a pair of tickets.
enum Found {
    /// It is so already.
    Nothing,
    /// Look this ticket up first.
    Look(TicketId),
    /// An event on each side, while the tickets of this chain stay as they are.
    Do(Box<[Event; 2]>, Vec<Part>),
}

fn plan_pair(
    request: &Request,
    (id, beside): (TicketId, TicketId),
    known: &Known,
    rulebooks: &Rulebooks,
    call: &Call,
    find: impl FnOnce(&Snapshot, &Snapshot) -> Result<Found, Refusal>,
    link: Link,
) -> Result<Plan, Error> {
    let data = rulebooks.data_version();
    let here = first(known, id)?;
    let there = match id == beside {
        true => here,
        false => other(known, beside)?,
    };
    let both = [here, there];
    for one in both {
        let permissions = &rulebooks.of(&one.ticket)?.tickets().permissions;
        permissions.check(call.actor().role(), Permission::Link)?;
        Rules::reach(&one.ticket, known.speaker(&one.ticket, call.actor()))?;
    }
    if let Some(done) = already_done(request, known, call)? {
        return Ok(Plan::Done(done));
    }
    if id == beside {
        return Err(Refusal::SameTicket { ticket: id }.into());
    }
    if !link.is_made_by_hand() {
        return Err(Refusal::LinkNotByHand { link }.into());
    }
    in_range(call.at())?;
    let mut at = call.at();
    for one in both {
        let rules = rulebooks.of(&one.ticket)?.tickets();
        let taken = rules.effective(call.at(), one.ticket.last_event_at())?;
        at = at.max(taken); // the stamp is near enough to each
    }
    let found = find(here, there)?;
    let mut events = None;
    let mut checks = Vec::new();
    match found {
        Found::Look(next) => return Ok(Plan::Tickets(vec![next])),
        Found::Do(both, chain) => (events, checks) = (Some(both), chain),
        Found::Nothing => {}
    }
    let mut workings = Vec::with_capacity(both.len());
    let mut complete = true;
    for one in both {
        let mut working = Working::on(one, rulebooks.of(&one.ticket)?, data);
        complete &= working.catch_up(at, CATCH_UP_LIMIT);
        workings.push(working);
    }
    if let (true, Some(events)) = (complete, events) {
        for (working, event) in workings.iter_mut().zip(*events) {
            let mut decision = Decision::of(at, event);
            working.add(decision.take_recorded(working.ticket.version(), call));
        }
    }
    let mut planned = both
        .iter()
        .zip(workings)
        .map(|(one, working)| finish(working, one.ticket.version(), at, data.clone()));
    let (Some(mut first), Some(second)) = (planned.next(), planned.next()) else {
        return Err(Error::misused("a link has two sides"));
    };
    drop(planned);
    first.add(second);
    first.commit.parts.extend(checks);
    first.complete = complete;
    if complete {
        remember(&mut first, request, call, here.ticket.version());
    }
    Ok(Plan::Commit(Box::new(first)))
}

/// What `below` would belong to with `above`, all the way up, each as a check that it stays so; or the next ticket that has to be
/// known to tell.
fn chain_above(
    below: &Snapshot,
    upward: Link,
    above: &Snapshot,
    known: &Known,
) -> Result<Result<Vec<Part>, TicketId>, Refusal> {
    let ticket = below.ticket.id();
    if let Some(other) = below.ticket.linked(upward).next() {
        return Err(Refusal::LinkedElsewhere {
            ticket,
            link: upward,
            other,
        });
    }
    let mut seen = BTreeSet::from([above.ticket.id()]);
    let mut checks = Vec::new();
    let mut here = above;
    while let Some(next) = here.ticket.linked(upward).next() {
        if next == ticket {
            let link = upward;
            return Err(Refusal::LinkCycle { ticket, link });
        }
        if !seen.insert(next) {
            break; // a recorded log may hold a ring of others
        }
        let Some(there) = known.others.get(&next) else {
            return Ok(Err(next));
        };
        if seen.len() > MAX_CHAIN {
            return Err(Refusal::TooLarge {
                what: "the chain of links",
                actual: seen.len(),
                limit: MAX_CHAIN,
            });
        }
        let stream = StreamId::ticket(there.ticket.tenant(), next);
        checks.push(Part::check(stream, there.ticket.version()));
        here = there;
    }
    Ok(Ok(checks))
}
