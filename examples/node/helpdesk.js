// helpdesk for Node: a thin layer over the C ABI, with koffi alone. Instants and lengths are BigInt microseconds; what is JSON in the
// library is given as text or as plain objects. `close` frees a handle; one that is forgotten is freed with its object.
'use strict';

const koffi = require('koffi');

const ABI_VERSION = 1;
const NONE = -(2n ** 63n);
const lib = koffi.load(process.env.HELPDESK_LIBRARY || 'libhelpdesk.so');

const Uuid = koffi.struct('helpdesk_uuid', { bytes: koffi.array('uint8_t', 16, 'Typed') });
const Call = koffi.struct('helpdesk_call', {
  size: 'size_t', role: 'int32_t', reserved: 'int32_t', actor: Uuid, at: 'int64_t', tenant: Uuid, id: 'helpdesk_uuid *',
  key: 'const char *', key_len: 'size_t',
});
const Open = koffi.struct('helpdesk_open', {
  size: 'size_t', subject: 'const char *', subject_len: 'size_t', address: 'const char *', address_len: 'size_t',
  customer: 'helpdesk_uuid *', body: 'const char *', body_len: 'size_t', id: 'helpdesk_uuid *', priority: 'int32_t', reserved: 'int32_t',
});
const Outcome = koffi.struct('helpdesk_outcome', {
  size: 'size_t', ticket: Uuid, message: Uuid, follow_up: Uuid, number: 'uint64_t', version: 'uint64_t', events: 'uint64_t',
  wake_at: 'int64_t', replayed: 'uint64_t',
});
const Reading = koffi.struct('helpdesk_reading', {
  size: 'size_t', state: 'int32_t', verdict: 'int32_t', ever_breached: 'int32_t', reserved: 'int32_t', elapsed: 'int64_t',
  amount: 'int64_t', started_at: 'int64_t', due: 'int64_t', stopped_at: 'int64_t',
});
const Swept = koffi.struct('helpdesk_swept', {
  size: 'size_t', tickets: 'uint64_t', events: 'uint64_t', chains_ended: 'uint64_t', failed: 'uint64_t', more: 'uint64_t',
});

