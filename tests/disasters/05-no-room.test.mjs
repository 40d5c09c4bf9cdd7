import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { after, test } from 'node:test';
import { cleanAll, cleanup, fs, Node, path, temporaryDirectory } from '../integration/support.mjs';

after(cleanAll);

/** A disk of that many bytes, which can be filled to the last of them. */
class SmallDisk {
  constructor(bytes) {
    assert.equal(process.getuid(), 0, 'mounting takes root, or being root of a namespace of one\'s own, as ./test arranges');
    this.place = temporaryDirectory();
    this.ballast = path.join(this.place, 'ballast');
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'none', this.place]);
    cleanup(() => execFileSync('umount', [this.place]));
  }

  fill() {
    const file = fs.openSync(this.ballast, 'w');
    assert.throws(() => {
      for (;;) fs.writeSync(file, Buffer.alloc(4096));
    }, { code: 'ENOSPC' });
    fs.closeSync(file);
  }

  /** All of it, or that many bytes. */
  free(bytes) {
    if (bytes === undefined) fs.rmSync(this.ballast);
    else fs.truncateSync(this.ballast, fs.statSync(this.ballast).size - bytes);
  }
}

const lines = (node, code) => node.log.split('\n').filter((line) => line.includes(code));

/** Alice and Bob who have talked; then Alice's data lies on a disk where nothing else finds room. */
async function onFullDisk({ hadEnded }) {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const bob = await (await Node.create({ name: 'Bob' })).start();
  await alice.admit(bob);
  const said = [];
  for (const body of ['the well is dry', 'who has a ladder?', 'come to the well']) {
    said.push((await alice.send(bob.id, body, body)).event_id);
    await alice.delivered(said.at(-1));
  }
  await (hadEnded ? alice.stop() : alice.kill());
  const disk = new SmallDisk(6 * 1024 * 1024);
  const moved = path.join(disk.place, 'data');
  fs.cpSync(alice.directory, moved, { recursive: true });
  alice.directory = moved;
  disk.fill();
  return { alice, bob, disk, said };
}

test('a disk that is full at start: the node reads, says so, and loses nothing', async () => {
  const { alice, bob, disk, said } = await onFullDisk({ hadEnded: true });
  const before = fs.readFileSync(alice.database());
  await alice.start();
  const ids = async () => (await alice.history()).map(({ event_id }) => event_id);
  assert.deepEqual(await ids(), said);
  const found = (await alice.get('/api/v1/chat/search?q=well')).messages;
  assert.deepEqual(found.map(({ event_id }) => event_id).sort(), [said[0], said[2]].sort());
  const shown = await alice.get('/api/v1/node');
  assert.equal(shown.disk.read_only, true);
  const meanwhile = { recipient: bob.id, body: 'meanwhile', client_id: 'meanwhile' };
  const refused = await alice.request('POST', '/api/v1/chat/send', meanwhile);
  assert.equal(refused.status, 500);
  assert.equal(refused.body.error, 'internal_error');
  assert.match(refused.body.message, /nothing was sent.* make room, then start the node again/i);
  const late = await bob.send(alice.id, 'are you there?');
  assert.equal(late.delivered, 'queued'); // Alice can't take it
  const status = await alice.cli('status');
  assert.equal(status.code, 0, status.stderr);
  assert.match(status.stdout, /full at start.* make room, start it again/);
  assert.deepEqual(await ids(), said);
  await alice.stop();
  assert.equal(lines(alice, 'log.read_only').length, 1);
  assert.match(lines(alice, 'log.read_only')[0], /make room, then start the node again/);
  assert.ok(fs.readFileSync(alice.database()).equals(before));

  disk.free();
  await alice.start();
  assert.equal((await alice.get('/api/v1/node')).disk.read_only, false);
  assert.equal(lines(alice, 'log.read_only').length, 0);
  await bob.delivered(late.event_id);
  const { event_id } = await alice.send(bob.id, 'meanwhile', 'meanwhile');
  await alice.delivered(event_id);
  assert.deepEqual(await ids(), [...said, late.event_id, event_id]);
  assert.equal((await alice.cli('verify')).code, 0);
});

test('a node that was killed before its disk was full says what to do, and loses nothing', async () => {
  const { alice, bob, disk, said } = await onFullDisk({ hadEnded: false });
  await assert.rejects(alice.start(), /the disk is full.* Make room, then start again/);
  disk.free();
  await alice.start();
  assert.deepEqual((await alice.history()).map(({ event_id }) => event_id), said);
  await alice.delivered((await alice.send(bob.id, 'on we go')).event_id);
  assert.equal((await alice.cli('verify')).code, 0);
});

test('however little room there is, the node starts, and a send is taken or refused whole', async () => {
  const { alice, bob, disk, said } = await onFullDisk({ hadEnded: true });
  await bob.stop();
  const seen = { reading: 0, writing: 0 };
  for (let pages = 1; pages <= 20; pages++) {
    disk.fill();
    disk.free(4096 * pages);
    await alice.start();
    const reads = (await alice.get('/api/v1/node')).disk.read_only;
    seen[reads ? 'reading' : 'writing']++;
    const { status, body } = await alice.request('POST', '/api/v1/chat/send', { recipient: bob.id, body: `${pages}`, client_id: `${pages}` });
    if (status === 200) said.push(body.output.event_id);
    else assert.match(body.message, /make room/i);
    assert.ok(status === 200 || status === 500, body.message);
    assert.ok(!reads || status === 500);
    assert.deepEqual((await alice.history()).map(({ event_id }) => event_id), said);
    await alice.stop();
  }
  assert.ok(seen.reading > 0 && seen.writing > 0, JSON.stringify(seen));
  disk.free();
  assert.equal((await alice.cli('verify')).code, 0);
});

test('a join on a full disk says to make room, and the same invite works when there is some', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const bob = await Node.create({ name: 'Bob' });
  const disk = new SmallDisk(6 * 1024 * 1024);
  const moved = path.join(disk.place, 'data');
  fs.cpSync(bob.directory, moved, { recursive: true });
  bob.directory = moved;
  await bob.start();
  disk.fill();
  const { invite } = await alice.post('/api/v1/invites', { invitee_node_id: bob.id });
  for (const room of [0, 16384, 131072]) { // nothing begins, the log can't be made, it can't be filled
    if (room > 0) disk.free(room);
    const { code, stderr } = await bob.cli('join', invite);
    assert.equal(code, 1);
    assert.match(stderr, /can't be written here: is the disk full\? Make room, then join again with the same invite\. \(internal_error\)$/m);
    assert.equal((await bob.get('/api/v1/node')).community_id, null);
  }
  disk.free();
  const { code, stderr } = await bob.cli('join', invite);
  assert.equal(code, 0, stderr);
});
