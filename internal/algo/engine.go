package algo

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// Strategy is the algorithm: the engine calls what it defines.
type Strategy interface {
	Initialize() error
	OnData(*Slice) error
	OnOrderEvent(*OrderEvent) error
	OnSecuritiesChanged(added, removed []*Security) error
	OnEndOfDay(*Security) error // nil for the day as a whole
	OnWarmupFinished() error
	OnEndOfAlgorithm() error
	OnMarginCall([]Request) ([]Request, error)
	OnMarginCallWarning() error
	OnSplits([]*Split) error
	OnDividends([]*Dividend) error
	OnDelistings([]*Delisting) error
	OnSymbolChanges([]*SymbolChange) error
	OnEndOfTimeStep() error
	// HasOnData and HasOnEndOfDay tell what is defined, so that nothing is
	// prepared for a handler that is not.
	HasOnData() bool
	HasOnEndOfDay() (bySymbol, whole bool)
}

// Status is how a run stands.
type Status string

// The states of a run that ended.
const (
	StatusRunning      Status = "Running"
	StatusCompleted    Status = "Completed"
	StatusRuntimeError Status = "RuntimeError"
	StatusStopped      Status = "Stopped"
	StatusDeleted      Status = "Deleted"
)

// Settings are what an algorithm may change of the engine.
type Settings struct {
	FreeValue           *num.Decimal
	FreePercent         num.Decimal
	MinOrderMargin      num.Decimal // share of the portfolio
	MaxTarget           num.Decimal
	MinTarget           num.Decimal
	LiquidateEnabled    bool
	RebalanceOnInsights bool
	RebalanceOnChanges  bool
	StalePrice          time.Duration
	DailyPreciseEndTime bool
	WarmupResolution    *Resolution
	AutoWarmUp          bool
	SeedPrices          bool
	IgnoreUnknown       bool
	TradingDays         int // zero: by the brokerage
	MarketOnCloseBuffer time.Duration
	MaximumOrders       int
}

// UniverseSettings are the subscription defaults of what is added.
type UniverseSettings struct {
	Resolution  Resolution
	Leverage    num.Decimal
	FillForward bool
	Extended    bool
	Norm        Normalization
	MinTime     int64 // a member stays at least so long
	// Schedule gives the days to choose on between two wall clocks; nil: every
	// day that has data.
	Schedule func(from, to int64) (Days, error)
	// Shared says that these are the algorithm's own settings: later changes of
	// those hold for the universe, too.
	Shared bool
}

// Engine runs one algorithm over one stretch of time. It is for one goroutine.
type Engine struct {
	source    Source
	strategy  Strategy
	ctx       context.Context
	Settings  Settings
	Universe  UniverseSettings
	Portfolio *Portfolio
	Securities
	Brokerage BrokerageModel
	Schedule  *Schedule
	Params    map[string]string

	Zone       *Zone // the algorithm's
	newYork    *Zone
	start, end int64 // the algorithm's wall clock
	latest     int64 // the end of yesterday there; 0: not said
	startUTC   int64
	endUTC     int64
	utc        int64
	Warming    bool
	warmStart  int64 // utc
	warmBars   int
	warmSpan   int64
	warmRes    *Resolution
	locked     bool // Initialize is over
	Status     Status
	Err        error
	OnLog      func(kind, text string)
	Progress   func(done float64, at int64)
	EveryStep  bool // no quiet steps; results are the same

	customs    map[string]declared // by name
	entered    map[string]Properties
	symbols    map[string]*Symbol
	byTicker   map[string]*Symbol
	references map[*Symbol]*reference
	hours      map[string]*Hours
	shared     map[*market.Calendar]*Hours
	packets    []packet           // of the last step, to be used again
	passes     []passing          // of the last stretch, to be used again
	passed     int                // points of all stretches
	round      int                // of gathering
	slots      [2]map[*Symbol]int // of a step's bars and quotes

	subs    []*subscription
	step    int64 // of filling forward
	changes []pendingChange
	running bool // the first end of a step is over
	feeds   []*Config
	added   []func() error // universes that begin at the end of the step
	// Stored gives a value of the algorithm's object store, nil where there is none.
	Stored func(key string) ([]byte, error)
	// OnPosition is told after every change of a position.
	OnPosition   func()
	requests     []func() // of orders, to be carried out
	currencyFed  map[*Symbol]*Config
	dayEnds      map[*Security]*Event
	benchmarkFed bool
	// Initializer is told of every new security before its first data.
	Initializer func(*Security) error
	universes   []*universe
	Slice       *Slice
	benchmark   *Security
	BenchmarkFn func(utc int64) (num.Decimal, error)

	open, all, pending []*Ticket
	tickets            map[int]*Ticket
	lastOrder          int
	orderCount         int
	scanning           bool
	OrderEvents        []*OrderEvent
	capacity           *capacity
	trades             *trades

	Points        int // data points
	HistoryPoints int
	Seed          uint64

	Charts   *Charts
	results  *sampler
	read     map[string][]dated // series that were read, while many figures are made of them
	rates    *riskFree
	RiskFree func(local int64) (num.Decimal, error)
	plain    map[string]bool // warnings told once
}

