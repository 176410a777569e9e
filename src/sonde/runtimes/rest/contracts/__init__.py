"""Contracts of other services that are answered here, a file each."""
