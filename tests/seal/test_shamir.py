"""Shamir's sharing: every subset, and the npm package as a second implementation, both ways."""

from __future__ import annotations

import itertools
import json
import os
import random
import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.errors import BadShare
from plainview.seal.shamir import combine, split

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "vectors" / "shamir"
MODULE = Path("node_modules", "shamir-secret-sharing", "esm", "index.js")
SEARCH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def tool(name: str) -> str:
    found = shutil.which(name, path=SEARCH)
    assert found, f"{name} is needed; `make test` installs it"
    return found


@pytest.fixture(scope="session")
def npm_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the application's lock, or of our own lock if that is not installed."""
    if (ROOT / "ui" / MODULE).exists():
        return ROOT / "ui" / MODULE
    folder = tmp_path_factory.mktemp("shamir")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(VECTORS / name, folder)
    command = [tool("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=folder, check=True, timeout=120, env={**os.environ, "PATH": SEARCH})
    return folder / MODULE


def ask(package: Path, question: dict[str, Any]) -> dict[str, Any]:
    command = [tool("node"), str(VECTORS / "oracle.mjs"), str(package)]
    done = subprocess.run(
        command, input=json.dumps(question), capture_output=True, text=True, check=True, timeout=120
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_the_npm_package_combines_what_we_split(npm_package: Path) -> None:
    cases = []
    for n, k in [(2, 2), (3, 2), (5, 3), (9, 5), (255, 3)]:
        secret = secrets.token_bytes(74)
        shares = split(secret, n, k)
        cases += [(secret, random.sample(shares, k)) for _ in range(5)]
        cases.append((secret, shares))
    asked = [[share.hex() for share in shares] for _secret, shares in cases]
    answer = ask(npm_package, {"split": [], "combine": asked})
    assert answer["combine"] == [secret.hex() for secret, _shares in cases]


def test_we_combine_what_the_npm_package_splits(npm_package: Path) -> None:
    asked = [(secrets.token_hex(74), n, k) for n, k in [(2, 2), (3, 2), (5, 3), (255, 3)]]
    answer = ask(npm_package, {"split": asked, "combine": []})
    for (secret, _n, k), shares in zip(asked, answer["split"], strict=True):
        for _ in range(5):
            chosen = random.sample(shares, k)
            assert combine([bytes.fromhex(share) for share in chosen]).hex() == secret


def test_vectors_made_by_the_npm_package() -> None:
    vectors = json.loads((VECTORS / "vectors.json").read_text())["vectors"]
    assert len(vectors) == 20
    for vector in vectors:
        shares = [bytes.fromhex(share) for share in vector["shares"]]
        for chosen in itertools.islice(itertools.combinations(shares, vector["k"]), 50):
            assert combine(chosen).hex() == vector["secret"]


@pytest.mark.parametrize(("n", "k"), [(3, 2), (5, 3)])
def test_every_subset(n: int, k: int) -> None:
    """k or more give the secret, in any order; fewer give something else."""
    secret = secrets.token_bytes(74)
    shares = split(secret, n, k)
    for size in range(2, n + 1):
        for chosen in itertools.permutations(shares, size):
            assert (combine(chosen) == secret) == (size >= k)


@given(st.binary(min_size=1, max_size=100), st.integers(2, 12), st.data())
def test_any_secret_any_quorum(secret: bytes, n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(2, n))
    shares = split(secret, n, k)
    assert [share[-1] for share in shares] == list(range(1, n + 1))
    chosen = data.draw(st.permutations(shares))[: data.draw(st.integers(k, n))]
    assert combine(chosen) == secret


def test_fewer_shares_say_nothing() -> None:
    """With one share of two, every secret byte is equally likely (chi-squared, 255 degrees)."""
    counts = [0] * 256
    for _ in range(12_800):
        counts[split(b"\x2a", 2, 2)[0][0]] += 1
    assert sum((count - 50) ** 2 / 50 for count in counts) < 400


@pytest.mark.parametrize(("n", "k"), [(1, 1), (3, 1), (2, 3), (256, 2), (0, 0)])
def test_impossible_quorums(n: int, k: int) -> None:
    with pytest.raises(BadShare):
        split(b"secret", n, k)


@pytest.mark.parametrize(
    "shares",
    [[], [b"a\x01"], [b"a\x01", b"ab\x02"], [b"a\x01", b"b\x01"], [b"a\x00", b"b\x01"], [b"", b""]],
)
def test_impossible_shares(shares: list[bytes]) -> None:
    with pytest.raises(BadShare):
        combine(shares)


def test_an_empty_secret() -> None:
    with pytest.raises(BadShare):
        split(b"", 3, 2)
