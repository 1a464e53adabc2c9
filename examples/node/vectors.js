// Answers golden cases: see examples/c/vectors.c, which prints the same bytes.
'use strict';

const hd = require('./helpdesk.js');

function ofCalendar(calendar, line) {
  switch (line.ask) {
    case 'elapsed': return calendar.ask(line.ask, line.from, line.to);
    case 'add': case 'add_latest': case 'subtract': case 'subtract_earliest': return calendar.ask(line.ask, line.from, line.time);
    case 'is_open': return calendar.isOpen(line.at);
    case 'is_business_day': return calendar.isBusinessDay(line.day);
    case 'business_day': return calendar.businessDay(line.day, line.n);
    case 'count_business_days': return calendar.countBusinessDays(line.from, line.to);
    case 'windows': return calendar.windows(line.from, line.to, line.count, line.backward).map((pair) => pair.join('-')).join(',');
    default: return calendar.ask(line.ask, line.at);
  }
}

function answer(line) {
  if (line.ask !== 'periods') {
    const calendar = hd.Calendar.of(line.calendar);
    try { return ofCalendar(calendar, line); } finally { calendar.close(); }
  }
  const rules = hd.Rulebook.of(line.rulebook);
  const books = hd.Rulebooks.of(rules);
  const ticket = hd.Ticket.replay(books, JSON.parse(hd.importJson(books, line.history)).events);
  try { return ticket.periodsJson(line.agreement, line.metric, line.now); } finally { [ticket, books, rules].forEach((handle) => handle.close()); }
}

for (const text of require('fs').readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  const line = JSON.parse(text);
  let answered;
  try { answered = answer(line); } catch (error) {
    if (!(error instanceof hd.HelpdeskError)) throw error;
    answered = `!${error.code}`;
  }
  console.log(`${line.id} ${line.ask} ${answered}`);
}
