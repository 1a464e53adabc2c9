//! The laws of fact tables: rows come out as they went in, and every figure is the tally's.

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::id::{AgentId, TeamId, TicketId, TicketNumber};
use helpdesk::kpi::table::{Figures, Key, Length, Query, TableReport, Value};
use helpdesk::kpi::{
    Dimension, Durations, Fact, FactTable, FirstResponse, KpiReport, Label, Lengths, RatingFact,
    Report, Spent,
};
use helpdesk::sla::Measure;
use helpdesk::ticket::{self, Channel, CloseReason, Open, Priority, RatingKind, Scale, Ticket};
use helpdesk::time::Span;
use helpdesk::{Actor, Call, Rulebook};
use proptest::prelude::*;

const DAY: i64 = 86_400_000_000;

/// The instant `us` after the begin of the tests' world.
fn after(us: i64) -> DateTime<Utc> {
    "2026-03-02T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::microseconds(us)
}

/// One real row, from which the others are made.
fn pattern() -> Fact {
    let rulebook = Rulebook::starter();
    let call = Call::new(Actor::agent(AgentId::named("kim")), after(0));
    let open = Open::new("Printer on fire").from("ann@example.com");
    let opened = ticket::open(rulebook.tickets(), &call, &open, TicketNumber(1), None).unwrap();
    let ticket = Ticket::replay(call.tenant_id(), &opened.recorded(&call)).unwrap();
    rulebook.facts(&ticket).remove(0)
}

#[derive(Clone, Debug)]
struct Cycle {
    works: i64,
    resolved: Option<Option<i64>>, // and again
    closed: Option<CloseReason>,
    rests: i64,
    counts: (u32, u32),
    marks: Vec<(bool, u8, i64)>,
}

#[derive(Clone, Debug)]
struct Story {
    created: i64,
    cycles: Vec<Cycle>,
    response: u8,
    answered: i64,
    length: i64,
    who: (u8, u8, u8, u8, u8),
}

fn span() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0i64), Just(DAY), Just(7 * DAY), 0..20 * DAY]
}

fn cycles() -> impl Strategy<Value = Cycle> {
    let reason = prop::sample::select(vec![
        CloseReason::Settled,
        CloseReason::Cancelled,
        CloseReason::Duplicate,
        CloseReason::Spam,
    ]);
    let resolved = prop_oneof![
        4 => Just(Some(None)),
        1 => (0..DAY).prop_map(|again| Some(Some(again))),
        2 => Just(None),
    ];
    let mark = (any::<bool>(), 1..6u8, 0..30 * DAY);
    let marks = prop::collection::vec(mark, 0..3);
    (
        span(),
        resolved,
        prop::option::of(reason),
        span(),
        (0..3u32, 0..2u32),
        marks,
    )
        .prop_map(|(works, resolved, closed, rests, counts, marks)| Cycle {
            works,
            resolved,
            closed,
            rests,
            counts,
            marks,
        })
}

fn stories() -> impl Strategy<Value = Vec<Story>> {
    let created = prop_oneof![(0..40i64).prop_map(|day| day * DAY), 0..40 * DAY];
    let length = prop_oneof![-500..500i64, 0..9 * DAY, (i64::MIN + 1)..i64::MAX];
    let who = (0..4u8, 0..3u8, 0..3u8, 0..3u8, 0..3u8);
    let story = (
        created,
        prop::collection::vec(cycles(), 1..4),
        0..4u8,
        0..9 * DAY,
        length,
        who,
    )
        .prop_map(|(created, cycles, response, answered, length, who)| Story {
            created,
            cycles,
            response,
            answered,
            length,
            who,
        });
    prop::collection::vec(story, 0..14)
}

fn tickets(stories: &[Story]) -> Vec<Vec<Fact>> {
    let pattern = pattern();
    let told = |(i, story)| told(&pattern, i, story);
    stories.iter().enumerate().map(told).collect()
}

