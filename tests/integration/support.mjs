// Real nodes as processes, and a peer of our own: what the integration tests share.

import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import crypto from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import WebSocket from 'ws';

const run = promisify(execFile);
export const BINARY = process.env.HEARTHCHAT_BINARY ?? fileURLToPath(new URL('../../build/dev/bin/hearthchat', import.meta.url));
export const PATIENCE_MS = 30000; // a deadline for what must happen, never a wait

const cleanups = [];
const keptAlive = new http.Agent({ keepAlive: true });

/** Registers what must happen after the test file, newest first. */
export function cleanup(action) {
  cleanups.push(action);
}

export async function cleanAll() {
  const failures = [];
  while (cleanups.length) await (async () => cleanups.pop()())().catch((error) => failures.push(error)); // one that fails leaves no node behind
  if (failures.length) throw failures[0];
}

export function temporaryDirectory() {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'hearthchat-it-'));
  cleanup(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Runs a command of the program to its end: {code, stdout, stderr}. */
export async function cli(...args) {
  try {
    const { stdout, stderr } = await run(BINARY, args, { timeout: PATIENCE_MS });
    return { code: 0, stdout, stderr };
  } catch (error) {
    if (typeof error.code !== 'number') throw error;
    return { code: error.code, stdout: error.stdout, stderr: error.stderr };
  }
}

/** A port that is free, and that no client is given by the system while the node that uses it is off: below the ephemeral ones. */
export async function freePort() {
  for (;;) {
    const port = crypto.randomInt(10000, 32768);
    const server = net.createServer().listen(port); // at every address
    const free = await Promise.race([once(server, 'listening').then(() => true), once(server, 'error').then(() => false)]).catch(() => false);
    if (!free) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

/** A call: {status, headers, text, body}, `body` where the answer is JSON. Without fetch, whose work would be most of a test's. */
export function call(url, { body, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { agent: keptAlive, timeout: PATIENCE_MS, ...options }, (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece)).on('error', reject).on('end', () => {
        const bytes = Buffer.concat(pieces);
        const text = (response.headers['content-encoding'] === 'gzip' ? zlib.gunzipSync(bytes) : bytes).toString();
        resolve({ status: response.statusCode, headers: response.headers, text, body: /json/.test(response.headers['content-type'] ?? '') ? JSON.parse(text) : null });
      });
    });
    request.on('timeout', () => request.destroy(new Error(`no answer from ${url}`))).on('error', reject).end(body);
  });
}

export class Node {
  constructor(directory, peerPort) {
    this.directory = directory;
    this.peerPort = peerPort;
    this.peerHost = '127.0.0.1';
    this.wrapper = []; // what the program is run under
    this.environment = {};
  }

  static async create({ name, community, config, signatures = '1' } = {}) {
    const node = new Node(path.join(temporaryDirectory(), 'data'), await freePort());
    node.name = name;
    const args = ['init', '--data', node.directory];
    if (name) args.push('--name', name);
    if (community) args.push('--community', community, '--revoke-signatures', signatures);
    const made = await cli(...args);
    assert.equal(made.code, 0, made.stderr);
    [node.id, node.shortId] = made.stdout.trim().split('\n');
    if (config) fs.appendFileSync(path.join(node.directory, 'hearthchat.ini'), config);
    return node;
  }

