//! Reads the log of an international software company's help desk: its messages, sentence by sentence, and the turns of those in
//! charge with the marks that their manager gave, both as CSV, plain or gzipped.
//!
//! A message is all sentences of one comment. Comment 0 is the request. A turn puts somebody in charge, and at one instant a turn
//! comes before a message. The tables tell nothing of statuses and of channels, so every ticket stays open.
//!
//! Who writes is told by the role that stands beside each message. Of the others who are neither reporter nor in charge, somebody
//! works at the desk whom the tables show in charge or writing an internal note anywhere; anybody else is a customer who
//! takes part. The automatic accounts are named by the caller; what they write is automatic.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use chrono::{DateTime, Utc};
use csv::StringRecord;
use helpdesk::id::{AgentId, BotId, CustomerId, Name, TicketNumber};
use helpdesk::replay::{History, Row, Said};
use helpdesk::ticket::{
    Change, Channel, Direction, Draft, FieldValue, MessageClass, Priority, Visibility,
};
use helpdesk::{Actor, TicketId};

use crate::Failure;
use crate::csv_log::{self, Columns, unreadable};

/// What the two files hold.
pub(crate) struct Log {
    /// One history per ticket, in the order in which they first appear among the turns.
    pub(crate) histories: Vec<History>,
    /// How many messages each role wrote, to the customer and within the desk.
    pub(crate) messages: BTreeMap<AuthorRole, Written>,
    /// Every turn.
    pub(crate) turns: Vec<Turn>,
    /// The agents by their ids.
    pub(crate) agents: HashMap<AgentId, String>,
}

/// The role of an author in the ticket, as the publisher has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuthorRole {
    Reporter,
    Assignee,
    Others,
}

/// Messages by who may see them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Written {
    pub(crate) public: u64,
    pub(crate) private: u64,
}

/// Somebody's turn on a ticket, with the marks that it was given.
pub(crate) struct Turn {
    pub(crate) ticket: TicketId,
    pub(crate) started: DateTime<Utc>,
    /// Who was in charge; nobody where the file names nobody.
    pub(crate) agent: Option<String>,
    /// Accuracy, thoroughness and client relations: 1 to 5, and 0 where the question was not answered.
    pub(crate) marks: [u8; 3],
}

/// One message, with the text of all its sentences.
struct Message {
    at: DateTime<Utc>,
    author: String,
    role: AuthorRole,
    private: bool,
    text: String,
}

/// What the turns tell about a ticket.
struct Ticket {
    number: u64,
    project: String,
    reporter: String,
    kind: String,
    priority: Priority,
    turns: Vec<usize>,
}

/// Reads both files; `automatic` are the accounts that write by themselves.
pub(crate) fn read(
    utterances: &Path,
    snapshot: &Path,
    automatic: &BTreeSet<String>,
) -> Result<Log, Failure> {
    let messages = read_messages(utterances)?;
    let (tickets, turns) = read_turns(snapshot)?;
    let written = messages.values().flat_map(BTreeMap::values);
    let in_charge = turns.iter().filter_map(|turn| turn.agent.as_deref());
    let at_desk =
        |m: &&Message| m.role == AuthorRole::Assignee || m.role == AuthorRole::Others && m.private;
    let noted = written.clone().filter(at_desk).map(|m| m.author.as_str());
    let desk: BTreeSet<&str> = in_charge.clone().chain(noted).collect();
    let agents = desk
        .iter()
        .map(|name| (AgentId::named(name), (*name).to_owned()));
    let agents = agents.collect();

    let mut by_role: BTreeMap<AuthorRole, Written> = BTreeMap::new();
    for message in written.clone() {
        let count = by_role.entry(message.role).or_default();
        if message.private {
            count.private += 1;
        } else {
            count.public += 1;
        }
    }
    let known: BTreeSet<u64> = tickets.iter().map(|ticket| ticket.number).collect();
    if let Some(stray) = messages.keys().find(|number| !known.contains(number)) {
        let shown = snapshot.display();
        return Err(
            format!("{shown}: there is no turn of ticket {stray}, which has messages").into(),
        );
    }
    let who = Who {
        desk: &desk,
        automatic,
    };
    let none = BTreeMap::new();
    let told = |ticket: &Ticket| {
        let messages = messages.get(&ticket.number).unwrap_or(&none);
        history(ticket, messages, &turns, &who)
    };
    let histories = tickets.iter().map(told).collect::<Result<_, Failure>>()?;
    Ok(Log {
        histories,
        messages: by_role,
        turns,
        agents,
    })
}

