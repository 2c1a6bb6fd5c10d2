"""The PV I/O lab: `touchstone bench`."""
