#!/usr/bin/python3
"""Opens result files with h5py, without our code, and checks what the README promises of them.

usage: tests/check_results.py RUN.h5...

Exits with 1 and a line per fault if a promise is broken.
"""
import sys

import h5py

ROOT = ["schema_version", "sluice_version", "git_revision", "config_hash", "seed", "complete", "host",
        "packages", "wall_s", "decisions", "agent", "agent_label", "environment", "evaluate_seed"]
DAILY = ["day", "dau", "live_dau", "live_watch_s", "short_watch_s", "app_usage_s", "sessions",
         "requests", "injections", "entries", "skips", "retention_d1", "streams_on_air"]
EPISODES = ["user_id", "group", "length", "return", "live_watch_s", "short_watch_s", "terminated",
            "truncated"]
TRAINING = ["update", "decisions", "td_loss", "reward_loss", "actor_loss", "q_mean", "q_std",
            "q_abs_max", "injection_rate", "entropy", "gradient_norm"]
CONSTRAINTS = ["decisions", "name", "value", "limit", "violation", "violated", "multiplier", "reference"]
FEED = {"daily": DAILY, "daily_group": ["group", "users"] + DAILY, "episodes": EPISODES,
        "constraints": CONSTRAINTS}
TABULAR = {"constraints": CONSTRAINTS}
TABULAR_ARRAYS = ["policy/probability", "policy/probability_average", "exact/return", "exact/cost"]
NOT_TABLES = {"agent", "config", "policy", "exact", "optimum"}


def check_table(file, name, columns, fault):
    if name not in file:
        fault(f"no group /{name}")
        return
    group = file[name]
    for column in columns:
        if column not in group:
            fault(f"/{name} has no column {column}")
    lengths = {}
    for column, dataset in group.items():
        if not isinstance(dataset, h5py.Dataset) or dataset.ndim != 1:
            fault(f"/{name}/{column} is not a one-dimensional dataset")
            continue
        lengths[column] = dataset.shape[0]
        for attribute in ("unit", "description"):
            if not isinstance(dataset.attrs.get(attribute), str):
                fault(f"/{name}/{column} has no text attribute {attribute}")
        if not dataset.attrs.get("unit"):
            fault(f"/{name}/{column} has an empty unit")
        if h5py.check_string_dtype(dataset.dtype):
            dataset.asstr()[:]  # UTF-8
        else:
            dataset[:]
    if len(set(lengths.values())) > 1:
        fault(f"/{name} has columns of different lengths: {lengths}")


def check_file(path):
    faults = []
    fault = faults.append
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        return [f"h5py cannot open it: {error}"]
    with file:
        for name in ROOT:
            if name not in file.attrs:
                fault(f"no root attribute {name}")
        if file.attrs.get("complete") != 1:
            fault("complete is not 1")
        if file.attrs.get("schema_version") != 1:
            fault(f"schema_version is {file.attrs.get('schema_version')}, not 1")
        if "config" not in file:
            fault("no /config")
        elif "seed:" not in file["config"].asstr()[()]:
            fault("/config is not a resolved configuration (no seed in it)")
        tabular = file.attrs.get("environment") == "tabular"
        tables = dict(TABULAR if tabular else FEED)
        if tabular:
            for name in TABULAR_ARRAYS:
                if name not in file:
                    fault(f"no array /{name}")
        if "training" in file:
            tables["training"] = TRAINING
        for name in file:  # whatever else is there keeps the form of a table too
            if name not in tables and name not in NOT_TABLES:
                tables[name] = []
        for name, columns in tables.items():
            check_table(file, name, columns, fault)
        if "agent" not in file:
            fault("no /agent")
        if not tabular and "constraints" in file and "episodes" in file:
            for name in file["constraints/name"].asstr()[:]:
                if name not in file["episodes"]:
                    fault(f"/episodes has no column for the constrained cost {name}")
    return faults


def main():
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 64
    bad = 0
    for path in sys.argv[1:]:
        faults = check_file(path)
        for fault in faults:
            print(f"{path}: {fault}", file=sys.stderr)
        bad += bool(faults)
        if not faults:
            print(f"{path}: as promised")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
