package io.mjproxy;

import io.mjproxy.v1.Action;
import io.mjproxy.v1.ChangeCommand;
import io.mjproxy.v1.ImagineCommand;
import io.mjproxy.v1.SubmitTaskRequest;

/** The most common commands. The others are made in the same way, from the generated messages. */
public final class Commands {
    private Commands() {}

    /** Draws a prompt, with Midjourney's parameters in it. */
    public static SubmitTaskRequest imagine(String prompt) {
        ImagineCommand command = ImagineCommand.newBuilder().setPrompt(prompt).build();
        return SubmitTaskRequest.newBuilder().setImagine(command).build();
    }

    /** Takes picture {@code index}, 1 to 4, out of a finished grid. */
    public static SubmitTaskRequest upscale(String taskId, int index) {
        ChangeCommand.Builder command =
                ChangeCommand.newBuilder().setTaskId(taskId).setAction(Action.ACTION_UPSCALE).setIndex(index);
        return SubmitTaskRequest.newBuilder().setChange(command).build();
    }
}
