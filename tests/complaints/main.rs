//! Complaints: their steps, the tree of causes, what comes back, who is won back.

mod causes;
mod recovery;
mod recurrence;
mod steps;
mod targets;

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::calendar::Calendar;
use helpdesk::complaint::{ComplaintStep, Progress, Workflow};
use helpdesk::id::{AgentId, Name};
use helpdesk::sla::Target;
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{CauseCode, Causes, Change, Recorded, Rules};
use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, TenantId, TicketId};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn target(text: &str) -> Target {
    text.parse().unwrap()
}

/// A Thursday.
const BEGIN: &str = "2026-03-05T09:00:00Z";

fn workflow() -> Workflow {
    Workflow::default()
        .target(ComplaintStep::Accept, target("1h"))
        .target(ComplaintStep::Acknowledge, target("4h calendar"))
        .target(ComplaintStep::AnalyseCause, target("2 business days"))
        .target(ComplaintStep::Learn, target("40h"))
}

fn office() -> Calendar {
    Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap()
}

fn causes() -> Causes {
    let delivery = CauseCode::new(name("delivery")).with(CauseCode::new(name("late")));
    let tree = vec![
        delivery.with(CauseCode::new(name("damaged"))),
        CauseCode::new(name("billing")),
    ];
    Causes::new(name("cause"), tree).unwrap()
}

struct Told {
    desk: Desk<MemoryStore>,
}

impl Told {
    fn new() -> Told {
        let mut rules = Rules::default();
        rules.causes = causes();
        let book = Rulebook::draft()
            .calendar(name("office"), office())
            .tickets(rules);
        Told::under(book.build().unwrap())
    }

    fn under(book: Rulebook) -> Told {
        let desk = Desk::new(MemoryStore::new(), book);
        Told { desk }
    }

    fn call(minutes: i64) -> Call {
        let at = at(BEGIN) + TimeDelta::minutes(minutes);
        Call::new(Actor::agent(AgentId::named("kim")), at)
    }

    fn open(&self, minutes: i64, customer: &str) -> TicketId {
        let open = Open::new("again").from(customer);
        self.desk.open(&Told::call(minutes), open).unwrap().id()
    }

    fn say(&self, ticket: TicketId, minutes: i64, command: Command) {
        self.desk
            .submit(ticket, &Told::call(minutes), command)
            .unwrap();
    }

    fn change(&self, ticket: TicketId, minutes: i64, change: Change) {
        self.say(ticket, minutes, Command::change(change));
    }

    fn complain(&self, ticket: TicketId, minutes: i64) {
        self.change(ticket, minutes, Change::Type(Some(workflow().kind)));
    }

    fn history(&self, ticket: TicketId) -> Vec<Recorded> {
        self.desk.tenant(TenantId::SINGLE).history(ticket).unwrap()
    }

    fn read(&self, ticket: TicketId, minutes: i64) -> Option<Progress> {
        let now = at(BEGIN) + TimeDelta::minutes(minutes);
        workflow()
            .read(&self.history(ticket), &office(), now)
            .unwrap()
    }

    fn rows(&self) -> Vec<helpdesk::kpi::Fact> {
        let mut rows = Vec::new();
        let tenant = self.desk.tenant(TenantId::SINGLE);
        tenant.facts(&mut |of| rows.extend_from_slice(of)).unwrap();
        rows
    }
}
