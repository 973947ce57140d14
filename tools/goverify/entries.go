package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"
)

const context = "plainview/statement/v1\n"

type object = map[string]any

// judge checks what entries say as far as one needs no knowledge of the city's rules:
// canonical form, fields, signatures by keys that were enrolled, and the leaves of roots.
type judge struct {
	folder    string
	keys      map[string][]byte
	ids       map[string]bool
	proposals map[string]object
}

func newJudge(folder string) *judge {
	return &judge{folder, map[string][]byte{}, map[string]bool{}, map[string]object{}}
}

func (j *judge) take(index int64, raw []byte) {
	if err := j.check(index, raw); err != nil {
		fail(fmt.Sprintf("entry %d", index), "%v", err)
	}
}

func (j *judge) check(index int64, raw []byte) error {
	value, err := readCanonical(raw)
	if err != nil {
		return err
	}
	entry, ok := value.(object)
	id, _ := entry["id"].(string)
	kind, _ := entry["type"].(string)
	_, timed := entry["time"].(string)
	body, bodied := entry["body"].(object)
	if !ok || entry["v"] != json.Number("1") || !timed || !bodied || kind == "" {
		return errors.New("it has not the fields of an entry")
	}
	if decoded, err := hex.DecodeString(id); err != nil || len(decoded) != 16 || j.ids[id] {
		return errors.New("its submission id is malformed or was used before")
	}
	j.ids[id] = true
	if (index == 0) != (kind == "founding") {
		return errors.New("a founding entry is the first and only the first")
	}
	if kind == "founding" {
		if err := j.enrol(kind, body); err != nil {
			return err
		}
	}
	if _, signed := entry["sigs"]; signed {
		if err := j.signatures(entry); err != nil {
			return err
		}
		return j.state(raw, kind, body)
	}
	if signedKinds[kind] {
		return errors.New("nobody signed it")
	}
	if kind == "roots" {
		return j.leaves(id, body)
	}
	return nil
}

// signedKinds bring keys in, so that without signatures anybody could.
var signedKinds = map[string]bool{"founding": true, "enrol": true, "propose": true, "approve": true}

// state learns what a signed statement puts in force; of an approval, what was proposed.
func (j *judge) state(raw []byte, kind string, body object) error {
	switch kind {
	case "propose":
		hash := tlog.RecordHash(raw)
		j.proposals[hex.EncodeToString(hash[:])] = body
	case "approve":
		hash, _ := body["proposal"].(string)
		proposed, found := j.proposals[hash]
		if !found {
			return errors.New("it approves what nobody proposed, or what was approved before")
		}
		delete(j.proposals, hash)
		kind, _ := proposed["type"].(string)
		inner, _ := proposed["body"].(object)
		return j.enrol(kind, inner)
	case "enrol":
		return j.enrol(kind, body)
	}
	return nil
}

// enrol learns the keys of founders at once: they sign the entry that names them.
func (j *judge) enrol(kind string, body object) error {
	people := []any{}
	switch kind {
	case "founding":
		people, _ = body["people"].([]any)
	case "enrol":
		people = []any{any(body)}
	}
	for _, each := range people {
		person, _ := each.(object)
		more, _ := person["more_keys"].([]any)
		for _, one := range append([]any{person["key"]}, more...) {
			text, _ := one.(string)
			key, err := base64.StdEncoding.Strict().DecodeString(text)
			if err != nil || (len(key) != ed25519.PublicKeySize && len(key) != pointSize) {
				return errors.New("a person without a key")
			}
			sum := sha256.Sum256(key)
			j.keys[hex.EncodeToString(sum[:8])] = key
		}
	}
	return nil
}

func (j *judge) signatures(entry object) error {
	sigs, _ := entry["sigs"].(object)
	by, _ := entry["by"].([]any)
	if len(sigs) == 0 || len(by) != len(sigs) {
		return errors.New("by and sigs differ")
	}
	unsigned := object{}
	for name, value := range entry {
		if name != "sigs" {
			unsigned[name] = value
		}
	}
	message := append([]byte(context), canonical(unsigned)...)
	for _, each := range by {
		name, _ := each.(string)
		text, _ := sigs[name].(string)
		sig, err := base64.StdEncoding.DecodeString(text)
		key, known := j.keys[name]
		if err != nil || !known || !verifies(key, message, sig) {
			return fmt.Errorf("the signature of %s does not verify", name)
		}
	}
	return nil
}

// pointSize is the length of a passkey's public key: an uncompressed point on P-256.
const pointSize = 65

func verifies(key, message, sig []byte) bool {
	if len(key) == pointSize {
		return passkeyVerifies(key, message, sig)
	}
	return ed25519.Verify(key, message, sig)
}

