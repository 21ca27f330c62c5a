// Reads messages with coder/websocket at its defaults, and says how many lines were in them: URL FIRST-FRAME NUM-LINES.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/coder/websocket"
)

func main() {
	lines, messages, err := read(os.Args[1], os.Args[2], os.Args[3])
	fmt.Printf("{\"lines\":%d,\"messages\":%d,\"error\":%q}\n", lines, messages, fmt.Sprint(err))
}

// read connects, sends the frame and reads until so many lines have come.
func read(url, frame, numLines string) (lines, messages int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	wanted, err := strconv.Atoi(numLines)
	if err != nil {
		return 0, 0, err
	}
	connection, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		return 0, 0, err
	}
	defer connection.CloseNow()
	if err = connection.Write(ctx, websocket.MessageText, []byte(frame)); err != nil {
		return 0, 0, err
	}
	for lines < wanted {
		_, data, err := connection.Read(ctx)
		if err != nil {
			return lines, messages, err
		}
		messages++
		lines += bytes.Count(bytes.TrimSpace(data), []byte("\n")) + 1
	}
	return lines, messages, nil
}
