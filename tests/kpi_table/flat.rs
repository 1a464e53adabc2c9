//! Tables as CSV and as JSON lines: what is written is read again, and an error names its line.

use helpdesk::Actor;
use helpdesk::id::{AgentId, TicketId};
use helpdesk::kpi::FactTable;
use helpdesk::kpi::table::flat::{COLUMNS, Csv, FlatError};
use proptest::prelude::*;

use super::{pattern, stories, tickets};

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
    let read = |text: &str| told(FactTable::read_csv(text.as_bytes(), Csv::default()).unwrap_err());
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
