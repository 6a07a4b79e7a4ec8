package authpb

// Marshal writes the wire form of m.
func (m *RSAKeyRequest) Marshal() []byte { return marshal(m) }

// Unmarshal reads the wire form into m, or returns [ErrMalformed].
func (m *RSAKeyRequest) Unmarshal(b []byte) error { return unmarshal(b, m) }

// Marshal writes the wire form of m.
func (m *RSAKeyResponse) Marshal() []byte { return marshal(m) }

// Unmarshal reads the wire form into m, or returns [ErrMalformed].
func (m *RSAKeyResponse) Unmarshal(b []byte) error { return unmarshal(b, m) }

// Marshal writes the wire form of m.
func (m *DeviceDetails) Marshal() []byte { return marshal(m) }

// Unmarshal reads the wire form into m, or returns [ErrMalformed].
func (m *DeviceDetails) Unmarshal(b []byte) error { return unmarshal(b, m) }

// Marshal writes the wire form of m.
func (m *BeginRequest) Marshal() []byte { return marshal(m) }

// Unmarshal reads the wire form into m, or returns [ErrMalformed].
func (m *BeginRequest) Unmarshal(b []byte) error { return unmarshal(b, m) }

// Marshal writes the wire form of m.
func (m *AllowedConfirmation) Marshal() []byte { return marshal(m) }

// Unmarshal reads the wire form into m, or returns [ErrMalformed].
func (m *AllowedConfirmation) Unmarshal(b []byte) error { return unmarshal(b, m) }

// Marshal writes the wire form of m.
func (m *BeginResponse) Marshal() []byte { return marshal(m) }

// Unmarshal reads the wire form into m, or returns [ErrMalformed].
func (m *BeginResponse) Unmarshal(b []byte) error { return unmarshal(b, m) }

// Marshal writes the wire form of m.
func (m *GuardCodeRequest) Marshal() []byte { return marshal(m) }

// Unmarshal reads the wire form into m, or returns [ErrMalformed].
func (m *GuardCodeRequest) Unmarshal(b []byte) error { return unmarshal(b, m) }

// Marshal writes the wire form of m.
func (m *GuardCodeResponse) Marshal() []byte { return marshal(m) }

// Unmarshal reads the wire form into m, or returns [ErrMalformed].
func (m *GuardCodeResponse) Unmarshal(b []byte) error { return unmarshal(b, m) }

// Marshal writes the wire form of m.
func (m *PollRequest) Marshal() []byte { return marshal(m) }

// Unmarshal reads the wire form into m, or returns [ErrMalformed].
func (m *PollRequest) Unmarshal(b []byte) error { return unmarshal(b, m) }

// Marshal writes the wire form of m.
func (m *PollResponse) Marshal() []byte { return marshal(m) }

// Unmarshal reads the wire form into m, or returns [ErrMalformed].
func (m *PollResponse) Unmarshal(b []byte) error { return unmarshal(b, m) }

// Marshal writes the wire form of m.
func (m *AccessTokenRequest) Marshal() []byte { return marshal(m) }

// Unmarshal reads the wire form into m, or returns [ErrMalformed].
func (m *AccessTokenRequest) Unmarshal(b []byte) error { return unmarshal(b, m) }

// Marshal writes the wire form of m.
func (m *AccessTokenResponse) Marshal() []byte { return marshal(m) }

// Unmarshal reads the wire form into m, or returns [ErrMalformed].
func (m *AccessTokenResponse) Unmarshal(b []byte) error { return unmarshal(b, m) }

// Marshal writes the wire form of m.
func (m *BeginQRRequest) Marshal() []byte { return marshal(m) }

// Unmarshal reads the wire form into m, or returns [ErrMalformed].
func (m *BeginQRRequest) Unmarshal(b []byte) error { return unmarshal(b, m) }

// Marshal writes the wire form of m.
func (m *BeginQRResponse) Marshal() []byte { return marshal(m) }

// Unmarshal reads the wire form into m, or returns [ErrMalformed].
func (m *BeginQRResponse) Unmarshal(b []byte) error { return unmarshal(b, m) }

// Marshal writes the wire form of m.
func (m *SessionInfoRequest) Marshal() []byte { return marshal(m) }

// Unmarshal reads the wire form into m, or returns [ErrMalformed].
func (m *SessionInfoRequest) Unmarshal(b []byte) error { return unmarshal(b, m) }

// Marshal writes the wire form of m.
func (m *SessionInfoResponse) Marshal() []byte { return marshal(m) }

// Unmarshal reads the wire form into m, or returns [ErrMalformed].
func (m *SessionInfoResponse) Unmarshal(b []byte) error { return unmarshal(b, m) }

// Marshal writes the wire form of m.
func (m *MobileConfirmationRequest) Marshal() []byte { return marshal(m) }

// Unmarshal reads the wire form into m, or returns [ErrMalformed].
func (m *MobileConfirmationRequest) Unmarshal(b []byte) error { return unmarshal(b, m) }

// Marshal writes the wire form of m.
func (m *RevokeRequest) Marshal() []byte { return marshal(m) }

// Unmarshal reads the wire form into m, or returns [ErrMalformed].
func (m *RevokeRequest) Unmarshal(b []byte) error { return unmarshal(b, m) }
