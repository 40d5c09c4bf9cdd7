// Writes acceptance.json beside itself: signed events and what every version, for ever, must say of each (PROTOCOL §6 steps 1 and 3).
// Append only: a case that stands in the file is never changed and never taken out; this program refuses to.
// The verdicts are written by hand from the protocol; nothing here asks our own code.

import crypto from 'node:crypto';
import fs from 'node:fs';
import { canonical } from '../integration/support.mjs';

const FILE = new URL('acceptance.json', import.meta.url);

/** {"$repeat":"x","times":3} is "xxx", {"$list":v,"times":2} is [v,v], {"$nest":2} is [[]]: so that bounds stay small on paper. */
function expanded(value) {
  if (Array.isArray(value)) return value.map(expanded);
  if (!value || typeof value !== 'object') return value;
  if (typeof value.$repeat === 'string') return value.$repeat.repeat(value.times);
  if ('$list' in value) return Array.from({ length: value.times }, () => expanded(value.$list));
  if ('$nest' in value) return Array.from({ length: value.$nest - 1 }).reduce((inner) => [inner], []);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, expanded(member)]));
}
const repeat = (text, times) => ({ $repeat: text, times });
const list = (value, times) => ({ $list: value, times });
const size = (value) => Buffer.byteLength(canonical(expanded(value)));

class Key {
  constructor(byte) {
    this.seed = Buffer.alloc(32, byte);
    this.privateKey = crypto.createPrivateKey({ format: 'der', type: 'pkcs8', key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), this.seed]) });
    this.id = `ed25519:${crypto.createPublicKey(this.privateKey).export({ format: 'jwk' }).x}`;
  }

  sign(object) {
    return `ed25519:${crypto.sign(null, Buffer.from(canonical(expanded(object))), this.privateKey).toString('base64url')}`;
  }

  signed(object) {
    return { ...object, signature: this.sign(object) };
  }
}

const anna = new Key(1); // the community's root key
const ben = new Key(2);
const carla = new Key(3);
const community = anna.id;
const ULID = '01HXR000000000000000000007';
const CLOCK = '2027-01-15T08:00:00Z';
const CID = `blake3:${'0123456789abcdef'.repeat(4)}`;

const cases = [];
function add(verdict, name, event) {
  cases.push({ name, verdict, event });
}
function addText(verdict, name, text) {
  cases.push({ name, verdict, text });
}
const accept = (name, event) => add('accepted', name, event);
const refuse = (name, event) => add('bad_event', name, event);

/** An event of Ben's, whole and signed; `more` goes over it before it is signed. */
function event(event_type, data, more = {}, author = ben) {
  return author.signed({ schema_version: 1, event_id: ULID, lamport: 41, wall_clock: CLOCK, community_id: community, author: author.id, event_type, data, ...more });
}
const without = (object, name) => Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
const text = { client_id: 'c', recipient: carla.id, body: 'Hello', attachments: [] };
const message = (data = {}, more = {}) => event('chat.message.sent', { ...text, ...data }, more);

/** Each listed member missing, and one too many. */
function exactMembers(type, data, make) {
  for (const name of Object.keys(data)) refuse(`${type}: without data.${name}`, make(without(data, name)));
  refuse(`${type}: a further member of data`, make({ ...data, further: 1 }));
}
function noText(type, data, name, make) {
  refuse(`${type}: data.${name} is a number`, make({ ...data, [name]: 5 }));
}

// --- §1, §4: the nine members

const plain = message();
accept('a message', plain);
for (const name of Object.keys(plain)) refuse(`without ${name}`, without(plain, name));
refuse('a tenth member', ben.signed({ ...without(plain, 'signature'), further: 1 }));
for (const version of [0, 2, '1', true, null]) refuse(`schema_version ${JSON.stringify(version)}`, message({}, { schema_version: version }));

accept('lamport 1', message({}, { lamport: 1 }));
accept('lamport 2^53-1', message({}, { lamport: 2 ** 53 - 1 }));
for (const lamport of [0, -1, 1.5, 1e21, '5', null]) refuse(`lamport ${JSON.stringify(lamport)}`, message({}, { lamport }));

