// Safety numbers (§24.12): the same on both sides, marked by the owner or by a scan, on this node alone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cleanAll, crypto, Node, Peer } from './support.mjs';

let ann;
let ben;
let cem;
after(cleanAll);
before(async () => {
  ann = await (await Node.create({ name: 'Ann', community: 'X', signatures: '1' })).start();
  ben = await (await Node.create({ name: 'Ben' })).start();
  cem = await (await Node.create({ name: 'Cem' })).start();
  for (const node of [ben, cem]) await ann.admit(node);
  for (const node of [ann, ben, cem]) await node.until(async () => (await node.get('/api/v1/members')).members.filter(({ display_name }) => display_name).length === 3);
});

const at = ({ id }, what) => `/api/v1/contacts/${id}/${what}`;
const safety = (node, other) => node.get(at(other, 'safety'));
const verify = (node, other, wish) => node.request('POST', at(other, 'verified'), wish);

/** Half of a number, by the words of the protocol. */
function half({ id }) {
  const key = Buffer.from(id.slice('ed25519:'.length), 'base64url');
  const sha512 = (...parts) => crypto.createHash('sha512').update(Buffer.concat(parts)).digest();
  let hash = sha512(Buffer.from('hearthnet safety 1'), key, key);
  for (let i = 0; i < 5199; i++) hash = sha512(hash, key);
  return [0, 5, 10, 15, 20, 25].map((byte) => String(hash.readUIntBE(byte, 5) % 100000).padStart(5, '0')).join('');
}

/** What the node's lists say of another. */
async function marks(node, other) {
  const is = ({ node_id }) => node_id === other.id;
  const [{ conversations }, { members }] = await Promise.all([node.get('/api/v1/chat/conversations'), node.get('/api/v1/members')]);
  const [alone] = (await node.get(`/api/v1/chat/conversations?peer=${other.id}`)).conversations;
  assert.equal(alone.verified, conversations.find(is)?.verified ?? false);
  return [conversations.find(is)?.verified, members.find(is)?.verified];
}

async function refuses(call, status, code, words) {
  const { status: was, body, text } = await call;
  assert.deepEqual([was, body?.error], [status, code], text);
  assert.match(body.message, words);
}

test('both sides see one number, by the words of the protocol; with a third it is another', async () => {
  const [annsBen, bensAnn, annsCem, bensCem] = await Promise.all([safety(ann, ben), safety(ben, ann), safety(ann, cem), safety(ben, cem)]);
  const digits = [half(ann), half(ben)].sort().join('');
  assert.deepEqual(annsBen, { digits, qr_text: `hearthnet-verify://v1/${digits}`, verified_at: null });
  assert.deepEqual(bensAnn, annsBen);
  assert.equal(new Set([annsBen, annsCem, bensCem].map((number) => number.digits)).size, 3);
  for (const id of [ben.shortId, encodeURIComponent(ben.id)]) assert.deepEqual(await safety(ann, { id }), annsBen, id);
});

test('who is no member, and oneself, have none', async () => {
  const stranger = new Peer();
  for (const call of [(who) => ann.request('GET', at(who, 'safety')), (who) => verify(ann, who, { verified: true })]) {
    await refuses(call(ann), 400, 'bad_request', /this node itself/);
    await refuses(call(stranger), 404, 'not_found', /not a member/);
    await refuses(call({ id: 'ed25519:AAAA-AAAA-AAAA-AAAA' }), 404, 'not_found', /No member has this short id/);
    for (const id of ['Ben', 'x'.repeat(200), '%20', `${ben.id}%00`]) assert.equal((await call({ id })).status, 400, id);
  }
  assert.equal((await ann.request('GET', '/api/v1/contacts//safety')).status, 404);
  assert.equal((await ann.request('POST', at(ben, 'safety'), {})).status, 405);
  assert.equal((await ann.request('GET', `${at(ben, 'safety')}?a=b`)).status, 400);
  const alone = await (await Node.create({ name: 'Dora' })).start();
  await refuses(alone.request('GET', at(ben, 'safety')), 400, 'bad_request', /no community yet/);
  assert.notEqual((await Peer.of(ben).call(ann, 'GET', at(cem, 'safety'))).status, 200); // the owner's alone
});

test('a mark is for this node alone, and stays over a restart and a rebuild until it is taken away', async () => {
  const { events } = await ann.get('/api/v1/node');
  const before = Math.floor(Date.now() / 1000) * 1000;
  const { status, body } = await verify(ann, ben, { verified: true });
  assert.equal(status, 200);
  assert.ok(Date.parse(body.output.verified_at) >= before);
  assert.deepEqual(await safety(ann, ben), body.output);
  assert.deepEqual([await marks(ann, ben), await marks(ann, cem), await marks(ben, ann)], [[true, true], [false, false], [false, false]]);
  assert.equal((await ann.get('/api/v1/node')).events, events);
  await ann.stop();
  assert.equal((await ann.cli('rebuild')).code, 0);
  await ann.start();
  assert.deepEqual(await safety(ann, ben), body.output);
  assert.deepEqual(await marks(ann, ben), [true, true]);
  assert.equal((await verify(ann, ben, { verified: false })).body.output.verified_at, null);
  assert.deepEqual(await marks(ann, ben), [false, false]);
});

