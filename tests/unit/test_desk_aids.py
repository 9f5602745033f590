"""What helps an operator: categories from a caller's words, questions, words of danger, and their files."""

from pathlib import Path

import pytest

from domain.catalogue import CategoryKind
from domain.pack import CityPack
from store.pack import load
from tests.unit.small_pack import problems_of, write
from usecases.desk_categories import propose
from usecases.desk_urgency import dangers_in, questions_for, urgency_of

WUHAN = Path(__file__).parents[2] / "cities" / "wuhan"

# What callers say, as we made it up, and the categories an operator would take; parted by "|".
SAID = [
    ("解放大道和京汉大道路口的井盖不见了，晚上有人差点掉下去", "P0123"),
    ("小区门口下水道堵了，污水往外冒", "E0503"),
    ("路灯坏了三天了，晚上黑灯瞎火的", "P0137"),
    ("楼下烧烤摊油烟太大，半夜还在吵", "E0129"),
    ("隔壁工地半夜还在打桩，吵得睡不着", "E0301"),
    ("家里停水一天了，什么时候来水", "H-WAT-01"),
    ("家里没电了", "H-POW-01"),
    ("闻到很重的煤气味，楼道里都是", "E0502"),
    ("电梯困人了，里面有两个老人", "H-ELV-01"),
    ("我们单元电梯坏了一个星期没人修", "H-ELV-02"),
    ("马路上塌了个大坑，车都不敢走", "E0505"),
    ("立交桥下面积水很深，车子淹了", "E0506"),
    ("消防通道被车堵死了", "E0496x"),
    ("人行道上停满了小汽车，没法走", "E0409"),
    ("共享单车堆得到处都是", "E0493x"),
    ("门口垃圾桶满了没人清，臭得很", "E0192x"),
    ("楼下有一堆装修垃圾没人管", "E0111"),
    ("有人在路边烧树叶，烟很大", "E0120"),
    ("路面坑坑洼洼，电动车摔了好几个人", "E0113"),
    ("渣土车不盖篷布，洒了一路泥", "E0311|E0114"),
    ("湖里有好多死鱼，水发臭", "E0125|E0126"),
    ("河水发黑发臭，有人偷排污水", "E0126|E0130"),
    ("楼上往下扔东西，砸到车了，高空抛物", "E0596x"),
    ("电线掉下来挂在路中间", "E0508"),
    ("一棵大树倒了压到车", "P0402"),
    ("墙上贴满了办证小广告", "E0201"),
    ("楼顶有人违建，正在加盖房子", "E0101"),
    ("邻居天天半夜吵架放音乐，扰民", "H-NOI-01"),
    ("广场舞声音太大", "H-NOI-01"),
    ("老板拖欠工资不给", "H-WAG-01"),
    ("健身房关门不退款", "H-MKT-01"),
    ("公交车司机不停站", "H-BUS-01"),
    ("小区有人遛狗不牵绳，狗咬了小孩", "H-DOG-01"),
    ("物业乱收物业费", "H-PRO-01"),
    ("我想问一下新生儿落户怎么办理", "H-ENQ-01"),
    ("低保申请的事情", "H-AID-01"),
    ("公厕里面很脏没人打扫", "P0301"),
    ("天桥的栏杆松了", "P0206|P0217"),
    ("公交站牌倒了", "P0204"),
    ("广告牌快要掉下来了", "P0306"),
    ("水管爆了，水喷得很高", "E0501"),
    ("家里天然气停了做不了饭，停气", "H-GAS-01"),
    ("暖气管道破了在冒热气", "E0504"),
    ("路上结冰车子打滑", "E0507"),
    ("建议在路口增加红绿灯", "H-SUG-01"),
    ("停车场乱收停车费", "H-PRK-01"),
    ("菜场门口好多小贩摆摊", "E0401"),
    ("餐馆的油烟直接排到我家窗户", "H-SMK-01"),
    ("下水道井盖响，半夜哐当哐当", "P0102"),
    ("高架桥伸缩缝坏了，过车很响", "P0208"),
    ("化粪池满了粪水外溢", "P0303"),
    ("充电桩充不了电", "P0154"),
    ("限高杆被撞歪了", "P0211"),
    ("马路边有死狗", "E0137"),
    ("工地扬尘，窗户都不敢开", "E0304"),
    ("有人无证挖路", "E0303"),
    ("长江大桥上有裂缝", "P0209"),
    ("防洪墙有点歪", "P0508"),
    ("护栏被车撞坏了", "P0217"),
    ("店铺把东西摆到门外人行道上", "E0405"),
    ("jg", "P0123"),
    ("xftd", "E0496x"),
    ("ludeng", "P0137"),
    ("P0137", "P0137"),
    ("street light out", "P0137"),
    ("gas pipe leak", "E0502"),
    ("manhole cover missing", "P0123|P0101|P0102|P0103|P0106|P0111"),
]  # fmt: skip


