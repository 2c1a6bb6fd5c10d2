"""Stand-ins for shared libraries that a program names but never calls here.

Debian's fio is linked with Ceph, Gluster, RDMA and persistent memory, about
60 MB of libraries for I/O engines that an emulated machine does not have. The
program stays as Debian built it; the loader finds these libraries instead,
in which every function ends the process. Names and versions are taken from
the programs that ask for them.
"""
import os
import re
import subprocess


def needed_versions(elf):
    """{version: library} of an ELF file's version references."""
    text = readelf("-VW", elf)
    out, library = {}, None
    for line in text.splitlines():
        found = re.search(r"File: (\S+)", line)
        if found:
            library = found.group(1)
        found = re.search(r"Name: (\S+)\s+Flags", line)
        if found:
            out[found.group(1)] = library
    return out


def undefined(elf):
    """[(symbol, version or None)] of functions an ELF file asks for."""
    text = readelf("--dyn-syms", "-W", elf)
    return [(name, version or None) for name, version in
            re.findall(r"FUNC\s+\w+\s+\w+\s+UND ([^\s@]+)@?(\S*)", text)] + \
           [(name, version or None) for name, version in
            re.findall(r"NOTYPE\s+GLOBAL\s+\w+\s+UND ([^\s@]+)@?(\S*)", text)]


def provided(users):
    """Every symbol that a library of the image already defines."""
    return {name for elf in users for name in re.findall(
        r"(?:FUNC|OBJECT)\s+(?:GLOBAL|WEAK)\s+\w+\s+[1-9]\d* ([^\s@]+)",
        readelf("--dyn-syms", "-W", elf))}


def readelf(*args):
    return subprocess.run(["readelf", *args], capture_output=True, text=True,
                          check=True).stdout


def wanted(users, libraries):
    """{library: {version or None: {symbol}}} over all users."""
    out = {name: {} for name in libraries}
    loose = sorted(libraries)[0]
    present = provided(users)
    for elf in users:
        needs = readelf("-dW", elf)
        if not any(f"[{name}]" in needs for name in libraries):
            continue
        versions = needed_versions(elf)
        for symbol, version in undefined(elf):
            library = versions.get(version) if version else loose
            if library in out and (version or symbol not in present):
                out[library].setdefault(version, set()).add(symbol)
    return out


def build(users, libraries, folder):
    """Yield (file name, contents) for each library of the set."""
    source = os.path.join(folder, "stub.c")
    script = os.path.join(folder, "stub.map")
    for name, versions in sorted(wanted(users, libraries).items()):
        with open(source, "w") as out:
            for symbols in versions.values():
                for symbol in sorted(symbols):
                    out.write(f"void {symbol}(void) {{ __builtin_trap(); }}\n")
        with open(script, "w") as out:
            for version in sorted(v for v in versions if v):
                names = "; ".join(sorted(versions[version]))
                out.write(f"{version} {{ global: {names}; }};\n")
        target = os.path.join(folder, name)
        command = ["cc", "-shared", "-nostdlib", "-fPIC", "-w", "-O1", "-s",
                   "-Wl,--build-id=none", f"-Wl,-soname,{name}", source,
                   "-o", target]
        if any(versions):
            command.append(f"-Wl,--version-script={script}")
        subprocess.run(command, check=True)
        with open(target, "rb") as handle:
            yield name, handle.read()
