//! Laws over the rows of any stories: every figure is the tally's, and replacing leaves no trace.

use helpdesk::id::TicketId;
use helpdesk::kpi::table::{Key, Value};
use helpdesk::kpi::{Fact, FactTable, Report};
use helpdesk::time::Span;
use proptest::prelude::*;

use super::{DAY, KEYS, after, alike, full, same, stories, tickets, usual};

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
