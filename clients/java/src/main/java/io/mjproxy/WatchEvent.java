package io.mjproxy;

import io.mjproxy.v1.TaskChange;
import java.time.Duration;
import java.util.List;

/** What a watch brings. */
public sealed interface WatchEvent {
    /**
     * Changes that follow without a gap on the position of the event before.
     *
     * @param changes in the order of their revisions; none in a bookmark, which only moves the position
     * @param position where to resume after them
     */
    record Changes(List<TaskChange> changes, Position position) implements WatchEvent {}

    /**
     * The watch begins here, or begins anew because the history before is gone: what was known may be stale. Read again what
     * matters, with the position's revision as {@code min_revision}; each later change follows.
     *
     * @param position where the watch begins
     */
    record Reset(Position position) implements WatchEvent {}

    /**
     * The stream broke. The watch goes on by itself.
     *
     * @param error what it broke of
     * @param retryIn the delay before the next try, at the least
     */
    record Interrupted(MjproxyException error, Duration retryIn) implements WatchEvent {}
}