accept('event_id 7ZZZ…', message({}, { event_id: '7'.padEnd(26, 'Z') }));
accept('event_id 0000…', message({}, { event_id: '0'.repeat(26) }));
for (const [name, event_id] of [['8000…', '8'.padEnd(26, '0')], ['in lower case', ULID.toLowerCase()], ['of 25 characters', ULID.slice(1)], ['of 27 characters', `${ULID}0`],
  ['with I', `${ULID.slice(0, -1)}I`], ['with L', `${ULID.slice(0, -1)}L`], ['with O', `${ULID.slice(0, -1)}O`], ['with U', `${ULID.slice(0, -1)}U`], ['that is a number', 7]]) refuse(`event_id ${name}`, message({}, { event_id }));

for (const clock of ['2028-02-29T00:00:00Z', '2000-02-29T23:59:59Z', '1970-01-01T00:00:00Z', '9999-12-31T23:59:59Z', '0000-01-01T00:00:00Z']) accept(`wall_clock ${clock}`, message({}, { wall_clock: clock }));
for (const clock of ['2027-02-29T00:00:00Z', '2100-02-29T00:00:00Z', '2027-13-01T00:00:00Z', '2027-00-01T00:00:00Z', '2027-01-00T00:00:00Z', '2027-04-31T00:00:00Z', '2027-01-15T24:00:00Z', '2027-01-15T08:60:00Z',
  '2027-01-15T08:00:60Z', '2027-01-15T08:00:00.0Z', '2027-01-15T08:00:00+00:00', '2027-01-15t08:00:00z', '2027-01-15 08:00:00Z', '2027-1-15T08:00:00Z', 1800000000]) refuse(`wall_clock ${clock}`, message({}, { wall_clock: clock }));

const point = (hex) => `ed25519:${Buffer.from(hex, 'hex').toString('base64url')}`;
const otherDigit = { A: 'B', E: 'F', I: 'J', M: 'N', Q: 'R', U: 'V', Y: 'Z', c: 'd', g: 'h', k: 'l', o: 'p', s: 't', w: 'x', 0: '1', 4: '5', 8: '9' }; // the unused trailing bits set
const badIds = [['with padding', `${ben.id}=`], ['too short', ben.id.slice(0, -1)], ['without its prefix', ben.id.slice(8)], ['of another algorithm', ben.id.replace('ed25519', 'x25519')], ['in the short form', 'ed25519:AAAA-BBBB-CCCC-DDDD'],
  ['with unused bits set', ben.id.slice(0, -1) + otherDigit[ben.id.at(-1)]], ['with + in it', `ed25519:+${ben.id.slice(9)}`], ['of small order, 0', point('00'.repeat(32))], ['of small order, 1', point(`01${'00'.repeat(31)}`)],
  ['of small order, 8', point('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')], ['that is not canonical', point(`f0${'ff'.repeat(30)}7f`)], ['that is a number', 5]];
for (const [name, id] of badIds) refuse(`author ${name}`, message({}, { author: id }));
for (const [name, id] of badIds.slice(4, 7)) {
  refuse(`community_id ${name}`, message({}, { community_id: id }));
  refuse(`chat.message.sent: recipient ${name}`, message({ recipient: id }));
}
add('wrong_community', 'another community', message({}, { community_id: carla.id }));
for (const name of ['chat.message.edited', 'chat.message', 'Chat.message.sent', 'chat.message.sent ', 'chat.message.sentx', 'community.created.more', '', 'x'.repeat(300)]) add('schema_unknown', `event_type "${name.slice(0, 40)}"`, event(name, text));
refuse('event_type that is a number', message({}, { event_type: 9 }));

for (const signature of ['', 'ed25519:short', plain.signature.slice(8), `${plain.signature}=`, plain.signature.replace('ed25519', 'ED25519'), message({ body: 'Hullo' }).signature, carla.sign(without(plain, 'signature')), 5, null, {}]) {
  add('invalid_signature', `signature ${JSON.stringify(signature)}`, { ...plain, signature });
}
add('invalid_signature', 'changed after it was signed', { ...plain, lamport: 42 });
add('invalid_signature', 'signature of its author over another community', { ...message({}, { community_id: carla.id }), community_id: community });
add('wrong_community', 'another community and no signature', { ...message({}, { community_id: carla.id }), signature: '' });

