"""Time: columns that tell it, steps and gaps between moments, seasons."""
