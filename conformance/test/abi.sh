#!/bin/sh
# The ABI suite on our hypervisor: one boot of a kernel that tests it.
exec conformance/abi/abi platform --build "${O:-build}" --tap
