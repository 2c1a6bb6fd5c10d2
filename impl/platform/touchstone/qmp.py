"""One command to a running QEMU through its QMP socket."""
import json
import socket

LIMIT_S = 5


class QmpError(Exception):
    """QEMU refused a command, or did not answer."""


def ask(path, command, **arguments):
    """What QEMU returns for a command; the connection is closed again."""
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(LIMIT_S)
            link.connect(path)
            with link.makefile("rw") as lines:
                lines.readline()
                request(lines, "qmp_capabilities", {})
                return request(lines, command, arguments)
    except (OSError, ValueError) as error:
        raise QmpError(f"no answer to '{command}' on '{path}': "
                       f"{error}") from error


def request(lines, command, arguments):
    lines.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
    lines.flush()
    reply = json.loads(lines.readline())
    while "return" not in reply and "error" not in reply:
        reply = json.loads(lines.readline())
    if "error" in reply:
        raise QmpError(f"QEMU refuses '{command}': {reply['error']['desc']}")
    return reply["return"]
