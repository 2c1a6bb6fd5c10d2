"""Many records on several kernels: a few at a time, with what is done already
kept, so that a campaign goes on where it was stopped."""
import argparse
import collections
import concurrent.futures
import json
import os
import re
import tempfile
import threading
import time

import boot
import records
from touchstone import qemu

ATTEMPTS = 2
# Ends that another attempt may change: a crowded host, or a race of TCG.
TRY_AGAIN = ("slow", "silent", "reset")
MORE_TIME = 2
NAME_MAX = 100
# A table that a refusal or a panic can name.
TABLE = re.compile(r"\b(MADT|APIC|FADT|FACP|FACS|DSDT|SSDT|SRAT|SLIT|MCFG|HPET|"
                   r"DMAR|IVRS|RSDP|RSDT|XSDT|BERT|HEST|EINJ|ERST|e820|memory|"
                   r"SMBIOS|DMI)\b", re.I)

Job = collections.namedtuple("Job", "path kernel file")


def is_record(path):
    return os.path.isfile(os.path.join(path, "record.json")) or \
        re.search(r"\.tar(\.\w+)?$", path)


def found(paths):
    """Records among files and directories, and in directories of them."""
    out = []
    for path in paths:
        if is_record(path) or not os.path.isdir(path):
            out.append(path)
            continue
        inside = [os.path.join(path, n) for n in sorted(os.listdir(path))]
        out += [p for p in inside if is_record(p)]
    return out


def file_of(folder, path, kernel):
    name = re.sub(r"[^\w.+-]", "_", os.path.basename(os.path.normpath(path)))
    return os.path.join(folder, f"{name[:NAME_MAX]}.{kernel}.json")


def kept(job):
    """The result that is there already, or None."""
    try:
        with open(job.file, encoding="utf-8") as f:
            row = json.load(f)
        return row if row["record"] == job.path and row["outcome"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(job, row):
    """Whole or not at all."""
    temporary = job.file + ".new"
    with open(temporary, "w", encoding="utf-8") as f:
        json.dump(row, f, indent=1)
        f.write("\n")
    os.replace(temporary, job.file)


def attempt(job, options, emulator, number):
    """One boot, as a dictionary; "unusable" when the record is."""
    own = argparse.Namespace(**vars(options))
    own.kernel = job.kernel
    own.log = job.file[:-len("json")] + "log"
    own.limit = options.limit * (1 if number == 1 else MORE_TIME)
    own.slowness = None
    with tempfile.TemporaryDirectory(prefix="replay-") as place:
        record = records.load(job.path, place, os.path.join(
            options.build, "touchstone-record"))
        return boot.replay(record, own, emulator, place)._asdict()


def unusable(job, error):
    return boot.Result(job.path, "", job.kernel, "unusable", [str(error)], {},
                       [], 0, "tcg", [])._asdict()


def run(job, options, emulator):
    """The best of a few attempts."""
    for number in range(1, ATTEMPTS + 1):
        try:
            row = attempt(job, options, emulator, number)
        except records.RecordError as error:
            row = unusable(job, error)
        row["attempts"] = number
        if row["outcome"] not in TRY_AGAIN:
            break
    row["tables_named"] = sorted({t.upper() for t in TABLE.findall(
        " ".join(row["reasons"]))})
    keep(job, row)
    return row


class Progress:
    """One line for each boot on `stream`, with the time that is left."""

    def __init__(self, total, stream):
        self.total, self.stream = total, stream
        self.done, self.taken = 0, 0
        self.started = time.monotonic()
        self.lock = threading.Lock()

    def step(self, row, was_kept):
        with self.lock:
            self.done += 1
            self.taken += not was_kept
            left = self.total - self.done
            spent = time.monotonic() - self.started
            eta = f"{spent / self.taken * left / 60:.0f} min left" \
                if self.taken else ""
            note = "kept" if was_kept else f"{row['seconds']} s"
            print(f"[{self.done}/{self.total}] {row['kernel']:5} "
                  f"{row['outcome']:8} {note:8} {row['record']}  {eta}",
                  file=self.stream, flush=True)


def jobs_of(options):
    return [Job(p, k, file_of(options.results, p, k))
            for k in options.kernel for p in found(options.record)]


def campaign(options, stream):
    """All results, in the order of the records."""
    emulator = qemu.find(options.qemu)
    os.makedirs(options.results, exist_ok=True)
    jobs = jobs_of(options)
    progress = Progress(len(jobs), stream)

    def one(job):
        row = None if options.again else kept(job)
        was_kept = row is not None
        row = row or run(job, options, emulator)
        progress.step(row, was_kept)
        return row

    with concurrent.futures.ThreadPoolExecutor(options.parallel) as pool:
        tasks = [pool.submit(one, job) for job in jobs]
        try:
            order = {p: i for i, p in enumerate(found(options.record))}
            return sorted((t.result() for t in tasks),
                          key=lambda r: order[r["record"]])
        except BaseException:
            for t in tasks:
                t.cancel()
            raise
