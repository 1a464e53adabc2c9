//! Reads the service requests of the City of Boston: one row per request, plain or gzipped CSV.
//!
//! The file is a snapshot and no event log. So a request becomes two rows of a history: how it was opened (its queue in charge,
//! its department, its due date as the time that was told), and how it was closed. The city's own flag was not known at the
//! opening; it stands on the last row that a request has.
//!
//! Stamps are what a clock on the wall showed. One that it showed twice is taken as the first of the two instants, one that it
//! skipped as the first instant after the gap; both are counted. So is everything else in the file that surprises, under the
//! names of [`Noticed`].

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;

use chrono::{DateTime, Datelike, NaiveDateTime, Utc};
use csv::StringRecord;
use helpdesk::TicketId;
use helpdesk::calendar::Zone;
use helpdesk::id::{CustomerId, Name, TeamId, TicketNumber};
use helpdesk::replay::{History, Row, Said};
use helpdesk::ticket::{Change, Channel, CloseReason, FieldValue, Status};

use crate::Failure;
use crate::csv_log::{self, Columns, unreadable};

/// The field with the department in charge.
pub(crate) const DEPARTMENT: &str = "department";

/// The field with the city's own flag.
pub(crate) const FLAG: &str = "ontime";

/// The flag of a request that the city calls kept.
pub(crate) const ON_TIME: &str = "ONTIME";

/// The year of a due date that stands for none.
const NEVER: i32 = 2059;

#[derive(Clone, Copy)]
enum Column {
    Id,
    Opened,
    Due,
    Closed,
    Flag,
    Status,
    Queue,
    Department,
    Source,
}

/// The columns that are read, in the order of [`Column`].
const COLUMNS: [&str; 9] = [
    "case_enquiry_id",
    "open_dt",
    "target_dt",
    "closed_dt",
    "ontime",
    "case_status",
    "queue",
    "department",
    "source",
];

/// What surprises in a row, by the name under which it is counted.
#[derive(Clone, Copy)]
enum Noticed {
    AmbiguousTime,
    SkippedTime,
    ClosedWhenOpened,
    NoDueDate,
    SentinelDueDate,
    NoFlag,
    UnknownFlag,
    FlagDiffersFromDueDate,
    StatusDiffersFromClosing,
    RepeatedRequest,
    NoQueue,
    NoDepartment,
    NoSource,
}

impl Noticed {
    fn name(self) -> &'static str {
        match self {
            Noticed::AmbiguousTime => "ambiguous_time",
            Noticed::SkippedTime => "skipped_time",
            Noticed::ClosedWhenOpened => "closed_when_opened",
            Noticed::NoDueDate => "no_due_date",
            Noticed::SentinelDueDate => "sentinel_due_date",
            Noticed::NoFlag => "no_flag",
            Noticed::UnknownFlag => "unknown_flag",
            Noticed::FlagDiffersFromDueDate => "flag_differs_from_due_date",
            Noticed::StatusDiffersFromClosing => "status_differs_from_closing",
            Noticed::RepeatedRequest => "repeated_request",
            Noticed::NoQueue => "no_queue",
            Noticed::NoDepartment => "no_department",
            Noticed::NoSource => "no_source",
        }
    }
}

