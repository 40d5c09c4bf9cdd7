// What its owner wrote, and said of messages, on its way to the node's disk: shown at once, kept until it is there, safe to try again by its client_id.

import { replaces, settle } from './changes.js';

export class Outbox {
  #api;
  #keep;
  #self;
  #model;
  #sending = new Set();
  #last = Promise.resolve(); // of what is said of messages: one after the other, as it was said

  /** model: {timelineOf(peer), changed(), stored(peer)}, which it calls. */
  constructor({ api, keep, self, model }) {
    this.#api = api;
    this.#keep = keep;
    this.#self = self;
    this.#model = model;
  }

  /** `more`: what it answers (`reply_to`), and that nobody else may read it (`required`). */
  write(peer, body, more) {
    const message = { client_id: crypto.randomUUID(), from: this.#self, to: peer, body, attachments: [], written: Date.now(),
      created_at: new Date().toISOString(), delivered_at: null, read_at: null, ...more };
    this.#keep.setUnsent(message);
    this.#model.timelineOf(peer).pending.push(message);
    return message;
  }

  /** `what`: edit, delete or react; `text`: the words, "both" or "me", the emoji. */
  say(peer, { event_id, from }, what, text) {
    const change = { client_id: crypto.randomUUID(), to: peer, event_id, from, what, text, self: this.#self, written: Date.now() };
    this.#keep.setUnsent(change);
    this.#model.timelineOf(peer).changes.push(change);
    return this.post(change);
  }

  /** Out of what is shown, of this tab; it is stored, or its owner doesn't want it. */
  forget(peer, client_id) {
    const timeline = this.#model.timelineOf(peer);
    for (const name of ['pending', 'changes']) timeline[name] = timeline[name].filter((other) => other.client_id !== client_id);
    this.#model.changed();
  }

  discard({ to: peer, client_id }) {
    this.#keep.setSent(client_id);
    this.forget(peer, client_id);
  }

  /** So that every member can read it, where it can't be otherwise. */
  async postInClear(message) {
    this.#setBare(message, true);
    await this.post(message);
    if (message.failed && !message.failed.unreachable) this.#setBare(message, undefined); // it stays what it was
  }

  #setBare(message, bare) {
    message.bare = bare;
    this.#keep.setUnsent(message);
  }

  async post(one) {
    if (this.#sending.has(one.client_id)) return;
    this.#sending.add(one.client_id);
    one.failed = null;
    this.#model.changed();
    try {
      if (one.what) await (this.#last = this.#last.catch(() => {}).then(() => this.#postChange(one)));
      else await this.#postMessage(one);
    } catch (error) {
      one.failed = error;
    }
    this.#sending.delete(one.client_id);
    this.#model.changed();
  }

  async #postMessage(message) {
    const { client_id, to, body, reply_to, required } = message.bare ? { ...message, reply_to: undefined, required: undefined } : message;
    const answer = await this.#api.send({ client_id, recipient: to, body, ...(reply_to && { reply_to }), ...(required && { e2e: 'required' }) });
    this.#keep.setSent(client_id);
    const { written, failed, required: _, bare, ...stored } = message;
    this.#model.timelineOf(to).arrive({ ...stored, reply_to, event_id: answer.event_id, lamport: answer.lamport, direct: answer.delivered === 'direct',
      ...('e2e' in answer && { e2e: answer.e2e && 'ok' }) });
    this.#model.stored(to);
  }

  async #postChange(change) {
    const { client_id, to: peer, event_id, what, text } = change;
    const words = { edit: { body: text }, react: { emoji: text }, delete: { for: text } }[what];
    await this.#api.say(what, { peer, event_id, client_id, ...words });
    const timeline = this.#model.timelineOf(peer);
    this.#settle(timeline, change);
    timeline.stale = true;
    this.#model.stored(peer);
  }

  /** It is stored, whether its answer came or not, and whichever tab said it. */
  settled(peer, client_id) {
    this.#keep.setSent(client_id);
    const timeline = this.#model.timelineOf(peer);
    const change = timeline.changes.find((other) => other.client_id === client_id);
    if (!change) return;
    this.#settle(timeline, change);
    this.#model.changed();
  }

  #settle(timeline, change) {
    settle(timeline, change);
    const isDone = (other) => other.client_id === change.client_id || replaces(change, other);
    for (const other of timeline.changes.filter(isDone)) this.#keep.setSent(other.client_id);
    timeline.changes = timeline.changes.filter((other) => !isDone(other));
  }

  /** What an earlier visit, or a node that was away, left unsent. */
  async sendAll() {
    for (const kept of this.#keep.unsent()) {
      const list = this.#model.timelineOf(kept.to)[kept.what ? 'changes' : 'pending'];
      let one = list.find((other) => other.client_id === kept.client_id);
      if (!one) list.push(one = { ...kept, failed: null });
      if (one.failed === null || one.failed?.unreachable) await this.post(one);
    }
  }
}
