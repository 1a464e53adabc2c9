//! The laws of importing recorded histories, and the cases behind each kind of anomaly.

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::escalation::{Action, Guard, Level, Rule, Trigger};
use helpdesk::id::{AgentId, CustomerId, Name, SessionId, TeamId, TicketNumber};
use helpdesk::replay::{AnomalyKind, History, Imported, Order, Row, Said, import};
use helpdesk::sla::{Condition, Policy};
use helpdesk::store::MemoryStore;
use helpdesk::testing::history::histories;
use helpdesk::testing::laws::fold;
use helpdesk::ticket::{
    Change, Channel, CloseReason, Delivery, Draft, Event, Handling, Label, Metric, Pending,
    Priority, Recorded, Rules, SessionEnd, SessionStep, Stage, Status, Ticket, Visibility,
};
use helpdesk::time::Span;
use helpdesk::{Actor, Call, Command, Desk, Rulebook, TenantId, TicketId};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn rulebook() -> Rulebook {
    let mut rules = Rules::default();
    rules
        .labels
        .insert(name("Awaiting vendor"), Label::Pending(Pending::ThirdParty));
    rules.personal_fields.insert(name("phone"));
    rules.max_text = 40;
    helpdesk::rulebook::RulebookDraft::starter()
        .tickets(rules)
        .build()
        .unwrap()
}

fn history() -> History {
    let ann = CustomerId::named("ann");
    History::new(
        TicketId::named("INC7"),
        TicketNumber(7),
        ann,
        at("2026-03-05T09:00:00Z"),
    )
}

fn imported(history: &History) -> Imported {
    import(history, &rulebook(), TenantId::SINGLE)
}

const CLOSED: Status = Status::Closed(CloseReason::Settled);

/// Histories read as lines: an instant of March 2026, then what the row says. Gives the anomalies and the statuses.
fn read(lines: &[&str]) -> (String, String) {
    let mut history = history();
    for line in lines {
        let (day, said) = line.split_once(' ').unwrap();
        let row = Row::new(at(&format!("2026-03-{day}:00Z")));
        let draft = Draft::new("text");
        let (ann, kim) = (
            Actor::customer(CustomerId::named("ann")),
            Actor::agent(AgentId::named("kim")),
        );
        history.rows.push(match said {
            "open" => row.status(Status::Open),
            "reopened" => row.status(Status::Reopened),
            "pending" => row.status(Status::Pending(Pending::Customer)),
            "resolved" => row.status(Status::Resolved),
            "closed" => row.status(CLOSED),
            "spam" => row.status(Status::Closed(CloseReason::Spam)),
            "vendor" | "nobody" => {
                let label = Some(name(if said == "vendor" {
                    "Awaiting vendor"
                } else {
                    "Elsewhere"
                }));
                row.says(Said::Status {
                    to: Status::Pending(Pending::ThirdParty),
                    label,
                })
            }
            "asleep" => {
                let until = at("2026-03-05T09:00:00Z");
                row.status(Status::Pending(Pending::Scheduled { until }))
            }
            "promise" => {
                let due = at("2026-03-05T09:00:00Z");
                row.says(Said::Change(Change::PromiseUpdate(due)))
            }
            "?" => row.says(Said::UnknownStatus),
            "low" => row.priority(Priority::Low),
            "noted" => row.says(Said::Noted(name("odd_shape"))),
            "ann" => row.by(ann).message(draft),
            "ann notes" => {
                let mut note = draft;
                note.visibility = Visibility::Internal;
                row.by(ann).message(note)
            }
            "bob" => row
                .by(Actor::customer(CustomerId::named("bob")))
                .message(draft),
            "kim" => row.by(kim).message(draft),
            "kim at length" => row.by(kim).message(Draft::new("x".repeat(41))),
            "mail" => row.by(ann).message(draft.external_id("m1")),
            "redact" => {
                let message = helpdesk::id::MessageId::named("none");
                row.says(Said::Change(Change::Redact(message)))
            }
            other => panic!("{other}"),
        });
    }
    let imported = imported(&history);
    let statuses = imported
        .events()
        .iter()
        .filter_map(|recorded| match recorded.event {
            Event::StatusChanged { to, .. } => Some(to.stage().to_string()),
            _ => None,
        });
    let anomalies = imported
        .anomalies()
        .iter()
        .map(|(kind, n)| format!("{kind} {n}"));
    (
        anomalies.collect::<Vec<_>>().join(", "),
        statuses.collect::<Vec<_>>().join(" "),
    )
}

