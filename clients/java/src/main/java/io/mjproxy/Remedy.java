package io.mjproxy;

import io.grpc.Status;

/** What a program can do about an error. */
public enum Remedy {
    /** The server will not do this; the same request will be refused again. The error's field says what is wrong. */
    CORRECT,
    /** Try again, with the same request id, after the time that the error names. */
    RETRY,
    /** The history that a watch asked for is gone; list, then watch from the list's revision. */
    RELIST,
    /** There is no key, it is unknown, or its role does not allow this. */
    CHECK_KEY,
    /** A fault of the server. */
    REPORT;

    static Remedy of(Status.Code code, String reason) {
        return switch (code) {
            case OUT_OF_RANGE -> RELIST;
            case UNAUTHENTICATED, PERMISSION_DENIED -> CHECK_KEY;
            case INTERNAL, UNKNOWN, DATA_LOSS -> REPORT;
            case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, ABORTED -> RETRY;
            default -> reason.equals("QUEUE_FULL") ? RETRY : CORRECT;
        };
    }
}
