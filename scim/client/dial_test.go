package client_test

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"proprio/scim/client"
)

// The dial guard looks at what a name resolves to.
func TestTheDialGuard(t *testing.T) {
	t.Parallel()
	c := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("reached") }, func(c *client.Config) {
		c.Transport = client.Transport(true)
		c.BaseURL = strings.Replace(c.BaseURL, "127.0.0.1", "localhost", 1)
	})
	_, err := c.Get(t.Context(), "/Users", "1")
	var private *client.PrivateAddressError
	if !errors.As(err, &private) {
		t.Errorf("loopback behind a name: %v", err)
	}
	open := serve(t, answer(200, `{"id":"1"}`), func(c *client.Config) { c.Transport = client.Transport(false) })
	if _, err := open.Get(t.Context(), "/Users", "1"); err != nil {
		t.Errorf("allowed: %v", err)
	}
}

func TestPublicAddresses(t *testing.T) {
	t.Parallel()
	for _, a := range []string{"93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822", "2002:5db8:d822::1", "::ffff:93.184.216.34"} {
		if !client.Public(netip.MustParseAddr(a)) {
			t.Errorf("%s is public", a)
		}
	}
	for _, a := range []string{
		"127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "192.0.0.1", "198.18.0.1",
		"224.0.0.1", "255.255.255.255", "240.0.0.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "fec0::1",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a9fe:a9fe::1", "::7f00:1",
		"2001:db8::1", "100::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
	} {
		if client.Public(netip.MustParseAddr(a)) {
			t.Errorf("%s is not public", a)
		}
	}
}

// An app in the own network may be called when that is allowed, a cloud's metadata never.
func TestReachableAddresses(t *testing.T) {
	t.Parallel()
	for _, a := range []string{"127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd12::1",
		"93.184.216.34", "64:ff9b::a00:1"} {
		if !client.Reachable(netip.MustParseAddr(a)) {
			t.Errorf("%s is reachable", a)
		}
	}
	for _, a := range []string{"169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "0.0.0.0", "0.1.2.3", "::", "224.0.0.1", "ff02::1", "ff0e::1",
		"255.255.255.255", "::ffff:169.254.169.254", "::ffff:0.0.0.0", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "::a9fe:a9fe",
		"fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192"} {
		if client.Reachable(netip.MustParseAddr(a)) {
			t.Errorf("%s is not reachable", a)
		}
	}
}

// The pool for the own network has a guard, too.
func TestTheOpenTransportIsGuardedAgainstMetadata(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"169.254.169.254", "[::ffff:169.254.169.254]", "[fe80::1%25lo]", "0.0.0.0", "224.0.0.1"} {
		c, err := client.New(client.Config{BaseURL: "http://" + host, AllowPlain: true, Transport: client.Transport(false), Timeout: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Get(t.Context(), "/latest", "meta-data")
		var refused *client.PrivateAddressError
		if !errors.As(err, &refused) || !refused.Always || strings.Contains(err.Error(), "allow private") {
			t.Errorf("%s: %v", host, err)
		}
	}
}
