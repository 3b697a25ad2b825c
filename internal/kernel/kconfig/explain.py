"""Finds out why options of a kernel configuration do not have the requested values.

The kernel's own tools have made the configuration; this program reads the same
Kconfig files and the final configuration, and looks for the reason.

    explain.py CONFIG ASKED

CONFIG is the final .config. ASKED is a JSON object with the requested values of the
options that were lost, {"CONFIG_EXT4_FS": "y", ...}. The output is a JSON object with
an answer for each: {"kind": ..., "why": [...], "needs": [...]}, where needs has lines
for a fragment. The environment is that of the kernel's make: srctree, SRCARCH, CC etc.
"""

import difflib
import io
import json
import os
import re
import sys

import kconfiglib as k

TRI = {"n": 0, "m": 1, "y": 2}
MARKS = {0: "n", 1: "m", 2: "y"}
MAX_STEPS = 40  # maximum number of options to add


# Options that were removed: the version that removed them, and their replacement. Source:
# the kernel's git log. An option whose name only got a prefix is found without this.
GONE = {
    "AUTOFS4_FS": ("6.6", "AUTOFS_FS"), "CC_STACKPROTECTOR": ("4.18", "STACKPROTECTOR"),
    "CPU_IBPB_ENTRY": ("6.9", "MITIGATION_IBPB_ENTRY"), "CPU_IBRS_ENTRY": ("6.9", "MITIGATION_IBRS_ENTRY"),
    "CPU_SRSO": ("6.9", "MITIGATION_SRSO"), "CPU_UNRET_ENTRY": ("6.9", "MITIGATION_UNRET_ENTRY"),
    "MEMCG_SWAP": ("6.1", "MEMCG"), "MICROCODE_AMD": ("6.6", "MICROCODE"), "MICROCODE_INTEL": ("6.6", "MICROCODE"),
    "SLAB": ("6.8", "SLUB"), "SLOB": ("6.4", "SLUB_TINY"), "SPECULATION_MITIGATIONS": ("6.9", "CPU_MITIGATIONS"),
    "X86_X32": ("5.18", "X86_X32_ABI"),
}

# Keywords that kconfiglib does not know and that do not affect dependencies.
UNKNOWN_KEYWORDS = re.compile(r"^\s+transitional\s*$", re.MULTILINE)


class Tree(k.Kconfig):
    """The kernel's Kconfig files without unknown keywords."""

    def _open(self, filename, mode):
        file = super()._open(filename, mode)
        if mode != "r":
            return file
        with file:
            return io.StringIO(UNKNOWN_KEYWORDS.sub("", file.read()))


def full(sym):
    """The name of an option with its prefix."""
    return "CONFIG_" + sym.name


def is_option(item):
    """Whether an item of an expression is an option: a number is a symbol too."""
    return isinstance(item, k.Symbol) and bool(item.nodes)


def show(expr):
    """An expression in Kconfig's syntax, with the full names of options."""
    return k.expr_str(expr, lambda sc: full(sc) if is_option(sc) else k.standard_sc_expr_str(sc))


def values(expr):
    """The current values of an expression's options: CONFIG_A=n, CONFIG_B=y."""
    items = [i for i in k.expr_items(expr) if is_option(i)]
    return ", ".join(f"{full(s)}={s.str_value or 'n'}" for s in sorted(items, key=lambda s: s.name))


def unmet(expr, want):
    """The smallest parts of an expression that keep it below want."""
    if k.expr_value(expr) >= want:
        return []
    if isinstance(expr, tuple) and expr[0] == k.AND:
        return unmet(expr[1], want) + unmet(expr[2], want)
    return [expr]


def condition(sym, want):
    """What keeps a symbol from being set: its dependencies, else its prompt's."""
    if k.expr_value(sym.direct_dep) < want:
        return sym.direct_dep
    prompts = [node.prompt[1] for node in sym.nodes if node.prompt]
    if prompts and sym.visibility < want:
        return max(prompts, key=k.expr_value)
    return None


def selectors(sym):
    """The options that can select a symbol, and those that select it now."""
    parts = k.split_expr(sym.rev_dep, k.OR)
    names = [(k.split_expr(p, k.AND)[0], k.expr_value(p)) for p in parts]
    able = [s for s, _ in names if is_option(s)]
    able.sort(key=lambda s: s.visibility == 0)  # visible ones first
    return able, [s for s, v in names if v > 0 and is_option(s)]