#[test]
fn each_surprise_has_its_name() {
    #[rustfmt::skip]
    let cases: &[(&[&str], &str, &str)] = &[
        (&["05T10:00 open", "05T11:00 resolved", "06T09:00 open", "07T09:00 resolved", "08T09:00 closed"], "", "resolved reopened resolved closed"),
        (&["05T10:00 pending", "05T11:00 resolved", "06T09:00 pending", "07T09:00 open"], "", "pending resolved reopened pending reopened"),
        (&["05T10:00 vendor", "05T11:00 vendor", "05T12:00 open"], "", "pending open"),
        (&["05T08:00 open", "05T08:30 pending"], "before_creation 2", "pending"),
        (&["05T12:00 open", "05T10:00 pending", "05T11:00 resolved"], "out_of_order 2", "pending resolved"),
        (&["05T12:00 open", "05T08:00 pending"], "out_of_order 1, before_creation 1", "pending"),
        (&["05T10:00 ?", "05T11:00 resolved", "05T12:00 ?"], "unknown_state 2", "resolved"),
        (&["05T10:00 closed", "05T11:00 resolved"], "step_not_allowed 1", "closed resolved"),
        (&["05T10:00 closed", "05T11:00 spam"], "step_not_allowed 1", "closed closed"),
        (&["05T10:00 closed", "05T11:00 pending"], "step_not_allowed 1", "closed reopened pending"),
        (&["05T10:00 resolved", "05T11:00 closed", "06T09:00 open"], "reopen_of_closed 1", "resolved closed reopened"),
        (&["05T10:00 resolved", "19T10:00 open"], "", "resolved reopened"),
        (&["05T10:00 resolved", "19T10:01 open"], "reopen_window_over 1", "resolved reopened"),
        (&["05T10:00 resolved", "19T10:01 pending"], "reopen_window_over 1", "resolved reopened pending"),
        (&["05T10:00 pending", "05T11:00 reopened"], "reopen_without_resolution 1", "pending open"),
        (&["05T10:00 closed", "05T11:00 low"], "change_after_close 1", "closed"),
        (&["05T10:00 closed", "05T11:00 kim"], "message_after_close 1", "closed"),
        (&["05T10:00 closed", "05T11:00 ann"], "late_message 1", "closed"),
        (&["05T10:00 resolved", "25T11:00 ann"], "late_message 1", "resolved"),
        (&["05T10:00 mail", "05T11:00 mail"], "repeated_message 1", ""),
        (&["05T10:00 bob", "05T11:00 ann"], "not_yours 1", ""),
        (&["05T10:00 ann notes"], "customer_note 1", ""),
        (&["05T10:00 asleep"], "wait_is_over 1", "pending"),
        (&["05T10:00 promise"], "promise_in_the_past 1", ""),
        (&["05T10:00 nobody"], "unknown_label 1", "pending"),
        (&["05T10:00 redact"], "unknown_message 1", ""),
        (&["05T10:00 kim at length"], "too_large 1", ""),
        (&["05T10:00 noted", "05T11:00 noted"], "odd_shape 2", ""),
    ];
    for (lines, anomalies, statuses) in cases {
        let (found, moves) = read(lines);
        assert_eq!(
            (found.as_str(), moves.as_str()),
            (*anomalies, *statuses),
            "{lines:?}"
        );
    }
}

