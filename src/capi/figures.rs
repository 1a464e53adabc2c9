//! Figures of what stands beside tickets, as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::desk::Effect;
use crate::id::{ArticleId, Name};
use crate::kpi::{ArticleUse, Kpi, KpiReport, Ratio, SelfServiceTally, Trend};
use crate::self_service::Ending;

/// How many invitations to a survey were answered.
#[derive(Serialize)]
pub(super) struct Surveyed<'a> {
    survey: &'a Name,
    answered: Ratio,
}

impl<'a> Surveyed<'a> {
    pub(super) fn of((survey, answered): (&'a Name, Ratio)) -> Surveyed<'a> {
        Surveyed { survey, answered }
    }
}

/// What self-service spared the desk.
#[derive(Serialize)]
pub(super) struct Spared<'a> {
    /// How many visits ended in each way.
    endings: BTreeMap<Ending, u64>,
    score: Ratio,
    confirmed: Ratio,
    searches_without_result: Ratio,
    articles: &'a BTreeMap<ArticleId, ArticleUse>,
}

impl<'a> Spared<'a> {
    pub(super) fn of(tally: &'a SelfServiceTally) -> Spared<'a> {
        Spared {
            endings: Ending::ALL
                .map(|ending| (ending, tally.ended(ending)))
                .into(),
            score: tally.score(),
            confirmed: tally.confirmed(),
            searches_without_result: tally.searches_without_result(),
            articles: tally.articles(),
        }
    }
}

/// What became of the KPI that an action was to move.
#[derive(Serialize)]
pub(super) struct Moved<'a> {
    kpi: Kpi,
    trend: Trend,
    before: &'a KpiReport,
    after: &'a KpiReport,
}

impl<'a> Moved<'a> {
    pub(super) fn of(effect: &'a Effect) -> Moved<'a> {
        Moved {
            kpi: effect.kpi,
            trend: effect.trend,
            before: effect.compared.before(),
            after: effect.compared.now(),
        }
    }
}
