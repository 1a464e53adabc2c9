// A small story, from a calendar to a host with storage of its own. The clients in C, Python and Go print the same bytes.
'use strict';

const hd = require('./helpdesk.js');

const RULES = {
  calendars: { office: { hours: { zone: 'Europe/Berlin', hours: 'Mon-Fri 09:00-17:30' } } },
  calendar: 'office',
  policies: [
    { name: 'urgent', when: { priority: ['urgent'] }, targets: { first_response: '30min' } },
    { name: 'standard', targets: { first_response: '4h', total_resolution: '2 business days' } },
  ],
  escalations: [{
    name: 'late',
    trigger: { clock: { metric: 'total_resolution' } },
    levels: [{ name: 'soon', at: '50 %', actions: [{ notify: { role: 'duty manager' } }] }],
  }],
};
const HOUR = 3600n * 1000000n;
const print = (...words) => console.log(words.join(' '));

// Who says something, and when: the agent Kim, with a call id of its own so that nothing is random.
const kim = hd.named('agent', 'kim');
const byKim = (at, n) => ({ role: 'agent', actor: kim, at, id: `00000000-0000-0000-0000-${n.toString(16).padStart(12, '0')}` });

const showOutcome = (what, done) =>
  print(`${what} ${done.ticket} #${done.number} version ${done.version} events ${done.events} wake ${hd.instantText(done.wake_at)}`);

function calendars() {
  const office = hd.Calendar.parse('Mon-Fri 09:00-17:30', 'Europe/Amsterdam');
  const asked = hd.instant('2026-03-05T16:15:00Z');
  const due = office.ask('add', asked, 4n * HOUR);
  print(`due ${hd.instantText(due)} elapsed ${office.ask('elapsed', asked, due)}`);
  office.close();
}

function tickets(desk, rules) {
  let now = hd.instant('2026-03-05T09:00:00Z');
  const later = hd.instant('2026-03-10T12:00:00Z');
  const opened = desk.open(byKim(now, 1), { subject: 'Printer on fire', address: 'ann@example.com' });
  showOutcome('opened', opened);
  const { ticket } = opened;

  now += HOUR;
  showOutcome('replied', desk.reply(byKim(now, 2), ticket, 'Which floor? \u260e'));
  now += HOUR;
  desk.note(byKim(now, 3), ticket, 'calm');
  showOutcome('waits', desk.pend(byKim(now, 3), ticket, 0));
  const reading = desk.reading(ticket, 0, now);
  print(`reading ${reading.state} ${reading.verdict} ${reading.elapsed} ${hd.instantText(BigInt(reading.due))}`);

  now += HOUR;
  const request = { submit: { ticket, command: { changes: [{ add_tag: 'vip' }], step: 'resume' } } };
  print('done', desk.doJson(byKim(now, 4), request));
  try {
    desk.doJson(byKim(now, 4), request);
  } catch (error) {
    print(`refused ${error.status} ${error.kind} ${error.code}\n${error.message}\n${error.detailJson}`);
  }

  const swept = desk.sweep(later, 100);
  print('swept', swept.tickets, swept.events, swept.chains_ended, swept.failed, swept.more);
  const claimed = desk.claimJson(later, HOUR, 10);
  print('claimed', claimed);
  desk.acknowledge(JSON.parse(claimed)[0].id);
  print('nap until', hd.instantText(desk.nap(later)));

  print('ledger', desk.askJson(later, { ledger: { ticket, clock: { agreement: 'sla', metric: 'total_resolution' } } }));
  print('readings', desk.askJson(later, { readings: { ticket } }));
  print('list', desk.askJson(later, { list: { page: { after: null, newest_first: true, limit: 10 } } }));

  const part = hd.Tally.empty(later);
  part.addDesk(desk);
  const raw = part.toBytes();
  print(`tally of ${raw.length} bytes`);
  const whole = hd.Tally.fromBytes(raw);
  whole.merge(part);
  print('figures of both', whole.reportJson());
  [whole, part].forEach((tally) => tally.close());

  const starter = hd.Rulebook.starter();
  const whatIf = hd.WhatIf.of(rules, starter, later);
  whatIf.addDesk(desk);
  print('what if', whatIf.differenceJson());
  [whatIf, starter].forEach((handle) => handle.close());

  print('imported', desk.importJson({
    ticket: '018f3c1e-7a00-7000-8000-000000000007',
    number: 7,
    opened: { at: '2026-03-05T09:00:00Z', requester: '018f3c1e-7a00-7000-8000-000000000008' },
    rows: [
      { at: '2026-03-05T10:00:00Z', says: [{ status: { to: 'resolved' } }] },
      { at: '2026-03-05T09:50:00Z', says: [{ status: { to: 'open' } }] },
    ],
  }));
}

// A database of the host's own: a map of streams here, a transaction of yours there.
class Rows {
  constructor() { Object.assign(this, { streams: new Map(), owners: new Map(), last: 0 }); }
  events(stream) { return this.streams.get(JSON.stringify(stream)) || []; }
  load(wanted) {
    const loaded = {
      streams: wanted.streams.map((stream) => ({ events: this.events(stream) })),
      owners: wanted.owners.map((key) => this.owners.get(key) ?? null),
    };
    if (wanted.number) loaded.number = ++this.last;
    return loaded;
  }
  commit({ parts, unique }) {
    if (parts.some((part) => this.events(part.stream).length !== part.expected)) return false;
    if (unique.some(([key, owner]) => (this.owners.get(key) ?? owner) !== owner)) return false;
    for (const part of parts) this.streams.set(JSON.stringify(part.stream), [...this.events(part.stream), ...part.events]);
    for (const [key, owner] of unique) this.owners.set(key, owner);
    return true;
  }
}

function ownStorage(books) {
  const rows = new Rows();
  let now = hd.instant('2026-03-05T09:00:00Z');
  let request = { open: { subject: 'No network', requester: { address: 'bob@example.com' } } };
  let done;
  for (let step = 0; step < 2; step += 1, now += HOUR) {
    const operation = hd.Operation.of(books, byKim(now, 20 + step), request);
    for (const [need, said] of operation) {
      if (need === 'load') operation.loaded(rows.load(JSON.parse(said)));
      else operation.committed(rows.commit(JSON.parse(said)));
    }
    const text = operation.finishJson();
    operation.close();
    print('own', text);
    done = JSON.parse(text);
    request = { submit: { ticket: done.ticket, command: { message: { body: 'Try again' } } } };
  }
  const ticket = hd.Ticket.replay(books, rows.events({ tenant: '00000000-0000-0000-0000-000000000000', kind: 'ticket', id: done.ticket }));
  print('own wakes at', hd.instantText(ticket.wakeAt()));
  ticket.close();
}

calendars();
const rules = hd.Rulebook.of(RULES);
print('lint', rules.lintJson());
const books = hd.Rulebooks.of(rules);
const desk = hd.Desk.inMemory(books);
tickets(desk, rules);
ownStorage(books);
[desk, books, rules].forEach((handle) => handle.close());
