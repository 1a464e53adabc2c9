"""A small story, from a calendar to a host with storage of its own. The clients in C, Node and Go print the same bytes."""

import json
import sqlite3
from datetime import datetime, timedelta
from uuid import UUID

import helpdesk as hd

RULES = {
    "calendars": {"office": {"hours": {"zone": "Europe/Berlin", "hours": "Mon-Fri 09:00-17:30"}}},
    "calendar": "office",
    "policies": [
        {"name": "urgent", "when": {"priority": ["urgent"]}, "targets": {"first_response": "30min"}},
        {"name": "standard", "targets": {"first_response": "4h", "total_resolution": "2 business days"}},
    ],
    "escalations": [
        {
            "name": "late",
            "trigger": {"clock": {"metric": "total_resolution"}},
            "levels": [{"name": "soon", "at": "50 %", "actions": [{"notify": {"role": "duty manager"}}]}],
        }
    ],
}
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def shown(instant: "datetime | None") -> str:
    return "-" if instant is None else hd.instant_text(instant)


def by_kim(now: datetime, n: int) -> hd.Call:
    """Who says something, and when: the agent Kim, with a call id of its own so that nothing is random."""
    return hd.Call.agent("kim", now, id=UUID(int=n))


def show_outcome(what: str, outcome: hd.Outcome) -> None:
    print(f"{what} {outcome.ticket} #{outcome.number} version {outcome.version} events {outcome.events} wake {shown(outcome.wake_at)}")


def calendars() -> None:
    with hd.Calendar.parse("Mon-Fri 09:00-17:30", "Europe/Amsterdam") as office:
        asked = at("2026-03-05T16:15:00+00:00")
        due = office.add(asked, 4 * HOUR)
        print(f"due {shown(due)} elapsed {office.elapsed(asked, due) // timedelta(microseconds=1)}")


def tickets(desk: hd.Desk, rules: hd.Rulebook) -> None:
    now, later = at("2026-03-05T09:00:00+00:00"), at("2026-03-10T12:00:00+00:00")
    opened = desk.open(by_kim(now, 1), "Printer on fire", address="ann@example.com")
    show_outcome("opened", opened)
    ticket = opened.ticket

    now += HOUR
    show_outcome("replied", desk.reply(by_kim(now, 2), ticket, "Which floor? \u260e"))
    now += HOUR
    call = by_kim(now, 3)
    desk.note(call, ticket, "calm")
    show_outcome("waits", desk.pend(call, ticket, hd.Pending.CUSTOMER))
    reading = desk.reading(ticket, hd.Metric.FIRST_RESPONSE, now)
    print(f"reading {reading.state:d} {reading.verdict:d} {reading.elapsed // timedelta(microseconds=1)} {shown(reading.due)}")

    now += HOUR
    request = {"submit": {"ticket": str(ticket), "command": {"changes": [{"add_tag": "vip"}], "step": "resume"}}}
    print("done", desk.do_json(by_kim(now, 4), request))
    try:
        desk.do(by_kim(now, 4), request)
    except hd.HelpdeskError as error:
        print(f"refused {error.status} {error.kind} {error.code}\n{error.message}\n{error.detail_json}")

    swept = desk.sweep(later, 100)
    print("swept", swept.tickets, swept.events, swept.chains_ended, swept.failed, int(swept.more))
    claimed = desk.claim_json(later, HOUR, 10)
    print("claimed", claimed)
    desk.acknowledge([UUID(message["id"]) for message in json.loads(claimed)][:1])
    print("nap until", shown(desk.nap(later)))

    clock = {"agreement": "sla", "metric": "total_resolution"}
    print("ledger", desk.ask_json(later, {"ledger": {"ticket": str(ticket), "clock": clock}}))
    print("readings", desk.ask_json(later, {"readings": {"ticket": str(ticket)}}))
    print("list", desk.ask_json(later, {"list": {"page": {"after": None, "newest_first": True, "limit": 10}}}))

    with hd.Tally.empty(later) as part:
        part.add_desk(desk)
        raw = bytes(part)
        print(f"tally of {len(raw)} bytes")
        with hd.Tally.from_bytes(raw) as whole:
            whole.merge(part)
            print("figures of both", whole.report_json())

    with hd.Rulebook.starter() as starter, hd.WhatIf.of(rules, starter, later) as what_if:
        what_if.add_desk(desk)
        print("what if", what_if.difference_json())

    history = {
        "ticket": "018f3c1e-7a00-7000-8000-000000000007",
        "number": 7,
        "opened": {"at": "2026-03-05T09:00:00Z", "requester": "018f3c1e-7a00-7000-8000-000000000008"},
        "rows": [
            {"at": "2026-03-05T10:00:00Z", "says": [{"status": {"to": "resolved"}}]},
            {"at": "2026-03-05T09:50:00Z", "says": [{"status": {"to": "open"}}]},
        ],
    }
    print("imported", desk.import_json(history))


