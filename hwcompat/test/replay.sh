#!/bin/sh
# A few machines made by the test, replayed; `make replay` replays records.
exec python3 hwcompat/test/replay_machines.py
