//! The laws of figures. Each takes a report and the rows of tickets (each ticket's rows oldest first, each ticket once), and panics
//! where a law does not hold.

use std::collections::BTreeMap;
use std::fmt::Debug;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::calendar::Zone;
use crate::kpi::{
    Dimension, Durations, Exclusion, Fact, GroupReport, GroupTally, Grouping, Kpi, KpiError,
    KpiReport, Ratio, Report, Tally, backlog_at, backlog_by_day, by_ticket,
};
use crate::testing::facts::oracle::{Counted, count};
use crate::ticket::{ClockId, Metric};

use super::fine;
use super::fold::travelled;

/// Tallies merge: in any order, in any grouping, and with an empty one to nothing new.
#[track_caller]
pub fn tallies_merge(report: &Report, parts: [&[Vec<Fact>]; 3], now: DateTime<Utc>) {
    merge(&report.tally(now), parts);
}

/// The same of tallies by group.
#[track_caller]
pub fn grouped_tallies_merge(by: &Grouping, parts: [&[Vec<Fact>]; 3], now: DateTime<Utc>) {
    merge(&by.tally(now), parts);
}

#[track_caller]
fn merge<T: Counts>(empty: &T, parts: [&[Vec<Fact>]; 3]) {
    let [a, b, c] = parts.map(|part| empty.with(part));
    assert_eq!(a.and(&b).and(&c), a.and(&b.and(&c)), "the order of merging");
    assert_eq!(a.and(&b), b.and(&a), "the order of parts");
    assert_eq!(a.and(empty), a, "nothing added");
}

/// However the tickets are spread over partitions, and however a partition travels, the sum is the report over all of them.
/// `place`: the partition, of `count`, of the n-th ticket.
#[track_caller]
pub fn any_partition_gives_the_same_report(
    report: &Report,
    tickets: &[Vec<Fact>],
    now: DateTime<Utc>,
    (count, place): (usize, impl Fn(usize) -> usize),
) {
    let whole = fine(report.over(tickets, now));
    assert_eq!(
        partitioned(&report.tally(now), tickets, count, place),
        whole
    );
    assert_eq!(fine(report.over(by_ticket(&tickets.concat()), now)), whole);
}

/// The same of a report by groups.
#[track_caller]
pub fn any_partition_gives_the_same_groups(
    by: &Grouping,
    tickets: &[Vec<Fact>],
    now: DateTime<Utc>,
    (count, place): (usize, impl Fn(usize) -> usize),
) {
    let whole = fine(by.over(tickets, now));
    assert_eq!(partitioned(&by.tally(now), tickets, count, place), whole);
}

#[track_caller]
fn partitioned<T: Counts>(
    empty: &T,
    tickets: &[Vec<Fact>],
    count: usize,
    place: impl Fn(usize) -> usize,
) -> T::Report {
    let part_of = |part| {
        let of_it = (0..)
            .zip(tickets)
            .filter(|(n, _)| place(*n) % count.max(1) == part);
        let of_it: Vec<Vec<Fact>> = of_it.map(|(_, ticket)| ticket.clone()).collect();
        empty.with(&of_it)
    };
    let sum = (0..count.max(1)).fold(empty.clone(), |sum, part| sum.and(&part_of(part)));
    let arrived = travelled(&sum);
    assert_eq!(sum, arrived, "a tally that travelled");
    let told = fine(arrived.told());
    assert_eq!(told, fine(sum.told()));
    told
}

/// Whatever is taken back, before or after it was added and wherever, leaves no trace.
#[track_caller]
pub fn taking_back_undoes_adding(
    report: &Report,
    (stay, go): (&[Vec<Fact>], &[Vec<Fact>]),
    now: DateTime<Utc>,
) {
    take_back(&report.tally(now), stay, go);
}

/// The same of tallies by group: no empty group is left.
#[track_caller]
pub fn taking_back_leaves_no_group(
    by: &Grouping,
    (stay, go): (&[Vec<Fact>], &[Vec<Fact>]),
    now: DateTime<Utc>,
) {
    take_back(&by.tally(now), stay, go);
}

#[track_caller]
fn take_back<T: Counts>(empty: &T, stay: &[Vec<Fact>], go: &[Vec<Fact>]) {
    let mut here = empty.with(go);
    let mut there = empty.with(stay);
    for ticket in go {
        fine(there.take(ticket));
    }
    assert_eq!(here.and(&there), empty.with(stay), "taken back elsewhere");
    for ticket in go.iter().rev() {
        fine(here.take(ticket));
    }
    assert_eq!(&here, empty, "taken back where it was added");
}

