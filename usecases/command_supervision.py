"""Commands of those who supervise: what only the organisation tree knows of who stands above whom (row 38)."""

from dataclasses import replace

from domain.messages_command import OpenSupervision
from usecases.city import City
from usecases.queries import case_view


def open_supervision_of(*, city: City, case_no: str, command: OpenSupervision) -> OpenSupervision:
    """Note whether the sender's unit stands above the owner in the tree, as a bureau above its branches does."""
    kept = city.store.command(request_id=command.request_id)
    if kept is not None and isinstance(kept.command, OpenSupervision):
        # Sent again: judged by the owner of then, or a repetition would look like another command.
        return replace(command, above_owner=kept.command.above_owner)
    owner = case_view(city=city, case_no=case_no).owner
    if city.pack.tree.find(owner) is None:
        return command
    above = {unit.code for unit in city.pack.tree.parents(owner)}
    return replace(command, above_owner=command.actor.unit in above)
