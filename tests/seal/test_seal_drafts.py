"""Drafts out of the child, shares of custodians, and how they come together again."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from unittest.mock import Mock

import pyrage
import pytest

from plainview.base.ids import b64, sha256_hex, unb64
from plainview.errors import BadFormat, BadSeal, BadShare, Unavailable
from plainview.seal import draft as draft_module
from plainview.seal.combine import combine_window
from plainview.seal.draft import (
    CustodianSet,
    Draft,
    Drafter,
    Member,
    Spec,
    make_drafts,
    set_of,
)
from plainview.seal.shares import Share, identity, open_share, read_share, reseal, unseal
from plainview.seal.windows import ShareHashes, WindowRecord

START = 1_795_424_400_000


@pytest.fixture(autouse=True)
def child_finds_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(draft_module.__file__).parents[2]))


@pytest.fixture
def drafter() -> Iterator[Drafter]:
    with closing(Drafter()) as made:
        yield made


class Court:
    """Custodians with their own keys, and windows sealed to them."""

    def __init__(self, k: int, n: int) -> None:
        self.keys = [str(pyrage.x25519.Identity.generate()) for _ in range(n)]
        members = [
            Member(person=f"p-{i}", age=str(identity(key).to_public()))
            for i, key in enumerate(self.keys)
        ]
        self.set = CustodianSet(set="set-1", k=k, members=members)

    def spec(self, counter: int = 0) -> Spec:
        start = START + counter * 60_000
        return Spec(camera="cam-01", start=start, end=start + 60_000, epoch=1, counter=counter)

    def record(self, draft: Draft) -> WindowRecord:
        record = {
            **draft.to_dict()["spec"],
            "window": str(draft.spec.id),
            "start": "2026-11-23T09:00:00.000Z",
            "end": "2026-11-23T09:01:00.000Z",
            **{key: getattr(draft, key) for key in ("pk", "k", "n", "set")},
            "shares": [{"i": s.i, "plain": s.plain, "sealed": s.sealed} for s in draft.shares],
            "class": "short",
            "period": "short.20261123T090000Z",
            "shred": "2026-11-23T09:20:00.000Z",
            "register": 1,
        }
        return WindowRecord.from_dict(record)

    def opened(self, draft: Draft) -> list[bytes]:
        record = self.record(draft)
        return [
            open_share(key, unb64(share.data), record).to_bytes()
            for key, share in zip(self.keys, draft.shares, strict=True)
        ]


def test_the_child_makes_windows(drafter: Drafter) -> None:
    court = Court(2, 3)
    drafts = drafter.draft([court.spec(i) for i in range(3)], court.set)
    assert [str(draft.spec.id) for draft in drafts] == [str(court.spec(i).id) for i in range(3)]
    assert len({draft.pk for draft in drafts}) == len({draft.e for draft in drafts}) == 3
    for draft in drafts:
        sk = combine_window(court.record(draft), unb64(draft.e), court.opened(draft)[:2])
        assert str(identity(sk).to_public()) == draft.pk


def test_no_two_children_draw_the_same(drafter: Drafter) -> None:
    """They are forks of one process: a generator that it had begun would be theirs, too."""
    court = Court(2, 3)
    drafts = [drafter.draft([court.spec()], court.set)[0] for _ in range(8)]
    drawn = [
        secret
        for draft in drafts
        for secret in (draft.pk, draft.e, draft.view, *(share.data for share in draft.shares))
    ]
    assert len(set(drawn)) == len(drawn) == 8 * 6
    shares = {share for draft in drafts for share in court.opened(draft)}
    assert len(shares) == 8 * 3


def large_set() -> CustodianSet:
    """Its question is more than a pipe holds."""
    key = str(pyrage.x25519.Identity.generate().to_public())
    members = [Member(person="\u010d" * 100, age=key)] * 200
    return CustodianSet(set="s" * 63, k=200, members=members)


def test_a_question_larger_than_a_pipe(drafter: Drafter) -> None:
    court = Court(2, 3)
    assert len(drafter.draft([court.spec()], large_set())[0].shares) == 200


@pytest.mark.parametrize("large", [False, True])
def test_a_stopped_process_is_given_up_on(large: bool) -> None:
    court = Court(2, 3)
    with closing(Drafter(timeout_s=20)) as drafter:
        drafter.draft([court.spec()], court.set)
        process = drafter._process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        drafter._timeout_s = 0.3
        with pytest.raises(Unavailable, match="did not answer"):
            drafter.draft([court.spec()], large_set() if large else court.set)
        assert process.returncode == -signal.SIGKILL
        drafter._timeout_s = 20
        assert drafter.draft([court.spec()], court.set)


def test_secrets_are_made_in_a_child_of_its_own_for_each_batch() -> None:
    court = Court(2, 3)
    question = json.dumps(draft_module._question([court.spec()], court.set))
    code = (
        "import os; from plainview.seal import drafting; print(os.getpid(), flush=True);"
        "drafting.make_draft = lambda *_: {'made in': os.getpid()}; drafting.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=f"{question}\n{question}\n",
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    parent, *answers = done.stdout.splitlines()
    made_in = {json.loads(answer)["drafts"][0]["made in"] for answer in answers}
    assert len(made_in | {int(parent)}) == 3


def test_the_process_stays_and_its_children_go(drafter: Drafter) -> None:
    court = Court(2, 3)
    drafter.draft([court.spec()], court.set)
    parent = drafter._process
    assert parent is not None
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    end = time.monotonic() + 10
    while children.read_text():
        assert time.monotonic() < end
        time.sleep(0.01)
    drafter.draft([court.spec()], court.set)
    assert drafter._process is parent
    drafter.close()
    assert parent.returncode == 0


def test_what_leaves_the_child_opens_nothing_alone(drafter: Drafter) -> None:
    court = Court(2, 3)
    (draft,) = drafter.draft([court.spec()], court.set)
    text = json.dumps(draft.to_dict())
    assert "AGE-SECRET-KEY" not in text
    assert draft.e not in repr(draft)
    with pytest.raises(BadFormat):
        identity(unb64(draft.e).decode("latin-1"))


def test_the_child_says_what_is_wrong(drafter: Drafter) -> None:
    court = Court(2, 3)
    members = [Member(person="p-1", age="age1x"), Member(person="p-2", age="age1y")]
    custodians = CustodianSet(set="s", k=2, members=members)
    with pytest.raises(BadFormat, match="age recipient"):
        drafter.draft([court.spec()], custodians)
    with pytest.raises(BadFormat, match="40"):
        drafter.draft([court.spec(i) for i in range(41)], court.set)
    assert drafter.draft([court.spec()], court.set)


def test_a_process_that_dies_or_hangs_is_started_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    court = Court(2, 3)
    hangs = tmp_path / "python"
    hangs.write_text("#!/bin/sh\nexec sleep 60\n")
    hangs.chmod(0o700)
    with closing(Drafter(timeout_s=0.01)) as drafter:
        monkeypatch.setattr(sys, "executable", str(hangs))
        with pytest.raises(Unavailable, match="did not answer"):
            drafter.draft([court.spec()], court.set)
    with closing(Drafter()) as drafter:
        monkeypatch.setattr(sys, "executable", "/bin/false")
        with pytest.raises(Unavailable, match="ended with 1"):
            drafter.draft([court.spec()], court.set)
        monkeypatch.undo()
        drafter.draft([court.spec()], court.set)
        assert drafter._process is not None
        drafter._process.kill()  # while nobody asked it anything: nobody notices
        drafter._process.wait()
        assert drafter.draft([court.spec()], court.set)


def test_an_answer_that_came_too_late_is_not_that_of_the_next_question(
    drafter: Drafter, monkeypatch: pytest.MonkeyPatch
) -> None:
    court = Court(2, 3)
    with monkeypatch.context() as patched:
        patched.setattr(draft_module, "_wait", Mock(side_effect=[None, MemoryError]))
        with pytest.raises(MemoryError):
            drafter.draft([court.spec(1)], court.set)
    (draft,) = drafter.draft([court.spec(2)], court.set)
    assert draft.spec == court.spec(2)


def test_it_ends_with_the_recorder_that_started_it(tmp_path: Path) -> None:
    code = (
        "import time; from plainview.seal.draft import _started;"
        "print(_started().pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as recorder:
        assert recorder.stdout is not None
        process = Path("/proc", recorder.stdout.readline().decode().strip(), "stat")
        time.sleep(0.5)
        assert process.read_text().rpartition(")")[2].split()[0] == "S"
        recorder.kill()
    end = time.monotonic() + 10
    while process.exists() and process.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_child_leaves_no_core() -> None:
    code = (
        "import resource; from plainview.base.memory import guard_memory; guard_memory();"
        "print(resource.getrlimit(resource.RLIMIT_CORE))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env=os.environ
    )
    assert done.stdout.strip() == b"(0, 0)"


def test_sets_come_from_statements() -> None:
    body = {"set": "s", "k": 2, "n": 2, "members": []}
    with pytest.raises(BadFormat):
        set_of(body)
    body["members"] = [{"person": "p-1", "age": "a", "outside": True}] * 2
    assert set_of(body).members[1].person == "p-1"
    with pytest.raises(BadFormat):
        set_of({"set": "s"})


@pytest.mark.parametrize(("k", "n"), [(2, 3), (3, 5)])
def test_every_subset_of_custodians(k: int, n: int) -> None:
    """k or more open the window; fewer are refused before anything is tried."""
    court = Court(k, n)
    (draft,) = make_drafts([court.spec()], court.set)
    record, shares, e = court.record(draft), court.opened(draft), unb64(draft.e)
    for size in range(n + 1):
        for chosen in itertools.permutations(shares, size):
            if size >= k:
                sk = combine_window(record, e, chosen)
                assert str(identity(sk).to_public()) == draft.pk
            else:
                with pytest.raises(BadShare, match=f"{size} of {k}"):
                    combine_window(record, e, chosen)


def test_a_false_share_is_named_by_its_hash() -> None:
    court = Court(2, 3)
    (draft,) = make_drafts([court.spec()], court.set)
    record, shares = court.record(draft), court.opened(draft)
    share = read_share(shares[1], record)
    false = share.model_copy(
        update={"share": b64(bytes([share.secret[0] ^ 1]) + share.secret[1:])}
    ).to_bytes()
    with pytest.raises(BadShare, match=sha256_hex(false)):
        combine_window(record, unb64(draft.e), [shares[0], false])
    with pytest.raises(BadShare, match="1 of 2"):
        combine_window(record, unb64(draft.e), [shares[0], shares[0]])


def test_a_false_e_is_found() -> None:
    court = Court(2, 3)
    first, second = make_drafts([court.spec(0), court.spec(1)], court.set)
    with pytest.raises(BadSeal, match="not the key"):
        combine_window(court.record(first), unb64(second.e), court.opened(first))
    with pytest.raises(BadSeal, match="length"):
        combine_window(court.record(first), b"short", court.opened(first))


def test_a_custodian_opens_only_what_was_logged() -> None:
    court = Court(2, 3)
    first, second = make_drafts([court.spec(0), court.spec(1)], court.set)
    record = court.record(first)
    with pytest.raises(BadShare, match="not one that the log holds"):
        open_share(court.keys[0], unb64(second.shares[0].data), record)
    with pytest.raises(BadSeal):
        open_share(court.keys[1], unb64(first.shares[0].data), record)
    swapped = [
        ShareHashes(i=s.i, plain=s.plain, sealed=t.sealed)
        for s, t in zip(record.shares, reversed(record.shares), strict=True)
    ]
    with pytest.raises(BadShare):
        open_share(
            court.keys[0],
            unb64(first.shares[0].data),
            record.model_copy(update={"shares": swapped}),
        )


def test_a_share_of_another_window_is_refused_even_if_logged() -> None:
    court = Court(2, 3)
    (draft,) = make_drafts([court.spec()], court.set)
    record = court.record(draft).model_copy(update={"window": "cam-02.20261123T090000Z.1.0"})
    plain = unseal(unb64(draft.shares[0].data), court.keys[0])
    with pytest.raises(BadShare, match="another window"):
        read_share(plain, record)
    text = b"not json"
    logged = ShareHashes(i=1, plain=sha256_hex(text), sealed="0" * 64)
    with pytest.raises(BadFormat):
        read_share(text, record.model_copy(update={"shares": [logged]}))


def test_a_resealed_share_is_the_same_share() -> None:
    court = Court(2, 3)
    (draft,) = make_drafts([court.spec()], court.set)
    record = court.record(draft)
    share = open_share(court.keys[0], unb64(draft.shares[0].data), record)
    requester = pyrage.x25519.Identity.generate()
    again = unseal(reseal(share, str(requester.to_public())), str(requester))
    assert read_share(again, record) == share
    assert isinstance(share, Share)
