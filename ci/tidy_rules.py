"""The rules of ci/tidy: one function each, beside the samples that prove it."""

import collections
import os
import re
import subprocess

from tidy_source import code_lines, code_only, functions, without_comments

Rule = collections.namedtuple("Rule", "name why check tool bad good")
RULES = []

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 800
SCRIPT_COLUMNS_MAX = 100
BLOB_BYTES_MAX = 256 * 1024
HV_LINES_MAX = 18000
# Kernels that test or measure from inside.
GUESTS = ("conformance/", "bench/micro/guest/")

TOP_LEVEL = {"impl", "sim", "conformance", "hwcompat", "bench", "ci",
             "Makefile", "README.md", "LICENSE"}
OPEN = "/* A sample. */\n"


def rule(name, why, bad, good=(), tool=None):
    """Registers a rule; samples are trees {path: text}."""
    def register(check):
        RULES.append(Rule(name, why, check, tool, bad, good))
        return check
    return register


def search(tree, paths, pattern, text_of=code_only):
    """(path, line, matched text) of each match in the files' lines."""
    for path in paths:
        for nr, line in enumerate(text_of(tree.text(path)).splitlines(), 1):
            match = pattern.search(line)
            if match:
                yield path, nr, match.group().strip()


def lint(tree, argv, paths, pattern):
    """Runs a tool over files; its output lines that match are violations."""
    if not paths:
        return
    out = subprocess.run(argv + paths, cwd=tree.root, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, check=False).stdout.decode()
    for line in out.splitlines():
        match = pattern.match(line)
        if match:
            yield match.group(1), int(match.group(2)), match.group(3)


# --- Layout -----------------------------------------------------------------

@rule("format", "clang-format 14 decides the layout of C", tool="clang-format",
      bad=[{"impl/a.c": OPEN + "int f(void) { return 1; }\n"}],
      good=[{"impl/a.c": OPEN + "int f(void)\n{\n    return 1;\n}\n"}])
def check_format(tree):
    argv = ["clang-format", "--style=file", "--dry-run", "--Werror",
            "--ferror-limit=1"]
    yield from lint(tree, argv, tree.of("c"),
                    re.compile(r"(.*?):(\d+):\d+: error: (.*)"))


@rule("function-length", "a function has at most %d lines" % FUNCTION_LINES_MAX,
      bad=[{"impl/a.c": "int f(void)\n{\n" + "    g();\n" * 70 + "}\n"}],
      good=[{"impl/a.c": "int f(void)\n{\n" + "    g();\n" * 68 + "}\n"}])
def check_function_length(tree):
    for path in tree.of("c"):
        for name, first, last, _ in functions(tree.text(path)):
            if last - first + 1 > FUNCTION_LINES_MAX:
                yield path, first, "%s() has %d lines" % (name, last - first + 1)


@rule("file-length", "a source file has at most %d lines" % FILE_LINES_MAX,
      bad=[{"impl/a.c": "int x;\n" * 801}],
      good=[{"impl/a.c": "int x;\n" * 800}])
def check_file_length(tree):
    for path in tree.of("c", "s", "python", "shell", "make", "def"):
        count = len(tree.text(path).splitlines())
        if count > FILE_LINES_MAX:
            yield path, 1, "%d lines" % count


@rule("columns", "scripts keep to %d columns" % SCRIPT_COLUMNS_MAX,
      bad=[{"ci/a.py": '"""A."""\nx = 1  # ' + "x" * 100 + "\n"}],
      good=[{"ci/a.py": '"""A."""\nx = 1\n'}])
def check_columns(tree):
    for path in tree.of("python", "shell"):
        for nr, line in enumerate(tree.text(path).splitlines(), 1):
            if len(line) > SCRIPT_COLUMNS_MAX:
                yield path, nr, "%d columns" % len(line)


