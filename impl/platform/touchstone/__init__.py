"""Boots the platform under QEMU and tells what happened there."""
