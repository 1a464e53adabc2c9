//! Many tickets at once: in which order a plan takes them, and what room each leaves.

use helpdesk::id::{TeamId, TicketId};
use helpdesk::routing::{
    Limits, Load, MAX_PAIRS, Member, Needs, ReasonKind, Route, Rules, WorkItem, plan,
};
use helpdesk::ticket::{Channel, Priority};

use super::{MORNING, agent, at, held, name, roster};

#[test]
fn a_plan_takes_the_urgent_first_then_the_due_then_the_waiting() {
    let roster = roster([Member::new(agent("a")).limits(Limits::tickets(2))]);
    let ticket = |key: &str| WorkItem::new(TicketId::named(key));
    let items = [
        ticket("usual"),
        ticket("due later").due(at("2026-03-06T09:00:00Z")),
        ticket("due").due(at("2026-03-05T10:00:00Z")),
        ticket("waiting").since(at("2026-03-01T09:00:00Z")),
        ticket("urgent").priority(Priority::Urgent),
    ];
    let plan = plan(&roster, &items, &Rules::default(), at(MORNING)).unwrap();
    let order: Vec<TicketId> = plan.assigned.iter().map(|one| one.ticket).collect();
    let expected = ["urgent", "due", "due later", "waiting", "usual"];
    assert_eq!(order, expected.map(TicketId::named));
    assert_eq!((plan.given(), plan.transfers()), (2, 0));
    let late = plan.of(TicketId::named("due later")).unwrap();
    assert_eq!(late.unsuited.get(&ReasonKind::TicketLimit), Some(&1));
    assert_eq!(late.suited, 0);
}

#[test]
fn a_ticket_that_moves_leaves_room_where_it_was() {
    let (full, free) = (agent("full"), agent("free"));
    let skill = name("s");
    let load = Load::default().and(&Channel::Email, 1);
    let roster = roster([
        Member::new(full).limits(Limits::tickets(1)).load(load),
        Member::new(free)
            .limits(Limits::tickets(1))
            .skill(skill.clone(), 1),
    ]);
    let moves = WorkItem::new(TicketId::named("moves"))
        .priority(Priority::High)
        .held_by(held(full))
        .needs(Needs::default().skill(skill, 1));
    let comes = WorkItem::new(TicketId::named("comes"));
    let plan = plan(&roster, &[comes, moves], &Rules::default(), at(MORNING)).unwrap();
    let of = |key: &str| plan.of(TicketId::named(key)).unwrap().route.agent();
    assert_eq!((of("moves"), of("comes")), (Some(free), Some(full)));
    assert_eq!(plan.transfers(), 1);
}

/// So does one that goes to a team's queue.
#[test]
fn a_ticket_that_goes_to_a_queue_leaves_room_where_it_was() {
    let team = TeamId::named("t");
    let skill = name("s");
    let held_one = Load::default().and(&Channel::Email, 1);
    let roster = roster([
        Member::new(agent("full"))
            .limits(Limits::tickets(1))
            .load(held_one),
        Member::new(agent("late"))
            .team(team)
            .shift(name("late"))
            .skill(skill.clone(), 1),
    ]);
    let moves = WorkItem::new(TicketId::named("moves"))
        .priority(Priority::High)
        .held_by(held(agent("full")))
        .needs(Needs::default().skill(skill, 1));
    let comes = WorkItem::new(TicketId::named("comes"));
    let plan = plan(&roster, &[comes, moves], &Rules::default(), at(MORNING)).unwrap();
    let route = |key: &str| plan.of(TicketId::named(key)).unwrap().route;
    assert!(matches!(route("moves"), Route::Team { team: to, .. } if to == team));
    assert_eq!(route("comes").agent(), Some(agent("full")));
}

#[test]
fn a_plan_of_too_many_pairs_is_refused_and_a_large_one_is_quick() {
    let many = |n: usize, key: &str| (0..n).map(|n| format!("{key}{n}")).collect::<Vec<_>>();
    let members = many(1_000, "a");
    let members = members.iter().map(|key| {
        let limits = Limits::tickets(8).on(Channel::Chat, 3);
        Member::new(agent(key))
            .limits(limits)
            .skill(name("s"), 1 + key.len() as u8 % 3)
    });
    let roster = roster(members);
    let items: Vec<_> = many(4_000, "t")
        .iter()
        .map(|key| {
            let needs = Needs::default().skill(name("s"), 1 + key.len() as u8 % 3);
            WorkItem::new(TicketId::named(key))
                .over(Channel::Chat)
                .needs(needs)
        })
        .collect();
    let plan = plan(&roster, &items, &Rules::default(), at(MORNING)).unwrap();
    // Three chats each: room for the 990 tickets of the lower levels, and for at most 30 of the 3,010 of the highest.
    assert!((990..=1_020).contains(&plan.given()), "{}", plan.given());
    let too_many = MAX_PAIRS as usize / 1_000 + 1;
    let items = vec![items[0].clone(); too_many];
    let error = helpdesk::routing::plan(&roster, &items, &Rules::default(), at(MORNING));
    assert!(error.unwrap_err().to_string().contains("in several parts"));
}
