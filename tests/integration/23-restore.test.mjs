import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { BINARY, cleanAll, cli, freePort, fs, Node, path, Peer, Subscriber, temporaryDirectory } from './support.mjs';

let alice;
let bob;
let backup;
after(cleanAll);
before(async () => {
  alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  bob = await (await Node.create({ name: 'Bob' })).start();
  await alice.admit(bob);
  await alice.delivered((await alice.send(bob.id, 'before')).event_id);
  backup = path.join(temporaryDirectory(), 'alice.tar');
  assert.equal((await alice.cli('backup', backup)).code, 0);
});

const tar = (...args) => execFileSync('tar', args, { stdio: ['ignore', 'pipe', 'ignore'] });
const restore = (file, directory) => cli('restore', file, `--data=${directory}`);
const fresh = () => path.join(temporaryDirectory(), 'some', 'where');

/** What lies in a directory: mode and path of each. */
function listing(directory) {
  return [['', fs.statSync(directory)], ...fs.readdirSync(directory, { recursive: true }).map((name) => [name, fs.lstatSync(path.join(directory, name))])]
    .map(([name, { mode }]) => `${(mode & 0o7777).toString(8)} ${name}`).sort();
}

/** A device's id as its directory has it. */
const idOf = async (directory) => (await cli('id', '--data', directory)).stdout.split('\n')[0];

test('a backup unpacks into a directory with the right modes', async () => {
  fs.chmodSync(path.join(alice.directory, 'hearthchat.ini'), 0o644);
  const linked = path.join(temporaryDirectory(), 'hearthchat.ini'); // a link would lead back here
  fs.renameSync(path.join(alice.directory, 'hearthchat.ini'), linked);
  fs.symlinkSync(linked, path.join(alice.directory, 'hearthchat.ini'));
  const file = path.join(temporaryDirectory(), 'linked.tar');
  assert.equal((await alice.cli('backup', file)).code, 0);
  const directory = path.join(temporaryDirectory(), 'unpacked');
  fs.mkdirSync(directory);
  fs.chmodSync(directory, 0o755);
  tar('-xf', file, '-C', directory);
  for (const line of listing(directory)) assert.match(line, /^(700 (|keys|tls|communities|communities\/[^/]+)|600 .+)$/);
  assert.equal(fs.lstatSync(path.join(directory, 'hearthchat.ini')).isFile(), true);
  assert.equal(await idOf(directory), alice.id);
  const other = path.join(temporaryDirectory(), 'restored');
  assert.equal((await restore(file, other)).code, 0);
  assert.deepEqual(listing(other), listing(directory));
});

test('restore makes the directory, above it too, and says how to go on', async () => {
  const directory = fresh();
  const { code, stdout, stderr } = await restore(backup, directory);
  assert.deepEqual([code, stderr], [0, '']);
  assert.ok(stdout.startsWith(`Restored to ${directory}. What it lacks comes from the neighbours; start it with: ${BINARY} serve --data ${directory}\n`), stdout);
  assert.deepEqual(fs.readdirSync(path.dirname(directory)), ['where']);
  assert.equal(await idOf(directory), alice.id);
  assert.equal((await cli('verify', '--data', directory)).code, 0);
});

test('restore takes what tar makes of an unpacked backup, however it is packed', async () => {
  const place = temporaryDirectory();
  const unpacked = path.join(place, 'un packed');
  fs.mkdirSync(unpacked);
  tar('-xf', backup, '-C', unpacked);
  fs.writeFileSync(path.join(unpacked, 'communities', alice.id, 'life'), 'of then');
  fs.writeFileSync(path.join(unpacked, 'run.json'), '{}');
  fs.writeFileSync(path.join(unpacked, 'holiday.jpg'), 'x');
  const ways = [['--format=gnu', '-C', unpacked, '.'], ['--format=posix', '-C', unpacked, '.'], ['--format=ustar', '-C', place, 'un packed'], ['--format=v7', '-C', place, './un packed'],
    ['--format=posix', '-C', place, 'un packed'], ['-C', unpacked, 'communities', 'keys', 'tls', 'hearthchat.ini']];
  for (const way of ways) {
    const file = path.join(temporaryDirectory(), 'again.tar');
    tar('-cf', file, ...way);
    const directory = fresh();
    const { code, stderr } = await restore(file, directory);
    assert.equal(code, 0, `${way}: ${stderr}`);
    assert.equal(await idOf(directory), alice.id);
    assert.deepEqual(fs.readdirSync(path.join(directory, 'communities', alice.id)), ['events.sqlite']); // the log's life is another
    assert.deepEqual(fs.readdirSync(directory).sort(), fs.readdirSync(unpacked).filter((name) => !['run.json', 'holiday.jpg'].includes(name)).sort());
  }
});

