package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/cheggaaa/pb/v3"

	"github.com/authysh/authysh/luabind"
)

// progressPause is how often a batch says how far it is where there is no terminal to draw on.
const progressPause = 10 * time.Second

// Forms of the bar: for a source of known size, of unknown size, and for windows too narrow for a bar.
const (
	barTemplate    = `{{string . "counts"}} {{bar . "[" "=" ">" " " "]"}} {{percent . "%.0f%%"}}  {{string . "took"}}{{string . "left"}}`
	countTemplate  = `{{string . "counts"}}  {{string . "took"}} {{cycle . "-" "\\" "|" "/"}}`
	narrowTemplate = `{{string . "counts"}} {{percent . "%.0f%%" ""}} {{string . "took"}}`

	narrow = 60
)

// batchStarted bounds the memory of a batch, and shows how far it is until it ends, and then how it went. It writes to where
// the script's errors go.
func (a *app) batchStarted(w io.Writer) func(luabind.Batch) func(*luabind.BatchSummary) {
	return func(b luabind.Batch) func(*luabind.BatchSummary) {
		release := a.keepSmall()
		if a.quiet {
			return func(*luabind.BatchSummary) { release() }
		}
		stop := a.showProgress(w, b)
		return func(summary *luabind.BatchSummary) {
			release()
			stop()
			if summary.Rows > 0 || summary.Stopped == "" { // else it did not begin, and the error says why
				writeSummary(w, summary)
			}
		}
	}
}

// showProgress draws a bar on a terminal, and elsewhere writes a line now and then.
func (a *app) showProgress(w io.Writer, b luabind.Batch) (stop func()) {
	if dumb, _ := a.lookupEnv("TERM"); a.stderrTerminal && dumb != "dumb" {
		return a.console.Status(newBatchBar(b).draw)
	}
	meter := &batchMeter{batch: b}
	return every(progressPause, func() {
		meter.measure()
		line := "batch: " + meter.counts(", ") + ", " + meter.took()
		if part, ok := b.Fraction(); ok {
			line += fmt.Sprintf(", %.0f%%", 100*part)
		}
		fmt.Fprintln(w, line+meter.left(", "))
	})
}

// batchMeter turns the counts of a batch into words.
type batchMeter struct {
	batch luabind.Batch

	at    time.Time // of the last measurement
	rows  int64     // by then, of this run
	part  float64   // likewise, of the source
	rate  float64   // rows per second, smoothed
	speed float64   // parts of the source per second, smoothed
}

// measure takes the rate since the last time, at most once a second.
func (m *batchMeter) measure() {
	const least, weight = time.Second, 0.3
	now := time.Now()
	if m.at.IsZero() {
		m.at = m.batch.Began()
	}
	past := now.Sub(m.at)
	if past < least {
		return
	}
	rows, _, _, _ := m.batch.Counts()
	rows -= m.batch.Earlier()
	part, _ := m.batch.Fraction()
	rate, speed := float64(rows-m.rows)/past.Seconds(), (part-m.part)/past.Seconds()
	if m.rate == 0 {
		m.rate, m.speed = rate, speed
	} else {
		m.rate += weight * (rate - m.rate)
		m.speed += weight * (speed - m.speed)
	}
	m.at, m.rows, m.part = now, rows, part
}

// counts lists how many rows there were, and how they ended.
func (m *batchMeter) counts(separator string) string {
	rows, done, failed, inDoubt := m.batch.Counts()
	parts := []string{rowCount(rows)}
	if m.rate > 0 {
		parts = append(parts, perSecond(m.rate))
	}
	parts = append(parts, grouped(done)+" ok")
	if failed > 0 {
		parts = append(parts, grouped(failed)+" failed")
	}
	if inDoubt > 0 {
		parts = append(parts, grouped(inDoubt)+" in doubt")
	}
	if pause := m.batch.Paused(); pause >= time.Second {
		parts = append(parts, "asked to pause "+clockTime(pause))
	}
	if m.batch.Stopping() {
		parts = append(parts, "stopping")
	}
	return strings.Join(parts, separator)
}

func (m *batchMeter) took() string { return clockTime(time.Since(m.batch.Began())) }

