//! Where a ticket waits that nobody can take now: the queue of a team that will.

use helpdesk::id::{TeamId, TicketId};
use helpdesk::routing::{Limits, Load, Member, Needs, Roster, Route, Rules, WorkItem, route};
use helpdesk::ticket::{Channel, Holder};

use super::{MORNING, agent, at, held, name, roster};

#[test]
fn the_queue_is_that_of_the_team_that_has_it_else_of_whoever_comes_soonest() {
    let (front, back) = (TeamId::named("front"), TeamId::named("back"));
    let roster = roster([
        Member::new(agent("a")).team(front).shift(name("early")),
        Member::new(agent("b")).team(back).shift(name("late")),
    ]);
    let night = at("2026-03-05T23:00:00Z");
    let item = WorkItem::new(TicketId::named("T"));
    let queue = |item: &WorkItem| route(&roster, item, &Rules::default(), night).unwrap();
    let soonest = Route::Team {
        team: front,
        from: Some(at("2026-03-06T06:00:00Z")),
    };
    assert_eq!(queue(&item).route(), soonest);
    let has_it = Holder {
        agent: None,
        team: Some(back),
    };
    let kept = queue(&item.clone().held_by(has_it));
    let from = Some(at("2026-03-06T14:00:00Z"));
    assert_eq!(kept.route(), Route::Team { team: back, from });
    assert!(!kept.transfers().any());
    let only = Needs::default().team(back);
    assert_eq!(queue(&item.needs(only)).route(), kept.route());
}

/// Whose limits leave no room for a ticket even where nothing is held will never take it: no queue waits for her.
#[test]
fn no_queue_waits_for_who_could_never_take_it() {
    let (front, back) = (TeamId::named("front"), TeamId::named("back"));
    let item = WorkItem::new(TicketId::named("T"))
        .over(Channel::Chat)
        .weight(3);
    let never = [
        Limits::tickets(0),
        Limits::default().weight(2),
        Limits::default().on(Channel::Chat, 0),
    ];
    let routed = |roster: &Roster, item: &WorkItem| {
        let choice = route(roster, item, &Rules::default(), at(MORNING)).unwrap();
        choice.route()
    };
    for limits in never {
        let closed = Member::new(agent("a")).team(front).limits(limits.clone());
        let alone = roster([closed.clone()]);
        assert_eq!(routed(&alone, &item), Route::Nobody { from: None });
        let without_team = Member::new(agent("a")).limits(limits);
        let alone = roster([without_team]);
        assert_eq!(routed(&alone, &item), Route::Nobody { from: None });
        let late = Member::new(agent("b")).team(back).shift(name("late"));
        let both = roster([closed.clone(), late]);
        let from = Some(at("2026-03-05T14:00:00Z"));
        let has_it = Holder {
            agent: None,
            team: Some(front),
        };
        for item in [item.clone(), item.clone().held_by(has_it)] {
            assert_eq!(routed(&both, &item), Route::Team { team: back, from });
        }
        // Who holds it needs no room for it.
        let away = roster([closed.away(true)]);
        let held = item.clone().held_by(held(agent("a")));
        let waits = Route::Team {
            team: front,
            from: None,
        };
        assert_eq!(routed(&away, &held), waits);
    }
    // A load of now is no reason: there will be room.
    let load = Load::default().and(&Channel::Chat, 3);
    let full = Member::new(agent("a")).team(front).load(load);
    let roster = roster([full.limits(Limits::tickets(1).weight(3))]);
    let from = Some(at(MORNING));
    assert_eq!(routed(&roster, &item), Route::Team { team: front, from });
}