@rule("whitespace", "no trailing blanks, no CR, one newline at the end",
      bad=[{"a.txt": "x \n"}, {"a.txt": "x"}, {"a.txt": "x\r\n"},
           {"a.txt": "x\n\n"}],
      good=[{"a.txt": "x\n\ny\n"}, {"a.txt": ""}])
def check_whitespace(tree):
    for path in tree.paths:
        if tree.is_binary(path):
            continue
        text = tree.text(path)
        for nr, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip():
                yield path, nr, "blanks at the end of the line"
        if text and (not text.endswith("\n") or text.endswith("\n\n")):
            yield path, text.count("\n") + 1, "file does not end in one newline"


@rule("opening", "a file opens with a sentence that says what it is",
      bad=[{"impl/a.c": "int x;\n"}, {"ci/a": "#!/bin/sh\nexit 0\n"},
           {"ci/a.py": "x = 1\n"}, {"impl/component.mk": "X := 1\n"}],
      good=[{"impl/a.c": OPEN}, {"ci/a": "#!/bin/sh\n# Leaves.\nexit 0\n"},
            {"ci/a.py": '"""Sets x."""\nx = 1\n'},
            {"impl/component.mk": "# A part.\nX := 1\n"}])
def check_opening(tree):
    starts = {"c": r"/\*", "s": r"/\*", "def": r"/\*", "lds": r"/\*",
              "python": r'(#!.*\n)?(#.*\n)*(\w)?"""', "make": r"# ",
              "shell": r"(#!.*\n)?(# shellcheck .*\n)?# ?\w",
              "markdown": r"# "}
    for path in tree.paths:
        want = starts.get(tree.language(path))
        if want and not re.match(want, tree.text(path)):
            yield path, 1, "no opening comment"


# --- C ----------------------------------------------------------------------

@rule("no-ifdef", "variation is a file or a table row, not #if in a .c file",
      bad=[{"impl/a.c": OPEN + "#ifdef X\n#endif\n"}],
      good=[{"impl/a.h": OPEN + "#ifndef A_H\n#endif\n"},
            {"impl/a.c": OPEN + "#define X 1\n"}])
def check_no_ifdef(tree):
    paths = [path for path in tree.paths if path.endswith(".c")]
    yield from search(tree, paths,
                      re.compile(r"^\s*#\s*(if|ifdef|ifndef|elif)\b.*"))


FORBIDDEN = re.compile(
    r"(?<![\w.>])(strcpy|strcat|strncpy|strtok|sprintf|vsprintf|gets|alloca"
    r"|system|setjmp|longjmp|tmpnam|mktemp)\s*\(")
SLEEPS = re.compile(r"(?<![\w.>])(sleep|usleep|nanosleep)\s*\(")


@rule("forbidden-call", "calls that cannot be made safe, sleeping tests",
      bad=[{"impl/a.c": "x = strcpy(a, b);\n"}, {"impl/a.c": "system(c);\n"},
           {"impl/base/test/test_a.c": "    usleep(10);\n"}],
      good=[{"impl/a.c": "/* not strcpy(a, b) */\nfilesystem(a);\n"},
            {"impl/a.c": 'puts("gets(x)");\n'}])
def check_forbidden_call(tree):
    paths = tree.of("c")
    yield from search(tree, paths, FORBIDDEN)
    yield from search(tree, [p for p in paths if "/test/" in p], SLEEPS)


@rule("guard", "a header's guard is its path: HV_EVTCHN_H",
      bad=[{"impl/x/include/hv/evtchn.h": OPEN + "#ifndef EVTCHN_H\n"},
           {"impl/x/include/hv/evtchn.h": OPEN + "#pragma once\n"},
           {"impl/x/include/hv/a.h":
            OPEN + "#ifndef HV_A_H\n#define HV_B_H\n"}],
      good=[{"impl/x/include/hv/evtchn.h":
             OPEN + "#ifndef HV_EVTCHN_H\n#define HV_EVTCHN_H\n"},
            {"impl/x/test/fixture.h":
             OPEN + "#ifndef TEST_FIXTURE_H\n#define TEST_FIXTURE_H\n"},
            {"impl/x/svm/vmcb.h":
             OPEN + "#ifndef X_SVM_VMCB_H\n#define X_SVM_VMCB_H\n"}])
