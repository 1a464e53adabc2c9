//! The figures of the requests of a city, from the rows that the library makes of each. Serialises as the JSON object.
//!
//! Requests are taken one by one: what is kept of them are the library's tallies and a few counts for each group.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use helpdesk::id::{Name, TeamId};
use helpdesk::kpi::{
    Dimension, Durations, Fact, GroupReport, GroupTally, Kpi, KpiReport, Label, Report, Signal,
};
use helpdesk::replay::Anomalies;
use helpdesk::ticket::FieldValue;
use serde::Serialize;

use crate::Failure;
use crate::boston_log::{DEPARTMENT, FLAG, ON_TIME};
use crate::figures::{Lengthy, Share};

#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) tickets: u64,
    /// The last instant of the file: the figures are of it.
    pub(crate) as_of: String,
    pub(crate) anomalies: Anomalies,
    #[serde(flatten)]
    pub(crate) whole: Part,
    pub(crate) backlog: BTreeMap<String, u64>,
    pub(crate) backlog_peak: Option<String>,
    pub(crate) department: BTreeMap<String, Part>,
    pub(crate) queue: BTreeMap<String, Part>,
    pub(crate) channel: BTreeMap<String, Part>,
    /// How much of the variance of the time to resolution lies between the groups.
    pub(crate) eta_squared: BTreeMap<&'static str, Eta>,
}

/// What is told of all requests, and of each group.
#[derive(Debug, Serialize)]
pub(crate) struct Part {
    pub(crate) volume: u64,
    pub(crate) closed: u64,
    pub(crate) open: u64,
    pub(crate) attainment: Attainment,
    pub(crate) resolution: TwoWays,
}

/// The same spans, in all time and in business time.
#[derive(Debug, Serialize)]
pub(crate) struct TwoWays {
    pub(crate) calendar: Lengthy,
    pub(crate) business: Lengthy,
}

/// How many requests were on time, over four sets each.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Attainment {
    pub(crate) by_flag: ByFlag,
    pub(crate) by_due: ByDue,
}

/// Requests that the city's flag calls on time.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct ByFlag {
    /// Of all.
    pub(crate) all: Share,
    /// Of those that have a flag.
    pub(crate) flagged: Share,
    /// Of the closed ones that have a flag.
    pub(crate) flagged_closed: Share,
    /// Of those that have a flag and a due date.
    pub(crate) flagged_with_due: Share,
}

/// Requests that were closed at or before their due date.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct ByDue {
    /// Of all.
    pub(crate) all: Share,
    /// Of those whose due date passed or that are closed with one: met and breached, open ones that are late included.
    pub(crate) decided: Share,
    /// Of the closed ones.
    pub(crate) closed: Share,
    /// Of the closed ones that have a due date.
    pub(crate) closed_with_due: Share,
}

/// The part of the variance that lies between groups, 0 to 1; nothing where no value differs from another.
#[derive(Debug, Serialize)]
pub(crate) struct Eta {
    /// Over all groups, from the sums and the sum of the squares of all values.
    pub(crate) calendar: Option<f64>,
    pub(crate) business: Option<f64>,
    /// Over the groups that are large enough to be judged, in all time: see `helpdesk::kpi::Unevenness`.
    pub(crate) judged_groups: usize,
    pub(crate) judged: Option<f64>,
    pub(crate) judged_by_chance: Option<f64>,
    pub(crate) signal: Option<Signal>,
}

/// The figures in the making.
pub(crate) struct Counting {
    as_of: DateTime<Utc>,
    flag: Name,
    tallies: [GroupTally; 3],
    attained: [BTreeMap<Label, Attainment>; 3],
    attainment: Attainment,
    calendar: Squares,
    business: Squares,
    queues: HashMap<TeamId, String>,
    anomalies: Anomalies,
}

/// What divides the requests, in the order of the arrays above.
fn dimensions() -> Result<[Dimension; 3], Failure> {
    Ok([
        Dimension::Field(Name::new(DEPARTMENT)?),
        Dimension::Team,
        Dimension::Channel,
    ])
}

impl Counting {
    pub(crate) fn new(report: &Report, as_of: DateTime<Utc>) -> Result<Counting, Failure> {
        Ok(Counting {
            as_of,
            flag: Name::new(FLAG)?,
            tallies: dimensions()?.map(|one| report.by([one]).tally(as_of)),
            attained: Default::default(),
            attainment: Attainment::default(),
            calendar: Squares::default(),
            business: Squares::default(),
            queues: HashMap::new(),
            anomalies: Anomalies::default(),
        })
    }

