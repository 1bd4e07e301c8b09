package db

import (
	"context"
	"syscall"
)

// tcpUserTimeout is TCP_USER_TIMEOUT of linux/tcp.h: how long what was sent may stay without acknowledgement. Keepalive alone
// does not look while something is on its way.
const tcpUserTimeout = 0x12

func limitSilence(_ context.Context, network, _ string, c syscall.RawConn) error {
	if len(network) < 3 || network[:3] != "tcp" {
		return nil
	}
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(silence.Milliseconds()))
	})
	return firstError(err, failed)
}
