"""A jobserver of GNU make (info make, "POSIX Jobserver") that several containers share.

    jobserver.py hold FIFO N   makes the fifo with N tokens in it, says so, and keeps it open
    jobserver.py take FIFO     waits for a token and takes it
    jobserver.py give FIFO     puts one back

A fifo loses what is in it when nobody has it open: that is what hold is for.
"""

import os
import signal
import sys
import time

STALE = 2 * 24 * 3600  # seconds: what a run that was killed left

verb, fifo = sys.argv[1:3]
if verb == "hold":
    for old in os.scandir(os.path.dirname(fifo)):
        if time.time() - old.stat().st_mtime > STALE:
            os.unlink(old.path)
    os.mkfifo(fifo)
    os.chmod(fifo, 0o666)  # make runs as another user
    held = os.open(fifo, os.O_RDWR)
    os.write(held, b"+" * int(sys.argv[3]))
    print("ready", flush=True)
    signal.pause()
elif verb == "take":
    os.read(os.open(fifo, os.O_RDONLY), 1)
elif verb == "give":
    os.write(os.open(fifo, os.O_WRONLY), b"+")