#[test]
fn a_raised_row_keeps_its_own_stamp() {
    let early = at("2026-03-05T08:00:00Z");
    let history = history().row(Row::new(early).status(Status::Resolved));
    let imported = imported(&history);
    let resolved = imported
        .events()
        .iter()
        .find(|e| matches!(e.event, Event::StatusChanged { .. }))
        .unwrap();
    assert_eq!(
        (resolved.at, resolved.stamped_at),
        (history.opened.at, Some(early))
    );
}

/// A log that tells the end of a call twice, the second time with what telephony measured afterwards: its effort is there once.
#[test]
fn an_end_that_is_told_twice_is_one_effort() {
    let call = SessionId::named("call");
    let said = |at: &str, step| {
        let row = Row::new(format!("2026-03-05T09:{at}:00Z").parse().unwrap());
        let row = row.by(Actor::agent(AgentId::named("kim")));
        row.says(Said::Change(Change::Session { id: call, step }))
    };
    let ends = |seconds| SessionStep::End {
        end: SessionEnd::Completed,
        handling: Handling {
            wrap: Span::seconds(seconds),
            ..Handling::default()
        },
    };
    let channel = Channel::Phone;
    let history = history()
        .row(said("01", SessionStep::Offer { channel }))
        .row(said("02", SessionStep::Answer { agent: None }))
        .row(said("05", ends(0)))
        .row(said("06", ends(30)));
    let imported = imported(&history);
    let ticket = imported.ticket();
    let spent: Vec<_> = ticket.effort().iter().map(|one| one.spent).collect();
    assert_eq!(spent, [Span::minutes(3)]);
    let session = &ticket.sessions()[0];
    assert_eq!(session.handled(), Some(Span::minutes(3)));
    assert_eq!(session.ended.unwrap().0, at("2026-03-05T09:05:00Z"));
    assert_eq!(imported.anomalies().total(), 1);
}

#[test]
fn a_stamp_outside_the_calendars_is_held_to_them() {
    let history = history().row(Row::new(at("2900-01-01T00:00:00Z")).status(Status::Resolved));
    let imported = imported(&history);
    assert_eq!(imported.anomalies().count(&AnomalyKind::OutOfRange), 1);
    assert!(imported.ticket().last_event_at() < helpdesk::calendar::LATEST);
    assert_eq!(imported.ticket().status(), Status::Resolved);
}

#[test]
fn personal_values_and_messages_become_content() {
    let phone = Change::Field {
        name: name("phone"),
        value: Some(helpdesk::ticket::FieldValue::Text("0123".into())),
    };
    let history = history()
        .row(Row::new(at("2026-03-05T10:00:00Z")).says(Said::Change(phone)))
        .row(
            Row::new(at("2026-03-05T11:00:00Z"))
                .by(Actor::agent(AgentId::named("kim")))
                .message(Draft::new("hello")),
        );
    let imported = imported(&history);
    let text = serde_json::to_string(imported.events()).unwrap();
    assert!(!text.contains("0123") && !text.contains("hello"), "{text}");
    let texts: Vec<_> = imported
        .content()
        .iter()
        .map(|content| content.text.as_str())
        .collect();
    assert_eq!(texts, ["", "0123", "hello"]);
}

/// A number of a person is kept like a text of hers, and told again it is no event.
#[test]
fn a_personal_number_becomes_content() {
    let phone = || {
        let value = Some(helpdesk::ticket::FieldValue::Number(4_930));
        Said::Change(Change::Field {
            name: name("phone"),
            value,
        })
    };
    let history = history()
        .row(Row::new(at("2026-03-05T10:00:00Z")).says(phone()))
        .row(Row::new(at("2026-03-05T11:00:00Z")).says(phone()));
    let imported = imported(&history);
    let text = serde_json::to_string(imported.events()).unwrap();
    assert!(!text.contains("4930"), "{text}");
    let texts = imported.content().iter().map(|text| text.text.as_str());
    assert_eq!(texts.collect::<Vec<_>>(), ["", "4930"]);
    let set = |recorded: &&Recorded| matches!(recorded.event, Event::FieldSet { .. });
    assert_eq!(imported.events().iter().filter(set).count(), 1);
}

