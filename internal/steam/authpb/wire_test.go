package authpb

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"testing"
)

func TestBeginRequestSurvivesTheWire(t *testing.T) {
	t.Parallel()
	in := BeginRequest{
		AccountName: "example_bot", EncryptedPassword: "abc=", EncryptionTimestamp: 1 << 40, RememberLogin: true,
		PlatformType: PlatformMobile, Persistence: -1, WebsiteID: "Mobile",
		DeviceDetails: DeviceDetails{FriendlyName: "pixel", PlatformType: 3, OSType: -500, MachineID: []byte{1, 2}},
	}
	var out BeginRequest
	if err := out.Unmarshal(in.Marshal()); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(in, out) {
		t.Fatalf("got %+v, want %+v", out, in)
	}
}

func TestBeginResponseKeepsItsConfirmations(t *testing.T) {
	t.Parallel()
	in := BeginResponse{
		ClientID: 1<<63 + 5, RequestID: []byte("0123456789abcdef"), Interval: 0.5, SteamID: 76561198000000101,
		AllowedConfirmations: []AllowedConfirmation{{Type: GuardDeviceCode}, {Type: GuardEmailCode, Message: "example.com"}},
	}
	var out BeginResponse
	if err := out.Unmarshal(in.Marshal()); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(in, out) {
		t.Fatalf("got %+v, want %+v", out, in)
	}
}

func TestSteamIDOfAGuardCodeIsFixed64(t *testing.T) {
	t.Parallel()
	got := hex.EncodeToString((&GuardCodeRequest{ClientID: 1, SteamID: 2, Code: "A", CodeType: 3}).Marshal())
	if want := "0801" + "110200000000000000" + "1a0141" + "2003"; got != want {
		t.Fatalf("wire form %s, want %s", got, want)
	}
}

func TestUnknownFieldsAreSkipped(t *testing.T) {
	t.Parallel()
	// field 99 varint, field 1 as fixed32 instead of a string, then field 3 = 7
	raw, _ := hex.DecodeString("980601" + "0d01020304" + "1807")
	var m RSAKeyResponse
	if err := m.Unmarshal(raw); err != nil || m.Timestamp != 7 || m.Mod != "" {
		t.Fatalf("got %+v, %v", m, err)
	}
}

// FuzzUnmarshal reads any bytes as each message: what is read is written and
// read again the same.
func FuzzUnmarshal(f *testing.F) {
	f.Add((&BeginRequest{AccountName: "a", DeviceDetails: DeviceDetails{PlatformType: 3}}).Marshal())
	f.Add((&BeginResponse{ClientID: 1, Interval: 5, AllowedConfirmations: []AllowedConfirmation{{Type: 3}}}).Marshal())
	f.Add([]byte{0x25, 0, 0, 0xc0, 0x7f}) // an interval that is no number
	f.Add([]byte{0xff})
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, fresh := range []func() message{
			func() message { return &RSAKeyRequest{} }, func() message { return &RSAKeyResponse{} }, func() message { return &BeginRequest{} },
			func() message { return &BeginResponse{} }, func() message { return &GuardCodeRequest{} }, func() message { return &GuardCodeResponse{} },
			func() message { return &PollRequest{} }, func() message { return &PollResponse{} }, func() message { return &AccessTokenRequest{} },
			func() message { return &AccessTokenResponse{} }, func() message { return &BeginQRRequest{} }, func() message { return &BeginQRResponse{} },
			func() message { return &SessionInfoRequest{} }, func() message { return &SessionInfoResponse{} },
			func() message { return &MobileConfirmationRequest{} }, func() message { return &RevokeRequest{} },
		} {
			m, again := fresh(), fresh()
			if unmarshal(raw, m) != nil {
				continue
			}
			wire := marshal(m)
			if err := unmarshal(wire, again); err != nil || !bytes.Equal(marshal(again), wire) {
				t.Fatalf("%T: the second reading differs: %v", m, err)
			}
		}
	})
}
