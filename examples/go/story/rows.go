package main

import (
	"encoding/json"
	"fmt"

	hd "helpdesk.example/helpdesk"
)

// stream names what events belong to.
type stream struct {
	Tenant string `json:"tenant"`
	Kind   string `json:"kind"`
	ID     string `json:"id"`
}

// rows is a database of the host's own: maps here, a transaction of yours there.
type rows struct {
	streams map[stream][]json.RawMessage
	owners  map[string]string
	last    int
}

type loaded struct {
	Streams []events  `json:"streams"`
	Owners  []*string `json:"owners"`
	Number  int       `json:"number,omitempty"`
}

type events struct {
	Events []json.RawMessage `json:"events"`
}

func (r *rows) Load(wanted string) (string, error) {
	var asked struct {
		Streams []stream
		Owners  []string
		Number  bool
	}
	if err := json.Unmarshal([]byte(wanted), &asked); err != nil {
		return "", err
	}
	answer := loaded{Streams: []events{}, Owners: []*string{}}
	for _, one := range asked.Streams {
		answer.Streams = append(answer.Streams, events{append([]json.RawMessage{}, r.streams[one]...)})
	}
	for _, key := range asked.Owners {
		var owner *string
		if found, is := r.owners[key]; is {
			owner = &found
		}
		answer.Owners = append(answer.Owners, owner)
	}
	if asked.Number {
		r.last++
		answer.Number = r.last
	}
	text, err := json.Marshal(answer)
	return string(text), err
}

func (r *rows) Commit(commit string) (bool, error) {
	var written struct {
		Parts []struct {
			Stream   stream
			Expected int
			Events   []json.RawMessage
		}
		Unique [][2]string
	}
	if err := json.Unmarshal([]byte(commit), &written); err != nil {
		return false, err
	}
	for _, part := range written.Parts {
		if len(r.streams[part.Stream]) != part.Expected {
			return false, nil
		}
	}
	for _, claim := range written.Unique {
		if owner, is := r.owners[claim[0]]; is && owner != claim[1] {
			return false, nil
		}
	}
	for _, part := range written.Parts {
		r.streams[part.Stream] = append(r.streams[part.Stream], part.Events...)
	}
	for _, claim := range written.Unique {
		r.owners[claim[0]] = claim[1]
	}
	return true, nil
}

func ownStorage(books *hd.Rulebooks) {
	mine := &rows{streams: map[stream][]json.RawMessage{}, owners: map[string]string{}}
	now := at("2026-03-05T09:00:00Z")
	request := `{"open": {"subject": "No network", "requester": {"address": "bob@example.com"}}}`
	var done struct{ Ticket string }
	for step := byte(0); step < 2; step++ {
		text := must(books.Run(byKim(now, 20+step), request, mine))
		fmt.Println("own", text)
		check(json.Unmarshal([]byte(text), &done))
		request = fmt.Sprintf(`{"submit": {"ticket": "%s", "command": {"message": {"body": "Try again"}}}}`, done.Ticket)
		now += hd.Hour
	}
	said := mine.streams[stream{Tenant: hd.UUID{}.String(), Kind: "ticket", ID: done.Ticket}]
	ticket := must(books.Replay(string(must(json.Marshal(said)))))
	defer ticket.Close()
	fmt.Println("own wakes at", shown(must(ticket.WakeAt())))
}
