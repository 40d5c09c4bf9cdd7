import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, describe, test } from 'node:test';
import { Front, readInvite } from './front.mjs';
import { cleanAll, fs, Node, path, Peer, Subscriber } from './support.mjs';

after(cleanAll);

const start = async (options) => (await Node.create(options)).start();
const invite = async (node, guest, more = {}) => node.post('/api/v1/invites', { invitee_node_id: guest.id, ...more });
const join = (guest, text) => guest.request('POST', '/api/v1/community/join', { invite: text });
const print = async (node) => (await node.get('/api/v1/node')).fingerprint;
const same = (...nodes) => nodes[0].until(async () => new Set(await Promise.all(nodes.map(print))).size === 1);
const bodies = async (node, query = '') => (await node.history(query)).map(({ body }) => body);
const refused = async (answer, status, error, words) => {
  const { body, status: got, text } = await answer;
  assert.equal(got, status, text);
  assert.equal(body.error, error, text);
  assert.match(body.message, words);
};
const sqlite = (file, sql) => execFileSync('sqlite3', [file, sql]).toString().trim();

/** The disk is lost; the key is not. */
async function loseLog(node, { directory = true } = {}) {
  await node.stop();
  const communities = path.join(node.directory, 'communities');
  if (directory) fs.rmSync(communities, { recursive: true });
  else for (const name of fs.readdirSync(path.dirname(node.database()))) fs.rmSync(path.join(communities, fs.readdirSync(communities)[0], name));
  return node.start();
}

/** Two neighbours who wrote to each other. */
async function street(bobs = {}) {
  const alice = await start({ name: 'Alice', community: 'Street' });
  const bob = await start({ name: 'Bob', ...bobs });
  const text = (await invite(alice, bob)).invite;
  assert.equal((await join(bob, text)).status, 200);
  for (const [from, to, body] of [[alice, bob, 'one'], [bob, alice, 'two'], [alice, bob, 'three']]) await from.delivered((await from.send(to.id, body, `id of ${body}`)).event_id);
  await bob.post('/api/v1/chat/read', { peer: alice.id, event_id: (await bob.history()).at(-1).event_id });
  await same(alice, bob);
  return { alice, bob, text };
}

/** Messages and receipts that a node's log holds: what a node does about its keys comes when it comes. */
const written = (node) => Number(sqlite(node.database(), "SELECT count(*) FROM events WHERE json_extract(json,'$.event_type') LIKE 'chat.message.%'"));

/** Back, with all that was written, nothing said twice, and talking. The keys of what was sealed are lost with the log. */
async function isBack(node, other, whole) {
  await same(node, other);
  const [ours, theirs] = [await node.history(), await other.history()];
  assert.deepEqual(theirs.map(({ body }) => body), whole);
  assert.deepEqual(ours.map(({ event_id }) => event_id), theirs.map(({ event_id }) => event_id));
  for (const [i, { body, e2e }] of ours.entries()) assert.ok(body === whole[i] || e2e === 'waiting');
  const answers = (await Peer.of(node).call(other, 'POST', '/sync/v1/events', { community_id: (await other.get('/api/v1/node')).community_id, events: [], our_head: 0 })).body.events
    .filter(({ event_type }) => event_type === 'chat.message.delivered').map(({ author, data }) => author + data.target_event_id);
  assert.equal(new Set(answers).size, answers.length); // nothing is answered twice
  for (const [from, to] of [[node, other], [other, node]]) await from.delivered((await from.send(to.id, `again, ${from.id}`)).event_id);
  await same(node, other);
  assert.equal((await node.cli('verify')).code, 0);
}

