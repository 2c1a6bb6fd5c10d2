"""How long it takes to start and to end: machines and guests."""
import itertools

from lab.errors import JobFailed
from lab.matrix import PLATFORMS, Measure, Result

STORM = 20
BOOT = "life.machine.to-dom0-init"
NUMBERS = itertools.count(1)

ROUND = {
    "life.guest.create": "xl create returns",
    "life.guest.create-to-init": "xl create to the guest's first process",
    "life.guest.destroy": "xl destroy",
}
STORM_NAME = f"life.guest.start-{STORM}"


def measures():
    out = [Measure(name, "s", "lower", "time",
                   f"{note}; PVH, 256 MiB, one processor, stock kernel",
                   PLATFORMS, "life.guest")
           for name, note in ROUND.items()]
    out.append(Measure(STORM_NAME, "s", "lower", "time", f"{STORM} guests of "
                       "64 MiB, one after the other, to their first process",
                       PLATFORMS, None, False))
    out.append(Measure(BOOT, "s", "lower", "time",
                       "power-on to dom0's first process", PLATFORMS, None,
                       False))
    return out


def run(lab, peer_name, wanted):
    takes = {BOOT: boot, STORM_NAME: storm}
    return takes.get(wanted[0].name, guest_round)(lab, peer_name)


def times(records):
    """{(source, kind, name): time} of marks and spans."""
    return {(record.source, record.data["t"], record.data.get("name")):
            record.time for record in records}


def guest_round(lab, peer_name):
    peer = lab.peer(peer_name)
    name = f"r{next(NUMBERS)}"
    seen = times(peer.do(f"lab_round {name}", 60).records)
    try:
        create = seen["agent", "begin", f"create {name}"]
        return Result({
            "life.guest.create":
                seen["agent", "end", f"create {name}"] - create,
            "life.guest.create-to-init":
                seen[name, "mark", "guest_init"] - create,
            "life.guest.destroy":
                seen["agent", "end", f"destroy {name}"]
                - seen["agent", "begin", f"destroy {name}"]})
    except KeyError as error:
        raise JobFailed(f"{peer_name}: no record {error}") from error


def storm(lab, peer_name):
    seen = times(lab.peer(peer_name).do(f"lab_storm {STORM}", 300).records)
    return Result({STORM_NAME: seen["agent", "end", "storm"]
                   - seen["agent", "begin", "storm"]})


def boot(lab, peer_name):
    """A machine of its own, which ends again."""
    machine = lab.peer(peer_name, key="boot")
    lab.drop(machine)
    seen = times(machine.boot_records)
    return Result({BOOT: seen["dom0", "mark", "dom0_init"]})
