//! Meanings that were found wrong once, each with the story that showed it.

mod common;

use std::collections::BTreeSet;

use common::*;
use helpdesk::call::Role;
use helpdesk::error::ErrorKind;
use helpdesk::escalation::ready;
use helpdesk::id::{BotId, TeamId};
use helpdesk::kpi::{Bands, Fact, RecoveryTally};
use helpdesk::rulebook::RulebookDraft;
use helpdesk::sla::{Policy, ReopenOption};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{
    Change, CloseReason, Merge, Metric, Pending, Permission, RatingKind, Stage,
};
use helpdesk::time::Span;
use helpdesk::{Actor, Calendar, Call, Command, Desk, Open, Report, TenantId, TicketId};

type Memory = Desk<MemoryStore>;

fn under(draft: RulebookDraft) -> Memory {
    Desk::new(MemoryStore::new(), draft.build().unwrap())
}

fn by(actor: Actor, when: &str) -> Call {
    Call::new(actor, at(when))
}

fn kim(when: &str) -> Call {
    by(Actor::Agent(KIM), when)
}

fn bot(when: &str) -> Call {
    by(Actor::Bot(BotId::named("helper")), when)
}

fn open(desk: &Memory, when: &str) -> TicketId {
    let open = Open::new("help").from_customer(ANN).body("please");
    desk.open(&by(Actor::Customer(ANN), when), open)
        .unwrap()
        .id()
}

fn rows(desk: &Memory) -> Vec<Fact> {
    let mut all = Vec::new();
    let tenant = desk.tenant(TenantId::SINGLE);
    tenant
        .facts(&mut |rows| all.extend_from_slice(rows))
        .unwrap();
    all
}

#[test]
fn a_clock_that_stays_ended_is_decided_for_good() {
    for (option, closes, expected) in [
        (
            ReopenOption::Resume,
            false,
            "- (0 of 0; left out: 1 undecided)",
        ),
        (ReopenOption::FirstOnly, false, "100.0 % (1 of 1)"),
        (
            ReopenOption::NewCycle,
            false,
            "100.0 % (1 of 1; left out: 1 undecided)",
        ),
        (
            ReopenOption::NewCycle,
            true,
            "100.0 % (1 of 1; left out: 1 cancelled)",
        ),
    ] {
        let policy = Policy::new(name("all"))
            .target(Metric::TotalResolution, "8h calendar".parse().unwrap())
            .reopening(Metric::TotalResolution, option);
        let desk = under(RulebookDraft::default().policy(policy));
        let t = open(&desk, "2026-03-02T09:00:00Z");
        for (when, command) in [
            ("2026-03-02T11:00:00Z", Command::resolve()),
            ("2026-03-02T12:00:00Z", Command::reopen()),
        ] {
            desk.submit(t, &kim(when), command).unwrap();
        }
        if closes {
            let cancel = Command::close(CloseReason::Cancelled);
            desk.submit(t, &kim("2026-03-02T13:00:00Z"), cancel)
                .unwrap();
        }
        let report = desk.report(&Report::standard(), at("2026-03-02T14:00:00Z"));
        let report = report.unwrap();
        let total = report
            .attainment()
            .iter()
            .find(|one| one.clock().metric == Metric::TotalResolution);
        assert_eq!(
            total.unwrap().ratio().to_string(),
            expected,
            "{option:?} {closes}"
        );
    }
}

#[test]
fn what_a_role_may_is_asked_of_the_ticket_as_it_stands_by_then() {
    for sweeps in [false, true] {
        let idle = ready::auto_resolve("120h calendar".parse().unwrap());
        let desk = under(RulebookDraft::default().escalation(idle));
        let t = open(&desk, "2026-03-02T09:00:00Z");
        let wait = Command::pend(Pending::Customer);
        desk.submit(t, &kim("2026-03-02T10:00:00Z"), wait).unwrap();
        if sweeps {
            desk.sweep(at("2026-03-07T22:00:00Z"), 10).unwrap();
        }
        let pend = Command::pend(Pending::ThirdParty);
        let refused = desk.submit(t, &bot("2026-03-08T10:00:00Z"), pend);
        assert_eq!(
            refused.unwrap_err().kind(),
            ErrorKind::Forbidden,
            "{sweeps}"
        );
    }
}

#[test]
fn a_bot_that_speaks_to_a_merged_ticket_needs_no_right_to_reopen_it() {
    let desk = under(RulebookDraft::default());
    let (source, target) = (
        open(&desk, "2026-03-02T09:00:00Z"),
        open(&desk, "2026-03-02T09:00:00Z"),
    );
    desk.merge(&kim("2026-03-02T10:00:00Z"), Merge::new(source, target))
        .unwrap();
    let ask = Command::reply("which floor?").then_pend(Pending::Customer);
    let said = desk
        .submit(source, &bot("2026-03-02T11:00:00Z"), ask)
        .unwrap();
    assert_eq!(
        (said.id(), said.ticket().status().stage()),
        (target, Stage::Pending)
    );
}

