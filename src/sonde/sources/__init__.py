"""Rows from where they live: databases."""

from .sql import read_sql

__all__ = ["read_sql"]
