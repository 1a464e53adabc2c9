"""Writes recurrences.json: random recurrence rules of days, and the dates that python-dateutil says they mean.

    python3 -m pip install python-dateutil
    python3 tests/vectors/recurrences.py

Left out is what dateutil does differently from RFC 5545: weekly BYSETPOS in a week that begins before the start, BYWEEKNO
without a day (the format takes the weekday of the start, dateutil all seven), and the last weeks of a year (for the first
days of January it counts the weeks of the year before by the length of the wrong year).
"""

import json
import pathlib
import random
from datetime import datetime

import dateutil
from dateutil.rrule import rrulestr

DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
MOST = 30
END = datetime(2101, 1, 1)
rng = random.Random(5545)


def some(values, most):
    return ",".join(str(value) for value in rng.sample(values, rng.randint(1, most)))


def signed(most):
    return [n for n in range(-most, most + 1) if n]


def weekdays(numbers):
    days = rng.sample(DAYS, rng.randint(1, 4))
    if numbers and rng.random() < 0.6:
        return ",".join(f"{rng.choice(numbers)}{day}" for day in days)
    return ",".join(days)


def rule():
    frequency = rng.choice(["DAILY", "WEEKLY", "MONTHLY", "YEARLY", "YEARLY"])
    parts = [f"FREQ={frequency}"]

    def maybe(chance, text):
        if rng.random() < chance:
            parts.append(text())

    maybe(0.5, lambda: f"INTERVAL={rng.choice([1, 2, 2, 3, 4, 5, 7, 12, 18])}")
    maybe(0.3, lambda: f"WKST={rng.choice(DAYS)}")
    maybe(0.4, lambda: f"BYMONTH={some(list(range(1, 13)), 5)}")
    if frequency == "YEARLY" and rng.random() < 0.25:
        parts.append(f"BYWEEKNO={some([n for n in signed(51) if n not in (-51, -1)], 6)}")
        parts.append(f"BYDAY={weekdays([])}")
    else:
        if frequency == "YEARLY":
            maybe(0.25, lambda: f"BYYEARDAY={some(signed(366), 20)}")
        if frequency != "WEEKLY":
            maybe(0.35, lambda: f"BYMONTHDAY={some(signed(31), 8)}")
        nth = {"MONTHLY": signed(5), "YEARLY": signed(5) + signed(53)}.get(frequency, [])
        if frequency == "YEARLY" and any(part.startswith("BYMONTH=") for part in parts):
            nth = signed(5)
        maybe(0.5, lambda: f"BYDAY={weekdays(nth)}")
    if frequency in ("MONTHLY", "YEARLY") and any(part.startswith(("BYDAY", "BYMONTHDAY", "BYYEARDAY")) for part in parts):
        maybe(0.3, lambda: f"BYSETPOS={some(signed(6), 3)}")
    rng.shuffle(tail := parts[1:])
    return ";".join(parts[:1] + tail)


def dates(text, start):
    found = []
    for at in rrulestr(text, dtstart=start):
        if at > END or len(found) > MOST:
            break
        found.append(at)
    return found


cases = []
while len(cases) < 700:
    text = rule()
    first = dates(text, datetime(rng.randint(1970, 2090), rng.randint(1, 12), rng.randint(1, 28)))
    if not first:
        continue
    start = first[0]
    if rng.random() < 0.3:
        text += f";COUNT={rng.randint(1, 25)}"
    elif rng.random() < 0.3:
        text += f";UNTIL={rng.choice(first).strftime('%Y%m%d')}"
    found = dates(text, start)
    if not found or found[0] != start:
        continue  # the start is an occurrence of the rule in all cases: what it means otherwise is not agreed upon
    case = {"start": f"{start:%Y%m%d}", "rule": text, "dates": [f"{at:%Y-%m-%d}" for at in found[:MOST]]}
    if len(found) > MOST:
        case["more"] = True
    cases.append(case)

path = pathlib.Path(__file__).with_name("recurrences.json")
lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
path.write_text(f'{{"source":"python-dateutil {dateutil.__version__}","cases":[\n{lines}\n]}}\n')
print(len(cases), "cases", path.stat().st_size, "bytes")