#[test]
fn a_customers_message_to_a_closed_ticket_is_kept_without_its_changes() {
    let mut draft = RulebookDraft::default();
    draft.tickets.permissions = draft
        .tickets
        .permissions
        .with(Role::Customer, [Permission::Classify, Permission::Reply]);
    let desk = under(draft);
    let t = open(&desk, "2026-03-02T09:00:00Z");
    let close = Command::close(CloseReason::Settled);
    desk.submit(t, &kim("2026-03-02T10:00:00Z"), close).unwrap();
    let say = Command::reply("and now?").and(Change::AddTag(name("vip")));
    let ann = by(Actor::Customer(ANN), "2026-03-20T10:00:00Z");
    let said = desk.submit(t, &ann, say).unwrap();
    let next = desk.ticket(said.follow_up().unwrap()).unwrap();
    assert_eq!(next.messages().len(), 1);
    assert!(desk.ticket(t).unwrap().tags().is_empty());
    // Without a message the change alone is refused.
    let alone = Command::change(Change::AddTag(name("vip")));
    assert_eq!(desk.submit(t, &ann, alone).unwrap_err().code(), "closed");
}

#[test]
fn effort_is_the_teams_that_had_the_ticket() {
    let desk = under(RulebookDraft::default());
    let (first, second) = (TeamId::named("first"), TeamId::named("second"));
    let assign = |team| Change::Assign {
        agent: None,
        team: Some(team),
    };
    let log = |minutes| Change::LogTime {
        spent: Span::minutes(minutes),
        activity: None,
    };
    let (source, target) = (
        open(&desk, "2026-03-02T09:00:00Z"),
        open(&desk, "2026-03-02T09:00:00Z"),
    );
    let say = |t, when, command| drop(desk.submit(t, &kim(when), command).unwrap());
    say(
        source,
        "2026-03-02T10:00:00Z",
        Command::change(assign(first)),
    );
    say(
        source,
        "2026-03-02T11:00:00Z",
        Command::change(log(30)).and(assign(second)),
    );
    say(
        target,
        "2026-03-02T12:00:00Z",
        Command::change(assign(second)),
    );
    desk.merge(&kim("2026-03-02T13:00:00Z"), Merge::new(source, target))
        .unwrap();
    let rows = rows(&desk);
    let effort: BTreeSet<_> = rows
        .iter()
        .flat_map(|row| &row.effort)
        .map(|one| (one.team, one.spent_us))
        .collect();
    assert_eq!(effort, BTreeSet::from([(Some(first), 30 * 60_000_000)]));
}

#[test]
fn a_mark_that_was_replaced_later_stood_until_then() {
    let desk = under(RulebookDraft::default());
    let t = open(&desk, "2026-03-01T08:00:00Z");
    desk.submit(t, &kim("2026-03-01T09:00:00Z"), Command::resolve())
        .unwrap();
    for (when, mark) in [("2026-03-01T10:00:00Z", 1), ("2026-03-20T10:00:00Z", 5)] {
        let rate = Command::rate(RatingKind::Csat, mark);
        desk.submit(t, &by(Actor::System, when), rate).unwrap();
    }
    let mut tally = RecoveryTally::default();
    tally.add(&rows(&desk)).unwrap();
    let recovered = |as_of: &str| {
        let report = tally.report(RatingKind::Csat, &Bands::Middle, at(as_of));
        report.recovered.to_string()
    };
    assert_eq!(
        recovered("2026-03-10T00:00:00Z"),
        "- (0 of 0; left out: 1 unanswered)"
    );
    assert_eq!(recovered("2026-03-21T00:00:00Z"), "- (0 of 0)");
}

#[test]
fn a_date_that_the_zone_leaves_out_is_no_business_day() {
    let date = |text: &str| text.parse().unwrap();
    for (zone, missing, before, after) in [
        ("Pacific/Apia", "2011-12-30", "2011-12-29", "2012-01-02"),
        (
            "Pacific/Kwajalein",
            "1993-08-21",
            "1993-08-20",
            "1993-08-22",
        ),
        (
            "Pacific/Kiritimati",
            "1994-12-31",
            "1994-12-30",
            "1995-01-01",
        ),
    ] {
        let hours = if zone == "Pacific/Apia" {
            "Mon-Fri 09:00-17:00"
        } else {
            "daily 09:00-17:00"
        };
        let office = Calendar::parse(hours, zone).unwrap();
        assert_eq!(office.is_business_day(date(missing)), Ok(false), "{zone}");
        assert_eq!(office.business_day(date(before), 1), Ok(date(after)));
        assert_eq!(office.business_day(date(after), -1), Ok(date(before)));
        assert_eq!(office.count_business_days(date(before), date(after)), Ok(1));
        let both = office.union(&office).unwrap();
        assert_eq!(both.is_business_day(date(missing)), Ok(false));
    }
    let office = Calendar::parse("Mon-Fri 09:00-17:00", "Pacific/Apia").unwrap();
    let due = office.add_business_days(at("2011-12-29T20:00:00Z"), 1, Default::default());
    assert_eq!(due, Ok(at("2012-01-01T20:00:00Z"))); // Monday at ten
}
