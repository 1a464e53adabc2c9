//! One customer's day over bot, chat, phone and mail, told from both sides.
//!
//! ```text
//! cargo run --release --example omnichannel_day
//! ```
//!
//! Ann's kettle arrived broken. She tells a bot, a person takes over and is asked nothing twice; she writes a mail about the same, which
//! is merged; she calls; what she was promised will be late, and she hears so before it is; she gets an answer with an article, is
//! asked how it was, is not content, comes back and is won back. After each step the example prints what Ann sees, what the
//! agents see, and how the clocks stand.

use std::io::{self, Write};

use chrono::{DateTime, TimeDelta, Utc};
use comfy_table::{Cell, Table, presets};
use helpdesk::calendar::Calendar;
use helpdesk::customer::{Command as About, Identity, Profile};
use helpdesk::escalation::{Action, Level, Recipient, Rule, Trigger, ready};
use helpdesk::id::{AgentId, BotId, ContentId, CustomerId, Name, SessionId, TeamId, TicketId};
use helpdesk::kpi::{Bands, Kpi, RecoveryTally, Report};
use helpdesk::routing::{self, Limits, Member, Needs, Requirement, Roster};
use helpdesk::sla::{Condition, Policy, StartOption};
use helpdesk::store::{MemoryStore, Outgoing};
use helpdesk::ticket::{
    Change, Channel, Draft, FieldValue, Handling, Merge, Metric, Priority, RatingKind, SessionEnd,
    SessionStep, Stage, Visibility,
};
use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, TenantId};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    run(&mut io::stdout().lock())
}