/// Ratios lie between nothing and all, one over nobody is undefined, and with those left out the denominators are whole sets.
#[track_caller]
pub fn ratios_are_parts(report: &Report, tickets: &[Vec<Fact>], now: DateTime<Utc>) {
    let r = fine(report.over(tickets, now));
    let ratios = r.attainment().iter().map(|one| one.ratio());
    let ratios = ratios.chain([
        r.resolution_rate(),
        r.reopen_rate(),
        r.resolutions_reopened(),
        r.first_contact_resolution(),
        r.one_touch(),
        r.estimates_kept(),
    ]);
    for ratio in ratios {
        assert!(ratio.numerator() <= ratio.denominator(), "{ratio}");
        assert_eq!(
            ratio.fraction().is_none(),
            ratio.denominator() == 0,
            "{ratio}"
        );
    }
    let all = |ratio: &Ratio| ratio.denominator() + ratio.excluded().total();
    assert_eq!(r.resolution_rate().denominator(), r.volume());
    assert_eq!(all(r.reopen_rate()), r.resolved());
    assert_eq!(all(r.resolutions_reopened()), r.resolutions());
    let answered = r.first_response().calendar.map_or(0, |summary| summary.n());
    assert_eq!(answered + r.first_response().excluded.total(), r.volume());
    for one in r.attainment() {
        let strict = one.never_breached();
        for ratio in [one.ratio(), &strict] {
            // An update is promised or not, and clocks that begin anew have several periods.
            if one.clock().metric != Metric::PromisedUpdate && !has_periods(tickets, one.clock()) {
                assert_eq!(all(ratio), r.volume(), "{ratio}");
            }
        }
        assert!(strict.numerator() <= one.ratio().numerator());
        assert!(strict.denominator() >= one.ratio().denominator());
    }
    assert!(r.volume() <= r.tickets());
    assert!(r.resolved() <= r.resolutions() && r.resolved() <= r.tickets());
}

/// Whether a clock stands at a ticket several times.
fn has_periods(tickets: &[Vec<Fact>], clock: ClockId) -> bool {
    let of = |rows: &[Fact]| {
        let clocks = rows
            .iter()
            .filter_map(|row| row.own.as_ref())
            .flat_map(|own| &own.clocks);
        clocks.filter(|known| known.clock == clock).count()
    };
    tickets.iter().any(|rows| of(rows) > 1)
}

/// Groups add up to the whole, where a ticket stands in one of them for each figure; otherwise the report says that they overlap.
#[track_caller]
pub fn groups_add_up(report: &Report, by: &[Dimension], tickets: &[Vec<Fact>], now: DateTime<Utc>) {
    let grouped = fine(report.by(by).over(tickets, now));
    let total = grouped.total();
    assert_eq!(total, &fine(report.over(tickets, now)));
    let sum = |of: &dyn Fn(&KpiReport) -> u64| -> u64 {
        grouped
            .groups()
            .iter()
            .map(|group| of(group.report()))
            .sum()
    };
    assert!(sum(&KpiReport::resolved) >= total.resolved());
    assert_eq!(grouped.overlaps(), by.iter().any(Dimension::overlaps));
    if grouped.overlaps() {
        return;
    }
    let sums = added(grouped.groups().iter().map(|group| group.report()));
    for (kpi, n) in added([total]) {
        assert_eq!(sums.get(&kpi).copied().unwrap_or(0), n, "{kpi}");
    }
    let of_time = |one: &Dimension| {
        matches!(
            one,
            Dimension::Period(_) | Dimension::Weekday | Dimension::HourOfDay
        )
    };
    if !by.iter().any(of_time) {
        assert_eq!(sum(&|one| one.backlog().now()), total.backlog().now());
        assert_eq!(sum(&KpiReport::tickets), total.tickets());
    }
}

fn added<'a>(reports: impl IntoIterator<Item = &'a KpiReport>) -> BTreeMap<Kpi, i128> {
    let mut sums = BTreeMap::new();
    for (kpi, n) in reports.into_iter().flat_map(placed) {
        *sums.entry(kpi).or_default() += n;
    }
    sums
}

/// What of a report has one place in time, and so adds up over groups: counts, and sums of lengths in microseconds. One figure may
/// come several times, each with a part of what it is made of, always in the same order.
pub fn placed(report: &KpiReport) -> Vec<(Kpi, i128)> {
    let ratio = |kpi, ratio: &Ratio| {
        [
            (kpi, i128::from(ratio.numerator())),
            (kpi, i128::from(ratio.denominator())),
            (kpi, i128::from(ratio.excluded().total())),
        ]
    };
    let sum = |of: &Durations| of.calendar.map_or(0, |summary| summary.sum_us());
    let mut all = vec![
        (Kpi::Volume, i128::from(report.volume())),
        (Kpi::Csat, i128::from(report.csat().n())),
        (Kpi::Nps, i128::from(report.nps().n())),
        (Kpi::FirstResponseTime, sum(report.first_response())),
        (Kpi::NextResponseTime, sum(report.next_response())),
        (Kpi::RequesterWait, sum(report.requester_wait())),
        (Kpi::FirstResolutionTime, sum(report.first_resolution())),
        (Kpi::TotalResolutionTime, sum(report.total_resolution())),
        (Kpi::CycleResolutionTime, sum(report.cycle_resolution())),
        (Kpi::HeldTime, sum(report.held())),
        (Kpi::HandleTime, sum(report.handle_time())),
        (Kpi::Touches, i128::from(report.touches().sum())),
        (
            Kpi::TeamTransfers,
            i128::from(report.team_transfers().sum()),
        ),
    ];
    for (kpi, of) in [
        (Kpi::ResolutionRate, report.resolution_rate()),
        (Kpi::ResolutionsReopened, report.resolutions_reopened()),
        (
            Kpi::FirstContactResolution,
            report.first_contact_resolution(),
        ),
        (Kpi::OneTouch, report.one_touch()),
        (Kpi::EtaKept, report.estimates_kept()),
    ] {
        all.extend(ratio(kpi, of));
    }
    for one in report.attainment() {
        let [part, whole, (kpi, left_out)] = ratio(Kpi::SlaAttainment, one.ratio());
        // Those without a target stand only in groups in which somebody has one.
        let untold = i128::from(one.ratio().excluded().count(Exclusion::NoTarget));
        all.extend([part, whole, (kpi, left_out - untold)]);
    }
    all
}

