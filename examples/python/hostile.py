"""What a client can do wrong, from a language without types: every mistake is a HelpdeskError, none ends the process."""

import ctypes
import pathlib
import random
import re
import threading
from datetime import datetime, timezone
from uuid import UUID

import helpdesk as hd

NOW = datetime(2026, 3, 5, 9, tzinfo=timezone.utc)


def refused(code: str, body) -> None:
    try:
        body()
    except hd.HelpdeskError as error:
        assert error.code == code, f"{error.code} instead of {code}: {error}"
    else:
        raise AssertionError(f"nothing was refused, {code} was expected")


def mistakes() -> None:
    office = hd.Calendar.parse("Mon-Fri 09:00-17:00", "UTC")
    handle = office._handle
    refused("bad_text", lambda: hd.Calendar.parse("whenever", "UTC"))
    refused("bad_text", lambda: hd.Calendar.parse("Mon 09:00-17:00", "Mars/Olympus"))
    refused("bad_json", lambda: hd.Rulebook.of("{"))
    refused("not_utf8", lambda: hd.Rulebook.of(b"\xff\xfe{}"))
    refused("bad_json", lambda: hd.Calendar.of("[" * 1_000_000))
    refused("null", lambda: hd._call("calendar_elapsed", None, ctypes.c_int64(0), ctypes.c_int64(0), ctypes.byref(ctypes.c_int64())))
    refused("null", lambda: hd._call("calendar_elapsed", handle, ctypes.c_int64(0), ctypes.c_int64(0), None))
    refused("wrong_handle", lambda: hd._bytes("rulebook_lint", handle))
    office.close()
    refused("freed_handle", lambda: hd._call("calendar_elapsed", handle, ctypes.c_int64(0), ctypes.c_int64(0), ctypes.byref(ctypes.c_int64())))
    assert hd._lib.helpdesk_calendar_free(handle) == 1, "a second free is told"


def nothing_everywhere() -> None:
    """Every function of the header with NULL and 0 for everything, and with zeroed memory for every pointer."""
    header = (pathlib.Path(__file__).parent / "../../src/capi/helpdesk.h").read_text()
    header = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    functions = re.findall(r"\b(helpdesk_[a-z0-9_]+)\(([^)]*)\);", header)
    assert len(functions) > 100, len(functions)
    for name, parameters in functions:
        count = 0 if parameters.strip() == "void" else parameters.count(",") + 1
        pointers = ["*" in parameter for parameter in parameters.split(",")]
        zeroed = [(ctypes.c_uint64 * 512)() for _ in range(count)]
        of_memory = [memory if pointer else ctypes.c_int64(0) for memory, pointer in zip(zeroed, pointers)]
        call = getattr(hd._lib, name)
        call.argtypes, call.restype = None, ctypes.c_int32
        for arguments in ([ctypes.c_void_p(None)] * count, of_memory):
            status = call(*arguments)
            assert status != 9, f"{name} panicked"
            if count and not name.endswith("_free") and header.count(f"helpdesk_status {name}("):
                assert 0 <= status <= 8, f"{name}: {status}"


def random_bytes() -> None:
    draw = random.Random(7)
    with hd.Rulebook.starter() as rules, hd.Desk.in_memory(rules) as desk:
        call = hd.Call.agent("kim", NOW)
        for _ in range(20_000):
            raw = draw.randbytes(draw.randrange(60))
            try:
                desk.do_json(call, raw)
            except hd.HelpdeskError as error:
                assert error.status == 1, error


def threads() -> None:
    with hd.Rulebook.starter() as rules, hd.Desk.in_memory(rules) as desk:

        def work(n: int) -> None:
            for i in range(100):
                opened = desk.open(hd.Call.agent("kim", NOW, id=UUID(int=n * 1000 + i + 1)), "x", address="a@b")
                desk.note(hd.Call.agent("kim", NOW), opened.ticket, "seen")

        all_threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in all_threads:
            thread.start()
        for thread in all_threads:
            thread.join()
        rows = desk.ask(NOW, {"list": {"page": {"after": None, "newest_first": False, "limit": 1000}}})
        assert len({row["number"] for row in rows}) == 800, len(rows)


mistakes()
random_bytes()
threads()
nothing_everywhere()
print("every mistake was told")
