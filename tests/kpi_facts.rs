//! What the rows of a ticket hold: laws over arbitrary stories, and one story told by hand.

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::id::{AgentId, CustomerId, Name, TeamId, TicketId, TicketNumber};
use helpdesk::kpi::{Fact, FirstResponse, Holder, Lengths, Spent};
use helpdesk::replay::{History, Row, import};
use helpdesk::sla::{Policy, State, Verdict};
use helpdesk::testing::story::{logs, rulebooks, stories};
use helpdesk::ticket::{
    self, Change, CloseReason, Direction, Draft, FieldValue, Metric, Open, Pending, RatingKind,
    Status, Ticket,
};
use helpdesk::time::Span;
use helpdesk::{Actor, Calendar, Call, Command, Rulebook, TenantId};
use proptest::prelude::*;

const MINUTE: i64 = 60_000_000;

fn sum(parts: impl Iterator<Item = Lengths>) -> Lengths {
    parts.fold(Lengths::default(), |sum, part| sum + part)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn rows_add_up(
        (rulebook, story) in (rulebooks(TimeDelta::minutes(1)), stories(TimeDelta::minutes(1))),
    ) {
        let ticket = story.tell(&rulebook).unwrap().ticket;
        let rows = rulebook.facts(&ticket);
        let own = rows[0].own.clone().unwrap();

        // Every message, hour and mark stands in one cycle.
        prop_assert_eq!(rows.iter().map(|row| row.replies).sum::<u32>(), own.replies);
        let offered = ticket.sessions().iter().filter(|session| session.offered_at().is_some());
        let asked = own.customer_messages as usize + offered.count();
        prop_assert!(rows.iter().map(|row| row.follow_ups).sum::<u32>() as usize <= asked);
        prop_assert!(rows.iter().map(|row| row.touches).sum::<u32>() <= own.replies + own.notes);
        let effort: i64 = rows.iter().flat_map(|row| &row.effort).map(|one| one.spent_us).sum();
        prop_assert_eq!(effort, own.effort_us);
        prop_assert_eq!(rows.iter().map(|row| row.ratings.len()).sum::<usize>(), ticket.ratings().len());

        for row in &rows {
            held_without_gap(row)?;
            for response in &row.responses {
                prop_assert!(response.asked_at <= response.at && row.started_at <= response.at);
                let waited = (response.at - response.asked_at).num_microseconds().unwrap();
                prop_assert_eq!(response.after.calendar_us, waited);
                let FirstResponse::Answered { at, .. } = own.first_response else {
                    return Err(TestCaseError::fail("a later answer without a first one"));
                };
                prop_assert!(at <= response.asked_at);
            }
            if let (Some(spent), Some(at)) = (row.cycle_spent, row.resolved_at) {
                prop_assert_eq!(spent.whole().calendar_us, (at - row.started_at).num_microseconds().unwrap());
                prop_assert!(spent.for_customer.calendar_us <= spent.waiting.calendar_us);
                prop_assert!(spent.whole().business_us <= spent.whole().calendar_us);
            }
        }
        // All that was said and all calls taken: one is the first response, others answer something, the rest came unasked.
        let answers = rows.iter().map(|row| row.responses.len()).sum::<usize>();
        let first = usize::from(matches!(own.first_response, FirstResponse::Answered { .. }));
        let said = ticket.messages().iter().filter(|message| message.answers()).count();
        let taken = ticket.sessions().iter().filter(|session| session.answered.is_some()).count();
        prop_assert!(answers + first <= said + taken);
        // What one says in a call or chat counts once.
        prop_assert!(own.replies as usize <= said + taken);
        prop_assert_eq!(own.replies > 0, said + taken > 0);
    }
}

