"""Finds the most similar name among those of options that exist.

    nearest.py FILE

FILE is a JSON object {"unknown": [NAME, ...], "defined": {NAME: true, ...}}. The output is a JSON
object {NAME: SIMILAR NAME} of those unknown names for which there is one.
"""

import difflib
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    asked = json.load(file)
found = {}
for name in asked["unknown"]:
    near = difflib.get_close_matches(name, sorted(asked["defined"]), n=1, cutoff=0.84)
    if near:
        found[name] = near[0]
json.dump(found, sys.stdout)
