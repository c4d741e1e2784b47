// A message switch on one page: it takes messages from stdin, redacts them, records them, and forwards them to stdout.
//
//	go build -o switch switch.go dmvredact.go
//	switch POLICY LOG <queue >line
//
// A message in the queue is a line `ORI PURPOSE ID LENGTH`, then so many bytes; a purpose of `-` is none. On the line it is
// `ID LENGTH`, then so many bytes: 0 if nothing may go out. What the switch sends comes from Redact alone, which returns when the
// record is on disk. Killed, without memory, without disk, with a broken policy: it sends nothing. SIGHUP loads the policy again.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const maxMessage = 16 << 20

var errQueue = errors.New("the queue has something else than messages")

// Reads the next message. Its bytes stay until the next one is read. At the end of the queue the error is io.EOF.
func next(queue *bufio.Reader, buffer []byte) (request []Attribute, id string, message []byte, err error) {
	if _, err := queue.Peek(1); err != nil {
		return nil, "", nil, err
	}
	var ori, purpose string
	var length uint
	head, err := queue.ReadSlice('\n')
	if err != nil {
		return nil, "", nil, errQueue
	}
	count, err := fmt.Sscanf(string(head), "%9s %8s %64s %d\n", &ori, &purpose, &id, &length)
	// What follows can't be told from the bytes of a message that is too long: stop.
	if count != 4 || err != nil || length > maxMessage {
		return nil, "", nil, errQueue
	}
	if _, err := io.ReadFull(queue, buffer[:length]); err != nil {
		return nil, "", nil, errQueue
	}
	request = []Attribute{{Requester, ori}, {CorrelationID, id}}
	if purpose != "-" {
		request = append(request, Attribute{Purpose, purpose})
	}
	return request, id, buffer[:length], nil
}

// What it says is never a value of the message.
func tell(err error) { fmt.Fprintln(os.Stderr, "switch:", err) }

func run(policy, path string) error {
	config := Config{Policy: policy}
	filter, err := NewFilter(config)
	if err != nil {
		return err
	}
	defer filter.Close()
	log, err := OpenLog(path, filter)
	if err != nil {
		return err
	}
	defer log.Close()
	redactor, err := NewRedactor(filter, log, "line 1")
	if err != nil {
		return err
	}
	defer redactor.Close()
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)

	queue, line := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	buffer := make([]byte, maxMessage)
	for {
		request, id, message, err := next(queue, buffer)
		if err == io.EOF {
			return log.End()
		}
		if err != nil {
			return errors.Join(err, log.End())
		}
		select {
		case <-hangup:
			if err := filter.Swap(config, log); err != nil {
				tell(fmt.Errorf("the policy so far stays: %w", err))
			}
		default:
		}
		outcome, err := redactor.Redact(message, request...)
		if err != nil {
			outcome = Outcome{}
			tell(err)
		} else if !outcome.Releases {
			tell(fmt.Errorf("%s: %s", id, outcome.Reason))
		}
		fmt.Fprintf(line, "%s %d\n", id, len(outcome.Output))
		line.Write(outcome.Output)
		// The first error of a writer stays.
		if err := line.Flush(); err != nil {
			return fmt.Errorf("line: %w", err)
		}
	}
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: switch POLICY LOG <queue >line")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		tell(err)
		os.Exit(1)
	}
}
