"""What the OpenAPI document says of requests beside their types: each field in words, and an example of each body."""

from collections.abc import Mapping
from typing import Final

from mjproxy_rest.requests import (
    ActionBody,
    BlendBody,
    Body,
    ChangeBody,
    DescribeBody,
    IdsBody,
    ImagineBody,
    ModalBody,
    ShortenBody,
    SimpleChangeBody,
    SwapBody,
    UploadBody,
)

# The names mean the same wherever they occur.
FIELD_TEXTS: Final[Mapping[str, str]] = {
    "accountFilter": "Which accounts may work on it; all if absent.",
    "action": "UPSCALE 放大, VARIATION 变换 or REROLL 重新生成.",
    "base64": "A picture (图片base64): a data URL, bare base64, or a http or https link.",
    "base64Array": "Pictures (图片base64数组), each as data URL, bare base64, or http or https link.",
    "botType": "The bot (bot类型); MID_JOURNEY if absent. `mj` and `niji` are understood, too.",
    "content": "The task's id, a blank, and U1 to U4, V1 to V4 or R.",
    "customId": "The button (动作标识), from the task's `buttons`.",
    "dimensions": "The shape (比例): PORTRAIT 2:3, SQUARE 1:1 or LANDSCAPE 3:2.",
    "ids": "Ids of tasks; numbers are understood, too.",
    "index": "Which of the four pictures (序号), 1 to 4; not needed for REROLL.",
    "instanceId": "The account's id (实例ID), which is its channel's.",
    "language": "What the result is translated into besides: `zh`, which is the default, or `en` for nothing.",
    "link": "A link to the picture, in place of `base64`.",
    "maskBase64": "What to draw anew (局部重绘的蒙版): white on black, as large as the picture.",
    "mode": "How fast and at what price, in any case: FAST, RELAX or TURBO.",
    "modes": "The first of them is the mode, if none is named elsewhere.",
    "notifyHook": "Where changes of the task are posted (回调地址); the service's own address if absent.",
    "page_size": "At most so many.",
    "page_token": "The header `X-Next-Page-Token` of the page before.",
    "prompt": "The prompt (提示词), in any language that is translated here.",
    "remark": "The operator's note at the account.",
    "remix": "True for an account in remix mode, false for one that is not.",
    "sourceBase64": "The face, as data URL, bare base64, or http or https link.",
    "sourceUrl": "A link to the face, in place of `sourceBase64`.",
    "state": "Anything (自定义参数); the task comes back with it.",
    "targetBase64": "The picture that gets the face, as data URL, bare base64, or http or https link.",
    "targetUrl": "A link to that picture, in place of `targetBase64`.",
    "taskId": "The task (任务ID); a number is understood, too.",
}

_ID: Final = "1689231405853400"
_DOT: Final = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)

EXAMPLES: Final[Mapping[type[Body], Mapping[str, object]]] = {
    ActionBody: {"taskId": _ID, "customId": "MJ::JOB::reroll::0::1c6dff5e-5632-40c6-9d4c-afb261705313::SOLO"},
    BlendBody: {"base64Array": [_DOT, _DOT], "dimensions": "SQUARE"},
    ChangeBody: {"taskId": _ID, "action": "UPSCALE", "index": 1},
    DescribeBody: {"base64": _DOT},
    IdsBody: {"ids": [_ID]},
    ImagineBody: {"prompt": "猫猫"},
    ModalBody: {"taskId": _ID, "prompt": "Cat --zoom 1.5"},
    ShortenBody: {"prompt": "appdash appdash, in the style of expert draftsmanship, ethereal, toonami"},
    SimpleChangeBody: {"content": f"{_ID} U2"},
    SwapBody: {"sourceBase64": _DOT, "targetBase64": _DOT},
    UploadBody: {"base64Array": [_DOT]},
}
