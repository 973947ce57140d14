package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"
)

// files reads a log's static files (c2sp.org/tlog-tiles).
type files struct{ folder string }

func number(n int64, w int) string {
	text := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		text = fmt.Sprintf("x%03d/%s", n%1000, text)
	}
	if w < width {
		text = fmt.Sprintf("%s.p/%d", text, w)
	}
	return text
}

// tilePath is C2SP's tile/L/N; the checksum database's own would be tile/8/L/N.
func tilePath(level int, n int64, w int) string {
	return fmt.Sprintf("tile/%d/%s", level, number(n, w))
}

func entriesPath(n int64, w int) string {
	return "tile/entries/" + number(n, w)
}

// read returns a file and its width: a partial file may have given way to the full one.
func (f *files) read(path func(w int) string, w int) ([]byte, int, error) {
	data, err := os.ReadFile(filepath.Join(f.folder, path(w)))
	if errors.Is(err, fs.ErrNotExist) && w < width {
		w = width
		data, err = os.ReadFile(filepath.Join(f.folder, path(w)))
	}
	return data, w, err
}

func (f *files) tile(level int, n int64, want int) ([]byte, error) {
	data, w, err := f.read(func(w int) string { return tilePath(level, n, w) }, want)
	if err != nil {
		return nil, err
	}
	if len(data) != w*tlog.HashSize {
		return nil, errors.New("it has not the width that its name says")
	}
	return data[:want*tlog.HashSize], nil
}

func (f *files) bundle(n int64, want int) ([][]byte, error) {
	data, w, err := f.read(func(w int) string { return entriesPath(n, w) }, want)
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return nil, errors.New("it is cut short")
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:end])
		data = data[end:]
	}
	if len(entries) != w {
		return nil, errors.New("it has not the width that its name says")
	}
	return entries[:want], nil
}
