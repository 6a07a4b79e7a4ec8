package steam

import (
	"testing"
	"time"
)

const (
	vectorShared   = "aIdWNSL0Uu0AhZiXbJ7kNYmq0cs="
	vectorIdentity = "iYYWqyDW0rccStpM0VUyLznxe5U="
)

func TestCodesMatchTheVectors(t *testing.T) {
	t.Parallel()
	for at, want := range map[int64]string{
		0: "WKT32", 29: "WKT32", 30: "53H8V", 1700000000: "JPYRR", 1767225600: "DGN2M", 4294967296: "2CTJN",
	} {
		if got, err := Code(vectorShared, time.Unix(at, 0)); err != nil || got != want {
			t.Errorf("Code at %d = %q, %v; want %q", at, got, err, want)
		}
	}
}

func TestConfirmationKeysMatchTheVectors(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{
		"conf":   "uvpY7WqazZXBo9Hd1lSrdyWKeuc=",
		"list":   "Hes7CpDii5xoRppo15kXzbjZU5Q=",
		"allow":  "ifafE6Qx7aOvYdcTS9HLleToOc4=",
		"accept": "HSbvUw1mWE3NC3FBTwZh6FHm04A=",
		"reject": "4VLeYVaSiyuVFpaRGR+m/HApZV8=",
	} {
		if got, err := ConfirmationKey(vectorIdentity, time.Unix(1700000000, 0), tag); err != nil || got != want {
			t.Errorf("ConfirmationKey(%q) = %q, %v; want %q", tag, got, err, want)
		}
	}
}

func TestSecretsAreTakenInHexToo(t *testing.T) {
	t.Parallel()
	got, err := Code("6887563522f452ed008598976c9ee43589aad1cb", time.Unix(0, 0))
	if err != nil || got != "WKT32" {
		t.Errorf("Code of the hex secret = %q, %v; want WKT32", got, err)
	}
	for _, bad := range []string{"", "aIdW", "not base64 at all!", vectorShared + vectorShared} {
		if _, err := Code(bad, time.Unix(0, 0)); err == nil {
			t.Errorf("Code(%q) gave no error", bad)
		}
		if _, err := ConfirmationKey(bad, time.Unix(0, 0), "conf"); err == nil {
			t.Errorf("ConfirmationKey(%q) gave no error", bad)
		}
	}
}

func TestDeviceIDMatchesTheVector(t *testing.T) {
	t.Parallel()
	if got, want := DeviceID(76561198000000101), "android:6fe053b3-d2eb-3ece-521b-a53848827205"; got != want {
		t.Errorf("DeviceID = %q; want %q", got, want)
	}
}

func TestAccountAndSteamIDAgree(t *testing.T) {
	t.Parallel()
	if got := FromAccount(39734373); got != 76561198000000101 {
		t.Errorf("FromAccount(39734373) = %d", got)
	}
	if got := ID64(76561198000000101).Account(); got != 39734373 {
		t.Errorf("Account = %d", got)
	}
	text, err := ID64(76561198000000101).MarshalText()
	if err != nil || string(text) != "76561198000000101" {
		t.Errorf("MarshalText = %q, %v", text, err)
	}
}

func TestOnlyIndividualAccountsAreSteamIDs(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"76561197960265729", "76561198000000101", "76561202255233023"} {
		id, err := ParseID64(good)
		if err != nil || id.String() != good {
			t.Errorf("ParseID64(%q) = %v, %v", good, id, err)
		}
	}
	for _, bad := range []string{
		"", "0", "-1", "+6561198000000101", "7656119800000010", "765611980000001010", "76561197960265728",
		"76561202255233024", "103582791429521412", "STEAM_1:1:19867186", "[U:1:39734373]", "7656119800000010x",
		" 76561198000000101", "76561198000000101 ", "76561198000000101\n", "7656119８000000101", "0x110000102631a5",
		"7.656119800000010", "76561198_00000101", "99999999999999999", "00000000000000101",
	} {
		if id, err := ParseID64(bad); err == nil {
			t.Errorf("ParseID64(%q) = %v; want an error", bad, id)
		}
		var id ID64
		if err := id.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("UnmarshalText(%q) gave no error", bad)
		}
	}
}

func TestOfferStatesHaveSteamsNames(t *testing.T) {
	t.Parallel()
	if got := OfferNeedsConfirmation.String(); got != "CreatedNeedsConfirmation" {
		t.Errorf("state 9 = %q", got)
	}
	if got := OfferState(99).String(); got != "OfferState(99)" {
		t.Errorf("state 99 = %q", got)
	}
}

func FuzzParseID64(f *testing.F) {
	for _, s := range []string{"76561198000000101", "76561197960265728", "+6561198000000101", "", "STEAM_1:1:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ParseID64(s)
		if err != nil {
			return
		}
		if id.String() != s || FromAccount(id.Account()) != id {
			t.Errorf("ParseID64(%q) = %v, account %d", s, id, id.Account())
		}
	})
}
