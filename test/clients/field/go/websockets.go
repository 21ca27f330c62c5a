package main

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"

	coderws "github.com/coder/websocket"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	gorillaws "github.com/gorilla/websocket"
	xnetws "golang.org/x/net/websocket"
)

// The pings of the Centrifugal protocol are messages, and so are the pongs.
const ping = "{}"

func coder(url, first string) {
	ctx := context.Background()
	connection, response, err := coderws.Dial(ctx, url, nil)
	if err != nil {
		tellRefusal(err, response)
		return
	}
	tell(Event{Event: "open", Type: connection.Subprotocol()})
	if first != "" {
		connection.Write(ctx, coderws.MessageText, []byte(first))
	}
	for {
		_, data, err := connection.Read(ctx)
		if err != nil {
			tellError(err)
			var end coderws.CloseError
			if errors.As(err, &end) {
				tell(Event{Event: "close", Code: int(end.Code), Reason: end.Reason})
			}
			return
		}
		tellMessage(string(data))
		if string(data) == ping {
			connection.Write(ctx, coderws.MessageText, []byte(ping))
		}
	}
}

func tellRefusal(err error, response *http.Response) {
	event := Event{Event: "error", Text: err.Error()}
	if response != nil {
		event.Status = response.StatusCode
		event.RetryAfter = retryAfter(response.Header.Get("Retry-After"))
	}
	tell(event)
}

func gorilla(url, first string) {
	connection, response, err := gorillaws.DefaultDialer.Dial(url, nil)
	if err != nil {
		tellRefusal(err, response)
		return
	}
	tell(Event{Event: "open", Type: connection.Subprotocol()})
	if first != "" {
		connection.WriteMessage(gorillaws.TextMessage, []byte(first))
	}
	for {
		_, data, err := connection.ReadMessage()
		if err != nil {
			tellError(err)
			var end *gorillaws.CloseError
			if errors.As(err, &end) {
				tell(Event{Event: "close", Code: end.Code, Reason: end.Text})
			}
			return
		}
		tellMessage(string(data))
		if string(data) == ping {
			connection.WriteMessage(gorillaws.TextMessage, []byte(ping))
		}
	}
}

// behind reads what came with the answer to the handshake first, which gobwas does not put back.
type behind struct {
	net.Conn
	reader *bufio.Reader
}

func (c behind) Read(bytes []byte) (int, error) {
	if c.reader != nil && c.reader.Buffered() > 0 {
		return c.reader.Read(bytes)
	}
	return c.Conn.Read(bytes)
}

func gobwas(url, first string) {
	socket, buffered, handshake, err := ws.Dial(context.Background(), url)
	if err != nil {
		event := Event{Event: "error", Text: err.Error()}
		var status ws.StatusError
		if errors.As(err, &status) {
			event.Status = int(status)
		}
		tell(event)
		return
	}
	connection := behind{socket, buffered}
	tell(Event{Event: "open", Type: handshake.Protocol})
	if first != "" {
		wsutil.WriteClientText(connection, []byte(first))
	}
	for {
		data, err := wsutil.ReadServerText(connection)
		if err != nil {
			tellError(err)
			var end wsutil.ClosedError
			if errors.As(err, &end) {
				tell(Event{Event: "close", Code: int(end.Code), Reason: end.Reason})
			}
			return
		}
		tellMessage(string(data))
		if string(data) == ping {
			wsutil.WriteClientText(connection, []byte(ping))
		}
	}
}

func xNet(url, first string) {
	// It has no default, and sends what it is given: a slash or a path behind the host makes it an origin of nobody.
	server, path, _ := strings.Cut(strings.TrimPrefix(url, "ws://"), "/")
	connection, err := xnetws.Dial("ws://"+server+"/"+path, "", "http://"+server)
	if err != nil {
		tellError(err)
		return
	}
	tell(Event{Event: "open"})
	if first != "" {
		xnetws.Message.Send(connection, first)
	}
	for {
		var data string
		if err := xnetws.Message.Receive(connection, &data); err != nil {
			tellError(err)
			return
		}
		tellMessage(data)
		if data == ping {
			xnetws.Message.Send(connection, ping)
		}
	}
}
