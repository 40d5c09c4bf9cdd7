// A bounded window onto one conversation: every message between its first and its last, in the order of (lamport, event_id),
// never of a clock, whatever arrives when.

const MOST_MESSAGES = 300;

export const keyOf = (message) => message.event_id ? `${message.from} ${message.event_id}` : message.client_id;

export function compare(a, b) {
  return a.lamport - b.lamport || (a.event_id < b.event_id ? -1 : a.event_id > b.event_id ? 1
    : a.from < b.from ? -1 : a.from > b.from ? 1 : 0);
}

/** As chat.history would show it, as far as the event tells. `opened`: what was in the envelope, where the node could open it; else what it is
 *  says the history alone (`unsure`). What it answers stands there by its hash: which message that is, says the history, too (`answers`). */
export function messageOf({ event_id, lamport, author, wall_clock, data, opened }) {
  const sealed = typeof data.body === 'object';
  const { body = '', attachments = [], reply_to } = (sealed ? opened : data) ?? {};
  return { event_id, lamport, from: author, to: data.recipient, body, e2e: sealed && 'ok', attachments, created_at: wall_clock, unsure: sealed && !opened, answers: Boolean(sealed && reply_to) };
}

// Of a message in the history, what it has not is not so (any more).
const NOTHING_SAID = { reply_to: undefined, edited_at: undefined, deleted_at: undefined, deleted_there_at: undefined, reactions: undefined };

