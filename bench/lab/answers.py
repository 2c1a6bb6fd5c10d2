"""Reads what fio and iperf3 answer."""
import collections
import json


def answer(text):
    """The JSON object in the output of a program; ValueError if none."""
    return json.loads(text[text.index("{"):text.rindex("}") + 1])


def histogram(job, kinds=("read", "write")):
    """[[upper bound in microseconds, requests]] of one job of fio."""
    out = collections.Counter()
    for kind in kinds:
        for bound, count in job[kind].get("clat_ns", {}).get(
                "bins", {}).items():
            out[int(bound) / 1000] += count
    return [[bound, out[bound]] for bound in sorted(out)]
