//! Reads the incident event log of a ServiceNow instance: one row per update, plain or gzipped CSV.
//!
//! What stands on every row with its final value (`resolved_at`, `closed_at`, `closed_code`) is not read: it was not known at
//! the time of the row. Stamps have no zone and are taken as UTC.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use csv::StringRecord;
use helpdesk::id::{AgentId, CustomerId, Name, TeamId, TicketNumber};
use helpdesk::replay::{History, Row, Said};
use helpdesk::ticket::{Channel, CloseReason, Pending, Priority, Status};
use helpdesk::{Actor, TicketId};

use crate::Failure;
use crate::csv_log::{self, Columns, unreadable};

/// What the log holds.
pub(crate) struct Log {
    /// One history per incident, in the order in which they first appear.
    pub(crate) histories: Vec<History>,
    /// How many rows there are.
    pub(crate) rows: u64,
    /// The assignment groups by their ids.
    pub(crate) groups: HashMap<TeamId, String>,
}

/// Reads `file`, telling `progress` the number of rows from time to time.
pub(crate) fn read(file: &Path, progress: &dyn Fn(u64)) -> Result<Log, Failure> {
    parse(&file.display().to_string(), csv_log::open(file)?, progress)
}

/// Reads a log that stands at `shown`.
pub(crate) fn parse(
    shown: &str,
    source: impl Read,
    progress: &dyn Fn(u64),
) -> Result<Log, Failure> {
    let mut reader = csv::Reader::from_reader(source);
    let header = reader.headers();
    let header = header.map_err(|error| unreadable(shown, &error))?;
    let columns = Columns::find(shown, header, COLUMNS)?;
    let mut log = Log {
        histories: Vec::new(),
        rows: 0,
        groups: HashMap::new(),
    };
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut row = StringRecord::new();
    while reader
        .read_record(&mut row)
        .map_err(|error| unreadable(shown, &error))?
    {
        log.rows += 1;
        if log.rows.is_multiple_of(4_096) {
            progress(log.rows);
        }
        let line = Line {
            shown,
            row: &row,
            columns: &columns,
        };
        let number = line.text(Column::Number);
        let index = match known.get(number) {
            Some(index) => *index,
            None => {
                known.insert(number.to_owned(), log.histories.len());
                log.histories.push(line.beginning()?);
                log.histories.len() - 1
            }
        };
        let group = line.text(Column::Group);
        if group != UNKNOWN {
            log.groups
                .entry(TeamId::named(group))
                .or_insert_with(|| group.to_owned());
        }
        let read = line.row(log.histories[index].opened.at)?;
        log.histories[index].rows.push(read);
    }
    progress(log.rows);
    Ok(log)
}

/// What stands for a value that is not known, in any column.
const UNKNOWN: &str = "?";

#[derive(Clone, Copy)]
enum Column {
    Number,
    State,
    Caller,
    Opened,
    Updated,
    UpdatedBy,
    Contact,
    Priority,
    Group,
    Agent,
}

/// The columns that are read, in the order of [`Column`].
const COLUMNS: [&str; 10] = [
    "number",
    "incident_state",
    "caller_id",
    "opened_at",
    "sys_updated_at",
    "sys_updated_by",
    "contact_type",
    "priority",
    "assignment_group",
    "assigned_to",
];

/// One row of the file.
struct Line<'a> {
    shown: &'a str,
    row: &'a StringRecord,
    columns: &'a Columns<{ COLUMNS.len() }>,
}

