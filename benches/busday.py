"""The office of benches/calendar.rs in numpy: Monday to Friday 9 to 17, 20 holidays a year for 30 years.

Times `elapsed` and `add` for a million questions in one vectorised call each, on local times: numpy knows no zones, so
unlike the others it is spared them. Prints a heading, then a line for each span: its seconds, and the nanoseconds a
question of both. Run by `cargo bench --bench calendar`.
"""

import datetime
import statistics
import sys
import time

import numpy as np

DAY, OPENS, CLOSES = 86_400, 9 * 3_600, 17 * 3_600
LENGTH = CLOSES - OPENS
DAYS = [1, 19, 45, 50, 74, 94, 110, 124, 147, 170, 185, 201, 227, 248, 270, 285, 315, 331, 359, 360]
HOLIDAYS = np.array([np.datetime64(f"{year}-01-01") + (day - 1) for year in range(2005, 2035) for day in DAYS])
OFFICE = np.busdaycalendar(weekmask="1111100", holidays=HOLIDAYS)
SPANS = [3_600, 7 * DAY, 365 * DAY, 3_652 * DAY]
EPOCH = np.datetime64("1970-01-01")
COUNT, ROUNDS = 1_000_000, 5


def split(at):
    """The date of an instant in local seconds, and how much of a full workday is over by then."""
    day = at // DAY
    return EPOCH + day, np.clip(at - day * DAY, OPENS, CLOSES) - OPENS


def elapsed(a, b):
    (first, before), (last, until) = split(a), split(b)
    days = np.busday_count(first, last, busdaycal=OFFICE)
    is_open = lambda date: np.is_busday(date, busdaycal=OFFICE)
    return days * LENGTH + is_open(last) * until - is_open(first) * before


def add(at, span):
    """The first instant with `span` open seconds, more than none, between."""
    date, before = split(at)
    left = np.where(np.is_busday(date, busdaycal=OFFICE), before, 0) + span - 1
    date = np.busday_offset(date, left // LENGTH, roll="forward", busdaycal=OFFICE)
    return (date - EPOCH).astype(np.int64) * DAY + OPENS + left % LENGTH + 1


def check(a, b):
    """Both, against a walk over the dates."""
    closed = set(HOLIDAYS.astype(object))
    for start, end, counted in zip(a.tolist(), b.tolist(), elapsed(a, b).tolist()):
        walked = 0
        for day in range(start // DAY, end // DAY + 1):
            date = datetime.date(1970, 1, 1) + datetime.timedelta(day)
            if date.weekday() < 5 and date not in closed:
                walked += max(0, min(end, day * DAY + CLOSES) - max(start, day * DAY + OPENS))
        assert walked == counted, (start, end, walked, counted)
    spans = elapsed(a, b)
    some = spans > 0
    assert (elapsed(a[some], add(a[some], spans[some])) == spans[some]).all()


def nanoseconds(run):
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter_ns()
        run()
        times.append((time.perf_counter_ns() - begin) / COUNT)
    return statistics.median(times)


def main():
    print(f"numpy {np.__version__}, Python {sys.version.split()[0]}, ns a question")
    random = np.random.default_rng(7)
    first = int((np.datetime64("2006-01-01") - EPOCH).astype(np.int64)) * DAY
    last = int((np.datetime64("2034-01-01") - EPOCH).astype(np.int64)) * DAY
    for span in SPANS:
        a = random.integers(first, last - span, COUNT)
        b = a + span
        check(a[:20], b[:20])
        open_time = np.full(COUNT, span * 40 // 168)
        print(span, f"{nanoseconds(lambda: elapsed(a, b)):.1f}", f"{nanoseconds(lambda: add(a, open_time)):.1f}")


main()
