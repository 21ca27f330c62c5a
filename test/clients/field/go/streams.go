package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"

	launchdarklysse "github.com/launchdarkly/eventsource"
	r3labssse "github.com/r3labs/sse/v2"
	tmaxmaxsse "github.com/tmaxmax/go-sse"
)

func tellEvent(kind, id, data string) {
	tell(Event{Event: "message", Type: kind, ID: id, Bytes: len(data), Text: data})
}

func r3labs(url, _ string) {
	client := r3labssse.NewClient(url)
	client.OnConnect(func(*r3labssse.Client) { tell(Event{Event: "open"}) })
	client.OnDisconnect(func(*r3labssse.Client) { tell(Event{Event: "interrupted"}) })
	err := client.SubscribeRaw(func(event *r3labssse.Event) {
		tellEvent(string(event.Event), string(event.ID), string(event.Data))
	})
	if err != nil {
		tellError(err)
	}
	tell(Event{Event: "close"})
}

func tmaxmax(url, _ string) {
	request, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, url, http.NoBody)
	client := *tmaxmaxsse.DefaultClient
	connection := client.NewConnection(request)
	connection.SubscribeToAll(func(event tmaxmaxsse.Event) { tellEvent(event.Type, event.LastEventID, event.Data) })
	if err := connection.Connect(); err != nil {
		tellError(err)
	}
	tell(Event{Event: "close"})
}

func launchDarkly(url, _ string) {
	request, _ := http.NewRequest(http.MethodGet, url, nil)
	stream, err := launchdarklysse.SubscribeWithRequest("", request)
	if err != nil {
		event := Event{Event: "error", Text: err.Error()}
		var refused launchdarklysse.SubscriptionError
		if errors.As(err, &refused) {
			event.Status = refused.Code
		}
		tell(event)
		tell(Event{Event: "close"})
		return
	}
	tell(Event{Event: "open"})
	go func() {
		for err := range stream.Errors {
			tellError(err)
		}
	}()
	for event := range stream.Events {
		tellEvent(event.Event(), event.Id(), event.Data())
	}
	tell(Event{Event: "close"})
}

func lines(url string, read func(body io.Reader) error) {
	response, err := http.Get(url)
	if err != nil {
		tellError(err)
		return
	}
	if response.StatusCode != http.StatusOK {
		tellRefusal(errors.New(response.Status), response)
		return
	}
	tell(Event{Event: "open"})
	if err := read(response.Body); err != nil {
		tellError(err)
	}
	tell(Event{Event: "close"})
}

func scanner(url, _ string) {
	lines(url, func(body io.Reader) error {
		scanner := bufio.NewScanner(body)
		for scanner.Scan() {
			tellMessage(scanner.Text())
		}
		return scanner.Err()
	})
}

func reader(url, _ string) {
	lines(url, func(body io.Reader) error {
		reader := bufio.NewReader(body)
		for {
			line, err := reader.ReadString('\n')
			if err != nil {
				return err
			}
			tellMessage(line[:len(line)-1])
		}
	})
}
