package io.mjproxy;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.mjproxy.v1.ListTasksRequest;
import io.mjproxy.v1.ListTasksResponse;
import io.mjproxy.v1.WatchFilter;
import io.mjproxy.v1.WatchTasksRequest;
import io.mjproxy.v1.WatchTasksResponse;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Every change of the tasks that pass a filter, each once and in the order of the revisions, whatever happens to the
 * connection: a stream that is opened again, behind the position of the last message, whenever it breaks.
 *
 * <p>To be read by one thread. Closing it ends the stream.
 */
public final class TaskWatch implements AutoCloseable {
    /**
     * The server sends a bookmark every 15 seconds while nothing happens: three missed ones mean that the stream is dead,
     * whatever the connection below it says.
     */
    private static final Duration LONGEST_SILENCE = Duration.ofSeconds(45);

    private static final Duration LONGEST_LIST = Duration.ofSeconds(10);

    /**
     * The statuses of a stream that would end in the same way again. INTERNAL, UNKNOWN and CANCELLED are not among them: a
     * reset stream, a dying proxy or an overloaded server ends in those.
     */
    private static final Set<Status.Code> HOPELESS = EnumSet.of(
            Status.Code.ALREADY_EXISTS,
            Status.Code.FAILED_PRECONDITION,
            Status.Code.INVALID_ARGUMENT,
            Status.Code.NOT_FOUND,
            Status.Code.PERMISSION_DENIED,
            Status.Code.UNAUTHENTICATED,
            Status.Code.UNIMPLEMENTED);

    private final Connection connection;
    private final WatchFilter filter;
    private final Backoff delays = new Backoff();
    private Position position;
    private boolean historyGone;
    private MessageStream stream;

    /** When the next try may begin, and when the present stream was last heard of; in nanoseconds of the system's clock. */
    private long retryAt = System.nanoTime();

    private long heardAt;

    TaskWatch(Connection connection, WatchFilter filter, Position after) {
        this.connection = connection;
        this.filter = filter;
        this.position = after;
    }

    /**
     * Waits for the next event.
     *
     * @throws MjproxyException the server will not serve this watch; trying again is of no use
     */
    public WatchEvent next() throws InterruptedException {
        while (true) {
            Optional<WatchEvent> event = poll(LONGEST_SILENCE);
            if (event.isPresent()) {
                return event.get();
            }
        }
    }

    /**
     * Waits for the next event for some time at most. Nothing is lost when the time is over.
     *
     * @throws MjproxyException the server will not serve this watch; trying again is of no use
     */
    public Optional<WatchEvent> poll(Duration limit) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        try {
            return attempt(end);
        } catch (StatusRuntimeException error) {
            return Optional.of(interrupted(MjproxyException.of(error)));
        }
    }

    @Override
    public void close() {
        if (stream != null) {
            stream.cancel();
            stream = null;
        }
    }

    private Optional<WatchEvent> attempt(long end) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(Math.min(retryAt, end) - System.nanoTime());
        if (System.nanoTime() < retryAt) {
            return Optional.empty();
        }
        if (historyGone) {
            return Optional.of(relist());
        }
        return Optional.ofNullable(receive(end)).map(this::accept);
    }

    /** Learns the present position. What the tasks became in between is the reader's to ask. */
    private WatchEvent relist() {
        connection.knockAgain();
        ListTasksRequest request = ListTasksRequest.newBuilder().setPageSize(1).build();
        ListTasksResponse page = connection.tasks().withDeadlineAfter(LONGEST_LIST).listTasks(request);
        historyGone = false;
        position = new Position(page.getRevision(), page.getHistoryId());
        return new WatchEvent.Reset(position);
    }

    private WatchTasksResponse receive(long end) throws InterruptedException {
        if (stream == null) {
            open();
        }
        long silentAt = heardAt + LONGEST_SILENCE.toNanos();
        WatchTasksResponse message = stream.poll(Duration.ofNanos(Math.min(silentAt, end) - System.nanoTime()));
        if (message == null && System.nanoTime() >= silentAt) {
            String silence = "the watch was silent for " + LONGEST_SILENCE.toSeconds() + " s";
            throw Status.DEADLINE_EXCEEDED.withDescription(silence).asRuntimeException();
        }
        return message;
    }

    private void open() {
        WatchTasksRequest.Builder request = WatchTasksRequest.newBuilder().setFilter(filter);
        if (position != null) {
            request.setAfterRevision(position.revision()).setHistoryId(position.historyId());
        }
        connection.knockAgain();
        heardAt = System.nanoTime();
        stream = new MessageStream();
        connection.streams().watchTasks(request.build(), stream);
    }

    private WatchEvent accept(WatchTasksResponse message) {
        delays.reset();
        heardAt = System.nanoTime();
        boolean begins = position == null;
        position = new Position(message.getRevision(), message.getHistoryId());
        return begins ? new WatchEvent.Reset(position) : new WatchEvent.Changes(message.getChangesList(), position);
    }

    private WatchEvent interrupted(MjproxyException error) {
        close();
        if (HOPELESS.contains(error.code())) {
            throw error;
        }
        historyGone |= error.code() == Status.Code.OUT_OF_RANGE;
        Duration delay = delays.next();
        Duration retryIn = delay.compareTo(error.retryAfter()) > 0 ? delay : error.retryAfter();
        retryAt = System.nanoTime() + retryIn.toNanos();
        return new WatchEvent.Interrupted(error, retryIn);
    }
}
