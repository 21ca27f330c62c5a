// Command sdk drives the official SDK for Go: it does what each line of JSON on its standard input asks for, and answers
// it with one on its standard output. Its arguments are an address and a codec.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge-go"
)

const patience = 10 * time.Second

type question struct {
	Op, Channel, Method, Kind string
	Data                      json.RawMessage
	Tokens                    []string
	Count                     int
	Limit                     int32
	Since                     *centrifuge.StreamPosition
}

type fields map[string]any

// events has what has happened, by kind.
type events struct {
	sync.Mutex
	changed chan struct{}
	byKind  map[string][]fields
}

func (e *events) add(kind string, event fields) {
	e.Lock()
	defer e.Unlock()
	e.byKind[kind] = append(e.byKind[kind], event)
	close(e.changed)
	e.changed = make(chan struct{})
}

// first returns so many of a kind when they are there.
func (e *events) first(kind string, count int) (any, error) {
	for deadline := time.After(patience); ; {
		e.Lock()
		list, changed := e.byKind[kind], e.changed
		e.Unlock()
		if len(list) >= count {
			return list[:count], nil
		}
		select {
		case <-changed:
		case <-deadline:
			return nil, errors.New("only " + kind + " so far: " + text(list))
		}
	}
}

func text(value any) string {
	bytes, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(bytes)
}

func publication(p centrifuge.Publication) fields {
	event := fields{"data": json.RawMessage(p.Data), "offset": p.Offset}
	if p.Info != nil {
		event["user"] = p.Info.User
	}
	if len(p.Tags) > 0 {
		event["tags"] = p.Tags
	}
	return event
}

type program struct {
	events events
	client *centrifuge.Client
}

func (p *program) connect(tokens []string) {
	config := centrifuge.Config{MinReconnectDelay: 20 * time.Millisecond, MaxReconnectDelay: 200 * time.Millisecond}
	config.GetToken = func(centrifuge.ConnectionTokenEvent) (string, error) {
		token := tokens[0]
		if len(tokens) > 1 {
			tokens = tokens[1:]
		}
		p.events.add("token", fields{})
		return token, nil
	}
	make := centrifuge.NewJsonClient
	if os.Args[2] == "protobuf" {
		make = centrifuge.NewProtobufClient
	}
	p.client = make(os.Args[1], config)
	p.client.OnConnecting(func(e centrifuge.ConnectingEvent) { p.events.add("connecting", fields{"code": e.Code}) })
	p.client.OnConnected(func(centrifuge.ConnectedEvent) { p.events.add("connected", fields{}) })
	p.client.OnDisconnected(func(e centrifuge.DisconnectedEvent) { p.events.add("disconnected", fields{"code": e.Code}) })
	p.client.OnSubscribed(func(e centrifuge.ServerSubscribedEvent) {
		p.events.add("serverSubscribed", fields{"channel": e.Channel, "recovered": e.Recovered})
	})
	p.client.OnPublication(func(e centrifuge.ServerPublicationEvent) {
		p.events.add("serverPublication", publication(e.Publication))
	})
}

func (p *program) subscribe(channel string) error {
	subscription, err := p.client.NewSubscription(channel, centrifuge.SubscriptionConfig{JoinLeave: true})
	if err != nil {
		return err
	}
	subscription.OnSubscribed(func(e centrifuge.SubscribedEvent) {
		p.events.add("subscribed", fields{"wasRecovering": e.WasRecovering, "recovered": e.Recovered})
	})
	subscription.OnUnsubscribed(func(e centrifuge.UnsubscribedEvent) { p.events.add("unsubscribed", fields{"code": e.Code}) })
	subscription.OnPublication(func(e centrifuge.PublicationEvent) { p.events.add("publication", publication(e.Publication)) })
	subscription.OnJoin(func(e centrifuge.JoinEvent) { p.events.add("join", fields{"user": e.User}) })
	return subscription.Subscribe()
}

func (p *program) history(ctx context.Context, q question) (any, error) {
	options := []centrifuge.HistoryOption{centrifuge.WithHistoryLimit(q.Limit)}
	if q.Since != nil {
		options = append(options, centrifuge.WithHistorySince(q.Since))
	}
	result, err := p.client.History(ctx, q.Channel, options...)
	if err != nil {
		return nil, err
	}
	publications := []fields{}
	for _, one := range result.Publications {
		publications = append(publications, publication(one))
	}
	return fields{"publications": publications, "offset": result.Offset, "epoch": result.Epoch}, nil
}

func (p *program) presence(ctx context.Context, channel string) (any, error) {
	result, err := p.client.Presence(ctx, channel)
	if err != nil {
		return nil, err
	}
	users := []string{}
	for _, info := range result.Clients {
		users = append(users, info.User)
	}
	stats, err := p.client.PresenceStats(ctx, channel)
	return fields{"users": users, "numClients": stats.NumClients, "numUsers": stats.NumUsers}, err
}

func (p *program) run(q question) (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	switch q.Op {
	case "connect":
		p.connect(q.Tokens)
		return nil, p.client.Connect()
	case "subscribe":
		return nil, p.subscribe(q.Channel)
	case "publish":
		_, err := p.client.Publish(ctx, q.Channel, q.Data)
		return nil, err
	case "rpc":
		result, err := p.client.RPC(ctx, q.Method, q.Data)
		return json.RawMessage(result.Data), err
	case "history":
		return p.history(ctx, q)
	case "presence":
		return p.presence(ctx, q.Channel)
	case "events":
		return p.events.first(q.Kind, q.Count)
	}
	return nil, errors.New("no such question: " + q.Op)
}

func main() {
	p := program{events: events{changed: make(chan struct{}), byKind: map[string][]fields{}}}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			panic(err)
		}
		result, err := p.run(q)
		answer := fields{"result": result}
		if err != nil {
			answer = fields{"error": err.Error()}
			var refusal *centrifuge.Error
			if errors.As(err, &refusal) {
				answer["code"] = refusal.Code
			}
		}
		os.Stdout.WriteString(text(answer) + "\n")
	}
	if p.client != nil {
		p.client.Close()
	}
}
