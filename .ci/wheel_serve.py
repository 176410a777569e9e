"""The service of the installed wheel: started, trained, asked and stopped as a person would.

python -I wheel_serve.py SERIES.csv
"""

import re
import signal
import subprocess
import sys
from pathlib import Path

from sonde.client import Client


def main(series: str) -> None:
    sonde = Path(sys.executable).with_name("sonde")
    subprocess.run([sonde, "train", series, "--name", "taxi"], check=True)
    service = subprocess.Popen([sonde, "serve", "--port", "0"], stderr=subprocess.PIPE, text=True)
    try:
        assert service.stderr is not None
        url = next(
            found.group(1)
            for line in service.stderr
            if (found := re.search(r"Serving at (http://\S+)", line))
        )
        with Client(url) as client:
            answer = client.predict("taxi", series)
        print(f"{len(answer.anomalies)} anomalies in {len(answer.scores)} rows over HTTP")
        assert len(answer.scores) == 10_320
        assert answer.anomalies
    finally:
        service.send_signal(signal.SIGTERM)
        service.communicate(timeout=60)
    assert service.returncode == 0, service.returncode


main(*sys.argv[1:])
