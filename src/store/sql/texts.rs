//! Every statement, once. Tables are `{t}name`, parameters are `$1`; the dialect's spelling is put in when they are made.

use super::Dialect;
use super::schema::render;

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// The statements of one dialect.
        #[derive(Clone, Debug)]
        #[cfg_attr(not(any(feature = "postgres", feature = "sqlite")), allow(dead_code))] // those that only read are for adapters
        pub(in crate::store) struct Texts {
            $($(#[$doc])* pub(in crate::store) $name: String,)*
        }

        impl Texts {
            pub(super) fn render(dialect: Dialect, namespace: &str) -> Texts {
                Texts { $($name: render(dialect, namespace, $text),)* }
            }

            /// All of them: an adapter prepares each when it opens, and so finds out whether the tables are as they should be.
            #[cfg(any(feature = "postgres", feature = "sqlite"))]
            pub(in crate::store) fn all(&self) -> Vec<&str> {
                vec![$(&self.$name),*]
            }
        }
    };
}

texts! {
    // What a commit writes.
    /// The schema beside the KPI rows and the list row is theirs: it stays where neither comes, and a desk writes both or neither.
    ///
    /// A stream that stands at 0, with whatever the part carries; $4 is its version now.
    begin_stream = "INSERT INTO {t}streams AS s (tenant, kind, id, version, wake_at, rulebook, zone_data, schema, facts, listing, stage) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (tenant, kind, id) DO UPDATE SET \
        version = excluded.version, wake_at = coalesce(excluded.wake_at, s.wake_at), \
        rulebook = coalesce(excluded.rulebook, s.rulebook), zone_data = coalesce(excluded.zone_data, s.zone_data), \
        facts = coalesce(excluded.facts, s.facts), listing = coalesce(excluded.listing, s.listing), \
        stage = coalesce(excluded.stage, s.stage), \
        schema = CASE WHEN excluded.facts IS NULL AND excluded.listing IS NULL THEN s.schema ELSE excluded.schema END \
        WHERE s.version = 0";
    /// A stream that stands at $12, with a wake-up.
    move_stream = "UPDATE {t}streams SET version = $4, wake_at = $5, rulebook = $6, zone_data = $7, \
        facts = coalesce($9, facts), listing = coalesce($10, listing), stage = coalesce($11, stage), \
        schema = CASE WHEN $9 IS NULL AND $10 IS NULL THEN schema ELSE $8 END \
        WHERE tenant = $1 AND kind = $2 AND id = $3 AND version = $12";
    /// A stream that stands at $9, whose wake-up is left as it was.
    extend_stream = "UPDATE {t}streams SET version = $4, facts = coalesce($6, facts), \
        listing = coalesce($7, listing), stage = coalesce($8, stage), \
        schema = CASE WHEN $6 IS NULL AND $7 IS NULL THEN schema ELSE $5 END \
        WHERE tenant = $1 AND kind = $2 AND id = $3 AND version = $9";
    add_event = "INSERT INTO {t}events (tenant, kind, id, version, schema, body) VALUES ($1, $2, $3, $4, $5, $6)";
    keep_snapshot = "INSERT INTO {t}snapshots (tenant, kind, id, version, fold, schema, body) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant, kind, id) DO UPDATE SET version = excluded.version, \
        fold = excluded.fold, schema = excluded.schema, body = excluded.body";
    /// Written only where it changes what lists filter by: the exact stage of an open ticket stands with its stream. A ticket's number and
    /// requester never change.
    list_ticket = "INSERT INTO {t}tickets AS t (tenant, number, id, is_open, stage, priority, type, team, agent, requester) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (tenant, number) DO UPDATE SET \
        is_open = excluded.is_open, stage = excluded.stage, priority = excluded.priority, type = excluded.type, \
        team = excluded.team, agent = excluded.agent \
        WHERE t.is_open <> excluded.is_open OR t.stage <> excluded.stage OR t.priority <> excluded.priority \
        OR t.type IS DISTINCT FROM excluded.type OR t.team IS DISTINCT FROM excluded.team \
        OR t.agent IS DISTINCT FROM excluded.agent";
    keep_content = "INSERT INTO {t}contents (tenant, id, about, schema, body) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (tenant, id) DO UPDATE SET about = excluded.about, schema = excluded.schema, body = excluded.body";
    /// A text whose id nobody has. Where there is one it writes nothing.
    add_content = "INSERT INTO {t}contents (tenant, id, about, schema, body) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (tenant, id) DO NOTHING";
    erase_content = "{erase} WHERE tenant = $1 AND id = $2{is_kept}";
    erase_person = "{erase} WHERE tenant = $1 AND about = $2{is_kept}";
    release_keys = "DELETE FROM {t}unique_keys WHERE tenant = $1 AND owner = $2";
    free_key = "DELETE FROM {t}unique_keys WHERE tenant = $1 AND key = $2 AND owner = $3";
    move_keys = "UPDATE {t}unique_keys SET owner = $3 WHERE tenant = $1 AND owner = $2";
    claim_key = "INSERT INTO {t}unique_keys AS k (tenant, key, owner) VALUES ($1, $2, $3) \
        ON CONFLICT (tenant, key) DO UPDATE SET owner = excluded.owner WHERE k.owner = excluded.owner";
    remember = "INSERT INTO {t}idempotency (tenant, actor, key, used_at, schema, body) VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT (tenant, actor, key) DO NOTHING";
    use_number = "INSERT INTO {t}numbers AS n (tenant, last) VALUES ($1, $2) \
        ON CONFLICT (tenant) DO UPDATE SET last = excluded.last WHERE n.last < excluded.last";
    send = "INSERT INTO {t}outbox (id, tenant, free_at, attempts, schema, body) VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT (id) DO NOTHING";

    // What a load reads.
    events = "SELECT version, schema, body FROM {t}events WHERE tenant = $1 AND kind = $2 AND id = $3 \
        AND version > $4 ORDER BY version";
    /// The snapshot of the fold $4 and the schema $5, where there is one, and the events after it; else all. Only a snapshot has a fold.
    since = "SELECT version, schema, body, fold FROM {t}snapshots WHERE tenant = $1 AND kind = $2 AND id = $3 \
        AND fold = $4 AND schema = $5 UNION ALL SELECT version, schema, body, NULL FROM {t}events \
        WHERE tenant = $1 AND kind = $2 AND id = $3 AND version > coalesce((SELECT version FROM {t}snapshots \
        WHERE tenant = $1 AND kind = $2 AND id = $3 AND fold = $4 AND schema = $5), 0) ORDER BY version";
    owner = "SELECT owner FROM {t}unique_keys WHERE tenant = $1 AND key = $2";
    remembered = "SELECT schema, body FROM {t}idempotency WHERE tenant = $1 AND actor = $2 AND key = $3";
    last_number = "SELECT last FROM {t}numbers WHERE tenant = $1";

    // What is due. Every zone-data version is a range of its own. Newer processes look after the kinds that only they know.
    next_zone_data = "SELECT min(zone_data) FROM {t}streams WHERE zone_data >= $1";
    due = "SELECT tenant, kind, id, wake_at FROM {t}streams WHERE zone_data = $1 AND wake_at <= $2 \
        AND kind <= {last_kind} ORDER BY zone_data, wake_at, tenant, kind, id LIMIT $3";
    /// Whether there are wake-ups under other zone data.
    other_zone_data = "SELECT EXISTS (SELECT 1 FROM {t}streams WHERE zone_data < $1) \
        OR EXISTS (SELECT 1 FROM {t}streams WHERE zone_data > $1)";
    next_wake = "SELECT min(wake_at) FROM {t}streams WHERE zone_data = $1 AND wake_at > $2";

    // Rows and texts.
    facts = "SELECT id, schema, facts FROM {t}streams WHERE tenant = $1 AND kind = 1 AND id >= $2 \
        AND facts IS NOT NULL ORDER BY id LIMIT $3";
    streams = "SELECT id FROM {t}streams WHERE tenant = $1 AND kind = $2 AND id >= $3 \
        AND version > 0 ORDER BY id LIMIT $4";
    content = "SELECT schema, body FROM {t}contents WHERE tenant = $1 AND id = $2{is_kept}";

    // The outbox. Messages of a newer schema are left to newer processes.
    free_messages = "SELECT id, attempts, schema, body FROM {t}outbox WHERE free_at <= $1 AND schema <= $2 \
        ORDER BY free_at, id LIMIT $3";
    hold = "UPDATE {t}outbox SET free_at = $2, attempts = attempts + 1 WHERE id = $1";
    postpone = "UPDATE {t}outbox SET free_at = $2 WHERE id = $1";
    acknowledge = "DELETE FROM {t}outbox WHERE id = $1";
    next_delivery = "SELECT free_at FROM {t}outbox WHERE schema <= $1 ORDER BY free_at, id LIMIT 1";

    prune_keys = "DELETE FROM {t}idempotency WHERE tenant = $1 AND used_at < $2";
    /// A stream whose events are not as many as its version says, or not without gap.
    torn_stream = "SELECT s.id FROM {t}streams s LEFT JOIN (SELECT tenant, kind, id, count(*) AS n, max(version) AS top \
        FROM {t}events GROUP BY tenant, kind, id) e ON e.tenant = s.tenant AND e.kind = s.kind AND e.id = s.id \
        WHERE s.version <> coalesce(e.n, 0) OR s.version <> coalesce(e.top, 0) LIMIT 1";
    /// An event of a stream that is not there.
    lost_event = "SELECT e.id FROM {t}events e LEFT JOIN {t}streams s \
        ON s.tenant = e.tenant AND s.kind = e.kind AND s.id = e.id WHERE s.id IS NULL LIMIT 1";
}
