#!/bin/sh
# -m -O OUTPUT OUTPUT/.config FRAGMENT
cat "$5" >> "$4"
