//! What a rulebook says of targets: days, lengths of time, the conditions they hang on and the calendar they count in.

use helpdesk::calendar::DayEnd;
use helpdesk::sla::{Condition, Target};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::Metric;
use helpdesk::{Actor, Calendar, Call, Desk, Open, Rulebook};

use super::{ann, name, policy};

/// Days are days of the calendar: the same local time on the n-th open day, or its last close; turned into running time at the start.
#[test]
fn targets_of_days() {
    let closed = chrono::NaiveDate::from_ymd_opt(2026, 3, 6).unwrap(); // a Friday
    let office = Calendar::builder("Europe/Berlin")
        .and_then(|office| office.hours("Mon-Fri 09:00-17:00"))
        .and_then(|office| office.closed(closed, "Holiday").build())
        .unwrap();
    let due = |target: &str, opened: &str| {
        let metric = Metric::TotalResolution;
        let draft = Rulebook::draft().calendar(name("office"), office.clone());
        let book = draft.policy(policy("p", metric, target)).build().unwrap();
        let desk = Desk::new(MemoryStore::new(), book);
        let call = Call::new(Actor::Customer(ann()), opened.parse().unwrap());
        let reading = desk
            .open(&call, Open::new("x").body("help"))
            .unwrap()
            .reading(metric);
        reading.due().unwrap().format("%m-%d %H:%M").to_string()
    };
    // Thursday 10:00 in Berlin: Friday is closed.
    assert_eq!(due("1 business day", "2026-03-05T09:00:00Z"), "03-09 09:00");
    assert_eq!(
        due("2 business days", "2026-03-05T09:00:00Z"),
        "03-10 09:00"
    );
    assert_eq!(
        due("1 business day end of day", "2026-03-05T09:00:00Z"),
        "03-09 16:00"
    );
    // Thursday 20:00, after the close: what lies before Monday 20:00 is Monday's eight hours.
    assert_eq!(due("1 business day", "2026-03-05T19:00:00Z"), "03-09 16:00");
    // Saturday 08:00: nothing is open before Monday 08:00, so it is Tuesday 08:00, and the time before that is Monday's.
    assert_eq!(due("1 business day", "2026-03-07T07:00:00Z"), "03-09 16:00");
    // Over the change of the clocks, 29 March: the same time on the wall, an hour less of time.
    assert_eq!(due("1 business day", "2026-03-27T09:00:00Z"), "03-30 08:00");
}

#[test]
fn targets_tell_what_they_are() {
    let days = Target::days(3, DayEnd::LastClose).unwrap();
    assert_eq!((days.business_days(), days.amount()), (Some(3), None));
    let hours: Target = "4h".parse().unwrap();
    assert_eq!(hours.business_days(), None);
    assert_eq!(
        hours.amount().map(|span| span.micros()),
        Some(4 * 3_600_000_000)
    );
}

/// So many levels, and not one more.
#[test]
fn conditions_nest_so_deep() {
    let built = |levels: usize| {
        let around = |inner, n: usize| match n % 3 {
            0 => Condition::Not(Box::new(inner)),
            1 => Condition::All(vec![inner]),
            _ => Condition::Any(vec![Condition::Tag(name("b")), inner]),
        };
        let condition = (1..levels).fold(Condition::Tag(name("a")), around);
        Rulebook::draft()
            .policy(policy("p", Metric::FirstResponse, "1h").when(condition))
            .build()
    };
    assert!(built(Condition::MAX_DEPTH).is_ok());
    let deep = built(Condition::MAX_DEPTH + 1).unwrap_err().to_string();
    assert!(deep.contains("deeper than 32 levels"), "{deep}");
}

/// The first calendar that is given becomes the rulebook's own, also one that never closes.
#[test]
fn the_first_calendar_given_is_the_own_one() {
    let office = Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap();
    for first in ["always", "never closed"] {
        let draft = Rulebook::draft()
            .calendar(name(first), Calendar::always())
            .calendar(name("office"), office.clone());
        assert_eq!(draft.calendar, name(first));
        assert_eq!(draft.calendars.len(), 2);
        let policy = policy("p", Metric::FirstResponse, "1h").calendar(name(first));
        assert!(draft.policy(policy).build().is_ok());
    }
}