// §2: how it is written does not matter, what it says does
const spelled = canonical(plain);
addText('accepted', 'white space', spelled.replace('{"attachments":[]', ' {\t"attachments" : [ ]\n'));
addText('accepted', 'another order of members', JSON.stringify(plain));
addText('accepted', 'an escape that is not needed', spelled.replace('"Hello"', '"\\u0048\\u0065llo"').replace('ed25519', '\\u0065d25519'));
addText('accepted', 'lamport 4.1e1', spelled.replace('"lamport":41', '"lamport":4.1e1'));
addText('accepted', 'schema_version 1.0', spelled.replace('"schema_version":1', '"schema_version":1.0'));
addText('unreadable', 'a member twice', spelled.replace('"lamport":41', '"lamport":41,"lamport":41'));
addText('unreadable', 'lamport 2^53', spelled.replace('"lamport":41', '"lamport":9007199254740992'));
addText('unreadable', 'lamport 041', spelled.replace('"lamport":41', '"lamport":041'));
addText('unreadable', 'U+0000 in a body', spelled.replace('"Hello"', '"Hel\\u0000lo"'));
addText('unreadable', 'a lone surrogate in a body', spelled.replace('"Hello"', '"Hel\\ud800lo"'));
addText('unreadable', 'a control character in a body, raw', spelled.replace('"Hello"', '"Hel\nlo"'));
addText('unreadable', 'a comma too many', spelled.replace('"attachments":[]', '"attachments":[],'));

const KEPT = ['market.post.created', 'market.post.updated', 'market.post.expired', 'file.cid.advertised', 'file.cid.unpinned', 'rag.document.ingested', 'federation.peer.added', 'federation.peer.removed', 'federation.heartbeat',
  'auth.token.issued', 'auth.token.revoked', 'chat.thread.created', 'chat.thread.member.added', 'chat.thread.member.removed', 'chat.thread.message.sent', 'chat.thread.message.delivered', 'chat.thread.archived',
  'e2e.prekeys.published', 'e2e.session.established', 'e2e.session.broken', 'file.replication.scheduled', 'file.replication.completed', 'ocr.document.indexed'];

// sizes and nesting of the whole event
const padded = (bytes) => event('market.post.created', { text: repeat('x', bytes) });
const room = 262144 - size(padded(0));
accept('262,144 bytes', padded(room));
refuse('262,145 bytes', padded(room + 1));
accept('nested to 32', event('market.post.created', { deep: { $nest: 30 } }));
refuse('nested to 33', event('market.post.created', { deep: { $nest: 31 } }));

// --- §5: what is only kept takes any object

for (const type of KEPT) {
  accept(`${type}: any object`, event(type, { body: 7, author: null, policy: [{ '': 'ü\u0001' }] }));
}
for (const type of ['chat.thread.message.sent', 'e2e.prekeys.published', 'market.post.created']) refuse(`${type}: no object`, event(type, []));
accept('an empty object', event('e2e.prekeys.published', {}));
for (const data of ['x', 5, null, true]) refuse(`data ${JSON.stringify(data)}`, event('chat.thread.created', data));

// --- chat.message.sent