def chain(sym, want, seen):
    """The chain of unmet dependencies of a symbol, as lines."""
    if sym in seen:
        return []
    seen.add(sym)
    cond = condition(sym, want)
    if cond is None:
        if any(node.prompt for node in sym.nodes):
            return []
        able, _ = selectors(sym)
        if not able:
            return [f"{full(sym)} has no prompt: the kernel derives its value from the tools and other options"]
        return [f"{full(sym)} has no prompt: it is set by the options that select it" + listed(able)]
    lines = []
    for part in unmet(cond, want):
        lines.append(f"{full(sym)} needs {show(part)}, and {values(part) or show(part)}")
        for item in sorted(k.expr_items(part), key=lambda i: i.name or ""):
            if is_option(item) and item.tri_value < want and not negated(part, item):
                lines += chain(item, want, seen)
    return lines


def negated(expr, sym):
    """Whether an expression requires a symbol to be off."""
    return isinstance(expr, tuple) and expr[0] == k.NOT and sym in k.expr_items(expr)


def listed(symbols):
    """A list of options as the end of a sentence."""
    return ": " + ", ".join(full(s) for s in symbols[:6]) + (" and more" if len(symbols) > 6 else "")


def step(sym, want, seen):
    """One change towards sym having the value want: (symbol, value), or None."""
    if sym in seen or not is_option(sym):
        return None
    seen.add(sym)
    cond = condition(sym, want)
    if cond is not None:
        for part in unmet(cond, want):
            found = satisfy_part(part, want, seen)
            if found:
                return found
        return None
    if any(node.prompt for node in sym.nodes):
        return sym, want
    for able in selectors(sym)[0]:
        found = (able, want) if able.tri_value >= want else step(able, want, seen)
        if found and found[0].tri_value < found[1]:
            return found
    return None


def satisfy_part(part, want, seen):
    """One change towards meeting an expression: (symbol, value), or None."""
    if isinstance(part, k.Symbol):
        return step(part, want, seen)
    if not isinstance(part, tuple):
        return None
    if part[0] == k.NOT and isinstance(part[1], k.Symbol):
        return part[1], 0
    if part[0] == k.EQUAL and part[2].is_constant and part[2].name in TRI:
        return part[1], TRI[part[2].name]
    if part[0] in (k.AND, k.OR):
        for operand in part[1:]:
            found = satisfy_part(operand, want, seen)
            if found:
                return found
    return None


def needs(sym, asked):
    """Lines to add so that sym gets the requested value, verified by trying; [] if unknown."""
    before = {}
    added = []

    def put(target, value):
        before.setdefault(target, target.user_value)
        target.set_value(value)

    want = TRI[asked]
    put(sym, want)
    while sym.tri_value != want and len(added) < MAX_STEPS:
        change = step(sym, want, set())
        if change is None or change in added:
            break
        added.append(change)
        put(*change)
    reached = sym.tri_value == want
    for target, value in before.items():
        target.unset_value() if value is None else target.set_value(value)
    if not reached:
        return []
    return [f"{full(s)}={MARKS[v]}" if v else f"# {full(s)} is not set" for s, v in added if s is not sym]


def too_low(sym, asked):
    """Explains an option that is lower than requested: n, or m instead of y."""
    choice = sym.choice
    if choice is not None and sym.visibility and choice.selection not in (None, sym):
        title = next((n.prompt[0] for n in choice.nodes if n.prompt), "")
        won = full(choice.selection)
        return {"kind": "lost to a choice", "why": [f'only one option of the choice "{title}" can be set: {won} won'],
                "needs": [f"# {won} is not set", f"{full(sym)}={asked}"]}
    kind = "dropped" if sym.tri_value == 0 else "changed"
    why = chain(sym, TRI[asked], set())
    return {"kind": kind, "why": why, "needs": needs(sym, asked)}


def too_high(kconf, sym, asked):
    """Explains an option that is higher than requested: y or m, or y instead of m."""
    _, active = selectors(sym)
    if asked == "m" and kconf.modules.tri_value == 0:
        return {"kind": "changed", "why": ["CONFIG_MODULES is not set: m becomes y"], "needs": ["CONFIG_MODULES=y"]}
    if active:
        who = ", ".join(f"{full(s)}={s.str_value}" for s in active)
        return {"kind": "changed", "why": [f"{full(sym)} is selected by {who}"], "needs": [f"# {full(s)} is not set" for s in active]}
    if sym.choice is not None and sym.choice.selection is sym:
        return {"kind": "lost to a choice", "why": ["one option of its choice must be set, and no other was requested"], "needs": []}
    return {"kind": "changed", "why": [f"{full(sym)} cannot be switched off here: it has no visible prompt" + default_of(sym)], "needs": []}


