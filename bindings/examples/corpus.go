// The corpus from Go: go run corpus.go dmvredact.go ROOT. It redacts one message, then every line of fixtures/corpus.tsv.
package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	root := os.Args[1]
	filter, err := NewFilter(Config{})
	check(err)
	redactor, err := NewRedactor(filter, nil, "")
	check(err)
	message, err := os.ReadFile(filepath.Join(root, "fixtures/dr-in-state-police/message.xml"))
	check(err)
	outcome, err := redactor.Redact(message, Attribute{Requester, "AZ0070000"})
	check(err)
	if !bytes.Contains(outcome.Output, []byte("JORDAN")) || bytes.Contains(outcome.Output, []byte("900-12-3456")) {
		check(errors.New("the output isn't what the policy permits"))
	}
	redactor.Close()
	filter.Close()

	corpus, err := os.ReadFile(filepath.Join(root, "fixtures/corpus.tsv"))
	check(err)
	redactors := map[string]*Redactor{}
	lines := strings.Split(strings.TrimSuffix(string(corpus), "\n"), "\n")[1:]
	for _, line := range lines {
		field := strings.Split(line, "\t")
		redactor := redactors[field[0]]
		if redactor == nil {
			var config Config
			if field[0] != "-" {
				config.Policy = filepath.Join(root, field[0])
			}
			if field[1] != "-" {
				config.TokenKey = []byte(field[1])
			}
			filter, err := NewFilter(config)
			check(err)
			redactor, err = NewRedactor(filter, nil, "")
			check(err)
			redactors[field[0]] = redactor
		}
		message, err := os.ReadFile(filepath.Join(root, field[2]))
		check(err)
		var stated []Attribute
		for i, name := range []int32{Requester, Purpose, Claim, Instrument, Date} {
			for _, word := range strings.Fields(field[3+i]) {
				if word != "-" {
					stated = append(stated, Attribute{name, word})
				}
			}
		}
		outcome, err := redactor.Redact(message, stated...)
		check(err)
		json, err := redactor.ReceiptJSON()
		check(err)
		found := fmt.Sprintf("%s\t%x\t%x", outcome.Disposition, sha256.Sum256(outcome.Output), sha256.Sum256(json))
		if found != strings.Join(field[8:], "\t") {
			check(errors.New(line))
		}
	}
	for _, redactor := range redactors {
		redactor.Close()
		redactor.filter.Close()
	}
	fmt.Printf("Go: %d lines of the corpus\n", len(lines))
}
