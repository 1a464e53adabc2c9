#!/usr/bin/env python3
"""Which crates' names show in the public signatures, by feature, against the list of those that may.

Reads what rustdoc tells as JSON (no stable format: `RUSTC_BOOTSTRAP=1`). A crate that shows and may not, or may and does
not, is a failure: the list below stays true.
"""
import json
import os
import subprocess
import sys

# The ecosystem's own words, in every signature; and behind a feature the one crate that it is about.
RUST = {"alloc", "core", "std"}
ALWAYS = {"chrono", "serde_core", "uuid"}
BEHIND = {
    "capi": set(),
    "postgres": {"postgres_types", "tokio_postgres"},
    "sqlite": {"rusqlite"},
    "testing": {"proptest"},
}
TARGET = os.environ.get("CARGO_TARGET_DIR", "target")


def features():
    listed = subprocess.check_output(["cargo", "metadata", "--no-deps", "--format-version", "1"])
    [crate] = json.loads(listed)["packages"]
    return sorted(set(crate["features"]) - {"default"})


def shown(features):
    command = ["cargo", "rustdoc", "-q", "--lib", "--features", ",".join(features)]
    command += ["--", "-Z", "unstable-options", "--output-format", "json", "-A", "warnings"]
    subprocess.run(command, check=True, env={**os.environ, "RUSTC_BOOTSTRAP": "1", "RUSTDOCFLAGS": ""})
    with open(f"{TARGET}/doc/helpdesk.json", encoding="utf-8") as file:
        docs = json.load(file)
    found = {}

    def walk(value, place):
        if isinstance(value, list):
            for each in value:
                walk(each, place)
        elif isinstance(value, dict):
            path = value.get("id") is not None and docs["paths"].get(str(value["id"]))
            if path and path["crate_id"] and ("path" in value or "args" in value):
                crate = docs["external_crates"][str(path["crate_id"])]["name"]
                if crate not in RUST:
                    found.setdefault(crate, f"{place}: {'::'.join(path['path'])}")
            for each in value.values():
                walk(each, place)

    for item in docs["index"].values():
        if item["crate_id"]:
            continue
        implementation = item["inner"].get("impl")
        if implementation and (implementation["is_synthetic"] or implementation["blanket_impl"]):
            continue
        place = f"{item['span']['filename']}:{item['span']['begin'][0]}" if item["span"] else item["name"]
        walk(item["inner"], place)
    return found


def main():
    wrong = 0
    everything = features()
    for chosen in [[], *([one] for one in everything), everything]:
        may = ALWAYS.union(*(BEHIND.get(one, set()) for one in chosen))
        found = shown(chosen)
        for crate in sorted(found.keys() - may):
            print(f"{chosen or 'no feature'}: `{crate}` shows in {found[crate]} and may not")
            wrong += 1
        print(f"{','.join(chosen) or '(no feature)'}: {', '.join(sorted(found))}")
    for crate in sorted(set().union(ALWAYS, *BEHIND.values()) - found.keys()):
        print(f"`{crate}` may show and does not")
        wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
