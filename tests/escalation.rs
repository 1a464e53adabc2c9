//! Escalation by example: what each kind of trigger watches, what guards look at, and what levels do.

mod common;
mod escalation_common;

use common::*;
use escalation_common::*;
use helpdesk::escalation::{Action, CatchUp, Guard, Recipient, Rule, Trigger, ready};
use helpdesk::id::{AgentId, BotId, CustomerId, TeamId};
use helpdesk::sla::{Condition, Policy};
use helpdesk::store::{MemoryStore, Outgoing};
use helpdesk::ticket::{
    Agreement, Change, Delivery, Draft, Event, FieldValue, Label, MessageClass, Metric, Move,
    Pending, PendingReason, Priority, RatingKind, Stage, Status,
};
use helpdesk::{Actor, Call, Command, Desk, Rulebook};

const LEE: AgentId = AgentId::from_uuid(uuid::Uuid::from_u128(0x1ee));

#[test]
fn idleness_counts_from_the_last_thing_that_somebody_did() {
    let rule = Rule::new(name("r"), Trigger::idle([Stage::Open]))
        .level(at_threshold("idle", "after 3h calendar").action(Action::AddTag(name("idle"))));
    let desk = desk([rule]);
    let id = open(&desk, "2026-03-02T11:00:00Z");
    desk.submit(id, &kim("2026-03-02T13:00:00Z"), Command::note("looking"))
        .unwrap();
    let bounce = Command::say(Draft::new("out of office").class(MessageClass::Automatic));
    desk.submit(id, &ann("2026-03-02T15:00:00Z"), bounce)
        .unwrap();
    desk.sweep(at("2026-03-03T00:00:00Z"), 10).unwrap();
    assert_eq!(
        fired(&desk, id),
        pairs(&[("idle", "02 16:00")]),
        "neither the bounce nor its own tag counts"
    );
    desk.submit(id, &kim("2026-03-03T08:00:00Z"), Command::note("still"))
        .unwrap();
    desk.sweep(at("2026-03-04T00:00:00Z"), 10).unwrap();
    assert_eq!(
        fired(&desk, id),
        pairs(&[("idle", "02 16:00"), ("idle", "03 11:00")])
    );
}

#[test]
fn a_waiting_customer_is_counted_from_the_oldest_message() {
    let rule =
        Rule::new(name("r"), Trigger::CustomerWaits).level(at_threshold("waits", "after 2h"));
    let desk = desk([rule]);
    let id = open(&desk, "2026-03-02T10:00:00Z");
    desk.submit(id, &ann("2026-03-02T11:30:00Z"), Command::reply("hello?"))
        .unwrap();
    desk.submit(id, &kim("2026-03-02T13:00:00Z"), Command::reply("yes"))
        .unwrap();
    desk.submit(id, &ann("2026-03-02T16:00:00Z"), Command::reply("and now?"))
        .unwrap();
    desk.sweep(at("2026-03-06T00:00:00Z"), 10).unwrap();
    assert_eq!(
        fired(&desk, id),
        pairs(&[("waits", "02 12:00"), ("waits", "03 10:00")])
    );
}

#[test]
fn reopenings_are_counted() {
    let rule = Rule::new(name("r"), Trigger::Reopened)
        .level(at_threshold("twice", "2 times").action(Action::RaisePriority(Priority::High)));
    let desk = desk([rule]);
    let id = open(&desk, "2026-03-02T10:00:00Z");
    for hour in [11, 13, 15] {
        desk.submit(
            id,
            &kim(&format!("2026-03-02T{hour}:00:00Z")),
            Command::resolve(),
        )
        .unwrap();
        desk.submit(
            id,
            &ann(&format!("2026-03-02T{}:00:00Z", hour + 1)),
            Command::reply("no"),
        )
        .unwrap();
    }
    desk.sweep(at("2026-03-02T20:00:00Z"), 10).unwrap();
    assert_eq!(fired(&desk, id), pairs(&[("twice", "02 14:00")]));
    assert_eq!(desk.ticket(id).unwrap().priority(), Priority::High);
}