func errf(format string, args ...any) error { return fmt.Errorf(format, args...) }

// NewEngine makes an engine with LEAN's defaults.
func NewEngine(ctx context.Context, source Source) *Engine {
	ny, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err) // embedded
	}
	e := &Engine{customs: map[string]declared{}, entered: map[string]Properties{}, source: source, ctx: ctx, Status: StatusRunning,
		Settings: Settings{FreePercent: num.New(25, 4), MinOrderMargin: num.New(1, 3), MaxTarget: num.FromInt(1e9), MinTarget: num.New(1, 10),
			LiquidateEnabled: true, RebalanceOnInsights: true, RebalanceOnChanges: true, StalePrice: time.Hour, DailyPreciseEndTime: true},
		Universe: UniverseSettings{Resolution: Minute, FillForward: true, Norm: Adjusted, MinTime: nsDay},
		Zone:     NewZone(ny), newYork: NewZone(ny), Params: map[string]string{},
		symbols: map[string]*Symbol{}, byTicker: map[string]*Symbol{}, references: map[*Symbol]*reference{}, hours: map[string]*Hours{}, shared: map[*market.Calendar]*Hours{}, slots: [2]map[*Symbol]int{{}, {}},
		tickets: map[int]*Ticket{}, currencyFed: map[*Symbol]*Config{}, dayEnds: map[*Security]*Event{}, step: nsMinute, plain: map[string]bool{},
	}
	e.Securities = Securities{by: map[*Symbol]*Security{}}
	e.Portfolio = newPortfolio(e)
	e.Portfolio.SetCash(num.FromInt(100_000))
	e.Portfolio.cashSet, e.Portfolio.foreignSet = false, false
	e.Brokerage = DefaultBrokerage{}
	e.Schedule = newSchedule(e)
	e.Charts = newCharts(e)
	e.capacity = newCapacity(e)
	e.trades = newTrades()
	e.results = newSampler(e)
	e.SetStart(market.Date{Year: 1998, Month: 1, Day: 1})
	e.end = localOf(market.DateOf(time.Unix(0, 0))) - 1
	return e
}

// SetUniverse changes the algorithm's own settings of universes.
func (e *Engine) SetUniverse(s UniverseSettings) {
	e.Universe = s
	for _, u := range e.universes {
		if u.Settings.Shared {
			s.Schedule = u.Settings.Schedule // it was made with that
			u.Settings = s
		}
	}
}

// SetStart sets the first day, midnight of the algorithm's zone.
func (e *Engine) SetStart(d market.Date) {
	e.start = localOf(d)
	e.utc = e.Zone.UTC(e.start)
}

// SetToday says what day it is: a run ends the day before at the latest, which
// is its default end, too. Without it an end has to be set.
func (e *Engine) SetToday(d market.Date) {
	e.latest = localOf(d) - 100
	e.end = e.latest
}

// SetEnd sets the last day, which counts whole.
func (e *Engine) SetEnd(d market.Date) {
	e.end = localOf(d) + nsDay - 100
	if e.latest != 0 {
		e.end = min(e.end, e.latest)
	}
}

// Start and End give the run's bounds on the algorithm's wall clock.
func (e *Engine) Start() int64 { return e.start }

// End is the last moment on the algorithm's wall clock.
func (e *Engine) End() int64 { return e.end }

// EndUTC is the end of the run.
func (e *Engine) EndUTC() int64 { return e.endUTC }

// SetZone sets the algorithm's zone.
func (e *Engine) SetZone(loc *time.Location) {
	e.Zone = NewZone(loc)
	e.utc = e.Zone.UTC(e.start)
}

// UTC is the engine's time.
func (e *Engine) UTC() int64 { return e.utc }

