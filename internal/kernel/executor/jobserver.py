"""A jobserver of GNU make (info make, "POSIX Jobserver") that several containers share.

    jobserver.py hold FIFO N    creates the fifo with N tokens, prints "ready", keeps it open
    jobserver.py acquire FIFO   waits for a token and takes it
    jobserver.py release FIFO   returns a token

A fifo loses its content when no process has it open: hold prevents that.
"""

import os
import signal
import sys
import time

STALE = 2 * 24 * 3600  # seconds: older fifos were left by runs that were killed

verb, fifo = sys.argv[1:3]
if verb == "hold":
    for old in os.scandir(os.path.dirname(fifo)):
        if time.time() - old.stat().st_mtime > STALE:
            os.unlink(old.path)
    os.mkfifo(fifo)
    os.chmod(fifo, 0o666)  # make runs as a different user
    held = os.open(fifo, os.O_RDWR)
    os.write(held, b"+" * int(sys.argv[3]))
    print("ready", flush=True)
    signal.pause()
elif verb == "acquire":
    os.read(os.open(fifo, os.O_RDONLY), 1)
elif verb == "release":
    os.write(os.open(fifo, os.O_WRONLY), b"+")