/// A mark in a log is that of the customer who gave it.
#[test]
fn an_imported_mark_is_its_customers() {
    let rate = |mark| {
        Said::Change(Change::Rate {
            kind: helpdesk::ticket::RatingKind::Csat,
            mark,
            comment: None,
        })
    };
    let [ann, bob] = ["ann", "bob"].map(CustomerId::named);
    let row = |time| Row::new(at(time));
    let history = history()
        .row(row("2026-03-05T10:00:00Z").status(Status::Resolved))
        .row(
            row("2026-03-05T11:00:00Z")
                .by(Actor::Customer(ann))
                .says(rate(1)),
        )
        .row(
            row("2026-03-05T12:00:00Z")
                .by(Actor::Customer(bob))
                .says(rate(5)),
        )
        .row(row("2026-03-05T13:00:00Z").says(rate(2)));
    let imported = imported(&history);
    let rated = |recorded: &Recorded| match &recorded.event {
        Event::Rated(rated) => Some((rated.customer, rated.mark)),
        _ => None,
    };
    let marks: Vec<_> = imported.events().iter().filter_map(rated).collect();
    assert_eq!(marks, [(ann, 1), (bob, 5), (ann, 2)]);
}

/// A log tells a personal field on every row that has it: what is so already is no event, of no person, and late for nothing.
#[test]
fn a_personal_value_that_is_told_again_is_no_event() {
    let phone = || {
        Said::Change(Change::Field {
            name: name("phone"),
            value: Some(helpdesk::ticket::FieldValue::Text("0123".into())),
        })
    };
    let closed = Status::Closed(CloseReason::Settled);
    let history = history()
        .row(Row::new(at("2026-03-05T10:00:00Z")).says(phone()))
        .row(Row::new(at("2026-03-05T11:00:00Z")).says(phone()))
        .row(Row::new(at("2026-03-05T12:00:00Z")).status(closed))
        .row(Row::new(at("2026-03-05T13:00:00Z")).says(phone()));
    let imported = imported(&history);
    let set = |recorded: &&Recorded| matches!(recorded.event, Event::FieldSet { .. });
    assert_eq!(imported.events().iter().filter(set).count(), 1);
    let texts = imported.content().iter().map(|text| text.text.as_str());
    assert_eq!(texts.collect::<Vec<_>>(), ["", "0123"]);
    assert_eq!(imported.anomalies().total(), 0);
}

/// A log that closes a closed ticket for another reason tells the reason anew, and when it was closed stays.
#[test]
fn a_close_after_a_close_has_the_new_reason() {
    let close = |time: &str, reason| Row::new(at(time)).status(Status::Closed(reason));
    let history = history()
        .row(close("2026-03-05T10:00:00Z", CloseReason::Cancelled))
        .row(close("2026-03-05T11:00:00Z", CloseReason::Spam));
    let imported = imported(&history);
    let ticket = imported.ticket();
    assert_eq!(ticket.status(), Status::Closed(CloseReason::Spam));
    let rulebook = Rulebook::starter();
    let facts = rulebook.facts(ticket);
    let closed = (at("2026-03-05T10:00:00Z"), CloseReason::Spam);
    assert_eq!(facts[0].closed, Some(closed));
    let now = at("2026-03-06T10:00:00Z");
    let mut tally = helpdesk::kpi::Report::standard().tally(now);
    tally.add(&facts).unwrap();
    let report = tally.report().unwrap();
    assert_eq!(report.closed_unresolved().get(&CloseReason::Spam), Some(&1));
}

/// A ticket that was open when its log was exported, with a first answer that is late by then.
fn open_backlog() -> History {
    let team = Some(TeamId::named("first level"));
    history()
        .row(Row::new(at("2026-03-06T12:00:00Z")).assigned(None, team))
        .until(at("2026-03-09T09:00:00Z"))
}

