// Goverify checks a Plainview log without any of Plainview's code.
//
//	goverify POLICY LOGFOLDER
//
// It uses the Go checksum database's own packages for notes and trees
// (golang.org/x/mod/sumdb), as Debian ships them, and the standard library.
// It prints one line for each failure and exits with status 1 if there is one.
package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height = 8
	width  = 1 << height
)

// failures counts the lines printed by fail.
var failures int

func fail(where, format string, args ...any) {
	failures++
	fmt.Printf("%s: %s\n", where, fmt.Sprintf(format, args...))
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: goverify POLICY LOGFOLDER")
		os.Exit(2)
	}
	policy, err := readPolicy(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "policy:", err)
		os.Exit(2)
	}
	size := verify(policy, os.Args[2])
	if failures > 0 {
		fmt.Printf("NOT everything holds: %d failures\n", failures)
		os.Exit(1)
	}
	fmt.Printf("everything holds: %d entries\n", size)
}

// verify checks the whole log in folder and returns its size.
func verify(policy *policy, folder string) int64 {
	tree, err := openCheckpoint(policy, filepath.Join(folder, "checkpoint"))
	if err != nil {
		fail("checkpoint", "%v", err)
		return 0
	}
	files := &files{folder: folder}
	hashes := tlog.TileHashReader(tree, files)
	judge := newJudge(folder)
	for first := int64(0); first < tree.N; first += width {
		checkBundle(files, hashes, judge, first, min64(width, tree.N-first))
	}
	for level, count := 0, tree.N; count > 0; level, count = level+1, count/width {
		for n := int64(0); n*width < count; n++ {
			w := int(min64(width, count-n*width))
			checkTile(files, hashes, tlog.Tile{H: height, L: level, N: n, W: w})
		}
	}
	return tree.N
}

// openCheckpoint demands the log's own signature and the witness quorum by name:
// note.Open alone is content with any one known key.
func openCheckpoint(policy *policy, path string) (tlog.Tree, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return tlog.Tree{}, err
	}
	if err := strictSignatures(data); err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(data, policy.verifiers())
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return tlog.Tree{}, errors.New("not three lines")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, errors.New("its size is not a number")
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return tlog.Tree{}, err
	}
	if err := policy.check(lines[0], opened.Sigs); err != nil {
		return tlog.Tree{}, err
	}
	return tlog.Tree{N: size, Hash: root}, nil
}

// strictSignatures refuses base64 with stray bits, which Go's decoder lets pass.
func strictSignatures(data []byte) error {
	at := bytes.LastIndex(data, []byte("\n\n"))
	for _, line := range strings.Split(string(data[at+1:]), "\n") {
		words := strings.Split(line, " ")
		if _, err := base64.StdEncoding.Strict().DecodeString(words[len(words)-1]); err != nil {
			return errors.New("a signature is not written in the one allowed way")
		}
	}
	return nil
}

func min64(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

// checkBundle compares each entry with its authenticated hash, then judges what it says.
func checkBundle(files *files, hashes tlog.HashReader, judge *judge, first, count int64) {
	path := entriesPath(first/width, int(count))
	entries, err := files.bundle(first/width, int(count))
	if err != nil {
		fail(path, "%v", err)
		return
	}
	indexes := make([]int64, count)
	for i := range indexes {
		indexes[i] = tlog.StoredHashIndex(0, first+int64(i))
	}
	known, err := hashes.ReadHashes(indexes)
	if err != nil {
		fail(path, "%v", err)
		return
	}
	for i, entry := range entries {
		if tlog.RecordHash(entry) != known[i] {
			fail(fmt.Sprintf("entry %d", first+int64(i)), "it is not what the log signed")
			continue
		}
		judge.take(first+int64(i), entry)
	}
}

// checkTile compares a published tile, byte by byte, with what the root authenticates.
func checkTile(files *files, hashes tlog.HashReader, tile tlog.Tile) {
	path := tilePath(tile.L, tile.N, tile.W)
	published, err := files.tile(tile)
	if err != nil {
		fail(path, "%v", err)
		return
	}
	derived, err := tlog.ReadTileData(tile, hashes)
	if err != nil {
		fail(path, "%v", err)
	} else if !bytes.Equal(published, derived) {
		fail(path, "it is not what the root covers")
	}
}
