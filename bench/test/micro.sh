#!/bin/sh
# Every measured operation on our hypervisor, each checking its own effect.
exec bench/micro/run --build "${O:-build}" --rounds 2 --tap
