"""The answers of the JSON API as models, from which the OpenAPI document has their schemas.

They describe what `tasks`, `responses` and `accounts` encode by hand, which is faster. There are no other keys, and all
are always there, except those in the `properties` of a submission.
"""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from mjproxy_rest.vocabulary import ACTION_WORDS, BOT_WORDS, STATUS_WORDS

_ACTIONS: Final = [word for word in ACTION_WORDS.values() if word != "UNSPECIFIED"]

CODES: Final = {
    1: "accepted, nobody is ahead (提交成功)",
    3: "the related task or a fitting account does not exist (关联任务不存在或已失效)",
    4: "a field, or the state of the related task, is wrong (参数错误)",
    9: "anything else (系统异常)",
    21: "the task exists already (任务已存在), or a window waits for `/submit/modal` (窗口等待)",
    22: "accepted, others are ahead (排队中)",
    23: "the queue is full (队列已满)",
    24: "the prompt has a banned word (可能包含敏感词)",
}

Action = Annotated[
    str,
    Field(
        description="Kind (任务类型): IMAGINE 绘图, UPSCALE 放大, VARIATION 变化, REROLL 重新执行, ZOOM 图片变焦, "
        "PAN 焦点移动, DESCRIBE 图生文, BLEND 图片混合, SHORTEN prompt分析, SWAP_FACE 人脸替换.",
        json_schema_extra={"enum": _ACTIONS},
    ),
]
Status = Annotated[
    str,
    Field(
        description="State (任务状态): NOT_START 未启动, SUBMITTED 已提交处理, MODAL 窗口等待, IN_PROGRESS 执行中, "
        "FAILURE 失败, SUCCESS 成功, CANCEL 已取消. The last three are final.",
        json_schema_extra={"enum": list(STATUS_WORDS.values())},
    ),
]
Bot = Annotated[str, Field(description="The bot at work.", json_schema_extra={"enum": list(BOT_WORDS.values())})]
Digits = Annotated[str, Field(pattern="^[0-9]+$")]
Milliseconds = Annotated[int, Field(ge=0)]
Code = Annotated[
    int,
    Field(
        description="What became of it: " + "; ".join(f"{code} {meaning}" for code, meaning in CODES.items()) + ".",
        json_schema_extra={"enum": list(CODES)},
    ),
]
Description = Annotated[str, Field(description="The code in words (描述), in the language of `Accept-Language`.")]


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")


class Button(_Answer):
    """A button below a result; pressed by `/submit/action`."""

    custom_id: str = Field(description="Names the button (动作标识).", examples=["MJ::JOB::upsample::1::85a4b4c1"])
    emoji: str = Field(description="Its picture (图标), or empty.", examples=["🪄"])
    label: str = Field(description="Its text (文本), or empty.", examples=["U1"])
    type: int = Field(description="As Discord has it.")
    style: int = Field(description="As Discord has it: 2 primary, 3 green.")


class TaskProperties(_Answer):
    """What else is known of a task (扩展属性)."""

    final_prompt: str = Field(description="The prompt, or the text, that the bot showed.", examples=["Cat"])
    final_zh_prompt: str = Field(description="Its Chinese translation, where it is a text that the bot wrote.")
    bot_type: Bot
    discord_instance_id: str = Field(description="The account at work, which is its channel's id (频道ID).")
    message_id: str = Field(description="The message with the result (消息ID).")
    message_hash: str = Field(description="The bot's id of the job.")
    message_content: str = Field(description="That message's text (消息内容).")
    progress_message_id: str = Field(description="The message that showed the progress.")
    referenced_message_id: str = Field(description="The message that the result answers.")
    nonce: str = Field(description="What the request was marked with at Discord.")
    flags: int = Field(description="The message's flags at Discord.")
    remix: bool = Field(description="True if a window waits that may change the prompt.")
    notify_hook: str = Field(description="The task's own callback address (回调地址), or empty.")


