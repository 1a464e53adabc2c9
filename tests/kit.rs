//! The testing kit itself: stories that are mostly taken and shrink well, scenarios that tell why they fail, laws that see a fault.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::TimeDelta;
use helpdesk::escalation::ready;
use helpdesk::id::{AgentId, CustomerId};
use helpdesk::kpi::Report;
use helpdesk::store::MemoryStore;
use helpdesk::testing::laws::{desk as laws, escalation, fold, kpi};
use helpdesk::testing::likely::likely_stories;
use helpdesk::testing::proptest::strategy::{Strategy, ValueTree};
use helpdesk::testing::proptest::test_runner::{Config, TestError, TestRunner};
use helpdesk::testing::scenario::Scenario;
use helpdesk::testing::story::{Story, beginning};
use helpdesk::testing::{facts, story};
use helpdesk::ticket::{CloseReason, LIFECYCLE, Metric, Stage, Status, Step};
use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, TenantId};
use serde_json::json;

const MINUTE: TimeDelta = TimeDelta::minutes(1);

fn runner() -> TestRunner {
    let config = Config {
        failure_persistence: None,
        cases: 2_000,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRunner::deterministic().rng().clone())
}

/// How many of so many stories' commands are taken, and which stages the tickets came to.
fn taken(stories: impl Strategy<Value = Story>) -> (usize, usize, Vec<Stage>) {
    let (mut runner, mut all, mut done, mut stages) = (runner(), 0, 0, Vec::new());
    for _ in 0..200 {
        let story = stories.new_tree(&mut runner).unwrap().current();
        let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
        let call = |actor, at| Call::new(actor, at);
        let mut now = beginning();
        let Ok(opened) = desk.open(&call(story.opener, now), story.open.clone()) else {
            continue;
        };
        for scene in &story.scenes {
            now += scene.gap;
            all += 1;
            let said = desk.submit(opened.id(), &call(scene.actor, now), scene.command.clone());
            done += usize::from(said.is_ok());
            stages.push(desk.ticket(opened.id()).unwrap().status().stage());
        }
    }
    stages.sort_unstable();
    stages.dedup();
    (done, all, stages)
}

#[test]
fn nearly_every_command_of_a_likely_story_is_taken() {
    let (done, all, stages) = taken(likely_stories(MINUTE, 12));
    assert!(all > 1_000 && done * 20 >= all * 19, "{done} of {all}");
    assert_eq!(
        stages,
        [
            Stage::Open,
            Stage::Pending,
            Stage::Resolved,
            Stage::Reopened,
            Stage::Closed
        ]
    );
    // The other strategy is there to have commands refused.
    let (done, all, _) = taken(story::stories(MINUTE));
    assert!(done * 20 < all * 17, "{done} of {all}");
}

/// "No ticket is ever reopened" is no law, and the shortest story that shows it has two scenes: resolved, and reopened.
#[test]
fn likely_stories_shrink_to_what_matters() {
    let never_reopened = |story: Story| {
        let told = story.tell(&Rulebook::starter()).unwrap();
        let reopened = told.ticket.cycles().len() > 1;
        if reopened {
            return Err(proptest::test_runner::TestCaseError::fail("reopened"));
        }
        Ok(())
    };
    let failed = runner().run(&likely_stories(MINUTE, 12), never_reopened);
    let Err(TestError::Fail(_, least)) = failed else {
        panic!("no story reopens a ticket")
    };
    assert_eq!(least.scenes.len(), 2, "{least:?}");
    assert_eq!(least.scenes[0].gap + least.scenes[1].gap, TimeDelta::zero());
    assert!(
        least
            .scenes
            .iter()
            .all(|scene| scene.command.changes.is_empty()),
        "{least:?}"
    );
}

/// What a panic says.
#[track_caller]
fn said<T>(what: impl FnOnce() -> T) -> String {
    let Err(panicked) = catch_unwind(AssertUnwindSafe(what)) else {
        panic!("nothing was found")
    };
    match panicked.downcast::<String>() {
        Ok(text) => *text,
        Err(other) => (*other.downcast::<&str>().unwrap()).to_owned(),
    }
}

fn kim() -> Actor {
    Actor::agent(AgentId::named("kim"))
}

fn begun() -> Scenario {
    let ann = CustomerId::named("ann");
    Scenario::given(Rulebook::starter())
        .in_zone("Europe/Berlin")
        .at("2026-03-06 16:30")
        .opens(
            Actor::customer(ann),
            Open::new("Printer on fire").from_customer(ann).body("help"),
        )
}

