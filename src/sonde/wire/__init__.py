"""What travels: bodies to data, answers and errors to bodies. Knows no framework for HTTP."""
