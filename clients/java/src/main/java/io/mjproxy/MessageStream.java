package io.mjproxy;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.mjproxy.v1.WatchTasksRequest;
import io.mjproxy.v1.WatchTasksResponse;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** One stream of a watch, read message by message: the next one is asked for when the last one was taken. */
final class MessageStream implements ClientResponseObserver<WatchTasksRequest, WatchTasksResponse> {
    /** Messages, and at last the {@link StatusRuntimeException} that the stream ended with. */
    private final BlockingQueue<Object> arrived = new LinkedBlockingQueue<>();

    private ClientCallStreamObserver<WatchTasksRequest> call;

    /** Returns the next message, or null if none comes in this time. */
    WatchTasksResponse poll(Duration limit) throws InterruptedException {
        Object next = arrived.poll(limit.toNanos(), TimeUnit.NANOSECONDS);
        if (next instanceof StatusRuntimeException end) {
            throw end;
        }
        if (next != null) {
            call.request(1);
        }
        return (WatchTasksResponse) next;
    }

    void cancel() {
        call.cancel("the watch no longer reads it", null);
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<WatchTasksRequest> call) {
        this.call = call;
        call.disableAutoRequestWithInitial(1);
    }

    @Override
    public void onNext(WatchTasksResponse message) {
        arrived.add(message);
    }

    @Override
    public void onError(Throwable error) {
        arrived.add(Status.fromThrowable(error).asRuntimeException(Status.trailersFromThrowable(error)));
    }

    @Override
    public void onCompleted() {
        arrived.add(Status.UNAVAILABLE.withDescription("the server ended the watch").asRuntimeException());
    }
}
