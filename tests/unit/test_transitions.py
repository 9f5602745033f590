"""The table holds together, and its document says what it says."""

import pytest

from boot.table import DOCUMENT, diagram, document
from domain.actor import ROLE_ZH, Role
from domain.case import ENDED, STATUS_ZH, Status
from domain.messages import COMMANDS
from domain.transitions import ACTIVE, THROUGH, TRANSITIONS, UNMOVED, commands, roles_for

ENGINES_OWN = {"begin", "time_passed"}


def test_the_document_is_fresh() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run: python -m boot.table"


def test_the_document_has_every_row_state_role_and_command() -> None:
    text = document()
    for row in TRANSITIONS:
        assert row.zh in text
        assert row.en in text
    assert all(f"{STATUS_ZH[status]} `{status.name}`" in text for status in Status)
    assert all(f"`{kind}`" in text for kind in COMMANDS)
    assert set(ROLE_ZH) == set(Role)


def test_the_diagram_draws_every_move_once() -> None:
    arrows = [line.strip() for line in diagram().splitlines() if "-->" in line]
    assert len(arrows) == len(set(arrows))
    for row in TRANSITIONS:
        if row.target is not None and row.sources != ACTIVE:
            for source in row.sources:
                start = "[*]" if source is None else source.name
                drawn = [
                    arrow
                    for arrow in arrows
                    if arrow.startswith(f"{start} --> {row.target.name} : {row.row} ")
                ]
                assert len(drawn) == 1
    assert sum(arrow.startswith("ACTIVE --> CANCELLED") for arrow in arrows) == 1


def test_all_39_rows_are_there_in_order_and_no_part_says_what_another_says() -> None:
    numbers = [row.row for row in TRANSITIONS]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(1, 40))
    parts = [(row.row, source, row.target) for row in TRANSITIONS for source in row.sources]
    assert len(set(parts)) == len(parts)


def test_every_state_can_be_reached_and_every_open_one_left() -> None:
    reached: set[Status | None] = {None}
    while True:
        further = {row.target for row in TRANSITIONS if row.target and reached & set(row.sources)} - reached
        if not further:
            break
        reached |= further
    assert reached == {None, *Status}
    for status in Status:
        leaves = any(status in row.sources and row.target is not None for row in TRANSITIONS)
        assert leaves == (status not in ENDED)


def test_every_message_is_a_command_or_the_engines_own() -> None:
    assert {row.message for row in TRANSITIONS} | set(UNMOVED) == set(COMMANDS) | ENGINES_OWN
    assert set(THROUGH) <= set(COMMANDS)


def test_rows_that_follow_start_where_the_row_before_ends_and_are_the_engines() -> None:
    following = [row for row in TRANSITIONS if row.follows]
    assert [row.row for row in following] == [13, 31, 34]
    for row in following:
        before = {one.target for one in TRANSITIONS if one.row < row.row}
        assert set(row.sources) <= before
        assert Role.ENGINE in row.roles


@pytest.mark.parametrize("status", Status)
def test_a_page_offers_exactly_what_the_guard_lets_through(status: Status) -> None:
    offered = {kind: set(roles) for kind, roles in commands(status)}
    allowed = {
        kind: set(roles) - {Role.ENGINE}
        for kind in COMMANDS
        if (roles := roles_for(kind, status)) is not None and set(roles) != {Role.ENGINE}
    }
    assert offered == allowed
    assert len(list(commands(status))) == len(offered)


@pytest.mark.parametrize("status", sorted(ENDED))
def test_an_ended_case_offers_nothing(status: Status) -> None:
    assert list(commands(status)) == []
