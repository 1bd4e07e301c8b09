package main

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// anyHost stands for all hosts.
const anyHost = "any"

// privateApps are the hosts in private networks where administrators may put apps in the console: names or addresses, with a
// port or for all of them. Who adds an app there can have the server call it and read what it answers, so on a server of
// several companies that is for whoever runs it to say, as it is with --allow-private on the command line.
type privateApps []string

func (h privateApps) check() error {
	for _, host := range h {
		u, err := url.Parse("//" + host)
		if err != nil || u.Host != host || u.Hostname() == "" {
			return fmt.Errorf("%w: --private-apps %q: want a host, such as crm.internal, 10.0.0.5 or [fd00::5]:8443, or %s", errUsage, host, anyHost)
		}
	}
	return nil
}

// allows says whether an app may be at an address.
func (h privateApps) allows(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return false
	}
	return slices.ContainsFunc(h, func(host string) bool {
		return host == anyHost || strings.EqualFold(host, u.Host) || strings.EqualFold(host, bare(u)) || strings.EqualFold(host, withPort(u))
	})
}

// bare is an address's host without its port.
func bare(u *url.URL) string {
	if strings.Contains(u.Hostname(), ":") {
		return "[" + u.Hostname() + "]"
	}
	return u.Hostname()
}

// withPort is an address's host with its port, also where that goes without saying.
func withPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// samePlace says whether two addresses lead to the same port of the same host.
func samePlace(a, b string) bool {
	one, err := url.Parse(a)
	other, otherErr := url.Parse(b)
	return err == nil && otherErr == nil && one.Host != "" && one.Scheme == other.Scheme && strings.EqualFold(withPort(one), withPort(other))
}