/// Reminded after two days and once more, resolved after a week, closed two weeks later: nobody looked in between.
#[test]
fn reminders_auto_resolve_and_auto_close() {
    let desk = desk([
        ready::remind_customer(target("48h calendar"), 1),
        ready::auto_resolve(target("168h calendar")),
        ready::auto_close(target("336h calendar")),
    ]);
    let id = open(&desk, "2026-03-02T10:00:00Z");
    desk.submit(
        id,
        &kim("2026-03-02T11:00:00Z"),
        Command::reply("which?").then_pend(Pending::Customer),
    )
    .unwrap();
    desk.sweep(at("2026-04-30T00:00:00Z"), 10).unwrap();
    // Idleness counts within the status, so closing comes 336 h after the automatic resolution.
    let expected = [
        ("remind", "04 11:00"),
        ("remind", "06 11:00"),
        ("resolve", "09 11:00"),
        ("close", "23 11:00"),
    ];
    assert_eq!(fired(&desk, id), pairs(&expected));
    assert!(matches!(
        desk.ticket(id).unwrap().status(),
        Status::Closed(_)
    ));
    // It was reminded of and resolved before anybody looked: nobody is reminded of a ticket that is closed.
    let stale = deliveries(&desk, id).into_iter().take(2);
    let delivered = stale.map(|(_, delivery)| delivery).collect::<Vec<_>>();
    assert_eq!(delivered, [Delivery::Stale, Delivery::Stale]);
    let now = at("2026-04-30T00:00:00Z");
    assert!(desk.nap(now).unwrap() > now, "nothing waits in the outbox");
}

/// A guard that comes true after the threshold fires then, also in a pause; never after the clock has ended.
#[test]
fn a_guard_may_come_true_later() {
    let guarded = |stage| {
        let rule = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse))
            .level(at_threshold("half", "50 %").guard(Guard::stages([stage])));
        desk([rule])
    };
    let pending = guarded(Stage::Pending);
    let id = open(&pending, "2026-03-02T10:00:00Z");
    pending
        .submit(
            id,
            &kim("2026-03-02T14:00:00Z"),
            Command::pend(Pending::ThirdParty),
        )
        .unwrap();
    pending.sweep(at("2026-03-03T00:00:00Z"), 10).unwrap();
    assert_eq!(fired(&pending, id), pairs(&[("half", "02 14:00")]));

    let resolved = guarded(Stage::Resolved);
    let id = open(&resolved, "2026-03-02T10:00:00Z");
    resolved
        .submit(
            id,
            &kim("2026-03-02T14:00:00Z"),
            Command::reply("done").then_resolve(),
        )
        .unwrap();
    resolved.sweep(at("2026-03-03T00:00:00Z"), 10).unwrap();
    assert_eq!(fired(&resolved, id), []);
}

/// The time in a status goes on whatever else happens on the ticket: notes, a bot that sets fields, messages. Another status, or another
/// reason of waiting, begins it anew; idleness begins anew with each.
#[test]
fn time_in_a_status_counts_from_the_last_change_of_status() {
    let stages = [Stage::Pending, Stage::Open];
    let told = |trigger: Trigger| {
        let rule = Rule::new(name("r"), trigger)
            .level(at_threshold("long", "after 48h calendar").repeat(target("24h calendar"), 1));
        let desk = desk([rule]);
        let id = open(&desk, "2026-03-02T09:00:00Z");
        let submit = |call: &Call, command| desk.submit(id, call, command).unwrap();
        submit(&kim("2026-03-03T09:00:00Z"), Command::note("so far"));
        submit(
            &kim("2026-03-03T10:00:00Z"),
            Command::pend(Pending::ThirdParty),
        );
        let bot = Call::new(Actor::Bot(BotId::named("sync")), at("2026-03-04T03:00:00Z"));
        let value = Some(FieldValue::Number(7));
        let synced = Change::Field {
            name: name("synced"),
            value,
        };
        submit(&bot, Command::change(synced));
        submit(&kim("2026-03-04T09:00:00Z"), Command::note("nothing yet"));
        submit(
            &kim("2026-03-06T11:00:00Z"),
            Command::pend(Pending::Internal),
        );
        submit(&kim("2026-03-07T10:00:00Z"), Command::note("still"));
        submit(&kim("2026-03-08T12:00:00Z"), Command::resolve());
        submit(&ann("2026-03-09T12:00:00Z"), Command::reply("no"));
        desk.sweep(at("2026-03-20T00:00:00Z"), 10).unwrap();
        fired(&desk, id)
    };
    let times = |expected: &[&'static str]| {
        let long: Vec<_> = expected.iter().map(|at| ("long", *at)).collect();
        pairs(&long)
    };
    // Third party from the 3rd at 10:00, internal from the 6th; reopened is neither open nor pending.
    assert_eq!(
        told(Trigger::time_in_status(stages)),
        times(&["05 10:00", "06 10:00", "08 11:00"])
    );
    assert_eq!(told(Trigger::idle(stages)), times(&["06 09:00"]));
}

