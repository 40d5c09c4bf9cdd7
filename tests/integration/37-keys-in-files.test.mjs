// What leaves the device as a file: backups, sealed or not, and exports with their keys (§24.11).
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { checkExport } from './check_export.mjs';
import { currentOffer, pad, SealingPeer } from './sealed.mjs';
import { BINARY, canonical, cleanAll, cli, crypto, fs, Node, once, path, temporaryDirectory, ulid } from './support.mjs';
import { Terminal } from './terminal.mjs';

const WORDS = 'Brunnen löffel anker 7';
let alice;
let bob;
let place;
let words; // a file with the passphrase
let sealed; // Alice's backup
after(cleanAll);
before(async () => {
  alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  bob = await (await Node.create({ name: 'Bob' })).start();
  await alice.admit(bob);
  await alice.until(async () => (await alice.get('/api/v1/chat/conversations')).conversations.every(({ e2e }) => e2e));
  await alice.delivered((await alice.send(bob.id, 'the key is under the mat')).event_id);
  place = temporaryDirectory();
  words = path.join(place, 'words');
  fs.writeFileSync(words, `${WORDS}\n`, { mode: 0o600 });
  sealed = path.join(place, 'alice.sealed');
  const { code, stdout, stderr } = await alice.cli('backup', sealed, '--passphrase-file', words);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^Wrote .*alice\.sealed\.\nIt is sealed: without the passphrase nobody opens it/);
});

const fresh = () => path.join(temporaryDirectory(), 'data');
const restore = (file, directory, ...more) => cli('restore', file, '--data', directory, ...more);
const bodies = async (node, peer) => (await node.get(`/api/v1/chat/history?peer=${peer.id}&limit=1000`)).messages.map(({ body }) => body);

/** A secret as it lies in a file. */
const holds = (file, ...secrets) => secrets.filter((secret) => fs.readFileSync(file).includes(secret)).length;

test('a plain backup says who can read it; a sealed one shows nothing of what is in it', async () => {
  const plain = path.join(place, 'alice.tar');
  const { code, stdout } = await alice.cli('backup', plain);
  assert.equal(code, 0);
  assert.match(stdout, /Whoever has it can read your messages, and be this device/);
  const key = fs.readFileSync(path.join(alice.directory, 'keys/device.ed25519'));
  const content = Buffer.from(execFileSync('sqlite3', [alice.database(), 'SELECT hex(key) FROM keyring']).toString().trim().split('\n')[0], 'hex');
  assert.equal(holds(plain, key, content, 'under the mat', 'events.sqlite'), 4);
  assert.equal(holds(sealed, key, content, 'under the mat', 'events.sqlite', 'keys/'), 0);
  for (const file of [plain, sealed]) assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(fs.readdirSync(place).sort(), ['alice.sealed', 'alice.tar', 'words']);
});

test('a sealed backup is restored with its passphrase, and is the node that it was', async () => {
  const directory = fresh();
  const { code, stdout, stderr } = await restore(sealed, directory, '--passphrase-file', words);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /what had not been acknowledged comes by itself; the\nrest when the other side's owner says so/);
  assert.equal((await cli('verify', '--data', directory)).code, 0);
  assert.equal((await cli('id', '--data', directory)).stdout.split('\n')[0], alice.id);
  assert.match((await cli('export', '-', '--data', directory)).stdout, /"body":"the key is under the mat"/);
  assert.deepEqual(fs.readdirSync(path.dirname(directory)), ['data']);
});

