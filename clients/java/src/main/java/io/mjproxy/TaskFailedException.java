package io.mjproxy;

import io.mjproxy.v1.Task;

/** A task was accepted, and failed or was cancelled later. */
public final class TaskFailedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Task task;

    TaskFailedException(Task task) {
        super(task.hasFailure()
                ? task.getFailure().getTitle() + ": " + task.getFailure().getDescription()
                : "the task was cancelled");
        this.task = task;
    }

    /** The task at its end; its failure says why. */
    public Task task() {
        return task;
    }

    /** The {@code ErrorReason} without its prefix, for instance "MODERATED"; empty for a cancelled task. */
    public String reason() {
        return task.hasFailure() ? task.getFailure().getReason().name().replaceFirst("^ERROR_REASON_", "") : "";
    }
}
