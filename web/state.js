// What the tab knows. It changes here alone; views are told and read it again.

import { api } from './api.js';

const PAGE = 100;
const listeners = new Set();

export const state = {
  node: null,
  connected: true,
  conversations: [],       // as the node lists them, newest first
  current: null,           // the peer whose thread is open
  threads: new Map(),      // peer -> {messages, more, loaded}
};

export function subscribe(listener) {
  listeners.add(listener);
}

function changed(what) {
  for (const listener of listeners) listener(what);
}

export const threadOf = (peer) => {
  if (!state.threads.has(peer)) state.threads.set(peer, { messages: [], more: false, loaded: false });
  return state.threads.get(peer);
};

/** Lamport and event id decide the order, never the clock; what is not stored yet comes last. */
function compare(a, b) {
  if (!a.event_id || !b.event_id) return a.event_id ? -1 : b.event_id ? 1 : a.sent - b.sent;
  return a.lamport - b.lamport || (a.event_id < b.event_id ? -1 : a.event_id > b.event_id ? 1 : 0);
}

function merge(thread, messages) {
  for (const message of messages) {
    const known = thread.messages.find((other) => (other.event_id && other.event_id === message.event_id)
      || (other.client_id && other.client_id === message.client_id));
    if (known) {
      // A receipt that is known stays known, whatever order the answers come in.
      Object.assign(known, message, {
        delivered_at: message.delivered_at ?? known.delivered_at,
        read_at: message.read_at ?? known.read_at,
        failed: null,
      });
    } else {
      thread.messages.push(message);
    }
  }
  thread.messages.sort(compare);
}

let refreshing = null; // of many events at once, the list is read for the last one
let stale = false;

export function refreshConversations() {
  stale = true;
  refreshing ??= (async () => {
    try {
      while (stale) {
        stale = false;
        await readConversations();
      }
    } finally {
      refreshing = null;
    }
  })();
  return refreshing;
}

async function readConversations() {
  const conversations = await api.conversations();
  const order = (entry) => entry.last_message?.lamport ?? -1;
  state.conversations = conversations.sort((a, b) => order(b) - order(a) || nameOf(a).localeCompare(nameOf(b)));
  changed('conversations');
}

export const nameOf = (entry) => entry.display_name || entry.short_id.replace('ed25519:', '');

export const conversationWith = (peer) => state.conversations.find((entry) => entry.peer === peer);

export async function openThread(peer) {
  state.current = peer;
  changed('current');
  if (peer && !threadOf(peer).loaded) await loadOlder(peer);
  if (peer) await markRead(peer);
}

export async function loadOlder(peer) {
  const thread = threadOf(peer);
  if (thread.loading) return;
  thread.loading = true;
  try {
    const oldest = thread.messages.find((message) => message.event_id)?.lamport;
    const before = thread.loaded ? oldest : Number.MAX_SAFE_INTEGER;
    const page = await api.history({ peer, limit: PAGE, before_lamport: before });
    merge(thread, page.messages);
    thread.more = page.more;
    thread.loaded = true;
  } finally {
    thread.loading = false;
  }
  changed('thread');
}

/** Says that the newest message of that peer was read, when somebody is looking. */
export async function markRead(peer) {
  const entry = conversationWith(peer);
  if (!entry?.unread || document.hidden || state.current !== peer) return;
  const newest = threadOf(peer).messages.findLast((message) => message.from === peer);
  if (!newest) return;
  entry.unread = 0;
  changed('conversations');
  await api.read(peer, newest.event_id).catch(() => {});
}

/** Shows the message at once; the same client_id makes every retry safe. */
export async function send(peer, body, client_id = crypto.randomUUID()) {
  const thread = threadOf(peer);
  merge(thread, [{ client_id, from: state.node.node_id, to: peer, body, attachments: [], sent: Date.now(),
    created_at: new Date().toISOString(), delivered_at: null, read_at: null, sending: true }]);
  changed('thread');
  const message = thread.messages.find((other) => other.client_id === client_id);
  try {
    const answer = await api.send({ client_id, recipient: peer, body });
    merge(thread, [{ client_id, event_id: answer.event_id, lamport: answer.lamport, direct: answer.delivered === 'direct', sending: false }]);
  } catch (error) {
    message.sending = false;
    message.failed = error.message;
  }
  changed('thread');
}

/** An event envelope from the stream. */
export async function takeEvent(topic, event) {
  if (topic === 'peer.changed') {
    const entry = conversationWith(event.node_id);
    if (entry) entry.online = event.online;
    changed('conversations');
    return;
  }
  if (topic === 'message' && event.event_type === 'chat.message.sent') {
    const { client_id, recipient, body, attachments } = event.data;
    const own = event.author === state.node.node_id;
    const peer = own ? recipient : event.author;
    const message = { event_id: event.event_id, lamport: event.lamport, from: event.author, to: recipient, body, attachments, created_at: event.wall_clock, sending: false };
    if (own) message.client_id = client_id;
    if (threadOf(peer).loaded || own) merge(threadOf(peer), [message]);
    changed(own ? 'thread' : 'arrival');
  } else if (topic === 'message') {
    takeReceipt(event);
    changed('thread');
  }
  try {
    await refreshConversations();
    if (state.current) await markRead(state.current);
  } catch {
    // The node is gone; the stream tells, and brings the rest when it is back.
  }
}

function takeReceipt(event) {
  for (const thread of state.threads.values()) {
    const target = thread.messages.find((message) => message.event_id === event.data.target_event_id);
    if (!target || target.to !== event.author) continue;
    if (event.event_type === 'chat.message.delivered') target.delivered_at ??= event.data.delivered_at;
    if (event.event_type !== 'chat.message.read') continue;
    for (const message of thread.messages) {
      if (message.to === event.author && message.event_id && compare(message, target) <= 0) message.read_at ??= event.data.read_at;
    }
  }
}

export function setConnected(connected) {
  if (state.connected === connected) return;
  state.connected = connected;
  changed('connection');
}