const OUT = '_Out_ void **';
const TEXT = ['const char *', 'size_t'];
const signatures = {
  instant_parse: [...TEXT, '_Out_ int64_t *'],
  instant_format: ['int64_t', OUT],
  uuid_named: ['int32_t', ...TEXT, '_Out_ helpdesk_uuid *'],
  calendar_parse: [...TEXT, ...TEXT, OUT],
  calendar_from_json: [...TEXT, OUT],
  calendar_is_open: ['void *', 'int64_t', '_Out_ bool *'],
  calendar_windows: ['void *', 'int64_t', 'int64_t', 'bool', 'void *', 'size_t', '_Out_ size_t *'],
  calendar_is_business_day: ['void *', 'int32_t', '_Out_ bool *'],
  calendar_business_day: ['void *', 'int32_t', 'int64_t', '_Out_ int32_t *'],
  calendar_count_business_days: ['void *', 'int32_t', 'int32_t', '_Out_ int64_t *'],
  calendar_elapsed_batch: ['void *', 'void *', 'void *', 'void *', 'size_t', '_Out_ size_t *'],
  rulebook_starter: [OUT],
  rulebook_from_json: [...TEXT, OUT],
  rulebook_lint: ['void *', OUT],
  rulebooks_new: ['void *', OUT],
  desk_in_memory: ['void *', OUT],
  desk_open_sqlite_keeping: [...TEXT, 'int32_t', 'void *', 'int64_t', OUT],
  desk_open: ['void *', 'helpdesk_call *', 'helpdesk_open *', '_Inout_ helpdesk_outcome *'],
  desk_reply: ['void *', 'helpdesk_call *', 'helpdesk_uuid *', ...TEXT, '_Inout_ helpdesk_outcome *'],
  desk_note: ['void *', 'helpdesk_call *', 'helpdesk_uuid *', ...TEXT, '_Inout_ helpdesk_outcome *'],
  desk_pend: ['void *', 'helpdesk_call *', 'helpdesk_uuid *', 'int32_t', 'int64_t', '_Inout_ helpdesk_outcome *'],
  desk_resolve: ['void *', 'helpdesk_call *', 'helpdesk_uuid *', '_Inout_ helpdesk_outcome *'],
  desk_do: ['void *', 'helpdesk_call *', ...TEXT, OUT],
  desk_ask: ['void *', 'helpdesk_uuid *', 'int64_t', ...TEXT, OUT],
  desk_reading: ['void *', 'helpdesk_uuid *', 'helpdesk_uuid *', 'int32_t', 'int32_t', 'int64_t', '_Inout_ helpdesk_reading *'],
  desk_sweep: ['void *', 'int64_t', 'size_t', '_Inout_ helpdesk_swept *'],
  desk_nap: ['void *', 'int64_t', '_Out_ int64_t *'],
  desk_claim: ['void *', 'int64_t', 'int64_t', 'size_t', OUT],
  desk_acknowledge: ['void *', 'helpdesk_uuid *', 'size_t'],
  desk_import: ['void *', 'helpdesk_uuid *', ...TEXT, OUT],
  import: ['void *', 'helpdesk_uuid *', ...TEXT, OUT],
  ticket_replay: ['void *', 'helpdesk_uuid *', ...TEXT, OUT],
  ticket_wake_at: ['void *', '_Out_ int64_t *'],
  ticket_periods: ['void *', 'int32_t', 'int32_t', 'int64_t', OUT],
  tally_new: [...TEXT, 'int64_t', OUT],
  tally_from_bytes: ['void *', 'size_t', OUT],
  tally_to_bytes: ['void *', OUT],
  tally_add_desk: ['void *', 'void *', 'helpdesk_uuid *'],
  tally_merge: ['void *', 'void *'],
  tally_report: ['void *', OUT],
  what_if_new: ['void *', 'void *', 'int64_t', ...TEXT, OUT],
  what_if_add_desk: ['void *', 'void *', 'helpdesk_uuid *'],
  what_if_difference: ['void *', OUT],
  op_new: ['void *', 'helpdesk_call *', ...TEXT, 'int64_t', OUT],
  op_need: ['void *', '_Out_ int32_t *', OUT],
  op_loaded: ['void *', ...TEXT],
  op_committed: ['void *', 'int32_t'],
  op_finish: ['void *', OUT],
};
const calendarQuestions = {
  at: ['next_open', 'next_opening', 'next_close', 'previous_open', 'previous_opening', 'previous_close'],
  time: ['elapsed', 'add', 'add_latest', 'subtract', 'subtract_earliest'],
};
for (const name of calendarQuestions.at) signatures[`calendar_${name}`] = ['void *', 'int64_t', '_Out_ int64_t *'];
for (const name of calendarQuestions.time) signatures[`calendar_${name}`] = ['void *', 'int64_t', 'int64_t', '_Out_ int64_t *'];

const functions = {};
for (const [name, parameters] of Object.entries(signatures)) {
  functions[name] = lib.func(`helpdesk_${name}`, 'int32_t', [...parameters, OUT]);
}
const free = Object.fromEntries(
  ['buffer', 'error', 'calendar', 'rulebook', 'rulebooks', 'desk', 'ticket', 'tally', 'what_if', 'op'].map((kind) => [
    kind, lib.func(`helpdesk_${kind}_free`, 'int32_t', ['void *'])]));
const bufferData = lib.func('helpdesk_buffer_data', 'void *', ['void *', '_Out_ size_t *']);
const errorText = Object.fromEntries(['kind', 'code', 'message', 'detail'].map((word) => [
  word, lib.func(`helpdesk_error_${word}`, 'void *', ['void *', '_Out_ size_t *'])]));
const errorIsRetryable = lib.func('helpdesk_error_is_retryable', 'bool', ['void *']);

if (lib.func('uint32_t helpdesk_abi_version()')() !== ABI_VERSION) throw new Error('the library speaks another version');

/** What the library did not do, and why. */
class HelpdeskError extends Error {
  constructor(status, handle) {
    const text = (word) => bytesOf(errorText[word], handle).toString();
    super(text('message'));
    Object.assign(this, { status, kind: text('kind'), code: text('code'), detailJson: text('detail'), isRetryable: errorIsRetryable(handle) });
    free.error(handle);
  }
  get detail() { return JSON.parse(this.detailJson); }
}

function bytesOf(ask, handle) {
  const length = [0];
  const data = ask(handle, length);
  return Buffer.from(koffi.decode(data, koffi.array('uint8_t', Number(length[0]), 'Typed')));
}

function call(name, ...args) {
  const error = [null];
  const status = functions[name](...args, error);
  if (status !== 0) throw new HelpdeskError(status, error[0]);
}

function handleOf(name, ...args) {
  const out = [null];
  call(name, ...args, out);
  return out[0];
}