const sent = (data) => event('chat.message.sent', data);
exactMembers('chat.message.sent', text, sent);
noText('chat.message.sent', text, 'body', sent);
noText('chat.message.sent', text, 'client_id', sent);
for (const body of [[], true, {}]) refuse(`chat.message.sent: body ${JSON.stringify(body)}`, message({ body }));
accept('body with quotes, lines and signs', message({ body: '"a" \\ {b}] \n\t\u0001\u001f\u007f ü 𝄞 \u2028 /' }));
accept('body of 65,536 bytes', message({ body: repeat('x', 65536) }));
accept('body of 65,536 bytes that are 32,768 characters', message({ body: repeat('ü', 32768) }));
accept('body of 65,536 escapes', message({ body: repeat('\n', 65536) }));
refuse('body of 65,537 bytes', message({ body: repeat('x', 65537) }));
refuse('body of 65,538 bytes that are 32,769 characters', message({ body: repeat('ü', 32769) }));
refuse('body empty, nothing attached', message({ body: '' }));
const file = { cid: CID, name: 'a.txt' };
accept('body empty, one attached', message({ body: '', attachments: [file] }));
accept('32 attachments', message({ attachments: list(file, 32) }));
refuse('33 attachments', message({ attachments: list(file, 33) }));
for (const attachments of [null, {}, 'x', [null], [[]], [CID], [{ cid: CID }], [{ name: 'a' }], [{ ...file, size: 1 }], [file, {}]]) refuse(`attachments ${JSON.stringify(attachments).replace(CID, 'blake3:…')}`, message({ attachments }));
for (const [name, cid] of [['of 63 digits', CID.slice(0, -1)], ['of 65 digits', `${CID}0`], ['in upper case', CID.replace('a', 'A')], ['of another hash', CID.replace('blake3', 'sha256')], ['without its prefix', CID.slice(7)], ['that is a number', 5]]) refuse(`attachment: cid ${name}`, message({ attachments: [{ ...file, cid }] }));
for (const [what, name] of [['of 1 byte', 'a'], ['of 255 bytes', repeat('x', 255)], ['with dots and spaces', '.. a\\b:*?'], ['with U+0080 and U+2028', '\u0080\u2028']]) accept(`attachment: name ${what}`, message({ attachments: [{ ...file, name }] }));
for (const [what, name] of [['empty', ''], ['of 256 bytes', repeat('x', 256)], ['of 256 bytes that are 128 characters', repeat('ü', 128)], ['with /', 'a/b'], ['with U+001F', 'a\u001f'], ['with U+007F', 'a\u007f'], ['with a line end', 'a\n'], ['that is a number', 5]]) refuse(`attachment: name ${what}`, message({ attachments: [{ ...file, name }] }));
accept('client_id of 1 byte', message({ client_id: ' ' }));
accept('client_id of 128 bytes', message({ client_id: repeat('x', 128) }));
refuse('client_id of 129 bytes', message({ client_id: repeat('x', 129) }));
refuse('client_id of 130 bytes that are 65 characters', message({ client_id: repeat('ü', 65) }));
refuse('client_id empty', message({ client_id: '' }));
refuse('recipient is the author', message({ recipient: ben.id }));

// --- envelopes (§24.2): what the header holds is not looked at

const cipher = (bytes) => Buffer.alloc(bytes, 0xa5).toString('base64url');
const envelope = { e2e: true, header: { v: 1 }, ciphertext: cipher(16) };
const sealed = (change = {}, data = {}) => message({ body: { ...envelope, ...change }, ...data });
accept('envelope', sealed());
for (const name of Object.keys(envelope)) refuse(`envelope without ${name}`, message({ body: without(envelope, name) }));
refuse('envelope with a fourth member', sealed({ further: 1 }));
for (const e2e of [false, 'true', 1, null]) refuse(`envelope: e2e ${JSON.stringify(e2e)}`, sealed({ e2e }));
for (const header of [[], 'x', null, 1, true]) refuse(`envelope: header ${JSON.stringify(header)}`, sealed({ header }));
accept('envelope: header {}', sealed({ header: {} }));
accept('envelope: header of anything', sealed({ header: { v: 'x', keys: [null, 5], commit: {}, reply: false, '': [[[]]], ü: '\u0001' } }));
const header = (bytes) => ({ a: repeat('x', bytes - 8) });
accept('envelope: header of 16,384 bytes', sealed({ header: header(16384) }));
refuse('envelope: header of 16,385 bytes', sealed({ header: header(16385) }));
refuse('envelope: header of 16,386 bytes for its escapes', sealed({ header: { a: repeat('\n', 8189) } }));
accept('envelope: header of 16,384 bytes with escapes', sealed({ header: { a: repeat('\n', 8188) } }));
accept('envelope: header nested to 32', sealed({ header: { a: { $nest: 28 } } }));
refuse('envelope: header nested to 33', sealed({ header: { a: { $nest: 29 } } }));
for (const bytes of [0, 1, 15]) refuse(`envelope: ciphertext of ${bytes} bytes`, sealed({ ciphertext: cipher(bytes) }));
for (const bytes of [16, 17, 18, 256]) accept(`envelope: ciphertext of ${bytes} bytes`, sealed({ ciphertext: cipher(bytes) }));
accept('envelope: ciphertext of 131,070 bytes', sealed({ ciphertext: repeat(cipher(3), 131070 / 3) }));
accept('envelope: ciphertext of 131,072 bytes', sealed({ ciphertext: repeat('A', 174763) }));
refuse('envelope: ciphertext of 131,073 bytes', sealed({ ciphertext: repeat('A', 174764) }));
for (const [what, ciphertext] of [['with padding', `${cipher(16)}==`], ['with +', `+${cipher(16).slice(1)}`], ['with /', `/${cipher(16).slice(1)}`], ['with white space', `${cipher(18)}\n`], ['with unused bits set', `${cipher(16).slice(0, -1)}R`],
  ['of a length that no bytes have', `${cipher(18)}A`], ['that is a number', 5], ['that is null', null], ['empty', '']]) refuse(`envelope: ciphertext ${what}`, sealed({ ciphertext }));