/// While a ticket is work or waits, somebody or nobody holds it, from one end to the other.
fn held_without_gap(row: &Fact) -> Result<(), TestCaseError> {
    let mut now = row.started_at;
    for (i, holding) in row.holdings.iter().enumerate() {
        prop_assert_eq!(holding.since, now);
        prop_assert_eq!(holding.until.is_some(), holding.spent.is_some());
        let Some(until) = holding.until else {
            prop_assert!(i + 1 == row.holdings.len() && row.left_at.is_none());
            return Ok(());
        };
        let spent = holding.spent.unwrap();
        prop_assert_eq!(
            spent.whole().calendar_us,
            (until - now).num_microseconds().unwrap()
        );
        prop_assert_eq!(spent.done, Lengths::default());
        now = until;
    }
    prop_assert_eq!(Some(now), row.left_at);
    if let (Some(spent), true) = (row.cycle_spent, row.left_at == row.resolved_at) {
        let held = sum(row
            .holdings
            .iter()
            .map(|one| one.spent.unwrap().unresolved()));
        prop_assert_eq!(held, spent.unresolved());
    }
    Ok(())
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

struct Desk {
    rulebook: Rulebook,
    ticket: Ticket,
}

impl Desk {
    fn says(&mut self, actor: Actor, when: &str, command: Command) {
        let call = Call::new(actor, at(when));
        let rules = self.rulebook.tickets();
        let decision = ticket::decide(&self.ticket, rules, &call, call.at(), &command).unwrap();
        for event in decision.recorded_after(&self.ticket, &call) {
            self.ticket.apply(&event);
        }
    }
}

/// A ticket that a customer opens on Monday, 2 March 2026, at nine.
fn opened_by(ann: Actor) -> Desk {
    let rulebook = Rulebook::starter();
    let call = Call::new(ann, at("2026-03-02T09:00:00Z"));
    let open = Open::new("Printer on fire").from_customer(CustomerId::named("ann"));
    let opened = ticket::open(rulebook.tickets(), &call, &open, TicketNumber(1), None).unwrap();
    let ticket = Ticket::replay(call.tenant_id(), &opened.recorded(&call)).unwrap();
    Desk { rulebook, ticket }
}

#[test]
fn a_story_by_hand() {
    let (kim, lee) = (AgentId::named("kim"), AgentId::named("lee"));
    let (north, south) = (TeamId::named("north"), TeamId::named("south"));
    let ann = Actor::customer(CustomerId::named("ann"));
    let mut desk = opened_by(ann);
    let agent = Actor::agent;
    let give = |to, team| {
        Command::change(Change::Assign {
            agent: Some(to),
            team: Some(team),
        })
    };

    desk.says(agent(kim), "2026-03-02T09:10:00Z", give(kim, north));
    desk.says(
        agent(kim),
        "2026-03-02T09:20:00Z",
        Command::reply("Which floor?").then_pend(Pending::Customer),
    );
    desk.says(ann, "2026-03-02T10:00:00Z", Command::reply("The third."));
    desk.says(ann, "2026-03-02T10:05:00Z", Command::reply("Hurry!"));
    desk.says(agent(kim), "2026-03-02T10:10:00Z", give(lee, south));
    desk.says(
        agent(lee),
        "2026-03-02T10:30:00Z",
        Command::reply("Coming."),
    );
    let spent = Change::LogTime {
        spent: Span::minutes(25),
        activity: None,
    };
    desk.says(agent(lee), "2026-03-02T10:50:00Z", Command::change(spent));
    let field = |value| Change::Field {
        name: "product".parse::<Name>().unwrap(),
        value: Some(value),
    };
    desk.says(
        agent(lee),
        "2026-03-02T10:55:00Z",
        Command::change(field(FieldValue::Number(7))),
    );
    desk.says(agent(lee), "2026-03-02T11:00:00Z", Command::resolve());
    desk.says(
        ann,
        "2026-03-02T12:00:00Z",
        Command::rate(RatingKind::Csat, 2),
    );
    desk.says(ann, "2026-03-02T13:00:00Z", Command::reply("Again on fire"));

    let rows = desk.rulebook.facts(&desk.ticket);
    assert_eq!(rows.len(), 2);
    let (first, own) = (&rows[0], rows[0].own.clone().unwrap());
    let lengths = |minutes| Lengths {
        calendar_us: minutes * MINUTE,
        business_us: minutes * MINUTE,
    };
    let held: Vec<_> = first
        .holdings
        .iter()
        .map(|one| (one.holder.agent, one.spent.unwrap()))
        .collect();
    let work = |minutes| Spent {
        work: lengths(minutes),
        ..Spent::default()
    };
    let waited = Spent {
        waiting: lengths(40),
        for_customer: lengths(40),
        ..work(20)
    };
    assert_eq!(
        held,
        [(None, work(10)), (Some(kim), waited), (Some(lee), work(50))]
    );
    assert_eq!((first.agent_transfers, first.team_transfers), (1, 1));
    assert_eq!(
        first.assignee,
        Holder {
            agent: Some(lee),
            team: Some(south)
        }
    );
    assert_eq!((first.replies, first.touches, first.follow_ups), (2, 2, 2));
    let answers: Vec<_> = first
        .responses
        .iter()
        .map(|one| (one.by.agent, one.by.team, one.after))
        .collect();
    assert_eq!(
        answers,
        [(Some(lee), Some(south), lengths(30))],
        "to the oldest message, counted once"
    );
    assert_eq!(own.first_responding_team, Some(north));
    assert_eq!(first.spent.unwrap().requester_wait(), lengths(80));
    assert_eq!(first.effort[0].spent_us, 25 * MINUTE);
    assert_eq!(
        (first.ratings[0].mark, first.ratings[0].credit),
        (2, Some(lee))
    );
    assert_eq!(own.fields.len(), 1);
    assert_eq!(own.agents, 2);
    assert_eq!(
        (
            rows[1].follow_ups,
            rows[1].holdings.len(),
            rows[1].holdings[0].until
        ),
        (1, 1, None)
    );
}

/// What is said after a resolution is not part of the contact that it ended: the period stays as it was reported.
#[test]
fn messages_after_the_resolution_do_not_undo_a_first_contact_resolution() {
    let (kim, lee) = (AgentId::named("kim"), AgentId::named("lee"));
    let ann = Actor::customer(CustomerId::named("ann"));
    let mut desk = opened_by(ann);
    let to = |agent, team| {
        Command::change(Change::Assign {
            agent: Some(agent),
            team: Some(TeamId::named(team)),
        })
    };
    desk.says(Actor::agent(kim), "2026-03-02T09:05:00Z", to(kim, "north"));
    let answer = Command::reply("Take this extinguisher.").then_resolve();
    desk.says(Actor::agent(kim), "2026-03-02T09:10:00Z", answer);
    let report = |desk: &Desk, until: &str| {
        let report = helpdesk::kpi::Report::standard()
            .between(at("2026-03-02T00:00:00Z"), at("2026-03-03T00:00:00Z"));
        let report = report.over([desk.rulebook.facts(&desk.ticket)], at(until));
        report.unwrap().first_contact_resolution().to_string()
    };
    assert_eq!(report(&desk, "2026-03-10T00:00:00Z"), "100.0 % (1 of 1)");

    let mut thanks = ticket::Draft::new("It is out, thank you!");
    thanks.class = ticket::MessageClass::Thanks;
    desk.says(ann, "2026-03-10T09:00:00Z", Command::say(thanks));
    desk.says(
        Actor::agent(lee),
        "2026-03-10T09:30:00Z",
        Command::reply("Glad to hear it."),
    );
    desk.says(
        Actor::agent(lee),
        "2026-03-10T09:31:00Z",
        Command::reply("Bye."),
    );
    desk.says(Actor::agent(lee), "2026-03-10T09:32:00Z", to(lee, "south"));
    assert_eq!(report(&desk, "2026-03-11T00:00:00Z"), "100.0 % (1 of 1)");
    let row = &desk.rulebook.facts(&desk.ticket)[0];
    assert_eq!(
        (row.replies, row.team_transfers, row.one_contact),
        (3, 1, true)
    );

    // Before it, each of them counts.
    desk.says(ann, "2026-03-15T09:00:00Z", Command::reply("Again on fire"));
    desk.says(
        Actor::agent(lee),
        "2026-03-15T09:30:00Z",
        Command::reply("Where?"),
    );
    desk.says(
        Actor::agent(lee),
        "2026-03-15T09:40:00Z",
        Command::reply("I see it.").then_resolve(),
    );
    assert!(!desk.rulebook.facts(&desk.ticket)[1].one_contact);
}

/// Whoever waits for a first answer waits on unresolved tickets only: what lies between a resolution and the reopening does not count.
#[test]
fn waiting_for_the_first_answer_stops_where_it_is_resolved() {
    let ann = Actor::customer(CustomerId::named("ann"));
    let kim = Actor::agent(AgentId::named("kim"));
    let mut desk = opened_by(ann);
    desk.says(kim, "2026-03-02T10:00:00Z", Command::resolve());
    desk.says(ann, "2026-03-02T13:00:00Z", Command::reply("Not so."));
    desk.says(kim, "2026-03-02T15:00:00Z", Command::reply("Which floor?"));
    let rows = desk.rulebook.facts(&desk.ticket);
    let FirstResponse::Answered {
        after, at: when, ..
    } = rows[0].own.as_ref().unwrap().first_response
    else {
        panic!("{rows:?}");
    };
    assert_eq!(after.calendar_us, 3 * 60 * MINUTE, "one hour, then two");
    assert_eq!(when, at("2026-03-02T15:00:00Z"));
}

/// Open time is that of the calendar behind the policy in force, not that of the rulebook's first one.
#[test]
fn business_time_is_that_of_the_policys_calendar() {
    let name = |text: &str| Name::new(text).unwrap();
    let calendar = |hours| Calendar::parse(hours, "UTC").unwrap();
    let target = "4h".parse().unwrap();
    let policy = Policy::new(name("all")).target(Metric::TotalResolution, target);
    let rulebook = Rulebook::draft()
        .calendar(name("office"), calendar("Mon-Fri 09:00-17:00"))
        .calendar(name("weekend"), calendar("Sat-Sun 10:00-18:00"))
        .policy(policy.calendar(name("weekend")))
        .build()
        .unwrap();
    // Saturday, 7 March 2026.
    let call = Call::new(
        Actor::customer(CustomerId::named("ann")),
        at("2026-03-07T09:00:00Z"),
    );
    let desk = helpdesk::Desk::new(helpdesk::store::MemoryStore::new(), rulebook.clone());
    let open = Open::new("x").from_customer(CustomerId::named("ann"));
    let id = desk.open(&call, open).unwrap().id();
    let kim = Call::new(
        Actor::agent(AgentId::named("kim")),
        at("2026-03-07T13:00:00Z"),
    );
    let resolved = desk.submit(id, &kim, Command::resolve()).unwrap();
    let rows = rulebook.facts(resolved.ticket());
    let spent = rows[0].spent.unwrap().whole();
    assert_eq!(
        (spent.calendar_us, spent.business_us),
        (4 * 60 * MINUTE, 3 * 60 * MINUTE)
    );
}

/// A message on a ticket that the desk opened and resolved is a first contact. An answer while it stays resolved is no response, as on the
/// clocks; once it is reopened, the wait counts from the message.
#[test]
fn an_answer_on_a_resolved_ticket_is_no_response() {
    let (ann, kim) = (CustomerId::named("ann"), AgentId::named("kim"));
    let (asks, answers) = (Actor::customer(ann), Actor::agent(kim));
    let day = |time: &str| at(&format!("2026-03-05T{time}:00Z"));
    let said = |time, by| Row::new(day(time)).by(by).message(Draft::new("x"));
    let status = |time, to| Row::new(day(time)).status(to);
    let facts = |rows: Vec<Row>| {
        let (id, number) = (TicketId::named("T"), TicketNumber(1));
        let mut history = History::new(id, number, ann, day("09:00"));
        history.opened.direction = Direction::Outbound;
        history.rows = rows;
        let rulebook = Rulebook::starter();
        let imported = import(&history, &rulebook, TenantId::SINGLE);
        let rows = rulebook.facts(imported.ticket());
        let later: Vec<_> = rows.iter().flat_map(|row| row.responses.clone()).collect();
        let later = later.iter().map(|one| one.after.calendar_us / MINUTE);
        (
            rows[0].own.as_ref().unwrap().first_response,
            later.collect::<Vec<_>>(),
        )
    };
    let begin = || vec![status("10:00", Status::Resolved), said("11:00", asks)];
    let with = |more: Vec<Row>| facts(begin().into_iter().chain(more).collect());
    let unanswered = (FirstResponse::Unanswered, vec![]);
    assert_eq!(with(vec![]), unanswered);
    assert_eq!(with(vec![said("15:00", answers)]), unanswered);
    let minutes = |(first, _): (FirstResponse, Vec<i64>)| match first {
        FirstResponse::Answered { after, .. } => after.calendar_us / MINUTE,
        other => panic!("{other:?}"),
    };
    let reopened = || status("16:00", Status::Reopened);
    let answered = vec![reopened(), said("17:00", answers)];
    assert_eq!(minutes(with(answered)), 360, "since the message");
    let twice = vec![said("15:00", answers), reopened(), said("17:00", answers)];
    assert_eq!(minutes(with(twice)), 60, "since the reopening");
    // The same of later messages.
    let before = vec![
        said("09:10", asks),
        said("09:20", answers),
        status("10:00", Status::Resolved),
        said("11:00", asks),
    ];
    let later = |more: Vec<Row>| facts(before.clone().into_iter().chain(more).collect()).1;
    assert!(later(vec![said("15:00", answers)]).is_empty());
    assert_eq!(later(vec![reopened(), said("17:00", answers)]), [360]);
}

/// A ticket that a log tells, under a first response in all time with time for everything.
fn logged(rulebook: &Rulebook, direction: Direction, rows: Vec<Row>) -> Vec<Fact> {
    let (id, number, ann) = (
        TicketId::named("T"),
        TicketNumber(1),
        CustomerId::named("ann"),
    );
    let mut history = History::new(id, number, ann, at("2026-03-05T09:00:00Z"));
    history.opened.direction = direction;
    history.rows = rows;
    rulebook.facts(import(&history, rulebook, TenantId::SINGLE).ticket())
}

fn ample() -> Rulebook {
    let policy = Policy::new(Name::new("all").unwrap());
    let target = "10000h calendar".parse().unwrap();
    let draft = Rulebook::draft().policy(policy.target(Metric::FirstResponse, target));
    draft.build().unwrap()
}

/// The figure of the first response and its clock know one and the same wait.
fn first_response_is_that_of_its_clock(rows: &[Fact]) -> Result<(), TestCaseError> {
    let own = rows[0].own.as_ref().unwrap();
    let of = |clock: &&helpdesk::kpi::ClockFact| clock.clock.metric == Metric::FirstResponse;
    let clock = own.clocks.iter().find(of).unwrap();
    let (state, verdict) = (clock.state, clock.verdict);
    match own.first_response {
        FirstResponse::Answered { after, at, .. } => {
            prop_assert_eq!((state, verdict), (State::Stopped, Verdict::Met));
            prop_assert_eq!(clock.elapsed_us, after.calendar_us);
            prop_assert_eq!(clock.stopped_at, Some(at));
        }
        FirstResponse::Unanswered => prop_assert_eq!(verdict, Verdict::Unanswered),
        FirstResponse::Waiting => prop_assert_eq!(state, State::Running),
        FirstResponse::NotApplicable => prop_assert_eq!(state, State::NotStarted),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases * 4, ..ProptestConfig::default() })]

    #[test]
    fn the_first_response_of_a_log_is_that_of_its_clock(log in logs(TimeDelta::minutes(1))) {
        let rulebook = ample();
        let imported = import(&log, &rulebook, TenantId::SINGLE);
        first_response_is_that_of_its_clock(&rulebook.facts(imported.ticket()))?;
    }

    #[test]
    fn the_first_response_of_a_story_is_that_of_its_clock(story in stories(TimeDelta::minutes(1))) {
        let rulebook = ample();
        let ticket = story.tell(&rulebook).unwrap().ticket;
        first_response_is_that_of_its_clock(&rulebook.facts(&ticket))?;
    }
}

