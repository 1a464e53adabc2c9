//! Tables by example: many tickets, several threads, and what a table cannot hold.

use helpdesk::kpi::table::{Query, TableReport};
use helpdesk::kpi::{Dimension, Fact, FactTable, Label, Lengths, Report, Spent};
use helpdesk::ticket::Priority;
use proptest::prelude::*;

use super::{DAY, after, alike, full, pattern, same, stories, tickets, told, usual};

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