accept('envelope with an attachment', sealed({}, { attachments: [file] }));
accept('envelope with 32 attachments', sealed({}, { attachments: list(file, 32) }));
refuse('envelope with 33 attachments', sealed({}, { attachments: list(file, 33) }));
refuse('envelope with a malformed attachment', sealed({}, { attachments: [{ ...file, name: '' }] }));
refuse('envelope without attachments', event('chat.message.sent', without({ ...text, body: envelope }, 'attachments')));
refuse('envelope: client_id empty', sealed({}, { client_id: '' }));
refuse('envelope: client_id of 129 bytes', sealed({}, { client_id: repeat('x', 129) }));
refuse('envelope to its author', sealed({}, { recipient: ben.id }));

// --- receipts

for (const [type, at, other] of [['chat.message.delivered', 'delivered_at', 'read_at'], ['chat.message.read', 'read_at', 'delivered_at']]) {
  const data = { target_event_id: ULID, [at]: CLOCK };
  const receipt = (of) => event(type, of);
  accept(type, receipt(data));
  exactMembers(type, data, receipt);
  noText(type, data, 'target_event_id', receipt);
  noText(type, data, at, receipt);
  refuse(`${type}: ${other}`, receipt({ target_event_id: ULID, [other]: CLOCK }));
  refuse(`${type}: target_event_id in lower case`, receipt({ ...data, target_event_id: ULID.toLowerCase() }));
  refuse(`${type}: target_event_id that is too large`, receipt({ ...data, target_event_id: `8${ULID.slice(1)}` }));
  refuse(`${type}: ${at} that is no day`, receipt({ ...data, [at]: '2027-02-30T08:00:00Z' }));
}

// --- community.created and policies

const policy = { min_signatures_to_invite: 1, min_signatures_to_demote: 3, min_signatures_to_revoke: 3, capability_token_ttl_seconds: 86400, federation_enabled: true, default_member_can_invite: true };
const creation = { name: 'Street', founder_node_id: anna.id, policy };
const created = (data, more = {}) => event('community.created', data, { lamport: 1, ...more }, anna);
accept('community.created', created(creation));
exactMembers('community.created', creation, created);
noText('community.created', creation, 'name', created);
noText('community.created', creation, 'founder_node_id', created);
refuse('community.created at lamport 2', created(creation, { lamport: 2 }));
refuse('community.created by another', event('community.created', creation, { lamport: 1 }));
refuse('community.created: another founder', created({ ...creation, founder_node_id: ben.id }));
accept('community.created: name of 1 character', created({ ...creation, name: 'ß' }));
accept('community.created: name of 64 characters', created({ ...creation, name: '𝄞'.repeat(64) }));
refuse('community.created: name of 65 characters', created({ ...creation, name: 'x'.repeat(65) }));
refuse('community.created: name empty', created({ ...creation, name: '' }));
refuse('community.created by another at lamport 1 of a community of its own', event('community.created', { ...creation, founder_node_id: ben.id }, { lamport: 1 }));

