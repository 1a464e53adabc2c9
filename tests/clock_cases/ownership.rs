//! Ownership: how long a team has a ticket before one of its agents takes it.

use helpdesk::id::{AgentId, TeamId};
use helpdesk::sla::{Condition, State, Verdict, periods};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Agreement, Change, ClockId, Command, Metric};
use helpdesk::{Actor, Call, Desk, Open};

use super::{ann, at, book, kim, policy};

const OWNERSHIP: ClockId = ClockId {
    agreement: Agreement::Ola,
    metric: Metric::Ownership,
};

/// Policies are chosen after what a command says: a ticket that comes to a team and to one of its agents at once was taken in no time,
/// under the target that the team brought with it.
#[test]
fn a_ticket_given_to_a_team_and_an_agent_at_once_is_taken_in_time() {
    let north = TeamId::named("north");
    let of_north = policy("north", Metric::Ownership, "1h").agreement(Agreement::Ola);
    let book = book([of_north.when(Condition::Team(vec![north]))]);
    let taken = Change::Assign {
        agent: Some(AgentId::named("kim")),
        team: Some(north),
    };
    let desk = Desk::new(MemoryStore::new(), book);
    let call = |time| Call::new(kim(), at(time));
    let open = || Open::new("x").from("ann@example.com");
    let at_once = desk
        .open(&call("10:00"), open().and(taken.clone()))
        .unwrap();
    let later = desk.open(&call("10:00"), open()).unwrap();
    let later = desk
        .submit(later.id(), &call("11:00"), Command::change(taken))
        .unwrap();
    for (outcome, since) in [(at_once, "10:00"), (later, "11:00")] {
        let reading = outcome.reading(OWNERSHIP);
        assert_eq!(
            (reading.state(), reading.verdict()),
            (State::Stopped, Verdict::Met)
        );
        assert_eq!(reading.target(), Some("1h".parse().unwrap()));
        assert_eq!(reading.started_at(), Some(at(since)));
    }
}

/// Entering a team counts anew, under the agreement that the team brings; what ran for the team before is no breach of it.
#[test]
fn ownership_counts_for_each_team() {
    let team = |text: &str| TeamId::named(text);
    let of = |text: &str, target| {
        let policy = policy(text, Metric::Ownership, target).agreement(Agreement::Ola);
        policy.when(Condition::Team(vec![team(text)]))
    };
    let desk = Desk::new(
        MemoryStore::new(),
        book([of("north", "1h"), of("south", "2h")]),
    );
    let open = Open::new("x").body("help");
    let t = desk
        .open(&Call::new(Actor::Customer(ann()), at("09:00")), open)
        .unwrap()
        .id();
    let give = |time, agent: Option<&str>, to| {
        let assign = Change::Assign {
            agent: agent.map(AgentId::named),
            team: Some(team(to)),
        };
        desk.submit(t, &Call::new(kim(), at(time)), Command::change(assign))
            .unwrap();
    };
    give("10:00", None, "north");
    give("11:30", None, "south");
    give("12:00", Some("kim"), "south");
    give("13:00", None, "south");
    give("14:00", None, "north");
    let ticket = desk.ticket(t).unwrap();
    let book = desk.rulebooks().of(&ticket).unwrap();
    let all = periods(&ticket, book.policies(), OWNERSHIP, at("14:30"));
    let told: Vec<_> = all
        .iter()
        .map(|one| {
            (
                one.state(),
                one.verdict(),
                one.elapsed().num_minutes(),
                one.target().map(|t| t.to_string()),
            )
        })
        .collect();
    let target = |text: &str| Some(text.to_owned());
    assert_eq!(
        told,
        [
            (State::Cancelled, Verdict::Open, 60, None),
            (State::Cancelled, Verdict::Open, 90, target("1h business")),
            (State::Stopped, Verdict::Met, 30, target("2h business")),
            (State::Running, Verdict::Open, 30, target("1h business")),
        ]
    );
    assert!(all[1].ever_breached(), "announced, and outside attainment");
}
