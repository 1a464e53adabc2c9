//! What one command did comes about again as one command, wherever the desk recorded what came along with it.

use chrono::TimeDelta;
use helpdesk::id::{BotId, SessionId};
use helpdesk::replay::{TicketDifference, WhatIf};
use helpdesk::rulebook::RulebookDraft;
use helpdesk::sla::{Condition, Policy};
use helpdesk::store::MemoryStore;
use helpdesk::testing::story::{rulebooks, stories};
use helpdesk::ticket::{
    Change, Channel, CloseReason, Event, Merge, Metric, Pending, Priority, Recorded, SessionStep,
};
use helpdesk::{Command, Desk, Open, Rulebook, TicketId};
use proptest::prelude::*;

use super::common::{at, history, name};
use super::{TENANT, ann, kim};

/// Urgent tickets have an hour, the others days.
fn draft() -> RulebookDraft {
    let urgent = Condition::Priority(vec![Priority::Urgent]);
    Rulebook::draft()
        .policy(
            Policy::new(name("fast"))
                .when(urgent)
                .target(Metric::TotalResolution, "1h calendar".parse().unwrap()),
        )
        .policy(
            Policy::new(name("all"))
                .target(Metric::NextResponse, "2h calendar".parse().unwrap())
                .target(Metric::TotalResolution, "100h calendar".parse().unwrap()),
        )
}

fn opened(desk: &Desk<MemoryStore>, now: &str) -> TicketId {
    let open = Open::new("x").body("help");
    desk.open(&ann(now), open).unwrap().id()
}

/// The events of a ticket come about again under the same rules: nothing differs, nobody is refused.
fn comes_about_again(desk: &Desk<MemoryStore>, rules: &Rulebook, id: TicketId) -> Vec<Recorded> {
    let history = history(desk, id);
    let mut what_if = WhatIf::new(rules, rules, at("2026-03-30T00:00:00Z"));
    let TicketDifference { unlike_record, .. } = what_if.add(TENANT, &history).unwrap();
    let all = what_if.finish().unwrap();
    assert_eq!(unlike_record, None, "{history:#?}");
    assert_eq!((all.redone.equal, all.redone.unlike), (1, 0));
    assert!(
        all.before.anomalies.is_empty(),
        "{:?}",
        all.before.anomalies
    );
    history
}

/// Where customers may reopen what is closed, their message does so by its own step.
#[test]
fn a_message_reopens_what_is_closed() {
    let mut draft = draft();
    draft.tickets.reopen_closed = true;
    let rules = draft.build().unwrap();
    let desk = Desk::new(MemoryStore::new(), rules.clone());
    let id = opened(&desk, "2026-03-02T09:00:00Z");
    let close = Command::close(CloseReason::Settled);
    for (now, command) in [
        ("02T12:00:00Z", Command::resolve()),
        ("03T12:00:00Z", close),
    ] {
        desk.submit(id, &kim(&format!("2026-03-{now}")), command)
            .unwrap();
    }
    let again = Command::reply("not yet");
    desk.submit(id, &ann("2026-03-04T12:00:00Z"), again)
        .unwrap();
    comes_about_again(&desk, &rules, id);
}

/// A command that changes the policy and lets a call move the ticket: the policy stands between the two.
#[test]
fn a_policy_in_the_middle_of_a_command() {
    let rules = draft().build().unwrap();
    let desk = Desk::new(MemoryStore::new(), rules.clone());
    let id = opened(&desk, "2026-03-02T09:00:00Z");
    let wait = Command::pend(Pending::Customer);
    desk.submit(id, &kim("2026-03-02T09:10:00Z"), wait).unwrap();
    let offer = SessionStep::Offer {
        channel: Channel::Phone,
    };
    let call = Change::Session {
        id: SessionId::named("call"),
        step: offer,
    };
    let both = Command::change(Change::Priority(Priority::Urgent)).and(call);
    desk.submit(id, &kim("2026-03-02T09:20:00Z"), both).unwrap();
    let history = comes_about_again(&desk, &rules, id);
    let policy = |event: &Recorded| matches!(event.event, Event::PolicyChosen { .. });
    let moved = |event: &Recorded| matches!(event.event, Event::StatusChanged { .. });
    let moved = history.iter().rposition(moved).unwrap();
    assert!(policy(&history[moved - 1]), "{history:#?}");
}

/// What a merge brings along was late before it came: that is recorded before the ticket wakes, and after a chat that came too.
#[test]
fn a_breach_in_the_middle_of_a_merge() {
    let rules = draft().build().unwrap();
    let desk = Desk::new(MemoryStore::new(), rules.clone());
    let target = opened(&desk, "2026-03-02T08:00:00Z");
    let answer = Command::reply("which?").then_pend(Pending::Customer);
    desk.submit(target, &kim("2026-03-02T08:30:00Z"), answer)
        .unwrap();
    let source = opened(&desk, "2026-03-02T09:00:00Z");
    let greet = Change::Session {
        id: SessionId::named("chat"),
        step: SessionStep::Greet {
            bot: BotId::named("bot"),
            channel: Channel::Chat,
        },
    };
    desk.submit(source, &kim("2026-03-02T10:00:00Z"), Command::change(greet))
        .unwrap();
    let merge = Merge::new(source, target);
    desk.merge(&kim("2026-03-02T12:00:00Z"), merge).unwrap();
    let history = comes_about_again(&desk, &rules, target);
    let breached = |event: &Recorded| {
        matches!(
            event.event,
            Event::Breached {
                on_attach: true,
                ..
            }
        )
    };
    assert!(history.iter().any(breached), "{history:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    /// Whatever was said of a ticket, calls and bots among it, and under whatever rules: it comes about again under the same.
    #[test]
    fn whatever_was_said_comes_about_again(rules in rulebooks(TimeDelta::minutes(1)), story in stories(TimeDelta::minutes(1))) {
        let told = story.tell(&rules).unwrap();
        let mut what_if = WhatIf::new(&rules, &rules, told.now);
        let one = what_if.add(TENANT, &told.events).unwrap();
        prop_assert_eq!(one.unlike_record, None, "{:#?}", told.events);
        let all = what_if.finish().unwrap();
        prop_assert!(all.before.anomalies.is_empty(), "{:?} of {:#?}", all.before.anomalies, told.events);
    }
}
