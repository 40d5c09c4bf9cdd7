// What the tab knows, and the only place where that changes: views call actions, are told what changed, draw what they read.

import { nameOf } from './text.js';
import { compare, keyOf, messageOf, Timeline } from './timeline.js';

const PAGE = 60;
const FIRST_PAGE = 40;
const MOST_FIRST_PAGE = 240; // with what is unread
const KEPT_TIMELINES = 8;
const REFRESH_MS = 120;      // of many events at once, all is read once

function inOrder(a, b) {
  const [x, y] = [a.last_message, b.last_message];
  if (x && y) return compare(y, x);
  return x ? -1 : y ? 1 : a.display_name.localeCompare(b.display_name) || (a.peer < b.peer ? -1 : 1);
}

export class Model {
  #api;
  #keep;
  #listeners = new Set();
  #timelines = new Map();
  #refreshing = new Set();
  #sending = new Set();
  #searchRun = 0;
  #refreshRun = 0;

  constructor({ api, keep, node }) {
    this.#api = api;
    this.#keep = keep;
    this.node = node;
    this.self = node.node_id;
    this.connection = 'connecting'; // then connected, lost, resumed
    this.conversations = [];        // in order
    this.byPeer = new Map();
    this.current = null;            // the peer whose conversation is open
    this.watching = false;          // somebody looks at its end
    this.opening = 0;               // counts: each time the place is found anew
    this.target = null;             // the key of the message to show
    this.members = null;
    this.problem = null;            // why the open conversation can't be read
    this.search = { text: '', peer: null, messages: [], more: false, busy: false, problem: null };
  }

