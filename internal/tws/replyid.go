package tws

// Reply is a reply that says which request it answers.
type Reply interface {
	Message
	// Request is the id of the request; -1 belongs to none.
	Request() int64
}

// Request is the id of the request.
func (m *AccountSummary) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *AccountSummaryEnd) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *AccountUpdateMulti) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *AccountUpdateMultiEnd) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *ContractData) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *ContractDataEnd) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *ErrMsg) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *ExecDetails) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *ExecDetailsEnd) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *FundamentalData) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *HeadTimestamp) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *HistogramData) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *HistoricalData) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *HistoricalDataUpdate) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *HistoricalNews) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *HistoricalNewsEnd) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *HistoricalSchedule) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *HistoricalTicks) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *HistoricalTicksBidAsk) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *HistoricalTicksLast) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *MarketDataType) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *MktDepth) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *MktDepthL2) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *NewsArticle) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *PNL) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *PNLSingle) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *PositionMulti) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *PositionMultiEnd) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *RealTimeBar) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *ScannerData) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *SecDefOptParams) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *SecDefOptParamsEnd) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *SmartComponents) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *SymbolSamples) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *TickByTick) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *TickGeneric) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *TickNews) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *TickOptionComputation) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *TickPrice) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *TickReqParams) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *TickSize) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *TickSnapshotEnd) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *TickString) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *UserInfo) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *WSHEventData) Request() int64 { return m.ReqID }

// Request is the id of the request.
func (m *WSHMetaData) Request() int64 { return m.ReqID }
