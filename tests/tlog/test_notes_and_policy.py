"""Signed notes, checkpoints, cosignatures and the policy that weighs them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.base.ids import b64
from plainview.errors import BadFormat, BadSignature
from plainview.testing.city import ORIGIN, START, City, key_of
from plainview.tlog import cosign, notes
from plainview.tlog.checkpoint import Checkpoint
from plainview.tlog.notes import COSIGNATURE, ED25519, SignatureLine, Signer, Verifier
from plainview.tlog.policy import AHEAD_MS, Policy

HEAD = Checkpoint(ORIGIN, 20852163, bytes(range(32)))
LOG = Signer(ORIGIN, key_of("log").private)


def witness_line(name: str, *, now: int = START) -> SignatureLine:
    return cosign.cosign(HEAD.text(), f"{name}.example", key_of(name), now=now)


def checkpoint_note(*witnesses: str, own: bool = True, now: int = START) -> bytes:
    lines = [LOG.sign(HEAD.text())] if own else []
    return notes.render(HEAD.text(), [*lines, *(witness_line(name, now=now) for name in witnesses)])


def policy(text: str) -> Policy:
    """`@log`, `@w1` ... stand for keys."""
    text = text.replace("@log", LOG.verifier.vkey())
    for name in ("w1", "w2", "w3"):
        text = text.replace(f"@{name}", cosign.verifier(f"{name}.example", key_of(name)).vkey())
    return Policy.parse(text)


TWO_OF_THREE = policy(
    "# the city\nlog @log\nwitness w1 @w1 http://w1\nwitness w2\t@w2\n\n"
    "witness w3 @w3\ngroup g 2 w1 w2 w3\nquorum g\n"
)


def test_the_specification_s_own_note_verifies() -> None:
    """The example of c2sp.org/signed-note, with the key of its Go package's documentation."""
    known = Verifier.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    note = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n\n"
        "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2p"
        "ZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    ).encode()
    text, lines = notes.parse(note)
    assert known.made(lines[0])
    known.verify(text, lines[0].signature)
    assert known.vkey().startswith("PeterNeumann+c74f20a3+")


def test_the_specification_s_own_cosignature_parses() -> None:
    line = (
        "\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dl"
        "rDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    )
    found = notes.parse_lines(line.encode())[0]
    assert int.from_bytes(found.signature[:8], "big") == 1679315147


@pytest.mark.parametrize(
    ("flaw", "note"),
    [
        ("no empty line", b"text\n"),
        ("no signature line", b"text\n\n"),
        ("no final newline", checkpoint_note()[:-1]),
        ("control character", b"te\tt\n\n" + LOG.sign(b"te\tt\n").text().encode()),
        ("not UTF-8", b"te\xfft\n\n" + LOG.sign(b"t").text().encode()),
        ("a hyphen for the dash", checkpoint_note().replace("\u2014".encode(), b"-")),
        ("two spaces", checkpoint_note().replace("\u2014 ".encode(), "\u2014  ".encode())),
        ("plus in the name", f"t\n\n\u2014 a+b {b64(bytes(68))}\n".encode()),
        ("not base64", "t\n\n\u2014 a b c\n".encode()),
        ("too short", f"t\n\n\u2014 a {b64(bytes(4))}\n".encode()),
        ("stray bits in base64", "t\n\n\u2014 a AAAAAAF=\n".encode()),
        ("over 64 KiB", b"t" * 70_000),
    ],
)
def test_flawed_notes_are_refused(flaw: str, note: bytes) -> None:
    with pytest.raises(BadFormat):
        notes.parse(note)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "a+b",
        "log+00000000+" + b64(b"\x01" + bytes(32)),
        "log+12345678+" + b64(b"\x02" + bytes(32)),
        "log+12345678+AAAA",
        "lo g+12345678+" + b64(b"\x01" + bytes(32)),
    ],
)
def test_flawed_verifier_keys_are_refused(vkey: str) -> None:
    with pytest.raises(BadFormat):
        Verifier.parse(vkey)


@given(
    st.text(min_size=1, max_size=20), st.integers(0, 10**17), st.binary(min_size=32, max_size=32)
)
def test_a_checkpoint_is_the_inverse_of_its_text(origin: str, size: int, root: bytes) -> None:
    head = Checkpoint(origin, size, root)
    if "\n" not in origin:
        assert Checkpoint.parse(head.text()) == head


@pytest.mark.parametrize(
    "text",
    [
        "o\n1\n",
        "\n1\n" + b64(bytes(32)) + "\n",
        "o\n01\n" + b64(bytes(32)) + "\n",
        "o\n-1\n" + b64(bytes(32)) + "\n",
        "o\n1\n" + b64(bytes(31)) + "\n",
        "o\n1\n" + b64(bytes(32)) + "\nextension\n",
        "o\n\u0661\n" + b64(bytes(32)) + "\n",
    ],
)
def test_flawed_checkpoints_are_refused(text: str) -> None:
    with pytest.raises(BadFormat):
        Checkpoint.parse(text.encode())


def test_log_and_quorum_together_are_trusted() -> None:
    checked = TWO_OF_THREE.check(checkpoint_note("w1", "w3"))
    assert checked.checkpoint == HEAD
    assert dict(checked.witnesses) == {"w1": START, "w3": START}


def test_witnesses_without_the_log_s_own_signature_are_refused() -> None:
    """The trap: a verifier content with any known key would take this note."""
    with pytest.raises(BadSignature, match="not signed by"):
        TWO_OF_THREE.check(checkpoint_note("w1", "w2", "w3", own=False))


def test_the_log_without_its_quorum_is_refused() -> None:
    for witnesses in ((), ("w2",)):
        with pytest.raises(BadSignature, match=f"witnessed by {len(witnesses)} of 3"):
            TWO_OF_THREE.check(checkpoint_note(*witnesses))


