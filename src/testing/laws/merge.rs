//! The law of merging: nothing is lost or doubled, and nothing runs where it ended.

use chrono::{DateTime, Utc};

use crate::call::Call;
use crate::desk::TenantDesk;
use crate::escalation::Trigger;
use crate::id::Name;
use crate::rulebook::Rulebook;
use crate::sla::State;
use crate::store::Store;
use crate::testing::tell::sweep_out;
use crate::ticket::{CloseReason, Direction, Event, Link, Merge, Metric, Stage, Status, Ticket};

use super::desk::reading_is_reading_after_catch_up;
use super::{clocks, fine};

/// Merges two tickets, at `call`'s instant, and looks again at `later`: messages of customers and effort are preserved, each counted
/// once; both sides know of each other; no clock runs on the merged ticket, and none is told of; whoever waited there waits in
/// the other one, and not for less long; and the clocks of that one read and add up as ever. A merge that is refused changes nothing.
/// Answers whether they were merged.
#[track_caller]
pub fn a_merge_loses_nothing<S: Store>(
    desk: &TenantDesk<'_, S>,
    call: &Call,
    merge: Merge,
    later: DateTime<Utc>,
) -> bool {
    let both = || {
        (
            fine(desk.ticket(merge.source)),
            fine(desk.ticket(merge.into)),
        )
    };
    fine(sweep_out(desk, call.at()));
    let before = both();
    let merged = desk.merge(call, merge);
    let now = both();
    let Ok(outcome) = merged else {
        assert_eq!(before, now, "a refused merge changes nothing");
        return false;
    };
    assert_eq!(outcome.id(), merge.into);

    let (old, new) = ([&before.0, &before.1], [&now.0, &now.1]);
    assert_eq!(customers_messages(old), customers_messages(new));
    assert_eq!(effort(old), effort(new));
    assert_eq!(effort([&now.0]), 0, "effort moves");
    let book = fine(desk.desk().rulebooks().of(&now.1));
    if desk
        .desk()
        .rulebooks()
        .of(&now.0)
        .is_ok_and(|other| other.id() == book.id())
    {
        assert_eq!(counted(book, old), counted(book, new));
    }

    assert_eq!(now.0.merged_into(), Some(merge.into));
    assert!(now.1.links().contains(&(Link::MergedFrom, merge.source)));
    assert_eq!(now.0.status(), Status::Closed(CloseReason::Duplicate));
    the_waiting_go_on_waiting(&before, &now);
    // The first response is due when it was, once it has begun.
    if before.1.waiting_since().is_some() {
        for clock in clocks().filter(|clock| clock.metric == Metric::FirstResponse) {
            let started = |ticket| crate::desk::read(ticket, book, clock, call.at()).started_at();
            let was = started(&before.1);
            assert!(was.is_none() || was == started(&now.1), "{clock}: {was:?}");
        }
    }

    for clock in clocks() {
        let reading = fine(desk.reading(merge.source, clock, later));
        let is_over = !matches!(reading.state(), State::Running | State::Paused);
        assert!(is_over, "{clock} of a merged ticket: {reading:?}");
    }
    reading_is_reading_after_catch_up(desk, merge.into, later);
    no_clock_is_told_of(desk, &now.0);
    for clock in clocks() {
        let ledger = fine(desk.ledger(merge.into, clock, later));
        let reading = fine(desk.reading(merge.into, clock, later));
        assert_eq!(ledger.elapsed(), reading.elapsed(), "{clock}: {ledger:#}");
        for pair in ledger.entries.windows(2) {
            assert_eq!(pair[0].to, pair[1].from, "{clock}: {ledger:#}");
        }
    }
    true
}

/// Nothing falls due by a clock on a merged ticket; a rule that watches none still sees it, as one on the time in a status does.
#[track_caller]
fn no_clock_is_told_of<S: Store>(desk: &TenantDesk<'_, S>, merged: &Ticket) {
    let book = fine(desk.desk().rulebooks().of(merged));
    let watches_a_clock = |name: &Name| {
        let mut rules = book.escalations().iter();
        rules.any(|rule| rule.name == *name && matches!(rule.trigger, Trigger::Clock { .. }))
    };
    let history = fine(desk.history(merged.id()));
    for recorded in history.iter().filter(|e| e.version > merged.version()) {
        let of_a_clock = match &recorded.event {
            Event::Breached { .. } => true,
            Event::Escalated(fired) => watches_a_clock(&fired.rule),
            _ => false,
        };
        assert!(
            !of_a_clock,
            "a merged ticket is swept for nothing: {recorded:?}"
        );
    }
}

/// Whoever waited in the source waits in the other one, which is work then, and not for less long.
#[track_caller]
fn the_waiting_go_on_waiting(before: &(Ticket, Ticket), now: &(Ticket, Ticket)) {
    let Some(since) = before.0.waiting_since() else {
        return;
    };
    let waits = now.1.waiting_since();
    assert!(waits.is_some_and(|now| now <= since), "{waits:?}, {since}");
    let stage = now.1.status().stage();
    assert!(matches!(stage, Stage::Open | Stage::Reopened), "{stage}");
}

fn customers_messages<const N: usize>(tickets: [&Ticket; N]) -> usize {
    let messages = tickets.into_iter().flat_map(|ticket| ticket.messages());
    messages
        .filter(|message| message.direction == Direction::Inbound)
        .count()
}

fn effort<const N: usize>(tickets: [&Ticket; N]) -> i64 {
    let entries = tickets.into_iter().flat_map(|ticket| ticket.effort());
    entries.map(|entry| entry.spent.micros()).sum()
}

/// Customers' messages and effort, as the KPIs count them.
fn counted(book: &Rulebook, tickets: [&Ticket; 2]) -> (u32, i64) {
    let rows = tickets.into_iter().flat_map(|ticket| book.facts(ticket));
    let own = rows.filter_map(|row| row.own);
    own.fold((0, 0), |(n, us), own| {
        (n + own.customer_messages, us + own.effort_us)
    })
}
