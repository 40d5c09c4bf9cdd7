// What the tab knows, and the only place where that changes: views call actions, are told what changed, draw what they read.

import { asSaid } from './changes.js';
import { Outbox } from './outbox.js';
import { Reading } from './reading.js';
import { nameOf } from './text.js';
import { compare, keyOf, messageOf, Timeline } from './timeline.js';

const MOST_PAGE = 1000;
const KEPT_TIMELINES = 8;
const REFRESH_MS = 120;      // of many events at once, all is read once
const LOOK_MS = 30000;       // at what the node tells of itself …
const LOOK_CLOSELY_MS = 2000; // … while much is on its way

function inOrder(a, b) {
  if (Boolean(a.pinned) !== Boolean(b.pinned)) return a.pinned ? -1 : 1;
  const [x, y] = [a.last_message, b.last_message];
  if (x && y) return compare(y, x);
  return x ? -1 : y ? 1 : a.display_name.localeCompare(b.display_name) || (a.peer < b.peer ? -1 : 1);
}

const joined = (...texts) => texts.filter((text) => text && text.trim()).join('\n\n');

export class Model {
  #api;
  #keep;
  #tabs;
  #listeners = new Set();
  #timelines = new Map();
  #refreshing = new Set();
  #looking = null;
  #outbox;
  #reading;
  #finding = null;
  #seen = new Map(); // peer -> keys of what was on the screen
  #searchRun = 0;
  #refreshRun = 0;
  #refreshed = null; // the last of them
  #openInvite = null;

