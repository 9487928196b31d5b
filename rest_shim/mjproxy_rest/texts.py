"""The sentences that the API says, in Chinese and in English.

The Chinese ones are those of midjourney-proxy 2.6 and midjourney-proxy-plus, which their clients show and sometimes
compare; only what these have no sentence for is our own. Chinese is the default, as there; `Accept-Language: en`
chooses English.
"""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from mjproxy.v1.task_service_pb2 import (
    SUBMIT_CODE_BANNED_PROMPT,
    SUBMIT_CODE_FAILURE,
    SUBMIT_CODE_NOT_FOUND,
    SUBMIT_CODE_QUEUE_REJECTED,
    SUBMIT_CODE_VALIDATION_ERROR,
    SubmitCode,
)


class Language(enum.Enum):
    """A language that the API speaks."""

    ZH = "zh"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages, possibly with `{names}` to fill in."""

    zh: str
    en: str

    def fill(self, **values: object) -> "Text":
        """Returns the sentence with its names filled in."""
        return Text(self.zh.format_map(values), self.en.format_map(values))

    def say(self, language: Language) -> str:
        """Returns the sentence in one language."""
        return self.en if language is Language.EN else self.zh


@lru_cache(256)  # Most callers send one of a few.
def preferred_language(accept_language: str) -> Language:
    """Chooses from the header `Accept-Language` (RFC 9110 §12.5.4); Chinese if it names neither language."""
    ranges = sorted(_language_ranges(accept_language), key=lambda entry: -entry[1])
    known = [tag for tag, _ in ranges if tag in {"zh", "en"}]
    return Language(known[0]) if known else Language.ZH


def _language_ranges(accept_language: str) -> Iterator[tuple[str, float]]:
    """Yields the primary tag and the weight of each range that is wanted at all."""
    for part in accept_language.lower().split(","):
        tag, _, parameter = part.strip().partition(";")
        weight = _weight(parameter)
        if weight > 0:
            yield tag.strip().partition("-")[0], weight


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return float(value) if name == "q" else 1.0
    except ValueError:
        return 0.0


# What a task says.
CANCELLED = "已取消"

# What an accepted submission says.
SUBMITTED = Text("提交成功", "Submitted")
SUCCESS = Text("成功", "Success")
ONE_AHEAD = Text("排队中，前面还有1个任务", "In queue, there is 1 task ahead")
SOME_AHEAD = Text("排队中，前面还有{ahead}个任务", "In queue, there are {ahead} tasks ahead")
EXISTED = Text("任务已存在", "Task already exists")
NEEDS_MODAL = Text("窗口等待", "Waiting for confirmation")

# What a refused submission says, where its reason says more than its code.
BY_REASON: Mapping[str, Text] = {
    "NO_ACCOUNT": Text("无可用的账号实例", "No account available"),
    "ACCOUNT_UNAVAILABLE": Text("账号不可用: {account_id}", "Account unavailable: {account_id}"),
    "PARENT_NOT_FINISHED": Text("关联任务状态错误", "The related task is not finished"),
    "ACTION_NOT_OFFERED": Text(
        "关联任务不允许执行变化：{wanted}", "The related task does not allow this change: {wanted}"
    ),
    "NOT_MODAL": Text("关联任务不在等待窗口确认", "The task waits for no confirmation"),
    "INVALID_IMAGE": Text("base64格式错误", "{detail}"),
    "ACCOUNT_NOT_CONNECTED": Text("账号未连接，请稍后重试", "The account is not connected: try again later"),
    "BOT_SILENT": Text("机器人未响应，请稍后重试", "The bot did not answer: try again later"),
    "REQUEST_ID_REUSED": Text("Idempotency-Key已用于其他请求，请更换", "{detail}"),
}
BY_CODE: Mapping[SubmitCode.ValueType, Text] = {
    SUBMIT_CODE_NOT_FOUND: Text("关联任务不存在或已失效", "The related task does not exist or has expired"),
    SUBMIT_CODE_VALIDATION_ERROR: Text("{field}参数错误：{detail}", "{detail}"),
    SUBMIT_CODE_FAILURE: Text("提交失败，系统异常", "Submission failed, system error"),
    SUBMIT_CODE_QUEUE_REJECTED: Text("队列已满，请稍后尝试", "Queue is full, please try again later"),
    SUBMIT_CODE_BANNED_PROMPT: Text("可能包含敏感词", "May contain sensitive words"),
}

# What a body says that cannot be translated.
FIELD_EMPTY = Text("{field}不能为空", "{field} is empty: send a text")
FIELD_WRONG = Text("{field}参数错误", "{field} is wrong: {detail}")
BROKEN_BASE64 = Text(
    "base64格式错误", "{field} is no valid base64: send a data URL, bare base64, or a http or https link to an image"
)
NOT_AN_OBJECT = Text("请求体不是有效的JSON对象", "The body is no JSON object: send one, in UTF-8")
BROKEN_GZIP = Text("请求体不是有效的gzip数据", "The body is no valid gzip: send what its Content-Encoding says")
TOO_MANY_IMAGES = Text("{field}最多{limit}张图片", "{field} has too many pictures: send at most {limit}")
IMAGE_TOO_LARGE = Text("{field}图片过大，最多{limit}MB", "{field} is too large a picture: send at most {limit} MB")
BODY_TOO_LARGE = Text("请求体过大，最多{limit}MB", "The body is too large: send at most {limit} MB")

# What a request says that is answered with another HTTP status than 200.
UNAUTHENTICATED = Text(
    "mj-api-secret缺失或无效", "No key, or an unknown one: send a valid key in the header mj-api-secret"
)
PERMISSION_DENIED = Text("无权执行此操作", "The role of this key does not allow this")
UNAVAILABLE = Text("服务暂不可用，请稍后重试", "The service is not available now: try again later")
UNSUPPORTED = Text("服务不支持此操作", "The server does not offer this yet")
INTERNAL = Text("系统异常", "System error")
NO_SUCH_TASK = Text("任务不存在", "There is no such task")
NO_SUCH_PICTURE = Text("图片不存在", "There is no such picture, or not any longer")
PICTURE_UNREACHABLE = Text("图片暂不可用，请稍后重试", "The picture cannot be had now: try again later")
NO_SUCH_PATH = Text("接口不存在", "There is no such path")
UNKNOWN_ENCODING = Text("请求体编码不支持", "This Content-Encoding is not supported: use gzip, or none")
NO_SUCH_METHOD = Text("请求方法不支持", "This path does not support this method: use {allowed}")