/// Who works at the desk, and which accounts write by themselves.
struct Who<'a> {
    desk: &'a BTreeSet<&'a str>,
    automatic: &'a BTreeSet<String>,
}

impl Who<'_> {
    fn wrote(&self, message: &Message, reporter: &str) -> Actor {
        let author = message.author.as_str();
        if self.automatic.contains(author) {
            return Actor::Bot(BotId::named(author));
        }
        match message.role {
            AuthorRole::Reporter => Actor::Customer(CustomerId::named(reporter)),
            AuthorRole::Others if !self.desk.contains(author) => {
                Actor::Customer(CustomerId::named(author))
            }
            AuthorRole::Assignee | AuthorRole::Others => Actor::agent(AgentId::named(author)),
        }
    }
}

fn ticket_id(number: u64) -> TicketId {
    TicketId::named(&number.to_string())
}

/// Turns and messages in the order of their instants.
fn history(
    ticket: &Ticket,
    messages: &BTreeMap<u64, Message>,
    turns: &[Turn],
    who: &Who<'_>,
) -> Result<History, Failure> {
    let turns = || ticket.turns.iter().filter_map(|place| turns.get(*place));
    let begins = turns().map(|turn| turn.started);
    let begins = begins
        .chain(messages.values().map(|message| message.at))
        .min();
    let begins = begins.ok_or("a ticket without a turn")?;
    let (number, requester) = (ticket.number, CustomerId::named(&ticket.reporter));
    let id = ticket_id(number);
    let mut history = History::new(id, TicketNumber(number), requester, begins);
    history.opened.channel = Channel::Other(Name::new("not told")?);
    history.opened.priority = ticket.priority;
    if let Some(first) = messages.values().next() {
        history.opened.by = who.wrote(first, &ticket.reporter);
        if !matches!(history.opened.by, Actor::Customer(_)) {
            history.opened.direction = Direction::Outbound; // then the customer waits from her first message on
        }
    }

    let kind = Change::Type(Name::new(&ticket.kind).ok());
    let project = Change::Field {
        name: Name::new(PROJECT)?,
        value: Some(FieldValue::Text(ticket.project.clone())),
    };
    let known = Row::new(begins)
        .says(Said::Change(kind))
        .says(Said::Change(project));
    let mut rows = vec![(begins, 0, known)];
    for turn in turns() {
        let agent = turn.agent.as_deref().map(AgentId::named);
        rows.push((
            turn.started,
            1,
            Row::new(turn.started).assigned(agent, None),
        ));
    }
    let mut takes_part = BTreeSet::from([requester]);
    for message in messages.values() {
        let by = who.wrote(message, &ticket.reporter);
        if let Actor::Customer(customer) = by
            && takes_part.insert(customer)
        {
            let joins = Row::new(message.at).says(Said::Change(Change::AddParticipant(customer)));
            rows.push((message.at, 2, joins));
        }
        let mut draft = Draft::new(&message.text);
        if matches!(by, Actor::Bot(_)) {
            draft = draft.class(MessageClass::Automatic);
        }
        if message.private {
            draft.visibility = Visibility::Internal;
        }
        rows.push((message.at, 2, Row::new(message.at).by(by).message(draft)));
    }
    rows.sort_by_key(|(at, kind, _)| (*at, *kind)); // stable
    history.rows = rows.into_iter().map(|(_, _, row)| row).collect();
    Ok(history)
}

/// The field with the customer's project.
const PROJECT: &str = "project";

/// The messages by ticket and by place in it.
type Messages = BTreeMap<u64, BTreeMap<u64, Message>>;

fn read_messages(file: &Path) -> Result<Messages, Failure> {
    const COLUMNS: [&str; 7] = [
        "issueid",
        "comment_seq",
        "author",
        "created",
        "is_private",
        "actionbody",
        "author_role",
    ];
    let mut messages = Messages::new();
    each(file, COLUMNS, &mut |line| {
        let (ticket, place) = (line.number(0)?, line.number(1)?);
        let sentence = line.text(5);
        let of_ticket = messages.entry(ticket).or_default();
        if let Some(message) = of_ticket.get_mut(&place) {
            message.text.push('\n');
            message.text.push_str(sentence);
            return Ok(());
        }
        let role = match line.text(6) {
            "reporter" => AuthorRole::Reporter,
            "assignee" => AuthorRole::Assignee,
            "others" => AuthorRole::Others,
            _ => {
                return Err(line.wrong(6, "a role; `reporter`, `assignee` or `others` is expected"));
            }
        };
        let private = match line.text(4) {
            "0.0" | "0" | "False" => false,
            "1.0" | "1" | "True" => true,
            _ => return Err(line.wrong(4, "a yes or no; `1.0` or `0.0` is expected")),
        };
        of_ticket.insert(
            place,
            Message {
                at: line.stamp(3)?,
                author: line.text(2).trim().to_owned(),
                role,
                private,
                text: sentence.to_owned(),
            },
        );
        Ok(())
    })?;
    Ok(messages)
}