#[test]
fn what_fell_due_before_the_export_is_recorded_and_not_delivered() {
    let rulebook = Rulebook::starter();
    let desk = Desk::new(MemoryStore::new(), rulebook.clone());
    let tenant = desk.tenant(TenantId::SINGLE);
    let imported = import(&open_backlog(), &rulebook, TenantId::SINGLE);
    let wake_at = tenant.import(&imported).unwrap().unwrap();
    assert!(wake_at <= at("2026-03-09T09:00:01Z"), "{wake_at}");

    desk.sweep(at("2026-03-09T10:00:00Z"), 10).unwrap();
    let events = tenant.history(imported.ticket().id()).unwrap();
    let new = &events[imported.events().len()..];
    let fired = new.iter().filter_map(|e| match &e.event {
        Event::Escalated(fired) => Some((fired.level.as_str(), fired.delivery)),
        _ => None,
    });
    let fired: Vec<_> = fired.collect();
    assert_eq!(
        fired,
        [("soon", Delivery::HeldBack), ("late", Delivery::HeldBack)]
    );
    assert!(
        new.iter()
            .any(|e| matches!(e.event, Event::Breached { .. }))
    );
    assert!(events.is_sorted_by_key(|e| e.at), "stamps never fall");
    let scheduled = new
        .iter()
        .filter_map(|e| e.timing.map(|timing| timing.scheduled_at))
        .min();
    // Three quarters of eight hours were over on the 5th; with nobody there to see it, it is due when the log ends.
    assert_eq!(scheduled, Some(at("2026-03-09T09:00:00Z")));

    // What comes later is delivered: 40 hours of business time end on the 11th, 80 % of them on the 10th.
    desk.sweep(at("2026-03-11T18:00:00Z"), 10).unwrap();
    let messages = desk
        .claim(at("2026-03-11T18:00:00Z"), TimeDelta::minutes(1), 10)
        .unwrap();
    assert!(!messages.is_empty());
}

/// What a guard let come only after the export is news, whatever its rule counts from.
#[test]
fn what_a_guard_lets_come_after_the_export_is_delivered() {
    let urgent = || Guard::default().when(Condition::Priority(vec![Priority::Urgent]));
    let page = || Action::Custom(name("page"));
    let rule = |text: &str, trigger, at: &str| {
        let level = Level::new(name("l"), at.parse().unwrap());
        Rule::new(name(text), trigger).level(level.guard(urgent()).action(page()))
    };
    let policy =
        Policy::new(name("all")).target(Metric::FirstResponse, "4h calendar".parse().unwrap());
    let book = Rulebook::draft()
        .policy(policy)
        .escalation(rule("waits", Trigger::CustomerWaits, "after 1h calendar"))
        .escalation(rule("late", Trigger::clock(Metric::FirstResponse), "25 %"))
        .build()
        .unwrap();
    let mut history = history();
    let opened = history.opened.at;
    history.opened.by = Actor::Customer(history.opened.requester);
    let asks = Row::new(opened).by(Actor::Customer(history.opened.requester));
    let asks = asks.message(Draft::new("help"));
    let hours = |n| opened + TimeDelta::hours(n);
    let history = history.row(asks).until(hours(3));
    let desk = Desk::new(MemoryStore::new(), book.clone());
    let tenant = desk.tenant(TenantId::SINGLE);
    let imported = import(&history, &book, TenantId::SINGLE);
    tenant.import(&imported).unwrap();
    let id = imported.ticket().id();
    desk.sweep(hours(3) + TimeDelta::minutes(1), 10).unwrap();
    let kim = Call::new(Actor::Agent(AgentId::named("kim")), hours(4));
    let urgent = Command::change(Change::Priority(Priority::Urgent));
    desk.submit(id, &kim, urgent).unwrap();
    desk.sweep(hours(4) + TimeDelta::minutes(1), 10).unwrap();
    let events = tenant.history(id).unwrap();
    let fired = events.iter().filter_map(|e| match &e.event {
        Event::Escalated(fired) => Some((fired.rule.to_string(), fired.delivery)),
        _ => None,
    });
    let fired: BTreeMap<_, _> = fired.collect();
    let delivered = |text: &str| (text.to_owned(), Delivery::Delivered);
    assert_eq!(
        fired,
        BTreeMap::from([delivered("late"), delivered("waits")])
    );
}

