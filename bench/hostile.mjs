// node hostile.mjs SECONDS REPETITIONS LETTERS [ROW…]: what the owner and an honest member wait for while the neighbourhood
// (hostile_attacks.mjs) does its worst, against the same node left alone a moment before. LETTERS is a data directory whose
// owner has 300,000 messages. Calls are planned at a fixed rate, and their time counts from when they were due: who stalls the
// node stalls those that come after, too.
import { spawn } from 'node:child_process';
import http from 'node:http';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cleanAll, crypto, freePort, fs, Node, once, Peer, Subscriber, temporaryDirectory } from '../tests/integration/support.mjs';

const [seconds, repetitions, letters, ...wanted] = [Number(process.argv[2]), Number(process.argv[3]), ...process.argv.slice(4)];
const SENDS_A_SECOND = 50;
const PUSHES_A_SECOND = 25;
const SEARCHES_A_SECOND = 5;
const OVERDUE_MS = 10000; // what takes longer counts as that
const MEMORY_MIB = 384;

/** Who attacks, and how long the owner's log is. */
const ROWS = {
  control: { by: 'nobody', what: 'no attack, but as many programs at nice 19 as there are cores' },
  refused: { by: 'members', what: 'refused junk with our_head, 25/s each' },
  polls: { by: 'members', what: 'long-polls timeout=0, 12/s each, over 400 messages of 20 kB' },
  answer: { by: 'members', what: '16 MiB of {}, as the answer to our calls' },
  bodies: { by: 'members', what: '40 requests of 0.4 MB each behind slow batches' },
  cosigners: { by: 'members', what: 'events with 256 bad co-signatures' },
  search: { by: 'nobody', what: 'the owner searches in 300,000 messages, 5/s', long: true, searching: true },
  holder: { by: 'members', what: '8,000 claimed hashes, junk after 20 s' },
  knock: { by: 'members', what: 'guests and manifests at 2,560 silent addresses and more' },
  silent: { by: 'strangers', what: '500 silent connections, 500 half ClientHellos' },
  floods: { by: 'strangers', what: 'idle, dripping, endless headers, pipelined floods, tabs that never read' },
  all: { by: 'both', what: 'all of it at once, with the searches', long: true, searching: true },
};

const rank = (list, part) => (list.length === 0 ? NaN : list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * part))]);
const median = (list) => rank(list, 0.5);
const p99 = (list) => rank(list, 0.99);

/** Calls `action(i)` at that rate for so long, each when it is due whatever became of those before; waits for all. */
async function openLoop(rate, ms, action) {
  const begin = performance.now() + 50;
  const calls = [];
  for (let i = 0; i < rate * ms / 1000; i++) {
    const due = begin + i * 1000 / rate;
    if (due > performance.now()) await wait(due - performance.now());
    calls.push(action(i, due).catch(() => false));
  }
  return Promise.all(calls);
}

function post(module, options, body) {
  return new Promise((resolve, reject) => {
    const request = module.request({ method: body === undefined ? 'GET' : 'POST', ...options, timeout: OVERDUE_MS, headers: body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) } }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode, text, fresh: !request.reusedSocket });
    });
    request.on('error', reject).on('timeout', () => request.destroy(new Error('overdue'))).end(body);
  });
}

