package io.mjproxy;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * How long to wait before the next try: doubling, jittered, bounded.
 *
 * <p>Each delay lies between half of the present step and the whole of it, so that clients that lost their server together
 * do not return to it together.
 */
final class Backoff {
    private static final Duration FIRST = Duration.ofMillis(200);
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final DoubleSupplier random;
    private Duration step = FIRST;

    /** @param random returns numbers from 0 to 1 */
    Backoff(DoubleSupplier random) {
        this.random = random;
    }

    Backoff() {
        this(Math::random);
    }

    Duration next() {
        long nanos = step.toNanos();
        step = Duration.ofNanos(Math.min(2 * nanos, LIMIT.toNanos()));
        return Duration.ofNanos((long) (nanos * (1 + random.getAsDouble()) / 2));
    }

    /** Begins again with the first delay; to be called when a try succeeded. */
    void reset() {
        step = FIRST;
    }
}