/// It begins with the ticket, counts open time by the rule's calendar, and those who were told hear once the ticket moves on.
#[test]
fn time_in_a_status_begins_with_the_ticket_and_ends_with_the_status() {
    let rule = Rule::new(name("r"), Trigger::time_in_status([Stage::Open]))
        .withdraw()
        .level(at_threshold("long", "after 4h").action(Action::Custom(name("page"))));
    let desk = desk([rule]);
    let id = open(&desk, "2026-03-02T15:00:00Z");
    desk.submit(id, &kim("2026-03-02T16:00:00Z"), Command::note("looking"))
        .unwrap();
    desk.sweep(at("2026-03-03T12:00:00Z"), 10).unwrap();
    assert_eq!(fired(&desk, id), pairs(&[("long", "03 11:00")]));
    let withdrawn = || {
        let events = history(&desk, id).into_iter();
        let over = events.filter(|e| matches!(e.event, Event::Withdrawn { .. }));
        over.count()
    };
    desk.submit(id, &kim("2026-03-03T12:30:00Z"), Command::note("still"))
        .unwrap();
    assert_eq!(withdrawn(), 0);
    desk.submit(id, &kim("2026-03-03T13:00:00Z"), Command::resolve())
        .unwrap();
    assert_eq!(withdrawn(), 1);
}

/// Another label of the same status, or another instant to wait until, is no other status: nothing begins anew, and what was told stands.
#[test]
fn another_label_is_no_other_status() {
    let long = |stage| {
        Rule::new(name("r"), Trigger::time_in_status([stage]))
            .withdraw()
            .level(at_threshold("long", "after 4h calendar").action(Action::Custom(name("page"))))
    };
    let told = |stage, steps: &[(&str, Command)]| {
        let draft = Rulebook::draft().escalation(long(stage));
        let mut draft = draft.build().unwrap().as_draft().clone();
        draft.tickets.labels.insert(name("new"), Label::Work);
        draft.tickets.labels.insert(name("in work"), Label::Work);
        let desk = Desk::new(MemoryStore::new(), draft.build().unwrap());
        let id = open(&desk, "2026-03-02T09:00:00Z");
        for (now, command) in steps {
            desk.submit(id, &kim(now), command.clone()).unwrap();
        }
        desk.sweep(at("2026-03-03T12:00:00Z"), 10).unwrap();
        let events = history(&desk, id).into_iter();
        let over = events.filter(|e| matches!(e.event, Event::Withdrawn { .. }));
        (fired(&desk, id), over.count())
    };
    let label = |text| Command::default().then(Move::Label(name(text)));
    let once = (pairs(&[("long", "02 13:00")]), 0);
    let early = [("2026-03-02T12:00:00Z", label("in work"))];
    assert_eq!(told(Stage::Open, &early), once);
    let late = [("2026-03-02T14:00:00Z", label("in work"))];
    assert_eq!(told(Stage::Open, &late), once);
    let until = |until: &str| Command::pend(Pending::Scheduled { until: at(until) });
    let waits = [
        ("2026-03-02T09:00:00Z", until("2026-03-04T09:00:00Z")),
        ("2026-03-02T12:00:00Z", until("2026-03-05T09:00:00Z")),
    ];
    assert_eq!(told(Stage::Pending, &waits), once);
}

