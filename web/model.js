// What the tab knows, and the only place where that changes: views call actions, are told what changed, draw what they read.

import { nameOf } from './text.js';
import { compare, keyOf, messageOf, Timeline } from './timeline.js';

const PAGE = 60;
const FIRST_PAGE = 40;
const MOST_PAGE = 1000;
const KEPT_TIMELINES = 8;
const REFRESH_MS = 120;      // of many events at once, all is read once
const LOOK_MS = 30000;       // at what the node tells of itself …
const LOOK_CLOSELY_MS = 2000; // … while much is on its way

function inOrder(a, b) {
  const [x, y] = [a.last_message, b.last_message];
  if (x && y) return compare(y, x);
  return x ? -1 : y ? 1 : a.display_name.localeCompare(b.display_name) || (a.peer < b.peer ? -1 : 1);
}

export class Model {
  #api;
  #keep;
  #tabs;
  #listeners = new Set();
  #timelines = new Map();
  #refreshing = new Set();
  #looking = null;
  #sending = new Set();
  #seen = new Map(); // peer -> keys of what was on the screen
  #searchRun = 0;
  #refreshRun = 0;
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
    tabs.listen((news) => this.#hear(news));
  }

  /** listener(what, detail): node, conversations, conversation (peer), timeline, current, connection, members, search, arrival (message),
   *  draft ({peer, text}, from another tab). */
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
    this.#tabs.tell({ what: 'draft', peer, text });
    this.#keepDraft(peer, text);
  }

  #keepDraft(peer, text) {
    const had = Boolean(this.#keep.draft(peer));
    this.#keep.setDraft(peer, text);
    if (had !== Boolean(text)) this.#tell('conversation', peer);
  }

  /** What was done in another tab of this node, and the node itself does not tell. */
  #hear({ what, peer, text, client_id }) {
    if (what === 'read') this.#refreshSoon(peer);
    if (what === 'discarded') this.#forget(peer, client_id);
    if (what !== 'draft') return;
    this.#keepDraft(peer, text);
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
    const { timeline } = this;
    if (!timeline) {
      this.#tell('current');
      return;
    }
    if (changes) timeline.unreadFrom = null;
    const unread = changes && !at && this.byPeer.get(peer)?.first_unread;
    const wanted = at ? this.target : unread && `${peer} ${unread.event_id}`;
    const isThere = timeline.loaded && !timeline.waiting && (wanted ? timeline.messages.some((message) => keyOf(message) === wanted) : !timeline.newer);
    const loading = isThere ? null : wanted ? this.#loadAround(timeline, at ?? unread) : this.#loadNewest(timeline);
    this.#tell('current');
    await loading;
    if (unread && this.current === peer) timeline.unreadFrom = wanted;
    if (this.current === peer) this.#tell('timeline');
  }

  /** Reads pages into the timeline; what arrives meanwhile is not lost. One read at a time: another is not begun. */
  #load(timeline, read) {
    if (!timeline.waiting) timeline.reading = this.#loadNow(timeline, read);
    return timeline.reading;
  }

  /** As #load, but after what is being read; of several the last counts. */
  async #jump(timeline, read) {
    timeline.wish = read;
    while (timeline.waiting) await timeline.reading;
    if (timeline.wish === read) await this.#load(timeline, read);
  }

  async #loadNow(timeline, read) {
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

  #loadNewest(timeline) {
    return this.#jump(timeline, async () => {
      const page = await this.#api.history({ peer: timeline.peer, limit: FIRST_PAGE });
      timeline.reset(page.messages, { older: page.more, newer: false });
    });
  }

  #loadAround(timeline, { lamport }) {
    return this.#jump(timeline, async () => {
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
    if (timeline.newer || timeline.waiting) await this.#loadNewest(timeline);
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
    const { to: peer, client_id } = message;
    this.#keep.setSent(client_id);
    this.#tabs.tell({ what: 'discarded', peer, client_id });
    this.#forget(peer, client_id);
  }

  #forget(peer, client_id) {
    const timeline = this.timelineOf(peer);
    timeline.pending = timeline.pending.filter((other) => other.client_id !== client_id);
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
      this.#openInvite = null; // it may be used up
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
      this.#update({ ...entry, unread: own ? entry.unread : entry.unread + 1, first_unread: entry.first_unread ?? (own ? null : message), last_message: message });
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
      if (before === 'lost') await this.refresh();
      if (this.current && !this.timeline.loaded) await this.open(this.current);
      await this.sendUnsent();
    } catch {
      // Gone again.
    }
  }

  /** How far the node came, and what it found out, while nobody asked. */
  async #look() {
    clearTimeout(this.#looking);
    if (this.connection === 'lost') return;
    try {
      this.node = await this.#api.node();
      this.#tell('node');
    } catch {
      // It is gone, or will answer the next time.
    }
    clearTimeout(this.#looking); // another look was begun meanwhile
    this.#looking = setTimeout(() => this.#look(), this.node.catching_up ? LOOK_CLOSELY_MS : LOOK_MS);
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

  async setLevel(node_id, new_level, co_signers) {
    await this.#api.setLevel({ target_node_id: node_id, new_level, co_signers });
    await this.refresh();
  }

  agree({ target, what, value }) { return this.#api.agree({ target_node_id: target, [what === 'level' ? 'new_level' : 'reason']: value }); }

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
