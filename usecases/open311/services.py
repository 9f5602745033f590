"""The catalogue as Open311's services: what may be reported, and what is asked about it."""

from domain.catalogue import Category, CategoryKind
from usecases.city import City
from usecases.open311.answers import Attribute, Definition, Service, Value
from usecases.problems import BadRequest, ProblemCode

CONDITION = "condition"
"""The one attribute: the filing condition (立案条件), which also decides the limit."""
GROUPS = {
    CategoryKind.PART: ("城市部件", "Things of the city"),
    CategoryKind.EVENT: ("城市事件", "Events in the city"),
    CategoryKind.DEMAND: ("民生诉求", "Demands of residents"),
}
"""What people report. Alarms of sensors are no services."""


def check_jurisdiction(*, city: City, given: str) -> None:
    """Take the pack's code or the city's name, or nothing. Raises BadRequest for another one."""
    facts = city.pack.city
    known = (facts.code, facts.name_zh, facts.name_en)
    if given and given.strip().casefold() not in {name.casefold() for name in known}:
        raise BadRequest(ProblemCode.JURISDICTION_NOT_FOUND, jurisdiction=given[:60], known=facts.code)


def services(*, city: City, lang: str) -> list[Service]:
    """Return every service in the catalogue's order."""
    return [_service(one, lang) for one in city.pack.catalogue.values() if one.kind in GROUPS]


def category_of(*, city: City, service_code: str) -> Category:
    """Return the category of a service. Raises BadRequest (service_not_found)."""
    found = city.pack.catalogue.get(service_code)
    if found is None or found.kind not in GROUPS:
        raise BadRequest(ProblemCode.SERVICE_NOT_FOUND, service=service_code[:60])
    return found


def definition(*, city: City, service_code: str, lang: str) -> Definition:
    """Return the questions of a service, none where it has one condition only. Raises BadRequest."""
    category = category_of(city=city, service_code=service_code)
    if not _asks(category):
        return Definition(service_code=category.code, attributes=())
    question = Attribute(
        code=CONDITION,
        datatype="singlevaluelist",
        required=city.pack.open311.asks_condition(category.code),
        datatype_description=_said(("请选择一项", "Choose one"), lang),
        order=1,
        description=_said(("具体情形（立案条件）", "What exactly is the matter"), lang),
        values=tuple(
            Value(key=one.code, name=_said((one.name_zh, one.name_en), lang)) for one in category.conditions
        ),
    )
    return Definition(service_code=category.code, attributes=(question,))


def _service(category: Category, lang: str) -> Service:
    conditions = [_said((one.name_zh, one.name_en), lang) for one in category.conditions]
    return Service(
        service_code=category.code,
        service_name=_said((category.name_zh, category.name_en), lang),
        description=_said(("、", ", "), lang).join(conditions),
        metadata=_asks(category),
        keywords=",".join(category.keywords),
        group=_said(GROUPS[category.kind], lang),
    )


def _asks(category: Category) -> bool:
    return len(category.conditions) > 1


def _said(texts: tuple[str, str], lang: str) -> str:
    zh, en = texts
    return (en or zh) if lang == "en" else zh