/// A low rating is told at once and again after a day; a better one by the same customer ends it. Each low rating counts anew.
#[test]
fn a_low_rating_escalates() {
    let low = Trigger::LowRating {
        kind: RatingKind::Csat,
        at_most: 2,
    };
    let rule = Rule::new(name("unhappy"), low)
        .level(at_threshold("call back", "at once"))
        .level(at_threshold("still", "after 24h calendar"));
    let desk = desk([rule]);
    let t = open(&desk, "2026-03-02T11:00:00Z");
    let submit = |call: &Call, command| desk.submit(t, call, command).unwrap();
    let rate = |now: &str, mark| submit(&ann(now), Command::rate(RatingKind::Csat, mark));
    submit(&kim("2026-03-02T12:00:00Z"), Command::resolve());
    rate("2026-03-02T13:00:00Z", 3);
    rate("2026-03-03T09:00:00Z", 2);
    rate("2026-03-03T10:00:00Z", 4);
    rate("2026-03-05T09:00:00Z", 1);
    desk.sweep(at("2026-03-07T00:00:00Z"), 10).unwrap();
    let fired = fired(&desk, t);
    assert_eq!(
        fired,
        pairs(&[
            ("call back", "03 09:00"),
            ("call back", "05 09:00"),
            ("still", "06 09:00"),
        ])
    );
    assert_eq!(desk.ticket(t).unwrap().status(), Status::Resolved);
}

/// Ann and Bob rate one ticket: each time a mark, told at once, and again after a day unless it is better by then.
fn ratings_of_two(marks: &[(CustomerId, &str, u8)]) -> Vec<(String, String)> {
    let low = Trigger::LowRating {
        kind: RatingKind::Csat,
        at_most: 2,
    };
    let rule = Rule::new(name("unhappy"), low)
        .level(at_threshold("call back", "at once"))
        .level(at_threshold("still", "after 24h calendar"));
    let desk = desk([rule]);
    let t = open(&desk, "2026-03-02T11:00:00Z");
    let join = Command::change(Change::AddParticipant(BOB));
    desk.submit(t, &kim("2026-03-02T12:00:00Z"), join.then_resolve())
        .unwrap();
    for (n, (customer, now, mark)) in marks.iter().enumerate() {
        let rate = Command::change(Change::Rate {
            kind: RatingKind::Csat,
            mark: *mark,
            comment: Some(format!("words {n}")),
        });
        let call = Call::new(Actor::Customer(*customer), at(now));
        desk.submit(t, &call, rate).unwrap();
    }
    desk.sweep(at("2026-03-09T00:00:00Z"), 10).unwrap();
    fired(&desk, t)
}

/// A mark that is given again, now with a comment, fires nothing again, also where somebody else rated in between.
#[test]
fn a_mark_given_again_after_somebody_elses_fires_nothing_again() {
    let marks = [
        (ANN, "2026-03-02T13:00:00Z", 1),
        (BOB, "2026-03-02T14:00:00Z", 1),
        (ANN, "2026-03-02T15:00:00Z", 1),
    ];
    assert_eq!(
        ratings_of_two(&marks),
        pairs(&[
            ("call back", "02 13:00"),
            ("call back", "02 14:00"),
            ("still", "03 14:00"),
        ]),
        "the newest of their last marks is Bob's: Ann only says hers again"
    );
}