/** One node with an owner's tab, an honest member, and a member that is off. */
class Scene {
  async open(row) {
    this.row = row;
    if (row.long) {
      this.node = new Node(path.join(temporaryDirectory(), 'data'), await freePort());
      fs.cpSync(letters, this.node.directory, { recursive: true });
      this.node.id = (await this.node.cli('id')).stdout.split('\n')[0];
    } else {
      this.node = await Node.create({ name: 'Owner', community: 'Street' });
    }
    await this.node.start();
    this.pid = this.node.process.pid;
    this.ui = new URL(this.node.ui);
    this.honest = new Peer();
    this.off = new Peer();
    for (const peer of [this.honest, this.off]) await peer.join(this.node);
    this.local = new http.Agent({ keepAlive: true, maxSockets: 64 });
    this.peers = new https.Agent({ keepAlive: true, maxSockets: 16 });
    this.tab = new Subscriber(this.node);
    this.shown = new Map();
    this.tab.socket.on('message', (data) => {
      const name = /"client_id":"([^"]+)"/.exec(data)?.[1];
      if (name !== undefined && !this.shown.has(name)) this.shown.set(name, performance.now());
      this.tab.frames.length = 0;
    });
    await this.tab.ready().catch(() => {}); // it may have come and gone
  }

  async close() {
    this.tab.close();
    this.local.destroy();
    this.peers.destroy();
    await this.node.signal('SIGTERM');
    await cleanAll();
  }

  send(name) {
    return post(http, { host: this.ui.hostname, port: this.ui.port, path: '/api/v1/chat/send', agent: this.local },
      JSON.stringify({ recipient: this.off.id, client_id: name, body: 'Hello neighbour, do you have power today?' }));
  }

  search(i) {
    const words = ['plumcake', 'baser', 'baser plumcake', 'ba pe', 'lumcak', 'e', 'wasserpumpe', 'zzz'];
    return post(http, { host: this.ui.hostname, port: this.ui.port, path: `/api/v1/chat/search?q=${encodeURIComponent(words[i % words.length])}`, agent: this.local });
  }

  push(body) {
    return post(https, { host: '127.0.0.1', port: this.node.peerPort, path: '/sync/v1/events', agent: this.peers, localAddress: this.honest.address, key: this.honest.key, cert: this.honest.cert, rejectUnauthorized: false }, body);
  }

  usedSeconds() {
    const [user, system] = fs.readFileSync(`/proc/${this.pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ').slice(11, 13);
    return (Number(user) + Number(system)) / 100;
  }

  /** Of each kind of thread: seconds at work, seconds in which it could have worked and others did. */
  threads() {
    const kinds = {};
    for (const task of fs.readdirSync(`/proc/${this.pid}/task`)) {
      const read = (name) => fs.readFileSync(`/proc/${this.pid}/task/${task}/${name}`, 'utf8').trim();
      const [worked, waited] = read('schedstat').split(' ').map((ns) => Number(ns) / 1e9);
      const kind = kinds[read('comm')] ??= { worked: 0, waited: 0 };
      kind.worked += worked;
      kind.waited += waited;
    }
    return kinds;
  }

  mostMemory() {
    return Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${this.pid}/status`, 'utf8'))[1]) / 1024;
  }

  /** A time of measuring: lists of milliseconds. */
  async measure(ms, hostile) {
    const tag = crypto.randomUUID();
    const head = JSON.parse((await this.honest.call(this.node, 'GET', '/sync/v1/heads')).text).head ?? 1;
    const bodies = Array.from({ length: Math.ceil(ms / 1000 * PUSHES_A_SECOND) }, (_, i) => JSON.stringify({ community_id: this.honest.community,
      events: [this.honest.event(this.honest.community, head + 1 + i, 'chat.message.sent', { client_id: `${tag} push ${i}`, recipient: this.node.id, body: 'Yes, and water, too.', attachments: [] })] }));
    const got = { send: [], frame: [], push: [], heard: [], search: [], refused: [], fresh: [] };
    const timed = async (list, due, promise, taken = ({ status }) => status === 200) => {
      const answer = await promise.catch((error) => ({ status: error.code ?? error.message, text: '' }));
      list.push(Math.min(OVERDUE_MS, performance.now() - due));
      if (answer.fresh) got.fresh.push(Math.round(list.at(-1)));
      if (!taken(answer)) got.refused.push(`${answer.status} ${answer.text.slice(0, 120)}`);
    };
    const dues = [];
    fs.writeFileSync(`/proc/${this.pid}/clear_refs`, '5');
    const [used, threads, begun] = [this.usedSeconds(), this.threads(), performance.now()];
    await Promise.all([
      openLoop(SENDS_A_SECOND, ms, (i, due) => { dues.push([`${tag} send ${i}`, due, got.frame]); return timed(got.send, due, this.send(`${tag} send ${i}`)); }),
      openLoop(PUSHES_A_SECOND, ms, (i, due) => { dues.push([`${tag} push ${i}`, due, got.heard]); return timed(got.push, due, this.push(bodies[i]), ({ status, text }) => status === 200 && /"accepted":1[,}]/.test(text)); }),
      hostile && this.row.searching ? openLoop(SEARCHES_A_SECOND, ms, (i, due) => timed(got.search, due, this.search(i))) : null,
    ]);
    const took = (performance.now() - begun) / 1000;
    got.cpu = (this.usedSeconds() - used) / took;
    got.threads = Object.entries(this.threads()).map(([kind, { worked, waited }]) => [kind, ...[worked - (threads[kind]?.worked ?? 0), waited - (threads[kind]?.waited ?? 0)].map((part) => Math.round(part / took * 100))]);
    got.memory = this.mostMemory();
    for (const deadline = performance.now() + 10000; performance.now() < deadline && dues.some(([name]) => !this.shown.has(name));) await wait(50);
    for (const [name, due, list] of dues) list.push(this.shown.has(name) ? Math.min(OVERDUE_MS, this.shown.get(name) - due) : OVERDUE_MS);
    this.shown.clear();
    return got;
  }

  /** Waits until what the attackers left is worked off, a minute at most. */
  async calm() {
    for (const deadline = Date.now() + 60000, quick = []; Date.now() < deadline && quick.length < 5;) {
      const begun = performance.now();
      await this.honest.call(this.node, 'GET', '/sync/v1/heads').catch(() => {});
      if (performance.now() - begun < 50) quick.push(1); else quick.length = 0;
      await wait(200);
    }
  }
}

