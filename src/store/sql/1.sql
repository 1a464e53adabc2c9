CREATE TABLE {t}streams (
    tenant {uuid} NOT NULL,
    kind {integer} NOT NULL,
    id {uuid} NOT NULL,
    version {integer} NOT NULL,
    wake_at {integer},
    rulebook {uuid},
    zone_data {text},
    schema {integer} NOT NULL,
    facts {text},
    listing {text},
    PRIMARY KEY (tenant, kind, id)
) {heap};
CREATE INDEX {i}streams_due ON {t}streams (zone_data, wake_at, tenant, kind, id) WHERE zone_data IS NOT NULL;

CREATE TABLE {t}events (
    tenant {uuid} NOT NULL,
    kind {integer} NOT NULL,
    id {uuid} NOT NULL,
    version {integer} NOT NULL,
    schema {integer} NOT NULL,
    body {text} NOT NULL,
    PRIMARY KEY (tenant, kind, id, version)
) {clustered};

CREATE TABLE {t}snapshots (
    tenant {uuid} NOT NULL,
    kind {integer} NOT NULL,
    id {uuid} NOT NULL,
    version {integer} NOT NULL,
    fold {integer} NOT NULL,
    schema {integer} NOT NULL,
    body {text} NOT NULL,
    PRIMARY KEY (tenant, kind, id)
) {heap};

CREATE TABLE {t}tickets (
    tenant {uuid} NOT NULL,
    number {integer} NOT NULL,
    id {uuid} NOT NULL,
    is_open {integer} NOT NULL,
    stage {text} NOT NULL,
    priority {text} NOT NULL,
    type {text},
    team {uuid},
    agent {uuid},
    requester {uuid} NOT NULL,
    PRIMARY KEY (tenant, number)
) {clustered};
CREATE INDEX {i}tickets_open ON {t}tickets (tenant, number) WHERE is_open = 1;
CREATE INDEX {i}tickets_team ON {t}tickets (tenant, team, number) WHERE team IS NOT NULL;
CREATE INDEX {i}tickets_agent ON {t}tickets (tenant, agent, number) WHERE agent IS NOT NULL;
CREATE INDEX {i}tickets_requester ON {t}tickets (tenant, requester, number);

CREATE TABLE {t}contents (
    tenant {uuid} NOT NULL,
    id {uuid} NOT NULL,
    about {uuid},
    schema {integer} NOT NULL,
    body {text} NOT NULL,
    PRIMARY KEY (tenant, id)
) {heap};
CREATE INDEX {i}contents_about ON {t}contents (tenant, about) WHERE about IS NOT NULL;

CREATE TABLE {t}unique_keys (
    tenant {uuid} NOT NULL,
    key {uuid} NOT NULL,
    owner {uuid} NOT NULL,
    PRIMARY KEY (tenant, key)
) {clustered};

CREATE TABLE {t}idempotency (
    tenant {uuid} NOT NULL,
    actor {text} NOT NULL,
    key {text} NOT NULL,
    used_at {integer} NOT NULL,
    schema {integer} NOT NULL,
    body {text} NOT NULL,
    PRIMARY KEY (tenant, actor, key)
) {clustered};
CREATE INDEX {i}idempotency_age ON {t}idempotency (tenant, used_at);

CREATE TABLE {t}outbox (
    id {uuid} NOT NULL PRIMARY KEY,
    tenant {uuid} NOT NULL,
    free_at {integer} NOT NULL,
    attempts {integer} NOT NULL,
    schema {integer} NOT NULL,
    body {text} NOT NULL
) {clustered};
CREATE INDEX {i}outbox_free ON {t}outbox (free_at, id);

CREATE TABLE {t}numbers (
    tenant {uuid} NOT NULL PRIMARY KEY,
    last {integer} NOT NULL
) {clustered};
