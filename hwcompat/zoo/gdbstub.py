"""QEMU's debugger port: breakpoints, registers and memory of one CPU."""
import socket
import time

REGISTERS = ("rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 "
             "rip").split()


class GdbError(Exception):
    """The port answers nothing useful; the machine may have ended."""


class Gdb:
    """`path`: a UNIX socket that QEMU listens on (-gdb unix:...)."""

    def __init__(self, path, limit_s):
        self.deadline = time.monotonic() + limit_s
        self.socket = socket.socket(socket.AF_UNIX)
        self.data = b""
        self.stops = set()
        self.at = None
        while True:
            try:
                self.socket.connect(path)
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > self.deadline:
                    raise GdbError("QEMU does not listen") from None
                time.sleep(0.01)
        # Registers can be set once their description was asked for.
        self.ask("qXfer:features:read:target.xml:0,1000")

    def close(self):
        self.socket.close()

    def read(self):
        self.socket.settimeout(max(0.01, self.deadline - time.monotonic()))
        try:
            more = self.socket.recv(65536)
        except (TimeoutError, socket.timeout):
            raise GdbError("the machine does not get there") from None
        except OSError:
            more = b""
        if not more:
            raise GdbError("the machine has ended")
        self.data += more

    def answer(self):
        while True:
            start = self.data.find(b"$")
            end = self.data.find(b"#", start)
            if start >= 0 and 0 <= end <= len(self.data) - 3:
                text = self.data[start + 1:end].decode("latin-1")
                self.data = self.data[end + 3:]
                self.put(b"+")
                return text
            self.read()

    def send(self, text):
        body = text.encode()
        self.put(b"$%s#%02x" % (body, sum(body) & 0xff))

    def put(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            raise GdbError("the machine has ended") from None

    def ask(self, text):
        self.send(text)
        return self.answer()

    def must(self, text):
        reply = self.ask(text)
        if reply != "OK":
            raise GdbError(f"'{text}' is answered by '{reply}'")

    def stop_at(self, address):
        self.must(f"Z1,{address:x},1")
        self.stops.add(address)

    def stop_no_more_at(self, address):
        self.must(f"z1,{address:x},1")
        self.stops.discard(address)

    def resume(self, how):
        """Runs ("c") or takes a step ("s"); returns the registers then."""
        reply = self.ask(how)
        if reply[:1] not in ("T", "S"):
            raise GdbError(f"the machine stops with '{reply}'")
        raw = bytes.fromhex(self.ask("g")[:16 * len(REGISTERS)])
        registers = {name: int.from_bytes(raw[8 * i:8 * i + 8], "little")
                     for i, name in enumerate(REGISTERS)}
        self.at = registers["rip"]
        return registers

    def step_away(self):
        """Past the breakpoint that the CPU stands at, which would stop it."""
        at = self.at
        self.stop_no_more_at(at)
        registers = self.resume("s")
        self.stop_at(at)
        return registers

    def go_on(self):
        """Runs to the next breakpoint; returns the registers there."""
        if self.at in self.stops:
            registers = self.step_away()
            if self.at in self.stops:
                return registers
        return self.resume("c")

    def set_register(self, name, value):
        self.must(f"P{REGISTERS.index(name):x}="
                  + value.to_bytes(8, "little").hex())

    def memory(self, address, length):
        return bytes.fromhex(self.ask(f"m{address:x},{length:x}"))

    def set_memory(self, address, data):
        self.must(f"M{address:x},{len(data):x}:{data.hex()}")

    def monitor(self, command):
        """A command of QEMU's monitor."""
        self.send("qRcmd," + command.encode().hex())
        while self.answer() != "OK":
            pass

    def let_go(self):
        """The machine runs on alone."""
        self.must("D")
        self.close()