#[test]
fn a_ticket_is_stored_once_and_its_number_is_its_own() {
    let rulebook = Rulebook::starter();
    let desk = Desk::new(MemoryStore::new(), rulebook.clone());
    let tenant = desk.tenant(TenantId::SINGLE);
    let first = import(&history(), &rulebook, TenantId::SINGLE);
    tenant.import(&first).unwrap();
    assert_eq!(tenant.ticket(first.ticket().id()).unwrap(), *first.ticket());
    assert_eq!(
        tenant.find(TicketNumber(7)).unwrap(),
        Some(first.ticket().id())
    );
    assert_eq!(tenant.import(&first).unwrap_err().code(), "already_open");

    let mut other = history();
    other.ticket = TicketId::named("INC8");
    let other = import(&other, &rulebook, TenantId::SINGLE);
    assert_eq!(tenant.import(&other).unwrap_err().code(), "number_taken");

    let foreign = import(
        &history(),
        &Rulebook::draft().build().unwrap(),
        TenantId::SINGLE,
    );
    assert_eq!(
        tenant.import(&foreign).unwrap_err().code(),
        "missing_rulebook"
    );
    let elsewhere = import(&history(), &rulebook, TenantId::named("other"));
    assert_eq!(tenant.import(&elsewhere).unwrap_err().code(), "other");
}

#[test]
fn mail_from_a_known_address_is_the_imported_customers() {
    let rulebook = Rulebook::starter();
    let desk = Desk::new(MemoryStore::new(), rulebook.clone());
    let mut history = history();
    history.opened.address = Some("ann@example.com".into());
    let ann = Actor::customer(history.opened.requester);
    let history = history.row(
        Row::new(at("2026-03-05T10:00:00Z"))
            .by(ann)
            .message(Draft::new("hm").external_id("m1")),
    );
    let tenant = desk.tenant(TenantId::SINGLE);
    let imported = import(&history, &rulebook, TenantId::SINGLE);
    tenant.import(&imported).unwrap();
    let call = helpdesk::Call::new(Actor::System, at("2026-03-06T10:00:00Z"));
    let opened = desk
        .open(
            &call,
            helpdesk::Open::new("Again").from(" Ann@example.com "),
        )
        .unwrap();
    assert_eq!(opened.ticket().requester(), history.opened.requester);
    assert_eq!(
        tenant.find_by_message("m1").unwrap(),
        Some(imported.ticket().id())
    );
}

/// Whether what was said holds on the ticket as it stands.
fn holds(ticket: &Ticket, said: &Said) -> bool {
    match said {
        Said::Status { to, .. } => match to {
            Status::Open | Status::Reopened => ticket.status().stage().is_work(),
            Status::Pending(Pending::Scheduled { .. }) => ticket.status().stage() == Stage::Pending,
            other => ticket.status() == *other,
        },
        Said::Change(Change::Priority(to)) => ticket.priority() == *to,
        Said::Change(Change::Assign { agent, team }) => {
            (ticket.agent(), ticket.team()) == (*agent, *team)
        }
        Said::Change(Change::Type(to)) => ticket.kind() == to.as_ref(),
        Said::Change(Change::AddTag(tag)) => ticket.tags().contains(tag),
        Said::Change(Change::RemoveTag(tag)) => !ticket.tags().contains(tag),
        Said::Change(Change::Field { name, value }) => {
            ticket.fields().contains_key(name) == value.is_some()
        }
        Said::Change(Change::AddParticipant(who)) => ticket.participants().contains(who),
        Said::Change(Change::RemoveParticipant(who)) => !ticket.participants().contains(who),
        _ => false, // must have left a trace
    }
}

