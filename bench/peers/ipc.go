//go:build linux

// Requests of the benchmark, over the channel that Node opens to a child process: lines of JSON in both directions
// (shared/ipc.mjs is the other end).
package main

import (
	"encoding/json"
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

type request struct {
	ID   int             `json:"id"`
	Verb string          `json:"verb"`
	Args json.RawMessage `json:"args"`
}

type reply struct {
	ID    int    `json:"id"`
	Value any    `json:"value,omitempty"`
	Error string `json:"error,omitempty"`
}

// channelFd is the descriptor of the channel that Node has opened for this process.
func channelFd() (int, error) {
	fd, err := strconv.Atoi(os.Getenv("NODE_CHANNEL_FD"))
	if err != nil {
		return 0, errors.New("not started by the bench: there is no NODE_CHANNEL_FD")
	}
	return fd, nil
}

// send writes one line. If the channel is non-blocking it waits, since messages are few and small.
func send(fd int, message any) {
	line, err := json.Marshal(message)
	if err != nil {
		panic(err)
	}
	line = append(line, '\n')
	for len(line) > 0 {
		n, err := unix.Write(fd, line)
		switch {
		case err == unix.EAGAIN:
			unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, -1)
		case err == unix.EINTR:
		case err != nil:
			os.Exit(0) // The benchmark has ended.
		default:
			line = line[n:]
		}
	}
}

func answer(fd, id int, value any, err error) {
	if err != nil {
		send(fd, reply{ID: id, Error: err.Error()})
		return
	}
	if value == nil {
		value = true
	}
	send(fd, reply{ID: id, Value: value})
}
