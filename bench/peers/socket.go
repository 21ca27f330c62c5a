//go:build linux

// A non-blocking TCP connection of the loop, with data that is not completely read or written yet.
package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// perAddress is the number of connections per source address: Linux has about 28,000 ports for each.
const perAddress = 20_000

type socket struct {
	loop *loop
	fd   int
	// rest is the beginning of data that has not arrived completely.
	rest      []byte
	out       []byte
	connected bool
	ended     bool
	onOpen    func()
	// onBytes returns how many bytes it has processed.
	onBytes func(bytes []byte) int
	onEnd   func(reason string)
}

func (s *socket) connect(l *loop, port, index int) {
	s.loop = l
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		s.fd = -1
		s.end(fmt.Sprintf("socket: %v", err))
		return
	}
	s.fd = fd
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	// Closed by a reset, so that no port is left in TIME_WAIT.
	unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	if from := index / perAddress; from > 0 {
		unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, byte(1 + from)}})
	}
	err = unix.Connect(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
	if err != nil && err != unix.EINPROGRESS {
		s.end(fmt.Sprintf("connect: %v", err))
		return
	}
	l.add(fd, unix.EPOLLOUT, s)
}

func (s *socket) ready(events uint32) {
	if !s.connected {
		if code, _ := unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_ERROR); code != 0 {
			s.end(fmt.Sprintf("connect: %v", unix.Errno(code)))
			return
		}
		s.connected = true
		s.loop.wait(s.fd, unix.EPOLLIN)
		s.onOpen()
		s.flush()
		return
	}
	if events&unix.EPOLLOUT != 0 {
		s.loop.wait(s.fd, unix.EPOLLIN)
		s.flush()
	}
	if events&(unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		s.read()
	}
	s.flush()
}

func (s *socket) read() {
	for !s.ended {
		scratch := s.loop.scratch
		n, err := unix.Read(s.fd, scratch)
		if err == unix.EAGAIN || err == unix.EINTR {
			return
		}
		if n <= 0 {
			s.end("closed by the server")
			return
		}
		s.loop.now = nowUs()
		bytes := scratch[:n]
		if len(s.rest) > 0 {
			s.rest = append(s.rest, bytes...)
			bytes = s.rest
		}
		taken := s.onBytes(bytes)
		if taken == len(bytes) {
			s.rest = s.rest[:0]
		} else {
			s.rest = append(s.rest[:0], bytes[taken:]...)
		}
		if n < len(scratch) {
			return
		}
	}
}

// flush writes what the calls of one wake-up have left to be written.
func (s *socket) flush() {
	if len(s.out) == 0 || s.ended || !s.connected {
		return
	}
	n, err := unix.Write(s.fd, s.out)
	if err != nil && err != unix.EAGAIN {
		s.end(fmt.Sprintf("write: %v", err))
		return
	}
	if n = max(0, n); n < len(s.out) {
		s.out = append(s.out[:0], s.out[n:]...)
		s.loop.wait(s.fd, unix.EPOLLIN|unix.EPOLLOUT)
		return
	}
	s.out = s.out[:0]
}

func (s *socket) end(reason string) {
	if s.ended {
		return
	}
	s.close()
	s.onEnd(reason)
}

// close resets the connection; onEnd is not called.
func (s *socket) close() {
	s.ended = true
	if s.fd >= 0 {
		s.loop.remove(s.fd)
	}
}