test('without its passphrase, or not whole, it opens nowhere, and nothing of it is there', async () => {
  const whole = fs.readFileSync(sealed);
  const head = (...bytes) => { const changed = Buffer.from(whole); Buffer.from(bytes).copy(changed, 12); return changed; };
  const flipped = (at) => { const changed = Buffer.from(whole); changed[at] ^= 4; return changed; };
  const piece = 65536 + 17;
  const wrong = path.join(place, 'wrong');
  fs.writeFileSync(wrong, WORDS.toLowerCase(), { mode: 0o600 });
  const other = fs.readFileSync(sealed).subarray(77, 77 + piece);
  const cases = [
    ['another passphrase', whole, /^hearthchat: That is not the passphrase of .*: type it as it was given\./, wrong],
    ['a salt of another', flipped(25), /That is not the passphrase/],
    ['a damaged beginning', flipped(70), /That is not the passphrase/],
    ['a damaged middle', flipped(100000), /is cut or damaged\. Take another copy of it\./],
    ['a damaged end', flipped(whole.length - 1), /is cut or damaged/],
    ['pieces the other way round', Buffer.concat([whole.subarray(0, 77), whole.subarray(77 + piece, 77 + 2 * piece), other, whole.subarray(77 + 2 * piece)]), /is cut or damaged/],
    ['a piece too few', Buffer.concat([whole.subarray(0, 77), whole.subarray(77 + piece)]), /is cut or damaged/],
    ['something behind it', Buffer.concat([whole, Buffer.from('x')]), /is cut or damaged/],
    ['one that takes 100 GiB', head(1, 0, 0, 1, 6, 64, 0, 0), /is cut or damaged/],
    ['one that takes 4 TiB', head(1, 0, 0, 1, 255, 255, 255, 255), /is cut or damaged/],
    ['one that takes years', head(1, 255, 255, 255), /is cut or damaged/],
    ['one of tomorrow', head(2), /is of a newer hearthchat: restore it with that version\./],
    ...[12, 76, 77, 78, 77 + piece, 77 + 2 * piece, whole.length - 1].map((at) => [`cut behind ${at}`, whole.subarray(0, at), /is cut or damaged/]),
  ];
  const file = path.join(place, 'given');
  for (const [what, bytes, said, passphrase = words] of cases) {
    const directory = path.join(temporaryDirectory(), 'above', 'data');
    fs.writeFileSync(file, bytes);
    const { code, stdout, stderr } = await restore(file, directory, '--passphrase-file', passphrase);
    assert.deepEqual([code, stdout], [1, ''], what);
    assert.match(stderr, said, what);
    const above = path.dirname(directory);
    assert.deepEqual(fs.existsSync(above) ? fs.readdirSync(above) : [], [], what);
  }
  fs.rmSync(file);
});

