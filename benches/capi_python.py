"""Business time over a million pairs: one call through the C ABI against the best pure-Python library, in one run.

    cargo rustc --release --lib --features capi --crate-type cdylib
    pip install numpy businesstimedelta==1.0.1
    HELPDESK_LIBRARY=target/release/libhelpdesk.so python3 benches/capi_python.py

businesstimedelta walks day by day, so it answers a sample of the same pairs, and every answer is compared. Of the rounds of each, which
alternate, the median counts. Spans are up to a week, from 2026 on, Monday to Friday 9 to 17 in New York with the same 10 holidays a year.
"""

import array
import os
import random
import statistics
import sys
import time
from datetime import date, datetime, time as clock, timedelta, timezone

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "examples", "python"))

import businesstimedelta
import helpdesk as hd
import pytz

N = int(os.environ.get("PAIRS", 1_000_000))
SAMPLE = int(os.environ.get("SAMPLE", 2_000))
ROUNDS = 5
US = timedelta(microseconds=1)

new_york = pytz.timezone("America/New_York")
fixed = [(1, 1), (1, 19), (2, 16), (5, 25), (6, 19), (7, 3), (9, 7), (10, 12), (11, 26), (12, 25)]
holidays = {date(2026, month, day): "holiday" for month, day in fixed}

working = businesstimedelta.WorkDayRule(start_time=clock(9), end_time=clock(17), working_days=[0, 1, 2, 3, 4], tz=new_york)
peer = businesstimedelta.Rules([working, businesstimedelta.HolidayRule(holidays, tz=new_york)])
layers = [{"name": "", "days": [{"on": day.isoformat(), "name": name} for day, name in holidays.items()]}]
office = hd.Calendar.of({"hours": {"zone": "America/New_York", "hours": "Mon-Fri 09:00-17:00", "layers": layers}})

draw = random.Random(7)
begin = hd.micros(datetime(2026, 1, 5, tzinfo=timezone.utc))
start = array.array("q", (begin + draw.randrange(340 * 86_400) * 1_000_000 for _ in range(N)))
end = array.array("q", (at + draw.randrange(1, 7 * 86_400) * 1_000_000 for at in start))
out = array.array("q", bytes(8 * N))
pairs = [(hd.EPOCH + start[i] * US, hd.EPOCH + end[i] * US) for i in range(SAMPLE)]


def ours() -> float:
    """Nanoseconds a pair."""
    begun = time.perf_counter_ns()
    assert office.elapsed_batch(start, end, out) == 0
    return (time.perf_counter_ns() - begun) / N


def theirs() -> float:
    begun = time.perf_counter_ns()
    answers = [peer.difference(a, b) for a, b in pairs]
    took = (time.perf_counter_ns() - begun) / SAMPLE
    for i, answer in enumerate(answers):
        assert answer.timedelta // US == out[i], (pairs[i], answer.timedelta, out[i])
    return took


def one_by_one() -> float:
    begun = time.perf_counter_ns()
    for i in range(SAMPLE):
        office.elapsed_us(start[i], end[i])
    return (time.perf_counter_ns() - begun) / SAMPLE


def medians() -> None:
    rounds = [(ours(), theirs(), one_by_one()) for _ in range(ROUNDS)]
    batch, walked, single = (statistics.median(column) for column in zip(*rounds))
    print(f"{N:,} pairs of up to a week, medians of {ROUNDS} alternating rounds")
    print(f"helpdesk, one call for all      {batch:12.1f} ns a pair")
    print(f"helpdesk, a ctypes call each    {single:12.1f} ns a pair")
    print(f"businesstimedelta               {walked:12.1f} ns a pair (over {SAMPLE:,} of them, every answer the same)")
    print(f"the batch is {walked / batch:,.0f} times as fast; the goal is 100")
    if walked < 100 * batch:
        sys.exit(1)


medians()
