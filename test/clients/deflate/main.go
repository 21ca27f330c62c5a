// Speaks with a server that compresses: LIBRARY URL FRAMES NUM-LINES. Prints what was agreed on and the lines that came, as JSON.
package main

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"time"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
)

const extensions = "Sec-WebSocket-Extensions"

type client interface {
	send(frame string) error
	receive() (string, error)
}

type gorillaClient struct{ *gorilla.Conn }

func (c gorillaClient) send(frame string) error {
	return c.WriteMessage(gorilla.TextMessage, []byte(frame))
}

func (c gorillaClient) receive() (string, error) {
	_, data, err := c.ReadMessage()
	return string(data), err
}

type coderClient struct {
	*coder.Conn
	ctx context.Context
}

func (c coderClient) send(frame string) error {
	return c.Write(c.ctx, coder.MessageText, []byte(frame))
}

func (c coderClient) receive() (string, error) {
	_, data, err := c.Read(c.ctx)
	return string(data), err
}

// open returns the client, and the header of what was agreed on.
func open(ctx context.Context, library, url string) (client, string, error) {
	if library == "gorilla" {
		dialer := gorilla.Dialer{EnableCompression: true}
		connection, response, err := dialer.DialContext(ctx, url, nil)
		if err != nil {
			return nil, "", err
		}
		return gorillaClient{connection}, response.Header.Get(extensions), nil
	}
	mode := coder.CompressionNoContextTakeover
	if library == "coder with context" {
		mode = coder.CompressionContextTakeover
	}
	connection, response, err := coder.Dial(ctx, url, &coder.DialOptions{CompressionMode: mode})
	if err != nil {
		return nil, "", err
	}
	return coderClient{connection, ctx}, response.Header.Get(extensions), nil
}

func speak(library, url, frames, count string) (agreed string, lines []string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var all []string
	if err = json.Unmarshal([]byte(frames), &all); err != nil {
		return
	}
	wanted, err := strconv.Atoi(count)
	if err != nil {
		return
	}
	connection, agreed, err := open(ctx, library, url)
	if err != nil {
		return
	}
	for _, frame := range all {
		if err = connection.send(frame); err != nil {
			return
		}
	}
	for len(lines) < wanted {
		message, err := connection.receive()
		if err != nil {
			return agreed, lines, err
		}
		lines = append(lines, strings.Split(message, "\n")...)
	}
	return
}

func main() {
	agreed, lines, err := speak(os.Args[1], os.Args[2], os.Args[3], os.Args[4])
	if err != nil {
		panic(err)
	}
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{"agreed": agreed, "lines": lines})
}
