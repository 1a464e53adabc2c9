//! The laws of desks. Each takes a desk on any store, under any rulebook, and a ticket in it; what one says or sweeps stays said and
//! swept, so give each a desk of its own or mind the order.

use chrono::{DateTime, TimeDelta, Utc};

use crate::call::{Actor, Call};
use crate::desk::{TenantDesk, foresee, wake_at};
use crate::id::{CustomerId, TicketId};
use crate::kpi::{Fact, Report};
use crate::sla::{State, Verdict};
use crate::store::Store;
use crate::testing::story::Story;
use crate::testing::tell::sweep_out;
use crate::ticket::{Command, Event, Recorded};

use super::escalation::the_same_happened;
use super::fold::{histories_are_in_order, whole};
use super::{clocks, fine};

/// The ticket that the desk shows is the one that its events make, and the events are in order: a snapshot, a cache or a fast path
/// of the store changes nothing.
#[track_caller]
pub fn a_ticket_is_its_events<S: Store>(desk: &TenantDesk<'_, S>, ticket: TicketId) {
    let events = fine(desk.history(ticket));
    histories_are_in_order(&events);
    assert_eq!(fine(desk.ticket(ticket)), whole(desk.id(), &events));
}

/// Sweeping more or less often never changes what happens: the story told to one desk without a sweep, and to another one with a
/// sweep at each of these instants (rising), makes the same events, and announces nothing twice. The desks are alike and hold
/// nothing else. A story whose opening the rules refuse, on both desks, tells nothing.
#[track_caller]
pub fn any_pattern_of_sweeps_gives_the_same_history<S: Store, T: Store>(
    seldom: &TenantDesk<'_, S>,
    often: &TenantDesk<'_, T>,
    story: &Story,
    sweeps: &[DateTime<Utc>],
) {
    let few = fine(story.tell_if_opened(seldom, 0, &[]));
    let many = fine(story.tell_if_opened(often, 0, sweeps));
    match (few, many) {
        (Ok(few), Ok(many)) => the_same_happened(&few.events, &many.events),
        (Err(one), Err(other)) => assert_eq!(one.code(), other.code(), "{one}; {other}"),
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => {
            panic!("one desk opens, the other says: {error}")
        }
    }
}

/// What every clock reads at `now` is the same before and after a sweep at `now`.
#[track_caller]
pub fn reading_is_reading_after_catch_up<S: Store>(
    desk: &TenantDesk<'_, S>,
    ticket: TicketId,
    now: DateTime<Utc>,
) {
    let read = || clocks().map(|clock| fine(desk.reading(ticket, clock, now)));
    let before: Vec<_> = read().collect();
    fine(sweep_out(desk, now));
    for (was, (is, clock)) in before.into_iter().zip(read().zip(clocks())) {
        assert_eq!(was, is, "{clock} before and after a sweep at {now}");
    }
}

/// Time passing records nothing before the wake-up, and something at it, to the microsecond. `share`: how far on the way there it is
/// looked at too, in thousandths.
#[track_caller]
pub fn the_wake_up_is_exact<S: Store>(
    desk: &TenantDesk<'_, S>,
    ticket: TicketId,
    now: DateTime<Utc>,
    share: u16,
) {
    let pass = |until| {
        let nothing = Command::default();
        fine(desk.submit(ticket, &Call::new(Actor::System, until), nothing))
    };
    let Some(wake) = pass(now).wake_at() else {
        return;
    };
    assert!(wake > now, "{wake} is to come, as of {now}");
    let just_before = wake - TimeDelta::microseconds(1);
    let way = (just_before - now) / 1_000 * i32::from(share.min(1_000));
    for until in [now + way, just_before] {
        let swept = fine(desk.desk().sweep(until, 10));
        assert!(swept.failed.is_empty(), "{:?}", swept.failed);
        let recorded = pass(until);
        assert!(
            recorded.events().is_empty(),
            "at {until}, before {wake}: {:?}",
            recorded.events()
        );
    }
    assert!(!pass(wake).events().is_empty(), "nothing at {wake}");
}

/// What is foreseen until `until` is what a sweep at `until` records, event by event; nothing before the wake-up, something at it; and with
/// less room, the first of it.
#[track_caller]
pub fn what_is_foreseen_is_what_a_sweep_records<S: Store>(
    desk: &TenantDesk<'_, S>,
    ticket: TicketId,
    until: DateTime<Utc>,
) {
    let before = fine(desk.ticket(ticket));
    let rulebook = fine(desk.desk().rulebooks().of(&before)).clone();
    let to_come = |until, limit| foresee(&before, &rulebook, until, limit);
    let foreseen = to_come(until, usize::MAX);
    for limit in [1, 2, 300] {
        let first = &foreseen[..foreseen.len().min(limit)];
        assert_eq!(
            to_come(until, limit),
            first,
            "the first {limit} until {until}"
        );
    }
    match wake_at(&before, &rulebook) {
        Some(wake) => {
            let just_before = wake - TimeDelta::microseconds(1);
            assert_eq!(to_come(just_before, 1), [], "before {wake}");
            assert!(!to_come(wake, 1).is_empty(), "nothing at {wake}");
        }
        None => assert_eq!(foreseen, [], "nothing is to come"),
    }
    let known = fine(desk.history(ticket)).len();
    fine(sweep_out(desk, until));
    assert_eq!(fine(desk.history(ticket))[known..], foreseen);
}