@pytest.fixture(scope="module")
def pack() -> CityPack:
    return load(folder=WUHAN)


@pytest.mark.parametrize(("text", "wanted"), SAID)
def test_what_is_meant_is_among_three_proposals(pack: CityPack, text: str, wanted: str) -> None:
    found = [one.category for one in propose(pack=pack, text=text)]
    assert set(wanted.split("|")) & set(found), found
    assert len(found) <= 3


def test_the_first_proposal_is_mostly_right(pack: CityPack) -> None:
    first = [next(iter(propose(pack=pack, text=text))).category in wanted for text, wanted in SAID]
    assert sum(first) >= 0.9 * len(SAID)


def test_a_proposal_says_which_words_speak_for_it_and_which_condition(pack: CityPack) -> None:
    best = propose(pack=pack, text="路口的井盖不见了")[0]
    assert (best.category, best.condition, best.words) == ("P0123", "missing", ("井盖", "不见了"))


def test_a_longer_word_counts_more_than_what_stands_inside_it(pack: CityPack) -> None:
    assert propose(pack=pack, text="垃圾桶满了")[0].category == "E0192x"
    assert propose(pack=pack, text="垃圾桶破了")[0].category == "P0305"


@pytest.mark.parametrize(
    "text", ["", "   ", "，。！", "𠮷𠮷𠮷", "\u200b", "aaaaaaaaaaaaaaaaaaaaaaaa", "()[]*+?.\\"]
)
def test_what_says_nothing_proposes_nothing(pack: CityPack, text: str) -> None:
    assert propose(pack=pack, text=text) == ()


def test_nobody_calls_an_alarm_in(pack: CityPack) -> None:
    found = propose(pack=pack, text="可燃气体超限 井盖移位 传感器离线 水位超警戒", most=100)
    assert all(pack.catalogue[one.category].kind is not CategoryKind.SENSOR for one in found)


def test_a_city_without_own_words_has_those_of_its_catalogue(tmp_path: Path) -> None:
    folder = write(tmp_path)
    assert [str(problem) for problem in problems_of(folder)] == []
    small = load(folder=folder)
    assert small.desk.questions == ()
    name = next(iter(small.catalogue.values())).name_zh
    assert propose(pack=small, text=f"这里有{name}")


def test_the_worst_answer_grades_and_its_condition_is_taken(pack: CityPack) -> None:
    answers = {"cover-where": "only-broken", "cover-fell": "yes", "line-live": "sparks"}
    found = urgency_of(pack=pack, category="P0123", answers=answers)
    assert (found.severity, found.condition) == (1, "broken")


def test_a_condition_the_category_lacks_is_left_out(pack: CityPack) -> None:
    found = urgency_of(pack=pack, category="P0106", answers={"cover-where": "lane"})
    assert found.condition == "missing"
    assert urgency_of(pack=pack, category="P0209", answers={"cover-where": "lane"}).severity is None