/// Somebody else's better mark does not make up for a low one; the customer's own does.
#[test]
fn only_the_customers_own_better_mark_ends_the_wait() {
    let others = [
        (ANN, "2026-03-02T13:00:00Z", 1),
        (BOB, "2026-03-02T14:00:00Z", 5),
    ];
    let expected = [("call back", "02 13:00"), ("still", "03 13:00")];
    assert_eq!(ratings_of_two(&others), pairs(&expected));
    let own = [others[0], (ANN, "2026-03-02T14:00:00Z", 5)];
    assert_eq!(ratings_of_two(&own), pairs(&expected[..1]));
    let low_again = [own[0], own[1], (ANN, "2026-03-02T15:00:00Z", 1)];
    let expected = [
        expected[0],
        ("call back", "02 15:00"),
        ("still", "03 15:00"),
    ];
    assert_eq!(ratings_of_two(&low_again), pairs(&expected));
}

/// A guard looks at stages, at the reason of waiting, at facts and at who is in charge; only what it names.
#[test]
fn guards_look_at_what_they_name() {
    let at_noon = |guard: Guard, command: Command| {
        let rule = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse))
            .level(at_threshold("l", "25 %").guard(guard));
        let desk = desk([rule]);
        let id = open(&desk, "2026-03-02T09:00:00Z");
        desk.submit(id, &kim("2026-03-02T09:30:00Z"), command)
            .unwrap();
        desk.sweep(at("2026-03-02T12:00:00Z"), 10).unwrap();
        !fired(&desk, id).is_empty()
    };
    let nothing = || Command::note("looking");
    let pend = |reason| Command::pend(reason);
    let to_kim = || {
        Command::change(Change::Assign {
            agent: Some(KIM),
            team: None,
        })
    };
    let to_team = || {
        Command::change(Change::Assign {
            agent: None,
            team: Some(TeamId::named("t")),
        })
    };
    let urgent = || Guard::default().when(Condition::Priority(vec![Priority::Urgent]));
    let waits = || Guard::default().pending([PendingReason::Customer]);

    assert!(at_noon(Guard::default(), nothing()));
    assert!(at_noon(Guard::stages([Stage::Open]), nothing()));
    assert!(!at_noon(Guard::stages([Stage::Pending]), nothing()));
    assert!(at_noon(waits(), pend(Pending::Customer)));
    assert!(!at_noon(waits(), pend(Pending::ThirdParty)));
    assert!(
        at_noon(waits(), nothing()),
        "reasons are asked of what waits alone"
    );
    assert!(at_noon(
        urgent(),
        Command::change(Change::Priority(Priority::Urgent))
    ));
    assert!(!at_noon(urgent(), nothing()));
    assert!(
        at_noon(Guard::default().unassigned(), to_team()),
        "a team is nobody in person"
    );
    assert!(!at_noon(Guard::default().unassigned(), to_kim()));
}

/// A clock of another agreement fires the rule that watches it, and no other.
#[test]
fn each_agreement_has_its_own_rules() {
    let ola = Trigger::Clock {
        agreement: Agreement::Ola,
        metric: Metric::FirstResponse,
    };
    let inner = Policy::new(name("inner"))
        .agreement(Agreement::Ola)
        .target(Metric::FirstResponse, target("1h"));
    let rules = [("sla", Trigger::clock(Metric::FirstResponse)), ("ola", ola)];
    let mut draft = helpdesk::rulebook::RulebookDraft::from(
        desk([])
            .rulebooks()
            .current(helpdesk::TenantId::SINGLE)
            .clone(),
    )
    .policy(inner);
    for (rule, trigger) in rules {
        draft = draft.escalation(Rule::new(name(rule), trigger).level(at_threshold(rule, "100 %")));
    }
    let desk = Desk::new(MemoryStore::new(), draft.build().unwrap());
    let id = open(&desk, "2026-03-02T09:00:00Z");
    desk.sweep(at("2026-03-03T00:00:00Z"), 10).unwrap();
    assert_eq!(
        fired(&desk, id),
        pairs(&[("ola", "02 10:00"), ("sla", "02 13:00")])
    );
}

