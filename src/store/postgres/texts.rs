//! The statements that PostgreSQL does in one where other databases need several. The rest is in [`sql`](crate::store::sql).

use crate::store::sql::Sql;

use super::{StoreError, StoreErrorKind};

macro_rules! own {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        /// The texts with their schema in them.
        #[derive(Clone, Debug)]
        pub(super) struct Own {
            $($(#[$doc])* pub(super) $name: String,)*
            /// A statement, and the same guarded.
            guarded: Vec<(String, String)>,
        }

        impl Own {
            pub(super) fn render(sql: &Sql) -> Own {
                Own { $($name: sql.migration(&$text),)* guarded: guarded(sql) }
            }

            pub(super) fn all(&self) -> Vec<&str> {
                let guarded = self.guarded.iter().map(|(_, text)| text.as_str());
                [$(self.$name.as_str()),*].into_iter().chain(guarded).collect()
            }
        }
    };
}

/// Every zone-data version once, each found in the index after the one before.
const ZONES: &str = "WITH RECURSIVE zone (v) AS ((SELECT min(zone_data) FROM {t}streams) UNION ALL \
    SELECT (SELECT min(s.zone_data) FROM {t}streams s WHERE s.zone_data > zone.v) FROM zone WHERE zone.v IS NOT NULL)";

/// What is due under zone data $1 at $2, and all under others; at most $3 of each. Newer processes look after the kinds that only they
/// know.
const DUE: &str = "FROM zone CROSS JOIN LATERAL (SELECT s.tenant, s.kind, s.id, s.wake_at FROM {t}streams s \
    WHERE s.zone_data = zone.v AND s.kind <= {last_kind} AND s.wake_at <= CASE WHEN zone.v = $1 THEN $2 ELSE 9223372036854775807 END";

/// Leaves out what others hold at $2, and what the process $4 held until after $5 and did not sweep: that is for others, one lease of $6
/// long. Where it held it for its zone data alone and that is made good, its wake-up is news.
const FREE: &str = "AND NOT EXISTS (SELECT FROM {t}sweeps l WHERE l.tenant = s.tenant AND l.kind = s.kind AND l.id = s.id \
    AND l.wake_at = s.wake_at AND CASE WHEN l.holder <> $4 THEN l.held_until > $2 ELSE l.held_until <= $2 \
    AND l.held_until > $5 AND (s.zone_data <> $1 OR l.wake_at <= l.held_until - $6) END)";

/// What the process $2 would find at $1 that is due by its instant, on a lease of $3 which began after $4 and nobody holds.
const WITHIN: &str = "SELECT FROM zone CROSS JOIN LATERAL (SELECT FROM {t}streams s \
    WHERE s.zone_data = zone.v AND s.kind <= {last_kind} AND s.wake_at <= $1 AND NOT EXISTS (SELECT FROM {t}sweeps l \
    WHERE l.tenant = s.tenant AND l.kind = s.kind AND l.id = s.id AND l.wake_at = s.wake_at \
    AND CASE WHEN l.holder <> $2 THEN l.held_until > $1 \
    ELSE l.held_until <= $1 AND l.held_until > $4 AND l.wake_at <= l.held_until - $3 END) LIMIT 100";

own! {
    /// What is due under zone data $1 at $2, and a row of nulls where there are wake-ups under others: then [`Own::due`] knows.
    due_here = "(SELECT tenant, kind, id, wake_at FROM {t}streams WHERE zone_data = $1 AND wake_at <= $2 \
        AND kind <= {last_kind} ORDER BY zone_data, wake_at, tenant, kind, id LIMIT $3) UNION ALL SELECT NULL, NULL, NULL, NULL \
        WHERE (SELECT min(zone_data) FROM {t}streams) < $1 OR (SELECT max(zone_data) FROM {t}streams) > $1";
    due = format!("{ZONES} SELECT d.tenant, d.kind, d.id, d.wake_at {DUE} \
        ORDER BY s.zone_data, s.wake_at, s.tenant, s.kind, s.id LIMIT $3) d \
        ORDER BY d.wake_at, d.tenant, d.kind, d.id LIMIT $3");
    /// The same for the sweepers of the process $4, which hold nothing by asking. What is just being written is passed over, as it is
    /// where it is taken.
    peek_due = format!("{ZONES} SELECT d.tenant, d.kind, d.id, d.wake_at {DUE} {FREE} \
        ORDER BY s.zone_data, s.wake_at, s.tenant, s.kind, s.id LIMIT $3 FOR SHARE OF s SKIP LOCKED) d \
        ORDER BY d.wake_at, d.tenant, d.kind, d.id LIMIT $3");
    /// The same, held until $7, or as long as it is held already. Two that ask at the same instant skip each other's rows.
    take_due = format!("{ZONES}, free AS MATERIALIZED (SELECT d.tenant, d.kind, d.id, d.wake_at {DUE} {FREE} \
        ORDER BY s.zone_data, s.wake_at, s.tenant, s.kind, s.id LIMIT $3 FOR UPDATE OF s SKIP LOCKED) d \
        ORDER BY d.wake_at, d.tenant, d.kind, d.id LIMIT $3) \
        INSERT INTO {{t}}sweeps AS l (tenant, kind, id, wake_at, held_until, holder) \
        SELECT tenant, kind, id, wake_at, $7, $4 FROM free ON CONFLICT (tenant, kind, id) DO UPDATE \
        SET wake_at = excluded.wake_at, holder = excluded.holder, held_until = CASE WHEN l.holder = excluded.holder \
        AND l.wake_at = excluded.wake_at AND l.held_until > $2 THEN least(l.held_until, excluded.held_until) \
        ELSE excluded.held_until END \
        WHERE l.holder = excluded.holder OR l.wake_at <> excluded.wake_at OR l.held_until <= $2 RETURNING tenant, kind, id, wake_at");
    /// What was held until $3, a lease ago, and what the process $1 holds that is not due any more at $2 under zone data $4. What another
    /// one is just releasing or taking is left to it, so that nobody waits.
    release_due = "DELETE FROM {t}sweeps WHERE (tenant, kind, id) IN (SELECT l.tenant, l.kind, l.id FROM {t}sweeps l \
        WHERE l.held_until <= $3 OR l.holder = $1 AND NOT EXISTS (SELECT FROM {t}streams s \
        WHERE s.tenant = l.tenant AND s.kind = l.kind AND s.id = l.id AND s.wake_at = l.wake_at \
        AND (s.wake_at <= $2 OR s.zone_data <> $4)) FOR UPDATE OF l SKIP LOCKED)";
    next_wake = format!("{ZONES} SELECT min(n.wake_at) FROM zone CROSS JOIN LATERAL (SELECT min(s.wake_at) AS wake_at \
        FROM {{t}}streams s WHERE s.zone_data = zone.v AND s.wake_at > $1) n");
    /// The same for the process $2: what another one holds counts from the end of its lease, and what it held itself until $1 or before
    /// from the end of the lease $3 after that; $4 is as long before $1. What is due and just being written, or being taken, is passed
    /// over by who asks what is due: it counts from a second later.
    next_free_wake = format!("{ZONES} SELECT min(a.wake_at) FROM (SELECT n.wake_at FROM zone CROSS JOIN LATERAL \
        (SELECT s.wake_at FROM {{t}}streams s WHERE s.zone_data = zone.v AND s.wake_at > $1 \
        AND NOT EXISTS (SELECT FROM {{t}}sweeps l WHERE l.tenant = s.tenant AND l.kind = s.kind AND l.id = s.id \
        AND l.wake_at = s.wake_at AND l.holder <> $2 AND l.held_until > s.wake_at) ORDER BY s.wake_at LIMIT 1) n \
        UNION ALL SELECT min(CASE WHEN l.holder <> $2 THEN l.held_until \
        ELSE least(l.held_until, 9223372036854775807 - $3::bigint) + $3::bigint END) \
        FROM {{t}}sweeps l JOIN {{t}}streams s ON l.tenant = s.tenant AND l.kind = s.kind AND l.id = s.id \
        AND l.wake_at = s.wake_at WHERE CASE WHEN l.holder <> $2 THEN l.held_until > $1 \
        ELSE l.held_until <= $1 AND l.held_until > $4 END \
        UNION ALL SELECT $1 + 1000000 WHERE (SELECT count(*) FROM ({WITHIN}) d) due) \
        > (SELECT count(*) FROM ({WITHIN} FOR SHARE OF s SKIP LOCKED) d) free)) a");
    /// The events of several streams, each with its stream's place in the request, counted from 1.
    several_whole = "SELECT e.version, e.schema, e.body, NULL::bigint, w.n \
        FROM unnest($2::bigint[], $3::uuid[]) WITH ORDINALITY AS w (kind, id, n) CROSS JOIN LATERAL \
        (SELECT version, schema, body FROM {t}events WHERE tenant = $1 AND kind = w.kind AND id = w.id OFFSET 0) e \
        ORDER BY n, version";
    /// The same after the snapshot of the fold $4 and the schema $5, where there is one. Only a snapshot has a fold.
    several = "WITH wanted AS MATERIALIZED (SELECT w.n, w.kind, w.id, s.version, s.schema, s.body, s.fold \
        FROM unnest($2::bigint[], $3::uuid[]) WITH ORDINALITY AS w (kind, id, n) LEFT JOIN {t}snapshots s \
        ON s.tenant = $1 AND s.kind = w.kind AND s.id = w.id AND s.fold = $4 AND s.schema = $5) \
        SELECT version, schema, body, fold, n FROM wanted WHERE fold IS NOT NULL UNION ALL \
        SELECT e.version, e.schema, e.body, NULL, w.n FROM wanted w CROSS JOIN LATERAL (SELECT version, schema, body FROM {t}events \
        WHERE tenant = $1 AND kind = w.kind AND id = w.id AND version > coalesce(w.version, 0) OFFSET 0) e ORDER BY n, version";
    /// Several events of one stream.
    add_events = "INSERT INTO {t}events (tenant, kind, id, version, schema, body) \
        SELECT $1, $2, $3, e.version, $4, e.body FROM unnest($5::bigint[], $6::text[]) AS e (version, body)";
    /// Several texts, of which none has the id of another.
    keep_contents = "INSERT INTO {t}contents (tenant, id, about, schema, body) \
        SELECT $1, c.id, c.about, $2, c.body FROM unnest($3::uuid[], $4::uuid[], $5::text[]) AS c (id, about, body) \
        ON CONFLICT (tenant, id) DO UPDATE SET about = excluded.about, schema = excluded.schema, body = excluded.body";
    /// Several messages of a tenant.
    send_all = "INSERT INTO {t}outbox (id, tenant, free_at, attempts, schema, body) \
        SELECT m.id, $1, m.free_at, m.attempts, $2, m.body \
        FROM unnest($3::uuid[], $4::bigint[], $5::bigint[], $6::text[]) AS m (id, free_at, attempts, body) ON CONFLICT (id) DO NOTHING";
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

/// The statements that must touch a row, each with one that does the same and fails where it does not: dividing one by how many
/// rows it touched. So the end of a transaction can be sent along, and the server undoes what nobody had looked at yet.
fn guarded(sql: &Sql) -> Vec<(String, String)> {
    let texts = &sql.texts;
    let must = [
        &texts.begin_stream,
        &texts.move_stream,
        &texts.extend_stream,
        &texts.claim_key,
        &texts.remember,
    ];
    let guard = |text: &String| {
        let guarded =
            format!("WITH touched AS ({text} RETURNING 1) SELECT 1 / count(*) FROM touched");
        (text.clone(), guarded)
    };
    must.into_iter().map(guard).collect()
}

impl Own {
    /// The guarded form of a statement that must touch a row.
    pub(super) fn guarded(&self, text: &str) -> Result<&str, StoreError> {
        let found = self.guarded.iter().find(|(plain, _)| plain == text);
        found.map(|(_, guarded)| guarded.as_str()).ok_or_else(|| {
            let what = format!("nothing tells whether this touches a row: `{text}`");
            StoreError::new(StoreErrorKind::Other, what)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Name, TenantId, TicketId};
    use crate::store::sql::Expect;
    use crate::store::{
        Commit, IdempotencyKey, IdempotencyRecord, Part, Stamp, StreamId, UniqueKey, Wake,
    };
    use crate::ticket::Version;

    /// Whatever a commit has that must touch a row is guarded; whatever need not is no refusal.
    #[test]
    fn what_must_touch_a_row_is_guarded() {
        let tenant = TenantId::SINGLE;
        let stream = |name: &str| StreamId::ticket(tenant, TicketId::named(name));
        let at = chrono::DateTime::UNIX_EPOCH;
        let wake = Wake {
            at: None,
            stamp: Stamp {
                rulebook: crate::id::RulebookId::named("r"),
                zone_data: "z".into(),
            },
        };
        let parts = vec![
            Part::check(stream("new"), Version(0)),
            Part::check(stream("checked"), Version(1)),
            Part::check(stream("woken"), Version(1)).wake(wake),
        ];
        let mut commit = Commit::new(tenant, at, parts);
        commit.unique = vec![(
            UniqueKey::number(tenant, crate::id::TicketNumber(1)),
            stream("new").id,
        )];
        let key = Name::new("k").unwrap();
        commit.idempotency = Some(IdempotencyRecord {
            key: IdempotencyKey {
                tenant,
                actor: crate::Actor::System,
                key,
            },
            at,
            fingerprint: uuid::Uuid::nil(),
            stream: stream("new"),
            after: Version(0),
            until: Version(0),
        });
        commit.number = Some(crate::id::TicketNumber(1));
        let sql = Sql::postgres("s").unwrap();
        let own = Own::render(&sql);
        let statements = sql.commit(&commit).unwrap();
        let must: Vec<_> = statements
            .iter()
            .filter(|one| one.expect != Expect::Any)
            .collect();
        assert_eq!((must.len(), statements.len()), (5, 6));
        for one in must {
            assert!(own.guarded(one.sql).unwrap().contains(one.sql));
        }
        let number = statements
            .iter()
            .find(|one| one.expect == Expect::Any)
            .unwrap();
        assert!(own.guarded(number.sql).is_err());
    }
}