/// The whole day.
pub(crate) fn run(out: &mut dyn Write) -> Result<(), Failure> {
    let day = Day::new()?;
    let ann = CustomerId::named("crm-4711");
    let (kim, lee) = (AgentId::named("kim"), AgentId::named("lee"));
    let bot = Actor::Bot(BotId::named("greeter"));
    let customer = Actor::customer(ann);

    day.desk.tell::<Profile>(
        ann,
        &day.call(Actor::System, "08:00")?,
        About::Identify(Identity::address("ann@example.com")),
    )?;
    day.desk.tell::<Profile>(
        ann,
        &day.call(Actor::System, "08:00")?,
        About::Identify(Identity::phone("+49 30 901820")),
    )?;

    let open = Open::new("Broken kettle")
        .from_customer(ann)
        .over(Channel::Chat)
        .body("My kettle arrived broken.");
    let ticket = day.desk.open(&day.call(customer, "09:02")?, open)?.id();
    let chat = |step| Change::Session {
        id: SessionId::named("chat-1"),
        step,
    };
    let greets = SessionStep::Greet {
        bot: BotId::named("greeter"),
        channel: Channel::Chat,
    };
    day.say(
        ticket,
        bot,
        "09:02",
        Command::reply("I am a bot. Which order is it?").and(chat(greets)),
    )?;
    day.say(
        ticket,
        customer,
        "09:03",
        Command::reply("4711. I want a new one."),
    )?;
    let transcript =
        "Hand-off: the customer asks for a person. Order 4711, broken kettle, wants a new one.";
    let hands_off = Command::note(transcript)
        .and(chat(SessionStep::Understand {
            intent: name("broken item")?,
        }))
        .and(chat(SessionStep::HandOver {
            reason: name("asks for a person")?,
        }))
        .and(Change::AddTag(name("handed-off")?))
        .and(Change::Assign {
            agent: None,
            team: Some(front()),
        });
    day.say(ticket, bot, "09:04", hands_off)?;
    day.show(
        out,
        "09:04",
        "The bot hands over, with all that was said",
        ticket,
        ann,
    )?;

    let choice = day.route(ticket, "09:04")?;
    writeln!(out, "{choice}")?;
    for other in choice.others() {
        writeln!(out, "{other}")?;
    }
    writeln!(out)?;
    let agent = choice.route().agent().ok_or("nobody is there")?;
    let takes = Change::Assign {
        agent: Some(agent),
        team: Some(front()),
    };
    let answer = Command::reply("I am Kim. I ask the warehouse for a new one.")
        .and(takes)
        .and(chat(SessionStep::Answer { agent: None }));
    day.say(ticket, Actor::agent(kim), "09:06", answer)?;
    day.show(
        out,
        "09:06",
        "A person answers, and asks nothing twice",
        ticket,
        ann,
    )?;

    let ends = |handling| SessionStep::End {
        end: SessionEnd::Completed,
        handling,
    };
    day.say(
        ticket,
        Actor::agent(kim),
        "09:09",
        Command::change(chat(ends(Handling::default()))),
    )?;

    let mail = Open::new("Kettle broken!")
        .from("Ann@example.com")
        .over(Channel::Email)
        .body("Did you get my message?");
    let duplicate = day
        .desk
        .open(&day.call(Actor::System, "10:00")?, mail)?
        .id();
    day.desk.merge(
        &day.call(Actor::agent(kim), "10:05")?,
        Merge::new(duplicate, ticket),
    )?;
    day.show(
        out,
        "10:05",
        "Her mail about the same is merged",
        ticket,
        ann,
    )?;

    let phone = |step| Change::Session {
        id: SessionId::named("call-1"),
        step,
    };
    let rings = SessionStep::Offer {
        channel: Channel::Phone,
    };
    day.say(
        ticket,
        Actor::System,
        "10:20",
        Command::change(phone(rings)),
    )?;
    let asks =
        Command::say(Draft::new("(on the phone) How long will it take?").over(Channel::Phone));
    day.say(ticket, customer, "10:20", asks)?;
    let answers = Command::say(
        Draft::new("(on the phone) The warehouse looks for one, I write by noon.")
            .over(Channel::Phone),
    )
    .and(phone(SessionStep::Answer { agent: None }))
    .and(Change::PromiseUpdate(day.at("12:00")?));
    day.say(ticket, Actor::agent(kim), "10:21", answers)?;
    let wrap = Handling {
        wrap: "1min".parse()?,
        ..Handling::default()
    };
    day.say(
        ticket,
        Actor::agent(kim),
        "10:24",
        Command::change(phone(ends(wrap))),
    )?;
    day.show(
        out,
        "10:24",
        "She calls, and is promised an update",
        ticket,
        ann,
    )?;

    day.deliver(out, "11:31")?;
    let later = Command::say(Draft::new("It takes longer: I write by three.").over(Channel::Email))
        .and(Change::PromiseUpdate(day.at("15:00")?));
    day.say(ticket, Actor::agent(kim), "11:40", later)?;
    day.show(
        out,
        "11:40",
        "The delay is told before the promise is missed",
        ticket,
        ann,
    )?;

    let article = Change::Field {
        name: name("article")?,
        value: Some(FieldValue::Text("kb-12: claims".to_owned())),
    };
    let solves = Command::say(
        Draft::new(
            "A new kettle is on its way. Our article on claims says how the old one comes back.",
        )
        .over(Channel::Email),
    )
    .and(article)
    .then_resolve();
    day.say(ticket, Actor::agent(kim), "14:30", solves)?;
    day.show(out, "14:30", "Resolved, with an article", ticket, ann)?;

    day.deliver(out, "15:31")?;
    day.say(
        ticket,
        Actor::System,
        "15:40",
        Command::rate(RatingKind::Csat, 1),
    )?;
    day.deliver(out, "15:41")?;
    day.say(
        ticket,
        customer,
        "15:45",
        Command::say(Draft::new("The article does not open!").over(Channel::Email)),
    )?;
    day.show(out, "15:45", "A low mark, and she comes back", ticket, ann)?;

    let recovers = Command::say(
        Draft::new("I am Lee, Kim's lead. I am sorry: here is the label as a file, and a voucher.")
            .over(Channel::Email),
    )
    .and(Change::Assign {
        agent: Some(kim),
        team: Some(front()),
    })
    .then_resolve();
    day.say(ticket, Actor::Supervisor(lee), "16:10", recovers)?;
    day.say(
        ticket,
        Actor::System,
        "16:40",
        Command::rate(RatingKind::Csat, 5),
    )?;
    day.show(out, "16:40", "Won back", ticket, ann)?;
    day.figures(out, "16:59")
}

fn name(text: &str) -> Result<Name, Failure> {
    Ok(text.parse()?)
}

fn front() -> TeamId {
    TeamId::named("front")
}

/// The desk and its people on one Thursday.
struct Day {
    desk: Desk<MemoryStore>,
    roster: Roster,
    rules: routing::Rules,
}

