package main_test

import (
	"net/http"
	"strconv"
	"testing"
)

// TestRateLimitOfTheRunningServer: with --rate-limit a connection that sends too fast is told to wait, in whole seconds.
func TestRateLimitOfTheRunningServer(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "Rates", "--domain", "rates.example", "--assume-verified")
	token := i.command("token", "create", "--company", "Rates", "--connection", "idp")
	i.serve("--rate-limit", "1")
	for range 100 { // more than fit into as many seconds as the test may take
		req, err := http.NewRequest("GET", i.url+"/scim/v2/Users?count=0", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusTooManyRequests {
			if wait, err := strconv.Atoi(resp.Header.Get("Retry-After")); err != nil || wait < 1 {
				t.Errorf("Retry-After %q", resp.Header.Get("Retry-After"))
			}
			return
		}
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("status %d", resp.StatusCode)
		}
	}
	t.Error("no request was told to wait")
}