fn told(pattern: &Fact, index: usize, story: &Story) -> Vec<Fact> {
    let mut pattern = pattern.clone();
    pattern.ticket = TicketId::named(&index.to_string());
    pattern.number = TicketNumber(index as u64);
    pattern.created_at = after(story.created);
    let (agent, team, channel, priority, kind) = story.who;
    pattern.agent = (agent > 0).then(|| AgentId::named(&agent.to_string()));
    pattern.team = (team > 0).then(|| TeamId::named(&team.to_string()));
    pattern.channel = [
        Channel::Email,
        Channel::Other("kiosk".parse().unwrap()),
        Channel::Chat,
    ][usize::from(channel)]
    .clone();
    pattern.priority = Priority::ALL[usize::from(priority)];
    pattern.kind = ["a", "b"]
        .get(usize::from(kind))
        .map(|name| name.parse().unwrap());
    pattern.tags = (0..agent)
        .map(|n| format!("t{n}").parse().unwrap())
        .collect();
    let spent = |until: i64, from: i64| Spent {
        work: Lengths {
            calendar_us: (until - from) / 2,
            business_us: (until - from) / 4,
        },
        waiting: Lengths {
            calendar_us: (until - from) / 3,
            business_us: 7,
        },
        done: Lengths {
            calendar_us: 5,
            business_us: 0,
        },
        for_customer: Lengths {
            calendar_us: 3,
            business_us: 2,
        },
    };
    let mut rows = Vec::new();
    let mut now = story.created;
    for (number, cycle) in story.cycles.iter().enumerate() {
        let mut row = pattern.clone();
        row.cycle = number as u32;
        row.started_at = after(now);
        let begun = now;
        row.own = None;
        (row.replies, row.follow_ups) = cycle.counts;
        row.team_transfers = u32::from(cycle.rests % 3 == 1);
        row.one_contact = row.replies <= 1 && row.follow_ups + row.team_transfers == 0;
        let rating = |(is_nps, mark, at): &(bool, u8, i64)| {
            let (kind, scale) = match is_nps {
                true => (RatingKind::Nps, Scale::NPS),
                false => (
                    RatingKind::Csat,
                    Scale::new(1, 5 + u8::from(*mark == 2)).unwrap(),
                ),
            };
            rating(kind, *mark, scale, after(story.created + at))
        };
        let mut marks = cycle.marks.clone();
        marks.sort_by_key(|mark| mark.2);
        row.ratings = marks.iter().map(rating).collect();
        now += cycle.works;
        if let Some(again) = cycle.resolved {
            (row.first_resolved_at, row.left_at) = (Some(after(now)), Some(after(now)));
            row.first_spent = Some(spent(now, story.created));
            now += again.unwrap_or(0);
            row.resolved_at = Some(after(now));
            row.spent = Some(if again.is_some() {
                spent(now, story.created)
            } else {
                row.first_spent.unwrap()
            });
            row.cycle_spent = Some(spent(now, begun));
        }
        if let Some(reason) = cycle.closed {
            row.closed = Some((after(now), reason));
            row.left_at = row.left_at.or(Some(after(now)));
        }
        now += cycle.rests;
        let goes_on = row.left_at.is_some() && number + 1 < story.cycles.len();
        row.reopened_at = goes_on.then(|| after(now));
        rows.push(row);
        if !goes_on {
            break;
        }
    }
    let mut own = pattern.own.clone().unwrap();
    own.first_response = match story.response {
        0 => FirstResponse::NotApplicable,
        1 => FirstResponse::Waiting,
        2 => FirstResponse::Unanswered,
        _ => FirstResponse::Answered {
            after: Lengths {
                calendar_us: story.length,
                business_us: story.length / 3,
            },
            at: after(story.created + story.answered),
            by: AgentId::named("kim"),
        },
    };
    own.fields = [(
        "tier".parse().unwrap(),
        ticket::FieldValue::Number(story.length),
    )]
    .into();
    rows[0].own = Some(own);
    rows
}

