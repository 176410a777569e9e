"""Containers to the shapes of other libraries, and back."""

from .layouts import LAYOUTS, container_from, convert

__all__ = ["LAYOUTS", "container_from", "convert"]
