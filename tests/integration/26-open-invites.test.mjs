import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, test } from 'node:test';
import { Front, inviteText, readInvite } from './front.mjs';
import { cleanAll, crypto, fs, Node, path, Peer, wallClock } from './support.mjs';

const nodes = [];
const texts = [];

/** No token in anything that a node wrote: what it logged, and what lies on its disk. */
function nothingIsTold() {
  const secrets = texts.map((text) => readInvite(text).token);
  assert.ok(secrets.length > 0 && nodes.length > 0);
  for (const node of nodes) {
    const files = fs.readdirSync(node.directory, { recursive: true }).map((name) => path.join(node.directory, name)).filter((name) => fs.statSync(name).isFile());
    const written = [Buffer.from(node.everLogged()), ...files.map((name) => fs.readFileSync(name))];
    for (const secret of secrets) {
      for (const bytes of written) {
        assert.equal(bytes.includes(secret), false, 'a token');
        assert.equal(bytes.includes(Buffer.from(secret, 'base64url')), false, 'the bytes of a token');
      }
    }
  }
}
after(async () => {
  for (const node of nodes) await node.stop();
  nothingIsTold();
  await cleanAll();
});

/** Says all that it can say; what it said before a restart is kept. */
async function start(options) {
  const node = await Node.create(options);
  const said = [];
  const begin = node.start.bind(node);
  node.start = () => {
    said.push(node.log ?? '');
    return begin('--log-level', 'debug');
  };
  node.everLogged = () => said.join('') + node.log;
  nodes.push(node);
  return node.start();
}
async function open(node, more = {}) {
  const made = await node.post('/api/v1/invites', { open: true, ...more });
  texts.push(made.invite);
  return made.invite;
}
const join = (guest, text) => guest.request('POST', '/api/v1/community/join', { invite: text });
const redeem = (peer, node, text, more = {}, options = {}) => peer.call(node, 'POST', '/join/v1/redeem', { token: readInvite(text).token, display_name: 'Jana', ...more }, options);
const guess = (peer, node, options = {}) => peer.call(node, 'POST', '/join/v1/redeem', { token: crypto.randomBytes(16).toString('base64url'), display_name: '' }, options);
const refused = async (answer, status, error, words) => {
  const { body, status: got, text } = await answer;
  assert.deepEqual([got, body?.error], [status, error], text);
  assert.match(body.message, words);
  return body;
};
const nothingHalfDone = async (guest) => {
  assert.equal((await guest.get('/api/v1/node')).community_id, null);
  assert.equal(fs.existsSync(path.join(guest.directory, 'communities', 'joining')), false);
};
const names = async (node) => (await node.get('/api/v1/members')).members.map(({ display_name, level }) => `${display_name} ${level}`).sort();
/** Everything that the log has: no invitation, no joining comes about unseen. */
/** What was stored but for the keys that nodes publish by themselves. */
const events = async (node) => Number(execFileSync('sqlite3', ['-readonly', node.database(), "SELECT count(*) FROM events WHERE json NOT LIKE '%\"event_type\":\"e2e.%'"]));

test('two guests use one text, and write to each other', async () => {
  const alice = await start({ name: 'Alice', community: 'Street' });
  const text = await open(alice, { uses: 2, initial_level: 'trusted', ttl_seconds: 600 });
  const invite = readInvite(text);
  assert.deepEqual([invite.invitee_node_id, invite.invite_event_id, invite.initial_level, invite.community_name], [null, null, 'trusted', 'Street']);
  assert.ok(Math.abs(Date.parse(invite.expires_at) - Date.now() - 600000) < 60000);
  assert.ok(invite.bootstrap_endpoints.length >= 1 && invite.bootstrap_endpoints.length <= 3);
  const carol = await start({ name: 'Carol' });
  const dora = await start({ name: 'Dora' });
  for (const guest of [carol, dora]) {
    const joined = await join(guest, text);
    assert.equal(joined.status, 200, joined.text);
    assert.deepEqual([joined.body.output.already, joined.body.output.community_name], [false, 'Street']);
  }
  assert.deepEqual(await names(alice), ['Alice anchor', 'Carol trusted', 'Dora trusted']);
  await carol.until(async () => (await names(carol)).length === 3);
  await carol.delivered((await carol.send(dora.id, 'so you are here too')).event_id);
  const eve = await start({ name: 'Eve' });
  await refused(join(eve, text), 400, 'invite_invalid', /as many as it may/);
  await nothingHalfDone(eve);
  assert.equal((await join(carol, text)).body.output.already, true);
});

