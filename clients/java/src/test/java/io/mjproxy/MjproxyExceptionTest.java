package io.mjproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.mjproxy.v1.ErrorReason;
import io.mjproxy.v1.Failure;
import io.mjproxy.v1.SubmitRefusal;
import io.mjproxy.v1.Task;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MjproxyExceptionTest {
    @ParameterizedTest
    @CsvSource({
        "INVALID_ARGUMENT, CORRECT",
        "FAILED_PRECONDITION, CORRECT",
        "NOT_FOUND, CORRECT",
        "RESOURCE_EXHAUSTED, CORRECT",
        "UNAVAILABLE, RETRY",
        "DEADLINE_EXCEEDED, RETRY",
        "OUT_OF_RANGE, RELIST",
        "UNAUTHENTICATED, CHECK_KEY",
        "PERMISSION_DENIED, CHECK_KEY",
        "INTERNAL, REPORT"
    })
    void codeTellsTheRemedy(Status.Code code, Remedy remedy) {
        assertEquals(remedy, new MjproxyException(code, "").remedy());
    }

    @Test
    void errorHasTheDetailsOfItsStatus() {
        MjproxyException error = MjproxyException.of(refusal(
                ErrorInfo.newBuilder().setReason("QUEUE_FULL").putMetadata("queue_size", "10").build(),
                RetryInfo.newBuilder()
                        .setRetryDelay(com.google.protobuf.Duration.newBuilder().setSeconds(1).setNanos(500_000_000))
                        .build(),
                BadRequest.newBuilder()
                        .addFieldViolations(BadRequest.FieldViolation.newBuilder().setField("options"))
                        .build(),
                SubmitRefusal.newBuilder().setTaskId("1").build()));
        assertEquals(Status.Code.RESOURCE_EXHAUSTED, error.code());
        assertEquals("QUEUE_FULL", error.reason());
        assertEquals(Map.of("queue_size", "10"), error.metadata());
        assertEquals("options", error.field());
        assertEquals(Duration.ofMillis(1500), error.retryAfter());
        assertEquals("1", error.refusal().orElseThrow().getTaskId());
        assertEquals("the queue is full", error.getMessage());
        assertEquals(Remedy.RETRY, error.remedy());
    }

    @Test
    void brokenConnectionIsUnavailableAndTellsItsFirstCause() {
        IOException broken = new IOException("handshake failed", new IOException("not trusted"));
        Status status = Status.UNKNOWN.withDescription("io exception\nChannel Pipeline: []").withCause(broken);
        MjproxyException error = MjproxyException.of(status.asRuntimeException());
        assertEquals(Status.Code.UNAVAILABLE, error.code());
        assertEquals("io exception: not trusted", error.getMessage());
    }

    @Test
    void failedTaskTellsWhy() {
        Failure moderated = Failure.newBuilder()
                .setReason(ErrorReason.ERROR_REASON_MODERATED)
                .setTitle("Action needed")
                .setDescription("no")
                .build();
        TaskFailedException failed = new TaskFailedException(Task.newBuilder().setFailure(moderated).build());
        assertEquals("MODERATED", failed.reason());
        assertEquals("Action needed: no", failed.getMessage());
        TaskFailedException cancelled = new TaskFailedException(Task.getDefaultInstance());
        assertEquals("", cancelled.reason());
        assertEquals("the task was cancelled", cancelled.getMessage());
    }

    private static StatusRuntimeException refusal(Message... details) {
        com.google.rpc.Status.Builder status = com.google.rpc.Status.newBuilder();
        status.setCode(Status.Code.RESOURCE_EXHAUSTED.value()).setMessage("the queue is full");
        for (Message detail : details) {
            status.addDetails(Any.pack(detail));
        }
        return StatusProto.toStatusRuntimeException(status.build());
    }
}