    /// Counts one request, given as its rows.
    pub(crate) fn add(
        &mut self,
        rows: &[Fact],
        queue: &str,
        anomalies: &Anomalies,
    ) -> Result<(), Failure> {
        self.anomalies.merge(anomalies);
        for tally in &mut self.tallies {
            tally.add(rows)?;
        }
        let Some((row, own)) = rows.first().and_then(|row| Some((row, row.own.as_ref()?))) else {
            return Ok(());
        };
        if let Some(team) = row.team {
            let named = self.queues.entry(team);
            named.or_insert_with(|| queue.to_owned());
        }
        if let Some(spent) = row.spent {
            self.calendar.add(spent.whole().calendar_us);
            self.business.add(spent.whole().business_us);
        }
        let flag = match own.fields.get(&self.flag) {
            Some(FieldValue::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        let due = own.estimates.first().map(|estimate| estimate.at);
        let one = Attainment::of(flag, due, row.resolved_at, self.as_of);
        self.attainment.add(&one);
        let department = own.fields.get(&Name::new(DEPARTMENT)?);
        let labels = [
            department.cloned().map_or(Label::None, Label::Field),
            row.team.map_or(Label::None, Label::Team),
            Label::Channel(row.channel.clone()),
        ];
        for (attained, label) in self.attained.iter_mut().zip(labels) {
            attained.entry(label).or_default().add(&one);
        }
        Ok(())
    }

    /// What a queue is called.
    pub(crate) fn queues(&self) -> &HashMap<TeamId, String> {
        &self.queues
    }

    pub(crate) fn figures(&self) -> Result<Figures, Failure> {
        let mut eta_squared = BTreeMap::new();
        let mut parts = Vec::new();
        let mut total = None;
        let named = ["department", "queue", "channel"];
        for ((name, tally), attained) in named.into_iter().zip(&self.tallies).zip(&self.attained) {
            let report = tally.report()?;
            eta_squared.insert(name, self.eta(&report, tally)?);
            let groups = report.groups().iter().map(|group| {
                let label = group.labels().first().unwrap_or(&Label::None);
                let attained = attained.get(label).copied().unwrap_or_default();
                (self.called(label), Part::of(group.report(), attained))
            });
            parts.push(groups.collect());
            total = Some(report.total().clone());
        }
        let (Some(total), Ok([department, queue, channel])) =
            (total, <[BTreeMap<String, Part>; 3]>::try_from(parts))
        else {
            return Err("nothing was counted".into());
        };
        let days = total.backlog().days().iter();
        Ok(Figures {
            tickets: total.tickets(),
            as_of: self
                .as_of
                .to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            anomalies: self.anomalies.clone(),
            whole: Part::of(&total, self.attainment),
            backlog: days.map(|day| (day.date.to_string(), day.count)).collect(),
            backlog_peak: total.backlog().peak().map(|(date, _)| date.to_string()),
            department,
            queue,
            channel,
            eta_squared,
        })
    }

    fn called(&self, label: &Label) -> String {
        let queue = match label {
            Label::Team(team) => self.queues.get(team).cloned(),
            _ => None,
        };
        queue.unwrap_or_else(|| label.to_string())
    }

    fn eta(&self, report: &GroupReport, tally: &GroupTally) -> Result<Eta, Failure> {
        let of = |squares: &Squares, business: bool| {
            let groups = report.groups().iter().filter_map(|group| {
                let durations = group.report().total_resolution();
                let summary = if business {
                    durations.business
                } else {
                    durations.calendar
                };
                summary.map(|summary| summary.mean())
            });
            squares.eta(groups)
        };
        let uneven = tally.unevenness(Kpi::TotalResolutionTime)?;
        let judged = uneven.as_ref().and_then(|uneven| uneven.eta_squared());
        let is_judged = |uneven: &helpdesk::kpi::Unevenness| {
            let groups = uneven.groups().iter();
            groups
                .filter(|group| group.lies != helpdesk::kpi::Lies::TooFew)
                .count()
        };
        Ok(Eta {
            calendar: of(&self.calendar, false),
            business: of(&self.business, true),
            judged_groups: uneven.as_ref().map_or(0, is_judged),
            judged: judged.map(|(eta, _)| eta),
            judged_by_chance: judged.map(|(_, chance)| chance),
            signal: uneven.map(|uneven| uneven.signal()),
        })
    }
}

impl Part {
    fn of(report: &KpiReport, attainment: Attainment) -> Part {
        Part {
            volume: report.volume(),
            closed: report.resolved(),
            open: report.backlog().now(),
            attainment,
            resolution: TwoWays::of(report.total_resolution()),
        }
    }
}

impl TwoWays {
    fn of(durations: &Durations) -> TwoWays {
        TwoWays {
            calendar: Lengthy::of(durations.calendar),
            business: Lengthy::of(durations.business),
        }
    }
}

impl Attainment {
    /// One request's part.
    fn of(
        flag: Option<&str>,
        due: Option<DateTime<Utc>>,
        closed: Option<DateTime<Utc>>,
        as_of: DateTime<Utc>,
    ) -> Attainment {
        let is_kept = due.zip(closed).is_some_and(|(due, closed)| closed <= due);
        let is_late = due.is_some_and(|due| closed.unwrap_or(as_of) > due);
        let is_flagged = flag.is_some();
        let share = |is_kept: bool, is_member: bool| Share {
            num: u64::from(is_kept && is_member),
            den: u64::from(is_member),
        };
        let flagged = |is_member| share(flag == Some(ON_TIME), is_member);
        let kept = |is_member| share(is_kept, is_member);
        Attainment {
            by_flag: ByFlag {
                all: flagged(true),
                flagged: flagged(is_flagged),
                flagged_closed: flagged(is_flagged && closed.is_some()),
                flagged_with_due: flagged(is_flagged && due.is_some()),
            },
            by_due: ByDue {
                all: kept(true),
                decided: kept(is_kept || is_late),
                closed: kept(closed.is_some()),
                closed_with_due: kept(closed.is_some() && due.is_some()),
            },
        }
    }

    fn add(&mut self, other: &Attainment) {
        let mut other = *other;
        for (mine, theirs) in self.shares().into_iter().zip(other.shares()) {
            mine.num += theirs.num;
            mine.den += theirs.den;
        }
    }

    fn shares(&mut self) -> [&mut Share; 8] {
        let (flag, due) = (&mut self.by_flag, &mut self.by_due);
        [
            &mut flag.all,
            &mut flag.flagged,
            &mut flag.flagged_closed,
            &mut flag.flagged_with_due,
            &mut due.all,
            &mut due.decided,
            &mut due.closed,
            &mut due.closed_with_due,
        ]
    }

    /// Each share with what it is of.
    pub(crate) fn named(&self) -> [(&'static str, &'static str, Share); 8] {
        let (flag, due) = (&self.by_flag, &self.by_due);
        [
            ("on time by the flag", "all", flag.all),
            ("", "flagged", flag.flagged),
            ("", "flagged and closed", flag.flagged_closed),
            ("", "flagged, with a due date", flag.flagged_with_due),
            ("closed by the due date", "all", due.all),
            ("", "closed in time or past due", due.decided),
            ("", "closed", due.closed),
            ("", "closed, with a due date", due.closed_with_due),
        ]
    }
}

/// The number, the sum and the sum of the squares of lengths in whole seconds.
#[derive(Debug, Default)]
struct Squares {
    n: u64,
    sum: i128,
    squares: u128,
}

impl Squares {
    fn add(&mut self, us: i64) {
        let seconds = us / 1_000_000;
        self.n += 1;
        self.sum += i128::from(seconds);
        self.squares += u128::from(seconds.unsigned_abs()).pow(2);
    }

    /// The variance between groups, each given as the sum of its lengths in microseconds and their number, over all variance.
    fn eta(&self, groups: impl Iterator<Item = (i128, u64)>) -> Option<f64> {
        let square_over = |sum: i128, n: u64| (sum * sum) as f64 / n as f64;
        let middle = if self.n > 0 {
            square_over(self.sum, self.n)
        } else {
            return None;
        };
        let between: f64 = groups
            .map(|(sum_us, n)| square_over(sum_us / 1_000_000, n))
            .sum();
        let all = self.squares as f64 - middle;
        (all > 0.0).then(|| (between - middle) / all)
    }
}
