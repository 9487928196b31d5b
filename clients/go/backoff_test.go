package mjproxy

import (
	"slices"
	"testing"
	"time"
)

func TestDelaysDoubleUpToTheLimit(t *testing.T) {
	delays := &backoff{step: firstDelay, uniform: func() float64 { return 1 }}
	var got []time.Duration
	for range 8 {
		got = append(got, delays.next()/time.Millisecond)
	}
	if want := []time.Duration{200, 400, 800, 1600, 3200, 6400, 10000, 10000}; !slices.Equal(got, want) {
		t.Errorf("the delays are %v ms, not %v", got, want)
	}
}

func TestDelaysLieBetweenHalfOfTheStepAndTheWhole(t *testing.T) {
	for _, uniform := range []float64{0, 0.5, 1} {
		delays := &backoff{step: firstDelay, uniform: func() float64 { return uniform }}
		if got, want := delays.next(), firstDelay/2+time.Duration(uniform*float64(firstDelay)/2); got != want {
			t.Errorf("of %v the delay is %v, not %v", uniform, got, want)
		}
	}
}

func TestDelaysBeginAgainAfterASuccess(t *testing.T) {
	delays := newBackoff()
	for range 5 {
		delays.next()
	}
	delays.reset()
	if got := delays.next(); got > firstDelay {
		t.Errorf("the delay is %v", got)
	}
}