  constructor({ api, keep, node, tabs }) {
    this.#api = api;
    this.#keep = keep;
    this.#tabs = tabs;
    this.node = node;
    this.self = node.node_id;
    this.connection = 'connecting'; // then connected, lost, resumed
    this.replaying = false;         // of what came while it was not connected, more is to come
    this.conversations = [];        // in order
    this.byPeer = new Map();
    this.current = null;            // the peer whose conversation is open
    this.watching = false;          // somebody looks at its end
    this.opening = 0;               // counts: each time the place is found anew
    this.target = null;             // the key of the message to show
    this.found = [];                // what to mark in it: [begin, end) of its body
    this.members = null;
    this.problem = null;            // why the open conversation can't be read
    this.search = { text: '', peer: null, messages: [], more: false, busy: false, problem: null };
    this.#outbox = new Outbox({ api, keep, self: this.self, model: {
      timelineOf: (peer) => this.timelineOf(peer),
      changed: () => this.#tell('timeline'),
      stored: (peer) => this.#stored(peer),
    } });
    this.#reading = new Reading({ api, done: (peer, timeline, problem) => {
      if (timeline && (!problem || !timeline.loaded)) this.problem = problem;
      if (this.current === peer) this.#tell('timeline');
    } });
    tabs.listen((news) => this.#hear(news));
  }

  /** listener(what, detail): node, conversations, conversation (peer), timeline, current, connection, members, search, arrival (message),
   *  said ({peer, kind, emoji}, of a message, by the peer), draft ({peer, text, isHere}, also from another tab). */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(what, detail) { for (const listener of this.#listeners) listener(what, detail); }

  /** What is being read counts no more, unless one jumped over it. */
  unreadOf(entry) {
    const oldest = this.watching && entry.peer === this.current && this.timeline.oldest;
    return oldest && !(entry.first_unread && compare(entry.first_unread, oldest) < 0) ? 0 : entry.unread;
  }

  get unread() { return this.conversations.reduce((sum, entry) => sum + this.unreadOf(entry), 0); }
  get timeline() { return this.current && this.timelineOf(this.current); }

  timelineOf(peer) {
    let timeline = this.#timelines.get(peer);
    this.#timelines.delete(peer);
    timeline ??= new Timeline(this.self, peer);
    this.#timelines.set(peer, timeline);
    for (const [other, { pending, changes }] of this.#timelines) {
      if (this.#timelines.size <= KEPT_TIMELINES) break;
      if (other !== this.current && other !== peer && pending.length + changes.length === 0) this.#timelines.delete(other);
    }
    return timeline;
  }

  /** Ends when what is shown is no older than the call. */
  refresh() {
    this.#refreshed = this.#fetch(++this.#refreshRun);
    return this.#refreshed;
  }

  async #fetch(run) {
    const [node, conversations] = await Promise.all([this.#api.node(), this.#api.conversations()]);
    if (run !== this.#refreshRun) { // a later one knows more
      await this.#refreshed;
      return;
    }
    this.node = node;
    this.byPeer = new Map(conversations.map((entry) => [entry.peer, entry]));
    this.conversations = conversations.filter(({ blocked }) => !blocked).sort(inOrder);
    this.#tell('conversations');
    if (this.members) await this.loadMembers();
  }

  #update(entry) {
    this.byPeer.set(entry.peer, entry);
    this.conversations = this.conversations.filter((other) => other.peer !== entry.peer);
    let at = this.conversations.findIndex((other) => inOrder(entry, other) < 0);
    if (at < 0) at = this.conversations.length;
    if (!entry.blocked) this.conversations.splice(at, 0, entry);
    this.#tell('conversation', entry.peer);
  }

  /** Reads one entry, or all, from the node again: what is counted there is right. */
  #refreshSoon(peer = null) {
    if (this.#refreshing.has(peer)) return;
    this.#refreshing.add(peer);
    setTimeout(async () => {
      this.#refreshing.delete(peer);
      const run = this.#refreshRun;
      try {
        const entry = peer ? await this.#api.conversation(peer) : await this.refresh();
        if (entry && run === this.#refreshRun && !this.#refreshing.has(peer)) this.#update(entry); // else a later one knows more
      } catch {
        // It is gone: all is read when it is back.
      }
    }, REFRESH_MS);
  }

  nameOf(peer) { return this.byPeer.has(peer) ? nameOf(this.byPeer.get(peer)) : ''; }

  draft(peer) { return this.#keep.draft(peer); }

  /** What the draft is, if no message of its own: {what: 'reply' | 'edit', event_id, from}; of an edit with its first words (`body`), and what
   *  it displaced: the draft (`before`), and what that was (`about`). */
  saying(peer) { return this.#keep.saying(peer); }

  setDraft(peer, text, saying = this.saying(peer)) {
    this.#tabs.tell({ what: 'draft', peer, text, saying });
    this.#keepDraft(peer, text, saying);
  }

  #keepDraft(peer, text, saying) {
    const had = Boolean(this.#keep.draft(peer));
    this.#keep.setDraft(peer, text);
    this.#keep.setSaying(peer, saying);
    if (had !== Boolean(text)) this.#tell('conversation', peer);
  }

  /** What is typed next answers the message, or is other words for it. */
  begin(what, { event_id, from, body }) {
    const peer = this.current;
    const now = this.saying(peer);
    const text = this.draft(peer);
    const { before, about } = now?.what !== 'edit' ? { before: text, about: now } // of an edit that has begun, nothing that was typed is lost
      : { before: text === now.body ? now.before : joined(now.before, text), about: now.about };
    if (what === 'edit') this.#write(peer, body, { what, event_id, from, body, before, about });
    else this.#write(peer, before, { what, event_id, from });
  }

  /** It is a message like others again; what an edit displaced comes back. */
  cease(peer, text = this.draft(peer)) {
    const now = this.saying(peer);
    if (now) this.#write(peer, now.what === 'edit' ? now.before : text, now.about ?? null);
  }

  /** There is nothing to be edited any more: its words are a draft, behind what they displaced. */
  keepEdit(peer) {
    const { before, about = null, body } = this.saying(peer);
    const text = this.draft(peer);
    this.setDraft(peer, joined(before, text !== body && text), about);
    this.#tell('draft', { peer, text: this.draft(peer) });
  }

  #write(peer, text, saying) {
    this.setDraft(peer, text, saying);
    this.#tell('draft', { peer, text, isHere: true });
  }

  /** What was done in another tab of this node, and the node itself does not tell. */
  #hear({ what, peer, text, saying, client_id }) {
    if (what === 'read') this.#refreshSoon(peer);
    if (what === 'discarded') this.#outbox.forget(peer, client_id);
    if (what === 'verified') this.#refreshSoon();
    if (what !== 'draft') return;
    this.#keepDraft(peer, text, saying);
    this.#tell('draft', { peer, text });
  }

  /** Opens a conversation at its end, at what is unread, or at a message. Null closes it. */
  async open(peer, at = null) {
    const changes = peer !== this.current;
    this.opening++;
    this.current = peer;
    this.target = at && keyOf(at);
    this.found = at?.found ?? [];
    this.problem = null;
    this.#lookAtLock();
    const { timeline } = this;
    if (!timeline) {
      this.#tell('current');
      return;
    }
    if (changes) timeline.unreadFrom = null;
    const unread = changes && !at && this.byPeer.get(peer)?.first_unread;
    const wanted = at ? this.target : unread && `${peer} ${unread.event_id}`;
    const isThere = timeline.loaded && !timeline.waiting && (wanted ? timeline.messages.some((message) => keyOf(message) === wanted) : !timeline.newer);
    const loading = isThere ? null : wanted ? this.#reading.around(timeline, at ?? unread) : this.#reading.newest(timeline);
    this.#tell('current');
    await loading;
    if (unread && this.current === peer) timeline.unreadFrom = wanted;
    if (this.current === peer) this.#tell('timeline');
  }

  loadOlder(timeline) { return this.#reading.older(timeline); }
  loadNewer(timeline) { return this.#reading.newer(timeline); }

  async showNewest(timeline) {
    this.target = null;
    timeline.following = true;
    if (timeline.newer || timeline.waiting) await this.#reading.newest(timeline);
    else this.#tell('timeline');
  }

  setWatching(watching) {
    if (this.watching === watching) return;
    this.watching = watching;
    if (this.current) this.#tell('conversation', this.current);
  }

  /** These were on the screen. A message is read when all before it were, for reading says so of them, too. */
  seen(peer, messages) {
    const entry = this.byPeer.get(peer);
    if (!entry?.first_unread) return;
    const seen = this.#seen.get(peer) ?? new Set();
    this.#seen.set(peer, seen);
    for (const message of messages) seen.add(keyOf(message));
    const incoming = this.timeline.messages.filter((message) => message.from === peer && compare(message, entry.first_unread) >= 0);
    if (incoming[0]?.event_id !== entry.first_unread.event_id) return;
    const unseen = incoming.findIndex((message) => !seen.has(keyOf(message)));
    this.#read(entry, incoming.at(unseen < 0 ? -1 : unseen - 1), unseen);
  }

  /** As its owner says, whatever was on the screen. */
  async readAll(peer) {
    this.timeline.unreadFrom = null;
    this.#tell('timeline');
    let page = null;
    let last = null;
    do {
      page = await this.#api.history({ peer, before_lamport: page?.messages[0].lamport, limit: MOST_PAGE });
      last = page.messages.findLast(({ from }) => from === peer);
    } while (!last && page.more);
    if (last) await this.#read(this.byPeer.get(peer), last, -1);
  }

  async #read(entry, message, unseen) {
    if (unseen === 0 || (entry.read && compare(message, entry.read) <= 0)) return;
    entry.read = message;
    try {
      await this.#api.read(message.from, message.event_id);
      this.#tabs.tell({ what: 'read', peer: message.from });
    } catch {
      entry.read = null;
    }
    this.#refreshSoon(message.from);
  }

  /** `reply_to`: what it answers. Where the lock is closed nobody else may read it. */
  send(peer, body, reply_to) {
    const message = this.#outbox.write(peer, body, { reply_to, required: this.byPeer.get(peer)?.e2e === true || undefined });
    const timeline = this.timelineOf(peer);
    timeline.unreadFrom = null;
    this.showNewest(timeline);
    return this.post(message);
  }

  /** `what`: edit, delete or react; `text`: the words, "both" or "me", the emoji ("" takes it back). */
  say(message, what, text) { return this.#outbox.say(message.from === this.self ? message.to : message.from, message, what, text); }

  post(message) { return this.#outbox.post(message); }

  postInClear(message) { return this.#outbox.postInClear(message); }

  discard(message) {
    this.#tabs.tell({ what: 'discarded', peer: message.to, client_id: message.client_id });
    this.#outbox.discard(message);
  }

  sendUnsent() { return this.#outbox.sendAll(); }

  #stored(peer) {
    this.#refreshSoon(peer);
    const timeline = this.#timelines.get(peer);
    if (timeline) this.#reading.stale(timeline);
  }

  /** A message of that conversation, wherever it is: {message, earlier}, or {problem}; null: it is being asked. `whole`: what stood there before, too. */
  told(peer, event_id, whole = false) {
    const { messages, changes } = this.timelineOf(peer);
    const message = messages.find((other) => other.event_id === event_id);
    return message && !whole ? { message: asSaid(message, changes) } : this.#reading.one(peer, event_id);
  }

  /** Gives the keys of what that device lost again, and of all that was written on it, if `theirs`; how many there are. */
  async restore(peer, theirs) {
    const { messages } = await this.#api.restore(peer, theirs);
    this.#refreshSoon(peer);
    return messages;
  }

  /** `opened`: what the node found in its envelope, if it has one. */
  takeEvent(topic, data, opened) {
    if (topic === 'peer.changed') {
      this.#takePresence(data);
    } else if (topic === 'member.changed') {
      this.#openInvite = null; // it may be used up
      this.#refreshSoon();
    } else if (data.event_type === 'chat.message.sent') {
      if (opened && opened.kind !== 'text') this.#takeChange(data, opened);
      else this.#takeMessage({ ...data, opened });
    } else {
      this.#takeReceipt(data);
    }
  }

  #takePresence({ node_id, online, lost_there }) {
    const entry = this.byPeer.get(node_id);
    if (entry) {
      Object.assign(entry, { online }, lost_there !== undefined && { lost_there });
      this.#tell('conversation', node_id);
      if (!online) this.#refreshSoon(node_id); // for the time
    }
    if (lost_there !== undefined) this.#readAnew(node_id);
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
    if (!message.unsure && entry && (!entry.last_message || compare(entry.last_message, message) < 0)) {
      this.#update({ ...entry, unread: own ? entry.unread : entry.unread + 1, first_unread: entry.first_unread ?? (own ? null : message), last_message: message });
    }
    this.#refreshSoon(peer);
    if (timeline) this.#reading.stale(timeline);
    if (!own && message.unsure) this.#tellRead(peer, [message.event_id]); // it may be no message at all
    else if (!own) this.#tell('arrival', message);
  }

  /** No message of its own: it changes others, opens them say. */
  #takeChange({ author, data }, { kind, emoji, events }) {
    const own = author === this.self;
    const peer = own ? data.recipient : author;
    if (own) this.#outbox.settled(peer, data.client_id);
    this.#forget(peer);
    this.#refreshSoon(peer);
    if (kind === 'keys') this.#tellRead(peer, events);
    else if (!own) this.#tell('said', { peer, kind, emoji });
    this.#findAgain(); // what is deleted is not found any more
  }

  /** What these are says the node. What waits for its key arrives with that. */
  async #tellRead(peer, events) {
    const { last_message: last } = await this.#api.conversation(peer).catch(() => null) ?? {};
    if (last?.from === peer && last.e2e !== 'waiting' && events.includes(last.event_id)) this.#tell('arrival', last);
  }

  #takeReceipt(event) {
    for (const timeline of this.#timelines.values()) {
      if (timeline.take(event)) this.#tell('timeline');
      this.#reading.stale(timeline);
    }
    if (event.author === this.self && event.event_type === 'chat.message.read') {
      for (const entry of this.conversations) if (entry.unread) this.#refreshSoon(entry.peer);
    }
  }

  /** What the stream does not replay is read again: who is online, the counts. */
  async setConnected(connected) {
    const before = this.connection;
    if (connected ? /^(connected|resumed)$/.test(before) : before === 'lost') return;
    this.#openInvite = null;
    this.connection = !connected ? 'lost' : before === 'lost' ? 'resumed' : 'connected';
    this.#tell('connection');
    if (!connected) {
      for (const entry of [...this.conversations, ...this.members ?? []]) entry.online = false; // nobody knows
      this.#tell('conversations');
      this.#tell('members');
      return;
    }
    this.#look();
    try {
      this.#reading.forget('');
      if (before === 'lost') await this.refresh();
      if (this.current && !this.timeline.loaded) await this.open(this.current);
      for (const timeline of this.#timelines.values()) {
        timeline.stale ||= before === 'lost'; // what was deleted here alone is no event
        this.#reading.stale(timeline);
      }
      if (before === 'lost') this.#findAgain();
      await this.sendUnsent();
    } catch {
      // Gone again.
    }
  }

  /** An open lock closes when the other device can receive what is encrypted, of which no event here tells; a closed one stays closed. */
  #lookAtLock() {
    if (this.byPeer.get(this.current)?.e2e === false) this.#refreshSoon(this.current);
  }

  /** How far the node came, and what it found out, while nobody asked. */
  async #look() {
    clearTimeout(this.#looking);
    if (this.connection === 'lost') return;
    try {
      this.node = await this.#api.node();
      this.#tell('node');
      this.#lookAtLock();
    } catch {
      // It is gone, or will answer the next time.
    }
    clearTimeout(this.#looking); // another look was begun meanwhile
    this.#looking = setTimeout(() => this.#look(), this.node.catching_up ? LOOK_CLOSELY_MS : LOOK_MS);
  }

  /** The log is another one than before, of a backup say: nothing that is shown can be trusted. */
  startAgain() {
    this.#timelines.clear();
    this.#reading.forget('');
  }

  async loadMembers() {
    this.members = await this.#api.members();
    this.#tell('members');
  }

  async revoke(node_id, reason, co_signers) {
    await this.#api.revoke({ target_node_id: node_id, reason, co_signers });
    await this.refresh();
  }

  async setLevel(node_id, new_level, co_signers) {
    await this.#api.setLevel({ target_node_id: node_id, new_level, co_signers });
    await this.refresh();
  }

  agree({ target, what, value }) { return this.#api.agree({ target_node_id: target, [what === 'level' ? 'new_level' : 'reason']: value }); }

  safety(node_id) { return this.#api.safety(node_id); }

  /** `wish`: {verified}, or what was scanned as {qr_text}. */
  async verify(node_id, wish) {
    const answer = await this.#api.verify(node_id, wish);
    this.#refreshSoon();
    this.#tabs.tell({ what: 'verified' });
    return answer;
  }

  /** What the owner keeps of somebody: some of {nickname, muted, blocked, pinned}. */
  async setContact(node_id, wish) {
    const answer = await this.#api.setContact(node_id, wish);
    await this.refresh();
    return answer;
  }

  async clear(peer) {
    const answer = await this.#api.clear(peer);
    this.#readAnew(peer);
    return answer;
  }

  /** What was read of that conversation may not be there any more. */
  #readAnew(peer) {
    this.#refreshSoon();
    this.#forget(peer);
    this.#findAgain();
  }

  #forget(peer) {
    const timeline = this.#timelines.get(peer);
    this.#reading.forget(peer);
    if (!timeline) return;
    timeline.stale = true;
    this.#reading.stale(timeline);
  }

  #findAgain() {
    clearTimeout(this.#finding);
    if (this.search.text) this.#finding = setTimeout(() => this.find(this.search.text), REFRESH_MS);
  }

  invite(invitation) { return this.#api.invite(invitation); }

  /** An invite for whoever has it: the same again until somebody comes, however often one looks at it. */
  async openInvite(wish) {
    const key = JSON.stringify(wish);
    if (this.#openInvite?.key !== key || Date.parse(this.#openInvite.expires_at) <= Date.now()) {
      this.#openInvite = { key, ...await this.#api.invite({ open: true, ...wish }) };
    }
    return this.#openInvite;
  }

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
