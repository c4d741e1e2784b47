// Calls dmvredactclient.go for attack.py.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var fields []string
		for _, field := range strings.Split(lines.Text(), "\t") {
			fields = append(fields, string(must(hex.DecodeString(field))))
		}
		client := NewClient(fields[0])
		client.Deadline = time.Duration(must(strconv.Atoi(fields[1]))) * time.Millisecond
		client.Limit = int64(must(strconv.Atoi(fields[2])))
		if fields[4] != "" {
			client.TLS = &tls.Config{RootCAs: x509.NewCertPool()}
			client.TLS.RootCAs.AppendCertsFromPEM(must(os.ReadFile(fields[4])))
		}
		output, err := client.Redact(must(os.ReadFile(fields[3])), fields[5:]...)
		if err == nil {
			fmt.Printf("output %x\n", output)
			continue
		}
		withheld := err.(*Withheld)
		if output != nil {
			panic("an output beside an error")
		}
		fmt.Println("withheld", dash(withheld.Disposition), dash(withheld.Reason), dash(withheld.Review), err)
	}
}