/// What a log tells of a ticket that is over: only a message that is the first contact waits for the reopening, and only until the
/// ticket is over in another way.
#[test]
fn a_message_at_rest_waits_as_on_the_clock() {
    let day = |time: &str| at(&format!("2026-03-05T{time}:00Z"));
    let asks = |time| {
        let ann = Actor::customer(CustomerId::named("ann"));
        Row::new(day(time)).by(ann).message(Draft::new("x"))
    };
    let answers = |time| {
        let kim = Actor::agent(AgentId::named("kim"));
        Row::new(day(time)).by(kim).message(Draft::new("x"))
    };
    let status = |time, to| Row::new(day(time)).status(to);
    let hours = |direction, rows| {
        let rows = logged(&ample(), direction, rows);
        first_response_is_that_of_its_clock(&rows).unwrap();
        match rows[0].own.as_ref().unwrap().first_response {
            FirstResponse::Answered { after, .. } => after.calendar_us / MINUTE / 60,
            other => panic!("{other:?}"),
        }
    };
    let rest = || [status("16:00", Status::Reopened), answers("17:00")];
    let (settled, spam) = (CloseReason::Settled, CloseReason::Spam);

    let begun = [status("10:00", Status::Resolved), asks("11:00")];
    let begun = begun.into_iter().chain(rest()).collect();
    assert_eq!(hours(Direction::Inbound, begun), 2, "an hour, and another");
    let closed = |again| {
        let rows = [
            status("10:00", Status::Closed(settled)),
            asks("11:00"),
            status("12:00", again),
        ];
        hours(
            Direction::Outbound,
            rows.into_iter().chain(rest()).collect(),
        )
    };
    assert_eq!(closed(Status::Closed(spam)), 6, "since the message");
    assert_eq!(closed(Status::Resolved), 1, "since the reopening");
}
