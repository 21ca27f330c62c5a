//go:build linux

// One thread that waits for all sockets. Goroutines would cost the load client more than some servers use.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// source has a descriptor that the loop waits for.
type source interface{ ready(events uint32) }

type loop struct {
	epoll   int
	sources []source // by descriptor
	// scratch is emptied within each read.
	scratch []byte
	// now is the time of the last wake-up.
	now     int64
	onTick  func()
	onClose []func()
}

const tickMs = 5

func newLoop() (*loop, error) {
	epoll, err := unix.EpollCreate1(0)
	if err != nil {
		return nil, err
	}
	return &loop{epoll: epoll, scratch: make([]byte, 256<<10)}, nil
}

func (l *loop) add(fd int, events uint32, who source) {
	for fd >= len(l.sources) {
		l.sources = append(l.sources, make([]source, len(l.sources)+64)...)
	}
	l.sources[fd] = who
	if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)}); err != nil {
		panic(err)
	}
}

func (l *loop) wait(fd int, events uint32) {
	if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_MOD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)}); err != nil {
		panic(err)
	}
}

func (l *loop) remove(fd int) {
	l.sources[fd] = nil
	unix.Close(fd)
}

func (l *loop) run() error {
	runtime.LockOSThread()
	events := make([]unix.EpollEvent, 1024)
	nextTick := nowUs()
	for {
		n, err := unix.EpollWait(l.epoll, events, tickMs)
		if err != nil && err != unix.EINTR {
			return err
		}
		l.now = nowUs()
		for _, event := range events[:max(0, n)] {
			if who := l.sources[event.Fd]; who != nil {
				who.ready(event.Events)
			}
		}
		if l.now >= nextTick {
			nextTick = l.now + tickMs*1000
			l.onTick()
		}
	}
}

// bench is the channel to the benchmark as one of the loop's sources.
type bench struct {
	fd     int
	rest   []byte
	handle func(asked request)
}

func (b *bench) ready(uint32) {
	chunk := make([]byte, 64<<10)
	n, err := unix.Read(b.fd, chunk)
	if err == unix.EAGAIN || err == unix.EINTR {
		return
	}
	if n <= 0 {
		os.Exit(0) // The benchmark has ended.
	}
	b.rest = append(b.rest, chunk[:n]...)
	for {
		at := bytes.IndexByte(b.rest, '\n')
		if at < 0 {
			return
		}
		var asked request
		if err := json.Unmarshal(b.rest[:at], &asked); err != nil {
			panic(fmt.Sprintf("not a request: %s", b.rest[:at]))
		}
		b.rest = b.rest[at+1:]
		b.handle(asked)
	}
}

// ticker calls at a rate: as often as is due, however late it wakes up.
type ticker struct {
	fd    int
	onDue func()
}

func newTicker(l *loop, perSec float64, onDue func()) (*ticker, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK)
	if err != nil {
		return nil, err
	}
	every := unix.NsecToTimespec(int64(float64(time.Second) / perSec))
	if err := unix.TimerfdSettime(fd, 0, &unix.ItimerSpec{Interval: every, Value: every}, nil); err != nil {
		return nil, err
	}
	t := &ticker{fd: fd, onDue: onDue}
	l.add(fd, unix.EPOLLIN, t)
	return t, nil
}

func (t *ticker) ready(uint32) {
	var count [8]byte
	if n, _ := unix.Read(t.fd, count[:]); n != 8 {
		return
	}
	for due := uint64(count[0]) | uint64(count[1])<<8 | uint64(count[2])<<16; due > 0; due-- {
		t.onDue()
	}
}
