// One connection of one client at its defaults: CLIENT URL [FIRST-FRAME]. Prints what the client hands out as lines of JSON.
// It ends when its standard input does.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
)

// Event is what a client has handed out.
type Event struct {
	Event      string `json:"event"`
	Bytes      int    `json:"bytes,omitempty"`
	Text       string `json:"text,omitempty"`
	Type       string `json:"type,omitempty"`
	ID         string `json:"id,omitempty"`
	Code       int    `json:"code,omitempty"`
	Reason     string `json:"reason,omitempty"`
	Status     int    `json:"status,omitempty"`
	RetryAfter string `json:"retryAfter,omitempty"`
}

var printing sync.Mutex

func tell(event Event) {
	printing.Lock()
	defer printing.Unlock()
	if len(event.Text) > 300 {
		event.Text = event.Text[:300]
	}
	text, _ := json.Marshal(event)
	fmt.Println(string(text))
}

func tellMessage(text string) {
	tell(Event{Event: "message", Bytes: len(text), Text: text})
}

func tellError(err error) {
	tell(Event{Event: "error", Text: fmt.Sprintf("%T: %v", err, err)})
}

var clients = map[string]func(url, first string){
	"coder":        coder,
	"gorilla":      gorilla,
	"gobwas":       gobwas,
	"x-net":        xNet,
	"r3labs":       r3labs,
	"tmaxmax":      tmaxmax,
	"launchdarkly": launchDarkly,
	"scanner":      scanner,
	"reader":       reader,
}

func main() {
	first := ""
	if len(os.Args) > 3 {
		first = os.Args[3]
	}
	go clients[os.Args[1]](os.Args[2], first)
	io.Copy(io.Discard, os.Stdin)
}

func retryAfter(header string) string {
	if header == "" {
		return ""
	}
	if _, err := strconv.Atoi(header); err != nil {
		return "?"
	}
	return header
}