function bytes(name, ...args) {
  const buffer = handleOf(name, ...args);
  try { return bytesOf(bufferData, buffer); } finally { free.buffer(buffer); }
}

const text = (name, ...args) => bytes(name, ...args).toString();
const utf8 = (value) => [value, Buffer.byteLength(value)];
const json = (value) => utf8(typeof value === 'string' ? value : JSON.stringify(value));
const number = (name, ...args) => { const out = [0]; call(name, ...args, out); return BigInt(out[0]); };
const flag = (name, ...args) => { const out = [false]; call(name, ...args, out); return out[0]; };

const uuid = (value) => {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) throw new TypeError(`a uuid is needed, not ${value}`);
  return { bytes: Uint8Array.from(Buffer.from(value.replaceAll('-', ''), 'hex')) };
};
const uuidText = (id) => {
  const hex = Buffer.from(id.bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
};
const nil = uuid('00000000-0000-0000-0000-000000000000');
const instant = (value) => number('instant_parse', ...utf8(value));
const instantText = (us) => (us === NONE ? '-' : text('instant_format', us));
const ID = { tenant: 0, ticket: 1, agent: 2, customer: 3, team: 4, bot: 5 };
function named(kind, value) { const out = [{}]; const id = {}; call('uuid_named', ID[kind], ...utf8(value), id); return id.bytes ? id : out[0]; }

const ROLE = { customer: 0, agent: 1, supervisor: 2, bot: 3, system: 4 };
/** Who says something and when; `id` is a uuid text, `key` an idempotency key. */
function said({ role, actor, at, tenant = null, id = null, key = null }) {
  return {
    size: koffi.sizeof(Call), role: ROLE[role], reserved: 0, actor: actor || nil, at, tenant: tenant || nil, id: id && uuid(id), key,
    key_len: key === null ? 0 : Buffer.byteLength(key),
  };
}

const forgotten = new FinalizationRegistry(({ kind, handle }) => free[kind](handle));

class Handle {
  constructor(kind, handle) {
    Object.assign(this, { kind, handle });
    forgotten.register(this, { kind, handle }, this);
  }
  close() {
    if (this.handle === null) return;
    forgotten.unregister(this);
    free[this.kind](this.handle);
    this.handle = null;
  }
}

class Calendar extends Handle {
  static parse(hours, zone) { return new Calendar('calendar', handleOf('calendar_parse', ...utf8(hours), ...utf8(zone))); }
  static of(written) { return new Calendar('calendar', handleOf('calendar_from_json', ...utf8(JSON.stringify(written)))); }
  ask(question, ...args) { return number(`calendar_${question}`, this.handle, ...args); }
  isOpen(at) { return flag('calendar_is_open', this.handle, at); }
  isBusinessDay(day) { return flag('calendar_is_business_day', this.handle, day); }
  businessDay(day, n) { return number('calendar_business_day', this.handle, day, n); }
  countBusinessDays(from, to) { return number('calendar_count_business_days', this.handle, from, to); }
  windows(from, to, most, backward) {
    const pairs = new BigInt64Array(2 * most + 1);
    const n = Number(number('calendar_windows', this.handle, from, to, backward, pairs, most));
    return Array.from({ length: n }, (_, i) => [pairs[2 * i], pairs[2 * i + 1]]);
  }
  /** Open time of many pairs, from and to `BigInt64Array`s; tells how many have no answer. */
  elapsedBatch(from, to, out) {
    for (const column of [from, to, out]) {
      if (!(column instanceof BigInt64Array) || column.length !== from.length) throw new RangeError('BigInt64Arrays of one length are needed');
    }
    return Number(number('calendar_elapsed_batch', this.handle, from, to, out, from.length));
  }
}

class Rulebook extends Handle {
  static starter() { return new Rulebook('rulebook', handleOf('rulebook_starter')); }
  static of(written) { return new Rulebook('rulebook', handleOf('rulebook_from_json', ...json(written))); }
  lintJson() { return text('rulebook_lint', this.handle); }
}

class Rulebooks extends Handle {
  static of(current) { return new Rulebooks('rulebooks', handleOf('rulebooks_new', current.handle)); }
}

class Desk extends Handle {
  static inMemory(books) { return new Desk('desk', handleOf('desk_in_memory', books.handle)); }
  // The file keeps every version of the rules too: a start with other rules strands no ticket.
  static onFile(path, books, now = Date.now()) {
    return new Desk('desk', handleOf('desk_open_sqlite_keeping', ...utf8(path), 0, books.handle, BigInt(now) * 1000n));
  }
  typed(name, ...args) {
    const out = { size: koffi.sizeof(Outcome), ticket: nil, message: nil, follow_up: nil, number: 0, version: 0, events: 0, wake_at: 0, replayed: 0 };
    call(name, this.handle, ...args, out);
    return { ...out, ticket: uuidText(out.ticket), wake_at: BigInt(out.wake_at) };
  }
  open(call, { subject, address = '' }) {
    const open = { size: koffi.sizeof(Open), subject, subject_len: Buffer.byteLength(subject), address, address_len: Buffer.byteLength(address),
      customer: null, body: null, body_len: 0, id: null, priority: 0, reserved: 0 };
    return this.typed('desk_open', said(call), open);
  }
  reply(call, ticket, body) { return this.typed('desk_reply', said(call), uuid(ticket), ...utf8(body)); }
  note(call, ticket, body) { return this.typed('desk_note', said(call), uuid(ticket), ...utf8(body)); }
  pend(call, ticket, reason, until = NONE) { return this.typed('desk_pend', said(call), uuid(ticket), reason, until); }
  resolve(call, ticket) { return this.typed('desk_resolve', said(call), uuid(ticket)); }
  doJson(call, request) { return text('desk_do', this.handle, said(call), ...json(request)); }
  askJson(now, query) { return text('desk_ask', this.handle, null, now, ...utf8(JSON.stringify(query))); }
  reading(ticket, metric, now, agreement = 0) {
    const out = { size: koffi.sizeof(Reading), state: 0, verdict: 0, ever_breached: 0, reserved: 0, elapsed: 0, amount: 0, started_at: 0, due: 0, stopped_at: 0 };
    call('desk_reading', this.handle, null, uuid(ticket), agreement, metric, now, out);
    return out;
  }
  sweep(now, limit) {
    const out = { size: koffi.sizeof(Swept), tickets: 0, events: 0, chains_ended: 0, failed: 0, more: 0 };
    call('desk_sweep', this.handle, now, limit, out);
    return out;
  }
  nap(now) { return number('desk_nap', this.handle, now); }
  claimJson(now, lease, limit) { return text('desk_claim', this.handle, now, lease, limit); }
  acknowledge(id) { call('desk_acknowledge', this.handle, uuid(id), 1); }
  importJson(history) { return text('desk_import', this.handle, null, ...json(history)); }
}

class Ticket extends Handle {
  static replay(books, events) { return new Ticket('ticket', handleOf('ticket_replay', books.handle, null, ...json(events))); }
  wakeAt() { return number('ticket_wake_at', this.handle); }
  periodsJson(agreement, metric, now) { return text('ticket_periods', this.handle, agreement, metric, now); }
}

class Tally extends Handle {
  static empty(asOf) { return new Tally('tally', handleOf('tally_new', null, 0, asOf)); }
  static fromBytes(raw) { return new Tally('tally', handleOf('tally_from_bytes', raw, raw.length)); }
  toBytes() { return bytes('tally_to_bytes', this.handle); }
  addDesk(desk) { call('tally_add_desk', this.handle, desk.handle, null); }
  merge(other) { call('tally_merge', this.handle, other.handle); }
  reportJson() { return text('tally_report', this.handle); }
}

class WhatIf extends Handle {
  static of(before, after, asOf) { return new WhatIf('what_if', handleOf('what_if_new', before.handle, after.handle, asOf, null, 0)); }
  addDesk(desk) { call('what_if_add_desk', this.handle, desk.handle, null); }
  differenceJson() { return text('what_if_difference', this.handle); }
}

/** One request as a conversation: `for (const [need, said] of operation)`, and answer each with `loaded` or `committed`. */
class Operation extends Handle {
  static of(books, call, request) { return new Operation('op', handleOf('op_new', books.handle, said(call), ...json(request), NONE)); }
  * [Symbol.iterator]() {
    for (;;) {
      const need = [0];
      const wanted = text('op_need', this.handle, need);
      if (need[0] === 0) return;
      yield [need[0] === 1 ? 'load' : 'commit', wanted];
    }
  }
  loaded(answer) { call('op_loaded', this.handle, ...json(answer)); }
  committed(isWritten) { call('op_committed', this.handle, isWritten ? 0 : 1); }
  finishJson() { return text('op_finish', this.handle); }
}

const importJson = (books, history) => text('import', books.handle, null, ...json(history));

module.exports = {
  NONE, HelpdeskError, Calendar, Rulebook, Rulebooks, Desk, Ticket, Tally, WhatIf, Operation, importJson, instant, instantText, named,
};