def default_of(sym):
    """A symbol's active default as the end of a sentence, or ""."""
    for value, cond in sym.defaults:
        if k.expr_value(cond):
            return f", and its default is {show(value)}"
    return ""


def other_value(sym, asked):
    """Explains a number or a string."""
    if condition(sym, 1) is not None:
        return {"kind": "dropped", "why": chain(sym, 1, set()), "needs": []}
    kind = k.TYPE_TO_STR[sym.type]
    for low, high, cond in sym.ranges:
        if k.expr_value(cond):
            return {"kind": "changed", "why": [f"{full(sym)} is of type {kind}, in the range from {low.str_value} to {high.str_value}; requested was {asked}"], "needs": []}
    if not any(node.prompt for node in sym.nodes):
        return {"kind": "changed", "why": [f"{full(sym)} has no prompt: it cannot be set" + default_of(sym)], "needs": []}
    return {"kind": "changed", "why": [f"{full(sym)} is of type {kind}; {asked} is not a value of that type"], "needs": []}


DEFINITION = re.compile(r"^\s*(?:menu)?config\s+(\w+)", re.MULTILINE)


def definitions():
    """The file that defines each option in the tree, of all architectures."""
    found = {}
    top = os.environ["srctree"]
    for folder, _, files in os.walk(top):
        for name in files:
            if name.startswith("Kconfig"):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8", errors="replace") as f:
                    for option in DEFINITION.findall(f.read()):
                        found.setdefault(option, os.path.relpath(path, top))
    return found


def unknown(name, known, tree):
    """Explains an option that no Kconfig file of this architecture defines."""
    if name in tree:
        return {"kind": "not on this architecture", "why": [f"CONFIG_{name} is defined in {tree[name]}, which {os.environ['ARCH']} does not read"], "needs": []}
    version, now = GONE.get(name, ("", ""))
    if now in known:
        return {"kind": "gone or renamed", "why": [f"CONFIG_{name} was removed in {version}; CONFIG_{now} replaces it"], "needs": [f"CONFIG_{now}"]}
    ends = [n for n in known if n.endswith("_" + name)]
    if len(ends) == 1:
        return {"kind": "gone or renamed", "why": [f"CONFIG_{name} no longer exists; it may have become CONFIG_{ends[0]}"], "needs": [f"CONFIG_{ends[0]}"]}
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.84)
    if near:
        return {"kind": "unknown here", "why": [f"there is no CONFIG_{name}; did you mean CONFIG_{near[0]}?"], "needs": [f"CONFIG_{near[0]}"]}
    return {"kind": "unknown here", "why": [f"this kernel has no option CONFIG_{name}"], "needs": []}


def explain(kconf, sym, asked):
    """The answer for an option that is defined."""
    if sym.orig_type not in (k.BOOL, k.TRISTATE):
        return other_value(sym, asked)
    if asked not in TRI:
        return {"kind": "changed", "why": [f"{full(sym)} is of type {k.TYPE_TO_STR[sym.orig_type]}: expected y, m or n, not {asked}"], "needs": []}
    if asked == "m" and sym.orig_type == k.BOOL:
        return {"kind": "changed", "why": [f"{full(sym)} is a bool: it can be y or n, not m"], "needs": [f"{full(sym)}=y"]}
    if sym.tri_value < TRI[asked]:
        return too_low(sym, asked)
    return too_high(kconf, sym, asked)


def main(config, asked):
    """Prints the answers."""
    kconf = Tree("Kconfig", warn=False)
    kconf.load_config(config)
    known = sorted(s.name for s in kconf.unique_defined_syms)
    tree, answers = None, {}
    for option, value in asked.items():
        name = option.removeprefix("CONFIG_")
        sym = kconf.syms.get(name)
        if sym is not None and sym.nodes:
            answers[option] = explain(kconf, sym, value)
            answers[option]["derived"] = not any(node.prompt for node in sym.nodes)
            continue
        tree = definitions() if tree is None else tree
        answers[option] = unknown(name, known, tree)
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    with open(sys.argv[2], encoding="utf-8") as file:
        main(sys.argv[1], json.load(file))
