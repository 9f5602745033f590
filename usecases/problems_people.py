"""The sentences of what can be wrong with a sign-in, an account, a permission or a draft."""

PROBLEMS_PEOPLE: dict[str, tuple[int, str, str]] = {
    "sign_in_needed": (401, "请先登录", "sign in first"),
    "not_permitted": (
        403,
        "您的岗位没有此项权限（{permission}）；如工作需要请向安全管理员申请",
        "your post does not allow this ({permission}); ask the security administrator if your work needs it",
    ),
    "outside_scope": (
        403,
        "“{number}”不在您的管辖范围内",
        "{number} is outside the area and units of your post",
    ),
    "csrf_failed": (
        403,
        "页面已过期或请求不是从本站页面发出；请刷新页面后重试，已填内容不会丢失",
        "the page is stale or the request came from elsewhere; reload the page and try again, nothing typed is lost",
    ),
    "bad_credentials": (401, "账号或密码不正确", "account or password is wrong"),
    "account_locked": (
        403,
        "连续多次登录失败，账号已锁定至 {until}；也可请安全管理员解锁",
        "too many failures: locked until {until}; the security administrator can unlock it",
    ),
    "too_many_tries": (
        429,
        "此地址登录失败次数过多；请 {minutes} 分钟后再试",
        "too many failed sign-ins from this address; try again in {minutes} minutes",
    ),
    "account_disabled": (
        403,
        "账号已停用；请联系安全管理员",
        "the account is closed; ask the security administrator",
    ),
    "account_not_found": (404, "没有名为“{account}”的账号", "no account {account}"),
    "account_exists": (409, "账号“{account}”已存在", "there is an account {account} already"),
    "bad_account": (
        422,
        "账号名“{account}”有误；只用小写字母、数字、点和连字符，2–64 个",
        "{account} is no account name; use lower-case letters, digits, dots and hyphens, 2 to 64",
    ),
    "post_conflict": (
        409,
        "管理员岗位（系统、安全、审计）不得兼任，也不得兼任其他岗位",
        "an administrator's post (system, security, audit) stands alone: no second one, no other post beside it",
    ),
    "last_keeper": (
        409,
        "这是最后一名安全管理员；请先指定另一名，再停用或撤销",
        "this is the last security administrator; name another one first",
    ),
    "bad_grant": (422, "岗位授权有误：{detail}", "this post cannot be given: {detail}"),
    "password_weak": (422, "密码不符合要求：{detail}", "the password does not do: {detail}"),
    "password_reused": (
        422,
        "不能使用最近 {count} 次用过的密码",
        "one of the last {count} passwords may not come back",
    ),
    "factor_needed": (
        403,
        "此操作需要二次验证；请先绑定并输入动态口令",
        "this needs the second factor; set it up and enter its code",
    ),
    "factor_wrong": (
        401,
        "动态口令不正确或已用过；请等下一个再试",
        "the code is wrong or was used; wait for the next one",
    ),
    "provider_failed": (
        502,
        "统一身份认证没有给出有效答复（{detail}）；请重试或改用本地账号",
        "the identity provider gave no valid answer ({detail}); try again or use a local account",
    ),
    "provider_unknown": (
        403,
        "统一身份认证账号尚未与本系统账号关联；请联系安全管理员",
        "the identity provider's account is not linked to one of ours; ask the security administrator",
    ),
    "draft_not_found": (404, "没有此草稿，或不是您的", "no such draft, or not yours"),
    "draft_changed": (
        409,
        "此草稿已在另一窗口修改；请选择保留哪一份",
        "this draft was changed in another window; choose which to keep",
    ),
    "description_required": (
        422,
        "请先写明发生了什么",
        "say what happened first",
    ),
    "screen_not_found": (
        404,
        "没有此大屏，或其链接已停用、已过期；请在看板的“大屏”页重新生成",
        "no such screen, or its address was ended or is over; make a new one on the board's page of walls",
    ),
    "view_not_found": (404, "没有此保存的视图", "no such saved view"),
    "view_name": (422, "请给视图起一个名称", "give the view a name"),
    "too_many_views": (
        422,
        "最多保存 {most} 个视图；请先删除不用的",
        "at most {most} views are kept; delete one that is not used",
    ),
    "case_changed": (
        409,
        "案件在您填写期间已有变化；请看过变化后再次提交，已填内容仍在",
        "the case changed while you wrote; look at what changed and send again, nothing typed is lost",
    ),
    "too_many_selected": (422, "一次最多处理 {most} 件", "{most} at once at most"),
    "reporter_withheld": (
        403,
        "诉求人要求保密，不向处置单位提供；请通过热线转达",
        "the reporter asked to stay unnamed: not told to handling units; pass it on through the hotline",
    ),
    "reveal_reason": (
        422,
        "查看完整号码须写明事由（至少 4 字）",
        "say why you need the full number (4 characters at least)",
    ),
    "delivery_settled": (
        409,
        "消息 {id} 已送达或正在重发，无须再发",
        "message {id} has arrived or is being sent already",
    ),
    "upload_not_found": (
        404,
        "没有此上传，或不是您的；请从头上传",
        "no such upload, or not yours; start it again",
    ),
    "upload_offset": (
        409,
        "此分片应从第 {received} 字节开始；请从那里继续",
        "the next piece begins at byte {received}; go on from there",
    ),
    "upload_digest": (
        422,
        "收到的内容与开始时声明的摘要不一致；已清空，请从头上传",
        "what arrived is not what was named at the start; it was dropped, upload it again",
    ),
    "uploads_full": (
        429,
        "未完成的上传过多；请先完成或等一天后自动清理，再上传新的",
        "too much is being uploaded; finish that first, what is left lying goes after a day",
    ),
}
