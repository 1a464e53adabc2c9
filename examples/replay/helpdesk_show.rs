//! The figures of a help desk's log in tables for people.

use std::io::Write;

use crate::Failure;
use crate::args::Conversations;
use crate::helpdesk_figures::{Figures, Means};
use crate::show::{cells, lengthy, table};

pub(crate) fn conversations(
    out: &mut dyn Write,
    figures: &Figures,
    options: &Conversations,
) -> Result<(), Failure> {
    writeln!(
        out,
        "{} tickets, {} messages, {} turns, {} transfers ({} tickets)",
        figures.tickets,
        figures.messages.total,
        figures.turns,
        figures.transfers,
        figures.tickets_transferred
    )?;
    writeln!(
        out,
        "Business time: {} in {}\n",
        options.hours, options.zone
    )?;

    let mut written = table(["messages of", "public", "internal"]);
    for (role, n) in &figures.messages.by_role {
        let role = format!("{role:?}").to_lowercase();
        written.add_row(cells([
            &role,
            &n.public.to_string(),
            &n.private.to_string(),
        ]));
    }
    writeln!(out, "{written}\n")?;

    let mut times = table([
        "first public reply",
        "n",
        "mean",
        "p50",
        "p90",
        "p95",
        "p99",
        "max",
    ]);
    for (by, replies) in [
        ("of anybody but the reporter", &figures.first_public_reply),
        ("of the desk", &figures.first_public_reply_by_desk),
    ] {
        for (what, ways) in [
            ("automatic ones too", &replies.with_automatic),
            ("persons alone", &replies.without_automatic),
        ] {
            times.add_row(lengthy(&format!("{by}, {what}"), &ways.calendar));
            times.add_row(lengthy("  in business time", &ways.business));
        }
    }
    writeln!(out, "{times}\n")?;
    writeln!(
        out,
        "Never answered by a person: {} tickets; by somebody of the desk: {}\n",
        figures.never_answered_by_a_person, figures.never_answered_by_the_desk
    )?;

    let heads = [
        "marks, 1 to 5",
        "turns",
        "answered",
        "Q1",
        "Q2",
        "Q3",
        "all",
    ];
    let mut scores = table(heads);
    let all = ("all turns", &figures.scores);
    let by_agent = figures.by_agent.iter();
    for (who, score) in [all]
        .into_iter()
        .chain(by_agent.map(|(name, score)| (name.as_str(), score)))
    {
        let means = shown(&score.without_zeros);
        let [q1, q2, q3, mean] = means.each_ref().map(String::as_str);
        let (n, answered) = (score.n.to_string(), score.n_answered.to_string());
        scores.add_row(cells([who, &n, &answered, q1, q2, q3, mean]));
    }
    writeln!(out, "{scores}\n")?;
    writeln!(
        out,
        "Means are of answered questions; {} of {} turns have none. With their zeros the mean of all is {}.",
        figures.scores.n - figures.scores.n_answered,
        figures.scores.n,
        shown(&figures.scores.with_zeros)[3]
    )?;
    for (kind, count) in figures.anomalies.iter() {
        writeln!(out, "{count} x {}", kind.as_str().replace('_', " "))?;
    }
    Ok(())
}

fn shown(means: &Means) -> [String; 4] {
    let all = [
        means.accuracy,
        means.thoroughness,
        means.client_relations,
        means.mean,
    ];
    all.map(|mean| mean.map_or(String::new(), |mean| format!("{mean:.2}")))
}
