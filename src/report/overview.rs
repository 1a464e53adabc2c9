//! The usual page: tallies that are fed with rows, and what is drawn of them.

use chrono::{DateTime, Utc};

use crate::kpi::{
    Dimension, Every, Fact, GroupReport, GroupTally, Kpi, KpiError, Names, Report, Tally,
};
use crate::sla::Measure;
use crate::time::Span;

use super::chart::{self, Chart, Mark};
use super::escape::sentence;

use super::page::{Page, Section};

/// What the table of groups shows, where it is known.
const SHOWN: [Kpi; 6] = [
    Kpi::Volume,
    Kpi::Resolved,
    Kpi::FirstResponseTime,
    Kpi::TotalResolutionTime,
    Kpi::FirstContactResolution,
    Kpi::SlaAttainment,
];

/// The usual page in the making.
///
/// It holds tallies and no rows, so its size follows how many different lengths there are, and tickets can be added in any order.
/// Windows and filters of the report hold for every table and chart. Of a report by resolution
/// ([`Cohort::Resolved`](crate::kpi::Cohort::Resolved)) the page does not say when tickets came.
#[derive(Clone, Debug)]
pub struct Overview {
    report: Report,
    as_of: DateTime<Utc>,
    total: Tally,
    weeks: GroupTally,
    hours: GroupTally,
    compared: (Dimension, Kpi),
    groups: GroupTally,
    weekly: Kpi,
    targets: Vec<(Kpi, Mark)>,
}

impl Overview {
    /// An overview of this report at `as_of`, without a ticket. Agents are compared in how often their resolutions are undone, and
    /// SLA attainment is shown by week, if nothing else is said.
    pub fn new(report: &Report, as_of: DateTime<Utc>) -> Overview {
        let by = |dimensions: &[Dimension]| report.by(dimensions).tally(as_of);
        Overview {
            report: report.clone(),
            as_of,
            total: report.tally(as_of),
            weeks: by(&[Dimension::Period(Every::Week)]),
            hours: by(&[Dimension::Weekday, Dimension::HourOfDay]),
            compared: (Dimension::Agent, Kpi::ResolutionsReopened),
            groups: by(&[Dimension::Agent]),
            weekly: Kpi::SlaAttainment,
            targets: Vec::new(),
        }
    }

    /// Compares these groups in this figure instead. Said before the first ticket is added.
    #[must_use]
    pub fn compare(self, dimension: Dimension, kpi: Kpi) -> Overview {
        let groups = self.report.by([dimension.clone()]).tally(self.as_of);
        Overview {
            compared: (dimension, kpi),
            groups,
            ..self
        }
    }

    /// Shows this ratio by week instead.
    #[must_use]
    pub fn weekly(self, kpi: Kpi) -> Overview {
        Overview {
            weekly: kpi,
            ..self
        }
    }

    /// Shows a target among the lengths of a figure.
    #[must_use]
    pub fn target(mut self, kpi: Kpi, label: impl Into<String>, length: Span) -> Overview {
        let label = label.into();
        self.targets.push((kpi, Mark { label, length }));
        self
    }

    /// Counts a ticket: all its rows.
    ///
    /// # Errors
    /// As [`Tally::add`].
    pub fn add(&mut self, ticket: &[Fact]) -> Result<(), KpiError> {
        self.total.add(ticket)?;
        self.weeks.add(ticket)?;
        self.hours.add(ticket)?;
        self.groups.add(ticket)
    }

    /// The page. `names` are those of agents, teams and customers.
    ///
    /// # Errors
    /// As [`Tally::report`].
    pub fn page(&self, title: impl Into<String>, names: &Names) -> Result<Page, KpiError> {
        let (total, weeks) = (self.total.report()?, self.weeks.report()?);
        let mut sections = Vec::new();
        let mut put = |title: &str, chart: Option<Chart>| {
            sections.extend(chart.map(|chart| Section::new(title).chart(chart)));
        };
        put("Backlog", chart::backlog(total.backlog()));
        put(
            "First response",
            self.spread(Kpi::FirstResponseTime, "first responses")?,
        );
        put(
            "Resolution",
            self.spread(Kpi::TotalResolutionTime, "resolutions")?,
        );
        let weekly = format!("{} by week", sentence(self.weekly.definition().title));
        put(&weekly, chart::shares(&weeks, self.weekly));
        put("What customers say, by week", chart::voices(&weeks));
        if let Some((chart, table)) = chart::arrivals(&self.hours.report()?) {
            sections.push(
                Section::new("When tickets come")
                    .chart(chart)
                    .table(table)
                    .folded(),
            );
        }
        sections.extend(self.comparison(&self.groups.report()?, names)?);
        let page = Page::of(title, &total);
        Ok(sections.into_iter().fold(page, Page::section))
    }

    fn spread(&self, kpi: Kpi, what: &str) -> Result<Option<Chart>, KpiError> {
        let of = |measure| {
            self.total
                .lengths(kpi, measure)
                .map(Option::unwrap_or_default)
        };
        let targets: Vec<_> = self
            .targets
            .iter()
            .filter(|(of, _)| *of == kpi)
            .map(|(_, mark)| mark.clone())
            .collect();
        Ok(chart::lengths(
            what,
            &of(Measure::Calendar)?,
            &of(Measure::Business)?,
            &targets,
        ))
    }

    /// The groups beside each other, and whether they differ.
    fn comparison(&self, report: &GroupReport, names: &Names) -> Result<Vec<Section>, KpiError> {
        if report.groups().is_empty() {
            return Ok(Vec::new());
        }
        let (dimension, kpi) = &self.compared;
        let uneven = self.groups.unevenness(*kpi)?;
        let title = format!("Does the {dimension} make a difference?");
        let mut section = Section::new(title);
        section = match uneven
            .as_ref()
            .and_then(|uneven| chart::funnel(uneven, names))
        {
            Some(chart) => section.chart(chart),
            None => section.remark(sentence(&format!("{kpi}: too few to tell."))),
        };
        // What is known of any group, and what is compared.
        let is_known = |one: &Kpi| report.total().figure(*one).n() > 0;
        let mut kpis: Vec<_> = SHOWN.into_iter().filter(is_known).collect();
        if !kpis.contains(kpi) {
            kpis.push(*kpi);
        }
        let table = Section::groups(format!("By {dimension}"), report, &kpis, names);
        Ok(vec![section, table])
    }
}
