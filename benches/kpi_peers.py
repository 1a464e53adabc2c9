#!/usr/bin/env python3
"""The report over a fact table against DuckDB and Polars, on the same tickets, in turns.

    cargo bench --bench kpi --no-run            # prints the path of the program
    python3 -m venv venv && venv/bin/pip install duckdb polars pyarrow numpy
    venv/bin/python benches/kpi_peers.py PROGRAM [--tickets 1000000] [--threads 1 2] [--rounds 5] [--dir DIR]

The program draws the tickets, keeps them as a fact table and writes them for the peers as one narrow table with a row for each
ticket: agents and channels as small numbers, instants and lengths as whole microseconds. That spares the peers what the fact
table does itself (several rows of a ticket, business time, clocks of any scope). Each side is a process of its own with the data
in memory. Every round runs ours, DuckDB's and Polars' report once each, one after another; medians are printed. Every figure of
DuckDB's and Polars' is compared with ours, group by group; percentiles are exact everywhere. Of the ways to say it to a peer, the
fastest of the first round is kept. Extra memory: the peak during the reports above what the process held with its table loaded.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

NONE = -(2**63)
DAY = 86_400_000_000
AS_OF, WITHIN = 365 * DAY, 7 * DAY
PERCENTILES = [0.5, 0.9, 0.95, 0.99]


def memory(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name))


def forget_peak():
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")


def columns(directory):
    """The columns as an Arrow table, with nulls where there is no value."""
    import numpy
    import pyarrow

    none = {"first_response": NONE, "first_resolved": NONE, "reopened": NONE, "resolved": NONE, "csat": 0, "nps": 255}
    table = {}
    for name in os.listdir(directory):
        column, kind = name.split(".")
        values = numpy.fromfile(os.path.join(directory, name), dtype="<" + kind)
        mask = values == none[column] if column in none else None
        if column == "open":
            values = values.astype(bool)
        table[column] = pyarrow.array(values, mask=mask)
    return pyarrow.table(table)


class DuckDb:
    """SQL in memory. Ways: a query for each division, or one with grouping sets."""

    ways = ["three queries", "grouping sets"]

    def __init__(self, directory, threads):
        import duckdb

        self.db = duckdb.connect()
        self.db.execute(f"SET threads = {threads}")
        arrow = columns(directory)
        self.db.register("arrow", arrow)
        self.db.execute("CREATE TABLE t AS SELECT * FROM arrow")
        self.db.unregister("arrow")
        mature = f"first_resolved <= {AS_OF - WITHIN}"
        failed = f"{mature} AND reopened <= first_resolved + {WITHIN}"
        cells = [
            "count(*)",
            "count(*) FILTER (resolved IS NOT NULL AND NOT open)",
            "count(resolved)",
            f"count(*) FILTER ({mature})",
            f"count(*) FILTER ({failed})",
            f"count(*) FILTER ({mature} AND NOT coalesce({failed}, false) AND replies <= 1 AND follow_ups = 0)",
            "count(csat)",
            "count(*) FILTER (csat >= 4)",
            "count(nps)",
            "count(*) FILTER (nps >= 9)",
            "count(*) FILTER (nps <= 6)",
        ]
        for length in ["first_response", "resolved - created"]:
            cells += [f"count({length})", f"sum({length})", f"quantile_disc({length}, {PERCENTILES})"]
        self.cells = ", ".join(cells)

    def run(self, way):
        if way == "grouping sets":
            rows = self.db.execute(
                f"SELECT agent, channel, {self.cells} FROM t GROUP BY GROUPING SETS ((), (agent), (channel))"
            ).fetchall()
            found = {"all": [], "agent": [], "channel": []}
            for agent, channel, *cells in rows:
                name = "agent" if agent is not None else "channel" if channel is not None else "all"
                found[name].append((agent if agent is not None else channel, cells))
            return {name: [cells for _, cells in sorted(rows)] for name, rows in found.items()}
        found = {"all": self.db.execute(f"SELECT {self.cells} FROM t").fetchall()}
        for key in ["agent", "channel"]:
            rows = self.db.execute(f"SELECT {key}, {self.cells} FROM t GROUP BY {key} ORDER BY {key}").fetchall()
            found[key] = [row[1:] for row in rows]
        return found


class Polars:
    """Lazy frames in memory. Ways: either engine."""

    ways = ["in-memory", "streaming"]

    def __init__(self, directory, threads):
        os.environ["POLARS_MAX_THREADS"] = str(threads)
        import polars

        self.pl = pl = polars
        self.frame = polars.from_arrow(columns(directory), rechunk=True)
        c = pl.col
        mature = c("first_resolved") <= AS_OF - WITHIN
        failed = mature & (c("reopened") <= c("first_resolved") + WITHIN)
        self.cells = [
            pl.len(),
            (c("resolved").is_not_null() & ~c("open")).sum(),
            c("resolved").count(),
            mature.sum(),
            failed.sum(),
            (mature & ~failed.fill_null(False) & (c("replies") <= 1) & (c("follow_ups") == 0)).sum(),
            c("csat").count(),
            (c("csat") >= 4).sum(),
            c("nps").count(),
            (c("nps") >= 9).sum(),
            (c("nps") <= 6).sum(),
        ]
        for length in [c("first_response"), c("resolved") - c("created")]:
            self.cells += [length.count(), length.sum()]
            self.cells += [length.quantile(p, "equiprobable") for p in PERCENTILES]
        self.cells = [cell.alias(str(i)) for i, cell in enumerate(self.cells)]

    def run(self, way):
        lazy = self.frame.lazy()
        frames = self.pl.collect_all(
            [lazy.select(self.cells)] + [lazy.group_by(key).agg(self.cells) for key in ["agent", "channel"]],
            engine=way,
        )
        found = {"all": frames[0].rows()}
        for key, frame in zip(["agent", "channel"], frames[1:]):
            found[key] = [row[1:] for row in frame.sort(key).rows()]
        return found


PEERS = {"DuckDB": DuckDb, "Polars": Polars}


def serve(peer, directory, threads):
    """Answers each line `run WAY` with the seconds, the memory before and the peak; `figures WAY` with the figures."""
    peer = PEERS[peer](directory, threads)
    print("ready", memory("VmRSS"), flush=True)
    for line in sys.stdin:
        what, way = line.strip().split(" ", 1)
        if what == "run":
            forget_peak()
            start = time.perf_counter()
            peer.run(way)
            print(time.perf_counter() - start, memory("VmRSS"), memory("VmHWM"), flush=True)
        else:
            whole = lambda cells: [int(cell or 0) for cell in flat(cells)]
            print(json.dumps({key: [whole(row) for row in rows] for key, rows in peer.run(way).items()}), flush=True)


def flat(cells):
    for cell in cells:
        yield from cell if isinstance(cell, (list, tuple)) else [cell]


class Side:
    """A process that makes reports when told."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.loaded = int(self.process.stdout.readline().split()[1])
        self.seconds, self.peak = [], 0

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def run(self, what):
        seconds, _, peak = self.ask(f"run {what}").split()
        self.peak = max(self.peak, int(peak) - self.loaded)
        return float(seconds)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def differences(ours, theirs):
    n = 0
    for key in ["all", "agent", "channel"]:
        assert len(ours[key]) == len(theirs[key]), key
        for mine, other in zip(ours[key], theirs[key]):
            assert len(mine) == len(other)
            n += sum(a != b for a, b in zip(mine, other))
    return n


