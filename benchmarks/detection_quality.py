"""How well every detector finds what is labelled, beside the published figures.

python benchmarks/detection_quality.py [--collection ucr] [--detector auto] [--limit 5] [--table]

One core. What was judged before is not judged again (``--again`` does), so it can be stopped.
"""

from __future__ import annotations

import os

# Before numpy is loaded: the figures are CPU seconds of one core.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

if __name__ == "__main__":
    from quality.run import main

    main()
