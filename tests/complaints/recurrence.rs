//! Who comes back with the same cause: counted by customer and by day.

use chrono::TimeDelta;
use helpdesk::id::CustomerId;
use helpdesk::kpi::{Exclusion, RecurrenceTally};
use helpdesk::ticket::{Change, CloseReason, Merge};
use helpdesk::time::Span;
use helpdesk::{Command, TicketId};

use super::{BEGIN, Told, at, causes, name};

/// Who asked, with which cause, when, and when it was resolved, in days.
fn asked(told: &Told, customer: &str, cause: &str, day: i64, resolved: Option<i64>) -> TicketId {
    let minutes = |day: i64| day * 24 * 60;
    let ticket = told.open(minutes(day), customer);
    told.change(ticket, minutes(day), causes().set(&name(cause)));
    if let Some(resolved) = resolved {
        told.say(ticket, minutes(resolved), Command::resolve());
    }
    ticket
}

#[test]
fn recurrence_counts_who_comes_back_with_the_same_cause() {
    let told = Told::new();
    asked(&told, "ann@example.com", "late", 0, Some(1)); // comes back on day 8: within 7 days
    asked(&told, "ann@example.com", "late", 8, Some(9)); // comes back no more
    asked(&told, "bob@example.com", "late", 0, Some(1)); // comes back with another delivery cause
    asked(&told, "bob@example.com", "damaged", 3, Some(9)); // comes back no more
    asked(&told, "cat@example.com", "late", 0, Some(1)); // comes back too late
    asked(&told, "cat@example.com", "late", 9, None); // not resolved
    asked(&told, "dan@example.com", "billing", 0, Some(30)); // resolved too short a time ago
    let open_again = asked(&told, "eva@example.com", "billing", 0, Some(1));
    told.say(open_again, 3 * 24 * 60, Command::reopen());
    let cleared = asked(&told, "fay@example.com", "billing", 0, Some(1));
    told.change(
        cleared,
        2 * 24 * 60,
        Change::Field {
            name: name("cause"),
            value: None,
        },
    );

    let rows = told.rows();
    let mut tally = RecurrenceTally::default();
    tally.add(&rows, &causes()).unwrap();
    let as_of = at(BEGIN) + TimeDelta::days(31);
    let figures = tally.report(&causes(), Span::hours(7 * 24), as_of);
    let shown = |cause: &str| {
        let figures = &figures[cause];
        format!("{}: {}", figures.tickets, figures.repeated)
    };
    assert_eq!(shown("late"), "5: 25.0 % (1 of 4; left out: 1 undecided)");
    assert_eq!(
        shown("delivery"),
        "6: 40.0 % (2 of 5; left out: 1 undecided)"
    );
    assert_eq!(shown("damaged"), "1: 0.0 % (0 of 1)");
    let billing = &figures["billing"];
    let left_out = [Exclusion::Immature, Exclusion::Reopened]
        .map(|why| billing.repeated.excluded().count(why));
    assert_eq!((billing.tickets, left_out), (2, [1, 1]));

    // In parts and in any order it is the same; rows given again change nothing.
    let tickets: Vec<_> = helpdesk::kpi::by_ticket(&rows).collect();
    let (mut odd, mut even) = (RecurrenceTally::default(), RecurrenceTally::default());
    for (n, rows) in tickets.iter().enumerate().rev() {
        let part = if n % 2 == 0 { &mut even } else { &mut odd };
        part.add(rows, &causes()).unwrap();
        part.add(rows, &causes()).unwrap();
    }
    odd.merge(&even);
    assert_eq!(odd, tally);
    let text = serde_json::to_string(&tally).unwrap();
    assert_eq!(
        serde_json::from_str::<RecurrenceTally>(&text).unwrap(),
        tally
    );
    // As of an earlier day nothing later is known.
    let early = tally.report(
        &causes(),
        Span::hours(7 * 24),
        at(BEGIN) + TimeDelta::days(2),
    );
    assert_eq!(early["late"].tickets, 3);
}

/// A second mail about the same that was merged, and spam, are nobody who came again: from the day on which they are closed.
#[test]
fn a_duplicate_is_nobody_who_comes_back() {
    let told = Told::new();
    let minutes = |day: i64| day * 24 * 60;
    let shown = |told: &Told, day: i64| {
        let mut tally = RecurrenceTally::default();
        tally.add(&told.rows(), &causes()).unwrap();
        let as_of = at(BEGIN) + TimeDelta::days(day);
        let figures = tally.report(&causes(), Span::hours(7 * 24), as_of);
        (
            figures["late"].tickets,
            figures["late"].repeated.numerator(),
        )
    };
    let ann = asked(&told, "ann@example.com", "late", 0, Some(1));
    let again = asked(&told, "ann@example.com", "late", 2, None);
    assert_eq!(shown(&told, 20), (2, 1));
    let merge = Merge::new(again, ann);
    told.desk.merge(&Told::call(minutes(10)), merge).unwrap();
    assert_eq!(shown(&told, 9), (2, 1), "not yet merged");
    assert_eq!(shown(&told, 20), (2, 0));

    asked(&told, "bob@example.com", "late", 0, Some(1));
    let spam = asked(&told, "bob@example.com", "late", 2, None);
    told.say(spam, minutes(3), Command::close(CloseReason::Spam));
    assert_eq!(shown(&told, 20), (4, 0));
    // Resolved and then closed as a duplicate: she came, and was helped.
    let helped = asked(&told, "bob@example.com", "late", 4, Some(5));
    told.say(helped, minutes(6), Command::close(CloseReason::Duplicate));
    assert_eq!(shown(&told, 20), (5, 1));
}

/// A figure of a day stays what it was, whatever becomes of its tickets after it.
#[test]
fn recurrence_of_a_day_knows_nothing_that_came_later() {
    let told = Told::new();
    let ticket = asked(&told, "ann@example.com", "late", 0, Some(1));
    let shown = |told: &Told, day: i64| {
        let mut tally = RecurrenceTally::default();
        tally.add(&told.rows(), &causes()).unwrap();
        let as_of = at(BEGIN) + TimeDelta::days(day);
        let figures = tally.report(&causes(), Span::hours(7 * 24), as_of);
        figures["late"].repeated.to_string()
    };
    let days = |told: &Told| [4, 9, 11, 19].map(|day| shown(told, day));
    let (holds, open) = ("0.0 % (0 of 1)", "- (0 of 0; left out: 1 open again)");
    let young = "- (0 of 0; left out: 1 immature)";
    assert_eq!(days(&told), [young, holds, holds, holds]);
    told.say(ticket, 10 * 24 * 60, Command::reopen());
    assert_eq!(days(&told), [young, holds, open, open]);
    told.say(ticket, 12 * 24 * 60, Command::resolve());
    assert_eq!(days(&told), [young, holds, open, holds]);
}

#[test]
fn customers_are_told_apart_by_their_address() {
    // What the two tallies rest on: the same address is the same customer.
    let told = Told::new();
    let tickets = [
        told.open(0, "ann@example.com"),
        told.open(1, "ANN@example.com"),
    ];
    let of = tickets.map(|ticket| told.desk.ticket(ticket).unwrap().requester());
    let [a, b]: [CustomerId; 2] = of;
    assert_eq!(a, b);
}
