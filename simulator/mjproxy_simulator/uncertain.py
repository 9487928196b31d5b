"""What is not known of the real Discord and the real bot, each point as a switch between what has been seen or guessed.

Software that works with every setting of these will not be surprised by the real ones. `docs/simulator.md` says what
is known of each.
"""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict


class Uncertain(BaseModel):
    """How the uncertain points are played; the first of several values is what is played unless it is set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Interactions

    success_event: Literal["before_message", "after_message"] = "before_message"
    form_success: Literal["before", "after", "none"] = "before"
    failure_reason: bool = True
    deferred_answers: bool = True
    unknown_component: Literal["400", "404"] = "400"
    other_message_flags: Literal["refused", "tolerated"] = "refused"
    outdated_command: Literal["invalid_version", "unknown_command"] = "invalid_version"
    command_order: Literal["midjourney_last", "midjourney_first"] = "midjourney_last"

    # The form of messages

    interaction_fields: Literal["both", "metadata", "legacy"] = "both"
    command_message_type: Literal["20", "0"] = "20"
    message_updates: Literal["whole", "partial"] = "whole"

    # Prompts

    prompt_echo: Literal["rewritten", "as_sent"] = "rewritten"
    parameter_order: Literal["fixed", "as_sent"] = "fixed"
    default_values: Literal["dropped", "echoed"] = "dropped"
    mode_parameters: Literal["stripped", "echoed"] = "stripped"
    markdown: Literal["kept", "escaped"] = "kept"
    film_prompt: Literal["with_link", "without_link"] = "with_link"

    # Jobs and their messages

    button_progress: Literal["by_profile", "public", "ephemeral"] = "by_profile"
    upscale_start: Literal["kept", "deleted"] = "kept"
    relaxed_wait: Literal["waiting", "paused"] = "waiting"
    queued_start: Literal["without_nonce", "with_nonce", "edit"] = "without_nonce"
    previews: bool = True
    give_up: Literal["by_notice", "reply", "edit"] = "by_notice"
    region_answer: Literal["success", "empty"] = "success"
    region_metadata: bool = True
    final_metadata: bool = False
    button_result_reference: Literal["source", "progress", "none"] = "source"
    reroll_mark: bool = True
    follow_up_mode: Literal["of_user", "of_parent"] = "of_user"
    website_link: Literal["markdown", "plain", "none"] = "markdown"
    upscale_variant_named: bool = True
    upscale_footer: bool = False
    solo_rows: Literal["grouped", "packed"] = "grouped"

    # What else the bot says

    words_visibility: Literal["public", "ephemeral"] = "public"
    bookmark_visibility: Literal["public", "ephemeral"] = "public"
    show_result: Literal["new_message", "edit"] = "new_message"
    seed_envelope: Literal["anywhere", "private_channel"] = "anywhere"
    ephemeral_attachments: Literal["of_command", "of_application"] = "of_command"
    details_custom_id: Literal["bare", "with_job"] = "bare"
    notice_visibility: Literal["ephemeral", "public"] = "ephemeral"
    error_color: Literal["FF0000", "ED4245", "F1C40F"] = "FF0000"
    warning_color: Literal["FFFF00", "F7CB73"] = "FFFF00"
    notice_titles: Literal["usual", "other"] = "usual"


USUAL: Final = Uncertain()


class Switches:
    """How the uncertain points are played now; that can be changed at any time.

    Args:
        configured: How they are played until then.

    Attributes:
        now: How they are played.
    """

    def __init__(self, configured: Uncertain) -> None:
        self._configured = configured
        self.now = configured

    def change(self, changes: Uncertain) -> None:
        """Play the points that are set there as it says, and the others as before."""
        given = {name: getattr(changes, name) for name in changes.model_fields_set}
        self.now = self.now.model_copy(update=given)

    def reset(self) -> None:
        """Play all points as the settings say."""
        self.now = self._configured