test('restore changes nothing where there are keys, or anything else', async () => {
  const nobody = path.join(temporaryDirectory(), 'dora');
  await cli('init', '--data', nobody);
  const other = temporaryDirectory();
  fs.writeFileSync(path.join(other, 'diary'), 'mine');
  for (const [directory, words] of [[alice.directory, /There are keys in .* left as they are/], [nobody, /There are keys in/], [other, /is not empty: there is diary\. Name another directory/]]) {
    const before = listing(directory);
    const { code, stdout, stderr } = await restore(backup, directory);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, words);
    assert.deepEqual(listing(directory), before);
    assert.deepEqual(fs.readdirSync(path.dirname(directory)).filter((name) => name.includes('restore')), []);
  }
  // An empty one, and one in which a node found nothing to run with, are filled; a link to one stays a link.
  const empty = temporaryDirectory();
  fs.writeFileSync(path.join(empty, 'lock'), '');
  const link = path.join(temporaryDirectory(), 'link');
  fs.symlinkSync(empty, link);
  assert.equal((await restore(backup, link)).code, 0);
  assert.equal(fs.readlinkSync(link), empty);
  assert.equal(await idOf(empty), alice.id);
});

// --- tars that nobody would call a backup

const BLOCK = 512;

/** One entry: a header with the right sum, and its content. */
function entry(name, { type = '0', content = '', size = Buffer.byteLength(content), link = '', prefix = '', sum } = {}) {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100);
  header.write('0000600\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  if (typeof size === 'string') header.write(size, 124, 'latin1');
  else header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.fill(' ', 148, 156);
  header.write(type, 156);
  header.write(link, 157, 100);
  header.write('ustar\x0000', 257);
  header.write(prefix, 345);
  const right = header.reduce((total, byte) => total + byte, 0);
  header.write(`${(sum ?? right).toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, Buffer.from(content), Buffer.alloc((BLOCK - Buffer.byteLength(content) % BLOCK) % BLOCK)]);
}

const END = Buffer.alloc(2 * BLOCK);
const KEY = () => entry('keys/device.ed25519', { content: fs.readFileSync(path.join(alice.directory, 'keys/device.ed25519')).toString('base64url') + '\n' });

test('what is no backup, or a hostile one, is refused by name, and nothing of it is there', async () => {
  const place = temporaryDirectory();
  const outside = path.join(place, 'outside');
  const directory = path.join(place, 'made', 'data');
  const whole = fs.readFileSync(backup);
  const cases = [
    ['a path above', [KEY(), entry('../outside', { content: 'x' })], /leads out of the directory/],
    ['a path above, from within', [KEY(), entry('keys/../../../outside', { content: 'x' })], /leads out of the directory/],
    ['a path above, by its prefix', [KEY(), entry('outside', { content: 'x', prefix: 'keys/../../..' })], /leads out of the directory/],
    ['an absolute path', [KEY(), entry(outside, { content: 'x' })], /leads out of the directory/],
    ['a link', [KEY(), entry('communities', { type: '2', link: place }), entry('communities/outside', { content: 'x' })], /communities in it is neither a file nor a directory/],
    ['a hard link', [KEY(), entry('tls/server.crt', { type: '1', link: '/etc/passwd' })], /neither a file nor a directory/],
    ['a device', [KEY(), entry('blobs/zero', { type: '3' })], /neither a file nor a directory/],
    ['a pipe', [KEY(), entry('blobs/pipe', { type: '6' })], /neither a file nor a directory/],
    ['a sparse file', [KEY(), entry('blobs/sparse', { type: 'S' })], /neither a file nor a directory/],
    ['a file twice', [KEY(), entry('hearthchat.ini', { content: '[ui]\n' }), entry('./hearthchat.ini', { content: '[chat]\n' })], /hearthchat\.ini is in it twice/],
    ['a file below a file', [KEY(), entry('tls', { content: 'x' }), entry('tls/server.crt', { content: 'x' })], /is in it twice|can't be made/],
    ['the key twice', [KEY(), KEY()], /more than one key/],
    ['two nodes', [KEY(), entry('other/keys/device.ed25519', { content: 'x' })], /more than one key/],
    ['a path by pax', [KEY(), entry('pax', { type: 'x', content: '21 path=../outside99\n' }), entry('blobs/a', { content: 'x' })], /stored in a way that no backup is/],
    ['a size by pax', [KEY(), entry('pax', { type: 'x', content: '13 size=9999\n' }), entry('blobs/a', { content: 'x' })], /stored in a way that no backup is/],
    ['a size beyond the end', [KEY(), entry('blobs/a', { size: 0o77777777777 })], /is cut or damaged/],
    ['a size beyond all', [KEY(), entry('blobs/a', { size: `\x80${'\xff'.repeat(11)}` })], /is cut or damaged/],
    ['a negative size', [KEY(), entry('blobs/a', { size: '\xff'.repeat(12) })], /is cut or damaged/],
    ['a size that is none', [KEY(), entry('blobs/a', { size: 'xyz' })], /is cut or damaged/],
    ['a damaged header', [KEY(), entry('blobs/a', { sum: 1 })], /is cut or damaged/],
    ['no key', [entry('letters/to-grandma.txt', { content: 'Dear' })], /there is no keys\/device\.ed25519 in it/],
    ['a key that is none', [entry('keys/device.ed25519', { content: 'sesame' })], /the key in it is damaged/],
    ['a directory for a key', [entry('keys/device.ed25519', { type: '5' })], /there is no keys\/device\.ed25519/],
  ].map(([what, entries, words]) => [what, Buffer.concat([...entries, END]), words]);
  for (const at of [1, 511, 512, 600, 1024, 2048, 5000, whole.length >> 1, whole.length - 10240]) cases.push([`cut behind ${at}`, whole.subarray(0, at), /is cut or damaged|is no backup/]);
  cases.push(['nothing', Buffer.alloc(0), /is no backup/], ['text', Buffer.from('Dear grandma, '.repeat(100)), /is no tar/], ['packed', execFileSync('gzip', ['-c', backup]), /is no tar; if it is packed, unpack it first/]);
  const file = path.join(place, 'given.tar');
  for (const [what, bytes, words] of cases) {
    fs.writeFileSync(file, bytes);
    const { code, stdout, stderr } = await restore(file, directory);
    assert.deepEqual([code, stdout], [1, ''], what);
    assert.match(stderr, words, what);
    assert.match(stderr, /^hearthchat: .*\. \([a-z_]+\)\n$/, what);
    assert.deepEqual(fs.readdirSync(place).filter((name) => name !== 'made'), ['given.tar'], what);
    assert.deepEqual(fs.existsSync(path.dirname(directory)) ? fs.readdirSync(path.dirname(directory)) : [], [], what);
  }
  for (const [name, words] of [[path.join(place, 'absent'), /can't be read: No such file/], [place, /is no file; name the tar itself/], ['/dev/zero', /is no file/]]) assert.match((await restore(name, directory)).stderr, words);
});

test('a restore that is killed, or finds no room, leaves nothing half-done', async () => {
  const place = temporaryDirectory();
  const directory = path.join(place, 'data');
  execFileSync('sh', ['-c', 'ulimit -f 64; trap "" XFSZ; "$0" restore "$1" --data "$2"; test $? = 1', BINARY, backup, directory], { stdio: 'pipe' });
  assert.deepEqual(fs.readdirSync(place), []);
  fs.mkdirSync(path.join(place, '.data-restore-4194305', 'keys'), { recursive: true }); // of a process that was killed
  assert.equal((await restore(backup, directory)).code, 0);
  assert.deepEqual(fs.readdirSync(place), ['data']);
});

// --- one key, two nodes

const copyOf = (node) => node.get('/api/v1/node').then(({ other_copy_at }) => other_copy_at);

test('a node that is back from its backup alone is no copy, and its log has a life of its own', async () => {
  const eve = await (await Node.create({ name: 'Eve', community: 'Lane' })).start();
  const fay = await (await Node.create({ name: 'Fay' })).start();
  await eve.admit(fay);
  const lifeOf = async (node) => (await new Subscriber(node).ready()).log;
  const first = await lifeOf(eve);
  const file = path.join(temporaryDirectory(), 'eve.tar');
  assert.equal((await eve.cli('backup', file)).code, 0);
  const since = [];
  for (let i = 0; i < 3; i++) {
    since.push((await eve.send(fay.id, `since ${i}`)).event_id);
    await eve.delivered(since.at(-1));
  }
  await eve.stop();
  eve.directory = fresh();
  assert.equal((await restore(file, eve.directory)).code, 0);
  await eve.start();
  assert.notEqual(await lifeOf(eve), first);
  await eve.event(({ event_id }) => event_id === since.at(-1)); // its key is on no backup
  await eve.delivered((await eve.send(fay.id, 'I am back')).event_id);
  await fay.delivered((await fay.send(eve.id, 'welcome')).event_id);
  for (const node of [eve, fay]) assert.equal(await copyOf(node), null);
  // What nobody had told yet, and was written before the restore, is no copy either.
  const old = Peer.of(eve);
  old.community = (await eve.get('/api/v1/node')).community_id;
  const { head } = await eve.get('/api/v1/node');
  const late = old.event(old.community, head + 1, 'chat.message.sent', { client_id: 'late', recipient: fay.id, body: 'found in an attic', attachments: [] }, { wall_clock: '2026-01-01T00:00:00Z' });
  await Peer.of(fay).call(eve, 'POST', '/sync/v1/events', { community_id: old.community, events: [late] });
  await eve.arrived('found in an attic');
  assert.equal(await copyOf(eve), null);
});

test('a restored copy beside its living original is noticed on both, and told with what to do', async () => {
  const copy = new Node(fresh(), await freePort());
  copy.id = alice.id;
  assert.equal((await restore(backup, copy.directory)).code, 0);
  await copy.start();
  await copy.arrived('before');
  await copy.until(async () => (await copy.get('/api/v1/node')).fingerprint === (await bob.get('/api/v1/node')).fingerprint);
  // Whatever either writes reaches the other by way of Bob.
  let said = 0;
  const told = async (writer, reader) => {
    while (!(await copyOf(reader))) {
      const { event_id } = await writer.send(bob.id, `said ${said += 1}`);
      await reader.event((event) => event.event_id === event_id);
    }
  };
  await told(copy, alice);
  await told(alice, copy);
  for (const node of [alice, copy]) {
    assert.match(await copyOf(node), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.match((await node.cli('status')).stdout, /^copy +another node writes with this device's key, last seen .*: stop one of them for good$/m);
    const doctor = await node.cli('doctor', '--json');
    const [finding] = JSON.parse(doctor.stdout).checks.filter(({ check }) => check === 'copy');
    assert.equal(finding.state, 'wrong');
    assert.match(finding.remedy, /Stop one of them for good/);
    assert.equal(node.log.match(/"log\.other_copy".*stop one of them for good/g)?.length, 1, node.log);
  }
  assert.equal(await copyOf(bob), null);
  await alice.stop();
  await alice.start();
  assert.notEqual(await copyOf(alice), null);
});
