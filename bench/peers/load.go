//go:build linux

// The load client: opens clients, counts what they receive, sends commands and requests. It reports what it has seen,
// and the benchmark judges.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/cristalhq/jwt/v5"
	"golang.org/x/sys/unix"
)

const (
	// stallUs is the time without a delivery after which an incomplete run ends.
	stallUs = 10_000_000
	// surplusUs is how long to wait for surplus publications after the last expected one.
	surplusUs = 50_000
)

type load struct {
	loop    *loop
	fd      int
	dialect dialect
	port    int
	clients []*client
	opening *opening
	tally   *tally
	asking  *asking
	http    *httpRun
	// countsMoves: joins and leaves are counted instead of publications.
	countsMoves bool
	// countsCuts: connections that are cut are counted, and their missing publications are not waited for.
	countsCuts bool
	// broken is the reason why the run can no longer be exact.
	broken error
}

type openOptions struct {
	Dialect   string `json:"dialect"`
	Port      int    `json:"port"`
	Count     int    `json:"count"`
	Channels  int    `json:"channels"`
	PerClient int    `json:"perClient"`
	InFlight  int    `json:"inFlight"`
	BadTokens bool   `json:"badTokens"`
}

// opening is a number of clients that are being opened, a limited number at a time.
type opening struct {
	id        int
	clients   []*client
	next      int
	ready     int
	startedUs int64
	refusals  bool
}

func runLoad() error {
	fd, err := channelFd()
	if err != nil {
		return err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return err
	}
	l := &load{fd: fd, tally: &tally{}, asking: &asking{}}
	if l.loop, err = newLoop(); err != nil {
		return err
	}
	l.loop.onTick = l.tick
	l.loop.add(fd, unix.EPOLLIN, &bench{fd: fd, handle: l.handle})
	return l.loop.run()
}

func (l *load) handle(asked request) {
	value, err := l.perform(asked)
	if err != nil || value != nil {
		answer(l.fd, asked.ID, value, err)
	}
}

// perform returns neither value nor error if the answer comes later.
func (l *load) perform(asked request) (any, error) {
	switch asked.Verb {
	case "open":
		var options openOptions
		if err := json.Unmarshal(asked.Args, &options); err != nil {
			return nil, err
		}
		return nil, l.open(asked.ID, options)
	case "reopen":
		l.startOpening(&opening{id: asked.ID, clients: l.clients}, len(l.clients))
		return nil, nil
	case "drop":
		var options struct{ Count int }
		if err := json.Unmarshal(asked.Args, &options); err != nil {
			return nil, err
		}
		for _, c := range l.clients[:options.Count] {
			c.close()
		}
		return true, nil
	case "forget":
		for _, c := range l.clients {
			if !c.ended {
				c.close()
			}
		}
		l.clients = nil
		return true, nil
	case "begin":
		var options struct {
			Publications int64 `json:"publications"`
			Total        int64 `json:"total"`
			Moves        bool  `json:"moves"`
			Cuts         bool  `json:"cuts"`
		}
		if err := json.Unmarshal(asked.Args, &options); err != nil {
			return nil, err
		}
		l.countsMoves, l.countsCuts = options.Moves, options.Cuts
		l.begin(options.Publications, options.Total)
		return true, nil
	case "result":
		l.tally.resultOf = asked.ID
		l.tally.lastUs = nowUs()
		return nil, nil
	case "ask":
		a := &asking{load: l}
		if err := json.Unmarshal(asked.Args, &a.askOptions); err != nil {
			return nil, err
		}
		return nil, l.ask(asked.ID, a)
	case "http":
		next := &httpRun{load: l, id: asked.ID}
		if err := json.Unmarshal(asked.Args, &next.httpOptions); err != nil {
			return nil, err
		}
		if l.http != nil {
			next.connections = l.http.connections
		}
		l.http = next
		return nil, next.start()
	case "check":
		return true, l.broken
	}
	return nil, fmt.Errorf("no such request: %s", asked.Verb)
}

