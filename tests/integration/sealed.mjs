// §24 written apart from the node, over Node's own cryptography: what the tests hold it to.
import assert from 'node:assert/strict';
import { canonical, crypto, Peer, ulid } from './support.mjs';

const bytes = (...parts) => Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));
const big = (number, size) => { const buffer = Buffer.alloc(size); buffer.writeUIntBE(number, 0, size); return buffer; };
const base64url = (buffer) => Buffer.from(buffer).toString('base64url');
const fromBase64url = (text) => Buffer.from(text, 'base64url');

// RFC 5869.
const hmac = (key, ...parts) => crypto.createHmac('sha256', key).update(bytes(...parts)).digest();
export const extract = (salt, input) => hmac(salt.length === 0 ? Buffer.alloc(32) : salt, input);
export function expand(key, info, length) {
  const blocks = [];
  for (let i = 1; blocks.length * 32 < length; i++) blocks.push(hmac(key, blocks.at(-1) ?? '', info, [i]));
  return bytes(...blocks).subarray(0, length);
}

// RFC 7748, over raw keys.
const PRIVATE = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC = Buffer.from('302a300506032b656e032100', 'hex');
const secretKey = (raw) => crypto.createPrivateKey({ key: bytes(PRIVATE, raw), format: 'der', type: 'pkcs8' });
export const publicOf = (secret) => crypto.createPublicKey(secretKey(secret)).export({ format: 'der', type: 'spki' }).subarray(-32);
const agree = (secret, publicKey) => crypto.diffieHellman({ privateKey: secretKey(secret), publicKey: crypto.createPublicKey({ key: bytes(PUBLIC, publicKey), format: 'der', type: 'spki' }) });
export const keyText = (publicKey) => `x25519:${base64url(publicKey)}`;
export const keyOfText = (text) => fromBase64url(text.slice('x25519:'.length));

// RFC 8439.
function encrypt(key, nonce, aad, text) {
  const cipher = crypto.createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  cipher.setAAD(bytes(aad), { plaintextLength: text.length });
  return bytes(cipher.update(text), cipher.final(), cipher.getAuthTag());
}
function decrypt(key, nonce, aad, sealed) {
  const cipher = crypto.createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  cipher.setAAD(bytes(aad), { plaintextLength: sealed.length - 16 });
  cipher.setAuthTag(sealed.subarray(-16));
  return bytes(cipher.update(sealed.subarray(0, -16)), cipher.final());
}

// RFC 9180, base mode, one message: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305.
const KEM = bytes('KEM', big(0x20, 2));
const HPKE = bytes('HPKE', big(0x20, 2), big(1, 2), big(3, 2));
const labeledExtract = (suite, salt, label, input) => extract(salt, bytes('HPKE-v1', suite, label, input));
const labeledExpand = (suite, key, label, info, length) => expand(key, bytes(big(length, 2), 'HPKE-v1', suite, label, info), length);
function hpkeKeys(agreed, enc, receiver, info) {
  const shared = labeledExpand(KEM, labeledExtract(KEM, '', 'eae_prk', agreed), 'shared_secret', bytes(enc, receiver), 32);
  const context = bytes([0], labeledExtract(HPKE, '', 'psk_id_hash', ''), labeledExtract(HPKE, '', 'info_hash', info));
  const secret = labeledExtract(HPKE, shared, 'secret', '');
  return [labeledExpand(HPKE, secret, 'key', context, 32), labeledExpand(HPKE, secret, 'base_nonce', context, 12)];
}

// §24.3.
export function padded(length) {
  if (length <= 256) return 256;
  const e = Math.floor(Math.log2(length));
  const step = 2 ** (e - (Math.floor(Math.log2(e)) + 1));
  return Math.ceil(length / step) * step;
}
export function pad(json) {
  const text = Buffer.from(json);
  return bytes(big(text.length, 4), text, Buffer.alloc(padded(4 + text.length) - 4 - text.length));
}
const wrapAad = ({ author, client_id, community_id, recipient }, commit, seq) => canonical({ author, client_id, commit, community_id, recipient, seq });
const bodyAad = ({ author, client_id, community_id, recipient }, header) => canonical({ author, client_id, community_id, header, recipient });
const commitOf = (key) => expand(key, 'hearthnet e2e 1 commit', 32);

/** The envelope of a message at `place` {author, recipient, community_id, client_id}, sealed to a public key. `padding`: as it is to be, not as it should. */
export function seal(place, { to, seq, payload, reply, key = crypto.randomBytes(32), ephemeral = crypto.randomBytes(32), commit = commitOf(key), wrapPlace = place, padding = pad(typeof payload === 'string' ? payload : canonical(payload)) }) {
  const enc = publicOf(ephemeral);
  const [wrapKey, nonce] = hpkeKeys(agree(ephemeral, to), enc, to, 'hearthnet e2e 1 key');
  const record = bytes(to.subarray(0, 8), big(seq, 4), enc, encrypt(wrapKey, nonce, wrapAad(wrapPlace, base64url(commit), seq), key));
  const header = { v: 1, keys: base64url(record), commit: base64url(commit), ...(reply ? { reply: keyText(reply) } : {}) };
  const ciphertext = encrypt(expand(key, 'hearthnet e2e 1 body', 32), Buffer.alloc(12), bodyAad(place, header), padding);
  return { e2e: true, header, ciphertext: base64url(ciphertext) };
}

