// The hostile neighbourhood of bench/hostile.mjs, which starts this at the lowest priority and tells it what to do: five
// members whose events and certificates are real, and five strangers, each at a loopback address of its own.
import https from 'node:https';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import tls from 'node:tls';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { answerOctets, bodyOf, claim, cleanAll, crypto, freePort, Node, Peer, ulid } from '../tests/integration/support.mjs';

const MEMBERS = 5;
const STRANGERS = 5;
const GUESTS_OF_MEMBER = 64; // §7: more don't count
const ADDRESSES_OF_MANIFEST = 8;

let node;
let members = [];
let strangers = [];
let counts = {};
const stops = [];

const count = (what) => { counts[what] = (counts[what] ?? 0) + 1; };
const addressOf = (group, i) => `127.${100 + group}.0.${1 + i}`;

/** Calls `action` at that rate, unless `most` of its calls are not over yet, until all stops. */
function paced(rate, most, action) {
  let [begun, over] = [0, 0];
  const started = performance.now();
  const timer = setInterval(() => {
    const due = (performance.now() - started) * rate / 1000;
    if (due - begun > most) begun = due - most; // what was missed is not made up for
    for (; begun < due && due - begun >= 1; begun++) {
      if (over >= most) { begun = due; break; }
      over++;
      action().then(count, (error) => count(error.code ?? error.message)).finally(() => { over--; });
    }
  }, 5);
  stops.push(() => clearInterval(timer));
}

/** `at_once` calls of `action`, each begun anew when it is over. */
function ceaseless(atOnce, action) {
  let stopped = false;
  stops.push(() => { stopped = true; });
  const again = async () => {
    while (!stopped) {
      await action().then(count, async (error) => { count(error.code ?? error.message); await wait(20); });
    }
  };
  for (let i = 0; i < atOnce; i++) void again();
}

/** A kept connection: opened again whenever it is closed. */
function forever(open, begin = () => {}) {
  let socket;
  let stopped = false;
  const again = () => {
    if (stopped) return;
    socket = open();
    socket.on('error', () => {}).once('close', () => { count('closed'); setTimeout(again, 200); });
    begin(socket);
  };
  again();
  stops.push(() => { stopped = true; socket.destroy(); });
}

/** A member of the node's community that listens at its own address. */
class Member extends Peer {
  constructor(address) {
    super();
    this.address = address;
    this.endpoints = [];
    this.open();
  }

  open() {
    this.agent = new https.Agent({ keepAlive: true, maxSockets: 64 });
  }

  manifest(port, name) {
    const { signature: _other, ...manifest } = super.manifest(port, name);
    return this.signed({ ...manifest, endpoints: this.endpoints });
  }

  async listen(answer) {
    const server = https.createServer({ key: this.key, cert: this.cert, minVersion: 'TLSv1.3' }, (request, response) => {
      count(`asked for ${request.url.split('?')[0]}`);
      Promise.resolve(answer(request, response, this)).catch(() => response.destroy());
    }).listen(this.port, this.address);
    await once(server, 'listening');
    stops.push(() => { server.closeAllConnections(); server.close(); });
  }

