//go:build linux

// The benchmark's publication: JSON of an exact size with its number and the time when it was due (shared/payload.mjs).
package main

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	markByte    = '~'
	markBytes   = 1 + 10 + 1 + 16
	leastBytes  = len(`{"mark":"","pad":""}`) + markBytes
	secretOfAll = "fanfare-bench-secret-for-loopback-only"
)

// clockBase is the time of the machine's monotonic clock at which this process's clock starts.
var (
	started   = time.Now()
	clockBase = func() int64 {
		var now unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
			panic(err)
		}
		return now.Nano() / 1000
	}()
)

// nowUs is the machine's monotonic clock, the same for all of its processes.
func nowUs() int64 { return clockBase + time.Since(started).Microseconds() }

func payload(sequence, dueUs int64, bytes int) []byte {
	return fmt.Appendf(nil, `{"mark":"~%010d:%016d","pad":"%s"}`, sequence, dueUs, strings.Repeat("x", max(0, bytes-leastBytes)))
}

func decimal(digits []byte) int64 {
	var value int64
	for _, digit := range digits {
		value = value*10 + int64(digit-'0')
	}
	return value
}

func channelName(index int) string { return fmt.Sprintf("bench:%d", index) }
