package alarm

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/akashi-id/akashi/message"
)

// The names of our own metrics. docs/alarms.md lists them, and the alert rules ask for the first three.
const (
	metricValue    = "akashi_alarm_value"
	metricLast     = "akashi_alarm_last_evaluation_timestamp_seconds"
	metricSourceUp = "akashi_alarm_source_up"
	metricOpen     = "akashi_alarm_open"
	metricOpened   = "akashi_alarm_opened_total"
	metricRounds   = "akashi_alarm_evaluations_total"
)

// metrics are the names with what they mean, for the handler and for docs/alarms.md.
var metrics = []struct {
	name, help string
	labels     []string
	counter    bool
}{
	{metricValue, "What a source measured, in the unit of the alarm's definition.", []string{"alarm", "peer", "about", "drill"}, false},
	{metricLast, "When the alarms were last evaluated; 0: not since the start.", nil, false},
	{metricSourceUp, "1 when the source could be read at the last evaluation, else 0.", []string{"source"}, false},
	{metricOpen, "1 for each alarm that is open.", []string{"alarm", "severity", "peer", "about", "drill"}, false},
	{metricOpened, "Alarms that opened since the start, without those of drills.", []string{"alarm"}, true},
	{metricRounds, "Evaluations since the start, by whether they came to their end.", []string{"result"}, true},
}

// collector turns the last evaluation into metrics. It reads no database: a scrape costs the organisation nothing, and
// goes on while the evaluation does not.
type collector struct{ *Alarms }

// Describe says nothing in advance: which figures there are is known to the sources.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect gives one figure of each name and labels, for a source that gives two must not take the others from the page.
func (c collector) Collect(to chan<- prometheus.Metric) {
	labelsOf := map[string]string{}
	given := map[string]bool{}
	for _, f := range c.figures() {
		names, values := make([]string, len(f.Labels)), make([]string, len(f.Labels))
		for i, l := range f.Labels {
			names[i], values[i] = l.Name, cut(l.Value, maxAbout)
		}
		all := strings.Join(names, "\x00") + "\x00" + f.Help + "\x00" + strconv.FormatBool(f.Counter)
		if known, ok := labelsOf[f.Name]; ok && known != all {
			continue // two sources mean different things by one name; the first is there
		}
		labelsOf[f.Name] = all
		if key := f.Name + "\x00" + strings.Join(values, "\x00"); given[key] {
			continue
		} else {
			given[key] = true
		}
		kind := prometheus.GaugeValue
		if f.Counter {
			kind = prometheus.CounterValue
		}
		if m, err := prometheus.NewConstMetric(prometheus.NewDesc(f.Name, f.Help, names, nil), kind, f.Value, values...); err == nil {
			to <- m
		}
	}
}

// figures are all that is told, our own first.
func (a *Alarms) figures() (all []Figure) {
	ours := func(name string, value float64, labels ...string) {
		for _, m := range metrics {
			if m.name == name {
				f := Figure{Name: name, Help: m.help, Counter: m.counter, Value: value}
				for i, l := range m.labels {
					f.Labels = append(f.Labels, Label{l, labels[i]})
				}
				all = append(all, f)
			}
		}
	}
	a.mu.Lock()
	ours(metricRounds, float64(a.done), "ok")
	ours(metricRounds, float64(a.failed), "failed")
	for _, d := range Definitions {
		ours(metricOpened, float64(a.openings[d.Code]), string(d.Code))
	}
	a.mu.Unlock()
	last := a.last.Load()
	if last == nil {
		ours(metricLast, 0)
		return all
	}
	ours(metricLast, float64(last.at.UnixMicro())/1e6)
	known := map[name]*row{}
	for i, r := range last.rows {
		known[r.name] = &last.rows[i]
		if r.state == Open {
			ours(metricOpen, 1, string(r.code), string(r.severity), string(r.peer), r.about, yesNo(r.drill))
		}
	}
	for _, s := range bounded(last.readings, known) {
		ours(metricValue, float64(s.Value), string(s.Code), string(s.Peer), s.About, yesNo(s.Drill))
	}
	for _, r := range last.readings {
		up := 1.0
		if r.err != nil {
			up = 0
		}
		ours(metricSourceUp, up, r.source)
	}
	for _, r := range last.readings {
		all = append(all, r.figures...)
	}
	return all
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// Gathered tells whether an open alarm stands among the metrics, as whoever scrapes them would read it.
func (a *Alarms) Gathered(code Code, peer message.Org, about string) (bool, error) {
	families, err := a.registry.Gather()
	if err != nil {
		return false, err
	}
	for _, f := range families {
		if f.GetName() != metricOpen {
			continue
		}
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["alarm"] == string(code) && labels["peer"] == string(peer) && labels["about"] == about && m.GetGauge().GetValue() == 1 {
				return true, nil
			}
		}
	}
	return false, nil
}

// Handler serves the metrics, to this machine only: they tell how an organisation works hour by hour. Mount it at
// /metrics below the organisation's base. A proxy on this machine that lets others in does not make them local: whatever
// a proxy has passed on is refused.
func (a *Alarms) Handler() http.Handler {
	metrics := promhttp.HandlerFor(a.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !local(r) {
			http.Error(w, "計測値は、この機械の中からだけ読めます。\nMetrics are read from this machine only.", http.StatusForbidden)
			return
		}
		metrics.ServeHTTP(w, r)
	})
}

// passedOn are the headers by which a proxy tells of itself. That one is there is enough: its first value may be empty.
var passedOn = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"}

func local(r *http.Request) bool {
	if slices.ContainsFunc(passedOn, func(h string) bool { return len(r.Header[h]) > 0 }) {
		return false
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	return loopback(host) && (r.Host == "" || loopback(hostOf(r.Host)))
}

// hostOf is the name under which we were asked. A page elsewhere can make its own name resolve to this machine and would
// then read as one of ours (DNS rebinding); the header keeps its name.
func hostOf(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}