def main():
    said = argparse.ArgumentParser()
    said.add_argument("program")
    said.add_argument("--tickets", type=int, default=1_000_000)
    said.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    said.add_argument("--rounds", type=int, default=5)
    said.add_argument("--shuffled", action="store_true", help="tickets in any order, not in that of their creation")
    said.add_argument("--dir")
    said.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    said = said.parse_args()
    if said.serve:
        return serve(said.program, said.serve[0], int(said.serve[1]))

    directory = said.dir or tempfile.mkdtemp(prefix="kpi-")
    print(f"{said.tickets} tickets; medians of {said.rounds} rounds in turns")
    for threads in said.threads:
        order = ["--shuffled"] if said.shuffled else []
        ours = Side([said.program, "--bench", "--tickets", str(said.tickets), "--serve", directory, *order])
        own = [sys.executable, os.path.abspath(__file__)]
        sides = {name: Side(own + [name, "--serve", directory, str(threads)]) for name in PEERS}
        figures = json.loads(ours.ask("figures"))
        ways = {}
        for name, side in sides.items():
            tried = {way: side.run(way) for way in PEERS[name].ways}
            ways[name] = min(tried, key=tried.get)
            wrong = differences(figures, json.loads(side.ask(f"figures {ways[name]}")))
            print(f"  {name}: {ways[name]}; {wrong} figures differ from ours")
            side.peak = 0
        ours.run(threads)
        for _ in range(said.rounds):
            ours.seconds.append(ours.run(threads))
            for name, side in sides.items():
                side.seconds.append(side.run(ways[name]))
        mine = statistics.median(ours.seconds)
        print(f"  {threads} thread(s)  ours {mine * 1e3:8.1f} ms, {ours.peak / 1024:6.1f} MB extra")
        for name, side in sides.items():
            ratio = [theirs / own for theirs, own in zip(side.seconds, ours.seconds)]
            median = statistics.median(side.seconds)
            print(
                f"              {name:8} {median * 1e3:8.1f} ms, {side.peak / 1024:6.1f} MB extra: {median / mine:5.1f}x"
                f" (pairs {min(ratio):.1f} to {max(ratio):.1f}), {side.peak / max(ours.peak, 1):.1f}x the memory"
            )
        for side in [ours, *sides.values()]:
            side.end()


if __name__ == "__main__":
    main()
