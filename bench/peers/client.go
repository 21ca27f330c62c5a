//go:build linux

// One client of the load: a connection, its subscriptions, and the count of what it receives.
package main

import (
	"bytes"
	"fmt"
)

type client struct {
	websocket
	load     *load
	index    int
	channels []string
	token    string
	isReady  bool
	// awaited is the number of replies to the greeting that are still to come.
	awaited int
	// offset and epoch are the position in its channel; epoch is empty if there is none.
	offset int64
	epoch  string
	// recovers: it was connected before, and continues at its position.
	recovers bool
	// last is the number of the last publication, counted is how many were received in this run.
	last, counted int64
	// seen is, for a client of several channels, how often each number was received: once in each channel.
	seen   []int
	sent   int64
	lastId int64
}

// dial opens the connection, also again: subscriptions continue where they were.
func (c *client) dial() {
	c.websocket = websocket{}
	c.isReady = false
	c.recovers = c.epoch != ""
	c.onUpgraded = func() { c.load.dialect.opened(c) }
	c.onMessage = func(payload []byte) { c.load.dialect.message(c, payload) }
	c.onEnd = c.refused
	c.websocket.dial(c.load.loop, c.load.port, c.index, c.load.dialect.path())
}

func (c *client) greeted() {
	if c.awaited--; c.awaited == 0 {
		c.isReady = true
		c.load.opened(c)
	}
}

// refused ends the run, unless refusals or cuts are measured.
func (c *client) refused(reason string) {
	if c.load.opening != nil && c.load.opening.refusals && !c.isReady {
		if !c.ended {
			c.close()
		}
		c.load.opened(c)
		return
	}
	if run := c.load.tally; c.load.countsCuts && c.isReady {
		run.cuts++
		run.expected -= run.perClient - c.counted
		return
	}
	c.load.fail(fmt.Sprintf("client %d: %s", c.index, reason))
}

var joinPart, leavePart = []byte(`"join":{`), []byte(`"leave":{`)

// count counts each publication in a message, or joins and leaves if these are measured.
func (c *client) count(message []byte) {
	run := c.load.tally
	if c.load.countsMoves {
		if bytes.Contains(message, joinPart) || bytes.Contains(message, leavePart) {
			run.deliveries++
			run.lastUs = c.load.loop.now
		}
		return
	}
	for {
		at := bytes.IndexByte(message, markByte)
		if at < 0 {
			return
		}
		sequence := decimal(message[at+1 : at+11])
		if len(c.channels) > 1 {
			c.see(sequence)
		} else if sequence != c.last+1 {
			run.misordered++
		}
		c.last = sequence
		c.counted++
		c.offset++
		run.deliveries++
		run.latency.add(c.load.loop.now - decimal(message[at+12:at+28]))
		run.lastUs = c.load.loop.now
		message = message[at+markBytes:]
	}
}

func (c *client) see(sequence int64) {
	for int64(len(c.seen)) <= sequence {
		c.seen = append(c.seen, 0)
	}
	c.seen[sequence]++
}

// isComplete: each number was received, once in each channel.
func (c *client) isComplete(publications int64) bool {
	if len(c.channels) <= 1 {
		return c.counted == publications && c.last == publications
	}
	for number := int64(1); number <= publications; number++ {
		if number >= int64(len(c.seen)) || c.seen[number] != len(c.channels) {
			return false
		}
	}
	return true
}

// answered takes the reply to one command, and sends the next command.
func (c *client) answered(reply []byte) {
	run := c.load.tally
	run.replies++
	run.lastUs = c.load.loop.now
	if want := c.load.asking.perReply; want > 0 {
		if got := bytes.Count(reply, []byte{markByte}); got != want {
			run.misordered++
		}
		run.deliveries += int64(want)
	}
	c.load.asking.next(c)
}
