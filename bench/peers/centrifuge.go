//go:build linux

// A server with the centrifuge library, as in its documentation: signed tokens, channels with a history, JSON over
// WebSocket, the engine in memory.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/cristalhq/jwt/v5"
)

type serverOptions struct {
	HistorySize int  `json:"historySize"`
	Presence    bool `json:"presence"`
}

// pace is how the server itself publishes: a number in a row ("burst"), at a rate, or, without one, as fast as they
// arrive, with at most a window of them in transit.
type pace struct {
	Publications int     `json:"publications"`
	Channels     int     `json:"channels"`
	Burst        int     `json:"burst"`
	Group        int     `json:"group"`
	PayloadBytes int     `json:"payloadBytes"`
	RatePerSec   float64 `json:"ratePerSec"`
	Window       int     `json:"window"`
}

type server struct {
	node    *centrifuge.Node
	options serverOptions
	arrived atomic.Int64
	credit  chan struct{}
}

func serveCentrifuge() error {
	fd, err := channelFd()
	if err != nil {
		return err
	}
	own := &server{credit: make(chan struct{}, 1)}
	var writing sync.Mutex
	lines := bufio.NewReader(os.NewFile(uintptr(fd), "bench"))
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return nil // The bench has ended.
		}
		var asked request
		if err := json.Unmarshal(line, &asked); err != nil {
			return err
		}
		go func() {
			value, err := own.handle(asked.Verb, asked.Args)
			writing.Lock()
			defer writing.Unlock()
			answer(fd, asked.ID, value, err)
		}()
	}
}

func (s *server) handle(verb string, args json.RawMessage) (any, error) {
	switch verb {
	case "start":
		if err := json.Unmarshal(args, &s.options); err != nil {
			return nil, err
		}
		return s.start()
	case "publish", "flood":
		var p pace
		if err := json.Unmarshal(args, &p); err != nil {
			return nil, err
		}
		if verb == "publish" {
			p.Group = p.Burst
		}
		return s.publish(p)
	case "credit":
		var told struct{ Arrived int64 }
		if err := json.Unmarshal(args, &told); err != nil {
			return nil, err
		}
		s.arrived.Store(told.Arrived)
		select {
		case s.credit <- struct{}{}:
		default:
		}
		return nil, nil
	case "memory", "collectGarbage":
		for range 4 {
			debug.FreeOSMemory()
			time.Sleep(100 * time.Millisecond)
		}
		return nil, nil
	}
	return nil, fmt.Errorf("no such request: %s", verb)
}

func (s *server) start() (any, error) {
	node, err := centrifuge.New(centrifuge.Config{LogLevel: centrifuge.LogLevelNone})
	if err != nil {
		return nil, err
	}
	s.node = node
	verifier, err := jwt.NewVerifierHS(jwt.HS256, []byte(secretOfAll))
	if err != nil {
		return nil, err
	}
	node.OnConnecting(func(_ context.Context, event centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		var claims jwt.RegisteredClaims
		if err := jwt.ParseClaims([]byte(event.Token), verifier, &claims); err != nil {
			return centrifuge.ConnectReply{}, centrifuge.DisconnectInvalidToken
		}
		if !claims.IsValidExpiresAt(time.Now()) {
			return centrifuge.ConnectReply{}, centrifuge.ErrorTokenExpired
		}
		credentials := &centrifuge.Credentials{UserID: claims.Subject, ExpireAt: claims.ExpiresAt.Unix()}
		return centrifuge.ConnectReply{Credentials: credentials}, nil
	})
	node.OnConnect(s.serveClient)
	if err := node.Run(); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/connection/websocket", centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{}))
	go http.Serve(listener, mux)
	port := listener.Addr().(*net.TCPAddr).Port
	return map[string]any{"port": port, "version": moduleVersion("github.com/centrifugal/centrifuge")}, nil
}

func (s *server) serveClient(client *centrifuge.Client) {
	client.OnSubscribe(func(_ centrifuge.SubscribeEvent, done centrifuge.SubscribeCallback) {
		options := centrifuge.SubscribeOptions{
			EnableRecovery: s.options.HistorySize > 0,
			EmitPresence:   s.options.Presence,
			EmitJoinLeave:  s.options.Presence,
			PushJoinLeave:  s.options.Presence,
		}
		done(centrifuge.SubscribeReply{Options: options}, nil)
	})
	client.OnPublish(func(event centrifuge.PublishEvent, done centrifuge.PublishCallback) {
		done(centrifuge.PublishReply{Options: s.publishOptions()}, nil)
	})
	client.OnHistory(func(_ centrifuge.HistoryEvent, done centrifuge.HistoryCallback) {
		done(centrifuge.HistoryReply{}, nil)
	})
	client.OnRPC(func(event centrifuge.RPCEvent, done centrifuge.RPCCallback) {
		done(centrifuge.RPCReply{Data: event.Data}, nil)
	})
}

func (s *server) publishOptions() centrifuge.PublishOptions {
	if s.options.HistorySize == 0 {
		return centrifuge.PublishOptions{}
	}
	return centrifuge.PublishOptions{HistorySize: s.options.HistorySize, HistoryTTL: 5 * time.Minute}
}

func (s *server) publish(p pace) (any, error) {
	if s.node == nil {
		return nil, errors.New("publish before start")
	}
	s.arrived.Store(0)
	names := make([]string, max(1, p.Channels))
	for i := range names {
		names[i] = channelName(i)
	}
	withHistory := func(options *centrifuge.PublishOptions) {
		if s.options.HistorySize > 0 {
			options.HistorySize, options.HistoryTTL = s.options.HistorySize, 5*time.Minute
		}
	}
	start := nowUs()
	group := max(1, p.Group)
	for made := 0; made < p.Publications; {
		due := nowUs()
		if p.RatePerSec > 0 {
			due = start + int64(float64(made)/p.RatePerSec*1e6)
			if wait := due - nowUs(); wait > 0 {
				time.Sleep(time.Duration(wait) * time.Microsecond)
			}
		}
		for p.Window > 0 && int64(made)-s.arrived.Load() >= int64(p.Window) {
			<-s.credit
		}
		for i := 0; i < group && made < p.Publications; i++ {
			data := payload(int64(made/len(names))+1, due, p.PayloadBytes)
			if _, err := s.node.Publish(names[made%len(names)], data, withHistory); err != nil {
				return nil, err
			}
			made++
		}
		runtime.Gosched()
	}
	return map[string]any{"elapsedMs": float64(nowUs()-start) / 1000, "maxLagMs": 0}, nil
}

func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, module := range info.Deps {
		if module.Path == path {
			return module.Version
		}
	}
	return ""
}