/// Levels hand a ticket to an agent, with a team or in its own, and take it away again; whoever is told is who has it by then.
#[test]
fn levels_hand_tickets_to_agents_and_take_them_back() {
    let (first, second) = (TeamId::named("first"), TeamId::named("second"));
    let tell = Action::Notify(Recipient::AgentInCharge);
    let in_team = Action::AssignAgent {
        agent: LEE,
        team: Some(second),
    };
    let rule = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse))
        .catch_up(CatchUp::All)
        .level(
            at_threshold("back", "25 %")
                .action(tell.clone())
                .action(Action::Unassign)
                .action(Action::Unassign),
        )
        .level(
            at_threshold("lee", "50 %")
                .guard(Guard::default().unassigned())
                .action(Action::assign_agent(LEE))
                .action(tell.clone()),
        )
        .level(
            at_threshold("second", "75 %")
                .action(in_team.clone())
                .action(in_team)
                .action(tell),
        );
    let desk = desk([rule]);
    let id = open(&desk, "2026-03-02T09:00:00Z");
    let to_kim = Change::Assign {
        agent: Some(KIM),
        team: Some(first),
    };
    desk.submit(id, &kim("2026-03-02T09:30:00Z"), Command::change(to_kim))
        .unwrap();
    desk.sweep(at("2026-03-02T13:00:00Z"), 10).unwrap();
    let holders = |history: Vec<helpdesk::ticket::Recorded>| -> Vec<_> {
        let assigned = history
            .into_iter()
            .filter_map(|recorded| match recorded.event {
                Event::Assigned { agent, team } => Some((agent, team)),
                _ => None,
            });
        assigned.collect()
    };
    assert_eq!(
        holders(history(&desk, id)),
        [
            (Some(KIM), Some(first)),
            (None, Some(first)),
            (Some(LEE), Some(first)),
            (Some(LEE), Some(second)),
        ],
        "what is so already is no event"
    );
    let told = desk.claim(at("2026-03-02T13:00:00Z"), chrono::TimeDelta::hours(1), 9);
    let told: Vec<_> = told
        .unwrap()
        .into_iter()
        .map(|message| match message.what {
            Outgoing::Escalation { action, .. } => action,
            other => panic!("{other:?}"),
        })
        .collect();
    let to = |agent| Action::Notify(Recipient::Agent(agent));
    assert_eq!(told, [to(KIM), to(LEE), to(LEE)]);
    assert_eq!(
        [
            Action::assign_agent(LEE).to_string(),
            Action::Unassign.to_string()
        ],
        [
            format!("assign agent {LEE}"),
            "take it from its agent".to_owned()
        ]
    );
}

/// Every inner action is an event under the firing's key, in order; what is so already is none.
#[test]
fn inner_actions_are_events_with_their_cause() {
    let rule = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse)).level(
        at_threshold("l", "25 %")
            .action(Action::RaisePriority(Priority::High))
            .action(Action::RaisePriority(Priority::Normal))
            .action(Action::AddTag(name("late")))
            .action(Action::AddTag(name("late")))
            .action(Action::AssignTeam(TeamId::named("second")))
            .action(Action::Resolve)
            .action(Action::Close(helpdesk::ticket::CloseReason::Settled)),
    );
    let desk = desk([rule]);
    let id = open(&desk, "2026-03-02T09:00:00Z");
    desk.sweep(at("2026-03-02T12:00:00Z"), 10).unwrap();
    let key = firings(&desk, id)[0].key;
    let caused =
        |e: &&helpdesk::ticket::Recorded| e.cause == Some(helpdesk::call::Cause::Rule(key));
    let history = history(&desk, id);
    let of_rule: Vec<_> = history
        .iter()
        .filter(caused)
        .map(|e| e.event.clone())
        .collect();
    assert_eq!(of_rule.len(), 5, "{of_rule:?}");
    let ticket = desk.ticket(id).unwrap();
    assert_eq!(ticket.priority(), Priority::High);
    assert!(ticket.tags().contains("late"));
    assert_eq!(ticket.team(), Some(TeamId::named("second")));
    assert_eq!(ticket.status().stage(), Stage::Closed);
}