proptest! {
    #[test]
    fn an_imported_ticket_is_its_events(history in histories()) {
        let imported = imported(&history);
        fold::an_imported_ticket_is_its_events(&imported);
        let read: History = serde_json::from_str(&serde_json::to_string(&history).unwrap()).unwrap();
        prop_assert_eq!(read, history);
    }

    /// Each thing said is an event, holds already, or is a counted anomaly; and afterwards it holds.
    #[test]
    fn nothing_is_dropped(mut history in histories()) {
        history.until = None;
        if history.order == Order::ByTime {
            history.order = Order::AsRecorded;
            history.rows.sort_by_key(|row| row.at);
        }
        let all = history.rows.clone();
        history.rows.clear();
        let mut before = imported(&history);
        for row in all {
            history.rows.push(Row::new(row.at).by(row.by));
            before = imported(&history);
            for said in row.says {
                history.rows.last_mut().unwrap().says.push(said.clone());
                let after = imported(&history);
                let derived = |imported: &Imported| imported.events().iter().filter(|event| !event.event.is_derived()).count();
                let traces = derived(&after) > derived(&before) || after.anomalies().total() > before.anomalies().total();
                prop_assert!(traces || holds(before.ticket(), &said), "{said:?} left no trace on {:?}", before.ticket());
                let told = !matches!(said, Said::Status { .. } | Said::Change(_)) || matches!(said, Said::Change(Change::LogTime { .. } | Change::Redact(_) | Change::PromiseUpdate(_) | Change::EstimateResolution(_)));
                prop_assert!(told || holds(after.ticket(), &said), "{said:?} does not hold on {:?}", after.ticket());
                before = after;
            }
        }
        let _ = before;
    }

    /// Rows sorted by their stamps may come in any order, as long as no two stand at one instant.
    #[test]
    fn by_time_the_order_of_rows_means_nothing(history in histories(), seed in any::<u64>()) {
        let mut history = history.order(Order::ByTime);
        history.rows.sort_by_key(|row| row.at);
        history.rows.dedup_by_key(|row| row.at);
        let straight = imported(&history);
        let n = history.rows.len().max(1);
        history.rows.rotate_left(usize::try_from(seed % n as u64).unwrap());
        history.rows.reverse();
        prop_assert_eq!(imported(&history), straight);
    }

    /// Whatever was imported can be stored, swept and read, at any later instant; the stamps still never fall.
    #[test]
    fn an_imported_ticket_lives_on(history in histories(), hours in 0i64..5_000) {
        let rulebook = rulebook();
        let desk = Desk::new(MemoryStore::new(), rulebook.clone());
        let tenant = desk.tenant(TenantId::SINGLE);
        let imported = import(&history, &rulebook, TenantId::SINGLE);
        let wake_at = tenant.import(&imported).unwrap();
        let now = imported.ticket().last_event_at() + TimeDelta::hours(hours);
        prop_assume!(now < helpdesk::calendar::LATEST);
        let swept = desk.sweep(now, 10).unwrap();
        prop_assert!(swept.failed.is_empty(), "{:?}", swept.failed);
        prop_assert_eq!(swept.events > 0, wake_at.is_some_and(|wake_at| wake_at <= now));
        let events = tenant.history(imported.ticket().id()).unwrap();
        prop_assert!(events.is_sorted_by_key(|event| event.at));
        let until = imported.ticket().imported_until().unwrap();
        for event in &events {
            if let (Event::Escalated(fired), Some(timing)) = (&event.event, event.timing)
                && timing.scheduled_at <= until
            {
                prop_assert_eq!(fired.delivery, Delivery::HeldBack);
            }
        }
    }
}

