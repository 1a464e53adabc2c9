//! The forms of a report: what they say, and that hostile names stay names.

mod kpi_common;

use helpdesk::id::{AgentId, TeamId};
use helpdesk::kpi::{Dimension, Fact, Formulas, GroupReport, Kpi, Names, Report};
use kpi_common::*;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Many tickets of the usual strategy, the same each time.
fn many() -> Vec<Vec<Fact>> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut all = Vec::new();
    while all.len() < 200 {
        all.extend(stories().new_tree(&mut runner).unwrap().current());
    }
    tickets(&all)
}

fn grouped(tickets: &[Vec<Fact>], by: impl Into<Vec<Dimension>>) -> GroupReport {
    Report::standard()
        .by(by)
        .over(tickets, after(80 * DAY))
        .unwrap()
}

#[test]
fn the_forms_read_well() {
    let tickets = many();
    let report = Report::standard().over(&tickets, after(80 * DAY)).unwrap();
    let text = report.to_string();
    for title in [
        "Rates",
        "Times",
        "For each resolved ticket",
        "Targets kept",
        "What customers say",
        "Backlog at the end of each day",
    ] {
        assert!(text.contains(&format!("\n{title}\n")), "{title}: {text}");
    }
    for kpi in [
        Kpi::OneTouch,
        Kpi::HandleTime,
        Kpi::Csat,
        Kpi::Nps,
        Kpi::BacklogAge,
        Kpi::TeamTransfers,
        Kpi::EtaKept,
    ] {
        assert!(text.contains(&kpi.to_string()), "{kpi}");
    }
    let markdown = report.to_markdown();
    assert!(
        markdown.starts_with("# Support report as of 2026-05-21 00:00 UTC\n"),
        "{markdown}"
    );
    assert!(markdown.contains("\n## Times\n\n|  | n | mean | p50 | p90 | p95 | p99 | max |\n|---|--:|--:|--:|--:|--:|--:|--:|\n"), "{markdown}");
    println!("{text}\n{markdown}");
    println!(
        "{}",
        grouped(&tickets, [Dimension::Agent, Dimension::Priority])
    );
}

/// Days on which nothing came and nothing went are one line; a day on which something did is a line of its own.
#[test]
fn quiet_days_in_a_row_are_one_line() {
    let opened = rows(&[]);
    let created = opened[0].created_at;
    let days = |n: i64| created + chrono::TimeDelta::days(n);
    let text = Report::standard().over([&opened], days(10)).unwrap();
    let text = text.to_string();
    let (_, series) = text.split_once("Backlog at the end of each day\n").unwrap();
    let lines: Vec<&str> = series.lines().map(str::trim_start).collect();
    let date = |n: i64| days(n).format("%Y-%m-%d %a").to_string();
    assert_eq!(lines.len(), 2, "{series}");
    assert!(lines[0].starts_with(&format!("{}  ", date(0))), "{series}");
    assert!(lines[0].contains("  1  +1  -0  #"), "{series}");
    let quiet = format!("{} to {}  1  +0  -0  #", date(1), date(10));
    assert!(lines[1].starts_with(&quiet), "{series}");
}

/// One value for each figure and group, exactly, that another program reads back.
#[test]
fn csv_holds_every_count() {
    let tickets = many();
    let grouped = grouped(&tickets, [Dimension::Team, Dimension::Channel]);
    let csv = grouped.to_csv(&Names::default(), Formulas::Defused);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    assert_eq!(
        header.iter().take(3).collect::<Vec<_>>(),
        ["team", "channel", "kpi"]
    );
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let (mut resolutions, mut total) = (0u64, None);
    for record in reader.records().map(Result::unwrap) {
        if &record[at("kpi")] == "resolutions_reopened" {
            let n: u64 = record[at("denominator")].parse().unwrap();
            if &record[0] == "(total)" {
                total = Some(n);
            } else {
                resolutions += n;
            }
        }
    }
    assert_eq!(total, Some(resolutions));
    assert_eq!(
        total,
        Some(grouped.total().resolutions_reopened().denominator())
    );
    let whole = grouped.total().to_csv(Formulas::Kept);
    assert!(
        whole.lines().all(|line| line.split(',').count() == 14),
        "{whole}"
    );
    assert!(whole.contains("\r\nnext_response_time,,calendar,"));
}

