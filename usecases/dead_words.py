"""Why a letter is dead, in words: a sentence for each ``DeadCode``, and what to do about it."""

from collections.abc import Mapping

from domain.envelope import DeadCode

WORDS: dict[DeadCode, tuple[str, str]] = {
    DeadCode.NOT_JSON: (
        "不是合法的 JSON；请厂商改正，或核对内容类型",
        "not valid JSON; let the sender correct it, or check the content type",
    ),
    DeadCode.NOT_XML: (
        "不是合法的 XML；请厂商改正，或核对内容类型",
        "not valid XML; let the sender correct it, or check the content type",
    ),
    DeadCode.DTD_FORBIDDEN: (
        "XML 含有 DTD 或实体定义，为安全起见不予解析；请厂商去掉",
        "the XML holds a DTD or entities and is not read for safety; let the sender leave them out",
    ),
    DeadCode.SCHEMA: (
        "结构不符合所用标准；请厂商按标准改正",
        "does not have the structure of its standard; let the sender follow it",
    ),
    DeadCode.ENCODING: (
        "文字编码无法识别；请厂商改用 UTF-8，或在内容类型中写明编码",
        "the text's encoding cannot be read; let the sender use UTF-8 or name the charset",
    ),
    DeadCode.MISSING_FIELD: (
        "缺少必需的字段；可在映射中指明该字段的位置后重放",
        "a field that must be there is missing; say in the mapping where it is, and replay",
    ),
    DeadCode.BAD_VALUE: (
        "字段的值不能识别；可在映射中改正后重放",
        "a field's value cannot be understood; correct the mapping and replay",
    ),
    DeadCode.MISSING_ID: (
        "没有事件编号，无法识别重复；可在映射中指明编号的位置后重放",
        "no event id, so a repetition could not be told; say in the mapping where it is, and replay",
    ),
    DeadCode.REPLAYED_ID: (
        "编号已用于内容不同的另一事件；请厂商为每个事件使用新编号",
        "its id was used for another event; let the sender give every event an id of its own",
    ),
    DeadCode.BAD_TIME: (
        "时间不能识别或没有时区；可在映射中写明时区后重放",
        "a time that cannot be read or has no zone; name the zone in the mapping and replay",
    ),
    DeadCode.BAD_POSITION: (
        "坐标不完整或超出范围；请核对字段和坐标系",
        "the position is incomplete or out of range; check the fields and the coordinate system",
    ),
    DeadCode.SWAPPED_AXES: (
        "经纬度写反了；请厂商改正，或在映射中对调后重放",
        "longitude and latitude are swapped; let the sender correct it, or swap them in the mapping and replay",
    ),
    DeadCode.UNKNOWN_FORMAT: (
        "格式或版本不受支持；请核对来源的格式设置",
        "a format or version that is not read here; check the source's format",
    ),
    DeadCode.UNKNOWN_SEVERITY: (
        "等级用词未在来源的等级表中声明；补上后重放",
        "its word of severity is not declared for the source; add it and replay",
    ),
    DeadCode.UNKNOWN_CATEGORY: (
        "事件类别不在目录中；可在映射中对应后重放",
        "a category that is not in the catalogue; map it and replay",
    ),
    DeadCode.UNKNOWN_DEVICE: (
        "设备未登记；登记后重放",
        "the device is not registered; register it and replay",
    ),
    DeadCode.UNKNOWN_REFERENCE: (
        "所更新或取消的事件没有收到过；请核对编号",
        "the event it updates or cancels was never received; check the id",
    ),
    DeadCode.NO_MAPPING: (
        "来源没有可用的映射；设置映射后重放",
        "the source has no mapping that works; set one and replay",
    ),
    DeadCode.TOO_LARGE: (
        "内容过大；请厂商分开发送",
        "too large; let the sender split it",
    ),
    DeadCode.TOO_DEEP: (
        "嵌套过深；请厂商简化结构",
        "nested too deeply; let the sender flatten it",
    ),
    DeadCode.TOO_MANY: (
        "一条消息中的条数过多；请厂商分批发送",
        "too many parts in one message; let the sender split the batch",
    ),
    DeadCode.REFUSED: (
        "接口已拒绝，发送方已得到答复；如属实请人工登记",
        "refused when it was sent, and its sender was told; file it by hand if it is genuine",
    ),
    DeadCode.FAULT: (
        "本系统处理时出错，内容完整保留；请联系运维，修复后重放",
        "a fault of this system; every byte is kept. Tell the operator, and replay when it is repaired",
    ),
}


def says(*, code: str, params: Mapping[str, str], lang: str) -> str:
    """Return why a letter is dead, in ``zh`` or ``en``, with its particulars. Empty for no code."""
    if code not in set(DeadCode):
        return code
    zh, en = WORDS[DeadCode(code)]
    parts = "; ".join(f"{name}={value}" for name, value in params.items())
    if lang == "zh":
        return f"{zh}（{parts}）" if parts else zh
    return f"{en} ({parts})" if parts else en
