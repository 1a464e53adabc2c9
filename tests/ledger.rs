//! Ledgers by example: why a clock shows what it shows, in words for people.

mod common;

use chrono::{NaiveDate, TimeDelta};
use common::*;
use helpdesk::desk;
use helpdesk::id::TeamId;
use helpdesk::sla::ledger::shares;
use helpdesk::sla::{Policy, State};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Change, Holder, Metric, Pending};
use helpdesk::{Actor, Calendar, Call, Command, Desk, Open, Rulebook, TicketId};

fn rulebook() -> Rulebook {
    let labour_day = NaiveDate::from_ymd_opt(2026, 5, 1).unwrap();
    let office = Calendar::builder("Europe/Berlin")
        .and_then(|office| office.hours("Mon-Fri 09:00-17:00"))
        .and_then(|office| office.closed(labour_day, "Labour Day").build())
        .unwrap();
    let policy = Policy::new(name("all"))
        .target(Metric::TotalResolution, "8h".parse().unwrap())
        .target(Metric::FirstResponse, "1h calendar".parse().unwrap());
    let draft = Rulebook::draft().calendar(name("office"), office);
    draft.policy(policy).build().unwrap()
}

fn told() -> (Desk<MemoryStore>, TicketId) {
    let desk = Desk::new(MemoryStore::new(), rulebook());
    let ann = |now: &str| Call::new(Actor::Customer(ANN), at(now));
    let kim = |now: &str| Call::new(Actor::Agent(KIM), at(now));
    // Thursday 15:00 in Berlin; Friday is Labour Day.
    let t = desk
        .open(&ann("2026-04-30T13:00:00Z"), Open::new("x").body("help"))
        .unwrap()
        .id();
    let team = |team: &str| {
        Command::change(Change::Assign {
            agent: None,
            team: Some(TeamId::named(team)),
        })
    };
    let submit = |call: &Call, command| desk.submit(t, call, command).unwrap();
    submit(&kim("2026-04-30T13:30:00Z"), team("front"));
    submit(
        &kim("2026-05-04T07:30:00Z"),
        Command::reply("Which floor?").then_pend(Pending::Customer),
    );
    submit(&ann("2026-05-04T09:40:00Z"), Command::reply("The third."));
    submit(&kim("2026-05-04T10:00:00Z"), team("back"));
    submit(&kim("2026-05-04T11:00:00Z"), Command::resolve());
    submit(&ann("2026-05-05T07:00:00Z"), Command::reopen());
    (desk, t)
}

#[test]
fn a_ledger_says_it_in_words() {
    let (desk, t) = told();
    let now = at("2026-05-05T08:00:00Z");
    let ledger = desk.ledger(t, Metric::TotalResolution, now).unwrap();
    assert_eq!(
        ledger.to_string(),
        "running 4h 50min; closed 88h, of which 24h Labour Day; paused 2h 10min: waiting for the customer; resolved 20h"
    );
    let reading = desk.reading(t, Metric::TotalResolution, now).unwrap();
    assert_eq!(ledger.elapsed(), reading.elapsed());
    let table = format!("{ledger:#}");
    assert!(
        table.contains(
            "Fri 2026-05-01 00:00:00 to Sat 2026-05-02 00:00:00            0s  closed: Labour Day"
        ),
        "{table}"
    );
    let first = desk.ledger(t, Metric::FirstResponse, now).unwrap();
    assert_eq!(first.to_string(), "running 90h 30min");
    let follow_up = desk.ledger(t, Metric::FollowUp, now).unwrap();
    assert_eq!(follow_up.to_string(), "running 4h; closed 16h"); // until the reopening
    let promise = desk.ledger(t, Metric::PromisedUpdate, now).unwrap();
    assert!(promise.entries.is_empty(), "never promised");
}

/// Asked about the due instant, the ledger tells why it is due then.
#[test]
fn a_ledger_explains_a_due() {
    let (desk, t) = told();
    let now = at("2026-05-05T08:00:00Z");
    let due = desk
        .reading(t, Metric::TotalResolution, now)
        .unwrap()
        .due()
        .unwrap();
    assert_eq!(due, at("2026-05-05T11:10:00Z"));
    let ledger = desk.ledger(t, Metric::TotalResolution, due).unwrap();
    assert_eq!(ledger.elapsed(), TimeDelta::hours(8));
}

/// What comes over with a merge ran on the other ticket: here it is told by whoever was in charge of this one.
#[test]
fn what_a_merge_brought_is_shared_among_its_holders_too() {
    let next =
        Policy::new(name("all")).target(Metric::NextResponse, "9h calendar".parse().unwrap());
    let desk = Desk::new(
        MemoryStore::new(),
        Rulebook::draft().policy(next).build().unwrap(),
    );
    let by = |actor, time: &str| Call::new(actor, at(&format!("2026-03-02T{time}:00Z")));
    let open = |time: &str| {
        let opened = desk.open(&by(Actor::Customer(ANN), time), Open::new("x").body("help"));
        opened.unwrap().id()
    };
    let lee = helpdesk::id::AgentId::named("lee");
    let into = open("08:00");
    let kim = |time: &str, command| {
        desk.submit(into, &by(Actor::Agent(KIM), time), command)
            .unwrap()
    };
    kim("08:00", Command::assign(KIM));
    kim("08:30", Command::reply("Which?"));
    let source = open("09:00");
    kim("10:00", Command::assign(lee));
    let merge = helpdesk::ticket::Merge::new(source, into);
    desk.merge(&by(Actor::Agent(KIM), "12:00"), merge).unwrap();
    let ledger = desk.ledger(into, Metric::NextResponse, at("2026-03-02T12:00:00Z"));
    let shares: Vec<_> = ledger.unwrap().shares();
    let counted: Vec<_> = shares
        .iter()
        .map(|share| (share.holder.agent, share.running))
        .collect();
    let hours = TimeDelta::hours;
    assert_eq!(counted, [(Some(KIM), hours(1)), (Some(lee), hours(2))]);
}

/// Past the years that calendars know nothing is open: the ledger adds up to what the reading shows.
#[test]
fn a_ledger_adds_up_past_the_last_calendar() {
    let (desk, id) = told();
    let now = at("2101-06-01T00:00:00Z");
    for metric in Metric::ALL {
        let (reading, ledger) = (desk.reading(id, metric, now), desk.ledger(id, metric, now));
        let counted: TimeDelta = ledger.unwrap().entries.iter().map(|one| one.counted).sum();
        assert_eq!(counted, reading.unwrap().elapsed(), "{metric}");
    }
}

#[test]
fn running_time_is_shared_among_its_holders() {
    let (desk, t) = told();
    let ticket = desk.ticket(t).unwrap();
    let now = at("2026-05-05T08:00:00Z");
    let team = |team: Option<&str>| Holder {
        agent: None,
        team: team.map(TeamId::named),
    };
    let mut expected = vec![
        (team(None), 30),
        (team(Some("front")), 90 + 30 + 20),
        (team(Some("back")), 60 + 60),
    ];
    expected.sort();
    let told: Vec<_> = shares(&ticket, rulebook().policies(), Metric::TotalResolution, now)
        .iter()
        .map(|share| (share.holder, share.running.num_minutes()))
        .collect();
    assert_eq!(told, expected);
    let reading = desk::read(&ticket, &rulebook(), Metric::TotalResolution, now);
    assert_eq!(
        (reading.state(), reading.elapsed()),
        (State::Running, TimeDelta::minutes(290))
    );
}
