package io.mjproxy;

import io.grpc.ChannelCredentials;
import io.grpc.Deadline;
import io.grpc.InsecureChannelCredentials;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.mjproxy.v1.AccountServiceGrpc.AccountServiceBlockingStub;
import io.mjproxy.v1.GetTaskRequest;
import io.mjproxy.v1.GetTaskResponse;
import io.mjproxy.v1.SubmitTaskRequest;
import io.mjproxy.v1.SubmitTaskResponse;
import io.mjproxy.v1.Task;
import io.mjproxy.v1.TaskChange;
import io.mjproxy.v1.TaskServiceGrpc.TaskServiceBlockingStub;
import io.mjproxy.v1.TaskStatus;
import io.mjproxy.v1.WatchFilter;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Draws with an mjproxy server. It may be used by many threads at once.
 *
 * <pre>{@code
 * try (MjproxyClient client = MjproxyClient.connect("127.0.0.1:50051")) {
 *     Task task = client.submitAndWait(Commands.imagine("a lighthouse in fog"), Duration.ofMinutes(10));
 *     System.out.println(task.getImageUrl());
 * }
 * }</pre>
 */
public final class MjproxyClient implements AutoCloseable {
    /**
     * How often a call is made that does not reach a working server. With the back-off between them the last try comes two
     * to three seconds after the first.
     */
    private static final int MAX_TRIES = 5;

    private static final Set<TaskStatus> ENDS = EnumSet.of(
            TaskStatus.TASK_STATUS_SUCCESS, TaskStatus.TASK_STATUS_FAILURE, TaskStatus.TASK_STATUS_CANCELLED);

    private final Connection connection;

    private MjproxyClient(Connection connection) {
        this.connection = connection;
    }

    /** Prepares a client of a server without keys at "host:port", in plain text. It connects with the first call. */
    public static MjproxyClient connect(String target) {
        return connect(target, "");
    }

    /** The same, with the key to send with every call; empty for none. */
    public static MjproxyClient connect(String target, String key) {
        return connect(target, key, InsecureChannelCredentials.create());
    }

    /** The same, over an encrypted connection, for instance with {@code TlsChannelCredentials.create()}. */
    public static MjproxyClient connect(String target, String key, ChannelCredentials credentials) {
        return new MjproxyClient(new Connection(target, credentials, key));
    }

    /**
     * Hands in a command and returns when the server has stored it.
     *
     * <p>While the server cannot be reached it is repeated for a few seconds, always with the same request id, so that
     * nothing is drawn twice.
     *
     * @throws MjproxyException the server refused, could not be reached, or did not answer within the limit
     */
    public SubmitTaskResponse submit(SubmitTaskRequest request, Duration limit) throws InterruptedException {
        SubmitTaskRequest identified = identified(request);
        Deadline deadline = deadline(limit);
        return repeated(() -> tasks().withDeadline(deadline).submitTask(identified));
    }

    /**
     * Submits, and waits as {@link #await} does for the (first) task that it made.
     *
     * @throws MjproxyException the server refused, could not be reached, or the task has not ended within the limit
     * @throws TaskFailedException the task failed or was cancelled
     */
    public Task submitAndWait(SubmitTaskRequest request, Duration limit) throws InterruptedException {
        Deadline deadline = deadline(limit);
        SubmitTaskResponse response = submit(request, limit);
        return await(response.getTasks(0).getId(), remaining(deadline));
    }

    /**
     * Waits until a task has ended, whatever happens to the connection meanwhile.
     *
     * @throws TaskFailedException it failed or was cancelled
     * @throws MjproxyException there is no such task, or it has not ended within the limit (DEADLINE_EXCEEDED), and goes on
     */
    public Task await(String taskId, Duration limit) throws InterruptedException {
        Deadline deadline = deadline(limit);
        GetTaskResponse read = read(taskId, 0, deadline);
        Task task = read.getTask();
        WatchFilter filter = WatchFilter.newBuilder().addIds(taskId).build();
        try (TaskWatch watch = watch(filter, new Position(read.getRevision(), ""))) {
            while (!hasEnded(task)) {
                WatchEvent event = watch.poll(remaining(deadline)).orElseThrow(() -> tooLate(taskId));
                task = told(event, task, deadline);
            }
        }
        return succeeded(task);
    }

    /**
     * Watches the tasks that pass a filter.
     *
     * @param after where to begin, exclusive; null for from now on
     */
    public TaskWatch watch(WatchFilter filter, Position after) {
        return new TaskWatch(connection, filter, after);
    }

    /**
     * All calls about tasks as the contract has them. They are not repeated by themselves; {@link MjproxyException#of} reads
     * their errors.
     */
    public TaskServiceBlockingStub tasks() {
        return connection.tasks();
    }

    /** All calls about the Discord accounts of the server. */
    public AccountServiceBlockingStub accounts() {
        return connection.accounts();
    }

    /** Ends the connection and whatever still uses it. */
    @Override
    public void close() {
        connection.close();
    }

    /** Whether a task has ended, which never changes. */
    public static boolean hasEnded(Task task) {
        return ENDS.contains(task.getStatus());
    }

    /** The task as it is after an event. */
    private Task told(WatchEvent event, Task task, Deadline deadline) throws InterruptedException {
        if (event instanceof WatchEvent.Reset reset) {
            return read(task.getId(), reset.position().revision(), deadline).getTask();
        }
        if (event instanceof WatchEvent.Changes batch && !batch.changes().isEmpty()) {
            TaskChange last = batch.changes().get(batch.changes().size() - 1);
            return last.hasTask() ? last.getTask() : read(task.getId(), last.getRevision(), deadline).getTask();
        }
        return task;
    }

    private GetTaskResponse read(String taskId, long minRevision, Deadline deadline) throws InterruptedException {
        GetTaskRequest request = GetTaskRequest.newBuilder().setId(taskId).setMinRevision(minRevision).build();
        return repeated(() -> tasks().withDeadline(deadline).getTask(request));
    }

    /** Makes a call, and makes it again while it does not reach a working server. */
    private <R> R repeated(Supplier<R> call) throws InterruptedException {
        Backoff delays = new Backoff();
        for (int tries = 1; ; tries++) {
            try {
                return call.get();
            } catch (StatusRuntimeException cause) {
                MjproxyException error = MjproxyException.of(cause);
                if (error.code() != Status.Code.UNAVAILABLE || tries == MAX_TRIES) {
                    throw error;
                }
            }
            TimeUnit.NANOSECONDS.sleep(delays.next().toNanos());
            connection.knockAgain();
        }
    }

    /** The request with a request id; the caller's own stays as it is. */
    private static SubmitTaskRequest identified(SubmitTaskRequest request) {
        if (!request.getOptions().getRequestId().isEmpty()) {
            return request;
        }
        SubmitTaskRequest.Builder identified = request.toBuilder();
        identified.getOptionsBuilder().setRequestId(UUID.randomUUID().toString());
        return identified.build();
    }

    private static Task succeeded(Task task) {
        if (task.getStatus() != TaskStatus.TASK_STATUS_SUCCESS) {
            throw new TaskFailedException(task);
        }
        return task;
    }

    private static MjproxyException tooLate(String taskId) {
        return new MjproxyException(
                Status.Code.DEADLINE_EXCEEDED, "task " + taskId + " has not ended in time; it goes on");
    }

    private static Deadline deadline(Duration limit) {
        return Deadline.after(limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    private static Duration remaining(Deadline deadline) {
        return Duration.ofNanos(deadline.timeRemaining(TimeUnit.NANOSECONDS));
    }
}
