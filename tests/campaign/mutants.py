#!/usr/bin/env python3
"""mutants.py: take away each check of an input in turn; does a test turn red?

A check is what stands before a refusal, that is a failure of FM_EINPUT, a call
of a function that can do nothing but fail so, or a validator's `return false`
or `return "why"`: each of the operands of ||
in the `if` before it, or the refusal itself where no `if` is.  All are taken
out of one copy of the tree, which is built once: which one is missing is said
by the environment (mutant.c).

Each test runs once to learn which checks it meets with a reason to refuse; then
for each check only those tests run, the quickest first, until one fails.
A check that no test ever meets so survives without a run.  Tests that are
quick to learn come first: units, hostile files, then the tools' tests, which
only those checks need that the others let live.

No check may survive but those in survivors.tsv (file, check, and why no test
tells), and those must.

  mutants.py BUILD [STEP [FILE...]]   every STEP-th check, of these files
"""
import concurrent.futures
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
COPIED = ["Makefile", "lib", "cmd", "tests", "man", "samples"]
FLOOR = 750    # checks, at least
ROOM = 64      # checks of a file, at most
NOTHING = (1 << 22) - 1  # the number of no check; below MOST of mutant.c
MEMORY = 16 << 30
# Negative control: it is known that tests need this one.
NEEDED = ("lib/bundle/sealed.c", "fm_id_cmp(id, &want) != 0")
# Tests of the tools that meet no check of an input, or none alone.
APART = {"bench", "hospitals", "packaging", "parallel", "pytorch", "samples",
         "slurm"}
REFUSE = r"\bfm_err_set\s*\(\s*[\w>.&-]+\s*,\s*FM_EINPUT\b"
# What validators of other types return: "why not", or false.
SAYS_NO = r"\breturn\s+\"|\breturn\s+false\b"