test('an invite is found in whatever was pasted, and so is an id', async () => {
  const alice = await start({ name: 'Alice', community: 'Street' });
  const wrap = (text, every, between) => text.match(new RegExp(`.{1,${every}}`, 'g')).join(between);
  const pasted = [
    (text) => `Hi, here is your invite: ${text} See you`,
    (text) => `> Hi,\n> \n> ${wrap(text, 74, '\n> ')}\n> \n> See you\n`,
    (text) => `<${wrap(text, 76, '\r\n')}>.\r\n`,
    (text) => `\u200b${text.slice(0, 40)}\u200b${text.slice(40)}\u200b`,
    (text) => `H${text.slice(1)}.\n`,
  ];
  for (const paste of pasted) {
    const guest = await start({ name: 'Guest' });
    const joined = await join(guest, paste(await open(alice)));
    assert.equal(joined.status, 200, joined.text);
  }
  const guest = await start({ name: 'Guest' });
  const [id, , shown] = (await guest.cli('id')).stdout.trim().split('\n');
  for (const text of [paste(shown), `My id: ${id}.`]) assert.equal(readInvite((await alice.post('/api/v1/invites', { invitee_node_id: text })).invite).invitee_node_id, guest.id);
  for (const more of ['A', '0', '-', '_']) await refused(alice.request('POST', '/api/v1/invites', { invitee_node_id: `My id: ${id}${more}.` }), 400, 'bad_request', /must be a full NodeID/);
  assert.equal((await join(guest, paste((await alice.post('/api/v1/invites', { invitee_node_id: id })).invite))).status, 200);
  function paste(text) {
    return `Here:\n> <${wrap(text, 30, '\n> ')}>.`;
  }
});

test('of ten who come at once with an invite for one, one gets in, and it again whenever it asks', async () => {
  const alice = await start({ name: 'Alice', community: 'Street' });
  const text = await open(alice);
  const before = await events(alice);
  const guests = Array.from({ length: 10 }, () => new Peer());
  const answers = await Promise.all(guests.map((guest) => redeem(guest, alice, text)));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(9).fill(400)]);
  for (const { status, body } of answers) assert.equal(status === 200 ? typeof body.invite : body.error, status === 200 ? 'string' : 'invite_invalid');
  assert.equal(await events(alice), before + 1);
  const winner = answers.findIndex(({ status }) => status === 200);
  const first = readInvite(answers[winner].body.invite);
  assert.deepEqual(Object.keys(answers[winner].body), ['invite']);
  assert.deepEqual([first.invitee_node_id, first.token, first.expires_at], [guests[winner].id, undefined, readInvite(text).expires_at]);
  await alice.stop();
  await alice.start();
  const again = await redeem(guests[winner], alice, text, { display_name: 'Another name' });
  assert.equal(readInvite(again.body.invite).invite_event_id, first.invite_event_id);
  await refused(redeem(guests[(winner + 1) % 10], alice, text), 400, 'invite_invalid', /as many as it may/);
  assert.equal(await events(alice), before + 1);
});

