package tws

// StartAPI ends the handshake: the client says who it is.
type StartAPI struct {
	ClientID     int64
	Capabilities string
}

// ID is 71.
func (*StartAPI) ID() int { return 71 }

// Walk names the fields.
func (m *StartAPI) Walk(f *Fields) { f.Version(2); f.Int(&m.ClientID); f.Str(&m.Capabilities) }

// ReqManagedAccounts asks for the accounts again.
type ReqManagedAccounts struct{}

// ID is 17.
func (*ReqManagedAccounts) ID() int { return 17 }

// Walk names the fields.
func (*ReqManagedAccounts) Walk(f *Fields) { f.Version(1) }

// ManagedAccounts are the accounts of the login, a comma list.
type ManagedAccounts struct{ Accounts string }

// ID is 15.
func (*ManagedAccounts) ID() int { return 15 }

// Walk names the fields.
func (m *ManagedAccounts) Walk(f *Fields) { f.Version(1); f.Str(&m.Accounts) }

// NextValidID is the order id to go on from.
type NextValidID struct{ OrderID int64 }

// ID is 9.
func (*NextValidID) ID() int { return 9 }

// Walk names the fields.
func (m *NextValidID) Walk(f *Fields) { f.Version(1); f.Int(&m.OrderID) }

// ErrMsg is an error or a notice: of a request, of an order, or of the
// connection, which has the id -1. Requests and orders share the id.
type ErrMsg struct {
	ReqID          int64
	Code           int64
	Text           string
	AdvancedReject string // JSON, or empty
}

// ID is 4.
func (*ErrMsg) ID() int { return 4 }

// Walk names the fields.
func (m *ErrMsg) Walk(f *Fields) {
	f.Version(2)
	f.Int(&m.ReqID)
	f.Int(&m.Code)
	f.Str(&m.Text)
	f.Str(&m.AdvancedReject)
}

// ReqCurrentTime asks for the time, and whether anybody is there.
type ReqCurrentTime struct{}

// ID is 49.
func (*ReqCurrentTime) ID() int { return 49 }

// Walk names the fields.
func (*ReqCurrentTime) Walk(f *Fields) { f.Version(1) }

// CurrentTime is the server's time, in seconds since 1970.
type CurrentTime struct{ Seconds int64 }

// ID is 49.
func (*CurrentTime) ID() int { return 49 }

// Walk names the fields.
func (m *CurrentTime) Walk(f *Fields) { f.Version(1); f.Int(&m.Seconds) }

// SetServerLogLevel sets how much TWS logs of the API.
type SetServerLogLevel struct{ Level int64 }

// ID is 14.
func (*SetServerLogLevel) ID() int { return 14 }

// Walk names the fields.
func (m *SetServerLogLevel) Walk(f *Fields) { f.Version(1); f.Int(&m.Level) }

// ReqFamilyCodes asks for the families of accounts.
type ReqFamilyCodes struct{}

// ID is 80.
func (*ReqFamilyCodes) ID() int { return 80 }

// Walk names the fields: there are none.
func (*ReqFamilyCodes) Walk(*Fields) {}

// FamilyCodes are the families of accounts.
type FamilyCodes struct{ Codes []TagValue }

// ID is 78.
func (*FamilyCodes) ID() int { return 78 }

// Walk names the fields.
func (m *FamilyCodes) Walk(f *Fields) { f.TagPairs(&m.Codes) }

// ReqUserInfo asks for the brand of the login.
type ReqUserInfo struct{ ReqID int64 }

// ID is 104.
func (*ReqUserInfo) ID() int { return 104 }

// Walk names the fields.
func (m *ReqUserInfo) Walk(f *Fields) { f.Int(&m.ReqID) }

// UserInfo is the brand of the login.
type UserInfo struct {
	ReqID   int64
	BrandID string
}

// ID is 107.
func (*UserInfo) ID() int { return 107 }

// Walk names the fields.
func (m *UserInfo) Walk(f *Fields) { f.Int(&m.ReqID); f.Str(&m.BrandID) }