def blank(text):
    """The same without comments and strings, character by character."""
    def spaces(m):
        # A string stays one, so that what returns one can be seen.
        quote = m.group()[0] == '"'
        inner = re.sub(r"[^\n]", " ", m.group())
        return '"' + inner[1:-1] + '"' if quote else inner
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(\\.|[^"\\\n])*"|\'(\\.|[^\'\\\n])+\'',
                  spaces, text, flags=re.S)


def closing(text, at):
    """Where the bracket at `at` is closed."""
    depth = 0
    for i in range(at, len(text)):
        if text[i] in "([{":
            depth += 1
        elif text[i] in ")]}":
            depth -= 1
            if depth == 0:
                return i
    raise ValueError("not closed")


def operands(text, start, end):
    """The operands of || at the top level of text[start:end]."""
    depth, from_, parts = 0, start, []
    for i in range(start, end):
        if text[i] in "([{":
            depth += 1
        elif text[i] in ")]}":
            depth -= 1
        elif depth == 0 and text.startswith("||", i):
            parts.append((from_, i))
            from_ = i + 2
        elif depth == 0 and text[i] == "?":
            return [(start, end)]
    return parts + [(from_, end)]


def functions(text):
    """name, start and end of the body of each function."""
    for m in re.finditer(r"^(\w+)\([^;{}]*\)\n\{", text, re.M):
        yield m.group(1), m.end() - 1, closing(text, m.end() - 1)


def ifs(text):
    """condition and controlled statement of each if."""
    for m in re.finditer(r"\bif\s*\(", text):
        end = closing(text, m.end() - 1)
        body = end + 1
        while text[body].isspace():
            body += 1
        last = (closing(text, body) if text[body] == "{"
                else text.index(";", body))
        yield (m.end(), end), (body, last)


def refusers(texts):
    """Functions that always refuse."""
    known = {}
    while True:
        found = {}
        for path, text in texts.items():
            pattern = refusal(known, path)
            for name, start, end in functions(text):
                body = text[start:end]
                if re.search(r"\breturn\s+(0|rc|true|NULL)\b", body):
                    continue
                if re.search(r"\breturn\s+(" + pattern + ")", body) and \
                        len(re.findall(r"\breturn\b", body)) == 1 and \
                        not re.search(r"\?[^;]*" + pattern, body):
                    found[name] = path
        if found == known:
            return known
        known = found


def refusal(known, path):
    """What a refusal looks like in a file."""
    pattern = REFUSE
    if re.search(r"/lib/(base|tensor|mask|bundle|agg|data|trust)/", path):
        pattern += "|" + SAYS_NO
    names = [n for n, p in known.items()
             if p == path or n.startswith("fm_")]
    if names:
        pattern += r"|\b(?:" + "|".join(names) + r")\s*\("
    return pattern


def mutate(path, source, known, number, sites):
    """The source with every check made removable."""
    text = blank(source)
    inside = [(s, e, n) for n, s, e in functions(text)]
    conditions = list(ifs(text))
    edits, done = [], set()
    for m in re.finditer(refusal(known, path), text):
        at = m.start()
        home = [n for s, e, n in inside if s < at < e]
        if not home:
            continue
        over = [c for c in conditions if c[1][0] <= at <= c[1][1]]
        # The refusal at the end of a function that always refuses counts
        # where that function is called.
        if not over and (home[0] in known or
                         text.startswith("return", at)):
            continue
        if over:
            cond = max(over, key=lambda c: c[0][0])[0]
            if cond in done:
                continue
            done.add(cond)
            for start, end in operands(text, *cond):
                edits.append((start, "(("))
                edits.append((end, ") && !fm_mutant(%d))" % number))
                sites[number] = (path, source.count("\n", 0, start) + 1,
                                 " ".join(source[start:end].split()))
                number += 1
        else:
            end = closing(text, text.index("(", at)) + 1
            edits.append((at, "(fm_mutant(%d) ? 0 : (int)" % number))
            edits.append((end, ")"))
            sites[number] = (path, source.count("\n", 0, at) + 1,
                             " ".join(source[at:end].split())[:60])
            number += 1
    for at, what in sorted(edits, reverse=True, key=lambda x: x[0]):
        source = source[:at] + what + source[at:]
    return 'int fm_mutant(unsigned which);\n' + source, number


def instrument(tree):
    """Copy the tree and make its checks removable; what they are."""
    texts, sources, sites = {}, {}, {}
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(tree)
    for name in COPIED:
        src = os.path.join(ROOT, name)
        (shutil.copytree if os.path.isdir(src) else shutil.copy2)(
            src, os.path.join(tree, name))
    for top in ("lib", "cmd"):
        for where, _, names in os.walk(os.path.join(tree, top)):
            for name in names:
                path = os.path.join(where, name)
                if name.endswith(".c"):
                    with open(path) as f:
                        sources[path] = f.read()
    for path, source in sources.items():
        texts[path] = blank(source)
    known = refusers(texts)
    for path in sorted(sources):
        # By its name, so that a change elsewhere leaves it as it was built.
        number = ROOM * (zlib.crc32(os.path.relpath(path, tree).encode()) %
                         (NOTHING // ROOM))
        if number in sites:
            sys.exit("mutants: %s shares its numbers: change ROOM" % path)
        made, _ = mutate(path, sources[path], known, number, sites)
        with open(path, "w") as f:
            f.write(made)
    shutil.copy2(os.path.join(ROOT, "tests/campaign/mutant.c"),
                 os.path.join(tree, "lib/base/mutant.c"))
    # Each of the tools' tests keeps its own list of what it met.
    with open(os.path.join(tree, "tests/cli/helper.bash"), "a") as f:
        f.write('[ -z "${MUTANT_DIR-}" ] || export FM_MUTANT_LOG='
                '"$MUTANT_DIR/$BATS_TEST_NAME"\n')
    return sites


class Tests:
    """What can turn red: programs, hostile files, and the tools' tests."""

    def __init__(self, tree, pool):
        self.tree, self.pool = tree, pool
        self.meets, self.took, self.run_as = {}, {}, {}
        self.env = dict(os.environ, PATH=tree + "/build/bin:" +
                        os.environ["PATH"])
        self.env.pop("FM_MUTANT_LOG", None)

    def run(self, command, mutant, limit, **more):
        env = dict(self.env, FM_MUTANT=str(mutant), **more)
        child = subprocess.Popen(
            command, cwd=self.tree, env=env, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        try:
            return child.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            return -1

    def learn(self, command, **more):
        """Run a test as it is; how long it took."""
        began = time.time()
        if self.run(command, NOTHING, 1200, **more) != 0:
            sys.exit("mutants: %s fails as it is" % command[-1])
        return time.time() - began

    def unit(self, program):
        log = os.path.join(self.tree, "met." + program)
        command = ["build/tests/" + program]
        self.took[program] = self.learn(command, FM_MUTANT_LOG=log)
        self.keep(program, command, log)

    def units(self):
        """The library's tests, each a program."""
        self.every(self.unit, (
            p for p in os.listdir(os.path.join(self.tree, "build/tests"))
            if p.startswith("test_") and "." not in p))

    def hostile(self):
        """The hostile files, each alone."""
        command = ["build/campaign/vectors", "build/bin"]
        logs = os.path.join(self.tree, "met.vectors")
        os.makedirs(logs)
        took = self.learn(command, MUTANT_DIR=logs)
        for number in set(os.listdir(logs)) - {"0"}:
            name = "vectors " + number
            self.took[name] = took / len(os.listdir(logs))
            self.keep(name, command + [number], os.path.join(logs, number))

    def bats(self, path):
        """The tests in a file of the tools' tests, each alone."""
        logs = os.path.join(self.tree, "met", os.path.basename(path))
        os.makedirs(logs)
        took = self.learn(["bats", "--tap", path], MUTANT_DIR=logs)
        with open(os.path.join(self.tree, path)) as f:
            titles = re.findall(r'^@test "(.*)" \{$', f.read(), re.M)
        for log in os.listdir(logs):
            title = [t for t in titles if bats_name(t) == log]
            if len(title) != 1:
                sys.exit("mutants: %s: which test is %s?" % (path, log))
            name = "%s: %s" % (os.path.basename(path), title[0])
            self.took[name] = 1 + took / len(titles)
            self.keep(name, ["bats", "--tap", "-f",
                             "^" + re.escape(title[0]) + "$", path],
                      os.path.join(logs, log))

    def tools(self):
        """The tools' tests."""
        self.every(self.bats, (
            "tests/cli/" + f
            for f in os.listdir(os.path.join(self.tree, "tests/cli"))
            if f.endswith(".bats") and f[:-5] not in APART))

    def every(self, call, names):
        list(self.pool.map(call, sorted(names)))

    def keep(self, name, command, log):
        self.run_as[name] = command
        self.meets[name] = set()
        if os.path.exists(log):
            with open(log) as f:
                self.meets[name] = {int(line) for line in f}

    def meeting(self, mutant):
        """The tests that meet a check, the quickest first."""
        return sorted((n for n in self.meets if mutant in self.meets[n]),
                      key=lambda n: self.took[n])

    def red(self, mutant, names):
        """The first of these tests that turns red, or None."""
        for name in names:
            if self.run(self.run_as[name], mutant,
                        10 + 10 * self.took[name]) != 0:
                return name
        return None


def bats_name(title):
    """As bats(1) makes a function of a title."""
    return "test_" + "".join(
        "_" if c == " " else c if c.isalnum() and c.isascii()
        else "-%02x" % ord(c) for c in title)


def try_all(tests, wanted, control):
    """Which test turns red without each check; None: no test does."""
    killer, done = {}, set()
    for learn in (tests.units, tests.hostile, tests.tools):
        alive = [k for k in wanted if k not in killer]
        if not alive:
            break
        learn()
        if not done:
            meet = tests.meeting(control)
            if not tests.red(control, meet) or tests.red(NOTHING, meet):
                sys.exit("mutants: the negative control survived")
            print("# control: no test is red, but without the checksum's check")
        found = tests.pool.map(lambda k: tests.red(
            k, [n for n in tests.meeting(k) if n not in done]), alive)
        killer.update((k, by) for k, by in zip(alive, found) if by)
        done.update(tests.meets)
        print("# %d tests: %d of %d checks live" % (
            len(done), len(wanted) - len(killer), len(wanted)), flush=True)
    return killer


def excused():
    """The checks of survivors.tsv, and why."""
    with open(os.path.join(os.path.dirname(__file__), "survivors.tsv")) as f:
        rows = [line.rstrip("\n").split("\t") for line in f
                if line[0] != "#"]
    return {(path, what): why for path, what, why in rows}


def judge(tests, sites, wanted, killer):
    """Say what survived; the number of faults."""
    known, bad = excused(), 0
    for k in wanted:
        path, line, what = sites[k]
        if k not in killer and (path, what) not in known:
            print("mutants: %s:%d: %s: %s" % (
                path, line, what, "no test is red without it"
                if tests.meeting(k) else "no test meets it"))
            bad += 1
    # The same words may stand in two places of a file.
    for where in known:
        at = [k for k in sites if (sites[k][0], sites[k][2]) == where]
        if not at or all(k in killer for k in at):
            print("mutants: survivors.tsv: %s: %s: %s" % (
                *where, killer[at[0]] + " is red without it" if at else
                "no such check"))
            bad += known[where] != "no test yet"
    return bad


def main():
    tree = os.path.join(os.path.abspath(sys.argv[1]), "mutants")
    step = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    files = sys.argv[3:]
    # A missing check may ask for all memory.
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sites = {k: (os.path.relpath(path, tree), line, what)
             for k, (path, line, what) in instrument(tree).items()}
    wanted = sorted(k for k in sites if not files or sites[k][0] in files)
    wanted = wanted[::step]
    control = [k for k, (p, _, what) in sites.items() if (p, what) == NEEDED]
    if len(control) != 1:
        sys.exit("mutants: where is the negative control?")
    subprocess.run(["make", "-s", "-j%d" % os.cpu_count(), "BUILD=build",
                    "CC=" + os.environ.get("CC", "cc"), "CFLAGS=-O1 -w",
                    "all", "units", "campaigns"], cwd=tree, check=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        tests = Tests(tree, pool)
        killer = try_all(tests, wanted, control[0])
    with open(os.path.join(tree, "killers"), "w") as f:
        for k in wanted:
            f.write("%s:%d\t%s\t%s\n" % (*sites[k], killer.get(k)))
    bad = judge(tests, sites, wanted, killer)
    print("# %d of them are in survivors.tsv" % sum(
        (sites[k][0], sites[k][2]) in excused() for k in wanted))
    print("campaign: %d of %d turned a test red" % (len(killer), len(wanted)))
    if not files and len(wanted) < FLOOR // step:
        sys.exit("mutants: only %d checks" % len(wanted))
    sys.exit(1 if bad else 0)


main()