  /** Starts `serve` and waits until it answers. */
  async start(...extra) {
    const args = ['serve', '--data', this.directory, '--ui-port', '0', '--peer-port', String(this.peerPort), ...(this.peerHost === null ? [] : ['--peer-host', this.peerHost]), ...extra];
    const [program, ...rest] = [...this.wrapper, BINARY, ...args];
    this.process = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...this.environment } });
    this.log = '';
    this.process.stderr.on('data', (data) => { this.log += data; });
    this.exited = once(this.process, 'close'); // and all that it said is here
    const first = await Promise.race([once(createInterface(this.process.stdout), 'line').then(([line]) => line), this.exited.then(() => null)]);
    assert.ok(first, `the node did not start: ${this.log}`);
    this.ui = /http:\/\/[^/]+/.exec(first)[0];
    cleanup(() => this.stop());
    return this;
  }

  async signal(signal) {
    if (!this.process || this.process.exitCode !== null || this.process.signalCode !== null) return null;
    this.process.kill(signal);
    const [code, killer] = await this.exited;
    return code ?? killer;
  }

  /** A clean stop; the sanitizers speak through the exit code. */
  async stop() {
    const code = await this.signal('SIGTERM');
    if (code !== null) assert.equal(code, 0, `exit code ${code}: ${this.log}`);
  }

  async kill() {
    await this.signal('SIGKILL');
  }

  request(method, target, body, headers = {}, options = {}) {
    const text = body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    return call(this.ui + target, { ...options, method, body: text, headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers } });
  }

  /** The output of a call that must succeed. */
  async get(target) {
    const answer = await this.request('GET', target);
    assert.equal(answer.status, 200, answer.text);
    return answer.body.output;
  }

  async post(target, body) {
    const answer = await this.request('POST', target, body);
    assert.equal(answer.status, 200, answer.text);
    return answer.body.output;
  }

  send(recipient, body, client_id) {
    return this.post('/api/v1/chat/send', { recipient, body, ...(client_id ? { client_id } : {}) });
  }

  /** As `send`; null: it was not acknowledged. */
  async trySend(recipient, body) {
    const answer = await this.request('POST', '/api/v1/chat/send', { recipient, body, client_id: body }).catch(() => null);
    return answer?.status === 200 ? answer.body.output : null;
  }

  async history(query = '') {
    return (await this.get(`/api/v1/chat/history?limit=1000&${query}`)).messages;
  }

  database() {
    const communities = path.join(this.directory, 'communities');
    return path.join(communities, fs.readdirSync(communities)[0], 'events.sqlite');
  }

  /** A command on this node's data directory. */
  cli(command, ...args) {
    return cli(command, '--data', this.directory, ...args);
  }

  /** Waits until the condition holds; asks again with each event that this node tells of, and when it has told of none for a second. */
  async until(condition, patience = PATIENCE_MS) {
    const deadline = Date.now() + patience;
    for (let looks = 1; !(await condition()); looks++) {
      assert.ok(Date.now() < deadline, `it did not come about in time, in ${looks} looks; the node's last words:\n${(this.log ?? '').split('\n').slice(-12).join('\n')}`);
      await this.request('GET', `/pubsub/v1/subscribe?topic=chat.message.${this.id}&last_seq=${Number.MAX_SAFE_INTEGER}&timeout=1`);
    }
  }

  /** Waits until the node's log has it: what it says may come later than what it answers. */
  async logged(pattern) {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    while (!pattern.test(this.log)) await once(this.process.stderr, 'data', { signal }).catch(() => assert.fail(`${pattern} was not logged: ${this.log}`));
  }

  /** Lets `other` into this node's community, by its name: what it calls itself comes only with its manifest, at some later time. */
  async admit(other, invitation = {}) {
    const { invite } = await this.post('/api/v1/invites', { invitee_node_id: other.id, display_name: other.name, ...invitation });
    return other.post('/api/v1/community/join', { invite });
  }

  /** Waits until an event of this node's own satisfies the condition; looks at all that were, too. */
  async event(condition) {
    const subscriber = new Subscriber(this, { since: 0 });
    try {
      return await subscriber.until((frame) => frame.event === 'published' && frame.topic.startsWith('chat.message.') && condition(frame.data, frame.opened));
    } finally {
      subscriber.close();
    }
  }

  delivered(eventId) {
    return this.event((event) => event.event_type === 'chat.message.delivered' && event.data.target_event_id === eventId);
  }

  arrived(body) {
    return this.event((event, opened) => event.event_type === 'chat.message.sent' && (opened ?? event.data).body === body);
  }
}

/** Alice's community and Bob in it, both running. */
export async function neighbours({ community = 'Street', alice = {}, bob = {} } = {}) {
  const nodes = [await (await Node.create({ name: 'Alice', community, ...alice })).start(), await (await Node.create({ name: 'Bob', ...bob })).start()];
  await nodes[0].admit(nodes[1]);
  return nodes;
}

