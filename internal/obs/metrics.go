package obs

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are the desk's counters, in a registry of their own.
type Metrics struct {
	reg   *prometheus.Registry
	calls *prometheus.CounterVec
	took  *prometheus.HistogramVec
}

// NewMetrics makes the counters. working tells how many orders are alive.
func NewMetrics(version string, working func() float64) *Metrics {
	m := &Metrics{
		reg: prometheus.NewRegistry(),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "quantdesk_tool_calls_total", Help: "Tool calls by tool and result code.",
		}, []string{"tool", "code"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "quantdesk_tool_seconds", Help: "Time of tool calls.", Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .5, 1, 5, 30},
		}, []string{"tool"}),
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{Name: "quantdesk_build_info", Help: "Always 1.", ConstLabels: prometheus.Labels{"version": version}})
	info.Set(1)
	m.reg.MustRegister(m.calls, m.took, info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "quantdesk_orders_working", Help: "Orders that have not ended."}, working))
	return m
}

// Observe counts a call.
func (m *Metrics) Observe(tool, code string, took time.Duration) {
	m.calls.WithLabelValues(tool, code).Inc()
	m.took.WithLabelValues(tool).Observe(took.Seconds())
}

// Handler serves the counters.
func (m *Metrics) Handler() http.Handler { return promhttp.HandlerFor(m.reg, promhttp.HandlerOpts{}) }