impl Day {
    fn new() -> Result<Day, Failure> {
        let office = Calendar::parse("Mon-Fri 09:00-17:00", "UTC")?;
        let mut chat = Policy::new(name("chat")?)
            .when(Condition::Channel(vec![Channel::Chat]))
            .target(Metric::FirstResponse, "5min".parse()?)
            .target(Metric::NextResponse, "30min".parse()?)
            .target(Metric::TotalResolution, "8h".parse()?);
        chat.first_response_starts = StartOption::HandOff;
        let mail = Policy::new(name("mail")?)
            .target(Metric::FirstResponse, "8h".parse()?)
            .target(Metric::TotalResolution, "24h".parse()?);
        let survey =
            Level::new(name("ask")?, "after 1h".parse()?).action(Action::Custom(name("survey")?));
        let low = Level::new(name("tell")?, "at once".parse()?)
            .action(Action::RaisePriority(Priority::High))
            .action(Action::Notify(Recipient::Role(name("team lead")?)));
        let low_rating = Trigger::LowRating {
            kind: RatingKind::Csat,
            at_most: 2,
        };
        let rulebook = Rulebook::draft()
            .calendar(name("office")?, office.clone())
            .policy(chat)
            .policy(mail)
            .escalation(ready::delay_notice(
                Metric::PromisedUpdate,
                "30min before due".parse()?,
            ))
            .escalation(Rule::new(name("survey")?, Trigger::idle([Stage::Resolved])).level(survey))
            .escalation(Rule::new(name("low mark")?, low_rating).level(low))
            .build()?;

        let german = name("de")?;
        let roster = Roster::draft()
            .calendar(name("office")?, office)
            .member(
                Member::new(AgentId::named("kim"))
                    .team(front())
                    .language(german.clone())
                    .shift(name("office")?)
                    .limits(Limits::tickets(20).on(Channel::Chat, 3)),
            )
            .member(
                Member::new(AgentId::named("bob"))
                    .team(front())
                    .shift(name("office")?),
            )
            .build()?;
        let mut rules = routing::Rules::default();
        rules.requirements.push(Requirement {
            when: Condition::Tag(name("handed-off")?),
            needs: Needs::default().language(german),
        });
        let desk = Desk::new(MemoryStore::new(), rulebook);
        Ok(Day {
            desk,
            roster,
            rules,
        })
    }

    /// A time of the day, such as `09:02`.
    fn at(&self, time: &str) -> Result<DateTime<Utc>, Failure> {
        Ok(format!("2026-03-05T{time}:00Z").parse()?)
    }

    fn call(&self, actor: Actor, time: &str) -> Result<Call, Failure> {
        Ok(Call::new(actor, self.at(time)?))
    }

    fn say(
        &self,
        ticket: TicketId,
        who: Actor,
        time: &str,
        command: Command,
    ) -> Result<(), Failure> {
        self.desk.submit(ticket, &self.call(who, time)?, command)?;
        Ok(())
    }

    fn route(&self, ticket: TicketId, time: &str) -> Result<routing::Choice, Failure> {
        let now = self.at(time)?;
        let mut item = self.rules.item(&self.desk.ticket(ticket)?)?;
        item.due = self.desk.reading(ticket, Metric::FirstResponse, now)?.due();
        Ok(routing::route(&self.roster, &item, &self.rules, now)?)
    }

    /// What fell due goes out.
    fn deliver(&self, out: &mut dyn Write, time: &str) -> Result<(), Failure> {
        let now = self.at(time)?;
        self.desk.sweep(now, 100)?;
        let messages = self.desk.claim(now, TimeDelta::minutes(5), 100)?;
        for message in &messages {
            if let Outgoing::Escalation { rule, action, .. } = &message.what {
                let does = match action {
                    Action::Custom(what) => format!("`{what}` to the customer"),
                    Action::Notify(Recipient::Role(role)) => format!("tells the {role}"),
                    Action::Notify(_) => "tells the agent in charge".to_owned(),
                    other => format!("{other:?}"),
                };
                writeln!(out, "{time}  the rule `{rule}`: {does}")?;
            }
        }
        let ids: Vec<_> = messages.iter().map(|message| message.id).collect();
        self.desk.acknowledge(&ids)?;
        Ok(writeln!(out)?)
    }

    /// Both sides of the ticket, and its clocks.
    fn show(
        &self,
        out: &mut dyn Write,
        time: &str,
        what: &str,
        ticket: TicketId,
        customer: CustomerId,
    ) -> Result<(), Failure> {
        let mut table = Table::new();
        table
            .load_preset(presets::UTF8_FULL_CONDENSED)
            .set_width(140);
        table.set_header(["what Ann sees", "what the agents see", "the clocks"]);
        table.add_row([
            Cell::new(self.customers_side(ticket, customer)?),
            Cell::new(self.agents_side(ticket)?),
            Cell::new(self.clocks(ticket, time)?),
        ]);
        Ok(writeln!(out, "{time}  {what}\n{table}\n")?)
    }

    fn customers_side(&self, ticket: TicketId, customer: CustomerId) -> Result<String, Failure> {
        let tenant = self.desk.tenant(TenantId::SINGLE);
        let view = tenant.customer_view(ticket, customer)?;
        let mut lines = vec![format!("ticket #{}: {}", view.number, view.stage)];
        if view.waits_for_you {
            lines.push("(waits for you)".to_owned());
        }
        let merged = view.merged.iter().flat_map(|one| &one.messages);
        let mut messages: Vec<_> = view.messages.iter().chain(merged).collect();
        messages.sort_by_key(|message| message.at);
        for message in messages {
            let text = self.text(message.body)?;
            lines.push(format!(
                "{} {} [{}]: {text}",
                message.at.format("%H:%M"),
                message.from,
                message.channel.as_str()
            ));
        }
        Ok(lines.join("\n"))
    }

