"""What is in a file: one reader for each format, and the writers."""
