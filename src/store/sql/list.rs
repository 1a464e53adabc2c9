//! The query behind a page of a list. Its text depends on what the filter asks for, so that an index can serve it.

use crate::id::TenantId;
use crate::store::{Filter, Page};

use super::write::{priority_text, stage_text, standing_text};
use super::{Sql, Value, schema};

impl Sql {
    /// The query, which answers the schema, the list row and the id of each ticket, and its parameters.
    pub(in crate::store) fn list(
        &self,
        tenant: TenantId,
        filter: &Filter,
        page: &Page,
    ) -> (String, Vec<Value>) {
        let mut query = Query {
            text: "SELECT s.schema, s.listing, s.id FROM {t}tickets t JOIN {t}streams s \
                ON s.tenant = t.tenant AND s.kind = 1 AND s.id = t.id WHERE t.tenant = $1"
                .to_owned(),
            params: vec![tenant.uuid().into()],
        };
        if let Some(after) = page.after {
            let after = i64::try_from(after.0).unwrap_or(i64::MAX);
            let than = if page.newest_first { "<" } else { ">" };
            query.and(&format!("t.number {than}"), after.into());
        }
        if !filter.stages.is_empty() && filter.stages.iter().all(|stage| stage.is_backlog()) {
            query.text.push_str(" AND t.is_open = 1");
        }
        query.one_of(
            "t.stage",
            filter.stages.iter().map(|stage| standing_text(*stage)),
        );
        if filter.stages.iter().any(|stage| stage.is_backlog()) {
            query.one_of("s.stage", filter.stages.iter().map(|s| stage_text(*s)));
        }
        query.one_of(
            "t.priority",
            filter.priorities.iter().map(|p| priority_text(*p)),
        );
        query.equal(
            "t.team",
            filter.team.map(|team| team.map(|id| id.uuid().into())),
        );
        query.equal(
            "t.agent",
            filter.agent.map(|agent| agent.map(|id| id.uuid().into())),
        );
        query.equal(
            "t.requester",
            filter.requester.map(|id| Some(id.uuid().into())),
        );
        let kind = filter.kind.as_ref();
        query.equal(
            "t.type",
            kind.map(|kind| kind.as_ref().map(|kind| kind.to_string().into())),
        );
        let order = if page.newest_first { "DESC" } else { "ASC" };
        query.params.push(super::limit(page.limit).into());
        let limit = query.params.len();
        query
            .text
            .push_str(&format!(" ORDER BY t.number {order} LIMIT ${limit}"));
        let text = schema::render(self.dialect, &self.namespace, &query.text);
        (text, query.params)
    }
}

struct Query {
    text: String,
    params: Vec<Value>,
}

impl Query {
    fn and(&mut self, what: &str, value: Value) {
        self.params.push(value);
        let n = self.params.len();
        self.text.push_str(&format!(" AND {what} ${n}"));
    }

    fn equal(&mut self, column: &str, wanted: Option<Option<Value>>) {
        match wanted {
            None => {}
            Some(None) => self.text.push_str(&format!(" AND {column} IS NULL")),
            Some(Some(value)) => self.and(&format!("{column} ="), value),
        }
    }

    /// The texts are this crate's own words.
    fn one_of(&mut self, column: &str, words: impl Iterator<Item = &'static str>) {
        let mut words: Vec<_> = words.map(|word| format!("'{word}'")).collect();
        words.dedup();
        if !words.is_empty() {
            let list = words.join(", ");
            self.text.push_str(&format!(" AND {column} IN ({list})"));
        }
    }
}