/** The attackers' process. */
class Neighbourhood {
  constructor() {
    const program = fileURLToPath(new URL('./hostile_attacks.mjs', import.meta.url));
    this.process = spawn('nice', ['-n', '19', process.execPath, program], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  }

  async order(order, given = {}) {
    const answer = once(this.process, 'message');
    this.process.send({ order, ...given });
    const [{ result, error }] = await answer;
    if (error) throw new Error(error);
    return result;
  }
}

/** What the log has against each attacker, by key or address: the kinds, and how often one came again within a minute. */
function namings(log, names) {
  const accusations = log.split('\n').filter((line) => line.includes('reason":')).map((line) => JSON.parse(line));
  return names.map((of) => {
    const last = new Map();
    let again = 0;
    for (const { time, event, peer, address, reason, first_reason } of accusations) {
      if (!of.some((name) => peer?.endsWith(name) || (peer === undefined && address === name))) continue;
      const kind = `${event} ${reason ?? first_reason}`;
      again += last.has(kind) && Date.parse(time) - last.get(kind) < 59000 ? 1 : 0;
      last.set(kind, Date.parse(time));
    }
    return { kinds: last.size, again };
  });
}

async function run(name) {
  const row = ROWS[name];
  const scene = new Scene();
  await scene.open(row);
  const neighbourhood = new Neighbourhood();
  const who = await neighbourhood.order('setup', { attack: name, ui: scene.node.ui, peerPort: scene.node.peerPort, id: scene.node.id });
  await scene.measure(2000, false); // connections are made, memory is what it is at work
  const before = scene.node.log.length;
  const [alone, hostile, did] = [[], [], {}];
  for (let i = 0; i < repetitions; i++) {
    alone.push(await scene.measure(seconds * 1000, false));
    await neighbourhood.order('start', { attack: name });
    await wait(1000);
    hostile.push(await scene.measure(seconds * 1000, true));
    for (const [what, times] of Object.entries(await neighbourhood.order('stop'))) did[what] = /at most/.test(what) ? Math.max(did[what] ?? 0, times) : (did[what] ?? 0) + times;
    await scene.calm();
  }
  const names = { members: who.members, strangers: who.strangers, both: [...who.members, ...who.strangers], nobody: [] }[row.by];
  const named = namings(scene.node.log.slice(before), names);
  if (process.env.HOSTILE_LOG) fs.writeFileSync(`${process.env.HOSTILE_LOG}.${name}`, scene.node.log);
  await neighbourhood.order('leave');
  await scene.close();
  return { name, row, alone, hostile, did, named };
}

const MS = (value) => (Number.isNaN(value) ? '-' : value.toFixed(value < 100 ? 1 : 0));
const load = () => os.loadavg()[0].toFixed(1);

/** A kind of wait: median of the repetitions' 99th percentiles, alone and with them, and the ratio. */
function compare({ alone, hostile }, kind) {
  const [before, during] = [median(alone.map((got) => p99(got[kind]))), median(hostile.map((got) => p99(got[kind])))];
  return { before, during, ratio: during / before };
}

const rows = wanted.length > 0 ? wanted : Object.keys(ROWS);
for (const name of rows) if (!ROWS[name]) throw new Error(`there is no row ${name}: ${Object.keys(ROWS).join(' ')}`);
console.log(`${os.cpus().length} cores (${os.cpus()[0].model}), ${Math.round(os.totalmem() / 2 ** 30)} GiB, Linux ${os.release()}; ${SENDS_A_SECOND} sends and ${PUSHES_A_SECOND} pushes a second for ${seconds} s, ${repetitions} times alone and hostile.`);
console.log('Everybody is on this machine; the hostile at nice 19, for they stand for others. Milliseconds are 99th percentiles from when a call was due, p50 in brackets.\n');

const table = [];
for (const name of rows) {
  const begun = load();
  const result = await run(name);
  const { alone, hostile, did, named } = result;
  const both = (kind) => `${MS(median(alone.map((got) => p99(got[kind]))))} (${MS(median(alone.map((got) => median(got[kind]))))}) -> ${hostile.map((got) => MS(p99(got[kind]))).join(' ')} (${MS(median(hostile.map((got) => median(got[kind]))))})`;
  console.log(`${name}: ${result.row.what}; load ${begun} before, ${load()} after`);
  for (const kind of ['send', 'frame', 'push', 'heard', 'search']) if (hostile[0][kind].length > 0) console.log(`  ${kind.padEnd(7)} ${both(kind)}`);
  console.log(`  cpu     ${alone.map((got) => `${Math.round(got.cpu * 100)}%`).join(' ')} -> ${hostile.map((got) => `${Math.round(got.cpu * 100)}%`).join(' ')}    memory ${alone.map((got) => MS(got.memory)).join(' ')} -> ${hostile.map((got) => MS(got.memory)).join(' ')} MiB`);
  console.log(`  opened  ${[...alone, ...hostile].map((got) => `${got.fresh.length} connections`).join(', ')}: ${hostile.flatMap((got) => got.fresh).join(' ')}`);
  console.log(`  threads ${hostile.at(-1).threads.filter(([, worked, waited]) => worked + waited > 0).map(([kind, worked, waited]) => `${kind} ${worked}% (could have ${waited}%)`).join(', ')}`);
  console.log(`  they    ${Object.entries(did).map(([what, times]) => `${what}: ${times}`).join(', ')}`);
  console.log(`  named   ${named.length === 0 ? 'nobody to name' : `for so many reasons each: ${named.map(({ kinds }) => kinds).join(' ')}; again within a minute: ${named.map(({ again }) => again).join(' ')}`}`);
  for (const [when, list] of [['alone', alone], ['hostile', hostile]]) {
    const refused = list.flatMap((got) => got.refused);
    if (refused.length > 0) console.log(`  REFUSED ${when}: ${refused.length}, the first: ${refused[0]}`);
  }
  table.push(result);
}

const GOALS = [['send', 3], ['frame', 3], ['push', 5]];
console.log(`\n${'row'.padEnd(10)} ${GOALS.map(([kind]) => `${`${kind} alone`.padStart(12)} ${'hostile'.padStart(8)} ${'ratio'.padStart(6)}`).join(' ')} ${'MiB'.padStart(5)} ${'cpu'.padStart(5)}  named  goals`);
for (const result of table) {
  const missed = [];
  const cells = GOALS.map(([kind, goal]) => {
    const { before, during, ratio } = compare(result, kind);
    if (!(ratio <= goal)) missed.push(`${kind} <= ${goal}`);
    return `${MS(before).padStart(12)} ${MS(during).padStart(8)} ${ratio.toFixed(1).padStart(6)}`;
  });
  const memory = Math.max(...result.hostile.map((got) => got.memory));
  if (memory > MEMORY_MIB) missed.push(`memory <= ${MEMORY_MIB}`);
  if (result.hostile.some((got) => got.refused.length > 0)) missed.push('nothing honest refused');
  const named = result.named.filter(({ kinds }) => kinds > 0).length;
  if (result.named.some(({ again }) => again > 0)) missed.push('named once');
  console.log(`${result.name.padEnd(10)} ${cells.join(' ')} ${memory.toFixed(0).padStart(5)} ${`${Math.round(median(result.hostile.map((got) => got.cpu)) * 100)}%`.padStart(5)}  ${`${named}/${result.named.length}`.padEnd(5)}  ${missed.length === 0 ? 'ok' : `MISSED ${missed.join(', ')}`}`);
}
console.log(`\nGoals: send and frame <= 3 x alone, push <= 5 x alone, memory <= ${MEMORY_MIB} MiB, nothing of the owner's or the honest member's refused. "named": against how many of the attackers the log has something, each kind once a minute.`);
process.exit(0);
