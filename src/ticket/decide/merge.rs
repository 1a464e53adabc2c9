//! What a merge means for both tickets.

use chrono::{DateTime, Utc};

use crate::call::Call;
use crate::ticket::Ticket;
use crate::ticket::command::Move;
use crate::ticket::event::Event;
use crate::ticket::lifecycle::{CloseReason, Stage};
use crate::ticket::link::Link;
use crate::ticket::merge::{Merge, Merged};
use crate::ticket::promise::Promise;
use crate::ticket::refusal::Refusal;
use crate::ticket::rules::{Permission, Rules};
use crate::ticket::session::{Session, SessionEvent};

use super::Decision;
use super::work::Work;

/// What a merge leads to, on both sides. Both are to be recorded, or neither.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Merging {
    /// What happens to the ticket that ends.
    pub source: Decision,
    /// What happens to the ticket that goes on.
    pub into: Decision,
}

/// What `merge` at `at` means for `source` and `into`, each with the rules that it is pinned to; see [`Merge`].
///
/// # Errors
/// The caller may not merge, or does not reach both; the two are one; one of them is closed; they belong to different requesters,
/// and the merge does not say that this is meant; a message waits on the source, and the other ticket was resolved longer ago than the
/// reopen window.
pub fn merge(
    (source, source_rules): (&Ticket, &Rules),
    (into, rules): (&Ticket, &Rules),
    call: &Call,
    at: DateTime<Utc>,
    merge: &Merge,
) -> Result<Merging, Refusal> {
    for (ticket, rules) in [(source, source_rules), (into, rules)] {
        rules
            .permissions
            .check(call.actor().role(), Permission::Merge)?;
        Rules::reach(ticket, call.actor())?;
    }
    merge_permitted((source, source_rules), (into, rules), call, at, merge)
}

/// The same, where the permission was checked: who merges may be known to the tickets by other ids.
pub(crate) fn merge_permitted(
    (source, source_rules): (&Ticket, &Rules),
    (into, rules): (&Ticket, &Rules),
    call: &Call,
    at: DateTime<Utc>,
    merge: &Merge,
) -> Result<Merging, Refusal> {
    if source.id() == into.id() {
        let ticket = source.id();
        return Err(Refusal::SameTicket { ticket });
    }
    for (ticket, what) in [(source, "merging it"), (into, "merging into it")] {
        if let Some(into) = ticket.merged_into() {
            return Err(Refusal::Merged { into });
        }
        if ticket.status().stage() == Stage::Closed {
            return Err(Refusal::Closed { what });
        }
    }
    if source.requester() != into.requester() && !merge.across_requesters {
        let (ticket, into) = (source.id(), into.id());
        return Err(Refusal::OtherRequester { ticket, into });
    }

    let asked_at = source.waiting_since();
    // One that can still be kept goes before one that is broken; of two alike, the earlier one.
    let place = |open: &Promise| (open.due < at, open.due);
    let comes_first = |open: &Promise| {
        into.open_promise()
            .is_none_or(|own| place(open) < place(&own))
    };
    let promise = source.open_promise().filter(comes_first);
    let mut ends = Work::on(source_rules, call, at, source);
    let going_on = sessions_that_go_on((source, into), rules);
    for session in &going_on {
        let what = SessionEvent::MovedTo { ticket: into.id() };
        ends.push(Event::Session {
            id: session.id,
            what,
        });
    }
    ends.push(Event::Linked {
        link: Link::MergedInto,
        ticket: into.id(),
    });
    ends.take(&Move::Close(CloseReason::Duplicate))?;
    let mut goes_on = Work::on(rules, call, at, into);
    goes_on.push(Event::Merged(Merged {
        source: source.id(),
        asked_at,
        promise,
        effort: source.effort().to_vec(),
    }));
    for session in going_on {
        goes_on.push(Event::Session {
            id: session.id,
            what: SessionEvent::MovedFrom {
                ticket: source.id(),
                session: Box::new(session.clone()),
            },
        });
    }
    if asked_at.is_some() {
        if goes_on.stage() == Stage::Resolved {
            goes_on.within_reopen_window()?;
        }
        goes_on.wake_for_customer();
    }
    Ok(Merging {
        source: ends.decision,
        into: goes_on.decision,
    })
}

/// The sessions of the source that are not over, as far as the other ticket can take them: it knows none by the same id, and has room.
fn sessions_that_go_on<'t>(
    (source, into): (&'t Ticket, &Ticket),
    rules: &Rules,
) -> Vec<&'t Session> {
    let known = into.sessions();
    let room = rules.max_list.saturating_sub(known.len());
    let open = source.sessions().iter().filter(|one| !one.is_over());
    let new = open.filter(|one| known.iter().all(|there| there.id != one.id));
    new.take(room).collect()
}
