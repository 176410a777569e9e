"""How long the tests that could go on for hours do go on.

``CAMPAIGNS=full`` asks for what ``.ci/run campaigns`` runs: 20,000 requests, 100 kills, every bomb.
"""

from __future__ import annotations

import os

FULL = os.environ.get("CAMPAIGNS") == "full"
