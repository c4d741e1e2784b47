// The filter and the disclosure log for Go, by cgo, over the C library (docs/c.md). A file to copy, for switch.go and corpus.go.
package main

/*
#cgo pkg-config: dmv_redact
#include <dmv_redact.h>
#include <stdlib.h>
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unsafe"
)

// Attribute is something that a request states.
type Attribute struct {
	Name  int32
	Value string
}

// The names of attributes; the header has more.
const (
	Requester     = C.DMVR_ATTRIBUTE_REQUESTER
	Purpose       = C.DMVR_ATTRIBUTE_PURPOSE
	Claim         = C.DMVR_ATTRIBUTE_CLAIM
	Instrument    = C.DMVR_ATTRIBUTE_INSTRUMENT
	Date          = C.DMVR_ATTRIBUTE_DATE
	CorrelationID = C.DMVR_ATTRIBUTE_CORRELATION_ID
)

// Outcome is what became of a message. The output is empty unless it releases.
type Outcome struct {
	Disposition, Reason string
	Releases            bool
	Output              []byte
}

var dispositions = []string{"withheld", "held", "redacted", "released"}

// The last error is the thread's: the goroutine must not move to another between a call and the question.
func call(what string, function func() C.dmvr_code) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	code := function()
	if code == C.DMVR_CODE_OK {
		return nil
	}
	var last C.dmvr_error
	if C.dmvr_last_error(&last) != C.DMVR_CODE_OK {
		return fmt.Errorf("%s: code %d", what, code)
	}
	return fmt.Errorf("%s: %s", what, C.GoString(last.message))
}

// With a text that C can read: one with a zero would be another text there.
func withText(what, text string, function func(*C.char) C.dmvr_code) error {
	if strings.IndexByte(text, 0) >= 0 {
		return errors.New(what + ": a text with a zero")
	}
	own := C.CString(text)
	defer C.free(unsafe.Pointer(own))
	return call(what, func() C.dmvr_code { return function(own) })
}

// Config is what a filter is made of. Without a policy, the built-in one.
type Config struct {
	Policy   string
	TokenKey []byte
}

func (from Config) use(function func(*C.dmvr_config) error) error {
	var config *C.dmvr_config
	if err := call("configuration", func() C.dmvr_code { return C.dmvr_config_new(&config) }); err != nil {
		return err
	}
	defer C.dmvr_config_free(config)
	if from.Policy != "" {
		if err := withText("policy", from.Policy, func(path *C.char) C.dmvr_code {
			return C.dmvr_config_path(config, C.DMVR_PART_POLICY, path)
		}); err != nil {
			return err
		}
	}
	if len(from.TokenKey) > 0 {
		if err := call("token key", func() C.dmvr_code {
			return C.dmvr_config_bytes(config, C.DMVR_PART_TOKEN_KEY, nil, first(from.TokenKey), C.size_t(len(from.TokenKey)))
		}); err != nil {
			return err
		}
	}
	return function(config)
}

// Filter may be used by any number of goroutines at once.
type Filter struct{ handle *C.dmvr_filter }

func NewFilter(from Config) (*Filter, error) {
	filter := &Filter{}
	return filter, from.use(func(config *C.dmvr_config) error {
		return call("policy", func() C.dmvr_code { return C.dmvr_filter_new(config, &filter.handle) })
	})
}

// Swap puts another configuration in force, on record first if there is a log. After an error the one so far stays.
func (filter *Filter) Swap(from Config, log *Log) error {
	return from.use(func(config *C.dmvr_config) error {
		return call("policy", func() C.dmvr_code { return C.dmvr_filter_swap(filter.handle, config, log.get()) })
	})
}

func (filter *Filter) Close() { C.dmvr_filter_free(filter.handle) }

// Log is a disclosure log. It may be used by any number of goroutines at once.
type Log struct{ handle *C.dmvr_log }

func OpenLog(path string, filter *Filter) (*Log, error) {
	log := &Log{}
	return log, withText("log", path, func(path *C.char) C.dmvr_code {
		return C.dmvr_log_open(path, filter.handle, nil, &log.handle)
	})
}

// End records that the process ends.
func (log *Log) End() error {
	return call("log", func() C.dmvr_code { return C.dmvr_log_end(log.handle, nil) })
}

func (log *Log) Close() { C.dmvr_log_free(log.handle) }

func (log *Log) get() *C.dmvr_log {
	if log == nil {
		return nil
	}
	return log.handle
}

// Redactor redacts one message after another: each goroutine has its own.
type Redactor struct {
	filter    *Filter
	log       *Log
	source    *C.char
	request   *C.dmvr_request
	redaction *C.dmvr_redaction
}

// NewRedactor records each message in the log, as one from this source, unless the log is nil.
func NewRedactor(filter *Filter, log *Log, source string) (*Redactor, error) {
	own := &Redactor{filter: filter, log: log, source: C.CString(source)}
	if err := call("request", func() C.dmvr_code { return C.dmvr_request_new(&own.request) }); err != nil {
		return nil, err
	}
	return own, call("redaction", func() C.dmvr_code { return C.dmvr_redaction_new(&own.redaction) })
}

// Redact decides a message. With a log, the record is on disk when it returns. After an error nothing may go out.
func (own *Redactor) Redact(message []byte, request ...Attribute) (Outcome, error) {
	if err := call("request", func() C.dmvr_code { return C.dmvr_request_clear(own.request) }); err != nil {
		return Outcome{}, err
	}
	for _, attribute := range request {
		if err := withText("request", attribute.Value, func(value *C.char) C.dmvr_code {
			return C.dmvr_request_set(own.request, C.int32_t(attribute.Name), value)
		}); err != nil {
			return Outcome{}, err
		}
	}
	if err := call("redact", func() C.dmvr_code {
		return C.dmvr_redact(own.filter.handle, own.request, first(message), C.size_t(len(message)), own.redaction)
	}); err != nil {
		return Outcome{}, err
	}
	if own.log != nil {
		if err := call("log", func() C.dmvr_code {
			return C.dmvr_log_append(own.log.handle, own.source, nil, own.request, own.redaction)
		}); err != nil {
			return Outcome{}, err
		}
	}
	var receipt C.dmvr_receipt
	var output C.dmvr_text
	if err := call("receipt", func() C.dmvr_code { return C.dmvr_receipt_get(own.redaction, &receipt) }); err != nil {
		return Outcome{}, err
	}
	if err := call("output", func() C.dmvr_code { return C.dmvr_redaction_output(own.redaction, &output) }); err != nil {
		return Outcome{}, err
	}
	return Outcome{dispositions[receipt.disposition], string(copied(receipt.reason)), receipt.releases != 0, copied(output)}, nil
}

// ReceiptJSON is the whole receipt of the last message. It costs about as much as the redaction.
func (own *Redactor) ReceiptJSON() ([]byte, error) {
	var json C.dmvr_text
	err := call("receipt", func() C.dmvr_code { return C.dmvr_receipt_json(own.redaction, &json) })
	return copied(json), err
}

func (own *Redactor) Close() {
	C.dmvr_redaction_free(own.redaction)
	C.dmvr_request_free(own.request)
	C.free(unsafe.Pointer(own.source))
}

func first(data []byte) *C.uint8_t {
	return (*C.uint8_t)(unsafe.SliceData(data))
}

func copied(text C.dmvr_text) []byte {
	return C.GoBytes(unsafe.Pointer(text.data), C.int(text.length))
}