fn rating(kind: RatingKind, mark: u8, scale: Scale, at: DateTime<Utc>) -> RatingFact {
    let text = serde_json::json!({
        "at": at, "kind": kind, "mark": mark, "scale": scale, "credit": AgentId::named("kim"), "team": null,
    });
    serde_json::from_value(text).unwrap()
}

fn reports() -> impl Strategy<Value = Report> {
    let window = (0..60 * DAY, 0..60 * DAY);
    (0..5, window, 0..12u32).prop_map(|(kind, (a, b), days)| {
        let report = Report::standard().reopen_within(Span::hours(days * 24));
        match kind {
            0 => report,
            1 => report.last_days(days),
            2 => report.between(after(a), after(b)),
            3 => report.created_in(after(a), after(b)),
            _ => report.resolved_in(after(a), after(b)),
        }
    })
}

const KEYS: [Key; 5] = [
    Key::Agent,
    Key::Team,
    Key::Channel,
    Key::Priority,
    Key::Type,
];
const LENGTHS: [Length; 3] = [
    Length::FirstResponse,
    Length::FirstResolution,
    Length::TotalResolution,
];

/// With everything that a table can tell.
fn full(report: &Report) -> Query {
    let query = KEYS.into_iter().fold(Query::new(report.clone()), Query::by);
    LENGTHS.into_iter().fold(query, |query, length| {
        query
            .length(length, Measure::Calendar)
            .length(length, Measure::Business)
    })
}

fn usual(report: &Report) -> Query {
    KEYS.into_iter().fold(Query::new(report.clone()), Query::by)
}

/// Whether all figures that the usual query gives are those of the full one.
fn alike(usual: &TableReport, full: &TableReport) -> bool {
    let same = |a: &Figures, b: &Figures| {
        let counts = |f: &Figures| {
            let ratios = [
                f.resolution_rate(),
                f.reopen_rate(),
                f.resolutions_reopened(),
                f.first_contact_resolution(),
            ];
            let numbers = [
                f.tickets(),
                f.volume(),
                f.resolved(),
                f.resolutions(),
                f.immature_reopened(),
            ];
            let marks = (f.csat().clone(), f.nps().clone());
            (
                ratios.map(Clone::clone),
                numbers,
                marks,
                f.closed_unresolved().clone(),
                f.without_first_response().clone(),
            )
        };
        let lengths = [Length::FirstResponse, Length::TotalResolution];
        let length =
            |length| a.length(length, Measure::Calendar) == b.length(length, Measure::Calendar);
        counts(a) == counts(b) && lengths.into_iter().all(length)
    };
    let same_groups = |key: &Key| {
        let (a, b) = (usual.by(*key), full.by(*key));
        a.len() == b.len()
            && a.iter()
                .zip(b)
                .all(|(a, b)| a.value == b.value && same(&a.figures, &b.figures))
    };
    same(usual.all(), full.all()) && KEYS.iter().all(same_groups)
}

fn value(key: Key, rows: &[Fact]) -> Value {
    let row = &rows[0];
    match key {
        Key::Agent => row.agent.map_or(Value::None, Value::Agent),
        Key::Team => row.team.map_or(Value::None, Value::Team),
        Key::Channel => Value::Channel(row.channel.clone()),
        Key::Priority => Value::Priority(row.priority),
        _ => row.kind.clone().map_or(Value::None, Value::Type),
    }
}