const policies = [['community.created', (of) => created({ ...creation, policy: of })], ['community.policy.updated', (of) => event('community.policy.updated', { policy: of }, {}, anna)]];
accept('community.policy.updated', event('community.policy.updated', { policy }, {}, anna));
accept('community.policy.updated by a member: it changes nothing', event('community.policy.updated', { policy }));
exactMembers('community.policy.updated', { policy }, (data) => event('community.policy.updated', data, {}, anna));
for (const [type, make] of policies) {
  accept(`${type}: a policy with further members`, make({ ...policy, max_members: 'x', later: { any: [null, 1.5] } }));
  for (const name of Object.keys(policy)) refuse(`${type}: a policy without ${name}`, make(without(policy, name)));
  refuse(`${type}: a policy with a further member for one that is missing`, make({ ...without(policy, 'federation_enabled'), later: true }));
  for (const of of [null, [], 'x', {}]) refuse(`${type}: policy ${JSON.stringify(of)}`, make(of));
}
const updated = policies[1][1];
for (const name of ['min_signatures_to_invite', 'min_signatures_to_demote', 'min_signatures_to_revoke']) {
  for (const number of [1, 256]) accept(`policy: ${name} ${number}`, updated({ ...policy, [name]: number }));
  for (const number of [0, 257, 1.5, '1']) refuse(`policy: ${name} ${JSON.stringify(number)}`, updated({ ...policy, [name]: number }));
}
for (const number of [1, 31536000]) accept(`policy: capability_token_ttl_seconds ${number}`, updated({ ...policy, capability_token_ttl_seconds: number }));
for (const number of [0, 31536001, 0.5, '60']) refuse(`policy: capability_token_ttl_seconds ${JSON.stringify(number)}`, updated({ ...policy, capability_token_ttl_seconds: number }));
for (const name of ['federation_enabled', 'default_member_can_invite']) {
  accept(`policy: ${name} false`, updated({ ...policy, [name]: false }));
  for (const value of [1, 'true']) refuse(`policy: ${name} ${JSON.stringify(value)}`, updated({ ...policy, [name]: value }));
}

// --- invitations

const invitation = { invitee_node_id: carla.id, display_name: 'Carla', initial_level: 'member', expires_at: CLOCK };
const invited = (data) => event('community.member.invited', data);
accept('community.member.invited', invited(invitation));
accept('community.member.invited: trusted', invited({ ...invitation, initial_level: 'trusted' }));
accept('community.member.invited: display_name empty', invited({ ...invitation, display_name: '' }));
accept('community.member.invited: display_name of anything', invited({ ...invitation, display_name: repeat('ü\n', 2000) }));
accept('community.member.invited: expired long ago', invited({ ...invitation, expires_at: '1970-01-01T00:00:00Z' }));
exactMembers('community.member.invited', invitation, invited);
for (const name of Object.keys(invitation)) noText('community.member.invited', invitation, name, invited);
for (const initial_level of ['anchor', 'Member', 'guest', '']) refuse(`community.member.invited: initial_level "${initial_level}"`, invited({ ...invitation, initial_level }));
refuse('community.member.invited: invitee_node_id in the short form', invited({ ...invitation, invitee_node_id: 'ed25519:AAAA-BBBB-CCCC-DDDD' }));
refuse('community.member.invited: expires_at that is no time', invited({ ...invitation, expires_at: 'tomorrow' }));

// --- node manifests in joinings and on their own

const bare = { version: 1, contract_version: '1.0', node_id: ben.id, display_name: 'Ben', community_id: null, profile: 'hearth', endpoints: [{ transport: 'https', host: '192.0.2.1', port: 7080 }],
  hardware: { gpu: null, vram_gb: 0, ram_gb: 1, cpu_cores: 1, disk_free_gb: 1 }, capabilities: [], uptime_seconds: 1, load: 0, issued_at: CLOCK, expires_at: '2027-01-15T08:00:30Z' };