class Rows:
    """A database of the host's own: tickets live in its transactions, and the library never sees it."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.executescript("""
            CREATE TABLE events (stream TEXT, version INTEGER, event TEXT, PRIMARY KEY (stream, version));
            CREATE TABLE owners (key TEXT PRIMARY KEY, owner TEXT);
            CREATE TABLE numbers (last INTEGER);
            INSERT INTO numbers VALUES (0);
        """)

    def events(self, stream: dict) -> list:
        rows = self.db.execute("SELECT event FROM events WHERE stream = ? ORDER BY version", (json.dumps(stream),))
        return [json.loads(event) for (event,) in rows]

    def load(self, wanted: dict) -> dict:
        owner = lambda key: self.db.execute("SELECT owner FROM owners WHERE key = ?", (key,)).fetchone()
        loaded = {
            "streams": [{"events": self.events(stream)} for stream in wanted["streams"]],
            "owners": [found and found[0] for found in map(owner, wanted["owners"])],
        }
        if wanted["number"]:
            loaded["number"] = self.db.execute("UPDATE numbers SET last = last + 1 RETURNING last").fetchone()[0]
        return loaded

    def commit(self, commit: dict) -> bool:
        """All of it or nothing; a stream that stands elsewhere is a conflict, and so is a key that another owns."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            for part in commit["parts"]:
                stream = json.dumps(part["stream"])
                (version,) = self.db.execute("SELECT count(*) FROM events WHERE stream = ?", (stream,)).fetchone()
                if version != part["expected"]:
                    raise sqlite3.IntegrityError("it stands elsewhere")
                for event in part["events"]:
                    self.db.execute("INSERT INTO events VALUES (?, ?, ?)", (stream, event["version"], json.dumps(event)))
            for key, owner in commit["unique"]:
                self.db.execute("INSERT OR IGNORE INTO owners VALUES (?, ?)", (key, owner))
                if self.db.execute("SELECT owner FROM owners WHERE key = ?", (key,)).fetchone() != (owner,):
                    raise sqlite3.IntegrityError("the key is another's")
        except sqlite3.IntegrityError:
            self.db.execute("ROLLBACK")
            return False
        self.db.execute("COMMIT")
        return True


def own_storage(books: hd.Rulebooks) -> None:
    rows, now = Rows(), at("2026-03-05T09:00:00+00:00")
    request: dict = {"open": {"subject": "No network", "requester": {"address": "bob@example.com"}}}
    done: dict = {}
    for step in range(2):
        with hd.Operation.of(books, by_kim(now, 20 + step), request) as operation:
            for need, said in operation:
                if need == "load":
                    operation.loaded(rows.load(said))
                else:
                    operation.committed(rows.commit(said))
            text = operation.finish_json()
        print("own", text)
        done = json.loads(text)
        request = {"submit": {"ticket": done["ticket"], "command": {"message": {"body": "Try again"}}}}
        now += HOUR
    stream = {"tenant": str(UUID(int=0)), "kind": "ticket", "id": done["ticket"]}
    with hd.Ticket.replay(books, rows.events(stream)) as ticket:
        print("own wakes at", shown(ticket.wake_at()))


def main() -> None:
    calendars()
    with hd.Rulebook.of(RULES) as rules:
        print("lint", rules.lint_json())
        with hd.Rulebooks.of(rules) as books, hd.Desk.in_memory(books) as desk:
            tickets(desk, rules)
            own_storage(books)


if __name__ == "__main__":
    main()
