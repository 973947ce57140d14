"""What an answer to objections must say, from whichever tool it comes."""

from __future__ import annotations

from typing import Any

import pytest

from plainview.cli.objection import Outcome
from plainview.errors import BadFormat
from plainview.register import statements
from plainview.register.statements import LONGEST_ANSWER, OUTCOMES, answer_body
from plainview.tlog.shapes import BODY, check_shape
from plainview.tlog.signing import SigningKey


def test_an_answer_is_put_in_order() -> None:
    body = answer_body([9, 4, 9], "partly", "  Doors are hidden.\n")
    assert body == {"objections": [4, 9], "outcome": "partly", "text": "Doors are hidden."}
    signed = statements.answer([9, 4], "partly", " Doors are hidden. ", [SigningKey.generate()])
    assert signed.body == body


@pytest.mark.parametrize(
    "text", ["", "   ", "\n\t \n", " no ", "x" * (LONGEST_ANSWER + 1), None, 7]
)
def test_an_answer_without_reasons_is_none(text: Any) -> None:
    with pytest.raises(BadFormat, match="3 to 4,000 characters") as refused:
        answer_body([4], "rejected", text)
    assert refused.value.hint


@pytest.mark.parametrize("objections", [[], None, "4", [True], ["4"], [[4]], {"4": 4}])
def test_an_answer_names_objections_by_number(objections: Any) -> None:
    with pytest.raises(BadFormat, match="by their numbers"):
        answer_body(objections, "rejected", "Doors are hidden.")


def test_outcomes_are_the_same_everywhere() -> None:
    assert tuple(Outcome) == OUTCOMES
    for outcome in OUTCOMES:
        check_shape(answer_body([4], outcome, "Doors are hidden."), BODY["answer"], "answer")
    for other in ("accepted", "", None, ["upheld"]):
        with pytest.raises(BadFormat, match="no outcome"):
            answer_body([4], other, "Doors are hidden.")