def check_guard(tree):
    for path in tree.paths:
        if not path.endswith(".h"):
            continue
        head, _, rest = path.rpartition("/include/")
        parts = (rest if head else path).split("/")
        least = len(parts) if head else min(2, len(parts))
        wants = [re.sub(r"\W", "_", "_".join(parts[nr:])).upper()
                 for nr in range(len(parts) - least + 1)]
        want = wants[-1]
        match = re.match(r"#ifndef (\w+)\n#define (\w+)\b",
                         code_only(tree.text(path)).strip())
        if not match or match.group(1) != match.group(2) \
                or match.group(1) not in wants:
            yield path, 1, "guard is not %s" % want


@rule("recursion", "no function calls itself",
      bad=[{"impl/a.c": "int f(int n)\n{\n    return n ? f(n - 1) : 0;\n}\n"}],
      good=[{"impl/a.c": "int f(int n)\n{\n    return g(n) + s->f(n);\n}\n"}])
def check_recursion(tree):
    for path in tree.of("c"):
        for name, first, _, body in functions(tree.text(path)):
            if re.search(r"(?<![\w.>])%s\s*\(" % re.escape(name), body):
                yield path, first, "%s() calls itself" % name


@rule("typedef", "no typedef for a struct, unless it boxes one number",
      bad=[{"impl/a.h": "typedef struct a a_t;\n"},
           {"impl/a.h": "typedef struct {\n    int x;\n    int y;\n} a_t;\n"}],
      good=[{"impl/a.h": "typedef struct {\n    uint64_t v;\n} gfn_t;\n"}])
def check_typedef(tree):
    pattern = re.compile(r"\btypedef\s+(struct|union)\b\s*\w*\s*(\{([^}]*)\})?")
    for path in tree.of("c"):
        text = code_only(tree.text(path))
        for match in pattern.finditer(text):
            if not match.group(2) or match.group(3).count(";") != 1:
                yield (path, text.count("\n", 0, match.start()) + 1,
                       "typedef of a " + match.group(1))


@rule("comment-style", "comments are /* */",
      bad=[{"impl/a.c": OPEN + "int x; // why\n"}],
      good=[{"impl/a.c": OPEN + 'const char *u = "http://x";\n'}])
def check_comment_style(tree):
    def only_slashes(text):
        text = re.sub(r"/\*.*?\*/",
                      lambda m: re.sub(r"[^\n]", " ", m.group()), text,
                      flags=re.DOTALL)
        return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)
    yield from search(tree, tree.of("c"), re.compile(r"//.*"), only_slashes)


@rule("unfinished", "nothing marked as still to do is left behind",
      bad=[{"impl/a.c": "/* TO" "DO: this */\n"}, {"ci/a.sh": "# FIX" "ME\n"}],
      good=[{"impl/a.c": "/* Done. */\n"}])
def check_unfinished(tree):
    yield from search(tree, tree.of("c", "s", "python", "shell", "make", "def"),
                      re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b.*"),
                      lambda text: text)


@rule("names", "our names do not start with xen_, XEN_ or __",
      bad=[{"impl/a.c": "int xen_start(void)\n{\n    g();\n}\n"},
           {"impl/a.h": "#define XEN_MINE 1\n"},
           {"impl/a.h": "#define __packed 1\n"}],
      good=[{"impl/a.c": "int start(void)\n{\n    g();\n}\n"},
            {"impl/abi/include/abi/xen.h": "#define XEN_EINTR 4\n"}])
def check_names(tree):
    paths = [path for path in tree.of("c") if path.startswith("impl/")
             and path != "impl/abi/include/abi/xen.h"]
    yield from search(tree, paths, re.compile(r"^#\s*define (XEN_|xen_|__)\w*"))
    for path in paths:
        for name, first, _, _ in functions(tree.text(path)):
            if name.startswith(("xen_", "XEN_", "__")):
                yield path, first, name


