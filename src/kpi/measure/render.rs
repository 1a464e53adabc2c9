//! The definitions as Markdown: what stands in the documentation, from the same data.

use std::fmt::Write as _;

use super::{Attribution, Definition, Direction, MEASURES, Unit, WindowOf};

/// Every definition as a list in Markdown.
///
/// The documentation of [`kpi`](crate::kpi) ends with just this text; a test compares them.
pub fn definitions_markdown() -> String {
    let mut text = String::from("# The definitions\n");
    for definition in &MEASURES {
        let _ = define(&mut text, definition);
    }
    text
}

fn define(text: &mut String, d: &Definition) -> std::fmt::Result {
    writeln!(text, "\n**{}**: {}.", d.title, d.formula)?;
    if let Some(numerator) = d.numerator {
        writeln!(text, "- Numerator: {}", numerator)?;
    }
    writeln!(text, "- Denominator: {}", d.denominator)?;
    if !d.exclusions.is_empty() {
        writeln!(text, "- Left out: {}", d.exclusions.join("; "))?;
    }
    let times: Vec<_> = d
        .measured_in
        .iter()
        .map(|time| format!("{time:?}").to_lowercase())
        .collect();
    let unit = match d.unit {
        Unit::Tickets => "tickets".to_owned(),
        Unit::Ratio => "a part of a whole".to_owned(),
        Unit::Duration => format!("a length in {} time", times.join(" and ")),
        Unit::PerTicket => "a number for each ticket".to_owned(),
        Unit::Marks => "marks of customers".to_owned(),
        Unit::PerUnit => "a number for each unit of the host's".to_owned(),
    };
    let window = match d.window {
        WindowOf::Created => "by creation",
        WindowOf::Resolved => "by resolution",
        WindowOf::Event => "by the event that is counted",
        WindowOf::Instant => "none, at the instant of the report",
    };
    let credit = match d.attribution {
        Attribution::Assignee => "who is in charge as the ticket stands",
        Attribution::Replier => "who answered",
        Attribution::Resolver => "who resolved it (or as set: who was in charge then)",
        Attribution::Holder => "each holder, by time",
        Attribution::Worker => "who recorded the effort",
        Attribution::Credited => "whom the mark is credited to",
        Attribution::Reviewed => "whose work was reviewed",
        Attribution::ByClock => {
            "of what an answer ended who gave it, of a resolution who resolved it then (or as set: who was in charge), of an assignment who was put in charge, otherwise who was in charge when it ended; while it goes on, who is as the ticket stands"
        }
        Attribution::Desk => "the desk",
    };
    let better = match d.direction {
        Direction::HigherIsBetter => "higher is better",
        Direction::LowerIsBetter => "lower is better",
        Direction::Neutral => "neither direction is better",
    };
    writeln!(
        text,
        "- Window: {window}. Credit: {credit}. Unit: {unit}; {better}"
    )?;
    writeln!(text, "- Source: {}", d.source)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After a change of a definition: `BLESS=1 cargo test --lib the_documentation_is_the_data`.
    #[test]
    fn the_documentation_is_the_data() {
        if std::env::var_os("BLESS").is_some() {
            let file = concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/src/kpi/measure/definitions.md"
            );
            std::fs::write(file, definitions_markdown()).unwrap();
            return;
        }
        assert_eq!(include_str!("definitions.md"), definitions_markdown());
    }
}