/** A WebSocket subscriber that remembers every frame. */
export class Subscriber {
  constructor(node, { since, topics = [`chat.message.${node.id}`], protocols = [], options = {}, query: more = '' } = {}) {
    const query = topics.map((topic) => `topic=${encodeURIComponent(topic)}`).join('&') + (since === undefined ? '' : `&since_seq=${since}`) + more;
    this.frames = [];
    this.waiting = [];
    this.socket = new WebSocket(`${node.ui.replace('http', 'ws')}/pubsub/v1/subscribe?${query}`, protocols, options);
    this.socket.on('message', (data) => {
      this.frames.push(JSON.parse(data));
      for (const wake of this.waiting.splice(0)) wake();
    });
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code) => resolve(code));
    });
    this.refused = new Promise((resolve) => {
      this.socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
    });
    this.socket.on('error', () => {});
  }

  /** The first frame, seen already or still to come, for which the condition holds. */
  async until(condition, patience = PATIENCE_MS) {
    const deadline = Date.now() + patience;
    for (;;) {
      const found = this.frames.find(condition);
      if (found) return found;
      assert.ok(Date.now() < deadline, 'the frame did not come in time');
      await Promise.race([new Promise((resolve) => { this.waiting.push(resolve); }), once(AbortSignal.timeout(PATIENCE_MS), 'abort')]);
    }
  }

  ready() {
    return this.until((frame) => frame.event === 'ready');
  }

  published() {
    return this.frames.filter((frame) => frame.event === 'published');
  }

  close() {
    this.socket.terminate();
  }
}

// --- a peer written from the protocol alone

