"""The database: its tables, and how they come to the version of this program."""

from .database import Database, database_of, open_database

__all__ = ["Database", "database_of", "open_database"]
