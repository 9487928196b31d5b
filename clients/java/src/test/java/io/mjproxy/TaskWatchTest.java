package io.mjproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.mjproxy.v1.TaskChange;
import io.mjproxy.v1.WatchFilter;
import io.mjproxy.v1.WatchTasksRequest;
import io.mjproxy.v1.WatchTasksResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class TaskWatchTest {
    private ScriptedServer server;
    private MjproxyClient client;
    private TaskWatch watch;

    @BeforeEach
    void start() throws IOException {
        server = new ScriptedServer();
        client = server.client();
        watch = client.watch(WatchFilter.getDefaultInstance(), null);
    }

    @AfterEach
    void stop() {
        watch.close();
        client.close();
        server.close();
    }

    @Test
    void resumesBehindTheLastMessage() throws Exception {
        server.watches.add((request, to) -> {
            to.onNext(message(5));
            to.onNext(message(6));
            to.onError(Status.UNAVAILABLE.asRuntimeException());
        });
        CompletableFuture<WatchTasksRequest> resumed = new CompletableFuture<>();
        server.watches.add((request, to) -> {
            resumed.complete(request);
            to.onNext(message(7));
        });
        assertEquals(new WatchEvent.Reset(new Position(5, "first")), watch.next());
        assertEquals(6, assertInstanceOf(WatchEvent.Changes.class, watch.next()).position().revision());
        WatchEvent.Interrupted interrupted = assertInstanceOf(WatchEvent.Interrupted.class, watch.next());
        assertEquals(Status.Code.UNAVAILABLE, interrupted.error().code());
        assertEquals(7, assertInstanceOf(WatchEvent.Changes.class, watch.next()).position().revision());
        assertEquals(6, resumed.get().getAfterRevision());
        assertEquals("first", resumed.get().getHistoryId());
    }

    @Test
    void beginsAnewWhenTheHistoryIsGone() throws InterruptedException {
        server.watches.add((request, to) -> to.onError(Status.OUT_OF_RANGE.asRuntimeException()));
        assertInstanceOf(WatchEvent.Interrupted.class, watch.next());
        assertEquals(new WatchEvent.Reset(new Position(40, "second")), watch.next());
    }

    @Test
    void endsWhenTheServerWillNotServeIt() {
        server.watches.add((request, to) -> to.onError(Status.UNAUTHENTICATED.asRuntimeException()));
        MjproxyException refusal = assertThrows(MjproxyException.class, watch::next);
        assertEquals(Remedy.CHECK_KEY, refusal.remedy());
    }

    @Test
    void losesNothingWhenTheTimeOfAPollIsOver() throws Exception {
        CompletableFuture<StreamObserver<WatchTasksResponse>> stream = new CompletableFuture<>();
        server.watches.add((request, to) -> stream.complete(to));
        assertTrue(watch.poll(Duration.ofMillis(50)).isEmpty());
        stream.get().onNext(message(5));
        assertEquals(new WatchEvent.Reset(new Position(5, "first")), watch.next());
    }

    @Test
    void closingEndsTheStream() throws InterruptedException {
        CountDownLatch ended = new CountDownLatch(1);
        server.watches.add((request, to) -> {
            ((ServerCallStreamObserver<WatchTasksResponse>) to).setOnCancelHandler(ended::countDown);
            to.onNext(message(5));
        });
        watch.next();
        watch.close();
        assertTrue(ended.await(5, TimeUnit.SECONDS));
    }

    private static WatchTasksResponse message(long revision) {
        TaskChange change = TaskChange.newBuilder().setRevision(revision).build();
        return WatchTasksResponse.newBuilder().setRevision(revision).setHistoryId("first").addChanges(change).build();
    }
}
