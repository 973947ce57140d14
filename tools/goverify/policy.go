package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// policy is a trust policy (c2sp.org/tlog-policy).
type policy struct {
	logs      []note.Verifier
	witnesses map[string]note.Verifier
	groups    map[string]group
	quorum    string
}

type group struct {
	need    int
	members []string
}

func readPolicy(path string) (*policy, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p := &policy{witnesses: map[string]note.Verifier{}, groups: map[string]group{}}
	for i, line := range strings.Split(string(data), "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if err := p.take(words); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	if len(p.logs) == 0 || p.quorum == "" {
		return nil, errors.New("a log and a quorum are needed")
	}
	return p, nil
}

func (p *policy) take(words []string) error {
	switch {
	case words[0] == "log" && (len(words) == 2 || len(words) == 3):
		log, err := note.NewVerifier(words[1])
		p.logs = append(p.logs, log)
		return err
	case words[0] == "witness" && (len(words) == 3 || len(words) == 4) && !p.has(words[1]):
		w, err := newWitness(words[2])
		p.witnesses[words[1]] = w
		return err
	case words[0] == "group" && len(words) > 3 && !p.has(words[1]):
		return p.group(words[1], words[2], words[3:])
	case words[0] == "quorum" && len(words) == 2 && p.quorum == "":
		p.quorum = words[1]
		if p.quorum != "none" && !p.has(p.quorum) {
			return errors.New("the quorum names nobody")
		}
		return nil
	}
	return errors.New("not understood")
}

func (p *policy) has(name string) bool {
	_, isWitness := p.witnesses[name]
	_, isGroup := p.groups[name]
	return isWitness || isGroup
}

func (p *policy) group(name, count string, members []string) error {
	need, err := strconv.Atoi(count)
	switch count {
	case "all":
		need, err = len(members), nil
	case "any":
		need, err = 1, nil
	}
	if err != nil || need < 1 || need > len(members) {
		return errors.New("no such number of members")
	}
	for _, member := range members {
		if !p.has(member) {
			return fmt.Errorf("%s is unknown", member)
		}
	}
	p.groups[name] = group{need, members}
	return nil
}

func (p *policy) verifiers() note.Verifiers {
	all := append([]note.Verifier{}, p.logs...)
	for _, w := range p.witnesses {
		all = append(all, w)
	}
	return note.VerifierList(all...)
}

// check demands, among verified signatures, that of the log named origin and the quorum.
func (p *policy) check(origin string, sigs []note.Signature) error {
	signed := func(v note.Verifier) bool {
		for _, sig := range sigs {
			if sig.Name == v.Name() && sig.Hash == v.KeyHash() {
				return true
			}
		}
		return false
	}
	byLog := false
	for _, log := range p.logs {
		byLog = byLog || log.Name() == origin && signed(log)
	}
	if !byLog {
		return errors.New("it is not signed by its log")
	}
	var reached func(name string) bool
	reached = func(name string) bool {
		if w, ok := p.witnesses[name]; ok {
			return signed(w)
		}
		have := 0
		for _, member := range p.groups[name].members {
			if reached(member) {
				have++
			}
		}
		return have >= p.groups[name].need
	}
	if !reached(p.quorum) && p.quorum != "none" {
		return errors.New("the witness quorum is not reached")
	}
	return nil
}

// witness verifies timestamped cosignatures (c2sp.org/tlog-cosignature, type 4).
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newWitness(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("not a verifier key")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		return nil, errors.New("not a witness's key")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	hash := binary.BigEndian.Uint32(sum[:])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		return nil, errors.New("the key hash is wrong")
	}
	return &witness{parts[0], hash, key[1:]}, nil
}

func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.hash }

func (w *witness) Verify(text, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	time := binary.BigEndian.Uint64(sig)
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", time, text)
	return ed25519.Verify(w.key, []byte(message), sig[8:])
}
