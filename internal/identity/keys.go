package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"quantdesk/internal/fault"
)

// KeyFile keeps the signing keys as one private JSON text.
type KeyFile interface {
	// Load gives the text, nil when there is none yet.
	Load() ([]byte, error)
	// Save replaces it, readable by the owner only.
	Save(text []byte) error
}

// Keys are the signing keys: the newest signs, all verify.
type Keys struct {
	file KeyFile

	mu   sync.RWMutex // guards keys
	keys []signingKey // newest first
}

type signingKey struct {
	Created time.Time       `json:"created_at"`
	JWK     jose.JSONWebKey `json:"jwk"`
}

// keepKeys is how many keys verify: a rotation each quarter keeps tokens of
// maxTTL good.
const keepKeys = 4

// OpenKeys reads the keys, making the first.
func OpenKeys(file KeyFile, now time.Time) (*Keys, error) {
	k := &Keys{file: file}
	raw, err := file.Load()
	if err != nil {
		return nil, err
	}
	if raw == nil {
		_, err := k.rotate(now)
		return k, err
	}
	if err := json.Unmarshal(raw, &k.keys); err != nil || len(k.keys) == 0 {
		return nil, fault.E("identity.OpenKeys", fault.Internal, "the signing keys are not readable").
			Hinted("Restore the home from a backup, or delete keys/signing.json to invalidate all tokens and begin anew.")
	}
	return k, nil
}

func (k *Keys) rotate(now time.Time) (string, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	kid := newID("key")
	k.mu.Lock()
	defer k.mu.Unlock()
	keys := append([]signingKey{{Created: now, JWK: jose.JSONWebKey{Key: private, KeyID: kid, Algorithm: string(jose.ES256), Use: "sig"}}}, k.keys...)
	if len(keys) > keepKeys {
		keys = keys[:keepKeys]
	}
	raw, err := json.Marshal(keys)
	if err != nil {
		return "", err
	}
	if err := k.file.Save(raw); err != nil {
		return "", fmt.Errorf("save the signing keys: %w", err)
	}
	k.keys = keys
	return kid, nil
}

func (k *Keys) signer() (jose.Signer, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	key := k.keys[0].JWK
	return jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{}).WithType("at+jwt"))
}

// public gives the verifying key of an id. A token without a known id is not
// tried against the others.
func (k *Keys) public(kid string) (jose.JSONWebKey, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, s := range k.keys {
		if kid != "" && s.JWK.KeyID == kid {
			return s.JWK.Public(), true
		}
	}
	return jose.JSONWebKey{}, false
}

func (k *Keys) set() jose.JSONWebKeySet {
	k.mu.RLock()
	defer k.mu.RUnlock()
	var out jose.JSONWebKeySet
	for _, s := range k.keys {
		out.Keys = append(out.Keys, s.JWK.Public())
	}
	return out
}
