//go:build linux

// Commands of clients: each client has a number of them pending, or all together send at a rate.
package main

import "fmt"

type asking struct {
	load *load
	askOptions
	left    int
	sent    int
	backlog int
	idle    []*client
	ticker  *ticker
	// perReply is the number of publications in a reply, if it has any.
	perReply int
}

type askOptions struct {
	Kind         string  `json:"kind"`
	Count        int     `json:"count"`
	Depth        int     `json:"depth"`
	RatePerSec   float64 `json:"ratePerSec"`
	PayloadBytes int     `json:"payloadBytes"`
	// Limit is the size of a page of history; that many publications are kept.
	Limit int `json:"limit"`
	Kept  int `json:"kept"`
}

func (a *asking) start() error {
	a.left = a.Count
	if a.RatePerSec > 0 {
		a.idle = append(a.idle, a.load.clients...)
		ticker, err := newTicker(a.load.loop, a.RatePerSec, a.due)
		a.ticker = ticker
		return err
	}
	for range max(1, a.Depth) {
		for _, c := range a.load.clients {
			a.next(c)
		}
	}
	return nil
}

func (a *asking) due() {
	if a.sent == a.Count {
		return
	}
	a.sent++
	if len(a.idle) == 0 {
		a.backlog++
		return
	}
	c := a.idle[0]
	a.idle = a.idle[1:]
	a.send(c)
}

func (a *asking) next(c *client) {
	switch {
	case a.ticker != nil && a.backlog == 0:
		a.idle = append(a.idle, c)
	case a.ticker != nil:
		a.backlog--
		a.send(c)
	case a.left > 0:
		a.send(c)
	}
}

func (a *asking) send(c *client) {
	a.left--
	c.sent++
	data := payload(c.sent, a.load.loop.now, a.PayloadBytes)
	if a.Kind == "history" {
		pages := a.Kept / a.Limit
		data = fmt.Appendf(nil, `%d,"since":{"offset":%d,"epoch":"%s"}`, a.Limit, (int(c.sent)%pages)*a.Limit, c.epoch)
	}
	a.load.dialect.ask(c, a.Kind, data)
	c.flush()
}

func (a *asking) stop() {
	if a.ticker != nil {
		a.load.loop.remove(a.ticker.fd)
	}
}
