//! To whose credit the outcome of a clock is counted, and what of a breach stays: told by hand.

mod common;

use common::*;
use helpdesk::id::{AgentId, TeamId};
use helpdesk::kpi::{Credit, Dimension, Exclusion, Label};
use helpdesk::sla::{Condition, Policy, ReopenOption};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Change, CloseReason, Metric, Priority};
use helpdesk::{Actor, Call, Command, Desk, Open, Report, Rulebook, TenantId, TicketId};

type Memory = Desk<MemoryStore>;

const LEE: AgentId = AgentId::from_uuid(uuid::Uuid::from_u128(0xe));
const MAX: AgentId = AgentId::from_uuid(uuid::Uuid::from_u128(0xf));

fn by(actor: Actor, now: &str) -> Call {
    Call::new(actor, at(&format!("2026-03-02T{now}:00Z")))
}

fn says(desk: &Memory, t: TicketId, actor: Actor, now: &str, command: Command) {
    desk.submit(t, &by(actor, now), command).unwrap();
}

fn opened(desk: &Memory) -> TicketId {
    let ann = by(Actor::Customer(ANN), "09:00");
    desk.open(&ann, Open::new("x").body("Help!")).unwrap().id()
}

/// A rulebook of one policy with these targets.
fn targets(targets: &[(Metric, &str)]) -> Policy {
    let policy = Policy::new(name("all"));
    targets.iter().fold(policy, |policy, (metric, target)| {
        policy.target(*metric, target.parse().unwrap())
    })
}

fn desk(policies: impl IntoIterator<Item = Policy>) -> Memory {
    let draft = policies
        .into_iter()
        .fold(Rulebook::draft(), |draft, policy| draft.policy(policy));
    Desk::new(MemoryStore::new(), draft.build().unwrap())
}

/// Whose is what came of a clock: kept, and decided.
fn credited(desk: &Memory, report: Report, metric: Metric) -> Vec<(AgentId, u64, u64)> {
    let by = report.by([Dimension::Agent]);
    let report = desk
        .tenant(TenantId::SINGLE)
        .report_by(&by, at("2026-03-20T00:00:00Z"))
        .unwrap();
    let of = report.groups().iter().filter_map(|group| {
        let ratio = group.report().attainment_of(metric)?.ratio();
        match (group.labels(), ratio.denominator()) {
            (_, 0) => None,
            ([Label::Agent(agent)], decided) => Some((*agent, ratio.numerator(), decided)),
            other => panic!("{other:?}"),
        }
    });
    of.collect()
}

/// Each resolution is to the credit of whoever brought it about: the first one stays with who resolved first, and with cycles that count
/// anew each has its own.
#[test]
fn a_resolution_clock_is_credited_to_who_resolved_that_period() {
    let policy = targets(&[
        (Metric::FirstResolution, "2h calendar"),
        (Metric::TotalResolution, "2h calendar"),
        (Metric::RequesterWait, "2h calendar"),
    ]);
    let desk = desk([policy.reopening(Metric::TotalResolution, ReopenOption::NewCycle)]);
    let t = opened(&desk);
    let (ann, kim, lee) = (Actor::Customer(ANN), Actor::Agent(KIM), Actor::Agent(LEE));
    says(&desk, t, kim, "09:30", Command::assign(KIM));
    says(&desk, t, kim, "10:00", Command::resolve());
    says(&desk, t, ann, "11:00", Command::reply("Again."));
    says(&desk, t, lee, "11:10", Command::assign(LEE));
    says(&desk, t, lee, "14:00", Command::resolve());
    says(&desk, t, lee, "14:30", Command::assign(MAX));

    let whose = |metric| credited(&desk, Report::standard(), metric);
    assert_eq!(whose(Metric::FirstResolution), [(KIM, 1, 1)]);
    let mut cycles = whose(Metric::TotalResolution);
    cycles.sort();
    assert_eq!(cycles, [(KIM, 1, 1), (LEE, 0, 1)]);
    assert_eq!(whose(Metric::RequesterWait), [(LEE, 0, 1)], "runs on");
}

/// A resolver who was not in charge, where the report credits who was.
#[test]
fn a_resolution_clock_is_credited_as_set() {
    let desk = desk([targets(&[(Metric::FirstResolution, "2h calendar")])]);
    let t = opened(&desk);
    let (ann, kim, lee) = (Actor::Customer(ANN), Actor::Agent(KIM), Actor::Agent(LEE));
    says(&desk, t, kim, "09:30", Command::assign(KIM));
    says(&desk, t, lee, "10:00", Command::resolve());
    says(&desk, t, ann, "11:00", Command::reply("Again."));
    says(&desk, t, lee, "14:00", Command::assign(MAX).then_resolve());
    let whose = |credit| {
        let report = Report::standard().credit(credit);
        credited(&desk, report, Metric::FirstResolution)
    };
    assert_eq!(whose(Credit::Resolver), [(LEE, 1, 1)]);
    assert_eq!(whose(Credit::Assignee), [(KIM, 1, 1)]);
}

