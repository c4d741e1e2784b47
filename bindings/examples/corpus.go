// The filter from Go, by cgo: go run corpus.go ROOT. It redacts one message, then every line of fixtures/corpus.tsv.
package main

/*
#cgo pkg-config: dmv_redact
#include <dmv_redact.h>
#include <stdlib.h>
*/
import "C"

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unsafe"
)

// The last error is the thread's: the goroutine must not move to another between a call and the question.
func call(function func() C.dmvr_code) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	code := function()
	if code == C.DMVR_CODE_OK {
		return nil
	}
	var last C.dmvr_error
	if C.dmvr_last_error(&last) != C.DMVR_CODE_OK {
		return fmt.Errorf("code %d", code)
	}
	text := C.GoString(last.message)
	if last.file != nil {
		text = fmt.Sprintf("%s:%d:%d: %s", C.GoString(last.file), last.line, last.column, text)
	}
	return errors.New(text)
}

// Filter may be used by any number of goroutines at once.
type Filter struct{ handle *C.dmvr_filter }

// NewFilter has the built-in policy if the path is empty.
func NewFilter(policy string, tokenKey []byte) (*Filter, error) {
	var config *C.dmvr_config
	if err := call(func() C.dmvr_code { return C.dmvr_config_new(&config) }); err != nil {
		return nil, err
	}
	defer C.dmvr_config_free(config)
	if policy != "" {
		path := C.CString(policy)
		defer C.free(unsafe.Pointer(path))
		if err := call(func() C.dmvr_code { return C.dmvr_config_path(config, C.DMVR_PART_POLICY, path) }); err != nil {
			return nil, err
		}
	}
	if len(tokenKey) > 0 {
		if err := call(func() C.dmvr_code {
			return C.dmvr_config_bytes(config, C.DMVR_PART_TOKEN_KEY, nil, first(tokenKey), C.size_t(len(tokenKey)))
		}); err != nil {
			return nil, err
		}
	}
	filter := &Filter{}
	return filter, call(func() C.dmvr_code { return C.dmvr_filter_new(config, &filter.handle) })
}

func (filter *Filter) Close() { C.dmvr_filter_free(filter.handle) }

// Attribute is something that a request states.
type Attribute struct {
	Number C.int32_t
	Value  string
}

// Redact returns the output, empty unless the disposition releases, the disposition, and the receipt as JSON.
func (filter *Filter) Redact(message []byte, attributes ...Attribute) (output []byte, disposition C.dmvr_disposition, json []byte, err error) {
	var request *C.dmvr_request
	var redaction *C.dmvr_redaction
	if err = call(func() C.dmvr_code { return C.dmvr_request_new(&request) }); err != nil {
		return
	}
	defer C.dmvr_request_free(request)
	if err = call(func() C.dmvr_code { return C.dmvr_redaction_new(&redaction) }); err != nil {
		return
	}
	defer C.dmvr_redaction_free(redaction)
	for _, attribute := range attributes {
		value := C.CString(attribute.Value)
		err = call(func() C.dmvr_code { return C.dmvr_request_set(request, attribute.Number, value) })
		C.free(unsafe.Pointer(value))
		if err != nil {
			return
		}
	}
	var receipt C.dmvr_receipt
	var released, told C.dmvr_text
	for _, step := range []func() C.dmvr_code{
		func() C.dmvr_code {
			return C.dmvr_redact(filter.handle, request, first(message), C.size_t(len(message)), redaction)
		},
		func() C.dmvr_code { return C.dmvr_receipt_get(redaction, &receipt) },
		func() C.dmvr_code { return C.dmvr_receipt_json(redaction, &told) },
		func() C.dmvr_code { return C.dmvr_redaction_output(redaction, &released) },
	} {
		if err = call(step); err != nil {
			return
		}
	}
	return copied(released), receipt.disposition, copied(told), nil
}

func first(data []byte) *C.uint8_t {
	return (*C.uint8_t)(unsafe.SliceData(data))
}

func copied(text C.dmvr_text) []byte {
	return C.GoBytes(unsafe.Pointer(text.data), C.int(text.length))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	root := os.Args[1]
	filter, err := NewFilter("", nil)
	check(err)
	message, err := os.ReadFile(filepath.Join(root, "fixtures/dr-in-state-police/message.xml"))
	check(err)
	output, _, _, err := filter.Redact(message, Attribute{C.DMVR_ATTRIBUTE_REQUESTER, "AZ0070000"})
	check(err)
	if !bytes.Contains(output, []byte("JORDAN")) || bytes.Contains(output, []byte("900-12-3456")) {
		check(errors.New("the output isn't what the policy permits"))
	}
	filter.Close()

	corpus, err := os.ReadFile(filepath.Join(root, "fixtures/corpus.tsv"))
	check(err)
	names := []string{"withheld", "held", "redacted", "released"}
	filters := map[string]*Filter{}
	lines := strings.Split(strings.TrimSuffix(string(corpus), "\n"), "\n")[1:]
	for _, line := range lines {
		field := strings.Split(line, "\t")
		filter := filters[field[0]]
		if filter == nil {
			policy, key := "", []byte(nil)
			if field[0] != "-" {
				policy = filepath.Join(root, field[0])
			}
			if field[1] != "-" {
				key = []byte(field[1])
			}
			filter, err = NewFilter(policy, key)
			check(err)
			filters[field[0]] = filter
		}
		message, err := os.ReadFile(filepath.Join(root, field[2]))
		check(err)
		var stated []Attribute
		numbers := []C.int32_t{C.DMVR_ATTRIBUTE_REQUESTER, C.DMVR_ATTRIBUTE_PURPOSE, C.DMVR_ATTRIBUTE_CLAIM, C.DMVR_ATTRIBUTE_INSTRUMENT, C.DMVR_ATTRIBUTE_DATE}
		for i, number := range numbers {
			for _, word := range strings.Fields(field[3+i]) {
				if word != "-" {
					stated = append(stated, Attribute{number, word})
				}
			}
		}
		output, disposition, json, err := filter.Redact(message, stated...)
		check(err)
		found := fmt.Sprintf("%s\t%x\t%x", names[disposition], sha256.Sum256(output), sha256.Sum256(json))
		if found != strings.Join(field[8:], "\t") {
			check(errors.New(line))
		}
	}
	for _, filter := range filters {
		filter.Close()
	}
	fmt.Printf("Go: %d lines of the corpus\n", len(lines))
}