test('after its time it lets nobody in', async () => {
  const alice = await start({ name: 'Alice', community: 'Street' });
  const text = await open(alice, { ttl_seconds: 1, uses: 5 });
  await alice.until(async () => Date.now() >= Date.parse(readInvite(text).expires_at));
  await refused(redeem(new Peer(), alice, text), 410, 'invite_expired', /ask for a new one/);
  const carol = await start({ name: 'Carol' });
  await refused(join(carol, text), 410, 'invite_expired', /inviter's clock; ask for a new one/);
  await nothingHalfDone(carol);
  assert.deepEqual(await names(alice), ['Alice anchor']);
});

test('while the inviter is off it says so, and works when it is back', async () => {
  const alice = await start({ name: 'Alice', community: 'Street' });
  const carol = await start({ name: 'Carol' });
  const text = await open(alice);
  await alice.stop();
  await refused(join(carol, text), 503, 'bootstrap_unreachable', /can't be reached. Is it running/);
  await nothingHalfDone(carol);
  await alice.start();
  const joined = await join(carol, text);
  assert.equal(joined.status, 200, joined.text);
  assert.deepEqual(await names(alice), ['Alice anchor', 'Carol member']);
});

test('a member uses none of it up, and comes back by it, even by one that is used up', async () => {
  const alice = await start({ name: 'Alice', community: 'Street' });
  const bob = await start({ name: 'Bob' });
  await alice.admit(bob);
  const text = await open(alice);
  for (const member of [bob, alice]) assert.equal((await join(member, text)).body.output.already, true);
  const peer = Peer.of(bob);
  const back = readInvite((await redeem(peer, alice, text)).body.invite);
  assert.deepEqual([back.invitee_node_id, back.invite_event_id, back.token], [bob.id, null, undefined]);
  await refused(guess(peer, alice), 400, 'invite_invalid', /unknown here/);
  const carol = await start({ name: 'Carol' });
  assert.equal((await join(carol, text)).body.output.already, false);
  await bob.stop();
  fs.rmSync(path.join(bob.directory, 'communities'), { recursive: true });
  await bob.start();
  const joined = await join(bob, text);
  assert.equal(joined.status, 200, joined.text);
  assert.equal(joined.body.output.already, true);
  // Nor does it need one that the inviter's node remembers.
  await bob.stop();
  fs.rmSync(path.join(bob.directory, 'communities'), { recursive: true });
  await bob.start();
  const { signature: _old, ...rest } = readInvite(text);
  assert.equal((await join(bob, inviteText(Peer.of(alice).signed({ ...rest, token: crypto.randomBytes(16).toString('base64url') })))).status, 200);
  const elsewhere = await start({ name: 'Zoe', community: 'Elsewhere' });
  await refused(join(elsewhere, text), 400, 'wrong_community', /another community/);
  assert.deepEqual(await names(alice), ['Alice anchor', 'Bob member', 'Carol member']);
});

test('a revoked device gets nowhere, and uses nothing up', async () => {
  const alice = await start({ name: 'Alice', community: 'Street' });
  const bob = await start({ name: 'Bob' });
  await alice.admit(bob);
  await alice.post('/api/v1/revocations', { target_node_id: bob.id, reason: 'other', co_signers: [] });
  const text = await open(alice);
  await refused(redeem(Peer.of(bob), alice, text), 403, 'revoked', /revoked/);
  await bob.stop();
  fs.rmSync(path.join(bob.directory, 'communities'), { recursive: true });
  await bob.start();
  await refused(join(bob, text), 400, 'invite_invalid', /shut out/);
  await nothingHalfDone(bob);
  const carol = await start({ name: 'Carol' });
  assert.equal((await join(carol, text)).status, 200);
});

test('guessing: ten tries a minute from an address, whatever the key; nobody without a certificate', async () => {
  const alice = await start({ name: 'Alice', community: 'Street' });
  const text = await open(alice);
  const guessers = [new Peer(), new Peer()];
  guessers[1].address = guessers[0].address;
  for (let i = 0; i < 10; i++) await refused(guess(guessers[i % 2], alice), 400, 'invite_invalid', /unknown here/);
  for (const guesser of guessers) {
    const answer = await redeem(guesser, alice, text); // even a right guess
    const { retry_after_ms } = await refused(answer, 429, 'rate_limited', /too often/);
    assert.ok(retry_after_ms > 0 && retry_after_ms <= 60000);
    assert.ok(Number(answer.headers['retry-after']) >= 1);
  }
  const peer = new Peer();
  await refused(redeem(peer, alice, text, {}, { anonymous: true }), 401, 'unauthorized', /certificate/);
  const body = { token: readInvite(text).token, display_name: '' };
  peer.community = (await alice.get('/api/v1/node')).community_id;
  const headers = peer.signedHeaders(alice, body, { capability: '/join/v1/redeem' });
  await refused(peer.call(alice, 'POST', '/join/v1/redeem', body, { anonymous: true, headers }), 401, 'unauthorized', /certificate/);
  assert.equal((await redeem(peer, alice, text)).status, 200);
  const stranger = await start({ name: 'Stranger' }); // in no community
  await refused(guess(new Peer(), stranger), 400, 'bad_request', /no community/);
});

test('what is no such call is refused, and changes nothing', async () => {
  const alice = await start({ name: 'Alice', community: 'Street' });
  const bob = await start({ name: 'Bob' });
  await alice.admit(bob);
  const text = await open(alice);
  const { token } = readInvite(text);
  const before = await events(alice);
  for (const body of [{}, [], { token }, { display_name: 'Jana' }, { token, display_name: 7 }, { token: 7, display_name: '' }, { token, display_name: '', level: 'trusted' }, { token, display_name: 'x'.repeat(65) }, { token, display_name: 'a\nb' }]) {
    await refused(new Peer().call(alice, 'POST', '/join/v1/redeem', body), 400, 'bad_request', /Expected/);
  }
  for (const wrong of ['', token.slice(1), `${token}A`, token.replace(/.$/, 'B'), `${token.slice(0, 21)}=`, 'x'.repeat(4000)]) await refused(new Peer().call(alice, 'POST', '/join/v1/redeem', { token: wrong, display_name: '' }), 400, 'invite_invalid', /copy the whole invite/);
  assert.equal((await new Peer().call(alice, 'GET', '/join/v1/redeem')).status, 405);
  for (const wish of [{ open: false }, { open: 'yes' }, { open: true, uses: 0 }, { open: true, uses: 257 }, { open: true, uses: 1.5 }, { open: true, uses: '2' }, { open: true, initial_level: 'anchor' }, { open: true, initial_level: 'king' }, { open: true, ttl_seconds: 0 }, { open: true, ttl_seconds: 31536001 }, { open: true, invitee_node_id: bob.id }, { open: true, display_name: 'Jana' }]) {
    await refused(alice.request('POST', '/api/v1/invites', wish), 400, 'bad_request', /"open":true/);
  }
  await refused(bob.request('POST', '/api/v1/invites', { open: true, initial_level: 'trusted' }), 401, 'unauthorized', /ask a trusted member/);
  await refused(join(await start({ name: 'Nobody' }), 'what invite?'), 400, 'invite_invalid', /Nothing in it begins with hearthnet:/);
  assert.equal(await events(alice), before);
  assert.equal((await redeem(new Peer(), alice, text)).status, 200);
});

test('what breaks off can be tried again with the same text', async () => {
  const alice = await start({ name: 'Alice', community: 'Street' });
  const carol = await start({ name: 'Carol' });
  const text = await open(alice);
  const before = await events(alice);
  let broken = '/join/v1/redeem';
  const front = await Front.before(alice, carol, { tell: (target, answer) => {
    if (target === broken) throw new Error('the wire breaks here'); // the node has done what it was asked for
    return answer;
  } });
  for (broken of ['/join/v1/redeem', '/community/manifest', '/sync/v1/events']) {
    await refused(join(carol, front.redirect(text)), 503, 'bootstrap_unreachable', /can't be reached/);
    await nothingHalfDone(carol);
  }
  await carol.stop();
  await carol.start();
  assert.equal((await join(carol, text)).status, 200);
  const invitations = (await Peer.of(carol).call(alice, 'POST', '/sync/v1/events', { community_id: alice.id, events: [], our_head: 0 })).body.events.filter(({ event_type }) => event_type === 'community.member.invited');
  assert.deepEqual(invitations.map(({ data }) => [data.invitee_node_id, data.display_name, data.initial_level]), [[carol.id, 'Carol', 'member']]);
  assert.ok(await events(alice) >= before + 2);
});

test('an inviter that lies, or is of an older version, is told from one that does what it promised', async () => {
  const alice = await start({ name: 'Alice', community: 'Street' });
  const mallory = await start({ name: 'Mallory', community: 'Trap' });
  const carol = await start({ name: 'Carol' });
  const text = await open(alice);
  const other = (await alice.post('/api/v1/invites', { invitee_node_id: new Peer().id })).invite;
  const attempt = async (given, status, error, words) => {
    const front = await Front.before(alice, carol, { ask: ({ path: target }) => (target === '/join/v1/redeem' ? given : null) });
    await refused(join(carol, front.redirect(text)), status, error, words);
    await nothingHalfDone(carol);
    front.close();
  };
  const ours = (changes) => inviteText(Peer.of(alice).signed({ schema_version: 1, community_id: alice.id, community_name: 'Street', inviter_node_id: alice.id, invitee_node_id: carol.id, initial_level: 'member', bootstrap_endpoints: [{ transport: 'https', host: '127.0.0.1', port: 1 }], expires_at: wallClock(Date.now() + 60000), invite_event_id: '01ARZ3NDEKTSV4RRFFQ69G5FAV', ...changes }));
  for (const invite of [other, text, 'nothing', ours({ community_id: mallory.id }), ours({ inviter_node_id: mallory.id })]) await attempt({ status: 200, body: { invite } }, 400, 'invite_invalid', /lets this device in nowhere/);
  await attempt({ status: 200, body: {} }, 400, 'invite_invalid', /lets this device in nowhere/);
  await attempt({ status: 200, body: { invite: ours({}) } }, 400, 'invite_invalid', /neither as invited nor as a member|does not hold this invitation/);
  for (const status of [401, 404]) await attempt({ status, body: { error: 'not_found', message: 'What?' } }, 400, 'invite_invalid', /knows no open invites/);
  await attempt({ status: 400, body: { error: 'bad_request', message: 'in no community' } }, 503, 'bootstrap_unreachable', /status 400/);
  await attempt({ status: 500, body: { error: 'internal_error', message: 'oh' } }, 503, 'bootstrap_unreachable', /status 500/);
  assert.equal((await join(carol, text)).status, 200);
});

test('the command line: invite --open', async () => {
  const alice = await start({ name: 'Alice', community: 'Street' });
  const made = await alice.cli('invite', '--open', '--uses', '2', '--level', 'trusted', '--ttl', '90', '--qr');
  assert.equal(made.code, 0, made.stderr);
  const [text, ...code] = made.stdout.trimEnd().split('\n');
  texts.push(text);
  assert.equal(readInvite(text).initial_level, 'trusted');
  assert.ok(code.length > 20 && code.every((line) => /^[ \u2580-\u2588]+$|\x1b/.test(line)), made.stdout);
  for (const name of ['Carol', 'Dora']) {
    const joined = await (await start({ name })).cli('join', `Hi, it is ${text}. See you`);
    assert.deepEqual([joined.code, joined.stdout], [0, 'Joined Street.\n'], joined.stderr);
  }
  assert.equal((await (await start({ name: 'Eve' })).cli('join', text)).code, 1);
  for (const wrong of [['--open', alice.id], ['--open', '--name', 'Jana'], ['--open', '--uses', '0'], ['--uses', '2', alice.id], []]) {
    const answer = await alice.cli('invite', ...wrong);
    assert.deepEqual([answer.code, answer.stdout], [2, ''], answer.stderr);
    assert.match(answer.stderr, /hearthchat/);
  }
  assert.match((await alice.cli('found', '--help')).stdout, /found/);
});