// left is the time that the rest of the source will take, if that can be told.
func (m *batchMeter) left(separator string) string {
	part, known := m.batch.Fraction()
	if !known || m.speed <= 0 || part >= 1 {
		return ""
	}
	seconds := (1 - part) / m.speed
	if seconds > (1000 * time.Hour).Seconds() {
		return ""
	}
	return separator + clockTime(time.Duration(seconds*float64(time.Second))) + " left"
}

// batchBar is a batchMeter with a bar.
type batchBar struct {
	batchMeter
	bar *pb.ProgressBar
}

// barSteps is what the bar counts: parts of the source.
const barSteps = 10_000

func newBatchBar(b luabind.Batch) *batchBar {
	bar := pb.New64(barSteps).SetWriter(io.Discard)
	bar.Set(pb.Static, true)
	return &batchBar{batchMeter: batchMeter{batch: b}, bar: bar}
}

// draw gives the bar for a width.
func (b *batchBar) draw(columns int) string {
	b.measure()
	form, separator := countTemplate, "  "
	part, known := b.batch.Fraction()
	switch {
	case columns < narrow:
		form, separator = narrowTemplate, " "
	case known:
		form = barTemplate
	}
	if !known {
		b.bar.SetTotal(0)
	}
	b.bar.SetCurrent(int64(part * barSteps))
	b.bar.Set("counts", b.counts(separator)).Set("took", b.took()).Set("left", b.left("  "))
	return b.bar.SetTemplateString(form).SetWidth(columns).String()
}

// rowCount is a number of rows in words.
func rowCount(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return grouped(n) + " rows"
}

// writeSummary tells how a batch went.
func writeSummary(w io.Writer, s *luabind.BatchSummary) {
	fmt.Fprintf(w, "batch: %s in %s", rowCount(s.Rows), clockTime(s.Took))
	if s.Rate > 0 {
		fmt.Fprintf(w, ", %s", perSecond(s.Rate))
	}
	if s.Earlier > 0 {
		fmt.Fprintf(w, "; %s of them settled in an earlier run", grouped(s.Earlier))
	}
	fmt.Fprintln(w)
	for _, line := range []struct {
		name  string
		count int64
		hint  string
	}{
		{"done", s.Done, ""},
		{"failed", s.Failed, journalHint(s.Journal, "failed")},
		{"in doubt", s.InDoubt, journalHint(s.Journal, "doubt")},
		{"duplicates", s.Duplicates, ""},
		{"not finished", s.Unfinished, ""},
	} {
		if line.count > 0 {
			fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("  %10s  %-12s%s", grouped(line.count), line.name, line.hint), " "))
		}
	}
	if s.Earlier > 0 && len(s.Errors) > 0 {
		fmt.Fprintln(w, "failures of this run:")
	}
	writeErrors(w, s.Errors)
	if s.Failed > 0 && s.Journal != "" {
		fmt.Fprintln(w, "failed rows run again with retry_failed = true")
	}
	if s.Stopped != "" && s.Journal != "" {
		fmt.Fprintf(w, "to resume from %s, run the same command again\n", s.Journal)
	}
}

func journalHint(journal, command string) string {
	if journal == "" {
		return ""
	}
	return "  authysh journal " + command + " " + journal
}

// writeErrors lists the most frequent kinds of failures with an example each.
func writeErrors(w io.Writer, groups []luabind.BatchErrors) {
	const most = 10
	for i, group := range groups {
		if i == most {
			fmt.Fprintf(w, "  ... and %d more kinds of failures\n", len(groups)-most)
			return
		}
		name := group.Kind
		if group.Code != "" {
			name += " " + group.Code
		}
		fmt.Fprintf(w, "  %10s  %s: %s (row %s)\n", grouped(group.Count)+" x", name, printable(oneLine(group.Example)), grouped(group.Row))
	}
}

// grouped writes a number with commas: 12,345.
func grouped(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// perSecond is a rate with no more digits than it deserves.
func perSecond(rate float64) string {
	if rate >= 10 {
		return grouped(int64(rate+0.5)) + "/s"
	}
	return fmt.Sprintf("%.1f/s", rate)
}

// clockTime is a length of time such as 0:07 or 1:02:03.
func clockTime(d time.Duration) string {
	seconds := int64(d.Seconds())
	if seconds >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	}
	return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
}
