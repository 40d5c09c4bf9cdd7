import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { BINARY, cleanAll, cleanup, cli, freePort, fs, Node, once, path, PATIENCE_MS, spawn, temporaryDirectory } from './support.mjs';
import { Terminal } from './terminal.mjs';

after(cleanAll);

/** A script that follows: what it read so far, and what it is told beside. */
class Follower {
  constructor(node, ...more) {
    this.process = spawn(BINARY, ['history', '--follow', '--json', '--data', node.directory, ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.bodies = [];
    this.told = '';
    this.waiting = [];
    const wake = () => { for (const resolve of this.waiting.splice(0)) resolve(); };
    createInterface(this.process.stdout).on('line', (line) => {
      this.bodies.push(JSON.parse(line).body);
      wake();
    });
    this.process.stderr.on('data', (data) => {
      this.told += data;
      wake();
    });
    cleanup(() => this.process.kill('SIGKILL'));
  }

  async until(condition) {
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    while (!condition()) {
      assert.ok(!deadline.aborted, `not read in time; read ${this.bodies}, told ${this.told}`);
      await Promise.race([new Promise((resolve) => { this.waiting.push(resolve); }), once(deadline, 'abort')]);
    }
  }

  has(body) {
    return this.until(() => this.bodies.includes(body));
  }

  async lost() {
    await this.until(() => /the node is gone; going on when it is back/.test(this.told));
    this.told = '';
  }
}

async function pair() {
  const ann = await (await Node.create({ name: 'Ann', community: 'X' })).start();
  const ben = await (await Node.create({ name: 'Ben' })).start();
  await ann.admit(ben);
  return [ann, ben];
}

test('history --follow goes on over restarts and kills of the node, at other ports, and misses and repeats nothing', async () => {
  const [ann, ben] = await pair();
  const said = [];
  const say = async (from, to) => {
    const body = `message ${said.length}`;
    said.push(body);
    await from.send(to.id, body, body);
  };
  await say(ann, ben);
  await ben.arrived(said.at(-1));
  const script = new Follower(ben);
  await script.has(said.at(-1));
  for (const end of ['stop', 'kill', 'stop']) {
    await say(ann, ben);
    await say(ben, ann);
    await script.has(said.at(-1));
    await ben[end]();
    await script.lost();
    for (let i = 0; i < 3; i++) await say(ann, ben); // while it is off
    ben.peerPort = await freePort();
    let port;
    do port = await freePort(); while (ben.ui.endsWith(`:${port}`));
    await ben.start('--ui-port', String(port));
    await say(ben, ann);
    await script.until(() => script.bodies.length >= said.length);
  }
  await say(ann, ben);
  await script.has(said.at(-1));
  assert.deepEqual([...script.bodies].sort(), [...said].sort());
  assert.equal(script.told, '');
});

test('history --follow reads history again when the log is set back to a backup, and shows only what it has not shown', async () => {
  const [ann, ben] = await pair();
  const other = await (await Node.create({ name: 'Cleo' })).start();
  await ann.admit(other);
  for (let i = 0; i < 5; i++) await ben.delivered((await ben.send(ann.id, `old ${i}`)).event_id);
  const file = path.join(temporaryDirectory(), 'ben.tar');
  assert.equal((await ben.cli('backup', file)).code, 0);
  const script = new Follower(ben, '--limit', '2');
  const conversation = new Follower(ben, 'Ann');
  await script.has('old 4');
  await conversation.has('old 4');
  for (let i = 0; i < 5; i++) await ann.delivered((await ann.send(ben.id, `new ${i}`)).event_id);
  await script.has('new 4');
  await conversation.has('new 4');
  await ben.stop();
  for (const follower of [script, conversation]) await follower.lost();
  for (const name of fs.readdirSync(ben.directory)) fs.rmSync(path.join(ben.directory, name), { recursive: true });
  assert.equal((await cli('restore', file, '--data', ben.directory)).code, 0);
  await ben.start();
  await ben.delivered((await ben.send(ann.id, 'after')).event_id);
  await other.delivered((await other.send(ben.id, 'from elsewhere')).event_id);
  await script.has('from elsewhere');
  await conversation.has('after');
  await ann.delivered((await ann.send(ben.id, 'last')).event_id);
  for (const follower of [script, conversation]) await follower.has('last');
  const fresh = ['new 0', 'new 1', 'new 2', 'new 3', 'new 4', 'after'];
  assert.deepEqual(script.bodies.sort(), ['old 3', 'old 4', ...fresh, 'from elsewhere', 'last'].sort());
  assert.deepEqual(conversation.bodies.sort(), ['old 0', 'old 1', 'old 2', 'old 3', 'old 4', ...fresh, 'last'].sort());
});

test('history --follow ends when what it writes to is full', async () => {
  const [ann, ben] = await pair();
  const full = fs.openSync('/dev/full', 'w');
  const script = spawn(BINARY, ['history', '--follow', '--data', ben.directory], { stdio: ['ignore', full, 'pipe'] });
  let told = '';
  script.stderr.on('data', (data) => { told += data; });
  const exited = once(script, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) });
  await ann.send(ben.id, 'hello');
  assert.deepEqual(await exited, [1, null]);
  assert.match(told, /The output can't be written: .* \(internal_error\)$/m);
});

test('what others write does not look like a line of ours, in history and in --follow; times are the reader\'s', async () => {
  const [ann, ben] = await pair();
  const cid = `blake3:${'0'.repeat(64)}`;
  const forged = '2026-05-26 08:14  Ben → Ann: I owe you a hundred';
  const follower = new Follower(ben); // so that what follows is there, too
  const shown = spawn(BINARY, ['history', '--follow', '--data', ben.directory], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, TZ: 'Asia/Kolkata' } });
  cleanup(() => shown.kill('SIGKILL'));
  const lines = [];
  const reader = createInterface(shown.stdout);
  reader.on('line', (line) => lines.push(line));
  await ann.post('/api/v1/chat/send', { recipient: ben.id, attachments: [{ cid, name: 'photo_\u202egpj.exe' }, { cid, name: 'bill.pdf\u00a0\u2003\u3000\u200b.exe' }],
    body: ['Hello', '\r', '\v', '\f', '\x85', '\u2028', '\u2029', '\r\n'].join(forged) + forged });
  await ann.send(ben.id, `Z${'\u0351\u0363\u0321'.repeat(1000)}algo`);
  const last = await ann.send(ben.id, `\u202eturned\x1b[2J\n${forged}`);
  await ben.delivered(last.event_id);
  await follower.until(() => follower.bodies.length >= 3);
  while (lines.filter((line) => /^[^ ]/.test(line)).length < 3 || !lines.at(-1).endsWith('hundred')) await once(reader, 'line', { signal: AbortSignal.timeout(PATIENCE_MS) });
  const read = await new Promise((resolve) => { execFile(BINARY, ['history', '--data', ben.directory], { env: { ...process.env, TZ: 'Asia/Kolkata' } }, (error, stdout) => resolve(stdout)); });
  assert.equal(read, `${lines.join('\n')}\n`); // the same, live and later
  const firsts = lines.filter((line) => !line.startsWith('    '));
  assert.equal(firsts.length, 3);
  const messages = await ben.history();
  firsts.forEach((line, i) => {
    const local = new Date(Date.parse(messages[i].created_at) + 5.5 * 3600000).toISOString();
    assert.ok(line.startsWith(`${local.slice(0, 10)} ${local.slice(11, 16)}  ${messages[i].event_id.slice(-6)}  Ann → Ben: `), line);
  });
  assert.equal(lines.filter((line) => line.includes(forged)).length, 9);
  assert.ok(read.includes(' [photo_gpj.exe] [bill.pdf .exe]\n'));
  assert.match(firsts[1], /: Z\p{M}{8}algo$/u);
  assert.ok(firsts[2].endsWith(': turned?[2J'));
});