fn read_turns(file: &Path) -> Result<(Vec<Ticket>, Vec<Turn>), Failure> {
    const COLUMNS: [&str; 10] = [
        "id", "project", "reporter", "type", "priority", "assignee", "started", "Q1", "Q2", "Q3",
    ];
    let (mut tickets, mut turns) = (Vec::<Ticket>::new(), Vec::new());
    each(file, COLUMNS, &mut |line| {
        if !line.text(0).is_empty() {
            tickets.push(Ticket {
                number: line.number(0)?,
                project: line.text(1).to_owned(),
                reporter: line.text(2).trim().to_owned(),
                kind: line.text(3).to_owned(),
                priority: line.priority(4)?,
                turns: Vec::new(),
            });
        }
        let Some(ticket) = tickets.last_mut() else {
            return Err(line.wrong(0, "a ticket; the first turn names its ticket"));
        };
        ticket.turns.push(turns.len());
        turns.push(Turn {
            ticket: ticket_id(ticket.number),
            started: line.stamp(6)?,
            agent: Some(line.text(5).trim().to_owned()).filter(|name| !name.is_empty()),
            marks: [line.mark(7)?, line.mark(8)?, line.mark(9)?],
        });
        Ok(())
    })?;
    let mut seen = BTreeSet::new();
    match tickets.iter().find(|ticket| !seen.insert(ticket.number)) {
        Some(twice) => {
            let shown = file.display();
            Err(format!("{shown}: ticket {} stands there twice", twice.number).into())
        }
        None => Ok((tickets, turns)),
    }
}

/// One row of a file.
struct Line<'a, const N: usize> {
    shown: &'a str,
    row: &'a StringRecord,
    columns: &'a Columns<N>,
}

fn each<const N: usize>(
    file: &Path,
    names: [&'static str; N],
    to: &mut dyn FnMut(&Line<'_, N>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let shown = file.display().to_string();
    let shown = shown.as_str();
    let mut reader = csv::Reader::from_reader(csv_log::open(file)?);
    let header = reader
        .headers()
        .map_err(|error| unreadable(shown, &error))?;
    let columns = &Columns::find(shown, header, names)?;
    let mut row = StringRecord::new();
    while reader
        .read_record(&mut row)
        .map_err(|error| unreadable(shown, &error))?
    {
        let row = &row;
        to(&Line {
            shown,
            row,
            columns,
        })?;
    }
    Ok(())
}

impl<const N: usize> Line<'_, N> {
    fn text(&self, column: usize) -> &str {
        self.columns.text(self.row, column)
    }

    fn wrong(&self, column: usize, expected: &str) -> Failure {
        self.columns.wrong(self.shown, self.row, column, expected)
    }

    /// A whole number, which the publisher may have written as `7.0`.
    fn number(&self, column: usize) -> Result<u64, Failure> {
        let text = self.text(column);
        let digits = text.strip_suffix(".0").unwrap_or(text);
        let whole = digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = if whole { digits.parse().ok() } else { None };
        number
            .ok_or_else(|| self.wrong(column, "a number; digits are expected, such as `1004298.0`"))
    }

    fn stamp(&self, column: usize) -> Result<DateTime<Utc>, Failure> {
        let expected =
            "a time; one with an offset is expected, such as `2022-01-02 11:12:51+00:00`";
        self.text(column)
            .parse()
            .map_err(|_| self.wrong(column, expected))
    }

    fn mark(&self, column: usize) -> Result<u8, Failure> {
        let mark = self.number(column)?;
        let known = u8::try_from(mark).ok().filter(|mark| *mark <= 5);
        known.ok_or_else(|| self.wrong(column, "a mark; 0 to 5 is allowed"))
    }

    fn priority(&self, column: usize) -> Result<Priority, Failure> {
        Ok(match self.text(column) {
            "Blocker" => Priority::Critical,
            "Highest" => Priority::Urgent,
            "High" => Priority::High,
            "Medium" => Priority::Normal,
            "Low" => Priority::Low,
            _ => {
                let expected =
                    "a priority; `Blocker`, `Highest`, `High`, `Medium` or `Low` is expected";
                return Err(self.wrong(column, expected));
            }
        })
    }
}
