"""``tags.toml``: the tags a city knows, what they do to a case (E9), and the words that set them."""

from domain.pack import CityTag
from domain.place import Level
from domain.policy import TagRule
from store.pack.fields import Fields, all_fields
from store.pack.problems import ProblemBook
from store.pack.toml_lines import TomlFile

FILE = "tags.toml"


def read_tags(*, file: TomlFile, book: ProblemBook) -> tuple[CityTag, ...]:
    """Read every ``[[tag]]``. Problems: a tag or alias twice, a word of two tags."""
    found = []
    for fields in all_fields(file=file, path="tag", book=book):
        tag = _tag(fields)
        for name in (tag.rule.tag, *tag.aliases):
            if not book.wrote("tag", name, fields.where("tag")):
                fields.problem("tag", code="duplicate_tag", zh=f"标签“{name}”重复", en=f"tag {name!r} twice")
        for word in tag.words:
            if not book.wrote("tag word", word, fields.where("tag")):
                zh, en = f"词语“{word}”属于两个标签", f"word {word!r} belongs to two tags"
                fields.problem("words_zh", code="duplicate_word", zh=zh, en=en)
        fields.finish(also=("note_zh", "note_en"))
        found.append(tag)
    return tuple(found)


def _words(fields: Fields, key: str) -> tuple[str, ...]:
    """Return the words. An empty one would be found in every text."""
    words = fields.texts(key)
    if any(not word.strip() for word in words):
        fields.problem(key, code="wrong_value", zh="词语不得为空", en="a word must not be empty")
    return tuple(word.strip() for word in words if word.strip())


def _tag(fields: Fields) -> CityTag:
    return CityTag(
        rule=TagRule(
            tag=fields.text("tag"),
            floor=fields.choice("floor", Level, Level.GRID),
            supervise=fields.flag("supervise"),
            illegal=fields.flag("illegal"),
        ),
        name_zh=fields.text("name_zh"),
        name_en=fields.text("name_en"),
        aliases=fields.texts("aliases"),
        words=(*_words(fields, "words_zh"), *_words(fields, "words_en")),
    )
