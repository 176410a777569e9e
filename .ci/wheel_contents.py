"""The wheel has what it needs and nothing else, whether built from the checkout or the sdist.

python wheel_contents.py FROM_SDIST.whl FROM_CHECKOUT.whl SOURCE_FOLDER
"""

import sys
import zipfile
from pathlib import Path


def contents(wheel: str) -> dict[str, bytes]:
    """Path in the wheel → bytes; without the record, which lists the rest."""
    with zipfile.ZipFile(wheel) as archive:
        return {
            name: archive.read(name) for name in archive.namelist() if not name.endswith("RECORD")
        }


def main(from_sdist: str, from_checkout: str, source: str) -> None:
    held, folder = contents(from_sdist), Path(source)
    assert from_sdist.endswith("-py3-none-any.whl"), from_sdist
    assert held == contents(from_checkout), "the sdist gives another wheel than the checkout"
    metadata = {name for name in held if ".dist-info/" in name}
    assert {Path(name).name for name in metadata} >= {"METADATA", "LICENSE", "entry_points.txt"}
    wanted = {
        f"sonde/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    package = {name: held[name] for name in held.keys() - metadata}
    assert package.keys() == wanted.keys(), sorted(package.keys() ^ wanted.keys())
    assert package == wanted
    kinds = {Path(name).suffix for name in package}
    assert {".js", ".css", ".html", ".gz", ".md", ".txt", ".typed"} <= kinds, kinds
    size = Path(from_sdist).stat().st_size
    print(f"the wheel holds {len(held)} files in {size / 1e6:.1f} MB")


main(*sys.argv[1:])
