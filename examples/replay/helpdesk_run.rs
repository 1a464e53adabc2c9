//! The run over the conversations of a help desk: read, import, store, count.

use std::io::Write;

use chrono::{DateTime, Utc};
use helpdesk::id::Name;
use helpdesk::kpi::{Dimension, Fact, Kpi, Names, Report};
use helpdesk::replay::{Anomalies, import};
use helpdesk::report::Overview;
use helpdesk::store::MemoryStore;
use helpdesk::{Desk, Rulebook, TenantId};

use crate::args::Conversations;
use crate::helpdesk_figures::{About, figures};
use crate::log_rules::office;
use crate::{Failure, helpdesk_log, helpdesk_reviews, helpdesk_show, page};

pub(crate) fn run(options: &Conversations, out: &mut dyn Write) -> Result<(), Failure> {
    let office = office(&options.hours, &options.zone, options.holidays.as_deref())?;
    let rulebook = Rulebook::draft()
        .calendar(Name::new("office")?, office.clone())
        .quality(helpdesk_reviews::rules()?)
        .build()?;
    let automatic = options.automatic.iter().cloned().collect();
    let log = helpdesk_log::read(&options.utterances, &options.snapshot, &automatic)?;

    let desk = Desk::new(MemoryStore::new(), rulebook.clone());
    let tenant = desk.tenant(TenantId::SINGLE);
    let mut anomalies = Anomalies::default();
    let mut until = DateTime::<Utc>::MIN_UTC;
    let mut tickets = Vec::with_capacity(log.histories.len());
    for history in &log.histories {
        let imported = import(history, &rulebook, TenantId::SINGLE);
        anomalies.merge(imported.anomalies());
        until = until.max(imported.ticket().last_event_at());
        tenant.import(&imported)?;
        tickets.push(tenant.ticket(history.ticket)?);
    }
    helpdesk_reviews::review(&desk, &log.turns)?;
    let mut facts = Vec::new();
    tenant.facts(&mut |rows| facts.push(rows.to_vec()))?;

    if let Some(file) = &options.html {
        let names = log
            .agents
            .iter()
            .fold(Names::default(), |names, (id, name)| {
                names.name(id.uuid(), name.as_str())
            });
        let page = overview(&facts, until)?.page("Conversations of a help desk", &names)?;
        page::write(file, page)?;
    }
    let about = About {
        by_role: log.messages,
        anomalies,
        turns: log.turns,
        reviews: helpdesk_reviews::reviewed(&desk)?,
        agents: log.agents,
    };
    let figures = figures(&tickets, &facts, about, &office)?;
    if options.json {
        serde_json::to_writer_pretty(&mut *out, &figures).map_err(std::io::Error::from)?;
        Ok(writeln!(out)?)
    } else {
        helpdesk_show::conversations(out, &figures, options)
    }
}

fn overview(facts: &[Vec<Fact>], until: DateTime<Utc>) -> Result<Overview, Failure> {
    let mut overview =
        Overview::new(&Report::standard(), until).compare(Dimension::Agent, Kpi::AgentTransfers);
    for rows in facts {
        overview.add(rows)?;
    }
    Ok(overview)
}