    fn agents_side(&self, ticket: TicketId) -> Result<String, Failure> {
        let ticket = self.desk.ticket(ticket)?;
        let in_charge = match ticket.agent() {
            Some(agent) if agent == AgentId::named("kim") => "kim",
            Some(_) => "another agent",
            None => "nobody yet",
        };
        let tags: Vec<_> = ticket.tags().iter().map(Name::as_str).collect();
        let mut lines = vec![format!(
            "#{} {}, {}, {in_charge} in charge",
            ticket.number(),
            ticket.status().stage(),
            ticket.priority()
        )];
        if !tags.is_empty() {
            lines.push(format!("tags: {}", tags.join(", ")));
        }
        for (link, other) in ticket.links() {
            lines.push(format!("{link} #{}", self.desk.ticket(*other)?.number()));
        }
        for (field, value) in ticket.fields() {
            if let FieldValue::Text(text) = value {
                lines.push(format!("{field}: {text}"));
            }
        }
        for session in ticket.sessions() {
            let minutes = |span: Option<helpdesk::time::Span>| {
                span.map_or("-".to_owned(), |span| span.to_string())
            };
            let by_bot = if session.bot.is_some() {
                ", began with the bot"
            } else {
                ""
            };
            let (waited, handled) = (minutes(session.waited()), minutes(session.handled()));
            lines.push(format!(
                "{} {}: waited {waited}, handled {handled}{by_bot}",
                session.began_at.format("%H:%M"),
                session.channel.as_str()
            ));
        }
        for message in ticket.messages() {
            let kind = if message.visibility == Visibility::Internal {
                "note"
            } else {
                message.channel.as_str()
            };
            let text = self.text(Some(message.body))?;
            lines.push(format!(
                "{} {} [{kind}]: {text}",
                message.at.format("%H:%M"),
                message.author.role()
            ));
        }
        for rating in ticket.ratings() {
            lines.push(format!(
                "{} {}: {} of {}",
                rating.at.format("%H:%M"),
                rating.rated.kind,
                rating.rated.mark,
                rating.rated.scale.best()
            ));
        }
        Ok(lines.join("\n"))
    }

    fn clocks(&self, ticket: TicketId, time: &str) -> Result<String, Failure> {
        let now = self.at(time)?;
        let mut lines = Vec::new();
        for metric in [
            Metric::FirstResponse,
            Metric::NextResponse,
            Metric::PromisedUpdate,
            Metric::TotalResolution,
        ] {
            let reading = self.desk.reading(ticket, metric, now)?;
            let due = reading.due().map_or(String::new(), |due| {
                format!(", due {}", due.format("%H:%M"))
            });
            let spent = reading.elapsed().num_minutes();
            lines.push(
                format!(
                    "{metric}: {:?}, {:?}, {spent} min{due}",
                    reading.state(),
                    reading.verdict()
                )
                .to_lowercase(),
            );
        }
        Ok(lines.join("\n"))
    }

    fn text(&self, body: Option<ContentId>) -> Result<String, Failure> {
        let Some(body) = body else {
            return Ok("(taken away)".to_owned());
        };
        let found = self.desk.tenant(TenantId::SINGLE).content(&[body])?;
        let text = found.into_iter().flatten().next();
        Ok(text.map_or("(erased)".to_owned(), |content| content.text))
    }

    /// What the day looks like in figures.
    fn figures(&self, out: &mut dyn Write, time: &str) -> Result<(), Failure> {
        let now = self.at(time)?;
        let mut rows = Vec::new();
        let mut tally = RecoveryTally::default();
        self.desk
            .tenant(TenantId::SINGLE)
            .facts(&mut |of| rows.extend_from_slice(of))?;
        tally.add(&rows)?;
        let recovery = tally.report(RatingKind::Csat, &Bands::Middle, now);
        let report = self.desk.report(&Report::standard().last_days(1), now)?;
        if let Some(kept) = report.attainment_of(Metric::PromisedUpdate) {
            writeln!(out, "{}: {}", Kpi::PromisesKept, kept.ratio())?;
        }
        writeln!(out, "{}: {}", Kpi::ServiceRecovery, recovery.recovered)?;
        let transfers: u32 = rows.iter().map(|row| row.agent_transfers).sum();
        Ok(writeln!(out, "{}: {transfers}", Kpi::AgentTransfers)?)
    }
}