@rule("minus-one", "a failure is a named negative code, never -1",
      bad=[{"impl/a.c": "    return -1;\n"}],
      good=[{"impl/a.c": "    return -XEN_EINVAL;\n"}])
def check_minus_one(tree):
    paths = [path for path in tree.of("c") if path.startswith("impl/")
             and "/test/" not in path]
    yield from search(tree, paths, re.compile(r"\breturn \(?-1\)?;"))


@rule("asm", "assembly stays under arch/ (and in guest kernels)",
      bad=[{"impl/hypervisor/core/a.c": '    asm volatile("nop");\n'},
           {"impl/hypervisor/core/a.S": OPEN}],
      good=[{"impl/hypervisor/arch/x86/a.c": '    asm volatile("nop");\n'}])
def check_asm(tree):
    paths = [path for path in tree.of("c", "s")
             if "/arch/" not in path and not path.startswith(GUESTS)]
    yield from search(tree, [p for p in paths if not p.endswith(".S")],
                      re.compile(r"\b(asm|__asm__)\b"))
    for path in paths:
        if path.endswith(".S"):
            yield path, 1, "assembly outside arch/"


@rule("empty-test", "a test asserts something, itself or through a helper",
      bad=[{"impl/base/test/test_a.c":
            "START_TEST(x)\n{\n    f();\n}\nEND_TEST\n"}],
      good=[{"impl/base/test/test_a.c":
             "START_TEST(x)\n{\n    ck_assert(f());\n}\nEND_TEST\n"},
            {"impl/base/test/test_a.c":
             "#define SAME(x) \\\n    same(x)\nSTART_TEST(x)\n{\n"
             "    SAME(f());\n}\nEND_TEST\n",
             "impl/base/test/help.c":
             "void same(int x)\n{\n    ck_assert(x);\n}\n"}])
def check_empty_test(tree):
    paths = [path for path in tree.of("c") if "/test/" in path]
    bodies = [found for path in paths for found in bodies_of(tree.text(path))]
    known, size = {"ck_abort_msg"}, 0
    while len(known) != size:
        size = len(known)
        pattern = re.compile(r"\bck_(assert|abort)|\b(%s)\b" % "|".join(known))
        known |= {name for name, body in bodies
                  if name != "START_TEST" and pattern.search(body)}
    for path in paths:
        for name, first, _, body in functions(tree.text(path)):
            if name == "START_TEST" and not pattern.search(body):
                yield path, first, "a test without an assertion"


def bodies_of(text):
    """(name, body) of each function and function-like macro."""
    for name, _, _, body in functions(text):
        yield name, body
    for match in re.finditer(r"^#define (\w+)\(((?:.*\\\n)*.*)",
                             code_only(text), re.MULTILINE):
        yield match.group(1), match.group(2)


# --- Layers -----------------------------------------------------------------

INCLUDE = r"^\s*#\s*include\s*"


@rule("layers", "impl/ names no other part; conformance/ includes no impl/",
      bad=[{"impl/a.c": '#include "sim/x.h"\n'},
           {"impl/x/run": "#!/bin/sh\n# x\nexec bench" + "/x\n"},
           {"conformance/a.c": '#include "hv/domain.h"\n'},
           {"impl/hypervisor/core/a.c": '#include "x86/regs.h"\n'},
           {"impl/base/a.c": '#include "hv/domain.h"\n'}],
      good=[{"impl/a.c": '/* A benchmark. */\n#include "hv/x.h"\n'},
            {"conformance/a.c": '#include "guest/x.h"\n'},
            {"impl/README.md": "Tests of the ABI are in conformance/.\n"}])
