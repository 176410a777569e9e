"""Steps that change numbers before a detector sees them, one a file."""
