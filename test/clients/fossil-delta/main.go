// Reads lines of three hexadecimal texts, base, delta and target, and applies each delta as Centrifugo's Go clients do.
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	fdelta "github.com/shadowspore/fossil-delta"
)

func bytesOf(text string) []byte {
	decoded, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return decoded
}

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	applied := 0
	for lines.Scan() {
		parts := strings.Split(lines.Text(), " ")
		made, err := fdelta.Apply(bytesOf(parts[0]), bytesOf(parts[1]))
		if err != nil || !bytes.Equal(made, bytesOf(parts[2])) {
			fmt.Println("wrong:", lines.Text(), err)
			return
		}
		applied++
	}
	fmt.Println("applied", applied)
}