func (l *load) open(id int, options openOptions) error {
	speaks, known := dialects[options.Dialect]
	if !known {
		return errors.New("no such dialect: " + options.Dialect)
	}
	l.dialect, l.port = speaks, options.Port
	added := &opening{id: id, refusals: options.BadTokens}
	for range options.Count {
		c := &client{load: l, index: len(l.clients)}
		for k := range options.PerClient {
			c.channels = append(c.channels, channelName((c.index*options.PerClient+k)%max(1, options.Channels)))
		}
		secret := secretOfAll
		if options.BadTokens {
			secret += "-not"
		}
		var err error
		if c.token, err = token(c.index, secret); err != nil {
			return err
		}
		l.clients = append(l.clients, c)
		added.clients = append(added.clients, c)
	}
	l.startOpening(added, options.InFlight)
	return nil
}

func (l *load) startOpening(o *opening, inFlight int) {
	l.opening = o
	o.startedUs = nowUs()
	for range inFlight {
		l.openNext()
	}
}

func (l *load) openNext() {
	if o := l.opening; o != nil && o.next < len(o.clients) {
		o.next++
		o.clients[o.next-1].dial()
	}
}

func (l *load) opened(*client) {
	o := l.opening
	if o == nil {
		return
	}
	o.ready++
	if o.ready == len(o.clients) {
		l.opening = nil
		answer(l.fd, o.id, map[string]any{"elapsedMs": float64(nowUs()-o.startedUs) / 1000}, nil)
		return
	}
	l.openNext()
}

func (l *load) begin(perClient, total int64) {
	if total == 0 {
		for _, c := range l.clients {
			total += perClient * int64(len(c.channels))
		}
	}
	l.tally = &tally{perClient: perClient, expected: total, startedUs: nowUs()}
	for _, c := range l.clients {
		c.last, c.counted, c.sent, c.seen = 0, 0, 0, nil
	}
}

func (l *load) ask(id int, a *asking) error {
	l.asking.stop()
	l.asking = a
	expected := int64(0)
	switch a.Kind {
	case "publish":
		expected = int64(a.Count)
	case "history":
		a.perReply = a.Limit
		expected = int64(a.Count) * int64(a.Limit)
	}
	l.begin(0, max(1, expected))
	l.tally.expected = expected
	l.tally.resultOf = id
	l.tally.lastUs = nowUs()
	return a.start()
}

// tick reports progress, and whether the run is over.
func (l *load) tick() {
	run := l.tally
	if run.resultOf == 0 {
		return
	}
	if run.deliveries != run.told {
		run.told = run.deliveries
		send(l.fd, map[string]any{"progress": map[string]any{"deliveries": run.deliveries}})
	}
	quietUs := nowUs() - run.lastUs
	complete := run.deliveries >= run.expected && run.replies >= int64(l.asking.Count)
	if l.broken == nil && (!complete || quietUs < surplusUs) && quietUs < stallUs {
		return
	}
	id := run.resultOf
	run.resultOf = 0
	l.asking.stop()
	l.asking = &asking{}
	if l.broken != nil {
		answer(l.fd, id, nil, l.broken)
		return
	}
	answer(l.fd, id, l.resultOf(run), nil)
}

func (l *load) resultOf(run *tally) runResult {
	var incomplete int64
	for _, c := range l.clients {
		if run.perClient > 0 && !c.ended && !c.isComplete(run.perClient) {
			incomplete++
		}
	}
	return runResult{
		Deliveries: run.deliveries,
		Expected:   run.expected,
		Misordered: run.misordered,
		Incomplete: incomplete,
		Replies:    run.replies,
		Cuts:       run.cuts,
		ElapsedMs:  float64(run.lastUs-run.startedUs) / 1000,
		Latency:    run.latency.points(),
	}
}

// fail ends a run that has to be exact, with the reason.
func (l *load) fail(reason string) {
	if l.broken == nil {
		l.broken = errors.New(reason)
	}
	if o := l.opening; o != nil {
		l.opening = nil
		answer(l.fd, o.id, nil, l.broken)
	}
	if h := l.http; h != nil && h.done < h.Count {
		h.done = h.Count
		answer(l.fd, h.id, nil, l.broken)
	}
}

// token is signed as by an application; all are made before the first client is opened.
func token(index int, secret string) (string, error) {
	signer, err := jwt.NewSignerHS(jwt.HS256, []byte(secret))
	if err != nil {
		return "", err
	}
	claims := jwt.RegisteredClaims{
		Subject:   "user-" + strconv.Itoa(index),
		ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour)),
	}
	made, err := jwt.NewBuilder(signer).Build(claims)
	if err != nil {
		return "", err
	}
	return made.String(), nil
}
