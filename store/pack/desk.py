"""``catalogue/keywords.csv``, ``questions.csv`` and ``emergency.csv``: what helps an operator; all optional."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from domain.catalogue import Category
from domain.desk import DeskAids, EmergencyRule, SpokenWords, UrgencyOption, UrgencyQuestion
from domain.pack import PEER, CityPack
from store.pack.csv_rows import read_rows
from store.pack.fields import Fields
from store.pack.problems import ProblemBook

KEYWORDS = "catalogue/keywords.csv"
QUESTIONS = "catalogue/questions.csv"
EMERGENCY = "catalogue/emergency.csv"
KEYWORD_COLUMNS = ("category", "condition", "words")
QUESTION_COLUMNS = (
    "question", "categories", "question_zh", "question_en", "answer", "answer_zh", "answer_en", "severity",
    "condition", "tags",
)  # fmt: skip
EMERGENCY_COLUMNS = ("code", "words", "unless", "services", "tell_zh", "tell_en")
SEVERITIES = ("1", "2", "3", "4")


def read_desk(*, folder: Path, book: ProblemBook) -> DeskAids:
    """Read what is there of the three files."""
    return DeskAids(
        spoken=tuple(_spoken(row) for row in _rows(folder, KEYWORDS, KEYWORD_COLUMNS, book)),
        questions=_questions(folder, book),
        emergencies=tuple(_emergencies(folder, book)),
    )


def _rows(folder: Path, name: str, columns: tuple[str, ...], book: ProblemBook) -> Iterator[Fields]:
    if (folder / name).exists():
        yield from read_rows(folder=folder, name=name, columns=columns, book=book)


def _spoken(row: Fields) -> SpokenWords:
    found = SpokenWords(
        category=row.text("category").strip(),
        condition=row.optional("condition"),
        words=row.texts("words", separator=" "),
    )
    row.finish(also=("note",))
    if not found.words:
        row.problem("words", code="missing_key", zh="没有词语", en="no words")
    if "*" in found.category and found.condition is None:
        zh, en = "通配的类别须写立案条件", "a pattern of categories needs a filing condition"
        row.problem("category", code="wrong_value", zh=zh, en=en)
    row.book.wrote("spoken", f"{found.category}/{found.condition or ''}", row.where())
    return found


def _questions(folder: Path, book: ProblemBook) -> tuple[UrgencyQuestion, ...]:
    """Read one answer from each row; the question itself stands on its first row."""
    heads: dict[str, tuple[tuple[str, ...], str, str]] = {}
    answers: dict[str, list[UrgencyOption]] = {}
    for row in _rows(folder, QUESTIONS, QUESTION_COLUMNS, book):
        code = row.text("question").strip()
        if code not in heads:
            heads[code] = (
                row.texts("categories", separator=" "),
                row.text("question_zh"),
                row.text("question_en"),
            )
            book.wrote("question", code, row.where())
        option = _option(row)
        if not book.wrote("answer", f"{code}/{option.code}", row.where()):
            zh, en = (
                f"问题“{code}”的答案“{option.code}”重复",
                f"answer {option.code!r} of question {code!r} twice",
            )
            row.problem("answer", code="duplicate_answer", zh=zh, en=en)
            continue
        answers.setdefault(code, []).append(option)
    return tuple(
        UrgencyQuestion(
            code=code, categories=head[0], name_zh=head[1], name_en=head[2], options=tuple(answers[code])
        )
        for code, head in heads.items()
    )


def _option(row: Fields) -> UrgencyOption:
    graded = row.text("severity", "").strip()
    if graded and graded not in SEVERITIES:
        zh, en = f"严重程度“{graded}”应为 1–4", f"severity {graded!r} must be 1 to 4"
        row.problem("severity", code="wrong_value", zh=zh, en=en)
    option = UrgencyOption(
        code=row.text("answer").strip(),
        name_zh=row.text("answer_zh"),
        name_en=row.text("answer_en"),
        severity=int(graded) if graded in SEVERITIES else None,
        condition=row.optional("condition"),
        tags=row.texts("tags", separator=" "),
    )
    row.finish(also=("question_zh", "question_en", "categories", "note"))
    return option


def _emergencies(folder: Path, book: ProblemBook) -> Iterator[EmergencyRule]:
    for row in _rows(folder, EMERGENCY, EMERGENCY_COLUMNS, book):
        rule = EmergencyRule(
            code=row.text("code").strip(),
            words=tuple(
                tuple(word for word in group.split("|") if word)
                for group in row.texts("words", separator=" ")
            ),
            unless=row.texts("unless", separator=" "),
            services=row.texts("services", separator=" "),
            tell_zh=row.text("tell_zh"),
            tell_en=row.text("tell_en"),
        )
        row.finish(also=("note",))
        if not rule.words or not all(rule.words) or not rule.services:
            zh, en = "须写词语和转接平台", "words and services are needed"
            row.problem("words", code="missing_key", zh=zh, en=en)
        elif not book.wrote("emergency", rule.code, row.where()):
            zh, en = f"编码“{rule.code}”重复", f"code {rule.code!r} twice"
            row.problem("code", code="duplicate_emergency", zh=zh, en=en)
        else:
            yield rule


def check_desk(*, pack: CityPack, book: ProblemBook) -> None:
    """Report what leads nowhere: categories, conditions, tags, and services that are no peers."""
    for spoken in pack.desk.spoken:
        where = book.where("spoken", f"{spoken.category}/{spoken.condition or ''}")
        _check_condition(pack, (spoken.category,), spoken.condition, where=where, book=book)
    for question in pack.desk.questions:
        for option in question.options:
            where = book.where("answer", f"{question.code}/{option.code}")
            _check_condition(pack, question.categories, option.condition, where=where, book=book)
            _check_tags(pack, option.tags, where=where, book=book)
    for rule in pack.desk.emergencies:
        for service in rule.services:
            unit = pack.tree.find(service)
            if unit is None or unit.kind != PEER:
                zh, en = f"“{service}”不是对接平台", f"{service!r} is no unit of kind PEER"
                book.add(where=book.where("emergency", rule.code), code="unknown_unit", zh=zh, en=en)


def _check_condition(
    pack: CityPack,
    patterns: tuple[str, ...],
    condition: str | None,
    *,
    where: tuple[str, int],
    book: ProblemBook,
) -> None:
    """Every pattern fits a category, and one of them at least has the condition."""
    fitting: list[Category] = []
    for pattern in patterns:
        found = [one for code, one in pack.catalogue.items() if fnmatchcase(code, pattern)]
        fitting += found
        if not found:
            zh, en = f"类别“{pattern}”不在目录中", f"no category matches {pattern!r}"
            book.add(where=where, code="unknown_category", zh=zh, en=en)
    if condition is None or not fitting:
        return
    if not any(one.code == condition for category in fitting for one in category.conditions):
        zh, en = f"立案条件“{condition}”不存在", f"filing condition {condition!r} does not exist"
        book.add(where=where, code="unknown_condition", zh=zh, en=en)


def _check_tags(pack: CityPack, tags: tuple[str, ...], *, where: tuple[str, int], book: ProblemBook) -> None:
    known = {tag.rule.tag for tag in pack.tags}
    for tag in tags:
        if tag not in known:
            zh, en = f"标签“{tag}”不在 tags.toml 中", f"tag {tag!r} is not in tags.toml"
            book.add(where=where, code="unknown_tag", zh=zh, en=en)
