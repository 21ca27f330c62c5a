//go:build linux

// Requests to the server API: each connection has one pending and channels of its own, so that offsets are known.
package main

import (
	"bytes"
	"fmt"
	"strconv"
)

type httpOptions struct {
	Port         int     `json:"port"`
	Kind         string  `json:"kind"` // publish, batch or broadcast
	Count        int     `json:"count"`
	Size         int     `json:"size"` // publications of one request
	Connections  int     `json:"connections"`
	RatePerSec   float64 `json:"ratePerSec"`
	PayloadBytes int     `json:"payloadBytes"`
	APIKey       string  `json:"apiKey"`
	CheckOffsets bool    `json:"checkOffsets"`
	// PerConnection is how many requests each connection sends; 0: as they come.
	PerConnection int `json:"perConnection"`
}

type httpRun struct {
	load *load
	httpOptions
	id          int
	connections []*httpConnection
	idle        []*httpConnection
	backlog     int
	sent, done  int
	wrong       int
	startedUs   int64
	ticker      *ticker
}

type httpConnection struct {
	socket
	run   *httpRun
	index int
	// requests is how many it has sent, over all runs: the offset of each of its publications.
	requests int64
	inRun    int
}

func (h *httpRun) start() error {
	h.done, h.sent, h.backlog, h.idle, h.ticker = 0, 0, 0, nil, nil
	h.startedUs = nowUs()
	for len(h.connections) < h.Connections {
		c := &httpConnection{index: len(h.connections)}
		h.connections = append(h.connections, c)
		c.onOpen = func() { c.run.idleAgain(c) }
		c.onBytes = c.take
		c.onEnd = func(reason string) { h.load.fail("API: " + reason) }
		c.run = h
		c.connect(h.load.loop, h.Port, 0)
	}
	for _, c := range h.connections {
		c.run, c.inRun = h, 0
		if c.connected {
			h.idleAgain(c)
		}
	}
	if h.RatePerSec > 0 {
		ticker, err := newTicker(h.load.loop, h.RatePerSec, h.due)
		h.ticker = ticker
		return err
	}
	return nil
}

func (h *httpRun) due() {
	if h.sent+h.backlog == h.Count {
		return
	}
	if len(h.idle) == 0 {
		h.backlog++
		return
	}
	c := h.idle[0]
	h.idle = h.idle[1:]
	c.request()
}

func (h *httpRun) idleAgain(c *httpConnection) {
	switch {
	case h.PerConnection > 0 && c.inRun == h.PerConnection:
	case h.RatePerSec > 0 && h.backlog == 0:
		h.idle = append(h.idle, c)
	case h.RatePerSec > 0:
		h.backlog--
		c.request()
	case h.sent < h.Count:
		c.request()
	}
}

func (c *httpConnection) request() {
	h := c.run
	h.sent++
	c.requests++
	c.inRun++
	data := payload(int64(c.inRun), nowUs(), h.PayloadBytes)
	var body []byte
	switch h.Kind {
	case "publish":
		body = fmt.Appendf(body, `{"channel":"%s","data":%s}`, channelName(c.index), data)
	case "batch":
		body = append(body, `{"commands":[`...)
		for i := range h.Size {
			if i > 0 {
				body = append(body, ',')
			}
			body = fmt.Appendf(body, `{"publish":{"channel":"%s","data":%s}}`, channelName(c.index*h.Size+i), data)
		}
		body = append(body, `]}`...)
	case "broadcast":
		body = append(body, `{"channels":[`...)
		for i := range h.Size {
			if i > 0 {
				body = append(body, ',')
			}
			body = fmt.Appendf(body, `"%s"`, channelName(c.index*h.Size+i))
		}
		body = fmt.Appendf(body, `],"data":%s}`, data)
	}
	c.out = fmt.Appendf(c.out, "POST /api/%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"+
		"X-API-Key: %s\r\nContent-Length: %d\r\n\r\n", h.Kind, h.Port, h.APIKey, len(body))
	c.out = append(c.out, body...)
	c.flush()
}

var lengthHeader = []byte("content-length: ")

// take reads one response.
func (c *httpConnection) take(read []byte) int {
	end := bytes.Index(read, []byte("\r\n\r\n"))
	if end < 0 {
		return 0
	}
	body, length := bodyOf(bytes.ToLower(read[:end]), read[end+4:])
	if length < 0 {
		return 0
	}
	if !bytes.HasPrefix(read, []byte("HTTP/1.1 200")) {
		c.end(fmt.Sprintf("%.300q", read))
		return len(read)
	}
	h := c.run
	if h.CheckOffsets && !c.offsetsAreDue(body) {
		if h.wrong++; h.wrong == 1 {
			h.load.fail(fmt.Sprintf("API: request %d of connection %d: %.300s", c.requests, c.index, body))
		}
	}
	taken := end + 4 + length
	if h.done++; h.done == h.Count {
		h.finish()
	} else {
		h.idleAgain(c)
	}
	return taken
}

// bodyOf returns the body and the number of bytes that it takes up, −1 while it is incomplete: by its length, or in
// chunks of which the last is empty.
func bodyOf(head, rest []byte) ([]byte, int) {
	if at := bytes.Index(head, lengthHeader); at >= 0 {
		length := int(leadingDecimal(head[at+len(lengthHeader):]))
		if len(rest) < length {
			return nil, -1
		}
		return rest[:length], length
	}
	var body []byte
	for at := 0; ; {
		line := bytes.Index(rest[at:], []byte("\r\n"))
		if line < 0 {
			return nil, -1
		}
		size, err := strconv.ParseInt(string(rest[at:at+line]), 16, 32)
		next := at + line + 2 + int(size) + 2
		if err != nil || len(rest) < next {
			return nil, -1
		}
		if size == 0 {
			return body, next
		}
		body = append(body, rest[at+line+2:next-2]...)
		at = next
	}
}

// offsetsAreDue: each channel belongs to one connection, so each offset is the number of the request.
func (c *httpConnection) offsetsAreDue(body []byte) bool {
	found := 0
	for {
		at := bytes.Index(body, offsetPart)
		if at < 0 {
			return found == c.run.Size
		}
		body = body[at+len(offsetPart):]
		if leadingDecimal(body) != c.requests {
			return false
		}
		found++
	}
}

func (h *httpRun) finish() {
	if h.ticker != nil {
		h.load.loop.remove(h.ticker.fd)
	}
	answer(h.load.fd, h.id, map[string]any{
		"replies":   h.done,
		"elapsedMs": float64(nowUs()-h.startedUs) / 1000,
	}, nil)
}
