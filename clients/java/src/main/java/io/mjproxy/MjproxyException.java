package io.mjproxy;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.mjproxy.v1.SubmitRefusal;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A call that ended with an error status. The message says what is wrong and what to do about it, in English. */
public final class MjproxyException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Status.Code code;
    private final transient List<Any> details;

    MjproxyException(Status.Code code, String message, List<Any> details, Throwable cause) {
        super(message, cause);
        this.code = code;
        this.details = details;
    }

    MjproxyException(Status.Code code, String message) {
        this(code, message, List.of(), null);
    }

    /** Makes the typed error of a call of {@link MjproxyClient#tasks} or {@link MjproxyClient#accounts}. */
    public static MjproxyException of(StatusRuntimeException cause) {
        Status status = cause.getStatus();
        List<Any> details = StatusProto.fromThrowable(cause).getDetailsList();
        return new MjproxyException(code(status), message(status), details, cause);
    }

    /** What the server said; of a connection that broke or could not be made, what it broke of, which gRPC leaves out. */
    private static String message(Status status) {
        String description = Optional.ofNullable(status.getDescription()).orElse(status.getCode().name());
        if (status.getCause() == null) {
            return description;
        }
        Throwable first = status.getCause();
        while (first.getCause() != null) {
            first = first.getCause();
        }
        return description.lines().findFirst().orElse("") + ": " + first.getMessage();
    }

    /** The code of a status, but for a connection that was closed while it was made: gRPC says UNKNOWN of it. */
    private static Status.Code code(Status status) {
        return status.getCause() instanceof IOException ? Status.Code.UNAVAILABLE : status.getCode();
    }

    /** The gRPC status code. */
    public Status.Code code() {
        return code;
    }

    /** The {@code ErrorReason} without its prefix, for instance "QUEUE_FULL"; empty if it was not mjproxy that answered. */
    public String reason() {
        return detail(ErrorInfo.class).map(ErrorInfo::getReason).orElse("");
    }

    /** What varies in the message, for programs. */
    public Map<String, String> metadata() {
        return detail(ErrorInfo.class).map(ErrorInfo::getMetadataMap).orElse(Map.of());
    }

    /** The field of the request that is wrong; empty if none is. */
    public String field() {
        return detail(BadRequest.class).map(bad -> bad.getFieldViolations(0).getField()).orElse("");
    }

    /** When a repeat may succeed; zero if the server did not say. */
    public Duration retryAfter() {
        return detail(RetryInfo.class).map(RetryInfo::getRetryDelay)
                .map(delay -> Duration.ofSeconds(delay.getSeconds(), delay.getNanos()))
                .orElse(Duration.ZERO);
    }

    /** What the server told of a refused submission; empty if the call was none. */
    public Optional<SubmitRefusal> refusal() {
        return detail(SubmitRefusal.class);
    }

    /** What a program can do about it. */
    public Remedy remedy() {
        return Remedy.of(code, reason());
    }

    private <M extends Message> Optional<M> detail(Class<M> kind) {
        return details.stream().filter(detail -> detail.is(kind)).findFirst().map(detail -> unpacked(detail, kind));
    }

    private static <M extends Message> M unpacked(Any detail, Class<M> kind) {
        try {
            return detail.unpack(kind);
        } catch (InvalidProtocolBufferException broken) {
            throw new IllegalStateException("the server sent a detail of an error that cannot be read", broken);
        }
    }
}