  /** The status of the answer; its body is taken and forgotten. */
  async ask(method, target, body) {
    const request = https.request({ host: '127.0.0.1', port: node.peerPort, localAddress: this.address, method, path: target, agent: this.agent, key: this.key, cert: this.cert,
      rejectUnauthorized: false, headers: body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': body.length } });
    request.on('error', () => {});
    request.end(body);
    const [response] = await once(request, 'response');
    response.resume();
    await once(response, 'end');
    return response.statusCode;
  }

  bodyOf(events, more = {}) {
    return Buffer.from(JSON.stringify({ community_id: this.community, events, ...more }));
  }

  /** Of 0.2 MB, and never accepted: too far ahead. */
  far() {
    return this.event(this.community, 9e15, 'file.cid.advertised', { x: JSON.parse(`[${'{},'.repeat(15000)}{}]`), y: 'y'.repeat(150000) });
  }
}

/** Nobody in particular, whose key signs what is invited. */
class Guest {
  constructor() {
    this.privateKey = crypto.generateKeyPairSync('ed25519').privateKey;
    this.id = `ed25519:${crypto.createPublicKey(this.privateKey).export({ format: 'jwk' }).x}`;
    for (const method of ['sign', 'signed', 'event', 'manifest']) this[method] = Peer.prototype[method];
  }
}

const message = (from, lamport, to, body) => from.event(from.community, lamport, 'chat.message.sent', { client_id: ulid(), recipient: to, body, attachments: [] });

// --- what each prepares once, and then does

const attacks = {};

/** Refused junk with `our_head`: each answer is a thousand of our events. */
attacks.refused = {
  prepare: writeLong,
  start() {
    for (const member of members) {
      const bad = { ...message(member, 1, members[0].id === member.id ? members[1].id : members[0].id, 'junk'), signature: member.sign({ other: 1 }) };
      const body = member.bodyOf([bad], { our_head: 0 });
      paced(25, 8, async () => `refused ${await member.ask('POST', '/sync/v1/events', body)}`);
    }
  },
};

/** 200 messages of 20 kB of each member's, to the next. */
async function writeLong() {
  for (const [i, member] of members.entries()) {
    for (let first = 0; first < 200; first += 50) {
      const events = Array.from({ length: 50 }, (_, j) => message(member, 100 + first + j, members[(i + 1) % MEMBERS].id, 'x'.repeat(20000)));
      if (await member.ask('POST', '/sync/v1/events', member.bodyOf(events)) !== 200) throw new Error('long messages were refused');
    }
  }
}

/** Long-polls that don't wait, over all that there is. */
attacks.polls = {
  prepare: writeLong,
  start() {
    for (const member of members) {
      paced(12, 8, async () => `polls ${await member.ask('GET', `/pubsub/v1/subscribe?topic=chat.message.${member.id}&last_seq=0&timeout=0`)}`);
    }
  },
};

const OBJECTS = Buffer.from(`{"events":[${'{},'.repeat(16 * 1048576 / 3 - 16)}{}],"missing":[]}`);
const hashes = (number) => Array.from({ length: number }, () => crypto.randomBytes(32).toString('hex'));

/** Claims to hold what nobody has, so that we fetch it, and answers with 16 MiB of `{},`. */
async function answerHeavily(request, response) {
  await bodyOf(request);
  if (request.url === '/sync/v1/reconcile') return answerOctets(response, claim(hashes(1000)));
  return response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': OBJECTS.length }).end(OBJECTS);
}

/** Claims 8,000 events, and hands out junk late. */
async function answerLate(request, response, member) {
  await bodyOf(request);
  if (request.url === '/sync/v1/reconcile') return answerOctets(response, claim(member.claimed ??= hashes(8000)));
  await wait(20000, null, { ref: false });
  return response.writeHead(200, { 'Content-Type': 'application/json' }).end(`{"events":[${'{"junk":1},'.repeat(1000)}{}],"missing":[]}`);
}

/** Who calls us is called back at once, however often it failed. */
const callAgain = (member) => paced(1, 4, async () => `heads ${await member.ask('GET', '/sync/v1/heads')}`);

async function listenAll(answer, some = members) {
  for (const member of some) {
    await member.listen(answer);
    callAgain(member);
  }
}

attacks.answer = { start: () => listenAll(answerHeavily) };
attacks.holder = { start: () => listenAll(answerLate) };

/** Revocations with 256 co-signatures, none of which holds; the event's own holds in every second. */
async function cosigned(member, number) {
  const others = Array.from({ length: 255 }, () => {
    const guest = new Guest();
    return { node_id: guest.id, signature: guest.sign({ other: 1 }) };
  });
  const data = (i) => ({ client_id: `junk ${i}`, target_node_id: members[0].id === member.id ? members[1].id : members[0].id, reason: 'other',
    co_signers: [...others, { node_id: member.id, signature: member.sign({ other: 1 }) }] });
  return Array.from({ length: number }, (_, i) => {
    const event = member.event(member.community, 1000 + i, 'community.member.revoked', data(i));
    return i % 2 === 0 ? event : { ...event, signature: member.sign({ other: 2 }) };
  });
}

attacks.cosigners = {
  async prepare() { for (const member of members) member.cosigned = member.bodyOf(await cosigned(member, 50)); },
  start() {
    for (const member of members) ceaseless(2, async () => `cosigners ${await member.ask('POST', '/sync/v1/events', member.cosigned)}`);
  },
};

/** 40 requests of 0.4 MB a member, signed and never storable, behind batches that take long to verify. */
attacks.bodies = {
  async prepare() {
    for (const member of members) member.heavy = member.bodyOf([member.far(), member.far()]);
    members[0].cosigned ??= members[0].bodyOf(await cosigned(members[0], 100));
  },
  start() {
    ceaseless(2, async () => `slow ${await members[0].ask('POST', '/sync/v1/events', members[0].cosigned)}`);
    for (const member of members) ceaseless(40, async () => `bodies ${await member.ask('POST', '/sync/v1/events', member.heavy)}`);
  },
};

const somewhere = (port) => Array.from({ length: ADDRESSES_OF_MANIFEST }, () => ({ transport: 'https', host: `127.${crypto.randomInt(200, 250)}.${crypto.randomInt(256)}.${crypto.randomInt(1, 255)}`, port }));

/** Guests at thousands of addresses, where somebody takes connections and says nothing; and members that move on all the time. */
attacks.knock = {
  async prepare() {
    this.port = await freePort();
    this.rounds = members.map((member) => Array.from({ length: GUESTS_OF_MEMBER }, () => {
      const guest = new Guest();
      guest.endpoints = somewhere(this.port);
      const invited = member.event(member.community, 500, 'community.member.invited', { invitee_node_id: guest.id, display_name: 'Guest', initial_level: 'member',
        expires_at: new Date(Date.now() + 86400000).toISOString().replace(/\.\d+Z/, 'Z') });
      const manifest = Member.prototype.manifest.call(Object.assign(Object.create(Member.prototype), guest), 1, 'Guest');
      return [invited, guest.event(member.community, 501, 'community.member.joined', { invite_event_id: invited.event_id, node_manifest: manifest })];
    }));
  },
  async start() {
    const silent = net.createServer((socket) => { count('knocks'); socket.on('error', () => {}).resume(); }).listen(this.port, '0.0.0.0');
    const open = new Set();
    silent.on('connection', (socket) => { open.add(socket); counts['open knocks, at most'] = Math.max(counts['open knocks, at most'] ?? 0, open.size); socket.on('close', () => open.delete(socket)); });
    stops.push(() => { silent.close(); open.forEach((socket) => socket.destroy()); });
    for (const [i, member] of members.entries()) {
      const guests = this.rounds[i].splice(0, 16).flat(); // a quarter of them each time
      if (guests.length > 0) void member.ask('POST', '/sync/v1/events', member.bodyOf(guests)).then((status) => count(`guests ${status}`), () => {});
      paced(2, 4, async () => {
        const home = member.endpoints;
        member.endpoints = [...somewhere(this.port).slice(1), ...home];
        const event = member.event(member.community, 600, 'node.manifest.updated', { manifest: member.manifest(1, 'Hostile') });
        member.endpoints = home;
        return `moves ${await member.ask('POST', '/sync/v1/events', member.bodyOf([event]))}`;
      });
    }
  },
};

/** What comes first of a TLS client: half of it. */
const HALF_HELLO = Buffer.from('16030102000100', 'hex');
const from = (stranger) => ({ host: '127.0.0.1', port: node.peerPort, localAddress: stranger });

attacks.silent = {
  start() {
    for (const stranger of strangers) {
      for (let i = 0; i < 100; i++) {
        forever(() => net.connect(from(stranger)));
        forever(() => net.connect(from(stranger)), (socket) => socket.write(HALF_HELLO));
      }
    }
  },
};

/** Connections that drip, headers without end, floods of pipelined requests, and on loopback tabs that never read. */
attacks.floods = {
  start() {
    const dripping = new Set();
    const drip = (open, head) => forever(open, (socket) => {
      socket.write(head);
      dripping.add(socket);
      socket.resume().once('close', () => dripping.delete(socket));
    });
    const ui = Number(new URL(node.ui).port);
    const secure = (stranger) => tls.connect({ ...from(stranger), rejectUnauthorized: false });
    for (const stranger of strangers) {
      for (let i = 0; i < 300; i++) forever(() => net.connect(from(stranger)));
      for (let i = 0; i < 20; i++) drip(() => net.connect(from(stranger)), HALF_HELLO);
      for (let i = 0; i < 10; i++) drip(() => secure(stranger), 'GET /health HTTP/1.1\r\nX: ');
      for (let i = 0; i < 10; i++) drip(() => net.connect(ui, '127.0.0.1'), `POST /api/v1/chat/send HTTP/1.1\r\nHost: 127.0.0.1:${ui}\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{`);
      forever(() => secure(stranger), (socket) => {
        const flood = () => { while (!socket.destroyed && socket.write('GET /manifest HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(100))); };
        socket.on('secureConnect', flood).on('drain', flood).resume();
      });
      for (let i = 0; i < 4; i++) {
        const request = http.get({ host: '127.0.0.1', port: ui, path: `/pubsub/v1/subscribe?topic=chat.message.${node.id}&since_seq=0`,
          headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' } });
        request.on('error', () => {}).on('upgrade', (_response, socket) => { socket.on('error', () => {}).pause(); stops.push(() => socket.destroy()); });
      }
    }
    forever(() => secure(strangers[0]), (socket) => socket.resume().write(`GET / HTTP/1.1\r\nX: ${'a'.repeat(10 * 1024 * 1024)}`));
    const timer = setInterval(() => { for (const socket of dripping) if (socket.writable) socket.write('x'); }, 1000);
    stops.push(() => clearInterval(timer));
  },
};

attacks.search = { start() {} }; // the owner's own

/** Nobody attacks, but other programs want all cores: what sharing them costs. */
attacks.control = {
  start() {
    for (const _core of os.cpus()) {
      const other = spawn(process.execPath, ['-e', 'for (;;);']);
      stops.push(() => other.kill());
    }
  },
};

attacks.all = {
  async prepare() { await writeLong(); for (const name of ['cosigners', 'bodies', 'knock']) await attacks[name].prepare(); },
  async start() {
    for (const name of ['refused', 'polls', 'cosigners', 'bodies', 'knock', 'silent', 'floods']) await attacks[name].start();
    await listenAll(answerHeavily, members.slice(0, 2));
    await listenAll(answerLate, members.slice(2));
  },
};

// --- what the measuring side asks for

const SHORT = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
function shortId(id) {
  const bits = [...Buffer.from(id.slice('ed25519:'.length), 'base64url').subarray(0, 10)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return bits.match(/.{5}/g).map((five) => SHORT[parseInt(five, 2)]).join('').match(/.{4}/g).join('-');
}

const orders = {
  async setup({ attack, ui, peerPort, id }) {
    node = Object.assign(new Node('', peerPort), { ui, id });
    members = Array.from({ length: MEMBERS }, (_, i) => new Member(addressOf(0, i)));
    strangers = Array.from({ length: STRANGERS }, (_, i) => addressOf(1, i));
    for (const member of members) {
      member.port = await freePort();
      member.endpoints = [{ transport: 'https', host: member.address, port: member.port }];
      await member.join(node, 'Hostile');
    }
    await attacks[attack].prepare?.();
    for (const member of members) member.agent.destroy();
    return { members: members.map((member) => [shortId(member.id), member.address]), strangers: strangers.map((address) => [address]) };
  },
  async start({ attack }) {
    counts = {};
    for (const member of members) member.open();
    await attacks[attack].start();
  },
  async stop() {
    for (const stop of stops.splice(0)) stop();
    for (const member of members) member.agent.destroy();
    return counts;
  },
  async leave() {
    await cleanAll();
    setImmediate(() => process.disconnect());
  },
};

process.on('unhandledRejection', (error) => { count(`unhandled ${error.code ?? error.message}`); });
process.on('uncaughtException', (error) => { count(`uncaught ${error.code ?? error.message}`); });
process.on('disconnect', () => process.exit());
process.on('message', async ({ order, ...given }) => {
  try {
    process.send({ result: (await orders[order](given)) ?? null });
  } catch (error) {
    process.send({ error: error.stack });
  }
});
