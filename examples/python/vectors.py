"""Answers golden cases: see examples/c/vectors.c, which prints the same bytes."""

import json
import sys

import helpdesk as hd


def answer(line: dict) -> str:
    ask = line["ask"]
    if ask == "periods":
        with hd.Rulebook.of(line["rulebook"]) as rules, hd.Rulebooks.of(rules) as books:
            events = hd.import_history(books, line["history"])["events"]
            with hd.Ticket.replay(books, events) as ticket:
                return ticket.periods_json(line["agreement"], line["metric"], line["now"])
    with hd.Calendar.of(json.dumps(line["calendar"])) as calendar:
        match ask:
            case "elapsed":
                return str(calendar.ask(ask, line["from"], line["to"]))
            case "add" | "add_latest" | "subtract" | "subtract_earliest":
                return str(calendar.ask(ask, line["from"], line["time"]))
            case "is_open":
                return str(calendar.is_open(line["at"])).lower()
            case "is_business_day":
                return str(calendar.is_business_day(line["day"])).lower()
            case "business_day":
                return str(calendar.business_day(line["day"], line["n"]))
            case "count_business_days":
                return str(calendar.count_business_days(line["from"], line["to"]))
            case "windows":
                found = calendar.windows(line["from"], line["to"], line["count"], line["backward"])
                return ",".join(f"{start}-{end}" for start, end in found)
            case _:
                return str(calendar.ask(ask, line["at"]))


for text in sys.stdin:
    line = json.loads(text)
    try:
        answered = answer(line)
    except hd.HelpdeskError as error:
        answered = "!" + error.code
    print(line["id"], line["ask"], answered)
