#!/usr/bin/env python3
"""Counts the figures of the help-desk log once more, straight from its two files and without the library.

    tests/helpdesk_log.py UTTERANCES.csv.gz SNAPSHOT.csv.gz > tests/helpdesk_log.json

What it prints is what tests/helpdesk_log.rs expects of `replay -- helpdesk ... --automatic 4ggo,z2w_x --json`.
Business time is Monday to Friday, 09:00 to 17:00, UTC. Percentiles are nearest ranks.
"""

import csv
import gzip
import json
import sys
from collections import defaultdict
from datetime import datetime, timedelta, timezone

AUTOMATIC = {"4ggo", "z2w_x"}


def rows(path):
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def business(begin, end):
    total, day = timedelta(), begin.date()
    while day <= end.date():
        if day.weekday() < 5:
            opens = datetime(day.year, day.month, day.day, 9, tzinfo=timezone.utc)
            total += max(timedelta(), min(end, opens + timedelta(hours=8)) - max(begin, opens))
        day += timedelta(days=1)
    return total


def lengthy(spans):
    spans = sorted(int(span.total_seconds()) for span in spans)
    ranks = {f"p{p}_s": spans[-(-p * len(spans) // 100) - 1] if spans else None for p in (50, 90, 95, 99)}
    return {"n": len(spans), "sum_s": sum(spans), **ranks, "max_s": spans[-1] if spans else None}


def means(turns, least):
    marks = [[int(turn[q]) for turn in turns if int(turn[q]) >= least] for q in ("Q1", "Q2", "Q3")]
    every = [mark for question in marks for mark in question]
    mean = lambda values: sum(values) / len(values) if values else None
    return {"Q1": mean(marks[0]), "Q2": mean(marks[1]), "Q3": mean(marks[2]), "mean": mean(every)}


def scores(turns):
    answered = sum(any(turn[q] != "0" for q in ("Q1", "Q2", "Q3")) for turn in turns)
    return {"n": len(turns), "n_answered": answered, "with_zeros": means(turns, 0), "without_zeros": means(turns, 1)}


def main(utterances, snapshot):
    messages = defaultdict(dict)
    for row in rows(utterances):
        messages[int(float(row["issueid"]))].setdefault(int(row["comment_seq"]), row)
    turns, ticket = defaultdict(list), None
    for row in rows(snapshot):
        ticket = int(row["id"]) if row["id"] else ticket
        turns[ticket].append(row)
    every_turn = [turn for of_ticket in turns.values() for turn in of_ticket]
    every_message = [message for of_ticket in messages.values() for message in of_ticket.values()]

    desk = {turn["assignee"] for turn in every_turn if turn["assignee"]}
    for message in every_message:
        at_desk = message["author_role"] == "others" and message["is_private"] == "1.0"
        if message["author_role"] == "assignee" or at_desk:
            desk.add(message["author"].strip())

    roles = defaultdict(lambda: {"public": 0, "private": 0})
    for message in every_message:
        roles[message["author_role"]]["private" if message["is_private"] == "1.0" else "public"] += 1

    def reply(ticket, by_desk, automatic):
        begin = None
        for place, message in sorted(messages[ticket].items()):
            at = datetime.fromisoformat(message["created"])
            begin = begin or at
            author = message["author"].strip()
            if place == 0 or message["is_private"] == "1.0":
                continue
            if author in AUTOMATIC:
                counts = automatic
            elif message["author_role"] == "reporter":
                counts = False
            else:
                counts = not by_desk or message["author_role"] == "assignee" or author in desk
            if counts:
                return begin, at
        return None

    def replies(by_desk):
        result = {}
        for name, automatic in (("with_automatic", True), ("without_automatic", False)):
            found = [reply(ticket, by_desk, automatic) for ticket in messages]
            found = [pair for pair in found if pair]
            result[name] = {
                "calendar": lengthy([end - begin for begin, end in found]),
                "business": lengthy([business(begin, end) for begin, end in found]),
            }
        return result

    def transfers(of_ticket):
        agents = [turn["assignee"] for turn in of_ticket if turn["assignee"]]
        return sum(a != b for a, b in zip(agents, agents[1:]))

    by_agent = defaultdict(list)
    for turn in every_turn:
        by_agent[turn["assignee"]].append(turn)
    without = by_agent.pop("", [])
    figures = {
        "tickets": len(messages),
        "messages": {"total": len(every_message), **roles},
        "first_public_reply": replies(False),
        "first_public_reply_by_desk": replies(True),
        "never_answered_by_a_person": sum(reply(ticket, False, False) is None for ticket in messages),
        "never_answered_by_the_desk": sum(reply(ticket, True, False) is None for ticket in messages),
        "turns": len(every_turn),
        "turns_without_agent": len(without),
        "transfers": sum(map(transfers, turns.values())),
        "tickets_transferred": sum(transfers(of_ticket) > 0 for of_ticket in turns.values()),
        "scores": scores(every_turn),
        "by_agent": {name: scores(of) for name, of in sorted(by_agent.items()) if len(of) >= 10},
    }
    json.dump(figures, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main(*sys.argv[1:])
