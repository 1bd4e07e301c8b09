//go:build linux || darwin || freebsd

package main

import "syscall"

// diskSpace is what is left for us on the disk of a folder, and its size.
func diskSpace(folder string) (free, size int64, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0, 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), int64(s.Blocks) * int64(s.Bsize), nil
}
