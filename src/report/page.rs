//! The page: a title, sections, and in each a table, a chart or both.

use std::fmt::Write;

use crate::kpi::{self, GroupReport, Kpi, KpiReport, Names};

use super::chart::Chart;
use super::escape::html;

const STYLE: &str = include_str!("style.css");

/// A page in the making. Every text given to it is escaped when it is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    title: String,
    about: Vec<String>,
    sections: Vec<Section>,
}

/// A part of a page, under a title of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    title: String,
    remark: Option<String>,
    chart: Option<Chart>,
    table: Option<Table>,
    is_folded: bool,
}

/// A table. The first cell of a row names it; one that begins with two spaces is part of the row above.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Line>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Line {
    label: String,
    cells: Vec<String>,
    note: String,
}

impl Page {
    /// An empty page.
    pub fn new(title: impl Into<String>) -> Page {
        Page {
            title: title.into(),
            ..Page::default()
        }
    }

    /// A page with the tables of a report, but for the days of its backlog: those are better seen in
    /// [`chart::backlog`](super::chart::backlog).
    pub fn of(title: impl Into<String>, report: &KpiReport) -> Page {
        let sheet = kpi::figures(report);
        let mut page = Page::new(title).about(sheet.title);
        page.about.extend(sheet.about);
        page.sections.extend(sheet.sections.into_iter().map(of));
        page
    }

    /// With one more line under the title.
    #[must_use]
    pub fn about(mut self, line: impl Into<String>) -> Page {
        self.about.push(line.into());
        self
    }

    /// With one more section.
    #[must_use]
    pub fn section(mut self, section: Section) -> Page {
        self.sections.push(section);
        self
    }

    /// The page as HTML.
    pub fn to_html(&self) -> String {
        let mut out = String::with_capacity(64 * 1024);
        let _ = self.write(&mut out); // writing to a string does not fail
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let title = html(&self.title);
        out.push_str("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n");
        out.push_str("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n");
        out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
        out.push_str("<meta name=\"color-scheme\" content=\"light dark\"/>\n");
        writeln!(out, "<title>{title}</title>")?;
        writeln!(out, "<style>\n{STYLE}{}</style>", super::chart::style())?;
        writeln!(out, "</head>\n<body>\n<main>\n<h1>{title}</h1>")?;
        for line in &self.about {
            writeln!(out, "<p class=\"about\">{}</p>", html(line))?;
        }
        for section in &self.sections {
            section.write(out)?;
        }
        out.push_str("</main>\n</body>\n</html>\n");
        Ok(())
    }
}

impl Section {
    /// An empty section.
    pub fn new(title: impl Into<String>) -> Section {
        Section {
            title: title.into(),
            ..Section::default()
        }
    }

    /// The table of a grouped report: some usual figures of each group, or those of `kpis` if there are any.
    pub fn groups(
        title: impl Into<String>,
        report: &GroupReport,
        kpis: &[Kpi],
        names: &Names,
    ) -> Section {
        let sheet = kpi::grouped_figures(report, kpis, names);
        let mut section = sheet
            .sections
            .into_iter()
            .next()
            .map_or_else(Section::default, of);
        section.title = title.into();
        // The first line says what the whole report is about, which the page says already.
        let remarks: Vec<_> = sheet.about.into_iter().skip(1).collect();
        section.remark = Some(remarks.join(". ")).filter(|remark| !remark.is_empty());
        section
    }

    /// With a sentence under the title.
    #[must_use]
    pub fn remark(self, remark: impl Into<String>) -> Section {
        Section {
            remark: Some(remark.into()),
            ..self
        }
    }

    /// With a chart.
    #[must_use]
    pub fn chart(self, chart: Chart) -> Section {
        Section {
            chart: Some(chart),
            ..self
        }
    }

    /// With a table.
    #[must_use]
    pub fn table(self, table: Table) -> Section {
        Section {
            table: Some(table),
            ..self
        }
    }

    /// With the table folded away until somebody opens it.
    #[must_use]
    pub fn folded(self) -> Section {
        Section {
            is_folded: true,
            ..self
        }
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let title = html(&self.title);
        writeln!(out, "<section>\n<h2>{title}</h2>")?;
        if let Some(remark) = &self.remark {
            writeln!(out, "<p class=\"remark\">{}</p>", html(remark))?;
        }
        if let Some(chart) = &self.chart {
            chart.write(out)?;
        }
        if let Some(table) = &self.table {
            let (open, close) = match self.is_folded {
                true => (
                    "<details>\n<summary>The same in numbers</summary>\n",
                    "</details>\n",
                ),
                false => ("", ""),
            };
            out.push_str(open);
            writeln!(
                out,
                "<div class=\"box\" role=\"region\" tabindex=\"0\" aria-label=\"{title}\">"
            )?;
            table.write(out)?;
            writeln!(out, "</div>")?;
            out.push_str(close);
        }
        writeln!(out, "</section>")
    }
}

impl Table {
    /// A table without a row. `header` names the columns after the first.
    pub fn new(header: impl IntoIterator<Item = impl Into<String>>) -> Table {
        Table {
            header: header.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
        }
    }

    /// With one more row.
    #[must_use]
    pub fn row(
        mut self,
        label: impl Into<String>,
        cells: impl IntoIterator<Item = impl Into<String>>,
    ) -> Table {
        self.rows.push(Line {
            label: label.into(),
            cells: cells.into_iter().map(Into::into).collect(),
            note: String::new(),
        });
        self
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let longest = self.rows.iter().map(|row| row.cells.len()).max();
        let columns = longest.unwrap_or(0).max(self.header.len());
        let has_notes = self.rows.iter().any(|row| !row.note.is_empty());
        let class = if self.header.is_empty() {
            " class=\"plain\""
        } else {
            ""
        };
        writeln!(out, "<table{class}>")?;
        if !self.header.is_empty() {
            out.push_str("<thead>\n<tr><td></td>");
            for i in 0..columns {
                let name = self.header.get(i).map_or("", String::as_str);
                write!(out, "<th scope=\"col\">{}</th>", html(name))?;
            }
            out.push_str(if has_notes { "<td></td>" } else { "" });
            out.push_str("</tr>\n</thead>\n");
        }
        out.push_str("<tbody>\n");
        for row in &self.rows {
            let class = if row.label.starts_with("  ") {
                " class=\"under\""
            } else {
                ""
            };
            write!(
                out,
                "<tr><th scope=\"row\"{class}>{}</th>",
                html(row.label.trim_start())
            )?;
            for i in 0..columns {
                let cell = row.cells.get(i).map_or("", String::as_str);
                write!(out, "<td>{}</td>", html(cell))?;
            }
            if has_notes {
                write!(out, "<td class=\"note\">{}</td>", html(&row.note))?;
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</tbody>\n</table>\n");
        Ok(())
    }
}

/// A section of the text form.
fn of(section: kpi::Section) -> Section {
    let line = |row: kpi::Row| Line {
        label: row.label,
        cells: row.cells,
        note: row.note,
    };
    Section {
        title: section.title,
        remark: section.remark,
        table: Some(Table {
            header: section.header,
            rows: section.rows.into_iter().map(line).collect(),
        }),
        ..Section::default()
    }
}