#[test]
fn a_scenario_tells_why_it_fails() {
    let wrong_due = said(|| begun().then_due(Metric::FirstResponse, "2026-03-06 16:31"));
    for part in [
        "and not Fri 2026-03-06 16:31:00 Europe/Berlin",
        "opens",
        "recorded Fri 2026-03-06 16:30:00",
    ] {
        assert!(wrong_due.contains(part), "{wrong_due}");
    }
    for (why, text) in [
        (
            "it is open, and not resolved",
            said(|| begun().then_status(Status::Resolved)),
        ),
        (
            "`2026-03-06 16:29` is before",
            said(|| begun().at("2026-03-06 16:29")),
        ),
        ("`tomorrow` is no instant", said(|| begun().at("tomorrow"))),
        (
            "is no instant",
            said(|| begun().after(TimeDelta::seconds(-1))),
        ),
        (
            "the clock is not set",
            said(|| Scenario::given(Rulebook::starter()).now()),
        ),
        (
            "no ticket was opened",
            said(|| {
                Scenario::given(Rulebook::starter())
                    .at("2026-03-06 16:29")
                    .ticket()
            }),
        ),
        ("resume", said(|| begun().says(kim(), Command::resume()))),
        (
            "it was taken",
            said(|| begun().then_refused(kim(), Command::resolve(), "closed")),
        ),
        (
            "refused with `step_not_allowed`",
            said(|| begun().then_refused(kim(), Command::resume(), "closed")),
        ),
        (
            "no level `lead` of a rule `late`; it has: ",
            said(|| begun().then_fired("late", "lead", 0)),
        ),
        (
            "fired 0 times, and not 1",
            said(|| begun().then_fired("late answer", "late", 1)),
        ),
        (
            "has counted",
            said(|| begun().then_elapsed(Metric::FirstResponse, MINUTE)),
        ),
        (
            "it does not hold",
            said(|| begun().then(|story| story.events().is_empty())),
        ),
        (
            "and not Met",
            said(|| begun().then_met(Metric::FirstResponse)),
        ),
        (
            "and not Breached",
            said(|| begun().then_breached(Metric::FirstResponse)),
        ),
        (
            "is due",
            said(|| begun().then_not_due(Metric::FirstResponse)),
        ),
    ] {
        assert!(text.contains(why), "{why}: {text}");
    }
}

#[test]
fn a_scenario_knows_the_clock_on_the_wall() {
    // The clocks go forward on 29 March 2026 at 02:00.
    let story = Scenario::given(Rulebook::starter()).in_zone("Europe/Berlin");
    let story = story.at("2026-03-29 01:59:59").after(TimeDelta::seconds(1));
    assert_eq!(
        story.now(),
        "2026-03-29T01:00:00Z"
            .parse::<chrono::DateTime<chrono::Utc>>()
            .unwrap()
    );
    // An hour that the clocks skip is the first instant after it.
    let _ = story.at("2026-03-29 02:30").at("2026-03-29T01:00:00Z");
}

/// Histories that a desk did not make: each law says so.
#[test]
fn laws_see_a_history_that_was_tampered_with() {
    let late = Story::new(kim(), Open::new("x").from("ann@example.com").body("help"))
        .then(
            MINUTE,
            Actor::customer(CustomerId::named("ann")),
            Command::reply("?"),
        )
        .look_after(TimeDelta::days(30));
    let told = late.tell(&Rulebook::starter()).unwrap();
    let mut events = told.events.clone();
    assert!(!escalation::keys(&events).is_empty(), "{events:?}");
    events.extend(told.events.iter().cloned());
    said(|| fold::histories_are_in_order(&events));
    said(|| escalation::no_key_comes_twice([&events[..]]));
    said(|| escalation::the_same_happened(&events, &told.events));
    let mut early = told.clone();
    early.events.swap(0, told.events.len() - 1);
    said(|| fold::histories_are_in_order(&early.events));
    said(|| fold::a_prefix_and_the_rest_is_the_whole(TenantId::SINGLE, &[], 1));
}

#[test]
fn laws_see_a_call_without_a_key() {
    let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    let call = Call::new(kim(), beginning());
    let ticket = desk
        .open(&call, Open::new("x").from("ann@example.com"))
        .unwrap()
        .id();
    let told = said(|| {
        laws::a_repeated_key_writes_nothing(
            &desk.tenant(TenantId::SINGLE),
            ticket,
            (&call, &call),
            &Command::note("x"),
        );
    });
    assert!(told.contains("one key"), "{told}");
}

/// Rows without what belongs to the ticket as a whole add up to nothing.
#[test]
fn laws_see_rows_that_are_wrong() {
    let strategy = facts::tickets().prop_filter("some", |tickets| tickets.len() > 3);
    let mut tickets = strategy.new_tree(&mut runner()).unwrap().current();
    let now = facts::beginning() + TimeDelta::days(90);
    kpi::ratios_are_parts(&Report::standard(), &tickets, now);
    tickets[0][0].own = None;
    said(|| kpi::ratios_are_parts(&Report::standard(), &tickets, now));
}

/// The lifecycle as data for other languages is the table.
#[test]
fn the_golden_lifecycle_is_the_table() {
    let golden: serde_json::Value =
        serde_json::from_str(include_str!("vectors/lifecycle.json")).unwrap();
    let row = |(from, step, to): &(Stage, Step, Stage)| json!([from, step, to]);
    let table: Vec<_> = LIFECYCLE.iter().map(row).collect();
    assert_eq!(golden["steps"], json!(table));
}

/// Everything is asked as of the scenario's clock: where the ticket stands too.
#[test]
fn a_status_is_that_of_the_scenarios_clock() {
    let resolved = || {
        let kim = Actor::Agent(AgentId::named("kim"));
        let book =
            Rulebook::draft().escalation(ready::auto_close("336h calendar".parse().unwrap()));
        Scenario::given(book.build().unwrap())
            .at("2026-03-02 09:00")
            .opens(kim, Open::new("x").from("ann@example.com"))
            .says(kim, Command::resolve())
            .at("2026-04-01 09:00")
    };
    resolved().then_status(Status::Closed(CloseReason::Settled));
    let wrong = catch_unwind(|| resolved().then_status(Status::Resolved));
    assert!(wrong.is_err());
}
