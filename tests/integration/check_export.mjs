// Checks `hearthchat export --with-keys` by the file alone, as a third person would: node check_export.mjs FILE.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { openWith } from './sealed.mjs';
import { canonical, crypto, fs, hashOf } from './support.mjs';

const ED25519 = Buffer.from('302a300506032b6570032100', 'hex');
const bytesOf = (text) => Buffer.from(text.slice('ed25519:'.length), 'base64url');
const later = (a, b) => a.event.lamport - b.event.lamport || Buffer.compare(Buffer.from(a.event.event_id), Buffer.from(b.event.event_id));

function checkSigned({ signature, ...signed }, what) {
  const key = crypto.createPublicKey({ key: Buffer.concat([ED25519, bytesOf(signed.author)]), format: 'der', type: 'spki' });
  assert.ok(crypto.verify(null, canonical(signed), key, bytesOf(signature)), `${what}: the signature is not its author's`);
}

/** What an event says by its key, or in clear; null: there is no key. */
function payloadOf({ event, key }) {
  if (typeof event.data.body === 'string') return { kind: 'text', body: event.data.body, attachments: event.data.attachments };
  return key === undefined ? null : openWith(event, Buffer.from(key, 'base64url'));
}

/** The same of a message; null too where it is said that nobody, or not this program, can read it, and that is so. */
function textOf(message) {
  if (message.e2e === 'unreadable' && message.key) {
    assert.throws(() => payloadOf(message), `${message.event_id}: it can be read`);
    return null;
  }
  const payload = payloadOf(message);
  if (message.e2e !== 'unsupported') return payload;
  assert.notEqual(payload?.kind, 'text', `${message.event_id}: it can be read`);
  return null;
}

/** What was said of a message, each by whom and of nothing else. */
function changesOf(message, community_id) {
  const hash = message.changes && hashOf(message.event);
  return (message.changes ?? []).map(({ event, key }) => {
    const what = `${message.event_id}, ${event.event_id}`;
    checkSigned(event, what);
    assert.deepEqual([event.event_type, event.community_id, [event.author, event.data.recipient].sort()], ['chat.message.sent', community_id, [message.from, message.to].sort()], what);
    const payload = payloadOf({ event, key });
    if (payload) assert.equal(payload.of ?? payload.to, hash, `${what}: it speaks of another message`);
    return { event, payload };
  }).filter(({ payload }) => payload).sort(later);
}

/** Throws at the first thing that is not so; counts what was signed and what was opened. */
export function checkExport({ community_id, node_id, messages }) {
  const hashOfMessage = (event_id) => hashOf(messages.find((message) => message.event_id === event_id).event);
  let opened = 0;
  for (const message of messages) {
    const { event, event_id, from, to } = message;
    checkSigned(event, event_id);
    assert.deepEqual([event.event_type, event.event_id, event.lamport, event.community_id, event.author, event.data.recipient, event.wall_clock],
      ['chat.message.sent', event_id, message.lamport, community_id, from, to, message.created_at], event_id);
    assert.ok([from, to].includes(node_id), event_id);
    const payload = textOf(message);
    const changes = changesOf(message, community_id);
    const last = (kind, author) => changes.findLast(({ event: { author: by }, payload: { kind: is } }) => is === kind && by === author)?.payload;
    assert.equal(message.e2e, typeof event.data.body === 'string' ? false : payload ? 'ok' : message.e2e, event_id);
    assert.equal('deleted_at' in message, last('delete', from) !== undefined, `${event_id}: deleted`);
    if (!payload) {
      assert.ok(typeof message.e2e === 'string' && message.e2e !== 'ok', event_id);
      assert.deepEqual([message.body, message.attachments], ['', []], event_id);
      continue;
    }
    opened += message.e2e === 'ok' ? 1 : 0;
    const edit = last('edit', from);
    assert.equal(payload.kind, 'text', event_id);
    assert.equal('edited_at' in message, edit !== undefined, `${event_id}: edited`);
    assert.equal(message.body, (edit ?? payload).body, `${event_id}: the text`);
    assert.deepEqual(message.attachments.map(({ cid, name }) => [cid, name]), (payload.attachments ?? []).map(({ cid, name }) => [cid, name]), `${event_id}: attachments`);
    if (message.reply_to) assert.equal(hashOfMessage(message.reply_to), payload.reply_to, `${event_id}: what it answers`);
    for (const by of [from, to]) {
      const shown = (message.reactions ?? []).filter(({ from: people }) => people.includes(by)).map(({ emoji }) => emoji);
      assert.deepEqual(shown, [last('reaction', by)?.emoji].filter(Boolean), `${event_id}: reactions`);
    }
  }
  return { signed: messages.length, opened };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { signed, opened } = checkExport(JSON.parse(fs.readFileSync(process.argv[2])));
  console.log(`${signed} messages were written by those who are said to have; the text of ${opened} was sealed and is as it was.`);
}
