// Reads frames as the protocol's own package does: CODEC FRAME..., in base64, of which the first has the reply to connect. Prints the
// id of the dictionary, whether the content has it, and the replies and pushes of the later frames, as JSON.
package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"os"

	"github.com/centrifugal/protocol"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// repliesOf decodes the messages of a frame.
func repliesOf(codec protocol.Type, frame []byte) (replies []*protocol.Reply) {
	var decoder protocol.ReplyDecoder = protocol.NewJSONReplyDecoder(frame)
	if codec == protocol.TypeProtobuf {
		decoder = protocol.NewProtobufReplyDecoder(frame)
	}
	for {
		reply, err := decoder.Decode()
		if reply != nil {
			replies = append(replies, reply)
		}
		if err == io.EOF {
			return replies
		}
		check(err)
	}
}

func main() {
	codec := protocol.TypeJSON
	if os.Args[1] == "protobuf" {
		codec = protocol.TypeProtobuf
	}
	var frames [][]byte
	for _, text := range os.Args[2:] {
		frame, err := base64.StdEncoding.DecodeString(text)
		check(err)
		frames = append(frames, frame)
	}
	result := repliesOf(codec, frames[0])[0].Connect
	deflated := result.Dict.Data
	if codec == protocol.TypeJSON {
		var err error
		deflated, err = base64.StdEncoding.DecodeString(result.Dict.DataB64)
		check(err)
	}
	content, err := protocol.InflateDictionary(deflated, 65_536)
	check(err)
	sum := sha256.Sum256(content)
	id := base64.RawURLEncoding.EncodeToString(sum[:12])
	decoder := protocol.NewDeflateFrameCodec(result.Dict.Id, content, 7)
	var data []string
	for _, frame := range frames[1:] {
		plain, err := decoder.Decompress(nil, frame, 1_048_576)
		check(err)
		for _, reply := range repliesOf(codec, plain) {
			if reply.Push != nil && reply.Push.Pub != nil {
				data = append(data, string(reply.Push.Pub.Data))
			}
		}
	}
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{"flag": result.Flag, "same": id == result.Dict.Id, "data": data})
}