def check_layers(tree):
    above = re.compile(r"(?<![\w./-])(\.\./)*(sim|conformance|hwcompat|bench)/")
    ours = [p for p in tree.paths if p.startswith("impl/")
            and tree.language(p) != "markdown" and not tree.is_binary(p)]
    yield from search(tree, ours, above, lambda text: text)
    limits = [("conformance/", r'["<](impl|hv|x86|base|abi)/'),
              ("impl/hypervisor/core/", r'["<](x86|svm|vmx)/'),
              ("impl/hypervisor/include/", r'["<](x86|svm|vmx)/'),
              ("impl/base/", r'["<](hv|x86)/'),
              ("impl/abi/", r'["<](hv|x86|base)/')]
    for folder, names in limits:
        paths = [p for p in tree.of("c", "s") if p.startswith(folder)]
        yield from search(tree, paths, re.compile(INCLUDE + names),
                          without_comments)


@rule("xen-headers", "<xen/...> is included by abi/xen.h and guests only",
      bad=[{"impl/hypervisor/core/a.c": "#include <xen/xen.h>\n"}],
      good=[{"impl/abi/include/abi/xen.h": "#include <xen/xen.h>\n"},
            {"bench/micro/guest/a.c": "#include <xen/xen.h>\n"}])
def check_xen_headers(tree):
    paths = [path for path in tree.of("c", "s")
             if path != "impl/abi/include/abi/xen.h"
             and not path.startswith(GUESTS)]
    yield from search(tree, paths, re.compile(INCLUDE + r'["<]xen/.*'),
                      without_comments)


@rule("include-path", "no ../ and no .c in an include",
      bad=[{"impl/a.c": '#include "../b.h"\n'}, {"impl/a.c": '#include "b.c"\n'}],
      good=[{"impl/a.c": '#include "base/b.h"\n'}])
def check_include_path(tree):
    yield from search(tree, tree.of("c", "s"),
                      re.compile(INCLUDE + r'["<]([^">]*\.\./.*|.*\.c[">])'),
                      without_comments)


@rule("size", "the hypervisor has at most %d lines of code" % HV_LINES_MAX,
      bad=[{"impl/hypervisor/a.c": "int x;\n" * (HV_LINES_MAX + 1)}],
      good=[{"impl/hypervisor/test/a.c": "int x;\n" * (HV_LINES_MAX + 1)},
            {"impl/base/a.c": "int x;\n" * (HV_LINES_MAX + 1)}])
def check_size(tree):
    total = sum(code_lines(tree.text(path)) for path in tree.paths
                if path.startswith("impl/hypervisor/")
                and path.endswith((".c", ".h", ".S", ".def", ".lds"))
                and "/test/" not in path and "/fuzz/" not in path)
    if total > HV_LINES_MAX:
        yield "impl/hypervisor", 1, "%d lines of code" % total


# --- Scripts and the tree ---------------------------------------------------

@rule("shellcheck", "shellcheck finds nothing in shell scripts",
      tool="shellcheck",
      bad=[{"ci/a.sh": "#!/bin/sh\n# Prints.\necho $1\n"}],
      good=[{"ci/a.sh": '#!/bin/sh\n# Prints.\necho "$1"\n'}])
def check_shellcheck(tree):
    yield from lint(tree, ["shellcheck", "-f", "gcc", "-e", "SC1091"],
                    tree.of("shell"), re.compile(r"(.*?):(\d+):\d+: (.*)"))


@rule("pyflakes", "pyflakes finds nothing in Python files", tool="pyflakes3",
      bad=[{"ci/a.py": '"""A."""\nimport os\n'}],
      good=[{"ci/a.py": '"""A."""\nimport os\nos.getpid()\n'}])
def check_pyflakes(tree):
    yield from lint(tree, ["pyflakes3"], tree.of("python"),
                    re.compile(r"(.*?):(\d+):\d*:? (.*)"))


