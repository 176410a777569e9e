"""What this installation is, what it lacks, and what is wrong with it."""

from .examine import examine, is_fine
from .finding import Finding

__all__ = ["Finding", "examine", "is_fine"]
