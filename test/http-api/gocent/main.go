// Drives a server through the unmodified gocent client, as it is told on standard input.
//
// A question is a line of JSON, {"method": ..., "params": {...}}; the answer is a line with the result, or with what the
// client returned as its error.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/centrifugal/gocent/v3"
)

type params struct {
	Channel     string
	Channels    []string
	Data        json.RawMessage
	SkipHistory bool `json:"skip_history"`
	User        string
	Client      string
	Info        json.RawMessage
	Code        uint32
	Reason      string
	Whitelist   []string
	Limit       int
	Reverse     bool
	Since       *gocent.StreamPosition
	Pattern     string
	Commands    []question
}

type question struct {
	Method string
	Params params
}

func publishOptions(p params) []gocent.PublishOption {
	if p.SkipHistory {
		return []gocent.PublishOption{gocent.WithSkipHistory(true)}
	}
	return nil
}

func subscribeOptions(p params) []gocent.SubscribeOption {
	var options []gocent.SubscribeOption
	if p.Client != "" {
		options = append(options, gocent.WithSubscribeClient(p.Client))
	}
	if p.Info != nil {
		options = append(options, gocent.WithSubscribeInfo(p.Info))
	}
	if p.Data != nil {
		options = append(options, gocent.WithSubscribeData(p.Data))
	}
	if p.Since != nil {
		options = append(options, gocent.WithRecoverSince(p.Since))
	}
	return options
}

func unsubscribeOptions(p params) []gocent.UnsubscribeOption {
	if p.Client == "" {
		return nil
	}
	return []gocent.UnsubscribeOption{gocent.WithUnsubscribeClient(p.Client)}
}

func disconnectOptions(p params) []gocent.DisconnectOption {
	var options []gocent.DisconnectOption
	if p.Client != "" {
		options = append(options, gocent.WithDisconnectClient(p.Client))
	}
	if p.Code != 0 {
		options = append(options, gocent.WithDisconnect(&gocent.Disconnect{Code: p.Code, Reason: p.Reason}))
	}
	if p.Whitelist != nil {
		options = append(options, gocent.WithDisconnectClientWhitelist(p.Whitelist))
	}
	return options
}

func historyOptions(p params) []gocent.HistoryOption {
	options := []gocent.HistoryOption{gocent.WithLimit(p.Limit), gocent.WithReverse(p.Reverse)}
	if p.Since != nil {
		options = append(options, gocent.WithSince(p.Since))
	}
	return options
}

func call(client *gocent.Client, q question) (any, error) {
	ctx, p := context.Background(), q.Params
	switch q.Method {
	case "publish":
		return client.Publish(ctx, p.Channel, p.Data, publishOptions(p)...)
	case "broadcast":
		return client.Broadcast(ctx, p.Channels, p.Data, publishOptions(p)...)
	case "subscribe":
		return nil, client.Subscribe(ctx, p.Channel, p.User, subscribeOptions(p)...)
	case "unsubscribe":
		return nil, client.Unsubscribe(ctx, p.Channel, p.User, unsubscribeOptions(p)...)
	case "disconnect":
		return nil, client.Disconnect(ctx, p.User, disconnectOptions(p)...)
	case "presence":
		return client.Presence(ctx, p.Channel)
	case "presence_stats":
		return client.PresenceStats(ctx, p.Channel)
	case "history":
		return client.History(ctx, p.Channel, historyOptions(p)...)
	case "history_remove":
		return nil, client.HistoryRemove(ctx, p.Channel)
	case "channels":
		return client.Channels(ctx, gocent.WithPattern(p.Pattern))
	case "info":
		return client.Info(ctx)
	case "pipe":
		pipe := client.Pipe()
		for _, c := range p.Commands {
			if err := add(pipe, c); err != nil {
				return nil, err
			}
		}
		return client.SendPipe(ctx, pipe)
	}
	return nil, fmt.Errorf("no method %s", q.Method)
}

func add(pipe *gocent.Pipe, q question) error {
	p := q.Params
	switch q.Method {
	case "publish":
		return pipe.AddPublish(p.Channel, p.Data, publishOptions(p)...)
	case "broadcast":
		return pipe.AddBroadcast(p.Channels, p.Data, publishOptions(p)...)
	case "presence_stats":
		return pipe.AddPresenceStats(p.Channel)
	case "history_remove":
		return pipe.AddHistoryRemove(p.Channel)
	}
	return fmt.Errorf("no method %s", q.Method)
}

func answer(client *gocent.Client, line []byte) any {
	var q question
	if err := json.Unmarshal(line, &q); err != nil {
		return map[string]any{"error": err.Error()}
	}
	result, err := call(client, q)
	var refused *gocent.Error
	var status gocent.ErrStatusCode
	switch {
	case errors.As(err, &refused):
		return map[string]any{"error": "Error", "code": refused.Code}
	case errors.As(err, &status):
		return map[string]any{"error": "ErrStatusCode", "status": status.Code}
	case err != nil:
		return map[string]any{"error": err.Error()}
	}
	return map[string]any{"result": result}
}

func main() {
	// Its default gives up after a second, which a busy machine may need.
	client := gocent.New(gocent.Config{
		Addr:       os.Getenv("API_URL"),
		Key:        os.Getenv("API_KEY"),
		HTTPClient: &http.Client{Timeout: 10 * time.Second},
	})
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		text, err := json.Marshal(answer(client, lines.Bytes()))
		if err != nil {
			panic(err)
		}
		fmt.Println(string(text))
	}
}