/// Nothing is left out of a count, of numbers that every ticket has, or of a score of marks.
#[test]
fn what_does_not_apply_is_empty() {
    let whole = Report::standard().over(many(), after(80 * DAY)).unwrap();
    let csv = whole.to_csv(Formulas::Kept);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    let at = header.iter().position(|column| column == "left_out");
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    let left_out = |kpi: Kpi| {
        let record = records.iter().find(|record| &record[0] == kpi.name());
        record.unwrap()[at.unwrap()].to_owned()
    };
    for kpi in [Kpi::Volume, Kpi::Resolved, Kpi::TeamTransfers, Kpi::Nps] {
        assert_eq!(left_out(kpi), "", "{kpi}");
    }
    for kpi in [Kpi::ReopenRate, Kpi::HandleTime, Kpi::Csat] {
        assert!(left_out(kpi).parse::<u64>().is_ok(), "{kpi}");
    }
}

const HOSTILE: [&str; 6] = [
    "=HYPERLINK(\"http://evil.example\",\"x\")",
    "<script>alert(1)</script>",
    "| a | b |\n|---|---|",
    "[x](javascript:alert(1))",
    "\u{1b}[2J\u{202e}gnp.exe",
    "@SUM(1+1)*cmd|' /C calc'!A0",
];

#[test]
fn hostile_names_do_not_act() {
    let tickets = many();
    let grouped = grouped(&tickets, [Dimension::Agent, Dimension::Team]);
    for hostile in HOSTILE {
        let agents = ["kim", "lee", "max"].map(|agent| AgentId::named(agent).uuid());
        let teams = ["north", "south"].map(|team| TeamId::named(team).uuid());
        let names = agents
            .into_iter()
            .chain(teams)
            .fold(Names::default(), |names, id| names.name(id, hostile));
        let text = grouped.to_text(&[], &names);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
        let usual = grouped.to_text(&[], &Names::default()).lines().count();
        assert_eq!(text.lines().count(), usual, "no name makes a line");
        let markdown = grouped.to_markdown(&[], &names);
        assert!(
            !markdown.contains(['<', '>', '\u{1b}'])
                && !markdown.replace("\\](", "").contains("](")
                && !markdown.contains("://"),
            "{markdown}"
        );
        let bars = |line: &str| line.matches('|').count() - line.matches("\\|").count();
        let rows: Vec<_> = markdown
            .lines()
            .filter(|line| line.starts_with('|'))
            .map(bars)
            .collect();
        assert!(
            rows.windows(2).all(|pair| pair[0] == pair[1]),
            "no name makes a column: {markdown}"
        );
        let csv = grouped.to_csv(&names, Formulas::Defused);
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        for record in reader.records().map(Result::unwrap) {
            for cell in &record {
                let acts = cell.starts_with(['=', '+', '-', '@']) && cell.parse::<f64>().is_err();
                assert!(!acts, "{cell}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever there is to report: every form has as many lines as it has figures, and no panic.
    #[test]
    fn any_report_is_shown(stories in stories(), report in reports(), now in 0..60 * DAY) {
        let tickets = tickets(&stories);
        let whole = report.over(&tickets, after(now)).unwrap();
        prop_assert!(whole.to_markdown().starts_with("# Support report as of "));
        prop_assert!(whole.to_csv(Formulas::Kept).lines().count() >= 25);
        let grouped = report.by([Dimension::Tag]).over(&tickets, after(now)).unwrap();
        let text = grouped.to_string();
        prop_assert!(text.contains("Tags overlap"));
        prop_assert_eq!(text.lines().count(), grouped.groups().len() + 8);
    }
}

/// A rate over few members is marked; a count is what it is.
#[test]
fn few_members_are_marked_and_counts_are_not() {
    let grouped = Report::standard()
        .by([Dimension::Agent])
        .minimum(1_000_000)
        .over(many(), after(80 * DAY))
        .unwrap();
    let lines = |kpi: Kpi| -> Vec<bool> {
        let text = grouped.to_text(&[kpi], &Names::default());
        let table = text.lines().skip_while(|line| !line.starts_with("Groups"));
        let rows = table.filter(|line| line.contains(|c: char| c.is_ascii_digit()));
        rows.map(|line| line.contains(" *")).collect()
    };
    for count in [Kpi::Volume, Kpi::Resolved, Kpi::Backlog] {
        assert!(lines(count).len() > 1, "{count}: no rows");
        assert!(lines(count).iter().all(|marked| !marked), "{count}");
    }
    assert!(lines(Kpi::ReopenRate).iter().any(|marked| *marked));
}