  /** listener(what, detail): conversations, conversation (peer), timeline, current, connection, members, search, arrival (message). */
  subscribe(listener) { this.#listeners.add(listener); }

  #tell(what, detail) { for (const listener of this.#listeners) listener(what, detail); }

  unreadOf(entry) { return this.watching && entry.peer === this.current ? 0 : entry.unread; }
  get unread() { return this.conversations.reduce((sum, entry) => sum + this.unreadOf(entry), 0); }
  get timeline() { return this.current && this.timelineOf(this.current); }

  timelineOf(peer) {
    let timeline = this.#timelines.get(peer);
    this.#timelines.delete(peer);
    timeline ??= new Timeline(this.self, peer);
    this.#timelines.set(peer, timeline);
    for (const [other, { pending }] of this.#timelines) {
      if (this.#timelines.size <= KEPT_TIMELINES) break;
      if (other !== this.current && other !== peer && pending.length === 0) this.#timelines.delete(other);
    }
    return timeline;
  }

  async refresh() {
    const run = ++this.#refreshRun;
    const [node, conversations] = await Promise.all([this.#api.node(), this.#api.conversations()]);
    if (run !== this.#refreshRun) return; // a later one knows more
    this.node = node;
    this.byPeer = new Map(conversations.map((entry) => [entry.peer, entry]));
    this.conversations = conversations.sort(inOrder);
    this.#tell('conversations');
    if (this.members) await this.loadMembers();
  }

  #update(entry) {
    this.byPeer.set(entry.peer, entry);
    this.conversations = this.conversations.filter((other) => other.peer !== entry.peer);
    let at = this.conversations.findIndex((other) => inOrder(entry, other) < 0);
    if (at < 0) at = this.conversations.length;
    this.conversations.splice(at, 0, entry);
    this.#tell('conversation', entry.peer);
  }

  /** Reads one entry, or all, from the node again: what is counted there is right. */
  #refreshSoon(peer = null) {
    if (this.#refreshing.has(peer)) return;
    this.#refreshing.add(peer);
    setTimeout(async () => {
      this.#refreshing.delete(peer);
      try {
        const entry = peer ? await this.#api.conversation(peer) : await this.refresh();
        if (entry && !this.#refreshing.has(peer)) this.#update(entry);
      } catch {
        // It is gone: all is read when it is back.
      }
    }, REFRESH_MS);
  }

  nameOf(peer) { return this.byPeer.has(peer) ? nameOf(this.byPeer.get(peer)) : ''; }

  draft(peer) { return this.#keep.draft(peer); }

  setDraft(peer, text) {
    const had = Boolean(this.#keep.draft(peer));
    this.#keep.setDraft(peer, text);
    if (had !== Boolean(text)) this.#tell('conversation', peer);
  }

  /** Opens a conversation at its end, at what is unread, or at a message. Null closes it. */
  async open(peer, at = null) {
    const changes = peer !== this.current;
    this.opening++;
    this.current = peer;
    this.target = at && keyOf(at);
    this.problem = null;
    const { timeline } = this;
    if (!timeline) {
      this.#tell('current');
      return;
    }
    if (changes) timeline.unreadFrom = null;
    const unread = this.byPeer.get(peer)?.unread ?? 0;
    const isThere = !at || timeline.messages.some((message) => keyOf(message) === this.target);
    const loading = !isThere ? this.#loadAround(timeline, at) : !timeline.loaded || (timeline.newer && !at) ? this.#loadNewest(timeline, unread) : null;
    this.#tell('current');
    await loading;
    if (changes && unread > 0 && timeline.unreadFrom === null) this.#markUnread(timeline, unread);
    if (this.current === peer) this.#tell('timeline');
  }

  #markUnread(timeline, unread) {
    const incoming = timeline.messages.filter((message) => message.from === timeline.peer);
    if (incoming.length >= unread && !timeline.newer) timeline.unreadFrom = keyOf(incoming[incoming.length - unread]);
  }

  /** Reads pages into the timeline; what arrives meanwhile is not lost. */
  async #load(timeline, read) {
    if (timeline.waiting) return;
    timeline.begin();
    try {
      await read();
      this.problem = null;
    } catch (error) {
      timeline.abandon();
      if (!timeline.loaded) this.problem = error;
    }
    if (this.current === timeline.peer) this.#tell('timeline');
  }

  #loadNewest(timeline, unread) {
    const limit = Math.min(FIRST_PAGE + unread, MOST_FIRST_PAGE);
    return this.#load(timeline, async () => {
      const page = await this.#api.history({ peer: timeline.peer, before_lamport: Number.MAX_SAFE_INTEGER, limit });
      timeline.reset(page.messages, { older: page.more, newer: false });
    });
  }

  #loadAround(timeline, { lamport }) {
    return this.#load(timeline, async () => {
      const [before, after] = await Promise.all([
        this.#api.history({ peer: timeline.peer, before_lamport: lamport + 1, limit: PAGE }),
        this.#api.history({ peer: timeline.peer, since_lamport: lamport, limit: PAGE }),
      ]);
      timeline.reset([...before.messages, ...after.messages], { older: before.more, newer: after.more });
    });
  }

  loadOlder(timeline) {
    if (!timeline.loaded || !timeline.older) return null;
    return this.#load(timeline, async () => {
      const page = await this.#api.history({ peer: timeline.peer, before_lamport: timeline.oldest.lamport, limit: PAGE });
      timeline.takeOlder(page.messages, page.more);
    });
  }

  loadNewer(timeline) {
    if (!timeline.loaded || !timeline.newer) return null;
    return this.#load(timeline, async () => {
      const page = await this.#api.history({ peer: timeline.peer, since_lamport: timeline.newest.lamport, limit: PAGE });
      timeline.takeNewer(page.messages, page.more);
    });
  }

  async showNewest(timeline) {
    this.target = null;
    timeline.following = true;
    if (timeline.newer) await this.#loadNewest(timeline, 0);
    else this.#tell('timeline');
  }

  setWatching(watching) {
    if (this.watching === watching) return;
    this.watching = watching;
    if (this.current) this.#tell('conversation', this.current);
  }

  /** Somebody saw this message: it and all before it are read. */
  async seen(message) {
    const entry = this.byPeer.get(message.from);
    if (!entry || !entry.unread || (entry.seen && compare(message, entry.seen) <= 0)) return;
    entry.seen = message;
    try {
      await this.#api.read(message.from, message.event_id);
    } catch {
      entry.seen = null;
    }
    this.#refreshSoon(message.from);
  }

  /** Shows the message at once, and keeps it until the node has it on its disk. Its client_id makes every retry safe. */
  send(peer, body) {
    const message = { client_id: crypto.randomUUID(), from: this.self, to: peer, body, attachments: [], written: Date.now(),
      created_at: new Date().toISOString(), delivered_at: null, read_at: null };
    this.#keep.setUnsent(message);
    const timeline = this.timelineOf(peer);
    timeline.unreadFrom = null;
    timeline.pending.push(message);
    this.showNewest(timeline);
    return this.post(message);
  }

  discard(message) {
    this.#keep.setSent(message.client_id);
    const timeline = this.timelineOf(message.to);
    timeline.pending = timeline.pending.filter((other) => other !== message);
    this.#tell('timeline');
  }

  async post(message) {
    if (this.#sending.has(message.client_id)) return;
    this.#sending.add(message.client_id);
    message.failed = null;
    this.#tell('timeline');
    const { client_id, to, body } = message;
    try {
      const answer = await this.#api.send({ client_id, recipient: to, body });
      this.#keep.setSent(client_id);
      const { written, failed, ...stored } = message;
      this.timelineOf(to).arrive({ ...stored, event_id: answer.event_id, lamport: answer.lamport, direct: answer.delivered === 'direct' });
      this.#refreshSoon(to);
    } catch (error) {
      message.failed = error;
    }
    this.#sending.delete(client_id);
    this.#tell('timeline');
  }

  /** What an earlier visit, or a node that was away, left unsent. */
  async sendUnsent() {
    for (const kept of this.#keep.unsent()) {
      const { pending } = this.timelineOf(kept.to);
      let message = pending.find((other) => other.client_id === kept.client_id);
      if (!message) pending.push(message = { ...kept, failed: null });
      if (message.failed === null || message.failed?.unreachable) await this.post(message);
    }
  }

  takeEvent(topic, data) {
    if (topic === 'peer.changed') {
      this.#takePresence(data);
    } else if (topic === 'member.changed') {
      this.#refreshSoon();
    } else if (data.event_type === 'chat.message.sent') {
      this.#takeMessage(data);
    } else {
      this.#takeReceipt(data);
    }
  }

  #takePresence({ node_id, online }) {
    const entry = this.byPeer.get(node_id);
    if (entry) {
      entry.online = online;
      this.#tell('conversation', node_id);
      if (!online) this.#refreshSoon(node_id); // for the time
    }
    const member = this.members?.find((other) => other.node_id === node_id);
    if (member) {
      member.online = online;
      this.#tell('members');
    }
  }

  #takeMessage(event) {
    const own = event.author === this.self;
    const message = messageOf(event);
    const peer = own ? message.to : message.from;
    if (own) this.#keep.setSent(event.data.client_id);
    const timeline = this.#timelines.get(peer);
    if (timeline?.take(event) || own) this.#tell('timeline');
    const entry = this.byPeer.get(peer);
    if (entry && (!entry.last_message || compare(entry.last_message, message) < 0)) {
      this.#update({ ...entry, unread: own ? entry.unread : entry.unread + 1, last_message: message });
    }
    this.#refreshSoon(peer);
    if (!own) this.#tell('arrival', message);
  }

  #takeReceipt(event) {
    for (const timeline of this.#timelines.values()) {
      if (timeline.take(event)) this.#tell('timeline');
      if (timeline.stale && !timeline.waiting) this.#readAgain(timeline);
    }
    if (event.author === this.self && event.event_type === 'chat.message.read') {
      for (const entry of this.conversations) if (entry.unread) this.#refreshSoon(entry.peer);
    }
  }

  #readAgain(timeline) {
    return this.#load(timeline, async () => {
      const page = await this.#api.history({ peer: timeline.peer, since_lamport: timeline.oldest.lamport - 1, limit: timeline.messages.length });
      timeline.refresh(page.messages);
    });
  }

  /** What the stream does not replay is read again: who is online, the counts. */
  async setConnected(connected) {
    const before = this.connection;
    if (connected ? /^(connected|resumed)$/.test(before) : before === 'lost') return;
    this.connection = !connected ? 'lost' : before === 'lost' ? 'resumed' : 'connected';
    this.#tell('connection');
    if (!connected) {
      for (const entry of [...this.conversations, ...this.members ?? []]) entry.online = false; // nobody knows
      this.#tell('conversations');
      this.#tell('members');
      return;
    }
    try {
      if (before === 'lost') await this.refresh();
      if (this.current && !this.timeline.loaded) await this.open(this.current);
      await this.sendUnsent();
    } catch {
      // Gone again.
    }
  }

  /** The log is another one than before, of a backup say: nothing that is shown can be trusted. */
  startAgain() { this.#timelines.clear(); }

  async loadMembers() {
    this.members = await this.#api.members();
    this.#tell('members');
  }

  async revoke(node_id, reason, co_signers) {
    await this.#api.revoke({ target_node_id: node_id, reason, co_signers });
    await this.refresh();
  }

  invite(invitation) { return this.#api.invite(invitation); }

  async find(text, peer = this.search.peer) {
    const run = ++this.#searchRun;
    const busy = text.trim() !== '';
    this.search = { ...this.search, text, peer, busy, problem: null, ...(busy ? {} : { messages: [], more: false }) };
    this.#tell('search');
    if (!busy) return;
    const result = await this.#api.search({ q: text.trim(), peer: peer ?? undefined }).catch((problem) => ({ messages: [], more: false, problem }));
    if (run !== this.#searchRun) return;
    this.search = { ...this.search, problem: null, ...result, busy: false };
    this.#tell('search');
  }
}