/** Where the message is or belongs in an ordered list. */
function place(messages, message) {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(messages[middle], message) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class Timeline {
  constructor(self, peer) {
    this.self = self;
    this.peer = peer;
    this.messages = [];
    this.pending = [];      // own ones that are not stored yet, as they were written
    this.older = false;     // there is more before the window
    this.newer = false;     // and behind it
    this.loaded = false;
    this.following = true;  // somebody looks at the end
    this.unreadFrom = null; // the key of the first message that was unread at opening
    this.waiting = null;    // what arrives while a page is being read
    this.reading = null;    // the end of that, to be awaited
    this.wish = null;       // the last read that was to come after it
    this.stale = false;     // the node knows more than its events told: what is shown is to be read again
    this.changes = [];      // own edits, deletions and reactions that are not stored yet
  }

  get newest() { return this.messages.at(-1); }
  get oldest() { return this.messages[0]; }

  /** A page is being read: what arrives meanwhile is taken once more afterwards. */
  begin() { this.waiting = []; }

  abandon() { this.#settle(); }

  /** All from the first in the window on; `more` behind. What is not among them is no message (any more). */
  refresh(messages, more) {
    const last = more ? messages.at(-1)?.lamport ?? 0 : Infinity;
    const there = new Set(messages.map(keyOf));
    this.messages = this.messages.filter((message) => message.lamport > last || there.has(keyOf(message)));
    for (const message of messages) this.#arrive(message, true);
    this.stale ||= more && !this.newer; // what came at once was more than a page
    this.#settle();
  }

  reset(messages, { older, newer }) {
    this.messages = [];
    this.older = older;
    this.newer = newer;
    this.loaded = true;
    for (const message of messages) this.#put(message, true);
    this.#settle();
  }

  /** A page that ends where the window begins; as much goes at the other end. */
  takeOlder(messages, more) {
    for (const message of messages) this.#put(message, true);
    this.older = more;
    if (this.messages.length > MOST_MESSAGES) {
      this.#cut(MOST_MESSAGES, this.messages.length);
      this.newer = true;
    }
    this.#settle();
  }

  takeNewer(messages, more) {
    for (const message of messages) this.#put(message, true);
    this.newer = more;
    this.#trimOlder(MOST_MESSAGES);
    this.#settle();
  }

  /** True when it changes what is seen. */
  take(event) {
    this.waiting?.push(event);
    if (event.event_type !== 'chat.message.sent') return this.#takeReceipt(event);
    const message = messageOf(event);
    if (message.unsure) {
      this.stale ||= !this.waiting && this.#isInside(message) && !this.messages.some((other) => compare(other, message) === 0);
      return false;
    }
    return this.#arrive({ ...message, delivered_at: null, read_at: null, ...(event.author === this.self ? { client_id: event.data.client_id } : {}) }, false);
  }

  /** A message that was stored just now. True when it is in the window then. */
  arrive(message) {
    this.waiting?.push(message);
    return this.#arrive(message, false);
  }

  #isInside({ lamport }) {
    return this.loaded && (!this.older || (this.oldest && lamport >= this.oldest.lamport)) && (!this.newer || (this.newest && lamport <= this.newest.lamport));
  }

  #arrive(message, told) {
    if (message.client_id) this.pending = this.pending.filter((other) => other.client_id !== message.client_id);
    if (!this.#isInside(message)) return false;
    if (!this.following && this.messages.length >= MOST_MESSAGES + MOST_MESSAGES / 3 && compare(message, this.newest) > 0) {
      this.newer = true; // somebody reads further up, and keeps what they read
      return false;
    }
    this.#put(message, told);
    if (this.following) this.#trimOlder(MOST_MESSAGES + MOST_MESSAGES / 3);
    return true;
  }

  /** `told` by the history, which knows all of it; an event knows how it was at first. */
  #put(message, told) {
    const at = place(this.messages, message);
    const known = this.messages[at];
    if (!known || compare(known, message) !== 0) {
      this.messages.splice(at, 0, message);
      this.stale ||= !told && message.answers;
      return;
    }
    if (!told) this.stale ||= message.e2e === 'ok' && ['waiting', 'unreadable', 'unsupported'].includes(known.e2e);
    // A known receipt stays known, whatever order the answers come in.
    const { client_id = message.client_id, direct = message.direct, reply_to = message.reply_to } = known;
    Object.assign(known, told ? { ...NOTHING_SAID, ...message } : { client_id, direct, reply_to },
      { delivered_at: message.delivered_at ?? known.delivered_at, read_at: message.read_at ?? known.read_at });
  }

  /** Of one lamport all messages are in the window, or none: pages never end inside one. */
  #cut(from, to) {
    while (from > 0 && from < this.messages.length && this.messages[from].lamport === this.messages[from - 1].lamport) from++;
    while (to > from && to < this.messages.length && this.messages[to].lamport === this.messages[to - 1].lamport) to--;
    this.messages.splice(from, to - from);
  }

  #trimOlder(most) {
    if (this.messages.length <= most) return;
    this.#cut(0, this.messages.length - MOST_MESSAGES);
    this.older = true;
  }

  #settle() {
    const arrived = this.waiting ?? [];
    this.waiting = null;
    for (const one of arrived) if (one.data) this.take(one); else this.#arrive(one, false);
  }

  #takeReceipt({ event_type, author, data }) {
    const isRead = event_type === 'chat.message.read';
    const target = this.messages.find((message) => message.event_id === data.target_event_id && message.to === author);
    if (!target) { // behind the window, or of what was said of a message: that it is deleted there, too
      this.stale ||= author === this.peer && (isRead ? this.newer : this.messages.some((message) => message.deleted_at && !message.deleted_there_at && message.to === author));
      return false;
    }
    if (event_type === 'chat.message.delivered') {
      this.stale ||= author === this.self && target.e2e === 'waiting'; // it says so when it has opened it
      target.delivered_at ??= data.delivered_at;
      target.read_at ??= target.marked_at ?? null;
    } else if (isRead) {
      for (const message of this.messages) {
        if (message.to !== author || compare(message, target) > 0) continue;
        if (message.e2e === false || message.delivered_at) message.read_at ??= data.read_at;
        else message.marked_at ??= data.read_at; // counts when it is delivered, too: it may not have been opened
      }
    }
    return true;
  }
}