// Local is the engine's time on the algorithm's wall clock.
func (e *Engine) Local() int64 { return e.Zone.Local(e.utc) }

// SetWarmup asks for data before the start: a span, or so many bars. The
// resolution replaces the subscriptions' own unless it is nil.
func (e *Engine) SetWarmup(span time.Duration, bars int, r *Resolution) error {
	if e.locked {
		return errf("QCAlgorithm.SetWarmup(): This method cannot be used after algorithm initialized")
	}
	e.warmSpan, e.warmBars, e.warmRes = int64(span), bars, r
	e.Settings.WarmupResolution = r
	e.Warming = span > 0 || bars > 0
	return nil
}

// Locked tells whether Initialize is over.
func (e *Engine) Locked() bool { return e.locked }

func (e *Engine) log(kind, text string) {
	if e.OnLog != nil {
		e.OnLog(kind, text)
	}
}

// Debugf tells the user something.
func (e *Engine) Debugf(format string, args ...any) { e.log("debug", fmt.Sprintf(format, args...)) }

// Errorf tells the user of an error that does not end the run.
func (e *Engine) Errorf(format string, args ...any) { e.log("error", fmt.Sprintf(format, args...)) }

// once tells the user something the first time only.
func (e *Engine) once(text string) {
	if !e.plain[text] {
		e.plain[text] = true
		e.Debugf("%s", text)
	}
}

func (e *Engine) dataError(err error) { e.Errorf("%v", err) }

// fail ends the run with a runtime error.
func (e *Engine) fail(err error) {
	if e.Err == nil && err != nil {
		e.Err = err
		e.Status = StatusRuntimeError
	}
}

// stop ends the run in a state.
func (e *Engine) stop(s Status) {
	if e.Status == StatusRunning {
		e.Status = s
	}
}

// Quit ends the run after the current step.
func (e *Engine) Quit(message string) {
	if message != "" {
		e.Debugf("Quit(): %s", message)
	}
	e.stop(StatusStopped)
}

// ErrCanceled says that a run was cancelled from outside.
var ErrCanceled = errors.New("the backtest was cancelled")

// Securities are the securities of an algorithm by symbol.
type Securities struct {
	by   map[*Symbol]*Security
	list []*Security
	ever []*Security
}

// Get gives a security, nil when it was not added.
func (s *Securities) Get(sym *Symbol) *Security { return s.by[sym] }

// All gives the securities in the order they were added.
func (s *Securities) All() []*Security { return s.list }

// Ever gives the securities with those that were removed.
func (s *Securities) Ever() []*Security { return s.ever }

// Len counts the securities.
func (s *Securities) Len() int { return len(s.list) }

func (s *Securities) add(sec *Security) {
	s.by[sec.Symbol] = sec
	s.list = append(s.list, sec)
	for _, x := range s.ever {
		if x == sec {
			return
		}
	}
	s.ever = append(s.ever, sec)
}

func (s *Securities) remove(sym *Symbol) {
	delete(s.by, sym)
	for i, x := range s.list {
		if x.Symbol == sym {
			s.list = append(s.list[:i:i], s.list[i+1:]...)
			return
		}
	}
}

// Remembered gives a security that was added at any time.
func (s *Securities) Remembered(sym *Symbol) *Security {
	for _, x := range s.ever {
		if x.Symbol == sym {
			return x
		}
	}
	return nil
}

// reference gives the map and factor files of a symbol.
func (e *Engine) reference(s *Symbol) (*reference, error) {
	if r := e.references[s]; r != nil {
		return r, nil
	}
	r := &reference{}
	if s.Kind == Equity {
		ticker := s.Root
		maps, err := e.source.Map(s.Kind, s.Market, ticker, s.Date)
		if err != nil {
			e.dataError(err)
		}
		r.maps = maps
		if r.factors, err = e.source.Factors(s.Kind, s.Market, permanent(maps, ticker)); err != nil {
			e.dataError(err)
		}
	}
	e.references[s] = r
	return r, nil
}

// permanent is the ticker a security's files bear: the last it had.
func permanent(maps []MapRow, otherwise string) string {
	if len(maps) == 0 {
		return otherwise
	}
	return maps[len(maps)-1].Ticker
}

// sortBySymbol orders securities by identifier.
func sortBySymbol(list []*Security) {
	sort.SliceStable(list, func(i, j int) bool { return list[i].Symbol.ID < list[j].Symbol.ID })
}
