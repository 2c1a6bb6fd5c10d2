#!/bin/sh
# Machines with a few of the quirks that the hypervisor acts upon; `make quirks`
# boots one for each of them.
exec hwcompat/zoo/quirks --quick --build "${O:-build}"
