// A bounded window onto one conversation: every message between its first and its last, in the order of (lamport, event_id),
// never of a clock, whatever arrives when.

const MOST_MESSAGES = 300;

export const keyOf = (message) => message.event_id ? `${message.from} ${message.event_id}` : message.client_id;

export function compare(a, b) {
  return a.lamport - b.lamport || (a.event_id < b.event_id ? -1 : a.event_id > b.event_id ? 1
    : a.from < b.from ? -1 : a.from > b.from ? 1 : 0);
}

/** As chat.history would show it. */
export function messageOf({ event_id, lamport, author, wall_clock, data }) {
  const sealed = typeof data.body === 'object';
  return { event_id, lamport, from: author, to: data.recipient, body: sealed ? '' : data.body, e2e: sealed && 'unsupported', attachments: sealed ? [] : data.attachments,
    created_at: wall_clock };
}

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
    this.stale = false;     // a read receipt names a message behind the window: it is for all before
  }

  get newest() { return this.messages.at(-1); }
  get oldest() { return this.messages[0]; }

  /** A page is being read: what arrives meanwhile is taken once more afterwards. */
  begin() { this.waiting = []; }

  abandon() { this.#settle(); }

  refresh(messages) {
    this.stale = false;
    for (const message of messages) this.arrive(message);
    this.#settle();
  }

  reset(messages, { older, newer }) {
    this.messages = [];
    this.older = older;
    this.newer = newer;
    this.loaded = true;
    for (const message of messages) this.#put(message);
    this.#settle();
  }

  /** A page that ends where the window begins; as much goes at the other end. */
  takeOlder(messages, more) {
    for (const message of messages) this.#put(message);
    this.older = more;
    if (this.messages.length > MOST_MESSAGES) {
      this.#cut(MOST_MESSAGES, this.messages.length);
      this.newer = true;
    }
    this.#settle();
  }

  takeNewer(messages, more) {
    for (const message of messages) this.#put(message);
    this.newer = more;
    this.#trimOlder(MOST_MESSAGES);
    this.#settle();
  }

  /** True when it changes what is seen. */
  take(event) {
    this.waiting?.push(event);
    if (event.event_type !== 'chat.message.sent') return this.#takeReceipt(event);
    const { client_id } = event.data;
    return this.arrive({ ...messageOf(event), delivered_at: null, read_at: null, ...(event.author === this.self ? { client_id } : {}) });
  }

  /** A stored message. True when it is in the window then. */
  arrive(message) {
    if (message.client_id) this.pending = this.pending.filter((other) => other.client_id !== message.client_id);
    if (!this.loaded) return false;
    const inside = (!this.older || (this.oldest && message.lamport >= this.oldest.lamport))
      && (!this.newer || (this.newest && message.lamport <= this.newest.lamport));
    if (!inside) return false;
    if (!this.following && this.messages.length >= MOST_MESSAGES + MOST_MESSAGES / 3 && compare(message, this.newest) > 0) {
      this.newer = true; // somebody reads further up, and keeps what they read
      return false;
    }
    this.#put(message);
    if (this.following) this.#trimOlder(MOST_MESSAGES + MOST_MESSAGES / 3);
    return true;
  }

  #put(message) {
    const at = place(this.messages, message);
    const known = this.messages[at];
    if (!known || compare(known, message) !== 0) {
      this.messages.splice(at, 0, message);
      return;
    }
    // A known receipt stays known, whatever order the answers come in.
    Object.assign(known, message, { delivered_at: message.delivered_at ?? known.delivered_at, read_at: message.read_at ?? known.read_at });
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
    const events = this.waiting ?? [];
    this.waiting = null;
    for (const event of events) this.take(event);
  }

  #takeReceipt(event) {
    const target = this.messages.find((message) => message.event_id === event.data.target_event_id && message.to === event.author);
    if (!target) {
      this.stale ||= this.newer && event.event_type === 'chat.message.read' && event.author === this.peer;
      return false;
    }
    if (event.event_type === 'chat.message.delivered') {
      target.delivered_at ??= event.data.delivered_at;
    } else if (event.event_type === 'chat.message.read') {
      for (const message of this.messages) {
        if (message.to === event.author && compare(message, target) <= 0) message.read_at ??= event.data.read_at;
      }
    }
    return true;
  }
}
