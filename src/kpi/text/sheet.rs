//! Tables with labels, columns that stand to the right, and remarks; on a terminal and in Markdown.

use std::fmt;

use super::escape::{markdown, plain};

/// A report in tables.
#[derive(Default)]
pub(crate) struct Sheet {
    pub(crate) title: String,
    pub(crate) about: Vec<String>,
    pub(crate) sections: Vec<Section>,
}

/// One table.
pub(crate) struct Section {
    pub(crate) title: String,
    /// What stands under the title.
    pub(crate) remark: Option<String>,
    /// The names of the columns after the first; none where they need no name.
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

/// One line of a table: a label, columns that stand to the right, and a remark.
pub(crate) struct Row {
    pub(crate) label: String,
    pub(crate) cells: Vec<String>,
    pub(crate) note: String,
}

impl Section {
    pub(crate) fn new(title: &str, rows: Vec<Row>) -> Section {
        Section {
            title: title.to_owned(),
            remark: None,
            header: Vec::new(),
            rows,
        }
    }

    pub(crate) fn with_header<const N: usize>(self, header: [&str; N]) -> Section {
        let header = header.map(str::to_owned).to_vec();
        Section { header, ..self }
    }
}

impl Row {
    pub(crate) fn new(label: &str, cells: impl Into<Vec<String>>, note: String) -> Row {
        Row {
            label: label.to_owned(),
            cells: cells.into(),
            note,
        }
    }

    /// Adds a remark about `n` of something, if there are any.
    pub(crate) fn say(&mut self, n: u64, what: &str) {
        if n > 0 {
            let gap = if self.note.is_empty() { "" } else { "; " };
            let n = super::words::grouped(n);
            self.note.push_str(&format!("{gap}{n} {what}"));
        }
    }
}

impl Sheet {
    /// In columns, for a terminal. Whatever could move the cursor is made visible.
    pub(crate) fn plain(&self, out: &mut impl fmt::Write) -> fmt::Result {
        writeln!(out, "{}", plain(&self.title))?;
        for line in &self.about {
            writeln!(out, "{}", plain(line))?;
        }
        for section in &self.sections {
            writeln!(out, "\n{}", plain(&section.title))?;
            if let Some(remark) = &section.remark {
                writeln!(out, "  {}", plain(remark))?;
            }
            section.plain(out)?;
        }
        Ok(())
    }

    /// In Markdown with tables. Whatever Markdown or HTML would read is escaped.
    pub(crate) fn markdown(&self, out: &mut impl fmt::Write) -> fmt::Result {
        writeln!(out, "# {}", markdown(&self.title))?;
        for line in &self.about {
            writeln!(out, "\n{}", markdown(line))?;
        }
        for section in &self.sections {
            writeln!(out, "\n## {}\n", markdown(&section.title))?;
            if let Some(remark) = &section.remark {
                writeln!(out, "{}\n", markdown(remark))?;
            }
            section.markdown(out)?;
        }
        Ok(())
    }
}

impl Section {
    fn columns(&self) -> usize {
        let longest = self.rows.iter().map(|row| row.cells.len()).max();
        longest.unwrap_or(0).max(self.header.len())
    }

    fn plain(&self, out: &mut impl fmt::Write) -> fmt::Result {
        let header =
            (!self.header.is_empty()).then(|| Row::new("", self.header.clone(), String::new()));
        table(out, header.iter().chain(&self.rows))
    }

    fn markdown(&self, out: &mut impl fmt::Write) -> fmt::Result {
        let columns = self.columns();
        let has_notes = self.rows.iter().any(|row| !row.note.is_empty());
        let line = |out: &mut dyn fmt::Write, label: &str, cells: &[String], note: &str| {
            write!(out, "| {} |", markdown(label.trim_start()))?;
            for i in 0..columns {
                let cell = cells.get(i).map_or("", String::as_str);
                write!(out, " {} |", markdown(cell))?;
            }
            if has_notes {
                write!(out, " {} |", markdown(note))?;
            }
            writeln!(out)
        };
        line(out, "", &self.header, "")?;
        let last = if has_notes { "---|" } else { "" };
        writeln!(out, "|---|{}{last}", "--:|".repeat(columns))?;
        for row in &self.rows {
            line(out, &row.label, &row.cells, &row.note)?;
        }
        Ok(())
    }
}

/// Rows in columns, for a terminal.
pub(crate) fn table<'a>(
    out: &mut impl fmt::Write,
    rows: impl IntoIterator<Item = &'a Row>,
) -> fmt::Result {
    let rows: Vec<&Row> = rows.into_iter().collect();
    let width = |text: &String| plain(text).chars().count();
    let label = rows.iter().map(|row| width(&row.label)).max().unwrap_or(0);
    let columns = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    let widest = |i| {
        let cells = rows.iter().filter_map(|row| row.cells.get(i));
        cells.map(width).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    for row in rows {
        let mut line = format!("  {:label$}", plain(&row.label));
        for (cell, wide) in row.cells.iter().zip(&widths) {
            line.push_str(&format!("  {:>wide$}", plain(cell)));
        }
        if !row.note.is_empty() {
            line.push_str(&format!("  {}", plain(&row.note)));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
