//! Splitting as one commit: the new ticket, and what happens to the old one.

use crate::call::{Actor, Call};
use crate::error::Error;
use crate::id::TicketId;
use crate::rulebook::Rulebooks;
use crate::ticket::{self, Permission, Refusal, Split, Version};

use super::catch_up::Working;
use super::known::add_profile;
use super::merge::first;
use super::once::{already_done, remember};
use super::plan::{
    CATCH_UP_LIMIT, Known, Plan, Request, begin, claim_number, finish, in_range, keep_texts,
};

pub(super) fn plan_split(
    request: &Request,
    (id, split): (TicketId, &Split),
    known: &Known,
    rulebooks: &Rulebooks,
    call: &Call,
) -> Result<Plan, Error> {
    let data = rulebooks.data_version();
    let known_ticket = first(known, id)?;
    let old = &known_ticket.ticket;
    let (book, current) = (rulebooks.of(old)?, rulebooks.current(call.tenant_id()));
    let rules = book.tickets();
    let role = call.actor().role();
    rules.permissions.check(role, Permission::Split)?;
    ticket::Rules::reach(old, known.speaker(old, call.actor()))?;
    if let Some(done) = already_done(request, known, call)? {
        return Ok(Plan::Done(done));
    }
    let is_taken = |new: &TicketId| *new == id || known.others.contains_key(new);
    if let Some(ticket) = split.id.filter(is_taken) {
        return Err(Refusal::AlreadyOpen { ticket }.into());
    }
    let Some(number) = known.number else {
        return Ok(Plan::Number);
    };
    in_range(call.at())?;
    let before = old.version();
    let at = rules.effective(call.at(), old.last_event_at())?;
    let mut working = Working::on(known_ticket, book, data);
    if !working.catch_up(at, CATCH_UP_LIMIT) {
        let mut planned = finish(working, before, at, data.clone());
        planned.complete = false;
        return Ok(Plan::Commit(Box::new(planned)));
    }
    let old = (&*working.ticket, rules);
    let author = split.customer(old.0).map(Actor::Customer);
    let reaches = author
        .is_some_and(|author| ticket::Rules::reach(old.0, known.speaker(old.0, author)).is_ok());
    let split = (split, reaches);
    let (mut begins, mut leaves) =
        ticket::split_permitted(old, current.tickets(), call, at, split, number)?;
    add_profile(&mut begins, known.profile.as_ref(), current, call);
    working.add(leaves.take_recorded(working.ticket.version(), call));
    let begun = finish(
        begin(current, call, &mut begins)?,
        Version::default(),
        at,
        data.clone(),
    );
    let new = begun.ticket.id();
    let mut planned = finish(working, before, at, data.clone());
    planned.add(begun);
    planned.follow_up = Some(new);
    claim_number(&mut planned.commit, new, number);
    keep_texts(&mut planned.commit, begins);
    remember(&mut planned, request, call, before);
    Ok(Plan::Commit(Box::new(planned)))
}
