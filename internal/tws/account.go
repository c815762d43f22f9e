package tws

import "quantdesk/internal/num"

// ReqAccountUpdates subscribes to values and portfolio of one account.
type ReqAccountUpdates struct {
	Subscribe bool
	Account   string
}

// ID is 6.
func (*ReqAccountUpdates) ID() int { return 6 }

// Walk names the fields.
func (m *ReqAccountUpdates) Walk(f *Fields) {
	f.Version(2)
	f.Bool(&m.Subscribe)
	f.Str(&m.Account)
}

// AccountValue is one value of an account.
type AccountValue struct {
	Key      string
	Value    string
	Currency string
	Account  string
}

// ID is 6.
func (*AccountValue) ID() int { return 6 }

// Walk names the fields.
func (m *AccountValue) Walk(f *Fields) {
	f.Version(2)
	f.Str(&m.Key)
	f.Str(&m.Value)
	f.Str(&m.Currency)
	f.Str(&m.Account)
}

// PortfolioValue is one position with its prices.
type PortfolioValue struct {
	Contract      Contract
	Position      num.Decimal
	MarketPrice   num.Decimal
	MarketValue   num.Decimal
	AverageCost   num.Decimal
	UnrealizedPNL num.Decimal
	RealizedPNL   num.Decimal
	Account       string
}

// ID is 7.
func (*PortfolioValue) ID() int { return 7 }

// Walk names the fields.
func (m *PortfolioValue) Walk(f *Fields) {
	f.Version(8)
	m.Contract.first(f)
	f.Str(&m.Contract.PrimaryExchange)
	m.Contract.last(f)
	f.Num(&m.Position)
	f.Num(&m.MarketPrice)
	f.Num(&m.MarketValue)
	f.Num(&m.AverageCost)
	f.Num(&m.UnrealizedPNL)
	f.Num(&m.RealizedPNL)
	f.Str(&m.Account)
}

// AccountUpdateTime is when the values were taken, hh:mm.
type AccountUpdateTime struct {
	Time string
}

// ID is 8.
func (*AccountUpdateTime) ID() int { return 8 }

// Walk names the fields.
func (m *AccountUpdateTime) Walk(f *Fields) {
	f.Version(1)
	f.Str(&m.Time)
}

// AccountDownloadEnd ends the first full set of values.
type AccountDownloadEnd struct {
	Account string
}

// ID is 54.
func (*AccountDownloadEnd) ID() int { return 54 }

// Walk names the fields.
func (m *AccountDownloadEnd) Walk(f *Fields) {
	f.Version(1)
	f.Str(&m.Account)
}

// ReqAccountUpdatesMulti subscribes to the values of an account and a model.
type ReqAccountUpdatesMulti struct {
	ReqID        int64
	Account      string
	Model        string
	LedgerAndNLV bool
}

// ID is 76.
func (*ReqAccountUpdatesMulti) ID() int { return 76 }

// Walk names the fields.
func (m *ReqAccountUpdatesMulti) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
	f.Str(&m.Account)
	f.Str(&m.Model)
	f.Bool(&m.LedgerAndNLV)
}

// CancelAccountUpdatesMulti ends such a subscription.
type CancelAccountUpdatesMulti struct {
	ReqID int64
}

// ID is 77.
func (*CancelAccountUpdatesMulti) ID() int { return 77 }

// Walk names the fields.
func (m *CancelAccountUpdatesMulti) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
}

// AccountUpdateMulti is one value of such a subscription.
type AccountUpdateMulti struct {
	ReqID    int64
	Account  string
	Model    string
	Key      string
	Value    string
	Currency string
}

// ID is 73.
func (*AccountUpdateMulti) ID() int { return 73 }

// Walk names the fields.
func (m *AccountUpdateMulti) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
	f.Str(&m.Account)
	f.Str(&m.Model)
	f.Str(&m.Key)
	f.Str(&m.Value)
	f.Str(&m.Currency)
}

// AccountUpdateMultiEnd ends the first full set.
type AccountUpdateMultiEnd struct {
	ReqID int64
}

// ID is 74.
func (*AccountUpdateMultiEnd) ID() int { return 74 }

// Walk names the fields.
func (m *AccountUpdateMultiEnd) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
}

// ReqAccountSummary subscribes to chosen values of all accounts.
type ReqAccountSummary struct {
	ReqID int64
	Group string
	Tags  string // comma list
}

// ID is 62.
func (*ReqAccountSummary) ID() int { return 62 }

// Walk names the fields.
func (m *ReqAccountSummary) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
	f.Str(&m.Group)
	f.Str(&m.Tags)
}

// CancelAccountSummary ends such a subscription.
type CancelAccountSummary struct {
	ReqID int64
}

// ID is 63.
func (*CancelAccountSummary) ID() int { return 63 }

// Walk names the fields.
func (m *CancelAccountSummary) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
}

// AccountSummary is one value of such a subscription.
type AccountSummary struct {
	ReqID    int64
	Account  string
	Tag      string
	Value    string
	Currency string
}

// ID is 63.
func (*AccountSummary) ID() int { return 63 }

// Walk names the fields.
func (m *AccountSummary) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
	f.Str(&m.Account)
	f.Str(&m.Tag)
	f.Str(&m.Value)
	f.Str(&m.Currency)
}

