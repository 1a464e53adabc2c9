//! Whoever was told hears once it is over, and only once.

mod common;
mod escalation_common;

use common::*;
use escalation_common::*;
use helpdesk::escalation::{Action, Recipient, Rule, Trigger};
use helpdesk::id::{TeamId, TenantId};
use helpdesk::rulebook::Rulebooks;
use helpdesk::sla::Policy;
use helpdesk::store::{MemoryStore, Outgoing};
use helpdesk::ticket::{Change, Event, Metric, RatingKind};
use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, TicketId};

/// Whoever was told hears once it is over, whoever was in charge by then; and only once.
#[test]
fn what_is_over_is_withdrawn() {
    let rule = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse))
        .withdraw()
        .level(at_threshold("half", "50 %").action(Action::Notify(Recipient::AgentInCharge)))
        .level(at_threshold("most", "90 %").action(Action::Notify(Recipient::TeamInCharge)));
    let desk = desk([rule]);
    let t = open(&desk, "2026-03-02T09:00:00Z");
    let assign = |agent| Command::change(Change::Assign { agent, team: None });
    let submit = |now: &str, command| desk.submit(t, &kim(now), command).unwrap();
    submit("2026-03-02T09:30:00Z", assign(Some(KIM)));
    let told = submit("2026-03-02T11:30:00Z", assign(None));
    assert_eq!(told.actions().len(), 1);
    assert!(
        told.ticket() == &desk.ticket(t).unwrap(),
        "what is kept is what is folded"
    );
    let over = submit("2026-03-02T12:00:00Z", Command::reply("hello"));
    let [message] = over.actions() else {
        panic!("{:?}", over.actions())
    };
    let Outgoing::Withdrawal { level, action, .. } = &message.what else {
        panic!("{message:?}")
    };
    assert_eq!(level.as_str(), "half");
    assert_eq!(*action, Action::Notify(Recipient::Agent(KIM)));
    let withdrawn = |e: &helpdesk::ticket::Recorded| matches!(e.event, Event::Withdrawn { .. });
    assert_eq!(history(&desk, t).iter().filter(|e| withdrawn(e)).count(), 1);
    let later = submit("2026-03-02T13:00:00Z", Command::resolve());
    assert!(later.actions().is_empty());
    assert!(later.ticket() == &desk.ticket(t).unwrap());
}

/// What is withdrawn depends on who looked when; the keys of what comes later do not.
#[test]
fn withdrawals_take_no_place_in_keys() {
    let first = Rule::new(name("first"), Trigger::clock(Metric::FirstResponse))
        .withdraw()
        .level(at_threshold("half", "50 %").action(Action::Custom(name("page"))));
    let waits = Rule::new(name("waits"), Trigger::CustomerWaits)
        .level(at_threshold("long", "after 1h calendar"));
    let told = |sweeps: &[&str]| {
        let desk = desk([first.clone(), waits.clone()]);
        let open = Open::new("x").body("help").id(TicketId::named("t"));
        let t = desk.open(&ann("2026-03-02T09:00:00Z"), open).unwrap().id();
        sweeps
            .iter()
            .for_each(|now| drop(desk.sweep(at(now), 10).unwrap()));
        desk.submit(t, &kim("2026-03-02T12:00:00Z"), Command::reply("hello"))
            .unwrap();
        desk.submit(t, &ann("2026-03-02T13:00:00Z"), Command::reply("no"))
            .unwrap();
        desk.sweep(at("2026-03-02T16:00:00Z"), 10).unwrap();
        let all = history(&desk, t);
        let withdrawn = all
            .iter()
            .filter(|e| matches!(e.event, Event::Withdrawn { .. }));
        (
            withdrawn.count(),
            keys(&all),
            desk.ticket(t).unwrap().ratings().len(),
        )
    };
    let (seldom, often) = (told(&[]), told(&["2026-03-02T11:30:00Z"]));
    assert_eq!((seldom.0, often.0), (0, 1));
    assert_eq!(seldom.1, often.1);
    assert_eq!(seldom.1.len(), 3);
}

