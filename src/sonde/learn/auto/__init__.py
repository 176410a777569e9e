"""What the detectors that need no parameter are made of."""
