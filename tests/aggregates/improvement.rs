//! The improvement cycle: findings, what is done about them, and what came of it.

use chrono::{DateTime, Utc};
use helpdesk::id::FindingId;
use helpdesk::improvement::{self, Aim, Finding, NewAction};
use helpdesk::kpi::{Kpi, Report, Trend};
use helpdesk::store::MemoryStore;
use helpdesk::{Actor, Call, Desk, Rulebook, TenantId};

use super::common::*;
use super::{LEE, code, desks, hours, lee, resolved};

#[test]
fn findings_are_closed_when_all_is_done() {
    for desk in desks() {
        let single = desk.tenant(TenantId::SINGLE);
        let finding = FindingId::named("f");
        let tell = |hour, command| desk.tell::<Finding>(finding, &lee(hour), command);
        let plan = |due, kpi| {
            improvement::Command::Plan(
                NewAction::new("do", KIM, hours(due)).aim(Aim::new(kpi, 2).unwrap()),
            )
        };
        assert_eq!(code(tell(0, plan(9, Kpi::Volume))), "no_finding");
        tell(0, improvement::Command::Find("slow".to_owned())).unwrap();
        assert_eq!(code(tell(10, plan(9, Kpi::Volume))), "in_the_past");
        tell(10, plan(90, Kpi::Volume)).unwrap();
        tell(10, plan(91, Kpi::FirstResponseTime)).unwrap();
        let close = || improvement::Command::Close {
            learnt: "much".to_owned(),
        };
        assert_eq!(code(tell(11, close())), "still_to_do");
        assert_eq!(
            code(tell(11, improvement::Command::Do { action: 2 })),
            "no_action"
        );
        tell(
            11,
            improvement::Command::Move {
                action: 1,
                owner: LEE,
                due: hours(99),
            },
        )
        .unwrap();
        let mut too_long = Aim::new(Kpi::Volume, 0).unwrap();
        for days in [0, 367] {
            too_long.days = days;
            let action = NewAction::new("do", KIM, hours(99)).aim(too_long.clone());
            assert_eq!(
                code(tell(11, improvement::Command::Plan(action))),
                "too_many_days"
            );
        }

        (0..3).for_each(|_| _ = resolved(&desk, ANN, 20)); // before
        tell(48, improvement::Command::Do { action: 0 }).unwrap();
        (0..40).for_each(|_| _ = resolved(&desk, ANN, 70)); // after
        let effect = |now| single.effect(finding, 0, &Report::standard(), now).unwrap();
        assert!(effect(hours(95)).is_none(), "the time after it is not over");
        let effect = effect(hours(96)).unwrap();
        assert_eq!((effect.kpi, effect.trend), (Kpi::Volume, Trend::Rose));
        assert_eq!(
            (
                effect.compared.before().volume(),
                effect.compared.now().volume()
            ),
            (3, 40)
        );
        assert!(
            single
                .effect(finding, 1, &Report::standard(), hours(96))
                .unwrap()
                .is_none()
        );

        tell(49, improvement::Command::Drop { action: 1 }).unwrap();
        assert_eq!(
            code(tell(50, improvement::Command::Do { action: 1 })),
            "action_ended"
        );
        tell(50, close()).unwrap();
        assert_eq!(code(tell(51, plan(99, Kpi::Volume))), "is_closed");
    }
}

/// The two stretches of an action are of one length, also where both ends begin a month: February is not held against January.
#[test]
fn an_effect_compares_stretches_of_one_length() {
    let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    let day = |text: &str| {
        format!("2026-{text}T00:00:00Z")
            .parse::<DateTime<Utc>>()
            .unwrap()
    };
    let finding = FindingId::named("slow");
    let tell = |text: &str, command| {
        let call = Call::new(Actor::Supervisor(KIM), day(text));
        desk.tell::<Finding>(finding, &call, command).unwrap();
    };
    let aim = Aim::new(Kpi::Volume, 28).unwrap();
    let action = NewAction::new("do", KIM, day("06-01")).aim(aim);
    tell("01-10", improvement::Command::Find("slow".to_owned()));
    tell("01-10", improvement::Command::Plan(action));
    tell("02-01", improvement::Command::Do { action: 0 });
    let single = desk.tenant(TenantId::SINGLE);
    let effect = single.effect(finding, 0, &Report::standard(), day("03-02"));
    let effect = effect.unwrap().unwrap();
    let window = effect.compared.before().scope().window;
    assert_eq!(
        (window.from, window.to),
        (Some(day("01-04")), Some(day("02-01")))
    );
}