// passkeyVerifies follows W3C Web Authentication, section 7.2: the challenge is the hash of the
// message, and the authenticator saw the person (bit 0) and verified who it is (bit 2).
func passkeyVerifies(point, message, sig []byte) bool {
	var given struct{ A, C, S []byte }
	var told struct{ Type, Challenge string }
	if json.Unmarshal(sig, &given) != nil || json.Unmarshal(given.C, &told) != nil {
		return false
	}
	sum := sha256.Sum256(message)
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	if told.Type != "webauthn.get" || told.Challenge != challenge {
		return false
	}
	if len(given.A) < 37 || given.A[32]&5 != 5 {
		return false
	}
	x, y := elliptic.Unmarshal(elliptic.P256(), point)
	if x == nil {
		return false
	}
	client := sha256.Sum256(given.C)
	digest := sha256.Sum256(append(append([]byte{}, given.A...), client[:]...))
	return ecdsa.VerifyASN1(&ecdsa.PublicKey{Curve: elliptic.P256(), X: x, Y: y}, digest[:], given.S)
}

// leaves checks the published leaves of a roots entry against its two roots.
func (j *judge) leaves(id string, body object) error {
	raw, err := os.ReadFile(filepath.Join(j.folder, "leaves", id+".json"))
	if err != nil {
		return err
	}
	value, err := readCanonical(raw)
	if err != nil {
		return fmt.Errorf("leaves: %w", err)
	}
	listed, _ := value.([]any)
	if body["leaves"] != json.Number(fmt.Sprint(len(listed))) {
		return errors.New("there are not as many leaves as it says")
	}
	for field, without := range map[string]string{"cipher_root": "plain", "plain_root": "cipher"} {
		hashes := make([]tlog.Hash, len(listed))
		for i, each := range listed {
			leaf, _ := each.(object)
			kept := object{}
			for name, value := range leaf {
				if name != without {
					kept[name] = value
				}
			}
			hashes[i] = tlog.RecordHash(canonical(kept))
		}
		if root := rootOf(hashes); body[field] != hex.EncodeToString(root[:]) {
			return fmt.Errorf("its leaves do not make up %s", field)
		}
	}
	return nil
}

func rootOf(hashes []tlog.Hash) tlog.Hash {
	switch len(hashes) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return hashes[0]
	}
	split := 1
	for split*2 < len(hashes) {
		split *= 2
	}
	return tlog.NodeHash(rootOf(hashes[:split]), rootOf(hashes[split:]))
}

// readCanonical reads JSON that is written in its one canonical way (RFC 8785, no floats).
func readCanonical(raw []byte) (any, error) {
	if !utf8.Valid(raw) {
		return nil, errors.New("not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, errors.New("not JSON")
	}
	if !bytes.Equal(canonical(value), raw) {
		return nil, errors.New("not canonical JSON")
	}
	return value, nil
}

func canonical(value any) []byte {
	var out bytes.Buffer
	write(&out, value)
	return out.Bytes()
}

func write(out *bytes.Buffer, value any) {
	switch v := value.(type) {
	case nil:
		out.WriteString("null")
	case bool:
		fmt.Fprint(out, v)
	case json.Number:
		writeNumber(out, v.String())
	case string:
		writeString(out, v)
	case []any:
		for i, item := range v {
			out.WriteByte("[,"[btoi(i > 0)])
			write(out, item)
		}
		if len(v) == 0 {
			out.WriteByte('[')
		}
		out.WriteByte(']')
	case object:
		out.WriteByte('{')
		for i, name := range sortedNames(v) {
			if i > 0 {
				out.WriteByte(',')
			}
			writeString(out, name)
			out.WriteByte(':')
			write(out, v[name])
		}
		out.WriteByte('}')
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// writeNumber writes nothing for what is no plain integer, so that the comparison fails.
func writeNumber(out *bytes.Buffer, text string) {
	if !strings.ContainsAny(text, ".eE") && text != "-0" {
		out.WriteString(text)
	}
}

// sortedNames orders by UTF-16 code units, as RFC 8785 asks.
func sortedNames(v object) []string {
	names := make([]string, 0, len(v))
	for name := range v {
		names = append(names, name)
	}
	sort.Slice(names, func(a, b int) bool {
		x, y := utf16.Encode([]rune(names[a])), utf16.Encode([]rune(names[b]))
		for i := 0; i < len(x) && i < len(y); i++ {
			if x[i] != y[i] {
				return x[i] < y[i]
			}
		}
		return len(x) < len(y)
	})
	return names
}

var short = map[rune]string{
	'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`,
}

func writeString(out *bytes.Buffer, text string) {
	out.WriteByte('"')
	for _, char := range text {
		if escape, ok := short[char]; ok {
			out.WriteString(escape)
		} else if char < ' ' {
			fmt.Fprintf(out, `\u%04x`, char)
		} else {
			out.WriteRune(char)
		}
	}
	out.WriteByte('"')
}