/// A breach is announced exactly where a clock was past its target, and a running clock is read as breached from its due on. The
/// desk is swept at `now`.
#[track_caller]
pub fn announced_breaches_and_readings_agree<S: Store>(
    desk: &TenantDesk<'_, S>,
    ticket: TicketId,
    now: DateTime<Utc>,
) {
    fine(sweep_out(desk, now));
    let events = fine(desk.history(ticket));
    for clock in clocks() {
        let of_it = |recorded: &Recorded| matches!(&recorded.event, Event::Breached { clock: breached, .. } if *breached == clock);
        let announced = events.iter().any(of_it);
        let reading = fine(desk.reading(ticket, clock, now));
        assert_eq!(reading.ever_breached(), announced, "{clock}: {reading:?}");
        if reading.verdict() == Verdict::Breached {
            assert!(reading.ever_breached(), "{clock}: {reading:?}");
        }
        if let (Some(due), Some(left), State::Running) =
            (reading.due(), reading.remaining(), reading.state())
        {
            let is_over = left <= TimeDelta::zero();
            assert_eq!(is_over, due <= now, "{clock}: {reading:?}");
        }
    }
}

/// The same command under the same key is done once: the answer is the same, and nothing is written. `again` is a later call with
/// the same key and actor as `first`; where the command is refused, there is nothing to repeat.
#[track_caller]
pub fn a_repeated_key_writes_nothing<S: Store>(
    desk: &TenantDesk<'_, S>,
    ticket: TicketId,
    (first, again): (&Call, &Call),
    command: &Command,
) {
    assert!(
        first.idempotency_key().is_some() && first.idempotency_key() == again.idempotency_key(),
        "both calls carry one key"
    );
    let Ok(first) = desk.submit(ticket, first, command.clone()) else {
        return;
    };
    let written = fine(desk.history(ticket));
    let second = fine(desk.submit(ticket, again, command.clone()));
    assert!(second.is_replayed() && !first.is_replayed());
    assert_eq!(first.events(), second.events());
    assert_eq!(
        (first.message(), first.follow_up()),
        (second.message(), second.follow_up())
    );
    assert_eq!(fine(desk.history(ticket)), written);
}

/// The rows that the store keeps for the reports are those that the events make, under the rulebook that the ticket is pinned to.
#[track_caller]
pub fn rows_are_those_of_the_events<S: Store>(desk: &TenantDesk<'_, S>, ticket: TicketId) {
    let ticket = whole(desk.id(), &fine(desk.history(ticket)));
    let rulebook = fine(desk.desk().rulebooks().of(&ticket));
    let mut kept: Vec<Fact> = Vec::new();
    fine(desk.facts(&mut |rows| {
        if rows.first().is_some_and(|row| row.ticket == ticket.id()) {
            kept.extend_from_slice(rows);
        }
    }));
    assert_eq!(kept, rulebook.facts(&ticket));
}

/// Erasing a person at `at` takes their texts and changes no figure, no timing and no role.
#[track_caller]
pub fn erasing_changes_no_figure<S: Store>(
    desk: &TenantDesk<'_, S>,
    customer: CustomerId,
    (report, now): (&Report, DateTime<Utc>),
    at: DateTime<Utc>,
) {
    let tickets = || {
        let mut tickets = Vec::new();
        fine(desk.facts(&mut |rows| tickets.extend(rows.first().map(|row| row.ticket))));
        tickets
    };
    let histories = || tickets().into_iter().map(|one| fine(desk.history(one)));
    let seen = || {
        (
            fine(desk.report(report, now)),
            histories().collect::<Vec<_>>(),
        )
    };
    let before = seen();
    fine(desk.erase_person(customer, at));
    assert_eq!(seen(), before, "{customer} erased at {at}");
    for ticket in tickets().into_iter().map(|one| fine(desk.ticket(one))) {
        if ticket.requester() != customer {
            continue;
        }
        let said = ticket.messages().iter();
        let by_them = said.filter(|message| message.author == Actor::Customer(customer));
        let texts: Vec<_> = by_them.map(|message| message.body).collect();
        let left = fine(desk.content(&texts));
        assert!(left.iter().all(Option::is_none), "{left:?}");
    }
}
