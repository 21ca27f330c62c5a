//go:build linux

// The protocols of the clients of each server, except for publications: greeting, subscribing, pings, commands.
package main

import (
	"bytes"
	"fmt"
	"strconv"
)

type dialect interface {
	path() string
	// opened sends the greeting and subscribes to all channels of the client.
	opened(c *client)
	// message takes one text message.
	message(c *client, payload []byte)
	// ask appends a command; the client counts its reply in answered.
	ask(c *client, kind string, data []byte)
}

var dialects = map[string]dialect{"centrifugal": centrifugal{}, "bare": bare{}, "socketio": socketio{}}

// centrifugal is the Centrifugal client protocol 2 in JSON: messages joined by newlines; `{}` is a ping both ways.
type centrifugal struct{}

func (centrifugal) path() string { return "/connection/websocket" }

func (centrifugal) opened(c *client) {
	var line []byte
	line = fmt.Appendf(line, `{"id":1,"connect":{"token":"%s"}}`, c.token)
	for i, channel := range c.channels {
		if !c.recovers {
			line = fmt.Appendf(line, "\n"+`{"id":%d,"subscribe":{"channel":"%s"}}`, i+2, channel)
		} else {
			line = fmt.Appendf(line, "\n"+`{"id":%d,"subscribe":{"channel":"%s","recover":true,"offset":%d,"epoch":"%s"}}`,
				i+2, channel, c.offset, c.epoch)
		}
	}
	c.awaited = len(c.channels) + 1
	c.write(opText, line)
}

var (
	replyStart = []byte(`{"id":`)
	errorPart  = []byte(`,"error":{`)
	recovered  = []byte(`"recovered":true`)
	offsetPart = []byte(`"offset":`)
	epochPart  = []byte(`"epoch":"`)
	ping       = []byte(`{}`)
)

func (centrifugal) message(c *client, payload []byte) {
	for len(payload) > 0 {
		line := payload
		if at := bytes.IndexByte(payload, '\n'); at >= 0 {
			line, payload = payload[:at], payload[at+1:]
		} else {
			payload = nil
		}
		switch {
		case len(line) == 2 && bytes.Equal(line, ping):
			c.write(opText, ping)
		case bytes.HasPrefix(line, replyStart):
			if bytes.Contains(line[:min(len(line), 32)], errorPart) {
				c.refused(string(line))
			} else if c.isReady {
				c.answered(line)
			} else {
				readPosition(c, line)
				c.count(line)
				c.greeted()
			}
		default:
			c.count(line)
		}
	}
}

// readPosition reads the position in the reply to a subscribe, or checks that it was recovered.
func readPosition(c *client, line []byte) {
	at := bytes.Index(line, epochPart)
	if at < 0 {
		return
	}
	if c.recovers {
		if !bytes.Contains(line, recovered) {
			c.load.fail(fmt.Sprintf("not recovered: %.200s", line))
		}
		return
	}
	epoch := line[at+len(epochPart):]
	c.epoch = string(epoch[:bytes.IndexByte(epoch, '"')])
	if at := bytes.Index(line, offsetPart); at >= 0 {
		c.offset = leadingDecimal(line[at+len(offsetPart):])
	}
}

func (centrifugal) ask(c *client, kind string, data []byte) {
	c.lastId++
	id := c.lastId + 1000
	switch kind {
	case "publish":
		c.write(opText, fmt.Appendf(nil, `{"id":%d,"publish":{"channel":"%s","data":%s}}`, id, c.channels[0], data))
	case "rpc":
		c.write(opText, fmt.Appendf(nil, `{"id":%d,"rpc":{"method":"echo","data":%s}}`, id, data))
	case "history":
		c.write(opText, fmt.Appendf(nil, `{"id":%d,"history":{"channel":"%s","limit":%s}}`, id, c.channels[0], data))
	}
}

// bare is the simplest protocol of a hand-written server: the first byte is the kind of a message.
type bare struct{}

func (bare) path() string { return "/" }

func (bare) opened(c *client) {
	for _, channel := range c.channels {
		c.write(opText, []byte("+"+channel))
	}
	c.awaited = len(c.channels)
}

func (bare) message(c *client, payload []byte) {
	switch payload[0] {
	case '+':
		c.greeted()
	case '=', 'r':
		c.answered(payload)
	default:
		c.count(payload)
	}
}

func (bare) ask(c *client, kind string, data []byte) {
	if kind == "publish" {
		c.write(opText, fmt.Appendf(nil, "p%s %s", c.channels[0], data))
	} else {
		c.write(opText, append([]byte{'r'}, data...))
	}
}

// socketio is Engine.IO 4 ("0" open, "2" ping, "3" pong) with Socket.IO 5 in it ("40" connect, "42" event, "43" its answer).
type socketio struct{}

func (socketio) path() string { return "/socket.io/?EIO=4&transport=websocket" }

func (socketio) opened(*client) {}

func (socketio) message(c *client, payload []byte) {
	switch {
	case payload[0] == '0':
		c.write(opText, []byte("40"))
	case payload[0] == '2':
		c.write(opText, []byte("3"))
	case bytes.HasPrefix(payload, []byte("40")):
		c.awaited = len(c.channels)
		for i, channel := range c.channels {
			c.write(opText, []byte("42"+strconv.Itoa(i)+`["subscribe","`+channel+`"]`))
		}
		if c.awaited == 0 {
			c.awaited = 1
			c.greeted()
		}
	case bytes.HasPrefix(payload, []byte("43")):
		if c.isReady {
			c.answered(payload)
		} else {
			c.greeted()
		}
	case bytes.HasPrefix(payload, []byte("42")):
		c.count(payload)
	default:
		c.refused(string(payload))
	}
}

func (socketio) ask(c *client, kind string, data []byte) {
	c.lastId++
	if kind == "publish" {
		c.write(opText, fmt.Appendf(nil, `42%d["publish","%s",%s]`, c.lastId, c.channels[0], data))
	} else {
		c.write(opText, fmt.Appendf(nil, `42%d["echo",%s]`, c.lastId, data))
	}
}

func leadingDecimal(text []byte) int64 {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return decimal(text[:n])
}
