"""The result of a run as a few lines of text."""
from touchstone.results import METRICS, at


def number(value):
    """A figure with three digits that matter."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"


def text(result):
    """One column, or both and their ratio when a peer ran as well."""
    lines = [f"accelerator: {result['accelerator']}, "
             f"QEMU {result['machine']['qemu']}, "
             f"{result['machine']['smp']} CPUs, "
             f"{result['machine']['memory_mib']} MiB"]
    lines += both(result) if "ratios" in result else single(result)
    for row in (result, result.get("peer", {})):
        for error in row.get("errors", ()):
            lines.append(f"FAILED on {row['hypervisor']['title']}: {error}")
    return "\n".join(lines)


def single(result):
    lines = [f"{'':36}{result['hypervisor']['title']:>14}"]
    for row in METRICS:
        lines.append(f"{row.title:36}{number(at(result, row.path)):>14} "
                     f"{row.unit}")
    return lines


def both(result):
    lines = [f"{'':36}{'ours':>10}{'peer':>10}{'ratio':>8}  target"]
    for row in result["ratios"].values():
        sign = "<=" if row["better"] == "lower" else ">="
        target = f"{sign} {row['target']} {row['verdict']}" \
            if row["target"] else ""
        lines.append(f"{row['title']:36}{number(row['ours']):>10}"
                     f"{number(row['peer']):>10}{number(row['ratio']):>8}"
                     f"  {target}")
    return lines
