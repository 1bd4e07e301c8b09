package push

import "time"

// backoff is exponential with jitter: half to all of base doubled with each attempt, at most longest. random is in [0, 1).
func backoff(base, longest time.Duration, attempt int, random float64) time.Duration {
	d := base
	for i := 1; i < attempt && d < longest; i++ {
		d *= 2
	}
	d = min(d, longest)
	return d/2 + time.Duration(random*float64(d/2))
}

// retryDelay is when an account that failed is tried again. Nothing is given up: what needs a person is tried again
// once a day, and at once when the object, the app or its credential changes.
func retryDelay(class Class, attempt int, random float64) time.Duration {
	switch class {
	case ClassTransient, ClassGone:
		return backoff(2*time.Second, 10*time.Minute, attempt, random)
	default:
		return backoff(time.Hour, 24*time.Hour, attempt, random)
	}
}

// blockDelay is how long a whole app is left alone after failures in a row that concern all of it.
func blockDelay(quarantine bool, failures int, random float64) time.Duration {
	if quarantine {
		return backoff(5*time.Minute, 24*time.Hour, failures, random)
	}
	return backoff(time.Second, 5*time.Minute, failures, random)
}
