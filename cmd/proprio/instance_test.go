package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestEveryRequestHasADeadlineBeforeItsAnswerCanNoLongerBeWritten(t *testing.T) {
	t.Parallel()
	if requestTime >= writeTime {
		t.Errorf("a request may take %s, its answer is written for %s", requestTime, writeTime)
	}
	called := false
	h := withDeadline(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		called = true
		if at, ok := r.Context().Deadline(); !ok || time.Until(at) > requestTime {
			t.Errorf("deadline %v, %t", at, ok)
		}
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	if !called {
		t.Error("the handler was not called")
	}
}
