"""Takes the samples: in every round each batch on each peer, interleaved."""
import collections
import os
import subprocess
import time

from lab.errors import JobFailed, Undone
from lab.matrix import batches

# Samples of each measure before statistics are asked, and of a count.
SAMPLES = 10
COUNT_SAMPLES = 3
ROUNDS_MAX = 200
# How often the judge may ask for more.
LOOKS = 8
# A batch that failed this often on a peer is left alone.
FAILURES_MAX = 2
JUDGE_LIMIT_S = 60


class Rounds:
    """One run of the matrix; goes on until nothing is wanted any more."""

    def __init__(self, lab, store, peers, view, judge, path, samples, budget):
        self.lab = lab
        self.store = store
        self.peers = peers
        self.view = view
        self.judge = judge
        self.path = path
        self.samples = samples
        self.deadline = time.monotonic() + budget
        self.batches = batches(lab.rows)
        self.failures = collections.Counter()
        self.absent = collections.Counter()
        self.wanted = {}
        self.looks = 0
        self.spent = {}
        store.data["looks"] = LOOKS

    def run(self):
        number = 0
        while number < ROUNDS_MAX:
            work = self.work()
            if not work or time.monotonic() > self.deadline:
                break
            self.round(number, work)
            number += 1
            self.save()
            if not self.work() and self.looks < LOOKS:
                self.looks += 1
                self.wanted = self.ask_judge()

    def save(self):
        for name, facts in self.lab.facts.items():
            self.store.peer(name, facts)
        self.store.write(self.path)

    def work(self):
        """[(batch, peers)] that want samples still."""
        out = []
        for batch in self.batches:
            names = [peer for peer in self.peers
                     if any(self.wants(row, peer) for row in batch.measures)
                     and self.failures[batch.name, peer] < FAILURES_MAX]
            if names:
                out.append((batch, names))
        return out

    def wants(self, measure, peer):
        if (peer not in measure.peers
                or self.absent[measure.name, peer] >= FAILURES_MAX):
            return False
        have = self.store.count(measure.name, peer)
        least = self.samples
        if measure.kind == "count":
            least = min(least, COUNT_SAMPLES)
        return have < self.wanted.get(measure.name, least)

    def round(self, number, work):
        """Every batch on its peers in turn; the first one alternates."""
        for place, (batch, names) in enumerate(work):
            if number % 2:
                names = names[::-1]
            for peer in names:
                if time.monotonic() > self.deadline:
                    return
                self.view.at(batch.name, peer, self.left(work[place:], batch,
                                                         peer))
                self.take(batch, peer, number)

    def take(self, batch, peer, number):
        wanted = [row for row in batch.measures if self.wants(row, peer)]
        start = time.monotonic()
        try:
            result = batch.module.run(self.lab, peer, wanted)
        except Undone as error:
            self.failures[batch.name, peer] = FAILURES_MAX
            self.store.error(f"{batch.name} on {peer}: {error}")
            self.view.note(f"{batch.name} on {peer}: {error}")
            return
        except JobFailed as error:
            self.failures[batch.name, peer] += 1
            self.store.error(f"{batch.name}: {error}")
            self.view.note(f"{batch.name}: {error}")
            self.lab.drop_all(peer)
            return
        self.spent[batch.name, peer] = time.monotonic() - start
        self.store.add(wanted, peer, number, result)
        self.absent.update((row.name, peer) for row in wanted
                           if row.name not in result.values)
        self.view.took(batch, peer, result)

    def left(self, work, batch, peer):
        """Seconds until the samples are there, or the budget's end."""
        usual = sum(self.spent.values()) / len(self.spent) \
            if self.spent else 0
        total = 0
        for other, names in self.work():
            for name in names:
                more = max(self.wanted.get(row.name, self.samples)
                           - self.store.count(row.name, name)
                           for row in other.measures)
                total += max(1, more) * self.spent.get((other.name, name),
                                                       usual)
        return min(total, self.deadline - time.monotonic())

    def ask_judge(self):
        """{measure: samples that may decide it}."""
        if not os.path.exists(self.judge):
            return {}
        done = subprocess.run([self.judge, "--undecided", self.path],
                              capture_output=True, text=True,
                              timeout=JUDGE_LIMIT_S * self.lab.scale,
                              check=False)
        rows = [line.split("\t") for line in done.stdout.splitlines()]
        return {row[0]: self.most(row[0]) + int(row[1])
                for row in rows if len(row) > 1}

    def most(self, name):
        return max(self.store.count(name, peer) for peer in self.peers)
