// A small story, from a calendar to a host with storage of its own. The clients in C, Python and Node print the same bytes.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	hd "helpdesk.example/helpdesk"
)

const rules = `{
  "calendars": {"office": {"hours": {"zone": "Europe/Berlin", "hours": "Mon-Fri 09:00-17:30"}}},
  "calendar": "office",
  "policies": [
    {"name": "urgent", "when": {"priority": ["urgent"]}, "targets": {"first_response": "30min"}},
    {"name": "standard", "targets": {"first_response": "4h", "total_resolution": "2 business days"}}
  ],
  "escalations": [{
    "name": "late",
    "trigger": {"clock": {"metric": "total_resolution"}},
    "levels": [{"name": "soon", "at": "50 %", "actions": [{"notify": {"role": "duty manager"}}]}]
  }]
}`

// must ends the program where something failed that must not.
func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func at(text string) int64 { return must(hd.Instant(text)) }

func shown(instant int64) string {
	if instant == hd.None {
		return "-"
	}
	return must(hd.InstantText(instant))
}

// byKim tells who says something, and when: the agent Kim, with a call id of its own so that nothing is random.
func byKim(now int64, n byte) hd.Call {
	return hd.Call{Role: hd.RoleAgent, Actor: must(hd.Named(hd.Agent, "kim")), At: now, ID: &hd.UUID{15: n}}
}

func showOutcome(what string, done hd.Outcome) {
	fmt.Printf("%s %s #%d version %d events %d wake %s\n", what, done.Ticket, done.Number, done.Version, done.Events, shown(done.WakeAt))
}

func calendars() {
	office := must(hd.ParseCalendar("Mon-Fri 09:00-17:30", "Europe/Amsterdam"))
	defer office.Close()
	asked := at("2026-03-05T16:15:00Z")
	due := must(office.Measure(hd.Add, asked, 4*hd.Hour))
	fmt.Printf("due %s elapsed %d\n", shown(due), must(office.Measure(hd.Elapsed, asked, due)))
}

func tickets(desk *hd.Desk, book *hd.Rulebook) {
	now, later := at("2026-03-05T09:00:00Z"), at("2026-03-10T12:00:00Z")
	opened := must(desk.Open(byKim(now, 1), hd.Open{Subject: "Printer on fire", Address: "ann@example.com"}))
	showOutcome("opened", opened)
	ticket := opened.Ticket

	now += hd.Hour
	showOutcome("replied", must(desk.Reply(byKim(now, 2), ticket, "Which floor? \u260e")))
	now += hd.Hour
	must(desk.Note(byKim(now, 3), ticket, "calm"))
	showOutcome("waits", must(desk.Pend(byKim(now, 3), ticket, hd.PendingCustomer, hd.None)))
	reading := must(desk.Reading(ticket, hd.SLA, hd.FirstResponse, now))
	fmt.Printf("reading %d %d %d %s\n", reading.State, reading.Verdict, reading.Elapsed, shown(reading.Due))

	now += hd.Hour
	request := fmt.Sprintf(`{"submit": {"ticket": "%s", "command": {"changes": [{"add_tag": "vip"}], "step": "resume"}}}`, ticket)
	fmt.Println("done", must(desk.Do(byKim(now, 4), request)))
	_, err := desk.Do(byKim(now, 4), request)
	var refused *hd.Error
	if errors.As(err, &refused) {
		fmt.Printf("refused %d %s %s\n%s\n%s\n", refused.Status, refused.Kind, refused.Code, refused.Message, refused.Detail)
	}

	swept := must(desk.Sweep(later, 100))
	more := 0
	if swept.More {
		more = 1
	}
	fmt.Println("swept", swept.Tickets, swept.Events, swept.ChainsEnded, swept.Failed, more)
	claimed := must(desk.Claim(later, hd.Hour, 10))
	fmt.Println("claimed", claimed)
	var messages []struct{ ID string }
	check(json.Unmarshal([]byte(claimed), &messages))
	check(desk.Acknowledge(must(hd.ParseUUID(messages[0].ID))))
	fmt.Println("nap until", shown(must(desk.Nap(later))))

	clock := `{"agreement": "sla", "metric": "total_resolution"}`
	fmt.Println("ledger", must(desk.Ask(later, fmt.Sprintf(`{"ledger": {"ticket": "%s", "clock": %s}}`, ticket, clock))))
	fmt.Println("readings", must(desk.Ask(later, fmt.Sprintf(`{"readings": {"ticket": "%s"}}`, ticket))))
	fmt.Println("list", must(desk.Ask(later, `{"list": {"page": {"after": null, "newest_first": true, "limit": 10}}}`)))
	figures(desk, later)
	tried(desk, book, later)

	fmt.Println("imported", must(desk.Import(`{
    "ticket": "018f3c1e-7a00-7000-8000-000000000007",
    "number": 7,
    "opened": {"at": "2026-03-05T09:00:00Z", "requester": "018f3c1e-7a00-7000-8000-000000000008"},
    "rows": [
      {"at": "2026-03-05T10:00:00Z", "says": [{"status": {"to": "resolved"}}]},
      {"at": "2026-03-05T09:50:00Z", "says": [{"status": {"to": "open"}}]}
    ]
  }`)))
}

func figures(desk *hd.Desk, asOf int64) {
	part := must(hd.NewTally(asOf))
	defer part.Close()
	check(part.AddDesk(desk))
	bytes := must(part.Bytes())
	fmt.Printf("tally of %d bytes\n", len(bytes))
	whole := must(hd.TallyOf(bytes))
	defer whole.Close()
	check(whole.Merge(part))
	fmt.Println("figures of both", must(whole.Report()))
}

func tried(desk *hd.Desk, before *hd.Rulebook, asOf int64) {
	starter := must(hd.Starter())
	defer starter.Close()
	whatIf := must(hd.NewWhatIf(before, starter, asOf))
	defer whatIf.Close()
	check(whatIf.AddDesk(desk))
	fmt.Println("what if", must(whatIf.Difference()))
}

func main() {
	calendars()
	book := must(hd.RulebookOf(rules))
	defer book.Close()
	fmt.Println("lint", must(book.Lint()))
	books := must(hd.NewRulebooks(book))
	defer books.Close()
	desk := must(hd.InMemory(books))
	defer desk.Close()
	tickets(desk, book)
	ownStorage(books)
}