/// A move to rules that ask for something else withdraws before it moves, by the rules that told.
#[test]
fn a_move_withdraws_what_the_other_rules_do_not_know() {
    let paging = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse))
        .withdraw()
        .level(at_threshold("half", "50 %").action(Action::Custom(name("page"))));
    let other = desk([]).rulebooks().current(TenantId::SINGLE).clone();
    let books = Rulebooks::new(desk([paging]).rulebooks().current(TenantId::SINGLE).clone());
    let desk = Desk::new(MemoryStore::new(), books.with_earlier(other.clone()));
    let t = open(&desk, "2026-03-02T09:00:00Z");
    desk.sweep(at("2026-03-02T11:30:00Z"), 10).unwrap();
    let lee = Call::new(Actor::Supervisor(KIM), at("2026-03-02T12:00:00Z"));
    let moved = desk.apply_rulebook(t, &lee, other.id()).unwrap();
    let [message] = moved.actions() else {
        panic!("{:?}", moved.actions())
    };
    assert!(matches!(message.what, Outgoing::Withdrawal { .. }));
    assert!(moved.ticket() == &desk.ticket(t).unwrap());
}

/// What fell due before a move and is recorded with it is told where the other rules can withdraw it, and not told where they cannot:
/// swept a little earlier, it would have been told and withdrawn.
#[test]
fn what_a_move_records_is_withdrawn_like_what_a_sweep_recorded() {
    let paging = |more: bool| {
        let rule = Rule::new(name("r"), Trigger::clock(Metric::FirstResponse)).withdraw();
        let page = || Action::Custom(name("page"));
        let rule = rule.level(at_threshold("half", "50 %").action(page()));
        match more {
            true => rule.level(at_threshold("late", "100 %").action(page())),
            false => rule,
        }
    };
    let book = |rules: Vec<Rule>| desk(rules).rulebooks().current(TenantId::SINGLE).clone();
    let before = book(vec![paging(false)]);
    for (other, told) in [(book(vec![paging(true)]), 1), (book(vec![]), 0)] {
        for swept in [false, true] {
            let books = Rulebooks::new(before.clone()).with_earlier(other.clone());
            let desk = Desk::new(MemoryStore::new(), books);
            let t = open(&desk, "2026-03-02T09:00:00Z");
            if swept {
                desk.sweep(at("2026-03-02T11:30:00Z"), 10).unwrap();
            }
            let lee = Call::new(Actor::Supervisor(KIM), at("2026-03-02T12:00:00Z"));
            desk.apply_rulebook(t, &lee, other.id()).unwrap();
            let answer = Command::reply("Done");
            desk.submit(t, &kim("2026-03-02T12:30:00Z"), answer)
                .unwrap();
            let end = at("2026-03-02T13:00:00Z");
            let sent = desk.claim(end, chrono::TimeDelta::minutes(1), 10).unwrap();
            let withdrawn = |one: &&helpdesk::store::OutboxMessage| {
                matches!(one.what, Outgoing::Withdrawal { .. })
            };
            let withdrawn = sent.iter().filter(withdrawn).count();
            // Whoever was told is told that it is over.
            assert_eq!(withdrawn, sent.len() - withdrawn, "{swept} {sent:?}");
            let expected = if swept { 1 } else { told };
            assert_eq!(withdrawn, expected, "{swept} {sent:?}");
        }
    }
}

/// Over in one cycle, it fires anew in the next where the clock begins anew, and was told of once where it runs on.
#[test]
fn after_a_withdrawal_the_next_cycle_counts_anew() {
    use helpdesk::sla::ReopenOption;
    for (option, times) in [(ReopenOption::NewCycle, 2), (ReopenOption::Resume, 1)] {
        let policy = Policy::new(name("all"))
            .target(Metric::TotalResolution, target("4h"))
            .reopening(Metric::TotalResolution, option);
        let rule = Rule::new(name("r"), Trigger::clock(Metric::TotalResolution))
            .withdraw()
            .level(at_threshold("half", "50 %").action(Action::Custom(name("page"))));
        let book = Rulebook::draft()
            .policy(policy)
            .escalation(rule)
            .build()
            .unwrap();
        let desk = Desk::new(MemoryStore::new(), book);
        let id = open(&desk, "2026-03-02T09:00:00Z");
        desk.sweep(at("2026-03-02T11:30:00Z"), 10).unwrap();
        let resolved = desk
            .submit(id, &kim("2026-03-02T12:00:00Z"), Command::resolve())
            .unwrap();
        assert!(matches!(
            resolved.actions()[0].what,
            Outgoing::Withdrawal { .. }
        ));
        desk.submit(id, &kim("2026-03-02T13:00:00Z"), Command::reopen())
            .unwrap();
        desk.sweep(at("2026-03-03T09:00:00Z"), 10).unwrap();
        assert_eq!(fired(&desk, id).len(), times);
    }
}

