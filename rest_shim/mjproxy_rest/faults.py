"""What is wrong with a field, in both languages.

The sentences of midjourney-proxy say only that a field is wrong; those that its clients may compare stay as they are.
Whoever sends anything else that is wrong reads what, and what to send instead.
"""

import re
from collections.abc import Mapping
from typing import Final

from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from mjproxy.errors import ServerError
from mjproxy_rest import texts
from mjproxy_rest.texts import Text

# What the server found, by the word for it (`ErrorInfo.metadata["fault"]`). In English it has a sentence itself.
_FOUND_BY_SERVER: Final[Mapping[str, str]] = {
    "EMPTY": "{field}不能为空",
    "TOO_LONG": "{field}过长，最多{most}个字符",
    "TOO_MANY": "{field}数量过多，最多{most}个",
    "NEGATIVE": "{field}参数错误：不能为负数",
    "OUT_OF_RANGE": "{field}参数错误：应在{least}到{most}之间",
    "FOREIGN_PAGE": "{field}参数错误：不属于此列表，请从第一页重新开始",
    "FACE_SWAPS_ONLY": "{field}参数错误：INSIGHT_FACE只用于换脸，请使用MID_JOURNEY或NIJI_JOURNEY",
    "SEVERAL_JOBS": "{field}参数错误：{part}会启动多个任务，请逐个提交",
    "NO_LINK": "{field}参数错误：应为有效的http或https链接",
    "LINK_WITH_PASSWORD": "{field}参数错误：链接中不能有用户名或密码",
    "LINK_TO_PRIVATE_HOST": "{field}参数错误：{host}不是公网地址",
    "LINK_UNUSABLE": "{field}参数错误：此处不能使用链接，请发送图片内容",
    "IMAGE_TYPE": "{field}图片格式不支持：请发送PNG、JPEG、WebP或GIF",
    "IMAGE_BROKEN": "{field}图片已损坏或不完整：请发送完整的文件",
    "TOO_MANY_BYTES": "{field}图片过大，最多{most}字节",
    "TOO_MANY_PIXELS": "{field}图片过大，最多{most}像素",
    "MASK_SIZE": "{field}尺寸错误：应与原图一致（{expected}），实际为{size}",
    "MASK_COLOURS": "{field}颜色错误：只能有黑色和白色，白色为重绘区域",
    "MASK_WITHOUT_WHITE": "{field}没有白色区域：请将重绘区域涂成白色",
}

# What `pydantic` found, by its word for it. In English it has a sentence itself.
_FOUND_IN_BODY: Final[Mapping[str, str]] = {
    "missing": "不能缺少",
    "string_type": "应为文本",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_parsing_size": "数值超出范围",
    "greater_than_equal": "数值超出范围",
    "less_than": "数值超出范围",
    "bool_type": "应为true或false",
    "list_type": "应为数组",
    "model_type": "应为JSON对象",
    "string_unicode": "不是有效的UTF-8文本",
}

# The sentence of these is the other API's own, which has no more to say.
_SAID_TO_BE_WRONG: Final = frozenset({"action", "content", "dimensions"})
# The other API has a sentence for the absence of these; where another required field is absent, it calls it wrong.
_SAID_TO_BE_EMPTY: Final = frozenset({"prompt", "taskId", "customId"})

# Fields that bodies and the server name differently.
_NAMES_IN_BODIES: Final = {
    "imagine.images[": "base64Array[",
    "blend.images[": "base64Array[",
    "images[": "base64Array[",
    "describe.image": "base64",
    "face_swap.source": "sourceBase64",
    "face_swap.target": "targetBase64",
    "mask": "maskBase64",
}


def found_by_server(error: ServerError) -> Text | None:
    """Returns what the server says is wrong with a field; None if it does not say it in a word that is known here."""
    wrong = _FOUND_BY_SERVER.get(error.details.metadata.get("fault", ""))
    return Text(wrong, "{detail}") if wrong else None


def name_in_body(path: str) -> str:
    """Names a field of a request as the body has it: "change.task_id" is "taskId" there."""
    for ours, theirs in _NAMES_IN_BODIES.items():
        if path.startswith(ours):
            return theirs + path.removeprefix(ours)
    return to_camel(path.rpartition(".")[2])


def found_in_body(error: ErrorDetails) -> Text:
    """Returns what is wrong with a body as `pydantic` has found."""
    field = ".".join(map(str, error["loc"]))
    if not field:
        return texts.NOT_AN_OBJECT
    if error["type"] == "missing" and field in _SAID_TO_BE_EMPTY:
        return texts.FIELD_EMPTY.fill(field=field)
    detail = "" if field in _SAID_TO_BE_WRONG else _chinese(error)
    return Text(
        f"{field}参数错误{detail and f'：{detail}'}", texts.FIELD_WRONG.fill(field=field, detail=error["msg"]).en
    )


def _chinese(error: ErrorDetails) -> str:
    if error["type"] == "literal_error":
        return "可选值为" + "、".join(re.findall(r"\w+(?=')", error["ctx"]["expected"]))
    return _FOUND_IN_BODY.get(error["type"], "")