impl<'a> Line<'a> {
    fn text(&self, column: Column) -> &'a str {
        self.columns.text(self.row, column as usize)
    }

    fn known(&self, column: Column) -> Option<&'a str> {
        Some(self.text(column)).filter(|text| *text != UNKNOWN && !text.is_empty())
    }

    fn wrong(&self, column: Column, expected: &str) -> Failure {
        self.columns
            .wrong(self.shown, self.row, column as usize, expected)
    }

    fn stamp(&self, column: Column) -> Result<DateTime<Utc>, Failure> {
        let expected =
            "a time; day, month, year, hour and minute are expected, such as `29/2/2016 01:16`";
        stamp(self.text(column)).ok_or_else(|| self.wrong(column, expected))
    }

    /// The incident as its first row tells it.
    fn beginning(&self) -> Result<History, Failure> {
        let number = self.text(Column::Number);
        let digits = number
            .strip_prefix("INC")
            .and_then(|digits| digits.parse().ok());
        let expected = "an incident; `INC` and a number are expected, such as `INC0000045`";
        let digits = digits.ok_or_else(|| self.wrong(Column::Number, expected))?;
        let caller = CustomerId::named(self.text(Column::Caller));
        let at = self.stamp(Column::Opened)?;
        let mut history = History::new(TicketId::named(number), TicketNumber(digits), caller, at);
        history.opened.channel = match self.text(Column::Contact) {
            "Phone" => Channel::Phone,
            "Email" => Channel::Email,
            "Self service" => Channel::SelfService,
            other => Name::new(other).map_or(Channel::default(), Channel::Other),
        };
        history.opened.priority = self.priority().unwrap_or_default();
        Ok(history)
    }

    fn row(&self, opened_at: DateTime<Utc>) -> Result<Row, Failure> {
        let by = self
            .known(Column::UpdatedBy)
            .map_or(Actor::System, |who| Actor::agent(AgentId::named(who)));
        let mut row = Row::new(self.stamp(Column::Updated)?).by(by);
        row = match self.priority() {
            Some(priority) => row.priority(priority),
            None => noted(row, "unknown_priority"),
        };
        if self.stamp(Column::Opened)? != opened_at {
            row = noted(row, "opened_at_differs");
        }
        let agent = self.known(Column::Agent).map(AgentId::named);
        let team = self.known(Column::Group).map(TeamId::named);
        row = row.assigned(agent, team);
        Ok(match self.status() {
            Some(status) => row.status(status), // last, as in a command: facts change before the ticket closes
            None => row.says(Said::UnknownStatus),
        })
    }

    fn status(&self) -> Option<Status> {
        Some(match self.text(Column::State) {
            "New" | "Active" => Status::Open,
            "Awaiting User Info" => Status::Pending(Pending::Customer),
            "Awaiting Vendor" => Status::Pending(Pending::ThirdParty),
            "Awaiting Problem" | "Awaiting Evidence" => Status::Pending(Pending::Internal),
            "Resolved" => Status::Resolved,
            "Closed" => Status::Closed(CloseReason::Settled),
            _ => return None,
        })
    }

    fn priority(&self) -> Option<Priority> {
        let (digit, _) = self.text(Column::Priority).split_once(" - ")?;
        let number: u8 = digit.parse().ok()?;
        PRIORITIES
            .iter()
            .find(|(n, _)| *n == number)
            .map(|(_, priority)| *priority)
    }
}

/// The priorities of the log and those that they stand for.
pub(crate) const PRIORITIES: [(u8, Priority); 4] = [
    (1, Priority::Critical),
    (2, Priority::High),
    (3, Priority::Normal),
    (4, Priority::Low),
];

fn noted(row: Row, what: &str) -> Row {
    match Name::new(what) {
        Ok(name) => row.says(Said::Noted(name)),
        Err(_) => row,
    }
}

/// `29/2/2016 01:16`: day first, without leading zeros.
fn stamp(text: &str) -> Option<DateTime<Utc>> {
    let (date, time) = text.split_once(' ')?;
    let (day, rest) = date.split_once('/')?;
    let (month, year) = rest.split_once('/')?;
    let (hour, minute) = time.split_once(':')?;
    let date = NaiveDate::from_ymd_opt(whole(year)?.try_into().ok()?, whole(month)?, whole(day)?)?;
    Some(date.and_hms_opt(whole(hour)?, whole(minute)?, 0)?.and_utc())
}

/// A number of digits alone.
fn whole(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}