/// The backlog of a day is that of the day before, and who entered, less who left: over every stretch of days each entry and each
/// exit is counted once, with one cause; and what it is at the end of a day is what counting the rows says.
#[track_caller]
pub fn backlog_balances(rows: &[Fact], zone: &Zone, now: DateTime<Utc>) {
    let backlog = fine(backlog_by_day(rows, zone, now));
    let mut before = 0;
    for day in backlog.days() {
        let count = i128::from(day.count);
        let flow = i128::from(day.flow.entered()) - i128::from(day.flow.left());
        assert_eq!(count, before + flow, "{}", day.date);
        before = count;
        let next = day.date.succ_opt().map(|next| zone.start_of(next));
        let end = next.map_or(now, |next| (next - TimeDelta::microseconds(1)).min(now));
        let waits = rows.iter().filter(|row| row.is_backlog_at(end)).count();
        assert_eq!(day.count, waits as u64, "{}", day.date);
        assert_eq!(backlog_at(rows, end).count, waits as u64, "{end}");
    }
    assert_eq!(before, i128::from(backlog.now()));
    let happened = |at: &DateTime<Utc>| *at <= now;
    let entries = rows.iter().filter(|row| happened(&row.started_at)).count();
    let exits = rows
        .iter()
        .filter(|row| row.left_at.as_ref().is_some_and(happened));
    let days = || backlog.days().iter();
    let entered: i64 = days().map(|day| day.flow.entered()).sum();
    let left: i64 = days().map(|day| day.flow.left()).sum();
    assert_eq!(i128::from(entered), entries as i128);
    assert_eq!(i128::from(left), exits.count() as i128);
}

/// Once the time for reopening (seven days) has passed since its end, the rate of a period does not change any more. `later`: how long
/// after that it is looked at again.
#[track_caller]
pub fn a_closed_period_is_final(
    tickets: &[Vec<Fact>],
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    later: TimeDelta,
) {
    let report = Report::standard().between(from, to);
    let final_at = to.max(from) + TimeDelta::days(7);
    let early = fine(report.over(tickets, final_at));
    let late = fine(report.over(tickets, final_at + later.max(TimeDelta::zero())));
    assert_eq!(early.reopen_rate(), late.reopen_rate());
    assert_eq!(early.resolutions_reopened(), late.resolutions_reopened());
    assert_eq!(early.reopen_rate().excluded().total(), 0);
}

/// The first figures of a standard report are those that the [oracle](crate::testing::facts::oracle) counts from their definitions.
#[track_caller]
pub fn figures_are_those_of_their_definitions(
    tickets: &[Vec<Fact>],
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) {
    let report = fine(Report::standard().between(from, to).over(tickets, now));
    assert_eq!(Counted::of(&report), count(tickets, (from, to), now));
}

/// What both kinds of tallies can do.
trait Counts: Clone + PartialEq + Debug + Serialize + DeserializeOwned {
    type Report: PartialEq + Debug;
    fn put(&mut self, ticket: &[Fact]) -> Result<(), KpiError>;
    fn take(&mut self, ticket: &[Fact]) -> Result<(), KpiError>;
    fn join(&mut self, other: Self) -> Result<(), KpiError>;
    fn told(&self) -> Result<Self::Report, KpiError>;

    #[track_caller]
    fn with(&self, tickets: &[Vec<Fact>]) -> Self {
        let mut tally = self.clone();
        for ticket in tickets {
            fine(tally.put(ticket));
        }
        tally
    }

    #[track_caller]
    fn and(&self, other: &Self) -> Self {
        let mut sum = self.clone();
        fine(sum.join(other.clone()));
        sum
    }
}

macro_rules! counts {
    ($($tally:ty => $report:ty),*) => {$(
        impl Counts for $tally {
            type Report = $report;
            fn put(&mut self, ticket: &[Fact]) -> Result<(), KpiError> {
                self.add(ticket)
            }
            fn take(&mut self, ticket: &[Fact]) -> Result<(), KpiError> {
                self.retract(ticket)
            }
            fn join(&mut self, other: Self) -> Result<(), KpiError> {
                self.merge(other)
            }
            fn told(&self) -> Result<$report, KpiError> {
                self.report()
            }
        }
    )*};
}

counts!(Tally => KpiReport, GroupTally => GroupReport);
