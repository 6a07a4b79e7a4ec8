package authpb

// Platform types of DeviceDetails and BeginRequest.
const (
	PlatformUnknown = 0
	PlatformClient  = 1
	PlatformWeb     = 2
	PlatformMobile  = 3
)

// Guard types: kinds of AllowedConfirmation and of a sent code.
const (
	GuardUnknown            = 0
	GuardNone               = 1
	GuardEmailCode          = 2
	GuardDeviceCode         = 3
	GuardDeviceConfirmation = 4
	GuardEmailConfirmation  = 5
	GuardMachineToken       = 6
)

// RSAKeyRequest is the request of GetPasswordRSAPublicKey.
type RSAKeyRequest struct {
	AccountName string
}

func (m *RSAKeyRequest) fields() []field { return []field{{1, &m.AccountName}} }

// RSAKeyResponse names the key to encrypt the password with; Mod and Exp are
// hexadecimal, Timestamp comes back in BeginRequest.
type RSAKeyResponse struct {
	Mod       string
	Exp       string
	Timestamp uint64
}

func (m *RSAKeyResponse) fields() []field {
	return []field{{1, &m.Mod}, {2, &m.Exp}, {3, &m.Timestamp}}
}

// DeviceDetails describes the device that logs in.
type DeviceDetails struct {
	FriendlyName     string
	PlatformType     int32
	OSType           int32
	GamingDeviceType uint32
	ClientCount      uint32
	MachineID        []byte
}

func (m *DeviceDetails) fields() []field {
	return []field{
		{1, &m.FriendlyName}, {2, &m.PlatformType}, {3, &m.OSType},
		{4, &m.GamingDeviceType}, {5, &m.ClientCount}, {6, &m.MachineID},
	}
}

// BeginRequest is the request of BeginAuthSessionViaCredentials. The password
// is RSA PKCS#1 v1.5 in base64.
type BeginRequest struct {
	DeviceFriendlyName  string
	AccountName         string
	EncryptedPassword   string
	EncryptionTimestamp uint64
	RememberLogin       bool
	PlatformType        int32
	Persistence         int32
	WebsiteID           string
	DeviceDetails       DeviceDetails
	GuardData           string
	Language            uint32
	QOSLevel            int32
}

func (m *BeginRequest) fields() []field {
	return []field{
		{1, &m.DeviceFriendlyName}, {2, &m.AccountName}, {3, &m.EncryptedPassword}, {4, &m.EncryptionTimestamp},
		{5, &m.RememberLogin}, {6, &m.PlatformType}, {7, &m.Persistence}, {8, &m.WebsiteID},
		{9, &m.DeviceDetails}, {10, &m.GuardData}, {11, &m.Language}, {12, &m.QOSLevel},
	}
}

// AllowedConfirmation is one way to prove the login; Message is the mail domain
// for email codes.
type AllowedConfirmation struct {
	Type    int32
	Message string
}

func (m *AllowedConfirmation) fields() []field { return []field{{1, &m.Type}, {2, &m.Message}} }

// BeginResponse opens a login session. Interval is seconds between polls.
type BeginResponse struct {
	ClientID             uint64
	RequestID            []byte
	Interval             float32
	AllowedConfirmations []AllowedConfirmation
	SteamID              uint64
	WeakToken            string
	AgreementSessionURL  string
	ExtendedErrorMessage string
}

func (m *BeginResponse) fields() []field {
	return []field{
		{1, &m.ClientID}, {2, &m.RequestID}, {3, &m.Interval}, {4, &m.AllowedConfirmations},
		{5, &m.SteamID}, {6, &m.WeakToken}, {7, &m.AgreementSessionURL}, {8, &m.ExtendedErrorMessage},
	}
}

// GuardCodeRequest is the request of UpdateAuthSessionWithSteamGuardCode.
type GuardCodeRequest struct {
	ClientID uint64
	SteamID  uint64
	Code     string
	CodeType int32
}

func (m *GuardCodeRequest) fields() []field {
	return []field{{1, &m.ClientID}, {2, (*fixed)(&m.SteamID)}, {3, &m.Code}, {4, &m.CodeType}}
}

// GuardCodeResponse is empty on success.
type GuardCodeResponse struct {
	AgreementSessionURL string
}

func (m *GuardCodeResponse) fields() []field { return []field{{7, &m.AgreementSessionURL}} }

// PollRequest is the request of PollAuthSessionStatus.
type PollRequest struct {
	ClientID      uint64
	RequestID     []byte
	TokenToRevoke uint64
}

func (m *PollRequest) fields() []field {
	return []field{{1, &m.ClientID}, {2, &m.RequestID}, {3, (*fixed)(&m.TokenToRevoke)}}
}

// PollResponse carries the tokens once the login is proven; until then
// RefreshToken is empty.
type PollResponse struct {
	NewClientID          uint64
	NewChallengeURL      string
	RefreshToken         string
	AccessToken          string
	HadRemoteInteraction bool
	AccountName          string
	NewGuardData         string
	AgreementSessionURL  string
}

func (m *PollResponse) fields() []field {
	return []field{
		{1, &m.NewClientID}, {2, &m.NewChallengeURL}, {3, &m.RefreshToken}, {4, &m.AccessToken},
		{5, &m.HadRemoteInteraction}, {6, &m.AccountName}, {7, &m.NewGuardData}, {8, &m.AgreementSessionURL},
	}
}

// AccessTokenRequest is the request of GenerateAccessTokenForApp. RenewalType 1
// allows Steam to renew the refresh token too.
type AccessTokenRequest struct {
	RefreshToken string
	SteamID      uint64
	RenewalType  int32
}

func (m *AccessTokenRequest) fields() []field {
	return []field{{1, &m.RefreshToken}, {2, (*fixed)(&m.SteamID)}, {3, &m.RenewalType}}
}

// AccessTokenResponse carries the new access token; RefreshToken only when renewed.
type AccessTokenResponse struct {
	AccessToken  string
	RefreshToken string
}

func (m *AccessTokenResponse) fields() []field {
	return []field{{1, &m.AccessToken}, {2, &m.RefreshToken}}
}
