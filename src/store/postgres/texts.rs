//! The statements that PostgreSQL does in one where other databases need several. The rest is in [`sql`](crate::store::sql).

use crate::store::sql::Sql;

macro_rules! own {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        /// The texts with their schema in them.
        #[derive(Clone, Debug)]
        pub(super) struct Own {
            $($(#[$doc])* pub(super) $name: String,)*
        }

        impl Own {
            pub(super) fn render(sql: &Sql) -> Own {
                Own { $($name: sql.migration(&$text),)* }
            }

            pub(super) fn all(&self) -> Vec<&str> {
                vec![$(&self.$name),*]
            }
        }
    };
}

/// Every zone-data version once, each found in the index after the one before.
const ZONES: &str = "WITH RECURSIVE zone (v) AS ((SELECT min(zone_data) FROM {t}streams) UNION ALL \
    SELECT (SELECT min(s.zone_data) FROM {t}streams s WHERE s.zone_data > zone.v) FROM zone WHERE zone.v IS NOT NULL)";

/// What is due under zone data $1 at $2, and all under others; at most $3 of each.
const DUE: &str = "FROM zone CROSS JOIN LATERAL (SELECT s.tenant, s.kind, s.id, s.wake_at FROM {t}streams s \
    WHERE s.zone_data = zone.v AND s.wake_at <= CASE WHEN zone.v = $1 THEN $2 ELSE 9223372036854775807 END";

own! {
    due = format!("{ZONES} SELECT d.tenant, d.kind, d.id, d.wake_at {DUE} \
        ORDER BY s.zone_data, s.wake_at, s.tenant, s.kind, s.id LIMIT $3) d \
        ORDER BY d.wake_at, d.tenant, d.kind, d.id LIMIT $3");
    /// The same for the sweepers of the process $5: what another one holds is left out, and what it gets is held until $4.
    /// Two that ask at the same instant skip each other's rows.
    take_due = format!("{ZONES}, free AS MATERIALIZED (SELECT d.tenant, d.kind, d.id, d.wake_at {DUE} \
        AND NOT EXISTS (SELECT FROM {{t}}sweeps l WHERE l.tenant = s.tenant AND l.kind = s.kind AND l.id = s.id \
        AND l.wake_at = s.wake_at AND l.held_until > $2 AND l.holder <> $5) \
        ORDER BY s.zone_data, s.wake_at, s.tenant, s.kind, s.id LIMIT $3 FOR UPDATE OF s SKIP LOCKED) d \
        ORDER BY d.wake_at, d.tenant, d.kind, d.id LIMIT $3) \
        INSERT INTO {{t}}sweeps AS l (tenant, kind, id, wake_at, held_until, holder) \
        SELECT tenant, kind, id, wake_at, $4, $5 FROM free ON CONFLICT (tenant, kind, id) DO UPDATE \
        SET wake_at = excluded.wake_at, held_until = excluded.held_until, holder = excluded.holder \
        WHERE l.holder = excluded.holder OR l.wake_at <> excluded.wake_at OR l.held_until <= $2 RETURNING tenant, kind, id, wake_at");
    /// What the process $1 held, and what was held until $2.
    release_due = "DELETE FROM {t}sweeps WHERE holder = $1 OR held_until <= $2";
    next_wake = format!("{ZONES} SELECT min(n.wake_at) FROM zone CROSS JOIN LATERAL (SELECT min(s.wake_at) AS wake_at \
        FROM {{t}}streams s WHERE s.zone_data = zone.v AND s.wake_at > $1) n");
    /// The same for the process $2: what another one holds counts from the end of its lease.
    next_free_wake = format!("{ZONES} SELECT min(a.wake_at) FROM (SELECT n.wake_at FROM zone CROSS JOIN LATERAL \
        (SELECT s.wake_at FROM {{t}}streams s WHERE s.zone_data = zone.v AND s.wake_at > $1 \
        AND NOT EXISTS (SELECT FROM {{t}}sweeps l WHERE l.tenant = s.tenant AND l.kind = s.kind AND l.id = s.id \
        AND l.wake_at = s.wake_at AND l.holder <> $2) ORDER BY s.wake_at LIMIT 1) n \
        UNION ALL SELECT min(l.held_until) FROM {{t}}sweeps l JOIN {{t}}streams s ON l.tenant = s.tenant \
        AND l.kind = s.kind AND l.id = s.id AND l.wake_at = s.wake_at WHERE l.holder <> $2 AND l.held_until > $1) a");
    /// The snapshot of the fold $4 and the schema $5, where there is one, and the events after it; else all. Only a snapshot has a fold.
    since = "SELECT version, schema, body, fold FROM {t}snapshots WHERE tenant = $1 AND kind = $2 AND id = $3 \
        AND fold = $4 AND schema = $5 UNION ALL SELECT version, schema, body, NULL FROM {t}events \
        WHERE tenant = $1 AND kind = $2 AND id = $3 AND version > coalesce((SELECT version FROM {t}snapshots \
        WHERE tenant = $1 AND kind = $2 AND id = $3 AND fold = $4 AND schema = $5), 0) ORDER BY version";
    /// The same for several streams, each with its place in the request, counted from 1.
    several = "WITH wanted AS MATERIALIZED (SELECT w.n, w.kind, w.id, s.version, s.schema, s.body, s.fold \
        FROM unnest($2::bigint[], $3::uuid[]) WITH ORDINALITY AS w (kind, id, n) LEFT JOIN {t}snapshots s \
        ON s.tenant = $1 AND s.kind = w.kind AND s.id = w.id AND s.fold = $4 AND s.schema = $5) \
        SELECT version, schema, body, fold, n FROM wanted WHERE fold IS NOT NULL UNION ALL \
        SELECT e.version, e.schema, e.body, NULL, w.n FROM wanted w CROSS JOIN LATERAL (SELECT version, schema, body FROM {t}events \
        WHERE tenant = $1 AND kind = w.kind AND id = w.id AND version > coalesce(w.version, 0) OFFSET 0) e ORDER BY n, version";
    /// Several events of one stream.
    add_events = "INSERT INTO {t}events (tenant, kind, id, version, schema, body) \
        SELECT $1, $2, $3, e.version, $4, e.body FROM unnest($5::bigint[], $6::text[]) AS e (version, body)";
    owners = "SELECT key, owner FROM {t}unique_keys WHERE tenant = $1 AND key = ANY($2)";
    contents = "SELECT id, schema, body FROM {t}contents WHERE tenant = $1 AND id = ANY($2)";
    /// What others are just claiming is theirs.
    claim = "WITH free AS MATERIALIZED (SELECT id, free_at FROM {t}outbox WHERE free_at <= $1 AND schema <= $2 \
        ORDER BY free_at, id LIMIT $3 FOR UPDATE SKIP LOCKED) \
        UPDATE {t}outbox o SET free_at = $4, attempts = o.attempts + 1 FROM free WHERE o.id = free.id \
        RETURNING o.id, o.attempts - 1, o.schema, o.body, free.free_at";
    acknowledge = "DELETE FROM {t}outbox WHERE id = ANY($1)";
    postpone = "UPDATE {t}outbox SET free_at = $2 WHERE id = ANY($1)";
}
