// Answers golden cases: see examples/c/vectors.c, which prints the same bytes.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	hd "helpdesk.example/helpdesk"
)

type question struct {
	ID, Ask                    string
	Calendar                   json.RawMessage
	From, To, Time, At, Now, N int64
	Day                        int32
	Count                      int
	Backward                   bool
	Rulebook, History          json.RawMessage
	Agreement                  hd.Agreement
	Metric                     hd.Metric
}

func ofCalendar(asked question) (any, error) {
	calendar, err := hd.CalendarOf(string(asked.Calendar))
	if err != nil {
		return nil, err
	}
	defer calendar.Close()
	switch asked.Ask {
	case "elapsed":
		return calendar.Measure(hd.Elapsed, asked.From, asked.To)
	case "add", "add_latest", "subtract", "subtract_earliest":
		return calendar.Measure(hd.Measure(asked.Ask), asked.From, asked.Time)
	case "is_open":
		return calendar.IsOpen(asked.At)
	case "is_business_day":
		return calendar.IsBusinessDay(asked.Day)
	case "business_day":
		return calendar.BusinessDay(asked.Day, asked.N)
	case "count_business_days":
		return calendar.CountBusinessDays(int32(asked.From), int32(asked.To))
	case "windows":
		windows, err := calendar.Windows(asked.From, asked.To, asked.Backward, asked.Count)
		texts := make([]string, len(windows))
		for i, window := range windows {
			texts[i] = fmt.Sprintf("%d-%d", window[0], window[1])
		}
		return strings.Join(texts, ","), err
	default:
		return calendar.Turn(hd.Turn(asked.Ask), asked.At)
	}
}

func periods(asked question) (any, error) {
	rulebook, err := hd.RulebookOf(string(asked.Rulebook))
	if err != nil {
		return nil, err
	}
	defer rulebook.Close()
	books, err := hd.NewRulebooks(rulebook)
	if err != nil {
		return nil, err
	}
	defer books.Close()
	imported, err := books.Import(string(asked.History))
	if err != nil {
		return nil, err
	}
	var told struct{ Events json.RawMessage }
	if err := json.Unmarshal([]byte(imported), &told); err != nil {
		return nil, err
	}
	ticket, err := books.Replay(string(told.Events))
	if err != nil {
		return nil, err
	}
	defer ticket.Close()
	return ticket.Periods(asked.Agreement, asked.Metric, asked.Now)
}

func answer(asked question) (any, error) {
	if asked.Ask == "periods" {
		return periods(asked)
	}
	return ofCalendar(asked)
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<26)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		answered, err := answer(asked)
		var refused *hd.Error
		if errors.As(err, &refused) {
			answered = "!" + refused.Code
		} else if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Fprintln(out, asked.ID, asked.Ask, answered)
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