const joining = (node_manifest) => event('community.member.joined', { invite_event_id: ULID, node_manifest });
const telling = (manifest) => event('node.manifest.updated', { manifest });
const joined = (data) => event('community.member.joined', data);
exactMembers('community.member.joined', { invite_event_id: ULID, node_manifest: ben.signed(bare) }, joined);
noText('community.member.joined', { invite_event_id: ULID, node_manifest: ben.signed(bare) }, 'invite_event_id', joined);
refuse('community.member.joined: invite_event_id in lower case', joined({ invite_event_id: ULID.toLowerCase(), node_manifest: ben.signed(bare) }));
exactMembers('node.manifest.updated', { manifest: ben.signed(bare) }, (data) => event('node.manifest.updated', data));
/** A manifest of exactly so many canonical bytes, its signature included. */
function manifestOf(bytes) {
  const with_ = (count) => ben.signed({ ...bare, further: repeat('x', count) });
  return with_(bytes - size(with_(0)));
}
for (const [type, make] of [['community.member.joined', joining], ['node.manifest.updated', telling]]) {
  const good = (name, change) => accept(`${type}: ${name}`, make(ben.signed({ ...bare, ...change })));
  const bad = (name, change) => refuse(`${type}: ${name}`, make(ben.signed({ ...bare, ...change })));
  good('its community is null', {});
  good('its community is ours', { community_id: community });
  bad('its community is another', { community_id: carla.id });
  bad('its community is no NodeID', { community_id: 'x' });
  refuse(`${type}: without community_id`, make(ben.signed(without(bare, 'community_id'))));
  refuse(`${type}: the manifest of another`, make(carla.signed({ ...bare, node_id: carla.id })));
  refuse(`${type}: signed by another`, make(carla.signed(bare)));
  refuse(`${type}: not signed`, make(bare));
  refuse(`${type}: changed after it was signed`, make({ ...ben.signed(bare), display_name: 'Bert' }));
  accept(`${type}: a manifest of 16,384 bytes`, make(manifestOf(16384)));
  refuse(`${type}: a manifest of 16,385 bytes`, make(manifestOf(16385)));
  for (const manifest of [null, [], 'x', {}]) refuse(`${type}: manifest ${JSON.stringify(manifest)}`, make(manifest));
}
{
  const good = (name, change) => accept(`manifest: ${name}`, telling(ben.signed({ ...bare, ...change })));
  const bad = (name, change) => refuse(`manifest: ${name}`, telling(ben.signed({ ...bare, ...change })));
  for (const name of ['version', 'node_id', 'display_name', 'endpoints', 'expires_at']) refuse(`manifest: without ${name}`, telling(ben.signed(without(bare, name))));
  good('a display_name of anything', { display_name: repeat('ü\n', 1000) });
  good('expired long ago', { expires_at: '1970-01-01T00:00:00Z' });
  bad('expires_at that is no time', { expires_at: 'soon' });
  bad('version 2', { version: 2 });
  good('no endpoint', { endpoints: [] });
  good('nine endpoints', { endpoints: list(bare.endpoints[0], 9) });
  good('an endpoint of another transport', { endpoints: [{ transport: 'carrier-pigeon', host: 'roof', port: 1, more: true }] });
  for (const port of [1, 65535]) good(`port ${port}`, { endpoints: [{ ...bare.endpoints[0], port }] });
  for (const port of [0, 65536, '7080']) bad(`port ${JSON.stringify(port)}`, { endpoints: [{ ...bare.endpoints[0], port }] });
  for (const host of ['ben.local', '2001:db8::1', 'a_b-c.D']) good(`host ${host}`, { endpoints: [{ ...bare.endpoints[0], host }] });
  for (const host of ['', '-x', 'a b', 'a/b', 'ü', 5]) bad(`host ${JSON.stringify(host)}`, { endpoints: [{ ...bare.endpoints[0], host }] });
  for (const endpoints of [null, {}, [null], [[]], [{}]]) bad(`endpoints ${JSON.stringify(endpoints)}`, { endpoints });
}

// --- co-signed: revocations, promotions, demotions

