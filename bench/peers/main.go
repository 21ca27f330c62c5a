//go:build linux

// The programs of the benchmark that are not in JavaScript: a server with centrifuge, and the load client. Each is a
// child process of the benchmark and answers its requests (ipc.go).
package main

import (
	"fmt"
	"os"
)

func main() {
	programs := map[string]func() error{"centrifuge": serveCentrifuge, "load": runLoad}
	name := ""
	if len(os.Args) == 2 {
		name = os.Args[1]
	}
	program, known := programs[name]
	if !known {
		fmt.Fprintln(os.Stderr, "usage: peers centrifuge|load, as a child of the bench")
		os.Exit(2)
	}
	if err := program(); err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
}