test('a passphrase comes of a file that nobody else can read, and is one line', async () => {
  const file = path.join(place, 'passphrase');
  const out = path.join(place, 'out');
  const refused = async (content, mode, said) => {
    fs.writeFileSync(file, content);
    fs.chmodSync(file, mode);
    const { code, stderr } = await alice.cli('backup', out, '--passphrase-file', file);
    assert.equal(code, 1);
    assert.match(stderr, said);
    assert.equal(fs.existsSync(out), false);
  };
  await refused(WORDS, 0o640, /Others can read the passphrase file .*; run: chmod 600 '/);
  await refused(WORDS, 0o604, /Others can read/);
  await refused('', 0o600, /There is no passphrase: give one\./);
  await refused('\n', 0o600, /There is no passphrase/);
  await refused('seven 7', 0o600, /take at least 8 characters/);
  await refused('ßßßßßßß', 0o600, /take at least 8 characters/);
  await refused('one line\nand another\n', 0o600, /is one line of text/);
  await refused('with a \0 in it', 0o600, /is one line of text/);
  await refused('x'.repeat(1025), 0o600, /at most 1024 bytes/);
  await refused(Buffer.from([...Buffer.from('latin '), 0xfc, 0xe4]), 0o600, /is UTF-8 text/);
  fs.rmSync(file);
  assert.match((await alice.cli('backup', out, '--passphrase-file', file)).stderr, /can't be read: No such file/);
  for (const content of ['x'.repeat(1024), `${WORDS}\r\n`]) {
    fs.writeFileSync(file, content, { mode: 0o600 });
    assert.equal((await alice.cli('backup', out, '--passphrase-file', file)).code, 0);
    fs.rmSync(out);
  }
  fs.rmSync(file);
});

test('on a terminal it is asked for, twice where it is new, and not shown', async () => {
  const file = path.join(place, 'typed');
  const type = (...args) => new Terminal(BINARY, ...args);
  const backing = type('backup', file, '--passphrase', '--data', alice.directory);
  await backing.shows(/Passphrase \(five random words are good\): /);
  backing.press('sesame open up\n');
  await backing.shows(/The same again: /);
  backing.press('sesame open uq\n');
  await backing.shows(/The two are not the same; nothing was written\./);
  assert.deepEqual((await backing.exited)[0], 1);
  assert.equal(fs.existsSync(file), false);
  const again = type('backup', file, '--passphrase', '--data', alice.directory);
  for (const question of [/Passphrase .*: /, /The same again: /]) {
    await again.shows(question);
    again.press('sesame open up\n');
  }
  await again.shows(/It is sealed/);
  assert.equal((await again.exited)[0], 0);
  const directory = fresh();
  const back = type('restore', file, '--data', directory);
  const everything = [];
  back.process.stdout.on('data', (data) => everything.push(data));
  await back.shows(/Passphrase: /);
  back.press('sesame open up\n');
  await back.shows(/Restored to /);
  assert.equal((await back.exited)[0], 0);
  assert.doesNotMatch(Buffer.concat(everything).toString(), /sesame/);
  // Whoever ends it meanwhile finds the terminal as it was.
  const shell = new Terminal('sh', '-c', `trap : INT; ${BINARY} restore ${file} --data ${directory}-2; echo ended; stty -a | grep -o " echo "; echo over`);
  await shell.shows(/Passphrase: /);
  shell.press('\x03');
  await shell.shows(/ended\s+echo\s+over/);
  assert.equal((await shell.exited)[0], 0);
  const { code, stderr } = await new Promise((resolve) => {
    const child = spawn('setsid', ['-w', BINARY, 'restore', file, '--data', `${directory}-2`], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (data) => { said += data; });
    child.on('close', (ended) => resolve({ code: ended, stderr: said }));
  });
  assert.equal(code, 1);
  assert.match(stderr, /There is no terminal to ask for the passphrase on: name a file that has it with --passphrase-file\./);
  fs.rmSync(file);
});

/** Carol's node with all that can be said, and a peer that was written apart. */
async function talk() {
  const carol = await (await Node.create({ name: 'Carol', community: 'Lane' })).start();
  const dave = new SealingPeer();
  await dave.join(carol, 'Dave');
  const above = async () => (await carol.get('/api/v1/node')).head + 1;
  await carol.post('/api/v1/chat/send', { recipient: dave.id, body: 'in clear, for he has no key', attachments: [{ cid: `blake3:${'0'.repeat(64)}`, name: 'Gießkanne.jpg' }] });
  await dave.push(carol, dave.prekeys(await above()));
  const seal = async (payload, more = {}) => {
    const event = dave.message(await above(), carol.id, payload, { to: currentOffer(await dave.pull(carol), carol.id, dave.id), ...more });
    await dave.push(carol, event);
    return event;
  };
  const { event_id } = await carol.send(dave.id, 'The plumer comes at 7');
  await carol.post('/api/v1/chat/edit', { event_id, body: 'The plumber comes at 7' });
  await carol.post('/api/v1/chat/edit', { event_id, body: 'The plumber comes at 8' });
  await carol.post('/api/v1/chat/send', { recipient: dave.id, body: 'Or at 9', reply_to: event_id });
  const theirs = await seal({ kind: 'text', body: 'Good, I am at home' });
  await carol.post('/api/v1/chat/react', { event_id: theirs.event_id, emoji: '👍' });
  const taken = await carol.send(dave.id, 'a secret');
  await carol.post('/api/v1/chat/delete', { event_id: taken.event_id, for: 'both' });
  const wrong = pad(canonical({ kind: 'text', body: 'sealed as nobody should' }));
  wrong[wrong.length - 1] = 1;
  await seal({ kind: 'text', body: '' }, { padding: wrong });
  const unknown = dave.message(await above(), carol.id, { kind: 'text', body: 'for a key that nobody has' }, { to: dave.offer() });
  await dave.push(carol, unknown);
  await carol.until(async () => (await carol.get('/api/v1/chat/history?limit=10')).messages.length === 7);
  return [carol, dave];
}

test('an export with keys lets a third person check who wrote what, and nothing else passes', async () => {
  const [carol, dave] = await talk();
  const file = path.join(temporaryDirectory(), 'messages.json');
  const { code, stdout, stderr } = await carol.cli('export', file, '--with-keys');
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^Wrote .*\nIt is plain text: whoever has it can read your messages, and prove to anybody who wrote them\.\n$/);
  assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  const text = fs.readFileSync(file, 'utf8');
  const exported = () => JSON.parse(text);
  const shown = exported().messages.map(({ event, key, changes, ...message }) => message);
  assert.deepEqual(shown, (await carol.get('/api/v1/chat/history?limit=100')).messages);
  assert.deepEqual(shown.map(({ body, e2e }) => [body, e2e]), [['in clear, for he has no key', false], ['The plumber comes at 8', 'ok'], ['Or at 9', 'ok'], ['Good, I am at home', 'ok'], ['', 'deleted'], ['', 'unreadable'], ['', 'waiting']]);
  assert.doesNotMatch(text, /a secret/);
  assert.deepEqual(checkExport(exported()), { signed: 7, opened: 3 });
  assert.match(execFileSync(process.execPath, [new URL('check_export.mjs', import.meta.url).pathname, file]).toString(), /^7 messages .* the text of 3 /);
  const another = new SealingPeer();
  const sign = (event) => ({ ...event, signature: dave.signed({ ...event, signature: undefined }).signature });
  const tampered = {
    'a flipped word': ({ 1: message }) => { message.body = 'The plumber comes at 9'; },
    'words before they were edited': ({ 1: message }) => { message.body = 'The plumer comes at 7'; },
    'an edit less': ({ 1: message }) => { message.changes.pop(); },
    'a flipped word in clear': ({ 0: message }) => { message.body = 'in clear, for he has no kez'; },
    'another file': ({ 0: message }) => { message.attachments[0].name = 'holiday.jpg'; },
    'a swapped key': ({ 2: one, 3: other }) => { [one.key, other.key] = [other.key, one.key]; },
    'no key': ({ 2: message }) => { delete message.key; },
    'a forged signature': ({ 3: { event } }) => { event.signature = `ed25519:${crypto.randomBytes(64).toString('base64url')}`; },
    'signed by somebody else': ({ 3: message }) => { message.event = another.signed({ ...message.event, signature: undefined }); },
    'an event of then with another text': ({ 3: { event } }) => { event.data.body.ciphertext = `${event.data.body.ciphertext.slice(0, -4)}AAAA`; },
    'sealed anew by its author, but not with that key': ({ 3: message }) => { message.event = sign({ ...message.event, data: { ...message.event.data, client_id: ulid() } }); },
    'another author': ({ 3: message }) => { [message.from, message.to] = [message.to, message.from]; },
    'another day': ({ 3: message }) => { message.created_at = '2020-01-01T00:00:00Z'; },
    'what was said of another message': ({ 1: one, 3: other }) => { other.changes.push(...one.changes.splice(1)); },
    'a reaction that nobody gave': ({ 1: message }) => { message.reactions = [{ emoji: '💔', from: [dave.id] }]; },
    'an answer to another one': ({ 2: message, 3: other }) => { message.reply_to = other.event_id; },
    'taken back by nobody': ({ 4: message }) => { delete message.changes; },
    'words for what nobody can read': ({ 5: message }) => { message.body = 'I owe you a hundred'; },
  };
  for (const [what, change] of Object.entries(tampered)) {
    const changed = exported();
    change(changed.messages);
    assert.throws(() => checkExport(changed), what);
  }
  // Without the flag there is no key in it, and to a terminal's other end it is said beside the text.
  const plain = await carol.cli('export', '-');
  assert.doesNotMatch(plain.stdout, /"key"|"event"/);
  assert.deepEqual(JSON.parse(plain.stdout).messages, shown);
  const beside = await carol.cli('export', '-', '--with-keys');
  assert.deepEqual(JSON.parse(beside.stdout), exported());
  assert.match(beside.stderr, /^It is plain text: /);
  // What its author sealed wrongly is no damage.
  const report = JSON.parse((await carol.cli('verify', '--json')).stdout);
  assert.deepEqual([report.whole, report.wrong_keys, report.unopened], [true, 0, 1]);
});

const sqlite = (node, sql) => execFileSync('sqlite3', [node.database(), sql]).toString().trim();

test('verify tries every key at its message, names a wrong one, and says what helps', async () => {
  const verify = async (code) => {
    const { stdout, stderr, code: ended } = await bob.cli('verify', '--json');
    assert.equal(ended, code, stdout);
    return { ...JSON.parse(stdout), stderr };
  };
  const { event_id } = await alice.send(bob.id, 'a key of its own');
  await bob.arrived('a key of its own');
  await bob.stop();
  const before = await verify(0);
  assert.ok(before.keys >= 2 && before.wrong_keys === 0 && before.offers > 0, JSON.stringify(before));
  sqlite(bob, `UPDATE keyring SET key=x'${'07'.repeat(32)}' WHERE hash=(SELECT hash FROM events WHERE event_id='${event_id}')`);
  const wrong = await verify(1);
  assert.deepEqual([wrong.whole, wrong.wrong_keys, wrong.wrong_key_of, wrong.keys], [false, 1, [event_id], before.keys]);
  const { stdout, stderr } = await bob.cli('verify');
  assert.match(stdout, new RegExp(`^keys of messages +${before.keys}, of which WRONG 1: ${event_id}$`, 'm'));
  assert.match(stderr, /stop the node, run \S*hearthchat rebuild --data \S+, and start it: it forgets these keys, and asks the other side/);
  assert.equal((await bob.cli('rebuild')).code, 0);
  await verify(0);
  sqlite(bob, 'DELETE FROM receiving_keys'); // what was offered can't be opened any more: a note
  const lost = await verify(0);
  assert.deepEqual([lost.offers_without_secret, lost.newest_offer_is_lost], [lost.offers, true]);
  assert.match((await bob.cli('verify')).stdout, /^keys offered +\d+; the secrets of \d+ are gone, a newest one among them: the node offers new ones when it runs$/m);
  await bob.start();
  await bob.until(async () => !(await verify(0)).newest_offer_is_lost);
});

test('a backup that is killed, or finds no room, is none', async () => {
  const directory = temporaryDirectory();
  const file = path.join(directory, 'backup');
  fs.mkdirSync(path.join(alice.directory, 'blobs'), { recursive: true });
  fs.writeFileSync(path.join(alice.directory, 'blobs', 'picture'), Buffer.alloc(2 << 20)); // the log fits, all of it does not
  for (const more of [[], ['--passphrase-file', words]]) {
    execFileSync('sh', ['-c', 'trap "" XFSZ; prlimit --fsize=2097152 "$0" "$@" 2>"$OUT"; test $? = 1', BINARY, 'backup', file, '--data', alice.directory, ...more], { env: { ...process.env, OUT: path.join(place, 'said') } });
    assert.match(fs.readFileSync(path.join(place, 'said'), 'utf8'), /backup can't be written/);
    assert.deepEqual(fs.readdirSync(directory), []);
    // A tar that never ends: nothing has the name yet.
    const slow = path.join(temporaryDirectory(), 'tar');
    fs.writeFileSync(slow, `#!/bin/sh\nhead -c 200000 /dev/zero\necho begun >&2\nexec sleep 1000\n`, { mode: 0o700 });
    const child = spawn(BINARY, ['backup', file, '--data', alice.directory, ...more], { env: { ...process.env, PATH: `${path.dirname(slow)}:${process.env.PATH}` }, stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    assert.match(String((await once(child.stderr, 'data'))[0]), /begun/);
    assert.equal(fs.existsSync(file), false);
    process.kill(-child.pid, 'SIGKILL');
    await once(child, 'exit');
    assert.deepEqual(fs.readdirSync(directory), [`backup.part-${child.pid}`]);
    fs.rmSync(path.join(directory, `backup.part-${child.pid}`));
  }
  fs.rmSync(path.join(place, 'said'));
  fs.rmSync(path.join(alice.directory, 'blobs'), { recursive: true });
});

test('what came since a sealed backup comes by itself where it had not been acknowledged', async () => {
  await alice.stop();
  await bob.send(alice.id, 'written while she was away');
  alice.directory = fresh();
  assert.equal((await restore(sealed, alice.directory, '--passphrase-file', words)).code, 0);
  await alice.start();
  await alice.arrived('written while she was away');
  assert.ok((await bodies(alice, bob)).includes('the key is under the mat'));
});