const co = (key, statement) => ({ node_id: key.id, signature: key.sign(statement) });
function coSigned(type, data, statement, make) {
  const with_ = (co_signers) => make({ ...data, co_signers });
  const own = co(ben, statement);
  accept(type, with_([own]));
  accept(`${type}: with a second co-signer`, with_([co(carla, statement), own]));
  accept(`${type}: a second co-signature that does not hold`, with_([own, { node_id: carla.id, signature: own.signature }]));
  accept(`${type}: 256 co-signers`, with_(list(own, 256)));
  refuse(`${type}: 257 co-signers`, with_(list(own, 257)));
  refuse(`${type}: no co-signer`, with_([]));
  refuse(`${type}: the author is no co-signer`, with_([co(carla, statement)]));
  refuse(`${type}: the author's co-signature is of something else`, with_([co(ben, { ...statement, target_node_id: anna.id })]));
  refuse(`${type}: a co-signer with a further member`, with_([{ ...own, at: CLOCK }]));
  refuse(`${type}: a malformed co-signature beside the author's`, with_([own, { node_id: carla.id, signature: 'ed25519:short' }]));
  refuse(`${type}: a co-signer that is no NodeID`, with_([own, { node_id: 'carla', signature: own.signature }]));
  for (const co_signers of [null, {}, [null]]) refuse(`${type}: co_signers ${JSON.stringify(co_signers)}`, with_(co_signers));
  exactMembers(type, { ...data, co_signers: [own] }, make);
  for (const name of Object.keys(data)) noText(type, { ...data, co_signers: [own] }, name, make);
}
const revoked = (data) => event('community.member.revoked', data);
const revocation = (client_id, reason) => {
  const statement = { client_id, reason, target_node_id: carla.id };
  return revoked({ ...statement, co_signers: [co(ben, statement)] });
};
coSigned('community.member.revoked', { client_id: 'r', target_node_id: carla.id, reason: 'other' }, { client_id: 'r', reason: 'other', target_node_id: carla.id }, revoked);
for (const reason of ['compromised', 'inactive', 'policy_violation']) accept(`community.member.revoked: reason ${reason}`, revocation('r', reason));
for (const reason of ['', 'Other', 'because']) refuse(`community.member.revoked: reason "${reason}"`, revocation('r', reason));
accept('community.member.revoked: client_id of 128 bytes', revocation(repeat('x', 128), 'other'));
refuse('community.member.revoked: client_id of 129 bytes', revocation(repeat('x', 129), 'other'));
refuse('community.member.revoked: client_id empty', revocation('', 'other'));
for (const type of ['community.member.promoted', 'community.member.demoted']) {
  const changed = (data) => event(type, data);
  const to = (new_level) => {
    const statement = { new_level, target_node_id: carla.id };
    return changed({ ...statement, co_signers: [co(ben, statement)] });
  };
  coSigned(type, { target_node_id: carla.id, new_level: 'trusted' }, { new_level: 'trusted', target_node_id: carla.id }, changed);
  for (const level of ['member', 'anchor']) accept(`${type}: to ${level}`, to(level));
  for (const level of ['', 'Trusted', 'root']) refuse(`${type}: to "${level}"`, to(level));
}

// --- what stands, stands

const before = fs.existsSync(FILE) ? JSON.parse(fs.readFileSync(FILE, 'utf8')).cases : [];
const now = new Map(cases.map((one) => [one.name, JSON.stringify(one)]));
if (now.size !== cases.length) throw new Error(`a name twice: ${cases.map((one) => one.name).find((name, at, all) => all.indexOf(name) !== at)}`);
for (const one of before) {
  if (now.get(one.name) !== JSON.stringify(one)) throw new Error(`"${one.name}" stands in acceptance.json and would change: the file is append-only`);
}
const known = new Set(before.map((one) => one.name));
const all = [...before, ...cases.filter((one) => !known.has(one.name))];
const about = 'Append-only: every version, for ever, judges each of these alike (PROTOCOL §4: acceptance is frozen). Each event comes from a peer, into the community community_id. verdict: accepted, or the reason of §6 steps 1 and 3; unreadable: '
  + '§2 refuses the text, whatever it is part of. text: the event as written; event: the event, to be written canonically once {"$repeat":s,"times":n} (a string: s n times), {"$list":v,"times":n} (an array: v n times) and {"$nest":n} (n arrays in each other) are written out.';
const keys = Object.fromEntries(Object.entries({ anna, ben, carla }).map(([name, key]) => [name, { seed_hex: key.seed.toString('hex'), node_id: key.id }]));
fs.writeFileSync(FILE, `{"about":${JSON.stringify(about)},\n"community_id":${JSON.stringify(community)},\n"keys":${JSON.stringify(keys)},\n"cases":[\n${all.map((one) => JSON.stringify(one)).join(',\n')}\n]}\n`);
process.stdout.write(`${before.length} stood, ${all.length - before.length} added\n`);
