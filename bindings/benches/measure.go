// What a message costs in Go: measure FILE..., each with nanoseconds of processor time; or measure --calls N FILE.
package main

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func redact(redactor *Redactor, message []byte, calls int) {
	for i := 0; i < calls; i++ {
		_, err := redactor.Redact(message, Attribute{Requester, "AZ0070000"}, Attribute{Purpose, "C"})
		check(err)
	}
}

func used() int64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func main() {
	filter, err := NewFilter(Config{})
	check(err)
	redactor, err := NewRedactor(filter, nil, "")
	check(err)
	if os.Args[1] == "--calls" {
		calls, err := strconv.Atoi(os.Args[2])
		check(err)
		message, err := os.ReadFile(os.Args[3])
		check(err)
		redact(redactor, message, calls)
		return
	}
	for _, name := range os.Args[1:] {
		message, err := os.ReadFile(name)
		check(err)
		redact(redactor, message, 1000)
		began, calls := used(), int64(0)
		for used()-began < 1e9 {
			redact(redactor, message, 1000)
			calls += 1000
		}
		fmt.Println(name, (used()-began)/calls)
	}
}
