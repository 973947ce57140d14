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

const width = 256

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
	judge := newJudge(folder)
	// The tree is rebuilt from the entries alone. tlog.TileHashReader of x/mod 0.7.0 is not used:
	// where several peaks of the tree share a tile, it leaves some tiles unauthenticated.
	var leaves []tlog.Hash
	for first := int64(0); first < tree.N; first += width {
		leaves = append(leaves, readBundle(files, judge, first, min64(width, tree.N-first))...)
	}
	if rootOf(leaves) != tree.Hash {
		fail("checkpoint", "the entries do not make up the root that was signed")
	}
	for level, row := 0, leaves; len(row) > 0; level, row = level+1, above(row) {
		for n := 0; n*width < len(row); n++ {
			end := int(min64(int64((n+1)*width), int64(len(row))))
			checkTile(files, level, int64(n), row[n*width:end])
		}
	}
	return tree.N
}

// above returns the roots of the full tiles in a row of hashes.
func above(row []tlog.Hash) []tlog.Hash {
	var roots []tlog.Hash
	for ; len(row) >= width; row = row[width:] {
		roots = append(roots, rootOf(row[:width]))
	}
	return roots
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

// readBundle judges the entries of a bundle and returns their hashes.
func readBundle(files *files, judge *judge, first, count int64) []tlog.Hash {
	hashes := make([]tlog.Hash, count)
	entries, err := files.bundle(first/width, int(count))
	if err != nil {
		fail(entriesPath(first/width, int(count)), "%v", err)
		return hashes
	}
	for i, entry := range entries {
		hashes[i] = tlog.RecordHash(entry)
		judge.take(first+int64(i), entry)
	}
	return hashes
}

// checkTile compares a published tile, byte by byte, with what follows from the entries.
func checkTile(files *files, level int, n int64, want []tlog.Hash) {
	path := tilePath(level, n, len(want))
	published, err := files.tile(level, n, len(want))
	if err != nil {
		fail(path, "%v", err)
		return
	}
	for i, hash := range want {
		if !bytes.Equal(published[i*tlog.HashSize:(i+1)*tlog.HashSize], hash[:]) {
			fail(path, "hash %d does not follow from the entries", i)
		}
	}
}
