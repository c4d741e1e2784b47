// Asks a dmv-redact sidecar over HTTP. A file to copy; it needs nothing but Go 1.20 or later.
//
//	client := NewClient("/run/dmv-redact/http.sock") // or "http://127.0.0.1:8080", or "https://host:8443" with client.TLS
//	output, err := client.Redact(message, "requester", "AZ0070000", "purpose", "C")
//	// Forward the output; forward nothing if there is an error.
//
// A connection and a deadline for each call; no retry, no redirect, no proxy. Goroutines may share a client.
package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Withheld is the error of Redact: nothing may go out. What the sidecar doesn't say is empty.
type Withheld struct{ Why, Disposition, Reason, Review string }

func (withheld *Withheld) Error() string { return withheld.Why }

// Client asks at an address. Limit is in bytes of output.
type Client struct {
	Address  string
	Deadline time.Duration
	Limit    int64
	TLS      *tls.Config
}

var (
	attributeName  = regexp.MustCompile(`^[a-z][a-z-]*$`)
	attributeValue = regexp.MustCompile(`^[!-~]([ -~]*[!-~])?$`)
	word           = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,64}$`)
)

// NewClient has a deadline of ten seconds for a call, and takes 16 MiB.
func NewClient(address string) *Client { return &Client{address, 10 * time.Second, 16 << 20, nil} }

// Redact gives the output for a message. Attributes are names and values, named as the protocol's headers, a pair for each claim.
// `review` asks for a held message; the message is empty.
func (client *Client) Redact(message []byte, attributes ...string) ([]byte, error) {
	random := make([]byte, 16)
	_, err := rand.Read(random)
	id, path, header := fmt.Sprintf("%x", random), "/v1/redact", http.Header{}
	isSound := err == nil && len(attributes)%2 == 0
	for i := 0; isSound && i < len(attributes); i += 2 {
		name, value := attributes[i], attributes[i+1]
		switch name {
		case "correlation-id":
			id, isSound = value, word.MatchString(value)
		case "review":
			path, isSound = "/v1/reviews/"+value+"/deliver", word.MatchString(value)
		default:
			// Nothing that could end a header, or be changed in one.
			isSound = attributeName.MatchString(name) && attributeValue.MatchString(value)
			header.Add("dmv-"+name, value)
		}
	}
	if !isSound {
		return nil, &Withheld{Why: "an attribute can't be sent"}
	}
	header.Set("dmv-correlation-id", id)
	answer, body, err := client.exchange(path, header, message)
	if err != nil {
		// The error may quote the answer.
		return nil, &Withheld{Why: "no whole answer in time"}
	}
	once := func(name string) string {
		if values := answer.Header.Values(name); len(values) == 1 {
			return values[0]
		}
		return ""
	}
	disposition, isOwn := once("dmv-disposition"), once("dmv-correlation-id") == id
	// A sidecar states the length: an answer in chunks or in gzip was changed on its way.
	isWhole := len(body) > 0 && answer.ContentLength == int64(len(body)) && len(answer.Header.Values("content-encoding")) == 0
	isSame := int64(len(body)) <= client.Limit && once("dmv-sha256") == fmt.Sprintf("%x", sha256.Sum256(body))
	for name := range answer.Header {
		// `dmv-disposition : held` would be another header.
		isWhole = isWhole && !strings.Contains(name, " ")
	}
	if answer.StatusCode == 200 && (disposition == "released" || disposition == "redacted") && isOwn && isWhole && isSame {
		return body, nil
	}
	if isOwn && (disposition == "held" || disposition == "withheld") {
		return nil, &Withheld{disposition, disposition, word.FindString(once("dmv-reason")), word.FindString(once("dmv-review"))}
	}
	return nil, &Withheld{Why: fmt.Sprint("no release, with status ", answer.StatusCode)}
}

// Not by http.Client: it may ask twice, and takes an answer before it has sent the message.
func (client *Client) exchange(path string, header http.Header, message []byte) (answer *http.Response, body []byte, err error) {
	dialer, connection := &net.Dialer{Deadline: time.Now().Add(client.Deadline)}, net.Conn(nil)
	to, err := url.Parse(client.Address)
	if err == nil && to.Scheme == "http" {
		connection, err = dialer.Dial("tcp", to.Host)
	} else if err == nil && to.Scheme == "https" {
		connection, err = tls.DialWithDialer(dialer, "tcp", to.Host, client.TLS)
	} else {
		to = &url.URL{Scheme: "http", Host: "localhost"}
		connection, err = dialer.Dial("unix", client.Address)
	}
	if err != nil {
		return nil, nil, err
	}
	defer connection.Close()
	request, err := http.NewRequest("POST", to.Scheme+"://"+to.Host+path, bytes.NewReader(message))
	if err != nil {
		return nil, nil, err
	}
	request.Header, request.Close = header, true
	if err = connection.SetDeadline(dialer.Deadline); err != nil {
		return nil, nil, err
	}
	if err = request.Write(connection); err != nil {
		return nil, nil, err
	}
	if answer, err = http.ReadResponse(bufio.NewReader(io.LimitReader(connection, client.Limit+65536)), request); err != nil {
		return nil, nil, err
	}
	body, err = io.ReadAll(answer.Body)
	return answer, body, err
}
