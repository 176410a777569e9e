"""Files in object stores and on other machines, by their URL; and what a pattern stands for."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ...errors import InvalidInput, MissingExtra, NotFound, SondeError, Unavailable, need
from ..quoting import shortened
from .folders import natural_order
from .paths import MEMBER, is_pattern, is_there, is_url, local_path, split_member
from .pipes import all_of, most_held, too_long

_BLOCK = 16 << 20  # asked of the store at a time; each request waits for an answer
# Whoever answers these may point anywhere, also into the network of this machine.
_WEB = ("http", "https")
_DATABASES = ("sqlite", "postgresql", "postgres", "mysql", "mariadb", "mssql", "oracle", "duckdb")
_KEYS = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
_PUBLIC = "FSSPEC_S3_ANON=true reads a public bucket without any"
_UNREACHED = (
    "ConnectionError",
    "HTTPClientError",
    "ClientConnectorError",
    "ServerDisconnectedError",
    "TimeoutError",
    "FSTimeoutError",
)


@dataclass(frozen=True)
class Fetched:
    """What a URL held; ``name`` is the URL without passwords, ``member`` what stood after ::."""

    name: str
    content: bytes
    member: str | None


def fetch(url: str, most: int | None = None) -> Fetched:
    """The bytes behind a URL of an object store or of any file system that fsspec knows.

    Keys, region and endpoint of S3 are those of the usual variables (``AWS_ACCESS_KEY_ID``,
    ``AWS_PROFILE``, ``AWS_ENDPOINT_URL``), which its library reads.

    Parameters
    ----------
    most : bytes; a quarter of the free memory when left out.

    Raises
    ------
    NotFound : no such bucket or file.
    InvalidInput : no credentials or too few rights, a folder, more than ``most`` bytes, a web page.
    Unavailable : the store cannot be reached.
    MissingExtra : the library for such URLs is not installed.
    """
    most = most_held() if most is None else most
    base, _, member = url.partition(MEMBER)
    system, path = _system(base)
    name = without_password(url)
    with _in_one_sentence(name):
        if member and system.exists(whole := path + MEMBER + member):
            path, member = whole, ""
        found = system.info(path)
        if found["type"] == "directory":
            raise InvalidInput(
                f"{name} is a folder; name a file in it, or several with a pattern: "
                f"'{name.rstrip('/')}/*'",
                source=name,
            )
        if (found.get("size") or 0) > most:
            raise too_long(name, most)
        with system.open(path, "rb", block_size=_BLOCK) as stream:
            content = all_of(stream, name, most)
    return Fetched(without_password(base) if member else name, content, member or None)


def expand(pattern: str) -> list[str]:
    """The files that a pattern (``logs/*.csv``, ``s3://plant/2024/*.csv``) stands for.

    ``*`` and ``?`` stand for any characters but ``/``, ``[ab]`` for one of a set, ``**`` for any
    folders. What is no pattern, or names a file that is there, comes back as it is. Numbers in
    names count by their value: ``day-9`` comes before ``day-10``. Folders are named only when no
    file fits.

    Raises
    ------
    NotFound : nothing fits.
    As ``fetch`` for URLs.

    Examples
    --------
    >>> expand("plant.csv")
    ['plant.csv']
    """
    if not is_pattern(pattern):
        return [pattern]
    base, _, member = pattern.partition(MEMBER)
    found = _remote(base) if is_url(base) else _local(pattern)
    if not found:
        raise NotFound(
            f"no file fits {shortened(without_password(pattern))}; check the folder and the "
            "pattern",
            source=without_password(pattern),
        )
    named = sorted(found, key=natural_order)
    return [f"{name}{MEMBER}{member}" for name in named] if member and is_url(base) else named


def without_password(url: str) -> str:
    """The URL as it may be shown: who asks, what is asked and the password are left out.

    >>> without_password("sftp://me:secret@plant/a.csv?token=secret")
    'sftp://plant/a.csv'
    """
    if not is_url(url):
        return url
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    # In an object store a question mark is part of the name, or of a pattern.
    asked, _, query = path.partition("?")
    shown = asked if "=" in query else path
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{shown}"


def _local(pattern: str) -> list[str]:
    named, member = split_member(pattern)
    path = local_path(named)
    if is_there(path):
        return [pattern]
    after = "" if member is None else MEMBER + member
    if "\0" in named:
        return []
    # A Path cannot be asked for a pattern that begins at the root.
    found = glob.glob(str(path), recursive=True)  # noqa: PTH207
    files = [name for name in found if not Path(name).is_dir()]
    return [name + after for name in files or found]


def _remote(pattern: str) -> list[str]:
    system, path = _system(pattern)
    with _in_one_sentence(without_password(pattern)):
        if system.isfile(path):
            return [pattern]
        found = cast(dict[str, Any], system.glob(path, detail=True))
    files = [name for name, info in found.items() if info["type"] == "file"]
    return [_like(pattern, system, name) for name in files or found]


def _like(pattern: str, system: Any, name: str) -> str:
    """``name`` as a URL that begins as ``pattern`` does, with the host and user in it."""
    in_store = cast(str, system._strip_protocol(pattern))
    if pattern.endswith(in_store):
        return pattern.removesuffix(in_store) + name
    return cast(str, system.unstrip_protocol(name))


def _system(url: str) -> tuple[Any, str]:
    """The file system of a URL, which remembers no earlier listing, and the path in it."""
    scheme = url.partition("://")[0].lower()
    name = without_password(url)
    if scheme in _WEB:
        raise InvalidInput(
            f"{name}: web addresses are not read here; download the file and name it", source=name
        )
    core = need("fsspec.core", extra="s3", purpose="URLs")
    if scheme in ("s3", "s3a"):
        need("s3fs", extra="s3", purpose="s3:// URLs")
    try:
        system, path = core.url_to_fs(url, skip_instance_cache=True)
    except ImportError as missing:
        raise MissingExtra(
            f"{scheme}:// URLs need a library of their own ({missing}); install it with pip",
            scheme=scheme,
        ) from None
    except ValueError as refused:
        if "not known" not in str(refused):
            raise _unreadable(name, refused) from None
        if scheme.partition("+")[0] in _DATABASES:
            raise InvalidInput(
                f"{name} is a database, not a file; read a table of it with --query, or with "
                "sonde.sources.read_sql",
                source=name,
            ) from None
        raise InvalidInput(
            f"{name}: {scheme}:// is no kind of URL that is known; name a file, or s3://, gs://, "
            "file:// and others that fsspec reads",
            source=name,
        ) from None
    except Exception as refused:
        raise _unreadable(name, refused) from None
    return system, path


@contextmanager
def _in_one_sentence(name: str) -> Iterator[None]:
    try:
        yield
    except SondeError:
        raise
    except Exception as refused:  # each store raises errors of its own library
        raise _unreadable(name, refused) from None


def _unreadable(name: str, refused: Exception) -> SondeError:
    """What a store said, without its words: they may hold keys or addresses."""
    kinds = {kind.__name__ for kind in type(refused).__mro__}
    cause = refused.__cause__ or refused.__context__
    kinds |= {kind.__name__ for kind in type(cause).__mro__} if cause is not None else set()
    if "NoCredentialsError" in kinds or "PartialCredentialsError" in kinds:
        return InvalidInput(f"{name}: there are no credentials; {_KEYS} ({_PUBLIC})", source=name)
    if "ProfileNotFound" in kinds:
        return InvalidInput(
            f"{name}: the profile that AWS_PROFILE names is not there; correct it", source=name
        )
    if isinstance(refused, FileNotFoundError):
        return NotFound(f"there is no {name}; check the bucket and the name", source=name)
    if isinstance(refused, PermissionError):
        return InvalidInput(
            f"{name} may not be read with these credentials; check them and the rights that they "
            "give",
            source=name,
        )
    if kinds & set(_UNREACHED):
        endpoint = " and the endpoint (AWS_ENDPOINT_URL)" if name.startswith("s3") else ""
        return Unavailable(
            f"{name} cannot be reached; check the network{endpoint}",
            source=name,
        )
    return InvalidInput(
        f"{name} cannot be read ({type(refused).__name__}); check the address, or download the "
        "file and name it",
        source=name,
    )