test('a scan of the same number marks, of another one it says so and changes nothing', async () => {
  const { qr_text } = await safety(ben, ann);
  await refuses(verify(ann, ben, { qr_text: (await safety(ben, cem)).qr_text }), 409, 'safety_number_mismatch', /another safety number.*do not trust this member/);
  await refuses(verify(ann, ben, { qr_text: `hearthnet-verify://v1/${'0'.repeat(60)}` }), 409, 'safety_number_mismatch', /another/);
  for (const text of ['', 'hearthnet-verify://v1/', qr_text.slice(0, -1), `${qr_text}0`, ` ${qr_text}`, `${qr_text}\u0000`, qr_text.replace('v1', 'v2'), 'hearthnet://v1/x']) await refuses(verify(ann, ben, { qr_text: text }), 400, 'bad_request', /./);
  for (const wish of [{}, { verified: 1 }, { verified: 'true' }, { verified: true, qr_text }, { qr_text: 7 }, [], { verified: true, more: 1 }]) await refuses(verify(ann, ben, wish), 400, 'bad_request', /Expected/);
  assert.deepEqual(await marks(ann, ben), [false, false]);
  assert.equal((await verify(ann, ben, { qr_text })).status, 200);
  assert.deepEqual(await marks(ann, ben), [true, true]);
  await refuses(verify(ann, ben, { qr_text: (await safety(ben, cem)).qr_text }), 409, 'safety_number_mismatch', /another/);
  assert.deepEqual(await marks(ann, ben), [true, true]);
});

test('the command line shows it as people read it, draws it, and marks', async () => {
  const { digits, qr_text } = await safety(ben, cem);
  const shown = await ben.cli('safety', 'Cem');
  assert.equal(shown.code, 0, shown.stderr);
  const lines = shown.stdout.split('\n').filter((line) => /^ {4}\d/.test(line));
  assert.deepEqual(lines.map((line) => line.trim().split(/ +/).length), [4, 4, 4]);
  assert.equal(lines.join('').replaceAll(' ', ''), digits);
  assert.match(shown.stdout, /^Safety number with Cem:\n\n/);
  assert.match(shown.stdout, /\nCompare it with theirs, face to face or by phone; they see it in their tab, or with hearthchat safety there\.\n/);
  const hint = /Mark that with: (.*)\n$/.exec(shown.stdout)[1];
  assert.ok(hint.endsWith(` safety --data ${ben.directory} ${cem.id} --confirm`), hint);
  assert.doesNotMatch(shown.stdout, /█/);
  assert.match((await ben.cli('safety', cem.shortId, '--qr')).stdout, /█.*\n[^]*\nCompare/);
  assert.deepEqual(await marks(ben, cem), [false, false]);

  const marked = await ben.cli('safety', 'Cem', '--confirm');
  assert.deepEqual([marked.code, marked.stdout.split('\n').at(-2)], [0, 'Marked as verified: nobody is between you.']);
  assert.deepEqual(await marks(ben, cem), [true, true]);
  assert.match((await ben.cli('safety', cem.id)).stdout, /\nVerified \d{4}-\d\d-\d\d \d\d:\d\d: you compared it, and nobody is between you\.\n$/);
  const json = JSON.parse((await ben.cli('safety', 'Cem', '--json')).stdout);
  assert.deepEqual({ ...json, verified_at: null }, { digits, qr_text, verified_at: null });
  assert.match(json.verified_at, /^\d{4}-.*Z$/);

  for (const [who, words] of [['Ben', /This is this node itself; choose another member\. \(bad_request\)/], ['Cme', /did you mean Cem\?/], [new Peer().id, /not a member of this community\. \(not_found\)/]]) {
    const { code, stdout, stderr } = await ben.cli('safety', who);
    assert.deepEqual([code, stdout], [1, ''], who);
    assert.match(stderr, words);
  }
  assert.equal((await ben.cli('safety')).code, 2);
  const { code, stdout } = await ben.cli('safety', '--help');
  assert.deepEqual([code, stdout.split('\n')[0]], [0, 'hearthchat safety WHO [--qr] [--confirm] [--json] [--data DIR]']);
});

test('it ends when the member is shut out', async () => {
  await ann.send(cem.id, 'hello');
  assert.equal((await verify(ann, cem, { verified: true })).status, 200);
  assert.deepEqual(await marks(ann, cem), [true, true]);
  await ann.post('/api/v1/revocations', { target_node_id: cem.id, reason: 'other' });
  assert.deepEqual(await marks(ann, cem), [false, undefined]);
  await refuses(ann.request('GET', at(cem, 'safety')), 404, 'not_found', /not a member/);
  await refuses(verify(ann, cem, { verified: true }), 404, 'not_found', /not a member/);
  assert.deepEqual(await marks(ann, ben), [true, true]); // of the others nothing changed
});
