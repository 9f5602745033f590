"""Commands before a case is filed: whether those they name are there, which only the city's tree knows."""

from domain.messages import Command
from domain.messages_triage import TransferOut, VerifyFirst
from domain.pack import PEER
from usecases.city import City
from usecases.problems import BadRequest, ProblemCode


def check_named(city: City, command: Command) -> None:
    """A case goes out to a platform outside only, and to one of ours to be looked at. Raises BadRequest."""
    if isinstance(command, TransferOut):
        unit = city.pack.tree.find(command.to)
        if unit is None or unit.kind != PEER:
            raise BadRequest(ProblemCode.NOT_A_PEER, unit=command.to[:60])
    if isinstance(command, VerifyFirst):
        named = command.verifier
        if named is not None and city.pack.tree.find(named) is None:
            raise BadRequest(ProblemCode.UNKNOWN_UNIT, unit=named[:60])