@rule("script-call", "no shell started from Python, no sleeping Python test",
      bad=[{"ci/a.py": "subprocess.run(x, shell=" + "True)\n"},
           {"ci/test_a.py": "time.sleep" + "(1)\n"}],
      good=[{"ci/a.py": "subprocess.run(x)\n"}])
def check_script_call(tree):
    paths = tree.of("python")
    yield from search(tree, paths, re.compile(
        r"shell=T" r"rue|\bos\.sys" r"tem\(|\beval\("), lambda text: text)
    tests = [p for p in paths if os.path.basename(p).startswith("test_")]
    yield from search(tree, tests, re.compile(r"\btime\.sl" r"eep\("),
                      lambda text: text)


@rule("or-true", "no `|| true` that would hide a failing check",
      bad=[{"ci/a.sh": "#!/bin/sh\n# A.\nmake test || " + "true\n"}],
      good=[{"ci/a.sh": "#!/bin/sh\n# A.\nmake test\n"}])
def check_or_true(tree):
    paths = [p for p in tree.of("shell", "make")
             if p.startswith(("ci/", ".ci/", "Makefile")) or "/test/" in p]
    yield from search(tree, paths, re.compile(r"\|\|\s*(tr" r"ue|:)(\s|$)"),
                      lambda text: text)


@rule("mode", "what starts with #! may be executed, and nothing else",
      bad=[{"ci/a.noexec": "#!/bin/sh\n"}],
      good=[{"ci/a": "#!/bin/sh\n", "b": "x\n"}])
def check_mode(tree):
    for path in tree.paths:
        script = tree.bytes(path)[:2] == b"#!"
        runs = os.access(os.path.join(tree.root, path), os.X_OK)
        if script != runs:
            yield path, 1, "executable: %s, #! line: %s" % (runs, script)


@rule("large", "no binary and no large file in the tree",
      bad=[{"impl/a.bin": "a\0b"}, {"a.txt": "x" * (BLOB_BYTES_MAX + 1)}],
      good=[{"a.txt": "x\n"}])
def check_large(tree):
    for path in tree.paths:
        if tree.is_binary(path) or len(tree.bytes(path)) > BLOB_BYTES_MAX:
            yield path, 1, "%d bytes, or binary" % len(tree.bytes(path))


@rule("top-level", "the top level is fixed",
      bad=[{"docs/a.md": "# A\n"}], good=[{".ci/run": "x\n", "impl/a": "x\n"}])
def check_top_level(tree):
    for name in sorted({path.split("/")[0] for path in tree.paths}):
        if name not in TOP_LEVEL and not name.startswith("."):
            yield name, 1, "not one of the fixed top-level names"


@rule("links", "a relative link in a README leads somewhere",
      bad=[{"README.md": "# A\n[b](missing.md)\n"}],
      good=[{"README.md": "# A\n[b](ci/b.md) [c](https://example.org)\n",
             "ci/b.md": "# B\n"}])
def check_links(tree):
    for path in tree.of("markdown"):
        for nr, line in enumerate(tree.text(path).splitlines(), 1):
            for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", line):
                full = os.path.join(tree.root, os.path.dirname(path), target)
                if "://" not in target and not os.path.exists(full):
                    yield path, nr, "link to %s, which is not there" % target


# Written in halves, so that this file does not name them itself.
PRIVATE = ["/wo" "rk/", "/tmp/" "ts/", "sha" "red/design", "sha" "red/facts",
           "sha" "red/hw", "sha" "red/oracle", "CONVEN" "TIONS.md",
           "EXAM" "PLES.md", "DES" "IGN.md"]


@rule("private", "the tree does not name what only its authors' machine has",
      bad=[{"a.md": "See %sfacts.\n" % PRIVATE[0]}],
      good=[{"a.md": "See homework/facts.\n"}])
def check_private(tree):
    pattern = re.compile("|".join(r"(?<![\w.])" + re.escape(name)
                                  for name in PRIVATE))
    paths = [path for path in tree.paths if not tree.is_binary(path)]
    yield from search(tree, paths, pattern, lambda text: text)
