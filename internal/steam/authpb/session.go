package authpb

// BeginQRRequest is the request of BeginAuthSessionViaQR.
type BeginQRRequest struct {
	DeviceFriendlyName string
	PlatformType       int32
	DeviceDetails      DeviceDetails
	WebsiteID          string
}

func (m *BeginQRRequest) fields() []field {
	return []field{{1, &m.DeviceFriendlyName}, {2, &m.PlatformType}, {3, &m.DeviceDetails}, {4, &m.WebsiteID}}
}

// BeginQRResponse opens a login session without an account. ChallengeURL is
// what the phone scans; Interval is seconds between polls.
type BeginQRResponse struct {
	ClientID             uint64
	ChallengeURL         string
	RequestID            []byte
	Interval             float32
	AllowedConfirmations []AllowedConfirmation
	Version              int32
}

func (m *BeginQRResponse) fields() []field {
	return []field{
		{1, &m.ClientID}, {2, &m.ChallengeURL}, {3, &m.RequestID}, {4, &m.Interval}, {5, &m.AllowedConfirmations}, {6, &m.Version},
	}
}

// SessionInfoRequest is the request of GetAuthSessionInfo.
type SessionInfoRequest struct{ ClientID uint64 }

func (m *SessionInfoRequest) fields() []field { return []field{{1, &m.ClientID}} }

// SessionInfoResponse says who asks to log in.
type SessionInfoResponse struct {
	IP, Geoloc, City, State, Country string

	Platform           int32
	DeviceFriendlyName string
	Version            int32
}

func (m *SessionInfoResponse) fields() []field {
	return []field{
		{1, &m.IP}, {2, &m.Geoloc}, {3, &m.City}, {4, &m.State}, {5, &m.Country}, {6, &m.Platform}, {7, &m.DeviceFriendlyName}, {8, &m.Version},
	}
}

// MobileConfirmationRequest is the request of
// UpdateAuthSessionWithMobileConfirmation. The signature is an HMAC-SHA256 by
// the shared secret over version, client id and SteamID64 in little-endian.
type MobileConfirmationRequest struct {
	Version     int32
	ClientID    uint64
	SteamID     uint64
	Signature   []byte
	Confirm     bool
	Persistence int32
}

func (m *MobileConfirmationRequest) fields() []field {
	return []field{
		{1, &m.Version}, {2, &m.ClientID}, {3, (*fixed)(&m.SteamID)}, {4, &m.Signature}, {5, &m.Confirm}, {6, &m.Persistence},
	}
}

// RevokeRequest is the request of RevokeToken.
type RevokeRequest struct {
	Token  string
	Action int32
}

func (m *RevokeRequest) fields() []field { return []field{{1, &m.Token}, {2, &m.Action}} }
