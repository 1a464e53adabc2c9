//! Suggested times of resolution: on what they rest, and what moves them.

mod common;

use chrono::{DateTime, TimeDelta, Utc};
use common::{at, name};
use helpdesk::id::AgentId;
use helpdesk::kpi::{Alike, Suggest, Suggestion};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Change, Priority};
use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, TicketId};
use proptest::prelude::*;

const BEGIN: &str = "2026-03-02T09:00:00Z";

fn kim(now: DateTime<Utc>) -> Call {
    Call::new(Actor::Agent(AgentId::named("kim")), now)
}

/// A desk that never closes, where tickets opened at once were resolved after so many minutes.
fn desk(minutes: &[i64]) -> Desk<MemoryStore> {
    let desk = Desk::new(MemoryStore::new(), Rulebook::draft().build().unwrap());
    for took in minutes {
        let t = open(&desk, Priority::Normal);
        let resolved = kim(at(BEGIN) + TimeDelta::minutes(*took));
        desk.submit(t, &resolved, Command::resolve()).unwrap();
    }
    desk
}

fn open(desk: &Desk<MemoryStore>, priority: Priority) -> TicketId {
    let open = Open::new("x").from("ann@example.com").priority(priority);
    desk.open(&kim(at(BEGIN)), open).unwrap().id()
}

fn told(desk: &Desk<MemoryStore>, t: TicketId, by: &Suggest, minutes: i64) -> Option<Suggestion> {
    desk.suggest(t, by, at(BEGIN) + TimeDelta::minutes(minutes))
        .unwrap()
}

#[test]
fn it_rests_on_similar_tickets_that_took_longer() {
    let minutes: Vec<i64> = (1..=10).map(|n| n * 10).collect();
    let desk = desk(&minutes);
    let t = open(&desk, Priority::Normal);
    let by = Suggest::new(80).unwrap().at_least(3);
    let at_minute = |n| at(BEGIN) + TimeDelta::minutes(n);
    let after = |now| told(&desk, t, &by, now).map(|s| (s.at, s.tickets));
    // Nothing is known yet at the beginning: the ten end later.
    assert_eq!(after(0), None);
    assert_eq!(after(100), None, "none took longer than this one has");
    let other = desk.open(&kim(at_minute(200)), Open::new("y").from("bob@example.com"));
    let other = other.unwrap().id();
    let of_other = |now| told(&desk, other, &by, now).map(|s| (s.at, s.tickets));
    assert_eq!(of_other(200), Some((at_minute(280), 10)));
    assert_eq!(
        of_other(250),
        Some((at_minute(290), 5)),
        "80 % of those above 50 minutes"
    );
    assert_eq!(of_other(285), None, "three are needed");
    let recent = by.clone().within(TimeDelta::minutes(135));
    assert_eq!(told(&desk, other, &recent, 200).unwrap().tickets, 4);

    let alike = by.clone().alike([Alike::Priority]);
    let urgent = Command::change(Change::Priority(Priority::Urgent));
    desk.submit(other, &kim(at_minute(200)), urgent).unwrap();
    assert_eq!(told(&desk, other, &alike, 200), None);
    let typed = Command::change(Change::Type(Some(name("fire"))));
    desk.submit(other, &kim(at_minute(200)), typed).unwrap();
    assert_eq!(
        told(&desk, other, &by.clone().alike([Alike::Type]), 200),
        None
    );
    desk.submit(other, &kim(at_minute(201)), Command::resolve())
        .unwrap();
    assert_eq!(of_other(202), None, "it is resolved");
    assert!(Suggest::new(100).unwrap_err().to_string().contains("`100`"));
}

/// What is read from text is what could have been made: a share of 1 to 99 per cent, resting on one ticket at the least.
#[test]
fn a_share_outside_its_range_is_not_read() {
    let read = |percent: u32, at_least: u64| {
        let text = format!(
            r#"{{"percent": {percent}, "at_least": {at_least}, "within": null, "alike": []}}"#
        );
        serde_json::from_str::<Suggest>(&text)
    };
    for percent in [0, 100, 150, u32::MAX] {
        let error = read(percent, 20).unwrap_err().to_string();
        let said = format!(
            "`{percent}` is no share of the similar tickets to go by; 1 to 99 per cent is allowed"
        );
        assert!(error.starts_with(&said), "{error}");
    }
    for percent in [1, 99] {
        let known = Suggest::new(percent).unwrap();
        assert_eq!(read(percent, 20).unwrap(), known);
        assert_eq!(read(percent, 0).unwrap(), known.clone().at_least(0));
        let text = serde_json::to_string(&known).unwrap();
        assert_eq!(serde_json::from_str::<Suggest>(&text).unwrap(), known);
    }
    let more = r#"{"percent": 50, "at_least": 1, "within": null, "alike": [], "more": 1}"#;
    assert!(serde_json::from_str::<Suggest>(more).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// A suggestion lies ahead, and a larger share is never earlier.
    #[test]
    fn suggestions_lie_ahead(
        minutes in proptest::collection::vec(1_i64..5_000, 1..40), so_far in 0_i64..5_000, percent in 1_u32..99,
    ) {
        let desk = desk(&minutes);
        let begun = at(BEGIN) + TimeDelta::minutes(6_000);
        let t = desk.open(&kim(begun), Open::new("x").from("bob@example.com")).unwrap().id();
        let suggest = |percent| {
            told(&desk, t, &Suggest::new(percent).unwrap().at_least(1), 6_000 + so_far)
        };
        let longer = minutes.iter().filter(|took| **took > so_far).count() as u64;
        match (suggest(percent), suggest(percent + 1)) {
            (Some(one), Some(more)) => {
                prop_assert!(one.at > begun + TimeDelta::minutes(so_far) && one.at <= more.at);
                prop_assert_eq!(one.tickets, longer);
            }
            (one, more) => prop_assert!(one.is_none() && more.is_none() && longer == 0),
        }
    }
}
