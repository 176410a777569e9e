"""The database: its tables, and how they come to the version of this program."""

from .database import Database, open_database

__all__ = ["Database", "open_database"]
