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

// hopefulAttempts is how often a passing failure of one account is tried again within half a minute. An app that fails
// for everybody is left alone as a whole (blockDelay); where it answers others, the next try mostly succeeds, and a
// longer wait would only keep somebody out.
const hopefulAttempts = 12

// retryDelay is when an account that failed is tried again. Nothing is given up: what needs a person is tried again
// once a day, and at once when the object, the app or its credential changes.
func retryDelay(class Class, attempt int, random float64) time.Duration {
	switch class {
	case ClassTransient, ClassGone:
		if attempt <= hopefulAttempts {
			return backoff(2*time.Second, 30*time.Second, attempt, random)
		}
		return backoff(time.Minute, 10*time.Minute, attempt-hopefulAttempts, random)
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
