// What a loop over the official Go SDK cannot do without, by Go's standard library alone: each line of a JSON Lines
// file is parsed, each 500 vectors are written as one body, hashed and posted. The SDK signs besides, and finds its
// fields by reflection, so its loop takes at least as long.
package main

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
)

type record struct {
	Key  string `json:"key"`
	Data struct {
		Float32 []float32 `json:"float32"`
	} `json:"data"`
}

func put(url string, batch []map[string]any) {
	body, err := json.Marshal(map[string]any{"indexName": "idx", "vectors": batch})
	if err != nil {
		log.Fatal(err)
	}
	request, err := http.NewRequest("POST", url, bytes.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	sum := md5.Sum(body)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Content-MD5", base64.StdEncoding.EncodeToString(sum[:]))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != 200 {
		log.Fatal(answer.Status, err)
	}
}

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 1<<20), 64<<20)
	batch := make([]map[string]any, 0, 500)
	for lines.Scan() {
		var vector record
		if err := json.Unmarshal(lines.Bytes(), &vector); err != nil {
			log.Fatal(err)
		}
		batch = append(batch, map[string]any{"key": vector.Key, "data": map[string]any{"float32": vector.Data.Float32}})
		if len(batch) == cap(batch) {
			put(os.Args[2], batch)
			batch = batch[:0]
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
	if len(batch) > 0 {
		put(os.Args[2], batch)
	}
}