/// Reads `file` row by row and gives each request to `take`, with the name of its queue. Nothing is kept but the ids.
pub(crate) fn each(
    file: &Path,
    zone: &Zone,
    take: &mut dyn FnMut(History, &str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    parse(
        &file.display().to_string(),
        csv_log::open(file)?,
        zone,
        take,
    )
}

/// The last instant at which anything was opened or closed: up to then the file tells. `None` for a file without a request.
pub(crate) fn last_instant(file: &Path, zone: &Zone) -> Result<Option<DateTime<Utc>>, Failure> {
    let mut last = None;
    each(file, zone, &mut |history, _| {
        let stamps = history.rows.iter().map(|row| row.at);
        last = last.max(stamps.chain([history.opened.at]).max());
        Ok(())
    })?;
    Ok(last)
}

pub(crate) fn parse(
    shown: &str,
    source: impl Read,
    zone: &Zone,
    take: &mut dyn FnMut(History, &str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut reader = csv::Reader::from_reader(source);
    let header = reader.headers();
    let header = header.map_err(|error| unreadable(shown, &error))?;
    let columns = Columns::find(shown, header, COLUMNS)?;
    let mut seen = HashSet::new();
    let mut row = StringRecord::new();
    while reader
        .read_record(&mut row)
        .map_err(|error| unreadable(shown, &error))?
    {
        let line = Line {
            shown,
            row: &row,
            columns: &columns,
            zone,
        };
        let (number, mut noticed) = (line.number()?, Vec::new());
        let key = if seen.insert(number) {
            line.text(Column::Id).to_owned()
        } else {
            noticed.push(Noticed::RepeatedRequest);
            let place = row.position().map_or(0, csv::Position::line);
            format!("{number}, line {place}")
        };
        take(
            line.history(&key, number, noticed)?,
            line.text(Column::Queue),
        )?;
    }
    Ok(())
}

/// One row of the file.
struct Line<'a> {
    shown: &'a str,
    row: &'a StringRecord,
    columns: &'a Columns<{ COLUMNS.len() }>,
    zone: &'a Zone,
}

impl<'a> Line<'a> {
    fn text(&self, column: Column) -> &'a str {
        self.columns.text(self.row, column as usize)
    }

    fn wrong(&self, column: Column, expected: &str) -> Failure {
        self.columns
            .wrong(self.shown, self.row, column as usize, expected)
    }

    fn number(&self) -> Result<u64, Failure> {
        let expected = "a request; digits are expected, such as `101000295613`";
        let digits = self.text(Column::Id);
        let number = digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.then(|| digits.parse().ok()).flatten();
        number.ok_or_else(|| self.wrong(Column::Id, expected))
    }

    /// The instant of a stamp on the wall; nothing where the column is empty.
    fn stamp(
        &self,
        column: Column,
        noticed: &mut Vec<Noticed>,
    ) -> Result<Option<DateTime<Utc>>, Failure> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        let expected = "a time; `YYYY-MM-DD HH:MM:SS` is expected";
        let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S");
        let local = local.map_err(|_| self.wrong(column, expected))?;
        let at = self.zone.instant_of(local);
        if self.zone.local(at) != local {
            noticed.push(Noticed::SkippedTime);
        } else if self.zone.last_instant_of(local) != at {
            noticed.push(Noticed::AmbiguousTime);
        }
        Ok(Some(at))
    }

    fn history(
        &self,
        key: &str,
        number: u64,
        mut noticed: Vec<Noticed>,
    ) -> Result<History, Failure> {
        let opened = self.stamp(Column::Opened, &mut noticed)?;
        let opened =
            opened.ok_or_else(|| self.wrong(Column::Opened, "a time; every request has one"))?;
        let due = self.stamp(Column::Due, &mut noticed)?;
        let closed = self.stamp(Column::Closed, &mut noticed)?;
        self.notice(opened, due, closed, &mut noticed);

        // Who asked is not told: each request is a requester of its own.
        let (ticket, requester) = (TicketId::named(key), CustomerId::named(key));
        let mut history = History::new(ticket, TicketNumber(number), requester, opened);
        history.opened.channel =
            name(self.text(Column::Source)).map_or(Channel::default(), Channel::Other);

        let mut first = Row::new(opened);
        for what in noticed {
            first = match name(what.name()) {
                Some(name) => first.says(Said::Noted(name)),
                None => first,
            };
        }
        let queue = Some(self.text(Column::Queue)).filter(|queue| !queue.is_empty());
        first = first.assigned(None, queue.map(TeamId::named));
        first = self.field(first, DEPARTMENT, Column::Department);
        if let Some(due) = due {
            first = first.says(Said::Change(Change::EstimateResolution(due)));
        }
        let Some(closed) = closed else {
            return Ok(history.row(self.field(first, FLAG, Column::Flag)));
        };
        let last = self.field(Row::new(closed), FLAG, Column::Flag);
        let last = last
            .status(Status::Resolved)
            .status(Status::Closed(CloseReason::Settled));
        Ok(history.row(first).row(last))
    }

    /// The row, saying the value of a column as a field, where there is one.
    fn field(&self, row: Row, field: &str, column: Column) -> Row {
        match (name(field), self.text(column)) {
            (Some(name), text) if !text.is_empty() => {
                let value = Some(FieldValue::Text(text.to_owned()));
                row.says(Said::Change(Change::Field { name, value }))
            }
            _ => row,
        }
    }

    fn notice(
        &self,
        opened: DateTime<Utc>,
        due: Option<DateTime<Utc>>,
        closed: Option<DateTime<Utc>>,
        noticed: &mut Vec<Noticed>,
    ) {
        let is_kept = match (due, closed) {
            (Some(due), Some(closed)) => Some(closed <= due),
            _ => None,
        };
        let flag = self.text(Column::Flag);
        let is_closed = self.text(Column::Status) == "Closed";
        let is_known = is_closed || self.text(Column::Status) == "Open";
        let empty = |column| self.text(column).is_empty();
        let all = [
            (closed == Some(opened), Noticed::ClosedWhenOpened),
            (due.is_none(), Noticed::NoDueDate),
            (
                due.is_some_and(|due| self.zone.local(due).year() == NEVER),
                Noticed::SentinelDueDate,
            ),
            (flag.is_empty(), Noticed::NoFlag),
            (
                !["", ON_TIME, "OVERDUE"].contains(&flag),
                Noticed::UnknownFlag,
            ),
            (
                !flag.is_empty() && is_kept.is_some_and(|kept| kept != (flag == ON_TIME)),
                Noticed::FlagDiffersFromDueDate,
            ),
            (
                !is_known || is_closed != closed.is_some(),
                Noticed::StatusDiffersFromClosing,
            ),
            (empty(Column::Queue), Noticed::NoQueue),
            (empty(Column::Department), Noticed::NoDepartment),
            (empty(Column::Source), Noticed::NoSource),
        ];
        noticed.extend(all.into_iter().filter(|(is, _)| *is).map(|(_, what)| what));
    }
}

fn name(text: &str) -> Option<Name> {
    Name::new(text).ok()
}
