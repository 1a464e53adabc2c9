//! Reports as pages: well-formed, escaped, self-contained, the same bytes each time.

#![cfg(feature = "report")]

mod kpi_common;

use chrono::{DateTime, Utc};
use helpdesk::id::{AgentId, TeamId};
use helpdesk::kpi::{Dimension, Fact, GroupReport, Kpi, Names, Report};
use helpdesk::report::{Overview, Page, Section, Table, chart};
use helpdesk::time::Span;
use proptest::prelude::*;
use roxmltree::{Document, ParsingOptions};

const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='x",
    "a\u{202e}b\u{200f}c\u{2066}d",
    "</style></svg></title>&lt;",
    "javascript:alert(1)\u{0}\n\r",
];

fn parsed(html: &str) -> Document<'_> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(html, options).unwrap()
}

/// What holds for every page: every tag is closed, nothing acts, nothing is loaded.
fn check(html: &str) {
    let page = parsed(html);
    let never = [
        "script",
        "img",
        "link",
        "iframe",
        "object",
        "embed",
        "base",
        "form",
        "image",
        "use",
        "foreignObject",
    ];
    for node in page.descendants().filter(|node| node.is_element()) {
        let name = node.tag_name().name();
        assert!(!never.contains(&name), "<{name}>");
        for attribute in node.attributes() {
            let name = attribute.name();
            let acts = name.starts_with("on")
                || ["href", "src", "srcset", "data", "action"].contains(&name);
            assert!(!acts, "{name}");
        }
    }
    for word in ["http://", "https://", "@import", "url("] {
        let in_style = page.descendants().filter(|node| node.has_tag_name("style"));
        let style: String = in_style.filter_map(|node| node.text()).collect();
        assert!(
            !style.contains(word) && !html.contains(&format!("=\"{word}")),
            "{word}"
        );
    }
    assert!(html.contains("default-src 'none'"));
    let hidden = |c: char| {
        (c.is_control() && c != '\n')
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || c == '\u{200f}'
            || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    assert!(!html.contains(hidden));
}

fn noon() -> DateTime<Utc> {
    "2026-07-01T12:00:00Z".parse().unwrap()
}

fn overview(tickets: &[Vec<Fact>]) -> Overview {
    let mut overview = Overview::new(&Report::standard(), noon())
        .target(Kpi::TotalResolutionTime, HOSTILE[0], Span::hours(4))
        .target(Kpi::FirstResponseTime, HOSTILE[3], Span::hours(9_000));
    for rows in tickets {
        overview.add(rows).unwrap();
    }
    overview
}

/// Names for the agents and teams of the tests, each hostile.
fn names(report: &GroupReport) -> Names {
    let labels = report.groups().iter().flat_map(|group| group.labels());
    let ids = labels.filter_map(|label| match label {
        helpdesk::kpi::Label::Agent(id) => Some(id.uuid()),
        helpdesk::kpi::Label::Team(id) => Some(id.uuid()),
        _ => None,
    });
    ids.zip(HOSTILE.iter().cycle())
        .fold(Names::default(), |names, (id, name)| names.name(id, *name))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever the tickets and the names: the page stands, is safe, and is the same bytes again, in any order of the tickets.
    #[test]
    fn every_page_stands(stories in kpi_common::stories(), title in "(?s).{0,20}") {
        let mut tickets = kpi_common::tickets(&stories);
        let by = Report::standard().by([Dimension::Agent]).over(&tickets, noon()).unwrap();
        let names = names(&by);
        let html = overview(&tickets).page(title.as_str(), &names).unwrap().to_html();
        check(&html);
        tickets.reverse();
        let again = overview(&tickets).page(title.as_str(), &names).unwrap().to_html();
        prop_assert_eq!(html, again);
    }
}

#[test]
fn hostile_texts_are_shown_and_do_not_act() {
    for text in HOSTILE {
        let table = Table::new([text]).row(text, [text, text]);
        let section = Section::new(text).remark(text).table(table.clone());
        let folded = Section::new(text).table(table).folded();
        let html = Page::new(text)
            .about(text)
            .section(section)
            .section(folded)
            .to_html();
        check(&html);
        let page = parsed(&html);
        let shown = page.descendants().filter(|node| node.has_tag_name("td"));
        let visible = text.replace(
            |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'),
            "\u{fffd}",
        );
        assert!(
            shown
                .filter_map(|node| node.text())
                .any(|text| text == visible),
            "{text:?}"
        );
    }
}

/// Many tickets, all alike but for their agents: every second of one agent's was reopened at once.
fn many() -> Vec<Vec<Fact>> {
    use helpdesk::ticket::Status;
    let resolved = ("2026-03-02T12:00:00Z", Status::Resolved);
    let once = kpi_common::rows(&[resolved]);
    let twice = kpi_common::rows(&[
        resolved,
        ("2026-03-02T13:00:00Z", Status::Reopened),
        ("2026-03-04T12:00:00Z", Status::Resolved),
    ]);
    let tickets = (0..400u32).map(|i| {
        let is_worse = i % 4 == 0;
        let mut rows = if is_worse && i % 8 == 0 {
            twice.clone()
        } else {
            once.clone()
        };
        for row in &mut rows {
            row.ticket = helpdesk::TicketId::named(&i.to_string());
            let agent = AgentId::named(if is_worse {
                "worse"
            } else if i % 4 == 1 {
                "one"
            } else {
                "other"
            });
            row.resolver = Some(helpdesk::Actor::agent(agent));
            row.agent = Some(agent);
            row.team = Some(TeamId::named("all"));
            // Half of them a week later.
            if i % 2 == 1 {
                let week = chrono::TimeDelta::days(7);
                let later = |at: &mut Option<DateTime<Utc>>| *at = at.map(|at| at + week);
                row.created_at += week;
                row.started_at += week;
                later(&mut row.first_resolved_at);
                later(&mut row.resolved_at);
                later(&mut row.left_at);
                later(&mut row.reopened_at);
            }
        }
        rows
    });
    tickets.collect()
}

/// Every chart is drawn, and says in words what it shows.
#[test]
fn the_charts_show_what_the_tables_say() {
    let tickets = many();
    let by = |dimensions: &[Dimension]| {
        Report::standard()
            .by(dimensions)
            .over(&tickets, noon())
            .unwrap()
    };
    let by_agent = by(&[Dimension::Agent]);
    let names = names(&by_agent);
    let html = overview(&tickets).page("Charts", &names).unwrap().to_html();
    check(&html);
    let page = parsed(&html);
    let charts: Vec<_> = page
        .descendants()
        .filter(|node| node.has_tag_name("svg"))
        .collect();
    let says: Vec<_> = charts
        .iter()
        .filter_map(|chart| chart.attribute("aria-label"))
        .collect();
    let said = |words: &str| {
        assert!(
            says.iter().any(|text| text.contains(words)),
            "{words}: {says:#?}"
        )
    };
    said("0 at the end, 50 at the peak on 2026-03-02"); // those reopened that day
    said("resolutions took, over 400 of them");
    said(
        "When 400 tickets were created, by weekday and hour; the fullest hour is Mon at 09:00 with 400.",
    );
    said("3 groups with 450 members. Resolutions reopened: ");
    for chart in &charts {
        assert!(
            chart.children().filter(|node| node.is_element()).count() > 9,
            "{chart:?}"
        );
        let inks = chart
            .descendants()
            .flat_map(|node| node.attributes())
            .filter(|a| a.name() == "fill" || a.name() == "stroke");
        for ink in inks {
            let ruled = html.contains(&format!("svg [{}=\"{}\"]", ink.name(), ink.value()));
            assert!(ruled || ink.value() == "none", "{}", ink.value());
        }
    }
    // The one beyond the limits is named, and its name is harmless.
    let texts: Vec<_> = page
        .descendants()
        .filter(|node| node.has_tag_name("text"))
        .filter_map(|node| node.text())
        .collect();
    assert!(
        texts.iter().any(|text| HOSTILE
            .iter()
            .any(|name| text.trim().starts_with(&name[..4]))),
        "{texts:?}"
    );
}

/// Of a report by resolution the groups are by when tickets were resolved.
#[test]
fn what_was_resolved_in_an_hour_did_not_come_in_it() {
    let tickets = many();
    let by = [Dimension::Weekday, Dimension::HourOfDay];
    let window = (noon() - chrono::TimeDelta::days(180), noon());
    let made = |report: &Report| report.by(by.clone()).over(&tickets, noon()).unwrap();
    let page = |report: &Report| {
        let mut overview = Overview::new(report, noon());
        tickets
            .iter()
            .for_each(|ticket| overview.add(ticket).unwrap());
        overview.page("A", &Names::default()).unwrap().to_html()
    };
    let resolved = Report::standard().resolved_in(window.0, window.1);
    assert!(
        made(&resolved)
            .groups()
            .iter()
            .any(|one| one.report().volume() > 0)
    );
    assert_eq!(chart::arrivals(&made(&resolved)), None);
    assert!(!page(&resolved).contains("When tickets come"));
    let created = Report::standard().created_in(window.0, window.1);
    assert!(chart::arrivals(&made(&created)).is_some());
    assert!(page(&created).contains("When tickets come"));
}

/// Twenty-four hours would stand on one place of an axis of days.
#[test]
fn hours_are_not_drawn_day_by_day() {
    use helpdesk::kpi::Every;
    let tickets = many();
    let by = |every| {
        let by = Report::standard().by([Dimension::Period(every)]).minimum(1);
        by.over(&tickets, noon()).unwrap()
    };
    let drawn = |every| chart::shares(&by(every), Kpi::ResolutionsReopened).is_some();
    assert!(drawn(Every::Day) && drawn(Every::Week) && !drawn(Every::Hour));
}

#[test]
fn where_there_is_nothing_to_draw_there_is_no_chart() {
    let none: [Vec<Fact>; 0] = [];
    let by = |dimensions: &[Dimension]| {
        Report::standard()
            .by(dimensions)
            .over(&none, noon())
            .unwrap()
    };
    let weeks = by(&[Dimension::Period(helpdesk::kpi::Every::Week)]);
    assert_eq!(chart::backlog(weeks.total().backlog()), None);
    assert_eq!(chart::shares(&weeks, Kpi::SlaAttainment), None);
    assert_eq!(chart::voices(&weeks), None);
    assert_eq!(
        chart::arrivals(&by(&[Dimension::Weekday, Dimension::HourOfDay])),
        None
    );
    assert_eq!(chart::lengths("nothing", &[], &[], &[]), None);
    let html = overview(&[])
        .page("Empty", &Names::default())
        .unwrap()
        .to_html();
    check(&html);
    assert!(!html.contains("<svg"));
}