def test_one_witness_twice_is_one_witness() -> None:
    with pytest.raises(BadSignature):
        TWO_OF_THREE.check(checkpoint_note("w1", "w1"))


def test_a_witness_under_another_s_name_counts_for_nobody() -> None:
    line = cosign.cosign(HEAD.text(), "w2.example", key_of("w1"), now=START)
    note = notes.render(HEAD.text(), [LOG.sign(HEAD.text()), witness_line("w1"), line])
    with pytest.raises(BadSignature):
        TWO_OF_THREE.check(note)


def test_a_wrong_signature_of_a_known_key_spoils_the_note() -> None:
    good = witness_line("w3")
    bad = SignatureLine(good.name, good.key_hash, good.signature[:-1] + b"\x00")
    lines = [LOG.sign(HEAD.text()), witness_line("w1"), witness_line("w2"), bad]
    with pytest.raises(BadSignature):
        TWO_OF_THREE.check(notes.render(HEAD.text(), lines))


def test_unknown_lines_are_ignored() -> None:
    stranger = SignatureLine("stranger", b"1234", bytes(3000))
    text, lines = notes.parse(checkpoint_note("w1", "w2"))
    TWO_OF_THREE.check(notes.render(text, [*lines, stranger]))


def test_old_cosignatures_do_not_count_when_freshness_is_asked_for() -> None:
    note = checkpoint_note("w1", "w2")
    TWO_OF_THREE.check(note, now=START + 3_600_000, max_age_ms=3_600_000)
    with pytest.raises(BadSignature):
        TWO_OF_THREE.check(note, now=START + 3_601_000, max_age_ms=3_600_000)


def test_cosignatures_from_the_future_do_not_count() -> None:
    note = checkpoint_note("w1", "w2", now=START + AHEAD_MS + 1000)
    with pytest.raises(BadSignature):
        TWO_OF_THREE.check(note, now=START)


def test_another_log_is_refused() -> None:
    text = Checkpoint("other.example", 1, bytes(32)).text()
    note = notes.render(text, [Signer("other.example", key_of("other").private).sign(text)])
    with pytest.raises(BadSignature, match="not the log"):
        policy("log @log\nquorum none\n").check(note)


def test_a_note_with_the_log_s_key_under_another_origin_is_refused() -> None:
    text = Checkpoint("other.example", 1, bytes(32)).text()
    note = notes.render(text, [LOG.sign(text)])
    with pytest.raises(BadSignature):
        policy("log @log\nquorum none\n").check(note)


def test_groups_of_groups() -> None:
    nested = policy(
        "log @log\nwitness w1 @w1\nwitness w2 @w2\nwitness w3 @w3\n"
        "group a any w1 w2\ngroup b all a w3\nquorum b\n"
    )
    nested.check(checkpoint_note("w2", "w3"))
    for witnesses in (("w1", "w2"), ("w3",)):
        with pytest.raises(BadSignature):
            nested.check(checkpoint_note(*witnesses))


@pytest.mark.parametrize(
    ("flaw", "text"),
    [
        ("no quorum", "log @log\n"),
        ("no log", "quorum none\n"),
        ("two quorums", "log @log\nquorum none\nquorum none\n"),
        ("unknown quorum", "log @log\nquorum w1\n"),
        ("quorum before its witness", "log @log\nquorum w1\nwitness w1 @w1\n"),
        ("a witness as log", "log @w1\nquorum none\n"),
        ("a log as witness", "log @log\nwitness w1 @log\nquorum none\n"),
        ("one key twice", "log @log\nwitness w1 @w1\nwitness w2 @w1\nquorum none\n"),
        ("one name twice", "log @log\nwitness w1 @w1\nwitness w1 @w2\nquorum none\n"),
        ("the name none", "log @log\nwitness none @w1\nquorum none\n"),
        ("none as a member", "log @log\ngroup g any none\nquorum none\n"),
        ("empty group", "log @log\ngroup g any\nquorum none\n"),
        ("more than there are", "log @log\nwitness w1 @w1\ngroup g 2 w1\nquorum g\n"),
        ("zero", "log @log\nwitness w1 @w1\ngroup g 0 w1\nquorum g\n"),
        ("in two groups", "log @log\nwitness w1 @w1\ngroup g any w1\ngroup h any w1\nquorum g\n"),
        ("unknown word", "log @log\nquorum none\nfrobnicate\n"),
        ("carriage return", "log @log\r\nquorum none\r\n"),
    ],
)
def test_flawed_policies_are_refused(flaw: str, text: str) -> None:
    with pytest.raises(BadFormat):
        policy(text)


def test_the_kinds_of_keys_are_kept_apart() -> None:
    key = key_of("w1")
    same = Verifier("n", ED25519, key.public), Verifier("n", COSIGNATURE, key.public)
    assert same[0].key_hash != same[1].key_hash
    line = Signer("n", key.private).sign(HEAD.text())
    with pytest.raises(BadSignature):
        cosign.check(HEAD.text(), line, same[1])


def test_a_cosignature_is_for_its_time_and_text() -> None:
    known = cosign.verifier("w1.example", key_of("w1"))
    line = witness_line("w1")
    assert cosign.check(HEAD.text(), line, known) == START
    later = SignatureLine(line.name, line.key_hash, b"\x00" * 7 + b"\x01" + line.signature[8:])
    with pytest.raises(BadSignature):
        cosign.check(HEAD.text(), later, known)
    with pytest.raises(BadSignature):
        cosign.check(b"other\n1\n", line, known)


def test_no_witness_is_said_as_it_is() -> None:
    city = City(witnesses=())
    assert city.policy().quorum == "none"