const placeOf = ({ author, community_id, data }) => ({ author, community_id, recipient: data.recipient, client_id: data.client_id });
export const recordsOf = ({ data }) => {
  const records = fromBase64url(data.body.header.keys);
  return Array.from({ length: records.length / 92 }, (_, i) => records.subarray(92 * i, 92 * (i + 1)))
    .map((record) => ({ tag: record.subarray(0, 8), seq: record.readUInt32BE(8), enc: record.subarray(12, 44), sealed: record.subarray(44) }));
};

/** The payload of an event by one of these secrets, and what else it says; throws when it does not open by the law. */
export function open(event, secrets) {
  const { header, ciphertext } = event.data.body;
  for (const { tag, seq, enc, sealed } of recordsOf(event)) {
    for (const secret of secrets.filter((secret) => publicOf(secret).subarray(0, 8).equals(tag))) {
      const [wrapKey, nonce] = hpkeKeys(agree(secret, enc), enc, publicOf(secret), 'hearthnet e2e 1 key');
      const key = decrypt(wrapKey, nonce, wrapAad(placeOf(event), header.commit, seq), sealed);
      return { key, seq, secret, payload: openWith(event, key), ciphertext };
    }
  }
  throw new Error('no secret of ours has the tag');
}

export function openWith(event, key) {
  const { header, ciphertext } = event.data.body;
  assert.equal(header.v, 1);
  assert.equal(header.commit, base64url(commitOf(key)));
  const text = decrypt(expand(key, 'hearthnet e2e 1 body', 32), Buffer.alloc(12), bodyAad(placeOf(event), header), fromBase64url(ciphertext));
  const length = text.readUInt32BE(0);
  assert.equal(text.length, padded(4 + length));
  assert.ok(text.subarray(4 + length).every((byte) => byte === 0));
  return JSON.parse(text.subarray(4, 4 + length).toString());
}

// §24.1.
const later = (a, b) => a.lamport - b.lamport || (a.event_id < b.event_id ? -1 : a.event_id > b.event_id ? 1 : 0);
function offerIn({ author, event_type, data }) {
  if (event_type === 'e2e.prekeys.published') return { to: null, key: data.signed_prekey.pubkey, reset: data.reset === true };
  if (event_type === 'chat.message.sent' && data.body.e2e && data.body.header.reply) return { to: data.recipient, key: data.body.header.reply };
  if (/^e2e\.session\.(established|broken)$/.test(event_type)) return { to: data.peer, key: data.reply };
  return null;
}

/** The public key that `owner` offers to `peer` as these events have it; null: none. */
export function currentOffer(events, owner, peer) {
  const offers = events.filter(({ author }) => author === owner).sort(later).map((event) => ({ event, ...offerIn(event) })).filter(({ key }) => key);
  const prekeys = offers.filter(({ to }) => to === null);
  const reset = prekeys.findLast(({ reset }) => reset)?.event;
  const own = offers.findLast(({ to, event }) => to === peer && (!reset || later(event, reset) > 0));
  const found = own ?? prekeys.at(-1);
  return found ? keyOfText(found.key) : null;
}

// §24.12.
function half(id) {
  const key = fromBase64url(id.slice('ed25519:'.length));
  const sha512 = (...parts) => crypto.createHash('sha512').update(bytes(...parts)).digest();
  let hash = sha512('hearthnet safety 1', key, key);
  for (let i = 0; i < 5199; i++) hash = sha512(hash, key);
  return [0, 5, 10, 15, 20, 25].map((at) => String(hash.readUIntBE(at, 5) % 100000).padStart(5, '0')).join('');
}
export const safetyNumber = (one, other) => [half(one), half(other)].sort().join('');

/** A member that seals and opens, as another implementation would. */
export class SealingPeer extends Peer {
  secrets = [];
  sealed = 0; // §24.2: to our one correspondent

  offer() {
    const secret = crypto.randomBytes(32);
    this.secrets.push(secret);
    return publicOf(secret);
  }

  prekeys(lamport, { key = this.offer(), reset = false, signer = this, node_id = this.id, ...more } = {}) {
    const signature = `ed25519:${crypto.sign(null, key, signer.privateKey).toString('base64url')}`;
    return this.event(this.community, lamport, 'e2e.prekeys.published', { node_id, identity_pubkey: keyText(key), signed_prekey: { pubkey: keyText(key), signature }, one_time_prekeys: [], reset, ...more });
  }

  /** All that the node has. */
  async pull(node) {
    const { body } = await this.call(node, 'POST', '/sync/v1/events', { community_id: this.community, events: [], our_head: 0 });
    return body.events;
  }

  message(lamport, recipient, payload, { to, client_id = ulid(), ...more }) {
    const place = { author: this.id, community_id: this.community, recipient, client_id };
    return this.event(this.community, lamport, 'chat.message.sent', { client_id, recipient, body: seal(place, { to, seq: ++this.sealed, payload, ...more }), attachments: [] });
  }

  open(event) { return open(event, this.secrets).payload; }
}
