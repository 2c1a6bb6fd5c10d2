"""Reading sources for ci/tidy: a tree of files, and C without its comments."""

import os
import re

# A comment, a string or a character constant, whichever starts first.
C_TOKEN = re.compile(
    r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])+'",
    re.DOTALL)
ATTRIBUTE = re.compile(r"__attribute__\s*\(\(.*?\)\)|__printf\(.*?\)")
NOT_NEWLINE = re.compile(r"[^\n]")
SHEBANG = re.compile(r"^#!\s*(?:\S*/)?(\w+)(?:[ \t]+(\w+))?")


def blank(text):
    return NOT_NEWLINE.sub(" ", text)


def without_comments(text):
    """The same lines and columns, comments blanked, strings kept."""
    return C_TOKEN.sub(
        lambda m: blank(m.group()) if m.group().startswith("/") else m.group(),
        text)


def code_only(text):
    """The same lines and columns, comments and what is in quotes blanked."""
    def replace(match):
        token = match.group()
        if token.startswith("/"):
            return blank(token)
        return token[0] + blank(token[1:-1]) + token[-1]
    return C_TOKEN.sub(replace, text)


def code_lines(text):
    """Lines of C that are neither blank nor comment."""
    return sum(bool(line.strip())
               for line in without_comments(text).splitlines())


def functions(text):
    """(name, first line, last line, body) of each function definition.

    Relies on the house layout: a body's braces stand in column one.
    """
    lines = code_only(text).splitlines()
    start = 0
    for nr, line in enumerate(lines):
        if line.startswith("{"):
            start = nr
        elif line.startswith("}") and start:
            head = start - 1
            while head > 0 and not re.match(r"\w", lines[head]):
                head -= 1
            match = re.search(r"(\w+)\s*\(", ATTRIBUTE.sub(
                " ", " ".join(lines[head:start])))
            yield (match.group(1) if match else "?", start + 1, nr + 1,
                   "\n".join(lines[start + 1:nr]))
            start = 0


class Tree:
    """Files below a root, read once."""

    def __init__(self, root, paths):
        self.root, self.paths, self.cache = root, paths, {}

    def bytes(self, path):
        if path not in self.cache:
            with open(os.path.join(self.root, path), "rb") as file:
                self.cache[path] = file.read()
        return self.cache[path]

    def text(self, path):
        return self.bytes(path).decode("utf-8", errors="replace")

    def is_binary(self, path):
        return b"\0" in self.bytes(path)[:8192]

    def language(self, path):
        """c, s, python, shell, make, markdown or another suffix."""
        names = {".c": "c", ".h": "c", ".S": "s", ".py": "python",
                 ".sh": "shell", ".mk": "make", ".md": "markdown"}
        suffix = os.path.splitext(path)[1]
        if os.path.basename(path) == "Makefile":
            return "make"
        if suffix in names:
            return names[suffix]
        match = SHEBANG.match(self.text(path)[:200])
        if match:
            word = match.group(2) if match.group(1) == "env" else match.group(1)
            if word.startswith("python"):
                return "python"
            if word in ("sh", "bash", "dash"):
                return "shell"
            return word
        return suffix.lstrip(".")

    def of(self, *languages):
        return [path for path in self.paths
                if self.language(path) in languages]

    def exempted(self, path, line, rule):
        """Whether `tidy: allow RULE: reason` stands on a line or above it."""
        if path not in self.paths:
            return False
        lines = self.text(path).splitlines()
        mark = "tidy: allow %s: " % rule
        return any(mark in text for text in lines[max(0, line - 2):line])
