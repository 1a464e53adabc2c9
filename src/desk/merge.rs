//! Merging as one commit over two streams, and where what is said to a merged ticket goes.

use crate::call::Call;
use crate::error::Error;
use crate::id::TicketId;
use crate::rulebook::Rulebooks;
use crate::store::Snapshot;
use crate::ticket::{self, Change, Command, Merge, Permission, Refusal, Rules, Visibility};

use super::catch_up::Working;
use super::once::{already_done, remember};
use super::plan::{CATCH_UP_LIMIT, Known, Plan, Planned, Request, finish, in_range};

pub(super) fn plan_merge(
    request: &Request,
    merge: &Merge,
    known: &Known,
    rulebooks: &Rulebooks,
    call: &Call,
) -> Result<Plan, Error> {
    let data = rulebooks.data_version();
    // The ticket that goes on comes first: it is the one that the outcome tells of.
    let known_into = first(known, merge.into)?;
    let known_source = match merge.source == merge.into {
        true => known_into,
        false => other(known, merge.source)?,
    };
    let (into, source) = (&known_into.ticket, &known_source.ticket);
    let (book, source_book) = (rulebooks.of(into)?, rulebooks.of(source)?);
    for (ticket, book) in [(into, book), (source, source_book)] {
        let permissions = &book.tickets().permissions;
        permissions.check(call.actor().role(), Permission::Merge)?;
        Rules::reach(ticket, known.speaker(ticket, call.actor()))?;
    }
    if let Some(done) = already_done(request, known, call)? {
        return Ok(Plan::Done(done));
    }
    if merge.source == merge.into {
        let ticket = merge.into;
        return Err(Refusal::SameTicket { ticket }.into());
    }
    in_range(call.at())?;
    let mut at = call.at();
    for (ticket, book) in [(into, book), (source, source_book)] {
        let taken = book
            .tickets()
            .effective(call.at(), ticket.last_event_at())?;
        at = at.max(taken); // the stamp is near enough to each
    }
    let (mut goes_on, mut ends) = (
        Working::on(known_into, book, data),
        Working::on(known_source, source_book, data),
    );
    let complete = goes_on.catch_up(at, CATCH_UP_LIMIT) && ends.catch_up(at, CATCH_UP_LIMIT);
    if complete {
        let rules = (source_book.tickets(), book.tickets());
        let (mut source, mut into) = {
            let (source, into) = ((&*ends.ticket, rules.0), (&*goes_on.ticket, rules.1));
            // Two ids that lead to one customer are no two requesters.
            let of_one = known.is_also(source.0.requester()) && known.is_also(into.0.requester());
            let merge = match *merge {
                merge if of_one => merge.across_requesters(),
                merge => merge,
            };
            let merging = ticket::merge_permitted(source, into, call, at, &merge)?;
            (merging.source, merging.into)
        };
        ends.add(source.take_recorded(ends.ticket.version(), call));
        goes_on.add(into.take_recorded(goes_on.ticket.version(), call));
    }
    let before = into.version();
    let mut planned = finish(goes_on, before, at, data.clone());
    planned.add(finish(ends, source.version(), at, data.clone()));
    planned.complete = complete;
    if complete {
        remember(&mut planned, request, call, before);
    }
    Ok(Plan::Commit(Box::new(planned)))
}

impl Planned {
    /// Another ticket's part in the same commit.
    pub(super) fn add(&mut self, beside: Planned) {
        self.commit.parts.extend(beside.commit.parts);
        self.commit.outbox.extend(beside.commit.outbox);
    }
}

/// The ticket that the request is about.
pub(super) fn first(known: &Known, id: TicketId) -> Result<&Snapshot, Error> {
    known.ticket.as_ref().ok_or_else(|| Error::no_ticket(id))
}

/// Another ticket that the request names.
pub(super) fn other(known: &Known, id: TicketId) -> Result<&Snapshot, Error> {
    known.others.get(&id).ok_or_else(|| Error::no_ticket(id))
}

/// Which ticket a command is for: the one it names, or where what is said publicly goes that is said to a merged ticket, the end of
/// the chain; so does what is said of a call or chat that the ticket does not have. Or the next ticket that has to be known to tell.
pub(super) fn where_it_goes<'k>(
    asked: &'k Snapshot,
    command: &Command,
    known: &'k Known,
) -> Result<&'k Snapshot, TicketId> {
    let mut here = asked;
    let is_public = |message: &ticket::Draft| message.visibility == Visibility::Public;
    let is_elsewhere = |change: &Change| match change {
        Change::Session { id, .. } => asked.ticket.sessions().iter().all(|one| one.id != *id),
        _ => false,
    };
    let goes_on =
        command.message.as_ref().is_some_and(is_public) || command.changes.iter().any(is_elsewhere);
    if goes_on {
        // A chain has an end: what is merged is closed, and nothing is merged into what is closed.
        for _ in 0..=known.others.len() {
            let Some(next) = here.ticket.merged_into() else {
                break;
            };
            here = known.others.get(&next).ok_or(next)?;
        }
    }
    Ok(here)
}