#[test]
fn anomalies_add_up_in_any_order() {
    let of = |kinds: &[AnomalyKind]| {
        let mut anomalies = helpdesk::replay::Anomalies::default();
        kinds.iter().cloned().for_each(|kind| anomalies.add(kind));
        anomalies
    };
    let (a, b) = (
        of(&[AnomalyKind::OutOfOrder, AnomalyKind::UnknownState]),
        of(&[AnomalyKind::OutOfOrder]),
    );
    let (mut ab, mut ba) = (a.clone(), b.clone());
    ab.merge(&b);
    ba.merge(&a);
    assert_eq!(ab, ba);
    assert_eq!((ab.total(), ab.count(&AnomalyKind::OutOfOrder)), (3, 2));
}

/// New tickets are numbered after the imported ones.
#[test]
fn numbers_go_on_after_an_import() {
    let rulebook = Rulebook::starter();
    let desk = Desk::new(MemoryStore::new(), rulebook.clone());
    let tenant = desk.tenant(TenantId::SINGLE);
    let imported = import(&history(), &rulebook, TenantId::SINGLE);
    tenant.import(&imported).unwrap();
    let call = helpdesk::Call::new(helpdesk::Actor::System, at("2026-03-20T10:00:00Z"));
    let opened = desk
        .open(&call, helpdesk::Open::new("x").from("ann@example.com"))
        .unwrap();
    assert_eq!(opened.number().0, imported.ticket().number().0 + 1);
}

/// What was taken away is not kept, also where a log tells of that before it tells the message.
#[test]
fn a_redaction_before_its_message_takes_the_text_away() {
    let said = Draft::new("my card is 4711").external_id("<1@example.com>");
    let tells = Row::new(at("2026-03-05T10:00:00Z"))
        .by(Actor::Customer(CustomerId::named("ann")))
        .message(said);
    let told = imported(&history().row(tells.clone()));
    let message = told.ticket().messages()[0].id;
    let redact = Row::new(at("2026-03-05T10:00:00Z")).says(Said::Change(Change::Redact(message)));
    for rows in [[redact.clone(), tells.clone()], [tells, redact]] {
        let [first, second] = rows;
        let imported = imported(&history().row(first).row(second));
        let texts = imported
            .content()
            .iter()
            .map(|content| content.text.as_str());
        assert_eq!(texts.collect::<Vec<_>>(), [""]);
        let ticket = imported.ticket();
        assert_eq!(ticket.messages().len(), 1);
        assert!(ticket.messages()[0].redacted);
    }
}

/// A number from elsewhere leaves numbers for the tickets after it.
#[test]
fn a_number_that_leaves_none_is_refused() {
    let rulebook = Rulebook::starter();
    let highest = TicketNumber::MAX_IMPORTED;
    for (number, taken) in [
        (u64::MAX, false),
        (i64::MAX as u64, false),
        (highest.0 + 1, false),
        (highest.0, true),
    ] {
        let desk = Desk::new(MemoryStore::new(), rulebook.clone());
        let tenant = desk.tenant(TenantId::SINGLE);
        let mut history = history();
        history.number = TicketNumber(number);
        let imported = import(&history, &rulebook, TenantId::SINGLE);
        let told = tenant.import(&imported);
        assert_eq!(told.is_ok(), taken, "{number}: {told:?}");
        if let Err(refused) = told {
            assert_eq!(refused.code(), "number_too_high");
            let said = refused.to_string();
            assert!(said.contains(&number.to_string()) && said.contains(&highest.to_string()));
            assert!(tenant.ticket(imported.ticket().id()).is_err());
        }
        let call = helpdesk::Call::new(helpdesk::Actor::System, at("2026-03-20T10:00:00Z"));
        let open = || helpdesk::Open::new("x").from("ann@example.com");
        let next = desk.open(&call, open()).unwrap().number();
        assert_eq!(next.0, if taken { number + 1 } else { 1 });
    }
}
