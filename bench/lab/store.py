"""The file of raw samples: valid after every round, whatever comes next."""
import collections
import datetime
import json
import os
import subprocess

FORMAT = 1


class Store:
    """Samples as they come; folder keeps what fio and iperf3 answered."""

    def __init__(self, folder, machine, profile, revision):
        self.folder = folder
        self.data = {
            "format": FORMAT, "machine": machine, "profile": profile,
            "started": datetime.datetime.now(datetime.timezone.utc)
            .isoformat(timespec="seconds"),
            "revision": revision, "peers": {}, "samples": {},
            "histograms": {}, "raw": {}, "errors": []}

    def add(self, measures, peer, number, result):
        """The values of one run of a batch in round number."""
        for measure in measures:
            if measure.name not in result.values:
                continue
            values = result.values[measure.name]
            values = values if isinstance(values, list) else [values]
            sample = self.data["samples"].setdefault(measure.name, {
                "unit": measure.unit, "better": measure.better,
                "kind": measure.kind, "note": measure.note,
                "values": {}, "rounds": {}})
            sample["values"].setdefault(peer, []).extend(values)
            sample["rounds"].setdefault(peer, []).extend(
                [number] * len(values))
        for name, bins in result.histograms.items():
            self.add_histogram(name, peer, bins)
        for name, contents in result.raw.items():
            self.keep(f"{number:03d}-{os.path.basename(name)}", contents)

    def add_histogram(self, name, peer, bins):
        peers = self.data["histograms"].setdefault(name, {})
        total = collections.Counter(
            {bound: count for bound, count in peers.get(peer, [])})
        for bound, count in bins:
            total[bound] += count
        peers[peer] = [[bound, total[bound]] for bound in sorted(total)]

    def keep(self, name, contents):
        """An answer as it came; no name leads out of the folder."""
        folder = os.path.join(self.folder, "raw")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, name), "wb") as handle:
            handle.write(contents)
        self.data["raw"][name] = len(contents)

    def count(self, name, peer):
        sample = self.data["samples"].get(name, {"values": {}})
        return len(sample["values"].get(peer, []))

    def peer(self, name, facts):
        self.data["peers"].setdefault(name, {}).update(facts)

    def error(self, text):
        self.data["errors"].append(text)

    def write(self, path):
        """All of it, or what was there before."""
        with open(path + ".new", "w") as handle:
            json.dump(self.data, handle, indent=1)
            handle.write("\n")
        os.replace(path + ".new", path)


def revision(source):
    """The git revision of the sources, or "unknown"."""
    try:
        done = subprocess.run(
            ["git", "-C", source, "describe", "--always", "--dirty"],
            capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()
