"""What is asked of location and routing about a case that is under way: its place stays what it was found to be."""

from dataclasses import replace

from domain.place import Place, ReportedPlace
from domain.report import NewReport
from usecases.place_and_owner import Question
from usecases.start_case import question_of


def question_about(
    *, report: NewReport, place: Place, category: str, condition: str | None, severity: int | None
) -> Question:
    """Return the question a person would ask about a located case: its point, or else its area, named by hand."""
    first = replace(question_of(report), category=category, condition=condition, severity=severity)
    if place.lon is not None and place.lat is not None:
        point = ReportedPlace(lon=place.lon, lat=place.lat, address=place.address)
        return replace(first, reported=point, by_hand=True)
    if place.finest is not None:
        area = ReportedPlace(area_code=place.finest.code, address=place.address)
        return replace(first, reported=area, by_hand=True)
    return first
