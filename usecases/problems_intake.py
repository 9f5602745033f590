"""The sentences of what can be wrong with a message, a key, a device, an alarm or an attachment."""

PROBLEMS_INTAKE: dict[str, tuple[int, str, str]] = {
    "key_required": (
        401,
        "此接口需要密钥；请以 Authorization: Bearer 密钥 或 X-Api-Key 发送",
        "this needs a key; send Authorization: Bearer KEY or X-Api-Key",
    ),
    "key_invalid": (
        401,
        "密钥无效、已过期或已吊销；请向市级运管中心申请新密钥",
        "the key is unknown, expired or revoked; ask the operations centre for a new one",
    ),
    "key_scope": (
        403,
        "密钥没有“{scope}”权限；请向市级运管中心申请",
        "the key lacks the scope {scope}; ask the operations centre for it",
    ),
    "key_network": (
        403,
        "此密钥不得从该网络地址使用；请从登记的网段发送",
        "the key may not be used from this address; send from a registered network",
    ),
    "key_source": (
        403,
        "密钥属于来源“{source}”，不得以“{given}”的名义发送",
        "the key belongs to source {source} and may not send as {given}",
    ),
    "key_channel": (
        403,
        "来源“{source}”的渠道为“{channel}”，不得以“{given}”上报",
        "source {source} reports through the channel {channel}, not {given}",
    ),
    "source_disabled": (
        403,
        "来源“{source}”已停用；请联系市级运管中心",
        "source {source} is disabled; ask the operations centre",
    ),
    "source_exists": (
        409,
        "来源“{source}”已存在；修改请编辑 sources.toml 后用 cityops source apply",
        "there is a source {source} already; to change it edit sources.toml, then cityops source apply",
    ),
    "bad_source": (
        422,
        "来源名称“{source}”有误；只用小写字母、数字和连字符，最多 63 个",
        "{source} is no name of a source; use lower-case letters, digits and hyphens, 63 at most",
    ),
    "source_not_found": (
        404,
        "没有名为“{source}”的来源系统；可用 cityops source list 查看",
        "no source {source}; cityops source list shows them",
    ),
    "signature_invalid": (
        401,
        "签名不符；请按 Standard Webhooks 用当前密钥对原始请求体签名",
        "the signature does not fit; sign the raw body with the current secret as Standard Webhooks says",
    ),
    "signature_stale": (
        401,
        "签名时间与本系统相差超过 5 分钟；请校准时钟后重新签名",
        "the signature's time is more than five minutes off; set the clock and sign again",
    ),
    "message_replayed": (
        409,
        "编号为“{id}”的签名消息已收过；新消息请用新的 webhook-id",
        "a signed message with the id {id} was taken before; a new message needs a new webhook-id",
    ),
    "too_many_requests": (
        429,
        "超过来源“{source}”的配额；请在 {seconds} 秒后重发，消息未被接收",
        "more than the quota of source {source}; nothing was taken, send again in {seconds} s",
    ),
    "batch_too_large": (
        413,
        "一批 {count} 条超过上限 {most} 条；请分批发送",
        "{count} in one batch are more than {most}; send them in several",
    ),
    "letter_not_found": (
        404,
        "没有编号为 {id} 的死信；可用 GET /api/v1/dead-letters 查询",
        "no dead letter {id}; GET /api/v1/dead-letters lists them",
    ),
    "letter_settled": (
        409,
        "死信 {id} 已处理（{state}），不能再次处理",
        "dead letter {id} is settled ({state}) and cannot be settled again",
    ),
    "letter_not_replayable": (
        409,
        "死信 {id} 来自须当场答复的接口，不能重放；如属实请人工登记后关闭",
        "dead letter {id} came through an interface that answers at once; file it by hand, then close it",
    ),
    "message_not_found": (
        404,
        "没有编号为 {id} 的消息，或不是此来源的消息",
        "no message {id} of this source",
    ),
    "bad_mapping": (
        422,
        "映射有误：{detail}；请改正后重试",
        "the mapping is wrong: {detail}; correct it and try again",
    ),
    "device_not_found": (
        404,
        "没有登记设备“{device}”；可用 GET /api/v1/devices 查询",
        "no device {device} is registered; GET /api/v1/devices lists them",
    ),
    "unknown_profile": (
        422,
        "没有设备型号“{profile}”；可用：{known}",
        "no device profile {profile}; known: {known}",
    ),
    "bad_window": (
        422,
        "维护时段有误：{detail}",
        "the maintenance window is wrong: {detail}",
    ),
    "window_not_found": (
        404,
        "设备“{device}”没有编号为 {id} 的未结束维护时段",
        "device {device} has no maintenance window {id} that still holds",
    ),
    "bad_limit": (
        422,
        "设备限值有误：{detail}",
        "a limit of the device is wrong: {detail}",
    ),
    "device_place": (
        422,
        "无法按坐标确定设备位置（{detail}）；请核对经纬度次序和坐标系",
        "the device cannot be placed by its point ({detail}); check the order of lon and lat, and the CRS",
    ),
    "alarm_not_found": (
        404,
        "没有编号为“{alarm_no}”的报警；可用 GET /api/v1/alarms 查询",
        "no alarm {alarm_no}; GET /api/v1/alarms lists them",
    ),
    "alarm_phase": (
        409,
        "报警处于“{phase}”，不能进行此操作",
        "the alarm is {phase}: this cannot be done now",
    ),
    "alarm_merge_target": (
        422,
        "不能并入报警“{into}”：须为另一条未并入其他报警、同为实战或演练的报警",
        "cannot become part of alarm {into}: take another one that is no part itself, and an exercise only with one",
    ),
    "unknown_reason": (
        422,
        "误报须给出原因代码；可用：{known}",
        "a false alarm needs a reason code; known: {known}",
    ),
    "service_not_found": (
        404,
        "没有编码为“{service}”的服务类别；请从 services 选择",
        "service_code {service} was not found; take one of services",
    ),
    "jurisdiction_not_found": (
        404,
        "没有辖区“{jurisdiction}”；本接口的辖区为 {known}",
        "jurisdiction_id {jurisdiction} was not found; this endpoint serves {known}",
    ),
    "attribute_required": (
        400,
        "缺少必填属性 {attribute}",
        "{attribute} required",
    ),
    "date_span": (
        400,
        "start_date 与 end_date 相差超过 {most} 天；请缩小范围",
        "start_date and end_date are more than {most} days apart; ask for less",
    ),
    "bad_parameter": (
        400,
        "参数 {parameter} 的值不合要求；应为：{expected}",
        "{parameter} is not as it should be; expected: {expected}",
    ),
    "bad_form": (
        400,
        "请求体不是合法的表单（{detail}）；请以 UTF-8 的表单或 multipart 发送",
        "the body is no valid form ({detail}); send a form or multipart in UTF-8",
    ),
    "attachment_type": (
        415,
        "不支持的附件类型“{given}”；可用：{known}",
        "attachments of type {given} are not taken; known: {known}",
    ),
    "attachment_broken": (
        422,
        "附件内容与类型不符或已损坏；请重新上传",
        "the attachment is broken or not what it says it is; upload it again",
    ),
    "attachment_pixels": (
        413,
        "图片有 {pixels} 像素，超过可处理的上限；请缩小后重新上传",
        "a picture of {pixels} pixels is more than can be decoded; make it smaller and upload it again",
    ),
    "attachment_not_found": (
        404,
        "没有编号为“{id}”的附件",
        "no attachment {id}",
    ),
    "no_place": (
        422,
        "没有坐标、地址或区域，无法定位；已转人工甄别，请补充地点",
        "no point, address or area: it cannot be located; it waits in triage, please add a place",
    ),
    "outside_city": (
        422,
        "地点在本市范围之外；已转人工甄别，请核对坐标和坐标系",
        "the place lies outside the city; it waits in triage, please check the point and its CRS",
    ),
    "not_located": (
        422,
        "地点无法确定（{flags}）；已转人工甄别，请补充更准确的地点",
        "the place could not be determined ({flags}); it waits in triage, please add a better place",
    ),
    "category_unmapped": (
        422,
        "工单类别“{category}”没有对应的本市类别；已受理为未定类，由甄别人员定类，或请在来源的映射中补充 category:{category}",
        "the ticket's category {category} has no category of ours; it waits in triage, or map category:{category}",
    ),
    "crs_unknown": (
        422,
        "坐标系“{crs}”无法识别，已按渠道声明的 {used} 处理；可用：{known}",
        "coordinate system {crs} is unknown: taken as the channel's {used}; known: {known}",
    ),
    "grid_unknown": (
        422,
        "网格路径中的“{grid}”不是本市区域，已略去；请核对",
        "{grid} of the grid path is no area of this city and was left out; check it",
    ),
    "fields_unread": (
        422,
        "字段 {fields} 不在接口说明中，未作处理，已随原文保存",
        "the fields {fields} are not in the description: kept with the body as it came, and not read",
    ),
}
