package io.mjproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.grpc.Status;
import io.mjproxy.v1.SubmitOptions;
import io.mjproxy.v1.SubmitTaskRequest;
import io.mjproxy.v1.SubmitTaskResponse;
import io.mjproxy.v1.TaskStatus;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MjproxyClientTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private ScriptedServer server;
    private MjproxyClient client;

    @BeforeEach
    void start() throws IOException {
        server = new ScriptedServer();
        client = server.client();
    }

    @AfterEach
    void stop() {
        client.close();
        server.close();
    }

    @Test
    void submissionIsRepeatedWithTheSameRequestId() throws InterruptedException {
        List<String> ids = new ArrayList<>();
        server.submissions.add((request, to) -> {
            ids.add(request.getOptions().getRequestId());
            to.onError(Status.UNAVAILABLE.asRuntimeException());
        });
        server.submissions.add((request, to) -> {
            ids.add(request.getOptions().getRequestId());
            to.onNext(SubmitTaskResponse.newBuilder().setRevision(7).build());
            to.onCompleted();
        });
        assertEquals(7, client.submit(Commands.imagine("a cat"), LIMIT).getRevision());
        assertEquals(2, ids.size());
        assertFalse(ids.get(0).isEmpty());
        assertEquals(ids.get(0), ids.get(1));
    }

    @Test
    void callersOwnRequestIdStays() throws InterruptedException {
        server.submissions.add((request, to) -> {
            to.onNext(SubmitTaskResponse.newBuilder()
                    .setDescription(request.getOptions().getRequestId())
                    .build());
            to.onCompleted();
        });
        SubmitOptions options = SubmitOptions.newBuilder().setRequestId("mine").build();
        SubmitTaskRequest request = Commands.imagine("a cat").toBuilder().setOptions(options).build();
        assertEquals("mine", client.submit(request, LIMIT).getDescription());
    }

    @Test
    void refusalIsNotRepeated() {
        server.submissions.add((request, to) -> to.onError(Status.INVALID_ARGUMENT.asRuntimeException()));
        MjproxyException refusal =
                assertThrows(MjproxyException.class, () -> client.submit(Commands.imagine(""), LIMIT));
        assertEquals(Status.Code.INVALID_ARGUMENT, refusal.code());
    }

    @Test
    void waitingReadsAgainWhenTheHistoryIsGone() throws InterruptedException {
        server.watches.add((request, to) -> {
            server.status = TaskStatus.TASK_STATUS_SUCCESS;
            to.onError(Status.OUT_OF_RANGE.asRuntimeException());
        });
        assertEquals(TaskStatus.TASK_STATUS_SUCCESS, client.await("1", LIMIT).getStatus());
    }

    @Test
    void waitingForATaskThatWasCancelledIsAnError() {
        server.status = TaskStatus.TASK_STATUS_CANCELLED;
        assertThrows(TaskFailedException.class, () -> client.await("1", LIMIT));
    }

    @Test
    void waitingEndsWithItsTime() {
        server.watches.add((request, to) -> {});
        MjproxyException late = assertThrows(MjproxyException.class, () -> client.await("1", Duration.ofMillis(500)));
        assertEquals(Status.Code.DEADLINE_EXCEEDED, late.code());
    }
}