def test_urgent_kinds_are_asked_about(pack: CityPack) -> None:
    for category in ("E0502", "P0208", "P0123", "E0506", "E0496x", "E0508", "E0501", "E0505", "H-ELV-01"):
        assert questions_for(pack=pack, category=category), category
    assert questions_for(pack=pack, category="H-SUG-01") == ()


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("小区燃气泄漏，已经着火了", "PEER-119"),
        ("江边有人落水", "PEER-110"),
        ("电梯里两个人被困", "PEER-119"),
        ("工人触电了", "PEER-120"),
        ("路口车祸，有人受伤", "PEER-122"),
        ("老人昏迷没有呼吸", "PEER-120"),
        ("没有电，电梯里有人被困", "PEER-119"),
    ],
)
def test_words_of_danger_name_whom_to_call_first(pack: CityPack, text: str, service: str) -> None:
    assert dangers_in(pack=pack, text=text)[0].services[0] == service


@pytest.mark.parametrize(
    "text",
    ["积水很深，没有人被困", "路灯不亮", "消防演练冒黑烟，着火是演习", "无人落水", "未着火", "垃圾没人管"],
)
def test_what_is_denied_or_drilled_is_no_danger(pack: CityPack, text: str) -> None:
    assert dangers_in(pack=pack, text=text) == ()


GOOD = {
    "keywords.csv": "category,condition,words\nE1,,脏 乱\n",
    "questions.csv": "question,categories,question_zh,question_en,answer,answer_zh,answer_en,severity,condition,tags\n"
    "q,E1,急吗,Urgent?,yes,是,Yes,1,,\nq,,,,no,否,No,,,\n",
    "emergency.csv": "code,words,unless,services,tell_zh,tell_en\nfire,着火|起火,演习,1-P,请撤离,Get out\n",
}
BROKEN = [
    ("keywords.csv", "E1,,脏 乱", "E9,,脏", "unknown_category"),
    ("keywords.csv", "E1,,脏 乱", "E1,none,脏", "unknown_condition"),
    ("keywords.csv", "E1,,脏 乱", "E*,,脏", "wrong_value"),
    ("keywords.csv", "E1,,脏 乱", "E1,,", "missing_key"),
    ("questions.csv", "q,E1,", "q,X*,", "unknown_category"),
    ("questions.csv", "Yes,1,", "Yes,7,", "wrong_value"),
    ("questions.csv", "q,,,,no,", "q,,,,yes,", "duplicate_answer"),
    ("questions.csv", "No,,,", "No,,,nope", "unknown_tag"),
    ("questions.csv", "No,,,", "No,,never,", "unknown_condition"),
    ("emergency.csv", "1-P", "1-C", "unknown_unit"),
    ("emergency.csv", "着火|起火", "", "missing_key"),
]


def _pack_with(folder: Path, files: dict[str, str]) -> Path:
    written = write(folder)
    with (written / "units.toml").open("a", encoding="utf-8") as units:
        units.write(
            '\n[[unit]]\ncode = "1-P"\nname_zh = "119"\nname_en = "119"\nkind = "PEER"\nlevel = "city"\n'
            'area_code = "1"\nparent = "1-C"\nduty = "always"\n'
        )
    for name, text in files.items():
        (written / "catalogue" / name).write_text(text, encoding="utf-8")
    return written


def test_the_three_files_are_read(tmp_path: Path) -> None:
    folder = _pack_with(tmp_path, GOOD)
    assert [str(one) for one in problems_of(folder) if not one.warning] == []
    aids = load(folder=folder).desk
    assert [option.code for option in aids.questions[0].options] == ["yes", "no"]
    assert aids.emergencies[0].words == (("着火", "起火"),)


@pytest.mark.parametrize(("file", "old", "new", "code"), BROKEN)
def test_what_is_wrong_is_said_at_its_line(tmp_path: Path, file: str, old: str, new: str, code: str) -> None:
    text = GOOD[file]
    assert old in text
    folder = _pack_with(tmp_path, {**GOOD, file: text.replace(old, new, 1)})
    found = [one for one in problems_of(folder) if one.file == f"catalogue/{file}"]
    assert code in {one.code for one in found}
    assert all(one.line > 0 for one in found)
