package io.mjproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BackoffTest {
    @Test
    void delaysDoubleUpToTheLimit() {
        Backoff delays = new Backoff(() -> 1);
        List<Long> got = Stream.generate(delays::next).limit(8).map(Duration::toMillis).toList();
        assertEquals(List.of(200L, 400L, 800L, 1600L, 3200L, 6400L, 10_000L, 10_000L), got);
    }

    @Test
    void delaysLieBetweenHalfOfTheStepAndTheWhole() {
        List<Long> got = Stream.of(0.0, 0.5, 1.0).map(random -> new Backoff(() -> random).next().toMillis()).toList();
        assertEquals(List.of(100L, 150L, 200L), got);
    }

    @Test
    void delaysBeginAgainAfterASuccess() {
        Backoff delays = new Backoff(() -> 1);
        delays.next();
        delays.next();
        delays.reset();
        assertEquals(Duration.ofMillis(200), delays.next());
    }
}