class Task(_Answer):
    """A task (任务)."""

    id: Digits = Field(description="Its id (任务ID).", examples=["1689231405853400"])
    action: Action
    status: Status
    prompt: str = Field(
        description="The prompt as it was sent (提示词); of a finished DESCRIBE, the text.", examples=["猫猫"]
    )
    prompt_en: str = Field(
        description="The prompt in English (英文提示词); of a finished DESCRIBE, the text.", examples=["Cat"]
    )
    description: str = Field(description="The command (任务描述).", examples=["/imagine 猫猫"])
    state: str = Field(description="What the caller sent as `state` (自定义参数).")
    submit_time: Milliseconds | None = Field(description="Milliseconds since the epoch (提交时间).")
    start_time: Milliseconds | None = Field(description="When the bot began (开始执行时间).")
    finish_time: Milliseconds | None = Field(description="When it ended (结束时间).")
    progress: Annotated[str, Field(pattern="^[0-9]{1,3}%$")] = Field(
        description="How far it is (任务进度); 100% at SUCCESS only.", examples=["100%"]
    )
    image_url: str | None = Field(description="The picture, while it is drawn and at the end (图片url).")
    fail_reason: str | None = Field(description="Why it failed (失败原因).", examples=["[Invalid parameter] …"])
    properties: TaskProperties
    buttons: list[Button] = Field(description="What can be made of the result; empty while there is none.")


class SubmissionProperties(_Answer):
    """What there is to say about a submission; which keys are there depends on the code."""

    discord_instance_id: str = Field("", description="The account at work.")
    task_ids: list[Digits] = Field([], description="All tasks, if the button makes several; `result` is the first.")
    number_of_queues: int = Field(0, description="How many tasks are ahead; with code 22.")
    status: Status = Field("SUCCESS", description="The state of the task that exists; with code 21.")
    image_url: str | None = Field(None, description="Its picture; with code 21.")
    final_prompt: str = Field("", description="The prompt that the window offers; with code 21.")
    remix: bool = Field(False, description="True if the window is that of remix mode; with code 21.")
    prompt_en: str = Field("", description="The prompt in English; with code 24.")
    banned_word: str = Field("", description="The word that is banned; with code 24.")


class Submission(_Answer):
    """What became of a submission (提交结果). A refusal, too, has HTTP status 200; its code says why."""

    code: Code
    description: Description
    result: Digits | None = Field(description="The task's id (任务ID); null if there is none.")
    properties: SubmissionProperties


class _Outcome(_Answer):
    code: Code
    description: Description
    properties: dict[str, object] = Field(description="Empty.")


class Seed(_Outcome):
    """The seed of a picture."""

    result: Digits | None = Field(description="The seed; null if it was not found.", examples=["636646138"])


class Upload(_Outcome):
    """Where the uploaded pictures are."""

    result: list[str] | None = Field(description="Their URLs, in the order of the pictures; null if there are none.")


class Refusal(_Outcome):
    """A request that was not served."""

    result: None


class AccountProperties(_Answer):
    """What an operator wants to know of an account."""

    remark: str = Field(description="The operator's note.")
    connected: bool = Field(description="True if it is connected to Discord.")
    held: str | None = Field(description="Why it starts nothing until its owner has acted; null if it does.")
    resting_until: Milliseconds | None = Field(description="Until when it rests after failures; null if it does not.")
    last_error: str | None = Field(description="The last error of its connection; null if there was none.")
    running: int = Field(description="How many tasks are at work.")
    waiting: int = Field(description="How many tasks wait.")


class Account(_Answer):
    """An account of Discord (账号)."""

    id: str = Field(description="Its id, which is the channel's.", examples=["1118138338562560102"])
    guild_id: str = Field(description="The server at Discord (服务器ID).")
    channel_id: str = Field(description="The channel in which it draws (频道ID).")
    user_token: None = Field(description="Never told.")
    user_agent: str = Field(description="How it names itself to Discord.")
    enable: bool = Field(description="True if it takes tasks (是否可用).")
    core_size: int = Field(description="How many tasks may be at work at once (并发数).")
    queue_size: int = Field(description="How many tasks may wait (等待队列长度).")
    timeout_minutes: int = Field(description="After so many silent minutes a task has failed (任务超时时间).")
    properties: AccountProperties


MODELS: Final[tuple[type[BaseModel], ...]] = (Task, Submission, Seed, Upload, Refusal, Account)