/// Every figure that both have.
fn same(figures: &Figures, tally: &KpiReport) -> Result<(), TestCaseError> {
    prop_assert_eq!(figures.tickets(), tally.tickets());
    prop_assert_eq!(figures.volume(), tally.volume());
    prop_assert_eq!(figures.resolved(), tally.resolved());
    prop_assert_eq!(figures.resolutions(), tally.resolutions());
    prop_assert_eq!(figures.resolution_rate(), tally.resolution_rate());
    prop_assert_eq!(figures.closed_unresolved(), tally.closed_unresolved());
    prop_assert_eq!(figures.reopen_rate(), tally.reopen_rate());
    prop_assert_eq!(figures.resolutions_reopened(), tally.resolutions_reopened());
    prop_assert_eq!(figures.immature_reopened(), tally.immature_reopened());
    prop_assert_eq!(
        figures.first_contact_resolution(),
        tally.first_contact_resolution()
    );
    prop_assert_eq!(figures.csat(), tally.csat());
    prop_assert_eq!(figures.nps(), tally.nps());
    prop_assert_eq!(
        figures.without_first_response(),
        &tally.first_response().excluded
    );
    let durations: [&Durations; 3] = [
        tally.first_response(),
        tally.first_resolution(),
        tally.total_resolution(),
    ];
    for (length, durations) in LENGTHS.into_iter().zip(durations) {
        prop_assert_eq!(
            figures.length(length, Measure::Calendar),
            durations.calendar.as_ref()
        );
        prop_assert_eq!(
            figures.length(length, Measure::Business),
            durations.business.as_ref()
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_figure_is_the_tallys(stories in stories(), report in reports(), now in 0..80 * DAY) {
        let tickets = tickets(&stories);
        let found = FactTable::of(&tickets).unwrap().report(&full(&report), after(now)).unwrap();
        let whole = report.over(&tickets, after(now)).unwrap();
        prop_assert_eq!(found.scope(), whole.scope());
        same(found.all(), &whole)?;
        // Without the first resolution, settled tickets are not even looked at.
        let usual = FactTable::of(&tickets).unwrap().report(&usual(&report), after(now)).unwrap();
        prop_assert!(alike(&usual, &found));
        for key in KEYS {
            let mut n = 0;
            for group in found.by(key) {
                let members: Vec<_> = tickets.iter().filter(|rows| value(key, rows) == group.value).collect();
                same(&group.figures, &report.over(&members, after(now)).unwrap())?;
                prop_assert_eq!(found.group(key, &group.value), Some(&group.figures));
                n += group.figures.tickets();
            }
            prop_assert_eq!(n, whole.tickets(), "{:?}", key);
        }
    }

    #[test]
    fn rows_come_out_as_they_went_in(stories in stories()) {
        let tickets = tickets(&stories);
        let table = FactTable::of(&tickets).unwrap();
        prop_assert_eq!(table.len(), tickets.len());
        prop_assert!(table.iter().eq(tickets.iter().cloned()));
        let text = serde_json::to_string(&table).unwrap();
        prop_assert_eq!(serde_json::from_str::<FactTable>(&text).unwrap(), table);
    }

    #[test]
    fn replacing_leaves_no_trace(
        before in stories(), now in stories(), report in reports(), at in 0..80 * DAY,
        gone in prop::collection::vec(0..14usize, 0..6), again in 0..3,
    ) {
        let (before, mut tickets) = (tickets(&before), tickets(&now));
        let mut table = FactTable::of(&before).unwrap();
        for _ in 0..again {
            tickets.iter().for_each(|rows| table.replace(rows).unwrap());
        }
        tickets.iter().for_each(|rows| table.replace(rows).unwrap());
        // Tickets that are in `before` alone stand first.
        let mut expected: Vec<_> = before.iter().skip(tickets.len()).cloned().collect();
        expected.append(&mut tickets);
        for index in gone {
            let id = TicketId::named(&index.to_string());
            let was_in = expected.iter().any(|rows| rows[0].ticket == id);
            expected.retain(|rows| rows[0].ticket != id);
            prop_assert_eq!(table.remove(id), was_in);
        }
        prop_assert!(table.iter().eq(expected.iter().cloned()));
        let fresh = FactTable::of(&expected).unwrap();
        // Also long after everything, where settled tickets are not looked at.
        for (query, at) in [(full(&report), at), (usual(&report), at), (usual(&report), 400 * DAY)] {
            prop_assert!(table.report(&query, after(at)).unwrap() == fresh.report(&query, after(at)).unwrap());
        }
    }
}

#[cfg(feature = "flat")]
mod flat {
    use super::*;
    use helpdesk::kpi::table::flat::{COLUMNS, Csv, FlatError};

    fn csv(table: &FactTable, how: Csv) -> String {
        let mut text = Vec::new();
        table.write_csv(&mut text, how).unwrap();
        String::from_utf8(text).unwrap()
    }

    fn lines(table: &FactTable) -> String {
        let mut text = Vec::new();
        table.write_json_lines(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn what_is_written_is_read(stories in stories(), kind in "[=+@'a-]{1,3}", resolver in 0..6usize) {
            let mut tickets = tickets(&stories);
            let id = TicketId::named("x").uuid();
            for row in tickets.iter_mut().flatten() {
                row.kind = kind.parse().ok();
                row.resolver = [
                    None,
                    Some(Actor::System),
                    Some(Actor::agent(AgentId::from_uuid(id))),
                    Some(Actor::Supervisor(AgentId::from_uuid(id))),
                    Some(Actor::Bot(helpdesk::id::BotId::from_uuid(id))),
                    Some(Actor::customer(helpdesk::id::CustomerId::from_uuid(id))),
                ][resolver];
            }
            let table = FactTable::of(&tickets).unwrap();
            for how in [Csv::default(), Csv::defused()] {
                let text = csv(&table, how);
                prop_assert_eq!(&FactTable::read_csv(text.as_bytes(), how).unwrap(), &table);
            }
            let text = lines(&table);
            prop_assert_eq!(&FactTable::read_json_lines(text.as_bytes()).unwrap(), &table);
        }
    }

    /// A table of one ticket of which all is told, clocks too.
    fn table() -> FactTable {
        let mut row = pattern();
        row.kind = "=cmd()".parse().ok();
        row.tags = vec!["a,b".parse().unwrap(), "\"q\"".parse().unwrap()];
        FactTable::of([[row]]).unwrap()
    }

    #[test]
    fn no_cell_begins_like_a_formula() {
        let text = csv(&table(), Csv::defused());
        assert!(text.contains(",'=cmd(),") && csv(&table(), Csv::default()).contains(",=cmd(),"));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let record = reader.records().next().unwrap().unwrap();
        assert!(
            record
                .iter()
                .all(|cell| !cell.starts_with(['=', '+', '-', '@']))
        );
    }

    #[test]
    fn the_columns_are_those_that_are_documented() {
        let table = table();
        let text = csv(&table, Csv::default());
        assert_eq!(text.lines().next().unwrap(), COLUMNS.join(","));
        assert!(text.starts_with("formula,ticket,number,cycle,created_at_us,"));
        // In any order.
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let mut turned = csv::Writer::from_writer(Vec::new());
        let header = reader.headers().unwrap().clone();
        turned.write_record(header.iter().rev()).unwrap();
        let record = reader.records().next().unwrap().unwrap();
        turned.write_record(record.iter().rev()).unwrap();
        let turned = turned.into_inner().unwrap();
        assert_eq!(
            FactTable::read_csv(&turned[..], Csv::default()).unwrap(),
            table
        );
    }

    #[test]
    fn errors_name_the_line_and_the_column() {
        let good = csv(&table(), Csv::default());
        let told = |error: FlatError| {
            (
                error.line(),
                error.column().map(str::to_owned),
                error.to_string(),
            )
        };
        let read =
            |text: &str| told(FactTable::read_csv(text.as_bytes(), Csv::default()).unwrap_err());
        let bad = read(&good.replace(",normal,", ",hgih,"));
        assert_eq!((bad.0, bad.1.as_deref()), (Some(2), Some("priority")));
        assert!(
            bad.2
                .starts_with("line 2, column `priority`: `hgih` cannot be read: unknown variant"),
            "{}",
            bad.2
        );
        let bad = read(&good.replace("formula,ticket", "formel,ticket"));
        assert_eq!((bad.0, bad.1.as_deref()), (Some(1), Some("formel")));
        let bad = read(&good.replacen("formula,", "", 1));
        assert_eq!((bad.0, bad.1.as_deref()), (Some(1), Some("formula")));
        let bad = read(&good.replacen(",normal,", ",,", 1));
        assert_eq!(bad.2, "line 2, column `priority`: no value; one is wanted");
        let twice = format!("{good}{}", good.lines().nth(1).unwrap());
        assert_eq!(
            read(&twice).0,
            Some(3),
            "a second cycle 0 of the same ticket"
        );
        assert!(FactTable::read_csv(&b"a,b\n1"[..], Csv::default()).is_err());

        let good = lines(&table());
        let read = |text: &str| told(FactTable::read_json_lines(text.as_bytes()).unwrap_err());
        let bad = read(&format!(
            "{good}\n{}",
            good.replace("\"cycle\":0", "\"cycle\":\"0\"")
        ));
        assert_eq!((bad.0, bad.1.as_deref()), (Some(3), Some("cycle")));
        assert_eq!(read("\n[]").0, Some(2));
        let bad = read(&good.replace("\"cycle\"", "\"circle\""));
        assert_eq!((bad.0, bad.1.as_deref()), (Some(1), Some("circle")));
        let bad = read(&good.replace("\"tags\":[", "\"tags\":[7,"));
        assert_eq!((bad.0, bad.1.as_deref()), (Some(1), Some("tags")));
    }

    /// What a parser says of its own lines is of no line of the file.
    #[test]
    fn each_error_names_one_line() {
        let good = lines(&table());
        let read = |text: &[u8]| FactTable::read_json_lines(text).unwrap_err();
        let bad = read(format!("{good}{{\"cycle\": ?}}\n{good}").as_bytes());
        assert_eq!(
            (bad.line(), bad.to_string().as_str()),
            (
                Some(2),
                "line 2: not a JSON object: expected value at byte 11"
            )
        );
        let broken = [good.as_bytes(), b"{\"ticket\": \"\xff\"}\n"].concat();
        let bad = read(&broken);
        assert_eq!(bad.line(), Some(2), "{bad}");
        assert!(bad.to_string().starts_with("line 2: not a JSON object: "));
        // The list of a cell is read by the same parser.
        let good = csv(&table(), Csv::default());
        let text = good.replace("\"[\"\"a,b", "\"[?\"\"a,b");
        assert_ne!(text, good);
        let bad = FactTable::read_csv(text.as_bytes(), Csv::default()).unwrap_err();
        assert_eq!((bad.line(), bad.column()), (Some(2), Some("tags")));
        assert!(
            bad.to_string().ends_with(": expected value at byte 2"),
            "{bad}"
        );
    }

    #[test]
    fn a_column_stands_once() {
        let good = csv(&table(), Csv::default());
        let (header, row) = good.split_once('\n').unwrap();
        let twice = format!(
            "{},priority\n{},urgent\n",
            header.trim_end(),
            row.trim_end()
        );
        let bad = FactTable::read_csv(twice.as_bytes(), Csv::default()).unwrap_err();
        assert_eq!((bad.line(), bad.column()), (Some(1), Some("priority")));
        assert!(bad.to_string().contains("twice"), "{bad}");
    }
}

/// Many tickets, so that the stretches differ: 1 in 3 of them has several rows.
fn crowd(n: usize) -> FactTable {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let pattern = pattern();
    let mut table = FactTable::new();
    let mut index = 0;
    while index < n {
        for story in stories().new_tree(&mut runner).unwrap().current() {
            table.push(&told(&pattern, index, &story)).unwrap();
            index += 1;
        }
    }
    table
}

#[test]
fn a_crowd_is_the_tallys_too() {
    let table = crowd(6_000);
    let tickets: Vec<_> = table.iter().collect();
    let report = Report::standard().between(after(5 * DAY), after(50 * DAY));
    let found = table.report(&full(&report), after(55 * DAY)).unwrap();
    same(
        found.all(),
        &report.over(&tickets, after(55 * DAY)).unwrap(),
    )
    .unwrap();
    // Long after everything, and in the midst of it.
    for now in [30, 300] {
        let full = table
            .report(&full(&Report::standard()), after(now * DAY))
            .unwrap();
        same(
            full.all(),
            &Report::standard().over(&tickets, after(now * DAY)).unwrap(),
        )
        .unwrap();
        assert!(alike(
            &table
                .report(&usual(&Report::standard()), after(now * DAY))
                .unwrap(),
            &full
        ));
    }
}

#[test]
fn what_was_taken_out_is_let_go() {
    let mut table = crowd(1_500);
    let tickets: Vec<_> = table.iter().collect();
    for rows in tickets.iter().chain(&tickets) {
        table.replace(rows).unwrap();
    }
    assert_eq!(table.len(), tickets.len());
    assert!(table.iter().eq(tickets.iter().cloned()));
    let fresh = FactTable::of(&tickets).unwrap();
    for now in [40, 300] {
        let query = usual(&Report::standard());
        assert_eq!(
            table.report(&query, after(now * DAY)),
            fresh.report(&query, after(now * DAY))
        );
    }
    assert!(tickets.iter().all(|rows| table.remove(rows[0].ticket)));
    assert!(table.is_empty() && !table.remove(tickets[0][0].ticket));
}

#[cfg(feature = "parallel")]
#[test]
fn threads_change_no_bit() {
    let table = crowd(9_000);
    let report = Report::standard().last_days(30);
    let one = table.report(&full(&report), after(45 * DAY)).unwrap();
    assert!(one.all().resolved() > 1_000);
    for threads in [1, 2, 3, 8] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let many: TableReport = pool.install(|| {
            table
                .report(&full(&report).parallel(), after(45 * DAY))
                .unwrap()
        });
        assert_eq!(many, one, "{threads} threads");
        let late = usual(&Report::standard());
        let many = pool.install(|| table.report(&late.clone().parallel(), after(300 * DAY)));
        assert_eq!(
            many,
            table.report(&late, after(300 * DAY)),
            "{threads} threads"
        );
    }
}

#[test]
fn a_filter_is_refused_and_not_passed_over() {
    let report =
        Report::standard().only(Dimension::Priority, vec![Label::Priority(Priority::High)]);
    let error = crowd(1)
        .report(&Query::new(report), after(DAY))
        .unwrap_err();
    assert_eq!(error.ticket(), None);
    assert!(error.to_string().contains("no filters"));
}

#[test]
fn rows_that_a_table_cannot_hold_are_refused() {
    let rows = tickets(&[]);
    assert!(rows.is_empty() && FactTable::of(&rows).unwrap().is_empty());
    let good = pattern();
    let refused = |change: &dyn Fn(&mut Fact)| {
        let mut row = good.clone();
        change(&mut row);
        let mut table = FactTable::new();
        let error = table.push(std::slice::from_ref(&row)).unwrap_err();
        assert!(table.is_empty() && error.ticket() == Some(row.ticket));
        error.to_string()
    };
    assert!(refused(&|row| row.formula += 1).contains("make them anew"));
    assert!(refused(&|row| row.cycle = 1).contains("from cycle 0 on"));
    assert!(refused(&|row| row.own = None).contains("from cycle 0 on"));
    assert!(refused(&|row| row.resolved_at = Some(after(1))).contains("without its lengths"));
    let long = Lengths {
        calendar_us: i64::MAX,
        business_us: 0,
    };
    let spent = Spent {
        work: long,
        waiting: long,
        ..Spent::default()
    };
    assert!(
        refused(&|row| {
            (row.first_resolved_at, row.first_spent) = (Some(after(1)), Some(spent));
        })
        .contains("do not add up")
    );
    let two = [good.clone(), good.clone()];
    assert!(FactTable::of([two]).is_err());
}