/// An answer is to the credit of whoever gave it, whoever has the ticket now; what ended without one, of whoever had it then.
#[test]
fn an_answer_clock_is_credited_to_who_answered() {
    let desk = desk([targets(&[
        (Metric::FirstResponse, "1h calendar"),
        (Metric::NextResponse, "1h calendar"),
        (Metric::PeriodicUpdate, "2h calendar"),
        (Metric::Ownership, "20min calendar"),
        (Metric::FollowUp, "2h calendar"),
    ])]);
    let t = opened(&desk);
    let (ann, kim, lee) = (Actor::Customer(ANN), Actor::Agent(KIM), Actor::Agent(LEE));
    let promise = |until: &str| {
        let until = at(&format!("2026-03-02T{until}:00Z"));
        Command::change(Change::PromiseUpdate(until))
    };
    says(&desk, t, kim, "09:30", Command::assign(KIM));
    says(&desk, t, kim, "10:00", Command::reply("Which floor?"));
    says(&desk, t, kim, "10:05", promise("12:00"));
    says(&desk, t, ann, "10:30", Command::reply("The third."));
    says(&desk, t, lee, "11:00", Command::reply("Coming."));
    says(&desk, t, lee, "11:30", promise("12:30"));
    says(&desk, t, lee, "11:45", Command::assign(LEE));
    let close = Command::close(CloseReason::Settled);
    says(&desk, t, lee, "13:30", Command::resolve());
    says(&desk, t, lee, "14:00", Command::assign(MAX));
    says(&desk, t, kim, "14:30", Command::reply("Does it work?"));
    says(&desk, t, kim, "15:00", close);

    let whose = |metric| credited(&desk, Report::standard(), metric);
    assert_eq!(whose(Metric::FirstResponse), [(KIM, 1, 1)]);
    assert_eq!(whose(Metric::NextResponse), [(LEE, 1, 1)]);
    assert_eq!(whose(Metric::PeriodicUpdate), [(LEE, 1, 1)]);
    assert_eq!(whose(Metric::Ownership), [(KIM, 0, 1)], "who took it");
    assert_eq!(whose(Metric::FollowUp), [(KIM, 1, 1)]);
    let mut promises = whose(Metric::PromisedUpdate);
    promises.sort();
    assert_eq!(promises, [(KIM, 0, 1), (LEE, 1, 1)]);
}

/// While nobody has ended it, a clock is told of whoever is in charge; what a transfer cancelled, of the team that it left.
#[test]
fn what_ends_without_an_answer_is_whose_it_was() {
    let desk = desk([targets(&[(Metric::Ownership, "20min calendar")])]);
    let t = opened(&desk);
    let kim = Actor::Agent(KIM);
    let (north, south) = (TeamId::named("north"), TeamId::named("south"));
    let to = |agent, team| {
        let team = Some(team);
        Command::change(Change::Assign { agent, team })
    };
    says(&desk, t, kim, "09:10", to(None, north));
    says(&desk, t, kim, "10:00", to(None, south));
    let left_out = |team: TeamId| {
        let by = Report::standard().by([Dimension::Team]);
        let report = desk
            .tenant(TenantId::SINGLE)
            .report_by(&by, at("2026-03-20T00:00:00Z"))
            .unwrap();
        let group = report.group(&[Label::Team(team)])?;
        let attainment = group.report().attainment_of(Metric::Ownership)?;
        let ratio = attainment.ratio();
        Some((
            ratio.excluded().count(Exclusion::Cancelled),
            attainment.outside_after_breach(),
            ratio.denominator(),
        ))
    };
    assert_eq!(left_out(north), Some((1, 1, 0)), "left late");
    assert_eq!(left_out(south), Some((0, 0, 1)), "late still");
}

/// A target that was passed while in force stays known where the ticket comes under a policy that has none.
#[test]
fn a_breach_whose_target_was_taken_away_is_told() {
    let urgent = Condition::Priority(vec![Priority::Urgent]);
    let urgent = Policy::new(name("urgent"))
        .when(urgent)
        .target(Metric::TotalResolution, "1h calendar".parse().unwrap());
    let desk = desk([urgent, targets(&[(Metric::FirstResponse, "4h calendar")])]);
    let kim = Actor::Agent(KIM);
    let attainment = |now: &str| {
        let report = desk.report(&Report::standard(), at(now)).unwrap();
        report
            .attainment_of(Metric::TotalResolution)
            .unwrap()
            .clone()
    };
    let priority = |to| Command::change(Change::Priority(to));
    let late = opened(&desk);
    opened(&desk); // never had a target
    let in_time = opened(&desk);
    for t in [late, in_time] {
        says(&desk, t, kim, "09:00", priority(Priority::Urgent));
    }
    says(&desk, in_time, kim, "09:30", priority(Priority::Normal));
    says(&desk, late, kim, "11:00", priority(Priority::Normal));
    let check = |told: helpdesk::kpi::Attainment| {
        let left_out = "- (0 of 0; left out: 3 without a target)";
        assert_eq!(told.ratio().to_string(), left_out, "each once");
        assert_eq!(told.outside_after_breach(), 1);
        let strict = told.never_breached().to_string();
        assert_eq!(strict, "0.0 % (0 of 1; left out: 2 without a target)");
    };
    check(attainment("2026-03-02T11:30:00Z"));
    says(&desk, late, kim, "12:00", Command::resolve());
    check(attainment("2026-03-02T13:00:00Z"));
}