export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value && typeof value === 'object') {
    const keys = Object.keys(value).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** An event's hash, by the tool that the unit tests trust too. */
export const hashOf = ({ signature, ...signed }) => execFileSync('b3sum', ['--no-names'], { input: canonical(signed) }).toString().trim();

const varint = (number) => {
  const bytes = [number & 127];
  for (let rest = Math.floor(number / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift((rest & 127) | 128);
  return Buffer.from(bytes).toString('hex');
};

export const answerJson = (response, value) => response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
export const answerOctets = (response, hex) => response.writeHead(200, { 'Content-Type': 'application/octet-stream' }).end(Buffer.from(hex, 'hex'));
export const bodyOf = async (request) => Buffer.concat(await request.toArray());

/** A comparison's answer of who claims to hold exactly these: an id list to infinity. */
export const claim = (hashes) => `61000002${varint(hashes.length)}${hashes.join('')}`;

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
export const ulid = () => `01${[...crypto.randomBytes(24)].map((byte) => CROCKFORD[byte & 31]).join('')}`;
export const wallClock = (ms = Date.now()) => new Date(ms).toISOString().replace(/\.\d+Z/, 'Z');

/** Somebody else's node, as far as a test needs one. */
export class Peer {
  constructor(privateKey = crypto.generateKeyPairSync('ed25519').privateKey) {
    const publicKey = crypto.createPublicKey(privateKey);
    this.privateKey = privateKey;
    this.address = `127.${crypto.randomInt(1, 255)}.${crypto.randomInt(256)}.${crypto.randomInt(1, 255)}`; // a machine of its own: strangers are counted by address
    this.id = `ed25519:${publicKey.export({ format: 'jwk' }).x}`;
    const directory = temporaryDirectory();
    this.key = privateKey.export({ format: 'pem', type: 'pkcs8' });
    fs.writeFileSync(path.join(directory, 'key.pem'), this.key);
    this.cert = execFileSync('openssl', ['req', '-x509', '-new', '-key', path.join(directory, 'key.pem'), '-subj', '/CN=peer', '-days', '3650'], { stdio: ['ignore', 'pipe', 'ignore'] });
  }

  /** The node itself, by its key: for events that only it can sign. */
  static of(node) {
    const seed = fs.readFileSync(path.join(node.directory, 'keys/device.ed25519'));
    return new Peer(crypto.createPrivateKey({ format: 'der', type: 'pkcs8', key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]) }));
  }

  sign(object) {
    return `ed25519:${crypto.sign(null, Buffer.from(canonical(object)), this.privateKey).toString('base64url')}`;
  }

  signed(object) {
    return { ...object, signature: this.sign(object) };
  }

  event(community, lamport, event_type, data, more = {}) {
    return this.signed({ schema_version: 1, event_id: ulid(), lamport, wall_clock: wallClock(), community_id: community, author: this.id, event_type, data, ...more });
  }

  manifest(port, name = 'Peer') {
    const now = Date.now();
    return this.signed({ version: 1, contract_version: '1.0', node_id: this.id, display_name: name, community_id: null, profile: 'hearth',
      endpoints: port ? [{ transport: 'https', host: '127.0.0.1', port }] : [], hardware: { gpu: null, vram_gb: 0, ram_gb: 1, cpu_cores: 1, disk_free_gb: 1 },
      capabilities: [], uptime_seconds: 1, load: 0, issued_at: wallClock(now), expires_at: wallClock(now + 30000) });
  }

  /** Joins by the protocol's own words; returns the community's id. */
  async join(node, name = 'Peer') {
    const { invite } = await node.post('/api/v1/invites', { invitee_node_id: this.id, display_name: 'Peer' });
    const invitation = JSON.parse(Buffer.from(invite.slice('hearthnet://v1/'.length), 'base64url'));
    this.community = invitation.community_id;
    const heads = (await this.call(node, 'GET', '/sync/v1/heads')).body;
    const joined = this.event(this.community, heads.head + 1, 'community.member.joined', { invite_event_id: invitation.invite_event_id, node_manifest: this.manifest(this.port, name) });
    await this.push(node, joined);
    return this.community;
  }

  /** Hands events to a node, which must take them. */
  async push(node, ...events) {
    const answer = await this.call(node, 'POST', '/sync/v1/events', { community_id: this.community, events });
    assert.deepEqual(answer.body.rejected_reasons, []);
  }

  /** A request to a node's peer listener; by mutual TLS unless {anonymous: true}. */
  async call(node, method, target, body, { anonymous = false, headers = {}, tls = {} } = {}) {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const request = https.request({ host: '127.0.0.1', port: node.peerPort, localAddress: this.address, method, path: target, rejectUnauthorized: false, agent: false,
      headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }), ...headers },
      ...(anonymous ? {} : { key: this.key, cert: this.cert }), ...tls });
    request.end(text);
    const [response] = await once(request, 'response');
    const raw = response.socket.getPeerCertificate(true);
    const chunks = [];
    for await (const chunk of response) chunks.push(chunk);
    const answer = Buffer.concat(chunks).toString();
    return { status: response.statusCode, headers: response.headers, text: answer, body: answer && /json/.test(response.headers['content-type'] ?? '') ? JSON.parse(answer) : null, certificate: raw, protocol: response.socket.getProtocol?.() };
  }

  /** Listens, as a node would, and answers as `answer(request, response, peer)` likes: before it joins. */
  async serve(answer, { key, cert } = this) {
    this.port = await freePort();
    this.asked = 0;
    const server = https.createServer({ key, cert, minVersion: 'TLSv1.3' }, (request, response) => {
      this.asked++;
      Promise.resolve(answer(request, response, this)).catch(() => response.destroy());
    }).listen(this.port, '127.0.0.1');
    cleanup(() => { server.closeAllConnections(); server.close(); });
    await once(server, 'listening');
    return this;
  }

  /** The headers of a signed request (§9). */
  signedHeaders(node, body, { capability, version = '1.0', timestamp = wallClock(), request_id = ulid(), from = this.id, community = this.community ?? node.community } = {}) {
    const envelope = { body: body ?? {}, capability, community, from, request_id, timestamp, version };
    return { 'X-HearthNet-Capability': capability, 'X-HearthNet-Capability-Version': version, 'X-HearthNet-Request-Id': request_id, 'X-HearthNet-From': from,
      'X-HearthNet-Community': community, 'X-HearthNet-Timestamp': timestamp, 'X-HearthNet-Signature': this.sign(envelope) };
  }
}

/** A raw HTTP request, for what fetch() would not let through: the status of the answer. */
export async function rawStatus(node, text) {
  const { hostname, port } = new URL(node.ui);
  const socket = net.connect(Number(port), hostname);
  socket.write(text);
  const [data] = await once(socket, 'data');
  socket.destroy();
  return Number(/^HTTP\/1\.1 (\d+)/.exec(data.toString())[1]);
}

/** Alice's node in a community of its own, and so many peers that are members. */
export async function street(count) {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const peers = Array.from({ length: count }, () => new Peer());
  for (const peer of peers) await peer.join(alice);
  return [alice, ...peers];
}

export { crypto, fs, http, https, net, once, path, spawn, WebSocket };
