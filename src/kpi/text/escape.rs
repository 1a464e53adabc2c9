//! Text from outside in Markdown, in CSV and on a terminal: it must read as text there, and never act.
//!
//! Names of agents, teams, tags and types are chosen by people, and some of them are not friends. Customers' text is not among
//! them: no row and no figure holds any.

use std::borrow::Cow;

/// What a cell that could be taken for a formula becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Formulas {
    /// A cell beginning with `=`, `+`, `-`, `@`, a tab or a line break gets an apostrophe before it, so that a spreadsheet
    /// shows it as text. Numbers stay numbers: a cell that reads as one is left alone. See OWASP, *CSV Injection*.
    #[default]
    Defused,
    /// Written as they are, for programs that want the bytes.
    Kept,
}

/// One cell of a CSV file (RFC 4180): in quotes where it holds a comma, a quote, a line break or outer white space.
///
/// ```
/// use helpdesk::kpi::{Formulas, csv_cell};
/// assert_eq!(csv_cell("=HYPERLINK(\"http://x\")", Formulas::Defused), "\"'=HYPERLINK(\"\"http://x\"\")\"");
/// assert_eq!(csv_cell("-12.5", Formulas::Defused), "-12.5");
/// assert_eq!(csv_cell("@sum", Formulas::Kept), "@sum");
/// ```
pub fn csv_cell(text: &str, formulas: Formulas) -> String {
    // Programs may drop what cannot be seen before they look for the sign.
    let seen = text.trim_start_matches(|c: char| c == ' ' || is_hidden(c));
    let acts = seen.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || text.starts_with(['\t', '\r', '\n']);
    let defused: Cow<'_, str> = if formulas == Formulas::Defused && acts && !is_number(text) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    };
    let quotes =
        defused.contains([',', ';', '"', '\n', '\r', '\t', '\'']) || defused.trim() != defused;
    if quotes {
        format!("\"{}\"", defused.replace('"', "\"\""))
    } else {
        defused.into_owned()
    }
}

/// A plain decimal number: a sign, digits, and perhaps a point with digits. Not `1e9`, which spreadsheets may make a date of.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all(whole) && all(part)
}

/// `text` inside a line or a table cell of Markdown: on one line, with everything escaped that Markdown or HTML would read.
pub(crate) fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let text = plain(text);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            '@' => out.push_str("&#64;"),
            '#' if rest.peek().is_some_and(|next| next.is_alphanumeric()) => out.push_str("\\#"),
            c => out.push(c),
        }
    }
    // What a renderer would make a link of.
    out.replace("://", "&#58;//").replace("www.", "www&#46;")
}

/// `text` on a terminal: control characters, line breaks and what turns the direction of writing become one visible mark each.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if text.contains(is_hidden) {
        Cow::Owned(text.replace(is_hidden, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What is written is read back by the CSV reader of another crate as it was, or with its apostrophe.
        #[test]
        fn cells_are_read_back(text in "(?s)[=+@\\-\t\r\n]?.{0,12}", other in "(?s).{0,8}") {
            for formulas in [Formulas::Kept, Formulas::Defused] {
                let line = format!("a,b\r\n{},{}\r\n", csv_cell(&text, formulas), csv_cell(&other, formulas));
                let mut reader = csv::Reader::from_reader(line.as_bytes());
                let record = reader.records().next().map(|record| record.unwrap());
                let found = record.map_or_else(Vec::new, |record| record.iter().map(str::to_owned).collect());
                prop_assert_eq!(found.len(), 2);
                for (found, text) in found.iter().zip([&text, &other]) {
                    let bare = found.strip_prefix('\'').filter(|bare| bare == text);
                    prop_assert!(found == text || formulas == Formulas::Defused && bare.is_some());
                    let acts = found.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
                    prop_assert!(formulas == Formulas::Kept || !acts || is_number(found));
                }
            }
        }

        #[test]
        fn markdown_stays_on_its_line_and_holds_no_tag(text in "(?s).{0,24}") {
            let safe = markdown(&text);
            let never = ['<', '>', '\n', '\r', '\u{202e}'];
            prop_assert!(!safe.contains(never));
            let free = |c| safe.match_indices(c).any(|(i, _)| !safe[..i].ends_with('\\'));
            prop_assert!(!free('|') && !free('`') && !free('['));
        }
    }

    #[test]
    fn hostile_names_do_not_act() {
        assert_eq!(csv_cell("+1-2|cmd", Formulas::Defused), "\"'+1-2|cmd\"");
        assert_eq!(csv_cell("-3", Formulas::Defused), "-3");
        assert_eq!(csv_cell("-3+2", Formulas::Defused), "\"'-3+2\"");
        assert_eq!(
            markdown("<img src=x onerror=y>"),
            "&lt;img src=x onerror=y&gt;"
        );
        assert_eq!(markdown("[a](http://b)|"), "\\[a\\](http&#58;//b)\\|");
        assert_eq!(plain("a\u{1b}[31mb"), "a\u{fffd}[31mb");
    }
}