// AccountSummaryEnd ends the first full set.
type AccountSummaryEnd struct {
	ReqID int64
}

// ID is 64.
func (*AccountSummaryEnd) ID() int { return 64 }

// Walk names the fields.
func (m *AccountSummaryEnd) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
}

// ReqPositions subscribes to the positions of all accounts.
type ReqPositions struct {
}

// ID is 61.
func (*ReqPositions) ID() int { return 61 }

// Walk names the fields.
func (*ReqPositions) Walk(f *Fields) {
	f.Version(1)
}

// CancelPositions ends it.
type CancelPositions struct {
}

// ID is 64.
func (*CancelPositions) ID() int { return 64 }

// Walk names the fields.
func (*CancelPositions) Walk(f *Fields) {
	f.Version(1)
}

// Position is one position; its average cost is per unit, times the multiplier,
// commissions included.
type Position struct {
	Account  string
	Contract Contract
	Position num.Decimal
	AvgCost  num.Decimal
}

// ID is 61.
func (*Position) ID() int { return 61 }

// Walk names the fields.
func (m *Position) Walk(f *Fields) {
	f.Version(3)
	f.Str(&m.Account)
	m.Contract.told(f)
	f.Num(&m.Position)
	f.Num(&m.AvgCost)
}

// PositionEnd ends the first full set.
type PositionEnd struct {
}

// ID is 62.
func (*PositionEnd) ID() int { return 62 }

// Walk names the fields.
func (*PositionEnd) Walk(f *Fields) {
	f.Version(1)
}

// ReqPositionsMulti subscribes to the positions of an account and a model.
type ReqPositionsMulti struct {
	ReqID   int64
	Account string
	Model   string
}

// ID is 74.
func (*ReqPositionsMulti) ID() int { return 74 }

// Walk names the fields.
func (m *ReqPositionsMulti) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
	f.Str(&m.Account)
	f.Str(&m.Model)
}

// CancelPositionsMulti ends such a subscription.
type CancelPositionsMulti struct {
	ReqID int64
}

// ID is 75.
func (*CancelPositionsMulti) ID() int { return 75 }

// Walk names the fields.
func (m *CancelPositionsMulti) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
}

// PositionMulti is one position of such a subscription.
type PositionMulti struct {
	ReqID    int64
	Account  string
	Contract Contract
	Position num.Decimal
	AvgCost  num.Decimal
	Model    string
}

// ID is 71.
func (*PositionMulti) ID() int { return 71 }

// Walk names the fields.
func (m *PositionMulti) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
	f.Str(&m.Account)
	m.Contract.told(f)
	f.Num(&m.Position)
	f.Num(&m.AvgCost)
	f.Str(&m.Model)
}

// PositionMultiEnd ends the first full set.
type PositionMultiEnd struct {
	ReqID int64
}

// ID is 72.
func (*PositionMultiEnd) ID() int { return 72 }

// Walk names the fields.
func (m *PositionMultiEnd) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
}

// ReqPNL subscribes to the day's profit of an account.
type ReqPNL struct {
	ReqID   int64
	Account string
	Model   string
}

// ID is 92.
func (*ReqPNL) ID() int { return 92 }

// Walk names the fields.
func (m *ReqPNL) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.Str(&m.Account)
	f.Str(&m.Model)
}

// CancelPNL ends such a subscription.
type CancelPNL struct {
	ReqID int64
}

// ID is 93.
func (*CancelPNL) ID() int { return 93 }

// Walk names the fields.
func (m *CancelPNL) Walk(f *Fields) {
	f.Int(&m.ReqID)
}

// PNL is the day's profit of an account.
type PNL struct {
	ReqID      int64
	Daily      OptNum
	Unrealized OptNum
	Realized   OptNum
}

// ID is 94.
func (*PNL) ID() int { return 94 }

// Walk names the fields.
func (m *PNL) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.OptNum(&m.Daily, Max)
	f.OptNum(&m.Unrealized, Max)
	f.OptNum(&m.Realized, Max)
}

// ReqPNLSingle subscribes to the day's profit of a position.
type ReqPNLSingle struct {
	ReqID   int64
	Account string
	Model   string
	ConID   int64
}

// ID is 94.
func (*ReqPNLSingle) ID() int { return 94 }

// Walk names the fields.
func (m *ReqPNLSingle) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.Str(&m.Account)
	f.Str(&m.Model)
	f.Int(&m.ConID)
}

// CancelPNLSingle ends such a subscription.
type CancelPNLSingle struct {
	ReqID int64
}

// ID is 95.
func (*CancelPNLSingle) ID() int { return 95 }

// Walk names the fields.
func (m *CancelPNLSingle) Walk(f *Fields) {
	f.Int(&m.ReqID)
}

// PNLSingle is the day's profit of a position.
type PNLSingle struct {
	ReqID      int64
	Position   num.Decimal
	Daily      OptNum
	Unrealized OptNum
	Realized   OptNum
	Value      OptNum
}

// ID is 95.
func (*PNLSingle) ID() int { return 95 }

// Walk names the fields.
func (m *PNLSingle) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.Num(&m.Position)
	f.OptNum(&m.Daily, Max)
	f.OptNum(&m.Unrealized, Max)
	f.OptNum(&m.Realized, Max)
	f.OptNum(&m.Value, Max)
}