/// An unhappy customer is withdrawn once that customer is happier: not by what another one says, and not because another one is unhappy too.
#[test]
fn a_low_rating_is_withdrawn_by_the_customer_who_gave_it() {
    let low = Trigger::LowRating {
        kind: RatingKind::Csat,
        at_most: 2,
    };
    let rule = Rule::new(name("unhappy"), low)
        .withdraw()
        .level(at_threshold("now", "at once").action(Action::Custom(name("call back"))));
    let desk = desk([rule]);
    let t = open(&desk, "2026-03-02T09:00:00Z");
    let join = Command::change(Change::AddParticipant(BOB)).then_resolve();
    desk.submit(t, &kim("2026-03-02T09:30:00Z"), join).unwrap();
    let withdrawn_by = |customer, now: &str, mark| {
        let call = Call::new(Actor::Customer(customer), at(now));
        let rate = Command::rate(RatingKind::Csat, mark);
        desk.submit(t, &call, rate).unwrap();
        desk.sweep(at(now) + chrono::TimeDelta::minutes(1), 10)
            .unwrap();
        let events = history(&desk, t);
        let withdrawn =
            |e: &&helpdesk::ticket::Recorded| matches!(e.event, Event::Withdrawn { .. });
        events.iter().filter(withdrawn).count()
    };
    assert_eq!(withdrawn_by(ANN, "2026-03-02T10:00:00Z", 1), 0);
    assert_eq!(withdrawn_by(BOB, "2026-03-02T11:00:00Z", 1), 0);
    assert_eq!(withdrawn_by(BOB, "2026-03-02T12:00:00Z", 5), 1, "Bob's own");
    assert_eq!(withdrawn_by(ANN, "2026-03-02T13:00:00Z", 4), 2, "Ann's own");
}

/// A level that hands the ticket to another team ends what it fires for, and what it tells that team stays told.
#[test]
fn what_a_level_ends_itself_is_not_taken_back() {
    let second = TeamId::named("second line");
    let hand_over = at_threshold("late", "100 %")
        .action(Action::AssignTeam(second))
        .action(Action::Notify(Recipient::TeamInCharge));
    let rulebook = Rulebook::draft()
        .policy(Policy::new(name("all")).target(Metric::Ownership, target("1h calendar")))
        .escalation(
            Rule::new(name("r"), Trigger::clock(Metric::Ownership))
                .withdraw()
                .level(hand_over),
        )
        .build()
        .unwrap();
    let desk = Desk::new(MemoryStore::new(), rulebook);
    let t = open(&desk, "2026-03-02T09:00:00Z");
    desk.sweep(at("2026-03-02T10:30:00Z"), 10).unwrap();
    let now = at("2026-03-02T10:30:00Z");
    let told = desk.claim(now, chrono::TimeDelta::minutes(1), 10).unwrap();
    let [message] = &told[..] else {
        panic!("{told:?}")
    };
    let Outgoing::Escalation { action, .. } = &message.what else {
        panic!("{message:?}")
    };
    assert_eq!(*action, Action::Notify(Recipient::Team(second)));
    let take = Command::change(Change::Assign {
        agent: Some(KIM),
        team: Some(second),
    });
    let taken = desk.submit(t, &kim("2026-03-02T10:45:00Z"), take).unwrap();
    assert!(taken.actions().is_empty());
}
