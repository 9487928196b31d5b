package mjproxy

import (
	"math/rand/v2"
	"time"
)

const (
	firstDelay = 200 * time.Millisecond
	limitDelay = 10 * time.Second
)

// backoff tells how long to wait before the next try: doubling, jittered, bounded. Each delay lies between half of the
// present step and the whole of it, so that clients that lost their server together do not return to it together.
type backoff struct {
	step time.Duration
	// uniform returns a number from 0 to 1.
	uniform func() float64
}

func newBackoff() *backoff { return &backoff{step: firstDelay, uniform: rand.Float64} }

func (b *backoff) next() time.Duration {
	step := b.step
	b.step = min(2*step, limitDelay)
	return time.Duration((1 + b.uniform()) / 2 * float64(step))
}

// reset begins again with the first delay; to be called when a try succeeded.
func (b *backoff) reset() { b.step = firstDelay }