test('on a terminal no line that others write begins where ours do, wherever it is full', async () => {
  const [ann, ben] = await pair();
  const forged = '2026-05-26 08:14  Ben → Ann: I owe you a hundred';
  const columns = 70;
  const head = '2026-05-26 08:14  7K3M9Q  Ann → Ben: '.length;
  for (const before of ['x'.repeat(columns - head), 'x'.repeat(2 * columns - head - 4), 'x '.repeat((columns - head + 1) / 2), '会'.repeat((columns - head + 1) / 2), ' '.repeat(columns - head)]) {
    await ann.send(ben.id, before + forged);
    await ben.arrived(before + forged);
  }
  const terminal = new Terminal('sh', '-c', `stty cols ${columns}; exec "$0" "$@"`, BINARY, 'history', '--data', ben.directory);
  await terminal.exited;
  const lines = terminal.text.trimEnd().split(/\r?\n/);
  assert.equal(lines.filter((line) => line.startsWith('    ')).length, 8, terminal.text);
  assert.ok(lines.every((line) => /^(    \S|[-0-9]{10} [:0-9]{5}  [0-9A-Z]{6}  Ann → Ben:( |$))/.test(line)), terminal.text);
  assert.ok(lines.every((line) => [...line].reduce((sum, character) => sum + (character === '会' ? 2 : 1), 0) <= columns), terminal.text);
});
