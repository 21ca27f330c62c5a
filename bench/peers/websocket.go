//go:build linux

// WebSocket as the load client uses it (RFC 6455): it trusts the server's handshake, reads unmasked, unfragmented
// frames and masks with the key zero, which leaves the payload unchanged.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

type websocket struct {
	socket
	open       bool
	onUpgraded func()
	onMessage  func(payload []byte)
}

func (w *websocket) dial(l *loop, port, index int, path string) {
	w.onOpen = func() {
		w.out = fmt.Appendf(w.out, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: YmVuY2htYXJrIGZhbmZhcg==\r\n\r\n", path, port)
	}
	w.onBytes = w.take
	w.connect(l, port, index)
}

func (w *websocket) take(read []byte) int {
	at := 0
	if !w.open {
		end := bytes.Index(read, []byte("\r\n\r\n"))
		if end < 0 {
			return 0
		}
		if !bytes.HasPrefix(read, []byte("HTTP/1.1 101")) {
			w.end(fmt.Sprintf("the handshake was answered with %.80q", read))
			return len(read)
		}
		w.open = true
		at = end + 4
		w.onUpgraded()
	}
	for !w.ended && len(read)-at >= 2 {
		length, body := int(read[at+1]&0x7f), at+2
		switch {
		case length == 126 && len(read)-at >= 4:
			length, body = int(binary.BigEndian.Uint16(read[at+2:])), at+4
		case length == 127 && len(read)-at >= 10:
			length, body = int(binary.BigEndian.Uint64(read[at+2:])), at+10
		case length >= 126:
			return at
		}
		if len(read)-body < length {
			return at
		}
		w.frame(read[at]&0x0f, read[body:body+length])
		at = body + length
	}
	return at
}

func (w *websocket) frame(opcode byte, payload []byte) {
	switch opcode {
	case opText:
		w.onMessage(payload)
	case opPing:
		w.write(opPong, payload)
	case opClose:
		code := 1005
		if len(payload) >= 2 {
			code = int(binary.BigEndian.Uint16(payload))
			payload = payload[2:]
		}
		w.end(fmt.Sprintf("closed by the server: %d %s", code, payload))
	}
}

// write appends one frame; the loop writes when it has all frames of this wake-up.
func (w *websocket) write(opcode byte, payload []byte) {
	w.out = append(w.out, 0x80|opcode)
	if len(payload) < 126 {
		w.out = append(w.out, 0x80|byte(len(payload)))
	} else {
		w.out = append(w.out, 0x80|126)
		w.out = binary.BigEndian.AppendUint16(w.out, uint16(len(payload)))
	}
	w.out = append(w.out, 0, 0, 0, 0)
	w.out = append(w.out, payload...)
}
