// Somebody between two nodes who holds both keys: says what one asks of the other, and can change what it hears.

import { canonical, cleanup, https, once, Peer } from './support.mjs';

const read = async (stream) => {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
};

export const readInvite = (text) => JSON.parse(Buffer.from(text.slice('hearthnet://v1/'.length), 'base64url'));
export const inviteText = (invite) => `hearthnet://v1/${Buffer.from(canonical(invite)).toString('base64url')}`;

/** Stands before `node` for `guest`. `ask(request)` may change or answer {method, path, body}: an answer is {status, body}. `tell(path, answer)` may change an answer. */
export class Front {
  static async before(node, guest, { ask = () => null, tell = (_path, answer) => answer } = {}) {
    const front = new Front();
    front.node = Peer.of(node);
    front.asked = [];
    const caller = Peer.of(guest);
    front.server = https.createServer({ key: front.node.key, cert: front.node.cert, minVersion: 'TLSv1.3' }, async (request, response) => {
      const bytes = await read(request);
      const asked = { connection: request.socket, method: request.method, path: request.url, type: request.headers['content-type'], body: bytes.length && /json/.test(request.headers['content-type']) ? JSON.parse(bytes) : bytes };
      front.asked.push(asked);
      try {
        const given = await ask(asked, front);
        const answer = given ?? tell(asked.path, await pass(node, caller, asked), front);
        response.writeHead(answer.status, { 'Content-Type': answer.type ?? 'application/json' }).end(answer.body instanceof Uint8Array ? answer.body : JSON.stringify(answer.body));
      } catch {
        response.destroy();
      }
    }).listen(0, '127.0.0.1');
    front.server.keepAliveTimeout = 60000; // as a node's
    await once(front.server, 'listening');
    cleanup(() => front.close());
    return front;
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** The invite, signed again, with this as its only address and whatever else is to be different. */
  redirect(text, changes = {}) {
    const { signature: _old, ...invite } = { ...readInvite(text), bootstrap_endpoints: [{ transport: 'https', host: '127.0.0.1', port: this.server.address().port }], ...changes };
    return inviteText(this.node.signed(invite));
  }

  /** A signed object with other contents, signed again by the node. */
  resign(object, changes) {
    const { signature: _old, ...rest } = { ...object, ...changes };
    return this.node.signed(rest);
  }
}

async function pass(node, caller, { method, path, type, body }) {
  const bytes = body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
  const request = https.request({ host: '127.0.0.1', port: node.peerPort, method, path, rejectUnauthorized: false, agent: false, key: caller.key, cert: caller.cert,
    headers: bytes.length ? { 'Content-Type': type, 'Content-Length': bytes.length } : {} });
  request.end(bytes);
  const [response] = await once(request, 'response');
  const text = await read(response);
  const json = /json/.test(response.headers['content-type'] ?? '');
  return { status: response.statusCode, type: response.headers['content-type'], body: json ? JSON.parse(text) : text };
}