test('a member without its log comes back: by its old invite, whatever its date', async () => {
  const { alice, bob, text } = await street();
  const before = written(alice);
  await loseLog(bob);
  assert.equal((await bob.get('/api/v1/node')).community_id, null);
  const { signature: _old, ...rest } = readInvite(text);
  const old = Peer.of(alice).signed({ ...rest, expires_at: '2001-01-01T00:00:00Z' });
  const back = await join(bob, `hearthnet://v1/${Buffer.from(JSON.stringify(old)).toString('base64url')}`);
  assert.equal(back.status, 200, back.text);
  assert.deepEqual([back.body.output.already, back.body.output.returned], [true, true]);
  await same(alice, bob);
  assert.equal(written(alice), before); // nothing was appended
  // What was sent before is known again.
  const again = await bob.send(alice.id, 'two', 'id of two');
  assert.equal(again.event_id, (await alice.history()).find(({ body }) => body === 'two').event_id);
  await isBack(bob, alice, ['one', 'two', 'three']);
});

test('a member without its log comes back: by a fresh text, which is no invitation', async () => {
  const { alice, bob } = await street();
  const before = (await alice.get('/api/v1/node')).events;
  const made = await invite(alice, bob);
  assert.equal(made.already, true);
  const text = readInvite(made.invite);
  assert.equal(text.invite_event_id, null);
  assert.equal('token' in text, false);
  assert.equal((await alice.get('/api/v1/node')).events, before);
  await loseLog(bob, { directory: false });
  const { lost_community_id } = await bob.get('/api/v1/node');
  assert.equal(lost_community_id, alice.id);
  assert.match((await bob.cli('status')).stdout, /its log is lost: come back/);
  assert.match((await bob.cli('doctor')).stdout, /^WRONG +log +The log of this node's community is lost\.\n +> Come back with any invite/m);
  await refused(bob.request('POST', '/api/v1/chat/send', { recipient: alice.id, body: 'x' }), 400, 'bad_request', /log is lost: join with any invite/);
  const joined = await bob.cli('join', made.invite);
  assert.equal(joined.stdout, 'Back in Street; what was written there comes from the neighbours.\n');
  assert.equal((await bob.cli('join', made.invite)).stdout, 'Already a member of Street.\n');
  await isBack(bob, alice, ['one', 'two', 'three']);
  await refused(alice.request('POST', '/api/v1/invites', { invitee_node_id: alice.id }), 400, 'bad_request', /own id/);
});

test('who comes back answers no message twice, though its own answers come last', async () => {
  const alice = await start({ name: 'Alice', community: 'Street' });
  const bob = await start({ name: 'Bob' });
  const text = (await invite(alice, bob)).invite;
  assert.equal((await join(bob, text)).status, 200);
  await bob.stop();
  const carol = new Peer();
  await carol.join(alice);
  const { head } = await alice.get('/api/v1/node');
  const messages = Array.from({ length: 1500 }, (_, i) => carol.event(carol.community, head + 1 + i, 'chat.message.sent', { client_id: `${i}`, recipient: bob.id, body: `message ${i}`, attachments: [] }));
  for (let i = 0; i < messages.length; i += 500) await carol.push(alice, ...messages.slice(i, i + 500));
  const answers = () => sqlite(alice.database(), "SELECT count(*),count(DISTINCT author||json_extract(json,'$.data.target_event_id')) FROM events WHERE type=10");
  await bob.start();
  await alice.until(() => answers() === '1500|1500');
  await loseLog(bob);
  assert.equal((await join(bob, text)).status, 200);
  await same(alice, bob);
  const { event_id } = await alice.send(bob.id, 'the last');
  await alice.delivered(event_id);
  assert.equal(answers(), '1501|1501');
});

test('a log that is made anew has another life: numbers of before mean nothing', async () => {
  const { alice, bob, text } = await street();
  const ready = async (query = '') => {
    const subscriber = new Subscriber(bob, { since: 1, query });
    const frame = await subscriber.ready();
    subscriber.close();
    return frame;
  };
  const poll = async (log) => (await bob.request('GET', `/pubsub/v1/subscribe?topic=chat.message.${bob.id}&last_seq=1&timeout=0${log ? `&log=${log}` : ''}`)).body;
  const { log } = await ready();
  assert.match(log, /^[0-9A-HJKMNP-TV-Z]{26}$/);
  await bob.stop();
  await bob.start();
  assert.deepEqual([(await ready(`&log=${log}`)).log, (await ready(`&log=${log}`)).gap], [log, undefined]); // a start is no new life
  assert.equal((await poll(log)).log, log);
  assert.ok((await poll(log)).messages.length > 0);
  await loseLog(bob);
  assert.equal((await join(bob, text)).status, 200);
  await same(alice, bob);
  const after = await ready(`&log=${log}`);
  assert.equal(after.gap, true);
  assert.notEqual(after.log, log);
  const answer = await poll(log);
  assert.deepEqual(Object.keys(answer).sort(), ['gap', 'last_seq', 'log', 'timeout']);
  assert.ok((await poll(answer.log)).messages.length > 0);
  assert.equal((await bob.request('GET', `/pubsub/v1/subscribe?topic=chat.message.${bob.id}&log=x`)).status, 400);
});

test('a founder without its log comes back by what any member makes for it, and founds nothing twice', async () => {
  const { alice, bob } = await street();
  await loseLog(alice, { directory: false });
  await refused(alice.request('POST', '/api/v1/community', { name: 'Street' }), 400, 'bad_request', /founded a community.*come back/);
  const back = await join(alice, (await invite(bob, alice)).invite);
  assert.equal(back.status, 200, back.text);
  await isBack(alice, bob, ['one', 'two', 'three']);
  assert.equal((await alice.get('/api/v1/members')).members.find(({ node_id }) => node_id === alice.id).level, 'anchor');
});

test('who is no member does not come back, whatever it holds', async () => {
  const { alice, bob } = await street();
  const eve = await start({ name: 'Eve' });
  const { signature: _old, ...text } = readInvite((await invite(alice, bob)).invite);
  const forEve = Peer.of(alice).signed({ ...text, invitee_node_id: eve.id });
  await refused(join(eve, `hearthnet://v1/${Buffer.from(JSON.stringify(forEve)).toString('base64url')}`), 400, 'invite_invalid', /neither as invited nor as a member/);
  const dora = await start({ name: 'Dora' });
  await invite(alice, dora);
  const forDora = Peer.of(alice).signed({ ...text, invitee_node_id: dora.id }); // invited, and this text is no invitation
  await refused(join(dora, `hearthnet://v1/${Buffer.from(JSON.stringify(forDora)).toString('base64url')}`), 400, 'invite_invalid', /lets a member come back/);
});

test('a neighbour that answers a returning member with a forged community: clear error, nothing lost', async () => {
  const { alice, bob, text } = await street();
  await loseLog(bob, { directory: false });
  const attempt = async (tell, words) => {
    const front = await Front.before(alice, bob, { tell });
    await refused(join(bob, front.redirect(text)), 400, 'invite_invalid', words);
    assert.equal((await bob.get('/api/v1/node')).lost_community_id, alice.id);
    assert.deepEqual(fs.readdirSync(path.join(bob.directory, 'communities')), [alice.id]);
  };
  const page = (change) => (_target, answer) => (answer.body.events ? { ...answer, body: { ...answer.body, events: change(answer.body.events) } } : answer);
  await attempt(page(() => []), /no proof that this community was founded/);
  await attempt(page((list) => list.filter(({ author }) => author !== bob.id)), /no proof of it/);
  const forger = Peer.of(bob);
  await attempt(page((list) => list.map((event) => (event.event_type === 'community.created' ? { ...event, signature: forger.sign(event) } : event))), /no proof that this community was founded/);
  assert.equal((await join(bob, text)).status, 200);
  await isBack(bob, alice, ['one', 'two', 'three']);
});

const pages = (file, change) => {
  const bytes = fs.readFileSync(file);
  fs.writeFileSync(file, change(bytes) ?? bytes);
};
const PAGE = 4096;

const has = (bytes, page, text) => bytes.subarray(page * PAGE, (page + 1) * PAGE).includes(text);

/** Zeroes the pages for which the condition holds. */
const zero = (condition) => (file) => pages(file, (bytes) => {
  for (let page = 0; page * PAGE < bytes.length; page++) if (condition(page, bytes)) bytes.fill(0, page * PAGE, (page + 1) * PAGE);
});

// log: whether there is one after `repair`. reads: whether what was read silently is known after it. own: whether what nobody else has is saved, at last.
const damages = {
  'its first page zeroed': { damage: zero((page) => page === 0), log: true, reads: false, own: true },
  'every page but those of events zeroed': { damage: zero((page, bytes) => !has(bytes, page, '{"author":"ed25519:')), log: true, reads: false, own: true },
  'a third of its pages zeroed': { damage: zero((page, bytes) => page > 0 && page % 3 === 0 && !has(bytes, page, 'community.created') && !has(bytes, page, 'id of the last')), log: true, own: true },
  'its founding zeroed': { damage: zero((page, bytes) => has(bytes, page, 'community.created')), log: false, own: true },
  'its second half cut off': { damage: (file) => pages(file, (bytes) => bytes.subarray(0, Math.floor(bytes.length / 2) + 1000)), log: true, own: false },
  'all but one page cut off': { damage: (file) => pages(file, (bytes) => bytes.subarray(0, PAGE)), log: false, own: false },
  'nothing in it': { damage: (file) => fs.writeFileSync(file, ''), log: false, own: false },
  'another file in its place': { damage: (file) => fs.writeFileSync(file, 'this is no database'), log: false, own: false },
  'flipped bits in one event': { damage: (file) => pages(file, (bytes) => {
    for (let at = bytes.indexOf('"client_id":"id of two"'); at >= 0; at = bytes.indexOf('"client_id":"id of two"', at + 1)) bytes[at + 13] ^= 1;
  }), log: true, reads: true, own: true },
  'its owner\'s joining spoiled': { damage: (file) => pages(file, (bytes) => {
    for (let at = bytes.indexOf('community.member.joined'); at >= 0; at = bytes.indexOf('community.member.joined', at + 1)) bytes[at + 20] ^= 1;
  }), log: true, reads: true, own: true },
  'a flipped bit on each page': { damage: (file) => pages(file, (bytes) => {
    for (let page = 0; page * PAGE < bytes.length; page++) if (!has(bytes, page, '{"author":"ed25519:')) bytes[page * PAGE + 1] ^= 0x20;
  }), log: true, reads: false, own: true },
  'a clock and other numbers that are none': { damage: (file) => {
    damages['flipped bits in one event'].damage(file);
    sqlite(file, "UPDATE state SET clock='later'; UPDATE local_reads SET lamport=x'ff'; UPDATE open_invites SET expires='never'");
  }, log: true, reads: false, own: true },
  'a clock that is too far ahead': { damage: (file) => {
    damages['flipped bits in one event'].damage(file);
    sqlite(file, 'UPDATE state SET clock=4503599627370495');
  }, log: true, reads: true, own: true },
  'forged events among the true ones': { damage: (file) => {
    sqlite(file, `INSERT INTO events SELECT seq+1000,randomblob(32),lamport,event_id,type,author,aside,replace(json,'"client_id":"id of two"','"client_id":"id of tow"') FROM events WHERE json LIKE '%"client_id":"id of two"%'`);
    sqlite(file, `UPDATE events SET json=replace(json,'"client_id":"id of three"','"client_id":"forged"')`);
  }, log: true, reads: true, own: true },
};

/** Two neighbours who wrote a lot to each other, stopped; `afresh` puts their directories back as they were then. */
async function longStreet() {
  const { alice, bob, text } = await street({ config: '[chat]\nread_receipts_enabled = false\n' });
  for (let i = 0; i < 60; i++) await bob.send(alice.id, `${i} ${'x'.repeat(i % 20 === 7 ? 20000 : 1000)}`); // some are longer than a page
  await same(alice, bob);
  const { token } = readInvite((await bob.post('/api/v1/invites', { open: true, uses: 2 })).invite);
  const redeem = async (peer) => (await peer.call(bob, 'POST', '/join/v1/redeem', { token, display_name: '' })).status;
  const unread = async () => (await bob.get('/api/v1/chat/conversations')).conversations[0].unread;
  const jana = new Peer();
  assert.equal(await unread(), 0);
  assert.equal(await redeem(jana), 200);
  await same(alice, bob);
  await alice.stop();
  await bob.send(alice.id, 'nobody else has this', 'id of the last');
  const whole = await bodies(bob);
  await bob.stop();
  for (const { directory } of [alice, bob]) fs.cpSync(directory, `${directory}.before`, { recursive: true });
  const afresh = async () => {
    for (const node of [alice, bob]) {
      await node.stop(); // the last one's may have failed
      fs.rmSync(node.directory, { recursive: true });
      fs.cpSync(`${node.directory}.before`, node.directory, { recursive: true });
    }
  };
  return { alice, bob, text, whole, unread, redeem, jana, afresh };
}

describe('damage', { concurrency: 2 }, () => {
  for (const half of [0, 1]) describe(`of half ${half + 1}`, { concurrency: 1 }, () => damagesOf(half));
});

function damagesOf(half) {
  let made = null;
  for (const [what, { damage, log, reads, own }] of Object.entries(damages).filter((_, i) => i % 2 === half)) {
    test(`a log with ${what} comes back by repair and from the neighbours`, async () => {
      const { alice, bob, text, whole, unread, redeem, jana, afresh } = made ??= await longStreet();
      await afresh();
      const file = bob.database();
      const directory = path.dirname(file);
      damage(file);
      const broken = fs.readFileSync(file);
      assert.equal((await bob.cli('verify')).code, 1);
      const mended = await bob.cli('repair', '--json');
      assert.equal(mended.code, 0, mended.stderr);
      const report = JSON.parse(mended.stdout);
      assert.match(report.set_aside, /^events\.sqlite\.damaged-\d{4}-\d\d-\d\dT/);
      assert.ok(fs.readFileSync(path.join(directory, report.set_aside)).equals(broken)); // as it was
      assert.deepEqual(fs.readdirSync(directory).filter((name) => /repair-|shm$/.test(name)), []);
      assert.equal(report.has_log, log, mended.stdout);
      await alice.start();
      await bob.start();
      if (!log) {
        await bob.logged(/"log.missing"/);
        assert.equal((await join(bob, text)).status, 200);
        await bob.stop();
        assert.match((await bob.cli('repair')).stdout, /^The log is whole(; \d+ events more|, and has all)/);
        await bob.start();
      }
      await same(alice, bob);
      if (reads !== undefined) {
        assert.equal(await unread(), reads ? 0 : 2);
        assert.equal(/read without a receipt/.test(report.lost), !reads);
      }
      assert.equal(await redeem(new Peer()), 400); // whom it let in meanwhile, nobody knows
      assert.equal(await redeem(jana), reads || what === 'its founding zeroed' ? 200 : 400); // it was hers
      await isBack(bob, alice, own ? whole : whole.slice(0, -1));
      await bob.stop();
      const again = await bob.cli('repair');
      assert.match(again.stdout, /^The log is whole, and has all/); // and again changes nothing
      assert.equal(mended.stderr + again.stderr, ''); // no line that says to do what is being done
    });
  }
}

test('a log whose journal is gone, or torn, comes back', async () => {
  for (const tear of [(file) => fs.rmSync(file), (file) => fs.truncateSync(file, 4096 * 3 + 100), (file) => pages(file, (bytes) => { bytes.fill(0, 32, 20000); })]) {
    const { alice, bob, text } = await street();
    await bob.kill();
    const journal = `${bob.database()}-wal`;
    assert.ok(fs.statSync(journal).size > 20000); // all of it is still there
    tear(journal);
    const mended = await bob.cli('repair', '--json');
    assert.equal(mended.code, 0, mended.stderr);
    await bob.start();
    if (!JSON.parse(mended.stdout).has_log) assert.equal((await join(bob, text)).status, 200);
    await isBack(bob, alice, ['one', 'two', 'three']);
  }
});

/** Killed, and of its log only the journal is left, in which something stands that nobody else has. */
async function loseAllButTheJournal(node, other) {
  await other.stop();
  await node.send(other.id, 'nobody else has this');
  await node.kill();
  fs.rmSync(node.database());
  assert.ok(fs.statSync(`${node.database()}-wal`).size > 20000);
}

test('a log of which only the journal is left comes back by invite, and what the journal holds by repair', async () => {
  const { alice, bob, text } = await street();
  await loseAllButTheJournal(bob, alice);
  await alice.start();
  await bob.start();
  assert.equal((await join(bob, text)).status, 200);
  await same(alice, bob);
  assert.deepEqual((await bob.history()).map(({ event_id }) => event_id), (await alice.history()).slice(0, 3).map(({ event_id }) => event_id));
  await bob.stop();
  const verified = await bob.cli('verify');
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  assert.equal(fs.readdirSync(path.dirname(bob.database())).filter((name) => /damaged-.*-wal$/.test(name)).length, 1);
  assert.match((await bob.cli('repair')).stdout, /^The log is whole; \d+ events more/);
  await bob.start();
  await isBack(bob, alice, ['one', 'two', 'three', 'nobody else has this']);
  await bob.stop();
  assert.match((await bob.cli('repair')).stdout, /^The log is whole, and has all/);
});

test('a log of which only the journal is left is made anew of it by repair', async () => {
  const { alice, bob } = await street();
  await loseAllButTheJournal(alice, bob);
  const mended = await alice.cli('repair', '--json');
  assert.equal(mended.code, 0, mended.stderr);
  const report = JSON.parse(mended.stdout);
  assert.equal(report.has_log, true, mended.stdout);
  assert.match(report.set_aside, /^events\.sqlite\.damaged-.*-wal$/);
  assert.ok(fs.existsSync(path.join(path.dirname(alice.database()), report.set_aside)));
  assert.equal((await alice.cli('verify')).code, 0);
  await alice.start();
  await bob.start();
  await isBack(alice, bob, ['one', 'two', 'three', 'nobody else has this']);
});

test('a log whose founding stands only in what was set aside before keeps what else is in it', async () => {
  const { alice, bob } = await street();
  for (let i = 0; i < 30; i++) await bob.send(alice.id, `${i} ${'x'.repeat(1000)}`);
  await same(alice, bob);
  await alice.stop();
  await bob.stop();
  fs.copyFileSync(bob.database(), path.join(path.dirname(bob.database()), 'events.sqlite.damaged-2001-01-01T00-00-00Z'));
  await bob.start();
  await bob.send(alice.id, 'nobody else has this', 'id of the last');
  const whole = await bodies(bob);
  const { events } = await bob.get('/api/v1/node');
  await bob.stop();
  damages['its founding zeroed'].damage(bob.database());
  const mended = await bob.cli('repair', '--json');
  assert.equal(mended.code, 0, mended.stderr);
  const report = JSON.parse(mended.stdout);
  assert.equal(report.has_log, true, mended.stdout);
  assert.deepEqual([report.kept, report.readable, report.aside], [events, events, 0], mended.stdout);
  await alice.start();
  await bob.start();
  assert.deepEqual(await bodies(bob), whole);
  await isBack(bob, alice, whole);
});

test('repair wants a node that is stopped, a key, and a log of that key; a whole log is left alone', async () => {
  const { alice, bob } = await street();
  const busy = await bob.cli('repair');
  assert.equal(busy.code, 1);
  assert.match(busy.stderr, /Another node is running/);
  await bob.stop();
  const whole = fs.readFileSync(bob.database());
  assert.equal((await bob.cli('repair')).stdout, 'The log is whole: there is nothing to repair.\n');
  assert.ok(fs.readFileSync(bob.database()).equals(whole));
  const key = path.join(bob.directory, 'keys/device.ed25519');
  const good = fs.readFileSync(key);
  await alice.stop();
  fs.writeFileSync(key, fs.readFileSync(path.join(alice.directory, 'keys/device.ed25519')));
  fs.rmSync(path.join(bob.directory, 'keys/device.pub'), { force: true });
  const foreign = await bob.cli('repair');
  assert.equal(foreign.code, 1, foreign.stdout);
  assert.match(foreign.stderr, /another device's key/);
  fs.writeFileSync(key, good);
  const nobody = await Node.create({ name: 'Nobody' });
  assert.match((await nobody.cli('repair')).stderr, /in no community: there is nothing to repair/);
});
